/* upload: files on their way up, each its owner's alone. An upload that is not finished within
 * UPLOAD_KEEP_MS is gone. Not here: bytes (care/blob_file.h), rules (care/attachment.h).
 * Thread: the transaction's. */
#pragma once
#include "model/attachment.h"
#include "model/ctx.h"

enum { UPLOAD_KEEP_MS = 24 * 3600 * 1000 };

/* The acting agent (a token acts as its maker) or visitor as an owner. */
struct owner {
    str kind;
    int64_t id;
};
struct owner owner_of(const struct ctx *cx);

err upload_add(struct ctx *cx, const struct upload *u);
/* The actor's own; E_NOT_FOUND (no words). */
err upload_get(struct ctx *cx, upload_id id, struct upload *u);
/* The actor's uploads and attachments that are not in a message: how many, and their bytes. */
struct upload_open {
    int64_t count, bytes;
};
err upload_open_of(struct ctx *cx, struct upload_open *open);
/* From `from` received bytes to `to`; E_CONFLICT (no words): it stood elsewhere. */
err upload_move(struct ctx *cx, upload_id id, int64_t from, int64_t to);
/* The row goes: it has become an attachment, or was given up. E_CONFLICT as above. */
err upload_end(struct ctx *cx, upload_id id, int64_t from);
/* The sweep: of all owners, too old; at most limit. */
err upload_list_old(struct ctx *cx, ptrdiff_t limit, struct upload **rows, ptrdiff_t *n);
err upload_remove(struct ctx *cx, upload_id id);
