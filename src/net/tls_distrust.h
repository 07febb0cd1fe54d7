/* tls_distrust: why a certificate is not trusted, in words for the person who can act. Not here:
 * looking at certificates (libcurl does, tls_client.c). Thread: any. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

/* `found` is what libcurl's TLS library says (CURLINFO_SSL_VERIFYRESULT); `other`: libcurl's own
 * words, for what has none here. */
str tls_distrust_words(struct arena *a, bool is_gnutls, long found, const char *other);
