/* identity: see identity.h. */
#include "store/identity.h"

#include "db/db.h"
#include "store/search.h"
#include "store/set.h"

struct key_row {
    int64_t account, channel;
    str external_id;
};
static const struct db_col key_cols[] = {
    COL(struct key_row, account),
    COL(struct key_row, channel),
    COL(struct key_row, external_id),
};
static const struct db_col known_cols[] = {
    COL(struct identity_known, id),
    COL(struct identity_known, channel_id),
    COL(struct identity_known, external_id),
    COL(struct identity_known, is_verified),
    COL(struct identity_known, contact_id),
    COL(struct identity_known, contact_name),
    COL(struct identity_known, contact_avatar_url),
    COL(struct identity_known, is_blocked),
    COL(struct identity_known, seen_ms),
    COL(struct identity_known, contact_seen_ms),
};
/* name: the id that they are known under. */
#define KNOWN_BY(name)                                                                             \
    " i.id, i.channel_id, i." name " AS external_id, i.is_verified, i.contact_id,"                 \
    " k.name AS contact_name, k.avatar_url AS contact_avatar_url, k.is_blocked,"                   \
    " i.last_seen_ms AS seen_ms, k.last_seen_ms AS contact_seen_ms"
#define KNOWN_COLUMNS KNOWN_BY("external_id")

static struct key_row *keys_of(struct ctx *cx, const struct identity *keys, ptrdiff_t n)
{
    struct key_row *in = NEW(cx->arena, struct key_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct key_row){cx->account.v, keys[i].channel_id.v, keys[i].external_id};
    return in;
}

err identity_find_many(struct ctx *cx, const struct identity *keys, ptrdiff_t n,
    struct identity_known **found, ptrdiff_t *n_found)
{
    struct key_row *in = keys_of(cx, keys, n);
    return db_many_all(cx->db,
        S("SELECT" KNOWN_COLUMNS " FROM identity i"
          " JOIN contact k ON k.account_id = i.account_id AND k.id = i.contact_id"
          " WHERE i.account_id = ?1 AND i.channel_id = ?2 AND i.external_id = ?3"),
        S("SELECT" KNOWN_COLUMNS " FROM unnest(?2::bigint[], ?3::text[]) AS q(channel, external)"
          " CROSS JOIN LATERAL (SELECT * FROM identity i WHERE i.account_id = " SET_ACCOUNT
          " AND i.channel_id = q.channel AND i.external_id = q.external OFFSET 0) i"
          " CROSS JOIN LATERAL (SELECT * FROM contact k WHERE k.account_id = " SET_ACCOUNT
          " AND k.id = i.contact_id OFFSET 0) k"),
        COLS(key_cols), in, (ptrdiff_t)sizeof *in, n, COLS(known_cols), (ptrdiff_t)sizeof **found,
        found, n_found);
}

struct new_row {
    int64_t account, id, contact_id, channel_id;
    str external_id, handle;
    bool is_verified;
    int64_t last_seen_ms;
    str profile_url, avatar_url, other_id;
};
static const struct db_col new_row_cols[] = {
    COL(struct new_row, account),
    COL(struct new_row, id),
    COL(struct new_row, contact_id),
    COL(struct new_row, channel_id),
    COL(struct new_row, external_id),
    COL(struct new_row, handle),
    COL(struct new_row, is_verified),
    COL(struct new_row, last_seen_ms),
    COL(struct new_row, profile_url),
    COL(struct new_row, avatar_url),
    COL(struct new_row, other_id),
};

