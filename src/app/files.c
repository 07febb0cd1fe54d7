/* files: see files.h. */
#include "app/files.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS_FILE_MAX = 16 * 1024, PASSWORD_FILE_MAX = 4 * 1024 };

static err absolute(struct arena *a, str path, str *whole, str *why)
{
    if (path.len && path.at[0] == '/') {
        *whole = path;
        return OK;
    }
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) {
        *why = str_print(a, "cannot find the current folder: %s", strerrordesc_np(errno));
        return E_INVALID;
    }
    *whole = str_print(a, "%s/%.*s", here, SARG(path));
    return OK;
}

err files_resolve(struct arena *a, const struct settings *s, struct files *files, str *why)
{
    struct files f = {.lock_fd = -1};
    TRY(absolute(a, s->values[SET_DATA], &f.data_dir, why));
    while (f.data_dir.len > 1 && str_ends(f.data_dir, S("/")))
        f.data_dir.len--;
    f.keys_file = str_cat(a, f.data_dir, S("/keys"));
    f.blobs_dir = str_cat(a, f.data_dir, S("/blobs"));
    f.admin_socket = str_cat(a, f.data_dir, S("/admin.sock"));
    if (s->values[SET_KEYS].len)
        TRY(absolute(a, s->values[SET_KEYS], &f.keys_file, why));
    if (str_starts(s->values[SET_BLOBS], S("s3://"))) {
        f.store = str_skip(s->values[SET_BLOBS], 5);
        if (!f.store.len || f.store.at[0] == '/') {
            *why = S("blobs: which bucket? s3://BUCKET/PREFIX");
            return E_INVALID;
        }
        f.blobs_dir = str_cat(a, f.data_dir, S("/blob-cache"));
    } else if (s->values[SET_BLOBS].len)
        TRY(absolute(a, s->values[SET_BLOBS], &f.blobs_dir, why));
    if (s->values[SET_SHIP].len)
        TRY(absolute(a, s->values[SET_SHIP], &f.ship_dir, why));
    f.db_url = s->values[SET_DB];
    if (!f.db_url.len)
        f.db_url = str_print(a, "sqlite:%.*s/seva.db", SARG(f.data_dir));
    else if (str_eq(f.db_url, S("sqlite")))
        f.db_url = str_print(a, "sqlite:%.*s/seva.db", SARG(f.data_dir));
    *files = f;
    return OK;
}

err files_make(struct arena *a, const struct files *files, str *why)
{
    if (file_folder_make(files->data_dir, 0700) != OK ||
        file_folder_make(files->blobs_dir, 0700) != OK) {
        *why = str_print(
            a, "cannot make the folder %.*s: %s", SARG(files->data_dir), strerrordesc_np(errno));
        return E_INVALID;
    }
    return OK;
}

err files_make_keys(struct arena *a, const struct files *files, str *why)
{
    str there;
    err e = file_read(a, files->keys_file, KEYS_FILE_MAX, &there);
    if (e == E_NOT_FOUND)
        e = file_write(files->keys_file, keyring_new_line(a), 0600);
    if (e != OK) {
        *why = str_print(a, "cannot write the key file %.*s: %s", SARG(files->keys_file),
            strerrordesc_np(errno));
        return E_INVALID;
    }
    return OK;
}

err files_lock(struct arena *a, struct files *files, str *why)
{
    err e = file_lock(str_cat(a, files->data_dir, S("/lock")), &files->lock_fd);
    if (e == OK)
        return OK;
    files->lock_fd = -1;
    *why = e == E_CONFLICT
               ? str_print(a,
                     "%.*s is in use by another seva process (a server that starts or ends, an "
                     "import, a migration): try again when it has ended",
                     SARG(files->data_dir))
               : str_print(a,
                     "cannot use the data folder %.*s: %s; is --data right? A new one begins with "
                     "`seva init`",
                     SARG(files->data_dir), strerrordesc_np(errno));
    return e;
}

