/* google_reviews: what the rooms of the Google reviews connector share. Rooms: google_reviews.c
 * (settings, push, check, replies), google_reviews_poll.c (what is asked and when),
 * google_reviews_parse.c (what a review says).
 *
 * Pub/Sub only says that a review is there: it makes us poll. Reviews come newest change first;
 * every six hours the newest 500 are read again, which also shows what has been deleted and
 * replies written elsewhere. Names: a review "accounts/1/locations/2/reviews/AbF"; its new version
 * after our reply the same with "@<update ms>"; our reply with "/reply@<mark>", the mark being made
 * of its words: Google names replies only by their time, and a reply that is put twice (the first
 * answer was lost) has two. One reply stands below a review: a further one replaces it.
 * Deliveries, which poll writes:
 *   origin "review": {"account": location, "name", "review": as it came, "old_reply": the mark of a
 *                     reply that this one replaced, or that is gone}
 *   origin "gone":   {"account", "name"} of a review that was deleted
 * Source: Google Business Profile APIs (v4 for reviews), Cloud Pub/Sub, August 2026.
 * Thread: any; calls block. */
#pragma once
#include "connector/google.h"

extern const struct connector connector_google_reviews;

/* Of a reply's words; empty when there are none. */
str google_reviews_mark(struct arena *a, str text);
str google_reviews_reply_id(struct arena *a, str review, str mark);

err google_reviews_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err google_reviews_poll(struct http_client *client, struct arena *a,
    const struct connector_poll *in, struct connector_polled *out);
