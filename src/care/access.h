/* access: who may change whom: roles, owners, scopes. What a route needs at all is the route's
 * capability; here are the rules between people. Not here: passwords, sessions. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

/* The acting person may give this role away: they have all its capabilities, and only an owner
 * makes owners. */
err access_may_give_role(struct ctx *cx, str role);
/* The acting person may change this agent: somebody with more capabilities is out of reach, and
 * owners are changed by owners only. */
err access_may_change(struct ctx *cx, const struct agent *agent);
/* The change leaves an active owner and does not lock the acting person out. */
err access_keeps_owner(
    struct ctx *cx, const struct agent *before, str role_after, bool is_active_after);
/* caps are within the acting person's: roles and tokens cannot exceed their maker. */
err access_within_own(struct ctx *cx, uint64_t caps, const char *field);
/* Channels that the actor's scope reaches; E_NOT_FOUND otherwise. */
bool access_sees_channel(const struct ctx *cx, channel_id id);
/* An agent's own account only: a login that is also a member elsewhere keeps its password out of
 * reach of this account's admins. */
err access_may_reset(struct ctx *cx, const struct agent *agent);
