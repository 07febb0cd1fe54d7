/* doctor_files: files and the rows that speak of them, both ways: is each file there that a row
 * needs, whole, and with --deep with the bytes that its name promises; has each file its row; what
 * have writers left that were interrupted. A file that is damaged is put aside as NAME.damaged
 * before its row is mended. Files change beside us, so what seems wrong is looked at twice. */
#include "app/doctor_inner.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "care/blob_file.h"
#include "store/checkup.h"

enum { OLD_MS = 24 * 3600 * 1000, FOLDER_DEPTH = 4 };

enum file_state { FILE_WHOLE, FILE_MISSING, FILE_LENGTH, FILE_BYTES, FILE_UNREADABLE };

/* What is needed and not whole. */
struct bad {
    str name;
    int64_t size;
    enum file_state state;
    struct bad *next;
};

struct walk {
    struct doctor *d;
    const account_id *accounts;
    ptrdiff_t n;
    account_id account;
    struct bad *first, **last;
    int64_t files, bytes, lost, aside;
};

static struct ctx place_of(struct walk *w, struct arena *a)
{
    return (struct ctx){.arena = a, .account = w->account, .config = &w->d->config};
}

/* ── one file ── */

static enum file_state state_of(struct walk *w, str name, int64_t size)
{
    struct arena one = arena_make(0);
    struct ctx cx = place_of(w, &one);
    struct file_sum sum = {0};
    int64_t there = 0;
    enum file_state state = FILE_WHOLE;
    err e = blob_look(&cx, name, &there);
    if (e != OK)
        state = e == E_NOT_FOUND ? FILE_MISSING : FILE_UNREADABLE;
    else if (there != size)
        state = FILE_LENGTH;
    else if (w->d->is_deep && blob_sum(&cx, name, &sum) != OK)
        state = FILE_UNREADABLE;
    else if (w->d->is_deep && !str_ends(name, sum.hash))
        state = FILE_BYTES;
    arena_free(&one);
    return state;
}

static const char *words_of(enum file_state state)
{
    switch (state) {
    case FILE_WHOLE:
        return "is whole";
    case FILE_MISSING:
        return "is missing";
    case FILE_LENGTH:
        return "is damaged: it has another length";
    case FILE_BYTES:
        return "is damaged: its bytes are not those of its name";
    case FILE_UNREADABLE:
        return "cannot be read";
    }
    return "";
}

/* Out of the way, so that nobody is handed wrong bytes; for whoever wants to look at it. */
static bool put_aside(struct walk *w, const struct bad *b)
{
    struct ctx cx = place_of(w, w->d->a);
    return blob_put_aside(&cx, b->name) == OK;
}

/* For people. */
static str where(struct walk *w, str name)
{
    struct doctor *d = w->d;
    str home =
        d->files.store.len > 0 ? str_cat(&d->page, S("s3://"), d->files.store) : d->files.blobs_dir;
    return blob_tree_path(&d->page, home, w->account, name);
}

/* ── from rows to files ── */

/* How a use is mended; empty: it is not. */
static str mend_of(struct walk *w, const struct checkup_use *use, str name)
{
    struct arena *a = w->d->a;
    long long account = (long long)w->account.v, id = (long long)use->id;
    if (str_eq(use->kind, S("attachment")))
        return str_print(a, "lost %lld %lld", account, id);
    if (str_eq(use->kind, S("thumbnail")))
        return str_print(a, "thumbnail %lld %lld", account, id);
    if (str_eq(use->kind, S("photo")))
        return str_print(a, "photo %lld %lld %.*s", account, id, SARG(name));
    if (str_eq(use->kind, S("picture")))
        return str_print(a, "picture %lld %.*s", account, SARG(use->name));
    return (str){0};
}

static const char *fate_of(const struct checkup_use *use)
{
    if (str_eq(use->kind, S("mail")))
        return "the original of a mail";
    if (str_eq(use->kind, S("photo")))
        return "a photo of an agent; without it the initials are shown";
    if (str_eq(use->kind, S("thumbnail")))
        return "a small picture, which is made anew";
    return use->comes_again
               ? "it is fetched again"
               : "nobody else has it: bring it back from a backup, or it is marked as lost";
}

static void tell_use(struct walk *w, const struct bad *b, const struct checkup_use *use)
{
    struct doctor *d = w->d;
    str line = mend_of(w, use, b->name);
    if (use->is_lost) {
        w->lost++;
        return;
    }
    str what = str_print(&d->page, "file %.*s%s%.*s %s (%s)", SARG(where(w, b->name)),
        use->name.len ? ", " : "", SARG(use->name), words_of(b->state), fate_of(use));
    if (line.len && b->state != FILE_UNREADABLE)
        report_mendable(d, what, line);
    else
        report_wrong(d, what, S("bring it back from a backup"));
}

