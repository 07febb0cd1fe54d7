/* hooks: what the files of this boundary share: who may post what to a channel, and how a delivery
 * is taken in. See hooks.c. Thread: the worker's. */
#pragma once
#include "api/server.h"
#include "connector/connector.h"
#include "store/source.h"

struct hook {
    struct source source;
    struct connector_batch batch;
    str delivery_key;
    const struct json *statuses;
    const struct connector *connector;
    bool is_challenge;
    str origin;
    str body;                       /* of the delivery; at NULL = the request's */
    struct connector_answer answer; /* to a challenge, or to this delivery; status 0 = the usual */
};
/* The channel of this key, when what the request carries proves that it may post there. */
err hook_verify(struct call *call, const struct connector *c, str key, struct hook *hook);
/* The handler of a hook: stores the delivery and answers when it is durable. */
err hook_take_in(struct call *call);
