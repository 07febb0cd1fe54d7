/* Live news to consoles and widgets: passing things that are not stored (typing, who is viewing,
 * who is online), and the ending of streams whose right to listen has gone. Stored changes go
 * through store/event.h instead; the publisher brings those.
 * Not here: opening streams (stream.c).
 * Thread: any; never blocks; call it after the commit. */
#pragma once
#include "api/route.h"
#include "care/presence.h"
#include "model/conversation.h"
#include "store/event.h"

/* What comes with time: whose presence has run out is told to this node's consoles (each node knows
 * all of it), and who has a stream here is told to the other nodes. live_start does it
 * every second on a thread of its own until live_stop (before the hub goes); E_BUSY. */
void live_tick(struct api *api, int64_t now_ms);
err live_start(struct api *api);
void live_stop(struct api *api);

struct audience;
struct elsewhere;
/* Sets api->live with an empty audience; E_BUSY. The engine gets live_audience(api) and
 * live_elsewhere(api). */
err live_open(struct api *api);
void live_close(struct api *api);
struct audience *live_audience(struct api *api);
struct elsewhere *live_elsewhere(struct api *api);
/* From db_listen: what live_tell and live_end_… of another node said; other payloads are ignored.
 */
void live_heard(struct api *api, str payload);

/* Passing news, without an id: a client that was away does not get it later. The members mean what
 * they mean in struct event_new, and visibility is checked in the same way. Goes to the streams of
 * this node and, on PostgreSQL, to those of the other nodes. */
struct live_news {
    str type; /* "presence.changed", "typing", "read" */
    conversation_id conversation;
    channel_id channel;
    team_id team;
    agent_id assignee;
    contact_id contact; /* EVENT_FOR_VISITOR: whose widget */
    agent_id agent;     /* EVENT_FOR_AGENT: whose consoles */
    int audience;       /* enum event_audience, exactly one */
    str data;           /* a JSON object, ≤ 4 KiB */
    /* presence.changed: what was said (care/presence.h); the other nodes keep it too. NULL =
     * nothing. */
    const struct live_presence *presence;
};
struct live_presence {
    agent_id agent; /* 0 = the contact */
    enum presence_state state;
};
void live_tell(struct api *api, account_id account, const struct live_news *news);
/* The same from a handler, once what it wrote is committed. The texts live as long as the call. */
void live_tell_after(struct call *call, const struct live_news *news);
/* From a handler: what an agent ({0} = the contact) says of itself in the conversation is kept
 * (care/presence.h) and told to the agents who see the conversation, on all nodes. True when what
 * they see has changed by it. A departure that changes nothing is not told; everything else is told
 * again, since it is forgotten after PRESENCE_MS. */
bool live_say_presence(
    struct call *call, const struct conversation *c, agent_id agent, enum presence_state state);

/* Ends streams so that their clients connect again and are resolved anew (rights changed), or are
 * refused (signed out). Ids of 0 match nothing; all nodes. */
void live_end_agent(struct api *api, account_id account, agent_id agent);
void live_end_session(struct api *api, account_id account, session_id session);
void live_end_token(struct api *api, account_id account, token_id token);

/* Contacts with an open widget stream, and agents with an open console, on any node: a second may
 * pass until what happens on another one is known here. */
bool live_contact_is_online(struct api *api, account_id account, contact_id contact);
bool live_agent_is_online(struct api *api, account_id account, agent_id agent);

/* Takes over the connection of a GET …/stream call and feeds it: replay since Last-Event-ID, then
 * live. The caller is authenticated; the audience comes from the actor: an agent or token hears
 * the account's events it may see, a visitor hears its contact's. */
err stream_open(struct call *call);

/* The data of hello (stream.c), typing and read (desk.c). */
extern const struct shape hello_shape, typing_shape, read_shape;
