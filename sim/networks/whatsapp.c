/* WhatsApp Cloud API v25.0 (2026) as its documentation says it. See network.h, and whatsapp.h for
 * the parts.
 *
 * Accounts: id = the phone number's id, token = the system user's token, secret = the app secret,
 * callback and verify_token = where its webhooks go (the real one takes https only). Settings:
 * "business" ("88001"), "number" ("15550001111"); "rates":"strict" applies 80 messages/s and the
 * limit per person; "window":"at_once" refuses free text after 24 hours in the answer, where the
 * real one says so in a status; "any_person":"yes" takes people who never wrote;
 * "statuses":"none" posts none; "hash":"wrong" announces files as others than they are.
 * say: kind "" (text, files), "button", "list", "form", "location", "contacts", "order", "edit",
 * "delete", "reaction", "unsupported", "welcome", "echo" (typed in the phone's app; from_id is the
 * customer). from_id: digits, or a user id for somebody with a user name only; more.phone adds the
 * number. special: read {id, person}, fail {person, code}, new_number {person, phone}, template
 * {name, language, event}, account {event}. Messages by address ("link") are accepted, not loaded.
 */
#include "whatsapp.h"

#include <stdlib.h>

#include "base/crypto.h"

enum {
    MB = 1024 * 1024,
    REGISTRATIONS = 10,
    REGISTRATIONS_MS = 72 * 3600 * 1000,
};

/* ── numbers and people ── */

str sim_whatsapp_business(const struct sim_account *account)
{
    str id = sim_setting(account, S("business"));
    return id.len > 0 ? id : S("88001");
}

static str shown_number(const struct sim_account *account)
{
    str number = sim_setting(account, S("number"));
    return number.len > 0 ? number : S("15550001111");
}

static void number_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    account->data = sim_alloc((ptrdiff_t)sizeof(struct whatsapp_number));
}

static void number_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct whatsapp_number *number = account->data;
    while (number->list) {
        struct whatsapp_person *p = number->list;
        number->list = p->next;
        free(p);
    }
    map_free(&number->people);
    free(number);
}

struct whatsapp_person *sim_whatsapp_person(struct sim_account *account, str id, bool is_made)
{
    struct whatsapp_number *number = account->data;
    struct whatsapp_person *p = map_get(&number->people, id);
    if (p || !is_made || id.len == 0 || id.len >= WHATSAPP_ID_BYTES ||
        number->people.count >= 2 * (ptrdiff_t)WHATSAPP_PEOPLE_MAX)
        return p;
    p = sim_alloc((ptrdiff_t)sizeof *p);
    bool is_user = str_find_byte(id, '.') >= 0;
    sim_keep(is_user ? p->user_id : p->phone, WHATSAPP_ID_BYTES, id);
    if (!is_user) {
        char user_id[WHATSAPP_ID_BYTES] = "US.1349";
        sim_keep(user_id + 7, WHATSAPP_ID_BYTES - 7, id);
        sim_keep(p->user_id, WHATSAPP_ID_BYTES, str_from(user_id));
    }
    sim_keep(p->name, WHATSAPP_NAME_BYTES, S("Customer"));
    p->next = number->list;
    number->list = p;
    if (map_put(&number->people, str_from(p->user_id), p) != OK ||
        (p->phone[0] && map_put(&number->people, str_from(p->phone), p) != OK))
        abort();
    return p;
}

str sim_whatsapp_wamid(struct sim *sim, const struct sim_account *account, struct arena *a)
{
    return str_print(a, "wamid.SIM%lld%.*s", (long long)sim_next(sim, account->network),
        SARG(sim_random_word(sim, account->network, a, 12)));
}

/* ── answers ── */

void sim_whatsapp_fail(struct sim_call *c, int status, int code, str words)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("error"));
    json_obj(&j);
    json_kv_str(&j, S("message"), str_print(c->arena, "(#%d) %.*s", code, SARG(words)));
    json_kv_str(&j, S("type"), S("OAuthException"));
    json_kv_int(&j, S("code"), code);
    json_key(&j, S("error_data"));
    json_obj(&j);
    json_kv_str(&j, S("messaging_product"), S("whatsapp"));
    json_kv_str(&j, S("details"), words);
    json_obj_end(&j);
    json_kv_str(&j, S("fbtrace_id"), sim_random_word(c->sim, c->network, c->arena, 11));
    json_obj_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, status, &j);
}

