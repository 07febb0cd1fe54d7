/* google: see google.h. */
#include "connector/google.h"

#include "connector/access.h"
#include "connector/fetched.h"
#include "connector/reading.h"

static const int64_t hour_ms = 3600 * 1000, day_ms = 24 * 3600 * 1000;
enum { BURST_MS = 60 * 1000, REASON_BYTES = 100, ANSWER_BYTES = 4 * 1024 * 1024 };

/* ── the day ── */

/* Days since 1970-01-01 of a day in the Gregorian calendar. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t year_of(int64_t ms)
{
    int64_t year = 1970 + ms / (366 * day_ms);
    while (days_of(year + 1, 1, 1) * day_ms <= ms)
        year++;
    return year;
}

/* The nth Sunday of a month, as days since 1970-01-01 (a Thursday). */
static int64_t sunday(int64_t year, int month, int nth)
{
    int64_t first = days_of(year, month, 1);
    return first + (10 - first % 7) % 7 + (nth - 1) * 7;
}

static int64_t pacific_offset(int64_t ms)
{
    int64_t year = year_of(ms);
    int64_t begins = sunday(year, 3, 2) * day_ms + 10 * hour_ms; /* 2:00, 8 hours behind */
    int64_t ends = sunday(year, 11, 1) * day_ms + 9 * hour_ms;   /* 2:00, 7 hours behind */
    return ms >= begins && ms < ends ? -7 * hour_ms : -8 * hour_ms;
}

int64_t google_day_ends_ms(int64_t now_ms)
{
    int64_t local = now_ms + pacific_offset(now_ms);
    int64_t midnight = (local / day_ms + 1) * day_ms;
    return midnight - pacific_offset(midnight + 8 * hour_ms);
}

/* ── calls ── */

/* The narrowest name that the answer gives for what went wrong. */
static str reason_of(const struct json *error)
{
    str reason = take_line(list_first(error, "errors"), "reason", REASON_BYTES);
    for (const struct json *d = list_first(error, "details"); d && !reason.len; d = d->next)
        reason = take_line(d, "reason", REASON_BYTES);
    return reason.len ? reason : take_line(error, "status", REASON_BYTES);
}

static bool is_one_of(str reason, const char *const *names)
{
    for (; *names; names++)
        if (str_eq(reason, str_from(*names)))
            return true;
    return false;
}

static void wait_until(struct connector_sent *sent, int64_t until_ms)
{
    sent->outcome = CONNECTOR_WAIT;
    sent->is_channel_wide = true;
    sent->wait_until_ms = until_ms;
}

static void read_error(struct arena *a, const struct google_api *api, struct google_answer *out)
{
    static const char *const day[] = {"quotaExceeded", "dailyLimitExceeded", NULL};
    static const char *const burst[] = {"rateLimitExceeded", "userRateLimitExceeded",
        "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", NULL};
    const struct json *error = take_object(out->json, "error");
    out->reason = reason_of(error);
    network_why(a, api->connector->title, take_text(error, "message"), &out->sent);
    if (is_one_of(out->reason, day)) {
        wait_until(&out->sent, google_day_ends_ms(api->now_ms));
        out->sent.why = str_print(a,
            "%.*s: today's quota of the project is used up; it comes back at midnight Pacific "
            "time.",
            SARG(api->connector->title));
    } else if (is_one_of(out->reason, burst) && out->status < 500) {
        wait_until(
            &out->sent, out->sent.wait_until_ms ? out->sent.wait_until_ms : api->now_ms + BURST_MS);
    }
}

err google_do(struct http_client *client, struct arena *a, const struct google_api *api,
    enum http_method method, str url, str body, struct google_answer *out)
{
    struct google_answer got = {0};
    const struct network_call call = {
        .method = method,
        .url = url,
        .authorization = access_bearer(a, api->setup),
        .body = body,
        .max_bytes = ANSWER_BYTES,
        .may_repeat = method == HTTP_PUT || method == HTTP_DELETE,
    };
    if (!call.authorization.len) {
        access_missing(&got.sent);
        *out = got;
        return OK;
    }
    struct http_result res = {0};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, api->connector->title, &res, api->now_ms, &got.sent);
    got.status = res.status;
    got.json = res.outcome == HTTP_CALL_ANSWERED ? network_json(a, &res) : NULL;
    if (got.sent.outcome != CONNECTOR_SENT && res.status)
        read_error(a, api, &got);
    bool is_open = method == HTTP_POST || method == HTTP_PATCH;
    if (got.sent.outcome == CONNECTOR_SENT && !got.json && res.body.len) {
        got.sent.outcome = is_open ? CONNECTOR_UNKNOWN : CONNECTOR_RETRY;
        got.sent.why = str_print(
            a, "%.*s answered with something that is not JSON.", SARG(api->connector->title));
    }
    *out = got;
    return OK;
}
