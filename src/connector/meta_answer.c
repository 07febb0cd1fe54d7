/* meta: what an answer of the Graph API means: its errors and its usage headers. See meta.h.
 * Decided by code, subcode and HTTP status, never by the network's words, which change. */
#include "connector/meta.h"

#include "base/limits.h"
#include "connector/reading.h"

#include <limits.h>

enum {
    LIMITED_MS = 60 * 1000,  /* a limit that does not say until when */
    PATIENCE_MS = 60 * 1000, /* codes 1 and 2 without is_transient: five tries with back-off; then
                              * it is more likely that the person has blocked the page */
    REGAIN_MOST_MIN = 24 * 60,
    USED_CALM = 80, /* percent: below, nothing needs slowing down */
};

/* First row that fits; a subcode's row stands before its code's. */
/* clang-format off */
static const struct meta_error common[] = {
    {1, 0, CONNECTOR_RETRY, false, "The network had a fault."},
    {2, 0, CONNECTOR_RETRY, false, "The network had a fault, or the person has blocked this account."},
    {4, 0, CONNECTOR_WAIT, true, "The app has used up its calls; sending goes on later."},
    {9, 0, CONNECTOR_WAIT, true, "The account has used up its calls; sending goes on later."},
    {10, 2018278, CONNECTOR_FINAL, false,
     "The time to answer is over. It opens again when the person writes; a person's answer may "
     "still go as a human agent within seven days, if the network has approved that."},
    {10, 2018065, CONNECTOR_FINAL, false,
     "The time to answer is over. It opens again when the person writes; a person's answer may "
     "still go as a human agent within seven days, if the network has approved that."},
    {10, 2018108, CONNECTOR_FINAL, false, "The person cannot get messages now."},
    {10, 1893063, CONNECTOR_REAUTH, true,
     "The network keeps this account from sending for a time. Look into its page quality or "
     "account status there."},
    {10, 0, CONNECTOR_FINAL, true,
     "The app lacks a permission for this. Connect the channel again and allow everything that "
     "is asked."},
    {17, 0, CONNECTOR_WAIT, true, "The account has used up its calls; sending goes on later."},
    {32, 0, CONNECTOR_WAIT, true, "The page has used up its calls; sending goes on later."},
    {100, 2018001, CONNECTOR_FINAL, false, "There is no such person for this account."},
    {100, 2018109, CONNECTOR_FINAL, false, "The file is too large for this network."},
    {100, 0, CONNECTOR_FINAL, false, "The network does not take it as it is."},
    {190, 458, CONNECTOR_REAUTH, true, "The app was removed by the person who connected it."},
    {190, 460, CONNECTOR_REAUTH, true, "The person who connected it has a new password."},
    {190, 463, CONNECTOR_REAUTH, true, "The access has run out."},
    {190, 467, CONNECTOR_REAUTH, true, "The access was taken back."},
    {190, 0, CONNECTOR_REAUTH, true, "The access is no longer valid."},
    {199, 0, CONNECTOR_FINAL, true,
     "The app lacks a permission or verification for this; see the app's review at the "
     "network."},
    {368, 0, CONNECTOR_REAUTH, true,
     "The network has blocked this account for a breach of its policies. Look into its account "
     "status there."},
    {551, 0, CONNECTOR_FINAL, false, "The person cannot be reached or has turned messages off."},
    {613, 0, CONNECTOR_WAIT, true, "Too many calls at once; sending goes on later."},
    {1200, 0, CONNECTOR_RETRY, false, "The network could not send it just now."},
    {80002, 0, CONNECTOR_WAIT, true, "The account has used up its calls; sending goes on later."},
    {80006, 0, CONNECTOR_WAIT, true, "The account has used up its calls; sending goes on later."},
    {0},
};
/* clang-format on */
static const struct meta_error permission = {0, 0, CONNECTOR_FINAL, true,
    "The app lacks a permission for this. Connect the channel again and allow everything that is "
    "asked."};
enum { PERMISSION_FIRST = 200, PERMISSION_LAST = 299 };

static const struct meta_error *row_in(const struct meta_error *rows, int code, int subcode)
{
    for (const struct meta_error *r = rows; r && r->words; r++)
        if ((r->code == code && (r->subcode == 0 || r->subcode == subcode)) ||
            (r->code == 0 && r->subcode == subcode))
            return r;
    return NULL;
}

static const struct meta_error *row_of(const struct meta_api *api, int code, int subcode)
{
    const struct meta_error *row = row_in(api->errors, code, subcode);
    if (!row)
        row = row_in(common, code, subcode);
    bool is_permission = code >= PERMISSION_FIRST && code <= PERMISSION_LAST;
    return row || !is_permission ? row : &permission;
}

/* ── usage ── */

struct usage {
    int64_t used; /* percent; above 100 is told too */
    int64_t regain_min;
};

static void look_at(const struct json *v, struct usage *worst)
{
    static const char *const counts[] = {"call_count", "total_time", "total_cputime"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int64_t used = take_int(v, counts[i], 0);
        worst->used = used > worst->used ? used : worst->used;
    }
    int64_t regain = take_int(v, "estimated_time_to_regain_access", 0);
    worst->regain_min = regain > worst->regain_min ? regain : worst->regain_min;
}

