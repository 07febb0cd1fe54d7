/* meta_node: answers to what is asked of Facebook and Instagram for catching up: a conversation
 * with its messages, as deliveries and as items, and the walk through the newest conversations. Not
 * here: the other answers of one network. Source: Meta, Conversations API, v25.0, August 2026.
 * Thread: pure; meta_catch_up blocks. */
#pragma once
#include "connector/meta.h"
#include "connector/meta_events.h"

/* The words of an origin: 0 = kind, 1 … = its arguments; empty beyond the last. */
str meta_origin(str origin, int nth);

/* {"id":…,"messages":{"data":[{"id","created_time","from","to","message","attachments"}]}}: the
 * messages of r->account from floor_ms on, oldest first. Their links point at files that end. */
void meta_conversation(struct meta_reading *r, const struct json *root, int64_t floor_ms);

/* Whose conversations, and how they are asked for. */
struct meta_inbox {
    const struct meta_api *api;
    str owner;            /* whose edge: page or account */
    str account;          /* our id in the messages */
    const char *platform; /* "messenger", "instagram" */
};
/* A few conversations of the list, newest first, down to what the cursors (or in->since_ms) say was
 * read; one delivery each, origin "conversation …". Where the network lists messages by id only,
 * the newest 20 are asked for one by one. At most two calls a second go on average: when there is
 * more, next_ms says when to come again. Without cursors the last seven days are read. Cursors:
 * {"done":ms} everything up to then is read; during a walk also {"floor","top","after", "skip"}. */
err meta_catch_up(struct http_client *client, struct arena *a, const struct meta_inbox *inbox,
    const struct connector_poll *in, struct connector_polled *out);
/* One delivery out of a look-up of this message; its key changes with what it says. */
void meta_deliver(struct arena *a, str origin, str external_id, const struct json *body,
    struct connector_polled *out);
