/* What one network file is written against: the contract (struct sim_network) and the helpers. A
 * network is one .c file with one `const struct sim_network sim_<name>`, one row in registry.c and
 * one in sim/meson.build. It plays the network as its sheet says it: strict about what we send,
 * true to form in what it answers and posts. It knows nothing of Seva.
 *
 * Threads: the frame calls every function of a network with that network's lock held, so a network
 * file has no locks, and its state is touched by one thread at a time. Nothing in it may block;
 * sim_wait is the one exception (it lets the lock go). Helpers may be called under the lock only,
 * as they stand here; those of sim.h that begin sim_say, sim_event, sim_reset or sim_settle take
 * the lock and must not be called from a network file.
 *
 * Memory: `arena` lives as long as the call; what outlives it is malloc'd (sim_alloc) by the
 * network file, bounded by it, and freed in account_close / close. Out of memory ends the process.
 */
#pragma once
#include "base/map.h"
#include "net/http.h"
#include "sim.h"

struct sim_call;

/* One of the network's accounts: page, bot, channel, number. Texts are the frame's and live until
 * the account is changed or gone. */
struct sim_account {
    const struct sim_network *network;
    str id, name;
    str token;    /* what our side shows */
    str secret;   /* signs what we are sent (app secret, channel secret …) */
    str callback; /* where webhooks go; the network file may set it (setWebhook): see
                   * sim_account_callback */
    str verify_token;
    const struct json *settings; /* free members; NULL = none */
    bool is_revoked;
    void *data; /* the network file's; made in account_open, freed in account_close */
};

enum sim_refusal { SIM_REFUSE_500, SIM_REFUSE_429, SIM_REFUSE_429_BARE, SIM_REFUSE_401 };

/* What a webhook looks like when it is about to be posted; see sign. */
struct sim_post {
    struct arena *arena; /* of this try */
    int64_t now_ms;
    int attempt; /* 1 = the first */
    enum http_method method;
    str url;                           /* may be changed (a signature in the query) */
    str body;                          /* fixed */
    const struct http_header *headers; /* use sim_post_header */
    ptrdiff_t header_count;
    int64_t tag; /* the sim_webhook's */
    str key;
};
void sim_post_header(struct sim_post *post, str name, str value);

/* What our side answered to a webhook. */
struct sim_answered {
    struct arena *arena;
    int64_t tag;
    str key;
    int attempt;
    int status; /* 0: none */
    str body;
    str content_type;
    str why;              /* words when there is no answer */
    bool is_acknowledged; /* by `acknowledges` */
    bool is_last;         /* it will not be tried again */
};

struct sim_network {
    str name;  /* the path prefix and the word everywhere: "telegram" */
    str title; /* "Telegram Bot API" */
    /* The account every start begins with; callback may be empty. */
    struct sim_account_set account;

    /* State for the whole network; NULL functions = none. */
    void *(*open)(struct sim *sim);
    void (*close)(void *state);
    void (*account_open)(struct sim *sim, struct sim_account *account);
    void (*account_close)(struct sim *sim, struct sim_account *account);

    /* One API call. Ends with sim_answer… or sim_stream_open; a call left unanswered becomes 404.
     */
    void (*handle)(struct sim_call *call);
    /* Answers a fault in the network's own form; NULL = a plain JSON error and Retry-After. */
    void (*refuse)(struct sim_call *call, enum sim_refusal why, int64_t retry_after_ms);

    /* A customer writes: makes the payload, delivers it (sim_webhook_send, sim_stream_push, or a
     * queue of its own) and says what the network calls the message. account is never NULL. */
    err (*say)(struct sim *sim, struct sim_account *account, struct arena *a,
        const struct sim_say *say, str *id, str *why);
    /* A raw event, delivered as such events are; NULL = posted as it is to the callback. */
    err (*event)(struct sim *sim, struct sim_account *account, struct arena *a,
        const struct json *event, str raw, str *why);
    /* What only this network can do: POST /_sim/<network>/<what>. *answer: JSON or untouched.
     * E_NOT_FOUND: no such thing. NULL = none. */
    err (*special)(struct sim *sim, struct sim_account *account, struct arena *a, str what,
        const struct json *input, str *answer, str *why);

