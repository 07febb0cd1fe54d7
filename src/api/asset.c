/* asset: look-up in the embedded web pages. Thread: any; constant data.
 * Rules: RFC 9110 section 12.5.3 for Accept-Encoding. */
#include "api/asset.h"

const struct asset *asset_find(str path)
{
    ptrdiff_t low = 0;
    ptrdiff_t high = asset_count;
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        int order = str_cmp(path, asset_table[middle].path);
        if (order == 0)
            return &asset_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* "q=0", "q=0.0", "q=0.000": the sender refuses this coding. */
static bool weight_is_zero(str parameter)
{
    str name;
    str value;
    if (!str_cut(parameter, '=', &name, &value) || !str_eq_nocase(str_trim(name), S("q")))
        return false;
    value = str_trim(value);
    if (value.len == 0)
        return false;
    for (ptrdiff_t i = 0; i < value.len; i++)
        if (value.at[i] != '0' && value.at[i] != '.')
            return false;
    return true;
}

bool asset_accepts_gzip(str accept_encoding)
{
    bool is_any_accepted = false;
    str rest = accept_encoding;
    bool is_more = rest.len > 0;
    while (is_more) {
        str item;
        str coding;
        str parameter;
        is_more = str_cut(rest, ',', &item, &rest);
        (void)str_cut(item, ';', &coding, &parameter); /* no parameter: weight 1 */
        coding = str_trim(coding);
        if (str_eq_nocase(coding, S("gzip")) || str_eq_nocase(coding, S("x-gzip")))
            return !weight_is_zero(parameter);
        if (str_eq(coding, S("*")))
            is_any_accepted = !weight_is_zero(parameter);
    }
    return is_any_accepted;
}
