/* The change feed. An event is appended in the transaction of the change; after the commit the
 * publisher hands it to the hub and to outgoing webhooks. Rows live 30 days. */
#pragma once
#include "model/ctx.h"

enum event_audience {
    EVENT_FOR_AGENTS = 1,  /* consoles, API streams, outgoing webhooks */
    EVENT_FOR_VISITOR = 2, /* the widget streams of `contact` */
    EVENT_FOR_AGENT = 4,   /* one agent only: `agent` (notifications, drafts) */
};

struct event_new {
    str type;         /* "message.created": from the list in docs/api.md */
    str subject_type; /* "message" */
    int64_t subject_id;
    conversation_id conversation; /* for access checks; 0 = not about one */
    channel_id channel;
    team_id team;
    agent_id assignee;
    contact_id contact;
    agent_id agent; /* EVENT_FOR_AGENT */
    int audience;   /* enum event_audience bits; exactly one */
    str data;       /* JSON of the public view (for VISITOR: the visitor's view) */
};
/* Sets cx->effects.events. */
err event_add_many(struct ctx *cx, const struct event_new *e, ptrdiff_t n);
/* Inline, because libevent has a function of this name: a symbol of ours would take its place. */
static inline err event_add(struct ctx *cx, const struct event_new *e)
{
    return event_add_many(cx, e, 1);
}

/* ── reading the feed ── */

/* A place in the feed's order, compared major first: SQLite {0, seq}, PostgreSQL {xid, seq}. {0, 0}
 * is before the first event. In the API it is the opaque event id. */
struct event_pos {
    int64_t major, minor;
};
int event_pos_cmp(struct event_pos x, struct event_pos y); /* <0, 0, >0 */
enum { EVENT_ID_BYTES = 40 };
str event_pos_text(struct arena *a, struct event_pos pos);
err event_pos_parse(str text, struct event_pos *pos); /* E_INVALID */

struct event_row {
    int64_t major, minor;
    account_id account_id;
    str type;
    str subject_type;
    int64_t subject_id;
    conversation_id conversation_id;
    channel_id channel_id;
    team_id team_id;
    agent_id assignee_id;
    contact_id contact_id;
    agent_id agent_id;
    int64_t audience;
    int64_t at_ms;
    str data;
};
/* The event object as streams and webhooks get it; its id is the row's place. */
str event_json(struct arena *a, const struct event_row *row);
/* These see all accounts (publisher). On PostgreSQL only events whose place in the order can no
 * longer be preceded by a running transaction are seen. */
err event_read(struct db_tx *tx, struct event_pos after, ptrdiff_t limit,
    const struct event_row **rows, ptrdiff_t *count);
/* PostgreSQL: there are events after that place which event_read does not show yet, because an
 * older transaction runs; look again in a few ms. SQLite: false. */
err event_is_unsettled(struct db_tx *tx, struct event_pos after, bool *unsettled);
/* The newest and the oldest event; {0, 0} when there is none. */
err event_head(struct db_tx *tx, struct event_pos *head);
err event_tail(struct db_tx *tx, struct event_pos *tail);
/* Removes at most `max` events older than that; the newest event always stays, so that numbers are
 * never used twice. */
err event_forget(struct db_tx *tx, int64_t before_ms, ptrdiff_t max, int64_t *removed);

/* One account's events for one kind of listener: agents (EVENT_FOR_AGENTS and EVENT_FOR_AGENT of
 * `agent`), or a visitor (EVENT_FOR_VISITOR of `contact`) when contact is set. */
err event_replay(struct ctx *cx, struct event_pos after, agent_id agent, contact_id contact,
    ptrdiff_t limit, const struct event_row **rows, ptrdiff_t *count);
/* Conversations that mention the agent, newest first: their events reach him whatever his scope. */
err event_mentions(
    struct ctx *cx, agent_id agent, ptrdiff_t limit, int64_t **conversations, ptrdiff_t *count);
/* One event by its place; E_NOT_FOUND when it has been forgotten. */
err event_get(struct ctx *cx, struct event_pos pos, struct event_row *row);
