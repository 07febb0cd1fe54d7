/* A connector: everything Seva knows about one network, as one `const struct connector`. It is
 * pure: bytes in, values out, and calls through the client it is given; it never sees the database.
 * Adding one = one file, one row in registry.c, golden files in tests/connector/ (see
 * docs/adding-a-connector.md).
 *
 * Order for what comes in: verify on the raw bytes, then parse. Unknown fields and unknown events
 * are ignored; an item that cannot be understood comes back with its fault and its raw text and
 * does not spoil the rest. What is polled or streamed goes the same way: poll and listen give
 * deliveries, which are stored raw and parsed later, as if the network had called.
 *
 * Errors of every call: E_BUSY only when memory ended; everything else is an outcome.
 * Thread: any; calls block (job threads); no state between calls. */
#pragma once
#include "base/json.h"
#include "connector/item.h"
#include "connector/outgoing.h"
#include "net/http_client.h"
#include "text/length.h"

struct oauth1_provider;
struct oauth2_provider;

/* ── the form ── */

struct connector_setting {
    const char *name, *kind; /* kind: "text", "url", "host" (a server's name: secrets go there),
                              * "secret", "list", "choice", "number", "json" (an object), "lines"
                              * (text of several lines), "texts" (text/fill.h: what is written by
                              * itself, by language) */
    bool is_required;
    const char *help;     /* English, one sentence; the console has its own words by name */
    const char *standard; /* what is taken when it is left out; NULL = empty */
    const char *choices;  /* "choice": words, with spaces */
};
/* A base address of the network. The operator can set another ("<kind>.<name>=URL"); the demo
 * points all at the simulator. */
struct connector_host {
    const char *name, *url; /* no trailing slash */
};

/* ── the network's rules ── */

enum connector_able {
    ABLE_HOOK = 1 << 0,          /* the network calls us */
    ABLE_POLL = 1 << 1,          /* we ask */
    ABLE_LISTEN = 1 << 2,        /* a stream */
    ABLE_PRIVATE_REPLY = 1 << 3, /* a private message to the author of a public one */
    ABLE_DELIVERED = 1 << 4,     /* it reports delivery */
    ABLE_READ = 1 << 5,          /* it reports reading */
    ABLE_BEGIN = 1 << 6,         /* we may write first */
    ABLE_QUOTE = 1 << 7,         /* private: a reply can name the message it answers */
    ABLE_BUTTONS = 1 << 8,
    ABLE_TEMPLATES = 1 << 9,
    ABLE_CALLS = 1 << 10, /* voice */
    ABLE_COMMENTS = 1 << 11,
    ABLE_COMPARE = 1 << 12, /* its stream compares itself with what the network has */
};
enum connector_act_kind {
    ACT_DELETE,
    ACT_EDIT,
    ACT_REACT,
    ACT_HIDE,
    ACT_UNHIDE,
    ACT_LIKE,
    ACT_READ
};
enum { ACT_KINDS = ACT_READ + 1 };

/* A kind of file: every type that fits `types`. */
struct connector_media {
    const char *types; /* "image/jpeg image/png", "video/" (prefix), "*" */
    int64_t max_bytes;
};
/* What a message of one visibility may be. */
struct connector_rules {
    enum length_unit unit;
    int64_t max_length;           /* 0 = this visibility is not offered */
    int64_t max_bytes;            /* of the text too (Bluesky); 0 = only the unit counts */
    int64_t max_length_with_file; /* of the text that goes along with files; 0 = text and files go
                                   * as separate pieces */
    int files_per_piece;          /* 0 = no files */
    const struct connector_media *media; /* ended by {0} */
    int64_t reply_window_ms;             /* after the customer's last message; 0 = always open */
    int64_t late_window_ms;    /* longer, for a person's answer only (HUMAN_AGENT); 0 = none */
    bool needs_template_after; /* when the window is closed a template still goes */
    bool may_number;           /* "(1/3)" before the parts of a long text is usual there */
    bool may_split;
    const char *length_setting; /* the setting that says max_length for this account (a number);
                                 * NULL = none */
    bool is_chain; /* public: a further piece answers the piece before it, not the customer */
    const char *alone_types; /* files of these types ("audio/ image/webp") go without text: it
                              * becomes a piece of its own; NULL = none */
    const char *alone_parts; /* parts of these types ("location contact") go without text and files:
                              * they become the last piece; NULL = none */
};

/* ── calls ── */

struct connector_hook {
    const struct http_request *req;
    const struct connector_setup *setup;
    int64_t now_ms;
};
struct connector_answer {
    int status;
    const char *content_type;
    str body;
};

