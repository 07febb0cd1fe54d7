/* SMTP's answers and the form of a mail on the line, both pure. See smtp_reply.h. */
#include "net/smtp_reply.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

enum { WORDS_BYTES = 400, ENHANCED_BYTES = 9 }; /* "5.123.123" */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "250-words", "250 words", "250". */
static bool code_read(str line, int *code, bool *has_more, str *words)
{
    if (line.len < 3 || line.at[0] < '2' || line.at[0] > '5' || !is_digit(line.at[1]) ||
        !is_digit(line.at[2]))
        return false;
    if (line.len > 3 && line.at[3] != ' ' && line.at[3] != '-' && line.at[3] != '\t')
        return false;
    *code = (line.at[0] - '0') * 100 + (line.at[1] - '0') * 10 + (line.at[2] - '0');
    *has_more = line.len > 3 && line.at[3] == '-';
    *words = str_skip(line, 4);
    return true;
}

/* Bytes of "5.1.1" at the start, when its class is the code's and a space or the end follows. */
static ptrdiff_t enhanced_len(str words, int code)
{
    ptrdiff_t at = 0;
    for (int part = 0; part < 3; part++) {
        ptrdiff_t start = at;
        while (at < words.len && at - start < 3 && is_digit(words.at[at]))
            at++;
        if (at == start || (part == 0 && (at != 1 || words.at[0] - '0' != code / 100)))
            return 0;
        if (part < 2 && (at == words.len || words.at[at++] != '.'))
            return 0;
    }
    return at == words.len || words.at[at] == ' ' || words.at[at] == '\t' ? at : 0;
}

/* Valid UTF-8 without controls. */
static str clean(struct arena *a, str words)
{
    str good = utf8_repair(a, words);
    char *to = arena_alloc(a, good.len + 1, 1);
    for (ptrdiff_t i = 0; i < good.len; i++) {
        unsigned char c = (unsigned char)good.at[i];
        to[i] = c < 0x20 || c == 0x7F ? ' ' : (char)c;
    }
    return str_trim(str_of(to, good.len));
}

enum smtp_reply_step smtp_reply_line(struct smtp_reply_reader *r, str line)
{
    int code;
    bool has_more;
    str words;
    if (r->lines++ == 0)
        r->text = sb_make(r->a, LIMIT_SMTP_REPLY_BYTES);
    /* All lines of an answer have one code; where they differ, the last one counts, as long as it
     * does not turn a no into a yes. */
    if (r->lines > LIMIT_SMTP_LINES || line.len > LIMIT_SMTP_LINE_BYTES ||
        !code_read(line, &code, &has_more, &words) ||
        (r->reply.code != 0 && r->reply.code / 100 != code / 100))
        return SMTP_REPLY_BROKEN;
    r->reply.code = code;
    ptrdiff_t n = enhanced_len(words, code);
    if (n > 0 && n <= ENHANCED_BYTES && r->reply.enhanced.len == 0)
        r->reply.enhanced = str_copy(r->a, str_sub(words, 0, n));
    if (r->lines > 1)
        sb_byte(&r->text, '\n');
    sb_add(&r->text, clean(r->a, str_skip(words, n)));
    if (has_more)
        return SMTP_REPLY_MORE;
    r->reply.text = sb_str(&r->text);
    return SMTP_REPLY_WHOLE;
}

str smtp_reply_words(struct arena *a, const struct smtp_reply *reply)
{
    str text = utf8_prefix_bytes(reply->text, WORDS_BYTES);
    char *to = arena_alloc(a, text.len + 1, 1);
    for (ptrdiff_t i = 0; i < text.len; i++)
        to[i] = text.at[i] == '\n' ? ' ' : text.at[i];
    return str_trim(str_of(to, text.len));
}

ptrdiff_t smtp_stuff(struct smtp_stuff *s, str piece, char *to)
{
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < piece.len; i++) {
        char c = piece.at[i];
        bool follows_cr = s->was_cr;
        s->was_cr = c == '\r';
        if (c == '\n' && follows_cr)
            continue; /* its CRLF is written */
        if (c == '\r' || c == '\n') {
            to[len++] = '\r';
            to[len++] = '\n';
            s->is_inside = false;
            continue;
        }
        if (c == '.' && !s->is_inside)
            to[len++] = '.';
        to[len++] = c;
        s->is_inside = true;
    }
    return len;
}
