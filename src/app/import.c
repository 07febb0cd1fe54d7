/* import: see import.h. */
#include "app/import.h"

#include "app/line_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "care/importer.h"
#include "store/door.h"

#include <string.h>

enum { BATCH = 200, READ_BYTES = 1024 * 1024, REASON_MAX = 2000, MESSAGE_MAX = 4096 };

struct import {
    const struct people *people;
    struct arena *kept;   /* what must outlive a batch: names and ids */
    struct arena scratch; /* one batch */
    struct importer importer;
    account_id account;
    str path;
    int fd, rejected_fd;
    int64_t read_at, rejected_at, line, rejected;
    char *buffer; /* IMPORT_LINE_BYTES */
    ptrdiff_t have;
    bool is_end;
};

static err context_begin(struct import *im, struct ctx *cx)
{
    *cx = (struct ctx){.arena = &im->scratch,
        .now_ms = clock_now_ms(),
        .trace = S("import"),
        .config = im->people->config};
    TRY(db_begin(im->people->db, DB_WRITE, &im->scratch, &cx->db));
    return im->account.v ? door_account(cx, im->account) : OK;
}

err import_account(struct ctx *cx, const struct settings *s, account_id *account)
{
    account_id *ids, found = {0};
    ptrdiff_t n;
    int64_t wanted = 0;
    str given = s->values[SET_ACCOUNT];
    if (given.len && str_int(given, 1, INT64_MAX, &wanted) != OK)
        return fail(cx, E_INVALID, "--account must be an id; see `seva account list`");
    TRY(door_accounts(cx, &ids, &n));
    if (!n)
        return fail(cx, E_NOT_FOUND, "there is no account; `seva init` makes one");
    if (!wanted && n > 1)
        return fail(cx, E_INVALID, "there are %td accounts; say which with --account", n);
    for (ptrdiff_t i = 0; i < n; i++)
        if (!wanted || ids[i].v == wanted)
            found = ids[i];
    if (!found.v)
        return fail(cx, E_NOT_FOUND, "there is no account %.*s", SARG(given));
    TRY(door_account(cx, found));
    *account = found;
    return OK;
}

static err account_find(struct import *im, const struct settings *s, struct ctx *cx)
{
    TRY(import_account(cx, s, &im->account));
    return importer_open(cx, im->kept, &im->importer);
}

/* The next line without its end; false at the end of the file. A line that is too long is given as
 * its beginning, and the rest of it is skipped. */
static err line_next(struct import *im, str *line, bool *is_there, bool *is_too_long)
{
    *is_too_long = false;
    for (;;) {
        ptrdiff_t end = str_find_byte(str_of(im->buffer, im->have), '\n');
        if (end < 0 && !im->is_end && im->have < IMPORT_LINE_BYTES) {
            ptrdiff_t got, room = IMPORT_LINE_BYTES - im->have;
            TRY(file_read_at(im->fd, im->read_at, im->buffer + im->have,
                room < READ_BYTES ? room : READ_BYTES, &got));
            im->read_at += got;
            im->have += got;
            im->is_end = got == 0;
            continue;
        }
        *is_too_long = *is_too_long || (end < 0 && im->have == IMPORT_LINE_BYTES);
        ptrdiff_t used = end < 0 ? im->have : end + 1;
        *is_there = used > 0;
        *line = str_copy(&im->scratch, str_of(im->buffer, end < 0 ? im->have : end));
        *line = im->line ? *line : line_file_without_mark(*line);
        im->have -= used;
        memmove(im->buffer, im->buffer + used, (size_t)im->have);
        if (end < 0 && *is_too_long && !im->is_end)
            continue;
        im->line++;
        return OK;
    }
}

static err reject(struct import *im, const struct ctx *cx, str line)
{
    if (im->rejected_fd < 0)
        TRY(file_open_write(line_file_rejected(im->kept, im->path), 0600, false, &im->rejected_fd));
    str text = str_print(&im->scratch, "line %lld%s%.*s: %.*s\n%.*s\n", (long long)im->line,
        cx->fault.field.len ? ", field " : "", SARG(cx->fault.field),
        SARG(str_sub(cx->fault.words, 0, REASON_MAX)), SARG(line));
    TRY(file_write_at(im->rejected_fd, im->rejected_at, text));
    im->rejected_at += text.len;
    im->rejected++;
    return OK;
}

