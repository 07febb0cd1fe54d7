/* Telegram Bot API 10.1 (11 June 2026), as the documentation says it and, for the words of errors,
 * as bots in the field know them. Example of a network; see network.h, and telegram.h for its
 * parts.
 *
 * Accounts: id = the bot's id, token = the whole bot token, callback = the webhook's URL (any http
 * or https one, where the real one wants https). Settings: "rates":"strict" applies 30 messages/s,
 * one a second per chat, 20 a minute per group; "any_chat":"yes" takes chats that never wrote.
 * "privacy":"off" lets the bot see all of groups.
 * say: kind "" (text, files), "edit", "button" (text = callback data), "reaction" (text = emoji),
 * "comment" (reply_to = number of the channel's post in the discussion group), "business" (in a
 * chat of the business account that has connected the bot as BC1); conversation = a group's id
 * (negative); topic = number of a topic; content = further members of the message ({"sticker":…}).
 * special: block, unblock, deactivate, kick, start {chat}; migrate {chat, to}; answers: how many
 * presses were answered. Files by URL are accepted but not loaded. */
#include "telegram.h"

/* ── answers ── */

void telegram_give(struct sim_call *c, str result)
{
    sim_answer_print(c, 200, "{\"ok\":true,\"result\":%.*s}", SARG(result));
}

void telegram_give_true(struct sim_call *c)
{
    telegram_give(c, S("true"));
}

void telegram_fail_with(struct sim_call *c, int code, str description, str parameters)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_bool(&j, S("ok"), false);
    json_kv_int(&j, S("error_code"), code);
    json_kv_str(&j, S("description"), description);
    if (parameters.len > 0)
        json_kv_raw(&j, S("parameters"), parameters);
    json_obj_end(&j);
    sim_answer_json(c, code, &j);
}

void telegram_refuse_call(struct sim_call *c, int code, str description)
{
    telegram_fail_with(c, code, description, (str){0});
}

void telegram_too_many(struct sim_call *c, int64_t retry_after_ms)
{
    long long s = (retry_after_ms + 999) / 1000;
    telegram_fail_with(c, 429, str_print(c->arena, "Too Many Requests: retry after %lld", s),
        str_print(c->arena, "{\"retry_after\":%lld}", s));
}

static void telegram_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500)
        telegram_refuse_call(c, 500, S("Internal Server Error"));
    else if (why == SIM_REFUSE_429)
        telegram_too_many(c, retry_after_ms);
    else if (why == SIM_REFUSE_429_BARE)
        telegram_refuse_call(c, 429, S("Too Many Requests"));
    else
        telegram_refuse_call(c, 401, S("Unauthorized"));
}

static void set_allowed(struct sim_call *c, struct bot *bot)
{
    const struct json *list = sim_field_json(c, S("allowed_updates"));
    if (list == NULL || list->kind != JSON_ARRAY)
        return;
    struct sb b = sb_make(c->arena, sizeof bot->allowed - 1);
    for (const struct json *v = list->first; v; v = v->next) {
        sb_add(&b, json_text(v, (str){0}));
        sb_byte(&b, ' ');
    }
    sim_keep(bot->allowed, sizeof bot->allowed, sb_str(&b));
}

