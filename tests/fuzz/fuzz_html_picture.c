/* Any bytes as HTML, the first line as the address of a picture in it: what is asked for is http or
 * https and has nothing that ends a line; an address that stands nowhere in the HTML, however
 * written, is none of its pictures. */
#include <stdint.h>
#include <stdlib.h>

#include "text/html_picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str address, html;
    (void)str_cut(str_of(data, (ptrdiff_t)size), '\n', &address, &html);
    bool has = html_has_picture(&a, html, address);
    must(!has || (address.len > 0 && address.len <= HTML_PICTURE_BYTES && html.len > address.len));
    str url = html_picture_url(&a, address);
    must(url.len == 0 || str_starts(str_lower_ascii(&a, url), S("http")));
    for (ptrdiff_t i = 0; i < url.len; i++)
        must(url.at[i] > ' ' && url.at[i] < 0x7f);
    arena_free(&a);
    return 0;
}
