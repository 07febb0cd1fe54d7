/* mail_stop: an agent gives up on a mail that waits: for a server that asks for patience, or for
 * one that cannot be reached. Who has it keeps it. Not here: taking back what is held (reply.h).
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

/* Everybody who neither has the mail nor is refused is "stopped", with the words who did it and
 * when; its jobs end, and nothing goes out any more. When nobody has it the message has failed. A
 * try that is on its way ends as it ends (care/mail_way.h). *m: the message as it is now.
 * E_NOT_FOUND: it is not here, or no mail of ours; E_CONFLICT "held": it is to be taken back
 * instead; E_CONFLICT "too_late": nobody waits for it. */
err mail_stop(struct ctx *cx, message_id id, struct message *m);
/* Whether there is something to stop, but for a try that is on its way. way: of that message. Reads
 * only. */
struct mail_way;
err mail_stop_is_possible(
    struct ctx *cx, const struct message *m, const struct mail_way *way, bool *is_possible);
