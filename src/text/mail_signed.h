/* mail_signed: which bytes of a mail are signed and by which signature, and what is inside of a
 * mail that is signed opaquely. Only a mail that is signed as a whole counts: of one that is signed
 * in part (a list's footer below it) nobody could say which part a reader looks at. The head of a
 * mail (From, Subject, what it answers) is never signed. Not here: verifying (base/crypto_cms.h,
 * pgp.h). Sources: RFC 1847, 3156, 8551 3.5. Thread: pure. */
#pragma once
#include "text/mime.h"

/* Of a mail that is signed opaquely: longer ones are not opened, since copies of it are in memory
 * for a moment. */
enum { MAIL_SIGNED_OPEN_BYTES = 8 * 1024 * 1024 };

enum mail_signed_kind {
    MAIL_SIGNED_NOT,    /* or too long to be opened */
    MAIL_SIGNED_PARTLY, /* somewhere inside, or in the text */
    MAIL_SIGNED_SMIME,
    MAIL_SIGNED_SMIME_OPAQUE, /* signature holds what it signs */
    MAIL_SIGNED_PGP,
};
struct mail_signed {
    enum mail_signed_kind kind;
    str data;      /* what is signed, with CRLF line ends, as the signature counts it */
    str signature; /* DER; PGP: armour */
};
/* guard: as mime_read found it in the same bytes. */
void mail_signed_read(struct arena *a, str bytes, enum mime_guard guard, struct mail_signed *found);
/* The mail as it was before it was signed opaquely: its own head above what is inside. Of any other
 * mail, and of one that is longer than MAIL_SIGNED_OPEN_BYTES, the bytes as they are. Whoever reads
 * parts of a mail reads them in these bytes. */
str mail_signed_open(struct arena *a, str bytes);
