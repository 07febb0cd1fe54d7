/* view_conversation: see view_conversation.h. */
#include "model/view_conversation.h"

#include "model/view_attachment.h"
#include "model/view_channel.h"
#include "model/view_contact.h"
#include "model/view_message.h"

static void put_channel(struct json_out *j, const struct conversation *c)
{
    json_key(j, S("channel"));
    json_obj(j);
    json_kv_id(j, S("id"), c->channel_id.v);
    json_kv_text(j, S("kind"), c->channel_kind.len ? c->channel_kind : c->removed_kind);
    json_kv_str(j, S("name"), c->channel_name);
    json_obj_end(j);
}

static void put_contact(struct json_out *j, const struct conversation *c)
{
    json_key(j, S("contact"));
    json_obj(j);
    json_kv_id(j, S("id"), c->contact_id.v);
    json_kv_str(j, S("name"), c->contact_name.len ? c->contact_name : c->contact_email);
    json_kv_text(j, S("avatar_url"), c->contact_avatar_url);
    json_kv_bool(j, S("is_online"), c->is_contact_online);
    json_obj_end(j);
}

static void put_tags(struct json_out *j, const struct str_list *tags)
{
    json_key(j, S("tags"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < tags->len; i++)
        json_put_str(j, tags->at[i]);
    json_arr_end(j);
}

static void put_fields(
    struct json_out *j, const struct conversation *c, const struct conversation_more *more)
{
    json_kv_id(j, S("id"), c->id.v);
    json_kv_int(j, S("number"), c->number);
    put_channel(j, c);
    if (more)
        json_kv_raw(j, S("contact"), more->contact);
    else
        put_contact(j, c);
    json_kv_str(j, S("status"), c->status);
    json_kv_str(j, S("priority"), c->priority);
    json_kv_id(j, S("assignee_id"), c->assignee_id.v);
    json_kv_id(j, S("team_id"), c->team_id.v);
    put_tags(j, &c->tags);
    json_kv_text(j, S("subject"), c->subject);
    json_kv_str(j, S("preview"), c->preview);
    json_kv_str(j, S("preview_kind"), c->preview_kind);
    json_kv_id(j, S("last_message_id"), c->last_message_id.v);
    json_kv_time(j, S("last_message_at"), c->last_message_ms);
    json_kv_time(j, S("last_in_at"), c->last_in_ms);
    json_kv_time(j, S("waiting_since"), c->waiting_since_ms);
    json_kv_time(j, S("snoozed_until"), c->snoozed_until_ms);
    json_kv_text(j, S("outcome"), c->outcome);
    if (c->is_mine_filled) {
        json_kv_int(j, S("unread_count"), c->unread_count);
        json_kv_bool(j, S("draft"), c->has_draft);
    }
    json_kv_bool(j, S("is_public"), str_eq(c->visibility, S("public")));
    json_kv_text(j, S("language"), c->language);
    json_kv_time(j, S("created_at"), c->created_ms);
    json_kv_time(j, S("updated_at"), c->updated_ms);
    json_kv_time(j, S("resolved_at"), c->resolved_ms);
    json_kv_id(j, S("previous_id"), c->previous_id.v);
    json_kv_id(j, S("related_id"), c->related_id.v);
    json_kv_id(j, S("joined_id"), c->joined_id.v);
    json_kv_int(j, S("version"), c->version);
}

static const struct shape_field channel_short_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("kind", SHAPE_NULL, channel_kind_words, "null: a channel that was removed long ago"),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
};
static const struct shape channel_short_shape =
    SHAPE("ChannelShort", NULL, channel_short_fields, "The channel of a conversation.");

