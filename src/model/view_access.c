/* view_access: see view_access.h. */
#include "model/view_access.h"

#include "model/names.h"

static void put_ids_as(struct json_out *j, str key, const int64_t *ids, ptrdiff_t n)
{
    json_key(j, key);
    ids_put(j, ids, n);
}

void ids_put(struct json_out *j, const int64_t *ids, ptrdiff_t n)
{
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++)
        json_put_id(j, ids[i]);
    json_arr_end(j);
}

bool agent_is_online(const struct agent *agent, int64_t now_ms)
{
    return agent->is_active && str_eq(agent->availability, S("online")) && agent->last_seen_ms &&
           now_ms - agent->last_seen_ms < ONLINE_MS;
}

str agent_photo_url(struct arena *a, agent_id id, str photo_hash)
{
    if (!photo_hash.len)
        return (str){0};
    return str_print(a, "/photos/%lld/%.*s", (long long)id.v, SARG(photo_hash));
}

static const struct shape_field account_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("locale", SHAPE_TEXT, 0, "language of new people and of mails"),
    SHOWN("time_zone", SHAPE_TEXT, 0, "IANA name"),
    SHOWN("undo_seconds", SHAPE_INT, 0, "how long a reply is held and may be taken back"),
    SHOWN(
        "reopen_days", SHAPE_INT, 0, "a customer who writes within them reopens the conversation"),
    SHOWN("settings", SHAPE_FREE, 0, "the console's own"),
    SHOWN("mail_channel_id", SHAPE_ID, SHAPE_NULL,
        "the mailbox that invitations and password resets go out by"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
};
const struct shape account_shape =
    SHAPE("Account", NULL, account_fields, "A company's customer care.");

void account_view(struct json_out *j, const struct account *account)
{
    json_obj(j);
    json_kv_id(j, S("id"), account->id.v);
    json_kv_str(j, S("name"), account->name);
    json_kv_str(j, S("locale"), account->locale);
    json_kv_str(j, S("time_zone"), account->time_zone);
    json_kv_int(j, S("undo_seconds"), account->undo_seconds);
    json_kv_int(j, S("reopen_days"), account->reopen_days);
    json_kv_raw(j, S("settings"), account->settings);
    json_kv_id(j, S("mail_channel_id"), account->mail_channel_id.v);
    json_kv_time(j, S("created_at"), account->created_ms);
    json_obj_end(j);
}

static str agent_state(const struct agent *agent)
{
    if (!agent->is_active)
        return S("inactive");
    return agent->joined_ms ? S("active") : S("invited");
}

