/* conversation_cell: how many conversations have status, assignee, team, channel and priority in
 * common, kept on write by triggers (migrations/0024_counts.sql), so no function here counts or
 * moves. On PostgreSQL a number is the cell's and the sum of what has changed since; upkeep folds
 * the second into the first. Not here: the counts of views (conversation_list.h). Thread: the
 * transaction's. */
#pragma once
#include "model/ctx.h"
#include "store/conversation_list.h"

/* How many of the statuses, assignee, team, channel and priorities of f the actor sees, what it
 * sees only because it was mentioned left out. The other members of f are not looked at. */
err conversation_cells_sum(struct ctx *cx, const struct conversation_filter *f, int64_t *total);

/* Folds the oldest changes, at most `most`, and then removes cells that count nobody. *folded: so
 * many changes. */
err conversation_cells_fold(struct ctx *cx, int64_t most, int64_t *folded);

/* Counts all conversations of the account: *wrong cells say something else. */
err conversation_cells_check(struct ctx *cx, int64_t *wrong);
/* Adds to each cell what it lacks; what others move meanwhile is not lost. */
err conversation_cells_mend(struct ctx *cx);
