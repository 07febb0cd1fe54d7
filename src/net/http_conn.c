/* One connection on the loop: reading into the parser, deadlines, writing, ending. A connection is
 * on exactly one list, and the list is its state (http_inner.h); every state has one deadline, so
 * each list is in order of time and a tick looks at its head only. See http_server.h. Thread: loop.
 */
#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/http_inner.h"
#include "net/tls.h"

enum { READ_AHEAD = 64 * 1024 };

static void parse_input(struct conn *c);

struct shared_bytes *shared_new(ptrdiff_t len)
{
    struct shared_bytes *s = alloc_zero((ptrdiff_t)sizeof *s + len);
    if (s != NULL) {
        s->refs = 1;
        s->len = len;
    }
    return s;
}

void shared_drop(struct shared_bytes *s)
{
    if (s != NULL && --s->refs == 0)
        free(s);
}

static void on_shared_sent(const void *data, size_t len, void *arg)
{
    (void)data;
    (void)len;
    shared_drop(arg);
}

static void list_remove(struct conn *c)
{
    struct conn_list *l = &c->server->lists[c->state];
    *(c->prev != NULL ? &c->prev->next : &l->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &l->last) = c->prev;
    l->count--;
}

static void list_add(struct conn *c, enum conn_state state)
{
    struct conn_list *l = &c->server->lists[state];
    c->state = (uint8_t)state;
    c->next = NULL;
    c->prev = l->last;
    *(l->last != NULL ? &l->last->next : &l->first) = c;
    l->last = c;
    l->count++;
}

void conn_enter(struct conn *c, enum conn_state state)
{
    list_remove(c);
    if (c->state == CONN_WORKING && state != CONN_WORKING)
        net_count(c->server, COUNT_IN_FLIGHT, -1);
    if (state == CONN_WORKING)
        net_count(c->server, COUNT_IN_FLIGHT, 1);
    list_add(c, state);
    /* Not the last tick's time: a loop that was held up would take its own delay off the peer's
     * deadline. */
    c->since_ms = clock_mono_ms();
}

struct conn *conn_of_handle(struct http_server *s, struct http_handle h)
{
    if (h.slot >= s->slot_count || s->slots[h.slot].generation != h.generation)
        return NULL;
    return s->slots[h.slot].conn;
}

ptrdiff_t conn_unsent(const struct conn *c)
{
    return (ptrdiff_t)evbuffer_get_length(bufferevent_get_output(c->bev));
}

void conn_free(struct conn *c)
{
    struct http_server *s = c->server;
    if (c->stream != NULL)
        hub_stream_gone(c);
    if (c->file != NULL)
        file_body_drop(c);
    if (c->long_body != NULL)
        long_body_drop(c);
    if (c->incoming != NULL)
        incoming_free(c->incoming);
    list_remove(c);
    if (c->state == CONN_WORKING)
        net_count(s, COUNT_IN_FLIGHT, -1);
    if (c->is_tls)
        tls_server_say_goodbye(c->bev);
    bufferevent_free(c->bev);
    struct slot *slot = &s->slots[c->slot];
    slot->conn = NULL;
    slot->generation++;
    slot->next_free = s->free_slot;
    s->free_slot = c->slot;
    net_count(s, COUNT_OPEN, -1);
    free(c);
}

