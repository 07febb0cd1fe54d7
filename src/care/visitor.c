/* visitor: see visitor.h. The token is base64url of: version 1, account, channel, visitor, issued
 * (8 bytes each, big-endian), external id; then 32 bytes HMAC-SHA256 under the key for "widget". */
#include "care/visitor.h"

#include <string.h>

#include "base/crypto.h"
#include "care/identity.h"
#include "care/news.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/door.h"
#include "store/identity.h"

enum { TOKEN_VERSION = 1, TOKEN_FIXED_BYTES = 1 + 4 * 8, TOKEN_MAC_BYTES = 32, TOKEN_MAX = 1000 };

static void put_number(struct sb *b, int64_t v)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        sb_byte(b, (char)(unsigned char)((uint64_t)v >> shift));
}

static int64_t get_number(const char *at)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | (unsigned char)at[i];
    return (int64_t)v;
}

static struct sha256 token_mac(const struct keyring *keys, str payload)
{
    struct sha256 key = keyring_derive(keys, S("widget"));
    return crypto_hmac_sha256(str_of(key.b, (ptrdiff_t)sizeof key.b), payload);
}

str visitor_token(struct arena *a, const struct keyring *keys, const struct visitor_pass *pass)
{
    struct sb b = sb_make(a, TOKEN_MAX);
    sb_byte(&b, TOKEN_VERSION);
    put_number(&b, pass->account.v);
    put_number(&b, pass->channel.v);
    put_number(&b, pass->visitor.v);
    put_number(&b, pass->issued_s);
    sb_add(&b, pass->external_id);
    struct sha256 mac = token_mac(keys, sb_str(&b));
    sb_add(&b, str_of(mac.b, (ptrdiff_t)sizeof mac.b));
    return crypto_base64url(a, sb_str(&b));
}

err visitor_token_read(struct arena *a, const struct keyring *keys, str token, int64_t now_ms,
    struct visitor_pass *pass)
{
    str bytes;
    if (token.len > TOKEN_MAX * 4 / 3 || crypto_unbase64url(a, token, &bytes) != OK ||
        bytes.len <= TOKEN_FIXED_BYTES + TOKEN_MAC_BYTES || bytes.at[0] != TOKEN_VERSION)
        return E_UNAUTHENTICATED;
    str payload = str_sub(bytes, 0, bytes.len - TOKEN_MAC_BYTES);
    struct sha256 mac = token_mac(keys, payload);
    if (!crypto_equal(str_skip(bytes, payload.len), str_of(mac.b, (ptrdiff_t)sizeof mac.b)))
        return E_UNAUTHENTICATED;
    struct visitor_pass read = {.account = {get_number(payload.at + 1)},
        .channel = {get_number(payload.at + 9)},
        .visitor = {get_number(payload.at + 17)},
        .issued_s = get_number(payload.at + 25),
        .external_id = str_skip(payload, TOKEN_FIXED_BYTES)};
    if (now_ms / 1000 - read.issued_s > VISITOR_TOKEN_DAYS * 86400LL)
        return E_UNAUTHENTICATED;
    *pass = read;
    return OK;
}

bool visitor_proof_is_right(struct arena *a, str identity_secret, str user_id, str hash)
{
    struct sha256 mac = crypto_hmac_sha256(identity_secret, user_id);
    str right = crypto_hex(a, str_of(mac.b, (ptrdiff_t)sizeof mac.b));
    return identity_secret.len > 0 && crypto_equal(right, str_lower_ascii(a, hash));
}

/* ── who it is ── */

/* *known has id 0 when there is none. */
static err identity_known(struct ctx *cx, str external_id, struct identity_known *known)
{
    struct identity key = {.channel_id = cx->actor.channel, .external_id = external_id};
    struct identity_known *found;
    ptrdiff_t n;
    TRY(identity_find_many(cx, &key, 1, &found, &n));
    *known = n ? found[0] : (struct identity_known){0};
    return OK;
}

static err contact_follow(struct ctx *cx)
{
    struct identity_known known;
    TRY(identity_known(cx, cx->actor.external_id, &known));
    cx->actor.contact = known.id.v ? known.contact_id : (contact_id){cx->actor.visitor.v};
    return OK;
}

err visitor_enter(struct ctx *cx, const struct visitor_pass *pass)
{
    TRY(door_visitor(cx, pass->account, pass->channel));
    cx->actor.visitor = pass->visitor;
    cx->actor.external_id = pass->external_id;
    cx->actor.name = S("Visitor");
    return contact_follow(cx);
}

static bool fill(str *member, str said, bool replaces)
{
    if (!said.len || str_eq(*member, said) || (member->len && !replaces))
        return false;
    *member = said;
    return true;
}

/* Writes what is new in the profile, and tells the consoles. */
static err contact_learn(struct ctx *cx, const struct visitor_profile *p, struct contact *c)
{
    bool changed = fill(&c->name, p->name, p->is_proved);
    changed |= fill(&c->email, p->email, p->is_proved);
    changed |= fill(&c->phone, p->phone, p->is_proved);
    changed |= fill(&c->language, p->language, false);
    if (!changed)
        return OK;
    c->updated_ms = cx->now_ms;
    TRY(contact_set(cx, c));
    struct identity_shown *identities;
    ptrdiff_t n;
    int64_t conversations;
    TRY(identity_list(cx, c->id, &identities, &n));
    TRY(conversation_count_contact(cx, c->id, &conversations));
    struct json_out j = json_out_make(cx->arena, 0);
    contact_view(&j, c, identities, n, conversations);
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    return news_contact(cx, c->id, json_str(&j));
}

err visitor_ensure(struct ctx *cx, const struct visitor_profile *profile, struct contact *contact)
{
    struct inbound_item item = {.channel = cx->actor.channel,
        .contact_external_id = cx->actor.external_id,
        .contact_name = profile->name,
        .contact_email = profile->email,
        .contact_phone = profile->phone,
        .language = profile->language,
        .is_verified = profile->is_proved,
        .new_contact = {str_starts(cx->actor.external_id, S("v:")) ? cx->actor.visitor.v : 0}};
    struct people people = people_make(cx->arena, 1);
    struct person *person;
    TRY(people_want(&people, cx, &item, &person));
    TRY(people_resolve(&people, cx));
    if (person->refusal != OK)
        return fail(cx, person->refusal, "You cannot write here.");
    TRY(people_write(&people, cx));
    cx->actor.contact = person->contact;
    TRY(contact_get(cx, person->contact, contact));
    return contact_learn(cx, profile, contact);
}

err visitor_prove(struct ctx *cx, str user_id)
{
    str proved = str_cat(cx->arena, S("u:"), user_id);
    struct identity_known anonymous, user;
    if (str_eq(cx->actor.external_id, proved))
        return OK;
    TRY(identity_known(cx, cx->actor.external_id, &anonymous));
    TRY(identity_known(cx, proved, &user));
    bool is_anonymous = str_starts(cx->actor.external_id, S("v:"));
    if (is_anonymous && anonymous.id.v && !user.id.v)
        TRY(identity_rename(cx, anonymous.id, proved));
    cx->actor.external_id = proved;
    return contact_follow(cx);
}

err visitor_conversation(struct ctx *cx, struct conversation *c)
{
    *c = (struct conversation){0};
    struct identity_known known;
    TRY(identity_known(cx, cx->actor.external_id, &known));
    if (!known.id.v)
        return OK;
    err e = conversation_newest_of(cx, known.id, c);
    return e == E_NOT_FOUND ? OK : e;
}
