/* Server-side TLS. See tls.h. Settings: TLS 1.2 with forward secrecy and AEAD only, and TLS 1.3
 * (Mozilla "intermediate", 2024); no compression, no renegotiation; session tickets by OpenSSL's
 * in-memory keys, so a restart means a full handshake. */
#include "net/tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

struct tls_server {
    SSL_CTX *context;
};

static err explain(struct arena *a, str file, str *why)
{
    char text[160];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    *why = str_print(a, "TLS file %.*s: %s", SARG(file), text);
    return E_INVALID;
}

static err fill_context(struct arena *a, SSL_CTX *context, str cert_file, str key_file, str *why)
{
    ERR_clear_error();
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK") != 1)
        return explain(a, cert_file, why);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(context, str_z(a, cert_file)) != 1)
        return explain(a, cert_file, why);
    if (SSL_CTX_use_PrivateKey_file(context, str_z(a, key_file), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return explain(a, key_file, why);
    return OK;
}

err tls_server_open(struct arena *a, str cert_file, str key_file, struct tls_server **tls, str *why)
{
    struct tls_server *t = alloc_zero((ptrdiff_t)sizeof *t);
    SSL_CTX *context = t != NULL ? SSL_CTX_new(TLS_server_method()) : NULL;
    if (context == NULL) {
        free(t);
        *why = S("out of memory");
        return E_BUSY;
    }
    err e = fill_context(a, context, cert_file, key_file, why);
    if (e != OK) {
        SSL_CTX_free(context);
        free(t);
        return e;
    }
    t->context = context;
    *tls = t;
    return OK;
}

void tls_server_close(struct tls_server *tls)
{
    SSL_CTX_free(tls->context);
    free(tls);
}

struct bufferevent *tls_server_wrap(struct tls_server *tls, struct event_base *base, int fd)
{
    SSL *ssl = SSL_new(tls->context);
    if (ssl == NULL)
        return NULL;
    struct bufferevent *bev = bufferevent_openssl_socket_new(
        base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev == NULL)
        SSL_free(ssl);
    return bev;
}

void tls_server_say_goodbye(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);
    if (ssl == NULL || !SSL_is_init_finished(ssl))
        return;
    SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN); /* we do not wait for the peer's */
    (void)SSL_shutdown(ssl);                      /* best effort: the socket closes next */
    ERR_clear_error();
}