/* What was stored of a delivery. origin: "hook", or what poll and listen gave. */
struct connector_raw {
    str body, content_type, origin;
    int64_t received_ms;
};

/* One delivery that we fetched. key: names it for ever (repetitions are dropped by it). origin: at
 * most 200 bytes, handed back to parse: says what kind of answer the body is, and whose. */
struct connector_delivery {
    str key, origin, content_type, body;
    const struct connector_about *about; /* while a stream compares itself; else NULL */
};
/* What people are told of a delivery that was missed. */
struct connector_about {
    str external_id, from, text;
    int64_t sent_ms; /* 0 = unknown */
};
struct connector_poll {
    const struct connector_setup *setup;
    str cursors;      /* JSON object, as the last poll left it; "{}" at first */
    int64_t since_ms; /* > 0: everything since then, whatever the cursors say (reconcile) */
    int64_t now_ms;
};
struct connector_polled {
    struct connector_sent end; /* SENT = asked and answered; else as for a send */
    const struct connector_delivery *deliveries;
    ptrdiff_t n;
    str cursors;     /* to be stored with the deliveries; empty = unchanged */
    int64_t next_ms; /* when to ask again; 0 = the connector's poll_ms from now */
    bool has_more;   /* ask again at once */
};
/* Takes a delivery of a stream with the cursors after it, durably. False = stop listening. */
typedef bool connector_take(void *arg, const struct connector_delivery *delivery, str cursors);
/* The same for several with bodies, which are stored together: all of them or none. */
typedef bool connector_take_many(
    void *arg, const struct connector_delivery *deliveries, ptrdiff_t n, str cursors);
/* A long body, piece by piece, into a file; the delivery that is taken next has it (its body is
 * empty; without a key it is known by its bytes). An empty piece begins anew. False: it cannot be
 * kept now. */
typedef bool connector_keep(void *arg, str piece);
/* For streams whose network shows what it has: which of these messages (by an id that a delivery's
 * message has, or an alias) are here. n = 0: a comparison begins. False = stop listening. */
typedef bool connector_knows(void *arg, const str *ids, ptrdiff_t n, bool *known);
/* A comparison has ended: `seen` messages were there. Deliveries taken since it began that were not
 * here before were missed. */
typedef bool connector_compared(void *arg, int64_t from_ms, int64_t until_ms, int64_t seen);
/* Whether somebody wants a comparison now: asked when http_client_wake has woken the stream. */
typedef bool connector_asked(void *arg);
struct connector_listen {
    const struct connector_setup *setup;
    str cursors;
    connector_take *take; /* delivery NULL = only a sign of life */
    connector_take_many *take_many;
    connector_keep *keep;
    void *arg;
    int64_t now_ms;
    int64_t born_ms;        /* when the channel was created; 0 = not known */
    connector_knows *knows; /* NULL = nobody compares */
    connector_compared *compared;
    connector_asked *asked; /* NULL = nobody does */
};

struct connector_checked {
    struct connector_sent end;
    /* Accounts that these credentials reach: one, or several to choose from (pages). secrets:
     * what is to be merged into the channel's secrets when it is chosen; empty = nothing. */
    struct connector_account {
        str external_id, handle, name, avatar_url, secrets, settings;
    } * accounts;
    ptrdiff_t n;
    int64_t expires_ms; /* of the credentials; 0 = never or unknown */
    str note;           /* what works less than it could, and what to do; empty = all well */
};
struct connector_refreshed {
    struct connector_sent end;
    str secrets; /* the whole new object */
    int64_t expires_ms;
};
struct connector_header {
    str name, value;
};
/* Where a file is to be fetched from now, and with what. */
struct connector_source {
    struct connector_sent end;
    str url;
    struct http_header headers[4];
    int n_headers;
    str sha256;   /* of the file's bytes, lower-case hex; empty = the network does not say */
    int64_t size; /* of the file in bytes; 0 = it does not say */
};
struct connector_act {
    const struct connector_setup *setup;
    enum connector_act_kind kind;
    str external_id; /* the message meant */
    str to, thread_key, post, text, reaction;
    bool is_public, is_ours;
    str delivery_id;
    int64_t now_ms;
    str token;      /* connector_item.token of the message meant; empty = it had none */
    bool is_typing; /* ACT_READ: also show that somebody writes an answer (WhatsApp says both about
                     * a message, so that `typing` is NULL there) */
};
struct connector_template {
    str name, language, category, state; /* state: "approved" or the network's word */
    str body, header, footer;            /* text with {{1}} or {{name}} */
    int n_variables;
    str buttons; /* JSON array of titles */
};
struct connector_templates {
    struct connector_sent end;
    const struct connector_template *at;
    ptrdiff_t n;
};

