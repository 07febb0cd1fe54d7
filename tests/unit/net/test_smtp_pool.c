/* Kept connections: what is used again, what never, and that a mail is never sent twice. */
#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "smtp_peer.h"

#define ROWS(steps) (steps), (int)(sizeof(steps) / sizeof *(steps))
#define A_MAIL                                                                                     \
    {"MAIL FROM:", "250 ok\r\n"}, {"RCPT TO:", "250 ok\r\n"}, {"DATA", "354 go\r\n"},              \
    {                                                                                              \
        ".", "250 ok\r\n"                                                                          \
    }

static const str asha = S_INIT("asha@example.net");

static bool write_text(void *arg, bool (*put)(void *to, str piece), void *to)
{
    return put(to, str_from(arg));
}

static enum mail_end_kind pool_send(
    struct smtp_pool *pool, const struct smtp_options *options, struct smtp_sent *sent)
{
    static char text[] = "Subject: hi\r\n\r\nhello\r\n";
    const struct smtp_mail mail = {.from = S("care@example.com"),
        .to = &asha,
        .n_to = 1,
        .source = write_text,
        .source_arg = text};
    struct smtp_sent unused;
    sent = sent != NULL ? sent : &unused;
    smtp_pool_send(pool, test_arena(), options, &mail, sent);
    return sent->kind;
}

static void many_mails_share_a_connection(void **state)
{
    (void)state;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    struct smtp_options o = smtp_peer_options(p);
    struct smtp_pool *pool = smtp_pool_open();
    for (int i = 0; i < LIMIT_SMTP_MAILS; i++)
        assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    assert_int_equal(smtp_peer_connections(p), 1);
    assert_int_equal(smtp_pool_kept(pool), 0); /* that was the last one it may carry */
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    assert_int_equal(smtp_peer_connections(p), 2);
    assert_int_equal(smtp_pool_kept(pool), 1);
    smtp_pool_close(pool);
    smtp_peer_close(p);
}

static void another_login_gets_another_connection(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        {NULL,             "220 mx\r\n"                  },
        {"EHLO a.example", "250-mx\r\n250 AUTH PLAIN\r\n"},
        {"AUTH PLAIN ",    "235 ok\r\n"                  },
        A_MAIL,
        SMTP_PEER_NEXT,
        {NULL,             "220 mx\r\n"                  },
        {"EHLO a.example", "250-mx\r\n250 AUTH PLAIN\r\n"},
        {"AUTH PLAIN ",    "235 ok\r\n"                  },
        A_MAIL,
        SMTP_PEER_NEXT,
        {NULL,             "220 mx\r\n"                  },
        {"EHLO b.example", "250-mx\r\n250 AUTH PLAIN\r\n"},
        {"AUTH PLAIN ",    "235 ok\r\n"                  },
        A_MAIL,
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options o = smtp_peer_options(p);
    struct smtp_pool *pool = smtp_pool_open();
    o.name = S("a.example");
    o.server.user = S("care@example.com");
    o.server.secret = S("one");
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    o.server.secret = S("two"); /* a new password is tried, not the old one's connection */
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    o.name = S("b.example");
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    smtp_peer_done(p);
    smtp_pool_close(pool);
    smtp_peer_close(p);
}

static void an_idle_connection_is_closed_after_its_time(void **state)
{
    (void)state;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    struct smtp_options o = smtp_peer_options(p);
    struct smtp_pool *pool = smtp_pool_open();
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    clock_advance(LIMIT_SMTP_IDLE_MS);
    smtp_pool_sweep(pool);
    assert_int_equal(smtp_pool_kept(pool), 1);
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    assert_int_equal(smtp_peer_connections(p), 1);
    clock_advance(LIMIT_SMTP_IDLE_MS + 1);
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE); /* sweeps by itself */
    assert_int_equal(smtp_peer_connections(p), 2);
    clock_advance(LIMIT_SMTP_IDLE_MS + 1);
    smtp_pool_sweep(pool);
    assert_int_equal(smtp_pool_kept(pool), 0);
    smtp_pool_close(pool);
    smtp_peer_close(p);
}

