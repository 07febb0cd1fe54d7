/* Telegram Bot API 10.1 (11 June 2026), as the documentation says it and, for the words of errors,
 * as bots in the field know them. Example of a network file; see network.h.
 *
 * Accounts: id = the bot's id, token = the whole bot token, callback = the webhook's URL (any http
 * or https one, where the real one wants https). Settings: "rates":"strict" applies 30 messages/s,
 * one a second per chat, 20 a minute per group; "any_chat":"yes" takes chats that never wrote.
 * say: kind "" (text, files), "edit", "button" (text = callback data), "reaction" (text = emoji);
 * conversation = a group's id (negative). special: block, unblock, deactivate, kick, start {chat};
 * migrate {chat, to}. Files by URL are accepted but not loaded. */
#include <stdlib.h>
#include <string.h>

#include "network.h"

enum {
    UPDATES_MAX = 100000, /* of one bot */
    UPDATE_KEEP_MS = 24 * 3600 * 1000,
    CHATS_MAX = 200000,
    POSTS_MAX = 100000, /* messages remembered per bot for edits, replies, deletion */
    TEXT_MAX = 4096,
    CAPTION_MAX = 1024,
    PHOTO_BYTES = 10 * 1024 * 1024,
    FILE_BYTES = 50 * 1024 * 1024,
    LOAD_BYTES = 20 * 1024 * 1024,
    LINK_MS = 3600 * 1000,
    DELETE_MS = 48 * 3600 * 1000,
    MESSAGE_BYTES = 256 * 1024,
};

struct update {
    struct update *next;
    int64_t id, at_ms;
    ptrdiff_t len;
    char text[];
};

enum chat_state { CHAT_OPEN, CHAT_BLOCKED, CHAT_DEACTIVATED, CHAT_KICKED, CHAT_MOVED };

struct chat {
    struct chat *next;
    enum chat_state state;
    int64_t moved_to;
    char id[24];
    char name[96], handle[64];
};

struct post { /* a message of a chat */
    struct post *next;
    int64_t at_ms;
    bool is_ours;
    uint64_t hash; /* of text and keyboard: "message is not modified" */
    char key[48];  /* chat/message */
};

struct bot {
    struct update *first, **last;
    ptrdiff_t update_count;
    int64_t last_update, last_message, last_query, polls;
    struct map chats, posts;
    struct chat *chat_list;
    struct post *post_first, **post_last;
    char secret[257], allowed[1024];
    int64_t max_connections, error_at_ms;
    char error[256];
};

static const struct {
    str method, field, folder, type;
    ptrdiff_t max_bytes;
} file_methods[] = {
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
enum { FILE_METHODS = sizeof file_methods / sizeof *file_methods };

/* ── answers ────────────────────────────────────────────────────────────────────────────────── */

static void give(struct sim_call *c, str result)
{
    sim_answer_print(c, 200, "{\"ok\":true,\"result\":%.*s}", SARG(result));
}

static void give_true(struct sim_call *c)
{
    give(c, S("true"));
}

static void fail_with(struct sim_call *c, int code, str description, str parameters)
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

static void refuse_call(struct sim_call *c, int code, str description)
{
    fail_with(c, code, description, (str){0});
}

static void too_many(struct sim_call *c, int64_t retry_after_ms)
{
    long long s = (retry_after_ms + 999) / 1000;
    fail_with(c, 429, str_print(c->arena, "Too Many Requests: retry after %lld", s),
        str_print(c->arena, "{\"retry_after\":%lld}", s));
}

static void telegram_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500)
        refuse_call(c, 500, S("Internal Server Error"));
    else if (why == SIM_REFUSE_429)
        too_many(c, retry_after_ms);
    else if (why == SIM_REFUSE_429_BARE)
        refuse_call(c, 429, S("Too Many Requests"));
    else
        refuse_call(c, 401, S("Unauthorized"));
}

/* ── bots, chats, posts ─────────────────────────────────────────────────────────────────────── */

static void bot_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct bot *bot = alloc_zero((ptrdiff_t)sizeof *bot);
    if (bot == NULL)
        abort();
    bot->last = &bot->first;
    bot->post_last = &bot->post_first;
    bot->last_update = 900000000;
    bot->max_connections = 40;
    account->data = bot;
}

static void update_drop(struct bot *bot)
{
    struct update *u = bot->first;
    bot->first = u->next;
    if (u->next == NULL)
        bot->last = &bot->first;
    bot->update_count--;
    free(u);
}

static void post_drop(struct bot *bot)
{
    struct post *p = bot->post_first;
    bot->post_first = p->next;
    if (p->next == NULL)
        bot->post_last = &bot->post_first;
    if (map_get(&bot->posts, str_from(p->key)) == p)
        (void)map_take(&bot->posts, str_from(p->key));
    free(p);
}

