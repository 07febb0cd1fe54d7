/* Customers of the simulated Telegram: what they write and do. See telegram.h. */
#include "telegram.h"

#include <string.h>

/* ── customers ── */

static void put_person(struct json_out *j, const struct sim_say *say)
{
    json_obj(j);
    json_kv_raw(j, S("id"), say->from_id);
    json_kv_bool(j, S("is_bot"), false);
    json_kv_str(j, S("first_name"), say->from_name.len > 0 ? say->from_name : S("Customer"));
    if (say->from_handle.len > 0)
        json_kv_str(j, S("username"), say->from_handle);
    str language = json_text(json_get(say->more, S("language")), S("en"));
    json_kv_str(j, S("language_code"), language);
    json_obj_end(j);
}

/* "/start x" is a command; everything else has no entities. */
static void put_text(struct json_out *j, str text)
{
    json_kv_str(j, S("text"), text);
    if (!str_starts(text, S("/")))
        return;
    str word, rest;
    (void)str_cut(text, ' ', &word, &rest);
    json_key(j, S("entities"));
    json_arr(j);
    json_obj(j);
    json_kv_int(j, S("offset"), 0);
    json_kv_int(j, S("length"), telegram_utf16_units(word));
    json_kv_str(j, S("type"), S("bot_command"));
    json_obj_end(j);
    json_arr_end(j);
}

struct incoming {
    struct sim *sim;
    struct sim_account *account;
    struct arena *a;
    const struct sim_say *say;
    struct chat *chat;
};

static void put_message_head(struct json_out *j, const struct incoming *in, int64_t id)
{
    json_kv_int(j, S("message_id"), id);
    json_key(j, S("from"));
    put_person(j, in->say);
    json_key(j, S("chat"));
    telegram_put_chat(j, in->chat);
    json_kv_int(j, S("date"), sim_now(in->sim) / 1000);
}

static str field_of_type(str content_type)
{
    if (str_eq(content_type, S("audio/ogg")))
        return S("voice");
    if (str_eq(content_type, S("image/jpeg")) || str_eq(content_type, S("image/png")))
        return S("photo");
    if (str_starts(content_type, S("video/")))
        return S("video");
    return str_starts(content_type, S("audio/")) ? S("audio") : S("document");
}

static bool is_business(const struct sim_say *say)
{
    return str_eq(say->kind, S("business"));
}

/* What the message answers: a message, or (comment) the channel's post that was forwarded into the
 * discussion group by itself; and the topic it stands in. */
static void put_above(struct json_out *j, const struct incoming *in)
{
    const struct sim_say *say = in->say;
    long long now_s = sim_now(in->sim) / 1000;
    str topic = json_text(json_get(say->more, S("topic")), (str){0});
    bool is_comment = str_eq(say->kind, S("comment"));
    if (topic.len > 0 && !is_comment) {
        json_kv_raw(j, S("message_thread_id"), topic);
        json_kv_bool(j, S("is_topic_message"), true);
    }
    if (say->reply_to.len == 0)
        return;
    if (is_comment)
        json_kv_raw(j, S("message_thread_id"), say->reply_to);
    json_kv_raw(j, S("reply_to_message"),
        is_comment
            ? str_print(in->a,
                  "{\"message_id\":%.*s,\"chat\":{\"id\":%s,\"type\":\"supergroup\"},\"date\":%lld,"
                  "\"sender_chat\":{\"id\":-100900,\"type\":\"channel\",\"title\":\"News\","
                  "\"username\":\"seva_news\"},\"is_automatic_forward\":true,\"forward_origin\":"
                  "{\"type\":\"channel\",\"message_id\":%.*s,\"date\":%lld},\"text\":\"A post\"}",
                  SARG(say->reply_to), in->chat->id, now_s, SARG(say->reply_to), now_s)
            : str_print(in->a, "{\"message_id\":%.*s,\"chat\":{\"id\":%s},\"date\":0}",
                  SARG(say->reply_to), in->chat->id));
}

