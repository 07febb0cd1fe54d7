/* search_query: see search_query.h. One pass over what is typed; fields are a table. */
#include "text/search_query.h"

#include "base/utf8.h"
#include "text/search_phone.h"

static const struct {
    const char *name;
    enum search_field field;
    const char *values; /* "a b c": one of them; NULL: any; "day": a day */
    const char *wrong;
} fields[] = {
    {"from",     SEARCH_FROM,     NULL,                                            ""                                                     },
    {"channel",  SEARCH_CHANNEL,  NULL,                                            ""                                                     },
    {"tag",      SEARCH_TAG,      NULL,                                            ""                                                     },
    {"assignee", SEARCH_ASSIGNEE, NULL,                                            ""                                                     },
    {"is",       SEARCH_IS,       "open pending snoozed resolved unassigned mine",
     "is: wants open, pending, snoozed, resolved, unassigned or mine."                                                                    },
    {"has",      SEARCH_HAS,      "attachment",                                    "has: wants attachment."                               },
    {"before",   SEARCH_BEFORE,   "day",                                           "before: wants a day as 2026-01-31, or 7d, 2w, 3m, 1y."},
    {"after",    SEARCH_AFTER,    "day",                                           "after: wants a day as 2026-01-31, or 7d, 2w, 3m, 1y." },
};

struct reader {
    struct arena *a;
    const struct search_typed *typed;
    str text;
    ptrdiff_t at;
    struct search_term *terms;
    ptrdiff_t n_terms;
    struct search_condition *conditions;
    ptrdiff_t n_conditions;
    struct search_fault *fault;
};

