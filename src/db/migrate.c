/* Migrations: one text for both databases, applied in order, each in a transaction, known by name
 * and hash. Not: the texts (migrations/, embedded as db/migrations.h). Rules: db.h "migrations";
 * forward only; a file that was applied is never edited. Thread: one at start; other nodes may do
 * the same at the same time (the driver's lock). */
#include "db/driver.h"

#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/failpoint.h"
#include "base/log.h"

enum { MAX_SCRIPT_BYTES = 1024 * 1024 };

struct applied {
    int64_t version;
    str name, hash;
};
static const struct db_col applied_cols[] = {
    COL(struct applied, version), COL(struct applied, name), COL(struct applied, hash)};

static const str table_sql = S_INIT("CREATE TABLE IF NOT EXISTS schema_migration (\n"
                                    "    version @int NOT NULL PRIMARY KEY,\n"
                                    "    name TEXT NOT NULL,\n"
                                    "    hash TEXT NOT NULL,\n"
                                    "    applied_ms @int NOT NULL);\n");

/* ── the dialect ── */

struct token {
    str name, sqlite, postgres;
};
static const struct token tokens[] = {
    {S_INIT("@pk"),   S_INIT("INTEGER PRIMARY KEY"),
     S_INIT("BIGINT NOT NULL, PRIMARY KEY (account_id, id)")         },
    {S_INIT("@int"),  S_INIT("INTEGER"),             S_INIT("BIGINT")},
    {S_INIT("@blob"), S_INIT("BLOB"),                S_INIT("BYTEA") },
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static const struct token *token_at(str s, ptrdiff_t i)
{
    for (size_t t = 0; t < sizeof tokens / sizeof tokens[0]; t++) {
        ptrdiff_t end = i + tokens[t].name.len;
        bool is_whole = end >= s.len || !is_word(s.at[end]);
        if (is_whole && str_starts(str_skip(s, i), tokens[t].name))
            return &tokens[t];
    }
    return NULL;
}

static void add_line(struct sb *b, str line, enum db_kind kind)
{
    ptrdiff_t from = 0;
    for (ptrdiff_t i = 0; i < line.len; i++) {
        const struct token *t = line.at[i] == '@' ? token_at(line, i) : NULL;
        if (t == NULL)
            continue;
        sb_add(b, str_sub(line, from, i - from));
        sb_add(b, kind == DB_SQLITE ? t->sqlite : t->postgres);
        from = i + t->name.len;
        i = from - 1;
    }
    sb_add(b, str_skip(line, from));
    sb_byte(b, '\n');
}

/* Lines outside blocks, and those of this database's blocks. */
err migration_text(struct arena *a, str text, enum db_kind kind, str *sql)
{
    struct sb b = sb_make(a, MAX_SCRIPT_BYTES);
    bool is_in_block = false, is_ours = true;
    while (text.len > 0) {
        str line;
        (void)str_cut(text, '\n', &line, &text); /* the last line may have no end */
        str word = str_trim(line);
        bool opens_sqlite = str_eq(word, S("-- @sqlite"));
        bool opens = opens_sqlite || str_eq(word, S("-- @postgres"));
        bool ends = str_eq(word, S("-- @end"));
        if ((opens && is_in_block) || (ends && !is_in_block))
            return E_INVALID;
        if (opens || ends) {
            is_in_block = opens;
            is_ours = ends || opens_sqlite == (kind == DB_SQLITE);
        } else if (is_ours) {
            add_line(&b, line, kind);
        }
    }
    if (is_in_block || b.failed)
        return E_INVALID;
    *sql = sb_str(&b);
    return OK;
}

/* Behind what begins at s.at[i] and may hold a ";" that ends nothing; i when nothing of it does. */
static ptrdiff_t skip_whole(str s, ptrdiff_t i)
{
    str rest = str_skip(s, i), end = S("");
    if (s.at[i] == '\'' || s.at[i] == '"')
        end = str_sub(s, i, 1);
    else if (str_starts(rest, S("--")))
        end = S("\n");
    else if (str_starts(rest, S("$$")))
        end = S("$$");
    if (end.len == 0)
        return i;
    ptrdiff_t from = i + (end.at[0] == '\n' ? 2 : end.len), at = str_find(str_skip(s, from), end);
    return at < 0 ? s.len : from + at + end.len;
}

bool migration_statement(str script, str *statement, str *rest)
{
    str s = str_trim(script);
    bool is_trigger = false;
    ptrdiff_t i = 0;
    while (i < s.len && str_starts(str_skip(s, i), S("--"))) /* what stands above it */
        for (i = skip_whole(s, i); i < s.len && (s.at[i] == '\n' || s.at[i] == ' ');)
            i++;
    s = str_skip(s, i);
    /* SQLite's have statements inside and end with END; */
    is_trigger = str_starts(s, S("CREATE TRIGGER")) && str_find(s, S("\nBEGIN\n")) > 0 &&
                 str_find(s, S("\nBEGIN\n")) < str_find(s, S(";"));
    for (i = 0; i < s.len; i++) {
        ptrdiff_t behind = skip_whole(s, i);
        if (behind > i) {
            i = behind - 1;
            continue;
        }
        if (s.at[i] == ';' && (!is_trigger || str_ends(str_sub(s, 0, i), S("\nEND"))))
            break;
    }
    if (s.len == 0)
        return false;
    *statement = str_sub(s, 0, i < s.len ? i + is_trigger : s.len);
    *rest = i < s.len ? str_skip(s, i + 1) : S("");
    return true;
}

/* ── the table of what was applied ── */

static const struct migration *by_version(
    const struct migration *list, ptrdiff_t n, int64_t version)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (list[i].version == version)
            return &list[i];
    return NULL;
}

