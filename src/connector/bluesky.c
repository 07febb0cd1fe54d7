/* Bluesky: mentions, answers and quotes of an account of the AT Protocol, and its chat, by asking
 * every twenty seconds (there are no webhooks, and its streams are WebSockets that know nothing of
 * accounts). Signing in is by app password: a session of two tokens that both change with every
 * renewal; signing in itself is limited (300 a day and less), so sessions are kept.
 *
 * Source: AT Protocol lexicons, 2026. UNSURE: the largest picture (a setting), how long sessions
 * last (their own `exp` is read). Thread: calls block. */
#include "connector/bluesky.h"

#include "base/limits.h"
#include "connector/access.h"
#include "connector/jwt.h"
#include "connector/reading.h"

enum { POLL_MS = 20 * 1000, SEND_GAP_MS = 500 };

/* ── sessions ── */

struct session {
    str did, handle, access, refresh, pds;
    int64_t expires_ms;
    bool is_active;
};

/* `exp` of a JSON web token; it is only read to renew it in time. 0 = not said. */
static int64_t end_of(struct arena *a, str token)
{
    int64_t ms = 0;
    return jwt_expires_unverified(a, token, &ms) == OK ? ms : 0;
}

static str pds_of(const struct json *document)
{
    const struct json *list = take_array(document, "service");
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        if (str_ends(take_line(v, "id", READING_ID_BYTES), S("#atproto_pds")))
            return take_url(v, "serviceEndpoint");
    return (str){0};
}

static str token_line(const struct json *root, const char *key)
{
    enum { TOKEN_BYTES = 8192 };
    const struct json *v = json_get(root, str_from(key));
    bool is_text = v && v->kind == JSON_STRING && v->text.len <= TOKEN_BYTES;
    return is_text ? take_line(root, key, TOKEN_BYTES) : (str){0};
}

static void read_session(
    struct arena *a, const struct json *root, struct session *s, struct connector_sent *end)
{
    const struct json *active = json_get(root, S("active"));
    *s = (struct session){.did = take_id(root, "did"),
        .handle = take_line(root, "handle", LIMIT_NAME_BYTES),
        .access = token_line(root, "accessJwt"),
        .refresh = token_line(root, "refreshJwt"),
        .pds = pds_of(take_object(root, "didDoc")),
        .is_active = json_bool(active, true)};
    s->expires_ms = end_of(a, s->access);
    if (!bluesky_is_did(s->did) || !s->access.len || !s->refresh.len)
        *end = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("Bluesky's answer cannot be read.")};
    else if (!s->is_active)
        *end = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
            .is_channel_wide = true,
            .why = S("The account is not active at Bluesky. Activate it there and test the "
                     "channel.")};
}

static err sign_in(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct session *s, struct connector_sent *end)
{
    str identifier = setup_setting(a, &connector_bluesky, setup, "identifier");
    str password = setup_secret(a, setup, "app_password");
    struct bluesky_answer answer;
    struct json_out j = json_out_make(a, 8192);
    if (str_starts(identifier, S("@")))
        identifier = str_skip(identifier, 1);
    *end = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("Enter the account's handle and an app password.")};
    if (!identifier.len || !password.len)
        return OK;
    json_obj(&j);
    json_kv_str(&j, S("identifier"), identifier);
    json_kv_str(&j, S("password"), password);
    json_obj_end(&j);
    const struct bluesky_ask call = {.setup = setup,
        .method = HTTP_POST,
        .nsid = "com.atproto.server.createSession",
        .json = json_str(&j),
        .as = BLUESKY_NOBODY,
        .now_ms = now_ms};
    TRY(bluesky_do(client, a, &call, end, &answer));
    if (end->outcome == CONNECTOR_UNKNOWN)
        end->outcome = CONNECTOR_RETRY;
    if (end->outcome == CONNECTOR_SENT)
        read_session(a, answer.root, s, end);
    return OK;
}

