/* export: see export.h. */
#include "app/export.h"

#include "app/admin.h"
#include "app/export_out.h"
#include "app/export_row.h"
#include "app/files.h"
#include "app/progress.h"
#include "app/wiring.h"
#include "base/clock.h"
#include "base/file.h"
#include "care/blob_file.h"
#include "db/migrations.h"
#include "store/account.h"
#include "store/blob.h"
#include "store/contact.h"
#include "store/door.h"

#include <assert.h>
#include <stdio.h>
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
    struct arena *a;
    struct arena page, one; /* rows of a page; a file */
    const struct settings *settings;
    struct files files;
    account_id account;
    contact_id contact;
    str account_name;
    struct ctx cx;
    struct export_out out;
    struct export_list lists[LISTS_MAX];
    ptrdiff_t n_lists;
    struct export_list *list_of_files;
    int wanted_fd;
    int64_t n_wanted, n_files, file_bytes, n_missing, n_damaged;
    struct json_out missing, damaged; /* paths; the first ones */
    struct progress progress;
    str why;
};

static err refuse(struct export *x, str why, err e)
{
    x->why = why;
    return e;
}

/* What went wrong with where it goes. */
static err out_of(struct export *x, err e)
{
    if (e != OK)
        x->why = x->out.why;
    return e;
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────────
 */

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
    progress_at(&x->progress, x->out.bytes);
    return OK;
}

static err list_begin(struct export *x, const char *name, struct export_list **list)
{
    assert(x->n_lists < LISTS_MAX);
    *list = &x->lists[x->n_lists];
    TRY(out_of(x, export_list_open(&x->out, name, *list)));
    x->n_lists++;
    return OK;
}

static err kind_read(struct export *x, const struct export_kind *kind)
{
    struct export_place after = {0};
    struct export_list *list;
    const char *rows = NULL;
    ptrdiff_t n = kind->page;
    TRY(list_begin(x, kind->name, &list));
    while (n == kind->page) {
        TRY(export_page(&x->cx, kind, x->contact, &after, &rows, &n));
        TRY(page_write(x, list, kind, rows, n));
        after.text = str_copy(x->a, after.text);
        arena_reset(&x->page);
    }
    return OK;
}

