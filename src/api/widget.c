/* widget: how a website chat begins: its public looks, the launcher's script, the visitor's session
 * (with the site's proof of who its user is), the form before the first message.
 * Rules: API "Widget API"; docs/widget.md; TR-2. Not here: the exchange itself (widget_chat.c), who
 * a visitor is (care/visitor.h), pages (static.c). */
#include "api/widget.h"
#include "api/file_answer.h"
#include "api/input.h"
#include "api/live.h"
#include "api/server.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/visitor.h"
#include "model/view_access.h"
#include "model/view_channel.h"
#include "model/view_conversation.h"
#include "store/agent.h"
#include "store/attachment.h"
#include "store/door.h"
#include "store/source.h"
#include "store/visitor.h"

enum {
    AGENTS_SHOWN = 5,
    URL_MAX = 2000,
    TITLE_MAX = 400,
    TOKEN_BYTES_MAX = 1400,
    FORM_FIELDS = 12
};

/* What the world may know of a channel's settings. */
static const str public_settings[] = {S_INIT("greeting"), S_INIT("intro"), S_INIT("color"),
    S_INIT("position"), S_INIT("launcher_text"), S_INIT("theme"), S_INIT("prechat"),
    S_INIT("show_agent_photo"), S_INIT("attachments_enabled"), S_INIT("transcript_enabled"),
    S_INIT("transcript_mail_enabled"), S_INIT("require_identity"), S_INIT("offline_text")};
static const str launcher_settings[] = {
    S_INIT("color"), S_INIT("position"), S_INIT("launcher_text"), S_INIT("theme")};

struct door {
    struct source source;
    const struct json *settings;
};

/* Before the transaction: the channel of the key in the address. */
static err find_channel(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct door *door = NEW(cx->arena, struct door, 1);
    str why;
    err e = source_find(call->api->sources, cx->arena, S("widget"), call->params[0], &door->source);
    if (e == E_NOT_FOUND || (e == OK && !door->source.is_enabled))
        return fail(cx, E_NOT_FOUND, "there is no website chat with this key");
    TRY(e);
    if (json_parse(cx->arena, door->source.settings, &door->settings, &why) != OK)
        door->settings = NULL;
    call->prepared = door;
    return OK;
}

static void put_settings(
    struct json_out *j, const struct json *settings, const str *names, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct json *v = json_get(settings, names[i]);
        if (!v)
            continue;
        json_key(j, names[i]);
        json_put_tree(j, v);
    }
}

/* The id of the channel's logo; 0 = none. */
static int64_t logo_of(const struct door *door)
{
    int64_t id = 0;
    str text = json_text(json_get(door->settings, S("logo_upload_id")), S(""));
    return id_parse(text, &id) == OK ? id : 0;
}

/* ── config ── */

/* Who would answer now: agents with an open console who are not away. */
static err put_agents(struct call *call, struct json_out *j, bool shows_photo, bool *is_staffed)
{
    struct agent *agents;
    struct agent_scope *scopes;
    ptrdiff_t n, shown = 0;
    TRY(agent_list(&call->cx, &agents, &scopes, &n));
    *is_staffed = false;
    json_arr(j);
    for (ptrdiff_t i = 0; i < n && shown < AGENTS_SHOWN; i++) {
        if (!agents[i].is_active || !str_eq(agents[i].availability, S("online")) ||
            !live_agent_is_online(call->api, call->cx.account, agents[i].id))
            continue;
        *is_staffed = true;
        shown++;
        widget_agent_put(j, &agents[i], shows_photo);
    }
    json_arr_end(j);
    return OK;
}

static const struct shape_field looks_fields[] = {
    SHOWN("logo_url", SHAPE_TEXT, SHAPE_NULL, "below the base URL"),
};
static const struct shape looks_shape =
    SHAPE("WidgetSettings", &channel_looks_shape, looks_fields, "How a website chat looks.");