    /* Puts signature headers on each try of a webhook, at its own time. NULL = unsigned. */
    void (*sign)(struct sim *sim, const struct sim_account *account, struct sim_post *post);
    /* Whether this answer acknowledges; NULL = any 2xx. */
    bool (*acknowledges)(const struct sim_answered *answered);
    /* Told after every try (handshakes, TwiML, methods in the answer). NULL = nobody looks. */
    void (*answered)(
        struct sim *sim, struct sim_account *account, const struct sim_answered *answered);
    const int64_t *retry_gaps_ms; /* before try 2, 3 …, ended by 0; NULL = never again */
    int64_t webhook_timeout_ms;   /* 0 = 10,000; real time */

    /* Whether a call may have the bytes of a file; NULL = the signed address is enough. Only for
     * files whose address says needs_auth. */
    bool (*may_load)(struct sim_call *call, str media_id);
};

/* registry.c; ended by NULL. */
extern const struct sim_network *const sim_networks[];


/* ── what outlives a call ── */

/* Zeroed; the process ends without memory. free() it. */
void *sim_alloc(ptrdiff_t size);
/* A terminated copy. free() it. */
char *sim_copy(str s);
/* Into a member of `size` bytes: cut to what fits, terminated. */
void sim_keep(char *to, ptrdiff_t size, str s);

/* ── a call ── */

struct sim_part { /* of a multipart/form-data body */
    str name, file_name, content_type, bytes;
    bool is_file; /* has a file name */
};

/* Of a mail that came over SMTP (smtp.c), where `req` holds nothing but the mail as its body. */
struct sim_envelope {
    str user; /* signed in: the account's id */
    str from; /* may be empty */
    const str *to;
    int n_to;
};

enum { SIM_HEADERS_MAX = 32 };

struct sim_call {
    struct sim *sim;
    const struct sim_network *network;
    struct arena *arena;
    const struct http_request *req; /* body: the whole of it, at most 64 MiB */
    str path;                       /* after "/<name>": "/bot123:abc/getMe"; at least "/" */
    int64_t now_ms;
    /* The body by its content type; at most one is set. body_fault: words when it does not parse.
     */
    const struct json *json;
    const struct http_pair *form;
    ptrdiff_t form_count;
    const struct sim_part *parts;
    ptrdiff_t part_count;
    str body_fault;
    const struct sim_envelope *envelope; /* NULL = it is an HTTP call; else the answer is one of
                                          * SMTP: a status like 250 and a line of text */

    /* For the ledger: the network file fills these as it learns them. */
    struct sim_account *account;
    str token, key, ref, detail;
    bool is_repeat; /* recognised by its idempotency key, nothing new happened */

    /* The answer; set by the helpers. */
    int status; /* 0: none yet */
    str content_type, body;
    struct http_header headers[SIM_HEADERS_MAX];
    ptrdiff_t header_count;
    void *inner; /* the frame's */
};

/* The path in segments: sim_path(c, 0) of "/v21.0/me" is "v21.0"; empty beyond the end. */
str sim_path(const struct sim_call *c, int segment);
/* Matches "/2/dm_conversations/{}/messages"; fills what stands at {}, at most 8. `method` too. */
bool sim_route(const struct sim_call *c, enum http_method method, const char *pattern, str *at);
/* A parameter wherever it is: query, form, multipart text, top member of the JSON body (text or
 * number; an object or array as its JSON text). {NULL, 0} when absent. */
str sim_field(const struct sim_call *c, str name);
int64_t sim_field_int(const struct sim_call *c, str name, int64_t otherwise);
/* A parameter that is JSON: in a JSON body the member itself, elsewhere its text parsed. NULL:
 * absent or broken. */
const struct json *sim_field_json(const struct sim_call *c, str name);
const struct sim_part *sim_part(const struct sim_call *c, str name); /* NULL: absent */
/* The value of name="…" or name=… in a header field's value; {NULL, 0} when absent. */
str sim_parameter(str value, str name);

