/* schema_check: see schema_check.h. Sources: SQLite's "PRAGMA integrity_check" (its words about
 * indexes), PostgreSQL's manual: pg_index.indisvalid, pg_class.relrowsecurity, "amcheck". */
#include "db/schema_check.h"

#include "db/driver.h"

/* ── what there should be ── */

struct part {
    str name, sql;
    bool is_index, is_guarded, is_gone;
};
struct parts {
    struct part at[SCHEMA_PARTS_MOST];
    ptrdiff_t n;
};

static struct part *part_of(struct parts *p, str name)
{
    for (ptrdiff_t i = 0; i < p->n; i++)
        if (str_eq(p->at[i].name, name))
            return &p->at[i];
    return NULL;
}

/* The word behind a beginning; empty: it begins otherwise. */
static str word_after(str sql, str beginning)
{
    str rest = str_trim(str_skip(sql, beginning.len));
    ptrdiff_t n = 0;
    if (!str_starts(sql, beginning))
        return S("");
    while (n < rest.len && rest.at[n] != ' ' && rest.at[n] != '(' && rest.at[n] != '\n')
        n++;
    return str_sub(rest, 0, n);
}

static err add(struct parts *p, str name, str sql, bool is_index)
{
    struct part *known = part_of(p, name);
    if (known == NULL && p->n == SCHEMA_PARTS_MOST)
        return E_LIMIT;
    if (known == NULL)
        known = &p->at[p->n++];
    *known = (struct part){.name = name, .sql = sql, .is_index = is_index};
    return OK;
}

static err note_statement(struct parts *p, str sql)
{
    str table = word_after(sql, S("CREATE TABLE")), index = word_after(sql, S("CREATE INDEX"));
    if (index.len == 0)
        index = word_after(sql, S("CREATE UNIQUE INDEX"));
    if (table.len > 0 || index.len > 0)
        return add(p, table.len > 0 ? table : index, sql, index.len > 0);
    str gone = word_after(sql, S("DROP INDEX"));
    if (gone.len == 0)
        gone = word_after(sql, S("DROP TABLE"));
    struct part *part = part_of(p, gone.len > 0 ? gone : word_after(sql, S("ALTER TABLE")));
    if (part != NULL && gone.len > 0)
        part->is_gone = true;
    else if (part != NULL && str_ends(sql, S(" ENABLE ROW LEVEL SECURITY")))
        part->is_guarded = true;
    return OK;
}

static err parts_read(
    struct db_tx *tx, const struct migration *list, ptrdiff_t n, struct parts **made)
{
    struct parts *p = NEW(tx->arena, struct parts, 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        str sql, statement;
        TRY(migration_text(tx->arena, list[i].text, tx->db->kind, &sql));
        while (migration_statement(sql, &statement, &sql))
            TRY(note_statement(p, statement));
    }
    *made = p;
    return OK;
}

/* ── what there is ── */

struct there_row {
    str name;
    bool is_valid, is_guarded;
};
static const struct db_col there_cols[] = {COL(struct there_row, name),
    COL(struct there_row, is_valid), COL(struct there_row, is_guarded)};

static const str sqlite_there =
    S_INIT("SELECT name, 1 AS is_valid, 1 AS is_guarded FROM sqlite_schema"
           " WHERE type IN ('table', 'index') LIMIT 10000");
static const str postgres_there =
    S_INIT("SELECT c.relname::text AS name,"
           " CASE WHEN COALESCE(i.indisvalid, true) THEN 1 ELSE 0 END AS is_valid,"
           " CASE WHEN c.relrowsecurity AND c.relforcerowsecurity THEN 1 ELSE 0 END AS is_guarded"
           " FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid"
           " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'i', 'p')"
           " LIMIT 10000");

static const struct there_row *there_of(const struct there_row *rows, ptrdiff_t n, str name)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(rows[i].name, name))
            return &rows[i];
    return NULL;
}

static bool judge(const struct part *part, const struct there_row *there, enum schema_fault *fault)
{
    if (there == NULL)
        *fault = part->is_index ? SCHEMA_INDEX_MISSING : SCHEMA_TABLE_MISSING;
    else if (!there->is_valid)
        *fault = SCHEMA_INDEX_INVALID;
    else if (part->is_guarded && !there->is_guarded)
        *fault = SCHEMA_UNGUARDED;
    else
        return false;
    return true;
}

err schema_check(struct db_tx *tx, const struct migration *list, ptrdiff_t n,
    const struct schema_finding **found, ptrdiff_t *n_found)
{
    struct parts *p;
    struct there_row *rows;
    ptrdiff_t n_rows, count = 0;
    TRY(parts_read(tx, list, n, &p));
    TRY(db_all(tx, db_pick(tx, sqlite_there, postgres_there), NO_ARGS, COLS(there_cols),
        (ptrdiff_t)sizeof *rows, &rows, &n_rows));
    struct schema_finding *list_of = NEW(tx->arena, struct schema_finding, p->n + 1);
    for (ptrdiff_t i = 0; i < p->n; i++) {
        const struct part *part = &p->at[i];
        struct schema_finding *f = &list_of[count];
        if (part->is_gone || !judge(part, there_of(rows, n_rows, part->name), &f->fault))
            continue;
        f->name = part->name;
        f->sql = part->sql;
        count++;
    }
    *found = list_of;
    *n_found = count;
    return OK;
}

