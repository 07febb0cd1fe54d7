/* widget_chat: the exchange of a website chat as its visitor has it: history, messages, typing,
 * read state, the page it reads, transcript, and the form that works without script. A message is
 * committed before it is acknowledged; the same client id again gives the same message. Rules: API
 * "Widget API"; docs/widget.md; CH-7, CH-9. Not here: how it begins (widget.c), files (uploads.c,
 * attachments.c), live news (stream.c). */
#include "api/input.h"
#include "api/live.h"
#include "api/rate.h"
#include "api/server.h"
#include "api/widget.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/attachment.h"
#include "care/delivery.h"
#include "care/inbound.h"
#include "care/news.h"
#include "care/presence.h"
#include "care/transcript.h"
#include "care/visitor.h"
#include "model/view_access.h"
#include "model/view_message.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/desk.h"
#include "store/door.h"
#include "store/message.h"
#include "store/source.h"
#include "store/visitor.h"
#include "text/words.h"

enum { PAGE = 50, CLIENT_ID_MAX = 64, URL_MAX = 2000, TITLE_MAX = 400 };

static const struct shape_field agent_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("photo_url", SHAPE_TEXT, SHAPE_NULL, "below the base URL"),
    SHOWN("introduction", SHAPE_TEXT, 0, NULL),
};
const struct shape widget_agent_shape =
    SHAPE("WidgetAgent", NULL, agent_fields, "An agent as visitors see it.");

void widget_agent_put(struct json_out *j, const struct agent *agent, bool shows_photo)
{
    json_obj(j);
    json_kv_str(j, S("name"), agent->name);
    json_kv_text(j, S("photo_url"),
        shows_photo ? agent_photo_url(j->b.a, agent->id, agent->photo_hash) : (str){0});
    json_kv_str(j, S("introduction"), agent->introduction);
    json_obj_end(j);
}

void widget_conversation_put(struct json_out *j, const struct conversation *c)
{
    if (!c->id.v) {
        json_put_null(j);
        return;
    }
    conversation_view_widget(j, c);
}

err widget_contact(struct ctx *cx, struct contact *contact, bool *has_contact)
{
    err e = contact_get(cx, cx->actor.contact, contact);
    *has_contact = e == OK;
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e == E_NOT_FOUND ? OK : e;
}

err widget_ensure(struct call *call, const struct visitor_profile *profile, struct contact *contact)
{
    struct ctx *cx = &call->cx;
    bool has_contact = false;
    TRY(widget_contact(cx, contact, &has_contact));
    if (!has_contact && !rate_allows_ip(call->req->peer, RATE_NEWCOMER, cx->now_ms))
        return fail_detail(cx, E_LIMIT, "throttled",
            "too many new chats come from your network; wait a moment and try again");
    return visitor_ensure(cx, profile, contact);
}

err widget_settings(struct ctx *cx, const struct json **settings)
{
    struct channel channel;
    str why;
    TRY(channel_get(cx, cx->actor.channel, &channel));
    if (json_parse(cx->arena, channel.settings, settings, &why) != OK)
        *settings = NULL;
    return OK;
}

bool widget_is_line(str s)
{
    return !utf8_has_control(s) && str_find_byte(s, '\n') < 0 && str_find_byte(s, '\r') < 0 &&
           str_find_byte(s, '\t') < 0 && s.len <= LIMIT_NAME_BYTES;
}

str widget_page_url(str url)
{
    return str_starts(url, S("https://")) || str_starts(url, S("http://")) ? url : (str){0};
}

err widget_custom_merge(struct ctx *cx, struct contact *contact, str more)
{
    const struct json *old = NULL, *add = NULL;
    str why;
    if (json_parse(cx->arena, more, &add, &why) != OK || !add->count)
        return OK;
    if (contact->custom.len && json_parse(cx->arena, contact->custom, &old, &why) != OK)
        old = NULL;
    struct json_out j = json_out_make(cx->arena, 32 * 1024);
    json_obj(&j);
    for (const struct json *v = old ? old->first : NULL; v; v = v->next) {
        if (json_get(add, v->key))
            continue;
        json_key(&j, v->key);
        json_put_tree(&j, v);
    }
    for (const struct json *v = add->first; v; v = v->next)
        json_kv_str(&j, v->key, v->text);
    json_obj_end(&j);
    if (j.b.failed)
        return fail_field(cx, "fields", "the contact has too many fields already");
    contact->custom = json_str(&j);
    contact->updated_ms = cx->now_ms;
    return contact_set(cx, contact);
}

