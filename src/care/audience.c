/* See audience.h. The registry of who is here is a small open hash table of (account, kind, id)
 * with a count of streams: presence asks it for every conversation it shows. */
#include "care/audience.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum key_kind { KEY_AGENTS = 1, KEY_CONTACT, KEY_AGENT };

struct present {
    int64_t account, id;
    int32_t kind; /* KEY_AGENT, KEY_CONTACT; 0 = free */
    int32_t streams;
};
struct audience {
    pthread_mutex_t lock;
    struct present *slots; /* cap is a power of two; at most half full */
    ptrdiff_t cap, used;
    int64_t count;
};

struct audience *audience_open(void)
{
    struct audience *audience = alloc_zero((ptrdiff_t)sizeof *audience);
    if (!audience)
        return NULL;
    audience->cap = 64;
    audience->slots = alloc_zero((ptrdiff_t)sizeof(struct present) * audience->cap);
    if (!audience->slots) {
        free(audience);
        return NULL;
    }
    pthread_mutex_init(&audience->lock, NULL);
    return audience;
}

void audience_close(struct audience *audience)
{
    if (!audience)
        return;
    pthread_mutex_destroy(&audience->lock);
    free(audience->slots);
    free(audience);
}

static ptrdiff_t home(const struct audience *audience, int64_t account, int32_t kind, int64_t id)
{
    uint64_t h = ((uint64_t)account * 31 + (uint64_t)id) * 0x9E3779B97F4A7C15u + (uint64_t)kind;
    return (ptrdiff_t)((h ^ h >> 29) & (uint64_t)(audience->cap - 1));
}

/* The slot of this key, or the free one where it belongs. */
static struct present *find(struct audience *audience, int64_t account, int32_t kind, int64_t id)
{
    ptrdiff_t i = home(audience, account, kind, id);
    for (;; i = (i + 1) & (audience->cap - 1)) {
        struct present *p = &audience->slots[i];
        if (p->kind == 0 || (p->kind == kind && p->id == id && p->account == account))
            return p;
    }
}

static bool grow(struct audience *audience)
{
    if ((audience->used + 1) * 2 <= audience->cap)
        return true;
    struct audience bigger = *audience;
    bigger.cap = audience->cap * 2;
    bigger.slots = alloc_zero((ptrdiff_t)sizeof(struct present) * bigger.cap);
    if (!bigger.slots)
        return false;
    for (ptrdiff_t i = 0; i < audience->cap; i++) {
        struct present *p = &audience->slots[i];
        if (p->kind)
            *find(&bigger, p->account, p->kind, p->id) = *p;
    }
    free(audience->slots);
    audience->slots = bigger.slots;
    audience->cap = bigger.cap;
    return true;
}

static bool enter(struct audience *audience, int64_t account, int32_t kind, int64_t id)
{
    if (!grow(audience))
        return false;
    struct present *p = find(audience, account, kind, id);
    if (p->kind == 0) {
        *p = (struct present){.account = account, .id = id, .kind = kind};
        audience->used++;
    }
    p->streams++;
    return true;
}

/* Open addressing without gravestones: what follows a freed slot moves up if it may. */
static void leave(struct audience *audience, int64_t account, int32_t kind, int64_t id)
{
    struct present *p = find(audience, account, kind, id);
    assert(p->kind != 0 && p->streams > 0);
    if (--p->streams > 0)
        return;
    ptrdiff_t mask = audience->cap - 1, hole = p - audience->slots;
    audience->used--;
    for (ptrdiff_t i = (hole + 1) & mask; audience->slots[i].kind; i = (i + 1) & mask) {
        struct present *q = &audience->slots[i];
        ptrdiff_t wanted = home(audience, q->account, q->kind, q->id);
        if (((i - wanted) & mask) >= ((i - hole) & mask)) {
            audience->slots[hole] = *q;
            hole = i;
        }
    }
    audience->slots[hole] = (struct present){0};
}

static int32_t presence_kind(const struct listener *l)
{
    return l->agent.v ? KEY_AGENT : KEY_CONTACT;
}

