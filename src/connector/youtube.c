/* youtube: settings, rules, check, replies and acts. See youtube.h.
 *
 * A reply has no idempotency key. A try that is not the first looks whether an earlier one arrived:
 * among the answers below the parent, ours with this text, not older than the first try. So a try
 * of unknown end may be repeated. Thread: calls block. */
#include "connector/youtube.h"

#include "base/limits.h"
#include "connector/access.h"
#include "connector/fetched.h"
#include "connector/oauth2.h"
#include "connector/reading.h"

enum {
    POLL_MS = 3 * 60 * 1000, /* 480 units a day of 10,000 */
    SKEW_MS = 60 * 1000,     /* between YouTube's clock and ours */
    TEXT_MOST = 10000,
    REPLY_PAGES = 5,
    PAGE_BYTES = 2000,
};

static str base_of(struct arena *a, const struct connector_setup *setup)
{
    return connector_host_url(a, &connector_youtube, setup->hosts, S("api"));
}

/* "UgxSEVA1.9abc" → "UgxSEVA1": answers stand one level deep. */
static str thread_of(str comment)
{
    ptrdiff_t dot = str_find_byte(comment, '.');
    return dot > 0 ? str_sub(comment, 0, dot) : comment;
}

static void refuse(struct connector_sent *sent, str why)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

/* ── reply ── */

static bool is_that(const struct json *c, const struct connector_outgoing *out, str text)
{
    const struct json *snippet = take_object(c, "snippet");
    str typed = take_text(snippet, "textOriginal"), shown = take_text(snippet, "textDisplay");
    return str_eq(youtube_author(c), out->setup->external_id) &&
           (str_eq(typed, text) || str_eq(shown, text)) &&
           take_time(snippet, "publishedAt") >= out->first_try_ms - SKEW_MS;
}

/* id stays empty when no earlier try arrived; sent is then SENT too. */
static err find_earlier(struct http_client *client, struct arena *a, const struct google_api *api,
    const struct connector_outgoing *out, str parent, str text, struct connector_sent *sent)
{
    str page = {0};
    for (int i = 0; i < REPLY_PAGES; i++) {
        struct google_answer got;
        str url = str_print(a,
            "%.*s/comments?part=snippet&parentId=%.*s&maxResults=100&textFormat=plainText%s%.*s",
            SARG(base_of(a, out->setup)), SARG(http_percent_encode(a, parent)),
            page.len ? "&pageToken=" : "", SARG(http_percent_encode(a, page)));
        TRY(google_do(client, a, api, HTTP_GET, url, (str){0}, &got));
        *sent = got.sent;
        if (got.sent.outcome != CONNECTOR_SENT)
            return OK;
        for (const struct json *c = list_first(got.json, "items"); c; c = c->next) {
            if (!is_that(c, out, text))
                continue;
            sent->external_id = take_id(c, "id");
            return OK;
        }
        page = take_line(got.json, "nextPageToken", PAGE_BYTES);
        if (!page.len)
            break;
    }
    return OK;
}

/* What stands above may be an answer itself: the author's handle says whom ours is for. */
static str text_for(struct arena *a, const struct connector_outgoing *out)
{
    bool is_below = str_find_byte(out->reply_to, '.') > 0;
    str handle = str_cat(a, S("@"), out->to_handle);
    if (!is_below || !out->to_handle.len || str_starts(out->text, handle))
        return out->text;
    return str_print(a, "%.*s %.*s", SARG(handle), SARG(out->text));
}

static str reply_body(struct arena *a, str parent, str text)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_key(&j, S("snippet"));
    json_obj(&j);
    json_kv_str(&j, S("parentId"), parent);
    json_kv_str(&j, S("textOriginal"), text);
    json_obj_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

static err send_reply(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    const struct google_api api = {&connector_youtube, out->setup, out->now_ms};
    str parent = thread_of(out->reply_to), text = text_for(a, out);
    struct connector_sent earlier = {.outcome = CONNECTOR_SENT};
    struct google_answer got;
    if (!parent.len || !str_trim(out->text).len || out->n_files) {
        refuse(sent, S("YouTube takes only texts that answer a comment."));
        return OK;
    }
    if (out->now_ms > out->first_try_ms)
        TRY(find_earlier(client, a, &api, out, parent, text, &earlier));
    if (earlier.outcome == CONNECTOR_UNKNOWN)
        earlier.outcome = CONNECTOR_RETRY; /* it only asked */
    if (earlier.outcome != CONNECTOR_SENT || earlier.external_id.len) {
        *sent = earlier;
        return OK;
    }
    str url = str_cat(a, base_of(a, out->setup), S("/comments?part=snippet"));
    TRY(google_do(client, a, &api, HTTP_POST, url, reply_body(a, parent, text), &got));
    got.sent.external_id = take_id(got.json, "id");
    if (got.sent.outcome == CONNECTOR_SENT && !got.sent.external_id.len)
        got.sent.outcome = CONNECTOR_UNKNOWN;
    bool is_first = out->now_ms <= out->first_try_ms;
    if (str_eq(got.reason, S("processingFailure")) && is_first)
        got.sent.outcome = CONNECTOR_RETRY;
    *sent = got.sent;
    return OK;
}

