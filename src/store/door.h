/* door: the only room that turns a token, cookie, source key, claim or a fresh set-up into a scoped
 * ctx. It sets cx->account and the row-level scope of the transaction (db_scope); from there on all
 * rooms see this account alone. Answers are E_UNAUTHENTICATED with the same words whatever was
 * wrong. Thread: the caller's. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

/* Scopes the open transaction to an account known from a trusted row (a job, an inbox row, a
 * source). The actor becomes the system. */
err door_account(struct ctx *cx, account_id account);

struct door_pass {
    session_id session;
    token_id token;
    int64_t last_seen_ms; /* of the session or token: the boundary decides when to touch */
};
/* Fills account and actor (name, role's capabilities, visibility). */
err door_session(struct ctx *cx, str cookie, struct door_pass *pass);
err door_token(struct ctx *cx, str token, struct door_pass *pass);
/* A website chat's visitor, whose signed token named account and channel: E_UNAUTHENTICATED when
 * the channel is gone or switched off. The contact is the caller's to find. */
err door_visitor(struct ctx *cx, account_id account, channel_id channel);
/* As that agent, without a credential: sign-in after its checks, `seva user` on the machine. */
err door_agent(struct ctx *cx, account_id account, agent_id agent);

/* A new tenant; scopes cx to it. */
err door_account_add(struct ctx *cx, struct account *account);
/* All accounts, oldest first (upkeep jobs, command line). */
err door_accounts(struct ctx *cx, account_id **ids, ptrdiff_t *n);
/* Whether mails of Seva itself go out for any account. */
err door_has_mailbox(struct ctx *cx, bool *has);
