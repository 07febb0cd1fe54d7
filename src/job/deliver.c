/* deliver: a stored reply goes to its network (job "send", key = message id). On a website chat a
 * stored reply has been sent. Elsewhere: the claim notes that it is on its way, what is to be sent
 * is read beside the writers, the connector is called outside of any transaction, and the outcome
 * is written with the end of the claim.
 *
 * A message that the network takes only in pieces (care/pieces.h) goes one piece a run; what has
 * gone is noted with the end of each, so that a broken delivery goes on with the next piece.
 *
 * A try of unknown end is repeated only where the network knows repetitions by our delivery id;
 * elsewhere the agent is shown that it may have been sent; so it is with a mail that was on its way
 * when the process ended. Refused credentials are made new where
 * the network has a way, else the channel is closed and its messages wait until people mend them.
 *
 * A mail that a server wants later, for all of its recipients or for some, goes on as job
 * "mail_again" (the same key, no order key), so that it holds up no other mail of its conversation;
 * each recipient's state is kept with the mail (care/mail_way.h).
 * Not here: when a reply may go (care/reply.h), states and their order (care/delivery.h), how fast
 * (store/pace.h). Thread: job threads. */
#include "base/failpoint.h"
#include "base/id.h"
#include "base/limits.h"
#include "care/act.h"
#include "care/blob_file.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "care/chat_mail.h"
#include "care/delivery.h"
#include "care/mail_body.h"
#include "care/mail_way.h"
#include "care/media_link.h"
#include "care/network.h"
#include "care/pieces.h"
#include "connector/connector.h"
#include "job/inner.h"
#include "model/view_contact.h"
#include "model/view_conversation.h"
#include "model/view_event.h"
#include "model/view_message.h"
#include "store/attachment.h"
#include "store/channel.h"
#include "store/identity.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/pace.h"

enum {
    REFUSED_MS = 15 * 60 * 1000, /* then one send sees whether somebody has mended it there */
    LIMITED_MS = 60 * 1000,      /* a limit that was told less long ago stays shown */
};

struct delivering {
    message_id message;
    channel_id channel;
    identity_id identity;
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_outgoing out;
    struct connector_sent sent;
    str sent_pieces; /* JSON array of the network's ids, in order */
    ptrdiff_t piece, n_pieces;
    bool is_repeated;               /* an earlier try may have got an id of its own */
    bool is_again;                  /* a mail, to those of its recipients who wait */
    struct attachment *attachments; /* of `files`, which are those of the whole message */
    struct connector_file *files;
    ptrdiff_t first_file;    /* of this piece */
    struct message answered; /* to be marked as read there; id {0} = nothing */
};

