/* identity: see identity.h. */
#include "care/identity.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/identity_separate.h"
#include "store/channel.h"
#include "store/contact.h"

/* last_seen_ms is for people to read: five minutes are exact enough and spare a row per message. */
enum { SEEN_STEP_MS = 5 * 60 * 1000 };

struct people people_make(struct arena *a, ptrdiff_t n)
{
    return (struct people){.at = NEW(a, struct person, n + 1), .by_key = {.a = a}};
}

err people_want(
    struct people *people, struct ctx *cx, const struct inbound_item *item, struct person **person)
{
    str key = map_key(cx->arena, item->channel.v, item->contact_external_id);
    struct person *p = map_get(&people->by_key, key);
    if (!p) {
        p = &people->at[people->n++];
        *p = (struct person){
            .channel = item->channel, .external_id = item->contact_external_id, .first = item};
        TRY(map_put(&people->by_key, key, p));
    }
    if (!p->known_as.v)
        p->known_as = item->known_as;
    *person = p;
    return OK;
}

static void take_known(struct person *p, const struct identity_known *k, int64_t now_ms)
{
    p->identity = k->id;
    p->contact = k->contact_id;
    p->name = k->contact_name;
    p->avatar_url = k->contact_avatar_url;
    p->is_touched =
        now_ms - k->contact_seen_ms >= SEEN_STEP_MS || now_ms - k->seen_ms >= SEEN_STEP_MS;
    if (k->is_blocked) {
        p->refusal = E_FORBIDDEN;
        p->why = "The contact is blocked.";
    }
}

static str short_name(str s)
{
    return utf8_prefix_bytes(str_trim(s), LIMIT_NAME_BYTES);
}

static void take_contact(struct person *p, const struct contact *c)
{
    p->contact = c->id;
    p->name = c->name;
    p->avatar_url = c->avatar_url;
    p->is_joined = true;
}

/* Whether the contact has proved who it is. In a chat, whoever else is known of the contact there,
 * or is unproven in another chat, would hear what this person says. */
