/* door_guess: see door_guess.h. A table of slots by the credential's hash, the newer one stays: a
 * guess may be lost at any time. Who is narrowed to more teams or channels than fit is not
 * remembered. Shared by all workers: one mutex, held for one slot. */
#include "store/door_guess.h"

#include <pthread.h>
#include <string.h>

#include "db/db.h"
#include "store/agent.h"
#include "store/door_hash.h"

enum {
    SLOT_BITS = 10,
    SLOTS = 1 << SLOT_BITS,
    HASH_BYTES = 64, /* SHA-256 in hex */
    PLACES_MOST = 16,
};

struct guess {
    char hash[HASH_BYTES];
    account_id account; /* 0 = free */
    enum actor_kind kind;
    agent_id agent;
    bool sees_all;
    int64_t places[PLACES_MOST]; /* teams, then channels */
    ptrdiff_t n_teams, n_channels;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct guess table[SLOTS];

static bool is_kept(const struct ctx *cx, str hash)
{
    return db_tx_kind(cx->db) != DB_SQLITE && hash.len == HASH_BYTES;
}

static struct guess *slot_of(str hash)
{
    uint64_t at = 0;
    memcpy(&at, hash.at, sizeof at); /* hex: half of the bits, mixed */
    return &table[(at * 0x9E3779B97F4A7C15u) >> (64 - SLOT_BITS)];
}

static bool is_of(const struct guess *g, str hash)
{
    return g->account.v && memcmp(g->hash, hash.at, HASH_BYTES) == 0;
}

bool door_guess(struct ctx *cx, str credential)
{
    struct guess g;
    if (db_tx_kind(cx->db) == DB_SQLITE || !credential.len)
        return false;
    str hash = door_hash(cx->arena, credential);
    (void)pthread_mutex_lock(&lock); /* a default mutex used rightly cannot fail */
    g = *slot_of(hash);
    (void)pthread_mutex_unlock(&lock);
    if (!is_of(&g, hash) || db_scope(cx->db, g.account) != OK)
        return false;
    int64_t *places = NEW(cx->arena, int64_t, PLACES_MOST);
    memcpy(places, g.places, sizeof g.places);
    cx->account = g.account;
    cx->actor = (struct actor){.kind = g.kind,
        .agent = g.agent,
        .sees_all = g.sees_all,
        .team_ids = places,
        .n_teams = g.n_teams,
        .channel_ids = places + g.n_teams,
        .n_channels = g.n_channels,
        .ip = cx->actor.ip};
    agent_enters_ahead(cx, g.agent);
    return true;
}

void door_guess_forget(struct ctx *cx)
{
    cx->account = (account_id){0};
    cx->actor = (struct actor){.ip = cx->actor.ip};
    cx->fault = (struct fault){0}; /* is told when it is found again */
}

void door_guess_keep(struct ctx *cx, str hash)
{
    const struct actor *who = &cx->actor;
    if (!is_kept(cx, hash) || who->n_teams + who->n_channels > PLACES_MOST)
        return;
    struct guess g = {.account = cx->account,
        .kind = who->kind,
        .agent = who->agent,
        .sees_all = who->sees_all,
        .n_teams = who->n_teams,
        .n_channels = who->n_channels};
    memcpy(g.hash, hash.at, HASH_BYTES);
    for (ptrdiff_t i = 0; i < g.n_teams; i++)
        g.places[i] = who->team_ids[i];
    for (ptrdiff_t i = 0; i < g.n_channels; i++)
        g.places[g.n_teams + i] = who->channel_ids[i];
    (void)pthread_mutex_lock(&lock);
    *slot_of(hash) = g;
    (void)pthread_mutex_unlock(&lock);
}

void door_guess_drop(struct ctx *cx, str hash)
{
    if (!is_kept(cx, hash))
        return;
    (void)pthread_mutex_lock(&lock);
    struct guess *g = slot_of(hash);
    if (is_of(g, hash))
        *g = (struct guess){0};
    (void)pthread_mutex_unlock(&lock);
}
