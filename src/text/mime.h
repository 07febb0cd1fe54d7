/* mime: what a mail says: people, subject, its words as text and as HTML, what is attached, what it
 * reports, whether it is signed or sealed. All texts are valid UTF-8 without NUL; what a mail does
 * not say, or says wrongly, is empty. Every step takes time and memory in proportion to the bytes
 * given, up to the maxima below; what lies beyond them is left out and `degraded` says so. Where
 * parts begin and end is found without recursion; behind these files (mime*.c) stand GMime 3 for
 * base64, uuencode and dates, and iconv for charsets (mime_inner.h says why no more of GMime).
 * Not here: where mails come from, what a report or a calendar means, whether to trust a sender.
 * Sources: RFC 5322, 2045 to 2049, 2047, 2231, 2183, 2387, 3676, 3462, 1847, 8551, 3156;
 * GMime 3.2. Thread: any. */
#pragma once
#include "base/str.h"

enum {
    MIME_PARTS = 500,   /* leaves of one mail; what comes after them is not read */
    MIME_DEPTH = 20,    /* multiparts inside multiparts; what is deeper stays one file */
    MIME_HEADERS = 300, /* header fields kept, in order */
    MIME_HEADERS_BYTES = 256 * 1024, /* of these, as written; later ones are still looked up */
    MIME_HEADER_BYTES = 2000,        /* bytes: subject, names, addresses */
    MIME_VALUE_BYTES = 8 * 1024,     /* bytes: value of one of mail.headers */
    MIME_LIST_BYTES = 64 * 1024,     /* bytes of an address list looked at, as written */
    MIME_ADDRESSES = 200,            /* of each of To, Cc, Reply-To */
    MIME_REFERENCES = 50,            /* the newest */
    MIME_ID_BYTES = 500,             /* bytes: a message's or a part's id; longer ones are none */
    MIME_NAME_BYTES = 200,           /* bytes: name of a file */
    MIME_TEXT_BYTES = 1024 * 1024,   /* bytes: text; html; calendar */
    MIME_REPORT_BYTES = 64 * 1024,   /* bytes: report; report_headers */
};

struct mime_address {
    str name;    /* "" possible; no control characters */
    str address; /* ASCII letters lower, others as written (IDN); "" possible (Return-Path) */
};

struct mime_header {
    str name;  /* as written */
    str value; /* unfolded, RFC 2047 words decoded, one line */
};

enum mime_part_kind {
    MIME_PART_FILE,
    MIME_PART_INLINE,   /* a picture that the HTML shows: cid:<content_id> stands in it */
    MIME_PART_MAIL,     /* message/rfc822: a mail as a whole; its own parts are not numbered here */
    MIME_PART_CALENDAR, /* text/calendar, application/ics */
    MIME_PART_TNEF,     /* winmail.dat */
    MIME_PART_KEY,      /* a signature, key or certificate (smime.p7s, signature.asc) */
};

struct mime_part {
    enum mime_part_kind kind;
    int number;     /* in order of appearance over all leaves of this mail, bodies too, from 0 */
    str type;       /* lower case: "image/png" */
    str name;       /* fit to show: no path, control, bidi or zero-width characters; never "" */
    str content_id; /* without <>; "" = none */
    str method;     /* of a calendar, upper case: "REQUEST" */
    int64_t size;   /* decoded bytes */
};

enum mime_guard {
    MIME_OPEN,
    MIME_SIGNED_SMIME, /* multipart/signed, or application/pkcs7-mime with signed-data */
    MIME_SIGNED_PGP,   /* multipart/signed, or armour in the text */
    MIME_ENCRYPTED_SMIME,
    MIME_ENCRYPTED_PGP,
};

struct mime_mail {
    str from_name, from_address; /* of From, else Sender, else Return-Path */
    str subject, message_id;     /* message_id: without < > */
    int64_t date_ms;             /* 0 = none or nonsense; it is what the sender says */
    /* The body in its two forms, LF line ends, at most MIME_TEXT_BYTES each. Of alternatives, the
     * plain and the HTML one. Body parts one after the other (Apple Mail's text, picture, text; a
     * list's footer) are joined; where one form lacks such a piece it is made from the other. A
     * mail with HTML only has no text: whoever wants it calls html_text. */
    str text, html;
    struct mime_address sender, return_path;
    const struct mime_address *reply_to, *to, *cc; /* at most MIME_ADDRESSES each; groups opened */
    int n_reply_to, n_to, n_cc;
    const str *delivered_to; /* addresses of Delivered-To, X-Original-To, Envelope-To */
    int n_delivered_to;
    str in_reply_to;       /* the first id; without < > */
    const str *references; /* without < >, oldest first, the newest MIME_REFERENCES, none twice */
    int n_references;
    const struct mime_header *headers; /* of this mail itself, in order, at most MIME_HEADERS */
    int n_headers;
    /* Leaves that are no body, in order; not the alternatives that were not taken, and not the
     * machine-readable parts of a report. */
    const struct mime_part *parts;
    int n_parts;
    str calendar;       /* the first text/calendar, in UTF-8; "" = none */
    str report_type;    /* of multipart/report, lower case: "delivery-status"; "" = it is none */
    str report;         /* its message/delivery-status, message/feedback-report, disposition part */
    str report_headers; /* the header of the mail that the report is about, as written */
    enum mime_guard guard;
    bool is_flowed, is_delsp; /* what the mail said; text is already unflowed */
    str degraded; /* English sentences: what was cut, guessed or not understood; "" = nothing */
};

/* Of a mail that carries others as a whole (forwarded as attachments), *inner is the first one
 * inside; has_inner says whether there is one. Part numbers of *inner count within that mail's own
 * bytes, as mime_part_write gives them. What is returned may point into `bytes`.
 * E_INVALID with words: these bytes are no mail, they name no sender. */
err mime_read(struct arena *a, str bytes, struct mime_mail *mail, struct mime_mail *inner,
    bool *has_inner, str *why);

/* The first header of this name (ASCII case does not matter); "" when there is none, or when it is
 * empty. */
str mime_header(const struct mime_mail *mail, const char *name);

/* The decoded bytes of one leaf, in pieces of at most 64 KB. put: false ends it (E_BUSY).
 * E_NOT_FOUND with words: there is no leaf of this number. Texts stay in their own charset. */
err mime_part_write(
    struct arena *a, str bytes, int number, bool (*put)(void *arg, str piece), void *arg, str *why);
