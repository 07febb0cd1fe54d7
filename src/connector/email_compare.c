/* email_compare: every few hours the mails of the last two days, in all folders that are read, are
 * held against what is here, by their Message-IDs: those that nobody knows are fetched, whoever has
 * moved them in or marked them. Those of them that prove to be new deliveries were missed, and the
 * ledger "nothing missed" says so. What becomes no message (a bounce) is fetched each time and
 * known by its bytes then. See email_mailbox.h. Thread: blocks. */
#include "connector/email_mailbox.h"

enum {
    EVERY_MS = 6 * 3600 * 1000,
    BACK_MS = 48 * 3600 * 1000,
    ROUNDS = 200, /* batches of one folder */
    BATCH = 50,   /* headers in memory at once */
};

bool mailbox_is_due(const struct mailbox *m, int64_t now_ms)
{
    return m->in->knows && now_ms - m->compared_ms >= EVERY_MS;
}

/* "" when it has none: only the whole mail tells what it is. */
static err id_of(struct mailbox *m, uint32_t uid, str *id)
{
    struct mime_mail *mail = NEW(&m->work, struct mime_mail, 2);
    bool has_inner = false;
    str header, why;
    *id = S("");
    TRY(imap_fetch_header(m->imap, &m->work, uid, &header));
    if (mime_read(&m->work, header, &mail[0], &mail[1], &has_inner, &why) == OK)
        *id = mail[0].message_id;
    return OK;
}

static err compare_batch(struct mailbox *m, const uint32_t *uids, ptrdiff_t n)
{
    str *ids = NEW(&m->work, str, n);
    bool *known = NEW(&m->work, bool, n);
    uint32_t *missing = NEW(&m->work, uint32_t, n);
    ptrdiff_t n_missing = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(id_of(m, uids[i], &ids[i]));
    m->is_stopped |= !m->in->knows(m->in->arg, ids, n, known);
    for (ptrdiff_t i = 0; i < n && !m->is_stopped; i++)
        if (!known[i])
            missing[n_missing++] = uids[i];
    if (!n_missing)
        return OK;
    TRY(mailbox_fetch(m, missing, n_missing));
    return m->is_stopped ? OK : mailbox_mark(m, missing, n_missing);
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
        TRY(imap_search(m->imap, &m->work, (uint32_t)after, from_ms, BATCH, &uids, &n));
        bool is_whole = n == BATCH;
        while (n && uids[n - 1] > m->at->uid)
            n--;
        if (!n)
            return OK;
        *seen += n;
        after = uids[n - 1];
        TRY(compare_batch(m, uids, n));
        m->is_stopped |= !m->in->take(m->in->arg, NULL, (str){0});
        if (!is_whole)
            return OK;
    }
    return OK;
}

err mailbox_compare(struct mailbox *m, int64_t now_ms)
{
    struct imap_folder folder;
    int64_t seen = 0, from_ms = now_ms - BACK_MS;
    bool is_first = !m->compared_ms; /* whatever is older than the channel was not wanted */
    m->compared_ms = now_ms;
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
