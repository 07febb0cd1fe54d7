/* facebook: what the files of the network "facebook" share: a page's Messenger inbox, comments
 * under its posts and mentions of it, in one channel. facebook.c has the rules, accounts and calls,
 * facebook_parse.c what comes in, facebook_poll.c what is asked for, facebook_send.c what goes out.
 * Source: Meta, Messenger Platform and Pages webhooks, v25.0, August 2026. Thread: see
 * connector.h. */
#pragma once
#include "connector/meta.h"

extern const struct connector connector_facebook;

/* origin: "hook"; "conversation <account> <floor ms>" (an answer of /{conversation-id}: messages
 * below the floor are passed over); "object <account>" (an answer of /{comment-id} or /{post-id}).
 */
err facebook_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);

/* How to ask this channel's page. */
struct meta_api facebook_api(const struct connector_setup *setup, int64_t now_ms);

err facebook_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
err facebook_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent);
err facebook_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
err facebook_lookup(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str external_id, int64_t now_ms,
    struct connector_polled *out);