static void refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500) {
        sim_whatsapp_fail(c, 500, 131000, S("Something went wrong"));
    } else if (why == SIM_REFUSE_401) {
        sim_whatsapp_fail(c, 401, 190, S("The access token could not be decrypted"));
    } else {
        sim_whatsapp_fail(c, 429, 130429, S("Cloud API message throughput has been reached."));
        if (why == SIM_REFUSE_429)
            sim_header_print(c, S("Retry-After"), "%lld", (long long)(retry_after_ms + 999) / 1000);
    }
}

static void give_success(struct sim_call *c)
{
    sim_answer_print(c, 200, "{\"success\":true}");
}

/* ── files ── */

static const struct {
    const char *prefix; /* of the type */
    int64_t max;
} file_limits[] = {
    {"image/jpeg",                      5 * MB    },
    {"image/png",                       5 * MB    },
    {"image/webp",                      500 * 1024},
    {"video/mp4",                       16 * MB   },
    {"video/3gpp",                      16 * MB   },
    {"audio/aac",                       16 * MB   },
    {"audio/amr",                       16 * MB   },
    {"audio/mpeg",                      16 * MB   },
    {"audio/mp4",                       16 * MB   },
    {"audio/ogg",                       16 * MB   },
    {"text/plain",                      100 * MB  },
    {"application/pdf",                 100 * MB  },
    {"application/msword",              100 * MB  },
    {"application/vnd.ms-",             100 * MB  },
    {"application/vnd.openxmlformats-", 100 * MB  },
};

static void upload(struct sim_call *c)
{
    const struct sim_part *file = sim_part(c, S("file"));
    str type = sim_field(c, S("type"));
    int64_t max = 0;
    for (size_t i = 0; i < sizeof file_limits / sizeof *file_limits; i++)
        if (str_starts(type, str_from(file_limits[i].prefix)))
            max = file_limits[i].max;
    if (!str_eq(sim_field(c, S("messaging_product")), S("whatsapp")) || !file) {
        sim_whatsapp_fail(c, 400, 100, S("messaging_product and file are required"));
        return;
    }
    if (max == 0 || file->bytes.len > max || file->bytes.len == 0) {
        sim_whatsapp_fail(c, 400, 131053, S("Media upload error: type or size"));
        return;
    }
    const struct sim_file f = {http_media_type(type), file->file_name, file->bytes};
    struct sim_media m = sim_media_add(c->sim, c->network, c->arena, c->account->id, &f);
    sim_answer_print(c, 200, "{\"id\":\"%.*s\"}", SARG(m.id));
}

