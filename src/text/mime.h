/* mime: what a mail says: addresses, subject, its words as text and as HTML. Behind this file
 * stands GMime 3; limits around it are ours. All texts are valid UTF-8 without NUL; what a mail
 * does not say, or says wrongly, is empty. Not here: where mails come from, what they mean.
 * Sources: RFC 5322, 2045 to 2047; GMime 3.2. Thread: any. */
#pragma once
#include "base/str.h"

enum {
    MIME_PARTS = 200, /* looked at; what comes after them is not read */
    MIME_DEPTH = 20,  /* of parts inside parts */
    MIME_HEADER_BYTES = 2000,
    MIME_TEXT_BYTES = 1024 * 1024,
};

struct mime_mail {
    str from_name, from_address; /* address: as written, without name; lower case */
    str subject, message_id;     /* message_id: without < > */
    int64_t date_ms;             /* 0 = none or nonsense */
    str text, html;              /* the first of each kind that is no attachment */
};

/* Of a mail that carries another as a whole (forwarded as an attachment), *inner is the first one
 * inside; has_inner says whether there is one. E_INVALID with words: these bytes are no mail. */
err mime_read(struct arena *a, str bytes, struct mime_mail *mail, struct mime_mail *inner,
    bool *has_inner, str *why);
