/* receive_gather: which messages and news a batch of deliveries brings to one account, and which
 * wait: for their author to be known, or for a send to end. See receive_inner.h. Not here: what
 * becomes of them (receive_take.c). Thread: the receiver; in its transaction. */
#include "base/json.h"
#include "base/limits.h"
#include "care/letter.h"
#include "care/mail.h"
#include "care/mail_report.h"
#include "care/mail_thread.h"
#include "care/media.h"
#include "care/network.h"
#include "connector/mail.h"
#include "job/ask.h"
#include "job/receive_inner.h"
#include "store/message_network.h"

enum { WHOSE_BYTES = 16 * 1024 }; /* of a delivery that a job carries */

static struct receive_files expect_files(
    struct ctx *cx, const struct connector_item *it, channel_id channel)
{
    struct receive_files files = {.n = it->n_attachments};
    if (!files.n)
        return files;
    struct media_source *from = NEW(cx->arena, struct media_source, files.n);
    for (ptrdiff_t i = 0; i < files.n; i++)
        from[i] = (struct media_source){
            it->attachments[i].url, it->attachments[i].name, it->attachments[i].media_id, channel};
    files.rows = media_expect(cx, from, files.n, &files.json);
    return files;
}

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

static err is_known(struct ctx *cx, channel_id channel, str external_id, bool *known)
{
    struct message m;
    err e = message_by_any_external(cx, channel, external_id, &m);
    *known = e == OK;
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e == E_NOT_FOUND ? OK : e;
}

/* *is_asked: nobody can say yet whether we wrote it; it comes again when that is known. */
static err ask_whose(struct ctx *cx, const struct inbox_row *row, const struct connector_item *it,
    channel_id channel, bool *is_asked)
{
    const struct connector *c = connector_find(row->network);
    bool known = false;
    *is_asked = false;
    if (!it->wants_author || !c || !c->lookup || !it->external_id.len ||
        row->body.bytes.len > WHOSE_BYTES || str_find(row->delivery_key, S(WHOSE_KEY)) == 2)
        return OK;
    TRY(is_known(cx, channel, it->external_id, &known));
    if (known)
        return OK;
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
        .contact_location = it->contact_location,
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

/* The mail of this batch that it answers; -1 = none. */
static ptrdiff_t answered_here(const struct receive_items *items, const struct connector_mail *mail)
{
    for (ptrdiff_t r = mail->n_references; r > 0; r--)
        for (ptrdiff_t i = 0; i < items->n; i++)
            if (items->from[i]->mail &&
                str_eq(items->from[i]->mail->internet_id, mail->references[r - 1]))
                return i;
    return -1;
}

/* Where a mail belongs. *is_early: it answers one of this batch, by somebody else: who takes part
 * there is known when that is stored. */
static err place_mail(struct ctx *cx, struct receive_items *items, const struct connector_item *it,
    struct inbound_item *in, bool *is_early)
{
    TRY(mail_thread_place(cx, it, in));
    ptrdiff_t at = in->into.v || in->related.v ? -1 : answered_here(items, it->mail);
    if (at < 0)
        return OK;
    const struct inbound_item *before = &items->at[at];
    *is_early =
        !it->mail->is_proven || !str_eq(before->contact_external_id, in->contact_external_id);
    in->thread_key = before->thread_key;
    in->into = before->into;
    return OK;
}

/* As network_channel, which asks the database. */
static err channel_of(struct ctx *cx, struct receive_items *items, const struct inbox_row *row,
    const struct connector_item *it, channel_id *channel)
{
    enum { MOST = sizeof items->places / sizeof items->places[0] };
    for (int i = 0; i < items->n_places && i < MOST; i++)
        if (items->places[i].came_on.v == row->channel_id.v &&
            str_eq(items->places[i].account, it->account)) {
            *channel = items->places[i].channel;
            return OK;
        }
    TRY(network_channel(cx, row->channel_id, row->network, it, channel));
    items->places[items->n_places++ % MOST] =
        (struct receive_place){row->channel_id, *channel, it->account};
    return OK;
}

/* One good item of a row. E_NOT_FOUND with words: it is for nobody here. */
static err gather_item(struct ctx *cx, struct receive_items *items, const struct inbox_row *row,
    ptrdiff_t at, struct connector_item *it)
{
    channel_id channel;
    bool is_done = false, is_early = false, is_asked = false;
    TRY(channel_of(cx, items, row, it, &channel));
    if (it->kind == ITEM_NAMED) {
        TRY(is_known(cx, channel, it->external_id, &is_done));
        items->hurries[at] |= !is_done;
        return OK;
    }
    if (it->mail) {
        TRY(letter_takes(cx, it, &is_done));
        if (is_done)
            return OK;
    }
    if (it->mail && it->mail->report) {
        TRY(mail_report_take(cx, channel, it, &is_done));
        if (is_done)
            return OK;
    }
    if (it->kind != ITEM_MESSAGE) {
        items->others[items->n_others++] = (struct receive_other){it, channel};
        return OK;
    }
    TRY(mail_judge(cx, channel, it));
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
    if (it->mail)
        TRY(place_mail(cx, items, it, &items->at[items->n], &is_early));
    if (is_early) {
        items->jobs++;
        return plan_again(cx, row);
    }
    items->n++;
    return OK;
}

err receive_gather(
    struct ctx *cx, const struct receive_batch *b, account_id account, struct receive_items *items)
{
    struct arena *a = cx->arena;
    ptrdiff_t most = 0;
    for (ptrdiff_t i = 0; i < b->n; i++)
        most += b->parsed[i].batch.n;
    *items = (struct receive_items){.at = NEW(a, struct inbound_item, most + 1),
        .from = NEW(a, const struct connector_item *, most + 1),
        .files = NEW(a, struct receive_files, most + 1),
        .row = NEW(a, ptrdiff_t, most + 1),
        .others = NEW(a, struct receive_other, most + 1),
        .hurries = NEW(a, bool, b->n)};
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct connector_batch *batch = &b->parsed[i].batch;
        if (b->rows[i].account_id.v != account.v)
            continue;
        items->hurries[i] = batch->wants_poll;
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
