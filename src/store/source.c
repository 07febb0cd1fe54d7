/* source: see source.h. The cache is an array of entries, each with its own arena, looked up by key
 * under one mutex; a miss reads outside the mutex and puts the entry in. Unknown keys are not kept
 * (a stranger could fill the memory with them). */
#include "store/source.h"

#include "base/clock.h"
#include "base/map.h"
#include "store/channel_seal.h"
#include "store/door.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 512, ENTRY_KEY_BYTES = 200 };

/* Immutable but for `users`, which the cache's lock guards. */
struct entry {
    struct arena arena;
    char key[ENTRY_KEY_BYTES]; /* "network key" */
    ptrdiff_t key_len;
    struct source source;
    int64_t loaded_ms; /* clock_mono_ms */
    int users;         /* the cache itself, and look-ups that are copying */
};

struct source_cache {
    struct db *db;
    const struct config *config;
    pthread_mutex_t lock;
    struct map by_key;
    struct entry *entries[ENTRIES_MAX];
    ptrdiff_t count;
    int64_t generation; /* counts source_forget: a look-up under way then is not kept */
};

struct source_cache *source_cache_open(struct db *db, const struct config *config)
{
    struct source_cache *cache = alloc_zero(sizeof *cache);
    if (!cache)
        return NULL;
    cache->db = db;
    cache->config = config;
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

/* Under the lock. */
static void entry_drop(struct entry *entry)
{
    if (--entry->users)
        return;
    arena_free(&entry->arena);
    free(entry);
}

/* Under the lock. */
static void forget_all(struct source_cache *cache)
{
    for (ptrdiff_t i = 0; i < cache->count; i++)
        entry_drop(cache->entries[i]);
    cache->count = 0;
    cache->generation++;
    map_free(&cache->by_key);
    cache->by_key = (struct map){0};
}

void source_cache_close(struct source_cache *cache)
{
    if (!cache)
        return;
    forget_all(cache);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void source_forget(struct source_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    forget_all(cache);
    pthread_mutex_unlock(&cache->lock);
}

static void source_copy(struct arena *a, const struct source *from, struct source *to)
{
    *to = *from;
    to->network = str_copy(a, from->network);
    to->name = str_copy(a, from->name);
    to->secret = str_copy(a, from->secret);
    to->old_secret = str_copy(a, from->old_secret);
    to->identity_secret = str_copy(a, from->identity_secret);
    to->settings = str_copy(a, from->settings);
    to->languages = str_copy(a, from->languages);
    to->secrets = str_copy(a, from->secrets);
    to->external_id = str_copy(a, from->external_id);
    to->handle = str_copy(a, from->handle);
}

/* The same without leaving by the arena's escape: what is held must be let go. */
static bool source_copy_held(struct arena *a, const struct source *from, struct source *to)
{
    jmp_buf no_memory, *outer = a->escape;
    volatile bool is_copied = false;
    a->escape = &no_memory;
    if (setjmp(no_memory) == 0) {
        source_copy(a, from, to);
        is_copied = true;
    }
    a->escape = outer;
    return is_copied;
}

/* NULL when out of memory: then the look-up is simply not remembered. */
static struct entry *entry_make(str key, const struct source *source)
{
    struct entry *entry = alloc_zero(sizeof *entry);
    if (!entry)
        return NULL;
    entry->arena = arena_make(0);
    memcpy(entry->key, key.at, (size_t)key.len);
    entry->key_len = key.len;
    if (!source_copy_held(&entry->arena, source, &entry->source)) {
        arena_free(&entry->arena);
        free(entry);
        return NULL;
    }
    entry->loaded_ms = clock_mono_ms();
    entry->users = 1;
    return entry;
}

/* Under the lock. Takes the entry over. */
static void entry_put(struct source_cache *cache, struct entry *entry)
{
    str key = {entry->key, entry->key_len};
    struct entry *old = map_take(&cache->by_key, key);
    ptrdiff_t at = cache->count;
    for (ptrdiff_t i = 0; old && i < cache->count; i++)
        if (cache->entries[i] == old)
            at = i;
    if (map_put(&cache->by_key, key, entry) != OK) {
        entry_drop(entry);
        entry = NULL;
    }
    if (old)
        entry_drop(old);
    if (entry)
        cache->entries[at] = entry;
    else if (old)
        cache->entries[at] = cache->entries[cache->count - 1];
    if (entry && !old)
        cache->count++;
    if (!entry && old)
        cache->count--;
}

struct door_row {
    source_id id;
    account_id account_id;
    channel_id channel_id;
};
static const struct db_col door_cols[] = {
    COL(struct door_row, id),
    COL(struct door_row, account_id),
    COL(struct door_row, channel_id),
};
struct channel_row {
    str name;
    bool is_enabled;
    str secret_sealed, old_secret_sealed, identity_secret_sealed;
    int64_t old_secret_until_ms;
    str settings, languages;
    str secrets_sealed, external_id, handle;
};
static const struct db_col channel_cols[] = {
    COL(struct channel_row, name),
    COL(struct channel_row, is_enabled),
    COL(struct channel_row, secret_sealed),
    COL(struct channel_row, old_secret_sealed),
    COL(struct channel_row, identity_secret_sealed),
    COL(struct channel_row, old_secret_until_ms),
    COL(struct channel_row, settings),
    COL(struct channel_row, languages),
    COL(struct channel_row, secrets_sealed),
    COL(struct channel_row, external_id),
    COL(struct channel_row, handle),
};

static err source_read(struct ctx *cx, str network, str key, struct source *source)
{
    struct door_row door;
    TRY(db_one(cx->db,
        S("SELECT id, account_id, channel_id "
          "FROM source "
          "WHERE key = ?1 AND network = ?2"),
        ARGS(A_TEXT(key), A_TEXT(network)), COLS(door_cols), &door));
    TRY(door_account(cx, door.account_id));
    struct channel_row row;
    TRY(db_one(cx->db,
        S("SELECT name, is_enabled, secret_sealed, old_secret_sealed, identity_secret_sealed, "
          "    old_secret_until_ms, settings, languages, secrets_sealed, external_id, handle "
          "FROM channel "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(door.channel_id)), COLS(channel_cols), &row));
    struct channel_sealed sealed = {
        .secret = row.secret_sealed,
        .old_secret = row.old_secret_until_ms > cx->now_ms ? row.old_secret_sealed : (str){0},
        .identity_secret = row.identity_secret_sealed,
        .secrets = row.secrets_sealed,
    };
    TRY(channel_unseal(cx->arena, cx->config->keys, cx->account, door.channel_id, &sealed));
    *source = (struct source){
        .id = door.id,
        .account = door.account_id,
        .channel = door.channel_id,
        .network = network,
        .name = row.name,
        .is_enabled = row.is_enabled,
        .secret = sealed.secret,
        .old_secret = sealed.old_secret,
        .identity_secret = sealed.identity_secret,
        .settings = row.settings,
        .languages = row.languages,
        .secrets = sealed.secrets.len ? sealed.secrets : S("{}"),
        .external_id = row.external_id,
        .handle = row.handle,
    };
    return OK;
}

static err source_load(
    struct source_cache *cache, struct arena *a, str network, str key, struct source *source)
{
    struct ctx cx = {.arena = a, .now_ms = clock_now_ms(), .config = cache->config};
    struct db_tx *tx;
    jmp_buf no_memory, *outer = a->escape;
    volatile err e = E_BUSY;
    TRY(db_begin(cache->db, DB_READ, a, &tx));
    cx.db = tx;
    a->escape = &no_memory; /* the transaction must end */
    if (setjmp(no_memory) == 0)
        e = source_read(&cx, network, key, source);
    a->escape = outer;
    err end = db_rollback(tx);
    return e != OK ? e : end;
}

err source_find(
    struct source_cache *cache, struct arena *a, str network, str key, struct source *source)
{
    str name = str_print(a, "%.*s %.*s", SARG(network), SARG(key));
    if (name.len > ENTRY_KEY_BYTES)
        return E_NOT_FOUND;
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = map_get(&cache->by_key, name);
    int64_t generation = cache->generation;
    if (entry && clock_mono_ms() - entry->loaded_ms < SOURCE_STALE_MS)
        entry->users++;
    else
        entry = NULL;
    pthread_mutex_unlock(&cache->lock);
    if (entry) { /* outside the lock: it takes a while */
        bool is_copied = source_copy_held(a, &entry->source, source);
        pthread_mutex_lock(&cache->lock);
        entry_drop(entry);
        pthread_mutex_unlock(&cache->lock);
        return is_copied ? OK : E_BUSY;
    }
    TRY(source_load(cache, a, network, key, source));
    entry = entry_make(name, source);
    if (!entry)
        return OK;
    pthread_mutex_lock(&cache->lock);
    if (cache->count == ENTRIES_MAX)
        forget_all(cache);
    if (cache->generation == generation)
        entry_put(cache, entry);
    else
        entry_drop(entry);
    pthread_mutex_unlock(&cache->lock);
    return OK;
}

struct key_row {
    str key;
};
static const struct db_col key_cols[] = {COL(struct key_row, key)};

err source_first(struct source_cache *cache, struct arena *a, str network, str *key)
{
    struct db_tx *tx;
    struct key_row row = {0};
    TRY(db_begin(cache->db, DB_READ, a, &tx));
    err e = db_one(tx,
        S("SELECT key "
          "FROM source "
          "WHERE network = ?1 "
          "ORDER BY id "
          "LIMIT 1"),
        ARGS(A_TEXT(network)), COLS(key_cols), &row);
    err end = db_rollback(tx);
    TRY(e);
    TRY(end);
    *key = row.key;
    return OK;
}
