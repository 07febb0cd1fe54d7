/* attachment: see attachment.h. */
#include "care/attachment.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/news.h"
#include "care/picture.h"
#include "model/view_attachment.h"
#include "model/view_message.h"
#include "store/attachment.h"
#include "store/conversation.h"
#include "store/job.h"
#include "store/message.h"
#include "store/upload.h"

enum { SMALL_BYTES = 48 * 1024 }; /* a picture below this and small enough is its own thumbnail */

/* ── on the way up ── */

err attachment_begin(struct ctx *cx, str name, int64_t size, struct upload *upload)
{
    if (size <= 0)
        return fail_field(cx, "size", "The file is empty.");
    if (size > LIMIT_UPLOAD_BYTES)
        return fail_detail(
            cx, E_LIMIT, "size", "A file has at most %d MB.", LIMIT_UPLOAD_BYTES / (1024 * 1024));
    struct upload_open open;
    TRY(upload_open_of(cx, &open));
    if (open.count >= LIMIT_UPLOADS_OPEN || open.bytes + size > LIMIT_UPLOADS_OPEN_BYTES)
        return fail(cx, E_LIMIT, "Too many files wait to be sent; send or leave some first.");
    struct owner owner = owner_of(cx);
    *upload = (struct upload){.id = {id_make(cx->now_ms)},
        .owner_kind = owner.kind,
        .owner_id = owner.id,
        .name = utf8_file_name(cx->arena, name),
        .size = size,
        .created_ms = cx->now_ms};
    return upload_add(cx, upload);
}

static bool is_bomb(const struct file_type *type)
{
    return type->width > 0 && type->height > PICTURE_MOST_PIXELS / type->width;
}

bool attachment_fill(
    struct attachment *at, str blob_name, int64_t size, const struct file_type *type)
{
    /* A picture that no program should open is a file like any other. */
    bool is_picture = type->is_picture && !is_bomb(type);
    bool is_small = size <= SMALL_BYTES && type->width > 0 && type->width <= PICTURE_THUMBNAIL &&
                    type->height <= PICTURE_THUMBNAIL;
    bool wants_thumbnail = is_picture && !is_small;
    at->blob_name = blob_name;
    at->type = type->is_picture && !is_picture ? S("application/octet-stream") : type->type;
    at->size = size;
    at->width = is_picture ? type->width : 0;
    at->height = is_picture ? type->height : 0;
    at->state = wants_thumbnail ? S("processing") : S("ready");
    at->error = (str){0};
    return wants_thumbnail;
}

err attachment_plan_thumbnail(struct ctx *cx, attachment_id id)
{
    return job_add(cx, &(struct job_new){.kind = S("thumbnail"),
                           .key = str_print(cx->arena, "%lld", (long long)id.v)});
}

err attachment_finish(struct ctx *cx, const struct upload *upload, str blob_name,
    const struct file_type *type, struct attachment *at)
{
    TRY(upload_end(cx, upload->id, upload->received));
    struct attachment whole = {.id = {upload->id.v},
        .owner_kind = upload->owner_kind,
        .owner_id = upload->owner_id,
        .name = upload->name,
        .created_ms = cx->now_ms};
    bool wants_thumbnail = attachment_fill(&whole, blob_name, upload->size, type);
    TRY(attachment_add(cx, &whole));
    *at = whole;
    return wants_thumbnail ? attachment_plan_thumbnail(cx, at->id) : OK;
}

/* ── who may see it ── */

static err no_such(struct ctx *cx)
{
    return fail(cx, E_NOT_FOUND, "There is no such attachment.");
}

static bool is_own(const struct ctx *cx, const struct attachment *at)
{
    struct owner owner = owner_of(cx);
    return owner.id && at->owner_id == owner.id && str_eq(at->owner_kind, owner.kind);
}

/* Notes, and replies that are held, are not for visitors; nor is another channel's exchange. */
static err seen_in_message(struct ctx *cx, const struct attachment *at)
{
    struct conversation c;
    if (conversation_get(cx, at->conversation_id, &c) != OK)
        return no_such(cx);
    if (cx->actor.kind != ACTOR_VISITOR)
        return OK;
    struct message m;
    if (c.channel_id.v != cx->actor.channel.v || message_get(cx, at->message_id, &m) != OK ||
        !message_is_for_visitor(&m))
        return no_such(cx);
    return OK;
}

err attachment_seen(struct ctx *cx, attachment_id id, struct attachment *at)
{
    struct attachment found;
    err e = attachment_get(cx, id, &found);
    if (e == E_NOT_FOUND)
        return no_such(cx);
    TRY(e);
    if (found.message_id.v)
        TRY(seen_in_message(cx, &found));
    else if (!is_own(cx, &found) && !(found.is_public && cx->actor.kind != ACTOR_VISITOR))
        return no_such(cx);
    *at = found;
    return OK;
}

