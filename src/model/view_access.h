/* view_access: the public JSON of accounts, agents, teams, roles, sessions, tokens and audit rows
 * (API "Session and self", "Account, people"). Fields are only ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/access.h"
#include "model/ctx.h"
#include "model/shape.h"

extern const struct shape account_shape, agent_shape, team_shape, role_shape, session_shape,
    token_shape, audit_shape, subject_shape;

/* An agent counts as online when available and seen in the last ten minutes. */
enum { ONLINE_MS = 10 * 60 * 1000 };
bool agent_is_online(const struct agent *agent, int64_t now_ms);
/* "/photos/ID/HASH" or empty. */
str agent_photo_url(struct arena *a, agent_id id, str photo_hash);

void account_view(struct json_out *j, const struct account *account);
/* mine: with the agent's own settings. */
void agent_view(struct json_out *j, const struct agent *agent, const struct agent_scope *scope,
    int64_t now_ms, bool mine);
void team_view(
    struct json_out *j, const struct team *team, const int64_t *agent_ids, ptrdiff_t n_agents);
void role_view(struct json_out *j, const struct role *role);
void session_view(struct json_out *j, const struct session *session, session_id current);
/* The fields without the braces, so that the secret can be added once. */
void token_fields(struct json_out *j, const struct token *token);
void audit_view(struct json_out *j, const struct audit_row *row);
void ids_put(struct json_out *j, const int64_t *ids, ptrdiff_t n);