/* ── acts ── */

static str moderate(struct arena *a, const struct connector_act *act, str id)
{
    const char *status = act->kind == ACT_DELETE ? "rejected"
                         : act->kind == ACT_HIDE ? "heldForReview"
                                                 : "published";
    return str_print(a, "%.*s/comments/setModerationStatus?id=%.*s&moderationStatus=%s",
        SARG(base_of(a, act->setup)), SARG(id), status);
}

static str edit_body(struct arena *a, const struct connector_act *act)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("id"), act->external_id);
    json_key(&j, S("snippet"));
    json_obj(&j);
    json_kv_str(&j, S("textOriginal"), act->text);
    json_obj_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

/* A comment of somebody else's cannot be deleted, only rejected, and then nobody sees it. */
static err act_on(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct google_api api = {&connector_youtube, act->setup, act->now_ms};
    struct google_answer got;
    str base = base_of(a, act->setup), id = http_percent_encode(a, act->external_id);
    str url = moderate(a, act, id), body = {0};
    enum http_method method = HTTP_POST;
    switch (act->kind) {
    case ACT_DELETE:
        if (!act->is_ours)
            break;
        method = HTTP_DELETE;
        url = str_print(a, "%.*s/comments?id=%.*s", SARG(base), SARG(id));
        break;
    case ACT_EDIT:
        method = HTTP_PUT;
        url = str_cat(a, base, S("/comments?part=snippet"));
        body = edit_body(a, act);
        break;
    case ACT_HIDE:
    case ACT_UNHIDE:
        break;
    case ACT_REACT:
    case ACT_LIKE:
    case ACT_READ:
        refuse(sent, S("YouTube does not let programs do that."));
        return OK;
    }
    TRY(google_do(client, a, &api, method, url, body, &got));
    bool is_gone = act->kind == ACT_DELETE && got.status == 404;
    if (is_gone) /* deleted is what was wanted */
        got.sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    *sent = got.sent;
    return OK;
}

/* ── account ── */

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    const struct google_api api = {&connector_youtube, setup, now_ms};
    struct connector_checked made = {0};
    struct google_answer got;
    str url =
        str_cat(a, base_of(a, setup), S("/channels?part=id,snippet,contentDetails&mine=true"));
    TRY(google_do(client, a, &api, HTTP_GET, url, (str){0}, &got));
    made.end = got.sent;
    const struct json *channel = list_first(got.json, "items");
    if (made.end.outcome == CONNECTOR_SENT && !take_id(channel, "id").len)
        refuse(&made.end, S("This Google account has no YouTube channel. Authorise again and "
                            "choose the channel itself."));
    if (made.end.outcome == CONNECTOR_SENT) {
        const struct json *snippet = take_object(channel, "snippet");
        const struct json *picture = take_object(take_object(snippet, "thumbnails"), "default");
        made.accounts = NEW(a, struct connector_account, 1);
        made.n = 1;
        made.accounts[0] = (struct connector_account){
            .external_id = take_id(channel, "id"),
            .handle = take_line(snippet, "customUrl", LIMIT_NAME_BYTES),
            .name = take_line(snippet, "title", LIMIT_NAME_BYTES),
            .avatar_url = take_url(picture, "url"),
        };
    }
    *out = made;
    return OK;
}

static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    static const struct access_names names = {"client_id", "client_secret", "token"};
    return access_refresh(client, a, &connector_youtube, setup, &names, now_ms, out);
}

static const struct connector_setting settings[] = {
    GOOGLE_CLIENT,
    {.name = "days",
      .kind = "number",
      .standard = "14",
      .help = "How many days a comment's thread is watched for new answers."},
    {.name = "held",
      .kind = "choice",
      .choices = "no yes",
      .standard = "no",
      .help = "Whether comments come in that YouTube holds back until somebody publishes them."},
    {0               },
};
static const struct connector_host hosts[] = {
    {"api",                            "https://www.googleapis.com/youtube/v3"},
    {"token",                                "https://oauth2.googleapis.com"},
    {0},
};
enum {
    ACTS = 1 << ACT_DELETE | 1 << ACT_EDIT | 1 << ACT_HIDE | 1 << ACT_UNHIDE,
};

const struct connector connector_youtube = {
    .name = S_INIT("youtube"),
    .title = S_INIT("YouTube"),
    .able = ABLE_POLL | ABLE_COMMENTS,
    .acts_public = ACTS,
    .settings = settings,
    .hosts = hosts,
    .public_rules = {.unit = LENGTH_CODE_POINTS,
                     .max_length = TEXT_MOST,
                     .may_number = true,
                     .may_split = true},
    .approval = "A Google Cloud project with the YouTube Data API; more than 10,000 units a day "
                "need an audit by Google.",
    .repeats_safely = true,
    .poll_ms = POLL_MS,
    .oauth2 = &oauth2_youtube,
    .parse = youtube_parse,
    .poll = youtube_poll,
    .send = send_reply,
    .act = act_on,
    .check = check,
    .refresh = refresh,
    .notice = {"youtube.com",          "youtube.com youtu.be"    },
};
