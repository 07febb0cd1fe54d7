/* history: set-wise statements for messages of the past that are imported (care/history.h): which
 * conversations they belong to, and what those say of their messages then. Not here: the rows of
 * people and messages (identity.h, contact.h, message.h). Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"
#include "store/identity.h"

struct history_thread {
    channel_id channel_id;
    str thread_key; /* not empty */
    conversation_id id;
};
/* The newest conversation of each (channel, thread), whoever's it is, or the one that it was joined
 * to. keys: id is not looked at. */
err history_find_threads(struct ctx *cx, const struct history_thread *keys, ptrdiff_t n,
    struct history_thread **found, ptrdiff_t *n_found);
/* Rows by their ids, held until the transaction ends (PostgreSQL), in no promised order. */
err history_lock_many(struct ctx *cx, const conversation_id *ids, ptrdiff_t n,
    struct conversation **rows, ptrdiff_t *n_rows);
/* People that are known under another id on their channel (struct identity.other_id), which
 * external_id gives back. */
err history_find_others(struct ctx *cx, const struct identity *keys, ptrdiff_t n,
    struct identity_known **found, ptrdiff_t *n_found);
/* Writes what a conversation says of its messages: preview, last_*, waiting and its keys, status,
 * visibility, times. version stays: nobody has touched it. */
err history_write_many(struct ctx *cx, const struct conversation *rows, ptrdiff_t n);

struct history_seen {
    contact_id contact_id;
    identity_id identity_id;
    int64_t at_ms;
};
/* Raises last_seen_ms of each contact and identity. */
err history_raise_seen(struct ctx *cx, const struct history_seen *rows, ptrdiff_t n);
