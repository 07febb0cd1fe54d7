/* agent: a user of the console in one account, with team memberships and grants. Not here: who may
 * change whom (care/access.h), passwords (store/login.h). */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

/* E_NOT_FOUND with words. */
err agent_get(struct ctx *cx, agent_id id, struct agent *agent);
err agent_scope_get(struct ctx *cx, agent_id id, struct agent_scope *scope);
/* Both in one statement, which every request of an agent says first. */
err agent_enters(struct ctx *cx, agent_id id, struct agent *agent, struct agent_scope *scope);
void agent_enters_ahead(struct ctx *cx, agent_id id); /* see db_ahead */
/* All agents of the account by name; scopes[i] belongs to agents[i]. At most AGENTS_MAX. */
enum { AGENTS_MAX = 5000 };
err agent_list(struct ctx *cx, struct agent **agents, struct agent_scope **scopes, ptrdiff_t *n);
/* E_CONFLICT when the address is already an agent here. */
err agent_add(struct ctx *cx, const struct agent *agent);
/* Writes name, introduction, role, locale, time_zone, availability, settings, is_active,
 * phone. */
err agent_set(struct ctx *cx, const struct agent *agent);
err agent_set_photo(struct ctx *cx, agent_id id, str photo_hash);
/* The invitation was taken up. */
err agent_joined(struct ctx *cx, agent_id id, str name);
err agent_touch(struct ctx *cx, agent_id id);
/* Replaces grants. The ids must be of this account: E_INVALID otherwise. */
err agent_set_grants(struct ctx *cx, agent_id id, const int64_t *team_ids, ptrdiff_t n_teams,
    const int64_t *channel_ids, ptrdiff_t n_channels);
/* Active agents with this role key. */
err agent_count_role(struct ctx *cx, str role, int64_t *n);
/* Agents whose role is narrowed to this "team" or "channel". */
err agent_count_limited(struct ctx *cx, str scope_kind, int64_t scope_id, int64_t *n);
