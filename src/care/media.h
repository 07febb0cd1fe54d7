/* media: files that a contact's message names by address. The message is stored at once with
 * attachments that are fetching; a job for each brings its file (job/fetch.c), and the message is
 * told anew. Every network whose messages carry media goes this way.
 * Not here: the network (job/fetch.c), bytes (blob_file.h), uploads (attachment.h).
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "base/file_type.h"
#include "model/attachment.h"
#include "model/ctx.h"

struct media_source {
    str url, name;      /* name: empty = the last part of the address */
    str media_id;       /* the network's own name of it, when there is no address; MEDIA_PART and a
                         * number: a part of the mail that the message is */
    channel_id channel; /* whose credentials fetch it; {0} = none */
};
#define MEDIA_PART S("part:")
/* Before the message is stored: numbers its n files (at most LIMIT_ATTACHMENTS); *json: their
 * public views. Nothing is written. */
struct attachment *media_expect(
    struct ctx *cx, const struct media_source *from, ptrdiff_t n, str *json);
/* After it was, in the same transaction: rows of media_expect with owner, conversation and message
 * filled in; each gets its job "fetch". */
err media_plan(struct ctx *cx, struct attachment *rows, ptrdiff_t n);

/* Why a file did not come, for good: the words of attachment.error. */
#define MEDIA_ADDRESS   S("address")   /* not a web address that Seva may call */
#define MEDIA_MISSING   S("missing")   /* 404, 410 */
#define MEDIA_DENIED    S("denied")    /* 401, 402, 403, 407 */
#define MEDIA_REJECTED  S("rejected")  /* another answer that is no file */
#define MEDIA_TOO_LARGE S("too_large") /* more than LIMIT_UPLOAD_BYTES */
#define MEDIA_EMPTY     S("empty")     /* no bytes */
#define MEDIA_WEB_PAGE  S("web_page")  /* HTML: a page about the file, or to sign in */
#define MEDIA_NO_ANSWER S("no_answer") /* tried for a day */
/* Not a fetch that failed: it was here, and is not on the disk any more. */
#define MEDIA_LOST S("lost")

/* The file is in place under blob_name. OK when the attachment or its message has gone, or the file
 * is there already. */
err media_arrived(
    struct ctx *cx, attachment_id id, str blob_name, int64_t size, const struct file_type *type);
/* It will not come. OK as above. */
err media_failed(struct ctx *cx, attachment_id id, str error);
/* The file is not on the disk any more: fetched again where somebody else has it, else lost. OK as
 * above. *comes_again: which of the two. */
err media_lost(struct ctx *cx, attachment_id id, bool *comes_again);
/* The bytes of a lost one are back in their place. */
err media_found(struct ctx *cx, attachment_id id);
/* Only its small picture is gone: it is made anew. */
err media_thumbnail_lost(struct ctx *cx, attachment_id id);
/* An agent asks for it once more. E_CONFLICT with words: the file is there. */
err media_again(struct ctx *cx, attachment_id id, struct attachment *at);
