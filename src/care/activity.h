/* activity: the entries of a timeline that say who changed what: {"type","from","to",…}.
 * Types: status priority assignee team tags subject language, hide unhide act_failed,
 * automatic_refused automatic_stopped. Not here: making the change.
 * Thread: pure but for activity_add. */
#pragma once
#include "base/json.h"
#include "model/conversation.h"
#include "model/ctx.h"

/* {"type": type, "from": from or null, "to": to or null} */
str activity_json(struct arena *a, str type, str from, str to);
/* An activity of a conversation in memory, with an id above its last; the author is the actor.
 * Moves c->last_message_id so that later ids stay above; the preview does not change. */
struct message activity_message(struct ctx *cx, struct conversation *c, str json);
/* An entry of a stored conversation, told to who sees it. The conversation's row changes. */
err activity_add(struct ctx *cx, conversation_id id, str json);
