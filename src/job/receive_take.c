/* receive_take: what becomes of a batch: messages are stored (care/inbound.h) with what is to be
 * fetched and asked for them, news are applied (care/network.h), the rows end or go to quarantine.
 * See receive_inner.h. Thread: the receiver; in its transaction. */
#include "care/acknowledge.h"
#include "care/call.h"
#include "care/mail.h"
#include "care/media.h"
#include "care/network.h"
#include "job/ask.h"
#include "job/receive_inner.h"
#include "store/channel.h"

/* The message is stored: so are its files. */
static err plan_files(
    struct ctx *cx, struct receive_files *files, const struct inbound_result *stored)
{
    for (ptrdiff_t i = 0; i < files->n; i++) {
        files->rows[i].owner_id = stored->contact.v;
        files->rows[i].conversation_id = stored->conversation;
        files->rows[i].message_id = stored->message;
    }
    return media_plan(cx, files->rows, files->n);
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
static err complete(struct ctx *cx, const struct connector_item *it, struct receive_files *files,
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
static err hurry_polls(
    struct ctx *cx, const struct receive_batch *b, const struct receive_items *items)
{
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct inbox_row *row = &b->rows[i];
        if (!items->hurries[i])
            continue;
        err e =
            job_move(cx, S("poll"), str_print(cx->arena, "%lld", (long long)row->channel_id.v), 0);
        if (e != OK && e != E_NOT_FOUND)
            return e;
    }
    return OK;
}

/* What was told about these messages before they were here. */
static err catch_up(
    struct ctx *cx, const struct receive_items *items, const struct inbound_result *results)
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
    str *reasons, struct receive_tally *tally)
{
    struct receive_items items;
    TRY(desk_scope(desk, account));
    TRY(receive_gather(&desk->cx, b, account, &items));
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
            if (items.from[i]->mail) {
                TRY(mail_arrived(&desk->cx, &items.at[i], items.from[i], &results[i],
                    b->parsed[row].raw, b->parsed[row].raw_name));
                TRY(acknowledge(&desk->cx, &items.at[i], items.from[i], &results[i], &tally->jobs));
            }
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
    return hurry_polls(&desk->cx, b, &items);
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

err receive_take_batch(struct desk *desk, struct receiver *r, const struct receive_batch *b,
    struct receive_tally *tally)
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