/* What is done to a telephone call. Repeating CALL_HANG_UP and CALL_LOOK is doing it once. */
enum connector_call_kind {
    CALL_DIAL, /* rings the agent's phone, then connects it to somebody */
    CALL_TAKE, /* a caller who waits is put through to the agent's phone */
    CALL_HANG_UP,
    CALL_LOOK, /* is it still there? */
};
enum { CALL_KINDS = CALL_LOOK + 1 };
struct connector_call {
    const struct connector_setup *setup;
    enum connector_call_kind kind;
    str external_id; /* the network's name of the call; DIAL: empty */
    str ref;         /* ours, digits */
    str phone;       /* of the agent: "+1555…" or "sip:…" */
    str to;          /* DIAL: the number to be reached */
    str language;    /* that the caller has chosen */
    int64_t now_ms;
};
struct connector_called {
    struct connector_sent end;       /* external_id: DIAL, the call's name */
    bool is_over;                    /* LOOK: the call has ended */
    struct connector_call_news news; /* LOOK, when it is over: how */
};

/* What a person is written to by who has not written yet (ABLE_BEGIN). */
enum connector_address {
    ADDRESS_ID,     /* only somebody whose id there is known */
    ADDRESS_PHONE,  /* "+15550001111" */
    ADDRESS_DIGITS, /* the same without "+" */
};

struct connector {
    str name; /* channel.kind, and the word in /hooks/<name>/… */
    str title;
    uint32_t able;         /* enum connector_able */
    uint32_t acts_private; /* bits of enum connector_act_kind */
    uint32_t acts_public;
    const struct connector_setting *settings; /* ended by {0} */
    const struct connector_host *hosts;       /* ended by {0}; NULL = none */
    struct connector_rules private_rules, public_rules;
    const char *approval; /* what the network wants to see first; NULL = nothing. English */
    bool repeats_safely;  /* it knows a repetition by delivery_id: UNKNOWN may be resent */
    bool reads_post;      /* a public answer reads the post on the network first */
    bool cut_is_unknown;  /* a try that ended with the process may have gone: it is not repeated */
    int64_t poll_ms;      /* between polls */
    int64_t send_gap_ms;  /* at least so long between two sends of a channel; 0 = none */
    /* Connected by a page of the network's; which names the form and the tokens have:
     * authorize.h. NULL = by the form alone. */
    const struct oauth1_provider *oauth1;
    const struct oauth2_provider *oauth2;

