/* team: see team.h. */
#include "store/team.h"

#include "db/db.h"
#include "store/agent.h"

static const struct db_col team_cols[] = {
    COL(struct team, id),
    COL(struct team, name),
    COL(struct team, description),
    COL(struct team, created_ms),
};
static const struct db_col member_cols[] = {
    COL(struct team_member, team_id),
    COL(struct team_member, agent_id),
};

err team_get(struct ctx *cx, team_id id, struct team *team)
{
    err e = db_one(cx->db,
        S("SELECT id, name, description, created_ms "
          "FROM team "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(team_cols), team);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "there is no such team") : e;
}

err team_list(struct ctx *cx, struct team **teams, ptrdiff_t *n, struct team_member **members,
    ptrdiff_t *n_members)
{
    TRY(db_all(cx->db,
        S("SELECT id, name, description, created_ms "
          "FROM team "
          "WHERE account_id = ?1 "
          "ORDER BY name, id "
          "LIMIT 1000"),
        ARGS(A_ID(cx->account)), COLS(team_cols), sizeof(struct team), teams, n));
    return db_all(cx->db,
        S("SELECT team_id, agent_id "
          "FROM team_agent "
          "WHERE account_id = ?1 "
          "ORDER BY team_id, agent_id "
          "LIMIT 100000"),
        ARGS(A_ID(cx->account)), COLS(member_cols), sizeof(struct team_member), members, n_members);
}

err team_members(struct ctx *cx, team_id id, struct team_member **members, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT team_id, agent_id "
          "FROM team_agent "
          "WHERE account_id = ?1 AND team_id = ?2 "
          "ORDER BY agent_id "
          "LIMIT 5000"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(member_cols), sizeof(struct team_member), members,
        n);
}

static err name_taken(struct ctx *cx, str name)
{
    return fail_detail(cx, E_CONFLICT, "exists", "there is already a team %.*s", SARG(name));
}

err team_add(struct ctx *cx, const struct team *team)
{
    int64_t added = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO team (id, account_id, name, description, created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5) "
          "ON CONFLICT DO NOTHING"),
        ARGS(A_ID(team->id), A_ID(cx->account), A_TEXT(team->name), A_TEXT(team->description),
            A_INT(team->created_ms)),
        &added));
    return added ? OK : name_taken(cx, team->name);
}

err team_set(struct ctx *cx, const struct team *team)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE team "
          "SET name = ?3, description = ?4 "
          "WHERE account_id = ?1 AND id = ?2 "
          "    AND NOT EXISTS (SELECT 1 FROM team o WHERE o.account_id = ?1 AND o.name = ?3 "
          "        AND o.id <> ?2)"),
        ARGS(A_ID(cx->account), A_ID(team->id), A_TEXT(team->name), A_TEXT(team->description)),
        &changed));
    return changed ? OK : name_taken(cx, team->name);
}

/* *joined: false when one of them is not of this account. */
static err join(struct ctx *cx, int64_t team, int64_t agent, bool *joined)
{
    int64_t added = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO team_agent (account_id, team_id, agent_id) "
          "SELECT t.account_id, t.id, a.id "
          "FROM team t "
          "JOIN agent a ON a.account_id = t.account_id AND a.id = ?3 "
          "WHERE t.account_id = ?1 AND t.id = ?2 "
          "ON CONFLICT (account_id, team_id, agent_id) DO UPDATE "
          "SET agent_id = excluded.agent_id"),
        ARGS(A_ID(cx->account), A_INT(team), A_INT(agent)), &added));
    *joined = added > 0;
    return OK;
}

err team_set_members(struct ctx *cx, team_id id, const int64_t *agent_ids, ptrdiff_t n)
{
    TRY(db_run(cx->db,
        S("DELETE FROM team_agent "
          "WHERE account_id = ?1 AND team_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL));
    for (ptrdiff_t i = 0; i < n; i++) {
        bool joined = false;
        TRY(join(cx, id.v, agent_ids[i], &joined));
        if (!joined)
            return fail_field(cx, "agent_ids", "there is no agent %lld", (long long)agent_ids[i]);
    }
    return OK;
}

err team_set_of(struct ctx *cx, agent_id agent, const int64_t *team_ids, ptrdiff_t n)
{
    TRY(db_run(cx->db,
        S("DELETE FROM team_agent "
          "WHERE account_id = ?1 AND agent_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(agent)), NULL));
    for (ptrdiff_t i = 0; i < n; i++) {
        bool joined = false;
        TRY(join(cx, team_ids[i], agent.v, &joined));
        if (!joined)
            return fail_field(cx, "team_ids", "there is no team %lld", (long long)team_ids[i]);
    }
    return OK;
}

err team_remove(struct ctx *cx, team_id id)
{
    int64_t limited;
    TRY(agent_count_limited(cx, S("team"), id.v, &limited));
    if (limited) /* removing it would leave agents without any scope: they would see everything */
        return fail_detail(cx, E_CONFLICT, "in_use",
            "%lld agents are limited to this team; change their scope first", (long long)limited);
    TRY(db_run(cx->db,
        S("DELETE FROM team_agent "
          "WHERE account_id = ?1 AND team_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL));
    return db_run(cx->db,
        S("DELETE FROM team "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}