/* What the socket takes at once; −1: broken. */
static ssize_t send_now(struct conn *c, const struct piece *pieces, int n)
{
    struct iovec iov[PIECES_MAX];
    for (int i = 0; i < n; i++)
        iov[i] = (struct iovec){.iov_base = (void *)(uintptr_t)pieces[i].bytes.at,
            .iov_len = (size_t)pieces[i].bytes.len};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
    ssize_t sent = sendmsg(bufferevent_getfd(c->bev), &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

static bool send_later(struct evbuffer *out, struct piece p)
{
    if (p.bytes.len == 0)
        return true;
    if (p.is_static)
        return evbuffer_add_reference(out, p.bytes.at, (size_t)p.bytes.len, NULL, NULL) == 0;
    if (p.shared == NULL)
        return evbuffer_add(out, p.bytes.at, (size_t)p.bytes.len) == 0;
    if (evbuffer_add_reference(out, p.bytes.at, (size_t)p.bytes.len, on_shared_sent, p.shared) != 0)
        return false;
    p.shared->refs++;
    return true;
}

bool conn_send(struct conn *c, const struct piece *pieces, int n)
{
    struct evbuffer *out = bufferevent_get_output(c->bev);
    ssize_t sent = 0;
    if (!c->is_tls && evbuffer_get_length(out) == 0)
        sent = send_now(c, pieces, n);
    bool is_fine = sent >= 0;
    for (int i = 0; i < n && is_fine; i++) {
        struct piece p = pieces[i];
        net_count(c->server, COUNT_BYTES_OUT, p.bytes.len);
        ptrdiff_t done = sent < p.bytes.len ? sent : p.bytes.len;
        sent -= done;
        p.bytes = str_skip(p.bytes, done);
        is_fine = send_later(out, p);
    }
    if (!is_fine)
        conn_free(c);
    return is_fine;
}

str refusal_text(int status, str why, char *out, ptrdiff_t size)
{
    const char *code = "invalid";
    if (status == 503 || status == 500)
        code = status == 503 ? "busy" : "internal";
    else if (status == 413 || status == 414 || status == 431)
        code = "limit";
    char body[512];
    int n = snprintf(body, sizeof body,
        "{\"error\":{\"code\":\"%s\",\"message\":\"%.*s\",\"field\":null,\"trace\":null}}", code,
        SARG(str_sub(why, 0, 300)));
    int len = snprintf(out, (size_t)size,
        "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n%s"
        "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
        status, http_status_phrase(status), status == 503 ? "Retry-After: 2\r\n" : "", n, body);
    assert(len > 0 && len < size);
    return str_of(out, len);
}

void conn_refuse(struct conn *c, int status, str why)
{
    char text[1024];
    if (c->incoming != NULL)
        incoming_free(c->incoming);
    c->incoming = NULL;
    if (c->long_body != NULL)
        long_body_drop(c);
    c->close_after = true;
    c->is_refusal = true;
    net_count(c->server, COUNT_REFUSED_REQUESTS, 1);
    net_count(c->server, COUNT_STATUS_0 + status / 100, 1);
    c->server->slots[c->slot].generation++;
    if (c->state != CONN_WRITING)
        conn_enter(c, CONN_WRITING);
    const struct piece p = {.bytes = refusal_text(status, why, text, sizeof text)};
    if (conn_send(c, &p, 1))
        conn_answered(c);
}

/* Throws input away for a moment; the peer sees the end of our side. */
static void linger(struct conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    (void)evbuffer_drain(in, evbuffer_get_length(in)); /* cannot fail on the whole length */
    if (c->is_tls || c->saw_eof || shutdown(bufferevent_getfd(c->bev), SHUT_WR) != 0) {
        conn_free(c);
        return;
    }
    conn_enter(c, CONN_LINGER);
}

static void next_request(struct conn *c)
{
    c->is_head = false;
    conn_enter(c, CONN_IDLE);
    if (evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
        parse_input(c);
}

void conn_answered(struct conn *c)
{
    if (c->file != NULL || conn_unsent(c) > 0) {
        c->unsent = conn_unsent(c);
        return;
    }
    size_t unread = evbuffer_get_length(bufferevent_get_input(c->bev));
    if (!c->close_after && (!c->saw_eof || unread > 0))
        next_request(c);
    else if (c->is_refusal || unread > 0)
        linger(c);
    else
        conn_free(c);
}

void conn_dispatch(struct conn *c)
{
    struct http_server *s = c->server;
    struct http_incoming *in = c->incoming;
    in->received_ms = clock_now_ms();
    in->handle = (struct http_handle){c->slot, s->slots[c->slot].generation};
    in->peer = c->peer;
    in->is_tls = c->is_tls;
    c->is_head = in->parser.method == HTTP_HEAD;
    c->is_http_1_0 = in->parser.is_http_1_0;
    c->close_after = in->parser.wants_close;
    c->incoming = NULL;
    if (c->long_body != NULL)
        long_body_give(c, in);
    conn_enter(c, CONN_WORKING);
    if (!work_push(s, in)) {
        incoming_free(in);
        conn_refuse(c, 503, S("too many requests are waiting"));
    }
}

/* The head is whole: may the body come? False: refused. */
static bool take_head(struct conn *c)
{
    struct http_server *s = c->server;
    struct http_parser *p = &c->incoming->parser;
    ptrdiff_t max = LIMIT_HTTP_BODY_BYTES;
    if (s->options.body_limit != NULL)
        max = s->options.body_limit(s->options.arg, p->method, http_parser_path(p));
    bool fits = p->has_length && p->content_length <= LIMIT_HTTP_BODY_BYTES;
    c->may_be_long = max > LIMIT_HTTP_BODY_BYTES && s->options.long_folder.len > 0 && !fits;
    if (!c->may_be_long && max > LIMIT_HTTP_BODY_BYTES)
        max = LIMIT_HTTP_BODY_BYTES;
    if (!http_parser_allow_body(p, max)) {
        conn_refuse(c, p->status, str_from(p->why));
        return false;
    }
    int64_t held = fits ? p->content_length : c->may_be_long ? LIMIT_HTTP_LONG_PIECE_BYTES : 0;
    if (net_counter(s, COUNT_BODY_BYTES) + held > LIMIT_HTTP_BODIES_BYTES) {
        conn_refuse(c, 503, S("too many bodies are being received"));
        return false;
    }
    if (p->content_length == 0 && !p->is_chunked)
        return true;
    conn_enter(c, CONN_BODY);
    if (!p->wants_continue || evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
        return true;
    net_count(s, COUNT_STATUS_0 + 1, 1);
    const struct piece go_on = {.bytes = S("HTTP/1.1 100 Continue\r\n\r\n"), .is_static = true};
    return conn_send(c, &go_on, 1);
}

/* Counts the memory of the body; false: over the limit for all bodies, refused. */
static bool count_body(struct conn *c)
{
    struct http_incoming *in = c->incoming;
    ptrdiff_t more = in->parser.body_cap - in->counted_bytes;
    if (more == 0)
        return true;
    net_count(c->server, COUNT_BODY_BYTES, more);
    in->counted_bytes += more;
    if (net_counter(c->server, COUNT_BODY_BYTES) <= LIMIT_HTTP_BODIES_BYTES)
        return true;
    conn_refuse(c, 503, S("too many bodies are being received"));
    return false;
}

static str peek(struct evbuffer *in)
{
    struct evbuffer_iovec v;
    if (evbuffer_get_length(in) == 0 || evbuffer_peek(in, -1, NULL, &v, 1) < 1)
        return (str){0};
    return str_of(v.iov_base, (ptrdiff_t)v.iov_len);
}

static bool begin_request(struct conn *c)
{
    c->incoming = alloc_zero((ptrdiff_t)sizeof *c->incoming);
    if (c->incoming == NULL) {
        conn_refuse(c, 503, S("out of memory"));
        return false;
    }
    c->incoming->server = c->server;
    c->incoming->parser = http_parser_make();
    conn_enter(c, CONN_HEADER);
    return true;
}

static void parse_input(struct conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    if (c->incoming == NULL && !begin_request(c))
        return;
    for (;;) {
        ptrdiff_t used;
        str bytes = peek(in);
        enum http_parse r = http_parser_push(&c->incoming->parser, bytes, &used);
        (void)evbuffer_drain(in, (size_t)used); /* used ≤ what was peeked */
        net_count(c->server, COUNT_BYTES_IN, used);
        if (r == HTTP_PARSE_REFUSED) {
            conn_refuse(c, c->incoming->parser.status, str_from(c->incoming->parser.why));
            return;
        }
        if (!count_body(c))
            return;
        if (long_body_is_wanted(c, r == HTTP_PARSE_DONE)) {
            long_body_put(c, r == HTTP_PARSE_DONE);
            return;
        }
        if (r == HTTP_PARSE_DONE) {
            conn_dispatch(c);
            return;
        }
        if (r == HTTP_PARSE_HEAD && !take_head(c))
            return;
        if (r == HTTP_PARSE_MORE && evbuffer_get_length(in) == 0) {
            if (c->saw_eof)
                conn_free(c);
            return;
        }
    }
}

void conn_go_on(struct conn *c)
{
    if (count_body(c))
        parse_input(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;
    if (long_body_is_busy(c))
        return;
    if (c->state == CONN_IDLE || c->state == CONN_HEADER || c->state == CONN_BODY) {
        parse_input(c);
    } else if (c->state == CONN_STREAM || c->state == CONN_LINGER) {
        struct evbuffer *in = bufferevent_get_input(bev);
        (void)evbuffer_drain(in, evbuffer_get_length(in)); /* nothing more is asked of this peer */
    }
}

static void on_write(struct bufferevent *bev, void *arg)
{
    (void)bev;
    struct conn *c = arg;
    if (conn_unsent(c) > 0)
        return;
    if (c->state == CONN_STREAM)
        hub_stream_drained(c);
    else if (c->state == CONN_WRITING && c->file != NULL)
        file_body_continue(c);
    else if (c->state == CONN_WRITING)
        conn_answered(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    struct conn *c = arg;
    if ((what & BEV_EVENT_CONNECTED) != 0)
        return;
    bool is_clean_end = (what & BEV_EVENT_EOF) != 0 && (what & BEV_EVENT_READING) != 0;
    bool is_waiting = c->state == CONN_WORKING || c->state == CONN_WRITING || long_body_is_busy(c);
    if (is_clean_end && is_waiting) {
        c->saw_eof = true; /* the peer may still read: `nc -N` and the like */
        return;
    }
    conn_free(c);
}

static void refuse_connection(struct http_server *s, int fd, bool is_tls)
{
    net_count(s, COUNT_REFUSED_CONNECTIONS, 1);
    char text[1024];
    str words = refusal_text(503, S("too many connections"), text, sizeof text);
    bool is_told =
        !is_tls && send(fd, words.at, (size_t)words.len, MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
    if (!is_told || shutdown(fd, SHUT_WR) != 0) {
        close(fd);
        return;
    }
    if (s->refused_count == REFUSED_MAX) {
        close(s->refused[s->refused_first].fd);
        s->refused_first = (s->refused_first + 1) % REFUSED_MAX;
        s->refused_count--;
    }
    int at = (s->refused_first + s->refused_count++) % REFUSED_MAX;
    s->refused[at] = (struct refused){.fd = fd, .since_ms = clock_mono_ms()};
}

void conn_accept(struct http_server *s, int fd, struct ip_address peer, bool is_tls)
{
    if (s->free_slot == s->slot_count) {
        refuse_connection(s, fd, is_tls);
        return;
    }
    struct conn *c = alloc_zero((ptrdiff_t)sizeof *c);
    struct bufferevent *bev = NULL;
    if (c != NULL && is_tls)
        bev = tls_server_wrap(s->tls, loop_base(s->loop), fd);
    else if (c != NULL)
        bev = bufferevent_socket_new(loop_base(s->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    if (bev == NULL) {
        free(c);
        refuse_connection(s, fd, is_tls);
        return;
    }
    uint32_t slot = s->free_slot;
    s->free_slot = s->slots[slot].next_free;
    s->slots[slot].conn = c;
    *c = (struct conn){.server = s, .bev = bev, .slot = slot, .is_tls = is_tls, .peer = peer};
    c->since_ms = clock_mono_ms();
    list_add(c, CONN_HEADER);
    net_count(s, COUNT_OPEN, 1);
    bufferevent_setcb(bev, on_read, on_write, on_event, c);
    bufferevent_setwatermark(bev, EV_READ, 0, READ_AHEAD);
    if (bufferevent_enable(bev, EV_READ | EV_WRITE) != 0)
        conn_free(c);
}

/* A body in time, but too slow to ever be meant. */
static void check_body_rates(struct http_server *s)
{
    struct conn *next;
    for (struct conn *c = s->lists[CONN_BODY].first; c != NULL; c = next) {
        next = c->next;
        int64_t age_ms = s->now_ms - c->since_ms;
        if (age_ms < LIMIT_HTTP_BODY_GRACE_MS)
            return; /* the younger ones follow */
        const struct http_parser *p = &c->incoming->parser;
        bool is_slow = p->body_taken + p->body_len < age_ms * LIMIT_HTTP_BODY_RATE / 1000;
        int64_t most_ms = p->body_taken > 0 ? LIMIT_HTTP_LONG_BODY_MS : LIMIT_HTTP_BODY_MS;
        if (!is_slow && age_ms < most_ms)
            continue;
        net_count(s, COUNT_TIMED_OUT, 1);
        conn_refuse(c, 408, S("the body came too slowly"));
    }
}

static void check_writers(struct http_server *s)
{
    struct conn *c;
    while ((c = s->lists[CONN_WRITING].first) != NULL &&
           s->now_ms - c->since_ms >= LIMIT_HTTP_STALL_MS) {
        ptrdiff_t unsent = conn_unsent(c);
        /* Taken something: another round. */
        if (unsent < c->unsent || file_body_is_brought(c)) {
            c->unsent = unsent;
            conn_enter(c, CONN_WRITING);
            continue;
        }
        net_count(s, COUNT_TIMED_OUT, 1);
        conn_free(c);
    }
}

static void check_refused(struct http_server *s)
{
    while (s->refused_count > 0) {
        struct refused *r = &s->refused[s->refused_first];
        if (s->now_ms - r->since_ms < LIMIT_HTTP_LINGER_MS / 4)
            return;
        char unread[4096];
        ssize_t n = recv(r->fd, unread, sizeof unread, MSG_DONTWAIT);
        (void)n; /* read so that close does not reset the connection */
        close(r->fd);
        s->refused_first = (s->refused_first + 1) % REFUSED_MAX;
        s->refused_count--;
    }
}

void conn_check_deadlines(struct http_server *s)
{
    struct conn *c;
    while ((c = s->lists[CONN_HEADER].first) != NULL &&
           s->now_ms - c->since_ms >= LIMIT_HTTP_HEADER_MS) {
        net_count(s, COUNT_TIMED_OUT, 1);
        if (c->incoming == NULL)
            conn_free(c);
        else
            conn_refuse(c, 408, S("the request head came too slowly"));
    }
    check_body_rates(s);
    int64_t idle_ms = LIMIT_HTTP_IDLE_MS;
    if (s->is_closing_idle && s->now_ms >= s->close_idle_ms)
        idle_ms = 0;
    while ((c = s->lists[CONN_IDLE].first) != NULL && s->now_ms - c->since_ms >= idle_ms)
        conn_free(c);
    if (idle_ms == 0) {
        struct conn *next;
        for (c = s->lists[CONN_HEADER].first; c != NULL; c = next) {
            next = c->next;
            if (c->incoming == NULL)
                conn_free(c);
        }
    }
    check_writers(s);
    while ((c = s->lists[CONN_LINGER].first) != NULL &&
           s->now_ms - c->since_ms >= LIMIT_HTTP_LINGER_MS)
        conn_free(c);
    check_refused(s);
}
