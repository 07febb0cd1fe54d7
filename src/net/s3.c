/* s3: see s3.h. The clients keep connections alive; as many of them are kept as S3_KEPT threads
 * need at once. */
#include "net/s3.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "net/http_client.h"

enum {
    S3_KEPT = 32,
    TRIES = 3,
    WAIT_MS = 200,       /* before the second try; before the third twice that */
    CALL_MS = 15 * 1000, /* a call without its bytes */
    BYTES_PER_MS = 512,  /* slower than that is given up */
    STALL_MS = 10 * 1000,
    AWAY_MS = 5 * 1000,
    WORDS_BYTES = 512,
    REFUSAL_BYTES = 64 * 1024, /* of the words with which a store refuses */
    SIGNED = 6,                /* headers at most */
};

struct s3 {
    char *texts;
    str scheme, host, path; /* path: "/bucket" or empty, then "/prefix" or empty; encoded */
    str region, token;
    struct s3_keys keys;
    bool is_plain; /* http:// */
    int64_t stall_ms, away_ms;
    _Atomic int64_t away_until_ms; /* by the clock that only goes on; 0 = it has answered */
    struct http_client_options client;
    pthread_mutex_t lock; /* of the three below */
    char words[WORDS_BYTES];
    struct http_client *kept[S3_KEPT];
    int n_kept;
};

/* ── clients ── */

static struct http_client *client_take(struct s3 *s3)
{
    struct http_client *client = NULL;
    (void)pthread_mutex_lock(&s3->lock);
    if (s3->n_kept > 0)
        client = s3->kept[--s3->n_kept];
    (void)pthread_mutex_unlock(&s3->lock);
    return client ? client : http_client_open(&s3->client);
}

static void client_give(struct s3 *s3, struct http_client *client)
{
    (void)pthread_mutex_lock(&s3->lock);
    bool is_kept = s3->n_kept < S3_KEPT;
    if (is_kept)
        s3->kept[s3->n_kept++] = client;
    (void)pthread_mutex_unlock(&s3->lock);
    if (!is_kept)
        http_client_close(client);
}

/* ── one call ── */

struct asking {
    struct s3 *s3;
    struct arena *a;
    enum http_method method;
    str key;
    str hash;               /* of the body, hex; empty = no body */
    struct http_part part;  /* the body */
    struct http_header own; /* one header more; name empty = none */
    int64_t bytes;          /* that go over the line at most */
    int fd;                 /* takes the answer's body; −1 = memory */
    int64_t written;
    err disk;
};

/* The answer's bytes; what they are is known from their hash later. */
static bool keep(void *arg, str piece)
{
    struct asking *q = arg;
    q->disk = file_write_at(q->fd, q->written, piece);
    q->written += piece.len;
    return q->disk == OK;
}

/* Keys hold letters, digits, '-', '.' and '/' mostly; the rest is encoded, each part by itself. */
static str path_of(struct arena *a, str start, str key)
{
    struct sb b = sb_make(a, 0);
    str part;
    sb_add(&b, start);
    for (bool more = key.len > 0; more;) {
        more = str_cut(key, '/', &part, &key);
        sb_byte(&b, '/');
        sb_add(&b, http_percent_encode(a, part));
    }
    return sb_str(&b);
}

static err call_once(struct asking *q, struct http_client *client, struct http_result *r)
{
    struct s3 *s3 = q->s3;
    struct http_header headers[SIGNED + 1];
    ptrdiff_t n = 0;
    str stamp = s3_stamp(q->a, clock_now_ms()), authorization;
    struct sha256 none = crypto_sha256((str){0});
    str hash =
        q->hash.len > 0 ? q->hash : crypto_hex(q->a, str_of(none.b, (ptrdiff_t)sizeof none.b));
    headers[n++] = (struct http_header){S("host"), s3->host};
    headers[n++] = (struct http_header){S("x-amz-content-sha256"), hash};
    headers[n++] = (struct http_header){S("x-amz-date"), stamp};
    if (s3->token.len > 0)
        headers[n++] = (struct http_header){S("x-amz-security-token"), s3->token};
    if (q->own.name.len > 0)
        headers[n++] = q->own;
    const struct s3_signing signing = {.method = http_method_name(q->method),
        .path = path_of(q->a, s3->path, q->key),
        .headers = headers,
        .header_count = n,
        .body_hash = hash,
        .stamp = stamp,
        .region = s3->region,
        .service = S("s3")};
    TRY(s3_sign(q->a, &s3->keys, &signing, &authorization));
    headers[n++] = (struct http_header){S("Authorization"), authorization};
    struct http_call call = {.method = q->method,
        .url = str_print(
            q->a, "%.*s://%.*s%.*s", SARG(s3->scheme), SARG(s3->host), SARG(signing.path)),
        .purpose = s3->is_plain ? EGRESS_STORE_PLAIN : EGRESS_STORE,
        .headers = headers + 1, /* the client writes host by itself */
        .header_count = n - 1,
        .parts = q->hash.len > 0 ? &q->part : NULL,
        .part_count = q->hash.len > 0,
        .timeout_ms = CALL_MS + q->bytes / BYTES_PER_MS,
        .max_response_bytes = q->fd >= 0 ? (ptrdiff_t)q->bytes : REFUSAL_BYTES,
        .sink = q->fd >= 0 ? keep : NULL,
        .sink_arg = q,
        .stall_ms = s3->stall_ms,
        .may_repeat = true};
    return http_client_call(client, q->a, &call, r);
}

