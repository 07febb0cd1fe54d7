/* google_reviews: what is asked and when. See google_reviews.h.
 *
 * Cursors: {"mark_ms": begin of the last reading, "deep_ms": of the last one of 500 reviews,
 * "seen": {review id: [update ms, reply's update ms, reply's mark]}}: the newest 500. What differs
 * from it is delivered; what is missing where it should stand is asked for by its name, and gone
 * when that is 404. With a subscription of our own, its messages are pulled, and reviews are read
 * only when there were some, or every quarter of an hour. Thread: blocks. */
#include "base/limits.h"
#include "connector/fetched.h"
#include "connector/google_reviews.h"
#include "connector/reading.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
static const int64_t deep_every_ms = INT64_C(6) * 3600 * 1000;
static const int64_t pulled_every_ms = INT64_C(15) * 60 * 1000;
static const int64_t pull_again_ms = INT64_C(60) * 1000;
static const int64_t overlap_ms = INT64_C(10) * 60 * 1000;

enum {
    PAGES = 10,     /* of 50 */
    SEEN = 500,     /* reviews remembered */
    CONFIRMED = 10, /* missing ones asked for in one poll */
    DAYS_MOST = 3650,
    PAGE_BYTES = 2000,
};

struct seen {
    str id, mark; /* of our reply */
    int64_t ms, reply_ms;
};
struct reading {
    struct http_client *client;
    struct arena *a;
    const struct connector_poll *in;
    struct google_api api;
    str base, location;
    int64_t mark_ms, deep_ms, after_ms;
    bool is_deep;
    const struct json *known; /* seen, as it was */
    struct seen now[SEEN];
    ptrdiff_t n;
    int64_t covered_ms; /* everything that changed later has been read; 0 = everything */
    struct fetched f;
};

static struct seen seen_of(const struct json *v)
{
    const struct json *first = v && v->kind == JSON_ARRAY ? v->first : NULL;
    const struct json *second = first ? first->next : NULL;
    return (struct seen){
        .id = v ? v->key : (str){0},
        .ms = json_int(first, 0),
        .reply_ms = json_int(second, 0),
        .mark = json_text(second ? second->next : NULL, S("")),
    };
}

static const struct seen *is_read(const struct reading *r, str id)
{
    for (ptrdiff_t i = 0; i < r->n; i++)
        if (str_eq(r->now[i].id, id))
            return &r->now[i];
    return NULL;
}

static str name_of(struct reading *r, const struct json *review, str id)
{
    str name = take_id(review, "name");
    return name.len ? name : str_print(r->a, "%.*s/reviews/%.*s", SARG(r->location), SARG(id));
}

static void deliver(struct reading *r, const struct json *review, struct seen is, str old)
{
    struct json_out j = json_out_make(r->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("account"), r->location);
    json_kv_str(&j, S("name"), name_of(r, review, is.id));
    json_key(&j, S("review"));
    json_put_tree(&j, review);
    if (old.len && !str_eq(old, is.mark))
        json_kv_str(&j, S("old_reply"), old);
    json_obj_end(&j);
    str key =
        str_print(r->a, "%.*s@%lld/%lld", SARG(is.id), (long long)is.ms, (long long)is.reply_ms);
    if (!j.b.failed)
        (void)fetched_add(&r->f, key, S("review"), json_str(&j)); /* 500 fit */
}

static void take_review(struct reading *r, const struct json *review)
{
    const struct json *reply = take_object(review, "reviewReply");
    struct seen is = {
        .id = take_id(review, "reviewId"),
        .mark = google_reviews_mark(r->a, take_text(reply, "comment")),
        .ms = take_time(review, "updateTime"),
        .reply_ms = take_time(reply, "updateTime"),
    };
    if (!is.id.len || !is.ms || is_read(r, is.id))
        return;
    struct seen was = seen_of(json_get(r->known, is.id));
    bool is_known = was.id.len > 0;
    bool is_new = is_known ? was.ms != is.ms || was.reply_ms != is.reply_ms : is.ms > r->after_ms;
    if (is_new || (r->in->since_ms && is.ms > r->in->since_ms))
        deliver(r, review, is, was.mark);
    if (r->n < SEEN)
        r->now[r->n++] = is;
    r->covered_ms = is.ms;
}

static err read_pages(struct reading *r, struct connector_sent *end)
{
    str page = {0};
    int64_t until_ms = r->in->since_ms ? r->in->since_ms : r->mark_ms - overlap_ms;
    for (int i = 0; i < PAGES; i++) {
        struct google_answer got;
        str url = str_print(r->a, "%.*s/%.*s/reviews?pageSize=50&orderBy=updateTime%%20desc%s%.*s",
            SARG(r->base), SARG(r->location), page.len ? "&pageToken=" : "",
            SARG(http_percent_encode(r->a, page)));
        TRY(google_do(r->client, r->a, &r->api, HTTP_GET, url, (str){0}, &got));
        *end = got.sent;
        if (got.sent.outcome != CONNECTOR_SENT)
            return OK;
        for (const struct json *v = list_first(got.json, "reviews"); v; v = v->next)
            take_review(r, v);
        page = take_line(got.json, "nextPageToken", PAGE_BYTES);
        if (!page.len) {
            r->covered_ms = 0;
            return OK;
        }
        if (!r->is_deep && r->covered_ms < until_ms)
            return OK;
    }
    return OK;
}

/* ── what is missing ── */

static err confirm(struct reading *r, str id, bool *is_gone)
{
    struct google_answer got;
    str url = str_print(r->a, "%.*s/%.*s/reviews/%.*s", SARG(r->base), SARG(r->location),
        SARG(http_percent_encode(r->a, id)));
    TRY(google_do(r->client, r->a, &r->api, HTTP_GET, url, (str){0}, &got));
    *is_gone = got.status == 404;
    return OK;
}

