/* crypto_cms: see crypto_cms.h. Integrity and trust are two steps, so that "altered" and "signed by
 * somebody unknown" are told apart: OpenSSL checks every signer's signature over the content
 * first, then the first signer's certificate is verified against the trusted ones. */
#include "base/crypto_cms.h"

#include "base/crypto.h"
#include "base/utf8.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { PEM_BYTES = 1024 * 1024, TRUSTED_MOST = 500, NAME_BYTES = 200, SECURITY_LEVEL = 1 };

struct checking {
    struct arena *a;
    CMS_ContentInfo *cms;
    X509_STORE *store;
    STACK_OF(X509) * signers, *along;
    BIO *out;
};

static BIO *bio_of(str s)
{
    return BIO_new_mem_buf(s.len ? s.at : "", (int)s.len);
}

static CMS_ContentInfo *cms_of(str der)
{
    const unsigned char *at = (const unsigned char *)der.at;
    if (!der.len || der.len > SIGNATURE_DATA_BYTES)
        return NULL;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
    if (cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

static str text_of(struct arena *a, BIO *bio)
{
    char *at = NULL;
    long n = bio ? BIO_get_mem_data(bio, &at) : 0;
    return n > 0 ? str_copy(a, str_of(at, n)) : (str){0};
}

/* ── what a certificate says ────────────────────────────────────────────────────────────────────
 */

static str utf8_copy(struct arena *a, str s)
{
    return str_copy(a, utf8_prefix_bytes(utf8_repair(a, s), NAME_BYTES));
}

static str entry_of(struct arena *a, X509_NAME *name, int nid)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    unsigned char *utf8 = NULL;
    if (at < 0)
        return (str){0};
    int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    str text = utf8_copy(a, str_of((char *)utf8, n > 0 ? n : 0));
    OPENSSL_free(utf8);
    return text;
}

static str name_of(struct arena *a, X509 *x)
{
    static const int kinds[] = {NID_commonName, NID_organizationName, NID_pkcs9_emailAddress};
    str name = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !name.len; i++)
        name = entry_of(a, X509_get_subject_name(x), kinds[i]);
    return name;
}

static str fingerprint_of(struct arena *a, X509 *x)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    struct sha256 sum = crypto_sha256(str_of((char *)der, n > 0 ? n : 0));
    OPENSSL_free(der);
    str hex = crypto_hex(a, str_of((char *)sum.b, (ptrdiff_t)sizeof sum.b));
    char *to = arena_alloc(a, hex.len + 1, 1);
    for (ptrdiff_t i = 0; i < hex.len; i++)
        to[i] = hex.at[i] >= 'a' ? (char)(hex.at[i] - 'a' + 'A') : hex.at[i];
    return str_of(to, hex.len);
}

/* In the subject and in subjectAltName. */
static int addresses_of(struct arena *a, X509 *x, str *at)
{
    STACK_OF(OPENSSL_STRING) *all = X509_get1_email(x);
    int n = 0;
    for (int i = 0; i < sk_OPENSSL_STRING_num(all) && n < SIGNATURE_ADDRESSES; i++)
        at[n++] = utf8_copy(a, str_from(sk_OPENSSL_STRING_value(all, i)));
    X509_email_free(all);
    return n;
}

static int64_t time_ms(const ASN1_TIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool is_read = epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;
    ASN1_TIME_free(epoch);
    return is_read ? ((int64_t)days * 24 * 3600 + seconds) * 1000 : 0;
}

/* ── whom we trust ──────────────────────────────────────────────────────────────────────────────
 */

static X509_STORE *store_of(str trusted, int64_t at_ms)
{
    X509_STORE *store = X509_STORE_new();
    BIO *bio = bio_of(str_sub(trusted, 0, PEM_BYTES));
    X509 *x = NULL;
    if (!store || !bio) {
        BIO_free(bio);
        return store;
    }
    for (int i = 0; i < TRUSTED_MOST && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)); i++) {
        (void)X509_STORE_add_cert(store, x); /* one that is there twice is there */
        X509_free(x);
    }
    BIO_free(bio);
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_depth(param, CMS_DEPTH);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    (void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SMIME_SIGN);
    /* Who signs mails may be trusted itself, without its authority. */
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

static enum signature_verdict trust(struct checking *k, X509 *signer)
{
    X509_STORE_CTX *cx = X509_STORE_CTX_new();
    enum signature_verdict verdict = SIGNATURE_UNKNOWN;
    if (cx && X509_STORE_CTX_init(cx, k->store, signer, k->along) == 1) {
        int is_good = X509_verify_cert(cx), error = X509_STORE_CTX_get_error(cx);
        if (is_good == 1 && error == X509_V_OK)
            verdict = SIGNATURE_GOOD;
        else if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID)
            verdict = SIGNATURE_EXPIRED;
        else if (error == X509_V_ERR_CA_MD_TOO_WEAK || error == X509_V_ERR_EE_KEY_TOO_SMALL ||
                 error == X509_V_ERR_CA_KEY_TOO_SMALL)
            verdict = SIGNATURE_WEAK;
    }
    X509_STORE_CTX_free(cx);
    return verdict;
}