static void bot_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct bot *bot = account->data;
    while (bot->first)
        update_drop(bot);
    while (bot->post_first)
        post_drop(bot);
    while (bot->chat_list) {
        struct chat *chat = bot->chat_list;
        bot->chat_list = chat->next;
        free(chat);
    }
    map_free(&bot->chats);
    map_free(&bot->posts);
    free(bot);
}

/* NULL: not there, and not made (bad id, or too many). */
static struct chat *chat_get(struct bot *bot, str id, bool is_made)
{
    int64_t number;
    struct chat *chat = map_get(&bot->chats, id);
    if (chat || !is_made || id.len >= (ptrdiff_t)sizeof chat->id ||
        str_int(id, INT64_MIN, INT64_MAX, &number) != OK || bot->chats.count >= CHATS_MAX)
        return chat;
    chat = alloc_zero((ptrdiff_t)sizeof *chat);
    if (chat == NULL)
        abort();
    memcpy(chat->id, id.at, (size_t)id.len);
    chat->next = bot->chat_list;
    bot->chat_list = chat;
    if (map_put(&bot->chats, str_from(chat->id), chat) != OK)
        abort();
    return chat;
}

static void text_keep(char *to, ptrdiff_t size, str s)
{
    s = str_sub(s, 0, size - 1);
    if (s.len > 0)
        memcpy(to, s.at, (size_t)s.len);
    to[s.len] = 0;
}

static struct post *post_find(struct bot *bot, struct arena *a, str chat, int64_t message)
{
    return map_get(&bot->posts, str_print(a, "%.*s/%lld", SARG(chat), (long long)message));
}

static int64_t post_add(
    struct bot *bot, struct arena *a, str chat, int64_t at_ms, bool is_ours, uint64_t hash)
{
    while (bot->posts.count >= POSTS_MAX)
        post_drop(bot);
    struct post *p = alloc_zero((ptrdiff_t)sizeof *p);
    if (p == NULL)
        abort();
    int64_t id = ++bot->last_message;
    text_keep(p->key, sizeof p->key, str_print(a, "%.*s/%lld", SARG(chat), (long long)id));
    p->at_ms = at_ms;
    p->is_ours = is_ours;
    p->hash = hash;
    *bot->post_last = p;
    bot->post_last = &p->next;
    if (map_put(&bot->posts, str_from(p->key), p) != OK)
        abort();
    return id;
}

static bool is_group(str chat_id)
{
    return chat_id.len > 0 && chat_id.at[0] == '-';
}

static void put_chat(struct json_out *j, const struct chat *chat)
{
    str id = str_from(chat->id);
    json_obj(j);
    json_kv_raw(j, S("id"), id);
    if (chat->name[0])
        json_kv_str(j, is_group(id) ? S("title") : S("first_name"), str_from(chat->name));
    if (chat->handle[0])
        json_kv_str(j, S("username"), str_from(chat->handle));
    json_kv_str(j, S("type"), is_group(id) ? S("supergroup") : S("private"));
    json_obj_end(j);
}

static void put_bot(struct json_out *j, const struct sim_account *account)
{
    json_obj(j);
    json_kv_raw(j, S("id"), account->id);
    json_kv_bool(j, S("is_bot"), true);
    json_kv_str(j, S("first_name"), account->name);
    json_kv_str(j, S("username"), S("seva_sim_bot"));
    json_obj_end(j);
}

/* ── updates ────────────────────────────────────────────────────────────────────────────────── */

static bool is_allowed(const struct bot *bot, str kind)
{
    bool is_default = !str_eq(kind, S("chat_member")) && !str_eq(kind, S("message_reaction")) &&
                      !str_eq(kind, S("message_reaction_count"));
    if (bot->allowed[0] == 0)
        return is_default;
    str list = str_from(bot->allowed), one;
    while (list.len > 0) {
        (void)str_cut(list, ' ', &one, &list);
        if (str_eq(one, kind))
            return true;
    }
    return false;
}

static void post_update(struct sim *sim, struct sim_account *account, int64_t id, str text)
{
    struct arena a = arena_make(0);
    sim_webhook_send(sim, account,
        &(struct sim_webhook){
            .method = HTTP_POST, .body = text, .key = str_print(&a, "%lld", (long long)id)});
    arena_free(&a);
}