static void tell_bad(struct walk *w, const struct bad *b)
{
    struct doctor *d = w->d;
    const struct checkup_use *uses = NULL;
    ptrdiff_t n = 0;
    err e = look_begin(d, w->account);
    if (e == OK)
        e = checkup_uses(&d->cx, b->name, &uses, &n);
    if (e != OK)
        look_failed(d, "who refers to a file", e);
    look_end(d); /* its rows live until the next look */
    bool is_bad = e == OK && n > 0 && state_of(w, b->name, b->size) == b->state;
    bool is_there = b->state == FILE_LENGTH || b->state == FILE_BYTES;
    if (is_bad && is_there && d->repairs && !put_aside(w, b)) {
        report_wrong(d, str_cat(&d->page, S("cannot put aside "), b->name), S("see the log"));
        is_bad = false;
    }
    for (ptrdiff_t i = 0; is_bad && i < n; i++)
        tell_use(w, b, &uses[i]);
}

static void note_bad(struct walk *w, const struct checkup_blob *row, enum file_state state)
{
    struct bad *b = NEW(w->d->a, struct bad, 1);
    *b = (struct bad){.name = str_copy(w->d->a, row->name), .size = row->size, .state = state};
    *w->last = b;
    w->last = &b->next;
}

static err look_at_rows(struct walk *w)
{
    struct doctor *d = w->d;
    str after = {0};
    ptrdiff_t n = CHECKUP_PAGE;
    while (n == CHECKUP_PAGE) {
        const struct checkup_blob *rows;
        TRY(look_begin(d, w->account));
        TRY(checkup_blobs(&d->cx, after, &rows, &n));
        look_end(d); /* its rows live until the next look */
        for (ptrdiff_t i = 0; i < n; i++) {
            enum file_state state =
                rows[i].is_needed ? state_of(w, rows[i].name, rows[i].size) : FILE_WHOLE;
            w->files += rows[i].is_needed;
            w->bytes += rows[i].is_needed ? rows[i].size : 0;
            if (state != FILE_WHOLE)
                note_bad(w, &rows[i], state);
        }
        after = n > 0 ? str_copy(d->a, rows[n - 1].name) : after;
    }
    return OK;
}

/* Attachments whose file has no row, and those marked as lost whose file is back. */
static err look_at_marks(struct walk *w, bool is_lost)
{
    struct doctor *d = w->d;
    attachment_id after = {0};
    ptrdiff_t n = CHECKUP_PAGE;
    while (n == CHECKUP_PAGE) {
        const struct checkup_nameless *rows;
        TRY(look_begin(d, w->account));
        TRY(is_lost ? checkup_lost(&d->cx, after, &rows, &n)
                    : checkup_nameless(&d->cx, after, &rows, &n));
        look_end(d); /* its rows live until the next look */
        for (ptrdiff_t i = 0; i < n; i++) {
            struct ctx cx = place_of(w, &d->page);
            int64_t size = 0;
            err e = blob_look(&cx, rows[i].blob_name, &size);
            bool is_here = e == OK;
            if (e != OK && e != E_NOT_FOUND) /* nobody knows */
                continue;
            long long account = (long long)w->account.v, id = (long long)rows[i].id.v;
            if (is_lost && is_here)
                report_mendable(d,
                    str_print(&d->page, "the lost file of attachment %lld is back", id),
                    str_print(&d->page, "found %lld %lld", account, id));
            else if (!is_lost)
                report_mendable(d,
                    str_print(&d->page, "the file of attachment %lld has no row", id),
                    is_here
                        ? str_print(&d->page, "claim %lld %.*s", account, SARG(rows[i].blob_name))
                        : str_print(&d->page, "lost %lld %lld", account, id));
        }
        after = n > 0 ? rows[n - 1].id : after;
    }
    return OK;
}

/* ── from files to rows ── */

static bool is_old(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 < clock_now_ms() - OLD_MS;
}

static void leftover(struct walk *w, str path)
{
    struct doctor *d = w->d;
    report_mendable(d, str_cat(&d->page, S("left by an interrupted writer: "), path),
        str_cat(&d->page, S("remove "), path));
}

/* <account>/parts/<number><ending>, <account>/exports/<number>.tar */
static void look_at_part(struct walk *w, str path, str name, const struct stat *st)
{
    bool is_used = true;
    int64_t number = 0;
    ptrdiff_t digits = 0;
    while (digits < name.len && name.at[digits] >= '0' && name.at[digits] <= '9')
        digits++;
    if (!is_old(st) || str_int(str_sub(name, 0, digits), 1, INT64_MAX, &number) != OK)
        return;
    err e = look_begin(w->d, w->account);
    if (e == OK)
        e = checkup_part_is_used(&w->d->cx, number, &is_used);
    if (e != OK)
        look_failed(w->d, "uploads", e);
    else if (!is_used)
        leftover(w, path);
    look_end(w->d);
}

