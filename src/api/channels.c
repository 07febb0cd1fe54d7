/* channels: connected inboxes: website chats, API channels and networks (API "Channels"). A secret
 * is in the answer that made it and nowhere else; those of a network's form are never shown. Asking
 * networks: networks.c, authorizations.c. */
#include "api/channels.h"

#include "api/change.h"
#include "api/channel_settings.h"
#include "api/input.h"
#include "api/server.h"
#include "base/id.h"
#include "base/json.h"
#include "care/access.h"
#include "care/attachment.h"
#include "care/channel_setup.h"
#include "connector/connector.h"
#include "model/view_channel.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/pace.h"
#include "store/source.h"

enum { EXTERNAL_ID_BYTES = 255 };

struct channel_body {
    str kind, name;
    struct str_list languages;
    const struct json *settings;
    str external_id, handle, handle_role;
    bool is_enabled;
    bool has_name, has_languages, has_settings, has_is_enabled, has_external_id, has_handle,
        has_handle_role;
};
static const struct input_field new_fields[] = {
    FIELD_ENUM(struct channel_body, kind, IN_REQUIRED, channel_kind_words, NULL),
    FIELD_SEEN(struct channel_body, name, IN_TEXT, IN_REQUIRED, 1, 0, NULL),
    FIELD_SEEN(struct channel_body, languages, IN_TEXT_LIST, 0, 0, 100, "language tags"),
    FIELD_SEEN(struct channel_body, settings, IN_JSON, 0, 0, 0,
        "depends on the kind; of a network: what /networks says, its secrets too"),
    FIELD_SEEN(struct channel_body, external_id, IN_TEXT, IN_NULLABLE, 0, EXTERNAL_ID_BYTES,
        "of a network: its id of the account; found out by a check"),
    FIELD_SEEN(struct channel_body, handle, IN_TEXT, IN_NULLABLE, 0, 0, "@BrandHelp"),
    FIELD_ENUM_SEEN(struct channel_body, handle_role, IN_NULLABLE, channel_handle_roles, NULL),
};
static const struct input_spec new_spec = SPEC("ChannelNew", struct channel_body, new_fields);
static const struct input_field patch_fields[] = {
    FIELD_SEEN(struct channel_body, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct channel_body, is_enabled, IN_BOOL, 0, 0, 0, NULL),
    FIELD_SEEN(struct channel_body, languages, IN_TEXT_LIST, 0, 0, 100, "language tags"),
    FIELD_SEEN(struct channel_body, settings, IN_JSON, 0, 0, 0,
        "merged; null takes away; of a network with its secrets"),
    FIELD_SEEN(struct channel_body, handle, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD_ENUM_SEEN(struct channel_body, handle_role, IN_NULLABLE, channel_handle_roles, NULL),
};
static const struct input_spec patch_spec = SPEC("ChannelPatch", struct channel_body, patch_fields);

err channel_seen(struct ctx *cx, int64_t id, struct channel *channel)
{
    if (!access_sees_channel(cx, (channel_id){id}))
        return fail(cx, E_NOT_FOUND, "there is no such channel");
    return channel_get(cx, (channel_id){id}, channel);
}

static err channel_json(struct ctx *cx, struct channel *channel, str *json)
{
    struct json_out j = json_out_make(cx->arena, 0);
    TRY(channel_fill(cx, channel, 1));
    channel_view(&j, channel);
    *json = json_str(&j);
    return OK;
}

static err answer_one(struct call *call, struct channel *channel)
{
    str json;
    TRY(channel_json(&call->cx, channel, &json));
    return answer_json(call, 200, json);
}

static err list(struct call *call)
{
    struct channel *rows;
    ptrdiff_t n;
    TRY(channel_list(&call->cx, &rows, &n));
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!access_sees_channel(&call->cx, rows[i].id))
            continue;
        TRY(channel_fill(&call->cx, &rows[i], 1));
        channel_view(&j, &rows[i]);
    }
    return answer_list_end(call, &j, (str){0});
}

static err get(struct call *call)
{
    struct channel channel;
    TRY(channel_seen(&call->cx, call->id, &channel));
    return answer_one(call, &channel);
}

static void forget(struct api *api, void *arg)
{
    (void)arg; /* everything: changes are rare */
    source_forget(api->sources);
}

void channel_forget(struct call *call)
{
    call_after_commit(call, forget, NULL);
}

err channel_changed(struct call *call, struct channel *channel, str action)
{
    struct ctx *cx = &call->cx;
    str json;
    TRY(channel_get(cx, channel->id, channel));
    TRY(channel_json(cx, channel, &json));
    struct json_out detail = json_out_make(cx->arena, 0);
    json_obj(&detail);
    json_kv_str(&detail, S("kind"), channel->kind);
    json_kv_str(&detail, S("name"), channel->name);
    json_obj_end(&detail);
    channel_forget(call);
    TRY(audit_add(cx, action, S("channel"), channel->id.v, json_str(&detail)));
    return change_tell(cx, S("channel.updated"), S("channel"), channel->id.v, json);
}

