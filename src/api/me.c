/* me: one's own profile, password and second factor (API "Session and self"). Photos are with the
 * uploads. */
#include "api/me.h"
#include "api/change.h"
#include "api/input.h"
#include "api/origin.h"
#include "api/sign_in.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "care/phone.h"
#include "model/view_access.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/login.h"
#include "store/session.h"

enum {
    SETTINGS_MAX = 16 * 1024, /* bytes: theme, keys, notifications */
    PASSWORD_MIN = 8,         /* bytes; NIST SP 800-63B */
    PASSWORD_MAX = 1000,
    INTRODUCTION_MAX = 2000, /* bytes */
    TOTP_SECRET_BYTES = 20,  /* RFC 4226 */
    RECOVERY_CODES = 10,
    RECOVERY_BYTES = 10, /* 80 bits: 16 characters of base32 */
};

/* ── profile ── */

struct me_patch {
    str name, introduction, locale, time_zone, availability, phone;
    const struct json *settings;
    bool has_name, has_introduction, has_locale, has_time_zone, has_availability, has_settings,
        has_phone;
};
static const char *const availabilities[] = {"online", "away", NULL};
static const char *const locales[] = {"en", "bn", "ar", NULL};
static const struct input_field me_fields[] = {
    FIELD_SEEN(struct me_patch, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_SEEN(struct me_patch, introduction, IN_TEXT, IN_MULTILINE | IN_NULLABLE, 0,
        INTRODUCTION_MAX, "shown to visitors"),
    FIELD_ENUM_SEEN(struct me_patch, locale, 0, locales, NULL),
    FIELD_SEEN(struct me_patch, time_zone, IN_TEXT, 0, 1, 64, "IANA name"),
    FIELD_ENUM_SEEN(struct me_patch, availability, 0, availabilities, NULL),
    FIELD_SEEN(struct me_patch, phone, IN_TEXT, IN_NULLABLE, 0, 0,
        "rings for calls: a number like +15550001111, or sip:"),
    FIELD_SEEN(struct me_patch, settings, IN_JSON, 0, 0, 0, "the console's own; at most 16 KiB"),
};
static const struct input_spec me_spec = SPEC("MePatch", struct me_patch, me_fields);

static err settings_text(struct ctx *cx, const struct json *settings, str *text)
{
    if (settings->kind != JSON_OBJECT)
        return fail_field(cx, "settings", "settings must be an object");
    struct json_out j = json_out_make(cx->arena, 0);
    json_put_tree(&j, settings);
    *text = json_str(&j);
    if (text->len > SETTINGS_MAX)
        return fail_field(cx, "settings", "settings are longer than %d bytes", SETTINGS_MAX);
    return OK;
}

static err me_apply(struct ctx *cx, const struct me_patch *patch, struct agent *agent)
{
    if (patch->has_name)
        agent->name = patch->name;
    if (patch->has_introduction)
        agent->introduction = patch->introduction;
    if (patch->has_locale)
        agent->locale = patch->locale;
    if (patch->has_time_zone && !time_zone_is_known(patch->time_zone))
        return fail_field(cx, "time_zone", "there is no such time zone");
    if (patch->has_time_zone)
        agent->time_zone = patch->time_zone;
    if (patch->has_availability)
        agent->availability = patch->availability;
    if (patch->has_phone) {
        agent->phone = patch->phone.len ? phone_number(cx->arena, patch->phone) : (str){0};
        if (patch->phone.len && !agent->phone.len)
            return fail_field(cx, "phone", "A number is written like +15550001111.");
    }
    if (patch->has_settings)
        TRY(settings_text(cx, patch->settings, &agent->settings));
    return OK;
}

err me_changed(struct call *call, const struct agent *agent)
{
    struct ctx *cx = &call->cx;
    struct agent_scope scope;
    TRY(agent_scope_get(cx, agent->id, &scope));
    struct json_out shown = json_out_make(cx->arena, 0), mine = json_out_make(cx->arena, 0);
    agent_view(&shown, agent, &scope, cx->now_ms, false);
    agent_view(&mine, agent, &scope, cx->now_ms, true);
    TRY(change_tell(cx, S("agent.updated"), S("agent"), agent->id.v, json_str(&shown)));
    return answer_json(call, 200, json_str(&mine));
}

static err me_patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct agent agent;
    TRY(agent_get(cx, cx->actor.agent, &agent));
    TRY(me_apply(cx, call->body, &agent));
    TRY(agent_set(cx, &agent));
    return me_changed(call, &agent);
}