static const struct shape_field outgoing_contact_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("external_id", SHAPE_TEXT, 0, "the channel's own id of the person"),
    SHOWN("name", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("email", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("phone", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("language", SHAPE_TEXT, SHAPE_NULL, "language tag"),
};
static const struct shape outgoing_contact_shape =
    SHAPE("OutgoingContact", NULL, outgoing_contact_fields, "To whom it goes.");
static const struct shape_field outgoing_fields[] = {
    SHOWN_OBJECT("message", 0, &message_shape, NULL),
    SHOWN_OBJECT("conversation", 0, &conversation_news_shape, NULL),
    SHOWN_OBJECT("contact", 0, &outgoing_contact_shape, NULL),
    SHOWN("thread", SHAPE_TEXT, SHAPE_NULL, "the channel's own thread"),
};
const struct shape outgoing_shape =
    SHAPE("OutgoingData", NULL, outgoing_fields, "A reply on its way to a reply address.");

/* {message, conversation, contact} as the event message.outgoing. */
static str outgoing_json(struct arena *a, const struct delivery_work *w, account_id account,
    str delivery, int64_t now_ms)
{
    struct json_out data = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&data);
    json_key(&data, S("message"));
    message_view(&data, &w->message);
    json_key(&data, S("conversation"));
    conversation_view(&data, &w->conversation);
    json_key(&data, S("contact"));
    json_obj(&data);
    json_kv_id(&data, S("id"), w->contact.id.v);
    json_kv_str(&data, S("external_id"), w->contact_external_id);
    json_kv_text(&data, S("name"), w->contact.name);
    json_kv_text(&data, S("email"), w->contact.email);
    json_kv_text(&data, S("phone"), w->contact.phone);
    json_kv_text(&data, S("language"), w->contact.language);
    json_obj_end(&data);
    json_kv_text(&data, S("thread"), w->thread_key);
    json_obj_end(&data);
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    event_view(&j, &(struct event_shown){.id = delivery,
                       .type = S("message.outgoing"),
                       .account = account,
                       .subject_type = S("message"),
                       .subject_id = w->message.id.v,
                       .at_ms = now_ms,
                       .data = json_str(&data)});
    return json_str(&j);
}

/* ── after the call ── */

static bool is_last(const struct delivering *d)
{
    return d->piece + 1 >= d->n_pieces;
}

err deliver_note_pace(struct ctx *cx, channel_id channel, const struct connector_sent *sent)
{
    bool closed = false, has_changed = false;
    switch (sent->outcome) {
    case CONNECTOR_SENT:
        /* What a network tells after it has taken a message is not outdone by taking the next. */
        TRY(channel_limit_over(cx, channel, cx->now_ms - LIMITED_MS, &has_changed));
        if (has_changed)
            TRY(channel_tell(cx, channel));
        return pace_note_sent(
            cx, channel, sent->rate.limit, sent->rate.remaining, sent->rate.reset_ms);
    case CONNECTOR_WAIT:
        return sent->is_channel_wide ? pace_close(cx, channel, PACE_LIMIT, sent->wait_until_ms)
                                     : OK;
    case CONNECTOR_REAUTH:
        TRY(channel_set_auth(cx, channel, sent->why, &has_changed));
        if (has_changed)
            TRY(channel_tell(cx, channel));
        return pace_close(cx, channel, PACE_REFUSED, cx->now_ms + REFUSED_MS);
    case CONNECTOR_RETRY:
    case CONNECTOR_UNKNOWN:
        return pace_note_failure(cx, channel, &closed);
    case CONNECTOR_FINAL:
        if (sent->is_channel_wide)
            TRY(channel_set_limited(cx, channel, sent->why, &has_changed));
        return has_changed ? channel_tell(cx, channel) : OK;
    }
    return OK;
}

/* What has gone out so far, and under which ids the network knows it. */
static err note_piece(struct ctx *cx, const struct delivering *d)
{
    const struct connector_sent *sent = &d->sent;
    TRY(message_alias_add(cx, d->channel, d->message, sent->aliases, sent->n_aliases));
    if (d->is_repeated && d->n_pieces == 1) /* an echo of the earlier try may have come meanwhile */
        TRY(message_alias_add(cx, d->channel, d->message, &sent->external_id, 1));
    if (d->n_pieces == 1)
        return OK;
    struct json_out j = json_out_make(cx->arena, LIMIT_JOB_PAYLOAD_BYTES);
    const struct json *before = NULL;
    str why;
    json_arr(&j);
    if (d->sent_pieces.len && json_parse(cx->arena, d->sent_pieces, &before, &why) == OK)
        for (const struct json *v = before->first; v; v = v->next)
            json_put_tree(&j, v);
    json_put_str(&j, sent->external_id);
    json_arr_end(&j);
    TRY(message_set_pieces(cx, d->message, json_str(&j)));
    return message_alias_add(cx, d->channel, d->message, &sent->external_id, 1);
}

/* What the network told about this message while its id was not stored. */
static err catch_up(struct ctx *cx, const struct delivering *d)
{
    const struct connector_item named = {.external_id = d->sent.external_id,
        .aliases = d->sent.aliases,
        .n_aliases = d->sent.n_aliases};
    return network_catch_up(cx, &(struct network_known){d->channel, &named}, 1);
}

static str first_id(struct arena *a, const struct delivering *d)
{
    const struct json *before = NULL;
    str why;
    if (d->piece && json_parse(a, d->sent_pieces, &before, &why) == OK && before->first)
        return json_text(before->first, S(""));
    return d->sent.external_id;
}

static err plan(struct ctx *cx, const struct delivering *d, str kind, int64_t run_ms)
{
    return job_add(cx, &(struct job_new){.kind = kind,
                           .key = str_print(cx->arena, "%lld", (long long)d->message.v),
                           .run_ms = run_ms,
                           .channel = d->channel});
}

/* An agent has stopped it while this try was on its way: there is no other. */
static err end_tries(struct ctx *cx, const struct delivering *d)
{
    str key = str_print(cx->arena, "%lld", (long long)d->message.v);
    err e = job_cancel(cx, d->is_again ? S("mail_again") : S("send"), key);
    return e == E_NOT_FOUND ? OK : e;
}

/* What became of a mail's recipients; those who wait are asked about again, and what somebody has
 * is kept among what was sent. */
static err note_mail(struct ctx *cx, const struct delivering *d, bool is_dead, int64_t next_ms,
    struct mail_way_news *news)
{
    bool is_over = is_dead || d->sent.outcome == CONNECTOR_FINAL;
    TRY(mail_way_note(cx, d->message, &d->sent, is_over, d->is_again ? next_ms : 0, news));
    if (news->is_first && d->connector->copies && d->connector->copies(cx->arena, &d->setup))
        TRY(plan(cx, d, S("sent_copy"), 0));
    if (news->is_stopped)
        return end_tries(cx, d);
    return d->sent.again_ms && !d->is_again ? plan(cx, d, S("mail_again"), d->sent.again_ms) : OK;
}

/* Where a message is after this try; of a mail, reports may have told more while it was on its way.
 */
static err note_state(
    struct ctx *cx, const struct delivering *d, bool is_dead, const struct mail_way_news *news)
{
    struct arena *a = cx->arena;
    bool is_over = is_dead || news->is_stopped;
    if (d->sent.outcome == CONNECTOR_SENT && is_last(d) && news->failed.len)
        return message_set_state(
            cx, d->message, S("failed"), news->failed, first_id(a, d), cx->now_ms);
    if (d->sent.outcome == CONNECTOR_SENT && is_last(d))
        return message_set_state(cx, d->message, S("sent"), (str){0}, first_id(a, d), cx->now_ms);
    if (is_over && d->sent.outcome == CONNECTOR_UNKNOWN)
        return message_set_state(
            cx, d->message, S("unknown"), S("It may have been sent."), (str){0}, cx->now_ms);
    if (is_over)
        return message_set_state(
            cx, d->message, S("failed"), is_dead ? d->sent.why : news->words, (str){0}, cx->now_ms);
    return OK;
}

static err write_sent(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct delivering *d = arg;
    bool is_sent = d->sent.outcome == CONNECTOR_SENT;
    struct mail_way_news news = {0};
    if (d->out.letter)
        TRY(note_mail(cx, d, is_dead, next_ms, &news));
    if (is_sent)
        TRY(network_lock(cx, d->channel, d->sent.external_id, d->sent.aliases, d->sent.n_aliases));
    TRY(deliver_note_pace(cx, d->channel, &d->sent));
    if (is_sent)
        TRY(note_piece(cx, d));
    if (is_sent && d->sent.to.len && !str_eq(d->sent.to, d->out.to))
        TRY(identity_set_other(cx, d->identity, d->sent.to));
    TRY(note_state(cx, d, is_dead, &news));
    if (d->is_again || news.words.len)
        TRY(message_explain(cx, d->message, news.words));
    if (is_sent)
        TRY(catch_up(cx, d));
    if (is_sent && is_last(d) && d->answered.id.v)
        TRY(act_add_read(cx, &d->answered));
    return channel_seen_out(cx, d->channel, cx->now_ms, is_sent ? (str){0} : d->sent.why);
}

/* Nobody knows how far it came. */
static err cut_off(struct ctx *cx, message_id id)
{
    str words;
    TRY(mail_way_cut(cx, id, &words));
    TRY(message_set_state(cx, id, S("unknown"), S("It may have been sent."), (str){0}, cx->now_ms));
    return words.len ? message_explain(cx, id, words) : OK;
}

err deliver_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    message_id id;
    (void)is_dead; /* it always is, */
    (void)next_ms; /* and never runs again by itself */
    TRY(id_parse(r->job->key, &id.v));
    err e = cut_off(cx, id);
    return e == E_NOT_FOUND ? OK : e;
}

