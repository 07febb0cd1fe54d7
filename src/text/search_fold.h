/* search_fold: the letters by which a character is found, and what they are to search_words, whose
 * rules are in search_words.h. Characters are folded one cluster (a character and the marks that
 * may join it) after the other. One careful way, by ICU; and what a character alone comes to is
 * kept, per thread, as long as nothing beside it matters. Inner to search_words. Thread: any. */
#pragma once
#include "text/search_words.h"

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
enum {
    SEARCH_SIGNS_MOST = 1200, /* of a cluster */
    SEARCH_RUN_SIGNS = 1024,  /* of a run; a longer one is cut */
};

/* What stands together, folded, as it grows. */
struct search_run_sign {
    uint32_t c;
    int32_t from, to; /* bytes of the text */
    uint16_t at;      /* byte of the run */
    uint8_t kind;
};
struct search_run {
    struct search_run_sign signs[SEARCH_RUN_SIGNS];
    char bytes[SEARCH_RUN_SIGNS * 4]; /* of the signs one behind the other, UTF-8 */
    int n, n_bytes;
    unsigned kinds; /* bits of those that are in it */
};
/* n < SEARCH_RUN_SIGNS. */
void search_run_add(struct search_run *run, struct search_sign sign, ptrdiff_t from, ptrdiff_t to);

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

/* Adds letters (also those of Han and of Thai) to the run as far as each can be folded for itself,
 * and returns where it stopped: `at` itself when there is none. It stops early where something else
 * begins, and at a digit behind a colon or at the beginning. */
ptrdiff_t search_fold_letters(
    struct search_folder *f, str text, ptrdiff_t at, struct search_run *run);

/* A word of nothing but letters and digits, of any script that is written with spaces: `at` is its
 * beginning and its end is where a run ends, too. False, and nothing has changed: there is none,
 * and what stands there is to be folded in another way. */
struct search_one {
    uint32_t first;     /* its first character */
    bool is_asked_for;  /* else its bytes are not filled */
    ptrdiff_t from, to; /* bytes of the text */
    ptrdiff_t end;      /* where what stands behind it begins */
    ptrdiff_t n;        /* bytes of the word */
    int n_signs;
    char bytes[SEARCH_WORD_BYTES];
};
bool search_fold_word(struct search_folder *f, str text, ptrdiff_t at,
    const struct search_firsts *firsts, struct search_one *word);

/* The same for a small letter, digit or sign of ASCII. */
enum search_kind search_kind_ascii(unsigned char c);
/* Of a letter of ASCII that was not given to search_fold_next. */
void search_fold_ascii(struct search_folder *f, unsigned char c);
