/* One answer of an SMTP server, from its lines: code, enhanced code, words. Everything is foreign
 * and bounded. Source: RFC 5321 4.2, RFC 2034, RFC 3463. Thread: pure. */
#pragma once
#include "base/str.h"

struct smtp_reply {
    int code;     /* 200–599 */
    str enhanced; /* "5.1.1" of the first line that has one of the code's class; "" = none */
    str text;     /* lines joined by LF, without codes; valid UTF-8, controls are spaces */
};

/* Make it zero, with an arena; then add lines until the answer is whole. */
struct smtp_reply_reader {
    struct arena *a;
    int lines;
    struct sb text;
    struct smtp_reply reply;
};

enum smtp_reply_step {
    SMTP_REPLY_MORE,   /* there are more lines */
    SMTP_REPLY_WHOLE,  /* reader->reply is the answer */
    SMTP_REPLY_BROKEN, /* this is no SMTP, or more than LIMIT_SMTP_LINES lines */
};
/* line: without its end, at most LIMIT_SMTP_LINE_BYTES. Longer texts are cut at
 * LIMIT_SMTP_REPLY_BYTES. */
enum smtp_reply_step smtp_reply_line(struct smtp_reply_reader *reader, str line);

/* The words for one line of a page or log: LF becomes a space, at most 400 bytes. */
str smtp_reply_words(struct arena *a, const struct smtp_reply *reply);

/* Doubles dots at line starts and makes every line end CRLF, also a lone CR or LF: what another
 * server takes for a line end can then never hide a command. Make it zero for a new mail. */
struct smtp_stuff {
    bool is_inside; /* of a line: the last byte was not a line end */
    bool was_cr;    /* a CR was the last byte; its CRLF is written */
};
/* Writes piece to `to`, which has room for 2 × piece.len + 1 bytes; returns how many. */
ptrdiff_t smtp_stuff(struct smtp_stuff *state, str piece, char *to);
