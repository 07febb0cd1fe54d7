/* phone_act: what agents do with calls: asked here, done by the job, noted here. See phone.h. */
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/access.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "care/phone.h"
#include "care/reply.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/call.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/identity.h"
#include "store/job.h"

static const char *const kind_words[CALL_KINDS] = {"dial", "take", "hang_up", "look"};

/* ── numbers ── */

str phone_number(struct arena *a, str written)
{
    enum { DIGITS_LEAST = 6, DIGITS_MOST = 15, SIP_BYTES = 255 }; /* E.164 */
    str s = str_trim(written);
    if (str_starts(s, S("sip:")) || str_starts(s, S("sips:"))) {
        bool is_fine = s.len <= SIP_BYTES && str_find_byte(s, '@') > 4;
        for (ptrdiff_t i = 0; i < s.len; i++)
            is_fine &= (unsigned char)s.at[i] > ' ' && (unsigned char)s.at[i] < 0x7f;
        return is_fine ? s : (str){0};
    }
    struct sb b = sb_make(a, 0);
    ptrdiff_t digits = 0;
    if (!str_starts(s, S("+")))
        return (str){0};
    sb_byte(&b, '+');
    for (ptrdiff_t i = 1; i < s.len; i++) {
        char c = s.at[i];
        if (c >= '0' && c <= '9') {
            sb_byte(&b, c);
            digits++;
        } else if (c != ' ' && c != '-' && c != '(' && c != ')' && c != '.' && c != '/') {
            return (str){0};
        }
    }
    return digits >= DIGITS_LEAST && digits <= DIGITS_MOST ? sb_str(&b) : (str){0};
}

static err own_phone(struct ctx *cx, struct agent *agent)
{
    TRY(agent_get(cx, cx->actor.agent, agent));
    if (!agent->phone.len)
        return fail_detail(
            cx, E_CONFLICT, "phone", "Enter your own phone in your profile: it rings first.");
    return OK;
}

/* ── planning ── */

static err plan(struct ctx *cx, const struct job_new *job, enum connector_call_kind kind)
{
    struct job_new j = *job;
    j.kind = S("call");
    j.payload = str_print(cx->arena, "{\"kind\":\"%s\"}", kind_words[kind]);
    return job_add(cx, &j);
}

err phone_plan(struct ctx *cx, const struct phone_call *c, enum connector_call_kind kind)
{
    const struct job_new job = {
        .key =
            str_print(cx->arena, "%lld:%lld", (long long)c->id.v, (long long)id_make(cx->now_ms)),
        .order_key = str_print(cx->arena, "call:%lld", (long long)c->id.v),
    };
    return plan(cx, &job, kind);
}

static str look_key(struct ctx *cx, call_id id)
{
    return str_print(cx->arena, "%lld:look", (long long)id.v);
}

err phone_plan_look(struct ctx *cx, const struct phone_call *c, const struct connector *network)
{
    bool can_be_asked = network && network->call && (network->calls & UINT32_C(1) << CALL_LOOK);
    const struct job_new job = {.key = look_key(cx, c->id),
        .run_ms = cx->now_ms + (can_be_asked ? PHONE_LOOK_MS : PHONE_DAY_MS)};
    return plan(cx, &job, CALL_LOOK);
}

static err note_audit(struct ctx *cx, const struct phone_call *c, str action)
{
    return audit_add(cx, action, S("call"), c->id.v, (str){0});
}

static err network_of(
    struct ctx *cx, channel_id id, enum connector_call_kind kind, const struct connector **network)
{
    struct channel channel;
    err e = access_sees_channel(cx, id) ? channel_get(cx, id, &channel) : E_NOT_FOUND;
    if (e == E_NOT_FOUND)
        return fail_field(cx, "channel_id", "There is no such channel.");
    TRY(e);
    *network = connector_find(channel.kind);
    if (!*network || !(*network)->call || !((*network)->calls & UINT32_C(1) << kind) ||
        !channel.is_enabled || channel_is_capture(cx->arena, channel.settings))
        return fail_field(cx, "channel_id", "Nobody can be called on this channel.");
    return OK;
}

