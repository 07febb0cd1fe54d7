/* Connections: one thread each, so that a call can be held, slowed, cut in half or left without an
 * answer, which no proper server does. Requests are read by the server's own strict parser; only
 * bodies above its limit are read here. Faults of calls are applied here. See inner.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "inner.h"
#include "net/http_parse.h"
#include "net/ip.h"

enum { INPUT_BYTES = 64 * 1024, IDLE_S = 75, PIECES = 16, STACK_BYTES = 512 * 1024 };

bool wire_send(int fd, str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.at, (size_t)bytes.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = str_skip(bytes, n);
    }
    return true;
}

bool wire_say(struct connection *conn, str bytes)
{
    if (conn->tls == NULL)
        return wire_send(conn->fd, bytes);
    while (bytes.len > 0) {
        ptrdiff_t n = smtp_tls_write(conn->tls, bytes.at, bytes.len);
        if (n <= 0)
            return false;
        bytes = str_skip(bytes, n);
    }
    return true;
}

bool wire_is_gone(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void sleep_real(struct connection *conn, int64_t ms)
{
    int64_t until = sim_real_ms() + ms;
    while (!atomic_load(&conn->sim->is_closing) && !wire_is_gone(conn->fd)) {
        int64_t left = until - sim_real_ms();
        if (left <= 0)
            return;
        left = left < SIM_LOOK_MS ? left : SIM_LOOK_MS;
        nanosleep(&(struct timespec){.tv_nsec = (long)left * 1000000}, NULL);
    }
}

static void reset(struct connection *conn)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* else a plain end */
    conn->is_ending = true;
}

/* ── reading ── */

bool wire_fill(struct connection *conn)
{
    if (conn->at < conn->len)
        return true;
    ssize_t n;
    do
        n = conn->tls ? smtp_tls_read(conn->tls, conn->input, INPUT_BYTES)
                      : recv(conn->fd, conn->input, INPUT_BYTES, 0);
    while (n < 0 && errno == EINTR && conn->tls == NULL);
    conn->at = 0;
    conn->len = n > 0 ? n : 0;
    return n > 0;
}

/* A body of known length, which may be above the parser's limit; NULL: broken off. */
static char *read_long(struct connection *conn, ptrdiff_t length)
{
    char *body = sim_alloc(length + 1);
    for (ptrdiff_t got = 0; got < length;) {
        if (!wire_fill(conn)) {
            free(body);
            return NULL;
        }
        ptrdiff_t n = conn->len - conn->at < length - got ? conn->len - conn->at : length - got;
        memcpy(body + got, conn->input + conn->at, (size_t)n);
        conn->at += n;
        got += n;
    }
    return body;
}

enum reading { READ_OK, READ_REFUSED, READ_GONE };

/* One request; *body is what read_long gave. */
static enum reading read_request(struct connection *conn, struct http_parser *p, char **body)
{
    for (;;) {
        if (!wire_fill(conn))
            return READ_GONE;
        ptrdiff_t used;
        enum http_parse r =
            http_parser_push(p, str_of(conn->input + conn->at, conn->len - conn->at), &used);
        conn->at += used;
        if (r == HTTP_PARSE_REFUSED)
            return READ_REFUSED;
        if (r == HTTP_PARSE_DONE)
            return READ_OK;
        if (r != HTTP_PARSE_HEAD)
            continue;
        if (p->wants_continue && !wire_send(conn->fd, S("HTTP/1.1 100 Continue\r\n\r\n")))
            return READ_GONE;
        if (p->has_length && p->content_length > SIM_BODY_MAX) {
            p->status = 413;
            return READ_REFUSED;
        }
        if (p->has_length) {
            *body = read_long(conn, (ptrdiff_t)p->content_length);
            return *body ? READ_OK : READ_GONE;
        }
        if (!http_parser_allow_body(p, LIMIT_HTTP_BODY_BYTES))
            return READ_REFUSED;
        if (http_parser_push(p, (str){"", 0}, &used) == HTTP_PARSE_DONE)
            return READ_OK;
    }
}

/* ── answering ── */

