/* export_account: what an account has set up, and who works there: see export.h. */
#include "store/export.h"

/* clang-format off */
#define ACCOUNT_ROW(X, R) \
    X(R, account_id, id) X(R, str, name) X(R, str, locale) X(R, str, time_zone) \
    X(R, int64_t, undo_seconds) X(R, int64_t, reopen_days) X(R, str, settings_json) \
    X(R, int64_t, created_ms)
EXPORT_ROW(account, ACCOUNT_ROW)

#define ROLE_ROW(X, R) \
    X(R, role_id, id) X(R, str, key) X(R, str, name) X(R, str, capabilities_json)
EXPORT_ROW(role, ROLE_ROW)

#define AGENT_ROW(X, R) \
    X(R, agent_id, id) X(R, str, name) X(R, str, email) X(R, str, phone) X(R, str, introduction) \
    X(R, str, role) X(R, str, locale) X(R, str, time_zone) X(R, str, availability) \
    X(R, str, settings_json) X(R, str, photo) X(R, bool, is_active) X(R, int64_t, joined_ms) \
    X(R, int64_t, last_seen_ms) X(R, int64_t, created_ms)
EXPORT_ROW(agent, AGENT_ROW)

#define GRANT_ROW(X, R) \
    X(R, str, after_text) X(R, agent_id, agent_id) X(R, str, scope) X(R, int64_t, scope_id)
EXPORT_ROW(grant, GRANT_ROW)

#define TEAM_ROW(X, R) \
    X(R, team_id, id) X(R, str, name) X(R, str, description) X(R, int64_t, created_ms)
EXPORT_ROW(team, TEAM_ROW)

#define MEMBER_ROW(X, R) \
    X(R, str, after_text) X(R, team_id, team_id) X(R, agent_id, agent_id)
EXPORT_ROW(member, MEMBER_ROW)

#define CHANNEL_ROW(X, R) \
    X(R, channel_id, id) X(R, str, kind) X(R, str, name) X(R, str, external_id) X(R, str, handle) \
    X(R, str, handle_role) X(R, str, languages_json) X(R, str, settings_json) \
    X(R, bool, is_enabled) X(R, int64_t, created_ms) X(R, int64_t, updated_ms)
EXPORT_ROW(channel, CHANNEL_ROW)

#define TAG_ROW(X, R) \
    X(R, tag_id, id) X(R, str, name) X(R, str, color)
EXPORT_ROW(tag, TAG_ROW)

#define MAIL_TEMPLATE_ROW(X, R) \
    X(R, int64_t, id) X(R, channel_id, channel_id) X(R, str, name) X(R, str, subject) \
    X(R, str, html) X(R, int64_t, updated_ms)
EXPORT_ROW(mail_template, MAIL_TEMPLATE_ROW)

#define TEMPLATE_ROW(X, R) \
    X(R, str, after_text) X(R, channel_id, channel_id) X(R, str, name) X(R, str, language) \
    X(R, str, category) X(R, str, state) X(R, str, header) X(R, str, body) X(R, str, footer) \
    X(R, str, buttons_json) X(R, int64_t, variables) X(R, int64_t, updated_ms)
EXPORT_ROW(template, TEMPLATE_ROW)
/* clang-format on */
#define TEMPLATE_KEY "(name || ' ' || language)"

/* clang-format off */
#define VIEW_ROW(X, R) \
    X(R, int64_t, id) X(R, agent_id, agent_id) X(R, str, name) X(R, str, filter_json) \
    X(R, str, sort) X(R, bool, is_shared)
EXPORT_ROW(view, VIEW_ROW)
/* clang-format on */

/* Without the addresses of webhooks, which open doors. */
/* clang-format off */
#define AUDIT_ROW(X, R) \
    X(R, int64_t, id) X(R, int64_t, at_ms) X(R, str, actor_kind) X(R, int64_t, actor_id) \
    X(R, str, actor_name) X(R, str, action) X(R, str, subject_type) X(R, int64_t, subject_id) \
    X(R, str, detail_json) X(R, str, ip)
EXPORT_ROW(audit, AUDIT_ROW)
/* clang-format on */

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
