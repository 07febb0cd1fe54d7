/* youtube: what is asked and when. See youtube.h.
 *
 * Cursors: {"mark_ms": begin of the last whole pass, "scan_ms": begin of the last whole scan,
 * "pass_ms", "is_scan", "page": a pass that is under way, "units", "day_ms": quota used in the
 * Pacific day that ends then, "counts": {thread: answers it had}}.
 * A comment is brought when it is younger than a day before the last pass: what comes again is
 * known by its key, and what YouTube held back for some hours is not missed. Thread: blocks. */
#include <stdlib.h>

#include "base/limits.h"
#include "connector/fetched.h"
#include "connector/reading.h"
#include "connector/youtube.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
static const int64_t hour_ms = INT64_C(3600) * 1000;
static const int64_t scan_every_ms = INT64_C(30) * 60 * 1000;

enum {
    PAGES = 5,         /* of threads in one poll: 500 threads */
    REPLY_CALLS = 20,  /* for answers that a page left out, in one poll */
    REPLY_PAGES = 5,   /* of one thread: 500 answers */
    COUNTS = 500,      /* threads whose number of answers is remembered */
    VIDEOS = 50,       /* asked for at once; the network's most */
    POLL_UNITS = 7000, /* a day; of 10,000 the rest is for replies, at 50 each */
    DAYS_MOST = 365,   /* how far back a scan goes */
    PAGE_BYTES = 2000, /* a page token */
};

struct found {
    int64_t at_ms;
    const struct json *thread, *comment, *parent;
    const char *held; /* why nobody sees it; NULL = everybody does */
};
struct pass {
    struct http_client *client;
    struct arena *a;
    const struct connector_poll *in;
    struct google_api api;
    str base;
    bool is_scan;
    int64_t pass_ms, mark_ms, scan_ms; /* cursors */
    int64_t units, units_end_ms;
    str page;
    const struct json *counts;
    struct json_out new_counts;
    int n_counts;
    int64_t after_ms, floor_ms; /* comments and threads that are of interest */
    int reply_calls;
    const char *held; /* what is being read */
    struct found *at;
    ptrdiff_t n;
};

static const struct json *snippet_of(const struct json *v)
{
    return take_object(v, "snippet");
}

static const struct json *top_of(const struct json *thread)
{
    return take_object(snippet_of(thread), "topLevelComment");
}

static void find(struct pass *p, const struct json *thread, const struct json *comment,
    const struct json *parent)
{
    const struct json *snippet = snippet_of(comment);
    int64_t at_ms = take_time(snippet, "publishedAt"), changed_ms = take_time(snippet, "updatedAt");
    if ((at_ms > changed_ms ? at_ms : changed_ms) <= p->after_ms || p->n == FETCHED_MOST)
        return;
    p->at[p->n++] = (struct found){at_ms, thread, comment, parent, p->held};
}

/* ── answers below a thread ── */

static void count_keep(struct pass *p, str id, int64_t count)
{
    if (p->n_counts++ < COUNTS)
        json_kv_int(&p->new_counts, id, count);
}

static err ask_replies(struct pass *p, const struct json *thread, str id, bool *is_whole)
{
    str page = {0};
    for (int i = 0; i < REPLY_PAGES && p->reply_calls < REPLY_CALLS; i++) {
        struct google_answer got;
        str url = str_print(p->a,
            "%.*s/comments?part=snippet&parentId=%.*s&maxResults=100&textFormat=plainText%s%.*s",
            SARG(p->base), SARG(http_percent_encode(p->a, id)), page.len ? "&pageToken=" : "",
            SARG(http_percent_encode(p->a, page)));
        p->reply_calls++;
        p->units++;
        TRY(google_do(p->client, p->a, &p->api, HTTP_GET, url, (str){0}, &got));
        if (got.sent.outcome != CONNECTOR_SENT)
            return OK; /* asked again by the next pass: its number is not kept */
        for (const struct json *c = list_first(got.json, "items"); c; c = c->next)
            find(p, thread, c, top_of(thread));
        page = take_line(got.json, "nextPageToken", PAGE_BYTES);
        if (!page.len)
            break;
    }
    *is_whole = !page.len && p->reply_calls <= REPLY_CALLS;
    return OK;
}

