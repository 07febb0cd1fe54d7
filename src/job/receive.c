/* receive: stored deliveries become messages of conversations. One transaction per turn finishes
 * the batch in hand and takes the next; its commit says durably what is in hand before a byte of it
 * is looked at, so that an item that ends the process counts. Exactly once: the messages, their
 * events and the inbox rows' end are one commit.
 *
 * A batch of deliveries that have been tried before (the process ended) has one row only. A
 * batch that fails for another reason than a busy database is undone and taken row by row: the row
 * at fault goes to quarantine with its reason, the others go on.
 *
 * Not here: what a message does to a conversation (care/inbound.h), bytes (connector/).
 * Thread: the receiver; connector_parse runs outside any transaction. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/call.h"
#include "care/inbound.h"
#include "care/media.h"
#include "care/network.h"
#include "connector/connector.h"
#include "connector/notice.h"
#include "job/ask.h"
#include "job/inner.h"
#include "store/channel.h"
#include "store/lease.h"
#include "store/message_network.h"

#include <limits.h>

enum {
    LEASE_MS = 3000, /* PostgreSQL: another node may receive that long after a holder's end */
    WHOSE_BYTES = 16 * 1024, /* of a delivery that a job carries */
    ROOM_BATCHES = 4,        /* of the intake while one turn runs: about what a turn takes up */
};

/* What parsing made of one row. */
struct received {
    struct connector_batch batch;
    str fault; /* the delivery as a whole is not understood */
};

/* ── parsing ────────────────────────────────────────────────────────────────────────────────────
 */

