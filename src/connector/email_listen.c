/* email_listen: the mailbox: what is new is fetched, stored, and only then marked; then IDLE on the
 * first folder (NOOP where the server has none), with a look into the others every minute. A server
 * that is silent for good is found out: IDLE is ended and said anew at every sign of life, and that
 * has to be answered. Where each folder stands: email_mailbox.h. Thread: blocks; one per mailbox.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "connector/email_mailbox.h"

enum {
    CONNECT_MS = 20 * 1000,
    GROUP_BYTES = 1024 * 1024,
    LIFE_MS = 20 * 1000,      /* between two signs of life: less than half of a stream's lease */
    STEP_MS = 60 * 1000,      /* a server that is silent for so long is gone; some open slowly */
    IDLE_STEP_MS = 20 * 1000, /* the same at the end of IDLE, where nothing is looked up */
    COMMAND_MS = 300 * 1000,
    LATER_MS = 30 * 1000, /* a server that cannot be reached, or ends the connection */
    SOON_MS = 1000,       /* the same after it had served us for a while */
    WHILE_MS = 10 * 1000,
    OTHERS_MS = 60 * 1000,  /* between two looks into the other folders */
    ALONE_MS = 600 * 1000,  /* where there are none: IDLE of some servers tells nothing */
    MENDED_MS = 300 * 1000, /* what somebody has to mend */
    ROW_BYTES = 64 * 1024,  /* longer mails go into a file */
};

static void cancel(void *imap)
{
    imap_cancel(imap);
}

static void wake(void *imap)
{
    imap_wake(imap);
}

str mailbox_setting(struct mailbox *m, const char *name)
{
    return setup_setting(m->a, &connector_email, m->in->setup, name);
}

/* ── one mail ── */

/* The cursor stands before the first that is not stored yet. */
static void mark_stored(struct mailbox *m, uint32_t uid)
{
    for (ptrdiff_t i = 0; i < m->n_mails; i++)
        if (m->mails[i].uid == uid) {
            m->is_stored[i] = true;
            if (m->mails[i].arrived_ms > m->at->last_ms)
                m->at->last_ms = m->mails[i].arrived_ms;
        }
    for (ptrdiff_t i = 0; i < m->n_mails && m->is_stored[i]; i++)
        if (m->mails[i].uid > m->at->uid)
            m->at->uid = m->mails[i].uid;
}

/* The group, in one transaction: one for each mail would be most of the time. */
static bool store_group(struct mailbox *m)
{
    ptrdiff_t n = m->n_group;
    for (ptrdiff_t i = 0; i < n; i++)
        mark_stored(m, m->group_uids[i]);
    m->n_group = m->group_bytes = 0;
    return n == 0 || m->in->take_many(m->in->arg, m->group, n, mailbox_cursors(m));
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

static const struct connector_about *about_of(const struct mailbox *m, uint32_t uid)
{
    for (ptrdiff_t i = 0; i < m->n_abouts; i++)
        if (m->about_uids[i] == uid)
            return &m->abouts[i];
    return NULL;
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
        .about = about_of(m, uid),
    };
    m->group_bytes += body.len;
    return (m->n_group < MAILBOX_GROUP && m->group_bytes < GROUP_BYTES) || store_group(m);
}