err schema_mend(struct db *db, struct arena *a, str sql, str *why)
{
    struct db_tx *tx = NULL;
    TRY(db->driver->script_begin(db, a, &tx, why));
    err e = db->driver->script_run(tx, sql, why);
    err ended = db->driver->script_end(tx, e == OK, why);
    return e != OK ? e : ended;
}

/* ── its inside ── */

struct words_row {
    str words;
};
static const struct db_col words_cols[] = {COL(struct words_row, words)};

/* "row 12 missing from index x", "wrong # of entries in index x", "non-unique entry in index x". */
static str index_in(str words)
{
    ptrdiff_t at = str_find(words, S(" index "));
    bool is_index = at > 0 && (str_starts(words, S("row ")) || str_starts(words, S("wrong #")) ||
                                  str_starts(words, S("non-unique entry")));
    return is_index ? str_trim(str_skip(words, at + 7)) : S("");
}

static err words_of(struct db_tx *tx, str sql, const struct schema_words **rows, ptrdiff_t *n)
{
    struct words_row *said;
    ptrdiff_t n_said, count = 0;
    TRY(db_all(tx, sql, ARGS(A_INT(SCHEMA_WORDS_MOST)), COLS(words_cols), (ptrdiff_t)sizeof *said,
        &said, &n_said));
    struct schema_words *list = NEW(tx->arena, struct schema_words, n_said + 1);
    for (ptrdiff_t i = 0; i < n_said; i++)
        if (!str_eq(said[i].words, S("ok")))
            list[count++] = (struct schema_words){said[i].words, index_in(said[i].words)};
    *rows = list;
    *n = count;
    return OK;
}

/* The index is named by an error of its own, so each is looked at behind a savepoint. */
static err amcheck(struct db_tx *tx, const struct schema_words **rows, ptrdiff_t *n)
{
    struct words_row *names;
    ptrdiff_t n_names, count = 0;
    TRY(db_all(tx,
        S("SELECT c.relname::text AS words FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
          " JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'"
          " WHERE c.relnamespace = current_schema()::regnamespace AND i.indisvalid"
          " ORDER BY c.relname LIMIT 10000"),
        NO_ARGS, COLS(words_cols), (ptrdiff_t)sizeof *names, &names, &n_names));
    struct schema_words *list = NEW(tx->arena, struct schema_words, n_names + 1);
    for (ptrdiff_t i = 0; i < n_names; i++) {
        struct words_row none;
        TRY(db_savepoint(tx));
        err e = db_one(tx,
            S("SELECT bt_index_check((quote_ident(current_schema()) || '.' || quote_ident(?1))"
              "::regclass, true)::text AS words"),
            ARGS(A_TEXT(names[i].words)), COLS(words_cols), &none);
        TRY(db_savepoint_end(tx, e == OK));
        if (e == E_INTERNAL)
            list[count++] = (struct schema_words){
                str_print(tx->arena, "index %.*s: see the log above", SARG(names[i].words)),
                names[i].words};
        else if (e != OK)
            return e;
    }
    *rows = list;
    *n = count;
    return OK;
}

struct may_row {
    bool may;
};
static const struct db_col may_cols[] = {COL(struct may_row, may)};

err schema_pages(
    struct db_tx *tx, bool is_deep, const struct schema_words **rows, ptrdiff_t *n, bool *is_done)
{
    struct may_row row = {0};
    *is_done = true;
    *n = 0;
    if (tx->db->kind == DB_SQLITE)
        return words_of(tx,
            is_deep ? S("SELECT integrity_check AS words FROM pragma_integrity_check(?1)")
                    : S("SELECT quick_check AS words FROM pragma_quick_check(?1)"),
            rows, n);
    TRY(db_one(tx,
        S("SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'bt_index_check' AND pronargs = 2"
          "  AND has_function_privilege(oid, 'EXECUTE')) THEN 1 ELSE 0 END AS may"),
        NO_ARGS, COLS(may_cols), &row));
    *is_done = is_deep && row.may;
    return *is_done ? amcheck(tx, rows, n) : OK;
}

err schema_orphans(struct db_tx *tx, const struct schema_words **rows, ptrdiff_t *n)
{
    *n = 0;
    if (tx->db->kind != DB_SQLITE)
        return OK;
    return words_of(tx,
        S("SELECT DISTINCT \"table\" AS words FROM pragma_foreign_key_check LIMIT ?1"), rows, n);
}
