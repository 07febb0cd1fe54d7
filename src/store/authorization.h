/* authorization: an authorisation under way, from a network's page back to us. A door table: found
 * by the hash of the state in the address, which is a token known to the browser alone; the rest is
 * sealed. Only the agent who began it may go on, once, within AUTHORIZATION_MS.
 * docs/security.md. Thread: the transaction's. */
#pragma once
#include "model/ctx.h"

enum { AUTHORIZATION_MS = 15 * 60 * 1000 };

struct authorization {
    str kind;
    channel_id channel; /* authorised anew; {0} = a new channel */
    str detail;         /* JSON, opened: settings, secrets, verifier, request token, accounts */
};
/* By the acting agent. state: a crypto_token, or the request token of OAuth 1.0a, with which the
 * browser comes back. E_LIMIT: the detail is too long to be sealed. */
err authorization_add(struct ctx *cx, const struct authorization *row, str state);
/* The acting agent's own, not yet expired; E_NOT_FOUND with words. take: exactly one caller gets
 * it. */
err authorization_get(struct ctx *cx, str state, struct authorization *row);
err authorization_take(struct ctx *cx, str state, struct authorization *row);
/* Removes at most `max` that have expired, of all accounts; *removed says how many. By upkeep. */
err authorization_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed);
