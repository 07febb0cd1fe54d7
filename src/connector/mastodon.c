/* Mastodon, and servers with its API (GoToSocial, Pleroma and others as far as they keep to it):
 * mentions and answers to an account of any instance, public and private. They come by the stream
 * and by asking. The instance's own limits are read when the channel is tested and stand in its
 * settings from there on.
 *
 * "Direct" posts are private mentions: not encrypted, and readable by the instances' people.
 * Source: Mastodon's documentation of mid 2026. Thread: calls block. */
#include "connector/mastodon.h"

#include "base/limits.h"
#include "connector/access.h"
#include "connector/oauth2.h"
#include "connector/reading.h"

enum { POLL_MS = 60 * 1000, SEND_GAP_MS = 1000 }; /* 300 calls in five minutes for all of it */

/* ── the account ── */

static err get(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const char *path, int64_t now_ms, struct connector_sent *end, struct mastodon_answer *answer)
{
    const struct mastodon_ask call = {
        .setup = setup, .method = HTTP_GET, .path = str_from(path), .now_ms = now_ms};
    return mastodon_do(client, a, &call, end, answer);
}

static void put_limit(struct json_out *j, const char *name, const struct json *from,
    const char *key, int64_t least, int64_t most)
{
    int64_t n = take_int(from, key, -1);
    if (n >= least && n <= most)
        json_kv_str(j, str_from(name), str_print(j->b.a, "%lld", (long long)n));
}

/* Texts that are counted a little otherwise there, and our mention before them, still fit. */
static void put_length(struct json_out *j, const struct json *statuses)
{
    enum { LEAST = 100, MOST = 100000, PERCENT = 98 };
    int64_t n = take_int(statuses, "max_characters", 0);
    if (n >= LEAST && n <= MOST)
        json_kv_str(j, S("max_length"),
            str_print(j->b.a, "%lld", (long long)(n * PERCENT / 100 - MASTODON_MENTION)));
}

static str limits_of(struct arena *a, const struct json *instance)
{
    const struct json *configuration = take_object(instance, "configuration");
    const struct json *statuses = take_object(configuration, "statuses");
    const struct json *media = take_object(configuration, "media_attachments");
    const struct json *urls = take_object(configuration, "urls");
    str streaming = take_line(urls, "streaming", READING_URL_BYTES);
    if (!streaming.len) /* version 1 of the instance */
        streaming = take_line(take_object(instance, "urls"), "streaming_api", READING_URL_BYTES);
    struct json_out j = json_out_make(a, 8192);
    json_obj(&j);
    put_length(&j, statuses);
    put_limit(&j, "max_files", statuses, "max_media_attachments", 0, 100);
    put_limit(&j, "image_bytes", media, "image_size_limit", 1, INT64_MAX);
    put_limit(&j, "video_bytes", media, "video_size_limit", 1, INT64_MAX);
    if (streaming.len)
        json_kv_str(&j, S("streaming_url"), streaming);
    json_obj_end(&j);
    return json_str(&j);
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct mastodon_answer answer, instance;
    struct connector_sent end;
    *out = (struct connector_checked){0};
    TRY(get(client, a, setup, "/api/v1/accounts/verify_credentials", now_ms, &out->end, &answer));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *account = NEW(a, struct connector_account, 1);
    str handle = take_line(answer.root, "acct", LIMIT_NAME_BYTES);
    account->external_id = take_id(answer.root, "id");
    account->handle = handle.len ? str_cat(a, S("@"), handle) : handle;
    account->name = take_line(answer.root, "display_name", LIMIT_NAME_BYTES);
    account->avatar_url = take_url(answer.root, "avatar");
    TRY(get(client, a, setup, "/api/v2/instance", now_ms, &end, &instance));
    if (end.outcome == CONNECTOR_FINAL)
        TRY(get(client, a, setup, "/api/v1/instance", now_ms, &end, &instance));
    if (end.outcome == CONNECTOR_SENT)
        account->settings = limits_of(a, instance.root);
    else
        out->note = S("The instance does not say its limits; Mastodon's usual ones are taken.");
    out->accounts = account;
    out->n = 1;
    if (!mastodon_is_id(account->external_id)) {
        out->n = 0;
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("The server does not speak Mastodon's API.")};
    }
    return OK;
}

/* ── the application at the instance ── */

