/* LINE: an official account's chats with people, groups and rooms. Webhooks are signed with the
 * channel secret; calls go with an access token, either the long-lived one from the console or
 * short-lived ones (30 days) that Seva gets with the channel's id and secret.
 *
 * Files of a message lie on a host of their own and only for a while. LINE does not tell of
 * delivery or reading. Reading is in line_parse.c, sending in line_send.c.
 * Source: LINE Messaging API v2, July 2026. Thread: any; calls block. */
#include "connector/line.h"

#include "base/clock.h"
#include "base/limits.h"
#include "connector/access.h"
#include "connector/network.h"
#include "connector/reading.h"
#include "connector/sign.h"

enum {
    LIMITED_MS = 60 * 1000, /* LINE does not say how long: the longest step of its advice */
    LOADING_S = 20,         /* of the animation that somebody is writing */
};

/* ── calls ── */

bool line_is_id(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_';
        if (!is_fine)
            return false;
    }
    return s.len > 0 && s.len <= READING_ID_BYTES;
}

/* What a header can carry: visible ASCII. */
static bool is_token(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f)
            return false;
    return s.len > 0;
}

static void judge(
    struct arena *a, const struct line_said *said, int64_t now_ms, struct connector_sent *sent)
{
    network_why(a, S("LINE"), said->message, sent);
    if (said->status == 429) {
        bool is_month = str_find(said->message, S("monthly limit")) >= 0;
        sent->outcome = is_month ? CONNECTOR_FINAL : CONNECTOR_WAIT;
        sent->is_channel_wide = !is_month;
        sent->wait_until_ms = is_month ? 0 : now_ms + LIMITED_MS;
        sent->why = is_month ? S("The month's messages of the LINE plan are used up.")
                             : S("LINE takes more messages in a minute.");
    } else if (said->status == 401) {
        sent->why = S("LINE refuses the channel's access token. Reissue it in the LINE Developers "
                      "console and enter it.");
    } else if (said->status == 403) {
        sent->why = S("The LINE account's plan or permissions do not allow this.");
    }
}

err line_ask(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct line_call *call, int64_t now_ms, struct connector_sent *sent,
    struct line_said *said)
{
    struct http_result res = {0};
    str base = connector_host_url(a, &connector_line, setup->hosts, str_from(call->host));
    str token = setup_secret(a, setup, "access_token");
    *said = (struct line_said){0};
    *sent = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("The channel has no access token.")};
    if (!is_token(token))
        return OK;
    struct network_call c = {.method = call->method,
        .url = str_cat(a, base, call->path),
        .authorization = str_cat(a, S("Bearer "), token),
        .body = call->body,
        .may_repeat = call->may_repeat};
    if (call->retry_key.len)
        c.extra[c.n_extra++] = (struct http_header){S("X-Line-Retry-Key"), call->retry_key};
    TRY(network_do(client, a, &c, &res));
    network_answer(a, S("LINE"), &res, now_ms, sent);
    said->status = res.status;
    said->root = network_json(a, &res);
    said->message = take_line(said->root, "message", LIMIT_NAME_BYTES);
    bool is_known = res.status == 409 && call->retry_key.len;
    if (is_known) /* an earlier try was taken; the answer says again what was sent */
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    else if (res.status && sent->outcome != CONNECTOR_SENT)
        judge(a, said, now_ms, sent);
    return OK;
}

/* ── webhook ── */

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    const str secrets[] = {setup_secret(a, hook->setup, "channel_secret")};
    const struct sign_request given = {
        .req = hook->req, .secrets = secrets, .secret_count = 1, .now_ms = hook->now_ms};
    return sign_check(a, &sign_line, &given, why);
}

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    struct line_said said;
    struct json_out j = json_out_make(a, 4096);
    if (!on) { /* LINE has no call for it: the address answers 404 from now on */
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
        return OK;
    }
    json_obj(&j);
    json_kv_str(&j, S("endpoint"), setup->hook_url);
    json_obj_end(&j);
    const struct line_call call = {.method = HTTP_PUT,
        .host = "api",
        .path = S("/v2/bot/channel/webhook/endpoint"),
        .body = json_str(&j)};
    return line_ask(client, a, setup, &call, clock_now_ms(), sent, &said);
}

/* ── the account ── */

