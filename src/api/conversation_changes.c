/* conversation_changes: what is done to conversations (API "Conversations"): begun, changed, moved,
 * joined and separated, tagged, many at once and back. Not here: reading them (conversations.c),
 * writing in them (messages.c). Rules: care/lifecycle.h, care/move.h, care/bulk.h. */
#include "api/input.h"
#include "api/live.h"
#include "api/mail_form.h"
#include "api/server.h"
#include "base/id.h"
#include "base/limits.h"
#include "care/attachment.h"
#include "care/bulk.h"
#include "care/inbox.h"
#include "care/join.h"
#include "care/move.h"
#include "care/reply.h"
#include "store/conversation.h"

enum { ANSWER_BYTES = 8 * LIMIT_JSON_BODY_BYTES };

static err answer_one(struct call *call, int status, struct conversation *c)
{
    TRY(conversation_fill_mine(&call->cx, c, 1));
    c->is_contact_online = live_contact_is_online(call->api, call->cx.account, c->contact_id);
    struct json_out j = json_out_make(call->cx.arena, ANSWER_BYTES);
    conversation_view(&j, c);
    return answer_json(call, status, json_str(&j));
}

/* ── start ── */

struct start_contact {
    str name, email, phone, language, external_id;
};
static const struct input_field start_contact_fields[] = {
    FIELD(struct start_contact, name, IN_TEXT, 0, 0, 0, NULL),
    FIELD(struct start_contact, email, IN_TEXT, 0, 0, 254, NULL),
    FIELD(struct start_contact, phone, IN_TEXT, 0, 0, 40, NULL),
    FIELD(struct start_contact, language, IN_TEXT, 0, 0, 40, NULL),
    FIELD(struct start_contact, external_id, IN_TEXT, 0, 0, 0, "the person's id on the channel"),
};
static const struct input_spec start_contact_spec =
    SPEC("ConversationNewContact", struct start_contact, start_contact_fields);
struct start_body {
    int64_t channel_id, contact_id;
    const struct json *contact;
    const struct json *parts, *mail;
    struct id_list attachment_ids;
    int64_t send_at;
    str text, client_id;
};
static const struct input_field start_fields[] = {
    FIELD(struct start_body, channel_id, IN_ID, IN_REQUIRED, 0, 0,
        "whose network may be written to first: /networks, able: begin"),
    FIELD(struct start_body, contact_id, IN_ID, 0, 0, 0, "a known contact, or give `contact`"),
    FIELD(struct start_body, contact, IN_JSON, 0, 0, 0,
        "{name, email, phone, language, external_id}"),
    FIELD(struct start_body, text, IN_TEXT, IN_MULTILINE, 0, LIMIT_TEXT_BYTES, "or parts"),
    FIELD(struct start_body, parts, IN_JSON, 0, 0, 0, "as of a reply: a template, …"),
    FIELD(struct start_body, attachment_ids, IN_ID_LIST, 0, 0, LIMIT_ATTACHMENTS, NULL),
    FIELD(struct start_body, client_id, IN_TEXT, 0, 0, 64, "UUID of the message"),
    FIELD(struct start_body, mail, IN_JSON, 0, 0, 0, MAIL_FORM_HELP),
    FIELD(struct start_body, send_at, IN_TIME, IN_NULLABLE, 0, 0, "it goes out then, not at once"),
};
static const struct input_spec start_spec =
    SPEC("ConversationNew", struct start_body, start_fields);

/* Nothing is quoted in the first mail of a conversation: there is nothing to answer. */
static err start_mail(struct ctx *cx, const struct start_body *body, struct mail_new *mail)
{
    if (!body->mail)
        return OK;
    TRY(mail_form_read(cx, body->mail, true, mail));
    return mail->quote.v ? fail_field(cx, "mail", "A new conversation quotes nothing.") : OK;
}

