/* mail_key: a mailbox's key for signing mails (DKIM), made here (API "Networks"): the private half
 * is sealed with the channel's secrets and never shown; the public half is what the domain's DNS
 * has to say. Whether it does, is not looked up here. */
#include "api/channels.h"
#include "api/input.h"
#include "api/server.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/channel_form.h"
#include "care/channel_setup.h"
#include "store/channel.h"
#include "text/dkim.h"

struct key_body {
    str domain, selector;
};
static const struct input_field key_fields[] = {
    FIELD(struct key_body, domain, IN_TEXT, IN_REQUIRED, 1, LIMIT_NAME_BYTES,
        "of the addresses that mails come from"),
    FIELD(struct key_body, selector, IN_TEXT, IN_REQUIRED, 1, DKIM_SELECTOR_BYTES,
        "names the key: letters, digits, hyphens"),
};
static const struct input_spec key_spec = SPEC("DkimKey", struct key_body, key_fields);

static const struct shape_field record_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, "of the TXT record"),
    SHOWN("value", SHAPE_TEXT, 0, "its text; long: some forms want it in pieces of 255 bytes"),
};
static const struct shape record_shape =
    SHAPE("MailKeyRecord", NULL, record_fields, "What is to be entered into the domain's DNS.");

struct made {
    str pem, record;
};

static bool is_name(str s, bool may_have_dots)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!is_word && !(may_have_dots && c == '.' && i > 0 && i < s.len - 1))
            return false;
    }
    return s.len > 0;
}

/* Making one takes up to a second: outside of the transaction. */
static err prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct key_body *body = call->body;
    struct made *made = NEW(cx->arena, struct made, 1);
    str why = {0};
    if (!is_name(body->domain, true))
        return fail_field(cx, "domain", "A domain in small letters, as example.com.");
    if (!is_name(body->selector, false))
        return fail_field(cx, "selector", "Small letters, digits and hyphens, as seva1.");
    TRY(crypto_rsa_new(cx->arena, &made->pem));
    err e = dkim_record(cx->arena, made->pem, &made->record, &why);
    if (e != OK)
        return fail(cx, E_INTERNAL, "The key cannot be used: %.*s", SARG(why));
    call->prepared = made;
    return OK;
}

static str member(
    struct arena *a, const char *first, str first_value, const char *second, str second_value)
{
    struct json_out j = json_out_make(a, LIMIT_SEALED_BYTES);
    json_obj(&j);
    json_kv_str(&j, str_from(first), first_value);
    if (second)
        json_kv_str(&j, str_from(second), second_value);
    json_obj_end(&j);
    return json_str(&j);
}

static err handle(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct key_body *body = call->body;
    const struct made *made = call->prepared;
    struct channel channel;
    str secrets;
    TRY(channel_get(cx, (channel_id){call->id}, &channel));
    if (!str_eq(channel.kind, S("email")))
        return fail_detail(cx, E_CONFLICT, "kind", "Only mailboxes sign mails.");
    TRY(channel_network_secrets(cx, &channel, &secrets));
    str settings = channel_form_with(cx->arena, channel.settings,
        member(cx->arena, "dkim_domain", body->domain, "dkim_selector", body->selector),
        LIMIT_SEALED_BYTES);
    str sealed = channel_form_with(cx->arena, secrets,
        member(cx->arena, "dkim_key", made->pem, NULL, (str){0}), LIMIT_SEALED_BYTES / 2);
    if (!settings.len || !sealed.len)
        return fail(cx, E_LIMIT, "The channel's settings are too long to hold a key.");
    channel.settings = settings;
    TRY(channel_set(cx, &channel));
    TRY(channel_set_network_secrets(cx, channel.id, sealed, channel.secrets_expire_ms));
    TRY(channel_changed(call, &channel, S("channel.key_made")));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("name"),
        str_print(cx->arena, "%.*s._domainkey.%.*s", SARG(body->selector), SARG(body->domain)));
    json_kv_str(&j, S("value"), made->record);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/api/v1/channels/{id}/mail-key", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, &key_spec, prepare, handle,
     "Make a key with which a mailbox signs its mails (DKIM); the answer is what DNS has to say.", &record_shape, 0},
};
/* clang-format on */
extern const struct route_table mail_key_routes;
const struct route_table mail_key_routes = ROUTES(routes);