/* ── making a call ── */

struct starting {
    struct ctx *cx;
    const struct phone_start *start;
    struct contact contact;
    struct identity identity;
    str number;
};

static err read_contact(struct starting *s, contact_id id)
{
    err e = contact_get(s->cx, id, &s->contact);
    return e == E_NOT_FOUND ? fail_field(s->cx, "contact_id", "There is no such contact.") : e;
}

static err find_number(struct starting *s)
{
    struct ctx *cx = s->cx;
    struct conversation c;
    contact_id contact = s->start->contact;
    if (s->start->conversation.v) {
        err e = conversation_get(cx, s->start->conversation, &c);
        if (e == E_NOT_FOUND)
            return fail_field(cx, "conversation_id", "There is no such conversation.");
        TRY(e);
        if (contact.v && contact.v != c.contact_id.v)
            return fail_field(cx, "contact_id", "This is not the conversation's contact.");
        contact = c.contact_id;
    }
    if (contact.v)
        TRY(read_contact(s, contact));
    if (!contact.v && !s->start->number.len)
        return fail_field(cx, "number", "Say whom to call: a contact or a number.");
    str written = s->start->number.len ? s->start->number : s->contact.phone;
    s->number = phone_number(cx->arena, written);
    if (!s->number.len)
        return fail_field(cx, "number", "A number is written like +15550001111.");
    return OK;
}

/* The person with this number on the channel; somebody new becomes a contact. */
static err find_identity(struct starting *s)
{
    struct ctx *cx = s->cx;
    const struct identity key = {.channel_id = s->start->channel, .external_id = s->number};
    struct identity_known *known = NULL;
    ptrdiff_t n = 0;
    int64_t changed = 0;
    TRY(identity_find_many(cx, &key, 1, &known, &n));
    if (n) {
        TRY(identity_get(cx, known[0].id, &s->identity));
        return read_contact(s, known[0].contact_id);
    }
    if (!s->contact.id.v) {
        s->contact = (struct contact){.id = {id_make(cx->now_ms)},
            .phone = s->number,
            .created_ms = cx->now_ms,
            .last_seen_ms = cx->now_ms};
        TRY(contact_add_many(cx, &s->contact, 1));
    }
    s->identity = (struct identity){.id = {id_make(cx->now_ms)},
        .contact_id = s->contact.id,
        .channel_id = s->start->channel,
        .external_id = s->number,
        .handle = s->contact.name};
    TRY(identity_add_many(cx, &s->identity, 1, &changed));
    return changed ? OK : fail(cx, E_BUSY, "Another node met the same person; try again.");
}

static err repeated(
    struct ctx *cx, const struct phone_start *start, struct phone_call *c, bool *is_repeat)
{
    *is_repeat = false;
    if (!start->client_id.len)
        return OK;
    err e = phone_call_find_client(cx, start->client_id, c);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    if (c->agent_id != cx->actor.agent.v)
        return fail_field(cx, "client_id", "Somebody else has used this id.");
    *is_repeat = true;
    return OK;
}

err phone_start(
    struct ctx *cx, const struct phone_start *start, struct phone_call *c, bool *is_repeat)
{
    struct starting s = {.cx = cx, .start = start};
    const struct connector *network = NULL;
    struct agent agent;
    TRY(repeated(cx, start, c, is_repeat));
    if (*is_repeat)
        return OK;
    TRY(network_of(cx, start->channel, CALL_DIAL, &network));
    TRY(find_number(&s));
    TRY(own_phone(cx, &agent));
    TRY(find_identity(&s));
    *c = (struct phone_call){.id = {id_make(cx->now_ms)},
        .channel_id = start->channel,
        .contact_id = s.contact.id,
        .identity_id = s.identity.id,
        .conversation_id = start->conversation.v,
        .direction = S("out"),
        .state = S("ringing"),
        .number = s.number,
        .agent_id = agent.id.v,
        .agent_phone = agent.phone,
        .started_ms = cx->now_ms,
        .client_id = start->client_id,
        .contact_name = s.contact.name,
        .agent_name = agent.name};
    TRY(phone_call_add(cx, c));
    TRY(phone_plan(cx, c, CALL_DIAL));
    TRY(phone_plan_look(cx, c, network));
    TRY(note_audit(cx, c, S("call.started")));
    return phone_tell(cx, c, S("call.created"));
}

