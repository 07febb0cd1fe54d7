/* email_listen: the mailbox: what is new is fetched, stored, and only then marked; then IDLE. See
 * email.h.
 *
 * Cursors: {"uidvalidity", "uid": everything up to it is stored, "told": and marked, "last_ms":
 * when the newest arrived, "since_ms": of mails up to "old_uid" only those count that have arrived
 * since then}. When the server numbers its mails anew (uidvalidity), those since the day before
 * last_ms are read once more; what is stored already is known by its bytes and its Message-ID.
 * What does not count is neither read nor marked. "careful": the server's sizes were a lie, so the
 * next mails come in pieces. Thread: blocks; one per mailbox. */
#include "base/clock.h"
#include "base/limits.h"
#include "connector/email.h"
#include "connector/fetched.h"
#include "connector/reading.h"
#include "net/imap.h"

enum {
    CONNECT_MS = 20 * 1000,
    BATCH = 200, /* mails looked at and marked together; at most LIMIT_IMAP_MAILS */
    GROUP = 64,  /* short mails stored in one transaction, as many as are received at once */
    GROUP_BYTES = 1024 * 1024,
    LIFE_MS = 20 * 1000,      /* between two signs of life: less than half of a stream's lease */
    STEP_MS = 60 * 1000,      /* a server that is silent for so long is gone; some open slowly */
    IDLE_STEP_MS = 20 * 1000, /* the same at the end of IDLE, where nothing is looked up */
    COMMAND_MS = 300 * 1000,
    LATER_MS = 30 * 1000, /* a server that cannot be reached, or ends the connection */
    SOON_MS = 1000,       /* the same after it had served us for a while */
    WHILE_MS = 10 * 1000,
    MENDED_MS = 300 * 1000, /* what somebody has to mend */
    ROW_BYTES = 64 * 1024,  /* longer mails go into a file */
    MAIL_BYTES = 50 * 1024 * 1024,
};
static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

struct mailbox {
    struct http_client *client;
    struct arena *a;          /* of the whole call: little is kept there */
    struct arena work;        /* of one batch */
    struct arena bytes_arena; /* of one group's mails */
    const struct connector_listen *in;
    struct imap *imap;
    str after, move_to; /* the settings: read once, since a stream lives for months */
    int64_t uidvalidity, uid, told, last_ms, since_ms, old_uid; /* the cursors */
    int64_t opened_ms; /* clock_mono_ms of the sign-in; 0 = never */
    /* The batch: its mails may come in any order, so each says whether it is stored. */
    const struct imap_mail *mails;
    bool *is_stored;
    ptrdiff_t n_mails;
    struct connector_delivery group[GROUP]; /* short ones that have come and are not stored yet */
    uint32_t group_uids[GROUP];
    ptrdiff_t n_group, group_bytes;
    struct sb bytes; /* of the mail that comes now, as long as it is short */
    int64_t size;
    bool is_long, is_stopped, is_careful;
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
    return str_print(&m->work,
        "{\"uidvalidity\":%lld,\"uid\":%lld,\"told\":%lld,\"last_ms\":%lld,\"since_ms\":%lld,"
        "\"old_uid\":%lld,\"careful\":%d}",
        (long long)m->uidvalidity, (long long)m->uid, (long long)m->told, (long long)m->last_ms,
        (long long)m->since_ms, (long long)m->old_uid, m->is_careful);
}

static void read_cursors(struct mailbox *m)
{
    const struct json *c = cursors_read(m->a, m->in->cursors);
    m->uidvalidity = take_int(c, "uidvalidity", 0);
    m->uid = take_int(c, "uid", 0);
    m->told = take_int(c, "told", 0);
    m->last_ms = take_int(c, "last_ms", 0);
    m->since_ms = take_int(c, "since_ms", 0);
    m->old_uid = take_int(c, "old_uid", 0);
    m->is_careful = take_int(c, "careful", 0);
}

/* ── one mail ───────────────────────────────────────────────────────────────────────────────────
 */

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

/* The group, in one transaction: one for each mail would be most of the time. */
static bool store_group(struct mailbox *m)
{
    ptrdiff_t n = m->n_group;
    for (ptrdiff_t i = 0; i < n; i++)
        mark_stored(m, m->group_uids[i]);
    m->n_group = m->group_bytes = 0;
    return n == 0 || m->in->take_many(m->in->arg, m->group, n, cursors_of(m));
}

static void begin_mail(struct mailbox *m)
{
    if (m->n_group == 0)
        arena_reset(&m->bytes_arena);
    m->bytes = sb_make(&m->bytes_arena, ROW_BYTES + 1);
    m->size = 0;
    m->is_long = false;
}

