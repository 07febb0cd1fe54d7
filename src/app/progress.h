/* progress: how far a long command is, on standard error: one line that changes on a terminal, else
 * a line now and then. Thread: the command's. */
#pragma once
#include "base/str.h"

struct progress {
    const char *what; /* "attachments" */
    int64_t all;      /* bytes; 0 = not known */
    int64_t began_us, told_us;
    bool is_terminal;
};

struct progress progress_start(const char *what, int64_t all_bytes);
/* Whether something is to be told now, by a command with a line of its own: the time since it last
 * was; 0 = not yet. */
int64_t progress_due_us(struct progress *p);
void progress_at(struct progress *p, int64_t done_bytes);
/* Leaves the last state as a whole line. */
void progress_end(struct progress *p, int64_t done_bytes);
/* "1.4 GB" */
str progress_size(struct arena *a, int64_t bytes);
