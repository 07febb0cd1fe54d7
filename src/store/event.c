/* See event.h. Order: on SQLite there is one writer, so seq is commit order; on PostgreSQL
 * transactions commit in any order, so readers take (xid, seq) and stop below the oldest running
 * transaction (no lock: an advisory lock was measured to cost half the throughput).
 * Thread: the transaction's. */
#include "store/event.h"

#include "base/json.h"
#include "db/db.h"
#include "model/view_event.h"

#include <assert.h>

static const struct db_col row_cols[] = {
    COL(struct event_row, major),
    COL(struct event_row, minor),
    COL(struct event_row, account_id),
    COL(struct event_row, type),
    COL(struct event_row, subject_type),
    COL(struct event_row, subject_id),
    COL(struct event_row, conversation_id),
    COL(struct event_row, channel_id),
    COL(struct event_row, team_id),
    COL(struct event_row, assignee_id),
    COL(struct event_row, contact_id),
    COL(struct event_row, agent_id),
    COL(struct event_row, audience),
    COL(struct event_row, at_ms),
    COL(struct event_row, data),
};
enum { PLACE_COLS = 2 }; /* major and minor, which the database gives */

err event_add_many(struct ctx *cx, const struct event_new *e, ptrdiff_t n)
{
    if (n == 0)
        return OK;
    struct event_row *rows = NEW(cx->arena, struct event_row, n);
    for (ptrdiff_t i = 0; i < n; i++) {
        assert(e[i].audience == EVENT_FOR_AGENTS || e[i].audience == EVENT_FOR_VISITOR ||
               e[i].audience == EVENT_FOR_AGENT);
        rows[i] = (struct event_row){
            .account_id = cx->account,
            .type = e[i].type,
            .subject_type = e[i].subject_type,
            .subject_id = e[i].subject_id,
            .conversation_id = e[i].conversation,
            .channel_id = e[i].channel,
            .team_id = e[i].team,
            .assignee_id = e[i].assignee,
            .contact_id = e[i].contact,
            .agent_id = e[i].agent,
            .audience = e[i].audience,
            .at_ms = cx->now_ms,
            .data = e[i].data.len ? e[i].data : S("{}"),
        };
    }
    TRY(db_many(cx->db,
        S("INSERT INTO event (account_id, type, subject_type, subject_id, conversation_id, "
          "channel_id, team_id, assignee_id, contact_id, agent_id, audience, at_ms, data) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"),
        S("INSERT INTO event (account_id, type, subject_type, subject_id, conversation_id, "
          "channel_id, team_id, assignee_id, contact_id, agent_id, audience, at_ms, data) "
          "SELECT * FROM unnest(?1::bigint[], ?2::text[], ?3::text[], ?4::bigint[], ?5::bigint[], "
          "?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[], "
          "?12::bigint[], ?13::text[])"),
        row_cols + PLACE_COLS, (ptrdiff_t)(sizeof row_cols / sizeof *row_cols) - PLACE_COLS, rows,
        (ptrdiff_t)sizeof *rows, n, NULL));
    cx->effects.events = true;
    return OK;
}

int event_pos_cmp(struct event_pos x, struct event_pos y)
{
    if (x.major != y.major)
        return x.major < y.major ? -1 : 1;
    return x.minor < y.minor ? -1 : x.minor > y.minor;
}

str event_pos_text(struct arena *a, struct event_pos pos)
{
    return str_print(a, "%lld-%lld", (long long)pos.major, (long long)pos.minor);
}

err event_pos_parse(str text, struct event_pos *pos)
{
    str major, minor;
    struct event_pos got;
    if (!str_cut(text, '-', &major, &minor))
        return E_INVALID;
    TRY(str_int(major, 0, INT64_MAX, &got.major));
    TRY(str_int(minor, 0, INT64_MAX, &got.minor));
    *pos = got;
    return OK;
}

#define ROW_FIELDS                                                                                 \
    "account_id, type, subject_type, subject_id, conversation_id, channel_id, team_id, "           \
    "assignee_id, contact_id, agent_id, audience, at_ms, data FROM event "
#define SQLITE_ROW   "SELECT 0 AS major, seq AS minor, " ROW_FIELDS
#define POSTGRES_ROW "SELECT xid::text::bigint AS major, seq AS minor, " ROW_FIELDS
#define SETTLED      "xid < pg_snapshot_xmin(pg_current_snapshot()) "
#define AFTER        "(xid, seq) > ((?1::bigint)::text::xid8, ?2::bigint) "

err event_read(struct db_tx *tx, struct event_pos after, ptrdiff_t limit,
    const struct event_row **rows, ptrdiff_t *count)
{
    struct event_row *got = NULL;
    str sql = db_pick(tx,
        S(SQLITE_ROW "WHERE seq > ?2 AND ?1 >= 0 "
                     "ORDER BY seq LIMIT ?3"),
        S(POSTGRES_ROW "WHERE " AFTER "AND " SETTLED "ORDER BY xid, seq LIMIT ?3"));
    TRY(db_all(tx, sql, ARGS(A_INT(after.major), A_INT(after.minor), A_INT(limit)), COLS(row_cols),
        (ptrdiff_t)sizeof *got, &got, count));
    *rows = got;
    return OK;
}

static const struct db_col pos_cols[] = {
    COL(struct event_pos, major),
    COL(struct event_pos, minor),
};

static err end_of_feed(struct db_tx *tx, str sql, struct event_pos *pos)
{
    struct event_pos got = {0};
    err e = db_one(tx, sql, NO_ARGS, COLS(pos_cols), &got);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *pos = got;
    return OK;
}

