/* A mailbox for stories of mails, and mails that are posted to it as a forwarder does. */
#pragma once
#include "engine_world.h"

#define MAILBOX "support@example.com"
#define BY_US   "mx.example.com"

struct mailbox {
    channel_id channel;
    str key, secret; /* of its address for posts; they live as long as the app's arena */
};
/* settings: JSON of the channel's. */
void mailbox_add(struct mailbox *box, struct test_app *app, str settings);
/* The statuses of the answers: to any body; to a mail with this secret. Nothing is run. */
int mailbox_post_as(
    struct test_app *app, const struct mailbox *box, str authorization, const char *type, str body);
int mailbox_post(struct test_app *app, const struct mailbox *box, str secret, str mail);
/* A mail that is posted with the mailbox's secret, and taken in. */
void mailbox_takes(struct world *w, const struct mailbox *box, str mail);
