/* mail_write: header fields: folding (RFC 5322), encoded words (RFC 2047), file names (RFC 2231).
 * Thread: pure. */
#include "text/mail_write_inner.h"

#include <assert.h>

#include "base/crypto.h"
#include "base/utf8.h"

enum {
    WORD = 75,        /* RFC 2047, 2: an encoded word */
    WORD_FRAME = 12,  /* "=?UTF-8?B?" and "?=" */
    WORD_FEWEST = 12, /* the code of one code point; the name of the field is short */
    WORD_LEAST = 24,  /* shorter rests of a line are not used */
    PLAIN_WORD = 60,  /* longer words without space are encoded, which can be folded */
    SECTION = 54,     /* bytes of one section of RFC 2231, with its name in one line */
    HEAD_BYTES = 256 * 1024,
};

struct mail_head mail_head_make(struct arena *a)
{
    return (struct mail_head){.a = a, .b = sb_make(a, HEAD_BYTES)};
}

void mail_head_begin(struct mail_head *h, const char *name)
{
    h->line = h->b.len;
    sb_add(&h->b, str_from(name));
    sb_byte(&h->b, ':');
}

void mail_head_end(struct mail_head *h)
{
    sb_add(&h->b, S("\r\n"));
}

static ptrdiff_t column(const struct mail_head *h)
{
    return h->b.len - h->line;
}

static void fold(struct mail_head *h)
{
    sb_add(&h->b, S("\r\n"));
    h->line = h->b.len;
}

/* Whether the line holds more than the field's name. */
static bool has_words(const struct mail_head *h)
{
    return h->b.len > h->line && h->b.at[h->b.len - 1] != ':';
}

void mail_head_token(struct mail_head *h, str token)
{
    assert(token.len + 1 <= MAIL_LINE); /* checked where it came in */
    if (has_words(h) && column(h) + 1 + token.len > MAIL_FOLD)
        fold(h);
    sb_byte(&h->b, ' ');
    sb_add(&h->b, token);
}

void mail_head_field(struct mail_head *h, const char *name, str token)
{
    mail_head_begin(h, name);
    mail_head_token(h, token);
    mail_head_end(h);
}

str mail_one_line(struct arena *a, str text, ptrdiff_t max)
{
    str whole = utf8_repair(a, text);
    char *to = arena_alloc(a, whole.len + 1, 1);
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < whole.len;) {
        uint32_t c;
        ptrdiff_t n = utf8_decode(whole, i, &c);
        bool is_control = c < ' ' || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
        for (ptrdiff_t k = 0; k < n && !is_control; k++)
            to[len++] = whole.at[i + k];
        if (is_control)
            to[len++] = ' ';
        i += n;
    }
    return str_trim(utf8_prefix_bytes(str_trim(str_of(to, len)), max));
}

bool mail_is_word(str s, ptrdiff_t max)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f || s.at[i] == '<' || s.at[i] == '>')
            return false;
    return s.len > 0 && s.len <= max;
}

/* ── encoded words ── */

/* RFC 2047, 5 (3): what may stand as itself everywhere, in a person's name too. */
static bool is_plain_in_q(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '!' ||
           c == '*' || c == '+' || c == '-' || c == '/';
}

static ptrdiff_t q_len(str s)
{
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < s.len; i++)
        len += s.at[i] == ' ' || is_plain_in_q((unsigned char)s.at[i]) ? 1 : 3;
    return len;
}

/* The longest start of text, in whole code points, whose code has at most `room` bytes. */
static str fitting(str text, bool is_q, ptrdiff_t room)
{
    ptrdiff_t len = 0, used = 0;
    while (len < text.len) {
        uint32_t c;
        ptrdiff_t n = utf8_decode(text, len, &c);
        if (is_q) {
            used += q_len(str_sub(text, len, n));
            if (used > room)
                break;
        } else if ((len + n + 2) / 3 * 4 > room) {
            break;
        }
        len += n;
    }
    return str_sub(text, 0, len);
}

static void put_q(struct sb *b, str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c == ' ')
            sb_byte(b, '_');
        else if (is_plain_in_q(c))
            sb_byte(b, s.at[i]);
        else
            sb_print(b, "=%02X", c);
    }
}

/* The longest start of part, in whole code points, that base64 needs no padding for. GMime 3.2
 * takes words of one charset and code for one stream, which padding ends: what follows would be
 * lost. */
static str unpadded(str part)
{
    ptrdiff_t best = 0;
    for (ptrdiff_t len = 0; len < part.len;) {
        uint32_t c;
        len += utf8_decode(part, len, &c);
        if (len % 3 == 0)
            best = len;
    }
    return str_sub(part, 0, best);
}

static void put_word(struct mail_head *h, str part, bool is_q)
{
    sb_add(&h->b, is_q ? S("=?UTF-8?Q?") : S("=?UTF-8?B?"));
    if (is_q)
        put_q(&h->b, part);
    else
        sb_add(&h->b, crypto_base64(h->a, part));
    sb_add(&h->b, S("?="));
}

/* Room for the code of the next word, after a fold when this line has little left. */
static ptrdiff_t word_room(struct mail_head *h, bool is_glued, ptrdiff_t after)
{
    ptrdiff_t room = MAIL_FOLD - column(h) - !is_glued - WORD_FRAME - after;
    if (!is_glued && has_words(h) && room < WORD_LEAST) {
        fold(h);
        room = MAIL_FOLD - 1 - WORD_FRAME - after;
    }
    if (room > WORD - WORD_FRAME)
        room = WORD - WORD_FRAME;
    return room > WORD_FEWEST ? room : WORD_FEWEST;
}

