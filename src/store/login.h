/* login: a person who can sign in, once per installation; a door room: rows are found by mail
 * address before any account is known. `email` is folded here. Not here: checking passwords
 * (base/crypto), the rules of sign-in (care/access, api/session). */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

/* E_NOT_FOUND when nobody has this address. */
err login_by_email(struct ctx *cx, str email, struct login *login);
err login_get(struct ctx *cx, login_id id, struct login *login);
/* Finds or makes the login of this address. */
err login_ensure(struct ctx *cx, str email, struct login *login);
err login_set_password(struct ctx *cx, login_id id, str encoded);
/* The secret shown to the person, until a code confirms it. */
err login_set_totp_pending(struct ctx *cx, login_id id, str sealed);
/* Turns the second factor on (sealed not empty, with the step just used and hashed recovery codes)
 * or off (all empty). */
err login_set_totp(struct ctx *cx, login_id id, str sealed, int64_t step, str recovery);
/* Takes a 30 s step: E_CONFLICT when it or a later one was used already. */
err login_use_step(struct ctx *cx, login_id id, int64_t step);
/* Replaces the recovery codes if they still are `old`: E_CONFLICT otherwise. */
err login_use_recovery(struct ctx *cx, login_id id, str old, str left);

struct membership {
    account_id account_id;
    agent_id agent_id;
    str name; /* the account's */
};
/* The accounts of a login, oldest first. */
err login_memberships(struct ctx *cx, login_id id, struct membership **rows, ptrdiff_t *n);
err login_join(struct ctx *cx, login_id id, agent_id agent);
