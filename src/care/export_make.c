/* export_make: see export_make.h. */
#include "care/export_make.h"

#include "base/clock.h"
#include "base/file.h"
#include "care/blob_file.h"
#include "care/export_out.h"
#include "care/export_row.h"
#include "store/account.h"
#include "store/blob.h"
#include "store/contact.h"
#include "store/door.h"

#include <assert.h>
#include <string.h>

enum { LISTS_MAX = 48, FILES_PAGE = 1000, FILE_NAME_BYTES = 120, NAMED_MAX = 1000 };
static const int64_t page_bytes_max = (int64_t)1 << 30;

/* A file that goes along, as it stands in a file without a name until the lists are read. */
struct wanted {
    int64_t size;
    int64_t length;
    char name[FILE_NAME_BYTES];
};

struct export
{
    struct arena a, page, one; /* all of it; rows of a page; a file */
    struct export_order order;
    str account_name;
    struct ctx cx;
    int64_t snapshot_began_ms, snapshots, read_until_ms;
    struct export_out out;
    struct export_list lists[LISTS_MAX];
    ptrdiff_t n_lists;
    struct export_list *list_of_files;
    int wanted_fd, file_fd;
    int64_t n_wanted, file_bytes;
    struct export_made made;
    struct export_progress far;
    struct json_out missing, damaged; /* paths; the first ones */
    str why;
};

static err refuse(struct export *x, str why, err e)
{
    x->why = why;
    return e;
}

static err failed(struct export *x, const char *what, str path)
{
    return refuse(x, file_words(&x->a, str_from(what), path), E_BUSY);
}

static err told(struct export *x)
{
    x->far.bytes = x->out.bytes;
    return x->order.told ? x->order.told(x->order.arg, &x->far) : OK;
}

/* What came since it was counted belongs to it. */
static void done(struct export *x, int64_t n)
{
    x->far.done += n;
    if (x->far.total < x->far.done)
        x->far.total = x->far.done;
}

/* What went wrong with where it goes. */
static err out_of(struct export *x, err e)
{
    if (e != OK)
        x->why = x->out.why;
    return e;
}

/* ── reading ── */

static err page_write(struct export *x, struct export_list *list, const struct export_kind *kind,
    const char *rows, ptrdiff_t n)
{
    struct json_out j = json_out_make(&x->page, 0);
    for (ptrdiff_t i = 0; i < n; i++) {
        j.needs_comma = false;
        export_row(&j, kind, rows + i * kind->row_size);
        sb_byte(&j.b, '\n');
    }
    if (j.b.failed)
        return refuse(x, S("out of memory"), E_BUSY);
    TRY(out_of(x, export_list_add(&x->out, list, sb_str(&j.b), n)));
    if (kind->is_of_messages)
        done(x, n);
    return told(x);
}

static err list_begin(struct export *x, const char *name, struct export_list **list)
{
    assert(x->n_lists < LISTS_MAX);
    *list = &x->lists[x->n_lists++];
    (*list)->fd = -1;
    return out_of(x, export_list_open(&x->out, name, *list));
}

/* ── the snapshot ── */

static void snapshot_close(struct export *x)
{
    if (x->cx.db)
        (void)db_rollback(x->cx.db); /* it has read only */
    x->cx.db = NULL;
    x->read_until_ms = clock_now_ms();
}

static err snapshot_open(struct export *x)
{
    x->cx = (struct ctx){.arena = &x->page, .now_ms = x->out.now_ms};
    x->snapshot_began_ms = clock_mono_ms();
    x->snapshots++;
    TRY(db_begin(x->order.db, DB_READ, &x->page, &x->cx.db));
    return door_account(&x->cx, x->order.account);
}

/* While one is open SQLite's log cannot begin anew, and PostgreSQL keeps all that is changed. */
static err snapshot_renew(struct export *x)
{
    if (!x->order.snapshot_ms || clock_mono_ms() - x->snapshot_began_ms < x->order.snapshot_ms)
        return OK;
    snapshot_close(x);
    return snapshot_open(x);
}

