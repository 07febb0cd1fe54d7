/* linkedin: settings, handshake, check, subscription and acts. See linkedin.h. Thread: calls
 * block. */
#include "connector/linkedin.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/access.h"
#include "connector/fetched.h"
#include "connector/oauth2.h"
#include "connector/reading.h"
#include "connector/sign.h"

enum {
    POLL_MS = 5 * 60 * 1000,
    TEXT_MOST = 1250,
    IMAGE_BYTES = 10 * 1024 * 1024,
    PAGES_MOST = 20, /* of one member */
    CHALLENGE_BYTES = 100,
    VERSION_MONTHS = 11, /* LinkedIn supports a month for about 12 */
};

static void refuse(struct connector_sent *sent, str why)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

/* ── webhook ── */

static err challenge(
    struct arena *a, const struct connector_hook *hook, struct connector_answer *answer, str *why)
{
    str code = http_query_get(hook->req, S("challengeCode"));
    str secret = setup_secret(a, hook->setup, "client_secret");
    if (hook->req->method != HTTP_GET)
        return E_NOT_FOUND;
    if (!code.len || code.len > CHALLENGE_BYTES || !secret.len) {
        *why = S("There is no challenge code, or the channel has no client secret.");
        return E_UNAUTHENTICATED;
    }
    struct json_out j = json_out_make(a, LIMIT_NAME_BYTES * 4);
    json_obj(&j);
    json_kv_str(&j, S("challengeCode"), code);
    json_kv_str(&j, S("challengeResponse"), sign_linkedin_challenge(a, secret, code));
    json_obj_end(&j);
    *answer = (struct connector_answer){200, "application/json", json_str(&j)};
    return OK;
}

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    const str secret = setup_secret(a, hook->setup, "client_secret");
    const struct sign_request given = {
        .req = hook->req, .secrets = &secret, .secret_count = 1, .now_ms = hook->now_ms};
    return sign_check(a, &sign_linkedin, &given, why);
}

/* ── account ── */

/* "202608" as months since year 0; 0 = it is no version. */
static int64_t months_of(str version)
{
    int64_t year = 0, month = 0;
    bool is_version = version.len == 6 &&
                      str_int(str_sub(version, 0, 4), 2000, 9999, &year) == OK &&
                      str_int(str_sub(version, 4, 2), 1, 12, &month) == OK;
    return is_version ? year * 12 + month : 0;
}

/* False: with words. */
static bool version_is_good(struct arena *a, const struct connector_setup *setup, int64_t now_ms,
    struct connector_sent *end)
{
    str now = time_rfc3339(a, now_ms);
    str month = str_cat(a, str_sub(now, 0, 4), str_sub(now, 5, 2));
    int64_t is = months_of(setup_setting(a, &connector_linkedin, setup, "version"));
    if (is && months_of(month) - is <= VERSION_MONTHS)
        return true;
    refuse(end, S("The LinkedIn version in the settings is not a month of the last eleven, as in "
                  "202608: enter a newer one."));
    return false;
}

static err ask_page(struct http_client *client, struct arena *a, const struct linkedin_api *api,
    str urn, str member, struct connector_account *page, struct connector_sent *end)
{
    struct linkedin_answer got;
    str path = str_cat(a, S("/organizations/"), http_percent_encode(a, linkedin_id_of(urn)));
    TRY(linkedin_do(client, a, api, HTTP_GET, path, (str){0}, &got));
    *end = got.sent;
    *page = (struct connector_account){
        .external_id = urn,
        .handle = take_line(got.json, "vanityName", LIMIT_NAME_BYTES),
        .name = take_line(got.json, "localizedName", LIMIT_NAME_BYTES),
    };
    if (linkedin_is_urn(member))
        page->settings = str_print(a, "{\"member\":\"%.*s\"}", SARG(member));
    return OK;
}

/* "5566" or the whole name of a page. */
static str page_urn(struct arena *a, str given)
{
    str urn = str_find_byte(given, ':') < 0 ? str_cat(a, S("urn:li:organization:"), given) : given;
    return given.len && linkedin_is_urn(urn) ? urn : (str){0};
}

