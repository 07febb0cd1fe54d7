/* mail_subscription: Amazon SNS asks whether it may post to a mailbox: people see it, and open the
 * link themselves or put the question aside. Not here: how it came (hook_mail.c). */
#include "care/mail_subscription.h"

#include "api/channels.h"
#include "api/page.h"
#include "store/audit.h"

static const struct shape_field subscription_fields[] = {
    SHOWN("topic", SHAPE_TEXT, SHAPE_NULL, "the topic's ARN; null: nobody asks"),
    SHOWN("url", SHAPE_TEXT, SHAPE_NULL,
        "Amazon's link: whoever opens it lets the topic post to this mailbox"),
    SHOWN("asked_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("until", SHAPE_TIME, SHAPE_NULL, "so long the link is good"),
};
static const struct shape subscription_shape = SHAPE("MailSubscription", NULL, subscription_fields,
    "A question of Amazon SNS that somebody has to answer.");

static err get(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct mail_subscription asked;
    struct channel channel;
    TRY(channel_seen(cx, call->id, &channel));
    TRY(mail_subscription_get(cx, channel.id, &asked));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_text(&j, S("topic"), asked.topic);
    json_kv_text(&j, S("url"), asked.url);
    json_kv_time(&j, S("asked_at"), asked.asked_ms);
    json_kv_time(&j, S("until"), asked.url.len ? asked.asked_ms + MAIL_SUBSCRIPTION_MS : 0);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err put_aside(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    bool was_asked = false;
    TRY(channel_seen(cx, call->id, &channel));
    TRY(mail_subscription_end(cx, channel.id, &was_asked));
    if (was_asked)
        TRY(audit_add(
            cx, S("channel.subscription_dismissed"), S("channel"), channel.id.v, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/channels/{id}/mail-subscription", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_READ, NULL, NULL, NULL, get,
     "Whether Amazon SNS asks to post mails to this mailbox.", &subscription_shape, 0},
    {HTTP_DELETE, "/api/v1/channels/{id}/mail-subscription", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, put_aside,
     "Put that question aside.", NULL, 0},
};
/* clang-format on */
extern const struct route_table mail_subscription_routes;
const struct route_table mail_subscription_routes = ROUTES(routes);
