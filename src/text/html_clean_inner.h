/* What the files of html_clean share: html_clean.c (the walk: what stands inside what) and
 * html_clean_tag.c (one start tag: its element and its attributes). Thread: pure. */
#pragma once
#include "text/html_clean.h"
#include "text/html_escape.h"

enum html_kind {
    HTML_NOTHING, /* the tags go, the words stay */
    HTML_HIDDEN,  /* goes with all that is in it */
    HTML_FLOW,    /* holds blocks and words */
    HTML_WORDS,   /* a block that holds words only */
    HTML_PRE,     /* the same, spaces and lines kept */
    HTML_LIST,
    HTML_ITEM,
    HTML_TABLE,
    HTML_GROUP,
    HTML_ROW,
    HTML_CELL,
    HTML_INLINE,
    HTML_RULE,    /* hr */
    HTML_BREAK,   /* br */
    HTML_PICTURE, /* img */
};

struct html_element {
    const char *name; /* as it comes */
    const char *as;   /* as it goes out */
    enum html_kind kind;
};

struct html_pictures {
    const str *at;
    int n;
};

/* The row of an element, whose kind is HTML_NOTHING when the table has none. */
const struct html_element *html_element_of(str name);
/* The whole start tag "<a href=…>", of a void element "<br/>", in b, whatever stood there. False:
 * the element may not be, since an attribute is missing or wrong (a, img), or says nothing without
 * any (span). attributes: names and values by turns, NULL at the end, or NULL; as libxml2 has them.
 */
bool html_tag(struct sb *b, const struct html_element *element, const unsigned char **attributes,
    const struct html_pictures *pictures);
/* The alt text of a picture that is left out; empty without. */
str html_alt(const unsigned char **attributes);
/* Without the characters that html_escape drops; line ends as \n. */
str html_fit_text(struct arena *a, str text);
