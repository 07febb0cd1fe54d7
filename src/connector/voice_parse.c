/* voice_parse: what a request of Twilio's says of a call: its message in the conversation, and
 * where it is now (ITEM_CALL). The step in the request's address tells which of them it is. See
 * voice.h. Source: Twilio Programmable Voice, API 2010-04-01 (2026). Thread: pure. */
#include "connector/voice.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/reading.h"
#include "connector/telephone.h"
#include "text/ivr.h"

enum { CALL_SECONDS_MOST = 7 * 24 * 3600 };

int64_t voice_number(const struct twilio_form *form, const char *name)
{
    int64_t n = 0;
    (void)str_int(twilio_line(form, name, 12), 0, CALL_SECONDS_MOST, &n); /* nonsense = unknown */
    return n;
}

struct reading {
    struct arena *a;
    const struct twilio_form *form;
    const struct connector_raw *raw;
    struct ivr_request state;
    struct item_list list;
};

static str sid_of(const struct reading *r, const char *name, const char *kinds)
{
    str sid = twilio_field(r->form, name);
    return twilio_is_sid(sid, kinds) ? sid : (str){0};
}

static str person_of(const struct reading *r, str call, bool is_ours)
{
    str s = twilio_line(r->form, is_ours ? "To" : "From", READING_ID_BYTES);
    return twilio_number(s).len || str_starts(s, S("sip:")) || str_starts(s, S("client:"))
               ? s
               : telephone_hidden(r->a, call);
}

static struct connector_item *add_item(
    struct reading *r, enum connector_item_kind kind, str call, bool is_ours)
{
    struct connector_item *it = item_add(&r->list, kind);
    it->external_id = call;
    it->is_ours = is_ours;
    it->contact_external_id = person_of(r, call, is_ours);
    it->contact_phone = twilio_number(it->contact_external_id);
    it->contact_name = is_ours ? (str){0} : twilio_line(r->form, "CallerName", LIMIT_NAME_BYTES);
    it->contact_language = r->state.language;
    it->sent_ms = r->raw->received_ms;
    return it;
}

static bool is_made_by_us(const struct reading *r)
{
    return str_eq(twilio_field(r->form, "Direction"), S("outbound-api"));
}

/* A call that we made for an agent: whom it reaches stands in Seva, not in Twilio's request. */
static struct connector_call_news *add_ours(struct reading *r, str call)
{
    struct connector_item *it = item_add(&r->list, ITEM_CALL);
    it->external_id = call;
    it->is_ours = true;
    it->sent_ms = r->raw->received_ms;
    it->call.ref = r->state.ref;
    return &it->call;
}

static struct connector_call_news *add_news(struct reading *r, str call, const char *state)
{
    struct connector_item *it = add_item(r, ITEM_CALL, call, is_made_by_us(r));
    it->call.state = str_from(state);
    return &it->call;
}

static struct connector_item *add_call(
    struct reading *r, str call, const char *outcome, int64_t seconds)
{
    bool is_ours = is_made_by_us(r);
    struct connector_item *it = add_item(r, ITEM_MESSAGE, call, is_ours);
    const struct part_call facts = {.direction = is_ours ? S("out") : S("in"),
        .outcome = str_from(outcome),
        .seconds = seconds,
        .menu = r->state.menu,
        .key = r->state.key};
    telephone_message(r->a, it, &facts);
    return it;
}

static void read_voicemail(struct reading *r, str call)
{
    str recording = sid_of(r, "RecordingSid", "RE");
    int64_t seconds = voice_number(r->form, "RecordingDuration");
    str account = sid_of(r, "AccountSid", "AC");
    if (!recording.len || !account.len ||
        str_eq(twilio_field(r->form, "RecordingDuration"), S("0")))
        return;
    struct connector_item *it = add_call(r, call, "voicemail", seconds);
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, 1);
    str *alias = NEW(r->a, str, 1);
    *at = (struct connector_attachment){
        .media_id = str_print(r->a, "%.*s/%.*s", SARG(account), SARG(recording)),
        .name = S("voicemail.mp3"),
        .type = S("audio/mpeg")};
    *alias = recording;
    it->attachments = at;
    it->n_attachments = 1;
    it->aliases = alias;
    it->n_aliases = 1;
    add_news(r, call, "")->outcome = S("voicemail");
}

static void read_transcript(struct reading *r)
{
    str recording = sid_of(r, "RecordingSid", "RE");
    str text = utf8_prefix_bytes(twilio_field(r->form, "TranscriptionText"), LIMIT_TEXT_BYTES);
    if (!recording.len || !str_trim(text).len ||
        !str_eq(twilio_field(r->form, "TranscriptionStatus"), S("completed")))
        return;
    struct connector_item *it = item_add(&r->list, ITEM_EDIT);
    it->external_id = recording;
    it->text = text;
    it->sent_ms = r->raw->received_ms;
}

static const char *const ends[] = {"completed", "busy", "failed", "no-answer", "canceled"};

static bool is_end(str status)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (str_eq(status, str_from(ends[i])))
            return true;
    return false;
}

/* At the end of a call; when it was answered or has a voicemail that was said before. */
static void read_end(struct reading *r, str call)
{
    str status = twilio_line(r->form, "CallStatus", 20);
    bool is_whole = str_eq(status, S("completed"));
    if (!is_end(status) || sid_of(r, "ParentCallSid", "CA").len)
        return;
    bool is_answered = is_made_by_us(r) && is_whole;
    (void)add_call(
        r, call, is_answered ? "answered" : "missed", voice_number(r->form, "CallDuration"));
    struct connector_call_news *news = add_news(r, call, "ended");
    if (is_answered)
        news->outcome = S("answered");
}

