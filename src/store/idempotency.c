/* idempotency: see idempotency.h. */
#include "store/idempotency.h"

#include "base/limits.h"
#include "db/db.h"
#include "model/names.h"

static str actor_key(struct ctx *cx)
{
    const struct actor *who = &cx->actor;
    int64_t id = who->kind == ACTOR_TOKEN     ? who->token.v
                 : who->kind == ACTOR_VISITOR ? who->visitor.v
                                              : who->agent.v;
    return str_print(cx->arena, "%.*s:%lld", SARG(actor_kind_name(who->kind)), (long long)id);
}

/* Binds the sealed answer to its row. */
static str answer_aad(struct ctx *cx, str route, str key)
{
    return str_print(cx->arena, "%lld/idempotency/answer/%.*s %.*s %.*s", (long long)cx->account.v,
        SARG(actor_key(cx)), SARG(route), SARG(key));
}

struct before_row {
    str request_hash;
    int64_t status;
    str answer;
};
static const struct db_col before_cols[] = {
    COL(struct before_row, request_hash),
    COL(struct before_row, status),
    COL(struct before_row, answer),
};

err idempotency_claim(
    struct ctx *cx, str route, str key, str request_hash, struct idempotent_answer *before)
{
    int64_t added = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO idempotency (account_id, actor, route, key, request_hash, status, answer, "
          "    at_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, 0, '', ?6) "
          "ON CONFLICT (account_id, actor, route, key) DO NOTHING"),
        ARGS(A_ID(cx->account), A_TEXT(actor_key(cx)), A_TEXT(route), A_TEXT(key),
            A_TEXT(request_hash), A_INT(cx->now_ms)),
        &added));
    *before = (struct idempotent_answer){0};
    if (added)
        return OK;
    struct before_row row;
    TRY(db_one(cx->db,
        S("SELECT request_hash, status, answer "
          "FROM idempotency "
          "WHERE account_id = ?1 AND actor = ?2 AND route = ?3 AND key = ?4"),
        ARGS(A_ID(cx->account), A_TEXT(actor_key(cx)), A_TEXT(route), A_TEXT(key)),
        COLS(before_cols), &row));
    if (!str_eq(row.request_hash, request_hash))
        return fail_detail(cx, E_CONFLICT, "idempotency",
            "this Idempotency-Key was used with another body; use a new key for a new request");
    str answer = {0};
    if (row.answer.len)
        TRY(keyring_open(
            cx->arena, cx->config->keys, answer_aad(cx, route, key), row.answer, &answer));
    *before = (struct idempotent_answer){.status = row.status, .answer = answer};
    return OK;
}

err idempotency_keep(struct ctx *cx, str route, str key, int64_t status, str answer)
{
    str sealed = {0};
    if (answer.len && answer.len <= LIMIT_SEALED_BYTES)
        TRY(keyring_seal(cx->arena, cx->config->keys, answer_aad(cx, route, key), answer, &sealed));
    return db_run(cx->db,
        S("UPDATE idempotency "
          "SET status = ?5, answer = ?6 "
          "WHERE account_id = ?1 AND actor = ?2 AND route = ?3 AND key = ?4"),
        ARGS(A_ID(cx->account), A_TEXT(actor_key(cx)), A_TEXT(route), A_TEXT(key), A_INT(status),
            A_TEXT(sealed)),
        NULL);
}

err idempotency_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM idempotency "
          "WHERE (account_id, actor, route, key) IN "
          "    (SELECT account_id, actor, route, key FROM idempotency "
          "    WHERE at_ms < ?1 "
          "    ORDER BY at_ms "
          "    LIMIT ?2)"),
        ARGS(A_INT(cx->now_ms - IDEMPOTENCY_KEEP_MS), A_INT(max)), removed);
}
