/* doctor: see doctor.h. It looks first, all of it, and mends afterwards: so what it says is of one
 * time, and nothing is mended in a database that turns out to be damaged. */
#include "app/doctor_inner.h"

#include "app/admin.h"
#include "app/wiring.h"
#include "base/clock.h"
#include "db/sqlite_ship.h"
#include "net/egress.h"
#include "store/door.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { SPACE_MIN_MB = 200, WAL_MAX_MB = 1024 };
static const int64_t said_bytes_max = (int64_t)1 << 34, page_bytes_max = (int64_t)1 << 30;

/* ── looks ── */

err look_begin(struct doctor *d, account_id account)
{
    arena_reset(&d->page);
    d->cx = (struct ctx){.arena = &d->page, .now_ms = clock_now_ms(), .config = &d->config};
    TRY(db_begin(d->db, DB_READ, &d->page, &d->cx.db));
    err e = account.v ? door_account(&d->cx, account) : OK;
    if (e != OK)
        look_end(d);
    return e;
}

void look_end(struct doctor *d)
{
    if (d->cx.db != NULL)
        (void)db_rollback(d->cx.db); /* it has read only */
    d->cx.db = NULL;
}

void look_failed(struct doctor *d, const char *what, err e)
{
    bool is_damage = e == E_INTERNAL && (d->is_damaged || db_stats_of(d->db).damaged > 0);
    str words = str_print(d->a, "%s cannot be read%s", what,
        is_damage     ? ": a page of the database is damaged"
        : e == E_BUSY ? ": the database is busy or away"
                      : "; the lines above say why");
    report_wrong(d, words, is_damage ? DAMAGE_ADVICE : S("try again; see the log"));
}

/* ── the folder, the keys, the configuration ── */

static void look_at_space(struct doctor *d, const char *folder)
{
    struct statvfs space;
    struct stat st;
    str wal = str_cat(d->a, d->files.data_dir, S("/seva.db-wal"));
    bool has_space = statvfs(folder, &space) == 0 &&
                     (uint64_t)space.f_bavail * space.f_frsize / (1024 * 1024) >= SPACE_MIN_MB;
    report_begin(d, "space");
    if (!has_space)
        report_wrong(d, S("disk space"), S("less than 200 MB are free; make room"));
    if (stat(str_z(d->a, wal), &st) == 0 && st.st_size / (1024 * 1024) > WAL_MAX_MB)
        report_note(d,
            str_print(d->a, "the database's log has %lld MB", (long long)(st.st_size / 1048576)),
            S("somebody reads for very long (a backup?); it is shortened when that ends"));
    report_end(d, S("disk space"));
}

static void look_at_folder(struct doctor *d)
{
    struct stat st;
    char *folder = str_z(d->a, d->files.data_dir);
    bool is_there = stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
    report_begin(d, "folder");
    if (!is_there)
        report_wrong(d, str_cat(d->a, S("data folder "), d->files.data_dir), S("run `seva init`"));
    else if (st.st_mode & 077)
        report_wrong(d, S("the data folder can be read by others"), S("chmod 700"));
    report_end(d, S("data folder"));
    if (is_there)
        look_at_space(d, folder);
}

static void look_at_configuration(struct doctor *d)
{
    const struct egress_rules *rules;
    struct keyring *keys;
    struct stat st;
    str why = S("missing");
    report_begin(d, "keys");
    d->has_keys = files_keys(d->a, &d->files, &keys, &why) == OK;
    if (!d->has_keys)
        report_wrong(d, S("key file"), why);
    report_end(d, S("key file"));
    report_begin(d, "configuration");
    d->config = (struct config){.data_dir = d->files.data_dir, .blobs_dir = d->files.blobs_dir};
    if (d->has_keys && node_config(d->a, d->settings, &d->files, &d->config, &why) != OK)
        report_wrong(d, S("configuration"), why);
    if (egress_rules_parse(d->a, d->settings->values[SET_EGRESS_ALLOW], &rules, &why) != OK)
        report_wrong(d, S("egress-allow"), why);
    if (blobs_open_alone(d->a, d->settings, &d->files, &d->config.blob_store, &why) != OK)
        report_wrong(d, S("blobs"), why);
    for (int i = 0; i < 2; i++) {
        str file = d->settings->values[i ? SET_TLS_KEY : SET_TLS_CERT];
        if (file.len && stat(str_z(d->a, file), &st) != 0)
            report_wrong(d, file, S("this file of tls-cert or tls-key is not there"));
    }
    report_end(d, S("configuration"));
}

/* ── mending ── */

static int ask_server(struct doctor *d, str lines, str *out)
{
    char name[] = "seva", word[] = DOCTOR_MEND_WORD;
    char *argv[] = {name, word, NULL};
    int code = admin_ask(d->a, d->files.admin_socket, 2, argv, lines, out);
    if (code < 0)
        *out = S("the server that holds the data folder does not answer");
    return code;
}

/* The answers' lines stand in the order of the mends. */
static void tell_mended(struct doctor *d, const struct mend *m, str answers, int n)
{
    for (int i = 0; i < n; i++, m = m->next) {
        str answer = {0};
        (void)str_cut(answers, '\n', &answer, &answers);
        if (str_eq(answer, S("ok")))
            report_mended(d, m->what);
        else
            (void)fprintf(stderr, "seva: not mended: %.*s: %.*s\n", SARG(m->what), SARG(answer));
    }
}