/* ── the signature ──────────────────────────────────────────────────────────────────────────────
 */

static bool is_small(CMS_ContentInfo *cms, STACK_OF(X509) * along)
{
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
    int n = sk_CMS_SignerInfo_num(infos);
    return n > 0 && n <= CMS_SIGNERS && sk_X509_num(along) <= CMS_CERTIFICATES;
}

/* MD5 and SHA-1 can be made to fit other words. */
static bool is_weak(CMS_ContentInfo *cms)
{
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
    for (int i = 0; i < sk_CMS_SignerInfo_num(infos); i++) {
        X509_ALGOR *digest = NULL;
        const ASN1_OBJECT *object = NULL;
        CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(infos, i), NULL, NULL, &digest, NULL);
        X509_ALGOR_get0(&object, NULL, NULL, digest);
        int nid = OBJ_obj2nid(object);
        if (nid != NID_sha224 && nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512 &&
            nid != NID_sha3_256 && nid != NID_sha3_384 && nid != NID_sha3_512)
            return true;
    }
    return false;
}

static void check(struct checking *k, str data, bool is_opaque, struct signature *s)
{
    const unsigned flags = CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY;
    k->along = CMS_get1_certs(k->cms);
    if (!is_small(k->cms, k->along))
        return;
    BIO *in = is_opaque ? NULL : bio_of(data);
    k->out = BIO_new(is_opaque ? BIO_s_mem() : BIO_s_null());
    int is_intact =
        k->out && (is_opaque || in) ? CMS_verify(k->cms, NULL, k->store, in, k->out, flags) : 0;
    BIO_free(in);
    k->signers = CMS_get0_signers(k->cms);
    X509 *signer = sk_X509_num(k->signers) > 0 ? sk_X509_value(k->signers, 0) : NULL;
    if (signer) {
        s->name = name_of(k->a, signer);
        s->n_addresses = addresses_of(k->a, signer, s->addresses);
        s->fingerprint = fingerprint_of(k->a, signer);
    }
    if (is_intact != 1 || !signer)
        s->verdict =
            signer ? SIGNATURE_ALTERED : SIGNATURE_UNKNOWN; /* its certificate is missing */
    else
        s->verdict = is_weak(k->cms) ? SIGNATURE_WEAK : trust(k, signer);
}

void crypto_cms_verify(struct arena *a, str der, bool is_opaque, str data, str trusted,
    int64_t at_ms, struct signature *signature, str *content)
{
    struct checking k = {.a = a, .cms = cms_of(der), .store = store_of(trusted, at_ms)};
    *signature = (struct signature){.verdict = SIGNATURE_BROKEN};
    *content = (str){0};
    if (k.cms && k.store && data.len <= SIGNATURE_DATA_BYTES)
        check(&k, data, is_opaque, signature);
    if (is_opaque)
        (void)crypto_cms_content(a, der, content);
    sk_X509_free(k.signers);
    sk_X509_pop_free(k.along, X509_free);
    BIO_free(k.out);
    X509_STORE_free(k.store);
    CMS_ContentInfo_free(k.cms);
    ERR_clear_error();
}

bool crypto_cms_content(struct arena *a, str der, str *content)
{
    CMS_ContentInfo *cms = cms_of(der);
    ASN1_OCTET_STRING **octets = cms ? CMS_get0_content(cms) : NULL;
    bool is_there = octets && *octets && ASN1_STRING_length(*octets) > 0;
    if (is_there)
        *content = str_copy(
            a, str_of((const char *)ASN1_STRING_get0_data(*octets), ASN1_STRING_length(*octets)));
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return is_there;
}

/* ── certificates that are given ────────────────────────────────────────────────────────────────
 */

err crypto_certificate_read(struct arena *a, str text, struct certificate *c, str *why)
{
    BIO *bio = bio_of(str_sub(text, 0, PEM_BYTES)), *out = BIO_new(BIO_s_mem());
    X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    const unsigned char *der = (const unsigned char *)text.at;
    str addresses[SIGNATURE_ADDRESSES];
    if (!x && text.len && text.len <= PEM_BYTES)
        x = d2i_X509(NULL, &der, (long)text.len);
    *why = S("This is no certificate in PEM.");
    bool is_read = x && out && PEM_write_bio_X509(out, x) == 1;
    if (is_read) {
        *c = (struct certificate){.pem = text_of(a, out),
            .name = name_of(a, x),
            .fingerprint = fingerprint_of(a, x),
            .expires_ms = time_ms(X509_get0_notAfter(x)),
            .may_sign_others = X509_check_ca(x) > 0};
        if (addresses_of(a, x, addresses) > 0)
            c->address = addresses[0];
    }
    X509_free(x);
    BIO_free(bio);
    BIO_free(out);
    ERR_clear_error();
    return is_read ? OK : E_INVALID;
}