static err kind_read(struct export *x, const struct export_kind *kind)
{
    struct export_place after = {0};
    struct export_list *list;
    const char *rows = NULL;
    ptrdiff_t n = kind->page;
    TRY(list_begin(x, kind->name, &list));
    while (n == kind->page) {
        TRY(snapshot_renew(x));
        TRY(export_page(&x->cx, kind, x->order.contact, &after, &rows, &n));
        TRY(page_write(x, list, kind, rows, n));
        after.text = str_copy(&x->a, after.text);
        arena_reset(&x->page);
    }
    return OK;
}

static err files_page(struct export *x, str after, struct export_file **rows, ptrdiff_t *n)
{
    struct blob_needed *needed;
    if (x->order.contact.v)
        return export_files(&x->cx, x->order.contact, after, FILES_PAGE, rows, n);
    TRY(blob_needed_page(&x->cx, after, FILES_PAGE, &needed, n));
    *rows = NEW(&x->page, struct export_file, *n + 1);
    for (ptrdiff_t i = 0; i < *n; i++)
        (*rows)[i] = (struct export_file){needed[i].name, needed[i].size};
    return OK;
}

static err wanted_add(struct export *x, const struct export_file *file)
{
    struct wanted w = {.size = file->size, .length = file->name.len};
    if (!blob_name_is_good(file->name) || file->name.len > FILE_NAME_BYTES)
        return OK; /* becomes no path; the attachment's line tells of it */
    memcpy(w.name, file->name.at, (size_t)file->name.len);
    if (file_write_on(x->wanted_fd, str_of((const char *)&w, (ptrdiff_t)sizeof w)) != OK)
        return failed(x, "write a file in", x->out.spool);
    x->n_wanted++;
    return OK;
}

