/* view_channel: see view_channel.h. */
#include "model/view_channel.h"

const char *const channel_kind_words[] = {"widget", "api", "email", "facebook", "instagram",
    "whatsapp", "x", "linkedin", "tiktok", "youtube", "google_reviews", "telegram", "line", "viber",
    "sms", "voice", "pbx", "mastodon", "bluesky", NULL};

static const char *const form_types[] = {"text", "email", "tel", "select", "textarea", NULL};
static const struct shape_field form_field_fields[] = {
    SHOWN("key", SHAPE_TEXT, 0, "name, email, phone or one of your own"),
    SHOWN("label", SHAPE_TEXT, SHAPE_OPTIONAL,
        "left out or empty: the word of the visitor's language"),
    SHOWN_WORD("type", 0, form_types, NULL),
    SHOWN("required", SHAPE_BOOL, SHAPE_OPTIONAL, "false when left out"),
    SHOWN("options", SHAPE_TEXT, SHAPE_LIST | SHAPE_NULL | SHAPE_OPTIONAL, "of a select"),
};
static const struct shape form_field_shape =
    SHAPE("FormField", NULL, form_field_fields, "A question before the first message.");
static const struct shape_field prechat_fields[] = {
    SHOWN("enabled", SHAPE_BOOL, SHAPE_OPTIONAL, "false when left out"),
    SHOWN_OBJECT("fields", SHAPE_LIST | SHAPE_OPTIONAL, &form_field_shape, NULL),
    SHOWN("consent_text", SHAPE_TEXT, SHAPE_NULL | SHAPE_OPTIONAL, "asks for agreement"),
    SHOWN("privacy_url", SHAPE_TEXT, SHAPE_NULL | SHAPE_OPTIONAL, NULL),
};
static const struct shape prechat_shape =
    SHAPE("PrechatForm", NULL, prechat_fields, "The form before the first message.");

static const char *const positions[] = {"right", "left", NULL};
static const char *const themes[] = {"auto", "light", "dark", NULL};
static const struct shape_field looks_fields[] = {
    SHOWN("greeting", SHAPE_TEXT, SHAPE_OPTIONAL, NULL),
    SHOWN("intro", SHAPE_TEXT, SHAPE_OPTIONAL, NULL),
    SHOWN("color", SHAPE_TEXT, SHAPE_OPTIONAL, "#rrggbb"),
    SHOWN_WORD("position", SHAPE_OPTIONAL, positions, NULL),
    SHOWN("launcher_text", SHAPE_TEXT, SHAPE_OPTIONAL, NULL),
    SHOWN_WORD("theme", SHAPE_OPTIONAL, themes, NULL),
    SHOWN_OBJECT("prechat", SHAPE_OPTIONAL, &prechat_shape, NULL),
    SHOWN("show_agent_photo", SHAPE_BOOL, SHAPE_OPTIONAL, "true when left out"),
    SHOWN("attachments_enabled", SHAPE_BOOL, SHAPE_OPTIONAL, "true when left out"),
    SHOWN("transcript_enabled", SHAPE_BOOL, SHAPE_OPTIONAL, "true when left out"),
    SHOWN("transcript_mail_enabled", SHAPE_BOOL, SHAPE_OPTIONAL,
        "the visitor may have the transcript mailed to the address they gave"),
    SHOWN("require_identity", SHAPE_BOOL, SHAPE_OPTIONAL, "only for the site's signed-in users"),
    SHOWN("offline_text", SHAPE_TEXT, SHAPE_OPTIONAL, "when nobody is there"),
};
const struct shape channel_looks_shape = SHAPE(
    "WidgetLooks", NULL, looks_fields, "What everybody may know of a website chat's settings.");
static const struct shape_field settings_fields[] = {
    SHOWN("logo_upload_id", SHAPE_ID, SHAPE_OPTIONAL, "website chat"),
    SHOWN("mail_channel_id", SHAPE_ID, SHAPE_OPTIONAL,
        "website chat: it goes on by mail through this mailbox when its visitor has left"),
    SHOWN("mail_after_minutes", SHAPE_INT, SHAPE_OPTIONAL,
        "website chat: so long an answer may be unseen; 5 when left out"),
    SHOWN("allowed_origins", SHAPE_TEXT, SHAPE_LIST | SHAPE_OPTIONAL,
        "website chat: where it may stand; empty or left out = everywhere"),
    SHOWN("reply_url", SHAPE_TEXT, SHAPE_OPTIONAL, "API channel: replies are posted here"),
    SHOWN("events", SHAPE_TEXT, SHAPE_LIST | SHAPE_OPTIONAL, "API channel"),
};
static const struct shape channel_settings_shape = SHAPE_OPEN("ChannelSettings",
    &channel_looks_shape, settings_fields,
    "Of a website chat, an API channel, or (other names, see /networks) a network; only what was "
    "set.");

