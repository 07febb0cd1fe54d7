/* Logging in to an SMTP server: PLAIN, LOGIN, XOAUTH2, OAUTHBEARER (RFC 4954, 4616, 7628). See
 * smtp.h. What goes out is noted, so that no answer that repeats it is shown to anybody. */
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "net/smtp_inner.h"

/* RFC 4954: an initial response that makes the command longer than this waits for the 334. */
enum { COMMAND_BYTES = 510 };

static const char step[] = "logging in";

static struct mail_end no_login(struct smtp *s, struct arena *a, const char *words)
{
    return smtp_says(a, MAIL_BAD_LOGIN,
        str_print(a, "%s to %.*s: %s", step, SARG(s->options.server.host), words));
}

static str base64_secret(struct smtp *s, str bytes)
{
    str text = crypto_base64(s->a, bytes);
    smtp_tell(s, text);
    return text;
}

/* The status in the JSON with which a refused token is answered: {"status":"400",…}. */
static str challenge_status(struct arena *a, const struct smtp_reply *reply)
{
    str json, why;
    const struct json *root;
    if (crypto_unbase64(a, str_trim(reply->text), &json) != OK ||
        json_parse(a, json, &root, &why) != OK)
        return (str){0};
    str status = json_text(json_get(root, S("status")), (str){0});
    return status.len <= 20 && str_is_ascii_token(status) ? status : (str){0};
}

/* The last word about a login. */
static struct mail_end verdict(struct smtp *s, struct arena *a, const struct smtp_reply *reply)
{
    if (reply->code == 235)
        return (struct mail_end){0};
    struct mail_end end = smtp_no(s, a, step, reply);
    /* A login that is no (5xx) stays no: syntax and unknown mechanisms too. 432 asks for another
     * way to log in. */
    if (end.kind == MAIL_REFUSED || reply->code == 432)
        end.kind = MAIL_BAD_LOGIN;
    if (end.kind == MAIL_BAD_LOGIN)
        end.why = str_print(a, "%.*s. %s", SARG(end.why),
            s->options.server.login == MAIL_LOGIN_PASSWORD
                ? "Check user and password; many providers ask for an app password here"
                : "The access token has expired, or it does not allow sending mail");
    return end;
}

/* AUTH with one response, first or after a 334. on_no: the answer to a challenge that tells of a
 * refusal; the server then says its 5xx. */
static struct mail_end auth_once(
    struct smtp *s, struct arena *a, const char *mechanism, str response, str on_no)
{
    struct smtp_reply reply;
    str status = {0};
    str command = str_print(a, "AUTH %s %.*s", mechanism, SARG(response));
    bool is_long = command.len > COMMAND_BYTES;
    if (smtp_ask(s, a, is_long ? str_print(a, "AUTH %s", mechanism) : command, &reply) != OK)
        return smtp_lost(s, a, step);
    if (is_long && reply.code == 334 && smtp_ask(s, a, response, &reply) != OK)
        return smtp_lost(s, a, step);
    for (int i = 0; reply.code == 334 && i < LIMIT_SMTP_CHALLENGES; i++) {
        status = challenge_status(a, &reply);
        if (smtp_ask(s, a, i == 0 ? on_no : S("*"), &reply) != OK)
            return smtp_lost(s, a, step);
    }
    struct mail_end end = verdict(s, a, &reply);
    if (end.kind != MAIL_DONE && status.len > 0)
        end.why = str_print(a, "%.*s (status %.*s)", SARG(end.why), SARG(status));
    return end;
}

/* RFC 4616: nothing, NUL, user, NUL, password. */
static struct mail_end auth_plain(struct smtp *s, struct arena *a)
{
    const struct mail_server *to = &s->options.server;
    struct sb b = sb_make(a, to->user.len + to->secret.len + 2);
    sb_byte(&b, 0);
    sb_add(&b, to->user);
    sb_byte(&b, 0);
    sb_add(&b, to->secret);
    return auth_once(s, a, "PLAIN", base64_secret(s, sb_str(&b)), S("*"));
}