    /* A handshake instead of a delivery (GET, or a POST that only asks whether we are there). OK:
     * *answer goes out; E_NOT_FOUND: it is none; E_UNAUTHENTICATED with words. NULL = none. */
    err (*challenge)(struct arena *a, const struct connector_hook *hook,
        struct connector_answer *answer, str *why);
    /* NULL: this network does not call us. Constant time, before any parsing. */
    err (*verify)(struct arena *a, const struct connector_hook *hook, str *why);
    struct connector_answer taken; /* after the commit; status 0 = the usual JSON */
    /* NULL as above, without poll and listen. E_INVALID with words: the body as a whole is not this
     * network's. */
    err (*parse)(
        struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
    err (*poll)(struct http_client *client, struct arena *a, const struct connector_poll *in,
        struct connector_polled *out);
    /* Returns when the stream ends; `out` says how, and when to come back. The arena is reset by
     * nobody meanwhile: what is kept per delivery must be bounded. */
    err (*listen)(struct http_client *client, struct arena *a, const struct connector_listen *in,
        struct connector_polled *out);
    /* NULL: nothing to send, a stored message is a sent one. */
    err (*send)(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
        struct connector_sent *sent);
    err (*act)(struct http_client *client, struct arena *a, const struct connector_act *act,
        struct connector_sent *sent);
    /* Is it there, who are we, what may we do? Also right after an authorisation. */
    err (*check)(struct http_client *client, struct arena *a, const struct connector_setup *setup,
        int64_t now_ms, struct connector_checked *out);
    /* Tells the network where to call (on) or not to call any more. */
    err (*subscribe)(struct http_client *client, struct arena *a,
        const struct connector_setup *setup, bool on, struct connector_sent *sent);
    err (*refresh)(struct http_client *client, struct arena *a, const struct connector_setup *setup,
        int64_t now_ms, struct connector_refreshed *out);
    err (*media)(struct http_client *client, struct arena *a, const struct connector_setup *setup,
        const struct connector_attachment *at, struct connector_source *out);
    err (*templates)(struct http_client *client, struct arena *a,
        const struct connector_setup *setup, struct connector_templates *out);
    /* Instead of `taken`, after the commit: an answer that depends on the delivery (networks that
     * act on what a webhook is answered). Status 0 = `taken`. NULL = always `taken`. */
    struct connector_answer (*answer)(struct arena *a, const struct connector_hook *hook);
    /* Name, picture and language of somebody whom deliveries name by id only (an ITEM_PERSON).
     * NULL = deliveries say it. */
    err (*person)(struct http_client *client, struct arena *a, const struct connector_setup *setup,
        str contact_external_id, str thread_key, struct connector_sent *end,
        struct connector_item *person);
    /* Shows the contact for some seconds that somebody is writing. NULL = the network cannot. */
    err (*typing)(struct http_client *client, struct arena *a, const struct connector_setup *setup,
        str to, str thread_key, struct connector_sent *end);
    /* What a message's delivery left out (item.wants_lookup), or what has become of it since: at
     * most one delivery, of a message with the same external_id, or of its deletion. NULL =
     * deliveries are whole. */
    err (*lookup)(struct http_client *client, struct arena *a, const struct connector_setup *setup,
        str external_id, int64_t now_ms, struct connector_polled *out);
    /* Makes Seva known as an application at the account's own server (Mastodon), before people
     * authorise it there: secrets with client_id and client_secret added. NULL = people make one by
     * hand, or there is none. */
    err (*enroll)(struct http_client *client, struct arena *a, const struct connector_setup *setup,
        str redirect_uri, int64_t now_ms, struct connector_refreshed *out);
    /* Base address of authorising and of tokens where it is the account's own server; empty: it is
     * not known yet. NULL = the provider's. */
    str (*oauth_base)(struct arena *a, const struct connector_setup *setup);
    /* The query of the address that a webhook comes to says what the body does not: the origin of
     * such a delivery is "hook?<query>", at most 200 bytes. */
    bool keeps_query;
    /* Its notification mails (notice.h), for channels by capture: domains of their senders and of
     * the pages that they link to, separated by spaces. NULL = it sends none that could be read. */
    struct connector_notice {
        const char *senders, *sites;
    } notice;
    enum connector_address address;
    /* ACT_READ with is_typing shows what `typing` shows elsewhere. */
    bool read_shows_typing;
    /* connector_file.preview_url is looked at. */
    bool wants_preview;
    /* Telephone calls by agents: which of enum connector_call_kind, as bits; call NULL = none. */
    uint32_t calls;
    err (*call)(struct http_client *client, struct arena *a, const struct connector_call *call,
        struct connector_called *out);
    /* What `subscribe` made ends by itself, or vanishes without a word: it is made again so long
     * after the last time. 0 = it stays. */
    int64_t resubscribe_ms;
    /* The page that fits the settings, where a network has more than one way in. NULL = oauth2. */
    const struct oauth2_provider *(*oauth2_for)(
        struct arena *a, const struct connector_setup *setup);
    /* Credentials are made new so long before they end; 0 = five minutes. For networks where what
     * has ended cannot be made new. */
    int64_t renew_early_ms;
    /* Between two pieces of one message, where the network does not keep the order of what comes
     * close together; 0 = none. */
    int64_t piece_gap_ms;
    int64_t tries_ms; /* a send is tried for so long; 0 = LIMIT_JOB_RETRY_MS */
    /* After a send has worked: a copy for people's other programs, where they look for it.
     * `copies`: this account wants that from us. Trying again doubles nothing (is_again). NULL =
     * never. */
    bool (*copies)(struct arena *a, const struct connector_setup *setup);
    err (*copy)(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
        bool is_again, struct connector_sent *sent);
};

/* NULL when there is no such network. */
const struct connector *connector_find(str name);
/* All, in the order in which people see them; *n of them. */
const struct connector *const *connector_all(ptrdiff_t *n);

/* The base address to use: the operator's for "<kind>.<name>", else his for "*" with
 * "/<kind>/<name>" after it, else the network's own. hosts: text
 * "x.api=https://…;*=http://127.0.0.1:9000". */
str connector_host_url(struct arena *a, const struct connector *c, str hosts, str name);
/* Whether such a text is one: each part "*" or "<kind>.<name>" of a kind that there is, "=", and an
 * http address. E_INVALID with *why: a part that were passed over would be the network's own. */
err connector_hosts_check(struct arena *a, str hosts, str *why);

/* The rules of a visibility for this account (length_setting). */
struct connector_rules connector_rules_for(
    struct arena *a, const struct connector *c, const struct connector_setup *s, bool is_public);
/* Settings and secrets of a setup; empty (or the standard) when absent. */
str setup_setting(
    struct arena *a, const struct connector *c, const struct connector_setup *s, const char *name);
str setup_secret(struct arena *a, const struct connector_setup *s, const char *name);
