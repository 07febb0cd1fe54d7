/* google: what YouTube and Google reviews share: calls with a token, what errors mean, and when the
 * day's quota comes back. Not here: resources of one of them.
 * Source: Google APIs, "Errors" of the YouTube Data API and of Business Profile, August 2026.
 * Errors: E_BUSY only. Thread: any; calls block. */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"

/* The rows of settings that both have. */
#define GOOGLE_CLIENT                                                                              \
    {.name = "client_id",                                                                          \
        .kind = "text",                                                                            \
        .is_required = true,                                                                       \
        .help = "The OAuth client's id in your Google Cloud project."},                            \
    {                                                                                              \
        .name = "client_secret", .kind = "secret", .is_required = true,                            \
        .help = "The OAuth client's secret."                                                       \
    }

struct google_api {
    const struct connector *connector; /* its title stands in words */
    const struct connector_setup *setup;
    int64_t now_ms;
};
struct google_answer {
    struct connector_sent sent; /* SENT = 2xx, with JSON unless it is 204 */
    const struct json *json;    /* NULL when it is none */
    str reason;                 /* "quotaExceeded", "RESOURCE_EXHAUSTED"; empty = none was given */
    int status;
};
/* body: JSON or empty. By reason, then by status: a day's quota is WAIT until midnight Pacific
 * time, a burst WAIT for a minute or as told (both channel-wide), 401 REAUTH, 5xx RETRY, other
 * FINAL. A 2xx without JSON to a call that acts is UNKNOWN. */
err google_do(struct http_client *client, struct arena *a, const struct google_api *api,
    enum http_method method, str url, str body, struct google_answer *out);

/* The next midnight in Los Angeles. Source: 15 USC 260a: daylight time from the second Sunday of
 * March to the first of November, 2 a.m. */
int64_t google_day_ends_ms(int64_t now_ms);
