/* SMS as Twilio's REST API 2010-04-01 has it, with the messages of one number. See network.h.
 *
 * Accounts: id = the account's SID, token = the auth token (Basic auth and signature), callback =
 * the number's messaging address (SmsUrl). Settings: "number" (+15550001111), "reports":"no" sends
 * no status reports. say: from_id = a number, text, files (MMS); STOP and START are heeded.
 * special: status {id, status, error_code}. Magic numbers of
 * Twilio's tests are refused: +15005550001 (21211), …2 (21612), …3 (21408), …4 (21610), …9 (21614).
 * A webhook that fails is posted once more, as to a fallback address. */
#include "twilio.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { MESSAGES = 500, GONE = 64, SEGMENT = 153 };
static const struct twilio_number own_number = {
    .sid = "PN00000000000000000000000000000001", .shown = "sms_url", .field = "SmsUrl"};

struct message {
    char sid[40], to[32], from[40], status[16], callback[512], created[40];
    char *body;
    int64_t files;
};
struct state {
    struct message messages[MESSAGES]; /* a ring; `n` have been made */
    int64_t n;
    char gone[GONE][32];
};

static void sms_account_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    account->data = sim_alloc((ptrdiff_t)sizeof(struct state));
}

static void sms_account_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct state *s = account->data;
    for (int i = 0; i < MESSAGES; i++)
        free(s->messages[i].body);
    free(s);
}

/* ── answers ── */

static void put_message(
    struct json_out *j, const struct sim_account *account, const struct message *m)
{
    json_obj(j);
    json_kv_str(j, S("sid"), str_from(m->sid));
    json_kv_str(j, S("account_sid"), account->id);
    json_kv_str(j, S("status"), str_from(m->status));
    json_kv_str(j, S("to"), str_from(m->to));
    json_kv_str(j, S("from"), str_from(m->from));
    json_kv_str(j, S("body"), str_from(m->body));
    json_kv_str(j, S("num_segments"),
        str_print(j->b.a, "%d", 1 + (int)((ptrdiff_t)strlen(m->body) - 1) / SEGMENT));
    json_kv_str(j, S("num_media"), str_print(j->b.a, "%lld", (long long)m->files));
    json_kv_str(j, S("direction"), S("outbound-api"));
    json_kv_raw(j, S("error_code"), S("null"));
    json_kv_raw(j, S("error_message"), S("null"));
    json_kv_str(j, S("date_created"), str_from(m->created));
    json_kv_raw(j, S("date_sent"), S("null"));
    json_obj_end(j);
}

/* ── webhooks ── */

static void post_form(struct sim *sim, struct sim_account *account, const struct sb *form, str url,
    str key, str conversation)
{
    sim_webhook_send(sim, account,
        &(struct sim_webhook){.method = HTTP_POST,
            .url = url,
            .content_type = S("application/x-www-form-urlencoded"),
            .body = sb_str(form),
            .key = key,
            .conversation = conversation});
}

static void report(struct sim *sim, struct sim_account *account, struct arena *a, struct message *m,
    str status, str error)
{
    struct sb b = sb_make(a, 0);
    sim_keep(m->status, sizeof m->status, status);
    if (!m->callback[0])
        return;
    twilio_form_add(&b, "SmsSid", str_from(m->sid));
    twilio_form_add(&b, "SmsStatus", status);
    twilio_form_add(&b, "MessageStatus", status);
    twilio_form_add(&b, "To", str_from(m->to));
    twilio_form_add(&b, "MessageSid", str_from(m->sid));
    twilio_form_add(&b, "AccountSid", account->id);
    twilio_form_add(&b, "From", str_from(m->from));
    twilio_form_add(&b, "ApiVersion", S("2010-04-01"));
    if (error.len)
        twilio_form_add(&b, "ErrorCode", error);
    post_form(sim, account, &b, str_from(m->callback), str_from(m->sid), str_from(m->to));
}

/* ── messages of ours ── */

