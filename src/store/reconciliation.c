/* reconciliation: see reconciliation.h. */
#include "store/reconciliation.h"

#include "base/id.h"
#include "base/utf8.h"
#include "db/db.h"

enum { DETAILS_MOST = 100, TEXT_BYTES = 200 };

static const struct db_col cols[] = {
    COL(struct reconciliation, id),
    COL(struct reconciliation, channel_id),
    COL(struct reconciliation, from_ms),
    COL(struct reconciliation, until_ms),
    COL(struct reconciliation, seen),
    COL(struct reconciliation, missed),
    COL(struct reconciliation, details),
    COL(struct reconciliation, error),
    COL(struct reconciliation, created_ms),
};
#define SELECT_RECONCILIATION                                                                      \
    "SELECT id, channel_id, from_ms, until_ms, seen, missed, details, error, created_ms "          \
    "FROM reconciliation "

void reconciliation_tell(
    struct json_out *details, int64_t *n, const struct reconciliation_missed *m)
{
    if ((*n)++ >= DETAILS_MOST)
        return;
    json_obj(details);
    json_kv_str(details, S("external_id"), m->external_id);
    json_kv_time(details, S("at"), m->at_ms);
    if (m->from.len)
        json_kv_str(details, S("from"), utf8_prefix_bytes(m->from, TEXT_BYTES));
    json_kv_str(details, S("text"), utf8_prefix_bytes(m->text, TEXT_BYTES));
    json_obj_end(details);
}

err reconciliation_add(struct ctx *cx, struct reconciliation *r)
{
    r->id = (reconciliation_id){id_make(cx->now_ms)};
    r->created_ms = cx->now_ms;
    return db_run(cx->db,
        S("INSERT INTO reconciliation (id, account_id, channel_id, from_ms, until_ms, seen, missed, "
          "    details, error, created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
        ARGS(A_ID(r->id), A_ID(cx->account), A_ID(r->channel_id), A_INT(r->from_ms),
            A_INT(r->until_ms), A_INT(r->seen), A_INT(r->missed), A_TEXT(r->details),
            A_TEXT(r->error), A_INT(r->created_ms)),
        NULL);
}

err reconciliation_list(struct ctx *cx, channel_id channel, reconciliation_id before,
    ptrdiff_t limit, struct reconciliation **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S(SELECT_RECONCILIATION "WHERE account_id = ?1 AND channel_id = ?2 AND id < ?3 "
                                "ORDER BY id DESC "
                                "LIMIT ?4"),
        ARGS(
            A_ID(cx->account), A_ID(channel), A_INT(before.v ? before.v : INT64_MAX), A_INT(limit)),
        COLS(cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err reconciliation_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM reconciliation "
          "WHERE account_id = ?1 AND id IN (SELECT id FROM reconciliation "
          "    WHERE account_id = ?1 AND created_ms < ?2 ORDER BY id LIMIT ?3)"),
        ARGS(A_ID(cx->account), A_INT(before_ms), A_INT(max)), removed);
}
