/* conversation_list: see conversation_list.h.
 * One statement reads one status, so that an index gives the order and no sort is needed; the
 * statuses are merged here. It reads places only, and the rows of the page are read by their ids
 * (conversation_page.c): what is sorted and merged is narrow, and nothing is joined to what the
 * page does not show.
 * The way in ("driver") decides the index. Every filter stands in a text as an optional condition,
 * for which PostgreSQL plans anew each time: a plan for any arguments could not know what they
 * leave out. The usual lists, which are narrowed by nothing but their way in, have texts of their
 * own; PostgreSQL reads most of these at once (conversation_list_once.c).
 * SQLite plans without statistics, so a narrow way in hides the
 * columns of the wide indexes from it (status || '', key + 0): measured over a million rows, a
 * contact's list took 900 ms without and less than 1 ms with it.
 * What filters leave out is walked past, so a walk has an edge: LIST_WALK rows of the index behind
 * the cursor. A page ends there, and the next one begins there. A contact's conversations are
 * sorted, unless they are more than LIST_SORTED. */
#include "store/conversation_list.h"

#include "store/conversation_list_inner.h"

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

/* Up to the edge. */
#define WITHIN_NEWEST  " AND c.recent_key >= ?24" BEHIND_NEWEST
#define WITHIN_OLDEST  " AND c.recent_key <= ?24" BEHIND_OLDEST
#define WITHIN_DUE     " AND (c.due_key, c.id) <= (?24, ?25)" BEHIND_DUE
#define WITHIN_WAITING " AND (c.wait_key, c.id) <= (?24, ?25)" BEHIND_WAITING

/* A tag's and an agent's rows hold what their conversations are sorted by; up to the edge. */
#define BESIDE_NEWEST                                                                              \
    " AND t.recent_key >= ?24"                                                                     \
    " AND t.recent_key <= ?20 AND (c.recent_key, c.last_message_ms, c.id) < (?20, ?21, ?22)"       \
    " ORDER BY t.recent_key DESC, c.last_message_ms DESC, c.id DESC LIMIT ?23"
#define BESIDE_OLDEST                                                                              \
    " AND t.recent_key <= ?24"                                                                     \
    " AND t.recent_key >= ?20 AND (c.recent_key, c.last_message_ms, c.id) > (?20, ?21, ?22)"       \
    " ORDER BY t.recent_key, c.last_message_ms, c.id LIMIT ?23"
#define BESIDE_DUE                                                                                 \
    " AND (t.due_key, t.conversation_id) <= (?24, ?25)"                                            \
    " AND (t.due_key, t.conversation_id) > (?21, ?22)"                                             \
    " ORDER BY t.due_key, t.conversation_id LIMIT ?23"
#define BESIDE_WAITING                                                                             \
    " AND (t.wait_key, t.conversation_id) <= (?24, ?25)"                                           \
    " AND (t.wait_key, t.conversation_id) > (?21, ?22)"                                            \
    " ORDER BY t.wait_key, t.conversation_id LIMIT ?23"

#define LIST(from, where, behind)                                                                  \
    S_INIT("SELECT c.id, c.last_message_ms, c.due_key, c.wait_key FROM" from                       \
           " conversation c WHERE" where behind)
#define LISTS(first, second, third, fourth, where)                                                 \
    {                                                                                              \
        LIST("", where, first), LIST("", where, second), LIST("", where, third),                   \
            LIST("", where, fourth)                                                                \
    }
