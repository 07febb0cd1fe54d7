/* conversation_list: see conversation_list.h.
 * One statement reads one status, so that an index gives the order and no sort is needed; the
 * statuses are merged here. The way in ("driver") decides the index; every filter stands in every
 * text as an optional condition. SQLite plans without statistics, so a narrow way in hides the
 * columns of the wide indexes from it (status || '', key + 0): measured over a million rows, a
 * contact's list took 900 ms without and less than 1 ms with it. */
#include "store/conversation_list.h"

#include "store/conversation_list_inner.h"

enum driver { BY_STATUS, BY_ASSIGNEE, BY_CONTACT, BY_TAG, BY_MENTION };
enum { DRIVER_COUNT = BY_MENTION + 1 };

#define IN_STATUS   " AND c.status = ?7"
#define IN_ASSIGNEE " AND c.status = ?7 AND c.assignee_id = ?8"
#define IN_CONTACT  " AND c.status || '' = ?7 AND c.contact_id = ?11"
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

#define BEHIND_NEWEST                                                                              \
    " AND (c.recent_key, c.last_message_ms, c.id) < (?20, ?21, ?22)"                               \
    " ORDER BY c.recent_key DESC, c.last_message_ms DESC, c.id DESC LIMIT ?23"
#define BEHIND_OLDEST                                                                              \
    " AND (c.recent_key, c.last_message_ms, c.id) > (?20, ?21, ?22)"                               \
    " ORDER BY c.recent_key, c.last_message_ms, c.id LIMIT ?23"
#define BEHIND_DUE     " AND (c.due_key, c.id) > (?21, ?22) ORDER BY c.due_key, c.id LIMIT ?23"
#define BEHIND_WAITING " AND (c.wait_key, c.id) > (?21, ?22) ORDER BY c.wait_key, c.id LIMIT ?23"
#define SORTED_DUE     " AND (c.due_key + 0, c.id) > (?21, ?22) ORDER BY c.due_key + 0, c.id LIMIT ?23"
#define SORTED_WAITING                                                                             \
    " AND (c.wait_key + 0, c.id) > (?21, ?22) ORDER BY c.wait_key + 0, c.id LIMIT ?23"

/* A tag's and an agent's rows hold what their conversations are sorted by. */
#define BESIDE_NEWEST                                                                              \
    " AND t.recent_key <= ?20 AND (c.recent_key, c.last_message_ms, c.id) < (?20, ?21, ?22)"       \
    " ORDER BY t.recent_key DESC, c.last_message_ms DESC, c.id DESC LIMIT ?23"
#define BESIDE_OLDEST                                                                              \
    " AND t.recent_key >= ?20 AND (c.recent_key, c.last_message_ms, c.id) > (?20, ?21, ?22)"       \
    " ORDER BY t.recent_key, c.last_message_ms, c.id LIMIT ?23"
#define BESIDE_DUE                                                                                 \
    " AND (t.due_key, t.conversation_id) > (?21, ?22)"                                             \
    " ORDER BY t.due_key, t.conversation_id LIMIT ?23"
#define BESIDE_WAITING                                                                             \
    " AND (t.wait_key, t.conversation_id) > (?21, ?22)"                                            \
    " ORDER BY t.wait_key, t.conversation_id LIMIT ?23"

#define LIST(from, in, behind)                                                                     \
    S_INIT("SELECT " CONVERSATION_COLUMNS " FROM" from CONVERSATION_TABLES                         \
           " WHERE " CONVERSATION_IS_VISIBLE FILTER in behind)
#define LISTS(from, in)                                                                            \
    {                                                                                              \
        LIST(from, in, BEHIND_NEWEST), LIST(from, in, BEHIND_OLDEST), LIST(from, in, SORTED_DUE),  \
            LIST(from, in, SORTED_WAITING)                                                         \
    }
#define LISTS_BESIDE(from, in)                                                                     \
    {                                                                                              \
        LIST(from, in, BESIDE_NEWEST), LIST(from, in, BESIDE_OLDEST), LIST(from, in, BESIDE_DUE),  \
            LIST(from, in, BESIDE_WAITING)                                                         \
    }
static const str list_sql[DRIVER_COUNT][SORT_COUNT] = {
    [BY_STATUS] =
        {
                     LIST(FROM_ALL, IN_STATUS, BEHIND_NEWEST),
                     LIST(FROM_ALL, IN_STATUS, BEHIND_OLDEST),
                     LIST(FROM_ALL, IN_STATUS, BEHIND_DUE),
                     LIST(FROM_ALL, IN_STATUS, BEHIND_WAITING),
                     },
    [BY_ASSIGNEE] = LISTS(FROM_ALL, IN_ASSIGNEE),
    [BY_CONTACT] = LISTS(FROM_ALL, IN_CONTACT),
    [BY_TAG] = LISTS_BESIDE(FROM_TAG, IN_TAG),
    [BY_MENTION] = LISTS_BESIDE(FROM_MENTION, IN_MENTION),
};

