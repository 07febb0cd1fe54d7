/* templates: the message templates of a channel's network (API "Networks"), as they were brought
 * last, and fresh. They are brought every night too (job/subscribe.c). */
#include "api/channels.h"
#include "api/input.h"
#include "api/network_call.h"
#include "base/json.h"
#include "care/channel_setup.h"
#include "store/channel.h"
#include "store/template.h"

static const struct shape_field template_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("language", SHAPE_TEXT, 0, "as the network writes it"),
    SHOWN("category", SHAPE_TEXT, 0, "the network's word; may be empty"),
    SHOWN("state", SHAPE_TEXT, 0, "approved, or the network's word"),
    SHOWN("header", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("body", SHAPE_TEXT, 0, "with {{1}} or {{name}} for each variable"),
    SHOWN("footer", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("buttons", SHAPE_TEXT, SHAPE_LIST, "titles"),
    SHOWN("variables", SHAPE_INT, 0, "how many there are"),
};
static const struct shape template_shape =
    SHAPE("Template", NULL, template_fields, "A message that the network has approved.");

static err answer_list(struct call *call, channel_id id)
{
    struct template *rows = NULL;
    ptrdiff_t n = 0;
    TRY(template_list(&call->cx, id, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(&j);
        json_kv_str(&j, S("name"), rows[i].name);
        json_kv_str(&j, S("language"), rows[i].language);
        json_kv_str(&j, S("category"), rows[i].category);
        json_kv_str(&j, S("state"), rows[i].state);
        json_kv_text(&j, S("header"), rows[i].header);
        json_kv_str(&j, S("body"), rows[i].body);
        json_kv_text(&j, S("footer"), rows[i].footer);
        json_kv_raw(&j, S("buttons"), rows[i].buttons.len ? rows[i].buttons : S("[]"));
        json_kv_int(&j, S("variables"), rows[i].variables);
        json_obj_end(&j);
    }
    return answer_list_end(call, &j, (str){0});
}

static err list(struct call *call)
{
    struct channel channel;
    TRY(channel_seen(&call->cx, call->id, &channel));
    return answer_list(call, channel.id);
}

/* ── fresh ── */

struct sync {
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_templates templates;
};

static err load(struct call *call, struct sync *s)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    TRY(db_scope(cx->db, cx->account));
    TRY(channel_seen(cx, call->id, &channel));
    s->connector = connector_find(channel.kind);
    if (!s->connector || !s->connector->templates ||
        channel_is_capture(cx->arena, channel.settings))
        return fail_detail(cx, E_CONFLICT, "kind", "This channel has no templates.");
    return channel_setup(cx, &channel, &s->setup);
}

static err ask(struct call *call, struct http_client *client, void *arg)
{
    struct sync *s = arg;
    return s->connector->templates(client, call->cx.arena, &s->setup, &s->templates);
}

static err sync_prepare(struct call *call)
{
    struct sync *s = NEW(call->cx.arena, struct sync, 1);
    call->prepared = s;
    TRY(prepare_read_begin(call));
    err e = load(call, s);
    prepare_read_end(call);
    TRY(e);
    TRY(network_call_do(call, ask, s));
    if (s->templates.end.outcome != CONNECTOR_SENT)
        return fail(&call->cx, E_UPSTREAM, "%.*s", SARG(s->templates.end.why));
    return OK;
}

static err sync_handle(struct call *call)
{
    const struct sync *s = call->prepared;
    struct channel channel;
    TRY(channel_get(&call->cx, (channel_id){call->id}, &channel));
    TRY(channel_templates_store(&call->cx, channel.id, &s->templates));
    return answer_list(call, channel.id);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/channels/{id}/templates", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "The message templates of a channel's network, as they were brought last.", &template_shape, 0},
    {HTTP_POST, "/api/v1/channels/{id}/templates/sync", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_LIST | ROUTE_409, NULL, NULL, sync_prepare, sync_handle,
     "Bring them from the network now. 502 says why it could not.", &template_shape, 0},
};
/* clang-format on */
extern const struct route_table templates_routes;
const struct route_table templates_routes = ROUTES(routes);
