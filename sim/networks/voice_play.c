/* voice_play: TwiML as Twilio does it, as far as Seva uses it: Say, Gather (one key), Redirect,
 * Record, Enqueue, Leave, Dial with one Number or Sip, Pause, Hangup. See voice.h. */
#include "voice.h"

#include <string.h>

enum { AUTO_TALK_S = 20 };

#define KEEP(member, s) sim_keep((member), (ptrdiff_t)sizeof(member), (s))

str voice_sid(struct voice *v, const char *kind)
{
    return str_print(
        v->a, "%s%.*s", kind, SARG(sim_random_hex(v->sim, v->account->network, v->a, 32)));
}

/* ── posting ── */

static int64_t index_of(const struct voice *v)
{
    const struct voice_state *s = v->account->data;
    return v->call - s->calls;
}

static void post_from(
    struct voice *v, str url, const struct pair *more, int64_t tag, int64_t delay_ms, bool is_child)
{
    struct voice_call *c = v->call;
    struct sb b = sb_make(v->a, 0);
    twilio_form_add(&b, "CallSid", str_from(is_child ? c->child : c->sid));
    twilio_form_add(&b, "AccountSid", v->account->id);
    twilio_form_add(&b, "From", str_from(c->from));
    twilio_form_add(&b, "To", str_from(is_child ? c->phone : c->to));
    twilio_form_add(&b, "ApiVersion", S("2010-04-01"));
    twilio_form_add(&b, "Direction",
        is_child     ? S("outbound-dial")
        : c->is_ours ? S("outbound-api")
                     : S("inbound"));
    if (is_child)
        twilio_form_add(&b, "ParentCallSid", str_from(c->sid));
    else
        twilio_form_add(&b, "CallStatus", str_from(c->status));
    for (; more && more->name; more++)
        twilio_form_add(&b, more->name, more->value);
    sim_webhook_send(v->sim, v->account,
        &(struct sim_webhook){.method = HTTP_POST,
            .url = url,
            .content_type = S("application/x-www-form-urlencoded"),
            .body = sb_str(&b),
            .key = str_from(c->sid),
            .conversation = str_from(c->from),
            .delay_ms = delay_ms,
            .tag = tag});
}

/* 0 = a report; else 1 + call + VOICE_CALLS × (seq × 2 + is it a document of the queue?). */
static int64_t tag_of(const struct voice *v, bool is_wait)
{
    return 1 + index_of(v) + VOICE_CALLS * (v->call->seq * 2 + is_wait);
}

void voice_post(struct voice *v, str url, const struct pair *more, bool is_document)
{
    bool is_wait = v->call->doing == VOICE_QUEUED; /* what is said there does not end the waiting */
    if (is_document) {
        v->call->seq++;
        if (!is_wait)
            v->call->doing = VOICE_FETCHES;
    }
    post_from(v, url, more, is_document ? tag_of(v, is_wait) : 0, 0, false);
}

void voice_answered(
    struct sim *sim, struct sim_account *account, const struct sim_answered *answered)
{
    struct voice_state *s = account->data;
    int64_t index = (answered->tag - 1) % VOICE_CALLS, rest = (answered->tag - 1) / VOICE_CALLS;
    struct voice v = {sim, account, answered->arena, &s->calls[index < 0 ? 0 : index]};
    bool is_wait = rest % 2;
    if (answered->tag <= 0 || v.call->seq != rest / 2 || v.call->doing == VOICE_OVER)
        return; /* a report, or what is not waited for any more */
    if (is_wait && v.call->doing != VOICE_QUEUED)
        return;
    if (answered->status < 200 || answered->status > 299) {
        if (!is_wait && answered->is_last)
            voice_end(&v, "failed");
        return;
    }
    v.call->seq++; /* once */
    voice_run(&v, answered->body);
}

/* ── reading ── */

static str unescaped(struct arena *a, str s)
{
    static const struct {
        str from;
        char to;
    } marks[] = {
        {S_INIT("&amp;"),  '&'},
        {S_INIT("&lt;"),   '<'},
        {S_INIT("&gt;"),   '>'},
        {S_INIT("&quot;"), '"'}
    };
    struct sb b = sb_make(a, 0);
    while (s.len) {
        ptrdiff_t step = 1;
        char c = s.at[0];
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
            if (str_starts(s, marks[i].from)) {
                c = marks[i].to;
                step = marks[i].from.len;
                break;
            }
        sb_byte(&b, c);
        s = str_skip(s, step);
    }
    return sb_str(&b);
}

static str attribute(struct arena *a, str tag, const char *name)
{
    str key = str_print(a, " %s=\"", name), value, rest;
    ptrdiff_t at = str_find(tag, key);
    if (at < 0)
        return (str){0};
    (void)str_cut(str_skip(tag, at + key.len), '"', &value, &rest);
    return unescaped(a, value);
}

