/* echo: what a network brings back of a message that went out in pieces (pieces.h), before the
 * piece's id is known here and without a reference of ours: known by the piece's text. Not here:
 * echoes of whole messages (inbound.c), with a reference or a known id (network.c). Thread: the
 * caller's; inside its transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

struct echo_piece {
    struct message message; /* whose piece it is: id, conversation_id, state */
    bool is_last;           /* all before it have gone: so the whole message has */
    str first_id;           /* is_last: the network's name of its first piece */
};
/* A message of ours in pieces, in this conversation, written since then, one of whose pieces that
 * the network has not named yet has this text: the newest. E_NOT_FOUND (no words). */
err echo_find_piece(struct ctx *cx, channel_id channel, conversation_id conversation, str text,
    int64_t since_ms, struct echo_piece *found);
