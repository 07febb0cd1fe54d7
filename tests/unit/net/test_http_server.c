/* The server over real sockets: answers, refusals, deadlines, limits, files, drain. The clock
 * stands still and is moved by hand; the loop looks at it every LOOP_TICK_MS. */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "net/http_server.h"
#include "peer.h"

#define H "Host: a\r\n"

/* What the handler does, by path:
 *   /gate   waits until the test opens the gate      /later   answered by the test
 *   /file   the file of the fixture                   /bad     a malformed header
 *   /big    1 MiB   /static  static bytes             /204     no content
 *   /long   "file bytes sum" of a long body
 *   else    "METHOD path body-bytes peer tls" */
enum { LONG_BYTES = 4 << 20 }; /* the most that /long takes */

struct fixture {
    struct http_server *server;
    int port;
    sem_t gate, arrived;
    struct http_handle later;
    str file;
    _Atomic int closed; /* sources */
    char big[1 << 20];
};

static ptrdiff_t body_limit(void *arg, enum http_method method, str path)
{
    (void)arg;
    (void)method;
    if (str_eq(path, S("/long")))
        return LONG_BYTES;
    return str_eq(path, S("/small")) ? 10 : 1 << 20;
}

struct file_sum_of {
    int64_t bytes, sum;
};

