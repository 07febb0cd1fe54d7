/* linkedin: calls, errors and names of things. See linkedin.h. */
#include "connector/access.h"
#include "connector/linkedin.h"
#include "connector/reading.h"

static const int64_t hour_ms = INT64_C(3600) * 1000, day_ms = INT64_C(24) * 3600 * 1000;
enum { ANSWER_BYTES = 4 * 1024 * 1024 };

/* ── names ── */

bool linkedin_is_urn(str s)
{
    if (!str_starts(s, S("urn:li:")) || s.len > READING_ID_BYTES)
        return false;
    int colons = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == ':';
        if (!is_fit)
            return false;
        colons += c == ':';
    }
    return colons == 3 && s.at[s.len - 1] != ':';
}

bool linkedin_comment_read(str urn, struct linkedin_comment *c)
{
    str prefix = S("urn:li:comment:("), post, id;
    if (!str_starts(urn, prefix) || !str_ends(urn, S(")")) || urn.len > READING_ID_BYTES)
        return false;
    str inner = str_sub(urn, prefix.len, urn.len - prefix.len - 1);
    if (!str_cut(inner, ',', &post, &id) || id.len == 0)
        return false;
    for (ptrdiff_t i = 0; i < id.len; i++)
        if (id.at[i] < '0' || id.at[i] > '9')
            return false;
    if (!linkedin_is_urn(post))
        return false;
    *c = (struct linkedin_comment){post, id};
    return true;
}

str linkedin_comment_urn(struct arena *a, str post, str id)
{
    return str_print(a, "urn:li:comment:(%.*s,%.*s)", SARG(post), SARG(id));
}

str linkedin_id_of(str urn)
{
    str id = urn, head;
    while (str_find_byte(id, ':') >= 0)
        (void)str_cut(id, ':', &head, &id);
    return id;
}

str linkedin_comments_path(struct arena *a, str urn)
{
    return str_print(a, "/socialActions/%.*s/comments", SARG(http_percent_encode(a, urn)));
}

/* ── calls ── */

static void read_error(struct arena *a, struct linkedin_answer *out)
{
    str code = take_line(out->json, "code", 100);
    network_why(a, S("LinkedIn"), take_text(out->json, "message"), &out->sent);
    bool is_token = str_find(code, S("ACCESS_TOKEN")) >= 0;
    bool is_version = out->status == 426 || str_find(code, S("NONEXISTENT_VERSION")) >= 0;
    if (is_token || is_version || out->status == 401) {
        out->sent.outcome = CONNECTOR_REAUTH;
        out->sent.is_channel_wide = true;
    }
    if (is_version)
        out->sent.why = S("LinkedIn has switched off this version of its API: enter a newer one "
                          "in the channel's settings.");
    if (out->status == 409)
        out->sent.outcome = CONNECTOR_RETRY;
}

/* The budget is per UTC day, and 429 does not say whose it was. */
static void read_limit(
    const struct linkedin_api *api, const struct http_result *res, struct connector_sent *sent)
{
    int64_t midnight = (api->now_ms / day_ms + 1) * day_ms, soon = api->now_ms + hour_ms;
    if (res->status == 429 && !http_result_retry_ms(res, api->now_ms))
        sent->wait_until_ms = midnight < soon ? midnight : soon;
}

err linkedin_do(struct http_client *client, struct arena *a, const struct linkedin_api *api,
    enum http_method method, str path, str body, struct linkedin_answer *out)
{
    struct linkedin_answer got = {0};
    str base = connector_host_url(a, &connector_linkedin, api->setup->hosts, S("api"));
    struct network_call call = {
        .method = method,
        .url = str_cat(a, base, path),
        .authorization = access_bearer(a, api->setup),
        .body = body,
        .max_bytes = ANSWER_BYTES,
        .may_repeat = method == HTTP_PUT || method == HTTP_DELETE,
    };
    call.extra[call.n_extra++] = (struct http_header){
        S("LinkedIn-Version"), setup_setting(a, &connector_linkedin, api->setup, "version")};
    call.extra[call.n_extra++] = (struct http_header){S("X-Restli-Protocol-Version"), S("2.0.0")};
    bool is_edit = method == HTTP_POST && str_find(body, S("{\"patch\":")) == 0;
    if (is_edit)
        call.extra[call.n_extra++] =
            (struct http_header){S("X-RestLi-Method"), S("PARTIAL_UPDATE")};
    if (!call.authorization.len) {
        access_missing(&got.sent);
        *out = got;
        return OK;
    }
    struct http_result res = {0};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("LinkedIn"), &res, api->now_ms, &got.sent);
    got.status = res.status;
    got.json = res.outcome == HTTP_CALL_ANSWERED ? network_json(a, &res) : NULL;
    got.created = http_result_header(&res, S("x-restli-id"));
    if (!got.created.len)
        got.created = http_result_header(&res, S("x-linkedin-id"));
    if (got.sent.outcome != CONNECTOR_SENT && res.status)
        read_error(a, &got);
    read_limit(api, &res, &got.sent);
    bool is_broken = got.sent.outcome == CONNECTOR_SENT && !got.json && method == HTTP_GET;
    if (is_broken) {
        got.sent.outcome = CONNECTOR_RETRY;
        got.sent.why = S("LinkedIn answered with something that is not JSON.");
    }
    *out = got;
    return OK;
}
