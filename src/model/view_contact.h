/* view_contact: the public JSON of a contact with its identities (API "Contacts"). Fields are only
 * ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/conversation.h"
#include "model/shape.h"

extern const struct shape contact_shape, contact_short_shape;

/* An identity and the kind of its channel. */
struct identity_shown {
    identity_id id;
    channel_id channel_id;
    str channel_kind, external_id, handle;
    bool is_verified;
    int64_t last_seen_ms;
};
/* conversations < 0: left out (lists); current_page when c->page_url is filled. */
void contact_view(struct json_out *j, const struct contact *c,
    const struct identity_shown *identities, ptrdiff_t n, int64_t conversations);
