/* Outgoing HTTP and HTTPS, blocking, for job threads: one request, one result, deadlines and limits
 * on everything, through the egress guard. Wraps libcurl. Not here: what to do after a failure (the
 * caller decides from `outcome`), signatures, JSON.
 *
 * Redirects: followed by hand, at most `redirects` (≤ 3), each target resolved and checked anew;
 * only GET and HEAD follow; Authorization and Cookie headers are dropped on another host.
 * Environment proxies are not used. Certificates and host names are always verified.
 *
 * Thread: one http_client per thread (it keeps connections alive between requests); open and close
 * anywhere. */
#pragma once
#include "net/egress.h"
#include "net/http.h"

struct http_client;
struct smtp_pool;

struct http_client_options {
    const struct egress_rules *rules; /* must outlive the client */
    str ca_file;                      /* PEM; empty = the system's */
    str user_agent;                   /* "Seva/0.1" when empty */
    int64_t most_ms; /* for all calls together, from opening on; 0 = each has its own time only */
    struct smtp_pool *mails; /* kept connections for mail out; NULL = none; must outlive it */
};

/* A stretch of a request's body: bytes, or (is_file) the first `size` bytes of a file that is read
 * while it is sent. */
struct http_part {
    str bytes;
    bool is_file;
    int fd; /* the caller's; read with pread */
    int64_t from, size;
};

struct http_call {
    enum http_method method;
    str url; /* http or https; user and password parts are refused */
    enum egress_purpose purpose;
    const struct http_header *headers;
    ptrdiff_t header_count;
    str body;
    const struct http_part *parts; /* instead of body */
    ptrdiff_t part_count;
    int64_t connect_timeout_ms;   /* 0 = 5,000 */
    int64_t timeout_ms;           /* the whole call with redirects; 0 = 20,000 */
    ptrdiff_t max_response_bytes; /* body; 0 = 1 MiB */
    int redirects;                /* followed at most; 0–3 */
    /* Takes the body of a 2xx answer in pieces instead of result.body, on this thread; it must not
     * jump. False: no more (UNKNOWN). Bodies of other answers are dropped then, and an answer that
     * crawls below 1 KiB/s for stall_ms is given up. */
    bool (*sink)(void *arg, str piece);
    void *sink_arg;
    int64_t stall_ms; /* with a sink; 0 = 20,000 */
    bool may_repeat;  /* the peer recognises a repetition (GET, or an idempotency key is sent): lets
                       * the client use a kept connection, on which libcurl repeats a request that
                       * died without one byte of answer */
    /* With a sink: an answer without an end. stall_ms is then the longest silence, however little
     * comes; max_response_bytes does not count; the body of an answer that is not 2xx goes to
     * result.body, at most 64 KiB. An end by silence is UNKNOWN with timed_out. */
    bool is_stream;
};

enum http_outcome {
    HTTP_CALL_ANSWERED,  /* a whole answer: status, headers, body are set */
    HTTP_CALL_REFUSED,   /* not attempted: egress rules, bad URL, too many redirects. Permanent */
    HTTP_CALL_NOT_SENT,  /* the request was not fully written: the peer cannot have acted. RETRY */
    HTTP_CALL_UNKNOWN,   /* fully (or perhaps fully) written and no whole answer: UNKNOWN */
    HTTP_CALL_TOO_LARGE, /* answered with more than max_response_bytes; status and headers are set
                          */
};
const char *http_outcome_name(enum http_outcome o);

struct http_result {
    enum http_outcome outcome;
    bool timed_out;                    /* NOT_SENT or UNKNOWN because of a deadline */
    int status;                        /* 0 when none came */
    const struct http_header *headers; /* of the last answer */
    ptrdiff_t header_count;
    str body;
    str url;  /* the last one, after redirects */
    str peer; /* address connected to; empty when none */
    str why;  /* words for the delivery log when not ANSWERED; never holds header values */
    int64_t took_ms;
};

/* Once in main before any thread. */
err http_client_start(void);
/* NULL when out of memory. */
struct http_client *http_client_open(const struct http_client_options *options);
void http_client_close(struct http_client *client);
/* Everything in the result lives in the arena. Always fills *result; E_BUSY only when memory ended,
 * otherwise OK whatever the outcome. */
err http_client_call(struct http_client *client, struct arena *a, const struct http_call *call,
    struct http_result *result);
/* From now on for all calls together, as options.most_ms; 0 = each has its own time only. */
void http_client_limit(struct http_client *client, int64_t most_ms);
/* Makes a running call end soon with NOT_SENT/UNKNOWN (drain). Any thread. */
void http_client_cancel(struct http_client *client);
/* For calls of another protocol that go out in the client's name (mail): by its rules and roots,
 * and on_cancel is called once when the client is cancelled, at once when it is already; it must
 * not block. fn NULL = none any more: after that it does not run. */
const struct egress_rules *http_client_rules(const struct http_client *client);
str http_client_ca_file(const struct http_client *client);
struct smtp_pool *http_client_mails(const struct http_client *client);
int64_t http_client_left_ms(const struct http_client *client); /* of most_ms, ≥ 1; 0 = no limit */
void http_client_on_cancel(struct http_client *client, void (*fn)(void *arg), void *arg);
/* The same for what waits: `fn` is called by each http_client_wake, which any thread may call. */
void http_client_on_wake(struct http_client *client, void (*fn)(void *arg), void *arg);
void http_client_wake(struct http_client *client);
/* When the answer asks to come again (Retry-After in seconds; at most an hour counts); 0 = it does
 * not say. Source: RFC 9110, 10.2.3; dates are not read. */
int64_t http_result_retry_ms(const struct http_result *result, int64_t now_ms);
/* First header of that name in the result; {NULL, 0} when absent. */
str http_result_header(const struct http_result *result, str name);