static int64_t presence_id(const struct listener *l)
{
    return l->agent.v ? l->agent.v : l->contact.v;
}

static bool copy_scope(
    struct listener *l, const struct actor *actor, const int64_t *mentions, ptrdiff_t n_mentions)
{
    ptrdiff_t n = actor->n_teams + actor->n_channels + n_mentions;
    int64_t *scope = n ? alloc_zero(n * (ptrdiff_t)sizeof *scope) : NULL;
    if (n && !scope)
        return false;
    int64_t *at = scope;
    for (ptrdiff_t i = 0; i < actor->n_teams; i++)
        *at++ = actor->team_ids[i];
    for (ptrdiff_t i = 0; i < actor->n_channels; i++)
        *at++ = actor->channel_ids[i];
    for (ptrdiff_t i = 0; i < n_mentions; i++)
        *at++ = mentions[i];
    l->scope = scope;
    l->n_teams = (int32_t)actor->n_teams;
    l->n_channels = (int32_t)actor->n_channels;
    l->n_mentions = (int32_t)n_mentions;
    l->sees_all = actor->sees_all;
    return true;
}

err audience_join(struct audience *audience, account_id account, const struct actor *actor,
    const int64_t *mentions, ptrdiff_t n_mentions, struct listener **listener)
{
    struct listener *l = alloc_zero((ptrdiff_t)sizeof *l);
    if (!l)
        return E_BUSY;
    bool is_visitor = actor->kind == ACTOR_VISITOR;
    *l = (struct listener){
        .audience = audience,
        .account = account,
        .agent = is_visitor ? (agent_id){0} : actor->agent,
        .session = actor->session,
        .token = actor->token,
        .contact = is_visitor ? actor->contact : (contact_id){0},
    };
    if (!is_visitor && !copy_scope(l, actor, mentions, n_mentions)) {
        free(l);
        return E_BUSY;
    }
    pthread_mutex_lock(&audience->lock);
    bool is_in = enter(audience, account.v, presence_kind(l), presence_id(l));
    audience->count += is_in;
    pthread_mutex_unlock(&audience->lock);
    if (!is_in) {
        free(l->scope);
        free(l);
        return E_BUSY;
    }
    *listener = l;
    return OK;
}

void audience_leave(void *listener)
{
    struct listener *l = listener;
    pthread_mutex_lock(&l->audience->lock);
    leave(l->audience, l->account.v, presence_kind(l), presence_id(l));
    l->audience->count--;
    pthread_mutex_unlock(&l->audience->lock);
    free(l->scope);
    free(l);
}

int64_t audience_count(struct audience *audience)
{
    pthread_mutex_lock(&audience->lock);
    int64_t count = audience->count;
    pthread_mutex_unlock(&audience->lock);
    return count;
}

static bool is_here(struct audience *audience, int64_t account, int32_t kind, int64_t id)
{
    pthread_mutex_lock(&audience->lock);
    bool here = find(audience, account, kind, id)->kind != 0;
    pthread_mutex_unlock(&audience->lock);
    return here;
}

bool audience_has_contact(struct audience *audience, account_id account, contact_id contact)
{
    return is_here(audience, account.v, KEY_CONTACT, contact.v);
}

bool audience_has_agent(struct audience *audience, account_id account, agent_id agent)
{
    return is_here(audience, account.v, KEY_AGENT, agent.v);
}

int audience_order(struct audience_one x, struct audience_one y)
{
    if (x.account.v != y.account.v)
        return x.account.v < y.account.v ? -1 : 1;
    if (x.kind != y.kind)
        return x.kind < y.kind ? -1 : 1;
    return x.id < y.id ? -1 : x.id > y.id;
}

static int by_order(const void *x, const void *y)
{
    return audience_order(*(const struct audience_one *)x, *(const struct audience_one *)y);
}

