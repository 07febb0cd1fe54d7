/* The telephone as Twilio's REST API 2010-04-01 and TwiML have it, with the calls of one number.
 * See network.h.
 *
 * Accounts: id = the account's SID, token = the auth token (Basic auth and signature), callback =
 * the number's voice address (VoiceUrl). Settings: "number" (+15550001111); "answers":"yes": every
 * phone that rings is picked up at once and laid down after 20 s (for the demo; else the specials
 * do it). say: somebody calls (from_id = a number or "anonymous"; text = the voicemail that is left
 * when there is a chance; more {"keys": "13"} = keys that are pressed as menus come). special, each
 * with {call}: press {digits}, wait (no key; in the queue: the next words), speak {text}, hang_up,
 * look → {status, doing, heard}; and by {phone}: answer, decline {status: busy, no-answer}.
 * Documents are read by voice_play.c. Numbers of Twilio's tests: +15005550001 (21211), …3 (21408).
 */
#include "voice.h"

#include <stdlib.h>
#include <string.h>

#define KEEP(member, s) sim_keep((member), (ptrdiff_t)sizeof(member), (s))
static const struct twilio_number own_number = {
    .sid = "PN00000000000000000000000000000002", .shown = "voice_url", .field = "VoiceUrl"};

static void voice_account_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    account->data = sim_alloc((ptrdiff_t)sizeof(struct voice_state));
    struct voice_state *s = account->data;
    for (int i = 0; i < VOICE_CALLS; i++)
        s->calls[i].doing = VOICE_OVER;
}

static void voice_account_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    free(account->data);
}

static struct voice_call *find(struct voice_state *s, str sid)
{
    for (int i = 0; i < VOICE_CALLS; i++)
        if (sid.len && str_eq(str_from(s->calls[i].sid), sid))
            return &s->calls[i];
    return NULL;
}

static struct voice_call *begin(struct voice *v, bool is_ours)
{
    struct voice_state *s = v->account->data;
    int64_t seq = s->calls[s->n % VOICE_CALLS].seq;
    v->call = &s->calls[s->n++ % VOICE_CALLS];
    *v->call = (struct voice_call){
        .is_ours = is_ours, .seq = seq + 1, .began_ms = sim_now(v->sim), .doing = VOICE_RINGS};
    KEEP(v->call->sid, voice_sid(v, "CA"));
    KEEP(v->call->status, S("ringing"));
    return v->call;
}

/* ── calls that we ask for ── */

static void put_fields(struct json_out *j, const struct voice_call *call, str account)
{
    json_obj(j);
    json_kv_str(j, S("sid"), str_from(call->sid));
    json_kv_str(j, S("account_sid"), account);
    json_kv_str(j, S("from"), str_from(call->from));
    json_kv_str(j, S("to"), str_from(call->to));
    json_kv_str(j, S("status"), str_from(call->status));
    json_kv_str(j, S("direction"), call->is_ours ? S("outbound-api") : S("inbound"));
    json_obj_end(j);
}

static void put_call(struct sim_call *c, int status, const struct voice_call *call)
{
    struct json_out j = sim_json(c);
    put_fields(&j, call, c->account->id);
    sim_answer_json(c, status, &j);
}

static void list_calls(struct sim_call *c)
{
    const struct voice_state *s = c->account->data;
    str to = sim_field(c, S("To"));
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("calls"));
    json_arr(&j);
    for (int64_t i = s->n - 1; i >= 0 && i >= s->n - VOICE_CALLS; i--)
        if (!to.len || str_eq(str_from(s->calls[i % VOICE_CALLS].to), to))
            put_fields(&j, &s->calls[i % VOICE_CALLS], c->account->id);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static struct voice voice_of(struct sim_call *c, struct voice_call *call)
{
    return (struct voice){c->sim, c->account, c->arena, call};
}

/* Our own name of the call: it stands in the address of its reports. */
static str ref_of(str callback)
{
    ptrdiff_t at = str_find(callback, S("call="));
    return at < 0 ? (str){0} : str_skip(callback, at + 5);
}

