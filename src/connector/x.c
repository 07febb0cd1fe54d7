/* X (Twitter): mentions, replies and quotes as public messages, direct messages as private ones.
 * The other files of this network: see x.h.
 *
 * Since 23 February 2026 apps on self-serve plans may answer a post only when its author has
 * mentioned or quoted the account: the setting access says which plan it is. A message that may be
 * answered has the part "summons" and the token X_SUMMONED. Sending knows no key against
 * repetition; see x_send.c. Thread: any; calls block. */
#include "connector/x.h"

#include "base/clock.h"
#include "base/limits.h"
#include "connector/access.h"
#include "connector/oauth2.h"
#include "connector/sign.h"

enum { TOKEN_BYTES = 1024, MB = 1000 * 1000 };

/* ── settings ── */

static const struct connector_setting settings[] = {
    {.name = "auth",
     .kind = "choice",
     .standard = "oauth2",
     .choices = "oauth2 oauth1",
     .help =
            "How Seva acts for the account: oauth2 (a person presses Connect) or oauth1 (four keys "
            "of the app and the account)."},
    {.name = "consumer_key",
     .kind = "text",
     .help = "The app's API key (consumer key) from X's developer console; needed for oauth1."},
    {.name = "consumer_secret",
     .kind = "secret",
     .help = "The app's API key secret (consumer secret): X signs what it sends us with it."},
    {.name = "bearer_token",
     .kind = "secret",
     .help = "The app's bearer token; needed for webhooks and streams."},
    {.name = "client_id", .kind = "text", .help = "The app's OAuth 2.0 client id."},
    {.name = "client_secret",                                                                 .kind = "secret", .help = "The app's OAuth 2.0 client secret."},
    {.name = "oauth1_token",   .kind = "secret", .help = "With oauth1: the account's access token."},
    {.name = "oauth1_token_secret",
     .kind = "secret",
     .help = "With oauth1: the account's access token secret."},
    {.name = "access",
     .kind = "choice",
     .standard = "self_serve",
     .choices = "self_serve enterprise",
     .help = "The app's plan: self-serve apps may answer only posts that mention or quote us."},
    {.name = "source",
     .kind = "choice",
     .standard = "webhook",
     .choices = "webhook activity stream poll",
     .help =
            "How messages come: webhook (X calls Seva), activity (the same over a stream), stream "
            "(filtered stream: posts only) or poll."},
    {.name = "max_length",
     .kind = "number",
     .standard = "280",
     .help = "How long a post may be: 280, or up to 25000 for Premium accounts."},
    {.name = "links",
     .kind = "choice",
     .standard = "allow",
     .choices = "allow refuse",
     .help =
            "X charges much more for a post with a link; refuse keeps agents from sending one."},
    {.name = "backfill_minutes",
     .kind = "number",
     .standard = "0",
     .help = "Enterprise: minutes (1 to 5) a stream brings again after an interruption."},
    {.name = "api_version",                                                                    .kind = "text", .standard = "2", .help = "Version of X's API."},
    {0                                      },
};
static const struct connector_host hosts[] = {
    {"api",            "https://api.x.com"},
    {"site",                "https://x.com"},
    {"ton","https://ton.twitter.com"},
    {"video",            "https://video.twimg.com"},
    {0               },
};

str x_setting(struct arena *a, const struct connector_setup *s, const char *name)
{
    return setup_setting(a, &connector_x, s, name);
}

bool x_is_oauth1(struct arena *a, const struct connector_setup *s)
{
    return str_eq(x_setting(a, s, "auth"), S("oauth1"));
}

bool x_is_self_serve(struct arena *a, const struct connector_setup *s)
{
    return !str_eq(x_setting(a, s, "access"), S("enterprise"));
}

enum x_source x_source(struct arena *a, const struct connector_setup *s)
{
    str source = x_setting(a, s, "source");
    if (str_eq(source, S("activity")))
        return X_ACTIVITY;
    if (str_eq(source, S("stream")))
        return X_STREAM;
    return str_eq(source, S("poll")) ? X_POLL : X_WEBHOOK;
}

/* ── webhook ── */