/* ── history ── */

struct history_query {
    str cursor;
};
static const struct input_field history_fields[] = {
    FIELD(struct history_query, cursor, IN_TEXT, 0, 0, 20, "`next` of the page before: older"),
};
static const struct input_spec history_spec =
    SPEC("WidgetHistoryQuery", struct history_query, history_fields);

/* Who is answering: the assignee, else who wrote last. */
static err answering_agent(struct ctx *cx, const struct conversation *c, const struct message *rows,
    ptrdiff_t n, struct agent *agent)
{
    *agent = (struct agent){.id = c->assignee_id};
    for (ptrdiff_t i = n - 1; i >= 0 && !agent->id.v; i--)
        if (str_eq(rows[i].kind, S("out")) && str_eq(rows[i].author_kind, S("agent")))
            agent->id.v = rows[i].author_id;
    if (!agent->id.v)
        return OK;
    err e = agent_get(cx, agent->id, agent);
    if (e == E_NOT_FOUND)
        *agent = (struct agent){0};
    return e == E_NOT_FOUND ? OK : e;
}

static const struct shape_field history_shape_fields[] = {
    SHOWN_OBJECT("conversation", SHAPE_NULL, &widget_conversation_shape, NULL),
    SHOWN_OBJECT("messages", SHAPE_LIST, &widget_message_shape, "oldest first"),
    SHOWN("next", SHAPE_ID, SHAPE_NULL, "cursor of what is older; null = that is all"),
    SHOWN("read_upto", SHAPE_ID, SHAPE_NULL, "an agent has read up to this message"),
    SHOWN_OBJECT("agent", SHAPE_NULL, &widget_agent_shape, "who answers"),
};
static const struct shape history_shape =
    SHAPE("WidgetHistory", NULL, history_shape_fields, "The visitor's conversation.");

