/* A mail server's end of the line for tests: a peer on a loopback port that plays a script, line by
 * line, in the clear or with TLS, and keeps what it heard. For IMAP and SMTP alike. Not for
 * production. Thread: the functions are the test's; the peer runs on a thread of its own. */
#pragma once
#include "test.h"

struct mail_peer;

/* A step of a script, by its first character:
 *   "> text"   says the line; "$" at its beginning stands for the tag heard last
 *   ">>text"   says these bytes, without an end of line
 *   "< text"   hears a line that holds the text (ASCII case aside); the first word of an IMAP line
 * is its tag
 *   "<!bytes"  hears this many bytes and forgets them
 *   "tls"      shakes hands
 *   "many N text"  says the line N times
 *   "hang"     waits until the other side has closed
 * After the last step the peer closes. A line that does not fit the script ends it, and
 * mail_peer_close fails the test. */
struct mail_peer *mail_peer_open(const char *const *script, ptrdiff_t steps);
/* With a certificate for `name` (DNS names and IP addresses: "DNS:mail.example,IP:127.0.0.1"), from
 * the test's authority or, is_self_signed, from itself. Starts with TLS only where the script says
 * so. */
struct mail_peer *mail_peer_open_tls(
    const char *const *script, ptrdiff_t steps, const char *name, bool is_self_signed);
int mail_peer_port(const struct mail_peer *p);
str mail_peer_ca(const struct mail_peer *p); /* path of the authority's PEM */
/* The nth line heard, without its end; fails when there is none. Waits for the peer's end. */
str mail_peer_heard(struct mail_peer *p, int nth);
void mail_peer_close(struct mail_peer *p);
/* For a test in which the connection is meant to end before the script does. */
void mail_peer_may_stop(struct mail_peer *p);

#define MAIL_PEER(...)                                                                             \
    mail_peer_open((const char *const[]){__VA_ARGS__},                                             \
        (ptrdiff_t)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)))
#define MAIL_PEER_TLS(name, is_self_signed, ...)                                                   \
    mail_peer_open_tls((const char *const[]){__VA_ARGS__},                                         \
        (ptrdiff_t)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)), (name),          \
        (is_self_signed))
