/* See lease.h. Thread: the transaction's. */
#include "store/lease.h"

err lease_hold(
    struct db_tx *tx, str name, int64_t holder, int64_t now_ms, int64_t until_ms, bool *held)
{
    int64_t changed = 0;
    TRY(db_run(tx,
        S("INSERT INTO lease (name, node, until_ms) "
          "VALUES (?1, ?2, ?3) "
          "ON CONFLICT (name) DO UPDATE SET node = excluded.node, until_ms = excluded.until_ms "
          "WHERE lease.node = excluded.node OR lease.until_ms < ?4"),
        ARGS(A_TEXT(name), A_INT(holder), A_INT(until_ms), A_INT(now_ms)), &changed));
    *held = changed == 1;
    return OK;
}

err lease_give_up(struct db_tx *tx, str name, int64_t holder)
{
    return db_run(tx, S("UPDATE lease SET until_ms = 0 WHERE name = ?1 AND node = ?2"),
        ARGS(A_TEXT(name), A_INT(holder)), NULL);
}

err lease_probe(struct db_tx *tx)
{
    return db_run(tx,
        S("INSERT INTO lease (name, node, until_ms) VALUES ('probe', 0, 0) "
          "ON CONFLICT (name) DO UPDATE SET until_ms = excluded.until_ms"),
        NO_ARGS, NULL);
}
