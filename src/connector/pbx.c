/* pbx: an existing telephone system (Asterisk, 3CX, a provider's switchboard …) that tells Seva of
 * its calls and, when it has an address for it, does what agents ask: a contract of our own, small
 * enough for a dialplan script. Both directions are signed as webhooks are (signature.h), with the
 * channel's secret.
 *
 * In: POST /hooks/pbx/<key>, one event or {"events": [ … ]}. Event: {"event", "call_id",
 * "direction", "number", "name", "agent", "at", "position", "seconds", "cause", "recording_url",
 * "text", "ref", "language"}. event: ring, menu, queue, answer, voicemail, transcript, returned,
 * hangup; any other is ignored. agent: the phone that picked up, as in the agent's profile. A call
 * is known by call_id (Asterisk: Uniqueid, SIP: Call-ID).
 * Out: POST to "control_url": {"action": "dial" | "take" | "hang_up" | "ping", "call_id", "ref",
 * "phone", "to"}; dial is answered by {"call_id"}. ref comes back with the call's events.
 *
 * cause is that of ITU-T Q.850: 17 busy, 18 and 19 no answer, 21 rejected, 34, 38, 41 and 42 the
 * network; 16 or none is an ordinary end. Thread: calls block. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/connector.h"
#include "connector/network.h"
#include "connector/reading.h"
#include "connector/signature.h"
#include "connector/telephone.h"

enum { SECONDS_MOST = 7 * 24 * 3600, POSITION_MOST = 100000, LANGUAGE_BYTES = 35 };

extern const struct connector connector_pbx;

/* ── events ── */

struct reading {
    struct arena *a;
    const struct json *v;
    const struct connector_raw *raw;
    struct item_list list;
    str call;
    bool is_ours;
};

static int64_t bounded(const struct reading *r, const char *name, int64_t most)
{
    int64_t n = take_int(r->v, name, 0);
    return n > 0 && n <= most ? n : 0;
}

static str person_of(const struct reading *r)
{
    str number = take_line(r->v, "number", READING_ID_BYTES);
    return number.len ? number : telephone_hidden(r->a, r->call);
}

static struct connector_item *add(struct reading *r, enum connector_item_kind kind)
{
    struct connector_item *it = item_add(&r->list, kind);
    int64_t at_ms = take_time(r->v, "at");
    it->external_id = r->call;
    it->is_ours = r->is_ours;
    it->contact_external_id = person_of(r);
    str number = take_line(r->v, "number", READING_ID_BYTES);
    bool is_number = number.len > 1 && (number.at[0] == '+' || number.at[0] == '0');
    it->contact_phone = is_number ? number : (str){0};
    it->contact_name = take_line(r->v, "name", LIMIT_NAME_BYTES);
    it->contact_language = take_line(r->v, "language", LANGUAGE_BYTES);
    it->sent_ms = at_ms > 0 && at_ms < r->raw->received_ms ? at_ms : r->raw->received_ms;
    return it;
}

static struct connector_call_news *add_news(struct reading *r, const char *state)
{
    struct connector_item *it = add(r, ITEM_CALL);
    it->call.state = str_from(state);
    it->call.ref = take_id(r->v, "ref");
    return &it->call;
}

static struct connector_item *add_message(struct reading *r, const char *outcome, int64_t seconds)
{
    struct connector_item *it = add(r, ITEM_MESSAGE);
    const struct part_call call = {
        .direction = S("in"), .outcome = str_from(outcome), .seconds = seconds};
    telephone_message(r->a, it, &call);
    it->opens_window = true;
    return it;
}

/* The call in the conversation. One that we made has its message from Seva itself. */
static void show(struct reading *r, const char *outcome, int64_t seconds)
{
    if (!r->is_ours)
        (void)add_message(r, outcome, seconds);
}

static void read_answer(struct reading *r)
{
    show(r, "answered", 0);
    add_news(r, "answered")->agent_phone = take_line(r->v, "agent", READING_ID_BYTES);
}