static void get_updates(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    str id = str_copy(c->arena, c->account->id);
    int64_t limit = sim_field_int(c, S("limit"), 100);
    int64_t until_ms = c->now_ms + sim_field_int(c, S("timeout"), 0) * 1000;
    int64_t mine = ++bot->polls;
    sim_wake(c->sim, c->network); /* the older poller goes */
    set_allowed(c, bot);
    telegram_confirm(bot, sim_field_int(c, S("offset"), 0));
    bool is_waiting = true;
    for (;;) {
        if (c->account->callback.len > 0 || bot->polls != mine) {
            telegram_refuse_call(c, 409,
                bot->polls != mine
                    ? S("Conflict: terminated by other getUpdates request; make sure that only "
                        "one bot instance is running")
                    : S("Conflict: can't use getUpdates method while webhook is active; use "
                        "deleteWebhook to delete the webhook first"));
            return;
        }
        telegram_expire(c->sim, bot);
        if (bot->first || !is_waiting || sim_now(c->sim) >= until_ms)
            break;
        is_waiting = sim_wait(c, until_ms);
        c->account = sim_account_find(c->sim, c->network, id);
        if (c->account == NULL || c->account->data != bot) {
            telegram_give(c, S("[]"));
            return;
        }
    }
    struct sb b = sb_make(c->arena, 0);
    sb_byte(&b, '[');
    int64_t n = 0;
    for (struct update *u = bot->first; u && n < (limit < 1 || limit > 100 ? 100 : limit);
         u = u->next) {
        if (n++ > 0)
            sb_byte(&b, ',');
        sb_add(&b, str_of(u->text, u->len));
    }
    sb_byte(&b, ']');
    telegram_give(c, sb_str(&b));
}

/* ── webhook ── */

static bool secret_is_good(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char x = s.at[i];
        bool is_word = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9');
        if (!is_word && x != '_' && x != '-')
            return false;
    }
    return s.len <= 256;
}

static void drop_pending(struct sim_call *c, struct bot *bot)
{
    if (!str_eq(sim_field(c, S("drop_pending_updates")), S("true")))
        return;
    while (bot->first)
        telegram_update_drop(bot);
    (void)sim_webhook_forget(c->sim, c->account); /* how many is nobody's question */
}

static void set_webhook(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    str url = sim_field(c, S("url")), secret = sim_field(c, S("secret_token"));
    int64_t connections = sim_field_int(c, S("max_connections"), 40);
    if (url.len > 0 && !str_starts(url, S("https://")) && !str_starts(url, S("http://"))) {
        telegram_refuse_call(
            c, 400, S("Bad Request: bad webhook: An HTTPS URL must be provided for webhook"));
        return;
    }
    if (!secret_is_good(secret)) {
        telegram_refuse_call(c, 400, S("Bad Request: secret token contains unallowed characters"));
        return;
    }
    if (connections < 1 || connections > 100) {
        telegram_refuse_call(c, 400, S("Bad Request: MAX_CONNECTIONS_INVALID"));
        return;
    }
    sim_keep(bot->secret, sizeof bot->secret, secret);
    bot->max_connections = connections;
    bot->error_at_ms = 0;
    set_allowed(c, bot);
    sim_account_callback(c->sim, c->account, url);
    drop_pending(c, bot);
    while (url.len > 0 && bot->first) {
        telegram_post_update(
            c->sim, c->account, bot->first->id, str_of(bot->first->text, bot->first->len));
        telegram_update_drop(bot);
    }
    sim_wake(c->sim, c->network);
    telegram_give_true(c);
}

static void delete_webhook(struct sim_call *c)
{
    sim_account_callback(c->sim, c->account, (str){0});
    drop_pending(c, c->account->data);
    telegram_give_true(c);
}

static void get_webhook_info(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("url"), c->account->callback);
    json_kv_bool(&j, S("has_custom_certificate"), false);
    json_kv_int(&j, S("pending_update_count"),
        c->account->callback.len > 0 ? sim_webhook_waiting(c->sim, c->account) : bot->update_count);
    json_kv_int(&j, S("max_connections"), bot->max_connections);
    if (bot->error_at_ms) {
        json_kv_int(&j, S("last_error_date"), bot->error_at_ms / 1000);
        json_kv_str(&j, S("last_error_message"), str_from(bot->error));
    }
    json_obj_end(&j);
    telegram_give(c, json_str(&j));
}

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    const struct bot *bot = account->data;
    if (bot->secret[0])
        sim_post_header(post, S("X-Telegram-Bot-Api-Secret-Token"),
            str_copy(post->arena, str_from(bot->secret)));
}