/* The next tag without its angles, and the text up to the one after it. */
static bool next_tag(str *doc, str *tag, str *text)
{
    str before, rest;
    if (!str_cut(*doc, '<', &before, &rest) || !str_cut(rest, '>', tag, &rest))
        return false;
    ptrdiff_t at = str_find_byte(rest, '<');
    *text = str_sub(rest, 0, at < 0 ? rest.len : at);
    *doc = rest;
    return true;
}

static bool is_tag(str tag, const char *name)
{
    str word, rest;
    (void)str_cut(tag, ' ', &word, &rest);
    if (str_ends(word, S("/")))
        word = str_sub(word, 0, word.len - 1);
    return str_eq(word, str_from(name));
}

static void hear(struct voice *v, str words)
{
    struct voice_call *c = v->call;
    KEEP(c->heard, str_print(v->a, "%s%s%.*s", c->heard, c->heard[0] ? "|" : "",
                       SARG(unescaped(v->a, words))));
}

/* ── verbs that wait ── */

static void gather(struct voice *v, str tag, str doc)
{
    struct voice_call *c = v->call;
    str inner, text;
    KEEP(c->action, attribute(v->a, tag, "action"));
    while (next_tag(&doc, &inner, &text) && !str_eq(inner, S("/Gather")))
        if (is_tag(inner, "Say"))
            hear(v, text);
    if (c->doing != VOICE_QUEUED) {
        KEEP(c->document, doc);
        c->doing = VOICE_GATHERS;
    }
    if (!c->keys[0])
        return;
    char digit[2] = {c->keys[0], 0};
    memmove(c->keys, c->keys + 1, strlen(c->keys));
    voice_press(v, str_from(digit));
}

void voice_press(struct voice *v, str digit)
{
    const struct pair more[] = {
        {"Digits", digit},
        {0       }
    };
    voice_post(v, str_from(v->call->action), more, true);
}

static void record(struct voice *v, str tag, str doc)
{
    struct voice_call *c = v->call;
    KEEP(c->action, attribute(v->a, tag, "action"));
    KEEP(c->transcribe, attribute(v->a, tag, "transcribeCallback"));
    KEEP(c->document, doc);
    c->doing = VOICE_RECORDS;
    if (c->voicemail[0])
        voice_speak(v, str_from(c->voicemail));
}

void voice_speak(struct voice *v, str words)
{
    struct voice_call *c = v->call;
    KEEP(c->recording, voice_sid(v, "RE"));
    str url = str_print(v->a, "%.*s/2010-04-01/Accounts/%.*s/Recordings/%s",
        SARG(sim_url(v->a, v->sim, v->account->network->name)), SARG(v->account->id), c->recording);
    const struct pair left[] = {
        {"RecordingSid",      str_from(c->recording)},
        {"RecordingUrl",                   url},
        {"RecordingDuration",S("7")},
        {0}
    };
    const struct pair written[] = {
        {"RecordingSid",  str_from(c->recording)},
        {"TranscriptionSid",               voice_sid(v, "TR")},
        {"TranscriptionStatus",S("completed")},
        {"TranscriptionText",               str_copy(v->a, words)},
        {0           }
    };
    voice_post(v, str_from(c->action), left, true);
    if (c->transcribe[0])
        voice_post(v, str_from(c->transcribe), written, false);
}

static int64_t position_of(const struct voice *v)
{
    const struct voice_state *s = v->account->data;
    int64_t position = 1;
    for (int i = 0; i < VOICE_CALLS; i++)
        position += s->calls[i].doing == VOICE_QUEUED && s->calls[i].joined_ms < v->call->joined_ms;
    return position;
}

/* What is said in the queue; the call stays in it. */
static void say_waiting(struct voice *v)
{
    struct voice_call *c = v->call;
    int64_t waited_s = (sim_now(v->sim) - c->joined_ms) / 1000;
    const struct pair more[] = {
        {"QueuePosition",       str_print(v->a, "%lld", (long long)position_of(v))},
        {"QueueTime",               str_print(v->a, "%lld", (long long)waited_s)},
        {"AvgQueueTime",                     S("90")},
        {"CurrentQueueSize",S("1")},
        {0}
    };
    c->seq++;
    post_from(v, str_from(c->wait_url), more, tag_of(v, true), 0, false);
}

static void enqueue(struct voice *v, str tag)
{
    struct voice_call *c = v->call;
    KEEP(c->queue_action, attribute(v->a, tag, "action"));
    KEEP(c->wait_url, attribute(v->a, tag, "waitUrl"));
    c->doing = VOICE_QUEUED;
    c->joined_ms = sim_now(v->sim);
    say_waiting(v);
}

static void leave(struct voice *v)
{
    const struct pair more[] = {
        {"QueueResult", S("leave")},
        {0            }
    };
    v->call->doing = VOICE_FETCHES;
    voice_post(v, str_from(v->call->queue_action), more, true);
}

