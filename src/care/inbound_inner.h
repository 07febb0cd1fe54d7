/* What the files of inbound (inbound.h) share: the batch on its way through them. inbound.c checks
 * the items and leads, inbound_threads.c finds who wrote and where it belongs, inbound_apply.c
 * makes messages of them, inbound_write.c writes everything set-wise. Everything lives in the arena
 * of cx. Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "base/map.h"
#include "care/identity.h"
#include "care/inbound.h"
#include "store/event.h"

/* The messages of one person in one thread of the channel go into one conversation; those that say
 * where they belong, there. */
struct inbound_thread {
    struct person *person;
    str key;
    conversation_id into; /* {0} = by person and key */
    struct conversation c;
    int64_t recent_key; /* as it was found */
    bool is_known;      /* c was found */
    bool is_new;        /* c is made by this batch */
    bool is_touched;    /* c has a message of this batch */
    bool was_waiting;   /* c was open and waiting already */
    bool is_moved;      /* its place or visibility is another than was found */
    bool has_in;        /* a customer's message of this batch */
};

struct inbound_batch {
    struct ctx *cx;
    const struct inbound_item *items;
    struct inbound_result *results;
    ptrdiff_t n;
    struct person **person_of; /* by item; NULL = refused */
    struct inbound_thread **thread_of;
    struct people people;
    struct inbound_thread *threads;
    ptrdiff_t n_threads;
    struct message *messages; /* to be stored: at most two per item (activity and message) */
    struct message **message_of;
    ptrdiff_t n_messages;
    struct event_new *events;
    ptrdiff_t n_events;
    int64_t reopen_ms;      /* −1 = not read yet */
    struct map by_external; /* channel and id → struct inbound_result */
    bool has_network;       /* items that only networks send */
};

/* ── inbound_threads.c ── */

/* Sets person_of (a result that is refused says why) and thread_of of the items whose result is OK,
 * and c of the threads that have a conversation already. */
err inbound_find_threads(struct inbound_batch *b);

/* ── inbound_apply.c ── */

/* In the order of their time: messages, events and results of the items that have a thread, and
 * what each does to its conversation. Nothing is written but what a network's item changes of what
 * is stored (echoes, posts). */
err inbound_apply_items(struct inbound_batch *b);

/* ── inbound_write.c ── */

/* People, conversations, messages, events, notifications. */
err inbound_write_all(struct inbound_batch *b);
