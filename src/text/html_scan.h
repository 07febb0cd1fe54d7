/* html_scan: HTML as a run of tags and texts with their places in the bytes. libxml2's parser,
 * which html_text uses, tells no places; here only places matter, and what stands there is
 * sanitised afterwards. It follows the WHATWG tokenizer for what can be told without a tree: quoted
 * attributes, comments, and the texts of script, style, title and the like, in which there are no
 * tags. Linear; nothing is decoded; never fails. Source: HTML Living Standard 13.2.5. Thread: any.
 */
#pragma once
#include "base/str.h"

enum html_token_kind {
    HTML_TEXT,
    HTML_START, /* of an element */
    HTML_END,
    HTML_OTHER, /* comment, doctype, the inside of script … */
};

struct html_token {
    enum html_token_kind kind;
    ptrdiff_t start, end; /* bytes [start, end) */
    str name;             /* of START and END, as written */
    str attributes;       /* of START: what stands between name and ">" */
};

struct html_scan {
    str html;
    ptrdiff_t at;
    str raw; /* the element whose text comes next; "" = none */
};

/* False at the end. */
bool html_scan_next(struct html_scan *scan, struct html_token *token);

/* The value of the first attribute of this name (lower case given), without quotes; "" when absent.
 * A slice of `attributes`. */
str html_scan_attribute(str attributes, const char *name);
