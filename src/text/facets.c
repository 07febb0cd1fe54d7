/* facets: one walk; addresses come from text/url and are merged in. Thread: pure. */
#include "text/facets.h"

#include <string.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/grapheme.h"
#include "text/url.h"

enum { TAG_GRAPHEMES = 64 /* app.bsky.richtext.facet#tag */ };

static uint32_t point_at(str s, ptrdiff_t i, ptrdiff_t *len)
{
    uint32_t c = 0;
    *len = i < s.len ? utf8_decode(s, i, &c) : 1;
    if (*len < 0) {
        *len = -*len;
        c = 0;
    }
    return c;
}

static uint32_t point_before(str s, ptrdiff_t i)
{
    ptrdiff_t from = i, len;
    if (i == 0)
        return ' ';
    while (from > 0 && i - from < 4 && ((unsigned char)s.at[--from] & 0xc0) == 0x80)
        ;
    return point_at(s, from, &len);
}

static bool is_word(uint32_t c)
{
    uint32_t word = U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_PC_MASK;
    return (U_GET_GC_MASK((UChar32)c) & word) != 0;
}

static bool is_space(uint32_t c)
{
    return c <= ' ' || (c >= 0x7f && c <= 0xa0) || u_isUWhiteSpace((UChar32)c) || c == 0xfeff;
}

/* Punctuation that ends a sentence or quotation around an address. */
static bool is_closing(uint32_t c)
{
    uint32_t mask = U_GC_PE_MASK | U_GC_PF_MASK | U_GC_PI_MASK | U_GC_PS_MASK;
    if (c < 0x80)
        return c > 0 && strchr(".,;:!?'\"*>]}|", (int)c) != NULL;
    return (U_GET_GC_MASK((UChar32)c) & mask) != 0 || c == 0x3001 || c == 0x3002 || c == 0xff0c ||
           c == 0xff0e || c == 0xff01 || c == 0xff1f || c == 0x2026 || c == 0x0964 || c == 0x060c ||
           c == 0x061f || c == 0x061b;
}

