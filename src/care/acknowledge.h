/* acknowledge: who begins a conversation by mail is told that it has arrived, when the mailbox
 * wants that: once per conversation, at the address in From only, whatever Reply-To says. Never a
 * program, whoever is proven to be somebody else (a check that failed), our own mailboxes; a sender
 * who is not proven only when the mailbox's setting says so, and then nothing of what they wrote
 * stands in it: they may be somebody else. It answers nothing and is nobody's work: the
 * conversation waits as before. Not here: how many may go (automatic_mail.h), what the words mean
 * (text/fill.h), headers (connector email). Thread: the receiver's; inside its WRITE transaction.
 */
#pragma once
#include "care/inbound.h"

/* A mail has become the message of result (after mail_arrived). Of a program's it is noted that it
 * came. *jobs counts what was planned. */
err acknowledge(struct ctx *cx, const struct inbound_item *item, const struct connector_item *it,
    const struct inbound_result *result, int64_t *jobs);
