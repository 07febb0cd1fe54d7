/* agent: see agent.h. */
#include "store/agent.h"

#include "db/db.h"

/* SELECT list of a struct agent; the second factor is the login's. */
#define AGENT_COLUMNS                                                                              \
    "a.id, a.login_id, a.name, a.email, a.introduction, a.role, a.locale, a.time_zone, "           \
    "a.availability, a.settings, a.photo_hash, a.is_active, a.joined_ms, a.last_seen_ms, "         \
    "a.created_ms, CASE WHEN l.totp_sealed IS NULL THEN 0 ELSE 1 END AS has_totp, a.phone, "       \
    "CASE WHEN EXISTS (SELECT 1 FROM call p WHERE p.account_id = a.account_id "                    \
    "AND p.agent_id = a.id AND p.wrap_started_ms > 0 AND p.wrap_ended_ms = 0) "                    \
    "THEN 1 ELSE 0 END AS is_in_wrap_up"

#define AGENT_MEMBERS                                                                              \
    COL(struct agent, id), COL(struct agent, login_id), COL(struct agent, name),                   \
        COL(struct agent, email), COL(struct agent, introduction), COL(struct agent, role),        \
        COL(struct agent, locale), COL(struct agent, time_zone), COL(struct agent, availability),  \
        COL(struct agent, settings), COL(struct agent, photo_hash), COL(struct agent, is_active),  \
        COL(struct agent, joined_ms), COL(struct agent, last_seen_ms),                             \
        COL(struct agent, created_ms), COL(struct agent, has_totp), COL(struct agent, phone),      \
        COL(struct agent, is_in_wrap_up)
static const struct db_col agent_cols[] = {AGENT_MEMBERS};

err agent_get(struct ctx *cx, agent_id id, struct agent *agent)
{
    err e = db_one(cx->db,
        S("SELECT " AGENT_COLUMNS " "
          "FROM agent a "
          "JOIN login l ON l.id = a.login_id "
          "WHERE a.account_id = ?1 AND a.id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(agent_cols), agent);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "there is no such agent") : e;
}

/* One team membership ("member") or grant ("team", "channel") of an agent. */
struct scope_row {
    int64_t agent_id, scope_id;
    str kind;
};
static const struct db_col scope_cols[] = {
    COL(struct scope_row, agent_id),
    COL(struct scope_row, scope_id),
    COL(struct scope_row, kind),
};

static ptrdiff_t scope_take(struct ctx *cx, const struct scope_row *rows, ptrdiff_t n,
    int64_t agent, str kind, const int64_t **ids)
{
    int64_t *list = NEW(cx->arena, int64_t, n + 1);
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].agent_id == agent && str_eq(rows[i].kind, kind))
            list[count++] = rows[i].scope_id;
    *ids = list;
    return count;
}

static struct agent_scope scope_of(
    struct ctx *cx, const struct scope_row *rows, ptrdiff_t n, int64_t agent)
{
    struct agent_scope scope = {0};
    scope.n_teams = scope_take(cx, rows, n, agent, S("member"), &scope.team_ids);
    scope.n_grant_teams = scope_take(cx, rows, n, agent, S("team"), &scope.grant_team_ids);
    scope.n_grant_channels = scope_take(cx, rows, n, agent, S("channel"), &scope.grant_channel_ids);
    return scope;
}

#define SCOPE_OF_ONE                                                                               \
    "SELECT agent_id, team_id AS scope_id, 'member' AS kind "                                      \
    "FROM team_agent "                                                                             \
    "WHERE account_id = ?1 AND agent_id = ?2 "                                                     \
    "UNION ALL "                                                                                   \
    "SELECT agent_id, scope_id, scope_kind AS kind "                                               \
    "FROM agent_grant "                                                                            \
    "WHERE account_id = ?1 AND agent_id = ?2"

err agent_scope_get(struct ctx *cx, agent_id id, struct agent_scope *scope)
{
    struct scope_row *rows;
    ptrdiff_t n;
    TRY(db_all(cx->db, S(SCOPE_OF_ONE), ARGS(A_ID(cx->account), A_ID(id)), COLS(scope_cols),
        sizeof(struct scope_row), &rows, &n));
    *scope = scope_of(cx, rows, n, id.v);
    return OK;
}

/* The agent and one of its scope rows; a row without scope when it has none. */
struct entering_row {
    struct agent agent; /* first: its columns are those of a struct agent */
    int64_t scope_id;
    str kind;
};
static const struct db_col entering_cols[] = {
    AGENT_MEMBERS,
    COL(struct entering_row, scope_id),
    COL(struct entering_row, kind),
};

