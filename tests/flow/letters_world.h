/* For stories of letters: a mailbox that sends to a server of the test's, which takes everything,
 * and takes mails that are posted to it; a website chat that goes on by mail through it. */
#pragma once
#include "files_world.h"
#include "mailbox_world.h"
#include "smtp_peer.h"

/* How a scripted server of the mailbox begins. */
#define LETTERS_HELLO                                                                              \
    {NULL, "220 mx.example.com ESMTP\r\n"},                                                        \
        {"EHLO ", "250-mx.example.com\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n"},                     \
    {                                                                                              \
        "AUTH ", "235 2.7.0 ok\r\n"                                                                \
    }

struct letters_world {
    struct world w;
    struct test_app *app;
    struct smtp_peer *smtp;
    struct mailbox box;
};
/* steps NULL: the server takes everything. */
void letters_open(
    struct letters_world *lw, struct test_app *app, const struct smtp_step *steps, int n);
void letters_close(struct letters_world *lw);
/* The chat's settings change: a JSON object. */
void letters_chat(struct letters_world *lw, const char *settings);
/* A visitor with this address has written, and the owner has answered; the conversation. token:
 * the visitor's. */
str letters_answered(struct letters_world *lw, const char *email, const char *answer, str *token);
/* Time goes by, and what is due is done. */
void letters_wait(struct letters_world *lw, int minutes);
/* All that the server has heard. */
str letters_heard(struct letters_world *lw);
/* Of the newest letter. */
str letters_newest(struct letters_world *lw, const char *name);
/* A header of the newest mail that the server has heard; folded lines are one. */
str letters_header(struct letters_world *lw, const char *name);
struct letters_mail {
    const char *from, *id, *text;
    str to;              /* empty = the mailbox */
    str answers;         /* Message-ID; empty = none */
    const char *verdict; /* of dmarc; NULL = nothing is said */
};
void letters_arrive(struct letters_world *lw, const struct letters_mail *mail);
/* "in:…|out:…" as agents see it; a * before what went or came by mail. */
str letters_timeline(struct letters_world *lw, str conversation);
