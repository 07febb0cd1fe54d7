/* channel_settings: see channel_settings.h. The list of settings: API "Channels". */
#include "api/channel_settings.h"

#include "api/input.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/chat_mail.h"
#include "care/letter.h"

enum {
    SETTINGS_MAX = 64 * 1024, /* bytes */
    WORDS_MAX = 1000,         /* bytes: greeting and the like */
    ORIGINS_MAX = 50,
    FIELDS_MOST = 12,
    URL_MAX = 2000,
};

struct widget_settings {
    str greeting, intro, color, position, launcher_text, theme, offline_text;
    int64_t logo_upload_id, mail_channel_id, mail_after_minutes;
    const struct json *prechat;
    struct str_list allowed_origins;
    bool show_agent_photo, attachments_enabled, transcript_enabled, require_identity;
    bool transcript_mail_enabled;
};
static const char *const positions[] = {"right", "left", NULL};
static const char *const themes[] = {"auto", "light", "dark", NULL};
#define WORDS(member)                                                                              \
    FIELD(struct widget_settings, member, IN_TEXT, IN_MULTILINE | IN_NULLABLE, 0, WORDS_MAX, NULL)
#define CHOICE(member) FIELD(struct widget_settings, member, IN_BOOL, IN_NULLABLE, 0, 0, NULL)
static const struct input_field widget_fields[] = {
    WORDS(greeting),
    WORDS(intro),
    WORDS(launcher_text),
    WORDS(offline_text),
    FIELD(struct widget_settings, color, IN_TEXT, IN_NULLABLE, 7, 7, "#rrggbb"),
    FIELD_ENUM(struct widget_settings, position, IN_NULLABLE, positions, NULL),
    FIELD_ENUM(struct widget_settings, theme, IN_NULLABLE, themes, NULL),
    FIELD(struct widget_settings, logo_upload_id, IN_ID, IN_NULLABLE, 0, 0, NULL),
    FIELD(struct widget_settings, prechat, IN_JSON, IN_NULLABLE, 0, 0, NULL),
    FIELD(struct widget_settings, allowed_origins, IN_TEXT_LIST, IN_NULLABLE, 0, ORIGINS_MAX, NULL),
    CHOICE(show_agent_photo),
    CHOICE(attachments_enabled),
    CHOICE(transcript_enabled),
    CHOICE(transcript_mail_enabled),
    FIELD(struct widget_settings, mail_channel_id, IN_ID, IN_NULLABLE, 0, 0,
        "a mailbox: the chat goes on by mail when its visitor has left"),
    FIELD(struct widget_settings, mail_after_minutes, IN_INT, IN_NULLABLE, 1,
        CHAT_MAIL_MINUTES_MOST, "so long an answer may be unseen; 5 when left out"),
    CHOICE(require_identity),
};
static const struct input_spec widget_spec =
    SPEC("WidgetSettings", struct widget_settings, widget_fields);

struct prechat_settings {
    bool enabled;
    const struct json *fields;
    str consent_text, privacy_url;
};
static const struct input_field prechat_fields[] = {
    FIELD(struct prechat_settings, enabled, IN_BOOL, 0, 0, 0, NULL),
    FIELD(struct prechat_settings, fields, IN_JSON, 0, 0, 0, NULL),
    FIELD(struct prechat_settings, consent_text, IN_TEXT, IN_MULTILINE | IN_NULLABLE, 0, WORDS_MAX,
        NULL),
    FIELD(struct prechat_settings, privacy_url, IN_TEXT, IN_NULLABLE, 0, URL_MAX, NULL),
};
static const struct input_spec prechat_spec =
    SPEC("PrechatSettings", struct prechat_settings, prechat_fields);

struct form_field {
    str key, label, type;
    bool required;
    struct str_list options;
};
static const char *const field_types[] = {"text", "email", "tel", "select", "textarea", NULL};
static const struct input_field form_fields[] = {
    FIELD(struct form_field, key, IN_TEXT, IN_REQUIRED, 1, 40, NULL),
    FIELD(struct form_field, label, IN_TEXT, 0, 0, 200,
        "empty for name, email and phone: the word of the visitor's own language"),
    FIELD_ENUM(struct form_field, type, IN_REQUIRED, field_types, NULL),
    FIELD(struct form_field, required, IN_BOOL, 0, 0, 0, NULL),
    FIELD(struct form_field, options, IN_TEXT_LIST, IN_NULLABLE, 0, 50, NULL),
};
static const struct input_spec form_spec = SPEC("FormField", struct form_field, form_fields);

struct api_settings {
    str reply_url;
    struct str_list events;
};
static const struct input_field api_fields[] = {
    FIELD(struct api_settings, reply_url, IN_TEXT, IN_NULLABLE, 0, URL_MAX,
        "replies are posted here"),
    FIELD(struct api_settings, events, IN_TEXT_LIST, IN_NULLABLE, 0, 50, NULL),
};
static const struct input_spec api_spec = SPEC("ApiSettings", struct api_settings, api_fields);

/* ── checks ── */

static bool is_web_url(str s)
{
    return (str_starts(s, S("https://")) && s.len > 8) ||
           (str_starts(s, S("http://")) && s.len > 7);
}

