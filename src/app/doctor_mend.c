/* doctor_mend: what `seva doctor --repair` changes, a line each:
 *   probe                        nothing: is a write taken?
 *   counters ACCOUNT ID          a conversation's numbers are computed anew
 *   cells ACCOUNT                how many conversations views have is counted anew
 *   numbers ACCOUNT              the next conversation's number is a free one
 *   lost ACCOUNT ID              an attachment is fetched again or marked as lost
 *   found ACCOUNT ID             one that was lost is there again
 *   thumbnail ACCOUNT ID         its small picture is made anew
 *   photo ACCOUNT AGENT NAME     an agent has no photo any more
 *   picture ACCOUNT NAME         a picture of a mail is fetched when it is looked at
 *   claim ACCOUNT NAME           a file gets its row
 *   parked                       jobs that wait for a channel that does not know of it go on
 *   reindex NAME, index NAME, guard TABLE
 *   remove PATH                  a file that an interrupted writer has left
 * Files are looked at before the transaction. Thread: the server's main one, or the doctor's. */
#include "app/doctor.h"

#include "base/clock.h"
#include "base/file.h"
#include "care/blob_file.h"
#include "care/media.h"
#include "care/search_index.h"
#include "db/migrations.h"
#include "db/schema_check.h"
#include "store/attachment.h"
#include "store/blob.h"
#include "store/checkup.h"
#include "store/conversation_cell.h"
#include "store/door.h"
#include "store/lease.h"

enum { WORDS_MOST = 4, ANSWERS_MAX = 64 * 1024, TRIES = 3 };

struct mending {
    struct arena *a;
    struct db *db;
    struct ctx cx;
    str words[WORDS_MOST];
    account_id account;
    int64_t id, size; /* size of a claimed file */
    str why;
};

/* ── with a transaction ── */

static err probe(struct mending *m)
{
    return lease_probe(m->cx.db);
}

static err counters(struct mending *m)
{
    return checkup_conversation_mend(&m->cx, (conversation_id){m->id});
}

static err cells(struct mending *m)
{
    return conversation_cells_mend(&m->cx);
}

/* The same page is looked through once more: what has come in since, stays. */
static err index_missing(struct mending *m, enum search_kind kind)
{
    int64_t *ids = NULL, last;
    ptrdiff_t n = 0;
    bool is_building;
    TRY(search_index_missing(&m->cx, kind, m->id - 1, &ids, &n, &last, &is_building));
    return n ? search_changed_many(&m->cx, kind, ids, n) : OK;
}

static err unfound_messages(struct mending *m)
{
    return index_missing(m, SEARCH_MESSAGE);
}

static err unfound_contacts(struct mending *m)
{
    return index_missing(m, SEARCH_CONTACT);
}

static err numbers(struct mending *m)
{
    return checkup_numbers_mend(&m->cx);
}

static err lost(struct mending *m)
{
    bool comes_again;
    return media_lost(&m->cx, (attachment_id){m->id}, &comes_again);
}

static err found(struct mending *m)
{
    return media_found(&m->cx, (attachment_id){m->id});
}

static err thumbnail(struct mending *m)
{
    return media_thumbnail_lost(&m->cx, (attachment_id){m->id});
}

static err photo(struct mending *m)
{
    return checkup_photo_forget(&m->cx, (agent_id){m->id}, m->words[3]);
}

static err picture(struct mending *m)
{
    return checkup_picture_forget(&m->cx, m->words[2]);
}

static err claim(struct mending *m)
{
    return blob_claim(&m->cx, m->words[2], m->size);
}

static err parked(struct mending *m)
{
    int64_t changed;
    return checkup_parked_mend(m->cx.db, m->cx.now_ms, &changed);
}

/* ── without one ── */

static err reindex(struct mending *m)
{
    return db_reindex(m->db, m->a, m->words[1], &m->why);
}

/* What a migration says of it. */
static err find_schema(struct mending *m, enum schema_fault fault, str *sql)
{
    const struct schema_finding *found_ones;
    ptrdiff_t n = 0;
    struct db_tx *tx;
    TRY(db_begin(m->db, DB_READ, m->a, &tx));
    err e = schema_check(tx, migrations, n_migrations, &found_ones, &n);
    (void)db_rollback(tx); /* it has read only */
    *sql = (str){0};
    for (ptrdiff_t i = 0; e == OK && i < n; i++)
        if (found_ones[i].fault == fault && str_eq(found_ones[i].name, m->words[1]))
            *sql = fault == SCHEMA_UNGUARDED ? found_ones[i].name : found_ones[i].sql;
    return e;
}

static err index_again(struct mending *m)
{
    str sql;
    TRY(find_schema(m, SCHEMA_INDEX_MISSING, &sql));
    return sql.len ? schema_mend(m->db, m->a, sql, &m->why) : E_NOT_FOUND;
}

static err guard(struct mending *m)
{
    str table;
    TRY(find_schema(m, SCHEMA_UNGUARDED, &table));
    if (!table.len)
        return E_NOT_FOUND;
    TRY(schema_mend(m->db, m->a,
        str_print(m->a, "ALTER TABLE %.*s ENABLE ROW LEVEL SECURITY", SARG(table)), &m->why));
    return schema_mend(m->db, m->a,
        str_print(m->a, "ALTER TABLE %.*s FORCE ROW LEVEL SECURITY", SARG(table)), &m->why);
}

static bool is_below(str path, str folder)
{
    return str_starts(path, folder) && str_starts(str_skip(path, folder.len), S("/")) &&
           str_find(path, S("/../")) < 0;
}

