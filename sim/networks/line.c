/* LINE Messaging API v2 as its documentation says it. See network.h; customers are in line_say.c.
 *
 * Accounts: id = the account's user id (U…), token = the channel access token, secret = the channel
 * secret, callback = the webhook. Settings: "channel_id" (lets tokens be issued), "quota":"N"
 * pushes a month, "redelivery":"yes" (the console's switch), "rates":"strict" (2,000 calls a
 * second), "videos":"slow" (the first look at a file finds it in work).
 * say: kind "" (text or files), "sticker", "location", "postback" (text = data), "unsend" (reply_to
 * = message), "follow", "unfollow"; conversation = a group's (C…) or room's (R…) id. special: leave
 * {chat}. */
#include "line.h"

#include <stdlib.h>

#include "base/utf8.h"

enum {
    TEXT_MAX = 5000, /* UTF-16 units */
    MESSAGES_MAX = 5,
    BODY_MAX = 2 * 1024 * 1024,
    REPLY_MS = 60 * 1000,
    KEY_MS = 24 * 3600 * 1000,
    QUICK_REPLIES = 13,
    TOKEN_S = 2592000,
};

/* ── state ── */

static void account_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct line_bot *bot = sim_alloc((ptrdiff_t)sizeof *bot);
    account->data = bot;
}

static void account_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct line_bot *bot = account->data;
    while (bot->peers) {
        struct line_peer *p = bot->peers;
        bot->peers = p->next;
        free(p);
    }
    while (bot->notes) {
        struct line_note *n = bot->notes;
        bot->notes = n->next;
        free(n->text);
        free(n);
    }
    map_free(&bot->by_id);
    map_free(&bot->by_note);
    free(bot);
}

struct line_peer *line_peer(struct line_bot *bot, str id, bool is_made)
{
    struct line_peer *p = map_get(&bot->by_id, id);
    if (p || !is_made || id.len == 0 || id.len >= (ptrdiff_t)sizeof p->id ||
        bot->by_id.count >= LINE_PEERS_MAX)
        return p;
    p = sim_alloc((ptrdiff_t)sizeof *p);
    sim_keep(p->id, sizeof p->id, id);
    p->next = bot->peers;
    bot->peers = p;
    if (map_put(&bot->by_id, str_from(p->id), p) != OK)
        abort();
    return p;
}

struct line_note *line_note(struct line_bot *bot, str key)
{
    return map_get(&bot->by_note, key);
}

/* The oldest go when there are too many. */
struct line_note *line_note_add(struct line_bot *bot, str key, int64_t at_ms, str text)
{
    struct line_note *n = sim_alloc((ptrdiff_t)sizeof *n);
    sim_keep(n->key, sizeof n->key, key);
    n->at_ms = at_ms;
    n->text = sim_copy(text);
    n->len = text.len;
    if (bot->last)
        bot->last->next = n;
    else
        bot->notes = n;
    bot->last = n;
    if (map_put(&bot->by_note, str_from(n->key), n) != OK)
        abort();
    while (bot->by_note.count > LINE_NOTES_MAX) {
        struct line_note *old = bot->notes;
        bot->notes = old->next;
        if (map_get(&bot->by_note, str_from(old->key)) == old)
            (void)map_take(&bot->by_note, str_from(old->key));
        free(old->text);
        free(old);
    }
    return n;
}

/* ── answers ── */

static void refuse_with(struct sim_call *c, int status, const char *message)
{
    sim_answer_print(c, status, "{\"message\":\"%s\"}", message);
}

static void line_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    (void)retry_after_ms; /* LINE does not say */
    if (why == SIM_REFUSE_500)
        refuse_with(c, 500, "Internal Server Error");
    else if (why == SIM_REFUSE_401)
        refuse_with(c, 401,
            "Authentication failed. Confirm that the access token in the authorization header is "
            "valid.");
    else
        refuse_with(c, 429, "The API rate limit has been exceeded. Try again later.");
}

