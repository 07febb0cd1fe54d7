/* mail_signature: see mail_signature.h. */
#include "care/mail_signature.h"

#include "base/crypto_cms.h"
#include "base/id.h"
#include "base/json.h"
#include "base/utf8.h"
#include "store/audit.h"
#include "store/mail_key.h"
#include "text/mail_signed.h"
#include "text/pgp.h"

static str state_of(enum signature_verdict verdict)
{
    switch (verdict) {
    case SIGNATURE_BROKEN:
        break;
    case SIGNATURE_ALTERED:
        return S("altered");
    case SIGNATURE_WEAK:
        return S("weak");
    case SIGNATURE_UNKNOWN:
        return S("unknown");
    case SIGNATURE_EXPIRED:
        return S("expired");
    case SIGNATURE_REVOKED:
        return S("revoked");
    case SIGNATURE_GOOD:
        return S("verified");
    }
    return S("broken");
}

/* What the signer is called; verified counts only for the sender's own address. */
static void show(struct arena *a, const struct signature *s, str from, struct mail_signature *r)
{
    bool is_senders = false;
    str own = utf8_fold(a, from);
    r->state = state_of(s->verdict);
    r->name = s->name;
    r->fingerprint = s->fingerprint;
    r->revoked_ms = s->revoked_ms;
    r->address = s->n_addresses ? s->addresses[0] : (str){0};
    for (int i = 0; i < s->n_addresses && !is_senders; i++) {
        is_senders = own.len && str_eq(utf8_fold(a, s->addresses[i]), own);
        r->address = is_senders ? s->addresses[i] : r->address;
    }
    if (s->verdict == SIGNATURE_GOOD && !is_senders)
        r->state = S("other");
}

err mail_signature_check(struct ctx *cx, str bytes, enum mime_guard guard, str from, int64_t at_ms,
    struct mail_signature *r)
{
    struct mail_signed found;
    struct signature s = {0};
    struct cms_trusted trusted = {0};
    *r = (struct mail_signature){0};
    mail_signed_read(cx->arena, bytes, guard, &found);
    if (found.kind == MAIL_SIGNED_NOT)
        return OK;
    r->how = guard == MIME_SIGNED_PGP ? S("pgp") : S("smime");
    if (found.kind == MAIL_SIGNED_PARTLY) {
        r->state = S("partly");
        return OK;
    }
    TRY(mail_key_texts(cx, r->how, &trusted.certificates));
    TRY(mail_key_texts(cx, S("crl"), &trusted.lists));
    if (found.kind == MAIL_SIGNED_PGP)
        pgp_verify(cx->arena, found.data, found.signature, trusted.certificates, at_ms, &s);
    else
        crypto_cms_verify(cx->arena, found.signature, found.kind == MAIL_SIGNED_SMIME_OPAQUE,
            found.data, &trusted, at_ms, &s, NULL);
    show(cx->arena, &s, from, r);
    return OK;
}

/* ── keys ── */

static err read_list(struct ctx *cx, str text, struct mail_key *key)
{
    struct certificate c;
    str why, authorities;
    TRY(mail_key_texts(cx, S("smime"), &authorities));
    if (crypto_revocations_read(cx->arena, text, authorities, &c, &why) != OK)
        return fail_field(cx, "text", "%.*s", SARG(why));
    *key = (struct mail_key){.kind = S("crl"),
        .name = c.name,
        .fingerprint = c.fingerprint,
        .expires_ms = c.expires_ms,
        .data = c.pem};
    return OK;
}

static err read_key(struct ctx *cx, str text, struct mail_key *key)
{
    struct certificate c;
    struct pgp_key pgp;
    str why;
    bool is_pgp = str_find(text, S("-----BEGIN PGP")) >= 0;
    err e = is_pgp ? pgp_key_read(cx->arena, text, &pgp, &why)
                   : crypto_certificate_read(cx->arena, text, &c, &why);
    if (e != OK && str_find(text, S("-----BEGIN ")) < 0)
        why = S("This is neither a certificate in PEM nor a public PGP key.");
    if (e != OK)
        return fail_field(cx, "text", "%.*s", SARG(why));
    *key = is_pgp ? (struct mail_key){.kind = S("pgp"),
                        .name = pgp.name,
                        .address = utf8_fold(cx->arena, pgp.address),
                        .fingerprint = pgp.fingerprint,
                        .expires_ms = pgp.expires_ms,
                        .data = pgp.armour}
                  : (struct mail_key){.kind = S("smime"),
                        .name = c.name,
                        .address = utf8_fold(cx->arena, c.address),
                        .fingerprint = c.fingerprint,
                        .expires_ms = c.expires_ms,
                        .data = c.pem};
    return OK;
}

static bool has_several(str text)
{
    static const str begin = S_INIT("-----BEGIN ");
    ptrdiff_t at = str_find(text, begin);
    return at >= 0 && str_find(str_skip(text, at + begin.len), begin) >= 0;
}

err mail_key_take(struct ctx *cx, str text, struct mail_key *key)
{
    struct mail_key *rows = NULL;
    ptrdiff_t n = 0;
    if (has_several(text))
        return fail_field(cx, "text", "Give one key or certificate at a time.");
    bool is_list = str_find(text, S("-----BEGIN X509 CRL")) >= 0;
    TRY(is_list ? read_list(cx, text, key) : read_key(cx, text, key));
    TRY(mail_key_list(cx, &rows, &n));
    if (n >= MAIL_KEYS_MOST)
        return fail(
            cx, E_LIMIT, "An account keeps %d keys and certificates at most.", (int)MAIL_KEYS_MOST);
    key->id = id_make(cx->now_ms);
    key->agent_id = cx->actor.agent;
    key->created_ms = cx->now_ms;
    TRY(mail_key_add(cx, key));
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_str(&detail, S("fingerprint"), key->fingerprint);
    json_obj_end(&detail);
    return audit_add(cx, S("mail_key.added"), S("mail_key"), key->id, json_str(&detail));
}
