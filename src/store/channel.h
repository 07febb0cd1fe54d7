/* channel: connected inboxes with their sealed secrets. A channel's key in web addresses is also
 * the key of its source row. Not here: what settings may hold (api/channels.c). */
#pragma once
#include "model/channel.h"
#include "model/ctx.h"

enum {
    CHANNEL_OLD_SECRET_MS = 24 * 3600 * 1000
}; /* after rotation the old secret is good so long */

void channel_get_ahead(struct ctx *cx, channel_id id); /* see db_ahead */
err channel_get(
    struct ctx *cx, channel_id id, struct channel *channel);           /* E_NOT_FOUND with words */
err channel_list(struct ctx *cx, struct channel **rows, ptrdiff_t *n); /* by name */
/* Makes the row and its source. kind, name, languages, settings are given; the rest is filled.
 * secret: shown once (api: signs in- and outbound; widget: the identity secret). */
err channel_add(struct ctx *cx, struct channel *channel, str *secret);
/* Writes name, is_enabled, languages, settings, external_id, handle, handle_role, avatar_url. */
err channel_set(struct ctx *cx, const struct channel *channel);
err channel_remove(struct ctx *cx, channel_id id);
err channel_rotate_secret(struct ctx *cx, channel_id id, str *secret, int64_t *kept_until_ms);
/* Health; error empty = it worked. What came in is noted once in CHANNEL_NOTE_MS: that is exact
 * enough for people, and spares a row per message. */
enum { CHANNEL_NOTE_MS = 10000 };
err channel_seen_in(struct ctx *cx, channel_id id, int64_t at_ms);
err channel_seen_out(struct ctx *cx, channel_id id, int64_t at_ms, str error);
/* The object of secrets in the clear; "{}" when there is none. */
err channel_network_secrets(struct ctx *cx, const struct channel *channel, str *json);
/* Replaces it, and with it what is known about being refused. */
err channel_set_network_secrets(struct ctx *cx, channel_id id, str json, int64_t expires_ms);
/* The same for credentials that were made new from those that `read` has: E_CONFLICT (no words)
 * when somebody has replaced them since. */
err channel_renew_network_secrets(
    struct ctx *cx, const struct channel *read, str json, int64_t expires_ms);
/* The network refuses our credentials, or (error empty) takes them again. *has_changed: it was not
 * so before. */
err channel_set_auth(struct ctx *cx, channel_id id, str error, bool *has_changed);
/* The network takes the credentials, and refuses what is sent because the account lacks something
 * (a permission, payment, its plan). What is refused altogether stays so. *has_changed: it is news,
 * or was told more than a minute ago. */
err channel_set_limited(struct ctx *cx, channel_id id, str error, bool *has_changed);
/* It works again, unless it was told to be limited after told_ms. */
err channel_limit_over(struct ctx *cx, channel_id id, int64_t told_ms, bool *has_changed);
/* The enabled channel of this kind that is this account of the network; E_NOT_FOUND (no words). */
err channel_by_external(struct ctx *cx, str kind, str external_id, channel_id *id);
/* The door row that its deliveries come in by; E_NOT_FOUND (no words). */
err channel_source(struct ctx *cx, channel_id id, source_id *source);
/* What is wrong with it now, or (empty) that nothing is. Written only when it changes. */
err channel_note_error(struct ctx *cx, channel_id id, str error);
/* Where its poller or stream stands; "{}" at first. name: "poll", "listen". */
err channel_cursor_get(struct ctx *cx, channel_id id, str name, str *value);
err channel_cursor_set(struct ctx *cx, channel_id id, str name, str value);
/* Enabled channels of every account, for the engine's pollers and streams; ids ascend from
 * `after`. */
struct channel_at {
    channel_id id;
    account_id account_id;
    str kind;
};
err channel_all_of(struct db_tx *tx, str kind, channel_id after, ptrdiff_t limit,
    struct channel_at **rows, ptrdiff_t *n);
/* The secrets in the clear; old empty when there is none or its time is over. */
err channel_secrets(
    struct ctx *cx, const struct channel *channel, str *secret, str *old, str *identity);
