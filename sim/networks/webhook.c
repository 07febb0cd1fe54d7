/* Webhooks on their way to us: a heap by due time, and sender threads that sign, post, look at the
 * answer and try again as the network does. See network.h. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "inner.h"
#include "net/http_client.h"

enum { TIMEOUT_MS = 10000 };

struct webhook {
    struct sim_room *room;
    uint64_t generation; /* the room's; an older one is forgotten */
    int64_t due_ms, seq;
    bool is_held; /* until the next one of its room */
    int attempt;  /* made so far */
    enum http_method method;
    bool is_once;
    int64_t tag;
    str account, url, content_type, body, key, conversation; /* in texts */
    ptrdiff_t bytes;
    char texts[];
};

/* ── heap; under the queue's lock ── */

static bool is_earlier(const struct webhook *x, const struct webhook *y)
{
    return x->due_ms != y->due_ms ? x->due_ms < y->due_ms : x->seq < y->seq;
}

static void swap(struct webhook_queue *q, ptrdiff_t i, ptrdiff_t j)
{
    struct webhook *w = q->heap[i];
    q->heap[i] = q->heap[j];
    q->heap[j] = w;
}

static void sift_up(struct webhook_queue *q, ptrdiff_t i)
{
    for (; i > 0 && is_earlier(q->heap[i], q->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(q, i, (i - 1) / 2);
}

static void sift_down(struct webhook_queue *q, ptrdiff_t i)
{
    for (;;) {
        ptrdiff_t least = i;
        for (ptrdiff_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->count; child++)
            if (is_earlier(q->heap[child], q->heap[least]))
                least = child;
        if (least == i)
            return;
        swap(q, i, least);
        i = least;
    }
}

static struct webhook *heap_take(struct webhook_queue *q, ptrdiff_t i)
{
    struct webhook *w = q->heap[i];
    q->heap[i] = q->heap[--q->count];
    if (i < q->count) {
        sift_down(q, i);
        sift_up(q, i);
    }
    q->held -= w->is_held;
    w->is_held = false;
    return w;
}

static void heap_put(struct webhook_queue *q, struct webhook *w)
{
    if (q->count == q->cap) {
        q->cap = q->cap ? q->cap * 2 : 256;
        q->heap = alloc_resize(q->heap, q->cap * (ptrdiff_t)sizeof(struct webhook *));
        if (q->heap == NULL)
            abort();
    }
    w->seq = ++q->last_seq;
    q->held += w->is_held;
    q->heap[q->count++] = w;
    sift_up(q, q->count - 1);
    pthread_cond_broadcast(&q->changed);
}

/* The held ones of a room come right after the one just queued. */
static void release_held(struct webhook_queue *q, const struct sim_room *room, int64_t due_ms)
{
    for (ptrdiff_t i = 0; q->held > 0 && i < q->count; i++) {
        if (!q->heap[i]->is_held || q->heap[i]->room != room)
            continue;
        struct webhook *w = heap_take(q, i);
        w->due_ms = due_ms;
        heap_put(q, w);
        i = -1;
    }
}

/* ── making ── */

static struct webhook *webhook_make(
    struct sim_room *room, const struct sim_account *account, const struct sim_webhook *from)
{
    str type = from->content_type;
    if (type.len == 0 && from->body.len > 0)
        type = S("application/json");
    const str texts[] = {account->id, from->url.len > 0 ? from->url : account->callback, type,
        from->body, from->key, from->conversation};
    ptrdiff_t bytes = (ptrdiff_t)sizeof(struct webhook) + 1;
    for (int i = 0; i < 6; i++)
        bytes += texts[i].len;
    struct webhook *w = sim_alloc(bytes);
    w->bytes = bytes;
    str *to[] = {&w->account, &w->url, &w->content_type, &w->body, &w->key, &w->conversation};
    char *at = w->texts;
    for (int i = 0; i < 6; i++) {
        if (texts[i].len > 0)
            memcpy(at, texts[i].at, (size_t)texts[i].len);
        *to[i] = str_of(at, texts[i].len);
        at += texts[i].len;
    }
    w->room = room;
    w->generation = room->generation;
    w->method = from->method;
    w->tag = from->tag;
    w->is_once = from->is_once;
    w->due_ms = sim_now(room->sim) + from->delay_ms;
    return w;
}

/* One try in the ledger. */
static void write_try(
    struct webhook *w, str outcome, const struct http_result *r, str detail, int64_t at_ms)
{
    struct arena a = arena_make(0);
    str hash = {0};
    if (w->body.len > 0) {
        struct sha256 h = crypto_sha256(w->body);
        hash = crypto_hex(&a, str_of(h.b, sizeof h.b));
    }
    ledger_add(w->room->sim,
        &(struct sim_entry){.kind = SIM_KIND_WEBHOOK,
            .at_ms = at_ms,
            .network = w->room->network->name,
            .account = w->account,
            .method = str_from(http_method_name(w->method)),
            .path = w->url,
            .key = w->key,
            .conversation = w->conversation,
            .body_hash = hash,
            .outcome = outcome,
            .detail = detail,
            .status = r ? r->status : 0,
            .attempt = w->attempt,
            .took_ms = r ? r->took_ms : 0},
        NULL);
    arena_free(&a);
}

static void drop(struct webhook *w, str why)
{
    count_up(w->room, SIM_COUNT_DROPPED, 1);
    write_try(w, S("dropped"), NULL, why, sim_now(w->room->sim));
    free(w);
}

void sim_webhook_send(struct sim *sim, struct sim_account *account, const struct sim_webhook *from)
{
    struct sim_room *room = room_of(sim, account->network);
    struct webhook_queue *q = &sim->queue;
    struct webhook *w = webhook_make(room, account, from), *copy = NULL;
    count_up(room, SIM_COUNT_WEBHOOKS, 1);
    struct sim_fault f = fault_pick(sim, room->network->name, account->id, w->url, true);
    count_up(room, SIM_COUNT_FAULTS, f.mode != SIM_FAULT_NONE);
    if (f.mode == SIM_FAULT_DROP || w->url.len == 0 || from->body.len > SIM_WEBHOOK_BODY_MAX) {
        drop(w, f.mode == SIM_FAULT_DROP ? S("by a fault") : S("no callback, or too large"));
        return;
    }
    if (f.mode == SIM_FAULT_DUPLICATE) {
        copy = webhook_make(room, account, from);
        copy->is_once = true;
    }
    if (f.mode == SIM_FAULT_DELAY || f.mode == SIM_FAULT_REORDER)
        w->due_ms += f.delay_ms;
    w->is_held = f.mode == SIM_FAULT_REORDER;
    pthread_mutex_lock(&q->lock);
    bool is_full = q->count >= SIM_WEBHOOKS_WAITING || q->is_stopping;
    if (!is_full) {
        bool is_next = !w->is_held && f.mode != SIM_FAULT_DELAY && from->delay_ms == 0;
        int64_t due_ms = w->due_ms;
        heap_put(q, w);
        if (copy)
            heap_put(q, copy);
        if (is_next)
            release_held(q, room, due_ms);
    }
    pthread_mutex_unlock(&q->lock);
    if (is_full) {
        free(copy);
        drop(w, S("too many wait"));
    }
}

/* ── waiting ones ── */

ptrdiff_t sim_webhook_forget(struct sim *sim, struct sim_account *account)
{
    struct webhook_queue *q = &sim->queue;
    const struct sim_room *room = room_of(sim, account->network);
    ptrdiff_t n = 0;
    pthread_mutex_lock(&q->lock);
    for (ptrdiff_t i = 0; i < q->count; i++) {
        if (q->heap[i]->room != room || !str_eq(q->heap[i]->account, account->id))
            continue;
        free(heap_take(q, i));
        n++;
        i = -1;
    }
    pthread_mutex_unlock(&q->lock);
    return n;
}

ptrdiff_t sim_webhook_waiting(struct sim *sim, struct sim_account *account)
{
    struct webhook_queue *q = &sim->queue;
    const struct sim_room *room = room_of(sim, account->network);
    ptrdiff_t n = 0;
    pthread_mutex_lock(&q->lock);
    for (ptrdiff_t i = 0; i < q->count; i++)
        n += q->heap[i]->room == room && str_eq(q->heap[i]->account, account->id);
    pthread_mutex_unlock(&q->lock);
    return n;
}

void webhooks_clear(struct sim *sim)
{
    struct webhook_queue *q = &sim->queue;
    pthread_mutex_lock(&q->lock);
    for (ptrdiff_t i = 0; i < q->count; i++)
        free(q->heap[i]);
    q->count = q->held = 0;
    pthread_mutex_unlock(&q->lock);
}

void webhooks_look(struct sim *sim)
{
    pthread_mutex_lock(&sim->queue.lock);
    pthread_cond_broadcast(&sim->queue.changed);
    pthread_mutex_unlock(&sim->queue.lock);
}

bool webhooks_are_idle(struct sim *sim)
{
    struct webhook_queue *q = &sim->queue;
    pthread_mutex_lock(&q->lock);
    bool is_idle = q->running == 0 && (q->count == 0 || q->heap[0]->due_ms > sim_now(sim));
    pthread_mutex_unlock(&q->lock);
    return is_idle;
}

/* ── sending ── */

void sim_post_header(struct sim_post *post, str name, str value)
{
    struct http_header *longer = NEW(post->arena, struct http_header, post->header_count + 1);
    for (ptrdiff_t i = 0; i < post->header_count; i++)
        longer[i] = post->headers[i];
    longer[post->header_count++] = (struct http_header){name, value};
    post->headers = longer;
}

static bool is_ok(const struct sim_answered *answered)
{
    return answered->status >= 200 && answered->status <= 299;
}

/* The gap before the next try; 0: there is none. */
static int64_t gap_of(const struct webhook *w)
{
    const int64_t *gaps = w->room->network->retry_gaps_ms;
    if (w->is_once || gaps == NULL)
        return 0;
    for (int i = 0; i < w->attempt - 1; i++)
        if (gaps[i] == 0)
            return 0;
    return gaps[w->attempt - 1];
}

/* The account of a webhook that is still wanted, locked; NULL (unlocked). */
static struct sim_account *enter(struct webhook *w)
{
    struct sim_room *room = w->room;
    pthread_mutex_lock(&room->lock);
    struct sim_account *account = NULL;
    if (room->generation == w->generation)
        account = sim_account_find(room->sim, room->network, w->account);
    if (account == NULL)
        pthread_mutex_unlock(&room->lock);
    return account;
}

static bool prepare(struct webhook *w, struct sim_post *post)
{
    struct sim_room *room = w->room;
    struct sim_account *account = enter(w);
    if (account == NULL)
        return false;
    post->now_ms = sim_now(room->sim);
    if (w->content_type.len > 0)
        sim_post_header(post, S("Content-Type"), w->content_type);
    if (room->network->sign)
        room->network->sign(room->sim, account, post);
    pthread_mutex_unlock(&room->lock);
    return true;
}

/* What the answer means; true: again, at w->due_ms. */
static bool judge(struct webhook *w, struct sim_post *post, const struct http_result *r)
{
    struct sim_room *room = w->room;
    struct sim_account *account = enter(w);
    if (account == NULL)
        return false;
    bool is_whole = r->outcome == HTTP_CALL_ANSWERED;
    struct sim_answered answered = {.arena = post->arena,
        .tag = w->tag,
        .key = w->key,
        .attempt = w->attempt,
        .status = is_whole ? r->status : 0,
        .body = r->body,
        .content_type = http_result_header(r, S("Content-Type")),
        .why = r->why};
    bool (*acknowledges)(const struct sim_answered *) =
        room->network->acknowledges ? room->network->acknowledges : is_ok;
    int64_t gap_ms = gap_of(w);
    answered.is_acknowledged = is_whole && acknowledges(&answered);
    answered.is_last = answered.is_acknowledged || gap_ms == 0;
    count_up(room, SIM_COUNT_TRIES, 1);
    count_up(room, SIM_COUNT_ACKNOWLEDGED, answered.is_acknowledged);
    count_up(room, SIM_COUNT_GIVEN_UP, answered.is_last && !answered.is_acknowledged);
    str outcome = is_whole ? S("refused") : S("failed");
    if (answered.is_acknowledged)
        outcome = S("acknowledged");
    else if (answered.is_last)
        outcome = S("given up");
    write_try(w, outcome, r, answered.is_acknowledged ? (str){0} : r->why, post->now_ms);
    if (room->network->answered)
        room->network->answered(room->sim, account, &answered);
    pthread_mutex_unlock(&room->lock);
    w->due_ms = sim_now(room->sim) + gap_ms;
    return !answered.is_last;
}

/* One try; true: again. */
static bool try_once(struct http_client *client, struct webhook *w)
{
    struct arena a = arena_make(0);
    w->attempt++;
    struct sim_post post = {.arena = &a,
        .attempt = w->attempt,
        .method = w->method,
        .url = w->url,
        .body = w->body,
        .tag = w->tag,
        .key = w->key};
    bool is_again = false;
    if (prepare(w, &post)) {
        int64_t timeout_ms = w->room->network->webhook_timeout_ms;
        struct http_call call = {.method = w->method,
            .url = post.url,
            .purpose = EGRESS_WEBHOOK,
            .headers = post.headers,
            .header_count = post.header_count,
            .body = w->body,
            .timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS,
            .may_repeat = true};
        struct http_result r = {0};
        if (http_client_call(client, &a, &call, &r) != OK)
            r.why = S("out of memory");
        is_again = judge(w, &post, &r);
    }
    arena_free(&a);
    return is_again;
}

struct sender {
    struct sim *sim;
    struct http_client *client;
};

static void *sender_main(void *arg)
{
    struct sender *me = arg;
    struct sim *sim = me->sim;
    struct webhook_queue *q = &sim->queue;
    pthread_mutex_lock(&q->lock);
    while (!q->is_stopping) {
        if (q->count == 0 || q->heap[0]->due_ms > sim_now(sim)) {
            cond_look(&q->changed, &q->lock);
            continue;
        }
        struct webhook *w = heap_take(q, 0);
        q->running++;
        pthread_mutex_unlock(&q->lock);
        bool is_again = try_once(me->client, w);
        pthread_mutex_lock(&q->lock);
        q->running--;
        if (is_again && !q->is_stopping)
            heap_put(q, w);
        else
            free(w);
    }
    pthread_mutex_unlock(&q->lock);
    free(me);
    return NULL;
}

err webhooks_start(struct sim *sim)
{
    struct webhook_queue *q = &sim->queue;
    const struct egress_rules *rules;
    str why;
    int n = sim->options.webhook_threads;
    /* A simulator for one machine or a test network: those addresses and no others. */
    TRY(egress_rules_parse(&sim->own,
        S("*=127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"), &rules, &why));
    q->threads = sim_alloc((ptrdiff_t)sizeof *q->threads * n);
    q->clients = sim_alloc((ptrdiff_t)sizeof(struct http_client *) * n);
    for (int i = 0; i < n; i++) {
        q->clients[i] = http_client_open(
            &(struct http_client_options){.rules = rules, .user_agent = S("seva-sim")});
        if (q->clients[i] == NULL)
            return E_BUSY;
        struct sender *me = sim_alloc((ptrdiff_t)sizeof *me);
        *me = (struct sender){sim, q->clients[i]};
        if (thread_start(&q->threads[i], "sim-webhook", 0, sender_main, me) != OK) {
            http_client_close(q->clients[i]);
            free(me);
            return E_BUSY;
        }
        q->thread_count++;
    }
    return OK;
}

void webhooks_stop(struct sim *sim)
{
    struct webhook_queue *q = &sim->queue;
    pthread_mutex_lock(&q->lock);
    q->is_stopping = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    for (int i = 0; i < q->thread_count; i++)
        http_client_cancel(q->clients[i]);
    for (int i = 0; i < q->thread_count; i++) {
        (void)pthread_join(q->threads[i], NULL);
        http_client_close(q->clients[i]);
    }
    webhooks_clear(sim);
    free(q->heap);
    free(q->threads);
    free(q->clients);
}
