/* Viber's REST Bot API as its documentation says it. See network.h.
 *
 * Accounts: id = the account's, token = the bot's token (it also signs), callback = the webhook.
 * Settings: "seen":"no" leaves messages delivered; "hour":"N" in place of 100 messages an hour
 * without an answer.
 * say: kind "" (text or one file), "open" (conversation_started; text = the link's context),
 * "subscribe", "unsubscribe". special: fail {user}: the next message to that person is taken and
 * reported as failed; welcome {user}: the welcome that was answered when they opened the chat;
 * tracking {user}: the tracking data of the last message they got, which their next one brings.
 * Real: set_webhook asks the address before it answers; here the question follows the answer. */
#include <stdlib.h>

#include "base/utf8.h"
#include "network.h"

enum {
    PEOPLE_MAX = 100000,
    TEXT_MAX = 7000,      /* code points */
    BODY_MAX = 30 * 1024, /* bytes of a call */
    NAME_MAX_BYTES = 28,
    TRACKING_MAX = 4000,
    PICTURE_TEXT_MAX = 512,
    VIDEO_BYTES = 26 * 1024 * 1024,
    FILE_BYTES = 50 * 1024 * 1024,
    HOUR_MESSAGES = 100,
    HOUR_MS = 3600 * 1000,
    LINK_MS = 3600 * 1000,
    EVENT_BYTES = 256 * 1024,
    DELIVERED_MS = 200, /* after the message */
    SEEN_MS = 400,
};
static const int64_t first_token = INT64_C(5741311803571720000); /* beyond 2^53 */

enum tag { TAG_EVENT, TAG_OPENED };

struct person {
    struct person *next;
    bool is_subscribed, is_welcome, will_fail;
    int64_t unanswered, hour_from_ms;
    char id[64], name[96], welcome[1024], tracking[TRACKING_MAX + 1];
};

struct bot {
    struct person *first;
    struct map people;
    int64_t last_token;
    char events[512]; /* wanted, with spaces around each */
};

static void bot_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct bot *bot = sim_alloc((ptrdiff_t)sizeof *bot);
    bot->last_token = first_token;
    account->data = bot;
}

static void bot_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct bot *bot = account->data;
    while (bot->first) {
        struct person *p = bot->first;
        bot->first = p->next;
        free(p);
    }
    map_free(&bot->people);
    free(bot);
}

/* NULL: not there, and not made. */
static struct person *person_get(struct bot *bot, str id, bool is_made)
{
    struct person *p = map_get(&bot->people, id);
    if (p || !is_made || id.len == 0 || id.len >= (ptrdiff_t)sizeof p->id ||
        bot->people.count >= PEOPLE_MAX)
        return p;
    p = sim_alloc((ptrdiff_t)sizeof *p);
    sim_keep(p->id, sizeof p->id, id);
    p->next = bot->first;
    bot->first = p;
    if (map_put(&bot->people, str_from(p->id), p) != OK)
        abort();
    return p;
}

/* ── answers ── */

static void give(struct sim_call *c, int status, const char *words)
{
    sim_answer_print(c, 200, "{\"status\":%d,\"status_message\":\"%s\"}", status, words);
}

static void viber_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500)
        sim_answer(c, 500, S("text/html"), S("<html>Internal Server Error</html>"));
    else if (why == SIM_REFUSE_401)
        give(c, 2, "invalidAuthToken");
    else
        give(c, 12, "tooManyRequests");
    if (why == SIM_REFUSE_429)
        sim_header_print(c, S("Retry-After"), "%lld", (long long)(retry_after_ms + 999) / 1000);
}

/* ── events ── */

static struct json_out event_begin(
    struct sim *sim, struct arena *a, const char *event, int64_t token)
{
    struct json_out j = json_out_make(a, EVENT_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("event"), str_from(event));
    json_kv_int(&j, S("timestamp"), sim_now(sim));
    json_kv_str(&j, S("chat_hostname"), S("SN-CHAT-01_"));
    json_kv_int(&j, S("message_token"), token);
    return j;
}

static void event_send(struct sim *sim, struct sim_account *account, struct json_out *j,
    const char *event, int64_t token, int64_t delay_ms, enum tag tag)
{
    struct bot *bot = account->data;
    str wanted = str_print(j->b.a, " %s ", event);
    bool is_always = str_eq(str_from(event), S("message")) || str_eq(str_from(event), S("webhook"));
    json_obj_end(j);
    if (!is_always && bot->events[0] && str_find(str_from(bot->events), wanted) < 0)
        return;
    sim_webhook_send(sim, account,
        &(struct sim_webhook){.method = HTTP_POST,
            .body = json_str(j),
            .key = str_print(j->b.a, "%s:%lld", event, (long long)token),
            .delay_ms = delay_ms,
            .tag = tag});
}

