/* roles: the built-in roles and the account's own (API "Account, people"). A role never holds more
 * than its maker may do. */
#include "api/input.h"
#include "api/server.h"
#include "base/id.h"
#include "base/json.h"
#include "care/access.h"
#include "model/view_access.h"
#include "store/audit.h"
#include "store/role.h"

struct role_body {
    str name;
    struct str_list capabilities;
    bool has_name, has_capabilities;
};
static const struct input_field new_fields[] = {
    FIELD_SEEN(struct role_body, name, IN_TEXT, IN_REQUIRED, 1, 0, NULL),
    FIELD_SEEN(
        struct role_body, capabilities, IN_TEXT_LIST, IN_REQUIRED, 0, CAP_COUNT, "noun.verb"),
};
static const struct input_spec new_spec = SPEC("RoleNew", struct role_body, new_fields);
static const struct input_field patch_fields[] = {
    FIELD_SEEN(struct role_body, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct role_body, capabilities, IN_TEXT_LIST, 0, 0, CAP_COUNT, "noun.verb"),
};
static const struct input_spec patch_spec = SPEC("RolePatch", struct role_body, patch_fields);

static err caps_of(struct ctx *cx, const struct str_list *names, uint64_t *caps)
{
    uint64_t set = 0;
    for (ptrdiff_t i = 0; i < names->len; i++) {
        enum capability c = capability_by_name(names->at[i]);
        if (c == CAP_NONE || c == CAP_SELF)
            return fail_field(
                cx, "capabilities", "there is no capability %.*s", SARG(names->at[i]));
        set |= (uint64_t)c;
    }
    TRY(access_within_own(cx, set, "capabilities"));
    *caps = set;
    return OK;
}

static err list(struct call *call)
{
    struct role *roles;
    ptrdiff_t n;
    TRY(role_list(&call->cx, &roles, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        role_view(&j, &roles[i]);
    return answer_list_end(call, &j, (str){0});
}

static err role_answer(struct call *call, const struct role *role, int status)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    role_view(&j, role);
    return answer_json(call, status, json_str(&j));
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct role_body *body = call->body;
    struct role role = {.id = {id_make(cx->now_ms)}, .name = body->name};
    role.key = str_print(cx->arena, "custom-%lld", (long long)role.id.v);
    TRY(caps_of(cx, &body->capabilities, &role.caps));
    TRY(role_add(cx, &role));
    TRY(audit_add(cx, S("role.created"), S("role"), role.id.v, (str){0}));
    return role_answer(call, &role, 201);
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct role_body *body = call->body;
    struct role role;
    TRY(role_get(cx, (role_id){call->id}, &role));
    TRY(access_within_own(cx, role.caps, "capabilities")); /* a stronger role is out of reach */
    if (body->has_name)
        role.name = body->name;
    if (body->has_capabilities)
        TRY(caps_of(cx, &body->capabilities, &role.caps));
    TRY(role_set(cx, &role));
    TRY(audit_add(cx, S("role.updated"), S("role"), role.id.v, (str){0}));
    return role_answer(call, &role, 200);
}

static err delete (struct call *call)
{
    struct ctx *cx = &call->cx;
    struct role role;
    TRY(role_get(cx, (role_id){call->id}, &role));
    TRY(role_remove(cx, role.id));
    TRY(audit_add(cx, S("role.removed"), S("role"), role.id.v, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/roles", AUTH_AGENT, CAP_AGENT_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "All roles with their capabilities.", &role_shape, 0},
    {HTTP_POST, "/api/v1/roles", AUTH_AGENT, CAP_ROLE_MANAGE,
     ROUTE_WRITE | ROUTE_MADE, NULL, &new_spec, NULL, post,
     "Make a role of your own.", &role_shape, 0},
    {HTTP_PATCH, "/api/v1/roles/{id}", AUTH_AGENT, CAP_ROLE_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, &patch_spec, NULL, patch,
     "Change a role of your own.", &role_shape, 0},
    {HTTP_DELETE, "/api/v1/roles/{id}", AUTH_AGENT, CAP_ROLE_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, delete,
     "Remove a role that nobody has.", NULL, 0},
};
/* clang-format on */
extern const struct route_table roles_routes;
const struct route_table roles_routes = ROUTES(routes);