/* The picture that the settings name is a logo from now on, when it may be one. */
static err logo_keep(struct ctx *cx, const struct channel *channel)
{
    const struct json *settings;
    str why;
    int64_t id;
    if (json_parse(cx->arena, channel->settings, &settings, &why) != OK ||
        id_parse(json_text(json_get(settings, S("logo_upload_id")), S("")), &id) != OK)
        return OK;
    return attachment_make_logo(cx, (attachment_id){id});
}

/* ── networks ── */

/* NULL: a website chat or an API channel, which have settings of their own. */
static const struct connector *network_of(str kind)
{
    bool is_own = str_eq(kind, S("widget")) || str_eq(kind, S("api"));
    return is_own ? NULL : connector_find(kind);
}

err channel_is_free(struct ctx *cx, str kind, str external_id, channel_id but)
{
    channel_id other = {0};
    struct channel channel;
    err e = external_id.len ? channel_by_external(cx, kind, external_id, &other) : E_NOT_FOUND;
    if (e == E_NOT_FOUND || (e == OK && other.v == but.v))
        return OK;
    TRY(e);
    TRY(channel_get(cx, other, &channel));
    return fail_detail(
        cx, E_CONFLICT, "taken", "This account is connected already, as %.*s.", SARG(channel.name));
}

err channel_make(struct call *call, struct channel *channel, const struct channel_form *form,
    int64_t expires_ms, str *secret)
{
    struct ctx *cx = &call->cx;
    channel->settings = form->settings;
    TRY(channel_is_free(cx, channel->kind, channel->external_id, (channel_id){0}));
    TRY(channel_add(cx, channel, secret));
    if (!str_eq(form->secrets, S("{}")))
        TRY(channel_set_network_secrets(cx, channel->id, form->secrets, expires_ms));
    TRY(channel_plan(cx, channel));
    return channel_changed(call, channel, S("channel.created"));
}

static err network_make(
    struct call *call, const struct connector *c, struct channel *channel, str *secret)
{
    const struct channel_body *body = call->body;
    struct channel_form form;
    TRY(channel_form_merge(&call->cx, c, S("{}"), S("{}"), body->settings, false, &form));
    channel->external_id = body->external_id;
    channel->handle = body->handle;
    channel->handle_role = body->handle_role;
    return channel_make(call, channel, &form, 0, secret);
}

static err network_set(struct call *call, const struct connector *c, struct channel *channel)
{
    struct ctx *cx = &call->cx;
    const struct channel_body *body = call->body;
    struct channel_form form;
    str secrets;
    TRY(channel_network_secrets(cx, channel, &secrets));
    TRY(channel_form_merge(cx, c, channel->settings, secrets, body->settings, true, &form));
    if (form.is_capture) /* from now on: the network need not call any more */
        TRY(channel_plan_end(cx, channel));
    channel->settings = form.settings;
    if (!form.has_secrets)
        return OK;
    TRY(channel_set_network_secrets(
        cx, channel->id, form.secrets, form.has_token ? 0 : channel->secrets_expire_ms));
    return pace_open(cx, channel->id);
}

/* ── making and changing ── */

static err own_make(struct call *call, struct channel *channel, str *secret)
{
    struct ctx *cx = &call->cx;
    const struct channel_body *body = call->body;
    if (!str_eq(body->kind, S("widget")) && !str_eq(body->kind, S("api")))
        return fail_field(cx, "kind", "There is no such network here.");
    if (body->has_external_id || body->has_handle || body->has_handle_role)
        return fail_field(cx, body->has_external_id ? "external_id" : "handle",
            "Only an account of a network has this.");
    TRY(channel_settings_merge(cx, body->kind, S("{}"), body->settings, &channel->settings));
    TRY(logo_keep(cx, channel));
    TRY(channel_add(cx, channel, secret));
    return channel_changed(call, channel, S("channel.created"));
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct channel_body *body = call->body;
    const struct connector *network = network_of(body->kind);
    struct channel channel = {.kind = body->kind, .name = body->name};
    str secret;
    TRY(channel_languages(cx, &body->languages, &channel.languages));
    TRY(network ? network_make(call, network, &channel, &secret)
                : own_make(call, &channel, &secret));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    channel_fields(&j, &channel);
    json_kv_str(&j, str_eq(channel.kind, S("widget")) ? S("identity_secret") : S("secret"), secret);
    json_obj_end(&j);
    return answer_json(call, 201, json_str(&j));
}

