/* letter: see letter.h. */
#include "care/letter.h"

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "base/utf8.h"
#include "care/automatic_mail.h"
#include "care/mail_address.h"
#include "care/mail_out.h"
#include "care/mail_thread.h"
#include "model/view_message.h"
#include "store/attachment.h"
#include "store/channel.h"
#include "store/job.h"
#include "store/letter.h"

enum { RANDOM_BYTES = 9 };

/* ── the mailbox ── */

static const char *mailbox_fault(struct ctx *cx, channel_id id, struct channel *channel)
{
    const struct connector *email = connector_find(S("email"));
    err e = id.v ? channel_get(cx, id, channel) : E_NOT_FOUND;
    const struct connector_setup setup = {.settings = channel->settings};
    if (e != OK || !email || !str_eq(channel->kind, S("email"))) {
        cx->fault = (struct fault){0};
        return "There is no such mailbox.";
    }
    if (!channel->is_enabled)
        return "The mailbox that mails go out by is switched off.";
    if (!setup_setting(cx->arena, email, &setup, "smtp_host").len)
        return "The mailbox that mails go out by has no server for sending.";
    return NULL;
}

err letter_mailbox(struct ctx *cx, channel_id id, struct channel *channel)
{
    *channel = (struct channel){0};
    const char *fault = mailbox_fault(cx, id, channel);
    return fault ? fail_detail(cx, E_CONFLICT, "mailbox", "%s", fault) : OK;
}

err letter_mailbox_check(struct ctx *cx, const char *field, channel_id id)
{
    struct channel channel = {0};
    const char *fault = mailbox_fault(cx, id, &channel);
    return fault ? fail_field(cx, field, "%s", fault) : OK;
}

/* ── making ── */

/* Invitations and password resets are asked for by people, and have limits of their own. */
static bool is_held_back(str kind)
{
    return str_eq(kind, S("chat")) || str_eq(kind, S("transcript"));
}

static str link_aad(const struct ctx *cx, letter_id id)
{
    return str_print(cx->arena, "%lld/letter/link/%lld", (long long)cx->account.v, (long long)id.v);
}

static str internet_id(struct ctx *cx, letter_id id, str address)
{
    unsigned char random[RANDOM_BYTES];
    str local, domain;
    crypto_random(random, sizeof random);
    bool has_domain = str_cut(address, '@', &local, &domain);
    return str_print(cx->arena, "seva.letter.%lld.%.*s@%.*s", (long long)id.v,
        SARG(crypto_base64url(cx->arena, str_of((char *)random, sizeof random))),
        SARG(has_domain ? domain : S("seva.invalid")));
}

static err fill_sender(struct ctx *cx, const struct channel *mailbox, struct letter *l)
{
    const struct connector *email = connector_find(mailbox->kind);
    const struct connector_setup setup = {.settings = mailbox->settings};
    str name = setup_setting(cx->arena, email, &setup, "from_name");
    l->from_name = name.len ? name : mailbox->name;
    l->from_address = utf8_fold(cx->arena, setup_setting(cx->arena, email, &setup, "address"));
    bool has_plus = str_eq(setup_setting(cx->arena, email, &setup, "plus"), S("yes"));
    if (has_plus && l->conversation_id.v)
        l->reply_to = mail_thread_address(cx, l->from_address, l->conversation_id);
    return OK;
}

static err queue(struct ctx *cx, const struct letter *l)
{
    return job_add(cx, &(struct job_new){.kind = S("letter"),
                           .key = str_print(cx->arena, "%lld", (long long)l->id.v),
                           .channel = l->channel_id});
}

err letter_add(struct ctx *cx, const struct letter_new *new, struct letter *letter)
{
    struct channel mailbox;
    bool may = true;
    str why = {0};
    struct letter l = {.id = {id_make(cx->now_ms)},
        .channel_id = new->mailbox,
        .kind = new->kind,
        .to_name = new->to.name,
        .to_address = utf8_fold(cx->arena, str_trim(new->to.address)),
        .subject = new->subject,
        .text = new->text,
        .html = new->html,
        .files = new->files,
        .refs = new->refs,
        .conversation_id = new->conversation,
        .state = S("queued"),
        .created_ms = cx->now_ms};
    TRY(letter_mailbox(cx, new->mailbox, &mailbox));
    if (!mail_address_is_plain(l.to_address) || utf8_has_control(l.to_name))
        return fail_field(cx, "email", "This is no mail address.");
    TRY(is_held_back(l.kind) ? automatic_mail_may(cx, l.to_address, &may, &why)
                             : mail_address_takes(cx, l.to_address));
    if (!may)
        return fail_detail(cx, E_LIMIT, "mails", "%.*s", SARG(why));
    TRY(fill_sender(cx, &mailbox, &l));
    l.internet_id = internet_id(cx, l.id, l.from_address);
    if (new->link.len)
        TRY(keyring_seal(
            cx->arena, cx->config->keys, link_aad(cx, l.id), new->link, &l.link_sealed));
    TRY(letter_insert(cx, &l));
    TRY(queue(cx, &l));
    *letter = l;
    return OK;
}

/* ── going out ── */

