/* channel_setup: see channel_setup.h. */
#include "care/channel_setup.h"

#include "care/news.h"
#include "model/view_channel.h"
#include "store/channel.h"

err channel_tell(struct ctx *cx, channel_id id)
{
    struct channel channel;
    TRY(channel_get(cx, id, &channel));
    struct json_out j = json_out_make(cx->arena, 0);
    channel_view(&j, &channel);
    return news_thing(cx, S("channel.updated"), S("channel"), id.v, (agent_id){0}, json_str(&j));
}

str channel_hook_url(struct arena *a, const struct config *config, str kind, str key)
{
    return str_print(a, "%.*s/hooks/%.*s/%.*s", SARG(config->base_url), SARG(kind), SARG(key));
}

err channel_setup(struct ctx *cx, const struct channel *channel, struct connector_setup *setup)
{
    str identity;
    *setup = (struct connector_setup){
        .settings = channel->settings,
        .external_id = channel->external_id,
        .handle = channel->handle,
        .hook_url = channel_hook_url(cx->arena, cx->config, channel->kind, channel->public_key),
        .hosts = cx->config->network_hosts,
    };
    TRY(channel_secrets(cx, channel, &setup->secret, &setup->old_secret, &identity));
    return channel_network_secrets(cx, channel, &setup->secrets);
}
