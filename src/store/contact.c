/* contact: see contact.h. */
#include "store/contact.h"

#include "db/db.h"
#include "store/search.h"
#include "store/set.h"

#define CONTACT_COLUMNS                                                                            \
    " k.id, k.name, k.email, k.phone, k.language, k.time_zone, k.location, k.company, k.note,"     \
    " k.custom, k.avatar_url, k.is_blocked, k.created_ms, k.last_seen_ms, k.updated_ms"
static const struct db_col contact_cols[] = {
    COL(struct contact, id),
    COL(struct contact, name),
    COL(struct contact, email),
    COL(struct contact, phone),
    COL(struct contact, language),
    COL(struct contact, time_zone),
    COL(struct contact, location),
    COL(struct contact, company),
    COL(struct contact, note),
    COL(struct contact, custom),
    COL(struct contact, avatar_url),
    COL(struct contact, is_blocked),
    COL(struct contact, created_ms),
    COL(struct contact, last_seen_ms),
    COL(struct contact, updated_ms),
};

static const str get_sql =
    S_INIT("SELECT" CONTACT_COLUMNS " FROM contact k WHERE k.account_id = ?1 AND k.id = ?2");

void contact_get_ahead(struct ctx *cx, contact_id id)
{
    db_ahead(cx->db, get_sql, ARGS(A_INT(cx->account.v), A_INT(id.v)));
}

err contact_get(struct ctx *cx, contact_id id, struct contact *c)
{
    *c = (struct contact){0}; /* what other rooms fill is empty */
    err e = db_one(cx->db, get_sql, ARGS(A_INT(cx->account.v), A_INT(id.v)), COLS(contact_cols), c);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such contact.") : e;
}

struct new_row {
    int64_t account, id;
    str name, email, phone, language, time_zone, location, company, note, custom, avatar_url;
    int64_t created_ms, last_seen_ms;
};
static const struct db_col new_row_cols[] = {
    COL(struct new_row, account),
    COL(struct new_row, id),
    COL(struct new_row, name),
    COL(struct new_row, email),
    COL(struct new_row, phone),
    COL(struct new_row, language),
    COL(struct new_row, time_zone),
    COL(struct new_row, location),
    COL(struct new_row, company),
    COL(struct new_row, note),
    COL(struct new_row, custom),
    COL(struct new_row, avatar_url),
    COL(struct new_row, created_ms),
    COL(struct new_row, last_seen_ms),
};

