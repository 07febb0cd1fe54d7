/* export_people: contacts and what is known of them, conversations with all that stands around
 * them: see export.h. */
#include "store/export.h"

struct contact_row {
    int64_t after_id;
    contact_id id;
    str name, email, phone, language, time_zone, location, company, note, custom_json, avatar_url;
    bool is_blocked;
    int64_t created_ms, last_seen_ms, updated_ms;
};
static const struct db_col contact_cols[] = {
    COL(struct contact_row, after_id),
    COL(struct contact_row, id),
    COL(struct contact_row, name),
    COL(struct contact_row, email),
    COL(struct contact_row, phone),
    COL(struct contact_row, language),
    COL(struct contact_row, time_zone),
    COL(struct contact_row, location),
    COL(struct contact_row, company),
    COL(struct contact_row, note),
    COL(struct contact_row, custom_json),
    COL(struct contact_row, avatar_url),
    COL(struct contact_row, is_blocked),
    COL(struct contact_row, created_ms),
    COL(struct contact_row, last_seen_ms),
    COL(struct contact_row, updated_ms),
};
#define CONTACTS(own)                                                                              \
    "SELECT id AS after_id, id, name, email, phone, language, time_zone, location, company, note," \
    " custom AS custom_json, avatar_url, is_blocked, created_ms, last_seen_ms, updated_ms"         \
    " FROM contact WHERE " own "account_id = ?1"

struct identity_row {
    int64_t after_id;
    identity_id id;
    contact_id contact_id;
    channel_id channel_id;
    str external_id, other_id, handle, profile_url, avatar_url;
    bool is_verified;
    int64_t last_seen_ms, gone_ms;
};
static const struct db_col identity_cols[] = {
    COL(struct identity_row, after_id),
    COL(struct identity_row, id),
    COL(struct identity_row, contact_id),
    COL(struct identity_row, channel_id),
    COL(struct identity_row, external_id),
    COL(struct identity_row, other_id),
    COL(struct identity_row, handle),
    COL(struct identity_row, profile_url),
    COL(struct identity_row, avatar_url),
    COL(struct identity_row, is_verified),
    COL(struct identity_row, last_seen_ms),
    COL(struct identity_row, gone_ms),
};
#define IDENTITIES(own)                                                                            \
    "SELECT id AS after_id, id, contact_id, channel_id, external_id, other_id, handle,"            \
    " profile_url, avatar_url, is_verified, last_seen_ms, gone_ms"                                 \
    " FROM identity WHERE " own "account_id = ?1"

struct visitor_row {
    int64_t after_id;
    visitor_id id;
    channel_id channel_id;
    contact_id contact_id;
    str page_url, page_title, locale, time_zone;
    int64_t consent_ms, last_seen_ms, created_ms;
};
static const struct db_col visitor_cols[] = {
    COL(struct visitor_row, after_id),
    COL(struct visitor_row, id),
    COL(struct visitor_row, channel_id),
    COL(struct visitor_row, contact_id),
    COL(struct visitor_row, page_url),
    COL(struct visitor_row, page_title),
    COL(struct visitor_row, locale),
    COL(struct visitor_row, time_zone),
    COL(struct visitor_row, consent_ms),
    COL(struct visitor_row, last_seen_ms),
    COL(struct visitor_row, created_ms),
};
#define VISITORS(own)                                                                              \
    "SELECT id AS after_id, id, channel_id, contact_id, page_url, page_title, locale, time_zone,"  \
    " consent_ms, last_seen_ms, created_ms FROM visitor WHERE " own "account_id = ?1"

struct conversation_row {
    int64_t after_id;
    conversation_id id;
    int64_t number;
    channel_id channel_id;
    contact_id contact_id;
    identity_id identity_id;
    str thread, status, priority, subject, language, outcome, visibility;
    agent_id assignee_id;
    team_id team_id;
    post_id post_id;
    conversation_id previous_id, joined_id, related_id;
    int64_t waiting_since_ms, snoozed_until_ms, resolved_ms, last_message_ms, created_ms,
        updated_ms;
};
static const struct db_col conversation_cols[] = {
    COL(struct conversation_row, after_id),
    COL(struct conversation_row, id),
    COL(struct conversation_row, number),
    COL(struct conversation_row, channel_id),
    COL(struct conversation_row, contact_id),
    COL(struct conversation_row, identity_id),
    COL(struct conversation_row, thread),
    COL(struct conversation_row, status),
    COL(struct conversation_row, priority),
    COL(struct conversation_row, subject),
    COL(struct conversation_row, language),
    COL(struct conversation_row, outcome),
    COL(struct conversation_row, visibility),
    COL(struct conversation_row, assignee_id),
    COL(struct conversation_row, team_id),
    COL(struct conversation_row, post_id),
    COL(struct conversation_row, previous_id),
    COL(struct conversation_row, joined_id),
    COL(struct conversation_row, related_id),
    COL(struct conversation_row, waiting_since_ms),
    COL(struct conversation_row, snoozed_until_ms),
    COL(struct conversation_row, resolved_ms),
    COL(struct conversation_row, last_message_ms),
    COL(struct conversation_row, created_ms),
    COL(struct conversation_row, updated_ms),
};
#define CONVERSATIONS(own)                                                                         \
    "SELECT id AS after_id, id, number, channel_id, contact_id, identity_id,"                      \
    " thread_key AS thread, status, priority, subject, language, outcome, visibility,"             \
    " assignee_id, team_id, post_id, previous_id, joined_id, related_id, waiting_since_ms,"        \
    " snoozed_until_ms, resolved_ms, last_message_ms, created_ms, updated_ms"                      \
    " FROM conversation WHERE " own "account_id = ?1"

