/* mail: see mail.h. */
#include "store/mail.h"

static const struct db_col mail_cols[] = {
    COL(struct mail, message_id),
    COL(struct mail, conversation_id),
    COL(struct mail, channel_id),
    COL(struct mail, internet_id),
    COL(struct mail, subject),
    COL(struct mail, people),
    COL(struct mail, in_reply_to),
    COL(struct mail, refs),
    COL(struct mail, html),
    COL(struct mail, verdict),
    COL(struct mail, checks),
    COL(struct mail, note),
    COL(struct mail, body),
    COL(struct mail, written),
    COL(struct mail, automatic),
    COL(struct mail, automatic_why),
    COL(struct mail, raw_name),
    COL(struct mail, raw),
};
enum { WITHOUT_RAW_COLS = 17 };

#define WITHOUT_RAW                                                                                \
    "m.message_id, m.conversation_id, m.channel_id, m.internet_id, m.subject, m.people, "          \
    "m.in_reply_to, m.refs, m.html, m.verdict, m.checks, m.note, m.body, m.written, "              \
    "m.automatic, m.automatic_why, m.raw_name"

err mail_add(struct ctx *cx, const struct mail *m)
{
    const struct db_arg raw = m->raw.bytes.len ? A_BLOB(m->raw.bytes) : A_NULL;
    return db_run(cx->db,
        S("INSERT INTO mail (account_id, message_id, conversation_id, channel_id, internet_id, "
          "    subject, people, in_reply_to, refs, html, verdict, checks, note, raw, raw_name, "
          "    created_ms, body, written, automatic, automatic_why) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
          "    ?18, ?19, ?20)"),
        ARGS(A_ID(cx->account), A_ID(m->message_id), A_ID(m->conversation_id), A_ID(m->channel_id),
            A_TEXT(m->internet_id), A_TEXT(m->subject), A_TEXT(m->people), A_TEXT(m->in_reply_to),
            A_TEXT(m->refs), A_TEXT(m->html), A_TEXT(m->verdict.len ? m->verdict : S("none")),
            A_TEXT(m->checks), A_TEXT(m->note), raw, A_TEXT(m->raw_name), A_INT(cx->now_ms),
            A_TEXT(m->body), A_TEXT(m->written), A_TEXT(m->automatic), A_TEXT(m->automatic_why)),
        NULL);
}

