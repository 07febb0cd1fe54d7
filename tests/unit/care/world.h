/* world: what the tests of conversations stand on: a fresh database with one account, the agents
 * Anna (sees everything), Ben (one team) and Cleo (nothing but what is hers), a widget and an api
 * channel, and a ctx as any of them. The clock is fixed and moves by world_later. */
#pragma once
#include "care/inbound.h"
#include "care/reply.h"
#include "model/ctx.h"
#include "test_db.h"

#include "test.h" /* last: cmocka has a macro `fail` */

enum { ACCOUNT = 1, OTHER_ACCOUNT = 2, ANNA = 11, BEN = 12, CLEO = 13, GONE = 14, TEAM = 21 };
enum { WIDGET = 31, API = 32, OTHER_CHANNEL = 33 };

struct world {
    struct test_db *t;
    struct ctx cx;
    bool is_open; /* cx has a transaction */
};

/* NULL: no PostgreSQL here; skip. */
struct world *world_open(enum db_kind kind);
void world_close(struct world *w);

/* A transaction as the system, or as an agent. */
struct ctx *as_system(struct world *w);
struct ctx *as_agent(struct world *w, int64_t agent);
struct ctx *in_account(struct world *w, int64_t account);
void done(struct world *w);   /* commit */
void undone(struct world *w); /* roll back, after a refusal */
void world_later(int64_t ms);

/* A message of `person` on a channel; its id becomes "m<n>" by a counter unless given. */
struct inbound_item said(int64_t channel, const char *person, const char *text);
/* Takes one message in a transaction of its own; the conversation's id. */
int64_t take(struct world *w, int64_t channel, const char *person, const char *text);
struct conversation look(struct world *w, int64_t conversation);
/* Anna replies; returns the message's id. seen {0}: up to date. */
int64_t reply_as(struct world *w, int64_t agent, int64_t conversation, const char *text);
struct message look_message(struct world *w, int64_t message);
/* One number of the database. */
int64_t count(struct world *w, str sql);

#define ON_BOTH(fn)                                                                                \
    static void fn##_sqlite(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        struct world *w = world_open(DB_SQLITE);                                                   \
        fn(w);                                                                                     \
        world_close(w);                                                                            \
    }                                                                                              \
    static void fn##_postgres(void **state)                                                        \
    {                                                                                              \
        (void)state;                                                                               \
        struct world *w = world_open(DB_POSTGRES);                                                 \
        if (!w)                                                                                    \
            skip();                                                                                \
        fn(w);                                                                                     \
        world_close(w);                                                                            \
    }
#define BOTH(fn) TEST(fn##_sqlite), TEST(fn##_postgres)
