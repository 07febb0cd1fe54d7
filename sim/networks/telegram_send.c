/* Messages to customers: sent, changed, removed, and the answers to buttons. See telegram.h. */
#include "telegram.h"

/* The limits of uploads are the documentation's. */
const struct telegram_file_kind telegram_file_kinds[TELEGRAM_FILE_KINDS] = {
    {S_INIT("sendPhoto"),     S_INIT("photo"),     S_INIT("photos"),     S_INIT("image/jpeg"), PHOTO_BYTES},
    {S_INIT("sendDocument"),  S_INIT("document"),  S_INIT("documents"),
     S_INIT("application/octet-stream"),                                                       FILE_BYTES },
    {S_INIT("sendVideo"),     S_INIT("video"),     S_INIT("videos"),     S_INIT("video/mp4"),  FILE_BYTES },
    {S_INIT("sendAudio"),     S_INIT("audio"),     S_INIT("music"),      S_INIT("audio/mpeg"), FILE_BYTES },
    {S_INIT("sendVoice"),     S_INIT("voice"),     S_INIT("voice"),      S_INIT("audio/ogg"),  FILE_BYTES },
    {S_INIT("sendAnimation"), S_INIT("animation"), S_INIT("animations"), S_INIT("video/mp4"),
     FILE_BYTES                                                                                           },
    {S_INIT("sendSticker"),   S_INIT("sticker"),   S_INIT("stickers"),   S_INIT("image/webp"),
     FILE_BYTES                                                                                           },
};

static bool read_text(struct sim_call *c, str field, ptrdiff_t max, bool is_needed, str *seen)
{
    str text = sim_field(c, field), mode = sim_field(c, S("parse_mode"));
    *seen = text;
    bool is_parsed = true;
    if (str_eq_nocase(mode, S("HTML")))
        is_parsed = telegram_html_read(c->arena, text, seen);
    else if (str_eq_nocase(mode, S("MarkdownV2")))
        is_parsed = telegram_markdown_read(c->arena, text, seen);
    if (!is_parsed) {
        telegram_refuse_call(
            c, 400, S("Bad Request: can't parse entities: unexpected or unclosed mark"));
        return false;
    }
    if (is_needed && str_trim(*seen).len == 0) {
        telegram_refuse_call(c, 400, S("Bad Request: message text is empty"));
        return false;
    }
    if (telegram_utf16_units(*seen) > max) {
        telegram_refuse_call(c, 400,
            max == CAPTION_MAX ? S("Bad Request: message caption is too long")
                               : S("Bad Request: message is too long"));
        return false;
    }
    return true;
}

/* Callback data of 1 to 64 bytes in every button. */
static bool keyboard_is_good(struct sim_call *c)
{
    const struct json *markup = sim_field_json(c, S("reply_markup"));
    const struct json *rows = json_get(markup, S("inline_keyboard"));
    for (const struct json *row = rows ? rows->first : NULL; row; row = row->next) {
        for (const struct json *button = row->first; button; button = button->next) {
            const struct json *data = json_get(button, S("callback_data"));
            if (data && (data->text.len < 1 || data->text.len > 64)) {
                telegram_refuse_call(c, 400, S("Bad Request: BUTTON_DATA_INVALID"));
                return false;
            }
        }
    }
    return true;
}

/* ── sending ── */

static bool chat_is_open(struct sim_call *c, const struct chat *chat)
{
    if (chat->state == CHAT_BLOCKED)
        telegram_refuse_call(c, 403, S("Forbidden: bot was blocked by the user"));
    else if (chat->state == CHAT_DEACTIVATED)
        telegram_refuse_call(c, 403, S("Forbidden: user is deactivated"));
    else if (chat->state == CHAT_KICKED)
        telegram_refuse_call(c, 403, S("Forbidden: bot was kicked from the supergroup chat"));
    else if (chat->state == CHAT_MOVED)
        telegram_fail_with(c, 400, S("Bad Request: group chat was upgraded to a supergroup chat"),
            str_print(c->arena, "{\"migrate_to_chat_id\":%lld}", (long long)chat->moved_to));
    else
        return true;
    return false;
}

