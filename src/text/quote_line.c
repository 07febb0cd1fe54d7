/* quote_line: what one line of a mail is. See quote_inner.h. */
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/quote_inner.h"
#include "text/quote_words.h"

enum { LABEL_BYTES = 60, MOBILE_BYTES = 100, SEPARATOR_BYTES = 120, RULE_LENGTH = 10 };

#define COUNT(list) (sizeof list / sizeof list[0])

static bool begins_with(str s, str part)
{
    return part.len > 0 && str_eq_nocase(str_sub(s, 0, part.len), part);
}

static bool ends_with(str s, str part)
{
    return s.len >= part.len && str_eq_nocase(str_skip(s, s.len - part.len), part);
}

static bool has_nocase(str s, str part)
{
    for (ptrdiff_t i = 0; i + part.len <= s.len; i++)
        if (begins_with(str_skip(s, i), part))
            return true;
    return false;
}

/* Whether a mark may begin, or end, with this byte: nearly every line has another one there. */
static bool may_be_mark(char c)
{
    return c == ' ' || c == '*' || c == '_' || c == '\t' || c == '\r' || (unsigned char)c >= 0x80;
}

/* Marks that are not seen (direction, joiners, no-break space) or only decorate (* _). */
static ptrdiff_t invisible_at(str s, bool at_end)
{
    static const str marks[] = {S_INIT("\u200E"), S_INIT("\u200F"), S_INIT("\u202A"),
        S_INIT("\u202B"), S_INIT("\u202C"), S_INIT("\u202D"), S_INIT("\u202E"), S_INIT("\u2066"),
        S_INIT("\u2067"), S_INIT("\u2068"), S_INIT("\u2069"), S_INIT("\u200B"), S_INIT("\u00A0"),
        S_INIT("\uFEFF"), S_INIT(" "), S_INIT("\t"), S_INIT("\r"), S_INIT("*"), S_INIT("_")};
    if (s.len == 0 || !may_be_mark(s.at[at_end ? s.len - 1 : 0]))
        return 0;
    for (size_t i = 0; i < COUNT(marks); i++)
        if (at_end ? str_ends(s, marks[i]) : str_starts(s, marks[i]))
            return marks[i].len;
    return 0;
}

static str trim_marks(str s)
{
    ptrdiff_t n;
    while ((n = invisible_at(s, false)) > 0)
        s = str_skip(s, n);
    while ((n = invisible_at(s, true)) > 0)
        s.len -= n;
    return s;
}

static bool ends_with_colon(str *s)
{
    *s = trim_marks(*s);
    ptrdiff_t n = str_ends(*s, S(":")) ? 1 : str_ends(*s, S("：")) ? 3 : 0;
    s->len -= n;
    return n > 0;
}

/* What a line holds that "On … wrote:" has: a date with its year, a time of day, an address. */
struct evidence {
    bool has_date, has_time, has_address;
};

static int count(struct evidence e)
{
    return e.has_date + e.has_time + e.has_address;
}

/* A run of digits of any script. */
struct run {
    int digits;
    uint32_t before, after; /* code points beside it; 0 = none */
};

/* Times: 10:00, 10h30, and 10.00 where no third number follows or stands before. Dates: a year of
 * four digits, 1/1/26. Judged from three runs that stand one character apart. */
static void judge_runs(const struct run r[3], struct evidence *e)
{
    e->has_date |= r[2].digits == 4;
    bool is_pair = r[1].digits >= 1 && r[1].digits <= 2 && r[2].digits == 2;
    uint32_t between = r[2].before;
    if (is_pair && (between == ':' || between == 'h'))
        e->has_time = true;
    bool is_third = r[0].digits > 0 && r[1].before == between;
    if (is_third && r[1].digits <= 2 && (between == '/' || between == '.' || between == '-'))
        e->has_date = true;
    if (is_pair && between == '.' && !is_third && r[2].after != '.' && r[2].after != '/')
        e->has_time = true;
}

static struct evidence evidence_of(str s)
{
    struct evidence e = {0};
    struct run runs[3] = {0};
    uint32_t last = 0;
    ptrdiff_t run_end = -2;
    for (ptrdiff_t i = 0; i < s.len;) {
        uint32_t c;
        ptrdiff_t n = utf8_decode(s, i, &c), start = i;
        n = n < 0 ? -n : n;
        e.has_address |= c == '@' && i > 0 && i + 1 < s.len && (unsigned char)s.at[i - 1] > ' ' &&
                         (unsigned char)s.at[i + 1] > ' ' && s.at[i - 1] != '<';
        if (u_charDigitValue((UChar32)c) < 0) {
            last = c;
            i += n;
            continue;
        }
        struct run run = {.before = last};
        for (; i < s.len && u_charDigitValue((UChar32)c) >= 0; run.digits++) {
            i += n;
            if (i < s.len) {
                n = utf8_decode(s, i, &c);
                n = n < 0 ? -n : n;
            }
        }
        run.after = i < s.len ? c : 0;
        bool is_next = run_end + 1 == start; /* one ASCII character between */
        runs[0] = is_next ? runs[1] : (struct run){0};
        runs[1] = is_next ? runs[2] : (struct run){0};
        runs[2] = run;
        run_end = i;
        judge_runs(runs, &e);
        last = 0;
    }
    return e;
}

