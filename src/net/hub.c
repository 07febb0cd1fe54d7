/* The hub of live streams. See hub.h. Everything below runs on the loop except the public
 * functions, which only make a message. When there is no memory for a message, the streams it
 * concerned are cut (they resume from the table): a stream never has a silent gap. */
#include "net/hub.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "net/http_inner.h"

enum { FIRST_BUCKETS = 256, HEARTBEATS_A_TICK = 500 };

struct topic {
    struct topic *chain;
    struct hub_key key;
    struct subscription *first;
};

struct subscription {
    struct subscription *next, *prev; /* of the topic */
    struct topic *topic;
    struct hub_stream *stream;
};

struct held_event {
    struct held_event *next;
    struct hub_seq seq;
    struct shared_bytes *bytes;
};

struct hub_stream {
    struct conn *conn;
    void *subject;
    void (*subject_free)(void *subject);
    bool is_held;
    struct hub_seq released;
    uint64_t mark; /* the last event looked at, so that two keys give it once */
    struct held_event *held, **held_last;
    ptrdiff_t held_bytes;
    ptrdiff_t allowance; /* replay bytes still unsent: not the reader's fault */
    ptrdiff_t subscription_count;
    struct subscription subscriptions[];
};

struct hub {
    struct http_server *server;
    struct topic **buckets;
    ptrdiff_t bucket_count, topic_count;
    uint64_t event_number;
    _Atomic bool has_lost; /* any thread */
};

enum message_kind { OPEN, SEND, RELEASE, END, PUBLISH, VISIT };

struct hub_message {
    struct loop_message message; /* first */
    struct hub *hub;
    enum message_kind kind;
    struct http_handle stream;
    struct hub_stream *opened; /* OPEN: made by the caller's thread */
    struct shared_bytes *bytes;
    str headers; /* OPEN: header lines; points behind the keys */
    struct hub_seq seq;
    hub_match *match;
    void *about;
    void (*about_free)(void *about);
    bool (*visit)(void *subject, void *arg);
    ptrdiff_t key_count;
    struct hub_key keys[];
};

int hub_seq_cmp(struct hub_seq x, struct hub_seq y)
{
    if (x.major != y.major)
        return x.major < y.major ? -1 : 1;
    return x.minor < y.minor ? -1 : x.minor > y.minor;
}

static bool seq_is_none(struct hub_seq s)
{
    return s.major == 0 && s.minor == 0;
}

/* Topics. */

static bool key_eq(struct hub_key x, struct hub_key y)
{
    return x.kind == y.kind && x.account == y.account && x.id == y.id;
}

static ptrdiff_t bucket_of(const struct hub *hub, struct hub_key k)
{
    uint64_t h = (uint64_t)k.kind * 0x9E3779B97F4A7C15u + (uint64_t)k.account;
    h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9u + (uint64_t)k.id;
    h = (h ^ (h >> 32)) * 0x94D049BB133111EBu;
    return (ptrdiff_t)((h ^ (h >> 31)) & (uint64_t)(hub->bucket_count - 1));
}

static struct topic *topic_find(const struct hub *hub, struct hub_key key)
{
    struct topic *t = hub->buckets[bucket_of(hub, key)];
    while (t != NULL && !key_eq(t->key, key))
        t = t->chain;
    return t;
}

/* More buckets when there is memory for them; without, chains grow. */
static void topics_grow(struct hub *hub)
{
    struct hub wider = *hub;
    wider.bucket_count = hub->bucket_count * 2;
    wider.buckets = alloc_zero((ptrdiff_t)sizeof(struct topic *) * wider.bucket_count);
    if (wider.buckets == NULL)
        return;
    for (ptrdiff_t i = 0; i < hub->bucket_count; i++) {
        for (struct topic *t = hub->buckets[i], *next; t != NULL; t = next) {
            next = t->chain;
            struct topic **bucket = &wider.buckets[bucket_of(&wider, t->key)];
            t->chain = *bucket;
            *bucket = t;
        }
    }
    free(hub->buckets);
    hub->buckets = wider.buckets;
    hub->bucket_count = wider.bucket_count;
}

