/* ivr: see ivr.h. From a request's step to what is said next: each step writes the verbs of one
 * document (ivr_document.c) from what the settings say (ivr_settings.c) and what was chosen
 * (ivr_choice.c). Thread: pure. */
#include "text/ivr_inner.h"

#include "text/hours.h"

enum {
    NAME_BYTES = 40, /* of a menu, a language, a step */
    WAIT_PAUSE_S = 20,
};

/* ── steps ── */

/* By a request of its own, whose address says it all: what becomes of the choice is read there. */
static void put_continue(struct ivr_document *d)
{
    sb_add(&d->b, S("<Redirect method=\"POST\">"));
    ivr_put_address(d, "continue", d->req->menu, 1);
    sb_add(&d->b, S("&amp;key="));
    ivr_put_escaped(&d->b, d->req->digits);
    sb_add(&d->b, S("</Redirect>"));
}

static void do_choice(struct ivr_document *d, const struct ivr_choice *c)
{
    const struct ivr_request *req = d->req;
    if (c->action != IVR_CONTINUE_BY_MESSAGE)
        ivr_say(d, c->say);
    switch (c->action) {
    case IVR_CONTINUE_BY_MESSAGE:
        put_continue(d);
        return;
    case IVR_VOICEMAIL:
        ivr_put_voicemail(d);
        return;
    case IVR_FORWARD:
        ivr_put_dial(d, c->to, (str){0}, "dialed", "answered");
        return;
    case IVR_REPEAT:
        ivr_put_menu(d, req->menu, req->attempt);
        return;
    case IVR_MENU:
        ivr_put_menu(d, c->menu, 1);
        return;
    case IVR_QUEUE:
        ivr_put_queue(d);
        return;
    case IVR_HANGUP:
        ivr_hang_up(d);
        return;
    case IVR_NOTHING:
        break;
    }
    if (req->attempt >= IVR_TRIES) {
        ivr_hang_up(d);
        return;
    }
    ivr_say_words(d, "not_understood");
    ivr_put_menu(d, req->menu, req->attempt + 1);
}

static void put_languages(struct ivr_document *d, int64_t attempt)
{
    const struct json *v;
    d->tag = (str){0};
    ivr_gather_begin(d, "language", (str){0}, attempt);
    for (int64_t i = 0; (v = ivr_language_at(d->ivr, i)) != NULL; i++)
        ivr_say_in(d, v, ivr_text(v, S("choose")));
    ivr_gather_end(d, "language", (str){0}, attempt);
}

static void begin_main(struct ivr_document *d)
{
    if (hours_are_open(d->ivr, d->req->now_ms)) {
        ivr_say_words(d, "greeting");
        ivr_put_menu(d, S("main"), 1);
        return;
    }
    ivr_say_words(d, "closed");
    ivr_put_menu(d, S("closed"), 1);
}

static void step_language(struct ivr_document *d)
{
    const struct ivr_request *req = d->req;
    int64_t chosen = 0;
    bool is_digit = str_int(req->digits, 1, IVR_LANGUAGES, &chosen) == OK;
    const struct json *language = is_digit ? ivr_language_at(d->ivr, chosen - 1) : NULL;
    if (!language && req->attempt < IVR_TRIES) {
        put_languages(d, req->attempt + 1);
        return;
    }
    d->language = language ? language : ivr_language_at(d->ivr, 0);
    d->tag = ivr_text(d->language, S("tag"));
    begin_main(d);
}

static void step_dialed(struct ivr_document *d)
{
    if (str_eq(d->req->dial_status, S("completed")) || str_eq(d->req->dial_status, S("answered"))) {
        sb_add(&d->b, S("<Hangup/>"));
        return;
    }
    ivr_say_words(d, "nobody_answers");
    if (ivr_menu_find(d->ivr, S("missed")))
        ivr_put_menu(d, S("missed"), 1);
    else
        ivr_put_voicemail(d);
}

/* "about {minutes} minutes": only when both are known. */
static void say_with(struct ivr_document *d, const char *name, str mark, int64_t value)
{
    str text = ivr_text(d->language, str_from(name));
    ptrdiff_t at = str_find(text, mark);
    if (value <= 0 || at < 0)
        return;
    ivr_say(d, str_print(d->b.a, "%.*s%lld%.*s", SARG(str_sub(text, 0, at)), (long long)value,
                   SARG(str_skip(text, at + mark.len))));
}

