/* email_place: the folders of a mailbox, and how far each is read. See email_mailbox.h. */
#include "base/clock.h"
#include "base/crypto.h"
#include "connector/email_mailbox.h"
#include "connector/fetched.h"
#include "connector/reading.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

enum {
    NUMBERED_ANEW = -1, /* no server's uidvalidity */
    NAME_DIGITS = 16,   /* of the hash that stands for a mailbox */
    CURSORS_BYTES = 32 * 1024,
    CLOCKS_MS =
        10 * 60 * 1000, /* the mailbox's server may be behind us; more is read, none twice */
};

/* ── cursors ── */

static void put_uids(struct json_out *j, str key, const uint32_t *uids, int n)
{
    if (!n)
        return;
    json_key(j, key);
    json_arr(j);
    for (int i = 0; i < n; i++)
        json_put_int(j, uids[i]);
    json_arr_end(j);
}

static void put_place(struct json_out *j, const struct mailbox_place *p)
{
    json_kv_int(j, S("uidvalidity"), p->uidvalidity);
    json_kv_int(j, S("uid"), p->uid);
    json_kv_int(j, S("told"), p->told);
    json_kv_int(j, S("last_ms"), p->last_ms);
    json_kv_int(j, S("since_ms"), p->since_ms);
    json_kv_int(j, S("old_uid"), p->old_uid);
    if (p->is_exact)
        json_kv_int(j, S("exact"), 1);
    json_kv_str(j, S("folder"), p->folder);
    if (p->broke) {
        json_kv_int(j, S("broke"), p->broke);
        json_kv_int(j, S("broke_uid"), p->broke_uid);
    }
    put_uids(j, S("left"), p->left, p->n_left);
    put_uids(j, S("ended"), p->ended, p->n_ended);
}

