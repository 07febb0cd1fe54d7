/* network: see network.h. */
#include "connector/network.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/utf8.h"
#include "connector/reading.h"

#include <stdio.h>

enum {
    LIMITED_MS = 60 * 1000, /* 429 without a time: every sheet's window is at least that long */
    WORDS_BYTES = 500,      /* of the network's own explanation */
    SECONDS_FROM_NOW_MOST = 10 * 24 * 3600, /* a smaller number in a reset header is a duration */
};

/* ── outcome ── */

static enum connector_outcome outcome_of_status(int status)
{
    if (status >= 200 && status < 300)
        return CONNECTOR_SENT;
    if (status == 401)
        return CONNECTOR_REAUTH;
    if (status == 429)
        return CONNECTOR_WAIT;
    if (status == 408 || status == 425 || status >= 500)
        return CONNECTOR_RETRY;
    return CONNECTOR_FINAL;
}

static enum connector_outcome outcome_of(const struct http_result *res)
{
    switch (res->outcome) {
    case HTTP_CALL_REFUSED:
        return CONNECTOR_FINAL;
    case HTTP_CALL_NOT_SENT:
        return CONNECTOR_RETRY;
    case HTTP_CALL_UNKNOWN:
        return CONNECTOR_UNKNOWN;
    case HTTP_CALL_TOO_LARGE:
    case HTTP_CALL_ANSWERED:
        break;
    }
    return outcome_of_status(res->status);
}

void network_why(struct arena *a, str network, str words, struct connector_sent *sent)
{
    str line = utf8_preview(a, utf8_repair(a, words), WORDS_BYTES);
    sent->why = line.len ? str_print(a, "%.*s: %.*s", SARG(network), SARG(line)) : sent->why;
}

void network_answer(struct arena *a, str network, const struct http_result *res, int64_t now_ms,
    struct connector_sent *sent)
{
    *sent = (struct connector_sent){.outcome = outcome_of(res), .rate = network_rate(res, now_ms)};
    if (sent->outcome == CONNECTOR_SENT)
        return;
    int64_t again_ms = http_result_retry_ms(res, now_ms);
    if (sent->outcome == CONNECTOR_RETRY && again_ms)
        sent->outcome = CONNECTOR_WAIT;
    if (sent->outcome == CONNECTOR_WAIT && !again_ms)
        again_ms = sent->rate.remaining == 0 && sent->rate.reset_ms > now_ms ? sent->rate.reset_ms
                                                                             : now_ms + LIMITED_MS;
    if (sent->outcome == CONNECTOR_WAIT)
        sent->wait_until_ms = again_ms;
    sent->is_channel_wide = sent->outcome == CONNECTOR_REAUTH || res->status == 429;
    sent->why = res->status
                    ? str_print(a, "%.*s answered %d.", SARG(network), res->status)
                    : str_print(a, "%.*s did not answer: %.*s.", SARG(network), SARG(res->why));
}

/* ── limits ── */

static int64_t reset_of(str text, int64_t now_ms)
{
    int64_t n = 0, ms = 0;
    if (str_int(text, 0, INT64_MAX / 1000000, &n) == OK)
        return n < SECONDS_FROM_NOW_MOST ? now_ms + n * 1000 : time_of_number(n);
    return time_parse(text, &ms) == OK ? ms : 0;
}

struct connector_rate network_rate(const struct http_result *res, int64_t now_ms)
{
    static const char *const families[] = {"x-rate-limit-", "x-ratelimit-", "ratelimit-"};
    char name[40];
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        str found[3];
        static const char *const ends[] = {"limit", "remaining", "reset"};
        for (int k = 0; k < 3; k++) {
            int len = snprintf(name, sizeof name, "%s%s", families[i], ends[k]);
            found[k] = str_trim(http_result_header(res, str_of(name, len)));
        }
        struct connector_rate rate = {0};
        if (str_int(found[0], 1, INT64_MAX, &rate.limit) == OK &&
            str_int(found[1], 0, INT64_MAX, &rate.remaining) == OK) {
            rate.reset_ms = reset_of(found[2], now_ms);
            return rate;
        }
    }
    return (struct connector_rate){0};
}