/* One message: the text, or one of the files (album: the group's id). */
static int64_t say_one(const struct incoming *in, ptrdiff_t file, str album)
{
    const struct sim_say *say = in->say;
    int64_t id = telegram_post_add(
        in->account->data, in->a, str_from(in->chat->id), sim_now(in->sim), false, 0);
    struct json_out j = json_out_make(in->a, MESSAGE_BYTES);
    json_obj(&j);
    put_message_head(&j, in, id);
    put_above(&j, in);
    if (is_business(say))
        json_kv_str(&j, S("business_connection_id"), S("BC1"));
    const struct json *more = json_get(say->more, S("content"));
    for (const struct json *v = more ? more->first : NULL; v; v = v->next) {
        json_key(&j, v->key);
        json_put_tree(&j, v);
    }
    if (album.len > 0)
        json_kv_str(&j, S("media_group_id"), album);
    str tail = {0};
    if (say->n_files > 0) {
        struct sim_media m =
            sim_media_add(in->sim, in->account->network, in->a, in->account->id, &say->files[file]);
        tail =
            str_cat(in->a, S(","), telegram_file_member(in->a, &m, field_of_type(m.content_type)));
        if (file == 0 && say->text.len > 0)
            json_kv_str(&j, S("caption"), say->text);
    } else if (say->text.len > 0 || !more) {
        put_text(&j, say->text);
    }
    json_obj_end(&j);
    str head = json_str(&j);
    bool is_post = telegram_is_group(str_from(in->chat->id)) &&
                   json_bool(json_get(say->more, S("channel_post")), false);
    telegram_update_add(in->sim, in->account, in->a,
        is_business(say) ? S("business_message")
        : is_post        ? S("channel_post")
                         : S("message"),
        str_print(in->a, "%.*s%.*s}", SARG(str_sub(head, 0, head.len - 1)), SARG(tail)));
    return id;
}

static int64_t say_edit(const struct incoming *in, int64_t of)
{
    struct json_out j = json_out_make(in->a, MESSAGE_BYTES);
    json_obj(&j);
    put_message_head(&j, in, of);
    json_kv_int(&j, S("edit_date"), sim_now(in->sim) / 1000);
    put_text(&j, in->say->text);
    json_obj_end(&j);
    telegram_update_add(in->sim, in->account, in->a, S("edited_message"), json_str(&j));
    return of;
}

static int64_t say_button(const struct incoming *in, int64_t of)
{
    struct bot *bot = in->account->data;
    struct json_out j = json_out_make(in->a, MESSAGE_BYTES);
    int64_t id = ++bot->last_query;
    json_obj(&j);
    json_kv_str(&j, S("id"), str_print(in->a, "%lld", (long long)id));
    json_key(&j, S("from"));
    put_person(&j, in->say);
    json_key(&j, S("message"));
    json_obj(&j);
    json_kv_int(&j, S("message_id"), of);
    json_key(&j, S("from"));
    telegram_put_bot(&j, in->account);
    json_key(&j, S("chat"));
    telegram_put_chat(&j, in->chat);
    json_kv_int(&j, S("date"), sim_now(in->sim) / 1000);
    json_obj_end(&j);
    json_kv_str(&j, S("chat_instance"), S("-5"));
    json_kv_str(&j, S("data"), in->say->text);
    json_obj_end(&j);
    telegram_update_add(in->sim, in->account, in->a, S("callback_query"), json_str(&j));
    return id;
}

static int64_t say_reaction(const struct incoming *in, int64_t of)
{
    struct json_out j = json_out_make(in->a, MESSAGE_BYTES);
    json_obj(&j);
    json_key(&j, S("chat"));
    telegram_put_chat(&j, in->chat);
    json_kv_int(&j, S("message_id"), of);
    json_key(&j, S("user"));
    put_person(&j, in->say);
    json_kv_int(&j, S("date"), sim_now(in->sim) / 1000);
    json_kv_raw(&j, S("old_reaction"), S("[]"));
    json_key(&j, S("new_reaction"));
    json_arr(&j);
    if (in->say->text.len > 0) {
        json_obj(&j);
        json_kv_str(&j, S("type"), S("emoji"));
        json_kv_str(&j, S("emoji"), in->say->text);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    telegram_update_add(in->sim, in->account, in->a, S("message_reaction"), json_str(&j));
    return of;
}

err telegram_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *given, str *id, str *why)
{
    struct sim_say say = *given;
    struct bot *bot = account->data;
    int64_t of = 0, made, person;
    if (say.from_id.len == 0)
        say.from_id = S("7001");
    *why = S("ids of people, chats and messages are numbers");
    TRY(str_int(say.from_id, 1, INT64_MAX, &person));
    if (say.reply_to.len > 0)
        TRY(str_int(say.reply_to, 1, INT64_MAX, &of));
    struct chat *chat =
        telegram_chat_get(bot, say.conversation.len > 0 ? say.conversation : say.from_id, true);
    if (chat == NULL)
        return E_INVALID;
    if (chat->state == CHAT_BLOCKED) /* who writes has taken it back */
        chat->state = CHAT_OPEN;
    if (!telegram_is_group(str_from(chat->id))) {
        sim_keep(
            chat->name, sizeof chat->name, say.from_name.len > 0 ? say.from_name : S("Customer"));
        sim_keep(chat->handle, sizeof chat->handle, say.from_handle);
    }
    const struct incoming in = {sim, account, a, &say, chat};
    if (str_eq(say.kind, S("edit"))) {
        made = say_edit(&in, of);
    } else if (str_eq(say.kind, S("button"))) {
        made = say_button(&in, of);
    } else if (str_eq(say.kind, S("reaction"))) {
        made = say_reaction(&in, of);
    } else if (say.kind.len > 0 && !str_eq(say.kind, S("message")) && !is_business(&say) &&
               !str_eq(say.kind, S("comment"))) {
        *why = S("kind is message, comment, business, edit, button or reaction");
        return E_INVALID;
    } else {
        str album = {0};
        if (say.n_files > 1)
            album = str_print(a, "%lld", (long long)(1300 + sim_next(sim, account->network)));
        made = say_one(&in, 0, album);
        for (ptrdiff_t i = 1; i < say.n_files; i++)
            (void)say_one(&in, i, album); /* the album is known by its first message */
    }
    *id = str_print(a, "%lld", (long long)made);
    return OK;
}