static str head_of(struct connection *conn, struct sim_call *c)
{
    if (c->envelope)
        return str_print(c->arena, "%d ", c->status);
    struct sb b = sb_make(c->arena, 0);
    sb_print(&b, "HTTP/1.1 %d %s\r\n", c->status, http_status_phrase(c->status));
    if (c->content_type.len > 0)
        sb_print(&b, "Content-Type: %.*s\r\n", SARG(c->content_type));
    for (ptrdiff_t i = 0; i < c->header_count; i++)
        sb_print(&b, "%.*s: %.*s\r\n", SARG(c->headers[i].name), SARG(c->headers[i].value));
    if (c->status != 204 && c->status != 304)
        sb_print(&b, "Content-Length: %td\r\n", c->body.len);
    sb_add(&b, conn->is_ending ? S("Connection: close\r\n\r\n") : S("\r\n"));
    return sb_str(&b);
}

static bool send_slowly(struct connection *conn, str body, int64_t pause_ms)
{
    ptrdiff_t step = body.len / PIECES + 1;
    bool is_fine = true;
    while (body.len > 0 && is_fine) {
        sleep_real(conn, pause_ms);
        is_fine = wire_say(conn, str_sub(body, 0, step));
        body = str_skip(body, step);
    }
    return is_fine;
}

static void send_answer(struct connection *conn, struct sim_call *c)
{
    const struct sim_fault *fault = &call_inner(c)->fault;
    bool is_spoiled = fault->mode == SIM_FAULT_HALF_BODY || fault->mode == SIM_FAULT_DUPLICATE;
    bool has_body = c->req->method != HTTP_HEAD && c->status != 204 && c->status != 304;
    conn->is_ending = conn->is_ending || is_spoiled;
    if (fault->mode == SIM_FAULT_WRONG_JSON)
        c->body = str_cat(c->arena, str_sub(c->body, 0, c->body.len / 2), S("\x01,]<html>"));
    if (c->envelope)
        c->body = str_cat(c->arena, c->body, S("\r\n"));
    if (fault->mode == SIM_FAULT_DELAY)
        sleep_real(conn, fault->delay_ms);
    str head = head_of(conn, c), body = has_body ? c->body : (str){0};
    if (fault->mode == SIM_FAULT_HALF_BODY)
        body = str_sub(body, 0, body.len / 2);
    bool is_fine;
    if (fault->mode == SIM_FAULT_SLOW) {
        is_fine = wire_say(conn, head) && send_slowly(conn, body, fault->delay_ms);
    } else if (body.len < 16 * 1024) { /* one packet, one wake of the reader */
        str whole = str_cat(c->arena, head, body);
        is_fine = wire_say(conn, whole);
        if (is_fine && fault->mode == SIM_FAULT_DUPLICATE)
            is_fine = wire_say(conn, whole);
    } else {
        is_fine = wire_say(conn, head) && wire_say(conn, body);
    }
    conn->is_ending = conn->is_ending || !is_fine;
}

/* ── one call ── */

static bool is_before(enum sim_fault_mode mode)
{
    return mode == SIM_FAULT_SERVER_ERROR || mode == SIM_FAULT_RATE_LIMIT ||
           mode == SIM_FAULT_RATE_LIMIT_BARE || mode == SIM_FAULT_UNAUTHORIZED ||
           mode == SIM_FAULT_TIMEOUT_BEFORE || mode == SIM_FAULT_RESET;
}

static void refuse_by(struct sim_call *c, const struct sim_fault *fault)
{
    if (fault->mode == SIM_FAULT_SERVER_ERROR || fault->mode == SIM_FAULT_SERVER_ERROR_AFTER)
        call_refuse(c, SIM_REFUSE_500, 0);
    else if (fault->mode == SIM_FAULT_RATE_LIMIT)
        call_refuse(c, SIM_REFUSE_429, fault->retry_after_ms);
    else if (fault->mode == SIM_FAULT_RATE_LIMIT_BARE)
        call_refuse(c, SIM_REFUSE_429_BARE, 0);
    else if (fault->mode == SIM_FAULT_UNAUTHORIZED)
        call_refuse(c, SIM_REFUSE_401, 0);
}

static bool is_silent(enum sim_fault_mode mode)
{
    return mode == SIM_FAULT_TIMEOUT_BEFORE || mode == SIM_FAULT_TIMEOUT_AFTER ||
           mode == SIM_FAULT_RESET || mode == SIM_FAULT_RESET_AFTER;
}

