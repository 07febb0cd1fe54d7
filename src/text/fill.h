/* fill: texts that are written by itself, with places to fill in: "Dear {{contact.name}}". Not
 * here: templates of networks (connector/…_template.c), the words of Seva itself (text/words.h).
 * Thread: any. */
#pragma once
#include "base/str.h"

enum {
    FILL_LANGUAGES = 40,      /* of one text */
    FILL_LANGUAGE_BYTES = 35, /* of a tag (RFC 5646, 4.4.1) */
    FILL_TEXT_BYTES = 8000,   /* before it is filled in */
    FILL_NAME_BYTES = 60,     /* of a person's name that is filled in */
};

struct fill_values {
    str name;       /* {{contact.name}}; empty: it and a space before it are left out */
    int64_t number; /* {{conversation.number}} */
};
/* The next {{place}} of a text: what stands before it, its name, the rest after it. False: there is
 * none. */
bool fill_next(str text, str *before, str *place, str *rest);
/* What is filled in is never looked at again. What is no place of ours stays as it is. */
str fill(struct arena *a, str text, const struct fill_values *values);
/* False: *unknown is the name of a place that nothing is there for. */
bool fill_check(str text, str *unknown);
/* A stranger's name as it may stand in a mail of ours: one line, not long; empty when it has an
 * address or a link in it, so that nobody sends advertisements to others through us. */
str fill_person(str name);
/* The best of these tags for a reader of `language` ("de-AT": de-AT, de, a text without a language,
 * then the first); −1 without any. */
ptrdiff_t fill_choose(const str *languages, ptrdiff_t n, str language);
