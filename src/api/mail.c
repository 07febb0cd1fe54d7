/* mail: what a mail is beside its message, and whose pictures from elsewhere are shown (API
 * "Messages"). */
#include "care/mail.h"
#include "api/input.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/mail_raw.h"
#include "care/mail_signature.h"
#include "care/mail_source.h"
#include "care/mail_stop.h"
#include "care/mail_way.h"
#include "model/view_mail.h"
#include "store/audit.h"
#include "store/mail.h"
#include "store/mail_way.h"
#include "store/message.h"
#include "text/calendar.h"
#include "text/mail_signed.h"
#include "text/mime.h"
#include "text/quote.h"
#include "text/report.h"
#include "text/robot.h"
#include "text/tnef_part.h"

enum { MAIL_BYTES = 8 * 1024 * 1024 };

static err no_mail(struct ctx *cx, err e)
{
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "This message is no mail.") : e;
}

static str guard_word(enum mime_guard guard)
{
    switch (guard) {
    case MIME_OPEN:
        break;
    case MIME_SIGNED_SMIME:
        return S("signed_smime");
    case MIME_SIGNED_PGP:
        return S("signed_pgp");
    case MIME_ENCRYPTED_SMIME:
        return S("encrypted_smime");
    case MIME_ENCRYPTED_PGP:
        return S("encrypted_pgp");
    }
    return S("open");
}

static str moment(struct arena *a, const struct calendar_event *e, int64_t ms)
{
    return e->has_time ? time_rfc3339(a, ms) : (str){0};
}

static const struct mail_invitation *invitation_of(struct arena *a, const struct mime_mail *mime)
{
    struct calendar_event e;
    if (!mime->calendar.len || !calendar_read(a, mime->calendar, NULL, 0, &e))
        return NULL;
    struct mail_invitation *c = NEW(a, struct mail_invitation, 1);
    *c = (struct mail_invitation){
        .method = e.is_cancelled ? S("CANCEL") : e.method,
        .summary = e.summary,
        .starts_at = e.is_all_day ? e.first_day : moment(a, &e, e.start_ms),
        .ends_at = e.is_all_day ? e.last_day : moment(a, &e, e.end_ms),
        .is_all_day = e.is_all_day,
        .time_zone = e.zone,
        .location = e.location,
        .organizer_name = e.organizer.name,
        .organizer_address = e.organizer.address,
        .attendees = e.attendees,
        .recurrence = e.repeat.freq,
    };
    return c;
}

/* Whether it is signed, and by whom. A mail in an envelope of signed-data says so outside. */
static err read_guard(struct ctx *cx, str bytes, bool was_inside, const struct mime_mail *mime,
    int64_t at_ms, struct mail_shown *shown)
{
    struct mail_signature s;
    enum mime_guard guard = was_inside ? MIME_SIGNED_SMIME : mime->guard;
    TRY(mail_signature_check(cx, bytes, guard, mime->from_address, at_ms, &s));
    shown->guard = guard_word(guard);
    shown->signature =
        (struct mail_signed_by){s.state, s.how, s.name, s.address, s.fingerprint, s.revoked_ms};
    return OK;
}

/* What stands in the mail's own bytes; the quoted part of its HTML is marked. */
static err read_raw(struct ctx *cx, const struct message *m, struct mail_shown *shown)
{
    struct mime_mail *mime = NEW(cx->arena, struct mime_mail, 2);
    struct quote_html quoted;
    bool has_inner = false;
    str bytes, why;
    err e = mail_raw_open(cx, m->id, &bytes);
    if (e == E_NOT_FOUND) { /* ours */
        quote_split_html(cx->arena, shown->html, &quoted);
        shown->html = quoted.html;
        return mail_inlines_ours(cx, m->id, shown->html, &shown->inlines, &shown->n_inlines);
    }
    TRY(e);
    str inside = mail_signed_open(cx->arena, bytes);
    if (mime_read(cx->arena, inside, &mime[0], &mime[1], &has_inner, &why) != OK)
        return OK; /* what is stored of it is shown */
    const struct tnef *tnefs = tnef_part_unpack(cx->arena, inside, mime);
    quote_split_html(cx->arena, mime->html, &quoted);
    shown->text = mime->text.len ? mime->text : shown->text;
    shown->html = quoted.html;
    shown->date_ms = mime->date_ms;
    TRY(read_guard(cx, bytes, inside.at != bytes.at, mime, m->received_ms, shown));
    shown->calendar = invitation_of(cx->arena, mime);
    return mail_inlines_of(cx, m->id, mime, tnefs, &shown->inlines, &shown->n_inlines);
}