/* CRC: at the registration and every half an hour or so. */
static err challenge(
    struct arena *a, const struct connector_hook *hook, struct connector_answer *answer, str *why)
{
    str token = http_query_get(hook->req, S("crc_token"));
    str secret = setup_secret(a, hook->setup, "consumer_secret");
    if (hook->req->method != HTTP_GET || !token.len)
        return E_NOT_FOUND;
    if (!secret.len || token.len > TOKEN_BYTES) {
        *why = S("The consumer secret is missing in the channel's settings.");
        return E_UNAUTHENTICATED;
    }
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("response_token"), sign_x_challenge(a, secret, token));
    json_obj_end(&j);
    *answer = (struct connector_answer){
        .status = 200, .content_type = "application/json", .body = json_str(&j)};
    return OK;
}

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    const str secret = setup_secret(a, hook->setup, "consumer_secret");
    const struct sign_request given = {
        .req = hook->req, .secrets = &secret, .secret_count = 1, .now_ms = hook->now_ms};
    return sign_check(a, &sign_x, &given, why);
}

/* ── check ── */

static void note(struct sb *b, const char *words)
{
    if (b->len)
        sb_byte(b, ' ');
    sb_add(b, str_from(words));
}

/* What the app lets us hear, asked with its own token. */
static err note_app(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, struct sb *notes)
{
    enum x_source source = x_source(a, s);
    const struct json *root;
    enum x_fault fault;
    struct connector_sent end;
    if (source == X_POLL)
        return OK;
    if (!setup_secret(a, s, "bearer_token").len) {
        note(notes, "The app's bearer token is missing: only polling works without it.");
        return OK;
    }
    if (source == X_WEBHOOK && !setup_secret(a, s, "consumer_secret").len)
        note(notes,
            "The consumer secret is missing: what X sends cannot be checked and is refused.");
    const struct x_ask ask = {.method = HTTP_GET,
        .as = X_AS_APP,
        .path = source == X_STREAM ? S("/tweets/search/stream/rules") : S("/webhooks")};
    TRY(x_call(client, a, s, now_ms, &ask, &end, &fault, &root));
    if (end.outcome == CONNECTOR_FINAL || end.outcome == CONNECTOR_REAUTH)
        note(notes, str_z(a, end.why));
    return OK;
}

static void note_plan(struct arena *a, const struct connector_setup *s, struct sb *notes)
{
    str scope = setup_secret(a, s, "scope");
    if (!x_is_oauth1(a, s) && scope.len && str_find(scope, S("dm.")) < 0)
        note(notes, "Direct messages are not among the rights that were given; connect again.");
    if (x_source(a, s) == X_STREAM)
        note(notes, "Direct messages are polled every two minutes beside the filtered stream.");
    if (x_is_self_serve(a, s))
        note(notes, "Self-serve plan: only posts that mention or quote the account can be answered "
                    "in public.");
    if (!str_eq(x_setting(a, s, "links"), S("refuse")))
        note(notes, "X charges much more for a post with a link.");
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, struct connector_checked *out)
{
    const struct json *root;
    enum x_fault fault;
    struct sb notes = sb_make(a, 0);
    const struct x_ask ask = {.method = HTTP_GET,
        .path = S("/users/me"),
        .query = S("user.fields=id,name,username,profile_image_url,verified,verified_type,"
                   "protected")};
    *out = (struct connector_checked){0};
    TRY(x_call(client, a, s, now_ms, &ask, &out->end, &fault, &root));
    if (out->end.outcome == CONNECTOR_UNKNOWN)
        out->end.outcome = CONNECTOR_RETRY;
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    const struct json *me = take_object(root, "data");
    struct connector_account *account = NEW(a, struct connector_account, 1);
    str handle = x_handle(me);
    *account = (struct connector_account){.external_id = take_id(me, "id"),
        .handle = handle.len ? str_cat(a, S("@"), handle) : handle,
        .name = take_line(me, "name", LIMIT_NAME_BYTES),
        .avatar_url = x_picture(a, me)};
    if (!x_is_id(account->external_id)) {
        out->end.outcome = CONNECTOR_RETRY;
        out->end.why = S("X did not say whose account it is.");
        return OK;
    }
    out->accounts = account;
    out->n = 1;
    if (take_bool(me, "protected"))
        note(&notes, "The account is protected: strangers cannot see its answers.");
    TRY(note_app(client, a, s, now_ms, &notes));
    note_plan(a, s, &notes);
    out->note = sb_str(&notes);
    if (!x_is_oauth1(a, s)) {
        str expires = setup_secret(a, s, "expires_ms");
        if (str_int(expires, 0, INT64_MAX, &out->expires_ms) != OK)
            out->expires_ms = 0;
    }
    return OK;
}

