/* view_conversation: see view_conversation.h. */
#include "model/view_conversation.h"

#include "model/view_message.h"

static void put_channel(struct json_out *j, const struct conversation *c)
{
    json_key(j, S("channel"));
    json_obj(j);
    json_kv_id(j, S("id"), c->channel_id.v);
    json_kv_str(j, S("kind"), c->channel_kind);
    json_kv_str(j, S("name"), c->channel_name);
    json_obj_end(j);
}

static void put_contact(struct json_out *j, const struct conversation *c)
{
    json_key(j, S("contact"));
    json_obj(j);
    json_kv_id(j, S("id"), c->contact_id.v);
    json_kv_str(j, S("name"), c->contact_name);
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
    json_kv_bool(j, S("is_public"), false);
    json_kv_text(j, S("language"), c->language);
    json_kv_time(j, S("created_at"), c->created_ms);
    json_kv_time(j, S("updated_at"), c->updated_ms);
    json_kv_time(j, S("resolved_at"), c->resolved_ms);
    json_kv_id(j, S("previous_id"), c->previous_id.v);
    json_kv_int(j, S("version"), c->version);
}

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
    json_obj_end(j);
}

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

void tag_view(struct json_out *j, const struct tag *t)
{
    json_obj(j);
    json_kv_id(j, S("id"), t->id.v);
    json_kv_str(j, S("name"), t->name);
    json_kv_str(j, S("color"), t->color);
    json_obj_end(j);
}

void draft_view(struct json_out *j, const struct draft *d)
{
    json_obj(j);
    json_kv_id(j, S("conversation_id"), d->conversation_id.v);
    json_kv_str(j, S("kind"), d->kind);
    json_kv_str(j, S("text"), d->text);
    json_key(j, S("attachment_ids"));
    json_put_id_text(j, d->attachment_ids);
    if (d->attachments.len)
        json_kv_raw(j, S("attachments"), d->attachments);
    json_kv_time(j, S("updated_at"), d->updated_ms);
    json_obj_end(j);
}
