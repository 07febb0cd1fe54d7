/* Email: a mailbox without IMAP. Its mail server posts each mail to the account's callback, as it
 * came, and takes what is sent over SMTP (smtp.c). See network.h, email.h.
 *
 * Accounts: id = the mailbox's address and the user that signs in, token = the password, secret =
 * goes with each post as a bearer, callback = where mails are posted. Settings: "answer_ms":"N":
 * how much later somebody answers what they got (20,000). say: from id = the writer's address. kind
 * "" (a person's mail), "auto_reply" (out of office), "list" (a newsletter). reply_to = the
 * Message-ID of a mail that they got: an answer, which quotes it. More members: subject; html (a
 * file that it names as cid:NAME is a picture of it); language; then: texts, one for each time that
 * they get a mail from a person; is_unproven: the mailbox's server says that the sender is not
 * proven. special: mail {to}: the newest mail that came for that address, as it is read. Who is
 * written to as nobody@… does not exist. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "email.h"

enum {
    ADDRESS_BYTES = 254,
    PEOPLE_MAX = 2000,
    THEN_MAX = 4,
    THEN_BYTES = 2000,
    KEPT_MAX = 200, /* mails of ours that can be answered … */
    KEPT_BYTES = 32 * 1024 * 1024,
    ANSWER_MS = 20000,
    SUBJECT_BYTES = 70,
};

struct person {
    struct person *next;
    char address[ADDRESS_BYTES + 1], name[128], language[16];
    int n_then, n_said;
    char then[THEN_MAX][THEN_BYTES + 1];
};

/* A mail that somebody got. */
struct kept {
    struct kept *next; /* the one before */
    char *to, *bytes;
    ptrdiff_t len;
};

struct mailbox {
    struct person *people;
    ptrdiff_t n_people;
    struct kept *newest;
};

static void mailbox_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    account->data = sim_alloc((ptrdiff_t)sizeof(struct mailbox));
}

static void kept_free(struct kept *k)
{
    while (k) {
        struct kept *next = k->next;
        free(k->to);
        free(k->bytes);
        free(k);
        k = next;
    }
}

static void mailbox_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct mailbox *box = account->data;
    while (box->people) {
        struct person *p = box->people;
        box->people = p->next;
        free(p);
    }
    kept_free(box->newest);
    free(box);
}

static struct person *person_find(struct mailbox *box, str address)
{
    for (struct person *p = box->people; p; p = p->next)
        if (str_eq_nocase(str_from(p->address), address))
            return p;
    return NULL;
}

static void keep(struct mailbox *box, str to, str bytes)
{
    struct kept *k = sim_alloc((ptrdiff_t)sizeof *k);
    *k = (struct kept){box->newest, sim_copy(to), sim_copy(bytes), bytes.len};
    box->newest = k;
    ptrdiff_t size = 0;
    for (int n = 1; k; k = k->next, n++) {
        size += k->next ? k->next->len : 0;
        if (k->next && (n == KEPT_MAX || size > KEPT_BYTES)) {
            kept_free(k->next);
            k->next = NULL;
        }
    }
}

/* The newest for that address (empty = anybody), of that id (empty = any). */
static bool kept_find(struct mailbox *box, struct arena *a, str to, str id, struct email_mail *mail)
{
    for (const struct kept *k = box->newest; k; k = k->next)
        if ((to.len == 0 || str_eq_nocase(str_from(k->to), to)) &&
            email_read(a, str_of(k->bytes, k->len), mail) &&
            (id.len == 0 || str_eq(mail->message_id, id)))
            return true;
    return false;
}

/* ── mails to the mailbox ── */

static void deliver(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct email_draft *d, int64_t delay_ms)
{
    sim_webhook_send(sim, account,
        &(struct sim_webhook){.method = HTTP_POST,
            .content_type = S("message/rfc822"),
            .body = email_write(a, d),
            .key = d->message_id,
            .conversation = d->from,
            .delay_ms = delay_ms});
}

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    sim_post_header(post, S("Authorization"), str_cat(post->arena, S("Bearer "), account->secret));
}

static str id_make(struct sim *sim, struct sim_account *account, struct arena *a, str from)
{
    str name, domain = S("customers.example");
    (void)str_cut(from, '@', &name, &domain);
    return str_print(
        a, "%.*s@%.*s", SARG(sim_random_word(sim, account->network, a, 24)), SARG(domain));
}