static err take_thread(struct pass *p, const struct json *thread)
{
    const struct json *top = top_of(thread);
    str id = take_id(thread, "id");
    int64_t total = take_int(snippet_of(thread), "totalReplyCount", 0), shown = 0;
    if (!top || !id.len)
        return OK;
    find(p, thread, top, NULL);
    for (const struct json *c = list_first(take_object(thread, "replies"), "comments"); c;
         c = c->next) {
        find(p, thread, c, top);
        shown++;
    }
    if (total <= shown)
        return OK;
    bool is_whole = json_int(json_get(p->counts, id), -1) == total && p->in->since_ms == 0;
    if (!is_whole && p->reply_calls < REPLY_CALLS)
        TRY(ask_replies(p, thread, id, &is_whole));
    if (is_whole)
        count_keep(p, id, total);
    return OK;
}

/* ── pages of threads ── */

/* *is_done: the pass is whole. */
static err take_page(struct pass *p, struct connector_sent *end, bool *is_done)
{
    struct google_answer got;
    str url = str_print(p->a,
        "%.*s/commentThreads?part=id,snippet,replies&allThreadsRelatedToChannelId=%.*s"
        "&order=time&maxResults=100&textFormat=plainText%s%.*s",
        SARG(p->base), SARG(http_percent_encode(p->a, p->in->setup->external_id)),
        p->page.len ? "&pageToken=" : "", SARG(http_percent_encode(p->a, p->page)));
    p->units++;
    TRY(google_do(p->client, p->a, &p->api, HTTP_GET, url, (str){0}, &got));
    *end = got.sent;
    if (got.sent.outcome != CONNECTOR_SENT) {
        if (got.status == 400 && p->page.len) { /* the page token has run out: from the start */
            p->page = (str){0};
            end->outcome = CONNECTOR_RETRY;
        }
        return OK;
    }
    int64_t last_ms = INT64_MAX;
    for (const struct json *t = list_first(got.json, "items"); t; t = t->next) {
        TRY(take_thread(p, t));
        int64_t at_ms = take_time(snippet_of(top_of(t)), "publishedAt");
        last_ms = at_ms ? at_ms : last_ms;
    }
    p->page = take_line(got.json, "nextPageToken", PAGE_BYTES);
    *is_done = !p->page.len || last_ms < p->floor_ms;
    return OK;
}

/* Comments that YouTube keeps back for the channel's owner: one page of each kind with every scan.
 * What is refused here does not spoil the poll. */
static err take_held(struct pass *p)
{
    static const char *const kinds[] = {"heldForReview", "likelySpam"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct google_answer got;
        str url = str_print(p->a,
            "%.*s/commentThreads?part=id,snippet,replies&allThreadsRelatedToChannelId=%.*s"
            "&order=time&maxResults=100&textFormat=plainText&moderationStatus=%s",
            SARG(p->base), SARG(http_percent_encode(p->a, p->in->setup->external_id)), kinds[i]);
        p->units++;
        TRY(google_do(p->client, p->a, &p->api, HTTP_GET, url, (str){0}, &got));
        p->held = kinds[i];
        for (const struct json *t = list_first(got.json, "items"); t; t = t->next)
            if (top_of(t))
                find(p, t, top_of(t), NULL);
        p->held = NULL;
    }
    return OK;
}

/* ── deliveries ── */

static str video_of(const struct json *thread)
{
    return take_id(snippet_of(thread), "videoId");
}

