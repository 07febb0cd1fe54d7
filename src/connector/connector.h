/* A connector: everything Seva knows about one network, as one `const struct connector`. It is
 * pure: bytes in, values out, and one outgoing call through the client it is given; it never sees
 * the database. Adding one = one file, one row in registry.c, golden files in tests/connector/.
 *
 * Order for what comes in: verify on the raw bytes, then parse. Unknown fields are ignored; an item
 * that cannot be understood comes back with its fault and its raw text and does not spoil the rest.
 * Thread: any; calls block (job threads). */
#pragma once
#include "base/json.h"
#include "net/http_client.h"

/* ── in ─────────────────────────────────────────────────────────────────────────────────────────
 */

struct connector_hook {
    const struct http_request *req;
    str secret, old_secret; /* old: empty, or still good after a rotation */
    int64_t now_ms;
};

struct connector_attachment {
    str url, name;
};
struct connector_item {
    str fault; /* words: why this item is not understood; then only `raw` is set */
    str raw;   /* JSON of a faulty item */
    str external_id;
    str thread_key;
    str contact_external_id, contact_name, contact_email, contact_phone, contact_language;
    str text;
    int64_t sent_ms; /* the network's time, at most received_ms */
    const struct connector_attachment *attachments;
    ptrdiff_t n_attachments;
};
struct connector_batch {
    const struct connector_item *items;
    ptrdiff_t n;
    str delivery_id; /* names what is delivered: the id of a single good message; empty = nothing */
};

/* ── out ────────────────────────────────────────────────────────────────────────────────────────
 */

enum connector_outcome {
    CONNECTOR_SENT,    /* the network has it */
    CONNECTOR_FINAL,   /* it will never take this one: tell the agent */
    CONNECTOR_RETRY,   /* not taken, try again with back-off */
    CONNECTOR_WAIT,    /* not taken, try again at wait_until_ms */
    CONNECTOR_REAUTH,  /* our credentials are refused: the channel needs its people */
    CONNECTOR_UNKNOWN, /* may have been taken */
};
const char *connector_outcome_name(enum connector_outcome o);

struct connector_outgoing {
    str delivery_id; /* the same for every try of this message */
    str settings;    /* the channel's, JSON */
    str secret, old_secret;
    str event_json; /* {message, conversation, contact}: public views (api) */
    str text;
    int64_t now_ms;
};
struct connector_sent {
    enum connector_outcome outcome;
    str external_id; /* the network's id of the message, when it gave one */
    str why;         /* words when not SENT */
    int64_t wait_until_ms;
};

struct connector_setting {
    const char *name, *kind; /* kind: "text", "url", "secret", "list" */
    bool is_required;
    const char *help;
};

struct connector {
    str name; /* channel.kind, and the word in /hooks/<name>/… */
    str title;
    const struct connector_setting *settings; /* ended by {0} */
    int64_t reply_window_ms; /* after the customer's last message; 0 = always open */
    ptrdiff_t max_text_bytes;
    bool repeats_safely; /* the network knows a repetition by delivery_id: UNKNOWN may be resent */
    /* NULL: this network does not call us. Constant time, before any parsing. */
    err (*verify)(const struct connector_hook *hook, str *why);
    /* NULL as above. E_INVALID with words: the body as a whole is not this network's. */
    err (*parse)(
        struct arena *a, str body, int64_t received_ms, struct connector_batch *batch, str *why);
    /* NULL: nothing to send, a stored message is a sent one. E_BUSY only without memory. */
    err (*send)(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
        struct connector_sent *sent);
};

extern const struct connector connector_widget;
extern const struct connector connector_api;

/* NULL when there is no such network. */
const struct connector *connector_find(str name);
