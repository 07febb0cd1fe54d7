/* outgoing: what goes to a network and what it says to that. Thread: values. */
#pragma once
#include "base/str.h"

struct connector_letter;
struct mail_reached;

/* A channel as its connector sees it. Live values: read once per call, never kept. */
struct connector_setup {
    str settings;    /* JSON object: what the form asked; nothing secret */
    str secrets;     /* JSON object: the form's secret settings and tokens (access_token,
                      * refresh_token, expires_ms, …), opened; never logged, never in `why` */
    str external_id; /* the network's id of our account; empty until it is known */
    str handle;      /* "@BrandHelp" */
    str hook_url;    /* where the network reaches this channel; public address, no trailing slash */
    str hosts;       /* the operator's base addresses, see connector_host_url */
    str secret,
        old_secret; /* the channel's own key (api: signs both ways; a verify token elsewhere) */
};

enum connector_outcome {
    CONNECTOR_SENT,    /* the network has it (for other calls: it did as told) */
    CONNECTOR_FINAL,   /* it will never take this one: tell the agent */
    CONNECTOR_RETRY,   /* not taken, try again with back-off */
    CONNECTOR_WAIT,    /* not taken, try again at wait_until_ms: a limit, not a fault */
    CONNECTOR_REAUTH,  /* our credentials are refused: the channel needs its people */
    CONNECTOR_UNKNOWN, /* may have been taken */
};
const char *connector_outcome_name(enum connector_outcome o);

/* What an answer said about a limit. limit 0 = nothing was said. */
struct connector_rate {
    int64_t limit, remaining;
    int64_t reset_ms; /* Unix; when `remaining` is `limit` again; 0 = it did not say */
};

struct connector_file {
    str name, type;
    int64_t size;
    str blob_name;  /* under which Seva keeps it; `path` comes from it before the call */
    str path;       /* on this machine, readable until the call returns */
    str content_id; /* by which the HTML of a mail names it (care/mail_body.h) */
    str url; /* a public address that serves it for an hour; empty when the installation has none */
    str preview_url; /* a public address of a small picture of it (JPEG or PNG, at most 1 MB), for
                      * networks that want one; empty = there is none */
};

/* One piece of a message: care/pieces.h has cut the message so that each piece is one send. */
struct connector_outgoing {
    const struct connector_setup *setup;
    str delivery_id; /* the same for every try of this piece, different between pieces; at most 40
                      * characters of [0-9a-z.-] */
    str to;          /* the person's id on the network */
    str to_handle;   /* "@asha_r" without the @; may be empty */
    str thread_key;
    str reply_to; /* external id of the message to answer; public: never empty */
    str post;     /* public: external id of the root post */
    bool is_public;
    bool is_private_reply; /* private, to the author of the public message reply_to */
    str text;
    str parts; /* see part.h */
    const struct connector_file *files;
    ptrdiff_t n_files;
    int64_t last_in_ms;      /* the customer's last message that counts for the reply window */
    int64_t window_until_ms; /* an advertisement has opened it until then; 0 = none has */
    bool is_by_person;       /* an agent wrote it, no program */
    str event_json;          /* {message, conversation, contact}: public views (api) */
    int64_t now_ms;
    int64_t first_try_ms; /* when the piece was first tried; = now_ms then */
    str token; /* connector_item.token of reply_to, else of the customer's last message; empty = not
                * kept: then the network's way without it is taken */
    str reply_to_parts; /* parts of the message reply_to; empty = none, or not known */
    const struct connector_letter *letter; /* of a mailbox; NULL = it is no mail */
    str to_other; /* another id of the same person (connector_item.contact_other_id); empty = none,
                   * or not known */
};
struct connector_sent {
    enum connector_outcome outcome;
    str external_id;    /* the network's id of the message, when it gave one */
    const str *aliases; /* other ids of the same */
    ptrdiff_t n_aliases;
    str thread_key; /* when the send opened or named a thread */
    str why;        /* words when not SENT */
    int64_t wait_until_ms;
    bool is_channel_wide; /* WAIT, RETRY, REAUTH: concerns the whole channel, not this message;
                           * FINAL: the account lacks something (a permission, payment, its plan)
                           * that its people must see to: `why` says what */
    struct connector_rate rate;
    str rate_name; /* which budget; empty = the channel's */
    str to; /* the person's id as the network has it, when it is not the one given: what the person
             * writes comes from this one */
    const struct mail_reached *reached; /* a letter's recipients, those that were asked about */
    ptrdiff_t n_reached;
    str answer;       /* SENT, of a letter: the server's own words; empty = none */
    int64_t again_ms; /* SENT, WAIT: some of them are to be tried again then; 0 = nobody waits */
};
