/* export_account: what an account has set up, and who works there: see export.h. */
#include "store/export.h"

struct account_row {
    int64_t after_id;
    account_id id;
    str name, locale, time_zone, settings_json;
    int64_t undo_seconds, reopen_days, created_ms;
};
static const struct db_col account_cols[] = {
    COL(struct account_row, after_id),
    COL(struct account_row, id),
    COL(struct account_row, name),
    COL(struct account_row, locale),
    COL(struct account_row, time_zone),
    COL(struct account_row, undo_seconds),
    COL(struct account_row, reopen_days),
    COL(struct account_row, settings_json),
    COL(struct account_row, created_ms),
};

struct role_row {
    int64_t after_id;
    role_id id;
    str key, name, capabilities_json;
};
static const struct db_col role_cols[] = {
    COL(struct role_row, after_id),
    COL(struct role_row, id),
    COL(struct role_row, key),
    COL(struct role_row, name),
    COL(struct role_row, capabilities_json),
};

struct agent_row {
    int64_t after_id;
    agent_id id;
    str name, email, phone, introduction, role, locale, time_zone, availability, settings_json;
    str photo;
    bool is_active;
    int64_t joined_ms, last_seen_ms, created_ms;
};
static const struct db_col agent_cols[] = {
    COL(struct agent_row, after_id),
    COL(struct agent_row, id),
    COL(struct agent_row, name),
    COL(struct agent_row, email),
    COL(struct agent_row, phone),
    COL(struct agent_row, introduction),
    COL(struct agent_row, role),
    COL(struct agent_row, locale),
    COL(struct agent_row, time_zone),
    COL(struct agent_row, availability),
    COL(struct agent_row, settings_json),
    COL(struct agent_row, photo),
    COL(struct agent_row, is_active),
    COL(struct agent_row, joined_ms),
    COL(struct agent_row, last_seen_ms),
    COL(struct agent_row, created_ms),
};

struct grant_row {
    int64_t after_id;
    str after_text;
    agent_id agent_id;
    str scope;
    int64_t scope_id;
};
static const struct db_col grant_cols[] = {
    COL(struct grant_row, after_id),
    COL(struct grant_row, after_text),
    COL(struct grant_row, agent_id),
    COL(struct grant_row, scope),
    COL(struct grant_row, scope_id),
};

struct team_row {
    int64_t after_id;
    team_id id;
    str name, description;
    int64_t created_ms;
};
static const struct db_col team_cols[] = {
    COL(struct team_row, after_id),
    COL(struct team_row, id),
    COL(struct team_row, name),
    COL(struct team_row, description),
    COL(struct team_row, created_ms),
};

struct member_row {
    int64_t after_id;
    str after_text;
    team_id team_id;
    agent_id agent_id;
};
static const struct db_col member_cols[] = {
    COL(struct member_row, after_id),
    COL(struct member_row, after_text),
    COL(struct member_row, team_id),
    COL(struct member_row, agent_id),
};

struct channel_row {
    int64_t after_id;
    channel_id id;
    str kind, name, external_id, handle, handle_role, languages_json, settings_json;
    bool is_enabled;
    int64_t created_ms, updated_ms;
};
static const struct db_col channel_cols[] = {
    COL(struct channel_row, after_id),
    COL(struct channel_row, id),
    COL(struct channel_row, kind),
    COL(struct channel_row, name),
    COL(struct channel_row, external_id),
    COL(struct channel_row, handle),
    COL(struct channel_row, handle_role),
    COL(struct channel_row, languages_json),
    COL(struct channel_row, settings_json),
    COL(struct channel_row, is_enabled),
    COL(struct channel_row, created_ms),
    COL(struct channel_row, updated_ms),
};

struct tag_row {
    int64_t after_id;
    tag_id id;
    str name, color;
};
static const struct db_col tag_cols[] = {
    COL(struct tag_row, after_id),
    COL(struct tag_row, id),
    COL(struct tag_row, name),
    COL(struct tag_row, color),
};

struct mail_template_row {
    int64_t after_id, id;
    channel_id channel_id;
    str name, subject, html;
    int64_t updated_ms;
};
static const struct db_col mail_template_cols[] = {
    COL(struct mail_template_row, after_id),
    COL(struct mail_template_row, id),
    COL(struct mail_template_row, channel_id),
    COL(struct mail_template_row, name),
    COL(struct mail_template_row, subject),
    COL(struct mail_template_row, html),
    COL(struct mail_template_row, updated_ms),
};

struct template_row {
    int64_t after_id;
    str after_text;
    channel_id channel_id;
    str name, language, category, state, header, body, footer, buttons_json;
    int64_t variables, updated_ms;
};
static const struct db_col template_cols[] = {
    COL(struct template_row, after_id),
    COL(struct template_row, after_text),
    COL(struct template_row, channel_id),
    COL(struct template_row, name),
    COL(struct template_row, language),
    COL(struct template_row, category),
    COL(struct template_row, state),
    COL(struct template_row, header),
    COL(struct template_row, body),
    COL(struct template_row, footer),
    COL(struct template_row, buttons_json),
    COL(struct template_row, variables),
    COL(struct template_row, updated_ms),
};
#define TEMPLATE_KEY "(name || ' ' || language)"

struct view_row {
    int64_t after_id, id;
    agent_id agent_id;
    str name, filter_json, sort;
    bool is_shared;
};
static const struct db_col view_cols[] = {
    COL(struct view_row, after_id),
    COL(struct view_row, id),
    COL(struct view_row, agent_id),
    COL(struct view_row, name),
    COL(struct view_row, filter_json),
    COL(struct view_row, sort),
    COL(struct view_row, is_shared),
};

