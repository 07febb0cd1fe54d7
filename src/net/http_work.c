/* The work queue, its worker threads and the pool of exchanges. The loop pushes whole requests;
 * a worker makes an exchange of one and calls the API. See http_server.h for who owns what. */
#include <setjmp.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/thread.h"
#include "net/http_inner.h"

enum { POOL_MAX = 128, WORKER_STACK = 1024 * 1024 };

struct worker {
    struct http_server *server;
    int number;
};

void incoming_free(struct http_incoming *in)
{
    net_count(in->server, COUNT_BODY_BYTES, -in->counted_bytes);
    if (in->has_file)
        file_close(in->file.fd);
    http_parser_free(&in->parser);
    free(in);
}

bool work_push(struct http_server *s, struct http_incoming *in)
{
    struct work_queue *w = &s->work;
    if (atomic_load(&w->waiting) >= LIMIT_HTTP_QUEUE)
        return false;
    in->next = NULL;
    pthread_mutex_lock(&w->lock);
    *w->last = in;
    w->last = &in->next;
    atomic_fetch_add(&w->waiting, 1);
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return true;
}

static struct http_incoming *work_pop(struct work_queue *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->first == NULL && !w->is_stopping)
        pthread_cond_wait(&w->changed, &w->lock);
    struct http_incoming *in = w->is_stopping ? NULL : w->first;
    if (in != NULL) {
        w->first = in->next;
        if (w->first == NULL)
            w->last = &w->first;
        atomic_fetch_sub(&w->waiting, 1);
    }
    pthread_mutex_unlock(&w->lock);
    return in;
}

static struct http_exchange *exchange_take(struct http_server *s)
{
    struct work_queue *w = &s->work;
    pthread_mutex_lock(&w->lock);
    struct http_exchange *x = w->pool;
    if (x != NULL) {
        w->pool = x->next;
        w->pool_count--;
    }
    pthread_mutex_unlock(&w->lock);
    if (x == NULL) {
        x = alloc_zero((ptrdiff_t)sizeof *x);
        if (x == NULL)
            return NULL;
        x->arena = arena_make(0);
    }
    struct arena kept = x->arena;
    *x = (struct http_exchange){.arena = kept, .server = s};
    return x;
}

void http_finish(struct http_exchange *x)
{
    struct http_server *s = x->server;
    if (x->internals != NULL)
        incoming_free(x->internals);
    x->internals = NULL;
    x->arena.escape = NULL;
    arena_reset(&x->arena);
    struct work_queue *w = &s->work;
    pthread_mutex_lock(&w->lock);
    bool is_kept = w->pool_count < POOL_MAX;
    if (is_kept) {
        x->next = w->pool;
        w->pool = x;
        w->pool_count++;
    }
    pthread_mutex_unlock(&w->lock);
    if (!is_kept) {
        arena_free(&x->arena);
        free(x);
    }
}

static bool is_proxy(const struct http_server *s, struct ip_address ip)
{
    for (ptrdiff_t i = 0; i < s->options.trusted_proxy_count; i++)
        if (ip_network_has(s->proxies[i], ip))
            return true;
    return false;
}

/* Walks X-Forwarded-For from its end while the hops are ours. False: a part is no address. */
static bool walk_forwarded(const struct http_server *s, str value, struct ip_address *peer)
{
    while (value.len > 0 && is_proxy(s, *peer)) {
        ptrdiff_t comma = value.len;
        while (comma > 0 && value.at[comma - 1] != ',')
            comma--;
        struct ip_address ip;
        if (!ip_parse(str_trim(str_skip(value, comma)), &ip))
            return false;
        *peer = ip;
        value = str_sub(value, 0, comma > 0 ? comma - 1 : 0);
    }
    return true;
}

/* The true client when the connection comes from a proxy that the operator named. */
static void resolve_peer(struct http_exchange *x, const struct http_incoming *in)
{
    const struct http_server *s = x->server;
    struct ip_address peer = in->peer;
    x->req.is_tls = in->is_tls;
    if (is_proxy(s, peer)) {
        if (str_eq_nocase(http_header_get(&x->req, S("X-Forwarded-Proto")), S("https")))
            x->req.is_tls = true;
        bool is_fine = true;
        for (ptrdiff_t i = x->req.header_count; i > 0 && is_fine; i--)
            if (str_eq_nocase(x->req.headers[i - 1].name, S("X-Forwarded-For")))
                is_fine = walk_forwarded(s, x->req.headers[i - 1].value, &peer);
    }
    x->req.peer = ip_text(&x->arena, peer);
}