static const struct shape_field health_fields[] = {
    SHOWN("last_in_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("last_out_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("last_error", SHAPE_TEXT, SHAPE_NULL, NULL),
};
static const struct shape health_shape =
    SHAPE("ChannelHealth", NULL, health_fields, "When it last worked, and what went wrong.");
static const char *const auth_states[] = {"ok", "refused", "limited", NULL};
static const struct shape_field auth_fields[] = {
    SHOWN_WORD("state", 0, auth_states,
        "refused: the network does not take the "
        "credentials; limited: a permission, payment or plan is lacking"),
    SHOWN("error", SHAPE_TEXT, SHAPE_NULL, "refused, limited: why, and what to do"),
    SHOWN("expires_at", SHAPE_TIME, SHAPE_NULL, "null: never, or not known"),
};
static const struct shape auth_shape =
    SHAPE("ChannelAuth", NULL, auth_fields, "How the network takes the channel's credentials.");
static const char *const pace_states[] = {"open", "limit", "failing", "refused", NULL};
static const struct shape_field pace_fields[] = {
    SHOWN_WORD("state", 0, pace_states, "why nothing is sent now; open: it is"),
    SHOWN("until", SHAPE_TIME, SHAPE_NULL, "when it is tried again"),
    SHOWN("waiting", SHAPE_INT, 0, "messages that wait to be sent"),
    SHOWN("limit", SHAPE_INT, SHAPE_NULL, "what the network said of its budget; near its end only"),
    SHOWN("left", SHAPE_INT, SHAPE_NULL, "of the limit"),
    SHOWN("reset_at", SHAPE_TIME, SHAPE_NULL, "when all of it is there again"),
};
static const struct shape pace_shape =
    SHAPE("ChannelPace", NULL, pace_fields, "How fast a channel may send.");
const char *const channel_handle_roles[] = {"brand", "support", NULL};
static const struct shape_field channel_shape_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("kind", 0, channel_kind_words, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("is_enabled", SHAPE_BOOL, 0, NULL),
    SHOWN("public_key", SHAPE_TEXT, 0, "its key in the addresses of widgets and hooks"),
    SHOWN("languages", SHAPE_TEXT, SHAPE_LIST, "language tags"),
    SHOWN_OBJECT("settings", 0, &channel_settings_shape, NULL),
    SHOWN("secrets", SHAPE_BOOL, SHAPE_MAP, "which are set; their values are never shown"),
    SHOWN("external_id", SHAPE_TEXT, SHAPE_NULL, "the network's id of the account"),
    SHOWN("handle", SHAPE_TEXT, SHAPE_NULL, "of the account, as people write it"),
    SHOWN_WORD("handle_role", SHAPE_NULL, channel_handle_roles, "what the handle is there for"),
    SHOWN("avatar_url", SHAPE_TEXT, SHAPE_NULL, "of the account"),
    SHOWN("hook_url", SHAPE_TEXT, SHAPE_NULL, "where the network calls; null: it does not"),
    SHOWN_OBJECT("auth", 0, &auth_shape, NULL),
    SHOWN_OBJECT("pace", 0, &pace_shape, NULL),
    SHOWN_OBJECT("health", 0, &health_shape, NULL),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
};
const struct shape channel_shape =
    SHAPE("Channel", NULL, channel_shape_fields, "Where customers write.");

static void put_auth(struct json_out *j, const struct channel *channel)
{
    bool is_well = !channel->auth_state.len || str_eq(channel->auth_state, S("ok"));
    json_key(j, S("auth"));
    json_obj(j);
    json_kv_str(j, S("state"), is_well ? S("ok") : channel->auth_state);
    json_kv_text(j, S("error"), is_well ? (str){0} : channel->auth_error);
    json_kv_time(j, S("expires_at"), channel->secrets_expire_ms);
    json_obj_end(j);
}

static void put_pace(struct json_out *j, const struct channel *channel)
{
    json_key(j, S("pace"));
    json_obj(j);
    json_kv_str(j, S("state"), channel->pace.len ? channel->pace : S("open"));
    json_kv_time(j, S("until"), channel->pace_until_ms);
    json_kv_int(j, S("waiting"), channel->waiting);
    if (channel->budget_limit) {
        json_kv_int(j, S("limit"), channel->budget_limit);
        json_kv_int(j, S("left"), channel->budget_left);
    } else {
        json_kv_raw(j, S("limit"), (str){0});
        json_kv_raw(j, S("left"), (str){0});
    }
    json_kv_time(j, S("reset_at"), channel->budget_limit ? channel->budget_reset_ms : 0);
    json_obj_end(j);
}

void channel_fields(struct json_out *j, const struct channel *channel)
{
    json_kv_id(j, S("id"), channel->id.v);
    json_kv_str(j, S("kind"), channel->kind);
    json_kv_str(j, S("name"), channel->name);
    json_kv_bool(j, S("is_enabled"), channel->is_enabled);
    json_kv_str(j, S("public_key"), channel->public_key);
    json_kv_raw(j, S("languages"), channel->languages);
    json_kv_raw(j, S("settings"), channel->settings);
    json_kv_raw(j, S("secrets"), channel->secret_names.len ? channel->secret_names : S("{}"));
    json_kv_text(j, S("external_id"), channel->external_id);
    json_kv_text(j, S("handle"), channel->handle);
    json_kv_text(j, S("handle_role"), channel->handle_role);
    json_kv_text(j, S("avatar_url"), channel->avatar_url);
    json_kv_text(j, S("hook_url"), channel->hook_url);
    put_auth(j, channel);
    put_pace(j, channel);
    json_key(j, S("health"));
    json_obj(j);
    json_kv_time(j, S("last_in_at"), channel->last_in_ms);
    json_kv_time(j, S("last_out_at"), channel->last_out_ms);
    json_kv_text(j, S("last_error"), channel->last_error);
    json_obj_end(j);
    json_kv_time(j, S("created_at"), channel->created_ms);
}

void channel_view(struct json_out *j, const struct channel *channel)
{
    json_obj(j);
    channel_fields(j, channel);
    json_obj_end(j);
}
