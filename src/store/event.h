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
    str type;              /* "message.created": from the list in docs/api.md */
    str subject_type;      /* "message" */
    int64_t subject_id;
    conversation_id conversation; /* for access checks; 0 = not about one */
    channel_id channel;
    team_id team;
    agent_id assignee;
    contact_id contact;
    agent_id agent;        /* EVENT_FOR_AGENT */
    int audience;          /* enum event_audience bits; exactly one */
    str data;              /* JSON of the public view (for VISITOR: the visitor's view) */
};
/* Sets cx->effects.events. */
err event_add(struct ctx *cx, const struct event_new *e);
err event_add_many(struct ctx *cx, const struct event_new *e, ptrdiff_t n);
