/* mail_templates: texts that a mailbox keeps ready for its agents (API "Mails"). */
#include "api/channels.h"
#include "api/input.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/mail_template.h"
#include "text/html_clean.h"

enum { HTML_BYTES = 128 * 1024 };

struct template_body {
    str name, subject, html;
    bool has_name, has_subject, has_html;
};
static const struct input_field new_fields[] = {
    FIELD_SEEN(struct template_body, name, IN_TEXT, IN_REQUIRED, 1, 0, NULL),
    FIELD_SEEN(struct template_body, subject, IN_TEXT, IN_NULLABLE, 0, 0,
        "empty: the subject of the mail stays as it is"),
    FIELD_SEEN(struct template_body, html, IN_TEXT, IN_REQUIRED | IN_MULTILINE, 1, HTML_BYTES,
        "with placeholders: {{agent.name}}, {{agent.first_name}}, {{channel.name}}, "
        "{{contact.name}}, {{contact.first_name}}"),
};
static const struct input_spec new_spec = SPEC("MailTemplateNew", struct template_body, new_fields);
static const struct input_field patch_fields[] = {
    FIELD_SEEN(struct template_body, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct template_body, subject, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD_SEEN(struct template_body, html, IN_TEXT, IN_MULTILINE, 1, HTML_BYTES, NULL),
};
static const struct input_spec patch_spec =
    SPEC("MailTemplatePatch", struct template_body, patch_fields);

static const struct shape_field shape_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("channel_id", SHAPE_ID, 0, "the mailbox"),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("subject", SHAPE_TEXT, 0, "empty: the subject of the mail stays as it is"),
    SHOWN("html", SHAPE_TEXT, 0, "cleaned, with placeholders"),
    SHOWN("updated_at", SHAPE_TIME, 0, NULL),
};
static const struct shape template_shape =
    SHAPE("MailTemplate", NULL, shape_fields, "A text that a mailbox keeps ready.");

static void put(struct json_out *j, const struct mail_template *t)
{
    json_obj(j);
    json_kv_id(j, S("id"), t->id.v);
    json_kv_id(j, S("channel_id"), t->channel_id.v);
    json_kv_str(j, S("name"), t->name);
    json_kv_str(j, S("subject"), t->subject);
    json_kv_str(j, S("html"), t->html);
    json_kv_time(j, S("updated_at"), t->updated_ms);
    json_obj_end(j);
}

static err mailbox(struct call *call, int64_t id, struct channel *channel)
{
    TRY(channel_seen(&call->cx, id, channel));
    return str_eq(channel->kind, S("email"))
               ? OK
               : fail_detail(&call->cx, E_CONFLICT, "kind", "This channel is no mailbox.");
}

static err list(struct call *call)
{
    struct channel channel;
    struct mail_template *rows = NULL;
    ptrdiff_t n = 0;
    TRY(mailbox(call, call->id, &channel));
    TRY(mail_template_list(&call->cx, channel.id, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        put(&j, &rows[i]);
    return answer_list_end(call, &j, (str){0});
}

static err take(struct ctx *cx, const struct template_body *body, struct mail_template *t)
{
    str why = {0};
    if (body->has_name)
        t->name = body->name;
    if (body->has_subject)
        t->subject = body->subject;
    if (!body->has_html)
        return OK;
    err e = html_clean(cx->arena, body->html, NULL, 0, &t->html, &why);
    if (e == E_LIMIT)
        return fail_field(cx, "html", "%.*s", SARG(why));
    TRY(e);
    return t->html.len ? OK : fail_field(cx, "html", "Write something.");
}

static err answer_one(struct call *call, int status, const struct mail_template *t, str action)
{
    struct json_out j = json_out_make(call->cx.arena, LIMIT_JSON_BODY_BYTES);
    put(&j, t);
    TRY(audit_add(&call->cx, action, S("mail_template"), t->id.v, (str){0}));
    return answer_json(call, status, json_str(&j));
}

static err post(struct call *call)
{
    struct channel channel;
    struct mail_template t = {0};
    TRY(mailbox(call, call->id, &channel));
    t.channel_id = channel.id;
    TRY(take(&call->cx, call->body, &t));
    TRY(mail_template_add(&call->cx, &t));
    return answer_one(call, 201, &t, S("mail_template.created"));
}

static err find(struct call *call, struct mail_template *t)
{
    struct channel channel;
    TRY(mail_template_get(&call->cx, (mail_template_id){call->id}, t));
    return channel_seen(&call->cx, t->channel_id.v, &channel);
}

static err patch(struct call *call)
{
    struct mail_template t;
    TRY(find(call, &t));
    TRY(take(&call->cx, call->body, &t));
    TRY(mail_template_set(&call->cx, &t));
    return answer_one(call, 200, &t, S("mail_template.updated"));
}

static err delete (struct call *call)
{
    struct mail_template t;
    TRY(find(call, &t));
    TRY(mail_template_remove(&call->cx, t.id));
    TRY(audit_add(&call->cx, S("mail_template.removed"), S("mail_template"), t.id.v, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/channels/{id}/mail_templates", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST | ROUTE_409, NULL, NULL, NULL, list,
     "The texts that a mailbox keeps ready, by name.", &template_shape, 0},
    {HTTP_POST, "/api/v1/channels/{id}/mail_templates", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_409 | ROUTE_429, NULL, &new_spec, NULL, post,
     "Add a text.", &template_shape, 0},
    {HTTP_PATCH, "/api/v1/mail_templates/{id}", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE, NULL, &patch_spec, NULL, patch,
     "Change a text.", &template_shape, 0},
    {HTTP_DELETE, "/api/v1/mail_templates/{id}", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, delete,
     "Remove a text.", NULL, 0},
};
/* clang-format on */
extern const struct route_table mail_templates_routes;
const struct route_table mail_templates_routes = ROUTES(routes);