static str hash_of(struct arena *a, str text)
{
    struct sha256 h = crypto_sha256(text);
    return crypto_hex(a, str_of(h.b, (ptrdiff_t)sizeof h.b));
}

/* Is what was applied the beginning of what we know, or at most one step further? */
static err check(struct arena *a, const struct applied *rows, ptrdiff_t n_rows,
    const struct migration *list, ptrdiff_t n, str *why)
{
    int64_t newest = n > 0 ? list[n - 1].version : 0;
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const struct applied *row = &rows[i];
        const struct migration *m = by_version(list, n, row->version);
        if (row->version == newest + 1)
            continue; /* a newer node has expanded the schema for the next version */
        if (m == NULL) {
            *why = str_print(a,
                "the database has migration %.*s, which this program does not know: it was used "
                "by a newer version; install that one",
                SARG(row->name));
            return E_CONFLICT;
        }
        if (!str_eq(row->name, str_from(m->name)) || !str_eq(row->hash, hash_of(a, m->text))) {
            *why = str_print(a,
                "migration %s was changed after it was applied to this database; a migration is "
                "never edited, add a new one",
                m->name);
            return E_CONFLICT;
        }
    }
    return OK;
}

static err read_applied(struct db_tx *tx, struct applied **rows, ptrdiff_t *n, str *why)
{
    str sql = S("SELECT version, name, hash\n"
                "FROM schema_migration\n"
                "ORDER BY version");
    err e = db_all(tx, sql, NO_ARGS, COLS(applied_cols), (ptrdiff_t)sizeof **rows, rows, n);
    if (e != OK)
        *why = S("cannot read schema_migration; see the log");
    return e;
}

static bool is_applied(const struct applied *rows, ptrdiff_t n, int version)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].version == version)
            return true;
    return false;
}

/* ── applying ── */

