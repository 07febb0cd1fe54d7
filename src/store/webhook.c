/* See webhook.h. Thread: the transaction's. */
#include "store/webhook.h"

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"

static const struct db_col cols[] = {
    COL(struct webhook, id),
    COL(struct webhook, account_id),
    COL(struct webhook, name),
    COL(struct webhook, url),
    COL(struct webhook, events),
    COL(struct webhook, is_enabled),
    COL(struct webhook, secret_sealed),
    COL(struct webhook, old_secret_sealed),
    COL(struct webhook, old_secret_until_ms),
    COL(struct webhook, after_major),
    COL(struct webhook, after_minor),
    COL(struct webhook, failing_since_ms),
    COL(struct webhook, disabled_reason),
    COL(struct webhook, created_ms),
    COL(struct webhook, updated_ms),
};
#define SELECT_WEBHOOK                                                                             \
    "SELECT id, account_id, name, url, events, is_enabled, secret_sealed, old_secret_sealed, "     \
    "old_secret_until_ms, after_major, after_minor, failing_since_ms, disabled_reason, "           \
    "created_ms, updated_ms "                                                                      \
    "FROM webhook "

/* Binds a sealed secret to its row. */
static str secret_aad(struct ctx *cx, webhook_id id)
{
    return str_print(
        cx->arena, "%lld/webhook/secret/%lld", (long long)cx->account.v, (long long)id.v);
}

static err seal(struct ctx *cx, webhook_id id, str *secret, str *sealed)
{
    *secret = crypto_token(cx->arena);
    return keyring_seal(cx->arena, cx->config->keys, secret_aad(cx, id), *secret, sealed);
}

err webhook_add(struct ctx *cx, struct webhook *w, str *secret)
{
    struct event_pos head;
    TRY(event_head(cx->db, &head));
    w->id = (webhook_id){id_make(cx->now_ms)};
    w->account_id = cx->account;
    w->after_major = head.major;
    w->after_minor = head.minor;
    w->created_ms = w->updated_ms = cx->now_ms;
    TRY(seal(cx, w->id, secret, &w->secret_sealed));
    return db_run(cx->db,
        S("INSERT INTO webhook (id, account_id, name, url, events, is_enabled, secret_sealed, "
          "after_major, after_minor, created_ms, updated_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)"),
        ARGS(A_ID(w->id), A_ID(cx->account), A_TEXT(w->name), A_TEXT(w->url), A_TEXT(w->events),
            A_BOOL(w->is_enabled), A_TEXT(w->secret_sealed), A_INT(w->after_major),
            A_INT(w->after_minor), A_INT(cx->now_ms)),
        NULL);
}