static err files_page(struct export *x, str after, struct export_file **rows, ptrdiff_t *n)
{
    struct blob_needed *needed;
    if (x->contact.v)
        return export_files(&x->cx, x->contact, after, FILES_PAGE, rows, n);
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
        return files_failed(x->a, S("write a file in"), x->out.spool, &x->why);
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
        return files_failed(x->a, S("write a file in"), x->out.spool, &x->why);
    while (n == FILES_PAGE) {
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
    TRY(db_migrations_known(x->cx.db, migrations, n_migrations, &x->why));
    TRY(door_account(&x->cx, x->account));
    TRY(account_get(&x->cx, &account));
    x->account_name = str_copy(x->a, account.name);
    if (x->contact.v && contact_get(&x->cx, x->contact, &contact) != OK)
        return refuse(x, S("the contact was removed just now"), E_NOT_FOUND);
    arena_reset(&x->page);
    const struct export_kind *kind;
    for (ptrdiff_t i = 0; (kind = export_kind_at(i)) != NULL; i++)
        if ((x->contact.v ? kind->of_contact : kind->of_account).len)
            TRY(kind_read(x, kind));
    return files_read(x);
}

/* One snapshot; nobody is waited for while it is open but the disk. */
static err read_all(struct export *x)
{
    struct db *db = NULL;
    TRY(db_look_open(x->a, x->files.db_url, &db, &x->why));
    x->cx = (struct ctx){.arena = &x->page, .now_ms = x->out.now_ms};
    err e = db_begin(db, DB_READ, &x->page, &x->cx.db);
    if (e == OK) {
        e = look_inside(x);
        (void)db_rollback(x->cx.db); /* it has read only */
    }
    db_close(db);
    if (e != OK && !x->why.len)
        x->why = S("the database cannot be read; see the lines above");
    return e;
}

/* ── files ──────────────────────────────────────────────────────────────────────────────────────
 */

static str path_of(struct export *x, str name)
{
    str inner = str_starts(name, S("photos/")) ? name : blob_inner_path(&x->one, name);
    return str_cat(&x->one, S("files/"), inner);
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

static err file_export(struct export *x, const struct config *config, const struct wanted *w)
{
    arena_reset(&x->one);
    struct ctx cx = {.arena = &x->one, .account = x->account, .config = config};
    str name = str_of(w->name, (ptrdiff_t)w->length), path = path_of(x, name), hash = {0};
    int fd = -1;
    int64_t size = 0;
    err e = blob_open(&cx, name, &fd, &size);
    if (e == E_NOT_FOUND) {
        name_it(&x->missing, &x->n_missing, path);
        return line_put(x, path, w->size, hash, "is_missing");
    }
    if (e != OK)
        return files_failed(x->a, S("read"), blob_path(&cx, name), &x->why);
    e = out_of(x, export_out_file(&x->out, path, fd, size, &hash));
    file_close(fd);
    TRY(e);
    bool is_whole = str_ends(name, hash);
    if (!is_whole)
        name_it(&x->damaged, &x->n_damaged, path);
    x->n_files++;
    x->file_bytes += size;
    progress_at(&x->progress, x->out.bytes);
    return line_put(x, path, size, hash, is_whole ? NULL : "is_damaged");
}

static err files_export(struct export *x)
{
    struct config config = {.blobs_dir = x->files.blobs_dir};
    struct wanted w;
    for (int64_t i = 0; i < x->n_wanted; i++) {
        ptrdiff_t got = 0;
        if (file_read_at(x->wanted_fd, i * (int64_t)sizeof w, &w, sizeof w, &got) != OK ||
            got != (ptrdiff_t)sizeof w)
            return files_failed(x->a, S("read a file in"), x->out.spool, &x->why);
        TRY(file_export(x, &config, &w));
    }
    arena_reset(&x->one);
    return OK;
}

/* ── the manifest ───────────────────────────────────────────────────────────────────────────────
 */

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
    struct json_out j = json_out_make(x->a, 0);
    json_arr_end(&x->missing);
    json_arr_end(&x->damaged);
    json_obj(&j);
    json_kv_str(&j, S("format"), S("seva-export"));
    json_kv_int(&j, S("version"), 1);
    json_kv_str(&j, S("program"), S("seva " SEVA_VERSION));
    json_kv_time(&j, S("made_at"), x->out.now_ms);
    json_kv_id(&j, S("account_id"), x->account.v);
    json_kv_str(&j, S("account_name"), x->account_name);
    if (x->contact.v)
        json_kv_id(&j, S("contact_id"), x->contact.v);
    manifest_lists(&j, x);
    json_key(&j, S("files"));
    json_obj(&j);
    json_kv_int(&j, S("count"), x->n_files);
    json_kv_int(&j, S("bytes"), x->file_bytes);
    json_kv_int(&j, S("missing_count"), x->n_missing);
    json_kv_raw(&j, S("missing"), json_str(&x->missing));
    json_kv_int(&j, S("damaged_count"), x->n_damaged);
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
        progress_at(&x->progress, x->out.bytes);
    }
    TRY(files_export(x));
    TRY(out_of(x, export_list_close(&x->out, x->list_of_files)));
    TRY(out_of(x, export_out_text(&x->out, S("manifest.json"), manifest(x))));
    return out_of(x, export_out_finish(&x->out));
}

/* ── the command ────────────────────────────────────────────────────────────────────────────────
 */

