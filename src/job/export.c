/* export: an export that somebody has asked for is made (job "export", key: its id), or, when it
 * was deleted, its file goes. A process that ends meanwhile leaves NAME.part, which the next try
 * removes; nothing has the file's name before all of it is on the disk. Every two seconds how far
 * it is, and that the claim is still ours, is written. With a store of attachments its file goes
 * there in parts, and is on this machine no more: every node gives it out. Not here: what is in one
 * (care/export_make.h), who may have one (care/data_export.h). Thread: job threads. */
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/blob_store.h"
#include "care/data_export.h"
#include "care/export_make.h"
#include "care/export_parts.h"
#include "job/inner.h"
#include "store/data_export.h"

#include <time.h>

enum { TELL_MS = 2000, FOLDER_MODE = 0700, PARTS_PAGE = 500, PUT_WAIT_MS = 16 * 1000 };
static const int64_t snapshot_ms = 30 * 1000; /* what others wait for is the log's room */
static const int64_t room_bytes = INT64_C(512) * 1000 * 1000; /* stays free for what comes in */
static const int64_t tries_ms = INT64_C(15) * 60 * 1000;      /* somebody waits and is told then */

struct making {
    struct job_run *run;
    data_export_id id;
    struct arena told; /* of the transactions beside the reading */
    int64_t told_ms;   /* monotonic; 0 = not yet */
    struct export_progress far;
    bool is_dropped; /* somebody has deleted it */
    int fd;          /* of its file, on its way to the store */
    struct export_part part;
    int64_t bytes; /* of its file */
    str error;
};

/* Where its files are, outside transactions. */
static struct ctx places(const struct making *m)
{
    return (struct ctx){.arena = m->run->desk.arena,
        .account = m->run->job->account_id,
        .config = m->run->desk.engine->config};
}

/* ── how far it is ── */

static err start_write(struct ctx *cx, void *arg)
{
    struct making *m = arg;
    bool is_so = false;
    TRY(data_export_start(cx, m->id, &is_so));
    m->is_dropped = !is_so;
    return OK;
}

static err progress_write(struct ctx *cx, void *arg)
{
    struct making *m = arg;
    bool is_so = false;
    TRY(data_export_progress(cx, m->id, &m->far, &is_so));
    m->is_dropped = !is_so;
    return OK;
}

static err prolong(struct desk *desk, void *arg)
{
    struct making *m = arg;
    (void)desk; /* it is the run's, the first member */
    return runner_prolong(m->run, progress_write, m);
}

/* With memory of its own, beside what is read. */
static err beside(struct making *m, err (*fn)(struct desk *desk, void *arg))
{
    struct desk *desk = &m->run->desk;
    struct arena *own = desk->arena;
    desk->arena = &m->told;
    err e = desk_guard(desk, fn, m);
    arena_reset(&m->told);
    desk->arena = own;
    return m->is_dropped ? E_CONFLICT : e;
}

/* A database that is busy for a moment is told the next time. */
static err told(void *arg, const struct export_progress *far)
{
    struct making *m = arg;
    int64_t now_ms = clock_mono_ms();
    if (atomic_load(&m->run->desk.engine->is_stopping))
        return E_BUSY;
    FAILPOINT("export.page");
    if (m->told_ms && now_ms - m->told_ms < TELL_MS)
        return OK;
    m->told_ms = now_ms;
    m->far = *far;
    err e = beside(m, prolong);
    return e == E_BUSY ? OK : e;
}

/* ── its file in the store ── */

err export_parts_remove(struct desk *desk, account_id account, data_export_id id)
{
    struct ctx at = {.arena = desk->arena, .account = account, .config = desk->engine->config};
    struct export_part *parts = NULL;
    for (ptrdiff_t n = PARTS_PAGE; n == PARTS_PAGE;) {
        TRY(desk_begin(desk, DB_READ));
        TRY(desk_scope(desk, account));
        TRY(data_export_parts(&desk->cx, id, 0, PARTS_PAGE, &parts, &n));
        TRY(desk_commit(desk));
        for (ptrdiff_t i = 0; i < n; i++)
            if (export_part_remove(&at, id, &parts[i]) != OK)
                return E_BUSY;
        if (n == 0)
            break;
        TRY(desk_begin(desk, DB_WRITE));
        TRY(desk_scope(desk, account));
        TRY(data_export_parts_remove(&desk->cx, id, parts[n - 1].number));
        TRY(desk_commit(desk));
    }
    return OK;
}

