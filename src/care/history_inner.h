/* What the files of history (history.h) share: the batch on its way through them. history.c reads
 * the lines and leads, history_place.c finds people and conversations, history_apply.c makes
 * messages and writes. Everything lives in the arena of cx. Thread: the caller's. */
#pragma once
#include "care/history.h"
#include "model/access.h"
#include "model/conversation.h"
#include "model/view_conversation.h"

/* On the other side of the conversation. */
struct history_person {
    channel_id channel;
    str external_id, name, handle, email, location;
    identity_id identity;
    contact_id contact;
    int64_t first_ms, seen_ms, known_seen_ms; /* of the batch: earliest; wrote last; as stored */
    bool is_new, is_used, is_named; /* is_named: a stored contact without a name gets this one */
};

struct history_talk {
    struct conversation c;
    struct history_person *person; /* of a new one */
    str thread;
    bool is_known, is_new;
    bool was_waiting; /* open and waiting as it was found */
    bool has_older;   /* a message of the batch stands before what was there */
    bool has_out;
    bool is_touched, has_newest;
    int64_t since_ms; /* first customer message of the batch that none of ours came after */
    message_id found_last;
};

struct history_item {
    struct history_line *line;
    ptrdiff_t at; /* its place in the batch */
    const struct channel *channel;
    const struct agent *agent; /* out: whose it is; NULL = nobody of the account */
    str id, thread, text, reply_to, author_name;
    str who_id, who_name, who_handle, who_email, who_location;
    bool is_in, is_public;
    int64_t sent_ms;
    struct history_item *first;   /* an earlier line with the same id */
    struct history_item *answers; /* of this batch */
    const struct message *answers_stored;
    struct history_person *person;
    struct history_talk *talk;
    message_id message;
};

struct history_batch {
    struct ctx *cx;
    const struct history *h;
    struct history_item *items;
    ptrdiff_t n;
    struct map by_id;     /* channel and id → struct history_item */
    struct map by_person; /* channel and id → struct history_person */
    struct map by_thread; /* channel and thread → struct history_item with a person */
    struct map by_found;  /* channel and thread → struct history_talk that is stored */
    struct map by_place;  /* identity and thread → struct history_talk */
    struct map by_talk;   /* conversation's id → struct history_talk */
    struct history_person *people;
    ptrdiff_t n_people;
    struct history_talk *talks;
    ptrdiff_t n_talks;
};

/* What a line says, without looking at what is stored; E_INVALID with words, and mostly the field.
 * Also for lines that are replayed (replay.h). */
err history_read(struct ctx *cx, const struct history *h, str text, struct history_item *item);
/* To be added, as far as is known. */
bool history_is_going(const struct history_item *item);
int64_t history_key(struct arena *a, char kind, const struct channel *channel, str key);
/* Sets talk of the items that go; one that finds none waits or is wrong. */
err history_place_all(struct history_batch *b);
err history_apply_all(struct history_batch *b);
