/* See opensmtpd.h. */
#include "opensmtpd.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"

enum { LINE_BYTES = 4096, MAILS_MAX = 64, PATIENCE_S = 60 };

struct opensmtpd {
    pid_t pid;
    int in;      /* its standard input: it ends when this does */
    int port[3]; /* by enum mail_security */
    struct arena arena;
    str ca, mail, user, password;
};

/* What it says of itself in one line; false: it says nothing. */
static bool line_read(int fd, char *line)
{
    ptrdiff_t len = 0;
    while (len < LINE_BYTES - 1 && read(fd, line + len, 1) == 1)
        if (line[len++] == '\n') {
            line[len - 1] = 0;
            return true;
        }
    return false;
}

static pid_t spawn(const char *script, int relay_port, int *in, int *out)
{
    int to[2], from[2];
    const char *relay = str_z(test_arena(), str_print(test_arena(), "%d", relay_port));
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0)
            _exit(126);
        execlp("python3", "python3", script, "--relay", relay, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    assert_true(pid > 0);
    *in = to[1];
    *out = from[0];
    return pid;
}

struct opensmtpd *opensmtpd_start(int relay_port, const char **why)
{
    const char *script = getenv("SEVA_TEST_OPENSMTPD");
    *why = "SEVA_TEST_OPENSMTPD does not name its script";
    if (script == NULL)
        return NULL;
    struct opensmtpd *o = calloc(1, sizeof *o);
    int out;
    char line[LINE_BYTES] = "";
    assert_non_null(o);
    o->arena = arena_make(0);
    o->pid = spawn(script, relay_port, &o->in, &out);
    bool has_spoken = line_read(out, line);
    close(out);
    const struct json *root = NULL;
    str words;
    if (!has_spoken || json_parse(&o->arena, str_from(line), &root, &words) != OK)
        fail_msg("%s said nothing that makes sense: %s", script, line);
    if (json_get(root, S("off")) != NULL) {
        *why = str_z(test_arena(), json_text(json_get(root, S("off")), (str){0}));
        opensmtpd_stop(o);
        return NULL;
    }
    o->port[MAIL_TLS] = (int)json_int(json_get(root, S("tls")), 0);
    o->port[MAIL_STARTTLS] = (int)json_int(json_get(root, S("starttls")), 0);
    o->port[MAIL_PLAIN] = (int)json_int(json_get(root, S("plain")), 0);
    o->ca = json_text(json_get(root, S("ca")), (str){0});
    o->mail = json_text(json_get(root, S("mail")), (str){0});
    o->user = json_text(json_get(root, S("user")), (str){0});
    o->password = json_text(json_get(root, S("password")), (str){0});
    return o;
}

void opensmtpd_stop(struct opensmtpd *o)
{
    int status;
    close(o->in);
    (void)waitpid(o->pid, &status, 0);
    arena_free(&o->arena);
    free(o);
}

struct smtp_options opensmtpd_options(const struct opensmtpd *o, enum mail_security security)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("mail=127.0.0.0/8"), &rules, &why));
    bool has_login = security != MAIL_PLAIN;
    return (struct smtp_options){
        .server = {.host = S("127.0.0.1"),
                   .port = o->port[security],
                   .security = security,
                   .login = MAIL_LOGIN_PASSWORD,
                   .user = has_login ? o->user : (str){0},
                   .secret = has_login ? o->password : (str){0},
                   .rules = rules,
                   .ca_file = o->ca},
        .name = S("seva.example.com"),
    };
}

static str file_read(str path)
{
    struct stat st;
    int fd = open(str_z(test_arena(), path), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        fail_msg("%.*s cannot be read", SARG(path));
    char *at = arena_alloc(test_arena(), st.st_size + 1, 1);
    ptrdiff_t len = 0;
    for (ssize_t n = 1; n > 0 && len < st.st_size; len += n)
        n = read(fd, at + len, (size_t)(st.st_size - len));
    close(fd);
    return str_of(at, len);
}

static int folder_read(str folder, str *names, int max)
{
    DIR *d = opendir(str_z(test_arena(), folder));
    int n = 0;
    if (d == NULL)
        return 0;
    for (const struct dirent *e = readdir(d); e != NULL && n < max; e = readdir(d))
        if (e->d_name[0] != '.')
            names[n++] = str_print(test_arena(), "%.*s/%s", SARG(folder), e->d_name);
    closedir(d);
    return n;
}

const str *opensmtpd_mails(const struct opensmtpd *o, const char *address, int n)
{
    str names[MAILS_MAX];
    str folder = str_print(test_arena(), "%.*s/%s/new", SARG(o->mail), address);
    int have = folder_read(folder, names, MAILS_MAX);
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    for (int i = 0; have < n && i < PATIENCE_S * 50; i++) {
        nanosleep(&pause, NULL);
        have = folder_read(folder, names, MAILS_MAX);
    }
    if (have != n)
        fail_msg("%s has %d mails, not %d", address, have, n);
    str *mails = NEW(test_arena(), str, n + 1);
    for (int i = 0; i < n; i++)
        mails[i] = file_read(names[i]);
    return mails;
}
