/* What is shown of things that were found (search.h). */
#include "store/search.h"

#include <stdlib.h>

#include "store/conversation.h"
#include "store/set.h"

/* A search by words alone reads a thousand of these. */
static const struct db_col words_cols[] = {
    COL(struct search_message, id),
    COL(struct search_message, text),
    COL(struct search_message, attachments),
    COL(struct search_message, sent_ms),
    COL(struct search_message, conversation_id),
    COL(struct search_message, subject),
};
/* What conditions are judged by; the names beside it are of tables of their own. */
#define JUDGED_COLS                                                                                \
    COL(struct search_message, id), COL(struct search_message, kind),                              \
        COL(struct search_message, author_kind), COL(struct search_message, author_name),          \
        COL(struct search_message, text), COL(struct search_message, attachments),                 \
        COL(struct search_message, sent_ms), COL(struct search_message, conversation_id),          \
        COL(struct search_message, number), COL(struct search_message, tag_count),                 \
        COL(struct search_message, status), COL(struct search_message, subject),                   \
        COL(struct search_message, assignee_id), COL(struct search_message, channel_id),           \
        COL(struct search_message, contact_id)
static const struct db_col judged_cols[] = {JUDGED_COLS};
static const struct db_col named_cols[] = {
    JUDGED_COLS,
    COL(struct search_message, channel_kind),
    COL(struct search_message, channel_name),
    COL(struct search_message, contact_name),
    COL(struct search_message, contact_email),
    COL(struct search_message, contact_phone),
    COL(struct search_message, handle),
};
#define WORDS                                                                                      \
    "SELECT m.id, m.text, m.attachments, m.sent_ms, m.conversation_id,"                            \
    " COALESCE((SELECT l.subject FROM mail l WHERE l.account_id = m.account_id"                    \
    "  AND l.message_id = m.id), c.subject) AS subject"
#define JUDGED                                                                                     \
    WORDS ", m.kind, m.author_kind, m.author_name, c.number, c.tag_count, c.status,"               \
          " c.assignee_id, c.channel_id, c.contact_id"
#define NAMES                                                                                      \
    ", COALESCE(h.kind, '') AS channel_kind, COALESCE(h.name, '') AS channel_name,"                \
    " COALESCE(k.name, '') AS contact_name, COALESCE(k.email, '') AS contact_email,"               \
    " COALESCE(k.phone, '') AS contact_phone, COALESCE(i.handle, '') AS handle"
#define WITH_NAMES                                                                                 \
    " LEFT JOIN contact k ON k.account_id = c.account_id AND k.id = c.contact_id"                  \
    " LEFT JOIN channel h ON h.account_id = c.account_id AND h.id = c.channel_id"                  \
    " LEFT JOIN identity i ON i.account_id = c.account_id AND i.id = c.identity_id"
#define VISIBLE " WHERE" CONVERSATION_IS_VISIBLE " LIMIT ?8"
#define OF_LITE                                                                                    \
    " FROM json_each(?7) q CROSS JOIN message m ON m.account_id = ?1 AND m.id = q.value"           \
    " JOIN conversation c ON c.account_id = m.account_id AND c.id = m.conversation_id"
/* One probe of each index for each id, whatever the statistics say: a look at them in the middle of
 * a large import sees tables that are nearly empty. */
#define OF_PG                                                                                      \
    " FROM unnest(?7::bigint[]) AS q(id) CROSS JOIN LATERAL (SELECT * FROM message m"              \
    " WHERE m.account_id = ?1 AND m.id = q.id OFFSET 0) m"                                         \
    " CROSS JOIN LATERAL (SELECT * FROM conversation c WHERE c.account_id = ?1"                    \
    " AND c.id = m.conversation_id OFFSET 0) c"

static int newer_message(const void *x, const void *y)
{
    const struct search_message *a = x, *b = y;
    return (a->id.v < b->id.v) - (a->id.v > b->id.v);
}

err search_messages(struct ctx *cx, const int64_t *ids, ptrdiff_t n, enum search_depth depth,
    struct search_message **rows, ptrdiff_t *n_rows)
{
    static const str lite[] = {
        [SEARCH_WORDS_ONLY] = S_INIT(WORDS OF_LITE VISIBLE),
        [SEARCH_JUDGED] = S_INIT(JUDGED OF_LITE VISIBLE),
        [SEARCH_NAMED] = S_INIT(JUDGED NAMES OF_LITE WITH_NAMES VISIBLE),
    };
    static const str pg[] = {
        [SEARCH_WORDS_ONLY] = S_INIT(WORDS OF_PG VISIBLE),
        [SEARCH_JUDGED] = S_INIT(JUDGED OF_PG VISIBLE),
        [SEARCH_NAMED] = S_INIT(JUDGED NAMES OF_PG WITH_NAMES VISIBLE),
    };
    static const struct {
        const struct db_col *cols;
        ptrdiff_t n;
    } of[] = {
        [SEARCH_WORDS_ONLY] = {COLS(words_cols)},
        [SEARCH_JUDGED] = {COLS(judged_cols)},
        [SEARCH_NAMED] = {COLS(named_cols)},
    };
    const struct db_arg args[] = {
        CONVERSATION_SCOPE_ARGS(cx), A_TEXT(set_ids(cx, ids, n)), A_INT(n)};
    TRY(db_all(cx->db, db_tx_kind(cx->db) == DB_POSTGRES ? pg[depth] : lite[depth], args,
        (ptrdiff_t)(sizeof args / sizeof args[0]), of[depth].cols, of[depth].n,
        (ptrdiff_t)sizeof **rows, rows, n_rows));
    if (*n_rows)
        qsort(*rows, (size_t)*n_rows, sizeof **rows, newer_message);
    return OK;
}

static const struct db_col contact_cols[] = {
    COL(struct search_contact, id),
    COL(struct search_contact, name),
    COL(struct search_contact, email),
    COL(struct search_contact, phone),
    COL(struct search_contact, company),
    COL(struct search_contact, handles),
};
#define CONTACT_SHOWN(joined)                                                                      \
    "SELECT k.id, k.name, k.email, k.phone, k.company,"                                            \
    " COALESCE((SELECT " joined " FROM identity i WHERE i.account_id = k.account_id"               \
    "  AND i.contact_id = k.id), '') AS handles FROM "

static int newer_contact(const void *x, const void *y)
{
    const struct search_contact *a = x, *b = y;
    return (a->id.v < b->id.v) - (a->id.v > b->id.v);
}

err search_contacts(struct ctx *cx, const int64_t *ids, ptrdiff_t n, struct search_contact **rows,
    ptrdiff_t *n_rows)
{
    static const str lite = S_INIT(CONTACT_SHOWN(
        "group_concat(i.handle, ' ')") "json_each(?2) q CROSS JOIN contact k ON k.account_id = ?1 AND k.id = q.value LIMIT ?3");
    static const str pg = S_INIT(CONTACT_SHOWN(
        "string_agg(i.handle, ' ')") "unnest(?2::bigint[]) AS q(id) CROSS JOIN LATERAL (SELECT * FROM contact k"
                                     " WHERE k.account_id = ?1 AND k.id = q.id OFFSET 0) k LIMIT ?3");
    TRY(db_all(cx->db, db_tx_kind(cx->db) == DB_SQLITE ? lite : pg,
        ARGS(A_INT(cx->account.v), A_TEXT(set_ids(cx, ids, n)), A_INT(n)), COLS(contact_cols),
        (ptrdiff_t)sizeof **rows, rows, n_rows));
    if (*n_rows)
        qsort(*rows, (size_t)*n_rows, sizeof **rows, newer_contact);
    return OK;
}
