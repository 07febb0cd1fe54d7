/* Thin wrappers over pthreads; see thread.h. */
#include "base/thread.h"

#include <signal.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t list_key;
static bool key_is_made;

static void run_list(void *list)
{
    struct thread_exit *node = list;
    while (node != NULL) {
        struct thread_exit *older = node->older;
        node->fn(node->what);
        node = older;
    }
}

static void key_make(void)
{
    key_is_made = pthread_key_create(&list_key, run_list) == 0;
}

bool thread_at_exit(struct thread_exit *node, void (*fn)(void *what), void *what)
{
    if (pthread_once(&once, key_make) != 0 || !key_is_made)
        return false;
    *node = (struct thread_exit){.older = pthread_getspecific(list_key), .fn = fn, .what = what};
    return pthread_setspecific(list_key, node) == 0;
}

err thread_start(
    pthread_t *thread, const char *name, ptrdiff_t stack_bytes, void *(*fn)(void *arg), void *arg)
{
    enum { STACK_BYTES = 512 * 1024 };
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0)
        return E_BUSY;
    sigset_t all, before;
    sigfillset(&all);
    pthread_t made;
    int failed = pthread_attr_setstacksize(
        &attr, stack_bytes > 0 ? (size_t)stack_bytes : (size_t)STACK_BYTES);
    if (failed == 0) {
        (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* fails only on a wrong `how` */
        failed = pthread_create(&made, &attr, fn, arg);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    (void)pthread_attr_destroy(&attr);
    if (failed != 0)
        return E_BUSY;
    (void)pthread_setname_np(made, name); /* a missing name hurts nobody */
    *thread = made;
    return OK;
}

bool thread_cond_make(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* exists on every Linux */
    int failed = pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
    return failed == 0;
}

struct timespec thread_deadline(int64_t in_ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = (int64_t)t.tv_nsec + in_ms % 1000 * 1000000;
    t.tv_sec += (time_t)(in_ms / 1000 + ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}
