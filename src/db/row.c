/* See row.h. A statement is known by the address of its literal, so a look-up hashes 8 bytes; the
 * bytes are compared with those that were prepared, because a text that was built at run time at a
 * reused address would otherwise run the wrong statement. */
#include "db/row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { CACHE_SLOTS = 2 * LIMIT_DB_STATEMENTS, FIRST_ROWS = 16 };
static_assert((CACHE_SLOTS & (CACHE_SLOTS - 1)) == 0, "slots are masked");
static_assert(LIMIT_DB_COLUMNS <= 255, "a column index is one byte");

static size_t slot_of(const struct stmt_cache *c, str sql)
{
    uint64_t x = (uint64_t)(uintptr_t)sql.at ^ ((uint64_t)sql.len << 48);
    x *= 0x9e3779b97f4a7c15ULL;
    return (size_t)(x >> 32) & ((size_t)c->cap - 1);
}

err stmt_cache_make(struct stmt_cache *c)
{
    struct stmt **slots = alloc_zero(CACHE_SLOTS * (ptrdiff_t)sizeof *slots);
    if (slots == NULL)
        return E_BUSY;
    *c = (struct stmt_cache){.slots = slots, .cap = CACHE_SLOTS};
    return OK;
}

err stmt_find(struct stmt_cache *c, str sql, struct stmt **st)
{
    size_t i = slot_of(c, sql);
    struct stmt *found;
    while ((found = c->slots[i]) != NULL) {
        if (found->sql.at == sql.at && found->sql.len == sql.len)
            break;
        i = (i + 1) & ((size_t)c->cap - 1);
    }
    if (found != NULL && memcmp(found->copy, sql.at, (size_t)sql.len) != 0) {
        log_line(LOG_ERROR, "a statement's text is not a literal", LOG_S("sql", sql));
        return E_INTERNAL;
    }
    if (found != NULL)
        found->used = ++c->tick;
    *st = found;
    return OK;
}

void stmt_remove(struct stmt_cache *c, struct stmt *st)
{
    size_t mask = (size_t)c->cap - 1;
    size_t hole = slot_of(c, st->sql);
    while (c->slots[hole] != st)
        hole = (hole + 1) & mask;
    for (size_t i = (hole + 1) & mask; c->slots[i] != NULL; i = (i + 1) & mask) {
        size_t home = slot_of(c, c->slots[i]->sql);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* it is between its home and here: the hole does not break its chain */
        c->slots[hole] = c->slots[i];
        hole = i;
    }
    c->slots[hole] = NULL;
    c->count--;
}

struct stmt *stmt_evict(struct stmt_cache *c)
{
    if (c->count < LIMIT_DB_STATEMENTS)
        return NULL;
    struct stmt *oldest = NULL;
    for (ptrdiff_t i = 0; i < c->cap; i++)
        if (c->slots[i] != NULL && (oldest == NULL || c->slots[i]->used < oldest->used))
            oldest = c->slots[i];
    if (oldest != NULL)
        stmt_remove(c, oldest);
    return oldest;
}

err stmt_add(struct stmt_cache *c, struct stmt *st, str sql)
{
    assert(c->count < LIMIT_DB_STATEMENTS);
    st->copy = alloc_zero(sql.len + 1);
    if (st->copy == NULL)
        return E_BUSY;
    memcpy(st->copy, sql.at, (size_t)sql.len);
    st->sql = sql;
    st->used = ++c->tick;
    size_t i = slot_of(c, sql);
    while (c->slots[i] != NULL)
        i = (i + 1) & ((size_t)c->cap - 1);
    c->slots[i] = st;
    c->count++;
    return OK;
}

void stmt_free(struct stmt *st)
{
    free(st->copy);
    free(st);
}

static ptrdiff_t member_by_name(const struct row_sink *sink, const char *name)
{
    for (ptrdiff_t i = 0; i < sink->n_cols; i++)
        if (strcmp(sink->cols[i].name, name) == 0)
            return i;
    return -1;
}

static err mismatch(const struct stmt *st, const char *what, const char *name)
{
    log_line(LOG_ERROR, "statement and row struct do not match", LOG_Z("what", what),
        LOG_Z("column", name), LOG_S("sql", st->sql));
    return E_INTERNAL;
}

