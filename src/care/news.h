/* news: a change told to those who may hear it, as events with the public views in memory (nothing
 * is read again). Not here: passing news such as typing (api/live.h), hubs.
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"
#include "model/view_conversation.h"
#include "store/event.h"

/* conversation.updated {conversation} (or "conversation.created") for agents. Tags must be filled.
 */
err news_conversation(struct ctx *cx, const struct conversation *c, str type);
/* What a widget's visitor sees of it: {id, status}. Nothing for other channels. */
err news_conversation_visitor(struct ctx *cx, const struct conversation *c);
/* message.created / message.updated {message, conversation} for agents. */
err news_message(struct ctx *cx, const struct message *m, const struct conversation *c, str type);
/* The same for the visitor of a widget, when the message is for a visitor's eyes. */
err news_message_visitor(
    struct ctx *cx, const struct message *m, const struct conversation *c, str type);
/* The rows for a batch: fills *e (agents), without adding it. */
void news_message_event(struct arena *a, const struct message *m, const struct conversation *c,
    str type, struct event_new *e);
void news_visitor_event(struct arena *a, const struct message *m, const struct conversation *c,
    str type, struct event_new *e);
void news_conversation_event(
    struct arena *a, const struct conversation *c, str type, struct event_new *e);

/* A notification for one agent, and its event. Not for who acts. */
err news_notify(struct ctx *cx, agent_id agent, str type, const struct conversation *c,
    message_id message, str preview);
/* draft.updated {draft} for the acting agent's other screens; an empty text: it is gone. */
err news_draft(struct ctx *cx, const struct draft *draft);
/* contact.updated {contact} for agents; view is the public one. */
err news_contact(struct ctx *cx, contact_id contact, str view);
/* tag.updated {tag}, view.updated {view}: view is the public one, or empty: it is gone. only_for
 * {0}: every agent. */
err news_thing(struct ctx *cx, str type, str subject_type, int64_t id, agent_id only_for, str view);
