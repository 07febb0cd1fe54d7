/* mail_writing: what somebody who writes a mail begins with: to whom it goes, its subject, the
 * mailbox's signature, values of placeholders (API "Mails"). */
#include "api/channels.h"
#include "api/input.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/mail_out.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "text/mail_reply.h"

static const struct shape_field person_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("address", SHAPE_TEXT, 0, "may be empty"),
};
static const struct shape person_shape =
    SHAPE("MailWho", NULL, person_fields, "Somebody that a mail names.");
static const struct shape_field writing_fields[] = {
    SHOWN_OBJECT("from", 0, &person_shape, "as customers see the mailbox"),
    SHOWN_OBJECT("to", SHAPE_NULL, &person_shape, "null: nobody is known yet"),
    SHOWN_OBJECT("cc", SHAPE_LIST, &person_shape, "those who take part"),
    SHOWN("subject", SHAPE_TEXT, 0, "as an answer; empty: there is none yet"),
    SHOWN("quote_id", SHAPE_ID, SHAPE_NULL, "what the customer wrote last"),
    SHOWN("signature", SHAPE_TEXT, 0, "HTML, filled; empty: none"),
    SHOWN("values", SHAPE_TEXT, SHAPE_MAP, "of placeholders"),
};
static const struct shape writing_shape =
    SHAPE("MailWriting", NULL, writing_fields, "What a mail begins with.");

static void put_person(struct json_out *j, const struct mail_person *p)
{
    json_obj(j);
    json_kv_str(j, S("name"), p->name);
    json_kv_str(j, S("address"), p->address);
    json_obj_end(j);
}

static err answer(struct call *call, const struct mail_plan *plan)
{
    struct json_out j = json_out_make(call->cx.arena, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_key(&j, S("from"));
    put_person(&j, &plan->from);
    json_key(&j, S("to"));
    if (plan->to.address.len)
        put_person(&j, &plan->to);
    else
        json_put_null(&j);
    json_key(&j, S("cc"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < plan->n_cc; i++)
        put_person(&j, &plan->cc[i]);
    json_arr_end(&j);
    json_kv_str(&j, S("subject"), plan->subject);
    json_kv_id(&j, S("quote_id"), plan->last.v);
    json_kv_str(&j, S("signature"), plan->signature.html);
    json_key(&j, S("values"));
    json_obj(&j);
    for (int i = 0; i < MAIL_VALUES; i++)
        json_kv_str(&j, plan->values.at[i].name, plan->values.at[i].value);
    json_obj_end(&j);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err no_mailbox(struct ctx *cx)
{
    return fail_detail(cx, E_CONFLICT, "kind", "This channel is no mailbox.");
}

static err of_conversation(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    struct mail_plan plan;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    if (!str_eq(c.channel_kind, S("email")))
        return no_mailbox(cx);
    TRY(mail_out_plan(cx, &c, &plan));
    return answer(call, &plan);
}

struct new_query {
    int64_t contact_id;
};
static const struct input_field new_fields[] = {
    FIELD(struct new_query, contact_id, IN_ID, 0, 0, 0, "whom it is to go to"),
};
static const struct input_spec new_spec = SPEC("MailWritingQuery", struct new_query, new_fields);

static err of_channel(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct new_query *query = call->query;
    struct channel channel;
    struct contact contact = {0};
    struct mail_plan plan;
    TRY(channel_seen(&call->cx, call->id, &channel));
    if (!str_eq(channel.kind, S("email")))
        return no_mailbox(cx);
    if (query->contact_id)
        TRY(contact_get(cx, (contact_id){query->contact_id}, &contact));
    TRY(mail_out_plan_new(
        cx, channel.id, &(struct mail_person){contact.name, contact.email}, &plan));
    return answer(call, &plan);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/conversations/{id}/mail", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_READ | ROUTE_409, NULL, NULL, NULL, of_conversation,
     "What an answer by mail begins with.", &writing_shape, 0},
    {HTTP_GET, "/api/v1/channels/{id}/mail", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_READ | ROUTE_409, &new_spec, NULL, NULL, of_channel,
     "What a new mail of a mailbox begins with.", &writing_shape, 0},
};
/* clang-format on */
extern const struct route_table mail_writing_routes;
const struct route_table mail_writing_routes = ROUTES(routes);