static void a_kept_connection_that_died_is_replaced_once(void **state)
{
    (void)state;
    /* It ends after the first mail; then it says that it will; then a fresh one dies too. */
    static const struct smtp_step steps[] = {
        SMTP_PEER_HELLO,
        A_MAIL,
        SMTP_PEER_NEXT,
        SMTP_PEER_HELLO,
        A_MAIL,
        {"MAIL FROM:", "421 4.4.2 idle for too long\r\n"},
        SMTP_PEER_NEXT,
        SMTP_PEER_HELLO,
        A_MAIL,
        {"MAIL FROM:", SMTP_PEER_RESET                  },
        SMTP_PEER_NEXT,
        SMTP_PEER_HELLO,
        {"MAIL FROM:", SMTP_PEER_RESET                  },
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options o = smtp_peer_options(p);
    struct smtp_pool *pool = smtp_pool_open();
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    assert_int_equal(smtp_peer_connections(p), 2);
    assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
    assert_int_equal(smtp_peer_connections(p), 3);
    struct smtp_sent sent;
    assert_int_equal(pool_send(pool, &o, &sent), MAIL_LOST);
    assert_true(sent.is_before_mail);
    assert_int_equal(smtp_peer_connections(p), 4);
    assert_int_equal(smtp_pool_kept(pool), 0);
    smtp_peer_done(p);
    smtp_pool_close(pool);
    smtp_peer_close(p);
}

static void nothing_is_repeated_once_the_sender_was_taken(void **state)
{
    (void)state;
    static const struct smtp_step after_sender[] = {
        SMTP_PEER_HELLO, A_MAIL, {"MAIL FROM:", "250 ok\r\n"   },
          {"RCPT TO:",   SMTP_PEER_RESET},
        SMTP_PEER_NEXT, SMTP_PEER_HELLO, A_MAIL
    };
    static const struct smtp_step after_dot[] = {
        SMTP_PEER_HELLO, A_MAIL, {"MAIL FROM:", "250 ok\r\n"   },
          {"RCPT TO:",   "250 ok\r\n"   },
        {"DATA",       "354 go\r\n"   },
          {".",          SMTP_PEER_RESET},
          SMTP_PEER_NEXT, SMTP_PEER_HELLO, A_MAIL
    };
    for (int i = 0; i < 2; i++) {
        struct smtp_peer *p = i == 0 ? smtp_peer_open(ROWS(after_sender), false)
                                     : smtp_peer_open(ROWS(after_dot), false);
        struct smtp_options o = smtp_peer_options(p);
        struct smtp_pool *pool = smtp_pool_open();
        struct smtp_sent sent;
        assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE);
        assert_int_equal(pool_send(pool, &o, &sent), i == 0 ? MAIL_LOST : MAIL_UNKNOWN);
        assert_false(sent.is_before_mail);
        assert_int_equal(smtp_peer_connections(p), 1);
        assert_int_equal(smtp_peer_mails(p), i + 1);
        assert_int_equal(pool_send(pool, &o, NULL), MAIL_DONE); /* the next mail: a fresh one */
        assert_int_equal(smtp_peer_connections(p), 2);
        smtp_peer_done(p);
        smtp_pool_close(pool);
        smtp_peer_close(p);
    }
}

static void a_refused_login_is_told_for_every_recipient(void **state)
{
    (void)state;
    static const struct smtp_step steps[] = {
        {NULL,          "220 mx\r\n"                  },
        {"EHLO ",       "250-mx\r\n250 AUTH PLAIN\r\n"},
        {"AUTH PLAIN ", "535 5.7.8 no\r\n"            }
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(steps), false);
    struct smtp_options o = smtp_peer_options(p);
    struct smtp_pool *pool = smtp_pool_open();
    struct smtp_sent sent;
    o.server.user = S("care@example.com");
    o.server.secret = S("old");
    assert_int_equal(pool_send(pool, &o, &sent), MAIL_BAD_LOGIN);
    assert_int_equal(sent.code, 535);
    assert_str(sent.enhanced, "5.7.8");
    assert_int_equal(sent.to[0].kind, MAIL_BAD_LOGIN);
    assert_true(str_find(sent.why, S("535 5.7.8: no")) > 0);
    assert_int_equal(smtp_pool_kept(pool), 0);
    smtp_peer_done(p);
    smtp_pool_close(pool);
    smtp_peer_close(p);
}

struct waiter {
    struct smtp_pool *pool;
    struct smtp_peer *peer;
};

/* Cancels once the peer has the whole mail, or the connection. */
static void *cancel_main(void *arg)
{
    struct waiter *w = arg;
    while (smtp_peer_mails(w->peer) == 0 && smtp_peer_connections(w->peer) < 2)
        sched_yield();
    smtp_pool_cancel(w->pool);
    return NULL;
}

