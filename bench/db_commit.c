/* How much a group commit gains: N clients, each with one write request under way at a time, served
 * by W worker threads through a queue, as the server does it. Prints one line of JSON.
 * usage: db_commit URL [workers] [clients] [seconds] [row bytes]     (an empty database)
 * Thread: workers; one queue under a mutex; answers come on the committing thread. */
#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/thread.h"

enum { MAX_CLIENTS = 1024, MAX_SAMPLES = 4 * 1000 * 1000, MAX_BYTES = 4096 };

struct bench;
struct client {
    struct bench *b;
    int64_t asked_us;
};

struct bench {
    struct db *db;
    str body;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    struct client *queue[MAX_CLIENTS]; /* a ring */
    int head, n;
    bool is_over;
    _Atomic int64_t next_id, busy;
    int32_t *samples; /* µs from asking to the answer; under the mutex */
    int64_t n_samples;
    struct client clients[MAX_CLIENTS];
};

static int64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static ptrdiff_t pending(void *arg)
{
    struct bench *b = arg;
    (void)pthread_mutex_lock(&b->mutex);
    int n = b->n;
    (void)pthread_mutex_unlock(&b->mutex);
    return n;
}

/* With the mutex. */
static void ask(struct bench *b, struct client *c)
{
    c->asked_us = now_us();
    b->queue[(b->head + b->n++) % MAX_CLIENTS] = c;
    (void)pthread_cond_signal(&b->cond);
}

static void answered(void *arg, err result)
{
    struct client *c = arg;
    struct bench *b = c->b;
    int64_t us = now_us() - c->asked_us;
    if (result != OK)
        atomic_fetch_add(&b->busy, 1);
    (void)pthread_mutex_lock(&b->mutex);
    if (b->n_samples < MAX_SAMPLES)
        b->samples[b->n_samples++] = (int32_t)us;
    if (!b->is_over)
        ask(b, c);
    (void)pthread_mutex_unlock(&b->mutex);
}

static struct client *take(struct bench *b)
{
    (void)pthread_mutex_lock(&b->mutex);
    while (b->n == 0 && !b->is_over)
        (void)pthread_cond_wait(&b->cond, &b->mutex);
    struct client *c = NULL;
    if (b->n > 0 && !b->is_over) {
        c = b->queue[b->head];
        b->head = (b->head + 1) % MAX_CLIENTS;
        b->n--;
    }
    (void)pthread_mutex_unlock(&b->mutex);
    return c;
}

static void *worker_main(void *arg)
{
    struct bench *b = arg;
    struct arena a = arena_make(0);
    struct client *c;
    while ((c = take(b)) != NULL) {
        struct db_tx *tx = NULL;
        arena_reset(&a);
        err e = db_begin(b->db, DB_WRITE, &a, &tx);
        if (e != OK) {
            answered(c, e);
            continue;
        }
        e = db_run(tx,
            S("INSERT INTO inbox (id, delivery_key, body) VALUES (?1, ?2, ?3) "
              "ON CONFLICT (delivery_key) DO NOTHING"),
            ARGS(A_INT(atomic_fetch_add(&b->next_id, 1)),
                A_TEXT(str_print(&a, "key %lld", (long long)atomic_load(&b->next_id))),
                A_TEXT(b->body)),
            NULL);
        db_end(tx, e == OK, answered, c);
    }
    arena_free(&a);
    return NULL;
}

static int by_size(const void *x, const void *y)
{
    int32_t a, b;
    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return a < b ? -1 : a > b;
}

static int64_t number(int argc, char **argv, int i, int64_t otherwise, int64_t most)
{
    int64_t n = otherwise;
    return argc > i && str_int(str_from(argv[i]), 1, most, &n) == OK ? n : otherwise;
}

static void print_result(struct bench *b, int64_t workers, int64_t clients, double seconds,
    struct db_stats before, struct db_stats after)
{
    qsort(b->samples, (size_t)b->n_samples, sizeof b->samples[0], by_size);
    int64_t commits = after.commits - before.commits;
    int64_t last = b->n_samples > 0 ? b->n_samples - 1 : 0;
    (void)printf("{\"workers\":%lld,\"clients\":%lld,\"writes_per_s\":%.0f,\"per_commit\":%.1f,"
                 "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"busy\":%lld}\n",
        (long long)workers, (long long)clients, (double)b->n_samples / seconds,
        commits > 0 ? (double)b->n_samples / (double)commits : 0.0,
        (double)b->samples[last / 2] / 1000, (double)b->samples[last * 99 / 100] / 1000,
        (double)b->samples[last] / 1000, (long long)atomic_load(&b->busy));
}

static void run(struct bench *b, int64_t workers, int64_t clients, int64_t seconds)
{
    pthread_t threads[64];
    struct db_stats before = db_stats_of(b->db);
    int64_t started = now_us();
    (void)pthread_mutex_lock(&b->mutex);
    for (int i = 0; i < clients; i++) {
        b->clients[i].b = b;
        ask(b, &b->clients[i]);
    }
    (void)pthread_mutex_unlock(&b->mutex);
    for (int i = 0; i < workers; i++)
        if (thread_start(&threads[i], "worker", 0, worker_main, b) != OK)
            abort();
    struct timespec t = {.tv_sec = (time_t)seconds};
    (void)nanosleep(&t, NULL);
    (void)pthread_mutex_lock(&b->mutex);
    b->is_over = true;
    (void)pthread_cond_broadcast(&b->cond);
    (void)pthread_mutex_unlock(&b->mutex);
    double took = (double)(now_us() - started) / 1e6;
    for (int i = 0; i < workers; i++)
        (void)pthread_join(threads[i], NULL);
    struct db_stats after = db_stats_of(b->db);
    db_close(b->db);
    print_result(b, workers, clients, took, before, after);
}

int main(int argc, char **argv)
{
    static struct bench b = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    static char bytes[MAX_BYTES];
    struct arena a = arena_make(0);
    str why = S("");
    static const struct migration table = {
        .version = 1,
        .name = "0001_bench",
        .text = S_INIT(
            "CREATE TABLE inbox (id @int PRIMARY KEY, delivery_key TEXT NOT NULL, "
            "body TEXT NOT NULL);\nCREATE UNIQUE INDEX inbox_key ON inbox (delivery_key);\n"),
    };
    if (argc < 2) {
        (void)fputs("usage: db_commit URL [workers] [clients] [seconds] [row bytes]\n", stderr);
        return 2;
    }
    struct db_options o = {.url = str_from(argv[1]), .pending = pending, .pending_arg = &b};
    if (db_open(&a, &o, &b.db, &why) != OK || db_migrate(b.db, &a, &table, 1, NULL, &why) != OK) {
        (void)fprintf(stderr, "db_commit: %.*s\n", SARG(why));
        return 1;
    }
    memset(bytes, 'b', sizeof bytes);
    b.body = str_of(bytes, number(argc, argv, 5, 400, MAX_BYTES));
    atomic_store(&b.next_id, now_us());
    b.samples = alloc_zero(MAX_SAMPLES * (ptrdiff_t)sizeof b.samples[0]);
    if (b.samples == NULL)
        return 1;
    run(&b, number(argc, argv, 2, 4, 64), number(argc, argv, 3, 64, MAX_CLIENTS),
        number(argc, argv, 4, 5, 600));
    arena_free(&a);
    return 0;
}
