/* What conversation_list.c and conversation_find.c share: a filter as conditions and as arguments.
 */
#pragma once
#include "store/conversation_list.h"

enum { FILTER_ARGS = 19 };

#define UNREAD_JOIN                                                                                \
    " LEFT JOIN conversation_read r ON r.account_id = c.account_id AND r.agent_id = ?3"            \
    "  AND r.conversation_id = c.id"
/* Of a list whose way in is neither a contact nor the agent's mentions: these are ways in before
 * all others (driver_of). */
#define FILTER_BESIDE                                                                              \
    " AND (?8 = -1 OR c.assignee_id = ?8)"                                                         \
    " AND (?9 = -1 OR c.team_id = ?9)"                                                             \
    " AND (?10 = 0 OR c.channel_id = ?10)"                                                         \
    " AND (?12 = '' OR ?12 LIKE '%,' || c.priority || ',%')"                                       \
    " AND (?13 = '' OR c.language = ?13)"                                                          \
    " AND (?14 = 0 OR c.last_in_id > COALESCE((SELECT r.message_id FROM conversation_read r"       \
    "  WHERE r.account_id = ?1 AND r.agent_id = ?3 AND r.conversation_id = c.id), 0))"             \
    " AND (?16 = 0 OR EXISTS (SELECT 1 FROM conversation_tag g WHERE g.account_id = ?1"            \
    "  AND g.conversation_id = c.id AND g.tag_id IN (?16, ?17, ?18, ?19)))"
#define FILTER                                                                                     \
    FILTER_BESIDE " AND (?11 = 0 OR c.contact_id = ?11)"                                           \
                  " AND (?15 = 0 OR EXISTS (SELECT 1 FROM mention v WHERE v.account_id = ?1"       \
                  "  AND v.agent_id = ?3 AND v.conversation_id = c.id))"

/* ?1 to ?19; ?7 is the status. */
void conversation_filter_args(
    struct ctx *cx, const struct conversation_filter *f, str status, struct db_arg *args);
