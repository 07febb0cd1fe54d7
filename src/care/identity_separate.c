/* identity_separate: see identity_separate.h. */
#include "care/identity_separate.h"

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/news.h"
#include "model/view_contact.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/identity.h"

/* Conversations of which consoles hear; others are read anew with a list. */
enum { TOLD_MOST = 200 };

static err tell(struct ctx *cx, contact_id id)
{
    struct contact c;
    struct identity_shown *identities = NULL;
    ptrdiff_t n = 0;
    int64_t conversations = 0;
    TRY(contact_get(cx, id, &c));
    TRY(identity_list(cx, id, &identities, &n));
    TRY(conversation_count_contact(cx, id, &conversations));
    struct json_out j = json_out_make(cx->arena, LIMIT_JSON_BODY_BYTES);
    contact_view(&j, &c, identities, n, conversations);
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    return news_contact(cx, id, json_str(&j));
}

static err note(struct ctx *cx, str action, contact_id contact, identity_id identity,
    str external_id, contact_id made)
{
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_id(&detail, S("identity_id"), identity.v);
    json_kv_str(&detail, S("external_id"), external_id);
    if (made.v)
        json_kv_id(&detail, S("contact_id"), made.v);
    json_obj_end(&detail);
    return audit_add(cx, action, S("contact"), contact.v, json_str(&detail));
}

err identity_joined(struct ctx *cx, contact_id contact, identity_id identity, str external_id)
{
    TRY(note(cx, S("contact.identity_joined"), contact, identity, external_id, (contact_id){0}));
    return tell(cx, contact);
}

/* ── apart ── */

static err find(struct ctx *cx, contact_id contact, identity_id id, struct identity *identity)
{
    struct identity_shown *all = NULL;
    struct channel channel;
    ptrdiff_t n = 0;
    err e = identity_get(cx, id, identity);
    if (e == OK)
        e = channel_get(cx, identity->channel_id, &channel);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (e != OK || identity->contact_id.v != contact.v || !str_eq(channel.kind, S("email")))
        return fail(cx, E_CONFLICT, "The contact has no such mail address.");
    TRY(identity_list(cx, contact, &all, &n));
    return n > 1 ? OK : fail(cx, E_CONFLICT, "The contact has no other identity.");
}

static err tell_conversations(struct ctx *cx, contact_id contact)
{
    struct conversation *rows = NULL;
    ptrdiff_t n = 0;
    TRY(conversation_list_contact(cx, contact, (conversation_id){0}, TOLD_MOST, &rows, &n));
    TRY(conversation_fill_tags(cx, rows, n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(news_conversation(cx, &rows[i], S("conversation.updated")));
    return OK;
}

err identity_separate(struct ctx *cx, contact_id contact, identity_id id, struct contact *made)
{
    struct contact of;
    struct identity identity;
    TRY(contact_get(cx, contact, &of));
    TRY(find(cx, contact, id, &identity));
    struct contact own = {.id = {id_make(cx->now_ms)},
        .name = str_eq(identity.handle, identity.external_id) ? (str){0} : identity.handle,
        .email = identity.external_id,
        .created_ms = cx->now_ms,
        .last_seen_ms = identity.last_seen_ms};
    TRY(contact_add_many(cx, &own, 1));
    identity.contact_id = own.id;
    TRY(identity_set(cx, &identity));
    TRY(conversation_set_contact(cx, identity.id, own.id));
    TRY(note(cx, S("contact.identity_separated"), of.id, id, identity.external_id, own.id));
    TRY(tell(cx, of.id));
    TRY(tell(cx, own.id));
    TRY(tell_conversations(cx, own.id));
    return contact_get(cx, own.id, made);
}