static err list_pages(struct http_client *client, struct arena *a, const struct linkedin_api *api,
    str wanted, struct connector_checked *out)
{
    struct linkedin_answer got;
    TRY(linkedin_do(client, a, api, HTTP_GET,
        S("/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"), (str){0}, &got));
    out->end = got.sent;
    bool may_go_on = got.sent.outcome == CONNECTOR_FINAL && wanted.len;
    str member = take_id(list_first(got.json, "elements"), "roleAssignee");
    if (got.sent.outcome != CONNECTOR_SENT && !may_go_on)
        return OK;
    if (wanted.len) {
        TRY(ask_page(client, a, api, wanted, member, &out->accounts[0], &out->end));
        out->n = out->end.outcome == CONNECTOR_SENT;
        return OK;
    }
    for (const struct json *v = list_first(got.json, "elements"); v && out->n < PAGES_MOST;
         v = v->next) {
        str urn = take_id(v, "organization");
        urn = urn.len ? urn : take_id(v, "organizationTarget");
        if (!linkedin_is_urn(urn))
            continue;
        TRY(ask_page(
            client, a, api, urn, take_id(v, "roleAssignee"), &out->accounts[out->n], &out->end));
        if (out->end.outcome != CONNECTOR_SENT)
            return OK;
        out->n++;
    }
    return OK;
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    const struct linkedin_api api = {setup, now_ms};
    struct connector_checked made = {.accounts = NEW(a, struct connector_account, PAGES_MOST)};
    str wanted = page_urn(a, setup_setting(a, &connector_linkedin, setup, "organization"));
    if (version_is_good(a, setup, now_ms, &made.end))
        TRY(list_pages(client, a, &api, wanted, &made));
    if (made.end.outcome == CONNECTOR_SENT && !made.n)
        refuse(
            &made.end, S("The member who authorised this is administrator of no LinkedIn page."));
    if (made.end.outcome == CONNECTOR_SENT &&
        !setup_setting(a, &connector_linkedin, setup, "app_id").len)
        made.note = S("Without the application's id LinkedIn does not call: comments are asked for "
                      "every five minutes.");
    *out = made;
    return OK;
}

/* The subscription ends silently with the grant or the role: put again, it is the same one. */
static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    const struct linkedin_api api = {setup, clock_now_ms()};
    str app = setup_setting(a, &connector_linkedin, setup, "app_id");
    str member = setup_setting(a, &connector_linkedin, setup, "member");
    struct linkedin_answer got;
    if (!app.len) { /* it is polled */
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
        return OK;
    }
    if (!linkedin_is_urn(member)) {
        refuse(sent, S("Test the channel first: LinkedIn must say who authorised it."));
        return OK;
    }
    str path = str_print(a,
        "/eventSubscriptions/(developerApplication:urn%%3Ali%%3AdeveloperApplication%%3A%.*s,"
        "user:%.*s,entity:%.*s,eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)",
        SARG(http_percent_encode(a, app)), SARG(http_percent_encode(a, member)),
        SARG(http_percent_encode(a, setup->external_id)));
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("webhook"), setup->hook_url);
    json_obj_end(&j);
    TRY(linkedin_do(
        client, a, &api, on ? HTTP_PUT : HTTP_DELETE, path, on ? json_str(&j) : (str){0}, &got));
    if (!on && got.status == 404) /* it ended by itself */
        got.sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (got.sent.outcome == CONNECTOR_UNKNOWN)
        got.sent.outcome = CONNECTOR_RETRY;
    *sent = got.sent;
    return OK;
}

static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    static const struct access_names names = {"client_id", "client_secret", "auth"};
    return access_refresh(client, a, &connector_linkedin, setup, &names, now_ms, out);
}

/* ── people and acts ── */

/* {"firstName":{"localized":{"en_US":"Asha"}}} or "localizedFirstName". */
static str name_part(const struct json *person, const char *plain, const char *localized)
{
    str name = take_line(person, plain, LIMIT_NAME_BYTES);
    const struct json *all = take_object(take_object(person, localized), "localized");
    return name.len || !all ? name : json_text(all->first, S(""));
}

/* Mostly refused: then everybody is a "LinkedIn member". */
static err person(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str contact_external_id, str thread_key, struct connector_sent *end,
    struct connector_item *item)
{
    (void)thread_key;
    const struct linkedin_api api = {setup, clock_now_ms()};
    struct linkedin_answer got = {.sent.outcome = CONNECTOR_FINAL};
    str id = http_percent_encode(a, linkedin_id_of(contact_external_id));
    bool is_page = str_starts(contact_external_id, S("urn:li:organization:"));
    str path = is_page ? str_cat(a, S("/organizations/"), id)
                       : str_print(a, "/people/(id:%.*s)", SARG(id));
    if (linkedin_is_urn(contact_external_id))
        TRY(linkedin_do(client, a, &api, HTTP_GET, path, (str){0}, &got));
    bool is_refused = got.sent.outcome == CONNECTOR_FINAL;
    *end = is_refused ? (struct connector_sent){.outcome = CONNECTOR_SENT} : got.sent;
    if (end->outcome != CONNECTOR_SENT)
        return OK;
    str first = name_part(got.json, "localizedFirstName", "firstName");
    str last = name_part(got.json, "localizedLastName", "lastName");
    str name = is_page ? take_line(got.json, "localizedName", LIMIT_NAME_BYTES)
                       : str_trim(str_print(a, "%.*s %.*s", SARG(first), SARG(last)));
    struct connector_item it = {.kind = ITEM_PERSON, .contact_external_id = contact_external_id};
    bool is_told =
        !is_refused && name.len && name.len <= LIMIT_NAME_BYTES && !utf8_has_control(name);
    it.contact_name = is_told ? name : S("LinkedIn member");
    *item = it;
    return OK;
}

