/* file_answer: see file_answer.h. Content-Disposition: RFC 6266 with filename* of RFC 8187. */
#include "api/file_answer.h"

#include "api/server.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "care/blob_file.h"
#include "model/attachment.h"
#include "net/http_range.h"

/* For readers without filename*: ASCII, and nothing that ends the quoted string. */
static str plain_name(struct arena *a, str name)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
        if (is_plain || ((unsigned char)c & 0xc0) != 0x80) /* one _ per letter */
            sb_byte(&b, is_plain ? c : '_');
    }
    return sb_str(&b);
}

static str disposition(struct arena *a, str name)
{
    return str_print(a, "attachment; filename=\"%.*s\"; filename*=UTF-8''%.*s",
        SARG(plain_name(a, name)), SARG(http_percent_encode(a, name)));
}

/* No code of err stands for it: the fault has its header, and is no error of whoever goes on with a
 * download that was whole already. */
static err answer_no_such_part(struct call *call, int64_t size)
{
    struct ctx *cx = &call->cx;
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_key(&j, S("error"));
    json_obj(&j);
    json_kv_str(&j, S("code"), S("range"));
    json_kv_str(&j, S("message"), S("The file ends before this place."));
    json_kv_text(&j, S("field"), (str){0});
    json_kv_str(&j, S("trace"), cx->trace);
    json_obj_end(&j);
    json_obj_end(&j);
    answer_header(call, "Content-Range", str_print(cx->arena, "bytes */%lld", (long long)size));
    return answer_json(call, 416, json_str(&j));
}

static void headers_put(struct call *call, const struct file_shown *shown, str etag)
{
    if (shown->name.len)
        answer_header(call, "Content-Disposition", disposition(call->cx.arena, shown->name));
    answer_header(
        call, "Content-Security-Policy", S("default-src 'none'; sandbox; frame-ancestors 'none'"));
    answer_header(call, "Cache-Control", shown->cache);
    answer_header(call, "Accept-Ranges", S("bytes"));
    if (etag.len)
        answer_header(call, "ETag", etag);
}

err answer_open_file(
    struct call *call, struct http_file file, int64_t size, const struct file_shown *shown)
{
    struct arena *a = call->cx.arena;
    str etag = shown->etag.len ? str_print(a, "\"%.*s\"", SARG(shown->etag)) : (str){0};
    struct http_range range = http_range_of(call->req, size, etag);
    bool is_known = http_is_known(call->req, etag);
    if (is_known || range.kind == HTTP_RANGE_NONE)
        http_file_close(&file);
    if (!is_known && range.kind == HTTP_RANGE_NONE)
        return answer_no_such_part(call, size);
    headers_put(call, shown, etag);
    call->res.status = is_known ? 304 : range.kind == HTTP_RANGE_PART ? 206 : 200;
    if (is_known)
        return OK;
    if (range.kind == HTTP_RANGE_PART)
        answer_header(call, "Content-Range",
            str_print(a, "bytes %lld-%lld/%lld", (long long)range.from,
                (long long)(range.from + range.length - 1), (long long)size));
    call->res.content_type = shown->type;
    call->res.has_file = true;
    if (!file.more)
        file.offset = range.from;
    file.size = range.length;
    call->res.file = file;
    return OK;
}

/* A file is never changed once it is in place: another length is damage. */
static err open_whole(struct ctx *cx, str blob_name, int64_t expected, int *fd, int64_t *size)
{
    err e = blob_open(cx, blob_name, fd, size);
    if (e == OK && expected >= 0 && *size != expected && cx->config->blob_store) {
        file_close(*fd); /* the store's may be whole */
        blob_forget(cx, blob_name);
        e = blob_open(cx, blob_name, fd, size);
    }
    if (e == E_NOT_FOUND) {
        log_line(LOG_WARN, "a stored file is missing: run `seva doctor`", LOG_S("name", blob_name));
        return fail(cx, E_NOT_FOUND, "This file is not here any more.");
    }
    if (e != OK)
        return fail(cx, E_BUSY, "The file cannot be read just now; try again.");
    if (expected < 0 || *size == expected)
        return OK;
    file_close(*fd);
    log_line(LOG_ERROR, "a stored file is damaged: run `seva doctor`", LOG_S("name", blob_name),
        LOG_I("size", *size), LOG_I("expected", expected));
    return fail(cx, E_NOT_FOUND, FILE_DAMAGED_WORDS);
}

static err answer_blob(
    struct call *call, str blob_name, int64_t expected, str type, str name, str cache)
{
    int fd;
    int64_t size;
    TRY(open_whole(&call->cx, blob_name, expected, &fd, &size));
    return answer_open_file(call, (struct http_file){.fd = fd}, size,
        &(struct file_shown){.type = type, .name = name, .cache = cache, .etag = blob_name});
}

err answer_file(struct call *call, str blob_name, str type, str name, str cache)
{
    return answer_blob(call, blob_name, -1, type, name, cache);
}

err answer_attachment(struct call *call, const struct attachment *at, str cache)
{
    return answer_blob(call, at->blob_name, at->size, at->type, at->name, cache);
}

err answer_picture(struct call *call, const struct attachment *at, str cache)
{
    if (at->thumbnail_name.len)
        return answer_file(call, at->thumbnail_name, S("image/webp"), (str){0}, cache);
    if (at->width > 0) /* a picture by its header */
        return answer_blob(call, at->blob_name, at->size, at->type, (str){0}, cache);
    return fail(&call->cx, E_NOT_FOUND, "There is no small picture of this file.");
}
