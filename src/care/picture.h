/* picture: small copies of pictures, made by another process (vipsthumbnail), so that no decoder of
 * foreign bytes runs in the server. The child has no shell, no inherited descriptors, its own
 * process group, and limits on time, memory and output; at the deadline the group is killed.
 * Not here: which pictures get one (attachment.h), where results are kept (blob_file.h).
 * Thread: any that may wait PICTURE_DEADLINE_MS; not in a transaction. */
#pragma once
#include "model/ctx.h"

enum {
    PICTURE_THUMBNAIL = 480,            /* pixels: longest side shown in a timeline, at 2× */
    PICTURE_PREVIEW = 400,              /* pixels: longest side of what networks show first */
    PICTURE_PHOTO = 256,                /* pixels: side of an agent's photo */
    PICTURE_MOST_PIXELS = 50 * 1000000, /* larger ones are not touched at all */
    PICTURE_RESULT_BYTES = 1024 * 1024, /* bytes: of a small copy */
    PICTURE_DEADLINE_MS = 10 * 1000,
};

/* Makes the file `to` (a whole path), a WebP at most `pixels` wide and high (is_square: cut to
 * exactly that) without metadata, from `from`, which is relative to folder and holds digits,
 * letters and '/' only. E_INVALID: the file is no picture that can be read within the limits;
 * E_BUSY: no process, or nowhere to write. `to` may be left half written. */
err picture_shrink(const struct ctx *cx, str folder, str from, str to, int pixels, bool is_square);
/* The same as a JPEG of at most PICTURE_PREVIEW pixels, for networks, which know no WebP. */
err picture_preview(const struct ctx *cx, str folder, str from, str to);
