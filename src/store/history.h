/* history: set-wise statements for messages of the past that are imported (care/history.h): which
 * conversations they belong to, and what those say of their messages then. Not here: the rows of
 * people and messages (identity.h, contact.h, message.h). Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

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
/* Writes what a conversation says of its messages: preview, last_*, waiting and its keys, status,
 * visibility, times. version stays: nobody has touched it. */
err history_write_many(struct ctx *cx, const struct conversation *rows, ptrdiff_t n);
