/* source: from the key in a web address to account and channel, with what a request before the
 * transaction needs (signature secrets, allowed origins). Read through a cache per process, since
 * the hot receive path asks for every request: an entry is at most SOURCE_STALE_MS old (so a change
 * made on another node is seen within that time) and source_forget drops it at once on this node
 * (called after the commit of a channel's change). Nothing else that can be revoked is cached.
 * Thread: any; one mutex, held for a look-up and a copy. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"

enum { SOURCE_STALE_MS = 1000 };

struct source_cache;
struct source {
    source_id id;
    account_id account;
    channel_id channel;
    str network; /* the channel's kind */
    str name;    /* the channel's */
    bool is_enabled;
    str secret, old_secret;  /* hooks; old is empty or still good */
    str identity_secret;     /* widget */
    str settings, languages; /* JSON */
    str secrets;             /* JSON object of the network's secrets; "{}" without */
    str external_id, handle;
};
struct source_cache *source_cache_open(struct db *db, const struct config *config);
void source_cache_close(struct source_cache *cache);
/* Copies into a. E_NOT_FOUND: no such key. Opens its own READ transaction on a miss: not to be
 * called inside one. */
err source_find(
    struct source_cache *cache, struct arena *a, str network, str key, struct source *source);
/* The key of the oldest channel of this network in the installation: for the demo's shop page. */
err source_first(struct source_cache *cache, struct arena *a, str network, str *key);
/* Everything of this process's cache. */
void source_forget(struct source_cache *cache);
