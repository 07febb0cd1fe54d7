/* telegram: updates into items. One delivery is one update, from the webhook or from getUpdates;
 * both know it by its update_id. See telegram.h.
 *
 * A message of a group belongs to whoever wrote it. Below a channel's post, and in every chain of
 * answers of a large group, message_thread_id names the root; Telegram does not say which of the
 * two it is, so both are taken for public, which warns too often rather than too seldom. Not read:
 * the channel's own posts (they come with their comments), counts of anonymous reactions, members
 * who come and go in groups, payments, inline queries, guest messages. Thread: pure. */
#include "connector/telegram.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"

enum { DELETED = 100 }; /* ids of one update: Telegram's own maximum */

struct reading {
    struct arena *a;
    struct item_list list;
    const struct json *update;
    int64_t received_ms;
    str business; /* connection; empty = the bot's own chats */
};

static str id_text(struct arena *a, const struct json *object, const char *key)
{
    int64_t n = take_int(object, key, 0);
    return n ? str_print(a, "%lld", (long long)n) : (str){0};
}

static str message_name(struct reading *r, str chat, str message)
{
    if (r->business.len)
        return str_print(r->a, "biz:%.*s:%.*s:%.*s", SARG(r->business), SARG(chat), SARG(message));
    return str_print(r->a, "%.*s:%.*s", SARG(chat), SARG(message));
}

/* ── who and where ── */

static str handle_url(struct arena *a, str handle)
{
    if (!str_is_ascii_token(handle) || str_find_byte(handle, '%') >= 0)
        return (str){0};
    return str_print(a, "https://t.me/%.*s", SARG(handle));
}

static void read_user(struct reading *r, const struct json *user, struct connector_item *it)
{
    str first = take_line(user, "first_name", LIMIT_NAME_BYTES);
    str last = take_line(user, "last_name", LIMIT_NAME_BYTES);
    str name = last.len ? str_print(r->a, "%.*s %.*s", SARG(first), SARG(last)) : first;
    it->contact_external_id = id_text(r->a, user, "id");
    it->contact_name = utf8_prefix_bytes(str_trim(name), LIMIT_NAME_BYTES);
    it->contact_handle = take_line(user, "username", LIMIT_NAME_BYTES);
    it->contact_language = take_line(user, "language_code", 35);
    it->contact_profile_url = handle_url(r->a, it->contact_handle);
}

/* A channel or group that writes under its own name. */
static void read_chat_as_person(
    struct reading *r, const struct json *chat, struct connector_item *it)
{
    it->contact_external_id = id_text(r->a, chat, "id");
    it->contact_name = take_line(chat, "title", LIMIT_NAME_BYTES);
    it->contact_handle = take_line(chat, "username", LIMIT_NAME_BYTES);
    it->contact_profile_url = handle_url(r->a, it->contact_handle);
}

/* The post below which a comment stands, out of the message that was forwarded by itself. */
static void read_root(struct reading *r, const struct json *root, struct connector_post *post)
{
    const struct json *author = take_object(root, "sender_chat");
    const struct json *origin = take_object(root, "forward_origin");
    str handle = take_line(author, "username", LIMIT_NAME_BYTES);
    str number = id_text(r->a, origin, "message_id");
    str text = take_text(root, "text");
    post->text = text.len ? text : take_text(root, "caption");
    post->author_name = take_line(author, "title", LIMIT_NAME_BYTES);
    post->author_handle = handle;
    post->at_ms = take_time(root, "date");
    post->is_ours = true;
    if (handle_url(r->a, handle).len && number.len)
        post->url = str_print(r->a, "https://t.me/%.*s/%.*s", SARG(handle), SARG(number));
}