/* What the outcome means for the job; the words go to its row and, at the end, to the agent. */
static enum job_end end_of(const struct delivering *d)
{
    if (d->sent.again_ms)
        return d->is_again ? JOB_WAIT : JOB_DONE; /* "mail_again" goes on */
    switch (d->sent.outcome) {
    case CONNECTOR_SENT:
        return is_last(d) ? JOB_DONE : JOB_REPEAT; /* the next piece is the next run */
    case CONNECTOR_FINAL:
        return JOB_FINAL;
    case CONNECTOR_WAIT:
        return JOB_WAIT;
    case CONNECTOR_RETRY:
    case CONNECTOR_REAUTH:
        return JOB_RETRY;
    case CONNECTOR_UNKNOWN:
        break;
    }
    return d->connector->repeats_safely ? JOB_RETRY : JOB_FINAL;
}

/* ── before the call ── */

err deliver_claimed(struct ctx *cx, const struct job_row *job)
{
    message_id id;
    return id_parse(job->key, &id.v) == OK ? message_set_sending(cx, id) : OK;
}

err deliver_files(struct ctx *cx, message_id id, struct attachment **rows,
    struct connector_file **files, ptrdiff_t *n)
{
    TRY(attachment_list(cx, id, rows, n));
    *files = NEW(cx->arena, struct connector_file, *n + 1);
    for (ptrdiff_t i = 0; i < *n; i++)
        (*files)[i] = (struct connector_file){
            .name = (*rows)[i].name,
            .type = (*rows)[i].type,
            .size = (*rows)[i].size,
            .blob_name = (*rows)[i].blob_name,
            .url = media_link_make(cx, (*rows)[i].id),
            .content_id = mail_picture_id(cx->arena, (*rows)[i].id.v),
        };
    return OK;
}