/* ── days ── */

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* Days since 1970-01-01 of a Gregorian date (Howard Hinnant's days_from_civil). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t days_in(int64_t year, int64_t month)
{
    return month == 12 ? 31 : days_of(year, month + 1, 1) - days_of(year, month, 1);
}

static bool read_date(str s, const struct search_typed *typed, int64_t *at_ms)
{
    int64_t year, month, day;
    if (s.len != 10 || s.at[4] != '-' || s.at[7] != '-' ||
        str_int(str_sub(s, 0, 4), 1970, 9999, &year) != OK ||
        str_int(str_sub(s, 5, 2), 1, 12, &month) != OK ||
        str_int(str_sub(s, 8, 2), 1, 31, &day) != OK || day > days_in(year, month))
        return false;
    *at_ms = days_of(year, month, day) * DAY_MS - typed->zone_ms;
    return true;
}

static bool read_ago(str s, const struct search_typed *typed, int64_t *at_ms)
{
    static const struct {
        char unit;
        int days;
    } units[] = {
        {'d', 1  },
        {'w', 7  },
        {'m', 30 },
        {'y', 365}
    };
    int64_t n;
    if (s.len < 2 || str_int(str_sub(s, 0, s.len - 1), 1, 9999, &n) != OK)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (s.at[s.len - 1] == units[i].unit) {
            *at_ms = typed->now_ms - n * units[i].days * DAY_MS;
            return true;
        }
    return false;
}

/* ── words ── */

struct gather {
    struct reader *r;
    str words[SEARCH_TERM_WORDS];
    ptrdiff_t n;
    str whole, phone; /* phone: stands for each term of its number */
    int32_t run;
    bool is_phrase; /* runs are not parted */
    bool is_excluded, is_single, is_tail;
};

/* A whole mail address: no other ends with it. Half a one is what its parts say. */
static bool is_address(str whole)
{
    str name, host;
    return str_cut(whole, '@', &name, &host) && str_find(host, S(".")) > 0;
}

static void end_term(struct gather *g, bool is_begin)
{
    struct reader *r = g->r;
    g->n -= g->is_tail && g->n > 1; /* the pair before it says it, and may go on */
    if (g->n == 0 || r->n_terms == SEARCH_TERMS)
        return;
    if (!g->is_phrase && is_address(g->whole)) {
        g->words[0] = g->whole;
        g->n = 1;
    }
    str *words = NEW(r->a, str, g->n);
    for (ptrdiff_t i = 0; i < g->n; i++)
        words[i] = g->words[i];
    r->terms[r->n_terms++] = (struct search_term){.words = words,
        .n = g->n,
        .whole = g->is_phrase ? (str){0} : g->whole,
        .phone = g->phone,
        .is_begin = is_begin || g->is_single,
        .is_excluded = g->is_excluded};
    g->n = 0;
    g->whole = (str){0};
    g->is_single = g->is_tail = false;
}

static bool gather(void *closure, const struct search_word *word)
{
    struct gather *g = closure;
    if (word->run != g->run && !g->is_phrase)
        end_term(g, false);
    g->run = word->run;
    if (word->is_whole)
        g->whole = str_copy(g->r->a, word->word);
    else if (g->n < SEARCH_TERM_WORDS) {
        g->words[g->n++] = str_copy(g->r->a, word->word);
        g->is_single = word->is_single;
        g->is_tail = word->is_tail;
    }
    return true;
}

static void add_words(struct reader *r, str text, bool is_phrase, bool is_excluded, bool is_begin)
{
    struct gather g = {.r = r, .is_phrase = is_phrase, .is_excluded = is_excluded, .run = -1};
    (void)search_words_each(text, SEARCH_QUERY, gather, &g);
    end_term(&g, is_begin);
}

/* A telephone number: each of its groups, or the number as a whole in its place. So both are found:
 * the groups wherever they stand, and the number however it is grouped. Without it there is only
 * the whole. */
static void add_phone(struct reader *r, str text, str national, bool is_excluded, bool is_begin)
{
    ptrdiff_t first = r->n_terms;
    if (is_excluded) {
        add_words(r, national, false, true, is_begin);
        return;
    }
    struct gather g = {.r = r, .phone = str_copy(r->a, national), .run = -1};
    (void)search_words_each(text, SEARCH_QUERY, gather, &g);
    end_term(&g, is_begin);
    for (ptrdiff_t i = first; i < r->n_terms; i++)
        r->terms[i].is_begin = is_begin;
}

/* ── what is typed ── */

/* Quotes as keyboards and phones write them: the bytes of an opening or closing one at `at`, or 0.
 */
static ptrdiff_t quote_at(str s, ptrdiff_t at)
{
    static const char *const quotes[] = {"\"", "“", "”", "„", "«", "»", "「", "」"};
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++)
        if (str_starts(str_skip(s, at), str_from(quotes[i])))
            return str_from(quotes[i]).len;
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What French and Italian write before a word, with an apostrophe: l'avion is sought as avion. */
static str drop_elision(str value)
{
    static const char *const elisions[] = {"c", "d", "j", "l", "m", "n", "qu", "s", "t", "dell"};
    enum { LETTERS_LEAST = 3 };
    for (size_t i = 0; i < sizeof elisions / sizeof elisions[0]; i++) {
        str before = str_from(elisions[i]), rest = str_skip(value, before.len);
        if (!str_eq_nocase(str_sub(value, 0, before.len), before))
            continue;
        ptrdiff_t mark = str_starts(rest, S("'")) ? 1 : str_starts(rest, S("’")) ? 3 : 0;
        if (mark && utf8_code_points(str_skip(rest, mark)) >= LETTERS_LEAST)
            return str_skip(rest, mark);
    }
    return value;
}

/* In quotes, or to the next space. *is_open: no quote closes it. */
static str take_value(struct reader *r, bool *is_quoted, bool *is_open)
{
    ptrdiff_t quote = quote_at(r->text, r->at), from = r->at + quote;
    *is_quoted = quote > 0;
    *is_open = *is_quoted;
    ptrdiff_t end = from;
    while (end < r->text.len && (*is_quoted ? !quote_at(r->text, end) : !is_space(r->text.at[end])))
        end++;
    r->at = end;
    if (*is_quoted && end < r->text.len) {
        *is_open = false;
        r->at += quote_at(r->text, end);
    }
    return str_sub(r->text, from, end - from);
}

static bool is_one_of(str value, const char *values)
{
    str rest = str_from(values), one;
    do {
        (void)str_cut(rest, ' ', &one, &rest);
        if (str_eq_nocase(one, value))
            return true;
    } while (rest.len);
    return false;
}

static bool fault(struct reader *r, size_t field, ptrdiff_t at)
{
    *r->fault = (struct search_fault){
        .field = str_from(fields[field].name), .words = str_from(fields[field].wrong), .at = at};
    return false;
}

/* *is_field: it was one. False: its value cannot be. */
static bool read_field(struct reader *r, bool is_excluded, bool *is_field)
{
    str rest = str_skip(r->text, r->at), name, value;
    *is_field = false;
    if (!str_cut(rest, ':', &name, &value))
        return true;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!str_eq_nocase(name, str_from(fields[i].name)))
            continue;
        bool is_quoted, is_open;
        ptrdiff_t began = r->at;
        r->at += name.len + 1;
        struct search_condition c = {.field = fields[i].field, .is_excluded = is_excluded};
        c.value = str_trim(take_value(r, &is_quoted, &is_open));
        *is_field = true;
        bool is_unfinished = r->typed->is_typing && r->at >= r->text.len;
        if (c.value.len == 0 && (is_unfinished || fields[i].values == NULL))
            return true; /* nothing is asked yet */
        bool is_day = fields[i].values && str_eq(str_from(fields[i].values), S("day"));
        bool is_good = fields[i].values == NULL ? true
                       : is_day                 ? read_date(c.value, r->typed, &c.at_ms) ||
                                      read_ago(c.value, r->typed, &c.at_ms)
                                : is_one_of(c.value, fields[i].values);
        if (!is_good && is_unfinished) /* half a day is not wrong yet */
            return true;
        if (!is_good)
            return fault(r, i, began);
        if (r->n_conditions < SEARCH_FIELDS)
            r->conditions[r->n_conditions++] = c;
        return true;
    }
    return true;
}

