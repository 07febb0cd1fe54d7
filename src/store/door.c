/* door: see door.h. Credentials are looked up by their SHA-256 in the door tables (session, token),
 * which have no row-level security; the transaction is scoped before anything else is read. What a
 * role may do is read anew for every request, so that a change holds at once. */
#include "store/door.h"

#include "base/id.h"
#include "db/db.h"
#include "model/names.h"
#include "store/agent.h"
#include "store/channel.h"
#include "store/door_guess.h"
#include "store/door_hash.h"
#include "store/role.h"

enum { COOKIE_MAX = 100 }; /* bytes: ours have 43; nothing longer is worth hashing */

static err refused(struct ctx *cx)
{
    return fail(cx, E_UNAUTHENTICATED, "please sign in");
}

err door_account(struct ctx *cx, account_id account)
{
    TRY(db_scope(cx->db, account));
    cx->account = account;
    str ip = cx->actor.ip;
    cx->actor = (struct actor){
        .kind = ACTOR_SYSTEM, .caps = UINT64_MAX, .sees_all = true, .name = S("Seva"), .ip = ip};
    return OK;
}

/* What a role that is narrowed to teams or channels may still do: the account's own settings and
 * people are beyond its scope. */
enum {
    SCOPED_CAPS = CAP_CONVERSATION_READ | CAP_CONVERSATION_REPLY | CAP_CONVERSATION_NOTE |
                  CAP_CONVERSATION_ASSIGN | CAP_CONVERSATION_UPDATE | CAP_CONVERSATION_BULK |
                  CAP_CONTACT_READ | CAP_CONTACT_UPDATE | CAP_ATTACHMENT_READ | CAP_EVENT_READ |
                  CAP_VIEW_SHARE | CAP_TAG_MANAGE | CAP_AGENT_READ | CAP_SELF,
};

static bool is_owner_role(str role)
{
    return str_eq(role, S("owner"));
}

/* Fills the actor from the agent's row, role and scope. */
static err actor_fill(struct ctx *cx, agent_id id)
{
    struct agent agent;
    struct agent_scope scope;
    struct role role;
    err e = agent_enters(cx, id, &agent, &scope);
    if (e == E_NOT_FOUND || (e == OK && !agent.is_active))
        return refused(cx);
    TRY(e);
    e = role_by_key(cx, agent.role, &role);
    if (e == E_NOT_FOUND)
        return refused(cx); /* a role that is gone gives nothing */
    TRY(e);
    struct actor *who = &cx->actor;
    who->agent = id;
    who->login = agent.login_id;
    who->name = agent.name;
    who->caps = role.caps;
    who->sees_all = is_owner_role(agent.role) || (!scope.n_grant_teams && !scope.n_grant_channels);
    if (!who->sees_all) {
        who->caps &= SCOPED_CAPS;
        who->team_ids = scope.grant_team_ids;
        who->n_teams = scope.n_grant_teams;
        who->channel_ids = scope.grant_channel_ids;
        who->n_channels = scope.n_grant_channels;
    }
    return OK;
}

static err actor_start(struct ctx *cx, account_id account, enum actor_kind kind)
{
    TRY(db_scope(cx->db, account));
    cx->account = account;
    cx->actor = (struct actor){.kind = kind, .ip = cx->actor.ip};
    return OK;
}

err door_agent(struct ctx *cx, account_id account, agent_id agent)
{
    TRY(actor_start(cx, account, ACTOR_AGENT));
    return actor_fill(cx, agent);
}

struct session_row {
    session_id id;
    agent_id agent_id;
    account_id account_id;
    int64_t last_seen_ms;
};
static const struct db_col session_cols[] = {
    COL(struct session_row, id),
    COL(struct session_row, agent_id),
    COL(struct session_row, account_id),
    COL(struct session_row, last_seen_ms),
};

err door_session(struct ctx *cx, str cookie, struct door_pass *pass)
{
    struct session_row row;
    if (!cookie.len || cookie.len > COOKIE_MAX)
        return refused(cx);
    str hash = door_hash(cx->arena, cookie);
    err e = db_one(cx->db,
        S("SELECT id, agent_id, account_id, last_seen_ms "
          "FROM session "
          "WHERE token_hash = ?1 AND ended_ms IS NULL AND expires_ms > ?2"),
        ARGS(A_TEXT(hash), A_INT(cx->now_ms)), COLS(session_cols), &row);
    if (e == E_NOT_FOUND) {
        door_guess_drop(cx, hash);
        return refused(cx);
    }
    TRY(e);
    TRY(door_agent(cx, row.account_id, row.agent_id));
    cx->actor.session = row.id;
    door_guess_keep(cx, hash);
    *pass = (struct door_pass){.session = row.id, .last_seen_ms = row.last_seen_ms};
    return OK;
}

