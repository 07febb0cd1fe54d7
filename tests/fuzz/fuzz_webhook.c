/* Fuzz target: deliveries and signature headers of every network. The first line of the input names
 * network and origin ("telegram hook"), the rest is the body. What is parsed keeps its promises: an
 * item is whole or has a fault and its raw text, and is within the limits.
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

static void check_item(const struct connector_item *it)
{
    if (it->fault.len) {
        promise(it->raw.len > 0 && it->external_id.len == 0);
        return;
    }
    promise(it->text.len <= LIMIT_TEXT_BYTES && utf8_valid(it->text) && utf8_valid(it->parts));
    promise(it->n_attachments <= LIMIT_ATTACHMENTS);
    promise(!utf8_has_control(it->contact_name) && !utf8_has_control(it->contact_handle));
    if (it->kind != ITEM_MESSAGE)
        return;
    promise(it->external_id.len > 0 && it->contact_external_id.len > 0);
    promise(it->text.len > 0 || it->n_attachments > 0 || it->parts.len > 0);
}

static void parse(struct arena *a, const struct connector *c, str origin, str body)
{
    const struct connector_raw raw = {
        .body = body, .origin = origin, .received_ms = INT64_C(1700000000000)};
    struct connector_batch batch = {0};
    str why = {0};
    if (c->parse(a, &raw, &batch, &why) != OK) {
        promise(why.len > 0);
        return;
    }
    promise(batch.n <= LIMIT_HOOK_ITEMS);
    for (ptrdiff_t i = 0; i < batch.n; i++)
        check_item(&batch.items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_ms = INT64_C(1700000000000);
    struct arena a = arena_make(0);
    str why = {0}, header, body, network, origin;
    (void)str_cut(str_of(data, (ptrdiff_t)size), '\n', &header, &body);
    (void)str_cut(header, ' ', &network, &origin); /* without a line end all of it is header */
    const struct connector *c = connector_find(network);
    if (c && c->parse)
        parse(&a, c, origin, body);
    promise(signature_check(header, S("secret of the fuzzer"), S(""), now_ms, body, &why) != OK);
    arena_free(&a);
    return 0;
}
