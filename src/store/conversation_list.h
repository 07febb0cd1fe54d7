/* conversation_list: the inbox lists and their counts: a closed set of SQL texts (five ways in,
 * four orders), optional filters as arguments, keyset paging, one index range per status. Not here:
 * what a saved view means (care/inbox.h). Thread: the transaction's. */
#pragma once
#include "store/conversation.h"

enum conversation_sort { SORT_NEWEST, SORT_OLDEST, SORT_DUE, SORT_WAITING };
enum {
    SORT_COUNT = SORT_WAITING + 1,
    FILTER_TAGS = 4,
    LIST_WALK = 4000,    /* rows that filters may leave out before a page ends */
    LIST_SORTED = 2000,  /* so many of a narrow way are sorted by what its index does not hold */
    COUNT_MOST = 10000,  /* of a contact, a tag, an agent's mentions */
    COUNT_SCAN = 4000,   /* of the newest, with filters that cells know nothing of */
    COUNT_UNREAD = 1000, /* of the newest that an index gives */
};

struct conversation_filter {
    bool statuses[CONVERSATION_STATUS_COUNT];
    bool has_assignee; /* {0} = nobody */
    agent_id assignee;
    bool has_team;
    team_id team;
    channel_id channel;       /* {0} = any */
    contact_id contact;       /* {0} = any */
    tag_id tags[FILTER_TAGS]; /* any of them */
    ptrdiff_t n_tags;
    str priorities; /* ",high,urgent,"; empty = any */
    str language;
    bool is_unread;    /* for the acting agent */
    bool is_mentioned; /* the acting agent */
};
/* Where a page begins: behind this row. {0} = the beginning. */
struct conversation_cursor {
    bool is_set;
    int64_t key, id;
};

/* What a conversation is sorted by; the last three as their columns. */
struct conversation_place {
    conversation_id id;
    int64_t last_message_ms, due_key, wait_key;
};
extern const struct db_col conversation_place_cols[];
enum { CONVERSATION_PLACE_COLS = 4 };
/* At most limit visible rows behind the cursor in the order of sort, as conversation_page. *edge:
 * where looking ended although the list goes on, when filters left out much: with fewer rows than
 * limit, the next page begins there. */
err conversation_list(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit,
    struct conversation **rows, ptrdiff_t *n, struct conversation_cursor *edge);
/* See db_ahead; nothing when the list takes more than one statement. */
void conversation_list_ahead(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit);
/* The cursor behind a row. */
struct conversation_cursor conversation_cursor_of(
    const struct conversation *c, enum conversation_sort sort);
/* How many match, and how many of them are unread for the acting agent. A filter that names only
 * statuses, assignee, team, channel and priorities is exact, for who sees some too (of their own
 * mentions COUNT_MOST of a status are looked at). With another filter the newest COUNT_SCAN of the
 * way in are looked at, for each status (of a contact, a tag and an agent's mentions COUNT_MOST).
 * Unread beside exact numbers are those among the newest COUNT_UNREAD of a status that the way in
 * gives, COUNT_SCAN where it is a status as a whole of which some are left out. */
struct conversation_counted {
    int64_t total, unread;
    bool is_least; /* a bound was reached: there may be more */
};
err conversation_count(
    struct ctx *cx, const struct conversation_filter *f, struct conversation_counted *counted);