/* The videos' names, as far as one call tells them: without them a comment is still a comment. */
static err ask_videos(struct pass *p, const struct json **videos)
{
    struct sb ids = sb_make(p->a, 0);
    struct google_answer got;
    int n = 0;
    for (ptrdiff_t i = 0; i < p->n && n < VIDEOS; i++) {
        str id = video_of(p->at[i].thread);
        bool is_new = id.len > 0;
        for (ptrdiff_t k = 0; k < i && is_new; k++)
            is_new = !str_eq(video_of(p->at[k].thread), id);
        if (!is_new)
            continue;
        if (n++)
            sb_add(&ids, S("%2C"));
        sb_add(&ids, http_percent_encode(p->a, id));
    }
    if (!n)
        return OK;
    str url =
        str_print(p->a, "%.*s/videos?part=snippet&id=%.*s", SARG(p->base), SARG(sb_str(&ids)));
    p->units++;
    TRY(google_do(p->client, p->a, &p->api, HTTP_GET, url, (str){0}, &got));
    *videos = got.sent.outcome == CONNECTOR_SENT ? list_first(got.json, "items") : NULL;
    return OK;
}

static const struct json *video_named(const struct json *videos, str id)
{
    for (const struct json *v = videos; v && id.len; v = v->next)
        if (str_eq(take_id(v, "id"), id))
            return v;
    return NULL;
}

static void put_tree(struct json_out *j, str key, const struct json *v)
{
    if (!v)
        return;
    json_key(j, key);
    json_put_tree(j, v);
}

static int by_time(const void *x, const void *y)
{
    int64_t a = ((const struct found *)x)->at_ms, b = ((const struct found *)y)->at_ms;
    return (a > b) - (a < b);
}

static void deliver(struct pass *p, struct fetched *f, const struct found *it, const struct json *v)
{
    struct json_out j = json_out_make(p->a, LIMIT_WEBHOOK_BODY_BYTES);
    const struct json *snippet = snippet_of(it->thread);
    str id = take_id(it->comment, "id");
    str version = take_line(snippet_of(it->comment), "updatedAt", 40);
    json_obj(&j);
    json_kv_str(&j, S("account"), p->in->setup->external_id);
    json_key(&j, S("thread"));
    json_obj(&j);
    json_kv_str(&j, S("id"), take_id(it->thread, "id"));
    json_kv_text(&j, S("videoId"), take_id(snippet, "videoId"));
    json_kv_text(&j, S("channelId"), take_id(snippet, "channelId"));
    json_obj_end(&j);
    put_tree(&j, S("comment"), it->comment);
    put_tree(&j, S("parent"), it->parent);
    put_tree(&j, S("video"), v);
    if (it->held)
        json_kv_str(&j, S("held"), str_from(it->held));
    json_obj_end(&j);
    str key = str_print(p->a, "%.*s@%.*s%s", SARG(id), SARG(version), it->held ? "/held" : "");
    if (id.len && !j.b.failed)
        (void)fetched_add(f, key, S("comment"),
            json_str(&j)); /* a full list: the next pass brings it, it is young enough */
}

/* ── cursors ── */

static void begin(struct pass *p)
{
    const struct connector_poll *in = p->in;
    const struct json *c = cursors_read(p->a, in->cursors);
    int64_t days = 14;
    (void)str_int(setup_setting(p->a, &connector_youtube, in->setup, "days"), 1, DAYS_MOST, &days);
    p->mark_ms = take_int(c, "mark_ms", 0);
    p->scan_ms = take_int(c, "scan_ms", 0);
    p->units = take_int(c, "units", 0);
    p->units_end_ms = take_int(c, "day_ms", 0);
    p->counts = take_object(c, "counts");
    p->page = in->since_ms ? (str){0} : take_line(c, "page", PAGE_BYTES);
    if (p->units_end_ms <= in->now_ms) {
        p->units = 0;
        p->units_end_ms = google_day_ends_ms(in->now_ms);
    }
    bool is_under_way = p->page.len > 0;
    p->pass_ms = is_under_way ? take_int(c, "pass_ms", in->now_ms) : in->now_ms;
    p->is_scan = is_under_way ? take_bool(c, "is_scan")
                              : in->since_ms || in->now_ms - p->scan_ms >= scan_every_ms;
    int64_t first_ms = in->now_ms - days * day_ms;
    p->after_ms = p->mark_ms ? p->mark_ms - day_ms : first_ms;
    p->floor_ms = p->is_scan ? first_ms : p->mark_ms - hour_ms;
    if (in->since_ms) {
        p->after_ms = in->since_ms;
        p->floor_ms = in->since_ms < first_ms ? in->since_ms : first_ms;
    }
    p->new_counts = json_out_make(p->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&p->new_counts);
    p->at = NEW(p->a, struct found, FETCHED_MOST);
}

