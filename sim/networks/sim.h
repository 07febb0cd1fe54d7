/* The simulated social networks as a library: one HTTP peer in this process (or in `seva-sim
 * networks`) that plays every network under http://HOST:PORT/<network>/…, scripted by direct calls
 * or over /_sim/… (control.c; sim/README.md lists it), with a ledger of all it saw and did.
 *
 *   struct sim *sim;  str why;
 *   sim_open(a, &(struct sim_options){0}, &sim, &why);
 *   … base address of a channel: sim_url(a, sim, S("telegram"))
 *   sim_say(sim, a, S("telegram"), &(struct sim_say){.from_id = S("7001"), .text = S("Hi")}, …);
 *   sim_settle(sim, 5000);  sim_count(sim, S("telegram"), SIM_COUNT_ACCEPTED)
 *   sim_close(sim);
 *
 * Time: the simulated clock says what stands in payloads, when addresses and windows expire and
 * when webhooks are tried again. Real: it is clock_now_ms (so a test's fixed clock counts). Manual:
 * it stands until it is set or advanced. How long a connection is held, slowed or waited for is
 * always real time, but for sim_wait under a manual clock.
 *
 * Thread: every function here from any thread, except sim_open and sim_close. Errors are returned
 * with words; texts in results are copies in the caller's arena. */
#pragma once
#include "base/json.h"

struct sim;
struct sim_network;

/* ── life ── */

struct sim_options {
    str listen;           /* "127.0.0.1:0" when empty; "127.0.0.1:8100", "[::1]:0" */
    uint64_t seed;        /* of ids and chances; 0 = 1 */
    bool is_clock_manual; /* stands at clock_ms */
    int64_t clock_ms;     /* where a manual clock begins; 0 = now */
    str control_token;    /* /_sim wants it as bearer token; empty = open */
    const struct sim_network *const *networks; /* NULL = all of registry.c; ended by NULL */
    int webhook_threads;      /* 0 = 1: webhooks go one by one in their order; more = in parallel */
    int max_connections;      /* 0 = 2,000; a further one is closed */
    ptrdiff_t ledger_entries; /* newest kept; 0 = 200,000. Counts go on for ever */
    ptrdiff_t ledger_bytes;   /* of their texts; 0 = 256 MiB */
    ptrdiff_t media_bytes;    /* of stored files, the oldest go first; 0 = 256 MiB */
    int64_t hold_ms;          /* real time a timeout holds a connection; 0 = 60,000 */
    bool has_smtp;            /* mails of ours are taken too: SMTP on 127.0.0.1 (smtp.c) */
};

/* E_INVALID: bad option; E_UPSTREAM: cannot listen; E_BUSY: out of memory or threads. *why (in the
 * arena) says which in words. */
err sim_open(struct arena *a, const struct sim_options *options, struct sim **sim, str *why);
/* Ends every connection, stream and webhook; frees everything. */
void sim_close(struct sim *sim);
int sim_port(const struct sim *sim);
/* "http://127.0.0.1:PORT/telegram": what a channel's base address is set to. */
str sim_url(struct arena *a, const struct sim *sim, str network);
/* Of the SMTP server; 0 = there is none. */
int sim_smtp_port(const struct sim *sim);
/* The certificate (PEM) that vouches for the SMTP server's, made anew at each start. It can vouch
 * for nobody but loopback, and its key is thrown away at once. Empty = there is no such server. */
str sim_smtp_ca(struct arena *a, const struct sim *sim);
/* As new: accounts of the start, empty ledger, no faults, nothing queued. Streams end. The clock
 * stays. */
void sim_reset(struct sim *sim);

int64_t sim_now(const struct sim *sim);              /* simulated Unix ms */
void sim_clock_set(struct sim *sim, int64_t now_ms); /* makes the clock manual */
void sim_clock_advance(struct sim *sim, int64_t by_ms);
void sim_clock_run(struct sim *sim); /* real again */

/* ── what happens in the networks ── */

/* Adds or changes an account (page, bot, number …): texts that are not empty replace. Every
 * network starts with one, and an empty account id everywhere means the first. */
