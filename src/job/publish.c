/* publish: committed events go out. In the order of the feed they are handed to the hub (consoles,
 * widgets) and turned into deliveries of outgoing webhooks. Streams replay from the table up to the
 * moment they join, so the publisher may skip what nobody listens to. A webhook's cursor and its
 * new deliveries are one commit: queued exactly once, whichever node does it.
 *
 * News that changes who may hear what is acted on here as well: an agent's new role or teams reach
 * the streams they have open; a mention lets them hear that conversation.
 * Not here: the rule of who hears (care/audience.h), sending (webhook_send.c).
 * Thread: the publisher. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "job/inner.h"
#include "store/delivery.h"
#include "store/door.h"
#include "store/webhook.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const str farewell = S_INIT("event: reconnect\ndata: {}\n\n");

/* ── to the hub ── */

static err hand_to_hub(struct engine *e, struct arena *a, const struct event_row *row)
{
    str id = event_pos_text(a, (struct event_pos){row->major, row->minor});
    struct audience_news *about = alloc_zero((ptrdiff_t)sizeof *about);
    if (!about)
        return E_BUSY;
    *about = audience_news_of(row);
    struct hub_key key = audience_key(row->account_id, about);
    hub_publish(e->hub, &(struct hub_event){
                            .keys = &key,
                            .key_count = 1,
                            .seq = {row->major, row->minor},
                            .bytes = hub_block(a, id, row->type, event_json(a, row)),
                            .match = audience_match,
                            .about = about,
                            .about_free = free
    });
    return OK;
}

/* ── rights of open streams ── */

/* Carried to the loop; ids lie behind the struct. */
struct new_scope {
    struct actor actor;
    bool is_gone; /* the agent may not be here any more */
    int64_t ids[];
};

static bool apply_scope(void *subject, void *arg)
{
    const struct new_scope *s = arg;
    return !s->is_gone && listener_set_scope(subject, &s->actor);
}

static err scope_of(struct desk *desk, account_id account, agent_id agent, struct new_scope **out)
{
    err e = door_agent(&desk->cx, account, agent);
    if (e == E_BUSY || e == E_INTERNAL)
        return e;
    struct actor actor = e == OK ? desk->cx.actor : (struct actor){0};
    ptrdiff_t n = actor.n_teams + actor.n_channels;
    struct new_scope *s = alloc_zero((ptrdiff_t)sizeof *s + n * (ptrdiff_t)sizeof(int64_t));
    if (!s)
        return E_BUSY;
    s->actor = actor;
    s->is_gone = e != OK;
    for (ptrdiff_t i = 0; i < n; i++)
        s->ids[i] = i < actor.n_teams ? actor.team_ids[i] : actor.channel_ids[i - actor.n_teams];
    s->actor.team_ids = s->ids;
    s->actor.channel_ids = s->ids + actor.n_teams;
    *out = s;
    return OK;
}

static bool apply_mention(void *subject, void *arg)
{
    const conversation_id *id = arg;
    return listener_add_mention(subject, *id);
}

static bool ends_when_narrow(void *subject, void *arg)
{
    const struct listener *l = subject;
    (void)arg; /* nothing to be told */
    return l->sees_all;
}

static err act_on_rights(struct desk *desk, const struct event_row *row)
{
    struct engine *e = desk->engine;
    if (str_eq(row->type, S("agent.updated"))) {
        agent_id agent = {row->subject_id};
        struct new_scope *s = NULL;
        if (!audience_has_agent(e->audience, row->account_id, agent))
            return OK;
        TRY(scope_of(desk, row->account_id, agent, &s));
        hub_visit(
            e->hub, audience_agent_key(row->account_id, agent), apply_scope, s, free, farewell);
    } else if (str_eq(row->type, S("team.updated"))) {
        hub_visit(
            e->hub, audience_agents_key(row->account_id), ends_when_narrow, NULL, NULL, farewell);
    } else if (str_eq(row->type, S("notification.created")) && row->conversation_id.v) {
        conversation_id *id = alloc_zero((ptrdiff_t)sizeof *id);
        if (!id)
            return E_BUSY;
        *id = row->conversation_id;
        hub_visit(e->hub, audience_agent_key(row->account_id, row->agent_id), apply_mention, id,
            free, farewell);
    }
    return OK;
}

/* ── a turn ── */

struct turn {
    struct publisher *p;
    struct event_pos head;
    const struct webhook *webhooks;
    ptrdiff_t n_webhooks;
    bool is_unsettled, is_full;
};

