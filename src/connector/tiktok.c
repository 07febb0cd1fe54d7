/* tiktok: settings, rules, webhook, check, files and acts. See tiktok.h. Thread: calls block. */
#include "connector/tiktok.h"

#include "base/clock.h"
#include "base/limits.h"
#include "connector/access.h"
#include "connector/oauth2.h"
#include "connector/reading.h"
#include "connector/sign.h"

enum {
    POLL_MS = 10 * 60 * 1000,
    MESSAGE_MOST = 6000,
    COMMENT_MOST = 1200, /* older pages said 150 */
    IMAGE_BYTES = 3 * 1024 * 1024,
};

static void refuse(struct connector_sent *sent, str why)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    const str secret = setup_secret(a, hook->setup, "client_secret");
    const struct sign_request given = {
        .req = hook->req, .secrets = &secret, .secret_count = 1, .now_ms = hook->now_ms};
    return sign_check(a, &sign_tiktok, &given, why);
}

/* ── account ── */

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    const struct tiktok_api api = {setup, now_ms};
    struct connector_checked made = {0};
    struct tiktok_answer got;
    str business = tiktok_business(a, setup);
    struct form f = form_make(a);
    if (!business.len) {
        access_missing(&made.end);
        *out = made;
        return OK;
    }
    form_add(&f, "business_id", business);
    form_add(&f, "fields", S("[\"username\",\"display_name\",\"profile_image\"]"));
    str path = str_cat(a, S("/business/get/?"), form_str(&f));
    TRY(tiktok_do(client, a, &api, HTTP_GET, path, (str){0}, &got));
    made.end = got.sent;
    if (made.end.outcome == CONNECTOR_SENT) {
        str username = take_line(got.data, "username", LIMIT_NAME_BYTES);
        made.accounts = NEW(a, struct connector_account, 1);
        made.n = 1;
        made.accounts[0] = (struct connector_account){
            .external_id = business,
            .handle = username.len ? str_cat(a, S("@"), username) : username,
            .name = take_line(got.data, "display_name", LIMIT_NAME_BYTES),
            .avatar_url = take_url(got.data, "profile_image"),
        };
        made.note =
            S("Direct messages need an account outside the EEA, Switzerland and the UK that "
              "takes messages from everyone.");
    }
    *out = made;
    return OK;
}

static err register_for(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    const char *event, bool on, struct connector_sent *sent)
{
    struct tiktok_answer got;
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("app_id"), setup_setting(a, &connector_tiktok, api->setup, "client_id"));
    json_kv_str(&j, S("secret"), setup_secret(a, api->setup, "client_secret"));
    json_kv_str(&j, S("event_type"), str_from(event));
    if (on)
        json_kv_str(&j, S("callback_url"), api->setup->hook_url);
    json_obj_end(&j);
    str path = on ? S("/business/webhook/update/") : S("/business/webhook/delete/");
    TRY(tiktok_do(client, a, api, HTTP_POST, path, json_str(&j), &got));
    *sent = got.sent;
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY; /* the same again does no harm */
    return OK;
}

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    static const char *const events[] = {"DIRECT_MESSAGE", "COMMENT"};
    const struct tiktok_api api = {setup, clock_now_ms()};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        TRY(register_for(client, a, &api, events[i], on, sent));
        if (sent->outcome != CONNECTOR_SENT)
            return OK;
    }
    return OK;
}

static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    static const struct access_names names = {"client_id", "client_secret", "api"};
    return access_refresh(client, a, &connector_tiktok, setup, &names, now_ms, out);
}

/* ── files ── */

