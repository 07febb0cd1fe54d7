/* join: two conversations become one: a mail that may belong to another conversation
 * (mail_thread.h) is put there by an agent, with all that was said around it. Its conversation
 * stays as an empty, resolved one that says where its messages are; what was moved is kept, so that
 * it can be separated again. Not here: what suggests it (mail_thread.h), SQL (store/join.h).
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

enum {
    JOIN_MESSAGES_MOST = 5000, /* of the one that is joined */
    JOIN_BACK_DAYS = 30,       /* so long it can be separated again */
    JOIN_STEPS = 64,           /* from one that was joined to the next that was */
};

/* Messages go by their ids, which are their time. Who wrote there takes part in the other one from
 * now on; that one opens when the joined one was not resolved, and waits since the first message of
 * both that nobody answered. Read marks: nothing that an agent has not read counts as read. Drafts
 * go along; where an agent has one of the same kind there already, its words are added to it.
 * Mentions and notifications go along, and whose conversation it is now is told of an answer. Both
 * get the activity "joined". *into: the other one as it is; once more: as it was after the first
 * time. E_CONFLICT: it names no other one; E_LIMIT: it has too many messages; E_NOT_FOUND: one of
 * them is out of sight. */
err conversation_join(struct ctx *cx, conversation_id id, struct conversation *into);
/* What went along comes back, and so does what it was; what has come since stays in the other one.
 * E_CONFLICT: it was not joined, or the other one has itself been joined; "too_late". *c: the one
 * that stands for itself again. */
err conversation_separate(struct ctx *cx, conversation_id id, struct conversation *c);
/* It does not belong there: nobody is asked any more. OK also when it names none. */
err conversation_unrelate(struct ctx *cx, conversation_id id);
/* Where its messages are now: itself, or where it was joined to in the end. In the actor's sight;
 * E_NOT_FOUND with words. */
err conversation_follow(struct ctx *cx, conversation_id id, struct conversation *c);

/* The one that it may belong to, and why; see the shape RelatedConversation. */
struct join_related {
    struct conversation c;
    str why; /* answer, address, number, subject */
    str sender;
    bool is_proven, takes_part;
};
/* E_NOT_FOUND (no words): it names none, or the actor may not see it. */
err join_related_of(struct ctx *cx, const struct conversation *c, struct join_related *related);
