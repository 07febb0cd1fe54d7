/* ivr: see ivr.h. Longer than most: choices, the document and the words for what is wrong
 * read the same settings by the same helpers. */
#include "text/ivr.h"

#include "base/json.h"
#include "base/utf8.h"
#include "text/hours.h"

enum {
    NAME_BYTES = 40, /* of a menu, a language, a step */
    TO_BYTES = 255,
    NUMBER_LEAST = 3, /* with the + */
    NUMBER_MOST = 16,
    TEMPLATE_BYTES = 4000,
    GATHER_S = 6,
    WAIT_PAUSE_S = 20,
    RECORD_S = 300,
    DIAL_S = 30,
};

/* ── the settings ───────────────────────────────────────────────────────────────────────────────
 */

static const struct json *ivr_of(struct arena *a, str settings)
{
    const struct json *root = NULL, *ivr;
    str why;
    if (json_parse(a, settings, &root, &why) != OK)
        return NULL;
    ivr = json_get(root, S("ivr"));
    if (ivr && ivr->kind == JSON_STRING && json_parse(a, ivr->text, &root, &why) == OK)
        ivr = root;
    return ivr && ivr->kind == JSON_OBJECT ? ivr : NULL;
}

static str text_at(const struct json *object, str key)
{
    const struct json *v = json_get(object, key);
    return v && v->kind == JSON_STRING ? v->text : (str){0};
}

/* A sentence: one text for all languages, or one per language. */
static str sentence(const struct json *object, str key, str language)
{
    const struct json *v = json_get(object, key);
    if (v && v->kind == JSON_OBJECT)
        return text_at(v, language);
    return text_at(object, key);
}

/* The languages one after the other; at most IVR_LANGUAGES. */
static const struct json *language_at(const struct json *ivr, int64_t at)
{
    const struct json *list = json_get(ivr, S("languages"));
    const struct json *v = list && list->kind == JSON_ARRAY ? list->first : NULL;
    for (int64_t i = 0; v && i < at; i++)
        v = v->next;
    return at < IVR_LANGUAGES ? v : NULL;
}

static const struct json *language_find(const struct json *ivr, str tag)
{
    const struct json *v;
    for (int64_t i = 0; (v = language_at(ivr, i)) != NULL; i++)
        if (tag.len && str_eq(text_at(v, S("tag")), tag))
            return v;
    return language_at(ivr, 0);
}

static const struct json *menu_find(const struct json *ivr, str name)
{
    const struct json *menu = json_get(json_get(ivr, S("menus")), name);
    return menu && menu->kind == JSON_OBJECT ? menu : NULL;
}

bool ivr_is_open(struct arena *a, str settings, int64_t now_ms)
{
    return hours_are_open(ivr_of(a, settings), now_ms);
}

/* ── what was chosen ────────────────────────────────────────────────────────────────────────────
 */

static const struct {
    const char *name;
    enum ivr_action action;
} actions[] = {
    {"continue_by_message", IVR_CONTINUE_BY_MESSAGE},
    {"voicemail",           IVR_VOICEMAIL          },
    {"forward",             IVR_FORWARD            },
    {"repeat",              IVR_REPEAT             },
    {"menu",                IVR_MENU               },
    {"queue",               IVR_QUEUE              },
    {"hangup",              IVR_HANGUP             },
};

static bool is_number(str s)
{
    bool is_fine = s.len >= NUMBER_LEAST && s.len <= NUMBER_MOST;
    for (ptrdiff_t i = str_starts(s, S("+")) ? 1 : 0; is_fine && i < s.len; i++)
        is_fine = s.at[i] >= '0' && s.at[i] <= '9';
    return is_fine;
}

static bool is_id(str s)
{
    int64_t id;
    return str_int(s, 1, INT64_MAX, &id) == OK;
}

static bool is_target(str to)
{
    if (!str_starts(to, S("sip:")) && !str_starts(to, S("sips:")))
        return is_number(to);
    for (ptrdiff_t i = 0; i < to.len; i++)
        if ((unsigned char)to.at[i] <= ' ' || (unsigned char)to.at[i] >= 0x7f)
            return false;
    return to.len <= TO_BYTES && str_find_byte(to, '@') > 4;
}

bool ivr_is_target(str to)
{
    return is_target(to);
}

static bool is_digit(str s)
{
    return s.len == 1 && s.at[0] >= '0' && s.at[0] <= '9';
}

