/* listen: see listen.h. */
#include "job/listen.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "care/compare.h"
#include "job/ask.h"
#include "job/listen_compare.h"
#include "job/listen_file.h"
#include "net/smtp.h"
#include "store/lease.h"

#include <stdlib.h>

enum {
    LOOK_MS = 5000,
    LEASE_MS = 60 * 1000,  /* longer than any stream is silent, see the connectors' keep-alives */
    AGAIN_MS = 5000,       /* where the connector names no time */
    PAGE = 200,            /* channels looked at in one statement */
    REST_MS = 30 * 1000,   /* a longer pause needs no thread */
    RENEW_MS = 300 * 1000, /* refused credentials are made new at most so often */
    RESTING_MOST = 256,    /* channels; beyond them the oldest is looked at again sooner */
};

struct stream {
    struct streams *listener;
    channel_id channel;
    account_id account;
    pthread_t thread;
    struct http_client *client;
    struct arena arena, taking; /* of the call; of one delivery */
    struct listen_file file;    /* of a long one */
    struct listen_missed missed;
    atomic_bool is_ended;
    bool is_used;
    bool is_well; /* a sign of life came over this connection, and the channel says so */
    int64_t lease_until_ms;
    int64_t rests_until_ms; /* monotonic; set before it ends */
    int64_t renewed_ms;     /* monotonic; when refused credentials were made new last; 0 = never */
    struct asked q;
};

/* A channel without a stream just now: it is set up otherwise, or its network wants a long pause.
 */
struct resting {
    channel_id channel;
    int64_t until_ms; /* monotonic */
};

struct streams {
    struct engine *engine;
    pthread_t thread;
    struct waker waker;
    struct arena arena;
    atomic_bool is_closing;
    struct stream streams[LISTEN_MOST]; /* the listener's thread only, but for is_ended */
    struct resting resting[RESTING_MOST];
    int next_resting;
};

/* ── one stream ── */

static bool must_end(const struct stream *s)
{
    return atomic_load(&s->listener->is_closing);
}

static str lease_name(struct arena *a, const struct stream *s)
{
    return str_print(a, "listen:%lld", (long long)s->channel.v);
}

struct taking {
    struct stream *stream;
    const struct connector_delivery *deliveries;
    ptrdiff_t n; /* 0 = a sign of life */
    str cursors;
    bool is_ours;
    bool *is_new;
};

/* Switched off, or set up otherwise: the stream ends, and another may begin. */
static err look_after(struct ctx *cx, const struct stream *s, bool *is_same)
{
    struct asked now;
    err e = asked_load(cx, s->channel, &now);
    *is_same = e == OK && str_eq(now.setup.settings, s->q.setup.settings) &&
               str_eq(now.setup.secrets, s->q.setup.secrets) &&
               str_eq(now.setup.external_id, s->q.setup.external_id);
    return e == E_NOT_FOUND ? OK : e;
}

/* On SQLite there is no other node: what a killed process held until later is ours at once. */
static err hold(struct desk *desk, struct stream *s, bool *is_ours)
{
    int64_t until_ms = desk->cx.now_ms + LEASE_MS;
    s->lease_until_ms = until_ms;
    *is_ours = true;
    if (db_tx_kind(desk->tx) == DB_SQLITE)
        return OK;
    return lease_hold(desk->tx, lease_name(desk->arena, s), desk->engine->holder, desk->cx.now_ms,
        until_ms, is_ours);
}

/* The lease is renewed in the transaction that it guards; a silent stream renews it now and then.
 */
static err take(struct desk *desk, void *arg)
{
    struct taking *t = arg;
    struct stream *s = t->stream;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(hold(desk, s, &t->is_ours));
    if (!t->is_ours)
        return OK;
    TRY(desk_scope(desk, s->account));
    TRY(look_after(&desk->cx, s, &t->is_ours));
    if (!t->is_ours)
        return OK;
    t->is_new = NEW(desk->arena, bool, t->n + 1);
    TRY(asked_store(&desk->cx, &s->q, t->deliveries, t->n, t->is_new));
    if (!s->is_well) /* what ended the connection before is over */
        TRY(channel_note_error(&desk->cx, s->channel, (str){0}));
    if (t->cursors.len)
        TRY(channel_cursor_set(&desk->cx, s->channel, S("listen"), t->cursors));
    return desk_commit(desk);
}

