/* words: puts the server's sentences together from parts made at build time; ICU writes numbers and
 * dates. Thread: pure. */
#include "text/words.h"

#include <assert.h>
#include <unicode/udat.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>

#include "text/words_table.h"

enum {
    WORDS_ACCEPT_ITEMS = 20,          /* count: languages looked at in one Accept-Language value */
    WORDS_SENTENCE_BYTES = 64 * 1024, /* bytes: a sentence with its arguments */
    WORDS_VALUE_UNITS = 200, /* UTF-16 units: a written date or number; full dates need 60 */
};

static const struct words_table *table_of(str locale)
{
    for (ptrdiff_t i = 0; i < words_table_count; i++)
        if (str_eq_nocase(words_tables[i].locale, locale))
            return &words_tables[i];
    return NULL;
}

/* RFC 4647 lookup: the tag, then shorter by one subtag at a time. */
static const struct words_table *table_for_tag(str tag)
{
    while (tag.len > 0) {
        const struct words_table *table = table_of(tag);
        if (table)
            return table;
        ptrdiff_t cut = tag.len;
        while (cut > 0 && tag.at[cut - 1] != '-')
            cut--;
        tag = str_sub(tag, 0, cut > 0 ? cut - 1 : 0);
    }
    return NULL;
}

/* "q=0.8" in thousandths; 1000 without one, 0 when it is malformed. */
static int weight_of(str parameters)
{
    parameters = str_trim(parameters);
    if (parameters.len == 0)
        return 1000;
    if (!str_starts(parameters, S("q=")) && !str_starts(parameters, S("Q=")))
        return 0;
    str value = str_skip(parameters, 2);
    if (value.len == 0 || value.len > 5 || value.at[0] < '0' || value.at[0] > '1')
        return 0;
    if (value.len > 1 && value.at[1] != '.')
        return 0;
    int weight = (value.at[0] - '0') * 1000;
    int unit = 100;
    for (ptrdiff_t i = 2; i < value.len; i++, unit /= 10) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return 0;
        weight += (value.at[i] - '0') * unit;
    }
    return weight > 1000 ? 0 : weight;
}

str words_locale(str accept_language)
{
    const struct words_table *best = NULL;
    int best_weight = 0;
    str rest = accept_language;
    bool is_more = rest.len > 0;
    for (int i = 0; is_more && i < WORDS_ACCEPT_ITEMS; i++) {
        str item;
        str tag;
        str parameters;
        is_more = str_cut(rest, ',', &item, &rest);
        if (!str_cut(item, ';', &tag, &parameters))
            parameters = S("");
        int weight = weight_of(parameters);
        const struct words_table *table =
            weight > best_weight ? table_for_tag(str_trim(tag)) : NULL;
        if (table) {
            best = table;
            best_weight = weight;
        }
    }
    return best ? best->locale : S("en");
}

bool words_is_rtl(str locale)
{
    const struct words_table *table = table_of(locale);
    return table && table->is_rtl;
}

static const struct words_row *row_of(const struct words_table *table, str key)
{
    ptrdiff_t low = 0;
    ptrdiff_t high = words_row_count;
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        int order = str_cmp(key, table->rows[middle].key);
        if (order == 0)
            return &table->rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static const struct words_arg *arg_of(str name, const struct words_arg *args, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(str_from(args[i].name), name))
            return &args[i];
    return NULL;
}

static void add_units(struct sb *b, const UChar *units, int32_t len)
{
    char utf8[WORDS_VALUE_UNITS * 3];
    int32_t bytes = 0;
    UErrorCode code = U_ZERO_ERROR;
    u_strToUTF8(utf8, sizeof(utf8), &bytes, units, len, &code);
    if (U_SUCCESS(code))
        sb_add(b, str_of(utf8, bytes));
}

static void add_number(struct sb *b, const char *locale, int64_t value)
{
    UErrorCode code = U_ZERO_ERROR;
    UNumberFormat *format = unum_open(UNUM_DECIMAL, NULL, 0, locale, NULL, &code);
    UChar units[WORDS_VALUE_UNITS];
    int32_t len = unum_formatInt64(format, value, units, WORDS_VALUE_UNITS, NULL, &code);
    if (U_SUCCESS(code))
        add_units(b, units, len);
    else
        sb_int(b, value); /* ICU has no memory: plain digits are still right */
    unum_close(format);
}

static UDateFormatStyle icu_style(enum words_style style)
{
    switch (style) {
    case WORDS_STYLE_SHORT:
        return UDAT_SHORT;
    case WORDS_STYLE_MEDIUM:
        return UDAT_MEDIUM;
    case WORDS_STYLE_LONG:
        return UDAT_LONG;
    case WORDS_STYLE_FULL:
        return UDAT_FULL;
    }
    return UDAT_MEDIUM;
}

/* ICU takes names that it does not know for GMT, which is right for us. */
static int32_t zone_units(str zone, UChar units[WORDS_VALUE_UNITS])
{
    int32_t len = 0;
    UErrorCode code = U_ZERO_ERROR;
    u_strFromUTF8(units, WORDS_VALUE_UNITS, &len, zone.at, (int32_t)zone.len, &code);
    return U_SUCCESS(code) ? len : 0;
}

static void add_date(
    struct sb *b, const char *locale, const struct words_part *part, const struct words_arg *arg)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar zone[WORDS_VALUE_UNITS];
    int32_t zone_len = zone_units(arg->zone.len ? arg->zone : S("UTC"), zone);
    UDateFormatStyle style = icu_style(part->style);
    bool is_date = part->kind == WORDS_PART_DATE;
    UDateFormat *format = udat_open(is_date ? UDAT_NONE : style, is_date ? style : UDAT_NONE,
        locale, zone, zone_len, NULL, 0, &code);
    UChar units[WORDS_VALUE_UNITS];
    int32_t len = udat_format(format, (UDate)arg->number, units, WORDS_VALUE_UNITS, NULL, &code);
    if (U_SUCCESS(code))
        add_units(b, units, len);
    udat_close(format);
}

str words(struct arena *a, str locale, const char *key, const struct words_arg *args, ptrdiff_t n)
{
    const struct words_table *table = table_of(locale);
    assert(table);
    const struct words_row *row = row_of(table, str_from(key));
    assert(row);
    const char *icu_locale = table->locale.at; /* a literal, terminated */
    struct sb b = sb_make(a, WORDS_SENTENCE_BYTES);
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const struct words_part *part = &table->parts[row->first + i];
        const struct words_arg *arg =
            part->kind == WORDS_PART_LITERAL ? NULL : arg_of(part->text, args, n);
        assert(arg || part->kind == WORDS_PART_LITERAL);
        switch (part->kind) {
        case WORDS_PART_LITERAL:
            sb_add(&b, part->text);
            break;
        case WORDS_PART_TEXT:
            sb_add(&b, table->is_rtl ? S("\u2068") : S(""));
            sb_add(&b, arg->text);
            sb_add(&b, table->is_rtl ? S("\u2069") : S(""));
            break;
        case WORDS_PART_NUMBER:
            add_number(&b, icu_locale, arg->number);
            break;
        case WORDS_PART_DATE:
        case WORDS_PART_TIME:
            add_date(&b, icu_locale, part, arg);
            break;
        }
    }
    return sb_str(&b);
}
