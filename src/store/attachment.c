/* attachment: see attachment.h. */
#include "store/attachment.h"

#include "base/limits.h"
#include "db/db.h"
#include "store/upload.h"

static const struct db_col attachment_cols[] = {
    COL(struct attachment, id),
    COL(struct attachment, owner_kind),
    COL(struct attachment, owner_id),
    COL(struct attachment, conversation_id),
    COL(struct attachment, message_id),
    COL(struct attachment, is_public),
    COL(struct attachment, blob_name),
    COL(struct attachment, name),
    COL(struct attachment, type),
    COL(struct attachment, size),
    COL(struct attachment, width),
    COL(struct attachment, height),
    COL(struct attachment, thumbnail_name),
    COL(struct attachment, state),
    COL(struct attachment, source_url),
    COL(struct attachment, error),
    COL(struct attachment, created_ms),
    COL(struct attachment, media_id),
    COL(struct attachment, channel_id),
};
#define COLUMNS                                                                                    \
    " id, owner_kind, owner_id, conversation_id, message_id, is_public, blob_name, name, type,"    \
    " size, width, height, thumbnail_name, state, source_url, error, created_ms, media_id, channel_id"
#define GET_SQL "SELECT" COLUMNS " FROM attachment WHERE account_id = ?1 AND id = ?2"

err attachment_add(struct ctx *cx, const struct attachment *at)
{
    return db_run(cx->db,
        S("INSERT INTO attachment (account_id, id, owner_kind, owner_id, blob_name, name, type,"
          " size, width, height, state, created_ms)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
        ARGS(A_INT(cx->account.v), A_INT(at->id.v), A_TEXT(at->owner_kind), A_INT(at->owner_id),
            A_TEXT(at->blob_name), A_TEXT(at->name), A_TEXT(at->type), A_INT(at->size),
            A_INT(at->width), A_INT(at->height), A_TEXT(at->state), A_INT(at->created_ms)),
        NULL);
}

struct named_row {
    int64_t account_id;
    attachment_id id;
    str owner_kind;
    int64_t owner_id;
    conversation_id conversation_id;
    message_id message_id;
    str name, type, state, source_url;
    int64_t created_ms;
    str media_id;
    int64_t channel_id; /* 0 = none */
};
static const struct db_col named_cols[] = {
    COL(struct named_row, account_id),
    COL(struct named_row, id),
    COL(struct named_row, owner_kind),
    COL(struct named_row, owner_id),
    COL(struct named_row, conversation_id),
    COL(struct named_row, message_id),
    COL(struct named_row, name),
    COL(struct named_row, type),
    COL(struct named_row, state),
    COL(struct named_row, source_url),
    COL(struct named_row, created_ms),
    COL(struct named_row, media_id),
    COL(struct named_row, channel_id),
};

err attachment_add_named_many(struct ctx *cx, const struct attachment *at, ptrdiff_t n)
{
    struct named_row *rows = NEW(cx->arena, struct named_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        rows[i] = (struct named_row){cx->account.v, at[i].id, at[i].owner_kind, at[i].owner_id,
            at[i].conversation_id, at[i].message_id, at[i].name, at[i].type, at[i].state,
            at[i].source_url, at[i].created_ms, at[i].media_id, at[i].channel_id.v};
    return db_many(cx->db,
        S("INSERT INTO attachment (account_id, id, owner_kind, owner_id, conversation_id,"
          " message_id, name, type, state, source_url, created_ms, media_id, channel_id, blob_name,"
          " size) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, '', 0)"),
        S("INSERT INTO attachment (account_id, id, owner_kind, owner_id, conversation_id,"
          " message_id, name, type, state, source_url, created_ms, media_id, channel_id, blob_name,"
          " size) SELECT k.*, '', 0 FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::bigint[],"
          " ?5::bigint[], ?6::bigint[], ?7::text[], ?8::text[], ?9::text[], ?10::text[],"
          " ?11::bigint[], ?12::text[], ?13::bigint[]) AS k"),
        COLS(named_cols), rows, (ptrdiff_t)sizeof *rows, n, NULL);
}

err attachment_get(struct ctx *cx, attachment_id id, struct attachment *at)
{
    return db_one(
        cx->db, S(GET_SQL), ARGS(A_INT(cx->account.v), A_INT(id.v)), COLS(attachment_cols), at);
}

err attachment_lock(struct ctx *cx, attachment_id id, struct attachment *at)
{
    return db_one(cx->db, db_pick(cx->db, S(GET_SQL), S(GET_SQL " FOR UPDATE")),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), COLS(attachment_cols), at);
}

err attachment_bind(
    struct ctx *cx, attachment_id id, conversation_id conversation, message_id message)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE attachment SET conversation_id = ?3, message_id = ?4"
          " WHERE account_id = ?1 AND id = ?2 AND message_id = 0"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_INT(conversation.v), A_INT(message.v)),
        &changed));
    return changed ? OK : E_CONFLICT;
}

err attachment_list(struct ctx *cx, message_id message, struct attachment **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT" COLUMNS " FROM attachment WHERE account_id = ?1 AND message_id = ?2"
          " ORDER BY id LIMIT ?3"),
        ARGS(A_INT(cx->account.v), A_INT(message.v), A_INT(LIMIT_ATTACHMENTS)),
        COLS(attachment_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err attachment_ready(struct ctx *cx, attachment_id id, str thumbnail_name, struct attachment *at)
{
    return db_one(cx->db,
        S("UPDATE attachment SET state = 'ready', thumbnail_name = ?3"
          " WHERE account_id = ?1 AND id = ?2 AND state = 'processing' RETURNING" COLUMNS),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_TEXT(thumbnail_name)), COLS(attachment_cols), at);
}

err attachment_settle(struct ctx *cx, const struct attachment *at)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE attachment SET state = ?3, error = ?4, blob_name = ?5, type = ?6, size = ?7,"
          " width = ?8, height = ?9"
          " WHERE account_id = ?1 AND id = ?2 AND state IN ('fetching', 'failed')"),
        ARGS(A_INT(cx->account.v), A_INT(at->id.v), A_TEXT(at->state), A_TEXT(at->error),
            A_TEXT(at->blob_name), A_TEXT(at->type), A_INT(at->size), A_INT(at->width),
            A_INT(at->height)),
        &changed));
    return changed ? OK : E_NOT_FOUND;
}

err attachment_change(struct ctx *cx, const struct attachment *at)
{
    return db_run(cx->db,
        S("UPDATE attachment SET state = ?3, error = ?4, thumbnail_name = ?5"
          " WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(at->id.v), A_TEXT(at->state), A_TEXT(at->error),
            A_TEXT(at->thumbnail_name)),
        NULL);
}

err attachment_publish(struct ctx *cx, attachment_id id)
{
    return db_run(cx->db,
        S("UPDATE attachment SET is_public = 1 WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), NULL);
}

err attachment_sweep(struct ctx *cx, ptrdiff_t limit, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM attachment WHERE account_id = ?1 AND id IN"
          " (SELECT a.id FROM attachment a WHERE a.account_id = ?1 AND a.message_id = 0"
          "  AND a.is_public = 0 AND a.created_ms <= ?2"
          "  AND NOT EXISTS (SELECT 1 FROM draft d WHERE d.account_id = ?1"
          "   AND d.agent_id = a.owner_id AND d.attachment_ids LIKE '%,' || a.id || ',%')"
          "  LIMIT ?3)"),
        ARGS(A_INT(cx->account.v), A_INT(cx->now_ms - UPLOAD_KEEP_MS), A_INT(limit)), removed);
}
