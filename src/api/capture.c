/* capture: a post that an agent saw in the browser becomes a message (API "Networks"), on a channel
 * of its network that works that way (its setting "way"). It goes the way of every delivery: the
 * inbox, then receive.c. It is answered on the network itself. */
#include "connector/capture.h"
#include "api/input.h"
#include "api/server.h"
#include "care/access.h"
#include "care/channel_form.h"
#include "model/view_channel.h"
#include "store/channel.h"
#include "store/inbox.h"

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

struct capturing {
    struct inbox_new delivery;
};

static err check(struct ctx *cx, const struct capture_body *body)
{
    if (!str_starts(body->url, S("https://")) && !str_starts(body->url, S("http://")))
        return fail_field(cx, "url", "This must be a web address.");
    if (!body->author_name.len && !body->author_handle.len)
        return fail_field(cx, "author_name", "Say who wrote it.");
    return OK;
}

/* The oldest channel of that network which takes posts by hand, and the door of its deliveries. */
static err find(struct call *call, struct inbox_new *delivery)
{
    struct ctx *cx = &call->cx;
    const struct capture_body *body = call->body;
    struct channel *rows = NULL;
    ptrdiff_t n = 0;
    TRY(db_scope(cx->db, cx->account));
    TRY(channel_list(cx, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].is_enabled && str_eq(rows[i].kind, body->network) &&
            access_sees_channel(cx, rows[i].id) &&
            channel_is_capture(cx->arena, rows[i].settings) &&
            (!delivery->channel.v || rows[i].id.v < delivery->channel.v))
            delivery->channel = rows[i].id;
    if (!delivery->channel.v)
        return fail_detail(
            cx, E_CONFLICT, "no_channel", "Make a channel of this network by capture first.");
    return channel_source(cx, delivery->channel, &delivery->source);
}

static err prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct capture_body *body = call->body;
    struct capturing *c = NEW(cx->arena, struct capturing, 1);
    const struct capture capture = {.url = body->url,
        .text = body->text,
        .author_name = body->author_name,
        .author_handle = body->author_handle,
        .is_public = !str_eq(body->visibility, S("private")),
        .at_ms = body->at};
    TRY(check(cx, body));
    TRY(prepare_read_begin(call));
    err e = find(call, &c->delivery);
    prepare_read_end(call);
    TRY(e);
    c->delivery.account = cx->account;
    c->delivery.network = body->network;
    c->delivery.delivery_key = capture_key(cx->arena, body->url);
    c->delivery.content_type = S("application/json");
    c->delivery.origin = CAPTURE_ORIGIN;
    c->delivery.body = capture_write(cx->arena, &capture);
    c->delivery.received_ms = cx->now_ms;
    call->prepared = c;
    return OK;
}

static err handle(struct call *call)
{
    const struct capturing *c = call->prepared;
    return call_take_in(call, &c->delivery, S("{\"accepted\":1,\"duplicates\":0}"),
        S("{\"accepted\":0,\"duplicates\":1}"));
}

static const struct shape_field captured_fields[] = {
    SHOWN("accepted", SHAPE_INT, 0, "1: it will stand in the inbox at once"),
    SHOWN("duplicates", SHAPE_INT, 0, "1: it was brought in before"),
};
static const struct shape captured_shape =
    SHAPE("Captured", NULL, captured_fields, "What became of a post.");

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/capture", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_NO_DB | ROUTE_409, NULL, &capture_spec, prepare, handle,
     "Bring in a post that was seen in the browser, on a channel by capture.", &captured_shape, 0},
};
/* clang-format on */
extern const struct route_table capture_routes;
const struct route_table capture_routes = ROUTES(routes);
