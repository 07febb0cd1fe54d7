/* SMS and MMS through Twilio: the form, the rules, who we are there, and where Twilio calls. A
 * channel is one sender: a number, a short code, a name (which nobody can answer), or a messaging
 * service with several. WhatsApp and RCS senders of Twilio go the same way ("whatsapp:+1555…").
 *
 * Words like STOP are heeded by Twilio and the carriers; the person then counts as gone, and a send
 * fails with error 21610 until they write START.
 * Source: Twilio Programmable Messaging, API 2010-04-01 (2026). Rates per number are UNSURE: Twilio
 * queues what is too fast, so that a gap here only keeps its queue short. Thread: calls block. */
#include "connector/sms.h"

#include "base/clock.h"
#include "base/limits.h"
#include "connector/reading.h"

#define EMPTY_TWIML "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>"

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    return twilio_verify(a, hook, why);
}

/* ── the sender ── */

struct sender {
    str from, service; /* settings */
    str sid;           /* of the number or service; empty: Twilio has no such record */
    str name, url;     /* what Twilio calls it, and where it posts messages */
    bool takes_sms;
};

static err ask_for(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const char *host, str path, const str *form, int64_t now_ms, struct connector_sent *end,
    const struct json **root)
{
    const struct twilio_ask ask = {.connector = &connector_sms,
        .setup = setup,
        .host = host,
        .method = form ? HTTP_POST : HTTP_GET,
        .path = path,
        .form = form,
        .now_ms = now_ms};
    struct twilio_answer answer;
    TRY(twilio_do(client, a, &ask, end, &answer));
    *root = answer.root;
    return OK;
}

static err find_service(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, int64_t now_ms, struct sender *s,
    struct connector_sent *end)
{
    const struct json *root = NULL;
    if (!twilio_is_sid(s->service, "MG")) {
        *end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("A messaging service is named by MG and 32 digits.")};
        return OK;
    }
    TRY(ask_for(client, a, setup, "messaging", str_cat(a, S("/v1/Services/"), s->service), NULL,
        now_ms, end, &root));
    s->sid = s->service;
    s->name = take_line(root, "friendly_name", LIMIT_NAME_BYTES);
    s->url = take_url(root, "inbound_request_url");
    s->takes_sms = true;
    return OK;
}

/* A number is in the account's list; a short code, a name, a WhatsApp sender is not. */
static err find_number(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, int64_t now_ms, struct sender *s,
    struct connector_sent *end)
{
    const struct json *root = NULL;
    str path = str_print(a, "/IncomingPhoneNumbers.json?PhoneNumber=%.*s&PageSize=5",
        SARG(http_percent_encode(a, s->from)));
    TRY(ask_for(client, a, setup, "api", path, NULL, now_ms, end, &root));
    const struct json *list = take_array(root, "incoming_phone_numbers");
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        if (!str_eq(take_line(v, "phone_number", READING_ID_BYTES), s->from))
            continue;
        s->sid = take_id(v, "sid");
        s->name = take_line(v, "friendly_name", LIMIT_NAME_BYTES);
        s->url = take_url(v, "sms_url");
        s->takes_sms = take_bool(take_object(v, "capabilities"), "sms");
    }
    return OK;
}

static err find_sender(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, int64_t now_ms, struct sender *s,
    struct connector_sent *end)
{
    *s = (struct sender){.from = setup_setting(a, &connector_sms, setup, "sender"),
        .service = setup_setting(a, &connector_sms, setup, "messaging_service_sid")};
    if (s->service.len)
        return find_service(client, a, setup, now_ms, s, end);
    if (s->from.len)
        return find_number(client, a, setup, now_ms, s, end);
    *end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
        .why = S("Enter the channel's number as sender, or a messaging service.")};
    return OK;
}

static bool is_plain_number(str from)
{
    return str_starts(from, S("+")) && twilio_number(from).len;
}

