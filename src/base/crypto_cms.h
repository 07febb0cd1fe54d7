/* crypto_cms: signatures of S/MIME (CMS signed-data) and the certificates that make them count.
 * Everything given is somebody else's: sizes, certificates, signers and depths have maxima, and a
 * verdict is only good when every step said so. Not here: which bytes of a mail are signed
 * (text/mail_signed.h), fetching lists of revoked certificates: only those that are given count.
 * Sources: RFC 5652, 8550, 8551; RFC 5280.
 * Thread: any; contexts are made per call. */
#pragma once
#include "base/str.h"

enum {
    SIGNATURE_BYTES = 256 * 1024,            /* of one beside what it signs */
    SIGNATURE_DATA_BYTES = 64 * 1024 * 1024, /* of what is signed */
    SIGNATURE_ADDRESSES = 16,                /* that a certificate or key names */
    CMS_CERTIFICATES = 32,                   /* sent along */
    CMS_SIGNERS = 8,
    CMS_DEPTH = 8,  /* authorities above a signer */
    CMS_LISTS = 50, /* of revoked certificates that are looked at */
};

/* Zero is no. */
enum signature_verdict {
    SIGNATURE_BROKEN,  /* it cannot be read */
    SIGNATURE_ALTERED, /* the words are not those that were signed */
    SIGNATURE_WEAK,    /* by a method that no longer counts */
    SIGNATURE_UNKNOWN, /* intact, but nobody who is trusted here vouches for who made it */
    SIGNATURE_EXPIRED, /* the certificate or key was out of its time when the mail came */
    SIGNATURE_REVOKED, /* who vouched for it has taken it back */
    SIGNATURE_GOOD,
};
struct signature {
    enum signature_verdict verdict;
    str name;                           /* whom the certificate or key names; may be empty */
    str addresses[SIGNATURE_ADDRESSES]; /* ASCII letters as written */
    int n_addresses;
    str fingerprint;    /* upper case hex: SHA-256 of the certificate, or the key's own */
    int64_t revoked_ms; /* of SIGNATURE_REVOKED */
};

/* In PEM, one after the other. A list counts for the certificates of the authority that signed it,
 * and also when its own time is over. What was taken back after the mail came counts only when its
 * key may have been in wrong hands before that was known. */
struct cms_trusted {
    str certificates, lists;
};

/* der: signed-data. data: what it signs, canonical (CRLF); of an opaque one empty with is_opaque:
 * then *content, if anybody wants it, is what is inside (in the arena; also when the verdict is
 * not good). at_ms: when the certificates must be in their time. */
void crypto_cms_verify(struct arena *a, str der, bool is_opaque, str data,
    const struct cms_trusted *trusted, int64_t at_ms, struct signature *signature, str *content);
/* Adds what is inside of opaque signed-data, verified by nobody. False: it is none, or too long. */
bool crypto_cms_content(struct sb *b, str der);

struct certificate {
    str pem;           /* as it is kept: without anything around it */
    str name, address; /* address: "" = it names none */
    str fingerprint;
    int64_t expires_ms;
    bool may_sign_others; /* an authority */
};
/* The first list of revoked certificates in a PEM text, when it is by one of `authorities` (PEM):
 * name: whom it is by; expires_ms: when the next one is due. E_INVALID with words. */
err crypto_revocations_read(
    struct arena *a, str text, str authorities, struct certificate *list, str *why);
/* The first certificate in a PEM text, or one in DER. E_INVALID with words. */
err crypto_certificate_read(struct arena *a, str text, struct certificate *c, str *why);
