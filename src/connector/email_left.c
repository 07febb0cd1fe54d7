/* email_left: mails that the server shows but does not hand out: one that it cannot read is refused
 * each time it is asked for, and so are all that are asked for with it. It keeps nothing else
 * waiting: it is left behind as it is, neither read nor marked, and asked for again whenever its
 * folder is opened. One at which the connection ends (the server falls over it, or we cannot read
 * the answer) is asked for by itself, and after BROKE_MOST times no more: each time would end what
 * else is read. People find a note in quarantine. See email_mailbox.h. Thread: blocks. */
#include "connector/email_mailbox.h"

enum { BROKE_MOST = 4 };

static bool is_among(const uint32_t *uids, int n, uint32_t uid)
{
    for (int i = 0; i < n; i++)
        if (uids[i] == uid)
            return true;
    return false;
}

bool mailbox_is_left(const struct mailbox_place *at, uint32_t uid)
{
    return is_among(at->left, at->n_left, uid) || mailbox_is_ended(at, uid);
}

bool mailbox_is_ended(const struct mailbox_place *at, uint32_t uid)
{
    return is_among(at->ended, at->n_ended, uid);
}

/* A mail of nobody: it waits in quarantine with these words. */
static bool tell(struct mailbox *m, uint32_t uid, const char *what)
{
    str body = str_print(&m->work,
        "Subject: A mail that the mail server does not hand out\r\n\r\n"
        "Folder \"%.*s\", number %lld of %lld: the server shows this mail, but %s\r\n",
        SARG(m->at->folder), (long long)uid, (long long)m->at->uidvalidity, what);
    const struct connector_delivery delivery = {
        .key = email_delivery_id(&m->work, body),
        .origin = S("imap"),
        .content_type = S("message/rfc822"),
        .body = body,
    };
    return m->in->take_many(m->in->arg, &delivery, 1, mailbox_cursors(m));
}

static err leave(struct mailbox *m, uint32_t uid)
{
    if (mailbox_is_left(m->at, uid))
        return OK;
    if (m->at->n_left == MAILBOX_LEFT) {
        m->refused = (struct mail_end){
            .kind = MAIL_LATER, .why = S("The mail server does not hand out its mails.")};
        return E_UPSTREAM;
    }
    m->at->left[m->at->n_left++] = uid;
    m->is_stopped =
        !tell(m, uid, "does not hand it out. It stays there as it is, and Seva asks for it again.");
    return OK;
}

static void forget_left(struct mailbox_place *at, uint32_t uid)
{
    int n = 0;
    for (int i = 0; i < at->n_left; i++)
        if (at->left[i] != uid)
            at->left[n++] = at->left[i];
    at->n_left = n;
}

/* Everything before it is stored, since each was asked for by itself. */
static void give_up(struct mailbox *m, uint32_t uid)
{
    struct mailbox_place *at = m->at;
    if (at->n_ended == MAILBOX_LEFT)
        return; /* the connection's end is told as the channel's error, each time */
    at->ended[at->n_ended++] = uid;
    forget_left(at, uid);
    at->broke = at->broke_uid = 0;
    if (uid > at->uid)
        at->uid = uid;
    m->is_stopped = !tell(m, uid,
        "the connection has ended each time it was asked for. It stays there as it is: read it in "
        "another program, or forward it.");
}

void mailbox_broke(struct mailbox *m, uint32_t uid)
{
    struct mailbox_place *at = m->at;
    m->has_broken = true;
    at->broke = uid && at->broke_uid == uid ? at->broke + 1 : 1;
    at->broke_uid = uid;
    if (uid && at->broke >= BROKE_MOST)
        give_up(m, uid);
}

err mailbox_leave(struct mailbox *m)
{
    uint32_t *uids = NEW(&m->work, uint32_t, m->n_mails + 1);
    struct imap_mail *there = NULL;
    ptrdiff_t n = 0, n_there = 0;
    for (ptrdiff_t i = 0; i < m->n_mails; i++)
        if (!m->is_stored[i])
            uids[n++] = m->mails[i].uid;
    if (!n || m->is_stopped)
        return OK;
    TRY(imap_look(m->imap, &m->work, uids, n, &there, &n_there));
    for (ptrdiff_t i = 0; i < n_there && !m->is_stopped; i++)
        TRY(leave(m, there[i].uid));
    return OK;
}

static bool is_waiting(const struct mailbox *m, uint32_t uid)
{
    for (ptrdiff_t i = 0; i < m->n_mails; i++)
        if (m->mails[i].uid == uid)
            return !m->is_stored[i];
    return false;
}

err mailbox_ask_again(struct mailbox *m)
{
    struct mailbox_place *at = m->at;
    uint32_t uids[MAILBOX_LEFT];
    ptrdiff_t n = at->n_left;
    for (ptrdiff_t i = 0; i < n; i++)
        uids[i] = at->left[i];
    if (!n)
        return OK;
    arena_reset(&m->work);
    TRY(mailbox_fetch(m, uids, n));
    if (m->is_stopped)
        return OK;
    at->n_left = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (is_waiting(m, uids[i]))
            at->left[at->n_left++] = uids[i];
    return mailbox_mark(m, uids, n);
}
