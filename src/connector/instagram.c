/* instagram: direct messages, comments and mentions as a network. Here are its rules, its form,
 * accounts, tokens, subscription, people and look-ups. See instagram.h. */
#include "connector/instagram.h"

#include "base/limits.h"
#include "connector/access.h"
#include "connector/meta_node.h"
#include "connector/meta_send.h"

enum { POLL_MS = 10 * 60 * 1000 };      /* the webhook brings everything; this finds what it lost */
#define TOKEN_MS     (60 * META_DAY_MS) /* a token's life when the network does not say */
#define TOKEN_OLD_MS META_DAY_MS        /* younger ones cannot be renewed, nor those that ended */
#define RENEW_MS     (53 * META_DAY_MS) /* before their end: every week */

#define FIELDS "messages,messaging_postbacks,messaging_seen,message_reactions,comments,mentions"

/* The codes stand with or without 10, 100 or 551 before them. */
/* clang-format off */
static const struct meta_error errors[] = {
    {0, 2534022, CONNECTOR_FINAL, false,
     "The time to answer is over. It opens again when the person writes; a person's answer may "
     "still go as a human agent within seven days, if the network has approved that."},
    {0, 2534014, CONNECTOR_FINAL, false, "There is no such person for this account."},
    {0, 2534037, CONNECTOR_FINAL, false, "Another app holds this conversation."},
    {0},
};
/* clang-format on */

/* ── which way ── */

bool instagram_is_own_login(struct arena *a, const struct connector_setup *setup)
{
    return !str_eq(setup_setting(a, &connector_instagram, setup, "login"), S("facebook"));
}

/* The proof is Facebook's; Instagram's own login knows none. */
struct meta_api instagram_api(struct arena *a, const struct connector_setup *setup, int64_t now_ms)
{
    bool is_own = instagram_is_own_login(a, setup);
    return (struct meta_api){.connector = &connector_instagram,
        .setup = setup,
        .host = is_own ? "instagram" : "graph",
        .has_proof = !is_own,
        .errors = errors,
        .now_ms = now_ms};
}

str instagram_sender(struct arena *a, const struct connector_setup *setup)
{
    str page = setup_setting(a, &connector_instagram, setup, "page_id");
    str id = instagram_is_own_login(a, setup) ? setup->external_id : page;
    return id.len ? id : S("me");
}

/* ── accounts: Instagram's own login ── */

static str with_token(struct arena *a, str secrets, str token, int64_t expires_ms, int64_t now_ms)
{
    const struct access_member members[] = {
        {.name = S("access_token"), .text = token       },
        {.name = S("issued_ms"),    .number = now_ms    },
        {.name = S("expires_ms"),   .number = expires_ms},
    };
    return access_members_set(a, secrets, members, (ptrdiff_t)(sizeof members / sizeof *members));
}

/* The hour's token of an authorisation for one of 60 days; a token that is long-lived already is
 * refused there and stays. */
static err lengthen(struct http_client *client, struct arena *a, struct meta_api *api,
    struct connector_checked *out, str *secrets)
{
    const struct oauth2_tokens old = {.access = setup_secret(a, api->setup, "access_token")};
    struct oauth2_tokens longer = {0};
    struct oauth_end end = {0};
    bool is_long = setup_secret(a, api->setup, "issued_ms").len > 0;
    if (is_long || !setup_secret(a, api->setup, "app_secret").len)
        return OK;
    TRY(meta_extend(client, a, api, (str){0}, &old, &longer, &end));
    bool is_new = end.outcome == OAUTH_OK && longer.access.len;
    if (is_new)
        api->token = longer.access;
    out->expires_ms = is_new && longer.expires_ms ? longer.expires_ms : api->now_ms + TOKEN_MS;
    *secrets =
        with_token(a, S("{}"), is_new ? longer.access : old.access, out->expires_ms, api->now_ms);
    return OK;
}

static struct connector_account account_of(const struct json *v, const char *id)
{
    str handle = take_line(v, "username", LIMIT_NAME_BYTES);
    str name = take_line(v, "name", LIMIT_NAME_BYTES);
    return (struct connector_account){.external_id = take_id(v, id),
        .handle = handle,
        .name = name.len ? name : handle,
        .avatar_url = take_url(v, "profile_picture_url")};
}