static struct topic *topic_need(struct hub *hub, struct hub_key key)
{
    struct topic *t = topic_find(hub, key);
    if (t != NULL)
        return t;
    t = alloc_zero((ptrdiff_t)sizeof *t);
    if (t == NULL)
        return NULL;
    if (hub->topic_count >= hub->bucket_count)
        topics_grow(hub);
    struct topic **bucket = &hub->buckets[bucket_of(hub, key)];
    *t = (struct topic){.chain = *bucket, .key = key};
    *bucket = t;
    hub->topic_count++;
    return t;
}

static void topic_drop(struct hub *hub, struct topic *t)
{
    struct topic **at = &hub->buckets[bucket_of(hub, t->key)];
    while (*at != t)
        at = &(*at)->chain;
    *at = t->chain;
    hub->topic_count--;
    free(t);
}

static bool subscribe(struct hub *hub, struct hub_stream *s, struct hub_key key)
{
    struct topic *t = topic_need(hub, key);
    if (t == NULL)
        return false;
    if (t->first != NULL && t->first->stream == s)
        return true; /* the key was given twice; a new subscription is always the first */
    struct subscription *sub = &s->subscriptions[s->subscription_count++];
    *sub = (struct subscription){.next = t->first, .topic = t, .stream = s};
    if (t->first != NULL)
        t->first->prev = sub;
    t->first = sub;
    return true;
}

static void unsubscribe(struct hub *hub, struct subscription *sub)
{
    *(sub->prev != NULL ? &sub->prev->next : &sub->topic->first) = sub->next;
    if (sub->next != NULL)
        sub->next->prev = sub->prev;
    if (sub->topic->first == NULL)
        topic_drop(hub, sub->topic);
}

/* Streams. */

static void stream_free(struct hub *hub, struct hub_stream *s)
{
    for (ptrdiff_t i = 0; i < s->subscription_count; i++)
        unsubscribe(hub, &s->subscriptions[i]);
    while (s->held != NULL) {
        struct held_event *e = s->held;
        s->held = e->next;
        shared_drop(e->bytes);
        free(e);
    }
    if (s->subject_free != NULL)
        s->subject_free(s->subject);
    free(s);
}

void hub_stream_gone(struct conn *c)
{
    stream_free(c->server->hub, c->stream);
    c->stream = NULL;
    net_count(c->server, COUNT_STREAMS_OPEN, -1);
}

void hub_stream_drained(struct conn *c)
{
    c->stream->allowance = 0;
}

static void stream_cut(struct hub_stream *s)
{
    net_count(s->conn->server, COUNT_STREAMS_CUT, 1);
    conn_free(s->conn);
}

/* False: the stream is gone. */
static bool stream_send(struct hub_stream *s, struct shared_bytes *bytes)
{
    struct conn *c = s->conn;
    const struct piece p = {.bytes = str_of(bytes->at, bytes->len), .shared = bytes};
    conn_enter(c, CONN_STREAM); /* to the end of the list: heartbeats follow silence */
    if (!conn_send(c, &p, 1))
        return false;
    if (conn_unsent(c) <= LIMIT_STREAM_UNSENT_BYTES + s->allowance)
        return true;
    stream_cut(s);
    return false;
}

static void stream_hold(struct hub_stream *s, struct hub_seq seq, struct shared_bytes *bytes)
{
    struct held_event *e = alloc_zero((ptrdiff_t)sizeof *e);
    s->held_bytes += bytes->len;
    if (e == NULL || s->held_bytes > LIMIT_STREAM_UNSENT_BYTES) {
        free(e);
        stream_cut(s);
        return;
    }
    *e = (struct held_event){.seq = seq, .bytes = bytes};
    bytes->refs++;
    *s->held_last = e;
    s->held_last = &e->next;
}

static void stream_end(struct hub_stream *s, str farewell)
{
    struct conn *c = s->conn;
    hub_stream_gone(c);
    c->close_after = true;
    conn_enter(c, CONN_WRITING);
    const struct piece p = {.bytes = farewell};
    if (farewell.len == 0 || conn_send(c, &p, 1))
        conn_answered(c);
}

static struct hub_stream *stream_of(const struct hub_message *m)
{
    struct conn *c = conn_of_handle(m->hub->server, m->stream);
    return c != NULL && c->state == CONN_STREAM ? c->stream : NULL;
}

/* Messages, on the loop. */

static const str reconnect_block = S_INIT("event: reconnect\ndata: {}\n\n");

/* The end of the connection is the end of the body: no length, no chunks, so that one copy of an
 * event's bytes serves every stream. */
