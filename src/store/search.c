/* search: see search.h. What is looked up is in search_find.c. */
#include "store/search.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "db/db.h"
#include "store/search_inner.h"
#include "store/set.h"

static const str kinds[] = {
    [SEARCH_MESSAGE] = S_INIT("message"),
    [SEARCH_CONTACT] = S_INIT("contact"),
};

/* ── the queue ── */

struct queue_row {
    int64_t account;
    str kind;
    int64_t thing_id, version;
};
static const struct db_col queue_cols[] = {
    COL(struct queue_row, account),
    COL(struct queue_row, kind),
    COL(struct queue_row, thing_id),
    COL(struct queue_row, version),
};

/* The set is sorted, so that two writers of the same things wait for each other in one order. */
err search_changed_many(struct ctx *cx, enum search_kind kind, const int64_t *ids, ptrdiff_t n)
{
    struct queue_row *in = NEW(cx->arena, struct queue_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct queue_row){cx->account.v, kinds[kind], ids[i], 1};
    return db_many(cx->db,
        S("INSERT INTO search_queue (account_id, kind, thing_id, version) VALUES (?1, ?2, ?3, ?4)"
          " ON CONFLICT (account_id, kind, thing_id) DO UPDATE SET version = search_queue.version + 1"),
        S("INSERT INTO search_queue (account_id, kind, thing_id, version)"
          " SELECT DISTINCT * FROM unnest(?1::bigint[], ?2::text[], ?3::bigint[], ?4::bigint[])"
          " AS q(c1, c2, c3, c4) ORDER BY 1, 2, 3"
          " ON CONFLICT (account_id, kind, thing_id) DO UPDATE SET version = search_queue.version + 1"),
        COLS(queue_cols), in, (ptrdiff_t)sizeof *in, n, NULL);
}

err search_changed(struct ctx *cx, enum search_kind kind, int64_t id)
{
    return search_changed_many(cx, kind, &id, 1);
}

struct account_row {
    account_id account_id;
};
static const struct db_col account_cols[] = {COL(struct account_row, account_id)};

