/* The hub over real sockets: resume without gap or double, filters, slow readers, heartbeats, ends.
 * The handler opens a stream for every GET: path "/held" stays held, others are released at once;
 * the query names what to listen to (?account=N, twice if wanted) and who is asking (?name=X). */
#include "test.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/hub.h"
#include "peer.h"

struct fixture {
    struct http_server *server;
    struct hub *hub;
    int port;
    sem_t opened;
    struct http_handle last;
};

struct subject {
    char name;
};

static _Atomic int subjects_freed;

static void subject_free(void *p)
{
    subjects_freed++;
    free(p);
}

static void handle(void *worker, struct http_exchange *x)
{
    struct fixture *f = worker;
    struct hub_key keys[4];
    ptrdiff_t n = 0;
    char name = '?';
    for (ptrdiff_t i = 0; i < x->req.query_count; i++) {
        int64_t account;
        if (str_eq(x->req.query[i].name, S("name")))
            name = x->req.query[i].value.at[0];
        else if (str_int(x->req.query[i].value, 0, 1000, &account) == OK)
            keys[n++] = (struct hub_key){.kind = 1, .account = account};
    }
    struct subject *who = calloc(1, sizeof *who);
    who->name = name;
    static const struct http_header cors = {S_INIT("X-Extra"), S_INIT("yes")};
    const struct hub_stream_options o = {.keys = keys,
        .key_count = n,
        .subject = who,
        .subject_free = subject_free,
        .headers = &cors,
        .header_count = 1,
        .first = S("retry: 2000\n\n")};
    f->last = x->handle;
    hub_open(f->hub, x->handle, &o);
    if (!str_eq(x->req.path, S("/held")))
        hub_release(f->hub, x->handle, (struct hub_seq){0, 0});
    http_finish(x);
    sem_post(&f->opened);
}

static struct fixture *fixture(void)
{
    static const struct http_listen listen_any = {.address = S_INIT("127.0.0.1:0")};
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    sem_init(&f->opened, 0, 0);
    const struct http_server_options o = {
        .listens = &listen_any, .listen_count = 1, .workers = 2, .arg = f, .handle = handle};
    str why;
    assert_ok(http_server_open(test_arena(), &o, &f->server, &why));
    f->hub = http_server_hub(f->server);
    f->port = http_server_port(f->server, 0);
    assert_ok(http_server_start(f->server));
    subjects_freed = 0;
    return f;
}

static void fixture_close(struct fixture *f)
{
    http_server_close(f->server);
    sem_destroy(&f->opened);
    free(f);
}

/* A socket whose stream is open and has shown its first bytes. */
static int listen_to(struct fixture *f, const char *target)
{
    int fd = peer_connect(f->port);
    peer_send(fd, str_print(test_arena(), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target));
    str head = peer_read(fd, S("\r\n\r\n"));
    assert_true(peer_has(head, "Content-Type: text/event-stream; charset=utf-8\r\n"));
    assert_true(peer_has(head, "X-Extra: yes\r\n"));
    assert_str(peer_read(fd, S("\n\n")), "retry: 2000\n\n");
    sem_wait(&f->opened);
    return fd;
}

static struct hub_key account(int64_t n)
{
    return (struct hub_key){.kind = 1, .account = n};
}

static void publish(struct fixture *f, int64_t to, int64_t seq)
{
    struct hub_key key = account(to);
    str bytes = str_print(test_arena(), "data: %d\n\n", (int)seq);
    const struct hub_event e = {
        .keys = &key, .key_count = 1, .seq = {0, seq},
                .bytes = bytes
    };
    hub_publish(f->hub, &e);
}

#define eventually(condition)                                                                      \
    do {                                                                                           \
        struct pollfd none_ = {.fd = -1};                                                          \
        int patience_ = PEER_PATIENCE_S * 1000;                                                    \
        while (!(condition) && patience_-- > 0)                                                    \
            (void)poll(&none_, 1, 1);                                                              \
        assert_true(condition);                                                                    \
    } while (0)