/* A call that we made: its first leg rings the agent. */
static void read_placed(struct reading *r, str call)
{
    str status = twilio_line(r->form, "CallStatus", 20);
    if (!is_end(status))
        return;
    struct connector_call_news *news = add_ours(r, call);
    news->state = S("ended");
    if (str_eq(status, S("completed")))
        return;
    news->outcome = S("failed");
    news->error = str_eq(status, S("failed")) ? S("Twilio could not call the agent's phone.")
                                              : S("The agent's phone did not answer.");
}

/* And then the customer. */
static void read_connected(struct reading *r, str call)
{
    str status = twilio_line(r->form, "DialCallStatus", 20);
    struct connector_call_news *news = add_ours(r, call);
    if (str_eq(status, S("completed")) || str_eq(status, S("answered"))) {
        news->state = news->outcome = S("answered");
        news->talk_s = voice_number(r->form, "DialCallDuration");
        return;
    }
    bool has_failed = str_eq(status, S("failed"));
    news->outcome = has_failed ? S("failed") : S("missed");
    news->error = has_failed ? S("Twilio could not reach the number.") : (str){0};
}

/* A forwarded caller, or one that an agent has taken out of the queue. */
static void read_dialed(struct reading *r, str call, bool is_taken)
{
    str status = twilio_field(r->form, "DialCallStatus");
    int64_t seconds = voice_number(r->form, "DialCallDuration");
    if (str_eq(status, S("completed")) || str_eq(status, S("answered"))) {
        (void)add_call(r, call, "answered", seconds);
        add_news(r, call, "answered")->talk_s = seconds;
        return;
    }
    struct connector_call_news *news = add_news(r, call, is_taken ? "queued" : "menu");
    news->is_returned = is_taken;
}

/* The far end of a dial has picked up. */
static void read_answered(struct reading *r)
{
    str parent = sid_of(r, "ParentCallSid", "CA");
    bool is_up = str_eq(twilio_field(r->form, "CallStatus"), S("in-progress"));
    if (!parent.len || !is_up)
        return;
    if (str_eq(r->state.step, S("reached"))) {
        add_ours(r, parent)->state = S("answered");
        return;
    }
    (void)add_call(r, parent, "answered", 0);
    add_news(r, parent, "answered")->agent_phone = twilio_line(r->form, "To", READING_ID_BYTES);
}

static void read_waiting(struct reading *r, str call)
{
    add_news(r, call, "queued")->position = voice_number(r->form, "QueuePosition");
}

/* Out of the queue without an agent: it was full, or there is none. */
static void read_left(struct reading *r, str call)
{
    str result = twilio_field(r->form, "QueueResult");
    if (str_eq(result, S("queue-full")) || str_eq(result, S("error")) ||
        str_eq(result, S("system-error")))
        (void)add_news(r, call, "menu");
}

static void read_menu(struct reading *r, str call)
{
    bool is_waiting = str_eq(r->state.menu, S("wait")); /* a key in the queue's own menu */
    (void)add_news(r, call, is_waiting ? "queued" : "menu");
}

static void read_continued(struct reading *r, str call)
{
    (void)add_call(r, call, "message", 0);
    add_news(r, call, "")->outcome = S("message");
}

static void read_call(struct reading *r, str call)
{
    str step = r->state.step;
    if (str_eq(step, S("voicemail")))
        read_voicemail(r, call);
    else if (str_eq(step, S("transcribed")))
        read_transcript(r);
    else if (str_eq(step, S("continue")))
        read_continued(r, call);
    else if (str_eq(step, S("answered")) || str_eq(step, S("reached")))
        read_answered(r);
    else if (str_eq(step, S("dialed")) || str_eq(step, S("taken")))
        read_dialed(r, call, str_eq(step, S("taken")));
    else if (str_eq(step, S("placed")))
        read_placed(r, call);
    else if (str_eq(step, S("connected")))
        read_connected(r, call);
    else if (str_eq(step, S("menu")) || str_eq(step, S("language")))
        read_menu(r, call);
    else if (str_eq(step, S("wait")))
        read_waiting(r, call);
    else if (str_eq(step, S("queued")))
        read_left(r, call);
    else if (!step.len && twilio_field(r->form, "CallbackSource").len)
        read_end(r, call);
    else if (!step.len && str_eq(twilio_field(r->form, "CallStatus"), S("ringing")))
        (void)add_news(r, call, "ringing");
}

/* Twilio repeats a request with the same words; the address tells two with the same body apart. */
static str name_delivery(struct arena *a, str call, const struct connector_raw *raw)
{
    struct sha256 sum =
        crypto_sha256(str_print(a, "%.*s\n%.*s", SARG(raw->origin), SARG(raw->body)));
    return str_print(
        a, "%.*s:%.*s", SARG(call), SARG(crypto_hex(a, str_of(sum.b, (ptrdiff_t)sizeof sum.b))));
}

err voice_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    struct twilio_form form;
    str origin, query;
    TRY(twilio_form_read(a, raw->body, &form, why));
    struct reading r = {.a = a, .form = &form, .raw = raw, .list = {.a = a}};
    (void)str_cut(raw->origin, '?', &origin, &query);
    ivr_state_read(query, &r.state);
    str call = sid_of(&r, "CallSid", "CA");
    if (!call.len) {
        *why = S("This is no request of a call of Twilio's.");
        return E_INVALID;
    }
    read_call(&r, call);
    batch_of(&r.list, batch);
    batch->delivery_id = r.list.n && r.list.at[0].kind == ITEM_EDIT
                             ? str_cat(a, S("text:"), r.list.at[0].external_id)
                             : name_delivery(a, call, raw);
    return OK;
}