/* The object with the session's members in place of older ones. before: "{}" for these alone. A
 * renewal may leave the document out, and with it the address. */
static str secrets_with(struct arena *a, str before, const struct session *s)
{
    const struct access_member members[] = {
        {.name = S("access_token"),                .text = s->access      },
        {.name = S("refresh_token"),               .text = s->refresh     },
        {.name = s->pds.len ? S("pds") : (str){0}, .text = s->pds         },
        {.name = S("expires_ms"),                  .number = s->expires_ms},
    };
    return access_members_set(a, before, members, (ptrdiff_t)(sizeof members / sizeof *members));
}

/* A refresh token that has ended, or that a lost answer has spent, is replaced by signing in. */
static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    const struct bluesky_ask call = {.setup = setup,
        .method = HTTP_POST,
        .nsid = "com.atproto.server.refreshSession",
        .as = BLUESKY_REFRESH,
        .now_ms = now_ms};
    struct bluesky_answer answer;
    struct session s = {0};
    *out = (struct connector_refreshed){0};
    TRY(bluesky_do(client, a, &call, &out->end, &answer));
    if (out->end.outcome == CONNECTOR_UNKNOWN)
        out->end.outcome = CONNECTOR_RETRY;
    if (out->end.outcome == CONNECTOR_SENT)
        read_session(a, answer.root, &s, &out->end);
    bool is_spent = str_eq(answer.error, S("ExpiredToken")) ||
                    str_eq(answer.error, S("InvalidToken")) ||
                    str_eq(answer.error, S("AuthMissing")) || !answer.status;
    if (out->end.outcome == CONNECTOR_REAUTH && is_spent && !s.did.len)
        TRY(sign_in(client, a, setup, now_ms, &s, &out->end));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    out->secrets = secrets_with(a, setup->secrets, &s);
    out->expires_ms = s.expires_ms;
    return OK;
}

/* ── the account ── */

static err get_as(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct session *s, const char *nsid, str query, bool is_chat, int64_t now_ms,
    struct connector_sent *end, struct bluesky_answer *answer)
{
    const struct bluesky_ask call = {.setup = setup,
        .method = HTTP_GET,
        .nsid = nsid,
        .query = query,
        .is_chat = is_chat,
        .token = s->access,
        .now_ms = now_ms};
    return bluesky_do(client, a, &call, end, answer);
}

/* The session that there is, if it is still good; else a new one. */
static err find_session(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, int64_t now_ms, struct session *s,
    struct connector_sent *end)
{
    struct bluesky_answer answer;
    if (setup_secret(a, setup, "access_token").len) {
        const struct session now = {0};
        TRY(get_as(client, a, setup, &now, "com.atproto.server.getSession", (str){0}, false, now_ms,
            end, &answer));
        str did = take_id(answer.root, "did");
        bool is_same = !setup->external_id.len || str_eq(did, setup->external_id);
        if (end->outcome == CONNECTOR_SENT && bluesky_is_did(did) && is_same &&
            json_bool(json_get(answer.root, S("active")), true)) {
            *s = (struct session){.did = did,
                .handle = take_line(answer.root, "handle", LIMIT_NAME_BYTES),
                .is_active = true};
            return OK;
        }
    }
    return sign_in(client, a, setup, now_ms, s, end);
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct session s = {0};
    struct connector_sent end;
    struct bluesky_answer profile, chat;
    *out = (struct connector_checked){0};
    TRY(find_session(client, a, setup, now_ms, &s, &out->end));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *account = NEW(a, struct connector_account, 1);
    account->external_id = s.did;
    account->handle = str_cat(a, S("@"), s.handle);
    if (s.access.len) {
        account->secrets = secrets_with(a, S("{}"), &s);
        out->expires_ms = s.expires_ms;
    }
    TRY(get_as(client, a, setup, &s, "app.bsky.actor.getProfile",
        str_cat(a, S("actor="), http_percent_encode(a, s.did)), false, now_ms, &end, &profile));
    account->name = take_line(profile.root, "displayName", LIMIT_NAME_BYTES);
    account->avatar_url = take_url(profile.root, "avatar");
    TRY(get_as(client, a, setup, &s, "chat.bsky.convo.listConvos", S("limit=1"), true, now_ms, &end,
        &chat));
    if (end.outcome == CONNECTOR_REAUTH || end.outcome == CONNECTOR_FINAL)
        out->note = S("The app password may not read direct messages. Make one with that box "
                      "ticked to have the chat here too.");
    out->accounts = account;
    out->n = 1;
    return OK;
}

