/* visitor: who writes in a website chat. Its token is signed, not stored: nothing is written for a
 * browser that only looks. From the first message, pre-chat form or proved identity on it has an
 * identity and a contact.
 *   anonymous   external id "v:<visitor>", the contact will bear the visitor's number, so that its
 *               stream can listen before the contact exists
 *   proved      external id "u:<the site's user id>", shared by all of the person's devices
 * Rules: docs/product.md CR-1, TR-2; docs/widget.md. Not here: HTTP (api/widget*.c), messages
 * (care/inbound.h). Thread: the caller's. */
#pragma once
#include "model/channel.h"
#include "model/conversation.h"
#include "model/ctx.h"
#include "model/view_contact.h"

enum { VISITOR_TOKEN_DAYS = 365, VISITOR_USER_ID_MAX = 200 };

struct visitor_pass {
    account_id account;
    channel_id channel;
    visitor_id visitor;
    str external_id;
    int64_t issued_s;
};
str visitor_token(struct arena *a, const struct keyring *keys, const struct visitor_pass *pass);
/* E_UNAUTHENTICATED (no words): not ours, or too old. No database. */
err visitor_token_read(struct arena *a, const struct keyring *keys, str token, int64_t now_ms,
    struct visitor_pass *pass);
/* The site's proof of who its user is: lower-case hex HMAC-SHA256(identity secret, user id). */
bool visitor_proof_is_right(struct arena *a, str identity_secret, str user_id, str hash);

/* Scopes cx to the visitor of a token: account, channel, contact (the number of a contact to come
 * when it has not written yet). */
err visitor_enter(struct ctx *cx, const struct visitor_pass *pass);
/* What the visitor says of itself; empty = not said. */
struct visitor_profile {
    str name, email, phone, language;
    bool is_proved;
};
/* Makes identity and contact when they are missing, fills what is empty in the contact (a proved
 * profile also replaces). E_FORBIDDEN: blocked. */
err visitor_ensure(struct ctx *cx, const struct visitor_profile *profile, struct contact *contact);
/* The anonymous visitor proved to be user_id: its identity becomes "u:<user id>", unless that one
 * exists already; then the visitor goes on as it. cx->actor follows. */
err visitor_prove(struct ctx *cx, str user_id);
/* The newest conversation; id {0} when there is none. */
err visitor_conversation(struct ctx *cx, struct conversation *c);
