/* search: one question over messages, contacts and tags (API "Search"). Rules: care/search.h; what
 * may be typed: text/search_query.h, docs/search.md. */
#include "care/search.h"

#include "api/page.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/view_conversation.h"
#include "model/view_search.h"

enum { MOST = 50, USUAL = 20, ZONE_MINUTES = 14 * 60, MINUTE_MS = 60 * 1000 };

static const char *const kinds[] = {"all", "messages", "contacts", "tags", NULL};
static const char *const orders[] = {"relevance", "time", NULL};

struct query {
    str q, kind, order, cursor;
    bool typing;
    int64_t zone, limit;
};
static const struct input_field fields[] = {
    FIELD(struct query, q, IN_TEXT, IN_REQUIRED, 1, SEARCH_QUERY_BYTES,
        "words, \"phrases\", beginnings*, -without, from: channel: tag: assignee: is: has: before: "
        "after:"),
    FIELD_ENUM(struct query, kind, 0, kinds, "all by default"),
    FIELD_ENUM(
        struct query, order, 0, orders, "relevance by default: the best of the newest 1,000"),
    FIELD(struct query, typing, IN_BOOL, 0, 0, 0, "the last word may go on"),
    FIELD(struct query, zone, IN_INT, 0, -ZONE_MINUTES, ZONE_MINUTES,
        "minutes east of UTC: where the days of before: and after: begin"),
    FIELD(struct query, cursor, IN_TEXT, 0, 0, 100, "where the next page begins: `next`"),
    FIELD(struct query, limit, IN_INT, 0, 1, MOST, "items per page, 20 by default"),
};
static const struct input_spec spec = SPEC("SearchQuery", struct query, fields);

static void put_message(struct json_out *j, const struct search_message *m)
{
    json_key(j, S("message"));
    json_obj(j);
    json_kv_id(j, S("id"), m->id.v);
    json_kv_str(j, S("kind"), m->kind);
    json_kv_str(j, S("author"), m->author_name.len ? m->author_name : m->contact_name);
    json_kv_time(j, S("sent_at"), m->sent_ms);
    json_obj_end(j);
    json_key(j, S("conversation"));
    json_obj(j);
    json_kv_id(j, S("id"), m->conversation_id.v);
    json_kv_int(j, S("number"), m->number);
    json_kv_str(j, S("status"), m->status);
    json_kv_str(j, S("subject"), m->subject);
    json_key(j, S("channel"));
    json_obj(j);
    json_kv_id(j, S("id"), m->channel_id.v);
    json_kv_str(j, S("kind"), m->channel_kind);
    json_kv_str(j, S("name"), m->channel_name);
    json_obj_end(j);
    json_key(j, S("contact"));
    json_obj(j);
    json_kv_id(j, S("id"), m->contact_id.v);
    json_kv_str(j, S("name"), m->contact_name);
    json_obj_end(j);
    json_obj_end(j);
}

static void put_contact(struct json_out *j, const struct search_contact *c)
{
    str handle, rest;
    (void)str_cut(c->handles, ' ', &handle, &rest);
    json_key(j, S("contact"));
    json_obj(j);
    json_kv_id(j, S("id"), c->id.v);
    json_kv_str(j, S("name"), c->name);
    json_kv_str(j, S("handle"), handle.len ? handle : c->email.len ? c->email : c->phone);
    json_obj_end(j);
}

static void put_hit(struct json_out *j, const struct search_hit *hit)
{
    static const char *const words[] = {"contact", "tag", "message"};
    json_obj(j);
    json_kv_str(j, S("kind"), str_from(words[hit->kind]));
    json_kv_str(j, S("field"), str_from(hit->field));
    json_key(j, S("pieces"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < hit->n_pieces; i++) {
        json_obj(j);
        json_kv_str(j, S("text"), hit->pieces[i].text);
        json_kv_bool(j, S("is_match"), hit->pieces[i].is_match);
        json_obj_end(j);
    }
    json_arr_end(j);
    switch (hit->kind) {
    case SEARCH_HIT_MESSAGE:
        put_message(j, hit->message);
        break;
    case SEARCH_HIT_CONTACT:
        put_contact(j, hit->contact);
        break;
    case SEARCH_HIT_TAG:
        json_key(j, S("tag"));
        tag_view(j, hit->tag);
        break;
    }
    json_obj_end(j);
}

static err ask_of(struct ctx *cx, const struct query *query, struct search_ask *ask)
{
    bool is_all = !query->kind.len || str_eq(query->kind, S("all"));
    *ask = (struct search_ask){.q = query->q,
        .is_typing = query->typing,
        .by_time = str_eq(query->order, S("time")),
        .messages = is_all || str_eq(query->kind, S("messages")),
        .contacts = is_all || str_eq(query->kind, S("contacts")),
        .tags = is_all || str_eq(query->kind, S("tags")),
        .zone_ms = query->zone * MINUTE_MS,
        .limit = query->limit ? query->limit : USUAL};
    if (!(cx->actor.caps & CAP_CONTACT_READ)) /* "all" is all that one may see */
        ask->contacts = false;
    return page_cursor_read(cx, query->cursor, &ask->is_after, &ask->after_score, &ask->after_id);
}

static err find(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct search_ask ask;
    struct search_answer found;
    TRY(ask_of(cx, call->query, &ask));
    TRY(search_find(cx, &ask, &found));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < found.n; i++)
        put_hit(&j, &found.hits[i]);
    json_arr_end(&j);
    const struct search_hit *last = found.n ? &found.hits[found.n - 1] : NULL;
    json_kv_text(&j, S("next"),
        found.has_more && last ? page_cursor(cx->arena, last->score, last->id) : (str){0});
    json_kv_bool(&j, S("is_building"), found.is_building);
    json_kv_bool(&j, S("is_limited"), found.is_limited);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/search", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, &spec, NULL, NULL, find,
     "Find messages, contacts and tags: what the caller may see, the best or the newest first.", &search_result_shape, 0},
};
/* clang-format on */
extern const struct route_table search_routes;
const struct route_table search_routes = ROUTES(routes);
