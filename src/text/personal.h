/* personal: what in a text should not stand in public: card, phone and order numbers and mail
 * addresses. For the warning before a public reply and for the offer to go on in private. It finds
 * what people really write and is no proof that a text is clean; better one warning too few than
 * one in every message, so numbers alone count only in forms that nothing else has. Digits of every
 * script (Arabic-Indic, Bengali, Devanagari, Gujarati …). Addresses (text/url.h) are passed over.
 * Takes any bytes. Linear in the text. Thread: pure.
 *   card   13–19 digits, single spaces or dashes between, first digits of a card network (ISO/IEC
 *          7812), right by Luhn
 *   phone  + or 00 and 8–15 digits (E.164); 0 and 8–11 more; (555) 123-4567, 555-123-4567; ten
 *          digits from 6–9 (India); or 6 and more behind a word such as phone. Not dates or times
 *   mail   local@domain with a known top-level domain
 *   order  an id with at least three digits behind a word such as order, অর্ডার, 注文番号; # and
 *          4–12 digits, but no year; two to five capitals, a dash and five digits or more */
#pragma once
#include "base/str.h"

enum personal_kind { PERSONAL_CARD, PERSONAL_PHONE, PERSONAL_MAIL, PERSONAL_ORDER };

struct personal {
    enum personal_kind kind;
    ptrdiff_t start, end; /* bytes of the number or address itself, end behind */
};

enum { PERSONAL_MAX = 50 }; /* findings told of one text: a warning needs no more */

struct personal_list {
    struct personal at[PERSONAL_MAX]; /* by start, never overlapping */
    ptrdiff_t n;
};
void personal_find(str text, struct personal_list *found);