static const str stream_head =
    S_INIT("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
           "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\nConnection: close\r\n");

static void run_open(struct hub_message *m)
{
    struct hub *hub = m->hub;
    struct http_server *server = hub->server;
    struct hub_stream *s = m->opened;
    struct conn *c = conn_of_handle(server, m->stream);
    bool is_fine = c != NULL && c->state == CONN_WORKING && !c->saw_eof;
    for (ptrdiff_t i = 0; i < m->key_count && is_fine; i++)
        is_fine = subscribe(hub, s, m->keys[i]);
    if (!is_fine) {
        stream_free(hub, s);
        if (c != NULL && c->state == CONN_WORKING)
            conn_refuse(c, 503, S("out of memory"));
        return;
    }
    s->conn = c;
    c->stream = s;
    net_count(server, COUNT_STREAMS_OPEN, 1);
    net_count(server, COUNT_STREAMS_OPENED, 1);
    net_count(server, COUNT_STATUS_0 + 2, 1);
    conn_enter(c, CONN_STREAM);
    const struct piece status = {.bytes = stream_head, .is_static = true};
    const struct piece date = {.bytes = answer_date(server)};
    const struct piece more = {.bytes = m->headers};
    const struct piece blank = {.bytes = S("\r\n"), .is_static = true};
    const struct piece first = {.bytes = str_of(m->bytes->at, m->bytes->len), .shared = m->bytes};
    const struct piece pieces[] = {status, date, more, blank, first};
    if (!conn_send(c, pieces, c->is_head ? 4 : 5))
        return;
    if (c->is_head)
        stream_end(s, (str){0});
    else if (atomic_load(&server->has_stopped))
        stream_end(s, reconnect_block);
}

static void run_send(struct hub_message *m)
{
    struct hub_stream *s = stream_of(m);
    if (s == NULL)
        return;
    s->allowance += m->bytes->len;
    if (!stream_send(s, m->bytes))
        return;
    ptrdiff_t unsent = conn_unsent(s->conn);
    if (unsent > LIMIT_STREAM_REPLAY_BYTES)
        stream_cut(s);
    else if (unsent < s->allowance)
        s->allowance = unsent;
}

static void run_release(struct hub_message *m)
{
    struct hub_stream *s = stream_of(m);
    if (s == NULL || !s->is_held)
        return;
    s->is_held = false;
    s->released = m->seq;
    struct held_event *e = s->held, *next;
    s->held = NULL;
    s->held_bytes = 0;
    bool is_open = true;
    for (; e != NULL; e = next) {
        next = e->next;
        bool is_new = seq_is_none(e->seq) || hub_seq_cmp(e->seq, m->seq) > 0;
        if (is_open && is_new) {
            is_open = stream_send(s, e->bytes);
            net_count(m->hub->server, COUNT_EVENTS_SENT, 1);
        }
        shared_drop(e->bytes);
        free(e);
    }
}

static void run_end(struct hub_message *m)
{
    struct hub_stream *s = stream_of(m);
    if (s != NULL)
        stream_end(s, str_of(m->bytes->at, m->bytes->len));
}

static void offer(struct hub_stream *s, struct hub_message *m)
{
    if (s->mark == m->hub->event_number)
        return;
    s->mark = m->hub->event_number;
    if (m->match != NULL && !m->match(s->subject, m->about))
        return;
    if (s->is_held) {
        stream_hold(s, m->seq, m->bytes);
        return;
    }
    if (!seq_is_none(m->seq) && hub_seq_cmp(m->seq, s->released) <= 0)
        return;
    net_count(m->hub->server, COUNT_EVENTS_SENT, 1);
    (void)stream_send(
        s, m->bytes); /* a stream that breaks here is gone, which is all there is to do */
}

static void run_publish(struct hub_message *m)
{
    m->hub->event_number++;
    net_count(m->hub->server, COUNT_EVENTS, 1);
    for (ptrdiff_t i = 0; i < m->key_count; i++) {
        struct topic *t = topic_find(m->hub, m->keys[i]);
        struct subscription *next;
        for (struct subscription *sub = t != NULL ? t->first : NULL; sub != NULL; sub = next) {
            next = sub->next; /* offering may end this stream, never another one */
            offer(sub->stream, m);
        }
    }
}

