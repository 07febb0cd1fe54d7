/* email_send: an answer by SMTP. See email.h. What was taken is never sent again; of what was lost
 * after its last byte nobody knows, and an agent decides. Thread: blocks. */
#include "base/limits.h"
#include "connector/email.h"
#include "connector/mail.h"
#include "net/smtp.h"
#include "text/mail_write.h"

enum { RECIPIENTS_MOST = 200 };

struct sending {
    struct arena *a;
    const struct connector_outgoing *out;
    struct mail_out mail;
    err written; /* how making the bytes ended */
    str why;
};

static void refuse(struct connector_sent *sent, str why)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

static const struct mime_address *addresses(
    struct arena *a, const struct mail_person *people, ptrdiff_t n)
{
    struct mime_address *to = NEW(a, struct mime_address, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        to[i] = (struct mime_address){people[i].name, people[i].address};
    return to;
}

static bool is_shown(struct arena *a, str html, str content_id)
{
    return content_id.len && str_find(html, str_cat(a, S("cid:"), content_id)) >= 0;
}

static const struct mail_out_file *files_of(struct arena *a, const struct connector_outgoing *out)
{
    struct mail_out_file *files = NEW(a, struct mail_out_file, out->n_files + 1);
    for (ptrdiff_t i = 0; i < out->n_files; i++)
        files[i] = (struct mail_out_file){.name = out->files[i].name,
            .type = out->files[i].type,
            .path = out->files[i].path,
            .size = out->files[i].size,
            .content_id = out->files[i].content_id,
            .is_inline = is_shown(a, out->letter->html, out->files[i].content_id)};
    return files;
}

static struct mail_out mail_of(struct arena *a, const struct connector_outgoing *out)
{
    const struct connector_letter *l = out->letter;
    return (struct mail_out){
        .from_name = l->from.name,
        .from_address = l->from.address,
        .reply_to = l->reply_to,
        .to = addresses(a, l->to, l->n_to),
        .n_to = (int)l->n_to,
        .cc = addresses(a, l->cc, l->n_cc),
        .n_cc = (int)l->n_cc,
        .subject = l->subject,
        .message_id = l->internet_id,
        .in_reply_to = l->in_reply_to,
        .references = l->references,
        .n_references = (int)l->n_references,
        .date_ms = l->date_ms,
        .text = l->text.len ? l->text : out->text,
        .html = l->html,
        .files = files_of(a, out),
        .n_files = (int)out->n_files,
        .boundary_seed = l->internet_id,
        .is_automatic = !out->is_by_person,
        .loop = S("seva"),
    };
}

struct piping {
    bool (*put)(void *to, str piece);
    void *to;
};

static bool pipe_piece(void *arg, str piece)
{
    const struct piping *p = arg;
    return p->put(p->to, piece);
}

static bool write_mail(void *arg, bool (*put)(void *to, str piece), void *to)
{
    struct sending *s = arg;
    struct piping p = {put, to};
    s->written = mail_write(s->a, &s->mail, pipe_piece, &p, &s->why);
    return s->written == OK;
}

static bool no_piece(void *arg, str piece)
{
    int64_t *size = arg;
    *size += piece.len;
    return true;
}

/* Everybody once. */
static const str *envelope(struct sending *s, int *n)
{
    const struct connector_letter *l = s->out->letter;
    const struct mail_person *lists[] = {l->to, l->cc, l->bcc};
    const ptrdiff_t counts[] = {l->n_to, l->n_cc, l->n_bcc};
    str *to = NEW(s->a, str, RECIPIENTS_MOST);
    *n = 0;
    for (int k = 0; k < 3; k++)
        for (ptrdiff_t i = 0; i < counts[k] && *n < RECIPIENTS_MOST; i++) {
            bool is_there = false;
            for (int j = 0; j < *n; j++)
                is_there |= str_eq(to[j], lists[k][i].address);
            if (!is_there)
                to[(*n)++] = lists[k][i].address;
        }
    return to;
}

/* Some were refused: it has gone to the others, and the agent should know. */
static str refused_words(struct arena *a, const struct smtp_mail *mail, const struct smtp_sent *got)
{
    struct sb b = sb_make(a, 4096);
    for (int i = 0; i < mail->n_to; i++)
        if (got->to[i].kind != MAIL_DONE)
            sb_print(&b, "%s%.*s: %.*s", b.len ? "; " : "Not to ", SARG(mail->to[i]),
                SARG(got->to[i].words));
    return b.failed ? S("Some recipients were refused.") : sb_str(&b);
}

static void judge(struct sending *s, const struct smtp_mail *mail, const struct smtp_sent *got,
    struct connector_sent *sent)
{
    const struct mail_end end = {.kind = got->kind, .why = got->why, .code = got->code};
    if (got->is_source_broken) {
        refuse(sent, s->why.len ? s->why : S("The mail cannot be made."));
        return;
    }
    email_end(&end, sent);
    if (got->kind == MAIL_LATER && got->n_taken == 0 && got->code)
        sent->is_channel_wide = false; /* it is about this mail (greylisting, a full mailbox) */
    if (sent->outcome != CONNECTOR_SENT)
        return;
    sent->external_id = s->out->letter->internet_id;
    if (got->n_taken < mail->n_to)
        sent->why = refused_words(s->a, mail, got);
}

err email_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct sending s = {.a = a, .out = out};
    struct smtp *smtp = NULL;
    struct smtp_sent got = {0};
    const struct smtp_options options = {.server = email_smtp(a, client, out->setup)};
    struct smtp_mail mail = {.source = write_mail, .source_arg = &s};
    if (!out->letter || !options.server.host.len) {
        refuse(sent, S("This mailbox has no server for sending: enter one in its settings."));
        return OK;
    }
    s.mail = mail_of(a, out);
    err e = mail_write(a, &s.mail, no_piece, &mail.size_bytes, &s.why);
    if (e != OK) {
        refuse(sent, s.why.len ? s.why : S("The mail cannot be made."));
        return e == E_BUSY ? e : OK;
    }
    mail.from = s.mail.from_address;
    mail.to = envelope(&s, &mail.n_to);
    mail.is_utf8 = mail_needs_utf8(&s.mail);
    struct mail_end end = smtp_open(a, &options, &smtp);
    if (end.kind != MAIL_DONE) {
        email_end(&end, sent);
        return OK;
    }
    smtp_send(smtp, a, &mail, &got);
    smtp_close(smtp);
    judge(&s, &mail, &got, sent);
    return OK;
}