/* An answer to a webhook may hold a method; of ours only this one is expected. */
static void telegram_answer_runs(struct bot *bot, const struct sim_answered *answer)
{
    const struct json *v = NULL;
    str why;
    int64_t id = 0;
    if (json_parse(answer->arena, answer->body, &v, &why) != OK ||
        !str_eq(json_text(json_get(v, S("method")), S("")), S("answerCallbackQuery")))
        return;
    if (str_int(json_text(json_get(v, S("callback_query_id")), S("")), 1, bot->last_query, &id) ==
        OK)
        bot->presses_answered++;
}

static void answered(
    struct sim *sim, struct sim_account *account, const struct sim_answered *answer)
{
    struct bot *bot = account->data;
    if (answer->is_acknowledged) {
        telegram_answer_runs(bot, answer);
        return;
    }
    bot->error_at_ms = sim_now(sim);
    str words = answer->status ? str_print(answer->arena, "Wrong response from the webhook: %d",
                                     answer->status)
                               : answer->why;
    sim_keep(bot->error, sizeof bot->error, words);
}

/* ── looking ── */

static void get_me(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    bool sees_all = str_eq(sim_setting(c->account, S("privacy")), S("off"));
    telegram_put_bot(&j, c->account);
    str bot = json_str(&j);
    telegram_give(c, str_print(c->arena, "%.*s,\"can_read_all_group_messages\":%s}",
                         SARG(str_sub(bot, 0, bot.len - 1)), sees_all ? "true" : "false"));
}

static void get_chat(struct sim_call *c)
{
    struct chat *chat = telegram_target(c);
    if (chat == NULL)
        return;
    struct json_out j = sim_json(c);
    telegram_put_chat(&j, chat);
    telegram_give(c, json_str(&j));
}

static str folder_of(str content_type)
{
    for (int i = 0; i < TELEGRAM_FILE_KINDS; i++)
        if (str_eq(telegram_file_kinds[i].type, content_type))
            return telegram_file_kinds[i].folder;
    return S("documents");
}

/* The path says until when it is good: "photos/file_<id>_<Unix seconds>". */
static void get_file(struct sim_call *c)
{
    struct sim_media m;
    str id = sim_field(c, S("file_id"));
    if (!str_starts(id, S("AgAC")) ||
        !sim_media_get(c->sim, c->network, c->arena, str_skip(id, 4), &m)) {
        telegram_refuse_call(
            c, 400, S("Bad Request: wrong file_id or the file is temporarily unavailable"));
        return;
    }
    if (m.bytes.len > LOAD_BYTES) {
        telegram_refuse_call(c, 400, S("Bad Request: file is too big"));
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("file_id"), id);
    json_kv_str(&j, S("file_unique_id"), str_sub(m.sha256, 0, 16));
    json_kv_int(&j, S("file_size"), m.bytes.len);
    json_kv_str(&j, S("file_path"),
        str_print(c->arena, "%.*s/file_%.*s_%lld", SARG(folder_of(m.content_type)), SARG(m.id),
            (long long)(c->now_ms + LINK_MS) / 1000));
    json_obj_end(&j);
    telegram_give(c, json_str(&j));
}

static void load_file(struct sim_call *c)
{
    str name = sim_path(c, 3), id, until;
    int64_t until_s = 0;
    struct sim_media m;
    bool is_named = str_starts(name, S("file_")) && str_cut(str_skip(name, 5), '_', &id, &until) &&
                    str_int(until, 0, INT64_MAX / 1000, &until_s) == OK;
    if (!is_named || c->now_ms >= until_s * 1000 ||
        !sim_media_get(c->sim, c->network, c->arena, id, &m))
        telegram_refuse_call(c, 404, S("Not Found"));
    else
        sim_answer_media(c, &m);
}

/* ── calls ── */

static void edit_text(struct sim_call *c)
{
    telegram_edit_message(c, S("text"));
}

static void edit_caption(struct sim_call *c)
{
    telegram_edit_message(c, S("caption"));
}

static void edit_markup(struct sim_call *c)
{
    telegram_edit_message(c, (str){0});
}