/* ── proving it is you ── */

static err own_login(struct call *call, struct login *login)
{
    TRY(login_get(&call->cx, call->cx.actor.login, login));
    return sign_in_throttle(call, login->email);
}

static err password_prepare(struct call *call, str password)
{
    struct ctx *cx = &call->cx;
    struct password_check *check = NEW(cx->arena, struct password_check, 1);
    TRY(prepare_read_begin(call));
    err e = own_login(call, &check->login);
    prepare_read_end(call);
    TRY(e);
    TRY(password_try(cx, password, check->login.password_hash, &check->matches));
    call->prepared = check;
    return OK;
}

/* *is_proven: the login as it is now; else the refusal is already the answer. */
static err password_proven(struct call *call, struct login *login, bool *is_proven)
{
    struct ctx *cx = &call->cx;
    const struct password_check *check = call->prepared;
    TRY(login_get(cx, cx->actor.login, login));
    *is_proven = check->matches && str_eq(login->password_hash, check->login.password_hash);
    if (*is_proven)
        return OK;
    return sign_in_refuse(call, login->email, "password", "your password is not right");
}

/* A new cookie after what a thief of the old one would love to have missed. */
static err session_renew(struct call *call)
{
    str token;
    TRY(session_rotate(&call->cx, call->cx.actor.session, &token));
    answer_session_cookie(call, token);
    return OK;
}

/* ── password ── */

struct me_password {
    str current, new;
};
static const struct input_field password_fields[] = {
    FIELD(struct me_password, current, IN_TEXT, IN_REQUIRED | IN_SECRET, 1, PASSWORD_MAX, NULL),
    FIELD(struct me_password, new, IN_TEXT, IN_REQUIRED | IN_SECRET, PASSWORD_MIN, PASSWORD_MAX,
        "at least 8 bytes"),
};
static const struct input_spec password_spec =
    SPEC("PasswordChange", struct me_password, password_fields);

static err me_password_prepare(struct call *call)
{
    const struct me_password *body = call->body;
    TRY(password_prepare(call, body->current));
    struct password_check *check = call->prepared;
    if (check->matches)
        TRY(password_make(&call->cx, body->new, &check->new_hash));
    return OK;
}

static err me_password_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct password_check *check = call->prepared;
    struct login login;
    bool is_proven;
    TRY(password_proven(call, &login, &is_proven));
    if (!is_proven)
        return OK;
    TRY(login_set_password(cx, login.id, check->new_hash));
    TRY(session_end_login(cx, login.id, cx->actor.session));
    TRY(sign_in_streams_end(call, login.id));
    TRY(session_renew(call));
    TRY(audit_add(cx, S("agent.password_changed"), S("agent"), cx->actor.agent.v, (str){0}));
    return session_answer(call);
}

/* ── second factor ── */

static const struct shape_field totp_secret_fields[] = {
    SHOWN("secret", SHAPE_TEXT, 0, "base32, to type in by hand"),
    SHOWN("uri", SHAPE_TEXT, 0, "otpauth:, to show as a picture"),
};
static const struct shape totp_secret_shape =
    SHAPE("TotpSecret", NULL, totp_secret_fields, "What an authenticator needs.");

static err totp_post(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct login login;
    uint8_t secret[TOTP_SECRET_BYTES] = {0};
    str sealed, bytes = str_of(secret, sizeof secret);
    TRY(login_get(cx, cx->actor.login, &login));
    if (login.totp_sealed.len)
        return fail_detail(cx, E_CONFLICT, "exists", "the second factor is on already");
    crypto_random(secret, sizeof secret);
    TRY(totp_seal(cx, login.id, bytes, &sealed));
    TRY(login_set_totp_pending(cx, login.id, sealed));
    str shown = crypto_base32(cx->arena, bytes);
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("secret"), shown);
    json_kv_str(&j, S("uri"),
        str_print(cx->arena, "otpauth://totp/Seva:%.*s?secret=%.*s&issuer=Seva",
            SARG(http_percent_encode(cx->arena, login.email)), SARG(shown)));
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

struct me_code {
    str code;
};
static const struct input_field code_fields[] = {
    FIELD(struct me_code, code, IN_TEXT, IN_REQUIRED, 1, 10, "six digits"),
};
static const struct input_spec code_spec = SPEC("SecondFactorCode", struct me_code, code_fields);

