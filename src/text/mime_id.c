/* mime_id: message ids as they stand in Message-ID, In-Reply-To and References: folded in the
 * middle, without brackets, with words around them. See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/utf8.h"

/* Blanks inside come from folding; an id has none. "" when it is none. */
static str clean(struct mime_reading *r, str id)
{
    id = str_trim(id);
    char *to = arena_alloc(r->a, (id.len < MIME_ID_BYTES ? id.len : MIME_ID_BYTES) + 1, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < id.len; i++) {
        unsigned char c = (unsigned char)id.at[i];
        if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
            continue;
        if (n == MIME_ID_BYTES)
            return (str){0};
        to[n++] = id.at[i];
    }
    str all = str_of(to, n);
    return utf8_valid(all) && !utf8_has_control(all) ? all : (str){0};
}

/* The next id: what stands in < >, else (only of a value without any) a word with an @. */
static bool next(struct mime_reading *r, str *rest, bool has_brackets, str *id)
{
    while (rest->len) {
        str word;
        if (has_brackets) {
            ptrdiff_t open = str_find_byte(*rest, '<');
            if (open < 0)
                return false;
            *rest = str_skip(*rest, open + 1);
            ptrdiff_t end = 0;
            while (end < rest->len && rest->at[end] != '>' && rest->at[end] != '<')
                end++;
            word = str_sub(*rest, 0, end);
            *rest = str_skip(*rest, end);
        } else {
            ptrdiff_t end = 0;
            while (end < rest->len && rest->at[end] != ',' && (unsigned char)rest->at[end] > ' ')
                end++;
            word = str_sub(*rest, 0, end);
            *rest = str_skip(*rest, end + 1);
            if (str_find_byte(word, '@') < 1 || str_find_byte(word, '"') >= 0)
                continue;
        }
        *id = clean(r, word);
        if (id->len)
            return true;
    }
    return false;
}

/* A sender may write "id@host", <id@host> or <id host>; some write no @ at all: with brackets that
 * is an id too. */
str mime_id(struct mime_reading *r, str raw)
{
    str rest = str_trim(str_sub(raw, 0, MIME_LIST_BYTES)), id = {0};
    bool has_brackets = str_find_byte(rest, '<') >= 0;
    return next(r, &rest, has_brackets, &id) ? id : (str){0};
}

/* Of a longer value the newest stand at its end. */
static str newest(str raw)
{
    return raw.len > MIME_LIST_BYTES ? str_skip(raw, raw.len - MIME_LIST_BYTES) : raw;
}

const str *mime_ids(struct mime_reading *r, str raw, int *n)
{
    str *ring = NEW(r->a, str, MIME_REFERENCES), *ids = NEW(r->a, str, MIME_REFERENCES);
    str rest = str_trim(newest(raw)), id;
    bool has_brackets = str_find_byte(rest, '<') >= 0;
    int all = 0;
    while (next(r, &rest, has_brackets, &id)) {
        bool is_new = true;
        for (int i = 0; i < all && i < MIME_REFERENCES; i++)
            is_new = is_new && !str_eq(ring[i], id);
        if (is_new)
            ring[all++ % MIME_REFERENCES] = id;
    }
    *n = all < MIME_REFERENCES ? all : MIME_REFERENCES;
    for (int i = 0; i < *n; i++)
        ids[i] = ring[(all - *n + i) % MIME_REFERENCES];
    return ids;
}
