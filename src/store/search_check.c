/* search_check: what `seva doctor` asks of the index. Part of search.h. */
#include "store/search.h"

struct checked {
    int64_t thing_id, is_known; /* it stands in the index, or waits to */
};
static const struct db_col checked_cols[] = {
    COL(struct checked, thing_id),
    COL(struct checked, is_known),
};

/* The page is of things, not of those that are missing: a sound index is looked through in steps.
 */
#define CHECK(table, kind, index, order)                                                           \
    S_INIT("SELECT t.id AS thing_id, CASE WHEN EXISTS (SELECT 1 FROM " index ")"                   \
           " OR EXISTS (SELECT 1 FROM search_queue q WHERE q.account_id = ?1"                      \
           "  AND q.kind = '" kind "' AND q.thing_id = t.id) THEN 1 ELSE 0 END AS is_known"        \
           " FROM " table " t WHERE t.account_id" order " = ?1 AND t.id > ?2"                      \
           " ORDER BY t.id LIMIT ?3")
/* FTS5's own table of what it has indexed: who only looks at a database has no tokenizer for it. In
 * the order of ids, as when the index is made anew. */
#define LITE(table, kind) CHECK(table, kind, "search_" table "_content s WHERE s.id = t.id", " + 0")
#define PG(table, kind)                                                                            \
    CHECK(table, kind, "search_" table " s WHERE s.account_id = ?1 AND s.thing_id = t.id", "")

err search_unindexed(struct ctx *cx, enum search_kind kind, int64_t after, ptrdiff_t limit,
    struct search_due **rows, ptrdiff_t *n, int64_t *last)
{
    static const str lite[] = {LITE("message", "message"), LITE("contact", "contact")};
    static const str pg[] = {PG("message", "message"), PG("contact", "contact")};
    struct checked *found = NULL;
    ptrdiff_t n_found = 0, n_due = 0;
    TRY(db_all(cx->db, db_tx_kind(cx->db) == DB_SQLITE ? lite[kind] : pg[kind],
        ARGS(A_ID(cx->account), A_INT(after), A_INT(limit)), COLS(checked_cols),
        (ptrdiff_t)sizeof *found, &found, &n_found));
    struct search_due *due = NEW(cx->arena, struct search_due, n_found + 1);
    for (ptrdiff_t i = 0; i < n_found; i++)
        if (!found[i].is_known)
            due[n_due++].thing_id = found[i].thing_id;
    *last = n_found == limit ? found[n_found - 1].thing_id : 0;
    *rows = due;
    *n = n_due;
    return OK;
}
