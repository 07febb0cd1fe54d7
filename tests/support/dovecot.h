/* A real Dovecot for tests: tests/support/dovecot.py as a child process of this program, whose path
 * SEVA_DOVECOT holds. Not for production. */
#pragma once
#include "test.h"

struct dovecot {
    int imap, imaps; /* ports on 127.0.0.1; 127.0.0.2 and .3 have other certificates: dovecot.py */
    char folder[256];
    char token[1024]; /* of care@example.com */
    char why[256];    /* it does not run because … */
};

/* Once per program, before the first test. False: there is none; d->why. Ends by dovecot_stop. */
bool dovecot_start(struct dovecot *d);
void dovecot_stop(void);
/* Puts a mail into the user's INBOX, as a delivery does; bytes as they are. */
void dovecot_deliver(const struct dovecot *d, const char *user, str mail);
