/* calls: the log of telephone calls, and what agents do with them (API "Calls"). Rules:
 * care/phone.h. */
#include "api/page.h"
#include "api/server.h"
#include "base/limits.h"
#include "care/phone.h"
#include "model/view_call.h"
#include "store/call.h"

enum { NOTE_BYTES = 8 * 1024, CLIENT_ID_BYTES = 64 };

static err answer_call(struct call *call, int status, const struct phone_call *c)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    phone_call_view(&j, c);
    return answer_json(call, status, json_str(&j));
}

/* ── the log ── */

struct list_query {
    int64_t channel_id, contact_id, conversation_id, agent_id, limit;
    str state, outcome, direction, cursor;
};
static const struct input_field list_fields[] = {
    FIELD(struct list_query, channel_id, IN_ID, 0, 0, 0, NULL),
    FIELD(struct list_query, contact_id, IN_ID, 0, 0, 0, NULL),
    FIELD(struct list_query, conversation_id, IN_ID, 0, 0, 0, NULL),
    FIELD(struct list_query, agent_id, IN_ID, 0, 0, 0, NULL),
    FIELD_ENUM(struct list_query, state, 0, call_state_words, NULL),
    FIELD_ENUM(struct list_query, outcome, 0, call_outcome_words, NULL),
    FIELD_ENUM(struct list_query, direction, 0, call_direction_words, NULL),
    PAGE_FIELDS(struct list_query),
};
static const struct input_spec list_spec = SPEC("CallQuery", struct list_query, list_fields);

static err list(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct list_query *query = call->query;
    const struct phone_call_filter f = {.channel = {query->channel_id},
        .contact = {query->contact_id},
        .conversation = {query->conversation_id},
        .agent = {query->agent_id},
        .state = query->state,
        .outcome = query->outcome,
        .direction = query->direction};
    struct phone_call *rows = NULL;
    call_id before = {0}, edge = {0};
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    TRY(page_cursor_read_id(cx, query->cursor, &before.v));
    TRY(phone_call_list(cx, &f, before, limit + 1, &rows, &n, &edge));
    if (page_cut(limit, &n))
        edge = rows[n - 1].id;
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        phone_call_view(&j, &rows[i]);
    return answer_list_end(call, &j, edge.v ? page_cursor(cx->arena, 0, edge.v) : (str){0});
}

static err one(struct call *call)
{
    struct phone_call c;
    TRY(phone_call_get(&call->cx, (call_id){call->id}, &c));
    return answer_call(call, 200, &c);
}

/* ── acts ── */

struct start_body {
    int64_t channel_id, contact_id, conversation_id;
    str number, client_id;
};
static const struct input_field start_fields[] = {
    FIELD(struct start_body, channel_id, IN_ID, IN_REQUIRED, 0, 0, "whose number is shown"),
    FIELD(struct start_body, contact_id, IN_ID, 0, 0, 0, "or a number"),
    FIELD(struct start_body, number, IN_TEXT, 0, 1, 0, "left out: the contact's"),
    FIELD(struct start_body, conversation_id, IN_ID, 0, 0, 0, "in which the call is to stand"),
    FIELD(struct start_body, client_id, IN_TEXT, 0, 1, CLIENT_ID_BYTES,
        "the same again gives the same call"),
};
static const struct input_spec start_spec = SPEC("CallNew", struct start_body, start_fields);

static err start(struct call *call)
{
    const struct start_body *body = call->body;
    const struct phone_start from = {.channel = {body->channel_id},
        .contact = {body->contact_id},
        .conversation = {body->conversation_id},
        .number = body->number,
        .client_id = body->client_id};
    struct phone_call c;
    bool is_repeat = false;
    TRY(phone_start(&call->cx, &from, &c, &is_repeat));
    return answer_call(call, is_repeat ? 200 : 201, &c);
}

static err take(struct call *call)
{
    struct phone_call c;
    TRY(phone_take(&call->cx, (call_id){call->id}, &c));
    return answer_call(call, 200, &c);
}

static err hang_up(struct call *call)
{
    struct phone_call c;
    TRY(phone_hang_up(&call->cx, (call_id){call->id}, &c));
    return answer_call(call, 200, &c);
}

struct wrap_up_body {
    str note;
};
static const struct input_field wrap_up_fields[] = {
    FIELD(struct wrap_up_body, note, IN_TEXT, IN_MULTILINE, 0, NOTE_BYTES,
        "becomes a note of the conversation"),
};
static const struct input_spec wrap_up_spec =
    SPEC("CallWrapUp", struct wrap_up_body, wrap_up_fields);

static err wrap_up(struct call *call)
{
    const struct wrap_up_body *body = call->body;
    struct phone_call c;
    TRY(phone_wrap_up(&call->cx, (call_id){call->id}, body->note, &c));
    return answer_call(call, 200, &c);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/calls", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, &list_spec, NULL, NULL, list,
     "Telephone calls, newest first.", &call_shape, 0},
    {HTTP_GET, "/api/v1/calls/{id}", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, NULL, NULL, one,
     "One telephone call.", &call_shape, 0},
    {HTTP_POST, "/api/v1/calls", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_REPEATS | ROUTE_409, NULL, &start_spec, NULL, start,
     "Call somebody: your own phone rings first, then theirs.", &call_shape, 0},
    {HTTP_POST, "/api/v1/calls/{id}/take", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, take,
     "Take a waiting caller: your own phone rings.", &call_shape, 0},
    {HTTP_POST, "/api/v1/calls/{id}/hang_up", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, hang_up,
     "End a call.", &call_shape, 0},
    {HTTP_POST, "/api/v1/calls/{id}/wrap_up", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_403 | ROUTE_409, NULL, &wrap_up_spec, NULL, wrap_up,
     "You are done after a call.", &call_shape, 0},
};
/* clang-format on */
extern const struct route_table calls_routes;
const struct route_table calls_routes = ROUTES(routes);