static const struct shape_field config_fields[] = {
    SHOWN("channel_name", SHAPE_TEXT, 0, NULL),
    SHOWN_OBJECT("settings", 0, &looks_shape, NULL),
    SHOWN("languages", SHAPE_TEXT, SHAPE_LIST, "language tags"),
    SHOWN_OBJECT("agents", SHAPE_LIST, &widget_agent_shape, "who would answer now, at most five"),
    SHOWN("is_staffed", SHAPE_BOOL, 0, "somebody is there"),
};
static const struct shape config_shape =
    SHAPE("WidgetConfig", NULL, config_fields, "What everybody may know of a website chat.");

static err config(struct call *call)
{
    const struct door *door = call->prepared;
    TRY(door_account(&call->cx, door->source.account));
    bool is_staffed, shows_photo = json_bool(json_get(door->settings, S("show_agent_photo")), true);
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("channel_name"), door->source.name);
    json_key(&j, S("settings"));
    json_obj(&j);
    put_settings(&j, door->settings, public_settings,
        (ptrdiff_t)(sizeof public_settings / sizeof public_settings[0]));
    int64_t logo = logo_of(door);
    json_kv_text(&j, S("logo_url"),
        logo ? str_print(call->cx.arena, "/widget/v1/%.*s/logo/%lld", SARG(call->params[0]),
                   (long long)logo)
             : (str){0});
    json_obj_end(&j);
    json_kv_raw(&j, S("languages"), door->source.languages);
    json_key(&j, S("agents"));
    TRY(put_agents(call, &j, shows_photo, &is_staffed));
    json_kv_bool(&j, S("is_staffed"), is_staffed);
    json_obj_end(&j);
    answer_header(call, "Cache-Control", S("no-store"));
    return answer_json(call, 200, json_str(&j));
}

/* A script, so that the site's own policy needs no connect-src for us. */
static err launcher(struct call *call)
{
    TRY(find_channel(call));
    const struct door *door = call->prepared;
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    put_settings(&j, door->settings, launcher_settings,
        (ptrdiff_t)(sizeof launcher_settings / sizeof launcher_settings[0]));
    json_obj_end(&j);
    answer_header(call, "Cross-Origin-Resource-Policy", S("cross-origin"));
    answer_header(call, "Cache-Control", S("public, max-age=300"));
    return answer_bytes(call, 200, S("text/javascript; charset=utf-8"),
        str_print(call->cx.arena, "Seva.configure(%.*s);\n", SARG(json_str(&j))));
}

/* For everybody: the frame shows it before anybody has said who they are. */
static err logo(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct door *door = call->prepared;
    int64_t asked = 0;
    struct attachment at;
    TRY(door_account(cx, door->source.account));
    bool is_logo = id_parse(call->params[1], &asked) == OK && asked == logo_of(door);
    err e = is_logo ? attachment_get(cx, (attachment_id){asked}, &at) : E_NOT_FOUND;
    if (e == E_NOT_FOUND || (e == OK && !at.is_public))
        return fail(cx, E_NOT_FOUND, "there is no such picture");
    TRY(e);
    return answer_picture(call, &at, S("public, max-age=86400"));
}

/* ── session ── */

struct page {
    str url, title, referrer;
};
static const struct input_field page_fields[] = {
    FIELD(struct page, url, IN_TEXT, IN_NULLABLE, 0, URL_MAX, "the page the visitor reads"),
    FIELD(struct page, title, IN_TEXT, IN_NULLABLE, 0, TITLE_MAX, NULL),
    FIELD(struct page, referrer, IN_TEXT, IN_NULLABLE, 0, URL_MAX, NULL),
};
static const struct input_spec page_spec = SPEC("Page", struct page, page_fields);

