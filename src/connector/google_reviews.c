/* google_reviews: settings, push, check, replies. See google_reviews.h.
 *
 * A push is proven by Google's token: its signature by the key set that check and refresh fetch and
 * keep among the secrets ("push_keys"; Google's keys overlap by days, tokens are renewed hourly),
 * its audience, and the service account that the operator named. A reply is a PUT and may be
 * repeated. Thread: calls block. */
#include "connector/google_reviews.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/access.h"
#include "connector/fetched.h"
#include "connector/jwt.h"
#include "connector/oauth2.h"
#include "connector/reading.h"

enum {
    POLL_MS = 5 * 60 * 1000,
    GAP_MS = 6 * 1000, /* 10 edits a minute and profile */
    TEXT_BYTES = 4096,
    ACCOUNTS = 20,   /* of a person: asked for their locations */
    LOCATIONS = 500, /* listed */
    LIST_PAGES = 5,
    PAGE_BYTES = 2000,
};

static str host_of(struct arena *a, const struct connector_setup *setup, str name)
{
    return connector_host_url(a, &connector_google_reviews, setup->hosts, name);
}

static str setting_of(struct arena *a, const struct connector_setup *setup, const char *name)
{
    return setup_setting(a, &connector_google_reviews, setup, name);
}

static void refuse(struct connector_sent *sent, str why)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

/* ── push ── */

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    str audience = setting_of(a, hook->setup, "push_audience");
    const struct jwt_rules rules = {
        .issuers = jwt_google_issuers,
        .audience = audience.len ? audience : hook->setup->hook_url,
        .email = setting_of(a, hook->setup, "push_email"),
        .now_ms = hook->now_ms,
    };
    struct jwt_claims claims;
    str token = jwt_of_header(http_header_get(hook->req, S("Authorization")));
    str keys = setup_secret(a, hook->setup, "push_keys");
    if (!rules.email.len)
        *why = S("Pushes are not set up: name the service account of the subscription.");
    else if (http_header_count(hook->req, S("Authorization")) != 1 || !token.len)
        *why = S("The push carries no token.");
    else if (!keys.len)
        *why = S("Google's keys are not here yet; test the channel once.");
    else if (jwt_verify(a, token, keys, &rules, &claims, why) == OK)
        return OK;
    else if (!why->len)
        *why = S("None of Google's keys that are here signed the token.");
    return E_UNAUTHENTICATED;
}

/* {"keys":…} as a JSON text; empty when Google does not give it. */
static err fetch_keys(
    struct http_client *client, struct arena *a, const struct connector_setup *setup, str *keys)
{
    const struct network_call call = {
        .method = HTTP_GET,
        .url = str_cat(a, host_of(a, setup, S("keys")), S("/certs")),
        .max_bytes = JWT_SET_BYTES,
    };
    struct http_result res = {0};
    TRY(network_do(client, a, &call, &res));
    bool is_set = res.outcome == HTTP_CALL_ANSWERED && res.status == 200 &&
                  take_array(network_json(a, &res), "keys");
    struct json_out j = json_out_make(a, JWT_SET_BYTES);
    json_put_str(&j, res.body);
    *keys = is_set && !j.b.failed ? json_str(&j) : (str){0};
    return OK;
}

/* ── replies ── */

/* The review's name in a message's id; empty when it is none that may stand in an address. */
static str review_of(str id)
{
    ptrdiff_t version = str_find_byte(id, '@');
    str name = version >= 0 ? str_sub(id, 0, version) : id;
    if (str_ends(name, S("/reply")))
        name.len -= S("/reply").len;
    for (ptrdiff_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '/' || c == '-' || c == '_' || c == '=' ||
                      c == '~'; /* before a replay's run */
        if (!is_fit)
            return (str){0};
    }
    bool is_review = str_starts(name, S("accounts/")) && str_find(name, S("/reviews/")) > 0;
    return is_review ? name : (str){0};
}

static str comment_of(struct arena *a, str text)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("comment"), text);
    json_obj_end(&j);
    return json_str(&j);
}

static err put_reply(struct http_client *client, struct arena *a, const struct google_api *api,
    str review, str text, struct connector_sent *sent)
{
    struct google_answer got;
    str url = str_print(a, "%.*s/%.*s/reply", SARG(host_of(a, api->setup, S("api"))), SARG(review));
    TRY(google_do(client, a, api, HTTP_PUT, url, comment_of(a, text), &got));
    str kept = take_text(got.json, "comment");
    if (got.sent.outcome == CONNECTOR_SENT)
        got.sent.external_id = google_reviews_reply_id(
            a, review, google_reviews_mark(a, str_trim(kept).len ? kept : text));
    *sent = got.sent;
    return OK;
}

