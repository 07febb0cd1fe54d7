/* The context of one request or job: first parameter of every store, care, report and api function.
 * Tenant scope comes from cx->account alone; no store function takes an account id (store/door.c
 * makes a ctx from a token, host, source key or claim).
 * Thread: one at a time; lives as long as its arena. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "model/config.h"
#include "model/ids.h"

struct db_tx;

enum actor_kind { ACTOR_NONE, ACTOR_AGENT, ACTOR_TOKEN, ACTOR_VISITOR, ACTOR_SYSTEM };

/* Capabilities: text "noun.verb" in the API, one bit inside. names.c holds the table. */
#define CAPABILITIES(X)                                                                            \
    X(CONVERSATION_READ, "conversation.read")                                                      \
    X(CONVERSATION_REPLY, "conversation.reply")                                                    \
    X(CONVERSATION_NOTE, "conversation.note") X(CONVERSATION_ASSIGN, "conversation.assign")        \
        X(CONVERSATION_UPDATE, "conversation.update") X(CONVERSATION_BULK, "conversation.bulk")    \
            X(CONTACT_READ, "contact.read") X(CONTACT_UPDATE, "contact.update") X(ATTACHMENT_READ, \
                "attachment.read") X(EVENT_READ, "event.read") X(VIEW_SHARE, "view.share")         \
                X(TAG_MANAGE, "tag.manage") X(CHANNEL_MANAGE, "channel.manage")                    \
                    X(AGENT_READ, "agent.read") X(AGENT_MANAGE, "agent.manage")                    \
                        X(TEAM_MANAGE, "team.manage") X(ROLE_MANAGE, "role.manage")                \
                            X(TOKEN_MANAGE, "token.manage") X(WEBHOOK_MANAGE, "webhook.manage")    \
                                X(AUDIT_READ, "audit.read") X(ACCOUNT_MANAGE, "account.manage")    \
                                    X(JOB_MANAGE, "job.manage")                                    \
                                        X(QUARANTINE_MANAGE, "quarantine.manage")                  \
                                            X(CONTACT_EXPORT, "contact.export") X(SELF, "self")
#define CAP_BIT(id, text) CAP_INDEX_##id,
enum capability_index { CAPABILITIES(CAP_BIT) CAP_COUNT };
#undef CAP_BIT
#define CAP_VALUE(id, text) CAP_##id = 1 << CAP_INDEX_##id,
enum capability { CAP_NONE = 0, CAPABILITIES(CAP_VALUE) };
#undef CAP_VALUE

struct actor {
    enum actor_kind kind;
    agent_id agent; /* AGENT: who; TOKEN: its creator */
    login_id login;
    session_id session;
    token_id token;
    contact_id contact; /* VISITOR */
    visitor_id visitor;
    channel_id channel; /* VISITOR: its channel */
    str external_id;    /* VISITOR: its identity's id on the channel */
    uint64_t caps;      /* enum capability bits */
    /* Visibility. all = every conversation of the account; else the listed teams and channels, plus
     * what is assigned to or mentions the agent. */
    bool sees_all;
    const int64_t *team_ids;
    ptrdiff_t n_teams;
    const int64_t *channel_ids;
    ptrdiff_t n_channels;
    str name; /* for audit and activity */
    str ip;
};

struct fault {
    err code;
    str detail;       /* "stale" → "conflict.stale"; empty = none */
    str field;        /* the input's name; empty = none */
    str words;        /* for the person who can act */
    str details_json; /* machine-readable extra under error.details; empty = none */
    int64_t retry_after_s;
};

/* What must happen after the commit, and only then. The boundary and the job runner read it. */
struct effects {
    bool events;            /* rows were added to the change feed: wake the publisher */
    bool jobs;              /* job rows were added: wake the runner */
    conversation_id typing; /* {0}, or the network of typing_on is to show that somebody writes: */
    channel_id typing_on;   /* a job "typing" is added after the answer */
};

/* Files in a store that a transaction needs and that are not on this machine: they are fetched after
 * it has ended, and it begins again (blob_bring of care/blob_file.h). */
enum { BLOBS_BROUGHT = 4 }; /* for one request or job */
struct blobs_asked {
    str wanted; /* empty = none */
    account_id of;
    str name[BLOBS_BROUGHT];
    err result[BLOBS_BROUGHT];
    int n; /* have been asked for */
};

struct ctx {
    struct arena *arena;
    struct db_tx *db; /* NULL outside a transaction */
    account_id account;
    struct actor actor;
    int64_t now_ms; /* read once at the start */
    str trace;      /* 16 hex characters */
    struct fault fault;
    struct effects effects;
    struct blobs_asked blobs;
    const struct config *config;
};

/* return fail(cx, E_CONFLICT, "words for %.*s", SARG(name)); */
[[gnu::format(printf, 3, 4)]] err fail(struct ctx *cx, err code, const char *words, ...);
/* E_INVALID naming the input field. */
[[gnu::format(printf, 3, 4)]] err fail_field(
    struct ctx *cx, const char *field, const char *words, ...);
/* With a detail code: fail_detail(cx, E_CONFLICT, "stale", "…"). */
[[gnu::format(printf, 4, 5)]] err fail_detail(
    struct ctx *cx, err code, const char *detail, const char *words, ...);

bool cx_can(const struct ctx *cx, enum capability c);
/* "conversation.read" ↔ bit; CAP_NONE when unknown. */
enum capability capability_by_name(str name);
str capability_name(enum capability c);