/* What is written: the same in the first language when the caller's has none. */
static str written(const struct json *ivr, const struct json *object, str language)
{
    str text = sentence(object, S("text"), language);
    return text.len ? text : sentence(object, S("text"), text_at(language_at(ivr, 0), S("tag")));
}

/* "template": {"en": {"name", "language", "variables"}, …}, for networks that want one. */
static str template_of(
    struct arena *a, const struct json *ivr, const struct json *object, str language)
{
    const struct json *all = json_get(object, S("template")), *t = json_get(all, language);
    struct json_out j = json_out_make(a, TEMPLATE_BYTES);
    if (!t)
        t = json_get(all, text_at(language_at(ivr, 0), S("tag")));
    if (!t || t->kind != JSON_OBJECT || !text_at(t, S("name")).len)
        return (str){0};
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("type"), S("template"));
    json_kv_str(&j, S("name"), text_at(t, S("name")));
    json_kv_str(&j, S("language"), text_at(t, S("language")));
    if (json_get(t, S("variables"))) {
        json_key(&j, S("variables"));
        json_put_tree(&j, json_get(t, S("variables")));
    }
    json_obj_end(&j);
    json_arr_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

static struct ivr_choice choice_of(const struct json *ivr, const struct json *entry, str language)
{
    str digit = json_text(json_get(entry, S("digit")), S(""));
    str name = text_at(entry, S("action"));
    struct ivr_choice c = {
        .channel_id = json_text(json_get(entry, S("channel_id")), S("")),
        .text = written(ivr, entry, language),
        .to = text_at(entry, S("to")),
        .menu = text_at(entry, S("menu")),
        .say = sentence(entry, S("say"), language),
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (str_eq(name, str_from(actions[i].name)))
            c.action = actions[i].action;
    if ((c.action == IVR_FORWARD && !is_target(c.to)) ||
        (c.action == IVR_MENU && !menu_find(ivr, c.menu)) ||
        (c.action == IVR_CONTINUE_BY_MESSAGE && (!is_id(c.channel_id) || !is_digit(digit))))
        c.action = IVR_NOTHING;
    return c;
}

static const struct json *entry_find(const struct json *menu, str digits)
{
    const struct json *list = json_get(menu, S("entries"));
    const struct json *v = list && list->kind == JSON_ARRAY ? list->first : NULL;
    for (int i = 0; v && i < IVR_ENTRIES; v = v->next, i++)
        if (digits.len == 1 && str_eq(json_text(json_get(v, S("digit")), S("")), digits))
            return v;
    return NULL;
}

static struct ivr_choice choose(const struct json *ivr, const struct ivr_request *req)
{
    const struct json *menu = menu_find(ivr, req->menu);
    str language = text_at(language_find(ivr, req->language), S("tag"));
    bool continues = str_eq(req->step, S("continue"));
    if (!menu || (!continues && !str_eq(req->step, S("menu"))))
        return (struct ivr_choice){0};
    const struct json *entry = entry_find(menu, continues ? req->key : req->digits);
    if (!entry && !continues && req->attempt >= IVR_TRIES)
        entry = json_get(menu, S("otherwise"));
    return entry ? choice_of(ivr, entry, language) : (struct ivr_choice){0};
}

struct ivr_choice ivr_choose(struct arena *a, str settings, const struct ivr_request *req)
{
    const struct json *ivr = ivr_of(a, settings);
    struct ivr_choice c = choose(ivr, req);
    const struct json *menu = menu_find(ivr, req->menu);
    str language = text_at(language_find(ivr, req->language), S("tag"));
    if (c.action == IVR_CONTINUE_BY_MESSAGE)
        c.parts =
            template_of(a, ivr, entry_find(menu, req->key.len ? req->key : req->digits), language);
    return c;
}

struct ivr_choice ivr_missed(struct arena *a, str settings, str language)
{
    const struct json *ivr = ivr_of(a, settings);
    const struct json *missed = json_get(ivr, S("missed_call"));
    str tag = text_at(language_find(ivr, language), S("tag"));
    struct ivr_choice c = {
        .channel_id = json_text(json_get(missed, S("channel_id")), S("")),
        .text = written(ivr, missed, tag),
        .parts = template_of(a, ivr, missed, tag),
    };
    if (is_id(c.channel_id) && (c.text.len || c.parts.len))
        c.action = IVR_CONTINUE_BY_MESSAGE;
    return c;
}

/* ── the document ───────────────────────────────────────────────────────────────────────────────
 */

struct document {
    struct sb b;
    const struct json *ivr, *language; /* the caller's; NULL = there are none */
    str tag;
    const struct ivr_request *req;
};

/* As text or attribute; what XML 1.0 cannot hold becomes a space. */
static void put_escaped(struct sb *b, str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c == '&')
            sb_add(b, S("&amp;"));
        else if (c == '<')
            sb_add(b, S("&lt;"));
        else if (c == '>')
            sb_add(b, S("&gt;"));
        else if (c == '"')
            sb_add(b, S("&quot;"));
        else
            sb_byte(b, (unsigned char)c < ' ' ? ' ' : c);
    }
}