err webhook_get(struct ctx *cx, webhook_id id, struct webhook *w)
{
    err e = db_one(cx->db, S(SELECT_WEBHOOK "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(cols), w);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such webhook.") : e;
}

err webhook_list(
    struct ctx *cx, webhook_id after, ptrdiff_t limit, const struct webhook **rows, ptrdiff_t *n)
{
    struct webhook *got = NULL;
    TRY(db_all(cx->db,
        S(SELECT_WEBHOOK "WHERE account_id = ?1 AND id > ?2 "
                         "ORDER BY id "
                         "LIMIT ?3"),
        ARGS(A_ID(cx->account), A_INT(after.v), A_INT(limit)), COLS(cols), (ptrdiff_t)sizeof *got,
        &got, n));
    *rows = got;
    return OK;
}

err webhook_set(struct ctx *cx, const struct webhook *w, bool was_enabled)
{
    TRY(db_run(cx->db,
        S("UPDATE webhook SET name = ?3, url = ?4, events = ?5, is_enabled = ?6, updated_ms = ?7 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(w->id), A_TEXT(w->name), A_TEXT(w->url), A_TEXT(w->events),
            A_BOOL(w->is_enabled), A_INT(cx->now_ms)),
        NULL));
    if (was_enabled || !w->is_enabled)
        return OK;
    struct event_pos head;
    TRY(event_head(cx->db, &head));
    return db_run(cx->db,
        S("UPDATE webhook SET after_major = ?3, after_minor = ?4, failing_since_ms = NULL, "
          "disabled_reason = NULL "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(w->id), A_INT(head.major), A_INT(head.minor)), NULL);
}

err webhook_remove(struct ctx *cx, webhook_id id)
{
    int64_t changed = 0;
    TRY(db_run(cx->db, S("DELETE FROM webhook WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), &changed));
    if (changed == 0)
        return fail(cx, E_NOT_FOUND, "There is no such webhook.");
    /* Its waiting jobs find no delivery and end. */
    return db_run(cx->db, S("DELETE FROM delivery WHERE account_id = ?1 AND webhook_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}

err webhook_rotate_secret(struct ctx *cx, struct webhook *w, str *secret, int64_t *kept_until_ms)
{
    str sealed;
    TRY(seal(cx, w->id, secret, &sealed));
    *kept_until_ms = cx->now_ms + WEBHOOK_OLD_SECRET_MS;
    return db_run(cx->db,
        S("UPDATE webhook SET old_secret_sealed = secret_sealed, old_secret_until_ms = ?4, "
          "secret_sealed = ?3, updated_ms = ?5 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(w->id), A_TEXT(sealed), A_INT(*kept_until_ms),
            A_INT(cx->now_ms)),
        NULL);
}

err webhook_secrets(struct ctx *cx, const struct webhook *w, str *secret, str *old)
{
    str aad = secret_aad(cx, w->id);
    TRY(keyring_open(cx->arena, cx->config->keys, aad, w->secret_sealed, secret));
    *old = (str){0};
    if (w->old_secret_sealed.len && w->old_secret_until_ms > cx->now_ms)
        TRY(keyring_open(cx->arena, cx->config->keys, aad, w->old_secret_sealed, old));
    return OK;
}

err webhook_went(struct ctx *cx, webhook_id id, bool well, bool *disabled)
{
    int64_t changed = 0;
    *disabled = false;
    if (well)
        return db_run(cx->db,
            S("UPDATE webhook SET failing_since_ms = NULL "
              "WHERE account_id = ?1 AND id = ?2 AND failing_since_ms IS NOT NULL"),
            ARGS(A_ID(cx->account), A_ID(id)), NULL);
    TRY(db_run(cx->db,
        S("UPDATE webhook SET failing_since_ms = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND failing_since_ms IS NULL"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms)), NULL));
    TRY(db_run(cx->db,
        S("UPDATE webhook SET is_enabled = 0, updated_ms = ?4, disabled_reason = ?5 "
          "WHERE account_id = ?1 AND id = ?2 AND is_enabled = 1 AND failing_since_ms < ?3"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms - WEBHOOK_PATIENCE_MS),
            A_INT(cx->now_ms), A_TEXT(S("Nothing could be delivered for five days."))),
        &changed));
    *disabled = changed == 1;
    return OK;
}

bool webhook_wants(struct arena *a, const struct webhook *w, str event_type)
{
    const struct json *types = NULL;
    str why;
    if (json_parse(a, w->events, &types, &why) != OK)
        return false;
    for (const struct json *t = types->first; t; t = t->next)
        if (str_eq(t->text, S("*")) || str_eq(t->text, event_type))
            return true;
    return false;
}

err webhook_live(struct db_tx *tx, const struct webhook **rows, ptrdiff_t *n)
{
    struct webhook *got = NULL;
    TRY(db_all(tx, S(SELECT_WEBHOOK "WHERE is_enabled = 1 ORDER BY id"), NO_ARGS, COLS(cols),
        (ptrdiff_t)sizeof *got, &got, n));
    *rows = got;
    return OK;
}

err webhook_advance(struct ctx *cx, webhook_id id, struct event_pos from, struct event_pos to)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE webhook SET after_major = ?5, after_minor = ?6 "
          "WHERE account_id = ?1 AND id = ?2 AND after_major = ?3 AND after_minor = ?4 "
          "AND is_enabled = 1"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(from.major), A_INT(from.minor), A_INT(to.major),
            A_INT(to.minor)),
        &changed));
    return changed ? OK : E_CONFLICT;
}
