/* The plans of PostgreSQL; see plan_watch.h. Its planner decides by what the tables hold, so the
 * statements are explained in a schema of their own that has a crowd in every table, made once per
 * server and kept until the server ends. Plans are the generic ones: for any value. */
#include "plan_watch.h"

#include "db/migrations.h"
#include "db/pg_driver.h"
#include "plan_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fills every table of the schema: a value by the column's name and type, so that keys, states and
 * times are spread as they are in an account that has grown. */
static const char crowd_sql[] =
    "DO $$ DECLARE t record; names text; items text; n int; BEGIN"
    " FOR t IN SELECT oid, relname FROM pg_class WHERE relkind = 'r'"
    "   AND relnamespace = current_schema()::regnamespace"
    "   AND relname NOT IN ('schema_migration', 'installation', 'inbox_hand') LOOP"
    " SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),"
    "  string_agg(CASE"
    "   WHEN attname = 'account_id' THEN '1'"
    "   WHEN attname IN ('id', 'seq', 'number', 'message_id') THEN 'g'"
    "   WHEN attname LIKE 'is\\_%%' THEN 'CASE WHEN g %% 50 = 0 THEN 1 ELSE 0 END'"
    "   WHEN attname IN ('agent_id', 'assignee_id', 'team_id', 'channel_id', 'webhook_id', 'tag_id',"
    "    'login_id', 'author_id', 'source_id', 'node') THEN 'g %% 7 + 1'"
    "   WHEN attname IN ('read_ms', 'ended_ms', 'used_ms', 'deleted_ms', 'planned_ms')"
    "    THEN 'CASE WHEN g %% 50 = 0 THEN 0 ELSE g END'"
    "   WHEN atttypid = 'bigint'::regtype AND attname LIKE '%%\\_id' THEN 'g / 3 + 1'"
    "   WHEN atttypid = 'bigint'::regtype THEN 'g'"
    "   WHEN atttypid = 'bytea'::regtype THEN '''x''::bytea'"
    "   WHEN atttypid = 'tsvector'::regtype THEN 'to_tsvector(''simple'', g::text)'"
    "   WHEN attname = 'status' THEN '(ARRAY[''open'', ''resolved'', ''resolved'', ''pending'', ''snoozed''])[g %% 5 + 1]'"
    "   WHEN attname = 'state' THEN '(CASE WHEN g %% 50 > 0 THEN ''sent'' ELSE (ARRAY[''queued'', ''running'',"
    "    ''parked'', ''held'', ''failed'', ''quarantined''])[g / 50 %% 6 + 1] END)'"
    "   WHEN attname IN ('kind', 'type', 'direction', 'network', 'owner_kind', 'visibility') THEN '(ARRAY[''in'', ''out'', ''note''])[g %% 3 + 1]'"
    "   ELSE 'g::text' END, ', ' ORDER BY attnum)"
    "  INTO names, items FROM pg_attribute WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped"
    "   AND attidentity = '' AND atttypid <> 'xid8'::regtype;"
    " n := CASE WHEN t.relname = ANY (string_to_array('%s', ',')) THEN 20 ELSE 10000 END;"
    " EXECUTE format('INSERT INTO %%I (%%s) SELECT %%s FROM generate_series(1, %%s) g ON CONFLICT DO NOTHING',"
    "  t.relname, names, items, n);"
    " END LOOP; END $$";

enum { CROWD = 10000, FEW = CROWD / 50 };

static void must(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    ExecStatusType s = PQresultStatus(r);
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK) {
        (void)fprintf(stderr, "plan_postgres: %s: %s\n", sql, PQerrorMessage(c));
        abort();
    }
    PQclear(r);
}

static bool is_there(PGconn *c, const char *schema)
{
    const char *values[1] = {schema};
    PGresult *r = PQexecParams(
        c, "SELECT 1 FROM pg_namespace WHERE nspname = $1", 1, NULL, values, NULL, NULL, 0);
    bool found = PQntuples(r) > 0;
    PQclear(r);
    return found;
}