static const str enters_sql = S_INIT("SELECT " AGENT_COLUMNS ", x.scope_id, x.kind "
                                     "FROM agent a "
                                     "JOIN login l ON l.id = a.login_id "
                                     "LEFT JOIN (" SCOPE_OF_ONE ") x ON x.agent_id = a.id "
                                     "WHERE a.account_id = ?1 AND a.id = ?2");

void agent_enters_ahead(struct ctx *cx, agent_id id)
{
    db_ahead(cx->db, enters_sql, ARGS(A_ID(cx->account), A_ID(id)));
}

err agent_enters(struct ctx *cx, agent_id id, struct agent *agent, struct agent_scope *scope)
{
    struct entering_row *rows;
    ptrdiff_t n;
    TRY(db_all(cx->db, enters_sql, ARGS(A_ID(cx->account), A_ID(id)), COLS(entering_cols),
        (ptrdiff_t)sizeof *rows, &rows, &n));
    if (n == 0)
        return fail(cx, E_NOT_FOUND, "there is no such agent");
    struct scope_row *scopes = NEW(cx->arena, struct scope_row, n);
    for (ptrdiff_t i = 0; i < n; i++)
        scopes[i] = (struct scope_row){id.v, rows[i].scope_id, rows[i].kind};
    *agent = rows[0].agent;
    *scope = scope_of(cx, scopes, n, id.v);
    return OK;
}

err agent_list(struct ctx *cx, struct agent **agents, struct agent_scope **scopes, ptrdiff_t *n)
{
    struct scope_row *rows;
    ptrdiff_t n_rows;
    TRY(db_all(cx->db,
        S("SELECT " AGENT_COLUMNS " "
          "FROM agent a "
          "JOIN login l ON l.id = a.login_id "
          "WHERE a.account_id = ?1 "
          "ORDER BY a.name, a.id "
          "LIMIT 5000"),
        ARGS(A_ID(cx->account)), COLS(agent_cols), sizeof(struct agent), agents, n));
    TRY(db_all(cx->db,
        S("SELECT agent_id, team_id AS scope_id, 'member' AS kind "
          "FROM team_agent "
          "WHERE account_id = ?1 "
          "UNION ALL "
          "SELECT agent_id, scope_id, scope_kind AS kind "
          "FROM agent_grant "
          "WHERE account_id = ?1 "
          "ORDER BY 1"),
        ARGS(A_ID(cx->account)), COLS(scope_cols), sizeof(struct scope_row), &rows, &n_rows));
    struct agent_scope *list = NEW(cx->arena, struct agent_scope, *n + 1);
    for (ptrdiff_t i = 0; i < *n; i++) {
        /* The rows are ordered by agent: look only at this agent's stretch. */
        ptrdiff_t from = 0, to = n_rows;
        while (from < to) {
            ptrdiff_t middle = (from + to) / 2;
            if (rows[middle].agent_id < (*agents)[i].id.v)
                from = middle + 1;
            else
                to = middle;
        }
        while (to < n_rows && rows[to].agent_id == (*agents)[i].id.v)
            to++;
        list[i] = scope_of(cx, rows + from, to - from, (*agents)[i].id.v);
    }
    *scopes = list;
    return OK;
}

err agent_add(struct ctx *cx, const struct agent *agent)
{
    int64_t added = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO agent (id, account_id, login_id, name, email, introduction, role, locale, "
          "    time_zone, availability, settings, is_active, joined_ms, created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
          "ON CONFLICT DO NOTHING"),
        ARGS(A_ID(agent->id), A_ID(cx->account), A_ID(agent->login_id), A_TEXT(agent->name),
            A_TEXT(agent->email), A_TEXT(agent->introduction), A_TEXT(agent->role),
            A_TEXT(agent->locale), A_TEXT(agent->time_zone), A_TEXT(agent->availability),
            A_TEXT(agent->settings), A_BOOL(agent->is_active), A_INT_OR_NULL(agent->joined_ms),
            A_INT(agent->created_ms)),
        &added));
    if (!added)
        return fail_detail(cx, E_CONFLICT, "exists", "%.*s is already an agent of this account",
            SARG(agent->email));
    return OK;
}

