/* attachments: files of messages, for agents and for visitors (API "Uploads, attachments", "Widget
 * API"). Always a download by its headers; browsers show safe pictures in <img> all the same.
 * Rules: care/attachment.h; docs/security.md 4. */
#include "api/file_answer.h"
#include "api/input.h"
#include "api/server.h"
#include "care/attachment.h"
#include "care/media.h"
#include "care/media_link.h"
#include "model/view_attachment.h"
#include "store/attachment.h"
#include "store/door.h"

struct file_query {
    int64_t thumbnail;
};
static const struct input_field file_fields[] = {
    FIELD(struct file_query, thumbnail, IN_INT, 0, 0, 1, "1 = a small WebP of a picture"),
};
static const struct input_spec file_spec = SPEC("AttachmentQuery", struct file_query, file_fields);

static err get(struct call *call)
{
    const struct file_query *query = call->query;
    str cache = S("private, max-age=3600");
    struct attachment at;
    TRY(attachment_seen(&call->cx, (attachment_id){call->id}, &at));
    if (query->thumbnail && at.thumbnail_name.len)
        return answer_picture(call, &at, cache);
    if (str_eq(at.error, MEDIA_LOST))
        return fail(&call->cx, E_NOT_FOUND, FILE_LOST_WORDS);
    if (!attachment_is_here(&at))
        return fail(&call->cx, E_NOT_FOUND, "This file has not come.");
    if (query->thumbnail)
        return answer_picture(call, &at, cache);
    return answer_attachment(call, &at, cache);
}

/* Not told apart: forged, too old, gone. */
static err get_by_link(struct call *call)
{
    struct ctx *cx = &call->cx;
    account_id account;
    attachment_id id;
    struct attachment at = {0};
    str preview = {0}, cache = S("private, max-age=3600");
    err e = media_link_read(cx, call->params[0], &account, &id, &preview);
    if (e == OK)
        e = door_account(cx, account);
    if (e == OK && preview.len)
        return answer_file(call, preview, S("image/jpeg"), (str){0}, cache);
    if (e == OK)
        e = attachment_get(cx, id, &at);
    if (e == E_NOT_FOUND || (e == OK && !attachment_is_here(&at)))
        return fail(cx, E_NOT_FOUND, "There is no such file, or its address is too old.");
    TRY(e);
    return answer_attachment(call, &at, cache);
}

static err fetch_again(struct call *call)
{
    struct attachment at;
    TRY(media_again(&call->cx, (attachment_id){call->id}, &at));
    struct json_out j = json_out_make(call->cx.arena, 0);
    attachment_view(&j, &at, false);
    return answer_json(call, 200, json_str(&j));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/attachments/{id}", AUTH_AGENT, CAP_ATTACHMENT_READ,
     ROUTE_READ | ROUTE_BYTES | ROUTE_PARTS, &file_spec, NULL, NULL, get,
     "The bytes of an attachment of a conversation you see.", NULL, 0},
    {HTTP_POST, "/api/v1/attachments/{id}/retry", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, fetch_again,
     "Fetch a file again that did not come from its address.", &attachment_shape, 0},
    {HTTP_GET, "/media/{token}", AUTH_PUBLIC, CAP_NONE,
     ROUTE_READ | ROUTE_BYTES | ROUTE_PARTS | ROUTE_404, NULL, NULL, NULL, get_by_link,
     "The bytes of a file that is being sent; the address is the permission.", NULL, 0},
    {HTTP_GET, "/widget/v1/attachments/{id}", AUTH_VISITOR, CAP_NONE,
     ROUTE_READ | ROUTE_BYTES | ROUTE_PARTS, &file_spec, NULL, NULL, get,
     "The bytes of an attachment of the visitor's own conversation.", NULL, 0},
};
/* clang-format on */
extern const struct route_table attachments_routes;
const struct route_table attachments_routes = ROUTES(routes);
