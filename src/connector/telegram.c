/* Telegram: a bot's private chats, groups, comments below a channel's posts, and the chats of a
 * business account that has connected the bot. Updates come by webhook (its secret header is the
 * channel's own key) or, where Telegram cannot reach Seva, by long polling; one excludes the other.
 *
 * Not here, because bots are not told or may not: deletions in ordinary chats, read receipts, the
 * first word to somebody who has not started the bot. Albums come as single messages.
 * Source: Bot API 10.1 (11 June 2026). Thread: any; calls block. */
#include "connector/telegram.h"

#include "base/clock.h"
#include "base/limits.h"
#include "connector/reading.h"
#include "connector/sign.h"

enum {
    POLL_S = 25, /* one round of getUpdates: half of the lease of a stream, so that it is renewed */
    POLL_GRACE_S = 10,       /* more than that is the network's fault */
    POLL_UPDATES = 20,       /* of one answer: its tree has to fit into memory */
    CONFLICT_MS = 60 * 1000, /* another program polls: look again after that */
    IDLE_MS = 5 * 60 * 1000, /* until a channel with a webhook is asked again: its setting may
                              * have changed */
    LISTEN_BYTES = 32 * 1024 * 1024, /* of the arena: then the call ends and a new one begins */
};
/* After a week without updates the next id is random and may be smaller: the offset, which has done
 * its duty, is forgotten before. */
static const int64_t offset_keeps_ms = INT64_C(6) * 24 * 3600 * 1000;

static bool is_polling(struct arena *a, const struct connector_setup *setup)
{
    return str_eq(setup_setting(a, &connector_telegram, setup, "receive"), S("poll"));
}

/* ── webhook ── */

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    const str secrets[] = {hook->setup->secret, hook->setup->old_secret};
    const struct sign_request given = {
        .req = hook->req, .secrets = secrets, .secret_count = 2, .now_ms = hook->now_ms};
    return sign_check(a, &sign_telegram, &given, why);
}

/* A pressed button shows a spinner until it is answered; the answer to the webhook can do it. */
static struct connector_answer answer(struct arena *a, const struct connector_hook *hook)
{
    str press = telegram_press(a, hook->req->body);
    struct json_out j = json_out_make(a, 1024);
    if (!press.len)
        return (struct connector_answer){0};
    json_obj(&j);
    json_kv_str(&j, S("method"), S("answerCallbackQuery"));
    json_kv_str(&j, S("callback_query_id"), press);
    json_obj_end(&j);
    return (struct connector_answer){
        .status = 200, .content_type = "application/json", .body = json_str(&j)};
}

/* Explicit, because reactions never come by themselves. */
static void put_allowed(struct arena *a, const struct connector_setup *setup, struct json_out *j)
{
    static const char *const always[] = {
        "message", "edited_message", "callback_query", "my_chat_member", "message_reaction"};
    static const char *const business[] = {"business_connection", "business_message",
        "edited_business_message", "deleted_business_messages"};
    bool is_business = str_eq(setup_setting(a, &connector_telegram, setup, "business"), S("yes"));
    json_key(j, S("allowed_updates"));
    json_arr(j);
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        json_put_str(j, str_from(always[i]));
    for (size_t i = 0; is_business && i < sizeof business / sizeof *business; i++)
        json_put_str(j, str_from(business[i]));
    json_arr_end(j);
}

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    struct telegram_answer got;
    struct json_out j = json_out_make(a, 8192);
    if (!on || is_polling(a, setup))
        return telegram_do(client, a, setup, "deleteWebhook", S("{}"), NULL, 0, 0, sent, &got);
    json_obj(&j);
    json_kv_str(&j, S("url"), setup->hook_url);
    json_kv_str(&j, S("secret_token"), setup->secret);
    put_allowed(a, setup, &j);
    json_obj_end(&j);
    return telegram_do(client, a, setup, "setWebhook", json_str(&j), NULL, 0, 0, sent, &got);
}

/* ── long polling ── */

struct listening {
    struct http_client *client;
    const struct connector_listen *in;
    int64_t offset;  /* 0 = none: from the oldest that Telegram keeps */
    int64_t last_ms; /* when the last update came */
};

static str cursors_of(struct arena *a, const struct listening *l)
{
    return str_print(
        a, "{\"offset\":%lld,\"last_ms\":%lld}", (long long)l->offset, (long long)l->last_ms);
}

