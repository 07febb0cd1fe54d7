/* history: see history.h. */
#include "store/history.h"

#include "db/db.h"
#include "store/conversation.h"
#include "store/set.h"

struct thread_row {
    int64_t account, channel;
    str thread_key;
};
static const struct db_col thread_row_cols[] = {
    COL(struct thread_row, account),
    COL(struct thread_row, channel),
    COL(struct thread_row, thread_key),
};
static const struct db_col thread_cols[] = {
    COL(struct history_thread, channel_id),
    COL(struct history_thread, thread_key),
    COL(struct history_thread, id),
};

/* Where its messages are. */
#define PLACE " CASE WHEN c.joined_id <> 0 THEN c.joined_id ELSE c.id END"

/* thread_key <> '' is in the text: the partial index is used only then. */
err history_find_threads(struct ctx *cx, const struct history_thread *keys, ptrdiff_t n,
    struct history_thread **found, ptrdiff_t *n_found)
{
    struct thread_row *in = NEW(cx->arena, struct thread_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct thread_row){cx->account.v, keys[i].channel_id.v, keys[i].thread_key};
    return db_many_all(cx->db,
        S("SELECT c.channel_id, c.thread_key," PLACE " AS id FROM conversation c"
          " WHERE c.account_id = ?1 AND c.channel_id = ?2 AND c.thread_key = ?3"
          " AND c.thread_key <> '' ORDER BY c.id DESC LIMIT 1"),
        S("SELECT c.channel_id, c.thread_key," PLACE " AS id"
          " FROM unnest(?2::bigint[], ?3::text[]) AS q(channel, thread)"
          " CROSS JOIN LATERAL (SELECT * FROM conversation c WHERE c.account_id = " SET_ACCOUNT
          " AND c.channel_id = q.channel AND c.thread_key = q.thread AND c.thread_key <> ''"
          " ORDER BY c.id DESC LIMIT 1) c"),
        COLS(thread_row_cols), in, (ptrdiff_t)sizeof *in, n, COLS(thread_cols),
        (ptrdiff_t)sizeof **found, found, n_found);
}

struct id_row {
    int64_t account, id;
};
static const struct db_col id_row_cols[] = {
    COL(struct id_row, account),
    COL(struct id_row, id),
};

err history_lock_many(struct ctx *cx, const conversation_id *ids, ptrdiff_t n,
    struct conversation **rows, ptrdiff_t *n_rows)
{
    struct id_row *in = NEW(cx->arena, struct id_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct id_row){cx->account.v, ids[i].v};
    return db_many_all(cx->db,
        S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
          " WHERE c.account_id = ?1 AND c.id = ?2"),
        S("SELECT " CONVERSATION_COLUMNS " FROM " CONVERSATION_TABLES
          " WHERE c.account_id = " SET_ACCOUNT
          " AND c.id = ANY(?2::bigint[]) ORDER BY c.id FOR UPDATE OF c"),
        COLS(id_row_cols), in, (ptrdiff_t)sizeof *in, n, conversation_cols, CONVERSATION_COLS,
        (ptrdiff_t)sizeof **rows, rows, n_rows);
}

struct written_row {
    int64_t account, id;
    str preview, preview_kind;
    int64_t last_message_id, last_message_ms, last_in_id, last_in_ms;
    str status, visibility;
    int64_t waiting_since_ms, due_key, wait_key, recent_key, window_ms, resolved_ms, created_ms,
        updated_ms, in_count;
};
static const struct db_col written_cols[] = {
    COL(struct written_row, account),
    COL(struct written_row, id),
    COL(struct written_row, preview),
    COL(struct written_row, preview_kind),
    COL(struct written_row, last_message_id),
    COL(struct written_row, last_message_ms),
    COL(struct written_row, last_in_id),
    COL(struct written_row, last_in_ms),
    COL(struct written_row, status),
    COL(struct written_row, visibility),
    COL(struct written_row, waiting_since_ms),
    COL(struct written_row, due_key),
    COL(struct written_row, wait_key),
    COL(struct written_row, recent_key),
    COL(struct written_row, window_ms),
    COL(struct written_row, resolved_ms),
    COL(struct written_row, created_ms),
    COL(struct written_row, updated_ms),
    COL(struct written_row, in_count),
};

err history_write_many(struct ctx *cx, const struct conversation *rows, ptrdiff_t n)
{
    struct written_row *in = NEW(cx->arena, struct written_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct conversation *c = &rows[i];
        in[i] = (struct written_row){cx->account.v, c->id.v, c->preview, c->preview_kind,
            c->last_message_id.v, c->last_message_ms, c->last_in_id.v, c->last_in_ms, c->status,
            c->visibility, c->waiting_since_ms, c->due_key, c->wait_key,
            conversation_recent_key(c->last_message_ms), c->window_ms, c->resolved_ms,
            c->created_ms, c->updated_ms, c->in_count};
    }
    return db_many(cx->db,
        S("UPDATE conversation SET preview = ?3, preview_kind = ?4, last_message_id = ?5,"
          " last_message_ms = ?6, last_in_id = ?7, last_in_ms = ?8, status = ?9, visibility = ?10,"
          " waiting_since_ms = ?11, due_key = ?12, wait_key = ?13, recent_key = ?14,"
          " window_ms = ?15, resolved_ms = ?16, created_ms = ?17, updated_ms = ?18,"
          " in_count = ?19"
          " WHERE account_id = ?1 AND id = ?2"),
        S("UPDATE conversation c SET preview = q.c3, preview_kind = q.c4, last_message_id = q.c5,"
          " last_message_ms = q.c6, last_in_id = q.c7, last_in_ms = q.c8, status = q.c9,"
          " visibility = q.c10, waiting_since_ms = q.c11, due_key = q.c12, wait_key = q.c13,"
          " recent_key = q.c14, window_ms = q.c15, resolved_ms = q.c16, created_ms = q.c17,"
          " updated_ms = q.c18, in_count = q.c19 FROM unnest(?2::bigint[], ?3::text[], ?4::text[], ?5::bigint[],"
          " ?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::text[], ?10::text[], ?11::bigint[],"
          " ?12::bigint[], ?13::bigint[], ?14::bigint[], ?15::bigint[], ?16::bigint[],"
          " ?17::bigint[], ?18::bigint[], ?19::bigint[]) AS q(c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13,"
          " c14, c15, c16, c17, c18, c19)"
          " WHERE c.account_id = " SET_ACCOUNT " AND c.id = q.c2"),
        COLS(written_cols), in, (ptrdiff_t)sizeof *in, n, NULL);
}
