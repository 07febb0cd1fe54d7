/* photos: agents' photos: made square and small outside the server from an upload; public, because
 * visitors see who answers them. The hash in the address makes it last for ever in caches and hard
 * to guess. API "Session and self". */
#include "api/file_answer.h"
#include "api/input.h"
#include "api/me.h"
#include "api/server.h"
#include "base/file.h"
#include "base/id.h"
#include "care/attachment.h"
#include "care/blob_file.h"
#include "care/picture.h"
#include "model/view_access.h"
#include "store/agent.h"
#include "store/blob.h"

struct photo_body {
    int64_t upload_id;
};
static const struct input_field photo_fields[] = {
    FIELD(struct photo_body, upload_id, IN_ID, IN_REQUIRED, 0, 0, "a picture that was uploaded"),
};
static const struct input_spec photo_spec = SPEC("Photo", struct photo_body, photo_fields);

struct photo {
    str hash, name;
    int64_t size;
};

static err source_read(struct call *call, struct attachment *at)
{
    const struct photo_body *body = call->body;
    TRY(prepare_read_begin(call));
    err e = db_scope(call->cx.db, call->cx.account);
    if (e == OK)
        e = attachment_own(&call->cx, (attachment_id){body->upload_id}, at);
    prepare_read_end(call);
    return e;
}

static err claim(struct ctx *cx, void *arg)
{
    const struct photo *photo = arg;
    return blob_claim(cx, photo->name, photo->size);
}

/* Renames the square picture to its own name, which holds its content's hash. */
static err keep(struct call *call, str path, struct photo *photo)
{
    struct ctx *cx = &call->cx;
    struct file_sum sum;
    err e = file_settle(cx->arena, path, &sum);
    if (e != OK)
        return fail(cx, E_BUSY, "the picture cannot be stored just now");
    photo->hash = sum.hash;
    photo->size = sum.size;
    photo->name =
        str_print(cx->arena, "photos/%lld-%.*s", (long long)cx->actor.agent.v, SARG(sum.hash));
    TRY(prepare_write(call, claim, photo));
    if (blob_place(cx, path, photo->name) != OK)
        return fail(cx, E_BUSY, "the picture cannot be stored just now");
    return OK;
}

static err put_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct attachment at;
    struct photo *photo = NEW(cx->arena, struct photo, 1);
    TRY(source_read(call, &at));
    if (!at.width)
        return fail_field(cx, "upload_id", "a photo must be a PNG, JPEG, GIF or WebP picture");
    str path = part_path(cx, id_make(cx->now_ms), ".webp");
    str folder, inner;
    err e = blob_here_inside(cx, at.blob_name, &folder, &inner);
    if (e == OK)
        e = picture_shrink(cx, folder, inner, path, PICTURE_PHOTO, true);
    if (e == OK)
        e = keep(call, path, photo);
    else
        e = e == E_INVALID ? fail_field(cx, "upload_id", "this picture cannot be read")
                           : fail(cx, E_BUSY, "pictures cannot be made just now; try again");
    if (e != OK)
        (void)file_remove(path); /* a few bytes more in parts/ are the worst */
    call->prepared = photo;
    return e;
}

static err set(struct call *call, str hash)
{
    struct ctx *cx = &call->cx;
    struct agent agent;
    TRY(agent_set_photo(cx, cx->actor.agent, hash));
    TRY(agent_get(cx, cx->actor.agent, &agent));
    return me_changed(call, &agent);
}

static err put(struct call *call)
{
    const struct photo *photo = call->prepared;
    return set(call, photo->hash);
}

static err delete (struct call *call)
{
    return set(call, (str){0});
}

static err get(struct call *call)
{
    struct ctx *cx = &call->cx;
    str name =
        str_print(cx->arena, "photos/%.*s-%.*s", SARG(call->params[0]), SARG(call->params[1]));
    if (!blob_name_is_good(name))
        return fail(cx, E_NOT_FOUND, "there is no such photo");
    return answer_file(
        call, name, S("image/webp"), (str){0}, S("public, max-age=31536000, immutable"));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_PUT, "/api/v1/me/photo", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, &photo_spec, put_prepare, put,
     "Make an uploaded picture your photo.", &agent_shape, 0},
    {HTTP_DELETE, "/api/v1/me/photo", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, NULL, NULL, delete,
     "Have no photo any more.", &agent_shape, 0},
    {HTTP_GET, "/photos/{agent}/{hash}", AUTH_PUBLIC, CAP_NONE,
     ROUTE_NO_DB | ROUTE_BYTES | ROUTE_PARTS, NULL, NULL, NULL, get,
     "An agent's photo.", NULL, 0},
};
/* clang-format on */
extern const struct route_table photos_routes;
const struct route_table photos_routes = ROUTES(routes);
