/* doctor_ship: the folder that the database is shipped to (docs/operations.md, "Shipping"): can it
 * be restored, from which moment to which, how far behind is it, and what is missing between. By
 * the files' names and the last segment; --deep holds every file to its sum. Looks at the folder
 * alone, so a damaged database does not keep it from it. Not here: writing it (job/ship.h). */
#include "app/doctor_inner.h"

#include "base/clock.h"
#include "base/file.h"
#include "care/blob_file.h"
#include "job/ship_file.h"

enum { LATE_MS = 1000, BEHIND_MS = 60 * 1000 };

struct shipped {
    int64_t from_ms, to_ms; /* moments that can be restored; 0 = none */
    ptrdiff_t good;         /* generations that can be restored to their end */
    bool newest_is_good, newest_has_base;
};

static str in(struct doctor *d, str folder, str name)
{
    return str_print(&d->page, "%.*s/%.*s", SARG(folder), SARG(name));
}

/* ── one generation ── */

/* A base without segments is of the moment at which it was written. */
static int64_t base_ms(
    struct doctor *d, str folder, const struct ship_files *f, const struct ship_base *b)
{
    ptrdiff_t at = ship_segment_from(f, b->to);
    int64_t ms = 0;
    if (at < f->n_segments && f->segments[at].number == b->to)
        return f->segments[at].at_ms;
    return file_changed_ms(in(d, folder, b->name), &ms) == OK ? ms : 0;
}

/* Of the newest it matters now; of an older one until it is no longer kept. */
static void tell_gaps(struct doctor *d, str name, const struct ship_files *f, bool is_newest)
{
    int64_t expected = f->bases[0].from + 1;
    for (ptrdiff_t i = ship_segment_from(f, expected); i < f->n_segments; i++) {
        const struct ship_segment *s = &f->segments[i];
        if (s->number != expected) {
            str since = i > 0 ? time_rfc3339(&d->page, f->segments[i - 1].at_ms) : S("its start");
            str what = str_print(&d->page,
                "the shipped copy misses %lld segments of %.*s: what was between %.*s and its next "
                "base cannot be restored",
                (long long)(s->number - expected), SARG(name), SARG(since));
            if (is_newest)
                report_wrong(d, what, S("restart the server: it begins a generation"));
            else
                report_note(d, what, S("it goes when it is no longer kept"));
        }
        expected = s->number + 1;
    }
}

static bool is_base_whole(struct doctor *d, str path, str hash)
{
    int fd = -1;
    int64_t size;
    struct file_sum sum = {0};
    err e = file_open_read(path, &fd, &size);
    if (e == OK)
        e = file_sum(&d->page, fd, &sum);
    file_close(fd);
    return e == OK && str_eq(hash, sum.hash);
}

/* A file that went meanwhile is no longer kept. */
static void tell_broken(struct doctor *d, str path, bool is_whole)
{
    int64_t size;
    if (!is_whole && file_size(path, &size) == OK)
        report_wrong(d, str_print(d->a, "the shipped copy's %.*s is not whole", SARG(path)),
            S("what needs it cannot be restored; remove it and restart the server: it goes on from another "
              "base, or begins a generation"));
}

static bool look_at_segment(struct doctor *d, str folder, const struct ship_segment *s)
{
    struct arena one = arena_make(0);
    struct ship_place place;
    bool has_place;
    str path = str_print(&one, "%.*s/%.*s", SARG(folder), SARG(s->name));
    bool is_whole = ship_segment_look(&one, path, s->number, &place, &has_place) == OK;
    tell_broken(d, path, is_whole);
    arena_free(&one);
    return is_whole;
}

static void look_at_sums(struct doctor *d, str folder, const struct ship_files *f)
{
    for (ptrdiff_t i = 0; i < f->n_bases; i++) {
        str path = in(d, folder, f->bases[i].name);
        tell_broken(d, path, is_base_whole(d, path, f->bases[i].hash));
    }
    for (ptrdiff_t i = 0; i < f->n_segments; i++)
        (void)look_at_segment(d, folder, &f->segments[i]); /* it is told */
}

