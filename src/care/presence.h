/* presence: who is looking at a conversation, who is typing; in memory, gone after PRESENCE_MS
 * unless said again. Told to others by api/live.h, which also carries it between nodes, so that
 * each knows all of it, and tells when somebody's time has run out. Thread: any (one mutex inside).
 */
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

/* A conversation, and what decides who may hear of it (care/audience.h). */
struct presence_place {
    account_id account;
    conversation_id conversation;
    channel_id channel;
    team_id team;
    agent_id assignee;
    contact_id contact;
};
enum presence_state { PRESENCE_LEFT, PRESENCE_VIEWING, PRESENCE_TYPING };
/* True when what others see has changed. agent {0} = the contact, who only types or does not. */
bool presence_set(
    const struct presence_place *place, agent_id agent, enum presence_state state, int64_t now_ms);
/* Forgets whose time has run out; the conversations where it did, each once, at most `most`: call
 * again while it gives that many. */
ptrdiff_t presence_expire(int64_t now_ms, struct presence_place *places, ptrdiff_t most);
void presence_get(
    account_id account, conversation_id conversation, int64_t now_ms, struct presence *out);
/* {"conversation_id","agents":[{"agent_id","state"}],"contact":{"is_typing","is_online"}} */
str presence_json(
    struct arena *a, conversation_id conversation, const struct presence *p, bool is_online);
extern const struct shape presence_shape;
void presence_reset(void); /* for tests */
