/* TLS of the SMTP server: an authority made at each start, which signs one certificate, for
 * loopback, and may sign for nothing else (name constraints); its key is freed before anybody
 * connects. So who trusts it trusts nobody new. Threads have SIGPIPE blocked (base/thread.h), as
 * OpenSSL writes with write(). Sources: RFC 5280 (4.2.1.10), RFC 3207. See inner.h. */
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "inner.h"

enum { YEAR_S = 366 * 24 * 3600, DAY_S = 24 * 3600 };

static const char authority_name[] = "Authority of a simulated mail server";

struct smtp_tls {
    SSL_CTX *context;
    X509 *authority;
};

static bool extend(X509 *certificate, int what, const char *value)
{
    X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, what, value);
    bool is_made = x != NULL && X509_add_ext(certificate, x, -1) == 1;
    X509_EXTENSION_free(x);
    return is_made;
}

static bool name_it(X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_txt(
               name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1;
}

/* With its times, names and key, and without extensions; unsigned. NULL: out of memory. */
static X509 *certificate_make(const char *subject, const char *issuer, EVP_PKEY *key, long serial)
{
    X509 *c = X509_new();
    bool is_made = c != NULL && X509_set_version(c, X509_VERSION_3) == 1 &&
                   ASN1_INTEGER_set(X509_get_serialNumber(c), serial) == 1 &&
                   X509_gmtime_adj(X509_getm_notBefore(c), -DAY_S) != NULL &&
                   X509_gmtime_adj(X509_getm_notAfter(c), YEAR_S) != NULL &&
                   name_it(X509_get_subject_name(c), subject) &&
                   name_it(X509_get_issuer_name(c), issuer) && X509_set_pubkey(c, key) == 1;
    if (is_made)
        return c;
    X509_free(c);
    return NULL;
}

static X509 *authority_make(EVP_PKEY *key)
{
    X509 *c = certificate_make(authority_name, authority_name, key, 1);
    bool is_made = c != NULL && extend(c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                   extend(c, NID_key_usage, "critical,keyCertSign") &&
                   extend(c, NID_name_constraints,
                       "critical,permitted;IP:127.0.0.0/255.0.0.0,permitted;DNS:localhost") &&
                   X509_sign(c, key, EVP_sha256()) > 0;
    if (is_made)
        return c;
    X509_free(c);
    return NULL;
}

/* The server's, into the context. */
static bool server_make(SSL_CTX *context, EVP_PKEY *authority_key)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *c = key ? certificate_make("localhost", authority_name, key, 2) : NULL;
    bool is_made = c != NULL && extend(c, NID_basic_constraints, "critical,CA:FALSE") &&
                   extend(c, NID_ext_key_usage, "serverAuth") &&
                   extend(c, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1") &&
                   X509_sign(c, authority_key, EVP_sha256()) > 0 &&
                   SSL_CTX_use_certificate(context, c) == 1 &&
                   SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(c);
    EVP_PKEY_free(key);
    return is_made;
}

err smtp_tls_open(struct smtp_tls **out)
{
    struct smtp_tls *tls = sim_alloc((ptrdiff_t)sizeof *tls);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    tls->context = SSL_CTX_new(TLS_server_method());
    tls->authority = key ? authority_make(key) : NULL;
    bool is_made = tls->context != NULL && tls->authority != NULL &&
                   SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) == 1 &&
                   server_make(tls->context, key);
    EVP_PKEY_free(key);
    if (!is_made) {
        smtp_tls_close(tls);
        return E_BUSY;
    }
    *out = tls;
    return OK;
}

void smtp_tls_close(struct smtp_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    X509_free(tls->authority);
    free(tls);
}

str sim_smtp_ca(struct arena *a, const struct sim *sim)
{
    str text = {0};
    char *at = NULL;
    BIO *out = sim->smtp_tls ? BIO_new(BIO_s_mem()) : NULL;
    if (out != NULL && PEM_write_bio_X509(out, sim->smtp_tls->authority) == 1) {
        long len = BIO_get_mem_data(out, &at);
        text = str_copy(a, str_of(at, (ptrdiff_t)len));
    }
    BIO_free(out);
    return text;
}

bool smtp_tls_accept(struct connection *conn)
{
    SSL *ssl = SSL_new(conn->sim->smtp_tls->context);
    if (ssl == NULL || SSL_set_fd(ssl, conn->fd) != 1 || SSL_accept(ssl) != 1) {
        SSL_free(ssl);
        return false;
    }
    conn->tls = ssl;
    return true;
}

ptrdiff_t smtp_tls_read(void *tls, char *to, ptrdiff_t cap)
{
    return SSL_read(tls, to, (int)cap);
}

ptrdiff_t smtp_tls_write(void *tls, const char *at, ptrdiff_t len)
{
    return SSL_write(tls, at, len > INT_MAX ? INT_MAX : (int)len);
}

void smtp_tls_end(void *tls)
{
    if (tls == NULL)
        return;
    (void)SSL_shutdown(tls); /* the other side may have gone */
    SSL_free(tls);
}