/* ── messages ── */

static bool is_web(const struct json *m, const char *key)
{
    str url = json_text(json_get(m, str_from(key)), S(""));
    return str_starts(url, S("https://")) || str_starts(url, S("http://"));
}

/* Words about the first fault; NULL = fine. */
static const char *fault_of(const struct json *m)
{
    str type = json_text(json_get(m, S("type")), S("")), text;
    const struct json *quick = json_path(m, S("quickReply.items"));
    if (quick && (quick->count < 1 || quick->count > QUICK_REPLIES))
        return "quickReply.items: Size must be between 1 and 13";
    for (const struct json *q = quick ? quick->first : NULL; q; q = q->next) {
        str label = json_text(json_path(q, S("action.label")), S(""));
        if (label.len == 0 || utf8_utf16_units(label) > 20)
            return "action.label: Length must be between 0 and 20";
        str data = json_text(json_path(q, S("action.data")), S(""));
        if (utf8_utf16_units(data) > 300)
            return "action.data: Length must be between 0 and 300";
    }
    if (str_eq(type, S("text"))) {
        text = json_text(json_get(m, S("text")), S(""));
        return text.len == 0                       ? "text: May not be empty"
               : utf8_utf16_units(text) > TEXT_MAX ? "text: Length must be between 0 and 5000"
                                                   : NULL;
    }
    if (str_eq(type, S("image")) || str_eq(type, S("video")))
        return is_web(m, "originalContentUrl") && is_web(m, "previewImageUrl")
                   ? NULL
                   : "originalContentUrl: Must be a valid HTTPS URL";
    if (str_eq(type, S("audio")))
        return is_web(m, "originalContentUrl") && json_int(json_get(m, S("duration")), 0) > 0
                   ? NULL
                   : "duration: must be specified";
    if (str_eq(type, S("location")))
        return json_get(m, S("latitude")) && json_text(json_get(m, S("title")), S("")).len > 0 &&
                       json_text(json_get(m, S("address")), S("")).len > 0
                   ? NULL
                   : "location: May not be empty";
    return str_eq(type, S("sticker")) || str_eq(type, S("template")) || str_eq(type, S("flex"))
               ? NULL
               : "type: Must be one of the following values: [text, image, video, audio, location, "
                 "sticker, template, flex]";
}

/* NULL: answered with the fault. */
static const struct json *messages_of(struct sim_call *c)
{
    const struct json *list = json_get(c->json, S("messages"));
    if (c->req->body.len > BODY_MAX) {
        refuse_with(c, 413, "Request entity too large");
        return NULL;
    }
    if (!list || list->kind != JSON_ARRAY || list->count < 1 || list->count > MESSAGES_MAX) {
        refuse_with(c, 400, "The request body has 1 error(s)");
        return NULL;
    }
    int n = 0;
    for (const struct json *m = list->first; m; m = m->next, n++) {
        const char *words = fault_of(m);
        if (!words)
            continue;
        sim_answer_print(c, 400,
            "{\"message\":\"The request body has 1 error(s)\",\"details\":[{\"message\":\"%s\","
            "\"property\":\"messages[%d]\"}]}",
            words, n);
        return NULL;
    }
    return list;
}

/* A push counts one for each who gets it; replies are free. */
static bool quota_is_left(struct sim_call *c, struct line_bot *bot)
{
    int64_t most = 0;
    str setting = sim_setting(c->account, S("quota"));
    if (setting.len == 0 || str_int(setting, 0, INT64_MAX, &most) != OK || bot->pushed < most)
        return true;
    refuse_with(c, 429, "You have reached your monthly limit.");
    return false;
}