static void put_person(struct json_out *j, const char *key, const struct person *p)
{
    json_key(j, str_from(key));
    json_obj(j);
    json_kv_str(j, S("id"), str_from(p->id));
    json_kv_str(j, S("name"), p->name[0] ? str_from(p->name) : S("Customer"));
    json_kv_str(j, S("language"), S("en"));
    json_kv_str(j, S("country"), S("IN"));
    json_kv_int(j, S("api_version"), 10);
    json_obj_end(j);
}

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    sim_post_header(post, S("X-Viber-Content-Signature"),
        sim_hmac_hex(post->arena, account->token, post->body));
}

/* The answer to conversation_started may be a message: the key ends with the token, and the person
 * is the one who opened last. */
static void answered(
    struct sim *sim, struct sim_account *account, const struct sim_answered *answer)
{
    (void)sim;
    struct bot *bot = account->data;
    const struct json *v = NULL;
    str why;
    if (answer->tag != TAG_OPENED || !answer->is_acknowledged ||
        json_parse(answer->arena, answer->body, &v, &why) != OK)
        return;
    str text = json_text(json_get(v, S("text")), S(""));
    for (struct person *p = bot->first; p && text.len > 0; p = p->next)
        if (p->is_welcome) {
            sim_keep(p->welcome, sizeof p->welcome, text);
            p->is_welcome = false;
        }
}

/* ── calls ── */

static void set_webhook(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    str url = sim_field(c, S("url"));
    const struct json *list = sim_field_json(c, S("event_types"));
    if (url.at == NULL) {
        give(c, 4, "missingData");
        return;
    }
    if (url.len > 0 && !str_starts(url, S("https://")) && !str_starts(url, S("http://"))) {
        give(c, 1, "invalidUrl");
        return;
    }
    struct sb b = sb_make(c->arena, sizeof bot->events - 1);
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        sb_print(&b, " %.*s ", SARG(json_text(v, S(""))));
    sim_keep(bot->events, sizeof bot->events, sb_str(&b));
    sim_account_callback(c->sim, c->account, url);
    if (url.len > 0) {
        int64_t token = ++bot->last_token;
        struct json_out j = event_begin(c->sim, c->arena, "webhook", token);
        event_send(c->sim, c->account, &j, "webhook", token, 0, TAG_EVENT);
    }
    give(c, 0, "ok");
}

/* What the documentation demands of each type; a status, 0 = fine. */
static int content_is_bad(struct sim_call *c, str type, str *text)
{
    str media = sim_field(c, S("media"));
    int64_t size = sim_field_int(c, S("size"), -1);
    bool has_media = str_starts(media, S("https://")) || str_starts(media, S("http://"));
    *text = sim_field(c, S("text"));
    if (str_eq(type, S("text")))
        return text->len == 0 ? 4 : utf8_code_points(*text) > TEXT_MAX ? 3 : 0;
    if (str_eq(type, S("picture")))
        return text->at == NULL || !has_media               ? 4
               : utf8_code_points(*text) > PICTURE_TEXT_MAX ? 3
                                                            : 0;
    if (str_eq(type, S("video")))
        return !has_media || size < 0 ? 4 : size > VIDEO_BYTES ? 3 : 0;
    if (str_eq(type, S("file")))
        return !has_media || size < 0 || sim_field(c, S("file_name")).len == 0 ? 4
               : size > FILE_BYTES                                             ? 3
                                                                               : 0;
    if (str_eq(type, S("location")))
        return json_get(sim_field_json(c, S("location")), S("lat")) ? 0 : 4;
    if (str_eq(type, S("contact")))
        return json_get(sim_field_json(c, S("contact")), S("phone_number")) ? 0 : 4;
    if (str_eq(type, S("url")))
        return has_media ? 0 : 4;
    return str_eq(type, S("sticker")) || str_eq(type, S("rich_media")) ? 0 : 3;
}

static bool hour_is_full(struct sim_call *c, struct person *p)
{
    str setting = sim_setting(c->account, S("hour"));
    int64_t most = HOUR_MESSAGES;
    if (setting.len > 0 && str_int(setting, 0, INT64_MAX, &most) != OK)
        most = HOUR_MESSAGES;
    if (c->now_ms - p->hour_from_ms >= HOUR_MS) {
        p->hour_from_ms = c->now_ms;
        p->unanswered = 0;
    }
    return p->unanswered >= most;
}