static void fill(struct arena *a, PGconn *c)
{
    struct sb bounded = sb_make(a, 0);
    for (size_t i = 0; i < sizeof bounded_tables / sizeof bounded_tables[0]; i++) {
        sb_add(&bounded, i ? S(",") : S(""));
        sb_add(&bounded, str_from(bounded_tables[i].table));
    }
    str list = sb_str(&bounded);
    must(c, "BEGIN");
    must(c, "SELECT set_config('seva.account', '1', true)");
    char *sql = str_z(a, str_print(a, crowd_sql, str_z(a, list)));
    must(c, sql);
    must(c, "COMMIT");
    must(c, "ANALYZE");
}

/* The schema's name changes with what it is made of. */
static unsigned long long crowd_hash(void)
{
    unsigned long long h = 0xcbf29ce484222325;
    str with = str_from(crowd_sql);
    for (ptrdiff_t i = 0; i <= n_migrations; i++) {
        str text = i < n_migrations ? migrations[i].text : with;
        for (ptrdiff_t k = 0; k < text.len; k++)
            h = (h ^ (unsigned char)text.at[k]) * 0x100000001b3;
    }
    return h;
}

/* A session in the schema with the crowd; whoever comes first makes it. */
static PGconn *crowd_open(struct arena *a)
{
    const char *url = getenv("SEVA_TEST_PG");
    char schema[64];
    (void)snprintf(schema, sizeof schema, "crowd_%llx", crowd_hash());
    PGconn *c = PQconnectdb(url);
    if (PQstatus(c) != CONNECTION_OK)
        abort();
    must(c, "SELECT pg_advisory_lock(7203)");
    str in_schema =
        str_print(a, "%s%coptions=-csearch_path%%3D%s", url, strchr(url, '?') ? '&' : '?', schema);
    if (!is_there(c, schema)) {
        struct db *db;
        str why;
        must(c, str_z(a, str_print(a, "CREATE SCHEMA %s", schema)));
        if (db_open(a, &(struct db_options){.url = in_schema}, &db, &why) != OK ||
            db_migrate(db, a, migrations, n_migrations, NULL, &why) != OK)
            abort();
        db_close(db);
        PGconn *inside = PQconnectdb(str_z(a, in_schema));
        fill(a, inside);
        PQfinish(inside);
    }
    PQfinish(c); /* and the lock */
    c = PQconnectdb(str_z(a, in_schema));
    must(c, "SET plan_cache_mode = force_generic_plan");
    must(c, "SET random_page_cost = 1.1"); /* a crowd is small: one that reads it all is cheap */
    must(c, "SELECT set_config('seva.account', '1', false)");
    return c;
}

struct pg_plan {
    bool is_sweep, has_limit, has_sort;
    str scan;    /* the last scan of a growing table without a narrow condition so far */
    double rows; /* that it is expected to read */
    char fault[400], wide[400];
};

static double rows_of(str line)
{
    ptrdiff_t at = str_find(line, S(" rows="));
    return at < 0 ? 0 : atof(line.at + at + 6);
}

/* Of "((account_id = $1) AND (id = $2))": is one that is equal narrow? */
static bool is_narrow(str line)
{
    for (ptrdiff_t at; (at = str_find(line, S(" = "))) >= 0; line = str_skip(line, at + 3)) {
        ptrdiff_t from = at;
        while (from > 0 && line.at[from - 1] != '(' && line.at[from - 1] != ' ')
            from--;
        if (!column_is_wide(str_sub(line, from, at - from)))
            return true;
    }
    return false;
}

static void scan_end(struct pg_plan *p)
{
    if (p->scan.len)
        (void)snprintf(p->wide, sizeof p->wide, "%.*s", SARG(p->scan));
    p->scan = (str){0};
}

/* The table behind " on ". */
static str table_of(str line)
{
    ptrdiff_t at = str_find(line, S(" on "));
    str rest = at < 0 ? S("") : str_skip(line, at + 4), name;
    (void)str_cut(rest, ' ', &name, &rest);
    return name;
}

