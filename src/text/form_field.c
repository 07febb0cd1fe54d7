/* form_field: see form_field.h. */
#include "text/form_field.h"

#include "base/file_map.h"

static str media_type(str content_type)
{
    str type, rest;
    (void)str_cut(content_type, ';', &type, &rest);
    return str_trim(type);
}

static bool is_multipart(str content_type)
{
    return str_eq_nocase(media_type(content_type), S("multipart/form-data"));
}

static bool is_encoded(str content_type)
{
    return str_eq_nocase(media_type(content_type), S("application/x-www-form-urlencoded"));
}

bool form_is(str content_type)
{
    return is_multipart(content_type) || is_encoded(content_type);
}

/* A parameter after ";": name="value" or name=value; \" is not undone, no name of ours has it. */
static str parameter(str value, str name)
{
    str head, rest = value, key, at;
    (void)str_cut(rest, ';', &head, &rest);
    while (rest.len > 0) {
        (void)str_cut(rest, '=', &key, &at);
        bool is_quoted = at.len > 0 && at.at[0] == '"';
        ptrdiff_t end = str_find_byte(is_quoted ? str_skip(at, 1) : at, is_quoted ? '"' : ';');
        str found = end < 0 ? (is_quoted ? str_skip(at, 1) : at)
                            : str_sub(is_quoted ? str_skip(at, 1) : at, 0, end);
        if (str_eq_nocase(str_trim(key), name))
            return is_quoted ? found : str_trim(found);
        if (end < 0)
            break;
        rest = str_skip(at, end + (is_quoted ? 2 : 1));
        while (rest.len > 0 && (rest.at[0] == ';' || rest.at[0] == ' '))
            rest = str_skip(rest, 1);
    }
    return (str){0};
}

static bool is_one_of(str name, const char *const *names)
{
    for (; name.len > 0 && *names != NULL; names++)
        if (str_eq(name, str_from(*names)))
            return true;
    return false;
}

/* ── multipart/form-data ── */

/* The name that the head of a part gives it. */
static str name_of(str head)
{
    str line, key, value;
    while (head.len > 0) {
        (void)str_cut(head, '\n', &line, &head);
        if (str_cut(line, ':', &key, &value) &&
            str_eq_nocase(str_trim(key), S("Content-Disposition")))
            return parameter(str_trim(value), S("name"));
    }
    return (str){0};
}

/* The delimiter as it stands before a part that is not the first. */
static str delimiter_of(str boundary, char *to)
{
    str both = {to, 4 + boundary.len};
    to[0] = '\r';
    to[1] = '\n';
    to[2] = to[3] = '-';
    for (ptrdiff_t i = 0; i < boundary.len; i++)
        to[4 + i] = boundary.at[i];
    return both;
}

static err find_part(str boundary, str body, const char *const *names, struct form_field *field)
{
    char room[FORM_BOUNDARY_BYTES + 4];
    if (boundary.len == 0 || boundary.len > FORM_BOUNDARY_BYTES)
        return E_INVALID;
    str delimiter = delimiter_of(boundary, room), first = str_skip(delimiter, 2), rest = body;
    ptrdiff_t at = file_map_find(rest, first);
    if (at < 0)
        return E_INVALID;
    rest = str_skip(rest, at + first.len);
    for (int i = 0; i < FORM_FIELDS; i++) {
        if (str_starts(rest, S("--")))
            return E_NOT_FOUND;
        ptrdiff_t end = str_find(str_sub(rest, 0, FORM_HEAD_BYTES), S("\r\n\r\n"));
        if (end < 0)
            return E_INVALID;
        str name = name_of(str_sub(rest, 0, end));
        rest = str_skip(rest, end + 4);
        ptrdiff_t next = file_map_find(rest, delimiter);
        if (next < 0)
            return E_INVALID;
        if (is_one_of(name, names)) {
            *field = (struct form_field){.value = str_sub(rest, 0, next)};
            return OK;
        }
        rest = str_skip(rest, next + delimiter.len);
    }
    return E_NOT_FOUND;
}

/* ── application/x-www-form-urlencoded ── */

static err find_pair(str body, const char *const *names, struct form_field *field)
{
    str pair, name, value, rest = body;
    for (int i = 0; i < FORM_FIELDS && rest.len > 0; i++) {
        ptrdiff_t end = file_map_find_byte(rest, '&');
        pair = end < 0 ? rest : str_sub(rest, 0, end);
        rest = str_skip(rest, pair.len + 1);
        if (!str_cut(pair, '=', &name, &value) || !is_one_of(name, names))
            continue;
        *field = (struct form_field){.value = value, .is_encoded = true};
        return OK;
    }
    return E_NOT_FOUND;
}

err form_field_find(str content_type, str body, const char *const *names, struct form_field *field)
{
    if (is_multipart(content_type))
        return find_part(parameter(content_type, S("boundary")), body, names, field);
    return is_encoded(content_type) ? find_pair(body, names, field) : E_INVALID;
}