/* What they will write when they get a mail. */
static void remember(struct mailbox *box, const struct email_draft *d, const struct json *then)
{
    struct person *p = person_find(box, d->from);
    if (p == NULL && box->n_people < PEOPLE_MAX) {
        p = sim_alloc((ptrdiff_t)sizeof *p);
        sim_keep(p->address, sizeof p->address, d->from);
        p->next = box->people;
        box->people = p;
        box->n_people++;
    }
    if (p == NULL)
        return;
    sim_keep(p->name, sizeof p->name, d->from_name);
    sim_keep(p->language, sizeof p->language, d->language);
    p->n_then = p->n_said = 0;
    for (const struct json *v = then ? then->first : NULL; v && p->n_then < THEN_MAX; v = v->next)
        sim_keep(p->then[p->n_then++], THEN_BYTES + 1, json_text(v, S("")));
}

/* Somebody has got a mail of a person's: they answer, if they have more to say. */
static void answer_back(
    struct sim_call *c, struct sim_account *account, struct person *p, const struct email_mail *got)
{
    int64_t delay_ms = ANSWER_MS;
    str setting = sim_setting(account, S("answer_ms"));
    if (p->n_said == p->n_then || str_starts(got->auto_submitted, S("auto-")))
        return;
    if (setting.len > 0 && str_int(setting, 0, INT64_MAX / 2, &delay_ms) != OK)
        delay_ms = ANSWER_MS;
    struct email_draft d = {.from = str_from(p->address),
        .from_name = str_from(p->name),
        .text = str_from(p->then[p->n_said++]),
        .language = str_from(p->language),
        .message_id = id_make(c->sim, account, c->arena, str_from(p->address)),
        .date_ms = c->now_ms + delay_ms};
    const struct sim_say said = {
        .from_id = d.from, .text = d.text, .reply_to = got->message_id, .kind = S("answer")};
    email_answer(c->arena, got, &d);
    deliver(c->sim, account, c->arena, &d, delay_ms);
    sim_said(c->sim, account, d.message_id, &said);
}

/* ── mails of ours ── */

static void email_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    (void)retry_after_ms; /* SMTP cannot say it */
    if (why == SIM_REFUSE_401)
        sim_answer(c, 530, (str){0}, S("5.7.0 Sign in first"));
    else if (why == SIM_REFUSE_500)
        sim_answer(c, 451, (str){0}, S("4.3.0 Local error, try again later"));
    else
        sim_answer(c, 450, (str){0}, S("4.2.1 Too many mails, try again later"));
}

bool email_is_own(str mailbox, str address)
{
    str name, domain, plain, tag;
    (void)str_cut(address, '@', &name, &domain);
    (void)str_cut(name, '+', &plain, &tag);
    return str_eq_nocase(mailbox, address) ||
           (mailbox.len == plain.len + 1 + domain.len && mailbox.at[plain.len] == '@' &&
               str_eq_nocase(str_sub(mailbox, 0, plain.len), plain) &&
               str_eq_nocase(str_skip(mailbox, plain.len + 1), domain));
}

static void take(struct sim_call *c, const struct email_mail *mail, str to)
{
    struct mailbox *box = c->account->data;
    struct person *p = person_find(box, to);
    /* A mail may go to another of its recipients later: the same name is a double for one only. */
    bool is_new = sim_accept(
        c, &(struct sim_message){.conversation = to,
               .id = mail->message_id,
               .text = mail->text,
               .kind = mail->html.len > 0 ? S("html") : S("plain"),
               .ref = str_print(c->arena, "%.*s %.*s", SARG(mail->message_id), SARG(to))});
    keep(box, to, c->req->body);
    if (p && is_new)
        answer_back(c, c->account, p, mail);
}

static void email_handle(struct sim_call *c)
{
    const struct sim_envelope *e = c->envelope;
    struct email_mail mail;
    if (e == NULL)
        return; /* it has no API */
    c->token = e->user;
    c->account = sim_account_find(c->sim, c->network, e->user);
    if (c->account == NULL || c->account->is_revoked) {
        sim_answer(c, 530, (str){0}, S("5.7.0 Sign in first"));
        return;
    }
    if (!email_read(c->arena, c->req->body, &mail)) {
        sim_answer(c, 554, (str){0}, S("5.6.0 No From, Date or Message-ID, or broken parts"));
        return;
    }
    if (!email_is_own(c->account->id, mail.from)) {
        sim_answer(c, 550, (str){0}, S("5.7.1 Not your address in From"));
        return;
    }
    for (int i = 0; i < e->n_to; i++)
        take(c, &mail, e->to[i]);
    sim_answer(c, 250, (str){0},
        str_print(
            c->arena, "2.0.0 Ok: queued as SIM%lld", (long long)sim_next(c->sim, c->network)));
}

