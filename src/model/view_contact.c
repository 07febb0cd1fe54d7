/* view_contact: see view_contact.h. */
#include "model/view_contact.h"

#include "model/view_channel.h"

static void put_identity(struct json_out *j, const struct identity_shown *i)
{
    json_obj(j);
    json_kv_id(j, S("id"), i->id.v);
    json_kv_id(j, S("channel_id"), i->channel_id.v);
    json_kv_text(j, S("channel_kind"), i->channel_kind);
    json_kv_str(j, S("external_id"), i->external_id);
    json_kv_text(j, S("handle"), i->handle);
    json_kv_bool(j, S("is_verified"), i->is_verified);
    json_kv_time(j, S("last_seen_at"), i->last_seen_ms);
    json_obj_end(j);
}

static const struct shape_field identity_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("channel_id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("channel_kind", SHAPE_NULL, channel_kind_words,
        "null: of a channel that was removed long ago"),
    SHOWN("external_id", SHAPE_TEXT, 0, "the channel's own id of the person"),
    SHOWN("handle", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("is_verified", SHAPE_BOOL, 0, "the site or network vouches for it"),
    SHOWN("last_seen_at", SHAPE_TIME, SHAPE_NULL, NULL),
};
static const struct shape identity_shape =
    SHAPE("Identity", NULL, identity_fields, "A contact on one channel.");
static const struct shape_field page_fields[] = {
    SHOWN("url", SHAPE_TEXT, 0, NULL),
    SHOWN("title", SHAPE_TEXT, SHAPE_NULL, NULL),
};
static const struct shape page_shape = SHAPE("PageSeen", NULL, page_fields, "A page of the site.");

static const struct shape_field short_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, "of a conversation's: without one the mail address; may be empty"),
    SHOWN("avatar_url", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("is_online", SHAPE_BOOL, 0, "has the website's chat open"),
};
const struct shape contact_short_shape =
    SHAPE("ContactShort", NULL, short_fields, "A contact in a list of conversations.");
static const struct shape_field contact_fields[] = {
    SHOWN("email", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("phone", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("language", SHAPE_TEXT, SHAPE_NULL, "language tag"),
    SHOWN("time_zone", SHAPE_TEXT, SHAPE_NULL, "IANA name"),
    SHOWN("location", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("company", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("note", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("custom", SHAPE_FREE, 0, "fields of your own"),
    SHOWN_OBJECT("identities", SHAPE_LIST, &identity_shape, NULL),
    SHOWN("is_blocked", SHAPE_BOOL, 0, NULL),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("last_seen_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("updated_at", SHAPE_TIME, 0, NULL),
    SHOWN_OBJECT("current_page", SHAPE_OPTIONAL, &page_shape, "of a visitor who is there"),
    SHOWN("conversations_count", SHAPE_INT, SHAPE_OPTIONAL, "left out in lists"),
};
const struct shape contact_shape =
    SHAPE("Contact", &contact_short_shape, contact_fields, "A customer.");

void contact_view(struct json_out *j, const struct contact *c,
    const struct identity_shown *identities, ptrdiff_t n, int64_t conversations)
{
    json_obj(j);
    json_kv_id(j, S("id"), c->id.v);
    json_kv_str(j, S("name"), c->name);
    json_kv_text(j, S("email"), c->email);
    json_kv_text(j, S("phone"), c->phone);
    json_kv_text(j, S("avatar_url"), c->avatar_url);
    json_kv_text(j, S("language"), c->language);
    json_kv_text(j, S("time_zone"), c->time_zone);
    json_kv_text(j, S("location"), c->location);
    json_kv_text(j, S("company"), c->company);
    json_kv_text(j, S("note"), c->note);
    json_kv_raw(j, S("custom"), c->custom.len ? c->custom : S("{}"));
    json_key(j, S("identities"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++)
        put_identity(j, &identities[i]);
    json_arr_end(j);
    json_kv_bool(j, S("is_online"), c->is_online);
    json_kv_bool(j, S("is_blocked"), c->is_blocked);
    json_kv_time(j, S("created_at"), c->created_ms);
    json_kv_time(j, S("last_seen_at"), c->last_seen_ms);
    json_kv_time(j, S("updated_at"), c->updated_ms);
    if (c->page_url.len) {
        json_key(j, S("current_page"));
        json_obj(j);
        json_kv_str(j, S("url"), c->page_url);
        json_kv_text(j, S("title"), c->page_title);
        json_obj_end(j);
    }
    if (conversations >= 0)
        json_kv_int(j, S("conversations_count"), conversations);
    json_obj_end(j);
}
