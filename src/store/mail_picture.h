/* mail_picture: pictures from elsewhere in mails, as they were fetched: which file each is, or that
 * there was none. Not here: fetching, and who may see them (api/mail_picture.c). Thread: the
 * transaction's. */
#pragma once
#include "model/ctx.h"

enum {
    MAIL_PICTURE_KEEP_MS = 7 * 24 * 3600 * 1000, /* then it is fetched anew */
    MAIL_PICTURE_AGAIN_MS = 10 * 60 * 1000,      /* what did not come is tried again */
};

struct mail_picture {
    str name;      /* hex of the address's SHA-256 */
    str blob_name; /* empty: nothing that is shown has come */
    str type;
    int64_t fetched_ms;
};
/* E_NOT_FOUND (no words): never fetched, or too long ago. */
err mail_picture_get(struct ctx *cx, str name, struct mail_picture *picture);
/* In place of what is known of this address. */
err mail_picture_set(struct ctx *cx, const struct mail_picture *picture);
/* Removes at most `max` that are too old. */
err mail_picture_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed);
