/* mime_address: lists of people (RFC 5322 with its obsolete forms, RFC 6854 groups), as mailers
 * really write them: commas and dots in names without quotes, semicolons as separators, angle
 * brackets doubled or not closed, "(Name)" behind the address. One pass, no recursion. See
 * mime_inner.h. */
#include "text/mime_inner.h"

/* One entry of a list while it is read. */
struct entry {
    struct sb phrase;  /* what stands outside < > and comments, quotes opened */
    struct sb bare;    /* the same without blanks, quotes kept: an address without < > */
    struct sb comment; /* the last one */
    struct sb angle;
    bool has_angle, has_at, is_quoted;
};

struct list_reading {
    struct mime_reading *r;
    str s;
    ptrdiff_t i;
    struct entry entry;
    str before; /* a name up to an unquoted comma: "Doe" of: Doe, John <john@example> */
    struct mime_list *list;
};

static void entry_clear(struct entry *e)
{
    e->phrase.len = e->bare.len = e->comment.len = e->angle.len = 0;
    e->has_angle = e->has_at = e->is_quoted = false;
}

/* After the opening quote; both texts get it, the bare one with its quotes. */
static void read_quoted(struct list_reading *l)
{
    struct entry *e = &l->entry;
    sb_byte(&e->bare, '"');
    for (l->i++; l->i < l->s.len && l->s.at[l->i] != '"'; l->i++) {
        if (l->s.at[l->i] == '\\' && l->i + 1 < l->s.len) {
            sb_byte(&e->bare, '\\');
            l->i++;
        }
        sb_byte(&e->bare, l->s.at[l->i]);
        sb_byte(&e->phrase, l->s.at[l->i]);
    }
    sb_byte(&e->bare, '"');
    e->is_quoted = true;
    l->i++;
}

static void read_comment(struct list_reading *l)
{
    int depth = 1;
    l->entry.comment.len = 0;
    for (l->i++; l->i < l->s.len; l->i++) {
        char c = l->s.at[l->i];
        if (c == '\\' && l->i + 1 < l->s.len)
            c = l->s.at[++l->i];
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            break;
        sb_byte(&l->entry.comment, c);
    }
    l->i++;
}

/* After "<"; without ">" up to a comma or the end. */
static void read_angle(struct list_reading *l)
{
    bool is_in_quotes = false;
    int depth = 0;
    l->entry.angle.len = 0;
    l->entry.has_angle = true;
    for (l->i++; l->i < l->s.len; l->i++) {
        char c = l->s.at[l->i];
        if (c == '"')
            is_in_quotes = !is_in_quotes;
        bool is_comment = !is_in_quotes && (depth > 0 || c == '(');
        depth += is_comment && c == '(' ? 1 : is_comment && c == ')' ? -1 : 0;
        if (is_comment)
            continue;
        bool is_route = l->entry.angle.len > 0 && l->entry.angle.at[0] == '@';
        if (!is_in_quotes && (c == '>' || (c == ',' && !is_route)))
            break;
        if (c != '<' && c != ' ' && c != '\t')
            sb_byte(&l->entry.angle, c);
    }
    while (l->i < l->s.len && l->s.at[l->i] == '>')
        l->i++;
}

/* "<@relay.example,@other.example:user@host>" is user@host. */
static str without_route(str address)
{
    str route, rest;
    if (str_starts(address, S("@")) && str_cut(address, ':', &route, &rest))
        return rest;
    return address;
}

static str without_marks(str name)
{
    bool is_marked = name.len > 2 && name.at[0] == '\'' && name.at[name.len - 1] == '\'';
    return is_marked ? str_trim(str_sub(name, 1, name.len - 2)) : name;
}

static void add(struct list_reading *l, str name, str address)
{
    struct arena *a = l->r->a;
    struct mime_list *list = l->list;
    address = mime_line(a, without_route(address), MIME_ID_BYTES + 1);
    if (!address.len || address.len > MIME_ID_BYTES)
        return;
    if (list->n >= MIME_ADDRESSES) {
        l->r->flaws |= MIME_FLAW_LISTS;
        return;
    }
    name = mime_line(a, mime_words(l->r, name), MIME_HEADER_BYTES);
    list->at[list->n++] =
        (struct mime_address){.name = without_marks(name), .address = str_lower_ascii(a, address)};
}

