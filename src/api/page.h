/* page: cursors and limits of list routes. A cursor is opaque to clients: where the next page
 * begins, as (key, id). Thread: pure. */
#pragma once
#include "api/input.h"
#include "model/ctx.h"

/* The two names every list has; put them into the query's declaration. */
#define PAGE_FIELDS(T)                                                                             \
    FIELD(T, cursor, IN_TEXT, 0, 0, 100, "where the next page begins: `next` of the one before"),  \
        FIELD(T, limit, IN_INT, 0, 1, LIMIT_PAGE, "items per page, 50 by default")

struct page_query {
    str cursor;
    int64_t limit;
};
extern const struct input_spec page_query_spec;

ptrdiff_t page_limit(int64_t limit);
str page_cursor(struct arena *a, int64_t key, int64_t id);
/* Empty text: key and id stay as they are, false in *is_set. E_INVALID naming cursor. */
err page_cursor_read(struct ctx *cx, str cursor, bool *is_set, int64_t *key, int64_t *id);
