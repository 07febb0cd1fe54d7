/* search_fold: what a character and the marks on it are for search: signs, each a letter, a digit
 * or what parts words. The rules are told in search_words.h. Not here: which signs are a word
 * (search_words.c). Thread: any; each keeps what it met last, so that a letter that comes again
 * needs no look into Unicode's tables. */
#pragma once
#include <unicode/uscript.h>

#include "base/str.h"

enum search_kind_of_sign {
    SIGN_SPACE,
    SIGN_LETTER,
    SIGN_PAIRED,  /* Han, Kana, Hangul */
    SIGN_SPELLED, /* Thai, Lao, Khmer, Burmese */
    SIGN_CONNECTOR,
    SIGN_PICTURE
};

struct search_sign {
    uint32_t c;
    enum search_kind_of_sign kind;
    bool is_digit;
};
typedef void search_sign_fn(void *closure, const struct search_sign *sign);

struct search_folder;
/* This thread's; NULL when memory is short, and then nothing is kept. */
struct search_folder *search_folder(void);

/* The bytes of a character at `at` and of the marks that join it; 0: bad UTF-8. */
ptrdiff_t search_cluster(struct search_folder *f, str text, ptrdiff_t at);
/* Gives the signs of a cluster. *script: of the letter before, USCRIPT_COMMON at first; it decides
 * whether a mark that stands alone is kept. */
void search_fold(
    struct search_folder *f, str cluster, UScriptCode *script, search_sign_fn *each, void *closure);
/* One of ASCII; c is small already. */
enum search_kind_of_sign search_ascii(unsigned char c);
