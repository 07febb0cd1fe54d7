/* system_mail: mails of Seva itself to the people who work with it: invitations and password
 * resets, by the mailbox that the account names, in the person's language. Their links are secret
 * (letter.h seals them). Not here: links (store/link.h), who may ask for them (api/). Thread: the
 * caller's; inside its WRITE transaction. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

/* *can: the account has a mailbox that can send. Reads only. */
err system_mail_can(struct ctx *cx, bool *can);
/* token: the last part of the link's address. *is_sent: false where the account has no mailbox that
 * can send. */
err system_mail_invitation(
    struct ctx *cx, const struct agent *agent, str token, int64_t expires_ms, bool *is_sent);
err system_mail_reset(
    struct ctx *cx, const struct agent *agent, str token, int64_t expires_ms, bool *is_sent);
