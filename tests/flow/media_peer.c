/* See media_peer.h. */
#include "media_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWERS = 64, ASKED = 256, REQUEST_BYTES = 16 * 1024 };

struct answer {
    str path, head, body;
    bool hangs, is_played;
};
struct media_peer {
    struct arena arena; /* of what is said and asked; under the lock */
    pthread_mutex_t lock;
    struct answer answers[ANSWERS];
    ptrdiff_t n_answers;
    str asked[ASKED];
    ptrdiff_t n_asked;
    int listening, port;
    pthread_t thread;
};

static bool send_all(int fd, str s)
{
    while (s.len > 0) {
        ssize_t n = send(fd, s.at, (size_t)s.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        s = str_skip(s, n);
    }
    return true;
}

/* The path of a GET, copied; empty when the other side went first. */
static str hear(struct media_peer *p, int fd)
{
    char at[REQUEST_BYTES];
    ptrdiff_t len = 0;
    while (str_find(str_of(at, len), S("\r\n\r\n")) < 0) {
        ssize_t n = recv(fd, at + len, sizeof at - (size_t)len, 0);
        if (n <= 0)
            return (str){0};
        len += n;
    }
    str method, target, rest;
    if (!str_cut(str_of(at, len), ' ', &method, &rest) || !str_cut(rest, ' ', &target, &rest))
        return (str){0};
    pthread_mutex_lock(&p->lock);
    str path = str_copy(&p->arena, target);
    if (p->n_asked < ASKED)
        p->asked[p->n_asked++] = path;
    pthread_mutex_unlock(&p->lock);
    return path;
}

/* The first of the path that was not played, or its last one. */
static struct answer answer_of(struct media_peer *p, str path)
{
    struct answer found = {.head = S_INIT("HTTP/1.1 404 Not Found")}, *next = NULL;
    pthread_mutex_lock(&p->lock);
    for (ptrdiff_t i = 0; i < p->n_answers && !next; i++) {
        if (!str_eq(p->answers[i].path, path))
            continue;
        found = p->answers[i];
        if (!p->answers[i].is_played)
            next = &p->answers[i];
    }
    if (next)
        next->is_played = true;
    pthread_mutex_unlock(&p->lock);
    return found;
}

static void play(int fd, const struct answer *answer)
{
    char space[4096];
    struct arena a = arena_make(0);
    bool has_length = str_find(answer->head, S("Content-Length")) >= 0 ||
                      str_find(answer->head, S("Transfer-Encoding")) >= 0;
    str head = has_length
                   ? str_print(&a, "%.*s\r\nConnection: close\r\n\r\n", SARG(answer->head))
                   : str_print(&a, "%.*s\r\nContent-Length: %td\r\nConnection: close\r\n\r\n",
                         SARG(answer->head), answer->body.len);
    if (send_all(fd, head) && send_all(fd, answer->body) && answer->hangs)
        while (recv(fd, space, sizeof space, 0) > 0)
            ;
    arena_free(&a);
}

static void *peer_main(void *arg)
{
    struct media_peer *p = arg;
    for (;;) {
        int fd = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        str path = hear(p, fd);
        if (path.len) {
            struct answer answer = answer_of(p, path);
            play(fd, &answer);
        }
        close(fd);
    }
}

struct media_peer *media_peer_open(void)
{
    struct media_peer *p = alloc_zero((ptrdiff_t)sizeof *p);
    assert_non_null(p);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    p->arena = arena_make(0);
    pthread_mutex_init(&p->lock, NULL);
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(p->listening, 16), 0);
    assert_int_equal(getsockname(p->listening, (struct sockaddr *)&at, &len), 0);
    p->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
    return p;
}

void media_peer_close(struct media_peer *p)
{
    shutdown(p->listening, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listening);
    pthread_mutex_destroy(&p->lock);
    arena_free(&p->arena);
    free(p);
}

str media_peer_url(struct media_peer *p, const char *path)
{
    pthread_mutex_lock(&p->lock);
    str url = str_print(&p->arena, "http://127.0.0.1:%d%s", p->port, path);
    pthread_mutex_unlock(&p->lock);
    return url;
}

static void add(struct media_peer *p, const char *path, const char *head, str body, bool hangs)
{
    pthread_mutex_lock(&p->lock);
    assert_true(p->n_answers < ANSWERS);
    p->answers[p->n_answers++] = (struct answer){.path = str_from(path),
        .head = str_from(head),
        .body = str_copy(&p->arena, body),
        .hangs = hangs};
    pthread_mutex_unlock(&p->lock);
}

void media_peer_says(struct media_peer *p, const char *path, const char *head, str body)
{
    add(p, path, head, body, false);
}

void media_peer_hangs(struct media_peer *p, const char *path, const char *head, str body)
{
    add(p, path, head, body, true);
}

ptrdiff_t media_peer_asked(struct media_peer *p, const char *path)
{
    ptrdiff_t n = 0;
    pthread_mutex_lock(&p->lock);
    for (ptrdiff_t i = 0; i < p->n_asked; i++)
        n += str_eq(p->asked[i], str_from(path));
    pthread_mutex_unlock(&p->lock);
    return n;
}