static void read_group(struct reading *r, const struct json *m, str chat, struct connector_item *it)
{
    const struct json *group = take_object(m, "chat");
    const struct json *above = take_object(m, "reply_to_message");
    str handle = take_line(group, "username", LIMIT_NAME_BYTES);
    str thread = id_text(r->a, m, "message_thread_id");
    str topic = take_bool(m, "is_topic_message") ? thread : (str){0};
    bool is_comment = !topic.len && take_bool(above, "is_automatic_forward");
    str root = topic.len ? (str){0} : is_comment ? id_text(r->a, above, "message_id") : thread;
    str place = chat;
    if (topic.len)
        place = str_print(r->a, "%.*s/%.*s", SARG(chat), SARG(topic));
    else if (root.len)
        place = str_print(r->a, "%.*s:%.*s", SARG(chat), SARG(root));
    it->is_public = handle.len || root.len;
    it->thread_key = it->is_public ? str_cat(r->a, S("post:"), place) : place;
    if (!it->is_public)
        return;
    it->post = (struct connector_post){.external_id = place,
        .url = handle_url(r->a, handle),
        .author_name = take_line(group, "title", LIMIT_NAME_BYTES)};
    if (is_comment)
        read_root(r, above, &it->post);
}

/* False: nobody's message (a post of the channel itself, another bot, an unnamed administrator). */
static bool read_place(struct reading *r, const struct json *m, struct connector_item *it)
{
    const struct json *chat = take_object(m, "chat"), *from = take_object(m, "from");
    const struct json *as = take_object(m, "sender_chat");
    str id = id_text(r->a, chat, "id"), type = take_line(chat, "type", 20);
    if (r->business.len) {
        it->thread_key = str_print(r->a, "biz:%.*s:%.*s", SARG(r->business), SARG(id));
        it->is_ours = take_int(from, "id", 0) != take_int(chat, "id", 0);
        read_user(r, it->is_ours ? chat : from, it);
        return true;
    }
    if (str_eq(type, S("private"))) {
        str topic = id_text(r->a, m, "message_thread_id");
        if (topic.len && take_bool(m, "is_topic_message"))
            it->thread_key = str_print(r->a, "%.*s/%.*s", SARG(id), SARG(topic));
        read_user(r, from ? from : chat, it);
        return true;
    }
    bool is_group = str_eq(type, S("group")) || str_eq(type, S("supergroup"));
    bool is_own = as && take_int(as, "id", 0) == take_int(chat, "id", 0);
    if (!is_group || is_own || take_bool(m, "is_automatic_forward") ||
        (!as && take_bool(from, "is_bot")))
        return false;
    if (as)
        read_chat_as_person(r, as, it);
    else
        read_user(r, from, it);
    read_group(r, m, id, it);
    return true;
}

/* ── kinds of updates ── */

static void fault(struct reading *r, str words)
{
    item_fault(&r->list, words, json_text_of(r->a, r->update));
}

static void read_moved(struct reading *r, str from, str to)
{
    struct connector_item *it = item_add(&r->list, ITEM_MOVED);
    if (!it)
        return;
    it->moved_from = from;
    it->thread_key = to;
    it->sent_ms = r->received_ms;
}

static void read_message(struct reading *r, const struct json *m, bool is_edit)
{
    const struct json *above = take_object(m, "reply_to_message");
    str chat = id_text(r->a, take_object(m, "chat"), "id"), id = id_text(r->a, m, "message_id");
    str to = id_text(r->a, m, "migrate_to_chat_id");
    str from = id_text(r->a, m, "migrate_from_chat_id");
    struct connector_item read = {.opens_window = true};
    if (!chat.len || !id.len) {
        fault(r, S("The message has no chat or no number."));
        return;
    }
    if (to.len || from.len) {
        read_moved(r, to.len ? chat : from, to.len ? to : chat);
        return;
    }
    if (!read_place(r, m, &read))
        return;
    if (!read.contact_external_id.len) {
        fault(r, S("The message does not say who wrote it."));
        return;
    }
    bool has_content = telegram_content(r->a, m, &read);
    if (!has_content || (is_edit && json_get(m, S("location"))))
        return; /* the chat speaks of itself, or somebody walks about with a live location */
    struct connector_item *it = item_add(&r->list, is_edit ? ITEM_EDIT : ITEM_MESSAGE);
    if (!it)
        return;
    read.kind = it->kind;
    *it = read;
    it->external_id = message_name(r, chat, id);
    it->sent_ms = take_time(m, is_edit ? "edit_date" : "date");
    it->opens_window = !is_edit && !it->is_ours;
    /* The root of a comment is the post, and the head of a topic is no message. */
    str above_id = id_text(r->a, above, "message_id");
    bool is_head = json_get(above, S("forum_topic_created")) != NULL;
    if (above_id.len && !is_head)
        it->reply_to = message_name(r, chat, above_id);
}