/* Takes each message of the call and answers with their numbers. */
static void take(struct sim_call *c, const struct json *list, str to, bool is_delivered)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("sentMessages"));
    json_arr(&j);
    for (const struct json *m = list->first; m; m = m->next) {
        int64_t id = INT64_C(461230966842060000) + sim_next(c->sim, c->network);
        str text = json_text(json_get(m, S("text")), S(""));
        str url = json_text(json_get(m, S("originalContentUrl")), S(""));
        str number = str_print(c->arena, "%lld", (long long)id);
        if (is_delivered) { /* one key for the call: only its first message carries it */
            str key = c->key;
            c->key = m == list->first ? key : (str){0};
            (void)sim_accept(c, &(struct sim_message){.conversation = to,
                                    .id = number,
                                    .text = text,
                                    .kind = json_text(json_get(m, S("type")), S("")),
                                    .media = url.len > 0 ? str_cat(c->arena, S("url:"), url)
                                                         : (str){0}}); /* repeats are caught
                                                                          by the key before */
            c->key = key;
        }
        json_obj(&j);
        json_kv_str(&j, S("id"), number);
        json_kv_str(&j, S("quoteToken"), str_cat(c->arena, S("q"), number));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_header_print(
        c, S("X-Line-Request-Id"), "request-%lld", (long long)sim_next(c->sim, c->network));
    sim_answer_json(c, 200, &j);
}

static void reply(struct sim_call *c)
{
    struct line_bot *bot = c->account->data;
    str token = sim_field(c, S("replyToken"));
    struct line_note *note = line_note(bot, str_cat(c->arena, S("reply/"), token));
    if (http_header_get(c->req, S("X-Line-Retry-Key")).len > 0) {
        refuse_with(c, 400, "The retry key is not supported for this endpoint");
        return;
    }
    const struct json *list = messages_of(c);
    if (!list)
        return;
    if (!note || note->is_used || c->now_ms - note->at_ms > REPLY_MS) {
        refuse_with(c, 400, "Invalid reply token");
        return;
    }
    note->is_used = true;
    take(c, list, str_of(note->text, note->len), true);
}

static bool key_is_uuid(str key)
{
    for (ptrdiff_t i = 0; i < key.len; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        char x = key.at[i];
        bool is_hex = (x >= '0' && x <= '9') || (x >= 'a' && x <= 'f') || (x >= 'A' && x <= 'F');
        if (is_dash ? x != '-' : !is_hex)
            return false;
    }
    return key.len == 36;
}

static void push(struct sim_call *c)
{
    struct line_bot *bot = c->account->data;
    str key = http_header_get(c->req, S("X-Line-Retry-Key")), to = sim_field(c, S("to"));
    if (key.len > 0 && !key_is_uuid(key)) {
        refuse_with(c, 400, "The retry key must be a UUID");
        return;
    }
    const struct sim_kept *kept = key.len > 0 ? sim_once_find(c, key) : NULL;
    if (kept) {
        str rest = str_skip(kept->body, 1); /* {"sentMessages":… */
        c->is_repeat = true;
        c->key = key;
        sim_header(c, S("X-Line-Accepted-Request-Id"), S("request-accepted-before"));
        sim_answer_print(
            c, 409, "{\"message\":\"The retry key is already accepted\",%.*s", SARG(rest));
        return;
    }
    const struct json *list = messages_of(c);
    if (!list)
        return;
    struct line_peer *p = line_peer(bot, to, sim_takes_any(c->account));
    if (!p) {
        refuse_with(
            c, 400, "The property, 'to', in the request body is invalid (line: -, column: -)");
        return;
    }
    if (p->has_left) {
        refuse_with(c, 403, "The bot is not a member of the group");
        return;
    }
    if (!quota_is_left(c, bot))
        return;
    bot->pushed++;
    c->key = key;
    take(c, list, to, !p->is_blocked); /* blocked: 200 all the same */
    if (key.len > 0)
        sim_once_keep(c, key, KEY_MS);
}

/* ── other calls ── */