const struct json *network_json(struct arena *a, const struct http_result *res)
{
    const struct json *root = NULL;
    str why;
    return json_parse(a, res->body, &root, &why) == OK ? root : NULL;
}

/* ── asking ── */

err network_do(struct http_client *client, struct arena *a, const struct network_call *call,
    struct http_result *res)
{
    struct http_header headers[8];
    ptrdiff_t n = 0;
    if (call->authorization.len)
        headers[n++] = (struct http_header){S("Authorization"), call->authorization};
    if (call->body.len || call->n_parts)
        headers[n++] = (struct http_header){
            S("Content-Type"), call->content_type.len ? call->content_type : S("application/json")};
    for (int i = 0; i < call->n_extra; i++)
        headers[n++] = call->extra[i];
    const struct http_call c = {
        .method = call->method,
        .url = call->url,
        .purpose = EGRESS_NETWORK,
        .headers = headers,
        .header_count = n,
        .body = call->body,
        .parts = call->parts,
        .part_count = call->n_parts,
        .timeout_ms = call->timeout_ms,
        .max_response_bytes = call->max_bytes,
        .may_repeat = call->may_repeat || call->method == HTTP_GET,
    };
    return http_client_call(client, a, &c, res);
}

struct form form_make(struct arena *a)
{
    return (struct form){.b = sb_make(a, 0)};
}

void form_add(struct form *f, const char *name, str value)
{
    if (f->b.len)
        sb_byte(&f->b, '&');
    sb_add(&f->b, http_percent_encode(f->b.a, str_from(name)));
    sb_byte(&f->b, '=');
    sb_add(&f->b, http_percent_encode(f->b.a, value));
}

str form_str(const struct form *f)
{
    return sb_str(&f->b);
}

/* ── multipart ── */

struct multipart multipart_make(struct arena *a)
{
    struct multipart m = {.a = a, .head = sb_make(a, 0)};
    m.boundary = str_cat(a, S("seva-"), str_sub(crypto_token(a), 0, 32));
    return m;
}

/* A quoted string of a header: RFC 7578 leaves it to percent signs, as browsers do. */
static void put_quoted(struct sb *b, str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c == '"' || c == '\r' || c == '\n' || c < 0x20)
            sb_print(b, "%%%02X", c);
        else
            sb_byte(b, s.at[i]);
    }
}

static void begin_part(struct multipart *m, const char *name)
{
    sb_print(
        &m->head, "--%.*s\r\nContent-Disposition: form-data; name=\"%s\"", SARG(m->boundary), name);
}

void multipart_field(struct multipart *m, const char *name, str value)
{
    begin_part(m, name);
    sb_add(&m->head, S("\r\n\r\n"));
    sb_add(&m->head, value);
    sb_add(&m->head, S("\r\n"));
}

/* What has been gathered becomes a stretch of the body. */
static void flush(struct multipart *m)
{
    m->parts[m->n++] = (struct http_part){.bytes = sb_str(&m->head)};
    m->head = sb_make(m->a, 0);
}

void multipart_file(struct multipart *m, const char *name, const struct connector_file *file)
{
    int fd = -1;
    int64_t size = 0;
    if (m->n_files == MULTIPART_FILES || file_open_read(file->path, &fd, &size) != OK) {
        m->failed = true;
        return;
    }
    m->fds[m->n_files++] = fd;
    begin_part(m, name);
    sb_add(&m->head, S("; filename=\""));
    put_quoted(&m->head, file->name);
    sb_print(&m->head, "\"\r\nContent-Type: %.*s\r\n\r\n", SARG(file->type));
    flush(m);
    m->parts[m->n++] = (struct http_part){.is_file = true, .fd = fd, .size = size};
    sb_add(&m->head, S("\r\n"));
}

bool multipart_set(struct multipart *m, struct network_call *call)
{
    sb_print(&m->head, "--%.*s--\r\n", SARG(m->boundary));
    flush(m);
    call->parts = m->parts;
    call->n_parts = m->n;
    call->content_type = str_print(m->a, "multipart/form-data; boundary=%.*s", SARG(m->boundary));
    return !m->failed;
}

void multipart_close(struct multipart *m)
{
    for (int i = 0; i < m->n_files; i++)
        file_close(m->fds[i]);
    m->n_files = 0;
}