static str patch_of(struct arena *a, str text)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_put_str(&j, text);
    return str_print(a, "{\"patch\":{\"message\":{\"$set\":{\"text\":%.*s}}}}", SARG(json_str(&j)));
}

static err act_on(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct linkedin_api api = {act->setup, act->now_ms};
    struct linkedin_comment c;
    struct linkedin_answer got;
    str actor = http_percent_encode(a, act->setup->external_id), body = {0}, path;
    enum http_method method = HTTP_POST;
    bool is_comment = linkedin_comment_read(act->external_id, &c);
    if (act->kind == ACT_LIKE && (is_comment || linkedin_is_urn(act->external_id))) {
        path = str_cat(a, S("/reactions?actor="), actor);
        body =
            str_print(a, "{\"root\":\"%.*s\",\"reactionType\":\"LIKE\"}", SARG(act->external_id));
    } else if (is_comment && (act->kind == ACT_DELETE || (act->kind == ACT_EDIT && act->is_ours))) {
        path = str_print(a, "%.*s/%.*s?actor=%.*s", SARG(linkedin_comments_path(a, c.post)),
            SARG(c.id), SARG(actor));
        method = act->kind == ACT_DELETE ? HTTP_DELETE : HTTP_POST;
        body = act->kind == ACT_EDIT ? patch_of(a, act->text) : body;
    } else {
        refuse(sent, S("LinkedIn does not let programs do that."));
        return OK;
    }
    TRY(linkedin_do(client, a, &api, method, path, body, &got));
    if (act->kind == ACT_DELETE && got.status == 404) /* gone is what was wanted */
        got.sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    *sent = got.sent;
    return OK;
}

static const struct connector_setting settings[] = {
    {.name = "client_id",
     .kind = "text",
     .is_required = true,
     .help = "The application's client id at LinkedIn."},
    {.name = "client_secret",
     .kind = "secret",
     .is_required = true,
     .help = "The application's client secret; it also proves LinkedIn's calls."},
    {.name = "app_id",
     .kind = "text",
     .help = "The application's number; only where LinkedIn has admitted it to webhooks."},
    {.name = "organization",
     .kind = "text",
     .help = "The page's number, when the member who authorises has several."},
    {.name = "member",
     .kind = "text",
     .help = "The member who authorised it; testing the channel fills it in."},
    {.name = "version",
     .kind = "text",
     .standard = "202608",
     .help = "The month of LinkedIn's API to use, as in 202608."},
    {0},
};
static const struct connector_host hosts[] = {
    {"api",                       "https://api.linkedin.com/rest"},
    {"auth",                           "https://www.linkedin.com"},
    {0},
};
static const struct connector_media media[] = {
    {"image/jpeg image/png image/gif", IMAGE_BYTES},
    {0                               },
};

const struct connector connector_linkedin = {
    .name = S_INIT("linkedin"),
    .title = S_INIT("LinkedIn"),
    .able = ABLE_HOOK | ABLE_POLL | ABLE_COMMENTS,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_EDIT | 1 << ACT_LIKE,
    .settings = settings,
    .hosts = hosts,
    .public_rules = {.unit = LENGTH_UTF16,
                     .max_length = TEXT_MOST,
                     .max_length_with_file = TEXT_MOST,
                     .files_per_piece = 1,
                     .media = media,
                     .may_number = true,
                     .may_split = true},
    .approval = "LinkedIn must admit the application to the Community Management API; webhooks are "
                "admitted apart from it.",
    .repeats_safely = true,
    .poll_ms = POLL_MS,
    .resubscribe_ms = 24 * 3600 * 1000,
    .oauth2 = &oauth2_linkedin,
    .challenge = challenge,
    .verify = verify,
    .parse = linkedin_parse,
    .poll = linkedin_poll,
    .send = linkedin_send,
    .act = act_on,
    .check = check,
    .subscribe = subscribe,
    .refresh = refresh,
    .person = person,
    .lookup = linkedin_lookup,
    .notice = {"linkedin.com", "linkedin.com lnkd.in"         },
};
