/* Files on their way to X. Pictures up to 5 MB go in one call; GIFs and videos in pieces
 * (initialize, append, finalize), after which X works on them and is asked until they are ready.
 * See x.h. Nothing of it is visible to anybody, so what fails here has not been sent. Source:
 * docs.x.com, "Media upload", August 2026. Thread: job threads; waits. */
#include <time.h>

#include "base/crypto.h"
#include "base/file.h"
#include "connector/x.h"

enum {
    SIMPLE_BYTES = 5 * 1000 * 1000,
    PIECE_BYTES = 2 * 1024 * 1024,
    PIECE_MS = 60 * 1000,
    WAIT_MOST_S = 10, /* between two questions, whatever X proposes */
    WAIT_WHOLE_S = 120,
    QUESTIONS = 60,
};

static const char *category(enum x_media_for use, str type)
{
    bool is_post = use == X_FOR_POST;
    if (str_eq(type, S("image/gif")))
        return is_post ? "tweet_gif" : "dm_gif";
    if (str_starts(type, S("video/")))
        return is_post ? "tweet_video" : "dm_video";
    return is_post ? "tweet_image" : "dm_image";
}

/* What went wrong before the message was sent is at worst to be tried again. */
static void not_sent(struct connector_sent *sent)
{
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY;
}

static void refuse(struct connector_sent *sent, str words)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = words};
}

/* The id in an answer of initialize, finalize or a simple upload. */
static str id_of(const struct json *root)
{
    const struct json *data = take_object(root, "data");
    str id = take_id(data ? data : root, "id");
    if (!id.len)
        id = take_id(data ? data : root, "media_id_string");
    return x_is_id(id) ? id : (str){0};
}

static err simple(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, const char *use, const struct connector_file *file, const struct json **root,
    struct connector_sent *sent)
{
    enum x_fault fault;
    struct multipart m = multipart_make(a);
    multipart_field(&m, "media_category", str_from(use));
    multipart_file(&m, "media", file);
    if (m.failed) {
        multipart_close(&m);
        refuse(sent, S("X: a file of the message is not there any more."));
        return OK;
    }
    const struct x_ask ask = {
        .method = HTTP_POST, .path = S("/media/upload"), .files = &m, .timeout_ms = PIECE_MS};
    err e = x_call(client, a, s, now_ms, &ask, sent, &fault, root);
    multipart_close(&m);
    return e;
}

/* ── in pieces ── */

struct pieces {
    struct http_client *client;
    struct arena *a;
    const struct connector_setup *s;
    int64_t now_ms;
    str id;
    struct connector_sent *sent;
};

static err post(struct pieces *p, str path, str json, const struct json **root)
{
    enum x_fault fault;
    const struct x_ask ask = {.method = HTTP_POST, .path = path, .json = json};
    return x_call(p->client, p->a, p->s, p->now_ms, &ask, p->sent, &fault, root);
}

static err initialize(struct pieces *p, const char *use, const struct connector_file *file)
{
    const struct json *root;
    struct json_out j = json_out_make(p->a, 0);
    json_obj(&j);
    json_kv_str(&j, S("media_type"), file->type);
    json_kv_int(&j, S("total_bytes"), file->size);
    json_kv_str(&j, S("media_category"), str_from(use));
    json_obj_end(&j);
    TRY(post(p, S("/media/upload/initialize"), json_str(&j), &root));
    p->id = id_of(root);
    return OK;
}

/* One stretch of the file as multipart: the field, its number, the bytes. */
static err append(struct pieces *p, str bytes, int segment)
{
    struct http_result res = {0};
    str boundary = str_cat(p->a, S("seva-"), str_sub(crypto_token(p->a), 0, 32)), missing = {0};
    const struct http_part parts[] = {
        {.bytes = str_print(p->a,
             "--%.*s\r\nContent-Disposition: form-data; name=\"segment_index\"\r\n\r\n%d\r\n"
             "--%.*s\r\nContent-Disposition: form-data; name=\"media\"; filename=\"piece\"\r\n"
             "Content-Type: application/octet-stream\r\n\r\n",
             SARG(boundary), segment, SARG(boundary))},
        {.bytes = bytes},
        {.bytes = str_print(p->a, "\r\n--%.*s--\r\n", SARG(boundary))},
    };
    struct network_call call = {.method = HTTP_POST,
        .url =
            x_url(p->a, p->s, str_print(p->a, "/media/upload/%.*s/append", SARG(p->id)), (str){0}),
        .content_type = str_print(p->a, "multipart/form-data; boundary=%.*s", SARG(boundary)),
        .parts = parts,
        .n_parts = 3,
        .timeout_ms = PIECE_MS};
    call.authorization =
        x_authorization(p->a, p->s, X_AS_USER, HTTP_POST, call.url, p->now_ms, &missing);
    if (missing.len) {
        x_missing(X_AS_USER, missing, p->sent);
        return OK;
    }
    TRY(network_do(p->client, p->a, &call, &res));
    (void)x_answer(p->a, &res, p->now_ms, p->sent); /* the outcome says enough */
    return OK;
}

