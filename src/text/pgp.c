/* pgp: see pgp.h. */
#include "text/pgp.h"

#include "base/utf8.h"
#include "text/pgp_hush.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

enum { NAME_BYTES = 200 };

/* A C text of the library's as ours; frees it. */
static str taken(struct arena *a, char *text)
{
    str copy = text ? str_copy(a, utf8_repair(a, str_from(text))) : (str){0};
    rnp_buffer_destroy(text);
    return copy;
}

static rnp_input_t input_of(str bytes)
{
    rnp_input_t in = NULL;
    const uint8_t *at = (const uint8_t *)(bytes.len ? bytes.at : "");
    if (rnp_input_from_memory(&in, at, (size_t)bytes.len, false) != RNP_SUCCESS)
        return NULL;
    return in;
}

static void ring_add(rnp_ffi_t ring, str key)
{
    rnp_input_t in = input_of(key);
    if (in)
        (void)rnp_import_keys(ring, in, RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE,
            NULL); /* what is no key is not in the ring */
    rnp_input_destroy(in);
}

/* A ring of what is given, block by block: more than one, or an empty line behind one, is too much
 * for its reader. NULL: out of memory, or there is no key. */
static rnp_ffi_t ring_of(str keys)
{
    static const str begin = S_INIT("-----BEGIN PGP PUBLIC KEY BLOCK-----"),
                     end = S_INIT("-----END PGP PUBLIC KEY BLOCK-----");
    rnp_ffi_t ring = NULL;
    size_t n = 0;
    ptrdiff_t from, len;
    if (rnp_ffi_create(&ring, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) != RNP_SUCCESS)
        return NULL;
    while (
        (from = str_find(keys, begin)) >= 0 && (len = str_find(str_skip(keys, from), end)) >= 0) {
        ring_add(ring, str_sub(keys, from, len + end.len));
        keys = str_skip(keys, from + len + end.len);
    }
    if (rnp_get_public_key_count(ring, &n) == RNP_SUCCESS && n > 0)
        return ring;
    rnp_ffi_destroy(ring);
    return NULL;
}

/* "Asha Rao <asha@example.net>" */
static void user_read(struct arena *a, str user, str *name, str *address)
{
    str head, rest;
    *name = user;
    *address = (str){0};
    if (str_cut(user, '<', &head, &rest)) {
        (void)str_cut(rest, '>', address, &rest); /* without one: to its end */
        *name = head;
    } else if (str_find_byte(user, '@') > 0 && str_find_byte(user, ' ') < 0) {
        *address = user;
    }
    *name = str_copy(a, utf8_prefix_bytes(str_trim(*name), NAME_BYTES));
    *address = str_copy(a, utf8_prefix_bytes(str_trim(*address), NAME_BYTES));
}

/* User ids that the key itself vouches for; revoked ones are none. */
static bool user_at(rnp_key_handle_t key, size_t i, struct arena *a, str *user)
{
    rnp_uid_handle_t handle = NULL;
    char *text = NULL;
    bool is_valid = false;
    if (rnp_key_get_uid_handle_at(key, i, &handle) != RNP_SUCCESS)
        return false;
    (void)rnp_uid_is_valid(handle, &is_valid);
    rnp_uid_handle_destroy(handle);
    if (!is_valid || rnp_key_get_uid_at(key, i, &text) != RNP_SUCCESS)
        return false;
    *user = taken(a, text);
    return true;
}

static void users_read(struct arena *a, rnp_key_handle_t key, struct signature *s)
{
    size_t n = 0;
    (void)rnp_key_get_uid_count(key, &n);
    for (size_t i = 0; i < n && s->n_addresses < SIGNATURE_ADDRESSES; i++) {
        str user, name, address;
        if (!user_at(key, i, a, &user))
            continue;
        user_read(a, user, &name, &address);
        if (!s->name.len)
            s->name = name;
        if (address.len)
            s->addresses[s->n_addresses++] = address;
    }
}

/* Of the primary key, whichever of its keys signed. */
static void signer_read(struct arena *a, rnp_ffi_t ring, rnp_key_handle_t key, struct signature *s)
{
    rnp_key_handle_t primary = NULL;
    bool is_primary = false;
    char *text = NULL;
    (void)rnp_key_is_primary(key, &is_primary);
    if (!is_primary && rnp_key_get_primary_fprint(key, &text) == RNP_SUCCESS && text)
        (void)rnp_locate_key(ring, "fingerprint", text, &primary);
    rnp_buffer_destroy(text);
    rnp_key_handle_t of = primary ? primary : key;
    users_read(a, of, s);
    text = NULL;
    (void)rnp_key_get_fprint(of, &text);
    s->fingerprint = taken(a, text);
    rnp_key_handle_destroy(primary);
}

/* 0 = for ever. */
static int64_t valid_till_ms(rnp_key_handle_t key)
{
    uint64_t till = 0;
    if (rnp_key_valid_till64(key, &till) != RNP_SUCCESS || till > UINT32_MAX * UINT64_C(2))
        return 0;
    return (int64_t)till * 1000;
}

static bool is_weak(struct arena *a, rnp_op_verify_signature_t sig)
{
    char *text = NULL;
    (void)rnp_op_verify_signature_get_hash(sig, &text);
    str hash = taken(a, text);
    return str_eq_nocase(hash, S("MD5")) || str_eq_nocase(hash, S("SHA1")) ||
           str_eq_nocase(hash, S("RIPEMD160"));
}

