/* reply_address: see reply_address.h. Thread: pure. */
#include "text/reply_address.h"

#include "base/crypto.h"

enum {
    MAC_DIGITS = 16,
    ADDRESS_BYTES = 400, /* what is read of a foreign header's address */
};

static char letter_of(enum reply_kind kind)
{
    return kind == REPLY_BOUNCE ? 'm' : 'c';
}

/* Conversations: the id alone, as the sheet has it; mails: with the letter, so that the signature
 * of one is never that of the other. */
static str mac_of(struct arena *a, str key, enum reply_kind kind, int64_t id)
{
    str said = kind == REPLY_BOUNCE ? str_print(a, "m%lld", (long long)id)
                                    : str_print(a, "%lld", (long long)id);
    struct sha256 mac = crypto_hmac_sha256(key, said);
    return crypto_hex(a, str_of(mac.b, MAC_DIGITS / 2));
}

static bool split(str address, str *local, str *domain)
{
    ptrdiff_t at = address.len - 1;
    while (at >= 0 && address.at[at] != '@')
        at--;
    *local = str_sub(address, 0, at < 0 ? 0 : at);
    *domain = str_skip(address, at + 1);
    return at > 0 && domain->len > 0;
}

/* A quoted local part would have its token inside the quotes; nobody's mailbox is called so. */
static bool is_plain(str local)
{
    for (ptrdiff_t i = 0; i < local.len; i++)
        if ((unsigned char)local.at[i] <= ' ' || local.at[i] == 0x7f ||
            str_find_byte(S("\"(),:;<>@[\\]"), local.at[i]) >= 0)
            return false;
    return true;
}

err reply_address_make(
    struct arena *a, str key, enum reply_kind kind, str address, int64_t id, str *made)
{
    str local, domain;
    if (id <= 0 || kind == REPLY_NOTHING || !split(address, &local, &domain) || !is_plain(local))
        return E_INVALID;
    str token = str_print(
        a, "+%c%lld.%.*s", letter_of(kind), (long long)id, SARG(mac_of(a, key, kind, id)));
    if (local.len + token.len > REPLY_LOCAL_BYTES)
        return E_LIMIT;
    *made = str_print(a, "%.*s%.*s@%.*s", SARG(local), SARG(token), SARG(domain));
    return OK;
}

/* The token at the end of a local part: "+c123.0123456789abcdef". false: none. */
static bool find_token(str local, enum reply_kind *kind, int64_t *id, str *mac, str *before)
{
    ptrdiff_t plus = local.len - 1;
    while (plus >= 0 && local.at[plus] != '+')
        plus--;
    str token = str_skip(local, plus + 1), number;
    if (plus <= 0 || token.len < 1 || !str_cut(str_skip(token, 1), '.', &number, mac))
        return false;
    char letter = (char)(token.at[0] | 0x20);
    if (letter != 'c' && letter != 'm')
        return false;
    *kind = letter == 'm' ? REPLY_BOUNCE : REPLY_CONVERSATION;
    *before = str_sub(local, 0, plus);
    bool is_canonical = number.len > 0 && number.at[0] >= '1' && number.at[0] <= '9';
    return is_canonical && mac->len == MAC_DIGITS && str_int(number, 1, INT64_MAX, id) == OK;
}

struct reply_token reply_address_read(struct arena *a, str key, str address)
{
    struct reply_token token = {0};
    str local, domain, mac, before;
    int64_t id = 0;
    enum reply_kind kind = REPLY_NOTHING;
    if (address.len > ADDRESS_BYTES || !split(address, &local, &domain) ||
        !find_token(local, &kind, &id, &mac, &before))
        return token;
    if (!crypto_equal(str_lower_ascii(a, mac), mac_of(a, key, kind, id)))
        return token;
    token.kind = kind;
    token.id = id;
    token.address = str_print(a, "%.*s@%.*s", SARG(before), SARG(domain));
    return token;
}