err mail_get(struct ctx *cx, message_id message, struct mail *mail)
{
    return db_one(cx->db,
        S("SELECT " WITHOUT_RAW ", m.raw "
          "FROM mail m "
          "WHERE m.account_id = ?1 AND m.message_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(message)), COLS(mail_cols), mail);
}

err mail_last_in(struct ctx *cx, conversation_id conversation, struct mail *mail)
{
    return db_one(cx->db,
        S("SELECT " WITHOUT_RAW " "
          "FROM mail m "
          "JOIN message w ON w.account_id = m.account_id AND w.id = m.message_id AND w.kind = 'in' "
          "WHERE m.account_id = ?1 AND m.conversation_id = ?2 "
          "ORDER BY CASE WHEN m.automatic = '' THEN 0 ELSE 1 END, m.message_id DESC "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation)), mail_cols, WITHOUT_RAW_COLS, mail);
}

err mail_first_in(struct ctx *cx, conversation_id conversation, struct mail *mail)
{
    return db_one(cx->db,
        S("SELECT " WITHOUT_RAW " "
          "FROM mail m "
          "JOIN message w ON w.account_id = m.account_id AND w.id = m.message_id AND w.kind = 'in' "
          "WHERE m.account_id = ?1 AND m.conversation_id = ?2 "
          "ORDER BY m.message_id "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(conversation)), mail_cols, WITHOUT_RAW_COLS, mail);
}

struct found {
    conversation_id id;
};
static const struct db_col found_cols[] = {COL(struct found, id)};

err mail_conversation(struct ctx *cx, str internet_id, conversation_id *id)
{
    struct found found;
    err e = db_one(cx->db,
        S("SELECT conversation_id AS id "
          "FROM mail "
          "WHERE account_id = ?1 AND internet_id = ?2 "
          "ORDER BY message_id DESC "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_TEXT(internet_id)), COLS(found_cols), &found);
    if (e == E_NOT_FOUND)
        e = db_one(cx->db,
            S("SELECT conversation_id AS id "
              "FROM mail "
              "WHERE account_id = ?1 AND relay_id = ?2 AND relay_id <> '' "
              "ORDER BY message_id DESC "
              "LIMIT 1"),
            ARGS(A_ID(cx->account), A_TEXT(internet_id)), COLS(found_cols), &found);
    TRY(e);
    *id = found.id;
    return OK;
}

err mail_file_add(struct ctx *cx, str name)
{
    return db_run(cx->db,
        S("INSERT INTO mail_file (account_id, name, created_ms) "
          "VALUES (?1, ?2, ?3) "
          "ON CONFLICT DO NOTHING"),
        ARGS(A_ID(cx->account), A_TEXT(name), A_INT(cx->now_ms)), NULL);
}

/* ── who takes part ── */

err mail_member_add_many(
    struct ctx *cx, conversation_id conversation, const struct mail_member *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(db_run(cx->db,
            S("INSERT INTO mail_participant (account_id, conversation_id, address, name, "
              "    is_copied, added_ms) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
              "ON CONFLICT (account_id, conversation_id, address) DO UPDATE "
              "SET is_copied = excluded.is_copied "
              "WHERE excluded.is_copied > mail_participant.is_copied"),
            ARGS(A_ID(cx->account), A_ID(conversation), A_TEXT(rows[i].address),
                A_TEXT(rows[i].name), A_BOOL(rows[i].is_copied), A_INT(cx->now_ms)),
            NULL));
    return OK;
}

err mail_member_remove(struct ctx *cx, conversation_id conversation, str address)
{
    return db_run(cx->db,
        S("DELETE FROM mail_participant "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND address = ?3"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_TEXT(address)), NULL);
}

struct number {
    int64_t value;
};
static const struct db_col number_cols[] = {COL(struct number, value)};

err mail_member_is(struct ctx *cx, conversation_id conversation, str address, bool *is)
{
    struct number n;
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS value "
          "FROM mail_participant "
          "WHERE account_id = ?1 AND conversation_id = ?2 AND address = ?3"),
        ARGS(A_ID(cx->account), A_ID(conversation), A_TEXT(address)), COLS(number_cols), &n));
    *is = n.value > 0;
    return OK;
}

static const struct db_col member_cols[] = {
    COL(struct mail_member, address),
    COL(struct mail_member, name),
    COL(struct mail_member, is_copied),
};

err mail_member_list(
    struct ctx *cx, conversation_id conversation, struct mail_member **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT address, name, is_copied "
          "FROM mail_participant "
          "WHERE account_id = ?1 AND conversation_id = ?2 "
          "ORDER BY address "
          "LIMIT 200"),
        ARGS(A_ID(cx->account), A_ID(conversation)), COLS(member_cols), (ptrdiff_t)sizeof **rows,
        rows, n);
}

/* ── whose pictures ── */

err mail_trust_set(struct ctx *cx, str address, bool is_trusted)
{
    if (is_trusted)
        return db_run(cx->db,
            S("INSERT INTO mail_trust (account_id, address, created_ms) "
              "VALUES (?1, ?2, ?3) "
              "ON CONFLICT DO NOTHING"),
            ARGS(A_ID(cx->account), A_TEXT(address), A_INT(cx->now_ms)), NULL);
    return db_run(cx->db,
        S("DELETE FROM mail_trust "
          "WHERE account_id = ?1 AND address = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(address)), NULL);
}

err mail_trust_is(struct ctx *cx, str address, bool *is)
{
    struct number n;
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS value "
          "FROM mail_trust "
          "WHERE account_id = ?1 AND address = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(address)), COLS(number_cols), &n));
    *is = n.value > 0;
    return OK;
}