void voice_wait(struct voice *v)
{
    if (v->call->doing == VOICE_QUEUED)
        say_waiting(v);
    else if (v->call->doing == VOICE_GATHERS)
        voice_run(v, str_copy(v->a, str_from(v->call->document)));
}

/* ── Dial ── */

static void dial(struct voice *v, str tag, str doc)
{
    struct voice_call *c = v->call;
    str inner = {0}, text = {0};
    (void)next_tag(&doc, &inner, &text);
    KEEP(c->action, attribute(v->a, tag, "action"));
    KEEP(c->answered_url, attribute(v->a, inner, "statusCallback"));
    KEEP(c->phone, unescaped(v->a, text));
    KEEP(c->child, voice_sid(v, "CA"));
    c->doing = VOICE_RINGS;
    if (!str_eq(sim_setting(v->account, S("answers")), S("yes")))
        return;
    voice_pick_up(v);
    const struct pair end[] = {
        {"DialCallStatus",    S("completed")},
        {"DialCallSid",                   str_from(c->child)},
        {"DialCallDuration",S("20")},
        {0 }
    };
    c->seq++;
    post_from(v, str_from(c->action), end, tag_of(v, false), AUTO_TALK_S * 1000, false);
}

void voice_pick_up(struct voice *v)
{
    struct voice_call *c = v->call;
    if (!c->child[0]) { /* an agent whom we call: now the document says whom to dial */
        const struct pair up[] = {
            {"CallbackSource", S("call-progress-events")},
            {"SequenceNumber",                S("1")},
            {0}
        };
        KEEP(c->status, S("in-progress"));
        voice_post(v, str_from(c->callback), up, false);
        voice_run(v, str_copy(v->a, str_from(c->document)));
        return;
    }
    const struct pair more[] = {
        {"CallStatus",               S("in-progress")},
        {"CallbackSource",                          S("call-progress-events")},
        {"SequenceNumber",S("1")},
        {0          }
    };
    KEEP(c->status, S("in-progress"));
    c->doing = VOICE_TALKS;
    c->up_ms = sim_now(v->sim);
    post_from(v, str_from(c->answered_url), more, 0, 0, true);
}

void voice_decline(struct voice *v, str status)
{
    const struct pair more[] = {
        {"DialCallStatus", status},
        {0               }
    };
    if (!v->call->child[0]) {
        voice_end(v, str_z(v->a, status));
        return;
    }
    voice_post(v, str_from(v->call->action), more, true);
}

void voice_hang_up(struct voice *v)
{
    struct voice_call *c = v->call;
    int64_t talk_s = (sim_now(v->sim) - c->up_ms) / 1000;
    const struct pair more[] = {
        {"DialCallStatus",    S("completed")},
        {"DialCallSid",                   str_from(c->child)},
        {"DialCallDuration",str_print(v->a, "%lld", (long long)talk_s)},
        {0 }
    };
    if (c->doing == VOICE_TALKS)
        voice_post(v, str_from(c->action), more, false);
    voice_end(v, "completed");
}

/* ── the end ── */

void voice_end(struct voice *v, const char *status)
{
    struct voice_call *c = v->call;
    const struct voice_state *s = v->account->data;
    int64_t lasted_s = (sim_now(v->sim) - c->began_ms) / 1000;
    if (c->doing == VOICE_OVER)
        return;
    c->doing = VOICE_OVER;
    KEEP(c->status, str_from(status));
    const struct pair more[] = {
        {"CallbackSource",      S("call-progress-events")},
        {"CallDuration",                     str_print(v->a, "%lld", (long long)lasted_s)},
        {"SequenceNumber",S("3")},
        {0}
    };
    str url = str_from(c->is_ours ? c->callback : s->status_callback);
    if (url.len)
        voice_post(v, url, more, false);
}

void voice_run(struct voice *v, str doc)
{
    struct voice_call *c = v->call;
    str tag, text;
    while (next_tag(&doc, &tag, &text)) {
        if (is_tag(tag, "Say")) {
            hear(v, text);
        } else if (is_tag(tag, "Gather")) {
            gather(v, tag, doc);
            if (c->doing != VOICE_QUEUED)
                return;
            ptrdiff_t at = str_find(doc, S("</Gather>"));
            doc = at < 0 ? (str){0} : str_skip(doc, at + 9);
        } else if (is_tag(tag, "Redirect")) {
            voice_post(v, unescaped(v->a, text), NULL, true);
            return;
        } else if (is_tag(tag, "Record")) {
            record(v, tag, doc);
            return;
        } else if (is_tag(tag, "Enqueue")) {
            enqueue(v, tag);
            return;
        } else if (is_tag(tag, "Leave")) {
            leave(v);
            return;
        } else if (is_tag(tag, "Dial")) {
            dial(v, tag, doc);
            return;
        } else if (is_tag(tag, "Hangup")) {
            break;
        }
    }
    if (c->doing != VOICE_QUEUED)
        voice_end(v, "completed");
}
