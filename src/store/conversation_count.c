/* conversation_count: the counts of conversation_list.h. What cells know (conversation_cell.h) is
 * their sum; for the rest, and for what an agent has not read, a way in is looked through up to a
 * bound. */
#include "store/conversation_list.h"

#include "store/conversation_cell.h"
#include "store/conversation_list_inner.h"

/* Looks at rows up to a bound; those that fit are counted. */
#define COUNTS(from, in)                                                                           \
    S_INIT("SELECT COUNT(*) AS looked, CAST(COALESCE(SUM(x.fits), 0) AS BIGINT) AS total,"         \
           " CAST(COALESCE(SUM(x.fits * x.unread), 0) AS BIGINT) AS unread FROM"                   \
           " (SELECT CASE WHEN c.last_in_id > COALESCE(r.message_id, 0) THEN 1 ELSE 0 END"         \
           "  AS unread, CASE WHEN" CONVERSATION_IS_VISIBLE FILTER " THEN 1 ELSE 0 END AS fits"    \
           "  FROM " from UNREAD_JOIN " WHERE c.account_id = ?1" in " LIMIT ?20) x")
/* A way in that is narrow by itself: only what fits is looked at. */
#define COUNTS_ALL(from, in)                                                                       \
    S_INIT("SELECT COUNT(*) AS looked, COUNT(*) AS total,"                                         \
           " CAST(COALESCE(SUM(x.unread), 0) AS BIGINT) AS unread FROM"                            \
           " (SELECT CASE WHEN c.last_in_id > COALESCE(r.message_id, 0) THEN 1 ELSE 0 END"         \
           "  AS unread FROM " from UNREAD_JOIN " WHERE " CONVERSATION_IS_VISIBLE FILTER in        \
           " LIMIT ?20) x")
/* What filters leave out, and an agent who sees little of much, must not make the count read
 * everything. */
#define NEWEST_OF(in)                                                                               \
    "(SELECT n.id, n.account_id, n.assignee_id, n.team_id, n.channel_id, n.contact_id, n.priority," \
    " n.language, n.last_in_id FROM conversation n WHERE n.account_id = ?1" in                      \
    " ORDER BY n.recent_key DESC LIMIT ?21) c"
#define COUNTS_NEWEST(in) COUNTS(NEWEST_OF(in), "")
/* A conversation that has several of the tags counts with the first of them. */
#define NOT_EARLIER                                                                                \
    " AND NOT EXISTS (SELECT 1 FROM conversation_tag e WHERE e.account_id = ?1"                    \
    "  AND e.conversation_id = c.id AND e.tag_id IN (?22, ?23, ?24))"
static const str count_sql[DRIVER_COUNT] = {
    [BY_STATUS] = COUNTS_NEWEST(IN_STATUS("n")),
    [BY_WALK] = COUNTS_NEWEST(IN_STATUS("n")),
    [BY_ASSIGNEE] = COUNTS_NEWEST(IN_ASSIGNEE("n")),
    [BY_TEAM] = COUNTS_NEWEST(IN_TEAM("n")),
    [BY_CHANNEL] = COUNTS_NEWEST(IN_CHANNEL("n")),
    [BY_PRIORITY] = COUNTS_NEWEST(IN_PRIORITY("n")),
    [BY_CONTACT] = COUNTS_ALL(FROM_ALL " conversation c", IN_CONTACT " AND ?21 > 0"),
    [BY_TAG] = COUNTS_ALL(FROM_TAG " conversation c", IN_TAG NOT_EARLIER " AND ?21 > 0"),
    [BY_MENTION] = COUNTS_ALL(FROM_MENTION " conversation c", IN_MENTION " AND ?21 > 0"),
};

struct count_row {
    int64_t looked, total, unread;
};
static const struct db_col count_cols[] = {
    COL(struct count_row, looked),
    COL(struct count_row, total),
    COL(struct count_row, unread),
};