static void everybody_who_listens_gets_an_event_and_nobody_else(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int a = listen_to(f, "/?account=1"), b = listen_to(f, "/?account=1"),
        c = listen_to(f, "/?account=2");
    assert_int_equal(hub_count(f->hub), 3);
    publish(f, 1, 10);
    publish(f, 2, 11);
    publish(f, 3, 12);
    assert_str(peer_read(a, S("\n\n")), "data: 10\n\n");
    assert_str(peer_read(b, S("\n\n")), "data: 10\n\n");
    assert_str(peer_read(c, S("\n\n")), "data: 11\n\n");
    eventually(http_server_stats(f->server).stream_events == 3); /* the third has no reader */
    assert_int_equal(http_server_stats(f->server).stream_events_sent, 3);
    close(a);
    close(b);
    close(c);
    eventually(hub_count(f->hub) == 0);
    assert_int_equal(subjects_freed, 3);
    fixture_close(f);
}

static void a_resumed_stream_has_no_gap_and_no_double(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = listen_to(f, "/held?account=1");
    publish(f, 1, 5); /* committed before the replay was read: the replay has it too */
    publish(f, 1, 6);
    publish(f, 1, 0); /* passing news: no replay has it */
    hub_send(f->hub, f->last, S("data: 4\n\ndata: 5\n\n"));
    hub_release(f->hub, f->last, (struct hub_seq){0, 5});
    publish(f, 1, 5); /* a late publisher of what the replay had */
    publish(f, 1, 7);
    publish(f, 1, 999);
    assert_str(peer_read(fd, S("data: 999\n\n")),
        "data: 4\n\ndata: 5\n\ndata: 6\n\ndata: 0\n\ndata: 7\n\ndata: 999\n\n");
    close(fd);
    fixture_close(f);
}

static void sequences_compare_major_first(void **state)
{
    (void)state;
    assert_true(hub_seq_cmp((struct hub_seq){1, 9}, (struct hub_seq){2, 1}) < 0);
    assert_true(hub_seq_cmp((struct hub_seq){2, 1}, (struct hub_seq){1, 9}) > 0);
    assert_true(hub_seq_cmp((struct hub_seq){2, 1}, (struct hub_seq){2, 3}) < 0);
    assert_int_equal(hub_seq_cmp((struct hub_seq){2, 3}, (struct hub_seq){2, 3}), 0);
}

static void an_event_with_several_keys_comes_once(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = listen_to(f, "/?account=1&account=2&account=1");
    const struct hub_key keys[] = {account(1), account(2)};
    const struct hub_event e = {.keys = keys, .key_count = 2, .bytes = S("data: once\n\n")};
    hub_publish(f->hub, &e);
    publish(f, 1, 1);
    assert_str(peer_read(fd, S("data: 1\n\n")), "data: once\n\ndata: 1\n\n");
    close(fd);
    fixture_close(f);
}

static bool is_named(const void *subject, const void *about)
{
    return ((const struct subject *)subject)->name == *(const char *)about;
}

static _Atomic int abouts_freed;

static void about_free(void *about)
{
    abouts_freed++;
    free(about);
}

static void access_is_asked_for_each_event(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int x = listen_to(f, "/?account=1&name=x"), y = listen_to(f, "/?account=1&name=y");
    abouts_freed = 0;
    struct hub_key key = account(1);
    char *about = calloc(1, 1);
    *about = 'y';
    const struct hub_event e = {.keys = &key,
        .key_count = 1,
        .bytes = S("data: for y\n\n"),
        .match = is_named,
        .about = about,
        .about_free = about_free};
    hub_publish(f->hub, &e);
    publish(f, 1, 2);
    assert_str(peer_read(x, S("data: 2\n\n")), "data: 2\n\n");
    assert_str(peer_read(y, S("data: 2\n\n")), "data: for y\n\ndata: 2\n\n");
    assert_int_equal(abouts_freed, 1);
    close(x);
    close(y);
    fixture_close(f);
}

static bool rename_or_end(void *subject, void *arg)
{
    (void)arg;
    struct subject *who = subject;
    if (who->name == 'x')
        return false;
    who->name = 'z';
    return true;
}

