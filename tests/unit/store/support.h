/* For tests of one store room: a ctx of an account in a transaction of a fresh database, every test
 * on both databases. */
#pragma once
#include "test.h"

#include "base/crypto.h"
#include "model/ctx.h"
#include "test_db.h"

#define ON_BOTH(fn)                                                                                \
    static void fn##_on_sqlite(void **state)                                                       \
    {                                                                                              \
        (void)state;                                                                               \
        on_database(DB_SQLITE, fn);                                                                \
    }                                                                                              \
    static void fn##_on_postgres(void **state)                                                     \
    {                                                                                              \
        (void)state;                                                                               \
        on_database(DB_POSTGRES, fn);                                                              \
    }
#define BOTH(fn) TEST(fn##_on_sqlite), TEST(fn##_on_postgres)

struct bench {
    struct test_db *t;
    struct config config;
    struct ctx cx;
};

static inline void on_database(enum db_kind kind, void (*fn)(struct bench *b))
{
    struct bench b = {.t = test_db_open(kind)};
    if (!b.t) {
        print_message("skipped: SEVA_TEST_PG is not set\n");
        skip();
    }
    str why;
    struct keyring *keys = NULL;
    assert_ok(keyring_load(test_arena(), keyring_new_line(test_arena()), &keys, &why));
    b.config.keys = keys;
    fn(&b);
    test_db_close(b.t);
}

static inline struct ctx *begin(struct bench *b, enum db_mode mode, int64_t account)
{
    b->cx = (struct ctx){
        .arena = test_arena(),
        .account = {account          },
        .now_ms = clock_now_ms(),
        .config = &b->config,
        .trace = S("0123456789abcdef"),
        .actor = { .kind = ACTOR_SYSTEM, .sees_all = true},
    };
    assert_ok(db_begin(b->t->db, mode, test_arena(), &b->cx.db));
    if (account)
        assert_ok(db_scope(b->cx.db, b->cx.account));
    return &b->cx;
}

static inline void commit(struct bench *b)
{
    assert_ok(db_commit(b->cx.db));
    b->cx.db = NULL;
}
