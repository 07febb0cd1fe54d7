/* import_lines: a batch of an import's lines, stored: see import_messages.h. Thread: the caller's.
 */
#include "app/import.h"
#include "app/import_messages.h"
#include "base/clock.h"
#include "care/history.h"
#include "store/door.h"

enum { TRIES = 8, REASON_MAX = 2000, REPLY_MAX = 400 * 1024 };

static ptrdiff_t lines_read(struct arena *a, str text, struct history_line **lines)
{
    ptrdiff_t n = 0;
    struct history_line *rows = NEW(a, struct history_line, IMPORT_LINES_MAX);
    while (text.len && n < IMPORT_LINES_MAX) {
        str line;
        (void)str_cut(text, '\n', &line, &text); /* the last one may have no end */
        if (!line.len)
            continue;
        rows[n++] = (struct history_line){
            .text = str_skip(line, 1), .is_last_call = line.at[0] == IMPORT_LINE_LAST};
    }
    *lines = rows;
    return n;
}

static err take_once(struct ctx *cx, struct db *db, const struct settings *s,
    struct history_line *lines, ptrdiff_t n)
{
    account_id account;
    struct history history;
    TRY(db_begin(db, DB_WRITE_PATIENT, cx->arena, &cx->db));
    err e = import_account(cx, s, &account);
    if (e == OK && n)
        e = history_open(cx, &history);
    if (e == OK && n)
        e = history_take_many(cx, &history, lines, n);
    if (e == OK)
        return db_commit(cx->db);
    (void)db_rollback(cx->db); /* the first error is the one to tell */
    return e;
}

str import_one_line(struct arena *a, str words)
{
    str copy = str_copy(a, str_sub(words, 0, REASON_MAX));
    char *at = NEW(a, char, copy.len + 1);
    for (ptrdiff_t i = 0; i < copy.len; i++)
        at[i] = copy.at[i] == '\n' || copy.at[i] == '\x1f' ? ' ' : copy.at[i];
    return str_of(at, copy.len);
}

static str reply_make(struct arena *a, const struct history_line *lines, ptrdiff_t n)
{
    struct sb b = sb_make(a, REPLY_MAX);
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct history_line *line = &lines[i];
        switch (line->fate) {
        case HISTORY_ADDED:
            sb_print(&b, "a %lld %lld\n", (long long)line->gives[0], (long long)line->gives[1]);
            break;
        case HISTORY_KNOWN:
            sb_add(&b, S("k\n"));
            break;
        case HISTORY_WAITS:
            sb_print(&b, "w %lld\n", (long long)line->waits_for);
            break;
        case HISTORY_WRONG:
            sb_print(
                &b, "x %.*s\x1f%.*s\n", SARG(line->field), SARG(import_one_line(a, line->words)));
            break;
        }
    }
    return sb_str(&b);
}

int import_lines(
    struct arena *a, const struct people *people, const struct settings *s, str text, str *reply)
{
    struct history_line *lines;
    ptrdiff_t n = lines_read(a, text, &lines);
    err e = E_BUSY;
    struct ctx cx = {0};
    /* Another node met the same people, or an id of that millisecond was taken: again. */
    for (int i = 0; i < TRIES && (e == E_BUSY || e == E_CONFLICT); i++) {
        cx = (struct ctx){
            .arena = a, .now_ms = clock_now_ms(), .trace = S("import"), .config = people->config};
        e = take_once(&cx, people->db, s, lines, n);
    }
    *reply = e == OK              ? reply_make(a, lines, n)
             : cx.fault.words.len ? cx.fault.words
                                  : str_from(err_name(e));
    return e == OK ? 0 : 1;
}
