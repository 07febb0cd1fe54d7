/* email_listen: the mailbox: what is new is fetched, stored, and only then marked; then IDLE. See
 * email.h.
 *
 * Cursors: {"uidvalidity", "uid": everything up to it is stored, "told": and marked, "last_ms":
 * when the newest arrived}. When the server numbers its mails anew (uidvalidity), those since the
 * day before last_ms are read once more; what is stored already is known by its bytes and its
 * Message-ID. Thread: blocks; one per mailbox. */
#include "base/clock.h"
#include "base/limits.h"
#include "connector/email.h"
#include "connector/fetched.h"
#include "connector/reading.h"
#include "net/imap.h"

enum {
    CONNECT_MS = 20 * 1000,
    BATCH = 50,             /* mails looked at and marked together */
    LIFE_MS = 20 * 1000,    /* between two signs of life: less than half of a stream's lease */
    LATER_MS = 30 * 1000,   /* a server that cannot be reached, or ends the connection */
    MENDED_MS = 300 * 1000, /* what somebody has to mend */
    ROW_BYTES = 64 * 1024,  /* longer mails go into a file */
    MAIL_BYTES = 50 * 1024 * 1024,
};
static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

struct mailbox {
    struct http_client *client;
    struct arena *a;   /* of the whole call: little is kept there */
    struct arena work; /* of one batch */
    const struct connector_listen *in;
    struct imap *imap;
    int64_t uidvalidity, uid, told, last_ms; /* the cursors */
    /* The batch: its mails may come in any order, so each says whether it is stored. */
    const struct imap_mail *mails;
    bool *is_stored;
    ptrdiff_t n_mails;
    struct sb bytes; /* of the mail that comes now, as long as it is short */
    int64_t size;
    bool is_long, is_stopped;
};

static void cancel(void *imap)
{
    imap_cancel(imap);
}

static str setting(struct mailbox *m, const char *name)
{
    return setup_setting(m->a, &connector_email, m->in->setup, name);
}

static str cursors_of(struct mailbox *m)
{
    return str_print(&m->work, "{\"uidvalidity\":%lld,\"uid\":%lld,\"told\":%lld,\"last_ms\":%lld}",
        (long long)m->uidvalidity, (long long)m->uid, (long long)m->told, (long long)m->last_ms);
}

static void read_cursors(struct mailbox *m)
{
    const struct json *c = cursors_read(m->a, m->in->cursors);
    m->uidvalidity = take_int(c, "uidvalidity", 0);
    m->uid = take_int(c, "uid", 0);
    m->told = take_int(c, "told", 0);
    m->last_ms = take_int(c, "last_ms", 0);
}

/* ── one mail ───────────────────────────────────────────────────────────────────────────────────
 */

static void begin_mail(struct mailbox *m)
{
    m->bytes = sb_make(&m->work, ROW_BYTES + 1);
    m->size = 0;
    m->is_long = false;
}

static bool keep(struct mailbox *m, str bytes)
{
    if (!m->is_long && m->size + bytes.len > ROW_BYTES) {
        m->is_long = true;
        if (!m->in->keep(m->in->arg, (str){0}))
            return false;
        if (m->size && !m->in->keep(m->in->arg, sb_str(&m->bytes)))
            return false;
    }
    m->size += bytes.len;
    if (m->is_long)
        return m->in->keep(m->in->arg, bytes);
    sb_add(&m->bytes, bytes);
    return !m->bytes.failed;
}

/* The cursor stands before the first that is not stored yet. */
static void mark_stored(struct mailbox *m, uint32_t uid)
{
    for (ptrdiff_t i = 0; i < m->n_mails; i++)
        if (m->mails[i].uid == uid) {
            m->is_stored[i] = true;
            if (m->mails[i].arrived_ms > m->last_ms)
                m->last_ms = m->mails[i].arrived_ms;
        }
    for (ptrdiff_t i = 0; i < m->n_mails && m->is_stored[i]; i++)
        if (m->mails[i].uid > m->uid)
            m->uid = m->mails[i].uid;
}

static bool store(struct mailbox *m, uint32_t uid)
{
    str body = m->is_long ? (str){0} : sb_str(&m->bytes);
    const struct connector_delivery delivery = {
        .key = m->is_long
                   ? str_print(&m->work, "uid:%lld.%lld", (long long)m->uidvalidity, (long long)uid)
                   : email_delivery_id(&m->work, body),
        .origin = S("imap"),
        .content_type = S("message/rfc822"),
        .body = body,
    };
    mark_stored(m, uid);
    return m->in->take(m->in->arg, &delivery, cursors_of(m));
}

static bool on_bytes(void *arg, uint32_t uid, str bytes, enum imap_piece piece)
{
    struct mailbox *m = arg;
    bool is_good = piece == IMAP_TOO_LARGE || keep(m, bytes);
    if (is_good && piece != IMAP_MORE) {
        is_good = store(m, uid); /* of one that is too long, what came is kept */
        begin_mail(m);
    }
    m->is_stopped |= !is_good;
    return is_good;
}

/* ── what is new ────────────────────────────────────────────────────────────────────────────────
 */