static void parse_row(struct arena *a, const struct inbox_row *row, struct received *out)
{
    const struct connector *c = connector_find(row->network);
    const struct connector_raw raw = {.body = row->body.bytes,
        .content_type = row->content_type,
        .origin = row->origin,
        .received_ms = row->received_ms};
    str why = {0};
    if (c && str_eq(row->origin, NOTICE_ORIGIN)) {
        if (notice_parse(a, c, &raw, &out->batch, &why) != OK)
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
        parse_row(desk->arena, &b->rows[i], &parsed[i]);
    b->parsed = parsed;
    return OK;
}

/* ── processing ─────────────────────────────────────────────────────────────────────────────────
 */

/* What an item names by address (care/media.h). */
struct files {
    struct attachment *rows;
    ptrdiff_t n;
    str json;
};

static struct files expect_files(
    struct ctx *cx, const struct connector_item *it, channel_id channel)
{
    struct files files = {.n = it->n_attachments};
    if (!files.n)
        return files;
    struct media_source *from = NEW(cx->arena, struct media_source, files.n);
    for (ptrdiff_t i = 0; i < files.n; i++)
        from[i] = (struct media_source){
            it->attachments[i].url, it->attachments[i].name, it->attachments[i].media_id, channel};
    files.rows = media_expect(cx, from, files.n, &files.json);
    return files;
}

/* The message is stored: so are its files. */
static err plan_files(struct ctx *cx, struct files *files, const struct inbound_result *stored)
{
    for (ptrdiff_t i = 0; i < files->n; i++) {
        files->rows[i].owner_id = stored->contact.v;
        files->rows[i].conversation_id = stored->conversation;
        files->rows[i].message_id = stored->message;
    }
    return media_plan(cx, files->rows, files->n);
}

/* The messages of one account, in the order of the rows, and where each came from; and what else
 * its networks say, to be applied after the messages. */
struct items {
    struct inbound_item *at;
    const struct connector_item **from;
    struct files *files;
    ptrdiff_t *row;
    ptrdiff_t n;
    struct other {
        const struct connector_item *item;
        channel_id channel;
    } * others;
    ptrdiff_t n_others;
    int64_t jobs; /* planned here */
};

/* What came before its time is looked at again when a send may have ended. */
static err plan_again(struct ctx *cx, const struct inbox_row *row)
{
    enum { SOON_MS = 1000, LATE_MS = 15 * 1000 };
    int64_t waits_ms = (cx->now_ms - row->received_ms) / 2;
    if (waits_ms < SOON_MS)
        waits_ms = SOON_MS;
    if (waits_ms > LATE_MS)
        waits_ms = LATE_MS;
    return job_add(cx, &(struct job_new){.kind = S("again"),
                           .key = str_print(cx->arena, "%lld", (long long)row->id.v),
                           .run_ms = cx->now_ms + waits_ms});
}

/* *is_asked: nobody can say yet whether we wrote it; it comes again when that is known. */
static err ask_whose(struct ctx *cx, const struct inbox_row *row, const struct connector_item *it,
    channel_id channel, bool *is_asked)
{
    const struct connector *c = connector_find(row->network);
    struct message m;
    *is_asked = false;
    if (!it->wants_author || !c || !c->lookup || !it->external_id.len ||
        row->body.bytes.len > WHOSE_BYTES || str_find(row->delivery_key, S(WHOSE_KEY)) == 2)
        return OK;
    err e = message_by_any_external(cx, channel, it->external_id, &m);
    if (e != E_NOT_FOUND)
        return e;
    cx->fault = (struct fault){0};
    struct json_out j = json_out_make(cx->arena, LIMIT_JOB_PAYLOAD_BYTES);
    json_obj(&j);
    json_kv_id(&j, S("channel"), channel.v);
    json_kv_str(&j, S("id"), it->external_id);
    json_kv_str(&j, S("type"), row->content_type);
    json_kv_str(&j, S("body"), row->body.bytes);
    json_obj_end(&j);
    *is_asked = !j.b.failed;
    if (j.b.failed)
        return OK;
    return job_add(cx,
        &(struct job_new){.kind = S("whose"),
            .key = str_print(cx->arena, "%lld:%.*s", (long long)channel.v, SARG(it->external_id)),
            .payload = json_str(&j),
            .channel = channel});
}

static struct inbound_item inbound_of(
    const struct inbox_row *row, const struct connector_item *it, channel_id channel, str files)
{
    return (struct inbound_item){
        .channel = channel,
        .channel_kind = row->network,
        .external_id = it->external_id,
        .thread_key = it->thread_key,
        .contact_external_id = it->contact_external_id,
        .contact_name = it->contact_name,
        .contact_email = it->contact_email,
        .contact_phone = it->contact_phone,
        .language = it->contact_language,
        .is_verified = true,
        .text = it->text,
        .attachments = files,
        .sent_ms = it->sent_ms,
        .received_ms = row->received_ms,
        .is_network = !str_eq(row->network, S("api")),
        .is_ours = it->is_ours,
        .is_public = it->is_public,
        .contact_other_id = it->contact_other_id,
        .contact_handle = it->contact_handle,
        .contact_profile_url = it->contact_profile_url,
        .contact_avatar_url = it->contact_avatar_url,
        .parts = it->parts,
        .token = it->token,
        .reply_to = it->reply_to,
        .aliases = it->aliases,
        .n_aliases = it->n_aliases,
        .post = it->post.external_id.len ? &it->post : NULL,
        .opens_nothing = !it->opens_window,
        .window_ms = it->window_ms,
        .is_answered = it->is_answered,
    };
}

/* One good item of a row. E_NOT_FOUND with words: it is for nobody here. */
static err gather_item(struct ctx *cx, struct items *items, const struct inbox_row *row,
    ptrdiff_t at, struct connector_item *it)
{
    channel_id channel;
    bool is_done = false, is_early = false, is_asked = false;
    TRY(network_channel(cx, row->channel_id, row->network, it, &channel));
    if (it->kind != ITEM_MESSAGE) {
        items->others[items->n_others++] = (struct other){it, channel};
        return OK;
    }
    TRY(ask_whose(cx, row, it, channel, &is_asked));
    if (is_asked) {
        items->jobs++;
        return OK;
    }
    TRY(network_before(cx, channel, it, row->received_ms, &is_done, &is_early));
    if (is_early) {
        items->jobs++;
        return plan_again(cx, row);
    }
    if (is_done)
        return OK;
    items->row[items->n] = at;
    items->from[items->n] = it;
    items->files[items->n] = expect_files(cx, it, channel);
    items->at[items->n] = inbound_of(row, it, channel, items->files[items->n].json);
    items->n++;
    return OK;
}

/* Gives an item that is for nobody here a fault: it goes to quarantine with the others. */
static err gather(
    struct ctx *cx, const struct receive_batch *b, account_id account, struct items *items)
{
    struct arena *a = cx->arena;
    ptrdiff_t most = 0;
    for (ptrdiff_t i = 0; i < b->n; i++)
        most += b->parsed[i].batch.n;
    *items = (struct items){.at = NEW(a, struct inbound_item, most + 1),
        .from = NEW(a, const struct connector_item *, most + 1),
        .files = NEW(a, struct files, most + 1),
        .row = NEW(a, ptrdiff_t, most + 1),
        .others = NEW(a, struct other, most + 1)};
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct connector_batch *batch = &b->parsed[i].batch;
        if (b->rows[i].account_id.v != account.v)
            continue;
        for (ptrdiff_t k = 0; k < batch->n; k++) {
            if (batch->items[k].fault.len)
                continue;
            err e = gather_item(cx, items, &b->rows[i], i, &batch->items[k]);
            if (e == E_NOT_FOUND && cx->fault.words.len) {
                batch->items[k] =
                    (struct connector_item){.fault = cx->fault.words, .raw = b->rows[i].body.bytes};
                cx->fault = (struct fault){0};
                continue;
            }
            TRY(e);
        }
    }
    return OK;
}