/* A short-lived token with the channel's id and secret. *secrets: the whole new object. */
static err issue(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_sent *sent, str *secrets, int64_t *expires_ms)
{
    struct http_result res = {0};
    struct form form = form_make(a);
    str id = setup_setting(a, &connector_line, setup, "channel_id");
    str secret = setup_secret(a, setup, "channel_secret");
    form_add(&form, "grant_type", S("client_credentials"));
    form_add(&form, "client_id", id);
    form_add(&form, "client_secret", secret);
    const struct network_call call = {.method = HTTP_POST,
        .url = str_cat(a, connector_host_url(a, &connector_line, setup->hosts, S("api")),
            S("/v2/oauth/accessToken")),
        .body = form_str(&form),
        .content_type = S("application/x-www-form-urlencoded")};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("LINE"), &res, now_ms, sent);
    const struct json *root = network_json(a, &res);
    str token = take_line(root, "access_token", 2048);
    int64_t seconds = take_int(root, "expires_in", 0);
    if (sent->outcome == CONNECTOR_FINAL || (sent->outcome == CONNECTOR_SENT && !token.len)) {
        sent->outcome = CONNECTOR_REAUTH;
        sent->is_channel_wide = true;
        sent->why = S("LINE gives no token for this channel id and secret.");
    }
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    *expires_ms = seconds > 0 && seconds < INT32_MAX ? now_ms + seconds * 1000 : 0;
    const struct access_member members[] = {
        {.name = S("access_token"), .text = token        },
        {.name = S("expires_ms"),   .number = *expires_ms},
    };
    *secrets = access_members_set(a, setup->secrets, members, 2);
    return OK;
}

static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    *out = (struct connector_refreshed){.end = {.outcome = CONNECTOR_SENT}};
    if (!setup_setting(a, &connector_line, setup, "channel_id").len) {
        out->secrets = setup->secrets; /* a long-lived token: nothing to renew */
        return OK;
    }
    return issue(client, a, setup, now_ms, &out->end, &out->secrets, &out->expires_ms);
}

static str note_of(const struct json *info)
{
    if (str_eq(take_line(info, "chatMode", 20), S("chat")))
        return S("The account's response mode is \"Chat\". See in the LINE Official Account "
                 "Manager that webhooks are on.");
    return (str){0};
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *given,
    int64_t now_ms, struct connector_checked *out)
{
    struct line_said said;
    struct connector_setup setup = *given;
    str secrets = {0};
    const struct line_call call = {.method = HTTP_GET, .host = "api", .path = S("/v2/bot/info")};
    *out = (struct connector_checked){0};
    bool has_id = setup_setting(a, &connector_line, &setup, "channel_id").len > 0;
    if (!setup_secret(a, &setup, "access_token").len && has_id) {
        TRY(issue(client, a, &setup, now_ms, &out->end, &secrets, &out->expires_ms));
        if (out->end.outcome != CONNECTOR_SENT)
            return OK;
        setup.secrets = secrets;
    }
    TRY(line_ask(client, a, &setup, &call, now_ms, &out->end, &said));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *account = NEW(a, struct connector_account, 1);
    account->external_id = take_id(said.root, "userId");
    account->handle = take_line(said.root, "basicId", LIMIT_NAME_BYTES);
    account->name = take_line(said.root, "displayName", LIMIT_NAME_BYTES);
    account->avatar_url = take_url(said.root, "pictureUrl");
    account->secrets = secrets;
    out->accounts = account;
    out->n = 1;
    out->note = note_of(said.root);
    return OK;
}

/* ── files and people ── */

/* Sound and video are made ready after they were sent. SENT: take it. */
static err look_ready(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str id, struct connector_sent *end)
{
    struct line_said said;
    const struct line_call call = {.method = HTTP_GET,
        .host = "data",
        .path = str_print(a, "/v2/bot/message/%.*s/content/transcoding", SARG(id))};
    TRY(line_ask(client, a, setup, &call, clock_now_ms(), end, &said));
    str status = take_line(said.root, "status", 20);
    if (end->outcome != CONNECTOR_SENT)
        return OK;
    if (str_eq(status, S("processing")))
        *end = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("LINE is still getting the file ready.")};
    else if (str_eq(status, S("failed")))
        *end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("LINE could not get the file ready.")};
    return OK;
}

static err media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out)
{
    *out = (struct connector_source){.end = {.outcome = CONNECTOR_SENT}};
    bool takes_time = str_starts(at->type, S("video/")) || str_starts(at->type, S("audio/"));
    if (!line_is_id(at->media_id)) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("This is no file of LINE's.")};
        return OK;
    }
    if (takes_time)
        TRY(look_ready(client, a, setup, at->media_id, &out->end));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    str base = connector_host_url(a, &connector_line, setup->hosts, S("data"));
    str token = setup_secret(a, setup, "access_token");
    out->url = str_print(a, "%.*s/v2/bot/message/%.*s/content", SARG(base), SARG(at->media_id));
    out->headers[out->n_headers++] =
        (struct http_header){S("Authorization"), str_cat(a, S("Bearer "), token)};
    return OK;
}

