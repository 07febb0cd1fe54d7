/* uploads: files on their way up, in parts of at most 1 MiB that are on disk before they are
 * acknowledged (API "Uploads, attachments", "Widget API"). The bytes are written, and a whole file
 * is hashed, recognised and put in place, before the transaction; the row moves on by
 * compare-and-set. When that fails after the file was put in place, the next part finds its file
 * short and the upload begins again at 0: nothing wrong can come of it.
 * Rules: care/attachment.h. Not here: thumbnails (job/thumbnail.c), download (attachments.c). */
#include "api/input.h"
#include "api/rate.h"
#include "api/server.h"
#include "api/widget.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/file_type.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/attachment.h"
#include "care/blob_file.h"
#include "model/view_attachment.h"
#include "store/blob.h"
#include "store/upload.h"

enum { NAME_MAX_BYTES = 1000, TYPE_MAX_BYTES = 200 };

/* ── begin ── */

struct upload_body {
    str name, type;
    int64_t size;
};
static const struct input_field upload_fields[] = {
    FIELD(struct upload_body, name, IN_TEXT, IN_REQUIRED | IN_MULTILINE, 1, NAME_MAX_BYTES,
        "the file's name; what cannot be shown is taken out"),
    FIELD(struct upload_body, size, IN_INT, IN_REQUIRED, 0, INT64_MAX, "bytes"),
    FIELD(struct upload_body, type, IN_TEXT, IN_NULLABLE, 0, TYPE_MAX_BYTES,
        "ignored: the content says what it is"),
};
static const struct input_spec upload_spec = SPEC("UploadNew", struct upload_body, upload_fields);

static const struct shape_field upload_fields_shown[] = {
    SHOWN("id", SHAPE_ID, 0, "of the upload, later of the attachment"),
    SHOWN("part_bytes", SHAPE_INT, 0, "the most that one part may have"),
};
static const struct shape upload_shape =
    SHAPE("Upload", NULL, upload_fields_shown, "A file that is to come.");

static err begin(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct upload_body *body = call->body;
    struct upload upload;
    TRY(attachment_begin(cx, body->name, body->size, &upload));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_id(&j, S("id"), upload.id.v);
    json_kv_int(&j, S("part_bytes"), LIMIT_UPLOAD_PART_BYTES);
    json_obj_end(&j);
    return answer_json(call, 201, json_str(&j));
}

static err begin_visitor(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct json *settings;
    if (!rate_allows(cx->actor.visitor.v, RATE_UPLOAD, cx->now_ms))
        return fail_detail(
            cx, E_LIMIT, "throttled", "too many files at once; wait a moment and try again");
    TRY(widget_settings(cx, &settings));
    if (!json_bool(json_get(settings, S("attachments_enabled")), true))
        return fail(cx, E_FORBIDDEN, "this chat takes no files");
    return begin(call);
}

/* ── parts ── */

struct part_query {
    int64_t offset;
};
static const struct input_field part_fields[] = {
    FIELD(struct part_query, offset, IN_INT, 0, 0, LIMIT_UPLOAD_BYTES, "bytes received so far"),
};
static const struct input_spec part_spec = SPEC("UploadPart", struct part_query, part_fields);

struct part {
    enum {
        PART_FINISHED, /* the upload is an attachment already */
        PART_REPEATED, /* this part is here */
        PART_WRONG,    /* the upload stands elsewhere */
        PART_LOST,     /* its file is not what the row says: from the beginning */
        PART_TAKEN,    /* on disk */
        PART_WHOLE,    /* and it was the last one */
    } state;
    struct upload upload;         /* as it stood */
    int64_t received;             /* after this part */
    struct attachment attachment; /* FINISHED */
    str hash;
    struct file_type type; /* WHOLE */
};

/* The upload, or what has become of it. */
static err look(struct call *call, struct part *part)
{
    struct ctx *cx = &call->cx;
    err e = upload_get(cx, (upload_id){call->id}, &part->upload);
    if (e != E_NOT_FOUND)
        return e;
    part->state = PART_FINISHED;
    if (attachment_own(cx, (attachment_id){call->id}, &part->attachment) == OK)
        return OK;
    return fail(cx, E_NOT_FOUND, "there is no such upload; begin again");
}

static err look_in_read(struct call *call, struct part *part)
{
    TRY(prepare_read_begin(call));
    err e = db_scope(call->cx.db, call->cx.account);
    if (e == OK)
        e = look(call, part);
    prepare_read_end(call);
    return e;
}

/* True when the part is the next one. */
static bool is_next(struct part *part, int64_t offset, int64_t len)
{
    int64_t received = part->upload.received;
    if (part->state == PART_FINISHED)
        return false;
    if (offset == received)
        return true;
    part->state = offset + len == received ? PART_REPEATED : PART_WRONG;
    return false;
}

static err disk_fault(struct ctx *cx, err e)
{
    if (e == E_CONFLICT)
        return fail(cx, E_BUSY, "another part of this file is just being written; try again");
    return fail(cx, e == E_BUSY ? E_BUSY : E_INTERNAL, "the file cannot be stored just now");
}

struct claim {
    str name;
    int64_t size;
};
static err claim_write(struct ctx *cx, void *arg)
{
    const struct claim *claim = arg;
    return blob_claim(cx, claim->name, claim->size);
}

static err finish_file(struct call *call, struct part *part, int fd)
{
    struct ctx *cx = &call->cx;
    struct file_sum sum;
    err e = file_truncate(fd, part->upload.size);
    if (e == OK)
        e = file_sync(fd);
    if (e == OK)
        e = file_sum(cx->arena, fd, &sum);
    if (e != OK)
        return disk_fault(cx, e);
    TRY(file_type_of(cx->arena, sum.head, &part->type));
    struct claim claim = {sum.hash, sum.size};
    TRY(prepare_write(call, claim_write, &claim));
    e = blob_place(cx, part_path(cx, part->upload.id.v, ""), sum.hash);
    if (e != OK)
        return disk_fault(cx, e);
    part->hash = sum.hash;
    part->state = PART_WHOLE;
    return OK;
}

