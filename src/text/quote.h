/* quote: what of a mail its writer wrote, what is an older mail quoted, what is a signature. For
 * showing only: the whole text stays stored, and whatever is folded can be unfolded. What is
 * doubtful counts as the writer's own: words between and below quotes are never folded.
 *
 * Plain text knows: our own line "##- Please type your reply above this line -##"; lines that begin
 * with ">"; "On … wrote:" in some 45 languages, over up to three lines, and by its date, time and
 * address in any language; "-----Original Message-----" and the like; Outlook's block of From,
 * Sent, To, Subject; "-- " and "Sent from my iPhone". They are heuristics: mail programs write what
 * they like. HTML is cut by structure: the elements by which mail programs mark a quote
 * (quote_html.c has the table), and our own line. Sources: RFC 3676 (signature, ">"); Gmail,
 * Outlook, Apple Mail, Thunderbird, Yahoo, Proton, Zoho and others as they write (2026). Both take
 * time in proportion to the text. Thread: any. */
#pragma once
#include "base/str.h"

enum {
    QUOTE_IN_BYTES = 1024 * 1024,    /* looked at; what lies beyond belongs to the last piece */
    QUOTE_WROTE_BYTES = 600,         /* bytes of "On … wrote:", over its lines */
    QUOTE_SIGNATURE_LINES = 30,      /* below "-- "; more are no signature */
    QUOTE_SHORT_SIGNATURE_LINES = 8, /* below "--" without its space */
    QUOTE_MOBILE_LINES = 3,          /* "Sent from …" and what stands below it */
    QUOTE_HTML_DEPTH = 1000,         /* blockquotes inside each other that are counted */
};

/* Pieces of the text given, trimmed; each is one run of it. Interleaved answers: own reaches from
 * the beginning to the last word of the writer, quotes in between included. Answer below the quote:
 * quoted stands before own. Nothing of the writer's own is found (a forward, a bare quote): own is
 * the whole text, the others are empty. */
struct quote_parts {
    str own, quoted, signature;
};
void quote_split(str text, struct quote_parts *parts);

/* How to fold an HTML mail. The places are marked with the attribute data-seva-quote (any such
 * attribute that the mail itself brings is without effect: it is renamed):
 *   data-seva-quote=element   fold this element; up to QUOTE_HTML_MARKS of them, one may hold
 *                             "On … wrote:", the next one the quote
 *   data-seva-quote=rest      fold it and everything behind it in document order (it may be an
 *                             empty span put there): in a browser, a Range from before it to the
 *                             end of the body, extractContents()
 * Sanitise the result like any HTML of a mail; sanitisers keep data- attributes. */
enum quote_html_kind {
    QUOTE_HTML_NONE, /* nothing to fold, or nothing would be left: html is as given */
    QUOTE_HTML_ELEMENT,
    QUOTE_HTML_REST,
};
enum { QUOTE_HTML_MARKS = 2 };
struct quote_html {
    enum quote_html_kind kind;
    str html;     /* with the marks */
    ptrdiff_t at; /* byte of the HTML as given where the first folded thing begins; -1 = NONE */
};
void quote_split_html(struct arena *a, str html, struct quote_html *out);