static err start(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct start_body *body = call->body;
    const struct id_list *files = &body->attachment_ids;
    struct mail_new mail = {0};
    struct message m;
    str text = body->text;
    TRY(start_mail(cx, body, &mail));
    TRY(mail_form_text(cx, &mail, &text));
    struct start_new s = {
        .channel = {body->channel_id},
        .contact = {body->contact_id},
        .text = text,
        .mail = body->mail ? &mail : NULL,
        .send_ms = body->send_at,
        .client_id = body->client_id.len
                         ? body->client_id
                         : str_print(cx->arena, "start:%lld", (long long)id_make(cx->now_ms)),
    };
    if (body->contact) {
        void *read = NULL;
        TRY(input_object(cx, &start_contact_spec, body->contact, "contact.", &read));
        const struct start_contact *who = read;
        s.name = who->name;
        s.email = who->email;
        s.phone = who->phone;
        s.language = who->language;
        s.external_id = who->external_id;
    } else if (!body->contact_id) {
        return fail_field(cx, "contact_id", "Say who it is with: contact_id or contact.");
    }
    struct conversation c;
    TRY(input_parts(cx, body->parts, &s.parts));
    if (!text.len && !s.parts.len)
        return fail_field(cx, "text", "Write something, or send a template.");
    TRY(attachment_take(cx, files->at, files->len, &s.attachments));
    TRY(reply_start(cx, &s, &c, &m));
    TRY(attachment_give(cx, files->at, files->len, c.id, m.id));
    return answer_one(call, 201, &c);
}

/* ── change ── */

struct patch_body {
    str status, priority, outcome, subject, language;
    int64_t assignee_id, team_id, snoozed_until, expected_version;
    bool has_status, has_priority, has_outcome, has_subject, has_language, has_assignee_id,
        has_team_id, has_snoozed_until;
};
static const struct input_field patch_fields[] = {
    FIELD_ENUM_SEEN(struct patch_body, status, 0, conversation_status_words, NULL),
    FIELD_ENUM_SEEN(struct patch_body, priority, 0, conversation_priority_words, NULL),
    FIELD_ENUM_SEEN(struct patch_body, outcome, IN_NULLABLE, conversation_outcome_words, NULL),
    FIELD_SEEN(struct patch_body, assignee_id, IN_ID, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct patch_body, team_id, IN_ID, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct patch_body, snoozed_until, IN_TIME, IN_NULLABLE, 0, 0,
        "with status snoozed; 24 hours when left out"),
    FIELD_SEEN(struct patch_body, subject, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct patch_body, language, IN_TEXT, IN_NULLABLE, 0, 40, NULL),
    FIELD(struct patch_body, expected_version, IN_INT, 0, 1, 0,
        "409 conflict.stale when it is another by now"),
};
static const struct input_spec patch_spec =
    SPEC("ConversationPatch", struct patch_body, patch_fields);

static struct conversation_change change_of(const struct patch_body *b)
{
    return (struct conversation_change){
        .has_status = b->has_status,
        .status = b->status,
        .has_priority = b->has_priority,
        .priority = b->priority,
        .has_outcome = b->has_outcome,
        .outcome = b->outcome,
        .has_subject = b->has_subject,
        .subject = b->subject,
        .has_language = b->has_language,
        .language = b->language,
        .has_assignee = b->has_assignee_id,
        .assignee = {b->assignee_id},
        .has_team = b->has_team_id,
        .team = {b->team_id},
        .has_snoozed_until = b->has_snoozed_until,
        .snoozed_until_ms = b->snoozed_until,
        .expected_version = b->expected_version,
    };
}

static err patch(struct call *call)
{
    struct conversation_change change = change_of(call->body);
    struct conversation c;
    TRY(conversation_change(&call->cx, (conversation_id){call->id}, &change, &c));
    return answer_one(call, 200, &c);
}

struct move_body {
    int64_t channel_id;
    str address;
};
static const struct input_field move_fields[] = {
    FIELD(struct move_body, channel_id, IN_ID, IN_REQUIRED, 0, 0, "another of the customer's"),
    FIELD(struct move_body, address, IN_TEXT, IN_NULLABLE, 0, 255,
        "phone, mail address or id there, when Seva does not know the customer there"),
};
static const struct input_spec move_spec = SPEC("ConversationMove", struct move_body, move_fields);

