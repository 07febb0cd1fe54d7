/* letter: see letter.h. */
#include "store/letter.h"

#include "db/db.h"

static const struct db_col cols[] = {
    COL(struct letter, id),
    COL(struct letter, channel_id),
    COL(struct letter, kind),
    COL(struct letter, from_name),
    COL(struct letter, from_address),
    COL(struct letter, reply_to),
    COL(struct letter, to_name),
    COL(struct letter, to_address),
    COL(struct letter, subject),
    COL(struct letter, text),
    COL(struct letter, html),
    COL(struct letter, link_sealed),
    COL(struct letter, files),
    COL(struct letter, internet_id),
    COL(struct letter, refs),
    COL(struct letter, conversation_id),
    COL(struct letter, state),
    COL(struct letter, error),
    COL(struct letter, relay_id),
    COL(struct letter, answer),
    COL(struct letter, created_ms),
    COL(struct letter, sent_ms),
};
#define SELECT_LETTER                                                                              \
    "SELECT id, channel_id, kind, from_name, from_address, reply_to, to_name, to_address, "        \
    "    subject, text, html, link_sealed, files, internet_id, refs, "                             \
    "    conversation_id, state, error, relay_id, answer, created_ms, sent_ms "                    \
    "FROM letter "

err letter_insert(struct ctx *cx, const struct letter *l)
{
    return db_run(cx->db,
        S("INSERT INTO letter (id, account_id, channel_id, kind, from_name, from_address, "
          "    reply_to, to_name, to_address, subject, text, html, link_sealed, files, "
          "    internet_id, refs, conversation_id, state, created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
          "    ?18, ?19)"),
        ARGS(A_ID(l->id), A_ID(cx->account), A_ID(l->channel_id), A_TEXT(l->kind),
            A_TEXT(l->from_name), A_TEXT(l->from_address), A_TEXT(l->reply_to), A_TEXT(l->to_name),
            A_TEXT(l->to_address), A_TEXT(l->subject), A_TEXT(l->text), A_TEXT(l->html),
            A_TEXT(l->link_sealed), A_TEXT(l->files), A_TEXT(l->internet_id), A_TEXT(l->refs),
            A_INT(l->conversation_id.v), A_TEXT(l->state), A_INT(l->created_ms)),
        NULL);
}

err letter_get(struct ctx *cx, letter_id id, struct letter *letter)
{
    return db_one(cx->db, S(SELECT_LETTER "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(cols), letter);
}

err letter_by_internet(struct ctx *cx, str internet_id, struct letter *letter)
{
    return db_one(cx->db, S(SELECT_LETTER "WHERE account_id = ?1 AND internet_id = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(internet_id)), COLS(cols), letter);
}

err letter_by_relay(struct ctx *cx, str relay_id, struct letter *letter)
{
    return db_one(cx->db,
        S(SELECT_LETTER "WHERE account_id = ?1 AND relay_id = ?2 AND relay_id <> '' "
                        "ORDER BY id DESC "
                        "LIMIT 1"),
        ARGS(A_ID(cx->account), A_TEXT(relay_id)), COLS(cols), letter);
}

err letter_of_chat(struct ctx *cx, conversation_id conversation, struct letter *letter)
{
    return db_one(cx->db,
        S(SELECT_LETTER "WHERE account_id = ?1 AND conversation_id = ?2 AND kind = 'chat' "
                        "ORDER BY id DESC "
                        "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(cols), letter);
}

#define LETTERS(narrow)                                                                            \
    SELECT_LETTER "WHERE account_id = ?1 AND id < ?2 AND (?3 = '' OR state = ?3)"                  \
                  " AND (?4 = 0 OR channel_id = ?4)" narrow " ORDER BY id DESC LIMIT ?5"

err letter_list(struct ctx *cx, str state, channel_id channel, letter_id before, ptrdiff_t limit,
    struct letter **rows, ptrdiff_t *n)
{
    /* [by channel][by state]: each has its index */
    static const str sql[2][2] = {
        {S_INIT(LETTERS("")),                     S_INIT(LETTERS(" AND state = ?3"))},
        {S_INIT(LETTERS(" AND channel_id = ?4")),
         S_INIT(LETTERS(" AND channel_id = ?4 AND state = ?3"))                     },
    };
    return db_all(cx->db, sql[channel.v != 0][state.len > 0],
        ARGS(A_ID(cx->account), A_INT(before.v ? before.v : INT64_MAX), A_TEXT(state),
            A_INT(channel.v), A_INT(limit)),
        COLS(cols), (ptrdiff_t)sizeof **rows, rows, n);
}

static bool forgets(const struct letter *l, str state)
{
    bool is_over = str_eq(state, S("failed")) || str_eq(state, S("unknown"));
    return str_eq(state, S("sent")) || (is_over && str_eq(l->kind, S("password_reset")));
}

err letter_change_state(struct ctx *cx, const struct letter *l, str to, str error)
{
    int64_t changed = 0;
    bool is_empty = forgets(l, to);
    TRY(db_run(cx->db,
        S("UPDATE letter "
          "SET state = ?4, error = ?5, "
          "    sent_ms = CASE WHEN ?4 = 'sent' THEN ?7 ELSE sent_ms END, "
          "    text = CASE WHEN ?6 = 1 THEN '' ELSE text END, "
          "    html = CASE WHEN ?6 = 1 THEN '' ELSE html END, "
          "    link_sealed = CASE WHEN ?6 = 1 THEN '' ELSE link_sealed END "
          "WHERE account_id = ?1 AND id = ?2 AND state = ?3"),
        ARGS(A_ID(cx->account), A_ID(l->id), A_TEXT(l->state), A_TEXT(to), A_TEXT(error),
            A_BOOL(is_empty), A_INT(cx->now_ms)),
        &changed));
    return changed ? OK : E_CONFLICT;
}

err letter_set_answer(struct ctx *cx, letter_id id, str relay_id, str answer)
{
    return db_run(cx->db,
        S("UPDATE letter SET relay_id = ?3, answer = ?4 WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(relay_id), A_TEXT(answer)), NULL);
}

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

err letter_count_of(struct ctx *cx, str kind, str address, int64_t since_ms, int64_t *n)
{
    struct number found;
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS value "
          "FROM letter "
          "WHERE account_id = ?1 AND to_address = ?2 AND created_ms >= ?3 AND kind = ?4"),
        ARGS(A_ID(cx->account), A_TEXT(address), A_INT(since_ms), A_TEXT(kind)), COLS(number_cols),
        &found));
    *n = found.value;
    return OK;
}

err letter_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t most, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM letter "
          "WHERE account_id = ?1 AND id IN (SELECT id FROM letter "
          "    WHERE account_id = ?1 AND created_ms < ?2 ORDER BY id LIMIT ?3)"),
        ARGS(A_ID(cx->account), A_INT(before_ms), A_INT(most)), removed);
}
