/* export_file: see export_file.h. Thread: a request's; what follows the first part is brought by
 * the server's thread of sources. */
#include "api/export_file.h"

#include "api/file_answer.h"
#include "api/server.h"
#include "base/file.h"
#include "care/data_export.h"
#include "care/export_parts.h"
#include "net/http_range.h"
#include "store/data_export.h"

#include <stdlib.h>
#include <string.h>

/* What is known before the transaction of the answer begins. */
struct handed {
    struct call *call;
    data_export_id id;
    int64_t bytes;
    str etag;
    struct export_part *parts; /* from the first one that is asked for; NULL: it is in the folder */
    ptrdiff_t n_parts;
    struct http_range range;
    struct http_file file; /* ours until it is the answer's */
    bool is_answered;
};

/* ── parts that come one after the other ── */

enum { HASH_DIGITS = 64 };
struct part_name {
    int64_t bytes;
    char hash[HASH_DIGITS];
};

/* Owned by the answer: it outlives the request. */
struct parts {
    struct http_source source; /* first */
    const struct config *config;
    account_id account;
    data_export_id id;
    int64_t next;  /* number of the part that is brought next */
    int64_t first; /* number of the first in names */
    ptrdiff_t n;
    struct part_name names[];
};

static err part_open(const struct parts *p, struct arena *a, int *fd, int64_t *size)
{
    if (p->next - p->first >= p->n)
        return E_NOT_FOUND;
    const struct part_name *name = &p->names[p->next - p->first];
    const struct ctx at = {.arena = a, .account = p->account, .config = p->config};
    const struct export_part part = {
        .number = p->next, .hash = str_of(name->hash, HASH_DIGITS), .bytes = name->bytes};
    *size = part.bytes;
    return export_part_open(&at, p->id, &part, fd);
}

static err next(struct http_source *source, int *fd, int64_t *offset, int64_t *size)
{
    struct parts *p = (struct parts *)source;
    struct arena a = arena_make(0);
    jmp_buf escape;
    err e = E_BUSY;
    a.escape = &escape;
    if (!setjmp(escape))
        e = part_open(p, &a, fd, size);
    arena_free(&a);
    *offset = 0;
    p->next++;
    return e;
}

static void parts_close(struct http_source *source)
{
    free(source);
}

static struct parts *parts_make(const struct handed *h)
{
    ptrdiff_t names = h->n_parts * (ptrdiff_t)sizeof(struct part_name);
    struct parts *p = alloc_zero((ptrdiff_t)sizeof(struct parts) + names);
    if (!p)
        return NULL;
    p->source = (struct http_source){.next = next, .close = parts_close};
    p->config = h->call->cx.config;
    p->account = h->call->cx.account;
    p->id = h->id;
    p->first = p->next = h->parts[0].number;
    p->n = h->n_parts;
    for (ptrdiff_t i = 0; i < h->n_parts; i++) {
        p->names[i].bytes = h->parts[i].bytes;
        memcpy(p->names[i].hash, h->parts[i].hash.at, HASH_DIGITS);
    }
    return p;
}

/* ── beginning ── */

static err gone(struct ctx *cx)
{
    return fail(cx, E_NOT_FOUND,
        "The file of this export is not here any more; delete the export and make a new one.");
}

static err open_parts(struct handed *h)
{
    struct ctx *cx = &h->call->cx;
    int64_t skipped = h->range.from % EXPORT_PART_BYTES, size = 0;
    struct parts *p = parts_make(h);
    if (!p)
        return fail(cx, E_BUSY, "out of memory");
    h->file = (struct http_file){.fd = -1, .more = &p->source};
    err e = part_open(p, cx->arena, &h->file.fd, &size);
    p->next++;
    if (e == E_NOT_FOUND)
        return gone(cx);
    if (e != OK)
        return fail(cx, E_BUSY,
            "The file cannot be fetched from the store of attachments just now; try again.");
    h->file.offset = skipped;
    h->file.here = size - skipped;
    h->file.size = h->range.length;
    return OK;
}

static err open_here(struct handed *h)
{
    struct ctx *cx = &h->call->cx;
    err e = file_open_read(data_export_path(cx, h->id), &h->file.fd, &h->bytes);
    if (e == E_NOT_FOUND)
        return gone(cx);
    if (e != OK)
        return fail(cx, E_BUSY, "The file cannot be read just now; try again.");
    return OK;
}

/* Its parts, from the one with the first byte that is asked for to that with the last. */
static err parts_of(struct ctx *cx, struct handed *h)
{
    int64_t first = h->range.from / EXPORT_PART_BYTES;
    int64_t last = (h->range.from + h->range.length - 1) / EXPORT_PART_BYTES;
    TRY(data_export_parts(cx, h->id, first, (ptrdiff_t)(last - first + 1), &h->parts, &h->n_parts));
    for (ptrdiff_t i = 0; i < h->n_parts; i++)
        if (h->parts[i].number != first + i || h->parts[i].hash.len != HASH_DIGITS)
            return gone(cx);
    return OK;
}

static err hand_out(struct ctx *cx, void *arg)
{
    struct handed *h = arg;
    struct data_export e;
    TRY(data_export_hand_out(cx, h->id, &e));
    h->bytes = e.bytes;
    h->etag = str_print(cx->arena, "%lld-%lld", (long long)e.id.v, (long long)e.finished_ms);
    h->range =
        http_range_of(h->call->req, h->bytes, str_print(cx->arena, "\"%.*s\"", SARG(h->etag)));
    if (h->range.kind == HTTP_RANGE_NONE)
        h->range = (struct http_range){HTTP_RANGE_ALL, 0, h->bytes}; /* the answer says so */
    return parts_of(cx, h);
}

static void close_unanswered(void *arg)
{
    struct handed *h = arg;
    if (!h->is_answered)
        http_file_close(&h->file);
}

err export_file_prepare(struct call *call)
{
    struct handed *h = NEW(call->cx.arena, struct handed, 1);
    *h = (struct handed){.call = call, .id = {call->id}, .file = {.fd = -1}};
    call->prepared = h;
    TRY(prepare_write(call, hand_out, h));
    arena_defer(call->cx.arena, close_unanswered, h);
    if (call->req->method == HTTP_HEAD && h->n_parts)
        return OK;
    return h->n_parts ? open_parts(h) : open_here(h);
}

err export_file(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct handed *h = call->prepared;
    struct data_export e;
    TRY(data_export_seen(cx, h->id, &e)); /* not after it was deleted */
    h->is_answered = true;
    return answer_open_file(call, h->file, h->bytes,
        &(struct file_shown){.type = S("application/x-tar"),
            .name = str_print(cx->arena, "seva-export-%lld.tar", (long long)h->id.v),
            .cache = S("private, no-store"),
            .etag = h->etag});
}