static void make_call(struct sim_call *c)
{
    struct voice v = voice_of(c, NULL);
    str to = sim_field(c, S("To")), twiml = sim_field(c, S("Twiml"));
    str callback = sim_field(c, S("StatusCallback"));
    if (str_eq(to, S("+15005550003"))) {
        twilio_fail(c, 400, 21408, "Permission to call this region is off.");
        return;
    }
    if (!(str_starts(to, S("+")) || str_starts(to, S("sip:"))) || str_eq(to, S("+15005550001"))) {
        twilio_fail(c, 400, 21211, "The 'To' number is not a valid phone number.");
        return;
    }
    if (!twiml.len || twiml.len > 4000 ||
        !str_eq(sim_field(c, S("From")), twilio_number_of(c->account))) {
        twilio_fail(c, 400, 21606, "The 'From' number is not yours, or there is no document.");
        return;
    }
    struct voice_call *call = begin(&v, true);
    KEEP(call->from, sim_field(c, S("From")));
    KEEP(call->to, to);
    KEEP(call->phone, to);
    KEEP(call->callback, callback);
    KEEP(call->document, twiml);
    (void)sim_accept(c, &(struct sim_message){.conversation = to,
                            .id = str_from(call->sid),
                            .text = S("call"),
                            .kind = S("call"),
                            .ref = ref_of(callback)});
    put_call(c, 201, call);
    if (str_eq(sim_setting(c->account, S("answers")), S("yes")))
        voice_pick_up(&v);
}

static void change_call(struct sim_call *c, str sid)
{
    struct voice_call *call = find(c->account->data, sid);
    str twiml = sim_field(c, S("Twiml"));
    if (!call) {
        twilio_fail(c, 404, 20404, "The requested resource was not found");
        return;
    }
    if (call->doing == VOICE_OVER) {
        twilio_fail(c, 400, 21220, "Call is not in-progress. Cannot redirect.");
        return;
    }
    struct voice v = voice_of(c, call);
    if (str_eq(sim_field(c, S("Status")), S("completed"))) {
        voice_hang_up(&v);
    } else if (call->doing == VOICE_QUEUED) {
        const struct pair more[] = {
            {"QueueResult", S("redirected")},
            {0            }
        };
        voice_post(&v, str_from(call->queue_action), more, false);
        call->doing = VOICE_FETCHES;
        voice_run(&v, twiml);
    } else {
        voice_run(&v, twiml);
    }
    put_call(c, 200, call);
}

static void show_call(struct sim_call *c, str sid)
{
    const struct voice_call *call = find(c->account->data, sid);
    if (call)
        put_call(c, 200, call);
    else
        twilio_fail(c, 404, 20404, "The requested resource was not found");
}

/* ── the number, recordings ── */

/* With where its news go. */
static bool change_number(struct sim_call *c)
{
    struct voice_state *s = c->account->data;
    str reports = sim_field(c, S("StatusCallback"));
    if (!twilio_number_route(c, &own_number))
        return false;
    if (reports.at)
        KEEP(s->status_callback, reports);
    return true;
}

/* A second of silence as MPEG 1 Layer III frames: 32 kbit/s, 44.1 kHz, mono. */
static str silence(struct arena *a)
{
    enum { FRAMES = 38, FRAME_BYTES = 104 };
    char *bytes = arena_alloc(a, FRAMES * FRAME_BYTES, 1);
    memset(bytes, 0, FRAMES * FRAME_BYTES);
    for (int i = 0; i < FRAMES; i++)
        memcpy(bytes + i * FRAME_BYTES, "\xff\xfb\x10\xc4", 4);
    return str_of(bytes, FRAMES * FRAME_BYTES);
}

static void show_recording(struct sim_call *c, str file)
{
    const struct voice_state *s = c->account->data;
    str sid, kind;
    bool is_there = false;
    (void)str_cut(file, '.', &sid, &kind);
    for (int i = 0; i < VOICE_CALLS; i++)
        is_there |= sid.len && str_eq(str_from(s->calls[i].recording), sid);
    if (!is_there)
        twilio_fail(c, 404, 20404, "The requested resource was not found");
    else if (str_eq(kind, S("json")))
        sim_answer_print(
            c, 200, "{\"sid\":\"%.*s\",\"status\":\"completed\",\"duration\":\"7\"}", SARG(sid));
    else
        sim_answer(c, 200, S("audio/mpeg"), silence(c->arena));
}

