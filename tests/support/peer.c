/* See peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEARD_MAX = 4 * 1024 * 1024, PATIENCE_S = 60 };

struct peer {
    int listening, port;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest */
    char *answers[PEER_CALLS];
    char *heard[PEER_CALLS];
    ptrdiff_t heard_len[PEER_CALLS];
    int n_answers, n_heard;
};

/* Head and Content-Length body. */
static ptrdiff_t hear(int fd, char *at)
{
    ptrdiff_t len = 0, want = -1;
    while ((want < 0 || len < want) && len < HEARD_MAX) {
        ssize_t n = recv(fd, at + len, (size_t)(HEARD_MAX - len), 0);
        if (n <= 0)
            break;
        len += n;
        str all = str_of(at, len), digits, rest;
        ptrdiff_t end = str_find(all, S("\r\n\r\n"));
        ptrdiff_t field = str_find(all, S("Content-Length: "));
        int64_t size = 0;
        if (end >= 0 && field >= 0 && field < end) {
            (void)str_cut(str_skip(all, field + 16), '\r', &digits, &rest);
            if (str_int(digits, 0, HEARD_MAX, &size) != OK)
                size = 0;
        }
        if (end >= 0)
            want = end + 4 + size;
    }
    return len;
}

static void say(int fd, const char *answer)
{
    size_t left = strlen(answer);
    while (left > 0) {
        ssize_t n = send(fd, answer, left, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        answer += n;
        left -= (size_t)n;
    }
}

static void *peer_main(void *arg)
{
    struct peer *p = arg;
    for (;;) {
        int fd = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        const struct timeval patience = {.tv_sec = PATIENCE_S};
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        char *at = calloc(1, HEARD_MAX);
        ptrdiff_t len = at ? hear(fd, at) : 0;
        pthread_mutex_lock(&p->lock);
        const char *answer = "HTTP/1.1 599 Unscripted\r\nContent-Length: 0\r\n\r\n";
        if (p->n_heard < PEER_CALLS && len > 0) {
            if (p->n_heard < p->n_answers)
                answer = p->answers[p->n_heard];
            p->heard[p->n_heard] = at;
            p->heard_len[p->n_heard++] = len;
        } else {
            free(at);
        }
        pthread_mutex_unlock(&p->lock);
        say(fd, answer);
        (void)shutdown(fd, SHUT_WR);
        close(fd);
    }
}

struct peer *peer_open(void)
{
    struct peer *p = calloc(1, sizeof *p);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_non_null(p);
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(p->listening, 8), 0);
    assert_int_equal(getsockname(p->listening, (struct sockaddr *)&at, &len), 0);
    p->port = ntohs(at.sin_port);
    assert_int_equal(pthread_mutex_init(&p->lock, NULL), 0);
    assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
    return p;
}

void peer_close(struct peer *p)
{
    shutdown(p->listening, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listening);
    for (int i = 0; i < PEER_CALLS; i++) {
        free(p->answers[i]);
        free(p->heard[i]);
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}

str peer_url(const struct peer *p)
{
    return str_print(test_arena(), "http://127.0.0.1:%d", p->port);
}

void peer_says(struct peer *p, const char *answer)
{
    pthread_mutex_lock(&p->lock);
    bool fits = p->n_answers < PEER_CALLS;
    if (fits)
        p->answers[p->n_answers++] = strdup(answer);
    pthread_mutex_unlock(&p->lock);
    assert_true(fits);
}

void peer_answers(struct peer *p, int status, const char *headers, const char *body)
{
    peer_says(
        p, str_z(test_arena(),
               str_print(test_arena(),
                   "HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nContent-Length: "
                   "%zu\r\nConnection: close\r\n%s\r\n%s",
                   status, strlen(body), headers, body)));
}

void peer_hangs_up(struct peer *p)
{
    peer_says(p, "");
}

int peer_count(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    int n = p->n_heard;
    pthread_mutex_unlock(&p->lock);
    return n;
}

struct peer_heard peer_heard(struct peer *p, int nth)
{
    struct peer_heard h = {0};
    pthread_mutex_lock(&p->lock);
    bool is_there = nth < p->n_heard;
    str all = is_there ? str_copy(test_arena(), str_of(p->heard[nth], p->heard_len[nth])) : h.head;
    pthread_mutex_unlock(&p->lock);
    if (!is_there)
        fail_msg("call %d was not made", nth);
    ptrdiff_t end = str_find(all, S("\r\n\r\n"));
    str rest;
    h.head = str_sub(all, 0, end < 0 ? all.len : end + 2);
    h.body = end < 0 ? (str){0} : str_skip(all, end + 4);
    (void)str_cut(h.head, ' ', &h.method, &rest);
    (void)str_cut(rest, ' ', &h.target, &rest);
    return h;
}

str peer_header(const struct peer_heard *heard, const char *name)
{
    str line, field, value, rest = heard->head;
    for (bool more = true; more && rest.len;) {
        more = str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, ':', &field, &value) && str_eq_nocase(field, str_from(name)))
            return str_trim(value);
    }
    return (str){0};
}

struct http_client *peer_client(void)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("*=127.0.0.0/8"), &rules, &why));
    struct http_client *c = http_client_open(&(struct http_client_options){.rules = rules});
    assert_non_null(c);
    return c;
}
