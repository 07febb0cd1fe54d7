/* A real OpenSMTPD for a C test: starts tests/support/opensmtpd.py, which says what it is. Not for
 * production. Thread: the test's. */
#pragma once
#include "net/smtp.h"
#include "test.h"

struct opensmtpd;

/* Its script is named by the environment variable SEVA_TEST_OPENSMTPD (tests/unit/net/meson.build
 * sets it). NULL: it cannot run here; *why says it (static or in the test's arena): skip then.
 * relay_port: where it relays all mail to on 127.0.0.1; 0 = it delivers to Maildir folders. */
struct opensmtpd *opensmtpd_start(int relay_port, const char **why);
void opensmtpd_stop(struct opensmtpd *o);

/* Options for one of its ports: MAIL_TLS and MAIL_STARTTLS with its certificate and a login that it
 * knows, MAIL_PLAIN without. In the test's arena. */
struct smtp_options opensmtpd_options(const struct opensmtpd *o, enum mail_security security);
/* The mails that were delivered to this address, in no order: waits until there are n, at most a
 * minute. Fails when there are fewer or more. In the test's arena. */
const str *opensmtpd_mails(const struct opensmtpd *o, const char *address, int n);
