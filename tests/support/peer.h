/* A network's end of the line for tests of connectors: an HTTP peer on a loopback port that gives
 * the scripted answers in turn and keeps what it heard, and a client that may call it. Not for
 * production. Thread: the functions are the test's; the peer runs on a thread of its own. */
#pragma once
#include "net/http_client.h"
#include "test.h"

struct peer;

enum { PEER_CALLS = 32 };

struct peer_heard {
    str method, target; /* "POST", "/v1/x?a=b" */
    str head, body;
};

/* Ends with peer_close. */
struct peer *peer_open(void);
void peer_close(struct peer *p);
/* "http://127.0.0.1:PORT" */
str peer_url(const struct peer *p);
/* The next call without an answer gets this one. headers: "A: 1\r\nB: 2\r\n" or "". When no answer
 * is left, a call gets 599. */
void peer_answers(struct peer *p, int status, const char *headers, const char *body);
/* The same with the answer's very bytes. */
void peer_says(struct peer *p, const char *answer);
/* The next call is read and its connection closed: perhaps written, not answered. */
void peer_hangs_up(struct peer *p);
/* Calls heard so far, and the nth of them; fails when there is none. In the test's arena. */
int peer_count(struct peer *p);
struct peer_heard peer_heard(struct peer *p, int nth);
/* A header's value; empty when absent. */
str peer_header(const struct peer_heard *heard, const char *name);

/* May call loopback for every purpose; closed by http_client_close. */
struct http_client *peer_client(void);
