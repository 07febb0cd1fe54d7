/* telegram: messages, edits, deletions and reactions of ours. See telegram.h.
 *
 * Texts go without a parse_mode, so nothing in them is markup and nothing can fail to parse. A
 * picture that Telegram refuses as a photo goes as a document. Sends have no idempotency key: what
 * may have been taken is UNKNOWN and is not repeated. Thread: calls block. */
#include "connector/telegram.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"

enum { BUTTONS = 20 }; /* rows below a message */

/* ── a message ── */

/* One send: its parameters are the members of an object, or fields of a form with the file. */
struct sending {
    struct arena *a;
    const struct connector_outgoing *out;
    struct telegram_place place;
    const struct json *buttons, *location, *card; /* parts; NULL = none */
};

/* False: a button has an id that Telegram cannot carry. */
static bool keyboard(struct json_out *j, const struct json *buttons)
{
    bool fits = true;
    int n = 0;
    json_obj(j);
    json_key(j, S("inline_keyboard"));
    json_arr(j);
    const struct json *list = take_array(buttons, "buttons");
    for (const struct json *b = list ? list->first : NULL; b && n < BUTTONS; b = b->next, n++) {
        str url = take_url(b, "url"), id = take_line(b, "id", READING_ID_BYTES);
        str title = take_line(b, "title", LIMIT_NAME_BYTES);
        str data = id.len ? id : title;
        fits &= url.len || data.len <= TELEGRAM_DATA_BYTES;
        json_arr(j);
        json_obj(j);
        json_kv_str(j, S("text"), title.len ? title : data);
        json_kv_str(j, url.len ? S("url") : S("callback_data"), url.len ? url : data);
        json_obj_end(j);
        json_arr_end(j);
    }
    json_arr_end(j);
    json_obj_end(j);
    return fits;
}

static str reply_parameters(struct sending *s)
{
    struct telegram_name above;
    const struct connector_outgoing *out = s->out;
    if (!out->reply_to.len || telegram_name_read(out->reply_to, &above) != OK ||
        !above.message.len || !str_eq(above.chat, s->place.chat))
        return (str){0};
    return str_print(
        s->a, "{\"message_id\":%.*s,\"allow_sending_without_reply\":true}", SARG(above.message));
}

/* What every message has, as members of an open object. */
static bool common(struct sending *s, struct json_out *j)
{
    bool fits = true;
    str reply = reply_parameters(s);
    json_kv_raw(j, S("chat_id"), s->place.chat);
    if (s->place.topic.len)
        json_kv_raw(j, S("message_thread_id"), s->place.topic);
    if (s->place.business.len)
        json_kv_str(j, S("business_connection_id"), s->place.business);
    if (reply.len)
        json_kv_raw(j, S("reply_parameters"), reply);
    if (s->buttons) {
        json_key(j, S("reply_markup"));
        fits = keyboard(j, s->buttons);
    }
    return fits;
}

static err refuse(struct connector_sent *sent, str words)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = words};
    return OK;
}

static void put_member(struct json_out *j, const struct json *part, const char *key, const char *as)
{
    const struct json *v = json_get(part, str_from(key));
    json_key(j, str_from(as));
    json_put_double(j, v && v->kind == JSON_NUMBER ? v->number : 0);
}

static const char *put_place(struct json_out *j, const struct json *location)
{
    str name = take_line(location, "name", LIMIT_NAME_BYTES);
    put_member(j, location, "latitude", "latitude");
    put_member(j, location, "longitude", "longitude");
    if (!name.len)
        return "sendLocation";
    json_kv_str(j, S("title"), name);
    json_kv_str(j, S("address"), take_line(location, "address", LIMIT_NAME_BYTES));
    return "sendVenue";
}

static const char *put_card(struct json_out *j, const struct json *card)
{
    const struct json *phones = take_array(card, "phones");
    json_kv_str(j, S("phone_number"), json_text(phones ? phones->first : NULL, S("")));
    json_kv_str(j, S("first_name"), take_line(card, "name", LIMIT_NAME_BYTES));
    return "sendContact";
}