#define OF_STATUS(which, where)                                                                    \
    LISTS(which##_NEWEST, which##_OLDEST, which##_DUE, which##_WAITING, where)
#define LISTS_WITHIN(where) LISTS(WITHIN_NEWEST, WITHIN_OLDEST, SORTED_DUE, SORTED_WAITING, where)
#define LISTS_BESIDE(from, where)                                                                  \
    {                                                                                              \
        LIST(from, where, BESIDE_NEWEST), LIST(from, where, BESIDE_OLDEST),                        \
            LIST(from, where, BESIDE_DUE), LIST(from, where, BESIDE_WAITING)                       \
    }

/* Beside its way in a text says what the actor may see and every filter, or nothing. */
#define CHOSEN CONVERSATION_IS_VISIBLE FILTER_BESIDE
#define BARE   " c.account_id = ?1"
/* As one condition: SQLite takes every one for a reason to expect fewer rows, and what lies between
 * a cursor and an edge, and is narrowed by many, it sorts. */
#define CHOSEN_BESIDE " c.account_id = ?1 AND (" CHOSEN ") IS TRUE"
#define WAYS(where)                                                                                \
    [BY_STATUS] = OF_STATUS(BEHIND, where IN_STATUS("c")),                                         \
    [BY_ASSIGNEE] = LISTS_WITHIN(where IN_ASSIGNEE("c")),                                          \
    [BY_TEAM] = LISTS_WITHIN(where IN_TEAM("c")),                                                  \
    [BY_CHANNEL] = LISTS_WITHIN(where IN_CHANNEL("c")),                                            \
    [BY_PRIORITY] = LISTS_WITHIN(where IN_PRIORITY("c"))
static const str bare_sql[DRIVER_COUNT][SORT_COUNT] = {WAYS(BARE)};
static const str list_sql[DRIVER_COUNT][SORT_COUNT] = {
    WAYS(CHOSEN),
    [BY_WALK] = OF_STATUS(WITHIN, CHOSEN IN_STATUS("c")),
    [BY_CONTACT] = LISTS(BEHIND_NEWEST, BEHIND_OLDEST, SORTED_DUE, SORTED_WAITING,
        CONVERSATION_IS_VISIBLE FILTER IN_CONTACT),
    [BY_TAG] = LISTS_BESIDE(FROM_TAG, CHOSEN_BESIDE IN_TAG),
    [BY_MENTION] = LISTS_BESIDE(FROM_MENTION, CHOSEN_BESIDE IN_MENTION),
    [BY_CONTACT_WALK] = OF_STATUS(WITHIN, CHOSEN IN_CONTACT_WALK),
};

/* The last row of a walk; none when it ends before. ?2 is what narrows, ?3 and ?4 the cursor, ?5
 * the status and ?6 how far. */
#define EDGE_NEWEST(in)                                                                            \
    S_INIT("SELECT c.recent_key AS key, c.id FROM conversation c WHERE c.account_id = ?1"          \
           " AND c.status = ?5" in " AND c.recent_key <= ?3"                                       \
           " ORDER BY c.recent_key DESC LIMIT 1 OFFSET ?6")
#define EDGE_OLDEST(in)                                                                            \
    S_INIT("SELECT c.recent_key AS key, c.id FROM conversation c WHERE c.account_id = ?1"          \
           " AND c.status = ?5" in " AND c.recent_key >= ?3"                                       \
           " ORDER BY c.recent_key LIMIT 1 OFFSET ?6")
#define EDGE_KEY(key)                                                                              \
    S_INIT("SELECT c." key " AS key, c.id FROM conversation c WHERE c.account_id = ?1"             \
           " AND c.status = ?5 AND (c." key ", c.id) > (?3, ?4)"                                   \
           " ORDER BY c." key ", c.id LIMIT 1 OFFSET ?6")
#define EDGES(in)                                                                                  \
    {                                                                                              \
        EDGE_NEWEST(in), EDGE_OLDEST(in)                                                           \
    }
#define EDGES_ALL                                                                                  \
    {                                                                                              \
        EDGE_NEWEST(""), EDGE_OLDEST(""), EDGE_KEY("due_key"), EDGE_KEY("wait_key")                \
    }
#define EDGE_BESIDE(from, key, behind)                                                             \
    S_INIT("SELECT t." key " AS key, t.conversation_id AS id FROM " from                           \
           " AND t.account_id = ?1 AND t.status = ?5" behind " LIMIT 1 OFFSET ?6")
#define EDGES_BESIDE(from)                                                                         \
    {                                                                                              \
        EDGE_BESIDE(from, "recent_key", " AND t.recent_key <= ?3 ORDER BY t.recent_key DESC"),     \
            EDGE_BESIDE(from, "recent_key", " AND t.recent_key >= ?3 ORDER BY t.recent_key"),      \
            EDGE_BESIDE(from, "due_key",                                                           \
                " AND (t.due_key, t.conversation_id) > (?3, ?4)"                                   \
                " ORDER BY t.due_key, t.conversation_id"),                                         \
            EDGE_BESIDE(from, "wait_key",                                                          \
                " AND (t.wait_key, t.conversation_id) > (?3, ?4)"                                  \
                " ORDER BY t.wait_key, t.conversation_id")                                         \
    }
static const str edge_sql[DRIVER_COUNT][SORT_COUNT] = {
    [BY_WALK] = EDGES_ALL,
    [BY_CONTACT_WALK] = EDGES_ALL,
    [BY_TAG] = EDGES_BESIDE("conversation_tag t WHERE t.tag_id = CAST(?2 AS BIGINT)"),
    [BY_MENTION] = EDGES_BESIDE("mention t WHERE t.agent_id = CAST(?2 AS BIGINT)"),
    [BY_ASSIGNEE] = EDGES(OF_ASSIGNEE("?2")),
    [BY_TEAM] = EDGES(OF_TEAM("?2")),
    [BY_CHANNEL] = EDGES(OF_CHANNEL("?2")),
    [BY_PRIORITY] = EDGES(OF_PRIORITY("?2")),
};

const struct db_col conversation_place_cols[CONVERSATION_PLACE_COLS] = {
    COL(struct conversation_place, id),
    COL(struct conversation_place, last_message_ms),
    COL(struct conversation_place, due_key),
    COL(struct conversation_place, wait_key),
};

static bool has_priorities(const struct conversation_filter *f)
{
    return f->priorities.len && str_find(f->priorities, S(",none,")) < 0;
}

enum conversation_driver conversation_driver_of(struct ctx *cx, const struct conversation_filter *f)
{
    if (f->contact.v)
        return BY_CONTACT;
    if (f->is_mentioned)
        return BY_MENTION;
    if (f->has_assignee && f->assignee.v) /* what nobody has is no narrow way */
        return BY_ASSIGNEE;
    if (f->n_tags)
        return BY_TAG;
    if (f->has_team && f->team.v)
        return BY_TEAM;
    if (has_priorities(f))
        return BY_PRIORITY;
    if (f->channel.v)
        return BY_CHANNEL;
    bool is_whole = !f->has_assignee && !f->has_team && !f->priorities.len && !f->language.len &&
                    !f->is_unread && conversation_actor_sees_all(cx);
    return is_whole ? BY_STATUS : BY_WALK;
}

enum { TAG_ARG = 15, PRIORITY_ARG = 11 };

/* The one priority of this way; false when there is none. */
static bool priority_of(const struct conversation_filter *f, ptrdiff_t way, str *priority)
{
    str rest = str_skip(f->priorities, 1);
    for (ptrdiff_t i = 0; str_cut(rest, ',', priority, &rest); i++)
        if (i == way)
            return true;
    return false;
}

ptrdiff_t conversation_ways_of(enum conversation_driver driver, const struct conversation_filter *f)
{
    ptrdiff_t n = 0;
    str priority;
    if (driver == BY_TAG)
        return f->n_tags;
    while (driver == BY_PRIORITY && n < PRIORITIES_MOST && priority_of(f, n, &priority))
        n++;
    return n ? n : 1;
}

void conversation_way_args(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_driver driver, ptrdiff_t way, struct db_arg *args)
{
    str priority = {0};
    if (driver == BY_TAG) {
        struct db_arg first = args[TAG_ARG];
        args[TAG_ARG] = args[TAG_ARG + way];
        args[TAG_ARG + way] = first;
    } else if (driver == BY_PRIORITY && priority_of(f, way, &priority)) {
        args[PRIORITY_ARG] = A_TEXT(str_print(cx->arena, ",%.*s,", SARG(priority)));
    }
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

static int64_t sort_key(const struct conversation_place *c, enum conversation_sort sort)
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

static struct conversation_place place_of(const struct conversation *c)
{
    return (struct conversation_place){c->id, c->last_message_ms, c->due_key, c->wait_key};
}

struct conversation_cursor conversation_cursor_of(
    const struct conversation *c, enum conversation_sort sort)
{
    const struct conversation_place place = place_of(c);
    return (struct conversation_cursor){true, sort_key(&place, sort), c->id.v};
}

/* Does x stand before y? */
static bool is_before(const struct conversation_place *x, const struct conversation_place *y,
    enum conversation_sort sort)
{
    int64_t kx = sort_key(x, sort), ky = sort_key(y, sort);
    if (sort == SORT_NEWEST)
        return kx != ky ? kx > ky : x->id.v > y->id.v;
    return kx != ky ? kx < ky : x->id.v < y->id.v;
}

/* ── runs ── */

struct run {
    struct conversation_place *rows;
    ptrdiff_t n, at;
    bool has_edge;
    struct conversation_cursor edge;
};

/* One status by one way, being read. */
struct reading {
    struct ctx *cx;
    const struct conversation_filter *f;
    enum conversation_sort sort;
    enum conversation_status status;
    enum conversation_driver driver;
    ptrdiff_t way, limit;
    int64_t key, id; /* where it begins */
};
struct edge_row {
    int64_t key, id;
};
static const struct db_col edge_cols[] = {
    COL(struct edge_row, key),
    COL(struct edge_row, id),
};

static str narrow_value(const struct reading *r)
{
    struct arena *a = r->cx->arena;
    str priority = {0};
    switch (r->driver) {
    case BY_ASSIGNEE:
        return str_print(a, "%lld", (long long)r->f->assignee.v);
    case BY_TEAM:
        return str_print(a, "%lld", (long long)r->f->team.v);
    case BY_CHANNEL:
        return str_print(a, "%lld", (long long)r->f->channel.v);
    case BY_PRIORITY:
        (void)priority_of(r->f, r->way, &priority);
        return priority;
    case BY_TAG:
        return str_print(a, "%lld", (long long)r->f->tags[r->way].v);
    case BY_MENTION:
        return str_print(a, "%lld", (long long)r->cx->actor.agent.v);
    case BY_STATUS:
    case BY_WALK:
    case BY_CONTACT:
    case BY_CONTACT_WALK:
        break;
    }
    return S("");
}

/* The row `walked` rows behind; *is_there false when fewer are left. */
static err read_edge(const struct reading *r, enum conversation_sort sort, int64_t key,
    ptrdiff_t walked, struct edge_row *edge, bool *is_there)
{
    bool is_recent = sort == SORT_NEWEST || sort == SORT_OLDEST;
    const struct db_arg args[] = {A_INT(r->cx->account.v), A_TEXT(narrow_value(r)),
        A_INT(is_recent ? conversation_recent_key(key) : key), A_INT(is_recent ? 0 : r->id),
        A_TEXT(conversation_status_name(r->status)), A_INT(walked - 1)};
    err e = db_one(r->cx->db, edge_sql[r->driver][sort], args,
        (ptrdiff_t)(sizeof args / sizeof args[0]), COLS(edge_cols), edge);
    *is_there = e == OK;
    return e == E_NOT_FOUND ? OK : e;
}

static bool is_edged(enum conversation_driver driver)
{
    return driver >= BY_WALK && driver <= BY_PRIORITY;
}

/* A contact's are sorted; has it very many, its order's own index is walked. */
static err choose_contact(
    struct ctx *cx, const struct conversation_filter *f, enum conversation_driver *driver)
{
    struct edge_row row;
    if (*driver != BY_CONTACT)
        return OK;
    err e = db_one(cx->db,
        S("SELECT c.id AS key, c.id FROM conversation c"
          " WHERE c.account_id = ?1 AND c.contact_id = ?2 ORDER BY c.id LIMIT 1 OFFSET ?3"),
        ARGS(A_INT(cx->account.v), A_INT(f->contact.v), A_INT(LIST_SORTED)), COLS(edge_cols), &row);
    if (e == OK)
        *driver = BY_CONTACT_WALK;
    return e == E_NOT_FOUND ? OK : e;
}

/* Few by this way are sorted; of many the order's own index is walked. */
static err choose(struct reading *r)
{
    struct edge_row edge;
    bool is_many = false;
    if (r->driver <= BY_WALK || !is_edged(r->driver) || r->sort == SORT_NEWEST ||
        r->sort == SORT_OLDEST)
        return OK;
    TRY(read_edge(r, SORT_NEWEST, INT64_MAX, LIST_SORTED, &edge, &is_many));
    if (is_many)
        r->driver = BY_WALK;
    return OK;
}

/* The edge as the statement takes it, and as the cursor of the next page. recent_key stands for
 * STEP ms: all of them are walked. */
static void set_edge(
    const struct reading *r, const struct edge_row *edge, struct run *run, struct db_arg *args)
{
    int64_t from = 0, to = 0;
    args[0] = A_INT(edge->key);
    args[1] = A_INT(edge->id);
    run->has_edge = true;
    conversation_recent_times(edge->key, &from, &to);
    if (r->sort == SORT_NEWEST)
        run->edge = (struct conversation_cursor){true, from, 0};
    else if (r->sort == SORT_OLDEST)
        run->edge = (struct conversation_cursor){true, to, INT64_MAX};
    else
        run->edge = (struct conversation_cursor){true, edge->key, edge->id};
}

static bool is_one_of(str ids, int64_t id, struct arena *a)
{
    return str_find(ids, str_print(a, ",%lld,", (long long)id)) >= 0;
}

/* Does the actor see everything of this way in? Its own conversations, and those of its teams and
 * channels (CONVERSATION_IS_OF_ACTOR). */
static bool sees_way(
    struct ctx *cx, const struct conversation_filter *f, enum conversation_driver driver)
{
    if (conversation_actor_sees_all(cx))
        return true;
    if (!cx->actor.agent.v)
        return false;
    if (driver == BY_ASSIGNEE)
        return f->assignee.v == cx->actor.agent.v;
    if (driver == BY_TEAM)
        return is_one_of(conversation_actor_teams(cx), f->team.v, cx->arena);
    return driver == BY_CHANNEL &&
           is_one_of(conversation_actor_channels(cx), f->channel.v, cx->arena);
}

/* Does the way in say all that narrows this list? */
static bool is_bare(
    struct ctx *cx, const struct conversation_filter *f, enum conversation_driver driver)
{
    return sees_way(cx, f, driver) && !f->contact.v && !f->is_mentioned && !f->n_tags &&
           !f->language.len && !f->is_unread && (!f->has_assignee || driver == BY_ASSIGNEE) &&
           (!f->has_team || driver == BY_TEAM) && (!f->channel.v || driver == BY_CHANNEL) &&
           (!f->priorities.len || driver == BY_PRIORITY);
}

/* Is there anything that narrows beside the way in? Without, no row is walked past, and no edge is
 * looked for. */
static bool leaves_out(const struct reading *r)
{
    struct conversation_filter beside = *r->f;
    if (r->driver == BY_TAG)
        beside.n_tags = 0;
    if (r->driver == BY_MENTION)
        beside.is_mentioned = false;
    return !is_bare(r->cx, &beside, r->driver);
}

/* Does the text of this list end at an edge (?24, and ?25 of a sort by a key)? */
static bool ends_at_edge(const struct reading *r)
{
    if (r->driver == BY_WALK || r->driver >= BY_TAG)
        return true;
    return is_edged(r->driver) && (r->sort == SORT_NEWEST || r->sort == SORT_OLDEST);
}

static err read_run(struct reading *r, struct run *run)
{
    struct db_arg args[FILTER_ARGS + 6];
    struct edge_row edge;
    bool is_recent = r->sort == SORT_NEWEST || r->sort == SORT_OLDEST, is_there = false;
    TRY(choose(r));
    bool is_whole = is_bare(r->cx, r->f, r->driver);
    conversation_filter_args(r->cx, r->f, conversation_status_name(r->status), args);
    conversation_way_args(r->cx, r->f, r->driver, r->way, args);
    args[FILTER_ARGS] = A_INT(conversation_recent_key(r->key));
    args[FILTER_ARGS + 1] = A_INT(r->key);
    args[FILTER_ARGS + 2] = A_INT(r->id);
    args[FILTER_ARGS + 3] = A_INT(r->limit);
    int64_t end = r->sort == SORT_NEWEST ? INT64_MIN : INT64_MAX;
    args[FILTER_ARGS + 4] = A_INT(end);
    args[FILTER_ARGS + 5] = A_INT(end);
    ptrdiff_t n_args = FILTER_ARGS + 4;
    if (ends_at_edge(r)) {
        n_args = FILTER_ARGS + (is_recent ? 5 : 6);
        if (leaves_out(r)) /* else nothing is walked past */
            TRY(read_edge(r, r->sort, r->key, LIST_WALK, &edge, &is_there));
        if (is_there)
            set_edge(r, &edge, run, &args[FILTER_ARGS + 4]);
    }
    str sql = is_whole ? bare_sql[r->driver][r->sort] : list_sql[r->driver][r->sort];
    return db_all(r->cx->db, sql, args, n_args, conversation_place_cols, CONVERSATION_PLACE_COLS,
        (ptrdiff_t)sizeof *run->rows, &run->rows, &run->n);
}

static ptrdiff_t merge(struct run *runs, int n_runs, enum conversation_sort sort, ptrdiff_t limit,
    struct conversation_place *out)
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
        const struct conversation_place *next = &best->rows[best->at++];
        if (n == 0 || out[n - 1].id.v != next->id.v) /* of two tags: both stand side by side */
            out[n++] = *next;
    }
    return n;
}