static err send_reply(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    const struct google_api api = {&connector_google_reviews, out->setup, out->now_ms};
    str review = review_of(out->reply_to);
    if (!review.len || !str_trim(out->text).len || out->n_files) {
        refuse(sent, S("Google takes one text as the answer to a review, and nothing else."));
        return OK;
    }
    return put_reply(client, a, &api, review, out->text, sent);
}

static err act_on(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct google_api api = {&connector_google_reviews, act->setup, act->now_ms};
    str review = review_of(act->external_id);
    bool is_known = act->kind == ACT_DELETE || act->kind == ACT_EDIT;
    if (!is_known || !act->is_ours || !review.len) {
        refuse(sent, S("Only our own answer to a review can be changed or taken back."));
        return OK;
    }
    if (act->kind == ACT_EDIT)
        return put_reply(client, a, &api, review, act->text, sent);
    struct google_answer got;
    str url = str_print(a, "%.*s/%.*s/reply", SARG(host_of(a, act->setup, S("api"))), SARG(review));
    TRY(google_do(client, a, &api, HTTP_DELETE, url, (str){0}, &got));
    if (got.status == 404) /* gone is what was wanted */
        got.sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    *sent = got.sent;
    return OK;
}

/* ── account ── */

struct places {
    struct http_client *client;
    struct arena *a;
    struct google_api api;
    str secrets;
    struct connector_account at[LOCATIONS];
    ptrdiff_t n;
    bool has_more;
};

static void take_location(struct places *p, str account, const struct json *location)
{
    str name = take_id(location, "name");
    bool is_whole = str_starts(name, S("accounts/"));
    if (!name.len || p->n == LOCATIONS) {
        p->has_more |= name.len > 0;
        return;
    }
    str id = is_whole ? name : str_print(p->a, "%.*s/%.*s", SARG(account), SARG(name));
    if (id.len > READING_ID_BYTES)
        return;
    p->at[p->n++] = (struct connector_account){
        .external_id = id,
        .handle = take_line(location, "storeCode", LIMIT_NAME_BYTES),
        .name = take_line(location, "title", LIMIT_NAME_BYTES),
        .secrets = p->secrets,
    };
}

static err list_locations(struct places *p, str account, struct connector_sent *end)
{
    str page = {0};
    for (int i = 0; i < LIST_PAGES; i++) {
        struct google_answer got;
        str url = str_print(p->a,
            "%.*s/%.*s/locations?readMask=name,title,storeCode,metadata&pageSize=100%s%.*s",
            SARG(host_of(p->a, p->api.setup, S("info"))), SARG(account),
            page.len ? "&pageToken=" : "", SARG(http_percent_encode(p->a, page)));
        TRY(google_do(p->client, p->a, &p->api, HTTP_GET, url, (str){0}, &got));
        *end = got.sent;
        if (got.sent.outcome != CONNECTOR_SENT)
            return OK;
        for (const struct json *v = list_first(got.json, "locations"); v; v = v->next)
            take_location(p, account, v);
        page = take_line(got.json, "nextPageToken", PAGE_BYTES);
        if (!page.len)
            return OK;
    }
    p->has_more = true;
    return OK;
}

static err list_places(struct places *p, struct connector_sent *end)
{
    struct google_answer got;
    str url = str_print(p->a, "%.*s/accounts?pageSize=%d",
        SARG(host_of(p->a, p->api.setup, S("accounts"))), ACCOUNTS);
    TRY(google_do(p->client, p->a, &p->api, HTTP_GET, url, (str){0}, &got));
    *end = got.sent;
    int n = 0;
    for (const struct json *v = list_first(got.json, "accounts"); v && n < ACCOUNTS; v = v->next) {
        str name = take_id(v, "name");
        n++;
        if (str_starts(name, S("accounts/")) && end->outcome == CONNECTOR_SENT)
            TRY(list_locations(p, name, end));
    }
    p->has_more |= take_line(got.json, "nextPageToken", PAGE_BYTES).len > 0;
    return OK;
}

static str with_keys(struct arena *a, str secrets, str keys)
{
    const struct access_member member = {.name = S("push_keys"), .json = keys};
    return access_members_set(a, secrets, &member, 1);
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct places *p = NEW(a, struct places, 1);
    struct connector_checked made = {0};
    str keys;
    *p = (struct places){
        .client = client, .a = a, .api = {&connector_google_reviews, setup, now_ms}
    };
    TRY(fetch_keys(client, a, setup, &keys));
    if (keys.len)
        p->secrets = with_keys(a, S("{}"), keys);
    TRY(list_places(p, &made.end));
    if (made.end.outcome == CONNECTOR_SENT && !p->n)
        refuse(&made.end, S("This Google account manages no business location."));
    if (made.end.outcome == CONNECTOR_SENT) {
        made.accounts = p->at;
        made.n = p->n;
    }
    if (!keys.len && setting_of(a, setup, "push_email").len)
        made.note = S("Google's keys could not be fetched: pushes are refused until they are. "
                      "Reviews are polled meanwhile.");
    else if (p->has_more)
        made.note = S("There are more locations than are listed here.");
    *out = made;
    return OK;
}

