/* history: messages of the past, one a line (docs/import.md): threads arrive mixed, a line may
 * stand before what it answers, and one that is stored already adds nothing. They end where the
 * live path (inbound.h) would have put them, at their own times. Not here: reading files, what
 * becomes of the lines that wait or are wrong (app/import_messages.c); whole conversations a line
 * (importer.h). No events, notifications and jobs come of it: the past is not news.
 * Thread: the caller's, inside its WRITE transaction. */
#pragma once
#include "base/map.h"
#include "model/channel.h"
#include "model/ctx.h"

/* A text of LIMIT_TEXT_BYTES with every byte escaped, and the rest. */
enum { HISTORY_LINE_BYTES = 448 * 1024 };

enum history_fate {
    HISTORY_ADDED,
    HISTORY_KNOWN, /* stored already, or as an earlier line of the batch */
    HISTORY_WRONG, /* field, words */
    HISTORY_WAITS, /* what it needs is not here yet: again when waits_for is given, or at the end */
};
struct history_line {
    str text;
    bool is_last_call; /* it has waited: goes without what it waits for, or is wrong */
    enum history_fate fate;
    str field, words;
    int64_t waits_for;
    int64_t gives[2]; /* ADDED: who waits for one of these can go on; 0 = nothing */
};

/* What the account has; lives as long as cx->arena. */
struct history {
    struct map agents; /* folded mail → struct agent */
    const struct channel *channels;
    ptrdiff_t n_channels;
    int64_t open_since_ms; /* a customer's last word after that still waits for an answer */
};
/* cx is scoped to the account. */
err history_open(struct ctx *cx, struct history *h);
/* A fixed number of statements for a batch on PostgreSQL. E_BUSY: raced with another node, or an id
 * was taken: roll back and take the same lines again. */
err history_take_many(
    struct ctx *cx, const struct history *h, struct history_line *lines, ptrdiff_t n);
