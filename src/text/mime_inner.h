/* What the files of the mail reader (mime.h) share: mime.c (the whole), mime_tree.c (where parts
 * begin and end), mime_field.c (lines of a header), mime_params.c (parameters, RFC 2231),
 * mime_words.c (RFC 2047), mime_address.c (people), mime_id.c (message ids), mime_charset.c (bytes
 * to UTF-8), mime_decode.c (transfer encodings), mime_people.c (the header of a mail), mime_body.c
 * (which parts are the body), mime_files.c (which are not), mime_flowed.c (RFC 3676).
 *
 * What GMime 3.2 would do more simply and why it does not: its parser recurses 1,024 levels and
 * holds the whole mail a second time; of RFC 2047 words with padding it loses the second; a header
 * of "=?a?b?" takes quadratic time; and every unknown charset's name stays in memory for ever. Used
 * of it are base64, uuencode and dates. Thread: a reading belongs to one thread. */
#pragma once
#include "text/mime.h"

/* What was cut or not understood: one sentence each in mime_mail.degraded. */
enum mime_flaw {
    MIME_FLAW_CHARSET = 1 << 0,  /* an unknown one; its name is kept */
    MIME_FLAW_LYING = 1 << 1,    /* the bytes are not in the charset that is named */
    MIME_FLAW_ENCODING = 1 << 2, /* an unknown transfer encoding */
    MIME_FLAW_BOUNDARY = 1 << 3, /* none, or it never appears */
    MIME_FLAW_CUT = 1 << 4,      /* the last boundary is missing */
    MIME_FLAW_PARTS = 1 << 5,
    MIME_FLAW_DEPTH = 1 << 6,
    MIME_FLAW_HEADER = 1 << 7, /* more header than is kept */
    MIME_FLAW_LINE = 1 << 8,   /* a header line that is none */
    MIME_FLAW_LISTS = 1 << 9,  /* more addresses than are kept */
    MIME_FLAW_TEXT = 1 << 10,  /* a longer text than is kept */
    MIME_FLAW_WORDS = 1 << 11, /* more encoded words than are decoded */
    MIME_FLAW_FROM = 1 << 12,  /* several senders */
};

struct mime_reading {
    struct arena *a;
    unsigned flaws;  /* of enum mime_flaw */
    str odd_charset; /* the first unknown one, fit to show */
    str fallback;    /* charset of this mail's text: tried for headers with bare 8-bit text */
    int words;       /* encoded words decoded so far */
};

/* ── mime_charset.c ── */

/* bytes in `charset` (as named in a mail, in any spelling) as UTF-8 without NUL. An unknown or
 * lying one: as UTF-8 if the bytes are valid, else as windows-1252; what is not valid in a known
 * charset becomes U+FFFD. is_body: flaws are noted (in headers only unknown charsets are). */
str mime_utf8(struct mime_reading *r, str bytes, str charset, bool is_body);
/* Bare 8-bit text of a header: UTF-8, else the fallback charset, else windows-1252; ISO-2022-JP
 * when its escapes stand in it. */
str mime_bare_utf8(struct mime_reading *r, str bytes);

/* ── mime_field.c ── */

struct mime_field {
    str name, value; /* value as it stands, folds included; slices of the mail */
};
/* The next field of a header; false at its end. Lines that are none are passed over and noted. */
bool mime_field_next(struct mime_reading *r, str *header, struct mime_field *field);
/* Whether a line could begin a field. */
bool mime_is_field(str line);
/* Without the line breaks of folding; at most max bytes are looked at. */
str mime_unfold(struct arena *a, str raw, ptrdiff_t max);
/* One line fit to show: without controls, bidi overrides, NUL; trimmed, cut to max bytes. */
str mime_line(struct arena *a, str utf8, ptrdiff_t max);

/* ── mime_words.c ── */

/* An unstructured value, unfolded and in UTF-8, with its RFC 2047 words decoded; not yet a line. */
str mime_words(struct mime_reading *r, str text);
/* The same from the raw value, as a line. */
str mime_value(struct mime_reading *r, str raw, ptrdiff_t max);

