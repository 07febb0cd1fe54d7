/* mastodon: what the files of the Mastodon connector share. Rooms: mastodon.c (the form, rules,
 * check, the application at an instance), mastodon_call.c (addresses, calls and what their answers
 * mean), mastodon_parse.c (deliveries into items), mastodon_ask.c (pages of notifications and of
 * our own statuses, the thread above them), mastodon_listen.c (the stream), mastodon_send.c (what
 * goes out).
 *
 * A delivery is {"event","data","root"}: an event of the stream (a notification that was asked for
 * counts as one), its payload as JSON, and the first status of its thread when it was looked up.
 * origin: "poll <id of our account>" or "stream <id>".
 * Ids are local to the instance; a status has its uri as alias. Threads: "post:<root's id>" for
 * what everybody can read (public, unlisted); what is for followers or for the people addressed is
 * private, one thread per person.
 * Source: Mastodon's documentation of mid 2026 (servers 4.3 to 4.6). Thread: as connector.h says.
 */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"

extern const struct connector connector_mastodon;

enum {
    MASTODON_FILES = 4,
    MASTODON_LENGTH = 458, /* of 500: less 2 % (forks count otherwise), and 32 for the mention */
    MASTODON_MENTION = 32, /* "@", 30 letters, a space */
    MASTODON_IMAGE_BYTES = 16 * 1024 * 1024,
    MASTODON_VIDEO_BYTES = 99 * 1024 * 1024,
    MASTODON_KEY_MS = 55 * 60 * 1000, /* an instance knows a repetition for about an hour */
};

/* "https://social.example"; empty when the form has no server that could be one. */
str mastodon_base(struct arena *a, const struct connector_setup *setup);
str mastodon_streaming(struct arena *a, const struct connector_setup *setup);
/* 1 to 40 letters and digits: may stand in a path. */
bool mastodon_is_id(str s);
/* Ids sort by length, then text; the empty one is the least. */
int mastodon_id_cmp(str x, str y);

struct mastodon_ask {
    const struct connector_setup *setup;
    enum http_method method;
    str path;                /* "/api/v1/statuses", with its query */
    str json;                /* body; empty = none */
    str once;                /* Idempotency-Key; empty = none */
    struct multipart *files; /* instead of json */
    int64_t now_ms;
};
struct mastodon_answer {
    const struct json *root; /* NULL unless SENT */
    int status;              /* 0 = none came */
    str words;               /* the instance's own when it refused */
};
/* 422 about files that are not ready: RETRY. Unreadable 2xx: UNKNOWN for what changes something,
 * else RETRY. */
err mastodon_do(struct http_client *client, struct arena *a, const struct mastodon_ask *ask,
    struct connector_sent *sent, struct mastodon_answer *answer);

err mastodon_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
/* connector_item.token of a status: {"id","v":visibility,"to":[acct …]} of its author and of all
 * whom it mentions, but `own`. Empty without a visibility. */
str mastodon_token(struct arena *a, const struct json *status, str own);

/* Notifications since the cursor, and what we wrote in other programs. */
err mastodon_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
/* A delivery out of an event; data is JSON. root: NULL = none. */
str mastodon_body(struct arena *a, str event, str data, const struct json *root);
/* Whether the thread above has to be looked up: an answer that everybody can read. */
bool mastodon_wants_root(const struct json *status);
err mastodon_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out);

err mastodon_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
err mastodon_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent);