#define COUNTS(from, in)                                                                           \
    S_INIT("SELECT COUNT(*) AS total, CAST(COALESCE(SUM(x.unread), 0) AS BIGINT) AS unread FROM"   \
           " (SELECT CASE WHEN c.last_in_id > COALESCE(r.message_id, 0) THEN 1 ELSE 0 END"         \
           "  AS unread FROM " from UNREAD_JOIN " WHERE " CONVERSATION_IS_VISIBLE FILTER in        \
           " LIMIT ?20) x")
/* An agent who sees little of much must not make the count read everything. */
#define NEWEST_OF_STATUS                                                                           \
    "(SELECT * FROM conversation n WHERE n.account_id = ?1 AND n.status = ?7"                      \
    " ORDER BY n.recent_key DESC LIMIT ?21) c"
/* A conversation that has several of the tags counts with the first of them. */
#define NOT_EARLIER                                                                                \
    " AND NOT EXISTS (SELECT 1 FROM conversation_tag e WHERE e.account_id = ?1"                    \
    "  AND e.conversation_id = c.id AND e.tag_id IN (?22, ?23, ?24))"
static const str count_sql[DRIVER_COUNT] = {
    [BY_STATUS] = COUNTS(NEWEST_OF_STATUS, IN_STATUS),
    [BY_ASSIGNEE] = COUNTS(FROM_ALL " conversation c", IN_ASSIGNEE " AND ?21 > 0"),
    [BY_CONTACT] = COUNTS(FROM_ALL " conversation c", IN_CONTACT " AND ?21 > 0"),
    [BY_TAG] = COUNTS(FROM_TAG " conversation c", IN_TAG NOT_EARLIER " AND ?21 > 0"),
    [BY_MENTION] = COUNTS(FROM_MENTION " conversation c", IN_MENTION " AND ?21 > 0"),
};

/* The narrowest way in. */
static enum driver driver_of(const struct conversation_filter *f)
{
    if (f->contact.v)
        return BY_CONTACT;
    if (f->is_mentioned)
        return BY_MENTION;
    if (f->has_assignee && f->assignee.v) /* what nobody has is no narrow way */
        return BY_ASSIGNEE;
    return f->n_tags ? BY_TAG : BY_STATUS;
}

enum { TAG_ARG = 15 };

/* Each way in is read once for each status, the way by tags once for each tag. */
static ptrdiff_t ways_of(const struct conversation_filter *f)
{
    return driver_of(f) == BY_TAG ? f->n_tags : 1;
}

/* The tag of this way stands where the text looks for it; the order of the others is nothing. */
static void way_args(struct db_arg *args, ptrdiff_t way)
{
    struct db_arg first = args[TAG_ARG];
    args[TAG_ARG] = args[TAG_ARG + way];
    args[TAG_ARG + way] = first;
}

void conversation_filter_args(
    struct ctx *cx, const struct conversation_filter *f, str status, struct db_arg *args)
{
    const struct db_arg all[FILTER_ARGS] = {
        CONVERSATION_SCOPE_ARGS(cx),
        A_TEXT(status),
        A_INT(f->has_assignee ? f->assignee.v : -1),
        A_INT(f->has_team ? f->team.v : -1),
        A_INT(f->channel.v),
        A_INT(f->contact.v),
        A_TEXT(f->priorities),
        A_TEXT(f->language),
        A_BOOL(f->is_unread),
        A_BOOL(f->is_mentioned),
        A_INT(f->n_tags > 0 ? f->tags[0].v : 0),
        A_INT(f->n_tags > 1 ? f->tags[1].v : 0),
        A_INT(f->n_tags > 2 ? f->tags[2].v : 0),
        A_INT(f->n_tags > 3 ? f->tags[3].v : 0),
    };
    for (int i = 0; i < FILTER_ARGS; i++)
        args[i] = all[i];
}

static int64_t sort_key(const struct conversation *c, enum conversation_sort sort)
{
    switch (sort) {
    case SORT_DUE:
        return c->due_key;
    case SORT_WAITING:
        return c->wait_key;
    case SORT_NEWEST:
    case SORT_OLDEST:
        break;
    }
    return c->last_message_ms;
}

