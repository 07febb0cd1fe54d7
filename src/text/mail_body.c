/* mail_write: transfer encodings of texts and files, in pieces. Thread: any; reads files. */
#include "text/mail_write_inner.h"

#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/utf8.h"

enum {
    BASE64_BYTES = 57, /* of one line of 76 letters */
    PIECE_LINES = 256,
    PIECE = BASE64_BYTES * PIECE_LINES, /* bytes of a file read at once */
};

void mail_sink_flush(struct mail_sink *s)
{
    if (s->len > 0 && !s->is_stopped)
        s->is_stopped = !s->put(s->arg, str_of(s->buffer, s->len));
    s->len = 0;
}

void mail_sink_add(struct mail_sink *s, str bytes)
{
    while (bytes.len > 0) {
        ptrdiff_t room = (ptrdiff_t)sizeof s->buffer - s->len;
        ptrdiff_t n = bytes.len < room ? bytes.len : room;
        memcpy(s->buffer + s->len, bytes.at, (size_t)n);
        s->len += n;
        bytes = str_skip(bytes, n);
        if (s->len == (ptrdiff_t)sizeof s->buffer)
            mail_sink_flush(s);
    }
}

str mail_lines(struct arena *a, str text)
{
    str whole = utf8_repair(a, text);
    char *to = arena_alloc(a, whole.len + 1, 1);
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < whole.len; i++) {
        bool is_pair = whole.at[i] == '\r' && i + 1 < whole.len && whole.at[i + 1] == '\n';
        if (!is_pair)
            to[len++] = whole.at[i] == '\r' ? '\n' : whole.at[i];
    }
    while (len > 0 && (to[len - 1] == '\n' || to[len - 1] == ' '))
        len--;
    return str_of(to, len);
}

/* ── text ── */

/* A line that every relay leaves as it is. "-- " is the mark of a signature; its space may get
 * lost, as everywhere. */
static bool is_plain_line(str line)
{
    for (ptrdiff_t i = 0; i < line.len; i++)
        if ((line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] >= 0x7f)
            return false;
    bool has_end_space =
        line.len > 0 && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t');
    return line.len <= MAIL_FOLD && !str_starts(line, S("From ")) && !str_starts(line, S(".")) &&
           (!has_end_space || str_eq(line, S("-- ")));
}

static bool is_quoted_plain(char c)
{
    return (c >= ' ' && c < 0x7f && c != '=') || c == '\t';
}

enum mail_coding mail_coding_of(str lines)
{
    bool is_plain = str_find(lines, S("=_")) < 0; /* what boundaries begin with */
    ptrdiff_t escaped = 0;
    str rest = lines, line;
    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest); /* the last one has none after it */
        is_plain = is_plain && is_plain_line(line);
        for (ptrdiff_t i = 0; i < line.len; i++)
            escaped += !is_quoted_plain(line.at[i]);
    }
    if (is_plain)
        return MAIL_7BIT;
    /* lines.len + 2 escaped, against four thirds of it */
    return escaped * 6 <= lines.len ? MAIL_QUOTED : MAIL_BASE64;
}

const char *mail_coding_name(enum mail_coding coding)
{
    switch (coding) {
    case MAIL_7BIT:
        return "7bit";
    case MAIL_QUOTED:
        return "quoted-printable";
    case MAIL_BASE64:
        return "base64";
    }
    return "";
}

static void put_7bit(struct mail_sink *s, str lines)
{
    str line;
    bool has_more = lines.len > 0;
    while (has_more) {
        has_more = str_cut(lines, '\n', &line, &lines);
        mail_sink_add(s, line);
        if (has_more)
            mail_sink_add(s, S("\r\n"));
    }
}

/* One line, broken softly. Neither a dot nor "From " begins what goes out: relays change them. */
static void put_quoted_line(struct mail_sink *s, str line)
{
    static const char digits[] = "0123456789ABCDEF";
    ptrdiff_t column = 0;
    for (ptrdiff_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.at[i];
        bool is_last = i + 1 == line.len;
        bool is_start = column == 0;
        bool is_plain = is_quoted_plain(line.at[i]) && !((c == ' ' || c == '\t') && is_last) &&
                        !(is_start && c == '.') &&
                        !(is_start && str_starts(str_skip(line, i), S("From ")));
        ptrdiff_t width = is_plain ? 1 : 3;
        if (column + width + !is_last > MAIL_FOLD) {
            mail_sink_add(s, S("=\r\n"));
            column = 0;
            i--; /* judged anew as the start of a line */
            continue;
        }
        char code[3] = {'=', digits[c >> 4], digits[c & 15]};
        mail_sink_add(s, is_plain ? str_sub(line, i, 1) : str_of(code, 3));
        column += width;
    }
}

static void put_quoted(struct mail_sink *s, str lines)
{
    str line;
    bool has_more = lines.len > 0;
    while (has_more) {
        has_more = str_cut(lines, '\n', &line, &lines);
        put_quoted_line(s, line);
        if (has_more)
            mail_sink_add(s, S("\r\n"));
    }
}

