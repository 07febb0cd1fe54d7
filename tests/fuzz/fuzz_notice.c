/* Any bytes as a notification mail: what is read keeps the promises of an item. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/notice.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    const struct connector_raw raw = {
        .body = str_of(data, (ptrdiff_t)size), .origin = NOTICE_ORIGIN};
    struct connector_batch batch = {0};
    str why = {0};
    if (notice_parse(&a, connector_find(S("facebook")), &raw, &batch, &why) == OK) {
        const struct connector_item *it = batch.items;
        must(batch.n == 1 && it->external_id.len && it->contact_external_id.len);
        must(utf8_valid(it->text) && it->text.len > 0 && it->text.len <= LIMIT_TEXT_BYTES);
        must(!utf8_has_control(it->contact_name) && utf8_valid(it->post.url));
    } else {
        must(why.len > 0);
    }
    arena_free(&a);
    return 0;
}
