/* backup_file: see backup_file.h. */
#include "app/backup_file.h"

#include "base/crypto_stream.h"

#include <string.h>

static const char *const kinds[] = {
    [BACKUP_INFO] = "info",
    [BACKUP_KEYS] = "keys",
    [BACKUP_DATABASE] = "database",
    [BACKUP_BLOB] = "blob",
    [BACKUP_MISSING] = "missing",
    [BACKUP_END] = "end",
};
enum {
    KIND_COUNT = sizeof kinds / sizeof kinds[0],
    HEAD_MAX = 16 + 20 + BACKUP_NAME_MAX,
    SUM_LINE = 65, /* 64 hex digits and a line end */
    END_MAX = 256,
};
static const char magic_common[] = "seva backup ";
static const char magic_plain[] = "seva backup 1 p\n";
static const char magic_sealed[] = "seva backup 1 e\n";
_Static_assert(sizeof magic_plain == BACKUP_MAGIC + 1, "the magic is a line of its length");

static str hex_line(char to[SUM_LINE], const struct sha256 *sum)
{
    crypto_hex_to(to, str_of(sum->b, (ptrdiff_t)sizeof sum->b));
    to[SUM_LINE - 1] = '\n';
    return str_of(to, SUM_LINE);
}

/* The sum of what describes the pieces: their heads and sums, in order. */
struct tally {
    struct crypto_sha256_stream *stream;
    int64_t pieces, bytes;
};

static err tally_open(struct tally *t)
{
    t->stream = crypto_sha256_open();
    return t->stream == NULL ? E_BUSY : OK;
}

/* "12 34567 <sum>\n": pieces, bytes inside them, sum. Once. */
static str tally_line(struct arena *a, struct tally *t)
{
    char hex[SUM_LINE];
    struct sha256 sum = crypto_sha256_close(t->stream);
    t->stream = NULL;
    return str_print(
        a, "%lld %lld %.*s", (long long)t->pieces, (long long)t->bytes, SARG(hex_line(hex, &sum)));
}

static void sum_drop(struct crypto_sha256_stream **stream)
{
    if (*stream != NULL)
        (void)crypto_sha256_close(*stream); /* nobody asks for it */
    *stream = NULL;
}

/* ── writing ── */

struct backup_writer {
    struct arena *a;
    backup_put *put;
    void *arg;
    struct crypto_stream *seal;       /* NULL = plain */
    struct crypto_sha256_stream *sum; /* of the open piece */
    struct tally tally;
    int64_t left; /* of the open piece */
    char *plain, *sealed;
    ptrdiff_t used;
};

static void writer_close(void *writer)
{
    struct backup_writer *w = writer;
    crypto_stream_close(w->seal);
    sum_drop(&w->sum);
    sum_drop(&w->tally.stream);
}

static err chunk_out(struct backup_writer *w, bool is_last)
{
    str chunk = str_of(w->plain, w->used);
    w->used = 0;
    if (w->seal == NULL)
        return w->put(w->arg, chunk);
    TRY(crypto_stream_seal(w->seal, chunk, is_last, w->sealed));
    return w->put(w->arg, str_of(w->sealed, chunk.len + CRYPTO_STREAM_MORE));
}

static err raw_add(struct backup_writer *w, str part)
{
    while (part.len > 0) {
        str now = str_sub(part, 0, BACKUP_CHUNK - w->used);
        memcpy(w->plain + w->used, now.at, (size_t)now.len);
        w->used += now.len;
        part = str_skip(part, now.len);
        if (w->used == BACKUP_CHUNK)
            TRY(chunk_out(w, false));
    }
    return OK;
}

