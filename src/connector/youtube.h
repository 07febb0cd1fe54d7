/* youtube: what the rooms of the YouTube connector share. Rooms: youtube.c (settings, rules, check,
 * send, acts), youtube_poll.c (what is asked and when), youtube_parse.c (what a comment says).
 *
 * There is no webhook of comments: they are polled, newest threads first every three minutes, and
 * all of the last `days` every half hour, because an answer below an old thread does not move it
 * up. Each comment is a delivery of its own (origin "comment"), an object that poll writes:
 *   {"account": our channel id, "thread": {"id","videoId","channelId"}, "comment": as it came,
 *    "parent": the comment above it or absent, "video": as it came or absent,
 *    "held": "heldForReview" or "likelySpam" when nobody sees it, or absent}
 * Message ids are comment ids; an answer's begins with its thread's: "UgxSEVA1.9abc".
 * Source: YouTube Data API v3, August 2026. Thread: any; calls block. */
#pragma once
#include "connector/google.h"

extern const struct connector connector_youtube;

err youtube_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err youtube_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
/* A comment's text: what was typed, else what is shown, with markup taken out of it. */
str youtube_text(struct arena *a, const struct json *comment);
/* The channel that wrote it; empty when it is not said. */
str youtube_author(const struct json *comment);