static bool store_long(struct mailbox *m, uint32_t uid)
{
    const struct connector_delivery delivery = {
        .origin = S("imap"),
        .content_type = S("message/rfc822"),
        .about = about_of(m, uid),
    };
    mark_stored(m, uid);
    return m->in->take(m->in->arg, &delivery, mailbox_cursors(m));
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

/* ── what is new ── */

/* Of these, those that have arrived since at->since_ms, or of which the server does not say when.
 */
static err leave_recent(struct mailbox *m, uint32_t *uids, ptrdiff_t *n)
{
    struct imap_mail *mails = NULL;
    ptrdiff_t n_mails = 0;
    TRY(imap_look(m->imap, &m->work, uids, *n, &mails, &n_mails));
    *n = 0;
    for (ptrdiff_t i = 0; i < n_mails; i++)
        if (!mails[i].arrived_ms || mails[i].arrived_ms >= m->at->since_ms)
            uids[(*n)++] = mails[i].uid;
    return OK;
}

/* The next mails that count above `after`, at most MAILBOX_BATCH, none above *end (UINT32_MAX: all
 * that is new). *end: up to where has been looked. */
static err find(struct mailbox *m, uint32_t after, uint32_t *end, uint32_t **uids, ptrdiff_t *n)
{
    bool is_old = after < m->at->old_uid;
    if (is_old && m->at->old_uid < *end) /* those after it are not asked by their date */
        *end = (uint32_t)m->at->old_uid;
    TRY(imap_search(
        m->imap, &m->work, after, end, is_old ? m->at->since_ms : 0, MAILBOX_BATCH, uids, n));
    return is_old && m->at->is_exact && *n ? leave_recent(m, *uids, n) : OK;
}

/* Where there is no such folder yet, it is made. */
static err move(struct mailbox *m, const uint32_t *uids, ptrdiff_t n)
{
    err e = imap_move(m->imap, uids, n, m->move_to);
    if (e == OK || imap_end(m->imap, &m->work).kind != MAIL_BAD_FOLDER)
        return e;
    TRY(imap_create(m->imap, m->move_to));
    return imap_move(m->imap, uids, n, m->move_to);
}

err mailbox_mark(struct mailbox *m, const uint32_t *all, ptrdiff_t n_all)
{
    uint32_t *uids = NEW(&m->work, uint32_t, n_all + 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < n_all; i++)
        if (!mailbox_is_left(m->at, all[i]))
            uids[n++] = all[i];
    if (!n || str_eq(m->after, S("leave")))
        return OK;
    bool moves = str_eq(m->after, S("move")) && m->move_to.len;
    return moves && !str_eq(m->move_to, m->at->folder) ? move(m, uids, n)
                                                       : imap_mark_seen(m->imap, uids, n);
}

/* Stored mails are marked; those of a connection that was lost too. */
static err tell(struct mailbox *m)
{
    uint32_t *uids = NULL;
    ptrdiff_t n = 0;
    if (m->at->told >= m->at->uid || str_eq(m->after, S("leave"))) {
        m->at->told = m->at->uid;
        return OK;
    }
    uint32_t end = (uint32_t)m->at->uid;
    arena_reset(&m->work);
    TRY(find(m, (uint32_t)m->at->told, &end, &uids, &n));
    TRY(mailbox_mark(m, uids, n));
    m->at->told = end;
    return OK;
}

bool mailbox_has_refused(struct mailbox *m)
{
    return imap_is_open(m->imap) && imap_end(m->imap, &m->work).kind == MAIL_REFUSED;
}

static err fetch(struct mailbox *m, ptrdiff_t from, ptrdiff_t n)
{
    begin_mail(m);
    err e = imap_fetch(m->imap, m->mails + from, n, MAILBOX_MAIL_BYTES, on_bytes, m);
    if (!m->is_stopped) /* what came before the connection was lost counts */
        m->is_stopped = !store_group(m);
    bool has_broken = e != OK && !m->is_stopped && !imap_is_open(m->imap) &&
                      imap_end(m->imap, &m->work).kind != MAIL_CANCELLED;
    if (has_broken)
        mailbox_broke(m, n == 1 ? m->mails[from].uid : 0);
    return e;
}

/* One mail that the server cannot read refuses those that are asked for with it. */
static err fetch_each(struct mailbox *m)
{
    for (ptrdiff_t i = 0; i < m->n_mails && !m->is_stopped; i++) {
        err e = m->is_stored[i] ? OK : fetch(m, i, 1);
        if (e != OK && !mailbox_has_refused(m))
            return e;
    }
    return OK;
}

err mailbox_fetch(struct mailbox *m, const uint32_t *uids, ptrdiff_t n)
{
    struct imap_mail *mails = NULL;
    TRY(imap_look(m->imap, &m->work, uids, n, &mails, &m->n_mails));
    m->mails = mails;
    m->is_stored = NEW(&m->work, bool, m->n_mails + 1);
    m->n_group = m->group_bytes = 0;
    for (ptrdiff_t i = 0; m->is_careful && i < m->n_mails; i++)
        mails[i].size = 0;
    err e = m->at->broke ? fetch_each(m) : fetch(m, 0, m->n_mails);
    TRY(e != OK && !m->is_stopped && mailbox_has_refused(m) ? fetch_each(m) : e);
    m->at->broke = m->at->broke_uid = 0;
    m->is_careful &= m->is_stopped;
    return mailbox_leave(m);
}

/* *more: there may be another. */
static err take_batch(struct mailbox *m, bool *more)
{
    uint32_t *uids = NULL;
    ptrdiff_t n = 0;
    uint32_t end = UINT32_MAX;
    arena_reset(&m->work);
    TRY(find(m, (uint32_t)m->at->uid, &end, &uids, &n));
    *more = end != UINT32_MAX;
    if (n) {
        TRY(mailbox_fetch(m, uids, n));
        if (m->is_stopped)
            return OK;
        m->at->uid = uids[n - 1]; /* what is gone meanwhile does not come */
    }
    if (*more)
        m->at->uid = end;
    return OK;
}

/* Everything that is new in the open folder, then the marks, and where it stands. */
static err catch_up(struct mailbox *m)
{
    for (bool more = true; more && !m->is_stopped;)
        TRY(take_batch(m, &more));
    while (!m->is_stopped && m->at->told < m->at->uid)
        TRY(tell(m));
    if (!m->is_stopped) /* else the cursors are ahead of what is stored */
        m->is_stopped = !m->in->take(m->in->arg, NULL, mailbox_cursors(m));
    arena_free(&m->work); /* hours may pass until the next */
    arena_free(&m->bytes_arena);
    return OK;
}

/* What is refused in one folder keeps no other one waiting: has_ended tells it after the round. */
static err visit(struct mailbox *m, struct mailbox_place *at)
{
    err e = mailbox_open(m, at);
    e = e == OK ? mailbox_ask_again(m) : e;
    e = e == OK ? catch_up(m) : e;
    if (e == OK || !imap_is_open(m->imap))
        return e;
    if (m->refused.kind != MAIL_DONE)
        return OK;
    m->refused = imap_end(m->imap, m->a);
    if (m->n_places > 1)
        m->refused.why = str_print(m->a, "%.*s: %.*s", SARG(at->folder), SARG(m->refused.why));
    return OK;
}

static err has_ended(const struct mailbox *m)
{
    return m->is_stopped || m->refused.kind == MAIL_DONE ? OK : E_UPSTREAM;
}

/* The others, then the first one again, where IDLE waits. */
static err visit_others(struct mailbox *m)
{
    for (int i = 1; i < m->n_places && !m->is_stopped; i++)
        TRY(visit(m, &m->places[i]));
    TRY(has_ended(m));
    if (!m->is_stopped)
        TRY(visit(m, &m->places[0]));
    return has_ended(m);
}

/* What is done now and then. */
static err look_around(struct mailbox *m, int64_t *others_ms)
{
    int64_t now_ms = clock_now_ms();
    bool is_due = mailbox_is_due(m, now_ms);
    if (is_due)
        TRY(mailbox_compare(m, now_ms));
    int64_t every_ms = m->n_places == 1 ? ALONE_MS : OTHERS_MS;
    if (!is_due && clock_mono_ms() - *others_ms < every_ms)
        return OK;
    *others_ms = clock_mono_ms();
    return visit_others(m);
}

/* Somebody wants a comparison now. */
static bool is_asked(const struct mailbox *m)
{
    return !m->is_stopped && m->in->asked && m->in->asked(m->in->arg);
}

static err read_on(struct mailbox *m)
{
    struct mail_server server = email_imap(m->a, m->client, m->in->setup);
    TRY(imap_open(m->imap, &server, CONNECT_MS));
    m->opened_ms = clock_mono_ms();
    TRY(visit(m, &m->places[0]));
    TRY(m->n_places > 1 && !m->is_stopped ? visit_others(m) : has_ended(m));
    int64_t others_ms = clock_mono_ms();
    m->is_asked = is_asked(m);
    if (m->is_asked)
        TRY(look_around(m, &others_ms));
    while (!m->is_stopped) {
        enum imap_news news = IMAP_NO_NEWS;
        imap_limit(m->imap, IDLE_STEP_MS, COMMAND_MS);
        TRY(imap_idle(m->imap, LIFE_MS, &news));
        imap_limit(m->imap, STEP_MS, COMMAND_MS);
        m->is_asked = news == IMAP_WOKEN && is_asked(m);
        if (news == IMAP_NEWS)
            TRY(catch_up(m));
        else
            m->is_stopped |= !m->in->take(m->in->arg, NULL, (str){0});
        if (!m->is_stopped)
            TRY(look_around(m, &others_ms));
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
    if (needs_mending(kind)) /* the folders that can be read are, then as now */
        return m->refused.kind != MAIL_DONE && m->n_places > 1 ? OTHERS_MS : MENDED_MS;
    bool has_served = m->opened_ms && clock_mono_ms() - m->opened_ms >= WHILE_MS;
    return has_served && kind == MAIL_LOST ? SOON_MS : LATER_MS;
}

err email_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out)
{
    struct mailbox m = {
        .client = client, .a = a, .in = in, .work = arena_make(0), .bytes_arena = arena_make(0)};
    *out = (struct connector_polled){.end.outcome = CONNECTOR_SENT};
    if (!mailbox_setting(&m, "imap_host").len) { /* mails are only posted */
        out->next_ms = in->now_ms + MENDED_MS;
        return OK;
    }
    m.imap = imap_make();
    if (!m.imap)
        return E_BUSY;
    m.after = mailbox_setting(&m, "after");
    m.move_to = mailbox_setting(&m, "move_to");
    mailbox_places(&m);
    http_client_on_cancel(client, cancel, m.imap);
    http_client_on_wake(client, wake, m.imap);
    (void)read_on(&m); /* how it ended, imap_end says */
    http_client_on_wake(client, NULL, NULL);
    http_client_on_cancel(client, NULL, NULL);
    struct mail_end end = m.refused.kind != MAIL_DONE ? m.refused : imap_end(m.imap, a);
    if (!m.is_stopped)
        email_end(&end, &out->end);
    if (!m.is_stopped && end.kind == MAIL_BAD_ANSWER && m.opened_ms)
        m.is_careful = !m.is_careful; /* or it would end at the same mail for ever */
    if (!m.is_stopped && ((end.kind == MAIL_BAD_ANSWER && m.opened_ms) || m.has_broken))
        out->cursors = str_copy(a, mailbox_cursors(&m));
    out->next_ms = clock_now_ms() + pause_ms(&m, end.kind);
    imap_close(m.imap);
    arena_free(&m.work);
    arena_free(&m.bytes_arena);
    return OK;
}
