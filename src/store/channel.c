/* channel: see channel.h. Secrets: HMAC keys as text, sealed by the key file, bound to account,
 * table, column and row. */
#include "store/channel.h"

#include "base/crypto.h"
#include "base/id.h"
#include "db/db.h"
#include "store/agent.h"
#include "store/channel_seal.h"
#include "store/pace.h"

#define CHANNEL_COLUMNS                                                                            \
    "id, kind, name, is_enabled, public_key, languages, settings, secret_sealed, "                 \
    "old_secret_sealed, identity_secret_sealed, old_secret_until_ms, last_in_ms, last_out_ms, "    \
    "last_error, created_ms, updated_ms, external_id, handle, handle_role, avatar_url, "           \
    "secrets_sealed, secrets_expire_ms, auth_state, auth_error"

static const struct db_col channel_cols[] = {
    COL(struct channel, id),
    COL(struct channel, kind),
    COL(struct channel, name),
    COL(struct channel, is_enabled),
    COL(struct channel, public_key),
    COL(struct channel, languages),
    COL(struct channel, settings),
    COL(struct channel, secret_sealed),
    COL(struct channel, old_secret_sealed),
    COL(struct channel, identity_secret_sealed),
    COL(struct channel, old_secret_until_ms),
    COL(struct channel, last_in_ms),
    COL(struct channel, last_out_ms),
    COL(struct channel, last_error),
    COL(struct channel, created_ms),
    COL(struct channel, updated_ms),
    COL(struct channel, external_id),
    COL(struct channel, handle),
    COL(struct channel, handle_role),
    COL(struct channel, avatar_url),
    COL(struct channel, secrets_sealed),
    COL(struct channel, secrets_expire_ms),
    COL(struct channel, auth_state),
    COL(struct channel, auth_error),
};

static const str get_sql = S_INIT("SELECT " CHANNEL_COLUMNS " "
                                  "FROM channel "
                                  "WHERE account_id = ?1 AND id = ?2");

void channel_get_ahead(struct ctx *cx, channel_id id)
{
    db_ahead(cx->db, get_sql, ARGS(A_ID(cx->account), A_ID(id)));
}

err channel_get(struct ctx *cx, channel_id id, struct channel *channel)
{
    err e = db_one(cx->db, get_sql, ARGS(A_ID(cx->account), A_ID(id)), COLS(channel_cols), channel);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "there is no such channel") : e;
}

err channel_list(struct ctx *cx, struct channel **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT " CHANNEL_COLUMNS " "
          "FROM channel "
          "WHERE account_id = ?1 "
          "ORDER BY name, id "
          "LIMIT 1000"),
        ARGS(A_ID(cx->account)), COLS(channel_cols), sizeof(struct channel), rows, n);
}

static err seal(struct ctx *cx, const char *column, channel_id id, str plain, str *sealed)
{
    str aad = channel_aad(cx->arena, cx->account, id, column);
    return keyring_seal(cx->arena, cx->config->keys, aad, plain, sealed);
}

static err channel_insert(struct ctx *cx, const struct channel *channel)
{
    TRY(db_run(cx->db,
        S("INSERT INTO channel (id, account_id, kind, name, is_enabled, public_key, languages, "
          "    settings, secret_sealed, identity_secret_sealed, created_ms, updated_ms, external_id, "
          "    handle, handle_role, avatar_url) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14, ?15)"),
        ARGS(A_ID(channel->id), A_ID(cx->account), A_TEXT(channel->kind), A_TEXT(channel->name),
            A_BOOL(channel->is_enabled), A_TEXT(channel->public_key), A_TEXT(channel->languages),
            A_TEXT(channel->settings), A_TEXT_OR_NULL(channel->secret_sealed),
            A_TEXT_OR_NULL(channel->identity_secret_sealed), A_INT(channel->created_ms),
            A_TEXT(channel->external_id), A_TEXT(channel->handle), A_TEXT(channel->handle_role),
            A_TEXT(channel->avatar_url)),
        NULL));
    return db_run(cx->db,
        S("INSERT INTO source (id, account_id, channel_id, network, key) "
          "VALUES (?1, ?2, ?3, ?4, ?5)"),
        ARGS(A_INT(id_make(cx->now_ms)), A_ID(cx->account), A_ID(channel->id),
            A_TEXT(channel->kind), A_TEXT(channel->public_key)),
        NULL);
}

