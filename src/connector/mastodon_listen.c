/* mastodon: the stream of server-sent events. See mastodon.h.
 *
 * A stream repeats nothing, so each connection begins with the poll's pages. What can be taken as
 * it comes is taken (mentions that begin a thread, what is not public, edits, deletions). An answer
 * in a public thread needs a look at what stands above it, and our own posts are read as lists:
 * they ring a bell: the stream is let go, the pages are read and the stream is opened again.
 *
 * Lines ":…" are signs of life; a silence of 90 s ends the connection (Mastodon thumps every 30 s).
 * Cursors: those of the poll and "fails": connections in a row that failed. First again at once,
 * then after 1 s, doubling to 60 s. Source: Mastodon, "Streaming API". Thread: job threads. */
#include <setjmp.h>

#include "base/clock.h"
#include "base/limits.h"
#include "connector/mastodon.h"
#include "connector/reading.h"

enum {
    SILENCE_MS = 90 * 1000,
    HOLD_MS = 3600 * 1000,
    SHORT_MS = 60 * 1000, /* a connection that ended sooner counts as failed */
    STEP_MS = 1000,
    MOST_MS = 60 * 1000,
    DOUBLINGS = 7,
    LINE_BYTES = 1024 * 1024,
    EVENT_BYTES = 40,
    ARENA_BYTES = 24 * 1024 * 1024, /* then the call ends and a new one begins */
};

struct listening {
    const struct connector_listen *in;
    struct arena *a;    /* of the call */
    struct arena event; /* of one event */
    struct sb line;     /* the line that has begun */
    struct sb data;     /* of the event that has begun */
    char name[EVENT_BYTES];
    ptrdiff_t name_len;
    bool is_skipping; /* the line is longer than LINE_BYTES */
    bool is_stopped, is_rung, is_out_of_memory;
    str cursors, origin;
};

/* ── events ── */

static void take(struct listening *l, str key, str event, str data)
{
    const struct connector_delivery d = {.key = key,
        .origin = l->origin,
        .content_type = S("application/json"),
        .body = mastodon_body(&l->event, event, data, NULL)};
    if (d.body.len)
        l->is_stopped = !l->in->take(l->in->arg, &d, l->cursors);
}

static void take_notification(struct listening *l, const struct json *n, str data)
{
    static const char *const wanted[] = {
        "mention", "quote", "update", "quoted_update", "favourite", "moderation_warning"};
    str type = take_line(n, "type", 40), id = take_id(n, "id");
    bool is_wanted = false;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        is_wanted |= str_eq(type, str_from(wanted[i]));
    if (!is_wanted || !id.len)
        return;
    if (mastodon_wants_root(take_object(n, "status")) && !str_eq(type, S("favourite")))
        l->is_rung = true;
    else
        take(l, str_print(&l->event, "n:%.*s", SARG(id)), S("notification"), data);
}

static void take_event(struct listening *l, str event, str data)
{
    const struct json *root = NULL;
    str why;
    if (str_eq(event, S("delete"))) {
        str id = str_trim(data);
        if (mastodon_is_id(id))
            take(l, str_print(&l->event, "d:%.*s", SARG(id)), event,
                str_print(&l->event, "\"%.*s\"", SARG(id)));
        return;
    }
    if (json_parse(&l->event, data, &root, &why) != OK)
        return; /* not ours to understand; the pages bring what was in it */
    str id = take_id(root, "id"), own = l->in->setup->external_id;
    if (str_eq(event, S("notification"))) {
        take_notification(l, root, data);
    } else if (str_eq(event, S("status.update")) && id.len) {
        take(l,
            str_print(&l->event, "e:%.*s:%lld", SARG(id), (long long)take_time(root, "edited_at")),
            event, data);
    } else if (str_eq(event, S("update"))) {
        bool is_own = own.len && str_eq(take_id(take_object(root, "account"), "id"), own);
        l->is_rung = l->is_rung || is_own;
    }
}