static err send_words(struct http_client *client, struct sending *s, int64_t timeout_ms,
    struct connector_sent *sent, struct telegram_answer *answer)
{
    struct json_out j = json_out_make(s->a, 4 * LIMIT_TEXT_BYTES);
    const char *method = "sendMessage";
    json_obj(&j);
    bool fits = common(s, &j);
    if (s->out->text.len)
        json_kv_str(&j, S("text"), s->out->text);
    else if (s->location)
        method = put_place(&j, s->location);
    else if (s->card)
        method = put_card(&j, s->card);
    else
        return refuse(sent, S("There is nothing in it that Telegram can carry: buttons need a "
                              "text."));
    json_obj_end(&j);
    if (!fits)
        return refuse(sent, S("A button's id is longer than Telegram carries (64 bytes)."));
    return telegram_do(client, s->a, s->out->setup, method, json_str(&j), NULL, timeout_ms,
        s->out->now_ms, sent, answer);
}

struct method {
    const char *name, *field;
};

static struct method method_of(const struct connector_file *f)
{
    static const struct {
        const char *type;
        int64_t most;
        struct method how;
    } ways[] = {
        {"image/jpeg", TELEGRAM_PHOTO_BYTES,  {"sendPhoto", "photo"}        },
        {"image/png",  TELEGRAM_PHOTO_BYTES,  {"sendPhoto", "photo"}        },
        {"image/webp", TELEGRAM_PHOTO_BYTES,  {"sendPhoto", "photo"}        },
        {"image/gif",  TELEGRAM_UPLOAD_BYTES, {"sendAnimation", "animation"}},
        {"video/mp4",  TELEGRAM_UPLOAD_BYTES, {"sendVideo", "video"}        },
        {"audio/mpeg", TELEGRAM_UPLOAD_BYTES, {"sendAudio", "audio"}        },
        {"audio/mp4",  TELEGRAM_UPLOAD_BYTES, {"sendAudio", "audio"}        },
        {"audio/ogg",  TELEGRAM_UPLOAD_BYTES, {"sendVoice", "voice"}        },
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (str_eq(f->type, str_from(ways[i].type)) && f->size <= ways[i].most)
            return ways[i].how;
    return (struct method){"sendDocument", "document"};
}

static err send_file(struct http_client *client, struct sending *s, struct method how,
    struct connector_sent *sent, struct telegram_answer *answer)
{
    enum { UPLOAD_MS = 120 * 1000 }; /* 50 MB at 4 Mbit/s */
    const struct connector_file *f = &s->out->files[0];
    struct json_out j = json_out_make(s->a, 4 * LIMIT_TEXT_BYTES);
    const struct json *root = NULL;
    str why;
    json_obj(&j);
    bool fits = common(s, &j);
    if (s->out->text.len)
        json_kv_str(&j, S("caption"), s->out->text);
    if (!f->path.len)
        json_kv_str(&j, str_from(how.field), f->url);
    json_obj_end(&j);
    if (!fits)
        return refuse(sent, S("A button's id is longer than Telegram carries (64 bytes)."));
    if (!f->path.len)
        return telegram_do(client, s->a, s->out->setup, how.name, json_str(&j), NULL, UPLOAD_MS,
            s->out->now_ms, sent, answer);
    TRY(json_parse(s->a, json_str(&j), &root, &why));
    struct multipart form = multipart_make(s->a);
    for (const struct json *v = root->first; v; v = v->next) {
        str value = v->kind == JSON_STRING ? v->text : json_text_of(s->a, v);
        multipart_field(&form, str_z(s->a, v->key), value);
    }
    multipart_file(&form, how.field, f);
    err e = telegram_do(client, s->a, s->out->setup, how.name, (str){0}, &form, UPLOAD_MS,
        s->out->now_ms, sent, answer);
    multipart_close(&form);
    return e;
}

static err send_once(struct http_client *client, struct sending *s, struct connector_sent *sent,
    struct telegram_answer *answer)
{
    if (!s->out->n_files)
        return send_words(client, s, 0, sent, answer);
    struct method how = method_of(&s->out->files[0]);
    TRY(send_file(client, s, how, sent, answer));
    /* Telegram has looked into it and it is no photo in its eyes (its sides, its bytes). */
    str words = answer->description;
    bool is_photo = str_eq(str_from(how.field), S("photo"));
    bool is_picked = str_find(words, S("PHOTO_")) >= 0 || str_find(words, S("IMAGE_PROCESS")) >= 0;
    if (sent->outcome == CONNECTOR_FINAL && is_photo && is_picked)
        return send_file(client, s, (struct method){"sendDocument", "document"}, sent, answer);
    return OK;
}

/* The thread in the group's new clothes. */
static str moved_thread(struct arena *a, str thread_key, str chat, str new_chat)
{
    ptrdiff_t at = str_find(thread_key, chat);
    if (at < 0)
        return (str){0};
    return str_print(a, "%.*s%.*s%.*s", SARG(str_sub(thread_key, 0, at)), SARG(new_chat),
        SARG(str_skip(thread_key, at + chat.len)));
}

static void name_sent(struct sending *s, const struct json *result, struct connector_sent *sent)
{
    int64_t chat = take_int(take_object(result, "chat"), "id", 0);
    int64_t id = take_int(result, "message_id", 0);
    str place = chat ? str_print(s->a, "%lld", (long long)chat) : s->place.chat;
    if (!id)
        return;
    if (s->place.business.len)
        sent->external_id = str_print(
            s->a, "biz:%.*s:%.*s:%lld", SARG(s->place.business), SARG(place), (long long)id);
    else
        sent->external_id = str_print(s->a, "%.*s:%lld", SARG(place), (long long)id);
}

static err press_answered(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str query, int64_t now_ms)
{
    struct connector_sent ignored; /* it only stops a spinner, and may have been stopped */
    struct telegram_answer answer;
    struct json_out j = json_out_make(a, 1024);
    json_obj(&j);
    json_kv_str(&j, S("callback_query_id"), query);
    json_obj_end(&j);
    return telegram_do(
        client, a, setup, "answerCallbackQuery", json_str(&j), NULL, 0, now_ms, &ignored, &answer);
}

err telegram_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct sending s = {.a = a, .out = out};
    struct telegram_answer answer = {0};
    struct telegram_name above;
    const struct json *parts = NULL;
    str why;
    if (telegram_place_read(out->thread_key, out->to, &s.place) != OK)
        return refuse(sent, S("This is no chat of Telegram."));
    if (out->n_files > 1)
        return refuse(sent, S("Telegram takes one file with a message."));
    if (out->parts.len && json_parse(a, out->parts, &parts, &why) != OK)
        parts = NULL;
    s.buttons = part_find(parts, "buttons");
    s.location = part_find(parts, "location");
    s.card = part_find(parts, "contact");
    if ((s.location || s.card) && (out->text.len || out->n_files))
        return refuse(sent, S("A place or a card goes as a message of its own on Telegram."));
    if (telegram_name_read(out->reply_to, &above) == OK && above.query.len)
        TRY(press_answered(client, a, out->setup, above.query, out->now_ms));
    TRY(send_once(client, &s, sent, &answer));
    if (sent->outcome == CONNECTOR_FINAL && answer.migrated_to) {
        str old = s.place.chat;
        s.place.chat = str_print(a, "%lld", (long long)answer.migrated_to);
        TRY(send_once(client, &s, sent, &answer));
        if (sent->outcome == CONNECTOR_SENT)
            sent->thread_key = moved_thread(a, out->thread_key, old, s.place.chat);
    }
    if (sent->outcome == CONNECTOR_SENT)
        name_sent(&s, answer.result, sent);
    return OK;
}

