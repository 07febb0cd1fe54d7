/* Ids that sort by time. Not: numbers shown to people (a per-account `number`) nor tokens.
 * Thread: any. The present goes by atomics alone; the past (imports) by a mutex.
 *
 * Layout: 42 bits milliseconds, 10 bits node, 11 bits counter. The present uses the lower half of
 * the counters, everything else the upper half, so that they never meet, not even with the ids of
 * an earlier process.
 *
 * Present: within LIVE_MS of the clock, and not before the process began: what an earlier one gave
 * then is not known here. A ring holds the next counter of each of the last 16,384
 * milliseconds; a full millisecond hands over to the next one. When the clock is set back, ids go
 * on from the newest millisecond used, because older ones may have been given already.
 *
 * Past (and far future): any order, any number per millisecond. What was given is kept in a Bloom
 * filter: a counter that it may know is skipped, so it can waste counters but never give one
 * twice. At 2.8 million ids it wastes 3 %, at 30 million most tries. */
#include "base/id.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"

enum {
    NODE_BITS = 10,
    COUNTER_BITS = 11,
    COUNTER_HALF = 1 << (COUNTER_BITS - 1),
    LIVE_MS = 10 * 1000,
    RING = 1 << 14, /* milliseconds; more than LIVE_MS */
    HINTS = 1 << 12,
    FILTER_WORDS = 1 << 19, /* 4 MiB, resident only as far as used */
};

static _Atomic int node_id;
static _Atomic int64_t begin_ms; /* of this process */

/* The present: (millisecond << COUNTER_BITS) + next counter. */
static _Atomic uint64_t ring[RING];
static _Atomic int64_t newest_ms;

/* The past, under `past_lock`. hints: where to go on for a millisecond asked for before. */
static pthread_mutex_t past_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t filter[FILTER_WORDS];
static struct {
    int64_t ms;
    uint64_t next; /* (millisecond << COUNTER_BITS) + counter */
} hints[HINTS];

void id_node_set(int node)
{
    atomic_store(&node_id, node & ((1 << NODE_BITS) - 1));
    atomic_store(&begin_ms, clock_now_ms());
}

static int64_t id_of(uint64_t place)
{
    uint64_t ms = place >> COUNTER_BITS, counter = place & ((1 << COUNTER_BITS) - 1);
    uint64_t node = (uint64_t)atomic_load_explicit(&node_id, memory_order_relaxed);
    return (int64_t)(ms << (NODE_BITS + COUNTER_BITS) | node << COUNTER_BITS | counter);
}

/* Takes the millisecond's next counter; false when there is none, or the ring has moved on. */
static bool ring_take(int64_t ms, uint64_t *place)
{
    _Atomic uint64_t *slot = &ring[ms & (RING - 1)];
    uint64_t first = (uint64_t)ms << COUNTER_BITS;
    uint64_t was = atomic_load_explicit(slot, memory_order_relaxed);
    for (;;) {
        uint64_t next = was < first ? first : was;
        if (next >= first + COUNTER_HALF)
            return false;
        if (atomic_compare_exchange_weak_explicit(
                slot, &was, next + 1, memory_order_relaxed, memory_order_relaxed)) {
            *place = next;
            return true;
        }
    }
}

static uint64_t place_now(int64_t ms)
{
    int64_t newest = atomic_load_explicit(&newest_ms, memory_order_relaxed);
    if (ms < newest - LIVE_MS)
        ms = newest;
    uint64_t place = 0;
    while (!ring_take(ms, &place))
        ms++;
    while (newest < ms && !atomic_compare_exchange_weak_explicit(
                              &newest_ms, &newest, ms, memory_order_relaxed, memory_order_relaxed))
        continue;
    return place;
}

static uint64_t hash_of(uint64_t value)
{
    return str_hash(str_of(&value, (ptrdiff_t)sizeof value));
}

/* Notes the place as given; false when it may have been given before. Two bits of one word. */
static bool filter_add(uint64_t place)
{
    uint64_t hash = hash_of(place);
    uint64_t bits = UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
    uint64_t *word = &filter[hash >> 12 & (FILTER_WORDS - 1)];
    bool is_new = (*word & bits) != bits;
    *word |= bits;
    return is_new;
}

static uint64_t place_elsewhere(int64_t ms)
{
    const uint64_t end = UINT64_C(1) << (42 + COUNTER_BITS);
    (void)pthread_mutex_lock(&past_lock); /* a default mutex cannot fail here */
    uint64_t hash = hash_of((uint64_t)ms);
    /* The first counter differs by process: an earlier import may have used the same times. */
    uint64_t place = ((uint64_t)ms << COUNTER_BITS) + COUNTER_HALF + hash % (COUNTER_HALF / 2);
    if (hints[hash >> 32 & (HINTS - 1)].ms == ms)
        place = hints[hash >> 32 & (HINTS - 1)].next;
    while (!filter_add(place)) {
        place++;
        if ((place & COUNTER_HALF) == 0) /* the upper half is used up: on to the next one */
            place += COUNTER_HALF;
        if (place >= end)
            place = (UINT64_C(1) << COUNTER_BITS) + COUNTER_HALF;
    }
    hints[hash >> 32 & (HINTS - 1)].ms = ms;
    hints[hash >> 32 & (HINTS - 1)].next = place;
    (void)pthread_mutex_unlock(&past_lock);
    return place;
}

int64_t id_make(int64_t time_ms)
{
    const int64_t most = (INT64_C(1) << 42) - 1;
    int64_t ms = time_ms < 1 ? 1 : time_ms > most ? most : time_ms;
    int64_t now = clock_now_ms(), begin = atomic_load_explicit(&begin_ms, memory_order_relaxed);
    bool is_ours = ms >= begin || now < begin; /* the clock was set back */
    bool is_now = is_ours && ms - now >= -LIVE_MS && ms - now <= LIVE_MS;
    return id_of(is_now ? place_now(ms) : place_elsewhere(ms));
}

int64_t id_time_ms(int64_t id)
{
    return id >> (NODE_BITS + COUNTER_BITS);
}

int64_t id_least(int64_t time_ms)
{
    const int64_t last_ms = INT64_MAX >> (NODE_BITS + COUNTER_BITS);
    if (time_ms <= 0)
        return 0;
    return (time_ms < last_ms ? time_ms : last_ms) << (NODE_BITS + COUNTER_BITS);
}

err id_parse(str s, int64_t *id)
{
    if (s.len > 0 && s.at[0] == '0')
        return E_INVALID; /* one id, one spelling */
    return str_int(s, 1, INT64_MAX, id);
}
