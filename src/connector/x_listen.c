/* Streams of X: the filtered stream of posts and the activity stream; one JSON object a line, an
 * empty line at least every 20 s. See x.h.
 *
 * A connection begins with its rules (filtered stream), then what was missed is read from the
 * mentions since the last time, then the stream is held until it ends, is silent for 25 s, or has
 * lasted an hour. The moment between mentions and stream is covered by the next poll.
 *
 * Cursors: {"since","kind","fails"}: newest mention that was read here; how the last connections
 * failed. First again at once, then: network 250 ms more each time to 16 s; HTTP 5 s doubling to
 * 320 s; 429 and a held stream 60 s doubling to 15 min (50 connections are allowed in 15 min).
 * Source: docs.x.com, "Consuming streaming data", August 2026. Thread: job threads. */
#include <setjmp.h>

#include "base/clock.h"
#include "base/limits.h"
#include "connector/x.h"

enum {
    SILENCE_MS = 25 * 1000,
    HOLD_MS = 3600 * 1000, /* then anew, with settings and rules as they are then */
    SHORT_MS = 60 * 1000,  /* a connection that ended sooner counts as failed */
    LINE_BYTES = 1024 * 1024,
    GAP_PAGES = 16,
    FIRST_LOOK_MS = 24 * 3600 * 1000,
    NETWORK_STEP_MS = 250,
    NETWORK_MOST_MS = 16 * 1000,
    HTTP_STEP_MS = 5 * 1000,
    HTTP_MOST_MS = 320 * 1000,
    LIMIT_STEP_MS = 60 * 1000,
    LIMIT_MOST_MS = 900 * 1000,
    DOUBLINGS = 8,
    WORD_BYTES = 64,
};

struct listening {
    const struct connector_listen *in;
    struct arena *a;   /* of the whole connection */
    struct arena line; /* of one line */
    struct sb buffer;  /* the line that has begun */
    bool is_skipping;  /* it is longer than LINE_BYTES */
    bool is_activity;
    bool is_stopped; /* the taker wants no more */
    bool is_out_of_memory;
    str notice; /* X says why it ends */
    str cursors, origin;
};

static str cursors_write(struct arena *a, str since, const char *kind, int64_t fails)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("since"), since);
    json_kv_str(&j, S("kind"), str_from(kind));
    json_kv_int(&j, S("fails"), fails);
    json_obj_end(&j);
    return json_str(&j);
}

/* ── lines ── */

/* False: stop. */
static bool take_object_line(struct listening *l, str line)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(&l->line, line, &root, &why) != OK)
        return true; /* not ours to understand; mentions bring what was in it */
    const struct json *data = take_object(root, "data"), *errors = take_array(root, "errors");
    if (!data && errors) {
        str words = take_line(errors->first, "detail", READING_ID_BYTES);
        l->notice = str_copy(l->a, words.len ? words : S("X ended the stream."));
        return false;
    }
    str id = take_id(data, l->is_activity ? "event_uuid" : "id");
    if (!id.len)
        return true;
    const struct connector_delivery d = {
        .key = str_print(&l->line, "%s:%.*s", l->is_activity ? "event" : "post", SARG(id)),
        .origin = l->origin,
        .content_type = S("application/json"),
        .body = line};
    l->is_stopped = !l->in->take(l->in->arg, &d, l->cursors);
    return !l->is_stopped;
}

static bool take_one_line(struct listening *l, str line)
{
    jmp_buf no_memory;
    line = str_trim(line);
    if (!line.len) {
        l->is_stopped = !l->in->take(l->in->arg, NULL, l->cursors);
        return !l->is_stopped;
    }
    l->line.escape = &no_memory; /* no jump through libcurl's frames */
    if (setjmp(no_memory) != 0) {
        l->line.escape = NULL;
        l->is_out_of_memory = true;
        return false;
    }
    bool goes_on = take_object_line(l, line);
    l->line.escape = NULL;
    arena_reset(&l->line);
    return goes_on;
}

