/* file_map: see file_map.h. What is mapped is known here, since the same bytes given to the kernel
 * that are no file's would be lost (madvise(2), MADV_DONTNEED). */
#include "base/file_map.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

struct mapping {
    str bytes;
    struct mapping *next, *previous;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping *first;

/* ── mapping ── */

static void enter(struct mapping *m)
{
    (void)pthread_mutex_lock(&lock);
    m->next = first;
    if (first)
        first->previous = m;
    first = m;
    (void)pthread_mutex_unlock(&lock);
}

static void leave(const struct mapping *m)
{
    (void)pthread_mutex_lock(&lock);
    if (m->next)
        m->next->previous = m->previous;
    if (m->previous)
        m->previous->next = m->next;
    else
        first = m->next;
    (void)pthread_mutex_unlock(&lock);
}

static char *start_of(str bytes)
{
    return (char *)(uintptr_t)bytes.at; /* the kernel's calls take no const */
}

static void unmap(void *mapped)
{
    const struct mapping *m = mapped;
    leave(m);
    (void)munmap(start_of(m->bytes), (size_t)m->bytes.len); /* fails only for what is not mapped */
}

err file_map_open(struct arena *a, int fd, int64_t size, str *content)
{
    struct mapping *m = NEW(a, struct mapping, 1);
    *content = (str){0};
    if (!size)
        return OK;
    void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return E_BUSY;
    *content = m->bytes = str_of(at, (ptrdiff_t)size);
    enter(m);
    arena_defer(a, unmap, m);
    return OK;
}

err file_map(struct arena *a, str path, ptrdiff_t max, str *content)
{
    int fd;
    int64_t size;
    TRY(file_open_read(path, &fd, &size));
    err e = size > max ? E_LIMIT : file_map_open(a, fd, size, content);
    file_close(fd);
    return e;
}

/* ── letting go ── */

static bool is_mapped(uintptr_t from, uintptr_t end)
{
    for (const struct mapping *m = first; m; m = m->next) {
        uintptr_t start = (uintptr_t)m->bytes.at;
        if (from >= start && end <= start + (uintptr_t)m->bytes.len)
            return true;
    }
    return false;
}

void file_map_passed(str bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)bytes.at + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)bytes.at + (uintptr_t)bytes.len) / page * page;
    if (from >= end)
        return;
    (void)pthread_mutex_lock(&lock);
    if (is_mapped(from, end)) /* fails: then they count a little longer */
        (void)madvise((void *)from, end - from, MADV_DONTNEED);
    (void)pthread_mutex_unlock(&lock);
}

void file_map_walk(str bytes, ptrdiff_t at, ptrdiff_t *passed)
{
    if (at - *passed < FILE_MAP_PASS_BYTES)
        return;
    file_map_passed(str_sub(bytes, *passed, at - *passed));
    *passed = at;
}

typedef ptrdiff_t search(str s, str what);

static ptrdiff_t find_byte(str s, str what)
{
    return str_find_byte(s, what.at[0]);
}

/* Not str_find for a byte: memmem looks no further than memchr, but the sanitizers' one reads all.
 */
static ptrdiff_t find(str s, str what, search *in)
{
    ptrdiff_t at = 0, found;
    while (s.len - at > FILE_MAP_PASS_BYTES + what.len) {
        /* One that begins in this piece may end in the next. */
        found = in(str_sub(s, at, FILE_MAP_PASS_BYTES + what.len - 1), what);
        if (found >= 0)
            return at + found;
        file_map_passed(str_sub(s, at, FILE_MAP_PASS_BYTES));
        at += FILE_MAP_PASS_BYTES;
    }
    found = in(str_skip(s, at), what);
    return found < 0 ? -1 : at + found;
}

ptrdiff_t file_map_find(str s, str needle)
{
    return find(s, needle, str_find);
}

ptrdiff_t file_map_find_byte(str s, char c)
{
    return find(s, str_of(&c, 1), find_byte);
}