/* `value`: the JSON behind the update's one key. */
static void update_add(
    struct sim *sim, struct sim_account *account, struct arena *a, str kind, str value)
{
    struct bot *bot = account->data;
    if (!is_allowed(bot, kind))
        return;
    int64_t id = ++bot->last_update;
    str text =
        str_print(a, "{\"update_id\":%lld,\"%.*s\":%.*s}", (long long)id, SARG(kind), SARG(value));
    if (account->callback.len > 0) {
        post_update(sim, account, id, text);
        return;
    }
    if (bot->update_count >= UPDATES_MAX)
        update_drop(bot);
    struct update *u = alloc_zero((ptrdiff_t)sizeof *u + text.len);
    if (u == NULL)
        abort();
    u->id = id;
    u->at_ms = sim_now(sim);
    u->len = text.len;
    memcpy(u->text, text.at, (size_t)text.len);
    *bot->last = u;
    bot->last = &u->next;
    bot->update_count++;
    sim_wake(sim, account->network);
}

static void expire(struct sim *sim, struct bot *bot)
{
    while (bot->first && sim_now(sim) - bot->first->at_ms >= UPDATE_KEEP_MS)
        update_drop(bot);
}

static void confirm(struct bot *bot, int64_t offset)
{
    while (offset < 0 && bot->update_count > -offset)
        update_drop(bot);
    while (offset > 0 && bot->first && bot->first->id < offset)
        update_drop(bot);
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
    text_keep(bot->allowed, sizeof bot->allowed, sb_str(&b));
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
    confirm(bot, sim_field_int(c, S("offset"), 0));
    bool is_waiting = true;
    for (;;) {
        if (c->account->callback.len > 0 || bot->polls != mine) {
            refuse_call(c, 409,
                bot->polls != mine
                    ? S("Conflict: terminated by other getUpdates request; make sure that only "
                        "one bot instance is running")
                    : S("Conflict: can't use getUpdates method while webhook is active; use "
                        "deleteWebhook to delete the webhook first"));
            return;
        }
        expire(c->sim, bot);
        if (bot->first || !is_waiting || sim_now(c->sim) >= until_ms)
            break;
        is_waiting = sim_wait(c, until_ms);
        c->account = sim_account_find(c->sim, c->network, id);
        if (c->account == NULL || c->account->data != bot) {
            give(c, S("[]"));
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
    give(c, sb_str(&b));
}

/* ── webhook ────────────────────────────────────────────────────────────────────────────────── */

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
        update_drop(bot);
    (void)sim_webhook_forget(c->sim, c->account); /* how many is nobody's question */
}

static void set_webhook(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    str url = sim_field(c, S("url")), secret = sim_field(c, S("secret_token"));
    int64_t connections = sim_field_int(c, S("max_connections"), 40);
    if (url.len > 0 && !str_starts(url, S("https://")) && !str_starts(url, S("http://"))) {
        refuse_call(
            c, 400, S("Bad Request: bad webhook: An HTTPS URL must be provided for webhook"));
        return;
    }
    if (!secret_is_good(secret)) {
        refuse_call(c, 400, S("Bad Request: secret token contains unallowed characters"));
        return;
    }
    if (connections < 1 || connections > 100) {
        refuse_call(c, 400, S("Bad Request: MAX_CONNECTIONS_INVALID"));
        return;
    }
    text_keep(bot->secret, sizeof bot->secret, secret);
    bot->max_connections = connections;
    bot->error_at_ms = 0;
    set_allowed(c, bot);
    sim_account_callback(c->sim, c->account, url);
    drop_pending(c, bot);
    while (url.len > 0 && bot->first) {
        post_update(c->sim, c->account, bot->first->id, str_of(bot->first->text, bot->first->len));
        update_drop(bot);
    }
    sim_wake(c->sim, c->network);
    give_true(c);
}

static void delete_webhook(struct sim_call *c)
{
    sim_account_callback(c->sim, c->account, (str){0});
    drop_pending(c, c->account->data);
    give_true(c);
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
    give(c, json_str(&j));
}

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    const struct bot *bot = account->data;
    if (bot->secret[0])
        sim_post_header(post, S("X-Telegram-Bot-Api-Secret-Token"),
            str_copy(post->arena, str_from(bot->secret)));
}

static void answered(
    struct sim *sim, struct sim_account *account, const struct sim_answered *answer)
{
    struct bot *bot = account->data;
    if (answer->is_acknowledged)
        return;
    bot->error_at_ms = sim_now(sim);
    str words = answer->status ? str_print(answer->arena, "Wrong response from the webhook: %d",
                                     answer->status)
                               : answer->why;
    text_keep(bot->error, sizeof bot->error, words);
}

/* ── texts ──────────────────────────────────────────────────────────────────────────────────── */

static ptrdiff_t utf16_units(str s)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char x = (unsigned char)s.at[i];
        n += (x & 0xc0) != 0x80;
        n += x >= 0xf0;
    }
    return n;
}

static bool tag_is_known(str tag)
{
    static const str known[] = {S_INIT("b"), S_INIT("strong"), S_INIT("i"), S_INIT("em"),
        S_INIT("u"), S_INIT("ins"), S_INIT("s"), S_INIT("strike"), S_INIT("del"), S_INIT("a"),
        S_INIT("code"), S_INIT("pre"), S_INIT("blockquote"), S_INIT("span"), S_INIT("tg-spoiler"),
        S_INIT("tg-emoji")};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq_nocase(tag, known[i]))
            return true;
    return false;
}

