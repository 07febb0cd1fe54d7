/* google_reviews: what the rooms of the Google reviews connector share. Rooms: google_reviews.c
 * (settings, push, check, replies), google_reviews_poll.c (what is asked and when),
 * google_reviews_parse.c (what a review says).
 *
 * Pub/Sub only says that a review is there: it makes us poll. Reviews come newest change first;
 * every six hours the newest 500 are read again, which also shows what has been deleted and
 * replies written elsewhere. Names: a review "accounts/1/locations/2/reviews/AbF"; its new version
 * after our reply the same with "@<update ms>"; our reply with "/reply@<update ms>". One reply
 * stands below a review: a further one replaces it. Deliveries, which poll writes:
 *   origin "review": {"account": location, "name", "review": as it came, "old_reply_ms": of a reply
 *                     that this one replaced, or that is gone}
 *   origin "gone":   {"account", "name"} of a review that was deleted
 * Source: Google Business Profile APIs (v4 for reviews), Cloud Pub/Sub, August 2026.
 * Thread: any; calls block. */
#pragma once
#include "connector/google.h"

extern const struct connector connector_google_reviews;

err google_reviews_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err google_reviews_poll(struct http_client *client, struct arena *a,
    const struct connector_poll *in, struct connector_polled *out);