/* ── acts ── */

static void put_message(struct json_out *j, const struct telegram_name *m)
{
    json_kv_raw(j, S("chat_id"), m->chat);
    json_kv_raw(j, S("message_id"), m->message);
    if (m->business.len)
        json_kv_str(j, S("business_connection_id"), m->business);
}

static err act_edit(struct http_client *client, struct arena *a, const struct connector_act *act,
    const struct telegram_name *m, const char *method, const char *field,
    struct connector_sent *sent)
{
    struct telegram_answer answer;
    struct json_out j = json_out_make(a, 4 * LIMIT_TEXT_BYTES);
    json_obj(&j);
    put_message(&j, m);
    json_kv_str(&j, str_from(field), act->text);
    json_obj_end(&j);
    TRY(telegram_do(
        client, a, act->setup, method, json_str(&j), NULL, 0, act->now_ms, sent, &answer));
    if (str_find(answer.description, S("message is not modified")) >= 0)
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    /* The text below a file is edited by another method. */
    if (str_find(answer.description, S("no text in the message")) >= 0 &&
        str_eq(str_from(field), S("text")))
        return act_edit(client, a, act, m, "editMessageCaption", "caption", sent);
    return OK;
}

static err act_delete(struct http_client *client, struct arena *a, const struct connector_act *act,
    const struct telegram_name *m, struct connector_sent *sent)
{
    struct telegram_answer answer;
    struct json_out j = json_out_make(a, 4096);
    json_obj(&j);
    if (m->business.len) {
        json_kv_str(&j, S("business_connection_id"), m->business);
        json_kv_raw(&j, S("message_ids"), str_print(a, "[%.*s]", SARG(m->message)));
    } else {
        put_message(&j, m);
    }
    json_obj_end(&j);
    TRY(telegram_do(client, a, act->setup,
        m->business.len ? "deleteBusinessMessages" : "deleteMessage", json_str(&j), NULL, 0,
        act->now_ms, sent, &answer));
    if (str_find(answer.description, S("message to delete not found")) >= 0)
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    return OK;
}

