/* attachment: whole files, each its uploader's until a message has it. Who may see which is
 * care/attachment.h's business. Thread: the transaction's. */
#pragma once
#include "model/attachment.h"
#include "model/ctx.h"

err attachment_add(struct ctx *cx, const struct attachment *at);
/* Files that messages name by address: bound already, without bytes. Set-wise. */
err attachment_add_named_many(struct ctx *cx, const struct attachment *at, ptrdiff_t n);
/* Of the account, whoever's; E_NOT_FOUND (no words). */
err attachment_get(struct ctx *cx, attachment_id id, struct attachment *at);
/* The same, and holds the row until the transaction ends (PostgreSQL: FOR UPDATE). */
err attachment_lock(struct ctx *cx, attachment_id id, struct attachment *at);
/* From nobody's to the message's; E_CONFLICT (no words): a message has it. */
err attachment_bind(
    struct ctx *cx, attachment_id id, conversation_id conversation, message_id message);
/* By id; at most LIMIT_ATTACHMENTS. */
err attachment_list(struct ctx *cx, message_id message, struct attachment **rows, ptrdiff_t *n);
/* processing → ready; empty name: there will be no thumbnail. *at: the row now. E_NOT_FOUND (no
 * words): gone, or ready already. */
err attachment_ready(struct ctx *cx, attachment_id id, str thumbnail_name, struct attachment *at);
/* What has become of one that was fetching or failed: state, error, and its file when there is one.
 * E_NOT_FOUND (no words): gone, or it has its file. */
err attachment_settle(struct ctx *cx, const struct attachment *at);
/* State, error and thumbnail of one whose file was here. */
err attachment_change(struct ctx *cx, const struct attachment *at);
/* A channel's logo from now on. */
err attachment_publish(struct ctx *cx, attachment_id id);
/* The sweep: loose for UPLOAD_KEEP_MS and in nobody's draft; at most limit rows go. */
err attachment_sweep(struct ctx *cx, ptrdiff_t limit, int64_t *removed);