static void write_call(struct sim_call *c)
{
    struct call_inner *in = call_inner(c);
    enum sim_fault_mode mode = in->fault.mode;
    str outcome = S("answered");
    if (mode != SIM_FAULT_NONE)
        outcome = str_from(sim_fault_name(mode));
    else if (in->stream)
        outcome = S("streamed");
    else if (in->is_gone)
        outcome = S("gone");
    else if (c->is_repeat)
        outcome = S("repeat");
    count_up(in->room, SIM_COUNT_CALLS, 1);
    count_up(in->room, SIM_COUNT_FAULTS, mode != SIM_FAULT_NONE);
    count_up(in->room, SIM_COUNT_REPEATS, c->is_repeat);
    ledger_add(c->sim,
        &(struct sim_entry){.kind = SIM_KIND_CALL,
            .at_ms = c->now_ms,
            .network = c->network->name,
            .account = c->account ? c->account->id : (str){0},
            .method = str_from(http_method_name(c->req->method)),
            .path = c->path,
            .token = c->token,
            .key = c->key,
            .ref = c->ref,
            .body_hash = c->req->body.len > 0 ? sim_body_hash(c) : (str){0},
            .outcome = outcome,
            .detail = c->detail,
            .status = is_silent(mode) ? 0 : c->status,
            .took_ms = sim_real_ms() - in->began_ms},
        NULL);
}

/* The network's part, under its lock; the stream to serve when it opened one. */
static struct stream *play(struct sim_call *c)
{
    struct call_inner *in = call_inner(c);
    struct stream *stream = NULL;
    pthread_mutex_lock(&in->room->lock);
    c->now_ms = sim_now(c->sim);
    if (is_before(in->fault.mode)) {
        refuse_by(c, &in->fault);
    } else {
        if (str_starts(c->path, S("/_media/")) && c->req->method == HTTP_GET)
            media_serve(c);
        else
            c->network->handle(c);
        if (c->status == 0)
            sim_answer_print(c, 404, "{\"error\":\"Not Found\"}");
        if (in->stream)
            stream = stream_begin(c);
        once_remember(c);
        if (in->fault.mode == SIM_FAULT_SERVER_ERROR_AFTER)
            refuse_by(c, &in->fault);
    }
    write_call(c);
    pthread_mutex_unlock(&in->room->lock);
    return stream;
}

void wire_run(struct connection *conn, struct sim_call *c)
{
    struct sim *sim = conn->sim;
    struct call_inner *in = call_inner(c);
    in->fault = fault_pick(sim, c->network->name, (str){0}, c->path, false);
    call_read_body(c);
    atomic_fetch_add(&sim->calls_running, 1);
    struct stream *stream = play(c);
    enum sim_fault_mode mode = in->fault.mode;
    if (stream || is_silent(mode) || mode == SIM_FAULT_SLOW || mode == SIM_FAULT_DELAY)
        atomic_fetch_sub(&sim->calls_running, 1); /* settled for all but this reader */
    if (stream) {
        conn->is_ending = true;
        stream_serve(c, stream);
        return;
    }
    if (mode == SIM_FAULT_TIMEOUT_BEFORE || mode == SIM_FAULT_TIMEOUT_AFTER)
        sleep_real(conn, sim->options.hold_ms);
    if (is_silent(mode)) {
        reset(conn);
        return;
    }
    send_answer(conn, c);
    if (mode != SIM_FAULT_SLOW && mode != SIM_FAULT_DELAY)
        atomic_fetch_sub(&sim->calls_running, 1);
}

static void run_call(struct connection *conn, struct arena *a, const struct http_request *req)
{
    struct sim *sim = conn->sim;
    struct call_inner in = {.fd = conn->fd, .began_ms = sim_real_ms()};
    struct sim_call c = {.sim = sim, .arena = a, .req = req, .now_ms = sim_now(sim), .inner = &in};
    str first, rest;
    (void)str_cut(str_skip(req->path, 1), '/', &first, &rest);
    c.path = str_skip(req->path, 1 + first.len);
    if (c.path.len == 0)
        c.path = S("/");
    in.room = room_find(sim, first);
    if (in.room) {
        c.network = in.room->network;
        wire_run(conn, &c);
        return;
    }
    if (str_eq(first, S("_sim"))) {
        call_read_body(&c);
        control_handle(&c);
    } else {
        sim_answer_print(&c, 404, "{\"error\":\"no such network\"}");
    }
    send_answer(conn, &c);
}

