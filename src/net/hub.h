/* The hub: live streams (server-sent events) of consoles and widgets. It knows streams, keys they
 * listen to, and events of bytes; not what they mean. One hub per server, run by the server's loop;
 * every function here may be called from any thread: it leaves a message in the hub's inbox (in
 * order per caller) and returns at once. Format: WHATWG HTML "Server-sent events".
 *
 * Opening without gap or double (the caller is the API's stream route):
 *   1. hub_open(…): takes the connection over from a request. The stream is HELD: it listens
 * already, its events queue up in memory.
 *   2. The caller reads the events since Last-Event-ID from the table and gives them to hub_send.
 *   3. hub_release(stream, last): what was queued with a sequence ≤ last is dropped (the replay had
 *      it), the rest is sent, the stream is LIVE. Later live events ≤ last are dropped too.
 * Sequenced events must be published in the order of their sequence, each once per process.
 *
 * Access is checked per event: an event carries a `match` function and data (`about`), a stream a
 * `subject` (who is listening, with what scope); match(subject, about) runs on the loop for every
 * stream that listens to one of the event's keys, so it must be a quick pure test.
 *
 * Slow readers: more than LIMIT_STREAM_UNSENT_BYTES unsent (replay bytes not counted until they
 * were sent) and the stream is cut; the client resumes. A comment line goes out after 15 s of
 * silence. */
#pragma once
#include "net/http_server.h"

struct hub;

/* What a stream listens to; the meaning of kind is the caller's (e.g. 1 = an account's consoles).
 */
struct hub_key {
    int64_t kind, account, id;
};

/* Place in the event order: SQLite {0, seq}, PostgreSQL {xid, seq}; compared major first. {0, 0}
 * means none: passing news (typing, presence) that no replay has. */
struct hub_seq {
    int64_t major, minor;
};

struct hub_stream_options {
    const struct hub_key *keys; /* copied; at most LIMIT_STREAM_KEYS */
    ptrdiff_t key_count;
    void *subject;                       /* owned by the stream from hub_open on, in every case */
    void (*subject_free)(void *subject); /* on the loop, when the stream ends (or could not begin):
                                          * must not block. May be NULL */
    const struct http_header *headers;   /* more headers for the answer (CORS); copied */
    ptrdiff_t header_count;
    str first; /* bytes sent right after the head, e.g. "retry: 2000\n\n"; copied */
};

/* Answers the request `h` (instead of http_respond) with 200 text/event-stream and keeps the
 * connection. The handle names the stream from now on. If the client is already gone the subject is
 * freed and later calls with h do nothing. */
void hub_open(struct hub *hub, struct http_handle h, const struct hub_stream_options *options);
/* Bytes for one stream (replay before release, or a private event later); copied. */
void hub_send(struct hub *hub, struct http_handle stream, str bytes);
void hub_release(struct hub *hub, struct http_handle stream, struct hub_seq last);
/* Sends `farewell` (may be empty) and ends the stream. */
void hub_end(struct hub *hub, struct http_handle stream, str farewell);

typedef bool hub_match(const void *subject, const void *about);

struct hub_event {
    const struct hub_key *keys; /* copied; a stream with several of them gets the event once */
    ptrdiff_t key_count;
    struct hub_seq seq;
    str bytes;        /* whole SSE blocks, see hub_block; copied once and shared by all streams */
    hub_match *match; /* NULL = everybody who listens */
    void *about;      /* owned by the hub from hub_publish on */
    void (*about_free)(void *about); /* on the loop; may be NULL */
};
void hub_publish(struct hub *hub, const struct hub_event *event);

/* Calls fn(subject, arg) on the loop for every stream that listens to key; a stream for which it
 * returns false gets `farewell` and ends (session revoked, agent removed; the console reconnects
 * and is resolved anew). fn may change the subject (scope widened or narrowed): it is touched by
 * the loop alone. arg_free (may be NULL) runs afterwards. */
void hub_visit(struct hub *hub, struct hub_key key, bool (*fn)(void *subject, void *arg), void *arg,
    void (*arg_free)(void *arg), str farewell);

/* One SSE block: id and event lines left out when empty, every line of data prefixed, blank line at
 * the end. id and event must not hold CR, LF or NUL (asserted: they are ours). */
str hub_block(struct arena *a, str id, str event, str data);

/* Streams open now. */
int hub_count(const struct hub *hub);
/* <0, 0, >0 */
int hub_seq_cmp(struct hub_seq x, struct hub_seq y);