/* ── customers ── */

/* What they begin with, up to its first stop: what many people write there. */
static str subject_of(str text)
{
    static const char *const stops[] = {". ", "? ", "! ", "\n", "। ", "؟ ", "。", "？"};
    ptrdiff_t end = text.len;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        ptrdiff_t at = str_find(text, str_from(stops[i]));
        if (at > 0 && at < end)
            end = at;
    }
    text = str_sub(text, 0, end);
    if (text.len <= SUBJECT_BYTES)
        return text;
    text = str_sub(text, 0, SUBJECT_BYTES);
    while (text.len > 0 && text.at[text.len - 1] != ' ')
        text.len--;
    return text.len > 0 ? str_trim(text) : S("Question");
}

static err email_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    struct mailbox *box = account->data;
    struct email_mail got;
    struct email_draft d = {
        .from = say->from_id.len > 0 ? say->from_id : S("asha@customers.example"),
        .from_name = say->from_name,
        .to = account->id,
        .subject = json_text(json_get(say->more, S("subject")), S("")),
        .html = json_text(json_get(say->more, S("html")), S("")),
        .language = json_text(json_get(say->more, S("language")), S("")),
        .text = say->text,
        .files = say->files,
        .n_files = say->n_files,
        .date_ms = sim_now(sim),
        .is_auto_reply = str_eq(say->kind, S("auto_reply")),
        .is_list = str_eq(say->kind, S("list")),
        .is_unproven = json_bool(json_get(say->more, S("is_unproven")), false)};
    *why = S("kind is empty, auto_reply or list");
    if (say->kind.len > 0 && !d.is_auto_reply && !d.is_list)
        return E_INVALID;
    *why = S("from id is a mail address");
    if (d.from.len > ADDRESS_BYTES || str_find_byte(d.from, '@') < 1 || utf8_has_control(d.from))
        return E_INVALID;
    *why = S("nobody got such a mail");
    if (say->reply_to.len > 0 && !kept_find(box, a, (str){0}, say->reply_to, &got))
        return E_NOT_FOUND;
    d.message_id = id_make(sim, account, a, d.from);
    if (say->reply_to.len > 0)
        email_answer(a, &got, &d);
    else if (d.subject.len == 0)
        d.subject = subject_of(d.text);
    remember(box, &d, json_get(say->more, S("then")));
    deliver(sim, account, a, &d, 0);
    *id = d.message_id;
    return OK;
}

static err email_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    (void)sim;
    struct email_mail mail;
    if (!str_eq(what, S("mail")) ||
        !kept_find(account->data, a, json_text(json_get(input, S("to")), S("")), (str){0}, &mail)) {
        *why = S("nobody got such a mail");
        return E_NOT_FOUND;
    }
    const struct {
        str name, value;
    } texts[] = {
        {S("message_id"),     mail.message_id    },
        {S("in_reply_to"),    mail.in_reply_to   },
        {S("references"),     mail.references    },
        {S("subject"),        mail.subject       },
        {S("from"),           mail.from          },
        {S("from_name"),      mail.from_name     },
        {S("auto_submitted"), mail.auto_submitted},
        {S("text"),           mail.text          },
        {S("html"),           mail.html          }
    };
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_kv_str(&j, texts[i].name, texts[i].value);
    json_kv_int(&j, S("files"), mail.n_files);
    json_obj_end(&j);
    *answer = json_str(&j);
    return OK;
}

/* A mail server waits longer each time. */
static const int64_t gaps[] = {1000, 5000, 30000, 120000, 600000, 1800000, 3600000, 0};

const struct sim_network sim_email = {
    .name = S_INIT("email"),
    .title = S_INIT("Email"),
    .account = {.id = S_INIT("care@seva-shop.example"),
                .name = S_INIT("Seva Shop"),
                .token = S_INIT("seva-mailbox-password"),
                .secret = S_INIT("seva-mailbox-secret")},
    .account_open = mailbox_open,
    .account_close = mailbox_close,
    .handle = email_handle,
    .refuse = email_refuse,
    .say = email_say,
    .special = email_special,
    .sign = sign,
    .retry_gaps_ms = gaps,
};