static void status_event(
    struct sim_call *c, const struct person *p, const char *event, int64_t token, int64_t delay_ms)
{
    struct json_out j = event_begin(c->sim, c->arena, event, token);
    json_kv_str(&j, S("user_id"), str_from(p->id));
    if (str_eq(str_from(event), S("failed")))
        json_kv_str(&j, S("desc"), S("the device cannot be reached"));
    event_send(c->sim, c->account, &j, event, token, delay_ms, TAG_EVENT);
}

static void send_message(struct sim_call *c)
{
    struct bot *bot = c->account->data;
    bool is_new = person_get(bot, sim_field(c, S("receiver")), false) == NULL;
    struct person *p =
        person_get(bot, sim_field(c, S("receiver")), is_new && sim_takes_any(c->account));
    if (p && is_new)
        p->is_subscribed = true;
    str type = sim_field(c, S("type")), text, tracking = sim_field(c, S("tracking_data"));
    str name = json_text(json_get(sim_field_json(c, S("sender")), S("name")), S(""));
    int bad = content_is_bad(c, type, &text);
    if (c->req->body.len > BODY_MAX || tracking.len > TRACKING_MAX || name.len > NAME_MAX_BYTES)
        bad = 3;
    if (name.len == 0)
        bad = 4;
    if (p == NULL || !p->is_subscribed || bad || hour_is_full(c, p)) {
        int status = p == NULL ? 5 : !p->is_subscribed ? 6 : bad ? bad : 12;
        give(c, status,
            status == 5   ? "receiverNotRegistered"
            : status == 6 ? "receiverNotSubscribed"
            : status == 3 ? "badData"
            : status == 4 ? "missingData"
                          : "tooManyRequests");
        return;
    }
    int64_t token = ++bot->last_token;
    p->unanswered++;
    sim_keep(p->tracking, sizeof p->tracking, tracking);
    c->ref = str_starts(tracking, S("seva:")) ? str_skip(tracking, 5) : (str){0};
    str media = sim_field(c, S("media"));
    (void)sim_accept(c, &(struct sim_message){.conversation = str_from(p->id),
                            .id = str_print(c->arena, "%lld", (long long)token),
                            .text = text,
                            .kind = type,
                            .media = media.len > 0 ? str_cat(c->arena, S("url:"), media) : media,
                            .ref = c->ref}); /* no keys here: nothing follows from a double */
    if (p->will_fail) {
        p->will_fail = false;
        status_event(c, p, "failed", token, DELIVERED_MS);
    } else {
        status_event(c, p, "delivered", token, DELIVERED_MS);
        if (!str_eq(sim_setting(c->account, S("seen")), S("no")))
            status_event(c, p, "seen", token, SEEN_MS);
    }
    sim_answer_print(c, 200,
        "{\"status\":0,\"status_message\":\"ok\",\"message_token\":%lld,\"chat_hostname\":"
        "\"SN-CHAT-01_\",\"billing_status\":1}",
        (long long)token);
}