err contact_add_many(struct ctx *cx, const struct contact *rows, ptrdiff_t n)
{
    struct new_row *in = NEW(cx->arena, struct new_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct contact *c = &rows[i];
        in[i] = (struct new_row){cx->account.v, c->id.v, c->name, c->email, c->phone, c->language,
            c->time_zone, c->location, c->company, c->note, c->custom, c->avatar_url, c->created_ms,
            c->last_seen_ms};
    }
    TRY(db_many(cx->db,
        S("INSERT INTO contact (account_id, id, name, email, phone, language, time_zone, location,"
          " company, note, custom, avatar_url, created_ms, last_seen_ms, updated_ms)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?13)"),
        S("INSERT INTO contact (account_id, id, name, email, phone, language, time_zone, location,"
          " company, note, custom, avatar_url, created_ms, last_seen_ms, updated_ms)"
          " SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c13"
          " FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::text[], ?5::text[],"
          " ?6::text[], ?7::text[], ?8::text[], ?9::text[], ?10::text[], ?11::text[], ?12::text[],"
          " ?13::bigint[], ?14::bigint[])"
          " AS q(c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14)"),
        COLS(new_row_cols), in, (ptrdiff_t)sizeof *in, n, NULL));
    int64_t *ids = NEW(cx->arena, int64_t, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        ids[i] = rows[i].id.v;
    return search_changed_many(cx, SEARCH_CONTACT, ids, n);
}

err contact_set(struct ctx *cx, const struct contact *c)
{
    TRY(db_run(cx->db,
        S("UPDATE contact SET name = ?3, email = ?4, phone = ?5, language = ?6, time_zone = ?7,"
          " location = ?8, company = ?9, note = ?10, custom = ?11, avatar_url = ?12,"
          " is_blocked = ?13, updated_ms = ?14 WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(c->id.v), A_TEXT(c->name), A_TEXT(c->email),
            A_TEXT(c->phone), A_TEXT(c->language), A_TEXT(c->time_zone), A_TEXT(c->location),
            A_TEXT(c->company), A_TEXT(c->note), A_TEXT(c->custom), A_TEXT(c->avatar_url),
            A_BOOL(c->is_blocked), A_INT(c->updated_ms)),
        NULL));
    return search_changed(cx, SEARCH_CONTACT, c->id.v);
}

struct touch_row {
    int64_t account, id, at_ms;
};
static const struct db_col touch_cols[] = {
    COL(struct touch_row, account),
    COL(struct touch_row, id),
    COL(struct touch_row, at_ms),
};

err contact_touch_many(struct ctx *cx, const contact_id *ids, const int64_t *at_ms, ptrdiff_t n)
{
    struct touch_row *in = NEW(cx->arena, struct touch_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct touch_row){cx->account.v, ids[i].v, at_ms[i]};
    return db_many(cx->db,
        S("UPDATE contact SET last_seen_ms = ?3"
          " WHERE account_id = ?1 AND id = ?2 AND last_seen_ms < ?3"),
        S("UPDATE contact k SET last_seen_ms = q.at_ms FROM (SELECT id, MAX(at_ms) AS at_ms"
          " FROM unnest(?2::bigint[], ?3::bigint[]) AS u(id, at_ms) GROUP BY id) AS q"
          " WHERE k.account_id = " SET_ACCOUNT " AND k.id = q.id AND k.last_seen_ms < q.at_ms"),
        COLS(touch_cols), in, (ptrdiff_t)sizeof *in, n, NULL);
}

err contact_list(struct ctx *cx, int64_t before_ms, contact_id before, ptrdiff_t limit,
    struct contact **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT" CONTACT_COLUMNS " FROM contact k WHERE k.account_id = ?1"
          " AND (k.last_seen_ms, k.id) < (?2, ?3)"
          " ORDER BY k.last_seen_ms DESC, k.id DESC LIMIT ?4"),
        ARGS(A_INT(cx->account.v), A_INT(before.v ? before_ms : INT64_MAX),
            A_INT(before.v ? before.v : INT64_MAX), A_INT(limit)),
        COLS(contact_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err contact_list_of(struct ctx *cx, const int64_t *ids, ptrdiff_t n_ids, int64_t before_ms,
    contact_id before, ptrdiff_t limit, struct contact **rows, ptrdiff_t *n)
{
#define OF_IDS(from)                                                                               \
    S_INIT("SELECT" CONTACT_COLUMNS " FROM " from " AND (k.last_seen_ms, k.id) < (?3, ?4)"         \
           " ORDER BY k.last_seen_ms DESC, k.id DESC LIMIT ?5")
    static const str lite =
        OF_IDS("json_each(?2) q CROSS JOIN contact k WHERE k.account_id = ?1 AND k.id = q.value");
    static const str pg = OF_IDS("contact k WHERE k.account_id = ?1 AND k.id = ANY(?2::bigint[])");
#undef OF_IDS
    *n = 0;
    if (!n_ids)
        return OK;
    return db_all(cx->db, db_tx_kind(cx->db) == DB_SQLITE ? lite : pg,
        ARGS(A_INT(cx->account.v), A_TEXT(set_ids(cx, ids, n_ids)),
            A_INT(before.v ? before_ms : INT64_MAX), A_INT(before.v ? before.v : INT64_MAX),
            A_INT(limit)),
        COLS(contact_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err contact_find(struct ctx *cx, str email_or_phone, struct contact **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT" CONTACT_COLUMNS " FROM contact k WHERE k.account_id = ?1"
          " AND k.email <> '' AND k.email = ?2 UNION"
          " SELECT" CONTACT_COLUMNS " FROM contact k WHERE k.account_id = ?1"
          " AND k.phone <> '' AND k.phone = ?2 LIMIT 50"),
        ARGS(A_INT(cx->account.v), A_TEXT(email_or_phone)), COLS(contact_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

err contact_name_set(struct ctx *cx, contact_id id, str name)
{
    TRY(db_run(cx->db,
        S("UPDATE contact SET name = ?3, updated_ms = ?4"
          " WHERE account_id = ?1 AND id = ?2 AND name = ''"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(name), A_INT(cx->now_ms)), NULL));
    return search_changed(cx, SEARCH_CONTACT, id.v);
}
