/* desk: what an agent has at hand in a conversation: read marks, presence, drafts; and the agent's
 * notifications (API "Conversations", "Tags, notifications"). */
#include "store/desk.h"
#include "api/live.h"
#include "api/mail_form.h"
#include "api/page.h"
#include "api/rate.h"
#include "api/server.h"
#include "base/limits.h"
#include "care/attachment.h"
#include "care/news.h"
#include "care/presence.h"
#include "connector/connector.h"
#include "model/view_message.h"
#include "store/conversation.h"

/* ── read marks ── */

struct read_body {
    int64_t message_id;
};
static const struct input_field read_fields[] = {
    FIELD(struct read_body, message_id, IN_ID, IN_REQUIRED, 0, 0, "the newest message seen"),
};
static const struct input_spec read_spec = SPEC("ConversationRead", struct read_body, read_fields);

static const struct shape_field read_shape_fields[] = {
    SHOWN("message_id", SHAPE_ID, 0, "read up to this one"),
};
const struct shape read_shape = SHAPE("ReadData", NULL, read_shape_fields, "Data of read.");

/* The visitor of a website chat sees that it was read. */
static void tell_visitor_read(struct call *call, const struct conversation *c, int64_t upto)
{
    if (!str_eq(c->channel_kind, S("widget")))
        return;
    const struct live_news news = {
        .type = S("read"),
        .conversation = c->id,
        .channel = c->channel_id,
        .contact = c->contact_id,
        .audience = EVENT_FOR_VISITOR,
        .data = str_print(call->cx.arena, "{\"message_id\":\"%lld\"}", (long long)upto),
    };
    live_tell_after(call, &news);
}

static err mark_read(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct read_body *body = call->body;
    struct conversation c;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    TRY(read_set(cx, c.id, (message_id){body->message_id}));
    TRY(notification_read_conversation(cx, c.id));
    tell_visitor_read(call, &c, body->message_id);
    return answer_empty(call);
}

/* The last customer message counts as not seen. */
static err mark_unread(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    TRY(read_set(cx, c.id, (message_id){c.last_in_id.v ? c.last_in_id.v - 1 : 0}));
    return answer_empty(call);
}

/* ── presence ── */

static const char *const presence_words[] = {"viewing", "typing", "left", NULL};
struct presence_body {
    str state;
};
static const struct input_field presence_fields[] = {
    FIELD_ENUM(struct presence_body, state, IN_REQUIRED, presence_words,
        "forgotten after 10 s unless repeated"),
};
static const struct input_spec presence_spec =
    SPEC("ConversationPresence", struct presence_body, presence_fields);

static const struct shape_field typist_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, NULL),
};
static const struct shape typist_shape = SHAPE("Typist", NULL, typist_fields, "Who types.");
static const struct shape_field typing_fields[] = {
    SHOWN("is_typing", SHAPE_BOOL, 0, NULL),
    SHOWN_OBJECT("author", 0, &typist_shape, NULL),
};
const struct shape typing_shape = SHAPE("Typing", NULL, typing_fields, "Data of typing.");

static str typing_json(struct ctx *cx, bool is_typing)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_bool(&j, S("is_typing"), is_typing);
    json_key(&j, S("author"));
    json_obj(&j);
    json_kv_str(&j, S("name"), cx->actor.name);
    json_obj_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

/* Networks that can show it hear of it, too, but not for everybody to see. */
static void tell_network(struct ctx *cx, const struct conversation *c)
{
    const struct connector *network = connector_find(c->channel_kind);
    if (!network || !(network->typing || network->read_shows_typing) ||
        str_eq(c->visibility, S("public")) || str_eq(c->status, S("resolved")) ||
        !rate_allows(c->id.v, RATE_TYPING, cx->now_ms))
        return;
    cx->effects.typing = c->id;
    cx->effects.typing_on = c->channel_id;
}

