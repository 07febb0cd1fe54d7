/* session: signing in and out, and the list of one's sessions (API "Session and self"). */
#include "store/session.h"
#include "api/input.h"
#include "api/live.h"
#include "api/origin.h"
#include "api/sign_in.h"
#include "base/json.h"
#include "base/log.h"
#include "model/view_access.h"
#include "store/audit.h"
#include "store/door.h"
#include "store/login.h"

#define PASSWORD_MAX 1000 /* bytes: long passphrases; Argon2id takes any length */

struct sign_in_body {
    str email, password, code;
    int64_t account_id;
};
static const struct input_field sign_in_fields[] = {
    FIELD(struct sign_in_body, email, IN_TEXT, IN_REQUIRED, 1, 320, "mail address"),
    FIELD(struct sign_in_body, password, IN_TEXT, IN_REQUIRED | IN_SECRET, 1, PASSWORD_MAX, NULL),
    FIELD(struct sign_in_body, code, IN_TEXT, 0, 0, 40, "six digits, or a recovery code"),
    FIELD(struct sign_in_body, account_id, IN_ID, 0, 0, 0,
        "which account, when the person belongs to several"),
};
static const struct input_spec sign_in_spec = SPEC("SignIn", struct sign_in_body, sign_in_fields);

/* The Origin is checked here too: a foreign page must not sign a browser in as somebody else. */
static err origin_check(struct call *call)
{
    str origin = http_header_get(call->req, S("Origin"));
    if (origin.at && !origin_is_ours(call->cx.config, origin))
        return fail_detail(&call->cx, E_FORBIDDEN, "origin",
            "this request does not come from %.*s; if you reach Seva by another address, set "
            "base-url",
            SARG(call->cx.config->base_url));
    return OK;
}

static err login_look_up(struct call *call, str email, struct login *login)
{
    TRY(sign_in_throttle(call, email));
    err e = login_by_email(&call->cx, email, login);
    if (e == E_NOT_FOUND)
        *login = (struct login){0};
    return e == E_NOT_FOUND ? OK : e;
}

static err sign_in_prepare(struct call *call)
{
    const struct sign_in_body *body = call->body;
    struct password_check *check = NEW(call->cx.arena, struct password_check, 1);
    TRY(origin_check(call));
    TRY(prepare_read_begin(call));
    err e = login_look_up(call, body->email, &check->login);
    prepare_read_end(call);
    TRY(e);
    /* Nobody by this address costs the same work as a wrong password. */
    TRY(password_try(&call->cx, body->password, check->login.password_hash, &check->matches));
    call->prepared = check;
    return OK;
}

static err choose_account(struct ctx *cx, const struct membership *rows, ptrdiff_t n)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(&j);
        json_kv_id(&j, S("id"), rows[i].account_id.v);
        json_kv_str(&j, S("name"), rows[i].name);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    err e = fail_detail(cx, E_CONFLICT, "choose_account", "please choose an account");
    cx->fault.details_json = json_str(&j);
    return e;
}

/* The memberships in which the person may sign in now. */
static err active_memberships(
    struct ctx *cx, login_id login, struct membership **rows, ptrdiff_t *n)
{
    ptrdiff_t all, kept = 0;
    TRY(login_memberships(cx, login, rows, &all));
    for (ptrdiff_t i = 0; i < all; i++) {
        err e = door_agent(cx, (*rows)[i].account_id, (*rows)[i].agent_id);
        if (e == OK)
            (*rows)[kept++] = (*rows)[i];
        else if (e != E_UNAUTHENTICATED)
            return e;
    }
    cx->account = (account_id){0};
    cx->actor = (struct actor){.ip = cx->actor.ip};
    *n = kept;
    return OK;
}

