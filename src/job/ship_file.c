/* ship_file: see ship_file.h. */
#include "job/ship_file.h"

#include "base/file.h"
#include "base/file_pace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MODE = 0600, HEAD_MAX = 256, SUM_BYTES = 32 };

static void close_at(const int *fd)
{
    int before = errno;
    file_close(*fd);
    errno = before;
}

static str part_of(struct arena *a, str path)
{
    return str_cat(a, path, S(".part"));
}

/* ── names ── */

/* "12-34…" into numbers. */
static bool cut_number(str *rest, int64_t *value)
{
    str head, tail = {0};
    (void)str_cut(*rest, '-', &head, &tail); /* the last one has no end */
    *rest = tail;
    return head.len >= 12 && str_int(head, 0, INT64_MAX, value) == OK;
}

static bool segment_of(str name, struct ship_segment *s)
{
    str rest = str_skip(name, 2);
    s->name = name;
    return str_starts(name, S("s-")) && cut_number(&rest, &s->number) &&
           cut_number(&rest, &s->at_ms) && rest.len == 0;
}

static bool base_of(str name, struct ship_base *b)
{
    str rest = str_skip(name, 2);
    b->name = name;
    bool is_base = str_starts(name, S("b-")) && cut_number(&rest, &b->from) &&
                   cut_number(&rest, &b->to) && rest.len == 2 * SUM_BYTES;
    b->hash = rest;
    return is_base;
}

err ship_files_list(struct arena *a, str folder, struct ship_files *files)
{
    struct str_list names;
    struct ship_files found = {0};
    TRY(file_folder_list(a, folder, SHIP_FILES_MAX, &names));
    found.segments = NEW(a, struct ship_segment, names.len + 1);
    found.bases = NEW(a, struct ship_base, names.len + 1);
    for (ptrdiff_t i = 0; i < names.len; i++) {
        found.n_segments += segment_of(names.at[i], &found.segments[found.n_segments]);
        found.n_bases += base_of(names.at[i], &found.bases[found.n_bases]);
    }
    *files = found;
    return OK;
}

err ship_generations(struct arena *a, str folder, struct str_list *names)
{
    struct str_list all, found = {0};
    TRY(file_folder_list(a, folder, SHIP_FILES_MAX, &all));
    found.at = NEW(a, str, all.len + 1);
    for (ptrdiff_t i = 0; i < all.len; i++)
        if (str_starts(all.at[i], S("g-")))
            found.at[found.len++] = all.at[i];
    *names = found;
    return OK;
}