err search_due_account(struct ctx *cx, account_id after, account_id *account)
{
    struct account_row row = {0};
    const str sql = S("SELECT account_id FROM search_queue WHERE account_id > ?1"
                      " ORDER BY account_id LIMIT 1");
    err e = db_one(cx->db, sql, ARGS(A_INT(after.v)), COLS(account_cols), &row);
    if (e == E_NOT_FOUND && after.v)
        e = db_one(cx->db, sql, ARGS(A_INT(0)), COLS(account_cols), &row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *account = row.account_id;
    return OK;
}

static const struct db_col due_cols[] = {
    COL(struct search_due, thing_id),
    COL(struct search_due, version),
};

/* The prime mixes all bits of an id: its last ones count within a millisecond and are mostly 0. */
err search_due_list(struct ctx *cx, enum search_kind kind, struct search_share share,
    ptrdiff_t limit, struct search_due **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT thing_id, version FROM search_queue WHERE account_id = ?1 AND kind = ?2"
          " AND thing_id % 1021 % ?4 = ?5 ORDER BY thing_id LIMIT ?3"),
        ARGS(A_INT(cx->account.v), A_TEXT(kinds[kind]), A_INT(limit),
            A_INT(share.of ? share.of : 1), A_INT(share.at)),
        COLS(due_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

/* ── words ── */

enum { POSITION_MOST = 16383, POSITIONS_MOST = 256 }; /* of a tsvector; of one word in it */

str search_mark(struct arena *a, enum db_kind db, int64_t account)
{
    if (db == DB_POSTGRES)
        return search_mark_short(a, account);
    struct sb b = sb_make(a, 0);
    sb_byte(&b, '\xff');
    for (; account; account >>= 6)
        sb_byte(&b, (char)(0x80 | (account & 0x3f)));
    return sb_str(&b);
}

str search_word_cut(str word)
{
    return utf8_prefix_bytes(word, LIMIT_DB_WORD_BYTES);
}

void search_lexeme(struct sb *b, str mark, str word)
{
    sb_byte(b, '\'');
    sb_add(b, mark);
    for (ptrdiff_t i = 0; i < word.len; i++) {
        if (word.at[i] == '\'' || word.at[i] == '\\')
            sb_byte(b, word.at[i]);
        sb_byte(b, word.at[i]);
    }
    sb_byte(b, '\'');
}

struct search_line search_line_begin(const struct ctx *cx)
{
    struct search_line w = {.b = sb_make(cx->arena, LIMIT_SEARCH_WORDS_BYTES),
        .arena = cx->arena,
        .db = db_tx_kind(cx->db),
        .account = cx->account.v,
        .last = -1};
    w.mark = search_mark(cx->arena, w.db, cx->account.v);
    if (w.db == DB_SQLITE)
        sb_add(&w.b, w.mark);
    return w;
}

static void put(struct search_line *w, str word, int32_t position)
{
    struct sb one = sb_make(w->arena, 0);
    if (w->db == DB_SQLITE) {
        sb_byte(&one, position == w->last ? '\x1f' : ' ');
        sb_add(&one, word);
    } else {
        sb_byte(&one, ' ');
        search_lexeme(&one, w->mark, word);
        sb_byte(&one, ':');
        sb_int(&one, position < POSITION_MOST ? position + 1 : POSITION_MOST);
    }
    sb_add(&w->b, sb_str(&one)); /* whole or, when the thing is full, not at all */
    w->n++;
}

/* The last word of a position is the part of a phrase: wholes come before it. */
static void put_pair(struct search_line *w, str word, int32_t position)
{
    if (position != w->last) {
        if (w->before.len && w->before_at == w->last - 1) {
            sb_byte(&w->b, ' ');
            search_lexeme(&w->b, S(""), search_pair(w->arena, w->account, w->before, w->now));
        }
        w->before = w->now;
        w->before_at = w->last;
    }
    w->now = str_copy(w->arena, word);
}

void search_line_add(struct search_line *w, str word, int32_t position)
{
    position += w->base;
    word = search_word_cut(word);
    if (!word.len)
        return;
    if (w->db == DB_POSTGRES)
        put_pair(w, word, position);
    while (w->db == DB_SQLITE && position > w->last + 1) { /* FTS5 counts only what it is given */
        put(w, S(SEARCH_NO_WORD), w->last + 1);
        w->last++;
    }
    put(w, word, position);
    w->last = position;
}

void search_line_next(struct search_line *w)
{
    w->base = w->last + 2;
}

str search_line_end(struct search_line *w)
{
    if (!w->n)
        return (str){0};
    search_line_next(w);
    search_line_add(w, S(SEARCH_EVERY), 0);
    if (w->db == DB_POSTGRES && (w->n > POSITIONS_MOST || w->last >= POSITION_MOST)) {
        w->b.max = 0;
        w->b.failed = false;
        sb_byte(&w->b, ' ');
        search_lexeme(&w->b, w->mark, S(SEARCH_LONG));
    }
    return sb_str(&w->b);
}

/* ── writing ── */

struct entry_row {
    int64_t account, thing_id;
    str words;
};
static const struct db_col entry_cols[] = {
    COL(struct entry_row, account),
    COL(struct entry_row, thing_id),
    COL(struct entry_row, words),
};

#define PUT_LITE(table) S_INIT("INSERT OR REPLACE INTO " table " (rowid, words) VALUES (?2, ?3)")
#define PUT_PG(table)                                                                              \
    S_INIT("INSERT INTO " table " (account_id, thing_id, words)"                                   \
           " SELECT c1, c2, c3::tsvector"                                                          \
           " FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[]) AS q(c1, c2, c3)"                 \
           " ON CONFLICT (account_id, thing_id) DO UPDATE SET words = excluded.words")
#define OUT_LITE(table) S_INIT("DELETE FROM " table " WHERE rowid = ?2")
#define OUT_PG(table)                                                                              \
    S_INIT("DELETE FROM " table " t USING unnest(?1::bigint[], ?2::bigint[]) AS q(c1, c2)"         \
           " WHERE t.account_id = q.c1 AND t.thing_id = q.c2")
static const str put_lite[] = {PUT_LITE("search_message"), PUT_LITE("search_contact")};
static const str put_pg[] = {PUT_PG("search_message"), PUT_PG("search_contact")};
static const str out_lite[] = {OUT_LITE("search_message"), OUT_LITE("search_contact")};
static const str out_pg[] = {OUT_PG("search_message"), OUT_PG("search_contact")};

static const struct db_col taken_cols[] = {COL(struct search_due, thing_id)};

/* Takes them off the queue; those that are taken are this transaction's. */
static err take(struct ctx *cx, enum search_kind kind, const struct search_entry *rows, ptrdiff_t n,
    struct search_due **taken, ptrdiff_t *n_taken)
{
    struct queue_row *in = NEW(cx->arena, struct queue_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct queue_row){cx->account.v, kinds[kind], rows[i].thing_id, rows[i].version};
    return db_many_all(cx->db,
        S("DELETE FROM search_queue WHERE account_id = ?1 AND kind = ?2 AND thing_id = ?3"
          " AND version = ?4 RETURNING thing_id"),
        S("DELETE FROM search_queue t"
          " USING unnest(?1::bigint[], ?2::text[], ?3::bigint[], ?4::bigint[])"
          " AS q(c1, c2, c3, c4) WHERE t.account_id = q.c1 AND t.kind = q.c2 AND t.thing_id = q.c3"
          " AND t.version = q.c4 RETURNING t.thing_id"),
        COLS(queue_cols), in, (ptrdiff_t)sizeof *in, n, COLS(taken_cols), (ptrdiff_t)sizeof **taken,
        taken, n_taken);
}

static int by_id(const void *x, const void *y)
{
    int64_t a = ((const struct search_due *)x)->thing_id;
    int64_t b = ((const struct search_due *)y)->thing_id;
    return (a > b) - (a < b);
}

static struct entry_row aged(struct ctx *cx, struct entry_row row)
{
    if (db_tx_kind(cx->db) == DB_SQLITE)
        return row;
    struct sb b = sb_make(cx->arena, 0);
    sb_add(&b, row.words);
    search_put_ages(&b, cx->arena, row.account, row.thing_id);
    row.words = sb_str(&b);
    return row;
}

err search_write(struct ctx *cx, enum search_kind kind, const struct search_entry *rows,
    ptrdiff_t n, int64_t *written)
{
    struct search_due *taken = NULL;
    ptrdiff_t n_taken = 0, n_put = 0, n_out = 0;
    TRY(take(cx, kind, rows, n, &taken, &n_taken));
    *written = n_taken;
    if (!n_taken)
        return OK;
    qsort(taken, (size_t)n_taken, sizeof *taken, by_id);
    struct entry_row *in = NEW(cx->arena, struct entry_row, n + 1);
    struct entry_row *out = NEW(cx->arena, struct entry_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        struct search_due key = {.thing_id = rows[i].thing_id};
        if (!bsearch(&key, taken, (size_t)n_taken, sizeof *taken, by_id))
            continue;
        struct entry_row row = {cx->account.v, rows[i].thing_id, rows[i].words};
        if (row.words.len)
            in[n_put++] = aged(cx, row);
        else
            out[n_out++] = row;
    }
    if (n_out)
        TRY(db_many(cx->db, out_lite[kind], out_pg[kind], entry_cols, 2, out,
            (ptrdiff_t)sizeof *out, n_out, NULL));
    return n_put ? db_many(cx->db, put_lite[kind], put_pg[kind], COLS(entry_cols), in,
                       (ptrdiff_t)sizeof *in, n_put, NULL)
                 : OK;
}

/* ── texts ── */

struct key_row {
    int64_t account, id;
};
static const struct db_col key_cols[] = {
    COL(struct key_row, account),
    COL(struct key_row, id),
};
static const struct db_col text_cols[] = {
    COL(struct search_text, thing_id),
    COL(struct search_text, text),
    COL(struct search_text, more),
    COL(struct search_text, names),
};

#define MESSAGE_TEXT                                                                               \
    "SELECT m.id AS thing_id, m.text, COALESCE((SELECT l.subject FROM mail l"                      \
    " WHERE l.account_id = m.account_id AND l.message_id = m.id), '') AS more,"                    \
    " m.attachments AS names FROM message m WHERE m.kind <> 'activity' AND m.deleted_ms = 0"       \
    " AND m.state <> 'cancelled'"
#define CONTACT_TEXT(join)                                                                         \
    "SELECT k.id AS thing_id, k.name || ' ' || k.company AS text,"                                 \
    " k.email || ' ' || k.phone AS more, COALESCE((SELECT " join " FROM identity i"                \
    "  WHERE i.account_id = k.account_id AND i.contact_id = k.id), '') AS names"                   \
    " FROM contact k WHERE"
static const str texts_row[] = {
    S_INIT(MESSAGE_TEXT " AND m.account_id = ?1 AND m.id = ?2"),
    S_INIT(CONTACT_TEXT("group_concat(i.handle, ' ')") " k.account_id = ?1 AND k.id = ?2"),
};
static const str texts_set[] = {
    S_INIT(MESSAGE_TEXT " AND m.account_id = " SET_ACCOUNT " AND m.id = ANY(?2::bigint[])"),
    S_INIT(CONTACT_TEXT("string_agg(i.handle, ' ')") " k.account_id = " SET_ACCOUNT
                                                     " AND k.id = ANY(?2::bigint[])"),
};

err search_texts(struct ctx *cx, enum search_kind kind, const struct search_due *due, ptrdiff_t n,
    struct search_text **rows, ptrdiff_t *n_rows)
{
    struct key_row *in = NEW(cx->arena, struct key_row, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        in[i] = (struct key_row){cx->account.v, due[i].thing_id};
    return db_many_all(cx->db, texts_row[kind], texts_set[kind], COLS(key_cols), in,
        (ptrdiff_t)sizeof *in, n, COLS(text_cols), (ptrdiff_t)sizeof **rows, rows, n_rows);
}

/* ── making it anew ── */

struct build_row {
    int64_t version, message_id, contact_id;
};
static const struct db_col build_cols[] = {
    COL(struct build_row, version),
    COL(struct build_row, message_id),
    COL(struct build_row, contact_id),
};

static const struct db_col id_cols[] = {COL(struct key_row, id)};

static err build_some(struct ctx *cx, enum search_kind kind, ptrdiff_t limit, int64_t *at)
{
    static const str sql[] = {
        S_INIT(
            "SELECT id FROM message WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"),
        S_INIT(
            "SELECT id FROM contact WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"),
        /* SQLite would sort the account's rows; in the order of ids it stops after some. */
        S_INIT("SELECT id FROM message WHERE account_id + 0 = ?1 AND id < ?2"
               " ORDER BY id DESC LIMIT ?3"),
        S_INIT("SELECT id FROM contact WHERE account_id + 0 = ?1 AND id < ?2"
               " ORDER BY id DESC LIMIT ?3"),
    };
    struct key_row *rows = NULL;
    ptrdiff_t n = 0;
    str text = sql[kind + (db_tx_kind(cx->db) == DB_SQLITE ? 2 : 0)];
    TRY(db_all(cx->db, text, ARGS(A_INT(cx->account.v), A_INT(*at), A_INT(limit)), COLS(id_cols),
        (ptrdiff_t)sizeof *rows, &rows, &n));
    int64_t *ids = NEW(cx->arena, int64_t, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        ids[i] = rows[i].id;
    TRY(search_changed_many(cx, kind, ids, n));
    *at = n ? ids[n - 1] : 0; /* all are queued when a step finds none, and then indexed as well */
    return OK;
}

/* *version becomes that of the words and of how this database keeps them. */
static err build_read(struct ctx *cx, int64_t *version, struct build_row *row)
{
    enum { FORMS = 1000 * 1000 * 1000 }; /* above all versions of the rules */
    if (db_tx_kind(cx->db) == DB_POSTGRES)
        *version += (int64_t)SEARCH_POSTGRES_FORM * FORMS;
    err e = db_one(cx->db,
        S("SELECT version, message_id, contact_id FROM search_build WHERE account_id = ?1"),
        ARGS(A_INT(cx->account.v)), COLS(build_cols), row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (e == E_NOT_FOUND || row->version != *version)
        *row = (struct build_row){*version, INT64_MAX, INT64_MAX};
    return OK;
}

err search_build_is_due(struct ctx *cx, int64_t version, bool *is_due)
{
    struct build_row row = {0};
    TRY(build_read(cx, &version, &row));
    *is_due = row.message_id || row.contact_id;
    return OK;
}

err search_build_step(struct ctx *cx, int64_t version, ptrdiff_t limit, bool *more)
{
    struct build_row row = {0};
    TRY(build_read(cx, &version, &row));
    *more = false;
    if (!row.message_id && !row.contact_id)
        return OK;
    if (row.contact_id)
        TRY(build_some(cx, SEARCH_CONTACT, limit, &row.contact_id));
    else
        TRY(build_some(cx, SEARCH_MESSAGE, limit, &row.message_id));
    *more = row.message_id || row.contact_id;
    return db_run(cx->db,
        S("INSERT INTO search_build (account_id, version, message_id, contact_id)"
          " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (account_id) DO UPDATE SET version = ?2,"
          " message_id = ?3, contact_id = ?4"),
        ARGS(A_INT(cx->account.v), A_INT(version), A_INT(row.message_id), A_INT(row.contact_id)),
        NULL);
}
