/* The API channel: another program brings messages to /hooks/api/<key> and takes replies at its
 * reply_url. Both directions are signed (signature.h). A repetition of a reply is known by its
 * Seva-Delivery header, so a try of unknown end is repeated.
 * Body: {"messages":[{"id","thread","contact":{"id","name","email","phone","language"},"text",
 * "sent_at","attachments":[{"url","name"}]}]}. Source: docs/api.md, "API channel".
 * Thread: any; send blocks. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/connector.h"
#include "connector/network.h"
#include "connector/reading.h"
#include "connector/signature.h"

enum { LANGUAGE_BYTES = 35 }; /* BCP 47: the longest tag anybody must take (RFC 5646, 4.4.1) */

/* ── parse ── */

struct reading {
    struct arena *a;
    struct connector_item *item;
};

static void fault(struct reading *r, str words)
{
    if (r->item->fault.len == 0)
        r->item->fault = words;
}

/* A text or number of an object; absent and null are empty; too long or another kind is a fault. */
static str text_of(
    struct reading *r, const struct json *object, str key, ptrdiff_t max_bytes, bool is_line)
{
    const struct json *v = json_get(object, key);
    if (!v || v->kind == JSON_NULL)
        return (str){0};
    if (v->kind != JSON_STRING && v->kind != JSON_NUMBER) {
        fault(r, str_print(r->a, "%.*s is not a text.", SARG(key)));
        return (str){0};
    }
    if (v->text.len > max_bytes) {
        fault(r, str_print(r->a, "%.*s has more than %td bytes.", SARG(key), max_bytes));
        return (str){0};
    }
    if (is_line && utf8_has_control(v->text)) {
        fault(r, str_print(r->a, "%.*s holds control characters.", SARG(key)));
        return (str){0};
    }
    return is_line ? str_trim(v->text) : v->text;
}

static void read_contact(struct reading *r, const struct json *contact)
{
    struct connector_item *it = r->item;
    if (!contact || contact->kind != JSON_OBJECT) {
        fault(r, S("contact is missing."));
        return;
    }
    it->contact_external_id = text_of(r, contact, S("id"), READING_ID_BYTES, true);
    it->contact_name = text_of(r, contact, S("name"), LIMIT_NAME_BYTES, true);
    it->contact_email = text_of(r, contact, S("email"), LIMIT_NAME_BYTES, true);
    it->contact_phone = text_of(r, contact, S("phone"), LIMIT_NAME_BYTES, true);
    it->contact_language = text_of(r, contact, S("language"), LANGUAGE_BYTES, true);
    if (it->contact_external_id.len == 0)
        fault(r, S("contact.id is missing."));
}

static void read_attachments(struct reading *r, const struct json *list)
{
    if (!list || list->kind == JSON_NULL)
        return;
    if (list->kind != JSON_ARRAY || list->count > LIMIT_ATTACHMENTS) {
        fault(r, S("attachments is not a list of at most 10."));
        return;
    }
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, list->count);
    ptrdiff_t n = 0;
    for (const struct json *v = list->first; v; v = v->next) {
        at[n].url = text_of(r, v, S("url"), READING_URL_BYTES, true);
        at[n].name = text_of(r, v, S("name"), LIMIT_NAME_BYTES, false);
        if (!str_starts(at[n].url, S("https://")) && !str_starts(at[n].url, S("http://")))
            fault(r, S("attachments: url is not a web address."));
        n++;
    }
    r->item->attachments = at;
    r->item->n_attachments = n;
}

static void read_item(struct reading *r, const struct json *v, int64_t received_ms)
{
    struct connector_item *it = r->item;
    if (v->kind != JSON_OBJECT) {
        fault(r, S("A message is not an object."));
    } else {
        it->external_id = text_of(r, v, S("id"), READING_ID_BYTES, true);
        it->thread_key = text_of(r, v, S("thread"), READING_ID_BYTES, true);
        it->text = text_of(r, v, S("text"), LIMIT_TEXT_BYTES, false);
        read_contact(r, json_get(v, S("contact")));
        read_attachments(r, json_get(v, S("attachments")));
        str sent_at = text_of(r, v, S("sent_at"), READING_ID_BYTES, true);
        it->sent_ms = received_ms;
        if (sent_at.len && time_parse(sent_at, &it->sent_ms) != OK)
            fault(r, S("sent_at is not a time of RFC 3339."));
        if (it->sent_ms > received_ms || it->sent_ms <= 0)
            it->sent_ms = received_ms;
        if (it->external_id.len == 0)
            fault(r, S("id is missing."));
        if (str_trim(it->text).len == 0 && it->n_attachments == 0)
            fault(r, S("There is neither text nor an attachment."));
    }
    it->opens_window = true;
    if (it->fault.len)
        *it = (struct connector_item){.fault = it->fault,
            .raw = str_print(r->a, "{\"messages\":[%.*s]}", SARG(json_text_of(r->a, v)))};
}