static bool rate_is_kept(struct sim_call *c, str chat)
{
    if (!str_eq(sim_setting(c->account, S("rates")), S("strict")))
        return true;
    const struct {
        str bucket;
        int64_t limit, window_ms;
    } limits[] = {
        {str_print(c->arena, "%.*s/all",           SARG(c->account->id)), 30, 1000},
        { str_print(c->arena,       "%.*s/%.*s", SARG(c->account->id),           SARG(chat)),
         telegram_is_group(chat) ? 20 : 1,  telegram_is_group(chat) ? 60000 : 1000}
    };
    for (int i = 0; i < 2; i++) {
        struct sim_rate r =
            sim_rate_take(c, limits[i].bucket, limits[i].limit, limits[i].window_ms, 1);
        if (!r.is_allowed) {
            telegram_too_many(c, r.reset_ms - sim_now(c->sim));
            return false;
        }
    }
    return true;
}

/* Calls in a business account's name: BC1 is the one that has connected the bot. */
static bool connection_is_known(struct sim_call *c)
{
    str id = sim_field(c, S("business_connection_id"));
    if (id.at == NULL || str_eq(id, S("BC1")))
        return true;
    telegram_refuse_call(c, 400, S("Bad Request: BUSINESS_CONNECTION_INVALID"));
    return false;
}

/* The chat a call is for, open; NULL: answered with the fault. */
struct chat *telegram_target(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    str id = sim_field(c, S("chat_id"));
    struct chat *chat = telegram_chat_get(bot, id, sim_takes_any(c->account));
    if (id.len == 0)
        telegram_refuse_call(c, 400, S("Bad Request: chat_id is empty"));
    else if (chat == NULL)
        telegram_refuse_call(c, 400, S("Bad Request: chat not found"));
    return chat && connection_is_known(c) && chat_is_open(c, chat) && rate_is_kept(c, id) ? chat
                                                                                          : NULL;
}

/* reply_parameters, when the message replied to must be there. */
static bool reply_is_good(struct sim_call *c, const struct chat *chat, int64_t *reply_to)
{
    const struct json *reply = sim_field_json(c, S("reply_parameters"));
    *reply_to = json_int(json_get(reply, S("message_id")), 0);
    if (*reply_to == 0 ||
        telegram_post_find(c->account->data, c->arena, str_from(chat->id), *reply_to))
        return true;
    *reply_to = 0;
    if (json_bool(json_get(reply, S("allow_sending_without_reply")), false))
        return true;
    telegram_refuse_call(c, 400, S("Bad Request: message to be replied not found"));
    return false;
}

/* Takes the message and answers it. `content`: members of the Message beyond head and chat. */
static void take(struct sim_call *c, struct chat *chat, str text, str content, str media)
{
    struct bot *bot = c->account->data;
    int64_t reply_to;
    if (!keyboard_is_good(c) || !reply_is_good(c, chat, &reply_to))
        return;
    uint64_t hash = str_hash(
        str_print(c->arena, "%.*s\n%.*s", SARG(text), SARG(sim_field(c, S("reply_markup")))));
    int64_t id = telegram_post_add(bot, c->arena, str_from(chat->id), c->now_ms, true, hash);
    telegram_post_find(bot, c->arena, str_from(chat->id), id)->has_file = media.len > 0;
    c->detail = sim_field(c, S("reply_markup"));
    (void)sim_accept(c, &(struct sim_message){.conversation = str_from(chat->id),
                            .id = str_print(c->arena, "%lld", (long long)id),
                            .text = text,
                            .media = media}); /* no keys here: nothing follows from a double */
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_int(&j, S("message_id"), id);
    json_key(&j, S("from"));
    telegram_put_bot(&j, c->account);
    json_key(&j, S("chat"));
    telegram_put_chat(&j, chat);
    json_kv_int(&j, S("date"), c->now_ms / 1000);
    json_obj_end(&j);
    str head = json_str(&j);
    str reply = {0};
    if (reply_to)
        reply = str_print(c->arena,
            ",\"reply_to_message\":{\"message_id\":%lld,\"chat\":{\"id\":%s},\"date\":%lld}",
            (long long)reply_to, chat->id, (long long)(c->now_ms / 1000));
    telegram_give(c, str_print(c->arena, "%.*s%.*s%s%.*s}", SARG(str_sub(head, 0, head.len - 1)),
                         SARG(reply), content.len > 0 ? "," : "", SARG(content)));
}