struct conversation_cursor conversation_cursor_of(
    const struct conversation *c, enum conversation_sort sort)
{
    return (struct conversation_cursor){.is_set = true, .key = sort_key(c, sort), .id = c->id.v};
}

/* Does x stand before y? */
static bool is_before(
    const struct conversation *x, const struct conversation *y, enum conversation_sort sort)
{
    int64_t kx = sort_key(x, sort), ky = sort_key(y, sort);
    if (sort == SORT_NEWEST)
        return kx != ky ? kx > ky : x->id.v > y->id.v;
    return kx != ky ? kx < ky : x->id.v < y->id.v;
}

struct run {
    struct conversation *rows;
    ptrdiff_t n, at;
};

static ptrdiff_t merge(struct run *runs, int n_runs, enum conversation_sort sort, ptrdiff_t limit,
    struct conversation *out)
{
    ptrdiff_t n = 0;
    while (n < limit) {
        struct run *best = NULL;
        for (int i = 0; i < n_runs; i++)
            if (runs[i].at < runs[i].n &&
                (!best || is_before(&runs[i].rows[runs[i].at], &best->rows[best->at], sort)))
                best = &runs[i];
        if (!best)
            break;
        const struct conversation *next = &best->rows[best->at++];
        if (n == 0 || out[n - 1].id.v != next->id.v) /* of two tags: both stand side by side */
            out[n++] = *next;
    }
    return n;
}

err conversation_list(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit,
    struct conversation **rows, ptrdiff_t *n)
{
    struct run runs[CONVERSATION_STATUS_COUNT * FILTER_TAGS] = {0};
    int n_runs = 0;
    ptrdiff_t total = 0;
    struct db_arg args[FILTER_ARGS + 4];
    int64_t edge = sort == SORT_NEWEST ? INT64_MAX : INT64_MIN;
    ptrdiff_t ways = ways_of(f);
    for (ptrdiff_t i = 0; i < CONVERSATION_STATUS_COUNT * ways; i++) {
        ptrdiff_t s = i / ways;
        if (!f->statuses[s])
            continue;
        conversation_filter_args(
            cx, f, conversation_status_name((enum conversation_status)s), args);
        way_args(args, i % ways);
        int64_t key = after->is_set ? after->key : edge;
        args[FILTER_ARGS] = A_INT(conversation_recent_key(key));
        args[FILTER_ARGS + 1] = A_INT(key);
        args[FILTER_ARGS + 2] = A_INT(after->is_set ? after->id : edge);
        args[FILTER_ARGS + 3] = A_INT(limit);
        struct run *run = &runs[n_runs++];
        TRY(db_all(cx->db, list_sql[driver_of(f)][sort], args, FILTER_ARGS + 4, conversation_cols,
            CONVERSATION_COLS, (ptrdiff_t)sizeof **rows, &run->rows, &run->n));
        total += run->n;
    }
    struct conversation *out = NEW(cx->arena, struct conversation, total + 1);
    *n = merge(runs, n_runs, sort, limit, out);
    *rows = out;
    return OK;
}

struct count_row {
    int64_t total, unread;
};
static const struct db_col count_cols[] = {
    COL(struct count_row, total),
    COL(struct count_row, unread),
};

err conversation_count(
    struct ctx *cx, const struct conversation_filter *f, int64_t *total, int64_t *unread)
{
    struct count_row sum = {0};
    struct db_arg args[FILTER_ARGS + 5];
    ptrdiff_t ways = ways_of(f), n_args = FILTER_ARGS + (driver_of(f) == BY_TAG ? 5 : 2);
    for (ptrdiff_t i = 0; i < CONVERSATION_STATUS_COUNT * ways; i++) {
        ptrdiff_t s = i / ways, way = i % ways;
        if (!f->statuses[s])
            continue;
        conversation_filter_args(
            cx, f, conversation_status_name((enum conversation_status)s), args);
        way_args(args, way);
        args[FILTER_ARGS] = A_INT(COUNT_MOST);
        args[FILTER_ARGS + 1] = A_INT(COUNT_SCAN);
        for (ptrdiff_t k = 0; k < FILTER_TAGS - 1; k++)
            args[FILTER_ARGS + 2 + k] = A_INT(k < way ? f->tags[k].v : 0);
        struct count_row row;
        TRY(db_one(cx->db, count_sql[driver_of(f)], args, n_args, COLS(count_cols), &row));
        sum.total += row.total;
        sum.unread += row.unread;
    }
    *total = sum.total;
    *unread = sum.unread;
    return OK;
}
