/* Bots, chats, messages and updates of the simulated Telegram. See telegram.h. */
#include "telegram.h"

#include <stdlib.h>
#include <string.h>

/* ── bots, chats, posts ── */

void telegram_bot_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct bot *bot = sim_alloc((ptrdiff_t)sizeof *bot);
    bot->last = &bot->first;
    bot->post_last = &bot->post_first;
    bot->last_update = 900000000;
    bot->max_connections = 40;
    account->data = bot;
}

void telegram_update_drop(struct bot *bot)
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
    bot->post_count--;
    if (p->next == NULL)
        bot->post_last = &bot->post_first;
    if (map_get(&bot->posts, str_from(p->key)) == p)
        (void)map_take(&bot->posts, str_from(p->key));
    free(p);
}

void telegram_bot_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct bot *bot = account->data;
    while (bot->first)
        telegram_update_drop(bot);
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
struct chat *telegram_chat_get(struct bot *bot, str id, bool is_made)
{
    int64_t number;
    struct chat *chat = map_get(&bot->chats, id);
    if (chat || !is_made || id.len >= (ptrdiff_t)sizeof chat->id ||
        str_int(id, INT64_MIN, INT64_MAX, &number) != OK || bot->chats.count >= CHATS_MAX)
        return chat;
    chat = sim_alloc((ptrdiff_t)sizeof *chat);
    memcpy(chat->id, id.at, (size_t)id.len);
    chat->next = bot->chat_list;
    bot->chat_list = chat;
    if (map_put(&bot->chats, str_from(chat->id), chat) != OK)
        abort();
    return chat;
}

struct post *telegram_post_find(struct bot *bot, struct arena *a, str chat, int64_t message)
{
    return map_get(&bot->posts, str_print(a, "%.*s/%lld", SARG(chat), (long long)message));
}

int64_t telegram_post_add(
    struct bot *bot, struct arena *a, str chat, int64_t at_ms, bool is_ours, uint64_t hash)
{
    while (bot->post_count >= POSTS_MAX)
        post_drop(bot);
    struct post *p = sim_alloc((ptrdiff_t)sizeof *p);
    int64_t id = ++bot->last_message;
    sim_keep(p->key, sizeof p->key, str_print(a, "%.*s/%lld", SARG(chat), (long long)id));
    p->at_ms = at_ms;
    p->is_ours = is_ours;
    p->hash = hash;
    bot->post_count++;
    *bot->post_last = p;
    bot->post_last = &p->next;
    if (map_put(&bot->posts, str_from(p->key), p) != OK)
        abort();
    return id;
}

bool telegram_is_group(str chat_id)
{
    return chat_id.len > 0 && chat_id.at[0] == '-';
}

void telegram_put_chat(struct json_out *j, const struct chat *chat)
{
    str id = str_from(chat->id);
    json_obj(j);
    json_kv_raw(j, S("id"), id);
    if (chat->name[0])
        json_kv_str(j, telegram_is_group(id) ? S("title") : S("first_name"), str_from(chat->name));
    if (chat->handle[0])
        json_kv_str(j, S("username"), str_from(chat->handle));
    json_kv_str(j, S("type"), telegram_is_group(id) ? S("supergroup") : S("private"));
    json_obj_end(j);
}

void telegram_put_bot(struct json_out *j, const struct sim_account *account)
{
    json_obj(j);
    json_kv_raw(j, S("id"), account->id);
    json_kv_bool(j, S("is_bot"), true);
    json_kv_str(j, S("first_name"), account->name);
    json_kv_str(j, S("username"), S("seva_sim_bot"));
    json_obj_end(j);
}

/* ── updates ── */

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

void telegram_post_update(struct sim *sim, struct sim_account *account, int64_t id, str text)
{
    struct arena a = arena_make(0);
    sim_webhook_send(sim, account,
        &(struct sim_webhook){
            .method = HTTP_POST, .body = text, .key = str_print(&a, "%lld", (long long)id)});
    arena_free(&a);
}

/* `value`: the JSON behind the update's one key. */
void telegram_update_add(
    struct sim *sim, struct sim_account *account, struct arena *a, str kind, str value)
{
    struct bot *bot = account->data;
    if (!is_allowed(bot, kind))
        return;
    int64_t id = ++bot->last_update;
    str text =
        str_print(a, "{\"update_id\":%lld,\"%.*s\":%.*s}", (long long)id, SARG(kind), SARG(value));
    if (account->callback.len > 0) {
        telegram_post_update(sim, account, id, text);
        return;
    }
    if (bot->update_count >= UPDATES_MAX)
        telegram_update_drop(bot);
    struct update *u = sim_alloc((ptrdiff_t)sizeof *u + text.len);
    u->id = id;
    u->at_ms = sim_now(sim);
    u->len = text.len;
    memcpy(u->text, text.at, (size_t)text.len);
    *bot->last = u;
    bot->last = &u->next;
    bot->update_count++;
    sim_wake(sim, account->network);
}

void telegram_expire(struct sim *sim, struct bot *bot)
{
    while (bot->first && sim_now(sim) - bot->first->at_ms >= UPDATE_KEEP_MS)
        telegram_update_drop(bot);
}

void telegram_confirm(struct bot *bot, int64_t offset)
{
    while (offset < 0 && bot->update_count > -offset)
        telegram_update_drop(bot);
    while (offset > 0 && bot->first && bot->first->id < offset)
        telegram_update_drop(bot);
}
