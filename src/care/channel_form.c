/* channel_form: see channel_form.h. */
#include "care/channel_form.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "text/fill.h"

enum {
    TEXT_BYTES = 2000,
    SECRET_BYTES = 16 * 1024, /* a service account's key file */
    LIST_MOST = 200,
    SETTINGS_BYTES = 64 * 1024,
    SECRETS_BYTES = LIMIT_SEALED_BYTES / 2, /* sealing makes it 4/3 as long */
};

static const struct connector_setting way_setting = {.name = "way",
    .kind = "choice",
    .standard = "network",
    .choices = "network capture",
    .help = "network: Seva talks to the network; capture: agents bring posts in by hand."};

static const struct connector_setting marks_read_setting = {.name = "marks_read",
    .kind = "choice",
    .standard = "yes",
    .choices = "yes no",
    .help = "Whether the network shows the customer, with our first answer, that they were read."};

/* What an authorisation brings, should the form ask for it too. */
static const char *const tokens[] = {
    "access_token", "refresh_token", "oauth1_token", "oauth1_token_secret"};

static bool is_token(str name)
{
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        if (str_eq(str_from(tokens[i]), name))
            return true;
    return false;
}

static bool is_kind(const struct connector_setting *s, const char *kind)
{
    return str_eq(str_from(s->kind), str_from(kind));
}

static const struct connector_setting *declared(const struct connector *c, str name)
{
    for (const struct connector_setting *s = c->settings; s && s->name; s++)
        if (str_eq(str_from(s->name), name))
            return s;
    if (str_eq(name, str_from(marks_read_setting.name)))
        return &marks_read_setting;
    return str_eq(name, str_from(way_setting.name)) ? &way_setting : NULL;
}

/* ── values ── */

