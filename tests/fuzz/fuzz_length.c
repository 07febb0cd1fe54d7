/* Any bytes as a text to be counted, split and looked through: counts grow with nothing and never
 * below what is there, parts keep their limit and give the text back, findings lie in the text, in
 * order. The first two bytes say unit and limit. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/facets.h"
#include "text/length.h"
#include "text/personal.h"
#include "text/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_lengths(str s)
{
    int64_t points = length_of(LENGTH_CODE_POINTS, s), graphemes = length_of(LENGTH_GRAPHEMES, s);
    for (int unit = 0; unit < LENGTH_UNITS; unit++)
        must((length_of((enum length_unit)unit, s) > 0) == (s.len > 0));
    must(graphemes <= points && points <= length_of(LENGTH_UTF16, s));
    must(length_of(LENGTH_UTF16, s) <= length_of(LENGTH_BYTES, s));
    struct sms_length sms = sms_length(s);
    must(sms.segments <= sms.units && sms.units <= sms.segments * (s.len > 0 ? 160 : 0));
}

static void check_split(struct arena *a, str s, struct split_limit limit, bool is_numbered)
{
    struct str_list parts;
    if (text_split(a, s, &limit, 1, is_numbered, &parts) != OK)
        return;
    ptrdiff_t shown = 0;
    for (ptrdiff_t i = 0; i < parts.len; i++) {
        must(parts.at[i].len > 0 && utf8_valid(parts.at[i]));
        must(length_of(limit.unit, parts.at[i]) <= limit.max);
        shown += parts.at[i].len;
    }
    must(parts.len <= SPLIT_PARTS_MAX && (is_numbered || shown <= s.len));
}

static void check_findings(struct arena *a, str s)
{
    struct facet_list facets = facets_find(a, s);
    ptrdiff_t at = 0;
    for (ptrdiff_t i = 0; i < facets.n; i++) {
        must(facets.at[i].start >= at && facets.at[i].end > facets.at[i].start);
        must(facets.at[i].value.len > 0);
        at = facets.at[i].end;
    }
    must(at <= s.len);
    struct personal_list found;
    personal_find(s, &found);
    at = 0;
    for (ptrdiff_t i = 0; i < found.n; i++) {
        must(found.at[i].start >= at && found.at[i].end > found.at[i].start);
        at = found.at[i].end;
    }
    must(at <= s.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct split_limit limit = {
        .unit = (enum length_unit)(data[0] % LENGTH_UNITS), .max = 1 + data[1] % 128};
    struct arena a = arena_make(0);
    str raw = str_of(data + 2, (ptrdiff_t)size - 2);
    for (int unit = 0; unit < LENGTH_UNITS; unit++)
        must((length_of((enum length_unit)unit, raw) >= 0));
    check_findings(&a, raw);
    str s = utf8_repair(&a, raw);
    check_lengths(s);
    check_findings(&a, s);
    check_split(&a, s, limit, data[0] >= 128);
    arena_free(&a);
    return 0;
}
