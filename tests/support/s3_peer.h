/* A store that speaks S3 in another process, tests/support/s3_peer.py: it verifies signatures by
 * itself and fails when it is told to. It ends with the test program. */
#pragma once
#include "test.h"

#include "net/s3.h"

/* Started once per program. */
int s3_peer_port(void);
/* A client of it, path style, everything under `prefix`. */
struct s3 *s3_peer_open(str prefix, str secret);
/* away_ms: of s3.h. */
struct s3 *s3_peer_open_as(str prefix, str secret, int64_t away_ms);
/* The same with the bucket in the host's name ("attachments.HOST"); only under "store.example" the
 * peer is found. */
struct s3 *s3_peer_open_by_name(str host, str prefix);
/* The same over TLS, with a certificate for these names ("DNS:*.store.example"), which is trusted;
 * the peer is found under every host. */
struct s3 *s3_peer_open_by_tls(const char *names, str bucket, str host);
/* The next n requests fail so: a word of s3_peer.py. */
void s3_peer_fail(const char *kind, int n);
void s3_peer_damage(str key);
/* No object is there, no fault waits, nothing has been asked. */
void s3_peer_clear(void);
/* One name a line. */
str s3_peer_objects(void);
/* Since it was asked last: "GET /attachments/key 200", one a line. */
str s3_peer_requests(void);
