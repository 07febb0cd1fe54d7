/* events: see events.h. */
#include "api/events.h"

#include "api/live.h"
#include "care/presence.h"
#include "job/engine.h"
#include "model/view_access.h"
#include "model/view_call.h"
#include "model/view_channel.h"
#include "model/view_contact.h"
#include "model/view_conversation.h"
#include "model/view_event.h"
#include "model/view_message.h"
#include "model/view_webhook.h"

/* What care/news.h and change.h write: the view under its own name; null: it is gone. */
static const struct shape_field conversation_data_fields[] = {
    SHOWN_OBJECT("conversation", 0, &conversation_news_shape, NULL),
};
static const struct shape conversation_data =
    SHAPE("ConversationData", NULL, conversation_data_fields, "Of conversation events.");
static const struct shape_field contact_data_fields[] = {
    SHOWN_OBJECT("contact", 0, &contact_shape, NULL),
};
static const struct shape contact_data =
    SHAPE("ContactData", NULL, contact_data_fields, "Of contact events.");
static const struct shape_field notification_data_fields[] = {
    SHOWN_OBJECT("notification", 0, &notification_shape, NULL),
};
static const struct shape notification_data =
    SHAPE("NotificationData", NULL, notification_data_fields, "Of notification events.");
static const struct shape_field draft_data_fields[] = {
    SHOWN_OBJECT("draft", 0, &draft_shape, NULL),
};
static const struct shape draft_data =
    SHAPE("DraftData", NULL, draft_data_fields, "Of draft events.");
static const struct shape_field agent_data_fields[] = {
    SHOWN_OBJECT("agent", 0, &agent_shape, NULL),
};
static const struct shape agent_data =
    SHAPE("AgentData", NULL, agent_data_fields, "Of agent events.");
static const struct shape_field channel_data_fields[] = {
    SHOWN_OBJECT("channel", SHAPE_NULL, &channel_shape, "null: it is gone"),
};
static const struct shape channel_data =
    SHAPE("ChannelData", NULL, channel_data_fields, "Of channel events.");
static const struct shape_field team_data_fields[] = {
    SHOWN_OBJECT("team", SHAPE_NULL, &team_shape, "null: it is gone"),
};
static const struct shape team_data = SHAPE("TeamData", NULL, team_data_fields, "Of team events.");
static const struct shape_field tag_data_fields[] = {
    SHOWN_OBJECT("tag", SHAPE_NULL, &tag_shape, "null: it is gone"),
};
static const struct shape tag_data = SHAPE("TagData", NULL, tag_data_fields, "Of tag events.");
static const struct shape_field view_data_fields[] = {
    SHOWN_OBJECT("view", SHAPE_NULL, &view_shape, "null: it is gone"),
};
static const struct shape view_data = SHAPE("ViewData", NULL, view_data_fields, "Of view events.");
static const struct shape_field webhook_data_fields[] = {
    SHOWN_OBJECT("webhook", SHAPE_NULL, &webhook_shape, "null: it is gone"),
};
static const struct shape webhook_data =
    SHAPE("WebhookData", NULL, webhook_data_fields, "Of webhook events.");
static const struct shape_field call_data_fields[] = {
    SHOWN_OBJECT("call", 0, &call_shape, NULL),
};
static const struct shape call_data = SHAPE("CallData", NULL, call_data_fields, "Of call events.");
static const struct shape_field message_data_fields[] = {
    SHOWN_OBJECT("message", 0, &message_shape, NULL),
    SHOWN_OBJECT("conversation", 0, &conversation_news_shape, "as it is after it"),
};
static const struct shape message_data =
    SHAPE("MessageData", NULL, message_data_fields, "Of message events.");

enum {
    KEPT = EVENT_TO_CONSOLES | EVENT_TO_WEBHOOKS,
    ONE_AGENT = EVENT_TO_CONSOLES,
    FLEETING = EVENT_TO_CONSOLES | EVENT_IS_FLEETING,
    FLEETING_BOTH = FLEETING | EVENT_TO_VISITORS,
};
/* clang-format off */
const struct event_kind event_kinds[] = {
    {"message.created", "A message came in, was written, or something was done.", &message_data, KEPT},
    {"message.updated", "Its state, text or files changed.", &message_data, KEPT},
    {"conversation.created", "A conversation began.", &conversation_data, KEPT},
    {"conversation.updated", "Its status, assignment, tags or words changed.", &conversation_data, KEPT},
    {"call.created", "A telephone call came in or was made.", &call_data, KEPT},
    {"call.updated", "It moved on, was answered, ended, or was dealt with.", &call_data, KEPT},
    {"contact.updated", "A contact was made or changed.", &contact_data, KEPT},
    {"channel.updated", "A channel was made, changed or removed.", &channel_data, KEPT},
    {"agent.updated", "An agent was invited, joined or changed.", &agent_data, KEPT},
    {"team.updated", "A team was made, changed or removed.", &team_data, KEPT},
    {"tag.updated", "A tag was made, changed or removed.", &tag_data, KEPT},
    {"view.updated", "A shared view was made, changed or removed.", &view_data, KEPT},
    {"webhook.updated", "A webhook was made, changed, switched off or removed.", &webhook_data, KEPT},
    {"notification.created", "To the one agent it is for.", &notification_data, ONE_AGENT},
    {"draft.updated", "To the agent who writes it, on its other screens.", &draft_data, ONE_AGENT},
    {"message.created", "A message that the visitor may see.", &widget_message_shape, EVENT_TO_VISITORS},
    {"message.updated", "Its state or files changed.", &widget_message_shape, EVENT_TO_VISITORS},
    {"conversation.updated", "Its status changed.", &widget_conversation_shape, EVENT_TO_VISITORS},
    {"message.outgoing", "A reply for the customer of an API channel.", &outgoing_shape, EVENT_TO_REPLY_ADDRESS},
    {"ping", "What POST /api/v1/webhooks/{id}/test sends.", NULL, EVENT_TO_WEBHOOKS},
    {"hello", "First on every stream: where it stands.", &hello_shape, FLEETING_BOTH},
    {"presence.changed", "Who looks at a conversation and who types.", &presence_shape, FLEETING},
    {"typing", "An agent types.", &typing_shape, EVENT_TO_VISITORS | EVENT_IS_FLEETING},
    {"read", "An agent has read the visitor's messages.", &read_shape, EVENT_TO_VISITORS | EVENT_IS_FLEETING},
    {"reset", "The stream cannot go on from there: load anew.", NULL, FLEETING_BOTH},
    {"reconnect", "The server stops: connect again.", NULL, FLEETING_BOTH},
};
/* clang-format on */
const ptrdiff_t n_event_kinds = sizeof event_kinds / sizeof event_kinds[0];

const struct event_kind *event_kind_find(str type, int to)
{
    for (ptrdiff_t i = 0; i < n_event_kinds; i++)
        if ((event_kinds[i].to & to) && str_eq(type, str_from(event_kinds[i].type)))
            return &event_kinds[i];
    return NULL;
}
