/* Looking words up (search.h). SQLite: FTS5 gives hits newest first and stops, but for a beginning
 * longer than its index of beginnings it first gathers all hits. So the hits of the first letters
 * are looked through, a window at a time. PostgreSQL: an index over words has no order, so a common
 * word would mean reading all its hits; there the newest rows are looked through. In both, only
 * what is rare in these windows is asked of the index as it is. */
#include "store/search.h"

#include "base/limits.h"
#include "store/search_inner.h"

enum {
    WINDOW = 4000,        /* rows: 10 ms */
    WINDOWS_MOST = 10,    /* then the index, whatever it costs */
    RARE_IN_WINDOW = 80,  /* fewer hits: at most 2 % of an account's rows are read by the index */
    BEGUN_WINDOW = 2000,  /* hits of the first letters: 4 ms */
    RARE_AMONG_BEGUN = 40 /* the same share */
};

struct id_row {
    int64_t id;
};
static const struct db_col id_cols[] = {COL(struct id_row, id)};
struct begun_row {
    int64_t id;
    bool has_word;
};
static const struct db_col begun_cols[] = {
    COL(struct begun_row, id),
    COL(struct begun_row, has_word),
};

/* ── what is asked for ──────────────────────────────────────────────────────────────────────────
 */

/* Bytes of a word's first letters, at most as many as the index of beginnings goes up to
 * (migrations/0019_search.sql: 4 with the account's mark). */