static err parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    const struct json *list = json_get(root, S("messages"));
    if (!list || list->kind != JSON_ARRAY || list->count == 0) {
        *why = S("messages is not a list with at least one message.");
        return E_INVALID;
    }
    if (list->count > LIMIT_HOOK_ITEMS) {
        *why = S("There are more than 1,000 messages in one delivery.");
        return E_INVALID;
    }
    struct connector_item *items = NEW(a, struct connector_item, list->count);
    ptrdiff_t n = 0;
    for (const struct json *v = list->first; v; v = v->next) {
        struct reading r = {.a = a, .item = &items[n++]};
        read_item(&r, v, raw->received_ms);
    }
    *batch = (struct connector_batch){.items = items, .n = n};
    if (n == 1 && !items[0].fault.len)
        batch->delivery_id = items[0].external_id;
    return OK;
}

/* ── send ── */

static void read_answer(
    struct arena *a, const struct http_result *res, int64_t now_ms, struct connector_sent *sent)
{
    network_answer(a, S("The reply address"), res, now_ms, sent);
    if (res->status == 403)
        sent->outcome = CONNECTOR_REAUTH;
    if (res->status == 429) /* it does not say how much else goes: only this one waits */
        sent->is_channel_wide = false;
    if (sent->outcome == CONNECTOR_SENT)
        sent->external_id = take_id(network_json(a, res), "id");
    else if (!res->status)
        sent->why = str_copy(a, res->why);
}

static err send_reply(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    const struct json *settings = NULL;
    str why, url = {0};
    if (json_parse(a, out->setup->settings, &settings, &why) == OK)
        url = json_text(json_get(settings, S("reply_url")), S(""));
    if (url.len == 0) {
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("The channel has no reply address.")};
        return OK;
    }
    str signature =
        signature_make(a, out->setup->secret, out->setup->old_secret, out->now_ms, out->event_json);
    const struct http_header headers[] = {
        {S("Content-Type"),   S("application/json")},
        {S("Seva-Event"),     S("message.outgoing")},
        {S("Seva-Delivery"),  out->delivery_id     },
        {S("Seva-Signature"), signature            },
    };
    const struct http_call call = {
        .method = HTTP_POST,
        .url = url,
        .purpose = EGRESS_WEBHOOK,
        .headers = headers,
        .header_count = (ptrdiff_t)(sizeof headers / sizeof *headers),
        .body = out->event_json,
        .max_response_bytes = 64 * 1024,
        .may_repeat = true,
    };
    struct http_result res = {0};
    TRY(http_client_call(client, a, &call, &res));
    struct connector_sent got = {0};
    read_answer(a, &res, out->now_ms, &got);
    *sent = got;
    return OK;
}

static const struct connector_setting settings[] = {
    {.name = "reply_url",                     .kind = "url", .help = "Where replies are posted to."},
    {.name = "events", .kind = "list", .help = "Which events are posted besides replies."},
    {0                       },
};
static const struct connector_media media[] = {
    {"*", LIMIT_UPLOAD_BYTES},
    {0  }
};

const struct connector connector_api = {
    .name = S_INIT("api"),
    .title = S_INIT("API"),
    .able = ABLE_HOOK | ABLE_DELIVERED | ABLE_READ | ABLE_BEGIN | ABLE_QUOTE,
    .settings = settings,
    .private_rules = {.unit = LENGTH_BYTES,
                      .max_length = LIMIT_TEXT_BYTES,
                      .max_length_with_file = LIMIT_TEXT_BYTES,
                      .files_per_piece = LIMIT_ATTACHMENTS,
                      .media = media},
    .repeats_safely = true,
    .verify = signature_verify,
    .parse = parse,
    .send = send_reply,
};
