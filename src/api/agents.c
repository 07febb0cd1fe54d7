/* agents: the people of the account: inviting, changing, signing out (API "Account, people"). Who
 * may change whom: care/access.h. */
#include "api/change.h"
#include "api/input.h"
#include "api/live.h"
#include "api/server.h"
#include "base/id.h"
#include "base/json.h"
#include "base/utf8.h"
#include "care/access.h"
#include "care/system_mail.h"
#include "model/view_access.h"
#include "store/account.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/link.h"
#include "store/login.h"
#include "store/role.h"
#include "store/session.h"
#include "store/team.h"

enum { EMAIL_MAX = 320, TEAMS_MAX = 200, GRANTS_MAX = 200 };

struct agent_body {
    str email, name, role;
    struct id_list team_ids;
    const struct json *grants;
    bool is_active;
    bool has_name, has_role, has_team_ids, has_grants, has_is_active;
};
static const struct input_field invite_fields[] = {
    FIELD(struct agent_body, email, IN_TEXT, IN_REQUIRED, 3, EMAIL_MAX, "mail address"),
    FIELD_SEEN(struct agent_body, name, IN_TEXT, 0, 0, 0, NULL),
    FIELD_SEEN(struct agent_body, role, IN_TEXT, IN_REQUIRED, 1, 64, "key of a role"),
    FIELD_SEEN(struct agent_body, team_ids, IN_ID_LIST, 0, 0, TEAMS_MAX, NULL),
    FIELD_SEEN(struct agent_body, grants, IN_JSON, 0, 0, 0,
        "narrows the role: [{scope:\"team\"|\"channel\", id}]; empty = the whole account"),
};
static const struct input_spec invite_spec = SPEC("AgentNew", struct agent_body, invite_fields);
static const struct input_field patch_fields[] = {
    FIELD_SEEN(struct agent_body, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct agent_body, role, IN_TEXT, 0, 1, 64, "key of a role"),
    FIELD_SEEN(struct agent_body, team_ids, IN_ID_LIST, 0, 0, TEAMS_MAX, NULL),
    FIELD_SEEN(struct agent_body, grants, IN_JSON, 0, 0, 0,
        "narrows the role: [{scope:\"team\"|\"channel\", id}]; empty = the whole account"),
    FIELD_SEEN(struct agent_body, is_active, IN_BOOL, 0, 0, 0, NULL),
};
static const struct input_spec patch_spec = SPEC("AgentPatch", struct agent_body, patch_fields);

struct grant_body {
    str scope;
    int64_t id;
};
static const char *const scopes[] = {"team", "channel", NULL};
static const struct input_field grant_fields[] = {
    FIELD_ENUM(struct grant_body, scope, IN_REQUIRED, scopes, NULL),
    FIELD(struct grant_body, id, IN_ID, IN_REQUIRED, 0, 0, NULL),
};
static const struct input_spec grant_spec = SPEC("Grant", struct grant_body, grant_fields);

/* ── answers ── */

static void link_put(
    struct json_out *j, struct ctx *cx, str token, int64_t expires_ms, bool is_mailed)
{
    json_obj(j);
    json_kv_str(j, S("url"),
        str_print(cx->arena, "%.*s/app/link/%.*s", SARG(cx->config->base_url), SARG(token)));
    json_kv_time(j, S("expires_at"), expires_ms);
    json_kv_bool(j, S("is_mailed"), is_mailed);
    json_obj_end(j);
}

static const struct shape_field link_fields[] = {
    SHOWN("url", SHAPE_TEXT, 0, "to be opened by the person, once"),
    SHOWN("expires_at", SHAPE_TIME, 0, NULL),
    SHOWN("is_mailed", SHAPE_BOOL, 0, "it is on its way to them by mail"),
};
static const struct shape link_shape =
    SHAPE("LinkMade", NULL, link_fields, "A link with which somebody sets a password.");
static const struct shape_field invited_fields[] = {
    SHOWN_OBJECT("agent", 0, &agent_shape, NULL),
    SHOWN_OBJECT("link", 0, &link_shape, NULL),
};
static const struct shape invited_shape =
    SHAPE("AgentInvited", NULL, invited_fields, "A new agent and the link to give to it.");

