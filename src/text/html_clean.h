/* html_clean: the HTML that agents write, and what they quote, as it may be stored and go out: a
 * fragment of the elements and attributes below and of nothing else. It is not filtered but built
 * anew from the events of libxml2's tolerant parser: what is not in the table has no way into it.
 * Everything else loses its tags and keeps its words; of what nobody sees as words (script, style,
 * svg, math, iframe, template …), comments, CDATA and processing instructions nothing stays.
 *
 *   element                          attributes besides dir, lang and style
 *   p div h1 h2 h3 h4 pre hr br
 *   ul ol li                         ol: start
 *   blockquote                       type="cite"
 *   table thead tbody tfoot tr       table: border
 *   th td                            colspan, rowspan
 *   b i u s em strong code small
 *   sub sup span
 *   a                                href: http, https, mailto and tel
 *   img                              src: cid:<one of the known pictures>; alt, width, height
 *
 *   dir     ltr, rtl, auto
 *   lang    letters, digits and -, at most 35
 *   style   color: #rrggbb (also written #rgb or rgb()); direction: ltr, rtl; text-align: left,
 *           right, center, justify, start, end
 *
 * strike and del become s, ins u, tt and kbd code, h5 and h6 h4, font with a colour span; section,
 * center, dl and other blocks become div; a picture that is not known becomes its alt text.
 *
 * The result is well formed as HTML and as XML (each element is closed, br, hr and img are written
 * <br/>), blocks stand in blocks, inline elements in blocks, tables and lists hold what belongs
 * there, white space runs are one space but in pre. Cleaning it again gives the same bytes.
 * Linear in the input. Sources: HTML Living Standard (2026), parsing of libxml2 2.9. Thread: any.
 */
#pragma once
#include "base/str.h"

enum {
    HTML_CLEAN_BYTES = 1024 * 1024, /* of input, and of output */
    HTML_CLEAN_DEPTH = 200,         /* elements inside each other */
    HTML_CLEAN_INLINES = 8,         /* inline elements inside each other; more are left out */
    HTML_CLEAN_LINK_BYTES = 2048,   /* of an address; longer ones are no links */
    HTML_CLEAN_ALT_BYTES = 400,
};

/* pictures: content ids (without < >) that img may name; any letter case counts as written. An
 * empty str: nothing of it may stay. E_LIMIT with words: too long or too deep (then nothing is
 * cut: the caller says so or takes the text). E_BUSY: libxml2 has no memory. */
err html_clean(
    struct arena *a, str html, const str *pictures, int n_pictures, str *clean, str *why);

/* Text as such a fragment: one div, "\n" as <br/>, further spaces of a run as no-break spaces. */
str html_clean_of_text(struct arena *a, str text);
