/* Viber: a bot's one-to-one chats. Viber calls us with everything signed by the bot's token; files
 * come and go by address. A message may only go to somebody who has written or subscribed.
 *
 * Nothing is idempotent: what may have been taken is UNKNOWN.
 * Reading is in viber_parse.c. Source: Viber REST Bot API, 2026; retries of its calls are not
 * documented. Thread: any; calls block. */
#include "connector/viber.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/network.h"
#include "connector/part.h"
#include "connector/reading.h"
#include "connector/sign.h"

enum {
    TEXT = 7000,            /* code points */
    BODY_BYTES = 30 * 1024, /* of a call */
    SENDER_BYTES = 28,
    TRACKING_BYTES = 4000,
    PICTURE_BYTES = 1024 * 1024,
    VIDEO_BYTES = 26 * 1024 * 1024,
    FILE_BYTES = 50 * 1024 * 1024,
    FILE_NAME_BYTES = 256,
    BUTTONS = 24, /* a keyboard of 24 rows */
};

/* ── receiving ── */

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    const str secrets[] = {setup_secret(a, hook->setup, "token")};
    const struct sign_request given = {
        .req = hook->req, .secrets = secrets, .secret_count = 1, .now_ms = hook->now_ms};
    return sign_check(a, &sign_viber, &given, why);
}

static const struct json *event_of(struct arena *a, str body, str event)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(a, body, &root, &why) != OK || !str_eq(take_line(root, "event", 40), event))
        return NULL;
    return root;
}

/* While the webhook is being set Viber only asks whether we are there. */
static err challenge(
    struct arena *a, const struct connector_hook *hook, struct connector_answer *answer, str *why)
{
    (void)why;
    if (hook->req->method != HTTP_POST || !event_of(a, hook->req->body, S("webhook")))
        return E_NOT_FOUND;
    *answer = (struct connector_answer){
        .status = 200, .content_type = "application/json", .body = S("{}")};
    return OK;
}

static str bounded(str s, ptrdiff_t max)
{
    return utf8_prefix_bytes(s, max);
}

static void put_sender(struct arena *a, const struct connector_setup *setup, struct json_out *j)
{
    str name = setup_setting(a, &connector_viber, setup, "sender_name");
    str avatar = setup_setting(a, &connector_viber, setup, "sender_avatar");
    json_key(j, S("sender"));
    json_obj(j);
    json_kv_str(j, S("name"), bounded(name, SENDER_BYTES));
    if (avatar.len)
        json_kv_str(j, S("avatar"), avatar);
    json_obj_end(j);
}

/* Somebody opens the chat for the first time: the one moment in which a welcome may go. */
static struct connector_answer answer(struct arena *a, const struct connector_hook *hook)
{
    str welcome = setup_setting(a, &connector_viber, hook->setup, "welcome");
    const struct json *event = event_of(a, hook->req->body, S("conversation_started"));
    struct json_out j = json_out_make(a, BODY_BYTES);
    if (!welcome.len || !event || take_bool(event, "subscribed"))
        return (struct connector_answer){0};
    json_obj(&j);
    put_sender(a, hook->setup, &j);
    json_kv_str(&j, S("type"), S("text"));
    json_kv_str(&j, S("text"), welcome);
    json_obj_end(&j);
    if (j.b.failed)
        return (struct connector_answer){0};
    return (struct connector_answer){
        .status = 200, .content_type = "application/json", .body = json_str(&j)};
}

/* ── calling ── */

struct meaning {
    enum connector_outcome outcome;
    bool is_channel_wide;
    const char *words; /* NULL = Viber's own */
};