ptrdiff_t ship_segment_from(const struct ship_files *files, int64_t number)
{
    ptrdiff_t low = 0, high = files->n_segments;
    while (low < high) {
        ptrdiff_t middle = low + (high - low) / 2;
        if (files->segments[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Numbers go up by one, or something is missing. */
ptrdiff_t ship_base_of_end(const struct ship_files *files)
{
    for (ptrdiff_t i = files->n_bases - 1; i >= 0; i--) {
        const struct ship_base *b = &files->bases[i];
        ptrdiff_t at = ship_segment_from(files, b->from + 1), left = files->n_segments - at;
        int64_t last = left > 0 ? files->segments[files->n_segments - 1].number : b->from;
        if (last >= b->to && last - b->from == left)
            return i;
    }
    return -1;
}

str ship_base_name(struct arena *a, int64_t from, int64_t to, struct sha256 hash)
{
    return str_print(a, "b-%012lld-%012lld-%.*s", (long long)from, (long long)to,
        SARG(crypto_hex(a, str_of(hash.b, (ptrdiff_t)sizeof hash.b))));
}

/* ── writing ── */

struct out {
    int fd;
    int64_t bytes;
    struct file_pace pace;
    struct crypto_sha256_stream *sum;
};

static err out_add(struct out *o, str part)
{
    crypto_sha256_add(o->sum, part);
    TRY(file_write_on(o->fd, part));
    o->bytes += part.len;
    return file_pace_add(&o->pace, part.len) ? file_pace_sync(&o->pace, o->fd) : OK;
}

static err out_open(str path, struct out *o)
{
    *o = (struct out){.fd = -1};
    TRY(file_open_write(path, FILE_MODE, false, &o->fd));
    err e = file_truncate(o->fd, 0); /* of one that was killed */
    o->sum = e == OK ? crypto_sha256_open() : NULL;
    if (o->sum != NULL)
        return OK;
    close_at(&o->fd);
    return e != OK ? e : E_BUSY;
}

/* Under its name when e is OK, else nothing of it is left. */
static err out_close(struct out *o, str part, str path, err e)
{
    if (e == OK)
        e = file_sync_try(o->fd);
    close_at(&o->fd);
    if (e == OK)
        e = file_rename_try(part, path);
    int before = errno;
    if (e != OK)
        (void)file_remove(part); /* what stays is written over */
    errno = before;
    return e;
}

static err put_segment(struct out *o, int64_t number, const struct ship_pages *p, struct arena *a)
{
    const struct ship_place *at = &p->place;
    TRY(out_add(o, str_print(a, "seva ship 2 %lld %lld %u %u %u %u %u %u %u %u\n",
                       (long long)number, (long long)p->at_ms, p->page_bytes, p->db_pages, p->n,
                       at->salts[0], at->salts[1], at->frames, at->sums[0], at->sums[1])));
    unsigned char *numbers = NEW(a, unsigned char, 4 * (ptrdiff_t)p->n + 1);
    for (uint32_t i = 0; i < p->n; i++)
        for (int k = 0; k < 4; k++)
            numbers[4 * i + (uint32_t)k] = (unsigned char)(p->numbers[i] >> (24 - 8 * k));
    TRY(out_add(o, str_of(numbers, 4 * (ptrdiff_t)p->n)));
    return out_add(o, str_of(p->content, (ptrdiff_t)p->n * (ptrdiff_t)p->page_bytes));
}

err ship_segment_write(
    struct arena *a, str folder, int64_t number, const struct ship_pages *pages, int64_t *bytes)
{
    struct out o;
    str path = str_print(
        a, "%.*s/s-%012lld-%013lld", SARG(folder), (long long)number, (long long)pages->at_ms);
    str part = part_of(a, path);
    TRY(out_open(part, &o));
    err e = put_segment(&o, number, pages, a);
    struct sha256 sum = crypto_sha256_close(o.sum);
    if (e == OK)
        e = file_write_on(o.fd, str_of(sum.b, SUM_BYTES));
    *bytes = o.bytes + SUM_BYTES;
    return out_close(&o, part, path, e);
}

static err copy_all(int from, struct out *o, char *space, ship_goes_on *goes_on, void *arg)
{
    int64_t done = 0;
    for (ptrdiff_t got = 1; got > 0; done += got) {
        if (goes_on != NULL && !goes_on(arg)) {
            errno = EINTR;
            return E_BUSY;
        }
        TRY(file_read_at(from, done, space, SHIP_COPY_BYTES, &got));
        TRY(out_add(o, str_of(space, got)));
    }
    return OK;
}

err ship_copy(struct arena *a, int from, str to, str wanted, ship_goes_on *goes_on, void *arg,
    struct sha256 *sum)
{
    struct out o;
    str part = part_of(a, to);
    char *space = alloc_zero(SHIP_COPY_BYTES);
    err e = space != NULL ? out_open(part, &o) : E_BUSY;
    if (e != OK) {
        free(space);
        return e;
    }
    e = copy_all(from, &o, space, goes_on, arg);
    *sum = crypto_sha256_close(o.sum);
    free(space);
    if (e == OK && wanted.len > 0 &&
        !str_eq(wanted, crypto_hex(a, str_of(sum->b, (ptrdiff_t)sizeof sum->b))))
        e = E_CONFLICT;
    return out_close(&o, part, to, e);
}

/* ── reading ── */

struct head {
    int64_t number, at_ms, page_bytes, db_pages, n;
    int64_t place[5]; /* salts, frames, sums */
    bool has_place;   /* the first form had none */
    ptrdiff_t len;    /* of its line, with the end */
};

static bool head_of(str text, struct head *h)
{
    str line, rest, word;
    if (!str_cut(text, '\n', &line, &rest))
        return false;
    h->len = line.len + 1;
    h->has_place = str_starts(line, S("seva ship 2 "));
    if (!h->has_place && !str_starts(line, S("seva ship 1 ")))
        return false;
    line = str_skip(line, 12);
    int64_t *values[] = {&h->number, &h->at_ms, &h->page_bytes, &h->db_pages, &h->n, &h->place[0],
        &h->place[1], &h->place[2], &h->place[3], &h->place[4]};
    for (int i = 0; i < (h->has_place ? 10 : 5); i++) {
        (void)str_cut(line, ' ', &word, &line); /* the last one has no end */
        if (str_int(word, 0, i < 5 ? INT64_MAX : UINT32_MAX, values[i]) != OK)
            return false;
    }
    return line.len == 0 && h->page_bytes >= 512 && h->page_bytes <= 65536 &&
           (h->page_bytes & (h->page_bytes - 1)) == 0 && h->db_pages > 0 &&
           h->db_pages <= UINT32_MAX && h->n <= SHIP_HELD_BYTES / h->page_bytes;
}

static err is_whole(int fd, int64_t size, char *space)
{
    struct crypto_sha256_stream *sum = crypto_sha256_open();
    if (sum == NULL)
        return E_BUSY;
    err e = OK;
    ptrdiff_t got = 1;
    for (int64_t at = 0; e == OK && got > 0 && at < size - SUM_BYTES; at += got) {
        int64_t left = size - SUM_BYTES - at;
        e = file_read_at(
            fd, at, space, left < SHIP_COPY_BYTES ? (ptrdiff_t)left : SHIP_COPY_BYTES, &got);
        if (e == OK)
            crypto_sha256_add(sum, str_of(space, got));
    }
    struct sha256 is = crypto_sha256_close(sum);
    char should[SUM_BYTES];
    TRY(e);
    TRY(file_read_at(fd, size - SUM_BYTES, should, SUM_BYTES, &got));
    return got == SUM_BYTES && memcmp(should, is.b, SUM_BYTES) == 0 ? OK : E_INVALID;
}

static err put_pages(
    int from, const struct head *h, const unsigned char *numbers, char *page, int to)
{
    TRY(file_truncate(to, h->db_pages * h->page_bytes));
    for (int64_t i = 0; i < h->n; i++) {
        const unsigned char *at = numbers + 4 * i;
        int64_t number = (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | at[3];
        ptrdiff_t got = 0;
        if (number > h->db_pages)
            continue; /* cut off by a later commit of the same segment */
        TRY(file_read_at(from, h->len + 4 * h->n + i * h->page_bytes, page, h->page_bytes, &got));
        if (got != h->page_bytes || number == 0)
            return E_INVALID;
        TRY(file_write_at(to, (number - 1) * h->page_bytes, str_of(page, got)));
    }
    return OK;
}

/* The open file is a whole segment of that number. */
static err read_head(int from, int64_t size, int64_t number, char *space, struct head *h)
{
    ptrdiff_t got;
    TRY(file_read_at(from, 0, space, HEAD_MAX, &got));
    if (!head_of(str_of(space, got), h) || h->number != number ||
        size != h->len + h->n * (4 + h->page_bytes) + SUM_BYTES)
        return E_INVALID;
    return is_whole(from, size, space);
}

err ship_segment_look(
    struct arena *a, str path, int64_t number, struct ship_place *place, bool *has_place)
{
    [[gnu::cleanup(close_at)]] int from = -1;
    int64_t size;
    struct head h = {0};
    TRY(file_open_read(path, &from, &size));
    TRY(read_head(from, size, number, NEW(a, char, SHIP_COPY_BYTES), &h));
    *has_place = h.has_place;
    *place = (struct ship_place){
        .salts = {(uint32_t)h.place[0], (uint32_t)h.place[1]},
        .frames = (uint32_t)h.place[2],
        .sums = {(uint32_t)h.place[3], (uint32_t)h.place[4]}
    };
    return OK;
}

err ship_segment_apply(struct arena *a, str path, int64_t number, int fd)
{
    [[gnu::cleanup(close_at)]] int from = -1;
    int64_t size;
    ptrdiff_t got;
    struct head h;
    char *space = NEW(a, char, SHIP_COPY_BYTES);
    TRY(file_open_read(path, &from, &size));
    TRY(read_head(from, size, number, space, &h));
    unsigned char *numbers = NEW(a, unsigned char, 4 * h.n + 1);
    TRY(file_read_at(from, h.len, numbers, 4 * h.n, &got));
    return got == 4 * h.n ? put_pages(from, &h, numbers, space, fd) : E_INVALID;
}