static enum signature_verdict verdict_of(rnp_result_t status)
{
    switch (status) {
    case RNP_SUCCESS:
        return SIGNATURE_GOOD;
    case RNP_ERROR_SIGNATURE_EXPIRED:
        return SIGNATURE_EXPIRED;
    case RNP_ERROR_KEY_NOT_FOUND:
        return SIGNATURE_UNKNOWN;
    case RNP_ERROR_SIGNATURE_INVALID:
        return SIGNATURE_ALTERED;
    default:
        return SIGNATURE_BROKEN;
    }
}

static void judge(struct arena *a, rnp_ffi_t ring, rnp_op_verify_signature_t sig, int64_t at_ms,
    struct signature *s)
{
    rnp_key_handle_t key = NULL;
    *s = (struct signature){.verdict = verdict_of(rnp_op_verify_signature_get_status(sig))};
    if (rnp_op_verify_signature_get_key(sig, &key) != RNP_SUCCESS || !key) {
        if (s->verdict != SIGNATURE_BROKEN)
            s->verdict = SIGNATURE_UNKNOWN;
        return;
    }
    signer_read(a, ring, key, s);
    int64_t till_ms = valid_till_ms(key);
    if (s->verdict == SIGNATURE_GOOD && is_weak(a, sig))
        s->verdict = SIGNATURE_WEAK;
    if (s->verdict == SIGNATURE_GOOD && till_ms && till_ms < at_ms)
        s->verdict = SIGNATURE_EXPIRED;
    rnp_key_handle_destroy(key);
}

/* The best of them counts: somebody may have signed with a key that nobody here has as well. */
static void judge_all(
    struct arena *a, rnp_ffi_t ring, rnp_op_verify_t op, int64_t at_ms, struct signature *best)
{
    size_t n = 0;
    (void)rnp_op_verify_get_signature_count(op, &n);
    for (size_t i = 0; i < n && i < PGP_SIGNATURES; i++) {
        rnp_op_verify_signature_t sig = NULL;
        struct signature s;
        if (rnp_op_verify_get_signature_at(op, i, &sig) != RNP_SUCCESS)
            continue;
        judge(a, ring, sig, at_ms, &s);
        if (s.verdict >= best->verdict)
            *best = s;
    }
}

void pgp_verify(
    struct arena *a, str data, str signature, str keys, int64_t at_ms, struct signature *result)
{
    rnp_op_verify_t op = NULL;
    *result = (struct signature){.verdict = SIGNATURE_BROKEN};
    if (!signature.len || signature.len > PGP_SIGNATURE_BYTES || data.len > SIGNATURE_DATA_BYTES ||
        keys.len > PGP_KEYS_BYTES)
        return;
    pgp_hush_begin();
    rnp_ffi_t ring = ring_of(keys);
    if (!ring) { /* without a key nothing is even looked at */
        pgp_hush_end();
        result->verdict = SIGNATURE_UNKNOWN;
        return;
    }
    rnp_input_t in = input_of(data), sig = input_of(signature);
    if (in && sig && rnp_op_verify_detached_create(&op, ring, in, sig) == RNP_SUCCESS) {
        (void)rnp_op_verify_execute(op); /* each signature says how it is */
        judge_all(a, ring, op, at_ms, result);
    }
    rnp_op_verify_destroy(op);
    rnp_input_destroy(sig);
    rnp_input_destroy(in);
    rnp_ffi_destroy(ring);
    pgp_hush_end();
}

/* ── keys that are given ── */

static str armour_of(struct arena *a, rnp_key_handle_t key)
{
    rnp_output_t out = NULL;
    uint8_t *at = NULL;
    size_t n = 0;
    str armour = {0};
    if (rnp_output_to_memory(&out, PGP_KEY_BYTES) != RNP_SUCCESS)
        return armour;
    if (rnp_key_export(
            key, out, RNP_KEY_EXPORT_ARMORED | RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS) ==
            RNP_SUCCESS &&
        rnp_output_memory_get_buf(out, &at, &n, false) == RNP_SUCCESS)
        armour = str_copy(a, str_of((const char *)at, (ptrdiff_t)n));
    rnp_output_destroy(out);
    return armour;
}

static rnp_key_handle_t first_primary(rnp_ffi_t ring)
{
    rnp_identifier_iterator_t it = NULL;
    rnp_key_handle_t key = NULL;
    const char *id = NULL;
    if (rnp_identifier_iterator_create(ring, &it, "fingerprint") != RNP_SUCCESS)
        return NULL;
    while (!key && rnp_identifier_iterator_next(it, &id) == RNP_SUCCESS && id) {
        bool is_primary = false;
        if (rnp_locate_key(ring, "fingerprint", id, &key) != RNP_SUCCESS || !key)
            continue;
        (void)rnp_key_is_primary(key, &is_primary);
        if (is_primary)
            break;
        rnp_key_handle_destroy(key);
        key = NULL;
    }
    rnp_identifier_iterator_destroy(it);
    return key;
}

err pgp_key_read(struct arena *a, str text, struct pgp_key *key, str *why)
{
    bool is_fit = text.len > 0 && text.len <= PGP_KEY_BYTES;
    pgp_hush_begin();
    rnp_ffi_t ring = is_fit ? ring_of(text) : NULL;
    rnp_key_handle_t found = ring ? first_primary(ring) : NULL;
    struct signature who = {0};
    *why = S("This is no public key in OpenPGP's armour.");
    if (found) {
        signer_read(a, ring, found, &who);
        *key = (struct pgp_key){.armour = armour_of(a, found),
            .name = who.name,
            .address = who.n_addresses ? who.addresses[0] : (str){0},
            .fingerprint = who.fingerprint,
            .expires_ms = valid_till_ms(found)};
        rnp_key_handle_destroy(found);
    }
    if (ring)
        rnp_ffi_destroy(ring);
    pgp_hush_end();
    return found && key->armour.len && key->fingerprint.len ? OK : E_INVALID;
}