static void a_visit_ends_streams_or_changes_who_they_are(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int x = listen_to(f, "/?account=1&name=x"), y = listen_to(f, "/?account=1&name=y");
    hub_visit(f->hub, account(1), rename_or_end, NULL, NULL, S("event: bye\ndata: \n\n"));
    assert_str(peer_read(x, (str){0}), "event: bye\ndata: \n\n");
    assert_int_equal(hub_count(f->hub), 1);
    static char z = 'z';
    struct hub_key key = account(1);
    const struct hub_event e = {
        .keys = &key, .key_count = 1, .bytes = S("data: z\n\n"), .match = is_named, .about = &z};
    hub_publish(f->hub, &e);
    assert_str(peer_read(y, S("\n\n")), "data: z\n\n");
    hub_end(f->hub, f->last, S("data: end\n\n"));
    assert_str(peer_read(y, (str){0}), "data: end\n\n");
    close(x);
    close(y);
    fixture_close(f);
}

static void a_slow_reader_is_cut_and_the_others_go_on(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int slow = listen_to(f, "/?account=1"), quick = listen_to(f, "/?account=2");
    char *bytes = malloc(60000);
    memset(bytes, 'x', 60000);
    struct hub_key key = account(1);
    const struct hub_event e = {.keys = &key, .key_count = 1, .bytes = str_of(bytes, 60000)};
    int published = 0;
    for (; published < 2000 && http_server_stats(f->server).streams_cut == 0; published++) {
        hub_publish(f->hub, &e);
        publish(f, 2, published + 1);
        str expected = str_print(test_arena(), "data: %d\n\n", published + 1);
        assert_true(str_eq(peer_read(quick, S("\n\n")), expected));
    }
    assert_int_equal(http_server_stats(f->server).streams_cut, 1);
    assert_int_equal(hub_count(f->hub), 1);
    free(bytes);
    close(slow);
    close(quick);
    fixture_close(f);
}

static void a_long_replay_does_not_cut_but_an_endless_one_does(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = listen_to(f, "/held?account=1");
    ptrdiff_t size = 3 * LIMIT_STREAM_UNSENT_BYTES;
    char *bytes = malloc((size_t)size);
    memset(bytes, 'x', (size_t)size);
    for (int i = 0; i < 4; i++)
        hub_send(f->hub, f->last, str_of(bytes, size));
    hub_release(f->hub, f->last, (struct hub_seq){0, 5});
    publish(f, 1, 6);
    peer_skip(fd, 4 * size);
    assert_str(peer_read(fd, S("\n\n")), "data: 6\n\n");
    assert_int_equal(http_server_stats(f->server).streams_cut, 0);
    for (int i = 0; i < 40; i++)
        hub_send(f->hub, f->last, str_of(bytes, size));
    eventually(http_server_stats(f->server).streams_cut == 1);
    free(bytes);
    close(fd);
    fixture_close(f);
}

static void a_held_stream_that_is_forgotten_is_cut(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = listen_to(f, "/held?account=1");
    static char bytes[LIMIT_STREAM_UNSENT_BYTES / 2];
    struct hub_key key = account(1);
    const struct hub_event e = {.keys = &key, .key_count = 1, .bytes = str_of(bytes, sizeof bytes)};
    hub_publish(f->hub, &e);
    hub_publish(f->hub, &e);
    publish(f, 1, 1);
    assert_int_equal(peer_read(fd, (str){0}).len, 0);
    assert_int_equal(http_server_stats(f->server).streams_cut, 1);
    close(fd);
    fixture_close(f);
}

static void silence_is_broken_by_a_comment(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = listen_to(f, "/?account=1");
    clock_advance(LIMIT_STREAM_HEARTBEAT_MS - 1);
    publish(f, 1, 1);
    assert_str(peer_read(fd, S("\n\n")), "data: 1\n\n");
    struct pollfd none = {.fd = -1};
    (void)poll(&none, 1, 250); /* the loop has seen the time of the event */
    clock_advance(LIMIT_STREAM_HEARTBEAT_MS);
    assert_str(peer_read(fd, S("\n\n")), ":\n\n");
    clock_advance(LIMIT_STREAM_HEARTBEAT_MS);
    assert_str(peer_read(fd, S("\n\n")), ":\n\n");
    clock_advance(INT64_C(3600) * 1000); /* a stream has no idle limit */
    assert_str(peer_read(fd, S("\n\n")), ":\n\n");
    close(fd);
    fixture_close(f);
}

static void a_drain_tells_every_stream_to_reconnect(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int a = listen_to(f, "/?account=1"), b = listen_to(f, "/held?account=2");
    assert_int_equal(http_server_drain(f->server, 0, 20000), 0);
    assert_str(peer_read(a, (str){0}), "event: reconnect\ndata: {}\n\n");
    assert_str(peer_read(b, (str){0}), "event: reconnect\ndata: {}\n\n");
    assert_int_equal(subjects_freed, 2);
    close(a);
    close(b);
    fixture_close(f);
}

