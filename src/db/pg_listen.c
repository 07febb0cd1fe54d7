/* Waking other nodes: one thread with a connection of its own sends NOTIFY and hears LISTEN.
 * db_wake and db_tell only leave a mark and a message; the thread sends them, a topic at most once
 * per 5 ms. What is lost while the connection is down is made good by reporting every topic after
 * it is back (and by the readers' own slow poll). The channel carries the schema's name, so that
 * two installations in one database do not wake each other. Payload: 'w' and a topic, or 't' and
 * the message. Thread: the listener; callers any. Shared: struct listener under its mutex. */
#include "db/pg_driver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"

enum {
    WAKE_EVERY_US = 5000,
    RETRY_MS = 500, /* between two tries to connect */
    CHANNEL_BYTES = 64,
    PAYLOAD_BYTES = LIMIT_TELL_BYTES + 16,
};

static const char *const topics[] = {"event", "job"};
enum { TOPICS = (int)(sizeof topics / sizeof topics[0]) };

struct message {
    struct message *next;
    ptrdiff_t len;
    char bytes[];
};

struct listener {
    struct pg *pg;
    db_heard *heard;
    void *arg;
    int event_fd; /* wakes the thread */
    pthread_t thread;

    pthread_mutex_t mutex; /* guards the next five */
    bool is_ending;
    bool wanted[TOPICS];
    struct message *first, *last;
    int n_messages;

    /* the thread's own */
    PGconn *handle; /* not in pipeline mode; NULL = down */
    char channel[CHANNEL_BYTES];
    int64_t sent_us[TOPICS];
};

/* ── from any thread ── */