err channel_add(struct ctx *cx, struct channel *channel, str *secret)
{
    bool is_widget = str_eq(channel->kind, S("widget"));
    channel->id = (channel_id){id_make(cx->now_ms)};
    channel->is_enabled = true;
    channel->created_ms = channel->updated_ms = cx->now_ms;
    channel->public_key = str_cat(cx->arena, is_widget ? S("w_") : S("a_"),
        str_sub(crypto_token(cx->arena), 0, 22)); /* 132 bits: names, not secrets */
    str text = crypto_token(cx->arena);
    if (is_widget)
        TRY(seal(cx, "identity_secret", channel->id, text, &channel->identity_secret_sealed));
    else
        TRY(seal(cx, "secret", channel->id, text, &channel->secret_sealed));
    TRY(channel_insert(cx, channel));
    *secret = text;
    return OK;
}

err channel_set(struct ctx *cx, const struct channel *channel)
{
    return db_run(cx->db,
        S("UPDATE channel "
          "SET name = ?3, is_enabled = ?4, languages = ?5, settings = ?6, updated_ms = ?7, "
          "    external_id = ?8, handle = ?9, handle_role = ?10, avatar_url = ?11 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(channel->id), A_TEXT(channel->name),
            A_BOOL(channel->is_enabled), A_TEXT(channel->languages), A_TEXT(channel->settings),
            A_INT(cx->now_ms), A_TEXT(channel->external_id), A_TEXT(channel->handle),
            A_TEXT(channel->handle_role), A_TEXT(channel->avatar_url)),
        NULL);
}

/* ── credentials ── */

err channel_network_secrets(struct ctx *cx, const struct channel *channel, str *json)
{
    *json = S("{}");
    if (!channel->secrets_sealed.len)
        return OK;
    str aad = channel_aad(cx->arena, cx->account, channel->id, "secrets");
    if (keyring_open(cx->arena, cx->config->keys, aad, channel->secrets_sealed, json) != OK)
        return fail(cx, E_INTERNAL, "the secrets of this channel do not open with this key file");
    return OK;
}

err channel_set_network_secrets(struct ctx *cx, channel_id id, str json, int64_t expires_ms)
{
    str sealed;
    TRY(seal(cx, "secrets", id, json, &sealed));
    return db_run(cx->db,
        S("UPDATE channel "
          "SET secrets_sealed = ?3, secrets_expire_ms = ?4, auth_state = 'ok', auth_error = '', "
          "    updated_ms = ?5 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(sealed), A_INT(expires_ms), A_INT(cx->now_ms)),
        NULL);
}

err channel_renew_network_secrets(
    struct ctx *cx, const struct channel *read, str json, int64_t expires_ms)
{
    str sealed;
    int64_t changed = 0;
    TRY(seal(cx, "secrets", read->id, json, &sealed));
    TRY(db_run(cx->db,
        S("UPDATE channel "
          "SET secrets_sealed = ?3, secrets_expire_ms = ?4, auth_state = 'ok', auth_error = '', "
          "    updated_ms = ?5 "
          "WHERE account_id = ?1 AND id = ?2 AND COALESCE(secrets_sealed, '') = ?6"),
        ARGS(A_ID(cx->account), A_ID(read->id), A_TEXT(sealed), A_INT(expires_ms),
            A_INT(cx->now_ms), A_TEXT(read->secrets_sealed)),
        &changed));
    return changed ? OK : E_CONFLICT;
}

err channel_set_auth(struct ctx *cx, channel_id id, str error, bool *has_changed)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE channel "
          "SET auth_state = ?3, auth_error = ?4, updated_ms = ?5 "
          "WHERE account_id = ?1 AND id = ?2 AND auth_state <> ?3"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(error.len ? S("refused") : S("ok")), A_TEXT(error),
            A_INT(cx->now_ms)),
        &changed));
    *has_changed = changed > 0;
    return OK;
}

err channel_set_limited(struct ctx *cx, channel_id id, str error, bool *has_changed)
{
    enum { AGAIN_MS = 60 * 1000 };
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE channel "
          "SET auth_state = 'limited', auth_error = ?3, auth_ms = ?4, updated_ms = ?4 "
          "WHERE account_id = ?1 AND id = ?2 "
          "AND (auth_state = 'ok' "
          "     OR (auth_state = 'limited' AND (auth_error <> ?3 OR auth_ms < ?5)))"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(error), A_INT(cx->now_ms),
            A_INT(cx->now_ms - AGAIN_MS)),
        &changed));
    *has_changed = changed > 0;
    return OK;
}

