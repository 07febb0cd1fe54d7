/* voice: telephone calls through Twilio. A channel is one number. Calls become messages with a
 * "call" part: one message per call, known by its CallSid, and whatever is known first of how it
 * went stays: that it was answered, that there is a voicemail (with the recording), that the caller
 * goes on by message, and at its end that it was missed. The menu is text/ivr.h; the address of
 * each request says where the caller is in it, and is kept as the delivery's origin.
 *
 * Beside the messages each request says where the call is now: those are the ITEM_CALLs. Both are
 * voice_parse.c; what Seva asks of calls (ringing an agent, taking one out of the queue, ending it)
 * is voice_call.c.
 *
 * An answer in writing cannot go here: the conversation moves to another channel of the person.
 * UNSURE: whether a recording can be loaded at once when its call says that it is there: its record
 * is asked first, and "completed" there is believed. Source: Twilio Programmable Voice, API
 * 2010-04-01 (2026). Thread: calls block. */
#include "connector/voice.h"

#include "base/clock.h"
#include "base/limits.h"
#include "connector/reading.h"
#include "connector/telephone.h"
#include "connector/twilio.h"
#include "text/ivr.h"

#define EMPTY_TWIML "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>"

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    return twilio_verify(a, hook, why);
}

/* ── the menu ── */

static struct connector_answer answer(struct arena *a, const struct connector_hook *hook)
{
    struct twilio_form form;
    str path, query, why;
    struct ivr_request req = {.address = hook->setup->hook_url, .now_ms = hook->now_ms};
    (void)str_cut(hook->req->raw_target, '?', &path, &query);
    ivr_state_read(query, &req);
    if (twilio_form_read(a, hook->req->body, &form, &why) != OK)
        return (struct connector_answer){0};
    if (!req.step.len && twilio_field(&form, "CallbackSource").len)
        return (struct connector_answer){0}; /* a report */
    req.digits = twilio_field(&form, "Digits");
    req.dial_status = twilio_field(&form, "DialCallStatus");
    req.queue_result = twilio_field(&form, "QueueResult");
    req.average_s = voice_number(&form, "AvgQueueTime");
    req.position = voice_number(&form, "QueuePosition");
    req.queue = hook->setup->external_id.len ? hook->setup->external_id : S("seva");
    return (struct connector_answer){.status = 200,
        .content_type = "text/xml",
        .body = ivr_answer(a, hook->setup->settings, &req)};
}

/* ── files ── */

static err ask_for(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str path, const str *form, struct connector_sent *end, const struct json **root, int *status)
{
    const struct twilio_ask ask = {.connector = &connector_voice,
        .setup = setup,
        .host = "api",
        .method = form ? HTTP_POST : HTTP_GET,
        .path = path,
        .form = form,
        .now_ms = clock_now_ms()};
    struct twilio_answer answered;
    TRY(twilio_do(client, a, &ask, end, &answered));
    *root = answered.root;
    *status = answered.status;
    return OK;
}

/* A recording is there some seconds after its call says so: its record is asked first. */
static err media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out)
{
    const struct json *root = NULL;
    str account, recording;
    int status = 0;
    (void)str_cut(at->media_id, '/', &account, &recording);
    *out = (struct connector_source){.end = {.outcome = CONNECTOR_SENT}};
    if (!twilio_is_sid(recording, "RE") ||
        !str_eq(account, setup_setting(a, &connector_voice, setup, "account_sid"))) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("Twilio has no recording of this name.")};
        return OK;
    }
    str path = str_print(a, "/Recordings/%.*s", SARG(recording));
    TRY(ask_for(client, a, setup, str_cat(a, path, S(".json")), NULL, &out->end, &root, &status));
    if (status == 404)
        out->end.outcome = CONNECTOR_RETRY;
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    str state = take_line(root, "status", 40);
    if (!str_eq(state, S("completed"))) {
        bool is_gone =
            str_eq(state, S("absent")) || str_eq(state, S("failed")) || str_eq(state, S("deleted"));
        out->end = (struct connector_sent){.outcome = is_gone ? CONNECTOR_FINAL : CONNECTOR_RETRY,
            .why = is_gone ? S("Twilio has no recording of this call.")
                           : S("Twilio has not finished the recording yet.")};
        return OK;
    }
    return twilio_source(a, &connector_voice, setup, account, str_cat(a, path, S(".mp3")), out);
}