struct proof {
    str id, name, email, phone, hash;
};
static const struct input_field proof_fields[] = {
    FIELD(struct proof, id, IN_TEXT, IN_REQUIRED, 1, VISITOR_USER_ID_MAX,
        "the site's id of its user"),
    FIELD(struct proof, hash, IN_TEXT, IN_REQUIRED, 64, 64, "hex HMAC-SHA256(identity secret, id)"),
    FIELD(struct proof, name, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD(struct proof, email, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
    FIELD(struct proof, phone, IN_TEXT, IN_NULLABLE, 0, 0, NULL),
};
static const struct input_spec proof_spec = SPEC("VisitorIdentity", struct proof, proof_fields);

struct session_body {
    str resume_token, locale, time_zone;
    const struct json *identity, *page;
};
static const struct input_field session_fields[] = {
    FIELD(struct session_body, resume_token, IN_TEXT, IN_NULLABLE, 0, TOKEN_BYTES_MAX,
        "the token of an earlier session on this browser"),
    FIELD(struct session_body, identity, IN_JSON, IN_NULLABLE, 0, 0,
        "{id, hash, name, email, phone}"),
    FIELD(struct session_body, page, IN_JSON, IN_NULLABLE, 0, 0, "{url, title, referrer}"),
    FIELD(struct session_body, locale, IN_TEXT, IN_NULLABLE, 0, 35, NULL),
    FIELD(struct session_body, time_zone, IN_TEXT, IN_NULLABLE, 0, 64, NULL),
};
static const struct input_spec session_spec =
    SPEC("WidgetSessionNew", struct session_body, session_fields);

struct opening {
    struct door door;
    struct proof *proof; /* right, or NULL */
    struct page *page;   /* or NULL */
    struct visitor_pass resumed;
    bool is_resumed;
};

static const struct shape_field session_contact_fields[] = {
    SHOWN("name", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("email", SHAPE_TEXT, SHAPE_NULL, NULL),
};
static const struct shape session_contact_shape =
    SHAPE("WidgetContact", NULL, session_contact_fields, "What is known of the visitor.");
static const struct shape_field session_shape_fields[] = {
    SHOWN("token", SHAPE_TEXT, 0, "for Authorization: Bearer, and to resume"),
    SHOWN("visitor_id", SHAPE_ID, 0, NULL),
    SHOWN_OBJECT("contact", 0, &session_contact_shape, NULL),
    SHOWN_OBJECT("conversation", SHAPE_NULL, &widget_conversation_shape, NULL),
    SHOWN("is_new", SHAPE_BOOL, 0, "was never here before"),
};
static const struct shape widget_session_shape =
    SHAPE("WidgetSession", NULL, session_shape_fields, "A visitor's way in.");

static err session_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct session_body *body = call->body;
    TRY(find_channel(call));
    struct opening *o = NEW(cx->arena, struct opening, 1);
    o->door = *(const struct door *)call->prepared;
    call->prepared = o;
    void *part = NULL;
    if (body->page) {
        TRY(input_object(cx, &page_spec, body->page, "page.", &part));
        o->page = part;
    }
    if (body->identity) {
        TRY(input_object(cx, &proof_spec, body->identity, "identity.", &part));
        o->proof = part;
        if (!visitor_proof_is_right(
                cx->arena, o->door.source.identity_secret, o->proof->id, o->proof->hash))
            return fail_detail(cx, E_UNAUTHENTICATED, "identity",
                "the identity's hash is not the HMAC-SHA256 of its id under this channel's secret");
    } else if (json_bool(json_get(o->door.settings, S("require_identity")), false)) {
        return fail_detail(cx, E_FORBIDDEN, "identity_required",
            "this chat is for signed-in users: the page must give an identity");
    }
    o->is_resumed = body->resume_token.len &&
                    visitor_token_read(cx->arena, cx->config->keys, body->resume_token, cx->now_ms,
                        &o->resumed) == OK &&
                    o->resumed.channel.v == o->door.source.channel.v;
    return OK;
}

static err remember_page(struct ctx *cx, const struct session_body *body, const struct page *page)
{
    struct visitor v = {.id = cx->actor.visitor,
        .channel_id = cx->actor.channel,
        .contact_id = cx->actor.contact,
        .page_url = page ? widget_page_url(page->url) : (str){0},
        .page_title = page ? page->title : (str){0},
        .locale = body->locale,
        .time_zone = body->time_zone};
    return visitor_put(cx, &v);
}

/* A proved visitor has a contact at once; an anonymous one when it writes. */
static err enter(struct ctx *cx, const struct session_body *body, const struct opening *o,
    struct visitor_pass *pass, struct contact *contact, bool *has_contact)
{
    TRY(visitor_enter(cx, pass));
    if (o->proof) {
        TRY(visitor_prove(cx, o->proof->id));
        struct visitor_profile profile = {.name = o->proof->name,
            .email = o->proof->email,
            .phone = o->proof->phone,
            .language = body->locale,
            .is_proved = true};
        TRY(visitor_ensure(cx, &profile, contact));
        pass->external_id = cx->actor.external_id;
        *has_contact = true;
        return remember_page(cx, body, o->page);
    }
    TRY(widget_contact(cx, contact, has_contact));
    return *has_contact ? remember_page(cx, body, o->page) : OK;
}

static err session(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct opening *o = call->prepared;
    visitor_id fresh = {id_make(cx->now_ms)};
    struct visitor_pass pass = {.account = o->door.source.account,
        .channel = o->door.source.channel,
        .visitor = fresh,
        .external_id = str_print(cx->arena, "v:%lld", (long long)fresh.v),
        .issued_s = cx->now_ms / 1000};
    if (o->is_resumed) {
        pass.visitor = o->resumed.visitor;
        pass.external_id = o->resumed.external_id;
    }
    struct contact contact = {0};
    struct conversation c;
    bool has_contact = false;
    TRY(enter(cx, call->body, o, &pass, &contact, &has_contact));
    TRY(visitor_conversation(cx, &c));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("token"), visitor_token(cx->arena, cx->config->keys, &pass));
    json_kv_id(&j, S("visitor_id"), pass.visitor.v);
    json_key(&j, S("contact"));
    json_obj(&j);
    json_kv_text(&j, S("name"), contact.name);
    json_kv_text(&j, S("email"), contact.email);
    json_obj_end(&j);
    json_key(&j, S("conversation"));
    widget_conversation_put(&j, &c);
    json_kv_bool(&j, S("is_new"), !o->is_resumed && !has_contact);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

/* ── the form before the first message ── */

struct prechat_body {
    const struct json *fields;
    bool consent;
};
static const struct input_field prechat_fields[] = {
    FIELD(struct prechat_body, fields, IN_JSON, IN_REQUIRED, 0, 0,
        "{key: text} of the channel's form"),
    FIELD(struct prechat_body, consent, IN_BOOL, 0, 0, 0, "agreed to the channel's consent text"),
};
static const struct input_spec prechat_spec = SPEC("Prechat", struct prechat_body, prechat_fields);

static const struct json *form_field(const struct json *form, str key)
{
    const struct json *fields = json_get(form, S("fields"));
    for (const struct json *f = fields ? fields->first : NULL; f; f = f->next)
        if (str_eq(json_text(json_get(f, S("key")), S("")), key))
            return f;
    return NULL;
}

/* The answers fit the channel's form: no field that it does not have, none missing that it needs.
 */
static err form_check(struct ctx *cx, const struct prechat_body *body)
{
    const struct json *settings, *answers = body->fields;
    TRY(widget_settings(cx, &settings));
    const struct json *form = json_get(settings, S("prechat"));
    if (answers->kind != JSON_OBJECT || answers->count > FORM_FIELDS)
        return fail_field(cx, "fields", "must be an object of at most %d texts", FORM_FIELDS);
    for (const struct json *a = answers->first; a; a = a->next) {
        bool is_plain =
            str_eq(a->key, S("name")) || str_eq(a->key, S("email")) || str_eq(a->key, S("phone"));
        if (a->kind != JSON_STRING || (is_plain && !widget_is_line(a->text)) ||
            a->text.len > LIMIT_NAME_BYTES * (is_plain ? 1 : 5))
            return fail_field(cx, "fields", "\"%.*s\" must be a plain text that is not so long",
                SARG(utf8_prefix_bytes(a->key, 40)));
        if (!is_plain && !form_field(form, a->key))
            return fail_field(cx, "fields", "the form has no such field");
    }
    const struct json *fields = json_get(form, S("fields"));
    for (const struct json *f = fields ? fields->first : NULL; f; f = f->next) {
        str key = json_text(json_get(f, S("key")), S(""));
        if (json_bool(json_get(f, S("required")), false) &&
            !str_trim(json_text(json_get(answers, key), S(""))).len)
            return fail_field(cx, "fields", "\"%.*s\" is missing", SARG(key));
    }
    if (json_text(json_get(form, S("consent_text")), S("")).len && !body->consent)
        return fail_field(cx, "consent", "please agree first");
    return OK;
}

static err prechat(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct prechat_body *body = call->body;
    TRY(form_check(cx, body));
    struct json_out more = json_out_make(cx->arena, 32 * 1024);
    json_obj(&more);
    struct visitor_profile profile = {0};
    for (const struct json *f = body->fields->first; f; f = f->next) {
        str value = str_trim(f->text);
        if (str_eq(f->key, S("name")))
            profile.name = value;
        else if (str_eq(f->key, S("email")))
            profile.email = value;
        else if (str_eq(f->key, S("phone")))
            profile.phone = value;
        else
            json_kv_str(&more, f->key, value);
    }
    json_obj_end(&more);
    struct contact contact;
    TRY(widget_ensure(call, &profile, &contact));
    TRY(widget_custom_merge(cx, &contact, json_str(&more)));
    struct visitor v = {.id = cx->actor.visitor,
        .channel_id = cx->actor.channel,
        .contact_id = contact.id,
        .consent_ms = body->consent ? cx->now_ms : 0};
    TRY(visitor_put(cx, &v));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/widget/v1/{key}/config", AUTH_PUBLIC, CAP_NONE,
     ROUTE_READ, NULL, NULL, find_channel, config,
     "A website chat's looks, languages and who is there.", &config_shape, 0},
    {HTTP_GET, "/widget/v1/{key}/launcher.js", AUTH_PUBLIC, CAP_NONE,
     ROUTE_NO_DB | ROUTE_BYTES, NULL, NULL, NULL, launcher,
     "The launcher's looks as a script.", NULL, 0},
    {HTTP_GET, "/widget/v1/{key}/logo/{logo}", AUTH_PUBLIC, CAP_NONE,
     ROUTE_READ | ROUTE_BYTES | ROUTE_PARTS, NULL, NULL, find_channel, logo,
     "The channel's logo; its address is in the config.", NULL, 0},
    {HTTP_POST, "/widget/v1/{key}/session", AUTH_PUBLIC, CAP_NONE,
     ROUTE_WRITE | ROUTE_401 | ROUTE_403 | ROUTE_429, NULL, &session_spec, session_prepare, session,
     "Begin or resume as a visitor; nothing is stored for one who only looks.", &widget_session_shape, 0},
    {HTTP_POST, "/widget/v1/prechat", AUTH_VISITOR, CAP_NONE,
     ROUTE_WRITE | ROUTE_429, NULL, &prechat_spec, NULL, prechat,
     "Answer the form before the first message.", NULL, 0},
};
/* clang-format on */
extern const struct route_table widget_routes;
const struct route_table widget_routes = ROUTES(routes);
