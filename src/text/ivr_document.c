/* ivr_document: the verbs of a TwiML document, and the address that the next request comes to. See
 * ivr_inner.h. Not here: which of them a step needs (ivr.c). Thread: pure. */
#include "text/ivr_inner.h"

#include "base/utf8.h"

enum {
    GATHER_S = 6,
    RECORD_S = 300,
    DIAL_S = 30,
};

struct ivr_document ivr_document_begin(struct arena *a, str settings, const struct ivr_request *req)
{
    const struct json *ivr = ivr_settings_of(a, settings);
    struct ivr_document d = {.b = sb_make(a, 0), .ivr = ivr, .req = req};
    d.language = ivr_language_find(ivr, req->language);
    d.tag = ivr_text(d.language, S("tag"));
    sb_add(&d.b, S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>"));
    return d;
}

str ivr_document_end(struct ivr_document *d)
{
    sb_add(&d->b, S("</Response>"));
    return sb_str(&d->b);
}

void ivr_put_escaped(struct sb *b, str s)
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

void ivr_say_in(struct ivr_document *d, const struct json *language, str text)
{
    str speech = ivr_text(language, S("speech")), voice = ivr_text(language, S("voice"));
    if (!speech.len)
        speech = ivr_text(language, S("tag"));
    if (!str_trim(text).len)
        return;
    sb_add(&d->b, S("<Say"));
    if (voice.len) {
        sb_add(&d->b, S(" voice=\""));
        ivr_put_escaped(&d->b, voice);
        sb_byte(&d->b, '"');
    }
    if (speech.len) {
        sb_add(&d->b, S(" language=\""));
        ivr_put_escaped(&d->b, speech);
        sb_byte(&d->b, '"');
    }
    sb_byte(&d->b, '>');
    ivr_put_escaped(&d->b, cut(str_trim(text)));
    sb_add(&d->b, S("</Say>"));
}

void ivr_say(struct ivr_document *d, str text)
{
    ivr_say_in(d, d->language, text);
}

void ivr_say_words(struct ivr_document *d, const char *name)
{
    ivr_say(d, ivr_text(d->language, str_from(name)));
}

void ivr_put_address(struct ivr_document *d, const char *step, str menu, int64_t attempt)
{
    ivr_put_escaped(&d->b, d->req->address);
    sb_print(&d->b, "?step=%s", step);
    if (d->tag.len) {
        sb_add(&d->b, S("&amp;language="));
        ivr_put_escaped(&d->b, d->tag);
    }
    if (menu.len) {
        sb_add(&d->b, S("&amp;menu="));
        ivr_put_escaped(&d->b, menu);
    }
    if (attempt > 1)
        sb_print(&d->b, "&amp;try=%lld", (long long)attempt);
    if (d->req->ref.len) {
        sb_add(&d->b, S("&amp;call="));
        ivr_put_escaped(&d->b, d->req->ref);
    }
}

void ivr_gather_begin(struct ivr_document *d, const char *step, str menu, int64_t attempt)
{
    sb_print(&d->b,
        "<Gather input=\"dtmf\" numDigits=\"1\" finishOnKey=\"\" timeout=\"%d\" "
        "method=\"POST\" action=\"",
        GATHER_S);
    ivr_put_address(d, step, menu, attempt);
    sb_add(&d->b, S("\">"));
}

void ivr_gather_end(struct ivr_document *d, const char *step, str menu, int64_t attempt)
{
    sb_add(&d->b, S("</Gather><Redirect method=\"POST\">"));
    ivr_put_address(d, step, menu, attempt);
    sb_add(&d->b, S("</Redirect>"));
}

void ivr_hang_up(struct ivr_document *d)
{
    ivr_say_words(d, "goodbye");
    sb_add(&d->b, S("<Hangup/>"));
}

void ivr_put_menu(struct ivr_document *d, str name, int64_t attempt)
{
    const struct json *menu = ivr_menu_find(d->ivr, name);
    if (!menu) {
        ivr_hang_up(d);
        return;
    }
    ivr_gather_begin(d, "menu", name, attempt);
    ivr_say(d, ivr_sentence(menu, S("prompt"), d->tag));
    ivr_gather_end(d, "menu", name, attempt);
}

void ivr_put_voicemail(struct ivr_document *d)
{
    bool transcribes = json_bool(json_get(d->ivr, S("transcribe")), false);
    ivr_say_words(d, "leave_message");
    sb_print(&d->b, "<Record method=\"POST\" maxLength=\"%d\" playBeep=\"true\" finishOnKey=\"#\"",
        RECORD_S);
    if (transcribes) {
        sb_add(&d->b, S(" transcribe=\"true\" transcribeCallback=\""));
        ivr_put_address(d, "transcribed", (str){0}, 1);
        sb_byte(&d->b, '"');
    }
    sb_add(&d->b, S(" action=\""));
    ivr_put_address(d, "voicemail", (str){0}, 1);
    sb_add(&d->b, S("\"/>"));
    ivr_hang_up(d); /* nothing was said */
}

void ivr_put_dial(struct ivr_document *d, str to, str from, const char *over, const char *answered)
{
    bool is_sip = str_find_byte(to, ':') >= 0;
    sb_print(
        &d->b, "<Dial method=\"POST\" answerOnBridge=\"true\" timeout=\"%d\" action=\"", DIAL_S);
    ivr_put_address(d, over, (str){0}, 1);
    if (from.len) {
        sb_add(&d->b, S("\" callerId=\""));
        ivr_put_escaped(&d->b, from);
    }
    sb_add(&d->b, is_sip ? S("\"><Sip") : S("\"><Number"));
    sb_add(&d->b, S(" statusCallbackEvent=\"answered\" statusCallback=\""));
    ivr_put_address(d, answered, (str){0}, 1);
    sb_add(&d->b, S("\">"));
    ivr_put_escaped(&d->b, to);
    sb_add(&d->b, is_sip ? S("</Sip></Dial>") : S("</Number></Dial>"));
}

void ivr_put_queue(struct ivr_document *d)
{
    sb_add(&d->b, S("<Enqueue method=\"POST\" waitUrlMethod=\"POST\" waitUrl=\""));
    ivr_put_address(d, "wait", (str){0}, 1);
    sb_add(&d->b, S("\" action=\""));
    ivr_put_address(d, "queued", (str){0}, 1);
    sb_add(&d->b, S("\">"));
    ivr_put_escaped(&d->b, d->req->queue);
    sb_add(&d->b, S("</Enqueue>"));
}
