/* crypto_cms: see crypto_cms.h. Integrity and trust are two steps, so that "altered" and "signed by
 * somebody unknown" are told apart: OpenSSL checks every signer's signature over the content
 * first, then the first signer's certificate is verified against the trusted ones. Lists of revoked
 * certificates are looked at after that and not by OpenSSL's own check, which takes an authority
 * without a list, or with an old one, for a fault. */
#include "base/crypto_cms.h"

#include "base/crypto.h"
#include "base/utf8.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum {
    PEM_BYTES = 1024 * 1024,
    LISTS_BYTES = 16 * 1024 * 1024,
    TRUSTED_MOST = 500,
    NAME_BYTES = 200,
    SECURITY_LEVEL = 1,
};

struct checking {
    struct arena *a;
    CMS_ContentInfo *cms;
    X509_STORE *store;
    STACK_OF(X509) * trusted, *signers, *along;
    str lists;
    int64_t at_ms;
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

/* ── what a certificate says ── */

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

static str called(struct arena *a, X509_NAME *whom)
{
    static const int kinds[] = {NID_commonName, NID_organizationName, NID_pkcs9_emailAddress};
    str name = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !name.len; i++)
        name = entry_of(a, whom, kinds[i]);
    return name;
}

static str name_of(struct arena *a, X509 *x)
{
    return called(a, X509_get_subject_name(x));
}

/* Frees der. */
static str fingerprint_of_der(struct arena *a, unsigned char *der, int n)
{
    struct sha256 sum = crypto_sha256(str_of((char *)der, n > 0 ? n : 0));
    OPENSSL_free(der);
    str hex = crypto_hex(a, str_of((char *)sum.b, (ptrdiff_t)sizeof sum.b));
    char *to = arena_alloc(a, hex.len + 1, 1);
    for (ptrdiff_t i = 0; i < hex.len; i++)
        to[i] = hex.at[i] >= 'a' ? (char)(hex.at[i] - 'a' + 'A') : hex.at[i];
    return str_of(to, hex.len);
}

static str fingerprint_of(struct arena *a, X509 *x)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    return fingerprint_of_der(a, der, n);
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

/* ── whom we trust ── */

static STACK_OF(X509) * certificates_of(str pem)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *bio = bio_of(str_sub(pem, 0, PEM_BYTES));
    X509 *x = NULL;
    while (all && bio && sk_X509_num(all) < TRUSTED_MOST &&
           (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (sk_X509_push(all, x) <= 0)
            X509_free(x);
    BIO_free(bio);
    return all;
}

static X509_STORE *store_of(STACK_OF(X509) * trusted, int64_t at_ms)
{
    X509_STORE *store = X509_STORE_new();
    if (!store)
        return NULL;
    for (int i = 0; i < sk_X509_num(trusted); i++) /* one that is there twice is there */
        (void)X509_STORE_add_cert(store, sk_X509_value(trusted, i));
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_depth(param, CMS_DEPTH);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    (void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SMIME_SIGN);
    /* Who signs mails may be trusted itself, without its authority. */
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

/* ── what was taken back ── */

/* The authority that signed the list and has the certificate's name for its own issuer; NULL. */
static X509 *signer_of(X509_CRL *list, STACK_OF(X509) * among)
{
    for (int i = 0; i < sk_X509_num(among); i++) {
        X509 *x = sk_X509_value(among, i);
        bool may = X509_check_ca(x) > 0 && (X509_get_key_usage(x) & KU_CRL_SIGN);
        if (may && !X509_NAME_cmp(X509_get_subject_name(x), X509_CRL_get_issuer(list)) &&
            X509_CRL_verify(list, X509_get0_pubkey(x)) == 1)
            return x;
    }
    return NULL;
}

/* Nobody can say that the key was in its owner's hands alone before that day. */
static bool counts_before(X509_REVOKED *one)
{
    ASN1_ENUMERATED *said = X509_REVOKED_get_ext_d2i(one, NID_crl_reason, NULL, NULL);
    long reason = said ? ASN1_ENUMERATED_get(said) : CRL_REASON_UNSPECIFIED;
    ASN1_ENUMERATED_free(said);
    return reason == CRL_REASON_UNSPECIFIED || reason == CRL_REASON_KEY_COMPROMISE ||
           reason == CRL_REASON_CA_COMPROMISE || reason == CRL_REASON_AA_COMPROMISE;
}

/* The day that the list says of the certificate; 0 = it does not name it, or that does not count.
 */
static int64_t revoked_by(const struct checking *k, X509_CRL *list, X509 *authority, X509 *x)
{
    X509_REVOKED *one = NULL;
    if (X509_check_issued(authority, x) != X509_V_OK ||
        X509_verify(x, X509_get0_pubkey(authority)) != 1 ||
        X509_CRL_get0_by_cert(list, &one, x) != 1)
        return 0;
    int64_t day_ms = time_ms(X509_REVOKED_get0_revocationDate(one));
    return day_ms <= k->at_ms || counts_before(one) ? day_ms : 0;
}

/* Of the signer or of whoever vouches for it. */
static int64_t revoked_ms(const struct checking *k, STACK_OF(X509) * chain)
{
    BIO *bio = bio_of(str_sub(k->lists, 0, LISTS_BYTES));
    X509_CRL *list = NULL;
    int64_t day_ms = 0;
    for (int i = 0;
         bio && i < CMS_LISTS && !day_ms && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL));
         i++) {
        X509 *authority = signer_of(list, chain);
        if (!authority)
            authority = signer_of(list, k->trusted);
        for (int x = 0; authority && x < sk_X509_num(chain) && !day_ms; x++)
            day_ms = revoked_by(k, list, authority, sk_X509_value(chain, x));
        X509_CRL_free(list);
    }
    BIO_free(bio);
    return day_ms;
}

