/* authorize_callback: the way back from a network's page (API "Networks"): GET /oauth/callback with
 * a state and a code (OAuth 2.0), or a request token and a verifier (1.0a). The browser's own
 * session must be that of the agent who began: a state that somebody else brings opens nothing, and
 * stays good for its owner. The code is exchanged and the network asked who we are outside any
 * transaction; then the channel is made, or the accounts are kept for a choice. The browser is sent
 * to the console, never anywhere else, and what went wrong stands in the address in words.
 * Source: RFC 6749, 4.1.2 and 10.12; RFC 5849, 2.2. */
#include "api/authorize.h"
#include "api/input.h"
#include "api/origin.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "connector/authorize.h"
#include "model/names.h"
#include "store/channel.h"
#include "store/door.h"

enum { WORDS_BYTES = 300, PARAM_BYTES = 4096 };

struct coming_back {
    struct authorizing it;
    str state, code, verifier, refusal;
    str error; /* words: nothing comes of it */
    struct oauth2_tokens tokens;
    struct oauth1_token token;
    struct oauth_end end;
    struct connector_checked checked;
};

/* ── the address ── */

static str param(const struct call *call, str name)
{
    const struct http_request *req = call->req;
    for (ptrdiff_t i = 0; i < req->query_count; i++)
        if (str_eq(req->query[i].name, name) && req->query[i].value.len <= PARAM_BYTES &&
            utf8_valid(req->query[i].value))
            return req->query[i].value;
    return (str){0};
}

static str first_of(str a, str b)
{
    return a.len ? a : b;
}

static void read_address(const struct call *call, struct coming_back *b)
{
    str denied = param(call, S("denied"));
    b->state = first_of(param(call, S("state")), first_of(param(call, S("oauth_token")), denied));
    b->code = first_of(param(call, S("code")), param(call, S("auth_code")));
    b->verifier = param(call, S("oauth_verifier"));
    b->refusal = denied.len
                     ? S("access_denied")
                     : first_of(param(call, S("error_description")), param(call, S("error")));
}

/* What others say, on one line. */
static str plain(struct arena *a, str words)
{
    struct sb b = sb_make(a, 0);
    words = utf8_prefix_bytes(words, WORDS_BYTES);
    for (ptrdiff_t i = 0; i < words.len; i++)
        sb_byte(&b, (unsigned char)words.at[i] < ' ' || words.at[i] == 0x7f ? ' ' : words.at[i]);
    return sb_str(&b);
}

static err give_up(struct coming_back *b, str words)
{
    b->error = words;
    return OK;
}

/* ── who it is ── */

static err enter(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct door_pass pass;
    TRY(door_session(cx, http_cookie_get(call->req, session_cookie_name(cx->config)), &pass));
    if (!cx_can(cx, CAP_CHANNEL_MANAGE))
        return fail(cx, E_FORBIDDEN, "This needs the capability channel.manage.");
    return OK;
}

static err take(struct ctx *cx, void *arg)
{
    struct coming_back *b = arg;
    struct authorization row;
    TRY(authorization_take(cx, b->state, &row));
    return authorize_read(cx, &row, &b->it);
}

/* ── the network ── */

static err exchange(struct call *call, struct http_client *client, struct coming_back *b)
{
    struct arena *a = call->cx.arena;
    const struct connector *c = b->it.connector;
    const struct connector_setup setup = authorize_setup(call, &b->it);
    if (b->it.request_token.len) {
        struct oauth1_keys keys = authorize_keys(a, c, &setup);
        keys.token = b->it.request_token;
        keys.token_secret = b->it.request_secret;
        TRY(oauth1_access_token(client, a, authorize_oauth1_base(a, c, &setup), &keys, b->verifier,
            call->cx.now_ms, &b->token, &b->end));
        if (b->end.outcome == OAUTH_OK)
            b->it.secrets = authorize_oauth1_secrets(a, b->it.secrets, &b->token);
        return OK;
    }
    const struct oauth2_app app = authorize_app(a, c, &setup, authorize_redirect_uri(call));
    TRY(oauth2_exchange_code(
        client, a, &app, b->code, b->it.verifier, call->cx.now_ms, &b->tokens, &b->end));
    if (b->end.outcome == OAUTH_OK) {
        b->it.secrets = authorize_secrets(a, c, b->it.secrets, &b->tokens, call->cx.now_ms);
        b->it.expires_ms = b->tokens.expires_ms;
    }
    return OK;
}

