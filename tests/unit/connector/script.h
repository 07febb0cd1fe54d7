/* A network played on a loopback socket: one answer per connection, and what it was sent. For tests
 * of connectors that call out. */
#pragma once
#include "net/http_client.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRIPT_ANSWERS = 8, SCRIPT_HEARD_BYTES = 64 * 1024 };

struct script {
    int listening;
    str answers[SCRIPT_ANSWERS]; /* whole; empty = close without a word */
    int count;
    char *heard[SCRIPT_ANSWERS]; /* terminated */
    str base;                    /* "http://127.0.0.1:<port>" */
    pthread_t thread;
    struct http_client *client;
};

static inline void script_hear(int fd, char *to)
{
    ptrdiff_t len = 0, want = -1;
    while (want < 0 || len < want) {
        ssize_t n = recv(fd, to + len, (size_t)(SCRIPT_HEARD_BYTES - 1 - len), 0);
        if (n <= 0)
            return;
        len += n;
        const char *end = strstr(to, "\r\n\r\n"), *length = strcasestr(to, "\r\nContent-Length: ");
        if (end != NULL)
            want = end - to + 4 + (length ? (ptrdiff_t)strtol(length + 18, NULL, 10) : 0);
    }
}

static inline void *script_main(void *arg)
{
    struct script *s = arg;
    for (int i = 0; i < s->count; i++) {
        int fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        script_hear(fd, s->heard[i]);
        ssize_t n = send(fd, s->answers[i].at, (size_t)s->answers[i].len, MSG_NOSIGNAL);
        (void)n;
        close(fd);
    }
    return NULL;
}

/* "200 OK" or "400 Bad Request\r\nRetry-After: 7" and a body. */
static inline str script_answer(const char *status, const char *body)
{
    return str_print(test_arena(),
        "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status, strlen(body),
        body);
}

static inline struct script *script_play(const str *answers, int count)
{
    struct script *s = NEW(test_arena(), struct script, 1);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_true(count <= SCRIPT_ANSWERS);
    s->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(s->listening, 8), 0);
    assert_int_equal(getsockname(s->listening, (struct sockaddr *)&at, &len), 0);
    s->base = str_print(test_arena(), "http://127.0.0.1:%d", ntohs(at.sin_port));
    s->count = count;
    for (int i = 0; i < count; i++) {
        s->answers[i] = answers[i];
        s->heard[i] = NEW(test_arena(), char, SCRIPT_HEARD_BYTES);
    }
    const struct egress_rules *rules = NULL;
    str why = {0};
    assert_ok(egress_rules_parse(test_arena(), S("*=127.0.0.0/8"), &rules, &why));
    struct http_client_options options = {.rules = rules};
    s->client = http_client_open(&options);
    assert_non_null(s->client);
    assert_int_equal(pthread_create(&s->thread, NULL, script_main, s), 0);
    return s;
}

/* Ends when every answer has been asked for. */
static inline void script_end(struct script *s)
{
    pthread_join(s->thread, NULL);
    http_client_close(s->client);
    close(s->listening);
}

/* The body of what was sent with the i-th call. */
static inline const char *script_body(const struct script *s, int i)
{
    const char *at = strstr(s->heard[i], "\r\n\r\n");
    assert_non_null(at);
    return at + 4;
}

#define assert_heard(s, i, part)                                                                   \
    do {                                                                                           \
        if (!strstr((s)->heard[i], (part)))                                                        \
            fail_msg("\"%s\" is not in \"%s\"", (part), (s)->heard[i]);                            \
    } while (0)