static ptrdiff_t count_of(struct arena *a, str array)
{
    const struct json *list = NULL;
    str why;
    return array.len && json_parse(a, array, &list, &why) == OK ? list->count : 0;
}

/* The network's id of the piece that went out last. */
static str last_of(struct arena *a, str array, str otherwise)
{
    const struct json *list = NULL;
    str why, last = otherwise;
    if (json_parse(a, array, &list, &why) == OK)
        for (const struct json *v = list->first; v; v = v->next)
            last = json_text(v, otherwise);
    return last.len ? last : otherwise;
}

/* The piece whose turn it is. E_INVALID with words: the network cannot take this message. */
static err cut(struct ctx *cx, struct delivering *d, const struct delivery_work *w, str *why)
{
    struct arena *a = cx->arena;
    struct connector_file *files = NULL;
    struct piece *pieces = NULL;
    ptrdiff_t n_files = 0;
    struct connector_rules rules =
        connector_rules_for(a, d->connector, &d->setup, d->out.is_public);
    TRY(deliver_files(cx, d->message, &d->attachments, &files, &n_files));
    TRY(pieces_plan(
        a, &rules, w->message.text, files, n_files, w->message.parts, &pieces, &d->n_pieces, why));
    d->sent_pieces = w->message.pieces;
    d->piece = count_of(a, d->sent_pieces);
    if (d->piece >= d->n_pieces)
        d->piece = d->n_pieces - 1; /* cannot be: the last one ends the job */
    const struct piece *piece = &pieces[d->piece];
    d->out.text = piece->text;
    d->out.parts = piece->has_parts ? w->message.parts : (str){0};
    d->files = files;
    d->first_file = piece->first_file;
    d->out.files = files + piece->first_file;
    d->out.n_files = piece->n_files;
    if (d->piece && rules.is_chain && d->out.is_public)
        d->out.reply_to = last_of(a, d->sent_pieces, d->out.reply_to);
    if (d->piece)
        d->out.delivery_id = str_print(a, "%.*s.%td", SARG(d->out.delivery_id), d->piece + 1);
    return OK;
}

