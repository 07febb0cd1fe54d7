/* reply_address: addresses that say what an answer belongs to, signed so that nobody can guess one.
 *   reply to a conversation   support+c123.0123456789abcdef@example.com      (Reply-To)
 *   bounce of a mail          bounce+m456.0123456789abcdef@example.com       (envelope sender,
 * VERP) c: conversation id, m: message id, in decimal; then the first 16 hexadecimal digits of
 * HMAC-SHA256(key, "123") for a conversation and of HMAC-SHA256(key, "m456") for a mail. The token
 * ends the local part, whatever stands before it (its own + too: support+eu+c…), so that it is
 * found after relays have put something in front. Letter case does not count. A token alone opens
 * nothing: care asks for a participant with an aligned pass as well. Source: contract sheet of the
 * email channel, section 3; RFC 5321, 4.5.3.1 (64 bytes). Thread: pure. */
#pragma once
#include "base/str.h"

enum reply_kind {
    REPLY_NOTHING, /* no token, or one of somebody else */
    REPLY_CONVERSATION,
    REPLY_BOUNCE,
};

struct reply_token {
    enum reply_kind kind;
    int64_t id;
    str address; /* without the token: "support@example.com" */
};

enum { REPLY_LOCAL_BYTES = 64 };

/* address: of the mailbox, or for REPLY_BOUNCE where bounces go ("bounce@example.com"). id > 0.
 * E_INVALID: not an address with a plain local part; E_LIMIT: its local part is too long for a
 * token (at most 26 bytes leave room for every id): the mail then goes without one, and threads by
 * its Message-ID. */
err reply_address_make(
    struct arena *a, str key, enum reply_kind kind, str address, int64_t id, str *made);
/* kind REPLY_NOTHING when there is no token with a right signature; a wrong one is none. The caller
 * compares *.address with its mailboxes when that matters. Constant time in the signature. */
struct reply_token reply_address_read(struct arena *a, str key, str address);
