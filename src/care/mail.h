/* mail: what is kept of a mail beside its message, and who takes part by mail: whoever wrote
 * proven, and whom they and we named. Not here: to which conversation it belongs (mail_thread.h),
 * reading a mail's bytes (text/mime.h). Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "care/inbound.h"
#include "store/mail.h"

/* Up to so many bytes a mail is kept in its row, longer ones are files. */
enum { MAIL_ROW_BYTES = 64 * 1024 };

/* What depends on the mailbox that it came to: whether it is ours, how far its sender is proven,
 * whom it names beside us. Before anything else is done with the item; nothing when it is no mail.
 */
err mail_judge(struct ctx *cx, channel_id channel, struct connector_item *it);
/* A mail has become the message of result. raw: its bytes, or (raw_name) the file that it is. */
err mail_arrived(struct ctx *cx, const struct inbound_item *item, const struct connector_item *it,
    const struct inbound_result *result, str raw, str raw_name);
/* Who wrote it: the address in its people. */
str mail_sender(struct arena *a, const struct mail *mail);
