/* Looking words up in PostgreSQL (search.h). GIN knows neither an order nor positions: of a common
 * word it would give all hits, of a phrase all things with its words, to be read and sorted. So a
 * thing holds two kinds of words more: its pairs of words, and the times it falls into. A look
 * tries the newest rows first, and from how many of them match it reckons how far back the rest
 * lies; the index is then asked for the words and these times together. As long as there are things
 * that were indexed in another form, the newest rows are looked through, and the index is asked as
 * it is. */
#include "store/search_inner.h"

#include "base/limits.h"

enum {
    FIRST_WINDOW = 1000, /* rows that are tried: 3 ms */
    WALKED_MOST = 8000,  /* of an account's last rows */
    WALKED_A_HIT = 2,    /* to look through a row takes half of what the index takes for a hit */
    BEGUN_MOST = 40000,  /* for a beginning: the index gathers all its hits first (1 µs each) */
    COUNTED_MOST = 2500, /* rows that are counted to know where they end; of more it is reckoned */
    FARTHER = 4,         /* times as far, at most, is asked next: how dense things lie changes */
    LOOKS_MOST = 8,      /* then the index, whatever it costs */
    WINDOW = 4000,       /* the same while the index is made anew: 10 ms */
    WINDOWS_MOST = 10,
    RARE_IN_WINDOW = 80, /* fewer hits: at most 2 % of an account's rows are read by the index */
};

/* ── how it stands in `words` ── */

enum { MARK_BYTES = 6, PAIR_BYTES = 8, AGE_BYTES = 6, HASH_BITS = 6 };

/* For storage: FNV-1a over the bytes (isthe.com/chongo/tech/comp/fnv), then MurmurHash3's last mix,
 * so that the lowest bits depend on all. */
static uint64_t hash_bytes(uint64_t h, str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.at[i]) * 0x100000001b3u;
    return (h ^ 0xff) * 0x100000001b3u; /* no byte of a text: where one ends */
}

