/* network: asking a network's API: calls and their bodies, and what an HTTP answer means before the
 * network's own error codes are looked at. Source: RFC 9110, 15; RFC 6585 for 429.
 * Thread: pure; network_do blocks. */
#pragma once
#include "connector/outgoing.h"
#include "net/http_client.h"

/* 2xx: SENT. 401: REAUTH, channel-wide. 429: WAIT, channel-wide (Retry-After, else the reset of an
 * empty budget, else 60 s). 408, 425, 5xx: RETRY, or WAIT with Retry-After. Other: FINAL. Never
 * written: RETRY. Perhaps written and not answered: UNKNOWN. `why` is set when it is not SENT:
 * "Telegram answered 400." Rate headers are read. */
void network_answer(struct arena *a, str network, const struct http_result *res, int64_t now_ms,
    struct connector_sent *sent);
/* The network's words after ours; cut, control characters out. */
void network_why(struct arena *a, str network, str words, struct connector_sent *sent);
/* x-rate-limit-*, ratelimit-*, x-ratelimit-*: limit, remaining, reset as Unix s, seconds from now
 * or RFC 3339. */
struct connector_rate network_rate(const struct http_result *res, int64_t now_ms);
/* The body when it is JSON; NULL otherwise. */
const struct json *network_json(struct arena *a, const struct http_result *res);

/* A call to a network's API: EGRESS_NETWORK, 1 MiB at most, JSON body when body is given. */
struct network_call {
    enum http_method method;
    str url;
    str authorization; /* value of the header; empty = none */
    struct http_header extra[6];
    int n_extra;
    str body, content_type;        /* empty content_type with a body: JSON */
    const struct http_part *parts; /* instead of body */
    ptrdiff_t n_parts;
    int64_t timeout_ms;  /* 0 = the client's */
    ptrdiff_t max_bytes; /* 0 = 1 MiB */
    bool may_repeat;
};
err network_do(struct http_client *client, struct arena *a, const struct network_call *call,
    struct http_result *res);

/* application/x-www-form-urlencoded; add in order, then form_str. */
struct form {
    struct sb b;
};
struct form form_make(struct arena *a);
void form_add(struct form *f, const char *name, str value);
str form_str(const struct form *f);

/* multipart/form-data: fields, and files that are read while they are sent. At most
 * MULTIPART_FILES of them. */
enum { MULTIPART_FILES = 4 };
struct multipart {
    struct arena *a;
    str boundary;
    struct sb head; /* what stands before the next file */
    struct http_part parts[2 * MULTIPART_FILES + 1];
    ptrdiff_t n;
    int fds[MULTIPART_FILES];
    int n_files;
    bool failed; /* a file could not be opened */
};
struct multipart multipart_make(struct arena *a);
void multipart_field(struct multipart *m, const char *name, str value);
void multipart_file(struct multipart *m, const char *name, const struct connector_file *file);
/* Puts the parts and the content type into the call. False: a file is not there. */
bool multipart_set(struct multipart *m, struct network_call *call);
/* Closes the files; always, after the call. */
void multipart_close(struct multipart *m);
