/* team: groups of agents that conversations are given to. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

struct team_member {
    team_id team_id;
    agent_id agent_id;
};
err team_get(struct ctx *cx, team_id id, struct team *team);
/* By name; members ordered by team. */
err team_list(struct ctx *cx, struct team **teams, ptrdiff_t *n, struct team_member **members,
    ptrdiff_t *n_members);
err team_members(struct ctx *cx, team_id id, struct team_member **members, ptrdiff_t *n);
/* E_CONFLICT when the name is taken. */
err team_add(struct ctx *cx, const struct team *team);
err team_set(struct ctx *cx, const struct team *team);
/* Replaces a team's members, or the teams of one agent. The ids must be of this account: E_INVALID
 * otherwise. */
err team_set_members(struct ctx *cx, team_id id, const int64_t *agent_ids, ptrdiff_t n);
err team_set_of(struct ctx *cx, agent_id agent, const int64_t *team_ids, ptrdiff_t n);
/* With its memberships; a grant to it refuses (E_CONFLICT). Conversations keep its id. */
err team_remove(struct ctx *cx, team_id id);
