/* view_contact: see view_contact.h. */
#include "model/view_contact.h"

static void put_identity(struct json_out *j, const struct identity_shown *i)
{
    json_obj(j);
    json_kv_id(j, S("id"), i->id.v);
    json_kv_id(j, S("channel_id"), i->channel_id.v);
    json_kv_str(j, S("channel_kind"), i->channel_kind);
    json_kv_str(j, S("external_id"), i->external_id);
    json_kv_text(j, S("handle"), i->handle);
    json_kv_bool(j, S("is_verified"), i->is_verified);
    json_kv_time(j, S("last_seen_at"), i->last_seen_ms);
    json_obj_end(j);
}

void contact_view(struct json_out *j, const struct contact *c,
    const struct identity_shown *identities, ptrdiff_t n, int64_t conversations)
{
    json_obj(j);
    json_kv_id(j, S("id"), c->id.v);
    json_kv_str(j, S("name"), c->name);
    json_kv_text(j, S("email"), c->email);
    json_kv_text(j, S("phone"), c->phone);
    json_kv_text(j, S("avatar_url"), c->avatar_url);
    json_kv_text(j, S("language"), c->language);
    json_kv_text(j, S("time_zone"), c->time_zone);
    json_kv_text(j, S("location"), c->location);
    json_kv_text(j, S("company"), c->company);
    json_kv_text(j, S("note"), c->note);
    json_kv_raw(j, S("custom"), c->custom.len ? c->custom : S("{}"));
    json_key(j, S("identities"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++)
        put_identity(j, &identities[i]);
    json_arr_end(j);
    json_kv_bool(j, S("is_online"), c->is_online);
    json_kv_bool(j, S("is_blocked"), c->is_blocked);
    json_kv_time(j, S("created_at"), c->created_ms);
    json_kv_time(j, S("last_seen_at"), c->last_seen_ms);
    json_kv_time(j, S("updated_at"), c->updated_ms);
    if (c->page_url.len) {
        json_key(j, S("current_page"));
        json_obj(j);
        json_kv_str(j, S("url"), c->page_url);
        json_kv_text(j, S("title"), c->page_title);
        json_obj_end(j);
    }
    if (conversations >= 0)
        json_kv_int(j, S("conversations_count"), conversations);
    json_obj_end(j);
}