static bool on_deliveries(
    void *arg, const struct connector_delivery *deliveries, ptrdiff_t n, str cursors)
{
    struct stream *s = arg;
    struct connector_delivery filed;
    struct taking t = {.stream = s, .deliveries = deliveries, .n = n, .cursors = cursors};
    struct desk desk = {.engine = s->listener->engine, .arena = &s->taking};
    if (must_end(s))
        return false;
    bool is_leased = s->lease_until_ms - clock_now_ms() > LEASE_MS / 2;
    if (!n && !cursors.len && is_leased && s->is_well)
        return true;
    if (n == 1 && !deliveries->body.len && listen_file_is_open(&s->file)) {
        filed = *deliveries;
        filed.origin = FILE_ORIGIN;
        if (listen_file_end(&s->file, s->listener->engine, &s->taking, &filed.body) != OK)
            return false;
        filed.key = filed.key.len ? filed.key : filed.body;
        t.deliveries = &filed;
    }
    bool is_taken = desk_guard(&desk, take, &t) == OK && t.is_ours;
    if (is_taken)
        listen_missed_add(&s->missed, t.deliveries, t.is_new, n);
    s->is_well |= is_taken;
    arena_free(&s->taking); /* a stream may be silent for hours */
    return is_taken;
}

static bool on_delivery(void *arg, const struct connector_delivery *delivery, str cursors)
{
    return on_deliveries(arg, delivery, delivery ? 1 : 0, cursors);
}

/* A long one may take longer than the lease lasts: each piece is a sign of life. */
static bool on_piece(void *arg, str piece)
{
    struct stream *s = arg;
    return on_deliveries(s, NULL, 0, (str){0}) && listen_file_put(&s->file, piece);
}

static bool on_knows(void *arg, const str *ids, ptrdiff_t n, bool *known)
{
    struct stream *s = arg;
    if (must_end(s))
        return false;
    if (!n)
        listen_missed_begin(&s->missed);
    bool is_known = listen_knows(s->listener->engine, &s->taking, &s->q, ids, n, known) == OK;
    arena_free(&s->taking);
    return is_known;
}

static bool on_compared(void *arg, int64_t from_ms, int64_t until_ms, int64_t seen)
{
    struct stream *s = arg;
    const struct reconciliation r = {
        .channel_id = s->channel, .from_ms = from_ms, .until_ms = until_ms, .seen = seen};
    bool is_told = !must_end(s) &&
                   listen_compared(s->listener->engine, &s->taking, &s->q, &r, &s->missed) == OK;
    arena_free(&s->taking);
    return is_told;
}

static bool on_asked(void *arg)
{
    struct stream *s = arg;
    bool is_asked = false;
    if (!must_end(s) && listen_asked(s->listener->engine, &s->taking, &s->q, &is_asked) != OK)
        is_asked = false; /* it is woken again */
    arena_free(&s->taking);
    return is_asked;
}

struct opening {
    struct stream *stream;
    str cursors;
    bool is_ours;
};

static err open_stream(struct desk *desk, void *arg)
{
    struct opening *o = arg;
    struct stream *s = o->stream;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(hold(desk, s, &o->is_ours));
    TRY(desk_scope(desk, s->account));
    TRY(asked_load(&desk->cx, s->channel, &s->q));
    TRY(channel_cursor_get(&desk->cx, s->channel, S("listen"), &o->cursors));
    return desk_commit(desk);
}

struct closing {
    struct stream *stream;
    const struct connector_polled *out;
};

static err close_stream(struct desk *desk, void *arg)
{
    const struct closing *c = arg;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(desk_scope(desk, c->stream->account));
    TRY(asked_note(&desk->cx, &c->stream->q, &c->out->end));
    if (c->out->end.outcome != CONNECTOR_SENT || !c->stream->is_well)
        TRY(listen_not_compared(&desk->cx, c->stream->channel, c->out->end.why));
    if (c->out->cursors.len) /* how it ended: the next pause depends on it */
        TRY(channel_cursor_set(&desk->cx, c->stream->channel, S("listen"), c->out->cursors));
    /* What came while nobody listened is asked for at once. */
    err e = job_move(
        &desk->cx, S("poll"), str_print(desk->arena, "%lld", (long long)c->stream->channel.v), 0);
    return e == OK || e == E_NOT_FOUND ? desk_commit(desk) : e;
}

static int64_t pause_ms(const struct connector_polled *out)
{
    int64_t at_ms = out->end.outcome == CONNECTOR_WAIT ? out->end.wait_until_ms : out->next_ms;
    int64_t ahead_ms = at_ms - clock_now_ms();
    return at_ms ? (ahead_ms > 0 ? ahead_ms : 0) : AGAIN_MS;
}