err channel_limit_over(struct ctx *cx, channel_id id, int64_t told_ms, bool *has_changed)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE channel "
          "SET auth_state = 'ok', auth_error = '', updated_ms = ?4 "
          "WHERE account_id = ?1 AND id = ?2 AND auth_state = 'limited' AND auth_ms <= ?3"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(told_ms), A_INT(cx->now_ms)), &changed));
    *has_changed = changed > 0;
    return OK;
}

static const struct db_col at_cols[] = {
    COL(struct channel_at, id),
    COL(struct channel_at, account_id),
    COL(struct channel_at, kind),
};

err channel_by_external(struct ctx *cx, str kind, str external_id, channel_id *id)
{
    struct channel_at at = {0};
    TRY(db_one(cx->db,
        S("SELECT id, account_id, kind "
          "FROM channel "
          "WHERE account_id = ?1 AND kind = ?2 AND external_id = ?3 AND is_enabled = 1 "
          "ORDER BY id "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_TEXT(kind), A_TEXT(external_id)), COLS(at_cols), &at));
    *id = at.id;
    return OK;
}

struct source_row {
    source_id id;
};
static const struct db_col source_cols[] = {COL(struct source_row, id)};

err channel_source(struct ctx *cx, channel_id id, source_id *source)
{
    struct source_row row = {0};
    TRY(db_one(cx->db,
        S("SELECT id "
          "FROM source "
          "WHERE account_id = ?1 AND channel_id = ?2 "
          "ORDER BY id "
          "LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(source_cols), &row));
    *source = row.id;
    return OK;
}

err channel_note_error(struct ctx *cx, channel_id id, str error)
{
    return db_run(cx->db,
        S("UPDATE channel "
          "SET last_error = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND COALESCE(last_error, '') <> ?4"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT_OR_NULL(error), A_TEXT(error)), NULL);
}

err channel_all_of(struct db_tx *tx, str kind, channel_id after, ptrdiff_t limit,
    struct channel_at **rows, ptrdiff_t *n)
{
    /* The door table: it is read across accounts. */
    return db_all(tx,
        S("SELECT channel_id AS id, account_id, network AS kind "
          "FROM source "
          "WHERE network = ?1 AND channel_id > ?2 "
          "ORDER BY channel_id "
          "LIMIT ?3"),
        ARGS(A_TEXT(kind), A_INT(after.v), A_INT(limit)), COLS(at_cols), sizeof(struct channel_at),
        rows, n);
}

/* ── cursors ── */

struct cursor_row {
    str value;
};
static const struct db_col cursor_cols[] = {COL(struct cursor_row, value)};

err channel_cursor_get(struct ctx *cx, channel_id id, str name, str *value)
{
    struct cursor_row row = {.value = S("{}")};
    err e = db_one(cx->db,
        S("SELECT value "
          "FROM channel_cursor "
          "WHERE account_id = ?1 AND channel_id = ?2 AND name = ?3"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(name)), COLS(cursor_cols), &row);
    *value = row.value;
    return e == E_NOT_FOUND ? OK : e;
}

err channel_cursor_set(struct ctx *cx, channel_id id, str name, str value)
{
    return db_run(cx->db,
        S("INSERT INTO channel_cursor (account_id, channel_id, name, value, updated_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5) "
          "ON CONFLICT (account_id, channel_id, name) DO UPDATE "
          "SET value = excluded.value, updated_ms = excluded.updated_ms"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(name), A_TEXT(value), A_INT(cx->now_ms)), NULL);
}

/* What only serves its working. What history needs stays: messages with the other ids of theirs
 * (message_alias: what still comes back about them finds them), the posts that public ones stand
 * under, people's identities, calls, visitors, and the inbox's raw rows until their time is over.
 * The ledger of comparisons is the channel's own and can be asked for nowhere any more. */
static err forget_rest(struct ctx *cx, channel_id id)
{
    static const struct {
        str sql;
    } tables[] = {
        {S_INIT("DELETE FROM channel_cursor WHERE account_id = ?1 AND channel_id = ?2")},
        {S_INIT("DELETE FROM channel_template WHERE account_id = ?1 AND channel_id = ?2")},
        {S_INIT("DELETE FROM mail_template WHERE account_id = ?1 AND channel_id = ?2")},
        {S_INIT("DELETE FROM authorization_pending WHERE account_id = ?1 AND channel_id = ?2")},
        {S_INIT("DELETE FROM early WHERE account_id = ?1 AND channel_id = ?2")},
        {S_INIT("DELETE FROM reconciliation WHERE account_id = ?1 AND channel_id = ?2")},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        TRY(db_run(cx->db, tables[i].sql, ARGS(A_ID(cx->account), A_ID(id)), NULL));
    return pace_forget(cx, id);
}

err channel_remove(struct ctx *cx, channel_id id)
{
    int64_t limited;
    TRY(agent_count_limited(cx, S("channel"), id.v, &limited));
    if (limited) /* removing it would leave agents without any scope: they would see everything */
        return fail_detail(cx, E_CONFLICT, "in_use",
            "%lld agents are limited to this channel; change their scope first",
            (long long)limited);
    TRY(db_run(cx->db,
        S("DELETE FROM source "
          "WHERE account_id = ?1 AND channel_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL));
    TRY(forget_rest(cx, id));
    TRY(db_run(cx->db, /* what came by it still says so */
        S("INSERT INTO channel_removed (account_id, id, kind, removed_ms) "
          "SELECT account_id, id, kind, ?3 FROM channel "
          "WHERE account_id = ?1 AND id = ?2 "
          "ON CONFLICT DO NOTHING"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms)), NULL));
    return db_run(cx->db,
        S("DELETE FROM channel "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}

err channel_rotate_secret(struct ctx *cx, channel_id id, str *secret, int64_t *kept_until_ms)
{
    struct channel channel;
    TRY(channel_get(cx, id, &channel));
    str text = crypto_token(cx->arena), sealed;
    int64_t until = cx->now_ms + CHANNEL_OLD_SECRET_MS;
    if (str_eq(channel.kind, S("widget"))) {
        /* Identity hashes are made by the shop's server at page view: the old secret ends at once
         * would sign visitors out, so it is kept like the other kind's. */
        str old;
        TRY(channel_secrets(cx, &channel, &(str){0}, &(str){0}, &old));
        TRY(seal(cx, "old_secret", id, old, &channel.old_secret_sealed));
        TRY(seal(cx, "identity_secret", id, text, &sealed));
        TRY(db_run(cx->db,
            S("UPDATE channel "
              "SET identity_secret_sealed = ?3, old_secret_sealed = ?4, old_secret_until_ms = ?5, "
              "    updated_ms = ?6 "
              "WHERE account_id = ?1 AND id = ?2"),
            ARGS(A_ID(cx->account), A_ID(id), A_TEXT(sealed), A_TEXT(channel.old_secret_sealed),
                A_INT(until), A_INT(cx->now_ms)),
            NULL));
    } else {
        str old;
        TRY(channel_secrets(cx, &channel, &old, &(str){0}, &(str){0}));
        TRY(seal(cx, "old_secret", id, old, &channel.old_secret_sealed));
        TRY(seal(cx, "secret", id, text, &sealed));
        TRY(db_run(cx->db,
            S("UPDATE channel "
              "SET secret_sealed = ?3, old_secret_sealed = ?4, old_secret_until_ms = ?5, "
              "    updated_ms = ?6 "
              "WHERE account_id = ?1 AND id = ?2"),
            ARGS(A_ID(cx->account), A_ID(id), A_TEXT(sealed), A_TEXT(channel.old_secret_sealed),
                A_INT(until), A_INT(cx->now_ms)),
            NULL));
    }
    *secret = text;
    *kept_until_ms = until;
    return OK;
}

err channel_seen_in(struct ctx *cx, channel_id id, int64_t at_ms)
{
    return db_run(cx->db,
        S("UPDATE channel "
          "SET last_in_ms = ?3 "
          "WHERE account_id = ?1 AND id = ?2 AND COALESCE(last_in_ms, 0) <= ?4"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(at_ms), A_INT(at_ms - CHANNEL_NOTE_MS)), NULL);
}

err channel_seen_out(struct ctx *cx, channel_id id, int64_t at_ms, str error)
{
    return db_run(cx->db,
        S("UPDATE channel "
          "SET last_out_ms = ?3, last_error = ?4 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(at_ms), A_TEXT_OR_NULL(error)), NULL);
}

err channel_secrets(
    struct ctx *cx, const struct channel *channel, str *secret, str *old, str *identity)
{
    struct channel_sealed sealed = {
        .secret = channel->secret_sealed,
        .old_secret =
            channel->old_secret_until_ms > cx->now_ms ? channel->old_secret_sealed : (str){0},
        .identity_secret = channel->identity_secret_sealed,
    };
    if (channel_unseal(cx->arena, cx->config->keys, cx->account, channel->id, &sealed) != OK)
        return fail(cx, E_INTERNAL, "the secrets of this channel do not open with this key file");
    *secret = sealed.secret;
    *old = sealed.old_secret;
    *identity = sealed.identity_secret;
    return OK;
}