static err part_write(struct ctx *cx, void *arg)
{
    struct making *m = arg;
    TRY(progress_write(cx, m));
    return m->is_dropped ? OK : data_export_part_add(cx, m->id, &m->part);
}

/* A store that is started anew is waited for; all that was made is not made again for that. */
static err put_patiently(struct making *m, const struct ctx *at)
{
    err e = export_part_put(at, m->id, &m->part, m->fd);
    for (int64_t wait_ms = 1000; e == E_BUSY && wait_ms <= PUT_WAIT_MS; wait_ms *= 2) {
        const struct timespec t = {.tv_sec = wait_ms / 1000};
        if (atomic_load(&m->run->desk.engine->is_stopping))
            return E_BUSY;
        (void)nanosleep(&t, NULL); /* a shorter wait does no harm */
        e = export_part_put(at, m->id, &m->part, m->fd);
    }
    return e;
}

/* The row first: what no row names is never removed. */
static err store_part(struct desk *desk, void *arg)
{
    struct making *m = arg;
    struct ctx at = places(m);
    int64_t number = m->far.done / EXPORT_PART_BYTES;
    TRY(export_part_sum(desk->arena, m->fd, m->far.total, number, &m->part));
    TRY(runner_prolong(m->run, part_write, m));
    if (m->is_dropped)
        return E_CONFLICT;
    FAILPOINT("export.part");
    TRY(put_patiently(m, &at));
    /* Whoever has deleted it meanwhile may have looked for this part before it was there. */
    TRY(runner_prolong(m->run, progress_write, m));
    return m->is_dropped ? export_part_remove(&at, m->id, &m->part) : OK;
}

/* The file has no name from here on: nothing of it stays when the process ends. */
static err store_all(struct making *m, str path, int64_t bytes)
{
    int64_t size;
    err e = file_open_read(path, &m->fd, &size);
    if (e == OK && bytes > EXPORT_PARTS_MAX * (int64_t)EXPORT_PART_BYTES)
        e = E_LIMIT;
    if (e == OK)
        e = file_remove(path);
    m->far = (struct export_progress){.step = "storing", .total = bytes, .bytes = bytes};
    while (e == OK && m->far.done < bytes) {
        e = atomic_load(&m->run->desk.engine->is_stopping) ? E_BUSY : beside(m, store_part);
        if (e == OK)
            m->far.done += m->part.bytes;
    }
    file_close(m->fd);
    m->fd = -1;
    return e;
}

/* ── its ends ── */

/* The file first: a row without one can be removed again, a file without a row by nobody. */
static err take_away(struct making *m, struct job_verdict *v)
{
    struct ctx at = places(m);
    struct desk *desk = &m->run->desk;
    if (export_parts_remove(desk, at.account, m->id) != OK ||
        data_export_file_remove(&at, m->id) != OK)
        return E_BUSY;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(job_finish(desk->tx, m->run->job));
    TRY(desk_scope(desk, m->run->job->account_id));
    TRY(data_export_remove(&desk->cx, m->id));
    TRY(desk_commit(desk));
    v->end = JOB_ENDED;
    return OK;
}

static err keep(struct making *m, const struct export_made *made, struct job_verdict *v)
{
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    struct desk *desk = &m->run->desk;
    struct data_export e = {.id = m->id,
        .lines = made->lines,
        .files = made->files,
        .missing_files = made->missing + made->damaged};
    bool is_so = false;
    FAILPOINT("export.before_ready");
    e.bytes = m->bytes;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(job_finish(desk->tx, m->run->job));
    TRY(desk_scope(desk, m->run->job->account_id));
    e.expires_ms = desk->cx.now_ms + LIMIT_EXPORT_KEEP_DAYS * day_ms;
    TRY(data_export_ready(&desk->cx, &e, &is_so));
    if (!is_so) {
        desk_rollback(desk);
        return take_away(m, v);
    }
    TRY(desk_commit(desk));
    v->end = JOB_ENDED;
    return OK;
}