/* A faulty item: of a delivery with nothing else the row itself goes to quarantine (by the caller),
 * of a larger one a row of its own is made. mark tells such rows of one delivery apart. */
static err set_aside(struct ctx *cx, const struct inbox_row *row, str mark, str body, str why)
{
    const struct inbox_new in = {
        .account = row->account_id,
        .source = row->source_id,
        .channel = row->channel_id,
        .network = row->network,
        .delivery_key = str_print(cx->arena, "%.*s#%.*s", SARG(row->delivery_key), SARG(mark)),
        .content_type = row->content_type,
        .origin = row->origin,
        .body = body,
        .received_ms = row->received_ms,
    };
    return inbox_add_quarantined(cx->db, &in, why);
}

/* reasons[i] is set when row i goes to quarantine as a whole. */
static err set_aside_faulty(struct desk *desk, const struct receive_batch *b, account_id account,
    str *reasons, int64_t *n_aside)
{
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct received *parsed = &b->parsed[i];
        if (b->rows[i].account_id.v != account.v)
            continue;
        if (parsed->fault.len) {
            reasons[i] = parsed->fault;
            ++*n_aside;
        }
        for (ptrdiff_t k = 0; k < parsed->batch.n; k++) {
            const struct connector_item *it = &parsed->batch.items[k];
            if (it->fault.len == 0)
                continue;
            ++*n_aside;
            if (parsed->batch.n == 1)
                reasons[i] = it->fault;
            else
                TRY(set_aside(
                    &desk->cx, &b->rows[i], str_print(desk->arena, "%td", k), it->raw, it->fault));
        }
    }
    return OK;
}

struct tally {
    int64_t received, duplicates, quarantined;
    int64_t jobs; /* planned: files to fetch, questions, deliveries to look at again */
};

/* What the delivery left out is asked for: the rest of the message, who the person is. */
static err plan_questions(struct ctx *cx, const struct inbox_row *row,
    const struct inbound_item *in, const struct connector_item *it,
    const struct inbound_result *stored, int64_t *jobs)
{
    const struct connector *c = connector_find(row->network);
    bool asks_person =
        c->person && stored->is_new_conversation && !it->contact_name.len && !it->is_ours;
    if (it->wants_lookup && c->lookup)
        TRY(job_add(cx, &(struct job_new){.kind = S("lookup"),
                            .key = str_print(cx->arena, "%lld", (long long)stored->message.v),
                            .channel = in->channel}));
    *jobs += (it->wants_lookup && c->lookup) + asks_person;
    if (!asks_person)
        return OK;
    return job_add(cx, &(struct job_new){.kind = S("person"),
                           .key = str_print(cx->arena, "%lld", (long long)stored->conversation.v),
                           .channel = in->channel});
}

/* A look-up's answer fills in the message that is there. */
static err complete(struct ctx *cx, const struct connector_item *it, struct files *files,
    const struct inbound_result *stored)
{
    bool takes_files = false;
    if (!stored->message.v)
        return OK;
    TRY(network_complete(cx, stored->message, it, files->json, &takes_files));
    struct inbound_result where = *stored;
    return takes_files ? plan_files(cx, files, &where) : OK;
}

/* What a delivery only names is polled at once. A poll that is running, or that the channel does
 * not have, is left alone: the next one brings it. */
static err hurry_polls(struct ctx *cx, const struct receive_batch *b, account_id account)
{
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct inbox_row *row = &b->rows[i];
        if (row->account_id.v != account.v || !b->parsed[i].batch.wants_poll)
            continue;
        err e =
            job_move(cx, S("poll"), str_print(cx->arena, "%lld", (long long)row->channel_id.v), 0);
        if (e != OK && e != E_NOT_FOUND)
            return e;
    }
    return OK;
}

/* What was told about these messages before they were here. */
static err catch_up(struct ctx *cx, const struct items *items, const struct inbound_result *results)
{
    struct network_known *known = NEW(cx->arena, struct network_known, items->n + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < items->n; i++)
        if (items->at[i].is_network && results[i].message.v)
            known[n++] = (struct network_known){items->at[i].channel, items->from[i]};
    return n ? network_catch_up(cx, known, n) : OK;
}

static bool is_phone(str kind)
{
    const struct connector *c = connector_find(kind);
    return c && (c->able & ABLE_CALLS);
}