static err check_own(struct http_client *client, struct arena *a, struct meta_api *api,
    struct connector_checked *out)
{
    struct form query = form_make(a);
    struct meta_answer answer = {0};
    str secrets = {0};
    TRY(lengthen(client, a, api, out, &secrets));
    form_add(&query, "fields", S("user_id,username,name,profile_picture_url"));
    const struct network_call call = meta_call(a, api, HTTP_GET, S("/me"), form_str(&query));
    TRY(meta_do(client, a, api, &call, &answer));
    out->end = answer.sent;
    if (answer.sent.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *one = NEW(a, struct connector_account, 1);
    *one = account_of(answer.json, "user_id"); /* the id that webhooks use; `id` is the app's */
    if (!one->external_id.len)
        *one = account_of(answer.json, "id");
    one->secrets = secrets;
    out->accounts = one;
    out->n = one->external_id.len ? 1 : 0;
    return OK;
}

/* ── accounts: behind a page ── */

#define BEHIND "instagram_business_account{id,username,name,profile_picture_url}"

static void add_behind(
    struct arena *a, const struct json *page, str page_id, str token, struct connector_checked *out)
{
    const struct access_member token_of = {.name = S("access_token"), .text = token};
    const struct access_member page_of = {.name = S("page_id"), .text = page_id};
    struct connector_account account =
        account_of(take_object(page, "instagram_business_account"), "id");
    if (!account.external_id.len)
        return;
    account.settings = access_members_set(a, S("{}"), &page_of, 1);
    if (token.len)
        account.secrets = access_members_set(a, S("{}"), &token_of, 1);
    out->accounts[out->n++] = account;
}

/* A page's own token has no list of accounts: then the page itself is asked. */
static err check_behind(struct http_client *client, struct arena *a, struct meta_api *api,
    struct connector_checked *out)
{
    struct meta_accounts list = {0};
    if (!api->setup->external_id.len) {
        TRY(meta_long_token(client, a, api));
        TRY(meta_list_accounts(client, a, api, "," BEHIND, &list));
    }
    out->accounts = NEW(a, struct connector_account, list.n + 1);
    out->end = list.end;
    if (api->setup->external_id.len || list.end.outcome == CONNECTOR_FINAL) {
        struct form query = form_make(a);
        struct meta_answer answer = {0};
        form_add(&query, "fields", S("id,name," BEHIND));
        const struct network_call call = meta_call(a, api, HTTP_GET, S("/me"), form_str(&query));
        TRY(meta_do(client, a, api, &call, &answer));
        out->end = answer.sent;
        if (answer.sent.outcome == CONNECTOR_SENT)
            add_behind(a, answer.json, take_id(answer.json, "id"), (str){0}, out);
    }
    for (ptrdiff_t i = 0; i < list.n; i++)
        add_behind(a, list.at[i].node, list.at[i].id, list.at[i].token, out);
    if (out->end.outcome == CONNECTOR_SENT && !out->n)
        out->note = S("No professional Instagram account is linked to the pages that were "
                      "allowed.");
    return OK;
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct meta_api api = instagram_api(a, setup, now_ms);
    struct connector_checked got = {0};
    if (instagram_is_own_login(a, setup))
        TRY(check_own(client, a, &api, &got));
    else
        TRY(check_behind(client, a, &api, &got));
    *out = got;
    return OK;
}

/* ── tokens and subscription ── */

/* A page's token does not run out; a token of less than a day is left as it is. */
static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    const struct meta_api api = instagram_api(a, setup, now_ms);
    const struct oauth2_tokens old = {.access = setup_secret(a, setup, "access_token")};
    struct oauth2_tokens tokens = {0};
    struct oauth_end end = {0};
    int64_t issued_ms = 0, expires_ms = 0;
    (void)str_int(setup_secret(a, setup, "issued_ms"), 0, INT64_MAX, &issued_ms); /* or unknown */
    (void)str_int(setup_secret(a, setup, "expires_ms"), 0, INT64_MAX, &expires_ms);
    bool is_young = issued_ms > 0 && now_ms - issued_ms < TOKEN_OLD_MS;
    if (!instagram_is_own_login(a, setup) || is_young) {
        *out = (struct connector_refreshed){.secrets = setup->secrets, .expires_ms = expires_ms};
        return OK;
    }
    TRY(meta_renew(client, a, &api, (str){0}, &old, &tokens, &end));
    struct connector_refreshed got = {.end = access_end(&end)};
    if (end.outcome == OAUTH_OK) {
        got.expires_ms = tokens.expires_ms ? tokens.expires_ms : now_ms + TOKEN_MS;
        got.secrets = with_token(a, setup->secrets, tokens.access, got.expires_ms, now_ms);
    }
    *out = got;
    return OK;
}

