/* import_messages: the command's side: see import_messages.h. Memory stays flat: a batch, the lines
 * that wait, and nothing of what was stored. Thread: the command's. */
#include "app/import_messages.h"

#include "app/import_waiting.h"
#include "app/progress.h"
#include "base/file.h"
#include "care/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1024 * 1024, MESSAGE_MAX = 4096 };

struct entry {
    int64_t number;
    str text;
    bool is_last_call, is_owned;
};

struct reading {
    struct arena *kept;
    struct arena scratch; /* one batch */
    import_take *take;
    void *arg;
    str path;
    int fd, rejected_fd;
    bool is_stdin, is_end, is_too_long;
    int64_t size, read, rejected_at; /* bytes; size 0 = not known */
    int64_t line, done, added, known, wrong;
    struct progress progress;
    int64_t shown_done;
    char *buffer; /* BUFFER_BYTES; lines stand at from … have */
    ptrdiff_t from, have;
    struct waiting *waiting;
    struct entry *entries; /* IMPORT_LINES_MAX */
    ptrdiff_t n, bytes, at_once;
    struct entry held; /* begins the next batch; text.at NULL = none */
    str why;
};

/* ── lines ──────────────────────────────────────────────────────────────────────────────────────
 */

static err fill(struct reading *r)
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

/* The next line without its end, is_there false at the end of the file; is_too_long: its beginning,
 * and the rest of it is skipped. */
static err line_next(struct reading *r, str *line, bool *is_there)
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
            begun = str_copy(&r->scratch, str_sub(rest, 0, end >= 0 ? end : rest.len));
        r->is_too_long |= !is_whole || begun.len > HISTORY_LINE_BYTES;
        *is_there |= rest.len > 0;
        r->from += end >= 0 ? end + 1 : rest.len;
    }
    *line = str_trim(begun);
    r->line += *is_there;
    return OK;
}

static err reject(struct reading *r, int64_t number, str field, str words, str line)
{
    str text = str_print(&r->scratch, "line %lld%s%.*s: %.*s\n%.*s\n", (long long)number,
        field.len ? ", field " : "", SARG(field), SARG(words), SARG(line));
    r->wrong++;
    r->done++;
    if (r->is_stdin) {
        fwrite(text.at, 1, (size_t)text.len, stderr);
        return OK;
    }
    if (r->rejected_fd < 0) {
        str path = str_cat(r->kept, r->path, S(".rejected"));
        err e = file_open_write(path, 0600, false, &r->rejected_fd);
        if (e == OK)
            e = file_truncate(r->rejected_fd, 0);
        if (e != OK) {
            r->why = str_print(r->kept, "%.*s cannot be written", SARG(path));
            return e;
        }
    }
    TRY(file_write_at(r->rejected_fd, r->rejected_at, text));
    r->rejected_at += text.len;
    return OK;
}

/* ── a batch ────────────────────────────────────────────────────────────────────────────────────
 */

static void entry_add(struct reading *r, struct entry entry)
{
    r->entries[r->n++] = entry;
    r->bytes += entry.text.len + 2;
}

static bool has_room(const struct reading *r, ptrdiff_t bytes)
{
    return r->n < r->at_once && (!r->n || r->bytes + bytes + 2 <= IMPORT_LINES_BYTES);
}

static void collect_waiting(struct reading *r)
{
    struct waiting_line line;
    ptrdiff_t from = 0;
    while (has_room(r, HISTORY_LINE_BYTES / 8) && waiting_take(r->waiting, &from, &line))
        entry_add(r, (struct entry){line.number, line.text, line.is_last_call, true});
    waiting_close(r->waiting);
}

/* The batch's texts end with it: what begins the next one has a copy of its own. */
static err hold(struct reading *r, str line)
{
    char *copy = alloc_zero(line.len + 1);
    if (!copy)
        return E_BUSY;
    memcpy(copy, line.at, (size_t)line.len);
    r->held = (struct entry){
        r->line, {copy, line.len},
         false, true
    };
    return OK;
}

