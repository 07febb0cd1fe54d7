/* fill: see fill.h. */
#include "text/fill.h"

#include "base/utf8.h"

enum { FILLED_BYTES = 4 * FILL_TEXT_BYTES };

bool fill_next(str text, str *before, str *place, str *rest)
{
    ptrdiff_t at = str_find(text, S("{{"));
    ptrdiff_t end = at < 0 ? -1 : str_find(str_skip(text, at), S("}}"));
    if (end < 0)
        return false;
    *before = str_sub(text, 0, at);
    *place = str_trim(str_sub(text, at + 2, end - 2));
    *rest = str_skip(text, at + end + 2);
    return true;
}

static bool is_name(str place)
{
    return str_eq(place, S("contact.name"));
}

static bool is_number(str place)
{
    return str_eq(place, S("conversation.number"));
}

str fill(struct arena *a, str text, const struct fill_values *values)
{
    struct sb b = sb_make(a, FILLED_BYTES);
    str before, place, rest;
    while (fill_next(text, &before, &place, &rest)) {
        if (is_name(place) && !values->name.len && str_ends(before, S(" ")))
            before.len--;
        sb_add(&b, before);
        if (is_name(place))
            sb_add(&b, values->name);
        else if (is_number(place))
            sb_int(&b, values->number);
        else
            sb_add(&b, str_sub(text, before.len, rest.at - text.at - before.len));
        text = rest;
    }
    sb_add(&b, text);
    return b.failed ? text : sb_str(&b);
}

bool fill_check(str text, str *unknown)
{
    str before, place, rest;
    while (fill_next(text, &before, &place, &rest)) {
        if (!is_name(place) && !is_number(place)) {
            *unknown = place;
            return false;
        }
        text = rest;
    }
    return true;
}

str fill_person(str name)
{
    name = str_trim(name);
    bool is_link = str_find(name, S("://")) >= 0 || str_find_byte(name, '@') >= 0 ||
                   str_find_byte(name, '/') >= 0 || str_find_byte(name, '<') >= 0;
    for (ptrdiff_t i = 0; i < name.len; i++)
        is_link |= (unsigned char)name.at[i] < ' ';
    for (ptrdiff_t i = 0; i + 4 <= name.len; i++)
        is_link |= str_eq_nocase(str_sub(name, i, 4), S("www."));
    for (ptrdiff_t i = 0; i + 2 < name.len; i++) /* "buy-now.example", not "J. R. Smith" */
        is_link |= name.at[i + 1] == '.' && name.at[i] != ' ' && name.at[i + 2] != ' ' &&
                   name.at[i + 2] != '.';
    return is_link || utf8_has_control(name) ? (str){0} : utf8_prefix_bytes(name, FILL_NAME_BYTES);
}

static bool begins(str tag, str with)
{
    return str_eq_nocase(str_sub(tag, 0, with.len), with) &&
           (tag.len == with.len || tag.at[with.len] == '-');
}

ptrdiff_t fill_choose(const str *languages, ptrdiff_t n, str language)
{
    ptrdiff_t best = -1, best_len = -1, other = -1;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!languages[i].len)
            other = other < 0 ? i : other;
        else if (language.len && begins(language, languages[i]) && languages[i].len > best_len) {
            best = i;
            best_len = languages[i].len;
        }
    }
    str tongue, rest;
    (void)str_cut(language, '-', &tongue, &rest); /* without one: the whole */
    for (ptrdiff_t i = 0; i < n && best < 0 && tongue.len; i++)
        if (begins(languages[i], tongue)) /* pt-BR for a reader of pt */
            best = i;
    if (best >= 0)
        return best;
    return other >= 0 ? other : n ? 0 : -1;
}