/* Behind a page: the page is subscribed to its messages, and what belongs to Instagram is chosen in
 * the app's settings. The page is not unsubscribed, since its Facebook channel may need it. */
static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    const struct meta_api api = instagram_api(a, setup, 0);
    struct form query = form_make(a);
    struct meta_answer answer = {0};
    bool is_own = instagram_is_own_login(a, setup);
    if (!is_own && !on) {
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
        return OK;
    }
    if (on)
        form_add(&query, "subscribed_fields", is_own ? S(FIELDS) : S("messages"));
    str path = str_print(a, "/%.*s/subscribed_apps", SARG(instagram_sender(a, setup)));
    struct network_call call =
        meta_call(a, &api, on ? HTTP_POST : HTTP_DELETE, path, form_str(&query));
    call.may_repeat = true;
    TRY(meta_do(client, a, &api, &call, &answer));
    *sent = answer.sent;
    return OK;
}

/* ── people and things ── */

static err ask(struct http_client *client, struct arena *a, const struct meta_api *api, str id,
    const char *fields, struct meta_answer *answer)
{
    struct form query = form_make(a);
    form_add(&query, "fields", str_from(fields));
    const struct network_call call = meta_call(a, api, HTTP_GET,
        str_print(a, "/%.*s", SARG(http_percent_encode(a, id))), form_str(&query));
    return meta_do(client, a, api, &call, answer);
}

static err person(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str id, str thread_key, struct connector_sent *end, struct connector_item *out)
{
    const struct meta_api api = instagram_api(a, setup, 0);
    struct meta_answer answer = {0};
    (void)thread_key;
    if (str_starts(id, S("unknown:"))) {
        meta_refuse(end, "Instagram did not say who wrote it.");
        return OK;
    }
    TRY(ask(client, a, &api, id, "name,username,profile_pic", &answer));
    *end = answer.sent;
    if (answer.sent.outcome != CONNECTOR_SENT)
        return OK;
    str handle = take_line(answer.json, "username", LIMIT_NAME_BYTES);
    *out = (struct connector_item){.kind = ITEM_PERSON,
        .account = setup->external_id,
        .contact_external_id = id,
        .contact_name = take_line(answer.json, "name", LIMIT_NAME_BYTES),
        .contact_handle = handle,
        .contact_avatar_url = take_url(answer.json, "profile_pic")};
    if (handle.len)
        out->contact_profile_url =
            str_print(a, "https://www.instagram.com/%.*s", SARG(http_percent_encode(a, handle)));
    return OK;
}

/* A mention's author is asked for too; where that field is refused it goes without. */
static err look_at_mention(struct http_client *client, struct arena *a, const struct meta_api *api,
    str media, str comment, struct meta_answer *answer)
{
    enum { BAD_PARAMETER = 100 };
    str id = api->setup->external_id.len ? api->setup->external_id : S("me");
    static const char *const authors[] = {",username", ""};
    for (int i = 0; i < 2; i++) {
        str fields =
            comment.len
                ? str_print(a, "mentioned_comment.comment_id(%.*s){text,timestamp,media%s}",
                      SARG(comment), authors[i])
                : str_print(a, "mentioned_media.media_id(%.*s){caption,media_url,permalink%s}",
                      SARG(media), authors[i]);
        TRY(ask(client, a, api, id, str_z(a, fields), answer));
        if (answer->code != BAD_PARAMETER)
            break;
    }
    return OK;
}