static bool on_piece(void *arg, str piece)
{
    struct listening *l = arg;
    for (ptrdiff_t end; (end = str_find_byte(piece, '\n')) >= 0; piece = str_skip(piece, end + 1)) {
        sb_add(&l->buffer, str_sub(piece, 0, end));
        bool is_whole = !l->is_skipping && !l->buffer.failed;
        str line = sb_str(&l->buffer);
        l->buffer.len = 0;
        l->buffer.failed = false;
        l->is_skipping = false;
        if (is_whole && !take_one_line(l, line))
            return false;
    }
    sb_add(&l->buffer, piece);
    l->is_skipping = l->is_skipping || l->buffer.failed;
    return true;
}

/* ── before and after ── */

/* Mentions since the last time. *since moves on when all of them are taken. What fails here is left
 * to the next time and to the poll. */
static err fill_gap(struct http_client *client, struct arena *a, struct listening *l, str *since)
{
    const struct connector_listen *in = l->in;
    str token = {0}, top = {0};
    for (int i = 0; i < GAP_PAGES; i++) {
        struct x_page page;
        TRY(x_mentions_page(client, a, in->setup, in->now_ms, *since,
            since->len ? 0 : in->now_ms - FIRST_LOOK_MS, token, &page));
        if (page.end.outcome != CONNECTOR_SENT)
            return OK;
        if (!top.len)
            top = page.newest;
        l->cursors = cursors_write(a, *since, "", 0);
        if (page.delivery.body.len && !in->take(in->arg, &page.delivery, l->cursors)) {
            l->is_stopped = true;
            return OK;
        }
        token = page.next;
        if (!token.len)
            break;
    }
    if (x_id_cmp(top, *since) > 0)
        *since = top;
    return OK;
}

/* How it failed, and how often in a row. */
struct failing {
    const char *kind; /* "" = it did not */
    int64_t times;
};

static int64_t doubled(int64_t step_ms, int64_t times, int64_t most_ms)
{
    int64_t ms = step_ms << (times - 1 < DOUBLINGS ? times - 1 : DOUBLINGS);
    return ms < most_ms ? ms : most_ms;
}

static int64_t pause_of(const struct failing *f)
{
    str kind = str_from(f->kind);
    if (str_eq(kind, S("limit")))
        return doubled(LIMIT_STEP_MS, f->times, LIMIT_MOST_MS);
    if (f->times <= 1 && !str_eq(kind, S("http")))
        return 0;
    if (str_eq(kind, S("network"))) {
        int64_t ms = (f->times - 1) * NETWORK_STEP_MS;
        return ms < NETWORK_MOST_MS ? ms : NETWORK_MOST_MS;
    }
    if (str_eq(kind, S("short")))
        return doubled(HTTP_STEP_MS, f->times - 1, HTTP_MOST_MS);
    return f->times ? doubled(HTTP_STEP_MS, f->times, HTTP_MOST_MS) : 0;
}

static const char *kind_of(const struct http_result *res, enum x_fault fault)
{
    if (res->status >= 200 && res->status < 300)
        return res->took_ms < SHORT_MS ? "short" : "";
    if (!res->status)
        return "network";
    return res->status == 429 || fault == X_FAULT_HELD ? "limit" : "http";
}

static void finish(struct arena *a, const char *kind, const struct json *before, str since,
    struct connector_polled *out)
{
    int64_t now_ms = clock_now_ms();
    struct failing f = {.kind = kind, .times = *kind ? 1 : 0};
    if (*kind && str_eq(take_line(before, "kind", WORD_BYTES), str_from(kind)))
        f.times = 1 + take_int(before, "fails", 0);
    if (f.times < 0 || f.times > 1000)
        f.times = 1000;
    out->next_ms = now_ms + pause_of(&f);
    if (out->end.outcome == CONNECTOR_WAIT && out->end.wait_until_ms > out->next_ms)
        out->next_ms = out->end.wait_until_ms;
    if (out->end.outcome == CONNECTOR_WAIT)
        out->end.wait_until_ms = out->next_ms;
    out->cursors = cursors_write(a, since, f.kind, f.times);
}