static uint64_t hash_start(int64_t account)
{
    uint64_t h = (uint64_t)account;
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

static void put_hash(char *to, ptrdiff_t n, uint64_t h)
{
    static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (ptrdiff_t i = 0; i < n; i++, h >>= HASH_BITS)
        to[i] = signs[h & 63];
}

/* The account, so short that it could be another's: statements name the account as well. */
str search_mark_short(struct arena *a, int64_t account)
{
    char *mark = NEW(a, char, MARK_BYTES);
    put_hash(mark, MARK_BYTES, hash_start(account));
    return str_of(mark, MARK_BYTES);
}

str search_pair(struct arena *a, int64_t account, str first, str second)
{
    char *pair = NEW(a, char, PAIR_BYTES);
    uint64_t h = hash_bytes(hash_bytes(hash_start(account), first), second);
    pair[0] = '\x04';
    put_hash(pair + 1, PAIR_BYTES - 1, hash_start((int64_t)h));
    return str_of(pair, PAIR_BYTES);
}

/* An id begins with its millisecond (base/id.h); its 41 bits are taken in lengths that are 16 times
 * as long as the one before: 70 minutes, 19 hours, 12 days, 199 days. */
static const int age_bits[] = {22 + 22, 22 + 26, 22 + 30, 22 + 34};
/* The index goes through what is in these times once for each of them: so not many are asked for at
 * once, and many more are rather few longer ones. */
enum { AGES = sizeof age_bits / sizeof age_bits[0], AGES_AT_ONCE = 10, AGES_MOST = 32 };

static void put_age(struct sb *b, struct arena *a, int64_t account, int bits, int64_t number)
{
    char *age = NEW(a, char, AGE_BYTES);
    uint64_t h = hash_start(account) + (uint64_t)number * 64 + (uint64_t)bits;
    age[0] = '\x05';
    put_hash(age + 1, AGE_BYTES - 1, hash_start((int64_t)h));
    search_lexeme(b, S(""), str_of(age, AGE_BYTES));
}

void search_put_ages(struct sb *b, struct arena *a, int64_t account, int64_t thing_id)
{
    for (int i = 0; i < AGES; i++) {
        sb_byte(b, ' ');
        put_age(b, a, account, age_bits[i], thing_id >> age_bits[i]);
    }
}

/* ── what is asked for ── */

struct form {
    int64_t account;
    struct arena *a;
    str mark, other; /* other: how it was written in the form before; empty when nothing is left */
};

static void put_word(struct sb *b, const struct form *f, str word, bool is_prefix)
{
    str more = is_prefix ? S(":*") : S("");
    sb_add(b, f->other.len ? S("(") : S(""));
    search_lexeme(b, f->mark, word);
    sb_add(b, more);
    if (!f->other.len)
        return;
    sb_add(b, S(" | "));
    search_lexeme(b, f->other, word);
    sb_add(b, more);
    sb_byte(b, ')');
}

static void put_words(
    struct sb *b, const struct form *f, const struct search_clause *c, str between)
{
    sb_byte(b, '(');
    for (ptrdiff_t i = 0; i < c->n; i++) {
        if (i)
            sb_add(b, between);
        put_word(b, f, search_word_cut(c->words[i]), c->is_prefix && i == c->n - 1);
    }
    sb_byte(b, ')');
}

/* Pairs of whole words; behind them the last word, when it may go on. */
static void put_pairs(struct sb *b, const struct form *f, const struct search_clause *c)
{
    sb_byte(b, '(');
    for (ptrdiff_t i = 0; i + 1 < c->n - c->is_prefix; i++) {
        if (i)
            sb_add(b, S(" & "));
        search_lexeme(b, S(""),
            search_pair(
                f->a, f->account, search_word_cut(c->words[i]), search_word_cut(c->words[i + 1])));
    }
    if (c->is_prefix) {
        sb_add(b, S(" & "));
        put_word(b, f, search_word_cut(c->words[c->n - 1]), true);
    }
    sb_byte(b, ')');
}

/* A thing whose positions are not all known holds a phrase when it holds its words; who reads it
 * looks again (care/search.c). It is never excluded by a phrase. */
static void put_phrase(struct sb *b, const struct form *f, const struct search_clause *c)
{
    bool has_pairs = !f->other.len && c->n - c->is_prefix > 1;
    if (c->n == 1 || c->is_excluded) {
        put_words(b, f, c, S(" <-> "));
        return;
    }
    if (has_pairs) {
        put_pairs(b, f, c);
        return;
    }
    sb_byte(b, '(');
    put_words(b, f, c, S(" <-> "));
    sb_add(b, S(" | ("));
    put_word(b, f, S(SEARCH_LONG), false);
    sb_add(b, S(" & "));
    put_words(b, f, c, S(" & "));
    sb_add(b, S("))"));
}

static void put_clause(struct sb *b, const struct form *f, const struct search_clause *c)
{
    const str others[] = {c->whole, c->phone};
    sb_byte(b, '(');
    put_phrase(b, f, c);
    for (int i = 0; i < 2; i++)
        if (others[i].len) {
            sb_add(b, S(" | "));
            put_word(b, f, search_word_cut(others[i]), c->is_prefix);
        }
    sb_byte(b, ')');
}

static str question(struct search_look *l)
{
    struct ctx *cx = l->cx;
    struct form f = {.account = cx->account.v,
        .a = cx->arena,
        .mark = search_mark(cx->arena, DB_POSTGRES, cx->account.v)};
    if (l->asked->is_building)
        f.other = str_print(cx->arena, "%lld/", (long long)cx->account.v);
    struct sb b = sb_make(cx->arena, 0);
    if (!search_has_own(l->asked))
        put_word(&b, &f, S(SEARCH_EVERY), false);
    for (int excluded = 0; excluded < 2; excluded++)
        for (ptrdiff_t i = 0; i < l->asked->n; i++) {
            const struct search_clause *c = &l->asked->clauses[i];
            if (c->is_excluded != (excluded == 1) || !c->n)
                continue;
            if (b.len)
                sb_add(&b, S(" & "));
            if (excluded)
                sb_byte(&b, '!');
            put_clause(&b, &f, c);
        }
    return sb_str(&b);
}

/* ── hits ── */

struct oldest_row {
    int64_t oldest;
};
static const struct db_col oldest_cols[] = {COL(struct oldest_row, oldest)};

#define NEWEST(table)                                                                              \
    "(SELECT w.thing_id, w.words FROM " table " w WHERE w.account_id = ?1 AND w.thing_id >= ?3"    \
    " AND w.thing_id < ?4 ORDER BY w.thing_id DESC LIMIT ?6)"
#define WALK(table)                                                                                \
    S_INIT("SELECT n.thing_id AS id FROM " NEWEST(                                                 \
        table) " n WHERE n.words @@ ?2::tsquery ORDER BY n.thing_id DESC LIMIT ?5")
/* The last row of a window; none when there are fewer. */
#define OLDEST(table)                                                                              \
    S_INIT("SELECT w.thing_id AS oldest FROM " table                                               \
           " w WHERE w.account_id = ?1 AND w.thing_id >= ?2 AND w.thing_id < ?3"                   \
           " ORDER BY w.thing_id DESC LIMIT 1 OFFSET ?4")
/* OFFSET 0 keeps the planner from walking the primary key until a rare word turns up. */
#define ASK(table)                                                                                 \
    S_INIT("SELECT n.thing_id AS id FROM (SELECT w.account_id, w.thing_id FROM " table             \
           " w WHERE w.words @@ ?2::tsquery OFFSET 0) n WHERE n.account_id = ?1 AND ?6 > 0"        \
           " AND n.thing_id >= ?3 AND n.thing_id < ?4 ORDER BY n.thing_id DESC LIMIT ?5")
static const str walk_sql[] = {WALK("search_message"), WALK("search_contact")};
static const str oldest_sql[] = {OLDEST("search_message"), OLDEST("search_contact")};
static const str ask_sql[] = {ASK("search_message"), ASK("search_contact")};

static err ask(struct search_look *l, str question)
{
    ptrdiff_t found = 0;
    return search_look_add(l, ask_sql[l->kind], question, 1, &found);
}

/* Where so many rows before l->before end; *is_all: there are no more than these. */
static err window_end(struct search_look *l, int64_t rows, int64_t *oldest, bool *is_all)
{
    struct oldest_row row = {.oldest = l->from};
    err e = db_one(l->cx->db, oldest_sql[l->kind],
        ARGS(A_INT(l->cx->account.v), A_INT(l->from), A_INT(l->before), A_INT(rows - 1)),
        COLS(oldest_cols), &row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *oldest = row.oldest;
    *is_all = e == E_NOT_FOUND;
    return OK;
}

/* Looks through the next rows. *is_end: there are no more, or enough was found. */
static err walk(struct search_look *l, str question, int64_t rows, ptrdiff_t *found, bool *is_end)
{
    int64_t oldest = 0;
    search_look_ahead(l, walk_sql[l->kind], question, rows);
    TRY(window_end(l, rows, &oldest, is_end));
    TRY(search_look_add(l, walk_sql[l->kind], question, rows, found));
    *is_end = *is_end || l->n == l->limit;
    l->before = oldest;
    return OK;
}

static err look_while_building(struct search_look *l, str question)
{
    for (int i = 0; i < WINDOWS_MOST; i++) {
        ptrdiff_t found = 0;
        bool is_end = false;
        TRY(walk(l, question, WINDOW, &found, &is_end));
        if (is_end)
            return OK;
        if (found < RARE_IN_WINDOW)
            break;
    }
    return ask(l, question);
}

/* The shortest stretches of which few reach so far; AGES: none do. */
static int level_of(int64_t far)
{
    int level = 0;
    while (level < AGES && far >> age_bits[level] >= AGES_MOST)
        level++;
    return level;
}

/* The question, held to the times between `least` and l->before, or to the last of them; *from:
 * their beginning. Empty when that is all, or nearly. */
static str held(struct search_look *l, str question, int64_t least, int64_t *from)
{
    int level = level_of(l->before - 1 - least);
    if (level == AGES || least <= l->from)
        return (str){0};
    int64_t at_once = l->before - ((int64_t)AGES_AT_ONCE << age_bits[level]);
    least = least > at_once ? least : at_once;
    struct sb b = sb_make(l->cx->arena, 0);
    int bits = age_bits[level];
    sb_byte(&b, '(');
    sb_add(&b, question);
    sb_add(&b, S(") & ("));
    for (int64_t number = (l->before - 1) >> bits; number >= least >> bits; number--) {
        put_age(&b, l->cx->arena, l->cx->account.v, bits, number);
        sb_add(&b, number > least >> bits ? S(" | ") : S(")"));
    }
    int64_t begins = least >> bits << bits;
    *from = begins > l->from ? begins : l->from;
    return sb_str(&b);
}

/* How far, in ids, so many rows before l->before go back, when all are as dense as the first;
 * INT64_MAX: there are no more. */
static err distance_of(struct search_look *l, int64_t rows, int64_t *far)
{
    int64_t oldest = 0, counted = rows < COUNTED_MOST ? rows : COUNTED_MOST;
    bool is_all = false;
    TRY(window_end(l, counted, &oldest, &is_all));
    double reckoned = (double)(l->before - oldest) * (double)rows / (double)counted;
    *far = is_all || reckoned > (double)(INT64_MAX / 2) ? INT64_MAX : (int64_t)reckoned + 1;
    return OK;
}

/* The same for what is missing, when matches are as dense as those that were found so far back. */
static int64_t farther(const struct search_look *l, int64_t far, ptrdiff_t found)
{
    double most = (double)far * FARTHER;
    double reckoned =
        found ? (double)far * 1.125 * (double)(l->limit - l->n) / (double)found : most;
    double next = reckoned < most ? reckoned : most;
    return next < (double)(INT64_MAX / 2) ? (int64_t)next + 1 : INT64_MAX;
}

/* So many rows as hold what is missing, when matches are as dense as in those before. */
static int64_t rows_for(const struct search_look *l, int64_t rows, ptrdiff_t found)
{
    return (l->limit - l->n) * rows / (found ? found : 1) * 9 / 8;
}

static bool has_beginning(const struct search_asked *asked)
{
    for (ptrdiff_t i = 0; i < asked->n; i++)
        if (asked->clauses[i].is_prefix && !asked->clauses[i].is_excluded)
            return true;
    return false;
}

/* Whether rows that go back so far are looked through sooner than the index is asked for the hits
 * among them: it gives all of whole stretches of time, which may hold many more. */
static bool is_walk_shorter(const struct search_look *l, int64_t rows, int64_t far)
{
    int level = level_of(far);
    if (level == AGES)
        return rows <= WALKED_MOST;
    double covered = (double)(((far >> age_bits[level]) + 1) << age_bits[level]);
    double hits = (double)(l->limit - l->n) * covered / (double)far;
    return (double)rows <= FIRST_WINDOW + WALKED_A_HIT * hits;
}

/* The newest rows first, then as many as hold the rest, when these are few. *rows: so many more are
 * reckoned to hold it, *far back; 0 = nothing was found among the newest. */
static err walk_newest(
    struct search_look *l, str question, int64_t *rows, int64_t *far, bool *is_end)
{
    bool is_begun = has_beginning(l->asked), is_short = false;
    int64_t left = BEGUN_MOST;
    *rows = FIRST_WINDOW;
    do {
        ptrdiff_t found = 0;
        int64_t walked = *rows;
        TRY(walk(l, question, walked, &found, is_end));
        left -= walked;
        *rows = found ? rows_for(l, walked, found) : 0;
        *far = INT64_MAX;
        if (*is_end || !*rows)
            return OK;
        is_short = *rows <= (is_begun ? left : FIRST_WINDOW);
        if (!is_short) {
            TRY(distance_of(l, *rows, far));
            is_short = !is_begun && is_walk_shorter(l, *rows, *far);
        }
    } while (is_short);
    return OK;
}

err search_look_postgres(struct search_look *l)
{
    str q = question(l);
    if (l->asked->is_building)
        return look_while_building(l, q);
    bool is_end = false;
    int64_t rows = 0, far = INT64_MAX, begun = l->from;
    TRY(walk_newest(l, q, &rows, &far, &is_end));
    if (is_end)
        return OK;
    for (int i = 0; i < LOOKS_MOST; i++) {
        ptrdiff_t had = l->n;
        str near = held(l, q, l->before > far ? l->before - far : 0, &l->from);
        if (!near.len)
            break;
        TRY(ask(l, near));
        if (l->n == l->limit)
            return OK;
        far = farther(l, l->before - l->from, l->n - had);
        l->before = l->from;
        l->from = begun;
    }
    return ask(l, q);
}