static void run_visit(struct hub_message *m)
{
    struct topic *t = topic_find(m->hub, m->keys[0]);
    struct subscription *next;
    for (struct subscription *sub = t != NULL ? t->first : NULL; sub != NULL; sub = next) {
        next = sub->next;
        if (!m->visit(sub->stream->subject, m->about))
            stream_end(sub->stream, str_of(m->bytes->at, m->bytes->len));
    }
}

static void message_run(struct loop_message *message)
{
    static void (*const run[])(struct hub_message * m) = {
        [OPEN] = run_open,
        [SEND] = run_send,
        [RELEASE] = run_release,
        [END] = run_end,
        [PUBLISH] = run_publish,
        [VISIT] = run_visit,
    };
    struct hub_message *m = (struct hub_message *)message;
    run[m->kind](m);
    if (m->about_free != NULL)
        m->about_free(m->about);
    shared_drop(m->bytes);
    free(m);
}

/* Messages, on the caller's thread. */

/* NULL: out of memory. */
static struct hub_message *message_make(struct hub *hub, enum message_kind kind, str bytes,
    const struct hub_key *keys, ptrdiff_t key_count, ptrdiff_t extra)
{
    struct hub_message *m =
        alloc_zero((ptrdiff_t)sizeof *m + (ptrdiff_t)sizeof(struct hub_key) * key_count + extra);
    struct shared_bytes *shared = m != NULL ? shared_new(bytes.len) : NULL;
    if (shared == NULL) {
        free(m);
        return NULL;
    }
    if (bytes.len > 0)
        memcpy(shared->at, bytes.at, (size_t)bytes.len);
    m->message.run = message_run;
    m->hub = hub;
    m->kind = kind;
    m->bytes = shared;
    m->key_count = key_count;
    if (key_count > 0)
        memcpy(m->keys, keys, sizeof(struct hub_key) * (size_t)key_count);
    return m;
}

static void post(struct hub_message *m)
{
    loop_post(m->hub->server->loop, &m->message);
}

static ptrdiff_t headers_size(const struct hub_stream_options *o)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < o->header_count; i++)
        n += o->headers[i].name.len + o->headers[i].value.len + 4;
    return n;
}

static void headers_write(char *out, ptrdiff_t size, const struct hub_stream_options *o)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < o->header_count; i++)
        n += snprintf(out + n, (size_t)(size - n), "%.*s: %.*s\r\n", SARG(o->headers[i].name),
            SARG(o->headers[i].value));
}

void hub_open(struct hub *hub, struct http_handle h, const struct hub_stream_options *o)
{
    assert(o->key_count <= LIMIT_STREAM_KEYS);
    assert(answer_head_is_sound(o->headers, o->header_count, (str){0}));
    ptrdiff_t size = headers_size(o);
    struct hub_stream *s =
        alloc_zero((ptrdiff_t)sizeof *s + (ptrdiff_t)sizeof(struct subscription) * o->key_count);
    struct hub_message *m =
        s != NULL ? message_make(hub, OPEN, o->first, o->keys, o->key_count, size + 1) : NULL;
    if (m == NULL) {
        free(s);
        if (o->subject_free != NULL)
            o->subject_free(o->subject);
        answer_fail(hub->server, h);
        return;
    }
    s->subject = o->subject;
    s->subject_free = o->subject_free;
    s->is_held = true;
    s->held_last = &s->held;
    char *headers = (char *)(m->keys + o->key_count);
    headers_write(headers, size + 1, o);
    m->headers = str_of(headers, size);
    m->stream = h;
    m->opened = s;
    post(m);
}

void hub_send(struct hub *hub, struct http_handle stream, str bytes)
{
    struct hub_message *m = message_make(hub, SEND, bytes, NULL, 0, 0);
    if (m == NULL) {
        answer_fail(hub->server, stream);
        return;
    }
    m->stream = stream;
    post(m);
}

void hub_release(struct hub *hub, struct http_handle stream, struct hub_seq last)
{
    struct hub_message *m = message_make(hub, RELEASE, (str){0}, NULL, 0, 0);
    if (m == NULL) {
        answer_fail(hub->server, stream);
        return;
    }
    m->stream = stream;
    m->seq = last;
    post(m);
}

void hub_end(struct hub *hub, struct http_handle stream, str farewell)
{
    struct hub_message *m = message_make(hub, END, farewell, NULL, 0, 0);
    if (m == NULL) {
        answer_fail(hub->server, stream);
        return;
    }
    m->stream = stream;
    post(m);
}