/* ── lines ── */

static void end_event(struct listening *l)
{
    jmp_buf no_memory;
    str event = str_of(l->name, l->name_len), data = sb_str(&l->data);
    l->name_len = 0;
    l->data.len = 0;
    bool is_whole = !l->data.failed && event.len && data.len;
    l->data.failed = false;
    if (!is_whole)
        return;
    l->event.escape = &no_memory; /* no jump through libcurl's frames */
    if (setjmp(no_memory) != 0) {
        l->event.escape = NULL;
        l->is_out_of_memory = true;
        return;
    }
    take_event(l, event, data);
    l->event.escape = NULL;
    arena_reset(&l->event);
}

static str value_of(str line, ptrdiff_t name_len)
{
    str value = str_skip(line, name_len);
    return str_starts(value, S(" ")) ? str_skip(value, 1) : value;
}

static void end_line(struct listening *l, str line)
{
    if (str_ends(line, S("\r")))
        line.len--;
    if (!line.len) {
        end_event(l);
    } else if (line.at[0] == ':') {
        l->is_stopped = !l->in->take(l->in->arg, NULL, l->cursors);
    } else if (str_starts(line, S("event:"))) {
        str name = str_sub(value_of(line, 6), 0, EVENT_BYTES);
        for (ptrdiff_t i = 0; i < name.len; i++)
            l->name[i] = name.at[i];
        l->name_len = name.len;
    } else if (str_starts(line, S("data:"))) {
        if (l->data.len)
            sb_byte(&l->data, '\n');
        sb_add(&l->data, value_of(line, 5));
    }
}

static bool on_piece(void *arg, str piece)
{
    struct listening *l = arg;
    for (ptrdiff_t end; (end = str_find_byte(piece, '\n')) >= 0; piece = str_skip(piece, end + 1)) {
        sb_add(&l->line, str_sub(piece, 0, end));
        bool is_whole = !l->is_skipping && !l->line.failed;
        str line = sb_str(&l->line);
        l->line.len = 0;
        l->line.failed = false;
        l->is_skipping = false;
        if (is_whole)
            end_line(l, line);
        if (l->is_stopped || l->is_rung || l->is_out_of_memory)
            return false;
    }
    sb_add(&l->line, piece);
    l->is_skipping = l->is_skipping || l->line.failed;
    return true;
}

/* ── the connection ── */

static str with_fails(struct arena *a, str cursors, int64_t fails)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(a, cursors.len ? cursors : S("{}"), &root, &why) != OK)
        return S("{}");
    struct json_out j = json_out_make(a, 1024);
    json_obj(&j);
    json_kv_str(&j, S("notification"), take_id(root, "notification"));
    json_kv_str(&j, S("own"), take_id(root, "own"));
    json_kv_int(&j, S("fails"), fails);
    json_obj_end(&j);
    return json_str(&j);
}

/* Pages until there are no more of them. */
static err fill_gap(struct http_client *client, struct listening *l, struct connector_polled *out)
{
    for (bool has_more = true; has_more && !l->is_stopped;) {
        const struct connector_poll in = {
            .setup = l->in->setup, .cursors = l->cursors, .now_ms = clock_now_ms()};
        struct connector_polled page;
        TRY(mastodon_poll(client, l->a, &in, &page));
        out->end = page.end;
        if (page.end.outcome != CONNECTOR_SENT && !page.n)
            return OK;
        for (ptrdiff_t i = 0; i < page.n && !l->is_stopped; i++)
            l->is_stopped = !l->in->take(
                l->in->arg, &page.deliveries[i], i + 1 < page.n ? l->cursors : page.cursors);
        if (!l->is_stopped)
            l->cursors = page.cursors;
        has_more = page.has_more && page.end.outcome == CONNECTOR_SENT;
    }
    return OK;
}