static struct file_sum_of sum_of_file(int fd)
{
    struct file_sum_of of = {0};
    unsigned char piece[4096];
    ssize_t n;
    while ((n = pread(fd, piece, sizeof piece, of.bytes)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            of.sum += piece[i] * (1 + (of.bytes + i) % 251);
        of.bytes += n;
    }
    return of;
}

/* A file that comes in pieces of so many bytes; where `ends` are given out nothing more comes. */
struct pieces {
    struct http_source source; /* first */
    char *file;
    int64_t at, piece, ends;
    _Atomic int *closed;
};
static err piece_next(struct http_source *source, int *fd, int64_t *offset, int64_t *size)
{
    struct pieces *p = (struct pieces *)source;
    if (p->at >= p->ends)
        return E_BUSY;
    *fd = open(p->file, O_RDONLY | O_CLOEXEC);
    *offset = p->at;
    *size = p->piece;
    p->at += p->piece;
    return OK;
}
static void piece_close(struct http_source *source)
{
    struct pieces *p = (struct pieces *)source;
    atomic_fetch_add(p->closed, 1);
    free(p->file);
    free(p);
}
static struct http_file pieces_of(struct fixture *f, struct arena *a, int64_t ends)
{
    struct pieces *p = calloc(1, sizeof *p);
    *p = (struct pieces){
        .source = {piece_next, piece_close},
        .file = strdup(str_z(a, f->file)), /* the exchange's memory goes before the answer does */
        .piece = 100 * 1000,
        .ends = ends,
        .closed = &f->closed
    };
    struct http_file file = {.more = &p->source, .here = 100 * 1000 - 7};
    int64_t size = 0;
    assert_int_equal(piece_next(&p->source, &file.fd, &file.offset, &size), OK);
    file.offset = 7;
    file.size = 1000 * 1000 - 7;
    return file;
}

static void answer_by_path(struct fixture *f, struct http_exchange *x)
{
    static const struct http_header bad = {S_INIT("X"), S_INIT("a\r\nSet-Cookie: b")};
    struct http_response r = {.status = 200, .content_type = S("text/plain")};
    str path = x->req.path;
    if (str_eq(path, S("/file"))) {
        int fd = open(str_z(&x->arena, f->file), O_RDONLY | O_CLOEXEC);
        r.has_file = true;
        r.file = (struct http_file){.fd = fd, .offset = 1, .size = lseek(fd, 0, SEEK_END) - 1};
    } else if (str_eq(path, S("/cut-file"))) {
        int fd = open(str_z(&x->arena, f->file), O_RDONLY | O_CLOEXEC);
        r.has_file = true;
        r.file = (struct http_file){.fd = fd, .size = lseek(fd, 0, SEEK_END) + 1000};
    } else if (str_eq(path, S("/pieces")) || str_eq(path, S("/cut-pieces"))) {
        r.has_file = true;
        r.file = pieces_of(f, &x->arena, str_eq(path, S("/pieces")) ? 1000 * 1000 : 300 * 1000);
    } else if (str_eq(path, S("/bad"))) {
        r.headers = &bad;
        r.header_count = 1;
    } else if (str_eq(path, S("/big"))) {
        r.body = str_of(f->big, sizeof f->big);
    } else if (str_eq(path, S("/static"))) {
        r.body = S("static bytes");
        r.body_is_static = true;
    } else if (str_eq(path, S("/204"))) {
        r.status = 204;
    } else if (x->req.has_file) {
        struct file_sum_of sum = sum_of_file(x->req.file.fd);
        assert_int_equal(x->req.body.len, 0);
        r.body = str_print(&x->arena, "file %lld %lld %lld", (long long)x->req.file.size,
            (long long)sum.bytes, (long long)sum.sum);
    } else {
        r.body = str_print(&x->arena, "%s %.*s %td %.*s %d", http_method_name(x->req.method),
            SARG(path), x->req.body.len, SARG(x->req.peer), x->req.is_tls);
    }
    http_respond(x->server, x->handle, &r);
}

static void handle(void *worker, struct http_exchange *x)
{
    struct fixture *f = worker;
    if (str_eq(x->req.path, S("/gate"))) {
        sem_post(&f->arrived);
        sem_wait(&f->gate);
    }
    if (str_eq(x->req.path, S("/later"))) {
        f->later = x->handle;
        http_finish(x);
        sem_post(&f->arrived);
        return;
    }
    answer_by_path(f, x);
    http_finish(x);
}

static struct fixture *fixture_with(struct http_server_options o)
{
    static const struct http_listen listen_any = {.address = S_INIT("127.0.0.1:0")};
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    sem_init(&f->gate, 0, 0);
    sem_init(&f->arrived, 0, 0);
    o.listens = &listen_any;
    o.listen_count = 1;
    o.arg = f;
    o.handle = handle;
    o.body_limit = body_limit;
    str why;
    assert_ok(http_server_open(test_arena(), &o, &f->server, &why));
    assert_ok(http_server_start(f->server));
    f->port = http_server_port(f->server, 0);
    return f;
}

static struct fixture *fixture(void)
{
    return fixture_with((struct http_server_options){.workers = 2});
}

static void fixture_close(struct fixture *f)
{
    http_server_close(f->server);
    sem_destroy(&f->gate);
    sem_destroy(&f->arrived);
    free(f);
}

/* Waits for something another thread is about to make true. */
#define eventually(condition)                                                                      \
    do {                                                                                           \
        struct pollfd none_ = {.fd = -1};                                                          \
        int patience_ = PEER_PATIENCE_S * 1000;                                                    \
        while (!(condition) && patience_-- > 0)                                                    \
            (void)poll(&none_, 1, 1);                                                              \
        assert_true(condition);                                                                    \
    } while (0)

static void requests_on_one_connection_are_answered_in_order(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    struct peer_answer r = peer_ask(fd, S("GET /one?x HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(r.status, 200);
    assert_str(r.body, "GET /one 0 127.0.0.1 0");
    assert_true(peer_has(r.head, "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"));
    assert_false(peer_has(r.head, "Connection: close"));
    peer_send(
        fd, S("POST /two HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabcGET /three HTTP/1.1\r\n" H
              "\r\nDELETE /four HTTP/1.1\r\n" H "\r\n"));
    assert_str(peer_answer(fd, true).body, "POST /two 3 127.0.0.1 0");
    assert_str(peer_answer(fd, true).body, "GET /three 0 127.0.0.1 0");
    assert_str(peer_answer(fd, true).body, "DELETE /four 0 127.0.0.1 0");
    close(fd);
    fixture_close(f);
}

static void a_wish_to_close_is_followed(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    struct peer_answer r = peer_ask(fd, S("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"));
    assert_true(peer_has(r.head, "Connection: close\r\n"));
    assert_true(peer_is_closed(fd));
    close(fd);
    fd = peer_connect(f->port);
    r = peer_ask(fd, S("GET / HTTP/1.0\r\n\r\n"));
    assert_true(peer_has(r.head, "Connection: close\r\n"));
    assert_true(peer_is_closed(fd));
    close(fd);
    fixture_close(f);
}

static void head_and_204_have_no_body(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    struct peer_answer r = peer_ask(fd, S("HEAD /static HTTP/1.1\r\n" H "\r\n"));
    assert_true(peer_has(r.head, "Content-Length: 12\r\n"));
    r = peer_ask(fd, S("GET /204 HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(r.status, 204);
    assert_false(peer_has(r.head, "Content-Length"));
    assert_str(peer_ask(fd, S("GET /static HTTP/1.1\r\n" H "\r\n")).body, "static bytes");
    close(fd);
    fixture_close(f);
}

static void a_half_closed_client_gets_its_answers(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("GET /a HTTP/1.1\r\n" H "\r\nGET /b HTTP/1.1\r\n" H "\r\n"));
    shutdown(fd, SHUT_WR);
    str all = peer_read(fd, (str){0});
    assert_true(peer_has(all, "GET /a 0"));
    assert_true(peer_has(all, "GET /b 0"));
    close(fd);
    fixture_close(f);
}

static void a_refusal_is_said_in_the_error_shape_and_closes(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("GET / HTTP/1.1\r\nHost : a\r\n\r\nGET /smuggled HTTP/1.1\r\n" H "\r\n"));
    str all = peer_read(fd, (str){0});
    assert_true(str_starts(all, S("HTTP/1.1 400 Bad Request\r\n")));
    assert_true(peer_has(all, "Connection: close\r\n"));
    assert_true(peer_has(
        all, "{\"error\":{\"code\":\"invalid\",\"message\":\"a header name is no token\""));
    assert_false(peer_has(all, "smuggled"));
    close(fd);
    fd = peer_connect(f->port);
    struct peer_answer r = peer_ask(fd, S("GET /?a=%zz HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(r.status, 400);
    assert_true(peer_is_closed(fd));
    close(fd);
    assert_int_equal(http_server_stats(f->server).requests[4], 2);
    fixture_close(f);
}

static void a_refusal_is_read_even_when_the_client_keeps_sending(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("POST /small HTTP/1.1\r\n" H "Content-Length: 900000\r\n\r\n"));
    peer_send(fd, str_of(f->big, 900000));
    assert_true(str_starts(peer_read(fd, (str){0}), S("HTTP/1.1 413 ")));
    close(fd);
    fixture_close(f);
}

static void a_body_is_asked_for_only_when_the_route_wants_it(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(
        fd, S("POST /small HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
    assert_str(peer_read(fd, S("\r\n\r\n")), "HTTP/1.1 100 Continue\r\n\r\n");
    peer_send(fd, S("hello"));
    assert_str(peer_answer(fd, true).body, "POST /small 5 127.0.0.1 0");
    peer_send(
        fd, S("POST /small HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"));
    assert_true(str_starts(peer_read(fd, (str){0}), S("HTTP/1.1 413 ")));
    close(fd);
    fixture_close(f);
}

/* ── long bodies ── */

static struct fixture *long_fixture(void)
{
    return fixture_with((struct http_server_options){.workers = 2, .long_folder = test_folder()});
}

static str bytes_of(ptrdiff_t n, int64_t *sum)
{
    char *at = arena_alloc(test_arena(), n, 1);
    *sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        at[i] = (char)(i * 7 + i / 1000);
        *sum += (unsigned char)at[i] * (1 + i % 251);
    }
    return str_of(at, n);
}

static void assert_file(struct peer_answer r, ptrdiff_t n, int64_t sum)
{
    str want = str_print(test_arena(), "file %td %td %lld", n, n, (long long)sum);
    assert_int_equal(r.status, 200);
    assert_str(r.body, str_z(test_arena(), want));
}

static void a_long_body_comes_as_a_file_and_the_next_request_follows(void **state)
{
    (void)state;
    struct fixture *f = long_fixture();
    int64_t sum;
    ptrdiff_t n = LONG_BYTES;
    str body = bytes_of(n, &sum);
    int fd = peer_connect(f->port);
    peer_send(
        fd, str_print(test_arena(), "POST /long HTTP/1.1\r\n" H "Content-Length: %td\r\n\r\n", n));
    peer_send(fd, body);
    peer_send(fd, S("GET /one HTTP/1.1\r\n" H "\r\n"));
    assert_file(peer_answer(fd, true), n, sum);
    assert_str(peer_answer(fd, true).body, "GET /one 0 127.0.0.1 0");
    close(fd);
    eventually(http_server_stats(f->server).body_bytes_held == 0);
    fixture_close(f);
}

static void a_long_body_may_come_in_chunks_and_be_half_closed(void **state)
{
    (void)state;
    struct fixture *f = long_fixture();
    int64_t sum;
    ptrdiff_t n = 700 * 1000, piece = 70 * 1000;
    str body = bytes_of(n, &sum);
    int fd = peer_connect(f->port);
    peer_send(fd, S("POST /long HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"));
    for (ptrdiff_t at = 0; at < n; at += piece) {
        peer_send(fd, str_print(test_arena(), "%zx\r\n", (size_t)piece));
        peer_send(fd, str_sub(body, at, piece));
        peer_send(fd, S("\r\n"));
    }
    peer_send(fd, S("0\r\n\r\n"));
    shutdown(fd, SHUT_WR);
    assert_file(peer_answer(fd, true), n, sum);
    close(fd);
    fixture_close(f);
}

static void a_body_that_fits_stays_in_memory(void **state)
{
    (void)state;
    struct fixture *f = long_fixture();
    int64_t sum;
    str body = bytes_of(900 * 1000, &sum);
    int fd = peer_connect(f->port);
    peer_send(fd, S("POST /long HTTP/1.1\r\n" H "Content-Length: 900000\r\n\r\n"));
    peer_send(fd, body);
    assert_str(peer_answer(fd, true).body, "POST /long 900000 127.0.0.1 0");
    close(fd);
    fixture_close(f);
}

static void a_body_beyond_its_limit_is_refused_however_it_comes(void **state)
{
    (void)state;
    struct fixture *f = long_fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, str_print(test_arena(), "POST /long HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n",
                      LONG_BYTES + 1));
    assert_true(str_starts(peer_read(fd, (str){0}), S("HTTP/1.1 413 ")));
    close(fd);
    fd = peer_connect(f->port);
    peer_send(fd, S("POST /long HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 4; i++) {
        peer_send(fd, S("100000\r\n"));
        peer_send(fd, str_of(f->big, 1 << 20));
        peer_send(fd, S("\r\n"));
    }
    peer_send(fd, S("1\r\nx\r\n"));
    assert_true(str_starts(peer_read(fd, (str){0}), S("HTTP/1.1 413 ")));
    close(fd);
    eventually(http_server_stats(f->server).connections_open == 0);
    fixture_close(f);
    f = fixture(); /* without a folder there are no long bodies */
    fd = peer_connect(f->port);
    peer_send(fd, S("POST /long HTTP/1.1\r\n" H "Content-Length: 2000000\r\n\r\n"));
    assert_true(str_starts(peer_read(fd, (str){0}), S("HTTP/1.1 413 ")));
    close(fd);
    fixture_close(f);
}

static void a_long_body_that_breaks_off_leaves_nothing(void **state)
{
    (void)state;
    struct fixture *f = long_fixture();
    for (int i = 0; i < 4; i++) {
        int fd = peer_connect(f->port);
        int64_t bytes_in = http_server_stats(f->server).bytes_in;
        peer_send(fd, S("POST /long HTTP/1.1\r\n" H "Content-Length: 3000000\r\n\r\n"));
        peer_send(fd, str_of(f->big, 600000));
        eventually(http_server_stats(f->server).bytes_in > bytes_in + 500000);
        close(fd);
        eventually(http_server_stats(f->server).connections_open == 0);
    }
    eventually(http_server_stats(f->server).body_bytes_held == 0);
    assert_int_equal(http_server_stats(f->server).queue_waiting, 0);
    fixture_close(f);
}

static void too_many_long_bodies_are_told_to_come_again(void **state)
{
    (void)state;
    struct fixture *f = long_fixture();
    int fd[LIMIT_HTTP_LONG_BODIES + 1];
    for (int i = 0; i <= LIMIT_HTTP_LONG_BODIES; i++) {
        fd[i] = peer_connect(f->port);
        int64_t bytes_in = http_server_stats(f->server).bytes_in;
        peer_send(fd[i], S("POST /long HTTP/1.1\r\n" H "Content-Length: 2000000\r\n\r\n"));
        peer_send(fd[i], str_of(f->big, 300000));
        if (i < LIMIT_HTTP_LONG_BODIES)
            eventually(http_server_stats(f->server).bytes_in > bytes_in + 270000);
    }
    assert_true(str_starts(peer_read(fd[LIMIT_HTTP_LONG_BODIES], (str){0}), S("HTTP/1.1 503 ")));
    for (int i = 0; i <= LIMIT_HTTP_LONG_BODIES; i++)
        close(fd[i]);
    fixture_close(f);
}

static void without_room_on_the_disk_a_long_body_is_told_to_come_again(void **state)
{
    (void)state;
    struct fixture *f = long_fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("POST /long HTTP/1.1\r\n" H "Content-Length: 2000000\r\n\r\n"));
    file_fail_at(1, 1000, ENOSPC);
    peer_send(fd, str_of(f->big, 600000));
    assert_true(str_starts(peer_read(fd, (str){0}), S("HTTP/1.1 503 ")));
    file_fail_at(0, 0, 0);
    test_log_had(LOG_ERROR, "a long body could not be written");
    close(fd);
    fixture_close(f);
}

static void an_answer_may_come_later_from_another_thread(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("GET /later HTTP/1.1\r\n" H "\r\n"));
    sem_wait(&f->arrived);
    assert_int_equal(http_server_in_flight(f->server), 1);
    struct http_response r = {.status = 201, .body = S("made")};
    http_respond(f->server, f->later, &r);
    struct peer_answer got = peer_answer(fd, true);
    assert_int_equal(got.status, 201);
    assert_str(got.body, "made");
    /* A second answer for the same request must not answer the next one. */
    struct http_handle first = f->later;
    peer_send(fd, S("GET /later HTTP/1.1\r\n" H "\r\n"));
    sem_wait(&f->arrived);
    http_respond(f->server, first, &(struct http_response){.status = 500});
    http_respond(f->server, f->later, &(struct http_response){.status = 202});
    assert_int_equal(peer_answer(fd, true).status, 202);
    assert_int_equal(http_server_stats(f->server).answers_dropped, 1);
    assert_int_equal(http_server_in_flight(f->server), 0);
    close(fd);
    fixture_close(f);
}

static void an_answer_for_a_client_that_left_is_dropped(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("GET /later HTTP/1.1\r\n" H "\r\n"));
    sem_wait(&f->arrived);
    const struct linger now = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd); /* a reset */
    eventually(http_server_stats(f->server).connections_open == 0);
    http_respond(f->server, f->later, &(struct http_response){.status = 200});
    eventually(http_server_stats(f->server).answers_dropped == 1);
    fixture_close(f);
}

static void waiting_requests_are_counted(void **state)
{
    (void)state;
    struct fixture *f = fixture_with((struct http_server_options){.workers = 1});
    int fd[4];
    for (int i = 0; i < 4; i++) {
        fd[i] = peer_connect(f->port);
        peer_send(fd[i], S("GET /gate HTTP/1.1\r\n" H "\r\n"));
    }
    sem_wait(&f->arrived);
    eventually(http_server_pending(f->server) == 3);
    assert_int_equal(http_server_in_flight(f->server), 4);
    for (int i = 0; i < 4; i++)
        sem_post(&f->gate);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(peer_answer(fd[i], true).status, 200);
        close(fd[i]);
    }
    assert_int_equal(http_server_pending(f->server), 0);
    fixture_close(f);
}

