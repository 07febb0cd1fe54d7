/* ship_go_on: a restart goes on with the generation of the run before, when nothing can be missing
 * between: the last segment says where in the database's log it ended (salts, frames, sum), and
 * that very place is in the log that is there now. A sum goes over all before it, so a database
 * that was put back, or whose log another program has moved away, does not have it; then another
 * generation begins, and the old one stays as it is. Thread: the one that opens, before the others.
 */
#include "job/ship_inner.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "db/sqlite_ship.h"

#include <stdio.h>

struct end {
    struct ship_segment last;
    struct ship_base base;
    struct ship_place place;
    str folder, name;
};

/* Of the newest generation: its end can be restored, and says its place. */
static bool find_end(const struct ship *s, struct arena *a, struct end *end)
{
    struct str_list all;
    struct ship_files files;
    bool has_place = false;
    if (ship_generations(a, s->folder, &all) != OK || all.len == 0)
        return false;
    end->name = all.at[all.len - 1];
    end->folder = str_print(a, "%.*s/%.*s", SARG(s->folder), SARG(end->name));
    if (end->name.len >= (ptrdiff_t)sizeof s->generation ||
        ship_files_list(a, end->folder, &files) != OK || files.n_segments == 0)
        return false;
    ptrdiff_t base = ship_base_of_end(&files);
    if (base < 0)
        return false;
    end->base = files.bases[base];
    end->last = files.segments[files.n_segments - 1];
    str path = str_print(a, "%.*s/%.*s", SARG(end->folder), SARG(end->last.name));
    return ship_segment_look(a, path, end->last.number, &end->place, &has_place) == OK && has_place;
}

/* What was being written when the run before ended. */
static void tidy(struct arena *a, str folder)
{
    struct str_list names;
    if (file_folder_list(a, folder, SHIP_FILES_MAX, &names) != OK)
        return;
    for (ptrdiff_t i = 0; i < names.len; i++)
        if (str_ends(names.at[i], S(".part")) || str_eq(names.at[i], S("base")))
            (void)file_remove(str_print(
                a, "%.*s/%.*s", SARG(folder), SARG(names.at[i]))); /* it only takes room */
}

/* The next base is due when it would have been. */
static int64_t base_due_ms(const struct ship *s, struct arena *a, const struct end *end)
{
    int64_t made_ms = 0, now_ms = clock_now_ms();
    str path = str_print(a, "%.*s/%.*s", SARG(end->folder), SARG(end->base.name));
    if (file_changed_ms(path, &made_ms) != OK || made_ms > now_ms)
        return 0;
    int64_t left_ms = made_ms + s->base_ms - now_ms;
    return clock_mono_ms() + (left_ms > 0 ? left_ms : 0);
}

bool ship_go_on(struct ship *s, struct arena *a)
{
    struct end end;
    int64_t missed;
    if (!find_end(s, a, &end))
        return false;
    err e = sqlite_ship_begin(s->db, &end.place, &missed);
    if (e == OK && ship_blobs_since(s, a, end.last.at_ms) != OK) {
        sqlite_ship_end(s->db);
        e = E_BUSY;
    }
    if (e != OK) {
        log_line(LOG_INFO, "the shipped copy begins anew: its last segment is not in the log",
            LOG_S("generation", end.name));
        return false;
    }
    tidy(a, end.folder);
    (void)snprintf(s->generation, sizeof s->generation, "%.*s", SARG(end.name)); /* it has room */
    s->base_due_ms = base_due_ms(s, a, &end);
    (void)pthread_mutex_lock(&s->mutex);
    s->has_generation = s->base.is_placed = s->stats.went_on = true;
    s->number = end.last.number;
    s->whole_ms = end.last.at_ms;
    s->since_ms = missed > 0 ? end.last.at_ms : 0;
    (void)pthread_mutex_unlock(&s->mutex);
    log_line(LOG_INFO, "shipping goes on with the generation of before", LOG_S("name", end.name),
        LOG_I("segment", end.last.number));
    return true;
}
