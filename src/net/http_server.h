/* The HTTP/1.1 server: listens, reads and checks requests, hands whole ones to worker threads,
 * takes answers from any thread, and keeps every connection inside deadlines and limits.
 *
 *   loop thread      sockets, parser, deadlines, writing (never disk, database or a lock held long)
 *   worker threads   run `handle` for one request after the other
 *   file thread      reads the bytes of file bodies, at most one piece of 64 KiB per answer ahead;
 *                    writes long bodies of requests, one piece of 256 KiB each
 *   source thread    brings what follows of a body that is not on this machine (struct http_source)
 *
 * Life of a request. The loop reads it whole and queues it: bodies of at most 1 MiB in memory;
 * where a route takes longer ones, the file thread writes them piece by piece into a file that has
 * no name, while no more of them is read. A worker takes an exchange from the pool and calls
 * handle(worker, x). Somebody calls http_respond(server, x->handle, &response) exactly once: on the
 * worker, or later from any thread (a group commit answers after the worker has moved on). Somebody
 * calls http_finish(x) exactly once, before or after the answer: it frees the request's bytes and
 * recycles the arena; x and everything made in its arena are gone. A handle stays valid until its
 * request is answered; when the client has gone, the answer is dropped silently. A second answer
 * for the same handle is dropped and counted.
 *
 * Answers the server gives by itself: 400 408 411 413 414 417 431 501 505 for requests that break a
 * rule, 503 beyond the connection limit, the queue limit or the memory for bodies; all with
 * Connection: close. Their body is the API's error shape.
 *
 * Rules: RFC 9112 without its leniencies; see http_parse.h for the list of refusals. */
#pragma once
#include "net/http.h"

#include <stdatomic.h>

struct http_server;
struct hub;

/* Names one request on one connection. Copy by value; from any thread. */
struct http_handle {
    uint32_t slot;
    uint32_t generation;
};

struct http_exchange {
    struct http_request req;
    struct http_handle handle;
    struct arena arena; /* the request's; used by one thread at a time */
    struct http_server *server;
    void *user;      /* for the handler's owner; NULL at first */
    void *internals; /* the request's bytes; freed by http_finish */
    struct http_exchange
        *next; /* for the pool; free for the owner between handle and http_finish */
};

struct http_listen {
    str address; /* "127.0.0.1:8080", "[::1]:8080", ":8080" (all), "127.0.0.1:0" (any free port) */
    bool is_tls; /* needs cert_file and key_file */
};

struct http_server_options {
    const struct http_listen *listens; /* at least one */
    ptrdiff_t listen_count;
    str cert_file, key_file; /* PEM, TLS 1.2 and newer; read again by http_server_reload_tls */
    int workers;             /* threads; 0 = 4 */
    int max_connections;     /* 0 = 10,000; never more than RLIMIT_NOFILE − 512 */
    const char *const *trusted_proxies; /* CIDR texts whose X-Forwarded-* we believe */
    ptrdiff_t trusted_proxy_count;

    void *arg; /* given to all callbacks */
    /* Worker threads call this at their start and end (own database connection and so on); what it
     * returns is the first argument of handle. Both may be NULL: then handle gets arg. */
    void *(*worker_start)(void *arg, int worker);
    void (*worker_stop)(void *worker);
    /* One request; see above. */
    void (*handle)(void *worker, struct http_exchange *x);
    /* The most bytes a body of this route may have, 0 = none; called on the loop before the body is
     * read, so only a table look-up. NULL = 1 MiB. A larger body gets 413. Above 1 MiB (at most
     * LIMIT_HTTP_LONG_BODY_BYTES, and only with long_folder): a body over 1 MiB, or over 256 KiB
     * and of unsaid length, is a file. */
    ptrdiff_t (*body_limit)(void *arg, enum http_method method, str path);
    str long_folder; /* where such files are made; nothing of them is left after a crash */
};

/* Binds and listens; no thread runs yet. E_INVALID: bad option; E_UPSTREAM: cannot bind (port
 * taken), E_BUSY: out of memory; *why (in the arena) says which in words. */
err http_server_open(struct arena *a, const struct http_server_options *options,
    struct http_server **server, str *why);
/* The port a listener really has (for ":0"). */
int http_server_port(const struct http_server *server, ptrdiff_t listen_index);
/* The hub of this server's streams (hub.h); lives as long as the server. */
struct hub *http_server_hub(struct http_server *server);
/* Starts loop, workers, file and source thread. E_BUSY: no threads to be had. */
err http_server_start(struct http_server *server);
/* Waits for the workers' current requests, ends all threads, closes everything, frees the server.
 * Open exchanges must have been finished. Use http_server_drain before it for a clean end. */
void http_server_close(struct http_server *server);

/* Any thread; never blocks for long. Takes over response->file.fd in every case. */
void http_respond(struct http_server *server, struct http_handle h, const struct http_response *r);
/* Any thread. */
void http_finish(struct http_exchange *x);

/* Accepted requests that wait in the work queue for a worker (group commit asks it). Any thread. */
int http_server_pending(const struct http_server *server);
/* Requests handed to workers or queued and not yet answered. Any thread. */
int http_server_in_flight(const struct http_server *server);

/* Drain. From http_server_drain_begin on http_server_is_draining is true (readyz says 503) and new
 * connections are still accepted. http_server_drain does the whole of it and blocks the caller:
 * begin; keep accepting delay_ms; stop accepting; `Connection: close` on every answer; streams get
 * `event: reconnect` and end; idle connections end; wait until everything is answered and sent, at
 * most most_ms in all. Returns how many accepted requests were not fully answered (0 = clean). */
void http_server_drain_begin(struct http_server *server);
bool http_server_is_draining(const struct http_server *server);
int http_server_drain(struct http_server *server, int64_t delay_ms, int64_t most_ms);

/* Reads cert_file and key_file again (SIGHUP); new connections use them; on failure the old pair
 * stays and *why says why. Any thread. */
err http_server_reload_tls(struct http_server *server, struct arena *a, str *why);

/* Counters since the start and gauges of now, for /metrics. */
struct http_stats {
    int64_t connections_accepted, connections_refused, connections_open /* gauge */;
    int64_t requests[6]; /* by status class: [2] = 2xx …; [0] unused, [1] 100 Continue sent */
    int64_t requests_refused;   /* answered by the server itself (4xx/5xx above) */
    int64_t requests_timed_out; /* of these: 408 and silent closes for a deadline */
    int64_t answers_dropped;    /* the client had gone, or a second answer for one request */
    int64_t bytes_in, bytes_out;
    int64_t queue_waiting, in_flight; /* gauges */
    int64_t body_bytes_held;          /* gauge: memory of bodies being read or worked on */
    int64_t streams_open /* gauge */, streams_cut, streams_opened, stream_events,
        stream_events_sent;
};
struct http_stats http_server_stats(const struct http_server *server);
