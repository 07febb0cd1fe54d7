/* Client connections for the load drivers; see peer.h. */
#include "peer.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 65536, EVENTS = 512 };

static void watch(struct peers *ps, struct peer *p, bool writing)
{
    struct epoll_event e = {.events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0U), .data.ptr = p};
    if (epoll_ctl(ps->epoll, EPOLL_CTL_MOD, p->fd, &e) != 0)
        (void)epoll_ctl(ps->epoll, EPOLL_CTL_ADD, p->fd, &e); /* the first time */
}

static void drop(struct peers *ps, struct peer *p)
{
    if (p->state == PEER_CLOSED)
        return;
    close(p->fd);
    p->state = PEER_CLOSED;
    ps->open--;
    if (ps->closed)
        ps->closed(ps->arg, p);
}

int peers_open(struct peers *ps, int count)
{
    ps->epoll = epoll_create1(EPOLL_CLOEXEC);
    ps->at = calloc((size_t)count, sizeof *ps->at);
    if (ps->epoll < 0 || !ps->at)
        return -1;
    ps->count = count;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ps->port)};
    struct arena a = arena_make(0);
    int known = inet_pton(AF_INET, str_z(&a, ps->host), &to.sin_addr);
    arena_free(&a);
    if (known != 1)
        return -1;
    for (int i = 0; i < count; i++) {
        struct peer *p = &ps->at[i];
        p->number = i;
        p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (p->fd < 0)
            return -1;
        int one = 1;
        (void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
            return -1;
        p->state = PEER_CONNECTING;
        ps->open++;
        watch(ps, p, true);
    }
    return 0;
}

static void write_more(struct peers *ps, struct peer *p)
{
    while (p->out_at < p->out_len) {
        ssize_t n = send(p->fd, p->out + p->out_at, (size_t)(p->out_len - p->out_at), MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            watch(ps, p, true);
            return;
        }
        if (n <= 0) {
            drop(ps, p);
            return;
        }
        p->out_at += n;
    }
}

void peer_send(struct peers *ps, struct peer *p, char *bytes, ptrdiff_t len)
{
    assert(p->state == PEER_IDLE);
    p->out = bytes;
    p->out_len = len;
    p->out_at = 0;
    p->state = PEER_WAITING;
    p->sent_us = clock_mono_us();
    write_more(ps, p);
}

/* The value of a header in a head that ends with CRLF CRLF; empty when absent. */
static str header(str head, str name)
{
    str line, rest = head;
    while (str_cut(rest, '\n', &line, &rest)) {
        str key, value;
        if (str_cut(line, ':', &key, &value) && str_eq_nocase(str_trim(key), name))
            return str_trim(value);
    }
    return (str){NULL, 0};
}

static void consume(struct peer *p, ptrdiff_t n)
{
    p->in_len -= n;
    memmove(p->in, p->in + n, (size_t)p->in_len);
}

/* One whole answer out of what was read; false when more is needed. */
static bool take_answer(struct peers *ps, struct peer *p)
{
    str all = str_of(p->in, p->in_len);
    ptrdiff_t end = str_find(all, S("\r\n\r\n"));
    if (end < 0)
        return false;
    str head = str_sub(all, 0, end + 4);
    int64_t status = 0, length = 0;
    if (str_int(str_sub(head, 9, 3), 100, 599, &status) != OK) {
        drop(ps, p);
        return false;
    }
    if (str_starts(header(head, S("Content-Type")), S("text/event-stream"))) {
        p->is_chunked = str_eq_nocase(header(head, S("Transfer-Encoding")), S("chunked"));
        consume(p, end + 4);
        p->state = PEER_STREAMING;
        ps->answer(ps->arg, p, (int)status, (str){NULL, 0});
        return true;
    }
    if (str_int(header(head, S("Content-Length")), 0, INT32_MAX, &length) != OK)
        length = 0;
    if (all.len < end + 4 + length)
        return false;
    p->state = PEER_IDLE;
    ps->answer(ps->arg, p, (int)status, str_sub(all, end + 4, (ptrdiff_t)length));
    consume(p, end + 4 + (ptrdiff_t)length);
    if (p->state == PEER_IDLE)
        ps->idle(ps->arg, p);
    return p->in_len > 0;
}

/* Chunk framing is dropped by looking for SSE blocks only: sizes stand on lines of their own. */
static bool take_block(struct peers *ps, struct peer *p)
{
    str all = str_of(p->in, p->in_len);
    ptrdiff_t end = str_find(all, S("\n\n"));
    if (end < 0)
        return false;
    ps->event(ps->arg, p, str_sub(all, 0, end + 1));
    consume(p, end + 2);
    return p->in_len > 0;
}

static void read_more(struct peers *ps, struct peer *p)
{
    if (p->in_cap - p->in_len < 2048) {
        ptrdiff_t cap = p->in_cap ? p->in_cap * 2 : 2048;
        char *in = realloc(p->in, (size_t)cap);
        if (!in) {
            drop(ps, p);
            return;
        }
        p->in = in;
        p->in_cap = cap;
    }
    ssize_t n = recv(p->fd, p->in + p->in_len, (size_t)(p->in_cap - p->in_len), 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        drop(ps, p);
        return;
    }
    p->in_len += n;
    while (p->state != PEER_CLOSED &&
           (p->state == PEER_STREAMING ? take_block(ps, p) : take_answer(ps, p)))
        ;
}

void peers_run(struct peers *ps, int wait_ms)
{
    struct epoll_event ready[EVENTS];
    int n = epoll_wait(ps->epoll, ready, EVENTS, wait_ms);
    for (int i = 0; i < n; i++) {
        struct peer *p = ready[i].data.ptr;
        if (p->state == PEER_CLOSED)
            continue;
        if (p->state == PEER_CONNECTING && (ready[i].events & EPOLLOUT)) {
            p->state = PEER_IDLE;
            watch(ps, p, false);
            ps->idle(ps->arg, p);
        } else if (ready[i].events & EPOLLOUT) {
            watch(ps, p, false);
            write_more(ps, p);
        }
        if (p->state != PEER_CLOSED && (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
            read_more(ps, p);
    }
}

void peers_close(struct peers *ps)
{
    for (int i = 0; i < ps->count; i++) {
        if (ps->at[i].state != PEER_CLOSED)
            close(ps->at[i].fd);
        free(ps->at[i].in);
    }
    free(ps->at);
    close(ps->epoll);
}

struct tally tally_make(void)
{
    struct tally t = {.count = calloc(TALLY_SLOTS, sizeof(uint32_t))};
    assert(t.count);
    return t;
}

void tally_add(struct tally *t, int64_t us)
{
    if (us < 0)
        us = 0;
    if (us > t->worst_us)
        t->worst_us = us;
    t->count[us < TALLY_SLOTS ? us : TALLY_SLOTS - 1]++;
    t->n++;
}

int64_t tally_at(const struct tally *t, double share)
{
    int64_t want = (int64_t)(share * (double)t->n + 0.999999), seen = 0;
    for (int64_t us = 0; us < TALLY_SLOTS && t->n; us++) {
        seen += t->count[us];
        if (seen >= want)
            return us;
    }
    return 0;
}
