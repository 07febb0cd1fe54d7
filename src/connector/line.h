/* line: what the files of the LINE connector share. Not here: the form and the calls that concern
 * the channel (line.c), reading (line_parse.c), sending (line_send.c).
 *
 * connector_item.token of a message: {"r":reply token,"q":quote token,"m":mark-as-read token,
 * "at":when it came, Unix ms}. Reply tokens are good once, for about a minute.
 * Threads: empty = the chat with a person, else the id of the group ("C…") or room ("R…").
 * Source: LINE Messaging API v2, July 2026. Thread: pure but for line_ask. */
#pragma once
#include "connector/connector.h"

enum {
    LINE_TEXT = 5000,          /* UTF-16 units */
    LINE_MESSAGES = 5,         /* objects of one call */
    LINE_REPLY_MS = 50 * 1000, /* of a reply token's minute; the rest is for the way */
};

struct line_call {
    enum http_method method; /* HTTP_GET without a body */
    const char *host;        /* "api", "data" */
    str path;                /* "/v2/bot/info" */
    str body;
    str retry_key; /* UUID; empty = none */
    bool may_repeat;
};
struct line_said {
    int status;              /* 0 = none */
    const struct json *root; /* NULL = no JSON */
    str message;             /* the network's words */
};
/* What the answer means is in *sent; 409 for a known retry key is SENT. */
err line_ask(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct line_call *call, int64_t now_ms, struct connector_sent *sent,
    struct line_said *said);
/* Something that may stand in a path: letters, digits, "-", "_". */
bool line_is_id(str s);

err line_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err line_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);

extern const struct connector connector_line;