err event_head(struct db_tx *tx, struct event_pos *head)
{
    return end_of_feed(tx,
        db_pick(tx, S("SELECT 0 AS major, seq AS minor FROM event ORDER BY seq DESC LIMIT 1"),
            S("SELECT xid::text::bigint AS major, seq AS minor FROM event "
              "WHERE " SETTLED "ORDER BY xid DESC, seq DESC LIMIT 1")),
        head);
}

err event_is_unsettled(struct db_tx *tx, struct event_pos after, bool *unsettled)
{
    struct event_pos first;
    *unsettled = false;
    if (db_tx_kind(tx) == DB_SQLITE)
        return OK;
    err e = db_one(tx,
        S("SELECT xid::text::bigint AS major, seq AS minor FROM event "
          "WHERE " AFTER "ORDER BY xid, seq LIMIT 1"),
        ARGS(A_INT(after.major), A_INT(after.minor)), COLS(pos_cols), &first);
    if (e == E_NOT_FOUND)
        return OK;
    *unsettled = e == OK;
    return e;
}

err event_tail(struct db_tx *tx, struct event_pos *tail)
{
    return end_of_feed(tx,
        db_pick(tx, S("SELECT 0 AS major, seq AS minor FROM event ORDER BY seq LIMIT 1"),
            S("SELECT xid::text::bigint AS major, seq AS minor FROM event "
              "ORDER BY xid, seq LIMIT 1")),
        tail);
}

err event_forget(struct db_tx *tx, int64_t before_ms, ptrdiff_t max, int64_t *removed)
{
    return db_run(tx,
        db_pick(tx,
            S("DELETE FROM event "
              "WHERE seq IN (SELECT seq FROM "
              "(SELECT seq, at_ms FROM event ORDER BY seq LIMIT ?2) AS oldest "
              "WHERE at_ms < ?1) "
              "AND seq < (SELECT MAX(seq) FROM event)"),
            S("DELETE FROM event "
              "WHERE (xid, seq) IN (SELECT xid, seq FROM "
              "(SELECT xid, seq, at_ms FROM event ORDER BY xid, seq LIMIT ?2) AS oldest "
              "WHERE at_ms < ?1) "
              "AND seq < (SELECT seq FROM event ORDER BY xid DESC, seq DESC LIMIT 1)")),
        ARGS(A_INT(before_ms), A_INT(max)), removed);
}

err event_replay(struct ctx *cx, struct event_pos after, agent_id agent, contact_id contact,
    ptrdiff_t limit, const struct event_row **rows, ptrdiff_t *count)
{
    struct event_row *got = NULL;
    str sql = db_pick(cx->db,
        S(SQLITE_ROW "WHERE seq > ?2 AND ?1 >= 0 AND account_id = ?3 "
                     "AND ((?5 = 0 AND (audience = 1 OR (audience = 4 AND agent_id = ?4))) "
                     "OR (?5 <> 0 AND audience = 2 AND contact_id = ?5)) "
                     "ORDER BY seq LIMIT ?6"),
        S(POSTGRES_ROW
            "WHERE " AFTER "AND " SETTLED "AND account_id = ?3 "
            "AND ((?5::bigint = 0 AND (audience = 1 OR (audience = 4 AND agent_id = ?4))) "
            "OR (?5::bigint <> 0 AND audience = 2 AND contact_id = ?5::bigint)) "
            "ORDER BY xid, seq LIMIT ?6"));
    TRY(db_all(cx->db, sql,
        ARGS(A_INT(after.major), A_INT(after.minor), A_ID(cx->account), A_INT(agent.v),
            A_INT(contact.v), A_INT(limit)),
        COLS(row_cols), (ptrdiff_t)sizeof *got, &got, count));
    *rows = got;
    return OK;
}

str event_json(struct arena *a, const struct event_row *row)
{
    struct json_out j = json_out_make(a, 0);
    event_view(&j, &(struct event_shown){
                       .id = event_pos_text(a, (struct event_pos){row->major, row->minor}),
                       .type = row->type,
                       .account = row->account_id,
                       .subject_type = row->subject_type,
                       .subject_id = row->subject_id,
                       .at_ms = row->at_ms,
                       .data = row->data,
                   });
    return json_str(&j);
}

err event_get(struct ctx *cx, struct event_pos pos, struct event_row *row)
{
    str sql = db_pick(cx->db, S(SQLITE_ROW "WHERE seq = ?2 AND ?1 >= 0 AND account_id = ?3"),
        S(POSTGRES_ROW "WHERE xid = (?1::bigint)::text::xid8 AND seq = ?2 AND account_id = ?3"));
    return db_one(cx->db, sql, ARGS(A_INT(pos.major), A_INT(pos.minor), A_ID(cx->account)),
        COLS(row_cols), row);
}

struct mention_row {
    int64_t id;
};
static const struct db_col mention_cols[] = {COL(struct mention_row, id)};

err event_mentions(
    struct ctx *cx, agent_id agent, ptrdiff_t limit, int64_t **conversations, ptrdiff_t *count)
{
    struct mention_row *rows = NULL;
    static_assert(sizeof *rows == sizeof **conversations);
    TRY(db_all(cx->db,
        S("SELECT DISTINCT conversation_id AS id FROM mention "
          "WHERE account_id = ?1 AND agent_id = ?2 "
          "ORDER BY id DESC "
          "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_ID(agent), A_INT(limit)), COLS(mention_cols),
        (ptrdiff_t)sizeof *rows, &rows, count));
    *conversations = *count ? &rows[0].id : NULL;
    return OK;
}
