/* teams: groups of agents (API "Account, people"). */
#include "api/change.h"
#include "api/input.h"
#include "api/server.h"
#include "base/id.h"
#include "base/json.h"
#include "model/view_access.h"
#include "store/audit.h"
#include "store/team.h"

enum { DESCRIPTION_MAX = 2000, MEMBERS_MAX = 500 };

struct team_body {
    str name, description;
    struct id_list agent_ids;
    bool has_name, has_description, has_agent_ids;
};
static const struct input_field new_fields[] = {
    FIELD_SEEN(struct team_body, name, IN_TEXT, IN_REQUIRED, 1, 0, NULL),
    FIELD_SEEN(struct team_body, description, IN_TEXT, IN_MULTILINE, 0, DESCRIPTION_MAX, NULL),
    FIELD_SEEN(struct team_body, agent_ids, IN_ID_LIST, 0, 0, MEMBERS_MAX, NULL),
};
static const struct input_spec new_spec = SPEC("TeamNew", struct team_body, new_fields);
static const struct input_field patch_fields[] = {
    FIELD_SEEN(struct team_body, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct team_body, description, IN_TEXT, IN_MULTILINE | IN_NULLABLE, 0,
        DESCRIPTION_MAX, NULL),
    FIELD_SEEN(struct team_body, agent_ids, IN_ID_LIST, 0, 0, MEMBERS_MAX, NULL),
};
static const struct input_spec patch_spec = SPEC("TeamPatch", struct team_body, patch_fields);

static void team_put(struct ctx *cx, struct json_out *j, const struct team *team,
    const struct team_member *members, ptrdiff_t n)
{
    int64_t *ids = NEW(cx->arena, int64_t, n + 1);
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (members[i].team_id.v == team->id.v)
            ids[count++] = members[i].agent_id.v;
    team_view(j, team, ids, count);
}

static err list(struct call *call)
{
    struct team *teams;
    struct team_member *members;
    ptrdiff_t n, n_members;
    TRY(team_list(&call->cx, &teams, &n, &members, &n_members));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        team_put(&call->cx, &j, &teams[i], members, n_members);
    return answer_list_end(call, &j, (str){0});
}

static err changed(struct call *call, team_id id, int status, str action)
{
    struct ctx *cx = &call->cx;
    struct team team;
    struct team_member *members;
    ptrdiff_t n;
    TRY(team_get(cx, id, &team));
    TRY(team_members(cx, id, &members, &n));
    struct json_out j = json_out_make(cx->arena, 0);
    team_put(cx, &j, &team, members, n);
    TRY(audit_add(cx, action, S("team"), id.v, (str){0}));
    TRY(change_tell(cx, S("team.updated"), S("team"), id.v, json_str(&j)));
    return answer_json(call, status, json_str(&j));
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct team_body *body = call->body;
    struct team team = {
        .id = {id_make(cx->now_ms)},
        .name = body->name,
        .description = body->description,
        .created_ms = cx->now_ms,
    };
    TRY(team_add(cx, &team));
    TRY(team_set_members(cx, team.id, body->agent_ids.at, body->agent_ids.len));
    return changed(call, team.id, 201, S("team.created"));
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct team_body *body = call->body;
    struct team team;
    TRY(team_get(cx, (team_id){call->id}, &team));
    if (body->has_name)
        team.name = body->name;
    if (body->has_description)
        team.description = body->description;
    TRY(team_set(cx, &team));
    if (body->has_agent_ids)
        TRY(team_set_members(cx, team.id, body->agent_ids.at, body->agent_ids.len));
    return changed(call, team.id, 200, S("team.updated"));
}

static err delete (struct call *call)
{
    struct ctx *cx = &call->cx;
    struct team team;
    TRY(team_get(cx, (team_id){call->id}, &team));
    TRY(team_remove(cx, team.id));
    TRY(audit_add(cx, S("team.removed"), S("team"), team.id.v, (str){0}));
    TRY(change_tell_gone(cx, S("team.updated"), S("team"), team.id.v));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/teams", AUTH_AGENT, CAP_AGENT_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "All teams.", &team_shape, 0},
    {HTTP_POST, "/api/v1/teams", AUTH_AGENT, CAP_TEAM_MANAGE,
     ROUTE_WRITE | ROUTE_MADE, NULL, &new_spec, NULL, post,
     "Make a team.", &team_shape, 0},
    {HTTP_PATCH, "/api/v1/teams/{id}", AUTH_AGENT, CAP_TEAM_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, &patch_spec, NULL, patch,
     "Change a team.", &team_shape, 0},
    {HTTP_DELETE, "/api/v1/teams/{id}", AUTH_AGENT, CAP_TEAM_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, delete,
     "Remove a team.", NULL, 0},
};
/* clang-format on */
extern const struct route_table teams_routes;
const struct route_table teams_routes = ROUTES(routes);
