/* email_compare: every few hours, and when somebody asks, the mails of the last two days, in all
 * folders that are read, are held against what is here, by their Message-IDs: those that nobody
 * knows are fetched, whoever has moved them in or marked them. Those of them that prove to be new
 * deliveries were missed, and the ledger "nothing missed" says so. What becomes no message (a
 * bounce) is fetched each time and known by its bytes then. See email_mailbox.h. Thread: blocks. */
#include "connector/email_mailbox.h"

enum {
    EVERY_MS = 6 * 3600 * 1000,
    BACK_MS = 48 * 3600 * 1000,
    ROUNDS = 200, /* batches of one folder */
    BATCH = 50,   /* headers in memory at once */
};

bool mailbox_is_due(const struct mailbox *m, int64_t now_ms)
{
    return m->in->knows && (m->is_asked || now_ms - m->compared_ms >= EVERY_MS);
}

/* external_id "" when it has none: only the whole mail tells what it is. */
static err read_head(struct mailbox *m, uint32_t uid, struct connector_about *about)
{
    struct mime_mail *mail = NEW(&m->work, struct mime_mail, 2);
    bool has_inner = false;
    str header, why;
    *about = (struct connector_about){.external_id = S("")};
    err e = imap_fetch_header(m->imap, &m->work, uid, &header);
    if (e != OK)
        return mailbox_has_refused(m) ? OK : e;
    if (mime_read(&m->work, header, &mail[0], &mail[1], &has_inner, &why) == OK)
        *about = (struct connector_about){.external_id = mail->message_id,
            .from = str_print(&m->work, mail->from_name.len ? "%.*s <%.*s>" : "%.*s%.*s",
                SARG(mail->from_name), SARG(mail->from_address)),
            .text = mail->subject,
            .sent_ms = mail->date_ms};
    return OK;
}

/* What proves to be new is told by its head. */
static err take_missing(
    struct mailbox *m, const uint32_t *uids, const struct connector_about *abouts, ptrdiff_t n)
{
    m->about_uids = uids;
    m->abouts = abouts;
    m->n_abouts = n;
    err e = mailbox_fetch(m, uids, n);
    m->n_abouts = 0;
    TRY(e);
    return m->is_stopped ? OK : mailbox_mark(m, uids, n);
}

static err compare_batch(struct mailbox *m, const uint32_t *uids, ptrdiff_t n)
{
    struct connector_about *abouts = NEW(&m->work, struct connector_about, n);
    str *ids = NEW(&m->work, str, n);
    bool *known = NEW(&m->work, bool, n);
    uint32_t *missing = NEW(&m->work, uint32_t, n);
    ptrdiff_t n_missing = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!mailbox_is_ended(m->at, uids[i])) /* its head might end the connection too */
            TRY(read_head(m, uids[i], &abouts[i]));
        ids[i] = abouts[i].external_id;
    }
    m->is_stopped |= !m->in->knows(m->in->arg, ids, n, known);
    for (ptrdiff_t i = 0; i < n && !m->is_stopped; i++)
        if (!known[i] && !mailbox_is_ended(m->at, uids[i])) {
            abouts[n_missing] = abouts[i];
            missing[n_missing++] = uids[i];
        }
    return n_missing ? take_missing(m, missing, abouts, n_missing) : OK;
}

/* What is above the cursor is new, and comes by the usual way; what was there before the channel,
 * or before the server numbered anew (old_uid), is the first reading's: not all of it counts. */
static err compare_open(struct mailbox *m, int64_t from_ms, int64_t *seen)
{
    int64_t after = m->at->old_uid;
    for (int i = 0; i < ROUNDS && after < m->at->uid && !m->is_stopped; i++) {
        uint32_t *uids = NULL;
        ptrdiff_t n = 0;
        arena_reset(&m->work);
        uint32_t until = (uint32_t)m->at->uid;
        TRY(imap_search(m->imap, &m->work, (uint32_t)after, &until, from_ms, BATCH, &uids, &n));
        *seen += n;
        after = until;
        if (n)
            TRY(compare_batch(m, uids, n));
        m->is_stopped |= !m->in->take(m->in->arg, NULL, (str){0});
    }
    return OK;
}

err mailbox_compare(struct mailbox *m, int64_t now_ms)
{
    struct imap_folder folder;
    int64_t seen = 0, from_ms = now_ms - BACK_MS;
    bool is_first =
        !m->compared_ms && !m->is_asked; /* whatever is older than the channel was not wanted */
    m->compared_ms = now_ms;
    m->is_asked = false;
    if (is_first)
        return OK;
    m->is_stopped |= !m->in->knows(m->in->arg, NULL, 0, NULL);
    for (int i = 0; i < m->n_places && !m->is_stopped; i++) {
        m->at = &m->places[i];
        TRY(imap_select(m->imap, m->at->folder, &folder));
        if (folder.uidvalidity == m->at->uidvalidity) /* else all of it is about to be read anew */
            TRY(compare_open(m, from_ms, &seen));
    }
    if (!m->is_stopped)
        m->is_stopped |= !m->in->compared(m->in->arg, from_ms, now_ms, seen);
    return OK;
}
