/* mail_form: see mail_form.h. */
#include "api/mail_form.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "text/html_text.h"
#include "text/mail_reply.h"

enum { ATTRIBUTION_BYTES = 2000, DAY = 10, MINUTE = 16 };

static const struct {
    str name;
    enum json_kind kind;
} fields[] = {
    {S_INIT("subject"),     JSON_STRING},
    {S_INIT("html"),        JSON_STRING},
    {S_INIT("to"),          JSON_ARRAY },
    {S_INIT("cc"),          JSON_ARRAY },
    {S_INIT("bcc"),         JSON_ARRAY },
    {S_INIT("quote_id"),    JSON_STRING},
    {S_INIT("attribution"), JSON_STRING},
};

static err check(struct ctx *cx, const struct json *given)
{
    if (given->kind != JSON_OBJECT)
        return fail_field(cx, "mail", "mail must be an object");
    for (const struct json *v = given->first; v; v = v->next) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            if (!str_eq(v->key, fields[i].name))
                continue;
            is_known = true;
            if (v->kind != fields[i].kind)
                return fail_field(cx, "mail", "%.*s must be a %s.", SARG(v->key),
                    fields[i].kind == JSON_ARRAY ? "list" : "text");
        }
        if (!is_known)
            return fail_field(cx, "mail", "A mail has no field %.*s.", SARG(v->key));
    }
    str subject = json_text(json_get(given, S("subject")), S(""));
    str attribution = json_text(json_get(given, S("attribution")), S(""));
    if (subject.len > LIMIT_NAME_BYTES)
        return fail_field(cx, "mail", "The subject is too long.");
    return attribution.len > ATTRIBUTION_BYTES ? fail_field(cx, "mail", "attribution is too long.")
                                               : OK;
}

err mail_form_keep(struct ctx *cx, const struct json *given, str *text)
{
    TRY(check(cx, given));
    struct json_out j = json_out_make(cx->arena, LIMIT_JSON_BODY_BYTES);
    json_put_tree(&j, given);
    if (j.b.failed)
        return fail_field(cx, "mail", "The mail is too long.");
    *text = json_str(&j);
    return OK;
}

err mail_form_read(
    struct ctx *cx, const struct json *given, bool may_address, struct mail_new *mail)
{
    struct mail_new m = {0};
    TRY(mail_form_keep(cx, given, &m.written));
    str quote = json_text(json_get(given, S("quote_id")), S(""));
    if (quote.len && id_parse(quote, &m.quote.v) != OK)
        return fail_field(cx, "mail", "quote_id is no id.");
    m.to = json_get(given, S("to"));
    if (m.to && !may_address)
        return fail_field(cx, "mail", "An answer goes to whoever wrote last: use cc.");
    m.subject = json_text(json_get(given, S("subject")), S(""));
    m.html = json_text(json_get(given, S("html")), S(""));
    m.cc = json_get(given, S("cc"));
    m.bcc = json_get(given, S("bcc"));
    m.attribution = json_text(json_get(given, S("attribution")), S(""));
    *mail = m;
    return OK;
}

/* "On 2026-01-31 at 09:30 UTC, Asha Rao wrote:" */
static str attribution_of(struct arena *a, const struct mail_source *s)
{
    str time = time_rfc3339(a, s->date_ms);
    str name = s->from_name.len ? s->from_name : s->from_address;
    return str_print(a, "On %.*s at %.*s UTC, %.*s wrote:", SARG(str_sub(time, 0, DAY)),
        SARG(str_sub(time, DAY + 1, MINUTE - DAY - 1)), SARG(name));
}

/* A mail that is passed on shows whom it was from. */
static str forward_head(struct arena *a, const struct mail_source *s)
{
    return str_print(a, "---------- %.*s <%.*s>, %.*s: %.*s", SARG(s->from_name),
        SARG(s->from_address), SARG(str_sub(time_rfc3339(a, s->date_ms), 0, DAY)),
        SARG(s->subject));
}

static err quote(
    struct ctx *cx, conversation_id in, struct mail_new *mail, struct mail_source *source)
{
    TRY(mail_source_read(cx, mail->quote, source));
    if (in.v && source->message.conversation_id.v != in.v)
        return fail_field(cx, "mail", "What is quoted stands in another conversation.");
    str *pictures = NEW(cx->arena, str, source->n_inlines + 1);
    struct mail_quoted of = {
        .text = source->text,
        .html = source->html,
        .attribution = mail->attribution.len ? mail->attribution
                       : mail->is_forward    ? forward_head(cx->arena, source)
                                             : attribution_of(cx->arena, source),
    };
    for (ptrdiff_t i = 0; i < source->n_inlines; i++)
        pictures[i] = source->inlines[i].content_id;
    if (mail->is_forward) { /* its files go along, those of what is answered do not */
        of.pictures = pictures;
        of.n_pictures = (int)source->n_inlines;
    }
    return mail_quote_of(cx->arena, &of, &mail->quote_text, &mail->quote_html);
}

err mail_form_quote(
    struct call *call, conversation_id in, struct mail_new *mail, struct mail_source *source)
{
    *source = (struct mail_source){0};
    if (!mail->quote.v)
        return OK;
    TRY(prepare_read_begin(call));
    err e = db_scope(call->cx.db, call->cx.account);
    if (e == OK)
        e = quote(&call->cx, in, mail, source);
    prepare_read_end(call);
    return e;
}

err mail_form_text(struct ctx *cx, const struct mail_new *mail, str *text)
{
    return text->len || !mail->html.len
               ? OK
               : html_text_mail(cx->arena, mail->html, LIMIT_TEXT_BYTES, text);
}