/* ── tokens ── */

/* The refresh token changes with every use: the caller stores the result before anything else, and
 * runs one refresh of a channel at a time. */
static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, struct connector_refreshed *out)
{
    static const struct access_names names = {"client_id", "client_secret", "api"};
    *out = (struct connector_refreshed){.end = {.outcome = CONNECTOR_SENT}, .secrets = s->secrets};
    if (x_is_oauth1(a, s))
        return OK; /* they live until they are taken back */
    return access_refresh(client, a, &connector_x, s, &names, now_ms, out);
}

/* ── files of direct messages ── */

/* media_id: "ton:/path" or "video:/path" (x_text.c), on X's own hosts only. */
static err media(struct http_client *client, struct arena *a, const struct connector_setup *s,
    const struct connector_attachment *at, struct connector_source *out)
{
    str host, path, missing = {0};
    (void)client;
    *out = (struct connector_source){.end = {.outcome = CONNECTOR_SENT}};
    (void)str_cut(at->media_id, ':', &host, &path);
    bool is_known = str_eq(host, S("ton")) || str_eq(host, S("video"));
    if (!is_known || !str_starts(path, S("/")) || str_find(path, S("@")) >= 0) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("X: there is no such file.")};
        return OK;
    }
    out->url = str_cat(a, connector_host_url(a, &connector_x, s->hosts, host), path);
    str header = x_authorization(a, s, X_AS_USER, HTTP_GET, out->url, clock_now_ms(), &missing);
    if (missing.len) {
        x_missing(X_AS_USER, missing, &out->end);
        return OK;
    }
    out->headers[out->n_headers++] = (struct http_header){S("Authorization"), header};
    return OK;
}

/* ── the network ── */

static const struct connector_media post_media[] = {
    {"image/jpeg image/png image/webp", 5 * MB},
    {"image/gif",                                 15 * MB},
    {"video/mp4 video/quicktime",LIMIT_UPLOAD_BYTES}, /* X: 512 MB and 140 s */
    {0      },
};

const struct connector connector_x = {
    .name = S_INIT("x"),
    .title = S_INIT("X"),
    .able = ABLE_HOOK | ABLE_POLL | ABLE_LISTEN | ABLE_PRIVATE_REPLY | ABLE_READ | ABLE_BEGIN |
            ABLE_COMMENTS,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_HIDE | 1 << ACT_UNHIDE | 1 << ACT_LIKE,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = X_MESSAGE_LENGTH,
                      .max_length_with_file = X_MESSAGE_LENGTH,
                      .files_per_piece = 1,
                      .media = post_media,
                      .may_split = true},
    .reads_post = true,
    .public_rules = {.unit = LENGTH_X,
                      .max_length = X_POST_LENGTH,
                      .max_length_with_file = X_POST_LENGTH,
                      .files_per_piece = X_PHOTOS,
                      .media = post_media,
                      .may_number = true,
                      .may_split = true,
                      .length_setting = "max_length",
                      .is_chain = true},
    .approval = "An app in X's developer console with a paid plan (pay per use or enterprise) and "
                "the permissions Read, Write and Direct Messages.",
    .poll_ms = 30 * 1000,
    .oauth2 = &oauth2_x,
    .challenge = challenge,
    .verify = verify,
    .parse = x_parse,
    .poll = x_poll,
    .listen = x_listen,
    .send = x_send,
    .act = x_act,
    .check = check,
    .subscribe = x_subscribe,
    .refresh = refresh,
    .media = media,
    .person = x_person,
    .lookup = x_lookup,
    .notice = {"x.com twitter.com",                          "x.com twitter.com t.co"            },
};