static err media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out)
{
    const struct tiktok_api api = {setup, clock_now_ms()};
    struct connector_source made = {0};
    struct tiktok_answer got;
    str conversation, message, id;
    (void)str_cut(at->media_id, ' ', &conversation, &message);
    if (!str_cut(message, ' ', &message, &id)) {
        refuse(&made.end, S("TikTok did not name the file."));
        *out = made;
        return OK;
    }
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("business_id"), tiktok_business(a, setup));
    json_kv_str(&j, S("conversation_id"), conversation);
    json_kv_str(&j, S("message_id"), message);
    json_kv_str(&j, S("media_id"), id);
    json_kv_str(&j, S("media_type"), S("IMAGE"));
    json_obj_end(&j);
    TRY(tiktok_do(
        client, a, &api, HTTP_POST, S("/business/message/media/download/"), json_str(&j), &got));
    made.end = got.sent;
    if (made.end.outcome == CONNECTOR_UNKNOWN)
        made.end.outcome = CONNECTOR_RETRY;
    made.url = take_url(got.data, "download_url");
    made.headers[0] = (struct http_header){S("x-user"), setup_secret(a, setup, "access_token")};
    made.n_headers = 1;
    if (made.end.outcome == CONNECTOR_SENT && !made.url.len)
        refuse(&made.end, S("TikTok does not have the file any more."));
    *out = made;
    return OK;
}

/* ── acts ── */

static err act_on(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    static const struct {
        const char *path, *action; /* NULL = not offered */
    } calls[ACT_KINDS] = {
        [ACT_DELETE] = {"/business/comment/delete/", NULL    },
        [ACT_HIDE] = {"/business/comment/hide/",   "HIDE"  },
        [ACT_UNHIDE] = {"/business/comment/hide/",   "UNHIDE"},
        [ACT_LIKE] = {"/business/comment/like/",   "LIKE"  },
    };
    const struct tiktok_api api = {act->setup, act->now_ms};
    struct tiktok_comment c;
    struct tiktok_answer got;
    if (!calls[act->kind].path || !act->is_public || !tiktok_comment_read(act->external_id, &c)) {
        refuse(sent, S("TikTok does not let programs do that."));
        return OK;
    }
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("business_id"), tiktok_business(a, act->setup));
    json_kv_str(&j, S("video_id"), c.video);
    json_kv_str(&j, S("comment_id"), c.id);
    if (calls[act->kind].action)
        json_kv_str(&j, S("action"), str_from(calls[act->kind].action));
    json_obj_end(&j);
    TRY(tiktok_do(client, a, &api, HTTP_POST, str_from(calls[act->kind].path), json_str(&j), &got));
    *sent = got.sent;
    return OK;
}

static const struct connector_setting settings[] = {
    {.name = "client_id",
     .kind = "text",
     .is_required = true,
     .help = "The application's id in TikTok API for Business."},
    {.name = "client_secret",
     .kind = "secret",
     .is_required = true,
     .help = "The application's secret; it also proves TikTok's calls."},
    {0                  },
};
static const struct connector_host hosts[] = {
    {"api", "https://business-api.tiktok.com/open_api/v1.3"},
    {0    },
};
static const struct connector_media media_kinds[] = {
    {"image/jpeg image/png", IMAGE_BYTES},
    {0                     },
};
enum { ACTS = 1 << ACT_DELETE | 1 << ACT_HIDE | 1 << ACT_UNHIDE | 1 << ACT_LIKE };

const struct connector connector_tiktok = {
    .name = S_INIT("tiktok"),
    .title = S_INIT("TikTok"),
    .able = ABLE_HOOK | ABLE_POLL | ABLE_READ | ABLE_QUOTE | ABLE_COMMENTS,
    .acts_public = ACTS,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = MESSAGE_MOST,
                      .files_per_piece = 1,
                      .media = media_kinds,
                      .reply_window_ms = INT64_C(48) * 3600 * 1000,
                      /* Three more after the 48 hours, without an end that TikTok names. */
        .late_window_ms = INT64_C(365) * 24 * 3600 * 1000,
                      .may_split = true},
    .public_rules = {.unit = LENGTH_CODE_POINTS,       .max_length = COMMENT_MOST, .may_split = true},
    .approval = "TikTok must admit the company to its Business Messaging API, with a review of its "
                "data security.",
    .poll_ms = POLL_MS,
    .oauth2 = &oauth2_tiktok,
    .verify = verify,
    .parse = tiktok_parse,
    .poll = tiktok_poll,
    .send = tiktok_send,
    .act = act_on,
    .check = check,
    .subscribe = subscribe,
    .refresh = refresh,
    .media = media,
    .lookup = tiktok_lookup,
    .notice = {"tiktok.com",          "tiktok.com"                         },
};