/* The words on the button with this data. */
static str title_of(const struct json *message, str data)
{
    const struct json *rows = take_array(take_object(message, "reply_markup"), "inline_keyboard");
    for (const struct json *row = rows ? rows->first : NULL; row; row = row->next)
        for (const struct json *b = row->first; b; b = b->next)
            if (str_eq(take_line(b, "callback_data", READING_ID_BYTES), data))
                return take_line(b, "text", LIMIT_NAME_BYTES);
    return (str){0};
}

static void read_press(struct reading *r, const struct json *query)
{
    const struct json *m = take_object(query, "message");
    const struct json *chat = take_object(m, "chat");
    struct connector_item read = {.kind = ITEM_MESSAGE, .opens_window = true};
    str id = take_line(query, "id", 100), data = take_line(query, "data", READING_ID_BYTES);
    str chat_id = id_text(r->a, chat, "id"), message = id_text(r->a, m, "message_id");
    struct parts parts = parts_make(r->a);
    read_user(r, take_object(query, "from"), &read);
    if (!id.len || !read.contact_external_id.len) {
        fault(r, S("The press of a button has no number or no person."));
        return;
    }
    str type = take_line(chat, "type", 20);
    bool is_group = str_eq(type, S("group")) || str_eq(type, S("supergroup"));
    if (is_group)
        read_group(r, m, chat_id, &read);
    read.external_id = str_print(r->a, "cb:%.*s", SARG(id));
    if (chat_id.len && message.len) {
        read.reply_to = str_print(r->a, "%.*s:%.*s", SARG(chat_id), SARG(message));
        read.external_id =
            str_print(r->a, "%.*s:%.*s", SARG(read.external_id), SARG(read.reply_to));
    }
    str title = title_of(m, data);
    part_choice(&parts, data, title.len ? title : data);
    read.parts = parts_str(&parts);
    read.text = title.len ? title : data;
    read.sent_ms = r->received_ms; /* Telegram only tells when the message was sent */
    struct connector_item *it = item_add(&r->list, ITEM_MESSAGE);
    if (it)
        *it = read;
}

/* The last one of the person's reactions stands for all. */
static void read_reaction(struct reading *r, const struct json *v)
{
    const struct json *now = take_array(v, "new_reaction"), *user = take_object(v, "user");
    const struct json *chat = take_object(v, "chat");
    str chat_id = id_text(r->a, chat, "id"), message = id_text(r->a, v, "message_id");
    struct connector_item *it = item_add(&r->list, ITEM_REACTION);
    if (!it)
        return;
    if (user)
        read_user(r, user, it);
    else
        read_chat_as_person(r, take_object(v, "actor_chat"), it);
    it->external_id = message_name(r, chat_id, message);
    it->sent_ms = take_time(v, "date");
    for (const struct json *e = now ? now->first : NULL; e; e = e->next) {
        str type = take_line(e, "type", 40);
        str emoji = take_line(e, "emoji", 40);
        it->reaction = emoji.len ? emoji : str_eq(type, S("paid")) ? S("⭐") : S("🙂");
    }
    if (!chat_id.len || !message.len || !it->contact_external_id.len)
        r->list.n--;
}