static err person(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str contact_external_id, str thread_key, struct connector_sent *end,
    struct connector_item *person)
{
    struct line_said said;
    struct line_call call = {.method = HTTP_GET, .host = "api"};
    *person =
        (struct connector_item){.kind = ITEM_PERSON, .contact_external_id = contact_external_id};
    *end = (struct connector_sent){
        .outcome = CONNECTOR_FINAL, .why = S("LINE does not name this person.")};
    bool is_group = str_eq(contact_external_id, thread_key);
    if (!line_is_id(contact_external_id) || is_group || (thread_key.len && !line_is_id(thread_key)))
        return OK;
    if (thread_key.len)
        call.path = str_print(a, "/v2/bot/%s/%.*s/member/%.*s",
            str_starts(thread_key, S("R")) ? "room" : "group", SARG(thread_key),
            SARG(contact_external_id));
    else
        call.path = str_print(a, "/v2/bot/profile/%.*s", SARG(contact_external_id));
    TRY(line_ask(client, a, setup, &call, clock_now_ms(), end, &said));
    if (end->outcome != CONNECTOR_SENT)
        return OK;
    person->contact_name = take_line(said.root, "displayName", LIMIT_NAME_BYTES);
    person->contact_avatar_url = take_url(said.root, "pictureUrl");
    person->contact_language = take_line(said.root, "language", 35);
    return OK;
}

/* ── acts ── */

static err act(struct http_client *client, struct arena *a, const struct connector_act *given,
    struct connector_sent *sent)
{
    struct line_said said;
    const struct json *token = NULL;
    struct json_out j = json_out_make(a, 4096);
    str why;
    *sent = (struct connector_sent){
        .outcome = CONNECTOR_FINAL, .why = S("LINE has no such thing for accounts.")};
    if (given->kind != ACT_READ)
        return OK;
    *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (!given->token.len || json_parse(a, given->token, &token, &why) != OK)
        return OK;
    str mark = take_line(token, "m", READING_TOKEN_BYTES);
    if (!mark.len)
        return OK;
    json_obj(&j);
    json_kv_str(&j, S("markAsReadToken"), mark);
    json_obj_end(&j);
    const struct line_call call = {.method = HTTP_POST,
        .host = "api",
        .path = S("/v2/bot/chat/markAsRead"),
        .body = json_str(&j),
        .may_repeat = true};
    return line_ask(client, a, given->setup, &call, given->now_ms, sent, &said);
}

/* Only between two: LINE refuses it for groups. */
static err typing(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str to, str thread_key, struct connector_sent *end)
{
    struct line_said said;
    struct json_out j = json_out_make(a, 4096);
    *end = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (thread_key.len)
        return OK;
    json_obj(&j);
    json_kv_str(&j, S("chatId"), to);
    json_kv_int(&j, S("loadingSeconds"), LOADING_S);
    json_obj_end(&j);
    const struct line_call call = {.method = HTTP_POST,
        .host = "api",
        .path = S("/v2/bot/chat/loading/start"),
        .body = json_str(&j),
        .may_repeat = true};
    return line_ask(client, a, setup, &call, clock_now_ms(), end, &said);
}

static const struct connector_setting settings[] = {
    {.name = "channel_secret",
     .kind = "secret",
     .is_required = true,
     .help = "From the channel's Basic settings in the LINE Developers console."},
    {.name = "access_token",
     .kind = "secret",
     .help =
            "The long-lived channel access token; may be left out when the channel id is given."},
    {.name = "free_replies",
     .kind = "choice",
     .standard = "yes",
     .choices = "yes no",
     .help = "Whether answers within a minute go as replies, which cost nothing; no: everything "
                "counts to the month's quota."},
    {.name = "channel_id",
     .kind = "text",
     .help = "With it and the secret Seva gets tokens itself and renews them every month."},
    {0                       },
};
static const struct connector_host hosts[] = {
    {"api",                       "https://api.line.me"},
    {"data",                           "https://api-data.line.me"},
    {0}
};
static const struct connector_media files[] = {
    {"*", LIMIT_UPLOAD_BYTES},
    {0  }
};

const struct connector connector_line = {
    .name = S_INIT("line"),
    .title = S_INIT("LINE"),
    .able = ABLE_HOOK | ABLE_BEGIN | ABLE_QUOTE | ABLE_BUTTONS,
    .acts_private = 1 << ACT_READ,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_UTF16,
                      .max_length = LINE_TEXT,
                      .max_length_with_file = LINE_TEXT,
                      .files_per_piece = LINE_MESSAGES - 1,
                      .media = files,
                      .may_split = true},
    .repeats_safely = true,
    .wants_preview = true,
    .verify = verify,
    .parse = line_parse,
    .send = line_send,
    .act = act,
    .check = check,
    .subscribe = subscribe,
    .refresh = refresh,
    .media = media,
    .person = person,
    .typing = typing,
};
