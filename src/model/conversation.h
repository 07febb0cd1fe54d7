/* conversation: one exchange with a person on one channel, as the rooms share it; its contact and
 * messages. Members are named as their columns. Texts of states are the stored and public ones; the
 * sets and orders over them are here. Not here: rules (care/), SQL (store/). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

enum conversation_status {
    CONVERSATION_OPEN,
    CONVERSATION_PENDING, /* waits for the customer */
    CONVERSATION_SNOOZED, /* comes back by itself */
    CONVERSATION_RESOLVED,
};
enum { CONVERSATION_STATUS_COUNT = CONVERSATION_RESOLVED + 1 };

struct conversation {
    conversation_id id;
    int64_t number; /* per account, what people say */
    channel_id channel_id;
    identity_id identity_id;
    contact_id contact_id;
    str thread_key; /* the channel's own thread; empty = one per identity */
    str status, priority;
    agent_id assignee_id;
    team_id team_id;
    str subject, preview, preview_kind;
    message_id last_message_id;
    int64_t last_message_ms;
    message_id last_in_id;
    int64_t last_in_ms;
    int64_t in_count;         /* of the customer's messages; a program's do not count */
    int64_t waiting_since_ms; /* first customer message without an answer; 0 = none */
    int64_t due_key, wait_key;
    int64_t snoozed_until_ms;
    str outcome, language;
    conversation_id previous_id;
    conversation_id related_id; /* its mail answered there, from somebody who is not proven to take
                                 * part; {0} = none */
    conversation_id joined_id;  /* its messages are there now; {0} = here */
    int64_t resolved_ms;
    int64_t tag_count;
    int64_t version;
    int64_t created_ms, updated_ms;
    post_id post_id;   /* what its public messages stand under; {0} = nothing */
    str visibility;    /* "private" or "public": where the customer wrote last */
    int64_t window_ms; /* public: their last private message; 0 = none */
    /* joined */
    str channel_kind, channel_name, contact_name, contact_email, contact_avatar_url;
    str removed_kind; /* the channel's, when it was removed; channel_kind is empty then */
    /* filled by the rooms that show it */
    struct str_list tags; /* names, sorted */
    bool is_contact_online;
    bool is_mine_filled; /* unread_count and has_draft belong to the asking agent */
    int64_t unread_count;
    bool has_draft;
};

struct contact {
    contact_id id;
    str name, email, phone, language, time_zone, location, company, note;
    str custom; /* JSON object; empty = none */
    str avatar_url;
    bool is_blocked;
    int64_t created_ms, last_seen_ms, updated_ms;
    bool is_online;
    str page_url, page_title; /* filled by the rooms that show it: what a visitor reads now */
};

struct identity {
    identity_id id;
    contact_id contact_id;
    channel_id channel_id;
    str external_id, handle;
    bool is_verified;
    int64_t last_seen_ms;
    str profile_url, avatar_url;
    str other_id;    /* another id of the same person there; empty = none */
    int64_t gone_ms; /* cannot be reached since then; 0 = can */
};

struct message {
    message_id id;
    conversation_id conversation_id;
    channel_id channel_id;
    str external_id;   /* the channel's id; empty = not known yet */
    str kind;          /* in out note activity */
    bool is_automatic; /* a program's, and quiet (in); nobody wrote it (out) */
    str author_kind;   /* contact agent system token */
    int64_t author_id;
    str author_name;
    str text, state, error;
    int64_t held_until_ms; /* held: goes out then; 0 = it waits for its writer (care/plan.h) */
    int64_t planned_ms;    /* it was to go out then; 0 = when it was written */
    str client_id;
    str visibility;
    str activity;    /* JSON */
    str mentions;    /* ",1,2," */
    str attachments; /* JSON array of public views; empty = none */
    str then_from;   /* status before "send and resolve" */
    str parts;       /* JSON array, connector/part.h; empty = none */
    str reactions;   /* JSON array of {emoji, by, name}; empty = none */
    str pieces;      /* JSON array of what has gone out of a message in pieces; empty = in one */
    str token;       /* what the network wants to see with an answer (connector_item.token) */
    message_id reply_to_id;
    int64_t sent_ms, received_ms, edited_ms, read_ms;
    int64_t deleted_ms;    /* gone on the network; 0 = not */
    letter_id letter_id;   /* of a chat: it has gone out with that, or answers it; as stored by
                            * message_set_letter */
    int64_t window_ms;     /* in, private, as it is stored (not read back): opens the reply window
                            * so long; 0 = by the network's rule, -1 = not at all */
    str author_photo_hash; /* joined */
};

/* What public messages stand under. */
struct post {
    post_id id;
    channel_id channel_id;
    str external_id, kind, url, text, author_name, author_handle, image_url;
    bool is_ours;
    int64_t at_ms;
};

/* A network's window for private messages. */
struct message_window {
    int64_t opened_ms; /* the customer's last message that opens it; 0 = there is none */
    int64_t until_ms;  /* an advertisement has opened it until then; 0 = none has */
};
/* The customer's last private message: from then on the network counts its reply window. */
int64_t conversation_window_ms(const struct conversation *c);

/* "open" …; false when the text is none of them. */
str conversation_status_name(enum conversation_status s);
bool conversation_status_by_name(str name, enum conversation_status *s);
/* NULL-terminated, for declared inputs. */
extern const char *const conversation_status_words[];
extern const char *const conversation_priority_words[];
extern const char *const conversation_outcome_words[];

/* Computes due_key and wait_key from the other members; ascending = sooner.
 * due: what waits comes first, by the time it began to wait moved ahead by its priority (low −4 h,
 * medium 1 h, high 4 h, urgent 24 h); after all of it the rest, newest first.
 * wait: what waits by the time it began to wait, then the rest. */
void conversation_set_keys(struct conversation *c);
/* Where "newest first" files it: last_message_ms in steps of ten seconds, as migration 0006 says.
 */
int64_t conversation_recent_key(int64_t last_message_ms);
/* The first and the last time that have this key. */
void conversation_recent_times(int64_t recent_key, int64_t *from_ms, int64_t *to_ms);

/* The order in which a message's delivery can go: a state moves only to a higher rank. 0 = unknown
 * text. held 1, queued 2, sending 3, unknown 4, failed 5, sent 6, delivered 7, read 8; cancelled
 * and received are ends (9). failed and unknown may go back to queued by a retry only. */
int message_state_rank(str state);
