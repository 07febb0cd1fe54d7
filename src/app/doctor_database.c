/* doctor_database: pages, schema and indexes. Not here: what rows say (doctor_rows.c). */
#include "app/admin.h"
#include "app/doctor_inner.h"
#include "base/clock.h"
#include "db/migrations.h"
#include "db/schema_check.h"
#include "store/checkup.h"

enum { CLOCK_APART_MS = 5000 };

/* Is it ours, and of this version? */
static bool look_at_version(struct doctor *d)
{
    str why = {0};
    ptrdiff_t missing = 0;
    err e = look_begin(d, (account_id){0});
    if (e == OK)
        e = db_migrations_known(d->cx.db, migrations, n_migrations, &why);
    if (e == OK)
        e = db_migrations_missing(d->cx.db, migrations, n_migrations, &missing);
    report_begin(d, "version");
    if (e == E_CONFLICT)
        report_wrong(d, S("the database's version"), why);
    else if (e != OK)
        look_failed(d, "the database's version", e);
    else if (missing > 0)
        report_wrong(d, str_print(&d->page, "%lld migrations are not applied", (long long)missing),
            S("start the server, or run `seva migrate`; then ask again"));
    look_end(d);
    report_end(d, S("the database's version"));
    return e == OK && missing == 0;
}

/* Damage of nothing but indexes is mended by making them anew. */
static void tell_pages(struct doctor *d, const struct schema_words *rows, ptrdiff_t n)
{
    str last = {0};
    for (ptrdiff_t i = 0; i < n; i++)
        d->is_damaged |= rows[i].index.len == 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        bool is_index = rows[i].index.len > 0;
        if (!is_index || d->is_damaged)
            report_wrong(d, rows[i].words, DAMAGE_ADVICE);
        else if (d->has_server && db_kind_of(d->db) == DB_SQLITE)
            report_wrong(d, rows[i].words,
                S("stop the server, then `seva doctor --deep --repair` makes this index anew"));
        else if (!str_eq(last, rows[i].index))
            report_mendable(
                d, rows[i].words, str_print(&d->page, "reindex %.*s", SARG(rows[i].index)));
        last = rows[i].index;
    }
}

static void look_at_pages(struct doctor *d)
{
    const struct schema_words *rows = NULL;
    ptrdiff_t n = 0;
    bool is_done = false;
    bool is_sqlite = db_kind_of(d->db) == DB_SQLITE;
    err e = look_begin(d, (account_id){0});
    if (e == OK)
        e = schema_pages(d->cx.db, d->is_deep, &rows, &n, &is_done);
    report_begin(d, "pages");
    if (e != OK)
        look_failed(d, "the database", e);
    else
        tell_pages(d, rows, n);
    if (e == OK && d->is_deep && !is_done)
        report_note(d, S("the indexes were not compared with their tables"),
            S("CREATE EXTENSION amcheck, and GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) to this role"));
    report_end(d, is_sqlite ? S("pages of the database") : S("connection to the database"));
    report_begin(d, "references");
    if (e == OK && (e = schema_orphans(d->cx.db, &rows, &n)) != OK)
        look_failed(d, "the references", e);
    for (ptrdiff_t i = 0; e == OK && i < n; i++)
        report_wrong(d,
            str_print(
                &d->page, "table %.*s has rows whose counterpart is missing", SARG(rows[i].words)),
            DAMAGE_ADVICE);
    look_end(d);
    report_end(d, S("references"));
}

static void tell_schema(struct doctor *d, const struct schema_finding *f)
{
    switch (f->fault) {
    case SCHEMA_TABLE_MISSING:
        report_wrong(
            d, str_print(&d->page, "the table %.*s is missing", SARG(f->name)), DAMAGE_ADVICE);
        break;
    case SCHEMA_INDEX_MISSING:
        report_mendable(d, str_print(&d->page, "the index %.*s is missing", SARG(f->name)),
            str_print(&d->page, "index %.*s", SARG(f->name)));
        break;
    case SCHEMA_INDEX_INVALID:
        report_mendable(d, str_print(&d->page, "the index %.*s is invalid", SARG(f->name)),
            str_print(&d->page, "reindex %.*s", SARG(f->name)));
        break;
    case SCHEMA_UNGUARDED:
        report_mendable(d,
            str_print(&d->page, "the table %.*s is without row-level security", SARG(f->name)),
            str_print(&d->page, "guard %.*s", SARG(f->name)));
        break;
    }
}

static void look_at_schema(struct doctor *d)
{
    const struct schema_finding *found = NULL;
    ptrdiff_t n = 0;
    err e = look_begin(d, (account_id){0});
    if (e == OK)
        e = schema_check(d->cx.db, migrations, n_migrations, &found, &n);
    report_begin(d, "schema");
    if (e != OK)
        look_failed(d, "the schema", e);
    for (ptrdiff_t i = 0; e == OK && i < n; i++)
        tell_schema(d, &found[i]);
    look_end(d);
    report_end(d, S("tables and indexes"));
}

/* Two clocks that differ order messages of several nodes wrongly. */
static void look_at_clock(struct doctor *d)
{
    int64_t there_ms = 0;
    err e = look_begin(d, (account_id){0});
    if (e == OK)
        e = checkup_server_clock(d->cx.db, &there_ms);
    look_end(d);
    int64_t apart_ms = there_ms ? there_ms - clock_now_ms() : 0;
    report_begin(d, "server clock");
    if (e == OK && (apart_ms > CLOCK_APART_MS || apart_ms < -CLOCK_APART_MS))
        report_wrong(d,
            str_print(&d->page, "this machine's clock and the database server's are %lld s apart",
                (long long)(apart_ms / 1000)),
            S("let both follow a time server (systemd-timesyncd, chrony)"));
    if (there_ms)
        report_end(d, S("the clocks of this machine and of the database server"));
}

static void look_at_writing(struct doctor *d)
{
    str line = S("probe\n"), out = {0};
    if (!d->has_server)
        return; /* opening it to mend is the proof */
    char name[] = "seva", word[] = DOCTOR_MEND_WORD;
    char *argv[] = {name, word, NULL};
    report_begin(d, "server");
    int code = admin_ask(d->a, d->files.admin_socket, 2, argv, line, &out);
    if (code != 0 || !str_starts(out, S("ok")))
        report_wrong(d, S("the server that holds the data folder takes no write"),
            code < 0 ? S("it does not answer: see its log") : str_trim(out));
    report_end(d, S("the running server takes writes"));
}

bool doctor_look_at_database(struct doctor *d)
{
    look_at_writing(d);
    look_at_pages(d);
    if (!look_at_version(d))
        return false;
    look_at_schema(d);
    look_at_clock(d);
    return true;
}
