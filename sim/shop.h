/* The demo shop as seva-sim knows it: where the server is, its keys, and how to call it. Kept in
 * DATA/demo.json between runs. Thread: one, but for the reply receiver (replies.h). */
#pragma once
#include "base/json.h"
#include "net/http_client.h"

struct shop {
    str base_url;               /* "http://127.0.0.1:8700" */
    str owner, password, token; /* sign-in and API token of the demo's owner */
    str owner_id;
    str widget_id, widget_key;
    str api_id, api_key, api_secret;
    struct http_client *client;
    str why; /* there was no answer to the last call; as long as its arena */
};

/* Opens the client; only loopback addresses are ever called. false when out of memory. */
bool shop_open(struct arena *a, struct shop *s);
/* One call; bearer may be empty. The status, 0 when there was no answer; *answer may be NULL. */
int shop_call(struct shop *s, struct arena *a, enum http_method method, str path, str bearer,
    str body, const struct json **answer);
/* Signed post to the API channel. */
int shop_post(struct shop *s, struct arena *a, str body);
