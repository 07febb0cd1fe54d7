/* import_messages: `seva import messages FILE`: messages of the past, one a line (docs/import.md).
 * The command reads the lines, keeps those that wait for another one, sets wrong ones aside and
 * shows how far it is (import_messages.c, import_waiting.h); who holds the data folder, the command
 * itself or a running server (admin.h), stores them a batch at a time (import_lines.c). Not here:
 * what a line means (care/history.h). */
#pragma once
#include "app/people.h"

/* The command word under which a batch comes to the server. */
#define IMPORT_LINES_WORD "import-lines"
/* A server has others that want to write: it takes fewer at once. */
enum { IMPORT_LINES_MAX = 1000, IMPORT_LINES_FAR = 250, IMPORT_LINES_BYTES = 384 * 1024 };

/* Stores a batch in one transaction. lines: each with IMPORT_LINE_WAITS or IMPORT_LINE_LAST before
 * it and a newline behind it. The reply has a line for each: "a <gives> <gives>" added, "k" known
 * already, "w <waits for>", or "x <field>\x1f<words>" wrong. Not 0: nothing of it is stored, and
 * the reply says why. */
enum { IMPORT_LINE_WAITS = '-', IMPORT_LINE_LAST = '!' };
int import_lines(
    struct arena *a, const struct people *people, const struct settings *s, str lines, str *reply);
/* Words as one line of a reply: those of JSON's faults may quote what was sent. */
str import_one_line(struct arena *a, str words);
typedef int import_take(void *arg, struct arena *a, str lines, str *reply);
/* at_once: lines of a batch, at most IMPORT_LINES_MAX. */
int import_messages_command(struct arena *a, const struct settings *s, ptrdiff_t at_once,
    import_take *take, void *arg, str *out);
