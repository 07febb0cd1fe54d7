/* identity: who wrote: finds or makes the person behind (channel, external id), for a batch.
 * A new identity joins a known contact only when both are proved: the channel verified the sender
 * and the contact of the same mail address has a verified identity too (docs/product.md CR-1), or
 * when whoever gave the address in a chat has answered from it (inbound_item.known_as). A chat's
 * identity never joins a contact that has another one there, or an unproven one in any chat:
 * visitors hear what is said in all chats of their contact. Anything else makes a new contact. Not
 * here: taking apart what was joined (identity_separate.h). Thread: the caller's; its WRITE
 * transaction.
 */
#pragma once
#include "base/map.h"
#include "care/inbound.h"
#include "store/identity.h"

struct person {
    channel_id channel;
    str external_id;
    identity_id identity;
    contact_id contact;
    str name, avatar_url, language;
    str channel_name;
    contact_id known_as; /* of any of its items */
    bool is_chat;        /* of a website chat */
    bool is_joined;      /* new, and a known contact's */
    bool is_new;         /* the identity is made by this batch */
    bool is_new_contact;
    bool is_touched; /* last_seen_ms is old: raise it */
    err refusal;     /* with why: nothing of this person is taken */
    const char *why;
    const struct inbound_item *first;
};

struct people {
    struct person *at;
    ptrdiff_t n;
    struct map by_key;
};
/* Room for n persons. */
struct people people_make(struct arena *a, ptrdiff_t n);
/* The person of an item; known after people_resolve. */
err people_want(
    struct people *people, struct ctx *cx, const struct inbound_item *item, struct person **person);
err people_resolve(struct people *people, struct ctx *cx);
/* Contacts and identities that are new, and last_seen_ms of the others. E_BUSY when another node
 * made the same identity at the same moment. */
err people_write(struct people *people, struct ctx *cx);
