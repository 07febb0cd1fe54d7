/* mime_decode: transfer encodings, in pieces. Broken ones give what can be read of them: foreign
 * characters in base64 are passed over, base64 that ends and begins again (pieces put together by a
 * mailer) goes on, "=" that begins nothing in quoted-printable stays. Sources: RFC 2045 6.7, 6.8.
 * See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/file_map.h"

#include <gmime/gmime.h>

enum {
    PIECE_BYTES = 32 * 1024,
    RESTARTS = 1000, /* of base64 within one part */
    LOOK_BYTES = 16, /* of a line behind padding, to tell more base64 from a list's footer */
};

struct decoder {
    const struct mime_node *node;
    str rest;
    GMimeEncoding gmime;
    int restarts;
    char out[PIECE_BYTES + 16];
};

static bool is_base64(unsigned char c)
{
    bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    return is_letter || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind padding: whether base64 begins again. */
static bool begins_again(struct decoder *d)
{
    ptrdiff_t n = 0, passed = 0;
    while (n < d->rest.len && (d->rest.at[n] == '=' || is_blank(d->rest.at[n])))
        file_map_walk(d->rest, n++, &passed);
    d->rest = str_skip(d->rest, n);
    for (ptrdiff_t i = 0; i < LOOK_BYTES && i < d->rest.len && d->rest.at[i] != '\n'; i++)
        if (!is_base64((unsigned char)d->rest.at[i]) && d->rest.at[i] != '\r')
            return false;
    return d->rest.len > 0 && ++d->restarts <= RESTARTS;
}

/* Half a group at the end, without its padding, counts. */
static str base64_next(struct decoder *d)
{
    str piece = str_sub(d->rest, 0, PIECE_BYTES);
    ptrdiff_t pad = str_find_byte(piece, '=');
    if (pad >= 0)
        piece = str_sub(piece, 0, pad + 1);
    d->rest = str_skip(d->rest, piece.len);
    size_t n = g_mime_encoding_step(&d->gmime, piece.at, (size_t)piece.len, d->out);
    if (pad < 0 && !d->rest.len)
        n += g_mime_encoding_step(&d->gmime, "=", 1, d->out + n);
    if (pad >= 0 && begins_again(d))
        g_mime_encoding_init_decode(&d->gmime, GMIME_CONTENT_ENCODING_BASE64);
    else if (pad >= 0)
        d->rest = (str){0};
    return str_of(d->out, (ptrdiff_t)n);
}

static str uu_next(struct decoder *d)
{
    str piece = str_sub(d->rest, 0, PIECE_BYTES);
    d->rest = str_skip(d->rest, piece.len);
    size_t n = g_mime_encoding_step(&d->gmime, piece.at, (size_t)piece.len, d->out);
    return str_of(d->out, (ptrdiff_t)n);
}

/* A soft line break behind the "=" at the start of s, with the blanks that were added on the way;
 * 0 = it is none. */
static ptrdiff_t soft_break(str s)
{
    ptrdiff_t i = 1;
    while (i < s.len && (s.at[i] == ' ' || s.at[i] == '\t'))
        i++;
    if (i < s.len && s.at[i] == '\r')
        i++;
    if (i == s.len)
        return i;
    return s.at[i] == '\n' ? i + 1 : 0;
}

static str quoted_next(struct decoder *d)
{
    ptrdiff_t n = 0, i = 0;
    str s = d->rest;
    while (i < s.len && n < PIECE_BYTES) {
        if (s.at[i] != '=') {
            d->out[n++] = s.at[i++];
            continue;
        }
        int high = i + 2 < s.len ? str_hex_digit(s.at[i + 1]) : -1;
        int low = i + 2 < s.len ? str_hex_digit(s.at[i + 2]) : -1;
        ptrdiff_t soft = high < 0 ? soft_break(str_skip(s, i)) : 0;
        if (high >= 0 && low >= 0) {
            d->out[n++] = (char)(high << 4 | low);
            i += 3;
        } else if (soft) {
            i += soft;
        } else {
            d->out[n++] = s.at[i++];
        }
    }
    d->rest = str_skip(s, i);
    return str_of(d->out, n);
}

static str plain_next(struct decoder *d)
{
    str piece = str_sub(d->rest, 0, PIECE_BYTES);
    d->rest = str_skip(d->rest, piece.len);
    return piece;
}

/* Behind the line "begin 644 name"; without one nothing is encoded. */
static void uu_begin(struct decoder *d)
{
    ptrdiff_t at = str_starts(d->rest, S("begin ")) ? 0 : file_map_find(d->rest, S("\nbegin "));
    if (at < 0) {
        d->gmime.encoding = GMIME_CONTENT_ENCODING_DEFAULT;
        return;
    }
    str rest = str_skip(d->rest, at + 1);
    ptrdiff_t end = str_find_byte(rest, '\n');
    d->rest = end < 0 ? (str){0} : str_skip(rest, end + 1);
}

static void begin(struct decoder *d, const struct mime_node *node)
{
    static const GMimeContentEncoding encodings[] = {
        [MIME_PLAIN] = GMIME_CONTENT_ENCODING_DEFAULT,
        [MIME_BASE64] = GMIME_CONTENT_ENCODING_BASE64,
        [MIME_QUOTED] = GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
        [MIME_UU] = GMIME_CONTENT_ENCODING_UUENCODE,
    };
    d->node = node;
    d->rest = node->body;
    d->restarts = 0;
    g_mime_encoding_init_decode(&d->gmime, encodings[node->encoding]);
    if (node->encoding == MIME_UU)
        uu_begin(d);
}

static str next(struct decoder *d)
{
    switch (d->node->encoding) {
    case MIME_PLAIN:
        return plain_next(d);
    case MIME_BASE64:
        return base64_next(d);
    case MIME_QUOTED:
        return quoted_next(d);
    case MIME_UU:
        return uu_next(d);
    }
    return (str){0};
}

bool mime_decode_each(const struct mime_node *node, bool (*put)(void *arg, str piece), void *arg)
{
    struct decoder d;
    ptrdiff_t passed = 0;
    begin(&d, node);
    while (d.rest.len) {
        file_map_walk(node->body, d.rest.at - node->body.at, &passed);
        str piece = next(&d);
        if (piece.len && !put(arg, piece))
            return false;
    }
    file_map_passed(str_skip(node->body, passed));
    return true;
}

static bool count(void *arg, str piece)
{
    *(int64_t *)arg += piece.len;
    return true;
}

int64_t mime_decoded_bytes(const struct mime_node *node)
{
    int64_t n = 0;
    if (node->encoding == MIME_PLAIN)
        return node->body.len;
    (void)mime_decode_each(node, count, &n); /* count never stops it */
    return n;
}

struct taking {
    struct sb b;
    bool is_cut;
};

static bool take(void *arg, str piece)
{
    struct taking *t = arg;
    ptrdiff_t room = t->b.max - t->b.len;
    t->is_cut = piece.len > room;
    sb_add(&t->b, str_sub(piece, 0, room));
    return !t->is_cut;
}

str mime_decode(struct arena *a, const struct mime_node *node, ptrdiff_t max, bool *is_cut)
{
    if (node->encoding == MIME_PLAIN) {
        *is_cut = node->body.len > max;
        return str_sub(node->body, 0, max);
    }
    struct taking t = {.b = sb_make(a, max)};
    if (node->body.len > PIECE_BYTES) /* at once: what grows leaves its old places behind */
        (void)sb_space(&t.b, node->body.len < max ? node->body.len : max);
    (void)mime_decode_each(node, take, &t); /* false says what is_cut says */
    *is_cut = t.is_cut;
    return sb_str(&t.b);
}