static char *gone_slot(struct state *s, str number)
{
    for (int i = 0; i < GONE; i++)
        if (str_eq(str_from(s->gone[i]), number))
            return s->gone[i];
    return NULL;
}

/* True: answered with Twilio's error. */
static bool is_refused(struct sim_call *c, str to, str from, str body, int64_t files)
{
    static const struct {
        const char *number;
        int code;
        const char *words;
    } magic[] = {
        {"+15005550001", 21211, "The 'To' number is not a valid phone number."},
        {"+15005550002", 21612, "The 'To' number is not reachable."           },
        {"+15005550003", 21408, "Permission to send to this region is off."   },
        {"+15005550004", 21610, "Attempt to send to unsubscribed recipient"   },
        {"+15005550009", 21614, "'To' number is not a valid mobile number"    },
    };
    struct state *s = c->account->data;
    int64_t n;
    for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
        if (str_eq(to, str_from(magic[i].number))) {
            twilio_fail(c, 400, magic[i].code, magic[i].words);
            return true;
        }
    bool is_number = str_starts(to, S("+")) && str_int(str_skip(to, 1), 1, INT64_MAX, &n) == OK;
    if (!is_number && str_int(to, 1, 99999999, &n) != OK)
        twilio_fail(c, 400, 21211, "The 'To' number is not a valid phone number.");
    else if (!from.len)
        twilio_fail(c, 400, 21603, "A 'From' phone number is required.");
    else if (gone_slot(s, to))
        twilio_fail(c, 400, 21610, "Attempt to send to unsubscribed recipient");
    else if (!body.len && !files)
        twilio_fail(c, 400, 21602, "Message body is required.");
    else if (body.len > 1600 * 4)
        twilio_fail(
            c, 400, 21617, "The concatenated message body exceeds the 1600 character limit");
    else
        return false;
    return true;
}

static int64_t count_field(const struct sim_call *c, str name)
{
    int64_t n = 0;
    for (ptrdiff_t i = 0; i < c->form_count; i++)
        n += str_eq(c->form[i].name, name);
    return n;
}

static struct message *message_new(struct sim_call *c, str to, str from, str body, int64_t files)
{
    struct state *s = c->account->data;
    struct message *m = &s->messages[s->n++ % MESSAGES];
    char date[TIME_HTTP_BYTES];
    free(m->body);
    *m = (struct message){.files = files};
    sim_keep(m->sid, sizeof m->sid,
        str_print(c->arena, "%s%.*s", files ? "MM" : "SM",
            SARG(sim_random_hex(c->sim, c->network, c->arena, 32))));
    sim_keep(m->to, sizeof m->to, to);
    sim_keep(m->from, sizeof m->from, from);
    sim_keep(m->callback, sizeof m->callback, sim_field(c, S("StatusCallback")));
    sim_keep(m->status, sizeof m->status, S("queued"));
    str http = time_http_to(date, c->now_ms); /* "Thu, 01 Jan 2026 00:00:00 GMT" */
    sim_keep(m->created, sizeof m->created,
        str_print(c->arena, "%.*s+0000", SARG(str_sub(http, 0, http.len - 3))));
    m->body = sim_copy(body);
    return m;
}

static void send_message(struct sim_call *c)
{
    str to = sim_field(c, S("To")), body = sim_field(c, S("Body"));
    str from = sim_field(c, S("From"));
    if (!from.len)
        from = sim_field(c, S("MessagingServiceSid"));
    int64_t files = count_field(c, S("MediaUrl"));
    if (is_refused(c, to, from, body, files))
        return;
    struct message *m = message_new(c, to, from, body, files);
    (void)sim_accept(
        c, &(struct sim_message){.conversation = to,
               .id = str_from(m->sid),
               .text = body,
               .kind = files ? S("mms") : S("sms")}); /* it has no key by which to know a double */
    struct json_out j = sim_json(c);
    put_message(&j, c->account, m);
    sim_answer_json(c, 201, &j);
    if (str_eq(sim_setting(c->account, S("reports")), S("no")))
        return;
    report(c->sim, c->account, c->arena, m, S("sent"), (str){0});
    report(c->sim, c->account, c->arena, m, S("delivered"), (str){0});
}

