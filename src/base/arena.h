/* An arena holds everything made during one request or job and is freed as a whole.
 *
 * Memory from arena_alloc is zeroed and never NULL. When the system has no more memory, or the
 * arena's own maximum is reached, arena_alloc jumps to `escape` (set by the boundary that owns the
 * arena: the API boundary and the job runner, which roll back and report E_BUSY); without an escape
 * the process ends (crash-only). Sizes that come from outside use arena_try, which returns NULL.
 *
 * Thread: an arena belongs to one thread at a time. */
#pragma once
#include <setjmp.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;
struct arena_cleanup;

struct arena {
    struct arena_chunk *chunk;     /* newest first */
    ptrdiff_t used_bytes;          /* handed out since the last reset */
    ptrdiff_t max_bytes;           /* 0 = LIMIT_ARENA_BYTES (limits.h) */
    jmp_buf *escape;               /* where to go when memory ends; NULL = abort */
    struct arena_cleanup *cleanup; /* run newest first at reset and free */
};

struct arena arena_make(ptrdiff_t max_bytes);
void *arena_alloc(struct arena *a, ptrdiff_t size, ptrdiff_t align);
[[nodiscard]] void *arena_try(struct arena *a, ptrdiff_t size, ptrdiff_t align);
/* Leaves by the escape; without one the process ends. */
[[gnu::noreturn]] void arena_give_up(const struct arena *a);
/* Like realloc for the arena's bytes: the newest allocation grows where it stands, any other moves.
 * The new bytes are zeroed. NULL when memory or the arena's maximum ends; `old` is still good. */
[[nodiscard]] void *arena_grow(
    struct arena *a, void *old, ptrdiff_t old_size, ptrdiff_t size, ptrdiff_t align);
/* Calls fn(what) when the arena is reset or freed: for handles that must not outlive a
 * request. */
void arena_defer(struct arena *a, void (*fn)(void *what), void *what);
/* Runs the cleanups and keeps the first chunk for reuse. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

/* n comes from our own code; a count from outside goes through arena_try after a limit check. */
#define NEW(a, T, n)                                                                               \
    ((T *)arena_alloc((a), (ptrdiff_t)sizeof(T) * (ptrdiff_t)(n), (ptrdiff_t)alignof(T)))

/* Test seam: the allocation with this number (1 = the next one, counted over alloc_zero,
 * alloc_resize and arena chunks in all threads) and every one after it while `count` lasts fails;
 * 0 turns it off. */
void alloc_fail_at(long nth, long count);
/* How many allocations were asked for since the start of the process. */
long alloc_calls(void);
/* Test seam of builds with failpoints: the same for what is taken out of arenas, of which a chunk
 * serves thousands: the take with this number from now on and every one after it while `count`
 * lasts is refused; 0 turns it off. Counted only while it is on. */
void arena_fail_at(long nth, long count);
long arena_takes(void);
/* Once, before there are threads: what is longer than 4 MiB goes back to the system when it is
 * freed. By itself glibc keeps blocks of up to 32 MiB for later (mallopt(3), M_MMAP_THRESHOLD:
 * "dynamic"): after forty mails made to hurt 112 MB instead of 22. */
void alloc_start(void);
/* malloc for long-lived objects in base, db, net, job and app; honours the test seam; NULL when out
 * of memory; zeroed. Free with free(). */
[[nodiscard]] void *alloc_zero(ptrdiff_t size);
/* Like realloc; the new bytes are not zeroed. */
[[nodiscard]] void *alloc_resize(void *old, ptrdiff_t size);
