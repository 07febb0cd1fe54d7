/* stream: live events for consoles, API clients and widgets (API "Live"). One way for all: join the
 * audience, take the connection over HELD, read what was missed since Last-Event-ID in a
 * transaction that began after that, release. Nothing falls between the two, nothing comes twice.
 *
 * The route has no transaction of the boundary's: one that began before the stream listens would
 * miss what is committed in between. Not here: live bytes (job/publish.c), who hears what
 * (care/audience.h). Source: WHATWG HTML "Server-sent events". */
#include "api/input.h"
#include "api/live.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/audience.h"
#include "store/door.h"

#include <string.h>

/* How one stream is filled. */
struct filling {
    struct call *call;
    struct http_handle stream;
    struct listener me; /* a copy: the listener itself is the loop's */
    bool resumes;       /* the client was here before */
    struct event_pos at, head;
};

static err last_event_id(struct call *call, struct filling *f)
{
    str given = http_header_get(call->req, S("Last-Event-ID"));
    if (given.len == 0)
        return OK;
    /* Not ours, or of a database that is no more: the client starts anew (reset). */
    f->resumes = true;
    if (event_pos_parse(given, &f->at) != OK)
        f->at = (struct event_pos){INT64_MAX, 0};
    return OK;
}

static err begin(struct filling *f)
{
    struct ctx *cx = &f->call->cx;
    if (db_begin(f->call->api->db, DB_READ, cx->arena, &cx->db) != OK)
        return fail(cx, E_BUSY, "the database is busy; please try again");
    return db_scope(cx->db, cx->account);
}

static void end(struct filling *f)
{
    struct db_tx *tx = f->call->cx.db;
    f->call->cx.db = NULL;
    if (tx)
        (void)db_rollback(tx); /* nothing was written */
}

/* Conversations outside his scope that an agent hears because they mention him. */
static err mentions_of(struct filling *f, int64_t **ids, ptrdiff_t *n)
{
    struct ctx *cx = &f->call->cx;
    *ids = NULL;
    *n = 0;
    if (cx->actor.kind == ACTOR_VISITOR || cx->actor.sees_all)
        return OK;
    TRY(begin(f));
    err e = event_mentions(cx, cx->actor.agent, LIMIT_MENTIONS_HEARD, ids, n);
    end(f);
    return e;
}

static void open_held(struct filling *f, struct listener *l)
{
    struct hub_key keys[AUDIENCE_KEYS];
    int n = listener_keys(l, keys);
    f->stream = call_take_over(f->call);
    hub_open(f->call->api->hub, f->stream,
        &(struct hub_stream_options){.keys = keys,
            .key_count = n,
            .subject = l,
            .subject_free = audience_leave,
            .first = S("retry: 2000\n\n")});
}

static void say(struct filling *f, str id, str event, str data)
{
    hub_send(f->call->api->hub, f->stream, hub_block(f->call->cx.arena, id, event, data));
}

static const struct shape_field hello_fields[] = {
    SHOWN("server_time", SHAPE_TIME, 0, NULL),
    SHOWN("last_event_id", SHAPE_TEXT, 0, "where the stream begins"),
};
const struct shape hello_shape = SHAPE("Hello", NULL, hello_fields, "Data of hello.");

static void say_hello(struct filling *f, bool is_reset)
{
    struct arena *a = f->call->cx.arena;
    bool starts_here = !f->resumes || is_reset;
    str id = event_pos_text(a, starts_here ? f->head : f->at);
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_time(&j, S("server_time"), f->call->cx.now_ms);
    json_kv_str(&j, S("last_event_id"), id);
    json_obj_end(&j);
    /* While a replay follows, its events carry the place; hello would jump ahead of them. */
    say(f, starts_here ? id : (str){0}, S("hello"), json_str(&j));
    if (is_reset)
        say(f, id, S("reset"), S("{}"));
}