/* Sleeps in steps; false when the stream must end. */
static bool wait_before_again(struct stream *s, int64_t ms)
{
    for (int64_t until = clock_mono_ms() + ms; clock_mono_ms() < until && !must_end(s);)
        engine_pause(s->listener->engine, 100);
    return !must_end(s);
}

/* Makes credentials new that end soon, or (now) that the network has refused; true: they are. */
static bool renew(struct stream *s, bool now)
{
    const struct job_row row = {.account_id = s->account};
    struct job_run run = {
        .desk = {.engine = s->listener->engine, .arena = &s->taking},
        .client = s->client,
        .job = &row,
        .now_ms = clock_now_ms()
    };
    struct connector_setup setup = s->q.setup; /* what is read anew lives in another arena */
    bool is_fresh = false;
    arena_reset(&s->taking);
    if (credentials_ready(&run, s->q.connector, s->channel, &setup, now, &is_fresh) != OK)
        return false; /* the network says what is wrong */
    s->q.setup.secrets = str_copy(&s->arena, setup.secrets);
    return is_fresh;
}

/* Refused credentials are made new once in a while; what refuses new ones too is told. */
static bool is_mended(struct stream *s, const struct connector_polled *out)
{
    if (out->end.outcome != CONNECTOR_REAUTH || !s->q.connector->refresh ||
        clock_mono_ms() - s->renewed_ms < RENEW_MS)
        return false;
    s->renewed_ms = clock_mono_ms();
    return renew(s, true);
}

/* One connection; false when there is nothing to listen to any more here. */
static bool listen_once(struct stream *s)
{
    struct opening o = {.stream = s};
    struct connector_polled out = {0};
    struct desk desk = {.engine = s->listener->engine, .arena = &s->arena};
    arena_reset(&s->arena);
    arena_reset(&s->taking);
    s->is_well = false;
    err e = desk_guard(&desk, open_stream, &o);
    if (e == E_NOT_FOUND || (e == OK && (!o.is_ours || !s->q.connector->listen)))
        return false;
    if (e != OK)
        return wait_before_again(s, AGAIN_MS);
    (void)renew(s, false); /* the network says what is wrong */
    const struct connector_listen in = {.setup = &s->q.setup,
        .cursors = o.cursors,
        .take = on_delivery,
        .take_many = on_deliveries,
        .keep = on_piece,
        .arg = s,
        .now_ms = clock_now_ms(),
        .born_ms = s->q.created_ms,
        .knows = on_knows,
        .compared = on_compared,
        .asked = on_asked};
    if (s->q.connector->listen(s->client, &s->arena, &in, &out) != OK)
        return wait_before_again(s, AGAIN_MS);
    if (must_end(s))
        return false;
    if (is_mended(s, &out))
        return true;
    log_line(LOG_INFO, "a network's stream has ended", LOG_S("network", s->q.connector->name),
        LOG_I("channel", s->channel.v), LOG_S("reason", out.end.why));
    struct closing c = {.stream = s, .out = &out};
    arena_reset(&s->taking);
    desk = (struct desk){.engine = s->listener->engine, .arena = &s->taking};
    (void)desk_guard(&desk, close_stream, &c); /* said again when the next one ends */
    int64_t ms = pause_ms(&out);
    if (ms < REST_MS)
        return wait_before_again(s, ms);
    s->rests_until_ms = clock_mono_ms() + ms;
    return false;
}

static void *stream_main(void *stream)
{
    struct stream *s = stream;
    while (!must_end(s) && listen_once(s))
        ;
    atomic_store(&s->is_ended, true);
    return NULL;
}

/* ── which streams there are ── */

static void drop(struct stream *s)
{
    struct streams *l = s->listener;
    (void)pthread_join(s->thread, NULL); /* fails only for a thread that is not there */
    if (s->rests_until_ms) {
        l->resting[l->next_resting] = (struct resting){s->channel, s->rests_until_ms};
        l->next_resting = (l->next_resting + 1) % RESTING_MOST;
    }
    http_client_close(s->client);
    arena_free(&s->arena);
    arena_free(&s->taking);
    listen_file_free(&s->file);
    listen_missed_free(&s->missed);
    s->is_used = false;
}

static bool is_resting(const struct streams *l, channel_id channel)
{
    for (int i = 0; i < RESTING_MOST; i++)
        if (l->resting[i].channel.v == channel.v && clock_mono_ms() < l->resting[i].until_ms)
            return true;
    return false;
}