static void mend_all(struct doctor *d, struct db *db)
{
    report_begin(d, "repair");
    for (const struct mend *m = d->first; m != NULL;) {
        struct sb b = sb_make(d->a, 0);
        const struct mend *from = m;
        str out = {0};
        int n = 0;
        for (; m != NULL && n < DOCTOR_MEND_LINES; m = m->next, n++)
            sb_print(&b, "%.*s\n", SARG(m->line));
        int code = db != NULL ? doctor_mend(d->a, db, &d->config, sb_str(&b), &out)
                              : ask_server(d, sb_str(&b), &out);
        if (code != 0)
            (void)fprintf(stderr, "seva: %.*s\n", SARG(out));
        else
            tell_mended(d, from, out, n);
    }
    if (d->more > 0)
        report_end(d, (str){0});
}

static void mend(struct doctor *d)
{
    struct db_options options = {.url = d->files.db_url};
    struct db *db = NULL;
    str why = {0};
    if (d->first == NULL)
        return;
    if (d->is_damaged) {
        (void)fprintf(stderr, "seva: nothing is mended in a damaged database\n");
        return;
    }
    if (d->is_held) {
        (void)fprintf(stderr,
            "seva: nothing is mended while another command holds the data folder: repair when it "
            "has ended\n");
        return;
    }
    db_close(d->db);
    d->db = NULL;
    if (!d->has_server && db_open(d->a, &options, &db, &why) != OK) {
        (void)fprintf(stderr, "seva: nothing is mended: %.*s\n", SARG(why));
        return;
    }
    if (db != NULL && d->files.ship_dir.len && db_kind_of(db) == DB_SQLITE)
        sqlite_ship_keep_log(db); /* what ships goes on from it */
    mend_all(d, db);
    db_close(db);
}

/* ── the whole ── */

static void look_inside(struct doctor *d)
{
    account_id *ids = NULL, *kept = NULL;
    ptrdiff_t n = 0;
    err e = look_begin(d, (account_id){0});
    if (e == OK)
        e = door_accounts(&d->cx, &ids, &n);
    kept = NEW(d->a, account_id, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        kept[i] = ids[i];
    look_end(d);
    report_begin(d, "accounts");
    if (e != OK)
        look_failed(d, "the accounts", e);
    else if (n == 0)
        report_wrong(d, S("there is no account"), S("run `seva init`"));
    report_end(d, str_print(d->a, "%lld accounts", (long long)n));
    doctor_look_at_rows(d, kept, n);
    doctor_look_at_files(d, kept, n);
}

/* A server listens from its start on; other commands that hold the folder do not. */
static bool has_listener(struct doctor *d)
{
    char name[] = "seva", word[] = DOCTOR_MEND_WORD;
    char *argv[] = {name, word, NULL};
    str out = {0};
    return admin_ask(d->a, d->files.admin_socket, 2, argv, (str){0}, &out) >= 0;
}

static void look(struct doctor *d)
{
    str why = {0};
    look_at_folder(d);
    look_at_configuration(d);
    err held = files_lock(d->a, &d->files, &why);
    d->has_server = held == E_CONFLICT && has_listener(d);
    d->is_held = held == E_CONFLICT && !d->has_server;
    doctor_look_at_ship(d);
    report_begin(d, "database");
    if (held != OK && held != E_CONFLICT) {
        report_wrong(d, S("data folder"), why);
        return;
    }
    if (d->is_held)
        report_note(d, S("another command of Seva holds the data folder (an import, a migration)"),
            S("this is how things stand beside it; --repair waits until it has ended"));
    err e = db_look_open(d->a, d->files.db_url, &d->db, &why);
    if (e != OK) {
        d->is_damaged = e == E_CONFLICT;
        report_wrong(d, why, d->is_damaged ? DAMAGE_ADVICE : S("see the log"));
        return;
    }
    if (doctor_look_at_database(d))
        look_inside(d);
}

int doctor_command(struct arena *a, const struct settings *s)
{
    struct doctor d = {.a = NULL, .settings = s};
    struct arena kept = arena_make((ptrdiff_t)said_bytes_max);
    str why = {0};
    d.a = &kept;
    d.page = arena_make((ptrdiff_t)page_bytes_max);
    d.last = &d.first;
    d.is_deep = settings_flag(s, SET_DEEP);
    d.is_json = settings_flag(s, SET_JSON);
    d.repairs = settings_flag(s, SET_REPAIR);
    d.json = json_out_make(&kept, 0);
    if (s->n_words != 1 || files_resolve(a, s, &d.files, &why) != OK) {
        (void)fprintf(stderr, "%s",
            why.len ? "seva: the data folder cannot be found\n"
                    : "usage: seva doctor [--deep] [--repair] [--json]\n");
        return 2;
    }
    json_obj(&d.json);
    json_key(&d.json, S("checks"));
    json_arr(&d.json);
    look(&d);
    mend(&d);
    report_last(&d);
    int code = d.wrong + d.mendable - d.mended > 0;
    db_close(d.db);
    blob_store_close(d.config.blob_store);
    if (!d.has_server && !d.is_held)
        files_unlock(&d.files);
    arena_free(&d.page);
    arena_free(&kept);
    return code;
}