static const char *const preview_kinds[] = {"in", "auto", "out", "note", "", NULL};
static const struct shape_field news_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("number", SHAPE_INT, 0, "what people call it by; counted per account"),
    SHOWN_OBJECT("channel", 0, &channel_short_shape, NULL),
    SHOWN_OBJECT("contact", 0, &contact_short_shape, NULL),
    SHOWN_WORD("status", 0, conversation_status_words, NULL),
    SHOWN_WORD("priority", 0, conversation_priority_words, NULL),
    SHOWN("assignee_id", SHAPE_ID, SHAPE_NULL, "an agent"),
    SHOWN("team_id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN("tags", SHAPE_TEXT, SHAPE_LIST, "names, sorted"),
    SHOWN("subject", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("preview", SHAPE_TEXT, 0, "how the last message begins"),
    SHOWN_WORD(
        "preview_kind", 0, preview_kinds, "auto: a program's mail; empty before the first message"),
    SHOWN("last_message_id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN("last_message_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("last_in_at", SHAPE_TIME, SHAPE_NULL, "the customer's last message"),
    SHOWN("waiting_since", SHAPE_TIME, SHAPE_NULL, "first customer message without an answer"),
    SHOWN("snoozed_until", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN_WORD("outcome", SHAPE_NULL, conversation_outcome_words, "of a resolved one"),
    SHOWN("is_public", SHAPE_BOOL, 0, "others can read it where it was written"),
    SHOWN("language", SHAPE_TEXT, SHAPE_NULL, "language tag"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("updated_at", SHAPE_TIME, 0, NULL),
    SHOWN("resolved_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("previous_id", SHAPE_ID, SHAPE_NULL, "the resolved conversation that this one goes on"),
    SHOWN("related_id", SHAPE_ID, SHAPE_NULL,
        "the conversation that it may belong to: `related` of the whole one says why"),
    SHOWN("joined_id", SHAPE_ID, SHAPE_NULL, "it was joined: its messages are there now"),
    SHOWN("version", SHAPE_INT, 0, "grows with every change; for expected_version"),
};
const struct shape conversation_news_shape = SHAPE("ConversationNews", NULL, news_fields,
    "A conversation as events carry it: without what belongs to one agent.");
static const struct shape_field mine_fields[] = {
    SHOWN("unread_count", SHAPE_INT, 0, "for the asking agent"),
    SHOWN("draft", SHAPE_BOOL, 0, "the asking agent has begun to write"),
};
const struct shape conversation_shape =
    SHAPE("Conversation", &conversation_news_shape, mine_fields, "An exchange with a customer.");

static const struct shape_field participant_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
};
static const struct shape participant_shape =
    SHAPE("Participant", NULL, participant_fields, "An agent who took part.");
static const struct shape_field viewer_fields[] = {
    SHOWN("agent_id", SHAPE_ID, 0, NULL),
    SHOWN("is_typing", SHAPE_BOOL, 0, NULL),
};
static const struct shape viewer_shape =
    SHAPE("Viewer", NULL, viewer_fields, "An agent who has it open now.");
static const char *const post_kinds[] = {"post", "video", "story", "review", "ad", NULL};
static const struct shape_field post_fields[] = {
    SHOWN_WORD("kind", 0, post_kinds, NULL),
    SHOWN("url", SHAPE_TEXT, SHAPE_NULL, "at the network"),
    SHOWN("text", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("author_name", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("author_handle", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("image_url", SHAPE_TEXT, SHAPE_NULL, "at the network"),
    SHOWN("is_ours", SHAPE_BOOL, 0, "we published it"),
    SHOWN("at", SHAPE_TIME, SHAPE_NULL, "when it was published"),
};
static const struct shape post_shape =
    SHAPE("Post", NULL, post_fields, "What the public messages of a conversation stand under.");
static const char *const related_whys[] = {"answer", "address", "number", "subject", NULL};
static const struct shape_field related_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("number", SHAPE_INT, 0, NULL),
    SHOWN("subject", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("contact_name", SHAPE_TEXT, 0, "whom that one is with"),
    SHOWN_WORD("why", 0, related_whys,
        "the mail answers one there; it came to its address; its subject has the number; it goes "
        "on from there under another subject"),
    SHOWN("sender", SHAPE_TEXT, 0, "whose mail begins this conversation"),
    SHOWN("is_proven", SHAPE_BOOL, 0, "the mail is from that address for certain"),
    SHOWN("takes_part", SHAPE_BOOL, 0, "that address takes part there"),
};
static const struct shape related_shape = SHAPE(
    "RelatedConversation", NULL, related_fields, "Another conversation that this may belong to.");
static const char *const windows[] = {"open", "late", "template", "closed", NULL};
static const char *const visibilities[] = {"private", "public", NULL};
static const struct shape_field reply_fields[] = {
    SHOWN("public", SHAPE_BOOL, 0, "a public reply is possible"),
    SHOWN("private", SHAPE_BOOL, 0, "a private one is, also one to the author of a public message"),
    SHOWN_WORD("default_visibility", 0, visibilities, "what is taken when nothing is said"),
    SHOWN_WORD("window", 0, windows,
        "of private replies. late: only by a person; template: only one of those; closed: not now"),
    SHOWN("window_until", SHAPE_TIME, SHAPE_NULL, "open until then"),
    SHOWN("late_until", SHAPE_TIME, SHAPE_NULL, "late until then"),
    SHOWN("answer_url", SHAPE_TEXT, SHAPE_NULL, "brought in by hand: to be answered there"),
};
static const struct shape reply_shape = SHAPE("ReplyRoom", NULL, reply_fields,
    "What may be answered now; lengths and files: the rules of the channel's network.");
static const struct shape_field full_fields[] = {
    SHOWN_OBJECT("contact", 0, &contact_shape, NULL),
    SHOWN_OBJECT("participants", SHAPE_LIST, &participant_shape, NULL),
    SHOWN_OBJECT("viewers", SHAPE_LIST, &viewer_shape, NULL),
    SHOWN_OBJECT("post", SHAPE_NULL, &post_shape, "of public messages"),
    SHOWN_OBJECT("reply", 0, &reply_shape, NULL),
    SHOWN_OBJECT("related", SHAPE_NULL, &related_shape, "null also when you may not see it"),
};
const struct shape conversation_full_shape =
    SHAPE("ConversationFull", &conversation_shape, full_fields, "A conversation that was opened.");

void conversation_view(struct json_out *j, const struct conversation *c)
{
    json_obj(j);
    put_fields(j, c, NULL);
    json_obj_end(j);
}

void conversation_view_full(
    struct json_out *j, const struct conversation *c, const struct conversation_more *more)
{
    json_obj(j);
    put_fields(j, c, more);
    json_kv_raw(j, S("participants"), more->participants);
    json_kv_raw(j, S("viewers"), more->viewers);
    json_kv_raw(j, S("post"), more->post);
    json_kv_raw(j, S("reply"), more->reply);
    json_kv_raw(j, S("related"), more->related);
    json_obj_end(j);
}

static const struct shape_field widget_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("status", 0, conversation_status_words, NULL),
};
const struct shape widget_conversation_shape =
    SHAPE("WidgetConversation", NULL, widget_fields, "A conversation as the visitor sees it.");

void conversation_view_widget(struct json_out *j, const struct conversation *c)
{
    json_obj(j);
    json_kv_id(j, S("id"), c->id.v);
    json_kv_str(j, S("status"), c->status);
    json_obj_end(j);
}

const char *const conversation_sort_words[] = {"due", "newest", "oldest", "waiting", NULL};

static const struct shape_field filter_fields[] = {
    SHOWN_WORD("status", SHAPE_LIST | SHAPE_OPTIONAL, conversation_status_words, NULL),
    SHOWN("assignee", SHAPE_TEXT, SHAPE_OPTIONAL, "an agent's id, me or none"),
    SHOWN("team", SHAPE_TEXT, SHAPE_OPTIONAL, "an id or none"),
    SHOWN("channel", SHAPE_TEXT, SHAPE_OPTIONAL, "an id"),
    SHOWN("contact", SHAPE_TEXT, SHAPE_OPTIONAL, "an id"),
    SHOWN("tag", SHAPE_TEXT, SHAPE_LIST | SHAPE_OPTIONAL, "any of these names"),
    SHOWN_WORD("priority", SHAPE_LIST | SHAPE_OPTIONAL, conversation_priority_words, NULL),
    SHOWN("q", SHAPE_TEXT, SHAPE_OPTIONAL, "words to look for"),
    SHOWN("language", SHAPE_TEXT, SHAPE_OPTIONAL, "language tag"),
    SHOWN("unread", SHAPE_BOOL, SHAPE_OPTIONAL, "true: only what one has not read"),
    SHOWN("mentions", SHAPE_BOOL, SHAPE_OPTIONAL, "true: only where one was mentioned"),
};
static const struct shape filter_shape =
    SHAPE("ViewFilter", NULL, filter_fields, "Which conversations; only what narrows.");
static const struct shape_field view_fields[] = {
    SHOWN("id", SHAPE_ID, SHAPE_NULL, "null when built in"),
    SHOWN("key", SHAPE_TEXT, 0, "of a built-in one; else custom"),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN_OBJECT("filter", 0, &filter_shape, NULL),
    SHOWN_WORD("sort", 0, conversation_sort_words, NULL),
    SHOWN("is_shared", SHAPE_BOOL, 0, "everybody of the account sees it"),
    SHOWN("position", SHAPE_INT, 0, "smaller = further up"),
    SHOWN("agent_id", SHAPE_ID, SHAPE_NULL, "who made it"),
};
const struct shape view_shape = SHAPE("View", NULL, view_fields, "A saved list of conversations.");

void saved_view_view(struct json_out *j, const struct saved_view *v)
{
    json_obj(j);
    json_kv_id(j, S("id"), v->id.v);
    json_kv_str(j, S("key"), v->key.len ? v->key : S("custom"));
    json_kv_str(j, S("name"), v->name);
    json_kv_raw(j, S("filter"), v->filter);
    json_kv_str(j, S("sort"), v->sort);
    json_kv_bool(j, S("is_shared"), v->is_shared);
    json_kv_int(j, S("position"), v->position);
    json_kv_id(j, S("agent_id"), v->agent_id.v);
    json_obj_end(j);
}

static const char *const notification_types[] = {"mention", "assigned", "reply", "held_back", NULL};
static const struct shape_field notification_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("type", 0, notification_types, NULL),
    SHOWN("conversation_id", SHAPE_ID, 0, NULL),
    SHOWN("message_id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN_OBJECT("actor", 0, &author_shape, "without id and photo"),
    SHOWN("preview", SHAPE_TEXT, 0, NULL),
    SHOWN("at", SHAPE_TIME, 0, NULL),
    SHOWN("read_at", SHAPE_TIME, SHAPE_NULL, NULL),
};
const struct shape notification_shape =
    SHAPE("Notification", NULL, notification_fields, "Something that waits for one agent.");

void notification_view(struct json_out *j, const struct notification *n)
{
    json_obj(j);
    json_kv_id(j, S("id"), n->id.v);
    json_kv_str(j, S("type"), n->type);
    json_kv_id(j, S("conversation_id"), n->conversation_id.v);
    json_kv_id(j, S("message_id"), n->message_id.v);
    json_key(j, S("actor"));
    json_obj(j);
    json_kv_str(j, S("kind"), str_eq(n->type, S("reply")) ? S("contact") : S("agent"));
    json_kv_id(j, S("id"), 0);
    json_kv_str(j, S("name"), n->actor_name);
    json_kv_id(j, S("photo_url"), 0);
    json_obj_end(j);
    json_kv_str(j, S("preview"), n->preview);
    json_kv_time(j, S("at"), n->at_ms);
    json_kv_time(j, S("read_at"), n->read_ms);
    json_obj_end(j);
}

static const struct shape_field tag_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("color", SHAPE_TEXT, 0, "#rrggbb or empty"),
};
const struct shape tag_shape = SHAPE("Tag", NULL, tag_fields, "A word for conversations.");

void tag_view(struct json_out *j, const struct tag *t)
{
    json_obj(j);
    json_kv_id(j, S("id"), t->id.v);
    json_kv_str(j, S("name"), t->name);
    json_kv_str(j, S("color"), t->color);
    json_obj_end(j);
}

static const char *const draft_kinds[] = {"reply", "note", NULL};
static const struct shape_field draft_fields[] = {
    SHOWN("conversation_id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("kind", 0, draft_kinds, NULL),
    SHOWN("text", SHAPE_TEXT, 0, "empty, without files: there is none any more"),
    SHOWN("attachment_ids", SHAPE_ID, SHAPE_LIST, NULL),
    SHOWN_OBJECT("attachments", SHAPE_LIST, &attachment_shape, NULL),
    SHOWN("mail", SHAPE_FREE, SHAPE_NULL, "of a mail: what it is beside its text, as it is posted"),
    SHOWN("updated_at", SHAPE_TIME, SHAPE_NULL, "null: never written"),
};
const struct shape draft_shape =
    SHAPE("Draft", NULL, draft_fields, "What an agent began to write.");

void draft_view(struct json_out *j, const struct draft *d)
{
    json_obj(j);
    json_kv_id(j, S("conversation_id"), d->conversation_id.v);
    json_kv_str(j, S("kind"), d->kind);
    json_kv_str(j, S("text"), d->text);
    json_key(j, S("attachment_ids"));
    json_put_id_text(j, d->attachment_ids);
    json_kv_raw(j, S("attachments"), d->attachments.len ? d->attachments : S("[]"));
    json_kv_raw(j, S("mail"), d->mail);
    json_kv_time(j, S("updated_at"), d->updated_ms);
    json_obj_end(j);
}
