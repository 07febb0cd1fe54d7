/* checkup: what `seva doctor` asks of the account's rows: do the numbers that are kept on write fit
 * what they count, is there a file behind each name, does work lie about. And the small writes that
 * put such rows right. Not here: pages, indexes and schema (store/checkup_schema.h), files on disk
 * (app/doctor_files.c). Lists go by keys, LIMIT rows a call. Thread: the transaction's. */
#pragma once
#include "model/attachment.h"
#include "model/ctx.h"

enum { CHECKUP_PAGE = 500 };

/* ── conversations ── */
/* What stands in the row, and what its messages and tags say; equal in a sound one. */
struct checkup_conversation {
    conversation_id id;
    int64_t number;
    int64_t tag_count, tags;
    int64_t last_message_id, newest_id; /* the first is never below the second */
    int64_t last_in_id, newest_in_id;
    int64_t in_count, ins;
    int64_t recent_key, recent_ms;
};
err checkup_conversations(
    struct ctx *cx, conversation_id after, const struct checkup_conversation **rows, ptrdiff_t *n);
bool checkup_conversation_fits(const struct checkup_conversation *c);
/* Computes these columns anew. */
err checkup_conversation_mend(struct ctx *cx, conversation_id id);
/* *ahead: how far the highest number of a conversation is above the counter; 0 in a sound account.
 */
err checkup_numbers(struct ctx *cx, int64_t *ahead);
err checkup_numbers_mend(struct ctx *cx);

/* ── files ── */
struct checkup_blob {
    str name;
    int64_t size;
    bool is_needed; /* somebody refers to it, and nobody removes it just now */
};
err checkup_blobs(struct ctx *cx, str after, const struct checkup_blob **rows, ptrdiff_t *n);
/* Whether the name has a row. */
err checkup_blob_has_row(struct ctx *cx, str name, bool *has);
/* Whether a file of that number is on its way, or kept: an upload, an attachment whose work goes
 * on, an export. */
err checkup_part_is_used(struct ctx *cx, int64_t number, bool *is_used);
/* Who refers to a file: attachment, thumbnail, photo, mail, picture. */
struct checkup_use {
    str kind;
    int64_t id; /* attachment or agent */
    str name;   /* picture: its own; attachment: the file's, as shown */
    bool comes_again;
    bool is_lost; /* is marked as lost already */
};
err checkup_uses(struct ctx *cx, str blob_name, const struct checkup_use **rows, ptrdiff_t *n);
/* Attachments whose file's name has no row in `blob`: the same members. */
struct checkup_nameless {
    attachment_id id;
    str blob_name;
};
err checkup_nameless(
    struct ctx *cx, attachment_id after, const struct checkup_nameless **rows, ptrdiff_t *n);
/* Those that are marked as lost: the same members. */
err checkup_lost(
    struct ctx *cx, attachment_id after, const struct checkup_nameless **rows, ptrdiff_t *n);
err checkup_photo_forget(struct ctx *cx, agent_id agent, str blob_name);
err checkup_picture_forget(struct ctx *cx, str name);

/* ── work ── */
struct checkup_work {
    int64_t dead;        /* jobs given up */
    int64_t stuck;       /* claims that ran out ten minutes ago and that nobody took up */
    int64_t late;        /* due for ten minutes, and nothing before them */
    int64_t unparked;    /* jobs parked for a channel that does not know of it */
    int64_t quarantined; /* deliveries */
    int64_t waiting, oldest_ms;
    int64_t bodyless; /* wait for the receiver without a delivery */
};
enum { CHECKUP_LATE_MS = 10 * 60 * 1000 };
/* Of the whole installation. */
err checkup_work(struct db_tx *tx, int64_t now_ms, struct checkup_work *work);
err checkup_parked_mend(struct db_tx *tx, int64_t now_ms, int64_t *changed);

/* ── time, secrets ── */
/* The highest id of a message: it holds the time at which it was made. */
err checkup_newest_message(struct ctx *cx, message_id *id);
/* The database server's clock; 0 = it has none of its own. */
err checkup_server_clock(struct db_tx *tx, int64_t *ms);
struct checkup_sealed {
    login_id id;
    str totp_sealed;
};
err checkup_second_factors(
    struct db_tx *tx, login_id after, const struct checkup_sealed **rows, ptrdiff_t *n);
