/* compare: see compare.h. */
#include "care/compare.h"

#include "base/id.h"
#include "base/json.h"
#include "store/channel.h"

#define CURSOR "compare"

err compare_asked(struct ctx *cx, channel_id channel, struct compare_wish *wish)
{
    const struct json *root = NULL;
    str value, why;
    *wish = (struct compare_wish){0};
    TRY(channel_cursor_get(cx, channel, S(CURSOR), &value));
    if (json_parse(cx->arena, value, &root, &why) != OK)
        return OK;
    if (id_parse(json_text(json_get(root, S("id")), S("")), &wish->id) != OK)
        return OK;
    wish->asked_ms = json_int(json_get(root, S("asked_ms")), 0);
    return OK;
}

err compare_ask(struct ctx *cx, channel_id channel)
{
    struct compare_wish wish;
    TRY(compare_asked(cx, channel, &wish));
    if (wish.id)
        return OK;
    return channel_cursor_set(cx, channel, S(CURSOR),
        str_print(cx->arena, "{\"id\":\"%lld\",\"asked_ms\":%lld}", (long long)id_make(cx->now_ms),
            (long long)cx->now_ms));
}

err compare_done(struct ctx *cx, channel_id channel)
{
    struct compare_wish wish;
    TRY(compare_asked(cx, channel, &wish));
    return wish.id ? channel_cursor_set(cx, channel, S(CURSOR), S("{}")) : OK;
}
