/* receive: stored deliveries become messages of conversations. One transaction per turn finishes
 * the batch in hand and takes the next; its commit says durably what is in hand before a byte of it
 * is looked at, so that an item that ends the process counts. Exactly once: the messages, their
 * events and the inbox rows' end are one commit.
 *
 * A batch of deliveries that have been tried before (the process ended) has one row only. A
 * batch that fails for another reason than a busy database is undone and taken row by row: the row
 * at fault goes to quarantine with its reason, the others go on.
 *
 * Not here: what a batch brings (receive_gather.c) and what becomes of it (receive_take.c), what a
 * message does to a conversation (care/inbound.h), bytes (connector/).
 * Thread: the receiver; connector_parse runs outside any transaction. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/blob_file.h"
#include "connector/notice.h"
#include "connector/replayed.h"
#include "job/ask.h"
#include "job/receive_inner.h"
#include "store/lease.h"

#include <limits.h>

enum {
    LEASE_MS = 3000,  /* PostgreSQL: another node may receive that long after a holder's end */
    ROOM_BATCHES = 4, /* of the intake while one turn runs: about what a turn takes up */
};

/* ── parsing ── */

/* Long deliveries are files: their rows only name them. */
static err open_body(struct desk *desk, const struct inbox_row *row, struct received *out)
{
    struct ctx cx = {
        .arena = desk->arena, .config = desk->engine->config, .account = row->account_id};
    out->raw = row->body.bytes;
    if (!str_eq(row->origin, FILE_ORIGIN))
        return OK;
    out->raw_name = row->body.bytes;
    return blob_map(&cx, out->raw_name, LIMIT_UPLOAD_BYTES, &out->raw);
}

static void parse_row(struct desk *desk, const struct inbox_row *row, struct received *out)
{
    struct arena *a = desk->arena;
    const struct connector *c = connector_find(row->network);
    err e = open_body(desk, row, out);
    if (e != OK) {
        out->fault = e == E_BUSY && desk->engine->config->blob_store
                         ? INBOX_FILE_AWAY
                         : S("The file of this delivery cannot be read.");
        return;
    }
    const struct connector_raw raw = {.body = out->raw,
        .content_type = row->content_type,
        .origin = row->origin,
        .received_ms = row->received_ms};
    str why = {0};
    if (c && str_eq(row->origin, NOTICE_ORIGIN)) {
        if (notice_parse(a, c, &raw, &out->batch, &why) != OK)
            out->fault = why;
    } else if (c && str_eq(row->origin, REPLAY_ORIGIN)) {
        if (replayed_parse(a, &raw, &out->batch, &why) != OK)
            out->fault = why;
    } else if (!c || !c->parse)
        out->fault = str_print(a, "There is no network %.*s here.", SARG(row->network));
    else if (c->parse(a, &raw, &out->batch, &why) != OK)
        out->fault = why.len ? why : S("The delivery was not understood.");
}

static err parse_all(struct desk *desk, void *arg)
{
    struct receive_batch *b = arg;
    struct received *parsed = NEW(desk->arena, struct received, b->n);
    for (ptrdiff_t i = 0; i < b->n; i++)
        parse_row(desk, &b->rows[i], &parsed[i]);
    b->parsed = parsed;
    return OK;
}

/* ── claiming ── */

/* How many of the waiting rows make one batch. */
static ptrdiff_t batch_size(const struct inbox_row *rows, ptrdiff_t n)
{
    ptrdiff_t bytes = 0;
    if (n && rows[0].attempts > 0)
        return 1;
    for (ptrdiff_t i = 0; i < n; i++) {
        bytes += rows[i].body.bytes.len;
        if (i && (rows[i].attempts > 0 || bytes > LIMIT_RECEIVE_BYTES))
            return i;
    }
    return n;
}

static err quarantine_poison(struct desk *desk, const struct inbox_row *row)
{
    log_line(LOG_ERROR, "delivery put into quarantine: the server ended each time it was processed",
        LOG_I("inbox", row->id.v), LOG_I("attempts", row->attempts));
    return inbox_quarantine(desk->tx, row, row->attempts,
        S("Three times the server ended or ran out of memory in processing this."));
}