static bool is_cursor_before(int64_t kx, int64_t x, int64_t ky, int64_t y, bool is_newest)
{
    if (is_newest)
        return kx != ky ? kx > ky : x > y;
    return kx != ky ? kx < ky : x < y;
}

/* A page that is not full ends at the nearest edge: behind it another run may have rows that were
 * not looked at. */
static void cut_at_edge(const struct run *runs, int n_runs, enum conversation_sort sort,
    const struct conversation_place *rows, ptrdiff_t *n, struct conversation_cursor *edge)
{
    bool is_newest = sort == SORT_NEWEST;
    for (int i = 0; i < n_runs; i++)
        if (runs[i].has_edge &&
            (!edge->is_set || is_cursor_before(runs[i].edge.key, runs[i].edge.id, edge->key,
                                  edge->id, is_newest)))
            *edge = runs[i].edge;
    while (edge->is_set && *n > 0 &&
           is_cursor_before(
               edge->key, edge->id, sort_key(&rows[*n - 1], sort), rows[*n - 1].id.v, is_newest))
        --*n;
}

/* All asked statuses at once. */
/* false: no status is asked for. */
static bool once_of(const struct reading *r, struct conversation_once *once)
{
    *once = (struct conversation_once){.driver = r->driver,
        .sort = r->sort,
        .statuses = r->f->statuses,
        .narrow = narrow_value(r),
        .key = r->key,
        .id = r->id,
        .limit = r->limit};
    for (int i = 0; i < CONVERSATION_STATUS_COUNT; i++)
        if (r->f->statuses[i])
            return true;
    return false;
}

