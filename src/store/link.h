/* link: invitations and password resets as single-use addresses. Stored hashed; a new link of an
 * agent ends the older ones. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

#define LINK_KEEP_MS (INT64_C(30) * 24 * 3600 * 1000)
enum { LINK_INVITATION_MS = 7 * 24 * 3600 * 1000, LINK_RESET_MS = 24 * 3600 * 1000 };

/* purpose "invitation" or "reset"; token is the last part of the address. */
err link_add(
    struct ctx *cx, login_id login, agent_id agent, str purpose, str *token, int64_t *expires_ms);
/* The same, good for so long. */
err link_add_for(struct ctx *cx, login_id login, agent_id agent, str purpose, int64_t for_ms,
    str *token, int64_t *expires_ms);
/* Before the account is known: E_NOT_FOUND when unknown, used or expired. */
err link_find(struct ctx *cx, str token, struct link *link);
/* Exactly one caller wins: E_NOT_FOUND for the others. */
err link_use(struct ctx *cx, link_id id);
err link_end_all(struct ctx *cx, agent_id agent);
/* Removes at most `max` that expired LINK_KEEP_MS ago, of all accounts; *removed says how many. By
 * upkeep. */
err link_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed);
