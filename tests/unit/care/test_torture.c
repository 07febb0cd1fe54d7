/* Memory that ends at any point of the main flows: the caller hears E_BUSY or is sent to its
 * escape, and nothing of the transaction stays. */
#include "world.h"

#include "care/inbox.h"
#include "store/message.h"

struct flow {
    struct world *w;
    struct db_tx *open; /* left behind by a jump */
    int64_t conversation;
    message_id seen;
};

static void clean_up(struct flow *f)
{
    if (f->open)
        assert_ok(db_rollback(f->open));
    f->open = NULL;
}

static err begin(struct flow *f, struct arena *a, struct ctx *cx)
{
    clean_up(f);
    *cx = (struct ctx){
        .arena = a,
        .account = {ACCOUNT             },
        .now_ms = clock_now_ms(),
        .actor =
            {
                    .kind = ACTOR_AGENT,
                    .agent = {ANNA},
                    .sees_all = true,
                    .caps = ~UINT64_C(0),
                    .name = S("Anna"),
                    },
    };
    TRY(db_begin(f->w->t->db, DB_WRITE, a, &f->open));
    cx->db = f->open;
    return db_scope(cx->db, cx->account);
}

static err receive(struct arena *a, void *arg)
{
    struct flow *f = arg;
    struct ctx cx;
    TRY(begin(f, a, &cx));
    struct inbound_item items[3] = {0};
    struct inbound_result results[3];
    for (int i = 0; i < 3; i++)
        items[i] = (struct inbound_item){
            .channel = {WIDGET},
            .channel_kind = S("widget"),
            .external_id = str_print(a, "t%d", i),
            .contact_external_id = i ? S("rina") : S("somebody new"),
            .text = S("hello"),
        };
    return inbound_take_many(&cx, items, 3, results, NULL);
}

static err answer(struct arena *a, void *arg)
{
    struct flow *f = arg;
    struct ctx cx;
    TRY(begin(f, a, &cx));
    struct reply_new reply = {
        .text = S("On its way."), .client_id = S("k"), .seen = f->seen, .then = S("resolve")};
    struct message m;
    struct conversation c;
    bool is_repeat = false;
    return reply_add(&cx, (conversation_id){f->conversation}, &reply, &m, &c, &is_repeat);
}

static err list(struct arena *a, void *arg)
{
    struct flow *f = arg;
    struct ctx cx;
    TRY(begin(f, a, &cx));
    struct inbox_query q = {.q = S("hello")};
    struct conversation_cursor at = {0}, next;
    struct conversation *rows = NULL;
    ptrdiff_t n = 0;
    return inbox_list(&cx, &q, SORT_DUE, &at, 50, &rows, &n, &next);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    struct world *w = world_open(DB_SQLITE);
    struct flow f = {.w = w, .conversation = take(w, WIDGET, "rina", "hello")};
    f.seen = look(w, f.conversation).last_message_id;
    for_each_allocation_failure(receive, &f);
    for_each_allocation_failure(answer, &f);
    for_each_allocation_failure(list, &f);
    clean_up(&f);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message")), 1);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM event WHERE audience = 1")), 2);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM job")), 0);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