static void lost(struct hub *hub, void *arg, void (*arg_free)(void *arg))
{
    if (arg_free != NULL)
        arg_free(arg);
    atomic_store(&hub->has_lost, true);
    loop_nudge(hub->server->loop);
}

void hub_publish(struct hub *hub, const struct hub_event *event)
{
    struct hub_message *m =
        message_make(hub, PUBLISH, event->bytes, event->keys, event->key_count, 0);
    if (m == NULL) {
        lost(hub, event->about, event->about_free);
        return;
    }
    m->seq = event->seq;
    m->match = event->match;
    m->about = event->about;
    m->about_free = event->about_free;
    post(m);
}

void hub_visit(struct hub *hub, struct hub_key key, bool (*fn)(void *subject, void *arg), void *arg,
    void (*arg_free)(void *arg), str farewell)
{
    struct hub_message *m = message_make(hub, VISIT, farewell, &key, 1, 0);
    if (m == NULL) {
        lost(hub, arg, arg_free);
        return;
    }
    m->visit = fn;
    m->about = arg;
    m->about_free = arg_free;
    post(m);
}

str hub_block(struct arena *a, str id, str event, str data)
{
    assert(str_find_byte(id, '\n') < 0 && str_find_byte(id, '\r') < 0);
    assert(str_find_byte(event, '\n') < 0 && str_find_byte(event, '\r') < 0);
    ptrdiff_t lines = 1;
    for (ptrdiff_t i = 0; i < data.len; i++)
        lines += data.at[i] == '\n' || data.at[i] == '\r';
    struct sb b = sb_make(a, id.len + event.len + data.len + lines * 7 + 64);
    if (id.len > 0) {
        sb_add(&b, S("id: "));
        sb_add(&b, id);
        sb_byte(&b, '\n');
    }
    if (event.len > 0) {
        sb_add(&b, S("event: "));
        sb_add(&b, event);
        sb_byte(&b, '\n');
    }
    sb_add(&b, S("data: "));
    for (ptrdiff_t i = 0; i < data.len; i++) {
        bool is_crlf = data.at[i] == '\r' && i + 1 < data.len && data.at[i + 1] == '\n';
        if (is_crlf)
            continue;
        if (data.at[i] == '\n' || data.at[i] == '\r')
            sb_add(&b, S("\ndata: "));
        else
            sb_byte(&b, data.at[i]);
    }
    sb_add(&b, S("\n\n"));
    return sb_str(&b);
}

int hub_count(const struct hub *hub)
{
    return (int)net_counter(hub->server, COUNT_STREAMS_OPEN);
}

/* Life, on the loop or before and after it. */

struct hub *hub_new(struct http_server *s)
{
    struct hub *hub = alloc_zero((ptrdiff_t)sizeof *hub);
    if (hub == NULL)
        return NULL;
    hub->server = s;
    hub->bucket_count = FIRST_BUCKETS;
    hub->buckets = alloc_zero((ptrdiff_t)sizeof(struct topic *) * FIRST_BUCKETS);
    if (hub->buckets == NULL) {
        free(hub);
        return NULL;
    }
    return hub;
}

void hub_free(struct hub *hub)
{
    assert(hub->topic_count == 0);
    free(hub->buckets);
    free(hub);
}

void hub_tick(struct hub *hub)
{
    static const struct piece beat = {.bytes = S_INIT(":\n\n"), .is_static = true};
    struct http_server *s = hub->server;
    struct conn *c;
    for (int i = 0; i < HEARTBEATS_A_TICK; i++) {
        c = s->lists[CONN_STREAM].first;
        if (c == NULL || s->now_ms - c->since_ms < LIMIT_STREAM_HEARTBEAT_MS)
            return;
        conn_enter(c, CONN_STREAM);
        (void)conn_send(c, &beat, 1); /* a broken one is freed */
    }
}

void hub_wake(struct hub *hub)
{
    if (!atomic_exchange(&hub->has_lost, false))
        return;
    struct conn *c;
    while ((c = hub->server->lists[CONN_STREAM].first) != NULL)
        stream_cut(c->stream);
}

void hub_reconnect_all(struct hub *hub)
{
    struct conn *c;
    while ((c = hub->server->lists[CONN_STREAM].first) != NULL)
        stream_end(c->stream, reconnect_block);
}
