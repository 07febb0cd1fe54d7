/* Several workers (on PostgreSQL: nodes) at the same moment: one reply goes, one conversation
 * begins, each message is stored once. */
#include "world.h"

#include "store/conversation.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORKERS = 6, ROUNDS = 12, TRIES = 50 };

struct race {
    struct world *w;
    pthread_barrier_t start;
    int64_t conversation;
    message_id seen;
    _Atomic int n_ok, n_stale, n_other, n_stored, n_repeated;
    int round;
};
struct runner {
    struct race *race;
    int number;
};

/* A transaction of its own for a thread. */
static err begin(struct race *r, struct arena *a, struct ctx *cx)
{
    *cx = (struct ctx){
        .arena = a,
        .account = {ACCOUNT          },
        .now_ms = clock_now_ms(),
        .actor = { .kind = ACTOR_SYSTEM, .sees_all = true},
    };
    TRY(db_begin(r->w->t->db, DB_WRITE, a, &cx->db));
    return db_scope(cx->db, cx->account);
}

static void *answer(void *arg)
{
    struct runner *me = arg;
    struct race *r = me->race;
    struct arena a = arena_make(0);
    struct ctx cx;
    (void)pthread_barrier_wait(&r->start);
    err e = begin(r, &a, &cx);
    if (e == OK) {
        static const int64_t agents[] = {ANNA, BEN, CLEO};
        cx.actor = (struct actor){.kind = ACTOR_AGENT,
            .agent = {agents[me->number % 3]},
            .sees_all = true,
            .caps = ~UINT64_C(0)};
        struct reply_new reply = {
            .text = S("On its way."),
            .client_id = str_print(&a, "%d-%d", r->round, me->number),
            .seen = r->seen,
        };
        struct message m;
        struct conversation c;
        bool is_repeat = false;
        e = reply_add(&cx, (conversation_id){r->conversation}, &reply, &m, &c, &is_repeat);
        err ended = e == OK ? db_commit(cx.db) : db_rollback(cx.db);
        e = e == OK ? ended : e;
    }
    if (e == OK)
        atomic_fetch_add(&r->n_ok, 1);
    else if (e == E_CONFLICT && str_eq(cx.fault.detail, S("stale")))
        atomic_fetch_add(&r->n_stale, 1);
    else
        atomic_fetch_add(&r->n_other, 1);
    arena_free(&a);
    return NULL;
}

static void run(struct race *r, int workers, void *(*work)(void *))
{
    pthread_t threads[WORKERS];
    struct runner runners[WORKERS];
    assert_int_equal(pthread_barrier_init(&r->start, NULL, (unsigned)workers), 0);
    for (int i = 0; i < workers; i++) {
        runners[i] = (struct runner){r, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &runners[i]), 0);
    }
    for (int i = 0; i < workers; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&r->start), 0);
}

static void of_replies_at_once_exactly_one_goes(struct world *w)
{
    struct race r = {.w = w, .conversation = take(w, API, "rina", "Where is it?")};
    for (r.round = 0; r.round < ROUNDS; r.round++) {
        take(w, API, "rina", "And now?");
        r.seen = look(w, r.conversation).last_message_id;
        r.n_ok = r.n_stale = r.n_other = 0;
        run(&r, 3, answer);
        assert_int_equal(r.n_ok, 1);
        assert_int_equal(r.n_stale, 2);
    }
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE kind = 'out'")), ROUNDS);
}
ON_BOTH(of_replies_at_once_exactly_one_goes)

/* Every worker brings the same four messages of a new person, in its own order. */
static void *receive(void *arg)
{
    struct runner *me = arg;
    struct race *r = me->race;
    (void)pthread_barrier_wait(&r->start);
    for (int tries = 0; tries < TRIES; tries++) {
        struct arena a = arena_make(0);
        struct inbound_item items[4] = {0};
        struct inbound_result results[4];
        for (int i = 0; i < 4; i++)
            items[i] = (struct inbound_item){
                .channel = {API},
                .channel_kind = S("api"),
                .external_id = str_print(&a, "r%d-%d", r->round, (i + me->number) % 4),
                .contact_external_id = str_print(&a, "person-%d", r->round),
                .text = S("hello"),
            };
        struct ctx cx;
        err e = begin(r, &a, &cx);
        if (e == OK) {
            e = inbound_take_many(&cx, items, 4, results, NULL);
            err ended = e == OK ? db_commit(cx.db) : db_rollback(cx.db);
            e = e == OK ? ended : e;
        }
        for (int i = 0; i < 4 && e == OK; i++)
            atomic_fetch_add(results[i].result == OK ? &r->n_stored : &r->n_repeated, 1);
        arena_free(&a);
        if (e == OK)
            return NULL;
        if (e != E_BUSY)
            atomic_fetch_add(&r->n_other, 1);
    }
    atomic_fetch_add(&r->n_other, 1);
    return NULL;
}

static void the_same_messages_at_once_are_stored_once(struct world *w)
{
    struct race r = {.w = w};
    for (r.round = 0; r.round < ROUNDS; r.round++)
        run(&r, WORKERS, receive);
    assert_int_equal(r.n_other, 0);
    assert_int_equal(r.n_stored, 4 * ROUNDS);
    assert_int_equal(r.n_repeated, 4 * ROUNDS * (WORKERS - 1));
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message")), 4 * ROUNDS);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM conversation")), ROUNDS);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM contact")), ROUNDS);
    assert_int_equal(
        count(w, S("SELECT COUNT(*) AS n FROM event WHERE type = 'message.created'")), 4 * ROUNDS);
}
ON_BOTH(the_same_messages_at_once_are_stored_once)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(of_replies_at_once_exactly_one_goes),
        BOTH(the_same_messages_at_once_are_stored_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