static void put_grants(struct json_out *j, const struct agent_scope *scope)
{
    json_key(j, S("grants"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < scope->n_grant_teams; i++) {
        json_obj(j);
        json_kv_str(j, S("scope"), S("team"));
        json_kv_id(j, S("id"), scope->grant_team_ids[i]);
        json_obj_end(j);
    }
    for (ptrdiff_t i = 0; i < scope->n_grant_channels; i++) {
        json_obj(j);
        json_kv_str(j, S("scope"), S("channel"));
        json_kv_id(j, S("id"), scope->grant_channel_ids[i]);
        json_obj_end(j);
    }
    json_arr_end(j);
}

static const char *const grant_scopes[] = {"team", "channel", NULL};
static const struct shape_field grant_fields[] = {
    SHOWN_WORD("scope", 0, grant_scopes, NULL),
    SHOWN("id", SHAPE_ID, 0, "of the team or channel"),
};
static const struct shape grant_shape =
    SHAPE("Grant", NULL, grant_fields, "What an agent's role is narrowed to.");

static const char *const agent_states[] = {"invited", "active", "inactive", NULL};
static const char *const availabilities[] = {"online", "away", NULL};
static const struct shape_field agent_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("email", SHAPE_TEXT, 0, NULL),
    SHOWN("role", SHAPE_TEXT, 0, "key of a role"),
    SHOWN("team_ids", SHAPE_ID, SHAPE_LIST, "teams of which the agent is a member"),
    SHOWN_OBJECT("grants", SHAPE_LIST, &grant_shape, "empty = the whole account"),
    SHOWN("is_active", SHAPE_BOOL, 0, "false: may not sign in"),
    SHOWN_WORD("state", 0, agent_states, NULL),
    SHOWN_WORD("availability", 0, availabilities, "what the agent chose"),
    SHOWN("is_online", SHAPE_BOOL, 0, "available and seen in the last ten minutes"),
    SHOWN("photo_url", SHAPE_TEXT, SHAPE_NULL, "below the base URL; public"),
    SHOWN("introduction", SHAPE_TEXT, 0, "what visitors read about the agent"),
    SHOWN("locale", SHAPE_TEXT, 0, NULL),
    SHOWN("time_zone", SHAPE_TEXT, 0, "IANA name"),
    SHOWN("has_totp", SHAPE_BOOL, 0, "a second factor is on"),
    SHOWN("last_seen_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("is_in_wrap_up", SHAPE_BOOL, 0, "has ended a call and is not done with it"),
    SHOWN("phone", SHAPE_TEXT, SHAPE_NULL | SHAPE_OPTIONAL,
        "rings for calls; only to the agent itself"),
    SHOWN("settings", SHAPE_FREE, SHAPE_OPTIONAL, "the console's own; only to the agent itself"),
};
const struct shape agent_shape =
    SHAPE("Agent", NULL, agent_fields, "Somebody who answers customers.");

void agent_view(struct json_out *j, const struct agent *agent, const struct agent_scope *scope,
    int64_t now_ms, bool mine)
{
    json_obj(j);
    json_kv_id(j, S("id"), agent->id.v);
    json_kv_str(j, S("name"), agent->name);
    json_kv_str(j, S("email"), agent->email);
    json_kv_str(j, S("role"), agent->role);
    put_ids_as(j, S("team_ids"), scope->team_ids, scope->n_teams);
    put_grants(j, scope);
    json_kv_bool(j, S("is_active"), agent->is_active);
    json_kv_str(j, S("state"), agent_state(agent));
    json_kv_str(j, S("availability"), agent->availability);
    json_kv_bool(j, S("is_online"), agent_is_online(agent, now_ms));
    json_kv_text(j, S("photo_url"), agent_photo_url(j->b.a, agent->id, agent->photo_hash));
    json_kv_str(j, S("introduction"), agent->introduction);
    json_kv_str(j, S("locale"), agent->locale);
    json_kv_str(j, S("time_zone"), agent->time_zone);
    json_kv_bool(j, S("has_totp"), agent->has_totp);
    json_kv_time(j, S("last_seen_at"), agent->last_seen_ms);
    json_kv_bool(j, S("is_in_wrap_up"), agent->is_in_wrap_up);
    if (mine) {
        json_kv_text(j, S("phone"), agent->phone);
        json_kv_raw(j, S("settings"), agent->settings);
    }
    json_obj_end(j);
}

static const struct shape_field team_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("description", SHAPE_TEXT, 0, NULL),
    SHOWN("agent_ids", SHAPE_ID, SHAPE_LIST, "its members"),
};
const struct shape team_shape = SHAPE("Team", NULL, team_fields, "Agents who share conversations.");

void team_view(
    struct json_out *j, const struct team *team, const int64_t *agent_ids, ptrdiff_t n_agents)
{
    json_obj(j);
    json_kv_id(j, S("id"), team->id.v);
    json_kv_str(j, S("name"), team->name);
    json_kv_str(j, S("description"), team->description);
    put_ids_as(j, S("agent_ids"), agent_ids, n_agents);
    json_obj_end(j);
}

static const struct shape_field role_fields[] = {
    SHOWN("id", SHAPE_ID, SHAPE_NULL, "null when built in"),
    SHOWN("key", SHAPE_TEXT, 0, "what an agent's `role` says"),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN_WORD("capabilities", SHAPE_LIST, capability_words, "what it allows"),
    SHOWN("is_builtin", SHAPE_BOOL, 0, NULL),
};
const struct shape role_shape = SHAPE("Role", NULL, role_fields, "A set of capabilities.");

void role_view(struct json_out *j, const struct role *role)
{
    json_obj(j);
    json_kv_id(j, S("id"), role->id.v);
    json_kv_str(j, S("key"), role->key);
    json_kv_str(j, S("name"), role->name);
    json_key(j, S("capabilities"));
    capabilities_put(j, role->caps);
    json_kv_bool(j, S("is_builtin"), role->id.v == 0);
    json_obj_end(j);
}

