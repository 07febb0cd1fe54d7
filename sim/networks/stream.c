/* Waiting calls and long-lived answers: each on its connection's own thread, woken by the room's
 * condition. See network.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "inner.h"

bool sim_wait(struct sim_call *c, int64_t until_ms)
{
    struct call_inner *in = call_inner(c);
    struct sim_room *room = in->room;
    uint64_t wakes = room->wakes, generation = room->generation;
    /* A real clock is waited for in real time even where a test has fixed it. */
    int64_t real_until = sim_real_ms() + (until_ms - sim_now(c->sim));
    bool is_over = false;
    atomic_fetch_sub(&c->sim->calls_running, 1);
    while (room->wakes == wakes && room->generation == generation && !is_over) {
        cond_look(&room->changed, &room->lock);
        in->is_gone = in->is_gone || wire_is_gone(in->fd);
        is_over = in->is_gone || atomic_load(&c->sim->is_closing);
        if (atomic_load(&c->sim->is_clock_manual))
            is_over = is_over || sim_now(c->sim) >= until_ms;
        else
            is_over = is_over || sim_real_ms() >= real_until;
    }
    atomic_fetch_add(&c->sim->calls_running, 1);
    bool is_reset = room->generation != generation;
    if (is_reset)
        c->account = NULL;
    return room->wakes != wakes && !is_reset && !in->is_gone;
}

void sim_wake(struct sim *sim, const struct sim_network *network)
{
    struct sim_room *room = room_of(sim, network);
    room->wakes++;
    pthread_cond_broadcast(&room->changed);
}

void sim_stream_open(struct sim_call *c, const struct sim_stream_options *options)
{
    struct sim_stream_options *mine = NEW(c->arena, struct sim_stream_options, 1);
    *mine = (struct sim_stream_options){
        .key = str_copy(
            c->arena, str_sub(options->key, 0, (ptrdiff_t)sizeof((struct stream *)0)->key - 1)),
        .content_type = str_copy(c->arena, options->content_type),
        .first = str_copy(c->arena, options->first),
        .keep_alive = str_copy(c->arena, options->keep_alive),
        .keep_alive_ms = options->keep_alive_ms};
    call_inner(c)->stream = mine;
    c->status = 200;
}

struct stream *stream_begin(struct sim_call *c)
{
    struct call_inner *in = call_inner(c);
    struct stream *s = sim_alloc((ptrdiff_t)sizeof *s);
    memcpy(s->key, in->stream->key.at, (size_t)in->stream->key.len);
    s->next = in->room->streams;
    in->room->streams = s;
    return s;
}

static void add(struct stream *s, str bytes)
{
    if (s->is_ended)
        return;
    if (s->len + bytes.len > SIM_STREAM_UNSENT) {
        s->is_ended = s->is_reset = true;
        return;
    }
    if (s->len + bytes.len > s->cap) {
        s->cap = 2 * (s->len + bytes.len);
        s->bytes = alloc_resize(s->bytes, s->cap);
        if (s->bytes == NULL)
            abort();
    }
    memcpy(s->bytes + s->len, bytes.at, (size_t)bytes.len);
    s->len += bytes.len;
}

int sim_stream_push(struct sim *sim, const struct sim_network *network, str key, str bytes)
{
    struct sim_room *room = room_of(sim, network);
    int n = 0;
    for (struct stream *s = room->streams; s && bytes.len > 0; s = s->next) {
        if (s->is_ended || !str_eq(str_from(s->key), key))
            continue;
        add(s, bytes);
        n++;
    }
    count_up(room, SIM_COUNT_STREAMED, n);
    pthread_cond_broadcast(&room->changed);
    return n;
}

int sim_stream_end(struct sim *sim, const struct sim_network *network, str key, bool is_reset)
{
    struct sim_room *room = room_of(sim, network);
    int n = 0;
    for (struct stream *s = room->streams; s; s = s->next) {
        if (s->is_ended || (key.len > 0 && !str_eq(str_from(s->key), key)))
            continue;
        s->is_ended = true;
        s->is_reset = is_reset;
        n++;
    }
    pthread_cond_broadcast(&room->changed);
    return n;
}

int sim_stream_count(struct sim *sim, const struct sim_network *network, str key)
{
    int n = 0;
    for (struct stream *s = room_of(sim, network)->streams; s; s = s->next)
        n += !s->is_ended && (key.len == 0 || str_eq(str_from(s->key), key));
    return n;
}

void streams_end(struct sim_room *room)
{
    for (struct stream *s = room->streams; s; s = s->next)
        s->is_ended = true;
}

static bool send_chunk(struct arena *a, int fd, str bytes)
{
    if (bytes.len == 0)
        return true;
    return wire_send(fd, str_print(a, "%zx\r\n", (size_t)bytes.len)) && wire_send(fd, bytes) &&
           wire_send(fd, S("\r\n"));
}

/* Takes what waits, or sees that nothing comes any more. False: the end. Locked on both sides. */
static bool send_next(struct sim_call *c, struct stream *s, int64_t *silent_since)
{
    struct call_inner *in = call_inner(c);
    if (s->len == 0 && !s->is_ended)
        cond_look(&in->room->changed, &in->room->lock);
    bool is_ended = s->is_ended, is_silent = s->is_ended && s->is_reset;
    char *taken = s->bytes;
    str bytes = str_of(taken, s->len);
    if (bytes.len == 0 && in->stream->keep_alive_ms > 0 &&
        sim_real_ms() - *silent_since >= in->stream->keep_alive_ms)
        bytes = in->stream->keep_alive;
    s->bytes = NULL;
    s->len = s->cap = 0;
    pthread_mutex_unlock(&in->room->lock);
    struct arena a = arena_make(0);
    bool is_fine = !wire_is_gone(in->fd) && !atomic_load(&c->sim->is_closing);
    if (is_fine && !is_silent && bytes.len > 0) {
        is_fine = send_chunk(&a, in->fd, bytes);
        *silent_since = sim_real_ms();
    }
    arena_free(&a);
    free(taken);
    pthread_mutex_lock(&in->room->lock);
    return is_fine && !is_ended;
}

void stream_serve(struct sim_call *c, struct stream *s)
{
    struct call_inner *in = call_inner(c);
    str head = str_print(c->arena,
        "HTTP/1.1 200 OK\r\nContent-Type: %.*s\r\nTransfer-Encoding: chunked\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n",
        SARG(in->stream->content_type));
    for (ptrdiff_t i = 0; i < c->header_count; i++)
        head = str_print(c->arena, "%.*s%.*s: %.*s\r\n", SARG(head), SARG(c->headers[i].name),
            SARG(c->headers[i].value));
    bool is_fine = wire_send(in->fd, str_cat(c->arena, head, S("\r\n"))) &&
                   send_chunk(c->arena, in->fd, in->stream->first);
    int64_t silent_since = sim_real_ms();
    pthread_mutex_lock(&in->room->lock);
    while (is_fine)
        is_fine = send_next(c, s, &silent_since);
    struct stream **at = &in->room->streams;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    bool is_reset = s->is_reset, is_ended = s->is_ended;
    pthread_mutex_unlock(&in->room->lock);
    if (is_reset) {
        const struct linger now = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(in->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* else a plain end */
    } else if (is_ended) {
        (void)wire_send(in->fd, S("0\r\n\r\n")); /* the end follows anyway */
    }
    free(s->bytes);
    free(s);
}