/* A file has its row before it is in place, so one without is nobody's; with a row again, the sweep
 * takes it away when nobody has asked for it. */
static void look_at_blob(struct walk *w, str path, str name, const struct stat *st)
{
    struct doctor *d = w->d;
    bool has_row = true;
    err e = look_begin(d, w->account);
    if (e == OK)
        e = checkup_blob_has_row(&d->cx, name, &has_row);
    if (e != OK)
        look_failed(d, "the rows of files", e);
    else if (!has_row && is_old(st))
        report_mendable(d, str_cat(&d->page, S("nobody's file: "), path),
            str_print(&d->page, "claim %lld %.*s", (long long)w->account.v, SARG(name)));
    look_end(d);
}

static void look_at_file(struct walk *w, str folder, str name, const struct stat *st)
{
    str path = str_print(w->d->a, "%.*s/%.*s", SARG(folder), SARG(name));
    bool is_part = str_ends(folder, S("/parts")) || str_ends(folder, S("/exports"));
    if (str_ends(name, S(".tmp"))) {
        if (is_old(st))
            leftover(w, path);
    } else if (str_ends(name, S(".damaged"))) {
        w->aside++;
    } else if (is_part) {
        look_at_part(w, path, name, st);
    } else if (w->account.v && w->d->files.store.len == 0 && blob_name_is_good(name)) {
        look_at_blob(w, path, name, st);
    }
}

static void walk_folder(struct walk *w, str folder, int depth)
{
    DIR *dir = opendir(str_z(w->d->a, folder));
    if (dir == NULL)
        return; /* there may be none yet */
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        str name = str_from(entry->d_name);
        if (entry->d_name[0] == '.' ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(st.st_mode))
            look_at_file(w, folder, name, &st);
        else if (S_ISDIR(st.st_mode) && depth > 0)
            walk_folder(w, str_print(w->d->a, "%.*s/%.*s", SARG(folder), SARG(name)), depth - 1);
    }
    (void)closedir(dir); /* it was only read */
}

/* ── the whole ── */

static void look_at_account(struct doctor *d, account_id account)
{
    struct walk w = {.d = d, .account = account};
    w.last = &w.first;
    report_begin(d, "files");
    err e = look_at_rows(&w);
    if (e == OK)
        e = look_at_marks(&w, false);
    if (e == OK)
        e = look_at_marks(&w, true);
    look_end(d);
    if (e != OK)
        look_failed(d, "the rows of files", e);
    for (const struct bad *b = w.first; b != NULL; b = b->next)
        tell_bad(&w, b);
    if (w.lost > 0)
        report_note(d,
            str_print(&d->page, "%lld files of account %lld are marked as lost or fetched again",
                (long long)w.lost, (long long)account.v),
            S("put them back in their place and run this again with --repair"));
    report_end(d, str_print(&d->page, "%lld files of account %lld, %lld MB%s", (long long)w.files,
                      (long long)account.v, (long long)(w.bytes / (1024 * 1024)),
                      d->is_deep ? ", every byte" : ""));
    report_begin(d, "leftovers");
    walk_folder(&w, str_print(d->a, "%.*s/%lld", SARG(d->files.blobs_dir), (long long)account.v),
        FOLDER_DEPTH);
    if (w.aside > 0)
        report_note(d, str_print(&d->page, "%lld damaged files were put aside", (long long)w.aside),
            S("remove the *.damaged when you do not want to look at them any more"));
    report_end(d, str_print(&d->page, "nothing lies about in the files of account %lld",
                      (long long)account.v));
}

/* Without it nothing can be said about any of them. */
static bool is_store_there(struct doctor *d)
{
    str name = str_cat(d->a, S("s3://"), d->files.store);
    report_begin(d, "store of attachments");
    bool is_there = d->config.blob_store && blobs_answer(d->a, d->config.blob_store);
    if (!is_there)
        report_wrong(d, str_cat(d->a, name, S(" cannot be asked for the attachments")),
            d->config.blob_store
                ? s3_words(blob_store_s3(d->config.blob_store), d->a)
                : S("look at keys, bucket, s3-endpoint, s3-region, egress-allow store=…"));
    report_end(d, str_cat(d->a, name, S(" answers")));
    return is_there;
}

void doctor_look_at_files(struct doctor *d, const account_id *accounts, ptrdiff_t n)
{
    if (d->files.store.len > 0 && !is_store_there(d))
        return;
    for (ptrdiff_t i = 0; i < n; i++)
        look_at_account(d, accounts[i]);
    struct walk w = {.d = d};
    report_begin(d, "folder leftovers");
    walk_folder(&w, d->files.data_dir, 0);
    walk_folder(&w, d->files.blobs_dir, 0);
    report_end(d, S("nothing lies about in the data folder"));
}