static struct meaning meaning_of(int64_t status)
{
    static const struct meaning known[] = {
        [0] = {CONNECTOR_SENT,   false, NULL                                                        },
        [1] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [2] = {CONNECTOR_REAUTH, true,
               "Viber does not know the bot's token (any more). Enter the one from the bot's page." },
        [3] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [4] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [5] = {CONNECTOR_FINAL,  false, "The person has left Viber."                                },
        [6] = {CONNECTOR_FINAL,  false,
               "The person has not subscribed to the bot, or has left it: they have to write first."},
        [7] = {CONNECTOR_REAUTH, true,  "Viber has blocked the bot's account."                      },
        [8] = {CONNECTOR_REAUTH, true,  "Viber does not know the bot's account any more."           },
        [9] = {CONNECTOR_REAUTH, true,  "Viber has suspended the bot's account."                    },
        [10] = {CONNECTOR_REAUTH, true,
               "The bot has no webhook. Test the channel to set it again."                          },
        [11] = {CONNECTOR_FINAL,  false, "The person's device cannot show this message."             },
        [12] = {CONNECTOR_RETRY,  false,
               "Viber takes no more messages to this person until they answer (100 an hour)."       },
        [13] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [14] = {CONNECTOR_FINAL,  false, "The person's Viber is too old for this message."           },
        [15] = {CONNECTOR_REAUTH, true,  "The bot's account may not send messages."                  },
        [16] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [17] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [18] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [19] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [20] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [21] = {CONNECTOR_FINAL,  false, "Viber does not deliver to this person's country."          },
        [22] = {CONNECTOR_FINAL,  false, NULL                                                        },
        [23] = {CONNECTOR_FINAL,  false, "The bot's free messages of this month are used up."        },
        [24] = {CONNECTOR_FINAL,  false, "The bot's account at Viber has no balance left."           },
    };
    if (status >= 0 && status < (int64_t)(sizeof known / sizeof *known))
        return known[status];
    return (struct meaning){CONNECTOR_RETRY, false, NULL};
}

/* What a header can carry: visible ASCII. */
static bool is_token(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f)
            return false;
    return s.len > 0;
}

/* Viber answers 200 and says the rest in `status`. */
static err ask(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const char *path, str body, int64_t now_ms, struct connector_sent *sent,
    const struct json **root)
{
    struct http_result res = {0};
    str base = connector_host_url(a, &connector_viber, setup->hosts, S("api"));
    str token = setup_secret(a, setup, "token");
    *root = NULL;
    *sent = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("The channel has no token.")};
    if (!is_token(token))
        return OK;
    const struct network_call call = {.method = HTTP_POST,
        .url = str_print(a, "%.*s/%s", SARG(base), path),
        .extra = {{S("X-Viber-Auth-Token"), token}},
        .n_extra = 1,
        .body = body};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("Viber"), &res, now_ms, sent);
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    *root = network_json(a, &res);
    int64_t status = take_int(*root, "status", -1);
    if (!*root || !json_get(*root, S("status"))) {
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->why = S("Viber's answer cannot be read.");
        return OK;
    }
    struct meaning m = meaning_of(status);
    sent->outcome = m.outcome;
    sent->is_channel_wide = m.is_channel_wide;
    if (m.outcome == CONNECTOR_SENT)
        return OK;
    sent->why = str_print(a, "Viber refused it (%lld).", (long long)status);
    network_why(a, S("Viber"), take_line(*root, "status_message", LIMIT_NAME_BYTES), sent);
    if (m.words)
        sent->why = str_from(m.words);
    return OK;
}

static err refuse(struct connector_sent *sent, str words)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = words};
    return OK;
}

/* ── sending ── */