static const struct shape_field session_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("last_seen_at", SHAPE_TIME, 0, NULL),
    SHOWN("ip", SHAPE_TEXT, 0, "where it began"),
    SHOWN("user_agent", SHAPE_TEXT, 0, "the browser's own words"),
    SHOWN("is_current", SHAPE_BOOL, 0, "the one that asks"),
};
const struct shape session_shape =
    SHAPE("SessionRow", NULL, session_fields, "A browser in which one is signed in.");

void session_view(struct json_out *j, const struct session *session, session_id current)
{
    json_obj(j);
    json_kv_id(j, S("id"), session->id.v);
    json_kv_time(j, S("created_at"), session->created_ms);
    json_kv_time(j, S("last_seen_at"), session->last_seen_ms);
    json_kv_str(j, S("ip"), session->ip);
    json_kv_str(j, S("user_agent"), session->user_agent);
    json_kv_bool(j, S("is_current"), session->id.v == current.v);
    json_obj_end(j);
}

static const struct shape_field token_shape_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN_WORD("scopes", SHAPE_LIST, capability_words, "what it may do"),
    SHOWN("prefix", SHAPE_TEXT, 0, "how its secret begins"),
    SHOWN("agent_id", SHAPE_ID, 0, "who made it"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("last_used_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("expires_at", SHAPE_TIME, SHAPE_NULL, "null = never"),
};
const struct shape token_shape =
    SHAPE("Token", NULL, token_shape_fields, "An API token, without its secret.");

void token_fields(struct json_out *j, const struct token *token)
{
    json_kv_id(j, S("id"), token->id.v);
    json_kv_str(j, S("name"), token->name);
    json_kv_raw(j, S("scopes"), token->scopes);
    json_kv_str(j, S("prefix"), token->prefix);
    json_kv_id(j, S("agent_id"), token->agent_id.v);
    json_kv_time(j, S("created_at"), token->created_ms);
    json_kv_time(j, S("last_used_at"), token->last_used_ms);
    json_kv_time(j, S("expires_at"), token->expires_ms);
}

static const struct shape_field audit_actor_fields[] = {
    SHOWN("kind", SHAPE_TEXT, 0, "agent, token, visitor, system or nobody"),
    SHOWN("id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
};
static const struct shape audit_actor_shape =
    SHAPE("AuditActor", NULL, audit_actor_fields, "Who did it.");
static const struct shape_field subject_fields[] = {
    SHOWN("type", SHAPE_TEXT, 0, "agent, channel, conversation …"),
    SHOWN("id", SHAPE_ID, SHAPE_NULL, NULL),
};
const struct shape subject_shape =
    SHAPE("Subject", NULL, subject_fields, "What an event or an entry of the audit is about.");
static const struct shape_field audit_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("at", SHAPE_TIME, 0, NULL),
    SHOWN_OBJECT("actor", 0, &audit_actor_shape, NULL),
    SHOWN("action", SHAPE_TEXT, 0, "\"agent.invited\" …"),
    SHOWN_OBJECT("subject", 0, &subject_shape, NULL),
    SHOWN("detail", SHAPE_FREE, 0, "depends on the action; never a message's text"),
    SHOWN("ip", SHAPE_TEXT, SHAPE_NULL, NULL),
};
const struct shape audit_shape =
    SHAPE("AuditEntry", NULL, audit_fields, "One thing that was done.");

void audit_view(struct json_out *j, const struct audit_row *row)
{
    json_obj(j);
    json_kv_id(j, S("id"), row->id.v);
    json_kv_time(j, S("at"), row->at_ms);
    json_key(j, S("actor"));
    json_obj(j);
    json_kv_str(j, S("kind"), row->actor_kind);
    json_kv_id(j, S("id"), row->actor_id);
    json_kv_str(j, S("name"), row->actor_name);
    json_obj_end(j);
    json_kv_str(j, S("action"), row->action);
    json_key(j, S("subject"));
    json_obj(j);
    json_kv_str(j, S("type"), row->subject_type);
    json_kv_id(j, S("id"), row->subject_id);
    json_obj_end(j);
    json_kv_raw(j, S("detail"), row->detail);
    json_kv_text(j, S("ip"), row->ip);
    json_obj_end(j);
}
