/* Any bytes as text: repair gives valid text, cuts keep it valid and within their maximum, and no
 * function reads beyond its slice. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_raw(struct arena *a, str s)
{
    (void)utf8_code_points(s); /* any count will do for broken text: only reading is tried */
    (void)utf8_utf16_units(s);
    (void)utf8_graphemes(s);
    must(utf8_prefix_bytes(s, 7).len <= 7);
    must(utf8_valid_len(s) <= s.len);
    str name = utf8_file_name(a, s);
    must(name.len > 0 && name.len <= 200 && utf8_valid(name) && !utf8_has_control(name));
    must(str_find_byte(name, '/') < 0 && str_find_byte(name, '\\') < 0);
    must(utf8_graphemes(name) <= 120);
    must(utf8_valid(utf8_preview(a, s, 20)));
}

static void check_repaired(struct arena *a, str s)
{
    must(utf8_valid(s));
    must(utf8_valid(utf8_prefix(s, 5)) && utf8_graphemes(utf8_prefix(s, 5)) <= 5);
    must(utf8_valid(utf8_prefix_bytes(s, 9)));
    must(utf8_graphemes(s) <= utf8_code_points(s) && utf8_code_points(s) <= s.len);
    str line = utf8_preview(a, s, 20);
    must(utf8_graphemes(line) <= 20);
    must(str_find_byte(line, '\n') < 0);
    str folded = utf8_fold(a, s);
    must(utf8_valid(folded) && str_eq(utf8_fold(a, folded), folded));
    must(utf8_collate(S("de"), s, s) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str s = str_of(data, (ptrdiff_t)size);
    check_raw(&a, s);
    str repaired = utf8_repair(&a, s);
    must(utf8_valid(s) == (repaired.at == s.at));
    check_repaired(&a, repaired);
    arena_free(&a);
    return 0;
}