static err list(struct call *call)
{
    struct agent *agents;
    struct agent_scope *of;
    ptrdiff_t n;
    TRY(agent_list(&call->cx, &agents, &of, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        agent_view(&j, &agents[i], &of[i], call->cx.now_ms, false);
    return answer_list_end(call, &j, (str){0});
}

/* ── grants ── */

static err grants_set(struct ctx *cx, agent_id id, str role, const struct json *grants)
{
    if (grants->kind != JSON_ARRAY || grants->count > GRANTS_MAX)
        return fail_field(cx, "grants", "grants must be a list of at most %d", GRANTS_MAX);
    if (grants->count && str_eq(role, S("owner")))
        return fail_field(cx, "grants", "an owner's role always covers the whole account");
    int64_t *teams = NEW(cx->arena, int64_t, grants->count + 1);
    int64_t *channels = NEW(cx->arena, int64_t, grants->count + 1);
    ptrdiff_t n_teams = 0, n_channels = 0;
    for (const struct json *v = grants->first; v; v = v->next) {
        void *made;
        TRY(input_object(cx, &grant_spec, v, "grants.", &made));
        const struct grant_body *grant = made;
        if (str_eq(grant->scope, S("team")))
            teams[n_teams++] = grant->id;
        else
            channels[n_channels++] = grant->id;
    }
    return agent_set_grants(cx, id, teams, n_teams, channels, n_channels);
}

/* ── inviting ── */

static bool looks_like_mail(str email)
{
    ptrdiff_t at = str_find_byte(email, '@');
    return at > 0 && at < email.len - 1 && str_find_byte(str_skip(email, at + 1), '@') < 0 &&
           str_find_byte(email, ' ') < 0;
}

static err agent_make(struct ctx *cx, const struct agent_body *body, struct agent *agent)
{
    struct account account;
    struct login login;
    str email = utf8_fold(cx->arena, body->email);
    if (!looks_like_mail(email))
        return fail_field(cx, "email", "this is not a mail address");
    TRY(access_may_give_role(cx, body->role));
    TRY(account_get(cx, &account));
    TRY(login_ensure(cx, email, &login));
    str local, domain;
    (void)str_cut(email, '@', &local, &domain);
    *agent = (struct agent){
        .id = {id_make(cx->now_ms)},
        .login_id = login.id,
        .name = body->name.len ? body->name : local,
        .email = email,
        .role = body->role,
        .locale = account.locale,
        .time_zone = account.time_zone,
        .availability = S("online"),
        .settings = S("{}"),
        .is_active = true,
        .created_ms = cx->now_ms,
    };
    TRY(agent_add(cx, agent));
    TRY(login_join(cx, login.id, agent->id));
    TRY(team_set_of(cx, agent->id, body->team_ids.at, body->team_ids.len));
    if (body->has_grants)
        TRY(grants_set(cx, agent->id, agent->role, body->grants));
    return OK;
}

static err role_detail(struct ctx *cx, const struct agent *agent, str *detail)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("email"), agent->email);
    json_kv_str(&j, S("role"), agent->role);
    json_kv_bool(&j, S("is_active"), agent->is_active);
    json_obj_end(&j);
    *detail = json_str(&j);
    return OK;
}

static err invite(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct agent agent;
    str token, json, detail;
    int64_t expires_ms;
    bool is_mailed = false;
    TRY(agent_make(cx, call->body, &agent));
    TRY(link_add(cx, agent.login_id, agent.id, S("invitation"), &token, &expires_ms));
    TRY(system_mail_invitation(cx, &agent, token, expires_ms, &is_mailed));
    TRY(role_detail(cx, &agent, &detail));
    TRY(audit_add(cx, S("agent.invited"), S("agent"), agent.id.v, detail));
    TRY(agent_json(cx, agent.id, &json));
    TRY(change_tell(cx, S("agent.updated"), S("agent"), agent.id.v, json));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_raw(&j, S("agent"), json);
    json_key(&j, S("link"));
    link_put(&j, cx, token, expires_ms, is_mailed);
    json_obj_end(&j);
    return answer_json(call, 201, json_str(&j));
}

/* ── changing ── */

struct ended {
    account_id account;
    agent_id agent;
};

static void streams_end(struct api *api, void *arg)
{
    const struct ended *ended = arg;
    live_end_agent(api, ended->account, ended->agent);
}

/* Open streams are resolved anew: what may be heard has changed. */
static void streams_end_later(struct call *call, agent_id id)
{
    struct ended *ended = NEW(call->cx.arena, struct ended, 1);
    *ended = (struct ended){call->cx.account, id};
    call_after_commit(call, streams_end, ended);
}

