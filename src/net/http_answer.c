/* Answers: made on any thread as one message, posted to the loop, sent there. The head is written
 * by the caller's thread except for Date and Connection, which only the loop knows. See
 * http_server.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_inner.h"

enum { SMALL_BODY = 4096 };

struct answer {
    struct loop_message message; /* first */
    struct http_server *server;
    struct http_handle handle;
    int status;
    bool close_after, has_file, body_is_static;
    struct http_file file;
    str head;
    str body;
    struct shared_bytes *shared; /* holds body when it is large; NULL else */
    char bytes[];                /* head, then a small body */
};

static bool value_is_sound(str v)
{
    for (ptrdiff_t i = 0; i < v.len; i++) {
        unsigned char c = (unsigned char)v.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool answer_head_is_sound(const struct http_header *headers, ptrdiff_t n, str content_type)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (!str_is_ascii_token(headers[i].name) || !value_is_sound(headers[i].value))
            return false;
    return value_is_sound(content_type);
}

str answer_date(struct http_server *s)
{
    int64_t second = clock_now_ms() / 1000;
    if (second != s->date_second || s->date[0] == 0) {
        char text[TIME_HTTP_BYTES]; /* no arena: the loop has no request to give up */
        str date = time_http_to(text, second * 1000);
        (void)snprintf(s->date, sizeof s->date, "Date: %.*s\r\n", SARG(date)); /* 37 of 40 bytes */
        s->date_second = second;
    }
    return str_from(s->date);
}

void answer_fail(struct http_server *s, struct http_handle h)
{
    atomic_store(&s->slots[h.slot].failed, h.generation + 1); /* + 1: zero means none */
    atomic_store(&s->has_failed, true);
    loop_nudge(s->loop);
}

void answer_failed_slots(struct http_server *s)
{
    if (!atomic_exchange(&s->has_failed, false))
        return;
    for (uint32_t i = 0; i < s->slot_count; i++) {
        uint32_t failed = atomic_exchange(&s->slots[i].failed, 0);
        if (failed == 0)
            continue;
        struct conn *c = conn_of_handle(s, (struct http_handle){i, failed - 1});
        if (c != NULL && c->state == CONN_WORKING)
            conn_refuse(c, 503, S("out of memory"));
        else if (c != NULL && c->state == CONN_STREAM)
            conn_free(c); /* bytes for it were lost: the client must resume */
    }
}

static void answer_send(struct conn *c, struct answer *a)
{
    struct http_server *s = c->server;
    s->slots[c->slot].generation++;
    net_count(s, COUNT_STATUS_0 + a->status / 100, 1);
    c->close_after = c->close_after || a->close_after || atomic_load(&s->has_stopped);
    bool has_file = a->has_file && !c->is_head && a->file.size > 0;
    conn_enter(c, CONN_WRITING);
    const str end = c->close_after ? S("Connection: close\r\n\r\n") : S("\r\n");
    const struct piece head = {.bytes = a->head};
    const struct piece date = {.bytes = answer_date(s)};
    const struct piece rest = {.bytes = end, .is_static = true};
    const struct piece body = {
        .bytes = a->body, .shared = a->shared, .is_static = a->body_is_static};
    const struct piece pieces[] = {head, date, rest, body};
    int n = (int)(sizeof pieces / sizeof pieces[0]);
    if (c->is_head || a->body.len == 0)
        n--;
    if (!conn_send(c, pieces, n))
        return;
    if (has_file) {
        file_body_open(c, a->file);
        a->has_file = false;
    } else {
        conn_answered(c);
    }
}

static void answer_run(struct loop_message *m)
{
    struct answer *a = (struct answer *)m;
    struct conn *c = conn_of_handle(a->server, a->handle);
    if (c != NULL && c->state == CONN_WORKING)
        answer_send(c, a);
    else
        net_count(a->server, COUNT_DROPPED, 1);
    if (a->has_file)
        http_file_close(&a->file);
    shared_drop(a->shared);
    free(a);
}

static ptrdiff_t head_size(const struct http_response *r)
{
    ptrdiff_t n = 160 + r->content_type.len;
    for (ptrdiff_t i = 0; i < r->header_count; i++)
        n += r->headers[i].name.len + r->headers[i].value.len + 4;
    return n;
}

static char *put(char *to, str s)
{
    if (s.len > 0)
        memcpy(to, s.at, (size_t)s.len);
    return to + s.len;
}

static str write_head(char *out, ptrdiff_t size, const struct http_response *r)
{
    int n =
        snprintf(out, (size_t)size, "HTTP/1.1 %d %s\r\n", r->status, http_status_phrase(r->status));
    char *to = out + n;
    if (r->content_type.len > 0)
        to = put(put(put(to, S("Content-Type: ")), r->content_type), S("\r\n"));
    for (ptrdiff_t i = 0; i < r->header_count; i++) {
        to = put(put(to, r->headers[i].name), S(": "));
        to = put(put(to, r->headers[i].value), S("\r\n"));
    }
    if (r->status != 204 && r->status != 304) {
        int64_t length = r->has_file ? r->file.size : r->body.len;
        to += snprintf(to, 48, "Content-Length: %lld\r\n", (long long)length);
    }
    return str_of(out, to - out);
}

/* NULL: out of memory. */
static struct answer *answer_make(const struct http_response *r)
{
    bool has_body = r->body.len > 0 && !r->has_file && r->status != 204 && r->status != 304;
    bool is_small = has_body && !r->body_is_static && r->body.len <= SMALL_BODY;
    ptrdiff_t head_room = head_size(r);
    struct answer *a = alloc_zero((ptrdiff_t)sizeof *a + head_room + (is_small ? r->body.len : 0));
    if (a == NULL)
        return NULL;
    a->status = r->status;
    a->close_after = r->close_after;
    a->head = write_head(a->bytes, head_room, r);
    a->body_is_static = r->body_is_static;
    if (is_small) {
        (void)put(a->bytes + head_room, r->body);
        a->body = str_of(a->bytes + head_room, r->body.len);
    } else if (has_body && r->body_is_static) {
        a->body = r->body;
    } else if (has_body) {
        a->shared = shared_new(r->body.len);
        if (a->shared == NULL) {
            free(a);
            return NULL;
        }
        (void)put(a->shared->at, r->body);
        a->body = str_of(a->shared->at, r->body.len);
    }
    return a;
}

void http_respond(struct http_server *server, struct http_handle h, const struct http_response *r)
{
    struct http_response mended = *r;
    bool is_sound = answer_head_is_sound(r->headers, r->header_count, r->content_type);
    if (!is_sound || r->status < 200 || r->status > 599) {
        log_line(LOG_ERROR, "an answer with a malformed status or header became a 500",
            LOG_I("status", r->status));
        mended = (struct http_response){.status = 500,
            .content_type = S("application/json"),
            .body = S("{\"error\":{\"code\":\"internal\",\"message\":\"internal error\","
                      "\"field\":null,\"trace\":null}}"),
            .body_is_static = true,
            .close_after = true};
        if (r->has_file)
            http_file_close(&r->file);
    }
    struct answer *a = answer_make(&mended);
    if (a == NULL) {
        if (mended.has_file)
            http_file_close(&mended.file);
        answer_fail(server, h);
        return;
    }
    a->message.run = answer_run;
    a->server = server;
    a->handle = h;
    a->has_file = mended.has_file;
    a->file = mended.file;
    loop_post(server->loop, &a->message);
}