static void voice_handle(struct sim_call *c)
{
    str at[8], user, password;
    if (str_starts(c->path, S("/api/")))
        c->path = str_skip(c->path, 4);
    if (!sim_basic(c, &user, &password) || !sim_account_by_token(c, password) ||
        !(str_eq(user, c->account->id) || str_starts(user, S("SK")))) {
        twilio_fail(c, 401, 20003, "Authenticate");
        return;
    }
    bool is_ours = str_eq(sim_path(c, 2), c->account->id);
    if (is_ours && sim_route(c, HTTP_POST, "/2010-04-01/Accounts/{}/Calls.json", at))
        make_call(c);
    else if (is_ours && sim_route(c, HTTP_GET, "/2010-04-01/Accounts/{}/Calls.json", at))
        list_calls(c);
    else if (is_ours && sim_route(c, HTTP_POST, "/2010-04-01/Accounts/{}/Calls/{}", at))
        change_call(c, str_sub(at[1], 0, at[1].len - 5));
    else if (is_ours && sim_route(c, HTTP_GET, "/2010-04-01/Accounts/{}/Calls/{}", at))
        show_call(c, str_sub(at[1], 0, at[1].len - 5));
    else if (is_ours && sim_route(c, HTTP_GET, "/2010-04-01/Accounts/{}/Recordings/{}", at))
        show_recording(c, at[1]);
    else if (!is_ours || !change_number(c))
        twilio_fail(c, 404, 20404, "The requested resource was not found");
}

/* ── people ── */

static err voice_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    struct voice v = {sim, account, a, NULL};
    *why = S("a call has no kinds");
    if (say->kind.len && !str_eq(say->kind, S("call")))
        return E_INVALID;
    struct voice_call *call = begin(&v, false);
    KEEP(call->from, say->from_id.len ? say->from_id : S("+15557770001"));
    KEEP(call->to, twilio_number_of(account));
    KEEP(call->voicemail, say->text);
    KEEP(call->keys, json_text(json_get(say->more, S("keys")), S("")));
    const struct pair name[] = {
        {"CallerName", say->from_name},
        {0           }
    };
    voice_post(&v, (str){0}, say->from_name.len ? name : NULL, true);
    KEEP(call->status, S("in-progress"));
    *id = str_from(call->sid);
    return OK;
}

static struct voice_call *ringing(struct voice_state *s, str phone)
{
    for (int i = 0; i < VOICE_CALLS; i++)
        if (s->calls[i].doing == VOICE_RINGS && str_eq(str_from(s->calls[i].phone), phone))
            return &s->calls[i];
    return NULL;
}

static void look(struct voice *v, str *answer)
{
    static const char *const doings[] = {
        "fetches", "gathers", "records", "queued", "rings", "talks", "over"};
    struct json_out j = json_out_make(v->a, 0);
    json_obj(&j);
    json_kv_str(&j, S("status"), str_from(v->call->status));
    json_kv_str(&j, S("doing"), str_from(doings[v->call->doing]));
    json_kv_str(&j, S("heard"), str_from(v->call->heard));
    json_obj_end(&j);
    *answer = json_str(&j);
}

static err voice_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    struct voice_state *s = account->data;
    bool is_phone = str_eq(what, S("answer")) || str_eq(what, S("decline"));
    struct voice v = {sim, account, a, NULL};
    v.call = is_phone ? ringing(s, json_text(json_get(input, S("phone")), S("")))
                      : find(s, json_text(json_get(input, S("call")), S("")));
    *why = is_phone ? S("this phone does not ring") : S("there is no such call");
    if (!v.call)
        return E_INVALID;
    if (str_eq(what, S("answer")))
        voice_pick_up(&v);
    else if (str_eq(what, S("decline")))
        voice_decline(&v, json_text(json_get(input, S("status")), S("no-answer")));
    else if (str_eq(what, S("press")))
        voice_press(&v, json_text(json_get(input, S("digits")), S("")));
    else if (str_eq(what, S("wait")))
        voice_wait(&v);
    else if (str_eq(what, S("speak")))
        voice_speak(&v, json_text(json_get(input, S("text")), S("")));
    else if (str_eq(what, S("hang_up")))
        voice_hang_up(&v);
    else if (str_eq(what, S("look")))
        look(&v, answer);
    else
        return E_NOT_FOUND;
    return OK;
}

const struct sim_network sim_voice = {
    .name = S_INIT("voice"),
    .title = S_INIT("Twilio Voice"),
    .account = {.id = S_INIT("AC00000000000000000000000000000001"),
                .name = S_INIT("Seva"),
                .token = S_INIT("sevaTwilioAuthToken0001")},
    .account_open = voice_account_open,
    .account_close = voice_account_close,
    .handle = voice_handle,
    .refuse = twilio_refuse,
    .say = voice_say,
    .special = voice_special,
    .sign = twilio_sign,
    .answered = voice_answered,
    .webhook_timeout_ms = 15 * 1000,
};