/* Only where we write such files, and not while somebody writes to it. */
static err remove_left(struct mending *m)
{
    int fd = -1;
    str path = m->words[1];
    if (!is_below(path, m->cx.config->blobs_dir) && !is_below(path, m->cx.config->data_dir))
        return E_INVALID;
    if (!str_ends(path, S(".tmp")) && str_find(path, S("/parts/")) < 0 &&
        str_find(path, S("/exports/")) < 0)
        return E_INVALID;
    err e = file_lock(path, &fd);
    if (e == OK)
        e = file_remove(path);
    else
        m->why = S("somebody writes to it");
    file_close(fd);
    return e;
}

/* ── the lines ── */

enum { BY_ACCOUNT = 1, BY_ID = 2, ALONE = 4, IF_GONE = 8, IF_THERE = 16 };
static const struct {
    str word;
    int how;
    err (*run)(struct mending *m);
} kinds[] = {
    {S_INIT("probe"),            0,                            probe           },
    {S_INIT("counters"),         BY_ACCOUNT | BY_ID,           counters        },
    {S_INIT("cells"),            BY_ACCOUNT,                   cells           },
    {S_INIT("unfound-messages"), BY_ACCOUNT | BY_ID,           unfound_messages},
    {S_INIT("unfound-contacts"), BY_ACCOUNT | BY_ID,           unfound_contacts},
    {S_INIT("numbers"),          BY_ACCOUNT,                   numbers         },
    {S_INIT("lost"),             BY_ACCOUNT | BY_ID | IF_GONE, lost            },
    {S_INIT("found"),            BY_ACCOUNT | BY_ID,           found           },
    {S_INIT("thumbnail"),        BY_ACCOUNT | BY_ID,           thumbnail       },
    {S_INIT("photo"),            BY_ACCOUNT | BY_ID,           photo           },
    {S_INIT("picture"),          BY_ACCOUNT,                   picture         },
    {S_INIT("claim"),            BY_ACCOUNT | IF_THERE,        claim           },
    {S_INIT("parked"),           0,                            parked          },
    {S_INIT("reindex"),          ALONE,                        reindex         },
    {S_INIT("index"),            ALONE,                        index_again     },
    {S_INIT("guard"),            ALONE,                        guard           },
    {S_INIT("remove"),           ALONE,                        remove_left     },
};

/* Somebody may have brought the file back since it was looked for. */
static err is_gone(struct mending *m, bool *gone)
{
    struct attachment at = {0};
    int64_t size;
    TRY(db_begin(m->db, DB_READ, m->a, &m->cx.db));
    err e = door_account(&m->cx, m->account);
    if (e == OK)
        e = attachment_get(&m->cx, (attachment_id){m->id}, &at);
    (void)db_rollback(m->cx.db); /* it has read only */
    *gone = false;
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    m->cx.db = NULL;
    e = blob_look(&m->cx, at.blob_name, &size);
    *gone = e == E_NOT_FOUND && blob_name_is_good(at.blob_name);
    return e == E_NOT_FOUND ? OK : e;
}

static err in_transaction(struct mending *m, int how, err (*run)(struct mending *m))
{
    TRY(db_begin(m->db, DB_WRITE, m->a, &m->cx.db));
    err e = how & BY_ACCOUNT ? door_account(&m->cx, m->account) : OK;
    if (e == OK)
        e = run(m);
    if (e == OK)
        return db_commit(m->cx.db);
    (void)db_rollback(m->cx.db); /* the first error is the one to tell */
    return e;
}

static err mend_once(struct mending *m, int how, err (*run)(struct mending *m))
{
    bool gone = true;
    m->cx = (struct ctx){.arena = m->a,
        .now_ms = clock_now_ms(),
        .trace = S("doctor"),
        .config = m->cx.config,
        .account = m->account};
    if (how & ALONE)
        return run(m);
    if (how & IF_GONE)
        TRY(is_gone(m, &gone));
    if (how & IF_THERE)
        TRY(blob_look(&m->cx, m->words[2], &m->size));
    return gone ? in_transaction(m, how, run) : OK;
}

static err mend_line(struct mending *m, str line)
{
    for (int n = 0; n < WORDS_MOST && line.len > 0; n++) {
        if (n == WORDS_MOST - 1 || str_eq(m->words[0], S("remove"))) { /* a path may have spaces */
            m->words[n] = line;
            break;
        }
        (void)str_cut(line, ' ', &m->words[n], &line); /* the last one has no end */
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int how = kinds[k].how;
        if (!str_eq(kinds[k].word, m->words[0]))
            continue;
        if ((how & BY_ACCOUNT && str_int(m->words[1], 1, INT64_MAX, &m->account.v) != OK) ||
            (how & BY_ID && str_int(m->words[2], 1, INT64_MAX, &m->id) != OK) ||
            (how & IF_THERE && !blob_name_is_good(m->words[2])))
            return E_INVALID;
        err e = E_BUSY;
        for (int i = 0; i < TRIES && e == E_BUSY; i++)
            e = mend_once(m, how, kinds[k].run);
        return e;
    }
    return E_INVALID;
}

int doctor_mend(struct arena *a, struct db *db, const struct config *config, str lines, str *out)
{
    struct sb b = sb_make(a, ANSWERS_MAX);
    while (lines.len > 0) {
        str line;
        (void)str_cut(lines, '\n', &line, &lines); /* the last one may have no end */
        struct mending m = {.a = a, .db = db, .cx = {.config = config}};
        err e = mend_line(&m, line);
        str why = m.why.len              ? m.why
                  : m.cx.fault.words.len ? m.cx.fault.words
                                         : str_from(err_name(e));
        if (e == OK)
            sb_add(&b, S("ok\n"));
        else
            sb_print(&b, "%.*s\n", SARG(why));
    }
    *out = sb_str(&b);
    return 0;
}
