/* export_messages: what was said, and what came along with it: see export.h. */
#include "store/export.h"

static const struct db_col message_cols[] = {
    COL(struct export_message, after_id),
    COL(struct export_message, conversation_id),
    COL(struct export_message, channel_kind),
    COL(struct export_message, channel_key),
    COL(struct export_message, external_id),
    COL(struct export_message, thread),
    COL(struct export_message, kind),
    COL(struct export_message, author_kind),
    COL(struct export_message, author_name),
    COL(struct export_message, agent_email),
    COL(struct export_message, who_id),
    COL(struct export_message, who_handle),
    COL(struct export_message, who_name),
    COL(struct export_message, who_email),
    COL(struct export_message, who_location),
    COL(struct export_message, text),
    COL(struct export_message, reply_external),
    COL(struct export_message, reply_id),
    COL(struct export_message, visibility),
    COL(struct export_message, state),
    COL(struct export_message, error),
    COL(struct export_message, sent_ms),
    COL(struct export_message, edited_ms),
    COL(struct export_message, read_ms),
    COL(struct export_message, deleted_ms),
    COL(struct export_message, is_automatic),
};
/* Somebody else than the conversation's contact wrote it: no more of them than an id and a name. */
#define BY_OTHER             "m.author_kind = 'contact' AND m.author_id <> c.contact_id"
#define UNLESS_OTHER(column) "CASE WHEN " BY_OTHER " THEN '' ELSE COALESCE(" column ", '') END"
/* Looked up for each: joined, PostgreSQL reads all messages for a page of them. */
#define REPLY(column)                                                                              \
    "SELECT q." column " FROM message q WHERE q.account_id = ?1 AND q.id = m.reply_to_id"
/* clang-format off */
#define MESSAGES \
    "SELECT m.id AS after_id, m.conversation_id," \
    " COALESCE(h.kind, d.kind, 'removed') AS channel_kind," \
    " CASE WHEN h.id IS NULL THEN 'removed-' || m.channel_id" \
    "  WHEN h.external_id <> '' THEN h.external_id ELSE h.name END AS channel_key," \
    " COALESCE(m.external_id, '') AS external_id, c.thread_key AS thread, m.kind, m.author_kind," \
    " m.author_name, COALESCE(g.email, '') AS agent_email," \
    " COALESCE(CASE WHEN " BY_OTHER " THEN" \
    "   (SELECT o.external_id FROM identity o WHERE o.account_id = ?1" \
    "    AND o.contact_id = m.author_id AND o.channel_id = m.channel_id ORDER BY o.id LIMIT 1)" \
    "  END, i.external_id, 'contact-' || c.contact_id) AS who_id," \
    " " UNLESS_OTHER("i.handle") " AS who_handle," \
    " CASE WHEN m.kind = 'in' THEN m.author_name ELSE COALESCE(p.name, '') END AS who_name," \
    " " UNLESS_OTHER("p.email") " AS who_email," \
    " " UNLESS_OTHER("p.location") " AS who_location," \
    " m.text, COALESCE((" REPLY("external_id") "), '') AS reply_external," \
    " COALESCE((" REPLY("id") "), 0) AS reply_id," \
    " m.visibility, m.state, m.error, m.sent_ms, m.edited_ms, m.read_ms, m.deleted_ms," \
    " m.is_automatic FROM message m" \
    " JOIN conversation c ON c.account_id = ?1 AND c.id = m.conversation_id" \
    " LEFT JOIN identity i ON i.account_id = ?1 AND i.id = c.identity_id" \
    " LEFT JOIN contact p ON p.account_id = ?1 AND p.id = c.contact_id" \
    " LEFT JOIN channel h ON h.account_id = ?1 AND h.id = m.channel_id" \
    " LEFT JOIN channel_removed d ON d.account_id = ?1 AND d.id = m.channel_id" \
    " LEFT JOIN agent g ON g.account_id = ?1 AND g.id = m.author_id AND m.author_kind = 'agent'" \
    " WHERE @m.account_id = ?1 AND m.kind IN ('in', 'out') AND "
