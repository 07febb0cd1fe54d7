/* conversation_list_once: a list of which its way in says all, whole rows of all statuses in one
 * statement, on PostgreSQL. Statuses and the bound of a branch stand in the text and not among the
 * arguments, so a plan for any arguments is as good as one for these, and PostgreSQL keeps it: it
 * knows how common a status is and how few rows are wanted of it. (With the status among the
 * arguments a kept plan sorts the whole of one that most conversations have.) Only what was asked
 * for has a branch: one that is switched off by an argument would count in the plan's cost. The
 * branches are merged row by row; of those behind the page's end nothing is read but the first.
 * Nothing is left out, so a page ends where it is full and there is no edge.
 * Texts come from enums and two sizes, so they are few (db_text). Not here: lists with more
 * filters, edges, cursors (conversation_list.c). Thread: the transaction's. */
#include "base/limits.h"
#include "store/conversation_list_inner.h"
#include "store/conversation_shown.h"

enum { ONCE_ARGS = 7 };

static const struct {
    str behind, by;
} orders[SORT_COUNT] = {
    [SORT_NEWEST] = {S_INIT(" AND (c.recent_key, c.last_message_ms, c.id) < (?3, ?4, ?5)"),
                     S_INIT(" ORDER BY c.recent_key DESC, c.last_message_ms DESC, c.id DESC")                                  },
    [SORT_OLDEST] = {S_INIT(" AND (c.recent_key, c.last_message_ms, c.id) > (?3, ?4, ?5)"),
                     S_INIT(" ORDER BY c.recent_key, c.last_message_ms, c.id")                                                 },
    [SORT_DUE] = {S_INIT(" AND (c.due_key, c.id) > (?4, ?5)"),                           S_INIT(" ORDER BY c.due_key, c.id")},
    [SORT_WAITING] = {S_INIT(" AND (c.wait_key, c.id) > (?4, ?5)"),
                     S_INIT(" ORDER BY c.wait_key, c.id")                                                                      },
};
static const str ways_in[DRIVER_COUNT] = {
    [BY_ASSIGNEE] = S_INIT(OF_ASSIGNEE("?7")),
    [BY_TEAM] = S_INIT(OF_TEAM("?7")),
    [BY_CHANNEL] = S_INIT(OF_CHANNEL("?7")),
    [BY_PRIORITY] = S_INIT(OF_PRIORITY("?7")),
};

bool conversation_list_is_once(
    struct ctx *cx, enum conversation_driver driver, enum conversation_sort sort, ptrdiff_t limit)
{
    bool is_recent = sort == SORT_NEWEST || sort == SORT_OLDEST;
    return db_tx_kind(cx->db) != DB_SQLITE && limit <= LIMIT_PAGE + 1 &&
           (driver == BY_STATUS || (ways_in[driver].len && is_recent));
}

#define ROW CONVERSATION_OWN_COLUMNS ", c.account_id, c.recent_key"

static err once_text(const struct conversation_once *o, struct arena *a, str *text)
{
    struct sb b = sb_make(a, 0);
    bool is_first = true;
    sb_add(&b, S("SELECT" CONVERSATION_COLUMNS "," UNREAD(
                   "?1", "c.id", "c.last_in_id", "c.in_count") " FROM (SELECT" ROW " FROM ("));
    for (int i = 0; i < CONVERSATION_STATUS_COUNT; i++) {
        if (!o->statuses[i])
            continue;
        sb_add(&b, is_first ? S("(SELECT" ROW) : S(" UNION ALL (SELECT" ROW));
        sb_print(&b, " FROM conversation c WHERE c.account_id = ?1 AND c.status = '%.*s'",
            SARG(conversation_status_name((enum conversation_status)i)));
        sb_add(&b, ways_in[o->driver]);
        sb_add(&b, orders[o->sort].behind);
        sb_add(&b, orders[o->sort].by);
        sb_print(&b, " LIMIT %d)",
            o->limit <= LIMIT_PAGE_DEFAULT + 1 ? LIMIT_PAGE_DEFAULT + 1 : LIMIT_PAGE + 1);
        is_first = false;
    }
    sb_add(&b, S(") c"));
    sb_add(&b, orders[o->sort].by);
    sb_add(&b, S(" LIMIT ?6) c" CONVERSATION_BESIDE MINE_PROBES("?1", "?2", "c.id")));
    sb_add(&b, orders[o->sort].by);
    return db_text(sb_str(&b), text);
}

static ptrdiff_t once_args(
    const struct ctx *cx, const struct conversation_once *o, struct db_arg args[ONCE_ARGS])
{
    const struct db_arg all[ONCE_ARGS] = {
        A_INT(cx->account.v),
        A_INT(cx->actor.agent.v),
        A_INT(conversation_recent_key(o->key)),
        A_INT(o->key),
        A_INT(o->id),
        A_INT(o->limit),
        A_TEXT(o->narrow),
    };
    for (int i = 0; i < ONCE_ARGS; i++)
        args[i] = all[i];
    return o->driver == BY_STATUS ? ONCE_ARGS - 1 : ONCE_ARGS;
}

void conversation_list_once_ahead(struct ctx *cx, const struct conversation_once *o)
{
    struct db_arg args[ONCE_ARGS];
    ptrdiff_t n_args = once_args(cx, o, args);
    str text;
    if (once_text(o, cx->arena, &text) == OK)
        db_ahead(cx->db, text, args, n_args);
}

err conversation_list_once(
    struct ctx *cx, const struct conversation_once *o, struct conversation **rows, ptrdiff_t *n)
{
    struct db_arg args[ONCE_ARGS];
    ptrdiff_t n_args = once_args(cx, o, args);
    str text;
    TRY(once_text(o, cx->arena, &text));
    TRY(db_all(cx->db, text, args, n_args, COLS(conversation_shown_cols), (ptrdiff_t)sizeof **rows,
        rows, n));
    for (ptrdiff_t i = 0; i < *n; i++)
        (*rows)[i].is_mine_filled = cx->actor.agent.v != 0;
    return OK;
}
