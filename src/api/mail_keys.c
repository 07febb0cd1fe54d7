/* mail_keys: the keys and certificates by which signatures of mails are verified (API "Mail keys").
 * What they say is care/mail_signature.h's. */
#include "api/input.h"
#include "api/server.h"
#include "base/json.h"
#include "care/mail_signature.h"
#include "store/audit.h"
#include "store/mail_key.h"
#include "text/pgp.h"

static const char *const kinds[] = {"smime", "pgp", "crl", NULL};
static const struct shape_field key_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("kind", 0, kinds,
        "smime: of an authority, or of one person; pgp: of one person; crl: certificates that an "
        "authority has taken back"),
    SHOWN("name", SHAPE_TEXT, 0, "whom it names, or whom it is by; may be empty"),
    SHOWN("address", SHAPE_TEXT, 0, "a mail address that it names; may be empty"),
    SHOWN("fingerprint", SHAPE_TEXT, 0, "hex: SHA-256 of a certificate or list, or the key's own"),
    SHOWN("expires_at", SHAPE_TIME, SHAPE_NULL, "null: never; crl: when the next one is due"),
    SHOWN("agent_id", SHAPE_ID, SHAPE_NULL, "who added it"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
};
static const struct shape key_shape = SHAPE(
    "MailKey", NULL, key_fields, "A key or certificate by which signatures of mails are verified.");

static void key_view(struct json_out *j, const struct mail_key *k)
{
    json_obj(j);
    json_kv_id(j, S("id"), k->id);
    json_kv_str(j, S("kind"), k->kind);
    json_kv_str(j, S("name"), k->name);
    json_kv_str(j, S("address"), k->address);
    json_kv_str(j, S("fingerprint"), k->fingerprint);
    json_kv_time(j, S("expires_at"), k->expires_ms);
    json_kv_id(j, S("agent_id"), k->agent_id.v);
    json_kv_time(j, S("created_at"), k->created_ms);
    json_obj_end(j);
}

static err list(struct call *call)
{
    struct mail_key *rows = NULL;
    ptrdiff_t n = 0;
    TRY(mail_key_list(&call->cx, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        key_view(&j, &rows[i]);
    return answer_list_end(call, &j, (str){0});
}

struct key_body {
    str text;
};
static const struct input_field new_fields[] = {
    FIELD(struct key_body, text, IN_TEXT, IN_REQUIRED | IN_MULTILINE, 0, PGP_KEY_BYTES,
        "a certificate in PEM, a list of revoked ones (CRL) in PEM by an authority that is trusted "
        "already, or a public key in OpenPGP's armour"),
};
static const struct input_spec new_spec = SPEC("MailKeyNew", struct key_body, new_fields);

static err add(struct call *call)
{
    const struct key_body *body = call->body;
    struct mail_key key;
    TRY(mail_key_take(&call->cx, body->text, &key));
    struct json_out j = json_out_make(call->cx.arena, 0);
    key_view(&j, &key);
    return answer_json(call, 201, json_str(&j));
}

static err take_away(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct mail_key key;
    TRY(mail_key_get(cx, call->id, &key));
    TRY(mail_key_remove(cx, key.id));
    TRY(audit_add(cx, S("mail_key.removed"), S("mail_key"), key.id, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/mail-keys", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "Keys and certificates by which signatures of mails are verified.", &key_shape, 0},
    {HTTP_POST, "/api/v1/mail-keys", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_409 | ROUTE_429, NULL, &new_spec, NULL, add,
     "Trust a certificate or a public key.", &key_shape, 2 * PGP_KEY_BYTES},
    {HTTP_DELETE, "/api/v1/mail-keys/{id}", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, take_away,
     "Trust it no longer.", NULL, 0},
};
/* clang-format on */
extern const struct route_table mail_keys_routes;
const struct route_table mail_keys_routes = ROUTES(routes);
