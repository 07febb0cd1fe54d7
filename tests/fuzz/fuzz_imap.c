/* An IMAP server that says anything at all: the input is all that it ever says, whatever it is
 * asked. We sign in, open a folder, search, look, fetch, list, move, append and wait, each as far
 * as the connection lasts. Memory, time and sanity are the fuzzer's; nothing may hang or leak. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/imap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libetpan 1.9.4 forgets pieces of answers that it cannot read: at most an answer's length, and the
 * connection ends with it. What we must free ourselves is held by the unit tests. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libetpan";
}

static int listening, port;
static const uint8_t *says;
static size_t says_bytes;

/* One connection: says it all, then no more. */
static void *serve(void *arg)
{
    (void)arg;
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return NULL;
    for (size_t sent = 0; sent < says_bytes;) {
        ssize_t n = send(fd, says + sent, says_bytes - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    (void)shutdown(fd, SHUT_WR);
    char unused[4096];
    while (recv(fd, unused, sizeof unused, 0) > 0) {
    }
    close(fd);
    return NULL;
}

static void start(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    (void)signal(SIGPIPE, SIG_IGN);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listening, (struct sockaddr *)&at, len) != 0 || listen(listening, 8) != 0 ||
        getsockname(listening, (struct sockaddr *)&at, &len) != 0)
        abort();
    port = ntohs(at.sin_port);
}

static bool count(void *arg, uint32_t uid, str bytes, enum imap_piece piece)
{
    int64_t *total = arg;
    (void)uid;
    (void)piece;
    for (ptrdiff_t i = 0; i < bytes.len; i += 64)
        *total += bytes.at[i]; /* every page is there */
    return true;
}

static bool some_bytes(void *arg, bool (*put)(void *to, str piece), void *to)
{
    char bytes[100];
    (void)arg;
    memset(bytes, 'a', sizeof bytes);
    return put(to, str_of(bytes, (ptrdiff_t)sizeof bytes));
}

static void work(struct imap *imap, struct arena *a)
{
    struct imap_folder folder;
    struct imap_place *places;
    struct imap_mail *mails = NULL;
    uint32_t *uids = NULL, uid;
    ptrdiff_t n = 0, found = 0;
    int64_t total = 0;
    enum imap_news news;
    str header;
    bool is_there;
    (void)imap_list(imap, a, &places, &n);
    (void)imap_append(imap, S("Sent"), 0, 100, some_bytes, NULL, &uid);
    if (imap_select(imap, S("INBOX"), &folder) != OK)
        return;
    if (imap_search(imap, a, 0, &(uint32_t){UINT32_MAX}, 0, LIMIT_IMAP_MAILS, &uids, &n) == OK &&
        imap_look(imap, a, uids, n, &mails, &found) == OK)
        (void)imap_fetch(imap, mails, found, 1 << 20, count, &total);
    (void)imap_fetch_header(imap, a, 1, &header);
    (void)imap_has_message_id(imap, S("<a@b>"), &is_there);
    (void)imap_mark_seen(imap, uids, n);
    (void)imap_move(imap, uids, n, S("Done"));
    (void)imap_idle(imap, 1, &news);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (listening == 0)
        start();
    struct arena a = arena_make(64 * 1024 * 1024);
    const struct egress_rules *rules;
    str why;
    if (egress_rules_parse(&a, S("mail=127.0.0.0/8"), &rules, &why) != OK)
        abort();
    says = data;
    says_bytes = size;
    pthread_t thread;
    struct mail_server server = {.host = S("127.0.0.1"),
        .port = port,
        .security = MAIL_PLAIN,
        .login = size > 0 && data[size - 1] == '~' ? MAIL_LOGIN_XOAUTH2 : MAIL_LOGIN_PASSWORD,
        .user = S("u"),
        .secret = S("p"),
        .rules = rules};
    struct imap *imap = imap_make();
    if (imap == NULL || pthread_create(&thread, NULL, serve, NULL) != 0)
        abort();
    if (imap_open(imap, &server, 10000) == OK)
        work(imap, &a);
    struct mail_end end = imap_end(imap, &a);
    if (end.kind != MAIL_DONE && end.why.len == 0)
        abort(); /* a failure without a word */
    imap_close(imap);
    pthread_join(thread, NULL);
    arena_free(&a);
    return 0;
}
