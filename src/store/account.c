/* account: see account.h. */
#include "store/account.h"

#include "db/db.h"

static const struct db_col account_cols[] = {
    COL(struct account, id),
    COL(struct account, name),
    COL(struct account, locale),
    COL(struct account, time_zone),
    COL(struct account, undo_seconds),
    COL(struct account, reopen_days),
    COL(struct account, settings),
    COL(struct account, mail_channel_id),
    COL(struct account, created_ms),
};

err account_get(struct ctx *cx, struct account *account)
{
    err e = db_one(cx->db,
        S("SELECT id, name, locale, time_zone, undo_seconds, reopen_days, settings, "
          "    mail_channel_id, created_ms "
          "FROM account "
          "WHERE id = ?1"),
        ARGS(A_ID(cx->account)), COLS(account_cols), account);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "this account does not exist") : e;
}

err account_set(struct ctx *cx, const struct account *account)
{
    return db_run(cx->db,
        S("UPDATE account "
          "SET name = ?2, locale = ?3, time_zone = ?4, undo_seconds = ?5, reopen_days = ?6, "
          "    settings = ?7, mail_channel_id = ?8 "
          "WHERE id = ?1"),
        ARGS(A_ID(cx->account), A_TEXT(account->name), A_TEXT(account->locale),
            A_TEXT(account->time_zone), A_INT(account->undo_seconds), A_INT(account->reopen_days),
            A_TEXT(account->settings), A_INT(account->mail_channel_id.v)),
        NULL);
}

struct count_row {
    int64_t value;
};
static const struct db_col count_cols[] = {COL(struct count_row, value)};

err account_count_up(struct ctx *cx, str name, int64_t by, int64_t *first)
{
    struct count_row row;
    TRY(db_one(cx->db,
        S("INSERT INTO account_counter (account_id, name, value) "
          "VALUES (?1, ?2, ?3) "
          "ON CONFLICT (account_id, name) DO UPDATE "
          "SET value = account_counter.value + excluded.value "
          "RETURNING value"),
        ARGS(A_ID(cx->account), A_TEXT(name), A_INT(by)), COLS(count_cols), &row));
    *first = row.value - by + 1;
    return OK;
}