/* Stored mails are marked or moved as the account wants it; those of a connection that was lost
 * too.
 */
static err tell(struct mailbox *m)
{
    str after = setting(m, "after"), folder = setting(m, "move_to");
    uint32_t *uids = NULL;
    ptrdiff_t n = 0;
    if (m->told >= m->uid || str_eq(after, S("leave"))) {
        m->told = m->uid;
        return OK;
    }
    TRY(imap_search(m->imap, &m->work, (uint32_t)m->told, 0, BATCH, &uids, &n));
    while (n && uids[n - 1] > m->uid)
        n--;
    if (n && str_eq(after, S("move")) && folder.len)
        TRY(imap_move(m->imap, uids, n, folder));
    else if (n)
        TRY(imap_mark_seen(m->imap, uids, n));
    m->told = n == BATCH ? uids[n - 1] : m->uid;
    return OK;
}

/* *more: a whole batch was there. */
static err take_batch(struct mailbox *m, int64_t since_ms, bool *more)
{
    uint32_t *uids = NULL;
    struct imap_mail *mails = NULL;
    ptrdiff_t n = 0;
    arena_reset(&m->work);
    TRY(imap_search(m->imap, &m->work, (uint32_t)m->uid, since_ms, BATCH, &uids, &n));
    *more = n == BATCH;
    if (!n)
        return OK;
    TRY(imap_look(m->imap, &m->work, uids, n, &mails, &m->n_mails));
    m->mails = mails;
    m->is_stored = NEW(&m->work, bool, m->n_mails + 1);
    begin_mail(m);
    TRY(imap_fetch(m->imap, mails, m->n_mails, MAIL_BYTES, on_bytes, m));
    m->uid = uids[n - 1]; /* what is gone meanwhile does not come */
    return OK;
}

/* Everything that is new, then the marks, and where it stands. */
static err catch_up(struct mailbox *m, int64_t since_ms)
{
    for (bool more = true; more && !m->is_stopped;)
        TRY(take_batch(m, since_ms, &more));
    while (!m->is_stopped && m->told < m->uid)
        TRY(tell(m));
    m->is_stopped |= !m->in->take(m->in->arg, NULL, cursors_of(m));
    return OK;
}

/* From where to read on, and since when: the mailbox may be new to us, or numbered anew. */
static void find_place(struct mailbox *m, const struct imap_folder *folder, int64_t *since_ms)
{
    int64_t days = 0;
    *since_ms = 0;
    if (m->uidvalidity && m->uidvalidity == folder->uidvalidity)
        return;
    (void)str_int(setting(m, "from_days"), 0, 3650, &days);
    bool is_known = m->uidvalidity != 0;
    int64_t from_ms = is_known ? m->last_ms - day_ms : m->in->now_ms - days * day_ms;
    m->uidvalidity = folder->uidvalidity;
    m->uid = m->told = 0;
    *since_ms = from_ms > 1 ? from_ms : 1;
    if (!is_known && !days && folder->uidnext > 1)
        m->uid = m->told = folder->uidnext - 1;
}

static err read_on(struct mailbox *m)
{
    struct imap_folder folder;
    int64_t since_ms = 0;
    struct mail_server server = email_imap(m->a, m->client, m->in->setup);
    TRY(imap_open(m->imap, &server, CONNECT_MS));
    TRY(imap_select(m->imap, setting(m, "folder"), &folder));
    find_place(m, &folder, &since_ms);
    TRY(catch_up(m, since_ms));
    while (!m->is_stopped) {
        enum imap_news news = IMAP_NO_NEWS;
        TRY(imap_idle(m->imap, LIFE_MS, &news));
        if (news == IMAP_NEWS)
            TRY(catch_up(m, 0));
        else
            m->is_stopped |= !m->in->take(m->in->arg, NULL, (str){0});
    }
    return OK;
}

static bool needs_mending(enum mail_end_kind kind)
{
    return kind == MAIL_BAD_LOGIN || kind == MAIL_BAD_ADDRESS || kind == MAIL_BAD_CERTIFICATE ||
           kind == MAIL_NO_TLS || kind == MAIL_BAD_FOLDER;
}

err email_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out)
{
    struct mailbox m = {.client = client, .a = a, .in = in, .work = arena_make(0)};
    *out = (struct connector_polled){.end.outcome = CONNECTOR_SENT};
    if (!setting(&m, "imap_host").len) { /* mails are only posted */
        out->next_ms = in->now_ms + MENDED_MS;
        return OK;
    }
    m.imap = imap_make();
    if (!m.imap)
        return E_BUSY;
    read_cursors(&m);
    http_client_on_cancel(client, cancel, m.imap);
    (void)read_on(&m); /* how it ended, imap_end says */
    http_client_on_cancel(client, NULL, NULL);
    struct mail_end end = imap_end(m.imap, a);
    if (!m.is_stopped)
        email_end(&end, &out->end);
    out->next_ms = clock_now_ms() + (needs_mending(end.kind) ? MENDED_MS : LATER_MS);
    imap_close(m.imap);
    arena_free(&m.work);
    return OK;
}
