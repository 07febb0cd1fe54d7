/* Any bytes as a line of the past (import messages, replay) and as the delivery that a replay makes
 * of one: what is refused says why, what is taken keeps within the limits and is valid UTF-8, and a
 * line comes back out of its delivery as it went in. */
#include "care/history_inner.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/replayed.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void is_text(str s, ptrdiff_t most)
{
    must(s.len <= most && utf8_valid(s));
}

static struct connector_item item_of(const struct history_item *in)
{
    return (struct connector_item){.external_id = in->id,
        .thread_key = in->thread,
        .reply_to = in->reply_to,
        .text = in->text,
        .is_public = in->is_public,
        .contact_external_id = in->who_id,
        .contact_name = in->who_name,
        .contact_handle = in->who_handle,
        .contact_email = in->who_email,
        .contact_location = in->who_location};
}

static bool are_same(const struct connector_item *x, const struct connector_item *y)
{
    return str_eq(x->external_id, y->external_id) && str_eq(x->thread_key, y->thread_key) &&
           str_eq(x->reply_to, y->reply_to) && str_eq(x->text, y->text) &&
           str_eq(x->contact_external_id, y->contact_external_id) &&
           str_eq(x->contact_name, y->contact_name) &&
           str_eq(x->contact_handle, y->contact_handle) &&
           str_eq(x->contact_email, y->contact_email) &&
           str_eq(x->contact_location, y->contact_location) && x->is_public == y->is_public;
}

static void is_kept_by_a_delivery(struct arena *a, const struct history_item *in)
{
    const struct connector_item before = item_of(in);
    const struct connector_raw raw = {.body = replayed_write(a, &before)};
    struct connector_batch batch = {0};
    str why = {0};
    must(replayed_parse(a, &raw, &batch, &why) == OK && batch.n == 1);
    must(are_same(&batch.items[0], &before));
}

static void read_line(struct arena *a, str line)
{
    static const struct channel channels[] = {
        {.id = {1}, .kind = S_INIT("x"), .name = S_INIT("shop"), .handle = S_INIT("@brandhelp")},
        {.id = {2},         .kind = S_INIT("telegram"),                    .name = S_INIT("bot")       },
    };
    struct ctx cx = {.arena = a, .now_ms = INT64_C(1795000000000)};
    const struct history h = {
        .agents = {.a = a}, .channels = channels, .n_channels = sizeof channels / sizeof *channels};
    struct history_item item = {0};
    if (history_read(&cx, &h, line, &item) != OK) {
        must(cx.fault.words.len > 0 && utf8_valid(cx.fault.words));
        return;
    }
    must(item.channel == &channels[0] || item.channel == &channels[1]);
    must(item.id.len > 0 && item.sent_ms > 0 && item.sent_ms <= cx.now_ms);
    must(!item.is_in || item.who_id.len > 0);
    must(item.is_in || item.who_id.len + item.thread.len + item.reply_to.len > 0);
    is_text(item.text, LIMIT_TEXT_BYTES);
    const str names[] = {item.id, item.thread, item.reply_to, item.who_id, item.who_name,
        item.who_handle, item.who_email, item.who_location, item.author_name};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        is_text(names[i], LIMIT_NAME_BYTES);
    if (item.is_in)
        is_kept_by_a_delivery(a, &item);
}

static void read_delivery(struct arena *a, str body)
{
    const struct connector_raw raw = {.body = body};
    struct connector_batch batch = {0};
    str why = {0};
    if (replayed_parse(a, &raw, &batch, &why) != OK) {
        must(why.len > 0);
        return;
    }
    must(batch.n == 1 && batch.items[0].external_id.len > 0);
    must(batch.items[0].contact_external_id.len > 0 && utf8_valid(batch.items[0].text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str bytes = str_of(data, (ptrdiff_t)size);
    read_line(&a, bytes);
    read_delivery(&a, bytes);
    arena_free(&a);
    return 0;
}
