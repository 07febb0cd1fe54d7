/* replay: messages of the past that come once more, as if they arrived now (`seva replay`,
 * docs/import.md): what customers wrote goes into the inbox as a delivery and takes the live path
 * from there, what we wrote is a reply of its agent. Their ids get the run's name, so that the same
 * file can come again, and a run that was cut off can go on. Nothing reaches a real network: see
 * replay_refusal. Not here: reading files, when a line is due (app/replay.c), transactions
 * (app/replay_lines.c), what a line says (history.h). Thread: the caller's; inside its transaction.
 */
#pragma once
#include "care/history.h"

enum { REPLAY_RUN_BYTES = 40 };

enum replay_fate {
    REPLAY_TAKEN,
    REPLAY_KNOWN, /* of this run already */
    REPLAY_WAITS, /* ours: what came before it is still in the inbox; again */
    REPLAY_WRONG, /* field, words */
};
struct history_item;
struct replay_line {
    str text;
    enum replay_fate fate;
    str field, words;
    const struct history_item *item; /* NULL = wrong */
};

/* What the account has; lives as long as cx->arena. */
struct replay {
    struct history history;
    str run;        /* letters, digits and -; at most REPLAY_RUN_BYTES */
    agent_id owner; /* writes what was written by nobody of the account */
    str refusal;    /* why nothing may be replayed here at all; empty = it may */
};
/* cx is scoped to the account. */
err replay_open(struct ctx *cx, str run, struct replay *r);
/* What it says, and whether its channel takes a replay: a channel does when everything that it
 * sends stays on this machine (its addresses are literal loopback addresses), as those of the
 * simulator do, and the account when no webhook of it goes anywhere else. Else the line is wrong.
 */
void replay_read(struct ctx *cx, const struct replay *r, struct replay_line *line);
bool replay_is_in(const struct replay_line *line);
/* Customers' lines (item set) into the inbox; sets their fates. WRITE transaction. */
err replay_take_in(struct ctx *cx, const struct replay *r, struct replay_line *lines, ptrdiff_t n);
/* One of ours, in a WRITE transaction of its own, with cx scoped to the account: becomes its
 * agent's ctx. after_ms: when the last customer's line before it was taken in; it waits until the
 * inbox is past that. E_INVALID, E_CONFLICT … with words: this reply is refused, roll back. */
err replay_answer(
    struct ctx *cx, const struct replay *r, struct replay_line *line, int64_t after_ms);
