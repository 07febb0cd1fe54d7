/* tiktok: what the rooms of the TikTok connector share. Rooms: tiktok.c (settings, rules, webhook,
 * check, acts), tiktok_call.c (calls and errors), tiktok_parse.c (what events say), tiktok_poll.c
 * (comments that are asked for), tiktok_send.c.
 *
 * Direct messages come by webhook only and are answered in their conversation, which is the thread.
 * Comments come by webhook too, but without saying whether they are ours: they are looked up, and
 * those of the newest videos are polled. A comment's name here is "<video id>/<comment id>".
 * Deliveries that poll and lookup write, origin "comment":
 *   {"account": business id, "comment": as it came, "parent": the comment above it or absent,
 *    "video": as it came or absent}
 * Answers are HTTP 200 even for errors: `code` decides. Window: ten messages of ours in the 48
 * hours after each of the customer's, three more after that; TikTok counts.
 * Source: TikTok API for Business v1.3, August 2026. Thread: any; calls block. */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"

extern const struct connector connector_tiktok;

struct tiktok_api {
    const struct connector_setup *setup;
    int64_t now_ms;
};
struct tiktok_answer {
    struct connector_sent sent; /* SENT: code 0 */
    const struct json *data;    /* NULL when there is none */
    int64_t code;               /* -1: the answer had none */
};
/* path: "/business/message/send/", with its query. body: JSON or empty. An answer without a code
 * leaves open what happened: UNKNOWN, for a GET RETRY. */
err tiktok_do(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    enum http_method method, str path, str body, struct tiktok_answer *out);
/* The same for a call that is made already (a form with a file); url and token are set here. */
err tiktok_call(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    struct network_call *call, str path, struct tiktok_answer *out);
/* Our id there; empty until the channel is authorised. */
str tiktok_business(struct arena *a, const struct connector_setup *setup);

/* "<video>/<comment>"; false when it is not of that form. */
struct tiktok_comment {
    str video, id;
};
bool tiktok_comment_read(str name, struct tiktok_comment *c);
str tiktok_comment_name(struct arena *a, str video, str id);

err tiktok_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err tiktok_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
err tiktok_lookup(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str external_id, int64_t now_ms, struct connector_polled *out);
err tiktok_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
