/* search_fold: the letters by which a character is found, and what they are to search_words, whose
 * rules are in search_words.h. Characters are folded one cluster (a character and the marks that
 * may join it) after the other. One careful way, by ICU; and what a character alone comes to is
 * kept, per thread, as long as nothing beside it matters. Inner to search_words. Thread: any. */
#pragma once
#include "base/str.h"

enum search_kind {
    SEARCH_SPACE,
    SEARCH_LETTER,
    SEARCH_PAIRED,  /* Han, Kana, Hangul */
    SEARCH_SPELLED, /* Thai, Lao, Khmer, Burmese */
    SEARCH_CONNECTOR,
    SEARCH_PICTURE,
};
struct search_sign {
    uint32_t c : 24; /* a code point */
    enum search_kind kind : 8;
};
enum { SEARCH_SIGNS_MOST = 1200 }; /* of a cluster */

struct search_folder {
    struct search_known *known; /* of this thread; NULL: nothing is kept */
    int base;                   /* script of the letter before: whether marks on it stay */
    struct search_sign signs[SEARCH_SIGNS_MOST]; /* of the last cluster */
    int n;
};
enum search_folding {
    SEARCH_FOLD_QUICK,
    SEARCH_FOLD_CAREFUL, /* keeps nothing: what tests hold the other to */
};
void search_folder_begin(struct search_folder *f, enum search_folding how);
/* Folds the cluster at byte `at` (< text.len) and returns its end. Bad bytes are a space. */
ptrdiff_t search_fold_next(struct search_folder *f, str text, ptrdiff_t at);

/* The same for a small letter, digit or sign of ASCII. */
enum search_kind search_kind_ascii(unsigned char c);
/* Of a letter of ASCII that was not given to search_fold_next. */
void search_fold_ascii(struct search_folder *f, unsigned char c);
