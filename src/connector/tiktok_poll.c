/* tiktok: comments that are asked for. See tiktok.h.
 *
 * The ten newest videos, each one's comments newest first until they are older than a day before
 * the last pass. At most 40 calls a minute and address: what does not fit goes on a minute later.
 * Cursors: {"mark_ms": begin of the last whole pass, "pass_ms", "video", "cursor": one that is
 * under way}. Beyond 500 comments of a video TikTok repeats itself; keys drop that. Thread: blocks.
 */
#include "base/limits.h"
#include "connector/fetched.h"
#include "connector/reading.h"
#include "connector/tiktok.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
static const int64_t minute_ms = 60 * 1000;

enum {
    VIDEOS = 10,
    CALLS = 30, /* of comment lists in one poll: lookups go to the same address */
    REPLY_CALLS = 20,
    LOOKUP_PAGES = 5,
    FIRST_DAYS = 14,
    PER_PAGE = 30, /* TikTok's most */
};
#define COMMENT_LIST "/business/comment/list/"
#define REPLY_LIST   "/business/comment/reply/list/"

struct asking {
    struct http_client *client;
    struct arena *a;
    struct tiktok_api api;
    str business;
    int64_t after_ms; /* comments that are of interest */
    int calls, reply_calls;
    struct fetched f;
};

static void put_tree(struct json_out *j, str key, const struct json *v)
{
    if (!v)
        return;
    json_key(j, key);
    json_put_tree(j, v);
}

static void deliver(struct asking *q, bool is_lookup, const struct json *comment,
    const struct json *parent, const struct json *video)
{
    struct json_out j = json_out_make(q->a, LIMIT_WEBHOOK_BODY_BYTES);
    str id = take_id(comment, "comment_id");
    json_obj(&j);
    json_kv_str(&j, S("account"), q->business);
    put_tree(&j, S("comment"), comment);
    put_tree(&j, S("parent"), parent);
    put_tree(&j, S("video"), video);
    json_obj_end(&j);
    if (id.len && !j.b.failed)
        (void)fetched_add(&q->f,
            str_print(q->a, "%s:%.*s", is_lookup ? "lookup" : "comment", SARG(id)), S("comment"),
            json_str(&j)); /* a full list: the next pass brings it, it is young enough */
}

static void take(struct asking *q, const struct json *comment, const struct json *parent,
    const struct json *video)
{
    if (take_time(comment, "create_time") > q->after_ms)
        deliver(q, false, comment, parent, video);
}

/* ── one video ── */

static err ask_page(struct asking *q, const char *path, str video, str comment, int64_t cursor,
    struct tiktok_answer *got)
{
    struct form f = form_make(q->a);
    form_add(&f, "business_id", q->business);
    form_add(&f, "video_id", video);
    if (comment.len)
        form_add(&f, "comment_id", comment);
    else
        form_add(&f, "include_replies", S("true"));
    form_add(&f, "sort_field", S("create_time"));
    form_add(&f, "sort_order", S("desc"));
    form_add(&f, "max_count", str_print(q->a, "%d", PER_PAGE));
    form_add(&f, "cursor", str_print(q->a, "%lld", (long long)cursor));
    str url = str_print(q->a, "%s?%.*s", path, SARG(form_str(&f)));
    return tiktok_do(q->client, q->a, &q->api, HTTP_GET, url, (str){0}, got);
}

/* A comment and what stands below it: a page holds three answers, the rest is asked for when the
 * comment or one of the three is new. */
static err take_comment(struct asking *q, const struct json *comment, const struct json *video)
{
    int64_t shown = 0, newest_ms = take_time(comment, "create_time");
    take(q, comment, NULL, video);
    for (const struct json *r = list_first(comment, "reply_list"); r; r = r->next, shown++) {
        int64_t ms = take_time(r, "create_time");
        newest_ms = ms > newest_ms ? ms : newest_ms;
        take(q, r, comment, video);
    }
    bool has_more = take_int(comment, "replies", 0) > shown && newest_ms > q->after_ms;
    if (!has_more || q->reply_calls >= REPLY_CALLS)
        return OK;
    struct tiktok_answer got;
    q->reply_calls++;
    TRY(ask_page(
        q, REPLY_LIST, take_id(video, "item_id"), take_id(comment, "comment_id"), 0, &got));
    for (const struct json *r = list_first(got.data, "comments"); r; r = r->next)
        take(q, r, comment, video);
    return OK;
}

/* *cursor: where to go on; -1 when the video is done. */
static err take_video(
    struct asking *q, const struct json *video, int64_t *cursor, struct connector_sent *end)
{
    while (*cursor >= 0 && q->calls < CALLS) {
        struct tiktok_answer got;
        int64_t oldest_ms = INT64_MAX;
        q->calls++;
        TRY(ask_page(q, COMMENT_LIST, take_id(video, "item_id"), (str){0}, *cursor, &got));
        *end = got.sent;
        if (got.sent.outcome != CONNECTOR_SENT)
            return OK;
        for (const struct json *c = list_first(got.data, "comments"); c; c = c->next) {
            int64_t ms = take_time(c, "create_time");
            oldest_ms = ms < oldest_ms ? ms : oldest_ms;
            TRY(take_comment(q, c, video));
        }
        int64_t next = take_int(got.data, "cursor", -1);
        bool goes_on = take_bool(got.data, "has_more") && next > *cursor &&
                       oldest_ms > q->after_ms && q->f.n < FETCHED_MOST;
        *cursor = goes_on ? next : -1;
    }
    return OK;
}

