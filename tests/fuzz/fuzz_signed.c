/* Any bytes as a signed mail, and as a key: only what was signed is ever good, texts are UTF-8, and
 * what is signed lies within the mail. Nobody is trusted here, so nothing is verified. */
#include "base/crypto_cms.h"
#include "base/utf8.h"
#include "text/mail_signed.h"
#include "text/pgp.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(const struct signature *s)
{
    must(s->verdict != SIGNATURE_GOOD);
    must(s->n_addresses >= 0 && s->n_addresses <= SIGNATURE_ADDRESSES);
    must(utf8_valid(s->name) && utf8_valid(s->fingerprint));
    for (int i = 0; i < s->n_addresses; i++)
        must(utf8_valid(s->addresses[i]));
}

static void read_mail(struct arena *a, str bytes, enum mime_guard guard)
{
    struct mail_signed found;
    struct signature s;
    str content;
    mail_signed_read(a, bytes, guard, &found);
    must(found.data.len <= 2 * bytes.len);
    if (found.kind == MAIL_SIGNED_PGP) {
        pgp_verify(a, found.data, found.signature, (str){0}, 0, &s);
        check(&s);
    } else if (found.kind == MAIL_SIGNED_SMIME || found.kind == MAIL_SIGNED_SMIME_OPAQUE) {
        crypto_cms_verify(a, found.signature, found.kind == MAIL_SIGNED_SMIME_OPAQUE, found.data,
            &(struct cms_trusted){0}, 0, &s, &content);
        check(&s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str bytes = str_of(data, (ptrdiff_t)size), why = {0};
    struct certificate certificate;
    struct pgp_key key;
    read_mail(&a, bytes, MIME_SIGNED_SMIME);
    read_mail(&a, bytes, MIME_SIGNED_PGP);
    (void)mail_signed_open(&a, bytes); /* any mail will do */
    if (crypto_certificate_read(&a, bytes, &certificate, &why) == OK)
        must(utf8_valid(certificate.name) && utf8_valid(certificate.address));
    if (crypto_revocations_read(&a, bytes, bytes, &certificate, &why) == OK)
        must(utf8_valid(certificate.name));
    if (pgp_key_read(&a, bytes, &key, &why) == OK)
        must(utf8_valid(key.name) && key.armour.len <= PGP_KEY_BYTES);
    arena_free(&a);
    return 0;
}
