/* See fault_lite.h. A layer over what SQLite has by itself. */
#include "fault_lite.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static sqlite3_mem_methods real;
static _Atomic long calls, fail_first, fail_end, alive;

static bool may_succeed(void)
{
    long n = atomic_fetch_add(&calls, 1) + 1;
    long first = atomic_load(&fail_first);
    return first == 0 || n < first || n >= atomic_load(&fail_end);
}

static void *take(int size)
{
    void *at = may_succeed() ? real.xMalloc(size) : NULL;
    atomic_fetch_add(&alive, at != NULL);
    return at;
}

static void give(void *at)
{
    atomic_fetch_sub(&alive, at != NULL);
    real.xFree(at);
}

static void *resize(void *at, int size)
{
    return may_succeed() ? real.xRealloc(at, size) : NULL;
}

void fault_lite_start(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
        abort();
    sqlite3_mem_methods mine = real;
    mine.xMalloc = take;
    mine.xFree = give;
    mine.xRealloc = resize;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
        abort();
}

void fault_lite_fail(long nth, long count)
{
    atomic_store(&fail_first, 0);
    if (nth <= 0)
        return;
    atomic_store(&calls, 0);
    atomic_store(&fail_end, nth + count);
    atomic_store(&fail_first, nth);
}

long fault_lite_calls(void)
{
    return atomic_load(&calls);
}

long fault_lite_end(void)
{
    return sqlite3_shutdown() == SQLITE_OK ? atomic_load(&alive) : -1;
}