/* The first IVR_SAY_CHARS characters. */
static str cut(str s)
{
    ptrdiff_t at = 0, chars = 0;
    uint32_t code_point;
    while (at < s.len && chars < IVR_SAY_CHARS) {
        ptrdiff_t n = utf8_decode(s, at, &code_point);
        at += n > 0 ? n : -n;
        chars++;
    }
    return str_sub(s, 0, at);
}

static void say_in(struct document *d, const struct json *language, str text)
{
    str speech = text_at(language, S("speech")), voice = text_at(language, S("voice"));
    if (!speech.len)
        speech = text_at(language, S("tag"));
    if (!str_trim(text).len)
        return;
    sb_add(&d->b, S("<Say"));
    if (voice.len) {
        sb_add(&d->b, S(" voice=\""));
        put_escaped(&d->b, voice);
        sb_byte(&d->b, '"');
    }
    if (speech.len) {
        sb_add(&d->b, S(" language=\""));
        put_escaped(&d->b, speech);
        sb_byte(&d->b, '"');
    }
    sb_byte(&d->b, '>');
    put_escaped(&d->b, cut(str_trim(text)));
    sb_add(&d->b, S("</Say>"));
}

static void say(struct document *d, str text)
{
    say_in(d, d->language, text);
}

static void say_of(struct document *d, const char *name)
{
    say(d, text_at(d->language, str_from(name)));
}

/* Where the next request goes, as an attribute or text. */
static void put_address(struct document *d, const char *step, str menu, int64_t attempt)
{
    put_escaped(&d->b, d->req->address);
    sb_print(&d->b, "?step=%s", step);
    if (d->tag.len) {
        sb_add(&d->b, S("&amp;language="));
        put_escaped(&d->b, d->tag);
    }
    if (menu.len) {
        sb_add(&d->b, S("&amp;menu="));
        put_escaped(&d->b, menu);
    }
    if (attempt > 1)
        sb_print(&d->b, "&amp;try=%lld", (long long)attempt);
    if (d->req->ref.len) {
        sb_add(&d->b, S("&amp;call="));
        put_escaped(&d->b, d->req->ref);
    }
}

static void begin_gather(struct document *d, const char *step, str menu, int64_t attempt)
{
    sb_print(&d->b,
        "<Gather input=\"dtmf\" numDigits=\"1\" finishOnKey=\"\" timeout=\"%d\" "
        "method=\"POST\" action=\"",
        GATHER_S);
    put_address(d, step, menu, attempt);
    sb_add(&d->b, S("\">"));
}

/* Nobody pressed: the same step again, which counts the try. */
static void end_gather(struct document *d, const char *step, str menu, int64_t attempt)
{
    sb_add(&d->b, S("</Gather><Redirect method=\"POST\">"));
    put_address(d, step, menu, attempt);
    sb_add(&d->b, S("</Redirect>"));
}

static void hang_up(struct document *d)
{
    say_of(d, "goodbye");
    sb_add(&d->b, S("<Hangup/>"));
}

static void put_menu(struct document *d, str name, int64_t attempt)
{
    const struct json *menu = menu_find(d->ivr, name);
    if (!menu) {
        hang_up(d);
        return;
    }
    begin_gather(d, "menu", name, attempt);
    say(d, sentence(menu, S("prompt"), d->tag));
    end_gather(d, "menu", name, attempt);
}

static void put_voicemail(struct document *d)
{
    bool transcribes = json_bool(json_get(d->ivr, S("transcribe")), false);
    say_of(d, "leave_message");
    sb_print(&d->b, "<Record method=\"POST\" maxLength=\"%d\" playBeep=\"true\" finishOnKey=\"#\"",
        RECORD_S);
    if (transcribes) {
        sb_add(&d->b, S(" transcribe=\"true\" transcribeCallback=\""));
        put_address(d, "transcribed", (str){0}, 1);
        sb_byte(&d->b, '"');
    }
    sb_add(&d->b, S(" action=\""));
    put_address(d, "voicemail", (str){0}, 1);
    sb_add(&d->b, S("\"/>"));
    hang_up(d); /* nothing was said */
}