static void say_event(struct filling *f, const struct event_row *row)
{
    struct arena *a = f->call->cx.arena;
    const struct audience_news news = audience_news_of(row);
    if (audience_match(&f->me, &news))
        say(f, event_pos_text(a, (struct event_pos){row->major, row->minor}), row->type,
            event_json(a, row));
}

/* Before the oldest event or beyond the newest: the place means nothing any more. {0, 0} was given
 * when there was no event at all: everything since is replayed. */
static err is_lost(struct filling *f, bool *lost)
{
    struct event_pos tail;
    *lost = false;
    if (f->at.major == 0 && f->at.minor == 0)
        return OK;
    TRY(event_tail(f->call->cx.db, &tail));
    struct event_pos next = {f->at.major, f->at.minor < INT64_MAX ? f->at.minor + 1 : f->at.minor};
    *lost = event_pos_cmp(next, tail) < 0 || event_pos_cmp(f->at, f->head) > 0;
    return OK;
}

/* *too_many: the client is better off loading anew. */
static err replay(struct filling *f, bool *too_many)
{
    struct ctx *cx = &f->call->cx;
    ptrdiff_t total = 0;
    *too_many = false;
    while (event_pos_cmp(f->at, f->head) < 0) {
        const struct event_row *rows = NULL;
        ptrdiff_t n = 0;
        TRY(event_replay(cx, f->at, f->me.agent, f->me.contact, LIMIT_EVENT_BATCH, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++) {
            say_event(f, &rows[i]);
            f->at = (struct event_pos){rows[i].major, rows[i].minor};
        }
        total += n;
        *too_many = total > LIMIT_REPLAY_EVENTS;
        if (n < LIMIT_EVENT_BATCH || *too_many)
            return OK;
    }
    return OK;
}

static err fill(struct filling *f)
{
    bool lost = false, too_many = false;
    TRY(begin(f));
    TRY(event_head(f->call->cx.db, &f->head));
    if (f->resumes)
        TRY(is_lost(f, &lost));
    say_hello(f, lost);
    if (f->resumes && !lost)
        TRY(replay(f, &too_many));
    if (too_many)
        say(f, event_pos_text(f->call->cx.arena, f->head), S("reset"), S("{}"));
    return OK;
}

err stream_open(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct filling f = {.call = call};
    struct listener *l = NULL;
    int64_t *mentions;
    ptrdiff_t n_mentions;
    if (!call->api->hub || !call->api->live)
        return fail(cx, E_BUSY, "there are no live streams here");
    TRY(last_event_id(call, &f));
    TRY(mentions_of(&f, &mentions, &n_mentions));
    if (audience_join(
            live_audience(call->api), cx->account, &cx->actor, mentions, n_mentions, &l) != OK)
        return fail(cx, E_BUSY, "there is not enough memory for another stream");
    f.me = *l;
    ptrdiff_t n = l->n_teams + l->n_channels + l->n_mentions;
    f.me.scope = NEW(cx->arena, int64_t, n);
    if (n)
        memcpy(f.me.scope, l->scope, (size_t)n * sizeof *l->scope);
    open_held(&f, l);
    err e = fill(&f);
    end(&f);
    if (e != OK)
        hub_end(call->api->hub, f.stream, S("event: reconnect\ndata: {}\n\n"));
    else
        hub_release(call->api->hub, f.stream, (struct hub_seq){f.head.major, f.head.minor});
    return OK;
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/stream", AUTH_AGENT, CAP_EVENT_READ,
     ROUTE_STREAM | ROUTE_NO_DB, NULL, NULL, NULL, stream_open,
     "Events as they happen; resumes at Last-Event-ID.", NULL, 0},
    {HTTP_GET, "/widget/v1/stream", AUTH_VISITOR, CAP_NONE,
     ROUTE_STREAM | ROUTE_NO_DB, NULL, NULL, NULL, stream_open,
     "The visitor's events as they happen; resumes at Last-Event-ID.", NULL, 0},
};
/* clang-format on */
extern const struct route_table stream_routes;
const struct route_table stream_routes = ROUTES(routes);