/* What is seen of HTML; false: it does not parse. */
static bool html_read(struct arena *a, str s, str *seen)
{
    static const struct {
        str name, text;
    } entities[] = {
        {S_INIT("&lt;"),   S_INIT("<") },
        {S_INIT("&gt;"),   S_INIT(">") },
        {S_INIT("&amp;"),  S_INIT("&") },
        {S_INIT("&quot;"), S_INIT("\"")}
    };
    str open[64];
    int depth = 0;
    struct sb b = sb_make(a, 0);
    while (s.len > 0) {
        if (s.at[0] != '<') {
            size_t i = 0;
            while (i < 4 && !str_starts(s, entities[i].name))
                i++;
            sb_add(&b, i < 4 ? entities[i].text : str_sub(s, 0, 1));
            s = str_skip(s, i < 4 ? entities[i].name.len : 1);
            continue;
        }
        str tag, rest, name, attributes;
        if (!str_cut(str_skip(s, 1), '>', &tag, &rest))
            return false;
        bool is_end = str_starts(tag, S("/"));
        (void)str_cut(str_skip(tag, is_end), ' ', &name, &attributes);
        if (!tag_is_known(name) || (!is_end && depth == 64) ||
            (is_end && (depth == 0 || !str_eq_nocase(open[depth - 1], name))))
            return false;
        if (is_end)
            depth--;
        else
            open[depth++] = name;
        s = rest;
    }
    *seen = sb_str(&b);
    return depth == 0;
}

/* MarkdownV2: escapes go, marks stay counted; an unescaped reserved character outside code and
 * links does not parse. */
static bool markdown_read(struct arena *a, str s, str *seen)
{
    struct sb b = sb_make(a, 0);
    bool is_code = false, is_link = false;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char x = s.at[i];
        if (x == '\\' && i + 1 < s.len)
            x = s.at[++i];
        else if (x == '`')
            is_code = !is_code;
        else if (!is_code && x == '(' && i > 0 && s.at[i - 1] == ']')
            is_link = true;
        else if (!is_code && is_link && x == ')')
            is_link = false;
        else if (!is_code && !is_link && x && strchr("#+-=|{}.!()", x) != NULL)
            return false;
        sb_byte(&b, x);
    }
    *seen = sb_str(&b);
    return !is_code;
}

/* The text as it is seen; false: answered with the fault. */
static bool read_text(struct sim_call *c, str field, ptrdiff_t max, bool is_needed, str *seen)
{
    str text = sim_field(c, field), mode = sim_field(c, S("parse_mode"));
    *seen = text;
    bool is_parsed = true;
    if (str_eq_nocase(mode, S("HTML")))
        is_parsed = html_read(c->arena, text, seen);
    else if (str_eq_nocase(mode, S("MarkdownV2")))
        is_parsed = markdown_read(c->arena, text, seen);
    if (!is_parsed) {
        refuse_call(c, 400, S("Bad Request: can't parse entities: unexpected or unclosed mark"));
        return false;
    }
    if (is_needed && str_trim(*seen).len == 0) {
        refuse_call(c, 400, S("Bad Request: message text is empty"));
        return false;
    }
    if (utf16_units(*seen) > max) {
        refuse_call(c, 400,
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
                refuse_call(c, 400, S("Bad Request: BUTTON_DATA_INVALID"));
                return false;
            }
        }
    }
    return true;
}

/* ── sending ────────────────────────────────────────────────────────────────────────────────── */

static bool chat_is_open(struct sim_call *c, const struct chat *chat)
{
    if (chat->state == CHAT_BLOCKED)
        refuse_call(c, 403, S("Forbidden: bot was blocked by the user"));
    else if (chat->state == CHAT_DEACTIVATED)
        refuse_call(c, 403, S("Forbidden: user is deactivated"));
    else if (chat->state == CHAT_KICKED)
        refuse_call(c, 403, S("Forbidden: bot was kicked from the supergroup chat"));
    else if (chat->state == CHAT_MOVED)
        fail_with(c, 400, S("Bad Request: group chat was upgraded to a supergroup chat"),
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
         is_group(chat) ? 20 : 1,                    is_group(chat) ? 60000 : 1000}
    };
    for (int i = 0; i < 2; i++) {
        struct sim_rate r =
            sim_rate_take(c, limits[i].bucket, limits[i].limit, limits[i].window_ms, 1);
        if (!r.is_allowed) {
            too_many(c, r.reset_ms - sim_now(c->sim));
            return false;
        }
    }
    return true;
}

