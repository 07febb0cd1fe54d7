/* line_file: see line_file.h. */
#include "app/line_file.h"

#include "base/file.h"
#include "care/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1024 * 1024, BEGINNING_MAX = 4096, TOLD_MOST = 10 };

err line_file_open(struct arena *a, struct arena *scratch, str path, struct line_file *r)
{
    *r = (struct line_file){.kept = a,
        .scratch = scratch,
        .path = path,
        .is_stdin = str_eq(path, S("-")),
        .fd = -1,
        .rejected_fd = -1,
        .progress = progress_start("lines", 0),
        .buffer = NEW(a, char, BUFFER_BYTES)};
    if (r->is_stdin) {
        r->fd = STDIN_FILENO;
        return OK;
    }
    err e = line_file_open_read(a, path, &r->fd, &r->size, &r->why);
    if (e == OK)
        (void)file_remove(line_file_rejected(a, path)); /* of a run before; told when written */
    return e;
}

err line_file_open_read(struct arena *a, str path, int *fd, int64_t *size, str *why)
{
    err e = file_open_read(path, fd, size);
    if (e == E_INVALID && errno == EINVAL)
        *why = str_print(a,
            "%.*s is no file: `seva import messages -` and `seva replay -` read what is piped in",
            SARG(path));
    else if (e != OK)
        *why = file_words(a, S("read"), path);
    return e;
}

str line_file_rejected(struct arena *a, str path)
{
    return str_cat(a, path, S(".rejected"));
}

/* Some programs begin UTF-8 with the mark of its byte order. */
str line_file_without_mark(str line)
{
    return str_starts(line, S("\xef\xbb\xbf")) ? str_skip(line, 3) : line;
}

err line_file_close(struct line_file *r)
{
    err e = r->rejected_fd >= 0 ? file_sync(r->rejected_fd) : OK;
    if (!r->is_stdin)
        file_close(r->fd);
    file_close(r->rejected_fd);
    return e;
}

static err fill(struct line_file *r)
{
    memmove(r->buffer, r->buffer + r->from, (size_t)(r->have - r->from));
    r->have -= r->from;
    r->from = 0;
    for (;;) {
        ssize_t got = read(r->fd, r->buffer + r->have, (size_t)(BUFFER_BYTES - r->have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            r->why = str_print(
                r->kept, "%.*s cannot be read: %s", SARG(r->path), strerrordesc_np(errno));
            return E_INTERNAL;
        }
        r->have += got;
        r->read += got;
        r->is_end = got == 0;
        return OK;
    }
}

bool line_file_has_next(const struct line_file *r)
{
    str rest = str_of(r->buffer + r->from, r->have - r->from);
    return r->is_end || rest.len >= HISTORY_LINE_BYTES || str_find_byte(rest, '\n') >= 0;
}

bool line_file_is_end(const struct line_file *r)
{
    return r->is_end && r->from == r->have;
}

/* The next line without its end, is_there false at the end of the file; is_too_long: its beginning,
 * and the rest of it is skipped. */
static err next(struct line_file *r, str *line, bool *is_there)
{
    str begun = {NULL, 0};
    bool is_whole = false;
    *is_there = r->is_too_long = false;
    while (!is_whole) {
        str rest = str_of(r->buffer + r->from, r->have - r->from);
        ptrdiff_t end = str_find_byte(rest, '\n');
        if (end < 0 && !r->is_end && rest.len < HISTORY_LINE_BYTES) {
            TRY(fill(r));
            continue;
        }
        is_whole = end >= 0 || r->is_end;
        if (!begun.at)
            begun = str_copy(r->scratch, str_sub(rest, 0, end >= 0 ? end : rest.len));
        r->is_too_long |= !is_whole || begun.len > HISTORY_LINE_BYTES;
        *is_there |= rest.len > 0;
        r->from += end >= 0 ? end + 1 : rest.len;
    }
    *line = str_trim(r->line ? begun : line_file_without_mark(begun));
    r->line += *is_there;
    return OK;
}

/* Instead of how far it is, which comes again behind it. */
static void tell(const struct line_file *r, str text)
{
    if (r->progress.is_terminal)
        fputs("\r\x1b[K", stderr);
    fwrite(text.at, 1, (size_t)text.len, stderr);
}

err line_file_reject(struct line_file *r, int64_t number, str field, str words, str line)
{
    str reason = str_print(r->scratch, "line %lld%s%.*s: %.*s\n", (long long)number,
        field.len ? ", field " : "", SARG(field), SARG(words));
    str text = str_print(r->scratch, "%.*s%.*s\n", SARG(reason), SARG(line));
    r->wrong++;
    r->done++;
    if (r->is_stdin) {
        tell(r, text);
        return OK;
    }
    if (r->wrong <= TOLD_MOST)
        tell(r, reason);
    if (r->rejected_fd < 0) {
        str path = line_file_rejected(r->kept, r->path);
        err e = file_open_write(path, 0600, false, &r->rejected_fd);
        if (e == OK)
            e = file_truncate(r->rejected_fd, 0);
        if (e != OK) {
            r->why = file_words(r->kept, S("write"), path);
            return e;
        }
    }
    TRY(file_write_at(r->rejected_fd, r->rejected_at, text));
    r->rejected_at += text.len;
    return OK;
}

err line_file_next(struct line_file *r, str *line, bool *is_there)
{
    for (;;) {
        str found = {NULL, 0};
        TRY(next(r, &found, is_there));
        if (*is_there && !found.len)
            continue;
        if (r->is_too_long)
            TRY(line_file_reject(r, r->line, (str){NULL, 0}, S("longer than a message can be"),
                str_sub(found, 0, BEGINNING_MAX)));
        else if (str_find_byte(found, '\0') >= 0)
            TRY(line_file_reject(
                r, r->line, (str){NULL, 0}, S("This is no JSON: it holds a NUL."), S("")));
        else {
            *line = found;
            return OK;
        }
    }
}

void line_file_show(struct line_file *r)
{
    struct progress *p = &r->progress;
    int64_t step_us = progress_due_us(p), spent_us = p->told_us - p->began_us;
    if (!step_us)
        return;
    fprintf(stderr, "%s%lld lines, %lld/s", p->is_terminal ? "\r" : "", (long long)r->done,
        (long long)((r->done - r->shown_done) * 1000000 / step_us));
    int64_t gone = r->read - (r->have - r->from); /* what is in the buffer still is to come */
    if (r->size > 0 && gone > 0) {
        int64_t left_s =
            (int64_t)((double)spent_us * (double)(r->size - gone) / (double)gone / 1e6);
        fprintf(stderr, ", %lld:%02lld:%02lld left", (long long)(left_s / 3600),
            (long long)(left_s / 60 % 60), (long long)(left_s % 60));
    }
    fputs(p->is_terminal ? "\x1b[K" : "\n", stderr);
    fflush(stderr);
    r->shown_done = r->done;
}

void line_file_summary(const struct line_file *r, struct sb *b)
{
    line_file_say_wrong(b, r->wrong, r->is_stdin ? (str){NULL, 0} : r->path);
}

void line_file_say_wrong(struct sb *b, int64_t n, str path)
{
    const char *are = n == 1 ? "line was wrong; it" : "lines were wrong; they";
    if (n && !path.len)
        sb_print(b, "%lld %s stand%s above with the reason%s\n", (long long)n, are,
            n == 1 ? "s" : "", n == 1 ? "" : "s");
    else if (n)
        sb_print(b, "%lld %s %s in %.*s.rejected with the reason%s\n", (long long)n, are,
            n == 1 ? "is" : "are", SARG(path), n == 1 ? "" : "s");
}
