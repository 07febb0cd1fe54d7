/* See plan_watch.h. Statements come from any thread: they are only noted then, one mutex. */
#include "plan_watch.h"

#include "db/driver.h"
#include "db/sqlite_driver.h"
#include "plan_rules.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct plan_statement *all;

/* PostgreSQL's type of a value; an array's where it is one of many. */
static unsigned type_of(enum db_type type, bool is_array)
{
    switch (type) {
    case DB_INT:
    case DB_ID:
    case DB_BOOL:
        return is_array ? 1016 : 20;
    case DB_REAL:
        return is_array ? 1022 : 701;
    case DB_TEXT:
        return is_array ? 1009 : 25;
    case DB_BLOB:
        return is_array ? 1001 : 17;
    case DB_NULL:
        break;
    }
    return 0;
}

static struct plan_statement *find(str sql)
{
    for (struct plan_statement *p = all; p; p = p->next)
        if (str_eq(str_from(p->sql), sql))
            return p;
    return NULL;
}

static void note(const struct db_said *said)
{
    struct plan_statement *p = find(said->sql);
    ptrdiff_t n = said->in ? said->in->n_cols : said->n_args;
    if (!p) {
        p = calloc(1, sizeof *p);
        if (!p || n > PLAN_PARAMS || !(p->sql = strndup(said->sql.at, (size_t)said->sql.len)))
            abort();
        p->n_params = (int)n;
        p->next = all;
        all = p;
    }
    for (ptrdiff_t i = 0; i < n; i++)
        if (!p->types[i])
            p->types[i] = type_of(said->in ? said->in->cols[i].type : said->args[i].type, said->in);
}

static void hear(void *arg, struct db_tx *tx, const struct db_said *said)
{
    (void)arg;
    (void)tx;
    if (said->is_over)
        return;
    (void)pthread_mutex_lock(&mutex);
    note(said);
    (void)pthread_mutex_unlock(&mutex);
}

void plan_watch(struct test_db *t)
{
    db_watch(t->db, hear, NULL);
}