static err ask(
    struct listening *l, struct arena *a, struct connector_sent *sent, struct telegram_answer *got)
{
    const struct connector_setup *setup = l->in->setup;
    struct json_out j = json_out_make(a, 8192);
    json_obj(&j);
    if (l->offset && clock_now_ms() - l->last_ms < offset_keeps_ms)
        json_kv_int(&j, S("offset"), l->offset);
    json_kv_int(&j, S("limit"), POLL_UPDATES);
    json_kv_int(&j, S("timeout"), POLL_S);
    put_allowed(a, setup, &j);
    json_obj_end(&j);
    return telegram_do(l->client, a, setup, "getUpdates", json_str(&j), NULL,
        (POLL_S + POLL_GRACE_S) * 1000, clock_now_ms(), sent, got);
}

/* False: the taker wants no more. */
static err take_all(struct listening *l, struct arena *a, const struct json *updates, bool *goes_on)
{
    *goes_on = true;
    if (!updates || updates->kind != JSON_ARRAY || !updates->count)
        *goes_on = l->in->take(l->in->arg, NULL, (str){0});
    for (const struct json *u = updates ? updates->first : NULL; u && *goes_on; u = u->next) {
        int64_t id = take_int(u, "update_id", 0);
        if (id <= 0)
            continue;
        l->offset = id + 1;
        l->last_ms = clock_now_ms();
        const struct connector_delivery d = {.key = take_id(u, "update_id"),
            .origin = S("poll"),
            .content_type = S("application/json"),
            .body = json_text_of(a, u)};
        *goes_on = l->in->take(l->in->arg, &d, cursors_of(a, l));
        struct connector_sent ignored;
        struct telegram_answer got;
        str press = take_line(take_object(u, "callback_query"), "id", 100);
        if (!*goes_on || !press.len)
            continue;
        struct json_out j = json_out_make(a, 1024);
        json_obj(&j);
        json_kv_str(&j, S("callback_query_id"), press);
        json_obj_end(&j);
        TRY(telegram_do(l->client, a, l->in->setup, "answerCallbackQuery", json_str(&j), NULL, 0,
            clock_now_ms(), &ignored, &got));
    }
    return OK;
}

static err rounds(struct listening *l, struct arena *a, struct connector_polled *out)
{
    bool goes_on = true, has_freed = false;
    ptrdiff_t begun = a->used_bytes;
    while (goes_on && a->used_bytes - begun < LISTEN_BYTES) {
        struct telegram_answer got;
        TRY(ask(l, a, &out->end, &got));
        bool is_hooked = str_find(got.description, S("webhook is active")) >= 0;
        if (is_hooked && !has_freed) {
            has_freed = true; /* left over from when the channel had one */
            TRY(subscribe(l->client, a, l->in->setup, false, &out->end));
            if (out->end.outcome == CONNECTOR_SENT)
                continue;
        }
        if (str_find(got.description, S("terminated by other getUpdates")) >= 0) {
            out->end.why = S("Another program reads this bot's messages. Stop it, or make a bot "
                             "for Seva alone.");
            out->next_ms = clock_now_ms() + CONFLICT_MS;
        }
        if (out->end.outcome != CONNECTOR_SENT)
            return OK;
        TRY(take_all(l, a, got.result, &goes_on));
    }
    return OK;
}

static err listen_updates(struct http_client *client, struct arena *a,
    const struct connector_listen *in, struct connector_polled *out)
{
    const struct json *cursors = NULL;
    str why;
    *out = (struct connector_polled){.end = {.outcome = CONNECTOR_SENT}};
    if (!is_polling(a, in->setup)) {
        out->next_ms = in->now_ms + IDLE_MS;
        return OK;
    }
    if (in->cursors.len && json_parse(a, in->cursors, &cursors, &why) != OK)
        cursors = NULL;
    struct listening l = {.client = client,
        .in = in,
        .offset = take_int(cursors, "offset", 0),
        .last_ms = take_int(cursors, "last_ms", 0)};
    TRY(rounds(&l, a, out));
    out->cursors = cursors_of(a, &l);
    return OK;
}

/* ── the bot ── */

