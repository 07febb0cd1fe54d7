/* checkup: see checkup.h. */
#include "store/checkup.h"

#include "db/db.h"
#include "model/conversation.h"
#include "store/blob.h"

struct flag_row {
    bool is_so;
};
static const struct db_col flag_cols[] = {COL(struct flag_row, is_so)};
struct number_row {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number_row, value)};

/* ── conversations ── */

#define TAGS                                                                                       \
    "(SELECT COUNT(*) FROM conversation_tag t WHERE t.account_id = ?1"                             \
    " AND t.conversation_id = conversation.id)"
#define INS                                                                                        \
    "(SELECT COUNT(*) FROM message m WHERE m.account_id = ?1"                                      \
    " AND m.conversation_id = conversation.id AND m.kind = 'in' AND m.is_automatic = 0)"
#define NEWEST                                                                                     \
    "COALESCE((SELECT MAX(m.id) FROM message m WHERE m.account_id = ?1"                            \
    " AND m.conversation_id = conversation.id), 0)"
#define NEWEST_IN(column)                                                                          \
    "COALESCE((SELECT m." column " FROM message m WHERE m.account_id = ?1"                         \
    " AND m.conversation_id = conversation.id AND m.kind = 'in' AND m.is_automatic = 0"            \
    " ORDER BY m.id DESC LIMIT 1), 0)"

static const struct db_col conversation_cols[] = {
    COL(struct checkup_conversation, id),
    COL(struct checkup_conversation, number),
    COL(struct checkup_conversation, tag_count),
    COL(struct checkup_conversation, tags),
    COL(struct checkup_conversation, last_message_id),
    COL(struct checkup_conversation, newest_id),
    COL(struct checkup_conversation, last_in_id),
    COL(struct checkup_conversation, newest_in_id),
    COL(struct checkup_conversation, in_count),
    COL(struct checkup_conversation, ins),
    COL(struct checkup_conversation, recent_key),
    COL(struct checkup_conversation, recent_ms),
};