static err write_part(struct call *call, struct part *part, int64_t offset)
{
    struct ctx *cx = &call->cx;
    int fd;
    int64_t size;
    err e = part_open(cx, part->upload.id.v, &fd, &size);
    if (e != OK)
        return disk_fault(cx, e);
    TRY(look_in_read(call, part)); /* whoever had the lock before us may have moved it on */
    if (!is_next(part, offset, call->req->body.len))
        return OK;
    if (size < offset) {
        part->state = PART_LOST;
        return OK;
    }
    e = file_write_at(fd, offset, call->req->body);
    if (e == OK)
        e = file_sync(fd);
    if (e != OK)
        return disk_fault(cx, e);
    part->state = PART_TAKEN;
    part->received = offset + call->req->body.len;
    return part->received == part->upload.size ? finish_file(call, part, fd) : OK;
}

static err part_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct part_query *query = call->query;
    int64_t len = call->req->body.len;
    struct part *part = NEW(cx->arena, struct part, 1);
    call->prepared = part;
    part->state = PART_TAKEN;
    TRY(look_in_read(call, part));
    if (!len)
        return fail(cx, E_INVALID, "the part is empty");
    if (part->state != PART_FINISHED && query->offset + len > part->upload.size)
        return fail_field(
            cx, "offset", "the file was said to have %lld bytes", (long long)part->upload.size);
    if (!is_next(part, query->offset, len))
        return OK;
    return write_part(call, part, query->offset);
}

static const struct shape_field part_answer_fields[] = {
    SHOWN("received", SHAPE_INT, 0, "bytes; go on there"),
    SHOWN_OBJECT("attachment", SHAPE_OPTIONAL, &attachment_shape, "once the file is whole"),
};
static const struct shape part_answer_shape =
    SHAPE("UploadProgress", NULL, part_answer_fields, "How far a file has come.");

static err answer_part(struct call *call, int64_t received, const struct attachment *at)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_kv_int(&j, S("received"), received);
    if (at) {
        json_key(&j, S("attachment"));
        attachment_view(&j, at, call->cx.actor.kind == ACTOR_VISITOR);
    }
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err stands_at(struct call *call, int64_t received)
{
    struct ctx *cx = &call->cx;
    err e = fail_detail(cx, E_CONFLICT, "offset", "the upload stands at %lld bytes; go on there",
        (long long)received);
    cx->fault.details_json = str_print(cx->arena, "{\"received\":%lld}", (long long)received);
    return e;
}

/* Somebody else moved the row between prepare and now. */
static err as_it_is(struct call *call)
{
    struct part now = {.state = PART_TAKEN};
    TRY(look(call, &now));
    if (now.state == PART_FINISHED)
        return answer_part(call, now.attachment.size, &now.attachment);
    return stands_at(call, now.upload.received);
}

static err take_part(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct part *part = call->prepared;
    struct attachment at;
    err e = OK;
    switch (part->state) {
    case PART_FINISHED:
        return answer_part(call, part->attachment.size, &part->attachment);
    case PART_REPEATED:
        return answer_part(call, part->upload.received, NULL);
    case PART_WRONG:
        return stands_at(call, part->upload.received);
    case PART_LOST:
        e = upload_move(cx, part->upload.id, part->upload.received, 0);
        if (e != OK)
            return e == E_CONFLICT ? as_it_is(call) : e;
        (void)stands_at(call, 0); /* told by the next line, which keeps the row's move */
        return answer_fault_and_keep(call);
    case PART_TAKEN:
        e = upload_move(cx, part->upload.id, part->upload.received, part->received);
        if (e == E_CONFLICT)
            return as_it_is(call);
        return e == OK ? answer_part(call, part->received, NULL) : e;
    case PART_WHOLE:
        e = attachment_finish(cx, &part->upload, part->hash, &part->type, &at);
        if (e == E_CONFLICT)
            return as_it_is(call);
        return e == OK ? answer_part(call, part->received, &at) : e;
    }
    return E_INTERNAL;
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/uploads", AUTH_AGENT, CAP_ATTACHMENT_READ,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_429, NULL, &upload_spec, NULL, begin,
     "Begin to upload a file; PUT its bytes in parts.", &upload_shape, 0},
    {HTTP_PUT, "/api/v1/uploads/{id}", AUTH_AGENT, CAP_ATTACHMENT_READ,
     ROUTE_WRITE | ROUTE_RAW_BODY | ROUTE_409, &part_spec, NULL, part_prepare, take_part,
     "The next part, at most 1 MiB; the last one's answer has the attachment.", &part_answer_shape, LIMIT_UPLOAD_PART_BYTES},
    {HTTP_POST, "/widget/v1/uploads", AUTH_VISITOR, CAP_NONE,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_429, NULL, &upload_spec, NULL, begin_visitor,
     "Begin to upload a file; PUT its bytes in parts.", &upload_shape, 0},
    {HTTP_PUT, "/widget/v1/uploads/{id}", AUTH_VISITOR, CAP_NONE,
     ROUTE_WRITE | ROUTE_RAW_BODY | ROUTE_409, &part_spec, NULL, part_prepare, take_part,
     "The next part, at most 1 MiB; the last one's answer has the attachment.", &part_answer_shape, LIMIT_UPLOAD_PART_BYTES},
};
/* clang-format on */
extern const struct route_table uploads_routes;
const struct route_table uploads_routes = ROUTES(routes);