/* What comes back with the customer's next message: our delivery and the buttons' ids. */
static str tracking(struct arena *a, str delivery_id, const struct json *buttons)
{
    struct json_out j = json_out_make(a, TRACKING_BYTES);
    const struct json *list = take_array(buttons, "buttons");
    int n = 0;
    if (!list)
        return bounded(str_cat(a, S("seva:"), delivery_id), TRACKING_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("seva"), delivery_id);
    json_key(&j, S("buttons"));
    json_arr(&j);
    for (const struct json *b = list->first; b && n < BUTTONS; b = b->next, n++) {
        json_arr(&j);
        json_put_str(&j, take_line(b, "id", READING_ID_BYTES));
        json_put_str(&j, take_line(b, "title", LIMIT_NAME_BYTES));
        json_arr_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    return j.b.failed ? bounded(str_cat(a, S("seva:"), delivery_id), TRACKING_BYTES) : json_str(&j);
}

static void put_keyboard(struct json_out *j, const struct json *buttons)
{
    const struct json *list = take_array(buttons, "buttons");
    int n = 0;
    json_key(j, S("keyboard"));
    json_obj(j);
    json_kv_str(j, S("Type"), S("keyboard"));
    json_key(j, S("Buttons"));
    json_arr(j);
    for (const struct json *b = list ? list->first : NULL; b && n < BUTTONS; b = b->next, n++) {
        str url = take_url(b, "url"), title = take_line(b, "title", LIMIT_NAME_BYTES);
        json_obj(j);
        json_kv_str(j, S("ActionType"), url.len ? S("open-url") : S("reply"));
        json_kv_str(j, S("ActionBody"), url.len ? url : title);
        json_kv_str(j, S("Text"), title);
        json_obj_end(j);
    }
    json_arr_end(j);
    json_obj_end(j);
}

static str put_file(struct json_out *j, const struct connector_file *f)
{
    bool is_picture = (str_eq(f->type, S("image/jpeg")) || str_eq(f->type, S("image/png")) ||
                          str_eq(f->type, S("image/gif"))) &&
                      f->size <= PICTURE_BYTES;
    bool is_video = str_eq(f->type, S("video/mp4")) && f->size <= VIDEO_BYTES;
    if (!str_starts(f->url, S("https://")) && !str_starts(f->url, S("http://")))
        return S("Viber fetches files from Seva, and this installation has no public address.");
    if (f->size > FILE_BYTES)
        return S("The file is larger than Viber takes (50 MB).");
    json_kv_str(j, S("type"), is_picture ? S("picture") : is_video ? S("video") : S("file"));
    json_kv_str(j, S("media"), f->url);
    if (is_picture) {
        json_kv_str(j, S("text"), S(""));
        if (f->preview_url.len)
            json_kv_str(j, S("thumbnail"), f->preview_url);
        return (str){0};
    }
    json_kv_int(j, S("size"), f->size);
    if (!is_video)
        json_kv_str(j, S("file_name"), bounded(f->name, FILE_NAME_BYTES));
    return (str){0};
}

static void put_number(struct json_out *j, str key, const struct json *of, const char *name)
{
    const struct json *v = json_get(of, str_from(name));
    json_key(j, key);
    json_put_double(j, v && v->kind == JSON_NUMBER ? v->number : 0);
}

static void put_location(struct json_out *j, const struct json *place)
{
    json_kv_str(j, S("type"), S("location"));
    json_key(j, S("location"));
    json_obj(j);
    put_number(j, S("lat"), place, "latitude");
    put_number(j, S("lon"), place, "longitude");
    json_obj_end(j);
}

static void put_contact(struct json_out *j, const struct json *card)
{
    const struct json *phones = take_array(card, "phones");
    json_kv_str(j, S("type"), S("contact"));
    json_key(j, S("contact"));
    json_obj(j);
    json_kv_str(j, S("name"), bounded(take_line(card, "name", LIMIT_NAME_BYTES), 28));
    json_kv_str(j, S("phone_number"), json_text(phones ? phones->first : NULL, S("")));
    json_obj_end(j);
}

/* Empty, or words why it cannot go. */
static str put_content(
    struct json_out *j, const struct connector_outgoing *out, const struct json *parts)
{
    const struct json *place = part_find(parts, "location"), *card = part_find(parts, "contact");
    int n = (out->text.len > 0) + (out->n_files > 0) + (place != NULL) + (card != NULL);
    if (n != 1 || out->n_files > 1)
        return S("A message to Viber is one text, one file, one place or one card.");
    if (out->n_files)
        return put_file(j, &out->files[0]);
    if (out->text.len) {
        json_kv_str(j, S("type"), S("text"));
        json_kv_str(j, S("text"), out->text);
    } else if (place) {
        put_location(j, place);
    } else {
        put_contact(j, card);
    }
    return (str){0};
}

static err send_message(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    const struct json *parts = NULL, *root = NULL;
    struct json_out j = json_out_make(a, BODY_BYTES);
    str why;
    if (out->parts.len && json_parse(a, out->parts, &parts, &why) != OK)
        parts = NULL;
    const struct json *buttons = part_find(parts, "buttons");
    json_obj(&j);
    json_kv_str(&j, S("receiver"), out->to);
    json_kv_int(&j, S("min_api_version"), 1);
    put_sender(a, out->setup, &j);
    json_kv_str(&j, S("tracking_data"), tracking(a, out->delivery_id, buttons));
    str words = put_content(&j, out, parts);
    if (buttons)
        put_keyboard(&j, buttons);
    json_obj_end(&j);
    if (words.len)
        return refuse(sent, words);
    if (j.b.failed)
        return refuse(sent, S("The message is larger than Viber takes (30 KB)."));
    TRY(ask(client, a, out->setup, "send_message", json_str(&j), out->now_ms, sent, &root));
    if (sent->outcome == CONNECTOR_SENT)
        sent->external_id = take_id(root, "message_token");
    return OK;
}

/* ── the bot ── */

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    static const char *const wanted[] = {
        "delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"};
    const struct json *root;
    struct json_out j = json_out_make(a, 8192);
    json_obj(&j);
    json_kv_str(&j, S("url"), on ? setup->hook_url : S(""));
    if (on) {
        json_key(&j, S("event_types"));
        json_arr(&j);
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            json_put_str(&j, str_from(wanted[i]));
        json_arr_end(&j);
        json_kv_bool(&j, S("send_name"), true);
        json_kv_bool(&j, S("send_photo"), true);
    }
    json_obj_end(&j);
    return ask(client, a, setup, "set_webhook", json_str(&j), clock_now_ms(), sent, &root);
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    const struct json *root;
    *out = (struct connector_checked){0};
    TRY(ask(client, a, setup, "get_account_info", S("{}"), now_ms, &out->end, &root));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *account = NEW(a, struct connector_account, 1);
    account->external_id = take_id(root, "id");
    account->handle = take_line(root, "uri", LIMIT_NAME_BYTES);
    account->name = take_line(root, "name", LIMIT_NAME_BYTES);
    account->avatar_url = take_url(root, "icon");
    out->accounts = account;
    out->n = 1;
    return OK;
}

