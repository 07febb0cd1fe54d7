/* words: the few sentences that the server itself shows to visitors (transcript, pages that work
 * without script), from i18n/server in the reader's language. Not for API errors (English) and not
 * for the console or widget (their catalogues are in the browser). Nothing here escapes HTML: the
 * caller does. Thread: pure. Rules: RFC 9110 section 12.5.4, RFC 4647 section 3.4 (lookup). */
#pragma once
#include "base/arena.h"
#include "base/str.h"

struct words_arg {
    const char *name;
    str text;       /* of {name} */
    int64_t number; /* of {n, number}; of {at, date} and {at, time}: Unix ms */
    str zone;       /* IANA name that dates and times are shown in; empty, or not known: UTC */
};

/* The locale of ours that suits an Accept-Language value best ("bn-BD, en;q=0.5" → "bn"); a plain
 * language tag is such a value too. "en" when none does, or the value is empty or malformed. */
str words_locale(str accept_language);
bool words_is_rtl(str locale); /* of a locale that words_locale gave */

/* The sentence. Locale: from words_locale. A key or argument that the catalogue does not know is a
 * bug of ours and ends the process. In right-to-left locales text arguments are set apart with
 * bidi isolates (U+2068, U+2069). */
str words(struct arena *a, str locale, const char *key, const struct words_arg *args, ptrdiff_t n);