static void answer_by_itself(
    struct http_server *s, struct http_handle h, int status, const char *why)
{
    char text[1024];
    str whole = refusal_text(status, str_from(why), text, sizeof text);
    ptrdiff_t body = str_find(whole, S("\r\n\r\n")) + 4;
    net_count(s, COUNT_REFUSED_REQUESTS, 1);
    http_respond(s, h,
        &(struct http_response){.status = status,
            .content_type = S("application/json"),
            .body = str_skip(whole, body),
            .close_after = true});
}

/* Everything of the exchange that needs memory. 0, or the status to refuse with. */
static int exchange_fill(struct http_exchange *x, struct http_incoming *in, const char **why)
{
    jmp_buf out_of_memory;
    x->arena.escape = &out_of_memory;
    if (setjmp(out_of_memory) != 0) {
        x->arena.escape = NULL;
        *why = "out of memory";
        return 503;
    }
    err e = http_parser_request(&in->parser, &x->arena, &x->req, why);
    if (e == OK) {
        x->req.received_ms = in->received_ms;
        x->req.has_file = in->has_file;
        x->req.file = in->file;
        resolve_peer(x, in);
    }
    x->arena.escape = NULL;
    if (e == OK)
        return 0;
    return e == E_BUSY ? 503 : 400;
}

static void work_one(struct http_server *s, void *state, struct http_incoming *in)
{
    struct http_handle h = in->handle;
    struct http_exchange *x = exchange_take(s);
    if (x == NULL) {
        incoming_free(in);
        answer_fail(s, h);
        return;
    }
    const char *why = "";
    x->handle = h;
    x->internals = in;
    int status = exchange_fill(x, in, &why);
    if (status != 0) {
        answer_by_itself(s, h, status, why);
        http_finish(x);
        return;
    }
    s->options.handle(state, x);
}

static void *worker_main(void *arg)
{
    struct worker self = *(struct worker *)arg;
    free(arg);
    struct http_server *s = self.server;
    void *state = s->options.arg;
    if (s->options.worker_start != NULL)
        state = s->options.worker_start(s->options.arg, self.number);
    struct http_incoming *in;
    while ((in = work_pop(&s->work)) != NULL)
        work_one(s, state, in);
    if (s->options.worker_stop != NULL)
        s->options.worker_stop(state);
    return NULL;
}

err work_start(struct http_server *s)
{
    struct work_queue *w = &s->work;
    int wanted = s->options.workers > 0 ? s->options.workers : 4;
    w->workers = alloc_zero((ptrdiff_t)sizeof(pthread_t) * wanted);
    if (w->workers == NULL)
        return E_BUSY;
    for (int i = 0; i < wanted; i++) {
        struct worker *self = alloc_zero((ptrdiff_t)sizeof *self);
        if (self == NULL)
            return E_BUSY;
        *self = (struct worker){.server = s, .number = i};
        err e = thread_start(&w->workers[i], "seva-worker", WORKER_STACK, worker_main, self);
        if (e != OK) {
            free(self);
            return e;
        }
        w->worker_count++;
    }
    return OK;
}

void work_stop(struct http_server *s)
{
    struct work_queue *w = &s->work;
    pthread_mutex_lock(&w->lock);
    w->is_stopping = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->worker_count; i++)
        pthread_join(w->workers[i], NULL);
    w->worker_count = 0;
    free(w->workers);
    w->workers = NULL;
}

void work_free(struct http_server *s)
{
    struct work_queue *w = &s->work;
    while (w->first != NULL) {
        struct http_incoming *in = w->first;
        w->first = in->next;
        incoming_free(in);
    }
    while (w->pool != NULL) {
        struct http_exchange *x = w->pool;
        w->pool = x->next;
        arena_free(&x->arena);
        free(x);
    }
}

int http_server_pending(const struct http_server *server)
{
    return atomic_load(&server->work.waiting);
}