static err presence(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct presence_body *body = call->body;
    struct conversation c;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    bool is_typing = str_eq(body->state, S("typing"));
    enum presence_state state = is_typing                        ? PRESENCE_TYPING
                                : str_eq(body->state, S("left")) ? PRESENCE_LEFT
                                                                 : PRESENCE_VIEWING;
    bool has_changed = live_say_presence(call, &c, cx->actor.agent, state);
    if (is_typing)
        tell_network(cx, &c);
    bool is_told =
        is_typing || (has_changed && live_contact_is_online(call->api, cx->account, c.contact_id));
    if (!str_eq(c.channel_kind, S("widget")) || !is_told)
        return answer_empty(call);
    const struct live_news news = {
        .type = S("typing"),
        .conversation = c.id,
        .channel = c.channel_id,
        .contact = c.contact_id,
        .audience = EVENT_FOR_VISITOR,
        .data = typing_json(cx, is_typing),
    };
    live_tell_after(call, &news);
    return answer_empty(call);
}

/* ── drafts ── */

static const char *const draft_words[] = {"reply", "note", NULL};
struct draft_body {
    str kind, text;
    struct id_list attachment_ids;
    const struct json *mail;
    int64_t updated_at;
};
static const struct input_field draft_fields[] = {
    FIELD_ENUM(struct draft_body, kind, IN_REQUIRED, draft_words, NULL),
    FIELD(struct draft_body, text, IN_TEXT, IN_MULTILINE, 0, LIMIT_TEXT_BYTES, NULL),
    FIELD(struct draft_body, attachment_ids, IN_ID_LIST, 0, 0, LIMIT_ATTACHMENTS, NULL),
    FIELD(struct draft_body, mail, IN_JSON, IN_NULLABLE, 0, 0, "of a mail: as it is posted"),
    FIELD(struct draft_body, updated_at, IN_TIME, IN_NULLABLE, 0, 0,
        "when it was written; one older than what is stored changes nothing"),
};
static const struct input_spec draft_spec = SPEC("DraftPut", struct draft_body, draft_fields);

static struct draft no_draft(const struct ctx *cx, conversation_id id)
{
    return (struct draft){.agent_id = cx->actor.agent, .conversation_id = id, .kind = S("reply")};
}

/* With the views of its files: another screen of the agent's shows them. */
static err fill_draft(struct ctx *cx, struct draft *draft)
{
    int64_t *ids;
    ptrdiff_t n = id_text_read(cx->arena, draft->attachment_ids, &ids);
    return attachment_views(cx, ids, n, &draft->attachments);
}

static err answer_draft(struct call *call, struct draft *draft)
{
    TRY(fill_draft(&call->cx, draft));
    struct json_out j = json_out_make(call->cx.arena, LIMIT_JSON_BODY_BYTES);
    draft_view(&j, draft);
    return answer_json(call, 200, json_str(&j));
}

static err load_draft(struct call *call, struct draft *draft)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    err e = draft_get(cx, c.id, draft);
    if (e == E_NOT_FOUND)
        *draft = no_draft(cx, c.id);
    return e == E_NOT_FOUND ? OK : e;
}

static err get_draft(struct call *call)
{
    struct draft draft;
    TRY(load_draft(call, &draft));
    return answer_draft(call, &draft);
}

static err put_draft(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct draft_body *body = call->body;
    struct draft draft;
    TRY(load_draft(call, &draft));
    int64_t at = body->updated_at && body->updated_at < cx->now_ms ? body->updated_at : cx->now_ms;
    if (at < draft.updated_ms)
        return answer_draft(call, &draft);
    draft.kind = body->kind;
    draft.text = body->text;
    draft.attachment_ids = id_text(cx->arena, body->attachment_ids.at, body->attachment_ids.len);
    draft.mail = (str){0};
    if (body->mail)
        TRY(mail_form_keep(cx, body->mail, &draft.mail));
    draft.updated_ms = at;
    if (draft.text.len || draft.attachment_ids.len || draft.mail.len)
        TRY(draft_set(cx, &draft));
    else
        TRY(draft_remove(cx, draft.conversation_id));
    TRY(fill_draft(cx, &draft));
    TRY(news_draft(cx, &draft));
    return answer_draft(call, &draft);
}