/* ── base64 ── */

/* One line of at most BASE64_BYTES bytes. */
static void put_base64_line(struct mail_sink *s, str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char to[BASE64_BYTES / 3 * 4];
    ptrdiff_t len = 0;
    for (ptrdiff_t i = 0; i < bytes.len; i += 3) {
        uint32_t held = 0;
        for (ptrdiff_t k = 0; k < 3; k++)
            held = held << 8 | (i + k < bytes.len ? (unsigned char)bytes.at[i + k] : 0);
        for (int k = 0; k < 4; k++)
            to[len++] = i + k <= bytes.len ? digits[held >> (18 - 6 * k) & 63] : '=';
    }
    mail_sink_add(s, str_of(to, len));
}

static void put_base64(struct mail_sink *s, str bytes, bool *is_first)
{
    while (bytes.len > 0) {
        if (!*is_first)
            mail_sink_add(s, S("\r\n"));
        *is_first = false;
        put_base64_line(s, str_sub(bytes, 0, BASE64_BYTES));
        bytes = str_skip(bytes, BASE64_BYTES);
    }
}

void mail_body_text(struct mail_sink *s, str lines, enum mail_coding coding)
{
    bool is_first = true;
    switch (coding) {
    case MAIL_7BIT:
        put_7bit(s, lines);
        break;
    case MAIL_QUOTED:
        put_quoted(s, lines);
        break;
    case MAIL_BASE64: {
        /* RFC 2045, 6.8: line ends as CRLF before they are encoded. */
        char held[BASE64_BYTES];
        ptrdiff_t n = 0;
        for (ptrdiff_t i = 0; i < lines.len; i++) {
            str one = lines.at[i] == '\n' ? S("\r\n") : str_sub(lines, i, 1);
            for (ptrdiff_t k = 0; k < one.len; k++) {
                held[n++] = one.at[k];
                if (n == BASE64_BYTES)
                    put_base64(s, str_of(held, n), &is_first);
                n = n == BASE64_BYTES ? 0 : n;
            }
        }
        put_base64(s, str_of(held, n), &is_first);
        break;
    }
    }
}

/* ── files ── */

static void close_held(void *what)
{
    int *fd = what;
    file_close(*fd);
    *fd = -1;
}

static err put_file(struct mail_sink *s, int fd, int64_t size, char *piece)
{
    bool is_first = true;
    for (int64_t at = 0; at < size && !s->is_stopped;) {
        /* Whole lines, whatever a read gives. */
        ptrdiff_t want = size - at < PIECE ? (ptrdiff_t)(size - at) : PIECE, got = 0, n = 0;
        while (n < want) {
            TRY(file_read_at(fd, at + n, piece + n, want - n, &got));
            if (got == 0)
                return E_CONFLICT;
            n += got;
        }
        put_base64(s, str_of(piece, n), &is_first);
        at += n;
    }
    return OK;
}

static err put_stream(
    struct arena *a, struct mail_sink *s, const struct mail_out_stream *stream, str *why)
{
    char *piece = arena_alloc(a, PIECE, 1);
    bool is_first = true;
    ptrdiff_t held = 0, got = 1;
    while (got > 0 && !s->is_stopped) {
        TRY(stream->read(stream->from, piece + held, PIECE - held, &got, why));
        held += got;
        /* Whole lines; the rest begins the next piece. */
        ptrdiff_t whole = got > 0 ? held / BASE64_BYTES * BASE64_BYTES : held;
        put_base64(s, str_of(piece, whole), &is_first);
        memmove(piece, piece + whole, (size_t)(held - whole));
        held -= whole;
    }
    return OK;
}

err mail_body_file(struct arena *a, struct mail_sink *s, const struct mail_out_file *file, str *why)
{
    if (file->stream.read)
        return put_stream(a, s, &file->stream, why);
    if (file->path.len == 0) {
        bool is_first = true;
        put_base64(s, file->bytes, &is_first);
        return OK;
    }
    char *piece = arena_alloc(a, PIECE, 1);
    int64_t size = 0;
    int *fd = NEW(a, int, 1);
    *fd = -1;
    arena_defer(a, close_held, fd); /* put may leave by the arena's escape */
    err e = file_open_read(file->path, fd, &size);
    if (e == OK)
        e = file->size >= 0 && file->size != size ? E_CONFLICT : put_file(s, *fd, size, piece);
    close_held(fd);
    str name = mail_one_line(a, file->name, MIME_NAME_BYTES);
    if (e == E_NOT_FOUND)
        *why = str_print(a, "The file \"%.*s\" is gone.", SARG(name));
    else if (e == E_CONFLICT)
        *why = str_print(a, "The file \"%.*s\" has changed since it was attached.", SARG(name));
    else if (e != OK)
        *why = str_print(a, "The file \"%.*s\" cannot be read.", SARG(name));
    return e;
}