/* Answers. The later one wins. */
void sim_answer(struct sim_call *c, int status, str content_type, str body);
struct json_out sim_json(struct sim_call *c); /* in the call's arena */
void sim_answer_json(struct sim_call *c, int status, const struct json_out *j);
[[gnu::format(printf, 3, 4)]] void sim_answer_print(
    struct sim_call *c, int status, const char *format, ...); /* application/json */
/* Replaces a header of that name. */
void sim_header(struct sim_call *c, str name, str value);
[[gnu::format(printf, 3, 4)]] void sim_header_print(
    struct sim_call *c, str name, const char *format, ...);

/* ── who calls ── */

/* The first when id is empty; NULL: none. */
struct sim_account *sim_account_find(struct sim *sim, const struct sim_network *network, str id);
/* By the token our side shows; sets c->token and, when found, c->account. NULL: unknown or revoked.
 */
struct sim_account *sim_account_by_token(struct sim_call *c, str token);
/* The n-th, 0 …; NULL beyond the last. */
struct sim_account *sim_account_at(struct sim *sim, const struct sim_network *network, ptrdiff_t n);
/* setWebhook and the like. Copies. */
void sim_account_callback(struct sim *sim, struct sim_account *account, str url);
void sim_account_token(struct sim *sim, struct sim_account *account, str token); /* refreshed */
/* A free member of the account's settings; {NULL, 0} when absent. */
str sim_setting(const struct sim_account *account, str name);
/* The account's setting any_chat is "yes": whoever or whatever an answer is for that is not known
 * is taken as if it had written just now. */
bool sim_takes_any(const struct sim_account *account);

str sim_bearer(const struct sim_call *c); /* of Authorization; {NULL, 0} when absent */
bool sim_basic(struct sim_call *c, str *user, str *password);
/* Signatures as networks write them. */
str sim_hmac_hex(struct arena *a, str key, str data);    /* HMAC-SHA256, lower-case hex */
str sim_hmac_base64(struct arena *a, str key, str data); /* HMAC-SHA256 */
str sim_hmac_sha1_base64(struct arena *a, str key, str data);

/* ── ids and chance (by the seed: the same calls give the same ids) ── */

int64_t sim_next(struct sim *sim, const struct sim_network *network); /* 1, 2, 3 … per network */
int64_t sim_random(struct sim *sim, const struct sim_network *network, int64_t below);
/* n characters out of 0-9a-f. */
str sim_random_hex(struct sim *sim, const struct sim_network *network, struct arena *a, int n);
/* n characters out of A-Za-z0-9. */
str sim_random_word(struct sim *sim, const struct sim_network *network, struct arena *a, int n);

/* ── what the network accepts ── */

struct sim_message {
    str conversation, id, text;
    str kind;  /* goes into the detail when that is empty */
    str media; /* SHA-256s in hex, comma between; see sim_media */
    str ref;   /* our reference when the network carries one; else looked for in the text */
};
/* From here on the customer has it: call it exactly when the real network would have taken the
 * message, before the answer. False: its idempotency key (c->key) or reference was accepted before
 * (a double, counted). */
bool sim_accept(struct sim_call *c, const struct sim_message *m);

/* A customer has written by themselves, not by sim_say: for ledger and counts. */
void sim_said(
    struct sim *sim, const struct sim_account *account, str id, const struct sim_say *say);

/* Idempotency keys, for networks that have them. Keep: the answer of this call is remembered under
 * the key for valid_ms when it is a 2xx. Find: NULL when unknown. `body` etc. live for this call.
 */
struct sim_kept {
    int status;
    str content_type, body;
    str body_hash; /* of the request, SHA-256 hex: the same key with another body is an error */
};
const struct sim_kept *sim_once_find(struct sim_call *c, str key);
void sim_once_keep(struct sim_call *c, str key, int64_t valid_ms);
str sim_body_hash(struct sim_call *c); /* SHA-256 of the request's body in hex */
/* Answers as the first time; marks the call a repeat. */
void sim_answer_again(struct sim_call *c, const struct sim_kept *kept);

