/* webhook_send: one event goes to one outgoing webhook (job "webhook", key = delivery id). The body
 * is the event as streams get it, the same bytes at every try; the peer tells repetitions by
 * Seva-Delivery. Every try is written to the delivery log. A webhook to which nothing could be
 * delivered for five days is disabled, and its account is told by webhook.updated.
 * Not here: which events become deliveries (publish.c), signatures (connector/signature.h).
 * Thread: job threads. */
#include "base/failpoint.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/signature.h"
#include "job/inner.h"
#include "model/view_webhook.h"
#include "store/audit.h"
#include "store/delivery.h"
#include "store/webhook.h"

struct sending {
    struct delivery delivery;
    struct webhook webhook;
    str secret, old_secret, body;
    struct http_result result;
};

/* The event's own bytes; a ping brings its text with it. */
static err load_body(struct ctx *cx, struct sending *s)
{
    const struct delivery *d = &s->delivery;
    if (d->body.len) {
        s->body = d->body;
        return OK;
    }
    struct event_row row = {0};
    struct event_pos pos = {d->event_major, d->event_minor};
    TRY(event_get(cx, pos, &row));
    s->body = event_json(cx->arena, &row);
    return OK;
}

/* E_NOT_FOUND: delivery, webhook or event have gone; there is nothing to send. */
static err load(struct job_run *run, struct sending *s)
{
    struct ctx *cx = &run->desk.cx;
    delivery_id id;
    if (id_parse(run->job->key, &id.v) != OK)
        return E_NOT_FOUND;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(delivery_get(cx, id, &s->delivery));
    TRY(webhook_get(cx, s->delivery.webhook_id, &s->webhook));
    TRY(webhook_secrets(cx, &s->webhook, &s->secret, &s->old_secret));
    TRY(load_body(cx, s));
    return desk_commit(&run->desk);
}

static err call_peer(struct job_run *run, struct sending *s)
{
    struct arena *a = run->desk.arena;
    str signature = signature_make(a, s->secret, s->old_secret, run->now_ms, s->body);
    const struct http_header headers[] = {
        {S("Content-Type"),   S("application/json") },
        {S("Seva-Event"),     s->delivery.event_type},
        {S("Seva-Delivery"),  run->job->key         },
        {S("Seva-Signature"), signature             },
    };
    const struct http_call call = {
        .method = HTTP_POST,
        .url = s->webhook.url,
        .purpose = EGRESS_WEBHOOK,
        .headers = headers,
        .header_count = (ptrdiff_t)(sizeof headers / sizeof *headers),
        .body = s->body,
        .max_response_bytes = 64 * 1024,
        .may_repeat = true,
    };
    return http_client_call(run->client, a, &call, &s->result);
}

static bool is_taken(const struct http_result *r)
{
    bool is_answered = r->outcome == HTTP_CALL_ANSWERED || r->outcome == HTTP_CALL_TOO_LARGE;
    return is_answered && r->status >= 200 && r->status < 300;
}

/* Somebody who switched it off meanwhile is not told again. */
static err tell_disabled(struct ctx *cx, webhook_id id)
{
    struct webhook w;
    TRY(webhook_get(cx, id, &w));
    struct json_out j = json_out_make(cx->arena, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_key(&j, S("webhook"));
    webhook_view(&j, &w);
    json_obj_end(&j);
    TRY(event_add(cx, &(struct event_new){.type = S("webhook.updated"),
                          .subject_type = S("webhook"),
                          .subject_id = id.v,
                          .audience = EVENT_FOR_AGENTS,
                          .data = json_str(&j)}));
    return audit_add(cx, S("webhook.disabled"), S("webhook"), id.v, (str){0});
}

static err write_try(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    struct sending *s = arg;
    struct delivery *d = &s->delivery;
    bool went_well = is_taken(&s->result), disabled = false;
    d->attempts++;
    d->state = went_well ? S("delivered") : is_dead ? S("dead") : S("failed");
    d->last_status = s->result.status;
    d->last_error = went_well ? (str){0}
                    : s->result.status
                        ? str_print(cx->arena, "The address answered %d.", s->result.status)
                        : s->result.why;
    d->next_ms = next_ms;
    d->response = utf8_prefix_bytes(
        utf8_repair(cx->arena, str_sub(s->result.body, 0, DELIVERY_RESPONSE_BYTES)),
        DELIVERY_RESPONSE_BYTES);
    TRY(delivery_set(cx, d));
    if (s->webhook.id.v == 0)
        return OK;
    TRY(webhook_went(cx, s->webhook.id, went_well, &disabled));
    return disabled ? tell_disabled(cx, s->webhook.id) : OK;
}

err webhook_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    struct delivery d;
    delivery_id id;
    (void)is_dead; /* it always is, */
    (void)next_ms; /* and never runs again by itself */
    TRY(id_parse(r->job->key, &id.v));
    err e = delivery_get(cx, id, &d);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    d.state = S("dead");
    d.last_error = S(JOB_KILLED);
    d.next_ms = 0;
    return delivery_set(cx, &d);
}

err webhook_work(struct job_run *run, struct job_verdict *v)
{
    struct sending *s = NEW(run->desk.arena, struct sending, 1);
    err loaded = load(run, s);
    desk_rollback(&run->desk);
    if (loaded == E_NOT_FOUND) {
        v->end = JOB_DONE;
        return OK;
    }
    TRY(loaded);
    /* A ping goes out even while the webhook is off: that is how people try the address. */
    if (!s->webhook.is_enabled && s->delivery.body.len == 0) {
        s->result.why = S("The webhook is disabled.");
        *v = (struct job_verdict){
            .end = JOB_FINAL, .error = s->result.why, .write = write_try, .arg = s};
        return OK;
    }
    TRY(call_peer(run, s));
    FAILPOINT("webhook.after_send");
    *v = (struct job_verdict){.end = JOB_DONE, .write = write_try, .arg = s};
    if (is_taken(&s->result))
        return OK;
    v->at_ms = http_result_retry_ms(&s->result, run->now_ms);
    v->end = v->at_ms ? JOB_WAIT : JOB_RETRY;
    if (s->result.outcome == HTTP_CALL_REFUSED || s->result.status == 410)
        v->end = JOB_FINAL;
    v->error = s->result.status
                   ? str_print(run->desk.arena, "The address answered %d.", s->result.status)
                   : s->result.why;
    return OK;
}
