/* export: what `seva export` reads: one kind of rows after the other, as columns that become JSON
 * by their names (care/export_row.h). Never in it: passwords, tokens, keys, sealed secrets,
 * addresses that open a door (a channel's key, webhooks), sessions. Lists go by keys, a page a
 * call. Not here: files (blob.h for an account, export_files for a contact). Thread: the
 * transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"

/* How a kind's rows are written. */
enum export_shape {
    EXPORT_PLAIN,   /* a column, a member */
    EXPORT_MESSAGE, /* struct export_message: a line that `seva import messages` takes */
};

/* The first member of a row is int64_t after_id; where has_text says so the second is str
 * after_text: the place of the next page. */
struct export_kind {
    const char *name; /* of the file, without ".jsonl" */
    enum export_shape shape;
    str of_account; /* empty = is not in an account's export */
    str of_contact; /* empty = is not in a contact's */
    const struct db_col *cols;
    ptrdiff_t n_cols, row_size, page;
    bool has_text;
    bool is_of_messages; /* its rows are those that export_message_count counts */
};

/* In the order in which they are written; NULL behind the last one. */
const struct export_kind *export_kind_at(ptrdiff_t i);

/* A message and what stands around it. */
struct export_message {
    int64_t after_id;
    conversation_id conversation_id;
    str channel_kind, channel_key, external_id, thread, kind;
    str author_kind, author_name, agent_email;
    str who_id, who_handle, who_name, who_email, who_location;
    str text, reply_external;
    int64_t reply_id;
    str visibility, state, error;
    int64_t sent_ms, edited_ms, read_ms, deleted_ms;
    bool is_automatic;
};

struct export_place {
    int64_t id;
    str text;
};
/* contact {0}: of the account. *rows: row_size each. *after moves on to the last one. */
err export_page(struct ctx *cx, const struct export_kind *kind, contact_id contact,
    struct export_place *after, const char **rows, ptrdiff_t *n);

/* All rows of messages that an export will write: said, notes, activities. */
err export_message_count(struct ctx *cx, contact_id contact, int64_t *count);

/* Names and sizes of the files that go along with a contact, by name. */
struct export_file {
    str name;
    int64_t size;
};
err export_files(struct ctx *cx, contact_id contact, str after, ptrdiff_t limit,
    struct export_file **rows, ptrdiff_t *n);

/* ── between the files of this room ── */
extern const struct export_kind export_account_kinds[], export_people_kinds[];
extern const struct export_kind export_message_kinds[];
extern const ptrdiff_t export_n_account_kinds, export_n_people_kinds, export_n_message_kinds;

/* The SQL that these files share. ?1 account, ?2 after, ?3 limit, ?4 contact. */
/* A kind's row: each member said once, X(R, type, name), makes struct and columns; after_id comes
 * first. */
#define EXPORT_MEMBER(R, type, name) type name;
#define EXPORT_COL(R, type, name)    COL(struct R, name),
#define EXPORT_ROW(kind, MEMBERS)                                                                  \
    struct kind##_row {                                                                            \
        int64_t after_id;                                                                          \
        MEMBERS(EXPORT_MEMBER, kind##_row)                                                         \
    };                                                                                             \
    static const struct db_col kind##_cols[] = {                                                   \
        COL(struct kind##_row, after_id), MEMBERS(EXPORT_COL, kind##_row)};

#define EXPORT_KIND(type, rows)                                                                    \
    .cols = type##_cols, .n_cols = sizeof type##_cols / sizeof *type##_cols,                       \
    .row_size = sizeof(struct type##_row), .page = (rows)
enum { EXPORT_PAGE = 500, EXPORT_LONG_PAGE = 200, EXPORT_MAIL_PAGE = 50 };
#define EXPORT_NEXT " AND id > ?2 ORDER BY id LIMIT ?3"
/* By the whole of what is selected: no index is in this order, so that databases find the rows by
 * the contact, and not by reading on from ?2 until enough of them have come by. */
#define EXPORT_SORTED(id) " ORDER BY " id " + 0 LIMIT ?3"
/* Rows whose key is an id and a text; first: the condition on the id's own column. */
#define EXPORT_AFTER(id, text, param)                                                              \
    " AND " id " >= ?2 AND (" id " > ?2 OR " text " > " param ") ORDER BY " id ", " text " LIMIT ?3"
#define EXPORT_CONVERSATIONS                                                                       \
    "(SELECT k.id FROM conversation k WHERE k.account_id = ?1 AND k.contact_id = ?4)"
/* SQLite has no statistics and would begin with all messages: CROSS JOIN keeps the order there, a
 * "+" before a column keeps its condition from choosing an index, and "@" is a "+" on SQLite only:
 * there rows are found by id alone, on PostgreSQL by account and id. */
/* The messages of the contact's conversations, and what the contact wrote in one that was joined to
 * somebody else's; also: a condition on message x; page: an order and a limit. */
#define EXPORT_MESSAGES_THAT(also, page)                                                           \
    "(SELECT x.id FROM conversation k CROSS JOIN message x"                                        \
    " WHERE k.account_id = ?1 AND k.contact_id = ?4"                                               \
    " AND x.account_id = ?1 AND x.conversation_id = k.id" also                                     \
    " UNION SELECT x.id FROM conversation k CROSS JOIN conversation_join_message j"                \
    " CROSS JOIN message x WHERE k.account_id = ?1 AND k.contact_id = ?4"                          \
    " AND j.account_id = ?1 AND j.conversation_id = k.id"                                          \
    " AND x.account_id = ?1 AND x.id = j.message_id"                                               \
    " AND x.author_kind = 'contact' AND x.author_id = ?4" also page ")"
#define EXPORT_MESSAGES EXPORT_MESSAGES_THAT("", "")
#define EXPORT_PATH(name)                                                                          \
    "CASE WHEN " name " = '' THEN '' ELSE 'files/' || SUBSTR(" name ", 1, 2) || '/' || " name " END"