/* Up to the next white space, less what only closes: ")" stays when the address opened it. */
static ptrdiff_t spaced_end(str s, ptrdiff_t start)
{
    ptrdiff_t end = start, len;
    int64_t open = 0;
    for (; end < s.len; end += len) {
        uint32_t c = point_at(s, end, &len);
        if (is_space(c) || c == '<' || c == '>' || c == '"')
            break;
        open += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    while (end > start) {
        uint32_t c = point_before(s, end);
        if (c == ')' && open < 0)
            open++;
        else if (!is_closing(c))
            break;
        do
            end--;
        while (end > start && ((unsigned char)s.at[end] & 0xc0) == 0x80);
    }
    return end;
}

static ptrdiff_t scheme_len(str s)
{
    if (str_eq_nocase(str_sub(s, 0, 7), S("http://")))
        return 7;
    return str_eq_nocase(str_sub(s, 0, 8), S("https://")) ? 8 : 0;
}

/* url.h's ASCII path goes on where a letter of another script follows it. */
static ptrdiff_t grown_end(str s, const struct url_range *r)
{
    ptrdiff_t len, slash = r->start + scheme_len(str_skip(s, r->start));
    bool has_path = memchr(s.at + slash, '/', (size_t)(r->end - slash)) != NULL;
    if (!has_path || r->end >= s.len || (unsigned char)s.at[r->end] < 0x80 ||
        !is_word(point_at(s, r->end, &len)))
        return r->end;
    return spaced_end(s, r->start);
}

/* An address with a scheme whose host url.h does not know; 0 for none. */
static ptrdiff_t other_address(str s, ptrdiff_t at)
{
    ptrdiff_t scheme = scheme_len(str_skip(s, at)), len;
    if (scheme == 0 || !is_word(point_at(s, at + scheme, &len)))
        return 0;
    return spaced_end(s, at);
}

static bool is_name_letter(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The end of letters of a name from `at`, with dots and dashes only inside. */
static ptrdiff_t name_end(str s, ptrdiff_t at, bool takes_all)
{
    ptrdiff_t end = at;
    for (ptrdiff_t i = at, len; i < s.len; i += len) {
        uint32_t c = point_at(s, i, &len);
        bool is_letter = c < 0x80 ? is_name_letter((unsigned char)c) : takes_all && is_word(c);
        if (is_letter)
            end = i + len;
        else if ((c != '.' && c != '-') || i == at)
            break;
    }
    return end;
}

/* "care.example.com": at least two labels of letters, digits and -, the last a known one. */
static bool is_domain(str name)
{
    str label, rest = name;
    int labels = 0;
    for (bool is_more = true; is_more; labels++) {
        is_more = str_cut(rest, '.', &label, &rest);
        if (label.len == 0 || label.len > 63 || label.at[0] == '-' ||
            label.at[label.len - 1] == '-' || str_find_byte(label, '_') >= 0)
            return false;
    }
    return labels > 1 && name.len <= 253 && url_tld(label) == label.len;
}

static bool take_mention(str s, ptrdiff_t at, struct facet *f)
{
    uint32_t before = point_before(s, at);
    if (is_word(before) || before == '/' || before == '@' || before == '=' || before == '.')
        return false;
    ptrdiff_t end = name_end(s, at + 1, false);
    if (end == at + 1)
        return false;
    f->start = at;
    if (end < s.len && s.at[end] == '@') {
        ptrdiff_t host = name_end(s, end + 1, true);
        if (host > end + 1) {
            f->kind = FACET_MENTION_REMOTE;
            f->end = host;
            f->value = str_sub(s, at + 1, host - at - 1);
            return true;
        }
    }
    f->end = end;
    f->value = str_sub(s, at + 1, end - at - 1);
    f->kind = is_domain(f->value) ? FACET_MENTION_DOMAIN : FACET_MENTION_NAME;
    return true;
}

static bool take_tag(str s, ptrdiff_t at, ptrdiff_t sign, struct facet *f)
{
    uint32_t before = point_before(s, at);
    if (is_word(before) || before == '&' || before == '/')
        return false;
    ptrdiff_t end = at + sign, len;
    bool has_letter = false;
    for (; end < s.len; end += len) {
        uint32_t c = point_at(s, end, &len);
        bool joins = (c == 0x200c || c == 0x200d) && end > at + sign;
        if (!is_word(c) && !joins)
            break;
        has_letter |= u_isUAlphabetic((UChar32)c);
    }
    while (end > at + sign && (point_before(s, end) == 0x200c || point_before(s, end) == 0x200d))
        end -= 3;
    *f = (struct facet){.kind = FACET_TAG, .start = at, .end = end};
    f->value = str_sub(s, at + sign, end - at - sign);
    return has_letter && grapheme_count(f->value) <= TAG_GRAPHEMES;
}

static void add(struct facet_list *l, struct facet f)
{
    if (l->n < FACETS_MAX)
        l->at[l->n++] = f;
}

static struct facet link_of(struct arena *a, str s, ptrdiff_t start, ptrdiff_t end)
{
    str shown = str_sub(s, start, end - start);
    bool is_whole = scheme_len(shown) > 0;
    return (struct facet){.kind = FACET_LINK,
        .start = start,
        .end = end,
        .value = is_whole ? shown : str_cat(a, S("https://"), shown)};
}

/* Every facet holds one of these bytes (full-width # begins with 0xef). */
static ptrdiff_t most_facets(str s)
{
    ptrdiff_t n = 1;
    for (ptrdiff_t i = 0; i < s.len && n < FACETS_MAX; i++)
        n += s.at[i] == '@' || s.at[i] == '#' || s.at[i] == '.' || s.at[i] == ':' ||
             (unsigned char)s.at[i] == 0xef;
    return n;
}

struct facet_list facets_find(struct arena *a, str text)
{
    struct facet_list l = {.at = NEW(a, struct facet, most_facets(text))};
    struct url_scan scan = url_scan_make(text, true);
    struct url_range url;
    bool has_url = url_scan_next(&scan, &url);
    for (ptrdiff_t at = 0, len; at < text.len;) {
        while (has_url && url.start < at)
            has_url = url_scan_next(&scan, &url);
        uint32_t c = point_at(text, at, &len);
        struct facet f = {0};
        ptrdiff_t other = 0;
        if (has_url && url.start == at)
            other = grown_end(text, &url);
        else if ((c | 0x20) == 'h' && !is_word(point_before(text, at)))
            other = other_address(text, at);
        if (other > at) {
            add(&l, link_of(a, text, at, other));
            at = other;
        } else if (c == '@' && take_mention(text, at, &f)) {
            add(&l, f);
            at = f.end;
        } else if ((c == '#' || c == 0xff03) && take_tag(text, at, len, &f)) {
            add(&l, f);
            at = f.end;
        } else {
            at += len;
        }
    }
    return l;
}
