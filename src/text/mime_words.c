/* mime_words: RFC 2047, as mailers really write it. Adjacent words are joined, words of one charset
 * before they are converted, since some mailers cut characters in two; a word glued to other text
 * is decoded; what is no word stays as it is. See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/utf8.h"

#include <gmime/gmime.h>
#include <string.h>

enum {
    CHARSET_BYTES = 60, /* longer ones name no charset */
    WORDS = 4000,       /* of one mail: each may open a converter */
};

struct word {
    str charset, payload;
    bool is_base64;
    ptrdiff_t end; /* behind it */
};

struct words {
    struct mime_reading *r;
    str text;
    ptrdiff_t close; /* the first "?=" at or behind a place already looked at; text.len = none */
    struct sb out, run;
    str charset; /* of run */
    int state;   /* of base64 across the words of a run */
    guint32 save;
};

/* Looks at every byte once, however many words are begun and not ended. */
static ptrdiff_t close_from(struct words *w, ptrdiff_t from)
{
    if (w->close < from) {
        ptrdiff_t at = str_find(str_skip(w->text, from), S("?="));
        w->close = at < 0 ? w->text.len : from + at;
    }
    return w->close;
}

/* What holds anything else is no base64: such a word stays as it is. */
static bool is_base64(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!is_letter && !(c >= '0' && c <= '9') && !strchr("+/= \t", c))
            return false;
    }
    return true;
}

static bool word_at(struct words *w, ptrdiff_t at, struct word *word)
{
    str s = str_skip(w->text, at);
    if (!str_starts(s, S("=?")))
        return false;
    ptrdiff_t mark = str_find_byte(str_sub(s, 2, CHARSET_BYTES), '?');
    if (mark < 1 || mark + 4 >= s.len || s.at[mark + 4] != '?')
        return false;
    char encoding = (char)(s.at[mark + 3] | 0x20);
    if (encoding != 'b' && encoding != 'q')
        return false;
    ptrdiff_t from = at + mark + 5, end = close_from(w, from);
    if (end >= w->text.len)
        return false;
    word->charset = str_sub(s, 2, mark);
    (void)str_cut(word->charset, '*', &word->charset, &(str){0}); /* RFC 2231: a language */
    word->payload = str_sub(w->text, from, end - from);
    word->is_base64 = encoding == 'b';
    word->end = end + 2;
    return str_find(word->payload, S("=?")) < 0 && (!word->is_base64 || is_base64(word->payload));
}

static void add_quoted(struct sb *b, str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len ? str_hex_digit(s.at[i + 1]) : -1;
        int low = i + 2 < s.len ? str_hex_digit(s.at[i + 2]) : -1;
        if (s.at[i] == '=' && high >= 0 && low >= 0) {
            sb_byte(b, (char)(high << 4 | low));
            i += 2;
        } else {
            sb_byte(b, s.at[i] == '_' ? ' ' : s.at[i]);
        }
    }
}

/* The state goes on over the words of a run, unless padding ended it. */
static void add_base64(struct words *w, str s)
{
    char *to = sb_space(&w->run, s.len + 3);
    if (w->state == -1)
        w->state = 0, w->save = 0;
    if (to)
        w->run.len += (ptrdiff_t)g_mime_encoding_base64_decode_step(
            (const unsigned char *)s.at, (size_t)s.len, (unsigned char *)to, &w->state, &w->save);
}

static void run_end(struct words *w)
{
    if (w->run.len)
        sb_add(&w->out, mime_utf8(w->r, sb_str(&w->run), w->charset, false));
    w->run.len = 0;
    w->state = 0;
    w->save = 0;
}

static void add_word(struct words *w, const struct word *word)
{
    if (!str_eq_nocase(w->charset, word->charset))
        run_end(w);
    w->charset = word->charset;
    w->r->words++;
    if (word->is_base64)
        add_base64(w, word->payload);
    else
        add_quoted(&w->run, word->payload);
}

static ptrdiff_t skip_blanks(str s, ptrdiff_t i)
{
    while (i < s.len && (s.at[i] == ' ' || s.at[i] == '\t'))
        i++;
    return i;
}

str mime_words(struct mime_reading *r, str text)
{
    struct words w = {.r = r, .text = text, .close = -1};
    struct word word;
    if (str_find(text, S("=?")) < 0)
        return text;
    w.out = sb_make(r->a, 0);
    w.run = sb_make(r->a, 0);
    for (ptrdiff_t i = 0; i < text.len;) {
        bool may = r->words < WORDS;
        ptrdiff_t next = skip_blanks(text, i);
        bool follows_word = w.charset.len > 0;
        if (may && word_at(&w, follows_word ? next : i, &word)) {
            add_word(&w, &word);
            i = word.end;
            continue;
        }
        run_end(&w);
        w.charset = (str){0};
        ptrdiff_t more = str_find(str_skip(text, i + 1), S("=?"));
        ptrdiff_t end = more < 0 ? text.len : i + 1 + more;
        sb_add(&w.out, str_sub(text, i, end - i));
        i = end;
        if (!may)
            r->flaws |= MIME_FLAW_WORDS;
    }
    run_end(&w);
    return sb_str(&w.out);
}

str mime_value(struct mime_reading *r, str raw, ptrdiff_t max)
{
    str text = mime_bare_utf8(r, mime_unfold(r->a, raw, 4 * max));
    return mime_line(r->a, mime_words(r, text), max);
}