static const struct connector_setting settings[] = {
    {.name = "token",
     .kind = "secret",
     .is_required = true,
     .help = "The bot's token, from its page at partners.viber.com or from the partner."},
    {.name = "sender_name",
     .kind = "text",
     .is_required = true,
     .help = "The name above each message; at most 28 characters."},
    {.name = "sender_avatar",
     .kind = "url",
     .help = "A picture beside each message: https, at most 100 KB."},
    {.name = "welcome",
     .kind = "text",
     .help = "What somebody reads who opens the chat for the first time."},
    {0},
};
static const struct connector_host hosts[] = {
    {"api", "https://chatapi.viber.com/pa"},
    {0    }
};
static const struct connector_media files[] = {
    {"*", FILE_BYTES},
    {0  }
};

const struct connector connector_viber = {
    .name = S_INIT("viber"),
    .title = S_INIT("Viber"),
    .able = ABLE_HOOK | ABLE_DELIVERED | ABLE_READ | ABLE_BUTTONS,
    .wants_preview = true,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = TEXT,
                      .files_per_piece = 1,
                      .media = files,
                      .may_split = true},
    .approval = "Viber makes new bots for companies only, through its partners and for a monthly "
                "fee.",
    .challenge = challenge,
    .verify = verify,
    .parse = viber_parse,
    .send = send_message,
    .check = check,
    .subscribe = subscribe,
    .answer = answer,
};