static err files_read(struct export *x)
{
    char space[FILE_NAME_BYTES];
    str after = {0};
    struct export_file *rows;
    ptrdiff_t n = FILES_PAGE;
    if (file_open_nameless(x->out.spool, &x->wanted_fd) != OK)
        return failed(x, "write a file in", x->out.spool);
    while (n == FILES_PAGE) {
        TRY(snapshot_renew(x));
        TRY(files_page(x, after, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++)
            TRY(wanted_add(x, &rows[i]));
        if (n) {
            str last = str_sub(rows[n - 1].name, 0, FILE_NAME_BYTES);
            memcpy(space, last.at, (size_t)last.len);
            after = str_of(space, last.len);
        }
        arena_reset(&x->page);
    }
    return OK;
}

static err look_inside(struct export *x)
{
    struct account account;
    struct contact contact;
    const struct export_kind *kind;
    TRY(snapshot_open(x));
    TRY(account_get(&x->cx, &account));
    x->account_name = str_copy(&x->a, account.name);
    if (x->order.contact.v && contact_get(&x->cx, x->order.contact, &contact) != OK)
        return refuse(x, S("the contact was removed just now"), E_NOT_FOUND);
    x->far.step = "messages";
    TRY(export_message_count(&x->cx, x->order.contact, &x->far.total));
    arena_reset(&x->page);
    for (ptrdiff_t i = 0; (kind = export_kind_at(i)) != NULL; i++)
        if ((x->order.contact.v ? kind->of_contact : kind->of_account).len)
            TRY(kind_read(x, kind));
    return files_read(x);
}

/* Nobody is waited for while a snapshot is open but the disk, and whoever is told. */
static err read_all(struct export *x)
{
    err e = look_inside(x);
    snapshot_close(x);
    return e;
}

/* ── files ── */

static str path_of(struct export *x, str name)
{
    if (str_starts(name, S("photos/")))
        return str_cat(&x->one, S("files/"), name);
    return str_print(&x->one, "files/%.*s/%.*s", SARG(str_sub(name, 0, 2)), SARG(name));
}

static void name_it(struct json_out *j, int64_t *count, str path)
{
    if (++*count <= NAMED_MAX)
        json_put_str(j, path);
}

static err line_put(struct export *x, str path, int64_t size, str hash, const char *fault)
{
    struct json_out j = json_out_make(&x->one, 0);
    json_obj(&j);
    json_kv_str(&j, S("path"), path);
    json_kv_int(&j, S("bytes"), size);
    if (hash.len)
        json_kv_str(&j, S("sha256"), hash);
    if (fault)
        json_kv_bool(&j, str_from(fault), true);
    json_obj_end(&j);
    sb_byte(&j.b, '\n');
    return out_of(x, export_list_add(&x->out, x->list_of_files, sb_str(&j.b), 1));
}

static err file_copy(struct export *x, str path, str *hash, int64_t *size)
{
    err e = out_of(x, export_out_file(&x->out, path, x->file_fd, *size, hash));
    file_close(x->file_fd);
    x->file_fd = -1;
    return e;
}

static err file_export(struct export *x, const struct config *config, const struct wanted *w)
{
    arena_reset(&x->one);
    struct ctx cx = {.arena = &x->one, .account = x->order.account, .config = config};
    str name = str_of(w->name, (ptrdiff_t)w->length), path = path_of(x, name), hash = {0};
    int64_t size = 0;
    err e = blob_open_once(&cx, name, &x->file_fd, &size);
    if (e == E_NOT_FOUND) {
        name_it(&x->missing, &x->made.missing, path);
        return line_put(x, path, w->size, hash, "is_missing");
    }
    if (e != OK && x->order.blob_store)
        return refuse(x,
            str_print(&x->a, "the attachment %.*s cannot be fetched from the store", SARG(name)),
            e);
    if (e != OK)
        return failed(x, "read", name);
    TRY(file_copy(x, path, &hash, &size));
    bool is_whole = str_ends(name, hash);
    if (!is_whole)
        name_it(&x->damaged, &x->made.damaged, path);
    x->made.files++;
    x->file_bytes += size;
    return line_put(x, path, size, hash, is_whole ? NULL : "is_damaged");
}

static err files_export(struct export *x)
{
    struct config config = {.blobs_dir = x->order.blobs_dir, .blob_store = x->order.blob_store};
    struct wanted w;
    x->far = (struct export_progress){.step = "files", .total = x->n_wanted};
    for (int64_t i = 0; i < x->n_wanted; i++) {
        ptrdiff_t got = 0;
        if (file_read_at(x->wanted_fd, i * (int64_t)sizeof w, &w, sizeof w, &got) != OK ||
            got != (ptrdiff_t)sizeof w)
            return failed(x, "read a file in", x->out.spool);
        TRY(file_export(x, &config, &w));
        done(x, 1);
        TRY(told(x));
    }
    arena_reset(&x->one);
    return OK;
}

/* ── the manifest ── */

static void manifest_lists(struct json_out *j, const struct export *x)
{
    json_key(j, S("lists"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < x->n_lists; i++) {
        const struct export_list *list = &x->lists[i];
        json_obj(j);
        json_kv_str(j, S("path"), list->name);
        json_kv_int(j, S("lines"), list->lines);
        json_kv_int(j, S("bytes"), list->bytes);
        json_kv_str(j, S("sha256"), list->hash);
        json_obj_end(j);
    }
    json_arr_end(j);
}

static str manifest(struct export *x)
{
    struct json_out j = json_out_make(&x->a, 0);
    json_arr_end(&x->missing);
    json_arr_end(&x->damaged);
    json_obj(&j);
    json_kv_str(&j, S("format"), S("seva-export"));
    json_kv_int(&j, S("version"), 1);
    json_kv_str(&j, S("program"), S("seva " SEVA_VERSION));
    json_kv_time(&j, S("made_at"), x->out.now_ms);
    if (x->snapshots > 1)
        json_kv_time(&j, S("read_until_at"), x->read_until_ms);
    json_kv_id(&j, S("account_id"), x->order.account.v);
    json_kv_str(&j, S("account_name"), x->account_name);
    if (x->order.contact.v)
        json_kv_id(&j, S("contact_id"), x->order.contact.v);
    manifest_lists(&j, x);
    json_key(&j, S("files"));
    json_obj(&j);
    json_kv_int(&j, S("count"), x->made.files);
    json_kv_int(&j, S("bytes"), x->file_bytes);
    json_kv_int(&j, S("missing_count"), x->made.missing);
    json_kv_raw(&j, S("missing"), json_str(&x->missing));
    json_kv_int(&j, S("damaged_count"), x->made.damaged);
    json_kv_raw(&j, S("damaged"), json_str(&x->damaged));
    json_obj_end(&j);
    json_obj_end(&j);
    sb_byte(&j.b, '\n');
    return sb_str(&j.b);
}

static err write_all(struct export *x)
{
    TRY(list_begin(x, "files", &x->list_of_files));
    for (ptrdiff_t i = 0; i < x->n_lists - 1; i++) {
        TRY(out_of(x, export_list_close(&x->out, &x->lists[i])));
        TRY(told(x));
    }
    TRY(files_export(x));
    TRY(out_of(x, export_list_close(&x->out, x->list_of_files)));
    TRY(out_of(x, export_out_text(&x->out, S("manifest.json"), manifest(x))));
    return out_of(x, export_out_finish(&x->out));
}

/* ── all of it ── */

static err run(struct export *x)
{
    struct export_order *o = &x->order;
    TRY(out_of(
        x, export_out_open(&x->a, &x->one, o->target, clock_now_ms(), o->room_bytes, &x->out)));
    if (o->begin)
        TRY(o->begin(o->arg, o, &x->why));
    TRY(read_all(x));
    return write_all(x);
}

/* Memory that ends here ends the export, and not what holds the arena. */
static err run_to_the_end(struct export *x)
{
    jmp_buf escape;
    if (setjmp(escape)) {
        x->a.escape = x->page.escape = x->one.escape = NULL;
        return refuse(x, S("out of memory"), E_BUSY);
    }
    x->a.escape = x->page.escape = x->one.escape = &escape;
    err e = run(x);
    x->a.escape = x->page.escape = x->one.escape = NULL;
    return e;
}

static void count(struct export *x)
{
    x->made.lists = x->n_lists;
    x->made.bytes = x->out.bytes;
    for (ptrdiff_t i = 0; i < x->n_lists; i++)
        x->made.lines += &x->lists[i] == x->list_of_files ? 0 : x->lists[i].lines;
}

static void close_all(struct export *x, bool is_done)
{
    snapshot_close(x);
    for (ptrdiff_t i = 0; i < x->n_lists; i++) {
        if (x->lists[i].sum)
            (void)crypto_sha256_close(x->lists[i].sum); /* frees it */
        file_close(x->lists[i].fd);
    }
    file_close(x->wanted_fd);
    file_close(x->file_fd);
    if (!is_done)
        export_out_drop(&x->out);
    arena_free(&x->page);
    arena_free(&x->one);
    arena_free(&x->a);
}

err export_make(
    struct arena *a, const struct export_order *order, struct export_made *made, str *why)
{
    struct export x = {
        .order = *order, .a = arena_make(0), .page = arena_make((ptrdiff_t)page_bytes_max)};
    x.one = arena_make(0);
    x.wanted_fd = x.file_fd = x.out.fd = -1;
    x.missing = json_out_make(&x.a, 0);
    x.damaged = json_out_make(&x.a, 0);
    json_arr(&x.missing);
    json_arr(&x.damaged);
    err e = run_to_the_end(&x);
    count(&x);
    *made = x.made;
    *why = str_copy(a, x.why);
    close_all(&x, e == OK);
    return e;
}
