/* export_people: contacts and what is known of them, conversations with all that stands around
 * them: see export.h. */
#include "store/export.h"

/* clang-format off */
#define CONTACT_ROW(X, R) \
    X(R, contact_id, id) X(R, str, name) X(R, str, email) X(R, str, phone) X(R, str, language) \
    X(R, str, time_zone) X(R, str, location) X(R, str, company) X(R, str, note) \
    X(R, str, custom_json) X(R, str, avatar_url) X(R, bool, is_blocked) X(R, int64_t, created_ms) \
    X(R, int64_t, last_seen_ms) X(R, int64_t, updated_ms)
EXPORT_ROW(contact, CONTACT_ROW)
/* clang-format on */
#define CONTACTS(own)                                                                              \
    "SELECT id AS after_id, id, name, email, phone, language, time_zone, location, company, note," \
    " custom AS custom_json, avatar_url, is_blocked, created_ms, last_seen_ms, updated_ms"         \
    " FROM contact WHERE " own "account_id = ?1"

/* clang-format off */
#define IDENTITY_ROW(X, R) \
    X(R, identity_id, id) X(R, contact_id, contact_id) X(R, channel_id, channel_id) \
    X(R, str, external_id) X(R, str, other_id) X(R, str, handle) X(R, str, profile_url) \
    X(R, str, avatar_url) X(R, bool, is_verified) X(R, int64_t, last_seen_ms) \
    X(R, int64_t, gone_ms)
EXPORT_ROW(identity, IDENTITY_ROW)
/* clang-format on */
#define IDENTITIES(own)                                                                            \
    "SELECT id AS after_id, id, contact_id, channel_id, external_id, other_id, handle,"            \
    " profile_url, avatar_url, is_verified, last_seen_ms, gone_ms"                                 \
    " FROM identity WHERE " own "account_id = ?1"

/* clang-format off */
#define VISITOR_ROW(X, R) \
    X(R, visitor_id, id) X(R, channel_id, channel_id) X(R, contact_id, contact_id) \
    X(R, str, page_url) X(R, str, page_title) X(R, str, locale) X(R, str, time_zone) \
    X(R, int64_t, consent_ms) X(R, int64_t, last_seen_ms) X(R, int64_t, created_ms)
EXPORT_ROW(visitor, VISITOR_ROW)
/* clang-format on */
#define VISITORS(own)                                                                              \
    "SELECT id AS after_id, id, channel_id, contact_id, page_url, page_title, locale, time_zone,"  \
    " consent_ms, last_seen_ms, created_ms FROM visitor WHERE " own "account_id = ?1"

/* clang-format off */
#define CONVERSATION_ROW(X, R) \
    X(R, conversation_id, id) X(R, int64_t, number) X(R, channel_id, channel_id) \
    X(R, contact_id, contact_id) X(R, identity_id, identity_id) X(R, str, thread) \
    X(R, str, status) X(R, str, priority) X(R, str, subject) X(R, str, language) \
    X(R, str, outcome) X(R, str, visibility) X(R, agent_id, assignee_id) X(R, team_id, team_id) \
    X(R, post_id, post_id) X(R, conversation_id, previous_id) X(R, conversation_id, joined_id) \
    X(R, conversation_id, related_id) X(R, int64_t, waiting_since_ms) \
    X(R, int64_t, snoozed_until_ms) X(R, int64_t, resolved_ms) X(R, int64_t, last_message_ms) \
    X(R, int64_t, created_ms) X(R, int64_t, updated_ms)
EXPORT_ROW(conversation, CONVERSATION_ROW)
/* clang-format on */
#define CONVERSATIONS(own)                                                                         \
    "SELECT id AS after_id, id, number, channel_id, contact_id, identity_id,"                      \
    " thread_key AS thread, status, priority, subject, language, outcome, visibility,"             \
    " assignee_id, team_id, post_id, previous_id, joined_id, related_id, waiting_since_ms,"        \
    " snoozed_until_ms, resolved_ms, last_message_ms, created_ms, updated_ms"                      \
    " FROM conversation WHERE " own "account_id = ?1"

