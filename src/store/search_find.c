/* Looking words up (search.h), and how SQLite does: FTS5 gives hits newest first and stops, but for
 * a beginning longer than its index of beginnings it first gathers all hits. So the hits of the
 * first letters are looked through, a window at a time; only what is rare in these windows is asked
 * of the index as it is. PostgreSQL's way is in search_postgres.c. */
#include "store/search.h"

#include "base/limits.h"
#include "store/search_inner.h"

enum {
    BEGUN_LEAST = 400,        /* hits of the first letters, or as many as are missing: 1 ms */
    BEGUN_MOST = 2000,        /* then twice as many: 4 ms */
    BEGUN_LOOKED = 20 * 1000, /* then the index, whatever it costs */
    RARE_ONE_IN = 50,         /* as it is with what is rarer among them */
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

/* ── what is asked for ── */

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

/* Of the clause `shortened` the last word's first letters are enough; -1 = of none. */
static str question(struct ctx *cx, const struct search_asked *asked, ptrdiff_t shortened)
{
    str mark = search_mark(cx->arena, DB_SQLITE, cx->account.v);
    struct sb b = sb_make(cx->arena, 0);
    if (!search_has_own(asked)) {
        static const str every = S_INIT(SEARCH_EVERY);
        lite_clause(&b, mark, &(struct search_clause){.words = &every, .n = 1});
    }
    for (int excluded = 0; excluded < 2; excluded++)
        for (ptrdiff_t i = 0; i < asked->n; i++) {
            const struct search_clause *c = &asked->clauses[i];
            if (c->is_excluded != (excluded == 1) || !c->n)
                continue;
            if (b.len)
                sb_add(&b, excluded ? S(" NOT ") : S(" AND "));
            if (i == shortened)
                lite_shortened(&b, mark, c);
            else
                lite_clause(&b, mark, c);
        }
    return sb_str(&b);
}

/* ── hits ── */

#define LITE(table)                                                                                \
    S_INIT("SELECT rowid AS id FROM " table " WHERE " table " MATCH ?2 AND rowid >= ?3"            \
           " AND rowid < ?4 AND ?1 <> 0 AND ?6 = 0 ORDER BY rowid DESC LIMIT ?5")
/* 0x20 and 0x1f stand before a word (db/sqlite_words.c). */
#define BEGUN(table)                                                                               \
    S_INIT("SELECT b.id, CASE WHEN instr(b.words, ' ' || ?5) > 0"                                  \
           " OR instr(b.words, char(31) || ?5) > 0 THEN 1 ELSE 0 END AS has_word"                  \
           " FROM (SELECT rowid AS id, words FROM " table " WHERE " table " MATCH ?2"              \
           " AND rowid >= ?3 AND rowid < ?4 AND ?1 <> 0 ORDER BY rowid DESC LIMIT ?6) b")
static const str begun_sql[] = {BEGUN("search_message"), BEGUN("search_contact")};
static const str lite_sql[] = {LITE("search_message"), LITE("search_contact")};

#define LOOK_ARGS                                                                                  \
    ARGS(A_INT(l->cx->account.v), A_TEXT(question), A_INT(l->from), A_INT(l->before),              \
        A_INT(l->limit - l->n), A_INT(more))

void search_look_ahead(struct search_look *l, str sql, str question, int64_t more)
{
    db_ahead(l->cx->db, sql, LOOK_ARGS);
}

err search_look_add(struct search_look *l, str sql, str question, int64_t more, ptrdiff_t *found)
{
    struct id_row *rows = NULL;
    TRY(db_all(l->cx->db, sql, LOOK_ARGS, COLS(id_cols), (ptrdiff_t)sizeof *rows, &rows, found));
    for (ptrdiff_t i = 0; i < *found; i++)
        l->ids[l->n++] = rows[i].id;
    return OK;
}

bool search_has_own(const struct search_asked *asked)
{
    for (ptrdiff_t i = 0; i < asked->n; i++)
        if (asked->clauses[i].n && !asked->clauses[i].is_excluded)
            return true;
    return false;
}

/* A beginning that is alone in its clause and longer than the index of beginnings; -1: none. */
static ptrdiff_t long_beginning(const struct search_asked *asked)
{
    for (ptrdiff_t i = asked->n - 1; i >= 0; i--) {
        const struct search_clause *c = &asked->clauses[i];
        if (c->is_prefix && !c->is_excluded && c->n == 1 && !c->whole.len && !c->phone.len &&
            first_letters(c->words[0]) < search_word_cut(c->words[0]).len)
            return i;
    }
    return -1;
}

static err lite_windows(struct search_look *l, str shorter, str word, bool *is_done)
{
    *is_done = false;
    ptrdiff_t window = l->limit < BEGUN_LEAST ? BEGUN_LEAST : l->limit;
    for (ptrdiff_t looked = 0; looked < BEGUN_LOOKED; looked += window, window *= 2) {
        window = window < BEGUN_MOST ? window : BEGUN_MOST;
        struct begun_row *rows = NULL;
        ptrdiff_t n = 0, found = 0;
        TRY(db_all(l->cx->db, begun_sql[l->kind],
            ARGS(A_INT(l->cx->account.v), A_TEXT(shorter), A_INT(l->from), A_INT(l->before),
                A_TEXT(word), A_INT(window)),
            COLS(begun_cols), (ptrdiff_t)sizeof *rows, &rows, &n));
        for (ptrdiff_t k = 0; k < n && l->n < l->limit; k++)
            if (rows[k].has_word) {
                l->ids[l->n++] = rows[k].id;
                found++;
            }
        *is_done = n < window || l->n == l->limit;
        if (*is_done)
            break;
        l->before = rows[n - 1].id;
        if (found < window / RARE_ONE_IN)
            break;
    }
    return OK;
}

static err lite_look(struct search_look *l)
{
    ptrdiff_t found = 0, begun = long_beginning(l->asked);
    bool is_done = false;
    if (begun >= 0)
        TRY(lite_windows(l, question(l->cx, l->asked, begun),
            search_word_cut(l->asked->clauses[begun].words[0]), &is_done));
    return is_done
               ? OK
               : search_look_add(l, lite_sql[l->kind], question(l->cx, l->asked, -1), 0, &found);
}

err search_ids(struct ctx *cx, enum search_kind kind, const struct search_asked *asked,
    int64_t **ids, ptrdiff_t *n_ids)
{
    struct search_look l = {.cx = cx,
        .kind = kind,
        .asked = asked,
        .from = asked->from,
        .before = asked->before,
        .limit = asked->limit,
        .ids = NEW(cx->arena, int64_t, asked->limit + 1)};
    TRY(db_tx_kind(cx->db) == DB_SQLITE ? lite_look(&l) : search_look_postgres(&l));
    *ids = l.ids;
    *n_ids = l.n;
    return OK;
}
