/* An SMTP server that plays a script, for tests: what it hears and what it says, step by step, over
 * several connections one after the other, also with TLS; and one without a script that takes
 * everything. Not for production. Thread: the functions are the test's; the peer runs on a thread
 * of its own. */
#pragma once
#include "net/smtp.h"
#include "test.h"

struct smtp_peer;

struct smtp_step {
    const char *hears; /* the start of the line that is waited for; NULL = none; "." = all up to the
                        * final dot */
    const char *says;  /* bytes, or one of the below; NULL = nothing */
};
/* Rows with two NULLs part one connection from the next; after its last row the peer closes. */
#define SMTP_PEER_NEXT                                                                             \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }
#define SMTP_PEER_RESET  "\1reset"  /* ends the connection hard */
#define SMTP_PEER_HANG   "\1hang"   /* says nothing until the other side ends */
#define SMTP_PEER_TLS    "\1tls"    /* says 220 and goes on in TLS */
#define SMTP_PEER_INJECT "\1inject" /* the same with a line in the clear behind the 220 */
#define SMTP_PEER_STREAM "\1stream" /* letters without a line end until the other side ends */
#define SMTP_PEER_LINES  "\1lines"  /* lines of an answer without a last one, likewise */

/* What most dialogues begin and end with. */
#define SMTP_PEER_HELLO                                                                            \
    {NULL, "220 mx.example.com ESMTP\r\n"},                                                        \
    {                                                                                              \
        "EHLO ", "250-mx.example.com\r\n250 SIZE 1000000\r\n"                                      \
    }

/* n rows. is_tls: TLS from the first byte. steps NULL: takes everything, n connections at a time
 * being one, without end. Ends with smtp_peer_close. */
struct smtp_peer *smtp_peer_open(const struct smtp_step *steps, int n, bool is_tls);
void smtp_peer_close(struct smtp_peer *p);
int smtp_peer_port(const struct smtp_peer *p);
/* Its certificate, which is for "localhost" and 127.0.0.1 and vouches for itself: a PEM file. */
str smtp_peer_ca(struct smtp_peer *p);

/* Once its thread has ended the connections that the script has, or those that were made: all that
 * was heard on the nth, in the test's arena. */
str smtp_peer_heard(struct smtp_peer *p, int nth);
int smtp_peer_connections(struct smtp_peer *p); /* accepted so far */
int smtp_peer_mails(struct smtp_peer *p);       /* final dots heard so far */
/* The next time that a line is heard which begins so ("." = the final dot), `then` runs on the
 * peer's thread before it is answered: whoever sends waits meanwhile. Once. */
void smtp_peer_meanwhile(
    struct smtp_peer *p, const char *hears, void (*then)(void *arg), void *arg);
/* Waits until its script is over; fails when it heard something else. */
void smtp_peer_done(struct smtp_peer *p);

/* Options for it: 127.0.0.1, may go there, in the clear, no login, short waits. */
struct smtp_options smtp_peer_options(const struct smtp_peer *p);
const struct egress_rules *smtp_peer_rules(void); /* mail to loopback is allowed */
