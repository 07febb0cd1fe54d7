/* What a plan may do, for both databases: plan_watch.c and plan_postgres.c judge by it. */
#pragma once
#include "base/str.h"

/* Tables that do not grow with what people write. Every other table grows: a new one counts as
 * growing until it stands here with its reason. */
static const struct {
    const char *table, *why;
} bounded_tables[] = {
    {"account",                  "one a customer of the installation"                         },
    {"account_counter",          "one an account"                                             },
    {"agent",                    "the people who work"                                        },
    {"agent_grant",              "agents × channels and teams"                               },
    {"authorization_pending",    "who connects an account just now; swept"                    },
    {"bulk_undo",                "what an agent has changed last; swept at the next change"   },
    {"channel",                  "what is connected"                                          },
    {"channel_cursor",           "a few a channel"                                            },
    {"channel_removed",          "channels that were connected"                               },
    {"channel_template",         "what a network has approved of a channel"                   },
    {"conversation_cell",        "combinations of status, assignee, team, channel, priority"  },
    {"conversation_cell_change", "what has changed in a minute; folded by upkeep"             },
    {"data_export",              "at most twenty an account; swept"                           },
    {"inbox_hand",               "one row"                                                    },
    {"installation",             "some rows"                                                  },
    {"inbox_waiting",            "what is received and not yet processed; the intake waits"   },
    {"lease",                    "one a kind of work"                                         },
    {"link",                     "invitations and new passwords of the people who work; swept"},
    {"login",                    "the people who work"                                        },
    {"mail_key",                 "what an administrator has added"                            },
    {"mail_template",            "what agents have written for a mailbox"                     },
    {"membership",               "logins × accounts"                                         },
    {"pace",                     "one a channel"                                              },
    {"reconciliation",           "one a channel and day, kept for some"                       },
    {"role",                     "what an administrator has made"                             },
    {"saved_view",               "what agents have made; at most a hundred each"              },
    {"schema_migration",         "one a migration"                                            },
    {"search_build",             "one an account"                                             },
    {"session",                  "where the people who work are signed in; swept"             },
    {"source",                   "one a channel"                                              },
    {"tag",                      "what people have named"                                     },
    {"team",                     "what an administrator has made"                             },
    {"team_agent",               "agents × teams"                                            },
    {"token",                    "what an administrator has made"                             },
    {"webhook",                  "what an administrator has made"                             },
};

/* Columns that many rows share however many there are: equal to one of these is no narrow way. */
static const char *const wide_columns[] = {"account_id", "agent_id", "assignee_id", "author_kind",
    "availability", "channel_id", "direction", "is_public", "joined_id", "kind", "language",
    "network", "node", "one", "owner_kind", "priority", "read_ms", "state", "status",
    "subject_type", "tag_id", "team_id", "type", "visibility", "webhook_id"};

/* Statements that read more than their answer, and why they may. `part`: of the text. */
static const struct {
    const char *part, *why;
} allowed_statements[] = {
    {"/* test */",                                                              "a test's own look into a table"                           },
    {"SELECT COUNT(*) AS count FROM message WHERE account_id = ?1",
     "an export counts what it is about to read"                                                                                           },
    {"DELETE FROM early WHERE account_id = ?1 AND channel_id = ?2",
     "reads what it removes: with its channel"                                                                                             },
    {"DELETE FROM delivery WHERE account_id = ?1 AND webhook_id = ?2",
     "reads what it removes: with its webhook"                                                                                             },
    {"FROM conversation_tag WHERE account_id = ?1 AND tag_id = ?2",
     "reads what it changes: a tag goes"                                                                                                   },
    {"AND j.state = 'parked')",                                                 "whether there is one"                                     },
    {"AND channel_id <> 0 AND state = 'running'",                               "those that run: one a job thread"                         },
    {"ORDER BY id LIMIT ?4) AS j ",
     "the first of a channel's that are parked, in the order of their index; so many are sorted"                                           },
    {"UPDATE job SET run_ms = CASE WHEN attempts > 0 AND ?2 > 0",
     "a clock that was set back: what waits then, once"                                                                                    },
    {"account_id + 0 = ?1 AND id < ?2 ORDER BY id DESC LIMIT",
     "from the newest on, in their order"                                                                                                  },
    {"(SELECT seq, at_ms FROM event ORDER BY seq DESC LIMIT 1)",                "the newest one"                                           },
    {"SELECT CAST(?1 AS BIGINT) AS account_id, status, assignee_id, team_id",
     "doctor: counts all of an account"                                                                                                    },
    {"FROM pg_stat_user_tables",                                                "one row a table"                                          },
    {"m.account_id + 0 = ?1 AND m.kind <> 'activity' ORDER BY m.id DESC LIMIT",
     "from the newest on, in their order"                                                                                                  },
    {"SELECT 0 AS major, seq AS minor FROM event ORDER BY seq",                 "one row: the first or the last"                           },
    {"i.account_id + 0 = ?1 AND i.id < ?2 AND i.state IN",
     "the old ones, removed; past those in quarantine"                                                                                     },
    {"(SELECT seq, at_ms FROM event ORDER BY seq LIMIT",                        "the oldest, which are swept"                              },
    {"ORDER BY c.due_key + 0, c.id LIMIT ",
     "sorts a narrow way; that it has at most LIST_SORTED rows was looked up before"                                                       },
    {"ORDER BY c.wait_key + 0, c.id LIMIT ",                                    "as the one above"                                         },
    {"GROUP BY kind, state",                                                    "metrics: as many as wait; what is done is no row any more"},
    {"FROM job WHERE channel_id = ?1 AND channel_id <> 0 AND state IN",
     "a channel's page: as many as wait there"                                                                                             },
    {"FROM job r WHERE r.channel_id = due.channel_id",                          "those that run: one a job thread"                         },
};

static inline bool table_is_bounded(str name)
{
    for (size_t i = 0; i < sizeof bounded_tables / sizeof bounded_tables[0]; i++)
        if (str_eq(name, str_from(bounded_tables[i].table)))
            return true;
    return false;
}

static inline bool column_is_wide(str name)
{
    for (size_t i = 0; i < sizeof wide_columns / sizeof wide_columns[0]; i++)
        if (str_eq(name, str_from(wide_columns[i])))
            return true;
    return false;
}

static inline bool statement_is_allowed(str sql)
{
    for (size_t i = 0; i < sizeof allowed_statements / sizeof allowed_statements[0]; i++)
        if (str_find(sql, str_from(allowed_statements[i].part)) >= 0)
            return true;
    return false;
}

/* An index over few of the rows, by its text: one with a WHERE, unless that only leaves out what is
 * empty. */
static inline bool index_is_of_few(str sql)
{
    ptrdiff_t where = str_find(sql, S(" WHERE "));
    if (where < 0)
        return false;
    str rest = str_skip(sql, where);
    return str_find(rest, S("IS NOT NULL")) < 0 && str_find(rest, S("<> ''")) < 0 &&
           str_find(rest, S("<> 0")) < 0 && str_find(rest, S("<> 'resolved'")) < 0;
}