/* False: there is no recording in it. */
static bool read_voicemail(struct reading *r)
{
    str url = take_url(r->v, "recording_url");
    if (!url.len || r->is_ours)
        return false;
    struct connector_item *it = add_message(r, "voicemail", bounded(r, "seconds", SECONDS_MOST));
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, 1);
    *at = (struct connector_attachment){.url = url, .name = S("voicemail")};
    it->attachments = at;
    it->n_attachments = 1;
    it->text = utf8_prefix_bytes(take_text(r->v, "text"), LIMIT_TEXT_BYTES);
    add_news(r, "")->outcome = S("voicemail");
    return true;
}

static void read_transcript(struct reading *r)
{
    str text = utf8_prefix_bytes(take_text(r->v, "text"), LIMIT_TEXT_BYTES);
    if (!str_trim(text).len)
        return;
    struct connector_item *it = add(r, ITEM_EDIT);
    it->text = text;
}

static const char *words_of(int64_t cause)
{
    static const struct {
        int64_t cause;
        const char *words;
    } causes[] = {
        {1,  "The number is not in use."              },
        {27, "The other end cannot be reached."       },
        {28, "The number is incomplete."              },
        {34, "The telephone network had no free line."},
        {38, "The telephone network is out of order." },
        {41, "The telephone network failed."          },
        {42, "The telephone network is overloaded."   },
    };
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (causes[i].cause == cause)
            return causes[i].words;
    return NULL;
}

/* With "seconds" of a call whose answer was not told: it was answered all the same. */
static void read_hangup(struct reading *r)
{
    int64_t seconds = bounded(r, "seconds", SECONDS_MOST);
    const char *words = words_of(take_int(r->v, "cause", 0));
    bool has_voicemail = read_voicemail(r);
    if (seconds && !has_voicemail) {
        show(r, "answered", seconds);
        struct connector_call_news *up = add_news(r, "answered");
        up->talk_s = seconds;
        up->agent_phone = take_line(r->v, "agent", READING_ID_BYTES);
    } else if (!has_voicemail) {
        show(r, "missed", 0);
    }
    struct connector_call_news *news = add_news(r, "ended");
    news->outcome = words && r->is_ours ? S("failed") : (str){0};
    news->error = words ? str_from(words) : (str){0};
}

static void read_event(struct reading *r)
{
    str event = take_line(r->v, "event", 20);
    r->call = take_id(r->v, "call_id");
    r->is_ours = str_eq(take_line(r->v, "direction", 8), S("out"));
    if (!r->call.len)
        return;
    if (str_eq(event, S("ring")))
        (void)add_news(r, "ringing");
    else if (str_eq(event, S("menu")))
        (void)add_news(r, "menu");
    else if (str_eq(event, S("queue")))
        add_news(r, "queued")->position = bounded(r, "position", POSITION_MOST);
    else if (str_eq(event, S("returned")))
        add_news(r, "queued")->is_returned = true;
    else if (str_eq(event, S("answer")))
        read_answer(r);
    else if (str_eq(event, S("voicemail")))
        (void)read_voicemail(r);
    else if (str_eq(event, S("transcript")))
        read_transcript(r);
    else if (str_eq(event, S("hangup")))
        read_hangup(r);
}

static err parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    enum { ITEMS_OF_ONE = 4 };
    const struct json *root = NULL;
    struct reading r = {.a = a, .raw = raw, .list = {.a = a}};
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    if (root->kind != JSON_OBJECT) {
        *why = S("This is no event of a telephone system: it has to be an object.");
        return E_INVALID;
    }
    const struct json *list = take_array(root, "events");
    if (list && list->count > LIMIT_HOOK_ITEMS / ITEMS_OF_ONE) {
        *why = S("There are more than 250 events in one delivery.");
        return E_INVALID;
    }
    for (r.v = list ? list->first : root; r.v; r.v = list ? r.v->next : NULL)
        if (r.v->kind == JSON_OBJECT)
            read_event(&r);
    *batch = (struct connector_batch){.items = r.list.at, .n = r.list.n};
    return OK;
}