/* is_asked: somebody wants it compared now, so it rests no longer. */
static void start(struct streams *l, const struct channel_at *at, bool is_asked)
{
    struct stream *free_one = NULL;
    for (int i = 0; i < LISTEN_MOST; i++) {
        struct stream *s = &l->streams[i];
        if (s->is_used && atomic_load(&s->is_ended))
            drop(s);
        if (s->is_used && s->channel.v == at->id.v) {
            if (is_asked)
                http_client_wake(s->client);
            return;
        }
        if (!s->is_used && !free_one)
            free_one = s;
    }
    if (!free_one || (!is_asked && is_resting(l, at->id)))
        return;
    *free_one = (struct stream){.listener = l,
        .channel = at->id,
        .account = at->account_id,
        .client = http_client_open(&l->engine->client_options),
        .arena = arena_make(0),
        .taking = arena_make(0),
        .file = listen_file_make(l->engine, at->account_id),
        .missed = listen_missed_make()};
    if (!free_one->client)
        return;
    free_one->is_used =
        thread_start(&free_one->thread, "seva-stream", 0, stream_main, free_one) == OK;
    if (!free_one->is_used) {
        http_client_close(free_one->client);
        arena_free(&free_one->arena);
        arena_free(&free_one->taking);
    }
}

struct looking {
    const struct connector *connector;
    channel_id after;
    struct channel_at *rows;
    bool *is_asked;
    ptrdiff_t n;
};

/* The wishes stand within the accounts. */
static err look_for_wishes(struct desk *desk, struct looking *k)
{
    struct compare_wish wish;
    account_id account = {0};
    for (ptrdiff_t i = 0; i < k->n; i++) {
        if (k->rows[i].account_id.v != account.v)
            TRY(desk_scope(desk, k->rows[i].account_id));
        account = k->rows[i].account_id;
        TRY(compare_asked(&desk->cx, k->rows[i].id, &wish));
        k->is_asked[i] = wish.id != 0;
    }
    return OK;
}

static err look(struct desk *desk, void *arg)
{
    struct looking *k = arg;
    TRY(desk_begin(desk, DB_READ));
    TRY(channel_all_of(desk->tx, k->connector->name, k->after, PAGE, &k->rows, &k->n));
    k->is_asked = NEW(desk->arena, bool, k->n + 1);
    return k->connector->able & ABLE_COMPARE ? look_for_wishes(desk, k) : OK;
}

static void look_for(struct streams *l, const struct connector *c)
{
    struct looking k = {.connector = c};
    do {
        struct desk desk = {.engine = l->engine, .arena = &l->arena};
        arena_reset(&l->arena);
        if (desk_guard(&desk, look, &k) != OK)
            return;
        for (ptrdiff_t i = 0; i < k.n; i++)
            start(l, &k.rows[i], k.is_asked[i]);
        if (k.n)
            k.after = k.rows[k.n - 1].id;
    } while (k.n == PAGE);
}

static void *listener_main(void *listener)
{
    struct streams *l = listener;
    while (!atomic_load(&l->is_closing)) {
        ptrdiff_t n = 0;
        const struct connector *const *all = connector_all(&n);
        for (ptrdiff_t i = 0; i < n; i++)
            if (all[i]->listen)
                look_for(l, all[i]);
        smtp_pool_sweep(l->engine->mails);
        (void)waker_wait(&l->waker, LOOK_MS); /* nudged only to close */
    }
    return NULL;
}

struct streams *streams_open(struct engine *engine)
{
    struct streams *l = alloc_zero((ptrdiff_t)sizeof *l);
    if (!l)
        return NULL;
    l->engine = engine;
    l->arena = arena_make(0);
    waker_open(&l->waker);
    if (thread_start(&l->thread, "seva-listen", 0, listener_main, l) == OK)
        return l;
    waker_close(&l->waker);
    free(l);
    return NULL;
}

void streams_close(struct streams *l)
{
    if (!l)
        return;
    atomic_store(&l->is_closing, true);
    waker_nudge(&l->waker);
    (void)pthread_join(l->thread, NULL); /* fails only for a thread that is not there */
    for (int i = 0; i < LISTEN_MOST; i++)
        if (l->streams[i].is_used)
            http_client_cancel(l->streams[i].client);
    for (int i = 0; i < LISTEN_MOST; i++)
        if (l->streams[i].is_used)
            drop(&l->streams[i]);
    waker_close(&l->waker);
    arena_free(&l->arena);
    free(l);
}
