/* sweep: files that nobody needs any more: uploads that were never finished, attachments that no
 * message took within a day, bytes that no row names (store/blob.h), exports whose time is over.
 * Files go outside transactions; a row goes only after its file, so that a crash between the two
 * loses no trace. Part of upkeep. Thread: job threads. */
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/blob_file.h"
#include "care/data_export.h"
#include "job/inner.h"
#include "store/attachment.h"
#include "store/blob.h"
#include "store/data_export.h"
#include "store/upload.h"

struct sweep {
    account_id account;
    bool more;
};

static err begin(struct desk *desk, const struct sweep *s)
{
    TRY(desk_begin(desk, DB_WRITE));
    return desk_scope(desk, s->account);
}

static err old_uploads(struct desk *desk, void *arg)
{
    struct sweep *s = arg;
    struct upload *rows = NULL;
    ptrdiff_t n = 0;
    TRY(begin(desk, s));
    TRY(upload_list_old(&desk->cx, LIMIT_UPKEEP_ROWS, &rows, &n));
    TRY(desk_commit(desk));
    s->more = n == LIMIT_UPKEEP_ROWS;
    if (!n)
        return OK;
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(file_remove(part_path(&desk->cx, rows[i].id.v, "")));
    TRY(begin(desk, s));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(upload_remove(&desk->cx, rows[i].id));
    return desk_commit(desk);
}

static err loose_attachments(struct desk *desk, void *arg)
{
    struct sweep *s = arg;
    int64_t removed = 0;
    TRY(begin(desk, s));
    TRY(attachment_sweep(&desk->cx, LIMIT_UPKEEP_ROWS, &removed));
    s->more = removed == LIMIT_UPKEEP_ROWS;
    return desk_commit(desk);
}

static err unneeded_blobs(struct desk *desk, void *arg)
{
    struct sweep *s = arg;
    struct blob_name *rows = NULL;
    ptrdiff_t n = 0;
    TRY(begin(desk, s));
    TRY(blob_sweep_begin(&desk->cx, LIMIT_UPKEEP_ROWS, &rows, &n));
    TRY(desk_commit(desk));
    s->more = n == LIMIT_UPKEEP_ROWS;
    if (!n)
        return OK;
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(blob_remove(&desk->cx, rows[i].name));
    TRY(begin(desk, s));
    TRY(blob_sweep_end(&desk->cx, rows, n));
    return desk_commit(desk);
}

/* Whoever downloads one just now has it open and reads on. */
static err old_exports(struct desk *desk, void *arg)
{
    struct sweep *s = arg;
    const struct data_export_id_row *rows = NULL;
    ptrdiff_t n = 0;
    TRY(begin(desk, s));
    TRY(data_export_over(&desk->cx, LIMIT_UPKEEP_ROWS, &rows, &n));
    TRY(desk_commit(desk));
    s->more = n == LIMIT_UPKEEP_ROWS;
    if (!n)
        return OK;
    for (ptrdiff_t i = 0; i < n; i++) {
        TRY(export_parts_remove(desk, s->account, rows[i].id));
        struct ctx at = {
            .arena = desk->arena, .account = s->account, .config = desk->engine->config};
        TRY(data_export_file_remove(&at, rows[i].id));
    }
    TRY(begin(desk, s));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(data_export_remove(&desk->cx, rows[i].id));
    return desk_commit(desk);
}

void sweep_files(struct engine *e, struct arena *a, account_id account)
{
    static err (*const steps[])(struct desk * desk, void *arg) = {
        old_uploads, loose_attachments, unneeded_blobs, old_exports};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct sweep s = {.account = account, .more = true};
        while (s.more && !atomic_load(&e->is_stopping)) {
            struct desk desk = {.engine = e, .arena = a};
            arena_reset(a);
            s.more = false;
            err result = desk_guard(&desk, steps[i], &s);
            if (result == OK)
                continue;
            log_line(result == E_BUSY ? LOG_INFO : LOG_ERROR, "a sweep of files failed",
                LOG_I("step", i), LOG_S("reason", desk_words(&desk.cx, result)));
            break;
        }
    }
}