/* One that is a single word may be a local address ("root"). */
static bool is_word(str s)
{
    return s.len > 0 && str_find_byte(s, ' ') < 0 && str_find_byte(s, '\t') < 0;
}

/* "John Doe john@x.example" has its name before it, "john @ x.example" is one address. */
static void add_bare(struct list_reading *l, str phrase, str bare, str comment)
{
    ptrdiff_t at = l->entry.is_quoted ? -1 : str_find_byte(phrase, '@'), from = at, end = at + 1;
    while (from > 0 && phrase.at[from - 1] != ' ')
        from--;
    while (end < phrase.len && phrase.at[end] != ' ')
        end++;
    bool is_whole = at >= 0 && from < at && end > at + 1 && (from > 0 || end < phrase.len);
    str name = str_trim(str_sub(phrase, 0, from > 0 ? from : 0));
    if (is_whole)
        add(l, name.len ? name : comment, str_sub(phrase, from, end - from));
    else
        add(l, comment, bare);
}

static void entry_end(struct list_reading *l, bool is_comma)
{
    struct entry *e = &l->entry;
    struct arena *a = l->r->a;
    str phrase = str_trim(str_copy(a, sb_str(&e->phrase))), bare = str_copy(a, sb_str(&e->bare));
    str comment = str_copy(a, sb_str(&e->comment)), angle = str_copy(a, sb_str(&e->angle));
    if (e->has_angle) {
        bool is_joined = l->before.len > 0 && !e->is_quoted;
        if (l->before.len && !is_joined && is_word(l->before))
            add(l, (str){0}, l->before);
        str name = is_joined ? str_cat(a, str_cat(a, l->before, S(", ")), phrase) : phrase;
        add(l, name.len ? name : comment, angle);
        l->before = (str){0};
    } else if (is_comma && phrase.len && !e->has_at && !l->before.len) {
        l->before = phrase;
    } else {
        if (is_word(l->before))
            add(l, (str){0}, l->before);
        l->before = (str){0};
        if (e->has_at)
            add_bare(l, phrase, bare, comment);
        else if (is_word(phrase))
            add(l, comment, phrase);
    }
    entry_clear(e);
}

/* Behind a group's name. */
static void group_begin(struct list_reading *l)
{
    entry_clear(&l->entry);
    l->before = (str){0};
    l->i++;
}

static void read_other(struct list_reading *l)
{
    char c = l->s.at[l->i++];
    if (l->entry.has_angle)
        return; /* junk behind the address */
    l->entry.has_at = l->entry.has_at || c == '@';
    sb_byte(&l->entry.phrase, c == '\t' ? ' ' : c);
    if (c != ' ' && c != '\t' && c != '>')
        sb_byte(&l->entry.bare, c);
}

void mime_addresses(struct mime_reading *r, str raw, struct mime_list *list)
{
    if (raw.len > MIME_LIST_BYTES)
        r->flaws |= MIME_FLAW_LISTS;
    str s = mime_bare_utf8(r, mime_unfold(r->a, raw, MIME_LIST_BYTES));
    struct list_reading l = {.r = r, .s = s, .list = list};
    l.entry.phrase = l.entry.bare = l.entry.comment = l.entry.angle =
        sb_make(r->a, MIME_LIST_BYTES);
    while (l.i < s.len) {
        char c = s.at[l.i];
        if (c == '"' && !l.entry.has_angle)
            read_quoted(&l);
        else if (c == '(')
            read_comment(&l);
        else if (c == '<')
            read_angle(&l);
        else if (c == ',' || c == ';')
            entry_end(&l, c == ','), l.i++;
        else if (c == ':' && !l.entry.has_at)
            group_begin(&l);
        else
            read_other(&l);
    }
    entry_end(&l, false);
}
