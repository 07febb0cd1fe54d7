/* Opening an IMAP connection: greeting, TLS, what the server can do, signing in. See imap.h. */
#include <string.h>

#include "base/crypto.h"
#include "net/imap_inner.h"

enum {
    USER_BYTES = 1000,
    SECRET_BYTES = 16 * 1024,    /* access tokens of Microsoft have up to 4 KB */
    MESSAGE_BYTES = 32 * 1024,   /* both, with what stands around them */
    CHALLENGE_BYTES = 4 * 1024,  /* the server's reasons */
    SIGN_IN_BYTES = 1024 * 1024, /* all that signing in makes */
};

static const char signing_in[] = "signing in";

/* What the server can do changes with TLS and with the login: what it said before counts no more
 * (and before TLS anybody could have said it). */
static void forget_capabilities(struct imap *imap)
{
    struct mailimap_connection_info *info = imap->session->imap_connection_info;
    if (info != NULL && info->imap_capability != NULL) {
        mailimap_capability_data_free(info->imap_capability);
        info->imap_capability = NULL;
    }
}

static err ask_capabilities(struct imap *imap)
{
    const struct mailimap_connection_info *info = imap->session->imap_connection_info;
    if (info == NULL)
        return imap_lost(imap, MAIL_LATER, "out of memory");
    if (info->imap_capability != NULL)
        return OK; /* said with the greeting or the login's answer */
    return imap_run(imap, S("CAPABILITY"), "asking what the server can do", IMAP_SMALL, IMAP_SMALL);
}

