/* html_scan: see html_scan.h. */
#include "text/html_scan.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The place of c from `at` on; the end when there is none. */
static ptrdiff_t find(str s, ptrdiff_t at, char c)
{
    ptrdiff_t found = str_find_byte(str_skip(s, at), c);
    return found < 0 ? s.len : at + found;
}

/* Behind the attributes of a tag: the place of its ">", or the end. */
static ptrdiff_t skip_attributes(str s, ptrdiff_t at)
{
    bool is_value = false; /* right behind "=": only there a quote hides ">" */
    while (at < s.len && s.at[at] != '>') {
        char c = s.at[at++];
        if (is_value && (c == '"' || c == '\'')) {
            at = find(s, at, c);
            at += at < s.len;
            is_value = false;
        } else if (!is_value || !is_space(c)) {
            is_value = c == '=';
        }
    }
    return at;
}

static ptrdiff_t skip_name(str s, ptrdiff_t at)
{
    while (at < s.len && !is_space(s.at[at]) && s.at[at] != '/' && s.at[at] != '>')
        at++;
    return at;
}

static bool starts_at(str s, ptrdiff_t at, str part)
{
    return str_starts(str_skip(s, at), part);
}

/* "<!…", "<?…", "</ …": to the end of the comment. */
static ptrdiff_t skip_comment(str s, ptrdiff_t at)
{
    if (!starts_at(s, at, S("<!--"))) {
        ptrdiff_t close = find(s, at, '>');
        return close < s.len ? close + 1 : s.len;
    }
    if (starts_at(s, at + 4, S(">")))
        return at + 5;
    if (starts_at(s, at + 4, S("->")))
        return at + 6;
    /* From the second dash on: "<!--->" was seen above. Ends with "-->" or "--!>". */
    for (ptrdiff_t i = at + 4; i < s.len; i++) {
        i = find(s, i, '-');
        if (starts_at(s, i, S("-->")))
            return i + 3;
        if (starts_at(s, i, S("--!>")))
            return i + 4;
    }
    return s.len;
}

static bool is_raw(str name)
{
    static const char *const names[] = {
        "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", NULL};
    for (int i = 0; names[i] != NULL; i++)
        if (str_eq_nocase(name, str_from(names[i])))
            return true;
    return false;
}

/* The place of "</name" that ends the text of a raw element. */
static ptrdiff_t skip_raw(str s, ptrdiff_t at, str name)
{
    for (; at < s.len; at++) {
        at = find(s, at, '<');
        bool is_end = starts_at(s, at, S("</")) &&
                      str_eq_nocase(str_sub(s, at + 2, name.len), name) &&
                      skip_name(s, at + 2) == at + 2 + name.len;
        if (is_end)
            return at;
    }
    return s.len;
}

static ptrdiff_t read_tag(struct html_scan *scan, struct html_token *token)
{
    str s = scan->html;
    bool is_end = s.at[token->start + 1] == '/';
    ptrdiff_t from = token->start + 1 + is_end, name_end = skip_name(s, from);
    ptrdiff_t close = skip_attributes(s, name_end);
    token->kind = is_end ? HTML_END : HTML_START;
    token->name = str_sub(s, from, name_end - from);
    token->attributes = str_sub(s, name_end, close - name_end);
    if (close >= s.len) /* a tag that never ends is no element */
        token->kind = HTML_OTHER;
    scan->raw = !is_end && is_raw(token->name) ? token->name : S("");
    return close < s.len ? close + 1 : s.len;
}

bool html_scan_next(struct html_scan *scan, struct html_token *token)
{
    str s = scan->html;
    *token = (struct html_token){.start = scan->at, .kind = HTML_OTHER};
    if (scan->at >= s.len)
        return false;
    char next = scan->at + 1 < s.len ? s.at[scan->at + 1] : 0;
    char after = scan->at + 2 < s.len ? s.at[scan->at + 2] : 0;
    if (scan->raw.len > 0) {
        scan->at = skip_raw(s, scan->at, scan->raw);
        scan->raw = S("");
        token->end = scan->at;
        return token->end > token->start || html_scan_next(scan, token);
    }
    bool is_tag = is_letter(next) || (next == '/' && is_letter(after));
    if (s.at[scan->at] == '<' && is_tag) {
        scan->at = read_tag(scan, token);
    } else if (s.at[scan->at] == '<' && (next == '!' || next == '?' || next == '/')) {
        scan->at = skip_comment(s, scan->at);
    } else {
        scan->at = find(s, scan->at + 1, '<');
        token->kind = HTML_TEXT;
    }
    token->end = scan->at;
    return true;
}

str html_scan_attribute(str s, const char *name)
{
    for (ptrdiff_t at = 0; at < s.len;) {
        while (at < s.len && (is_space(s.at[at]) || s.at[at] == '/'))
            at++;
        ptrdiff_t from = at;
        at += at < s.len; /* a leading "=" belongs to the name */
        while (at < s.len && !is_space(s.at[at]) && s.at[at] != '/' && s.at[at] != '=')
            at++;
        str key = str_sub(s, from, at - from), value = S("");
        while (at < s.len && is_space(s.at[at]))
            at++;
        if (at < s.len && s.at[at] == '=') {
            at++;
            while (at < s.len && is_space(s.at[at]))
                at++;
            char quote = at < s.len ? s.at[at] : 0;
            bool is_quoted = quote == '"' || quote == '\'';
            from = at + is_quoted;
            at = from;
            while (at < s.len && (is_quoted ? s.at[at] != quote : !is_space(s.at[at])))
                at++;
            value = str_sub(s, from, at - from);
            at += is_quoted;
        }
        if (str_eq_nocase(key, str_from(name)))
            return value;
    }
    return S("");
}