static enum signature_verdict trust(struct checking *k, X509 *signer, int64_t *day_ms)
{
    X509_STORE_CTX *cx = X509_STORE_CTX_new();
    enum signature_verdict verdict = SIGNATURE_UNKNOWN;
    if (cx && X509_STORE_CTX_init(cx, k->store, signer, k->along) == 1) {
        int is_good = X509_verify_cert(cx), error = X509_STORE_CTX_get_error(cx);
        if (is_good == 1 && error == X509_V_OK)
            *day_ms = revoked_ms(k, X509_STORE_CTX_get0_chain(cx));
        if (is_good == 1 && error == X509_V_OK)
            verdict = *day_ms ? SIGNATURE_REVOKED : SIGNATURE_GOOD;
        else if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID)
            verdict = SIGNATURE_EXPIRED;
        else if (error == X509_V_ERR_CA_MD_TOO_WEAK || error == X509_V_ERR_EE_KEY_TOO_SMALL ||
                 error == X509_V_ERR_CA_KEY_TOO_SMALL)
            verdict = SIGNATURE_WEAK;
    }
    X509_STORE_CTX_free(cx);
    return verdict;
}

/* ── the signature ── */

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
    k->out = BIO_new(BIO_s_null());
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
        s->verdict = is_weak(k->cms) ? SIGNATURE_WEAK : trust(k, signer, &s->revoked_ms);
}

void crypto_cms_verify(struct arena *a, str der, bool is_opaque, str data,
    const struct cms_trusted *trusted, int64_t at_ms, struct signature *signature, str *content)
{
    struct checking k = {.a = a,
        .cms = cms_of(der),
        .trusted = certificates_of(trusted->certificates),
        .lists = trusted->lists,
        .at_ms = at_ms};
    k.store = store_of(k.trusted, at_ms);
    *signature = (struct signature){.verdict = SIGNATURE_BROKEN};
    if (content)
        *content = (str){0};
    if (k.cms && k.store && data.len <= SIGNATURE_DATA_BYTES)
        check(&k, data, is_opaque, signature);
    sk_X509_free(k.signers);
    sk_X509_pop_free(k.along, X509_free);
    sk_X509_pop_free(k.trusted, X509_free);
    BIO_free(k.out);
    X509_STORE_free(k.store);
    CMS_ContentInfo_free(k.cms);
    struct sb inside = sb_make(a, SIGNATURE_DATA_BYTES);
    if (is_opaque && content && crypto_cms_content(&inside, der))
        *content = sb_str(&inside);
    ERR_clear_error();
}

bool crypto_cms_content(struct sb *b, str der)
{
    CMS_ContentInfo *cms = cms_of(der);
    ASN1_OCTET_STRING **octets = cms ? CMS_get0_content(cms) : NULL;
    bool is_there = octets && *octets && ASN1_STRING_length(*octets) > 0;
    if (is_there)
        sb_add(
            b, str_of((const char *)ASN1_STRING_get0_data(*octets), ASN1_STRING_length(*octets)));
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return is_there && !b->failed;
}

/* ── certificates that are given ── */

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

err crypto_revocations_read(
    struct arena *a, str text, str authorities, struct certificate *c, str *why)
{
    BIO *bio = bio_of(str_sub(text, 0, PEM_BYTES)), *out = BIO_new(BIO_s_mem());
    X509_CRL *list = bio ? PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL) : NULL;
    STACK_OF(X509) *trusted = certificates_of(authorities);
    unsigned char *der = NULL;
    bool is_vouched = list && signer_of(list, trusted);
    *why = list
               ? S("No authority in the list has signed this list of revoked certificates: add its "
                   "certificate first.")
               : S("This is no list of revoked certificates in PEM.");
    bool is_read = is_vouched && out && PEM_write_bio_X509_CRL(out, list) == 1;
    if (is_read) {
        const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
        *c = (struct certificate){
            .pem = text_of(a, out),
            .name = called(a, X509_CRL_get_issuer(list)),
            .expires_ms = next ? time_ms(next) : 0,
        };
        int n = i2d_X509_CRL(list, &der);
        c->fingerprint = fingerprint_of_der(a, der, n);
    }
    X509_CRL_free(list);
    sk_X509_pop_free(trusted, X509_free);
    BIO_free(bio);
    BIO_free(out);
    ERR_clear_error();
    return is_read ? OK : E_INVALID;
}