static err act_react(struct http_client *client, struct arena *a, const struct connector_act *act,
    const struct telegram_name *m, struct connector_sent *sent)
{
    struct telegram_answer answer;
    struct json_out j = json_out_make(a, 4096);
    if (m->business.len)
        return refuse(sent, S("Telegram takes no reactions of bots in business chats."));
    json_obj(&j);
    put_message(&j, m);
    json_key(&j, S("reaction"));
    json_arr(&j);
    if (act->reaction.len) {
        json_obj(&j);
        json_kv_str(&j, S("type"), S("emoji"));
        json_kv_str(&j, S("emoji"), utf8_prefix_bytes(act->reaction, 40));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    return telegram_do(client, a, act->setup, "setMessageReaction", json_str(&j), NULL, 0,
        act->now_ms, sent, &answer);
}

err telegram_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    struct telegram_name m;
    if (telegram_name_read(act->external_id, &m) != OK || !m.message.len)
        return refuse(sent, S("This is no message of Telegram."));
    switch (act->kind) {
    case ACT_EDIT:
        return act_edit(client, a, act, &m, "editMessageText", "text", sent);
    case ACT_DELETE:
        return act_delete(client, a, act, &m, sent);
    case ACT_REACT:
        return act_react(client, a, act, &m, sent);
    case ACT_HIDE:
    case ACT_UNHIDE:
    case ACT_LIKE:
    case ACT_READ:
        break;
    }
    return refuse(sent, S("Telegram has no such thing for bots."));
}

err telegram_typing(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str to, str thread_key, struct connector_sent *end)
{
    struct telegram_place place;
    struct telegram_answer answer;
    struct json_out j = json_out_make(a, 4096);
    if (telegram_place_read(thread_key, to, &place) != OK)
        return refuse(end, S("This is no chat of Telegram."));
    json_obj(&j);
    json_kv_raw(&j, S("chat_id"), place.chat);
    if (place.topic.len)
        json_kv_raw(&j, S("message_thread_id"), place.topic);
    if (place.business.len)
        json_kv_str(&j, S("business_connection_id"), place.business);
    json_kv_str(&j, S("action"), S("typing"));
    json_obj_end(&j);
    return telegram_do(
        client, a, setup, "sendChatAction", json_str(&j), NULL, 0, clock_now_ms(), end, &answer);
}
