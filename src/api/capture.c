/* capture: a post that an agent saw in the browser becomes a message (API "Networks"), on a channel
 * of its network that works that way (its setting "way"). The agent waits for it, so it is taken in
 * at once, and the answer names its conversation. It is answered on the network itself. */
#include "connector/capture.h"
#include "api/input.h"
#include "api/server.h"
#include "care/access.h"
#include "care/channel_form.h"
#include "care/inbound.h"
#include "model/view_channel.h"
#include "store/channel.h"

enum { URL_BYTES = 2048, CAPTURE_TEXT_BYTES = 32 * 1024 };

static const char *const visibilities[] = {"public", "private", NULL};
struct capture_body {
    str url, network, text, author_name, author_handle, visibility;
    int64_t at;
};
static const struct input_field capture_fields[] = {
    FIELD(struct capture_body, url, IN_TEXT, IN_REQUIRED, 8, URL_BYTES, "of the post"),
    FIELD_ENUM(struct capture_body, network, IN_REQUIRED, channel_kind_words, NULL),
    FIELD(struct capture_body, text, IN_TEXT, IN_MULTILINE, 0, CAPTURE_TEXT_BYTES, NULL),
    FIELD(struct capture_body, author_name, IN_TEXT, 0, 0, 0, "or give the handle"),
    FIELD(struct capture_body, author_handle, IN_TEXT, 0, 0, 0, "@asha_r"),
    FIELD(struct capture_body, at, IN_TIME, IN_NULLABLE, 0, 0, "when it was written"),
    FIELD_ENUM(struct capture_body, visibility, 0, visibilities, "public when left out"),
};
static const struct input_spec capture_spec = SPEC("Capture", struct capture_body, capture_fields);

static err check(struct ctx *cx, const struct capture_body *body)
{
    if (!str_starts(body->url, S("https://")) && !str_starts(body->url, S("http://")))
        return fail_field(cx, "url", "This must be a web address.");
    if (!body->author_name.len && !body->author_handle.len)
        return fail_field(cx, "author_name", "Say who wrote it.");
    return OK;
}

/* The oldest channel of that network which takes posts by hand. */
static err find(struct ctx *cx, str network, channel_id *id)
{
    struct channel *rows = NULL;
    ptrdiff_t n = 0;
    *id = (channel_id){0};
    TRY(channel_list(cx, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].is_enabled && str_eq(rows[i].kind, network) &&
            access_sees_channel(cx, rows[i].id) &&
            channel_is_capture(cx->arena, rows[i].settings) && (!id->v || rows[i].id.v < id->v))
            *id = rows[i].id;
    if (!id->v)
        return fail_detail(
            cx, E_CONFLICT, "no_channel", "Make a channel of this network by capture first.");
    return OK;
}

/* As the receiver would: what a customer writes is taken in by nobody in particular. */
static err take(struct ctx *cx, const struct inbound_item *item, struct inbound_result *result)
{
    const struct actor agent = cx->actor;
    cx->actor = (struct actor){.kind = ACTOR_SYSTEM, .sees_all = true};
    err e = inbound_take_many(cx, item, 1, result, NULL);
    if (e == OK && result->result == OK)
        e = channel_seen_in(cx, item->channel, cx->now_ms);
    cx->actor = agent;
    TRY(e);
    if (result->result == OK || result->result == E_CONFLICT)
        return OK;
    return fail(cx, result->result, "%s", result->why ? result->why : "The post was refused.");
}

static err answer(struct call *call, const struct inbound_result *result)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_kv_int(&j, S("accepted"), result->result == OK);
    json_kv_int(&j, S("duplicates"), result->result == E_CONFLICT);
    json_kv_id(&j, S("conversation_id"), result->conversation.v);
    json_kv_id(&j, S("message_id"), result->message.v);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err handle(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct capture_body *body = call->body;
    const struct capture capture = {.url = body->url,
        .text = body->text,
        .author_name = body->author_name,
        .author_handle = body->author_handle,
        .is_public = !str_eq(body->visibility, S("private")),
        .at_ms = body->at};
    struct connector_item it;
    struct inbound_result result;
    channel_id channel;
    TRY(check(cx, body));
    TRY(find(cx, body->network, &channel));
    if (capture_item(cx->arena, &capture, &it) != OK)
        return fail_field(cx, "url", "This must be a web address.");
    const struct inbound_item item = {.channel = channel,
        .channel_kind = body->network,
        .external_id = it.external_id,
        .thread_key = it.thread_key,
        .contact_external_id = it.contact_external_id,
        .contact_name = it.contact_name,
        .is_verified = true,
        .text = it.text,
        .sent_ms = it.sent_ms,
        .is_network = true,
        .is_public = it.is_public,
        .contact_handle = it.contact_handle,
        .post = &it.post};
    TRY(take(cx, &item, &result));
    return answer(call, &result);
}

static const struct shape_field captured_fields[] = {
    SHOWN("accepted", SHAPE_INT, 0, "1: it stands in the inbox now"),
    SHOWN("duplicates", SHAPE_INT, 0, "1: it was brought in before"),
    SHOWN("conversation_id", SHAPE_ID, 0, "where it stands"),
    SHOWN("message_id", SHAPE_ID, 0, NULL),
};
static const struct shape captured_shape =
    SHAPE("Captured", NULL, captured_fields, "What became of a post.");

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/capture", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, &capture_spec, NULL, handle,
     "Bring in a post that was seen in the browser, on a channel by capture.", &captured_shape, 0},
};
/* clang-format on */
extern const struct route_table capture_routes;
const struct route_table capture_routes = ROUTES(routes);