static err may_join(struct ctx *cx, const struct person *p, contact_id contact, bool *may)
{
    struct identity_shown *known = NULL;
    ptrdiff_t n = 0;
    bool has_other = false;
    *may = false;
    TRY(identity_list(cx, contact, &known, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        *may |= known[i].is_verified;
        has_other |= known[i].channel_id.v == p->channel.v ||
                     (!known[i].is_verified && str_eq(known[i].channel_kind, S("widget")));
    }
    *may &= !p->is_chat || !has_other;
    return OK;
}

/* A contact that has proved this mail address on another channel. */
static err find_proved(struct ctx *cx, struct person *p)
{
    str email = utf8_fold(cx->arena, str_trim(p->first->contact_email));
    if (!p->first->is_verified || !email.len)
        return OK;
    struct contact *same = NULL;
    ptrdiff_t n = 0;
    TRY(contact_find(cx, email, &same, &n));
    for (ptrdiff_t i = 0; i < n && !p->contact.v; i++) {
        bool may = false;
        TRY(may_join(cx, p, same[i].id, &may));
        if (may)
            take_contact(p, &same[i]);
    }
    return OK;
}

static err find_named(struct ctx *cx, struct person *p)
{
    struct contact named;
    if (p->contact.v || !p->known_as.v)
        return OK;
    TRY(contact_get(cx, p->known_as, &named));
    take_contact(p, &named);
    return OK;
}

static err make_person(struct ctx *cx, struct person *p)
{
    p->is_new = true;
    p->identity = (identity_id){id_make(cx->now_ms)};
    TRY(find_proved(cx, p));
    TRY(find_named(cx, p));
    if (p->contact.v)
        return OK;
    p->is_new_contact = true;
    p->contact =
        p->first->new_contact.v ? p->first->new_contact : (contact_id){id_make(cx->now_ms)};
    p->name = short_name(p->first->contact_name);
    p->language = short_name(p->first->language);
    return OK;
}

/* Some networks name a person by one id or by another, and by both when they change over. */
static err find_by_other_id(struct ctx *cx, struct person *p)
{
    str other = p->first->contact_other_id;
    const struct identity key = {.channel_id = p->channel, .external_id = other};
    struct identity_known *found = NULL, known;
    ptrdiff_t n = 0;
    if (other.len)
        TRY(identity_find_many(cx, &key, 1, &found, &n));
    err e = n ? OK : identity_find_other(cx, p->channel, p->external_id, &known);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    take_known(p, n ? &found[0] : &known, cx->now_ms);
    return n ? identity_set_other(cx, p->identity, p->external_id) : OK;
}

/* New conversations show their channel's name; a batch has few channels. */
static err name_channels(struct people *people, struct ctx *cx)
{
    for (ptrdiff_t i = 0; i < people->n; i++) {
        struct person *p = &people->at[i];
        for (ptrdiff_t k = 0; k < i && !p->channel_name.at; k++)
            if (people->at[k].channel.v == p->channel.v)
                *p = (struct person){.channel = p->channel,
                    .external_id = p->external_id,
                    .first = p->first,
                    .channel_name = people->at[k].channel_name,
                    .known_as = p->known_as,
                    .is_chat = people->at[k].is_chat,
                    .refusal = people->at[k].refusal,
                    .why = people->at[k].why};
        if (p->channel_name.at)
            continue;
        struct channel channel;
        err e = channel_get(cx, p->channel, &channel);
        if (e == E_NOT_FOUND) {
            p->refusal = E_INVALID;
            p->why = "The channel does not exist.";
            p->channel_name = S("");
            cx->fault = (struct fault){0};
            continue;
        }
        TRY(e);
        p->channel_name = channel.name.at ? channel.name : S("");
        p->is_chat = str_eq(channel.kind, S("widget"));
    }
    return OK;
}

err people_resolve(struct people *people, struct ctx *cx)
{
    if (!people->n)
        return OK;
    TRY(name_channels(people, cx));
    struct identity *keys = NEW(cx->arena, struct identity, people->n);
    for (ptrdiff_t i = 0; i < people->n; i++) {
        keys[i].channel_id = people->at[i].channel;
        keys[i].external_id = people->at[i].external_id;
    }
    struct identity_known *found = NULL;
    ptrdiff_t n = 0;
    TRY(identity_find_many(cx, keys, people->n, &found, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        str key = map_key(cx->arena, found[i].channel_id.v, found[i].external_id);
        struct person *p = map_get(&people->by_key, key);
        if (p && !p->why)
            take_known(p, &found[i], cx->now_ms);
    }
    for (ptrdiff_t i = 0; i < people->n; i++) {
        struct person *p = &people->at[i];
        if (!p->identity.v && !p->why && p->first->is_network)
            TRY(find_by_other_id(cx, p));
        if (!p->identity.v && !p->why)
            TRY(make_person(cx, p));
    }
    return OK;
}

static struct contact contact_of(struct ctx *cx, const struct person *p)
{
    const struct inbound_item *item = p->first;
    return (struct contact){
        .id = p->contact,
        .name = p->name,
        .email = utf8_prefix_bytes(
            utf8_fold(cx->arena, str_trim(item->contact_email)), LIMIT_NAME_BYTES),
        .phone = short_name(item->contact_phone),
        .location = short_name(item->contact_location),
        .language = p->language,
        .created_ms = cx->now_ms,
        .last_seen_ms = cx->now_ms,
    };
}

err people_write(struct people *people, struct ctx *cx)
{
    struct contact *contacts = NEW(cx->arena, struct contact, people->n + 1);
    struct identity *identities = NEW(cx->arena, struct identity, people->n + 1);
    contact_id *seen = NEW(cx->arena, contact_id, people->n + 1);
    identity_id *seen_as = NEW(cx->arena, identity_id, people->n + 1);
    int64_t *seen_ms = NEW(cx->arena, int64_t, people->n + 1);
    ptrdiff_t n_contacts = 0, n_identities = 0, n_seen = 0;
    for (ptrdiff_t i = 0; i < people->n; i++) {
        const struct person *p = &people->at[i];
        if (p->why)
            continue;
        if (p->is_new_contact)
            contacts[n_contacts++] = contact_of(cx, p);
        if (p->is_new)
            identities[n_identities++] = (struct identity){
                .id = p->identity,
                .contact_id = p->contact,
                .channel_id = p->channel,
                .external_id = p->external_id,
                .handle = short_name(p->first->contact_handle.len ? p->first->contact_handle
                                                                  : p->first->contact_name),
                .profile_url = p->first->contact_profile_url,
                .avatar_url = p->first->contact_avatar_url,
                .other_id = p->first->contact_other_id,
                .is_verified = p->first->is_verified,
                .last_seen_ms = cx->now_ms,
            };
        if (p->is_touched) {
            seen_as[n_seen] = p->identity;
            seen_ms[n_seen] = cx->now_ms;
            seen[n_seen++] = p->contact;
        }
    }
    int64_t changed = 0;
    if (n_contacts)
        TRY(contact_add_many(cx, contacts, n_contacts));
    if (n_identities)
        TRY(identity_add_many(cx, identities, n_identities, &changed));
    if (changed != n_identities)
        return fail(cx, E_BUSY, "Another node met the same person; try again.");
    for (ptrdiff_t i = 0; i < people->n; i++)
        if (people->at[i].is_joined && !people->at[i].why)
            TRY(identity_joined(
                cx, people->at[i].contact, people->at[i].identity, people->at[i].external_id));
    if (!n_seen)
        return OK;
    TRY(contact_touch_many(cx, seen, seen_ms, n_seen));
    return identity_touch_many(cx, seen_as, seen_ms, n_seen);
}
