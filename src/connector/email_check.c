/* email_check: does the mailbox work: each server is asked for as much as Seva will want of it, and
 * what does not work is said in the order in which it is found. See email.h. Thread: blocks. */
#include "base/utf8.h"
#include "connector/email.h"
#include "net/imap.h"
#include "net/smtp.h"
#include "text/mail_auth.h"

enum { CONNECT_MS = 10 * 1000, NEWEST = 20 };

static str setting(struct arena *a, const struct connector_setup *setup, const char *name)
{
    return setup_setting(a, &connector_email, setup, name);
}

static void say(
    struct arena *a, const char *where, const struct mail_end *end, struct connector_sent *sent)
{
    email_end(end, sent);
    if (end->kind != MAIL_DONE)
        sent->outcome = end->kind == MAIL_BAD_LOGIN ? CONNECTOR_REAUTH : CONNECTOR_FINAL;
    sent->why = str_print(a, "%s: %.*s", where, SARG(end->why));
}

/* Which server checks senders, as the newest mail says; it is only suggested: whoever accepts it
 * must know that it is theirs, since anybody can write such a header. */
static err suggest(
    struct imap *imap, struct arena *a, const struct imap_folder *folder, str *server)
{
    uint32_t *uids = NULL;
    ptrdiff_t n = 0;
    struct mime_mail *mail = NEW(a, struct mime_mail, 2);
    bool has_inner = false;
    str header, why;
    uint32_t after = folder->uidnext > NEWEST ? folder->uidnext - NEWEST : 0, until = UINT32_MAX;
    TRY(imap_search(imap, a, after, &until, 0, NEWEST, &uids, &n));
    if (!n)
        return OK;
    TRY(imap_fetch_header(imap, a, uids[n - 1], &header));
    if (mime_read(a, header, &mail[0], &mail[1], &has_inner, &why) == OK)
        *server = mail_auth_server(a, &mail[0]);
    return OK;
}

/* Where mails are moved to is made where it is not there. */
static err need_folder(struct imap *imap, struct arena *a, str name)
{
    struct imap_folder folder;
    err e = imap_select(imap, name, &folder);
    bool is_missing = e != OK && imap_end(imap, a).kind == MAIL_BAD_FOLDER;
    return is_missing && imap_is_open(imap) ? imap_create(imap, name) : e;
}

static err look(struct imap *imap, struct arena *a, struct http_client *client,
    const struct connector_setup *setup, str *server)
{
    struct imap_folder folder;
    struct mail_server at = email_imap(a, client, setup);
    TRY(imap_open(imap, &at, CONNECT_MS));
    if (str_eq(setting(a, setup, "after"), S("move")) && setting(a, setup, "move_to").len)
        TRY(need_folder(imap, a, setting(a, setup, "move_to")));
    for (str one, rest = setting(a, setup, "folders"); rest.len;) {
        (void)str_cut(rest, ',', &one, &rest);
        if (str_trim(one).len)
            TRY(imap_select(imap, str_trim(one), &folder));
    }
    TRY(imap_select(imap, setting(a, setup, "folder"), &folder));
    return suggest(imap, a, &folder, server);
}

/* E_BUSY: no memory. *server: "" = nothing to suggest. */
static err check_imap(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str *server, struct connector_sent *sent)
{
    struct imap *imap = imap_make();
    if (!imap)
        return E_BUSY;
    (void)look(imap, a, client, setup, server); /* how it ended, imap_end says */
    struct mail_end end = imap_end(imap, a);
    say(a, "Reading mails", &end, sent);
    imap_close(imap);
    return OK;
}

static void check_smtp(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, struct connector_sent *sent)
{
    struct smtp *smtp = NULL;
    const struct smtp_options options = {.server = email_smtp(a, client, setup)};
    struct mail_end end = smtp_open(a, &options, &smtp);
    if (end.kind == MAIL_DONE) {
        end = smtp_probe(smtp, a, setting(a, setup, "address"));
        smtp_close(smtp);
    }
    say(a, "Sending mails", &end, sent);
}

static str note_of(struct arena *a, const struct connector_setup *setup, str server)
{
    bool reads = setting(a, setup, "imap_host").len > 0, sends = setting(a, setup, "smtp_host").len;
    if (!reads && !sends)
        return S("No server is given: mails are only posted to Seva, and cannot be answered.");
    if (!sends)
        return S("No server for sending is given: mails cannot be answered.");
    if (setting(a, setup, "receivers").len)
        return (str){0};
    if (!server.len)
        return S("No server says how it checks senders: each answer of a customer begins a "
                 "conversation of its own, until \"receivers\" names such a server.");
    if (str_eq(server, S("-")))
        return S(
            "Senders seem to be checked by a server that does not say its name, as Microsoft 365 "
            "does. If all mails come through such a server of yours, enter - as \"receivers\": "
            "only then do answers go to their conversations.");
    return str_print(a,
        "Senders seem to be checked by \"%.*s\". If that is your mail server, enter it as "
        "\"receivers\": only then do answers go to their conversations.",
        SARG(server));
}

/* What customers see as the sender, where it is the same for all of them. */
static str name_of(struct arena *a, const struct connector_setup *setup)
{
    str name = setting(a, setup, "from_name");
    return str_find(name, S("{{")) < 0 ? name : (str){0};
}

/* More than are read: none is left out without a word. */
static bool has_too_many_folders(struct arena *a, const struct connector_setup *setup)
{
    int n = 1; /* "folder" */
    for (str one, rest = setting(a, setup, "folders"); rest.len;) {
        (void)str_cut(rest, ',', &one, &rest);
        n += str_trim(one).len > 0;
    }
    return n > EMAIL_FOLDERS;
}

err email_check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    struct connector_checked made = {
        .end.outcome = CONNECTOR_SENT, .accounts = NEW(a, struct connector_account, 1)};
    str server = {0}, address = utf8_fold(a, setting(a, setup, "address"));
    (void)now_ms;
    if (has_too_many_folders(a, setup))
        made.end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = str_print(a, "Reading mails: at most %d folders are read beside the first.",
                EMAIL_FOLDERS - 1)};
    else if (setting(a, setup, "imap_host").len)
        TRY(check_imap(client, a, setup, &server, &made.end));
    if (made.end.outcome == CONNECTOR_SENT && setting(a, setup, "smtp_host").len)
        check_smtp(client, a, setup, &made.end);
    if (made.end.outcome == CONNECTOR_SENT) {
        made.accounts[0] = (struct connector_account){
            .external_id = address, .handle = address, .name = name_of(a, setup)};
        made.n = 1;
        made.note = note_of(a, setup, server);
    }
    *out = made;
    return OK;
}
