/* command: what each word of the command line does. Returns the process's exit code: 0 done, 1 it
 * did not work, 2 wrong usage, 3 done but for what was wrong in its input (line_file.h) or not
 * there (export.h). Thread: main. */
#pragma once
#include "app/config.h"

int command_run(struct arena *a, int argc, char **argv, char **environment);
