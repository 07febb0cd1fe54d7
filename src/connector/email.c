/* email: a mailbox: its settings and servers, and who may post mails to it. See email.h.
 *
 * Mails come over IMAP (email_listen.c), or somebody posts them: a forwarder, or the mail server's
 * own pipe (`seva mail-in`), with the channel's secret. Thread: any; calls block. */
#include "connector/email.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "connector/access.h"
#include "connector/oauth2.h"

enum { FILE_BYTES = 25 * 1024 * 1024, IMAP_PORT = 993, SMTP_PORT = 465, PORT_MOST = 65535 };

/* ── posted mails ── */

/* The secret that came along: as a bearer, or as the password of whoever (forwarders that can only
 * be given an address: https://seva:SECRET@…). Empty = none. */
static str secret_in(struct arena *a, str authorization)
{
    str both, user, secret;
    if (str_starts(authorization, S("Bearer ")))
        return str_skip(authorization, 7);
    if (!str_starts(authorization, S("Basic ")) ||
        crypto_unbase64(a, str_skip(authorization, 6), &both) != OK)
        return (str){0};
    return str_cut(both, ':', &user, &secret) ? secret : (str){0};
}

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    str given = secret_in(a, http_header_get(hook->req, S("Authorization")));
    *why = S("Send the channel's secret along: Authorization: Bearer SECRET.");
    bool is_known = given.len && (crypto_equal(given, hook->setup->secret) ||
                                     crypto_equal(given, hook->setup->old_secret));
    return is_known ? OK : E_UNAUTHENTICATED;
}

/* ── servers ── */

static enum mail_security security_of(str word)
{
    if (str_eq(word, S("starttls")))
        return MAIL_STARTTLS;
    return str_eq(word, S("none")) ? MAIL_PLAIN : MAIL_TLS;
}

static struct mail_server server_of(struct arena *a, struct http_client *client,
    const struct connector_setup *setup, const char *host, const char *port, const char *security,
    int usual_port)
{
    int64_t number = usual_port;
    str user = setup_setting(a, &connector_email, setup, "user");
    (void)str_int(setup_setting(a, &connector_email, setup, port), 1, PORT_MOST, &number);
    bool is_token = !str_eq(setup_setting(a, &connector_email, setup, "sign_in"), S("password"));
    return (struct mail_server){
        .host = setup_setting(a, &connector_email, setup, host),
        .port = (int)number,
        .security = security_of(setup_setting(a, &connector_email, setup, security)),
        .user = user.len ? user : setup_setting(a, &connector_email, setup, "address"),
        .login = is_token ? MAIL_LOGIN_XOAUTH2 : MAIL_LOGIN_PASSWORD,
        .secret = setup_secret(a, setup, is_token ? "access_token" : "password"),
        .rules = http_client_rules(client),
        .ca_file = http_client_ca_file(client),
    };
}

/* A shared mailbox: with a token it is the user that is named (Microsoft, Google's delegates), with
 * a password it stands behind the user (Exchange, Dovecot's master users are set up alike). */
struct mail_server email_imap(
    struct arena *a, struct http_client *client, const struct connector_setup *setup)
{
    struct mail_server server =
        server_of(a, client, setup, "imap_host", "imap_port", "imap_security", IMAP_PORT);
    str mailbox = setup_setting(a, &connector_email, setup, "mailbox");
    if (mailbox.len && server.login == MAIL_LOGIN_PASSWORD)
        server.user = str_print(a, "%.*s\\%.*s", SARG(server.user), SARG(mailbox));
    else if (mailbox.len)
        server.user = mailbox;
    return server;
}

struct mail_server email_smtp(
    struct arena *a, struct http_client *client, const struct connector_setup *setup)
{
    return server_of(a, client, setup, "smtp_host", "smtp_port", "smtp_security", SMTP_PORT);
}

void email_end(const struct mail_end *end, struct connector_sent *sent)
{
    *sent = (struct connector_sent){.why = end->why, .is_channel_wide = true};
    switch (end->kind) {
    case MAIL_DONE:
        sent->outcome = CONNECTOR_SENT;
        sent->is_channel_wide = false;
        return;
    case MAIL_BAD_LOGIN:
        sent->outcome = CONNECTOR_REAUTH;
        return;
    case MAIL_UNKNOWN:
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->is_channel_wide = false;
        return;
    case MAIL_REFUSED:
        sent->outcome = CONNECTOR_FINAL;
        sent->is_channel_wide = false;
        return;
    case MAIL_BAD_ADDRESS:
    case MAIL_BAD_CERTIFICATE:
    case MAIL_NO_TLS:
    case MAIL_BAD_FOLDER:
    case MAIL_UNREACHABLE:
    case MAIL_LATER:
    case MAIL_LOST:
    case MAIL_CANCELLED:
    case MAIL_BAD_ANSWER:
        break;
    }
    sent->outcome = CONNECTOR_RETRY; /* somebody mends the server or the settings, and it goes on */
}

/* ── signing in at Google and Microsoft ── */

static const struct oauth2_provider *oauth2_for(
    struct arena *a, const struct connector_setup *setup)
{
    return str_eq(setup_setting(a, &connector_email, setup, "sign_in"), S("microsoft"))
               ? &oauth2_microsoft_mail
               : &oauth2_google_mail;
}

static err refresh(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_refreshed *out)
{
    static const struct access_names names = {"client_id", "client_secret", "token"};
    return access_refresh(client, a, &connector_email, setup, &names, now_ms, out);
}