/* over: the step when it is over; answered: the report that somebody has picked up. from: the
 * number that is shown there; empty = the caller's. */
static void put_dial(struct document *d, str to, str from, const char *over, const char *answered)
{
    bool is_sip = str_find_byte(to, ':') >= 0;
    sb_print(
        &d->b, "<Dial method=\"POST\" answerOnBridge=\"true\" timeout=\"%d\" action=\"", DIAL_S);
    put_address(d, over, (str){0}, 1);
    if (from.len) {
        sb_add(&d->b, S("\" callerId=\""));
        put_escaped(&d->b, from);
    }
    sb_add(&d->b, is_sip ? S("\"><Sip") : S("\"><Number"));
    sb_add(&d->b, S(" statusCallbackEvent=\"answered\" statusCallback=\""));
    put_address(d, answered, (str){0}, 1);
    sb_add(&d->b, S("\">"));
    put_escaped(&d->b, to);
    sb_add(&d->b, is_sip ? S("</Sip></Dial>") : S("</Number></Dial>"));
}

static void put_queue(struct document *d)
{
    sb_add(&d->b, S("<Enqueue method=\"POST\" waitUrlMethod=\"POST\" waitUrl=\""));
    put_address(d, "wait", (str){0}, 1);
    sb_add(&d->b, S("\" action=\""));
    put_address(d, "queued", (str){0}, 1);
    sb_add(&d->b, S("\">"));
    put_escaped(&d->b, d->req->queue);
    sb_add(&d->b, S("</Enqueue>"));
}

/* ── steps ──────────────────────────────────────────────────────────────────────────────────────
 */

/* By a request of its own, whose address says it all: what becomes of the choice is read there. */
static void put_continue(struct document *d)
{
    sb_add(&d->b, S("<Redirect method=\"POST\">"));
    put_address(d, "continue", d->req->menu, 1);
    sb_add(&d->b, S("&amp;key="));
    put_escaped(&d->b, d->req->digits);
    sb_add(&d->b, S("</Redirect>"));
}

static void do_choice(struct document *d, const struct ivr_choice *c)
{
    const struct ivr_request *req = d->req;
    if (c->action != IVR_CONTINUE_BY_MESSAGE)
        say(d, c->say);
    switch (c->action) {
    case IVR_CONTINUE_BY_MESSAGE:
        put_continue(d);
        return;
    case IVR_VOICEMAIL:
        put_voicemail(d);
        return;
    case IVR_FORWARD:
        put_dial(d, c->to, (str){0}, "dialed", "answered");
        return;
    case IVR_REPEAT:
        put_menu(d, req->menu, req->attempt);
        return;
    case IVR_MENU:
        put_menu(d, c->menu, 1);
        return;
    case IVR_QUEUE:
        put_queue(d);
        return;
    case IVR_HANGUP:
        hang_up(d);
        return;
    case IVR_NOTHING:
        break;
    }
    if (req->attempt >= IVR_TRIES) {
        hang_up(d);
        return;
    }
    say_of(d, "not_understood");
    put_menu(d, req->menu, req->attempt + 1);
}

static void put_languages(struct document *d, int64_t attempt)
{
    const struct json *v;
    d->tag = (str){0};
    begin_gather(d, "language", (str){0}, attempt);
    for (int64_t i = 0; (v = language_at(d->ivr, i)) != NULL; i++)
        say_in(d, v, text_at(v, S("choose")));
    end_gather(d, "language", (str){0}, attempt);
}

static void begin_main(struct document *d)
{
    if (hours_are_open(d->ivr, d->req->now_ms)) {
        say_of(d, "greeting");
        put_menu(d, S("main"), 1);
        return;
    }
    say_of(d, "closed");
    put_menu(d, S("closed"), 1);
}

static void step_language(struct document *d)
{
    const struct ivr_request *req = d->req;
    int64_t chosen = 0;
    bool is_digit = str_int(req->digits, 1, IVR_LANGUAGES, &chosen) == OK;
    const struct json *language = is_digit ? language_at(d->ivr, chosen - 1) : NULL;
    if (!language && req->attempt < IVR_TRIES) {
        put_languages(d, req->attempt + 1);
        return;
    }
    d->language = language ? language : language_at(d->ivr, 0);
    d->tag = text_at(d->language, S("tag"));
    begin_main(d);
}

