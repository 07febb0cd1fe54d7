/* view_channel: see view_channel.h. */
#include "model/view_channel.h"

void channel_fields(struct json_out *j, const struct channel *channel)
{
    json_kv_id(j, S("id"), channel->id.v);
    json_kv_str(j, S("kind"), channel->kind);
    json_kv_str(j, S("name"), channel->name);
    json_kv_bool(j, S("is_enabled"), channel->is_enabled);
    json_kv_str(j, S("public_key"), channel->public_key);
    json_kv_raw(j, S("languages"), channel->languages);
    json_kv_raw(j, S("settings"), channel->settings);
    json_key(j, S("health"));
    json_obj(j);
    json_kv_time(j, S("last_in_at"), channel->last_in_ms);
    json_kv_time(j, S("last_out_at"), channel->last_out_ms);
    json_kv_text(j, S("last_error"), channel->last_error);
    json_obj_end(j);
    json_kv_time(j, S("created_at"), channel->created_ms);
}

void channel_view(struct json_out *j, const struct channel *channel)
{
    json_obj(j);
    channel_fields(j, channel);
    json_obj_end(j);
}