/* clang-format on */
/* What `seva import messages` takes: it was said, and in words. */
#define WAS_SAID(m)                                                                                \
    "((" m ".kind = 'in' OR " m ".state IN ('sent', 'delivered', 'read', 'unknown'))"              \
    " AND TRIM(" m ".text, ' \t\r\n') <> '')"
#define IN_ORDER   " AND m.id > ?2 ORDER BY m.id LIMIT ?3"
#define OF_CONTACT " AND +m.id > ?2 AND m.id IN " EXPORT_MESSAGES EXPORT_SORTED("m.id")
/* The ids of a page first: what stands around them is looked up for these alone. */
#define PAGE_OF_CONTACT(said)                                                                      \
    "m.id IN " EXPORT_MESSAGES_THAT(" AND +x.id > ?2 AND x.kind IN ('in', 'out') AND " said,       \
        " ORDER BY 1 LIMIT ?3") " ORDER BY m.id"
#define MESSAGE_KIND                                                                               \
    .is_of_messages = true, .shape = EXPORT_MESSAGE, .cols = message_cols,                         \
    .n_cols = sizeof message_cols / sizeof *message_cols,                                          \
    .row_size = sizeof(struct export_message), .page = EXPORT_LONG_PAGE

/* clang-format off */
#define NOTE_ROW(X, R) \
    X(R, message_id, id) X(R, conversation_id, conversation_id) X(R, str, author_kind) \
    X(R, int64_t, author_id) X(R, str, author_name) X(R, str, text) X(R, str, mentions) \
    X(R, int64_t, sent_ms) X(R, int64_t, edited_ms)
EXPORT_ROW(note, NOTE_ROW)
/* clang-format on */
#define NOTES                                                                                      \
    "SELECT m.id AS after_id, m.id, m.conversation_id, m.author_kind, m.author_id, m.author_name," \
    " m.text, m.mentions, m.sent_ms, m.edited_ms FROM message m"                                   \
    " WHERE @m.account_id = ?1 AND m.kind = 'note'"

/* clang-format off */
#define ACTIVITY_ROW(X, R) \
    X(R, message_id, id) X(R, conversation_id, conversation_id) X(R, str, author_kind) \
    X(R, str, author_name) X(R, str, activity_json) X(R, int64_t, sent_ms)
EXPORT_ROW(activity, ACTIVITY_ROW)
/* clang-format on */
#define ACTIVITIES                                                                                 \
    "SELECT m.id AS after_id, m.id, m.conversation_id, m.author_kind, m.author_name,"              \
    " m.activity AS activity_json, m.sent_ms FROM message m"                                       \
    " WHERE @m.account_id = ?1 AND m.kind = 'activity'"

/* clang-format off */
#define PARTS_ROW(X, R) \
    X(R, message_id, message_id) X(R, str, parts_json) X(R, str, reactions_json)
EXPORT_ROW(parts, PARTS_ROW)
/* clang-format on */
#define PARTS                                                                                      \
    "SELECT m.id AS after_id, m.id AS message_id, m.parts AS parts_json,"                          \
    " m.reactions AS reactions_json FROM message m"                                                \
    " WHERE @m.account_id = ?1 AND (m.parts <> '' OR m.reactions <> '')"

/* clang-format off */
#define MAIL_ROW(X, R) \
    X(R, message_id, message_id) X(R, conversation_id, conversation_id) X(R, str, internet_id) \
    X(R, str, subject) X(R, str, people_json) X(R, str, in_reply_to) X(R, str, refs_json) \
    X(R, str, html) X(R, str, body) X(R, str, verdict) X(R, str, checks_json) X(R, str, note) \
    X(R, str, raw_file) X(R, blob, raw)