struct sim_account_set {
    str id, name, token, secret, callback, verify_token;
    str settings;    /* JSON object for the network file; empty = unchanged */
    bool is_revoked; /* taken as it stands: its token is refused, as after a person took the rights
                        away */
};
err sim_account_set(struct sim *sim, str network, const struct sim_account_set *set, str *why);

struct sim_file {
    str content_type, name, bytes;
};
/* A customer writes. Unset members are made up by the network file. */
struct sim_say {
    str account;
    str from_id, from_name, from_handle;
    str text;
    str kind;         /* "" = the network's plain message; "comment", "mention", "edit", "delete",
                       * "reaction", "button" … as the network file says */
    str conversation; /* group, thread, post */
    str reply_to;     /* id of a message in the network */
    const struct sim_file *files;
    ptrdiff_t n_files;
    const struct json *more; /* further members for the network file; NULL = none */
};
/* *id: what the network calls the new message (in the arena; may be empty). E_INVALID, E_NOT_FOUND
 * with *why in words. */
err sim_say(
    struct sim *sim, struct arena *a, str network, const struct sim_say *say, str *id, str *why);
/* A raw event of the network, as its own JSON, delivered as its events are. */
err sim_event(struct sim *sim, struct arena *a, str network, str account, str json, str *why);
/* What only this network has ("block", "migrate"): documented in its file. *answer: JSON or empty.
 */
err sim_special(struct sim *sim, struct arena *a, str network, str account, str what,
    const struct json *input, str *answer, str *why);
/* Waits (real time) until no webhook is due or under way and no call is being answered; false:
 * most_ms was not enough. Retries that lie in the future are not waited for. */
bool sim_settle(struct sim *sim, int64_t most_ms);

/* ── faults ── */

enum sim_fault_mode {
    SIM_FAULT_NONE,
    /* of a call to the network */
    SIM_FAULT_SERVER_ERROR,       /* "500" in the network's form */
    SIM_FAULT_RATE_LIMIT,         /* "429" that says when to come again, in the network's form */
    SIM_FAULT_RATE_LIMIT_BARE,    /* "429_bare" that does not */
    SIM_FAULT_UNAUTHORIZED,       /* "401" in the network's form */
    SIM_FAULT_TIMEOUT_BEFORE,     /* "timeout_before": nothing is accepted, nothing answered */
    SIM_FAULT_TIMEOUT_AFTER,      /* "timeout_after": accepted, nothing answered */
    SIM_FAULT_RESET,              /* "reset": the connection is reset, nothing accepted */
    SIM_FAULT_RESET_AFTER,        /* "reset_after": accepted, then reset */
    SIM_FAULT_SERVER_ERROR_AFTER, /* "500_after": accepted, then 500 */
    SIM_FAULT_HALF_BODY,          /* "half_body": half of the answer's bytes, then the end */
    SIM_FAULT_WRONG_JSON,         /* "wrong_json": a whole answer with a broken body */
    SIM_FAULT_SLOW,               /* "slow": the answer trickles, delay_ms between two pieces */
    SIM_FAULT_DUPLICATE,          /* "duplicate": the answer's bytes come twice / a webhook twice */
    SIM_FAULT_DELAY,              /* "delay": the answer, or the webhook, comes delay_ms later */
    /* of webhooks only */
    SIM_FAULT_REORDER, /* "reorder": after the next one, or after delay_ms */
    SIM_FAULT_DROP,    /* "drop": the network forgets to send it */
};
enum { SIM_FAULT_MODES = SIM_FAULT_DROP + 1 };
const char *sim_fault_name(enum sim_fault_mode mode);
bool sim_fault_parse(str name, enum sim_fault_mode *mode);