err agent_set(struct ctx *cx, const struct agent *agent)
{
    return db_run(cx->db,
        S("UPDATE agent "
          "SET name = ?3, introduction = ?4, role = ?5, locale = ?6, time_zone = ?7, "
          "    availability = ?8, settings = ?9, is_active = ?10, phone = ?11 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(agent->id), A_TEXT(agent->name), A_TEXT(agent->introduction),
            A_TEXT(agent->role), A_TEXT(agent->locale), A_TEXT(agent->time_zone),
            A_TEXT(agent->availability), A_TEXT(agent->settings), A_BOOL(agent->is_active),
            A_TEXT(agent->phone)),
        NULL);
}

err agent_set_photo(struct ctx *cx, agent_id id, str photo_hash)
{
    return db_run(cx->db,
        S("UPDATE agent "
          "SET photo_hash = ?3 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_TEXT_OR_NULL(photo_hash)), NULL);
}

err agent_joined(struct ctx *cx, agent_id id, str name)
{
    return db_run(cx->db,
        S("UPDATE agent "
          "SET joined_ms = COALESCE(joined_ms, ?3), "
          "    name = CASE WHEN ?4 = '' THEN name ELSE ?4 END "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms), A_TEXT(name)), NULL);
}

err agent_touch(struct ctx *cx, agent_id id)
{
    return db_run(cx->db,
        S("UPDATE agent "
          "SET last_seen_ms = ?3 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id), A_INT(cx->now_ms)), NULL);
}

static err grant_add(struct ctx *cx, agent_id id, str kind, str sql, int64_t scope_id)
{
    int64_t added = 0;
    TRY(db_run(cx->db, sql, ARGS(A_ID(cx->account), A_INT(scope_id), A_ID(id)), &added));
    if (!added)
        return fail_field(cx, "grants", "there is no %.*s %lld", SARG(kind), (long long)scope_id);
    return OK;
}

err agent_set_grants(struct ctx *cx, agent_id id, const int64_t *team_ids, ptrdiff_t n_teams,
    const int64_t *channel_ids, ptrdiff_t n_channels)
{
    TRY(db_run(cx->db,
        S("DELETE FROM agent_grant "
          "WHERE account_id = ?1 AND agent_id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL));
    for (ptrdiff_t i = 0; i < n_teams; i++)
        TRY(grant_add(cx, id, S("team"),
            S("INSERT INTO agent_grant (account_id, agent_id, scope_kind, scope_id) "
              "SELECT account_id, ?3, 'team', id "
              "FROM team "
              "WHERE account_id = ?1 AND id = ?2 "
              "ON CONFLICT (account_id, agent_id, scope_kind, scope_id) DO UPDATE "
              "SET scope_id = excluded.scope_id"),
            team_ids[i]));
    for (ptrdiff_t i = 0; i < n_channels; i++)
        TRY(grant_add(cx, id, S("channel"),
            S("INSERT INTO agent_grant (account_id, agent_id, scope_kind, scope_id) "
              "SELECT account_id, ?3, 'channel', id "
              "FROM channel "
              "WHERE account_id = ?1 AND id = ?2 "
              "ON CONFLICT (account_id, agent_id, scope_kind, scope_id) DO UPDATE "
              "SET scope_id = excluded.scope_id"),
            channel_ids[i]));
    return OK;
}

struct count_row {
    int64_t n;
};
static const struct db_col count_cols[] = {COL(struct count_row, n)};

err agent_count_role(struct ctx *cx, str role, int64_t *n)
{
    struct count_row row;
    /* On PostgreSQL the rows are locked: two owners who demote each other at once must not both see
     * the other one. */
    TRY(db_one(cx->db,
        db_pick(cx->db,
            S("SELECT COUNT(*) AS n "
              "FROM agent "
              "WHERE account_id = ?1 AND role = ?2 AND is_active = 1"),
            S("SELECT COUNT(*) AS n "
              "FROM (SELECT id FROM agent "
              "    WHERE account_id = ?1 AND role = ?2 AND is_active = 1 "
              "    ORDER BY id FOR UPDATE) AS held")),
        ARGS(A_ID(cx->account), A_TEXT(role)), COLS(count_cols), &row));
    *n = row.n;
    return OK;
}

err agent_count_limited(struct ctx *cx, str scope_kind, int64_t scope_id, int64_t *n)
{
    struct count_row row;
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS n "
          "FROM agent_grant "
          "WHERE account_id = ?1 AND scope_kind = ?2 AND scope_id = ?3"),
        ARGS(A_ID(cx->account), A_TEXT(scope_kind), A_INT(scope_id)), COLS(count_cols), &row));
    *n = row.n;
    return OK;
}
