/* mail_stop: see mail_stop.h. */
#include "care/mail_stop.h"

#include "base/clock.h"
#include "base/json.h"
#include "care/delivery.h"
#include "care/mail_way.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/job.h"
#include "store/message.h"

static const char *const kinds[] = {"send", "mail_again"};

static str key_of(struct ctx *cx, message_id id)
{
    return str_print(cx->arena, "%lld", (long long)id.v);
}

/* ── the jobs ── */

/* What was claimed when it was to be removed may be back in the queue by the time that its claim
 * could be held. */
static err end_job(struct ctx *cx, str kind, str key, bool *is_ended, bool *is_running)
{
    for (int i = 0; i < 2; i++) {
        err e = job_cancel(cx, kind, key);
        *is_ended |= e == OK;
        if (e != E_NOT_FOUND)
            return e;
        bool is_held = false;
        TRY(job_hold(cx, kind, key, &is_held));
        *is_running |= is_held;
        if (is_held)
            return OK;
    }
    return OK;
}

err mail_stop_is_possible(
    struct ctx *cx, const struct message *m, const struct mail_way *way, bool *is_possible)
{
    *is_possible = way->again_ms > 0;
    if (*is_possible || str_eq(m->state, S("held")))
        return OK;
    return job_is_waiting(cx, S("send"), key_of(cx, m->id), is_possible);
}

/* ── the recipients ── */

struct stopping {
    struct mail_reached *at;
    ptrdiff_t n, n_stopped;
    str words, by, when;
};

static bool is_waiting(const struct stopping *s, str address)
{
    for (ptrdiff_t i = 0; i < s->n; i++)
        if (str_eq(s->at[i].address, address))
            return !mail_way_is_settled(s->at[i].state) && !str_eq(s->at[i].state, S("unknown"));
    return true;
}

static void stop_list(struct stopping *s, const struct json *list)
{
    for (const struct json *v = list ? list->first : NULL; v && s->n < MAIL_WAY_MOST; v = v->next) {
        str address = json_text(json_get(v, S("address")), S(""));
        if (!is_waiting(s, address))
            continue;
        mail_way_put(s->at, &s->n,
            &(struct mail_reached){.address = address,
                .state = S("stopped"),
                .words = s->words,
                .reason = S("stopped"),
                .by = s->by,
                .at = s->when});
        s->n_stopped++;
    }
}

/* "Stopped by Asha, 2026-01-31 17:05 UTC" */
static str words_of(struct ctx *cx)
{
    str now = time_rfc3339(cx->arena, cx->now_ms);
    return str_print(cx->arena, "Stopped by %.*s, %.*s %.*s UTC", SARG(cx->actor.name),
        SARG(str_sub(now, 0, 10)), SARG(str_sub(now, 11, 5)));
}

static err stop_people(struct ctx *cx, struct mail_way *way, struct stopping *s)
{
    static const char *const lists[] = {"to", "cc", "bcc"};
    const struct json *people = NULL;
    str why;
    const struct mail_reached *before = mail_way_read(cx->arena, way->recipients, &s->n);
    s->at = NEW(cx->arena, struct mail_reached, s->n + MAIL_WAY_MOST + 1);
    for (ptrdiff_t i = 0; i < s->n; i++)
        s->at[i] = before[i];
    if (json_parse(cx->arena, way->people, &people, &why) != OK)
        return fail(cx, E_INTERNAL, "The mail's people cannot be read.");
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        stop_list(s, json_get(people, str_from(lists[k])));
    way->recipients = mail_way_text(cx->arena, s->at, s->n);
    way->again_ms = 0;
    if (!way->recipients.len)
        return fail(cx, E_INTERNAL, "What became of the recipients is too long to be kept.");
    return mail_way_set(cx, way);
}

/* ── the message ── */

static err tell(struct ctx *cx, const struct message *m, const struct stopping *s, bool is_running)
{
    str words = mail_way_words(cx->arena, s->at, s->n);
    bool is_going = str_eq(m->state, S("queued")) || str_eq(m->state, S("sending"));
    if (is_going && !is_running && !mail_way_is_there(s->at, s->n))
        return message_set_state(cx, m->id, S("failed"), words, (str){0}, cx->now_ms);
    return message_explain(cx, m->id, words);
}

static err write_audit(struct ctx *cx, message_id id, ptrdiff_t n_stopped)
{
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_int(&detail, S("recipients"), n_stopped);
    json_obj_end(&detail);
    return audit_add(cx, S("mail.stopped"), S("message"), id.v, json_str(&detail));
}

err mail_stop(struct ctx *cx, message_id id, struct message *m)
{
    struct message found;
    struct conversation c;
    struct mail_way way;
    bool is_ended = false, is_running = false;
    TRY(message_get(cx, id, &found));
    TRY(conversation_lock(cx, found.conversation_id, &c));
    err e = mail_way_get(cx, id, &way);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "This message is no mail of ours.");
    TRY(e);
    TRY(message_get(cx, id, &found));
    if (str_eq(found.state, S("held")))
        return fail_detail(cx, E_CONFLICT, "held", "It is not on its way yet: take it back.");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        TRY(end_job(cx, str_from(kinds[i]), key_of(cx, id), &is_ended, &is_running));
    if (!is_ended && !is_running)
        return fail_detail(cx, E_CONFLICT, "too_late", "Nobody waits for this mail any more.");
    struct stopping s = {
        .words = words_of(cx), .by = cx->actor.name, .when = time_rfc3339(cx->arena, cx->now_ms)};
    TRY(mail_way_get(cx, id, &way)); /* a try may have ended while its claim was waited for */
    TRY(message_get(cx, id, &found));
    TRY(stop_people(cx, &way, &s));
    TRY(write_audit(cx, id, s.n_stopped));
    TRY(tell(cx, &found, &s, is_running));
    return message_get(cx, id, m);
}
