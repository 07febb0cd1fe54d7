/* What the simulated networks of Google share: who calls, errors and tokens. The refresh token of
 * an account is "1//" and its id. */
#pragma once
#include "network.h"

/* {"error":{"code","message","errors":[{"reason"}],"status"}} */
void google_fail(struct sim_call *c, int code, const char *reason, const char *message);
void google_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms);
/* True: c->account is set. Otherwise it has been answered: 401. */
bool google_is_let_in(struct sim_call *c);
/* POST /token: grant_type=refresh_token. */
void google_token(struct sim_call *c);