err backup_writer_open(
    struct arena *a, backup_put *put, void *arg, str key, struct backup_writer **w)
{
    uint8_t head[CRYPTO_STREAM_HEAD];
    struct backup_writer *made = NEW(a, struct backup_writer, 1);
    *made = (struct backup_writer){.a = a, .put = put, .arg = arg};
    made->plain = NEW(a, char, BACKUP_CHUNK);
    made->sealed = NEW(a, char, BACKUP_CHUNK + CRYPTO_STREAM_MORE);
    arena_defer(a, writer_close, made);
    TRY(tally_open(&made->tally));
    if (key.len > 0) {
        TRY(crypto_stream_new(key, head, &made->seal));
        TRY(put(arg, S("seva backup 1 e\n")));
        TRY(put(arg, str_of(head, (ptrdiff_t)sizeof head)));
    } else {
        TRY(put(arg, S("seva backup 1 p\n")));
    }
    *w = made;
    return OK;
}

err backup_begin(struct backup_writer *w, enum backup_kind kind, str name, int64_t size)
{
    char number[STR_INT_BYTES], head[HEAD_MAX];
    str digits = str_int_to(number, size), word = str_from(kinds[kind]);
    if (name.len > BACKUP_NAME_MAX)
        return E_LIMIT;
    ptrdiff_t n = 0;
    const str parts[] = {word, S(" "), digits, S(" "), name, S("\n")};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        memcpy(head + n, parts[i].at != NULL ? parts[i].at : "", (size_t)parts[i].len);
        n += parts[i].len;
    }
    w->sum = crypto_sha256_open();
    if (w->sum == NULL)
        return E_BUSY;
    w->left = size;
    if (kind != BACKUP_END) {
        crypto_sha256_add(w->tally.stream, str_of(head, n));
        w->tally.pieces++;
        w->tally.bytes += size;
    }
    return raw_add(w, str_of(head, n));
}

err backup_add(struct backup_writer *w, str part)
{
    if (part.len > w->left)
        return E_INTERNAL;
    w->left -= part.len;
    crypto_sha256_add(w->sum, part);
    return raw_add(w, part);
}

err backup_end(struct backup_writer *w, struct sha256 *sum)
{
    char hex[SUM_LINE];
    if (w->left != 0)
        return E_INTERNAL;
    struct sha256 is = crypto_sha256_close(w->sum);
    w->sum = NULL;
    str line = hex_line(hex, &is);
    if (w->tally.stream != NULL)
        crypto_sha256_add(w->tally.stream, line);
    if (sum != NULL)
        *sum = is;
    return raw_add(w, line);
}

err backup_finish(struct backup_writer *w)
{
    str line = tally_line(w->a, &w->tally);
    TRY(backup_begin(w, BACKUP_END, (str){0}, line.len));
    TRY(backup_add(w, line));
    TRY(backup_end(w, NULL));
    return chunk_out(w, true);
}

/* ── reading ── */

struct backup_reader {
    struct arena *a;
    backup_get *get;
    void *arg;
    struct crypto_stream *seal;
    struct crypto_sha256_stream *sum;
    struct tally tally;
    struct backup_piece piece;
    bool is_in_piece, is_ended, has_last;
    int64_t left, bytes, chunks;
    char *plain, *sealed;
    str rest; /* of the chunk */
    char head[HEAD_MAX];
    str fault;
};

static void reader_close(void *reader)
{
    struct backup_reader *r = reader;
    crypto_stream_close(r->seal);
    sum_drop(&r->sum);
    sum_drop(&r->tally.stream);
}

static err broken(struct backup_reader *r, str words)
{
    r->fault = words;
    return E_INVALID;
}

static err cut(struct backup_reader *r)
{
    return broken(r, S("the file is cut: its end is missing"));
}

static err altered(struct backup_reader *r)
{
    return broken(r, S("the file was altered or damaged"));
}

static err get(struct backup_reader *r, char *to, ptrdiff_t room, ptrdiff_t *n)
{
    err e = r->get(r->arg, to, room, n);
    if (e != OK) {
        r->fault = S("it cannot be read");
        return e;
    }
    r->bytes += *n;
    return OK;
}

