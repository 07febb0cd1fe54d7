/* automatic_mail: whether a mail that nobody wrote may go out: acknowledgements, transcripts, what
 * a rule sends. Everything that makes one asks here, in the transaction that makes it, whatever it
 * is and however it goes out; what is allowed is counted with it. None goes
 *   - to an address that is none, that is a machine's by its name, or that is ours
 *   - where mails came back for good, or where somebody has called one of ours spam
 *   - more than three times in an hour or ten times in a day to one address; what follows a + in
 *     its local part does not make it another one
 *   - for a day after three mails of machines have come from that address, or into that
 *     conversation, within ten minutes: then two programs answer each other
 * Not here: one acknowledgement per conversation (acknowledge.h), which mails are machines'
 * (text/robot.h), the headers of ours (connector email). Sources: RFC 3834; contract sheet of the
 * email channel, section 5. Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "model/ctx.h"

enum {
    AUTOMATIC_HOUR_MOST = 3,
    AUTOMATIC_DAY_MOST = 10,
    AUTOMATIC_MACHINES = 3,                 /* that come … */
    AUTOMATIC_MACHINES_MS = 10 * 60 * 1000, /* … within this time stop ours … */
    AUTOMATIC_STOP_MS = 24 * 3600 * 1000,   /* … for so long */
};

/* *may: it goes, and is counted; ask only when nothing else can hold it up. Else *why (English, a
 * constant). The address is folded here. */
err automatic_mail_may(struct ctx *cx, str address, bool *may, str *why);
/* Whether there is room for one more by how many have gone; nothing is counted. Reads only. */
err automatic_mail_has_room(struct ctx *cx, str address, bool *has);
/* As automatic_mail_may, of a mail in a conversation; when it may not go, an entry of the timeline
 * says so (activity automatic_refused): the conversation's row has changed then. */
err automatic_mail_may_in(
    struct ctx *cx, conversation_id conversation, str address, bool *may, str *why);
/* A mail of a machine from this address has come into the conversation. */
err automatic_mail_arrived(struct ctx *cx, conversation_id conversation, str address);
/* What stands in X-Seva-Loop of ours: each account has its own, so that two of one installation can
 * write to each other; how the installation is called is not to be read in it. */
err automatic_mail_loop(struct ctx *cx, str *loop);
