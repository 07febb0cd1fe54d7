/* For stories of mails that go out: a mailbox with a scripted server, a customer who has written,
 * reports that are posted. Not for production. */
#pragma once
#include "mailbox_world.h"

#include "mail_peer.h"
#include "smtp_peer.h"

struct mail_world {
    struct world w;
    struct test_app *app;
    struct mailbox box;
};
/* settings: more members of the channel's settings, as "\"plus\":\"yes\""; "" = none. smtp NULL: no
 * server for sending. Replies are not held. */
void mails_open(struct mail_world *mw, struct test_app *app, const struct smtp_peer *smtp,
    const char *settings, const char *secrets);
void mails_secrets(struct mail_world *mw, const char *secrets);
/* A proven mail by asha@example.net (or `from`) begins a conversation, or answers; its id. headers:
 * more of them, with CRLF. */
str mails_arrive(struct mail_world *mw, const char *from, const char *id, const char *headers);
void mails_post(struct mail_world *mw, str mail);
/* Answers a conversation, and runs what is due; the message's id. */
str mails_answer(struct mail_world *mw, str conversation, const char *text);
/* The same by a whole body of the request ("mail" …); the status of the answer. */
int mails_answer_with(struct mail_world *mw, str conversation, const char *more);
void mails_wait(struct mail_world *mw, int64_t ms);
/* What GET /messages/{id}/mail says at `path`. */
str mails_shown(struct mail_world *mw, str message, const char *path);
str mails_state(struct mail_world *mw, str conversation, str message);
/* "asha@example.net taken, ben@example.net later" */
str mails_recipients(struct mail_world *mw, str message);
/* A report: kind "failed", "delayed", "delivered"; about = its Message-ID line or "". */
str mails_report(struct mail_world *mw, const char *kind, const char *recipient, const char *to,
    str about, const char *name);