/* ── the number ── */

struct number {
    str sid, name, url;
    bool takes_calls;
};

static err find_number(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, struct number *found, struct connector_sent *end)
{
    const struct json *root = NULL;
    str wanted = setup_setting(a, &connector_voice, setup, "number");
    int status = 0;
    *found = (struct number){0};
    TRY(ask_for(client, a, setup,
        str_print(a, "/IncomingPhoneNumbers.json?PhoneNumber=%.*s&PageSize=5",
            SARG(http_percent_encode(a, wanted))),
        NULL, end, &root, &status));
    const struct json *list = take_array(root, "incoming_phone_numbers");
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        if (!str_eq(take_line(v, "phone_number", READING_ID_BYTES), wanted))
            continue;
        found->sid = take_id(v, "sid");
        found->name = take_line(v, "friendly_name", LIMIT_NAME_BYTES);
        found->url = take_url(v, "voice_url");
        found->takes_calls = take_bool(take_object(v, "capabilities"), "voice");
    }
    if (end->outcome == CONNECTOR_SENT && !twilio_is_sid(found->sid, "PN"))
        *end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("The Twilio account has no such number; it is written +15550001111.")};
    return OK;
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct number number;
    (void)now_ms;
    *out = (struct connector_checked){0};
    TRY(find_number(client, a, setup, &number, &out->end));
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *account = NEW(a, struct connector_account, 1);
    account->external_id = account->handle = setup_setting(a, &connector_voice, setup, "number");
    account->name = number.name.len ? number.name : account->handle;
    out->accounts = account;
    out->n = 1;
    out->note = ivr_fault(a, setup->settings);
    if (!out->note.len && !number.takes_calls)
        out->note = S("Twilio says that this number takes no calls.");
    if (!out->note.len && !str_eq(number.url, setup->hook_url))
        out->note =
            S("Twilio sends this number's calls elsewhere, or nowhere, until the channel is "
              "switched on here.");
    return OK;
}

static err subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    struct number number;
    const struct json *root = NULL;
    struct form f = form_make(a);
    int status = 0;
    TRY(find_number(client, a, setup, &number, sent));
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    if (!on && !str_eq(number.url, setup->hook_url))
        return OK; /* it belongs to somebody else by now */
    form_add(&f, "VoiceUrl", on ? setup->hook_url : (str){0});
    form_add(&f, "VoiceMethod", S("POST"));
    form_add(&f, "StatusCallback", on ? setup->hook_url : (str){0});
    form_add(&f, "StatusCallbackMethod", S("POST"));
    str body = form_str(&f);
    return ask_for(client, a, setup,
        str_print(a, "/IncomingPhoneNumbers/%.*s.json", SARG(number.sid)), &body, sent, &root,
        &status);
}

/* ── the network ── */

static const struct connector_setting settings[] = {
    TWILIO_ACCOUNT,
    {.name = "number",
      .kind = "text",
      .is_required = true,
      .help = "The number that people call, like +15550001111."},
    {.name = "ivr",
      .kind = "json",
      .help = "The menu that callers hear: languages, hours and what each key does."},
    TELEPHONE_WRAP_UP,
    TWILIO_VERSION,
    {0                  },
};
static const struct connector_host hosts[] = {
    {"api", "https://api.twilio.com"},
    {0    }
};

const struct connector connector_voice = {
    .name = S_INIT("voice"),
    .title = S_INIT("Phone"),
    .able = ABLE_HOOK | ABLE_CALLS,
    .settings = settings,
    .hosts = hosts,
    .verify = verify,
    .taken = {.status = 200, .content_type = "text/xml", .body = S_INIT(EMPTY_TWIML)},
    .parse = voice_parse,
    .send = telephone_send,
    .check = check,
    .subscribe = subscribe,
    .media = media,
    .answer = answer,
    .keeps_query = true,
    .calls = 1 << CALL_DIAL | 1 << CALL_TAKE | 1 << CALL_HANG_UP | 1 << CALL_LOOK,
    .call = voice_call,
};
