/* grapheme: where a text may be cut between what a reader takes for two characters. Extended
 * grapheme clusters of UAX #29 with rule GB9c of Unicode 15.1 (an Indic conjunct such as স্ত is
 * one), which ICU 72 does not have yet; so "नमस्ते" has 3, as Bluesky and today's browsers count. Not
 * for screen cuts of previews (base/utf8.h is enough there). Thread: any. */
#pragma once
#include "base/str.h"

struct grapheme_walk {
    str text;
    ptrdiff_t at; /* the end of what was given */
    void *breaks; /* ICU's iterator; NULL (no memory): code points are the next best */
};
/* Bytes that are no UTF-8 count as one each or as ICU takes them; never fails. Close it. */
struct grapheme_walk grapheme_walk_open(str text);
/* The end of the next grapheme; text.len again and again at the end. */
ptrdiff_t grapheme_next(struct grapheme_walk *w);
void grapheme_walk_close(struct grapheme_walk *w);

int64_t grapheme_count(str text);