str mailbox_cursors(struct mailbox *m)
{
    struct json_out j = json_out_make(&m->work, CURSORS_BYTES);
    json_obj(&j);
    put_place(&j, &m->places[0]);
    json_kv_int(&j, S("compared_ms"), m->compared_ms);
    json_key(&j, S("more"));
    json_arr(&j);
    for (int i = 1; i < m->n_places; i++) {
        json_obj(&j);
        put_place(&j, &m->places[i]);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_kv_str(&j, S("mailbox"), m->name);
    json_kv_int(&j, S("careful"), m->is_careful);
    json_obj_end(&j);
    return json_str(&j);
}

static int read_uids(const struct json *c, const char *key, uint32_t *uids)
{
    int n = 0;
    for (const struct json *v = list_first(c, key); v && n < MAILBOX_LEFT; v = v->next)
        uids[n++] = (uint32_t)json_int(v, 0);
    return n;
}

static void read_place(const struct json *c, struct mailbox_place *p)
{
    p->uidvalidity = take_int(c, "uidvalidity", 0);
    p->uid = take_int(c, "uid", 0);
    p->told = take_int(c, "told", 0);
    p->last_ms = take_int(c, "last_ms", 0);
    p->since_ms = take_int(c, "since_ms", 0);
    p->old_uid = take_int(c, "old_uid", 0);
    p->is_exact = take_int(c, "exact", 0);
    p->broke = take_int(c, "broke", 0);
    p->broke_uid = take_int(c, "broke_uid", 0);
    p->n_left = read_uids(c, "left", p->left);
    p->n_ended = read_uids(c, "ended", p->ended);
}

/* What was kept of this folder, whichever it was in the settings then. */
static void remember(const struct json *cursors, struct mailbox_place *p)
{
    str first = take_text(cursors, "folder");
    if (str_eq(first, p->folder) || !first.len)
        read_place(cursors, p);
    for (const struct json *v = list_first(cursors, "more"); v && first.len; v = v->next)
        if (str_eq(take_text(v, "folder"), p->folder))
            read_place(v, p);
}

/* ── folders ── */

static void add_place(struct mailbox *m, str folder)
{
    for (int i = 0; i < m->n_places; i++)
        if (str_eq(m->places[i].folder, folder))
            return;
    if (folder.len && m->n_places < EMAIL_FOLDERS)
        m->places[m->n_places++] = (struct mailbox_place){.folder = str_copy(m->a, folder)};
}

/* Whose numbers these are: two servers may have the same uidvalidity. */
static str name_of(struct mailbox *m)
{
    str user = mailbox_setting(m, "user");
    user = user.len ? user : mailbox_setting(m, "address");
    str host = mailbox_setting(m, "imap_host"), shared = mailbox_setting(m, "mailbox");
    struct sha256 sum =
        crypto_sha256(str_print(m->a, "%.*s\n%.*s\n%.*s", SARG(host), SARG(user), SARG(shared)));
    return str_sub(crypto_hex(m->a, str_of(sum.b, (ptrdiff_t)sizeof sum.b)), 0, NAME_DIGITS);
}

void mailbox_places(struct mailbox *m)
{
    const struct json *cursors = cursors_read(m->a, m->in->cursors);
    str one, rest = mailbox_setting(m, "folders");
    add_place(m, str_trim(mailbox_setting(m, "folder")));
    if (!m->n_places)
        add_place(m, S("INBOX"));
    while (rest.len) {
        (void)str_cut(rest, ',', &one, &rest);
        add_place(m, str_trim(one));
    }
    for (int i = 0; i < m->n_places; i++)
        if (!i || take_text(cursors, "folder").len)
            remember(cursors, &m->places[i]);
    str name = take_text(cursors, "mailbox");
    m->name = name_of(m);
    for (int i = 0; i < m->n_places && name.len && !str_eq(name, m->name); i++)
        if (m->places[i].uidvalidity)
            m->places[i].uidvalidity = NUMBERED_ANEW;
    m->compared_ms = take_int(cursors, "compared_ms", 0);
    m->is_careful = take_int(cursors, "careful", 0);
    m->at = m->places;
}

/* What is new counts since the channel was created, however long the first opening took; in a
 * folder that is read later than the others, since now. */
static int64_t begin_ms(const struct mailbox *m)
{
    bool is_first = !m->compared_ms;
    return is_first && m->in->born_ms ? m->in->born_ms : m->in->now_ms;
}

/* Where a folder begins that is not known yet. */
static void begin(struct mailbox *m, struct mailbox_place *p)
{
    int64_t days = 0;
    (void)str_int(mailbox_setting(m, "from_days"), 0, 3650, &days);
    p->since_ms = begin_ms(m) - (days ? days * day_ms : CLOCKS_MS);
    p->is_exact = !days;
}

/* Where one begins that is numbered anew: at the day before its newest mail, whose date may lie
 * ahead; what did not count before does not now. */
static void begin_again(struct mailbox_place *p)
{
    int64_t now_ms = clock_now_ms();
    int64_t from_ms = (p->last_ms < now_ms ? p->last_ms : now_ms) - day_ms;
    if (from_ms <= p->since_ms)
        return;
    p->since_ms = from_ms;
    p->is_exact = false;
}

static void find_place(struct mailbox *m, const struct imap_folder *folder)
{
    struct mailbox_place *p = m->at;
    if (p->uidvalidity && p->uidvalidity == folder->uidvalidity)
        return;
    if (p->uidvalidity)
        begin_again(p);
    else
        begin(m, p);
    p->uidvalidity = folder->uidvalidity;
    p->uid = p->told = p->broke = 0;
    p->n_left = p->n_ended = 0;
    p->since_ms = p->since_ms > 1 ? p->since_ms : 1;
    p->old_uid = folder->uidnext > 0 ? folder->uidnext - 1 : UINT32_MAX;
}

err mailbox_open(struct mailbox *m, struct mailbox_place *at)
{
    struct imap_folder folder;
    TRY(imap_select(m->imap, at->folder, &folder));
    m->at = at;
    find_place(m, &folder);
    return OK;
}
