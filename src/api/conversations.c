/* conversations: the inbox and one conversation as people see it (API "Conversations"). What is
 * done to conversations is in conversation_changes.c, messages are in messages.c, presence and
 * drafts in desk.c. Rules: care/inbox.h. */
#include "api/live.h"
#include "api/page.h"
#include "api/server.h"
#include "base/limits.h"
#include "care/inbox.h"
#include "care/join.h"
#include "care/presence.h"
#include "care/reply.h"
#include "care/reply_check.h"
#include "model/view_contact.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/desk.h"
#include "store/identity.h"
#include "store/visitor.h"

enum { ANSWER_BYTES = 8 * LIMIT_JSON_BODY_BYTES };

/* ── list ── */

struct list_query {
    str view, assignee, team, channel, contact, q, language, sort, cursor;
    struct str_list status, tag, priority;
    bool unread;
    int64_t limit;
    bool has_view, has_assignee, has_team, has_channel, has_contact, has_q, has_language, has_sort,
        has_status, has_tag, has_priority, has_unread;
};
static const struct input_field list_fields[] = {
    FIELD_SEEN(struct list_query, view, IN_TEXT, 0, 0, 40,
        "a built-in view's key or a saved view's id; the other filters replace its own"),
    FIELD_SEEN(
        struct list_query, status, IN_TEXT_LIST, 0, 0, 4, "open, pending, snoozed, resolved"),
    FIELD_SEEN(struct list_query, assignee, IN_TEXT, 0, 0, 20, "an agent's id, me or none"),
    FIELD_SEEN(struct list_query, team, IN_TEXT, 0, 0, 20, "a team's id or none"),
    FIELD_SEEN(struct list_query, channel, IN_TEXT, 0, 0, 20, "a channel's id"),
    FIELD_SEEN(struct list_query, contact, IN_TEXT, 0, 0, 20, "a contact's id"),
    FIELD_SEEN(struct list_query, tag, IN_TEXT_LIST, 0, 0, FILTER_TAGS, "names; any of them"),
    FIELD_SEEN(struct list_query, priority, IN_TEXT_LIST, 0, 0, 5, "any of them"),
    FIELD_SEEN(struct list_query, q, IN_TEXT, 0, 0, SEARCH_BYTES,
        "as in GET /search, also a conversation's number; the last word may go on; of the newest "
        "2,000 conversations that are found"),
    FIELD_SEEN(struct list_query, language, IN_TEXT, 0, 0, 40, NULL),
    FIELD_SEEN(struct list_query, unread, IN_BOOL, 0, 0, 0, "only what I have not read"),
    FIELD_ENUM_SEEN(struct list_query, sort, 0, conversation_sort_words, NULL),
    PAGE_FIELDS(struct list_query),
};
static const struct input_spec list_spec =
    SPEC("ConversationQuery", struct list_query, list_fields);

static void narrow(const struct list_query *from, struct inbox_query *q)
{
    if (from->has_status)
        q->status = from->status;
    if (from->has_tag)
        q->tag = from->tag;
    if (from->has_priority)
        q->priority = from->priority;
    if (from->has_assignee)
        q->assignee = from->assignee;
    if (from->has_team)
        q->team = from->team;
    if (from->has_channel)
        q->channel = from->channel;
    if (from->has_contact)
        q->contact = from->contact;
    if (from->has_q)
        q->q = from->q;
    if (from->has_language)
        q->language = from->language;
    if (from->has_unread)
        q->unread = from->unread;
}

static err answer_page(struct call *call, struct conversation *rows, ptrdiff_t n, str next)
{
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++) {
        rows[i].is_contact_online =
            live_contact_is_online(call->api, call->cx.account, rows[i].contact_id);
        conversation_view(&j, &rows[i]);
    }
    return answer_list_end(call, &j, next);
}

