/* capture: see capture.h. */
#include "connector/capture.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/reading.h"

str capture_write(struct arena *a, const struct capture *c)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("url"), c->url);
    json_kv_str(&j, S("text"), c->text);
    json_kv_str(&j, S("author_name"), c->author_name);
    json_kv_str(&j, S("author_handle"), c->author_handle);
    json_kv_bool(&j, S("public"), c->is_public);
    json_kv_int(&j, S("at"), c->at_ms);
    json_obj_end(&j);
    return json_str(&j);
}

static str hash_of(struct arena *a, str text)
{
    struct sha256 sum = crypto_sha256(text);
    return crypto_hex(a, str_of(sum.b, sizeof sum.b));
}

str capture_key(struct arena *a, str url)
{
    return str_cat(a, S("capture:"), hash_of(a, url));
}

static str person_of(struct arena *a, str handle, str name)
{
    while (str_starts(handle, S("@")))
        handle = str_skip(handle, 1);
    str id = handle.len ? utf8_fold(a, handle) : str_cat(a, S("name:"), utf8_fold(a, name));
    return id.len > READING_ID_BYTES ? hash_of(a, id) : id;
}

err capture_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    struct item_list list = {.a = a};
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    str url = take_url(root, "url");
    str name = take_line(root, "author_name", LIMIT_NAME_BYTES);
    str handle = take_line(root, "author_handle", LIMIT_NAME_BYTES);
    if (!url.len || (!name.len && !handle.len)) {
        *why = S("A post has an address and an author.");
        return E_INVALID;
    }
    struct connector_item *it = item_add(&list, ITEM_MESSAGE);
    it->external_id = url.len > READING_ID_BYTES ? hash_of(a, url) : url;
    it->is_public = take_bool(root, "public");
    it->thread_key = it->is_public ? str_cat(a, S("post:"), it->external_id) : (str){0};
    it->contact_external_id = person_of(a, handle, name);
    it->contact_name = name.len ? name : handle;
    it->contact_handle = handle;
    it->text = take_text(root, "text");
    it->sent_ms = take_int(root, "at", 0);
    it->opens_window = true;
    it->post = (struct connector_post){.external_id = it->external_id,
        .url = url,
        .text = it->text,
        .author_name = name,
        .author_handle = handle,
        .at_ms = it->sent_ms};
    if (!it->text.len)
        it->text = url;
    batch_of(&list, batch);
    return OK;
}