static void account_info(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_int(&j, S("status"), 0);
    json_kv_str(&j, S("status_message"), S("ok"));
    json_kv_str(&j, S("id"), c->account->id);
    json_kv_str(&j, S("name"), c->account->name);
    json_kv_str(&j, S("uri"), S("sevasim"));
    json_kv_str(&j, S("webhook"), c->account->callback);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void user_details(struct sim_call *c)
{
    struct person *p = person_get(c->account->data, sim_field(c, S("id")), false);
    struct sim_rate twice = sim_rate_take(
        c, str_cat(c->arena, S("details/"), sim_field(c, S("id"))), 2, 12 * HOUR_MS, 1);
    if (p == NULL || !twice.is_allowed) {
        give(c, p ? 12 : 5, p ? "tooManyRequests" : "receiverNotRegistered");
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_int(&j, S("status"), 0);
    json_kv_str(&j, S("status_message"), S("ok"));
    put_person(&j, "user", p);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void viber_handle(struct sim_call *c)
{
    if (str_starts(c->path, S("/api/"))) /* the base address of "*" */
        c->path = str_skip(c->path, 4);
    if (c->req->method != HTTP_POST)
        return;
    if (!sim_account_by_token(c, http_header_get(c->req, S("X-Viber-Auth-Token"))))
        give(c, 2, "invalidAuthToken");
    else if (c->json == NULL)
        give(c, 3, "badData");
    else if (str_eq(c->path, S("/send_message")))
        send_message(c);
    else if (str_eq(c->path, S("/set_webhook")))
        set_webhook(c);
    else if (str_eq(c->path, S("/get_account_info")))
        account_info(c);
    else if (str_eq(c->path, S("/get_user_details")))
        user_details(c);
}

/* ── customers ── */

static void put_content(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, const struct person *p, struct json_out *j)
{
    json_key(j, S("message"));
    json_obj(j);
    if (say->n_files > 0) {
        const struct sim_file *f = &say->files[0];
        struct sim_media m = sim_media_add(sim, account->network, a, account->id, f);
        bool is_picture = str_starts(f->content_type, S("image/"));
        bool is_video = str_starts(f->content_type, S("video/"));
        json_kv_str(j, S("type"), is_picture ? S("picture") : is_video ? S("video") : S("file"));
        json_kv_str(j, S("media"), sim_media_url(sim, account->network, a, m.id, LINK_MS, false));
        json_kv_str(j, S("file_name"), f->name);
        json_kv_int(j, S("size"), f->bytes.len);
    } else {
        json_kv_str(j, S("type"), S("text"));
    }
    if (say->text.len > 0)
        json_kv_str(j, S("text"), say->text);
    if (p->tracking[0])
        json_kv_str(j, S("tracking_data"), str_from(p->tracking));
    json_obj_end(j);
}

static err viber_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    struct bot *bot = account->data;
    struct person *p =
        person_get(bot, say->from_id.len > 0 ? say->from_id : S("01234567890A="), true);
    int64_t token = ++bot->last_token;
    const char *event = "message";
    *why = S("there is no room for this person");
    if (p == NULL)
        return E_INVALID;
    if (say->from_name.len > 0)
        sim_keep(p->name, sizeof p->name, say->from_name);
    if (str_eq(say->kind, S("open")))
        event = "conversation_started";
    else if (str_eq(say->kind, S("subscribe")))
        event = "subscribed";
    else if (str_eq(say->kind, S("unsubscribe")))
        event = "unsubscribed";
    else if (say->kind.len > 0 && !str_eq(say->kind, S("message"))) {
        *why = S("kind is message, open, subscribe or unsubscribe");
        return E_INVALID;
    }
    struct json_out j = event_begin(sim, a, event, token);
    if (say->kind.len == 0 || str_eq(say->kind, S("message"))) {
        put_person(&j, "sender", p);
        put_content(sim, account, a, say, p, &j);
        p->is_subscribed = true;
        p->unanswered = 0;
    } else if (str_eq(say->kind, S("open"))) {
        json_kv_str(&j, S("type"), S("open"));
        if (say->text.len > 0)
            json_kv_str(&j, S("context"), say->text);
        put_person(&j, "user", p);
        json_kv_bool(&j, S("subscribed"), p->is_subscribed);
        p->is_welcome = true;
    } else if (str_eq(say->kind, S("subscribe"))) {
        put_person(&j, "user", p);
        p->is_subscribed = true;
    } else {
        json_kv_str(&j, S("user_id"), str_from(p->id));
        p->is_subscribed = false;
    }
    event_send(
        sim, account, &j, event, token, 0, str_eq(say->kind, S("open")) ? TAG_OPENED : TAG_EVENT);
    *id = str_print(a, "%lld", (long long)token);
    return OK;
}

static err viber_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    (void)sim;
    struct person *p =
        person_get(account->data, json_text(json_get(input, S("user")), (str){0}), false);
    struct json_out j = json_out_make(a, EVENT_BYTES);
    *why = S("user must be somebody who has written");
    if (p == NULL)
        return E_INVALID;
    json_obj(&j);
    if (str_eq(what, S("fail"))) {
        p->will_fail = true;
    } else if (str_eq(what, S("welcome"))) {
        json_kv_str(&j, S("text"), str_from(p->welcome));
    } else if (str_eq(what, S("tracking"))) {
        json_kv_str(&j, S("text"), str_from(p->tracking));
    } else {
        *why = S("fail, welcome or tracking");
        return E_NOT_FOUND;
    }
    json_obj_end(&j);
    *answer = json_str(&j);
    return OK;
}

/* About every few minutes, for a limited time; not published. */
static const int64_t retry_gaps_ms[] = {60000, 180000, 300000, 600000, 0};

const struct sim_network sim_viber = {
    .name = S_INIT("viber"),
    .title = S_INIT("Viber REST Bot API"),
    .account = {.id = S_INIT("pa:5301"),
                .name = S_INIT("Seva"),
                .token = S_INIT("4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021")},
    .account_open = bot_open,
    .account_close = bot_close,
    .handle = viber_handle,
    .refuse = viber_refuse,
    .say = viber_say,
    .special = viber_special,
    .sign = sign,
    .answered = answered,
    .retry_gaps_ms = retry_gaps_ms,
};