/* The chat a call is for, open; NULL: answered with the fault. */
static struct chat *target(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    str id = sim_field(c, S("chat_id"));
    bool is_any = str_eq(sim_setting(c->account, S("any_chat")), S("yes"));
    struct chat *chat = chat_get(bot, id, is_any);
    if (id.len == 0)
        refuse_call(c, 400, S("Bad Request: chat_id is empty"));
    else if (chat == NULL)
        refuse_call(c, 400, S("Bad Request: chat not found"));
    return chat && chat_is_open(c, chat) && rate_is_kept(c, id) ? chat : NULL;
}

/* reply_parameters, when the message replied to must be there. */
static bool reply_is_good(struct sim_call *c, const struct chat *chat, int64_t *reply_to)
{
    const struct json *reply = sim_field_json(c, S("reply_parameters"));
    *reply_to = json_int(json_get(reply, S("message_id")), 0);
    if (*reply_to == 0 || post_find(c->account->data, c->arena, str_from(chat->id), *reply_to))
        return true;
    *reply_to = 0;
    if (json_bool(json_get(reply, S("allow_sending_without_reply")), false))
        return true;
    refuse_call(c, 400, S("Bad Request: message to be replied not found"));
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
    int64_t id = post_add(bot, c->arena, str_from(chat->id), c->now_ms, true, hash);
    c->detail = sim_field(c, S("reply_markup"));
    (void)sim_accept(c, &(struct sim_message){.conversation = str_from(chat->id),
                            .id = str_print(c->arena, "%lld", (long long)id),
                            .text = text,
                            .media = media}); /* no keys here: nothing follows from a double */
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_int(&j, S("message_id"), id);
    json_key(&j, S("from"));
    put_bot(&j, c->account);
    json_key(&j, S("chat"));
    put_chat(&j, chat);
    json_kv_int(&j, S("date"), c->now_ms / 1000);
    json_obj_end(&j);
    str head = json_str(&j);
    str reply = {0};
    if (reply_to)
        reply = str_print(c->arena,
            ",\"reply_to_message\":{\"message_id\":%lld,\"chat\":{\"id\":%s},\"date\":%lld}",
            (long long)reply_to, chat->id, (long long)(c->now_ms / 1000));
    give(c, str_print(c->arena, "%.*s%.*s%s%.*s}", SARG(str_sub(head, 0, head.len - 1)),
                SARG(reply), content.len > 0 ? "," : "", SARG(content)));
}

static str text_member(struct sim_call *c, const char *name, str text)
{
    struct json_out j = sim_json(c);
    json_put_str(&j, text);
    return str_print(c->arena, "\"%s\":%.*s", name, SARG(json_str(&j)));
}

