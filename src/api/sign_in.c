/* sign_in: see sign_in.h. docs/security.md point 5; RFC 6238 for codes (each 30 s step once). */
#include "api/sign_in.h"

#include "api/live.h"
#include "api/origin.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/names.h"
#include "model/view_access.h"
#include "store/account.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/door.h"
#include "store/door_hash.h"
#include "store/login.h"
#include "store/session.h"
#include "store/throttle.h"

#include <stdatomic.h>
#include <string.h>

/* Failures before the waits begin, per what is counted. One person mistypes a few times; an office
 * shares an address; a mail under attack from many addresses gets short waits only. */
enum { FREE_BOTH = 5, FREE_ADDRESS = 50, FREE_MAIL = 30, KEYS = 3, PASSWORD_HASH_MAX = 256 };

/* Requests that hash now or wait for it. */
static atomic_int at_work;

static err too_many(struct ctx *cx)
{
    return fail(cx, E_BUSY, "too many people are signing in; please try again");
}

static bool work_begin(void)
{
    if (atomic_fetch_add(&at_work, 1) < SIGN_IN_AT_ONCE)
        return true;
    atomic_fetch_sub(&at_work, 1);
    return false;
}

err password_try(struct ctx *cx, str password, str encoded, bool *matches)
{
    if (!work_begin())
        return too_many(cx);
    err e = crypto_password_check(password, encoded); /* takes no memory of the arena: no escape */
    atomic_fetch_sub(&at_work, 1);
    if (e != OK && e != E_UNAUTHENTICATED)
        return too_many(cx);
    *matches = e == OK;
    return OK;
}

/* In an arena of its own, so that a jump for want of memory ends here and the count comes down. */
static err hash_apart(str password, char to[PASSWORD_HASH_MAX], ptrdiff_t *len)
{
    struct arena own = arena_make(0);
    jmp_buf escape;
    str made = {0};
    own.escape = &escape;
    volatile err e = E_BUSY;
    if (setjmp(escape) == 0)
        e = crypto_password_hash(&own, password, &made);
    if (e == OK && made.len <= PASSWORD_HASH_MAX) {
        memcpy(to, made.at, (size_t)made.len);
        *len = made.len;
    }
    arena_free(&own);
    return e;
}

err password_make(struct ctx *cx, str password, str *encoded)
{
    char made[PASSWORD_HASH_MAX];
    ptrdiff_t len = 0;
    if (!work_begin())
        return too_many(cx);
    err e = hash_apart(password, made, &len);
    atomic_fetch_sub(&at_work, 1);
    if (e != OK || !len)
        return too_many(cx);
    *encoded = str_copy(cx->arena, str_of(made, len));
    return OK;
}

struct people_out {
    struct membership *rows;
    ptrdiff_t n;
};

static void streams_end(struct api *api, void *arg)
{
    const struct people_out *out = arg;
    for (ptrdiff_t i = 0; i < out->n; i++)
        live_end_agent(api, out->rows[i].account_id, out->rows[i].agent_id);
}

err sign_in_streams_end(struct call *call, login_id login)
{
    struct people_out *out = NEW(call->cx.arena, struct people_out, 1);
    TRY(login_memberships(&call->cx, login, &out->rows, &out->n));
    call_after_commit(call, streams_end, out);
    return OK;
}

static void throttle_keys(struct call *call, str email, str keys[KEYS], int64_t free[KEYS])
{
    struct arena *a = call->cx.arena;
    str mail = utf8_fold(a, email), ip = call->req->peer;
    keys[0] = str_print(a, "sign-in both %.*s %.*s", SARG(mail), SARG(ip));
    keys[1] = str_print(a, "sign-in address %.*s", SARG(ip));
    keys[2] = str_print(a, "sign-in mail %.*s", SARG(mail));
    free[0] = FREE_BOTH;
    free[1] = FREE_ADDRESS;
    free[2] = FREE_MAIL;
}

err sign_in_throttle(struct call *call, str email)
{
    str keys[KEYS];
    int64_t free[KEYS], longest = 0;
    throttle_keys(call, email, keys, free);
    for (int i = 0; i < KEYS; i++) {
        int64_t wait;
        TRY(throttle_wait(&call->cx, keys[i], &wait));
        if (wait > longest)
            longest = wait;
    }
    if (!longest)
        return OK;
    int64_t seconds = (longest + 999) / 1000;
    err e = fail_detail(&call->cx, E_LIMIT, "throttled",
        "too many failed tries; please wait %lld seconds", (long long)seconds);
    call->cx.fault.retry_after_s = seconds;
    return e;
}

err sign_in_refuse(struct call *call, str email, const char *detail, const char *words)
{
    str keys[KEYS];
    int64_t free[KEYS];
    throttle_keys(call, email, keys, free);
    for (int i = 0; i < KEYS; i++)
        TRY(throttle_fail(&call->cx, keys[i], free[i]));
    err e = fail_detail(&call->cx, E_UNAUTHENTICATED, detail, "%s", words);
    (void)e; /* told by the answer; what was counted stays */
    return answer_fault_and_keep(call);
}

err sign_in_forget(struct call *call, str email)
{
    str keys[KEYS];
    int64_t free[KEYS];
    throttle_keys(call, email, keys, free);
    TRY(throttle_clear(&call->cx, keys[0]));
    return throttle_clear(&call->cx, keys[2]);
}

static str totp_aad(struct ctx *cx, login_id login)
{
    return str_print(cx->arena, "login/totp/%lld", (long long)login.v);
}

