/* contacts: the people outside (API "Contacts"). Any agent with contact.read sees every contact of
 * the account; the conversations shown with one are those the agent may see. The list's `q` finds
 * as the search does (care/search.h), in the order of the list. */
#include "api/live.h"
#include "api/page.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/identity_separate.h"
#include "care/news.h"
#include "care/search.h"
#include "model/view_contact.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/identity.h"
#include "store/visitor.h"

enum { CUSTOM_BYTES = 16 * 1024, NOTE_BYTES = 8 * 1024, URL_BYTES = 2000 };

struct contact_body {
    str name, email, phone, language, time_zone, location, company, note, avatar_url;
    const struct json *custom;
    bool is_blocked;
    bool has_name, has_email, has_phone, has_language, has_time_zone, has_location, has_company,
        has_note, has_avatar_url, has_custom, has_is_blocked;
};
static const struct input_field contact_fields[] = {
    FIELD_SEEN(struct contact_body, name, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct contact_body, email, IN_TEXT, IN_NULLABLE, 0, 254, NULL),
    FIELD_SEEN(struct contact_body, phone, IN_TEXT, IN_NULLABLE, 0, 40, NULL),
    FIELD_SEEN(struct contact_body, language, IN_TEXT, IN_NULLABLE, 0, 40, NULL),
    FIELD_SEEN(struct contact_body, time_zone, IN_TEXT, IN_NULLABLE, 0, 80, NULL),
    FIELD_SEEN(struct contact_body, location, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct contact_body, company, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct contact_body, note, IN_TEXT, IN_NULLABLE | IN_MULTILINE, 0, NOTE_BYTES, NULL),
    FIELD_SEEN(
        struct contact_body, avatar_url, IN_TEXT, IN_NULLABLE, 0, URL_BYTES, "an https address"),
    FIELD_SEEN(
        struct contact_body, custom, IN_JSON, IN_NULLABLE, 0, 0, "an object, 16 KiB at most"),
    FIELD_SEEN(struct contact_body, is_blocked, IN_BOOL, 0, 0, 0, "nothing is taken from them"),
};
static const struct input_spec contact_spec =
    SPEC("ContactPatch", struct contact_body, contact_fields);

static err full_json(struct call *call, const struct contact *contact, str *json)
{
    struct ctx *cx = &call->cx;
    struct identity_shown *identities = NULL;
    ptrdiff_t n = 0;
    int64_t conversations = 0;
    struct contact c = *contact;
    TRY(identity_list(cx, c.id, &identities, &n));
    TRY(conversation_count_contact(cx, c.id, &conversations));
    TRY(visitor_fill_page(cx, &c));
    c.is_online = live_contact_is_online(call->api, cx->account, c.id);
    struct json_out j = json_out_make(cx->arena, LIMIT_JSON_BODY_BYTES);
    contact_view(&j, &c, identities, n, conversations);
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    *json = json_str(&j);
    return OK;
}

static err get(struct call *call)
{
    struct contact c;
    str json = {0};
    TRY(contact_get(&call->cx, (contact_id){call->id}, &c));
    TRY(full_json(call, &c, &json));
    return answer_json(call, 200, json);
}

/* ── list ── */

struct list_query {
    str q, cursor;
    int64_t limit;
};
static const struct input_field list_fields[] = {
    FIELD(struct list_query, q, IN_TEXT, 0, 0, 200,
        "words of a name, handle, company, mail address or phone, as in GET /search; the last one may "
        "go on; of the newest 1,000 contacts that have them"),
    PAGE_FIELDS(struct list_query),
};
static const struct input_spec list_spec = SPEC("ContactQuery", struct list_query, list_fields);

struct found {
    struct contact *rows;
    ptrdiff_t n;
};

static err search(
    struct ctx *cx, str q, int64_t before_ms, contact_id before, ptrdiff_t limit, struct found *f)
{
    struct search_walk *walk = NULL;
    int64_t *ids = NULL;
    ptrdiff_t n = 0;
    TRY(search_walk_begin(cx, q, &walk));
    TRY(search_walk_contacts(walk, &ids, &n));
    return contact_list_of(cx, ids, n, before_ms, before, limit, &f->rows, &f->n);
}

static err put_all(struct call *call, struct json_out *j, struct found *f)
{
    struct ctx *cx = &call->cx;
    struct identity_of *all = NULL;
    ptrdiff_t n_all = 0;
    if (f->n)
        TRY(identity_list_many(cx, f->rows, f->n, &all, &n_all));
    struct identity_shown *shown = NEW(cx->arena, struct identity_shown, n_all + 1);
    for (ptrdiff_t i = 0; i < f->n; i++) {
        struct contact *c = &f->rows[i];
        ptrdiff_t n = 0;
        for (ptrdiff_t k = 0; k < n_all; k++)
            if (all[k].contact_id.v == c->id.v)
                shown[n++] =
                    (struct identity_shown){all[k].id, all[k].channel_id, all[k].channel_kind,
                        all[k].external_id, all[k].handle, all[k].is_verified, all[k].last_seen_ms};
        c->is_online = live_contact_is_online(call->api, cx->account, c->id);
        contact_view(j, c, shown, n, -1);
    }
    return OK;
}

