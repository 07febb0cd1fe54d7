/* Who hears what: the listeners of this node (one per live stream) and the rule that decides
 * whether an event reaches one. SECURITY: topics are resolved on the server, access is checked per
 * event. Not here: bytes and connections (net/hub.h), reading events (job/publish.c).
 *
 * Thread: join, leave, count and the look-ups any (one mutex, held for a few steps); a listener's
 * scope is touched by the loop thread alone after it was handed to the hub. */
#pragma once
#include "model/ctx.h"
#include "net/hub.h"
#include "store/event.h"

struct audience;
struct audience *audience_open(void); /* NULL when out of memory */
void audience_close(struct audience *audience);

/* One stream's subject. Owned by the stream; audience_leave frees it. */
struct listener {
    struct audience *audience;
    account_id account;
    agent_id agent;     /* 0 for a visitor */
    session_id session; /* what the stream was opened with; one of them, or neither */
    token_id token;
    contact_id contact; /* 0 for an agent */
    bool sees_all;
    int64_t *scope; /* heap: team ids, channel ids, conversations that mention the agent */
    int32_t n_teams, n_channels, n_mentions;
};

/* A listener with the actor's rights; mentions: conversations that mention the agent. E_BUSY. */
err audience_join(struct audience *audience, account_id account, const struct actor *actor,
    const int64_t *mentions, ptrdiff_t n_mentions, struct listener **listener);
void audience_leave(void *listener);
/* Streams between join and leave. A publisher that has read the head of the feed and then finds 0
 * may skip up to that head: whoever joins later replays from the table. */
int64_t audience_count(struct audience *audience);
bool audience_has_contact(struct audience *audience, account_id account, contact_id contact);
bool audience_has_agent(struct audience *audience, account_id account, agent_id agent);

/* Somebody with a stream. */
enum audience_kind { AUDIENCE_AGENT = 1, AUDIENCE_CONTACT };
struct audience_one {
    account_id account;
    enum audience_kind kind;
    int64_t id;
};
/* By account, kind, id: below 0, 0, above 0. */
int audience_order(struct audience_one x, struct audience_one y);
/* Everybody with a stream here, each once, in that order; how many, -1 when out of memory. */
ptrdiff_t audience_list(
    struct audience *audience, struct arena *a, const struct audience_one **people);

/* On the loop: new rights of the same agent, or one more conversation that mentions them. False =
 * out of memory: the stream must end. */
bool listener_set_scope(struct listener *l, const struct actor *actor);
bool listener_add_mention(struct listener *l, conversation_id conversation);

/* What the rule looks at. */
struct audience_news {
    int audience; /* enum event_audience */
    conversation_id conversation;
    channel_id channel;
    team_id team;
    agent_id assignee;
    contact_id contact;
    agent_id agent;
};
struct audience_news audience_news_of(const struct event_row *row);
/* hub_match: (struct listener *, struct audience_news *). News about a conversation reaches an
 * agent who sees it: by scope, assigned or mentioned; other news reaches every agent. */
bool audience_match(const void *listener, const void *news);
/* What a stream listens to: at most 2 keys; returns how many. */
enum { AUDIENCE_KEYS = 2 };
int listener_keys(const struct listener *l, struct hub_key keys[AUDIENCE_KEYS]);
/* Where news of an account goes. */
struct hub_key audience_key(account_id account, const struct audience_news *news);
struct hub_key audience_agents_key(account_id account);
struct hub_key audience_agent_key(account_id account, agent_id agent);