/* clang-format off */
#define TAGGING_ROW(X, R) \
    X(R, str, after_text) X(R, conversation_id, conversation_id) X(R, tag_id, tag_id) \
    X(R, str, tag)
EXPORT_ROW(tagging, TAGGING_ROW)
/* clang-format on */
#define TAG_KEY "CAST(t.tag_id AS TEXT)"
#define TAGGINGS                                                                                   \
    "SELECT t.conversation_id AS after_id, " TAG_KEY " AS after_text, t.conversation_id,"          \
    " t.tag_id, g.name AS tag FROM conversation_tag t"                                             \
    " JOIN tag g ON g.account_id = ?1 AND g.id = t.tag_id WHERE t.account_id = ?1"

/* clang-format off */
#define PARTICIPANT_ROW(X, R) \
    X(R, str, after_text) X(R, conversation_id, conversation_id) X(R, str, address) \
    X(R, str, name) X(R, bool, is_copied) X(R, int64_t, added_ms)
EXPORT_ROW(participant, PARTICIPANT_ROW)
/* clang-format on */
#define PARTICIPANTS                                                                               \
    "SELECT conversation_id AS after_id, address AS after_text, conversation_id, address, name,"   \
    " is_copied, added_ms FROM mail_participant WHERE account_id = ?1"

/* clang-format off */
#define POST_ROW(X, R) \
    X(R, post_id, id) X(R, channel_id, channel_id) X(R, str, external_id) X(R, str, kind) \
    X(R, str, url) X(R, str, text) X(R, str, author_name) X(R, str, author_handle) \
    X(R, str, image_url) X(R, bool, is_ours) X(R, int64_t, at_ms) X(R, int64_t, created_ms)
EXPORT_ROW(post, POST_ROW)
/* clang-format on */
#define POSTS(own)                                                                                 \
    "SELECT id AS after_id, id, channel_id, external_id, kind, url, text, author_name,"            \
    " author_handle, image_url, is_ours, at_ms, created_ms FROM post WHERE " own "account_id = ?1"

/* clang-format off */
#define CALL_ROW(X, R) \
    X(R, call_id, id) X(R, channel_id, channel_id) X(R, contact_id, contact_id) \
    X(R, conversation_id, conversation_id) X(R, message_id, message_id) X(R, str, external_id) \
    X(R, str, direction) X(R, str, state) X(R, str, outcome) X(R, str, number) \
    X(R, str, language) X(R, str, note) X(R, str, error) X(R, agent_id, agent_id) \
    X(R, int64_t, started_ms) X(R, int64_t, answered_ms) X(R, int64_t, ended_ms) \
    X(R, int64_t, talk_s)
EXPORT_ROW(call, CALL_ROW)
/* clang-format on */
#define CALLS                                                                                      \
    "SELECT id AS after_id, id, channel_id, contact_id, conversation_id, message_id, external_id," \
    " direction, state, outcome, number, language, note, error, agent_id, started_ms,"             \
    " answered_ms, ended_ms, talk_s FROM call WHERE account_id = ?1"

/* clang-format off */
#define LETTER_ROW(X, R) \
    X(R, letter_id, id) X(R, channel_id, channel_id) X(R, conversation_id, conversation_id) \
    X(R, str, kind) X(R, str, from_name) X(R, str, from_address) X(R, str, to_name) \
    X(R, str, to_address) X(R, str, subject) X(R, str, text) X(R, str, html) \
    X(R, str, internet_id) X(R, str, state) X(R, str, error) X(R, int64_t, created_ms) \
    X(R, int64_t, sent_ms)
EXPORT_ROW(letter, LETTER_ROW)
/* clang-format on */
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