static void deliver_gone(struct reading *r, str id)
{
    struct json_out j = json_out_make(r->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("account"), r->location);
    json_kv_str(&j, S("name"), name_of(r, NULL, id));
    json_obj_end(&j);
    (void)fetched_add(&r->f, str_cat(r->a, id, S("@gone")), S("gone"), json_str(&j));
}

/* Those of the last time that this reading should have met, and the rest of them kept. */
static err take_missing(struct reading *r)
{
    int asked = 0;
    for (const struct json *v = r->known ? r->known->first : NULL; v; v = v->next) {
        struct seen was = seen_of(v);
        bool is_gone = false;
        if (is_read(r, was.id))
            continue;
        if (was.ms > r->covered_ms && asked < CONFIRMED) {
            asked++;
            TRY(confirm(r, was.id, &is_gone));
        }
        if (is_gone)
            deliver_gone(r, was.id);
        else if (r->n < SEEN)
            r->now[r->n++] = was;
    }
    return OK;
}

static str cursors_text(const struct reading *r)
{
    struct json_out j = json_out_make(r->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_kv_int(&j, S("mark_ms"), r->in->now_ms);
    json_kv_int(&j, S("deep_ms"), r->is_deep ? r->in->now_ms : r->deep_ms);
    json_key(&j, S("seen"));
    json_obj(&j);
    for (ptrdiff_t i = 0; i < r->n; i++) {
        json_key(&j, r->now[i].id);
        json_arr(&j);
        json_put_int(&j, r->now[i].ms);
        json_put_int(&j, r->now[i].reply_ms);
        json_put_str(&j, r->now[i].mark);
        json_arr_end(&j);
    }
    json_obj_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

/* ── Pub/Sub ── */

/* *acks: what is to be acknowledged when the reviews have been read; *has_news: read them now. A
 * pull that fails does not keep reviews from being read. */
static err pull(struct reading *r, str subscription, str *acks, bool *has_news)
{
    struct google_answer got;
    str pubsub = connector_host_url(r->a, r->api.connector, r->in->setup->hosts, S("pubsub"));
    str url = str_print(r->a, "%.*s/%.*s:pull", SARG(pubsub), SARG(subscription));
    TRY(google_do(r->client, r->a, &r->api, HTTP_POST, url, S("{\"maxMessages\":50}"), &got));
    const struct json *first = list_first(got.json, "receivedMessages");
    *has_news = got.sent.outcome != CONNECTOR_SENT || first;
    if (!first)
        return OK;
    struct json_out j = json_out_make(r->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_key(&j, S("ackIds"));
    json_arr(&j);
    for (const struct json *m = first; m; m = m->next)
        json_put_str(&j, json_text(json_get(m, S("ackId")), S("")));
    json_arr_end(&j);
    json_obj_end(&j);
    *acks = json_str(&j);
    return OK;
}

static err acknowledge(struct reading *r, str subscription, str acks)
{
    struct google_answer got;
    str pubsub = connector_host_url(r->a, r->api.connector, r->in->setup->hosts, S("pubsub"));
    str url = str_print(r->a, "%.*s/%.*s:acknowledge", SARG(pubsub), SARG(subscription));
    /* What is not acknowledged comes again and makes us read once more. */
    return google_do(r->client, r->a, &r->api, HTTP_POST, url, acks, &got);
}

static void begin(struct reading *r)
{
    const struct connector_poll *in = r->in;
    const struct json *c = cursors_read(r->a, in->cursors);
    int64_t days = 30;
    (void)str_int(setup_setting(r->a, r->api.connector, in->setup, "days"), 1, DAYS_MOST, &days);
    r->mark_ms = take_int(c, "mark_ms", 0);
    r->deep_ms = take_int(c, "deep_ms", 0);
    r->known = take_object(c, "seen");
    r->is_deep = in->now_ms - r->deep_ms >= deep_every_ms;
    r->after_ms = r->mark_ms ? r->mark_ms - day_ms : in->now_ms - days * day_ms;
    r->covered_ms = INT64_MAX; /* nothing yet */
}

err google_reviews_poll(struct http_client *client, struct arena *a,
    const struct connector_poll *in, struct connector_polled *out)
{
    struct reading *r = NEW(a, struct reading, 1);
    *r = (struct reading){.client = client, .a = a, .in = in, .f.a = a};
    r->api = (struct google_api){&connector_google_reviews, in->setup, in->now_ms};
    r->base = connector_host_url(a, r->api.connector, in->setup->hosts, S("api"));
    r->location = in->setup->external_id;
    begin(r);
    struct connector_polled got = {.end.outcome = CONNECTOR_SENT};
    str subscription = setup_setting(a, r->api.connector, in->setup, "subscription"), acks = {0};
    bool has_news = true;
    if (subscription.len) {
        TRY(pull(r, subscription, &acks, &has_news));
        got.next_ms = in->now_ms + pull_again_ms;
    }
    bool is_idle = !has_news && !in->since_ms && in->now_ms - r->mark_ms < pulled_every_ms;
    if (is_idle) {
        *out = got;
        return OK;
    }
    TRY(read_pages(r, &got.end));
    if (got.end.outcome == CONNECTOR_SENT) {
        TRY(take_missing(r));
        got.cursors = cursors_text(r);
        if (acks.len)
            TRY(acknowledge(r, subscription, acks));
    } else if (got.end.outcome == CONNECTOR_WAIT) {
        got.next_ms = got.end.wait_until_ms;
    }
    got.deliveries = r->f.at;
    got.n = r->f.n;
    *out = got;
    return OK;
}
