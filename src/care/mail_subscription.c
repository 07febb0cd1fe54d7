/* mail_subscription: see mail_subscription.h. */
#include "care/mail_subscription.h"

#include "base/json.h"
#include "care/channel_setup.h"
#include "store/channel.h"

#define CURSOR "mail_subscription"

err mail_subscription_get(struct ctx *cx, channel_id channel, struct mail_subscription *asked)
{
    const struct json *root = NULL;
    str value, why;
    *asked = (struct mail_subscription){0};
    TRY(channel_cursor_get(cx, channel, S(CURSOR), &value));
    if (json_parse(cx->arena, value, &root, &why) != OK)
        return OK;
    int64_t asked_ms = json_int(json_get(root, S("asked_ms")), 0);
    if (asked_ms + MAIL_SUBSCRIPTION_MS > cx->now_ms)
        *asked = (struct mail_subscription){.topic = json_text(json_get(root, S("topic")), S("")),
            .url = json_text(json_get(root, S("url")), S("")),
            .asked_ms = asked_ms};
    return OK;
}

err mail_subscription_ask(struct ctx *cx, channel_id channel, str topic, str url)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("topic"), topic);
    json_kv_str(&j, S("url"), url);
    json_kv_int(&j, S("asked_ms"), cx->now_ms);
    json_obj_end(&j);
    TRY(channel_cursor_set(cx, channel, S(CURSOR), json_str(&j)));
    return channel_tell(cx, channel);
}

err mail_subscription_end(struct ctx *cx, channel_id channel, bool *was_asked)
{
    struct mail_subscription asked;
    TRY(mail_subscription_get(cx, channel, &asked));
    *was_asked = asked.url.len > 0;
    if (!*was_asked)
        return OK;
    TRY(channel_cursor_set(cx, channel, S(CURSOR), S("{}")));
    return channel_tell(cx, channel);
}