static void list_messages(struct sim_call *c)
{
    struct state *s = c->account->data;
    str to = sim_field(c, S("To"));
    int64_t most = sim_field_int(c, S("PageSize"), 50), n = 0;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("messages"));
    json_arr(&j);
    for (int64_t i = s->n - 1; i >= 0 && i >= s->n - MESSAGES && n < most; i--) {
        const struct message *m = &s->messages[i % MESSAGES];
        if (to.len && !str_eq(str_from(m->to), to))
            continue;
        put_message(&j, c->account, m);
        n++;
    }
    json_arr_end(&j);
    json_kv_raw(&j, S("next_page_uri"), S("null"));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* ── files, the service ── */

static void service(struct sim_call *c, str sid)
{
    str url = sim_field(c, S("InboundRequestUrl"));
    if (c->req->method == HTTP_POST && url.at)
        sim_account_callback(c->sim, c->account, url);
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("sid"), sid);
    json_kv_str(&j, S("friendly_name"), c->account->name);
    json_kv_str(&j, S("inbound_request_url"), c->account->callback);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* To the storage, which wants no credentials but is open for four hours only. */
static void load_file(struct sim_call *c, str sid)
{
    enum { LINK_MS = 4 * 3600 * 1000 };
    struct sim_media m;
    str id = str_skip(sid, 10);
    if (!str_starts(sid, S("ME00000000")) || !sim_media_get(c->sim, c->network, c->arena, id, &m)) {
        twilio_fail(c, 404, 20404, "The requested resource was not found");
        return;
    }
    sim_header(c, S("Location"), sim_media_url(c->sim, c->network, c->arena, id, LINK_MS, false));
    sim_answer(c, 307, S("text/plain"), (str){0});
}

static void sms_handle(struct sim_call *c)
{
    str at[8], user, password;
    if (str_starts(c->path, S("/api/")))
        c->path = str_skip(c->path, 4);
    else if (str_starts(c->path, S("/messaging/")))
        c->path = str_skip(c->path, 10);
    if (!sim_basic(c, &user, &password) || !sim_account_by_token(c, password) ||
        !(str_eq(user, c->account->id) || str_starts(user, S("SK")))) {
        twilio_fail(c, 401, 20003, "Authenticate");
        return;
    }
    if (sim_route(c, HTTP_GET, "/v1/Services/{}", at) ||
        sim_route(c, HTTP_POST, "/v1/Services/{}", at)) {
        service(c, at[0]);
        return;
    }
    if (!str_eq(sim_path(c, 2), c->account->id)) {
        twilio_fail(c, 404, 20404, "The requested resource was not found");
        return;
    }
    if (sim_route(c, HTTP_POST, "/2010-04-01/Accounts/{}/Messages.json", at))
        send_message(c);
    else if (sim_route(c, HTTP_GET, "/2010-04-01/Accounts/{}/Messages.json", at))
        list_messages(c);
    else if (sim_route(c, HTTP_GET, "/2010-04-01/Accounts/{}/Messages/{}/Media/{}", at))
        load_file(c, at[2]);
    else if (!twilio_number_route(c, &own_number))
        twilio_fail(c, 404, 20404, "The requested resource was not found");
}

/* ── customers ── */

static void heed(struct state *s, str from, str text)
{
    char *slot = gone_slot(s, from);
    if (str_eq_nocase(str_trim(text), S("START")) && slot)
        slot[0] = 0;
    if (!str_eq_nocase(str_trim(text), S("STOP")) || slot)
        return;
    for (int i = 0; i < GONE; i++)
        if (!s->gone[i][0]) {
            sim_keep(s->gone[i], sizeof s->gone[i], from);
            return;
        }
}

