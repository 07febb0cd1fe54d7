/* import_messages: the command's side: see import_messages.h. Memory stays flat: a batch, the lines
 * that wait, and nothing of what was stored. Thread: the command's. */
#include "app/import_messages.h"

#include "app/import_waiting.h"
#include "app/line_file.h"
#include "care/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 1024 * 1024, MESSAGE_MAX = 4096 };

struct entry {
    int64_t number;
    str text;
    bool is_last_call, is_owned;
};

struct reading {
    struct line_file file;
    struct arena scratch; /* one batch */
    import_take *take;
    void *arg;
    int64_t added, known;
    struct waiting *waiting;
    struct entry *entries; /* IMPORT_LINES_MAX */
    ptrdiff_t n, bytes, at_once;
    struct entry held; /* begins the next batch; text.at NULL = none */
};

/* ── a batch ── */

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
        r->file.line, {copy, line.len},
         false, true
    };
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
        TRY(line_file_next(&r->file, &line, &is_there));
        if (is_there && !has_room(r, line.len))
            TRY(hold(r, line));
        else if (is_there)
            entry_add(r, (struct entry){r->file.line, line, false, false});
    }
    return OK;
}

static err key_read(struct reading *r, str text, int64_t *key)
{
    if (str_int(text, 0, INT64_MAX, key) == OK)
        return OK;
    r->file.why = S("the answer is not understood; is the server of another version?");
    return E_INTERNAL;
}

static err answer_take(struct reading *r, const struct entry *entry, str answer)
{
    char kind = answer.len ? answer.at[0] : 0;
    str first, second, rest = str_skip(answer, 2);
    int64_t key = 0;
    if (kind == 'x') {
        (void)str_cut(rest, '\x1f', &first, &second); /* the field may be empty */
        return line_file_reject(&r->file, entry->number, first, second, entry->text);
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
    r->file.done++;
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
        r->file.why = str_copy(r->file.kept, reply);
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

static err read_all(struct reading *r)
{
    for (;;) {
        collect_waiting(r);
        err e = collect_lines(r);
        bool is_end = line_file_is_end(&r->file) && !r->held.text.at;
        if (e == OK && r->n)
            e = batch_send(r);
        bool is_done = is_end && !r->n && !r->waiting->n;
        entries_free(r);
        arena_reset(&r->scratch);
        if (e != OK || is_done)
            return e;
        waiting_trim(r->waiting, is_end);
        line_file_show(&r->file);
    }
}

/* ── the command ── */

static err close_all(struct reading *r)
{
    entries_free(r);
    free((void *)(uintptr_t)r->held.text.at);
    waiting_free(r->waiting);
    arena_free(&r->scratch);
    return line_file_close(&r->file);
}

static str summary(const struct reading *r, err e)
{
    const struct line_file *f = &r->file;
    struct sb b = sb_make(f->kept, MESSAGE_MAX);
    if (f->progress.is_terminal && f->shown_done)
        fputc('\n', stderr);
    if (e != OK && !f->is_stdin && f->fd < 0)
        return str_print(f->kept, "seva: %.*s\n", SARG(f->why));
    if (e != OK)
        sb_print(&b, "seva: import stopped behind line %lld: %.*s\n", (long long)f->line,
            SARG(f->why.len ? f->why : str_from(err_name(e))));
    sb_print(
        &b, "messages: %lld added, %lld known already\n", (long long)r->added, (long long)r->known);
    line_file_summary(f, &b);
    return sb_str(&b);
}

int import_messages_command(struct arena *a, const struct settings *s, ptrdiff_t at_once,
    import_take *take, void *arg, str *out)
{
    struct reading r = {.at_once = at_once,
        .scratch = arena_make(0),
        .take = take,
        .arg = arg,
        .waiting = NEW(a, struct waiting, 1),
        .entries = NEW(a, struct entry, IMPORT_LINES_MAX)};
    err e = line_file_open(a, &r.scratch, s->words[2], &r.file);
    if (e == OK)
        e = read_all(&r);
    err closed = close_all(&r);
    if (e == OK)
        e = closed;
    *out = summary(&r, e);
    return e != OK ? 1 : r.file.wrong ? LINE_FILE_SOME_WRONG : 0;
}