/* Without the addresses of webhooks, which open doors. */
struct audit_row {
    int64_t after_id, id, at_ms;
    str actor_kind;
    int64_t actor_id;
    str actor_name, action, subject_type;
    int64_t subject_id;
    str detail_json, ip;
};
static const struct db_col audit_cols[] = {
    COL(struct audit_row, after_id),
    COL(struct audit_row, id),
    COL(struct audit_row, at_ms),
    COL(struct audit_row, actor_kind),
    COL(struct audit_row, actor_id),
    COL(struct audit_row, actor_name),
    COL(struct audit_row, action),
    COL(struct audit_row, subject_type),
    COL(struct audit_row, subject_id),
    COL(struct audit_row, detail_json),
    COL(struct audit_row, ip),
};

const struct export_kind export_account_kinds[] = {
    {.name = "account",
     EXPORT_KIND(account,                                           EXPORT_PAGE),
     .of_account = S_INIT("SELECT id AS after_id, id, name, locale, time_zone, undo_seconds,"
                             " reopen_days, settings AS settings_json, created_ms FROM account"
                             " WHERE id = ?1" EXPORT_NEXT)                                },
    {.name = "roles",
     EXPORT_KIND(role,                                              EXPORT_PAGE),
     .of_account = S_INIT("SELECT id AS after_id, id, key, name,"
                             " capabilities AS capabilities_json FROM role"
                             " WHERE account_id = ?1" EXPORT_NEXT)                        },
    {.name = "agents",
     EXPORT_KIND(agent,                                             EXPORT_PAGE),
     .of_account =
            S_INIT("SELECT id AS after_id, id, name, email, phone, introduction, role, locale,"
                   " time_zone, availability, settings AS settings_json,"
                   " CASE WHEN COALESCE(photo_hash, '') = '' THEN ''"
                   "  ELSE 'files/photos/' || id || '-' || photo_hash END AS photo,"
                   " is_active, joined_ms, last_seen_ms, created_ms FROM agent"
                   " WHERE account_id = ?1" EXPORT_NEXT)                                  },
    {.name = "agent_grants",
     EXPORT_KIND(grant,                                             EXPORT_PAGE),
     .has_text = true,
     .of_account = S_INIT(
            "SELECT agent_id AS after_id, scope_kind || scope_id AS after_text,"
            " agent_id, scope_kind AS scope, scope_id FROM agent_grant"
            " WHERE account_id = ?1" EXPORT_AFTER("agent_id", "(scope_kind || scope_id)", "?4"))},
    {.name = "teams",
     EXPORT_KIND(team,                           EXPORT_PAGE),
     .of_account = S_INIT("SELECT id AS after_id, id, name, description, created_ms FROM team"
                             " WHERE account_id = ?1" EXPORT_NEXT)                                },
    {.name = "team_agents",
     EXPORT_KIND(member, EXPORT_PAGE),
     .has_text = true,
     .of_account = S_INIT(
            "SELECT team_id AS after_id, CAST(agent_id AS TEXT) AS after_text,"
            " team_id, agent_id FROM team_agent"
            " WHERE account_id = ?1" EXPORT_AFTER("team_id", "CAST(agent_id AS TEXT)", "?4"))},
    {.name = "channels",
     EXPORT_KIND(channel,                                              EXPORT_PAGE),
     .of_account = S_INIT("SELECT id AS after_id, id, kind, name, external_id, handle,"
                             " handle_role, languages AS languages_json,"
                             " settings AS settings_json, is_enabled, created_ms, updated_ms"
                             " FROM channel WHERE account_id = ?1" EXPORT_NEXT)     },
    {.name = "tags",
     EXPORT_KIND(tag,                                          EXPORT_PAGE),
     .of_account = S_INIT("SELECT id AS after_id, id, name, color FROM tag"
                             " WHERE account_id = ?1" EXPORT_NEXT)       },
    {.name = "mail_templates",
     EXPORT_KIND(mail_template,                                              EXPORT_PAGE),
     .of_account = S_INIT("SELECT id AS after_id, id, channel_id, name, subject, html,"
                             " updated_ms FROM mail_template WHERE account_id = ?1" EXPORT_NEXT)               },
    {.name = "templates",
     EXPORT_KIND(template,                                    EXPORT_PAGE),
     .has_text = true,
     .of_account = S_INIT("SELECT channel_id AS after_id, " TEMPLATE_KEY
                             " AS after_text, channel_id, name, language, category, state,"
                             " header, body, footer, buttons AS buttons_json, variables,"
                             " updated_ms FROM channel_template WHERE account_id = ?1" EXPORT_AFTER(
                                 "channel_id", TEMPLATE_KEY, "?4"))},
    {.name = "views",
     EXPORT_KIND(view,                                         EXPORT_PAGE),
     .of_account = S_INIT("SELECT id AS after_id, id, agent_id, name, filter AS filter_json,"
                             " sort, is_shared FROM saved_view WHERE account_id = ?1" EXPORT_NEXT)                },
    {.name = "audit",
     EXPORT_KIND(audit,        EXPORT_PAGE),
     .of_account =
            S_INIT("SELECT id AS after_id, id, at_ms, actor_kind, actor_id, actor_name,"
                   " action, subject_type, subject_id,"
                   " CASE WHEN subject_type = 'webhook' THEN '' ELSE detail END AS detail_json, ip"
                   " FROM audit WHERE account_id = ?1" EXPORT_NEXT)                     },
};
const ptrdiff_t export_n_account_kinds = sizeof export_account_kinds / sizeof *export_account_kinds;