/* "+880 1711-223344", "(415) 555 2671": at the first digit, or the sign before it. The longest
 * number that ends where a word does. */
static bool read_phone(struct reader *r, bool is_excluded)
{
    struct search_phone phones[SEARCH_PHONE_GROUPS];
    char first = r->text.at[r->at];
    ptrdiff_t at = r->at + (first == '+' || first == '(');
    for (int n = search_phones_at(r->text, at, SEARCH_PHONE_SOUGHT, phones); n > 0; n--) {
        ptrdiff_t end = phones[n - 1].end;
        bool has_star = end < r->text.len && r->text.at[end] == '*';
        bool is_last = end == r->text.len;
        if (!is_last && !is_space(r->text.at[end]) && !has_star)
            continue;
        add_phone(r, str_sub(r->text, r->at, end - r->at), search_phone_national(&phones[n - 1]),
            is_excluded, has_star || (is_last && r->typed->is_typing));
        r->at = end + has_star;
        return true;
    }
    return false;
}

static bool read_next(struct reader *r)
{
    bool is_excluded =
        r->text.at[r->at] == '-' && r->at + 1 < r->text.len && !is_space(r->text.at[r->at + 1]);
    r->at += is_excluded;
    bool is_field = false, is_quoted = false, is_open = false;
    if (!read_field(r, is_excluded, &is_field) || is_field)
        return is_field && r->fault->field.len == 0;
    if (read_phone(r, is_excluded))
        return true;
    str value = take_value(r, &is_quoted, &is_open);
    bool is_last = r->at >= r->text.len;
    bool is_begin = str_ends(value, S("*"));
    if (is_quoted && r->at < r->text.len && r->text.at[r->at] == '*') { /* "out for deliv"* */
        is_begin = true;
        r->at++;
    }
    is_begin |= is_last && r->typed->is_typing && (!is_quoted || is_open);
    add_words(r, is_quoted ? value : drop_elision(value), is_quoted, is_excluded, is_begin);
    return true;
}

static void add_firsts(struct search_firsts *firsts, const struct search_term *term)
{
    search_firsts_add(firsts, term->whole);
    search_firsts_add(firsts, term->phone);
    for (ptrdiff_t i = 0; i < term->n; i++)
        search_firsts_add(firsts, term->words[i]);
}

bool search_query_read(struct arena *a, const struct search_typed *typed,
    struct search_query *query, struct search_fault *wrong)
{
    struct reader r = {.a = a,
        .typed = typed,
        .text = utf8_prefix_bytes(typed->text, SEARCH_QUERY_BYTES),
        .terms = NEW(a, struct search_term, SEARCH_TERMS),
        .conditions = NEW(a, struct search_condition, SEARCH_FIELDS),
        .fault = wrong};
    *wrong = (struct search_fault){0};
    while (r.at < r.text.len) {
        if (is_space(r.text.at[r.at])) {
            r.at++;
            continue;
        }
        if (!read_next(&r))
            return false;
    }
    *query = (struct search_query){.terms = r.terms,
        .n_terms = r.n_terms,
        .conditions = r.conditions,
        .n_conditions = r.n_conditions};
    for (ptrdiff_t i = 0; i < r.n_terms; i++)
        add_firsts(&query->firsts, &r.terms[i]);
    return true;
}