/* Before a file begins, what is to be stored without one is stored. */
static bool begin_file(struct mailbox *m)
{
    m->is_long = true;
    return store_group(m) && m->in->keep(m->in->arg, (str){0}) &&
           (!m->size || m->in->keep(m->in->arg, sb_str(&m->bytes)));
}

static bool keep(struct mailbox *m, str bytes)
{
    if (!m->is_long && m->size + bytes.len > ROW_BYTES && !begin_file(m))
        return false;
    m->size += bytes.len;
    if (m->is_long)
        return m->in->keep(m->in->arg, bytes);
    sb_add(&m->bytes, bytes);
    return !m->bytes.failed;
}

static bool store_short(struct mailbox *m, uint32_t uid)
{
    str body = sb_str(&m->bytes);
    m->group_uids[m->n_group] = uid;
    m->group[m->n_group++] = (struct connector_delivery){
        .key = email_delivery_id(&m->bytes_arena, body),
        .origin = S("imap"),
        .content_type = S("message/rfc822"),
        .body = body,
    };
    m->group_bytes += body.len;
    return (m->n_group < GROUP && m->group_bytes < GROUP_BYTES) || store_group(m);
}

static bool store_long(struct mailbox *m, uint32_t uid)
{
    const struct connector_delivery delivery = {
        .key = str_print(&m->work, "uid:%lld.%lld", (long long)m->uidvalidity, (long long)uid),
        .origin = S("imap"),
        .content_type = S("message/rfc822"),
    };
    mark_stored(m, uid);
    return m->in->take(m->in->arg, &delivery, cursors_of(m));
}

static bool on_bytes(void *arg, uint32_t uid, str bytes, enum imap_piece piece)
{
    struct mailbox *m = arg;
    bool is_good = piece == IMAP_TOO_LARGE || keep(m, bytes); /* of a longer one, what came */
    if (is_good && piece != IMAP_MORE) {
        is_good = m->is_long ? store_long(m, uid) : store_short(m, uid);
        begin_mail(m);
    }
    m->is_stopped |= !is_good;
    return is_good;
}

/* ── what is new ────────────────────────────────────────────────────────────────────────────────
 */

/* The next mails that count above `after`, at most BATCH, none above *end. *end: up to where has
 * been looked, when more may follow. */
static err find(struct mailbox *m, int64_t after, int64_t *end, uint32_t **uids, ptrdiff_t *n)
{
    bool is_old = after < m->old_uid;
    bool has_end = is_old && m->old_uid < UINT32_MAX; /* else each is looked at by its date */
    int64_t most = has_end && m->old_uid < *end ? m->old_uid : *end;
    TRY(imap_search(m->imap, &m->work, (uint32_t)after, is_old ? m->since_ms : 0, BATCH, uids, n));
    bool is_whole = *n < BATCH;
    while (*n && (*uids)[*n - 1] > most) {
        --*n;
        is_whole = true;
    }
    *end = is_whole ? most : (*uids)[*n - 1];
    return OK;
}

/* Stored mails are marked or moved as the account wants it; those of a connection that was lost
 * too.
 */
static err tell(struct mailbox *m)
{
    uint32_t *uids = NULL;
    ptrdiff_t n = 0;
    if (m->told >= m->uid || str_eq(m->after, S("leave"))) {
        m->told = m->uid;
        return OK;
    }
    int64_t end = m->uid;
    arena_reset(&m->work);
    TRY(find(m, m->told, &end, &uids, &n));
    if (n && str_eq(m->after, S("move")) && m->move_to.len)
        TRY(imap_move(m->imap, uids, n, m->move_to));
    else if (n)
        TRY(imap_mark_seen(m->imap, uids, n));
    m->told = end;
    return OK;
}

/* *more: there may be another. */
static err take_batch(struct mailbox *m, bool *more)
{
    uint32_t *uids = NULL;
    struct imap_mail *mails = NULL;
    ptrdiff_t n = 0;
    int64_t end = INT64_MAX;
    arena_reset(&m->work);
    TRY(find(m, m->uid, &end, &uids, &n));
    *more = end != INT64_MAX;
    if (n) {
        TRY(imap_look(m->imap, &m->work, uids, n, &mails, &m->n_mails));
        m->mails = mails;
        m->is_stored = NEW(&m->work, bool, m->n_mails + 1);
        begin_mail(m);
        for (ptrdiff_t i = 0; m->is_careful && i < m->n_mails; i++)
            mails[i].size = 0;
        err e = imap_fetch(m->imap, mails, m->n_mails, MAIL_BYTES, on_bytes, m);
        if (!m->is_stopped) /* what came before the connection was lost counts */
            m->is_stopped = !store_group(m);
        TRY(e);
        if (m->is_stopped)
            return OK;
        m->is_careful = false;
        m->uid = uids[n - 1]; /* what is gone meanwhile does not come */
    }
    if (*more)
        m->uid = end;
    return OK;
}