static str text_member(struct sim_call *c, const char *name, str text)
{
    struct json_out j = sim_json(c);
    json_put_str(&j, text);
    return str_print(c->arena, "\"%s\":%.*s", name, SARG(json_str(&j)));
}

void telegram_send_message(struct sim_call *c)
{
    str text;
    struct chat *chat = telegram_target(c);
    if (chat && read_text(c, S("text"), TEXT_MAX, true, &text))
        take(c, chat, text, text_member(c, "text", text), (str){0});
}

/* The file of a send: uploaded, known by id, or an address. False: answered with the fault. */
static bool read_file(struct sim_call *c, str field, str type, ptrdiff_t max, struct sim_media *m)
{
    str value = sim_field(c, field);
    const struct sim_part *part = sim_part(c, field);
    if (str_starts(value, S("attach://")))
        part = sim_part(c, str_skip(value, 9));
    if (part && part->is_file) {
        if (part->bytes.len > max) {
            telegram_refuse_call(c, 413, S("Request Entity Too Large"));
            return false;
        }
        const struct sim_file file = {
            .content_type = part->content_type.len > 0 ? part->content_type : type,
            .name = part->file_name,
            .bytes = part->bytes};
        *m = sim_media_add(c->sim, c->network, c->arena, c->account->id, &file);
        return true;
    }
    *m = (struct sim_media){.content_type = type};
    if (str_starts(value, S("http://")) || str_starts(value, S("https://"))) {
        m->name = value;
        m->id = sim_random_hex(c->sim, c->network, c->arena, 24);
        m->sha256 = str_cat(c->arena, S("url:"), value);
        return true;
    }
    if (str_starts(value, S("AgAC")) &&
        sim_media_get(c->sim, c->network, c->arena, str_skip(value, 4), m))
        return true;
    telegram_refuse_call(c, 400, S("Bad Request: wrong file identifier/HTTP URL specified"));
    return false;
}

static void put_file_members(struct json_out *j, const struct sim_media *m, str field)
{
    bool is_photo = str_eq(field, S("photo"));
    json_kv_str(j, S("file_id"), str_cat(j->b.a, S("AgAC"), m->id));
    json_kv_str(j, S("file_unique_id"), str_sub(m->sha256, 0, 16));
    if (m->bytes.len > 0)
        json_kv_int(j, S("file_size"), m->bytes.len);
    if (is_photo) {
        json_kv_int(j, S("width"), 1280);
        json_kv_int(j, S("height"), 960);
        return;
    }
    json_kv_str(j, S("mime_type"), m->content_type);
    if (m->name.len > 0)
        json_kv_str(j, S("file_name"), m->name);
    if (!str_eq(field, S("document")))
        json_kv_int(j, S("duration"), 3);
}

/* "photo":[…] or "document":{…}. */
str telegram_file_member(struct arena *a, const struct sim_media *m, str field)
{
    bool is_photo = str_eq(field, S("photo"));
    struct json_out j = json_out_make(a, 0);
    if (is_photo)
        json_arr(&j);
    json_obj(&j);
    put_file_members(&j, m, field);
    json_obj_end(&j);
    if (is_photo)
        json_arr_end(&j);
    return str_print(a, "\"%.*s\":%.*s", SARG(field), SARG(json_str(&j)));
}

/* A message's members for a file and the words below it. */
static str captioned(struct sim_call *c, const struct sim_media *m, str field, str caption)
{
    str content = telegram_file_member(c->arena, m, field);
    if (caption.len == 0)
        return content;
    str words = text_member(c, "caption", caption);
    return str_print(c->arena, "%.*s,%.*s", SARG(content), SARG(words));
}

void telegram_send_file(struct sim_call *c, int which)
{
    str caption, field = telegram_file_kinds[which].field;
    struct sim_media m;
    struct chat *chat = telegram_target(c);
    if (chat == NULL || !read_text(c, S("caption"), CAPTION_MAX, false, &caption) ||
        !read_file(
            c, field, telegram_file_kinds[which].type, telegram_file_kinds[which].max_bytes, &m))
        return;
    take(c, chat, caption, captioned(c, &m, field, caption), m.sha256);
}