/* By the server, or here when none holds the data folder. */
static int note(struct export *x, str *reply)
{
    char name[] = "seva", word[] = EXPORT_NOTE_WORD, of[] = "--account", who[] = "--contact";
    char *argv[6] = {name, word};
    int argc = 2;
    const struct settings *s = x->settings;
    if (s->values[SET_ACCOUNT].len) {
        argv[argc++] = of;
        argv[argc++] = str_z(x->a, s->values[SET_ACCOUNT]);
    }
    if (x->contact.v) {
        argv[argc++] = who;
        argv[argc++] = str_z(x->a, s->values[SET_CONTACT]);
    }
    int code = admin_ask(x->a, x->files.admin_socket, argc, argv, (str){0}, reply);
    if (code >= 0)
        return code;
    struct config config;
    struct people people = {.config = &config};
    ptrdiff_t applied;
    if (files_lock(x->a, &x->files, reply) != OK)
        return 1;
    code = node_config(x->a, s, &x->files, &config, reply) != OK ||
           node_db_open(x->a, &x->files, &people.db, &applied, reply) != OK;
    if (!code) {
        code = export_note(x->a, &people, s, reply);
        db_close(people.db);
    }
    files_unlock(&x->files);
    return code;
}

static err note_all(struct export *x)
{
    str reply = {0};
    int code = note(x, &reply);
    if (code == 0 && str_int(reply, 1, INT64_MAX, &x->account.v) == OK)
        return OK;
    return refuse(x,
        code == 0 || !reply.len
            ? S("the server's answer is not understood; is it of another version?")
            : str_trim(reply),
        E_INVALID);
}

static err run(struct export *x)
{
    TRY(out_of(x, export_out_open(x->a, &x->one, x->settings->words[1], clock_now_ms(), &x->out)));
    TRY(note_all(x));
    x->progress = progress_start("export", 0);
    TRY(read_all(x));
    TRY(write_all(x));
    progress_end(&x->progress, x->out.bytes);
    return OK;
}

static str summary(const struct export *x)
{
    int64_t lines = 0;
    for (ptrdiff_t i = 0; i < x->n_lists; i++)
        lines += &x->lists[i] == x->list_of_files ? 0 : x->lists[i].lines;
    struct sb b = sb_make(x->a, 0);
    sb_print(&b, "%lld lines in %td lists and %lld files, %.*s in %.*s.\n", (long long)lines,
        x->n_lists, (long long)x->n_files, SARG(progress_size(x->a, x->out.bytes)),
        SARG(x->out.is_pipe ? S("standard output") : x->out.target));
    if (x->n_missing)
        sb_print(&b, "%lld files are not in the folder of files; manifest.json names them\n",
            (long long)x->n_missing);
    if (x->n_damaged)
        sb_print(&b, "%lld files are damaged; manifest.json names them\n", (long long)x->n_damaged);
    return sb_str(&b);
}

static void close_all(struct export *x, bool is_done)
{
    for (ptrdiff_t i = 0; i < x->n_lists; i++) {
        if (x->lists[i].sum)
            (void)crypto_sha256_close(x->lists[i].sum); /* frees it */
        file_close(x->lists[i].fd);
    }
    file_close(x->wanted_fd);
    if (!is_done)
        export_out_drop(&x->out);
    arena_free(&x->page);
    arena_free(&x->one);
}

int export_command(struct arena *a, const struct settings *s, str *out)
{
    struct export x = {.a = a, .settings = s, .wanted_fd = -1, .out = {.fd = -1}};
    *out = S("usage: seva export --data DIR [--account ID] [--contact ID] TARGET\n"
             "       TARGET: a new folder, a new file NAME.tar, or - (a tar on standard output)\n");
    if (s->n_words != 2 || !s->words[1].len || export_contact(s, &x.contact) != OK)
        return 2;
    err e = files_resolve(a, s, &x.files, &x.why);
    x.page = arena_make((ptrdiff_t)page_bytes_max);
    x.one = arena_make(0);
    x.missing = json_out_make(a, 0);
    x.damaged = json_out_make(a, 0);
    json_arr(&x.missing);
    json_arr(&x.damaged);
    if (e == OK)
        e = run(&x);
    close_all(&x, e == OK);
    if (e != OK) {
        *out = str_print(a, "seva: %.*s\n", SARG(x.why.len ? x.why : str_from(err_name(e))));
        return 1;
    }
    *out = summary(&x);
    if (x.out.is_pipe) {
        (void)fwrite(out->at, 1, (size_t)out->len, stderr); /* only words */
        *out = (str){0};
    }
    return x.n_missing + x.n_damaged ? 3 : 0;
}
