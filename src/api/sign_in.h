/* sign_in: what sign-in, links and the session routes share: the password and second-factor checks,
 * opening a session and the Session answer. Not here: the routes (session.c, links.c, me.c). */
#pragma once
#include "api/server.h"
#include "model/access.h"

/* What a prepare function learned before the lock. */
struct password_check {
    struct login login; /* as it was; id 0: nobody */
    bool matches;
    str new_hash; /* when a password was to be set */
};

/* Argon2id for a prepare function: at most SIGN_IN_AT_ONCE requests of the process are in here, so
 * that a flood of sign-ins cannot hold every worker; more are E_BUSY at once. Not matching is no
 * error: *matches says. */
enum { SIGN_IN_AT_ONCE = 3 };
err password_try(struct ctx *cx, str password, str encoded, bool *matches);
err password_make(struct ctx *cx, str password, str *encoded);
/* Streams of the person in every account end after the commit: their sessions have. */
err sign_in_streams_end(struct call *call, login_id login);

/* Counts a failed try (address, mail, both) and answers 401, keeping the count. */
err sign_in_refuse(struct call *call, str email, const char *detail, const char *words);
/* 429 while this address or mail must wait. */
err sign_in_throttle(struct call *call, str email);
err sign_in_forget(struct call *call, str email);

/* The second factor, when the login has one: OK; E_UNAUTHENTICATED with detail
 * second_factor_required (no code) or second_factor_wrong. */
err second_factor_check(struct call *call, const struct login *login, str code);

/* Opens a session of this agent (checks were made), sets the cookie, answers Session. */
err sign_in(struct call *call, account_id account, agent_id agent);
/* The Session of the acting agent. */
extern const struct shape signed_in_shape;
err session_answer(struct call *call);

/* Seals and opens the second factor's secret of a login. */
err totp_seal(struct ctx *cx, login_id login, str secret, str *sealed);
err totp_open(struct ctx *cx, login_id login, str sealed, str *secret);
/* A recovery code as it is stored. */
str recovery_hash(struct ctx *cx, str code);