/* {"call_count":…}, or {"<business id>":[{"call_count":…}, …], …}. */
static void look_into(struct arena *a, str header, struct usage *worst)
{
    const struct json *root = NULL;
    str why;
    if (!header.len || json_parse(a, header, &root, &why) != OK || root->kind != JSON_OBJECT)
        return;
    look_at(root, worst);
    for (const struct json *v = root->first; v; v = v->next)
        for (const struct json *row = v->kind == JSON_ARRAY ? v->first : NULL; row; row = row->next)
            look_at(row, worst);
}

struct connector_rate meta_usage(struct arena *a, const struct http_result *res, int64_t now_ms)
{
    struct usage worst = {0};
    look_into(a, http_result_header(res, S("X-App-Usage")), &worst);
    look_into(a, http_result_header(res, S("X-Page-Usage")), &worst);
    look_into(a, http_result_header(res, S("X-Business-Use-Case-Usage")), &worst);
    if (worst.used <= USED_CALM && worst.regain_min <= 0)
        return (struct connector_rate){0};
    if (worst.regain_min > REGAIN_MOST_MIN)
        worst.regain_min = REGAIN_MOST_MIN;
    int64_t regain_ms = worst.regain_min * 60 * 1000;
    bool is_over = worst.used >= 100 || regain_ms > 0;
    return (struct connector_rate){
        .limit = 100,
        .remaining = is_over ? 0 : 100 - worst.used,
        .reset_ms = now_ms + (regain_ms > LIMITED_MS ? regain_ms : LIMITED_MS),
    };
}

/* ── errors ── */

/* Its words for people when there are some, with the numbers that help when asking the network. */
static str words_of(struct arena *a, const struct meta_api *api, const struct meta_error *row,
    const struct json *error, const struct meta_answer *out)
{
    str theirs = take_line(error, "error_user_msg", LIMIT_NAME_BYTES);
    if (!theirs.len)
        theirs = take_line(error, "message", LIMIT_NAME_BYTES);
    str numbers = out->subcode ? str_print(a, "%d/%d", out->code, out->subcode)
                               : str_print(a, "%d", out->code);
    return str_print(a, "%s%s%.*s says: %.*s (%.*s)", row ? row->words : "", row ? " " : "",
        SARG(api->connector->title), SARG(theirs), SARG(numbers));
}

static void apply(const struct meta_api *api, const struct http_result *res,
    const struct meta_error *row, int subcode, bool is_transient, struct connector_sent *sent)
{
    int64_t first_ms = api->first_try_ms ? api->first_try_ms : api->now_ms;
    sent->outcome = row->outcome;
    /* A refusal with a subcode that we do not know is a case of its own. */
    sent->is_channel_wide =
        row->is_channel_wide && (row->outcome != CONNECTOR_FINAL || row->subcode == subcode);
    sent->wait_until_ms = 0;
    bool is_vague = row->code == 1 || row->code == 2;
    if (is_vague && !is_transient && api->now_ms - first_ms > PATIENCE_MS)
        sent->outcome = CONNECTOR_FINAL;
    if (sent->outcome != CONNECTOR_WAIT)
        return;
    sent->wait_until_ms = http_result_retry_ms(res, api->now_ms);
    if (!sent->wait_until_ms && sent->rate.limit && !sent->rate.remaining)
        sent->wait_until_ms = sent->rate.reset_ms;
    if (!sent->wait_until_ms)
        sent->wait_until_ms = api->now_ms + LIMITED_MS;
}

static int code_in(const struct json *error, const char *key)
{
    int64_t code = take_int(error, key, 0);
    return code > 0 && code <= INT_MAX ? (int)code : 0;
}

void meta_read_answer(struct arena *a, const struct meta_api *api, const struct http_result *res,
    bool is_open, struct meta_answer *out)
{
    struct meta_answer got = {.json = network_json(a, res)};
    network_answer(a, api->connector->title, res, api->now_ms, &got.sent);
    struct connector_rate usage = meta_usage(a, res, api->now_ms);
    if (usage.limit)
        got.sent.rate = usage;
    const struct json *error = take_object(got.json, "error");
    got.code = code_in(error, "code");
    got.subcode = code_in(error, "error_subcode");
    const struct meta_error *row = row_of(api, got.code, got.subcode);
    bool is_refused = error && got.code;
    bool is_unclear = res->status == 408 || res->status >= 500;
    bool is_vague = got.code == 1 || got.code == 2;
    bool is_passing = take_bool(error, "is_transient"); /* it says that nothing was done */
    if (is_refused && row && !(is_vague && is_open && is_unclear && !is_passing))
        apply(api, res, row, got.subcode, is_passing, &got.sent);
    else if (is_refused && is_passing && !is_unclear)
        got.sent.outcome = CONNECTOR_RETRY;
    else if (is_refused && got.sent.outcome == CONNECTOR_SENT)
        got.sent.outcome = CONNECTOR_FINAL; /* 200 with an error in it */
    else if (is_open && is_unclear) {
        got.sent.outcome = CONNECTOR_UNKNOWN;
        got.sent.wait_until_ms = 0;
    } else if (!is_open && got.sent.outcome == CONNECTOR_UNKNOWN)
        got.sent.outcome = CONNECTOR_RETRY;
    if (is_refused)
        got.sent.why = words_of(a, api, row, error, &got);
    if (got.sent.outcome == CONNECTOR_SENT && !got.json) {
        got.sent.outcome = is_open ? CONNECTOR_UNKNOWN : CONNECTOR_RETRY;
        got.sent.why = str_print(a, "%.*s answered nothing readable.", SARG(api->connector->title));
    }
    *out = got;
}