/* Ten codes: shown once, stored hashed. */
static void recovery_make(struct ctx *cx, str *shown, str *stored)
{
    struct json_out codes = json_out_make(cx->arena, 0), hashes = json_out_make(cx->arena, 0);
    json_arr(&codes);
    json_arr(&hashes);
    for (int i = 0; i < RECOVERY_CODES; i++) {
        uint8_t random[RECOVERY_BYTES];
        crypto_random(random, sizeof random);
        str text =
            str_lower_ascii(cx->arena, crypto_base32(cx->arena, str_of(random, sizeof random)));
        json_put_str(&codes,
            str_print(cx->arena, "%.*s-%.*s-%.*s-%.*s", SARG(str_sub(text, 0, 4)),
                SARG(str_sub(text, 4, 4)), SARG(str_sub(text, 8, 4)), SARG(str_sub(text, 12, 4))));
        json_put_str(&hashes, recovery_hash(cx, text));
    }
    json_arr_end(&codes);
    json_arr_end(&hashes);
    *shown = json_str(&codes);
    *stored = json_str(&hashes);
}

static const struct shape_field recovery_codes_fields[] = {
    SHOWN("recovery_codes", SHAPE_TEXT, SHAPE_LIST, "each signs in once; shown this once"),
};
static const struct shape recovery_codes_shape =
    SHAPE("RecoveryCodes", NULL, recovery_codes_fields, "For the day the authenticator is lost.");

static err totp_confirm(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct me_code *body = call->body;
    struct login login;
    str secret, shown, stored;
    int64_t step;
    TRY(login_get(cx, cx->actor.login, &login));
    if (!login.totp_pending_sealed.len)
        return fail_detail(cx, E_CONFLICT, "not_started", "please begin with a new secret");
    TRY(sign_in_throttle(call, login.email));
    TRY(totp_open(cx, login.id, login.totp_pending_sealed, &secret));
    if (!crypto_totp_check(secret, body->code, cx->now_ms, &step))
        return fail_field(cx, "code", "this code is not right; check the clock of your phone");
    recovery_make(cx, &shown, &stored);
    TRY(login_set_totp(cx, login.id, login.totp_pending_sealed, step, stored));
    TRY(session_end_login(cx, login.id, cx->actor.session));
    TRY(sign_in_streams_end(call, login.id));
    TRY(session_renew(call));
    TRY(audit_add(cx, S("agent.totp_enabled"), S("agent"), cx->actor.agent.v, (str){0}));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_raw(&j, S("recovery_codes"), shown);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

struct me_disable {
    str password;
};
static const struct input_field disable_fields[] = {
    FIELD(struct me_disable, password, IN_TEXT, IN_REQUIRED | IN_SECRET, 1, PASSWORD_MAX, NULL),
};
static const struct input_spec disable_spec =
    SPEC("PasswordProof", struct me_disable, disable_fields);

static err totp_disable_prepare(struct call *call)
{
    const struct me_disable *body = call->body;
    return password_prepare(call, body->password);
}

static err totp_disable(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct login login;
    bool is_proven;
    TRY(password_proven(call, &login, &is_proven));
    if (!is_proven)
        return OK;
    TRY(login_set_totp(cx, login.id, (str){0}, 0, (str){0}));
    TRY(session_renew(call));
    TRY(audit_add(cx, S("agent.totp_disabled"), S("agent"), cx->actor.agent.v, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_PATCH, "/api/v1/me", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, &me_spec, NULL, me_patch,
     "Change your profile and settings.", &agent_shape, 0},
    {HTTP_POST, "/api/v1/me/password", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE | ROUTE_429, NULL, &password_spec, me_password_prepare, me_password_post,
     "Change your password; signs all other browsers out.", &signed_in_shape, 0},
    {HTTP_POST, "/api/v1/me/totp", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE, NULL, NULL, NULL, totp_post,
     "Begin with a second factor: a secret for the authenticator app.", &totp_secret_shape, 0},
    {HTTP_POST, "/api/v1/me/totp/confirm", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE | ROUTE_429, NULL, &code_spec, NULL, totp_confirm,
     "Turn the second factor on with a first code.", &recovery_codes_shape, 0},
    {HTTP_POST, "/api/v1/me/totp/disable", AUTH_AGENT, CAP_SELF,
     ROUTE_WRITE | ROUTE_429, NULL, &disable_spec, totp_disable_prepare, totp_disable,
     "Turn the second factor off.", NULL, 0},
};
/* clang-format on */
extern const struct route_table me_routes;
const struct route_table me_routes = ROUTES(routes);