ptrdiff_t audience_list(
    struct audience *audience, struct arena *a, const struct audience_one **people)
{
    ptrdiff_t n = 0;
    pthread_mutex_lock(&audience->lock);
    struct audience_one *list =
        arena_try(a, (audience->used + 1) * (ptrdiff_t)sizeof *list, alignof(struct audience_one));
    for (ptrdiff_t i = 0; list && i < audience->cap; i++) {
        const struct present *p = &audience->slots[i];
        if (p->kind)
            list[n++] = (struct audience_one){
                {p->account}, p->kind == KEY_AGENT ? AUDIENCE_AGENT : AUDIENCE_CONTACT, p->id};
    }
    pthread_mutex_unlock(&audience->lock);
    if (n)
        qsort(list, (size_t)n, sizeof *list, by_order);
    *people = list;
    return list ? n : -1;
}

static const int64_t *mentions_of(const struct listener *l)
{
    return l->scope ? l->scope + l->n_teams + l->n_channels : NULL;
}

bool listener_set_scope(struct listener *l, const struct actor *actor)
{
    int64_t *old = l->scope;
    if (!copy_scope(l, actor, mentions_of(l), l->n_mentions))
        return false;
    free(old);
    return true;
}

static bool has(const int64_t *ids, ptrdiff_t n, int64_t id)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

bool listener_add_mention(struct listener *l, conversation_id conversation)
{
    if (l->sees_all || has(mentions_of(l), l->n_mentions, conversation.v))
        return true;
    ptrdiff_t n = l->n_teams + l->n_channels + l->n_mentions;
    int64_t *scope = alloc_resize(l->scope, (n + 1) * (ptrdiff_t)sizeof *scope);
    if (!scope)
        return false;
    scope[n] = conversation.v;
    l->scope = scope;
    l->n_mentions++;
    return true;
}

static bool sees(const struct listener *l, const struct audience_news *news)
{
    if (l->sees_all || (news->conversation.v == 0 && news->channel.v == 0))
        return true;
    if (news->assignee.v && news->assignee.v == l->agent.v)
        return true;
    if (news->team.v && has(l->scope, l->n_teams, news->team.v))
        return true;
    if (l->n_channels && has(l->scope + l->n_teams, l->n_channels, news->channel.v))
        return true;
    return has(mentions_of(l), l->n_mentions, news->conversation.v);
}

struct audience_news audience_news_of(const struct event_row *row)
{
    return (struct audience_news){
        .audience = (int)row->audience,
        .conversation = row->conversation_id,
        .channel = row->channel_id,
        .team = row->team_id,
        .assignee = row->assignee_id,
        .contact = row->contact_id,
        .agent = row->agent_id,
    };
}

bool audience_match(const void *listener, const void *news)
{
    const struct listener *l = listener;
    const struct audience_news *n = news;
    switch (n->audience) {
    case EVENT_FOR_AGENTS:
        return l->agent.v && sees(l, n);
    case EVENT_FOR_AGENT:
        return l->agent.v && l->agent.v == n->agent.v;
    case EVENT_FOR_VISITOR:
        return l->contact.v && l->contact.v == n->contact.v;
    default:
        return false;
    }
}

int listener_keys(const struct listener *l, struct hub_key keys[AUDIENCE_KEYS])
{
    if (l->contact.v) {
        keys[0] = (struct hub_key){KEY_CONTACT, l->account.v, l->contact.v};
        return 1;
    }
    keys[0] = audience_agents_key(l->account);
    keys[1] = audience_agent_key(l->account, l->agent);
    return 2;
}

struct hub_key audience_key(account_id account, const struct audience_news *news)
{
    if (news->audience == EVENT_FOR_VISITOR)
        return (struct hub_key){KEY_CONTACT, account.v, news->contact.v};
    if (news->audience == EVENT_FOR_AGENT)
        return audience_agent_key(account, news->agent);
    return audience_agents_key(account);
}

struct hub_key audience_agents_key(account_id account)
{
    return (struct hub_key){KEY_AGENTS, account.v, 0};
}

struct hub_key audience_agent_key(account_id account, agent_id agent)
{
    return (struct hub_key){KEY_AGENT, account.v, agent.v};
}