void telegram_send_place(struct sim_call *c)
{
    const struct json *latitude = sim_field_json(c, S("latitude"));
    const struct json *longitude = sim_field_json(c, S("longitude"));
    struct chat *chat = telegram_target(c);
    if (chat == NULL)
        return;
    if (!latitude || latitude->kind != JSON_NUMBER || !longitude ||
        longitude->kind != JSON_NUMBER) {
        telegram_refuse_call(c, 400, S("Bad Request: latitude and longitude must be specified"));
        return;
    }
    str content = str_print(c->arena, "\"location\":{\"latitude\":%.*s,\"longitude\":%.*s}",
        SARG(latitude->text), SARG(longitude->text));
    take(c, chat, (str){0}, content, (str){0});
}

void telegram_send_contact(struct sim_call *c)
{
    struct chat *chat = telegram_target(c);
    if (chat)
        take(c, chat, sim_field(c, S("phone_number")),
            str_print(c->arena, "\"contact\":{%.*s,%.*s}",
                SARG(text_member(c, "phone_number", sim_field(c, S("phone_number")))),
                SARG(text_member(c, "first_name", sim_field(c, S("first_name"))))),
            (str){0});
}

enum { GROUP_MAX = 10 };

/* One of an album: an uploaded part, a file known by id, or an address. */
static bool read_group_file(struct sim_call *c, const struct json *v, struct sim_media *m)
{
    str value = json_text(json_get(v, S("media")), (str){0});
    const struct sim_part *part =
        str_starts(value, S("attach://")) ? sim_part(c, str_skip(value, 9)) : NULL;
    if (part) {
        const struct sim_file file = {part->content_type, part->file_name, part->bytes};
        *m = sim_media_add(c->sim, c->network, c->arena, c->account->id, &file);
        return true;
    }
    if (str_starts(value, S("http://")) || str_starts(value, S("https://"))) {
        *m = (struct sim_media){.id = sim_random_hex(c->sim, c->network, c->arena, 24),
            .content_type = S("application/octet-stream"),
            .sha256 = str_cat(c->arena, S("url:"), value)};
        return true;
    }
    return str_starts(value, S("AgAC")) &&
           sim_media_get(c->sim, c->network, c->arena, str_skip(value, 4), m);
}

/* The result of the answer `take` has given. */
static str result_of(const struct sim_call *c)
{
    str result = str_skip(c->body, (ptrdiff_t)sizeof "{\"ok\":true,\"result\":" - 1);
    return str_sub(result, 0, result.len - 1);
}

void telegram_send_group(struct sim_call *c)
{
    struct sim_media media[GROUP_MAX];
    struct chat *chat = telegram_target(c);
    const struct json *list = sim_field_json(c, S("media"));
    if (chat == NULL)
        return;
    if (list == NULL || list->kind != JSON_ARRAY || list->count < 2 || list->count > GROUP_MAX) {
        telegram_refuse_call(c, 400, S("Bad Request: media must be an array of 2-10 items"));
        return;
    }
    ptrdiff_t n = 0;
    for (const struct json *v = list->first; v; v = v->next) {
        if (read_group_file(c, v, &media[n++]))
            continue;
        telegram_refuse_call(c, 400, S("Bad Request: wrong file identifier/HTTP URL specified"));
        return;
    }
    struct sb results = sb_make(c->arena, 0);
    n = 0;
    for (const struct json *v = list->first; v; v = v->next, n++) {
        bool is_photo = str_eq(json_text(json_get(v, S("type")), (str){0}), S("photo"));
        str field = is_photo ? S("photo") : S("document");
        str caption = json_text(json_get(v, S("caption")), (str){0});
        take(c, chat, caption, captioned(c, &media[n], field, caption), media[n].sha256);
        if (c->status != 200)
            return;
        sb_add(&results, n == 0 ? S("[") : S(","));
        sb_add(&results, result_of(c));
    }
    sb_byte(&results, ']');
    telegram_give(c, sb_str(&results));
}

/* ── changing ── */

/* The message a call names; NULL: answered with the fault. */
static struct post *named_post(struct sim_call *c, str fault)
{
    struct post *p = telegram_post_find(c->account->data, c->arena, sim_field(c, S("chat_id")),
        sim_field_int(c, S("message_id"), 0));
    if (p == NULL)
        telegram_refuse_call(c, 400, fault);
    return p;
}

