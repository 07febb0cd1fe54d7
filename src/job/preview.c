/* preview: small JPEGs of pictures that go out, for networks that show one before the picture
 * (LINE, Viber). Another process makes them (care/picture.h). They are kept as bytes of the account
 * that no row names, so that they go again by themselves (store/blob.h) when their addresses
 * (care/media_link.h) have long ended. Thread: job threads. */
#include "base/file.h"
#include "care/blob_file.h"
#include "care/media_link.h"
#include "care/picture.h"
#include "connector/outgoing.h"
#include "job/inner.h"
#include "model/attachment.h"

enum { SMALL_BYTES = 100 * 1024 }; /* small enough to be its own preview */

/* *url stays as it is when there can be none. */
static err make(struct job_run *run, const struct attachment *at, str *url)
{
    struct ctx *cx = &run->desk.cx;
    str hash;
    str path = part_path(cx, at->id.v, ".jpg");
    str folder, inner;
    err e = blob_here_inside(cx, at->blob_name, &folder, &inner);
    if (e == OK)
        e = picture_preview(cx, folder, inner, path);
    if (e == OK)
        e = made_file_keep(run, path, &hash);
    if (e == OK) {
        *url = media_link_make_preview(cx, hash);
        return OK;
    }
    (void)file_remove(path); /* a few bytes more in parts/ are the worst */
    return e == E_INVALID || e == E_NOT_FOUND || e == E_BUSY ? OK : e;
}

err previews_make(
    struct job_run *run, const struct attachment *rows, struct connector_file *files, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        struct connector_file *f = &files[i];
        bool is_picture = str_eq(f->type, S("image/jpeg")) || str_eq(f->type, S("image/png"));
        if (!is_picture || !f->url.len)
            continue;
        if (f->size <= SMALL_BYTES)
            f->preview_url = f->url;
        else
            TRY(make(run, &rows[i], &f->preview_url));
    }
    return OK;
}
