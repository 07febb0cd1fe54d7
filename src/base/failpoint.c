/* See failpoint.h. Not compiled into the real program but for this one line that C asks for.
 * Thread: any. */
#include "base/failpoint.h"

typedef int failpoint_room_is_not_empty;

#ifdef SEVA_FAILPOINTS
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

enum { FAILPOINTS_MOST = 16 };

struct point {
    str name;
    bool crashes, waits;
    bool stays; /* every later pass too */
    int64_t nth;
    _Atomic int64_t passes;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct point points[FAILPOINTS_MOST];
static int count;

static void point_read(str text)
{
    str name, action, nth;
    if (count == FAILPOINTS_MOST || !str_cut(text, ':', &name, &action) ||
        !str_cut(action, '@', &action, &nth))
        abort(); /* a test that names its failpoint wrongly proves nothing */
    struct point *p = &points[count++];
    p->name = name;
    p->crashes = str_eq(action, S("crash"));
    p->waits = str_eq(action, S("wait"));
    p->stays = str_ends(nth, S("+"));
    if (p->stays)
        nth.len--;
    bool is_action = p->crashes || p->waits || str_eq(action, S("fail"));
    if (str_int(nth, 1, INT64_MAX, &p->nth) != OK || !is_action)
        abort();
}

static void points_read(void)
{
    str rest = str_from(getenv("SEVA_FAILPOINT")), one;
    while (rest.len > 0) {
        (void)str_cut(rest, ',', &one, &rest); /* the last one has no comma */
        point_read(one);
    }
}

bool failpoint_pass(const char *name)
{
    (void)pthread_once(&once, points_read); /* cannot fail with a valid once */
    for (int i = 0; i < count; i++) {
        struct point *p = &points[i];
        if (!str_eq(p->name, str_from(name)))
            continue;
        int64_t pass = atomic_fetch_add(&p->passes, 1) + 1;
        bool hits = pass == p->nth || (p->stays && pass > p->nth);
        if (hits && p->crashes)
            (void)kill(getpid(), SIGKILL);
        if (hits && p->waits)
            (void)nanosleep(&(struct timespec){.tv_nsec = FAILPOINT_WAIT_MS * 1000000L}, NULL);
        return hits && !p->waits;
    }
    return false;
}
#endif
