/* tokens: API tokens (API "Account, people"). The secret is in the answer of the POST and nowhere
 * else; scopes are within the maker's capabilities, now and at every use. */
#include "api/input.h"
#include "api/live.h"
#include "api/server.h"
#include "base/json.h"
#include "care/access.h"
#include "model/names.h"
#include "model/view_access.h"
#include "store/audit.h"
#include "store/token.h"

struct token_body {
    str name;
    struct str_list scopes;
    int64_t expires_at;
};
static const struct input_field fields[] = {
    FIELD(struct token_body, name, IN_TEXT, IN_REQUIRED, 1, 0, NULL),
    FIELD(struct token_body, scopes, IN_TEXT_LIST, IN_REQUIRED, 1, CAP_COUNT, "capabilities"),
    FIELD(struct token_body, expires_at, IN_TIME, IN_NULLABLE, 0, 0, NULL),
};
static const struct input_spec spec = SPEC("TokenNew", struct token_body, fields);

static err list(struct call *call)
{
    struct token *rows;
    ptrdiff_t n;
    TRY(token_list(&call->cx, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(&j);
        token_fields(&j, &rows[i]);
        json_obj_end(&j);
    }
    return answer_list_end(call, &j, (str){0});
}

static err scopes_of(struct ctx *cx, const struct str_list *names, str *json)
{
    uint64_t set = 0;
    for (ptrdiff_t i = 0; i < names->len; i++) {
        enum capability c = capability_by_name(names->at[i]);
        if (c == CAP_NONE || c == CAP_SELF)
            return fail_field(cx, "scopes", "there is no capability %.*s", SARG(names->at[i]));
        set |= (uint64_t)c;
    }
    TRY(access_within_own(cx, set, "scopes"));
    *json = capabilities_json(cx->arena, set);
    return OK;
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct token_body *body = call->body;
    struct token token = {
        .agent_id = cx->actor.agent, .name = body->name, .expires_ms = body->expires_at};
    str secret;
    if (token.expires_ms && token.expires_ms <= cx->now_ms)
        return fail_field(cx, "expires_at", "this time is over already");
    TRY(scopes_of(cx, &body->scopes, &token.scopes));
    TRY(token_add(cx, &token, &secret));
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_str(&detail, S("name"), token.name);
    json_kv_raw(&detail, S("scopes"), token.scopes);
    json_obj_end(&detail);
    TRY(audit_add(cx, S("token.created"), S("token"), token.id.v, json_str(&detail)));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    token_fields(&j, &token);
    json_kv_str(&j, S("secret"), secret);
    json_obj_end(&j);
    return answer_json(call, 201, json_str(&j));
}

struct ended {
    account_id account;
    token_id token;
};

static void streams_end(struct api *api, void *arg)
{
    const struct ended *ended = arg;
    live_end_token(api, ended->account, ended->token);
}

static err delete (struct call *call)
{
    struct ctx *cx = &call->cx;
    token_id id = {call->id};
    TRY(token_revoke(cx, id));
    TRY(audit_add(cx, S("token.revoked"), S("token"), id.v, (str){0}));
    struct ended *ended = NEW(cx->arena, struct ended, 1);
    *ended = (struct ended){cx->account, id};
    call_after_commit(call, streams_end, ended);
    return answer_empty(call);
}

static const struct shape_field made_fields[] = {
    SHOWN("secret", SHAPE_TEXT, 0, "shown this once"),
};
static const struct shape made_shape =
    SHAPE("TokenMade", &token_shape, made_fields, "A new API token with its secret.");

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/tokens", AUTH_AGENT, CAP_TOKEN_MANAGE,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "All API tokens, without their secrets.", &token_shape, 0},
    {HTTP_POST, "/api/v1/tokens", AUTH_AGENT, CAP_TOKEN_MANAGE,
     ROUTE_WRITE | ROUTE_MADE, NULL, &spec, NULL, post,
     "Make an API token; its secret is shown this once.", &made_shape, 0},
    {HTTP_DELETE, "/api/v1/tokens/{id}", AUTH_AGENT, CAP_TOKEN_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, delete,
     "Revoke an API token.", NULL, 0},
};
/* clang-format on */
extern const struct route_table tokens_routes;
const struct route_table tokens_routes = ROUTES(routes);
