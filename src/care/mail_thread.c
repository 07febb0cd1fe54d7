/* mail_thread: see mail_thread.h. */
#include "care/mail_thread.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/join.h"
#include "connector/mail.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/letter.h"
#include "store/mail.h"
#include "store/mail_way.h"
#include "text/mail_reply.h"
#include "text/reply_address.h"

enum {
    UNPROVEN_BYTES = 12,
    TAGS_MOST = 8,    /* "[EXTERNAL]" before a subject */
    TAG_BYTES = 40,   /* of one */
    CORE_BYTES = 200, /* of a subject, to compare: a conversation's is cut at 400 */
};

static struct sha256 address_key(const struct ctx *cx)
{
    return keyring_derive(cx->config->keys, S("reply address"));
}

static str signed_address(const struct ctx *cx, enum reply_kind kind, str mailbox, int64_t id)
{
    struct sha256 key = address_key(cx);
    str made = {0};
    err e = reply_address_make(
        cx->arena, str_of(key.b, (ptrdiff_t)sizeof key.b), kind, mailbox, id, &made);
    return e == OK ? made : (str){0};
}

str mail_thread_address(const struct ctx *cx, str mailbox, conversation_id id)
{
    return signed_address(cx, REPLY_CONVERSATION, mailbox, id.v);
}

str mail_thread_bounces(const struct ctx *cx, str mailbox, message_id id)
{
    return signed_address(cx, REPLY_BOUNCE, mailbox, id.v);
}

/* 0: none of the addresses has a token of ours of that kind. */
static int64_t by_token(
    const struct ctx *cx, enum reply_kind kind, const str *addresses, ptrdiff_t n)
{
    struct sha256 key = address_key(cx);
    for (ptrdiff_t i = 0; i < n; i++) {
        struct reply_token token =
            reply_address_read(cx->arena, str_of(key.b, (ptrdiff_t)sizeof key.b), addresses[i]);
        if (token.kind == kind)
            return token.id;
    }
    return 0;
}

message_id mail_thread_bounced(const struct ctx *cx, const str *addresses, ptrdiff_t n)
{
    return (message_id){by_token(cx, REPLY_BOUNCE, addresses, n)};
}

/* E_NOT_FOUND (no words): there is none, or it belongs to no conversation. */
static err by_letter(struct ctx *cx, str internet_id, conversation_id *id)
{
    struct letter l;
    TRY(letter_by_internet(cx, internet_id, &l));
    *id = l.conversation_id;
    return OK;
}

/* The nearest mail that it says it answers and that is here. */
static err by_name(struct ctx *cx, const struct connector_mail *mail, conversation_id *id)
{
    *id = (conversation_id){0};
    for (ptrdiff_t i = mail->n_references; i > 0 && !id->v; i--) {
        err e = mail_conversation(cx, mail->references[i - 1], id);
        if (e == E_NOT_FOUND)
            e = by_letter(cx, mail->references[i - 1], id);
        if (e != E_NOT_FOUND)
            TRY(e);
    }
    return OK;
}

/* A mail that goes into a chat answers its letter. */
static err find_letter(struct ctx *cx, const struct conversation *c, letter_id *id)
{
    struct letter l = {0};
    err e = str_eq(c->channel_kind, S("widget")) ? letter_of_chat(cx, c->id, &l) : E_NOT_FOUND;
    *id = l.id;
    return e == E_NOT_FOUND ? OK : e;
}

/* Programs answer the envelope's sender, which names one of our mails. */
static err by_envelope(struct ctx *cx, const struct connector_mail *mail, conversation_id *id)
{
    struct mail_way way;
    message_id message = mail_thread_bounced(cx, mail->arrived_at, mail->n_arrived_at);
    err e = message.v ? mail_way_get(cx, message, &way) : E_NOT_FOUND;
    if (e == OK)
        *id = way.conversation_id;
    return e == E_NOT_FOUND ? OK : e;
}

/* E_NOT_FOUND (no words): it is not there any more. */
static err look_at(struct ctx *cx, conversation_id id, struct conversation *c)
{
    err e = conversation_follow(cx, id, c);
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e;
}

/* ── subjects ── */

/* Without marks of answers and what gateways write before it ("[EXTERNAL] Re: x" → "x"). */
static str subject_core(struct arena *a, str subject)
{
    subject = mail_subject_bare(a, subject);
    for (int i = 0; i < TAGS_MOST && str_starts(subject, S("[")); i++) {
        ptrdiff_t end = str_find_byte(str_sub(subject, 0, TAG_BYTES), ']');
        if (end < 0)
            break;
        subject = str_trim(str_skip(subject, end + 1));
        subject =
            mail_subject_bare(a, str_starts(subject, S(":")) ? str_skip(subject, 1) : subject);
    }
    return utf8_fold(a, utf8_prefix_bytes(subject, CORE_BYTES));
}