static err failure_write(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct making *m = arg;
    (void)next_ms; /* the row says that it waits */
    return data_export_fail(cx, m->id, is_dead, m->error);
}

err export_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    data_export_id id;
    (void)next_ms; /* it never runs again by itself */
    TRY(id_parse(r->job->key, &id.v));
    return data_export_fail(cx, id, is_dead, S(JOB_KILLED));
}

/* What went wrong is the person's to know who waits, and the operator's. */
static err give_up(struct making *m, err e, str why, struct job_verdict *v)
{
    bool is_stopping = atomic_load(&m->run->desk.engine->is_stopping);
    m->error = why.len ? why : is_stopping ? (str){0} : S("The database cannot be read just now.");
    log_line(is_stopping ? LOG_INFO : LOG_WARN, "an export was not made", LOG_I("export", m->id.v),
        LOG_S("reason", m->error.len ? m->error : S("the server stops")));
    *v = (struct job_verdict){.end = e == E_NOT_FOUND ? JOB_FINAL : JOB_RETRY,
        .tries_ms = is_stopping ? 0 : tries_ms,
        .error = m->error,
        .write = failure_write,
        .arg = m};
    return OK;
}

static err store_refused(struct making *m, struct job_verdict *v)
{
    struct ctx at = places(m);
    str words = s3_words(blob_store_s3(at.config->blob_store), at.arena);
    str why = str_print(at.arena, "The export cannot be brought to the store of attachments%s%.*s",
        words.len ? ": " : ".", SARG(words));
    return give_up(m, E_BUSY, why, v);
}

/* ── the work ── */

static err make(struct making *m, const struct data_export *row, struct job_verdict *v)
{
    struct desk *desk = &m->run->desk;
    struct ctx at = places(m);
    struct export_made made;
    struct export_order order = {.target = data_export_path(&at, m->id),
        .blobs_dir = at.config->blobs_dir,
        .blob_store = at.config->blob_store,
        .room_bytes = room_bytes,
        .snapshot_ms = snapshot_ms,
        .db = desk->engine->db,
        .account = at.account,
        .contact = row->contact_id,
        .told = told,
        .arg = m};
    str why = {0};
    TRY(runner_prolong(m->run, start_write, m));
    if (m->is_dropped)
        return take_away(m, v);
    /* What a process has finished that ended before it could say so is made anew. */
    if (file_folder_make_try(data_export_folder(&at), FOLDER_MODE) != OK ||
        file_remove(order.target) != OK)
        return give_up(m, E_BUSY, file_words(at.arena, S("write"), order.target), v);
    if (export_parts_remove(desk, at.account, m->id) != OK)
        return give_up(m, E_BUSY, S("The store of attachments cannot be reached just now."), v);
    m->told = arena_make(0);
    err e = export_make(at.arena, &order, &made, &why), stored = OK;
    if (e == OK)
        e = file_size(order.target, &m->bytes);
    if (e == OK && at.config->blob_store)
        stored = store_all(m, order.target, m->bytes);
    arena_free(&m->told);
    if (m->is_dropped)
        return take_away(m, v);
    if (stored != OK)
        return store_refused(m, v);
    return e == OK ? keep(m, &made, v) : give_up(m, e, why, v);
}

static err load(struct making *m, struct data_export *row)
{
    struct desk *desk = &m->run->desk;
    if (id_parse(m->run->job->key, &m->id.v) != OK)
        return E_NOT_FOUND;
    TRY(desk_begin(desk, DB_READ));
    TRY(desk_scope(desk, m->run->job->account_id));
    err e = data_export_get(&desk->cx, m->id, row);
    TRY(desk_commit(desk));
    return e;
}

err export_work(struct job_run *run, struct job_verdict *v)
{
    struct making *m = NEW(run->desk.arena, struct making, 1);
    struct data_export row;
    m->run = run;
    err e = load(m, &row);
    *v = (struct job_verdict){.end = JOB_DONE};
    if (e == E_NOT_FOUND || (e == OK && str_eq(row.state, S("ready"))))
        return OK;
    TRY(e);
    return str_eq(row.state, S("removing")) ? take_away(m, v) : make(m, &row, v);
}
