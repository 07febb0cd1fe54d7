/* The intake: each delivery is answered once, after it is durable, in the order of putting; one
 * that is here already is told so; what waits at the end is still written. */
#include "care/intake.h"

#include "base/limits.h"

#include "world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, EACH = 200, PUTS = LIMIT_INTAKE_WAITING + LIMIT_INTAKE_BATCH + 1 };

struct put {
    struct intake_item item; /* first */
    char key[32];
    _Atomic int answers;
    err result;
    bool is_new;
};
struct station {
    struct intake *intake;
    _Atomic int woken;
    struct put puts[PUTS];
};

static void wake(void *arg)
{
    struct station *s = arg;
    atomic_fetch_add(&s->woken, 1);
}

static struct station *station_open(struct world *w)
{
    struct station *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->intake = intake_open(&(struct intake_options){.db = w->t->db, .wake = wake, .arg = s});
    assert_non_null(s->intake);
    return s;
}

static void answered(void *arg, err result, bool is_new)
{
    struct put *p = arg;
    p->result = result;
    p->is_new = is_new;
    atomic_fetch_add(&p->answers, 1);
}

static err try_put(struct station *s, int i, const char *key)
{
    struct put *p = &s->puts[i];
    (void)snprintf(p->key, sizeof p->key, "%s", key);
    p->item = (struct intake_item){
        .delivery = {.account = {ACCOUNT},
                     .source = {7},
                     .channel = {API},
                     .network = S("api"),
                     .delivery_key = str_from(p->key),
                     .content_type = S("application/json"),
                     .body = S("{}"),
                     .received_ms = clock_now_ms()},
        .done = answered,
        .arg = p,
    };
    return intake_put(s->intake, &p->item);
}

static void put(struct station *s, int i, const char *key)
{
    assert_ok(try_put(s, i, key));
}

struct producer {
    struct station *station;
    int number;
};

static void *produce(void *arg)
{
    const struct producer *me = arg;
    char key[32];
    for (int i = 0; i < EACH; i++) {
        (void)snprintf(key, sizeof key, "%d-%d", me->number, i);
        put(me->station, me->number * EACH + i, key);
    }
    return NULL;
}

static void each_of_many_is_answered_once_and_kept_in_its_order(struct world *w)
{
    struct station *s = station_open(w);
    pthread_t threads[THREADS];
    struct producer producers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        producers[i] = (struct producer){s, i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    intake_close(s->intake);
    for (int i = 0; i < THREADS * EACH; i++) {
        assert_int_equal(s->puts[i].answers, 1);
        assert_ok(s->puts[i].result);
        assert_true(s->puts[i].is_new);
    }
    assert_true(s->woken > 0);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM inbox")), THREADS * EACH);
    /* Of one sender, what came later has the greater id. */
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM inbox a, inbox b "
                                "WHERE a.delivery_key = '2-17' AND b.delivery_key = '2-18' "
                                "AND a.id < b.id")),
        1);
    free(s);
}
ON_BOTH(each_of_many_is_answered_once_and_kept_in_its_order)

static void one_that_is_here_is_told_so_and_wakes_nobody(struct world *w)
{
    struct station *s = station_open(w);
    for (int i = 0; i < 100; i++) /* in one batch or in two */
        put(s, i, i % 2 ? "same" : "other");
    intake_close(s->intake);
    int n_new = 0;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(s->puts[i].answers, 1);
        assert_ok(s->puts[i].result);
        n_new += s->puts[i].is_new;
    }
    assert_int_equal(n_new, 2);
    assert_true(s->puts[0].is_new && s->puts[1].is_new);
    int woken = s->woken;
    s->intake = intake_open(&(struct intake_options){.db = w->t->db, .wake = wake, .arg = s});
    s->puts[0].answers = 0;
    put(s, 0, "same");
    intake_close(s->intake);
    assert_false(s->puts[0].is_new);
    assert_int_equal(s->woken, woken);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM inbox")), 2);
    free(s);
}
ON_BOTH(one_that_is_here_is_told_so_and_wakes_nobody)

/* PostgreSQL takes no text that is not UTF-8; SQLite takes any. */
static void one_that_the_database_refuses_does_not_take_its_neighbours_along(void **state)
{
    (void)state;
    struct world *w = world_open(DB_POSTGRES);
    if (!w)
        skip();
    struct station *s = station_open(w);
    for (int i = 0; i < 60; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, i == 30 ? "bad\xff" : "%d", i);
        put(s, i, key);
    }
    intake_close(s->intake);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(s->puts[i].answers, 1);
        assert_err(s->puts[i].result, i == 30 ? E_BUSY : OK);
    }
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM inbox")), 59);
    test_log_had(LOG_ERROR, "database error");
    free(s);
    world_close(w);
}

/* While somebody holds the write lock nothing can be written; more than the limit is not kept. */
static void more_than_may_wait_is_refused_and_the_rest_is_kept(void **state)
{
    (void)state;
    struct world *w = world_open(DB_SQLITE);
    struct station *s = station_open(w);
    char key[32];
    int kept = 0;
    (void)as_system(w);
    err e = OK;
    for (int i = 0; i < PUTS && e == OK; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        e = try_put(s, i, key);
        kept += e == OK;
    }
    assert_err(e, E_BUSY);
    assert_in_range(kept, LIMIT_INTAKE_WAITING, PUTS - 1);
    done(w);
    intake_stop(s->intake);
    for (int i = 0; i < kept; i++)
        assert_true(s->puts[i].answers == 1 && s->puts[i].result == OK);
    assert_int_equal(s->puts[kept].answers, 0);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM inbox")), kept);
    assert_err(try_put(s, kept, "late"), E_BUSY); /* it has ended */
    intake_close(s->intake);
    free(s);
    world_close(w);
}

/* The sender's id, the message's and the body's sum are different kinds of names. */
static void names_of_different_kinds_never_meet(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    str by_sender = inbox_delivery_key(a, S("x"), S("x"), S("x"));
    str by_message = inbox_delivery_key(a, (str){0}, S("x"), S("x"));
    str by_body = inbox_delivery_key(a, (str){0}, (str){0}, S("x"));
    assert_false(str_eq(by_sender, by_message));
    assert_false(str_eq(by_message, by_body));
    assert_false(str_eq(by_sender, by_body));
    assert_true(str_eq(by_body, inbox_delivery_key(a, (str){0}, (str){0}, S("x"))));
    assert_false(str_eq(by_body, inbox_delivery_key(a, (str){0}, (str){0}, S("y"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(each_of_many_is_answered_once_and_kept_in_its_order),
        BOTH(one_that_is_here_is_told_so_and_wakes_nobody),
        TEST(one_that_the_database_refuses_does_not_take_its_neighbours_along),
        TEST(more_than_may_wait_is_refused_and_the_rest_is_kept),
        TEST(names_of_different_kinds_never_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
