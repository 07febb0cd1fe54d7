/* voice_call: see voice.h. Making a call is not repeated while nobody knows whether Twilio took it,
 * a phone would ring twice: Twilio's list of calls to the agent's phone that are going on is asked.
 * If that fails too, its reports, which carry our own name of the call, settle it. Source: Twilio
 * "Calls resource", API 2010-04-01 (2026): Twiml at most 4,000 characters. Thread: calls block. */
#include "base/utf8.h"
#include "connector/reading.h"
#include "connector/twilio.h"
#include "connector/voice.h"
#include "text/ivr.h"

enum { TWIML_CHARS = 4000, RING_S = 30 };

static err ask(struct http_client *client, struct arena *a, const struct connector_call *call,
    str path, const struct form *form, struct connector_called *out, struct twilio_answer *answer)
{
    str body = form ? form_str(form) : (str){0};
    const struct twilio_ask ask = {.connector = &connector_voice,
        .setup = call->setup,
        .host = "api",
        .method = form ? HTTP_POST : HTTP_GET,
        .path = path,
        .form = form ? &body : NULL,
        .now_ms = call->now_ms};
    return twilio_do(client, a, &ask, &out->end, answer);
}

static struct ivr_request request_of(const struct connector_call *call)
{
    return (struct ivr_request){.address = call->setup->hook_url,
        .language = call->language,
        .ref = call->kind == CALL_DIAL ? call->ref : (str){0},
        .now_ms = call->now_ms};
}

static void refuse(struct connector_called *out, const char *why)
{
    out->end = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = str_from(why)};
}

/* Is there a call to the agent's phone from our number that has not ended? */
static err settle(struct http_client *client, struct arena *a, const struct connector_call *call,
    str number, struct connector_called *out)
{
    static const char *const going[] = {"queued", "initiated", "ringing", "in-progress"};
    struct connector_called asked = {0};
    struct twilio_answer answer;
    str path = str_print(a, "/Calls.json?To=%.*s&From=%.*s&PageSize=20",
        SARG(http_percent_encode(a, call->phone)), SARG(http_percent_encode(a, number)));
    TRY(ask(client, a, call, path, NULL, &asked, &answer));
    if (asked.end.outcome != CONNECTOR_SENT) {
        out->end.outcome = CONNECTOR_UNKNOWN;
        return OK;
    }
    const struct json *list = take_array(answer.root, "calls");
    out->end.outcome = CONNECTOR_RETRY;
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        for (size_t i = 0; i < sizeof going / sizeof *going; i++)
            if (str_eq(take_line(v, "status", 40), str_from(going[i])) &&
                str_eq(take_line(v, "to", READING_ID_BYTES), call->phone) &&
                twilio_is_sid(take_id(v, "sid"), "CA"))
                out->end = (struct connector_sent){
                    .outcome = CONNECTOR_SENT, .external_id = take_id(v, "sid")};
    return OK;
}

static err dial(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out)
{
    static const char *const events[] = {"answered", "completed"};
    const struct ivr_request req = request_of(call);
    str number = setup_setting(a, &connector_voice, call->setup, "number");
    str document = ivr_connect(a, call->setup->settings, &req, call->to, number);
    struct twilio_answer answer;
    struct form f = form_make(a);
    if (!ivr_is_target(call->phone) || !ivr_is_target(call->to) || document.len > TWIML_CHARS) {
        refuse(out, "The number, or the agent's phone, is none that can be called.");
        return OK;
    }
    form_add(&f, "To", call->phone);
    form_add(&f, "From", number);
    form_add(&f, "Twiml", document);
    form_add(&f, "Timeout", str_print(a, "%d", RING_S));
    form_add(&f, "StatusCallback", ivr_address(a, &req, "placed"));
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        form_add(&f, "StatusCallbackEvent", str_from(events[i]));
    TRY(ask(client, a, call, S("/Calls.json"), &f, out, &answer));
    str sid = answer.root ? take_id(answer.root, "sid") : (str){0};
    if (out->end.outcome == CONNECTOR_UNKNOWN || answer.status >= 500)
        return settle(client, a, call, number, out);
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    if (twilio_is_sid(sid, "CA"))
        out->end.external_id = sid;
    else
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_UNKNOWN, .why = S("Twilio's answer names no call.")};
    return OK;
}

static str path_of(struct arena *a, const struct connector_call *call)
{
    return str_print(a, "/Calls/%.*s.json", SARG(call->external_id));
}

/* A call that Twilio does not know any more is over. */
static void judge_gone(struct connector_called *out, const struct twilio_answer *answer)
{
    if (answer->status == 404)
        out->is_over = true;
}

static err take(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out)
{
    const struct ivr_request req = request_of(call);
    str document = ivr_take(a, call->setup->settings, &req, call->phone);
    struct twilio_answer answer;
    struct form f = form_make(a);
    if (!ivr_is_target(call->phone) || document.len > TWIML_CHARS) {
        refuse(out, "The agent's phone is no number that can be called.");
        return OK;
    }
    form_add(&f, "Twiml", document);
    return ask(client, a, call, path_of(a, call), &f, out, &answer);
}

static err hang_up(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out)
{
    struct twilio_answer answer;
    struct form f = form_make(a);
    form_add(&f, "Status", S("completed"));
    TRY(ask(client, a, call, path_of(a, call), &f, out, &answer));
    judge_gone(out, &answer);
    return OK;
}

static err look(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out)
{
    static const char *const ends[] = {"completed", "busy", "failed", "no-answer", "canceled"};
    struct twilio_answer answer;
    TRY(ask(client, a, call, path_of(a, call), NULL, out, &answer));
    judge_gone(out, &answer);
    str state = answer.root ? take_line(answer.root, "status", 40) : (str){0};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        out->is_over |= str_eq(state, str_from(ends[i]));
    out->news.state = S("ended");
    return OK;
}

err voice_call(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out)
{
    *out = (struct connector_called){0};
    if (call->kind == CALL_DIAL)
        return dial(client, a, call, out);
    if (!twilio_is_sid(call->external_id, "CA")) {
        out->is_over = true;
        refuse(out, "Twilio has no such call.");
        return OK;
    }
    switch (call->kind) {
    case CALL_TAKE:
        return take(client, a, call, out);
    case CALL_HANG_UP:
        return hang_up(client, a, call, out);
    case CALL_LOOK:
        return look(client, a, call, out);
    case CALL_DIAL:
        break;
    }
    return OK;
}