static void chat_action(struct sim_call *c)
{
    if (telegram_target(c))
        telegram_give_true(c);
}

static void no_photos(struct sim_call *c)
{
    telegram_give(c, S("{\"total_count\":0,\"photos\":[]}"));
}

static const struct {
    str name;
    void (*run)(struct sim_call *c);
} methods[] = {
    {S_INIT("getMe"),                  get_me                 },
    {S_INIT("getUpdates"),             get_updates            },
    {S_INIT("setWebhook"),             set_webhook            },
    {S_INIT("deleteWebhook"),          delete_webhook         },
    {S_INIT("getWebhookInfo"),         get_webhook_info       },
    {S_INIT("sendMessage"),            telegram_send_message  },
    {S_INIT("sendMediaGroup"),         telegram_send_group    },
    {S_INIT("sendLocation"),           telegram_send_place    },
    {S_INIT("sendContact"),            telegram_send_contact  },
    {S_INIT("sendChatAction"),         chat_action            },
    {S_INIT("editMessageText"),        edit_text              },
    {S_INIT("editMessageReplyMarkup"), edit_markup            },
    {S_INIT("editMessageCaption"),     edit_caption           },
    {S_INIT("sendVenue"),              telegram_send_place    },
    {S_INIT("deleteBusinessMessages"), telegram_delete_many   },
    {S_INIT("deleteMessage"),          telegram_delete_message},
    {S_INIT("answerCallbackQuery"),    telegram_answer_query  },
    {S_INIT("setMessageReaction"),     telegram_set_reaction  },
    {S_INIT("getFile"),                get_file               },
    {S_INIT("getChat"),                get_chat               },
    {S_INIT("getUserProfilePhotos"),   no_photos              },
    {S_INIT("setMyCommands"),          telegram_give_true     },
};

static void telegram_handle(struct sim_call *c)
{
    /* "/api" in front: the base addresses of all networks are told at once, by kind and name. */
    if (str_starts(c->path, S("/api/")))
        c->path = str_skip(c->path, 4);
    str first = sim_path(c, 0);
    bool is_file = str_eq(first, S("file"));
    str token = is_file ? sim_path(c, 1) : first;
    if (!str_starts(token, S("bot"))) {
        telegram_refuse_call(c, 404, S("Not Found"));
        return;
    }
    if (!sim_account_by_token(c, str_skip(token, 3))) {
        telegram_refuse_call(c, 401, S("Unauthorized"));
        return;
    }
    if (is_file) {
        load_file(c);
        return;
    }
    if (c->body_fault.len > 0) {
        telegram_refuse_call(c, 400, str_cat(c->arena, S("Bad Request: "), c->body_fault));
        return;
    }
    str name = sim_path(c, 1); /* methods are known in any case of letters */
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (str_eq_nocase(name, methods[i].name)) {
            methods[i].run(c);
            return;
        }
    for (int i = 0; i < TELEGRAM_FILE_KINDS; i++)
        if (str_eq_nocase(name, telegram_file_kinds[i].method)) {
            telegram_send_file(c, i);
            return;
        }
    telegram_refuse_call(c, 404, S("Not Found"));
}

/* Growing gaps, then dropped; the network does not publish them. */
static const int64_t retry_gaps_ms[] = {
    1000, 2000, 4000, 8000, 16000, 32000, 60000, 120000, 300000, 600000, 1800000, 3600000, 0};

const struct sim_network sim_telegram = {
    .name = S_INIT("telegram"),
    .title = S_INIT("Telegram Bot API"),
    .account = {.id = S_INIT("123456"),
                .name = S_INIT("Seva"),
                .token = S_INIT("123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11")},
    .account_open = telegram_bot_open,
    .account_close = telegram_bot_close,
    .handle = telegram_handle,
    .refuse = telegram_refuse,
    .say = telegram_say,
    .event = telegram_event,
    .special = telegram_special,
    .sign = sign,
    .answered = answered,
    .retry_gaps_ms = retry_gaps_ms,
};
