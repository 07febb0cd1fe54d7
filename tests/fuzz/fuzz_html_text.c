/* Any bytes as HTML: the text is valid, within its maximum and without white space at its ends, and
 * no element opens in it that was not text. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/html_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str whole, cut;
    must(html_text(&a, str_of(data, (ptrdiff_t)size), 1 << 20, &whole) == OK);
    must(html_text(&a, str_of(data, (ptrdiff_t)size), 10, &cut) == OK);
    must(utf8_valid(whole) && utf8_valid(cut) && cut.len <= 10);
    must(str_eq(str_trim(whole), whole) && str_eq(str_trim(cut), cut));
    arena_free(&a);
    return 0;
}