static void step_dialed(struct document *d)
{
    if (str_eq(d->req->dial_status, S("completed")) || str_eq(d->req->dial_status, S("answered"))) {
        sb_add(&d->b, S("<Hangup/>"));
        return;
    }
    say_of(d, "nobody_answers");
    if (menu_find(d->ivr, S("missed")))
        put_menu(d, S("missed"), 1);
    else
        put_voicemail(d);
}

/* "about {minutes} minutes": only when both are known. */
static void say_with(struct document *d, const char *name, str mark, int64_t value)
{
    str text = text_at(d->language, str_from(name));
    ptrdiff_t at = str_find(text, mark);
    if (value <= 0 || at < 0)
        return;
    say(d, str_print(d->b.a, "%.*s%lld%.*s", SARG(str_sub(text, 0, at)), (long long)value,
               SARG(str_skip(text, at + mark.len))));
}

static void step_wait(struct document *d)
{
    const struct json *menu = menu_find(d->ivr, S("wait"));
    say_with(d, "position", S("{position}"), d->req->position);
    say_with(d, "waiting", S("{minutes}"), (d->req->average_s + 59) / 60);
    if (menu) {
        begin_gather(d, "menu", S("wait"), 1);
        say(d, sentence(menu, S("prompt"), d->tag));
        sb_add(&d->b, S("</Gather>"));
    }
    sb_print(&d->b, "<Pause length=\"%d\"/>", WAIT_PAUSE_S);
}

static void step_queued(struct document *d)
{
    str result = d->req->queue_result;
    if (str_eq(result, S("bridged")) || str_eq(result, S("leave")) || str_eq(result, S("hangup"))) {
        sb_add(&d->b, S("<Hangup/>"));
        return;
    }
    if (str_starts(result, S("redirected")))
        return;                  /* an agent has taken it: another document runs already */
    say_of(d, "nobody_answers"); /* the queue is full, or there is none */
    put_voicemail(d);
}

/* The agent's phone did not answer, or was busy: the caller goes on waiting. */
static void step_taken(struct document *d)
{
    if (str_eq(d->req->dial_status, S("completed")) || str_eq(d->req->dial_status, S("answered")))
        sb_add(&d->b, S("<Hangup/>"));
    else
        put_queue(d);
}

/* A wrong key in the queue's menu says nothing: the waiting begins again. */
static void step_menu(struct document *d)
{
    struct ivr_choice c = choose(d->ivr, d->req);
    bool is_waiting = str_eq(d->req->menu, S("wait"));
    if (is_waiting && c.action != IVR_CONTINUE_BY_MESSAGE)
        step_wait(d);
    else
        do_choice(d, &c);
}

static void step_continue(struct document *d)
{
    struct ivr_choice c = choose(d->ivr, d->req);
    if (c.action != IVR_CONTINUE_BY_MESSAGE) {
        hang_up(d);
        return;
    }
    say(d, c.say);
    /* In the queue other verbs do not work. */
    sb_add(&d->b, str_eq(d->req->menu, S("wait")) ? S("<Leave/>") : S("<Hangup/>"));
}

static void put_body(struct document *d)
{
    str step = d->req->step;
    if (str_eq(step, S("voicemail")))
        hang_up(d);
    else if (str_eq(step, S("dialed")))
        step_dialed(d);
    else if (str_eq(step, S("continue")))
        step_continue(d);
    else if (str_eq(step, S("wait")))
        step_wait(d);
    else if (str_eq(step, S("queued")))
        step_queued(d);
    else if (str_eq(step, S("taken")))
        step_taken(d);
    else if (str_eq(step, S("connected")))
        sb_add(&d->b, S("<Hangup/>"));
    else if (str_eq(step, S("transcribed")) || str_eq(step, S("answered")) ||
             str_eq(step, S("placed")) || str_eq(step, S("reached")))
        return; /* reports, nobody listens */
    else if (!menu_find(d->ivr, S("main")))
        put_voicemail(d);
    else if (str_eq(step, S("menu")))
        step_menu(d);
    else if (str_eq(step, S("language")))
        step_language(d);
    else if (language_at(d->ivr, 1))
        put_languages(d, 1);
    else
        begin_main(d);
}