static bool is_line(str s, bool may_have_lines)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (may_have_lines && (c == '\n' || c == '\r' || c == '\t'))
            continue;
        if (c < ' ' || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_choice(str choices, str word)
{
    str one;
    while (choices.len) {
        (void)str_cut(choices, ' ', &one, &choices); /* the rest decides when to end */
        if (one.len && str_eq(one, word))
            return true;
    }
    return false;
}

static bool is_web_url(str s)
{
    bool has_scheme =
        (str_starts(s, S("https://")) && s.len > 8) || (str_starts(s, S("http://")) && s.len > 7);
    return has_scheme && str_find_byte(s, ' ') < 0;
}

static err wrong(struct ctx *cx, str name, const char *words)
{
    char *field = str_z(cx->arena, str_cat(cx->arena, S("settings."), name));
    return fail_field(cx, field, "%s", words);
}

static err check_list(struct ctx *cx, const struct json *v)
{
    if (v->kind != JSON_ARRAY || v->count > LIST_MOST)
        return wrong(cx, v->key, "This must be a list of at most 200 texts.");
    for (const struct json *one = v->first; one; one = one->next)
        if (one->kind != JSON_STRING || one->text.len > TEXT_BYTES || !is_line(one->text, false))
            return wrong(cx, v->key, "This must be a list of at most 200 texts.");
    return OK;
}

static err check_number(struct ctx *cx, const struct json *v)
{
    int64_t number;
    str text = json_text(v, S(""));
    if (v->kind == JSON_STRING && !text.len)
        return OK;
    if (str_int(text, INT64_MIN / 2, INT64_MAX / 2, &number) != OK)
        return wrong(cx, v->key, "This must be a whole number.");
    return OK;
}

/* A list of {language, subject, text}; the language may be empty: for everybody else. */
static err check_texts(struct ctx *cx, const struct json *v)
{
    str unknown = {0};
    if (v->kind != JSON_ARRAY || v->count > FILL_LANGUAGES)
        return wrong(cx, v->key, "This must be a list of at most 40 texts.");
    for (const struct json *one = v->first; one; one = one->next) {
        str language = json_text(json_get(one, S("language")), S(""));
        str subject = json_text(json_get(one, S("subject")), S(""));
        str text = json_text(json_get(one, S("text")), S(""));
        if (one->kind != JSON_OBJECT || (language.len && !str_is_ascii_token(language)) ||
            language.len > FILL_LANGUAGE_BYTES || subject.len > LIMIT_NAME_BYTES ||
            !is_line(subject, false) || text.len > FILL_TEXT_BYTES || !is_line(text, true))
            return wrong(cx, v->key, "A text is too long, or has characters that cannot be in it.");
        if (!str_trim(text).len)
            return wrong(cx, v->key, "Each language needs a text.");
        if (!fill_check(subject, &unknown) || !fill_check(text, &unknown))
            return wrong(cx, v->key,
                str_z(cx->arena, str_print(cx->arena, "There is nothing to put in for {{%.*s}}.",
                                     SARG(utf8_prefix_bytes(unknown, 60)))));
    }
    return OK;
}

static err check_value(struct ctx *cx, const struct connector_setting *s, const struct json *v)
{
    bool is_secret = is_kind(s, "secret"), has_lines = is_secret || is_kind(s, "lines");
    if (is_kind(s, "list"))
        return check_list(cx, v);
    if (is_kind(s, "number"))
        return check_number(cx, v);
    if (is_kind(s, "texts"))
        return check_texts(cx, v);
    if (is_kind(s, "json"))
        return v->kind == JSON_OBJECT ? OK : wrong(cx, v->key, "This must be an object.");
    if (v->kind != JSON_STRING)
        return wrong(cx, v->key, "This must be a text.");
    if (v->text.len > (is_secret ? SECRET_BYTES : TEXT_BYTES) || !is_line(v->text, has_lines))
        return wrong(cx, v->key, "This is too long, or has characters that cannot be in it.");
    if (is_secret)
        return v->text.len ? OK : wrong(cx, v->key, "Give the secret, or null to take it away.");
    if (is_kind(s, "choice") && v->text.len && !is_choice(str_from(s->choices), v->text))
        return wrong(cx, v->key,
            str_z(cx->arena, str_print(cx->arena, "This must be one of: %s.", s->choices)));
    if (is_kind(s, "url") && v->text.len && !is_web_url(v->text))
        return wrong(cx, v->key, "This must be a web address.");
    return OK;
}

static err check_change(
    struct ctx *cx, const struct connector *c, const struct json *change, struct channel_form *form)
{
    for (const struct json *v = change ? change->first : NULL; v; v = v->next) {
        const struct connector_setting *s = declared(c, v->key);
        if (!s)
            return wrong(cx, v->key, "This network has no such setting.");
        if (is_kind(s, "secret")) {
            form->has_secrets = true;
            form->has_token |= is_token(v->key);
        }
        if (v->kind != JSON_NULL)
            TRY(check_value(cx, s, v));
    }
    return OK;
}

/* ── merging ── */

static bool is_nothing(const struct json *v)
{
    return v->kind == JSON_NULL || (v->kind == JSON_STRING && !v->text.len);
}

/* The members of before and change that are (or are not) secrets. c NULL = all of them. */
static str merged(struct arena *a, const struct connector *c, bool secrets,
    const struct json *before, const struct json *change, ptrdiff_t max)
{
    struct json_out j = json_out_make(a, max);
    json_obj(&j);
    for (const struct json *v = before ? before->first : NULL; v; v = v->next)
        if (!json_get(change, v->key)) {
            json_key(&j, v->key);
            json_put_tree(&j, v);
        }
    for (const struct json *v = change ? change->first : NULL; v; v = v->next) {
        const struct connector_setting *s = c ? declared(c, v->key) : NULL;
        bool is_secret = s && is_kind(s, "secret");
        if ((c && is_secret != secrets) || is_nothing(v))
            continue;
        json_key(&j, v->key);
        json_put_tree(&j, v);
    }
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

static const struct json *object_of(struct arena *a, str text)
{
    const struct json *root = NULL;
    str why;
    bool is_object =
        text.len && json_parse(a, text, &root, &why) == OK && root->kind == JSON_OBJECT;
    return is_object ? root : NULL;
}

str channel_form_with(struct arena *a, str object, str more, ptrdiff_t max)
{
    return merged(a, NULL, false, object_of(a, object), object_of(a, more), max);
}

bool channel_is_capture(struct arena *a, str settings)
{
    return str_eq(json_text(json_get(object_of(a, settings), S("way")), S("")), S("capture"));
}

bool channel_marks_read(struct arena *a, str settings)
{
    return !str_eq(json_text(json_get(object_of(a, settings), S("marks_read")), S("")), S("no"));
}

const struct connector_setting *channel_form_marks_read(const struct connector *c)
{
    return c->act && c->acts_private & 1 << ACT_READ ? &marks_read_setting : NULL;
}

/* A network that lies elsewhere from now on must not get the secrets of the one before. */
static bool has_moved(
    const struct connector *c, const struct json *before, const struct json *change)
{
    for (const struct connector_setting *s = c->settings; s && s->name; s++) {
        const struct json *to = json_get(change, str_from(s->name));
        bool is_server = is_kind(s, "host") || (s->is_required && is_kind(s, "url"));
        if (is_server && to &&
            !str_eq(json_text(to, S("")), json_text(json_get(before, str_from(s->name)), S(""))))
            return true;
    }
    return false;
}

static err check_required(
    struct ctx *cx, const struct connector *c, const struct channel_form *form, bool is_authorising)
{
    const struct json *settings = object_of(cx->arena, form->settings);
    const struct json *secrets = object_of(cx->arena, form->secrets);
    for (const struct connector_setting *s = c->settings; s && s->name; s++) {
        str name = str_from(s->name);
        if (!s->is_required || s->standard || form->is_capture)
            continue;
        if (is_authorising && is_token(name))
            continue;
        if (!json_get(is_kind(s, "secret") ? secrets : settings, name))
            return wrong(cx, name, "This is needed.");
    }
    return OK;
}

err channel_form_merge(struct ctx *cx, const struct connector *c, str settings, str secrets,
    const struct json *change, bool is_authorising, struct channel_form *form)
{
    struct channel_form made = {0};
    if (change && change->kind != JSON_OBJECT)
        return fail_field(cx, "settings", "settings must be an object");
    TRY(check_change(cx, c, change, &made));
    if (has_moved(c, object_of(cx->arena, settings), change)) {
        secrets = S("{}");
        made.has_secrets = made.has_token = true;
    }
    made.settings =
        merged(cx->arena, c, false, object_of(cx->arena, settings), change, SETTINGS_BYTES);
    made.secrets = merged(cx->arena, c, true, object_of(cx->arena, secrets), change, SECRETS_BYTES);
    if (!made.settings.len || !made.secrets.len)
        return fail_field(cx, "settings", "The settings are too long.");
    made.is_capture = channel_is_capture(cx->arena, made.settings);
    TRY(check_required(cx, c, &made, is_authorising));
    *form = made;
    return OK;
}
