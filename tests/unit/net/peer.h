/* A plain client for tests of net: blocking sockets with a generous time-out, so that a failing
 * test ends. Not for production. */
#pragma once
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_PATIENCE_S = 60 };

static inline int peer_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval patience = {.tv_sec = PEER_PATIENCE_S};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    const struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void peer_send(int fd, str s)
{
    while (s.len > 0) {
        ssize_t n = send(fd, s.at, (size_t)s.len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other side has closed: the test sees it when reading */
        s.at += n;
        s.len -= n;
    }
}

/* Reads until `end` has come, or to the end of the connection when end is empty; fails on time-out.
 */
static inline str peer_read(int fd, str end)
{
    struct arena *a = test_arena();
    ptrdiff_t cap = 4096, len = 0;
    char *at = arena_alloc(a, cap, 1);
    for (;;) {
        if (end.len > 0 && str_find(str_of(at, len), end) >= 0)
            return str_of(at, len);
        if (len == cap) {
            char *to = arena_alloc(a, cap * 2, 1);
            memcpy(to, at, (size_t)len);
            at = to;
            cap *= 2;
        }
        /* One byte at a time near the end, so that nothing after `end` is taken. */
        ssize_t n = recv(fd, at + len, end.len > 0 ? 1 : (size_t)(cap - len), 0);
        if (n < 0 && errno != ECONNRESET)
            fail_msg("nothing more came after \"%.*s\"", SARG(str_of(at, len)));
        if (n <= 0) {
            if (end.len > 0)
                fail_msg("closed after \"%.*s\"", SARG(str_of(at, len)));
            return str_of(at, len);
        }
        len += n;
    }
}

/* Takes exactly n bytes and forgets them. */
static inline void peer_skip(int fd, ptrdiff_t n)
{
    static char unused[64 * 1024];
    while (n > 0) {
        ptrdiff_t want = n < (ptrdiff_t)sizeof unused ? n : (ptrdiff_t)sizeof unused;
        ssize_t got = recv(fd, unused, (size_t)want, 0);
        if (got <= 0)
            fail_msg("%td bytes before the end nothing more came", n);
        n -= got;
    }
}

/* One response: head and a body of Content-Length. */
struct peer_answer {
    int status;
    str head, body;
};

static inline struct peer_answer peer_answer(int fd, bool has_body)
{
    struct peer_answer r = {.head = peer_read(fd, S("\r\n\r\n"))};
    int64_t status = 0, length = 0;
    assert_ok(str_int(str_sub(r.head, 9, 3), 100, 599, &status));
    r.status = (int)status;
    ptrdiff_t at = str_find(r.head, S("Content-Length: "));
    if (at >= 0 && has_body) {
        str digits, rest;
        (void)str_cut(str_skip(r.head, at + 16), '\r', &digits, &rest);
        assert_ok(str_int(digits, 0, INT32_MAX, &length));
        char *body = arena_alloc(test_arena(), length + 1, 1);
        for (ptrdiff_t have = 0; have < length;) {
            ssize_t n = recv(fd, body + have, (size_t)(length - have), 0);
            if (n <= 0)
                fail_msg("the body ended after %td bytes", have);
            have += n;
        }
        r.body = str_of(body, length);
    }
    return r;
}

static inline struct peer_answer peer_ask(int fd, str request)
{
    peer_send(fd, request);
    return peer_answer(fd, !str_starts(request, S("HEAD")));
}

/* True when the other side has closed and nothing is left to read. */
static inline bool peer_is_closed(int fd)
{
    char c;
    return recv(fd, &c, 1, 0) <= 0 && errno != EAGAIN;
}

static inline bool peer_has(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}
