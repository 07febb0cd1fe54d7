/* chat_mail: a website chat goes on by mail. What we answered and the visitor has not seen goes out
 * as one letter when they are not there any more, to the address that they gave, by the mailbox
 * that the chat's settings name; their answer comes back into the same conversation (mail_thread.h:
 * by the name of the letter or the token of its address, from the address that it went to, proven).
 * Each message of ours is looked at once, so many minutes after it was sent, and a letter takes
 * along all that is unseen by then: nothing goes twice. Rules: docs/widget.md "By mail". Not here:
 * sending (letter.h), who is there (job/chat_mail.c). Thread: the caller's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

enum {
    CHAT_MAIL_MINUTES = 5, /* when the settings say nothing */
    CHAT_MAIL_MINUTES_MOST = 24 * 60,
};

/* Of a website chat's settings. */
struct chat_mail_settings {
    channel_id mailbox; /* {0} = it does not go on by mail */
    int64_t after_ms;
    bool gives_transcript; /* the visitor may have one mailed */
};
struct chat_mail_settings chat_mail_settings(struct arena *a, str settings);

/* In which language and time zone its visitor reads. zone: empty = not known. */
struct chat_reader {
    str locale; /* of words_locale */
    str zone;
};
err chat_mail_reader(struct ctx *cx, const struct conversation *c, const struct contact *contact,
    struct chat_reader *r);

/* A message has been sent: a job looks at it in time (job "chat_mail"). Nothing where the chat does
 * not go on by mail. In a WRITE transaction. */
err chat_mail_plan(struct ctx *cx, message_id id);

struct chat_mail_due {
    bool is_due;        /* unseen, in no letter yet, and the visitor has a mail address */
    bool is_held_back;  /* due, but the address has had too many mails */
    contact_id contact; /* who must not be there */
};
/* Reads only. */
err chat_mail_look(struct ctx *cx, message_id id, struct chat_mail_due *due);
/* Makes the letter, when it is still due. In a WRITE transaction, as the system. */
err chat_mail_send(struct ctx *cx, message_id id);