err checkup_conversations(
    struct ctx *cx, conversation_id after, const struct checkup_conversation **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, number, tag_count, " TAGS " AS tags, last_message_id, " NEWEST
          " AS newest_id, last_in_id, " NEWEST_IN(
              "id") " AS newest_in_id, in_count, " INS " AS ins, recent_key,"
                    " last_message_ms AS recent_ms FROM conversation"
                    " WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
        ARGS(A_ID(cx->account), A_INT(after.v), A_INT(CHECKUP_PAGE)), COLS(conversation_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

bool checkup_conversation_fits(const struct checkup_conversation *c)
{
    return c->tag_count == c->tags && c->last_message_id >= c->newest_id &&
           c->last_in_id == c->newest_in_id && c->in_count == c->ins &&
           c->recent_key == conversation_recent_key(c->recent_ms);
}

err checkup_conversation_mend(struct ctx *cx, conversation_id id)
{
    return db_run(cx->db,
        S("UPDATE conversation SET tag_count = " TAGS ", in_count = " INS
          ", recent_key = last_message_ms / 10000,"
          " last_message_id = CASE WHEN last_message_id < " NEWEST " THEN " NEWEST
          " ELSE last_message_id END,"
          " last_in_ms = CASE WHEN last_in_id = " NEWEST_IN("id") " THEN last_in_ms ELSE " NEWEST_IN(
              "received_ms") " END, last_in_id = " NEWEST_IN("id") ", version = version + 1 WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}

#define HIGHEST "(SELECT COALESCE(MAX(number), 0) FROM conversation WHERE account_id = ?1)"

err checkup_numbers(struct ctx *cx, int64_t *ahead)
{
    struct number_row row = {0};
    TRY(db_one(cx->db,
        S("SELECT " HIGHEST " - COALESCE((SELECT value FROM account_counter"
          "  WHERE account_id = ?1 AND name = 'conversation'), 0) AS value"),
        ARGS(A_ID(cx->account)), COLS(number_cols), &row));
    *ahead = row.value > 0 ? row.value : 0;
    return OK;
}

err checkup_numbers_mend(struct ctx *cx)
{
    return db_run(cx->db,
        S("INSERT INTO account_counter (account_id, name, value)"
          " VALUES (?1, 'conversation', " HIGHEST ")"
          " ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value"
          " WHERE account_counter.value < excluded.value"),
        ARGS(A_ID(cx->account)), NULL);
}

/* ── files ── */

static const struct db_col blob_cols[] = {COL(struct checkup_blob, name),
    COL(struct checkup_blob, size), COL(struct checkup_blob, is_needed)};

err checkup_blobs(struct ctx *cx, str after, const struct checkup_blob **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT name, size, CASE WHEN state = 'kept' AND " BLOB_IS_NEEDED
          " THEN 1 ELSE 0 END AS is_needed"
          " FROM blob WHERE account_id = ?1 AND name > ?2 ORDER BY name LIMIT ?3"),
        ARGS(A_ID(cx->account), A_TEXT(after), A_INT(CHECKUP_PAGE)), COLS(blob_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

static err flag(struct ctx *cx, str sql, const struct db_arg *args, ptrdiff_t n_args, bool *is_so)
{
    struct flag_row row = {0};
    TRY(db_one(cx->db, sql, args, n_args, COLS(flag_cols), &row));
    *is_so = row.is_so;
    return OK;
}

err checkup_blob_has_row(struct ctx *cx, str name, bool *has)
{
    return flag(cx,
        S("SELECT CASE WHEN EXISTS (SELECT 1 FROM blob WHERE account_id = ?1 AND name = ?2)"
          " THEN 1 ELSE 0 END AS is_so"),
        ARGS(A_ID(cx->account), A_TEXT(name)), has);
}

err checkup_part_is_used(struct ctx *cx, int64_t number, bool *is_used)
{
    return flag(cx,
        S("SELECT CASE WHEN EXISTS (SELECT 1 FROM upload WHERE account_id = ?1 AND id = ?2)"
          " OR EXISTS (SELECT 1 FROM attachment WHERE account_id = ?1 AND id = ?2"
          "  AND state IN ('fetching', 'processing'))"
          " OR EXISTS (SELECT 1 FROM data_export WHERE account_id = ?1 AND id = ?2)"
          " THEN 1 ELSE 0 END AS is_so"),
        ARGS(A_ID(cx->account), A_INT(number)), is_used);
}

static const struct db_col use_cols[] = {COL(struct checkup_use, kind), COL(struct checkup_use, id),
    COL(struct checkup_use, name), COL(struct checkup_use, comes_again),
    COL(struct checkup_use, is_lost)};

err checkup_uses(struct ctx *cx, str blob_name, const struct checkup_use **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT 'attachment' AS kind, id, name,"
          "  CASE WHEN source_url <> '' OR media_id <> '' THEN 1 ELSE 0 END AS comes_again,"
          "  CASE WHEN state IN ('fetching', 'failed') THEN 1 ELSE 0 END AS is_lost"
          " FROM attachment WHERE account_id = ?1 AND blob_name = ?2"
          " UNION ALL SELECT 'thumbnail', id, name, 1, 0"
          " FROM attachment WHERE account_id = ?1 AND thumbnail_name = ?2"
          " UNION ALL SELECT 'photo', id, name, 0, 0 FROM agent"
          " WHERE account_id = ?1 AND photo_hash <> '' AND 'photos/' || id || '-' || photo_hash = ?2"
          " UNION ALL SELECT 'picture', 0, name, 1, 0"
          " FROM mail_picture WHERE account_id = ?1 AND blob_name = ?2"
          " UNION ALL SELECT 'mail', 0, '', 0, 0 FROM mail_file WHERE account_id = ?1 AND name = ?2"
          " LIMIT ?3"),
        ARGS(A_ID(cx->account), A_TEXT(blob_name), A_INT(CHECKUP_PAGE)), COLS(use_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

static const struct db_col nameless_cols[] = {
    COL(struct checkup_nameless, id), COL(struct checkup_nameless, blob_name)};

err checkup_nameless(
    struct ctx *cx, attachment_id after, const struct checkup_nameless **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, blob_name FROM attachment WHERE account_id = ?1 AND id > ?2"
          " AND blob_name <> '' AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.account_id = ?1"
          "  AND b.name = attachment.blob_name) ORDER BY id LIMIT ?3"),
        ARGS(A_ID(cx->account), A_INT(after.v), A_INT(CHECKUP_PAGE)), COLS(nameless_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err checkup_lost(
    struct ctx *cx, attachment_id after, const struct checkup_nameless **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, blob_name FROM attachment WHERE account_id = ?1 AND id > ?2"
          " AND blob_name <> '' AND state = 'failed' ORDER BY id LIMIT ?3"),
        ARGS(A_ID(cx->account), A_INT(after.v), A_INT(CHECKUP_PAGE)), COLS(nameless_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err checkup_photo_forget(struct ctx *cx, agent_id agent, str blob_name)
{
    return db_run(cx->db,
        S("UPDATE agent SET photo_hash = NULL WHERE account_id = ?1 AND id = ?2"
          " AND 'photos/' || id || '-' || photo_hash = ?3"),
        ARGS(A_ID(cx->account), A_ID(agent), A_TEXT(blob_name)), NULL);
}

err checkup_picture_forget(struct ctx *cx, str name)
{
    return db_run(cx->db, S("DELETE FROM mail_picture WHERE account_id = ?1 AND name = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(name)), NULL);
}

/* ── work ── */

#define UNPARKED                                                                                   \
    "state = 'parked' AND channel_id <> 0 AND NOT EXISTS (SELECT 1 FROM pace p"                    \
    " WHERE p.channel_id = job.channel_id AND p.has_parked = 1)"

static const struct db_col work_cols[] = {
    COL(struct checkup_work, dead),
    COL(struct checkup_work, stuck),
    COL(struct checkup_work, late),
    COL(struct checkup_work, unparked),
    COL(struct checkup_work, quarantined),
    COL(struct checkup_work, waiting),
    COL(struct checkup_work, oldest_ms),
    COL(struct checkup_work, bodyless),
};

err checkup_work(struct db_tx *tx, int64_t now_ms, struct checkup_work *work)
{
    return db_one(tx,
        S("SELECT (SELECT COUNT(*) FROM job WHERE state = 'dead') AS dead,"
          " (SELECT COUNT(*) FROM job WHERE state = 'running' AND lease_ms < ?1) AS stuck,"
          " (SELECT COUNT(*) FROM job j WHERE state = 'queued' AND run_ms < ?1"
          "  AND NOT EXISTS (SELECT 1 FROM pace p WHERE p.channel_id = j.channel_id"
          "   AND p.reason <> '')"
          "  AND NOT EXISTS (SELECT 1 FROM job e WHERE e.account_id = j.account_id"
          "   AND e.order_key = j.order_key AND e.id < j.id"
          "   AND e.state IN ('queued', 'running', 'parked'))) AS late,"
          " (SELECT COUNT(*) FROM job WHERE " UNPARKED ") AS unparked,"
          " (SELECT COUNT(*) FROM inbox WHERE state = 'quarantined') AS quarantined,"
          " (SELECT COUNT(*) FROM inbox_waiting) AS waiting,"
          " (SELECT COALESCE(MIN(i.received_ms), 0) FROM inbox i JOIN (SELECT account_id, id"
          "  FROM inbox_waiting ORDER BY id LIMIT 1) w"
          "  ON i.account_id = w.account_id AND i.id = w.id) AS oldest_ms,"
          " (SELECT COUNT(*) FROM inbox_waiting w WHERE NOT EXISTS (SELECT 1 FROM inbox i"
          "  WHERE i.account_id = w.account_id AND i.id = w.id)) AS bodyless"),
        ARGS(A_INT(now_ms - CHECKUP_LATE_MS)), COLS(work_cols), work);
}

err checkup_parked_mend(struct db_tx *tx, int64_t now_ms, int64_t *changed)
{
    return db_run(tx, S("UPDATE job SET state = 'queued', run_ms = ?1 WHERE " UNPARKED),
        ARGS(A_INT(now_ms)), changed);
}

/* ── time, secrets ── */

err checkup_newest_message(struct ctx *cx, message_id *id)
{
    struct number_row row = {0};
    TRY(db_one(cx->db,
        S("SELECT COALESCE(MAX(last_message_id), 0) AS value FROM conversation"
          " WHERE account_id = ?1"),
        ARGS(A_ID(cx->account)), COLS(number_cols), &row));
    id->v = row.value;
    return OK;
}

err checkup_server_clock(struct db_tx *tx, int64_t *ms)
{
    struct number_row row = {0};
    TRY(db_one(tx,
        db_pick(tx, S("SELECT 0 AS value"),
            S("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS value")),
        NO_ARGS, COLS(number_cols), &row));
    *ms = row.value;
    return OK;
}

static const struct db_col sealed_cols[] = {
    COL(struct checkup_sealed, id), COL(struct checkup_sealed, totp_sealed)};

err checkup_second_factors(
    struct db_tx *tx, login_id after, const struct checkup_sealed **rows, ptrdiff_t *n)
{
    return db_all(tx,
        S("SELECT id, totp_sealed FROM login WHERE totp_sealed IS NOT NULL AND id > ?1"
          " ORDER BY id LIMIT ?2"),
        ARGS(A_INT(after.v), A_INT(CHECKUP_PAGE)), COLS(sealed_cols), (ptrdiff_t)sizeof **rows,
        rows, n);
}