err totp_seal(struct ctx *cx, login_id login, str secret, str *sealed)
{
    return keyring_seal(cx->arena, cx->config->keys, totp_aad(cx, login), secret, sealed);
}

err totp_open(struct ctx *cx, login_id login, str sealed, str *secret)
{
    if (keyring_open(cx->arena, cx->config->keys, totp_aad(cx, login), sealed, secret) != OK)
        return fail(cx, E_INTERNAL, "a second factor does not open with this key file");
    return OK;
}

str recovery_hash(struct ctx *cx, str code)
{
    struct sb b = sb_make(cx->arena, 0);
    for (ptrdiff_t i = 0; i < code.len; i++)
        if (code.at[i] != '-' && code.at[i] != ' ')
            sb_byte(&b, code.at[i]);
    return door_hash(cx->arena, str_lower_ascii(cx->arena, sb_str(&b)));
}

/* Takes the code out of the list; E_NOT_FOUND when it is not in it. */
static err recovery_use(struct ctx *cx, const struct login *login, str code)
{
    const struct json *list;
    str why, hash = recovery_hash(cx, code);
    TRY(json_parse(cx->arena, login->recovery, &list, &why));
    struct json_out left = json_out_make(cx->arena, 0);
    bool is_found = false;
    json_arr(&left);
    for (const struct json *item = list->first; item; item = item->next) {
        if (crypto_equal(item->text, hash))
            is_found = true;
        else
            json_put_str(&left, item->text);
    }
    json_arr_end(&left);
    if (!is_found)
        return E_NOT_FOUND;
    return login_use_recovery(cx, login->id, login->recovery, json_str(&left));
}

err second_factor_check(struct call *call, const struct login *login, str code)
{
    struct ctx *cx = &call->cx;
    if (!login->totp_sealed.len)
        return OK;
    if (!code.len)
        return fail_detail(cx, E_UNAUTHENTICATED, "second_factor_required",
            "please enter the code of your authenticator app");
    str secret;
    int64_t step;
    TRY(totp_open(cx, login->id, login->totp_sealed, &secret));
    err e = E_NOT_FOUND;
    if (crypto_totp_check(secret, str_trim(code), cx->now_ms, &step))
        e = login_use_step(cx, login->id, step);
    else
        e = recovery_use(cx, login, code);
    if (e == OK || e == E_BUSY || e == E_INTERNAL)
        return e;
    return fail_detail(cx, E_UNAUTHENTICATED, "second_factor_wrong", "this code is not right");
}

static void server_put(struct json_out *j, const struct config *config, int64_t undo_seconds)
{
    json_key(j, S("server"));
    json_obj(j);
    json_kv_str(j, S("version"), S(SEVA_VERSION));
    json_kv_str(j, S("base_url"), config->base_url);
    json_kv_raw(j, S("locales"), S("[\"en\",\"bn\",\"ar\"]"));
    json_kv_int(j, S("undo_seconds"), undo_seconds);
    json_obj_end(j);
}

static const struct shape_field server_fields[] = {
    SHOWN("version", SHAPE_TEXT, 0, NULL),
    SHOWN("base_url", SHAPE_TEXT, 0, NULL),
    SHOWN("locales", SHAPE_TEXT, SHAPE_LIST, "languages of the console"),
    SHOWN("undo_seconds", SHAPE_INT, 0, "as in the account"),
};
static const struct shape server_shape =
    SHAPE("ServerInfo", NULL, server_fields, "The server that answers.");
static const struct shape_field signed_in_fields[] = {
    SHOWN_OBJECT("agent", 0, &agent_shape, "oneself, with settings"),
    SHOWN_OBJECT("account", 0, &account_shape, NULL),
    SHOWN_WORD("capabilities", SHAPE_LIST, capability_words, "what one may do"),
    SHOWN("csrf", SHAPE_TEXT, 0, "for X-Seva-CSRF with every request that is no GET"),
    SHOWN("session_id", SHAPE_ID, 0, NULL),
    SHOWN_OBJECT("server", 0, &server_shape, NULL),
};
const struct shape signed_in_shape =
    SHAPE("Session", NULL, signed_in_fields, "Who is signed in, and where.");

err session_answer(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct agent agent;
    struct agent_scope scope;
    struct account account;
    TRY(agent_get(cx, cx->actor.agent, &agent));
    TRY(agent_scope_get(cx, cx->actor.agent, &scope));
    TRY(account_get(cx, &account));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_key(&j, S("agent"));
    agent_view(&j, &agent, &scope, cx->now_ms, true);
    json_key(&j, S("account"));
    account_view(&j, &account);
    json_key(&j, S("capabilities"));
    capabilities_put(&j, cx->actor.caps);
    json_kv_str(&j, S("csrf"), csrf_token(cx, cx->actor.session));
    json_kv_id(&j, S("session_id"), cx->actor.session.v);
    server_put(&j, cx->config, account.undo_seconds);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

err sign_in(struct call *call, account_id account, agent_id agent)
{
    struct ctx *cx = &call->cx;
    str token;
    session_id session;
    TRY(door_agent(cx, account, agent));
    TRY(session_open(cx, cx->actor.login, agent, call->req->peer,
        http_header_get(call->req, S("User-Agent")), &session, &token));
    cx->actor.session = session;
    TRY(agent_touch(cx, agent));
    TRY(audit_add(cx, S("session.opened"), S("session"), session.v, (str){0}));
    answer_session_cookie(call, token);
    return session_answer(call);
}