/* ── what an answer means ── */

/* "NoSuchBucket" of "<Error><Code>NoSuchBucket</Code>…"; empty = it does not say. */
static str code_of(str body)
{
    ptrdiff_t at = str_find(body, S("<Code>"));
    str rest = at < 0 ? (str){0} : str_skip(body, at + 6);
    ptrdiff_t end = str_find(rest, S("</Code>"));
    return end < 0 ? (str){0} : str_sub(rest, 0, end);
}

static bool is_one_of(str code, const char *const *codes)
{
    for (; *codes; codes++)
        if (str_eq(code, str_from(*codes)))
            return true;
    return false;
}

/* It does not know what it is asked for, a condition (Swift). */
static bool is_unknown_to(const struct http_result *r)
{
    return r->status == 501;
}

static bool is_passing(const struct http_result *r)
{
    static const char *const codes[] = {"RequestTimeout", "BadDigest", "IncompleteBody",
        "XAmzContentSHA256Mismatch", "OperationAborted", NULL};
    if (r->outcome == HTTP_CALL_NOT_SENT || r->outcome == HTTP_CALL_UNKNOWN)
        return true;
    return (r->status >= 500 && !is_unknown_to(r)) || r->status == 429 || r->status == 408 ||
           (r->status >= 400 && is_one_of(code_of(r->body), codes));
}

static err meaning(const struct http_result *r)
{
    if (r->outcome == HTTP_CALL_TOO_LARGE)
        return E_LIMIT;
    if (r->outcome == HTTP_CALL_ANSWERED && r->status >= 200 && r->status < 300)
        return OK;
    if (is_passing(r))
        return E_BUSY;
    if (r->status == 404 && !str_eq(code_of(r->body), S("NoSuchBucket")))
        return E_NOT_FOUND;
    return r->status == 412 || r->status == 409 ? E_CONFLICT : E_UPSTREAM;
}

static void wait_ms(int64_t ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL); /* a shorter wait does no harm */
}

/* It said nothing, or that it cannot. What is cut off in the middle of an answer is no such sign.
 */
static bool is_absence(const struct http_result *r)
{
    return r->outcome != HTTP_CALL_REFUSED &&
           (r->status == 0 || (r->status >= 500 && !is_unknown_to(r)) || r->status == 429);
}

/* One thread at a time asks whether it is back. */
static bool is_let_alone(struct s3 *s3)
{
    int64_t until_ms = atomic_load(&s3->away_until_ms), now_ms = clock_mono_ms();
    if (until_ms == 0)
        return false;
    return now_ms < until_ms ||
           !atomic_compare_exchange_strong(&s3->away_until_ms, &until_ms, now_ms + s3->away_ms);
}

static void note_presence(struct s3 *s3, const struct http_result *r)
{
    if (s3->away_ms >= 0 && is_absence(r))
        atomic_store(&s3->away_until_ms, clock_mono_ms() + s3->away_ms);
    else if (atomic_exchange(&s3->away_until_ms, 0) != 0)
        log_line(LOG_INFO, "the store of attachments answers again", LOG_S("host", s3->host));
}

static void tell(const struct asking *q, const struct http_result *r, err e)
{
    if (e == OK || e == E_NOT_FOUND || e == E_CONFLICT || (q->own.name.len && is_unknown_to(r)))
        return;
    str words = r->status > 0 ? code_of(r->body) : r->why;
    (void)pthread_mutex_lock(&q->s3->lock);
    (void)snprintf(q->s3->words, sizeof q->s3->words, "%.0d%s%.*s", r->status,
        r->status > 0 ? " " : "", SARG(words)); /* cut off is as good */
    (void)pthread_mutex_unlock(&q->s3->lock);
    log_line(LOG_WARN, "the store of attachments gave no good answer",
        LOG_Z("method", http_method_name(q->method)), LOG_S("key", q->key),
        LOG_I("status", r->status), LOG_S("code", code_of(r->body)), LOG_S("why", r->why));
}

