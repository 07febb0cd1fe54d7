/* presence: see presence.h. A table of slots, oldest replaced: presence is a courtesy and may be
 * forgotten when very many people type at once. Shared by all workers: one mutex, held for a walk
 * over the bucket of one conversation. */
#include "care/presence.h"

#include <pthread.h>

#include "base/json.h"

enum {
    BUCKETS = 256,
    SLOTS = 32, /* entries per bucket */
};

struct entry {
    struct presence_place at;
    int64_t agent;    /* 0 = the contact */
    int64_t until_ms; /* 0 = free */
    bool is_typing;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry table[BUCKETS][SLOTS];

static struct entry *bucket(int64_t conversation)
{
    return table[((uint64_t)conversation * 0x9E3779B97F4A7C15u) >> 56];
}

static bool is_about(const struct entry *e, account_id account, conversation_id conversation)
{
    return e->at.account.v == account.v && e->at.conversation.v == conversation.v;
}

/* The entry, or the one to use for it: a free, expired or the oldest one. */
static struct entry *entry_of(const struct presence_place *at, int64_t agent)
{
    struct entry *list = bucket(at->conversation.v), *oldest = &list[0];
    for (int i = 0; i < SLOTS; i++) {
        if (is_about(&list[i], at->account, at->conversation) && list[i].agent == agent)
            return &list[i];
        if (list[i].until_ms < oldest->until_ms)
            oldest = &list[i];
    }
    return oldest;
}

bool presence_set(
    const struct presence_place *place, agent_id agent, enum presence_state state, int64_t now_ms)
{
    bool is_typing = state == PRESENCE_TYPING;
    bool is_there = agent.v ? state != PRESENCE_LEFT : is_typing;
    (void)pthread_mutex_lock(&lock); /* a default mutex used rightly cannot fail */
    struct entry *e = entry_of(place, agent.v);
    bool is_same = is_about(e, place->account, place->conversation) && e->agent == agent.v;
    bool was_there = is_same && e->until_ms > now_ms;
    bool was_typing = was_there && e->is_typing;
    if (is_there)
        *e = (struct entry){*place, agent.v, now_ms + PRESENCE_MS, is_typing};
    else if (is_same)
        *e = (struct entry){0};
    (void)pthread_mutex_unlock(&lock);
    return was_there != is_there || was_typing != is_typing;
}

static bool is_among(const struct presence_place *places, ptrdiff_t n, const struct entry *e)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (is_about(e, places[i].account, places[i].conversation))
            return true;
    return false;
}

ptrdiff_t presence_expire(int64_t now_ms, struct presence_place *places, ptrdiff_t most)
{
    ptrdiff_t n = 0;
    (void)pthread_mutex_lock(&lock); /* a default mutex used rightly cannot fail */
    for (int b = 0; b < BUCKETS && n < most; b++)
        for (int i = 0; i < SLOTS && n < most; i++) {
            struct entry *e = &table[b][i];
            if (e->until_ms == 0 || e->until_ms > now_ms)
                continue;
            if (!is_among(places, n, e))
                places[n++] = e->at;
            *e = (struct entry){0};
        }
    (void)pthread_mutex_unlock(&lock);
    return n;
}

void presence_get(
    account_id account, conversation_id conversation, int64_t now_ms, struct presence *out)
{
    const ptrdiff_t most = (ptrdiff_t)(sizeof out->agents / sizeof out->agents[0]);
    *out = (struct presence){0};
    (void)pthread_mutex_lock(&lock); /* a default mutex used rightly cannot fail */
    const struct entry *list = bucket(conversation.v);
    for (int i = 0; i < SLOTS; i++) {
        if (!is_about(&list[i], account, conversation) || list[i].until_ms <= now_ms)
            continue;
        if (!list[i].agent)
            out->is_contact_typing = list[i].is_typing;
        else if (out->n < most)
            out->agents[out->n++] = (struct presence_agent){{list[i].agent}, list[i].is_typing};
    }
    (void)pthread_mutex_unlock(&lock);
}

static const char *const agent_states[] = {"typing", "viewing", NULL};
static const struct shape_field agent_fields[] = {
    SHOWN("agent_id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("state", 0, agent_states, NULL),
    SHOWN("is_typing", SHAPE_BOOL, 0, NULL),
};
static const struct shape agent_shape =
    SHAPE("PresentAgent", NULL, agent_fields, "An agent who looks at the conversation.");
static const struct shape_field contact_fields[] = {
    SHOWN("is_typing", SHAPE_BOOL, 0, NULL),
    SHOWN("is_online", SHAPE_BOOL, 0, NULL),
};
static const struct shape contact_shape =
    SHAPE("PresentContact", NULL, contact_fields, "The customer.");
static const struct shape_field presence_fields[] = {
    SHOWN("conversation_id", SHAPE_ID, 0, NULL),
    SHOWN_OBJECT("agents", SHAPE_LIST, &agent_shape, NULL),
    SHOWN_OBJECT("contact", 0, &contact_shape, NULL),
};
const struct shape presence_shape =
    SHAPE("Presence", NULL, presence_fields, "Who looks at a conversation and who types.");

str presence_json(
    struct arena *a, conversation_id conversation, const struct presence *p, bool is_online)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_id(&j, S("conversation_id"), conversation.v);
    json_key(&j, S("agents"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < p->n; i++) {
        json_obj(&j);
        json_kv_id(&j, S("agent_id"), p->agents[i].agent.v);
        json_kv_str(&j, S("state"), p->agents[i].is_typing ? S("typing") : S("viewing"));
        json_kv_bool(&j, S("is_typing"), p->agents[i].is_typing);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_key(&j, S("contact"));
    json_obj(&j);
    json_kv_bool(&j, S("is_typing"), p->is_contact_typing);
    json_kv_bool(&j, S("is_online"), is_online);
    json_obj_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

void presence_reset(void)
{
    (void)pthread_mutex_lock(&lock); /* a default mutex used rightly cannot fail */
    for (int b = 0; b < BUCKETS; b++)
        for (int i = 0; i < SLOTS; i++)
            table[b][i] = (struct entry){0};
    (void)pthread_mutex_unlock(&lock);
}