static err greet(struct imap *imap, bool *is_signed_in)
{
    mailstream *stream = mail_line_stream(imap->line);
    imap->session = stream != NULL ? mailimap_new(0, NULL) : NULL;
    if (imap->session == NULL) {
        if (stream != NULL)
            (void)mailstream_close(stream); /* always 0 */
        return imap_lost(imap, MAIL_LATER, "out of memory");
    }
    imap_guard_begin(&imap->guard, IMAP_SMALL, IMAP_SMALL);
    imap->guard.is_greeting = true;
    int r = mailimap_connect(imap->session, stream);
    *is_signed_in = r == MAILIMAP_NO_ERROR_AUTHENTICATED;
    if (r == MAILIMAP_NO_ERROR_AUTHENTICATED || r == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
        return OK;
    if (r == MAILIMAP_ERROR_STREAM)
        return imap_over(imap);
    return imap_lost(imap, MAIL_BAD_ANSWER, "what answers there is no IMAP server");
}

static err secure(struct imap *imap, bool is_signed_in)
{
    if (is_signed_in)
        return imap_lost(imap, MAIL_NO_TLS,
            "the server takes us as signed in before TLS; it must greet with OK for STARTTLS");
    TRY(ask_capabilities(imap));
    if (!imap_can(imap, S("STARTTLS")))
        return imap_lost(
            imap, MAIL_NO_TLS, "the server offers no STARTTLS on this port; try TLS on port 993");
    TRY(imap_run(imap, S("STARTTLS"), "STARTTLS", IMAP_SMALL, IMAP_SMALL));
    forget_capabilities(imap);
    return mail_line_secure(imap->line) == OK ? OK : imap_over(imap);
}

/* A refusal of the login, whatever the code, is the login's unless the server says "later". */
static err login_refused(struct imap *imap)
{
    if (imap->end == MAIL_REFUSED || imap->end == MAIL_BAD_FOLDER)
        imap->end = MAIL_BAD_LOGIN;
    return E_UPSTREAM;
}

/* The server explains a refused token in JSON before it says NO; the words go to the person. */
static err answer_challenge(struct imap *imap, struct arena *a, str challenge, bool is_bearer)
{
    str json = {0};
    str words = {0};
    if (crypto_unbase64(a, challenge, &json) == OK)
        words = imap_words(a, str_z(a, json));
    /* RFC 7628 ends with ^A; XOAUTH2 with an empty line. */
    TRY(imap_say_line(imap, is_bearer ? S("AQ==") : S("")));
    bool is_plus = false;
    str more;
    err e = imap_hear_plus(imap, signing_in, &is_plus, &more);
    if (e != OK) {
        if (imap->end == MAIL_REFUSED && words.len > 0)
            (void)imap_refused(imap, MAIL_BAD_LOGIN,
                "the server refuses the access token: %.*s; sign in again", SARG(words));
        return login_refused(imap);
    }
    return imap_lost(imap, MAIL_BAD_ANSWER, "%s: the server asks again and again", signing_in);
}

/* AUTHENTICATE with one message of ours (RFC 4959: in the command itself, where the server allows
 * it). */
static err sasl(struct imap *imap, struct arena *a, const char *mechanism, str message)
{
    str code = crypto_base64(a, message);
    bool is_plus = false, is_token = strcmp(mechanism, "PLAIN") != 0;
    str more;
    imap_guard_begin(&imap->guard, IMAP_SMALL, IMAP_SMALL);
    if (imap_can(imap, S("SASL-IR"))) {
        TRY(imap_say(imap, str_print(a, "AUTHENTICATE %s %.*s", mechanism, SARG(code))));
    } else {
        TRY(imap_say(imap, str_print(a, "AUTHENTICATE %s", mechanism)));
        if (imap_hear_plus(imap, signing_in, &is_plus, &more) != OK)
            return login_refused(imap);
        if (!is_plus)
            return imap_lost(imap, MAIL_BAD_ANSWER, "%s: yes without a question", signing_in);
        TRY(imap_say_line(imap, code));
    }
    if (imap_hear_plus(imap, signing_in, &is_plus, &more) != OK)
        return login_refused(imap);
    if (!is_plus)
        return OK;
    if (is_token)
        return answer_challenge(imap, a, str_copy(a, str_sub(more, 0, CHALLENGE_BYTES)),
            strcmp(mechanism, "OAUTHBEARER") == 0);
    return imap_lost(imap, MAIL_BAD_ANSWER, "%s: the server asks again and again", signing_in);
}

static err login_with_password(struct imap *imap, struct arena *a, const struct mail_server *s)
{
    if (str_find_byte(s->user, 0) >= 0 || str_find_byte(s->secret, 0) >= 0)
        return imap_lost(imap, MAIL_BAD_LOGIN, "the user or password holds a zero byte");
    if (imap_can(imap, S("AUTH=PLAIN"))) {
        struct sb b = sb_make(a, MESSAGE_BYTES);
        sb_byte(&b, 0);
        sb_add(&b, s->user);
        sb_byte(&b, 0);
        sb_add(&b, s->secret);
        return sasl(imap, a, "PLAIN", sb_str(&b));
    }
    if (imap_can(imap, S("LOGINDISABLED")))
        return imap_lost(imap, MAIL_BAD_LOGIN,
            "the server takes no password on this connection; use TLS, or sign in with OAuth");
    struct sb b = sb_make(a, MESSAGE_BYTES);
    sb_add(&b, S("LOGIN "));
    bool is_sayable = imap_quote(&b, s->user);
    sb_byte(&b, ' ');
    if (!is_sayable || !imap_quote(&b, s->secret))
        return imap_lost(imap, MAIL_BAD_LOGIN,
            "this server takes only ASCII in user and password (it offers no AUTH=PLAIN)");
    return imap_run(imap, sb_str(&b), signing_in, IMAP_SMALL, IMAP_SMALL) == OK
               ? OK
               : login_refused(imap);
}

/* An authorisation identity in a GS2 header (RFC 5801, 4). */
static str saslname(struct arena *a, str s)
{
    struct sb b = sb_make(a, MESSAGE_BYTES);
    for (ptrdiff_t i = 0; i < s.len; i++) {
        if (s.at[i] == ',')
            sb_add(&b, S("=2C"));
        else if (s.at[i] == '=')
            sb_add(&b, S("=3D"));
        else
            sb_byte(&b, s.at[i]);
    }
    return sb_str(&b);
}

static bool has_separator(str s)
{
    return str_find_byte(s, 1) >= 0 || str_find_byte(s, 0) >= 0;
}

static err login_with_token(struct imap *imap, struct arena *a, const struct mail_server *s)
{
    bool has_bearer = imap_can(imap, S("AUTH=OAUTHBEARER"));
    bool has_xoauth2 = imap_can(imap, S("AUTH=XOAUTH2"));
    bool is_bearer = has_bearer && (s->login == MAIL_LOGIN_OAUTHBEARER || !has_xoauth2);
    if (!has_bearer && !has_xoauth2)
        return imap_lost(
            imap, MAIL_BAD_LOGIN, "the server takes no tokens (AUTH=XOAUTH2, AUTH=OAUTHBEARER)");
    if (has_separator(s->user) || has_separator(s->secret))
        return imap_lost(
            imap, MAIL_BAD_LOGIN, "the user name holds a character that cannot be said");
    if (!is_bearer)
        return sasl(imap, a, "XOAUTH2",
            str_print(a,
                "user=%.*s\x01"
                "auth=Bearer %.*s\x01\x01",
                SARG(s->user), SARG(s->secret)));
    str user = saslname(a, s->user);
    return sasl(imap, a, "OAUTHBEARER",
        str_print(a,
            "n,a=%.*s,\x01"
            "host=%.*s\x01port=%d\x01"
            "auth=Bearer %.*s\x01\x01",
            SARG(user), SARG(s->host), s->port, SARG(s->secret)));
}

static err sign_in(struct imap *imap, const struct mail_server *s)
{
    if (s->user.len > USER_BYTES || s->secret.len > SECRET_BYTES)
        return imap_lost(imap, MAIL_BAD_LOGIN, "the user name or the password is too long");
    TRY(ask_capabilities(imap));
    struct arena a = arena_make(SIGN_IN_BYTES);
    err e = s->login == MAIL_LOGIN_PASSWORD ? login_with_password(imap, &a, s)
                                            : login_with_token(imap, &a, s);
    arena_free(&a);
    TRY(e);
    forget_capabilities(imap);
    return ask_capabilities(imap);
}

err imap_open(struct imap *imap, const struct mail_server *server, int64_t timeout_ms)
{
    mail_line_limit(imap->line, imap->step_ms, imap->command_ms);
    if (mail_line_connect(imap->line, server, timeout_ms) != OK)
        return imap_over(imap);
    bool is_signed_in = false;
    TRY(greet(imap, &is_signed_in));
    if (server->security == MAIL_STARTTLS)
        TRY(secure(imap, is_signed_in));
    TRY(is_signed_in ? ask_capabilities(imap) : sign_in(imap, server));
    imap->is_open = true;
    return OK;
}
