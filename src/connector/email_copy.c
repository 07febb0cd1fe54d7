/* email_copy: a copy of what was sent, in the mailbox's own folder for that, so that people see it
 * in their mail programs. See email.h. Google and Microsoft put it there themselves. Not here: when
 * (job/sent_copy.c). Thread: blocks. */
#include "base/limits.h"
#include "connector/email.h"
#include "connector/mail.h"
#include "net/imap.h"

enum { CONNECT_MS = 20 * 1000 };

static str setting(struct arena *a, const struct connector_setup *setup, const char *name)
{
    return setup_setting(a, &connector_email, setup, name);
}

/* Servers that keep a copy of what goes out through them. */
static bool keeps_itself(struct arena *a, const struct connector_setup *setup)
{
    static const char *const hosts[] = {
        "gmail.com", "googlemail.com", "outlook.com", "office365.com"};
    str host = setting(a, setup, "smtp_host");
    if (!str_eq(setting(a, setup, "sign_in"), S("password")))
        return true;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (str_ends(host, str_from(hosts[i])))
            return true;
    return false;
}

bool email_copies(struct arena *a, const struct connector_setup *setup)
{
    str folder = setting(a, setup, "sent_folder");
    if (!setting(a, setup, "imap_host").len || str_eq_nocase(folder, S("off")))
        return false;
    return folder.len || !keeps_itself(a, setup);
}

/* The one that the settings name, else the one that the server marks as such, else "Sent". */
static err find_folder(
    struct imap *imap, struct arena *a, const struct connector_setup *setup, str *folder)
{
    struct imap_place *places = NULL;
    ptrdiff_t n = 0;
    *folder = setting(a, setup, "sent_folder");
    if (folder->len)
        return OK;
    *folder = S("Sent");
    TRY(imap_list(imap, a, &places, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(places[i].use, S("Sent")) && places[i].can_select)
            *folder = places[i].name;
    return OK;
}

struct storing {
    struct arena *a;
    struct mail_out mail;
    int64_t size_bytes;
    str why; /* why the mail cannot be made; empty = it can */
    bool (*put)(void *to, str piece);
    void *to;
};

static bool pass_on(void *arg, str piece)
{
    struct storing *s = arg;
    return s->put(s->to, piece);
}

static bool write_mail(void *arg, bool (*put)(void *to, str piece), void *to)
{
    struct storing *s = arg;
    s->put = put;
    s->to = to;
    return mail_write(s->a, &s->mail, pass_on, s, &s->why) == OK;
}

static err store(struct imap *imap, struct storing *s, const struct mail_server *server,
    const struct connector_outgoing *out, bool is_again)
{
    struct imap_folder opened;
    bool is_there = false;
    str folder;
    TRY(imap_open(imap, server, CONNECT_MS));
    TRY(find_folder(imap, s->a, out->setup, &folder));
    if (is_again) { /* an earlier try may have put it there */
        TRY(imap_select(imap, folder, &opened));
        TRY(imap_has_message_id(
            imap, str_print(s->a, "<%.*s>", SARG(out->letter->internet_id)), &is_there));
    }
    if (is_there)
        return OK;
    return imap_append(imap, folder, out->letter->date_ms, s->size_bytes, write_mail, s, NULL);
}

static void cancel(void *imap)
{
    imap_cancel(imap);
}

err email_copy(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    bool is_again, struct connector_sent *sent)
{
    struct storing s = {.a = a, .mail = email_letter(a, out)};
    struct mail_server server = email_imap(a, client, out->setup);
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL};
    err e = email_size(a, &s.mail, &s.size_bytes, &sent->why);
    if (e != OK)
        return e == E_BUSY ? e : OK;
    struct imap *imap = imap_make();
    if (!imap)
        return E_BUSY;
    http_client_on_cancel(client, cancel, imap);
    (void)store(imap, &s, &server, out, is_again); /* how it ended, imap_end says */
    http_client_on_cancel(client, NULL, NULL);
    struct mail_end end = imap_end(imap, a);
    imap_close(imap);
    email_end(&end, sent);
    if (end.kind == MAIL_BAD_FOLDER)
        sent->outcome = CONNECTOR_FINAL;
    if (end.kind != MAIL_DONE)
        sent->why = str_print(a, "The copy in the folder of sent mails: %.*s", SARG(sent->why));
    return OK;
}
