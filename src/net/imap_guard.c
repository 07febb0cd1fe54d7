/* Limits before the parser. See imap_guard.h.
 *
 * It is strict where libetpan is lax, never the other way round: bytes count as a literal, and so
 * are not looked at, only where a data line ends with one. Where libetpan sees a literal and this
 * does not (a number in braces in the middle of a line), its bytes are held to the limits of lines.
 */
#include "net/imap_guard.h"

#include <string.h>

void imap_guard_begin(struct imap_guard *g, int64_t literal_max, int64_t bytes_max)
{
    g->literal_max = literal_max;
    g->bytes_max = bytes_max;
    g->is_greeting = false;
    g->literal_bytes = 0;
    g->text_bytes = 0;
    g->lines = 0;
}

static bool refuse(struct imap_guard *g, const char *why)
{
    g->why = why;
    return false;
}

/* The word at the place; "" at the end. */
static str next_word(str *rest)
{
    str word;
    *rest = str_trim(*rest);
    ptrdiff_t n = 0;
    while (n < rest->len && rest->at[n] != ' ')
        n++;
    word = str_sub(*rest, 0, n);
    *rest = str_trim(str_skip(*rest, n));
    return word;
}

/* An untagged response; libetpan wants no blank after the star. */
static bool take_star(str *rest)
{
    *rest = str_trim(*rest);
    bool is_star = str_starts(*rest, S("*"));
    if (is_star)
        *rest = str_skip(*rest, 1);
    return is_star;
}

/* Lines of words for people: no literal, no structure. A tagged line is one too. */
static bool head_is_text(const struct imap_guard *g)
{
    static const char *const words[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
    str rest = str_of(g->head, g->head_len);
    if (!take_star(&rest))
        return true;
    str word = next_word(&rest);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_eq_nocase(word, str_from(words[i])))
            return true;
    }
    return false;
}

static void keep_head(struct imap_guard *g, char c)
{
    if (c == '\t')
        c = ' ';
    bool is_after_blank = g->head_len == 0 || g->head[g->head_len - 1] == ' ';
    if (c == '\r' || (c == ' ' && is_after_blank) || g->head_len == IMAP_GUARD_HEAD_BYTES)
        return;
    g->head[g->head_len++] = c;
}

/* "{123}" or "{123+}", anywhere in a line. */
static bool follow_brace(struct imap_guard *g, char c)
{
    if (c == '{') {
        g->brace = BRACE_OPEN;
        g->brace_number = 0;
        g->brace_digits = 0;
    } else if (g->brace == BRACE_OPEN && c >= '0' && c <= '9') {
        g->brace_digits++;
        if (g->brace_number < INT64_MAX / 100)
            g->brace_number = g->brace_number * 10 + (c - '0');
    } else if (g->brace == BRACE_OPEN && c == '+' && g->brace_digits > 0) {
        g->brace = BRACE_PLUS;
    } else if ((g->brace == BRACE_OPEN || g->brace == BRACE_PLUS) && c == '}' &&
               g->brace_digits > 0) {
        g->brace = BRACE_CLOSED;
        if (g->brace_number > g->literal_max)
            return refuse(g, "it announces a longer piece of data than was asked for");
    } else if (c != '\r') {
        g->brace = BRACE_NONE;
    }
    return true;
}

/* Whether the last letters, blanks aside, are this word. */
static bool tail_is(const struct imap_guard *g, const char *word)
{
    unsigned n = (unsigned)strlen(word);
    for (unsigned i = 1; i <= n; i++) {
        if (g->tail[(g->tail_at - i) % IMAP_GUARD_TAIL_BYTES] != word[n - i])
            return false;
    }
    return true;
}

/* The first permanent flag: a word that may have a backslash, or "\*"; or there is none. */
static bool follow_first(struct imap_guard *g, char c)
{
    bool is_sign = (unsigned char)c <= ' ' || c == '%' || c == '(' || c == ')' || c == '*';
    bool is_backslash = c == '\\' && g->first == FIRST_FLAG;
    bool is_end = c == ')' && g->first == FIRST_FLAG, is_any = c == '*' && g->first != FIRST_FLAG;
    if (g->first == FIRST_NONE || c == ' ' || c == '\t')
        return true;
    if (is_backslash) {
        g->first = FIRST_BACKSLASH;
        return true;
    }
    g->first = FIRST_NONE;
    return is_end || is_any || (!is_sign && c != '\\') || refuse(g, "a flag is no word");
}

