/* instagram: what the files of the network "instagram" share: direct messages, comments and
 * mentions of a professional account, in one channel. An account is connected in one of two ways
 * (setting "login"): with Instagram's own login (graph.instagram.com, a token of 60 days), or
 * behind a Facebook page (graph.facebook.com, the page's token). instagram.c has the rules,
 * accounts and calls, instagram_parse.c what comes in, instagram_poll.c what is asked for,
 * instagram_send.c what goes out.
 *
 * A mention comes as ids only; its message is called "mention:<media id>:<comment id>" (without a
 * comment: "mention:<media id>:"), because it is answered by these two.
 * Source: Meta, Instagram Platform, v25.0, August 2026. Thread: see connector.h. */
#pragma once
#include "connector/meta.h"

extern const struct connector connector_instagram;

/* origin: "hook"; "conversation <account> <floor ms>" (an answer of /{conversation-id}: messages
 * below the floor are passed over); "mention <account> <media id> <comment id>" (an answer with
 * mentioned_comment or mentioned_media); "comment <account>" (an answer of /{comment-id}). */
err instagram_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);

/* The ids in "mention:…"; false when it is another message. comment is empty for a caption. */
bool instagram_mention(str external_id, str *media, str *comment);

struct meta_api instagram_api(struct arena *a, const struct connector_setup *setup, int64_t now_ms);
bool instagram_is_own_login(struct arena *a, const struct connector_setup *setup);
/* Whose messages edge is called: the account's, or its page's. */
str instagram_sender(struct arena *a, const struct connector_setup *setup);

err instagram_send(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent);
err instagram_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent);
err instagram_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
err instagram_lookup(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str external_id, int64_t now_ms,
    struct connector_polled *out);