static err line_take(struct reading *r, str line)
{
    if (!line.len)
        return OK;
    if (r->is_too_long)
        return reject(r, r->line, (str){NULL, 0}, S("longer than a message can be"),
            str_sub(line, 0, MESSAGE_MAX));
    if (str_find_byte(line, '\0') >= 0)
        return reject(r, r->line, (str){NULL, 0}, S("This is no JSON: it holds a NUL."), S(""));
    if (!has_room(r, line.len))
        return hold(r, line);
    entry_add(r, (struct entry){r->line, line, false, false});
    return OK;
}

static err collect_lines(struct reading *r)
{
    if (r->held.text.at && has_room(r, r->held.text.len)) {
        entry_add(r, r->held);
        r->held = (struct entry){0};
    }
    for (bool is_there = true; is_there && !r->held.text.at && has_room(r, 0);) {
        str line = {NULL, 0};
        TRY(line_next(r, &line, &is_there));
        TRY(line_take(r, line));
    }
    return OK;
}

static err key_read(struct reading *r, str text, int64_t *key)
{
    if (str_int(text, 0, INT64_MAX, key) == OK)
        return OK;
    r->why = S("the answer is not understood; is the server of another version?");
    return E_INTERNAL;
}

static err answer_take(struct reading *r, const struct entry *entry, str answer)
{
    char kind = answer.len ? answer.at[0] : 0;
    str first, second, rest = str_skip(answer, 2);
    int64_t key = 0;
    if (kind == 'x') {
        (void)str_cut(rest, '\x1f', &first, &second); /* the field may be empty */
        return reject(r, entry->number, first, second, entry->text);
    }
    if (kind == 'w') {
        TRY(key_read(r, rest, &key));
        return waiting_add(r->waiting, entry->number, key, entry->text);
    }
    if (kind == 'a')
        r->added++;
    else if (kind == 'k')
        r->known++;
    else
        return key_read(r, (str){NULL, 0}, &key);
    r->done++;
    return OK;
}

/* Who waits for what this line has brought. */
static err answer_give(struct reading *r, str answer)
{
    str first, second;
    int64_t key = 0;
    if (!answer.len || answer.at[0] != 'a' || !r->waiting->n)
        return OK;
    (void)str_cut(str_skip(answer, 2), ' ', &first, &second); /* there are two */
    TRY(key_read(r, first, &key));
    waiting_given(r->waiting, key);
    TRY(key_read(r, second, &key));
    if (key)
        waiting_given(r->waiting, key);
    return OK;
}

static err answers_take(struct reading *r, str reply)
{
    str rest = reply, answer;
    for (ptrdiff_t i = 0; i < r->n; i++) {
        (void)str_cut(rest, '\n', &answer, &rest); /* an answer that is missing is not understood */
        TRY(answer_take(r, &r->entries[i], answer));
    }
    rest = reply;
    for (ptrdiff_t i = 0; i < r->n; i++) {
        (void)str_cut(rest, '\n', &answer, &rest); /* as above */
        TRY(answer_give(r, answer));
    }
    return OK;
}

static err batch_send(struct reading *r)
{
    str reply = {NULL, 0};
    struct sb b = sb_make(&r->scratch, 0);
    for (ptrdiff_t i = 0; i < r->n; i++) {
        sb_byte(&b, r->entries[i].is_last_call ? IMPORT_LINE_LAST : IMPORT_LINE_WAITS);
        sb_add(&b, r->entries[i].text);
        sb_byte(&b, '\n');
    }
    if (r->take(r->arg, &r->scratch, sb_str(&b), &reply) != 0) {
        r->why = str_copy(r->kept, reply);
        return E_INTERNAL;
    }
    return answers_take(r, reply);
}

static void entries_free(struct reading *r)
{
    for (ptrdiff_t i = 0; i < r->n; i++)
        if (r->entries[i].is_owned)
            free((void *)(uintptr_t)r->entries[i].text.at);
    r->n = r->bytes = 0;
}

/* ── how far it is ──────────────────────────────────────────────────────────────────────────────
 */

