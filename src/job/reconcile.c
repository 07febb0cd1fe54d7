/* reconcile: every night, and when people ask, a channel is compared with what its network has: the
 * messages of the last days are fetched anew, those that are not here are counted, told in the
 * ledger "nothing missed" and taken in by the way of every delivery (job "reconcile", key: channel
 * id). Messages that have waited in the inbox or in quarantine are not missed: they are counted as
 * seen when the comparison runs again. Rules: docs/product.md CH-9.
 * Not here: the ledger's rows (store/reconciliation.h). Thread: job threads. */
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "job/ask.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/reconciliation.h"

enum {
    NIGHT_MS = 24 * 3600 * 1000,
    BACK_MS = 48 * 3600 * 1000, /* compared: two nights, so that a missed one is made good */
    SETTLE_MS = 10 * 60 * 1000, /* younger messages may still be on their way */
    ROUNDS_MOST = 50,           /* pages */
};

struct comparing {
    struct asked q;
    struct reconciliation r;
    const struct connector_delivery **missed; /* deliveries with something that is not here */
    ptrdiff_t n_missed, room;
    struct json_out details;
    int64_t n_details;
    struct connector_sent end;
};

static err load(struct job_run *run, channel_id id, struct comparing *c)
{
    struct ctx *cx = &run->desk.cx;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(asked_load(cx, id, &c->q));
    return desk_commit(&run->desk);
}

/* ── one delivery ── */

/* The messages of a page, as keys; what is newer than the time compared is left out. */
static ptrdiff_t keys_of(struct comparing *c, const struct connector_batch *batch,
    struct message *keys, const struct connector_item **items)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < batch->n; i++) {
        const struct connector_item *it = &batch->items[i];
        bool is_counted = !it->fault.len && it->kind == ITEM_MESSAGE && it->external_id.len &&
                          it->sent_ms >= c->r.from_ms && it->sent_ms <= c->r.until_ms;
        if (!is_counted)
            continue;
        keys[n] = (struct message){.channel_id = c->q.channel, .external_id = it->external_id};
        items[n++] = it;
    }
    return n;
}

static bool is_known(const struct message *found, ptrdiff_t n, str external_id)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(found[i].external_id, external_id))
            return true;
    return false;
}

static void keep(struct arena *a, struct comparing *c, const struct connector_delivery *d)
{
    if (c->n_missed == c->room) {
        ptrdiff_t room = c->room ? c->room * 2 : 16;
        const struct connector_delivery **more = NEW(a, const struct connector_delivery *, room);
        for (ptrdiff_t i = 0; i < c->n_missed; i++)
            more[i] = c->missed[i];
        c->missed = more;
        c->room = room;
    }
    c->missed[c->n_missed++] = d;
}

static err compare_one(struct job_run *run, struct comparing *c, const struct connector_delivery *d)
{
    struct arena *a = run->desk.arena;
    struct ctx *cx = &run->desk.cx;
    struct connector_batch batch = {0};
    struct message *found = NULL, *others = NULL;
    ptrdiff_t n_found = 0, n_others = 0;
    str why = {0};
    const struct connector_raw raw = {.body = d->body,
        .content_type = d->content_type,
        .origin = d->origin,
        .received_ms = run->now_ms};
    if (c->q.connector->parse(a, &raw, &batch, &why) != OK || !batch.n)
        return OK;
    struct message *keys = NEW(a, struct message, batch.n);
    const struct connector_item **items = NEW(a, const struct connector_item *, batch.n);
    ptrdiff_t n = keys_of(c, &batch, keys, items);
    if (!n)
        return OK;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(message_find_external(cx, keys, n, &found, &n_found));
    TRY(message_find_alias(cx, keys, n, &others, &n_others));
    TRY(desk_commit(&run->desk));
    int64_t missed = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        c->r.seen++;
        if (is_known(found, n_found, items[i]->external_id) ||
            is_known(others, n_others, items[i]->external_id))
            continue;
        missed++;
        reconciliation_tell(&c->details, &c->n_details,
            &(struct reconciliation_missed){.external_id = items[i]->external_id,
                .text = items[i]->text,
                .at_ms = items[i]->sent_ms});
    }
    c->r.missed += missed;
    if (missed)
        keep(a, c, d);
    return OK;
}

/* ── the whole ── */

static err compare(struct job_run *run, struct comparing *c)
{
    const struct connector *k = c->q.connector;
    str cursors = S("{}");
    bool is_fresh = false;
    TRY(credentials_ready(run, k, c->q.channel, &c->q.setup, false, &is_fresh));
    for (int i = 0; i < ROUNDS_MOST; i++) {
        const struct connector_poll in = {.setup = &c->q.setup,
            .cursors = cursors,
            .since_ms = c->r.from_ms,
            .now_ms = run->now_ms};
        struct connector_polled out = {0};
        TRY(k->poll(run->client, run->desk.arena, &in, &out));
        c->end = out.end;
        if (out.end.outcome != CONNECTOR_SENT)
            return OK;
        for (ptrdiff_t n = 0; n < out.n; n++)
            TRY(compare_one(run, c, &out.deliveries[n]));
        if (!out.has_more)
            return OK;
        cursors = out.cursors.len ? out.cursors : cursors;
    }
    return OK;
}

static err write(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct comparing *c = arg;
    (void)is_dead;
    (void)next_ms;
    struct connector_delivery *named = NEW(cx->arena, struct connector_delivery, c->n_missed + 1);
    for (ptrdiff_t i = 0; i < c->n_missed; i++) {
        named[i] = *c->missed[i];
        named[i].key = str_print(cx->arena, "reconcile:%lld:%td", (long long)cx->now_ms, i);
    }
    TRY(asked_store(cx, &c->q, named, c->n_missed, NULL));
    json_arr_end(&c->details);
    c->r.details = c->details.b.failed ? S("[]") : json_str(&c->details);
    if (c->end.outcome != CONNECTOR_SENT)
        c->r.error = c->end.why;
    return reconciliation_add(cx, &c->r);
}

err reconcile_work(struct job_run *run, struct job_verdict *v)
{
    struct comparing *c = NEW(run->desk.arena, struct comparing, 1);
    channel_id id;
    *v = (struct job_verdict){.end = JOB_DONE};
    if (id_parse(run->job->key, &id.v) != OK)
        return OK;
    err e = load(run, id, c);
    desk_rollback(&run->desk);
    if (e == E_NOT_FOUND || (e == OK && !c->q.connector->poll))
        return OK; /* gone, off, or a network that cannot be asked */
    TRY(e);
    c->r = (struct reconciliation){
        .channel_id = id, .from_ms = run->now_ms - BACK_MS, .until_ms = run->now_ms - SETTLE_MS};
    c->details = json_out_make(run->desk.arena, LIMIT_JSON_BODY_BYTES);
    json_arr(&c->details);
    TRY(compare(run, c));
    *v = (struct job_verdict){
        .end = JOB_REPEAT, .at_ms = run->now_ms + NIGHT_MS, .write = write, .arg = c};
    return OK;
}
