/* letters: mails of ours that are no messages of a mailbox (API "Channels"): what became of them,
 * and sending one again; a transcript that an agent mails (API "Messages"). Not here: what they say
 * (care/letter.h). */
#include "api/input.h"
#include "api/page.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/letter.h"
#include "care/transcript.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/letter.h"

enum { EMAIL_MAX = 320 };

static const char *const kinds[] = {"chat", "transcript", "invitation", "password_reset", NULL};
static const char *const states[] = {"queued", "sending", "sent", "failed", "unknown", NULL};
static const struct shape_field letter_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("kind", 0, kinds, "chat: what a visitor of a website chat had not seen"),
    SHOWN("channel_id", SHAPE_ID, 0, "the mailbox that it goes out by"),
    SHOWN("conversation_id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN("to_name", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("to_address", SHAPE_TEXT, 0, NULL),
    SHOWN("subject", SHAPE_TEXT, 0, NULL),
    SHOWN_WORD("state", 0, states, "unknown: may have been sent"),
    SHOWN("error", SHAPE_TEXT, SHAPE_NULL, "failed, unknown: why; queued: why not yet"),
    SHOWN("answer", SHAPE_TEXT, SHAPE_NULL, "what the server for sending said when it took it"),
    SHOWN("relay_id", SHAPE_TEXT, SHAPE_NULL, "the Message-ID that a relay gave it instead"),
    SHOWN("message_id", SHAPE_TEXT, 0, "Message-ID, without < >"),
    SHOWN("is_repeatable", SHAPE_BOOL, 0, "it may be sent again"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("sent_at", SHAPE_TIME, SHAPE_NULL, NULL),
};
static const struct shape letter_shape =
    SHAPE("Letter", NULL, letter_fields, "A mail of Seva that is no message of a mailbox.");

static void view(struct json_out *j, const struct letter *l)
{
    bool is_over = str_eq(l->state, S("failed")) || str_eq(l->state, S("unknown"));
    json_obj(j);
    json_kv_id(j, S("id"), l->id.v);
    json_kv_str(j, S("kind"), l->kind);
    json_kv_id(j, S("channel_id"), l->channel_id.v);
    json_kv_id(j, S("conversation_id"), l->conversation_id.v);
    json_kv_text(j, S("to_name"), l->to_name);
    json_kv_str(j, S("to_address"), l->to_address);
    json_kv_str(j, S("subject"), l->subject);
    json_kv_str(j, S("state"), l->state);
    json_kv_text(j, S("error"), l->error);
    json_kv_text(j, S("answer"), l->answer);
    json_kv_text(j, S("relay_id"), l->relay_id);
    json_kv_str(j, S("message_id"), l->internet_id);
    json_kv_bool(j, S("is_repeatable"), is_over && l->text.len > 0);
    json_kv_time(j, S("created_at"), l->created_ms);
    json_kv_time(j, S("sent_at"), l->sent_ms);
    json_obj_end(j);
}

static err answer_letter(struct call *call, int status, const struct letter *l)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    view(&j, l);
    return answer_json(call, status, json_str(&j));
}

struct letters_query {
    int64_t cursor, limit, channel_id;
    str state;
};
static const struct input_field list_fields[] = {
    PAGE_ID_FIELDS(struct letters_query),
    FIELD(struct letters_query, channel_id, IN_ID, 0, 0, 0, "the mailbox that they go out by"),
    FIELD_ENUM(struct letters_query, state, 0, states, NULL),
};
static const struct input_spec list_spec = SPEC("LetterQuery", struct letters_query, list_fields);

static err list(struct call *call)
{
    const struct letters_query *query = call->query;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    struct letter *rows = NULL;
    TRY(letter_list(&call->cx, query->state, (channel_id){query->channel_id},
        (letter_id){query->cursor}, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        view(&j, &rows[i]);
    return answer_list_end(
        call, &j, has_more ? page_id(call->cx.arena, rows[n - 1].id.v) : (str){0});
}

static err retry(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct letter l;
    TRY(letter_retry(cx, (letter_id){call->id}, &l));
    TRY(audit_add(cx, S("letter.retried"), S("letter"), l.id.v, (str){0}));
    return answer_letter(call, 200, &l);
}

/* ── transcripts ── */

struct transcript_body {
    str email;
};
static const struct input_field transcript_fields[] = {
    FIELD(struct transcript_body, email, IN_TEXT, IN_NULLABLE, 0, EMAIL_MAX,
        "another address than the customer's own"),
};
static const struct input_spec transcript_spec =
    SPEC("TranscriptMail", struct transcript_body, transcript_fields);

static err transcript(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct transcript_body *body = call->body;
    struct conversation c;
    struct letter l;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    if (!str_eq(c.channel_kind, S("widget")))
        return fail(cx, E_CONFLICT, "Transcripts are mailed of website chats.");
    TRY(transcript_mail(cx, &c, body->email, &l));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("email"), l.to_address);
    json_obj_end(&j);
    TRY(audit_add(
        cx, S("conversation.transcript_mailed"), S("conversation"), c.id.v, json_str(&j)));
    return answer_letter(call, 201, &l);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/letters", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_READ | ROUTE_LIST, &list_spec, NULL, NULL, list,
     "Mails of Seva itself and of chats that go on by mail, newest first.", &letter_shape, 0},
    {HTTP_POST, "/api/v1/letters/{id}/retry", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, retry,
     "Send a failed or unknown one again.", &letter_shape, 0},
    {HTTP_POST, "/api/v1/conversations/{id}/transcript", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_409 | ROUTE_429, NULL, &transcript_spec, NULL, transcript,
     "Mail the transcript of a website chat to its customer, or to another address.", &letter_shape, 0},
};
/* clang-format on */
extern const struct route_table letters_routes;
const struct route_table letters_routes = ROUTES(routes);
