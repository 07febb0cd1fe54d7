/* letter: a mail of ours that is no message of a mailbox's conversation goes out by a mailbox of
 * the account: what was said in a chat whose visitor has left, a transcript, an invitation, a
 * password reset. Name, people and words are settled when it is made, so that every try sends the
 * same mail. What is secret in it (a link) is sealed until it has gone, and then forgotten. Nobody
 * wrote these mails: Auto-Submitted. Not here: sending (job/letter.c), words (chat_mail.h,
 * transcript.h, system_mail.h). Thread: the caller's; inside its WRITE transaction unless it says
 * otherwise. */
#pragma once
#include "connector/connector.h"
#include "connector/mail.h"
#include "model/channel.h"
#include "model/ctx.h"
#include "model/letter.h"

/* What {link} in text and html stands for is letter_new.link. */
#define LETTER_LINK "{link}"

struct letter_new {
    channel_id mailbox;
    str kind; /* chat transcript invitation password_reset */
    struct mail_person to;
    str subject, text;
    str html;  /* empty = a plain mail */
    str link;  /* secret; empty = none */
    str files; /* attachment ids ",1,2,"; empty = none */
    conversation_id conversation;
    str refs; /* as mail.refs: what it goes on from; empty = none */
};
/* The letter is stored and queued. E_CONFLICT "mailbox": the mailbox is gone, off, or cannot send;
 * E_CONFLICT "bad_address": the address takes none (mail_address.h);
 * E_INVALID "email": this is no mail address; E_LIMIT "mails": the address has had too many. */
err letter_add(struct ctx *cx, const struct letter_new *new, struct letter *letter);
/* A mailbox that can send. E_CONFLICT "mailbox" with words. Reads only. */
err letter_mailbox(struct ctx *cx, channel_id id, struct channel *channel);
/* The same of a setting: E_INVALID names the field. */
err letter_mailbox_check(struct ctx *cx, const char *field, channel_id id);
/* What goes out: *out without its setup. Reads only. E_NOT_FOUND (no words): it says nothing any
 * more; E_INTERNAL: its link does not open. */
err letter_outgoing(struct ctx *cx, const struct letter *letter, struct connector_outgoing *out);
/* A failed or unknown one goes out again: its people have decided. E_CONFLICT: it is in another
 * state, or a password reset, which is asked for anew. */
err letter_retry(struct ctx *cx, letter_id id, struct letter *letter);
/* What a mailbox has received is about a letter: a report that it did not arrive (it is failed from
 * then on), or the letter itself. Of other items nothing is said: *is_ours. */
err letter_takes(struct ctx *cx, const struct connector_item *it, bool *is_ours);
