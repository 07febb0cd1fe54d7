/* tiktok: calls and errors. See tiktok.h. */
#include "connector/access.h"
#include "connector/reading.h"
#include "connector/tiktok.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
enum { BURST_MS = 5 * 60 * 1000, ANSWER_BYTES = 4 * 1024 * 1024 };

str tiktok_business(struct arena *a, const struct connector_setup *setup)
{
    str id = setup->external_id.len ? setup->external_id : setup_secret(a, setup, "open_id");
    return id.len ? id : setup_secret(a, setup, "subject");
}

static bool is_word(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == '~'; /* ~: before a replay's run */
        if (!is_fit)
            return false;
    }
    return s.len > 0;
}

bool tiktok_comment_read(str name, struct tiktok_comment *c)
{
    str video, id;
    if (!str_cut(name, '/', &video, &id) || !is_word(video) || !is_word(id))
        return false;
    *c = (struct tiktok_comment){video, id};
    return true;
}

str tiktok_comment_name(struct arena *a, str video, str id)
{
    return is_word(video) && is_word(id) ? str_print(a, "%.*s/%.*s", SARG(video), SARG(id))
                                         : (str){0};
}

/* ── errors ── */

enum {
    CODE_OK = 0,
    CODE_NO_PERMISSION = 40001,
    CODE_TOO_MANY = 40100,
    CODE_TOKEN_EXPIRED = 40102,
    CODE_TOKEN_MISSING = 40104,
    CODE_TOKEN_BAD = 40105,
    CODE_SERVER = 50000, /* and above */
};

/* Which of the two budgets it was is only in the words. */
static void read_limit(
    struct arena *a, const struct tiktok_api *api, str message, struct connector_sent *sent)
{
    bool is_daily = str_find(str_lower_ascii(a, message), S("day")) >= 0 ||
                    str_find(str_lower_ascii(a, message), S("daily")) >= 0;
    sent->outcome = CONNECTOR_WAIT;
    sent->is_channel_wide = true;
    sent->wait_until_ms = is_daily ? (api->now_ms / day_ms + 1) * day_ms : api->now_ms + BURST_MS;
}

static void read_code(struct arena *a, const struct tiktok_api *api, int64_t code, str message,
    struct connector_sent *sent)
{
    struct connector_sent made = {.outcome = CONNECTOR_FINAL, .rate = sent->rate};
    made.why = str_print(a, "TikTok refused it with code %lld.", (long long)code);
    network_why(a, S("TikTok"), message, &made);
    switch (code) {
    case CODE_OK:
        made = (struct connector_sent){.outcome = CONNECTOR_SENT, .rate = sent->rate};
        break;
    case CODE_TOO_MANY:
        read_limit(a, api, message, &made);
        break;
    case CODE_TOKEN_EXPIRED:
    case CODE_TOKEN_MISSING:
    case CODE_TOKEN_BAD:
        made.outcome = CONNECTOR_REAUTH;
        made.is_channel_wide = true;
        break;
    case CODE_NO_PERMISSION:
        made.is_channel_wide = true;
        break;
    default:
        if (code >= CODE_SERVER)
            made.outcome = CONNECTOR_RETRY;
        break;
    }
    *sent = made;
}

static void read_answer(struct arena *a, const struct tiktok_api *api,
    const struct network_call *call, const struct http_result *res, struct tiktok_answer *out)
{
    network_answer(a, S("TikTok"), res, api->now_ms, &out->sent);
    const struct json *root = res->outcome == HTTP_CALL_ANSWERED ? network_json(a, res) : NULL;
    out->code = take_int(root, "code", -1);
    out->data = take_object(root, "data");
    bool is_limit = res->status == 429; /* says itself when to come back */
    if (out->code >= 0 && !(is_limit && out->sent.outcome == CONNECTOR_WAIT)) {
        read_code(a, api, out->code, take_text(root, "message"), &out->sent);
        return;
    }
    bool is_open = res->status == 408 || res->status >= 500 || out->sent.outcome == CONNECTOR_SENT;
    if (!is_open || out->code >= 0)
        return;
    out->sent.outcome = call->method == HTTP_GET ? CONNECTOR_RETRY : CONNECTOR_UNKNOWN;
    out->sent.wait_until_ms = 0;
    out->sent.why = S("TikTok answered with something that does not say what happened.");
}

/* ── calls ── */

err tiktok_call(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    struct network_call *call, str path, struct tiktok_answer *out)
{
    struct tiktok_answer got = {.code = -1};
    str token = setup_secret(a, api->setup, "access_token");
    if (!token.len) {
        access_missing(&got.sent);
        *out = got;
        return OK;
    }
    call->url =
        str_cat(a, connector_host_url(a, &connector_tiktok, api->setup->hosts, S("api")), path);
    call->extra[call->n_extra++] = (struct http_header){S("Access-Token"), token};
    call->max_bytes = ANSWER_BYTES;
    struct http_result res = {0};
    TRY(network_do(client, a, call, &res));
    read_answer(a, api, call, &res, &got);
    *out = got;
    return OK;
}

err tiktok_do(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    enum http_method method, str path, str body, struct tiktok_answer *out)
{
    struct network_call call = {.method = method, .body = body};
    return tiktok_call(client, a, api, &call, path, out);
}