static err move(struct call *call)
{
    const struct move_body *body = call->body;
    const struct move_new to = {.channel = {body->channel_id}, .address = body->address};
    struct conversation c;
    TRY(conversation_move(&call->cx, (conversation_id){call->id}, &to, &c));
    return answer_one(call, 200, &c);
}

static err join(struct call *call)
{
    struct conversation into;
    TRY(conversation_join(&call->cx, (conversation_id){call->id}, &into));
    return answer_one(call, 200, &into);
}

static err separate(struct call *call)
{
    struct conversation c;
    TRY(conversation_separate(&call->cx, (conversation_id){call->id}, &c));
    return answer_one(call, 200, &c);
}

static err unrelate(struct call *call)
{
    TRY(conversation_unrelate(&call->cx, (conversation_id){call->id}));
    return answer_empty(call);
}

struct tags_body {
    struct str_list tags;
};
static const struct input_field tags_fields[] = {
    FIELD(struct tags_body, tags, IN_TEXT_LIST, IN_REQUIRED, 0, LIMIT_TAGS, "the whole new set"),
};
static const struct input_spec tags_spec = SPEC("ConversationTags", struct tags_body, tags_fields);

static err put_tags(struct call *call)
{
    const struct tags_body *body = call->body;
    struct conversation_change change = {.has_tags = true, .tags = body->tags};
    struct conversation c;
    TRY(conversation_change(&call->cx, (conversation_id){call->id}, &change, &c));
    return answer_one(call, 200, &c);
}

/* ── many at once ── */

struct bulk_set {
    struct patch_body patch;
    struct str_list add_tags, remove_tags;
};
static const struct input_field bulk_set_fields[] = {
    FIELD_ENUM_SEEN(struct patch_body, status, 0, conversation_status_words, NULL),
    FIELD_ENUM_SEEN(struct patch_body, priority, 0, conversation_priority_words, NULL),
    FIELD_ENUM_SEEN(struct patch_body, outcome, IN_NULLABLE, conversation_outcome_words, NULL),
    FIELD_SEEN(struct patch_body, assignee_id, IN_ID, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct patch_body, team_id, IN_ID, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct patch_body, snoozed_until, IN_TIME, IN_NULLABLE, 0, 0, NULL),
    FIELD(struct bulk_set, add_tags, IN_TEXT_LIST, 0, 0, LIMIT_TAGS, NULL),
    FIELD(struct bulk_set, remove_tags, IN_TEXT_LIST, 0, 0, LIMIT_TAGS, NULL),
};
_Static_assert(offsetof(struct bulk_set, patch) == 0, "the fields above are read at this offset");
static const struct input_spec bulk_set_spec =
    SPEC("ConversationBulkSet", struct bulk_set, bulk_set_fields);
struct bulk_body {
    struct id_list ids;
    const struct json *set;
};
static const struct input_field bulk_fields[] = {
    FIELD(struct bulk_body, ids, IN_ID_LIST, IN_REQUIRED, 1, LIMIT_BULK_IDS, NULL),
    FIELD(struct bulk_body, set, IN_JSON, IN_REQUIRED, 0, 0,
        "{status, priority, outcome, assignee_id, team_id, snoozed_until, add_tags, remove_tags}"),
};
static const struct input_spec bulk_spec = SPEC("ConversationBulk", struct bulk_body, bulk_fields);

static const struct shape_field bulk_failed_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("code", SHAPE_TEXT, 0, "as in Error"),
    SHOWN("message", SHAPE_TEXT, 0, NULL),
};
static const struct shape bulk_failed_shape =
    SHAPE("BulkFailed", NULL, bulk_failed_fields, "A conversation that was not changed.");
static const struct shape_field bulk_result_fields[] = {
    SHOWN("changed", SHAPE_INT, 0, NULL),
    SHOWN_OBJECT("failed", SHAPE_LIST, &bulk_failed_shape, NULL),
    SHOWN("undo_token", SHAPE_ID, SHAPE_NULL, "takes it all back, within ten minutes"),
};
static const struct shape bulk_result_shape =
    SHAPE("BulkResult", NULL, bulk_result_fields, "What became of a bulk change.");