/* One status by one way; of the wide ways the `newest`. */
static err count_way(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_status status, ptrdiff_t way, int64_t newest, struct count_row *row)
{
    struct db_arg args[FILTER_ARGS + 5];
    enum conversation_driver driver = conversation_driver_of(cx, f);
    conversation_filter_args(cx, f, conversation_status_name(status), args);
    conversation_way_args(cx, f, driver, way, args);
    args[FILTER_ARGS] = A_INT(COUNT_MOST);
    args[FILTER_ARGS + 1] = A_INT(newest);
    for (ptrdiff_t k = 0; k < FILTER_TAGS - 1; k++)
        args[FILTER_ARGS + 2 + k] = A_INT(k < way ? f->tags[k].v : 0);
    return db_one(cx->db, count_sql[driver], args, FILTER_ARGS + (driver == BY_TAG ? 5 : 2),
        COLS(count_cols), row);
}

/* All that match are looked through, up to the bounds. */
static err count_walk(struct ctx *cx, const struct conversation_filter *f, int64_t newest,
    struct conversation_counted *counted)
{
    enum conversation_driver driver = conversation_driver_of(cx, f);
    int64_t most = driver < BY_CONTACT ? newest : COUNT_MOST;
    ptrdiff_t ways = conversation_ways_of(driver, f);
    for (ptrdiff_t i = 0; i < CONVERSATION_STATUS_COUNT * ways; i++) {
        enum conversation_status status = (enum conversation_status)(i / ways);
        struct count_row row;
        if (!f->statuses[status])
            continue;
        TRY(count_way(cx, f, status, i % ways, newest, &row));
        counted->total += row.total;
        counted->unread += row.unread;
        counted->is_least |= row.looked >= most;
    }
    return OK;
}

/* ── by cells ── */

/* What an agent sees only because it was mentioned there, among its newest mentions. */
static const str mentioned_sql = S_INIT(
    "SELECT COUNT(*) AS looked, CAST(COALESCE(SUM(x.fits), 0) AS BIGINT) AS total,"
    " CAST(0 AS BIGINT) AS unread FROM"
    " (SELECT CASE WHEN c.account_id = ?1 AND ?2 = 0 AND ?6 = 0"
    "   AND NOT (" CONVERSATION_IS_OF_ACTOR(
        "c") ")" FILTER " THEN 1 ELSE 0 END AS fits"
             "  FROM (SELECT v.conversation_id FROM mention v WHERE v.account_id = ?1"
             "   AND v.agent_id = ?3 AND v.status = ?7 ORDER BY v.recent_key DESC LIMIT ?20) t"
             "  CROSS JOIN conversation c WHERE c.account_id = ?1 AND c.id = t.conversation_id) x");

static err count_mentioned(
    struct ctx *cx, const struct conversation_filter *f, struct conversation_counted *counted)
{
    struct db_arg args[FILTER_ARGS + 1];
    for (int s = 0; s < CONVERSATION_STATUS_COUNT; s++) {
        struct count_row row;
        if (!f->statuses[s])
            continue;
        conversation_filter_args(
            cx, f, conversation_status_name((enum conversation_status)s), args);
        args[FILTER_ARGS] = A_INT(COUNT_MOST);
        TRY(db_one(cx->db, mentioned_sql, args, FILTER_ARGS + 1, COLS(count_cols), &row));
        counted->total += row.total;
        counted->is_least |= row.looked >= COUNT_MOST;
    }
    return OK;
}

/* Does f ask for nothing but what cells know, for somebody of the organisation? */
static bool is_of_cells(struct ctx *cx, const struct conversation_filter *f)
{
    return !f->contact.v && !f->n_tags && !f->language.len && !f->is_unread && !f->is_mentioned &&
           (conversation_actor_sees_all(cx) || cx->actor.agent.v) && !cx->actor.contact.v;
}

err conversation_count(
    struct ctx *cx, const struct conversation_filter *f, struct conversation_counted *counted)
{
    struct conversation_counted walked = {0};
    *counted = (struct conversation_counted){0};
    if (!is_of_cells(cx, f))
        return count_walk(cx, f, COUNT_SCAN, counted);
    TRY(conversation_cells_sum(cx, f, &counted->total));
    if (!conversation_actor_sees_all(cx))
        TRY(count_mentioned(cx, f, counted));
    bool is_sifted = conversation_driver_of(cx, f) == BY_WALK;
    if (counted->total) /* what nobody has, nobody looks for */
        TRY(count_walk(cx, f, is_sifted ? COUNT_SCAN : COUNT_UNREAD, &walked));
    counted->unread = walked.unread;
    return OK;
}