static void put_files(struct sim *sim, struct sim_account *account, struct arena *a, struct sb *b,
    const struct sim_say *say, str sid)
{
    for (ptrdiff_t i = 0; i < say->n_files; i++) {
        struct sim_media m = sim_media_add(sim, account->network, a, account->id, &say->files[i]);
        str base = sim_url(a, sim, account->network->name);
        twilio_form_add(b, str_z(a, str_print(a, "MediaUrl%td", i)),
            str_print(a, "%.*s/2010-04-01/Accounts/%.*s/Messages/%.*s/Media/ME00000000%.*s",
                SARG(base), SARG(account->id), SARG(sid), SARG(m.id)));
        twilio_form_add(b, str_z(a, str_print(a, "MediaContentType%td", i)), m.content_type);
    }
}

static err sms_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    struct sb b = sb_make(a, 0);
    str from = say->from_id.len ? say->from_id : S("+15557770001");
    str sid = str_print(a, "%s%.*s", say->n_files ? "MM" : "SM",
        SARG(sim_random_hex(sim, account->network, a, 32)));
    *why = S("an SMS has no kinds");
    if (say->kind.len && !str_eq(say->kind, S("message")))
        return E_INVALID;
    heed(account->data, from, say->text);
    twilio_form_add(&b, "SmsMessageSid", sid);
    twilio_form_add(&b, "NumMedia", str_print(a, "%td", say->n_files));
    twilio_form_add(&b, "SmsSid", sid);
    twilio_form_add(&b, "SmsStatus", S("received"));
    twilio_form_add(&b, "Body", say->text);
    twilio_form_add(&b, "To", twilio_number_of(account));
    twilio_form_add(&b, "NumSegments", S("1"));
    twilio_form_add(&b, "MessageSid", sid);
    twilio_form_add(&b, "AccountSid", account->id);
    twilio_form_add(&b, "From", from);
    twilio_form_add(&b, "ApiVersion", S("2010-04-01"));
    put_files(sim, account, a, &b, say, sid);
    post_form(sim, account, &b, (str){0}, sid, from);
    *id = sid;
    return OK;
}

static err sms_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why)
{
    struct sb b = sb_make(a, 0);
    (void)raw;
    *why = S("an event is an object of texts: the fields of a form");
    if (event->kind != JSON_OBJECT)
        return E_INVALID;
    for (const struct json *v = event->first; v; v = v->next)
        twilio_form_add(&b, str_z(a, v->key), json_text(v, S("")));
    post_form(sim, account, &b, (str){0}, (str){0}, (str){0});
    return OK;
}

static err sms_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    struct state *s = account->data;
    str id = json_text(json_get(input, S("id")), S(""));
    (void)answer;
    *why = S("status {id, status, error_code}");
    if (!str_eq(what, S("status")))
        return E_NOT_FOUND;
    for (int64_t i = 0; i < s->n && i < MESSAGES; i++)
        if (str_eq(str_from(s->messages[i].sid), id)) {
            report(sim, account, a, &s->messages[i], json_text(json_get(input, S("status")), S("")),
                json_text(json_get(input, S("error_code")), S("")));
            return OK;
        }
    *why = S("there is no such message");
    return E_INVALID;
}

static const int64_t retry_gaps_ms[] = {1000, 0};

const struct sim_network sim_sms = {
    .name = S_INIT("sms"),
    .title = S_INIT("Twilio SMS"),
    .account = {.id = S_INIT("AC00000000000000000000000000000001"),
                .name = S_INIT("Seva"),
                .token = S_INIT("sevaTwilioAuthToken0001")},
    .account_open = sms_account_open,
    .account_close = sms_account_close,
    .handle = sms_handle,
    .refuse = twilio_refuse,
    .say = sms_say,
    .event = sms_event,
    .special = sms_special,
    .sign = twilio_sign,
    .retry_gaps_ms = retry_gaps_ms,
    .webhook_timeout_ms = 15 * 1000,
};
