/* mail_report: what servers and mail programs say about mails of ours comes back to the message it
 * concerns. Anybody can write such a report: it counts when it is about a mail that we did send,
 * and about somebody it went to. Which one, is found by its Message-ID (ours, or the relay's), by
 * the address that it came to (VERP), and, when it says neither, by the recipient: such a one marks
 * the message, but says nothing against the address. Not here: reading one (text/report.h).
 * Source: RFC 3464, 5965, 8098. Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "connector/item.h"
#include "model/ctx.h"

/* it->mail->report is not NULL. *is_taken: it was a report about ours, or must not count as
 * anything; else it is a mail as others are. */
err mail_report_take(
    struct ctx *cx, channel_id channel, const struct connector_item *it, bool *is_taken);
