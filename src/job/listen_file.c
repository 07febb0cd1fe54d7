/* listen_file: see listen_file.h. */
#include "job/listen_file.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"
#include "care/blob_file.h"
#include "store/blob.h"
#include "store/mail.h"

struct listen_file listen_file_make(const struct engine *engine, account_id account)
{
    return (struct listen_file){
        .arena = arena_make(0), .cx = {.config = engine->config, .account = account},
             .fd = -1
    };
}

static void forget(struct listen_file *f)
{
    if (f->number)
        (void)file_remove(part_path(&f->cx, f->number, "")); /* one that stays is swept */
    f->number = 0;
    f->fd = -1;
    arena_reset(&f->arena);
}

void listen_file_free(struct listen_file *f)
{
    f->cx.arena = &f->arena;
    forget(f);
    arena_free(&f->arena);
}

bool listen_file_is_open(const struct listen_file *f)
{
    return f->number != 0;
}

static bool begin(struct listen_file *f)
{
    f->cx.arena = &f->arena;
    forget(f);
    f->number = id_make(clock_now_ms());
    f->size = 0;
    if (part_open(&f->cx, f->number, &f->fd, &f->size) == OK && file_truncate(f->fd, 0) == OK) {
        f->size = 0;
        return true;
    }
    forget(f);
    return false;
}

bool listen_file_put(struct listen_file *f, str piece)
{
    if (!piece.len)
        return begin(f);
    bool is_kept = f->number && f->size + piece.len <= LIMIT_UPLOAD_BYTES &&
                   file_write_at(f->fd, f->size, piece) == OK;
    if (is_kept)
        f->size += piece.len;
    return is_kept;
}

struct claiming {
    account_id account;
    const struct file_sum *sum;
};

static err claim(struct desk *desk, void *arg)
{
    const struct claiming *c = arg;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(desk_scope(desk, c->account));
    TRY(blob_claim(&desk->cx, c->sum->hash, c->sum->size));
    TRY(mail_file_add(&desk->cx, c->sum->hash));
    return desk_commit(desk);
}

static err end(struct listen_file *f, struct engine *engine, struct arena *a, str *name)
{
    struct file_sum sum;
    struct claiming c = {f->cx.account, &sum};
    struct desk desk = {.engine = engine, .arena = a};
    TRY(file_sync(f->fd));
    TRY(file_sum(&f->arena, f->fd, &sum));
    TRY(desk_guard(&desk, claim, &c));
    TRY(blob_place(&f->cx, part_path(&f->cx, f->number, ""), sum.hash));
    *name = str_copy(a, sum.hash);
    return OK;
}

err listen_file_end(struct listen_file *f, struct engine *engine, struct arena *a, str *name)
{
    err e = end(f, engine, a, name);
    forget(f);
    return e;
}