err stmt_match(struct stmt *st, const struct row_sink *sink, int n_columns,
    const char *(*name_of)(void *arg, int i), void *arg)
{
    if (st->cols == sink->cols && st->n_cols == sink->n_cols)
        return OK;
    if (n_columns > LIMIT_DB_COLUMNS || sink->n_cols > LIMIT_DB_COLUMNS)
        return mismatch(st, "more than LIMIT_DB_COLUMNS", "");
    bool has[LIMIT_DB_COLUMNS] = {0};
    for (int i = 0; i < n_columns; i++) {
        const char *name = name_of(arg, i);
        ptrdiff_t at = name != NULL ? member_by_name(sink, name) : -1;
        if (at < 0)
            return mismatch(st, "column without a member", name);
        if (has[at])
            return mismatch(st, "column twice", name);
        has[at] = true;
        st->map[i] = (uint8_t)at;
    }
    for (ptrdiff_t i = 0; i < sink->n_cols; i++)
        if (!has[i])
            return mismatch(st, "member without a column", sink->cols[i].name);
    st->cols = sink->cols;
    st->n_cols = sink->n_cols;
    return OK;
}

void *sink_row(struct row_sink *sink, struct arena *a)
{
    if (sink->is_one) {
        sink->count++;
        return sink->rows;
    }
    if (sink->count == sink->cap) {
        ptrdiff_t cap = sink->cap > 0 ? sink->cap * 2 : FIRST_ROWS;
        char *rows = arena_grow(a, sink->rows, sink->cap * sink->row_size, cap * sink->row_size,
            (ptrdiff_t)alignof(max_align_t));
        if (rows == NULL)
            return NULL;
        sink->rows = rows;
        sink->cap = cap;
    }
    return sink->rows + sink->row_size * sink->count++;
}

bool member_put_int(const struct db_col *c, void *row, int64_t v)
{
    char *at = (char *)row + c->offset;
    switch (c->type) {
    case DB_INT:
    case DB_ID:
        memcpy(at, &v, sizeof v);
        return true;
    case DB_BOOL: {
        bool b = v != 0;
        memcpy(at, &b, sizeof b);
        return true;
    }
    case DB_REAL: {
        double d = (double)v;
        memcpy(at, &d, sizeof d);
        return true;
    }
    case DB_NULL:
    case DB_TEXT:
    case DB_BLOB:
        return false;
    }
    return false;
}

bool member_put_real(const struct db_col *c, void *row, double v)
{
    if (c->type != DB_REAL)
        return false;
    memcpy((char *)row + c->offset, &v, sizeof v);
    return true;
}

void member_put_null(const struct db_col *c, void *row)
{
    char *at = (char *)row + c->offset;
    switch (c->type) {
    case DB_INT:
    case DB_ID:
    case DB_REAL:
        memset(at, 0, sizeof(int64_t));
        return;
    case DB_BOOL:
        memset(at, 0, sizeof(bool));
        return;
    case DB_TEXT:
    case DB_BLOB: {
        str empty = S("");
        memcpy(at, &empty, sizeof empty);
        return;
    }
    case DB_NULL:
        return;
    }
}

err member_put_bytes(
    const struct db_col *c, void *row, struct arena *a, bool is_blob, const void *at, ptrdiff_t len)
{
    if (c->type != (is_blob ? DB_BLOB : DB_TEXT))
        return E_INTERNAL;
    str s = S("");
    if (len > 0) {
        char *copy = arena_try(a, len, 1);
        if (copy == NULL)
            return E_BUSY;
        memcpy(copy, at, (size_t)len);
        s = str_of(copy, len);
    }
    memcpy((char *)row + c->offset, &s, sizeof s);
    return OK;
}

struct db_arg member_arg(const struct db_col *c, const void *row)
{
    const char *at = (const char *)row + c->offset;
    struct db_arg arg = {.type = c->type};
    switch (c->type) {
    case DB_INT:
        memcpy(&arg.i, at, sizeof arg.i);
        break;
    case DB_ID:
        memcpy(&arg.i, at, sizeof arg.i);
        arg.type = arg.i != 0 ? DB_INT : DB_NULL;
        break;
    case DB_BOOL: {
        bool b;
        memcpy(&b, at, sizeof b);
        arg.i = b ? 1 : 0;
        arg.type = DB_INT;
        break;
    }
    case DB_REAL:
        memcpy(&arg.d, at, sizeof arg.d);
        break;
    case DB_TEXT:
    case DB_BLOB:
        memcpy(&arg.s, at, sizeof arg.s);
        break;
    case DB_NULL:
        break;
    }
    return arg;
}