/* ── taking, ending, being done ── */

err phone_take(struct ctx *cx, call_id id, struct phone_call *c)
{
    const struct connector *network = NULL;
    struct agent agent;
    TRY(phone_call_lock(cx, id, c));
    if (c->agent_id && c->agent_id != cx->actor.agent.v)
        return fail_detail(cx, E_CONFLICT, "taken", "%.*s was faster.", SARG(c->agent_name));
    if (!str_eq(c->state, S("queued")) || c->agent_id)
        return fail_detail(cx, E_CONFLICT, "not_waiting", "This caller is not waiting (any more).");
    TRY(own_phone(cx, &agent));
    struct channel channel;
    err e = channel_get(cx, c->channel_id, &channel);
    network = e == OK ? connector_find(channel.kind) : NULL;
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (!network || !network->call || !(network->calls & UINT32_C(1) << CALL_TAKE))
        return fail_detail(
            cx, E_CONFLICT, "not_waiting", "Calls of this channel are taken on its own phones.");
    c->agent_id = agent.id.v;
    c->agent_name = agent.name;
    c->agent_phone = agent.phone;
    c->taken_ms = cx->now_ms;
    c->error = (str){0};
    TRY(phone_plan(cx, c, CALL_TAKE));
    TRY(note_audit(cx, c, S("call.taken")));
    return phone_write(cx, c);
}

err phone_hang_up(struct ctx *cx, call_id id, struct phone_call *c)
{
    struct channel channel;
    TRY(phone_call_lock(cx, id, c));
    if (str_eq(c->state, S("ended")))
        return fail_detail(cx, E_CONFLICT, "ended", "The call has ended.");
    TRY(channel_get(cx, c->channel_id, &channel));
    const struct connector *network = connector_find(channel.kind);
    if (!network || !network->call || !(network->calls & UINT32_C(1) << CALL_HANG_UP))
        return fail_detail(cx, E_CONFLICT, "phone", "This call is ended on its own phone.");
    TRY(phone_plan(cx, c, CALL_HANG_UP));
    return note_audit(cx, c, S("call.hung_up"));
}

static err add_note(struct ctx *cx, const struct phone_call *c, str note)
{
    const struct reply_new n = {.is_note = true,
        .text = note,
        .client_id = str_print(cx->arena, "call-wrap:%lld", (long long)c->id.v)};
    struct conversation talk;
    struct message m;
    bool is_repeat = false;
    return reply_add(cx, (conversation_id){c->conversation_id}, &n, &m, &talk, &is_repeat);
}

err phone_wrap_up(struct ctx *cx, call_id id, str note, struct phone_call *c)
{
    TRY(phone_call_lock(cx, id, c));
    if (!c->wrap_started_ms || c->wrap_ended_ms)
        return fail_detail(cx, E_CONFLICT, "wrap_up", "There is no after-call time going on.");
    if (c->agent_id != cx->actor.agent.v)
        return fail(cx, E_FORBIDDEN, "This is a colleague's call.");
    if (note.len && c->conversation_id)
        TRY(add_note(cx, c, note));
    c->note = note;
    err e = job_cancel(cx, S("wrap_up"), str_print(cx->arena, "%lld", (long long)c->id.v));
    if (e != OK && e != E_NOT_FOUND)
        return e;
    return phone_wrap_end(cx, c);
}

/* ── the job ── */

static bool kind_read(struct arena *a, str payload, enum connector_call_kind *kind)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(a, payload, &root, &why) != OK)
        return false;
    for (int i = 0; i < CALL_KINDS; i++)
        if (str_eq(json_text(json_get(root, S("kind")), S("")), str_from(kind_words[i]))) {
            *kind = (enum connector_call_kind)i;
            return true;
        }
    return false;
}