static err history(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct history_query *query = call->query;
    struct conversation c;
    struct message *rows = NULL;
    ptrdiff_t n = 0;
    bool has_older = false;
    int64_t before = 0;
    struct agent agent = {0};
    message_id read_upto = {0};
    if (query->cursor.len && id_parse(query->cursor, &before) != OK)
        return fail_field(cx, "cursor", "this is no cursor of ours");
    TRY(visitor_conversation(cx, &c));
    if (c.id.v) {
        TRY(message_list(cx, c.id, (message_id){before}, PAGE, &rows, &n, &has_older));
        TRY(answering_agent(cx, &c, rows, n, &agent));
        TRY(read_newest(cx, c.id, &read_upto));
    }
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_key(&j, S("conversation"));
    widget_conversation_put(&j, &c);
    json_key(&j, S("messages"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++)
        if (message_is_for_visitor(&rows[i]))
            message_view_widget(&j, &rows[i]);
    json_arr_end(&j);
    json_kv_id(&j, S("next"), has_older ? rows[0].id.v : 0);
    json_kv_id(&j, S("read_upto"), read_upto.v); /* by an agent */
    json_key(&j, S("agent"));
    if (agent.id.v)
        widget_agent_put(&j, &agent, true);
    else
        json_put_null(&j);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

/* ── writing ── */

struct message_body {
    str client_id, text;
    struct id_list attachment_ids;
    const struct json *page;
    str locale, time_zone;
};
static const struct input_field message_fields[] = {
    FIELD(struct message_body, client_id, IN_TEXT, IN_REQUIRED, 1, CLIENT_ID_MAX,
        "UUID; the same one again gives the same message"),
    FIELD(struct message_body, text, IN_TEXT, IN_MULTILINE, 0, LIMIT_TEXT_BYTES, NULL),
    FIELD(struct message_body, attachment_ids, IN_ID_LIST, 0, 0, LIMIT_ATTACHMENTS, NULL),
    FIELD(struct message_body, page, IN_JSON, IN_NULLABLE, 0, 0, "{url, title}"),
    FIELD(struct message_body, locale, IN_TEXT, IN_NULLABLE, 0, 35, "what the visitor reads"),
    FIELD(struct message_body, time_zone, IN_TEXT, IN_NULLABLE, 0, 64, "IANA name"),
};
static const struct input_spec message_spec =
    SPEC("WidgetMessageNew", struct message_body, message_fields);

static err take(struct ctx *cx, const struct inbound_item *item, struct inbound_result *result)
{
    TRY(inbound_take_many(cx, item, 1, result, NULL));
    if (result->result == OK)
        return channel_seen_in(cx, item->channel, item->received_ms);
    if (result->result == E_CONFLICT)
        return OK;
    return fail(cx, result->result, "%s", result->why ? result->why : "The message was refused.");
}

static err remember_page(struct ctx *cx, const struct message_body *body)
{
    const struct json *page = body->page;
    struct visitor v = {.id = cx->actor.visitor,
        .channel_id = cx->actor.channel,
        .contact_id = cx->actor.contact,
        .page_url =
            widget_page_url(utf8_prefix_bytes(json_text(json_get(page, S("url")), S("")), URL_MAX)),
        .page_title = utf8_prefix_bytes(json_text(json_get(page, S("title")), S("")), TITLE_MAX),
        .locale = body->locale,
        .time_zone = body->time_zone};
    return visitor_put(cx, &v);
}

static err answer_message(struct call *call, int status, const struct message *m)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    message_view_widget(&j, m);
    return answer_json(call, status, json_str(&j));
}

/* Known from before the visitor proved who it is, when its messages bore another id. */
static err known_message(struct ctx *cx, str client_id, struct message *m, bool *is_known)
{
    struct conversation c;
    TRY(visitor_conversation(cx, &c));
    err e = c.id.v ? message_by_client(cx, c.id, client_id, m) : E_NOT_FOUND;
    *is_known = e == OK && str_eq(m->kind, S("in"));
    return e == E_NOT_FOUND ? OK : e;
}

static err write_message(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct message_body *body = call->body;
    if (!rate_allows(cx->actor.visitor.v, RATE_VISITOR, cx->now_ms))
        return fail_detail(
            cx, E_LIMIT, "throttled", "too many messages at once; wait a moment and send it again");
    struct contact contact;
    struct message m;
    bool is_known;
    TRY(widget_ensure(call, &(struct visitor_profile){0}, &contact));
    TRY(known_message(cx, body->client_id, &m, &is_known));
    if (is_known)
        return answer_message(call, 200, &m);
    struct inbound_item item = {.channel = cx->actor.channel,
        .channel_kind = S("widget"),
        .external_id = str_print(cx->arena, "w:%.*s:%.*s", SARG(cx->actor.external_id),
            SARG(body->client_id)), /* the browser chose client_id: it counts within the visitor */
        .contact_external_id = cx->actor.external_id,
        .client_id = body->client_id,
        .text = body->text,
        .sent_ms = cx->now_ms,
        .received_ms = cx->now_ms};
    const struct id_list *files = &body->attachment_ids;
    TRY(attachment_take(cx, files->at, files->len, &item.attachments));
    struct inbound_result result;
    TRY(take(cx, &item, &result));
    if (result.result == OK)
        TRY(attachment_give(cx, files->at, files->len, result.conversation, result.message));
    TRY(remember_page(cx, body));
    TRY(message_get(cx, result.message, &m));
    return answer_message(call, result.result == OK ? 201 : 200, &m);
}

/* ── passing news ── */

struct typing_body {
    bool is_typing;
};
static const struct input_field typing_fields[] = {
    FIELD(struct typing_body, is_typing, IN_BOOL, IN_REQUIRED, 0, 0, "forgotten after 10 s"),
};
static const struct input_spec typing_spec =
    SPEC("WidgetTyping", struct typing_body, typing_fields);

static err typing(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct typing_body *body = call->body;
    struct conversation c;
    TRY(visitor_conversation(cx, &c));
    if (!c.id.v)
        return answer_empty(call);
    (void)live_say_presence(call, &c, (agent_id){0},
        body->is_typing ? PRESENCE_TYPING : PRESENCE_LEFT); /* only agents are told */
    return answer_empty(call);
}

struct read_body {
    int64_t message_id;
};
static const struct input_field read_fields[] = {
    FIELD(struct read_body, message_id, IN_ID, IN_REQUIRED, 0, 0, "the newest message seen"),
};
static const struct input_spec read_spec = SPEC("WidgetRead", struct read_body, read_fields);

static err mark_read(struct call *call)
{
    const struct read_body *body = call->body;
    struct conversation c;
    TRY(visitor_conversation(&call->cx, &c));
    if (c.id.v)
        TRY(delivery_read_upto(&call->cx, c.id, (message_id){body->message_id}));
    return answer_empty(call);
}

struct page_body {
    str url, title;
};
static const struct input_field page_fields[] = {
    FIELD(struct page_body, url, IN_TEXT, IN_REQUIRED, 0, URL_MAX, "the page the visitor reads"),
    FIELD(struct page_body, title, IN_TEXT, IN_NULLABLE, 0, TITLE_MAX, NULL),
};
static const struct input_spec page_spec = SPEC("WidgetPage", struct page_body, page_fields);

/* Kept only for those who have written. */
static err page(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct page_body *body = call->body;
    struct contact contact;
    bool has_contact;
    TRY(widget_contact(cx, &contact, &has_contact));
    if (!has_contact)
        return answer_empty(call);
    struct visitor v = {.id = cx->actor.visitor,
        .channel_id = cx->actor.channel,
        .contact_id = cx->actor.contact,
        .page_url = widget_page_url(body->url),
        .page_title = body->title};
    TRY(visitor_put(cx, &v));
    return answer_empty(call);
}

/* ── transcript ── */

/* In which language and zone it is written: as the browser says now. */
static err find_reader(struct call *call, struct chat_reader *reader)
{
    struct ctx *cx = &call->cx;
    struct visitor visitor = {0};
    err e = visitor_of_contact(cx, cx->actor.contact, &visitor);
    if (e != E_NOT_FOUND)
        TRY(e);
    *reader = (struct chat_reader){
        words_locale(http_header_get(call->req, S("Accept-Language"))), visitor.time_zone};
    return OK;
}

static err transcript(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    const struct json *settings;
    struct chat_reader reader;
    struct transcript made;
    TRY(widget_settings(cx, &settings));
    if (!json_bool(json_get(settings, S("transcript_enabled")), true))
        return fail(cx, E_FORBIDDEN, "this chat gives no transcript");
    TRY(visitor_conversation(cx, &c));
    TRY(find_reader(call, &reader));
    TRY(transcript_write(cx, &c, &reader, true, &made));
    answer_header(call, "Content-Disposition", S("attachment; filename=\"conversation.html\""));
    answer_header(call, "Content-Security-Policy", S("default-src 'none'; sandbox"));
    return answer_bytes(call, 200, S("text/html; charset=utf-8"), made.html);
}

/* Nobody has answered: a stranger could have us mail anything to anybody. */
static err was_answered(struct ctx *cx, const struct conversation *c, bool *is)
{
    struct message *rows = NULL;
    ptrdiff_t n = 0;
    bool has_older = false;
    *is = false;
    if (c->id.v)
        TRY(message_list(cx, c->id, (message_id){0}, PAGE, &rows, &n, &has_older));
    for (ptrdiff_t i = 0; i < n; i++)
        *is |= str_eq(rows[i].kind, S("out")) && message_is_for_visitor(&rows[i]);
    return OK;
}

static err transcript_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    struct channel channel;
    struct letter letter;
    bool is_answered = false;
    TRY(channel_get(cx, cx->actor.channel, &channel));
    if (!chat_mail_settings(cx->arena, channel.settings).gives_transcript)
        return fail(cx, E_FORBIDDEN, "this chat mails no transcript");
    TRY(visitor_conversation(cx, &c));
    TRY(was_answered(cx, &c, &is_answered));
    if (!is_answered)
        return fail(cx, E_CONFLICT, "there is no answer to send yet");
    if (!rate_allows(cx->actor.visitor.v, RATE_TRANSCRIPT, cx->now_ms))
        return fail_detail(cx, E_LIMIT, "throttled", "too many at once; please wait a moment");
    TRY(transcript_mail(cx, &c, S(""), &letter));
    TRY(audit_add(cx, S("conversation.transcript_mailed"), S("conversation"), c.id.v, (str){0}));
    return answer_empty(call);
}

