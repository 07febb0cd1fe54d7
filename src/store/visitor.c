/* visitor: see visitor.h. */
#include "store/visitor.h"

#include "db/db.h"

static const struct db_col visitor_cols[] = {
    COL(struct visitor, id),
    COL(struct visitor, channel_id),
    COL(struct visitor, contact_id),
    COL(struct visitor, page_url),
    COL(struct visitor, page_title),
    COL(struct visitor, locale),
    COL(struct visitor, time_zone),
    COL(struct visitor, consent_ms),
    COL(struct visitor, last_seen_ms),
    COL(struct visitor, created_ms),
};

err visitor_put(struct ctx *cx, const struct visitor *v)
{
    return db_run(cx->db,
        S("INSERT INTO visitor (account_id, id, channel_id, contact_id, page_url, page_title, locale,"
          " time_zone, consent_ms, last_seen_ms, created_ms)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)"
          " ON CONFLICT (account_id, id) DO UPDATE SET contact_id = excluded.contact_id,"
          " page_url = CASE WHEN excluded.page_url = '' THEN visitor.page_url ELSE excluded.page_url END,"
          " page_title = CASE WHEN excluded.page_url = '' THEN visitor.page_title ELSE excluded.page_title END,"
          " locale = CASE WHEN excluded.locale = '' THEN visitor.locale ELSE excluded.locale END,"
          " time_zone = CASE WHEN excluded.time_zone = '' THEN visitor.time_zone ELSE excluded.time_zone END,"
          " consent_ms = CASE WHEN excluded.consent_ms = 0 THEN visitor.consent_ms ELSE excluded.consent_ms END,"
          " last_seen_ms = excluded.last_seen_ms"),
        ARGS(A_INT(cx->account.v), A_INT(v->id.v), A_INT(v->channel_id.v), A_INT(v->contact_id.v),
            A_TEXT(v->page_url), A_TEXT(v->page_title), A_TEXT(v->locale), A_TEXT(v->time_zone),
            A_INT(v->consent_ms), A_INT(cx->now_ms)),
        NULL);
}

static const str of_contact_sql =
    S_INIT("SELECT id, channel_id, contact_id, page_url, page_title, locale, time_zone, consent_ms,"
           " last_seen_ms, created_ms FROM visitor"
           " WHERE account_id = ?1 AND contact_id = ?2 ORDER BY last_seen_ms DESC LIMIT 1");

void visitor_of_contact_ahead(struct ctx *cx, contact_id contact)
{
    db_ahead(cx->db, of_contact_sql, ARGS(A_INT(cx->account.v), A_INT(contact.v)));
}

err visitor_of_contact(struct ctx *cx, contact_id contact, struct visitor *v)
{
    return db_one(cx->db, of_contact_sql, ARGS(A_INT(cx->account.v), A_INT(contact.v)),
        COLS(visitor_cols), v);
}

err visitor_fill_page(struct ctx *cx, struct contact *contact)
{
    struct visitor v;
    err e = visitor_of_contact(cx, contact->id, &v);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    if (cx->now_ms - v.last_seen_ms > VISITOR_HERE_MS)
        return OK;
    contact->page_url = v.page_url;
    contact->page_title = v.page_title;
    return OK;
}
