/* installation: see installation.h. */
#include "store/installation.h"

struct value_row {
    str value;
};
static const struct db_col value_cols[] = {COL(struct value_row, value)};

err installation_settle(struct db_tx *tx, str name, str fresh, str *value)
{
    TRY(db_run(tx,
        S("INSERT INTO installation (name, value) VALUES (?1, ?2)"
          " ON CONFLICT (name) DO NOTHING"),
        ARGS(A_TEXT(name), A_TEXT(fresh)), NULL));
    return installation_get(tx, name, value);
}

err installation_get(struct db_tx *tx, str name, str *value)
{
    struct value_row row;
    TRY(db_one(tx, S("SELECT value FROM installation WHERE name = ?1"), ARGS(A_TEXT(name)),
        COLS(value_cols), &row));
    *value = row.value;
    return OK;
}
