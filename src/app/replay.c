/* replay: the command's side: see replay.h. Memory stays flat: the lines that are due, at most one
 * request full. Thread: the command's. */
#include "app/replay.h"

#include "app/admin.h"
#include "app/import_messages.h"
#include "app/line_file.h"
#include "base/clock.h"
#include "base/json.h"
#include "care/history.h"
#include "care/replay.h"

#include <stdio.h>
#include <time.h>

enum { LOOK_US = 100 * 1000, AGAIN_US = 10 * 1000, SUMMARY_MAX = 4096, RATE_MAX = 1000000 };
static const double WAIT_MAX_S = 1e12; /* what a clock of microseconds holds */

struct player {
    struct line_file file;
    struct arena scratch; /* the lines in hand and their answer */
    str socket, run;
    char *argv[6];
    int argc;
    double speed, rate; /* rate 0 = by the lines' times */
    struct due {
        int64_t number;
        str text;
    } lines[REPLAY_LINES_MAX];
    ptrdiff_t n, bytes;
    int64_t after_ms; /* when the last customer's line was taken in */
    int64_t taken, known;
    bool is_catching_up; /* a run goes on: what it has taken already costs no time */
    bool has_begun;
    int64_t began_us, began_ms, paced; /* the line that the times count from, and how many since */
};

/* ── when a line is due ── */

static void pause_us(int64_t us)
{
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&t, NULL); /* woken early: the clock is looked at again */
}

/* A line without a good time is due with the one before it: the server says what is wrong. */
static int64_t due_us(struct player *p, str line)
{
    const struct json *root = NULL;
    str why;
    int64_t at_ms = 0, now = clock_mono_us();
    if (p->rate <= 0 && (json_parse(&p->scratch, line, &root, &why) != OK ||
                            time_parse(json_text(json_get(root, S("at")), S("")), &at_ms) != OK ||
                            at_ms <= 0 || at_ms > clock_now_ms()))
        return now;
    if (!p->has_begun) {
        p->has_begun = true;
        p->began_us = now;
        p->began_ms = at_ms;
        p->paced = 0;
    }
    double seconds = p->rate > 0 ? (double)p->paced / p->rate
                                 : (double)(at_ms - p->began_ms) / 1000.0 / p->speed;
    p->paced++;
    return p->began_us + (int64_t)((seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S) * 1e6);
}

/* ── to the server ── */

static err misunderstood(struct player *p)
{
    p->file.why = S("the answer is not understood; is the server of another version?");
    return E_INTERNAL;
}

static err answer_take(struct player *p, const struct due *line, str answer)
{
    char kind = answer.len ? answer.at[0] : 0;
    str field, words, rest = str_skip(answer, 2);
    int64_t at_ms = 0;
    if (kind == 'x') {
        (void)str_cut(rest, '\x1f', &field, &words); /* the field may be empty */
        return line_file_reject(&p->file, line->number, field, words, line->text);
    }
    p->file.done++;
    p->known += kind == 'k';
    p->taken += kind == 'a';
    if (kind == 'k')
        return OK;
    if (kind != 'a' || str_int(rest, 0, INT64_MAX, &at_ms) != OK)
        return misunderstood(p);
    if (at_ms)
        p->after_ms = at_ms;
    p->is_catching_up = false;
    return OK;
}

/* How many of the lines in hand are done. */
static err ask(struct player *p, ptrdiff_t *n_done)
{
    str reply = {NULL, 0}, answer;
    struct sb b = sb_make(&p->scratch, 0);
    *n_done = 0;
    for (ptrdiff_t i = 0; i < p->n; i++) {
        sb_add(&b, p->lines[i].text);
        sb_byte(&b, '\n');
    }
    p->argv[3] = str_z(&p->scratch, str_print(&p->scratch, "%lld", (long long)p->after_ms));
    int code = admin_ask(&p->scratch, p->socket, p->argc, p->argv, sb_str(&b), &reply);
    if (code) {
        p->file.why =
            admin_is_gone(code, reply)
                ? str_print(p->file.kept,
                      "the server has gone away; start it and go on with --run %.*s", SARG(p->run))
                : str_copy(p->file.kept, str_trim(reply));
        return E_INTERNAL;
    }
    while (*n_done < p->n) {
        (void)str_cut(reply, '\n', &answer, &reply); /* one that is missing is not understood */
        if (str_eq(answer, S("w")))
            return OK;
        TRY(answer_take(p, &p->lines[*n_done], answer));
        ++*n_done;
    }
    return OK;
}

static err send(struct player *p)
{
    while (p->n) {
        ptrdiff_t n_done;
        TRY(ask(p, &n_done));
        for (ptrdiff_t i = n_done; i < p->n; i++)
            p->lines[i - n_done] = p->lines[i];
        p->n -= n_done;
        if (p->n) /* the inbox is being read */
            pause_us(AGAIN_US);
        line_file_show(&p->file);
    }
    p->bytes = 0;
    arena_reset(&p->scratch);
    return OK;
}

/* ── the file ── */

static bool has_room(const struct player *p, ptrdiff_t bytes)
{
    return p->n < REPLAY_LINES_MAX && p->bytes + bytes + 2 <= IMPORT_LINES_BYTES;
}

/* What is due goes before anything is waited for. */
static err wait_for(struct player *p, str *line, int64_t until_us)
{
    if (p->n && (until_us > clock_mono_us() || !has_room(p, line->len))) {
        struct arena own = arena_make(0);
        str kept = str_copy(&own, *line);
        err e = send(p);
        *line = str_copy(&p->scratch, kept);
        arena_free(&own);
        TRY(e);
    }
    for (int64_t left = until_us - clock_mono_us(); left > 0; left = until_us - clock_mono_us()) {
        pause_us(left < LOOK_US ? left : LOOK_US);
        line_file_show(&p->file);
    }
    return OK;
}

