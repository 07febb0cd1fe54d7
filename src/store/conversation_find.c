/* conversation_find: see conversation_find.h. */
#include "store/conversation_find.h"

#include <stdlib.h>

#include "store/conversation_list_inner.h"
#include "store/set.h"

/* ── which of them ── */

#define SIEVE_HEAD "SELECT c.id, c.last_message_ms, c.due_key, c.wait_key FROM "
#define SIEVE_TAIL                                                                                 \
    UNREAD_JOIN " WHERE" CONVERSATION_IS_VISIBLE FILTER                                            \
                " AND ?7 LIKE '%,' || c.status || ',%' LIMIT ?21"
/* One probe of the index for each id, whatever else the filter names. */
#define LITE_SET(column)                                                                           \
    "json_each(?20) q CROSS JOIN conversation c ON c.account_id = ?1 AND c." column " = q.value"
#define PG_SET(column)                                                                             \
    "unnest(?20::bigint[]) AS q(id) CROSS JOIN LATERAL (SELECT * FROM conversation o"              \
    " WHERE o.account_id = ?1 AND o." column " = q.id OFFSET 0) c"
#define SIEVES(column)                                                                             \
    {                                                                                              \
        S_INIT(SIEVE_HEAD LITE_SET(column) SIEVE_TAIL),                                            \
            S_INIT(SIEVE_HEAD PG_SET(column) SIEVE_TAIL)                                           \
    }
enum { LITE, PG };
static const str sieve_ids[] = SIEVES("id");
static const str sieve_contacts[] = SIEVES("contact_id");

static str statuses_of(struct ctx *cx, const struct conversation_filter *f)
{
    struct sb b = sb_make(cx->arena, 0);
    sb_byte(&b, ',');
    for (ptrdiff_t s = 0; s < CONVERSATION_STATUS_COUNT; s++) {
        if (!f->statuses[s])
            continue;
        sb_add(&b, conversation_status_name((enum conversation_status)s));
        sb_byte(&b, ',');
    }
    return sb_str(&b);
}

static err sieve(struct ctx *cx, const str *sql, const struct conversation_filter *f,
    const int64_t *ids, ptrdiff_t n, ptrdiff_t limit, struct conversation_place **rows,
    ptrdiff_t *n_rows)
{
    struct db_arg args[FILTER_ARGS + 2];
    *n_rows = 0;
    if (!n || limit <= 0)
        return OK;
    conversation_filter_args(cx, f, statuses_of(cx, f), args);
    args[FILTER_ARGS] = A_TEXT(set_ids(cx, ids, n));
    args[FILTER_ARGS + 1] = A_INT(limit);
    return db_all(cx->db, sql[db_tx_kind(cx->db) == DB_SQLITE ? LITE : PG], args, FILTER_ARGS + 2,
        conversation_place_cols, CONVERSATION_PLACE_COLS, (ptrdiff_t)sizeof **rows, rows, n_rows);
}

err conversation_sieve(struct ctx *cx, const struct conversation_filter *f, const int64_t *ids,
    ptrdiff_t n, struct conversation_place **rows, ptrdiff_t *n_rows)
{
    return sieve(cx, sieve_ids, f, ids, n, n, rows, n_rows);
}

err conversation_sieve_contacts(struct ctx *cx, const struct conversation_filter *f,
    const int64_t *contacts, ptrdiff_t n, ptrdiff_t limit, struct conversation_place **rows,
    ptrdiff_t *n_rows)
{
    return sieve(cx, sieve_contacts, f, contacts, n, limit, rows, n_rows);
}

/* ── a page of them ── */

/* As is_before of conversation_list.c. */
static int by_key(int64_t kx, int64_t x, int64_t ky, int64_t y)
{
    return kx != ky ? (kx > ky) - (kx < ky) : (x > y) - (x < y);
}

static int oldest_first(const void *a, const void *b)
{
    const struct conversation_place *x = a, *y = b;
    return by_key(x->last_message_ms, x->id.v, y->last_message_ms, y->id.v);
}

static int newest_first(const void *a, const void *b)
{
    return oldest_first(b, a);
}

static int due_first(const void *a, const void *b)
{
    const struct conversation_place *x = a, *y = b;
    return by_key(x->due_key, x->id.v, y->due_key, y->id.v);
}

static int waiting_first(const void *a, const void *b)
{
    const struct conversation_place *x = a, *y = b;
    return by_key(x->wait_key, x->id.v, y->wait_key, y->id.v);
}

static int (*const orders[SORT_COUNT])(const void *, const void *) = {
    [SORT_NEWEST] = newest_first,
    [SORT_OLDEST] = oldest_first,
    [SORT_DUE] = due_first,
    [SORT_WAITING] = waiting_first,
};

/* The places behind the cursor, each once. */
static ptrdiff_t page_ids(struct conversation_place *places, ptrdiff_t n,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit,
    int64_t *ids)
{
    const struct conversation_place cursor = {{after->id}, after->key, after->key, after->key};
    ptrdiff_t n_ids = 0;
    if (n)
        qsort(places, (size_t)n, sizeof *places, orders[sort]);
    for (ptrdiff_t i = 0; i < n && n_ids < limit; i++) {
        bool is_twice = i > 0 && places[i - 1].id.v == places[i].id.v;
        if (!is_twice && (!after->is_set || orders[sort](&places[i], &cursor) > 0))
            ids[n_ids++] = places[i].id.v;
    }
    return n_ids;
}

err conversation_find_page(struct ctx *cx, struct conversation_place *places, ptrdiff_t n_places,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit,
    struct conversation **rows, ptrdiff_t *n)
{
    int64_t *ids = NEW(cx->arena, int64_t, limit + 1);
    ptrdiff_t n_ids = page_ids(places, n_places, sort, after, limit, ids);
    return conversation_page(cx, ids, n_ids, rows, n);
}