static void look_at_generation(struct doctor *d, str name, bool is_newest, struct shipped *t)
{
    struct ship_files f;
    str folder = in(d, d->files.ship_dir, name);
    if (ship_files_list(&d->page, folder, &f) != OK)
        return; /* it went meanwhile */
    t->newest_has_base = f.n_bases > 0;
    t->newest_is_good = false;
    if (f.n_bases == 0)
        return; /* nothing that could be restored */
    tell_gaps(d, name, &f, is_newest);
    if (d->is_deep)
        look_at_sums(d, folder, &f);
    if (t->from_ms == 0)
        t->from_ms = base_ms(d, folder, &f, &f.bases[0]);
    ptrdiff_t base = ship_base_of_end(&f);
    if (base < 0)
        return;
    bool has_end = f.n_segments > 0;
    if (has_end && !d->is_deep && !look_at_segment(d, folder, &f.segments[f.n_segments - 1]))
        return;
    t->to_ms =
        has_end ? f.segments[f.n_segments - 1].at_ms : base_ms(d, folder, &f, &f.bases[base]);
    t->newest_is_good = true;
    t->good++;
}

/* ── all of it ── */

/* The log is written to with each commit. Without it (another program has closed the database)
 * nothing is known. */
static int64_t behind_ms(struct doctor *d, int64_t to_ms)
{
    int64_t size = 0, ms = 0;
    str log = str_cat(&d->page, str_skip(d->files.db_url, S("sqlite:").len), S("-wal"));
    bool is_known = file_size(log, &size) == OK && size > 0 && file_changed_ms(log, &ms) == OK;
    return is_known && ms > to_ms ? ms - to_ms : 0;
}

static void tell_behind(struct doctor *d, const struct shipped *t, int64_t behind)
{
    str what = str_print(&d->page, "the shipped copy is %lld.%lld s behind",
        (long long)(behind / 1000), (long long)(behind / 100 % 10));
    if (!t->newest_is_good && !t->newest_has_base)
        report_note(d, what,
            S("the newest generation has no base yet; until it has one the generation before is "
              "restored"));
    else if (!d->has_server && behind > LATE_MS)
        report_note(d, what, S("the server ended before it had shipped all; its next start does"));
    else if (behind > BEHIND_MS)
        report_wrong(
            d, what, S("see the server's log and seva_ship_failing: the folder is full or slow"));
}

static void look_at_all(struct doctor *d, str folder)
{
    struct str_list all;
    struct shipped t = {0};
    if (ship_generations(&d->page, folder, &all) != OK) {
        report_wrong(d, S("the shipped copy's folder cannot be read"), folder);
        return;
    }
    for (ptrdiff_t i = 0; i < all.len; i++)
        look_at_generation(d, all.at[i], i == all.len - 1, &t);
    int64_t behind = t.good > 0 ? behind_ms(d, t.to_ms) : 0;
    if (t.good == 0)
        report_wrong(d, S("the shipped copy cannot be restored: no generation has a whole end"),
            d->has_server ? S("wait until the server has shipped a base; see its log")
                          : S("start the server: it ships a base"));
    else
        tell_behind(d, &t, behind);
    report_end(
        d, str_print(d->a, "shipped copy: from %.*s to %.*s, %lld generations, %lld.%lld s behind",
               SARG(time_rfc3339(&d->page, t.from_ms)), SARG(time_rfc3339(&d->page, t.to_ms)),
               (long long)t.good, (long long)(behind / 1000), (long long)(behind / 100 % 10)));
}

void doctor_look_at_ship(struct doctor *d)
{
    int64_t size;
    str folder = d->files.ship_dir;
    if (!folder.len)
        return;
    arena_reset(&d->page);
    report_begin(d, "ship");
    if (!str_starts(d->files.db_url, S("sqlite:")))
        report_wrong(d, S("ship is set, and is for SQLite only"),
            S("take it out; PostgreSQL archives its own log (docs/operations.md)"));
    else if (file_size(in(d, folder, S("seva-ship")), &size) != OK)
        report_wrong(d, str_print(d->a, "%.*s is no folder of a shipped copy", SARG(folder)),
            S("is it mounted? A new one is made at the server's start"));
    else
        look_at_all(d, folder);
}
