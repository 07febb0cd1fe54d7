/* Any bytes as a posted form: its Content-Type in the first line. What is found lies inside it. */
#include <stdint.h>
#include <stdlib.h>

#include "text/form_field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"body-mime", "email", NULL};
    struct form_field f = {0};
    str type, body;
    (void)str_cut(str_of(data, (ptrdiff_t)size), '\n', &type, &body);
    if (form_field_find(type, body, names, &f) != OK)
        return 0;
    if (!form_is(type) || f.value.at < body.at || f.value.at + f.value.len > body.at + body.len)
        abort();
    return 0;
}
