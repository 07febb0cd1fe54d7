/* rate: see rate.h. */
#include "api/rate.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 8192, SCALE = 1000 };

/* name          burst   per second × SCALE */
static const struct {
    int64_t burst, refill;
} rules[] = {
    [RATE_VISITOR] = {40,  10 * SCALE },
    [RATE_UPLOAD] = {20,  SCALE / 5  },
    [RATE_NEWCOMER] = {100, 5 * SCALE  },
    [RATE_TYPING] = {1,   SCALE / 4  },
    [RATE_FORM] = {10,  SCALE / 10 },
    [RATE_RESET] = {10,  SCALE / 20 },
    [RATE_TRANSCRIPT] = {3,   SCALE / 100},
};

struct bucket {
    uint64_t key;
    int64_t used, at_ms; /* used: SCALE-fold */
};
static struct bucket buckets[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool rate_allows(int64_t who, enum rate_kind kind, int64_t now_ms)
{
    const int64_t both[] = {who, (int64_t)kind};
    uint64_t key = str_hash(str_of(both, (ptrdiff_t)sizeof both));
    pthread_mutex_lock(&lock);
    struct bucket *b = &buckets[key % SLOTS];
    if (b->key != key && now_ms - b->at_ms > 60000)
        *b = (struct bucket){.at_ms = now_ms}; /* whoever had it is done */
    b->key = key;
    int64_t passed_ms = now_ms > b->at_ms ? now_ms - b->at_ms : 0;
    int64_t regained = passed_ms * rules[kind].refill / 1000;
    b->used = b->used > regained ? b->used - regained : 0;
    if (regained > 0 || b->used == 0)
        b->at_ms = now_ms; /* else the fraction is kept */
    bool allows = b->used + SCALE <= rules[kind].burst * SCALE;
    if (allows)
        b->used += SCALE;
    pthread_mutex_unlock(&lock);
    return allows;
}

/* "2001:db8:1:2:…": the first four groups, as far as they are written out. */
static str network_of(str ip)
{
    int groups = 0;
    for (ptrdiff_t i = 0; i < ip.len; i++)
        if (ip.at[i] == ':' && ++groups == 4)
            return str_sub(ip, 0, i);
    return ip;
}

bool rate_allows_ip(str ip, enum rate_kind kind, int64_t now_ms)
{
    if (str_starts(ip, S("127.")) || str_eq(ip, S("::1")))
        return true;
    return rate_allows((int64_t)(str_hash(network_of(ip)) >> 1), kind, now_ms);
}

void rate_reset(void)
{
    pthread_mutex_lock(&lock);
    memset(buckets, 0, sizeof buckets);
    pthread_mutex_unlock(&lock);
}
