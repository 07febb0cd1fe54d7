/* mail_forward: a mail is passed on (API "Mails"). Rules: care/mail_forward.h. */
#include "care/mail_forward.h"
#include "api/input.h"
#include "api/live.h"
#include "api/mail_form.h"
#include "base/limits.h"
#include "care/mail_source.h"
#include "model/view_conversation.h"
#include "store/conversation.h"
#include "text/html_clean.h"
#include "text/mail_reply.h"

enum { CLIENT_ID_BYTES = 64, ANSWER_BYTES = 8 * LIMIT_JSON_BODY_BYTES };

struct forward_body {
    str text, client_id;
    const struct json *mail;
    struct id_list without_ids;
    int64_t send_at;
};
static const struct input_field forward_fields[] = {
    FIELD(struct forward_body, text, IN_TEXT, IN_MULTILINE, 0, LIMIT_TEXT_BYTES, NULL),
    FIELD(struct forward_body, client_id, IN_TEXT, IN_REQUIRED, 1, CLIENT_ID_BYTES, "UUID"),
    FIELD(struct forward_body, mail, IN_JSON, IN_REQUIRED, 0, 0,
        "{to, cc, bcc, subject, html, attribution}; the first of `to` is whom the new conversation "
        "is with; subject left out: Fwd: and that of the mail"),
    FIELD(struct forward_body, without_ids, IN_ID_LIST, 0, 0, LIMIT_ATTACHMENTS,
        "files of the mail that stay behind"),
    FIELD(struct forward_body, send_at, IN_TIME, IN_NULLABLE, 0, 0, "it goes out then"),
};
static const struct input_spec forward_spec =
    SPEC("MailForward", struct forward_body, forward_fields);

struct prepared {
    struct mail_new mail;
    struct mail_source source;
    str text;
};

/* The words above what is passed on, which is formatted when that is. */
static void write_words(struct arena *a, const struct forward_body *body, struct prepared *p)
{
    p->text = p->text.len ? p->text : p->mail.subject;
    if (!p->mail.html.len && p->mail.quote_html.len && p->source.html.len)
        p->mail.html = html_clean_of_text(a, body->text.len ? body->text : S("\n"));
}

static err prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct forward_body *body = call->body;
    struct prepared *p = NEW(cx->arena, struct prepared, 1);
    call->prepared = p;
    TRY(mail_form_read(cx, body->mail, true, &p->mail));
    p->mail.quote = (message_id){call->id};
    p->mail.is_forward = true;
    TRY(mail_form_quote(call, (conversation_id){0}, &p->mail, &p->source));
    if (!str_trim(p->mail.subject).len)
        p->mail.subject = mail_forward_subject(cx->arena, p->source.subject);
    p->text = body->text;
    TRY(mail_form_text(cx, &p->mail, &p->text));
    write_words(cx->arena, body, p);
    return OK;
}

static err forward(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct forward_body *body = call->body;
    const struct prepared *p = call->prepared;
    const struct forward_new new = {
        .message = {call->id},
        .text = p->text,
        .client_id = body->client_id,
        .mail = &p->mail,
        .inlines = p->source.inlines,
        .n_inlines = p->source.n_inlines,
        .without = body->without_ids.at,
        .n_without = body->without_ids.len,
        .send_ms = body->send_at,
    };
    struct conversation c;
    struct message m;
    TRY(mail_forward(cx, &new, &c, &m));
    TRY(conversation_fill_mine(cx, &c, 1));
    c.is_contact_online = live_contact_is_online(call->api, cx->account, c.contact_id);
    struct json_out j = json_out_make(cx->arena, ANSWER_BYTES);
    conversation_view(&j, &c);
    return answer_json(call, 201, json_str(&j));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/messages/{id}/forward", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_409, NULL, &forward_spec, prepare, forward,
     "Pass a mail on, with its files, in a new conversation.", &conversation_shape, 0},
};
/* clang-format on */
extern const struct route_table mail_forward_routes;
const struct route_table mail_forward_routes = ROUTES(routes);
