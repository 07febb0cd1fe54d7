/* Statements that were said to come: they fly with the next one, and their answers wait here until
 * somebody asks. Each statement alone costs a round trip and two switches between processes, which
 * is more than most of them take to run. Thread: the connection's holder. */
#include "db/pg_driver.h"

#include <string.h>

static bool is_same(const struct db_arg *x, const struct db_arg *y)
{
    return x->type == y->type && x->i == y->i && x->d == y->d && str_eq(x->s, y->s);
}

struct pg_ahead *pg_ahead_find(
    struct pg_conn *c, str sql, const struct db_arg *args, ptrdiff_t n_args)
{
    for (int i = 0; i < c->n_ahead; i++) {
        struct pg_ahead *one = &c->ahead[i];
        bool is_it = one->n_args == n_args && str_eq(one->sql, sql);
        for (ptrdiff_t k = 0; is_it && k < n_args; k++)
            is_it = is_same(&one->args[k], &args[k]);
        if (is_it)
            return one;
    }
    return NULL;
}

void pg_ahead(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args)
{
    struct pg_conn *c = pg_conn_of(tx);
    /* A write between would make the answer wrong. */
    if (tx->mode != DB_READ || c->is_lost || c->n_ahead == AHEAD_MOST ||
        pg_ahead_find(c, sql, args, n_args) != NULL)
        return;
    struct db_arg *kept = arena_try(tx->arena, (n_args + 1) * (ptrdiff_t)sizeof *kept, 8);
    if (kept == NULL)
        return; /* then it goes by itself */
    for (ptrdiff_t i = 0; i < n_args; i++)
        kept[i] = args[i];
    c->ahead[c->n_ahead++] = (struct pg_ahead){.sql = sql, .args = kept, .n_args = n_args};
}

int pg_ahead_unsent(const struct pg_conn *c)
{
    int i = 0;
    while (i < c->n_ahead && c->ahead[i].answer != NULL)
        i++;
    return i;
}

void pg_ahead_remove(struct pg_conn *c, struct pg_ahead *one)
{
    PQclear(one->answer);
    ptrdiff_t behind = &c->ahead[c->n_ahead] - one - 1;
    memmove(one, one + 1, (size_t)behind * sizeof *one);
    c->n_ahead--;
}

void pg_ahead_drop(struct pg_conn *c)
{
    for (int i = 0; i < c->n_ahead; i++)
        PQclear(c->ahead[i].answer);
    c->n_ahead = 0;
}