/* in_hand: how many are in hand until this transaction ends. */
static err claim(
    struct desk *desk, ptrdiff_t in_hand, struct receive_batch *next, struct receive_tally *tally)
{
    bool is_set = db_tx_kind(desk->tx) == DB_POSTGRES;
    ptrdiff_t most = is_set ? LIMIT_RECEIVE_BATCH_SET : LIMIT_RECEIVE_BATCH, n = 0;
    const struct inbox_row *rows = NULL;
    if (!desk->engine->receiver.owns_hand)
        TRY(inbox_hand_take(desk->tx));
    TRY(inbox_waiting(desk->tx, most, &rows, &n));
    while (n && rows[0].attempts >= INBOX_ATTEMPTS) {
        TRY(quarantine_poison(desk, &rows[0]));
        tally->quarantined++;
        rows++;
        n--;
    }
    bool is_last_try = n && rows[0].attempts == INBOX_ATTEMPTS - 1;
    bool is_calm = clock_mono_ms() - atomic_load(&desk->engine->calm_ms) >= RECEIVE_CALM_MS;
    desk->engine->receiver.has_suspect = is_last_try && !is_calm;
    n = is_last_try && !is_calm ? 0 : batch_size(rows, n);
    if (n || in_hand)
        TRY(inbox_hand_set(desk->tx, rows, n));
    *next = (struct receive_batch){.rows = rows, .n = n};
    return OK;
}

/* ── turns ── */

struct turn {
    struct receiver *r;
    const struct receive_batch *in_hand; /* n 0 = nothing */
    struct receive_batch next;
    bool claims;
    struct receive_tally tally;
};

/* On PostgreSQL one node receives at a time; its lease is renewed in the transaction it guards. */
static err hold(struct desk *desk, bool *held)
{
    *held = true;
    if (db_tx_kind(desk->tx) == DB_SQLITE)
        return OK;
    return lease_hold(desk->tx, S("receive"), desk->engine->holder, desk->cx.now_ms,
        desk->cx.now_ms + LEASE_MS, held);
}

static err one_transaction(struct desk *desk, void *arg)
{
    struct turn *t = arg;
    bool held = false;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(hold(desk, &held));
    if (!held)
        return E_CONFLICT;
    if (t->in_hand->n)
        TRY(receive_take_batch(desk, t->r, t->in_hand, &t->tally));
    if (t->claims)
        TRY(claim(desk, t->in_hand->n, &t->next, &t->tally));
    if (t->next.n == 0 && db_tx_kind(desk->tx) == DB_POSTGRES)
        TRY(lease_give_up(desk->tx, S("receive"), desk->engine->holder));
    FAILPOINT("receive.before_commit");
    desk->cx.effects.jobs = false; /* what is left in the inbox is ours to find */
    TRY(desk_commit(desk));
    if (t->tally.jobs)
        waker_nudge(&desk->engine->dispatch_waker);
    return OK;
}

static void count(struct engine *e, const struct receive_tally *tally)
{
    atomic_fetch_add(&e->count.received, tally->received);
    atomic_fetch_add(&e->count.receive_duplicates, tally->duplicates);
    atomic_fetch_add(&e->count.quarantined, tally->quarantined);
    atomic_fetch_add(&e->count.receive_batches, 1);
}

struct refusal {
    const struct inbox_row *row;
    str why;
};

static err refuse(struct desk *desk, void *arg)
{
    const struct refusal *refusal = arg;
    TRY(desk_begin(desk, DB_WRITE));
    bool held = false;
    TRY(hold(desk, &held));
    if (!held)
        return E_CONFLICT;
    TRY(inbox_quarantine(desk->tx, refusal->row, refusal->row->attempts + 1, refusal->why));
    return desk_commit(desk);
}

/* The batch failed as a whole: each row by itself; the one at fault goes to quarantine. E_BUSY and
 * E_CONFLICT as in receive_turn: the rows before are done then, the batch begins with the next. */
