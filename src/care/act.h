/* act: what agents do to messages that are on the network already: taking back, correcting,
 * reacting, hiding. The request is checked here and becomes a job (job/act.c), because the network
 * decides; what it said is noted on the message, and a refusal in the timeline. Rules:
 * docs/product.md CH-9. Not here: replies (reply.h), what customers do (network.h).
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "connector/connector.h"
#include "model/conversation.h"
#include "model/ctx.h"

/* "delete" …, by enum connector_act_kind; NULL-terminated. */
extern const char *const act_words[];

struct act_new {
    enum connector_act_kind kind;
    str text;     /* edit */
    str reaction; /* react; empty takes ours back */
};
/* Checks and plans. E_CONFLICT: the message is not on the network, or gone, or the network has no
 * such act for it ("kind"); E_INVALID: the text or reaction is wrong. *m is the message as it is.
 */
err act_add(struct ctx *cx, message_id id, const struct act_new *act, struct message *m);

/* The customer's message is marked as read on its network, should that work: nobody hears when it
 * does not. The network has ACT_READ for it. */
err act_add_read(struct ctx *cx, const struct message *m);

/* What the job needs. E_NOT_FOUND: message or channel has gone; E_CONFLICT: it is off. */
struct act_work {
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_act act; /* but for setup, delivery_id, now_ms */
    channel_id channel;
};
err act_take(struct ctx *cx, message_id id, str payload, struct act_work *work);
/* It is done: noted on the message. external_id: what a corrected message is called there since;
 * empty = as before. */
err act_done(struct ctx *cx, message_id id, str payload, str external_id);
/* It will not be done: the timeline says why. */
err act_failed(struct ctx *cx, message_id id, str payload, str why);
