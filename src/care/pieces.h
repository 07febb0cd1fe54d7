/* pieces: how a message goes out on a network that takes less at once: texts that are too long are
 * split, files go along with a text or one after the other. One piece is one send. The same message
 * gives the same pieces, so that a delivery that was broken off goes on with the next one.
 * Rules: docs/product.md CH-3. Not here: sending (job/deliver.c), whether it may go at all
 * (reply_rules.h). Thread: pure. */
#pragma once
#include "connector/connector.h"

struct piece {
    str text;
    ptrdiff_t first_file, n_files;
    bool has_parts; /* the message's parts go with this one */
};

/* Pieces in their order, at least one. parts: the message's, a JSON array or empty. E_INVALID with
 * words: the network cannot take it however it is cut. */
err pieces_plan(struct arena *a, const struct connector_rules *rules, str text,
    const struct connector_file *files, ptrdiff_t n_files, str parts, struct piece **pieces,
    ptrdiff_t *n, str *why);
