/* mime_params: Content-Type and Content-Disposition taken apart, with RFC 2231 and what mailers do
 * instead of it: spaces without quotes, RFC 2047 words, bare 8-bit text, Windows paths in quotes.
 * See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks and comments, which may nest. */
static ptrdiff_t skip(str s, ptrdiff_t i)
{
    int depth = 0;
    for (; i < s.len; i++) {
        if (s.at[i] == '(')
            depth++;
        else if (depth && s.at[i] == ')')
            depth--;
        else if (depth && s.at[i] == '\\')
            i++;
        else if (!depth && !is_blank(s.at[i]))
            break;
    }
    return i < s.len ? i : s.len;
}

static bool is_escape(str s, ptrdiff_t i)
{
    return s.at[i] == '\\' && i + 1 < s.len && (s.at[i + 1] == '"' || s.at[i + 1] == '\\');
}

/* After the opening quote. A backslash before a letter is one of a Windows path. */
static ptrdiff_t quoted(struct arena *a, str s, ptrdiff_t from, str *value)
{
    ptrdiff_t end = from, n = 0;
    while (end < s.len && s.at[end] != '"')
        end += is_escape(s, end) ? 2 : 1;
    end = end < s.len ? end : s.len;
    char *to = arena_alloc(a, end - from + 1, 1);
    for (ptrdiff_t i = from; i < end; i++) {
        if (is_escape(s, i))
            i++;
        to[n++] = s.at[i];
    }
    *value = str_of(to, n);
    return end;
}

/* "filename*1*" is the second, coded part of filename. */
static void name_read(struct arena *a, str written, struct mime_param *param)
{
    str name, number;
    int64_t n;
    param->is_coded = str_ends(written, S("*"));
    if (param->is_coded)
        written = str_sub(written, 0, written.len - 1);
    bool is_part =
        str_cut(written, '*', &name, &number) && str_int(str_trim(number), 0, 999, &n) == OK;
    param->number = is_part ? (int)n : -1;
    param->name = str_lower_ascii(a, str_trim(name));
}

static ptrdiff_t param_read(struct arena *a, str s, ptrdiff_t i, struct mime_param *param)
{
    ptrdiff_t from = i;
    while (i < s.len && s.at[i] != '=' && s.at[i] != ';')
        i++;
    name_read(a, str_trim(str_sub(s, from, i - from)), param);
    if (i >= s.len || s.at[i] == ';')
        return i;
    i = skip(s, i + 1);
    if (i < s.len && s.at[i] == '"') {
        i = quoted(a, s, i + 1, &param->value);
        while (i < s.len && s.at[i] != ';')
            i++;
        return i;
    }
    for (from = i; i < s.len && s.at[i] != ';';)
        i++;
    param->value = str_trim(str_sub(s, from, i - from));
    return i;
}

void mime_params_read(struct mime_reading *r, str raw, struct mime_params *params)
{
    str s = mime_bare_utf8(r, mime_unfold(r->a, raw, MIME_PARAMS_BYTES));
    ptrdiff_t from = skip(s, 0), i = from;
    while (i < s.len && s.at[i] != ';' && s.at[i] != '(')
        i++;
    params->value = str_lower_ascii(r->a, str_trim(str_sub(s, from, i - from)));
    params->n = 0;
    while (i < s.len && s.at[i] != ';')
        i++;
    while (i < s.len && params->n < MIME_PARAMS) {
        struct mime_param param = {.number = -1};
        i = param_read(r->a, s, skip(s, i + 1), &param);
        if (param.name.len && param.value.len)
            params->at[params->n++] = param;
    }
}

static void add_percent(struct sb *b, str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len ? str_hex_digit(s.at[i + 1]) : -1;
        int low = i + 2 < s.len ? str_hex_digit(s.at[i + 2]) : -1;
        if (s.at[i] == '%' && high >= 0 && low >= 0) {
            sb_byte(b, (char)(high << 4 | low));
            i += 2;
        } else {
            sb_byte(b, s.at[i]);
        }
    }
}

/* charset'language'text; without the marks all of it is text. */
static str cut_charset(str value, str *charset)
{
    str first, rest, language;
    if (!str_cut(value, '\'', &first, &rest) || !str_cut(rest, '\'', &language, &rest))
        return value;
    *charset = first;
    return rest;
}

static const struct mime_param *find(
    const struct mime_params *params, str name, int number, bool is_coded)
{
    for (int i = 0; i < params->n; i++) {
        const struct mime_param *p = &params->at[i];
        bool is_kind = number >= 0 || p->is_coded == is_coded;
        if (p->number == number && is_kind && str_eq(p->name, name))
            return p;
    }
    return NULL;
}

/* name*0, name*1 … (some begin with 1). */
static str continued(struct mime_reading *r, const struct mime_params *params, str name)
{
    struct sb b = sb_make(r->a, MIME_PARAMS_BYTES);
    str charset = {0};
    bool is_coded = false;
    int first = find(params, name, 0, false) ? 0 : 1;
    for (int i = first; i < MIME_PARAMS + 1; i++) {
        const struct mime_param *p = find(params, name, i, false);
        if (!p)
            break;
        str value = i == first && p->is_coded ? cut_charset(p->value, &charset) : p->value;
        is_coded = is_coded || p->is_coded;
        if (p->is_coded)
            add_percent(&b, value);
        else
            sb_add(&b, value);
    }
    return is_coded ? mime_utf8(r, sb_str(&b), charset, false) : mime_words(r, sb_str(&b));
}

str mime_param(struct mime_reading *r, const struct mime_params *params, const char *name)
{
    str key = str_from(name);
    const struct mime_param *coded = find(params, key, -1, true);
    if (coded) {
        struct sb b = sb_make(r->a, MIME_PARAMS_BYTES);
        str charset = {0};
        add_percent(&b, cut_charset(coded->value, &charset));
        return mime_utf8(r, sb_str(&b), charset, false);
    }
    str joined = continued(r, params, key);
    const struct mime_param *plain = find(params, key, -1, false);
    return joined.len || !plain ? joined : mime_words(r, plain->value);
}
