/* sqlite_copy: see sqlite_copy.h. Sources: SQLite's "Online Backup API", "Uniform Resource
 * Identifiers" (immutable).
 *
 * The copy is made by a reader that keeps one snapshot: else each write of the server would begin
 * it anew. Such a reader keeps the server's log from beginning anew, so what takes long (sums,
 * encryption, a slow receiver) works on the copy. This connection never moves pages of the log: not
 * by itself, and not when it is closed as the last (sqlite_wal.c says why). */
#include "db/sqlite_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file_pace.h"
#include "db/sqlite_driver.h"

enum { STEP_PAGES = 512, COPY_BUSY_MS = 30 * 1000 };

static void handle_close(sqlite3 **handle)
{
    (void)sqlite3_close(*handle); /* nothing was written through it that must last */
}

static str words_of(struct arena *a, sqlite3 *handle, int code)
{
    int at = handle != NULL ? sqlite3_system_errno(handle) : 0;
    if (at == ENOSPC || (code & 0xff) == SQLITE_FULL)
        return S("the disk is full");
    return str_copy(a, str_from(handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(code)));
}

static err source_open(struct arena *a, str from, sqlite3 **handle, str *why)
{
    int code =
        sqlite3_open_v2(str_z(a, from), handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(*handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(*handle, COPY_BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_exec(*handle,
            "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
            "PRAGMA cache_size=-256; BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1",
            NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return OK;
    *why = str_print(
        a, "cannot read the database %.*s: %.*s", SARG(from), SARG(words_of(a, *handle, code)));
    return (code & 0xff) == SQLITE_CANTOPEN ? E_NOT_FOUND : E_BUSY;
}

static err target_open(struct arena *a, str to, sqlite3 **handle, str *why)
{
    char *z = str_z(a, to);
    int fd = open(z, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        *why = str_print(a, "cannot make the file %.*s: %s", SARG(to), strerrordesc_np(errno));
        return E_BUSY;
    }
    (void)close(fd); /* nothing was written */
    int code = sqlite3_open_v2(z, handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) /* a copy that breaks off is thrown away */
        code = sqlite3_exec(
            *handle, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return OK;
    *why =
        str_print(a, "cannot make the file %.*s: %.*s", SARG(to), SARG(words_of(a, *handle, code)));
    return E_BUSY;
}

/* Onto the disk what was copied since, so that the syncs of whoever writes the database, some of
 * them under its write lock, do not wait for all of the copy. */
static int sync_copied(sqlite3 *to, struct file_pace *pace)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(to, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || file == NULL || file->pMethods == NULL)
        return code;
    int64_t began_us = db_mono_us();
    code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    file_pace_took(pace, db_mono_us() - began_us);
    return code;
}

static err copy_pages(struct arena *a, sqlite3 *from, sqlite3 *to, sqlite_copied *copied, void *arg,
    int64_t page, str *why)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    int code = b != NULL ? SQLITE_OK : sqlite3_errcode(to);
    bool goes_on = true;
    struct file_pace pace = {0};
    while (code == SQLITE_OK && goes_on) {
        code = sqlite3_backup_step(b, STEP_PAGES);
        if (code == SQLITE_OK && file_pace_add(&pace, STEP_PAGES * page))
            code = sync_copied(to, &pace);
        int64_t all = sqlite3_backup_pagecount(b);
        goes_on = copied(arg, (all - sqlite3_backup_remaining(b)) * page, all * page);
    }
    int ended = sqlite3_backup_finish(b);
    if (code == SQLITE_DONE && ended == SQLITE_OK)
        return OK;
    *why = code == SQLITE_OK
               ? S("stopped")
               : str_print(a, "the copy of the database failed: %.*s", SARG(words_of(a, to, code)));
    return E_BUSY;
}

static int64_t page_size(sqlite3 *handle)
{
    sqlite3_stmt *st = NULL;
    int64_t size = 4096;
    if (sqlite3_prepare_v2(handle, "PRAGMA page_size", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        size = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st); /* it only read */
    return size;
}

err sqlite_copy(struct arena *a, str from, str to, sqlite_copied *copied, void *arg, str *why)
{
    [[gnu::cleanup(handle_close)]] sqlite3 *source = NULL, *target = NULL;
    TRY(source_open(a, from, &source, why));
    TRY(target_open(a, to, &target, why));
    return copy_pages(a, source, target, copied, arg, page_size(source), why);
}

/* ── a copy that lies still ── */

struct still {
    struct db db; /* first */
    struct lite_conn conn;
};

static void still_close(struct db *db)
{
    struct still *s = (struct still *)db;
    lite_forget_statements(&s->conn);
    (void)sqlite3_close(s->conn.handle); /* nothing was written through it */
    free(s);
}

static err still_begin(struct db *db, enum db_mode mode, struct arena *a, struct db_tx **tx)
{
    struct still *s = (struct still *)db;
    (void)a;
    if (mode != DB_READ)
        return E_INTERNAL;
    TRY(lite_begin_fresh(&s->conn, CONTROL_BEGIN_READ));
    *tx = &s->conn.tx;
    return OK;
}

static void still_end(struct db_tx *tx, bool keep, db_done *done, void *arg)
{
    (void)keep;
    (void)lite_control(conn_of(tx), CONTROL_COMMIT); /* it has read only */
    if (done != NULL)
        done(arg, OK);
}

static err still_scope(struct db_tx *tx)
{
    (void)tx;
    return OK;
}

static const struct db_driver still_driver = {
    .close = still_close,
    .begin = still_begin,
    .end = still_end,
    .exec = lite_exec,
    .many = lite_many,
    .scope = still_scope,
};

/* "file:/a%20b?immutable=1" */
static str address_of(struct arena *a, str path)
{
    static const char digits[] = "0123456789ABCDEF";
    struct sb b = sb_make(a, 0);
    sb_add(&b, S("file:"));
    for (ptrdiff_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '-' || c == '_';
        if (!is_plain) {
            sb_byte(&b, '%');
            sb_byte(&b, digits[c >> 4]);
            c = (unsigned char)digits[c & 15];
        }
        sb_byte(&b, (char)c);
    }
    sb_add(&b, S("?immutable=1"));
    return sb_str(&b);
}

static err reader_open(struct arena *a, const char *address, int flags, struct db **db, str *why)
{
    struct still *s = alloc_zero((ptrdiff_t)sizeof *s);
    *why = S("out of memory");
    if (s == NULL)
        return E_BUSY;
    s->db.driver = &still_driver;
    s->db.kind = DB_SQLITE;
    int code = sqlite3_open_v2(address, &s->conn.handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(s->conn.handle, COPY_BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(s->conn.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(s->conn.handle,
            "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0; "
            "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192; "
            "SELECT 1 FROM sqlite_schema LIMIT 1",
            NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = lite_controls_make(&s->conn);
    err e = code == SQLITE_OK ? stmt_cache_make(&s->conn.cache) : E_CONFLICT;
    if (e == OK) {
        *db = &s->db;
        return OK;
    }
    if (code != SQLITE_OK)
        *why = str_print(
            a, "the database in it cannot be read: %.*s", SARG(words_of(a, s->conn.handle, code)));
    still_close(&s->db);
    return e;
}

err sqlite_still_open(struct arena *a, str path, struct db **db, str *why)
{
    return reader_open(
        a, str_z(a, address_of(a, path)), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, why);
}

err sqlite_look_open(struct arena *a, str path, struct db **db, str *why)
{
    return reader_open(a, str_z(a, path), SQLITE_OPEN_READWRITE, db, why);
}

/* The first row's columns from `first` on, when there is a row other than "ok". */
static err finds_nothing(struct arena *a, sqlite3 *handle, const char *sql, str what, str *why)
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &st, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(st);
    str found = code == SQLITE_ROW ? str_copy(a, str_from((const char *)sqlite3_column_text(st, 0)))
                                   : (str){0};
    bool is_well = code == SQLITE_DONE || (code == SQLITE_ROW && str_eq(found, S("ok")));
    if (!is_well)
        *why = str_print(a, "%.*s: %.*s", SARG(what),
            SARG(code == SQLITE_ROW ? found : words_of(a, handle, code)));
    (void)sqlite3_finalize(st); /* repeats the step's error */
    return is_well ? OK : E_CONFLICT;
}

err sqlite_still_check(struct arena *a, struct db *db, bool is_deep, str *why)
{
    sqlite3 *handle = ((struct still *)db)->conn.handle;
    TRY(finds_nothing(a, handle, is_deep ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)",
        S("the database is damaged"), why));
    return finds_nothing(a, handle, "PRAGMA foreign_key_check",
        S("the database has rows whose counterpart is missing, in the table"), why);
}