static err delete_draft(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct draft draft;
    TRY(load_draft(call, &draft));
    TRY(draft_remove(cx, draft.conversation_id));
    draft.text = draft.attachment_ids = draft.mail = (str){0};
    draft.updated_ms = cx->now_ms;
    TRY(news_draft(cx, &draft));
    return answer_empty(call);
}

/* ── notifications ── */

struct notes_query {
    bool unread;
    str cursor;
    int64_t limit;
};
static const struct input_field notes_fields[] = {
    FIELD(struct notes_query, unread, IN_BOOL, 0, 0, 0, "only unread ones"),
    PAGE_FIELDS(struct notes_query),
};
static const struct input_spec notes_spec =
    SPEC("NotificationQuery", struct notes_query, notes_fields);

static err list_notes(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct notes_query *query = call->query;
    notification_id before = {0};
    TRY(page_cursor_read_id(cx, query->cursor, &before.v));
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    struct notification *rows = NULL;
    TRY(notification_list(cx, query->unread, before, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        notification_view(&j, &rows[i]);
    return answer_list_end(
        call, &j, has_more ? page_cursor(cx->arena, 0, rows[n - 1].id.v) : (str){0});
}

struct notes_body {
    struct id_list ids;
    bool all;
};
static const struct input_field notes_read_fields[] = {
    FIELD(struct notes_body, ids, IN_ID_LIST, 0, 0, LIMIT_PAGE, NULL),
    FIELD(struct notes_body, all, IN_BOOL, 0, 0, 0, NULL),
};
static const struct input_spec notes_read_spec =
    SPEC("NotificationsRead", struct notes_body, notes_read_fields);

static err read_notes(struct call *call)
{
    const struct notes_body *body = call->body;
    if (!body->all && !body->ids.len)
        return fail_field(&call->cx, "ids", "Say which ones: ids, or all.");
    TRY(notification_read(&call->cx, body->all ? NULL : body->ids.at, body->ids.len));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/conversations/{id}/read", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE, NULL, &read_spec, NULL, mark_read,
     "I have read up to this message.", NULL, 0},
    {HTTP_POST, "/api/v1/conversations/{id}/unread", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE, NULL, NULL, NULL, mark_unread,
     "The last customer message is unread for me.", NULL, 0},
    {HTTP_POST, "/api/v1/conversations/{id}/presence", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, &presence_spec, NULL, presence,
     "I am looking, typing, or gone.", NULL, 0},
    {HTTP_GET, "/api/v1/conversations/{id}/draft", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, NULL, NULL, get_draft,
     "My draft; empty when there is none.", &draft_shape, 0},
    {HTTP_PUT, "/api/v1/conversations/{id}/draft", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE, NULL, &draft_spec, NULL, put_draft,
     "Keep my draft.", &draft_shape, 0},
    {HTTP_DELETE, "/api/v1/conversations/{id}/draft", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE, NULL, NULL, NULL, delete_draft,
     "Forget my draft.", NULL, 0},
    {HTTP_GET, "/api/v1/notifications", AUTH_AGENT, CAP_SELF,
     ROUTE_READ | ROUTE_LIST, &notes_spec, NULL, NULL, list_notes,
     "My notifications, newest first.", &notification_shape, 0},
    {HTTP_POST, "/api/v1/notifications/read", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, &notes_read_spec, NULL, read_notes,
     "I have seen these notifications.", NULL, 0},
};
/* clang-format on */
extern const struct route_table desk_routes;
const struct route_table desk_routes = ROUTES(routes);
