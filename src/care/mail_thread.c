/* mail_thread: see mail_thread.h. */
#include "care/mail_thread.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/mail.h"
#include "store/conversation.h"
#include "store/mail.h"
#include "text/reply_address.h"

static struct sha256 address_key(const struct ctx *cx)
{
    return keyring_derive(cx->config->keys, S("reply address"));
}

str mail_thread_address(const struct ctx *cx, str mailbox, conversation_id id)
{
    struct sha256 key = address_key(cx);
    str made = {0};
    err e = reply_address_make(cx->arena, str_of(key.b, (ptrdiff_t)sizeof key.b),
        REPLY_CONVERSATION, mailbox, id.v, &made);
    return e == OK ? made : (str){0};
}

/* {0}: none of its addresses has a token of ours. */
static conversation_id by_token(const struct ctx *cx, const struct connector_mail *mail)
{
    struct sha256 key = address_key(cx);
    for (ptrdiff_t i = 0; i < mail->n_arrived_at; i++) {
        struct reply_token token = reply_address_read(
            cx->arena, str_of(key.b, (ptrdiff_t)sizeof key.b), mail->arrived_at[i]);
        if (token.kind == REPLY_CONVERSATION)
            return (conversation_id){token.id};
    }
    return (conversation_id){0};
}

/* The nearest mail that it says it answers and that is here. */
static err by_name(struct ctx *cx, const struct connector_mail *mail, conversation_id *id)
{
    *id = (conversation_id){0};
    for (ptrdiff_t i = mail->n_references; i > 0 && !id->v; i--) {
        err e = mail_conversation(cx, mail->references[i - 1], id);
        if (e != E_NOT_FOUND)
            TRY(e);
    }
    return OK;
}

/* E_NOT_FOUND (no words): it is not there any more. */
static err look_at(struct ctx *cx, conversation_id id, struct conversation *c)
{
    err e = conversation_get(cx, id, c);
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e;
}

err mail_thread_place(struct ctx *cx, const struct connector_item *it, struct inbound_item *item)
{
    const struct connector_mail *mail = it->mail;
    struct conversation c;
    bool takes_part = false;
    item->thread_key =
        str_cat(cx->arena, S("mail:"), utf8_prefix_bytes(mail->internet_id, LIMIT_NAME_BYTES - 5));
    item->subject = utf8_prefix_bytes(mail->subject, LIMIT_NAME_BYTES);
    item->is_quiet = mail->is_robot;
    item->is_verified = mail->is_proven;
    conversation_id id = by_token(cx, mail);
    if (!id.v)
        TRY(by_name(cx, mail, &id));
    err e = id.v ? look_at(cx, id, &c) : E_NOT_FOUND;
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    TRY(mail_member_is(cx, id, it->contact_external_id, &takes_part));
    if (mail->is_proven && (takes_part || it->is_ours))
        item->into = id;
    else
        item->related = id;
    return OK;
}