static void refuse_request(struct connection *conn, struct arena *a, int status)
{
    str text = str_print(a, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        status, http_status_phrase(status));
    (void)wire_send(conn->fd, text); /* it may have gone: the connection ends anyway */
    conn->is_ending = true;
}

static void serve_one(struct connection *conn)
{
    struct http_parser p = http_parser_make();
    struct arena a = arena_make(SIM_CALL_ARENA);
    char *body = NULL;
    enum reading r = read_request(conn, &p, &body);
    struct http_request req;
    const char *why;
    if (r == READ_GONE) {
        conn->is_ending = true;
    } else if (r == READ_REFUSED) {
        refuse_request(conn, &a, p.status);
    } else if (http_parser_request(&p, &a, &req, &why) != OK) {
        refuse_request(conn, &a, 400);
    } else {
        conn->is_ending = p.wants_close;
        if (body)
            req.body = str_of(body, (ptrdiff_t)p.content_length);
        run_call(conn, &a, &req);
    }
    free(body);
    http_parser_free(&p);
    arena_free(&a);
}

/* ── threads ── */

static void *connection_main(void *arg)
{
    struct connection *conn = arg;
    struct connections *all = &conn->sim->connections;
    if (conn->is_mail && !conn->is_ending)
        smtp_serve(conn);
    while (!conn->is_mail && !conn->is_ending && !atomic_load(&conn->sim->is_closing))
        serve_one(conn);
    smtp_tls_end(conn->tls);
    pthread_mutex_lock(&all->lock);
    close(conn->fd);
    all->fds[conn->slot] = -1;
    free(conn->input);
    free(conn);
    if (--all->count == 0)
        pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* A slot for the connection; −1: full or closing. */
static int slot_take(struct connections *all, int fd)
{
    int slot = -1;
    pthread_mutex_lock(&all->lock);
    for (int i = 0; i < all->cap && slot < 0 && !all->is_closing && all->count < all->cap; i++)
        if (all->fds[i] < 0)
            slot = i;
    if (slot >= 0) {
        all->fds[slot] = fd;
        all->count++;
    }
    pthread_mutex_unlock(&all->lock);
    return slot;
}

static void take_connection(struct sim *sim, int fd, bool is_mail)
{
    const int on = 1;
    const struct timeval idle = {.tv_sec = IDLE_S};
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only speed */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle);
    int slot = slot_take(&sim->connections, fd);
    if (slot < 0) {
        close(fd);
        return;
    }
    struct connection *conn = sim_alloc((ptrdiff_t)sizeof *conn);
    *conn = (struct connection){.sim = sim, .fd = fd, .slot = slot, .is_mail = is_mail};
    conn->input = sim_alloc(INPUT_BYTES);
    pthread_t thread;
    if (thread_start(&thread, "sim-call", STACK_BYTES, connection_main, conn) == OK) {
        pthread_detach(thread);
        return;
    }
    conn->is_ending = true; /* no thread to be had: it ends at once */
    (void)connection_main(conn);
}

static void accept_all(struct sim *sim, int listener, bool is_mail)
{
    while (!atomic_load(&sim->is_closing)) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            take_connection(sim, fd, is_mail);
        else if (errno != EINTR && errno != ECONNABORTED)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL); /* no descriptors: wait */
    }
}

static void *accept_main(void *arg)
{
    struct sim *sim = arg;
    accept_all(sim, sim->listener, false);
    return NULL;
}

static void *smtp_accept_main(void *arg)
{
    struct sim *sim = arg;
    accept_all(sim, sim->smtp_listener, true);
    return NULL;
}

/* "127.0.0.1:0", "[::1]:8100" → an address. */
static bool address_parse(str text, struct sockaddr_storage *to, socklen_t *len)
{
    ptrdiff_t colon = text.len - 1;
    while (colon > 0 && text.at[colon] != ':')
        colon--;
    int64_t port;
    struct ip_address ip;
    str host = str_sub(text, 0, colon);
    if (host.len > 2 && host.at[0] == '[')
        host = str_sub(host, 1, host.len - 2);
    if (colon <= 0 || str_int(str_skip(text, colon + 1), 0, 65535, &port) != OK ||
        !ip_parse(host, &ip))
        return false;
    if (ip_is_v4(ip)) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)to;
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        memcpy(&in->sin_addr, ip.b + 12, 4);
        *len = sizeof *in;
    } else {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)(void *)to;
        *in = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        memcpy(&in->sin6_addr, ip.b, 16);
        *len = sizeof *in;
    }
    return true;
}

