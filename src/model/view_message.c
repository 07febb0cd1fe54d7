/* view_message: see view_message.h. */
#include "model/view_message.h"

#include "base/id.h"
#include "model/view_attachment.h"

void json_put_id_text(struct json_out *j, str ids)
{
    json_arr(j);
    str one;
    while (ids.len) {
        (void)str_cut(ids, ',', &one, &ids); /* the rest decides when to end */
        int64_t id;
        if (one.len && id_parse(one, &id) == OK)
            json_put_id(j, id);
    }
    json_arr_end(j);
}

str id_text(struct arena *a, const int64_t *ids, ptrdiff_t n)
{
    if (!n)
        return (str){0};
    struct sb b = sb_make(a, 0);
    sb_byte(&b, ',');
    for (ptrdiff_t i = 0; i < n; i++) {
        sb_int(&b, ids[i]);
        sb_byte(&b, ',');
    }
    return sb_str(&b);
}

ptrdiff_t id_text_read(struct arena *a, str ids, int64_t **out)
{
    ptrdiff_t n = 0;
    int64_t *list = NEW(a, int64_t, ids.len / 2 + 1);
    str one;
    while (ids.len) {
        (void)str_cut(ids, ',', &one, &ids); /* the rest decides when to end */
        if (one.len && id_parse(one, &list[n]) == OK)
            n++;
    }
    *out = list;
    return n;
}

static void put_photo(struct json_out *j, const struct message *m)
{
    json_key(j, S("photo_url"));
    if (!m->author_photo_hash.len || !str_eq(m->author_kind, S("agent"))) {
        json_put_null(j);
        return;
    }
    json_put_str(j, str_print(j->b.a, "/photos/%lld/%.*s", (long long)m->author_id,
                        SARG(m->author_photo_hash)));
}

static void put_author(struct json_out *j, const struct message *m)
{
    json_key(j, S("author"));
    json_obj(j);
    json_kv_str(j, S("kind"), m->author_kind);
    json_kv_id(j, S("id"), m->author_id);
    json_kv_str(j, S("name"), m->author_name);
    put_photo(j, m);
    json_obj_end(j);
}