err instagram_lookup(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str external_id, int64_t now_ms,
    struct connector_polled *out)
{
    const struct meta_api api = instagram_api(a, setup, now_ms);
    struct meta_answer answer = {0};
    str media, comment, origin;
    if (instagram_mention(external_id, &media, &comment)) {
        TRY(look_at_mention(client, a, &api, media, comment, &answer));
        origin = str_print(
            a, "mention %.*s %.*s %.*s", SARG(setup->external_id), SARG(media), SARG(comment));
    } else {
        TRY(ask(client, a, &api, external_id, "id,text,timestamp,username,from,parent_id,media",
            &answer));
        origin = str_print(a, "comment %.*s", SARG(setup->external_id));
    }
    *out = (struct connector_polled){.end = answer.sent};
    if (answer.sent.outcome == CONNECTOR_SENT)
        meta_deliver(a, origin, external_id, answer.json, out);
    return OK;
}

err instagram_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    const struct meta_api api = instagram_api(a, in->setup, in->now_ms);
    const struct meta_inbox inbox = {
        .api = &api,
        .owner = instagram_sender(a, in->setup),
        .account = in->setup->external_id,
        .platform = "instagram",
    };
    return meta_catch_up(client, a, &inbox, in, out);
}

/* ── authorising ── */

static const struct oauth2_provider *oauth2_for(
    struct arena *a, const struct connector_setup *setup)
{
    return instagram_is_own_login(a, setup) ? &oauth2_instagram : &oauth2_instagram_page;
}

/* ── the network ── */

/* clang-format off */
static const struct connector_setting settings[] = {
    {"login", "choice", true,
     "How the account is connected: with Instagram's own login, or behind its Facebook page.", "instagram",
     "instagram facebook"},
    {"app_id", "text", false, "The number of your app at Meta for Developers.", NULL, NULL},
    {"app_secret", "secret", true,
     "The secret that signs what is sent to us: the Instagram app's, or the Facebook app's "
     "behind a page.",
     NULL, NULL},
    {"access_token", "secret", true,
     "The account's access token, or behind a page the page's or its manager's.", NULL, NULL},
    {"page_id", "text", false, "Behind a page: the page's number; found by the test.", NULL, NULL},
    {"human_agent", "choice", false,
     "Whether Meta has approved Human Agent for the app: people then answer up to seven days "
     "later.",
     "on", "on off"},
    {"api_version", "text", false, "The version of the Graph API.", "v25.0", NULL},
    {0},
};
/* clang-format on */
static const struct connector_host hosts[] = {
    {"instagram",                   "https://graph.instagram.com"},
    {"graph",                             "https://graph.facebook.com"},
    {0},
};
/* clang-format off */
static const struct connector_media media[] = {
    {"image/png image/jpeg", 8 * 1000 * 1000},
    {"video/mp4 video/ogg video/x-msvideo video/quicktime video/webm", 25 * 1000 * 1000},
    {"audio/aac audio/mp4 audio/x-m4a audio/wav audio/x-wav", 25 * 1000 * 1000},
    {0},
};
/* clang-format on */

const struct connector connector_instagram = {
    .name = S_INIT("instagram"),
    .title = S_INIT("Instagram"),
    .able = ABLE_HOOK | ABLE_POLL | ABLE_PRIVATE_REPLY | ABLE_READ | ABLE_QUOTE | ABLE_BUTTONS |
            ABLE_COMMENTS,
    .acts_private = 1 << ACT_REACT,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_HIDE | 1 << ACT_UNHIDE,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_BYTES,
                      .max_length = 999,
                      .files_per_piece = 1,
                      .media = media,
                      .reply_window_ms = META_DAY_MS,
                      .late_window_ms = META_LATE_MS,
                      .may_split = true},
    .public_rules = {.unit = LENGTH_CODE_POINTS,       .max_length = 300,              .may_split = true},
    .approval = "A professional account with access to messages allowed in its privacy settings. "
                "Meta reviews the app for the messaging and comment permissions, and for Human "
                "Agent.",
    .poll_ms = POLL_MS,
    .oauth2 = &oauth2_instagram,
    .oauth2_for = oauth2_for,
    .challenge = meta_challenge,
    .verify = meta_verify,
    .taken = {.status = 200,    .content_type = "text/plain",                         .body = S_INIT("EVENT_RECEIVED")},
    .parse = instagram_parse,
    .poll = instagram_poll,
    .send = instagram_send,
    .act = instagram_act,
    .check = check,
    .subscribe = subscribe,
    .refresh = refresh,
    .renew_early_ms = RENEW_MS,
    .lookup = instagram_lookup,
    .person = person,
    .notice = {"mail.instagram.com instagram.com facebookmail.com","instagram.com"},
};