static err asked(struct call *call, struct inbox_query *q, enum conversation_sort *sort,
    struct conversation_cursor *after)
{
    struct ctx *cx = &call->cx;
    const struct list_query *query = call->query;
    *sort = SORT_NEWEST;
    if (query->view.len)
        TRY(inbox_view(cx, query->view, q, sort));
    narrow(query, q);
    if (query->has_sort)
        (void)inbox_sort(query->sort, sort); /* declared: one of the words */
    return page_cursor_read(cx, query->cursor, &after->is_set, &after->key, &after->id);
}

static void list_ahead(struct call *call)
{
    const struct list_query *query = call->query;
    struct inbox_query q = {0};
    enum conversation_sort sort;
    struct conversation_cursor after = {0};
    bool is_known = !query->view.len || inbox_view_is_builtin(query->view);
    if (is_known && asked(call, &q, &sort, &after) == OK)
        inbox_list_ahead(&call->cx, &q, sort, &after, page_limit(query->limit));
}

static err list(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct list_query *query = call->query;
    struct inbox_query q = {0};
    enum conversation_sort sort;
    struct conversation_cursor after = {0}, next = {0};
    TRY(asked(call, &q, &sort, &after));
    struct conversation *rows = NULL;
    ptrdiff_t n = 0;
    TRY(inbox_list(cx, &q, sort, &after, page_limit(query->limit), &rows, &n, &next));
    return answer_page(
        call, rows, n, next.is_set ? page_cursor(cx->arena, next.key, next.id) : (str){0});
}