/* Everything that is new, then the marks, and where it stands. */
static err catch_up(struct mailbox *m)
{
    m->n_group = m->group_bytes = 0;
    for (bool more = true; more && !m->is_stopped;)
        TRY(take_batch(m, &more));
    while (!m->is_stopped && m->told < m->uid)
        TRY(tell(m));
    if (!m->is_stopped) /* else the cursors are ahead of what is stored */
        m->is_stopped = !m->in->take(m->in->arg, NULL, cursors_of(m));
    arena_free(&m->work); /* hours may pass until the next */
    arena_free(&m->bytes_arena);
    return OK;
}

/* From where to read on, and since when: the mailbox may be new to us, or numbered anew. */
static void find_place(struct mailbox *m, const struct imap_folder *folder)
{
    int64_t days = 0;
    if (m->uidvalidity && m->uidvalidity == folder->uidvalidity)
        return;
    (void)str_int(setting(m, "from_days"), 0, 3650, &days);
    bool is_known = m->uidvalidity != 0;
    int64_t from_ms = is_known ? m->last_ms - day_ms : m->in->now_ms - days * day_ms;
    m->uidvalidity = folder->uidvalidity;
    m->uid = m->told = 0;
    m->since_ms = from_ms > 1 ? from_ms : 1;
    m->old_uid = folder->uidnext > 0 ? folder->uidnext - 1 : UINT32_MAX;
    if (!is_known && !days && folder->uidnext > 1)
        m->uid = m->told = folder->uidnext - 1;
}

static err read_on(struct mailbox *m)
{
    struct imap_folder folder;
    struct mail_server server = email_imap(m->a, m->client, m->in->setup);
    TRY(imap_open(m->imap, &server, CONNECT_MS));
    TRY(imap_select(m->imap, setting(m, "folder"), &folder));
    m->opened_ms = clock_mono_ms();
    find_place(m, &folder);
    TRY(catch_up(m));
    while (!m->is_stopped) {
        enum imap_news news = IMAP_NO_NEWS;
        imap_limit(m->imap, IDLE_STEP_MS, COMMAND_MS);
        TRY(imap_idle(m->imap, LIFE_MS, &news));
        imap_limit(m->imap, STEP_MS, COMMAND_MS);
        if (news == IMAP_NEWS)
            TRY(catch_up(m));
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

/* When to come back: a server that is started anew is there soon. */
static int64_t pause_ms(const struct mailbox *m, enum mail_end_kind kind)
{
    if (needs_mending(kind))
        return MENDED_MS;
    bool has_served = m->opened_ms && clock_mono_ms() - m->opened_ms >= WHILE_MS;
    return has_served && kind == MAIL_LOST ? SOON_MS : LATER_MS;
}

err email_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out)
{
    struct mailbox m = {
        .client = client, .a = a, .in = in, .work = arena_make(0), .bytes_arena = arena_make(0)};
    *out = (struct connector_polled){.end.outcome = CONNECTOR_SENT};
    if (!setting(&m, "imap_host").len) { /* mails are only posted */
        out->next_ms = in->now_ms + MENDED_MS;
        return OK;
    }
    m.imap = imap_make();
    if (!m.imap)
        return E_BUSY;
    m.after = setting(&m, "after");
    m.move_to = setting(&m, "move_to");
    read_cursors(&m);
    http_client_on_cancel(client, cancel, m.imap);
    (void)read_on(&m); /* how it ended, imap_end says */
    http_client_on_cancel(client, NULL, NULL);
    struct mail_end end = imap_end(m.imap, a);
    if (!m.is_stopped)
        email_end(&end, &out->end);
    if (!m.is_stopped && end.kind == MAIL_BAD_ANSWER && m.opened_ms) {
        m.is_careful = !m.is_careful; /* or it would end at the same mail for ever */
        out->cursors = str_copy(a, cursors_of(&m));
    }
    out->next_ms = clock_now_ms() + pause_ms(&m, end.kind);
    imap_close(m.imap);
    arena_free(&m.work);
    arena_free(&m.bytes_arena);
    return OK;
}