static str with_link(struct arena *a, str s, str link)
{
    struct sb b = sb_make(a, s.len + 100 * link.len + 1);
    for (ptrdiff_t at = str_find(s, S(LETTER_LINK)); link.len && at >= 0;
         at = str_find(s, S(LETTER_LINK))) {
        sb_add(&b, str_sub(s, 0, at));
        sb_add(&b, link);
        s = str_skip(s, at + (ptrdiff_t)sizeof LETTER_LINK - 1);
    }
    sb_add(&b, s);
    return sb_str(&b);
}

/* Files that are gone by now stay away. */
static err fill_files(
    struct ctx *cx, const struct letter *l, struct connector_file **files, ptrdiff_t *n)
{
    int64_t *ids = NULL;
    ptrdiff_t n_ids = id_text_read(cx->arena, l->files, &ids);
    *files = NEW(cx->arena, struct connector_file, n_ids + 1);
    *n = 0;
    for (ptrdiff_t i = 0; i < n_ids; i++) {
        struct attachment at;
        err e = attachment_get(cx, (attachment_id){ids[i]}, &at);
        if (e == E_NOT_FOUND || (e == OK && !attachment_is_here(&at)))
            continue;
        TRY(e);
        (*files)[(*n)++] = (struct connector_file){
            .name = at.name, .type = at.type, .size = at.size, .blob_name = at.blob_name};
    }
    return OK;
}

err letter_outgoing(struct ctx *cx, const struct letter *l, struct connector_outgoing *out)
{
    struct connector_letter *mail = NEW(cx->arena, struct connector_letter, 1);
    struct mail_person *to = NEW(cx->arena, struct mail_person, 1);
    struct connector_file *files = NULL;
    ptrdiff_t n_files = 0;
    str link = {0};
    if (!l->text.len)
        return E_NOT_FOUND;
    if (l->link_sealed.len &&
        keyring_open(cx->arena, cx->config->keys, link_aad(cx, l->id), l->link_sealed, &link) != OK)
        return fail(cx, E_INTERNAL, "The link of this mail does not open with this key file.");
    TRY(fill_files(cx, l, &files, &n_files));
    *to = (struct mail_person){l->to_name, l->to_address};
    *mail = (struct connector_letter){
        .from = {l->from_name, l->from_address},
        .reply_to = l->reply_to,
        .to = to,
        .n_to = 1,
        .subject = l->subject,
        .internet_id = l->internet_id,
        .html = with_link(cx->arena, l->html, link),
        .date_ms = l->created_ms,
        .first_try_ms = l->created_ms
    };
    TRY(automatic_mail_loop(cx, &mail->loop));
    mail->references = mail_references(cx->arena, l->refs, &mail->n_references);
    *out = (struct connector_outgoing){
        .delivery_id = str_print(cx->arena, "l%lld", (long long)l->id.v),
        .to = l->to_address,
        .text = with_link(cx->arena, l->text, link),
        .files = files,
        .n_files = n_files,
        .letter = mail,
        .now_ms = cx->now_ms,
        .first_try_ms = l->created_ms};
    return OK;
}

err letter_retry(struct ctx *cx, letter_id id, struct letter *letter)
{
    struct channel mailbox;
    err e = letter_get(cx, id, letter);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "There is no such mail.");
    TRY(e);
    bool is_over = str_eq(letter->state, S("failed")) || str_eq(letter->state, S("unknown"));
    if (!is_over || !letter->text.len)
        return fail(cx, E_CONFLICT, "This mail cannot be sent again.");
    TRY(letter_mailbox(cx, letter->channel_id, &mailbox));
    e = letter_change_state(cx, letter, S("queued"), (str){0});
    if (e == E_CONFLICT)
        return fail(cx, E_CONFLICT, "The mail has changed by now.");
    TRY(e);
    letter->state = S("queued");
    letter->error = (str){0};
    return queue(cx, letter);
}

/* ── what comes back ── */

/* Anybody can write a report: it counts when it is about whom the letter went to. */
static err note_report(struct ctx *cx, const struct mail_report *report, struct letter *l)
{
    bool is_about =
        !report->recipient.len || str_eq(utf8_fold(cx->arena, report->recipient), l->to_address);
    bool has_gone = str_eq(l->state, S("sent")) || str_eq(l->state, S("unknown"));
    if (!is_about || !has_gone)
        return OK;
    if (report->kind == REPORT_COMPLAINT)
        return mail_address_complained(cx, l->to_address, report->words);
    if (report->kind != REPORT_BOUNCE)
        return OK;
    if (report->is_permanent && report->is_bad_address)
        TRY(mail_address_bounced(cx, l->to_address, report->words));
    err e = letter_change_state(
        cx, l, S("failed"), report->words.len ? report->words : S("It came back."));
    return e == E_CONFLICT ? OK : e;
}

err letter_takes(struct ctx *cx, const struct connector_item *it, bool *is_ours)
{
    struct letter l;
    const struct mail_report *report = it->mail ? it->mail->report : NULL;
    str id = report ? report->message_id : it->mail ? it->mail->internet_id : (str){0};
    err e = id.len ? letter_by_internet(cx, id, &l) : E_NOT_FOUND;
    if (e == E_NOT_FOUND && report && id.len) /* relays name it as they do */
        e = letter_by_relay(cx, id, &l);
    *is_ours = e == OK;
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    return report ? note_report(cx, report, &l) : OK;
}
