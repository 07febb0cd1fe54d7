/* access: see access.h. Rules: docs/security.md point 1 (authorisation on a side path is the first
 * cause of published holes in desks); docs/architecture.md "Permissions". */
#include "care/access.h"

#include "model/names.h"
#include "store/agent.h"
#include "store/login.h"
#include "store/role.h"

static const str owner = S_INIT("owner");

static err acting_is_owner(struct ctx *cx, bool *is_owner)
{
    *is_owner = cx->actor.kind == ACTOR_SYSTEM;
    if (*is_owner || !cx->actor.agent.v)
        return OK;
    struct agent self;
    TRY(agent_get(cx, cx->actor.agent, &self));
    *is_owner = str_eq(self.role, owner);
    return OK;
}

err access_within_own(struct ctx *cx, uint64_t caps, const char *field)
{
    uint64_t beyond = caps & ~cx->actor.caps & ~(uint64_t)CAP_SELF;
    if (!beyond)
        return OK;
    str name = {0};
    for (int i = 0; i < CAP_COUNT && !name.len; i++)
        if (beyond & (UINT64_C(1) << i))
            name = capability_name((enum capability)(1 << i));
    err e = fail(cx, E_FORBIDDEN, "you cannot give %.*s: you do not have it yourself", SARG(name));
    cx->fault.field = str_from(field);
    return e;
}

err access_may_give_role(struct ctx *cx, str role_key)
{
    struct role role;
    err e = role_by_key(cx, role_key, &role);
    if (e == E_NOT_FOUND)
        return fail_field(cx, "role", "there is no role %.*s", SARG(role_key));
    TRY(e);
    bool is_owner;
    TRY(acting_is_owner(cx, &is_owner));
    if (str_eq(role_key, owner) && !is_owner)
        return fail(cx, E_FORBIDDEN, "only an owner makes somebody an owner");
    return access_within_own(cx, role.caps, "role");
}

err access_may_change(struct ctx *cx, const struct agent *agent)
{
    struct role role;
    bool is_owner;
    TRY(acting_is_owner(cx, &is_owner));
    if (str_eq(agent->role, owner) && !is_owner)
        return fail(cx, E_FORBIDDEN, "only an owner changes an owner");
    err e = role_by_key(cx, agent->role, &role);
    if (e == E_NOT_FOUND)
        return OK; /* a role that is gone gives nothing that could exceed ours */
    TRY(e);
    if (role.caps & ~cx->actor.caps & ~(uint64_t)CAP_SELF)
        return fail(cx, E_FORBIDDEN, "%.*s has more rights than you", SARG(agent->name));
    return OK;
}

err access_keeps_owner(
    struct ctx *cx, const struct agent *before, str role_after, bool is_active_after)
{
    if (before->id.v == cx->actor.agent.v && !is_active_after)
        return fail_detail(cx, E_CONFLICT, "self", "you cannot deactivate yourself");
    bool was = str_eq(before->role, owner) && before->is_active;
    bool stays = str_eq(role_after, owner) && is_active_after;
    if (!was || stays)
        return OK;
    int64_t owners;
    TRY(agent_count_role(cx, owner, &owners));
    if (owners <= 1)
        return fail_detail(
            cx, E_CONFLICT, "last_owner", "an account keeps at least one active owner");
    return OK;
}

bool access_sees_channel(const struct ctx *cx, channel_id id)
{
    if (cx->actor.sees_all || cx->actor.n_teams)
        return true; /* a team is given conversations of any channel */
    for (ptrdiff_t i = 0; i < cx->actor.n_channels; i++)
        if (cx->actor.channel_ids[i] == id.v)
            return true;
    return false;
}

err access_may_reset(struct ctx *cx, const struct agent *agent)
{
    TRY(access_may_change(cx, agent));
    if (cx->actor.kind == ACTOR_SYSTEM)
        return OK;
    struct membership *rows;
    ptrdiff_t n;
    TRY(login_memberships(cx, agent->login_id, &rows, &n));
    if (n > 1 && agent->id.v != cx->actor.agent.v)
        return fail(cx, E_FORBIDDEN,
            "%.*s also belongs to another account; a reset link can be made on the server only",
            SARG(agent->name));
    return OK;
}
