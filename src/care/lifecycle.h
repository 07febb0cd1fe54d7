/* lifecycle: every change of a conversation's state by an agent, a token or the clock: status,
 * priority, assignee, team, tags, subject, language. One transition function; each change leaves an
 * activity message with its actor, raises the version and is told by events.
 * Not here: customer messages (inbound.h), replies (reply.h), many at once (bulk.h).
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

/* What to change; members count only with their has_. */
struct conversation_change {
    bool has_status, has_priority, has_assignee, has_team, has_snoozed_until, has_outcome,
        has_subject, has_language, has_tags;
    str status, priority, outcome, subject, language;
    agent_id assignee; /* {0} = nobody */
    team_id team;      /* {0} = none */
    int64_t snoozed_until_ms;
    struct str_list tags;                  /* the whole new set */
    struct str_list add_tags, remove_tags; /* empty = none */
    int64_t expected_version;              /* 0 = any; else E_CONFLICT "stale" */
    bool is_reply; /* a reply or note changed the row in memory: write it in any case */
};

/* Checks and applies; the conversation is locked and read within the actor's sight (E_NOT_FOUND).
 * Resolving takes an outcome (default solved); snoozing needs a time in the future (default: 24 h)
 * and adds the wake job. An assignee must be active and able to see the conversation, or it
 * becomes visible to them by being assigned; a team must exist. *c is the new state. */
err conversation_change(struct ctx *cx, conversation_id id,
    const struct conversation_change *change, struct conversation *c);
/* The same on a conversation that is locked already. */
err conversation_apply(
    struct ctx *cx, struct conversation *c, const struct conversation_change *change);
/* E_CONFLICT "joined" with details {"conversation_id"}: its messages are in another conversation,
 * and nothing more happens in this one (join.h). */
err conversation_is_here(struct ctx *cx, const struct conversation *c);
/* The wake job: a snoozed conversation whose time has come opens. Anything else: OK, nothing. */
err lifecycle_wake(struct ctx *cx, conversation_id id);
/* The safety net of upkeep: wakes up to 100 that are due in the account of cx. */
err lifecycle_wake_due(struct ctx *cx);