static void fill(struct job_run *run, struct delivering *d, const struct delivery_work *w)
{
    d->out = (struct connector_outgoing){
        .setup = &d->setup,
        .delivery_id = run->job->key,
        .to = w->contact_external_id,
        .to_handle = w->contact_handle,
        .to_other = w->contact_other_id,
        .token = w->token,
        .letter = w->letter,
        .reply_to_parts = w->reply_to_parts,
        .thread_key = w->thread_key,
        .reply_to = w->reply_to,
        .post = w->post,
        .is_public = str_eq(w->message.visibility, S("public")),
        .is_private_reply = w->is_private_reply,
        .last_in_ms = w->window.opened_ms,
        .window_until_ms = w->window.until_ms,
        .is_by_person = str_eq(w->message.author_kind, S("agent")),
        .now_ms = run->now_ms,
        .first_try_ms = run->job->first_ms ? run->job->first_ms : run->now_ms,
        .event_json =
            outgoing_json(run->desk.arena, w, run->job->account_id, run->job->key, run->now_ms),
    };
}

/* The first answer to a customer shows that what they wrote was read. */
static err find_answered(struct ctx *cx, struct delivering *d, const struct delivery_work *w)
{
    const struct connector *c = d->connector;
    message_id last = w->conversation.last_in_id;
    bool is_answered = true;
    struct message m;
    if (d->out.is_public || !c->act || !(c->acts_private & 1 << ACT_READ) || !last.v ||
        !channel_marks_read(cx->arena, d->setup.settings))
        return OK;
    err e = message_get(cx, last, &m);
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    if (m.channel_id.v != d->channel.v || !m.external_id.len || !str_eq(m.kind, S("in")) ||
        str_eq(m.visibility, S("public")))
        return OK;
    TRY(message_is_answered(cx, w->conversation.id, m.id, d->message, &is_answered));
    if (!is_answered)
        d->answered = m;
    return OK;
}

/* Seva is the network itself. */
static err write_here(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct delivering *d = arg;
    (void)is_dead; /* it is done, */
    (void)next_ms; /* at once */
    TRY(message_set_state(cx, d->message, S("sent"), (str){0}, (str){0}, cx->now_ms));
    return chat_mail_plan(cx, d->message);
}

/* The network cannot take it. */
static err write_refused(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct delivering *d = arg;
    struct mail_way_news news;
    (void)is_dead; /* the same */
    (void)next_ms;
    if (d->out.letter)
        TRY(mail_way_note(cx, d->message, &d->sent, true, 0, &news));
    return message_set_state(cx, d->message, S("failed"), d->sent.why, (str){0}, cx->now_ms);
}

/* The process ended while this was on its way. */
static err write_cut(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct delivering *d = arg;
    (void)is_dead; /* the same */
    (void)next_ms;
    return cut_off(cx, d->message);
}