static err play(struct player *p)
{
    for (;;) {
        str line = {NULL, 0};
        bool is_there = false;
        if (!line_file_has_next(&p->file))
            TRY(send(p));
        TRY(line_file_next(&p->file, &line, &is_there));
        if (!is_there)
            return send(p);
        p->has_begun &= !p->is_catching_up; /* the times count from the first line that is new */
        int64_t due = due_us(p, line);
        TRY(wait_for(p, &line, p->is_catching_up ? 0 : due));
        p->lines[p->n++] = (struct due){p->file.line, line};
        p->bytes += line.len + 1;
        if (p->is_catching_up) /* one by one, so that the first new one is the first that waits */
            TRY(send(p));
    }
}

/* ── the command ── */

static bool number_read(str text, double *value)
{
    int64_t whole = 0, part = 0;
    double scale = 1;
    str left, right;
    bool has_part = str_cut(text, '.', &left, &right);
    if (str_int(left, 0, RATE_MAX, &whole) != OK || right.len > 6 ||
        (has_part && str_int(right, 0, RATE_MAX, &part) != OK))
        return false;
    for (ptrdiff_t i = 0; i < right.len; i++)
        scale *= 10;
    *value = (double)whole + (double)part / scale;
    return *value > 0;
}

static bool run_is_good(str run)
{
    bool is_good = run.len > 0 && run.len <= REPLAY_RUN_BYTES;
    for (ptrdiff_t i = 0; i < run.len; i++) {
        char c = run.at[i];
        is_good &=
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    }
    return is_good;
}

/* "20261129-065812-417" */
static str run_make(struct arena *a)
{
    str at = time_rfc3339(a, clock_now_ms());
    struct sb b = sb_make(a, REPLAY_RUN_BYTES);
    for (ptrdiff_t i = 0; i < at.len; i++)
        if (at.at[i] >= '0' && at.at[i] <= '9')
            sb_byte(&b, at.at[i]);
        else if (at.at[i] == 'T' || at.at[i] == '.')
            sb_byte(&b, '-');
    return sb_str(&b);
}

static bool options_read(struct arena *a, const struct settings *s, struct player *p, str *why)
{
    str rate = s->values[SET_RATE];
    if (str_ends(rate, S("/s")))
        rate = str_sub(rate, 0, rate.len - 2);
    p->run = s->values[SET_RUN].len ? s->values[SET_RUN] : run_make(a);
    p->is_catching_up = s->values[SET_RUN].len > 0;
    if (s->n_words != 2)
        *why = S("seva replay FILE [--speed N | --rate N/s] [--run NAME]; - is standard input");
    else if (rate.len && s->given[SET_SPEED])
        *why = S("give --speed or --rate, not both");
    else if (rate.len && !number_read(rate, &p->rate))
        *why = str_print(
            a, "--rate must be a number of lines a second, above 0, at most %d", (int)RATE_MAX);
    else if (!rate.len && !number_read(s->values[SET_SPEED], &p->speed))
        *why = str_print(a, "--speed must be a number above 0, at most %d", (int)RATE_MAX);
    else if (!run_is_good(p->run))
        *why = str_print(a, "--run must be letters, digits and -, at most %d", REPLAY_RUN_BYTES);
    return !why->len;
}

static str summary(const struct player *p, err e)
{
    const struct line_file *f = &p->file;
    struct sb b = sb_make(f->kept, SUMMARY_MAX);
    if (f->progress.is_terminal && f->shown_done)
        fputc('\n', stderr);
    if (e != OK && !f->is_stdin && f->fd < 0)
        return str_print(f->kept, "seva: %.*s\n", SARG(f->why));
    if (e != OK)
        sb_print(&b, "seva: replay stopped behind line %lld: %.*s\n", (long long)f->line,
            SARG(f->why.len ? f->why : str_from(err_name(e))));
    sb_print(&b, "run %.*s: %lld lines taken, %lld of this run already\n", SARG(p->run),
        (long long)p->taken, (long long)p->known);
    line_file_summary(f, &b);
    return sb_str(&b);
}

int replay_command(struct arena *a, const struct settings *s, str admin_socket, str *out)
{
    static char name[] = "seva", word[] = REPLAY_LINES_WORD, option[] = "--account";
    struct player *p = NEW(a, struct player, 1);
    str why = {NULL, 0}, account = s->values[SET_ACCOUNT];
    if (!options_read(a, s, p, &why)) {
        *out = str_print(a, "seva: %.*s\n", SARG(why));
        return 2;
    }
    p->socket = admin_socket;
    p->argc = account.len ? 6 : 4;
    char zero[] = "0";
    char *argv[] = {name, word, str_z(a, p->run), zero, option, str_z(a, account)};
    for (int i = 0; i < p->argc; i++)
        p->argv[i] = argv[i];
    p->scratch = arena_make(0);
    int code = admin_ask(&p->scratch, p->socket, p->argc, p->argv, (str){NULL, 0}, &why);
    if (code) {
        *out = str_print(a, "seva: %.*s\n",
            SARG(code < 0
                     ? S("a replay needs a running server: start `seva serve` on this data folder")
                     : str_trim(why)));
        arena_free(&p->scratch);
        return 1;
    }
    err e = line_file_open(a, &p->scratch, s->words[1], &p->file);
    if (e == OK)
        e = play(p);
    err closed = line_file_close(&p->file);
    if (e == OK)
        e = closed;
    *out = summary(p, e);
    arena_free(&p->scratch);
    return e != OK ? 1 : p->file.wrong ? LINE_FILE_SOME_WRONG : 0;
}
