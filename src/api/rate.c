/* rate: see rate.h. */
#include "api/rate.h"

#include <pthread.h>
#include <string.h>

enum { SLOTS = 8192, SCALE = 1000 };

/* name          burst   per second × SCALE */
static const struct {
    int64_t burst, refill;
} rules[] = {
    [RATE_VISITOR] = {40, 10 * SCALE},
    [RATE_UPLOAD] = {20, SCALE / 5 },
};

struct bucket {
    int64_t who, used, at_ms; /* used: SCALE-fold */
};
static struct bucket buckets[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool rate_allows(int64_t who, enum rate_kind kind, int64_t now_ms)
{
    int64_t key = who * 4 + (int64_t)kind;
    pthread_mutex_lock(&lock);
    struct bucket *b = &buckets[str_hash(str_of(&key, (ptrdiff_t)sizeof key)) % SLOTS];
    if (b->who != key && now_ms - b->at_ms > 60000)
        *b = (struct bucket){.at_ms = now_ms}; /* whoever had it is done */
    b->who = key;
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

void rate_reset(void)
{
    pthread_mutex_lock(&lock);
    memset(buckets, 0, sizeof buckets);
    pthread_mutex_unlock(&lock);
}