static bool has_wrote_word(str s)
{
    for (size_t i = 0; i < COUNT(wrote_words); i++)
        if (str_find(s, wrote_words[i]) >= 0)
            return true;
    return false;
}

bool quote_may_end_wrote(str line)
{
    str rest = line;
    return ends_with_colon(&rest) || rest.len == 0;
}

bool quote_is_wrote(str lines, bool quote_follows)
{
    if (lines.len > QUOTE_WROTE_BYTES || !ends_with_colon(&lines))
        return false;
    int n = count(evidence_of(lines));
    if (!quote_follows && n < 2)
        return false;
    if (has_wrote_word(lines))
        return true;
    /* Gmail in Russian, Japanese …: only the date and "Name <address>:". */
    bool is_named = str_ends(trim_marks(lines), S(">")) || str_ends(trim_marks(lines), S(")"));
    return n == 3 && (is_named || quote_follows);
}

bool quote_is_wrote_begin(str line)
{
    int n = line.len <= QUOTE_WROTE_BYTES ? count(evidence_of(line)) : 0;
    line = trim_marks(line);
    for (size_t i = 0; i < COUNT(wrote_begins) && n == 1; i++)
        n += begins_with(line, wrote_begins[i]);
    return n >= 2;
}

bool quote_is_separator(str line)
{
    line = trim_marks(line);
    if (line.len < 8 || line.len > SEPARATOR_BYTES)
        return false;
    for (size_t i = 0; i < COUNT(forward_lines); i++)
        if (str_eq_nocase(line, forward_lines[i]))
            return true;
    ptrdiff_t from = 0, to = line.len;
    while (from < to && line.at[from] == '-')
        from++;
    while (to > from && line.at[to - 1] == '-')
        to--;
    if (from < 2 || line.len - to < 2)
        return false;
    str inner = trim_marks(str_sub(line, from, to - from));
    for (size_t i = 0; i < COUNT(separators); i++)
        if (str_eq_nocase(inner, separators[i]))
            return true;
    return false;
}

bool quote_is_our_line(str line)
{
    line = trim_marks(line);
    return line.len >= 8 && str_starts(line, S("##-")) && str_ends(line, S("-##"));
}

bool quote_is_rule(str line)
{
    line = str_trim(line);
    if (line.len < RULE_LENGTH || (line.at[0] != '_' && line.at[0] != '-'))
        return false;
    for (ptrdiff_t i = 1; i < line.len; i++)
        if (line.at[i] != line.at[0])
            return false;
    return true;
}

bool quote_is_mobile(str line)
{
    line = trim_marks(line);
    if (line.len < 5 || line.len > MOBILE_BYTES)
        return false;
    bool is_named = false, is_as = false;
    for (size_t i = 0; i < COUNT(mobile_lines) && !is_as; i++)
        is_as = (mobile_lines[i].begin.len == 0 || begins_with(line, mobile_lines[i].begin)) &&
                ends_with(line, mobile_lines[i].end);
    for (size_t i = 0; i < COUNT(devices) && is_as && !is_named; i++)
        is_named = has_nocase(line, devices[i]);
    return is_named;
}

/* "From:", "From :", "*From:*", "From：" */
static bool is_label(str label, const str *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(label, list[i]))
            return true;
    return false;
}

enum quote_label quote_label_of(str line)
{
    str head = trim_marks(str_sub(line, 0, LABEL_BYTES + 20));
    ptrdiff_t ascii = str_find_byte(head, ':'), wide = str_find(head, S("："));
    ptrdiff_t colon = ascii < 0 || (wide >= 0 && wide < ascii) ? wide : ascii;
    if (colon <= 0 || colon > LABEL_BYTES)
        return QUOTE_NO_LABEL;
    str label = trim_marks(str_sub(head, 0, colon));
    if (is_label(label, from_labels, COUNT(from_labels)))
        return QUOTE_FROM;
    if (is_label(label, sent_labels, COUNT(sent_labels)))
        return QUOTE_SENT;
    if (is_label(label, to_labels, COUNT(to_labels)))
        return QUOTE_TO;
    if (is_label(label, subject_labels, COUNT(subject_labels)))
        return QUOTE_SUBJECT;
    return QUOTE_NO_LABEL;
}