static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    static const struct access_names names = {"client_id", "client_secret", "token"};
    struct connector_refreshed made = {0};
    str keys = {0};
    TRY(access_refresh(client, a, &connector_google_reviews, setup, &names, now_ms, &made));
    if (made.end.outcome == CONNECTOR_SENT)
        TRY(fetch_keys(client, a, setup, &keys));
    if (keys.len) /* else those that are here serve on */
        made.secrets = with_keys(a, made.secrets, keys);
    *out = made;
    return OK;
}

/* "accounts/1/locations/2" → "accounts/1" */
static str account_of(str location)
{
    ptrdiff_t end = str_find(location, S("/locations/"));
    return end > 0 ? str_sub(location, 0, end) : location;
}

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    const struct google_api api = {&connector_google_reviews, setup, clock_now_ms()};
    str topic = setting_of(a, setup, "topic"), account = account_of(setup->external_id);
    if (!topic.len || !account.len) { /* reviews are polled */
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
        return OK;
    }
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("name"), str_cat(a, account, S("/notificationSetting")));
    json_kv_str(&j, S("pubsubTopic"), on ? topic : S(""));
    json_kv_raw(
        &j, S("notificationTypes"), on ? S("[\"NEW_REVIEW\",\"UPDATED_REVIEW\"]") : S("[]"));
    json_obj_end(&j);
    str url = str_print(a, "%.*s/%.*s/notificationSetting?updateMask=pubsubTopic,notificationTypes",
        SARG(host_of(a, setup, S("notify"))), SARG(account));
    struct google_answer got;
    TRY(google_do(client, a, &api, HTTP_PATCH, url, json_str(&j), &got));
    if (got.sent.outcome == CONNECTOR_UNKNOWN)
        got.sent.outcome = CONNECTOR_RETRY; /* the same again does no harm */
    *sent = got.sent;
    return OK;
}

static const struct connector_setting settings[] = {
    GOOGLE_CLIENT,
    {.name = "topic",
      .kind = "text",
      .help = "The Pub/Sub topic that Google tells of new reviews: projects/…/topics/…."},
    {.name = "push_email",
      .kind = "text",
      .help = "The service account whose token a push subscription carries."},
    {.name = "push_audience",
      .kind = "text",
      .help = "The audience of that token, when it is not this channel's address."},
    {.name = "subscription",
      .kind = "text",
      .help = "A pull subscription instead of pushes: projects/…/subscriptions/…."},
    {.name = "days",
      .kind = "number",
      .standard = "30",
      .help = "How many days of reviews are brought in at the start."},
    {0          },
};
static const struct connector_host hosts[] = {
    {"api",                                                    "https://mybusiness.googleapis.com/v4"},
    {"accounts",                                                        "https://mybusinessaccountmanagement.googleapis.com/v1"},
    {"info","https://mybusinessbusinessinformation.googleapis.com/v1"},
    {"notify",                                                   "https://mybusinessnotifications.googleapis.com/v1"},
    {"pubsub",                                                        "https://pubsub.googleapis.com/v1"},
    {"keys","https://www.googleapis.com/oauth2/v3"},
    {"token",                                                 "https://oauth2.googleapis.com"},
    {0                                                       },
};

const struct connector connector_google_reviews = {
    .name = S_INIT("google_reviews"),
    .title = S_INIT("Google reviews"),
    .able = ABLE_HOOK | ABLE_POLL | ABLE_COMMENTS,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_EDIT,
    .settings = settings,
    .hosts = hosts,
    .public_rules = {.unit = LENGTH_BYTES, .max_length = TEXT_BYTES  },
    .approval =
        "Google must admit the project to the Business Profile APIs: its quota is 0 before.",
    .repeats_safely = true,
    .poll_ms = POLL_MS,
    .send_gap_ms = GAP_MS,
    .oauth2 = &oauth2_google_business,
    .verify = verify,
    .parse = google_reviews_parse,
    .poll = google_reviews_poll,
    .send = send_reply,
    .act = act_on,
    .check = check,
    .subscribe = subscribe,
    .refresh = refresh,
    .notice = {"google.com",         "google.com g.page goo.gl"},
};
