/* letter: mails of ours that are no messages of a mailbox's conversation. What they say is kept
 * until they have gone. Not here: what they say, who may get one (care/letter.h).
 * Thread: the transaction's. */
#pragma once
#include "model/ctx.h"
#include "model/letter.h"

err letter_insert(struct ctx *cx, const struct letter *letter);
/* E_NOT_FOUND (no words). */
err letter_get(struct ctx *cx, letter_id id, struct letter *letter);
/* E_NOT_FOUND (no words). */
err letter_by_internet(struct ctx *cx, str internet_id, struct letter *letter);
/* By the name that its relay has given it; E_NOT_FOUND (no words). */
err letter_by_relay(struct ctx *cx, str relay_id, struct letter *letter);
/* The newest of a chat; E_NOT_FOUND (no words). */
err letter_of_chat(struct ctx *cx, conversation_id conversation, struct letter *letter);
/* Newest first, ids below `before` ({0} = from the newest); state, channel: empty, {0} = any. */
err letter_list(struct ctx *cx, str state, channel_id channel, letter_id before, ptrdiff_t limit,
    struct letter **rows, ptrdiff_t *n);
/* From letter->state; E_CONFLICT (no words) when it is in another by now. "sent" forgets what it
 * says, a password reset does so in any state but queued and sending. */
err letter_change_state(struct ctx *cx, const struct letter *letter, str to, str error);
/* The server has taken it: letter.relay_id, letter.answer. */
err letter_set_answer(struct ctx *cx, letter_id id, str relay_id, str answer);
/* Those of one kind to this address since then. */
err letter_count_of(struct ctx *cx, str kind, str address, int64_t since_ms, int64_t *n);
/* Those made before then go, at most `most`. */
err letter_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t most, int64_t *removed);
