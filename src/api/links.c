/* links: taking up an invitation or a password reset (API "Session and self", GET/POST /links). The
 * link alone sets a password only for somebody who has none, or whose password it was made to
 * reset: an invitation into a further account asks for the password that exists, and a second
 * factor is asked for in any case. docs/security.md point 5. */
#include "api/change.h"
#include "api/input.h"
#include "api/sign_in.h"
#include "base/crypto.h"
#include "base/json.h"
#include "model/view_access.h"
#include "store/account.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/door.h"
#include "store/link.h"
#include "store/login.h"
#include "store/session.h"

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 1000 }; /* bytes, as in me.c */

struct link_body {
    str password, name, code;
};
static const struct input_field link_fields[] = {
    FIELD(struct link_body, password, IN_TEXT, IN_REQUIRED | IN_SECRET, 1, PASSWORD_MAX,
        "the new password, or the one you have when you already use Seva"),
    FIELD(struct link_body, name, IN_TEXT, 0, 0, 0, "your name, when it is not known yet"),
    FIELD(struct link_body, code, IN_TEXT, 0, 0, 40, "second factor, when you have one"),
};
static const struct input_spec link_spec = SPEC("LinkUse", struct link_body, link_fields);

/* The person joins with the password they already have. */
static bool keeps_password(const struct link *link, const struct login *login)
{
    return login->password_hash.len && str_eq(link->purpose, S("invitation"));
}

struct link_people {
    struct link link;
    struct login login;
    struct agent agent;
};

/* Scopes cx to the link's account. */
static err link_people(struct ctx *cx, str token, struct link_people *p)
{
    TRY(link_find(cx, token, &p->link));
    TRY(door_account(cx, p->link.account_id));
    TRY(login_get(cx, p->link.login_id, &p->login));
    TRY(agent_get(cx, p->link.agent_id, &p->agent));
    if (!p->agent.is_active)
        return fail(cx, E_NOT_FOUND, "this link has been used or has expired; ask for a new one");
    return OK;
}

static const char *const purposes[] = {"invitation", "reset", NULL};
static const struct shape_field link_shape_fields[] = {
    SHOWN_WORD("purpose", 0, purposes, NULL),
    SHOWN("email", SHAPE_TEXT, 0, "whose it is"),
    SHOWN("account_name", SHAPE_TEXT, 0, NULL),
    SHOWN("needs_name", SHAPE_BOOL, 0, "ask for it"),
    SHOWN("has_password", SHAPE_BOOL, 0, "ask for the password of now, not for a new one"),
};
static const struct shape link_shape =
    SHAPE("Link", NULL, link_shape_fields, "What a link from an invitation or reset is for.");

static err link_get(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct link_people p;
    struct account account;
    TRY(link_people(cx, call->params[0], &p));
    TRY(account_get(cx, &account));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("purpose"), p.link.purpose);
    json_kv_str(&j, S("email"), p.login.email);
    json_kv_str(&j, S("account_name"), account.name);
    json_kv_bool(&j, S("needs_name"), !p.agent.joined_ms);
    json_kv_bool(&j, S("has_password"), keeps_password(&p.link, &p.login));
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err link_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct link_body *body = call->body;
    struct password_check *check = NEW(cx->arena, struct password_check, 1);
    struct link_people p;
    TRY(prepare_read_begin(call));
    err e = link_people(cx, call->params[0], &p);
    if (e == OK)
        e = sign_in_throttle(call, p.login.email);
    prepare_read_end(call);
    TRY(e);
    check->login = p.login;
    call->prepared = check;
    if (keeps_password(&p.link, &p.login))
        return password_try(cx, body->password, p.login.password_hash, &check->matches);
    if (body->password.len < PASSWORD_MIN)
        return fail_field(cx, "password", "a password has at least %d characters", PASSWORD_MIN);
    return password_make(cx, body->password, &check->new_hash);
}

static err link_password(struct call *call, const struct link_people *p)
{
    struct ctx *cx = &call->cx;
    const struct password_check *check = call->prepared;
    if (check->matches)
        return OK;
    TRY(login_set_password(cx, p->login.id, check->new_hash));
    TRY(session_end_login(cx, p->login.id, (session_id){0}));
    return sign_in_streams_end(call, p->login.id);
}

static err joined_news(struct ctx *cx, agent_id id)
{
    str json;
    TRY(agent_json(cx, id, &json));
    return change_tell(cx, S("agent.updated"), S("agent"), id.v, json);
}

static err link_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct link_body *body = call->body;
    const struct password_check *check = call->prepared;
    struct link_people p;
    TRY(link_people(cx, call->params[0], &p));
    if (!str_eq(p.login.password_hash, check->login.password_hash))
        return fail(cx, E_CONFLICT, "your password has changed in the meantime; please try again");
    if (!check->matches && !check->new_hash.len)
        return sign_in_refuse(call, p.login.email, "password", "your password is not right");
    err e = second_factor_check(call, &p.login, body->code);
    if (e == E_UNAUTHENTICATED && str_eq(cx->fault.detail, S("second_factor_wrong")))
        return sign_in_refuse(call, p.login.email, "second_factor_wrong", "this code is not right");
    TRY(e);
    TRY(link_use(cx, p.link.id));
    TRY(link_password(call, &p));
    TRY(agent_joined(cx, p.agent.id, p.agent.joined_ms ? (str){0} : body->name));
    TRY(joined_news(cx, p.agent.id));
    TRY(sign_in(call, p.link.account_id, p.agent.id));
    return audit_add(cx,
        str_eq(p.link.purpose, S("reset")) ? S("agent.password_reset") : S("agent.joined"),
        S("agent"), p.agent.id.v, (str){0});
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/links/{token}", AUTH_PUBLIC, CAP_NONE,
     ROUTE_READ, NULL, NULL, NULL, link_get,
     "What an invitation or reset link is for.", &link_shape, 0},
    {HTTP_POST, "/api/v1/links/{token}", AUTH_PUBLIC, CAP_NONE,
     ROUTE_WRITE | ROUTE_401 | ROUTE_403 | ROUTE_429, NULL, &link_spec, link_prepare, link_post,
     "Use the link: sets the password and signs in.", &signed_in_shape, 0},
};
/* clang-format on */
extern const struct route_table links_routes;
const struct route_table links_routes = ROUTES(routes);