err attachment_own(struct ctx *cx, attachment_id id, struct attachment *at)
{
    struct attachment found;
    err e = attachment_get(cx, id, &found);
    if (e == E_NOT_FOUND || (e == OK && !is_own(cx, &found)))
        return no_such(cx);
    TRY(e);
    *at = found;
    return OK;
}

/* ── into a message ── */

static err not_yours(struct ctx *cx)
{
    return fail_field(cx, "attachment_ids", "There is no such attachment.");
}

static bool is_repeated(const int64_t *ids, ptrdiff_t i)
{
    for (ptrdiff_t k = 0; k < i; k++)
        if (ids[k] == ids[i])
            return true;
    return false;
}

err attachment_take(struct ctx *cx, const int64_t *ids, ptrdiff_t n, str *json)
{
    *json = (str){0};
    if (!n)
        return OK;
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++) {
        struct attachment at;
        err e = attachment_lock(cx, (attachment_id){ids[i]}, &at);
        if (e == E_NOT_FOUND || (e == OK && !is_own(cx, &at)) || is_repeated(ids, i))
            return not_yours(cx);
        TRY(e);
        attachment_view(&j, &at, false);
    }
    json_arr_end(&j);
    *json = json_str(&j);
    return OK;
}

err attachment_give(struct ctx *cx, const int64_t *ids, ptrdiff_t n, conversation_id conversation,
    message_id message)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        err e = attachment_bind(cx, (attachment_id){ids[i]}, conversation, message);
        if (e == E_CONFLICT)
            return not_yours(cx);
        TRY(e);
    }
    return OK;
}

err attachment_views(struct ctx *cx, const int64_t *ids, ptrdiff_t n, str *json)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n && i < LIMIT_ATTACHMENTS; i++) {
        struct attachment at;
        err e = attachment_get(cx, (attachment_id){ids[i]}, &at);
        if (e == OK && is_own(cx, &at) && !at.message_id.v)
            attachment_view(&j, &at, false);
        else if (e != OK && e != E_NOT_FOUND)
            return e;
    }
    json_arr_end(&j);
    *json = json_str(&j);
    return OK;
}

/* ── afterwards ── */

/* In the order in which the writer put them. */
static err views_of_message(struct ctx *cx, const struct message *m, str *json)
{
    struct attachment *rows = NULL;
    ptrdiff_t n = 0;
    const struct json *before = NULL;
    str why;
    TRY(attachment_list(cx, m->id, &rows, &n));
    if (json_parse(cx->arena, m->attachments, &before, &why) != OK)
        before = NULL;
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (const struct json *v = before ? before->first : NULL; v; v = v->next) {
        const struct attachment *row = NULL;
        int64_t id = 0;
        if (id_parse(json_text(json_get(v, S("id")), S("")), &id) != OK)
            id = 0;
        for (ptrdiff_t i = 0; i < n; i++)
            if (rows[i].id.v == id)
                row = &rows[i];
        if (row)
            attachment_view(&j, row, false);
        else
            json_put_tree(&j, v);
    }
    json_arr_end(&j);
    *json = json_str(&j);
    return OK;
}

err attachment_tell(struct ctx *cx, const struct attachment *at)
{
    struct conversation c;
    struct message m;
    if (!at->message_id.v)
        return OK;
    err e = conversation_lock(cx, at->conversation_id, &c);
    if (e == OK)
        e = message_get(cx, at->message_id, &m);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(views_of_message(cx, &m, &m.attachments));
    TRY(message_set_attachments(cx, m.id, m.attachments));
    TRY(conversation_fill_tags(cx, &c, 1));
    TRY(news_message(cx, &m, &c, S("message.updated")));
    return news_message_visitor(cx, &m, &c, S("message.updated"));
}

err attachment_done(struct ctx *cx, attachment_id id, str thumbnail_name)
{
    struct attachment at;
    err e = attachment_ready(cx, id, thumbnail_name, &at);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    return attachment_tell(cx, &at);
}

err attachment_make_logo(struct ctx *cx, attachment_id id)
{
    struct attachment at;
    err e = attachment_get(cx, id, &at);
    if (e == OK && at.is_public)
        return OK;
    bool is_fit = e == OK && is_own(cx, &at) && !at.message_id.v &&
                  str_starts(at.type, S("image/")) && at.width > 0;
    if (!is_fit && (e == OK || e == E_NOT_FOUND))
        return fail_field(
            cx, "settings.logo_upload_id", "Upload a PNG, JPEG, GIF or WebP picture first.");
    TRY(e);
    return attachment_publish(cx, id);
}