/* Neither what the conversation is called nor what a mail of ours was that it answers. */
static err is_another_subject(struct ctx *cx, const struct connector_mail *mail,
    const struct conversation *c, bool *is_another)
{
    str core = subject_core(cx->arena, mail->subject);
    *is_another = core.len && !str_eq(core, subject_core(cx->arena, c->subject));
    for (ptrdiff_t i = mail->n_references; i > 0 && *is_another; i--) {
        struct mail_way way;
        struct mail ours;
        err e = mail_way_named(cx, mail->references[i - 1], &way);
        if (e == OK)
            e = mail_get(cx, way.message_id, &ours);
        if (e == OK && str_eq(core, subject_core(cx->arena, ours.subject)))
            *is_another = false;
        else if (e != E_NOT_FOUND)
            TRY(e);
    }
    return OK;
}

/* "#123" in a subject suggests a conversation to an agent, and is evidence of nothing. */
static err suggest_by_number(struct ctx *cx, str subject, conversation_id *id)
{
    ptrdiff_t at = str_find_byte(subject, '#'), end = at + 1;
    int64_t number = 0;
    struct conversation c;
    if (at < 0)
        return OK;
    while (end < subject.len && subject.at[end] >= '0' && subject.at[end] <= '9')
        end++;
    if (str_int(str_sub(subject, at + 1, end - at - 1), 1, INT32_MAX, &number) != OK)
        return OK;
    err e = conversation_by_number(cx, number, &c);
    if (e == OK && str_eq(c.channel_kind, S("email")))
        *id = c.id;
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e == E_NOT_FOUND ? OK : e;
}

/* ── where it belongs ── */

/* Whoever gave the address in the chat got our letter there, and answers it: the address is proven
 * to be theirs. A program that answers proves nothing. */
static err find_partner(struct ctx *cx, const struct connector_item *it,
    const struct conversation *c, struct inbound_item *item)
{
    struct contact partner;
    if (!str_eq(c->channel_kind, S("widget")) || it->is_ours || it->mail->is_robot)
        return OK;
    TRY(contact_get(cx, c->contact_id, &partner));
    if (!partner.is_blocked && str_eq(utf8_fold(cx->arena, partner.email), it->contact_external_id))
        item->known_as = partner.id;
    return OK;
}

static err place_named(struct ctx *cx, const struct connector_item *it,
    const struct conversation *c, struct inbound_item *item)
{
    const struct connector_mail *mail = it->mail;
    bool takes_part = false, is_another = false;
    TRY(mail_member_is(cx, c->id, it->contact_external_id, &takes_part));
    bool is_evidence = mail->is_proven && (takes_part || it->is_ours);
    bool has_subject = str_eq(c->channel_kind, S("email")); /* a chat has none */
    if (is_evidence && has_subject && mail->splits_by_subject && !mail->is_robot)
        TRY(is_another_subject(cx, mail, c, &is_another));
    if (!is_evidence || is_another) {
        item->related = c->id;
        return OK;
    }
    item->into = c->id;
    return find_partner(cx, it, c, item);
}

/* A form's or a shop's mail, where the mailbox wants those to wait for somebody like a person's. */
static bool opens_alone(const struct connector_mail *mail)
{
    return mail->opens_all && !mail->is_away && !mail->is_loop && !mail->n_references &&
           !mail->mime->report_type.len;
}

/* Of the conversation that it begins. A name can be repeated by anybody who has seen it: with the
 * same name and sender, but without proof, another mail begins another one. */
static str own_key(struct arena *a, const struct connector_item *it)
{
    str name = utf8_prefix_bytes(it->mail->internet_id, LIMIT_NAME_BYTES / 2);
    if (it->mail->is_proven)
        return str_cat(a, S("mail:"), name);
    struct sha256 whole = crypto_sha256(it->external_id);
    str sum = crypto_hex(a, str_of((char *)whole.b, UNPROVEN_BYTES));
    return str_print(a, "mail:%.*s/%.*s", SARG(name), SARG(sum));
}

err mail_thread_place(struct ctx *cx, const struct connector_item *it, struct inbound_item *item)
{
    const struct connector_mail *mail = it->mail;
    struct conversation c;
    item->thread_key = own_key(cx->arena, it);
    item->subject = utf8_prefix_bytes(mail->subject, LIMIT_NAME_BYTES);
    item->is_verified = mail->is_proven;
    conversation_id id = {by_token(cx, REPLY_CONVERSATION, mail->arrived_at, mail->n_arrived_at)};
    if (!id.v)
        TRY(by_name(cx, mail, &id));
    if (!id.v)
        TRY(by_envelope(cx, mail, &id));
    item->is_quiet = mail->is_robot && (id.v || !opens_alone(mail));
    err e = id.v ? look_at(cx, id, &c) : E_NOT_FOUND;
    if (e == E_NOT_FOUND)
        return suggest_by_number(cx, mail->subject, &item->related);
    TRY(e);
    TRY(place_named(cx, it, &c, item));
    return item->into.v ? find_letter(cx, &c, &item->letter) : OK;
}
