/* For stories of a mailbox: mails are posted to it with its secret and taken in at once; what
 * became of them is read as the console does. */
#pragma once
#include "mailbox_world.h"

#include "base/clock.h"
#include "store/conversation.h"

struct mail_world {
    struct world w;
    struct test_app *app;
    struct mailbox box;
};
void open_world(struct mail_world *mw, struct test_app *app);
/* settings: JSON of the mailbox's. */
void open_world_with(struct mail_world *mw, struct test_app *app, str settings);

struct letter {
    const char *from, *subject, *id, *text;
    const char *to;      /* NULL = the mailbox */
    str answers;         /* In-Reply-To; empty = none */
    const char *verdict; /* of dmarc, by us; NULL = nothing is said */
    const char *headers; /* more of them; NULL = none */
};
extern const struct letter first; /* Asha's, proven */

/* The mail's bytes; the status of the answer to a post; posted and taken in. */
str written(struct arena *a, const struct letter *l);
int post(struct mail_world *mw, str secret, str mail);
void arrives(struct mail_world *mw, const struct letter *l);

/* As the owner; the answer is in app. */
int get(struct mail_world *mw, str target);
/* The newest conversation; its id. */
str newest(struct mail_world *mw);
/* "in:…|out:…", oldest first, without activities. */
str timeline(struct mail_world *mw, str conversation);
/* A text of a conversation, by its path. */
str shown(struct mail_world *mw, str conversation, const char *name);
/* What the mail of a message is; in app->json. */
void look(struct mail_world *mw, str message);
/* The owner answers; the Message-ID of that. */
str answered(struct mail_world *mw, str conversation, const char *text);
