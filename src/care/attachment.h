/* attachment: the rules of files: how much one may send, who may see one, how it comes into a
 * message. Rules: docs/security.md 1 and 4; issue "Attachments". Not here: bytes (blob_file.h),
 * HTTP (api/uploads.c, api/attachments.c). Thread: the caller's; inside its transaction. */
#pragma once
#include "base/file_type.h"
#include "model/attachment.h"
#include "model/ctx.h"

/* name becomes one fit to show; E_LIMIT "size", E_INVALID (empty), E_LIMIT (too many open). */
err attachment_begin(struct ctx *cx, str name, int64_t size, struct upload *upload);
/* The upload's bytes are whole and in place: it becomes an attachment of the same number, with job
 * "thumbnail" when it is a picture worth one. E_CONFLICT (no words): the upload stood elsewhere. */
err attachment_finish(struct ctx *cx, const struct upload *upload, str blob_name,
    const struct file_type *type, struct attachment *at);
/* The file under blob_name becomes the attachment's: its type, size and sides, and its state, which
 * is ready or processing. True: the latter, and job thumbnail is to be planned. */
bool attachment_fill(
    struct attachment *at, str blob_name, int64_t size, const struct file_type *type);
err attachment_plan_thumbnail(struct ctx *cx, attachment_id id);
/* One the actor may see: its own; in a conversation it sees (a visitor: in a message it sees); a
 * logo. E_NOT_FOUND with words for anything else. */
err attachment_seen(struct ctx *cx, attachment_id id, struct attachment *at);
/* The actor's own, loose or not; E_NOT_FOUND with words. */
err attachment_own(struct ctx *cx, attachment_id id, struct attachment *at);

/* Before a message is written: the actor's own files by number, held; *json: their public views,
 * empty when n is 0. E_INVALID naming attachment_ids. */
err attachment_take(struct ctx *cx, const int64_t *ids, ptrdiff_t n, str *json);
/* After it was: they are the message's; E_INVALID naming attachment_ids: one is another's. Not for
 * a repeated message, whose files are its own already. */
err attachment_give(struct ctx *cx, const int64_t *ids, ptrdiff_t n, conversation_id conversation,
    message_id message);
/* Those of the ids that are the actor's own, as a JSON array: a draft's. */
err attachment_views(struct ctx *cx, const int64_t *ids, ptrdiff_t n, str *json);

/* The thumbnail's job is done (empty name: there will be none): the message that has the file is
 * told anew. OK when the file has gone. */
err attachment_done(struct ctx *cx, attachment_id id, str thumbnail_name);
/* The message that has the file gets its view anew and is told (message.updated). OK when there is
 * no such message any more. */
err attachment_tell(struct ctx *cx, const struct attachment *at);
/* A picture of the actor's becomes a channel's logo, for everybody; one that is already stays. */
err attachment_make_logo(struct ctx *cx, attachment_id id);
