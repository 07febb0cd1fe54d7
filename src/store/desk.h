/* desk: what one agent keeps about conversations: what was read, drafts, mentions, notifications,
 * and the undo of a bulk action. All rows belong to an agent; the functions without an agent
 * parameter are about the acting one. Thread: the transaction's. */
#pragma once
#include "model/ctx.h"
#include "model/view_conversation.h"

/* The acting agent has read up to this message; exact (may also go back: "unread"). Also marks its
 * notifications of the conversation as read when upto is the newest. */
err read_set(struct ctx *cx, conversation_id conversation, message_id upto);
/* The newest message that any agent has read; {0} when none was. */
err read_newest(struct ctx *cx, conversation_id conversation, message_id *upto);

/* E_NOT_FOUND without words. */
err draft_get(struct ctx *cx, conversation_id conversation, struct draft *draft);
err draft_set(struct ctx *cx, const struct draft *draft);
err draft_remove(struct ctx *cx, conversation_id conversation);

/* Gives the agent sight of the conversation. */
err mention_add(struct ctx *cx, agent_id agent, conversation_id conversation, message_id message);

err notification_add(struct ctx *cx, const struct notification *n);
/* Of the acting agent, newest first, behind the id ({0} = from the newest). */
err notification_list(struct ctx *cx, bool unread_only, notification_id before, ptrdiff_t limit,
    struct notification **rows, ptrdiff_t *n);
/* ids NULL = all. */
err notification_read(struct ctx *cx, const int64_t *ids, ptrdiff_t n);
err notification_read_conversation(struct ctx *cx, conversation_id conversation);

/* What a bulk action changed, as JSON; id = the undo token. */
err bulk_undo_add(struct ctx *cx, int64_t id, str changes);
/* Takes it out: it works once, for who made it, for `since_ms` or newer. E_NOT_FOUND, no words. */
err bulk_undo_take(struct ctx *cx, int64_t id, int64_t since_ms, str *changes);
