/* report: see report.h. This file reads reports with a structure; report_text.c those without,
 * report_words.c holds status codes and small readers. */
#include "text/report.h"

#include "text/report_inner.h"

bool report_field_next(struct arena *a, str *rest, struct report_field *field, int *left)
{
    while (rest->len > 0 && *left > 0) {
        str line;
        (void)str_cut(*rest, '\n', &line, rest);
        if (str_trim(line).len == 0)
            return false;
        ptrdiff_t colon = str_find_byte(line, ':');
        if (colon <= 0 || line.at[0] == ' ' || line.at[0] == '\t')
            continue;
        --*left;
        *field =
            (struct report_field){str_trim(str_sub(line, 0, colon)), str_skip(line, colon + 1)};
        /* What is folded lies behind it in the same bytes. */
        while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t')) {
            str more, after;
            (void)str_cut(*rest, '\n', &more, &after);
            if (str_trim(more).len == 0)
                break;
            field->value.len = more.at + more.len - field->value.at;
            *rest = after;
        }
        field->value = report_line(a, field->value);
        return true;
    }
    *rest = *left > 0 ? *rest : S("");
    return false;
}

static bool is_name(const struct report_field *f, const char *name)
{
    return str_eq_nocase(f->name, str_from(name));
}

/* One recipient of RFC 3464. */
struct recipient {
    str address, action, status, diagnostic;
    bool is_given; /* the block names a recipient or an action */
};

static void take_delivery_field(
    struct arena *a, const struct report_field *f, struct recipient *r, struct mail_report *out)
{
    if (is_name(f, "Final-Recipient") || (is_name(f, "Original-Recipient") && !r->address.len)) {
        str address = report_address(a, f->value);
        r->address = address.len ? address : r->address;
        r->is_given |= address.len > 0;
    } else if (is_name(f, "Action")) {
        str head, rest;
        (void)str_cut(str_lower_ascii(a, f->value), ' ', &head, &rest);
        r->action = head;
        r->is_given = true;
    } else if (is_name(f, "Status")) {
        r->status = report_status_at(f->value);
    } else if (is_name(f, "Diagnostic-Code")) {
        str type, text;
        r->diagnostic = str_cut(f->value, ';', &type, &text) ? str_trim(text) : f->value;
    } else if (is_name(f, "X-Original-Message-ID") || is_name(f, "Original-Message-ID")) {
        out->message_id = report_id(f->value);
    }
}

static bool is_class(str status, char class)
{
    return status.len > 0 && status.at[0] == class;
}

/* "5.0.0" says little: when the other server said more in words, that counts. */
static void complete(struct recipient *r)
{
    str said = report_status_in(r->diagnostic);
    bool is_vague = r->status.len == 0 || str_ends(r->status, S(".0.0"));
    if (is_vague && said.len > 0 && (r->status.len == 0 || said.at[0] == r->status.at[0]))
        r->status = said;
}

static bool is_failed(const struct recipient *r)
{
    return str_eq(r->action, S("failed")) || (r->action.len == 0 && is_class(r->status, '5'));
}

/* The worse, the higher. */
static int rank_of(const struct recipient *r)
{
    if (is_failed(r))
        return is_class(r->status, '4') ? 4 : report_status_is_bad_address(r->status) ? 6 : 5;
    if (str_eq(r->action, S("delayed")) || is_class(r->status, '4'))
        return 3;
    return 1 + str_eq(r->action, S("delivered"));
}

static enum report_kind kind_of(const struct recipient *r)
{
    int rank = rank_of(r);
    if (rank >= 4)
        return REPORT_BOUNCE;
    if (rank == 3)
        return REPORT_DELAY;
    bool is_good = str_eq(r->action, S("delivered")) || str_eq(r->action, S("relayed")) ||
                   str_eq(r->action, S("expanded")) || is_class(r->status, '2');
    return is_good ? REPORT_DELIVERED : REPORT_NONE;
}

static str words_of(const struct mail_report *r)
{
    if (r->kind == REPORT_DELIVERED)
        return S(REPORT_DELIVERED_WORDS);
    if (r->kind == REPORT_DELAY)
        return S(REPORT_DELAYED_WORDS);
    return r->status.len ? report_status_words(r->status) : S(REPORT_FAILED_WORDS);
}

static void take_worst(const struct recipient *worst, struct mail_report *out)
{
    out->kind = kind_of(worst);
    out->recipient = worst->address;
    out->status = worst->status;
    out->action = worst->action.len ? worst->action : is_failed(worst) ? S("failed") : S("");
    out->diagnostic = worst->diagnostic;
    out->words = words_of(out);
    /* failed without any code: the server gave up, but nobody knows why. */
    out->is_permanent =
        out->kind == REPORT_BOUNCE &&
        (is_class(worst->status, '5') ||
            (worst->status.len == 0 && report_reply_class(worst->diagnostic) == '5'));
    out->is_bad_address = out->is_permanent && report_status_is_bad_address(worst->status);
}

static void read_delivery(struct arena *a, str report, struct mail_report *out)
{
    struct recipient worst = {0};
    int left = REPORT_FIELDS;
    for (int i = 0; i < REPORT_BLOCKS && report.len > 0;) {
        struct recipient r = {0};
        struct report_field f;
        while (report_field_next(a, &report, &f, &left))
            take_delivery_field(a, &f, &r, out);
        if (!r.is_given)
            continue; /* about the message, or empty */
        i++;
        complete(&r);
        if (out->recipients++ == 0 || rank_of(&r) > rank_of(&worst))
            worst = r;
    }
    if (out->recipients > 0)
        take_worst(&worst, out);
}

