/* mime_field: the lines of a header, taken apart without copying. See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/file_map.h"
#include "base/utf8.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static str line_of(str s)
{
    ptrdiff_t end = file_map_find_byte(s, '\n');
    return end < 0 ? s : str_sub(s, 0, end + 1);
}

/* Blanks before the colon are obsolete syntax that is still met. */
bool mime_is_field(str line)
{
    ptrdiff_t i = 0;
    while (i < line.len && line.at[i] > ' ' && line.at[i] != ':' && line.at[i] != 0x7f)
        i++;
    ptrdiff_t name = i;
    while (i < line.len && is_blank(line.at[i]))
        i++;
    return name > 0 && i < line.len && line.at[i] == ':';
}

bool mime_field_next(struct mime_reading *r, str *header, struct mime_field *field)
{
    while (header->len) {
        str line = line_of(*header);
        bool is_field = mime_is_field(line), is_empty = str_trim(line).len == 0;
        ptrdiff_t end = line.len;
        while (end < header->len && is_blank(header->at[end]))
            end += line_of(str_skip(*header, end)).len;
        str whole = str_sub(*header, 0, is_field ? end : line.len);
        *header = str_skip(*header, whole.len);
        if (is_field) {
            (void)str_cut(whole, ':', &field->name, &field->value); /* is_field found it */
            field->name = str_trim(field->name);
            return true;
        }
        bool is_mailbox = str_starts(line, S("From ")) || str_starts(line, S(">From "));
        if (!is_empty && !is_mailbox)
            r->flaws |= MIME_FLAW_LINE;
    }
    return false;
}

str mime_unfold(struct arena *a, str raw, ptrdiff_t max)
{
    raw = str_trim(str_sub(raw, 0, max));
    if (str_find_byte(raw, '\n') < 0 && str_find_byte(raw, '\r') < 0 && str_find_byte(raw, 0) < 0)
        return raw;
    char *to = arena_alloc(a, raw.len + 1, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < raw.len; i++)
        if (raw.at[i] && raw.at[i] != '\r' && raw.at[i] != '\n')
            to[n++] = raw.at[i];
    return str_of(to, n);
}

static bool is_shown(uint32_t c)
{
    bool is_control = c < ' ' || (c >= 0x7f && c < 0xa0);
    bool is_override = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return !is_control && !is_override && c != 0xfeff;
}

str mime_line(struct arena *a, str utf8, ptrdiff_t max)
{
    utf8 = str_sub(utf8, 0, 4 * max);
    char *to = arena_alloc(a, utf8.len + 1, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < utf8.len;) {
        uint32_t c = 0;
        ptrdiff_t len = utf8_decode(utf8, i, &c);
        if (len > 0 && is_shown(c)) {
            memcpy(to + n, utf8.at + i, (size_t)len);
            n += len;
        } else if (len > 0 && c < ' ') {
            to[n++] = ' ';
        }
        i += len < 0 ? -len : len;
    }
    return str_trim(utf8_prefix_bytes(str_trim(str_of(to, n)), max));
}