/* Asks for the user, then for the password; what the questions say differs and does not matter. */
static struct mail_end auth_login(struct smtp *s, struct arena *a)
{
    struct smtp_reply reply;
    const struct mail_server *to = &s->options.server;
    const str response[2] = {crypto_base64(s->a, to->user), base64_secret(s, to->secret)};
    if (smtp_ask(s, a, S("AUTH LOGIN"), &reply) != OK)
        return smtp_lost(s, a, step);
    for (int i = 0; reply.code == 334 && i < LIMIT_SMTP_CHALLENGES; i++)
        if (smtp_ask(s, a, i < 2 ? response[i] : S("*"), &reply) != OK)
            return smtp_lost(s, a, step);
    return verdict(s, a, &reply);
}

static struct mail_end auth_xoauth2(struct smtp *s, struct arena *a)
{
    const struct mail_server *to = &s->options.server;
    str text = str_print(a,
        "user=%.*s\x01"
        "auth=Bearer %.*s\x01\x01",
        SARG(to->user), SARG(to->secret));
    return auth_once(s, a, "XOAUTH2", base64_secret(s, text), (str){0});
}

/* "=" and "," are written =3D and =2C in a name (RFC 5801). */
static str gs2_name(struct arena *a, str name)
{
    struct sb b = sb_make(a, name.len * 3);
    for (ptrdiff_t i = 0; i < name.len; i++)
        if (name.at[i] == '=' || name.at[i] == ',')
            sb_print(&b, "=%02X", (unsigned)(unsigned char)name.at[i]);
        else
            sb_byte(&b, name.at[i]);
    return sb_str(&b);
}

static struct mail_end auth_oauthbearer(struct smtp *s, struct arena *a)
{
    const struct mail_server *to = &s->options.server;
    str name = gs2_name(a, to->user);
    str text = str_print(a,
        "n,a=%.*s,\x01host=%.*s\x01port=%d\x01"
        "auth=Bearer %.*s\x01\x01",
        SARG(name), SARG(to->host), to->port, SARG(to->secret));
    return auth_once(s, a, "OAUTHBEARER", base64_secret(s, text), S("AQ=="));
}

/* Whether a token goes as OAUTHBEARER: asked for, or the only way that is offered. */
static bool is_bearer(const struct smtp *s)
{
    return s->options.server.login == MAIL_LOGIN_OAUTHBEARER
               ? s->has_oauthbearer || !s->has_xoauth2
               : s->has_oauthbearer && !s->has_xoauth2;
}

/* Bytes that would end a field of the login early. */
static bool has_separator(str text)
{
    return str_find_byte(text, 0) >= 0 || str_find_byte(text, 1) >= 0 ||
           str_find_byte(text, '\r') >= 0 || str_find_byte(text, '\n') >= 0;
}

struct mail_end smtp_login(struct smtp *s, struct arena *a)
{
    const struct mail_server *to = &s->options.server;
    if (has_separator(to->user) || has_separator(to->secret))
        return no_login(s, a, "user name or password hold a control character");
    if (!s->has_auth)
        return no_login(s, a,
            "the server takes no logins on this port; mail programs use 465 (TLS) or 587 (STARTTLS)");
    bool is_token = to->login != MAIL_LOGIN_PASSWORD;
    bool is_offered =
        is_token ? s->has_xoauth2 || s->has_oauthbearer : s->has_plain || s->has_login;
    if (!is_offered) {
        str offered = utf8_prefix_bytes(s->mechanisms, 200);
        return no_login(s, a,
            str_z(a, str_print(a, "this way to log in is not offered; the server offers: %.*s",
                         SARG(offered))));
    }
    if (is_token)
        return is_bearer(s) ? auth_oauthbearer(s, a) : auth_xoauth2(s, a);
    return s->has_plain ? auth_plain(s, a) : auth_login(s, a);
}