struct token_row {
    token_id id;
    agent_id agent_id;
    account_id account_id;
    str name, scopes;
    int64_t last_used_ms;
};
static const struct db_col token_cols[] = {
    COL(struct token_row, id),
    COL(struct token_row, agent_id),
    COL(struct token_row, account_id),
    COL(struct token_row, name),
    COL(struct token_row, scopes),
    COL(struct token_row, last_used_ms),
};

err door_token(struct ctx *cx, str token, struct door_pass *pass)
{
    struct token_row row;
    if (!str_starts(token, S("seva_")) || token.len > COOKIE_MAX)
        return fail(cx, E_UNAUTHENTICATED, "this API token is not valid");
    str hash = door_hash(cx->arena, token);
    err e = db_one(cx->db,
        S("SELECT id, agent_id, account_id, name, scopes, last_used_ms "
          "FROM token "
          "WHERE token_hash = ?1 AND revoked_ms IS NULL "
          "    AND (expires_ms IS NULL OR expires_ms > ?2)"),
        ARGS(A_TEXT(hash), A_INT(cx->now_ms)), COLS(token_cols), &row);
    if (e == E_NOT_FOUND) {
        door_guess_drop(cx, hash);
        return fail(cx, E_UNAUTHENTICATED, "this API token is not valid");
    }
    TRY(e);
    TRY(actor_start(cx, row.account_id, ACTOR_TOKEN));
    TRY(actor_fill(cx, row.agent_id));
    uint64_t scopes = capabilities_read(row.scopes);
    cx->actor.caps &= scopes & ~(uint64_t)CAP_SELF;
    cx->actor.token = row.id;
    cx->actor.name = row.name;
    door_guess_keep(cx, hash);
    *pass = (struct door_pass){.token = row.id, .last_seen_ms = row.last_used_ms};
    return OK;
}

err door_visitor(struct ctx *cx, account_id account, channel_id channel)
{
    TRY(db_scope(cx->db, account));
    cx->account = account;
    struct channel row;
    err e = channel_get(cx, channel, &row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (e == E_NOT_FOUND || !row.is_enabled || !str_eq(row.kind, S("widget")))
        return fail(cx, E_UNAUTHENTICATED, "this visitor token is not valid");
    str ip = cx->actor.ip;
    cx->actor = (struct actor){.kind = ACTOR_VISITOR, .channel = channel, .ip = ip};
    return OK;
}

err door_account_add(struct ctx *cx, struct account *account)
{
    account->id = (account_id){id_make(cx->now_ms)};
    account->created_ms = cx->now_ms;
    TRY(db_run(cx->db,
        S("INSERT INTO account (id, name, locale, time_zone, undo_seconds, reopen_days, settings, "
          "    created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
        ARGS(A_ID(account->id), A_TEXT(account->name), A_TEXT(account->locale),
            A_TEXT(account->time_zone), A_INT(account->undo_seconds), A_INT(account->reopen_days),
            A_TEXT(account->settings), A_INT(account->created_ms)),
        NULL));
    return door_account(cx, account->id);
}

struct account_row {
    account_id id;
};
static const struct db_col account_cols[] = {COL(struct account_row, id)};

err door_accounts(struct ctx *cx, account_id **ids, ptrdiff_t *n)
{
    struct account_row *rows;
    TRY(db_all(cx->db,
        S("SELECT id "
          "FROM account "
          "ORDER BY id "
          "LIMIT 100000"),
        NO_ARGS, COLS(account_cols), sizeof(struct account_row), &rows, n));
    account_id *list = NEW(cx->arena, account_id, *n + 1);
    for (ptrdiff_t i = 0; i < *n; i++)
        list[i] = rows[i].id;
    *ids = list;
    return OK;
}

err door_has_mailbox(struct ctx *cx, bool *has)
{
    struct account_row *rows;
    ptrdiff_t n;
    TRY(db_all(cx->db,
        S("SELECT id "
          "FROM account "
          "WHERE mail_channel_id <> 0 "
          "LIMIT 1"),
        NO_ARGS, COLS(account_cols), sizeof(struct account_row), &rows, &n));
    *has = n > 0;
    return OK;
}
