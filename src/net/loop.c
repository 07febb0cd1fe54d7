/* The loop and its inbox. See loop.h. The inbox is a list under a mutex; the eventfd is written
 * only when the list was empty, so a burst of answers costs one wake-up. */
#include "net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"

struct loop {
    struct event_base *base;
    struct event *wake_event, *tick_event;
    int wake_fd;
    void (*tick)(void *arg);
    void (*wake)(void *arg);
    void *arg;
    pthread_t thread;
    bool is_running;
    pthread_mutex_t lock; /* guards the four below */
    struct loop_message *first, **last;
    bool is_stopping;
};

static bool run_messages(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct loop_message *m = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    bool is_stopping = loop->is_stopping;
    pthread_mutex_unlock(&loop->lock);
    while (m != NULL) {
        struct loop_message *next = m->next;
        m->run(m);
        m = next;
    }
    return is_stopping;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct loop *loop = arg;
    uint64_t count;
    while (read(fd, &count, sizeof count) > 0) {
    }
    bool is_stopping = run_messages(loop);
    if (loop->wake != NULL)
        loop->wake(loop->arg);
    if (is_stopping)
        event_base_loopbreak(loop->base);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop *loop = arg;
    if (loop->tick != NULL)
        loop->tick(loop->arg);
}

static void *loop_main(void *arg)
{
    struct loop *loop = arg;
    (void)event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY); /* ends by loopbreak alone */
    return NULL;
}

static bool loop_set_up(struct loop *loop)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return false;
    bool is_fine = event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0;
    loop->base = is_fine ? event_base_new_with_config(config) : NULL;
    event_config_free(config);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->base == NULL || loop->wake_fd < 0)
        return false;
    const struct timeval every = {.tv_usec = LOOP_TICK_MS * 1000};
    loop->wake_event = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    loop->tick_event = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
    return loop->wake_event != NULL && loop->tick_event != NULL &&
           event_add(loop->wake_event, NULL) == 0 && event_add(loop->tick_event, &every) == 0;
}

struct loop *loop_open(void)
{
    struct loop *loop = alloc_zero((ptrdiff_t)sizeof *loop);
    if (loop == NULL)
        return NULL;
    pthread_mutex_init(&loop->lock, NULL);
    loop->last = &loop->first;
    loop->wake_fd = -1;
    if (!loop_set_up(loop)) {
        loop_close(loop);
        return NULL;
    }
    return loop;
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

void loop_callbacks(struct loop *loop, void (*tick)(void *arg), void (*wake)(void *arg), void *arg)
{
    loop->tick = tick;
    loop->wake = wake;
    loop->arg = arg;
}

err loop_start(struct loop *loop)
{
    TRY(thread_start(&loop->thread, "seva-loop", 0, loop_main, loop));
    loop->is_running = true;
    return OK;
}

void loop_nudge(struct loop *loop)
{
    const uint64_t one = 1;
    ssize_t n = write(loop->wake_fd, &one, sizeof one);
    (void)n; /* EAGAIN: the counter is full, so the loop wakes anyway */
}

void loop_post(struct loop *loop, struct loop_message *m)
{
    m->next = NULL;
    pthread_mutex_lock(&loop->lock);
    bool was_empty = loop->first == NULL;
    *loop->last = m;
    loop->last = &m->next;
    pthread_mutex_unlock(&loop->lock);
    if (was_empty)
        loop_nudge(loop);
}

void loop_stop(struct loop *loop)
{
    if (!loop->is_running)
        return;
    pthread_mutex_lock(&loop->lock);
    loop->is_stopping = true;
    pthread_mutex_unlock(&loop->lock);
    loop_nudge(loop);
    pthread_join(loop->thread, NULL);
    loop->is_running = false;
}

void loop_close(struct loop *loop)
{
    (void)run_messages(loop); /* nobody waits for the verdict */
    if (loop->wake_event != NULL)
        event_free(loop->wake_event);
    if (loop->tick_event != NULL)
        event_free(loop->tick_event);
    if (loop->base != NULL)
        event_base_free(loop->base);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}
