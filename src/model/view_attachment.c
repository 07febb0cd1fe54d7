/* view_attachment: see view_attachment.h. */
#include "model/view_attachment.h"

static str address(
    struct arena *a, const struct attachment *at, bool is_for_visitor, const char *query)
{
    return str_print(a, "/%s/attachments/%lld%s", is_for_visitor ? "widget/v1" : "api/v1",
        (long long)at->id.v, query);
}

static void put_length(struct json_out *j, str key, int64_t pixels)
{
    json_key(j, key);
    if (pixels > 0)
        json_put_int(j, pixels);
    else
        json_put_null(j);
}

static const char *const attachment_states[] = {"ready", "processing", "fetching", "failed", NULL};
static const struct shape_field attachment_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, "of the file"),
    SHOWN("type", SHAPE_TEXT, 0, "MIME type by content"),
    SHOWN("size", SHAPE_INT, 0, "bytes"),
    SHOWN("width", SHAPE_INT, SHAPE_NULL, "pixels, of a picture"),
    SHOWN("height", SHAPE_INT, SHAPE_NULL, "pixels, of a picture"),
    SHOWN("url", SHAPE_TEXT, SHAPE_NULL, "below the base URL; null while there is no file"),
    SHOWN("thumbnail_url", SHAPE_TEXT, SHAPE_NULL, "a small WebP; null: show `url` or a sign"),
    SHOWN_WORD("state", 0, attachment_states, "processing: its thumbnail is being made"),
    SHOWN("error", SHAPE_TEXT, SHAPE_NULL | SHAPE_OPTIONAL, "fetching, failed: what went wrong"),
    SHOWN("source_url", SHAPE_TEXT, SHAPE_OPTIONAL,
        "fetching, failed: where it is; empty: nowhere but here"),
};
const struct shape attachment_shape =
    SHAPE("Attachment", NULL, attachment_fields, "A file of a message.");

void attachment_view(struct json_out *j, const struct attachment *at, bool is_for_visitor)
{
    struct arena *a = j->b.a;
    json_obj(j);
    json_kv_id(j, S("id"), at->id.v);
    json_kv_str(j, S("name"), at->name);
    json_kv_str(j, S("type"), at->type);
    json_kv_int(j, S("size"), at->size);
    put_length(j, S("width"), at->width);
    put_length(j, S("height"), at->height);
    json_kv_text(
        j, S("url"), attachment_is_here(at) ? address(a, at, is_for_visitor, "") : (str){0});
    json_kv_text(j, S("thumbnail_url"),
        at->thumbnail_name.len ? address(a, at, is_for_visitor, "?thumbnail=1") : (str){0});
    json_kv_str(j, S("state"), at->state);
    if (!attachment_is_here(at)) {
        json_kv_text(j, S("error"), at->error);
        json_kv_str(j, S("source_url"), at->source_url);
    }
    json_obj_end(j);
}