/* ── without script ── */

struct form {
    struct source source;
    str name, email, text;
};

static err form_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct http_pair *pairs;
    ptrdiff_t n;
    struct form *form = NEW(cx->arena, struct form, 1);
    bool has_consent = false;
    err e = source_find(call->api->sources, cx->arena, S("widget"), call->params[0], &form->source);
    if (e == E_NOT_FOUND || (e == OK && !form->source.is_enabled))
        return fail(cx, E_NOT_FOUND, "there is no website chat with this key");
    TRY(e);
    const struct json *settings = NULL;
    str why;
    if (json_parse(cx->arena, form->source.settings, &settings, &why) == OK &&
        json_bool(json_get(settings, S("require_identity")), false))
        return fail_detail(
            cx, E_FORBIDDEN, "identity_required", "this chat is for signed-in users");
    if (!rate_allows_ip(call->req->peer, RATE_FORM, cx->now_ms))
        return fail_detail(cx, E_LIMIT, "throttled", "too many messages; please wait a minute");
    if (http_pairs_parse(cx->arena, call->req->body, &pairs, &n) != OK)
        return fail(cx, E_INVALID, "the form is not well formed");
    for (ptrdiff_t i = 0; i < n; i++) {
        str value = str_trim(pairs[i].value);
        if (str_eq(pairs[i].name, S("name")))
            form->name = value;
        else if (str_eq(pairs[i].name, S("email")))
            form->email = value;
        else if (str_eq(pairs[i].name, S("text")))
            form->text = value;
        else if (str_eq(pairs[i].name, S("consent")))
            has_consent = str_eq(value, S("true"));
        else
            return fail_field(cx, "form", "unknown field");
    }
    if (!form->text.len || form->text.len > LIMIT_TEXT_BYTES)
        return fail_field(cx, "text", "please write a message");
    if (str_find_byte(form->email, '@') < 1 || !widget_is_line(form->email) ||
        !widget_is_line(form->name))
        return fail_field(cx, "email", "please give an address where we can reach you");
    if (!has_consent)
        return fail_field(cx, "consent", "please agree that we keep your message to answer it");
    call->prepared = form;
    return OK;
}

