/* Calls and refusals of OAuth; see oauth.h and oauth_inner.h. What a refusal means is read from the
 * error's code, never from its words. An answer that is no JSON comes from something before the
 * network (a proxy, a page of maintenance) and decides nothing.
 * Source: RFC 6749, 5.2; error tables of Meta, TikTok, X and Zoho, August 2026. Thread: see
 * oauth_inner.h. */
#include "connector/oauth.h"

#include "base/utf8.h"
#include "connector/oauth_inner.h"

enum { WORDS_BYTES = 200, SECRET_BYTES_MIN = 4 };

bool oauth_is_line(str s)
{
    bool has_end = str_find_byte(s, '\n') >= 0 || str_find_byte(s, '\r') >= 0;
    return !has_end && str_find_byte(s, '\t') < 0 && !utf8_has_control(s);
}

str oauth_address(struct arena *a, str base, str path)
{
    while (str_ends(base, S("/")))
        base.len--;
    return str_cat(a, base, path);
}

static str without(struct arena *a, str text, str secret)
{
    if (secret.len < SECRET_BYTES_MIN || str_find(text, secret) < 0)
        return text;
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t at; (at = str_find(text, secret)) >= 0; text = str_skip(text, at + secret.len)) {
        sb_add(&b, str_sub(text, 0, at));
        sb_add(&b, S("…"));
    }
    sb_add(&b, text);
    return sb_str(&b);
}