static err ask_videos(struct asking *q, struct tiktok_answer *got)
{
    struct form f = form_make(q->a);
    form_add(&f, "business_id", q->business);
    form_add(&f, "fields", S("[\"item_id\",\"caption\",\"share_url\",\"create_time\"]"));
    str path = str_cat(q->a, S("/business/video/list/?"), form_str(&f));
    return tiktok_do(q->client, q->a, &q->api, HTTP_GET, path, (str){0}, got);
}

/* ── a pass ── */

static str cursors_text(
    struct arena *a, int64_t mark_ms, int64_t pass_ms, str video, int64_t cursor)
{
    struct json_out j = json_out_make(a, LIMIT_JOB_PAYLOAD_BYTES);
    json_obj(&j);
    json_kv_int(&j, S("mark_ms"), mark_ms);
    json_kv_int(&j, S("pass_ms"), pass_ms);
    json_kv_str(&j, S("video"), video);
    json_kv_int(&j, S("cursor"), cursor);
    json_obj_end(&j);
    return json_str(&j);
}

err tiktok_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    struct asking q = {
        .client = client, .a = a, .api = {in->setup, in->now_ms},
                .f.a = a
    };
    struct connector_polled got = {0};
    struct tiktok_answer videos;
    const struct json *c = cursors_read(a, in->cursors);
    int64_t mark_ms = take_int(c, "mark_ms", 0), cursor = take_int(c, "cursor", 0);
    str resume = in->since_ms ? (str){0} : take_id(c, "video"); /* empty = from the first */
    int64_t pass_ms = resume.len ? take_int(c, "pass_ms", in->now_ms) : in->now_ms;
    q.business = tiktok_business(a, in->setup);
    q.after_ms = in->since_ms ? in->since_ms
                 : mark_ms    ? mark_ms - day_ms
                              : in->now_ms - FIRST_DAYS * day_ms;
    TRY(ask_videos(&q, &videos));
    got.end = videos.sent;
    bool is_there = !resume.len;
    for (const struct json *v = list_first(videos.data, "videos"); v && !is_there; v = v->next)
        is_there = str_eq(take_id(v, "item_id"), resume);
    if (!is_there) /* the video that was under way has gone */
        resume = (str){0};
    str left = {0};
    int n = 0;
    for (const struct json *v = list_first(videos.data, "videos"); v && n < VIDEOS;
         v = v->next, n++) {
        str id = take_id(v, "item_id");
        if (!id.len || (resume.len && !str_eq(id, resume)))
            continue;
        int64_t at = resume.len && cursor > 0 ? cursor : 0;
        resume = (str){0};
        TRY(take_video(&q, v, &at, &got.end));
        left = at >= 0 ? id : left;
        cursor = at;
        if (left.len)
            break;
    }
    if (left.len || got.end.outcome != CONNECTOR_SENT)
        got.cursors = cursors_text(a, mark_ms, pass_ms, left, cursor > 0 ? cursor : 0);
    else
        got.cursors = cursors_text(a, pass_ms, pass_ms, S(""), 0);
    if (left.len)
        got.next_ms = in->now_ms + minute_ms;
    if (got.end.outcome == CONNECTOR_WAIT)
        got.next_ms = got.end.wait_until_ms;
    got.deliveries = q.f.at;
    got.n = q.f.n;
    *out = got;
    return OK;
}

/* ── one comment ── */

static bool is_named(const struct json *comment, str id)
{
    return str_eq(take_id(comment, "comment_id"), id);
}

static bool find(struct asking *q, const struct json *comments, str id)
{
    for (const struct json *c = comments; c; c = c->next) {
        if (is_named(c, id)) {
            deliver(q, true, c, NULL, NULL);
            return true;
        }
        for (const struct json *r = list_first(c, "reply_list"); r; r = r->next) {
            if (!is_named(r, id))
                continue;
            deliver(q, true, r, c, NULL);
            return true;
        }
    }
    return false;
}

/* It is new, so it stands on the first pages, if TikTok shows it there. */
err tiktok_lookup(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str external_id, int64_t now_ms, struct connector_polled *out)
{
    struct asking q = {
        .client = client, .a = a, .api = {setup, now_ms},
                .f.a = a
    };
    struct connector_polled got = {.end.outcome = CONNECTOR_SENT};
    struct tiktok_comment c;
    int64_t cursor = 0;
    bool is_done = !tiktok_comment_read(external_id, &c);
    q.business = tiktok_business(a, setup);
    for (int i = 0; i < LOOKUP_PAGES && !is_done; i++) {
        struct tiktok_answer page;
        TRY(ask_page(&q, COMMENT_LIST, c.video, (str){0}, cursor, &page));
        got.end = page.sent;
        int64_t next = take_int(page.data, "cursor", -1);
        is_done = page.sent.outcome != CONNECTOR_SENT ||
                  find(&q, list_first(page.data, "comments"), c.id) ||
                  !take_bool(page.data, "has_more") || next <= cursor;
        cursor = next;
    }
    got.deliveries = q.f.at;
    got.n = q.f.n;
    *out = got;
    return OK;
}