/* What Telegram last met when it called us. */
static err look_at_webhook(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, int64_t now_ms, struct connector_checked *out)
{
    struct telegram_answer got;
    struct connector_sent sent;
    TRY(telegram_do(client, a, setup, "getWebhookInfo", S("{}"), NULL, 0, now_ms, &sent, &got));
    str said = take_line(got.result, "last_error_message", LIMIT_NAME_BYTES);
    int64_t at_ms = take_time(got.result, "last_error_date");
    bool is_recent = at_ms > now_ms - INT64_C(24) * 3600 * 1000;
    if (sent.outcome == CONNECTOR_SENT && said.len && is_recent)
        out->note = str_print(a, "Telegram could not deliver to Seva: %.*s", SARG(said));
    return OK;
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct telegram_answer got;
    *out = (struct connector_checked){0};
    TRY(telegram_do(client, a, setup, "getMe", S("{}"), NULL, 0, now_ms, &out->end, &got));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *account = NEW(a, struct connector_account, 1);
    str handle = take_line(got.result, "username", LIMIT_NAME_BYTES);
    account->external_id = take_id(got.result, "id");
    account->name = take_line(got.result, "first_name", LIMIT_NAME_BYTES);
    account->handle = handle.len ? str_cat(a, S("@"), handle) : handle;
    out->accounts = account;
    out->n = 1;
    bool is_deaf = json_get(got.result, S("can_read_all_group_messages")) &&
                   !take_bool(got.result, "can_read_all_group_messages");
    if (is_deaf)
        out->note = S("In groups the bot sees only commands, answers to it and its name; turn its "
                      "privacy mode off with @BotFather to see all.");
    return is_polling(a, setup) ? OK : look_at_webhook(client, a, setup, now_ms, out);
}

/* A path of Telegram's file store, fit for an address that holds the token. */
static bool is_path(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '\\' || c == '%')
            return false;
    }
    return s.len > 0 && s.at[0] != '/' && str_find(s, S("..")) < 0;
}

static err media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out)
{
    struct telegram_answer got;
    struct json_out j = json_out_make(a, 4096);
    *out = (struct connector_source){0};
    json_obj(&j);
    json_kv_str(&j, S("file_id"), at->media_id);
    json_obj_end(&j);
    TRY(telegram_do(
        client, a, setup, "getFile", json_str(&j), NULL, 0, clock_now_ms(), &out->end, &got));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    str path = take_line(got.result, "file_path", READING_URL_BYTES);
    if (take_int(got.result, "file_size", 0) > TELEGRAM_DOWNLOAD_BYTES) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("Telegram hands files of up to 20 MB to bots.")};
    } else if (!is_path(path)) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("Telegram has not got the file ready yet.")};
    } else {
        out->url = str_print(a, "%.*s/%.*s", SARG(telegram_url(a, setup, "file/")), SARG(path));
    }
    return OK;
}

static const struct connector_setting settings[] = {
    {.name = "bot_token",
     .kind = "secret",
     .is_required = true,
     .help = "What @BotFather gave when the bot was made."},
    {.name = "receive",
     .kind = "choice",
     .standard = "webhook",
     .choices = "webhook poll",
     .help = "webhook: Telegram calls Seva; poll: Seva asks, where it cannot be reached from "
                "outside."},
    {.name = "business",
     .kind = "choice",
     .standard = "no",
     .choices = "no yes",
     .help =
            "Whether to answer in the chats of Telegram Business accounts that connect the bot; "
            "anybody can connect a bot whose business mode is on."},
    {0   },
};
static const struct connector_host hosts[] = {
    {"api", "https://api.telegram.org"},
    {0    }
};
static const struct connector_media files[] = {
    {"*", TELEGRAM_UPLOAD_BYTES},
    {0  }
};
#define RULES                                                                                      \
    {                                                                                              \
        .unit = LENGTH_UTF16, .max_length = TELEGRAM_TEXT,                                         \
        .max_length_with_file = TELEGRAM_CAPTION, .files_per_piece = 1, .media = files,            \
        .may_split = true, .alone_parts = "location contact"                                       \
    }

const struct connector connector_telegram = {
    .name = S_INIT("telegram"),
    .title = S_INIT("Telegram"),
    .able = ABLE_HOOK | ABLE_LISTEN | ABLE_QUOTE | ABLE_BUTTONS | ABLE_COMMENTS,
    .acts_private = 1 << ACT_DELETE | 1 << ACT_EDIT | 1 << ACT_REACT,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_EDIT | 1 << ACT_REACT,
    .settings = settings,
    .hosts = hosts,
    .private_rules = RULES,
    .public_rules = RULES,
    .send_gap_ms = 34, /* 30 a second in all */
    .verify = verify,
    .parse = telegram_parse,
    .listen = listen_updates,
    .send = telegram_send,
    .act = telegram_act,
    .check = check,
    .subscribe = subscribe,
    .media = media,
    .answer = answer,
    .typing = telegram_typing,
};