str oauth_redact(struct arena *a, const struct oauth_call *call, str text)
{
    for (int i = 0; i < OAUTH_SECRETS; i++) {
        text = without(a, text, call->secrets[i]);
        text = without(a, text, http_percent_encode(a, call->secrets[i]));
    }
    text = utf8_prefix_bytes(text, WORDS_BYTES);
    char *to = arena_alloc(a, text.len + 1, 1);
    for (ptrdiff_t i = 0; i < text.len; i++)
        to[i] = (unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f ? ' ' : text.at[i];
    return str_of(to, text.len);
}

/* ── the call ── */

static struct oauth_end end_of(
    struct arena *a, const struct oauth_call *call, const struct http_result *res)
{
    str why = oauth_redact(a, call, res->why);
    switch (res->outcome) {
    case HTTP_CALL_ANSWERED:
        break;
    case HTTP_CALL_REFUSED:
        return (struct oauth_end){.outcome = OAUTH_SETUP,
            .why = str_print(a, "The network's address was not called: %.*s.", SARG(why))};
    case HTTP_CALL_NOT_SENT:
        return (struct oauth_end){.outcome = OAUTH_LATER,
            .why = str_print(a, "The network could not be reached: %.*s.", SARG(why))};
    case HTTP_CALL_UNKNOWN:
    case HTTP_CALL_TOO_LARGE:
        return (struct oauth_end){.outcome = OAUTH_LATER,
            .why = str_print(a, "The network gave no whole answer: %.*s.", SARG(why)),
            .may_have_happened = true};
    }
    return (struct oauth_end){.outcome = OAUTH_OK};
}

err oauth_call(struct http_client *client, struct arena *a, const struct oauth_call *call,
    struct oauth_answer *answer, struct oauth_end *end)
{
    const struct http_call http = {
        .method = call->method,
        .url = call->url,
        .purpose = call->purpose,
        .headers = call->headers,
        .header_count = call->header_count,
        .body = call->body,
        .max_response_bytes = OAUTH_ANSWER_BYTES,
        .may_repeat = call->method == HTTP_GET,
    };
    struct http_result res = {0};
    TRY(http_client_call(client, a, &http, &res));
    *answer = (struct oauth_answer){.status = res.status,
        .body = res.body,
        .wait_until_ms = http_result_retry_ms(&res, call->now_ms)};
    *end = end_of(a, call, &res);
    return OK;
}

/* ── refusals ── */

struct refusal {
    enum oauth_outcome outcome;
    str code, words;
};

static bool is_among(str s, const char *const *list)
{
    for (; *list; list++)
        if (str_eq(s, str_from(*list)))
            return true;
    return false;
}

static enum oauth_outcome of_name(str name)
{
    static const char *const setup[] = {"invalid_client", "unauthorized_client",
        "unsupported_grant_type", "invalid_scope", "redirect_uri_mismatch", "invalid_redirect_uri",
        "invalid_client_id", "invalid_client_secret", NULL};
    static const char *const later[] = {"temporarily_unavailable", "server_error", "slow_down",
        "rate_limit_exceeded", "RateLimitExceeded", "internal_failure", "internal_error",
        "general_error", NULL};
    if (is_among(name, setup))
        return OAUTH_SETUP;
    return is_among(name, later) ? OAUTH_LATER : OAUTH_REFUSED;
}

/* Meta's error object; Google's has the same shape and HTTP statuses as codes. */
static enum oauth_outcome of_meta(const struct json *error)
{
    int64_t code = json_int(json_get(error, S("code")), 0);
    if (json_bool(json_get(error, S("is_transient")), false))
        return OAUTH_LATER;
    switch (code) {
    case 1:   /* unknown, usually short */
    case 2:   /* service down */
    case 4:   /* too many calls of the application */
    case 17:  /* of the user */
    case 32:  /* of the page */
    case 341: /* temporary limit */
    case 613: /* rate */
    case 429:
        return OAUTH_LATER;
    case 101: /* application's id or secret */
    case 191: /* redirect address */
        return OAUTH_SETUP;
    default:
        return OAUTH_REFUSED;
    }
}

static enum oauth_outcome of_tiktok(int64_t code)
{
    bool is_later = code == 40100 || (code >= 50000 && code <= 59999);
    return is_later ? OAUTH_LATER : OAUTH_REFUSED;
}

/* X's older form, which OAuth 1.0a still answers with. */
static enum oauth_outcome of_x(int64_t code)
{
    switch (code) {
    case 88:  /* rate limit */
    case 130: /* over capacity */
    case 131: /* internal */
        return OAUTH_LATER;
    case 32:  /* could not authenticate: keys or clock of ours */
    case 215: /* bad authentication data */
    case 415: /* call-back not approved */
    case 416: /* application suspended */
        return OAUTH_SETUP;
    default: /* 89: invalid or expired token */
        return OAUTH_REFUSED;
    }
}

static struct refusal read_refusal(const struct json *root)
{
    const struct json *error = json_get(root, S("error"));
    const struct json *code = json_get(root, S("code"));
    const struct json *first = json_path(root, S("errors.0"));
    str words = json_text(json_get(root, S("error_description")),
        json_text(
            json_get(root, S("error_message")), json_text(json_get(root, S("message")), S(""))));
    if (error && error->kind == JSON_OBJECT)
        return (struct refusal){of_meta(error), json_text(json_get(error, S("code")), S("")),
            json_text(json_get(error, S("message")), S(""))};
    if (error && error->kind == JSON_STRING)
        return (struct refusal){of_name(error->text), error->text, words};
    if (first)
        return (struct refusal){of_x(json_int(json_get(first, S("code")), 0)),
            json_text(json_get(first, S("code")), S("")),
            json_text(json_get(first, S("message")), S(""))};
    if (code && code->kind == JSON_NUMBER)
        return (struct refusal){of_tiktok(code->integer), code->text, words};
    return (struct refusal){OAUTH_REFUSED, json_text(json_get(root, S("status")), S("")), words};
}

static bool is_passing(int status)
{
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

struct oauth_end oauth_refusal(struct arena *a, const struct oauth_call *call,
    const struct oauth_answer *answer, const struct json *root)
{
    struct oauth_end end = {.outcome = OAUTH_LATER, .wait_until_ms = answer->wait_until_ms};
    bool is_address_wrong = answer->status == 404 || answer->status == 405 || answer->status == 410;
    bool is_object = root && root->kind == JSON_OBJECT;
    struct refusal r = {.outcome = OAUTH_LATER};
    if (is_object)
        r = read_refusal(root);
    if (is_passing(answer->status)) {
        end.outcome = OAUTH_LATER;
    } else if (is_address_wrong || (answer->status >= 300 && answer->status < 400)) {
        end.outcome = OAUTH_SETUP;
    } else if (is_object) {
        bool is_empty = answer->status < 300 && r.code.len == 0; /* neither token nor error */
        end.outcome = is_empty ? OAUTH_LATER : r.outcome;
        end.may_have_happened = is_empty;
    }
    str code = oauth_redact(a, call, r.code), words = oauth_redact(a, call, r.words);
    end.why = str_print(a, "The network answered %d%s%.*s%s%.*s", answer->status,
        code.len ? ", " : "", SARG(code), words.len ? ": " : "", SARG(words));
    if (end.outcome != OAUTH_LATER)
        end.wait_until_ms = 0;
    return end;
}
