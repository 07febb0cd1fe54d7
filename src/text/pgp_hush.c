/* pgp_hush: see pgp_hush.h. The stream "stderr" of the C library is a variable that may be set
 * (glibc manual, "Standard Streams"): once a process, it becomes one that asks who writes. */
#include "text/pgp_hush.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static _Thread_local bool is_hushed;

static ssize_t write_unless_hushed(void *cookie, const char *bytes, size_t n)
{
    (void)cookie; /* there is one stream */
    return is_hushed ? (ssize_t)n : write(STDERR_FILENO, bytes, n);
}

/* Out of memory: the stream stays what it is, and talks. */
static void replace_stream(void)
{
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_unless_hushed});
    if (!stream)
        return;
    (void)setvbuf(stream, NULL, _IONBF, 0); /* as stderr is */
    stderr = stream;
}

void pgp_hush_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, replace_stream);
    is_hushed = true;
}

void pgp_hush_end(void)
{
    is_hushed = false;
}