struct tagging_row {
    int64_t after_id;
    str after_text;
    conversation_id conversation_id;
    tag_id tag_id;
    str tag;
};
static const struct db_col tagging_cols[] = {
    COL(struct tagging_row, after_id),
    COL(struct tagging_row, after_text),
    COL(struct tagging_row, conversation_id),
    COL(struct tagging_row, tag_id),
    COL(struct tagging_row, tag),
};
#define TAG_KEY "CAST(t.tag_id AS TEXT)"
#define TAGGINGS                                                                                   \
    "SELECT t.conversation_id AS after_id, " TAG_KEY " AS after_text, t.conversation_id,"          \
    " t.tag_id, g.name AS tag FROM conversation_tag t"                                             \
    " JOIN tag g ON g.account_id = ?1 AND g.id = t.tag_id WHERE t.account_id = ?1"

struct participant_row {
    int64_t after_id;
    str after_text;
    conversation_id conversation_id;
    str address, name;
    bool is_copied;
    int64_t added_ms;
};
static const struct db_col participant_cols[] = {
    COL(struct participant_row, after_id),
    COL(struct participant_row, after_text),
    COL(struct participant_row, conversation_id),
    COL(struct participant_row, address),
    COL(struct participant_row, name),
    COL(struct participant_row, is_copied),
    COL(struct participant_row, added_ms),
};
#define PARTICIPANTS                                                                               \
    "SELECT conversation_id AS after_id, address AS after_text, conversation_id, address, name,"   \
    " is_copied, added_ms FROM mail_participant WHERE account_id = ?1"

struct post_row {
    int64_t after_id;
    post_id id;
    channel_id channel_id;
    str external_id, kind, url, text, author_name, author_handle, image_url;
    bool is_ours;
    int64_t at_ms, created_ms;
};
static const struct db_col post_cols[] = {
    COL(struct post_row, after_id),
    COL(struct post_row, id),
    COL(struct post_row, channel_id),
    COL(struct post_row, external_id),
    COL(struct post_row, kind),
    COL(struct post_row, url),
    COL(struct post_row, text),
    COL(struct post_row, author_name),
    COL(struct post_row, author_handle),
    COL(struct post_row, image_url),
    COL(struct post_row, is_ours),
    COL(struct post_row, at_ms),
    COL(struct post_row, created_ms),
};
#define POSTS(own)                                                                                 \
    "SELECT id AS after_id, id, channel_id, external_id, kind, url, text, author_name,"            \
    " author_handle, image_url, is_ours, at_ms, created_ms FROM post WHERE " own "account_id = ?1"

struct call_row {
    int64_t after_id;
    call_id id;
    channel_id channel_id;
    contact_id contact_id;
    conversation_id conversation_id;
    message_id message_id;
    str external_id, direction, state, outcome, number, language, note, error;
    agent_id agent_id;
    int64_t started_ms, answered_ms, ended_ms, talk_s;
};
static const struct db_col call_cols[] = {
    COL(struct call_row, after_id),
    COL(struct call_row, id),
    COL(struct call_row, channel_id),
    COL(struct call_row, contact_id),
    COL(struct call_row, conversation_id),
    COL(struct call_row, message_id),
    COL(struct call_row, external_id),
    COL(struct call_row, direction),
    COL(struct call_row, state),
    COL(struct call_row, outcome),
    COL(struct call_row, number),
    COL(struct call_row, language),
    COL(struct call_row, note),
    COL(struct call_row, error),
    COL(struct call_row, agent_id),
    COL(struct call_row, started_ms),
    COL(struct call_row, answered_ms),
    COL(struct call_row, ended_ms),
    COL(struct call_row, talk_s),
};
#define CALLS                                                                                      \
    "SELECT id AS after_id, id, channel_id, contact_id, conversation_id, message_id, external_id," \
    " direction, state, outcome, number, language, note, error, agent_id, started_ms,"             \
    " answered_ms, ended_ms, talk_s FROM call WHERE account_id = ?1"