static void send_message(struct sim_call *c)
{
    str text;
    struct chat *chat = target(c);
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
            refuse_call(c, 413, S("Request Entity Too Large"));
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
    refuse_call(c, 400, S("Bad Request: wrong file identifier/HTTP URL specified"));
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
static str file_member(struct arena *a, const struct sim_media *m, str field)
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

static void send_file(struct sim_call *c, int which)
{
    str caption, field = file_methods[which].field;
    struct sim_media m;
    struct chat *chat = target(c);
    if (chat == NULL || !read_text(c, S("caption"), CAPTION_MAX, false, &caption) ||
        !read_file(c, field, file_methods[which].type, file_methods[which].max_bytes, &m))
        return;
    str content = file_member(c->arena, &m, field);
    if (caption.len > 0)
        content = str_print(
            c->arena, "%.*s,%.*s", SARG(content), SARG(text_member(c, "caption", caption)));
    take(c, chat, caption, content, m.sha256);
}

static void send_place(struct sim_call *c)
{
    struct chat *chat = target(c);
    if (chat)
        take(c, chat, (str){0},
            str_print(c->arena, "\"location\":{\"latitude\":%.*s,\"longitude\":%.*s}",
                SARG(sim_field(c, S("latitude"))), SARG(sim_field(c, S("longitude")))),
            (str){0});
}

static void send_contact(struct sim_call *c)
{
    struct chat *chat = target(c);
    if (chat)
        take(c, chat, sim_field(c, S("phone_number")),
            str_print(c->arena, "\"contact\":{%.*s,%.*s}",
                SARG(text_member(c, "phone_number", sim_field(c, S("phone_number")))),
                SARG(text_member(c, "first_name", sim_field(c, S("first_name"))))),
            (str){0});
}

static void send_group(struct sim_call *c)
{
    struct chat *chat = target(c);
    const struct json *media = sim_field_json(c, S("media"));
    if (chat == NULL)
        return;
    if (media == NULL || media->kind != JSON_ARRAY || media->count < 2 || media->count > 10) {
        refuse_call(c, 400, S("Bad Request: media must be an array of 2-10 items"));
        return;
    }
    struct sb results = sb_make(c->arena, 0);
    sb_byte(&results, '[');
    for (const struct json *v = media->first; v; v = v->next) {
        struct sim_media m = {.id = S("000000000000000000000000"), .content_type = S("image/jpeg")};
        str value = json_text(json_get(v, S("media")), (str){0});
        const struct sim_part *part =
            str_starts(value, S("attach://")) ? sim_part(c, str_skip(value, 9)) : NULL;
        if (part)
            m = sim_media_add(c->sim, c->network, c->arena, c->account->id,
                &(struct sim_file){part->content_type, part->file_name, part->bytes});
        else if (str_starts(value, S("AgAC")))
            (void)sim_media_get(c->sim, c->network, c->arena, str_skip(value, 4), &m);
        str caption = json_text(json_get(v, S("caption")), (str){0});
        take(c, chat, caption,
            file_member(c->arena, &m,
                str_eq(json_text(json_get(v, S("type")), (str){0}), S("photo")) ? S("photo")
                                                                                : S("document")),
            m.sha256);
        if (c->status != 200)
            return;
        sb_add(&results, v == media->first ? S("") : S(","));
        str one = str_skip(c->body, (ptrdiff_t)sizeof "{\"ok\":true,\"result\":" - 1);
        sb_add(&results, str_sub(one, 0, one.len - 1));
    }
    sb_byte(&results, ']');
    give(c, sb_str(&results));
}

/* ── changing ───────────────────────────────────────────────────────────────────────────────── */

/* The message a call names; NULL: answered with the fault. */
static struct post *named_post(struct sim_call *c, str fault)
{
    struct post *p = post_find(c->account->data, c->arena, sim_field(c, S("chat_id")),
        sim_field_int(c, S("message_id"), 0));
    if (p == NULL)
        refuse_call(c, 400, fault);
    return p;
}

static void edit_message(struct sim_call *c, bool has_text)
{
    str text = {0};
    struct chat *chat = target(c);
    struct post *p = chat ? named_post(c, S("Bad Request: message to edit not found")) : NULL;
    if (p == NULL || (has_text && !read_text(c, S("text"), TEXT_MAX, true, &text)) ||
        !keyboard_is_good(c))
        return;
    uint64_t hash = str_hash(
        str_print(c->arena, "%.*s\n%.*s", SARG(text), SARG(sim_field(c, S("reply_markup")))));
    if (!p->is_ours) {
        refuse_call(c, 400, S("Bad Request: message can't be edited"));
        return;
    }
    if (p->hash == hash) {
        refuse_call(c, 400,
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
    put_chat(&j, chat);
    json_kv_int(&j, S("date"), p->at_ms / 1000);
    json_kv_int(&j, S("edit_date"), c->now_ms / 1000);
    if (has_text)
        json_kv_str(&j, S("text"), text);
    json_obj_end(&j);
    give(c, json_str(&j));
}

static void delete_message(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    struct chat *chat = target(c);
    struct post *p = chat ? named_post(c, S("Bad Request: message to delete not found")) : NULL;
    if (p == NULL)
        return;
    if (c->now_ms - p->at_ms >= DELETE_MS) {
        refuse_call(c, 400, S("Bad Request: message can't be deleted for everyone"));
        return;
    }
    (void)map_take(&bot->posts, str_from(p->key)); /* its memory goes in turn */
    give_true(c);
}

static void set_reaction(struct sim_call *c)
{
    struct chat *chat = target(c);
    if (chat == NULL || !named_post(c, S("Bad Request: message to react not found")))
        return;
    const struct json *list = sim_field_json(c, S("reaction"));
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        bool is_emoji = str_eq(json_text(json_get(v, S("type")), (str){0}), S("emoji"));
        if (!is_emoji || json_text(json_get(v, S("emoji")), (str){0}).len == 0) {
            refuse_call(c, 400, S("Bad Request: REACTION_INVALID"));
            return;
        }
    }
    give_true(c);
}

static void answer_query(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    int64_t id = sim_field_int(c, S("callback_query_id"), 0);
    if (id < 1 || id > bot->last_query)
        refuse_call(c, 400,
            S("Bad Request: query is too old and response timeout expired or query ID is invalid"));
    else if (utf16_units(sim_field(c, S("text"))) > 200)
        refuse_call(c, 400, S("Bad Request: MESSAGE_TOO_LONG"));
    else
        give_true(c);
}

/* ── looking ────────────────────────────────────────────────────────────────────────────────── */

static void get_me(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    put_bot(&j, c->account);
    give(c, json_str(&j));
}

static void get_chat(struct sim_call *c)
{
    struct chat *chat = target(c);
    if (chat == NULL)
        return;
    struct json_out j = sim_json(c);
    put_chat(&j, chat);
    give(c, json_str(&j));
}

static str folder_of(str content_type)
{
    for (int i = 0; i < FILE_METHODS; i++)
        if (str_eq(file_methods[i].type, content_type))
            return file_methods[i].folder;
    return S("documents");
}

/* The path says until when it is good: "photos/file_<id>_<Unix seconds>". */
static void get_file(struct sim_call *c)
{
    struct sim_media m;
    str id = sim_field(c, S("file_id"));
    if (!str_starts(id, S("AgAC")) ||
        !sim_media_get(c->sim, c->network, c->arena, str_skip(id, 4), &m)) {
        refuse_call(c, 400, S("Bad Request: wrong file_id or the file is temporarily unavailable"));
        return;
    }
    if (m.bytes.len > LOAD_BYTES) {
        refuse_call(c, 400, S("Bad Request: file is too big"));
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
    give(c, json_str(&j));
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
        refuse_call(c, 404, S("Not Found"));
    else
        sim_answer_media(c, &m);
}

/* ── calls ──────────────────────────────────────────────────────────────────────────────────── */

static void edit_text(struct sim_call *c)
{
    edit_message(c, true);
}

static void edit_markup(struct sim_call *c)
{
    edit_message(c, false);
}

static void chat_action(struct sim_call *c)
{
    if (target(c))
        give_true(c);
}

static void no_photos(struct sim_call *c)
{
    give(c, S("{\"total_count\":0,\"photos\":[]}"));
}

static const struct {
    str name;
    void (*run)(struct sim_call *c);
} methods[] = {
    {S_INIT("getMe"),                  get_me          },
    {S_INIT("getUpdates"),             get_updates     },
    {S_INIT("setWebhook"),             set_webhook     },
    {S_INIT("deleteWebhook"),          delete_webhook  },
    {S_INIT("getWebhookInfo"),         get_webhook_info},
    {S_INIT("sendMessage"),            send_message    },
    {S_INIT("sendMediaGroup"),         send_group      },
    {S_INIT("sendLocation"),           send_place      },
    {S_INIT("sendContact"),            send_contact    },
    {S_INIT("sendChatAction"),         chat_action     },
    {S_INIT("editMessageText"),        edit_text       },
    {S_INIT("editMessageReplyMarkup"), edit_markup     },
    {S_INIT("deleteMessage"),          delete_message  },
    {S_INIT("answerCallbackQuery"),    answer_query    },
    {S_INIT("setMessageReaction"),     set_reaction    },
    {S_INIT("getFile"),                get_file        },
    {S_INIT("getChat"),                get_chat        },
    {S_INIT("getUserProfilePhotos"),   no_photos       },
    {S_INIT("setMyCommands"),          give_true       },
};

static void telegram_handle(struct sim_call *c)
{
    str first = sim_path(c, 0);
    bool is_file = str_eq(first, S("file"));
    str token = is_file ? sim_path(c, 1) : first;
    if (!str_starts(token, S("bot"))) {
        refuse_call(c, 404, S("Not Found"));
        return;
    }
    if (!sim_account_by_token(c, str_skip(token, 3))) {
        refuse_call(c, 401, S("Unauthorized"));
        return;
    }
    if (is_file) {
        load_file(c);
        return;
    }
    if (c->body_fault.len > 0) {
        refuse_call(c, 400, str_cat(c->arena, S("Bad Request: "), c->body_fault));
        return;
    }
    str name = sim_path(c, 1); /* methods are known in any case of letters */
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (str_eq_nocase(name, methods[i].name)) {
            methods[i].run(c);
            return;
        }
    for (int i = 0; i < FILE_METHODS; i++)
        if (str_eq_nocase(name, file_methods[i].method)) {
            send_file(c, i);
            return;
        }
    refuse_call(c, 404, S("Not Found"));
}

/* ── customers ──────────────────────────────────────────────────────────────────────────────── */

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
    json_kv_int(j, S("length"), utf16_units(word));
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
    put_chat(j, in->chat);
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

/* One message: the text, or one of the files (album: the group's id). */
static int64_t say_one(const struct incoming *in, ptrdiff_t file, str album)
{
    const struct sim_say *say = in->say;
    int64_t id =
        post_add(in->account->data, in->a, str_from(in->chat->id), sim_now(in->sim), false, 0);
    struct json_out j = json_out_make(in->a, MESSAGE_BYTES);
    json_obj(&j);
    put_message_head(&j, in, id);
    if (say->reply_to.len > 0)
        json_kv_raw(&j, S("reply_to_message"),
            str_print(in->a, "{\"message_id\":%.*s,\"chat\":{\"id\":%s},\"date\":0}",
                SARG(say->reply_to), in->chat->id));
    if (album.len > 0)
        json_kv_str(&j, S("media_group_id"), album);
    str tail = {0};
    if (say->n_files > 0) {
        struct sim_media m =
            sim_media_add(in->sim, in->account->network, in->a, in->account->id, &say->files[file]);
        tail = str_cat(in->a, S(","), file_member(in->a, &m, field_of_type(m.content_type)));
        if (file == 0 && say->text.len > 0)
            json_kv_str(&j, S("caption"), say->text);
    } else {
        put_text(&j, say->text);
    }
    json_obj_end(&j);
    str head = json_str(&j);
    update_add(in->sim, in->account, in->a,
        is_group(str_from(in->chat->id)) && json_bool(json_get(say->more, S("channel_post")), false)
            ? S("channel_post")
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
    update_add(in->sim, in->account, in->a, S("edited_message"), json_str(&j));
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
    put_bot(&j, in->account);
    json_key(&j, S("chat"));
    put_chat(&j, in->chat);
    json_kv_int(&j, S("date"), sim_now(in->sim) / 1000);
    json_obj_end(&j);
    json_kv_str(&j, S("chat_instance"), S("-5"));
    json_kv_str(&j, S("data"), in->say->text);
    json_obj_end(&j);
    update_add(in->sim, in->account, in->a, S("callback_query"), json_str(&j));
    return id;
}

static int64_t say_reaction(const struct incoming *in, int64_t of)
{
    struct json_out j = json_out_make(in->a, MESSAGE_BYTES);
    json_obj(&j);
    json_key(&j, S("chat"));
    put_chat(&j, in->chat);
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
    update_add(in->sim, in->account, in->a, S("message_reaction"), json_str(&j));
    return of;
}

static err telegram_say(struct sim *sim, struct sim_account *account, struct arena *a,
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
        chat_get(bot, say.conversation.len > 0 ? say.conversation : say.from_id, true);
    if (chat == NULL)
        return E_INVALID;
    if (chat->state == CHAT_BLOCKED) /* who writes has taken it back */
        chat->state = CHAT_OPEN;
    if (!is_group(str_from(chat->id))) {
        text_keep(
            chat->name, sizeof chat->name, say.from_name.len > 0 ? say.from_name : S("Customer"));
        text_keep(chat->handle, sizeof chat->handle, say.from_handle);
    }
    const struct incoming in = {sim, account, a, &say, chat};
    if (str_eq(say.kind, S("edit"))) {
        made = say_edit(&in, of);
    } else if (str_eq(say.kind, S("button"))) {
        made = say_button(&in, of);
    } else if (str_eq(say.kind, S("reaction"))) {
        made = say_reaction(&in, of);
    } else if (say.kind.len > 0 && !str_eq(say.kind, S("message"))) {
        *why = S("kind is message, edit, button or reaction");
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

static err telegram_event(struct sim *sim, struct sim_account *account, struct arena *a,
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
        update_add(sim, account, a, v->key, json_str(&j));
        n++;
    }
    return n == 1 ? OK : E_INVALID;
}

static void member_update(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct chat *chat, const char *from, const char *to)
{
    struct json_out j = json_out_make(a, 0);
    put_chat(&j, chat);
    str chat_json = json_str(&j);
    j = json_out_make(a, 0);
    put_bot(&j, account);
    str bot_json = json_str(&j);
    update_add(sim, account, a, S("my_chat_member"),
        str_print(a,
            "{\"chat\":%.*s,\"from\":{\"id\":%s,\"is_bot\":false,\"first_name\":\"Customer\"},"
            "\"date\":%lld,\"old_chat_member\":{\"user\":%.*s,\"status\":\"%s\"},"
            "\"new_chat_member\":{\"user\":%.*s,\"status\":\"%s\",\"until_date\":0}}",
            SARG(chat_json), is_group(str_from(chat->id)) ? "7001" : chat->id,
            (long long)(sim_now(sim) / 1000), SARG(bot_json), from, SARG(bot_json), to));
}

static err telegram_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    (void)answer;
    struct chat *chat =
        chat_get(account->data, json_text(json_get(input, S("chat")), (str){0}), true);
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
        struct chat *target_chat = chat_get(account->data, to, true);
        *why = S("to must be a chat's id");
        if (target_chat == NULL || str_int(to, INT64_MIN, -1, &chat->moved_to) != OK)
            return E_INVALID;
        memcpy(target_chat->name, chat->name, sizeof chat->name);
        chat->state = CHAT_MOVED;
    } else if (!str_eq(what, S("start"))) {
        *why = S("block, unblock, deactivate, kick, start or migrate");
        return E_NOT_FOUND;
    }
    return OK;
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
    .account_open = bot_open,
    .account_close = bot_close,
    .handle = telegram_handle,
    .refuse = telegram_refuse,
    .say = telegram_say,
    .event = telegram_event,
    .special = telegram_special,
    .sign = sign,
    .answered = answered,
    .retry_gaps_ms = retry_gaps_ms,
};
