/* identity: a person on one channel: (channel, external id) → contact. Not here: merging people
 * (care/identity.h). Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"
#include "model/view_contact.h"

/* What the receive path needs to know of a known sender. */
struct identity_known {
    identity_id id;
    channel_id channel_id;
    str external_id;
    bool is_verified;
    contact_id contact_id;
    str contact_name, contact_avatar_url;
    bool is_blocked;
    int64_t seen_ms, contact_seen_ms;
};
/* keys: channel_id and external_id count. */
err identity_find_many(struct ctx *cx, const struct identity *keys, ptrdiff_t n,
    struct identity_known **found, ptrdiff_t *n_found);
/* changed < n: another node made one of them at the same moment. */
err identity_add_many(struct ctx *cx, const struct identity *rows, ptrdiff_t n, int64_t *changed);
/* Raises last_seen_ms of each to its time. */
err identity_touch_many(struct ctx *cx, const identity_id *ids, const int64_t *at_ms, ptrdiff_t n);
/* With the kind of each one's channel; at most 50. */
void identity_list_ahead(struct ctx *cx, contact_id contact); /* see db_ahead */
err identity_list(struct ctx *cx, contact_id contact, struct identity_shown **rows, ptrdiff_t *n);
/* Those of many contacts, in no promised order. */
struct identity_of {
    identity_id id;
    channel_id channel_id;
    str channel_kind, external_id, handle;
    bool is_verified;
    int64_t last_seen_ms;
    contact_id contact_id;
};
err identity_list_many(struct ctx *cx, const struct contact *contacts, ptrdiff_t n,
    struct identity_of **rows, ptrdiff_t *n_rows);
/* The contact's identity on a channel; E_NOT_FOUND (no words). */
err identity_on_channel(
    struct ctx *cx, contact_id contact, channel_id channel, struct identity *identity);
err identity_get(struct ctx *cx, identity_id id, struct identity *identity);
/* Gives the identity to another contact, or marks it as proved. */
err identity_set(struct ctx *cx, const struct identity *identity);
/* Known under another id (struct identity.other_id); E_NOT_FOUND (no words). */
err identity_find_other(
    struct ctx *cx, channel_id channel, str other_id, struct identity_known *known);
/* The same of many: keys' external_id is the other id, which `found` gives back as external_id. */
err identity_find_other_many(struct ctx *cx, const struct identity *keys, ptrdiff_t n,
    struct identity_known **found, ptrdiff_t *n_found);
err identity_set_other(struct ctx *cx, identity_id id, str other_id);
/* What the network says of the person; empty texts leave what is there; gone_ms 0 = can be reached.
 */
err identity_set_network(
    struct ctx *cx, identity_id id, str handle, str profile_url, str avatar_url, int64_t gone_ms);
/* The person proved who it is: its identity takes the new external id and is verified from now on.
 * E_CONFLICT when another has it. */
err identity_rename(struct ctx *cx, identity_id id, str external_id);
