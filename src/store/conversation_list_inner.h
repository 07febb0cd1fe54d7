/* What conversation_list.c, conversation_count.c and conversation_find.c share: a filter as
 * conditions and as arguments, and the ways in. */
#pragma once
#include "store/conversation_list.h"

enum { FILTER_ARGS = 19 };

#define UNREAD_JOIN                                                                                \
    " LEFT JOIN conversation_read r ON r.account_id = c.account_id AND r.agent_id = ?3"            \
    "  AND r.conversation_id = c.id"
/* Of a list whose way in is neither a contact nor the agent's mentions: these are ways in before
 * all others (driver_of). IS TRUE makes two conditions one: SQLite takes every condition for a
 * reason to expect fewer rows, and sorts what it expects to be one. */
#define FILTER_BESIDE                                                                              \
    " AND (?8 = -1 OR c.assignee_id = ?8)"                                                         \
    " AND (?9 = -1 OR c.team_id = ?9)"                                                             \
    " AND (?10 = 0 OR c.channel_id = ?10)"                                                         \
    " AND ((?12 = '' OR ?12 LIKE '%,' || c.priority || ',%')"                                      \
    "  AND (?13 = '' OR c.language = ?13)) IS TRUE"                                                \
    " AND (?14 = 0 OR c.last_in_id > COALESCE((SELECT r.message_id FROM conversation_read r"       \
    "  WHERE r.account_id = ?1 AND r.agent_id = ?3 AND r.conversation_id = c.id), 0))"             \
    " AND (?16 = 0 OR EXISTS (SELECT 1 FROM conversation_tag g WHERE g.account_id = ?1"            \
    "  AND g.conversation_id = c.id AND g.tag_id IN (?16, ?17, ?18, ?19)))"
#define FILTER_MENTION                                                                             \
    " AND (?15 = 0 OR EXISTS (SELECT 1 FROM mention v WHERE v.account_id = ?1"                     \
    "  AND v.agent_id = ?3 AND v.conversation_id = c.id))"
#define FILTER FILTER_BESIDE " AND (?11 = 0 OR c.contact_id = ?11)" FILTER_MENTION

/* ?1 to ?19; ?7 is the status. */
void conversation_filter_args(
    struct ctx *cx, const struct conversation_filter *f, str status, struct db_arg *args);

enum conversation_driver {
    BY_STATUS, /* nothing is left out */
    BY_WALK,   /* the same way, up to an edge */
    BY_ASSIGNEE,
    BY_TEAM,
    BY_CHANNEL,
    BY_PRIORITY,
    BY_CONTACT,
    BY_TAG,
    BY_MENTION,
    BY_CONTACT_WALK /* of a contact with very many: the way of BY_WALK */
};
enum { DRIVER_COUNT = BY_CONTACT_WALK + 1, PRIORITIES_MOST = 5 };

#define IN_STATUS(c) " AND " c ".status = ?7"
/* What an index leaves out (WHERE) is said once more, else it is not used. */
#define IN_ASSIGNEE(c)                                                                             \
    " AND " c ".status = ?7 AND " c ".assignee_id = ?8 AND " c ".assignee_id <> 0"
#define IN_TEAM(c)    " AND " c ".status = ?7 AND " c ".team_id = ?9 AND " c ".team_id <> 0"
#define IN_CHANNEL(c) " AND " c ".status = ?7 AND " c ".channel_id = ?10"
#define IN_PRIORITY(c)                                                                             \
    " AND " c ".status = ?7 AND " c ".priority = trim(?12, ',') AND " c ".priority <> 'none'"
/* The same, of a value that is given as a text. */
#define OF_ASSIGNEE(value) " AND c.assignee_id = CAST(" value " AS BIGINT) AND c.assignee_id <> 0"
#define OF_TEAM(value)     " AND c.team_id = CAST(" value " AS BIGINT) AND c.team_id <> 0"
#define OF_CHANNEL(value)  " AND c.channel_id = CAST(" value " AS BIGINT)"
#define OF_PRIORITY(value) " AND c.priority = " value " AND c.priority <> 'none'"
#define IN_CONTACT         " AND c.status || '' = ?7 AND c.contact_id = ?11"
/* + 0: the contact's index would give all there are, to be sorted. */
#define IN_CONTACT_WALK FILTER_MENTION " AND c.contact_id + 0 = ?11" IN_STATUS("c")
#define IN_TAG                                                                                     \
    " AND c.status || '' = ?7 AND t.account_id = ?1 AND t.tag_id = ?16 AND t.status = ?7"          \
    " AND c.id = t.conversation_id"
#define IN_MENTION                                                                                 \
    " AND c.status || '' = ?7 AND t.account_id = ?1 AND t.agent_id = ?3 AND t.status = ?7"         \
    " AND c.id = t.conversation_id"

/* CROSS JOIN keeps SQLite to this order; PostgreSQL does as it likes. */
#define FROM_ALL     ""
#define FROM_TAG     " conversation_tag t CROSS JOIN"
#define FROM_MENTION " mention t CROSS JOIN"

/* The narrowest way in. */
enum conversation_driver conversation_driver_of(
    struct ctx *cx, const struct conversation_filter *f);
/* Each way in is read once for each status, the ways by tags and by priorities once for each. */
ptrdiff_t conversation_ways_of(
    enum conversation_driver driver, const struct conversation_filter *f);
/* What this way looks for stands where the text does; the order of the other tags is nothing. */
void conversation_way_args(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_driver driver, ptrdiff_t way, struct db_arg *args);

/* ── conversation_list_once.c ── */

/* A list that its way in says all of. */
struct conversation_once {
    enum conversation_driver driver;
    enum conversation_sort sort;
    const bool *statuses; /* one or more */
    str narrow;           /* what the way in looks for; nothing by status */
    int64_t key, id;      /* where it begins */
    ptrdiff_t limit;
};
/* Can one statement read it? Only on PostgreSQL. */
bool conversation_list_is_once(
    struct ctx *cx, enum conversation_driver driver, enum conversation_sort sort, ptrdiff_t limit);
/* Rows in order, as conversation_page of all that it shows. */
err conversation_list_once(
    struct ctx *cx, const struct conversation_once *o, struct conversation **rows, ptrdiff_t *n);
void conversation_list_once_ahead(
    struct ctx *cx, const struct conversation_once *o); /* see db_ahead */
