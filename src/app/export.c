/* export: see export.h. */
#include "app/export.h"

#include "app/admin.h"
#include "app/blobs.h"
#include "app/files.h"
#include "app/progress.h"
#include "app/wiring.h"
#include "care/export_make.h"
#include "db/migrations.h"

#include <stdio.h>

struct command {
    struct arena *a;
    const struct settings *settings;
    struct files files;
    contact_id contact;
    account_id account; /* once the entry is made */
    struct db *db;      /* to look into, beside the server */
    struct progress progress;
};

/* By the server, or here when none holds the data folder. */
static int note(struct command *x, str *reply)
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

static err note_all(struct command *x, str *why)
{
    str reply = {0};
    int code = note(x, &reply);
    if (code == 0 && str_int(reply, 1, INT64_MAX, &x->account.v) == OK)
        return OK;
    *why = code == 0 || !reply.len
               ? S("the server's answer is not understood; is it of another version?")
               : str_trim(reply);
    return E_INVALID;
}

static err is_known(struct command *x, str *why)
{
    struct db_tx *tx = NULL;
    TRY(db_begin(x->db, DB_READ, x->a, &tx));
    err e = db_migrations_known(tx, migrations, n_migrations, why);
    (void)db_rollback(tx); /* it has read only */
    return e;
}

static err begin(void *arg, struct export_order *order, str *why)
{
    struct command *x = arg;
    TRY(note_all(x, why));
    TRY(db_look_open(x->a, x->files.db_url, &x->db, why));
    TRY(is_known(x, why));
    order->db = x->db;
    order->account = x->account;
    x->progress = progress_start("export", 0);
    return OK;
}

static err told(void *arg, const struct export_progress *far)
{
    struct command *x = arg;
    progress_at(&x->progress, far->bytes);
    return OK;
}

static str summary(const struct command *x, const struct export_made *made, str target)
{
    struct sb b = sb_make(x->a, 0);
    sb_print(&b, "%lld lines in %lld lists and %lld files, %.*s in %.*s.\n", (long long)made->lines,
        (long long)made->lists, (long long)made->files, SARG(progress_size(x->a, made->bytes)),
        SARG(target));
    if (made->missing)
        sb_print(&b, "%lld files are not in the folder of files; manifest.json names them\n",
            (long long)made->missing);
    if (made->damaged)
        sb_print(
            &b, "%lld files are damaged; manifest.json names them\n", (long long)made->damaged);
    return sb_str(&b);
}

static int tell(struct command *x, const struct export_made *made, str target, str *out)
{
    bool is_pipe = str_eq(target, S("-"));
    progress_end(&x->progress, made->bytes);
    while (target.len > 1 && str_ends(target, S("/")))
        target.len--;
    *out = summary(x, made, is_pipe ? S("standard output") : target);
    if (is_pipe) {
        (void)fwrite(out->at, 1, (size_t)out->len, stderr); /* only words */
        *out = (str){0};
    }
    return made->missing + made->damaged ? 3 : 0;
}

int export_command(struct arena *a, const struct settings *s, str *out)
{
    struct command x = {.a = a, .settings = s};
    struct export_made made;
    str why = {0};
    *out = S("usage: seva export --data DIR [--account ID] [--contact ID] TARGET\n"
             "       TARGET: a new folder, a new file NAME.tar, or - (a tar on standard output)\n");
    if (s->n_words != 2 || !s->words[1].len)
        return 2;
    if (export_contact(s, &x.contact) != OK) {
        *out = str_print(a,
            "seva: --contact must be an id, the number in the address of the "
            "contact's page, not \"%.*s\"\n",
            SARG(s->values[SET_CONTACT]));
        return 2;
    }
    struct blob_store *store = NULL;
    err e = files_resolve(a, s, &x.files, &why);
    if (e == OK)
        e = files_elsewhere(a, &x.files, s->words[1], &why);
    if (e == OK)
        e = blobs_open_alone(a, s, &x.files, &store, &why);
    struct export_order order = {.target = s->words[1],
        .blobs_dir = x.files.blobs_dir,
        .blob_store = store,
        .contact = x.contact,
        .begin = begin,
        .told = told,
        .arg = &x};
    if (e == OK)
        e = export_make(a, &order, &made, &why);
    if (x.db)
        db_close(x.db);
    blob_store_close(store);
    if (e == OK)
        return tell(&x, &made, order.target, out);
    if (!why.len)
        why = S("the database cannot be read; see the lines above");
    *out = str_print(a, "seva: %.*s\n", SARG(why));
    return 1;
}