static void show(struct reading *r)
{
    struct progress *p = &r->progress;
    int64_t step_us = progress_due_us(p), spent_us = p->told_us - p->began_us;
    if (!step_us)
        return;
    fprintf(stderr, "%s%lld lines, %lld/s", p->is_terminal ? "\r" : "", (long long)r->done,
        (long long)((r->done - r->shown_done) * 1000000 / step_us));
    if (r->size > 0 && r->read > 0) {
        int64_t left_s =
            (int64_t)((double)spent_us * (double)(r->size - r->read) / (double)r->read / 1e6);
        fprintf(stderr, ", %lld:%02lld:%02lld left", (long long)(left_s / 3600),
            (long long)(left_s / 60 % 60), (long long)(left_s % 60));
    }
    fputs(p->is_terminal ? "\x1b[K" : "\n", stderr);
    fflush(stderr);
    r->shown_done = r->done;
}

static err read_all(struct reading *r)
{
    for (;;) {
        collect_waiting(r);
        err e = collect_lines(r);
        bool is_end = r->is_end && r->from == r->have && !r->held.text.at;
        if (e == OK && r->n)
            e = batch_send(r);
        bool is_done = is_end && !r->n && !r->waiting->n;
        entries_free(r);
        arena_reset(&r->scratch);
        if (e != OK || is_done)
            return e;
        waiting_trim(r->waiting, is_end);
        show(r);
    }
}

/* ── the command ────────────────────────────────────────────────────────────────────────────────
 */

static err open_all(struct reading *r)
{
    if (r->is_stdin) {
        r->fd = STDIN_FILENO;
        return OK;
    }
    if (file_open_read(r->path, &r->fd, &r->size) == OK)
        return OK;
    r->why = str_print(r->kept, "%.*s cannot be read", SARG(r->path));
    return E_NOT_FOUND;
}

static void close_all(struct reading *r)
{
    entries_free(r);
    free((void *)(uintptr_t)r->held.text.at);
    waiting_free(r->waiting);
    if (!r->is_stdin)
        file_close(r->fd);
    file_close(r->rejected_fd);
    arena_free(&r->scratch);
}

static str summary(const struct reading *r, err e)
{
    struct sb b = sb_make(r->kept, MESSAGE_MAX);
    if (r->progress.is_terminal && r->shown_done)
        fputc('\n', stderr);
    if (e != OK)
        sb_print(&b, "seva: import stopped behind line %lld: %.*s\n", (long long)r->line,
            SARG(r->why.len ? r->why : str_from(err_name(e))));
    sb_print(
        &b, "messages: %lld added, %lld known already\n", (long long)r->added, (long long)r->known);
    if (r->wrong && r->is_stdin)
        sb_print(
            &b, "%lld lines were wrong; they stand above with the reasons\n", (long long)r->wrong);
    else if (r->wrong)
        sb_print(&b, "%lld lines were wrong; they are in %.*s.rejected with the reasons\n",
            (long long)r->wrong, SARG(r->path));
    return sb_str(&b);
}

int import_messages_command(struct arena *a, const struct settings *s, ptrdiff_t at_once,
    import_take *take, void *arg, str *out)
{
    struct reading r = {.kept = a,
        .at_once = at_once,
        .scratch = arena_make(0),
        .take = take,
        .arg = arg,
        .path = s->words[2],
        .is_stdin = str_eq(s->words[2], S("-")),
        .fd = -1,
        .rejected_fd = -1,
        .progress = progress_start("lines", 0),
        .buffer = NEW(a, char, BUFFER_BYTES),
        .waiting = NEW(a, struct waiting, 1),
        .entries = NEW(a, struct entry, IMPORT_LINES_MAX)};
    err e = open_all(&r);
    if (e == OK)
        e = read_all(&r);
    if (e == OK && r.rejected_fd >= 0)
        e = file_sync(r.rejected_fd);
    *out = summary(&r, e);
    close_all(&r);
    return e == OK ? 0 : 1;
}