static void read_feedback(struct arena *a, str report, struct mail_report *out)
{
    static const struct {
        str type, words;
    } types[] = {
        {S_INIT("abuse"),          S_INIT("The recipient called the mail spam.")                },
        {S_INIT("fraud"),          S_INIT("The recipient called the mail fraud.")               },
        {S_INIT("virus"),          S_INIT("The recipient's provider found a virus in the mail.")},
        {S_INIT("opt-out"),        S_INIT("The recipient wants no more mails of this kind.")    },
        {S_INIT("opt-out-list"),   S_INIT("The recipient wants no more mails of this kind.")    },
        {S_INIT("miscategorized"), S_INIT("The recipient moved the mail elsewhere.")            },
        {S_INIT("other"),          S_INIT("The recipient complained about the mail.")           },
    };
    struct report_field f;
    int left = REPORT_FIELDS;
    while (report.len > 0 && left > 0) {
        if (!report_field_next(a, &report, &f, &left))
            continue;
        bool is_asked = is_name(&f, "Original-Rcpt-To") || is_name(&f, "Removal-Recipient");
        if (is_name(&f, "Feedback-Type"))
            out->action = str_lower_ascii(a, f.value);
        else if (is_asked && out->recipient.len == 0)
            out->recipient = report_address(a, f.value);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!str_eq(out->action, types[i].type))
            continue;
        out->kind = REPORT_COMPLAINT;
        out->words = types[i].words;
    }
}

/* "manual-action/MDN-sent-manually; displayed/error" → "displayed" */
static str disposition_of(struct arena *a, str value)
{
    str mode, type, head, rest;
    if (!str_cut(value, ';', &mode, &type))
        type = mode;
    (void)str_cut(str_trim(type), '/', &head, &rest);
    (void)str_cut(head, ',', &head, &rest);
    return str_lower_ascii(a, str_trim(head));
}

static void read_receipt(struct arena *a, str report, struct mail_report *out)
{
    struct report_field f;
    int left = REPORT_FIELDS;
    while (report.len > 0 && left > 0) {
        if (!report_field_next(a, &report, &f, &left))
            continue;
        if (is_name(&f, "Disposition"))
            out->action = disposition_of(a, f.value);
        else if (is_name(&f, "Original-Message-ID"))
            out->message_id = report_id(f.value);
        else if (is_name(&f, "Final-Recipient") ||
                 (is_name(&f, "Original-Recipient") && !out->recipient.len))
            out->recipient = report_address(a, f.value);
    }
    if (out->action.len == 0)
        return;
    bool is_read = str_eq(out->action, S("displayed"));
    out->kind = is_read ? REPORT_READ : REPORT_UNREAD;
    out->words = is_read                             ? S(REPORT_READ_WORDS)
                 : str_eq(out->action, S("deleted")) ? S(REPORT_DELETED_WORDS)
                 : str_eq(out->action, S("denied"))  ? S(REPORT_DENIED_WORDS)
                                                     : S(REPORT_UNREAD_WORDS);
}

/* The Message-ID in the header of the mail that came back. */
static str returned_id(struct arena *a, str headers)
{
    struct report_field f;
    int left = REPORT_FIELDS;
    while (report_field_next(a, &headers, &f, &left))
        if (is_name(&f, "Message-ID"))
            return report_id(f.value);
    return S("");
}

static bool is_verp(str address)
{
    return str_eq_nocase(str_sub(address, 0, 7), S("bounce+"));
}

static str verp_of(const struct mime_mail *mail)
{
    for (int i = 0; i < mail->n_delivered_to; i++)
        if (is_verp(mail->delivered_to[i]))
            return mail->delivered_to[i];
    for (int i = 0; i < mail->n_to; i++)
        if (is_verp(mail->to[i].address))
            return mail->to[i].address;
    return S("");
}

/* By the fields, not by the type that the mail claims: some servers name it wrongly or not at all.
 */
static void read_structure(struct arena *a, const struct mime_mail *mail, struct mail_report *out)
{
    str rest = mail->report;
    struct report_field f;
    bool is_feedback = false, is_receipt = false;
    for (int left = REPORT_FIELDS; rest.len > 0 && left > 0;) {
        if (!report_field_next(a, &rest, &f, &left))
            continue;
        is_feedback |= is_name(&f, "Feedback-Type");
        is_receipt |= is_name(&f, "Disposition");
    }
    if (is_feedback)
        read_feedback(a, mail->report, out);
    else if (is_receipt)
        read_receipt(a, mail->report, out);
    else
        read_delivery(a, mail->report, out);
}

void report_read(struct arena *a, const struct mime_mail *mail, struct mail_report *out)
{
    *out = (struct mail_report){0};
    if (mail->report.len > 0)
        read_structure(a, mail, out);
    /* A report whose structure says nothing may still say it in words. */
    if (out->kind == REPORT_NONE && out->action.len == 0 && !report_text_read(a, mail, out)) {
        *out = (struct mail_report){0};
        return;
    }
    if (out->kind == REPORT_NONE) {
        *out = (struct mail_report){0};
        return;
    }
    str returned = returned_id(a, mail->report_headers);
    if (returned.len > 0)
        out->message_id = returned;
    else if (out->message_id.len == 0)
        out->message_id = mail->in_reply_to;
    out->verp = verp_of(mail);
}
