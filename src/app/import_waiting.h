/* import_waiting: lines that wait for another line of the file: an answer for what it answers, one
 * of ours for the customer of its thread. So many and no more: beyond that the oldest goes without.
 * Memory: the texts are this room's own. Thread: one. */
#pragma once
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { WAITING_MAX = 4096, WAITING_BYTES = 8 * 1024 * 1024, WAITING_ROOM = WAITING_MAX + 2048 };

struct waiting_line {
    int64_t number; /* in the file */
    int64_t for_key;
    str text; /* owned */
    bool is_ready, is_last_call;
};
struct waiting {
    struct waiting_line at[WAITING_ROOM]; /* oldest first */
    ptrdiff_t n, bytes;
};

/* Keeps a copy; E_BUSY when there is no memory. */
err waiting_add(struct waiting *w, int64_t number, int64_t for_key, str text);
/* What these lines waited for is there. */
void waiting_given(struct waiting *w, int64_t key);
/* Above the maximum the oldest go without; at the end of the file all. */
void waiting_trim(struct waiting *w, bool is_end);
/* The oldest that can go, and takes it out: its text is the caller's to free. False: none. */
bool waiting_take(struct waiting *w, ptrdiff_t *from, struct waiting_line *line);
/* Closes the gaps that waiting_take left. */
void waiting_close(struct waiting *w);
void waiting_free(struct waiting *w);