static void step_wait(struct ivr_document *d)
{
    const struct json *menu = ivr_menu_find(d->ivr, S("wait"));
    say_with(d, "position", S("{position}"), d->req->position);
    say_with(d, "waiting", S("{minutes}"), (d->req->average_s + 59) / 60);
    if (menu) {
        ivr_gather_begin(d, "menu", S("wait"), 1);
        ivr_say(d, ivr_sentence(menu, S("prompt"), d->tag));
        sb_add(&d->b, S("</Gather>"));
    }
    sb_print(&d->b, "<Pause length=\"%d\"/>", WAIT_PAUSE_S);
}

static void step_queued(struct ivr_document *d)
{
    str result = d->req->queue_result;
    if (str_eq(result, S("bridged")) || str_eq(result, S("leave")) || str_eq(result, S("hangup"))) {
        sb_add(&d->b, S("<Hangup/>"));
        return;
    }
    if (str_starts(result, S("redirected")))
        return;                         /* an agent has taken it: another document runs already */
    ivr_say_words(d, "nobody_answers"); /* the queue is full, or there is none */
    ivr_put_voicemail(d);
}

/* The agent's phone did not answer, or was busy: the caller goes on waiting. */
static void step_taken(struct ivr_document *d)
{
    if (str_eq(d->req->dial_status, S("completed")) || str_eq(d->req->dial_status, S("answered")))
        sb_add(&d->b, S("<Hangup/>"));
    else
        ivr_put_queue(d);
}

/* A wrong key in the queue's menu says nothing: the waiting begins again. */
static void step_menu(struct ivr_document *d)
{
    struct ivr_choice c = ivr_choose_in(d->ivr, d->req);
    bool is_waiting = str_eq(d->req->menu, S("wait"));
    if (is_waiting && c.action != IVR_CONTINUE_BY_MESSAGE)
        step_wait(d);
    else
        do_choice(d, &c);
}

static void step_continue(struct ivr_document *d)
{
    struct ivr_choice c = ivr_choose_in(d->ivr, d->req);
    if (c.action != IVR_CONTINUE_BY_MESSAGE) {
        ivr_hang_up(d);
        return;
    }
    ivr_say(d, c.say);
    /* In the queue other verbs do not work. */
    sb_add(&d->b, str_eq(d->req->menu, S("wait")) ? S("<Leave/>") : S("<Hangup/>"));
}

static void put_body(struct ivr_document *d)
{
    str step = d->req->step;
    if (str_eq(step, S("voicemail")))
        ivr_hang_up(d);
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
    else if (!ivr_menu_find(d->ivr, S("main")))
        ivr_put_voicemail(d);
    else if (str_eq(step, S("menu")))
        step_menu(d);
    else if (str_eq(step, S("language")))
        step_language(d);
    else if (ivr_language_at(d->ivr, 1))
        put_languages(d, 1);
    else
        begin_main(d);
}

str ivr_answer(struct arena *a, str settings, const struct ivr_request *req)
{
    struct ivr_document d = ivr_document_begin(a, settings, req);
    put_body(&d);
    return ivr_document_end(&d);
}

str ivr_take(struct arena *a, str settings, const struct ivr_request *req, str phone)
{
    struct ivr_document d = ivr_document_begin(a, settings, req);
    ivr_put_dial(&d, phone, (str){0}, "taken", "answered");
    return ivr_document_end(&d);
}

str ivr_connect(struct arena *a, str settings, const struct ivr_request *req, str to, str from)
{
    struct ivr_document d = ivr_document_begin(a, settings, req);
    ivr_put_dial(&d, to, from, "connected", "reached");
    return ivr_document_end(&d);
}

str ivr_address(struct arena *a, const struct ivr_request *req, const char *step)
{
    return str_print(a, "%.*s?step=%s%s%.*s", SARG(req->address), step,
        req->ref.len ? "&call=" : "", SARG(req->ref));
}

/* ── the address ── */

bool ivr_is_name(str s)
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
        if (!ivr_is_name(value))
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