/* *is_ready: d is, for the call; else the job ends as v says. */
static err load(struct job_run *run, struct job_verdict *v, struct delivering *d, bool *is_ready)
{
    struct delivery_work work = {0};
    struct channel channel = {0};
    struct ctx *cx = &run->desk.cx;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    err taken = d->is_again ? delivery_load_again(cx, d->message, &work)
                            : delivery_load(cx, d->message, &work);
    if (taken == E_NOT_FOUND || taken == E_CONFLICT)
        return OK; /* cancelled, sent already, gone */
    TRY(taken);
    if (d->is_again && (!work.letter || (!work.letter->is_waiting && !work.letter->is_stopped)))
        return OK; /* an agent has sent it once more meanwhile */
    TRY(channel_get(cx, work.message.channel_id, &channel));
    d->channel = channel.id;
    d->identity = work.identity;
    d->is_repeated = run->job->attempts > 1;
    d->connector = connector_find(channel.kind);
    v->arg = d;
    if (!d->connector || !d->connector->send) {
        v->write = write_here;
        return OK;
    }
    bool is_cut = run->job->kills > 0 && d->connector->cut_is_unknown;
    bool is_stopped = work.letter && work.letter->is_stopped; /* and then a try's end was lost */
    if (is_cut || is_stopped) {
        v->write = write_cut;
        return OK;
    }
    TRY(channel_setup(cx, &channel, &d->setup));
    fill(run, d, &work);
    TRY(find_answered(cx, d, &work));
    err cuttable = cut(cx, d, &work, &d->sent.why);
    if (cuttable == E_INVALID) {
        v->write = write_refused;
        return OK;
    }
    *is_ready = cuttable == OK;
    return cuttable;
}

/* From the first piece on it is known as one in pieces. */
static err note_in_pieces(struct job_run *run, const struct delivering *d)
{
    if (d->n_pieces == 1 || d->sent_pieces.len)
        return OK;
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(message_set_pieces(&run->desk.cx, d->message, S("[]")));
    return desk_commit(&run->desk);
}

/* Refused credentials are made new once, when the network gives new ones for the old. */
static err call(struct job_run *run, struct delivering *d)
{
    struct arena *a = run->desk.arena;
    bool is_fresh = false;
    TRY(credentials_ready(run, d->connector, d->channel, &d->setup, false, &is_fresh));
    TRY(blob_files_here(&run->desk.cx, &d->out.files, d->out.n_files));
    TRY(d->connector->send(run->client, a, &d->out, &d->sent));
    if (d->sent.outcome != CONNECTOR_REAUTH || is_fresh || !d->connector->refresh)
        return OK;
    TRY(credentials_ready(run, d->connector, d->channel, &d->setup, true, &is_fresh));
    return is_fresh ? d->connector->send(run->client, a, &d->out, &d->sent) : OK;
}

static err work(struct job_run *run, struct job_verdict *v, bool is_again)
{
    struct delivering *d = NEW(run->desk.arena, struct delivering, 1);
    d->is_again = is_again;
    if (id_parse(run->job->key, &d->message.v) != OK) {
        *v = (struct job_verdict){.end = JOB_FINAL, .error = S("The key is no message.")};
        return OK;
    }
    bool is_ready = false;
    *v = (struct job_verdict){.end = JOB_DONE};
    err loaded = load(run, v, d, &is_ready);
    desk_rollback(&run->desk);
    if (loaded != OK || !is_ready)
        return loaded;
    TRY(note_in_pieces(run, d));
    if (d->connector->wants_preview && d->out.n_files)
        TRY(previews_make(
            run, d->attachments + d->first_file, d->files + d->first_file, d->out.n_files));
    TRY(call(run, d));
    FAILPOINT("deliver.after_send");
    *v = (struct job_verdict){
        .end = end_of(d),
        .at_ms = d->sent.again_ms                    ? d->sent.again_ms
                 : d->sent.outcome == CONNECTOR_SENT ? run->now_ms + d->connector->piece_gap_ms
                                                     : d->sent.wait_until_ms,
        .tries_ms = d->connector->tries_ms,
        .error = d->sent.why,
        .write = write_sent,
        .arg = d,
    };
    return OK;
}

err deliver_work(struct job_run *run, struct job_verdict *v)
{
    return work(run, v, false);
}

err mail_again_work(struct job_run *run, struct job_verdict *v)
{
    return work(run, v, true);
}