bool plan_is_explainable(str sql)
{
    static const char *const verbs[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (str_starts(str_trim(sql), str_from(verbs[i])))
            return true;
    return false;
}

/* ── SQLite ── */

struct lite_plan {
    sqlite3 *handle;
    str sql;
    bool has_limit, has_sort;
    char fault[400], wide[400]; /* the lines that are not good; wide: unless a LIMIT ends it */
};

static bool is_word(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* Does the text say "name alias" or "name AS alias", as whole words? */
static bool has_alias(str sql, str name, str alias)
{
    for (ptrdiff_t at = 0, found; (found = str_find(str_skip(sql, at), name)) >= 0;) {
        at += found + name.len;
        bool is_whole = at == name.len || !is_word(sql.at[at - name.len - 1]);
        str rest = str_skip(sql, at);
        if (!is_whole || rest.len == 0 || is_word(rest.at[0]))
            continue;
        rest = str_trim(rest);
        if (str_starts(rest, S("AS ")))
            rest = str_skip(rest, 3);
        if (str_starts(rest, alias) && (rest.len == alias.len || !is_word(rest.at[alias.len])))
            return true;
    }
    return false;
}

/* The growing table that the plan calls so; false when it is a bounded one or no table. */
static bool is_growing(struct lite_plan *p, str alias)
{
    sqlite3_stmt *st = NULL;
    bool is_growing = false;
    if (sqlite3_prepare_v2(
            p->handle, "SELECT name FROM sqlite_master WHERE type = 'table'", -1, &st, NULL))
        abort();
    while (sqlite3_step(st) == SQLITE_ROW) {
        str name = str_from((const char *)sqlite3_column_text(st, 0));
        if (!table_is_bounded(name) && !str_starts(name, S("sqlite_")) &&
            (str_eq(name, alias) || has_alias(p->sql, name, alias)))
            is_growing = true;
    }
    (void)sqlite3_finalize(st);
    return is_growing;
}

/* The first word of `rest`, which goes behind it. */
static str word(str *rest)
{
    str first;
    *rest = str_trim(*rest);
    (void)str_cut(*rest, ' ', &first, rest);
    return first;
}

/* Of "(account_id=? AND status=? AND id>?)": is one that is equal narrow? */
static bool is_narrow(str terms)
{
    for (bool more = true; more && terms.len;) {
        ptrdiff_t end = str_find(terms, S(" AND "));
        str one = end < 0 ? terms : str_sub(terms, 0, end);
        more = end >= 0;
        terms = more ? str_skip(terms, end + 5) : terms;
        ptrdiff_t equal = str_find(one, S("=?"));
        if (equal > 0 && !column_is_wide(str_sub(one, 0, equal)))
            return true;
    }
    return false;
}

/* An index over few of the rows: its WHERE names a state that does not last. */
static bool is_of_few(struct lite_plan *p, str index)
{
    sqlite3_stmt *st = NULL;
    bool found = false;
    if (sqlite3_prepare_v2(
            p->handle, "SELECT sql FROM sqlite_master WHERE name = ?1", -1, &st, NULL))
        abort();
    (void)sqlite3_bind_text(st, 1, index.at, (int)index.len, SQLITE_STATIC);
    if (sqlite3_step(st) == SQLITE_ROW) {
        str sql = str_from((const char *)sqlite3_column_text(st, 0));
        found = index_is_of_few(sql);
    }
    (void)sqlite3_finalize(st);
    return found;
}

static void judge_line(struct lite_plan *p, str line)
{
    str rest = line, verb = word(&rest), alias = word(&rest);
    bool is_search = str_eq(verb, S("SEARCH")), is_scan = str_eq(verb, S("SCAN"));
    if (str_eq(line, S("USE TEMP B-TREE FOR ORDER BY")) ||
        str_eq(line, S("USE TEMP B-TREE FOR GROUP BY")) ||
        str_eq(line, S("USE TEMP B-TREE FOR DISTINCT")))
        p->has_sort = true;
    if ((!is_search && !is_scan) || str_find(rest, S("VIRTUAL TABLE")) >= 0 ||
        !is_growing(p, alias))
        return;
    ptrdiff_t index = str_find(rest, S("INDEX ")), terms = str_find(rest, S("("));
    str name = index >= 0 ? str_skip(rest, index + 6) : S("");
    name = word(&name);
    if (is_search && terms >= 0 && is_narrow(str_sub(rest, terms + 1, rest.len - terms - 2)))
        return;
    if (name.len && is_of_few(p, name))
        return;
    bool is_sweep = str_starts(p->sql, S("DELETE ")) && str_find(rest, S("_ms<?)")) >= 0;
    if (is_sweep) /* reads what it removes */
        return;
    char *to = is_scan && index < 0 ? p->fault : p->wide;
    (void)snprintf(to, sizeof p->fault, "%.*s", SARG(line));
}

/* The line that is at fault, or empty. */
static const char *lite_fault(struct lite_plan *p)
{
    char explain[32 * 1024];
    sqlite3_stmt *st = NULL;
    int made = snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %.*s", SARG(p->sql));
    if (made >= (int)sizeof explain ||
        sqlite3_prepare_v2(p->handle, explain, -1, &st, NULL) != SQLITE_OK) {
        (void)snprintf(p->fault, sizeof p->fault, "not explained: %s", sqlite3_errmsg(p->handle));
        return p->fault;
    }
    while (sqlite3_step(st) == SQLITE_ROW)
        judge_line(p, str_from((const char *)sqlite3_column_text(st, 3)));
    (void)sqlite3_finalize(st);
    p->has_limit = str_find(p->sql, S("LIMIT")) >= 0;
    if (p->fault[0])
        return p->fault;
    return p->wide[0] && (!p->has_limit || p->has_sort) ? p->wide : "";
}

static int lite_faults(struct test_db *t)
{
    int faults = 0;
    struct lite_plan plan = {0};
    char *path = str_z(&t->arena, str_print(&t->arena, "%s/seva.db", t->folder));
    if (sqlite3_open_v2(path, &plan.handle, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        words_register(plan.handle) != SQLITE_OK)
        abort();
    for (struct plan_statement *s = all; s; s = s->next) {
        plan = (struct lite_plan){.handle = plan.handle, .sql = str_from(s->sql)};
        if (s->is_explained || !plan_is_explainable(plan.sql) || statement_is_allowed(plan.sql))
            continue;
        s->is_explained = true;
        const char *fault = lite_fault(&plan);
        if (!fault[0])
            continue;
        faults++;
        (void)fprintf(stderr, "%s%s grows with the account in: %s\n", fault,
            plan.has_sort ? " (sorted)" : "", s->sql);
    }
    (void)sqlite3_close(plan.handle);
    return faults;
}

int plan_faults(struct test_db *t)
{
    (void)pthread_mutex_lock(&mutex);
    int faults = t->kind == DB_SQLITE ? lite_faults(t) : plan_postgres_faults(&t->arena, all);
    (void)pthread_mutex_unlock(&mutex);
    return faults;
}
