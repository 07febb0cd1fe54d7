/* machine: see machine.h. The marker is made first and told to the database afterwards, so that a
 * node that ends between the two leaves nothing that stops the next start. */
#include "app/machine.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/installation.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* ── open files ── */

int64_t machine_make_room(int64_t connections)
{
    struct rlimit files;
    int64_t wanted = connections + LIMIT_HTTP_SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY ||
        files.rlim_cur >= (rlim_t)wanted)
        return connections;
    rlim_t before = files.rlim_cur;
    bool is_enough = files.rlim_max == RLIM_INFINITY || files.rlim_max >= (rlim_t)wanted;
    files.rlim_cur = is_enough ? (rlim_t)wanted : files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
        files.rlim_cur = before;
        is_enough = false;
    }
    if (is_enough)
        return connections;
    int64_t fit = (int64_t)files.rlim_cur - LIMIT_HTTP_SPARE_FILES;
    log_line(LOG_WARN,
        "fewer connections than configured: raise the hard limit of open files (ulimit -Hn, "
        "LimitNOFILE)",
        LOG_I("max_connections", connections), LOG_I("possible", fit),
        LOG_I("open_files", (int64_t)files.rlim_cur), LOG_I("needed", wanted));
    return fit;
}

/* ── the folder of files ── */

enum {
    MARK_BYTES = 16,
    MARK_DIGITS = 2 * MARK_BYTES,
    MARK_FILE_MAX = 256,
    LOOK_MS = 50,
    WAIT_MS = 1000
};

static err read_mark(struct arena *a, str path, str *mark)
{
    str text;
    TRY(file_read(a, path, MARK_FILE_MAX, &text));
    text = str_trim(text);
    if (text.len != MARK_DIGITS)
        return E_INVALID;
    *mark = text;
    return OK;
}

static err write_new_mark(str path, str mark)
{
    int fd = -1;
    TRY(file_open_write(path, 0600, true, &fd));
    err e = file_write_at(fd, 0, mark);
    if (e == OK)
        e = file_sync(fd);
    file_close(fd);
    return e;
}

/* The folder's mark; *is_ours: it was made now. Another node may be writing it just now. */
static err find_mark(struct arena *a, str path, str *mark, bool *is_ours)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    unsigned char random[MARK_BYTES];
    crypto_random(random, (ptrdiff_t)sizeof random);
    str fresh = crypto_hex(a, str_of(random, (ptrdiff_t)sizeof random));
    err e = write_new_mark(path, fresh);
    *is_ours = e == OK;
    *mark = fresh;
    if (e != E_CONFLICT)
        return e;
    e = read_mark(a, path, mark);
    for (int waited_ms = 0; e == E_INVALID && waited_ms < WAIT_MS; waited_ms += LOOK_MS) {
        (void)nanosleep(&pause, NULL); /* a short pause is as good */
        e = read_mark(a, path, mark);
    }
    if (e != E_INVALID)
        return e;
    *is_ours = true; /* whoever began it has died over it */
    *mark = fresh;
    return file_write(path, fresh, 0600);
}

static err settle(struct arena *a, struct db *db, str mark, str *known)
{
    struct db_tx *tx;
    TRY(db_begin(db, DB_WRITE, a, &tx));
    err e = installation_settle(tx, S("blobs"), mark, known);
    if (e == OK)
        return db_commit(tx);
    (void)db_rollback(tx); /* it is being given up */
    return e;
}

static err known_before(struct arena *a, struct db *db, str *known)
{
    struct db_tx *tx;
    TRY(db_begin(db, DB_READ, a, &tx));
    err e = installation_get(tx, S("blobs"), known);
    (void)db_rollback(tx); /* it has read only */
    return e;
}

static err find_store_mark(
    struct arena *a, struct blob_store *store, str folder, str *mark, bool *is_ours)
{
    unsigned char random[MARK_BYTES];
    crypto_random(random, (ptrdiff_t)sizeof random);
    str fresh = crypto_hex(a, str_of(random, (ptrdiff_t)sizeof random));
    return blobs_mark(a, store, folder, fresh, mark, is_ours);
}

static str refusal(struct arena *a, const struct files *files, struct blob_store *store, err e)
{
    if (store)
        return blobs_refusal(a, store, files->store);
    return str_print(a, "cannot use the folder of files %.*s: %s", SARG(files->blobs_dir),
        e == E_NOT_FOUND ? "it is not there" : strerrordesc_np(errno));
}

static void remove_mark(struct arena *a, struct blob_store *store, str path)
{
    if (store)
        (void)s3_remove(blob_store_s3(store), a, S("installation")); /* it stays at worst */
    else
        (void)file_remove(path);
}

err machine_check_blobs(
    struct arena *a, struct db *db, const struct files *files, struct blob_store *store, str *why)
{
    str path = str_cat(a, files->blobs_dir, S("/installation")), mark = {0}, known = {0};
    bool is_ours = false;
    err e = store ? find_store_mark(a, store, files->blobs_dir, &mark, &is_ours)
                  : find_mark(a, path, &mark, &is_ours);
    if (e == E_BUSY && store && known_before(a, db, &known) == OK) {
        log_line(LOG_WARN, "the store of attachments does not answer; Seva starts without it",
            LOG_S("store", files->store));
        return blob_store_expect(store, S("installation"), known);
    }
    if (e != OK) {
        *why = refusal(a, files, store, e);
        return e == E_BUSY ? E_BUSY : E_INVALID;
    }
    e = settle(a, db, mark, &known);
    if (e == OK && str_eq(mark, known))
        return OK;
    if (is_ours)
        remove_mark(a, store, path); /* it was nobody's: it is as before */
    if (e != OK) {
        *why = S("the database cannot be asked for the folder of files");
        return e;
    }
    if (store) {
        *why = str_print(a,
            "the store s3://%.*s has the attachments of another installation; give every node of "
            "one database the same bucket and prefix, and each database its own",
            SARG(files->store));
        return E_CONFLICT;
    }
    *why = str_print(a,
        "the folder of files %.*s is not the one that this database's other nodes use; give every "
        "node the same shared folder with --blobs (after a move, with its file \"installation\")",
        SARG(files->blobs_dir));
    return E_CONFLICT;
}