static void slow_heads_are_cut_after_their_time(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int silent = peer_connect(f->port), slow = peer_connect(f->port);
    peer_send(slow, S("GET / HTTP/1.1\r\n" H "X: a"));
    eventually(http_server_stats(f->server).bytes_in > 0);
    clock_advance(LIMIT_HTTP_HEADER_MS - 1);
    assert_int_equal(peer_ask(peer_connect(f->port), S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    clock_advance(1);
    assert_true(str_starts(peer_read(slow, (str){0}), S("HTTP/1.1 408 ")));
    assert_int_equal(peer_read(silent, (str){0}).len, 0);
    assert_int_equal(http_server_stats(f->server).requests_timed_out, 2);
    close(slow);
    close(silent);
    fixture_close(f);
}

static void slow_bodies_are_cut_by_rate_and_by_time(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int slow = peer_connect(f->port), late = peer_connect(f->port);
    peer_send(slow, S("POST / HTTP/1.1\r\n" H "Content-Length: 100000\r\n\r\nabc"));
    peer_send(late, S("POST / HTTP/1.1\r\n" H "Content-Length: 100000\r\n\r\n"));
    peer_send(late, str_of(f->big, 50000));
    eventually(http_server_stats(f->server).bytes_in > 50100);
    clock_advance(LIMIT_HTTP_BODY_GRACE_MS);
    assert_true(str_starts(peer_read(slow, (str){0}), S("HTTP/1.1 408 ")));
    assert_int_equal(http_server_stats(f->server).requests_timed_out, 1);
    clock_advance(LIMIT_HTTP_BODY_MS - LIMIT_HTTP_BODY_GRACE_MS);
    assert_true(str_starts(peer_read(late, (str){0}), S("HTTP/1.1 408 ")));
    eventually(http_server_stats(f->server).body_bytes_held == 0);
    close(slow);
    close(late);
    fixture_close(f);
}

/* The loop's look at the clock is up to a tick old; the peer must not pay for that. `silent` ends
 * at the first look after the jump. */
static void a_body_has_its_time_from_its_own_beginning(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    for (int i = 0; i < 5; i++) {
        int silent = peer_connect(f->port);
        int64_t bytes_in = http_server_stats(f->server).bytes_in;
        eventually(http_server_stats(f->server).connections_open == 1);
        clock_advance(LIMIT_HTTP_HEADER_MS);
        int fd = peer_connect(f->port);
        peer_send(fd, S("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"));
        eventually(http_server_stats(f->server).bytes_in > bytes_in);
        assert_true(peer_is_closed(silent));
        peer_send(fd, S("hello"));
        assert_str(peer_answer(fd, true).body, "POST / 5 127.0.0.1 0");
        close(fd);
        close(silent);
        eventually(http_server_stats(f->server).connections_open == 0);
    }
    fixture_close(f);
}

static void idle_connections_end_and_working_ones_do_not(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int idle = peer_connect(f->port), working = peer_connect(f->port);
    assert_int_equal(peer_ask(idle, S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    peer_send(working, S("GET /later HTTP/1.1\r\n" H "\r\n"));
    sem_wait(&f->arrived);
    clock_advance(LIMIT_HTTP_IDLE_MS);
    assert_true(peer_is_closed(idle));
    http_respond(f->server, f->later, &(struct http_response){.status = 200});
    assert_int_equal(peer_answer(working, true).status, 200);
    close(idle);
    close(working);
    fixture_close(f);
}

static void a_client_that_takes_nothing_is_cut(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int tiny = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
    const struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)f->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    for (int i = 0; i < 8; i++) /* 8 MiB: more than the kernel buffers */
        peer_send(fd, S("GET /big HTTP/1.1\r\n" H "\r\n"));
    eventually(http_server_stats(f->server).bytes_out > 1 << 20);
    for (int i = 0; i < 60 && http_server_stats(f->server).connections_open > 0; i++) {
        clock_advance(LIMIT_HTTP_STALL_MS);
        struct pollfd none = {.fd = -1};
        (void)poll(&none, 1, 250); /* the loop looks twice */
    }
    eventually(http_server_stats(f->server).connections_open == 0);
    assert_int_equal(http_server_stats(f->server).requests_timed_out, 1);
    close(fd);
    fixture_close(f);
}

static void a_connection_too_many_is_told_so_and_the_others_go_on(void **state)
{
    (void)state;
    struct fixture *f = fixture_with((struct http_server_options){.max_connections = 16});
    int fd[16];
    for (int i = 0; i < 16; i++) {
        fd[i] = peer_connect(f->port);
        assert_int_equal(peer_ask(fd[i], S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    }
    for (int i = 0; i < 300; i++) { /* more than are kept for a moment */
        int more = peer_connect(f->port);
        if (i % 50 == 0)
            assert_int_equal(peer_answer(more, true).status, 503);
        close(more);
    }
    eventually(http_server_stats(f->server).connections_refused == 300);
    for (int i = 0; i < 16; i++)
        assert_int_equal(peer_ask(fd[i], S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    close(fd[0]);
    eventually(http_server_stats(f->server).connections_open == 15);
    fd[0] = peer_connect(f->port);
    assert_int_equal(peer_ask(fd[0], S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    for (int i = 0; i < 16; i++)
        close(fd[i]);
    fixture_close(f);
}

/* f->file of so many bytes, which it hands back. */
static const char *file_make(struct fixture *f, const char *name, ptrdiff_t size)
{
    char *bytes = arena_alloc(test_arena(), size, 1);
    f->file = test_path(name);
    for (ptrdiff_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    FILE *out = fopen(str_z(test_arena(), f->file), "we");
    assert_int_equal(fwrite(bytes, 1, (size_t)size, out), size);
    assert_int_equal(fclose(out), 0);
    return bytes;
}

static void a_file_is_sent_whole_from_its_offset(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    ptrdiff_t size = 3 * 1024 * 1024 + 17;
    const char *bytes = file_make(f, "file", size);
    int fd = peer_connect(f->port);
    struct peer_answer r = peer_ask(fd, S("GET /file HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(r.body.len, size - 1);
    assert_memory_equal(r.body.at, bytes + 1, (size_t)(size - 1));
    r = peer_ask(fd, S("HEAD /file HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(peer_ask(fd, S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    /* A client that leaves in the middle of a file leaves nothing behind. */
    peer_send(fd, S("GET /file HTTP/1.1\r\n" H "\r\n"));
    (void)peer_read(fd, S("\r\n\r\n"));
    close(fd);
    eventually(http_server_stats(f->server).connections_open == 0);
    fixture_close(f);
}

static void what_is_not_here_is_brought_piece_by_piece_or_cut_off(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    ptrdiff_t size = 1000 * 1000;
    const char *bytes = file_make(f, "pieces", size);
    int fd = peer_connect(f->port);
    struct peer_answer r = peer_ask(fd, S("GET /pieces HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(r.body.len, size - 7);
    assert_memory_equal(r.body.at, bytes + 7, (size_t)(size - 7));
    assert_int_equal(peer_ask(fd, S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    r = peer_ask(fd, S("HEAD /pieces HTTP/1.1\r\n" H "\r\n"));
    eventually(atomic_load(&f->closed) == 2);
    peer_send(fd, S("GET /cut-pieces HTTP/1.1\r\n" H "\r\n"));
    str all = peer_read(fd, (str){0});
    assert_true(peer_has(all, "Content-Length: 999993\r\n"));
    assert_true(all.len < 300 * 1000 + 1000);
    test_log_had(LOG_WARN, "an answer was cut off");
    close(fd);
    eventually(atomic_load(&f->closed) == 3);
    fixture_close(f);
}
static void a_file_that_is_too_short_ends_the_connection(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    f->file = test_path("short");
    FILE *out = fopen(str_z(test_arena(), f->file), "we");
    assert_true(fputs("short", out) >= 0);
    assert_int_equal(fclose(out), 0);
    int fd = peer_connect(f->port);
    peer_send(fd, S("GET /cut-file HTTP/1.1\r\n" H "\r\n"));
    str all = peer_read(fd, (str){0});
    assert_true(peer_has(all, "Content-Length: 1005\r\n"));
    assert_true(str_ends(all, S("\r\n\r\n")));
    test_log_had(LOG_ERROR, "could not be read to its end");
    close(fd);
    fixture_close(f);
}

static void a_large_answer_arrives_whole(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    memset(f->big, 'b', sizeof f->big);
    int fd = peer_connect(f->port);
    for (int i = 0; i < 3; i++) {
        struct peer_answer r = peer_ask(fd, S("GET /big HTTP/1.1\r\n" H "\r\n"));
        assert_int_equal(r.body.len, sizeof f->big);
        assert_memory_equal(r.body.at, f->big, sizeof f->big);
    }
    close(fd);
    fixture_close(f);
}

static void a_header_cannot_be_injected_into_an_answer(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    struct peer_answer r = peer_ask(fd, S("GET /bad HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(r.status, 500);
    assert_false(peer_has(r.head, "Set-Cookie"));
    test_log_had(LOG_ERROR, "malformed");
    close(fd);
    fixture_close(f);
}

static void only_a_named_proxy_may_say_who_the_client_is(void **state)
{
    (void)state;
    static const char *const proxies[] = {"127.0.0.0/8", "10.0.0.0/8"};
    static const struct {
        str headers;
        const char *expected;
    } rows[] = {
        {S_INIT(""),                                                             "GET / 0 127.0.0.1 0"   },
        {S_INIT("X-Forwarded-For: 198.51.100.7\r\n"),                            "GET / 0 198.51.100.7 0"},
        {S_INIT("X-Forwarded-For: 6.6.6.6, 198.51.100.7, 10.0.0.9\r\n"),         "GET / 0 198.51.100.7 0"},
        {S_INIT("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:db8::7\r\n"),
         "GET / 0 2001:db8::7 0"                                                                         },
        {S_INIT("X-Forwarded-For: 6.6.6.6, nonsense\r\n"),                       "GET / 0 127.0.0.1 0"   },
        {S_INIT("X-Forwarded-Proto: https\r\n"),                                 "GET / 0 127.0.0.1 1"   },
    };
    struct fixture *trusting = fixture_with(
        (struct http_server_options){.trusted_proxies = proxies, .trusted_proxy_count = 2});
    struct fixture *plain = fixture();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        str request =
            str_print(test_arena(), "GET / HTTP/1.1\r\n" H "%.*s\r\n", SARG(rows[i].headers));
        int fd = peer_connect(trusting->port);
        assert_str(peer_ask(fd, request).body, rows[i].expected);
        close(fd);
        fd = peer_connect(plain->port);
        assert_str(peer_ask(fd, request).body, rows[0].expected);
        close(fd);
    }
    fixture_close(plain);
    fixture_close(trusting);
}

static void *drain_main(void *arg)
{
    struct fixture *f = arg;
    return (void *)(intptr_t)http_server_drain(f->server, 0, 20000);
}

static bool is_accepting(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool is_taken = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return is_taken;
}

static void a_drain_answers_what_was_accepted_and_takes_nothing_new(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int working = peer_connect(f->port), idle = peer_connect(f->port);
    assert_int_equal(peer_ask(idle, S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
    peer_send(working, S("GET /gate HTTP/1.1\r\n" H "\r\n"));
    sem_wait(&f->arrived);
    assert_false(http_server_is_draining(f->server));
    pthread_t drain;
    assert_int_equal(pthread_create(&drain, NULL, drain_main, f), 0);
    eventually(http_server_is_draining(f->server));
    eventually(!is_accepting(f->port));
    /* A request on a kept connection is still answered, and told that it was the last. */
    struct peer_answer r = peer_ask(idle, S("GET / HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(r.status, 200);
    assert_true(peer_has(r.head, "Connection: close\r\n"));
    sem_post(&f->gate);
    assert_int_equal(peer_answer(working, true).status, 200);
    void *unanswered = (void *)1;
    clock_advance(2000);
    pthread_join(drain, &unanswered);
    assert_null(unanswered);
    close(working);
    close(idle);
    fixture_close(f);
}

/* A second descriptor of the socket that listens on the port. */
static int listening_again(int port)
{
    for (int fd = 0; fd < 1024; fd++) {
        int is_listening = 0;
        struct sockaddr_in at = {0};
        socklen_t len = sizeof is_listening, at_len = sizeof at;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 && is_listening &&
            getsockname(fd, (struct sockaddr *)&at, &at_len) == 0 && ntohs(at.sin_port) == port)
            return fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
    return -1;
}

/* The socket is kept open here, as it is between the last accept and the closing: what the kernel
 * took then would be reset. */
static void a_drain_leaves_the_kernel_nothing_to_take(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int listening = listening_again(f->port);
    assert_true(listening >= 0);
    assert_int_equal(http_server_drain(f->server, 0, 300), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)f->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), -1);
    assert_int_equal(errno, EINPROGRESS);
    struct pollfd taken = {.fd = fd, .events = POLLOUT};
    assert_int_equal(poll(&taken, 1, 200), 0);
    close(fd);
    close(listening);
    fixture_close(f);
}

static void a_drain_counts_what_it_could_not_answer(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("GET /later HTTP/1.1\r\n" H "\r\n"));
    sem_wait(&f->arrived);
    assert_int_equal(http_server_drain(f->server, 0, 300), 1);
    close(fd);
    fixture_close(f);
}

static void without_memory_for_the_answer_the_client_hears_503(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = peer_connect(f->port);
    peer_send(fd, S("GET /later HTTP/1.1\r\n" H "\r\n"));
    sem_wait(&f->arrived);
    alloc_fail_at(1, 1);
    http_respond(f->server, f->later, &(struct http_response){.status = 200});
    alloc_fail_at(0, 0);
    assert_int_equal(peer_answer(fd, true).status, 503);
    close(fd);
    fixture_close(f);
}

/* Each run one more allocation succeeds; a request may fail, the server may not. */
static void a_failed_allocation_costs_one_request_at_most(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int answered = 0, runs = 0;
    for (; answered < 8 && runs < 200; runs++) { /* 8 times untouched in a row: no more of them */
        int fd = peer_connect(f->port);
        clock_advance(1000); /* the Date header is made anew */
        alloc_fail_at(runs + 1, 1);
        peer_send(
            fd, S("POST /static HTTP/1.1\r\n" H "Connection: close\r\nContent-Length: 9\r\n\r\n"
                  "some body"));
        bool is_fine = str_starts(peer_read(fd, (str){0}), S("HTTP/1.1 200 "));
        alloc_fail_at(0, 0);
        answered = is_fine ? answered + 1 : 0;
        close(fd);
        fd = peer_connect(f->port);
        assert_int_equal(peer_ask(fd, S("GET / HTTP/1.1\r\n" H "\r\n")).status, 200);
        close(fd);
    }
    assert_int_equal(answered, 8);
    assert_true(runs > 10);
    eventually(http_server_stats(f->server).connections_open == 0);
    assert_int_equal(http_server_in_flight(f->server), 0);
    eventually(http_server_stats(f->server).body_bytes_held == 0); /* the worker finishes last */
    fixture_close(f);
}

static void bad_options_are_refused_in_words(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    struct http_server *s;
    str why;
    str taken = str_print(test_arena(), "127.0.0.1:%d", f->port);
    struct http_listen l = {.address = taken};
    struct http_server_options o = {.listens = &l, .listen_count = 1, .handle = handle};
    assert_err(http_server_open(test_arena(), &o, &s, &why), E_UPSTREAM);
    assert_true(peer_has(why, "Address already in use"));
    l.address = S("nonsense");
    assert_err(http_server_open(test_arena(), &o, &s, &why), E_INVALID);
    assert_true(peer_has(why, "HOST:PORT"));
    l = (struct http_listen){.address = S("127.0.0.1:0"), .is_tls = true};
    o.cert_file = test_path("absent.pem");
    o.key_file = test_path("absent.pem");
    assert_err(http_server_open(test_arena(), &o, &s, &why), E_INVALID);
    assert_true(peer_has(why, "absent.pem"));
    const char *const proxy = "10.0.0.0/33";
    l.is_tls = false;
    o.trusted_proxies = &proxy;
    o.trusted_proxy_count = 1;
    assert_err(http_server_open(test_arena(), &o, &s, &why), E_INVALID);
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_on_one_connection_are_answered_in_order),
        TEST(a_wish_to_close_is_followed),
        TEST(head_and_204_have_no_body),
        TEST(a_half_closed_client_gets_its_answers),
        TEST(a_refusal_is_said_in_the_error_shape_and_closes),
        TEST(a_refusal_is_read_even_when_the_client_keeps_sending),
        TEST(a_body_is_asked_for_only_when_the_route_wants_it),
        TEST(a_long_body_comes_as_a_file_and_the_next_request_follows),
        TEST(a_long_body_may_come_in_chunks_and_be_half_closed),
        TEST(a_body_that_fits_stays_in_memory),
        TEST(a_body_beyond_its_limit_is_refused_however_it_comes),
        TEST(a_long_body_that_breaks_off_leaves_nothing),
        TEST(too_many_long_bodies_are_told_to_come_again),
        TEST(without_room_on_the_disk_a_long_body_is_told_to_come_again),
        TEST(an_answer_may_come_later_from_another_thread),
        TEST(an_answer_for_a_client_that_left_is_dropped),
        TEST(waiting_requests_are_counted),
        TEST(slow_heads_are_cut_after_their_time),
        TEST(slow_bodies_are_cut_by_rate_and_by_time),
        TEST(a_body_has_its_time_from_its_own_beginning),
        TEST(idle_connections_end_and_working_ones_do_not),
        TEST(a_client_that_takes_nothing_is_cut),
        TEST(a_connection_too_many_is_told_so_and_the_others_go_on),
        TEST(a_file_is_sent_whole_from_its_offset),
        TEST(what_is_not_here_is_brought_piece_by_piece_or_cut_off),
        TEST(a_file_that_is_too_short_ends_the_connection),
        TEST(a_large_answer_arrives_whole),
        TEST(a_header_cannot_be_injected_into_an_answer),
        TEST(only_a_named_proxy_may_say_who_the_client_is),
        TEST(a_drain_answers_what_was_accepted_and_takes_nothing_new),
        TEST(a_drain_leaves_the_kernel_nothing_to_take),
        TEST(a_drain_counts_what_it_could_not_answer),
        TEST(without_memory_for_the_answer_the_client_hears_503),
        TEST(a_failed_allocation_costs_one_request_at_most),
        TEST(bad_options_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
