/* Fuzz target: webhook bodies and signature headers of every network that calls us. What is parsed
 * keeps its promises: an item is whole or has a fault and its raw text, and is within the limits.
 */
#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/connector.h"
#include "connector/signature.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
    if (!kept)
        abort();
}

static void check_item(const struct connector_item *it, int64_t received_ms)
{
    if (it->fault.len) {
        promise(it->raw.len > 0 && it->external_id.len == 0);
        return;
    }
    promise(it->external_id.len > 0 && it->contact_external_id.len > 0);
    promise(it->text.len > 0 || it->n_attachments > 0);
    promise(it->text.len <= LIMIT_TEXT_BYTES && utf8_valid(it->text));
    promise(it->n_attachments <= LIMIT_ATTACHMENTS);
    promise(it->sent_ms > 0 && it->sent_ms <= received_ms);
    promise(!utf8_has_control(it->contact_name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_ms = INT64_C(1700000000000);
    struct arena a = arena_make(0);
    struct connector_batch batch = {0};
    str why = {0}, header, body, text = str_of(data, (ptrdiff_t)size);
    if (connector_api.parse(&a, text, now_ms, &batch, &why) == OK) {
        promise(batch.n > 0 && batch.n <= LIMIT_HOOK_ITEMS);
        for (ptrdiff_t i = 0; i < batch.n; i++)
            check_item(&batch.items[i], now_ms);
    } else {
        promise(why.len > 0);
    }
    (void)str_cut(text, '\n', &header, &body); /* without a line end all of it is header */
    promise(signature_check(header, S("secret of the fuzzer"), S(""), now_ms, body, &why) != OK);
    arena_free(&a);
    return 0;
}
