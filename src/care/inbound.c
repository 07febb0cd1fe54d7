/* inbound: see inbound.h. A batch goes through fixed steps: check the items (here), find who wrote
 * (people) and where it belongs (inbound_threads.c), apply the items in the order of their time
 * (inbound_apply.c), write everything set-wise (inbound_write.c). Nothing is kept between batches.
 */
#include "care/inbound_inner.h"

#include "base/limits.h"
#include "store/message.h"
#include "store/message_network.h"

static const char *what_is_wrong(const struct inbound_item *item)
{
    if (!item->external_id.len || item->external_id.len > LIMIT_NAME_BYTES)
        return "The message needs an id of 1 to 400 bytes.";
    if (!item->contact_external_id.len || item->contact_external_id.len > LIMIT_NAME_BYTES)
        return "The contact needs an id of 1 to 400 bytes.";
    if (item->thread_key.len > LIMIT_NAME_BYTES)
        return "The thread's id is longer than 400 bytes.";
    if (item->text.len > LIMIT_TEXT_BYTES)
        return "The text is longer than 64 KiB.";
    if (!item->text.len && !item->attachments.len && !item->parts.len)
        return "The message has neither text nor attachments.";
    if (!item->channel.v)
        return "The message names no channel.";
    return NULL;
}

static void mark(struct inbound_batch *b, const struct message *found, ptrdiff_t n_found)
{
    for (ptrdiff_t i = 0; i < n_found; i++) {
        str key = map_key(b->cx->arena, found[i].channel_id.v, found[i].external_id);
        struct inbound_result *r = map_get(&b->by_external, key);
        if (r)
            *r = (struct inbound_result){
                .result = E_CONFLICT,
                .message = found[i].id,
                .conversation = found[i].conversation_id,
            };
    }
}

static err mark_stored(struct inbound_batch *b, struct message *keys, ptrdiff_t n)
{
    struct message *found = NULL;
    ptrdiff_t n_found = 0;
    TRY(message_find_external(b->cx, keys, n, &found, &n_found));
    mark(b, found, n_found);
    if (!b->has_network)
        return OK;
    TRY(message_find_alias(b->cx, keys, n, &found, &n_found));
    mark(b, found, n_found);
    return OK;
}

/* Repetitions inside the batch are settled at the end, when the first one's fate is known. */
static err check_items(struct inbound_batch *b, struct inbound_result **first_of)
{
    struct arena *a = b->cx->arena;
    struct message *keys = NEW(a, struct message, b->n + 1);
    ptrdiff_t n_keys = 0;
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct inbound_item *item = &b->items[i];
        b->results[i] = (struct inbound_result){.why = what_is_wrong(item)};
        if (b->results[i].why) {
            b->results[i].result = E_INVALID;
            continue;
        }
        str key = map_key(a, item->channel.v, item->external_id);
        first_of[i] = map_get(&b->by_external, key);
        if (first_of[i]) {
            b->results[i].result = E_CONFLICT;
            continue;
        }
        TRY(map_put(&b->by_external, key, &b->results[i]));
        keys[n_keys].channel_id = item->channel;
        keys[n_keys++].external_id = item->external_id;
    }
    return n_keys ? mark_stored(b, keys, n_keys) : OK;
}

static void settle_repetitions(struct inbound_batch *b, struct inbound_result **first_of)
{
    for (ptrdiff_t i = 0; i < b->n; i++)
        if (first_of[i]) {
            b->results[i] = *first_of[i];
            if (first_of[i]->result == OK)
                b->results[i].result = E_CONFLICT;
        }
}

err inbound_take_many(struct ctx *cx, const struct inbound_item *items, ptrdiff_t n,
    struct inbound_result *results, struct message *messages)
{
    struct arena *a = cx->arena;
    struct inbound_batch b = {
        .cx = cx,
        .items = items,
        .results = results,
        .n = n,
        .person_of = NEW(a, struct person *, n + 1),
        .thread_of = NEW(a, struct inbound_thread *, n + 1),
        .people = people_make(a, n),
        .threads = NEW(a, struct inbound_thread, n + 1),
        .messages = NEW(a, struct message, 2 * n + 1),
        .message_of = NEW(a, struct message *, n + 1),
        .events = NEW(a, struct event_new, 4 * n + 1),
        .reopen_ms = -1,
        .by_external = {.a = a},
    };
    for (ptrdiff_t i = 0; i < n; i++)
        b.has_network |= items[i].is_network;
    struct inbound_result **first_of = NEW(a, struct inbound_result *, n + 1);
    TRY(check_items(&b, first_of));
    TRY(inbound_find_threads(&b));
    TRY(inbound_apply_items(&b));
    if (b.n_messages)
        TRY(inbound_write_all(&b));
    settle_repetitions(&b, first_of);
    for (ptrdiff_t i = 0; messages && i < n; i++)
        messages[i] = b.message_of[i] ? *b.message_of[i] : (struct message){0};
    return OK;
}
