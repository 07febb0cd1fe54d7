/* tags: the account's tags (API "Tags, notifications"). */
#include "api/input.h"
#include "api/server.h"
#include "base/json.h"
#include "care/news.h"
#include "store/audit.h"
#include "store/tag.h"

struct tag_body {
    str name, color;
    bool has_name, has_color;
};
static const struct input_field new_fields[] = {
    FIELD_SEEN(struct tag_body, name, IN_TEXT, IN_REQUIRED, 1, 0, NULL),
    FIELD_SEEN(struct tag_body, color, IN_TEXT, IN_NULLABLE, 0, 7, "#rrggbb"),
};
static const struct input_spec new_spec = SPEC("TagNew", struct tag_body, new_fields);
static const struct input_field patch_fields[] = {
    FIELD_SEEN(struct tag_body, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct tag_body, color, IN_TEXT, IN_NULLABLE, 0, 7, "#rrggbb"),
};
static const struct input_spec patch_spec = SPEC("TagPatch", struct tag_body, patch_fields);

static err list(struct call *call)
{
    struct tag *rows = NULL;
    ptrdiff_t n = 0;
    TRY(tag_list(&call->cx, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        tag_view(&j, &rows[i]);
    return answer_list_end(call, &j, (str){0});
}

static err check_color(struct ctx *cx, str color)
{
    bool is_fine = color.len == 7 && color.at[0] == '#';
    for (ptrdiff_t i = 1; is_fine && i < 7; i++) {
        char c = color.at[i];
        is_fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
    return !color.len || is_fine ? OK : fail_field(cx, "color", "A colour is #rrggbb.");
}

static err changed(struct call *call, int status, const struct tag *tag, str action)
{
    struct ctx *cx = &call->cx;
    struct json_out j = json_out_make(cx->arena, 0);
    tag_view(&j, tag);
    TRY(audit_add(cx, action, S("tag"), tag->id.v, (str){0}));
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    TRY(news_thing(cx, S("tag.updated"), S("tag"), tag->id.v, (agent_id){0}, json_str(&j)));
    return answer_json(call, status, json_str(&j));
}

static err post(struct call *call)
{
    const struct tag_body *body = call->body;
    struct tag tag = {.name = body->name, .color = body->color};
    TRY(check_color(&call->cx, body->color));
    TRY(tag_add(&call->cx, &tag));
    return changed(call, 201, &tag, S("tag.created"));
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct tag_body *body = call->body;
    struct tag tag;
    TRY(tag_get(cx, (tag_id){call->id}, &tag));
    TRY(check_color(cx, body->color));
    if (body->has_name)
        tag.name = body->name;
    if (body->has_color)
        tag.color = body->color;
    TRY(tag_set(cx, &tag));
    return changed(call, 200, &tag, S("tag.updated"));
}

static err delete (struct call *call)
{
    struct ctx *cx = &call->cx;
    struct tag tag;
    TRY(tag_get(cx, (tag_id){call->id}, &tag));
    TRY(tag_remove(cx, tag.id));
    TRY(audit_add(cx, S("tag.removed"), S("tag"), tag.id.v, (str){0}));
    TRY(news_thing(cx, S("tag.updated"), S("tag"), tag.id.v, (agent_id){0}, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/tags", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "All tags, by name.", &tag_shape, 0},
    {HTTP_POST, "/api/v1/tags", AUTH_AGENT, CAP_TAG_MANAGE,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_429, NULL, &new_spec, NULL, post,
     "Add a tag.", &tag_shape, 0},
    {HTTP_PATCH, "/api/v1/tags/{id}", AUTH_AGENT, CAP_TAG_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, &patch_spec, NULL, patch,
     "Rename or colour a tag.", &tag_shape, 0},
    {HTTP_DELETE, "/api/v1/tags/{id}", AUTH_AGENT, CAP_TAG_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, delete,
     "Remove a tag, also from conversations.", NULL, 0},
};
/* clang-format on */
extern const struct route_table tags_routes;
const struct route_table tags_routes = ROUTES(routes);