static err one_by_one(struct engine *e, struct receiver *r, struct arena *work)
{
    while (r->batch.n) {
        const struct receive_batch one = {.rows = r->batch.rows, .n = 1, .parsed = r->batch.parsed};
        struct turn turn = {.r = r, .in_hand = &one};
        struct desk desk = {.engine = e, .arena = work};
        arena_reset(work);
        err result = desk_guard(&desk, one_transaction, &turn);
        if (result == E_BUSY || result == E_CONFLICT)
            return result;
        if (result != OK) {
            struct refusal refusal = {.row = one.rows, .why = desk_words(&desk.cx, result)};
            log_line(LOG_ERROR, "delivery put into quarantine", LOG_I("inbox", one.rows->id.v),
                LOG_S("reason", refusal.why));
            turn.tally = (struct receive_tally){.quarantined = 1};
            TRY(desk_guard(&desk, refuse, &refusal));
        }
        count(e, &turn.tally);
        r->batch.rows++;
        r->batch.parsed++;
        r->batch.n--;
    }
    return OK;
}

err receive_turn(struct engine *e, struct receiver *r, bool *more)
{
    struct arena *work = &r->arenas[!r->current];
    struct turn turn = {.r = r, .in_hand = &r->batch, .claims = true};
    struct desk desk = {.engine = e, .arena = work};
    arena_reset(work);
    err result = desk_guard(&desk, one_transaction, &turn);
    if (result != OK && result != E_BUSY && result != E_CONFLICT && r->batch.n) {
        result = one_by_one(e, r, work);
        turn.tally = (struct receive_tally){0};
        turn.next = (struct receive_batch){0};
    }
    if (result != OK)
        atomic_store(&e->room, INT_MAX); /* nobody waits for a turn that may not come */
    if (result == E_CONFLICT) {
        /* Another node has taken over: what we hold is its work now. */
        r->batch = (struct receive_batch){0};
        r->owns_hand = false;
        *more = false;
        return OK;
    }
    TRY(result);
    FAILPOINT("receive.after_claim");
    if (r->batch.n)
        count(e, &turn.tally);
    r->current = !r->current;
    r->batch = turn.next;
    r->owns_hand = r->batch.n > 0;
    atomic_store(&e->room, r->batch.n < LIMIT_RECEIVE_BATCH_SET ? ROOM_BATCHES : 0);
    waker_nudge(&e->room_waker);
    if (r->batch.n && desk_guard(&desk, parse_all, &r->batch) != OK) {
        /* Out of memory: that counts, and they are taken again one by one. */
        r->batch = (struct receive_batch){0};
        r->owns_hand = false;
        return E_BUSY;
    }
    *more = r->batch.n > 0;
    return OK;
}

/* PostgreSQL: rows whose node ended before it could tell anybody. */
static err look(struct desk *desk, void *arg)
{
    int64_t *oldest_ms = arg;
    TRY(desk_begin(desk, DB_READ));
    return inbox_oldest_waiting(desk->tx, oldest_ms);
}

static void sleep_until_work(struct engine *e)
{
    enum { LOOK_MS = 1000 };
    if (db_kind_of(e->db) == DB_SQLITE) {
        waker_wait(&e->receive_waker, -1);
        return;
    }
    while (!waker_wait(&e->receive_waker, LOOK_MS)) {
        int64_t oldest_ms = 0;
        struct arena *a = &e->receiver.arenas[!e->receiver.current];
        struct desk desk = {.engine = e, .arena = a};
        arena_reset(a);
        if (desk_guard(&desk, look, &oldest_ms) != OK || oldest_ms)
            return;
    }
}

void *receive_main(void *engine)
{
    struct engine *e = engine;
    enum { PAUSE_MS = 50, PAUSE_MOST_MS = 1000 };
    int64_t pause_ms = PAUSE_MS;
    while (!atomic_load(&e->is_stopping)) {
        bool more = false;
        err result = receive_turn(e, &e->receiver, &more);
        if (result != OK) {
            log_line(LOG_WARN, "receiving waits", LOG_Z("error", err_name(result)));
            waker_wait(&e->receive_waker, pause_ms);
            pause_ms = pause_ms * 2 < PAUSE_MOST_MS ? pause_ms * 2 : PAUSE_MOST_MS;
            continue;
        }
        pause_ms = PAUSE_MS;
        if (!more && e->receiver.has_suspect)
            waker_wait(&e->receive_waker, PAUSE_MS);
        else if (!more)
            sleep_until_work(e);
    }
    return NULL;
}
