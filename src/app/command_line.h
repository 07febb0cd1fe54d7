/* command_line: the commands in one table: their words, their arguments, the options that belong to
 * them. It prints --help, and refuses what a command would pass over in silence. Not here: what the
 * commands do (command.c), the options themselves (config.c). Thread: main. */
#pragma once
#include "app/config.h"

/* Is there such a command, with so many arguments, and is each option that was given one of its own
 * (or one of all: data, db …)? E_INVALID with *why: what is wrong, and how it is used. */
err command_line_check(struct arena *a, const struct settings *s, str *why);
/* What --help prints: of one command when its words were given, else of all. */
str command_line_help(struct arena *a, const struct settings *s);