static bool is_color(str s)
{
    if (s.len != 7 || s.at[0] != '#')
        return false;
    for (ptrdiff_t i = 1; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

/* scheme://host[:port], nothing more: what a browser sends as Origin and CSP takes as a source. */
static bool is_origin(str s)
{
    if (!is_web_url(s))
        return false;
    str host = str_skip(s, str_find(s, S("//")) + 2);
    for (ptrdiff_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '-' || c == ':' || c == '*' || c == '[' || c == ']';
        if (!fits)
            return false;
    }
    return host.len > 0;
}

static bool is_key(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && i) || c == '_'))
            return false;
    }
    return s.len > 0;
}

static err prechat_check(struct ctx *cx, const struct json *prechat)
{
    void *made;
    TRY(input_object(cx, &prechat_spec, prechat, "settings.prechat.", &made));
    const struct prechat_settings *p = made;
    if (p->privacy_url.len && !is_web_url(p->privacy_url))
        return fail_field(cx, "settings.prechat.privacy_url", "must be a web address");
    if (!p->fields)
        return OK;
    if (p->fields->kind != JSON_ARRAY || p->fields->count > FIELDS_MOST)
        return fail_field(
            cx, "settings.prechat.fields", "must be a list of at most %d fields", FIELDS_MOST);
    for (const struct json *v = p->fields->first; v; v = v->next) {
        TRY(input_object(cx, &form_spec, v, "settings.prechat.fields.", &made));
        const struct form_field *f = made;
        if (!is_key(f->key))
            return fail_field(
                cx, "settings.prechat.fields.key", "a key has small letters, digits and _ only");
        if (str_eq(f->type, S("select")) && !f->options.len)
            return fail_field(cx, "settings.prechat.fields.options", "a select needs its options");
    }
    return OK;
}

static err widget_check(struct ctx *cx, const struct json *whole)
{
    void *made;
    TRY(input_object(cx, &widget_spec, whole, "settings.", &made));
    const struct widget_settings *w = made;
    if (w->color.len && !is_color(w->color))
        return fail_field(cx, "settings.color", "must be like #1a6b4f");
    for (ptrdiff_t i = 0; i < w->allowed_origins.len; i++)
        if (!is_origin(w->allowed_origins.at[i]))
            return fail_field(cx, "settings.allowed_origins",
                "%.*s is not an origin like https://shop.example", SARG(w->allowed_origins.at[i]));
    return w->prechat ? prechat_check(cx, w->prechat) : OK;
}

static err api_check(struct ctx *cx, const struct json *whole)
{
    void *made;
    TRY(input_object(cx, &api_spec, whole, "settings.", &made));
    const struct api_settings *settings = made;
    if (settings->reply_url.len && !is_web_url(settings->reply_url))
        return fail_field(cx, "settings.reply_url", "must be a web address");
    return OK;
}

/* Only when it is given: a mailbox that has gone since spoils no other change. */
static err mailbox_check(struct ctx *cx, const struct json *change)
{
    const struct json *given = json_get(change, S("mail_channel_id"));
    channel_id id;
    if (!given || given->kind == JSON_NULL || id_parse(json_text(given, S("")), &id.v) != OK)
        return OK;
    return letter_mailbox_check(cx, "settings.mail_channel_id", id);
}

/* Names of `change` win; its nulls take the name away. */
static str merged(struct ctx *cx, const struct json *before, const struct json *change)
{
    struct json_out j = json_out_make(cx->arena, SETTINGS_MAX);
    json_obj(&j);
    for (const struct json *v = before->first; v; v = v->next)
        if (!json_get(change, v->key)) {
            json_key(&j, v->key);
            json_put_tree(&j, v);
        }
    for (const struct json *v = change ? change->first : NULL; v; v = v->next)
        if (v->kind != JSON_NULL) {
            json_key(&j, v->key);
            json_put_tree(&j, v);
        }
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

err channel_settings_merge(
    struct ctx *cx, str kind, str before, const struct json *change, str *after)
{
    const struct json *old, *whole;
    str why;
    if (change && change->kind != JSON_OBJECT)
        return fail_field(cx, "settings", "settings must be an object");
    if (json_parse(cx->arena, before, &old, &why) != OK)
        return fail(cx, E_INTERNAL, "stored settings are no JSON: %.*s", SARG(why));
    str text = merged(cx, old, change);
    if (!text.len)
        return fail_field(cx, "settings", "settings are longer than %d bytes", SETTINGS_MAX);
    if (json_parse(cx->arena, text, &whole, &why) != OK)
        return fail(cx, E_INTERNAL, "merged settings are no JSON: %.*s", SARG(why));
    TRY(str_eq(kind, S("widget")) ? widget_check(cx, whole) : api_check(cx, whole));
    TRY(mailbox_check(cx, change));
    *after = text;
    return OK;
}

err channel_languages(struct ctx *cx, const struct str_list *tags, str *json)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < tags->len; i++) {
        str tag = tags->at[i];
        bool fits = tag.len >= 2 && tag.len <= 35;
        for (ptrdiff_t k = 0; fits && k < tag.len; k++) {
            char c = tag.at[k];
            fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-';
        }
        if (!fits)
            return fail_field(cx, "languages", "%.*s is not a language tag like bn", SARG(tag));
        json_put_str(&j, tag);
    }
    json_arr_end(&j);
    *json = json_str(&j);
    return OK;
}
