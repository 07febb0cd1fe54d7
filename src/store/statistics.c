/* statistics: see statistics.h. */
#include "store/statistics.h"

#include "db/db.h"
#include "store/job.h"

#include <assert.h>

#define ANALYZED(table)                                                                            \
    {                                                                                              \
        S_INIT(table), S_INIT("ANALYZE (SKIP_LOCKED) " table)                                      \
    }
static const struct {
    str name, sql;
} analyses[] = {
    ANALYZED("message"),
    ANALYZED("conversation"),
    ANALYZED("contact"),
    ANALYZED("identity"),
    ANALYZED("event"),
    ANALYZED("inbox"),
    ANALYZED("job"),
    ANALYZED("delivery"),
    ANALYZED("conversation_tag"),
    ANALYZED("conversation_read"),
    ANALYZED("mention"),
    ANALYZED("notification"),
    ANALYZED("letter"),
    ANALYZED("call"),
};

err statistics_plan(struct ctx *cx)
{
    if (db_tx_kind(cx->db) != DB_POSTGRES)
        return OK;
    return job_add(cx, &(struct job_new){.kind = S("statistics"), .key = S("all")});
}

struct stale_table {
    str name;
};
static const struct db_col stale_cols[] = {COL(struct stale_table, name)};

err statistics_stale(struct ctx *cx, const str **tables, ptrdiff_t *n)
{
    struct stale_table *rows = NULL;
    static_assert(sizeof *rows == sizeof **tables);
    *n = 0;
    if (db_tx_kind(cx->db) != DB_POSTGRES)
        return OK;
    TRY(db_all(cx->db,
        S("SELECT CAST(s.relname AS text) AS name FROM pg_stat_user_tables s"
          " WHERE s.schemaname = current_schema() AND s.n_mod_since_analyze > 200"
          " AND s.n_mod_since_analyze > s.n_live_tup / 4 LIMIT 50"),
        NO_ARGS, COLS(stale_cols), (ptrdiff_t)sizeof *rows, &rows, n));
    *tables = *n ? &rows[0].name : NULL;
    return OK;
}

err statistics_refresh(struct ctx *cx, str table)
{
    for (size_t i = 0; i < sizeof analyses / sizeof analyses[0]; i++)
        if (str_eq(analyses[i].name, table))
            return db_run(cx->db, analyses[i].sql, NO_ARGS, NULL);
    return OK;
}