static err audit_refusal(struct call *call, login_id login)
{
    struct ctx *cx = &call->cx;
    struct membership *rows;
    ptrdiff_t n;
    if (!login.v)
        return OK;
    TRY(login_memberships(cx, login, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        TRY(door_account(cx, rows[i].account_id));
        TRY(audit_add(cx, S("session.refused"), S("agent"), rows[i].agent_id.v, (str){0}));
    }
    return OK;
}

static err refuse(struct call *call, login_id login, const char *detail, const char *words)
{
    const struct sign_in_body *body = call->body;
    TRY(audit_refusal(call, login));
    log_line(LOG_INFO, "sign-in refused", LOG_S("trace", call->cx.trace),
        LOG_S("ip", call->req->peer), LOG_Z("why", detail[0] ? detail : "password"));
    return sign_in_refuse(call, body->email, detail, words);
}

static err session_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct sign_in_body *body = call->body;
    const struct password_check *check = call->prepared;
    struct login login = {0};
    TRY(login_look_up(call, body->email, &login));
    if (!check->matches || !str_eq(login.password_hash, check->login.password_hash))
        return refuse(call, login.id, "", "the mail address or the password is not right");
    err e = second_factor_check(call, &login, body->code);
    if (e == E_UNAUTHENTICATED && str_eq(cx->fault.detail, S("second_factor_wrong")))
        return refuse(call, login.id, "second_factor_wrong", "this code is not right");
    TRY(e);
    struct membership *rows;
    ptrdiff_t n, chosen = 0;
    TRY(active_memberships(cx, login.id, &rows, &n));
    if (!n)
        return refuse(call, login.id, "", "the mail address or the password is not right");
    if (n > 1 && !body->account_id)
        return choose_account(cx, rows, n);
    while (body->account_id && chosen < n && rows[chosen].account_id.v != body->account_id)
        chosen++;
    if (chosen == n)
        return fail_field(cx, "account_id", "you do not belong to this account");
    TRY(sign_in_forget(call, body->email));
    return sign_in(call, rows[chosen].account_id, rows[chosen].agent_id);
}

static err session_get(struct call *call)
{
    return session_answer(call);
}

struct ended {
    account_id account;
    session_id session;
};

static void streams_end(struct api *api, void *arg)
{
    const struct ended *ended = arg;
    live_end_session(api, ended->account, ended->session);
}

static err end_one(struct call *call, session_id id)
{
    struct ctx *cx = &call->cx;
    TRY(session_end(cx, id));
    TRY(audit_add(cx, S("session.ended"), S("session"), id.v, (str){0}));
    struct ended *ended = NEW(cx->arena, struct ended, 1);
    *ended = (struct ended){cx->account, id};
    call_after_commit(call, streams_end, ended);
    return answer_empty(call);
}

static err session_delete(struct call *call)
{
    answer_session_cookie(call, (str){0});
    return end_one(call, call->cx.actor.session);
}

static err sessions_get(struct call *call)
{
    struct session *rows;
    ptrdiff_t n;
    TRY(session_list(&call->cx, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        session_view(&j, &rows[i], call->cx.actor.session);
    return answer_list_end(call, &j, (str){0});
}

static err sessions_delete(struct call *call)
{
    session_id id = {call->id};
    if (id.v == call->cx.actor.session.v)
        answer_session_cookie(call, (str){0});
    return end_one(call, id);
}

static err sessions_revoke_others(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct session *rows;
    ptrdiff_t n;
    TRY(session_list(cx, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].id.v != cx->actor.session.v)
            TRY(end_one(call, rows[i].id));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/session", AUTH_PUBLIC, CAP_NONE,
     ROUTE_WRITE | ROUTE_401 | ROUTE_403 | ROUTE_409 | ROUTE_429, NULL, &sign_in_spec, sign_in_prepare, session_post,
     "Sign in with mail address and password.", &signed_in_shape, 0},
    {HTTP_GET, "/api/v1/session", AUTH_AGENT, CAP_SELF,
     ROUTE_READ, NULL, NULL, NULL, session_get,
     "Who is signed in, in which account, with which capabilities.", &signed_in_shape, 0},
    {HTTP_DELETE, "/api/v1/session", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, NULL, NULL, session_delete,
     "Sign out.", NULL, 0},
    {HTTP_GET, "/api/v1/sessions", AUTH_AGENT, CAP_SELF,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, sessions_get,
     "Your signed-in browsers.", &session_shape, 0},
    {HTTP_DELETE, "/api/v1/sessions/{id}", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, NULL, NULL, sessions_delete,
     "Sign one of your browsers out.", NULL, 0},
    {HTTP_POST, "/api/v1/sessions/revoke-others", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, NULL, NULL, sessions_revoke_others,
     "Sign all your other browsers out.", NULL, 0},
};
/* clang-format on */
extern const struct route_table session_routes;
const struct route_table session_routes = ROUTES(routes);
