/* http_range: see http_range.h. */
#include "net/http_range.h"

enum { DIGITS_MOST = 19 }; /* of an int64 */

/* Digits alone; what is more than an int64 is as good as its largest. */
static bool number_read(str s, int64_t *n)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
    if (s.len == 0)
        return false;
    while (s.len > 1 && s.at[0] == '0')
        s = str_skip(s, 1);
    if (s.len > DIGITS_MOST || str_int(s, 0, INT64_MAX, n) != OK)
        *n = INT64_MAX;
    return true;
}

/* "0-99", "100-", "-5". */
static struct http_range range_read(str spec, int64_t size)
{
    const struct http_range all = {HTTP_RANGE_ALL, 0, size}, none = {.kind = HTTP_RANGE_NONE};
    str first, last;
    int64_t from = 0, to = INT64_MAX;
    if (!str_cut(spec, '-', &first, &last))
        return all;
    if (first.len == 0) {
        if (!number_read(last, &to))
            return all;
        from = to < size ? size - to : 0;
        return to && size ? (struct http_range){HTTP_RANGE_PART, from, size - from} : none;
    }
    if (!number_read(first, &from) || (last.len && !number_read(last, &to)) || to < from)
        return all;
    if (from >= size)
        return none;
    if (to >= size)
        to = size - 1;
    return (struct http_range){HTTP_RANGE_PART, from, to - from + 1};
}

struct http_range http_range_of(const struct http_request *req, int64_t size, str etag)
{
    const struct http_range all = {HTTP_RANGE_ALL, 0, size};
    str range = http_header_get(req, S("Range")), unit, spec;
    if (req->method != HTTP_GET || http_header_count(req, S("Range")) != 1)
        return all;
    if (http_header_count(req, S("If-Range")) &&
        (!etag.len || !str_eq(http_header_get(req, S("If-Range")), etag)))
        return all; /* it was another file, or a date, which our files do not tell */
    if (!str_cut(range, '=', &unit, &spec) || !str_eq_nocase(str_trim(unit), S("bytes")) ||
        str_find_byte(spec, ',') >= 0)
        return all;
    return range_read(str_trim(spec), size);
}

bool http_is_known(const struct http_request *req, str etag)
{
    str rest = http_header_get(req, S("If-None-Match")), one;
    if (!etag.len || !rest.len)
        return false;
    for (bool more = true; more;) {
        more = str_cut(rest, ',', &one, &rest);
        one = str_trim(one);
        if (str_eq(one, S("*")) || str_eq(str_starts(one, S("W/")) ? str_skip(one, 2) : one, etag))
            return true;
    }
    return false;
}