static err list_once(const struct reading *r, struct conversation **rows, ptrdiff_t *n)
{
    struct conversation_once once;
    *n = 0;
    return once_of(r, &once) ? conversation_list_once(r->cx, &once, rows, n) : OK;
}

static struct reading reading_of(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_driver driver, enum conversation_sort sort,
    const struct conversation_cursor *after, ptrdiff_t limit)
{
    int64_t begin = sort == SORT_NEWEST ? INT64_MAX : INT64_MIN;
    return (struct reading){.cx = cx,
        .f = f,
        .sort = sort,
        .driver = driver,
        .limit = limit,
        .key = after->is_set ? after->key : begin,
        .id = after->is_set ? after->id : begin};
}

static bool is_once(const struct reading *r)
{
    return conversation_ways_of(r->driver, r->f) == 1 && is_bare(r->cx, r->f, r->driver) &&
           conversation_list_is_once(r->cx, r->driver, r->sort, r->limit);
}

void conversation_list_ahead(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit)
{
    struct conversation_once once;
    const struct reading r = reading_of(cx, f, conversation_driver_of(cx, f), sort, after, limit);
    if (is_once(&r) && once_of(&r, &once))
        conversation_list_once_ahead(cx, &once);
}

err conversation_list(struct ctx *cx, const struct conversation_filter *f,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit,
    struct conversation **rows, ptrdiff_t *n, struct conversation_cursor *edge)
{
    struct run runs[CONVERSATION_STATUS_COUNT * PRIORITIES_MOST] = {0};
    int n_runs = 0;
    ptrdiff_t total = 0;
    enum conversation_driver driver = conversation_driver_of(cx, f);
    TRY(choose_contact(cx, f, &driver));
    ptrdiff_t ways = conversation_ways_of(driver, f);
    *edge = (struct conversation_cursor){0};
    const struct reading first = reading_of(cx, f, driver, sort, after, limit);
    if (is_once(&first))
        return list_once(&first, rows, n);
    for (ptrdiff_t i = 0; i < CONVERSATION_STATUS_COUNT * ways; i++) {
        struct reading r = first;
        r.status = (enum conversation_status)(i / ways);
        r.way = i % ways;
        if (!f->statuses[r.status])
            continue;
        TRY(read_run(&r, &runs[n_runs]));
        total += runs[n_runs++].n;
    }
    struct conversation_place *out = NEW(cx->arena, struct conversation_place, total + 1);
    ptrdiff_t n_out = merge(runs, n_runs, sort, limit, out);
    cut_at_edge(runs, n_runs, sort, out, &n_out, edge);
    int64_t *ids = NEW(cx->arena, int64_t, n_out + 1);
    for (ptrdiff_t i = 0; i < n_out; i++)
        ids[i] = out[i].id.v;
    return conversation_page(cx, ids, n_out, rows, n);
}