static err ask_quietly(struct asking *q, struct http_client *client, struct http_result *r)
{
    err e = E_BUSY;
    for (int i = 0; i < TRIES && e == E_BUSY && q->disk == OK; i++) {
        if (i > 0)
            wait_ms(WAIT_MS * i);
        q->written = 0;
        if (q->fd >= 0)
            TRY(file_truncate(q->fd, 0));
        TRY(call_once(q, client, r));
        e = meaning(r);
        if (r->timed_out && r->status == 0)
            break; /* whoever waits has waited long enough */
    }
    return q->disk != OK ? q->disk : e;
}

/* A file takes no words: why it is not there is asked for again. */
static err ask_why(struct asking *q, struct http_client *client, struct http_result *r)
{
    struct asking again = *q;
    again.fd = -1;
    again.own = (struct http_header){0};
    TRY(call_once(&again, client, r));
    err e = meaning(r);
    return e == OK || e == E_LIMIT ? E_BUSY : e; /* it has come meanwhile */
}

static err ask(struct asking *q, struct http_result *r)
{
    *r = (struct http_result){0};
    struct http_client *client = is_let_alone(q->s3) ? NULL : client_take(q->s3);
    if (client == NULL)
        return E_BUSY;
    err e = ask_quietly(q, client, r);
    bool is_wordless = q->fd >= 0 && r->outcome == HTTP_CALL_ANSWERED;
    if (is_wordless && (e == E_NOT_FOUND || e == E_UPSTREAM))
        e = ask_why(q, client, r);
    client_give(q->s3, client);
    if (q->disk == OK)
        note_presence(q->s3, r);
    tell(q, r, e);
    return e;
}

/* ── objects ── */

err s3_put(struct s3 *s3, struct arena *a, str key, int fd, int64_t from, int64_t size, str hash)
{
    struct http_result r;
    struct asking q = {
        .s3 = s3,
        .a = a,
        .method = HTTP_PUT,
        .key = key,
        .hash = hash,
        .part = {.is_file = true, .fd = fd, .from = from, .size = size},
        .bytes = size,
        .fd = -1
    };
    err e = ask(&q, &r);
    return e == E_NOT_FOUND || e == E_CONFLICT ? E_UPSTREAM : e;
}

err s3_put_bytes(struct s3 *s3, struct arena *a, str key, str bytes, bool is_new)
{
    struct http_result r;
    struct sha256 sum = crypto_sha256(bytes);
    struct asking q = {.s3 = s3,
        .a = a,
        .method = HTTP_PUT,
        .key = key,
        .hash = crypto_hex(a, str_of(sum.b, (ptrdiff_t)sizeof sum.b)),
        .part = {.bytes = bytes},
        .bytes = bytes.len,
        .fd = -1};
    if (is_new)
        q.own = (struct http_header){S("if-none-match"), S("*")};
    err e = ask(&q, &r);
    if (e != OK && is_new && is_unknown_to(&r)) {
        q.own = (struct http_header){0};
        e = ask(&q, &r);
    }
    return e == E_NOT_FOUND ? E_UPSTREAM : e;
}

err s3_get(struct s3 *s3, struct arena *a, str key, struct s3_range range, int64_t max, int fd,
    int64_t *size)
{
    struct http_result r;
    struct asking q = {.s3 = s3, .a = a, .method = HTTP_GET, .key = key, .bytes = max, .fd = fd};
    if (range.length > 0)
        q.own =
            (struct http_header){S("range"), str_print(a, "bytes=%lld-%lld", (long long)range.from,
                                                 (long long)(range.from + range.length - 1))};
    TRY(ask(&q, &r));
    if (range.length > 0 && r.status != 206) {
        log_line(LOG_WARN, "the store of attachments knows no parts", LOG_S("key", key));
        return E_UPSTREAM;
    }
    *size = q.written;
    return OK;
}

err s3_size(struct s3 *s3, struct arena *a, str key, int64_t *size)
{
    struct http_result r;
    struct asking q = {.s3 = s3, .a = a, .method = HTTP_HEAD, .key = key, .fd = -1};
    TRY(ask(&q, &r));
    return str_int(http_result_header(&r, S("Content-Length")), 0, INT64_MAX, size) == OK
               ? OK
               : E_UPSTREAM;
}

err s3_remove(struct s3 *s3, struct arena *a, str key)
{
    struct http_result r;
    struct asking q = {.s3 = s3, .a = a, .method = HTTP_DELETE, .key = key, .fd = -1};
    err e = ask(&q, &r);
    return e == E_NOT_FOUND ? OK : e == E_CONFLICT ? E_BUSY : e;
}

str s3_words(struct s3 *s3, struct arena *a)
{
    (void)pthread_mutex_lock(&s3->lock);
    str words = str_copy(a, str_from(s3->words));
    (void)pthread_mutex_unlock(&s3->lock);
    return words;
}

