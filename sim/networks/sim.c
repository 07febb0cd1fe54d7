/* Life of the simulator, its clock, accounts, ids and chance. See sim.h, network.h, inner.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "inner.h"
#include "net/http_client.h"

int64_t sim_real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void *sim_alloc(ptrdiff_t size)
{
    void *at = alloc_zero(size);
    if (at == NULL)
        abort();
    return at;
}

char *sim_copy(str s)
{
    char *at = sim_alloc(s.len + 1);
    if (s.len > 0)
        memcpy(at, s.at, (size_t)s.len);
    return at;
}

void sim_keep(char *to, ptrdiff_t size, str s)
{
    s = str_sub(s, 0, size - 1);
    if (s.len > 0)
        memcpy(to, s.at, (size_t)s.len);
    to[s.len] = '\0';
}

void cond_look(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    struct timespec t = thread_deadline(SIM_LOOK_MS);
    (void)pthread_cond_timedwait(cond, lock, &t); /* either way the caller looks */
}

/* ── clock ── */

int64_t sim_now(const struct sim *sim)
{
    return atomic_load(&sim->is_clock_manual) ? atomic_load(&sim->clock_ms) : clock_now_ms();
}

void sim_clock_set(struct sim *sim, int64_t now_ms)
{
    atomic_store(&sim->clock_ms, now_ms);
    atomic_store(&sim->is_clock_manual, true);
    webhooks_look(sim);
}

void sim_clock_advance(struct sim *sim, int64_t by_ms)
{
    sim_clock_set(sim, sim_now(sim) + by_ms);
}

void sim_clock_run(struct sim *sim)
{
    atomic_store(&sim->is_clock_manual, false);
    webhooks_look(sim);
}

/* ── rooms and accounts ── */

struct sim_room *room_find(struct sim *sim, str network)
{
    for (int i = 0; i < sim->room_count; i++)
        if (str_eq(sim->rooms[i].network->name, network))
            return &sim->rooms[i];
    return NULL;
}

struct sim_room *room_of(struct sim *sim, const struct sim_network *network)
{
    for (int i = 0; i < sim->room_count; i++)
        if (sim->rooms[i].network == network)
            return &sim->rooms[i];
    abort(); /* a network that is not in this simulator: our bug */
}

void count_up(struct sim_room *room, enum sim_count c, int64_t by)
{
    atomic_fetch_add(&room->counts[c], by);
}

int64_t sim_count(struct sim *sim, str network, enum sim_count c)
{
    int64_t n = 0;
    for (int i = 0; i < sim->room_count; i++)
        if (network.len == 0 || str_eq(sim->rooms[i].network->name, network))
            n += atomic_load(&sim->rooms[i].counts[c]);
    return n;
}

static void text_set(struct account_slot *slot, str *at, str s)
{
    if (s.len > 0 && !str_eq(*at, s))
        *at = str_copy(&slot->arena, s);
}

static void token_index(struct sim_room *room, struct account_slot *slot, str token)
{
    struct sim_account *account = &slot->account;
    if (str_eq(account->token, token))
        return;
    if (account->token.len > 0 && map_get(&room->accounts_by_token, account->token) == slot)
        (void)map_take(&room->accounts_by_token, account->token);
    account->token = str_copy(&slot->arena, token);
    if (token.len > 0 && map_put(&room->accounts_by_token, account->token, slot) != OK)
        abort();
}

static err settings_set(struct account_slot *slot, str settings, str *why)
{
    const struct json *v = NULL;
    TRY(json_parse(&slot->arena, settings, &v, why));
    if (v->kind != JSON_OBJECT) {
        *why = S("settings must be an object");
        return E_INVALID;
    }
    slot->account.settings = v;
    return OK;
}

static struct account_slot *account_new(struct sim_room *room, str id)
{
    struct account_slot *slot = sim_alloc((ptrdiff_t)sizeof *slot);
    slot->arena = arena_make(0);
    slot->account.network = room->network;
    slot->account.id = str_copy(&slot->arena, id);
    if (map_put(&room->accounts_by_id, slot->account.id, slot) != OK)
        abort();
    *room->accounts_end = slot;
    room->accounts_end = &slot->next;
    room->account_count++;
    return slot;
}