static err of_contact(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct page_query *query = call->query;
    struct contact contact;
    TRY(contact_get(cx, (contact_id){call->id}, &contact));
    conversation_id before = {0};
    TRY(page_cursor_read_id(cx, query->cursor, &before.v));
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    struct conversation *rows = NULL;
    TRY(conversation_list_contact(cx, contact.id, before, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    TRY(conversation_fill_tags(cx, rows, n));
    TRY(conversation_fill_mine(cx, rows, n));
    return answer_page(
        call, rows, n, has_more ? page_cursor(cx->arena, 0, rows[n - 1].id.v) : (str){0});
}

/* ── one ── */

static err contact_json(struct call *call, contact_id id, str *json)
{
    struct ctx *cx = &call->cx;
    struct contact contact;
    struct identity_shown *identities = NULL;
    ptrdiff_t n = 0;
    int64_t conversations = 0;
    TRY(contact_get(cx, id, &contact));
    TRY(identity_list(cx, id, &identities, &n));
    TRY(conversation_count_contact(cx, id, &conversations));
    TRY(visitor_fill_page(cx, &contact));
    contact.is_online = live_contact_is_online(call->api, cx->account, id);
    struct json_out j = json_out_make(cx->arena, ANSWER_BYTES);
    contact_view(&j, &contact, identities, n, conversations);
    *json = json_str(&j);
    return OK;
}

static err participants_json(struct ctx *cx, conversation_id id, str *json)
{
    struct participant *rows = NULL;
    ptrdiff_t n = 0;
    TRY(conversation_participants(cx, id, &rows, &n));
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(&j);
        json_kv_id(&j, S("id"), rows[i].id.v);
        json_kv_str(&j, S("name"), rows[i].name);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    *json = json_str(&j);
    return OK;
}

static str viewers_json(struct ctx *cx, conversation_id id)
{
    struct presence p;
    presence_get(cx->account, id, cx->now_ms, &p);
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < p.n; i++) {
        json_obj(&j);
        json_kv_id(&j, S("agent_id"), p.agents[i].agent.v);
        json_kv_bool(&j, S("is_typing"), p.agents[i].is_typing);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    return json_str(&j);
}

static str post_json(struct ctx *cx, const struct post *post)
{
    if (!post->id.v)
        return (str){0};
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("kind"), post->kind);
    json_kv_text(&j, S("url"), post->url);
    json_kv_str(&j, S("text"), post->text);
    json_kv_text(&j, S("author_name"), post->author_name);
    json_kv_text(&j, S("author_handle"), post->author_handle);
    json_kv_text(&j, S("image_url"), post->image_url);
    json_kv_bool(&j, S("is_ours"), post->is_ours);
    json_kv_time(&j, S("at"), post->at_ms);
    json_obj_end(&j);
    return json_str(&j);
}

static err reply_json(struct ctx *cx, const struct conversation *c, struct conversation_more *more)
{
    struct reply_view view;
    TRY(reply_room_of(cx, c, &view));
    const struct reply_room *room = &view.room;
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_bool(&j, S("public"), room->may_public);
    json_kv_bool(&j, S("private"), room->may_private);
    json_kv_str(&j, S("default_visibility"), room->is_public ? S("public") : S("private"));
    json_kv_str(&j, S("window"), str_from(reply_window_name(room->window)));
    json_kv_time(&j, S("window_until"), room->window_until_ms);
    json_kv_time(&j, S("late_until"), room->late_until_ms);
    json_kv_text(&j, S("answer_url"), view.is_capture ? view.post.url : (str){0});
    json_obj_end(&j);
    more->reply = json_str(&j);
    more->post = post_json(cx, &view.post);
    return OK;
}

static err related_json(struct ctx *cx, const struct conversation *c, str *json)
{
    struct join_related r;
    err e = join_related_of(cx, c, &r);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_id(&j, S("id"), r.c.id.v);
    json_kv_int(&j, S("number"), r.c.number);
    json_kv_text(&j, S("subject"), r.c.subject);
    json_kv_str(&j, S("contact_name"), r.c.contact_name);
    json_kv_str(&j, S("why"), r.why);
    json_kv_str(&j, S("sender"), r.sender);
    json_kv_bool(&j, S("is_proven"), r.is_proven);
    json_kv_bool(&j, S("takes_part"), r.takes_part);
    json_obj_end(&j);
    *json = json_str(&j);
    return OK;
}

/* What the rest of the answer needs, in one round trip. */
static void ask_ahead(struct ctx *cx, const struct conversation *c)
{
    contact_get_ahead(cx, c->contact_id);
    identity_list_ahead(cx, c->contact_id);
    conversation_count_contact_ahead(cx, c->contact_id);
    visitor_of_contact_ahead(cx, c->contact_id);
    channel_get_ahead(cx, c->channel_id);
}

static void get_ahead(struct call *call)
{
    conversation_get_mine_ahead(&call->cx, (conversation_id){call->id});
    conversation_participants_ahead(&call->cx, (conversation_id){call->id});
}

static err get(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    get_ahead(call);
    TRY(conversation_get_mine(cx, (conversation_id){call->id}, &c));
    ask_ahead(cx, &c);
    TRY(conversation_fill_tags(cx, &c, 1));
    struct conversation_more more = {.viewers = viewers_json(cx, c.id)};
    TRY(contact_json(call, c.contact_id, &more.contact));
    TRY(participants_json(cx, c.id, &more.participants));
    TRY(reply_json(cx, &c, &more));
    TRY(related_json(cx, &c, &more.related));
    struct json_out j = json_out_make(cx->arena, ANSWER_BYTES);
    conversation_view_full(&j, &c, &more);
    return answer_json(call, 200, json_str(&j));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/conversations", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST | ROUTE_404, &list_spec, NULL, NULL, list,
     "Conversations of a view or filter.", &conversation_shape, 0},
    {HTTP_GET, "/api/v1/conversations/{id}", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, NULL, NULL, get,
     "One conversation with its contact and who looks at it.", &conversation_full_shape, 0},
    {HTTP_GET, "/api/v1/contacts/{id}/conversations", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, &page_query_spec, NULL, NULL, of_contact,
     "Conversations of a contact, newest first.", &conversation_shape, 0},
};
/* clang-format on */
extern const struct route_ahead conversations_ahead, conversation_ahead;
const struct route_ahead conversations_ahead = {list, list_ahead};
const struct route_ahead conversation_ahead = {get, get_ahead};
extern const struct route_table conversations_routes;
const struct route_table conversations_routes = ROUTES(routes);
