/* Reproducible chance: the same seed gives the same demo everywhere (SplitMix64, Steele, Lea and
 * Flood 2014). Not for secrets. Thread: one. */
#pragma once
#include "base/str.h"

struct dice {
    uint64_t state;
};
static inline uint64_t dice_next(struct dice *d)
{
    uint64_t z = (d->state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}
/* 0 … below − 1 */
static inline int64_t dice_below(struct dice *d, int64_t below)
{
    return below > 0 ? (int64_t)(dice_next(d) % (uint64_t)below) : 0;
}
static inline int64_t dice_between(struct dice *d, int64_t low, int64_t high)
{
    return low + dice_below(d, high - low + 1);
}
static inline bool dice_chance(struct dice *d, int percent)
{
    return dice_below(d, 100) < percent;
}
static inline str dice_pick(struct dice *d, struct str_list l)
{
    return l.len ? l.at[dice_below(d, l.len)] : (str){NULL, 0};
}
