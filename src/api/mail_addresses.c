/* mail_addresses: addresses of a conversation that take no mails, or whose owner has called one
 * spam (API "Messages"): to be seen by whoever writes there, and tried again. */
#include "care/mail_address.h"

#include "api/input.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "model/view_mail.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/mail.h"
#include "text/report.h"

static const struct shape_field list_fields[] = {
    SHOWN_OBJECT("items", SHAPE_LIST, &mail_address_shape, "by address; at most 200"),
};
static const struct shape list_shape =
    SHAPE("MailAddresses", NULL, list_fields, "What is known against addresses.");

static err list(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct conversation c;
    struct mail_address *rows = NULL;
    ptrdiff_t n = 0;
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    TRY(mail_address_list(cx, c.id, &rows, &n));
    struct json_out j = json_out_make(cx->arena, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_key(&j, S("items"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!rows[i].bounces && !rows[i].complained_ms)
            continue;
        struct mail_address_shown shown = {.address = rows[i].address,
            .words = rows[i].words,
            .is_invalid = rows[i].is_invalid,
            .bounces = rows[i].bounces,
            .bounced_ms = rows[i].bounced_ms,
            .complained_ms = rows[i].complained_ms};
        shown.sentence = report_words_name(rows[i].words, &shown.said);
        mail_address_view(&j, &shown);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

struct retry_body {
    str address;
};
static const struct input_field retry_fields[] = {
    FIELD(struct retry_body, address, IN_TEXT, IN_REQUIRED, 1, LIMIT_NAME_BYTES,
        "one that takes part in the conversation"),
};
static const struct input_spec retry_spec =
    SPEC("MailAddressRetry", struct retry_body, retry_fields);

static err retry(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct retry_body *body = call->body;
    struct conversation c;
    bool takes_part = false, had = false;
    str address = utf8_fold(cx->arena, str_trim(body->address));
    TRY(conversation_get(cx, (conversation_id){call->id}, &c));
    TRY(mail_member_is(cx, c.id, address, &takes_part));
    if (!takes_part)
        return fail_detail(
            cx, E_CONFLICT, "stranger", "This address takes no part in the conversation.");
    TRY(mail_address_clear(cx, address, &had));
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_str(&detail, S("address"), address);
    json_obj_end(&detail);
    if (had)
        TRY(audit_add(cx, S("mail.address_retried"), S("conversation"), c.id.v, json_str(&detail)));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/conversations/{id}/mail-addresses", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, NULL, NULL, list,
     "Addresses of a conversation from which mails have come back, or complaints.", &list_shape, 0},
    {HTTP_POST, "/api/v1/conversations/{id}/mail-addresses/retry", AUTH_AGENT, CAP_CONVERSATION_REPLY,
     ROUTE_WRITE | ROUTE_409, NULL, &retry_spec, NULL, retry,
     "Write to an address again although mails have come back from it.", NULL, 0},
};
/* clang-format on */
extern const struct route_table mail_addresses_routes;
const struct route_table mail_addresses_routes = ROUTES(routes);