static int listen_at(struct sockaddr_storage *at, socklen_t *len)
{
    const int on = 1;
    int fd = socket(at->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, (struct sockaddr *)at, *len) == 0 && listen(fd, 1024) == 0 &&
        getsockname(fd, (struct sockaddr *)at, len) == 0)
        return fd;
    int cause = errno;
    if (fd >= 0)
        close(fd);
    errno = cause;
    return -1;
}

/* Always on loopback: its certificate is for nowhere else. */
static err smtp_open(struct sim *sim, str *why)
{
    struct sockaddr_storage at = {0};
    socklen_t len;
    sim->smtp_listener = -1;
    if (!sim->options.has_smtp)
        return OK;
    *why = S("no port or certificate for SMTP is to be had");
    if (!address_parse(S("127.0.0.1:0"), &at, &len) || smtp_tls_open(&sim->smtp_tls) != OK)
        return E_UPSTREAM;
    sim->smtp_listener = listen_at(&at, &len);
    sim->smtp_port = ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
    return sim->smtp_listener >= 0 ? OK : E_UPSTREAM;
}

err wire_open(struct sim *sim, struct arena *a, str *why)
{
    struct sockaddr_storage at = {0};
    socklen_t len;
    str listen_text = sim->options.listen;
    sim->listener = -1;
    if (!address_parse(listen_text, &at, &len)) {
        *why = str_print(a, "\"%.*s\" is no address like 127.0.0.1:8100", SARG(listen_text));
        return E_INVALID;
    }
    sim->listener = listen_at(&at, &len);
    if (sim->listener < 0) {
        *why = str_print(a, "cannot listen on %.*s: %s", SARG(listen_text), strerror(errno));
        return E_UPSTREAM;
    }
    bool is_v6 = at.ss_family == AF_INET6;
    sim->port = ntohs(is_v6 ? ((struct sockaddr_in6 *)(void *)&at)->sin6_port
                            : ((struct sockaddr_in *)(void *)&at)->sin_port);
    struct ip_address ip;
    (void)ip_from_sockaddr((struct sockaddr *)&at, &ip); /* it is one */
    str host = ip_text(a, ip);
    (void)snprintf(
        sim->host, sizeof sim->host, is_v6 ? "[%.*s]:%d" : "%.*s:%d", SARG(host), sim->port);
    err e = smtp_open(sim, why);
    if (e != OK)
        close(sim->listener);
    return e;
}

err wire_start(struct sim *sim)
{
    struct connections *all = &sim->connections;
    pthread_mutex_init(&all->lock, NULL);
    (void)thread_cond_make(&all->changed); /* Linux never refuses */
    all->cap = sim->options.max_connections;
    all->fds = sim_alloc((ptrdiff_t)sizeof *all->fds * all->cap);
    for (int i = 0; i < all->cap; i++)
        all->fds[i] = -1;
    err e = thread_start(&sim->acceptor, "sim-accept", 0, accept_main, sim);
    if (e == OK && sim->smtp_listener >= 0)
        e = thread_start(&sim->smtp_acceptor, "sim-smtp", 0, smtp_accept_main, sim);
    return e;
}

void wire_stop(struct sim *sim)
{
    struct connections *all = &sim->connections;
    if (sim->acceptor) {
        (void)shutdown(sim->listener, SHUT_RDWR); /* wakes accept */
        (void)pthread_join(sim->acceptor, NULL);
    }
    if (sim->smtp_acceptor) {
        (void)shutdown(sim->smtp_listener, SHUT_RDWR);
        (void)pthread_join(sim->smtp_acceptor, NULL);
    }
    close(sim->listener);
    if (sim->smtp_listener >= 0)
        close(sim->smtp_listener);
    if (all->fds == NULL)
        return;
    pthread_mutex_lock(&all->lock);
    all->is_closing = true;
    for (int i = 0; i < all->cap; i++)
        if (all->fds[i] >= 0)
            (void)shutdown(all->fds[i], SHUT_RDWR);
    while (all->count > 0)
        cond_look(&all->changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
    free(all->fds);
    pthread_mutex_destroy(&all->lock);
    pthread_cond_destroy(&all->changed);
}
