/* capture: see capture.h. */
#include "connector/capture.h"

#include "base/crypto.h"
#include "base/utf8.h"
#include "connector/reading.h"

static str hash_of(struct arena *a, str text)
{
    struct sha256 sum = crypto_sha256(text);
    return crypto_hex(a, str_of(sum.b, sizeof sum.b));
}

static str person_of(struct arena *a, str handle, str name)
{
    while (str_starts(handle, S("@")))
        handle = str_skip(handle, 1);
    str id = handle.len ? utf8_fold(a, handle) : str_cat(a, S("name:"), utf8_fold(a, name));
    return id.len > READING_ID_BYTES ? hash_of(a, id) : id;
}

err capture_item(struct arena *a, const struct capture *c, struct connector_item *it)
{
    bool is_web = str_starts(c->url, S("https://")) || str_starts(c->url, S("http://"));
    bool is_named = c->author_name.len || c->author_handle.len;
    if (!is_web || !is_named || c->url.len > READING_URL_BYTES || utf8_has_control(c->url))
        return E_INVALID;
    str id = c->url.len > READING_ID_BYTES ? hash_of(a, c->url) : c->url;
    *it = (struct connector_item){
        .kind = ITEM_MESSAGE,
        .external_id = id,
        .is_public = c->is_public,
        .thread_key = c->is_public ? str_cat(a, S("post:"), id) : (str){0                },
        .contact_external_id = person_of(a, c->author_handle, c->author_name),
        .contact_name = c->author_name.len ? c->author_name : c->author_handle,
        .contact_handle = c->author_handle,
        .text = c->text.len ? c->text : c->url,
        .sent_ms = c->at_ms,
        .opens_window = true,
        .post = { .external_id = id,
                                                                        .url = c->url,
                                                                        .text = c->text,
                                                                        .author_name = c->author_name,
                                                                        .author_handle = c->author_handle,
                                                                        .at_ms = c->at_ms}
    };
    return OK;
}