static err sealed_chunk(struct backup_reader *r)
{
    ptrdiff_t n = 0;
    if (r->has_last)
        return cut(r); /* what is missing inside was never written */
    TRY(get(r, r->sealed, BACKUP_CHUNK + CRYPTO_STREAM_MORE, &n));
    if (n < CRYPTO_STREAM_MORE)
        return cut(r);
    bool is_short = n < BACKUP_CHUNK + CRYPTO_STREAM_MORE;
    if (crypto_stream_unseal(r->seal, str_of(r->sealed, n), r->plain, &r->has_last) != OK)
        return r->chunks == 0 ? broken(r, S("the key is another one than the backup was made with, "
                                            "or the file's beginning was altered or is cut"))
               : is_short     ? broken(r, S("the file is cut or its end was altered"))
                              : altered(r);
    r->chunks++;
    r->rest = str_of(r->plain, n - CRYPTO_STREAM_MORE);
    return OK;
}

/* Some bytes at least into `rest`. */
static err chunk_in(struct backup_reader *r)
{
    ptrdiff_t n = 0;
    if (r->seal != NULL) {
        TRY(sealed_chunk(r));
        return r->rest.len > 0 ? OK : cut(r);
    }
    TRY(get(r, r->plain, BACKUP_CHUNK, &n));
    r->rest = str_of(r->plain, n);
    return n > 0 ? OK : cut(r);
}

static err take(struct backup_reader *r, char *to, ptrdiff_t n)
{
    while (n > 0) {
        if (r->rest.len == 0)
            TRY(chunk_in(r));
        str now = str_sub(r->rest, 0, n);
        memcpy(to, now.at, (size_t)now.len);
        r->rest = str_skip(r->rest, now.len);
        to += now.len;
        n -= now.len;
    }
    return OK;
}

err backup_reader_open(
    struct arena *a, backup_get *get_bytes, void *arg, str key, struct backup_reader **r, str *why)
{
    char magic[BACKUP_MAGIC];
    uint8_t head[CRYPTO_STREAM_HEAD];
    ptrdiff_t n = 0;
    struct backup_reader *made = NEW(a, struct backup_reader, 1);
    *made = (struct backup_reader){.a = a, .get = get_bytes, .arg = arg};
    made->plain = NEW(a, char, BACKUP_CHUNK);
    made->sealed = NEW(a, char, BACKUP_CHUNK + CRYPTO_STREAM_MORE);
    arena_defer(a, reader_close, made);
    *why = S("it cannot be read");
    TRY(tally_open(&made->tally));
    TRY(get(made, magic, BACKUP_MAGIC, &n));
    str line = str_of(magic, n);
    bool is_sealed = str_eq(line, str_from(magic_sealed));
    *why = S("this is no backup of Seva");
    if (str_starts(line, str_from(magic_common)) && !str_starts(line, S("seva backup 1 ")))
        *why = S("this backup was made by a newer version of Seva: use that one");
    if (!is_sealed && !str_eq(line, str_from(magic_plain)))
        return E_INVALID;
    *why = S("the backup is encrypted: give its key with --encrypt-key-file");
    if (is_sealed && key.len == 0)
        return E_INVALID;
    *why = S("the backup is not encrypted, though a key was given: without --encrypt-key-file it "
             "is taken as it is");
    if (!is_sealed && key.len > 0)
        return E_INVALID;
    if (is_sealed) {
        *why = S("the file is cut: its end is missing");
        TRY(get(made, (char *)head, CRYPTO_STREAM_HEAD, &n));
        if (n < CRYPTO_STREAM_HEAD)
            return E_INVALID;
        *why = S("no memory for the key");
        TRY(crypto_stream_open(key, head, &made->seal));
    }
    *r = made;
    return OK;
}

static bool kind_of(str word, enum backup_kind *kind)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (str_eq(word, str_from(kinds[i]))) {
            *kind = (enum backup_kind)i;
            return true;
        }
    return false;
}