static const char *const author_kinds[] = {"contact", "agent", "system", "token", NULL};
static const struct shape_field author_fields[] = {
    SHOWN_WORD("kind", 0, author_kinds, NULL),
    SHOWN("id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN("name", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("photo_url", SHAPE_TEXT, SHAPE_NULL, "of an agent; below the base URL"),
};
const struct shape author_shape = SHAPE("Author", NULL, author_fields, "Who wrote or did it.");
static const struct shape_field activity_fields[] = {
    SHOWN("type", SHAPE_TEXT, 0,
        "status, priority, assignee, team, outcome, tags, moved, joined, joined_into, separated, "
        "hide, unhide, act_failed, automatic_refused or automatic_stopped"),
    SHOWN("from", SHAPE_TEXT, SHAPE_NULL,
        "tags: what was taken off; joined, joined_into, separated: the other conversation; "
        "automatic_refused: why"),
    SHOWN("to", SHAPE_TEXT, SHAPE_NULL,
        "tags: what was put on; joined …: its number; automatic_…: the address"),
};
static const struct shape activity_shape =
    SHAPE("Activity", NULL, activity_fields, "A change of the conversation.");

static const char *const message_kinds[] = {"in", "out", "note", "activity", NULL};
static const char *const message_states[] = {"received", "held", "queued", "sending", "sent",
    "delivered", "read", "failed", "unknown", "cancelled", NULL};
static const char *const visibilities[] = {"private", "public", NULL};
static const struct shape_field reaction_fields[] = {
    SHOWN("emoji", SHAPE_TEXT, 0, NULL),
    SHOWN("by", SHAPE_TEXT, 0, "contact or us"),
    SHOWN("name", SHAPE_TEXT, SHAPE_NULL, NULL),
};
static const struct shape reaction_shape =
    SHAPE("Reaction", NULL, reaction_fields, "A reaction to a message.");
static const struct shape_field message_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("conversation_id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("kind", 0, message_kinds, "in: from the customer; out: to the customer"),
    SHOWN_OBJECT("author", 0, &author_shape, NULL),
    SHOWN("text", SHAPE_TEXT, 0, NULL),
    SHOWN_OBJECT("attachments", SHAPE_LIST, &attachment_shape, NULL),
    SHOWN_WORD("state", 0, message_states, "unknown: may have been sent"),
    SHOWN("error", SHAPE_TEXT, SHAPE_NULL, "why it could not be sent"),
    SHOWN("held_until", SHAPE_TIME, SHAPE_NULL, "until then it may be taken back"),
    SHOWN("planned_at", SHAPE_TIME, SHAPE_NULL,
        "it was to go out then; held without held_until: the customer has written since"),
    SHOWN("client_id", SHAPE_TEXT, SHAPE_NULL, "the writer's own UUID"),
    SHOWN("mentions", SHAPE_ID, SHAPE_LIST, "agents"),
    SHOWN_OBJECT("activity", SHAPE_NULL, &activity_shape, "of kind activity"),
    SHOWN_WORD("visibility", 0, visibilities, NULL),
    SHOWN("is_automatic", SHAPE_BOOL, 0,
        "in: a program wrote it, and nobody is waited for; out: Seva wrote it by itself"),
    SHOWN("sent_at", SHAPE_TIME, 0, "the channel's time, at the latest that of receipt"),
    SHOWN("received_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("edited_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("reply_to_id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN("read_by_contact_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("deleted_at", SHAPE_TIME, SHAPE_NULL, "gone on the network since then"),
    SHOWN("parts", SHAPE_FREE, SHAPE_LIST, "what else is in it: location, contact, buttons …"),
    SHOWN_OBJECT("reactions", SHAPE_LIST, &reaction_shape, NULL),
    SHOWN("by_mail", SHAPE_BOOL, 0, "of a website chat: it has gone out, or come, as a mail"),
};
const struct shape message_shape = SHAPE("Message", NULL, message_fields, "One message.");

void message_view(struct json_out *j, const struct message *m)
{
    json_obj(j);
    json_kv_id(j, S("id"), m->id.v);
    json_kv_id(j, S("conversation_id"), m->conversation_id.v);
    json_kv_str(j, S("kind"), m->kind);
    put_author(j, m);
    json_kv_str(j, S("text"), m->text);
    json_kv_raw(j, S("attachments"), m->attachments.len ? m->attachments : S("[]"));
    json_kv_str(j, S("state"), m->state);
    json_kv_text(j, S("error"), m->error);
    json_kv_time(j, S("held_until"), m->held_until_ms);
    json_kv_time(j, S("planned_at"), m->planned_ms);
    json_kv_text(j, S("client_id"), m->client_id);
    json_key(j, S("mentions"));
    json_put_id_text(j, m->mentions);
    json_kv_raw(j, S("activity"), m->activity);
    json_kv_str(j, S("visibility"), m->visibility);
    json_kv_bool(j, S("is_automatic"), m->is_automatic);
    json_kv_time(j, S("sent_at"), m->sent_ms);
    json_kv_time(j, S("received_at"), m->received_ms);
    json_kv_time(j, S("edited_at"), m->edited_ms);
    json_kv_id(j, S("reply_to_id"), m->reply_to_id.v);
    json_kv_time(j, S("read_by_contact_at"), m->read_ms);
    json_kv_time(j, S("deleted_at"), m->deleted_ms);
    json_kv_raw(j, S("parts"), m->parts.len ? m->parts : S("[]"));
    json_kv_raw(j, S("reactions"), m->reactions.len ? m->reactions : S("[]"));
    json_kv_bool(j, S("by_mail"), m->letter_id.v != 0);
    json_obj_end(j);
}

bool message_is_for_visitor(const struct message *m)
{
    if (str_eq(m->kind, S("in")))
        return true;
    int rank = message_state_rank(m->state);
    return str_eq(m->kind, S("out")) && rank >= message_state_rank(S("sent")) &&
           rank <= message_state_rank(S("read"));
}

/* Attachment views carry the agents' address; the visitor reads the same file at the widget's. */
static str widget_attachments(struct arena *a, str json)
{
    str rest = json, agents = S("\"/api/v1/attachments/");
    struct sb b = sb_make(a, 0);
    for (;;) {
        ptrdiff_t at = str_find(rest, agents);
        if (at < 0)
            break;
        sb_add(&b, str_sub(rest, 0, at));
        sb_add(&b, S("\"/widget/v1/attachments/"));
        rest = str_skip(rest, at + agents.len);
    }
    sb_add(&b, rest);
    return sb_str(&b);
}

static const char *const visitor_sees_from[] = {"me", "agent", "system", NULL};
static const struct shape_field widget_author_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("photo_url", SHAPE_TEXT, SHAPE_NULL, "below the base URL"),
};
static const struct shape widget_author_shape =
    SHAPE("WidgetAuthor", NULL, widget_author_fields, "Who wrote it, for visitors.");
static const struct shape_field widget_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("from", 0, visitor_sees_from, NULL),
    SHOWN_OBJECT("author", 0, &widget_author_shape, NULL),
    SHOWN("text", SHAPE_TEXT, 0, NULL),
    SHOWN_OBJECT("attachments", SHAPE_LIST, &attachment_shape, NULL),
    SHOWN_WORD("state", 0, message_states, NULL),
    SHOWN("sent_at", SHAPE_TIME, 0, NULL),
    SHOWN("client_id", SHAPE_TEXT, SHAPE_NULL, "the visitor's own UUID"),
    SHOWN("by_mail", SHAPE_BOOL, 0, "it has gone out, or come, as a mail"),
};
const struct shape widget_message_shape =
    SHAPE("WidgetMessage", NULL, widget_fields, "A message as the visitor sees it.");

void message_view_widget(struct json_out *j, const struct message *m)
{
    bool is_in = str_eq(m->kind, S("in"));
    json_obj(j);
    json_kv_id(j, S("id"), m->id.v);
    json_kv_str(j, S("from"), is_in ? S("me") : m->author_id ? S("agent") : S("system"));
    json_key(j, S("author"));
    json_obj(j);
    json_kv_str(j, S("name"), m->author_name);
    put_photo(j, m);
    json_obj_end(j);
    json_kv_str(j, S("text"), m->text);
    json_kv_raw(j, S("attachments"),
        m->attachments.len ? widget_attachments(j->b.a, m->attachments) : S("[]"));
    json_kv_str(j, S("state"), m->state);
    json_kv_time(j, S("sent_at"), m->sent_ms);
    json_kv_text(j, S("client_id"), m->client_id);
    json_kv_bool(j, S("by_mail"), m->letter_id.v != 0);
    json_obj_end(j);
}
