/* bluesky: what the files of the Bluesky connector share. Rooms: bluesky.c (the form, rules, check,
 * sessions, pictures), bluesky_call.c (addresses, calls, errors, names), bluesky_parse.c
 * (deliveries into items), bluesky_poll.c (notifications, own posts, the chat's log),
 * bluesky_send.c (posts, chat messages, acts).
 *
 * Deliveries: {"kind":"post","notification",["root"]}, {"kind":"own","post",["root"]},
 * {"kind":"chat","log","convo"}; origin "poll <did of our account>".
 * Names: posts by their at:// address, threads "post:<address of the root>"; chat messages by their
 * id, threads by their convoId, people by their DID (handles change).
 * Secrets: app_password, access_token, refresh_token, pds (where the account lives).
 * Source: AT Protocol lexicons, 2026 (com.atproto, app.bsky, chat.bsky). Thread: as connector.h. */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"

extern const struct connector connector_bluesky;

enum {
    BLUESKY_GRAPHEMES = 300,
    BLUESKY_BYTES = 3000,
    BLUESKY_CHAT_GRAPHEMES = 1000,
    BLUESKY_CHAT_BYTES = 10000,
    BLUESKY_IMAGES = 4,
    BLUESKY_IMAGE_BYTES = 1000 * 1000, /* UNSURE: a newer value is twice that */
    BLUESKY_VIDEO_BYTES = 50 * 1000 * 1000,
    BLUESKY_TID = 13, /* letters of a record's key */
};

/* "did:plc:…", "did:web:…": may stand in a path. */
bool bluesky_is_did(str s);
/* at://<did>/<collection>/<rkey>. False: it is none. */
struct bluesky_uri {
    str did, collection, rkey;
};
bool bluesky_uri_read(str s, struct bluesky_uri *uri);
/* https://bsky.app/profile/<did>/post/<rkey>; empty for another collection. */
str bluesky_web_url(struct arena *a, str uri);
/* The key of the post that this delivery makes: the same for every try. Its time is the message's
 * own; our installation and piece are in its low bits. */
str bluesky_tid(struct arena *a, str delivery_id, str did);

enum bluesky_as { BLUESKY_ACCESS, BLUESKY_REFRESH, BLUESKY_NOBODY };
struct bluesky_ask {
    const struct connector_setup *setup;
    enum http_method method;
    const char *nsid;              /* "app.bsky.feed.getPosts" */
    str query;                     /* "uris=…", encoded; empty = none */
    str json;                      /* body; empty = none */
    const struct http_part *bytes; /* instead of json */
    str type;                      /* of the bytes */
    bool is_chat;                  /* passed on to the chat service */
    enum bluesky_as as;
    str token; /* instead of the setup's; empty = that */
    int64_t now_ms;
};
struct bluesky_answer {
    const struct json *root; /* NULL unless SENT */
    int status;              /* 0 = none came */
    str error, message;      /* the network's own when it refused */
};
/* ExpiredToken is REAUTH whatever its status: a fresh session mends it. Unreadable 2xx: UNKNOWN for
 * a POST, RETRY for a GET; but a POST without an answer's body is done. */
err bluesky_do(struct http_client *client, struct arena *a, const struct bluesky_ask *ask,
    struct connector_sent *sent, struct bluesky_answer *answer);

err bluesky_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
/* connector_item.token of a post: {"cid","root":{"uri","cid"}}; empty when something lacks. */
str bluesky_token(struct arena *a, str uri, str cid, const struct json *record);
err bluesky_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
err bluesky_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
err bluesky_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent);
