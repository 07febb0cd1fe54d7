/* email_send: an answer by SMTP, over a kept connection where there is one. See email.h. Not here:
 * what an end means (email_judge.c). Thread: blocks. */
#include "base/limits.h"
#include "connector/email.h"
#include "connector/mail.h"
#include "net/smtp.h"

enum { RECIPIENTS_MOST = 200, MOST_MS = 200 * 1000 };

struct sending {
    struct arena *a;
    const struct connector_outgoing *out;
    struct mail_out mail;
    str signature; /* the header field that goes before it; empty = not signed */
    err written;   /* how making the bytes ended */
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

struct mail_out email_letter(struct arena *a, const struct connector_outgoing *out)
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
        .loop = out->is_by_person ? (str){0} : l->loop,
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
    if (s->signature.len && !put(to, s->signature))
        return false;
    s->written = mail_write(s->a, &s->mail, pipe_piece, &p, &s->why);
    return s->written == OK;
}

static bool count_piece(void *arg, str piece)
{
    int64_t *size = arg;
    *size += piece.len;
    return true;
}

err email_size(struct arena *a, const struct mail_out *mail, int64_t *size_bytes, str *why)
{
    *size_bytes = 0;
    return mail_write(a, mail, count_piece, size_bytes, why);
}

static bool is_settled(const struct connector_letter *l, str address)
{
    for (ptrdiff_t i = 0; i < l->n_settled; i++)
        if (str_eq(l->settled[i], address))
            return true;
    return false;
}

/* Everybody once, but for those who have it or never will. */
static const str *envelope(struct sending *s, int *n)
{
    const struct connector_letter *l = s->out->letter;
    const struct mail_person *lists[] = {l->to, l->cc, l->bcc};
    const ptrdiff_t counts[] = {l->n_to, l->n_cc, l->n_bcc};
    str *to = NEW(s->a, str, RECIPIENTS_MOST);
    *n = 0;
    for (int k = 0; k < 3; k++)
        for (ptrdiff_t i = 0; i < counts[k] && *n < RECIPIENTS_MOST; i++) {
            bool is_there = is_settled(l, lists[k][i].address);
            for (int j = 0; j < *n; j++)
                is_there |= str_eq(to[j], lists[k][i].address);
            if (!is_there)
                to[(*n)++] = lists[k][i].address;
        }
    return to;
}

/* The envelope: where bounces go, what is asked of the servers. */
static struct smtp_mail mail_for(struct sending *s, int64_t size_bytes)
{
    const struct connector_letter *l = s->out->letter;
    bool wants_receipts =
        str_eq(setup_setting(s->a, &connector_email, s->out->setup, "receipts"), S("yes"));
    struct smtp_mail mail = {.source = write_mail,
        .source_arg = s,
        .from = l->bounces_to.len ? l->bounces_to : s->mail.from_address,
        .size_bytes = size_bytes + s->signature.len,
        .is_utf8 = mail_needs_utf8(&s->mail),
        .notify = SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY,
        .envelope_id = s->out->delivery_id};
    if (wants_receipts)
        mail.notify |= SMTP_NOTIFY_SUCCESS;
    mail.to = envelope(s, &mail.n_to);
    return mail;
}

static void send_over(struct smtp_pool *pool, struct sending *s, struct smtp_options *options,
    struct smtp_mail *mail, struct smtp_sent *got)
{
    smtp_pool_send(pool, s->a, options, mail, got);
    bool is_sender_refused = got->kind == MAIL_REFUSED && got->is_before_mail && got->code >= 500;
    if (!is_sender_refused || str_eq(mail->from, s->mail.from_address))
        return;
    mail->from = s->mail.from_address; /* servers that let nobody write under another address */
    smtp_pool_send(pool, s->a, options, mail, got);
}

/* Once per process; whoever has none (a test) makes one for this call. */
static void send(
    struct http_client *client, struct sending *s, struct smtp_mail *mail, struct smtp_sent *got)
{
    struct smtp_pool *kept = http_client_mails(client), *pool = kept ? kept : smtp_pool_open();
    int64_t left_ms = http_client_left_ms(client);
    struct smtp_options options = {
        .server = email_smtp(s->a, client, s->out->setup), .most_ms = left_ms ? left_ms : MOST_MS};
    if (options.most_ms > MOST_MS)
        options.most_ms = MOST_MS;
    if (pool)
        send_over(pool, s, &options, mail, got);
    else
        *got = (struct smtp_sent){.kind = MAIL_LATER, .why = S("out of memory")};
    if (pool && !kept)
        smtp_pool_close(pool);
}

err email_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct sending s = {.a = a, .out = out};
    struct smtp_sent got = {0};
    int64_t size_bytes = 0;
    if (!out->letter || !email_smtp(a, client, out->setup).host.len) {
        refuse(sent, S("This mailbox has no server for sending: enter one in its settings."));
        return OK;
    }
    s.mail = email_letter(a, out);
    err e = email_size(a, &s.mail, &size_bytes, &s.why);
    if (e == OK)
        e = email_sign(a, out->setup, &s.mail, &s.signature, &s.why);
    if (e != OK) {
        refuse(sent, s.why.len ? s.why : S("The mail cannot be made."));
        return e == E_BUSY ? e : OK;
    }
    struct smtp_mail mail = mail_for(&s, size_bytes);
    if (!mail.n_to) { /* everybody has it */
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_SENT, .external_id = out->letter->internet_id};
        return OK;
    }
    send(client, &s, &mail, &got);
    if (got.is_source_broken)
        refuse(sent, s.why.len ? s.why : S("The mail cannot be made."));
    else
        email_judge(a, out, &mail, &got, sent);
    return OK;
}
