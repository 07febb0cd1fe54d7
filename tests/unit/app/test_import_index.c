/* What is indexed beside an import: by one on SQLite, by two on PostgreSQL, each its share. */
#include "app/import_index.h"

#include "base/id.h"
#include "support.h"

enum { THINGS = 400 };

/* What is queued is not there any more: the index has nothing to say of it, and it leaves the
 * queue. Some ids are of one millisecond, as in an import. */
static void queue_things(struct bench *b)
{
    struct ctx *cx = begin(b, DB_WRITE, 1);
    int64_t ids[THINGS];
    for (int i = 0; i < THINGS; i++)
        ids[i] = id_make(cx->now_ms + i / 7);
    assert_ok(search_changed_many(cx, SEARCH_MESSAGE, ids, THINGS));
    commit(b);
}

static ptrdiff_t due_of(struct bench *b, struct search_share share, struct search_due **rows)
{
    ptrdiff_t n = -1;
    struct ctx *cx = begin(b, DB_READ, 1);
    assert_ok(search_due_list(cx, SEARCH_MESSAGE, share, THINGS + 1, rows, &n));
    return n;
}

static void each_thing_is_in_one_share(struct bench *b)
{
    struct search_due *all, *one, *two;
    queue_things(b);
    assert_int_equal(due_of(b, (struct search_share){0}, &all), THINGS);
    int64_t *ids = NEW(&b->t->arena, int64_t, THINGS);
    for (int i = 0; i < THINGS; i++)
        ids[i] = all[i].thing_id;
    (void)db_rollback(b->cx.db);
    ptrdiff_t n_one = due_of(b, (struct search_share){0, 2}, &one);
    bool *is_ones = NEW(&b->t->arena, bool, THINGS);
    for (int i = 0, at = 0; i < THINGS && at < n_one; i++)
        if (one[at].thing_id == ids[i]) {
            is_ones[i] = true;
            at++;
        }
    (void)db_rollback(b->cx.db);
    ptrdiff_t n_two = due_of(b, (struct search_share){1, 2}, &two);
    assert_int_equal(n_one + n_two, THINGS);
    assert_in_range(n_one, THINGS / 4, THINGS - THINGS / 4);
    for (int i = 0, at = 0; i < THINGS; i++)
        if (!is_ones[i])
            assert_int_equal(two[at++].thing_id, ids[i]);
    (void)db_rollback(b->cx.db);
}
ON_BOTH(each_thing_is_in_one_share)

static void an_import_is_indexed_by_each_its_share(struct bench *b)
{
    struct import_index index;
    struct search_due *left;
    int wanted = b->t->kind == DB_POSTGRES ? 2 : 1;
    queue_things(b);
    assert_ok(import_index_start(&index, b->t->db, &b->config));
    assert_int_equal(index.n, wanted);
    for (int i = 0; i < wanted; i++) {
        assert_int_equal(index.indexers[i].indexer.share.at, i);
        assert_int_equal(index.indexers[i].indexer.share.of, wanted);
    }
    assert_ok(import_index_end(&index));
    assert_int_equal(due_of(b, (struct search_share){0}, &left), 0);
    (void)db_rollback(b->cx.db);
}
ON_BOTH(an_import_is_indexed_by_each_its_share)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(each_thing_is_in_one_share),
        BOTH(an_import_is_indexed_by_each_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
