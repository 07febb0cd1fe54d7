/* export: see export.h. */
#include "store/export.h"

#include <string.h>

const struct export_kind *export_kind_at(ptrdiff_t i)
{
    if (i < export_n_account_kinds)
        return &export_account_kinds[i];
    i -= export_n_account_kinds;
    if (i < export_n_people_kinds)
        return &export_people_kinds[i];
    i -= export_n_people_kinds;
    return i < export_n_message_kinds ? &export_message_kinds[i] : NULL;
}

/* The place of a row: its first column, and the second where the kind has a text. */
static struct export_place place_of(const struct export_kind *kind, const char *row)
{
    struct export_place place = {0};
    memcpy(&place.id, row + kind->cols[0].offset, sizeof place.id);
    if (kind->has_text)
        memcpy(&place.text, row + kind->cols[1].offset, sizeof place.text);
    return place;
}

/* The text in the database's dialect: see EXPORT_MESSAGES. */
static err text_of(struct ctx *cx, str sql, str *text)
{
    bool is_sqlite = db_tx_kind(cx->db) == DB_SQLITE;
    struct sb b = sb_make(cx->arena, 0);
    for (ptrdiff_t i = 0; i < sql.len; i++)
        if (sql.at[i] != '@')
            sb_byte(&b, sql.at[i]);
        else if (is_sqlite)
            sb_byte(&b, '+');
    return db_text(sb_str(&b), text);
}

err export_page(struct ctx *cx, const struct export_kind *kind, contact_id contact,
    struct export_place *after, const char **rows, ptrdiff_t *n)
{
    struct db_arg args[5];
    ptrdiff_t n_args = 0;
    char *found = NULL;
    str text;
    args[n_args++] = A_ID(cx->account);
    args[n_args++] = A_INT(after->id);
    args[n_args++] = A_INT(kind->page);
    if (contact.v)
        args[n_args++] = A_ID(contact);
    if (kind->has_text)
        args[n_args++] = A_TEXT(after->text);
    TRY(text_of(cx, contact.v ? kind->of_contact : kind->of_account, &text));
    TRY(db_all(cx->db, text, args, n_args, kind->cols, kind->n_cols, kind->row_size, &found, n));
    *rows = found;
    if (*n > 0)
        *after = place_of(kind, found + (*n - 1) * kind->row_size);
    return OK;
}

struct count_row {
    int64_t count;
};
static const struct db_col count_cols[] = {COL(struct count_row, count)};

err export_message_count(struct ctx *cx, contact_id contact, int64_t *count)
{
    struct count_row row;
    TRY(contact.v ? db_one(cx->db,
                        S("SELECT COUNT(*) AS count FROM"
                          " (SELECT e.id FROM " EXPORT_MESSAGES " e WHERE e.id > ?2 LIMIT ?3) n"),
                        ARGS(A_ID(cx->account), A_INT(0), A_INT(INT64_MAX), A_ID(contact)),
                        COLS(count_cols), &row)
                  : db_one(cx->db, S("SELECT COUNT(*) AS count FROM message WHERE account_id = ?1"),
                        ARGS(A_ID(cx->account)), COLS(count_cols), &row));
    *count = row.count;
    return OK;
}

static const struct db_col file_cols[] = {
    COL(struct export_file, name),
    COL(struct export_file, size),
};

err export_files(struct ctx *cx, contact_id contact, str after, ptrdiff_t limit,
    struct export_file **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT f.name, COALESCE(b.size, 0) AS size FROM"
          " (SELECT a.blob_name AS name FROM attachment a"
          "  WHERE a.account_id = ?1 AND a.message_id IN " EXPORT_MESSAGES
          "  UNION SELECT a.thumbnail_name FROM attachment a"
          "  WHERE a.account_id = ?1 AND a.message_id IN " EXPORT_MESSAGES
          "  UNION SELECT m.raw_name FROM mail m"
          "  WHERE m.account_id = ?1 AND m.message_id IN " EXPORT_MESSAGES ") f"
          " LEFT JOIN blob b ON b.account_id = ?1 AND b.name = f.name"
          " WHERE f.name <> '' AND f.name > ?2 ORDER BY f.name LIMIT ?3"),
        ARGS(A_ID(cx->account), A_TEXT(after), A_INT(limit), A_ID(contact)), COLS(file_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}
