/* early: what a network told about a message before the message was here: edits, deletions,
 * reactions and states, kept for EARLY_KEEP_MS and applied when it comes. One row per message and
 * thing told (slot): a later word of the same thing takes the place of the earlier one. At most
 * EARLY_MOST per channel (a little more between two cleanings); the oldest go first.
 * Not here: what the words do (care/network.c). Thread: the transaction's. */
#pragma once
#include "model/ctx.h"

enum { EARLY_KEEP_MS = 24 * 3600 * 1000, EARLY_MOST = 10000 };

struct early {
    int64_t id;
    channel_id channel_id;
    str external_id; /* of the message meant */
    str slot;        /* "edit", "delete", "reaction:…", "status:…" */
    str body;        /* JSON, the caller's own */
    int64_t at_ms;   /* the network's time of it; an older word leaves the row as it is */
};

/* Until the transaction ends, nobody else is between looking for this message and writing what he
 * found (PostgreSQL; one writer on SQLite): whoever gives a message this id, and whoever did not
 * find it, asks first. */
err early_lock(struct ctx *cx, channel_id channel, str external_id);
err early_add(struct ctx *cx, const struct early *e);
/* What was told about these (channel_id and external_id are looked at), in the order of at_ms; the
 * rows are removed. */
err early_take(
    struct ctx *cx, const struct early *keys, ptrdiff_t n, struct early **rows, ptrdiff_t *n_rows);
/* Rows older than before_ms go, at most max. */
err early_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed);