void files_unlock(struct files *files)
{
    file_close(files->lock_fd);
    files->lock_fd = -1;
}

err files_database_is_there(struct arena *a, const struct files *files, str *why)
{
    struct stat st;
    str path = str_skip(files->db_url, S("sqlite:").len);
    if (!str_starts(files->db_url, S("sqlite:")) || stat(str_z(a, path), &st) == 0)
        return OK;
    *why = str_print(a,
        "there is no database %.*s: %s; is its disk mounted, is --db right? A new installation "
        "begins with `seva init`, a lost one with `seva restore`",
        SARG(path), strerrordesc_np(errno));
    return E_NOT_FOUND;
}

err files_keys(struct arena *a, const struct files *files, struct keyring **keys, str *why)
{
    struct stat st;
    str text, words;
    if (stat(str_z(a, files->keys_file), &st) == 0 && (st.st_mode & 077)) {
        *why = str_print(
            a, "the key file %.*s can be read by others: chmod 600", SARG(files->keys_file));
        return E_INVALID;
    }
    if (file_read(a, files->keys_file, KEYS_FILE_MAX, &text) != OK) {
        *why = str_print(a,
            "cannot read the key file %.*s: %s; put this installation's own back there (a copy, "
            "another node's, or an encrypted backup's): only a new one begins with `seva init`",
            SARG(files->keys_file), strerrordesc_np(errno));
        return E_INVALID;
    }
    if (keyring_load(a, text, keys, &words) != OK) {
        *why = str_print(a, "the key file %.*s: %.*s", SARG(files->keys_file), SARG(words));
        return E_INVALID;
    }
    return OK;
}

static bool lies_in(const char *path, struct arena *a, str folder)
{
    char whole[PATH_MAX];
    str at = str_from(path);
    if (!realpath(str_z(a, folder), whole))
        return false;
    str of = str_from(whole);
    return str_starts(at, of) && (at.len == of.len || at.at[of.len] == '/');
}

/* The nearest folder above the target that is there. */
err files_elsewhere(struct arena *a, const struct files *files, str target, str *why)
{
    char whole[PATH_MAX];
    str above;
    if (str_eq(target, S("-")))
        return OK;
    TRY(absolute(a, target, &above, why));
    while (above.len > 1 && !realpath(str_z(a, above), whole))
        do
            above.len--;
        while (above.len > 1 && above.at[above.len] != '/');
    if (above.len <= 1 ||
        (!lies_in(whole, a, files->data_dir) && !lies_in(whole, a, files->blobs_dir)))
        return OK;
    *why =
        str_print(a, "%.*s lies in the data folder or the folder of files: give a place elsewhere",
            SARG(target));
    return E_CONFLICT;
}

err files_failed(struct arena *a, str what, str path, str *why)
{
    *why = file_words(a, what, path);
    return E_BUSY;
}

static str first_line(str text)
{
    str line, rest;
    (void)str_cut(text, '\n', &line, &rest); /* there may be no end */
    if (str_ends(line, S("\r")))
        line.len--;
    return line;
}

err files_first_line(struct arena *a, str file, str *line)
{
    str text;
    TRY(file_read(a, file, PASSWORD_FILE_MAX, &text));
    *line = first_line(text);
    return OK;
}

err files_password(struct arena *a, str file, str *password, str *why)
{
    str line;
    if (str_eq(file, S("-"))) {
        char *space = NEW(a, char, PASSWORD_FILE_MAX);
        line = first_line(str_of(space, (ptrdiff_t)fread(space, 1, PASSWORD_FILE_MAX, stdin)));
    } else if (files_first_line(a, file, &line) != OK) {
        (void)files_failed(a, S("read the password file"), file, why); /* the words are the error */
        return E_INVALID;
    }
    if (line.len < 8) {
        *why = S("a password has at least 8 characters");
        return E_INVALID;
    }
    *password = line;
    return OK;
}
