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
    json_kv_str(j, S("url"), address(a, at, is_for_visitor, ""));
    json_kv_text(j, S("thumbnail_url"),
        at->thumbnail_name.len ? address(a, at, is_for_visitor, "?thumbnail=1") : (str){0});
    json_kv_str(j, S("state"), at->state);
    json_obj_end(j);
}
