/* messages: the timeline of a conversation, replies and notes (API "Conversations"). Rules:
 * care/reply.h. */
#include "api/mail_form.h"
#include "api/page.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/limits.h"
#include "care/act.h"
#include "care/attachment.h"
#include "care/mail_stop.h"
#include "care/plan.h"
#include "care/reply.h"
#include "model/view_message.h"
#include "store/conversation.h"
#include "store/message.h"

enum {
    CLIENT_ID_BYTES = 64,
    MENTIONS_MOST = 50,
    TRANSCRIPT_PAGE = 200,
    TRANSCRIPT_BYTES = 16 * 1024 * 1024,
};

static err answer_one(struct call *call, int status, const struct message *m)
{
    struct json_out j = json_out_make(call->cx.arena, 4 * LIMIT_JSON_BODY_BYTES);
    message_view(&j, m);
    return answer_json(call, status, json_str(&j));
}

struct list_query {
    str cursor;
    int64_t limit, around, after;
};
static const struct input_field list_fields[] = {
    PAGE_FIELDS(struct list_query),
    FIELD(struct list_query, around, IN_ID, 0, 0, 0,
        "the page with this message in its middle; next = older"),
    FIELD(struct list_query, after, IN_ID, 0, 0, 0,
        "the page behind this message; next = the `after` of the page behind that"),
};
static const struct input_spec list_spec = SPEC("MessageQuery", struct list_query, list_fields);

struct timeline_page {
    struct message *rows;
    ptrdiff_t n;
    str next;
};

static err page_older(
    struct ctx *cx, conversation_id c, int64_t before, ptrdiff_t limit, struct timeline_page *page)
{
    bool has_older = false;
    TRY(message_list(cx, c, (message_id){before}, limit, &page->rows, &page->n, &has_older));
    page->next = has_older ? page_cursor(cx->arena, 0, page->rows[0].id.v) : (str){0};
    return OK;
}

static err page_newer(
    struct ctx *cx, conversation_id c, int64_t after, ptrdiff_t limit, struct timeline_page *page)
{
    bool has_newer = false;
    TRY(message_list_newer(cx, c, (message_id){after}, limit, &page->rows, &page->n, &has_newer));
    page->next = has_newer ? page_id(cx->arena, page->rows[page->n - 1].id.v) : (str){0};
    return OK;
}

/* Half of the page, the message its last, and what comes behind it. */
static err page_around(
    struct ctx *cx, conversation_id c, int64_t around, ptrdiff_t limit, struct timeline_page *page)
{
    struct timeline_page newer = {0};
    TRY(page_older(cx, c, around + 1, limit - limit / 2, page));
    if (page->n == 0 || page->rows[page->n - 1].id.v != around)
        return fail(cx, E_NOT_FOUND, "There is no such message in this conversation.");
    if (limit / 2 > 0)
        TRY(page_newer(cx, c, around, limit / 2, &newer));
    struct message *rows = NEW(cx->arena, struct message, page->n + newer.n);
    for (ptrdiff_t i = 0; i < page->n + newer.n; i++)
        rows[i] = i < page->n ? page->rows[i] : newer.rows[i - page->n];
    page->rows = rows;
    page->n += newer.n;
    return OK;
}

static void list_ahead(struct call *call)
{
    const struct list_query *query = call->query;
    conversation_id id = {call->id};
    if (!query->cursor.len && !query->around && !query->after)
        message_list_ahead(&call->cx, id, (message_id){0}, page_limit(query->limit));
    conversation_get_ahead(&call->cx, id);
}

static err list(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct list_query *query = call->query;
    struct conversation c;
    struct timeline_page page = {0};
    int64_t before = 0;
    ptrdiff_t limit = page_limit(query->limit);
    list_ahead(call);
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    if ((query->cursor.len > 0) + (query->around > 0) + (query->after > 0) > 1)
        return fail_field(cx, query->around ? "around" : "after",
            "Only one of cursor, around and after says which page it is.");
    TRY(page_cursor_read_id(cx, query->cursor, &before));
    if (query->around)
        TRY(page_around(cx, c.id, query->around, limit, &page));
    else if (query->after)
        TRY(page_newer(cx, c.id, query->after, limit, &page));
    else
        TRY(page_older(cx, c.id, before, limit, &page));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < page.n; i++)
        message_view(&j, &page.rows[i]);
    return answer_list_end(call, &j, page.next);
}