/* Up to BATCH lines in one transaction, each in a savepoint of its own. */
static err batch_take(struct import *im, struct ctx *cx, bool *is_done)
{
    for (int n = 0; n < BATCH && !*is_done; n++) {
        str line;
        bool is_there, is_too_long;
        TRY(line_next(im, &line, &is_there, &is_too_long));
        *is_done = !is_there;
        if (!is_there || !str_trim(line).len)
            continue;
        cx->fault = (struct fault){0};
        TRY(db_savepoint(cx->db));
        err e = is_too_long ? fail(cx, E_INVALID, "longer than %d bytes", IMPORT_LINE_BYTES)
                            : importer_line(cx, &im->importer, line);
        TRY(db_savepoint_end(cx->db, e == OK));
        if (e == E_BUSY || e == E_INTERNAL)
            return e;
        if (e != OK)
            TRY(reject(im, cx, line));
    }
    return OK;
}

static err batches_take(struct import *im, struct ctx *cx)
{
    for (bool is_done = false; !is_done;) {
        TRY(context_begin(im, cx));
        err e = batch_take(im, cx, &is_done);
        if (e != OK) {
            (void)db_rollback(cx->db); /* the first error is the one to tell */
            return e;
        }
        TRY(db_commit(cx->db));
        arena_reset(&im->scratch);
    }
    return im->rejected_fd < 0 ? OK : file_sync(im->rejected_fd);
}

static err open_all(struct import *im, const struct settings *s, struct ctx *cx)
{
    int64_t size;
    err e = context_begin(im, cx);
    if (e != OK)
        return e;
    e = account_find(im, s, cx);
    if (e != OK) {
        (void)db_rollback(cx->db); /* the first error is the one to tell */
        return e;
    }
    TRY(db_commit(cx->db));
    im->path = s->words[1];
    str why = {NULL, 0};
    if (str_eq(im->path, S("-")))
        return fail(cx, E_INVALID, "`seva import` reads a file; put what is piped into one");
    if (line_file_open_read(im->kept, im->path, &im->fd, &size, &why) != OK)
        return fail(cx, E_NOT_FOUND, "%.*s", SARG(why));
    (void)file_remove(line_file_rejected(im->kept, im->path)); /* told when it is written */
    return OK;
}

static void summarise(const struct import *im, str *out, struct arena *a)
{
    struct sb b = sb_make(a, MESSAGE_MAX);
    for (int t = IMPORT_TEAM; t <= IMPORT_CONVERSATION; t++)
        if (im->importer.added[t] || im->importer.known[t])
            sb_print(&b, "%.*s: %lld added, %lld known already\n",
                SARG(import_type_name((enum import_type)t)), (long long)im->importer.added[t],
                (long long)im->importer.known[t]);
    line_file_say_wrong(&b, im->rejected, im->path);
    *out = sb_str(&b);
}

int import_command(struct arena *a, const struct people *people, const struct settings *s, str *out)
{
    if (s->n_words != 2) {
        *out = S("usage: seva import [messages] --data DIR [--account ID] FILE\n");
        return 2;
    }
    struct import im = {.people = people,
        .kept = a,
        .scratch = arena_make(0),
        .fd = -1,
        .rejected_fd = -1,
        .buffer = arena_try(a, IMPORT_LINE_BYTES, 1)};
    struct ctx cx = {0};
    err e = im.buffer ? open_all(&im, s, &cx) : E_BUSY;
    if (e == OK)
        e = batches_take(&im, &cx);
    if (e == OK)
        summarise(&im, out, a);
    else if (im.fd < 0)
        *out = str_print(
            a, "seva: %.*s\n", SARG(cx.fault.words.len ? cx.fault.words : str_from(err_name(e))));
    else
        *out = str_print(a, "seva: import stopped at line %lld: %.*s\n", (long long)im.line,
            SARG(cx.fault.words.len ? cx.fault.words : str_from(err_name(e))));
    if (im.fd >= 0)
        file_close(im.fd);
    if (im.rejected_fd >= 0)
        file_close(im.rejected_fd);
    arena_free(&im.scratch);
    return e != OK ? 1 : im.rejected ? LINE_FILE_SOME_WRONG : 0;
}
