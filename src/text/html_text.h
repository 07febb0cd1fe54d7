/* html_text: HTML that a network hands us (Mastodon statuses, YouTube comments) as plain text. The
 * result is text and nothing else: never put it into a page without escaping. Behind this file
 * stands libxml2's tolerant HTML parser (2.9, SAX, no network, no entities of a document).
 *   br, p, div, li, h1–h6 …  line breaks; a blank line between paragraphs; "- " before list items
 *   a          the whole address instead of its shortened text (Mastodon hides parts of it); a
 *              mention or tag stays as written; other words are followed by " (address)"; only
 *              http, https and mailto addresses
 *   entities   their characters; white space runs become one space, but in pre
 *   script, style, head, anything else: dropped, its text kept where people see it
 * html_text_mail is the plain form of formatted mail that people write: beside that,
 *   blockquote lines begin with "> ", one > for each
 *   ol, ul     items of ol have their numbers; lists inside lists stand two spaces further
 *   hr         a line "---"
 *   img        its alt text in [ ]
 * Sources: Mastodon docs "Status#content" (2026), YouTube Data API comments textDisplay. Thread:
 * any. */
#pragma once
#include "base/str.h"

enum {
    HTML_TEXT_IN_BYTES = 1024 * 1024, /* bytes of HTML looked at; the rest is cut */
    HTML_TEXT_DEPTH = 200,            /* elements inside each other; what is deeper ends the text */
    HTML_TEXT_QUOTES = 20,            /* > before a line, at most */
};

/* At most max_bytes of valid UTF-8 (cut between code points), without leading or trailing white
 * space. Never fails: of broken HTML, what can be read. E_BUSY only when libxml2 has no memory. */
err html_text(struct arena *a, str html, ptrdiff_t max_bytes, str *text);
err html_text_mail(struct arena *a, str html, ptrdiff_t max_bytes, str *text);

/* Without "<![if …]>", "<![endif]>" and the like, which browsers pass over and libxml2 takes for
 * words; up to the next >, as HTML has it. */
str html_without_marks(struct arena *a, str html);
