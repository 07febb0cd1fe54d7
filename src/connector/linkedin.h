/* linkedin: what the rooms of the LinkedIn connector share. Rooms: linkedin.c (settings, handshake,
 * check, subscription, acts), linkedin_call.c (calls, errors, names of things), linkedin_parse.c
 * (what a notification or comment says), linkedin_poll.c (what is asked), linkedin_send.c.
 *
 * Comments on the posts of one page (an organization). A comment's name is
 * "urn:li:comment:(<post>,<id>)", where <post> may be an activity, share or ugcPost that all name
 * the same post: the activity's is the message's id, the others are aliases. Threads are named by
 * the same post. Answers stand one level deep: a message's token is the comment that an answer to
 * it goes below, itself or the one above it. Deliveries that poll and lookup write, origin
 * "comment":
 *   {"account": "urn:li:organization:5566", "notification": as it came or absent, "comment": as it
 *    came or absent, "parent": the comment above it or absent, "post": as it came or absent}
 * Source: LinkedIn Community Management API and webhooks, August 2026. Thread: any; calls block. */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"

extern const struct connector connector_linkedin;

/* ── names ── */

struct linkedin_comment {
    str post, id;
};
/* False: not the name of a comment. */
bool linkedin_comment_read(str urn, struct linkedin_comment *c);
str linkedin_comment_urn(struct arena *a, str post, str id);
/* "urn:li:<kind>:<letters, digits, - and _>", as may stand in an address. */
bool linkedin_is_urn(str s);
/* What follows the last colon: "5566". */
str linkedin_id_of(str urn);

/* ── calls ── */

struct linkedin_api {
    const struct connector_setup *setup;
    int64_t now_ms;
};
struct linkedin_answer {
    struct connector_sent sent;
    const struct json *json; /* NULL when it is none */
    str created;             /* the header x-restli-id (or x-linkedin-id); empty = none */
    int status;
};
/* path: after the base, encoded: "/posts?q=…". body: JSON or empty. A used-up budget is WAIT for an
 * hour or until midnight UTC, whichever is sooner, unless it says; a version that LinkedIn has
 * switched off is REAUTH, since nothing works until somebody changes the setting; a conflict is
 * RETRY. */
err linkedin_do(struct http_client *client, struct arena *a, const struct linkedin_api *api,
    enum http_method method, str path, str body, struct linkedin_answer *out);
/* "/socialActions/<urn>/comments" */
str linkedin_comments_path(struct arena *a, str urn);

/* ── rooms ── */

err linkedin_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err linkedin_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
err linkedin_lookup(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str external_id, int64_t now_ms,
    struct connector_polled *out);
err linkedin_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
/* Of a comment as the API gives it. */
str linkedin_actor(const struct json *comment);
str linkedin_text(const struct json *comment);
int64_t linkedin_made_ms(const struct json *comment);
