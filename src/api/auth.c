/* auth: who is asking, and may they? See route.h for the kinds. docs/security.md points 1, 5, 8. */
#include "api/boundary.h"
#include "api/origin.h"
#include "base/crypto.h"
#include "care/visitor.h"
#include "model/names.h"
#include "store/agent.h"
#include "store/door_guess.h"
#include "store/session.h"
#include "store/token.h"

static str bearer_of(const struct http_request *req)
{
    str value = http_header_get(req, S("Authorization"));
    if (value.len > 7 && str_eq_nocase(str_sub(value, 0, 7), S("Bearer ")))
        return str_trim(str_skip(value, 7));
    return (str){0};
}

static bool changes_something(const struct http_request *req)
{
    return req->method != HTTP_GET && req->method != HTTP_HEAD;
}

err credential_check(struct boundary *b)
{
    struct call *call = &b->call;
    if (call->route->auth != AUTH_AGENT && call->route->auth != AUTH_VISITOR)
        return OK;
    if (bearer_of(call->req).len)
        return OK;
    if (call->route->auth == AUTH_AGENT &&
        http_cookie_get(call->req, session_cookie_name(call->cx.config)).len)
        return OK;
    return fail(&call->cx, E_UNAUTHENTICATED, "please sign in");
}

/* A browser sends the cookie by itself, whoever made it send the request: a change must prove that
 * our own page made it. */
static err csrf_check(struct call *call)
{
    struct ctx *cx = &call->cx;
    str origin = http_header_get(call->req, S("Origin"));
    if (!origin_is_ours(cx->config, origin))
        return fail_detail(cx, E_FORBIDDEN, "origin",
            "this request does not come from %.*s; if you reach Seva by another address, set "
            "base-url",
            SARG(cx->config->base_url));
    str token = http_header_get(call->req, S("X-Seva-CSRF"));
    if (!crypto_equal(token, csrf_token(cx, cx->actor.session)))
        return fail_detail(cx, E_FORBIDDEN, "csrf", "the X-Seva-CSRF header is missing or wrong");
    return OK;
}

/* Written at most every five minutes, and here only where a write is under way anyhow. */
static err touch(struct boundary *b)
{
    struct ctx *cx = &b->call.cx;
    if (!b->is_writing || cx->now_ms - b->pass.last_seen_ms < SESSION_TOUCH_MS)
        return OK;
    if (b->pass.token.v)
        return token_touch(cx, b->pass.token);
    TRY(session_touch(cx, b->pass.session));
    return agent_touch(cx, cx->actor.agent);
}

void authenticate_ahead(struct boundary *b, const struct route_ahead *ahead)
{
    struct call *call = &b->call;
    struct ctx *cx = &call->cx;
    if (call->route->auth != AUTH_AGENT || b->is_writing)
        return;
    str bearer = bearer_of(call->req);
    bool is_guessed = door_guess(
        cx, bearer.len ? bearer : http_cookie_get(call->req, session_cookie_name(cx->config)));
    if (!is_guessed)
        return;
    if (ahead)
        ahead->say(call);
    door_guess_forget(cx);
}

static err agent_authenticate(struct boundary *b)
{
    struct call *call = &b->call;
    struct ctx *cx = &call->cx;
    str bearer = bearer_of(call->req);
    if (bearer.len) {
        TRY(door_token(cx, bearer, &b->pass));
    } else {
        str cookie = http_cookie_get(call->req, session_cookie_name(cx->config));
        TRY(door_session(cx, cookie, &b->pass));
        if (changes_something(call->req))
            TRY(csrf_check(call));
    }
    if (call->route->cap == CAP_SELF && cx->actor.kind == ACTOR_TOKEN)
        return fail(cx, E_FORBIDDEN, "this is for signed-in people, not for API tokens");
    if (call->route->cap != CAP_NONE && !cx_can(cx, call->route->cap))
        return fail(cx, E_FORBIDDEN, "this needs the capability %.*s",
            SARG(capability_name(call->route->cap)));
    return OK;
}

static err visitor_authenticate(struct call *call)
{
    struct visitor_pass pass;
    if (visitor_token_read(call->cx.arena, call->cx.config->keys, bearer_of(call->req),
            call->cx.now_ms, &pass) != OK)
        return fail(&call->cx, E_UNAUTHENTICATED, "this visitor token is not valid");
    return visitor_enter(&call->cx, &pass);
}

err authenticated_enter(struct boundary *b)
{
    struct ctx *cx = &b->call.cx;
    TRY(db_scope(cx->db, cx->account));
    return touch(b);
}

err authenticate(struct boundary *b)
{
    struct call *call = &b->call;
    switch (call->route->auth) {
    case AUTH_AGENT:
        TRY(agent_authenticate(b));
        return touch(b);
    case AUTH_VISITOR:
        return visitor_authenticate(call);
    case AUTH_PUBLIC:
    case AUTH_HOOK:
        break;
    }
    return OK;
}
