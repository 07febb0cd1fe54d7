/* reading: careful reading of a network's JSON. Members of another kind than expected, too long
 * ones and ones with control characters are as good as absent (take_…) or a fault of the item
 * (need_…). Nothing here allocates beyond the arena. Thread: pure. */
#pragma once
#include "base/json.h"
#include "connector/item.h"

enum {
    READING_ID_BYTES = 255, /* external ids: one index entry */
    READING_URL_BYTES = 2048,
    READING_TOKEN_BYTES = 1024, /* connector_item.token */
};

/* One line of a text or number; longer than max bytes: cut at a character. */
str take_line(const struct json *object, const char *key, ptrdiff_t max);
/* An id: text or number, whole or nothing. */
str take_id(const struct json *object, const char *key);
/* Running text with its line ends; at most LIMIT_TEXT_BYTES, cut at a character. */
str take_text(const struct json *object, const char *key);
/* http or https, whole or nothing. */
str take_url(const struct json *object, const char *key);
const struct json *take_object(const struct json *object, const char *key); /* NULL = none */
const struct json *take_array(const struct json *object, const char *key);
int64_t take_int(
    const struct json *object, const char *key, int64_t otherwise); /* number or digits */
bool take_bool(const struct json *object, const char *key);
/* Unix seconds, milliseconds or microseconds (told apart by magnitude; number or digits), or RFC
 * 3339; 0 = none or nonsense. */
int64_t take_time(const struct json *object, const char *key);
int64_t time_of_number(int64_t n);

/* A growing list of items. */
struct item_list {
    struct arena *a;
    struct connector_item *at;
    ptrdiff_t n, room;
};
/* A fresh zeroed item at the end; NULL when LIMIT_HOOK_ITEMS are there. Earlier pointers into the
 * list go stale. */
struct connector_item *item_add(struct item_list *list, enum connector_item_kind kind);
/* A faulty item: what it was, as JSON that parse takes again (the caller wraps it). */
void item_fault(struct item_list *list, str words, str raw);
/* delivery_id is set when there is exactly one good message. */
void batch_of(const struct item_list *list, struct connector_batch *batch);
/* The tree as text, at most a delivery's size. */
str json_text_of(struct arena *a, const struct json *v);