/* The same form posted twice is one message: its id is what it says, on that day. */
static str form_key(struct ctx *cx, const struct form *form)
{
    str day = str_sub(time_rfc3339(cx->arena, cx->now_ms), 0, 10);
    str all =
        str_print(cx->arena, "%.*s\n%.*s\n%.*s", SARG(day), SARG(form->email), SARG(form->text));
    struct sha256 sum = crypto_sha256(all);
    return crypto_hex(cx->arena, str_of(sum.b, 16));
}

static err form_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct form *form = call->prepared;
    str key = form_key(cx, form);
    TRY(door_account(cx, form->source.account));
    struct inbound_item item = {.channel = form->source.channel,
        .channel_kind = S("widget"),
        .external_id = str_cat(cx->arena, S("f:"), key),
        .contact_external_id = str_cat(cx->arena, S("f:"), key),
        .contact_name = form->name,
        .contact_email = form->email,
        .text = form->text,
        .received_ms = cx->now_ms};
    struct inbound_result result;
    TRY(take(cx, &item, &result));
    call->res.status = 303;
    answer_header(
        call, "Location", str_print(cx->arena, "/widget/link/%.*s?sent=1", SARG(call->params[0])));
    return OK;
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/widget/v1/conversation", AUTH_VISITOR, CAP_NONE,
     ROUTE_READ, &history_spec, NULL, NULL, history,
     "The newest conversation with its messages; next = older.", &history_shape, 0},
    {HTTP_POST, "/widget/v1/messages", AUTH_VISITOR, CAP_NONE,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_409 | ROUTE_429 | ROUTE_REPEATS, NULL, &message_spec, NULL, write_message,
     "Write a message; the same client_id again gives the same one.", &widget_message_shape, 0},
    {HTTP_POST, "/widget/v1/typing", AUTH_VISITOR, CAP_NONE,
     ROUTE_READ, NULL, &typing_spec, NULL, typing,
     "Tell the agents that the visitor types.", NULL, 0},
    {HTTP_POST, "/widget/v1/read", AUTH_VISITOR, CAP_NONE,
     ROUTE_WRITE, NULL, &read_spec, NULL, mark_read,
     "The visitor has read everything up to a message.", NULL, 0},
    {HTTP_POST, "/widget/v1/page", AUTH_VISITOR, CAP_NONE,
     ROUTE_WRITE, NULL, &page_spec, NULL, page,
     "The page the visitor reads.", NULL, 0},
    {HTTP_GET, "/widget/v1/transcript", AUTH_VISITOR, CAP_NONE,
     ROUTE_READ | ROUTE_BYTES, NULL, NULL, NULL, transcript,
     "The conversation as a page to keep.", NULL, 0},
    {HTTP_POST, "/widget/v1/transcript", AUTH_VISITOR, CAP_NONE,
     ROUTE_WRITE | ROUTE_403 | ROUTE_409 | ROUTE_429, NULL, NULL, NULL, transcript_post,
     "Mail the conversation to the address that the visitor gave.", NULL, 0},
    {HTTP_POST, "/widget/link/{key}", AUTH_PUBLIC, CAP_NONE,
     ROUTE_WRITE | ROUTE_RAW_BODY, NULL, NULL, form_prepare, form_post,
     "The chat's form for browsers without script.", NULL, 0},
};
/* clang-format on */
extern const struct route_table widget_chat_routes;
const struct route_table widget_chat_routes = ROUTES(routes);