static err append_all(struct pieces *p, int fd, int64_t size)
{
    char *buffer = arena_try(p->a, PIECE_BYTES, 1);
    int segment = 0;
    if (!buffer)
        return E_BUSY;
    for (int64_t at = 0; at < size; segment++) {
        ptrdiff_t have = 0, got = 1;
        while (have < PIECE_BYTES && got > 0) {
            if (file_read_at(fd, at + have, buffer + have, PIECE_BYTES - have, &got) != OK)
                got = 0;
            have += got;
        }
        if (!have) {
            refuse(p->sent, S("X: a file of the message cannot be read."));
            return OK;
        }
        at += have;
        TRY(append(p, str_of(buffer, have), segment));
        if (p->sent->outcome != CONNECTOR_SENT)
            return OK;
    }
    return OK;
}

/* *wait_s: how long X wants to work on it; −1 = it is ready (or has failed: see sent). */
static void read_state(struct pieces *p, const struct json *root, int64_t *wait_s)
{
    const struct json *data = take_object(root, "data");
    const struct json *info = take_object(data ? data : root, "processing_info");
    str state = take_line(info, "state", READING_ID_BYTES);
    *wait_s = -1;
    if (!info || str_eq(state, S("succeeded")))
        return;
    if (str_eq(state, S("failed"))) {
        str words = take_line(take_object(info, "error"), "message", READING_ID_BYTES);
        p->sent->outcome = CONNECTOR_FINAL;
        p->sent->why = S("X cannot use this file; send it in another format.");
        network_why(p->a, S("X cannot use this file"), words, p->sent);
        return;
    }
    *wait_s = take_int(info, "check_after_secs", 1);
    if (*wait_s < 0 || *wait_s > WAIT_MOST_S)
        *wait_s = WAIT_MOST_S;
}

static err wait_until_ready(struct pieces *p, const struct json *root)
{
    int64_t wait_s, waited_s = 0;
    read_state(p, root, &wait_s);
    for (int i = 0; wait_s >= 0 && p->sent->outcome == CONNECTOR_SENT; i++) {
        enum x_fault fault;
        if (i == QUESTIONS || waited_s > WAIT_WHOLE_S) {
            *p->sent = (struct connector_sent){.outcome = CONNECTOR_RETRY,
                .why = S("X is still working on a file of the message.")};
            return OK;
        }
        const struct timespec pause = {.tv_sec = (time_t)wait_s};
        nanosleep(&pause, NULL);
        waited_s += wait_s;
        const struct x_ask ask = {.method = HTTP_GET,
            .path = S("/media/upload"),
            .query = str_print(p->a, "media_id=%.*s&command=STATUS", SARG(p->id))};
        TRY(x_call(p->client, p->a, p->s, p->now_ms, &ask, p->sent, &fault, &root));
        if (p->sent->outcome == CONNECTOR_SENT)
            read_state(p, root, &wait_s);
    }
    return OK;
}

static err in_pieces(struct pieces *p, const char *use, const struct connector_file *file)
{
    const struct json *root;
    int fd = -1;
    int64_t size = 0;
    if (file_open_read(file->path, &fd, &size) != OK) {
        refuse(p->sent, S("X: a file of the message is not there any more."));
        return OK;
    }
    err e = initialize(p, use, file);
    if (e == OK && p->sent->outcome == CONNECTOR_SENT && p->id.len)
        e = append_all(p, fd, size);
    file_close(fd);
    TRY(e);
    if (p->sent->outcome != CONNECTOR_SENT || !p->id.len)
        return OK;
    TRY(post(p, str_print(p->a, "/media/upload/%.*s/finalize", SARG(p->id)), (str){0}, &root));
    if (p->sent->outcome != CONNECTOR_SENT)
        return OK;
    return wait_until_ready(p, root);
}

err x_upload(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, enum x_media_for use, const struct connector_file *file, str *media_id,
    struct connector_sent *sent)
{
    const struct json *root = NULL;
    struct pieces p = {.client = client, .a = a, .s = s, .now_ms = now_ms, .sent = sent};
    bool is_simple = str_starts(file->type, S("image/")) && !str_eq(file->type, S("image/gif")) &&
                     file->size <= SIMPLE_BYTES;
    *media_id = (str){0};
    if (is_simple) {
        TRY(simple(client, a, s, now_ms, category(use, file->type), file, &root, sent));
        p.id = id_of(root);
    } else {
        TRY(in_pieces(&p, category(use, file->type), file));
    }
    not_sent(sent);
    if (sent->outcome == CONNECTOR_SENT && !p.id.len) {
        sent->outcome = CONNECTOR_RETRY;
        sent->why = S("X took a file but did not say its id.");
    }
    *media_id = p.id;
    return OK;
}