/* text is valid; after: what follows the last word without a space (a quote). is_glued: the first
 * word follows what stands there without a space. */
static void put_words(struct mail_head *h, str text, bool is_glued, str after)
{
    bool is_q = q_len(text) <= (text.len + 2) / 3 * 4;
    while (text.len > 0) {
        str part = fitting(text, is_q, word_room(h, is_glued, after.len));
        bool is_q_now = is_q;
        if (!is_q && part.len < text.len) {
            part = unpadded(part);
            is_q_now = part.len == 0;
        }
        if (part.len == 0) /* one letter of another code, and the next may fit again */
            part = fitting(text, true, WORD_FEWEST);
        if (!is_glued)
            sb_byte(&h->b, ' ');
        put_word(h, part, is_q_now);
        text = str_skip(text, part.len);
        is_glued = false;
    }
    sb_add(&h->b, after);
}

/* Printable ASCII in single spaces, no word too long to fold, nothing that looks encoded. */
static bool is_plain(str text)
{
    ptrdiff_t word = 0;
    for (ptrdiff_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        word = c == ' ' ? 0 : word + 1;
        if (c < ' ' || c >= 0x7f || word > PLAIN_WORD ||
            (c == ' ' && (i == 0 || text.at[i - 1] == ' ')))
            return false;
    }
    return str_find(text, S("=?")) < 0 && !str_ends(text, S(" "));
}

static void put_plain(struct mail_head *h, str text)
{
    str word;
    while (text.len > 0) {
        (void)str_cut(text, ' ', &word, &text); /* the last one has none after it */
        mail_head_token(h, word);
    }
}

void mail_head_text(struct mail_head *h, const char *name, str text)
{
    mail_head_begin(h, name);
    if (is_plain(text))
        put_plain(h, text);
    else
        put_words(h, text, false, S(""));
    mail_head_end(h);
}

/* ── people ── */

static bool is_atoms(str name)
{
    for (ptrdiff_t i = 0; i < name.len; i++)
        if (name.at[i] != ' ' && str_find_byte(S("()<>[]:;@\\,.\""), name.at[i]) >= 0)
            return false;
    return true;
}

static str quoted(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    sb_byte(&b, '"');
    for (ptrdiff_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            sb_byte(&b, '\\');
        sb_byte(&b, text.at[i]);
    }
    sb_byte(&b, '"');
    return sb_str(&b);
}

void mail_head_person(struct mail_head *h, str name, str address, bool has_more)
{
    str end = has_more ? S(",") : S("");
    name = mail_one_line(h->a, name, MAIL_OUT_NAME_BYTES);
    if (name.len == 0) {
        mail_head_token(h, str_cat(h->a, address, end));
        return;
    }
    if (is_plain(name) && is_atoms(name))
        put_plain(h, name);
    else if (is_plain(name) && name.len <= PLAIN_WORD)
        mail_head_token(h, quoted(h->a, name));
    else
        put_words(h, name, false, S(""));
    mail_head_token(h, str_print(h->a, "<%.*s>%.*s", SARG(address), SARG(end)));
}

/* ── file names ── */

static bool is_short_plain(str value)
{
    enum { NAME_MOST = 50 };
    bool is_fit = value.len <= NAME_MOST && str_find(value, S("=?")) < 0;
    for (ptrdiff_t i = 0; i < value.len && is_fit; i++)
        is_fit = value.at[i] >= ' ' && value.at[i] < 0x7f && value.at[i] != '%';
    return is_fit;
}

void mail_head_name_words(struct mail_head *h, const char *parameter, str value)
{
    sb_byte(&h->b, ';');
    if (is_short_plain(value)) {
        mail_head_token(h, str_print(h->a, "%s=%.*s", parameter, SARG(quoted(h->a, value))));
        return;
    }
    fold(h);
    sb_print(&h->b, " %s=\"", parameter);
    put_words(h, value, true, S("\""));
}

static bool is_attribute_char(unsigned char c)
{
    return is_plain_in_q(c) ? c != '*' && c != '/' : c == '.' || c == '_' || c == '~';
}

void mail_head_name_2231(struct mail_head *h, const char *parameter, str value)
{
    sb_byte(&h->b, ';');
    if (is_short_plain(value)) {
        mail_head_token(h, str_print(h->a, "%s=%.*s", parameter, SARG(quoted(h->a, value))));
        return;
    }
    struct sb b = sb_make(h->a, 0);
    sb_add(&b, S("UTF-8''"));
    int section = 0;
    ptrdiff_t at = 0;
    while (at < value.len) {
        uint32_t point;
        ptrdiff_t n = utf8_decode(value, at, &point), before = b.len;
        for (ptrdiff_t i = at; i < at + n; i++) {
            unsigned char c = (unsigned char)value.at[i];
            if (is_attribute_char(c))
                sb_byte(&b, value.at[i]);
            else
                sb_print(&b, "%%%02X", c);
        }
        if (b.len > SECTION) { /* this code point opens the next section */
            b.len = before;
            mail_head_token(
                h, str_print(h->a, "%s*%d*=%.*s;", parameter, section++, SARG(sb_str(&b))));
            b.len = 0;
            continue;
        }
        at += n;
    }
    str last = sb_str(&b);
    mail_head_token(h, section == 0
                           ? str_print(h->a, "%s*=%.*s", parameter, SARG(last))
                           : str_print(h->a, "%s*%d*=%.*s", parameter, section, SARG(last)));
}