static const struct json *object_of(struct arena *a, str text)
{
    const struct json *root = NULL;
    str why;
    return text.len && json_parse(a, text, &root, &why) == OK ? root : NULL;
}

static void put_recipients(struct arena *a, str stored, struct mail_shown *shown)
{
    ptrdiff_t n = 0;
    const struct mail_reached *at = mail_way_read(a, stored, &n);
    struct mail_recipient_shown *rows = NEW(a, struct mail_recipient_shown, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        rows[i] = (struct mail_recipient_shown){.address = at[i].address,
            .state = at[i].state,
            .words = at[i].words,
            .reason = at[i].reason,
            .by = at[i].by,
            .at = at[i].at};
        str said;
        rows[i].sentence = report_words_name(at[i].words, &said);
        if (rows[i].sentence.len)
            rows[i].said = said;
    }
    shown->recipients = rows;
    shown->n_recipients = n;
}

/* What became of one of ours. */
static err read_way(struct ctx *cx, const struct message *m, struct mail_shown *shown)
{
    struct mail_way way;
    err e = mail_way_get(cx, m->id, &way);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    put_recipients(cx->arena, way.recipients, shown);
    shown->again_ms = way.again_ms;
    return mail_stop_is_possible(cx, m, &way, &shown->is_waiting);
}

static err get(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct message m;
    struct mail mail;
    TRY(message_get(cx, (message_id){call->id}, &m));
    TRY(no_mail(cx, mail_get(cx, m.id, &mail)));
    const struct json *checks = object_of(cx->arena, mail.checks);
    struct mail_shown shown = {.subject = mail.subject,
        .message_id = mail.internet_id,
        .people = object_of(cx->arena, mail.people),
        .text = mail.body.len ? mail.body : m.text,
        .html = mail.html,
        .written = object_of(cx->arena, mail.written),
        .verdict = mail.verdict,
        .spf = json_text(json_get(checks, S("spf")), S("")),
        .dkim = json_text(json_get(checks, S("dkim")), S("")),
        .dmarc = json_text(json_get(checks, S("dmarc")), S("")),
        .by = json_text(json_get(checks, S("by")), S("")),
        .guard = S("open"),
        .degraded = mail.note,
        .automatic = mail.automatic,
        .automatic_why = mail.automatic_why,
        .automatic_rule = robot_rule(mail.automatic_why),
        .date_ms = m.sent_ms,
        .is_ours = str_eq(m.kind, S("out"))};
    TRY(read_raw(cx, &m, &shown));
    TRY(read_way(cx, &m, &shown));
    TRY(mail_trust_is(cx, mail_sender(cx->arena, &mail), &shown.images_allowed));
    shown.images_allowed &= str_eq(mail.verdict, S("pass"));
    struct json_out j = json_out_make(cx->arena, MAIL_BYTES);
    mail_view(&j, &shown);
    if (j.b.failed)
        return fail(cx, E_LIMIT, "The mail is too long to be shown here; its files are not.");
    return answer_json(call, 200, json_str(&j));
}

/* ── pictures from elsewhere ── */

struct trust_body {
    bool sender;
};
static const struct input_field trust_fields[] = {
    FIELD(struct trust_body, sender, IN_BOOL, IN_REQUIRED, 0, 0,
        "true: all mails of this sender, from now on, for everybody; false: no longer"),
};
static const struct input_spec trust_spec = SPEC("MailImages", struct trust_body, trust_fields);

static err trust(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct trust_body *body = call->body;
    struct message m;
    struct mail mail;
    TRY(message_get(cx, (message_id){call->id}, &m));
    TRY(no_mail(cx, mail_get(cx, m.id, &mail)));
    str sender = mail_sender(cx->arena, &mail);
    if (!str_eq(mail.verdict, S("pass")) && body->sender)
        return fail(cx, E_CONFLICT,
            "Nobody has proven that this sender is who they say: anybody could use the permission.");
    TRY(mail_trust_set(cx, sender, body->sender));
    TRY(audit_add(cx, body->sender ? S("mail.images_allowed") : S("mail.images_refused"),
        S("message"), m.id.v, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/messages/{id}/mail", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, NULL, NULL, get,
     "What a mail is beside its message: its people, its HTML, how far its sender is proven.", &mail_shape, 0},
    {HTTP_PUT, "/api/v1/messages/{id}/mail/images", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, &trust_spec, NULL, trust,
     "Show pictures from elsewhere in mails of this sender, or no longer.", NULL, 0},
};
/* clang-format on */
extern const struct route_table mail_routes;
const struct route_table mail_routes = ROUTES(routes);