static err run_text(struct db_tx *tx, const char *name, str text, str *why)
{
    str sql;
    if (migration_text(tx->arena, text, tx->db->kind, &sql) != OK) {
        *why = str_print(tx->arena, "migration %s: a block is not opened and ended in turn", name);
        return E_INVALID;
    }
    str words = S(""), statement;
    err e = OK;
    while (e == OK && migration_statement(sql, &statement, &sql)) {
        FAILPOINT("migrate.statement");
        e = tx->db->driver->script_run(tx, statement, &words);
    }
    if (e != OK)
        *why = str_print(tx->arena, "migration %s: %.*s", name, SARG(words));
    return e;
}

static err apply_in(struct db_tx *tx, const struct migration *m, str *why)
{
    TRY(run_text(tx, m->name, m->text, why));
    str sql = S("INSERT INTO schema_migration (version, name, hash, applied_ms)\n"
                "VALUES (?1, ?2, ?3, ?4)");
    str name = str_from(m->name);
    str hash = hash_of(tx->arena, m->text);
    err e = db_run(
        tx, sql, ARGS(A_INT(m->version), A_TEXT(name), A_TEXT(hash), A_INT(clock_now_ms())), NULL);
    if (e != OK)
        *why = S("cannot write schema_migration; see the log");
    return e;
}

/* Another node may have applied it since we looked. */
static err apply(
    struct db *db, struct arena *a, const struct migration *m, ptrdiff_t *applied, str *why)
{
    struct db_tx *tx = NULL;
    TRY(db->driver->script_begin(db, a, &tx, why));
    struct applied *rows = NULL;
    ptrdiff_t n_rows = 0;
    err e = read_applied(tx, &rows, &n_rows, why);
    bool is_new = e == OK && !is_applied(rows, n_rows, m->version);
    if (is_new)
        e = apply_in(tx, m, why);
    FAILPOINT("migrate.before_commit");
    err ended = db->driver->script_end(tx, e == OK, why);
    FAILPOINT("migrate.after_commit");
    if (e == OK)
        e = ended;
    if (e == OK && is_new) {
        log_line(LOG_INFO, "migration applied", LOG_Z("name", m->name));
        ++*applied;
    }
    return e;
}

static err look(struct db *db, struct arena *a, struct applied **rows, ptrdiff_t *n, str *why)
{
    struct db_tx *tx = NULL;
    TRY(db->driver->script_begin(db, a, &tx, why));
    err e = run_text(tx, "schema_migration", table_sql, why);
    if (e == OK)
        e = read_applied(tx, rows, n, why);
    err ended = db->driver->script_end(tx, e == OK, why);
    return e != OK ? e : ended;
}

err db_migrate(struct db *db, struct arena *a, const struct migration *list, ptrdiff_t n,
    ptrdiff_t *applied, str *why)
{
    struct applied *rows = NULL;
    ptrdiff_t n_rows = 0, count = 0;
    TRY(look(db, a, &rows, &n_rows, why));
    TRY(check(a, rows, n_rows, list, n, why));
    for (ptrdiff_t i = 0; i < n; i++)
        if (!is_applied(rows, n_rows, list[i].version))
            TRY(apply(db, a, &list[i], &count, why));
    if (applied != NULL)
        *applied = count;
    return OK;
}

err db_migrations_missing(
    struct db_tx *tx, const struct migration *list, ptrdiff_t n, ptrdiff_t *missing)
{
    struct applied *rows = NULL;
    ptrdiff_t n_rows = 0;
    str why;
    TRY(read_applied(tx, &rows, &n_rows, &why));
    *missing = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        *missing += !is_applied(rows, n_rows, list[i].version);
    return OK;
}

err db_migrations_known(struct db_tx *tx, const struct migration *list, ptrdiff_t n, str *why)
{
    struct applied *rows = NULL;
    ptrdiff_t n_rows = 0;
    TRY(read_applied(tx, &rows, &n_rows, why));
    if (n_rows > 0)
        return check(tx->arena, rows, n_rows, list, n, why);
    *why = S("the database is none of Seva's: it has no migration");
    return E_CONFLICT;
}
