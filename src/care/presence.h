/* presence: who is looking at a conversation, who is typing; in memory of this node only, gone
 * after PRESENCE_MS unless said again. Told to others by api/live.h, which also carries it between
 * nodes. Thread: any (one mutex inside). */
#pragma once
#include "model/ctx.h"
#include "model/shape.h"

enum { PRESENCE_MS = 10 * 1000 };

struct presence_agent {
    agent_id agent;
    bool is_typing;
};
struct presence {
    struct presence_agent agents[16]; /* the newest */
    ptrdiff_t n;
    bool is_contact_typing;
};

enum presence_state { PRESENCE_LEFT, PRESENCE_VIEWING, PRESENCE_TYPING };
/* True when what others see has changed. */
bool presence_agent_set(account_id account, conversation_id conversation, agent_id agent,
    enum presence_state state, int64_t now_ms);
bool presence_contact_set(
    account_id account, conversation_id conversation, bool is_typing, int64_t now_ms);
void presence_get(
    account_id account, conversation_id conversation, int64_t now_ms, struct presence *out);
/* {"conversation_id","agents":[{"agent_id","state"}],"contact":{"is_typing","is_online"}} */
str presence_json(
    struct arena *a, conversation_id conversation, const struct presence *p, bool is_online);
extern const struct shape presence_shape;
void presence_reset(void); /* for tests */
