/* Rate windows and answers remembered by idempotency key, per network and bounded: the oldest go.
 * Under the room's lock. See network.h. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "inner.h"

static void bucket_drop_oldest(struct sim_room *room)
{
    struct rate_bucket *b = room->buckets_first;
    room->buckets_first = b->next;
    if (b->next == NULL)
        room->buckets_end = &room->buckets_first;
    (void)map_take(&room->buckets, str_of(b->key, b->key_len));
    free(b);
}

static struct rate_bucket *bucket_get(struct sim_room *room, str key)
{
    struct rate_bucket *b = map_get(&room->buckets, key);
    if (b)
        return b;
    if (room->buckets.count >= SIM_BUCKETS_MAX)
        bucket_drop_oldest(room);
    b = sim_alloc((ptrdiff_t)sizeof *b + key.len + 1);
    b->key_len = key.len;
    if (key.len > 0)
        memcpy(b->key, key.at, (size_t)key.len);
    if (map_put(&room->buckets, str_of(b->key, b->key_len), b) != OK)
        abort();
    *room->buckets_end = b;
    room->buckets_end = &b->next;
    return b;
}

struct sim_rate sim_rate_take(
    struct sim_call *c, str key, int64_t limit, int64_t window_ms, int64_t cost)
{
    int64_t now_ms = sim_now(c->sim);
    struct rate_bucket *b = bucket_get(room_of(c->sim, c->network), key);
    if (now_ms >= b->ends_ms) {
        b->ends_ms = now_ms + window_ms;
        b->used = 0;
    }
    struct sim_rate r = {.limit = limit, .reset_ms = b->ends_ms};
    r.is_allowed = b->used + cost <= limit;
    if (r.is_allowed)
        b->used += cost;
    r.remaining = limit > b->used ? limit - b->used : 0;
    return r;
}

static void kept_drop_oldest(struct sim_room *room)
{
    struct kept_answer *k = room->kept_first;
    room->kept_first = k->next;
    if (k->next == NULL)
        room->kept_end = &room->kept_first;
    if (map_get(&room->kept, k->key) == k)
        (void)map_take(&room->kept, k->key);
    free(k);
}

void limits_clear(struct sim_room *room)
{
    while (room->buckets_first)
        bucket_drop_oldest(room);
    while (room->kept_first)
        kept_drop_oldest(room);
    map_free(&room->buckets);
    map_free(&room->kept);
    room->buckets = room->kept = (struct map){0};
}

const struct sim_kept *sim_once_find(struct sim_call *c, str key)
{
    struct sim_room *room = room_of(c->sim, c->network);
    struct kept_answer *k = key.len > 0 ? map_get(&room->kept, key) : NULL;
    return k && sim_now(c->sim) < k->until_ms ? &k->answer : NULL;
}

void sim_once_keep(struct sim_call *c, str key, int64_t valid_ms)
{
    struct call_inner *in = call_inner(c);
    in->once_key = str_copy(c->arena, key);
    in->once_valid_ms = valid_ms;
    if (c->key.len == 0)
        c->key = in->once_key;
}

str sim_body_hash(struct sim_call *c)
{
    struct call_inner *in = call_inner(c);
    if (in->body_hash.len == 0) {
        struct sha256 h = crypto_sha256(c->req->body);
        in->body_hash = crypto_hex(c->arena, str_of(h.b, sizeof h.b));
    }
    return in->body_hash;
}

static str put(char **at, str s)
{
    str out = str_of(*at, s.len);
    if (s.len > 0)
        memcpy(*at, s.at, (size_t)s.len);
    *at += s.len;
    return out;
}

void once_remember(struct sim_call *c)
{
    struct call_inner *in = call_inner(c);
    struct sim_room *room = in->room;
    if (in->once_key.len == 0 || c->is_repeat || c->status < 200 || c->status > 299)
        return;
    if (room->kept.count >= SIM_KEPT_MAX)
        kept_drop_oldest(room);
    str hash = sim_body_hash(c);
    struct kept_answer *k = sim_alloc(
        (ptrdiff_t)sizeof *k + in->once_key.len + hash.len + c->content_type.len + c->body.len + 1);
    char *at = k->texts;
    k->key = put(&at, in->once_key);
    k->answer = (struct sim_kept){.status = c->status,
        .content_type = put(&at, c->content_type),
        .body = put(&at, c->body),
        .body_hash = put(&at, hash)};
    k->until_ms = sim_now(c->sim) + in->once_valid_ms;
    /* The map keeps the key it has; an expired one goes with its owner's memory. */
    (void)map_take(&room->kept, k->key);
    if (map_put(&room->kept, k->key, k) != OK)
        abort();
    *room->kept_end = k;
    room->kept_end = &k->next;
}

void sim_answer_again(struct sim_call *c, const struct sim_kept *kept)
{
    sim_answer(
        c, kept->status, str_copy(c->arena, kept->content_type), str_copy(c->arena, kept->body));
    c->is_repeat = true;
}