EXPORT_ROW(mail, MAIL_ROW)
/* clang-format on */
#define MAILS                                                                                      \
    "SELECT m.message_id AS after_id, m.message_id, m.conversation_id, m.internet_id, m.subject,"  \
    " m.people AS people_json, m.in_reply_to, m.refs AS refs_json, m.html, m.body, m.verdict,"     \
    " m.checks AS checks_json, m.note, " EXPORT_PATH(                                              \
        "m.raw_name") " AS raw_file, m.raw"                                                        \
                      " FROM mail m WHERE m.account_id = ?1"

/* clang-format off */
#define ATTACHMENT_ROW(X, R) \
    X(R, attachment_id, id) X(R, conversation_id, conversation_id) X(R, message_id, message_id) \
    X(R, str, name) X(R, str, type) X(R, int64_t, size) X(R, int64_t, width) \
    X(R, int64_t, height) X(R, str, state) X(R, str, error) X(R, str, file) \
    X(R, str, thumbnail_file) X(R, int64_t, created_ms)
EXPORT_ROW(attachment, ATTACHMENT_ROW)
/* clang-format on */
#define ATTACHMENTS(own)                                                                            \
    "SELECT a.id AS after_id, a.id, a.conversation_id, a.message_id, a.name, a.type, a.size,"       \
    " a.width, a.height, a.state, a.error, " EXPORT_PATH(                                           \
        "a.blob_name") " AS file,"                                                                  \
                       " " EXPORT_PATH(                                                             \
                           "a.thumbnail_name") " AS thumbnail_file, a.created_ms FROM attachment a" \
                                               " WHERE " own "a.account_id = ?1"

const struct export_kind export_message_kinds[] = {
    {.name = "messages",
     MESSAGE_KIND,                                                               .of_account = S_INIT(MESSAGES WAS_SAID("m") IN_ORDER),
     .of_contact = S_INIT(MESSAGES PAGE_OF_CONTACT(WAS_SAID("x")))                      },
    {                       .name = "other_messages",
     MESSAGE_KIND, .of_account = S_INIT(MESSAGES "NOT " WAS_SAID("m") IN_ORDER),
     .of_contact = S_INIT(MESSAGES PAGE_OF_CONTACT("NOT " WAS_SAID("x")))             },
    { .name = "message_parts",
     EXPORT_KIND(parts,                                       EXPORT_PAGE),
     .of_account = S_INIT(PARTS IN_ORDER),
     .of_contact = S_INIT(PARTS OF_CONTACT)},
    {                                                    .name = "notes",
     .is_of_messages = true,
     EXPORT_KIND(note,                                                                                              EXPORT_PAGE),
     .of_account = S_INIT(NOTES IN_ORDER),
     .of_contact = S_INIT(NOTES OF_CONTACT)},
    {                                                                    .name = "activities",
     .is_of_messages = true,
     EXPORT_KIND(activity,                                                                                                EXPORT_PAGE),
     .of_account = S_INIT(ACTIVITIES IN_ORDER),
     .of_contact = S_INIT(ACTIVITIES OF_CONTACT)},
    {                                                                 .name = "mails",
     EXPORT_KIND(mail,                                                           EXPORT_MAIL_PAGE),
     .of_account = S_INIT(MAILS " AND m.message_id > ?2 ORDER BY m.message_id LIMIT ?3"),
     .of_contact = S_INIT(
            MAILS " AND +m.message_id > ?2 AND m.message_id IN " EXPORT_MESSAGES EXPORT_SORTED(
                "m.message_id"))},
    {                                                                                 .name = "attachments",
     EXPORT_KIND(attachment,                                                     EXPORT_PAGE),
     .of_account = S_INIT(ATTACHMENTS("@") " AND a.id > ?2 ORDER BY a.id LIMIT ?3"),
     .of_contact = S_INIT(ATTACHMENTS(
            "") " AND +a.id > ?2 AND a.message_id IN " EXPORT_MESSAGES EXPORT_SORTED("a.id"))},
};
const ptrdiff_t export_n_message_kinds = sizeof export_message_kinds / sizeof *export_message_kinds;
