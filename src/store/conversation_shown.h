/* What a list shows beside a conversation's own row: what of it is unread for the asking agent and
 * whether it has begun a reply. conversation_page.c and conversation_list_once.c read it. */
#pragma once
#include "store/conversation.h"

/* The newest 100 unread are enough: screens say "99+". What an agent never opened is unread as a
 * whole, and kept on write; behind the mark is what came since. */
#define UNREAD(account, id, last_in_id, in_count)                                                  \
    " CASE WHEN " last_in_id " <= COALESCE(r.message_id, 0) THEN 0"                                \
    "  WHEN COALESCE(r.message_id, 0) = 0"                                                         \
    "  THEN CASE WHEN " in_count " > 100 THEN 100 ELSE " in_count " END"                           \
    "  ELSE (SELECT COUNT(*) FROM (SELECT 1 FROM message m WHERE m.account_id = " account          \
    "   AND m.conversation_id = " id " AND m.id > r.message_id AND m.kind = 'in'"                  \
    "   AND m.is_automatic = 0 LIMIT 100) x) END AS unread_count,"                                 \
    " CASE WHEN d.conversation_id IS NULL THEN 0 ELSE 1 END AS has_draft"
#define MINE_JOIN(account, agent, id)                                                              \
    " LEFT JOIN conversation_read r ON r.account_id = " account " AND r.agent_id = " agent         \
    "  AND r.conversation_id = " id " LEFT JOIN draft d ON d.account_id = " account                \
    "  AND d.agent_id = " agent " AND d.conversation_id = " id
/* The same on PostgreSQL. OFFSET 0: one probe for each row. PostgreSQL keeps the plan, and it must
 * stay good when the agent has read much. */
#define MINE_PROBES(account, agent, id)                                                              \
    " LEFT JOIN LATERAL (SELECT o.message_id FROM conversation_read o WHERE o.account_id = " account \
    "  AND o.agent_id = " agent " AND o.conversation_id = " id " OFFSET 0) r ON TRUE"                \
    " LEFT JOIN LATERAL (SELECT o.conversation_id FROM draft o WHERE o.account_id = " account        \
    "  AND o.agent_id = " agent " AND o.conversation_id = " id " OFFSET 0) d ON TRUE"

/* struct conversation with these. */
enum { CONVERSATION_SHOWN_COLS = CONVERSATION_COLS + 2 };
extern const struct db_col conversation_shown_cols[CONVERSATION_SHOWN_COLS];