static const struct connector_setting settings[] = {
    {.name = "address",
     .kind = "text",
     .is_required = true,
     .help = "The mailbox's own address, as support@example.com."},
    {.name = "from_name",
     .kind = "text",
     .help =
            "What customers see as the sender; the channel's name when empty. {{agent.first_name}} "
            "and {{agent.name}} are whoever writes."},
    {.name = "signature",
     .kind = "lines",
     .help =
            "Stands below every mail that an agent writes. {{agent.name}}, {{agent.first_name}}, "
            "{{channel.name}}, {{contact.name}} and {{contact.first_name}} are filled."},
    {.name = "user",                                        .kind = "text", .help = "The user to sign in as; the address when empty."},
    {.name = "mailbox",
     .kind = "text",
     .help = "The mailbox to read where it is not the user's own: a shared one."},
    {.name = "sign_in",
     .kind = "choice",
     .standard = "password",
     .choices = "password google microsoft",
     .help = "With a password, or on the page of Google or Microsoft."},
    {.name = "client_id",                                                     .kind = "text", .help = "Google, Microsoft: the application's id there."},
    {.name = "client_secret",.kind = "secret", .help = "Google, Microsoft: its secret."},
    {.name = "password",
     .kind = "secret",
     .help = "The mailbox's password; an app password where the provider wants one."},
    {.name = "imap_host",
     .kind = "host",
     .help = "Mails are read from here; empty: they are only posted to Seva."},
    {.name = "imap_port",                                                     .kind = "number", .standard = "993"},
    {.name = "imap_security",
     .kind = "choice",
     .standard = "tls",
     .choices = "tls starttls none",
     .help = "none: never over the internet."},
    {.name = "folder",                .kind = "text", .standard = "INBOX", .help = "The folder to read."},
    {.name = "folders",                                                     .kind = "text", .help = "More folders to read, with commas between."},
    {.name = "after",
     .kind = "choice",
     .standard = "seen",
     .choices = "seen leave move",
     .help = "What becomes of a mail in the mailbox when Seva has it."},
    {.name = "move_to",                                                     .kind = "text", .help = "move: the folder to move it to."},
    {.name = "from_days",
     .kind = "number",
     .standard = "0",
     .help = "Mails of so many days before are taken too."},
    {.name = "smtp_host",                                                     .kind = "host", .help = "Answers go out here."},
    {.name = "smtp_port",                                      .kind = "number", .standard = "465"},
    {.name = "smtp_security",
     .kind = "choice",
     .standard = "tls",
     .choices = "tls starttls none",
     .help = "none: never over the internet."},
    {.name = "plus",
     .kind = "choice",
     .standard = "no",
     .choices = "no yes",
     .help =
            "Whether mails to support+anything@ arrive here as well: then answers come to such an "
            "address, which says what they belong to."},
    {.name = "subject_splits",
     .kind = "choice",
     .standard = "no",
     .choices = "no yes",
     .help =
            "Whether an answer under another subject begins a conversation of its own, linked to the "
            "one it answers."},
    {.name = "receivers",
     .kind = "text",
     .help = "Names of the mail servers whose checks of senders count, as they stand in "
                "Authentication-Results (- for one without a name, Microsoft 365); testing the "
                "mailbox suggests one."},
    {.name = "sent_folder",
     .kind = "text",
     .help =
            "The folder for copies of what is sent; empty: the server's own for that, or none where "
            "Google or Microsoft keep one; off: none."},
    {.name = "receipts",
     .kind = "choice",
     .standard = "no",
     .choices = "no yes",
     .help = "Whether recipients' servers are asked to tell when a mail has been delivered."},
    {.name = "dkim_domain",
     .kind = "text",
     .help = "DKIM, where the server for sending does not sign: the domain, as example.com."},
    {.name = "dkim_selector",                                                     .kind = "text", .help = "DKIM: the selector, as seva1."},
    {.name = "dkim_key",
     .kind = "secret",
     .help = "DKIM: the private key (PEM); it can be made here, too."},
    {.name = "acknowledge",
     .kind = "choice",
     .standard = "no",
     .choices = "no proven any",
     .help = "Whether who begins a conversation by mail is told that it has arrived: proven: "
                "senders who are proven; any: everybody but programs."},
    {.name = "acknowledgement",
     .kind = "texts",
     .help = "What they are told, by language; one without a language is for all others. "
                "{{contact.name}} and {{conversation.number}} are filled."},
    {.name = "programs",
     .kind = "choice",
     .standard = "quiet",
     .choices = "quiet open",
     .help =
            "A program's mail (newsletter, form, shop) that answers nothing: quiet: it is kept and "
            "waits for nobody; open: as a person's."},
    {0                                      },
};
static const struct connector_media media[] = {
    {"*", FILE_BYTES},
    {0  },
};

const struct connector connector_email = {
    .name = S_INIT("email"),
    .title = S_INIT("Email"),
    .able = ABLE_HOOK | ABLE_LISTEN | ABLE_BEGIN | ABLE_COMPARE,
    .settings = settings,
    .private_rules = {.unit = LENGTH_BYTES,
                      .max_length = LIMIT_TEXT_BYTES,
                      .max_length_with_file = LIMIT_TEXT_BYTES,
                      .files_per_piece = LIMIT_ATTACHMENTS,
                      .media = media},
    .oauth2 = &oauth2_google_mail,
    .oauth2_for = oauth2_for,
    .refresh = refresh,
    .verify = verify,
    .cut_is_unknown = true,
    .parse = email_parse,
    .listen = email_listen,
    .send = email_send,
    .check = email_check,
    .tries_ms = EMAIL_TRIES_MS,
    .copies = email_copies,
    .copy = email_copy,
};