static err set_settings(struct call *call, const struct connector *network, struct channel *channel)
{
    struct ctx *cx = &call->cx;
    const struct channel_body *body = call->body;
    if (network)
        return network_set(call, network, channel);
    TRY(channel_settings_merge(
        cx, channel->kind, channel->settings, body->settings, &channel->settings));
    return logo_keep(cx, channel);
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct channel_body *body = call->body;
    struct channel channel;
    TRY(channel_seen(&call->cx, call->id, &channel));
    const struct connector *network = network_of(channel.kind);
    if (body->has_name)
        channel.name = body->name;
    if (body->has_languages)
        TRY(channel_languages(cx, &body->languages, &channel.languages));
    if ((body->has_handle || body->has_handle_role) && !network)
        return fail_field(cx, "handle", "Only an account of a network has this.");
    if (body->has_handle)
        channel.handle = body->handle;
    if (body->has_handle_role)
        channel.handle_role = body->handle_role;
    if (body->has_settings)
        TRY(set_settings(call, network, &channel));
    bool is_switched = body->has_is_enabled && channel.is_enabled != body->is_enabled;
    if (is_switched)
        channel.is_enabled = body->is_enabled;
    if (is_switched && channel.is_enabled)
        TRY(channel_is_free(cx, channel.kind, channel.external_id, channel.id));
    TRY(channel_set(cx, &channel));
    if (is_switched || body->has_settings)
        TRY(channel_plan(cx, &channel));
    TRY(channel_changed(call, &channel, S("channel.updated")));
    return answer_one(call, &channel);
}

static err delete (struct call *call)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    TRY(channel_seen(&call->cx, call->id, &channel));
    TRY(channel_plan_end(cx, &channel));
    TRY(channel_remove(cx, channel.id));
    channel_forget(call);
    TRY(audit_add(cx, S("channel.removed"), S("channel"), channel.id.v, (str){0}));
    TRY(change_tell_gone(cx, S("channel.updated"), S("channel"), channel.id.v));
    return answer_empty(call);
}

static err rotate(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    str secret;
    int64_t kept_until_ms;
    TRY(channel_seen(&call->cx, call->id, &channel));
    TRY(channel_rotate_secret(cx, channel.id, &secret, &kept_until_ms));
    channel_forget(call);
    TRY(channel_plan(cx, &channel));
    TRY(audit_add(cx, S("channel.secret_rotated"), S("channel"), channel.id.v, (str){0}));
    return answer_secret(call, secret, kept_until_ms);
}

static err snippet(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    TRY(channel_seen(&call->cx, call->id, &channel));
    if (!str_eq(channel.kind, S("widget")))
        return fail_detail(cx, E_CONFLICT, "kind", "only a website chat has a snippet");
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("html"),
        str_print(cx->arena,
            "<script async src=\"%.*s/widget/loader.js\" data-channel=\"%.*s\"></script>",
            SARG(cx->config->base_url), SARG(channel.public_key)));
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static const struct shape_field made_fields[] = {
    SHOWN("secret", SHAPE_TEXT, SHAPE_OPTIONAL,
        "of an API channel or a network (which may ask for it as a verify token); shown this once"),
    SHOWN("identity_secret", SHAPE_TEXT, SHAPE_OPTIONAL, "of a website chat; shown this once"),
};
static const struct shape made_shape =
    SHAPE("ChannelMade", &channel_shape, made_fields, "A new channel with its secret.");
static const struct shape_field snippet_fields[] = {
    SHOWN("html", SHAPE_TEXT, 0, "to be put into the pages of the site"),
};
static const struct shape snippet_shape =
    SHAPE("Snippet", NULL, snippet_fields, "What a site includes to show its chat.");

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/channels", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "All channels you see.", &channel_shape, 0},
    {HTTP_POST, "/api/v1/channels", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_MADE | ROUTE_409, NULL, &new_spec, NULL, post,
     "Make a channel; its secret is shown this once.", &made_shape, 0},
    {HTTP_GET, "/api/v1/channels/{id}", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ, NULL, NULL, NULL, get,
     "One channel.", &channel_shape, 0},
    {HTTP_PATCH, "/api/v1/channels/{id}", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, &patch_spec, NULL, patch,
     "Change a channel.", &channel_shape, 0},
    {HTTP_DELETE, "/api/v1/channels/{id}", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, delete,
     "Remove a channel; its conversations stay.", NULL, 0},
    {HTTP_POST, "/api/v1/channels/{id}/rotate-secret", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, rotate,
     "A new secret; the old one is good for 24 more hours.", &secret_rotated_shape, 0},
    {HTTP_GET, "/api/v1/channels/{id}/snippet", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_READ | ROUTE_409, NULL, NULL, NULL, snippet,
     "The HTML for a website.", &snippet_shape, 0},
};
/* clang-format on */
extern const struct route_table channels_routes;
const struct route_table channels_routes = ROUTES(routes);
