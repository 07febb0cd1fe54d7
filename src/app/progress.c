/* progress: see progress.h. */
#include "app/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { TERMINAL_US = 200 * 1000, LINE_US = 5 * 1000 * 1000 };

struct progress progress_start(const char *what, int64_t all_bytes)
{
    int64_t now = clock_mono_us();
    return (struct progress){.what = what,
        .all = all_bytes,
        .began_us = now,
        .told_us = now,
        .is_terminal = isatty(STDERR_FILENO) == 1};
}

static double mb(int64_t bytes)
{
    return (double)bytes / 1e6;
}

static void tell(struct progress *p, int64_t done, int64_t now, const char *end)
{
    double seconds = (double)(now - p->began_us) / 1e6;
    double rate = seconds > 0 ? mb(done) / seconds : 0;
    const char *begin = p->is_terminal ? "\r" : "";
    if (p->all > 0)
        (void)fprintf(stderr, "%s%s: %.1f of %.1f MB, %.0f MB/s%s", begin, p->what, mb(done),
            mb(p->all), rate, end);
    else
        (void)fprintf(stderr, "%s%s: %.1f MB, %.0f MB/s%s", begin, p->what, mb(done), rate, end);
    (void)fflush(stderr);
}

int64_t progress_due_us(struct progress *p)
{
    int64_t now = clock_mono_us(), since = now - p->told_us;
    if (since < (p->is_terminal ? TERMINAL_US : LINE_US))
        return 0;
    p->told_us = now;
    return since;
}

void progress_at(struct progress *p, int64_t done_bytes)
{
    if (progress_due_us(p))
        tell(p, done_bytes, p->told_us, p->is_terminal ? "   " : "\n");
}

void progress_end(struct progress *p, int64_t done_bytes)
{
    tell(p, done_bytes, clock_mono_us(), p->is_terminal ? "   \n" : "\n");
}

str progress_size(struct arena *a, int64_t bytes)
{
    return bytes >= 1000000000 ? str_print(a, "%.1f GB", (double)bytes / 1e9)
                               : str_print(a, "%.1f MB", mb(bytes));
}
