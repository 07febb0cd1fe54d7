/* conversation_find: a list of what a search found: which of a set of conversations a filter keeps,
 * their order, and a page of it. The set is bounded by who searches (care/inbox.c). Thread: the
 * transaction's. */
#pragma once
#include "store/conversation_list.h"

/* Of these conversations those that match the filter and that the actor may see, in no order. */
err conversation_sieve(struct ctx *cx, const struct conversation_filter *f, const int64_t *ids,
    ptrdiff_t n, struct conversation_place **rows, ptrdiff_t *n_rows);
/* The same of these contacts' conversations; at most limit. */
err conversation_sieve_contacts(struct ctx *cx, const struct conversation_filter *f,
    const int64_t *contacts, ptrdiff_t n, ptrdiff_t limit, struct conversation_place **rows,
    ptrdiff_t *n_rows);
/* Sorts the places, and reads at most limit rows behind the cursor, as conversation_page. Places
 * may stand there more than once. */
err conversation_find_page(struct ctx *cx, struct conversation_place *places, ptrdiff_t n_places,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit,
    struct conversation **rows, ptrdiff_t *n);
