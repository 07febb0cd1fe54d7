/* TLS for the server side: one context made from a certificate and a key file, TLS 1.2 and newer,
 * replaced as a whole when the files change. With tls_client.h and base/crypto the only rooms
 * that know OpenSSL. Thread: tls_open anywhere; the context is used by the loop. */
#pragma once
#include "base/str.h"

struct tls_server;
struct event_base;
struct bufferevent;

/* E_INVALID with *why: a file cannot be read, is no PEM, or key and certificate do not match. */
err tls_server_open(
    struct arena *a, str cert_file, str key_file, struct tls_server **tls, str *why);
void tls_server_close(struct tls_server *tls); /* connections under way keep what they need */
/* A bufferevent that speaks TLS on an accepted socket (which it closes when freed); NULL = no
 * memory. */
struct bufferevent *tls_server_wrap(struct tls_server *tls, struct event_base *base, int fd);
/* Tells the peer that the end is meant (close_notify), as far as the socket takes it. Before free.
 */
void tls_server_say_goodbye(struct bufferevent *bev);
