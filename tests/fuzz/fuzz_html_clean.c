/* Any bytes as HTML that an agent wrote: what comes out is of the elements and attributes that are
 * allowed, well formed, and stays as it is when it is cleaned again; text becomes such HTML too. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/html_walk.h"
#include "base/utf8.h"
#include "text/html_clean.h"
#include "text/html_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const str pictures[] = {S_INIT("p")};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void check(struct arena *a, str html)
{
    str again, why, text;
    const char *wrong = html_walk(html, pictures, 1);
    must(wrong == NULL, wrong);
    must(utf8_valid(html), "not valid UTF-8");
    must(html_clean(a, html, pictures, 1, &again, &why) == OK, "refused what it wrote");
    must(str_eq(again, html), "changes again");
    must(html_text_mail(a, html, 1000, &text) == OK, "no text");
    must(utf8_valid(text) && text.len <= 1000, "a text that is none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str in = str_of(data, (ptrdiff_t)size), out, why = {0};
    err e = html_clean(&a, in, pictures, 1, &out, &why);
    must(e == OK || (e == E_LIMIT && why.len > 0), "an error without words");
    if (e == OK)
        check(&a, out);
    check(&a, html_clean_of_text(&a, in));
    arena_free(&a);
    return 0;
}