static void draining_ends_what_runs_and_refuses_what_comes(void **state)
{
    (void)state;
    static const struct smtp_step after_dot[] = {
        SMTP_PEER_HELLO, {"MAIL FROM:", "250 ok\r\n"  },
         {"RCPT TO:",   "250 ok\r\n"  },
        {"DATA",       "354 go\r\n"  },
         {".",          SMTP_PEER_HANG}
    };
    struct smtp_peer *p = smtp_peer_open(ROWS(after_dot), false);
    struct smtp_options o = smtp_peer_options(p);
    struct waiter w = {.pool = smtp_pool_open(), .peer = p};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_main, &w), 0);
    assert_int_equal(pool_send(w.pool, &o, NULL), MAIL_UNKNOWN);
    pthread_join(thread, NULL);
    assert_int_equal(pool_send(w.pool, &o, NULL), MAIL_CANCELLED);
    assert_int_equal(smtp_peer_connections(p), 1);
    smtp_pool_close(w.pool);
    smtp_peer_close(p);
}

/* Eight threads, one pool: each mail arrives once. The peer serves one connection at a time, so
 * that those without one wait; nobody may hang. */
struct crowd {
    struct smtp_pool *pool;
    const struct smtp_options *options;
    int taken;
};

static void *crowd_main(void *arg)
{
    struct crowd *c = arg;
    static char text[] = "x\r\n";
    struct arena a = arena_make(0);
    const struct smtp_mail mail = {
        .to = &asha, .n_to = 1, .source = write_text, .source_arg = text};
    for (int i = 0; i < 10; i++) {
        struct smtp_sent sent;
        smtp_pool_send(c->pool, &a, c->options, &mail, &sent);
        c->taken += sent.kind == MAIL_DONE;
        arena_reset(&a);
    }
    arena_free(&a);
    return NULL;
}

static void threads_share_the_pool_and_never_a_connection(void **state)
{
    (void)state;
    enum { THREADS = 8, PEERS = 4 };
    struct smtp_peer *peers[PEERS];
    struct smtp_options options[PEERS];
    struct crowd crowd[THREADS];
    pthread_t threads[THREADS];
    struct smtp_pool *pool = smtp_pool_open();
    for (int i = 0; i < PEERS; i++) {
        peers[i] = smtp_peer_open(NULL, 0, false);
        options[i] = smtp_peer_options(peers[i]);
    }
    /* Two threads to a peer; it may refuse nobody, only let one wait until the other's connection
     * ends: so each pair shares one thread's work by turns, and the first half goes first. */
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < PEERS; i++) {
            int n = half * PEERS + i;
            crowd[n] = (struct crowd){.pool = pool, .options = &options[i]};
            assert_int_equal(pthread_create(&threads[n], NULL, crowd_main, &crowd[n]), 0);
        }
        for (int i = 0; i < PEERS; i++)
            pthread_join(threads[half * PEERS + i], NULL);
    }
    for (int i = 0; i < PEERS; i++) {
        assert_int_equal(crowd[i].taken + crowd[PEERS + i].taken, 20);
        assert_int_equal(smtp_peer_mails(peers[i]), 20);
        assert_int_equal(smtp_peer_connections(peers[i]), 1);
    }
    assert_int_equal(smtp_pool_kept(pool), PEERS);
    smtp_pool_close(pool);
    for (int i = 0; i < PEERS; i++)
        smtp_peer_close(peers[i]);
}

static err send_one(struct arena *a, void *arg)
{
    static char text[] = "x\r\n";
    const struct smtp_mail mail = {
        .to = &asha, .n_to = 1, .source = write_text, .source_arg = text};
    struct smtp_pool *pool = smtp_pool_open();
    struct smtp_sent sent;
    jmp_buf out, *outer = a->escape;
    if (pool == NULL)
        return E_BUSY;
    a->escape = &out;
    bool has_jumped = setjmp(out) != 0;
    if (!has_jumped)
        smtp_pool_send(pool, a, arg, &mail, &sent);
    a->escape = outer;
    arena_reset(a); /* ends the connection that was under way */
    bool is_done = !has_jumped && sent.kind == MAIL_DONE;
    smtp_pool_close(pool);
    return is_done ? OK : E_BUSY;
}

static void memory_that_ends_leaves_no_connection_behind(void **state)
{
    (void)state;
    struct smtp_peer *p = smtp_peer_open(NULL, 0, false);
    struct smtp_options o = smtp_peer_options(p);
    for_each_allocation_failure(send_one, &o);
    smtp_peer_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_mails_share_a_connection),
        TEST(another_login_gets_another_connection),
        TEST(an_idle_connection_is_closed_after_its_time),
        TEST(a_kept_connection_that_died_is_replaced_once),
        TEST(nothing_is_repeated_once_the_sender_was_taken),
        TEST(a_refused_login_is_told_for_every_recipient),
        TEST(draining_ends_what_runs_and_refuses_what_comes),
        TEST(threads_share_the_pool_and_never_a_connection),
        TEST(memory_that_ends_leaves_no_connection_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
