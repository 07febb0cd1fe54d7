/* Child processes of the demo: run one to its end, or keep one and end it. Thread: one. */
#pragma once
#include "base/str.h"

#include <sys/types.h>

/* Runs argv (argv[0] is the program's path), its output into the arena (at most max bytes);
 * the exit status, −1 when it could not be run. */
int process_run(struct arena *a, char *const argv[], ptrdiff_t max, str *output);
/* Starts argv in the background; −1 when it could not be started. */
pid_t process_start(char *const argv[]);