/* ── what agents ask ── */

static err control(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_call *call, const char *action, struct connector_sent *sent,
    const struct json **root, int *status)
{
    str url = setup_setting(a, &connector_pbx, setup, "control_url");
    int64_t now_ms = call->now_ms;
    struct json_out j = json_out_make(a, 0);
    struct http_result res = {0};
    *root = NULL;
    if (!url.len) {
        *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("The channel has no address at which the telephone system takes requests.")};
        return OK;
    }
    json_obj(&j);
    json_kv_str(&j, S("action"), str_from(action));
    json_kv_str(&j, S("call_id"), call->external_id);
    json_kv_str(&j, S("ref"), call->ref);
    json_kv_str(&j, S("phone"), call->phone);
    json_kv_str(&j, S("to"), call->to);
    json_obj_end(&j);
    struct network_call ask = {.method = HTTP_POST, .url = url, .body = json_str(&j)};
    ask.extra[ask.n_extra++] = (struct http_header){
        S("Seva-Signature"), signature_make(a, setup->secret, setup->old_secret, now_ms, ask.body)};
    TRY(network_do(client, a, &ask, &res));
    network_answer(a, S("The telephone system"), &res, now_ms, sent);
    *root = res.status ? network_json(a, &res) : NULL;
    *status = res.status;
    if (sent->outcome != CONNECTOR_SENT)
        network_why(
            a, S("The telephone system"), take_line(*root, "error", LIMIT_NAME_BYTES), sent);
    return OK;
}

static err call_do(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out)
{
    static const char *const actions[CALL_KINDS] = {"dial", "take", "hang_up", "look"};
    const struct json *root = NULL;
    int status = 0;
    *out = (struct connector_called){0};
    TRY(control(client, a, call->setup, call, actions[call->kind], &out->end, &root, &status));
    bool is_gone = status == 404 || status == 410;
    out->is_over = is_gone && call->kind != CALL_DIAL;
    if (out->end.outcome != CONNECTOR_SENT || call->kind != CALL_DIAL)
        return OK;
    out->end.external_id = take_id(root, "call_id"); /* empty: its events bring ref */
    return OK;
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    const struct connector_call ping = {.setup = setup, .now_ms = now_ms};
    const struct json *root = NULL;
    int status = 0;
    str number = setup_setting(a, &connector_pbx, setup, "number");
    *out = (struct connector_checked){.end = {.outcome = CONNECTOR_SENT}};
    if (setup_setting(a, &connector_pbx, setup, "control_url").len)
        TRY(control(client, a, setup, &ping, "ping", &out->end, &root, &status));
    else
        out->note = S("Calls are shown. To make and to take them here, enter the address at which "
                      "the telephone system takes requests.");
    if (out->end.outcome != CONNECTOR_SENT)
        return OK;
    struct connector_account *account = NEW(a, struct connector_account, 1);
    account->external_id = account->handle = account->name = number.len ? number : S("pbx");
    out->accounts = account;
    out->n = 1;
    return OK;
}

static const struct connector_setting settings[] = {
    {.name = "number",                                                                           .kind = "text", .help = "The number that people call, as people know it."},
    {.name = "control_url",
     .kind = "url",
     .help =
            "Where the telephone system takes requests to call, to put through and to hang up."},
    {.name = "ivr",
     .kind = "json",
     .help = "What is written to people who reached nobody: {\"missed_call\": …}."},
    TELEPHONE_WRAP_UP,
    {0},
};

const struct connector connector_pbx = {
    .name = S_INIT("pbx"),
    .title = S_INIT("Existing phone system"),
    .able = ABLE_HOOK | ABLE_CALLS,
    .settings = settings,
    .verify = signature_verify,
    .parse = parse,
    .send = telephone_send,
    .check = check,
    .calls = 1 << CALL_DIAL | 1 << CALL_TAKE | 1 << CALL_HANG_UP,
    .call = call_do,
};
