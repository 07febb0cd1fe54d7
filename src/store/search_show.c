/* What is shown of things that were found (search.h). */
#include "store/search.h"

#include <stdlib.h>

#include "store/conversation.h"
#include "store/set.h"

/* ── what words are judged by ──
 *
 * A search by words reads a thousand of these. Many are of one conversation, and few are mails: so
 * each conversation is read once, and mails by themselves. PostgreSQL reads what is = ANY of many
 * in half the time of as many looks. */

static const struct db_col worded_cols[] = {
    COL(struct search_worded, id),
    COL(struct search_worded, text),
    COL(struct search_worded, attachments),
    COL(struct search_worded, sent_ms),
    COL(struct search_worded, conversation_id),
};
/* The subject of a conversation, or of a mail, which has its own. */
struct subject_row {
    int64_t id;
    str subject;
};
static const struct db_col subject_cols[] = {
    COL(struct subject_row, id),
    COL(struct subject_row, subject),
};

#define WORDED "SELECT m.id, m.text, m.attachments, m.sent_ms, m.conversation_id FROM "
static const str worded_lite = S_INIT(
    WORDED "json_each(?2) q CROSS JOIN message m ON m.account_id = ?1 AND m.id = q.value LIMIT ?3");
static const str worded_pg =
    S_INIT(WORDED "message m WHERE m.account_id = ?1 AND m.id = ANY(?2::bigint[]) LIMIT ?3");
#define TOPICS "SELECT c.id, c.subject FROM "
static const str topics_lite = S_INIT(TOPICS
    "json_each(?7) q CROSS JOIN conversation c ON c.id = q.value WHERE" CONVERSATION_IS_VISIBLE
    " LIMIT ?8");
static const str topics_pg = S_INIT(
    TOPICS "conversation c WHERE" CONVERSATION_IS_VISIBLE " AND c.id = ANY(?7::bigint[]) LIMIT ?8");
#define MAILS "SELECT l.message_id AS id, l.subject FROM "
/* None between the oldest and the newest: then none is looked for. */
static const str mails_lite = S_INIT(MAILS
    "(SELECT 1 FROM mail f WHERE f.account_id = ?1 AND f.message_id >= ?4 AND f.message_id <= ?5"
    " LIMIT 1) some CROSS JOIN json_each(?2) q CROSS JOIN mail l ON l.account_id = ?1"
    " AND l.message_id = q.value LIMIT ?3");
static const str mails_pg = S_INIT(MAILS
    "mail l WHERE l.account_id = ?1 AND l.message_id = ANY(?2::bigint[]) AND l.message_id >= ?4"
    " AND l.message_id <= ?5 LIMIT ?3");

static int older_id(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static int older_subject(const void *x, const void *y)
{
    const struct subject_row *a = x, *b = y;
    return older_id(&a->id, &b->id);
}

static int newer_worded(const void *x, const void *y)
{
    const struct search_worded *a = x, *b = y;
    return older_id(&b->id.v, &a->id.v);
}

struct subjects {
    struct subject_row *rows; /* by id */
    ptrdiff_t n;
};

static const struct subject_row *subject_of(const struct subjects *s, int64_t id)
{
    const struct subject_row sought = {.id = id};
    return s->n ? bsearch(&sought, s->rows, (size_t)s->n, sizeof sought, older_subject) : NULL;
}

static err read_subjects(
    struct ctx *cx, str sql, const struct db_arg *args, ptrdiff_t n_args, struct subjects *subjects)
{
    TRY(db_all(cx->db, sql, args, n_args, COLS(subject_cols), (ptrdiff_t)sizeof *subjects->rows,
        &subjects->rows, &subjects->n));
    if (subjects->n)
        qsort(subjects->rows, (size_t)subjects->n, sizeof *subjects->rows, older_subject);
    return OK;
}

/* Of the conversations of these messages those that the actor may see. */
static err read_topics(
    struct ctx *cx, const struct search_worded *rows, ptrdiff_t n, struct subjects *topics)
{
    int64_t *ids = NEW(cx->arena, int64_t, n + 1);
    ptrdiff_t n_ids = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        ids[i] = rows[i].conversation_id.v;
    qsort(ids, (size_t)n, sizeof *ids, older_id);
    for (ptrdiff_t i = 0; i < n; i++)
        if (i == 0 || ids[i] != ids[n_ids - 1])
            ids[n_ids++] = ids[i];
    const struct db_arg args[] = {
        CONVERSATION_SCOPE_ARGS(cx), A_TEXT(set_ids(cx, ids, n_ids)), A_INT(n_ids)};
    return read_subjects(cx, db_pick(cx->db, topics_lite, topics_pg), args,
        (ptrdiff_t)(sizeof args / sizeof args[0]), topics);
}

err search_worded(
    struct ctx *cx, const int64_t *ids, ptrdiff_t n, struct search_worded **rows, ptrdiff_t *n_rows)
{
    struct subjects topics = {0}, mails = {0};
    struct search_worded *all = NULL;
    ptrdiff_t n_all = 0, kept = 0;
    const struct db_arg args[] = {A_INT(cx->account.v), A_TEXT(set_ids(cx, ids, n)), A_INT(n),
        A_INT(ids[n - 1]), A_INT(ids[0])};
    str mails_sql = db_pick(cx->db, mails_lite, mails_pg);
    db_ahead(cx->db, mails_sql, args, 5);
    TRY(db_all(cx->db, db_pick(cx->db, worded_lite, worded_pg), args, 3, COLS(worded_cols),
        (ptrdiff_t)sizeof *all, &all, &n_all));
    TRY(read_subjects(cx, mails_sql, args, 5, &mails));
    if (n_all)
        TRY(read_topics(cx, all, n_all, &topics));
    for (ptrdiff_t i = 0; i < n_all; i++) {
        const struct subject_row *topic = subject_of(&topics, all[i].conversation_id.v);
        const struct subject_row *mail = topic ? subject_of(&mails, all[i].id.v) : NULL;
        if (!topic)
            continue;
        all[kept] = all[i];
        all[kept++].subject = mail ? mail->subject : topic->subject;
    }
    if (kept)
        qsort(all, (size_t)kept, sizeof *all, newer_worded);
    *rows = all;
    *n_rows = kept;
    return OK;
}

/* ── what is judged by conditions, and shown ── */

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
#define JUDGED                                                                                     \
    "SELECT m.id, m.text, m.attachments, m.sent_ms, m.conversation_id,"                            \
    " COALESCE((SELECT l.subject FROM mail l WHERE l.account_id = m.account_id"                    \
    "  AND l.message_id = m.id), c.subject) AS subject"                                            \
    ", m.kind, m.author_kind, m.author_name, c.number, c.tag_count, c.status,"                     \
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
        [SEARCH_JUDGED] = S_INIT(JUDGED OF_LITE VISIBLE),
        [SEARCH_NAMED] = S_INIT(JUDGED NAMES OF_LITE WITH_NAMES VISIBLE),
    };
    static const str pg[] = {
        [SEARCH_JUDGED] = S_INIT(JUDGED OF_PG VISIBLE),
        [SEARCH_NAMED] = S_INIT(JUDGED NAMES OF_PG WITH_NAMES VISIBLE),
    };
    static const struct {
        const struct db_col *cols;
        ptrdiff_t n;
    } of[] = {
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