static void bot_info(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("userId"), c->account->id);
    json_kv_str(&j, S("basicId"), S("@sevasim"));
    json_kv_str(&j, S("displayName"), c->account->name);
    json_kv_str(&j, S("chatMode"), S("bot"));
    json_kv_str(&j, S("markAsReadMode"), S("manual"));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void set_endpoint(struct sim_call *c)
{
    str url = sim_field(c, S("endpoint"));
    if (!str_starts(url, S("https://")) && !str_starts(url, S("http://"))) {
        refuse_with(c, 400, "Invalid webhook endpoint URL");
        return;
    }
    sim_account_callback(c->sim, c->account, url);
    sim_answer_print(c, 200, "{}");
}

static void get_endpoint(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("endpoint"), c->account->callback);
    json_kv_bool(&j, S("active"), c->account->callback.len > 0);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void profile(struct sim_call *c, str user)
{
    struct line_peer *p = line_peer(c->account->data, user, false);
    if (!p || p->is_blocked) {
        refuse_with(c, 404, "Not found");
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("userId"), user);
    json_kv_str(&j, S("displayName"), p->name[0] ? str_from(p->name) : S("Customer"));
    json_kv_str(&j, S("language"), S("en"));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void mark_as_read(struct sim_call *c)
{
    str token = sim_field(c, S("markAsReadToken"));
    struct line_note *n = line_note(c->account->data, str_cat(c->arena, S("mark/"), token));
    if (!n) {
        refuse_with(c, 400, "Invalid markAsReadToken");
        return;
    }
    n->is_used = true;
    c->detail = S("read");
    sim_answer_print(c, 200, "{}");
}

static void loading(struct sim_call *c)
{
    int64_t seconds = sim_field_int(c, S("loadingSeconds"), 20);
    struct line_peer *p = line_peer(c->account->data, sim_field(c, S("chatId")), false);
    if (!p || p->id[0] != 'U' || seconds < 5 || seconds > 60 || seconds % 5)
        refuse_with(c, 400, "Invalid chatId or loadingSeconds");
    else
        sim_answer_print(c, 202, "{}");
}

static void quota(struct sim_call *c)
{
    str setting = sim_setting(c->account, S("quota"));
    if (setting.len > 0)
        sim_answer_print(c, 200, "{\"type\":\"limited\",\"value\":%.*s}", SARG(setting));
    else
        sim_answer_print(c, 200, "{\"type\":\"none\"}");
}

static void issue_token(struct sim_call *c)
{
    struct sim_account *account = NULL;
    str id = sim_field(c, S("client_id")), secret = sim_field(c, S("client_secret"));
    for (ptrdiff_t i = 0; (account = sim_account_at(c->sim, c->network, i)); i++)
        if (id.len > 0 && str_eq(sim_setting(account, S("channel_id")), id) &&
            str_eq(account->secret, secret))
            break;
    if (!account || account->is_revoked) {
        sim_answer_print(c, 400,
            "{\"error\":\"invalid_client\",\"error_description\":\"invalid client_secret\"}");
        return;
    }
    c->account = account;
    sim_answer_print(c, 200,
        "{\"access_token\":\"%.*s\",\"expires_in\":%d,\"token_type\":\"Bearer\"}",
        SARG(account->token), TOKEN_S);
}

static void content(struct sim_call *c, str message, bool is_look)
{
    struct sim_media m;
    struct line_note *n = line_note(c->account->data, str_cat(c->arena, S("media/"), message));
    if (!n) {
        refuse_with(c, 404, "Not found");
        return;
    }
    if (n->is_gone || !sim_media_get(c->sim, c->network, c->arena, str_of(n->text, n->len), &m)) {
        refuse_with(c, 410, "Gone");
        return;
    }
    bool is_slow = str_eq(sim_setting(c->account, S("videos")), S("slow")) && !n->is_used;
    n->is_used |= is_look;
    if (is_look)
        sim_answer_print(c, 200, "{\"status\":\"%s\"}", is_slow ? "processing" : "succeeded");
    else
        sim_answer_media(c, &m);
}

enum host { HOST_ANY, HOST_API, HOST_DATA };

static void handle_api(struct sim_call *c)
{
    str at[8];
    if (sim_route(c, HTTP_POST, "/v2/bot/message/push", at))
        push(c);
    else if (sim_route(c, HTTP_POST, "/v2/bot/message/reply", at))
        reply(c);
    else if (sim_route(c, HTTP_POST, "/v2/bot/message/validate/push", at)) {
        if (messages_of(c))
            sim_answer_print(c, 200, "{}");
    } else if (sim_route(c, HTTP_GET, "/v2/bot/info", at))
        bot_info(c);
    else if (sim_route(c, HTTP_PUT, "/v2/bot/channel/webhook/endpoint", at))
        set_endpoint(c);
    else if (sim_route(c, HTTP_GET, "/v2/bot/channel/webhook/endpoint", at))
        get_endpoint(c);
    else if (sim_route(c, HTTP_GET, "/v2/bot/profile/{}", at))
        profile(c, at[0]);
    else if (sim_route(c, HTTP_GET, "/v2/bot/group/{}/member/{}", at) ||
             sim_route(c, HTTP_GET, "/v2/bot/room/{}/member/{}", at))
        profile(c, at[1]);
    else if (sim_route(c, HTTP_POST, "/v2/bot/chat/markAsRead", at))
        mark_as_read(c);
    else if (sim_route(c, HTTP_POST, "/v2/bot/chat/loading/start", at))
        loading(c);
    else if (sim_route(c, HTTP_GET, "/v2/bot/message/quota", at))
        quota(c);
    else if (sim_route(c, HTTP_GET, "/v2/bot/message/quota/consumption", at))
        sim_answer_print(c, 200, "{\"totalUsage\":%lld}",
            (long long)((struct line_bot *)c->account->data)->pushed);
}

static void line_handle(struct sim_call *c)
{
    str at[8];
    enum host host = HOST_ANY; /* "*" puts the host's name before the path */
    if (str_starts(c->path, S("/api/")))
        host = HOST_API;
    else if (str_starts(c->path, S("/data/")))
        host = HOST_DATA;
    if (host != HOST_ANY)
        c->path = str_skip(c->path, host == HOST_API ? 4 : 5);
    if (host != HOST_DATA && sim_route(c, HTTP_POST, "/v2/oauth/accessToken", at)) {
        issue_token(c);
        return;
    }
    if (!sim_account_by_token(c, sim_bearer(c))) {
        line_refuse(c, SIM_REFUSE_401, 0);
        return;
    }
    struct sim_rate rate = {.is_allowed = true};
    if (str_eq(sim_setting(c->account, S("rates")), S("strict")))
        rate = sim_rate_take(c, c->account->id, 2000, 1000, 1);
    if (!rate.is_allowed)
        line_refuse(c, SIM_REFUSE_429, 0);
    else if (c->body_fault.len > 0)
        refuse_with(c, 400, "The request body could not be parsed as JSON (line: -, column: -)");
    else if (host != HOST_API && sim_route(c, HTTP_GET, "/v2/bot/message/{}/content", at))
        content(c, at[0], false);
    else if (host != HOST_API &&
             sim_route(c, HTTP_GET, "/v2/bot/message/{}/content/transcoding", at))
        content(c, at[0], true);
    else if (host != HOST_DATA)
        handle_api(c);
}

const struct sim_network sim_line = {
    .name = S_INIT("line"),
    .title = S_INIT("LINE Messaging API"),
    .account = {.id = S_INIT("U0123456789abcdef0123456789abcdef"),
                .name = S_INIT("Seva"),
                .token = S_INIT("line-channel-access-token"),
                .secret = S_INIT("seva-line-channel-secret"),
                .settings = S_INIT("{\"channel_id\":\"1650000000\"}")},
    .account_open = account_open,
    .account_close = account_close,
    .handle = line_handle,
    .refuse = line_refuse,
    .say = line_say,
    .event = line_event,
    .special = line_special,
    .sign = line_sign,
    .answered = line_answered,
};