err identity_add_many(struct ctx *cx, const struct identity *rows, ptrdiff_t n, int64_t *changed)
{
    struct new_row *in = NEW(cx->arena, struct new_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct new_row){cx->account.v, rows[i].id.v, rows[i].contact_id.v,
            rows[i].channel_id.v, rows[i].external_id, rows[i].handle, rows[i].is_verified,
            rows[i].last_seen_ms, rows[i].profile_url, rows[i].avatar_url, rows[i].other_id};
    TRY(db_many(cx->db,
        S("INSERT INTO identity (account_id, id, contact_id, channel_id, external_id, handle,"
          " is_verified, last_seen_ms, profile_url, avatar_url, other_id)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
          " ON CONFLICT DO NOTHING"),
        S("INSERT INTO identity (account_id, id, contact_id, channel_id, external_id, handle,"
          " is_verified, last_seen_ms, profile_url, avatar_url, other_id)"
          " SELECT * FROM unnest(?1::bigint[], ?2::bigint[],"
          " ?3::bigint[], ?4::bigint[], ?5::text[], ?6::text[], ?7::bigint[], ?8::bigint[],"
          " ?9::text[], ?10::text[], ?11::text[])"
          " ON CONFLICT DO NOTHING"),
        COLS(new_row_cols), in, (ptrdiff_t)sizeof *in, n, changed));
    int64_t *contacts = NEW(cx->arena, int64_t, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        contacts[i] = rows[i].contact_id.v;
    return search_changed_many(cx, SEARCH_CONTACT, contacts, n);
}

struct touch_row {
    int64_t account, id, at_ms;
};
static const struct db_col touch_cols[] = {
    COL(struct touch_row, account),
    COL(struct touch_row, id),
    COL(struct touch_row, at_ms),
};

err identity_touch_many(struct ctx *cx, const identity_id *ids, const int64_t *at_ms, ptrdiff_t n)
{
    struct touch_row *in = NEW(cx->arena, struct touch_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct touch_row){cx->account.v, ids[i].v, at_ms[i]};
    return db_many(cx->db,
        S("UPDATE identity SET last_seen_ms = ?3"
          " WHERE account_id = ?1 AND id = ?2 AND last_seen_ms < ?3"),
        S("UPDATE identity i SET last_seen_ms = q.at_ms"
          " FROM unnest(?2::bigint[], ?3::bigint[]) AS q(id, at_ms)"
          " WHERE i.account_id = " SET_ACCOUNT " AND i.id = q.id AND i.last_seen_ms < q.at_ms"),
        COLS(touch_cols), in, (ptrdiff_t)sizeof *in, n, NULL);
}

/* Of the identity's channel, also when it was removed. */
#define CHANNEL_KIND                                                                               \
    " COALESCE(h.kind, (SELECT g.kind FROM channel_removed g"                                      \
    " WHERE g.account_id = i.account_id AND g.id = i.channel_id))"
#define CHANNEL_JOIN " LEFT JOIN channel h ON h.account_id = i.account_id AND h.id = i.channel_id"

static const struct db_col shown_cols[] = {
    COL(struct identity_shown, id),
    COL(struct identity_shown, channel_id),
    COL(struct identity_shown, channel_kind),
    COL(struct identity_shown, external_id),
    COL(struct identity_shown, handle),
    COL(struct identity_shown, is_verified),
    COL(struct identity_shown, last_seen_ms),
};

static const str list_sql =
    S_INIT("SELECT i.id, i.channel_id," CHANNEL_KIND " AS channel_kind, i.external_id, i.handle,"
           " i.is_verified, i.last_seen_ms FROM identity i" CHANNEL_JOIN
           " WHERE i.account_id = ?1 AND i.contact_id = ?2 ORDER BY i.id LIMIT 50");

void identity_list_ahead(struct ctx *cx, contact_id contact)
{
    db_ahead(cx->db, list_sql, ARGS(A_INT(cx->account.v), A_INT(contact.v)));
}

err identity_list(struct ctx *cx, contact_id contact, struct identity_shown **rows, ptrdiff_t *n)
{
    return db_all(cx->db, list_sql, ARGS(A_INT(cx->account.v), A_INT(contact.v)), COLS(shown_cols),
        (ptrdiff_t)sizeof **rows, rows, n);
}

struct contact_key {
    int64_t account, contact;
};
static const struct db_col contact_key_cols[] = {
    COL(struct contact_key, account),
    COL(struct contact_key, contact),
};
static const struct db_col identity_of_cols[] = {
    COL(struct identity_of, id),
    COL(struct identity_of, channel_id),
    COL(struct identity_of, channel_kind),
    COL(struct identity_of, external_id),
    COL(struct identity_of, handle),
    COL(struct identity_of, is_verified),
    COL(struct identity_of, last_seen_ms),
    COL(struct identity_of, contact_id),
};
#define IDENTITY_OF_COLUMNS                                                                        \
    " i.id, i.channel_id," CHANNEL_KIND " AS channel_kind, i.external_id, i.handle,"               \
    " i.is_verified, i.last_seen_ms, i.contact_id"

err identity_list_many(struct ctx *cx, const struct contact *contacts, ptrdiff_t n,
    struct identity_of **rows, ptrdiff_t *n_rows)
{
    struct contact_key *in = NEW(cx->arena, struct contact_key, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct contact_key){cx->account.v, contacts[i].id.v};
    return db_many_all(cx->db,
        S("SELECT" IDENTITY_OF_COLUMNS " FROM identity i" CHANNEL_JOIN
          " WHERE i.account_id = ?1 AND i.contact_id = ?2 ORDER BY i.id LIMIT 50"),
        S("SELECT" IDENTITY_OF_COLUMNS " FROM unnest(?2::bigint[]) AS q(contact)"
          " CROSS JOIN LATERAL (SELECT * FROM identity i WHERE i.account_id = " SET_ACCOUNT
          " AND i.contact_id = q.contact ORDER BY i.id LIMIT 50) i" CHANNEL_JOIN),
        COLS(contact_key_cols), in, (ptrdiff_t)sizeof *in, n, COLS(identity_of_cols),
        (ptrdiff_t)sizeof **rows, rows, n_rows);
}

#define IDENTITY_COLUMNS                                                                           \
    " i.id, i.contact_id, i.channel_id, i.external_id, i.handle, i.is_verified, i.last_seen_ms,"   \
    " i.profile_url, i.avatar_url, i.gone_ms, i.other_id"
static const struct db_col identity_cols[] = {
    COL(struct identity, id),
    COL(struct identity, contact_id),
    COL(struct identity, channel_id),
    COL(struct identity, external_id),
    COL(struct identity, handle),
    COL(struct identity, is_verified),
    COL(struct identity, last_seen_ms),
    COL(struct identity, profile_url),
    COL(struct identity, avatar_url),
    COL(struct identity, gone_ms),
    COL(struct identity, other_id),
};

err identity_on_channel(
    struct ctx *cx, contact_id contact, channel_id channel, struct identity *identity)
{
    return db_one(cx->db,
        S("SELECT" IDENTITY_COLUMNS " FROM identity i WHERE i.account_id = ?1"
          " AND i.contact_id = ?2 AND i.channel_id = ?3 ORDER BY i.id DESC LIMIT 1"),
        ARGS(A_INT(cx->account.v), A_INT(contact.v), A_INT(channel.v)), COLS(identity_cols),
        identity);
}

err identity_get(struct ctx *cx, identity_id id, struct identity *identity)
{
    err e = db_one(cx->db,
        S("SELECT" IDENTITY_COLUMNS " FROM identity i WHERE i.account_id = ?1 AND i.id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), COLS(identity_cols), identity);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such identity.") : e;
}

struct contact_row {
    contact_id contact_id;
};
static const struct db_col contact_row_cols[] = {COL(struct contact_row, contact_id)};

/* Whose it is: their handles are searched for. */
static err contact_changed(struct ctx *cx, identity_id id)
{
    struct contact_row row = {0};
    err e = db_one(cx->db, S("SELECT contact_id FROM identity WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), COLS(contact_row_cols), &row);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    return search_changed(cx, SEARCH_CONTACT, row.contact_id.v);
}

err identity_set(struct ctx *cx, const struct identity *identity)
{
    TRY(contact_changed(cx, identity->id)); /* it may go to another */
    TRY(db_run(cx->db,
        S("UPDATE identity SET contact_id = ?3, handle = ?4, is_verified = ?5, last_seen_ms = ?6"
          " WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(identity->id.v), A_INT(identity->contact_id.v),
            A_TEXT(identity->handle), A_BOOL(identity->is_verified), A_INT(identity->last_seen_ms)),
        NULL));
    return search_changed(cx, SEARCH_CONTACT, identity->contact_id.v);
}

err identity_rename(struct ctx *cx, identity_id id, str external_id)
{
    return db_run(cx->db,
        S("UPDATE identity SET external_id = ?3, is_verified = 1 WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_TEXT(external_id)), NULL);
}

err identity_set_network(
    struct ctx *cx, identity_id id, str handle, str profile_url, str avatar_url, int64_t gone_ms)
{
    TRY(db_run(cx->db,
        S("UPDATE identity"
          " SET handle = CASE WHEN ?3 = '' THEN handle ELSE ?3 END,"
          " profile_url = CASE WHEN ?4 = '' THEN profile_url ELSE ?4 END,"
          " avatar_url = CASE WHEN ?5 = '' THEN avatar_url ELSE ?5 END, gone_ms = ?6"
          " WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(handle), A_TEXT(profile_url), A_TEXT(avatar_url),
            A_INT(gone_ms)),
        NULL));
    return contact_changed(cx, id);
}

err identity_find_other(
    struct ctx *cx, channel_id channel, str other_id, struct identity_known *known)
{
    return db_one(cx->db,
        S("SELECT" KNOWN_COLUMNS " FROM identity i"
          " JOIN contact k ON k.account_id = i.account_id AND k.id = i.contact_id"
          " WHERE i.account_id = ?1 AND i.channel_id = ?2 AND i.other_id = ?3 AND i.other_id <> ''"
          " ORDER BY i.id LIMIT 1"),
        ARGS(A_ID(cx->account), A_ID(channel), A_TEXT(other_id)), COLS(known_cols), known);
}

err identity_find_other_many(struct ctx *cx, const struct identity *keys, ptrdiff_t n,
    struct identity_known **found, ptrdiff_t *n_found)
{
    struct key_row *in = keys_of(cx, keys, n);
    return db_many_all(cx->db,
        S("SELECT" KNOWN_BY(
            "other_id") " FROM identity i"
                        " JOIN contact k ON k.account_id = i.account_id AND k.id = i.contact_id"
                        " WHERE i.account_id = ?1 AND i.channel_id = ?2 AND i.other_id = ?3"
                        " AND i.other_id <> '' ORDER BY i.id LIMIT 1"),
        S("SELECT" KNOWN_BY(
            "other_id") " FROM unnest(?2::bigint[], ?3::text[]) AS q(channel, other)"
                        " CROSS JOIN LATERAL (SELECT * FROM identity i WHERE i.account_id = " SET_ACCOUNT
                        " AND i.channel_id = q.channel AND i.other_id = q.other AND i.other_id <> ''"
                        " ORDER BY i.id LIMIT 1) i"
                        " CROSS JOIN LATERAL (SELECT * FROM contact k WHERE k.account_id = " SET_ACCOUNT
                        " AND k.id = i.contact_id OFFSET 0) k"),
        COLS(key_cols), in, (ptrdiff_t)sizeof *in, n, COLS(known_cols), (ptrdiff_t)sizeof **found,
        found, n_found);
}

err identity_set_other(struct ctx *cx, identity_id id, str other_id)
{
    return db_run(cx->db, S("UPDATE identity SET other_id = ?3 WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT(other_id)), NULL);
}