/* "blob 123 1/ab…\n" */
static err read_head(struct backup_reader *r)
{
    ptrdiff_t n = 0;
    str word, rest, digits, name;
    do {
        if (n == HEAD_MAX)
            return altered(r);
        TRY(take(r, r->head + n, 1));
    } while (r->head[n++] != '\n');
    if (!str_cut(str_of(r->head, n - 1), ' ', &word, &rest) || !str_cut(rest, ' ', &digits, &name))
        return altered(r);
    r->piece = (struct backup_piece){.name = name};
    bool is_good =
        kind_of(word, &r->piece.kind) && str_int(digits, 0, INT64_MAX / 2, &r->piece.size) == OK &&
        name.len <= BACKUP_NAME_MAX && (r->piece.kind == BACKUP_INFO) == (r->tally.pieces == 0);
    if (!is_good || r->tally.bytes > INT64_MAX / 2)
        return altered(r);
    if (r->piece.kind != BACKUP_END) {
        crypto_sha256_add(r->tally.stream, str_of(r->head, n));
        r->tally.pieces++;
        r->tally.bytes += r->piece.size;
    }
    r->sum = crypto_sha256_open();
    r->left = r->piece.size;
    r->is_in_piece = true;
    return r->sum == NULL ? E_BUSY : OK;
}

/* The sum behind the piece's last byte. */
static err piece_ends(struct backup_reader *r)
{
    char written[SUM_LINE], hex[SUM_LINE];
    r->piece.sum = crypto_sha256_close(r->sum);
    r->sum = NULL;
    r->is_in_piece = false;
    TRY(take(r, written, SUM_LINE));
    str line = hex_line(hex, &r->piece.sum);
    if (!str_eq(line, str_of(written, SUM_LINE)))
        return altered(r);
    if (r->piece.kind != BACKUP_END)
        crypto_sha256_add(r->tally.stream, line);
    return OK;
}

err backup_read(struct backup_reader *r, void *to, ptrdiff_t room, ptrdiff_t *got)
{
    *got = 0;
    if (!r->is_in_piece)
        return OK;
    if (r->left == 0)
        return piece_ends(r);
    if (r->rest.len == 0)
        TRY(chunk_in(r));
    ptrdiff_t most = r->left < room ? (ptrdiff_t)r->left : room;
    str now = str_sub(r->rest, 0, most);
    memcpy(to, now.at, (size_t)now.len);
    crypto_sha256_add(r->sum, now);
    r->rest = str_skip(r->rest, now.len);
    r->left -= now.len;
    *got = now.len;
    return OK;
}

static err read_over(struct backup_reader *r)
{
    char scratch[4096];
    ptrdiff_t got = 0;
    do
        TRY(backup_read(r, scratch, (ptrdiff_t)sizeof scratch, &got));
    while (got > 0);
    return OK;
}

/* Everything was as the end says, and nothing comes after it. */
static err check_end(struct backup_reader *r)
{
    char says[END_MAX];
    ptrdiff_t n = 0, got = 0;
    r->is_ended = true;
    if (r->piece.size >= END_MAX)
        return altered(r);
    for (;;) {
        TRY(backup_read(r, says + n, END_MAX - n, &got));
        if (got == 0)
            break;
        n += got;
    }
    str line = tally_line(r->a, &r->tally);
    if (!str_eq(line, str_of(says, n)))
        return altered(r);
    bool is_over = r->rest.len == 0;
    if (is_over && r->seal != NULL && !r->has_last) {
        TRY(sealed_chunk(r)); /* the last one holds nothing when the chunk before it was full */
        is_over = r->rest.len == 0 && r->has_last;
    }
    char more;
    if (is_over)
        TRY(get(r, &more, 1, &got));
    return is_over && got == 0 ? OK : broken(r, S("there is something after the backup's end"));
}

err backup_next(struct backup_reader *r, struct backup_piece **piece)
{
    if (r->is_ended || r->fault.len > 0)
        return E_INVALID;
    TRY(read_over(r));
    TRY(read_head(r));
    if (r->piece.kind == BACKUP_END)
        TRY(check_end(r));
    *piece = &r->piece;
    return OK;
}

str backup_fault(const struct backup_reader *r)
{
    return r->fault.len > 0 ? r->fault : S("no memory");
}

int64_t backup_bytes(const struct backup_reader *r)
{
    return r->bytes;
}
