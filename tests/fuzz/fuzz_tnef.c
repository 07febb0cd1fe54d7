/* Any bytes as a winmail.dat: files are slices of it, texts are UTF-8. */
#include "base/utf8.h"
#include "text/tnef.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str bytes = str_of(data, (ptrdiff_t)size), why = {0};
    struct tnef tnef;
    if (tnef_read(&a, bytes, &tnef, &why) == OK) {
        must(utf8_valid(tnef.text) && utf8_valid(tnef.html) && utf8_valid(tnef.rtf));
        must(tnef.text.len <= TNEF_BODY_BYTES && tnef.html.len <= TNEF_BODY_BYTES);
        must(tnef.rtf.len <= TNEF_BODY_BYTES && tnef.n_files <= TNEF_FILES);
        for (int i = 0; i < tnef.n_files; i++) {
            const struct tnef_file *file = &tnef.files[i];
            must(file->name.len > 0 && utf8_valid(file->name) && !utf8_has_control(file->name));
            must(utf8_valid(file->type) && utf8_valid(file->content_id));
            must(!file->bytes.len || (file->bytes.at >= bytes.at &&
                                         file->bytes.at + file->bytes.len <= bytes.at + bytes.len));
        }
    } else {
        must(why.len > 0);
    }
    (void)tnef_rtf(&a, bytes, 10000); /* any result will do */
    arena_free(&a);
    return 0;
}
