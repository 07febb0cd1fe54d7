/* mail_write: the bytes of a mail that goes out. Not: who gets it (the envelope is the caller's, so
 * Bcc stands nowhere), how it travels (net/smtp.h), its signature (text/dkim.h).
 *
 * Written by us, not by GMime, which reads mails elsewhere: a try again tomorrow, by another
 * version of the library or in another locale, has to give the same bytes; a file of 25 MB must
 * pass through a few KB of memory into whatever takes the pieces; and every line end, fold and
 * boundary here is one that this file can answer for.
 *
 *   header    lines folded at 76 bytes where a space allows it and never longer than 998; CR, LF,
 *             NUL and other controls of any value are spaces, or the value is refused: nothing that
 *             is given here begins a header line. Other letters than ASCII are encoded words
 *             (RFC 2047, B or Q, whichever is shorter) that split no code point. Internationalised
 *             domains are xn-- (UTS #46) unless is_utf8
 *   body      as few multiparts as needed: mixed (files) of related (pictures of the HTML) of
 *             alternative (text, HTML). Text is 7bit when it is plain, else quoted-printable or
 *             base64, whichever is shorter; never 8bit, never format=flowed, whose spaces at line
 *             ends get lost on the way; HTML is put into a document; files are base64, and a mail
 *             or multipart as a file is application/octet-stream, which may be base64
 *   boundary  "=_" and 24 hexadecimal digits of SHA-256(boundary_seed). No part holds "=_": base64
 *             has no _, in quoted-printable = is followed by a digit, letter or line end, and text
 *             with "=_" is never sent as 7bit
 *   names     of files: RFC 2231 in Content-Disposition, encoded words in Content-Type's name for
 *             Outlook
 * The same input gives the same bytes. Sources: RFC 5322, 2045 to 2047, 2183, 2231, 2387, 3834,
 * 6532, 8058, 8098; Microsoft "X-Auto-Response-Suppress". Thread: any; reads files, so never on the
 * loop. */
#pragma once
#include "text/mime.h"

enum {
    MAIL_OUT_ADDRESSES = 200, /* in To; in Cc */
    MAIL_OUT_FILES = 50,
    MAIL_OUT_NAME_BYTES = 200,             /* bytes: a person's name; longer ones are cut */
    MAIL_OUT_SUBJECT_BYTES = 1000,         /* longer ones are cut */
    MAIL_OUT_TEXT_BYTES = 4 * 1024 * 1024, /* of text; of html */
    MAIL_OUT_URL_BYTES = 900,              /* it cannot be folded */
    MAIL_OUT_FIRST_REFERENCES = 1,         /* kept of References … */
    MAIL_OUT_LAST_REFERENCES = 20,         /* … and these of its end */
};

/* Where the bytes of a file come from, when they lie neither in memory nor in a file. */
struct mail_out_stream {
    /* At most `room` bytes, 0 = the end; words when it fails. */
    err (*read)(void *from, char *to, ptrdiff_t room, ptrdiff_t *got, str *why);
    void *from;
};

struct mail_out_file {
    str name;       /* "" = "file" */
    str type;       /* "image/png"; of text/calendar also "text/calendar; method=REPLY" */
    str content_id; /* without < >; the HTML names it as cid:… */
    str path;       /* of its bytes; "" = they are `bytes` */
    str bytes;
    struct mail_out_stream stream; /* read is set: these, not `bytes` */
    int64_t size;   /* of the file at path, which must still have it; −1 = whatever it has */
    bool is_inline; /* a picture of the HTML; without HTML or content_id it is an ordinary file */
};

struct mail_out {
    str from_name, from_address;
    str sender, reply_to; /* addresses; "" = none */
    const struct mime_address *to, *cc;
    int n_to, n_cc;
    str subject;
    str message_id, in_reply_to; /* ids without < >; in_reply_to may be "" */
    const str *references;       /* oldest first; in_reply_to is added when it does not end them */
    int n_references;
    int64_t date_ms;
    str text; /* "" with html: made from it */
    str html; /* what html_clean gave; "" = none */
    const struct mail_out_file *files;
    int n_files;
    str boundary_seed;   /* the same for every try; "" = message_id */
    bool is_automatic;   /* nobody wrote it: Auto-Submitted, X-Auto-Response-Suppress */
    bool is_bulk;        /* Precedence: bulk, and with unsubscribe_url the headers for leaving */
    str unsubscribe_url; /* https (one click) or mailto; "" = none */
    str loop;            /* X-Seva-Loop: which installation; "" = none */
    bool is_utf8;        /* the peer takes SMTPUTF8 and the mail is sent with it */
    /* A mail that came taken apart and is put together again, to be read here (mail_fields.h): its
     * html is the document that it had, beside which no text is made; mails among its files stay
     * mails; it may have MIME_PARTS / 2 files and date_ms 0 (no Date). */
    bool is_rebuilt;
    const struct mime_header *above; /* of such a mail: the lines of others, above ours; those that
                                        would not be one of a header are left out */
    int n_above;
};

/* put gets the mail in pieces of at most 64 KB, CRLF line ends, without dot stuffing; false ends
 * the writing (E_UPSTREAM). E_INVALID with words: an address, id, or address for leaving that is
 * none; E_LIMIT with words: too many or too long; both before the first piece. E_NOT_FOUND,
 * E_CONFLICT with words: a file is gone or has another size. Others: reading a file. */
err mail_write(struct arena *a, const struct mail_out *mail, bool (*put)(void *arg, str piece),
    void *arg, str *why);

/* Whether some address can only be written with is_utf8. */
bool mail_needs_utf8(const struct mail_out *mail);
/* An address for envelope and headers: local part as it is (a dot-atom or a quoted string, at most
 * 64 bytes), domain lower case and in ASCII unless is_utf8. E_INVALID with words. */
err mail_address_wire(struct arena *a, str address, bool is_utf8, str *wire, str *why);
