/* search_phone: telephone numbers in a text, however they are grouped. Looser than text/facets: it
 * decides only under which digits a text is found. Groups of digits with at most three of
 * space - . / ( ) between them, 9 to 15 digits in all; digits of every script. In a text a number
 * begins with +, 00 or 0, or has its area code in brackets, or is three groups or more of two to
 * four digits; what is sought needs nothing of that. Country codes: ITU-T E.164 (1 and 7 have one
 * digit, those listed two, all others three). Thread: pure. */
#pragma once
#include "base/str.h"

enum {
    SEARCH_PHONE_DIGITS = 15,
    SEARCH_PHONE_LEAST = 9,
    SEARCH_PHONE_GROUPS = 8,
};

struct search_phone {
    char digits[SEARCH_PHONE_DIGITS]; /* with the country's code or the trunk 0, without + and 00 */
    int n;
    int skip;       /* digits[skip] begins the number within its country */
    ptrdiff_t end;  /* byte behind the last digit */
    bool is_spread; /* no run of search_words: its digits as a whole are no word there */
};
enum search_phone_in { SEARCH_PHONE_TEXT, SEARCH_PHONE_SOUGHT };

/* What may be a number whose first digit is at byte `at`; what stands before it counts. A number
 * may end with each of its groups ("01711 234567 10 times"): the shorter reading is first. How
 * many. */
int search_phones_at(str text, ptrdiff_t at, enum search_phone_in in,
    struct search_phone phones[SEARCH_PHONE_GROUPS]);
/* The number within its country, as it is stored and sought. */
str search_phone_national(const struct search_phone *phone);
