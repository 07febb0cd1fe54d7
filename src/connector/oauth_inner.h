/* Between the files of OAuth: one call to a network's token address, and what an answer without a
 * token means. Thread: one http_client per thread; the rest is pure. */
#pragma once
#include "base/json.h"
#include "connector/oauth.h"
#include "net/http_client.h"

enum {
    OAUTH_ANSWER_BYTES = 256 * 1024, /* the longest answer: a hundred pages with their tokens */
    OAUTH_SECRETS = 8,               /* values of one call that no words may hold */
};

struct oauth_call {
    enum http_method method;
    str url;
    enum egress_purpose purpose;
    const struct http_header *headers;
    ptrdiff_t header_count;
    str body;
    str secrets[OAUTH_SECRETS]; /* empty ones are skipped */
    int64_t now_ms;
};
struct oauth_answer {
    int status;
    str body;
    int64_t wait_until_ms;
};

/* *end is OK when a whole answer came, whatever it says. E_BUSY only when memory ended. */
err oauth_call(struct http_client *client, struct arena *a, const struct oauth_call *call,
    struct oauth_answer *answer, struct oauth_end *end);
/* For an answer that holds no token. root: its JSON, or NULL when it is none. */
struct oauth_end oauth_refusal(struct arena *a, const struct oauth_call *call,
    const struct oauth_answer *answer, const struct json *root);
/* text without the call's secrets (as they are and percent-encoded), on one line, at most 200
 * bytes. */
str oauth_redact(struct arena *a, const struct oauth_call *call, str text);
/* No control characters and no line ends: may stand in a header, a log line, a name. */
bool oauth_is_line(str s);
/* base without its last "/" and path. */
str oauth_address(struct arena *a, str base, str path);
