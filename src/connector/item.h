/* item: what a network's delivery says, in Seva's words: the result of a connector's parse. Nothing
 * here is checked against what Seva has: care/inbound.h does that. All texts are valid UTF-8 (json
 * and utf8 see to it) and live in the arena of the parse; empty = the network did not say.
 * Thread: values. */
#pragma once
#include "base/str.h"

enum connector_item_kind {
    ITEM_MESSAGE,  /* somebody wrote: the customer, or (is_ours) we ourselves elsewhere */
    ITEM_EDIT,     /* external_id has this text now */
    ITEM_DELETE,   /* external_id is gone on the network */
    ITEM_REACTION, /* the contact reacted to external_id with `reaction`; empty = took it back */
    ITEM_STATUS,   /* what became of our message external_id (or ours_ref): `state` */
    ITEM_READ,     /* the contact has got (state "delivered") or read (state "read") everything of
                    * ours in this thread up to sent_ms */
    ITEM_PERSON,   /* the contact's name, handle, picture, or (is_gone) that we cannot reach them */
    ITEM_ACCOUNT,  /* about our account there: `state` is "revoked", "limited", "restored" or
                    * "template"; `error` says it in words */
    ITEM_MOVED, /* the thread moved_from is thread_key from now on; contact empty = everybody's */
    ITEM_CALL,  /* what a telephone call external_id does now: `call`; contact as for a message */
    ITEM_NAMED, /* message external_id is there, and what it says is not: unless it is known, the
                 * channel is polled at once */
};

/* A file that came with a message: by address, or by the network's own id (connector.media turns it
 * into an address at the moment of fetching). */
struct connector_attachment {
    str url;      /* http(s), as the network gave it; never with our credentials in it */
    str media_id; /* when there is no address */
    str name, type;
};

/* What a public message stands under: the post and its author. */
struct connector_post {
    str external_id; /* empty = no post */
    str url, text, author_name, author_handle, image_url;
    str kind; /* "post", "video", "story", "review", "ad"; empty = post */
    int64_t at_ms;
    bool is_ours;
};

/* Of a telephone call: what a delivery tells of it; empty and 0 = nothing new. */
struct connector_call_news {
    str state;        /* ringing menu queued answered ended */
    str outcome;      /* answered missed voicemail message failed */
    str ref;          /* connector_call.ref when the network brings it back */
    str agent_phone;  /* whose phone has picked up */
    int64_t position; /* in the queue, from 1 */
    int64_t talk_s;   /* how long they talked */
    bool is_returned; /* the phone that it was taken for did not answer: the caller waits again */
    str error;        /* what went wrong, in words */
};

struct connector_mail;
struct connector_item {
    enum connector_item_kind kind;
    str fault; /* words: why this item is not understood; then only `raw` is set */
    str raw;   /* JSON (or text) of a faulty item; it must be a delivery that parse takes again */

    str account;        /* the network's id of our account; empty = the channel it came in on */
    str external_id;    /* of the message; for EDIT, DELETE, REACTION, STATUS: of the one meant */
    const str *aliases; /* other ids that the network uses for the same message */
    ptrdiff_t n_aliases;
    str thread_key; /* the network's thread; private: empty = one per person; public: the root post
                     * ("post:<id>"), so that a person has one conversation per post */
    bool is_ours;   /* written by us: an echo of an API send, or typed in the network's own app */
    str ours_ref;   /* connector_outgoing.delivery_id when the network brings it back */
    bool is_public;

    /* The customer (also when is_ours: the one it went to). */
    str contact_external_id;
    str contact_other_id; /* an id under which the person may be known already */
    str contact_name, contact_handle, contact_email, contact_phone, contact_language;
    str contact_avatar_url, contact_profile_url, contact_location;

    str text;
    str parts;    /* JSON array, see connector/part.h; empty = text and files only */
    str reply_to; /* external id of the message that it answers */
    const struct connector_attachment *attachments;
    ptrdiff_t n_attachments;
    struct connector_post post;
    int64_t sent_ms;   /* the network's time; 0 = it did not say */
    bool opens_window; /* false for what a network does not count as a customer's message although
                        * it looks like one (ITEM_MESSAGE only; parse sets it) */
    int64_t window_ms; /* opens_window: the network keeps its window open so long after this one,
                        * longer than its rule says (an advertisement led here); 0 = by the rule */

    str state, error;
    str reaction;
    bool is_gone;
    str moved_from;
    str replaced_by; /* DELETE: the id of what stands in its place; should that be the same message
                      * (corrected, or sent twice), nothing is gone */
    str token;       /* what the network wants to see again when this message is answered, quoted or
                      * marked as read; at most READING_TOKEN_BYTES, for the connector only (see
                      * connector_outgoing.token); empty = nothing */
    bool wants_lookup; /* MESSAGE: name, files or post are not in the delivery; connector.lookup
                        * brings them */
    bool wants_author; /* MESSAGE: the delivery does not say whether it is ours: connector.lookup is
                        * asked before it is taken; what that does not find is taken as it is */
    bool is_answered;  /* MESSAGE: somebody has dealt with it already (a call that was answered) */
    struct connector_call_news call;
    struct connector_mail *mail; /* MESSAGE of a mailbox; NULL = it is no mail */
};

struct connector_batch {
    struct connector_item *items;
    ptrdiff_t n;
    str delivery_id; /* names what is delivered: the sender's id of the delivery, or the id of the
                      * single good message; empty = the hash of the body will do */
    bool wants_poll; /* the delivery says that something is there, not what: poll at once */
};
