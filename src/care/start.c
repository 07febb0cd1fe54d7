/* start: a conversation begins with a message of ours, where the network lets us write first; see
 * reply_start in reply.h. */
#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/news.h"
#include "care/phone.h"
#include "care/reply.h"
#include "connector/connector.h"
#include "store/account.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/identity.h"

struct starting {
    struct ctx *cx;
    const struct start_new *start;
    struct channel channel;
    const struct connector *network;
    struct contact contact;
    struct identity identity;
};

str start_address(struct arena *a, const struct connector *network, str phone)
{
    str number = phone_number(a, phone);
    if (network->address == ADDRESS_ID || !str_starts(number, S("+")))
        return (str){0};
    return network->address == ADDRESS_DIGITS ? str_skip(number, 1) : number;
}

static bool is_mailbox(const struct starting *s)
{
    return str_eq(s->channel.kind, S("email"));
}

static err check_channel(struct starting *s)
{
    err e = channel_get(s->cx, s->start->channel, &s->channel);
    if (e == E_NOT_FOUND)
        return fail_field(s->cx, "channel_id", "There is no such channel.");
    TRY(e);
    const struct connector *network = s->network = connector_find(s->channel.kind);
    if (!network || !(network->able & ABLE_BEGIN))
        return fail_field(s->cx, "channel_id", "On this channel the customer has to write first.");
    if (!s->channel.is_enabled)
        return fail_field(s->cx, "channel_id", "The channel is switched off.");
    return OK;
}

static err reach_by_phone(struct starting *s, str *address)
{
    str given = s->start->external_id.len ? s->start->external_id : s->contact.phone;
    const char *field = s->start->contact.v ? "contact_id" : "contact.phone";
    if (!given.len)
        return fail_field(s->cx, field, "This network goes by phone numbers: give one.");
    *address = start_address(s->cx->arena, s->network, given);
    if (!address->len)
        return fail_field(s->cx, field, "A phone number is written like +15550001111.");
    return OK;
}

static err reach_by_mail(struct starting *s, str *address)
{
    str given = s->start->external_id.len ? s->start->external_id : s->contact.email;
    *address = utf8_fold(s->cx->arena, str_trim(given));
    ptrdiff_t at = str_find_byte(*address, '@');
    if (at > 0 && at < address->len - 1)
        return OK;
    return fail_field(s->cx, s->start->contact.v ? "contact_id" : "contact.email",
        "A mail goes to a mail address: give one.");
}

/* The person's id on the channel. */
static err reach(struct starting *s, str *address)
{
    const struct contact *contact = &s->contact;
    if (s->network->address != ADDRESS_ID)
        return reach_by_phone(s, address);
    if (is_mailbox(s))
        return reach_by_mail(s, address);
    *address = s->start->external_id;
    if (address->len)
        return OK;
    if (!str_eq(s->channel.kind, S("api")))
        return fail_field(s->cx, s->start->contact.v ? "contact_id" : "contact.external_id",
            "Seva does not know this person on that network: they have to write first.");
    *address = contact->email.len ? contact->email
               : contact->phone.len
                   ? contact->phone
                   : str_print(s->cx->arena, "contact:%lld", (long long)contact->id.v);
    return OK;
}

static err add_identity(struct starting *s, str external_id)
{
    struct ctx *cx = s->cx;
    s->identity = (struct identity){
        .id = {id_make(cx->now_ms)},
        .contact_id = s->contact.id,
        .channel_id = s->channel.id,
        .external_id = external_id,
        .handle = s->contact.name,
    };
    int64_t changed = 0;
    TRY(identity_add_many(cx, &s->identity, 1, &changed));
    if (!changed)
        return fail(cx, E_CONFLICT, "Somebody else has this id on the channel.");
    return OK;
}

/* A mail goes to the contact's mail address, whichever it wrote from last. */
static err known_address(struct starting *s)
{
    struct identity key = {.channel_id = s->channel.id};
    struct identity_known *known = NULL;
    ptrdiff_t n = 0;
    TRY(reach_by_mail(s, &key.external_id));
    TRY(identity_find_many(s->cx, &key, 1, &known, &n));
    if (!n)
        return add_identity(s, key.external_id);
    if (known[0].contact_id.v != s->contact.id.v)
        return fail(s->cx, E_CONFLICT, "Somebody else has this mail address: merge the two first.");
    return identity_get(s->cx, known[0].id, &s->identity);
}

