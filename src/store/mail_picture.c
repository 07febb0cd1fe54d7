/* mail_picture: see mail_picture.h. */
#include "store/mail_picture.h"

#include "db/db.h"

static const struct db_col picture_cols[] = {
    COL(struct mail_picture, name),
    COL(struct mail_picture, blob_name),
    COL(struct mail_picture, type),
    COL(struct mail_picture, fetched_ms),
};

err mail_picture_get(struct ctx *cx, str name, struct mail_picture *picture)
{
    return db_one(cx->db,
        S("SELECT name, blob_name, type, fetched_ms "
          "FROM mail_picture "
          "WHERE account_id = ?1 AND name = ?2 "
          "  AND fetched_ms > CASE WHEN blob_name = '' THEN ?3 ELSE ?4 END"),
        ARGS(A_ID(cx->account), A_TEXT(name), A_INT(cx->now_ms - MAIL_PICTURE_AGAIN_MS),
            A_INT(cx->now_ms - MAIL_PICTURE_KEEP_MS)),
        COLS(picture_cols), picture);
}

err mail_picture_set(struct ctx *cx, const struct mail_picture *picture)
{
    return db_run(cx->db,
        S("INSERT INTO mail_picture (account_id, name, blob_name, type, fetched_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5) "
          "ON CONFLICT (account_id, name) DO UPDATE "
          "SET blob_name = excluded.blob_name, type = excluded.type, "
          "    fetched_ms = excluded.fetched_ms"),
        ARGS(A_ID(cx->account), A_TEXT(picture->name), A_TEXT(picture->blob_name),
            A_TEXT(picture->type), A_INT(picture->fetched_ms)),
        NULL);
}

err mail_picture_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM mail_picture "
          "WHERE account_id = ?1 AND name IN ("
          "    SELECT p.name FROM mail_picture p "
          "    WHERE p.account_id = ?1 AND p.fetched_ms <= ?2 "
          "    ORDER BY p.fetched_ms "
          "    LIMIT ?3)"),
        ARGS(A_ID(cx->account), A_INT(cx->now_ms - MAIL_PICTURE_KEEP_MS), A_INT(max)), removed);
}