static err agent_apply(struct ctx *cx, const struct agent_body *body, struct agent *agent)
{
    struct agent before = *agent;
    if (body->has_role) {
        if (!str_eq(body->role, agent->role))
            TRY(access_may_give_role(cx, body->role));
        agent->role = body->role;
    }
    if (body->has_name)
        agent->name = body->name;
    if (body->has_is_active)
        agent->is_active = body->is_active;
    TRY(access_keeps_owner(cx, &before, agent->role, agent->is_active));
    TRY(agent_set(cx, agent));
    if (body->has_team_ids)
        TRY(team_set_of(cx, agent->id, body->team_ids.at, body->team_ids.len));
    if (body->has_grants && agent->id.v == cx->actor.agent.v && !cx->actor.sees_all)
        return fail(cx, E_FORBIDDEN, "you cannot widen your own scope");
    if (body->has_grants)
        TRY(grants_set(cx, agent->id, agent->role, body->grants));
    else if (str_eq(agent->role, S("owner")))
        TRY(agent_set_grants(cx, agent->id, NULL, 0, NULL, 0));
    return OK;
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct agent agent;
    str json, detail;
    TRY(agent_get(cx, (agent_id){call->id}, &agent));
    TRY(access_may_change(cx, &agent));
    TRY(agent_apply(cx, call->body, &agent));
    if (!agent.is_active) {
        TRY(session_end_all(cx, agent.id, (session_id){0}, NULL));
        TRY(link_end_all(cx, agent.id));
    }
    streams_end_later(call, agent.id);
    TRY(role_detail(cx, &agent, &detail));
    TRY(audit_add(cx, S("agent.updated"), S("agent"), agent.id.v, detail));
    TRY(agent_json(cx, agent.id, &json));
    TRY(change_tell(cx, S("agent.updated"), S("agent"), agent.id.v, json));
    return answer_json(call, 200, json);
}

static err reset_link(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct agent agent;
    str token;
    int64_t expires_ms;
    bool is_mailed = false;
    TRY(agent_get(cx, (agent_id){call->id}, &agent));
    TRY(access_may_reset(cx, &agent));
    if (!agent.is_active)
        return fail_detail(cx, E_CONFLICT, "inactive", "%.*s is not active", SARG(agent.name));
    str purpose = agent.joined_ms ? S("reset") : S("invitation");
    TRY(link_add(cx, agent.login_id, agent.id, purpose, &token, &expires_ms));
    TRY((agent.joined_ms ? system_mail_reset : system_mail_invitation)(
        cx, &agent, token, expires_ms, &is_mailed));
    TRY(audit_add(cx, S("agent.link_made"), S("agent"), agent.id.v, (str){0}));
    struct json_out j = json_out_make(cx->arena, 0);
    link_put(&j, cx, token, expires_ms, is_mailed);
    return answer_json(call, 200, json_str(&j));
}

static err sign_out(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct agent agent;
    TRY(agent_get(cx, (agent_id){call->id}, &agent));
    TRY(access_may_change(cx, &agent));
    TRY(session_end_all(cx, agent.id, (session_id){0}, NULL));
    streams_end_later(call, agent.id);
    TRY(audit_add(cx, S("agent.signed_out"), S("agent"), agent.id.v, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/agents", AUTH_AGENT, CAP_AGENT_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "All agents of the account.", &agent_shape, 0},
    {HTTP_POST, "/api/v1/agents", AUTH_AGENT, CAP_AGENT_MANAGE,
     ROUTE_WRITE | ROUTE_MADE, NULL, &invite_spec, NULL, invite,
     "Invite somebody; the answer holds the link.", &invited_shape, 0},
    {HTTP_PATCH, "/api/v1/agents/{id}", AUTH_AGENT, CAP_AGENT_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, &patch_spec, NULL, patch,
     "Change an agent's name, role, teams, scope or state.", &agent_shape, 0},
    {HTTP_POST, "/api/v1/agents/{id}/reset-link", AUTH_AGENT, CAP_AGENT_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, reset_link,
     "A link with which the agent sets a new password.", &link_shape, 0},
    {HTTP_POST, "/api/v1/agents/{id}/sign-out", AUTH_AGENT, CAP_AGENT_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, sign_out,
     "Sign all of an agent's browsers out.", NULL, 0},
};
/* clang-format on */
extern const struct route_table agents_routes;
const struct route_table agents_routes = ROUTES(routes);