void telegram_edit_message(struct sim_call *c, str field)
{
    str text = {0};
    bool is_caption = str_eq(field, S("caption"));
    struct chat *chat = telegram_target(c);
    struct post *p = chat ? named_post(c, S("Bad Request: message to edit not found")) : NULL;
    if (p == NULL ||
        (field.len > 0 &&
            !read_text(c, field, is_caption ? CAPTION_MAX : TEXT_MAX, !is_caption, &text)) ||
        !keyboard_is_good(c))
        return;
    uint64_t hash = str_hash(
        str_print(c->arena, "%.*s\n%.*s", SARG(text), SARG(sim_field(c, S("reply_markup")))));
    if (!p->is_ours) {
        telegram_refuse_call(c, 400, S("Bad Request: message can't be edited"));
        return;
    }
    if (field.len > 0 && p->has_file != is_caption) {
        telegram_refuse_call(c, 400,
            is_caption ? S("Bad Request: there is no caption in the message to edit")
                       : S("Bad Request: there is no text in the message to edit"));
        return;
    }
    if (p->hash == hash) {
        telegram_refuse_call(c, 400,
            S("Bad Request: message is not modified: specified new message content and reply "
              "markup are exactly the same as a current content and reply markup of the message"));
        return;
    }
    p->hash = hash;
    c->detail = S("edit");
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_int(&j, S("message_id"), sim_field_int(c, S("message_id"), 0));
    json_key(&j, S("chat"));
    telegram_put_chat(&j, chat);
    json_kv_int(&j, S("date"), p->at_ms / 1000);
    json_kv_int(&j, S("edit_date"), c->now_ms / 1000);
    if (field.len > 0)
        json_kv_str(&j, field, text);
    json_obj_end(&j);
    telegram_give(c, json_str(&j));
}

void telegram_delete_message(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    struct chat *chat = telegram_target(c);
    struct post *p = chat ? named_post(c, S("Bad Request: message to delete not found")) : NULL;
    if (p == NULL)
        return;
    if (c->now_ms - p->at_ms >= DELETE_MS) {
        telegram_refuse_call(c, 400, S("Bad Request: message can't be deleted for everyone"));
        return;
    }
    (void)map_take(&bot->posts, str_from(p->key)); /* its memory goes in turn */
    telegram_give_true(c);
}

/* Of a business account's chat; the numbers are looked for in every chat. */
void telegram_delete_many(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    const struct json *ids = sim_field_json(c, S("message_ids"));
    if (!connection_is_known(c) || !ids || ids->kind != JSON_ARRAY || ids->count < 1) {
        if (!c->status)
            telegram_refuse_call(c, 400, S("Bad Request: message identifiers are not specified"));
        return;
    }
    for (const struct json *v = ids->first; v; v = v->next) {
        struct post *found = NULL;
        str tail = str_print(c->arena, "/%.*s", SARG(v->text));
        for (struct post *p = bot->post_first; p && !found; p = p->next)
            if (str_ends(str_from(p->key), tail) && map_get(&bot->posts, str_from(p->key)) == p)
                found = p;
        if (!found) {
            telegram_refuse_call(c, 400, S("Bad Request: message to delete not found"));
            return;
        }
        (void)map_take(&bot->posts, str_from(found->key));
    }
    telegram_give_true(c);
}

void telegram_set_reaction(struct sim_call *c)
{
    struct chat *chat = telegram_target(c);
    if (chat == NULL || !named_post(c, S("Bad Request: message to react not found")))
        return;
    const struct json *list = sim_field_json(c, S("reaction"));
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        bool is_emoji = str_eq(json_text(json_get(v, S("type")), (str){0}), S("emoji"));
        if (!is_emoji || json_text(json_get(v, S("emoji")), (str){0}).len == 0) {
            telegram_refuse_call(c, 400, S("Bad Request: REACTION_INVALID"));
            return;
        }
    }
    telegram_give_true(c);
}

void telegram_answer_query(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    int64_t id = sim_field_int(c, S("callback_query_id"), 0);
    if (id < 1 || id > bot->last_query)
        telegram_refuse_call(c, 400,
            S("Bad Request: query is too old and response timeout expired or query ID is invalid"));
    else if (telegram_utf16_units(sim_field(c, S("text"))) > 200)
        telegram_refuse_call(c, 400, S("Bad Request: MESSAGE_TOO_LONG"));
    else {
        bot->presses_answered++;
        telegram_give_true(c);
    }
}
