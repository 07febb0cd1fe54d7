/* authorization: see authorization.h. */
#include "store/authorization.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "db/db.h"
#include "store/door_hash.h"

struct pending_row {
    str kind, sealed;
    channel_id channel_id;
};
static const struct db_col pending_cols[] = {
    COL(struct pending_row, kind),
    COL(struct pending_row, sealed),
    COL(struct pending_row, channel_id),
};

static str aad_of(struct ctx *cx, str hash)
{
    return str_print(
        cx->arena, "%lld/authorization_pending/%.*s", (long long)cx->account.v, SARG(hash));
}

err authorization_add(struct ctx *cx, const struct authorization *row, str state)
{
    str hash = door_hash(cx->arena, state), sealed;
    if (row->detail.len > LIMIT_SEALED_BYTES)
        return fail(cx, E_LIMIT, "What the network gave is too long to be kept.");
    TRY(keyring_seal(cx->arena, cx->config->keys, aad_of(cx, hash), row->detail, &sealed));
    return db_run(cx->db,
        S("INSERT INTO authorization_pending (state_hash, account_id, agent_id, channel_id, kind, "
          "    sealed, expires_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
        ARGS(A_TEXT(hash), A_ID(cx->account), A_ID(cx->actor.agent), A_INT(row->channel.v),
            A_TEXT(row->kind), A_TEXT(sealed), A_INT(cx->now_ms + AUTHORIZATION_MS)),
        NULL);
}

static err opened(
    struct ctx *cx, err found, str hash, const struct pending_row *got, struct authorization *row)
{
    str detail;
    if (found == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND,
            "This authorisation has been used or has expired, or somebody else began it; begin "
            "again.");
    TRY(found);
    if (keyring_open(cx->arena, cx->config->keys, aad_of(cx, hash), got->sealed, &detail) != OK)
        return fail(cx, E_INTERNAL, "an authorisation does not open with this key file");
    *row = (struct authorization){.kind = got->kind, .channel = got->channel_id, .detail = detail};
    return OK;
}

err authorization_get(struct ctx *cx, str state, struct authorization *row)
{
    struct pending_row got = {0};
    str hash = door_hash(cx->arena, state);
    err e = db_one(cx->db,
        S("SELECT kind, sealed, channel_id "
          "FROM authorization_pending "
          "WHERE state_hash = ?1 AND account_id = ?2 AND agent_id = ?3 AND expires_ms > ?4"),
        ARGS(A_TEXT(hash), A_ID(cx->account), A_ID(cx->actor.agent), A_INT(cx->now_ms)),
        COLS(pending_cols), &got);
    return opened(cx, e, hash, &got, row);
}

err authorization_take(struct ctx *cx, str state, struct authorization *row)
{
    struct pending_row got = {0};
    str hash = door_hash(cx->arena, state);
    err e = db_one(cx->db,
        S("DELETE FROM authorization_pending "
          "WHERE state_hash = ?1 AND account_id = ?2 AND agent_id = ?3 AND expires_ms > ?4 "
          "RETURNING kind, sealed, channel_id"),
        ARGS(A_TEXT(hash), A_ID(cx->account), A_ID(cx->actor.agent), A_INT(cx->now_ms)),
        COLS(pending_cols), &got);
    return opened(cx, e, hash, &got, row);
}

err authorization_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM authorization_pending "
          "WHERE state_hash IN (SELECT state_hash FROM authorization_pending "
          "    WHERE expires_ms <= ?1 "
          "    ORDER BY expires_ms "
          "    LIMIT ?2)"),
        ARGS(A_INT(cx->now_ms), A_INT(max)), removed);
}
