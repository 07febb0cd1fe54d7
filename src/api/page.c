/* page: see page.h. */
#include "api/page.h"

#include "base/limits.h"

static const struct input_field page_fields[] = {PAGE_FIELDS(struct page_query)};
const struct input_spec page_query_spec = SPEC("PageQuery", struct page_query, page_fields);

ptrdiff_t page_limit(int64_t limit)
{
    return limit ? (ptrdiff_t)limit : LIMIT_PAGE_DEFAULT;
}

bool page_cut(ptrdiff_t limit, ptrdiff_t *n)
{
    bool has_more = *n > limit;
    *n = has_more ? limit : *n;
    return has_more;
}

str page_id(struct arena *a, int64_t id)
{
    return str_print(a, "%lld", (long long)id);
}

str page_cursor(struct arena *a, int64_t key, int64_t id)
{
    return str_print(a, "%llx.%llx", (unsigned long long)key, (unsigned long long)id);
}

static bool read_hex(str s, int64_t *value)
{
    uint64_t v = 0;
    if (!s.len || s.len > 16)
        return false;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else
            return false;
        v = v << 4 | digit;
    }
    *value = (int64_t)v;
    return true;
}

err page_cursor_read(struct ctx *cx, str cursor, bool *is_set, int64_t *key, int64_t *id)
{
    *is_set = false;
    if (!cursor.len)
        return OK;
    str head, tail;
    if (!str_cut(cursor, '.', &head, &tail) || !read_hex(head, key) || !read_hex(tail, id))
        return fail_field(cx, "cursor", "This is not a cursor of this list.");
    *is_set = true;
    return OK;
}

err page_cursor_read_id(struct ctx *cx, str cursor, int64_t *id)
{
    bool is_set = false;
    int64_t key = 0, read = 0;
    TRY(page_cursor_read(cx, cursor, &is_set, &key, &read));
    *id = read;
    return OK;
}
