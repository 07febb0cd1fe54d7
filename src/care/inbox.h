/* inbox: what a view of the inbox means: filters in words (as in addresses and saved views) become
 * filters of the store; the built-in views; what `q` finds (by the rules of care/search.h) in the
 * order of a list. Thread: the caller's; inside its transaction. */
#pragma once
#include "base/json.h"
#include "model/ctx.h"
#include "model/view_conversation.h"
#include "store/conversation_list.h"

enum {
    INBOX_FOUND = 2000, /* conversations that q finds are put in order; half for people's names */
    SEARCH_BYTES = 200,
    BUILTIN_VIEWS = 6
};

/* Empty members mean: any. */
struct inbox_query {
    struct str_list status, tag, priority;
    str assignee;         /* "me", "none" or an id */
    str team;             /* "none" or an id */
    str channel, contact; /* ids */
    str q, language;
    bool unread, mentions;
};
/* A saved view's filter object: unknown names and wrong values are E_INVALID naming filter.X. */
err inbox_query_read(struct ctx *cx, const struct json *filter, struct inbox_query *q);
/* Do its values mean something? E_INVALID naming the member otherwise. */
err inbox_query_check(struct ctx *cx, const struct inbox_query *q);
str inbox_query_json(struct arena *a, const struct inbox_query *q);
/* "due" …; false when unknown. */
bool inbox_sort(str name, enum conversation_sort *sort);
/* The six every agent has; filter is JSON. */
extern const struct saved_view inbox_builtin[BUILTIN_VIEWS];
/* The filter and sort of a view by its key or id. E_NOT_FOUND with words. */
err inbox_view(struct ctx *cx, str key_or_id, struct inbox_query *q, enum conversation_sort *sort);
bool inbox_view_is_builtin(str key_or_id); /* nothing is read for it */

/* One page, with tags and the acting agent's unread and draft. *next: where the next one begins;
 * not set at the end; filters that leave out much make a page short before it. With q: of
 * conversations with that number, those of people who are found, and those with the newest messages
 * that are; INBOX_FOUND of them at most, in the order of sort. */
err inbox_list(struct ctx *cx, const struct inbox_query *q, enum conversation_sort sort,
    const struct conversation_cursor *after, ptrdiff_t limit, struct conversation **rows,
    ptrdiff_t *n, struct conversation_cursor *next);
/* See db_ahead; nothing when more has to be read to know what is asked. */
void inbox_list_ahead(struct ctx *cx, const struct inbox_query *q, enum conversation_sort sort,
    const struct conversation_cursor *after, ptrdiff_t limit);
/* E_NOT_FOUND (no words) for a view with q: searching is not counted. */
err inbox_count(struct ctx *cx, const struct inbox_query *q, struct conversation_counted *counted);
