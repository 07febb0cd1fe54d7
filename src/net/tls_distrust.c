/* tls_distrust: see tls_distrust.h. Sources: OpenSSL's X509_V_… ("x509_vfy.h"), the bits of
 * GnuTLS's gnutls_certificate_status_t ("gnutls.h", 3.7): libcurl is built with either. */
#include "net/tls_distrust.h"

#include <openssl/x509_vfy.h>

enum distrust { DISTRUST_HOST, DISTRUST_SIGNER, DISTRUST_EXPIRED, DISTRUST_EARLY, DISTRUST_OTHER };
enum { GNUTLS_NO_SIGNER = 1 << 6, GNUTLS_EARLY = 1 << 9, GNUTLS_EXPIRED = 1 << 10 };

static enum distrust distrust_of_gnutls(long found)
{
    if (found & GNUTLS_NO_SIGNER)
        return DISTRUST_SIGNER;
    if (found & (GNUTLS_EXPIRED | GNUTLS_EARLY))
        return found & GNUTLS_EXPIRED ? DISTRUST_EXPIRED : DISTRUST_EARLY;
    return found == 0 ? DISTRUST_HOST : DISTRUST_OTHER; /* the name is compared at last */
}

static enum distrust distrust_of_openssl(long found)
{
    switch (found) {
    case X509_V_OK: /* libcurl compares the name by itself */
        return DISTRUST_HOST;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return DISTRUST_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return DISTRUST_EARLY;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return DISTRUST_SIGNER;
    default:
        return DISTRUST_OTHER;
    }
}

str tls_distrust_words(struct arena *a, bool is_gnutls, long found, const char *other)
{
    switch (is_gnutls ? distrust_of_gnutls(found) : distrust_of_openssl(found)) {
    case DISTRUST_HOST:
        return S("its certificate is for another host: the address must be one that it names");
    case DISTRUST_SIGNER:
        return S("its certificate is signed by nobody we trust: give its signer's certificate as "
                 "--ca-file");
    case DISTRUST_EXPIRED:
        return S("its certificate has expired: have it renewed, or set this machine's clock");
    case DISTRUST_EARLY:
        return S("its certificate is not valid yet: look at the clocks of both machines");
    case DISTRUST_OTHER:
        break;
    }
    return str_print(a, "its certificate cannot be trusted: %s", other);
}