/* Only of private chats: there it says that the person has blocked the bot, or not any more. What
 * groups do with the bot is for their administrators. */
static void read_member(struct reading *r, const struct json *v)
{
    const struct json *chat = take_object(v, "chat");
    str status = take_line(take_object(v, "new_chat_member"), "status", 40);
    if (!str_eq(take_line(chat, "type", 20), S("private")) || !status.len)
        return;
    struct connector_item *it = item_add(&r->list, ITEM_PERSON);
    if (!it)
        return;
    read_user(r, take_object(v, "from"), it);
    it->is_gone = str_eq(status, S("kicked")) || str_eq(status, S("left"));
    it->sent_ms = take_time(v, "date");
    if (!it->contact_external_id.len)
        r->list.n--;
}

static void read_deleted(struct reading *r, const struct json *v)
{
    const struct json *ids = take_array(v, "message_ids");
    str chat = id_text(r->a, take_object(v, "chat"), "id");
    int n = 0;
    for (const struct json *e = ids ? ids->first : NULL; e && n < DELETED; e = e->next, n++) {
        struct connector_item *it = e->is_int && chat.len ? item_add(&r->list, ITEM_DELETE) : NULL;
        if (!it)
            continue;
        it->external_id = message_name(r, chat, e->text);
        it->thread_key = str_print(r->a, "biz:%.*s:%.*s", SARG(r->business), SARG(chat));
        it->contact_external_id = chat;
        it->sent_ms = r->received_ms;
    }
}

static void read_connection(struct reading *r, const struct json *v)
{
    struct connector_item *it = item_add(&r->list, ITEM_ACCOUNT);
    if (!it)
        return;
    bool is_on = take_bool(v, "is_enabled");
    str name = take_line(take_object(v, "user"), "first_name", LIMIT_NAME_BYTES);
    it->state = is_on ? S("restored") : S("limited");
    it->sent_ms = take_time(v, "date");
    if (!is_on)
        it->error = str_print(r->a, "%.*s has disconnected the bot from the business account.",
            SARG(name.len ? name : S("The owner")));
}

static void read_update(struct reading *r)
{
    const struct json *u = r->update, *v;
    if ((v = take_object(u, "message")))
        read_message(r, v, false);
    else if ((v = take_object(u, "edited_message")))
        read_message(r, v, true);
    else if ((v = take_object(u, "callback_query")))
        read_press(r, v);
    else if ((v = take_object(u, "message_reaction")))
        read_reaction(r, v);
    else if ((v = take_object(u, "my_chat_member")))
        read_member(r, v);
    else if ((v = take_object(u, "business_connection")))
        read_connection(r, v);
    bool is_edit = take_object(u, "edited_business_message") != NULL;
    v = take_object(u, is_edit ? "edited_business_message" : "business_message");
    const struct json *deleted = take_object(u, "deleted_business_messages");
    str connection = take_line(v ? v : deleted, "business_connection_id", 100);
    r->business = str_find_byte(connection, ':') < 0 ? connection : (str){0};
    if (v && r->business.len)
        read_message(r, v, is_edit);
    else if (deleted && r->business.len)
        read_deleted(r, deleted);
}

err telegram_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    str id = take_id(root, "update_id");
    if (root->kind != JSON_OBJECT || !id.len) {
        *why = S("This is no update of Telegram: update_id is missing.");
        return E_INVALID;
    }
    struct reading r = {.a = a, .list = {.a = a}, .update = root, .received_ms = raw->received_ms};
    read_update(&r);
    batch_of(&r.list, batch);
    batch->delivery_id = id;
    return OK;
}

str telegram_press(struct arena *a, str update)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(a, update, &root, &why) != OK)
        return (str){0};
    return take_line(take_object(root, "callback_query"), "id", 100);
}