static err hold(struct http_client *client, struct listening *l, bool is_enterprise,
    struct http_result *res, str *missing)
{
    const struct connector_setup *s = l->in->setup;
    str backfill = x_setting(l->a, s, "backfill_minutes"), query = {0};
    int64_t minutes = 0;
    if (!l->is_activity)
        query = x_post_fields();
    if (is_enterprise && str_int(backfill, 1, 5, &minutes) == OK)
        query = str_print(
            l->a, "%.*s%sbackfill_minutes=%d", SARG(query), query.len ? "&" : "", (int)minutes);
    str url =
        x_url(l->a, s, l->is_activity ? S("/activity/stream") : S("/tweets/search/stream"), query);
    struct http_header authorization = {S("Authorization"),
        x_authorization(l->a, s, X_AS_APP, HTTP_GET, url, l->in->now_ms, missing)};
    if (missing->len)
        return OK;
    const struct http_call call = {.method = HTTP_GET,
        .url = url,
        .purpose = EGRESS_NETWORK,
        .headers = &authorization,
        .header_count = 1,
        .timeout_ms = HOLD_MS,
        .sink = on_piece,
        .sink_arg = l,
        .stall_ms = SILENCE_MS,
        .is_stream = true};
    return http_client_call(client, l->a, &call, res);
}

static void line_free(void *what)
{
    arena_free(what);
}

static struct listening *begin(struct arena *a, const struct connector_listen *in)
{
    struct listening *l = NEW(a, struct listening, 1);
    l->in = in;
    l->a = a;
    l->line = arena_make(0);
    arena_defer(a, line_free, &l->line);
    l->buffer = sb_make(a, LINE_BYTES);
    l->buffer.stays = true; /* no jump through libcurl's frames */
    l->is_activity = x_source(a, in->setup) == X_ACTIVITY;
    l->origin = str_print(
        a, "%s %.*s", l->is_activity ? "activity" : "posts", SARG(in->setup->external_id));
    return l;
}

/* What the end of the connection means. */
static void judge(struct listening *l, const struct http_result *res, const struct json *before,
    str since, struct connector_polled *out)
{
    bool was_open = res->status >= 200 && res->status < 300;
    enum x_fault fault = X_FAULT_NONE;
    if (was_open)
        out->end = (struct connector_sent){.outcome = CONNECTOR_SENT, .why = l->notice};
    else
        fault = x_answer(l->a, res, clock_now_ms(), &out->end);
    x_app_refused(res, &out->end);
    if (out->end.outcome == CONNECTOR_UNKNOWN)
        out->end.outcome = CONNECTOR_RETRY; /* listening may be tried again */
    finish(l->a, l->is_stopped ? "" : kind_of(res, fault), before, since, out);
}

err x_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out)
{
    const struct json *before = NULL;
    str why = {0}, missing = {0};
    enum x_source source = x_source(a, in->setup);
    struct http_result res = {0};
    *out = (struct connector_polled){.end = {.outcome = CONNECTOR_SENT}};
    if ((source != X_ACTIVITY && source != X_STREAM) || !x_is_id(in->setup->external_id)) {
        out->next_ms = in->now_ms + HOLD_MS; /* nothing to listen to */
        return OK;
    }
    (void)json_parse(a, in->cursors, &before, &why); /* broken ones are as good as none */
    str since = take_id(before, "since");
    if (source == X_STREAM)
        TRY(x_rules(client, a, in->setup, in->now_ms, &out->end));
    if (out->end.outcome != CONNECTOR_SENT) {
        finish(a, out->end.outcome == CONNECTOR_WAIT ? "limit" : "http", before, since, out);
        return OK;
    }
    struct listening *l = begin(a, in);
    TRY(fill_gap(client, a, l, &since));
    if (l->is_stopped) {
        finish(a, "", before, since, out);
        return OK;
    }
    l->cursors = cursors_write(a, since, "", 0);
    TRY(hold(client, l, !x_is_self_serve(a, in->setup), &res, &missing));
    if (l->is_out_of_memory)
        return E_BUSY;
    if (!missing.len) {
        judge(l, &res, before, since, out);
        return OK;
    }
    x_missing(X_AS_APP, missing, &out->end);
    finish(a, "http", before, since, out);
    return OK;
}