static err publish_rows(struct desk *desk, struct publisher *p, struct turn *t)
{
    const struct event_row *rows = NULL;
    ptrdiff_t n = 0;
    TRY(event_read(desk->tx, p->at, LIMIT_EVENT_BATCH, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        /* Rights first: what follows is heard with the new ones. A failure here leaves p->at where
         * it is, so nothing is published twice. */
        TRY(act_on_rights(desk, &rows[i]));
        TRY(hand_to_hub(desk->engine, desk->arena, &rows[i]));
        p->at = (struct event_pos){rows[i].major, rows[i].minor};
    }
    atomic_fetch_add(&desk->engine->count.events_published, n);
    t->is_full = n == LIMIT_EVENT_BATCH;
    return OK;
}

static err read_turn(struct desk *desk, void *arg)
{
    struct turn *t = arg;
    struct engine *e = desk->engine;
    TRY(desk_begin(desk, DB_READ));
    TRY(event_head(desk->tx, &t->head));
    TRY(event_is_unsettled(desk->tx, t->head, &t->is_unsettled));
    TRY(webhook_live(desk->tx, &t->webhooks, &t->n_webhooks));
    /* The count is asked after the head was read: whoever joins later replays from the table. */
    if (!e->hub || audience_count(e->audience) == 0)
        t->p->at = t->head;
    else
        TRY(publish_rows(desk, t->p, t));
    return desk_commit(desk);
}

/* ── to webhooks ── */

struct feeding {
    const struct webhook *webhook;
    struct event_pos from, to;
    struct delivery *deliveries;
    ptrdiff_t n, n_events;
};

static err read_events(struct desk *desk, void *arg)
{
    struct feeding *f = arg;
    const struct event_row *rows = NULL;
    TRY(desk_begin(desk, DB_READ));
    TRY(desk_scope(desk, f->webhook->account_id));
    TRY(event_replay(&desk->cx, f->from, (agent_id){0}, (contact_id){0}, LIMIT_EVENT_BATCH, &rows,
        &f->n_events));
    f->deliveries = NEW(desk->arena, struct delivery, f->n_events);
    for (ptrdiff_t i = 0; i < f->n_events; i++) {
        f->to = (struct event_pos){rows[i].major, rows[i].minor};
        if (webhook_wants(desk->arena, f->webhook, rows[i].type))
            f->deliveries[f->n++] = (struct delivery){
                .webhook_id = f->webhook->id,
                .event_major = rows[i].major,
                .event_minor = rows[i].minor,
                .event_type = rows[i].type,
            };
    }
    return desk_commit(desk);
}

static err write_deliveries(struct desk *desk, void *arg)
{
    struct feeding *f = arg;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(desk_scope(desk, f->webhook->account_id));
    TRY(webhook_advance(&desk->cx, f->webhook->id, f->from, f->to));
    TRY(delivery_add_many(&desk->cx, f->deliveries, f->n));
    return desk_commit(desk);
}

/* Until the webhook has everything. E_CONFLICT: another node feeds it, or it was switched off. */
static err feed(struct engine *e, const struct webhook *w)
{
    struct arena a = arena_make(0);
    struct event_pos from = {w->after_major, w->after_minor};
    err result;
    for (;;) {
        struct feeding f = {.webhook = w, .from = from, .to = from};
        struct desk desk = {.engine = e, .arena = &a};
        arena_reset(&a);
        result = desk_guard(&desk, read_events, &f);
        if (result != OK || f.n_events == 0)
            break;
        result = desk_guard(&desk, write_deliveries, &f);
        if (result != OK)
            break;
        atomic_fetch_add(&e->count.deliveries_queued, f.n);
        from = f.to;
        if (f.n_events < LIMIT_EVENT_BATCH)
            break;
    }
    arena_free(&a);
    return result == E_CONFLICT ? OK : result;
}

err publish_turn(struct engine *e, struct publisher *p, bool *more)
{
    struct turn t = {.p = p};
    struct desk desk = {.engine = e, .arena = &p->arena};
    arena_reset(&p->arena);
    TRY(desk_guard(&desk, read_turn, &t));
    for (ptrdiff_t i = 0; i < t.n_webhooks; i++) {
        struct event_pos after = {t.webhooks[i].after_major, t.webhooks[i].after_minor};
        if (event_pos_cmp(after, t.head) < 0)
            TRY(feed(e, &t.webhooks[i]));
    }
    *more = t.is_full || t.is_unsettled;
    return OK;
}

void *publish_main(void *engine)
{
    struct engine *e = engine;
    /* One turn takes all that was committed during the pause: fewer look-ups under load for a delay
     * that nobody can see. */
    const struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};
    enum { LOOK_MS = 1000, WAIT_MS = 100 };
    while (!atomic_load(&e->is_stopping)) {
        bool more = false;
        err result = publish_turn(e, &e->publisher, &more);
        if (result != OK) {
            log_line(LOG_WARN, "publishing waits", LOG_Z("error", err_name(result)));
            waker_wait(&e->publish_waker, WAIT_MS);
        } else if (!more) {
            waker_wait(&e->publish_waker, db_kind_of(e->db) == DB_POSTGRES ? LOOK_MS : -1);
        }
        (void)nanosleep(&pause, NULL); /* a short pause is as good */
    }
    return NULL;
}