static void judge_line(struct pg_plan *p, str line)
{
    bool is_node = str_find(line, S("(cost=")) >= 0;
    if (is_node)
        scan_end(p);
    if (str_find(line, S("Index Cond:")) >= 0 &&
        (is_narrow(line) || (p->is_sweep && str_find(line, S("_ms <")) >= 0)))
        p->scan = (str){0}; /* a sweep reads what it removes */
    if (str_find(line, S("Limit")) >= 0 && is_node)
        p->has_limit = true;
    if (is_node &&
        (str_starts(str_trim(line), S("Sort ")) || str_find(line, S("->  Sort ")) >= 0) &&
        rows_of(line) > FEW)
        p->has_sort = true;
    bool is_seq = str_find(line, S("Seq Scan on ")) >= 0,
         is_index =
             str_find(line, S("Index Scan")) >= 0 || str_find(line, S("Index Only Scan")) >= 0;
    if (!is_node || (!is_seq && !is_index))
        return;
    bool is_bitmap = str_find(line, S("Bitmap Index Scan")) >= 0;
    str table = table_of(line);
    if (is_bitmap ? rows_of(line) <= FEW : table_is_bounded(table))
        return;
    if (is_seq)
        (void)snprintf(p->fault, sizeof p->fault, "%.*s", SARG(line));
    else if (rows_of(line) > FEW)
        p->scan = line;
}

/* A generic plan thinks that a LIMIT gives a tenth of everything: a screen is what it gives. */
static void put_screens(char *text)
{
    for (char *at = text; (at = strstr(at, "LIMIT $")) != NULL;) {
        at += strlen("LIMIT ");
        char *end = at + 1;
        while (*end >= '0' && *end <= '9')
            end++;
        memset(at, ' ', (size_t)(end - at));
        memcpy(at, "50", 2); /* "$7" and "$23" have room for it */
        at = end;
    }
}

static char *prepare_text(struct arena *a, const struct plan_statement *s)
{
    char *text = arena_alloc(a, (ptrdiff_t)strlen(s->sql) + 1, 1);
    int n;
    if (pg_dollars(str_from(s->sql), text, (ptrdiff_t)strlen(s->sql) + 1, &n) != OK)
        abort();
    put_screens(text);
    return text;
}

static bool explain(struct arena *a, PGconn *c, const struct plan_statement *s, struct pg_plan *p)
{
    struct sb b = sb_make(a, 0);
    PGresult *r = PQprepare(c, "it", prepare_text(a, s), s->n_params, s->types);
    bool is_made = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!is_made)
        (void)snprintf(p->fault, sizeof p->fault, "not explained: %s", PQerrorMessage(c));
    PQclear(r);
    if (!is_made)
        return false;
    sb_add(&b, S("EXPLAIN EXECUTE it"));
    for (int i = 0; i < s->n_params; i++)
        sb_add(&b, i ? S(", NULL") : S("(NULL"));
    sb_add(&b, s->n_params ? S(")") : S(""));
    r = PQexec(c, str_z(a, sb_str(&b)));
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        (void)snprintf(p->fault, sizeof p->fault, "not explained: %s", PQerrorMessage(c));
    for (int i = 0; i < PQntuples(r); i++)
        judge_line(p, str_from(PQgetvalue(r, i, 0)));
    scan_end(p);
    if (getenv("SEVA_TEST_PLANS") &&
        (p->fault[0] || (p->wide[0] && (!p->has_limit || p->has_sort))))
        for (int i = 0; i < PQntuples(r); i++)
            (void)fprintf(stderr, "  %s\n", PQgetvalue(r, i, 0));
    PQclear(r);
    must(c, "DEALLOCATE it");
    return true;
}

int plan_postgres_faults(struct arena *a, struct plan_statement *all)
{
    int faults = 0;
    PGconn *c = NULL;
    for (struct plan_statement *s = all; s; s = s->next) {
        struct pg_plan plan = {.is_sweep = str_starts(str_from(s->sql), S("DELETE "))};
        if (s->is_explained || !plan_is_explainable(str_from(s->sql)) ||
            statement_is_allowed(str_from(s->sql)))
            continue;
        s->is_explained = true;
        if (!c)
            c = crowd_open(a);
        (void)explain(a, c, s, &plan);
        const char *fault = plan.fault[0]                      ? plan.fault
                            : !plan.has_limit || plan.has_sort ? plan.wide
                                                               : "";
        if (!fault[0])
            continue;
        faults++;
        (void)fprintf(stderr, "%s%s grows with the account in: %s\n", fault,
            plan.has_sort ? " (sorted)" : "", s->sql);
    }
    PQfinish(c);
    return faults;
}