static err answer_bulk(struct call *call, const struct bulk_result *r)
{
    struct json_out j = json_out_make(call->cx.arena, ANSWER_BYTES);
    json_obj(&j);
    json_kv_int(&j, S("changed"), r->changed);
    json_key(&j, S("failed"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < r->n_failed; i++) {
        json_obj(&j);
        json_kv_id(&j, S("id"), r->failed[i].id.v);
        json_kv_str(&j, S("code"), str_from(err_name(r->failed[i].code)));
        json_kv_str(&j, S("message"), r->failed[i].words);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_kv_id(&j, S("undo_token"), r->undo_token);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err bulk(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct bulk_body *body = call->body;
    void *read = NULL;
    TRY(input_object(cx, &bulk_set_spec, body->set, "set.", &read));
    const struct bulk_set *set = read;
    struct conversation_change change = change_of(&set->patch);
    change.add_tags = set->add_tags;
    change.remove_tags = set->remove_tags;
    struct bulk_result r;
    TRY(bulk_change(cx, body->ids.at, body->ids.len, &change, &r));
    return answer_bulk(call, &r);
}

struct undo_body {
    int64_t undo_token;
};
static const struct input_field undo_fields[] = {
    FIELD(struct undo_body, undo_token, IN_ID, IN_REQUIRED, 0, 0, NULL),
};
static const struct input_spec undo_spec =
    SPEC("ConversationBulkUndo", struct undo_body, undo_fields);

static err undo(struct call *call)
{
    const struct undo_body *body = call->body;
    struct bulk_result r;
    TRY(bulk_undo(&call->cx, body->undo_token, &r));
    return answer_bulk(call, &r);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/conversations", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE, NULL, &start_spec, NULL, start,
     "Start a conversation on an api channel.", &conversation_shape, 0},
    {HTTP_POST, "/api/v1/conversations/bulk", AUTH_AGENT, CAP_CONVERSATION_BULK,
     ROUTE_WRITE | ROUTE_IDEMPOTENT, NULL, &bulk_spec, NULL, bulk,
     "Change many conversations.", &bulk_result_shape, 0},
    {HTTP_POST, "/api/v1/conversations/bulk/undo", AUTH_AGENT, CAP_CONVERSATION_BULK,
     ROUTE_WRITE | ROUTE_IDEMPOTENT, NULL, &undo_spec, NULL, undo,
     "Take a bulk change back, within ten minutes.", &bulk_result_shape, 0},
    {HTTP_PATCH, "/api/v1/conversations/{id}", AUTH_AGENT, CAP_CONVERSATION_UPDATE,
     ROUTE_WRITE | ROUTE_409, NULL, &patch_spec, NULL, patch,
     "Change status, priority, assignment, words.", &conversation_shape, 0},
    {HTTP_POST, "/api/v1/conversations/{id}/move", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, &move_spec, NULL, move,
     "Go on with this customer on another channel, with the history.", &conversation_shape, 0},
    {HTTP_POST, "/api/v1/conversations/{id}/join", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409 | ROUTE_429, NULL, NULL, NULL, join,
     "Put its messages into the conversation that it may belong to, which is answered.", &conversation_shape, 0},
    {HTTP_POST, "/api/v1/conversations/{id}/separate", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, separate,
     "Take back that it was joined, within 30 days.", &conversation_shape, 0},
    {HTTP_DELETE, "/api/v1/conversations/{id}/related", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE, NULL, NULL, NULL, unrelate,
     "It does not belong to another conversation.", NULL, 0},
    {HTTP_PUT, "/api/v1/conversations/{id}/tags", AUTH_AGENT, CAP_CONVERSATION_UPDATE,
     ROUTE_WRITE | ROUTE_409 | ROUTE_429, NULL, &tags_spec, NULL, put_tags,
     "Set the tags.", &conversation_shape, 0},
};
/* clang-format on */
extern const struct route_table conversation_changes_routes;
const struct route_table conversation_changes_routes = ROUTES(routes);
