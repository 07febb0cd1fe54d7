/* doctor: see doctor.h. */
#include "app/doctor.h"

#include "base/clock.h"
#include "store/audit_read.h"
#include "store/door.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

enum { SPACE_MIN_MB = 200 };

static int line(struct sb *b, bool is_well, str what, str advice)
{
    if (is_well)
        sb_print(b, "ok    %.*s\n", SARG(what));
    else
        sb_print(b, "WRONG %.*s: %.*s\n", SARG(what), SARG(advice));
    return is_well ? 0 : 1;
}

int doctor_files(struct arena *a, const struct files *files, str *out)
{
    struct sb b = sb_make(a, 0);
    struct stat st;
    struct statvfs space;
    struct keyring *keys;
    str why = S("missing");
    int wrong = 0;
    char *folder = str_z(a, files->data_dir);
    bool is_there = stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
    wrong += line(&b, is_there, S("data folder"), S("run `seva init`"));
    if (is_there)
        wrong += line(&b, !(st.st_mode & 077), S("data folder is private"), S("chmod 700"));
    bool has_space = statvfs(folder, &space) == 0 &&
                     (uint64_t)space.f_bavail * space.f_frsize / (1024 * 1024) >= SPACE_MIN_MB;
    wrong += line(&b, has_space, S("disk space"), S("less than 200 MB are free"));
    wrong += line(&b, files_keys(a, files, &keys, &why) == OK, S("key file"), why);
    *out = sb_str(&b);
    return wrong ? 1 : 0;
}

static err accounts_check(struct ctx *cx, struct sb *b, int *wrong)
{
    account_id *ids;
    ptrdiff_t n;
    TRY(door_accounts(cx, &ids, &n));
    *wrong += line(b, n > 0, S("accounts"), S("there are none; run `seva init`"));
    for (ptrdiff_t i = 0; i < n; i++) {
        int64_t rows = 0;
        TRY(door_account(cx, ids[i]));
        err e = audit_verify(cx, &rows);
        if (e != OK && e != E_CONFLICT)
            return e;
        str what = str_print(cx->arena, "audit chain of account %lld (%lld rows)",
            (long long)ids[i].v, (long long)rows);
        *wrong += line(b, e == OK, what, cx->fault.words);
    }
    return OK;
}

int doctor_database(struct arena *a, struct db *db, str *out)
{
    struct sb b = sb_make(a, 0);
    struct ctx cx = {.arena = a, .now_ms = clock_now_ms()};
    int wrong = 0;
    if (db_begin(db, DB_WRITE, a, &cx.db) != OK) {
        wrong += line(&b, false, S("database"), S("it takes no write transaction"));
    } else {
        err e = accounts_check(&cx, &b, &wrong);
        err end = db_rollback(cx.db);
        wrong += line(&b, e == OK && end == OK, S("database"), S("a query failed; see the log"));
    }
    *out = sb_str(&b);
    return wrong ? 1 : 0;
}