static struct document begin_document(struct arena *a, str settings, const struct ivr_request *req)
{
    const struct json *ivr = ivr_of(a, settings);
    struct document d = {.b = sb_make(a, 0), .ivr = ivr, .req = req};
    d.language = language_find(ivr, req->language);
    d.tag = text_at(d.language, S("tag"));
    sb_add(&d.b, S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>"));
    return d;
}

static str end_document(struct document *d)
{
    sb_add(&d->b, S("</Response>"));
    return sb_str(&d->b);
}

str ivr_answer(struct arena *a, str settings, const struct ivr_request *req)
{
    struct document d = begin_document(a, settings, req);
    put_body(&d);
    return end_document(&d);
}

str ivr_take(struct arena *a, str settings, const struct ivr_request *req, str phone)
{
    struct document d = begin_document(a, settings, req);
    put_dial(&d, phone, (str){0}, "taken", "answered");
    return end_document(&d);
}

str ivr_connect(struct arena *a, str settings, const struct ivr_request *req, str to, str from)
{
    struct document d = begin_document(a, settings, req);
    put_dial(&d, to, from, "connected", "reached");
    return end_document(&d);
}

str ivr_address(struct arena *a, const struct ivr_request *req, const char *step)
{
    return str_print(a, "%.*s?step=%s%s%.*s", SARG(req->address), step,
        req->ref.len ? "&call=" : "", SARG(req->ref));
}

/* ── the address ────────────────────────────────────────────────────────────────────────────────
 */

static bool is_name(str s)
{
    bool is_fine = s.len > 0 && s.len <= NAME_BYTES;
    for (ptrdiff_t i = 0; is_fine && i < s.len; i++) {
        char c = s.at[i];
        is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
    }
    return is_fine;
}

void ivr_state_read(str query, struct ivr_request *req)
{
    str pair, name, value, rest = str_sub(query, 0, IVR_STATE_BYTES);
    req->attempt = 1;
    for (bool more = rest.len > 0; more;) {
        more = str_cut(rest, '&', &pair, &rest);
        (void)str_cut(pair, '=', &name, &value);
        if (str_eq(name, S("try")))
            (void)str_int(value, 1, IVR_TRIES, &req->attempt);
        if (!is_name(value))
            continue;
        if (str_eq(name, S("step")))
            req->step = value;
        else if (str_eq(name, S("language")))
            req->language = value;
        else if (str_eq(name, S("menu")))
            req->menu = value;
        else if (str_eq(name, S("key")))
            req->key = value;
        else if (str_eq(name, S("call")))
            req->ref = value;
    }
}

/* ── what is wrong with it ──────────────────────────────────────────────────────────────────────
 */

static str fault_of_entry(
    struct arena *a, const struct json *ivr, const struct json *menu, const struct json *entry)
{
    str digit = json_text(json_get(entry, S("digit")), S(""));
    bool is_key = digit.len == 1 && ((digit.at[0] >= '0' && digit.at[0] <= '9') ||
                                        digit.at[0] == '*' || digit.at[0] == '#');
    if (!is_key)
        return str_print(a, "Menu %.*s: a key is one of 0 to 9, * and #.", SARG(menu->key));
    if (choice_of(ivr, entry, (str){0}).action == IVR_NOTHING)
        return str_print(a, "Menu %.*s, key %.*s: the action is unknown or lacks what it needs.",
            SARG(menu->key), SARG(digit));
    return (str){0};
}

static str fault_of_menu(struct arena *a, const struct json *ivr, const struct json *menu)
{
    const struct json *list = json_get(menu, S("entries"));
    str fault = {0};
    if (!is_name(menu->key))
        return S("The name of a menu has letters, digits, - and _ only.");
    if (!list || list->kind != JSON_ARRAY || list->count > IVR_ENTRIES)
        return str_print(
            a, "Menu %.*s needs a list of at most %d entries.", SARG(menu->key), (int)IVR_ENTRIES);
    for (const struct json *v = list->first; v && !fault.len; v = v->next)
        fault = fault_of_entry(a, ivr, menu, v);
    return fault;
}

str ivr_fault(struct arena *a, str settings)
{
    const struct json *ivr = ivr_of(a, settings), *root = NULL;
    str why, fault = {0};
    if (!ivr)
        return json_parse(a, settings, &root, &why) == OK && json_get(root, S("ivr"))
                   ? S("The menu is not a JSON object.")
                   : (str){0};
    fault = hours_fault(a, ivr);
    const struct json *menus = json_get(ivr, S("menus"));
    for (const struct json *m = menus ? menus->first : NULL; m && !fault.len; m = m->next)
        fault = fault_of_menu(a, ivr, m);
    if (!fault.len && menus && menus->count && !menu_find(ivr, S("main")))
        fault = S("The menu that callers hear first is called main.");
    return fault;
}
