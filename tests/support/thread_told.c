/* Says whether a test program begins a thread: loaded before the C library (LD_PRELOAD), it makes
 * the file SEVA_THREAD_TOLD at the first one. tools/test.py does not run under the thread sanitizer
 * what began none: there is nobody to race with. Not: part of the program. Thread: any. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Other programs that the test starts (Dovecot, openssl) are none of ours. */
[[gnu::constructor]] static void only_this_program(void)
{
    (void)unsetenv("LD_PRELOAD");
}

static void tell(void)
{
    const char *path = getenv("SEVA_THREAD_TOLD");
    int fd = path ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        (void)close(fd);
}

int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *), void *arg)
{
    union {
        void *found;
        int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    } next = {.found = dlsym(RTLD_NEXT, "pthread_create")};
    tell();
    return next.create(thread, attributes, main, arg);
}