static void ring(const struct listener *l)
{
    uint64_t one = 1;
    if (write(l->event_fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_line(LOG_ERROR, "the listener cannot be woken", LOG_I("errno", errno));
}

void pg_wake(struct db *db, const char *topic)
{
    struct listener *l = atomic_load(&((struct pg *)db)->listener);
    if (l == NULL)
        return;
    for (int i = 0; i < TOPICS; i++) {
        if (strcmp(topics[i], topic) != 0)
            continue;
        (void)pthread_mutex_lock(&l->mutex);
        bool is_new = !l->wanted[i];
        l->wanted[i] = true;
        (void)pthread_mutex_unlock(&l->mutex);
        if (is_new)
            ring(l);
        return;
    }
    log_line(LOG_ERROR, "nobody knows this topic", LOG_Z("topic", topic));
}

/* With the mutex. */
static struct message *message_take(struct listener *l)
{
    struct message *m = l->first;
    if (m == NULL)
        return NULL;
    l->first = m->next;
    if (l->first == NULL)
        l->last = NULL;
    l->n_messages--;
    return m;
}

void pg_tell(struct db *db, str payload)
{
    struct listener *l = atomic_load(&((struct pg *)db)->listener);
    if (l == NULL || payload.len > LIMIT_TELL_BYTES)
        return;
    struct message *m = alloc_zero((ptrdiff_t)sizeof *m + payload.len);
    if (m == NULL)
        return; /* presence is told again soon */
    m->len = payload.len;
    memcpy(m->bytes, payload.at, (size_t)payload.len);
    struct message *dropped = NULL;
    (void)pthread_mutex_lock(&l->mutex);
    if (l->n_messages == LIMIT_TELLS)
        dropped = message_take(l);
    if (l->last != NULL)
        l->last->next = m;
    else
        l->first = m;
    l->last = m;
    l->n_messages++;
    (void)pthread_mutex_unlock(&l->mutex);
    free(dropped);
    ring(l);
}

/* ── the thread: sending ── */

static bool notify(struct listener *l, char kind, str what)
{
    char payload[PAYLOAD_BYTES];
    payload[0] = kind;
    memcpy(payload + 1, what.at, (size_t)what.len);
    payload[1 + what.len] = 0;
    const char *values[] = {l->channel, payload};
    PGresult *r =
        PQexecParams(l->handle, "SELECT pg_notify($1, $2)", 2, NULL, values, NULL, NULL, 0);
    bool is_good = PQresultStatus(r) == PGRES_TUPLES_OK;
    if (!is_good)
        (void)pg_err(l->pg, r, S("NOTIFY"), false); /* logged; PQstatus decides what follows */
    PQclear(r);
    return is_good;
}

/* Sends what is due; the ms until something else is, or -1. */
static int send_topics(struct listener *l)
{
    int64_t now = db_mono_us();
    int wait_ms = -1;
    for (int i = 0; i < TOPICS; i++) {
        int64_t left_us = l->sent_us[i] + WAKE_EVERY_US - now;
        (void)pthread_mutex_lock(&l->mutex);
        bool is_due = l->wanted[i] && left_us <= 0;
        bool is_later = l->wanted[i] && left_us > 0;
        if (is_due)
            l->wanted[i] = false; /* before it is sent: a later wake is another notify */
        (void)pthread_mutex_unlock(&l->mutex);
        if (is_due) {
            (void)notify(l, 'w', str_from(topics[i]));
            l->sent_us[i] = now;
        } else if (is_later) {
            int ms = (int)(left_us / 1000) + 1;
            wait_ms = wait_ms < 0 || ms < wait_ms ? ms : wait_ms;
        }
    }
    return wait_ms;
}

static void send_messages(struct listener *l)
{
    for (;;) {
        (void)pthread_mutex_lock(&l->mutex);
        struct message *m = message_take(l);
        (void)pthread_mutex_unlock(&l->mutex);
        if (m == NULL)
            return;
        (void)notify(l, 't', str_of(m->bytes, m->len));
        free(m);
    }
}

/* ── the thread: hearing ── */

static void hear(struct listener *l)
{
    PGnotify *n;
    while ((n = PQnotifies(l->handle)) != NULL) {
        str payload = str_from(n->extra);
        bool is_own = n->be_pid == PQbackendPID(l->handle);
        if (!is_own && str_starts(payload, S("w")))
            l->heard(l->arg, str_skip(payload, 1), S(""));
        else if (!is_own && str_starts(payload, S("t")))
            l->heard(l->arg, S("tell"), str_skip(payload, 1));
        PQfreemem(n);
    }
}

static bool read_schema(struct listener *l)
{
    PGresult *r = PQexec(l->handle, "SELECT current_schema()");
    bool is_good = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;
    if (is_good)
        (void)snprintf(l->channel, sizeof l->channel, "seva_%.50s", PQgetvalue(r, 0, 0));
    PQclear(r);
    return is_good;
}

static bool start_listening(struct listener *l)
{
    if (PQexitPipelineMode(l->handle) != 1 || !read_schema(l))
        return false;
    char *name = PQescapeIdentifier(l->handle, l->channel, strlen(l->channel));
    if (name == NULL)
        return false;
    char sql[CHANNEL_BYTES * 2 + 16];
    (void)snprintf(sql, sizeof sql, "LISTEN %s", name);
    PQfreemem(name);
    PGresult *r = PQexec(l->handle, sql);
    bool is_good = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return is_good;
}

static bool reopen(struct listener *l)
{
    if (pg_connect(l->pg, &l->handle, NULL, NULL) != OK)
        return false;
    if (!start_listening(l)) {
        PQfinish(l->handle);
        l->handle = NULL;
        return false;
    }
    for (int i = 0; i < TOPICS; i++)
        l->heard(l->arg, str_from(topics[i]), S(""));
    return true;
}

static bool is_ending(struct listener *l)
{
    (void)pthread_mutex_lock(&l->mutex);
    bool ending = l->is_ending;
    (void)pthread_mutex_unlock(&l->mutex);
    return ending;
}

/* Waits for the server, for work, or for the time to be over. */
static void wait_for(struct listener *l, int ms)
{
    struct pollfd fds[2] = {
        {.fd = l->event_fd, .events = POLLIN},
        {.fd = -1,          .events = POLLIN}
    };
    if (l->handle != NULL)
        fds[1].fd = PQsocket(l->handle);
    (void)poll(fds, 2, ms); /* an early return is no harm */
    if (fds[0].revents != 0) {
        uint64_t rung;
        ssize_t n = read(l->event_fd, &rung, sizeof rung);
        (void)n; /* the descriptor does not block: nothing there is no harm */
    }
}

static void *listener_main(void *arg)
{
    struct listener *l = arg;
    int wait_ms = -1;
    while (!is_ending(l)) {
        if (l->handle == NULL && !reopen(l)) {
            wait_for(l, RETRY_MS);
            continue;
        }
        wait_ms = send_topics(l);
        send_messages(l);
        hear(l);
        if (PQstatus(l->handle) == CONNECTION_OK)
            wait_for(l, wait_ms);
        if (PQstatus(l->handle) != CONNECTION_OK || PQconsumeInput(l->handle) != 1) {
            log_line(LOG_WARN, "the listener's connection was lost");
            PQfinish(l->handle);
            l->handle = NULL;
            continue;
        }
        hear(l);
    }
    if (l->handle != NULL) {
        send_messages(l); /* the last words: who has gone */
        PQfinish(l->handle);
    }
    return NULL;
}

err pg_listen(struct db *db, db_heard *heard, void *arg)
{
    struct pg *pg = (struct pg *)db;
    struct listener *l = alloc_zero((ptrdiff_t)sizeof *l);
    if (l == NULL)
        return E_BUSY;
    l->pg = pg;
    l->heard = heard;
    l->arg = arg;
    l->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->event_fd < 0 || pthread_mutex_init(&l->mutex, NULL) != 0 ||
        thread_start(&l->thread, "db-listener", 0, listener_main, l) != OK) {
        if (l->event_fd >= 0)
            (void)close(l->event_fd);
        free(l);
        return E_BUSY;
    }
    atomic_store(&pg->listener, l);
    return OK;
}

void pg_listen_stop(struct pg *pg)
{
    struct listener *l = atomic_exchange(&pg->listener, NULL);
    if (l == NULL)
        return;
    (void)pthread_mutex_lock(&l->mutex);
    l->is_ending = true;
    (void)pthread_mutex_unlock(&l->mutex);
    ring(l);
    (void)pthread_join(l->thread, NULL);
    struct message *m;
    while ((m = message_take(l)) != NULL)
        free(m);
    (void)close(l->event_fd);
    (void)pthread_mutex_destroy(&l->mutex);
    free(l);
}
