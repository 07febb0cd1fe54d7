/* Arenas: bump allocation in chunks, and the process's one door to malloc with its failing seam.
 * Not: a general allocator; single objects are never given back.
 * Thread: an arena belongs to one thread; the seam's counters are atomic.
 *
 * Chunks double from 32 KiB to 1 MiB. A request larger than a quarter of the next chunk gets a
 * chunk of its own behind the current one, so that the rest of the current one is not wasted.
 * Bytes are zeroed when handed out (not when the chunk is made): a reset costs one free per extra
 * chunk and nothing per byte. Under AddressSanitizer bytes not handed out are poisoned. */
#include "base/arena.h"

#include <assert.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum {
    CHUNK_FIRST_BYTES = 32 * 1024,
    CHUNK_MOST_BYTES = 1024 * 1024,
    CHUNK_KEEP_BYTES = 64 * 1024, /* a larger first chunk is not kept over a reset */
};

struct arena_chunk {
    struct arena_chunk *older;
    ptrdiff_t size; /* of bytes[] */
    ptrdiff_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena_cleanup {
    struct arena_cleanup *older;
    void (*fn)(void *what);
    void *what;
};

/* Shared by all threads; listed in docs/architecture.md. */
static _Atomic long calls;
static _Atomic long fail_first; /* number of the first call that fails; 0 = none */
static _Atomic long fail_end;

static bool call_may_succeed(void)
{
    long n = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
    long first = atomic_load_explicit(&fail_first, memory_order_relaxed);
    return first == 0 || n < first || n >= atomic_load_explicit(&fail_end, memory_order_relaxed);
}

void alloc_fail_at(long nth, long count)
{
    long now = atomic_load(&calls);
    long first = nth > 0 ? now + nth : 0;
    atomic_store(&fail_first, 0);
    atomic_store(&fail_end, first + count);
    atomic_store(&fail_first, first);
}

long alloc_calls(void)
{
    return atomic_load(&calls);
}

#ifdef SEVA_FAILPOINTS
static _Atomic long takes;
static _Atomic long take_first; /* as fail_first; 0 = nothing is counted */
static _Atomic long take_end;

static bool take_may_succeed(void)
{
    long first = atomic_load_explicit(&take_first, memory_order_relaxed);
    if (first == 0)
        return true;
    long n = atomic_fetch_add_explicit(&takes, 1, memory_order_relaxed) + 1;
    return n < first || n >= atomic_load_explicit(&take_end, memory_order_relaxed);
}

void arena_fail_at(long nth, long count)
{
    atomic_store(&take_first, 0);
    if (nth <= 0)
        return;
    atomic_store(&takes, 0);
    atomic_store(&take_end, nth + count);
    atomic_store(&take_first, nth);
}

long arena_takes(void)
{
    return atomic_load(&takes);
}
#else
static bool take_may_succeed(void)
{
    return true;
}
#endif

void alloc_start(void)
{
    enum { LONG_BYTES = 4 * 1024 * 1024, IDLE_BYTES = 1024 * 1024 };
    (void)mallopt(M_MMAP_THRESHOLD, LONG_BYTES); /* refused: then more is kept */
    /* So much that is free at a heap's end stays with its thread: an answer's memory is not given
     * back after each and taken anew, page by page, for the next. */
    (void)mallopt(M_TRIM_THRESHOLD, IDLE_BYTES);
}

void *alloc_zero(ptrdiff_t size)
{
    assert(size >= 0);
    return call_may_succeed() ? calloc(1, size > 0 ? (size_t)size : 1) : NULL;
}

void *alloc_resize(void *old, ptrdiff_t size)
{
    assert(size >= 0);
    return call_may_succeed() ? realloc(old, size > 0 ? (size_t)size : 1) : NULL;
}

struct arena arena_make(ptrdiff_t max_bytes)
{
    return (struct arena){.max_bytes = max_bytes};
}

static struct arena_chunk *chunk_make(ptrdiff_t size)
{
    if (!call_may_succeed())
        return NULL;
    struct arena_chunk *c = malloc(sizeof *c + (size_t)size);
    if (c == NULL)
        return NULL;
    c->older = NULL;
    c->size = size;
    c->used = 0;
    ASAN_POISON_MEMORY_REGION(c->bytes, (size_t)size);
    return c;
}

static void chunk_free(struct arena_chunk *c)
{
    ASAN_UNPOISON_MEMORY_REGION(c->bytes, (size_t)c->size);
    free(c);
}

/* Where the next object of this alignment starts in the chunk. */
static ptrdiff_t chunk_start(const struct arena_chunk *c, ptrdiff_t align)
{
    uintptr_t at = (uintptr_t)(c->bytes + c->used);
    uintptr_t mask = (uintptr_t)align - 1;
    return c->used + (ptrdiff_t)(((at + mask) & ~mask) - at);
}

static void *chunk_take(struct arena *a, struct arena_chunk *c, ptrdiff_t size, ptrdiff_t align)
{
    ptrdiff_t start = chunk_start(c, align);
    if (start > c->size || size > c->size - start)
        return NULL;
    a->used_bytes += start + size - c->used;
    c->used = start + size;
    unsigned char *at = c->bytes + start;
    ASAN_UNPOISON_MEMORY_REGION(at, (size_t)size);
    return memset(at, 0, (size_t)size);
}

static void *arena_take_from_new_chunk(struct arena *a, ptrdiff_t size, ptrdiff_t align)
{
    ptrdiff_t next = CHUNK_FIRST_BYTES;
    if (a->chunk != NULL)
        next = a->chunk->size >= CHUNK_MOST_BYTES / 2 ? CHUNK_MOST_BYTES : a->chunk->size * 2;
    ptrdiff_t needed = size + align;
    bool own = needed > next / 4 && a->chunk != NULL;
    struct arena_chunk *c = chunk_make(own || needed > next ? needed : next);
    if (c == NULL)
        return NULL;
    if (own) {
        c->older = a->chunk->older;
        a->chunk->older = c;
    } else {
        c->older = a->chunk;
        a->chunk = c;
    }
    return chunk_take(a, c, size, align);
}

static ptrdiff_t bytes_left(const struct arena *a)
{
    ptrdiff_t max = a->max_bytes > 0 ? a->max_bytes : LIMIT_ARENA_BYTES;
    return max - a->used_bytes;
}

void *arena_try(struct arena *a, ptrdiff_t size, ptrdiff_t align)
{
    assert(align > 0 && (align & (align - 1)) == 0);
    if (size < 0 || size > bytes_left(a) || !take_may_succeed())
        return NULL;
    if (a->chunk != NULL) {
        void *at = chunk_take(a, a->chunk, size, align);
        if (at != NULL)
            return at;
    }
    return arena_take_from_new_chunk(a, size, align);
}

void arena_give_up(const struct arena *a)
{
    if (a->escape != NULL)
        longjmp(*a->escape, 1);
    (void)fputs("seva: out of memory outside a request; ending\n", stderr);
    abort();
}

void *arena_alloc(struct arena *a, ptrdiff_t size, ptrdiff_t align)
{
    void *at = arena_try(a, size, align);
    if (at == NULL)
        arena_give_up(a);
    return at;
}

void *arena_grow(struct arena *a, void *old, ptrdiff_t old_size, ptrdiff_t size, ptrdiff_t align)
{
    assert(old_size >= 0 && size >= old_size);
    struct arena_chunk *c = a->chunk;
    unsigned char *bytes = old;
    ptrdiff_t more = size - old_size;
    bool is_newest = c != NULL && old != NULL && bytes + old_size == c->bytes + c->used;
    if (is_newest && more <= c->size - c->used && more <= bytes_left(a)) {
        ASAN_UNPOISON_MEMORY_REGION(bytes + old_size, (size_t)more);
        memset(bytes + old_size, 0, (size_t)more);
        c->used += more;
        a->used_bytes += more;
        return old;
    }
    void *at = arena_try(a, size, align);
    if (at != NULL && old_size > 0)
        memcpy(at, old, (size_t)old_size);
    return at;
}

void arena_defer(struct arena *a, void (*fn)(void *what), void *what)
{
    struct arena_cleanup *c =
        arena_try(a, (ptrdiff_t)sizeof *c, (ptrdiff_t)alignof(struct arena_cleanup));
    if (c == NULL) {
        fn(what); /* nobody else would */
        arena_give_up(a);
    }
    *c = (struct arena_cleanup){.older = a->cleanup, .fn = fn, .what = what};
    a->cleanup = c;
}

static void run_cleanups(struct arena *a)
{
    while (a->cleanup != NULL) {
        struct arena_cleanup c = *a->cleanup;
        a->cleanup = c.older;
        c.fn(c.what);
    }
}

/* Frees every chunk but the oldest, which it returns. */
static struct arena_chunk *free_newer_chunks(struct arena *a)
{
    struct arena_chunk *c = a->chunk;
    while (c != NULL && c->older != NULL) {
        struct arena_chunk *older = c->older;
        chunk_free(c);
        c = older;
    }
    return c;
}

void arena_reset(struct arena *a)
{
    run_cleanups(a);
    struct arena_chunk *first = free_newer_chunks(a);
    if (first != NULL && first->size > CHUNK_KEEP_BYTES) {
        chunk_free(first);
        first = NULL;
    }
    if (first != NULL) {
        first->used = 0;
        ASAN_POISON_MEMORY_REGION(first->bytes, (size_t)first->size);
    }
    a->chunk = first;
    a->used_bytes = 0;
}

void arena_free(struct arena *a)
{
    run_cleanups(a);
    struct arena_chunk *first = free_newer_chunks(a);
    if (first != NULL)
        chunk_free(first);
    a->chunk = NULL;
    a->used_bytes = 0;
}