static const char *const kind_words[] = {"reply", "note", NULL};
static const char *const then_words[] = {"resolve", "pending", NULL};
static const char *const visibility_words[] = {"private", "public", NULL};
struct post_body {
    str kind, text, client_id, then, visibility;
    const struct json *parts, *mail;
    struct id_list attachment_ids, mentions;
    int64_t seen_message_id, reply_to_id, send_at;
    bool force, confirm_public;
};
static const struct input_field post_fields[] = {
    FIELD_ENUM(struct post_body, kind, IN_REQUIRED, kind_words, NULL),
    FIELD(struct post_body, text, IN_TEXT, IN_MULTILINE, 0, LIMIT_TEXT_BYTES, NULL),
    FIELD(struct post_body, attachment_ids, IN_ID_LIST, 0, 0, LIMIT_ATTACHMENTS, NULL),
    FIELD(struct post_body, client_id, IN_TEXT, IN_REQUIRED, 1, CLIENT_ID_BYTES,
        "UUID; the same one again gives the same message, for ever"),
    FIELD(struct post_body, seen_message_id, IN_ID, IN_NULLABLE, 0, 0,
        "the last message the writer saw; required for a reply"),
    FIELD(struct post_body, force, IN_BOOL, 0, 0, 0, "send although something new came in"),
    FIELD(struct post_body, mentions, IN_ID_LIST, 0, 0, MENTIONS_MOST, "agents, in a note"),
    FIELD(struct post_body, reply_to_id, IN_ID, IN_NULLABLE, 0, 0, NULL),
    FIELD_ENUM(struct post_body, then, 0, then_words, NULL),
    FIELD_ENUM(struct post_body, visibility, 0, visibility_words,
        "of a reply; left out: where the customer wrote last"),
    FIELD(struct post_body, parts, IN_JSON, 0, 0, 0,
        "of a reply: a list of {type: template, buttons, location or contact, …}"),
    FIELD(struct post_body, mail, IN_JSON, 0, 0, 0, MAIL_FORM_HELP),
    FIELD(struct post_body, send_at, IN_TIME, IN_NULLABLE, 0, 0,
        "a reply goes out then; when the customer writes before, it is held back"),
    FIELD(struct post_body, confirm_public, IN_BOOL, 0, 0, 0,
        "the writer knows that personal data in it will be public"),
};
static const struct input_spec post_spec = SPEC("MessageNew", struct post_body, post_fields);

static err parts_of(struct ctx *cx, const struct post_body *body, str *parts)
{
    if (body->parts && body->parts->count && str_eq(body->kind, S("note")))
        return fail_field(cx, "parts", "Only a reply has parts.");
    return input_parts(cx, body->parts, parts);
}

/* Reads what the mail quotes, before the transaction. */
static err post_prepare(struct call *call)
{
    const struct post_body *body = call->body;
    struct mail_new *mail = NEW(call->cx.arena, struct mail_new, 1);
    struct mail_source source;
    call->prepared = mail;
    if (!body->mail)
        return OK;
    if (str_eq(body->kind, S("note")))
        return fail_field(&call->cx, "mail", "Only a reply is a mail.");
    TRY(mail_form_read(&call->cx, body->mail, false, mail));
    return mail_form_quote(call, (conversation_id){call->id}, mail, &source);
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct post_body *body = call->body;
    const struct id_list *files = &body->attachment_ids;
    str attachments, parts;
    TRY(parts_of(cx, body, &parts));
    if (str_eq(body->kind, S("note")) && body->visibility.len)
        return fail_field(cx, "visibility", "Only a reply has a visibility.");
    const struct mail_new *mail = call->prepared;
    str text = body->text;
    TRY(mail_form_text(cx, mail, &text));
    TRY(attachment_take(cx, files->at, files->len, &attachments));
    struct reply_new reply = {
        .is_note = str_eq(body->kind, S("note")),
        .text = text,
        .send_ms = body->send_at,
        .attachments = attachments,
        .client_id = body->client_id,
        .seen = {body->seen_message_id},
        .force = body->force,
        .mentions = body->mentions.at,
        .n_mentions = body->mentions.len,
        .then = body->then,
        .reply_to = {body->reply_to_id},
        .parts = parts,
        .visibility = body->visibility,
        .confirm_public = body->confirm_public,
        .mail = body->mail ? mail : NULL,
    };
    struct message m;
    struct conversation c;
    bool is_repeat = false;
    TRY(reply_add(cx, (conversation_id){call->id}, &reply, &m, &c, &is_repeat));
    if (!is_repeat)
        TRY(attachment_give(cx, files->at, files->len, c.id, m.id));
    return answer_one(call, is_repeat ? 200 : 201, &m);
}

static err cancel(struct call *call)
{
    struct message m;
    TRY(reply_cancel(&call->cx, (message_id){call->id}, &m));
    return answer_one(call, 200, &m);
}

static err send_now(struct call *call)
{
    struct message m;
    TRY(plan_send_now(&call->cx, (message_id){call->id}, &m));
    return answer_one(call, 200, &m);
}

static err retry(struct call *call)
{
    struct message m;
    TRY(reply_retry(&call->cx, (message_id){call->id}, &m));
    return answer_one(call, 200, &m);
}