static err ask(struct call *call, struct http_client *client, void *arg)
{
    struct coming_back *b = arg;
    struct ctx *cx = &call->cx;
    TRY(exchange(call, client, b));
    if (b->end.outcome != OAUTH_OK)
        return give_up(b, b->end.why);
    if (!b->it.secrets.len)
        return give_up(b, S("What the network gave is too long to be kept."));
    const struct connector_setup setup = authorize_setup(call, &b->it);
    TRY(b->it.connector->check(client, cx->arena, &setup, cx->now_ms, &b->checked));
    if (b->checked.end.outcome != CONNECTOR_SENT)
        return give_up(b, b->checked.end.why);
    if (!b->checked.n)
        return give_up(b, first_of(b->checked.note, S("These credentials reach no account.")));
    b->it.accounts = b->checked.accounts;
    b->it.n_accounts = b->checked.n < CHECKED_ACCOUNTS ? b->checked.n : CHECKED_ACCOUNTS;
    if (b->checked.expires_ms)
        b->it.expires_ms = b->checked.expires_ms;
    return OK;
}

static err prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct coming_back *b = NEW(cx->arena, struct coming_back, 1);
    call->prepared = b;
    read_address(call, b);
    TRY(prepare_read_begin(call));
    err e = enter(call);
    prepare_read_end(call);
    if (e == E_UNAUTHENTICATED || e == E_FORBIDDEN)
        return give_up(b, S("Sign in as the person who began to connect the account, and begin "
                            "again."));
    TRY(e);
    e = prepare_write(call, take, b);
    if (e == E_NOT_FOUND)
        return give_up(b, cx->fault.words);
    TRY(e);
    bool has_proof = b->it.request_token.len ? b->verifier.len > 0 : b->code.len > 0;
    if (!has_proof)
        return give_up(b, str_cat(cx->arena, S("The network did not allow it: "),
                              plain(cx->arena, first_of(b->refusal, S("it gave no code")))));
    e = network_call_do(call, ask, b);
    return e == E_BUSY ? give_up(b, cx->fault.words) : e;
}

/* ── the console ── */

static err send_to(struct call *call, str path)
{
    call->res.status = 303;
    answer_header(call, "Location", str_cat(call->cx.arena, S("/app/settings/channels"), path));
    answer_header(call, "Cache-Control", S("no-store"));
    answer_header(call, "Referrer-Policy", S("no-referrer"));
    return OK;
}

static err send_away(struct call *call, str words)
{
    struct arena *a = call->cx.arena;
    return send_to(
        call, str_cat(a, S("?authorization_error="), http_percent_encode(a, plain(a, words))));
}

/* The account it is: the only one, or the one that the channel has had; NULL: people choose. */
static err pick(
    struct call *call, const struct authorizing *it, const struct connector_account **account)
{
    struct channel channel;
    *account = it->n_accounts == 1 ? &it->accounts[0] : NULL;
    if (*account || !it->channel.v)
        return OK;
    TRY(channel_get(&call->cx, it->channel, &channel));
    if (!channel.external_id.len)
        return OK;
    for (ptrdiff_t i = 0; i < it->n_accounts; i++)
        if (str_eq(it->accounts[i].external_id, channel.external_id))
            *account = &it->accounts[i];
    return *account ? OK
                    : fail(&call->cx, E_CONFLICT,
                          "Who allowed it reaches other accounts, but not this channel's. Sign in "
                          "to the network as somebody who manages it.");
}

static err finish(struct call *call, struct coming_back *b, const struct connector_account *account)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    if (!b->it.name.len)
        b->it.name = first_of(plain(cx->arena, account->name), b->it.connector->title);
    TRY(authorize_finish(call, &b->it, account, &channel));
    return send_to(call, str_print(cx->arena, "/%lld?connected=1", (long long)channel.id.v));
}

static err choose(struct call *call, const struct coming_back *b)
{
    str state = crypto_token(call->cx.arena);
    TRY(authorize_keep(&call->cx, &b->it, state));
    return send_to(call, str_cat(call->cx.arena, S("?authorization="), state));
}

static err handle(struct call *call)
{
    struct coming_back *b = call->prepared;
    struct ctx *cx = &call->cx;
    cx->fault = (struct fault){0};
    if (b->error.len)
        return send_away(call, b->error);
    TRY(enter(call));
    const struct connector_account *account = NULL;
    err e = pick(call, &b->it, &account);
    if (e == OK)
        e = account ? finish(call, b, account) : choose(call, b);
    if (e != E_CONFLICT && e != E_LIMIT && e != E_NOT_FOUND)
        return e;
    /* Refused before anything was written. */
    str words = cx->fault.words;
    cx->fault = (struct fault){0};
    return send_away(call, words);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/oauth/callback", AUTH_PUBLIC, CAP_NONE,
     ROUTE_WRITE | ROUTE_BYTES, NULL, NULL, prepare, handle,
     "The way back from a network's page; leads to the console.", NULL, 0},
};
/* clang-format on */
extern const struct route_table authorize_callback_routes;
const struct route_table authorize_callback_routes = ROUTES(routes);