/* Under the lock. */
static err account_apply(struct sim_room *room, const struct sim_account_set *set, str *why)
{
    struct account_slot *slot =
        set->id.len > 0 ? map_get(&room->accounts_by_id, set->id) : room->accounts;
    bool is_new = slot == NULL;
    if (is_new && (set->id.len == 0 || room->account_count >= SIM_ACCOUNTS_MAX)) {
        *why = set->id.len == 0 ? S("an account needs an id") : S("too many accounts");
        return set->id.len == 0 ? E_INVALID : E_LIMIT;
    }
    if (is_new)
        slot = account_new(room, set->id);
    text_set(slot, &slot->account.name, set->name);
    text_set(slot, &slot->account.secret, set->secret);
    text_set(slot, &slot->account.callback, set->callback);
    text_set(slot, &slot->account.verify_token, set->verify_token);
    if (set->token.len > 0)
        token_index(room, slot, set->token);
    slot->account.is_revoked = set->is_revoked;
    err e = set->settings.len > 0 ? settings_set(slot, set->settings, why) : OK;
    if (is_new && room->network->account_open)
        room->network->account_open(room->sim, &slot->account);
    return e;
}

err sim_account_set(struct sim *sim, str network, const struct sim_account_set *set, str *why)
{
    struct sim_room *room = room_find(sim, network);
    if (room == NULL) {
        *why = S("no such network");
        return E_NOT_FOUND;
    }
    pthread_mutex_lock(&room->lock);
    err e = account_apply(room, set, why);
    if (e != OK)
        *why = S("the account's id or settings are not good");
    room->wakes++;
    pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->lock);
    return e;
}

struct sim_account *sim_account_find(struct sim *sim, const struct sim_network *network, str id)
{
    struct sim_room *room = room_of(sim, network);
    struct account_slot *slot = id.len > 0 ? map_get(&room->accounts_by_id, id) : room->accounts;
    return slot ? &slot->account : NULL;
}

struct sim_account *sim_account_at(struct sim *sim, const struct sim_network *network, ptrdiff_t n)
{
    struct account_slot *slot = room_of(sim, network)->accounts;
    while (slot && n-- > 0)
        slot = slot->next;
    return slot ? &slot->account : NULL;
}

struct sim_account *sim_account_by_token(struct sim_call *c, str token)
{
    c->token = token;
    struct account_slot *slot =
        token.len > 0 ? map_get(&room_of(c->sim, c->network)->accounts_by_token, token) : NULL;
    if (slot == NULL || slot->account.is_revoked)
        return NULL;
    c->account = &slot->account;
    return c->account;
}

static struct account_slot *slot_of(struct sim_account *account)
{
    return (struct account_slot *)(void *)account;
}

void sim_account_callback(struct sim *sim, struct sim_account *account, str url)
{
    (void)sim;
    if (!str_eq(account->callback, url))
        account->callback = str_copy(&slot_of(account)->arena, url);
}

void sim_account_token(struct sim *sim, struct sim_account *account, str token)
{
    token_index(room_of(sim, account->network), slot_of(account), token);
}

str sim_setting(const struct sim_account *account, str name)
{
    return json_text(json_get(account->settings, name), (str){0});
}

bool sim_takes_any(const struct sim_account *account)
{
    return str_eq(sim_setting(account, S("any_chat")), S("yes"));
}

/* ── ids and chance ── */