static err stop(struct call *call)
{
    struct message m;
    TRY(mail_stop(&call->cx, (message_id){call->id}, &m));
    return answer_one(call, 200, &m);
}

/* "read" is the server's own. */
static const char *const asked_acts[] = {"delete", "edit", "react", "hide", "unhide", "like", NULL};
struct act_body {
    str kind, text, reaction;
};
static const struct input_field act_fields[] = {
    FIELD_ENUM(struct act_body, kind, IN_REQUIRED, asked_acts, "what the network knows: /networks"),
    FIELD(struct act_body, text, IN_TEXT, IN_MULTILINE, 0, LIMIT_TEXT_BYTES, "edit"),
    FIELD(struct act_body, reaction, IN_TEXT, 0, 0, 64, "react: an emoji; empty takes it back"),
};
static const struct input_spec act_spec = SPEC("MessageAct", struct act_body, act_fields);

static err act(struct call *call)
{
    const struct act_body *body = call->body;
    struct act_new new = {.text = body->text, .reaction = body->reaction};
    struct message m;
    for (int i = 0; i < ACT_KINDS; i++)
        if (str_eq(str_from(act_words[i]), body->kind))
            new.kind = (enum connector_act_kind)i;
    TRY(act_add(&call->cx, (message_id){call->id}, &new, &m));
    return answer_one(call, 200, &m);
}

/* ── transcript ── */

static bool is_told(const struct message *m)
{
    return str_eq(m->kind, S("in")) ||
           (str_eq(m->kind, S("out")) && !str_eq(m->state, S("cancelled")));
}

/* Pages go back in time; their texts are joined oldest first. */
static err transcript_text(struct ctx *cx, const struct conversation *c, str *text)
{
    str pages = {0};
    message_id before = {0};
    for (bool has_older = true; has_older && pages.len < TRANSCRIPT_BYTES;) {
        struct message *rows = NULL;
        ptrdiff_t n = 0;
        TRY(message_list(cx, c->id, before, TRANSCRIPT_PAGE, &rows, &n, &has_older));
        struct sb b = sb_make(cx->arena, 0);
        for (ptrdiff_t i = 0; i < n; i++)
            if (is_told(&rows[i]))
                sb_print(&b, "[%.*s] %.*s:\n%.*s\n\n",
                    SARG(time_rfc3339(cx->arena, rows[i].sent_ms)), SARG(rows[i].author_name),
                    SARG(rows[i].text));
        pages = str_cat(cx->arena, sb_str(&b), pages);
        if (n)
            before = rows[0].id;
    }
    *text = pages;
    return OK;
}

static err transcript(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    str text = {0};
    TRY(transcript_text(cx, &c, &text));
    answer_header(call, "Content-Disposition",
        str_print(
            cx->arena, "attachment; filename=\"conversation-%lld.txt\"", (long long)c.number));
    return answer_bytes(call, 200, S("text/plain; charset=utf-8"), text);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/conversations/{id}/messages", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, &list_spec, NULL, NULL, list,
     "The timeline: the newest page first, oldest first inside it; next = older. Or the page around or after a message.", &message_shape, 0},
    /* A reply asks for conversation.reply, a note for conversation.note: care/reply.c. */
    {HTTP_POST, "/api/v1/conversations/{id}/messages", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_REPEATS, NULL, &post_spec, post_prepare, post,
     "Reply (conversation.reply), or leave a note (conversation.note). A reply against stale state is 409 conflict.stale.", &message_shape, 0},
    {HTTP_DELETE, "/api/v1/messages/{id}", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, cancel,
     "Cancel a reply while it is held.", &message_shape, 0},
    {HTTP_POST, "/api/v1/messages/{id}/send", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_409, NULL, NULL, NULL, send_now,
     "Send a held reply now.", &message_shape, 0},
    {HTTP_POST, "/api/v1/messages/{id}/retry", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_IDEMPOTENT, NULL, NULL, NULL, retry,
     "Send a failed or unknown reply again.", &message_shape, 0},
    {HTTP_POST, "/api/v1/messages/{id}/stop", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, stop,
     "Give up a mail that waits for another try: who has it keeps it, nobody else gets it.", &message_shape, 0},
    {HTTP_POST, "/api/v1/messages/{id}/act", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_409, NULL, &act_spec, NULL, act,
     "Take back, correct, hide, like or react to a message on its network. What became of it comes as an event.", &message_shape, 0},
    {HTTP_GET, "/api/v1/conversations/{id}/transcript", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_BYTES, NULL, NULL, NULL, transcript,
     "The exchange as plain text.", NULL, 0},
};
/* clang-format on */
extern const struct route_ahead messages_ahead;
const struct route_ahead messages_ahead = {list, list_ahead};
extern const struct route_table messages_routes;
const struct route_table messages_routes = ROUTES(routes);
