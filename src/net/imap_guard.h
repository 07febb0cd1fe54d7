/* What is read from an IMAP server before libetpan may parse it: a pass over the bytes as they
 * arrive that knows lines and literals and holds them to our limits. libetpan allocates what a
 * literal announces, recurses where parentheses nest, keeps every line of an answer, and never
 * frees a flag that is a string (which RFC 3501 does not know), and falls over permanent flags that
 * begin with none; each of these ends here first. It also notes what must not be lost wherever it
 * stands: that the folder has grown, that the server says goodbye. Pure; a server's bytes may be
 * cut anywhere. Source: RFC 3501 and 9051, section 9. */
#pragma once
#include "base/limits.h"
#include "base/str.h"

enum { IMAP_GUARD_HEAD_BYTES = 64, IMAP_GUARD_BYE_BYTES = 200, IMAP_GUARD_TAIL_BYTES = 16 };

struct imap_guard {
    /* For the answer to one command; see imap_guard_begin. */
    int64_t literal_max; /* bytes of one literal */
    int64_t bytes_max;   /* of all literals together */
    bool is_greeting;    /* set behind imap_guard_begin: libetpan falls over lists in it */
    int64_t literal_bytes, text_bytes;
    int lines;

    /* Where we are. */
    int64_t literal_left;
    ptrdiff_t line_bytes; /* of this response, literals aside */
    int parens;           /* opened in this response */
    bool is_flags;        /* between the parentheses of "FLAGS (" */
    enum { FIRST_NONE, FIRST_FLAG, FIRST_BACKSLASH } first; /* "PERMANENTFLAGS (": what is due */
    unsigned tail_at; /* of the last letters, upper case, blanks aside */
    char tail[IMAP_GUARD_TAIL_BYTES];
    bool is_continued;  /* after a literal: still the response before it */
    ptrdiff_t head_len; /* the response's beginning, runs of blanks as one */
    char head[IMAP_GUARD_HEAD_BYTES];
    enum { BRACE_NONE, BRACE_OPEN, BRACE_PLUS, BRACE_CLOSED } brace;
    int brace_digits;
    int64_t brace_number;

    /* What was seen, until somebody takes it away. */
    bool has_news;   /* "* n EXISTS" */
    uint32_t exists; /* the last of them */
    bool is_bye;
    ptrdiff_t bye_len;
    char bye[IMAP_GUARD_BYE_BYTES];

    const char *why; /* the limit that was broken; NULL = none */
};

/* Before each command: nothing of the answer has been counted. */
void imap_guard_begin(struct imap_guard *g, int64_t literal_max, int64_t bytes_max);
/* False: g->why says which limit the bytes break, or g->is_bye is set. Nothing more may be read. */
bool imap_guard_look(struct imap_guard *g, str bytes);