static err list(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct list_query *query = call->query;
    bool is_set = false;
    int64_t before_ms = 0, before = 0;
    TRY(page_cursor_read(cx, query->cursor, &is_set, &before_ms, &before));
    ptrdiff_t limit = page_limit(query->limit);
    struct found f = {0};
    str q = str_trim(query->q);
    if (q.len)
        TRY(search(cx, q, before_ms, (contact_id){before}, limit + 1, &f));
    else
        TRY(contact_list(cx, before_ms, (contact_id){before}, limit + 1, &f.rows, &f.n));
    bool has_more = page_cut(limit, &f.n);
    struct json_out j = answer_list_begin(call);
    TRY(put_all(call, &j, &f));
    const struct contact *last = has_more ? &f.rows[f.n - 1] : NULL;
    return answer_list_end(
        call, &j, last ? page_cursor(cx->arena, last->last_seen_ms, last->id.v) : (str){0});
}

/* ── change ── */

static err check(struct ctx *cx, const struct contact_body *b)
{
    if (b->email.len && str_find_byte(b->email, '@') < 1)
        return fail_field(cx, "email", "This is not a mail address.");
    if (b->avatar_url.len && !str_starts(b->avatar_url, S("https://")))
        return fail_field(cx, "avatar_url", "This must be an https address.");
    if (b->time_zone.len && !time_zone_is_known(b->time_zone))
        return fail_field(cx, "time_zone", "There is no such time zone.");
    if (b->custom && b->custom->kind != JSON_OBJECT)
        return fail_field(cx, "custom", "This must be an object.");
    return OK;
}

static err merge(struct ctx *cx, const struct contact_body *b, struct contact *c)
{
    TRY(check(cx, b));
    if (b->has_name)
        c->name = b->name;
    if (b->has_email)
        c->email = utf8_fold(cx->arena, b->email);
    if (b->has_phone)
        c->phone = b->phone;
    if (b->has_language)
        c->language = b->language;
    if (b->has_time_zone)
        c->time_zone = b->time_zone;
    if (b->has_location)
        c->location = b->location;
    if (b->has_company)
        c->company = b->company;
    if (b->has_note)
        c->note = b->note;
    if (b->has_avatar_url)
        c->avatar_url = b->avatar_url;
    if (b->has_is_blocked)
        c->is_blocked = b->is_blocked;
    if (b->has_custom) {
        struct json_out j = json_out_make(cx->arena, CUSTOM_BYTES);
        if (b->custom)
            json_put_tree(&j, b->custom);
        if (j.b.failed)
            return fail_field(cx, "custom", "At most 16 KiB can be kept here.");
        c->custom = json_str(&j);
    }
    c->updated_ms = cx->now_ms;
    return OK;
}

static err changed(struct call *call, int status, const struct contact *c)
{
    str json = {0};
    TRY(full_json(call, c, &json));
    TRY(news_contact(&call->cx, c->id, json));
    return answer_json(call, status, json);
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct contact c = {
        .id = {id_make(cx->now_ms)}, .created_ms = cx->now_ms, .last_seen_ms = cx->now_ms};
    TRY(merge(cx, call->body, &c));
    if (!c.name.len && !c.email.len && !c.phone.len)
        return fail_field(cx, "name", "Name the person, or give a mail address or a phone.");
    TRY(contact_add_many(cx, &c, 1));
    if (c.is_blocked)
        TRY(contact_set(cx, &c));
    return changed(call, 201, &c);
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct contact c;
    TRY(contact_get(cx, (contact_id){call->id}, &c));
    TRY(merge(cx, call->body, &c));
    TRY(contact_set(cx, &c));
    return changed(call, 200, &c);
}

/* ── taking apart ── */

struct separate_body {
    int64_t identity_id;
};
static const struct input_field separate_fields[] = {
    FIELD(struct separate_body, identity_id, IN_ID, IN_REQUIRED, 0, 0, "a mail address of theirs"),
};
static const struct input_spec separate_spec =
    SPEC("ContactSeparate", struct separate_body, separate_fields);

static err separate(struct call *call)
{
    const struct separate_body *body = call->body;
    struct contact made;
    str json = {0};
    TRY(identity_separate(
        &call->cx, (contact_id){call->id}, (identity_id){body->identity_id}, &made));
    TRY(full_json(call, &made, &json));
    return answer_json(call, 200, json);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/contacts", AUTH_AGENT, CAP_CONTACT_READ,
     ROUTE_READ | ROUTE_LIST, &list_spec, NULL, NULL, list,
     "Contacts, last seen first.", &contact_shape, 0},
    {HTTP_POST, "/api/v1/contacts", AUTH_AGENT, CAP_CONTACT_UPDATE,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE, NULL, &contact_spec, NULL, post,
     "Add a contact.", &contact_shape, 0},
    {HTTP_GET, "/api/v1/contacts/{id}", AUTH_AGENT, CAP_CONTACT_READ,
     ROUTE_READ, NULL, NULL, NULL, get,
     "One contact with its identities.", &contact_shape, 0},
    {HTTP_PATCH, "/api/v1/contacts/{id}", AUTH_AGENT, CAP_CONTACT_UPDATE,
     ROUTE_WRITE, NULL, &contact_spec, NULL, patch,
     "Change a contact.", &contact_shape, 0},
    {HTTP_POST, "/api/v1/contacts/{id}/separate", AUTH_AGENT, CAP_CONTACT_UPDATE,
     ROUTE_WRITE | ROUTE_409, NULL, &separate_spec, NULL, separate,
     "Give a mail address of a contact back to a contact of its own, with its conversations.", &contact_shape, 0},
};
/* clang-format on */
extern const struct route_table contacts_routes;
const struct route_table contacts_routes = ROUTES(routes);
