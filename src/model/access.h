/* access: the values of accounts and people as the rooms share them: one struct per row that is
 * shown or passed on. Members are named as their columns (db.h reads rows by name). Not here: rules
 * (care/access.h), SQL (store/). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct account {
    account_id id;
    str name, locale, time_zone;
    int64_t undo_seconds; /* 0–30: how long a reply is held */
    int64_t reopen_days;
    str settings;               /* JSON object */
    channel_id mail_channel_id; /* mails of Seva itself go out by it; {0} = they do not */
    int64_t created_ms;
};

struct agent {
    agent_id id;
    login_id login_id;
    str name, email, introduction, role, locale, time_zone, availability;
    str settings;   /* JSON object */
    str photo_hash; /* empty = none */
    bool is_active;
    int64_t joined_ms;    /* 0 = invited only */
    int64_t last_seen_ms; /* 0 = never */
    int64_t created_ms;
    bool has_totp;
    str phone;          /* rings for calls: E.164 or sip:; empty = none */
    bool is_in_wrap_up; /* has ended a call and is not done with it */
};

/* What belongs to one agent, each list in the arena. */
struct agent_scope {
    const int64_t *team_ids; /* member of */
    ptrdiff_t n_teams;
    const int64_t *grant_team_ids; /* the role is narrowed to these; both empty = whole account */
    ptrdiff_t n_grant_teams;
    const int64_t *grant_channel_ids;
    ptrdiff_t n_grant_channels;
};

struct team {
    team_id id;
    str name, description;
    int64_t created_ms;
};

struct role {
    role_id id; /* 0 = built in */
    str key, name;
    uint64_t caps;
};

struct session {
    session_id id;
    login_id login_id;
    agent_id agent_id;
    account_id account_id;
    int64_t created_ms, last_seen_ms, expires_ms;
    str ip, user_agent;
};

struct token {
    token_id id;
    agent_id agent_id;
    str name, prefix, scopes; /* scopes: JSON array */
    int64_t created_ms, last_used_ms, expires_ms;
};

struct login {
    login_id id;
    str email, password_hash;             /* hash empty = invitation not taken up */
    str totp_sealed, totp_pending_sealed; /* empty = none */
    int64_t totp_step;
    str recovery; /* JSON array of hashes */
};

struct link {
    link_id id;
    account_id account_id;
    login_id login_id;
    agent_id agent_id;
    str purpose; /* "invitation" or "reset" */
    int64_t expires_ms;
};

struct audit_row {
    audit_id id;
    int64_t at_ms;
    str actor_kind;
    int64_t actor_id;
    str actor_name, action, subject_type;
    int64_t subject_id;
    str detail, ip;
};