/* What is known of threads that this poll has not looked at. */
static str counts_text(struct pass *p)
{
    json_obj_end(&p->new_counts);
    const struct json *now = cursors_read(p->a, json_str(&p->new_counts));
    struct json_out j = json_out_make(p->a, LIMIT_WEBHOOK_BODY_BYTES);
    int n = 0;
    json_obj(&j);
    for (const struct json *v = now ? now->first : NULL; v && n < COUNTS; v = v->next, n++)
        json_kv_int(&j, v->key, json_int(v, 0));
    for (const struct json *v = p->counts ? p->counts->first : NULL; v && n < COUNTS; v = v->next) {
        if (json_get(now, v->key))
            continue;
        json_kv_int(&j, v->key, json_int(v, 0));
        n++;
    }
    json_obj_end(&j);
    return json_str(&j);
}

static str cursors_text(struct pass *p, bool is_done)
{
    struct json_out j = json_out_make(p->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_kv_int(&j, S("mark_ms"), is_done ? p->pass_ms : p->mark_ms);
    json_kv_int(&j, S("scan_ms"), is_done && p->is_scan ? p->pass_ms : p->scan_ms);
    json_kv_int(&j, S("pass_ms"), p->pass_ms);
    json_kv_bool(&j, S("is_scan"), p->is_scan);
    json_kv_str(&j, S("page"), is_done ? S("") : p->page);
    json_kv_int(&j, S("units"), p->units);
    json_kv_int(&j, S("day_ms"), p->units_end_ms);
    json_kv_raw(&j, S("counts"), counts_text(p));
    json_obj_end(&j);
    return json_str(&j);
}

err youtube_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    struct pass p = {.client = client, .a = a, .in = in};
    p.api = (struct google_api){&connector_youtube, in->setup, in->now_ms};
    p.base = connector_host_url(a, &connector_youtube, in->setup->hosts, S("api"));
    begin(&p);
    struct connector_polled got = {.end.outcome = CONNECTOR_SENT};
    if (p.units >= POLL_UNITS && !in->since_ms) {
        got.next_ms = p.units_end_ms;
        *out = got;
        return OK;
    }
    bool is_done = false;
    for (int i = 0; i < PAGES && !is_done && got.end.outcome == CONNECTOR_SENT; i++)
        TRY(take_page(&p, &got.end, &is_done));
    bool wants_held = str_eq(setup_setting(a, &connector_youtube, in->setup, "held"), S("yes"));
    if (wants_held && is_done && p.is_scan)
        TRY(take_held(&p));
    const struct json *videos = NULL;
    if (got.end.outcome == CONNECTOR_SENT || p.n)
        TRY(ask_videos(&p, &videos));
    struct fetched f = {.a = a};
    qsort(p.at, (size_t)p.n, sizeof *p.at, by_time); /* as they were written */
    for (ptrdiff_t i = 0; i < p.n; i++)
        deliver(&p, &f, &p.at[i], video_named(videos, video_of(p.at[i].thread)));
    got.deliveries = f.at;
    got.n = f.n;
    got.cursors = cursors_text(&p, is_done);
    got.has_more = !is_done && got.end.outcome == CONNECTOR_SENT;
    if (got.end.outcome == CONNECTOR_WAIT)
        got.next_ms = got.end.wait_until_ms;
    *out = got;
    return OK;
}
