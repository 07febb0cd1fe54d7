/* facebook: a page's Messenger inbox, comments and mentions as a network. Here are its rules, its
 * form, accounts, subscription, people and look-ups. See facebook.h. */
#include "connector/facebook.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "connector/access.h"
#include "connector/meta_node.h"
#include "connector/meta_send.h"

enum { POLL_MS = 10 * 60 * 1000 }; /* the webhook brings everything; this finds what it lost */

/* messages … message_edit: the inbox; feed and mention: what is public. */
#define FIELDS                                                                                     \
    "messages,message_echoes,messaging_postbacks,message_deliveries,message_reads,"                \
    "message_reactions,messaging_referrals,messaging_handovers,feed,mention"

struct meta_api facebook_api(const struct connector_setup *setup, int64_t now_ms)
{
    return (struct meta_api){.connector = &connector_facebook,
        .setup = setup,
        .host = "graph",
        .has_proof = true,
        .now_ms = now_ms};
}

/* ── accounts ── */

static str secrets_of(struct arena *a, str token)
{
    const struct access_member member = {.name = S("access_token"), .text = token};
    return token.len ? access_members_set(a, S("{}"), &member, 1) : (str){0};
}

/* The token is a page's own. */
static err check_page(struct http_client *client, struct arena *a, const struct meta_api *api,
    struct connector_checked *out)
{
    struct form query = form_make(a);
    struct meta_answer answer = {0};
    form_add(&query, "fields", S("id,name,picture{url}"));
    const struct network_call call = meta_call(a, api, HTTP_GET, S("/me"), form_str(&query));
    TRY(meta_do(client, a, api, &call, &answer));
    out->end = answer.sent;
    if (answer.sent.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *one = NEW(a, struct connector_account, 1);
    *one = (struct connector_account){.external_id = take_id(answer.json, "id"),
        .name = take_line(answer.json, "name", LIMIT_NAME_BYTES),
        .avatar_url = take_url(take_object(take_object(answer.json, "picture"), "data"), "url")};
    out->accounts = one;
    out->n = one->external_id.len ? 1 : 0;
    return OK;
}

static void take_list(
    struct arena *a, const struct meta_accounts *list, struct connector_checked *out)
{
    bool all_may = true;
    out->accounts = NEW(a, struct connector_account, list->n + 1);
    for (ptrdiff_t i = 0; i < list->n; i++) {
        const struct meta_account *page = &list->at[i];
        out->accounts[out->n++] = (struct connector_account){.external_id = page->id,
            .name = page->name,
            .avatar_url = page->picture_url,
            .secrets = secrets_of(a, page->token)};
        all_may &= page->may_message;
    }
    if (!list->n)
        out->note = S("This person has no page, or allowed none. Connect again and choose pages.");
    else if (!all_may)
        out->note = S("This person may not send messages for every page listed; a page's "
                      "administrator can change that.");
}

/* Whether the page tells us what happens: a long outage switches the subscription off. */
static err check_subscription(struct http_client *client, struct arena *a,
    const struct meta_api *api, struct connector_checked *out)
{
    struct meta_answer answer = {0};
    str path = str_print(a, "/%.*s/subscribed_apps", SARG(out->accounts[0].external_id));
    const struct network_call call = meta_call(a, api, HTTP_GET, path, (str){0});
    TRY(meta_do(client, a, api, &call, &answer));
    const struct json *apps = take_array(answer.json, "data");
    if (answer.sent.outcome == CONNECTOR_SENT && apps && !apps->first)
        out->note = S("The page does not tell this app what happens. Save the channel again to "
                      "subscribe.");
    return OK;
}

/* A page's token has no list of accounts (an error, not an empty list). */
static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct meta_api api = facebook_api(setup, now_ms);
    struct connector_checked got = {0};
    struct meta_accounts list = {0};
    if (!setup->external_id.len) {
        TRY(meta_long_token(client, a, &api));
        TRY(meta_list_accounts(client, a, &api, "", &list));
    }
    if (setup->external_id.len || list.end.outcome == CONNECTOR_FINAL) {
        TRY(check_page(client, a, &api, &got));
        if (got.n)
            TRY(check_subscription(client, a, &api, &got));
    } else {
        got.end = list.end;
        if (list.end.outcome == CONNECTOR_SENT)
            take_list(a, &list, &got);
    }
    *out = got;
    return OK;
}

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    const struct meta_api api = facebook_api(setup, 0);
    struct form query = form_make(a);
    struct meta_answer answer = {0};
    str path = str_print(
        a, "/%.*s/subscribed_apps", SARG(setup->external_id.len ? setup->external_id : S("me")));
    if (on)
        form_add(&query, "subscribed_fields", S(FIELDS));
    struct network_call call =
        meta_call(a, &api, on ? HTTP_POST : HTTP_DELETE, path, form_str(&query));
    call.may_repeat = true;
    TRY(meta_do(client, a, &api, &call, &answer));
    *sent = answer.sent;
    return OK;
}

/* ── people and things ── */

