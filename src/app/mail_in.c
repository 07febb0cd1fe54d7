/* mail_in: see mail_in.h. */
#include "app/mail_in.h"

#include "app/files.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "connector/notice.h"
#include "net/http_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    SHORT_BYTES = 1024 * 1024, /* a longer mail waits in a file */
    PIECE_BYTES = 64 * 1024,
    CALL_MS = 600 * 1000, /* 50 MB over a slow line */
};

/* The mail on standard input: in memory, or what is longer in a file without a name. */
struct letter {
    str head;
    int fd; /* -1 = all of it is in head */
    int64_t size;
};

/* As much as there is, at most `room`; less only at the end. */
static err read_some(char *at, ptrdiff_t room, ptrdiff_t *n)
{
    for (*n = 0; *n < room;) {
        ssize_t got = read(STDIN_FILENO, at + *n, (size_t)(room - *n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return E_UPSTREAM;
        if (!got)
            break;
        *n += got;
    }
    return OK;
}

static err read_rest(struct arena *a, struct letter *l)
{
    const char *folder = getenv("TMPDIR");
    char *piece = arena_alloc(a, PIECE_BYTES, 1);
    ptrdiff_t n = 0;
    TRY(file_open_nameless(str_from(folder && *folder ? folder : "/var/tmp"), &l->fd));
    do {
        TRY(read_some(piece, PIECE_BYTES, &n));
        if (l->head.len + l->size + n > LIMIT_HTTP_LONG_BODY_BYTES)
            return E_LIMIT;
        TRY(file_write_at(l->fd, l->size, str_of(piece, n)));
        l->size += n;
    } while (n == PIECE_BYTES);
    return OK;
}

/* E_LIMIT: longer than Seva takes; E_UPSTREAM: it broke off; else as of files. */
static err read_mail(struct arena *a, struct letter *l)
{
    char *at = arena_alloc(a, SHORT_BYTES, 1);
    ptrdiff_t n = 0;
    TRY(read_some(at, SHORT_BYTES, &n));
    l->head = str_of(at, n);
    return n < SHORT_BYTES ? OK : read_rest(a, l);
}

/* Seva's own words; empty: somebody else answered. */
static str words_of(struct arena *a, const struct http_result *res)
{
    const struct json *root = NULL;
    str why;
    return res->outcome == HTTP_CALL_ANSWERED && json_parse(a, res->body, &root, &why) == OK
               ? json_text(json_get(json_get(root, S("error")), S("message")), S(""))
               : (str){0};
}

static str reason(struct arena *a, const struct http_result *res)
{
    str words = words_of(a, res);
    if (res->outcome != HTTP_CALL_ANSWERED)
        return res->why;
    return words.len ? words : str_print(a, "the server answered %d", res->status);
}

static err post(
    struct arena *a, str address, str secret, const struct letter *l, struct http_result *res)
{
    const struct egress_rules *rules = NULL;
    str why;
    TRY(http_client_start());
    /* Whoever calls this names the server: it may be anywhere. */
    TRY(egress_rules_parse(a, S("network=0.0.0.0/0,::/0"), &rules, &why));
    struct http_client *client = http_client_open(&(struct http_client_options){.rules = rules});
    if (!client)
        return E_BUSY;
    const struct http_header headers[] = {
        {S("Content-Type"), NOTICE_TYPE},
        { S("Authorization"), str_cat(a,         S("Bearer "), secret)},
    };
    const struct http_part parts[] = {
        {.bytes = l->head},
        { .is_file = true, .fd = l->fd, .size = l->size},
    };
    err e = http_client_call(client, a,
        &(struct http_call){.method = HTTP_POST,
            .url = address,
            .purpose = EGRESS_NETWORK,
            .headers = headers,
            .header_count = sizeof headers / sizeof *headers,
            .parts = parts,
            .part_count = l->size ? 2 : 1,
            .timeout_ms = CALL_MS},
        res);
    http_client_close(client);
    return e;
}

/* Seva itself says that it will never take this mail: a proxy before it may be set up wrongly. */
static bool is_final(struct arena *a, const struct http_result *res)
{
    return res->outcome == HTTP_CALL_ANSWERED && words_of(a, res).len &&
           (res->status == 400 || res->status == 413 || res->status == 415);
}

int mail_in_command(struct arena *a, const struct settings *s, str *out)
{
    str secret = {0}, why = {0}, file = s->values[SET_PASSWORD_FILE];
    struct letter mail = {.fd = -1};
    struct http_result res = {0};
    *out = S("seva: mail-in ADDRESS --password-file FILE\n");
    if (s->n_words != 2 || !file.len || str_eq(file, S("-")))
        return EX_USAGE;
    err e = files_password(a, file, &secret, &why);
    if (e == OK)
        e = read_mail(a, &mail);
    if (e == OK)
        e = post(a, s->words[1], secret, &mail, &res);
    file_close(mail.fd);
    if (e == E_LIMIT && !why.len) {
        *out = S("seva: the mail is larger than 50 MiB\n");
        return EX_DATAERR;
    }
    bool is_stored = e == OK && res.outcome == HTTP_CALL_ANSWERED && res.status / 100 == 2;
    str words = why.len ? why : e == OK ? reason(a, &res) : str_from(err_name(e));
    *out = is_stored ? (str){0} : str_print(a, "seva: %.*s\n", SARG(words));
    return is_stored ? EX_OK : e == OK && is_final(a, &res) ? EX_DATAERR : EX_TEMPFAIL;
}