static err take_account(struct desk *desk, const struct receive_batch *b, account_id account,
    str *reasons, struct tally *tally)
{
    struct items items;
    TRY(desk_scope(desk, account));
    TRY(gather(&desk->cx, b, account, &items));
    TRY(set_aside_faulty(desk, b, account, reasons, &tally->quarantined));
    struct inbound_result *results = NEW(desk->arena, struct inbound_result, items.n);
    if (items.n)
        TRY(inbound_take_many(&desk->cx, items.at, items.n, results, NULL));
    for (ptrdiff_t i = 0; i < items.n; i++) {
        ptrdiff_t row = items.row[i];
        if (results[i].result == OK) {
            tally->received++;
            tally->jobs += items.files[i].n;
            TRY(plan_files(&desk->cx, &items.files[i], &results[i]));
            if (is_phone(items.at[i].channel_kind))
                TRY(call_follow(&desk->cx, &items.at[i], &results[i]));
            if (items.at[i].is_network)
                TRY(plan_questions(&desk->cx, &b->rows[row], &items.at[i], items.from[i],
                    &results[i], &tally->jobs));
        } else if (results[i].result == E_CONFLICT) {
            tally->duplicates++;
            if (str_find(b->rows[row].delivery_key, S(LOOKUP_KEY)) == 2)
                TRY(complete(&desk->cx, items.from[i], &items.files[i], &results[i]));
        } else if (results[i].result == E_INVALID) {
            str why = str_from(results[i].why ? results[i].why : "The message was refused.");
            tally->quarantined++;
            if (b->parsed[row].batch.n == 1)
                reasons[row] = why;
            else
                TRY(set_aside(&desk->cx, &b->rows[row], str_print(desk->arena, "refused-%td", i),
                    b->rows[row].body.bytes, why));
        }
    }
    tally->jobs += items.jobs;
    TRY(catch_up(&desk->cx, &items, results));
    for (ptrdiff_t i = 0; i < items.n_others; i++)
        TRY(network_apply(&desk->cx, items.others[i].channel, items.others[i].item));
    return hurry_polls(&desk->cx, b, account);
}

static err end_rows(struct desk *desk, const struct receive_batch *b, const str *reasons)
{
    struct inbox_row *done = NEW(desk->arena, struct inbox_row, b->n);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < b->n; i++) {
        if (reasons[i].len)
            TRY(inbox_quarantine(desk->tx, &b->rows[i], b->rows[i].attempts + 1, reasons[i]));
        else
            done[n++] = b->rows[i];
    }
    return n ? inbox_finish_many(desk->tx, done, n) : OK;
}

static err note_channel(struct desk *desk, struct receiver *r, const struct receive_batch *b)
{
    const struct inbox_row *last = &b->rows[b->n - 1];
    bool is_fresh = r->channel_last.v == last->channel_id.v &&
                    desk->cx.now_ms - r->channel_noted < CHANNEL_NOTE_MS &&
                    desk->cx.now_ms >= r->channel_noted;
    if (is_fresh)
        return OK;
    TRY(channel_seen_in(&desk->cx, last->channel_id, last->received_ms));
    r->channel_last = last->channel_id;
    r->channel_noted = desk->cx.now_ms;
    return OK;
}

/* Everything of a batch, in the open transaction. */
static err take_batch(
    struct desk *desk, struct receiver *r, const struct receive_batch *b, struct tally *tally)
{
    str *reasons = NEW(desk->arena, str, b->n);
    bool *seen = NEW(desk->arena, bool, b->n);
    for (ptrdiff_t i = 0; i < b->n; i++) {
        if (seen[i])
            continue;
        for (ptrdiff_t k = i; k < b->n; k++)
            seen[k] |= b->rows[k].account_id.v == b->rows[i].account_id.v;
        TRY(take_account(desk, b, b->rows[i].account_id, reasons, tally));
    }
    TRY(end_rows(desk, b, reasons));
    /* The scope is still the last account's; a channel belongs to its row's account. */
    TRY(desk_scope(desk, b->rows[b->n - 1].account_id));
    return note_channel(desk, r, b);
}

/* ── claiming ───────────────────────────────────────────────────────────────────────────────────
 */

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
    struct desk *desk, ptrdiff_t in_hand, struct receive_batch *next, struct tally *tally)
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
    bool is_calm = clock_mono_ms() - desk->engine->opened_ms >= RECEIVE_CALM_MS;
    desk->engine->receiver.has_suspect = is_last_try && !is_calm;
    n = is_last_try && !is_calm ? 0 : batch_size(rows, n);
    if (n || in_hand)
        TRY(inbox_hand_set(desk->tx, rows, n));
    *next = (struct receive_batch){.rows = rows, .n = n};
    return OK;
}

/* ── turns ──────────────────────────────────────────────────────────────────────────────────────
 */

struct turn {
    struct receiver *r;
    const struct receive_batch *in_hand; /* n 0 = nothing */
    struct receive_batch next;
    bool claims;
    struct tally tally;
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
        TRY(take_batch(desk, t->r, t->in_hand, &t->tally));
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

static void count(struct engine *e, const struct tally *tally)
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
            turn.tally = (struct tally){.quarantined = 1};
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
        turn.tally = (struct tally){0};
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
