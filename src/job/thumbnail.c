/* thumbnail: the small copy of a picture (job "thumbnail", key: attachment id). Another process
 * makes it (care/picture.h); without one the attachment is ready all the same. The message that has
 * the file is told anew. Thread: job threads. */
#include "base/file.h"
#include "base/id.h"
#include "care/attachment.h"
#include "care/blob_file.h"
#include "care/picture.h"
#include "job/inner.h"
#include "store/attachment.h"

static err load(struct job_run *run, struct attachment *at)
{
    attachment_id id;
    if (id_parse(run->job->key, &id.v) != OK)
        return E_NOT_FOUND;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    err e = attachment_get(&run->desk.cx, id, at);
    TRY(desk_commit(&run->desk));
    return e;
}

/* *name: the small copy's blob; empty = there can be none. */
static err make(struct job_run *run, const struct attachment *at, str *name)
{
    struct ctx *cx = &run->desk.cx;
    str path = part_path(cx, at->id.v, ".webp");
    *name = (str){0};
    str folder, inner;
    err e = blob_here_inside(cx, at->blob_name, &folder, &inner);
    if (e == OK)
        e = picture_shrink(cx, folder, inner, path, PICTURE_THUMBNAIL, false);
    if (e == OK)
        e = made_file_keep(run, path, name);
    if (e == OK)
        return OK;
    (void)file_remove(path); /* a few bytes more in parts/ are the worst */
    return e == E_INVALID || e == E_NOT_FOUND ? OK : e;
}

err thumbnail_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    attachment_id id;
    (void)is_dead; /* it always is, */
    (void)next_ms; /* and never runs again by itself */
    TRY(id_parse(r->job->key, &id.v));
    return attachment_done(cx, id, (str){0});
}

err thumbnail_work(struct job_run *run, struct job_verdict *v)
{
    struct attachment at;
    str name;
    err e = load(run, &at);
    if (e == E_NOT_FOUND || (e == OK && !str_eq(at.state, S("processing")))) {
        *v = (struct job_verdict){.end = JOB_DONE};
        return OK;
    }
    TRY(e);
    TRY(make(run, &at, &name));
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(attachment_done(&run->desk.cx, at.id, name));
    TRY(desk_commit(&run->desk));
    v->end = JOB_ENDED;
    return OK;
}
