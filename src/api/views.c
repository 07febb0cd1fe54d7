/* views: the built-in and saved views of the inbox and their counts (API "Conversations"). A
 * private view is seen and changed by who made it; a shared one is seen by all and changed by who
 * may share views. Rules of filters: care/inbox.h. */
#include "api/input.h"
#include "api/server.h"
#include "base/id.h"
#include "care/inbox.h"
#include "care/news.h"
#include "store/view.h"

enum { COUNTED_VIEWS = 50, POSITION_MOST = 1000000 };

struct view_body {
    str name, sort;
    const struct json *filter;
    bool is_shared;
    int64_t position;
    bool has_name, has_sort, has_filter, has_is_shared, has_position;
};
#define VIEW_FIELDS(name_flags)                                                                    \
    FIELD_SEEN(struct view_body, name, IN_TEXT, name_flags, 1, 0, NULL),                           \
        FIELD_SEEN(struct view_body, filter, IN_JSON, 0, 0, 0,                                     \
            "{status[], assignee, team, channel, tag[], priority[], q, unread, language}"),        \
        FIELD_SEEN(struct view_body, is_shared, IN_BOOL, 0, 0, 0, NULL),                           \
        FIELD_SEEN(struct view_body, position, IN_INT, 0, 0, POSITION_MOST, NULL),                 \
        FIELD_ENUM_SEEN(struct view_body, sort, 0, conversation_sort_words, NULL)
static const struct input_field new_fields[] = {VIEW_FIELDS(IN_REQUIRED)};
static const struct input_spec new_spec = SPEC("ViewNew", struct view_body, new_fields);
static const struct input_field patch_fields[] = {VIEW_FIELDS(0)};
static const struct input_spec patch_spec = SPEC("ViewPatch", struct view_body, patch_fields);

static err list(struct call *call)
{
    struct saved_view *rows = NULL;
    ptrdiff_t n = 0;
    TRY(view_list(&call->cx, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (int i = 0; i < BUILTIN_VIEWS; i++)
        saved_view_view(&j, &inbox_builtin[i]);
    for (ptrdiff_t i = 0; i < n; i++)
        saved_view_view(&j, &rows[i]);
    return answer_list_end(call, &j, (str){0});
}

static err put_count(struct ctx *cx, struct json_out *j, str key)
{
    struct inbox_query q;
    enum conversation_sort sort;
    struct conversation_counted counted;
    TRY(inbox_view(cx, key, &q, &sort));
    err e = inbox_count(cx, &q, &counted);
    if (e == E_NOT_FOUND || e == E_INVALID) { /* a search, or a filter that lost its meaning */
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    json_key(j, key);
    json_obj(j);
    json_kv_int(j, S("total"), counted.total);
    json_kv_int(j, S("unread"), counted.unread);
    json_kv_bool(j, S("is_least"), counted.is_least);
    json_obj_end(j);
    return OK;
}

static const struct shape_field count_fields[] = {
    SHOWN("total", SHAPE_INT, 0,
        "exact with status, assignee, team, channel, priority; else among the newest 4,000"),
    SHOWN("unread", SHAPE_INT, 0,
        "among the newest 1,000 of a status that an index gives, or 4,000 that are sifted"),
    SHOWN("is_least", SHAPE_BOOL, 0, "total may be more: looking ended before the view did"),
};
static const struct shape count_shape =
    SHAPE("ViewCount", NULL, count_fields, "How many conversations a view has.");
static const struct shape_field counts_fields[] = {
    SHOWN_OBJECT("views", SHAPE_MAP, &count_shape, "by key or id; views with words are left out"),
};
static const struct shape counts_shape =
    SHAPE("ViewCounts", NULL, counts_fields, "How many conversations the views have.");

static err counts(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct saved_view *rows = NULL;
    ptrdiff_t n = 0;
    TRY(view_list(cx, &rows, &n));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_key(&j, S("views"));
    json_obj(&j);
    for (int i = 0; i < BUILTIN_VIEWS; i++)
        TRY(put_count(cx, &j, inbox_builtin[i].key));
    for (ptrdiff_t i = 0; i < n && i < COUNTED_VIEWS; i++)
        TRY(put_count(cx, &j, str_print(cx->arena, "%lld", (long long)rows[i].id.v)));
    json_obj_end(&j);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err may_change(struct ctx *cx, const struct saved_view *view)
{
    if (view->is_shared && !cx_can(cx, CAP_VIEW_SHARE))
        return fail(cx, E_FORBIDDEN, "You may not make or change shared views.");
    return OK;
}

static err merge(struct ctx *cx, const struct view_body *b, struct saved_view *view)
{
    if (b->has_name)
        view->name = b->name;
    if (b->has_sort)
        view->sort = b->sort;
    if (b->has_position)
        view->position = b->position;
    if (b->has_filter) {
        struct inbox_query q;
        TRY(inbox_query_read(cx, b->filter, &q));
        TRY(inbox_query_check(cx, &q));
        view->filter = inbox_query_json(cx->arena, &q);
    }
    if (b->has_is_shared)
        view->is_shared = b->is_shared;
    return may_change(cx, view);
}

static err changed(struct call *call, int status, const struct saved_view *view)
{
    struct ctx *cx = &call->cx;
    struct json_out j = json_out_make(cx->arena, 0);
    saved_view_view(&j, view);
    agent_id only = view->is_shared ? (agent_id){0} : view->agent_id;
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    TRY(news_thing(cx, S("view.updated"), S("view"), view->id.v, only, json_str(&j)));
    return answer_json(call, status, json_str(&j));
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct saved_view view = {
        .id = {id_make(cx->now_ms)},
        .agent_id = cx->actor.agent,
        .filter = S("{}"),
        .sort = S("newest"),
    };
    TRY(merge(cx, call->body, &view));
    TRY(view_add(cx, &view));
    return changed(call, 201, &view);
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct saved_view view;
    TRY(view_get(cx, (view_id){call->id}, &view));
    TRY(may_change(cx, &view));
    TRY(merge(cx, call->body, &view));
    TRY(view_set(cx, &view));
    return changed(call, 200, &view);
}

static err delete (struct call *call)
{
    struct ctx *cx = &call->cx;
    struct saved_view view;
    TRY(view_get(cx, (view_id){call->id}, &view));
    TRY(may_change(cx, &view));
    TRY(view_remove(cx, view.id));
    agent_id only = view.is_shared ? (agent_id){0} : view.agent_id;
    TRY(news_thing(cx, S("view.updated"), S("view"), view.id.v, only, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/views", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "Built-in, shared and own views.", &view_shape, 0},
    {HTTP_GET, "/api/v1/views/counts", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, NULL, NULL, counts,
     "Conversations and unread ones per view.", &counts_shape, 0},
    {HTTP_POST, "/api/v1/views", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_429, NULL, &new_spec, NULL, post,
     "Save a view.", &view_shape, 0},
    {HTTP_PATCH, "/api/v1/views/{id}", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE, NULL, &patch_spec, NULL, patch,
     "Change a view.", &view_shape, 0},
    {HTTP_DELETE, "/api/v1/views/{id}", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE, NULL, NULL, NULL, delete,
     "Remove a view.", NULL, 0},
};
/* clang-format on */
extern const struct route_table views_routes;
const struct route_table views_routes = ROUTES(routes);