/* Met by a call or webhook that fits; the first fault of the list that strikes is the one. */
struct sim_fault {
    str network;     /* empty = all */
    str account;     /* empty = all; known after the network file has found it: of webhooks only */
    str path;        /* part of the call's path; empty = all */
    bool is_webhook; /* of webhooks instead of calls */
    enum sim_fault_mode mode;
    int64_t skip;           /* that many fit first and go well */
    int64_t every;          /* of those that fit, the nth, 2nth …; 0 = each */
    double probability;     /* 0 = always; by the seed */
    int64_t count;          /* strikes at most; 0 = no end */
    int64_t from_ms;        /* simulated time: an outage window; 0 = open */
    int64_t until_ms;       /* exclusive; 0 = open */
    int64_t retry_after_ms; /* 0 = 1,000 */
    int64_t delay_ms;       /* 0 = 100 for slow, 1,000 for delay and reorder */
};
/* E_LIMIT: more than 64 faults. */
err sim_fault_add(struct sim *sim, const struct sim_fault *fault);
void sim_faults_clear(struct sim *sim, str network); /* empty = of all networks */

/* ── ledger ── */

enum sim_kind {
    SIM_KIND_CALL,    /* a request of ours and its outcome */
    SIM_KIND_MESSAGE, /* the network took a message of ours: its customer sees it */
    SIM_KIND_SAID,    /* a customer wrote */
    SIM_KIND_WEBHOOK, /* one try to deliver a webhook and how it was acknowledged */
};
const char *sim_kind_name(enum sim_kind k);

struct sim_entry {
    int64_t seq; /* 1, 2, 3 … over all networks */
    int64_t at_ms;
    enum sim_kind kind;
    str network, account;
    str method, path; /* CALL: "POST", after the network's prefix; WEBHOOK: method and URL */
    str token;        /* CALL: what authorised it, as sent */
    str key;          /* idempotency key; WEBHOOK: the id of what is delivered */
    str ref;          /* our reference: the network file's, else "[ref:…]" in the text */
    str conversation, id, text;
    str media;     /* SHA-256 in hex of the files, comma between */
    str body_hash; /* CALL and WEBHOOK: SHA-256 of the body in hex */
    str outcome; /* CALL: "answered", "repeat" (an idempotency key was known), "streamed", "gone" or
                  * a fault's name; MESSAGE: "accepted" or "double" (its key or ref was accepted
                  * before); WEBHOOK: "acknowledged", "refused", "failed", "given up", "dropped" */
    str detail;  /* JSON of the network file, or words */
    int status;  /* CALL: answered; WEBHOOK: answered to us; 0 = none */
    int attempt; /* WEBHOOK: 1, 2 … */
    int64_t took_ms;
};

enum sim_count {
    SIM_COUNT_CALLS,
    SIM_COUNT_FAULTS,       /* calls and webhooks a fault struck */
    SIM_COUNT_ACCEPTED,     /* messages, doubles among them */
    SIM_COUNT_DOUBLES,      /* accepted though key or ref was accepted before */
    SIM_COUNT_REPEATS,      /* calls recognised by their idempotency key */
    SIM_COUNT_SAID,         /* customers wrote */
    SIM_COUNT_WEBHOOKS,     /* webhooks to deliver */
    SIM_COUNT_TRIES,        /* posts of them, repetitions among them */
    SIM_COUNT_ACKNOWLEDGED, /* webhooks that were taken */
    SIM_COUNT_GIVEN_UP,     /* webhooks the network stopped trying */
    SIM_COUNT_DROPPED,      /* webhooks lost by a fault, or for want of a callback */
    SIM_COUNT_STREAMED,     /* pieces put on streams */
};
enum { SIM_COUNTS = SIM_COUNT_STREAMED + 1 };
const char *sim_count_name(enum sim_count c);
/* network empty = over all. Goes on when old entries leave; back to 0 by sim_reset. */
int64_t sim_count(struct sim *sim, str network, enum sim_count c);

struct sim_query { /* members that are empty or 0 do not narrow */
    str network, account, conversation, id, key, ref, outcome, path, text /* a part of it */;
    bool has_kind;
    enum sim_kind kind;
    int64_t after_seq;
    ptrdiff_t limit; /* 0 = 1,000 */
};
/* The entries that fit, oldest first; copies in the arena. */
ptrdiff_t sim_ledger_read(
    struct sim *sim, struct arena *a, const struct sim_query *query, struct sim_entry **entries);
/* How many of those kept fit; walks them. */
ptrdiff_t sim_ledger_count(struct sim *sim, const struct sim_query *query);