static str note_of(const struct connector_setup *setup, const struct sender *s)
{
    int64_t n;
    bool is_code = str_int(s->from, 1, 99999999, &n) == OK;
    if (!s->sid.len && is_code)
        return S("Set the short code's messaging address to this channel's address by hand.");
    if (!s->sid.len && str_find_byte(s->from, ':') >= 0)
        return S("Set the sender's messaging address to this channel's address by hand.");
    if (!s->sid.len)
        return S("The sender is a name: people get its messages and cannot answer.");
    if (!s->takes_sms)
        return S("Twilio says that this number takes no SMS.");
    return str_eq(s->url, setup->hook_url)
               ? (str){0}
               : S("Twilio posts this sender's messages elsewhere, or nowhere, until the channel is "
                   "switched on here.");
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct sender s;
    *out = (struct connector_checked){0};
    TRY(find_sender(client, a, setup, now_ms, &s, &out->end));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    if (!s.sid.len && is_plain_number(s.from)) {
        out->end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("The Twilio account has no such number; it is written +15550001111.")};
        return OK;
    }
    struct connector_account *account = NEW(a, struct connector_account, 1);
    account->external_id = s.service.len ? s.service : s.from;
    account->handle = s.from.len ? s.from : s.name;
    account->name = s.name.len ? s.name : s.from;
    out->accounts = account;
    out->n = 1;
    out->note = note_of(setup, &s);
    return OK;
}

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    struct sender s;
    const struct json *root = NULL;
    int64_t now_ms = clock_now_ms();
    struct form f = form_make(a);
    TRY(find_sender(client, a, setup, now_ms, &s, sent));
    if (sent->outcome != CONNECTOR_SENT || !s.sid.len)
        return OK;
    if (!on && !str_eq(s.url, setup->hook_url))
        return OK; /* it belongs to somebody else by now */
    str url = on ? setup->hook_url : (str){0};
    if (s.service.len) {
        form_add(&f, "InboundRequestUrl", url);
        form_add(&f, "InboundMethod", S("POST"));
        form_add(&f, "UseInboundWebhookOnNumber", S("false"));
    } else {
        form_add(&f, "SmsUrl", url);
        form_add(&f, "SmsMethod", S("POST"));
    }
    str body = form_str(&f);
    if (s.service.len)
        return ask_for(client, a, setup, "messaging", str_cat(a, S("/v1/Services/"), s.sid), &body,
            now_ms, sent, &root);
    if (!twilio_is_sid(s.sid, "PN")) {
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("Twilio's answer cannot be read.")};
        return OK;
    }
    return ask_for(client, a, setup, "api",
        str_print(a, "/IncomingPhoneNumbers/%.*s.json", SARG(s.sid)), &body, now_ms, sent, &root);
}

static err media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out)
{
    (void)client;
    return twilio_media(a, &connector_sms, setup, at->media_id, out);
}

/* ── the network ── */

static const struct connector_setting settings[] = {
    TWILIO_ACCOUNT,
    {.name = "sender",
      .kind = "text",
      .help = "The number that messages come from, like +15550001111; a short code, or a name of "
                "up to 11 letters that nobody can answer."},
    {.name = "messaging_service_sid",
      .kind = "text",
      .help = "A messaging service (MG…) that chooses the sender, instead of one number."},
    TWILIO_VERSION,
    {0                     },
};
static const struct connector_host hosts[] = {
    {"api",                           "https://api.twilio.com"},
    {"messaging",                               "https://messaging.twilio.com"},
    {0}
};
static const struct connector_media files[] = {
    {"image/ audio/ video/ application/pdf text/vcard text/calendar text/csv text/rtf",
     SMS_FILES_BYTES},
    {0                                                                                }
};

const struct connector connector_sms = {
    .name = S_INIT("sms"),
    .title = S_INIT("SMS"),
    .able = ABLE_HOOK | ABLE_DELIVERED | ABLE_BEGIN,
    .address = ADDRESS_PHONE,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_SMS,
                      .max_length = SMS_SEGMENTS,
                      .max_length_with_file = SMS_SEGMENTS,
                      .files_per_piece = SMS_FILES,
                      .media = files,
                      .may_number = true,
                      .may_split = true},
    .approval =
        "Messages to the United States need a registered campaign (A2P 10DLC) or a verified "
        "toll-free number; some countries want a registered sender.",
    .send_gap_ms = 1000, /* a long code sends one SMS a second */
    .verify = verify,
    .taken = {.status = 200,     .content_type = "text/xml",         .body = S_INIT(EMPTY_TWIML)                   },
    .parse = sms_parse,
    .send = sms_send,
    .check = check,
    .subscribe = subscribe,
    .media = media,
};
