/* Singletons between nodes on one PostgreSQL: who does a thing now, and until when. A holder renews
 * the lease in the very transaction it guards: the row's lock then keeps a taker out until the
 * commit, and a holder that was too slow finds another name in it and gives up. Not needed on
 * SQLite, where one process owns the data folder. Thread: the transaction's. */
#pragma once
#include "db/db.h"

/* Takes or renews; *held says whether it is ours in this transaction. holder: a number that is
 * random per process start, or per worker where the threads of a node exclude each other. */
err lease_hold(
    struct db_tx *tx, str name, int64_t holder, int64_t now_ms, int64_t until_ms, bool *held);
err lease_give_up(struct db_tx *tx, str name, int64_t holder);
/* Whether the database takes writes at all; the caller undoes the transaction. */
err lease_probe(struct db_tx *tx);