static ptrdiff_t first_letters(str word)
{
    enum { LETTERS = 3 };
    ptrdiff_t at = 0;
    for (int i = 0; i < LETTERS && at < word.len; i++) {
        at++;
        while (at < word.len && (word.at[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

static void lite_phrase(struct sb *b, str mark, const str *words, ptrdiff_t n, bool is_prefix)
{
    sb_byte(b, '"');
    sb_add(b, mark);
    for (ptrdiff_t i = 0; i < n; i++) {
        str word = search_word_cut(words[i]);
        sb_byte(b, ' ');
        for (ptrdiff_t k = 0; k < word.len; k++) {
            if (word.at[k] == '"')
                sb_byte(b, '"');
            sb_byte(b, word.at[k]);
        }
    }
    sb_add(b, is_prefix ? S("\" *") : S("\""));
}

static void lite_clause(struct sb *b, str mark, const struct search_clause *c)
{
    const str others[] = {c->whole, c->phone};
    sb_byte(b, '(');
    lite_phrase(b, mark, c->words, c->n, c->is_prefix);
    for (int i = 0; i < 2; i++)
        if (others[i].len) {
            sb_add(b, S(" OR "));
            lite_phrase(b, mark, &others[i], 1, c->is_prefix);
        }
    sb_byte(b, ')');
}

static void lite_shortened(struct sb *b, str mark, const struct search_clause *c)
{
    str first = search_word_cut(c->words[0]);
    first = str_sub(first, 0, first_letters(first));
    lite_phrase(b, mark, &first, 1, true);
}

static void pg_words(struct sb *b, str mark, const struct search_clause *c, str between)
{
    sb_byte(b, '(');
    for (ptrdiff_t i = 0; i < c->n; i++) {
        if (i)
            sb_add(b, between);
        search_lexeme(b, mark, search_word_cut(c->words[i]));
        if (c->is_prefix && i == c->n - 1)
            sb_add(b, S(":*"));
    }
    sb_byte(b, ')');
}

/* A thing whose positions are not all known holds a phrase when it holds its words; who reads it
 * looks again (care/search.c). It is never excluded by a phrase. */
static void pg_phrase(struct sb *b, str mark, const struct search_clause *c)
{
    if (c->n == 1 || c->is_excluded) {
        pg_words(b, mark, c, S(" <-> "));
        return;
    }
    sb_byte(b, '(');
    pg_words(b, mark, c, S(" <-> "));
    sb_add(b, S(" | ("));
    search_lexeme(b, mark, S(SEARCH_LONG));
    sb_add(b, S(" & "));
    pg_words(b, mark, c, S(" & "));
    sb_add(b, S("))"));
}

static void pg_clause(struct sb *b, str mark, const struct search_clause *c)
{
    const str others[] = {c->whole, c->phone};
    sb_byte(b, '(');
    pg_phrase(b, mark, c);
    for (int i = 0; i < 2; i++) {
        const struct search_clause other = {.words = &others[i], .n = 1, .is_prefix = c->is_prefix};
        if (!others[i].len)
            continue;
        sb_add(b, S(" | "));
        pg_words(b, mark, &other, S(""));
    }
    sb_byte(b, ')');
}

/* Of the clause `shortened` the last word's first letters are enough; -1 = of none. */
static str question(
    struct ctx *cx, const struct search_clause *clauses, ptrdiff_t n, ptrdiff_t shortened)
{
    enum db_kind db = db_tx_kind(cx->db);
    str mark = search_mark(cx->arena, db, cx->account.v);
    struct sb b = sb_make(cx->arena, 0);
    bool has_own = false;
    for (ptrdiff_t i = 0; i < n; i++)
        has_own = has_own || (clauses[i].n && !clauses[i].is_excluded);
    if (!has_own) {
        static const str every = S_INIT(SEARCH_EVERY);
        const struct search_clause all = {.words = &every, .n = 1};
        db == DB_SQLITE ? lite_clause(&b, mark, &all) : pg_clause(&b, mark, &all);
    }
    for (int excluded = 0; excluded < 2; excluded++)
        for (ptrdiff_t i = 0; i < n; i++) {
            if (clauses[i].is_excluded != (excluded == 1) || !clauses[i].n)
                continue;
            if (db == DB_SQLITE) {
                if (b.len)
                    sb_add(&b, excluded ? S(" NOT ") : S(" AND "));
                if (i == shortened)
                    lite_shortened(&b, mark, &clauses[i]);
                else
                    lite_clause(&b, mark, &clauses[i]);
            } else {
                if (b.len)
                    sb_add(&b, S(" & "));
                if (excluded)
                    sb_byte(&b, '!');
                pg_clause(&b, mark, &clauses[i]);
            }
        }
    return sb_str(&b);
}

/* ── hits ───────────────────────────────────────────────────────────────────────────────────────
 */

#define LITE(table)                                                                                \
    S_INIT("SELECT rowid AS id FROM " table " WHERE " table " MATCH ?2 AND rowid >= ?3"            \
           " AND rowid < ?4 AND ?1 <> 0 AND ?6 = 0 ORDER BY rowid DESC LIMIT ?5")
#define NEWEST(table)                                                                              \
    "(SELECT w.thing_id, w.words FROM " table " w WHERE w.account_id = ?1 AND w.thing_id >= ?3"    \
    " AND w.thing_id < ?4 ORDER BY w.thing_id DESC LIMIT ?6)"
#define WALK(table)                                                                                \
    S_INIT("SELECT n.thing_id AS id FROM " NEWEST(                                                 \
        table) " n WHERE n.words @@ ?2::tsquery ORDER BY n.thing_id DESC LIMIT ?5")
/* The last row of a window; none when it is the end. */
#define EDGE(table)                                                                                \
    S_INIT("SELECT w.thing_id AS id FROM " table                                                   \
           " w WHERE w.account_id = ?1 AND w.thing_id >= ?2 AND w.thing_id < ?3"                   \
           " ORDER BY w.thing_id DESC OFFSET ?4 LIMIT 1")
/* OFFSET 0 keeps the planner from walking the primary key until a rare word turns up. */
#define ASK(table)                                                                                 \
    S_INIT("SELECT n.thing_id AS id FROM (SELECT w.account_id, w.thing_id FROM " table             \
           " w WHERE w.words @@ ?2::tsquery OFFSET 0) n WHERE n.account_id = ?1 AND ?6 > 0"        \
           " AND n.thing_id >= ?3 AND n.thing_id < ?4 ORDER BY n.thing_id DESC LIMIT ?5")
/* 0x20 and 0x1f stand before a word (db/sqlite_words.c). */
#define BEGUN(table)                                                                               \
    S_INIT("SELECT b.id, CASE WHEN instr(b.words, ' ' || ?5) > 0"                                  \
           " OR instr(b.words, char(31) || ?5) > 0 THEN 1 ELSE 0 END AS has_word"                  \
           " FROM (SELECT rowid AS id, words FROM " table " WHERE " table " MATCH ?2"              \
           " AND rowid >= ?3 AND rowid < ?4 AND ?1 <> 0 ORDER BY rowid DESC LIMIT ?6) b")
static const str begun_sql[] = {BEGUN("search_message"), BEGUN("search_contact")};
static const str lite_sql[] = {LITE("search_message"), LITE("search_contact")};
static const str walk_sql[] = {WALK("search_message"), WALK("search_contact")};
static const str edge_sql[] = {EDGE("search_message"), EDGE("search_contact")};
static const str ask_sql[] = {ASK("search_message"), ASK("search_contact")};

struct look {
    struct ctx *cx;
    enum search_kind kind;
    str question;
    int64_t from, before;
    ptrdiff_t limit;
    int64_t *ids;
    ptrdiff_t n;
};

static err add(struct look *l, str sql, ptrdiff_t window, ptrdiff_t *found)
{
    struct id_row *rows = NULL;
    TRY(db_all(l->cx->db, sql,
        ARGS(A_INT(l->cx->account.v), A_TEXT(l->question), A_INT(l->from), A_INT(l->before),
            A_INT(l->limit - l->n), A_INT(window)),
        COLS(id_cols), (ptrdiff_t)sizeof *rows, &rows, found));
    for (ptrdiff_t i = 0; i < *found; i++)
        l->ids[l->n++] = rows[i].id;
    return OK;
}

/* A beginning that is alone in its clause and longer than the index of beginnings; -1: none. */
static ptrdiff_t long_beginning(const struct search_clause *clauses, ptrdiff_t n)
{
    for (ptrdiff_t i = n - 1; i >= 0; i--) {
        const struct search_clause *c = &clauses[i];
        if (c->is_prefix && !c->is_excluded && c->n == 1 && !c->whole.len && !c->phone.len &&
            first_letters(c->words[0]) < search_word_cut(c->words[0]).len)
            return i;
    }
    return -1;
}

static err lite_windows(struct look *l, str shorter, str word, bool *is_done)
{
    *is_done = false;
    for (int i = 0; i < WINDOWS_MOST; i++) {
        struct begun_row *rows = NULL;
        ptrdiff_t n = 0, found = 0;
        TRY(db_all(l->cx->db, begun_sql[l->kind],
            ARGS(A_INT(l->cx->account.v), A_TEXT(shorter), A_INT(l->from), A_INT(l->before),
                A_TEXT(word), A_INT(BEGUN_WINDOW)),
            COLS(begun_cols), (ptrdiff_t)sizeof *rows, &rows, &n));
        for (ptrdiff_t k = 0; k < n && l->n < l->limit; k++)
            if (rows[k].has_word) {
                l->ids[l->n++] = rows[k].id;
                found++;
            }
        *is_done = n < BEGUN_WINDOW || l->n == l->limit;
        if (*is_done)
            break;
        l->before = rows[n - 1].id;
        if (found < RARE_AMONG_BEGUN)
            break;
    }
    return OK;
}

static err lite_look(struct look *l, const struct search_clause *clauses, ptrdiff_t n)
{
    ptrdiff_t found = 0, begun = long_beginning(clauses, n);
    bool is_done = false;
    if (begun >= 0)
        TRY(lite_windows(l, question(l->cx, clauses, n, begun),
            search_word_cut(clauses[begun].words[0]), &is_done));
    return is_done ? OK : add(l, lite_sql[l->kind], 0, &found);
}

static err postgres_look(struct look *l)
{
    ptrdiff_t found = 0;
    for (int i = 0; i < WINDOWS_MOST; i++) {
        struct id_row edge = {0};
        err e = db_one(l->cx->db, edge_sql[l->kind],
            ARGS(A_INT(l->cx->account.v), A_INT(l->from), A_INT(l->before), A_INT(WINDOW - 1)),
            COLS(id_cols), &edge);
        if (e != OK && e != E_NOT_FOUND)
            return e;
        TRY(add(l, walk_sql[l->kind], WINDOW, &found));
        if (e == E_NOT_FOUND || l->n == l->limit)
            return OK;
        l->before = edge.id;
        if (found < RARE_IN_WINDOW)
            break;
    }
    return add(l, ask_sql[l->kind], WINDOW, &found);
}

err search_ids(struct ctx *cx, enum search_kind kind, const struct search_clause *clauses,
    ptrdiff_t n, int64_t from, int64_t before, ptrdiff_t limit, int64_t **ids, ptrdiff_t *n_ids)
{
    struct look l = {.cx = cx,
        .kind = kind,
        .question = question(cx, clauses, n, -1),
        .from = from,
        .before = before,
        .limit = limit,
        .ids = NEW(cx->arena, int64_t, limit + 1)};
    TRY(db_tx_kind(cx->db) == DB_SQLITE ? lite_look(&l, clauses, n) : postgres_look(&l));
    *ids = l.ids;
    *n_ids = l.n;
    return OK;
}
