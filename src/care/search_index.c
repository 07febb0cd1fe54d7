/* search_index: see search_index.h. */
#include "care/search_index.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/door.h"
#include "store/search.h"
#include "text/search_words.h"

struct putting {
    struct search_line *line;
};

static bool put_word(void *closure, const struct search_word *word)
{
    struct putting *p = closure;
    search_line_add(p->line, word->word, word->position);
    return true;
}

static void put_text(struct search_line *line, str text)
{
    if (!text.len)
        return;
    search_line_next(line);
    (void)search_words_each(text, SEARCH_INDEX, put_word, &(struct putting){line});
}

/* Names of files out of the public views; a view that cannot be read has none. */
static void put_names(struct arena *a, struct search_line *line, str views)
{
    const struct json *root = NULL;
    str why;
    if (!views.len || json_parse(a, views, &root, &why) != OK || root->kind != JSON_ARRAY)
        return;
    for (const struct json *v = root->first; v; v = v->next) {
        const struct json *name = v->kind == JSON_OBJECT ? json_get(v, S("name")) : NULL;
        if (name && name->kind == JSON_STRING)
            put_text(line, name->text);
    }
}

static str words_of(struct ctx *cx, enum search_kind kind, const struct search_text *t)
{
    struct search_line line = search_line_begin(cx);
    put_text(&line, t->text);
    put_text(&line, t->more);
    if (kind == SEARCH_MESSAGE)
        put_names(cx->arena, &line, t->names);
    else
        put_text(&line, t->names);
    return search_line_end(&line);
}

struct turn {
    enum search_kind kind;
    struct search_due *due;
    ptrdiff_t n;
    struct search_text *texts;
    ptrdiff_t n_texts;
    struct search_entry *entries;
};

static err begin(struct search_indexer *x, enum db_mode mode, struct ctx *cx)
{
    *cx = (struct ctx){
        .arena = &x->arena,
        .actor = {.kind = ACTOR_SYSTEM, .sees_all = true, .name = S("Seva")},
        .now_ms = clock_now_ms(),
        .config = x->config
    };
    TRY(db_begin(x->db, mode, &x->arena, &x->tx));
    cx->db = x->tx;
    return OK;
}

void search_index_drop(struct search_indexer *x)
{
    if (x->tx)
        (void)db_rollback(x->tx); /* given up */
    x->tx = NULL;
}

static err end(struct search_indexer *x, err e)
{
    struct db_tx *tx = x->tx;
    if (e == OK) {
        x->tx = NULL;
        return db_commit(tx);
    }
    search_index_drop(x);
    return e;
}

static err read(struct search_indexer *x, struct ctx *cx, struct turn *t)
{
    account_id account = {0};
    TRY(search_due_account(cx, x->at, &account));
    x->at = account;
    if (!account.v)
        return OK;
    TRY(door_account(cx, account));
    for (t->kind = SEARCH_MESSAGE;; t->kind = SEARCH_CONTACT) {
        TRY(search_due_list(cx, t->kind, x->share, LIMIT_SEARCH_BATCH, &t->due, &t->n));
        if (t->n || t->kind == SEARCH_CONTACT)
            break;
    }
    return t->n ? search_texts(cx, t->kind, t->due, t->n, &t->texts, &t->n_texts) : OK;
}

/* A thing without a text leaves the index. Both lists are by id on SQLite; PostgreSQL promises no
 * order, so texts are looked for from where the last one was. */
static void make_words(struct ctx *cx, struct turn *t)
{
    t->entries = NEW(cx->arena, struct search_entry, t->n + 1);
    ptrdiff_t at = 0;
    for (ptrdiff_t i = 0; i < t->n; i++) {
        t->entries[i] =
            (struct search_entry){.thing_id = t->due[i].thing_id, .version = t->due[i].version};
        for (ptrdiff_t k = 0; k < t->n_texts; k++) {
            const struct search_text *text = &t->texts[(at + k) % t->n_texts];
            if (text->thing_id != t->due[i].thing_id)
                continue;
            t->entries[i].words = words_of(cx, t->kind, text);
            at = (at + k + 1) % t->n_texts;
            break;
        }
    }
}

err search_index_turn(struct search_indexer *x, int64_t *n, bool *more)
{
    struct turn t = {0};
    struct ctx cx;
    *n = 0;
    *more = false;
    arena_reset(&x->arena);
    TRY(begin(x, DB_READ, &cx));
    TRY(end(x, read(x, &cx, &t)));
    if (!t.n)
        return OK;
    make_words(&cx, &t);
    TRY(begin(x, DB_WRITE_PATIENT, &cx));
    err e = door_account(&cx, x->at);
    if (e == OK)
        e = search_write(&cx, t.kind, t.entries, t.n, n);
    TRY(end(x, e));
    *more = true;
    return OK;
}

/* Looks through a reader first: mostly there is nothing to do. */
static err renew(struct search_indexer *x, account_id account, bool *more)
{
    struct ctx cx;
    bool is_due = false;
    TRY(begin(x, DB_READ, &cx));
    err e = door_account(&cx, account);
    if (e == OK)
        e = search_build_is_due(&cx, search_words_version(), &is_due);
    TRY(end(x, e));
    if (!is_due)
        return OK;
    TRY(begin(x, DB_WRITE_PATIENT, &cx));
    e = door_account(&cx, account);
    if (e == OK)
        e = search_build_step(&cx, search_words_version(), LIMIT_SEARCH_BATCH, more);
    return end(x, e);
}

err search_index_renew(struct search_indexer *x, bool *more)
{
    enum { AGAIN_MS = 60 * 1000 };
    account_id *accounts = NULL;
    ptrdiff_t n = 0;
    struct ctx cx;
    int64_t now_ms = clock_mono_ms();
    *more = false;
    if (x->renewed_ms && now_ms < x->renewed_ms + AGAIN_MS)
        return OK;
    arena_reset(&x->arena);
    TRY(begin(x, DB_READ, &cx));
    TRY(end(x, door_accounts(&cx, &accounts, &n)));
    for (ptrdiff_t i = 0; i < n && !*more; i++)
        TRY(renew(x, accounts[i], more));
    x->renewed_ms = *more ? 0 : now_ms + 1;
    return OK;
}

err search_index_missing(struct ctx *cx, enum search_kind kind, int64_t after, int64_t **ids,
    ptrdiff_t *n, int64_t *last, bool *is_building)
{
    struct search_due *due = NULL;
    struct search_text *texts = NULL;
    ptrdiff_t n_due = 0, n_texts = 0, found = 0;
    *n = 0;
    *last = 0;
    TRY(search_build_is_due(cx, search_words_version(), is_building));
    if (*is_building)
        return OK;
    TRY(search_unindexed(cx, kind, after, LIMIT_SEARCH_BATCH, &due, &n_due, last));
    if (!n_due)
        return OK;
    TRY(search_texts(cx, kind, due, n_due, &texts, &n_texts));
    int64_t *missing = NEW(cx->arena, int64_t, n_texts + 1);
    for (ptrdiff_t i = 0; i < n_texts; i++)
        if (words_of(cx, kind, &texts[i]).len)
            missing[found++] = texts[i].thing_id;
    *ids = missing;
    *n = found;
    return OK;
}