static err person(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str id, str thread_key, struct connector_sent *end, struct connector_item *out)
{
    const struct meta_api api = facebook_api(setup, 0);
    struct form query = form_make(a);
    struct meta_answer answer = {0};
    (void)thread_key;
    if (str_starts(id, S("unknown:"))) {
        meta_refuse(end, "Facebook did not say who wrote it.");
        return OK;
    }
    form_add(&query, "fields", S("first_name,last_name,profile_pic"));
    const struct network_call call = meta_call(a, &api, HTTP_GET,
        str_print(a, "/%.*s", SARG(http_percent_encode(a, id))), form_str(&query));
    TRY(meta_do(client, a, &api, &call, &answer));
    *end = answer.sent;
    if (answer.sent.outcome != CONNECTOR_SENT)
        return OK;
    str first = take_line(answer.json, "first_name", LIMIT_NAME_BYTES / 2 - 1);
    str last = take_line(answer.json, "last_name", LIMIT_NAME_BYTES / 2 - 1);
    *out = (struct connector_item){.kind = ITEM_PERSON,
        .account = setup->external_id,
        .contact_external_id = id,
        .contact_name = str_trim(str_print(a, "%.*s %.*s", SARG(first), SARG(last))),
        .contact_avatar_url = take_url(answer.json, "profile_pic")};
    return OK;
}

static err typing(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str to, str thread_key, struct connector_sent *end)
{
    const struct meta_api api = facebook_api(setup, 0);
    str path =
        str_print(a, "/%.*s/messages", SARG(setup->external_id.len ? setup->external_id : S("me")));
    (void)thread_key;
    return meta_action(client, a, &api, path, to, "typing_on", (str){0}, end);
}

err facebook_lookup(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str external_id, int64_t now_ms,
    struct connector_polled *out)
{
    const struct meta_api api = facebook_api(setup, now_ms);
    struct form query = form_make(a);
    struct meta_answer answer = {0};
    form_add(&query, "fields", S("id,message,from,created_time,permalink_url"));
    const struct network_call call = meta_call(a, &api, HTTP_GET,
        str_print(a, "/%.*s", SARG(http_percent_encode(a, external_id))), form_str(&query));
    TRY(meta_do(client, a, &api, &call, &answer));
    *out = (struct connector_polled){.end = answer.sent};
    if (answer.sent.outcome == CONNECTOR_SENT)
        meta_deliver(a, str_print(a, "object %.*s", SARG(setup->external_id)), external_id,
            answer.json, out);
    return OK;
}

err facebook_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    const struct meta_api api = facebook_api(in->setup, in->now_ms);
    const struct meta_inbox inbox = {
        .api = &api,
        .owner = in->setup->external_id.len ? in->setup->external_id : S("me"),
        .account = in->setup->external_id,
        .platform = "messenger",
    };
    return meta_catch_up(client, a, &inbox, in, out);
}

/* ── the network ── */

/* clang-format off */
static const struct connector_setting settings[] = {
    {"app_id", "text", false, "The number of your app at Meta for Developers.", NULL, NULL},
    {"app_secret", "secret", true, "The app's secret; it signs what Facebook sends.", NULL, NULL},
    {"access_token", "secret", true, "The page's access token, or one of a person who manages the page.",
     NULL, NULL},
    {"human_agent", "choice", false,
     "Whether Meta has approved Human Agent for the app: people then answer up to seven days "
     "later.",
     "on", "on off"},
    {"api_version", "text", false, "The version of the Graph API.", "v25.0", NULL},
    {0},
};
/* clang-format on */
static const struct connector_host hosts[] = {
    {"graph", "https://graph.facebook.com"},
    {0      },
};
static const struct connector_media private_media[] = {
    {"*", 25 * 1000 * 1000},
    {0  },
};
static const struct connector_media public_media[] = {
    {"image/jpeg image/png image/gif", 8 * 1000 * 1000},
    {0                               },
};

const struct connector connector_facebook = {
    .name = S_INIT("facebook"),
    .title = S_INIT("Facebook"),
    .able = ABLE_HOOK | ABLE_POLL | ABLE_PRIVATE_REPLY | ABLE_DELIVERED | ABLE_READ | ABLE_QUOTE |
            ABLE_BUTTONS | ABLE_COMMENTS,
    .acts_private = 1 << ACT_READ,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_HIDE | 1 << ACT_UNHIDE | 1 << ACT_LIKE,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = 2000,
                      .files_per_piece = 1,
                      .media = private_media,
                      .reply_window_ms = META_DAY_MS,
                      .late_window_ms = META_LATE_MS,
                      .may_split = true},
    .public_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = 8000,
                      .max_length_with_file = 8000,
                      .files_per_piece = 1,
                      .media = public_media,
                      .may_split = true},
    .approval = "Meta reviews the app for pages_messaging, pages_manage_metadata, "
                "pages_read_engagement, pages_manage_engagement and pages_read_user_content, and "
                "for Human Agent.",
    .poll_ms = POLL_MS,
    .oauth2 = &oauth2_facebook,
    .challenge = meta_challenge,
    .verify = meta_verify,
    .taken = {.status = 200,          .content_type = "text/plain",            .body = S_INIT("EVENT_RECEIVED")},
    .parse = facebook_parse,
    .poll = facebook_poll,
    .send = facebook_send,
    .act = facebook_act,
    .check = check,
    .subscribe = subscribe,
    .lookup = facebook_lookup,
    .person = person,
    .typing = typing,
    .notice = {"facebookmail.com facebook.com",         "facebook.com fb.com fb.me"  },
};
