/* The demo's mailbox: a channel for care@seva-shop.example, to which the simulator posts mails, and
 * whose answers go out over its SMTP (networks/email.c). Some mails are there from the start; who
 * wrote them, and who writes later, answers what they get. Thread: one. */
#pragma once
#include "dice.h"
#include "shop.h"
#include "sim.h"
#include "texts.h"

/* Writes the file of certificates that `seva serve --ca-file` is told: the system's and that of the
 * simulator's mail server. false: it cannot be written. */
bool mailbox_trust(struct arena *a, const struct sim *sim, str file);
/* Makes the channel, or tells the one that is there where the mail server is in this run; channels:
 * the list of GET /channels. false: there is none. */
bool mailbox_connect(
    struct sim *sim, struct shop *shop, struct arena *a, const struct json *channels, bool *is_new);
/* The mails of the start: plain, HTML with a picture, with a file, in Bengali and Arabic, an
 * out-of-office notice and a newsletter. */
void mailbox_fill(struct sim *sim, struct arena *a);
/* Somebody writes a mail of the scene, and answers twice. */
void mailbox_say(struct sim *sim, struct arena *a, struct dice *dice, const struct language *l,
    const struct scenario *scene, const struct text_values *values);
