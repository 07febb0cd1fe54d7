/* replay_lines: the server's side of `seva replay`: see replay.h. Customers' lines that stand
 * together are one transaction, each of ours is one, as an agent's. */
#include "app/replay.h"

#include "app/import.h"
#include "app/import_messages.h"
#include "base/clock.h"
#include "care/replay.h"
#include "job/engine.h"

enum { TRIES = 8, REPLY_MAX = 400 * 1024 };

struct taking {
    struct node *node;
    const struct settings *s;
    struct arena *a;
    struct replay replay;
    struct replay_line *lines;
    ptrdiff_t n, at;
    int64_t after_ms;
    int64_t *taken_ms; /* by line */
    struct ctx cx;
};

static err begin(struct taking *t, enum db_mode mode)
{
    account_id account;
    t->cx = (struct ctx){
        .arena = t->a, .now_ms = clock_now_ms(), .trace = S("replay"), .config = &t->node->config};
    TRY(db_begin(t->node->db, mode, t->a, &t->cx.db));
    return import_account(&t->cx, t->s, &account);
}

static err end(struct taking *t, err e)
{
    if (e == OK)
        return db_commit(t->cx.db);
    if (t->cx.db)
        (void)db_rollback(t->cx.db); /* the first error is the one to tell */
    return e;
}

static err read_all(struct taking *t, str text)
{
    while (text.len && t->n < REPLAY_LINES_MAX) {
        str line;
        (void)str_cut(text, '\n', &line, &text); /* the last one may have no end */
        if (line.len)
            t->lines[t->n++].text = line;
    }
    err e = begin(t, DB_READ);
    if (e == OK && t->n)
        e = replay_open(&t->cx, t->s->words[1], &t->replay);
    for (ptrdiff_t i = 0; e == OK && i < t->n; i++)
        replay_read(&t->cx, &t->replay, &t->lines[i]);
    return end(t, e);
}

/* The stretch of customers' lines that begins at t->at. */
static err take_in(struct taking *t, ptrdiff_t n)
{
    err e = begin(t, DB_WRITE);
    if (e == OK)
        e = replay_take_in(&t->cx, &t->replay, t->lines + t->at, n);
    TRY(end(t, e));
    for (ptrdiff_t i = t->at; i < t->at + n; i++)
        t->taken_ms[i] = t->after_ms = t->cx.now_ms;
    engine_nudge_jobs(t->node->engine);
    t->at += n;
    return OK;
}

/* A reply that the rules refuse is a wrong line; it left nothing. */
static err take_ours(struct taking *t)
{
    struct replay_line *line = &t->lines[t->at];
    err e = begin(t, DB_WRITE);
    bool is_begun = e == OK;
    if (is_begun)
        e = replay_answer(&t->cx, &t->replay, line, t->after_ms);
    e = end(t, e);
    if (is_begun && e != OK && e != E_BUSY && t->cx.fault.words.len) {
        line->fate = REPLAY_WRONG;
        line->field = t->cx.fault.field;
        line->words = t->cx.fault.words;
        e = OK;
    }
    TRY(e);
    if (line->fate == REPLAY_WAITS)
        return OK;
    engine_nudge_events(t->node->engine);
    engine_nudge_jobs(t->node->engine);
    t->at++;
    return OK;
}

static err take_next(struct taking *t)
{
    ptrdiff_t n = 0;
    if (!t->lines[t->at].item) {
        t->at++;
        return OK;
    }
    while (t->at + n < t->n && replay_is_in(&t->lines[t->at + n]))
        n++;
    err e = E_BUSY;
    for (int i = 0; i < TRIES && e == E_BUSY; i++)
        e = n ? take_in(t, n) : take_ours(t);
    return e;
}

static err take_all(struct taking *t)
{
    engine_make_room(t->node->engine);
    for (bool is_waiting = false; t->at < t->n && !is_waiting;) {
        TRY(take_next(t));
        is_waiting = t->at < t->n && t->lines[t->at].fate == REPLAY_WAITS;
    }
    return OK;
}

static str reply_make(const struct taking *t)
{
    struct sb b = sb_make(t->a, REPLY_MAX);
    for (ptrdiff_t i = 0; i < t->n; i++) {
        const struct replay_line *line = &t->lines[i];
        if (i >= t->at)
            sb_add(&b, S("w\n"));
        else if (line->fate == REPLAY_WRONG)
            sb_print(&b, "x %.*s\x1f%.*s\n", SARG(line->field),
                SARG(import_one_line(t->a, line->words)));
        else if (line->fate == REPLAY_KNOWN)
            sb_add(&b, S("k\n"));
        else
            sb_print(&b, "a %lld\n", (long long)t->taken_ms[i]);
    }
    return sb_str(&b);
}

int replay_lines(
    struct arena *a, struct node *node, const struct settings *s, str lines, str *reply)
{
    struct taking t = {.node = node,
        .s = s,
        .a = a,
        .lines = NEW(a, struct replay_line, REPLAY_LINES_MAX),
        .taken_ms = NEW(a, int64_t, REPLAY_LINES_MAX)};
    if (s->n_words != 3 || str_int(s->words[2], 0, INT64_MAX, &t.after_ms) != OK) {
        *reply = S("the request is not understood; is the server of another version?");
        return 1;
    }
    err e = read_all(&t, lines);
    if (e == OK)
        e = take_all(&t);
    *reply = e == OK                ? reply_make(&t)
             : t.cx.fault.words.len ? t.cx.fault.words
                                    : str_from(err_name(e));
    return e == OK ? 0 : 1;
}
