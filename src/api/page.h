/* page: cursors and limits of list routes. A cursor is opaque to clients: where the next page
 * begins, as (key, id), or, in lists that are known for it since they are, the id as a number. A
 * list asks its store for one row more than it shows: that one tells whether there is a next page.
 * Thread: pure. */
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
/* The same where the cursor is an id. */
#define PAGE_ID_FIELDS(T)                                                                          \
    FIELD(T, cursor, IN_ID, 0, 0, 0, "from `next`"), FIELD(T, limit, IN_INT, 0, 1, LIMIT_PAGE, NULL)

struct page_id_query {
    int64_t cursor, limit;
};

ptrdiff_t page_limit(int64_t limit);
/* *n rows came of limit + 1 that were asked for: *n is how many to show. True: there are more. */
bool page_cut(ptrdiff_t limit, ptrdiff_t *n);
str page_cursor(struct arena *a, int64_t key, int64_t id);
/* Empty text: key and id stay as they are, false in *is_set. E_INVALID naming cursor. */
err page_cursor_read(struct ctx *cx, str cursor, bool *is_set, int64_t *key, int64_t *id);
/* The same for lists that go by id alone; 0 = empty text: from the beginning. */
err page_cursor_read_id(struct ctx *cx, str cursor, int64_t *id);
/* `next` of a list whose cursor is an id. */
str page_id(struct arena *a, int64_t id);