/* Rate limits: a window that begins with its first call. */
struct sim_rate {
    bool is_allowed;
    int64_t limit, remaining;
    int64_t reset_ms; /* simulated Unix ms when the window ends */
};
struct sim_rate sim_rate_take(
    struct sim_call *c, str bucket, int64_t limit, int64_t window_ms, int64_t cost);

/* ── files ── */

struct sim_media {
    str id; /* 24 hex digits */
    str content_type, name, bytes;
    str sha256; /* hex */
    str owner;  /* account id */
};
/* Stores a copy; lives until newer files need the room. Everything in the result lives for the
 * arena. */
struct sim_media sim_media_add(struct sim *sim, const struct sim_network *network, struct arena *a,
    str owner, const struct sim_file *file);
/* False: unknown or gone. The bytes are copied into the arena. */
bool sim_media_get(struct sim *sim, const struct sim_network *network, struct arena *a, str id,
    struct sim_media *media);
/* "http://HOST:PORT/<network>/_media/<id>?expires=…&sig=…": served by the frame, 403 after valid_ms
 * of simulated time (0 = for ever); with needs_auth also only when the network's may_load says so.
 */
str sim_media_url(struct sim *sim, const struct sim_network *network, struct arena *a, str id,
    int64_t valid_ms, bool needs_auth);
/* The answer with a file's bytes, for networks that serve them under an address of their own. */
void sim_answer_media(struct sim_call *c, const struct sim_media *media);

/* ── webhooks ── */

struct sim_webhook {
    enum http_method method; /* HTTP_GET = 0 is a handshake; events: HTTP_POST */
    str url;                 /* empty = the account's callback */
    str content_type;        /* empty = application/json (with a body) */
    str body;                /* at most 1 MiB */
    str key;                 /* id of what is delivered, for the ledger */
    str conversation;        /* for the ledger */
    int64_t delay_ms;        /* simulated, before the first try */
    int64_t tag;             /* for sign and answered */
    bool is_once;            /* never tried again */
};
/* Queues it; it is signed and posted by a sender thread. Copies everything. Faults of webhooks
 * (duplicate, reorder, delay, drop) are applied here. */
void sim_webhook_send(struct sim *sim, struct sim_account *account, const struct sim_webhook *w);
/* Takes back what waits for this account (deleteWebhook with drop, say). Returns how many. */
ptrdiff_t sim_webhook_forget(struct sim *sim, struct sim_account *account);
/* How many wait, retries among them. */
ptrdiff_t sim_webhook_waiting(struct sim *sim, struct sim_account *account);

/* ── waiting and streams ── */

/* Long poll: lets the lock go and waits until sim_wake for this network, at most until_ms on the
 * clock of sim_now. True: look again. False: the time is over, the client has gone or the simulator
 * is closing. State and c->account must be looked up anew: a reset may have happened. */
bool sim_wait(struct sim_call *c, int64_t until_ms);
void sim_wake(struct sim *sim, const struct sim_network *network);

/* A long-lived chunked answer: the connection stays open for what is pushed under `key`. */
struct sim_stream_options {
    str key;               /* who listens to what: "user:1111", "filter"; at most 127 bytes */
    str content_type;      /* "application/json", "text/event-stream" */
    str first;             /* sent at once: backfill, greeting */
    str keep_alive;        /* "\r\n", ":thump\n" … */
    int64_t keep_alive_ms; /* of silence, real time; 0 = none */
};
void sim_stream_open(struct sim_call *c, const struct sim_stream_options *options);
/* Copies. Returns to how many streams it went (0: nobody listens; the network keeps it or not). A
 * stream whose reader lets more than 4 MiB pile up is cut. */
int sim_stream_push(struct sim *sim, const struct sim_network *network, str key, str bytes);
/* Ends streams of the key (empty = all) after what was pushed: in order, or by a reset. Returns how
 * many. */
int sim_stream_end(struct sim *sim, const struct sim_network *network, str key, bool is_reset);
int sim_stream_count(struct sim *sim, const struct sim_network *network, str key);
