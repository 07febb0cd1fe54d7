/* media: see media.h. */
#include "care/media.h"

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/attachment.h"
#include "model/view_attachment.h"
#include "net/http.h"
#include "store/attachment.h"
#include "store/audit.h"
#include "store/job.h"

/* ── a message comes ── */

/* "photo.jpg" of "https://host/a/photo.jpg?size=2"; utf8_file_name names what has no such part. */
static str name_of(struct arena *a, const struct media_source *from)
{
    if (str_trim(from->name).len)
        return utf8_file_name(a, from->name);
    str path = from->url, rest, plain;
    (void)str_cut(path, '#', &path, &rest); /* without one: the whole */
    (void)str_cut(path, '?', &path, &rest);
    ptrdiff_t host = str_find(path, S("://"));
    path = host < 0 ? path : str_skip(path, host + 3);
    ptrdiff_t at = path.len;
    while (at > 0 && path.at[at - 1] != '/')
        at--;
    str last = at ? str_skip(path, at) : (str){0};
    if (http_percent_decode(a, last, false, &plain) == OK)
        last = plain;
    return utf8_file_name(a, last);
}

struct attachment *media_expect(
    struct ctx *cx, const struct media_source *from, ptrdiff_t n, str *json)
{
    struct attachment *rows = NEW(cx->arena, struct attachment, n + 1);
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++) {
        rows[i] = (struct attachment){.id = {id_make(cx->now_ms)},
            .owner_kind = S("contact"),
            .name = name_of(cx->arena, &from[i]),
            .type = S("application/octet-stream"),
            .state = S("fetching"),
            .source_url = from[i].url,
            .media_id = from[i].media_id,
            .channel_id = from[i].channel,
            .created_ms = cx->now_ms};
        attachment_view(&j, &rows[i], false);
    }
    json_arr_end(&j);
    *json = json_str(&j);
    return rows;
}

static struct job_new job_of(struct arena *a, attachment_id id)
{
    return (struct job_new){.kind = S("fetch"), .key = str_print(a, "%lld", (long long)id.v)};
}

err media_plan(struct ctx *cx, struct attachment *rows, ptrdiff_t n)
{
    if (!n)
        return OK;
    struct job_new *jobs = NEW(cx->arena, struct job_new, n);
    for (ptrdiff_t i = 0; i < n; i++)
        jobs[i] = job_of(cx->arena, rows[i].id);
    TRY(attachment_add_named_many(cx, rows, n));
    return job_add_many(cx, jobs, n);
}

/* ── what becomes of it ── */

static err settle(struct ctx *cx, const struct attachment *at, bool wants_thumbnail)
{
    err e = attachment_settle(cx, at);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    if (wants_thumbnail)
        TRY(attachment_plan_thumbnail(cx, at->id));
    return attachment_tell(cx, at);
}

err media_arrived(
    struct ctx *cx, attachment_id id, str blob_name, int64_t size, const struct file_type *type)
{
    struct attachment at;
    err e = attachment_lock(cx, id, &at);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    bool wants_thumbnail = attachment_fill(&at, blob_name, size, type);
    return settle(cx, &at, wants_thumbnail);
}

err media_failed(struct ctx *cx, attachment_id id, str error)
{
    struct attachment at;
    err e = attachment_lock(cx, id, &at);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    at.state = S("failed");
    at.error = error;
    return settle(cx, &at, false);
}

/* ── it was here ── */

static err change(struct ctx *cx, const struct attachment *at, str action)
{
    TRY(attachment_change(cx, at));
    TRY(audit_add(cx, action, S("attachment"), at->id.v, (str){0}));
    return attachment_tell(cx, at);
}

err media_lost(struct ctx *cx, attachment_id id, bool *comes_again)
{
    struct attachment at;
    err e = attachment_lock(cx, id, &at);
    *comes_again = false;
    if (e == E_NOT_FOUND || (e == OK && !attachment_is_here(&at)))
        return OK;
    TRY(e);
    *comes_again = at.source_url.len > 0 || at.media_id.len > 0;
    at.state = *comes_again ? S("fetching") : S("failed");
    at.error = *comes_again ? (str){0} : MEDIA_LOST;
    struct job_new job = job_of(cx->arena, id);
    if (*comes_again)
        TRY(job_add(cx, &job));
    return change(cx, &at, S("attachment.lost"));
}

err media_found(struct ctx *cx, attachment_id id)
{
    struct attachment at;
    err e = attachment_lock(cx, id, &at);
    if (e == E_NOT_FOUND || (e == OK && (!at.blob_name.len || attachment_is_here(&at))))
        return OK;
    TRY(e);
    at.state = S("ready");
    at.error = (str){0};
    return change(cx, &at, S("attachment.found"));
}

err media_thumbnail_lost(struct ctx *cx, attachment_id id)
{
    struct attachment at;
    err e = attachment_lock(cx, id, &at);
    if (e == E_NOT_FOUND || (e == OK && !at.thumbnail_name.len))
        return OK;
    TRY(e);
    bool is_here = attachment_is_here(&at);
    at.thumbnail_name = (str){0};
    if (is_here)
        at.state = S("processing");
    TRY(attachment_change(cx, &at));
    if (is_here)
        TRY(attachment_plan_thumbnail(cx, id));
    return attachment_tell(cx, &at);
}

err media_again(struct ctx *cx, attachment_id id, struct attachment *at)
{
    struct attachment seen, now;
    TRY(attachment_seen(cx, id, &seen));
    TRY(attachment_lock(cx, id, &now));
    if (str_eq(now.error, MEDIA_LOST))
        return fail(cx, E_CONFLICT,
            "This file was lost, and nobody else has it; only a backup brings it back.");
    if (attachment_is_here(&now) || (!now.source_url.len && !now.media_id.len))
        return fail(cx, E_CONFLICT, "This file is here already.");
    now.state = S("fetching");
    now.error = (str){0};
    struct job_new job = job_of(cx->arena, id);
    TRY(job_add(cx, &job));
    TRY(audit_add(cx, S("attachment.fetched_again"), S("attachment"), id.v, (str){0}));
    TRY(settle(cx, &now, false));
    *at = now;
    return OK;
}
