/* search_words: the words of a text as search knows them. Both databases store what this gives, and
 * queries go through it too, so that they find the same. Not here: queries (search_query.h),
 * ranking (search_match.h).
 *
 * A run is what stands together without a space: letters, marks and digits, and between two of them
 * one of . @ _ - / : ' ’ # + &, or a comma inside a number ("1,000.50"). A run's parts are its
 * words, each with a position of its own; a run of several parts is also a word as a whole, at the
 * position of its first part: without its signs ("INV-2024/001" is inv, 2024, 001 and inv2024001),
 * or, when it holds an @, the address as it is (without "mailto:" before it).
 *
 * A telephone number (search_phone.h) is in the index also its digits as a whole and those of the
 * number within its country, at the position of its first group: +880 1711-223344 is also
 * 8801711223344 and 1711223344.
 *
 * Letters: NFKC with case folded (UAX 15; ß is ss, full width is narrow); invisible signs (joiners,
 * direction marks, soft hyphens) are left out; marks are taken off Latin, Greek, Cyrillic, Arabic
 * and Hebrew letters only (é is e, ё is е, harakat and niqqud go; vowel signs of Indic scripts
 * stay: টাকি is not টাকা); đ, ø, ł, ı are d, o, l, i and æ, œ, þ are ae, oe, th; ৎ and Malayalam's
 * chillus are the letter with its virama; Arabic ى and Persian ی are ي, ک is ك, ة is ه,
 * the tatweel goes; every script's digits are 0 to 9. Han, Kana and Hangul are cut into pairs, each
 * with its position, and a run ends with its last character alone, so that one character is found
 * as a beginning; Thai, Lao, Khmer and Burmese by ICU's dictionaries. An emoji is a word, without
 * its skin tone; a flag is one. Thread: any; ICU's objects are kept per thread. */
#pragma once
#include "base/str.h"

enum {
    SEARCH_TEXT_BYTES = 64 * 1024, /* of a text are read, cut before a character */
    SEARCH_WORD_BYTES = 96,        /* of a word are kept, cut before a character */
    SEARCH_WORDS = 16000,          /* of a text; PostgreSQL counts positions to 16,383 */
};

enum search_mode {
    SEARCH_INDEX,
    SEARCH_QUERY, /* without telephone numbers as wholes */
};

struct search_word {
    str word;           /* lives until the callback returns */
    int32_t position;   /* from 0 */
    int32_t run;        /* from 0: words of one run stand together */
    ptrdiff_t from, to; /* bytes of the text */
    bool is_whole;      /* the run (or a telephone number) as one word, beside its parts */
    bool is_single;     /* one character of Han, Kana or Hangul: to be sought as a beginning */
    bool is_tail;       /* the same, alone behind the pairs of its run */
};
/* Positions never fall; the whole comes before its parts. False: stop. */
typedef bool search_word_fn(void *closure, const struct search_word *word);
/* Bad UTF-8 parts words. False when it was stopped. */
bool search_words_each(str text, enum search_mode mode, search_word_fn *each, void *closure);
/* First characters of words: a set that may seem to hold others as well. */
enum { SEARCH_FIRSTS = 256 };
struct search_firsts {
    uint64_t bits[SEARCH_FIRSTS / 64];
};
void search_firsts_add(struct search_firsts *firsts, str word);
/* NULL holds all. */
static inline bool search_firsts_hold(const struct search_firsts *firsts, uint32_t c)
{
    return !firsts || (firsts->bits[c % SEARCH_FIRSTS / 64] >> c % 64 & 1);
}
/* The same, but only words that begin with one of these are given; others are counted. */
bool search_words_some(str text, enum search_mode mode, const struct search_firsts *firsts,
    search_word_fn *each, void *closure);
/* Changes with these rules and with ICU's data: what is stored must then be made anew. */
int32_t search_words_version(void);
