/* replay: `seva replay FILE`: lines of a file (docs/import.md) as if they arrived now, at their own
 * distances in time. The command reads the lines, waits until they are due, sets wrong ones aside
 * and shows how far it is (replay.c); the server that holds the data folder takes them, a few at
 * once (replay_lines.c, through admin.h). Not here: what becomes of a line (care/replay.h). */
#pragma once
#include "app/config.h"
#include "app/wiring.h"

/* The command word under which lines come to the server, with the run and a time after it. */
#define REPLAY_LINES_WORD "replay-lines"
enum { REPLAY_LINES_MAX = 250 };

/* Takes lines in their order, each with a newline behind it; words: run, and when the last line of
 * a customer before them was taken in (Unix ms, 0 = none). The reply has a line for each: "a <ms>"
 * taken (0 = one of ours), "k" of this run already, "w" not taken yet, like all behind it: what
 * came before is still in the inbox, or "x <field>\x1f<words>" wrong. Not 0: the reply says why;
 * lines before the fault may be taken, and are known then. Thread: the server's main thread. */
int replay_lines(
    struct arena *a, struct node *node, const struct settings *s, str lines, str *reply);
/* Exit code: 0 all lines were taken; 1 it stopped, or did not begin; 2 wrong options; 3 some lines
 * were wrong, the others were taken. */
int replay_command(struct arena *a, const struct settings *s, str admin_socket, str *out);
