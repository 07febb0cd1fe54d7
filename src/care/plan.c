/* plan: see plan.h. */
#include "care/plan.h"

#include "base/json.h"
#include "care/news.h"
#include "care/preview.h"
#include "store/conversation.h"
#include "store/job.h"
#include "store/message.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

err plan_hold(struct ctx *cx, int64_t send_ms, struct message *m)
{
    if (send_ms > cx->now_ms + PLAN_DAYS_MOST * DAY_MS)
        return fail_field(cx, "send_at", "A reply goes out within a year.");
    if (send_ms <= cx->now_ms || send_ms <= m->held_until_ms)
        return OK;
    m->state = S("held");
    m->held_until_ms = m->planned_ms = send_ms;
    return OK;
}

static str key_of(struct arena *a, message_id id)
{
    return str_print(a, "%lld", (long long)id.v);
}

err plan_send(struct ctx *cx, const struct message *m, str channel_kind)
{
    bool is_planned = m->planned_ms && m->held_until_ms > cx->now_ms;
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_id(&j, S("message_id"), m->id.v);
    json_obj_end(&j);
    struct job_new job = {
        .kind = S("send"),
        .key = key_of(cx->arena, m->id),
        .order_key = str_print(cx->arena, is_planned ? "planned:%lld" : "conv:%lld",
            (long long)(is_planned ? m->id.v : m->conversation_id.v)),
        .run_ms = m->held_until_ms,
        .payload = json_str(&j),
        /* A website chat has no network that could be slow. */
        .channel = str_eq(channel_kind, S("widget")) ? (channel_id){0} : m->channel_id,
    };
    return job_add(cx, &job);
}

static err too_late(struct ctx *cx)
{
    return fail_detail(cx, E_CONFLICT, "too_late", "The reply is on its way already.");
}

/* The job first, as whoever claims it does. */
static err take_job(struct ctx *cx, message_id id)
{
    err e = job_cancel(cx, S("send"), key_of(cx->arena, id));
    return e == E_NOT_FOUND ? too_late(cx) : e;
}

err plan_send_now(struct ctx *cx, message_id id, struct message *m)
{
    struct message held;
    struct conversation c;
    TRY(message_get(cx, id, &held));
    TRY(conversation_lock(cx, held.conversation_id, &c));
    TRY(message_get(cx, id, &held));
    if (!str_eq(held.state, S("held")))
        return too_late(cx);
    if (!held.held_until_ms)
        return fail_detail(cx, E_CONFLICT, "held_back",
            "The customer has written since: take it back and read that first.");
    TRY(take_job(cx, id));
    TRY(message_set_hold(cx, id, cx->now_ms));
    held.held_until_ms = cx->now_ms;
    TRY(message_change_state(cx, &held, S("queued"), (str){0}));
    held.state = S("queued");
    TRY(plan_send(cx, &held, c.channel_kind));
    TRY(conversation_fill_tags(cx, &c, 1));
    TRY(news_message(cx, &held, &c, S("message.updated")));
    *m = held;
    return OK;
}

/* What was about to go out while its job is on its way to somebody goes out. */
static err hold_back(struct ctx *cx, message_id id, const struct conversation *c)
{
    struct message m;
    err e = job_cancel(cx, S("send"), key_of(cx->arena, id));
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(message_set_hold(cx, id, 0));
    TRY(message_get(cx, id, &m));
    TRY(news_message(cx, &m, c, S("message.updated")));
    if (!str_eq(m.author_kind, S("agent")))
        return OK;
    str name = cx->actor.name;
    cx->actor.name = c->contact_name;
    e = news_notify(cx, (agent_id){m.author_id}, S("held_back"), c, m.id,
        message_preview(cx->arena, m.text, m.attachments, m.parts));
    cx->actor.name = name;
    return e;
}

err plan_hold_back(struct ctx *cx, const struct conversation *const *rows, ptrdiff_t n)
{
    struct message *held = NULL;
    ptrdiff_t n_held = 0;
    TRY(message_list_planned(cx, rows, n, &held, &n_held));
    for (ptrdiff_t i = 0; i < n_held; i++)
        for (ptrdiff_t k = 0; k < n; k++)
            if (rows[k]->id.v == held[i].conversation_id.v) {
                TRY(hold_back(cx, held[i].id, rows[k]));
                break;
            }
    return OK;
}