bool s3_is_away(struct s3 *s3)
{
    return atomic_load(&s3->away_until_ms) != 0;
}

/* ── opening ── */

/* A port that goes without saying is not in the header host. */
static str host_of(str scheme, str host)
{
    str port = str_eq(scheme, S("https")) ? S(":443") : S(":80");
    return str_ends(host, port) ? str_sub(host, 0, host.len - port.len) : host;
}

/* "10.1.0.4:9000": in front of it no bucket can stand. */
static bool is_address(str host)
{
    struct ip_address ip;
    str name = host, port;
    if (!str_starts(host, S("[")))
        (void)str_cut(host, ':', &name, &port); /* without a port: all of it */
    return str_starts(host, S("[")) || ip_parse(name, &ip);
}

static bool bucket_is_good(str bucket)
{
    for (ptrdiff_t i = 0; i < bucket.len; i++) {
        char c = bucket.at[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!is_good && !(c >= 'A' && c <= 'Z') && c != '_') /* old ones */
            return false;
    }
    return bucket.len >= 3 && bucket.len <= 255;
}

static err endpoint_read(
    struct arena *a, const struct s3_options *o, str *scheme, str *host, str *why)
{
    str endpoint = o->endpoint;
    ptrdiff_t at = str_find(endpoint, S("://"));
    *scheme = at < 0 ? (str){0} : str_sub(endpoint, 0, at);
    *host = str_skip(endpoint, at + 3);
    while (str_ends(*host, S("/")))
        host->len--;
    *host = host_of(*scheme, str_lower_ascii(a, *host));
    bool is_http = str_eq(*scheme, S("https")) || str_eq(*scheme, S("http"));
    if (is_http && host->len > 0 && str_find_byte(*host, '/') < 0 && str_find_byte(*host, '@') < 0)
        return OK;
    *why = S("the endpoint must be https://host or http://host:port, without a path");
    return E_INVALID;
}

static str text_keep(char **at, str s)
{
    if (s.len > 0)
        memcpy(*at, s.at, (size_t)s.len);
    str kept = str_of(*at, s.len);
    *at += s.len + 1;
    return kept;
}

static err fill(struct s3 *s3, const struct s3_options *o, const str texts[7])
{
    ptrdiff_t all = 0;
    for (int i = 0; i < 7; i++)
        all += texts[i].len + 1;
    char *at = s3->texts = alloc_zero(all);
    if (at == NULL)
        return E_BUSY;
    str *const places[] = {
        &s3->scheme, &s3->host, &s3->path, &s3->region, &s3->keys.id, &s3->keys.secret, &s3->token};
    for (int i = 0; i < 7; i++)
        *places[i] = text_keep(&at, texts[i]);
    s3->is_plain = str_eq(s3->scheme, S("http"));
    s3->stall_ms = o->stall_ms > 0 ? o->stall_ms : STALL_MS;
    s3->away_ms = o->away_ms != 0 ? o->away_ms : AWAY_MS;
    s3->client = (struct http_client_options){.rules = o->rules, .ca_file = o->ca_file};
    return OK;
}

err s3_open(struct arena *a, const struct s3_options *o, struct s3 **opened, str *why)
{
    str scheme, host;
    TRY(endpoint_read(a, o, &scheme, &host, why));
    *why = S("the name of the bucket has letters, digits, '-' and '.' only");
    if (!bucket_is_good(o->bucket))
        return E_INVALID;
    *why = S("the store needs a key id and a secret key");
    if (o->key_id.len == 0 || o->secret.len == 0)
        return E_INVALID;
    *why = str_print(a,
        "the endpoint %.*s is an address, before which the bucket's name cannot stand: add "
        "--s3-path-style",
        SARG(host));
    if (!o->is_path_style && is_address(host))
        return E_INVALID;
    str path = path_of(a, o->is_path_style ? str_cat(a, S("/"), o->bucket) : (str){0}, o->prefix);
    if (!o->is_path_style)
        host = str_print(a, "%.*s.%.*s", SARG(o->bucket), SARG(host));
    *why = S("out of memory");
    struct s3 *s3 = alloc_zero((ptrdiff_t)sizeof *s3);
    if (s3 == NULL)
        return E_BUSY;
    const str texts[] = {scheme, host, path, o->region, o->key_id, o->secret, o->session_token};
    if (fill(s3, o, texts) != OK) {
        free(s3);
        return E_BUSY;
    }
    (void)pthread_mutex_init(&s3->lock, NULL);
    *opened = s3;
    return OK;
}

void s3_close(struct s3 *s3)
{
    if (s3 == NULL)
        return;
    for (int i = 0; i < s3->n_kept; i++)
        http_client_close(s3->kept[i]);
    (void)pthread_mutex_destroy(&s3->lock);
    free(s3->texts);
    free(s3);
}