/* What opens a parenthesis: flags, which must be atoms; or what is never asked for, and whose
 * parser is the largest and leaks. */
static bool follow_word(struct imap_guard *g, char c)
{
    if (g->is_flags && (c == '"' || c == '{'))
        return refuse(g, "a flag is no word");
    if (!follow_first(g, c))
        return false;
    if (c == ')')
        g->is_flags = false;
    if (c == '(') {
        bool is_text = !g->is_continued && head_is_text(g);
        g->is_flags = tail_is(g, is_text ? "PERMANENTFLAGS" : "FLAGS");
        g->first = g->is_flags && is_text ? FIRST_FLAG : FIRST_NONE;
        bool is_unasked =
            tail_is(g, "BODY") || tail_is(g, "BODYSTRUCTURE") || tail_is(g, "ENVELOPE");
        bool is_list = str_starts(str_of(g->head, g->head_len), S("* L")); /* names folders */
        if (g->is_greeting && (tail_is(g, "PERMANENTFLAGS") || tail_is(g, "BADCHARSET")))
            return refuse(g, "its greeting holds a list");
        if (is_unasked && !is_text && !is_list)
            return refuse(g, "it tells what nobody asked for");
    }
    if (c != ' ' && c != '\t')
        g->tail[g->tail_at++ % IMAP_GUARD_TAIL_BYTES] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    return true;
}

/* A response is whole: what must not be lost is noted. */
static bool line_ends(struct imap_guard *g)
{
    str rest = str_of(g->head, g->head_len);
    bool is_untagged = take_star(&rest);
    str word = next_word(&rest);
    int64_t n;
    if (is_untagged && str_eq_nocase(word, S("BYE"))) {
        g->is_bye = true;
        g->bye_len = rest.len < IMAP_GUARD_BYE_BYTES ? rest.len : IMAP_GUARD_BYE_BYTES;
        if (g->bye_len > 0)
            memcpy(g->bye, rest.at, (size_t)g->bye_len);
        return false;
    }
    if (is_untagged && str_int(word, 0, UINT32_MAX, &n) == OK &&
        str_eq_nocase(next_word(&rest), S("EXISTS"))) {
        g->has_news = true;
        g->exists = (uint32_t)n;
    }
    g->head_len = 0;
    g->line_bytes = 0;
    g->parens = 0;
    g->is_flags = false;
    memset(g->tail, 0, sizeof g->tail);
    g->is_continued = false;
    if (++g->lines > LIMIT_IMAP_LINES)
        return refuse(g, "its answer has too many lines");
    return true;
}

static bool newline(struct imap_guard *g)
{
    bool is_literal = g->brace == BRACE_CLOSED && (g->is_continued || !head_is_text(g));
    g->brace = BRACE_NONE;
    if (!is_literal)
        return line_ends(g);
    g->literal_left = g->brace_number;
    g->literal_bytes += g->brace_number;
    if (g->literal_bytes > g->bytes_max)
        return refuse(g, "it sends more data than was asked for");
    g->is_continued = true;
    return true;
}

static bool look_at_byte(struct imap_guard *g, char c)
{
    if (c == '\n')
        return follow_first(g, c) && newline(g);
    if (c == 0)
        return refuse(g, "a line holds a zero byte");
    if (++g->line_bytes > LIMIT_IMAP_LINE_BYTES)
        return refuse(g, "a line is too long");
    if (!g->is_continued)
        keep_head(g, c);
    if (c == '(' && ++g->parens > LIMIT_IMAP_PARENS && !head_is_text(g))
        return refuse(g, "too many parentheses in a line");
    return follow_word(g, c) && follow_brace(g, c);
}

bool imap_guard_look(struct imap_guard *g, str bytes)
{
    if (g->why != NULL || g->is_bye)
        return false;
    while (bytes.len > 0) {
        if (g->literal_left > 0) {
            ptrdiff_t n = bytes.len < g->literal_left ? bytes.len : (ptrdiff_t)g->literal_left;
            g->literal_left -= n;
            bytes = str_skip(bytes, n);
            continue;
        }
        if (++g->text_bytes > LIMIT_IMAP_TEXT_BYTES)
            return refuse(g, "its answer is too long");
        if (!look_at_byte(g, bytes.at[0]))
            return false;
        bytes = str_skip(bytes, 1);
    }
    return true;
}
