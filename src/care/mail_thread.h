/* mail_thread: to which conversation a mail belongs. Into somebody's conversation leads only a
 * token of ours in the address it came to, or the name of a mail that is stored here; and only when
 * who wrote it takes part there and the address is proven to be theirs. Whatever else says that it
 * answers begins a conversation of its own, which names the one it may belong to: an agent decides.
 * A number in the subject is no evidence, it only suggests. Where the mailbox wants it, an answer
 * under another subject begins a linked conversation too. A conversation that was joined to another
 * one (join.h) stands for that. Rules: docs/security.md point 7. Not here: who takes part
 * (mail.h adds them). Whoever answers a chat's letter from the address that its visitor gave is
 * that visitor: a new address becomes the chat's contact's. Thread: the caller's; inside its WRITE
 * transaction. */
#pragma once
#include "care/inbound.h"

/* Sets thread_key, into, known_as, related, subject and is_quiet of what becomes of a mail
 * (it->mail). */
err mail_thread_place(struct ctx *cx, const struct connector_item *it, struct inbound_item *item);
/* The address at which an answer comes back into its conversation:
 * "support+c<conversation>.<mac>@example.com"; empty: the mailbox's own is too long for that. */
str mail_thread_address(const struct ctx *cx, str mailbox, conversation_id id);
/* The envelope sender that a bounce of this mail comes back to: "support+m<message>.<mac>@…"
 * (VERP); empty as above. And which mail one of these addresses names; {0} = none does. */
str mail_thread_bounces(const struct ctx *cx, str mailbox, message_id id);
message_id mail_thread_bounced(const struct ctx *cx, const str *addresses, ptrdiff_t n);