/* ── pictures ── */

static bool is_cid(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (!((s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'a' && s.at[i] <= 'z') ||
                (s.at[i] >= 'A' && s.at[i] <= 'Z')))
            return false;
    return s.len > 0;
}

/* media_id: "<did>/<cid>", served by the network's own picture store. */
static err media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out)
{
    str did, cid;
    (void)client;
    *out = (struct connector_source){.end = {.outcome = CONNECTOR_SENT}};
    if (!str_cut(at->media_id, '/', &did, &cid) || !bluesky_is_did(did) || !is_cid(cid)) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("Bluesky has no picture of this name.")};
        return OK;
    }
    out->url = str_print(a, "%.*s/img/feed_fullsize/plain/%.*s/%.*s@jpeg",
        SARG(connector_host_url(a, &connector_bluesky, setup->hosts, S("cdn"))), SARG(did),
        SARG(cid));
    return OK;
}

/* ── the network ── */

static const struct connector_setting settings[] = {
    {.name = "identifier",
     .kind = "text",
     .is_required = true,
     .help = "The account's handle, like care.example.com or name.bsky.social."},
    {.name = "app_password",
     .kind = "secret",
     .is_required = true,
     .help =
            "An app password (Settings, Privacy and security), with access to direct messages."},
    {.name = "service",
     .kind = "text",
     .standard = "https://bsky.social",
     .help = "Where the account signs in; another server than Bluesky's own is entered here."},
    {.name = "image_bytes",
     .kind = "number",
     .standard = "1000000",
     .help = "The largest picture in bytes."},
    {0},
};
static const struct connector_host hosts[] = {
    {"api",                   ""},
    {"cdn",                       "https://cdn.bsky.app"},
    {0}
};
static const struct connector_media files[] = {
    {"image/jpeg image/png image/webp image/gif", BLUESKY_IMAGE_BYTES},
    {"video/mp4",                                           BLUESKY_VIDEO_BYTES},
    {0}
};

const struct connector connector_bluesky = {
    .name = S_INIT("bluesky"),
    .title = S_INIT("Bluesky"),
    .able = ABLE_POLL | ABLE_PRIVATE_REPLY | ABLE_BEGIN | ABLE_COMMENTS,
    .acts_private = 1 << ACT_REACT | 1 << ACT_READ,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_LIKE,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_GRAPHEMES,
                      .max_length = BLUESKY_CHAT_GRAPHEMES,
                      .max_bytes = BLUESKY_CHAT_BYTES,
                      .may_split = true},
    .reads_post = true,
    .public_rules = { .unit = LENGTH_GRAPHEMES,
                      .max_length = BLUESKY_GRAPHEMES,
                      .max_bytes = BLUESKY_BYTES,
                      .max_length_with_file = BLUESKY_GRAPHEMES,
                      .files_per_piece = BLUESKY_IMAGES,
                      .media = files,
                      .may_number = true,
                      .may_split = true,
                      .is_chain = true},
    .repeats_safely = true,
    .poll_ms = POLL_MS,
    .send_gap_ms = SEND_GAP_MS,
    .parse = bluesky_parse,
    .poll = bluesky_poll,
    .send = bluesky_send,
    .act = bluesky_act,
    .check = check,
    .refresh = refresh,
    .media = media,
};