/* SplitMix64 (public domain, Steele, Lea, Flood 2014). */
uint64_t dice_next(uint64_t *dice)
{
    uint64_t z = (*dice += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t sim_next(struct sim *sim, const struct sim_network *network)
{
    return ++room_of(sim, network)->last_id;
}

int64_t sim_random(struct sim *sim, const struct sim_network *network, int64_t below)
{
    return below < 1 ? 0 : (int64_t)(dice_next(&room_of(sim, network)->dice) % (uint64_t)below);
}

static str random_of(struct sim_room *room, struct arena *a, str letters, int n)
{
    char *at = NEW(a, char, n + 1);
    for (int i = 0; i < n; i++)
        at[i] = letters.at[dice_next(&room->dice) % (uint64_t)letters.len];
    return str_of(at, n);
}

str sim_random_hex(struct sim *sim, const struct sim_network *network, struct arena *a, int n)
{
    return random_of(room_of(sim, network), a, S("0123456789abcdef"), n);
}

str sim_random_word(struct sim *sim, const struct sim_network *network, struct arena *a, int n)
{
    return random_of(room_of(sim, network), a,
        S("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"), n);
}

/* ── life ── */

static void room_fill(struct sim_room *room)
{
    str why;
    uint64_t seed = room->sim->options.seed;
    room->dice = seed * UINT64_C(0x9e3779b97f4a7c15);
    for (ptrdiff_t i = 0; i < room->network->name.len; i++)
        room->dice = room->dice * 31 + (unsigned char)room->network->name.at[i];
    room->last_id = 0;
    room->accounts_end = &room->accounts;
    room->buckets_end = &room->buckets_first;
    room->kept_end = &room->kept_first;
    room->state = room->network->open ? room->network->open(room->sim) : NULL;
    if (room->network->account.id.len > 0 &&
        account_apply(room, &room->network->account, &why) != OK)
        abort(); /* the network file's own account is not good: our bug */
}

static void room_empty(struct sim_room *room)
{
    streams_end(room);
    while (room->accounts) {
        struct account_slot *slot = room->accounts;
        room->accounts = slot->next;
        if (room->network->account_close)
            room->network->account_close(room->sim, &slot->account);
        arena_free(&slot->arena);
        free(slot);
    }
    room->account_count = 0;
    map_free(&room->accounts_by_id);
    map_free(&room->accounts_by_token);
    room->accounts_by_id = room->accounts_by_token = (struct map){0};
    if (room->network->close)
        room->network->close(room->state);
    room->state = NULL;
    media_clear(room);
    limits_clear(room);
    for (int i = 0; i < SIM_COUNTS; i++)
        atomic_store(&room->counts[i], 0);
}

static void room_open(struct sim *sim, struct sim_room *room, const struct sim_network *network)
{
    room->sim = sim;
    room->network = network;
    pthread_mutex_init(&room->lock, NULL);
    (void)thread_cond_make(&room->changed); /* Linux never refuses */
}

void sim_reset(struct sim *sim)
{
    webhooks_clear(sim);
    for (int i = 0; i < sim->room_count; i++) {
        struct sim_room *room = &sim->rooms[i];
        pthread_mutex_lock(&room->lock);
        room->generation++;
        room_empty(room);
        room_fill(room);
        pthread_cond_broadcast(&room->changed);
        pthread_mutex_unlock(&room->lock);
    }
    webhooks_clear(sim); /* what a call under way had queued meanwhile */
    sim_faults_clear(sim, (str){0});
    ledger_clear(&sim->ledger);
}

static err options_take(struct sim *sim, const struct sim_options *o, str *why)
{
    sim->own = arena_make(0);
    sim->options = *o;
    struct sim_options *mine = &sim->options;
    mine->listen = str_copy(&sim->own, o->listen.len > 0 ? o->listen : S("127.0.0.1:0"));
    mine->control_token = str_copy(&sim->own, o->control_token);
    mine->seed = o->seed ? o->seed : 1;
    mine->networks = o->networks ? o->networks : sim_networks;
    mine->webhook_threads = o->webhook_threads > 0 ? o->webhook_threads : 1;
    mine->max_connections = o->max_connections > 0 ? o->max_connections : 2000;
    mine->ledger_entries = o->ledger_entries > 0 ? o->ledger_entries : 200000;
    mine->ledger_bytes = o->ledger_bytes > 0 ? o->ledger_bytes : 256 * 1024 * 1024;
    mine->media_bytes = o->media_bytes > 0 ? o->media_bytes : 256 * 1024 * 1024;
    mine->hold_ms = o->hold_ms > 0 ? o->hold_ms : 60000;
    if (mine->webhook_threads > 256 || mine->max_connections > 100000) {
        *why = S("at most 256 webhook threads and 100,000 connections");
        return E_INVALID;
    }
    for (int i = 0; mine->networks[i]; i++) {
        if (i == SIM_NETWORKS_MAX)
            return E_LIMIT;
        room_open(sim, &sim->rooms[sim->room_count++], mine->networks[i]);
    }
    return OK;
}

static void sim_free(struct sim *sim)
{
    for (int i = 0; i < sim->room_count; i++) {
        room_empty(&sim->rooms[i]);
        pthread_mutex_destroy(&sim->rooms[i].lock);
        pthread_cond_destroy(&sim->rooms[i].changed);
    }
    smtp_tls_close(sim->smtp_tls);
    ledger_close(&sim->ledger);
    pthread_mutex_destroy(&sim->fault_lock);
    pthread_mutex_destroy(&sim->queue.lock);
    pthread_cond_destroy(&sim->queue.changed);
    arena_free(&sim->own);
    free(sim);
}

err sim_open(struct arena *a, const struct sim_options *options, struct sim **out, str *why)
{
    struct sim *sim = sim_alloc((ptrdiff_t)sizeof *sim);
    pthread_mutex_init(&sim->fault_lock, NULL);
    pthread_mutex_init(&sim->queue.lock, NULL);
    (void)thread_cond_make(&sim->queue.changed); /* Linux never refuses */
    err e = options_take(sim, options, why);
    ledger_open(&sim->ledger, sim->options.ledger_entries, sim->options.ledger_bytes);
    sim->fault_dice = sim->options.seed + 7;
    uint64_t key_dice = sim->options.seed + 11;
    (void)snprintf(sim->media_key.hex, sizeof sim->media_key.hex, "%016llx%016llx",
        (unsigned long long)dice_next(&key_dice), (unsigned long long)dice_next(&key_dice));
    atomic_store(&sim->clock_ms, options->clock_ms ? options->clock_ms : clock_now_ms());
    atomic_store(&sim->is_clock_manual, options->is_clock_manual);
    for (int i = 0; i < sim->room_count; i++)
        room_fill(&sim->rooms[i]);
    if (e == OK)
        e = wire_open(sim, a, why);
    if (e != OK) {
        sim_free(sim);
        return e;
    }
    e = http_client_start();
    if (e == OK)
        e = webhooks_start(sim);
    if (e == OK)
        e = wire_start(sim);
    if (e != OK) {
        *why = S("no threads or memory to be had");
        sim_close(sim);
        return e;
    }
    *out = sim;
    return OK;
}

void sim_close(struct sim *sim)
{
    atomic_store(&sim->is_closing, true);
    for (int i = 0; i < sim->room_count; i++) {
        pthread_mutex_lock(&sim->rooms[i].lock);
        pthread_cond_broadcast(&sim->rooms[i].changed);
        pthread_mutex_unlock(&sim->rooms[i].lock);
    }
    wire_stop(sim);
    webhooks_stop(sim);
    sim_free(sim);
}

int sim_port(const struct sim *sim)
{
    return sim->port;
}

int sim_smtp_port(const struct sim *sim)
{
    return sim->smtp_port;
}

str sim_url(struct arena *a, const struct sim *sim, str network)
{
    return str_print(a, "http://%s/%.*s", sim->host, SARG(network));
}

bool sim_settle(struct sim *sim, int64_t most_ms)
{
    int64_t until = sim_real_ms() + most_ms;
    /* Twice in a row: a call can queue a webhook, whose answer can make a call. */
    for (int quiet = 0; quiet < 2;) {
        bool is_quiet = atomic_load(&sim->calls_running) == 0 && webhooks_are_idle(sim);
        quiet = is_quiet ? quiet + 1 : 0;
        if (!is_quiet && sim_real_ms() >= until)
            return false;
        if (!is_quiet)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return true;
}

/* ── what happens in the networks ── */

/* Locks the room and finds the account; NULL (unlocked) with words. */
static struct sim_account *enter(
    struct sim *sim, str network, str account, struct sim_room **room, str *why)
{
    *room = room_find(sim, network);
    if (*room == NULL) {
        *why = S("no such network");
        return NULL;
    }
    pthread_mutex_lock(&(*room)->lock);
    struct sim_account *found = sim_account_find(sim, (*room)->network, account);
    if (found == NULL) {
        *why = S("no such account");
        pthread_mutex_unlock(&(*room)->lock);
    }
    return found;
}

void sim_said(struct sim *sim, const struct sim_account *account, str id, const struct sim_say *say)
{
    count_up(room_of(sim, account->network), SIM_COUNT_SAID, 1);
    ledger_add(sim,
        &(struct sim_entry){.kind = SIM_KIND_SAID,
            .network = account->network->name,
            .account = account->id,
            .conversation = say->conversation.len > 0 ? say->conversation : say->from_id,
            .id = id,
            .text = say->text,
            .outcome = S("said"),
            .detail = say->kind},
        NULL);
}

err sim_say(
    struct sim *sim, struct arena *a, str network, const struct sim_say *say, str *id, str *why)
{
    struct sim_room *room;
    struct sim_account *account = enter(sim, network, say->account, &room, why);
    if (account == NULL)
        return E_NOT_FOUND;
    str got = {0};
    err e = E_NOT_FOUND;
    *why = S("nobody can write in this network");
    if (room->network->say)
        e = room->network->say(sim, account, a, say, &got, why);
    if (e == OK)
        sim_said(sim, account, got, say);
    pthread_mutex_unlock(&room->lock);
    if (e == OK)
        *id = got;
    return e;
}

err sim_event(struct sim *sim, struct arena *a, str network, str account_id, str json, str *why)
{
    const struct json *event;
    TRY(json_parse(a, json, &event, why));
    struct sim_room *room;
    struct sim_account *account = enter(sim, network, account_id, &room, why);
    if (account == NULL)
        return E_NOT_FOUND;
    err e = OK;
    if (room->network->event)
        e = room->network->event(sim, account, a, event, json, why);
    else
        sim_webhook_send(sim, account, &(struct sim_webhook){.method = HTTP_POST, .body = json});
    pthread_mutex_unlock(&room->lock);
    return e;
}

err sim_special(struct sim *sim, struct arena *a, str network, str account_id, str what,
    const struct json *input, str *answer, str *why)
{
    struct sim_room *room;
    struct sim_account *account = enter(sim, network, account_id, &room, why);
    if (account == NULL)
        return E_NOT_FOUND;
    *why = S("the network has no such thing");
    err e = E_NOT_FOUND;
    if (room->network->special)
        e = room->network->special(sim, account, a, what, input, answer, why);
    pthread_mutex_unlock(&room->lock);
    return e;
}
