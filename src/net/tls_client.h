/* TLS for connections we make ourselves and read in our own way: mail (net/mail_line.h). Outgoing
 * HTTP has libcurl's.
 *
 * The peer's certificate chain must lead to a trusted root and the certificate must name the host
 * (RFC 6125: no partial wildcards; a literal address must stand in it as an address). There is no
 * way to accept another one. TLS 1.2 and newer, the host name is sent (SNI). The socket is
 * non-blocking: each call does what can be done now and says what it waits for; deadlines are the
 * caller's. The roots are read once for all connections, again when their file has changed, and
 * every hour. Thread: one at a time. */
#pragma once
#include "base/str.h"

enum tls_step {
    TLS_DONE,
    TLS_WANTS_READ,  /* again when the socket can be read */
    TLS_WANTS_WRITE, /* again when it can be written */
    TLS_ENDED,       /* the peer has closed in order */
    TLS_FAILED,      /* tls_client_why says in words what happened */
};

struct tls_client;

/* ca_file: PEM roots to trust instead of the system's; empty = the system's. host must be a host
 * name or a literal address without brackets. fd stays the caller's. E_BUSY: out of memory;
 * E_INVALID with *why: ca_file cannot be used. */
err tls_client_open(
    struct arena *a, int fd, str host, str ca_file, struct tls_client **client, str *why);
void tls_client_close(struct tls_client *client); /* says goodbye as far as the socket takes it */

enum tls_step tls_client_shake(struct tls_client *client); /* TLS_DONE: the peer is the host */
/* TLS_DONE: *got ≥ 1 bytes are in `to`. */
enum tls_step tls_client_read(struct tls_client *client, char *to, ptrdiff_t cap, ptrdiff_t *got);
/* TLS_DONE: *taken ≥ 1 bytes went out. After TLS_WANTS_… it must be called again with these bytes.
 */
enum tls_step tls_client_write(struct tls_client *client, str bytes, ptrdiff_t *taken);
/* Bytes wait inside that the socket does not show any more. */
bool tls_client_has_waiting(const struct tls_client *client);

/* After TLS_FAILED. Words for a person, without an end mark; live as long as the client. */
str tls_client_why(const struct tls_client *client);
bool tls_client_is_untrusted(const struct tls_client *client); /* it was the certificate */
/* After TLS_FAILED: the peer has ended the connection, as one that is being started does. */
bool tls_client_was_cut(const struct tls_client *client);