/* ── mime_params.c ── */

enum { MIME_PARAMS = 64, MIME_PARAMS_BYTES = 8 * 1024 };

struct mime_param {
    str name;      /* lower case, without * and number */
    str value;     /* unquoted; still percent-encoded when is_coded */
    int number;    /* −1 = no continuation */
    bool is_coded; /* name*= or name*1*= */
};
struct mime_params {
    str value; /* before the first ";", lower case: "text/plain", "attachment", "base64" */
    struct mime_param at[MIME_PARAMS];
    int n;
};
void mime_params_read(struct mime_reading *r, str raw, struct mime_params *params);
/* "" when it is absent; RFC 2231 put together, RFC 2047 words (against its rules) decoded. */
str mime_param(struct mime_reading *r, const struct mime_params *params, const char *name);

/* ── mime_address.c, mime_id.c ── */

struct mime_list {
    struct mime_address *at; /* room for MIME_ADDRESSES */
    int n;
};
void mime_addresses(struct mime_reading *r, str raw, struct mime_list *list);
/* The first id in it, without < >; "" = none. */
str mime_id(struct mime_reading *r, str raw);
/* Adds the ids in it, oldest first; keeps the newest MIME_REFERENCES of them. */
const str *mime_ids(struct mime_reading *r, str raw, int *n);

/* ── mime_tree.c ── */

enum mime_encoding { MIME_PLAIN, MIME_BASE64, MIME_QUOTED, MIME_UU };
enum { MIME_NODES = 2 * MIME_PARTS };

struct mime_node {
    int parent; /* index; −1 = the mail itself */
    int number; /* of a leaf, from 0; −1 = a multipart */
    int children;
    str header, body; /* slices of the mail; body still in its transfer encoding */
    enum mime_encoding encoding;
    str type; /* lower case, never "": "text/plain" when nothing better is said */
    str charset, boundary, start, protocol, smime_type, report_type, method; /* "" = not said */
    str name, content_id;
    bool is_attachment; /* Content-Disposition: attachment */
    bool is_flowed, is_delsp;
};
struct mime_tree {
    struct mime_node *at; /* in order of appearance; a parent stands before its children */
    int n, room;
};
void mime_tree_read(struct mime_reading *r, str bytes, struct mime_tree *tree);
bool mime_is_multipart(const struct mime_node *node); /* one that has children */
/* Type and subtype, or all of a type ("text/"). */
bool mime_is(const struct mime_node *node, const char *type);

/* ── mime_decode.c ── */

/* The decoded bytes in pieces of at most 64 KB, until put says false (then false). */
bool mime_decode_each(const struct mime_node *node, bool (*put)(void *arg, str piece), void *arg);
int64_t mime_decoded_bytes(const struct mime_node *node);
/* The first max decoded bytes; *is_cut: there are more. Points into the mail where nothing is
 * encoded. */
str mime_decode(struct arena *a, const struct mime_node *node, ptrdiff_t max, bool *is_cut);

/* ── mime_people.c, mime_body.c, mime_files.c, mime_flowed.c ── */

/* header: of the mail itself. */
void mime_people_read(struct mime_reading *r, str header, struct mime_mail *mail);
/* The time that a Date says; 0 = none. */
int64_t mime_date(struct arena *a, str value);
/* Sets text, html, is_flowed, is_delsp; is_body[i] of nodes that are the body, or alternatives of
 * it. */
void mime_body_read(struct mime_reading *r, const struct mime_tree *tree, struct mime_mail *mail,
    bool is_body[MIME_NODES]);
/* Sets parts, calendar, report…, guard; html and text must be there. */
void mime_files_read(struct mime_reading *r, const struct mime_tree *tree,
    const bool is_body[MIME_NODES], struct mime_mail *mail);
/* A text part's words: decoded, in UTF-8, LF line ends, without NUL and controls; at most max. */
str mime_text(struct mime_reading *r, const struct mime_node *node, ptrdiff_t max);
/* format=flowed (RFC 3676) with its lines put together again; text has LF line ends. */
str mime_unflow(struct arena *a, str text, bool is_delsp);