struct letter_row {
    int64_t after_id;
    letter_id id;
    channel_id channel_id;
    conversation_id conversation_id;
    str kind, from_name, from_address, to_name, to_address, subject, text, html, internet_id;
    str state, error;
    int64_t created_ms, sent_ms;
};
static const struct db_col letter_cols[] = {
    COL(struct letter_row, after_id),
    COL(struct letter_row, id),
    COL(struct letter_row, channel_id),
    COL(struct letter_row, conversation_id),
    COL(struct letter_row, kind),
    COL(struct letter_row, from_name),
    COL(struct letter_row, from_address),
    COL(struct letter_row, to_name),
    COL(struct letter_row, to_address),
    COL(struct letter_row, subject),
    COL(struct letter_row, text),
    COL(struct letter_row, html),
    COL(struct letter_row, internet_id),
    COL(struct letter_row, state),
    COL(struct letter_row, error),
    COL(struct letter_row, created_ms),
    COL(struct letter_row, sent_ms),
};
#define LETTERS                                                                                    \
    "SELECT id AS after_id, id, channel_id, conversation_id, kind, from_name, from_address,"       \
    " to_name, to_address, subject, text, html, internet_id, state, error, created_ms, sent_ms"    \
    " FROM letter WHERE account_id = ?1"
#define OF_CONVERSATIONS(column) " AND " column " IN " EXPORT_CONVERSATIONS

const struct export_kind export_people_kinds[] = {
    {.name = "contacts",
     EXPORT_KIND(contact,                                   EXPORT_PAGE),
     .of_account = S_INIT(CONTACTS("@") EXPORT_NEXT),
     .of_contact = S_INIT(CONTACTS("") " AND id = ?4" EXPORT_NEXT)                             },
    {.name = "identities",
     EXPORT_KIND(identity,                                  EXPORT_PAGE),
     .of_account = S_INIT(IDENTITIES("@") EXPORT_NEXT),
     .of_contact = S_INIT(IDENTITIES("") " AND contact_id = ?4" EXPORT_NEXT)                   },
    {.name = "visitors",
     EXPORT_KIND(visitor,                                   EXPORT_PAGE),
     .of_account = S_INIT(VISITORS("") EXPORT_NEXT),
     .of_contact = S_INIT(VISITORS("") " AND contact_id = ?4 AND +id > ?2" EXPORT_SORTED("id"))},
    {.name = "conversations",
     EXPORT_KIND(conversation,                              EXPORT_PAGE),
     .of_account = S_INIT(CONVERSATIONS("@") EXPORT_NEXT),
     .of_contact = S_INIT(CONVERSATIONS("") " AND contact_id = ?4" EXPORT_NEXT)                },
    {.name = "conversation_tags",
     EXPORT_KIND(tagging,                                   EXPORT_PAGE),
     .has_text = true,
     .of_account = S_INIT(TAGGINGS EXPORT_AFTER("t.conversation_id",                             TAG_KEY, "?4")),
     .of_contact = S_INIT(TAGGINGS OF_CONVERSATIONS("t.conversation_id")
                EXPORT_AFTER("+t.conversation_id", TAG_KEY, "?5"))},
    {.name = "mail_participants",
     EXPORT_KIND(participant,          EXPORT_PAGE),
     .has_text = true,
     .of_account = S_INIT(PARTICIPANTS EXPORT_AFTER("conversation_id",                            "address", "?4")),
     .of_contact = S_INIT(PARTICIPANTS OF_CONVERSATIONS("conversation_id")
                EXPORT_AFTER("+conversation_id", "address", "?5"))},
    {.name = "posts",
     EXPORT_KIND(post,        EXPORT_PAGE),
     .of_account = S_INIT(POSTS("@") EXPORT_NEXT),
     .of_contact = S_INIT(POSTS("@") " AND id IN (SELECT k.post_id FROM conversation k"
                                        " WHERE k.account_id = ?1 AND k.contact_id = ?4)"
                                        " AND +id > ?2" EXPORT_SORTED("id"))},
    {.name = "calls",
     EXPORT_KIND(call, EXPORT_PAGE),
     .of_account = S_INIT(CALLS EXPORT_NEXT),
     .of_contact = S_INIT(CALLS " AND contact_id = ?4" EXPORT_NEXT)           },
    {.name = "letters",
     EXPORT_KIND(letter,          EXPORT_PAGE),
     .of_account = S_INIT(LETTERS EXPORT_NEXT),
     .of_contact =
            S_INIT(LETTERS OF_CONVERSATIONS("conversation_id") " AND id > ?2" EXPORT_SORTED("id"))             },
};
const ptrdiff_t export_n_people_kinds = sizeof export_people_kinds / sizeof *export_people_kinds;