static err enroll(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str redirect_uri, int64_t now_ms, struct connector_refreshed *out)
{
    str base = mastodon_base(a, setup), site, path;
    struct json_out j = json_out_make(a, 8192);
    struct http_result res = {0};
    *out = (struct connector_refreshed){
        .end = {.outcome = CONNECTOR_FINAL,
                .why = S("Enter the address of the account's instance, "
                     "like mastodon.social.")}
    };
    if (!base.len)
        return OK;
    json_obj(&j);
    json_kv_str(&j, S("client_name"), S("Seva"));
    json_kv_str(&j, S("redirect_uris"), redirect_uri);
    json_kv_str(&j, S("scopes"), oauth2_mastodon.scopes);
    ptrdiff_t scheme = str_find(redirect_uri, S("://"));
    if (scheme > 0) {
        (void)str_cut(str_skip(redirect_uri, scheme + 3), '/', &site, &path);
        json_kv_str(&j, S("website"),
            str_print(a, "%.*s://%.*s", SARG(str_sub(redirect_uri, 0, scheme)), SARG(site)));
    }
    json_obj_end(&j);
    const struct network_call call = {
        .method = HTTP_POST, .url = str_cat(a, base, S("/api/v1/apps")), .body = json_str(&j)};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("The instance"), &res, now_ms, &out->end);
    if (out->end.outcome == CONNECTOR_UNKNOWN)
        out->end.outcome = CONNECTOR_RETRY; /* one application more does no harm */
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    const struct json *root = network_json(a, &res);
    str id = take_line(root, "client_id", LIMIT_NAME_BYTES);
    str secret = take_line(root, "client_secret", LIMIT_NAME_BYTES);
    const struct access_member members[] = {
        {.name = S("client_id"),     .text = id    },
        {.name = S("client_secret"), .text = secret}
    };
    if (!id.len || !secret.len)
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("The server does not speak Mastodon's API.")};
    else
        out->secrets = access_members_set(a, setup->secrets, members, 2);
    return OK;
}

/* ── the network ── */

static const struct connector_setting settings[] = {
    {.name = "server",
     .kind = "text",
     .is_required = true,
     .help = "The account's instance, like mastodon.social."},
    {.name = "access_token",
     .kind = "secret",
     .help =
            "Instead of signing in there: the token of an application made by hand (Preferences, "
            "Development)."},
    {.name = "replies",
     .kind = "choice",
     .standard = "same",
     .choices = "same unlisted",
     .help = "Who sees public answers: as many as see the question, or, unlisted, without the "
                "public timelines."},
    {.name = "max_length",
     .kind = "number",
     .help = "How long a post may be; Seva reads it from the instance."},
    {.name = "max_files",
     .kind = "number",
     .help = "How many files a post takes; Seva reads it from the instance."},
    {.name = "image_bytes",
     .kind = "number",
     .help = "The largest picture in bytes; Seva reads it from the instance."},
    {.name = "video_bytes",
     .kind = "number",
     .help = "The largest film in bytes; Seva reads it from the instance."},
    {.name = "streaming_url",
     .kind = "text",
     .help = "Where the instance's stream is; Seva reads it from the instance."},
    {0          },
};
static const struct connector_host hosts[] = {
    {"api", ""},
    {"streaming",     ""},
    {0}
};
static const struct connector_media files[] = {
    {"image/jpeg image/png image/gif image/webp image/heic image/heif image/avif",
     MASTODON_IMAGE_BYTES},
    {"video/mp4 video/webm video/quicktime audio/",                                                                            MASTODON_VIDEO_BYTES},
    {0}
};
#define RULES                                                                                      \
    .unit = LENGTH_MASTODON, .max_length = MASTODON_LENGTH,                                        \
    .max_length_with_file = MASTODON_LENGTH, .files_per_piece = MASTODON_FILES, .media = files,    \
    .may_number = true, .may_split = true, .length_setting = "max_length"

const struct connector connector_mastodon = {
    .name = S_INIT("mastodon"),
    .title = S_INIT("Mastodon"),
    .able = ABLE_POLL | ABLE_LISTEN | ABLE_PRIVATE_REPLY | ABLE_BEGIN | ABLE_QUOTE | ABLE_COMMENTS,
    .acts_private = 1 << ACT_DELETE | 1 << ACT_EDIT | 1 << ACT_LIKE,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_EDIT | 1 << ACT_LIKE,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {RULES            },
    .public_rules = { RULES, .is_chain = true},
    .repeats_safely = true,
    .poll_ms = POLL_MS,
    .send_gap_ms = SEND_GAP_MS,
    .oauth2 = &oauth2_mastodon,
    .parse = mastodon_parse,
    .poll = mastodon_poll,
    .listen = mastodon_listen,
    .send = mastodon_send,
    .act = mastodon_act,
    .check = check,
    .enroll = enroll,
    .oauth_base = mastodon_base,
};
