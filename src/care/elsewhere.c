/* elsewhere: see elsewhere.h. A list walked from end to end: a few hundred agents, asked for when a
 * visitor opens a chat. */
#include "care/elsewhere.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

struct seen {
    int64_t node, account, agent, until_ms;
};
struct elsewhere {
    pthread_mutex_t lock;
    struct seen *at;
    ptrdiff_t n, cap;
};

struct elsewhere *elsewhere_open(void)
{
    struct elsewhere *e = alloc_zero((ptrdiff_t)sizeof *e);
    if (e)
        pthread_mutex_init(&e->lock, NULL);
    return e;
}

void elsewhere_close(struct elsewhere *e)
{
    if (!e)
        return;
    pthread_mutex_destroy(&e->lock);
    free(e->at);
    free(e);
}

/* NULL without one. */
static struct seen *find(struct elsewhere *e, int64_t node, int64_t account, int64_t agent)
{
    for (ptrdiff_t i = 0; i < e->n; i++)
        if (e->at[i].agent == agent && e->at[i].node == node && e->at[i].account == account)
            return &e->at[i];
    return NULL;
}

/* Room for one more, after the forgotten ones are out. */
static bool make_room(struct elsewhere *e, int64_t now_ms)
{
    enum { FIRST = 64 };
    ptrdiff_t kept = 0;
    for (ptrdiff_t i = 0; i < e->n; i++)
        if (e->at[i].until_ms > now_ms)
            e->at[kept++] = e->at[i];
    e->n = kept;
    if (e->n < e->cap)
        return true;
    if (e->n >= ELSEWHERE_MOST)
        return false;
    ptrdiff_t cap = e->cap ? e->cap * 2 : FIRST;
    struct seen *bigger = alloc_resize(e->at, cap * (ptrdiff_t)sizeof *bigger);
    if (!bigger)
        return false;
    e->at = bigger;
    e->cap = cap;
    return true;
}

void elsewhere_came(
    struct elsewhere *e, int64_t node, account_id account, agent_id agent, int64_t now_ms)
{
    pthread_mutex_lock(&e->lock);
    struct seen *seen = find(e, node, account.v, agent.v);
    if (!seen && make_room(e, now_ms))
        seen = &e->at[e->n++];
    if (seen)
        *seen = (struct seen){node, account.v, agent.v, now_ms + ELSEWHERE_MS};
    pthread_mutex_unlock(&e->lock);
}

void elsewhere_left(struct elsewhere *e, int64_t node, account_id account, agent_id agent)
{
    pthread_mutex_lock(&e->lock);
    struct seen *seen = find(e, node, account.v, agent.v);
    if (seen)
        *seen = e->at[--e->n];
    pthread_mutex_unlock(&e->lock);
}

bool elsewhere_has(struct elsewhere *e, account_id account, agent_id agent, int64_t now_ms)
{
    bool has = false;
    pthread_mutex_lock(&e->lock);
    for (ptrdiff_t i = 0; i < e->n && !has; i++)
        has = e->at[i].agent == agent.v && e->at[i].account == account.v &&
              e->at[i].until_ms > now_ms;
    pthread_mutex_unlock(&e->lock);
    return has;
}