static err known_contact(struct starting *s)
{
    struct ctx *cx = s->cx;
    err e = contact_get(cx, s->start->contact, &s->contact);
    if (e == E_NOT_FOUND)
        return fail_field(cx, "contact_id", "There is no such contact.");
    TRY(e);
    if (is_mailbox(s) && s->contact.email.len)
        return known_address(s);
    e = identity_on_channel(cx, s->contact.id, s->channel.id, &s->identity);
    if (e != E_NOT_FOUND)
        return e;
    str address = {0};
    TRY(reach(s, &address));
    return add_identity(s, address);
}

/* The same mail address, phone or id on the channel is the same person there. */
static err new_contact(struct starting *s)
{
    struct ctx *cx = s->cx;
    const struct start_new *n = s->start;
    if (!n->email.len && !n->phone.len && !n->external_id.len && !n->name.len)
        return fail_field(cx, "contact", "Name the person, or give a mail address or a phone.");
    s->contact = (struct contact){
        .id = {id_make(cx->now_ms)},
        .name = n->name,
        .email = utf8_fold(cx->arena, n->email),
        .phone = n->phone,
        .language = n->language,
        .created_ms = cx->now_ms,
        .last_seen_ms = cx->now_ms,
    };
    struct identity key = {.channel_id = s->channel.id};
    TRY(reach(s, &key.external_id));
    struct identity_known *known = NULL;
    ptrdiff_t n_known = 0;
    TRY(identity_find_many(cx, &key, 1, &known, &n_known));
    if (n_known) {
        TRY(contact_get(cx, known[0].contact_id, &s->contact));
        return identity_get(cx, known[0].id, &s->identity);
    }
    TRY(contact_add_many(cx, &s->contact, 1));
    return add_identity(s, key.external_id);
}

/* The one in progress, as far as the actor may see it. */
static err find_open(struct starting *s, struct conversation *c, bool *has)
{
    struct thread_key key = {s->identity.id, (str){0}};
    struct conversation *found = NULL;
    ptrdiff_t n = 0;
    TRY(conversation_newest_of_threads(s->cx, &key, 1, &found, &n));
    *has = n && !str_eq(found[0].status, S("resolved"));
    if (!*has)
        return OK;
    err e = conversation_get(s->cx, found[0].id, c);
    if (e == E_NOT_FOUND)
        return fail(s->cx, E_CONFLICT, "Colleagues are in a conversation with this person.");
    return e;
}

static str subject_of(const struct starting *s)
{
    return s->start->mail ? str_trim(s->start->mail->subject) : (str){0};
}

static err add_conversation(struct starting *s, struct conversation *c)
{
    struct ctx *cx = s->cx;
    int64_t number = 0;
    TRY(account_count_up(cx, S("conversation"), 1, &number));
    *c = (struct conversation){
        .id = {id_make(cx->now_ms)},
        .number = number,
        .channel_id = s->channel.id,
        .identity_id = s->identity.id,
        .contact_id = s->contact.id,
        .status = S("open"),
        .priority = S("none"),
        .preview_kind = S("out"),
        .assignee_id = cx->actor.kind == ACTOR_AGENT ? cx->actor.agent : (agent_id){0},
        .language = s->contact.language,
        .previous_id = s->start->previous,
        .version = 1,
        .created_ms = cx->now_ms,
        .updated_ms = cx->now_ms,
        .channel_kind = s->channel.kind,
        .channel_name = s->channel.name,
        .contact_name = s->contact.name,
        .contact_email = s->contact.email,
        .contact_avatar_url = s->contact.avatar_url,
    };
    if (is_mailbox(s)) { /* beside others of the same person that are in progress */
        c->thread_key = str_print(cx->arena, "begun:%lld", (long long)c->id.v);
        c->subject = subject_of(s);
    }
    conversation_set_keys(c);
    TRY(conversation_add(cx, c));
    return news_conversation(cx, c, S("conversation.created"));
}

err reply_start(
    struct ctx *cx, const struct start_new *start, struct conversation *c, struct message *m)
{
    struct starting *s = NEW(cx->arena, struct starting, 1);
    s->cx = cx;
    s->start = start;
    TRY(check_channel(s));
    TRY(start->contact.v ? known_contact(s) : new_contact(s));
    struct conversation made;
    bool has = false;
    if (!is_mailbox(s))
        TRY(find_open(s, &made, &has));
    if (!has)
        TRY(add_conversation(s, &made));
    struct reply_new reply = {
        .text = start->text,
        .parts = start->parts,
        .attachments = start->attachments,
        .send_ms = start->send_ms,
        .mail = start->mail,
        .client_id = start->client_id,
        .seen = {INT64_MAX},
        .force = true,
    };
    bool is_repeat = false;
    return reply_add(cx, made.id, &reply, m, c, &is_repeat);
}
