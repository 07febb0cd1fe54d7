/* blobs: see blobs.h. */
#include "app/blobs.h"

#include <sys/stat.h>

#include "base/file.h"
#include "net/http_client.h"

#define MARK S("installation") /* the object that names the installation */
enum { KEYS_FILE_MAX = 4096, MARK_MAX = 4096 };

/* Two lines: the key's id and the secret key. */
static err keys_of_file(struct arena *a, str file, struct s3_options *o, str *why)
{
    struct stat st;
    str text, rest, id, secret;
    if (stat(str_z(a, file), &st) == 0 && (st.st_mode & 077)) {
        *why = str_print(a, "s3-keys-file: %.*s can be read by others: chmod 600", SARG(file));
        return E_INVALID;
    }
    if (file_read(a, file, KEYS_FILE_MAX, &text) != OK) {
        *why = str_print(a, "s3-keys-file: cannot read %.*s", SARG(file));
        return E_INVALID;
    }
    (void)str_cut(text, '\n', &id, &rest); /* what is missing is empty */
    (void)str_cut(rest, '\n', &secret, &rest);
    o->key_id = str_trim(id);
    o->secret = str_trim(secret);
    *why = str_print(a,
        "s3-keys-file: the first line of %.*s is the key's id, the second the secret key",
        SARG(file));
    return o->key_id.len > 0 && o->secret.len > 0 ? OK : E_INVALID;
}

static err options_read(
    struct arena *a, const struct settings *s, str place, struct s3_options *o, str *why)
{
    (void)str_cut(place, '/', &o->bucket, &o->prefix); /* without a prefix: empty */
    while (str_ends(o->prefix, S("/")))
        o->prefix.len--;
    o->region = s->values[SET_S3_REGION];
    o->endpoint = s->values[SET_S3_ENDPOINT];
    if (o->endpoint.len == 0)
        o->endpoint = str_print(a, "https://s3.%.*s.amazonaws.com", SARG(o->region));
    o->is_path_style = settings_flag(s, SET_S3_PATH_STYLE);
    o->ca_file = s->values[SET_CA_FILE];
    o->key_id = s->values[SET_S3_KEY_ID];
    o->secret = s->values[SET_S3_SECRET];
    o->session_token = s->values[SET_S3_SESSION_TOKEN];
    if (s->values[SET_S3_KEYS_FILE].len > 0)
        return keys_of_file(a, s->values[SET_S3_KEYS_FILE], o, why);
    *why = S("attachments in a store need keys: SEVA_S3_KEY_ID and SEVA_S3_SECRET in the "
             "environment, or s3-keys-file");
    return o->key_id.len > 0 && o->secret.len > 0 ? OK : E_INVALID;
}

err blobs_open(struct arena *a, const struct settings *s, const struct files *files,
    const struct egress_rules *rules, struct blob_store **store, str *why)
{
    struct s3_options o = {.rules = rules};
    struct s3 *s3;
    int64_t cache_mb;
    *store = NULL;
    if (files->store.len == 0)
        return OK;
    TRY(settings_int(a, s, SET_BLOB_CACHE, 100, 100 * 1000 * 1000, &cache_mb, why));
    TRY(options_read(a, s, files->store, &o, why));
    if (s3_open(a, &o, &s3, why) != OK) {
        *why = str_cat(a, S("blobs: "), *why);
        return E_INVALID;
    }
    if (http_client_start() == OK)
        *store = blob_store_open(s3, files->blobs_dir, cache_mb * 1024 * 1024);
    else
        s3_close(s3);
    *why = S("out of memory");
    return *store ? OK : E_BUSY;
}

err blobs_open_alone(struct arena *a, const struct settings *s, const struct files *files,
    struct blob_store **store, str *why)
{
    const struct egress_rules *rules;
    TRY(egress_rules_parse(a, s->values[SET_EGRESS_ALLOW], &rules, why));
    return blobs_open(a, s, files, rules, store, why);
}

bool blobs_answer(struct arena *a, struct blob_store *store)
{
    int64_t size;
    err e = s3_size(blob_store_s3(store), a, MARK, &size);
    return e == OK || e == E_NOT_FOUND;
}

str blobs_refusal(struct arena *a, struct blob_store *store, str place)
{
    str words = s3_words(blob_store_s3(store), a);
    return str_print(a,
        "the store of attachments s3://%.*s cannot be used: %.*s (look at its keys, bucket, "
        "s3-endpoint, s3-region, egress-allow store=…)",
        SARG(place), SARG(words));
}

err blobs_failed(struct arena *a, struct blob_store *store, str name, str *why)
{
    if (!store)
        return files_failed(a, S("read"), name, why);
    *why = str_print(a, "the attachment %.*s cannot be fetched from the store: %.*s; try again",
        SARG(name), SARG(s3_words(blob_store_s3(store), a)));
    return E_BUSY;
}

err blobs_mark(
    struct arena *a, struct blob_store *store, str folder, str fresh, str *mark, bool *is_ours)
{
    struct s3 *s3 = blob_store_s3(store);
    int fd;
    int64_t size = 0;
    ptrdiff_t got = 0;
    char *space = NEW(a, char, MARK_MAX);
    TRY(file_open_nameless(folder, &fd));
    *is_ours = false;
    err e = s3_get(s3, a, MARK, (struct s3_range){0}, MARK_MAX, fd, &size);
    if (e == E_NOT_FOUND) {
        e = s3_put_bytes(s3, a, MARK, fresh, true);
        *is_ours = e == OK;
        if (e == OK || e == E_CONFLICT) /* another node was first */
            e = s3_get(s3, a, MARK, (struct s3_range){0}, MARK_MAX, fd, &size);
    }
    if (e == OK)
        e = file_read_at(fd, 0, space, MARK_MAX, &got);
    file_close(fd);
    *mark = str_trim(str_of(space, got));
    *is_ours = *is_ours && e == OK && str_eq(*mark, fresh);
    return e;
}