static bool is_wanted(const struct phone_call *c, enum connector_call_kind kind)
{
    if (str_eq(c->state, S("ended")))
        return false;
    if (kind == CALL_DIAL)
        return !c->external_id.len;
    return kind != CALL_TAKE || (c->agent_id && str_eq(c->state, S("queued")));
}

/* Nothing was heard of a call that may have been made, or of the end of one. */
static err give_up(struct ctx *cx, struct phone_call *c)
{
    return c->external_id.len
               ? phone_end(cx, c, (str){0}, S("The network has not told when the call ended."))
               : phone_end(cx, c, S("failed"), S("The network has said nothing of this call."));
}

err phone_work_take(struct ctx *cx, call_id id, str payload, struct phone_work *work)
{
    struct phone_call c;
    struct channel channel;
    enum connector_call_kind kind = CALL_LOOK;
    if (!kind_read(cx->arena, payload, &kind))
        return E_NOT_FOUND;
    TRY(phone_call_lock(cx, id, &c));
    if (!is_wanted(&c, kind))
        return E_CONFLICT;
    bool is_old = kind == CALL_LOOK && cx->now_ms - c.started_ms >= PHONE_DAY_MS;
    if (is_old || (kind != CALL_DIAL && !c.external_id.len)) {
        TRY(give_up(cx, &c));
        return E_CONFLICT;
    }
    TRY(channel_get(cx, c.channel_id, &channel));
    const struct connector *network = connector_find(channel.kind);
    if (!network || !network->call || !(network->calls & UINT32_C(1) << kind))
        return E_CONFLICT;
    *work = (struct phone_work){
        .connector = network,
        .channel = channel.id,
        .call = {.kind = kind,
                 .external_id = c.external_id,
                 .ref = str_print(cx->arena, "%lld", (long long)c.id.v),
                 .phone = c.agent_phone,
                 .to = c.number,
                 .language = c.language}
    };
    return channel_setup(cx, &channel, &work->setup);
}

/* A row that another has ended meanwhile is left alone. */
static err lock_going(struct ctx *cx, call_id id, struct phone_call *c, bool *is_going)
{
    err e = phone_call_lock(cx, id, c);
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    *is_going = e == OK && !str_eq(c->state, S("ended"));
    return e == E_NOT_FOUND ? OK : e;
}

err phone_work_done(
    struct ctx *cx, call_id id, enum connector_call_kind kind, const struct connector_called *said)
{
    struct phone_call c;
    bool is_going = false;
    TRY(lock_going(cx, id, &c, &is_going));
    if (!is_going)
        return OK;
    if (said->is_over)
        return phone_end(cx, &c, said->news.outcome, said->news.error);
    if (kind == CALL_DIAL && said->end.outcome == CONNECTOR_UNKNOWN) {
        err e = job_move(cx, S("call"), look_key(cx, c.id), cx->now_ms + PHONE_DOUBT_MS);
        return e == E_NOT_FOUND ? OK : e;
    }
    if (kind != CALL_DIAL || c.external_id.len || !said->end.external_id.len)
        return OK;
    c.external_id = said->end.external_id;
    return phone_write(cx, &c);
}

err phone_work_failed(struct ctx *cx, call_id id, enum connector_call_kind kind, str why)
{
    struct phone_call c;
    bool is_going = false;
    TRY(lock_going(cx, id, &c, &is_going));
    if (!is_going)
        return OK;
    switch (kind) {
    case CALL_DIAL:
        return phone_end(cx, &c, S("failed"), why);
    case CALL_TAKE:
        if (!str_eq(c.state, S("queued")))
            return OK;
        c.agent_id = 0;
        c.agent_name = c.agent_phone = (str){0};
        c.taken_ms = 0;
        break;
    case CALL_LOOK:
        return OK;
    case CALL_HANG_UP:
        break;
    }
    c.error = why;
    return phone_write(cx, &c);
}