err telegram_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why)
{
    (void)raw;
    int n = 0;
    *why = S("an update is an object with one key besides update_id");
    if (event->kind != JSON_OBJECT)
        return E_INVALID;
    for (const struct json *v = event->first; v; v = v->next) {
        if (str_eq(v->key, S("update_id")))
            continue;
        struct json_out j = json_out_make(a, 0);
        json_put_tree(&j, v);
        telegram_update_add(sim, account, a, v->key, json_str(&j));
        n++;
    }
    return n == 1 ? OK : E_INVALID;
}

static void member_update(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct chat *chat, const char *from, const char *to)
{
    struct json_out j = json_out_make(a, 0);
    telegram_put_chat(&j, chat);
    str chat_json = json_str(&j);
    j = json_out_make(a, 0);
    telegram_put_bot(&j, account);
    str bot_json = json_str(&j);
    telegram_update_add(sim, account, a, S("my_chat_member"),
        str_print(a,
            "{\"chat\":%.*s,\"from\":{\"id\":%s,\"is_bot\":false,\"first_name\":\"Customer\"},"
            "\"date\":%lld,\"old_chat_member\":{\"user\":%.*s,\"status\":\"%s\"},"
            "\"new_chat_member\":{\"user\":%.*s,\"status\":\"%s\",\"until_date\":0}}",
            SARG(chat_json), telegram_is_group(str_from(chat->id)) ? "7001" : chat->id,
            (long long)(sim_now(sim) / 1000), SARG(bot_json), from, SARG(bot_json), to));
}

/* The old group says where it has gone, the new one where it comes from. */
static void moved_updates(
    struct sim *sim, struct sim_account *account, struct arena *a, const struct chat *ends[2])
{
    static const char *const words[] = {"migrate_to_chat_id", "migrate_from_chat_id"};
    for (int i = 0; i < 2; i++) {
        struct json_out j = json_out_make(a, 0);
        json_obj(&j);
        json_kv_int(&j, S("message_id"),
            telegram_post_add(account->data, a, str_from(ends[i]->id), sim_now(sim), false, 0));
        json_key(&j, S("chat"));
        telegram_put_chat(&j, ends[i]);
        json_kv_int(&j, S("date"), sim_now(sim) / 1000);
        json_kv_raw(&j, str_from(words[i]), str_from(ends[1 - i]->id));
        json_obj_end(&j);
        telegram_update_add(sim, account, a, S("message"), json_str(&j));
    }
}

err telegram_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    struct bot *bot = account->data;
    if (str_eq(what, S("answers"))) {
        *answer = str_print(a, "{\"count\":%lld}", (long long)bot->presses_answered);
        return OK;
    }
    struct chat *chat =
        telegram_chat_get(account->data, json_text(json_get(input, S("chat")), (str){0}), true);
    *why = S("chat must be a chat's id");
    if (chat == NULL)
        return E_INVALID;
    if (str_eq(what, S("block")) || str_eq(what, S("kick"))) {
        chat->state = str_eq(what, S("kick")) ? CHAT_KICKED : CHAT_BLOCKED;
        member_update(sim, account, a, chat, "member", "kicked");
    } else if (str_eq(what, S("unblock"))) {
        chat->state = CHAT_OPEN;
        member_update(sim, account, a, chat, "kicked", "member");
    } else if (str_eq(what, S("deactivate"))) {
        chat->state = CHAT_DEACTIVATED;
    } else if (str_eq(what, S("migrate"))) {
        str to = json_text(json_get(input, S("to")), (str){0});
        struct chat *target_chat = telegram_chat_get(account->data, to, true);
        *why = S("to must be a chat's id");
        if (target_chat == NULL || str_int(to, INT64_MIN, -1, &chat->moved_to) != OK)
            return E_INVALID;
        memcpy(target_chat->name, chat->name, sizeof chat->name);
        chat->state = CHAT_MOVED;
        moved_updates(sim, account, a, (const struct chat *[]){chat, target_chat});
    } else if (!str_eq(what, S("start"))) {
        *why = S("block, unblock, deactivate, kick, start, migrate or answers");
        return E_NOT_FOUND;
    }
    return OK;
}
