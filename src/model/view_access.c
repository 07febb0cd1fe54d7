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
    if (mine)
        json_kv_raw(j, S("settings"), agent->settings);
    json_obj_end(j);
}

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