static void find_file(struct sim_call *c, str id)
{
    struct sim_media m;
    if (!sim_media_get(c->sim, c->network, c->arena, id, &m)) {
        sim_whatsapp_fail(c, 400, 100, S("Object does not exist or cannot be loaded"));
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("messaging_product"), S("whatsapp"));
    json_kv_str(
        &j, S("url"), sim_media_url(c->sim, c->network, c->arena, m.id, WHATSAPP_LINK_MS, true));
    json_kv_str(&j, S("mime_type"), m.content_type);
    bool is_wrong = str_eq(sim_setting(c->account, S("hash")), S("wrong"));
    json_kv_str(&j, S("sha256"), is_wrong ? sim_hmac_hex(c->arena, S(""), m.bytes) : m.sha256);
    json_kv_int(&j, S("file_size"), m.bytes.len);
    json_kv_str(&j, S("id"), m.id);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static bool may_load(struct sim_call *c, str media_id)
{
    (void)media_id;
    return sim_account_by_token(c, sim_bearer(c)) != NULL;
}

/* ── the account ── */

static void list_numbers(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    struct sim_account *account;
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    for (ptrdiff_t i = 0; (account = sim_account_at(c->sim, c->network, i)); i++) {
        if (!str_eq(sim_whatsapp_business(account), sim_whatsapp_business(c->account)))
            continue;
        json_obj(&j);
        json_kv_str(&j, S("id"), account->id);
        json_kv_str(
            &j, S("display_phone_number"), str_cat(c->arena, S("+"), shown_number(account)));
        json_kv_str(&j, S("verified_name"), account->name);
        json_kv_str(&j, S("quality_rating"), S("GREEN"));
        json_kv_raw(&j, S("throughput"), S("{\"level\":\"STANDARD\"}"));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_kv_raw(&j, S("paging"), S("{\"cursors\":{\"before\":\"b\",\"after\":\"a\"}}"));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void list_templates(struct sim_call *c)
{
    sim_answer(c, 200, S("application/json"),
        S("{\"data\":[{\"name\":\"order_update\",\"language\":\"en_US\",\"status\":\"APPROVED\","
          "\"category\":\"UTILITY\",\"id\":\"1\",\"components\":[{\"type\":\"BODY\",\"text\":\"Hi "
          "{{1}}, your order {{2}} is on its way.\"},{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":"
          "\"QUICK_REPLY\",\"text\":\"Thanks\"}]}]},{\"name\":\"hello\",\"language\":\"en_US\","
          "\"status\":\"APPROVED\",\"category\":\"UTILITY\",\"id\":\"2\",\"components\":[{\"type\":"
          "\"BODY\",\"text\":\"Hello, how can we help?\"}]},{\"name\":\"sale\",\"language\":\"en_US\","
          "\"status\":\"PAUSED\",\"category\":\"MARKETING\",\"id\":\"3\",\"components\":[{\"type\":"
          "\"BODY\",\"text\":\"Everything must go.\"}]}],\"paging\":{\"cursors\":{\"before\":\"b\","
          "\"after\":\"a\"}}}"));
}

static void register_number(struct sim_call *c)
{
    struct whatsapp_number *number = c->account->data;
    int64_t pin = 0;
    if (sim_field(c, S("pin")).len != 6 || str_int(sim_field(c, S("pin")), 0, 999999, &pin) != OK) {
        sim_whatsapp_fail(c, 400, 100, S("pin has six digits"));
        return;
    }
    if (c->now_ms - number->registered_since_ms > REGISTRATIONS_MS) {
        number->registered_since_ms = c->now_ms;
        number->registered = 0;
    }
    if (++number->registered > REGISTRATIONS)
        sim_whatsapp_fail(c, 400, 133016, S("Registration failed: too many attempts"));
    else
        give_success(c);
}

/* The new callback is asked first and used when it knows the answer. */
static void set_callback(struct sim_call *c)
{
    struct whatsapp_number *number = c->account->data;
    const struct json *wanted = sim_field_json(c, S("webhook_configuration"));
    str url = json_text(json_get(wanted, S("override_callback_uri")), (str){0});
    str token = json_text(json_get(wanted, S("verify_token")), (str){0});
    if (!wanted) {
        sim_whatsapp_fail(c, 400, 100, S("webhook_configuration is required"));
        return;
    }
    if (url.len == 0) {
        sim_account_callback(c->sim, c->account, (str){0});
        give_success(c);
        return;
    }
    sim_keep(number->wanted_callback, sizeof number->wanted_callback, url);
    sim_keep(number->challenge, sizeof number->challenge,
        str_print(c->arena, "%lld", (long long)sim_random(c->sim, c->network, 1000000000)));
    const struct sim_webhook ask = {.method = HTTP_GET,
        .url =
            str_print(c->arena, "%.*s%shub.mode=subscribe&hub.verify_token=%.*s&hub.challenge=%s",
                SARG(url), str_find_byte(url, '?') >= 0 ? "&" : "?",
                SARG(http_percent_encode(c->arena, token)), number->challenge),
        .tag = WHATSAPP_HANDSHAKE,
        .is_once = true};
    sim_webhook_send(c->sim, c->account, &ask);
    give_success(c);
}

static void answered(
    struct sim *sim, struct sim_account *account, const struct sim_answered *answer)
{
    struct whatsapp_number *number = account->data;
    if (answer->tag != WHATSAPP_HANDSHAKE)
        return;
    if (answer->status == 200 && str_eq(str_trim(answer->body), str_from(number->challenge)))
        sim_account_callback(sim, account, str_from(number->wanted_callback));
}

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    if (post->method == HTTP_POST)
        sim_post_header(post, S("X-Hub-Signature-256"),
            str_cat(
                post->arena, S("sha256="), sim_hmac_hex(post->arena, account->secret, post->body)));
}

/* ── calls ── */

/* A proof that is there must be right. */
static bool is_authorized(struct sim_call *c)
{
    str token = sim_bearer(c), proof = http_query_get(c->req, S("appsecret_proof"));
    if (!sim_account_by_token(c, token)) {
        sim_whatsapp_fail(c, 401, 190, S("Invalid OAuth access token"));
        return false;
    }
    if (proof.len > 0 && !str_eq(proof, sim_hmac_hex(c->arena, c->account->secret, token))) {
        sim_whatsapp_fail(c, 400, 100, S("Invalid appsecret_proof provided in the API argument"));
        return false;
    }
    return true;
}

static void on_business(struct sim_call *c, str edge)
{
    bool is_get = c->req->method == HTTP_GET;
    if (is_get && str_eq(edge, S("phone_numbers")))
        list_numbers(c);
    else if (is_get && str_eq(edge, S("message_templates")))
        list_templates(c);
    else if (!is_get && str_eq(edge, S("subscribed_apps")))
        give_success(c);
    else
        sim_whatsapp_fail(c, 400, 100, S("Unsupported request"));
}

static void on_number(struct sim_call *c, str edge)
{
    bool is_post = c->req->method == HTTP_POST;
    if (is_post && str_eq(edge, S("messages")))
        sim_whatsapp_messages(c);
    else if (is_post && str_eq(edge, S("media")))
        upload(c);
    else if (is_post && str_eq(edge, S("register")))
        register_number(c);
    else if (is_post && edge.len == 0)
        set_callback(c);
    else
        sim_whatsapp_fail(c, 400, 100, S("Unsupported request"));
}

/* "/graph" in front is the name of the base address, when all of a network's are told at once. */
static void handle(struct sim_call *c)
{
    int at = str_eq(sim_path(c, 0), S("graph"));
    str version = sim_path(c, at), id = sim_path(c, at + 1), edge = sim_path(c, at + 2);
    if (!str_starts(version, S("v")) || id.len == 0) {
        sim_whatsapp_fail(c, 404, 100, S("Unknown path components"));
        return;
    }
    if (!is_authorized(c))
        return;
    if (c->body_fault.len > 0)
        sim_whatsapp_fail(c, 400, 100, c->body_fault);
    else if (str_eq(id, sim_whatsapp_business(c->account)))
        on_business(c, edge);
    else if (str_eq(id, c->account->id))
        on_number(c, edge);
    else if (c->req->method == HTTP_GET && edge.len == 0)
        find_file(c, id);
    else
        sim_whatsapp_fail(c, 400, 100, S("Object does not exist or cannot be loaded"));
}

void sim_whatsapp_post(struct sim *sim, struct sim_account *account, struct arena *a, str field,
    str value, str key, str conversation, int64_t delay_ms)
{
    str head = str_print(a,
        "{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":\"%.*s\","
        "\"phone_number_id\":\"%.*s\"},",
        SARG(shown_number(account)), SARG(account->id));
    str body = str_print(a,
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"%.*s\",\"changes\":[{"
        "\"value\":%.*s%.*s,\"field\":\"%.*s\"}]}]}",
        SARG(sim_whatsapp_business(account)), SARG(head), SARG(str_skip(value, 1)), SARG(field));
    const struct sim_webhook w = {.method = HTTP_POST,
        .body = body,
        .key = key,
        .conversation = conversation,
        .delay_ms = delay_ms};
    sim_webhook_send(sim, account, &w);
}

/* Seven days in all, with growing gaps. */
static const int64_t retry_gaps_ms[] = {1000, 5000, 30000, 120000, 600000, 3600000, 6 * 3600000,
    24 * 3600000, 48 * 3600000, 84 * 3600000, 0};

const struct sim_network sim_whatsapp = {
    .name = S_INIT("whatsapp"),
    .title = S_INIT("WhatsApp Cloud API"),
    .account = {.id = S_INIT("99001"),
                .name = S_INIT("Seva"),
                .token = S_INIT("EAAGsevaPageToken123"),
                .secret = S_INIT("seva-meta-app-secret-0001")},
    .account_open = number_open,
    .account_close = number_close,
    .handle = handle,
    .refuse = refuse,
    .say = sim_whatsapp_say,
    .special = sim_whatsapp_special,
    .sign = sign,
    .answered = answered,
    .retry_gaps_ms = retry_gaps_ms,
    .may_load = may_load,
};