static void calls_for_a_stream_that_is_gone_do_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int fd = listen_to(f, "/?account=1");
    struct http_handle gone = f->last;
    close(fd);
    eventually(hub_count(f->hub) == 0);
    int other = listen_to(f, "/?account=1"); /* takes the same slot */
    assert_int_equal(f->last.slot, gone.slot);
    hub_send(f->hub, gone, S("data: wrong\n\n"));
    hub_end(f->hub, gone, S("data: wrong\n\n"));
    hub_release(f->hub, gone, (struct hub_seq){9, 9});
    http_respond(f->server, gone, &(struct http_response){.status = 200});
    struct subject *who = calloc(1, sizeof *who);
    hub_open(
        f->hub, gone, &(struct hub_stream_options){.subject = who, .subject_free = subject_free});
    publish(f, 1, 1);
    assert_str(peer_read(other, S("\n\n")), "data: 1\n\n");
    assert_int_equal(subjects_freed, 2);
    close(other);
    fixture_close(f);
}

static void a_lost_event_cuts_the_streams_so_that_they_resume(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    int a = listen_to(f, "/?account=1"), b = listen_to(f, "/?account=2");
    str bytes = S("data: lost\n\n");
    struct hub_key key = account(1);
    const struct hub_event e = {
        .keys = &key, .key_count = 1, .seq = {0, 1},
                .bytes = bytes
    };
    alloc_fail_at(1, 1);
    hub_publish(f->hub, &e);
    alloc_fail_at(0, 0);
    assert_int_equal(peer_read(a, (str){0}).len, 0);
    assert_int_equal(peer_read(b, (str){0}).len, 0);
    int c = listen_to(f, "/held?account=1");
    alloc_fail_at(1, 1);
    hub_send(f->hub, f->last, bytes);
    alloc_fail_at(0, 0);
    assert_int_equal(peer_read(c, (str){0}).len, 0);
    close(a);
    close(b);
    close(c);
    fixture_close(f);
}

static void many_topics_find_their_streams(void **state)
{
    (void)state;
    struct fixture *f = fixture();
    enum { STREAMS = 600 }; /* the table grows on the way */
    int fd[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        fd[i] = listen_to(f, str_z(test_arena(), str_print(test_arena(), "/?account=%d", i)));
    for (int i = 0; i < STREAMS; i++)
        publish(f, i, i + 1);
    for (int i = 0; i < STREAMS; i++) {
        str expected = str_print(test_arena(), "data: %d\n\n", i + 1);
        assert_true(str_eq(peer_read(fd[i], S("\n\n")), expected));
        close(fd[i]);
    }
    eventually(hub_count(f->hub) == 0);
    fixture_close(f);
}

static void a_block_keeps_every_line_inside_its_event(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    assert_str(hub_block(a, S("7-1"), S("message.created"), S("{}")),
        "id: 7-1\nevent: message.created\ndata: {}\n\n");
    assert_str(hub_block(a, (str){0}, (str){0}, S("a\nb\r\nc\rd\n\nevent: x")),
        "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: event: x\n\n");
    assert_str(hub_block(a, (str){0}, (str){0}, (str){0}), "data: \n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everybody_who_listens_gets_an_event_and_nobody_else),
        TEST(a_resumed_stream_has_no_gap_and_no_double),
        TEST(sequences_compare_major_first),
        TEST(an_event_with_several_keys_comes_once),
        TEST(access_is_asked_for_each_event),
        TEST(a_visit_ends_streams_or_changes_who_they_are),
        TEST(a_slow_reader_is_cut_and_the_others_go_on),
        TEST(a_long_replay_does_not_cut_but_an_endless_one_does),
        TEST(a_held_stream_that_is_forgotten_is_cut),
        TEST(silence_is_broken_by_a_comment),
        TEST(a_drain_tells_every_stream_to_reconnect),
        TEST(calls_for_a_stream_that_is_gone_do_nothing),
        TEST(a_lost_event_cuts_the_streams_so_that_they_resume),
        TEST(many_topics_find_their_streams),
        TEST(a_block_keeps_every_line_inside_its_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