static err hold(struct http_client *client, struct listening *l, struct http_result *res)
{
    const struct http_header headers[] = {
        {S("Authorization"),
         str_cat(l->a,                     S("Bearer "), setup_secret(l->a, l->in->setup, "access_token"))},
        {S("Accept"), S("text/event-stream")},
    };
    const struct http_call call = {.method = HTTP_GET,
        .url = str_cat(l->a, mastodon_streaming(l->a, l->in->setup), S("/api/v1/streaming/user")),
        .purpose = EGRESS_NETWORK,
        .headers = headers,
        .header_count = (ptrdiff_t)(sizeof headers / sizeof *headers),
        .timeout_ms = HOLD_MS,
        .sink = on_piece,
        .sink_arg = l,
        .stall_ms = SILENCE_MS,
        .is_stream = true};
    l->line.len = l->data.len = l->name_len = 0;
    return http_client_call(client, l->a, &call, res);
}

static void arena_end(void *what)
{
    arena_free(what);
}

static struct listening *begin(struct arena *a, const struct connector_listen *in)
{
    struct listening *l = NEW(a, struct listening, 1);
    l->in = in;
    l->a = a;
    l->event = arena_make(0);
    arena_defer(a, arena_end, &l->event);
    l->line = sb_make(a, LINE_BYTES);
    l->data = sb_make(a, LINE_BYTES);
    l->line.stays = l->data.stays = true; /* no jump through libcurl's frames */
    l->cursors = in->cursors;
    l->origin = str_cat(a, S("stream "), in->setup->external_id);
    return l;
}

static void finish(
    struct listening *l, bool has_failed, int64_t fails, struct connector_polled *out)
{
    int64_t doublings = fails < DOUBLINGS ? fails : DOUBLINGS;
    int64_t pause_ms = fails ? (int64_t)STEP_MS << (doublings - 1) : 0;
    fails = has_failed ? fails + 1 : 0;
    out->next_ms = clock_now_ms() + (!has_failed ? 0 : pause_ms < MOST_MS ? pause_ms : MOST_MS);
    if (out->end.outcome == CONNECTOR_WAIT && out->end.wait_until_ms > out->next_ms)
        out->next_ms = out->end.wait_until_ms;
    out->cursors = with_fails(l->a, l->cursors, fails < 1000 ? fails : 1000);
}

err mastodon_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out)
{
    const struct json *before = NULL;
    struct http_result res = {0};
    str why = {0};
    bool has_failed = false;
    ptrdiff_t begun = a->used_bytes;
    struct listening *l = begin(a, in);
    *out = (struct connector_polled){.end = {.outcome = CONNECTOR_SENT}};
    (void)json_parse(a, in->cursors, &before, &why); /* broken ones are as good as none */
    int64_t fails = take_int(before, "fails", 0);
    do {
        l->is_rung = false;
        TRY(fill_gap(client, l, out));
        has_failed = out->end.outcome != CONNECTOR_SENT;
        if (has_failed || l->is_stopped)
            break;
        TRY(hold(client, l, &res));
        if (l->is_out_of_memory)
            return E_BUSY;
    } while (l->is_rung && !l->is_stopped && a->used_bytes - begun < ARENA_BYTES);
    if (!has_failed && !l->is_stopped && !l->is_rung) {
        network_answer(a, S("Mastodon's stream"), &res, clock_now_ms(), &out->end);
        has_failed = out->end.outcome != CONNECTOR_SENT || res.took_ms < SHORT_MS;
        if (res.status >= 200 && res.status < 300) /* it has ended, as streams do */
            out->end = (struct connector_sent){.outcome = CONNECTOR_SENT};
        else if (out->end.outcome == CONNECTOR_UNKNOWN)
            out->end.outcome = CONNECTOR_RETRY;
    }
    finish(l, has_failed, fails < 0 ? 0 : fails, out);
    return OK;
}
