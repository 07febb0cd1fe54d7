/* The inbox: deliveries of networks as they came in, stored raw before they are acknowledged.
 *
 * What is to be processed stands in a small table beside them (inbox_waiting), so that a message
 * costs two inserts and a small delete and its raw row is written once. One receiver at a time
 * works on the inbox (store/lease.h on PostgreSQL, the only process on SQLite); it takes rows in
 * the order of their ids and says durably which it has in hand before it touches them: one row for
 * a whole batch (inbox_hand). Who begins to receive finds there what a process that ended had in
 * hand, counts an attempt for each, and takes such deliveries alone, so that after INBOX_ATTEMPTS
 * ends exactly the poison item goes to quarantine and not its neighbours.
 *
 * Functions with a ctx are scoped by its account; those with a db_tx are the engine's and see all
 * accounts. Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"
#include "model/job.h"

/* Ends of the process with it in hand, then quarantine; the last of them waits until the process
 * has lived for a moment (job/receive.c). */
enum { INBOX_ATTEMPTS = 3 };

/* inbox_new.origin of a delivery that is a file: its body is the file's name (care/blob_file.h). */
#define FILE_ORIGIN S("file")
/* The reason of one in quarantine whose file could not be fetched; it does not hold up others, and
 * is taken again by itself (inbox_away_retry). */
#define INBOX_FILE_AWAY                                                                            \
    S("The file of this delivery cannot be fetched from the store of attachments just now. It is " \
      "tried again every minute.")

struct inbox_new {
    account_id account;
    source_id source;
    channel_id channel;
    str network;      /* the connector's name */
    str delivery_key; /* names what is delivered, see inbox_delivery_key */
    str content_type;
    str origin; /* for the parser (connector_raw); empty = "hook" */
    str body;
    int64_t received_ms;
};
/* What tells a delivery from another, in this order: the id that the sender gave the delivery, the
 * id of the one message in it, the SHA-256 of the body. The last is random and costs a page of the
 * index for every delivery, the others mostly grow with time. */
str inbox_delivery_key(struct arena *a, str sender_id, str only_message, str body);
/* Deliveries of any accounts, in their order. is_new[i] = false: it is here already, or stands
 * earlier in the list; nothing was added. */
err inbox_add_many(struct db_tx *tx, const struct inbox_new *const *in, ptrdiff_t n, bool *is_new);
/* One malformed item out of a delivery goes straight into quarantine; repeats are ignored. */
err inbox_add_quarantined(struct db_tx *tx, const struct inbox_new *in, str reason);

struct inbox_row {
    inbox_id id;
    account_id account_id;
    source_id source_id;
    channel_id channel_id;
    int64_t received_ms;
    int64_t attempts; /* ends of a process that had it in hand */
    str network;
    str delivery_key;
    str content_type;
    str origin;
    blob body;
};
/* The oldest waiting rows, at most `max`. */
err inbox_waiting(struct db_tx *tx, ptrdiff_t max, const struct inbox_row **rows, ptrdiff_t *count);
/* rows, of inbox_waiting, are in hand now (n 0 = nothing is): durable before anything is done with
 * them. */
err inbox_hand_set(struct db_tx *tx, const struct inbox_row *rows, ptrdiff_t n);
/* Before the first inbox_waiting of somebody who begins, or who has dropped what he had in hand: an
 * attempt for each delivery in hand that still waits. Nothing is in hand then. */
err inbox_hand_take(struct db_tx *tx);
/* E_CONFLICT when one of them is no longer waiting (somebody else finished it). */
err inbox_finish_many(struct db_tx *tx, const struct inbox_row *rows, ptrdiff_t n);
/* attempts: how often it was tried, for people to see. A delivery that was known by its message's
 * id gives the id free: mended, it may come again. */
err inbox_quarantine(struct db_tx *tx, const struct inbox_row *row, int64_t attempts, str reason);
/* A finished delivery of the account waits once more, for what could not be taken of it yet.
 * Nothing happens when it waits already, or is not there any more. */
err inbox_again(struct ctx *cx, inbox_id id);
/* Receive time of the oldest waiting row; 0 = none. */
err inbox_oldest_waiting(struct db_tx *tx, int64_t *received_ms);
err inbox_counts(struct db_tx *tx, int64_t *waiting, int64_t *quarantined);
/* Removes at most `max` finished rows of the account received before; *removed says how many. */
err inbox_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed);

/* ── the quarantine, for people ── */
/* Newest first, ids below `before` (0 = from the newest). */
err inbox_quarantine_list(struct ctx *cx, inbox_id before, ptrdiff_t limit,
    const struct inbox_item **items, ptrdiff_t *count);
err inbox_quarantine_raw(struct ctx *cx, inbox_id id, blob *body, str *content_type);
/* Back to waiting with a clean record; E_NOT_FOUND when it is not in quarantine. */
err inbox_quarantine_retry(struct ctx *cx, inbox_id id);
err inbox_quarantine_discard(struct ctx *cx, inbox_id id);
/* Those of INBOX_FILE_AWAY, oldest first, at most max: back to waiting. */
err inbox_away_retry(struct ctx *cx, ptrdiff_t max);
