/* See fault_vfs.h. What a disk promises here: synced bytes stay; bytes written later are there or
 * not, each sector of 512 for itself, in any order; bytes beside a write are not touched (SQLite's
 * powersafe overwrite). A new file is sure to exist after its first sync. The -shm file is memory.
 */
#include "fault_vfs.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SECTOR = 512, PATH_BYTES = 512 };

struct change {
    sqlite3_int64 at; /* truncation: the new size */
    int len;          /* −1: truncation */
    unsigned char *bytes;
};

struct remembered {
    struct remembered *next;
    char path[PATH_BYTES];
    unsigned char *image; /* what is on the disk for sure */
    size_t size;
    bool exists; /* for sure */
    bool is_deleted;
    struct change *changes;
    size_t n, cap;
};

struct fault_file {
    sqlite3_file base;
    struct remembered *memory; /* NULL: not remembered */
    sqlite3_file *real;
};

static struct {
    pthread_mutex_t mutex;
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    bool is_started, remembers;
    struct remembered *files;
    long calls[FAULT_OP_COUNT];
    long fail_first[FAULT_OP_COUNT], fail_end[FAULT_OP_COUNT];
    int fail_code[FAULT_OP_COUNT];
    void (*watch)(void *arg);
    void *watch_arg;
    int64_t sync_ms;
} shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void lock(void)
{
    (void)pthread_mutex_lock(&shared.mutex);
}

static void unlock(void)
{
    (void)pthread_mutex_unlock(&shared.mutex);
}

static void *must(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

/* SQLITE_OK, or the code with which this call fails. */
static int count_call(enum fault_op op)
{
    lock();
    long n = ++shared.calls[op];
    bool fails = shared.fail_first[op] > 0 && n >= shared.fail_first[op] && n < shared.fail_end[op];
    int code = fails ? shared.fail_code[op] : SQLITE_OK;
    unlock();
    return code;
}

static void tell_watch(void)
{
    lock();
    void (*watch)(void *arg) = shared.watch;
    void *arg = shared.watch_arg;
    unlock();
    if (watch != NULL)
        watch(arg);
}

static void stand_still(void)
{
    lock();
    int64_t ms = shared.sync_ms;
    unlock();
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    if (ms > 0)
        (void)nanosleep(&t, NULL); /* nobody interrupts it */
}

/* ── what a disk would keep ── */

static void apply(unsigned char **image, size_t *size, const struct change *c, uint64_t sectors)
{
    size_t at = (size_t)c->at;
    if (c->len < 0) {
        if (at < *size)
            *size = at;
        return;
    }
    size_t end = at + (size_t)c->len;
    if (end > *size) {
        *image = must(realloc(*image, end));
        memset(*image + *size, 0, end - *size);
        *size = end;
    }
    for (size_t from = 0; from < (size_t)c->len;) {
        size_t sector = (at + from) / SECTOR;
        size_t n = (sector + 1) * SECTOR - (at + from);
        if (n > (size_t)c->len - from)
            n = (size_t)c->len - from;
        if ((sectors >> (sector % 64) & 1) != 0)
            memcpy(*image + at + from, c->bytes + from, n);
        from += n;
    }
}

static void forget_changes(struct remembered *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->changes[i].bytes);
    f->n = 0;
}

static void note_change(struct remembered *f, const void *bytes, int len, sqlite3_int64 at)
{
    lock();
    if (f->n == f->cap) {
        f->cap = f->cap > 0 ? f->cap * 2 : 64;
        f->changes = must(realloc(f->changes, f->cap * sizeof f->changes[0]));
    }
    struct change *c = &f->changes[f->n++];
    *c = (struct change){.at = at, .len = len};
    if (len > 0) {
        c->bytes = must(malloc((size_t)len));
        memcpy(c->bytes, bytes, (size_t)len);
    }
    unlock();
}

static void note_sync(struct remembered *f)
{
    lock();
    for (size_t i = 0; i < f->n; i++)
        apply(&f->image, &f->size, &f->changes[i], UINT64_MAX);
    forget_changes(f);
    f->exists = true;
    unlock();
}

static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* mode 0: all later writes are lost; 1: all are there; else each is there, lost or torn. */
static void write_state(const struct remembered *f, const char *folder, int mode, uint64_t *seed)
{
    unsigned char *image = must(malloc(f->size + 1));
    size_t size = f->size;
    memcpy(image, f->image != NULL ? f->image : (const unsigned char *)"", f->size);
    for (size_t i = 0; i < f->n; i++) {
        uint64_t r = next_random(seed);
        uint64_t sectors = mode == 1                 ? UINT64_MAX
                           : mode == 0 || r % 3 == 0 ? 0
                           : r % 3 == 1              ? UINT64_MAX
                                                     : next_random(seed);
        if (f->changes[i].len >= 0 ? sectors != 0 : (sectors & 1) != 0)
            apply(&image, &size, &f->changes[i], sectors);
    }
    char path[PATH_BYTES * 2];
    const char *name = strrchr(f->path, '/');
    (void)snprintf(path, sizeof path, "%s/%s", folder, name != NULL ? name + 1 : f->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, image, size) != (ssize_t)size || close(fd) != 0)
        abort();
    free(image);
}

void fault_vfs_power_cut(const char *folder, uint64_t seed)
{
    uint64_t r = seed;
    int mode = (int)(next_random(&r) % 6);
    lock();
    for (const struct remembered *f = shared.files; f != NULL; f = f->next) {
        bool is_there = f->exists || (next_random(&r) & 1) != 0;
        if (f->is_deleted)
            is_there = f->exists && (next_random(&r) & 1) != 0;
        if (is_there)
            write_state(f, folder, mode, &r);
    }
    unlock();
}

static struct remembered *remember(const char *path)
{
    struct remembered *f = shared.files;
    while (f != NULL && (f->is_deleted || strcmp(f->path, path) != 0))
        f = f->next;
    if (f != NULL)
        return f;
    f = must(calloc(1, sizeof *f));
    (void)snprintf(f->path, sizeof f->path, "%s", path);
    FILE *old = fopen(path, "rbe");
    if (old != NULL) { /* what was there before is on the disk */
        unsigned char piece[4096];
        size_t n;
        while ((n = fread(piece, 1, sizeof piece, old)) > 0) {
            f->image = must(realloc(f->image, f->size + n));
            memcpy(f->image + f->size, piece, n);
            f->size += n;
        }
        f->exists = true;
        (void)fclose(old);
    }
    f->next = shared.files;
    shared.files = f;
    return f;
}

/* ── the file's methods ── */

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static int x_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods != NULL ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int x_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    int code = count_call(FAULT_READ);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xRead(real_of(file), to, n, at);
}

static int x_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    struct fault_file *f = (struct fault_file *)file;
    tell_watch();
    int code = count_call(FAULT_WRITE);
    int written = code == SQLITE_OK ? n : n / 2;
    int done = f->real->pMethods->xWrite(f->real, bytes, written, at);
    if (done == SQLITE_OK && f->memory != NULL)
        note_change(f->memory, bytes, written, at);
    return code != SQLITE_OK ? code : done;
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct fault_file *f = (struct fault_file *)file;
    tell_watch();
    int done = f->real->pMethods->xTruncate(f->real, size);
    if (done == SQLITE_OK && f->memory != NULL)
        note_change(f->memory, NULL, -1, size);
    return done;
}

static int x_sync(sqlite3_file *file, int flags)
{
    struct fault_file *f = (struct fault_file *)file;
    tell_watch();
    stand_still();
    int code = count_call(FAULT_SYNC);
    if (code != SQLITE_OK)
        return code;
    /* The copy in memory is what counts for a power cut; a test need not wait for the real disk. */
    if (f->memory == NULL)
        return f->real->pMethods->xSync(f->real, flags);
    note_sync(f->memory);
    return SQLITE_OK;
}

static int x_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int x_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int x_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int x_reserved(sqlite3_file *file, int *is_held)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_held);
}

static int x_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int x_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int x_device(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int x_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, at);
}

static int x_shm_lock(sqlite3_file *file, int from, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), from, n, flags);
}

static void x_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int x_shm_unmap(sqlite3_file *file, int is_deleted)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleted);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no memory mapping */
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
};

/* ── the file system's methods ── */

static int v_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    struct fault_file *f = (struct fault_file *)file;
    f->base.pMethods = NULL;
    f->real = (sqlite3_file *)(f + 1);
    lock();
    bool is_kept = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0;
    f->memory = shared.remembers && path != NULL && is_kept ? remember(path) : NULL;
    unlock();
    int code = shared.real->xOpen(shared.real, path, f->real, flags, out_flags);
    if (code == SQLITE_OK)
        f->base.pMethods = &methods;
    return code;
}

static int v_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    tell_watch();
    int code = shared.real->xDelete(shared.real, path, sync_folder);
    lock();
    for (struct remembered *f = shared.files; f != NULL; f = f->next) {
        if (strcmp(f->path, path) == 0 && code == SQLITE_OK) {
            f->is_deleted = true;
            f->exists = f->exists && sync_folder == 0;
        }
    }
    unlock();
    return code;
}

void fault_vfs_start(void)
{
    if (shared.is_started)
        return;
    shared.real = sqlite3_vfs_find(NULL);
    assert(shared.real != NULL);
    shared.vfs = *shared.real;
    shared.vfs.zName = "fault";
    shared.vfs.pNext = NULL;
    shared.vfs.szOsFile = (int)sizeof(struct fault_file) + shared.real->szOsFile;
    shared.vfs.xOpen = v_open;
    shared.vfs.xDelete = v_delete;
    if (sqlite3_vfs_register(&shared.vfs, 1) != SQLITE_OK)
        abort();
    shared.is_started = true;
}

void fault_vfs_reset(void)
{
    lock();
    shared.remembers = false;
    shared.watch = NULL;
    shared.sync_ms = 0;
    memset(shared.calls, 0, sizeof shared.calls);
    memset(shared.fail_first, 0, sizeof shared.fail_first);
    while (shared.files != NULL) {
        struct remembered *f = shared.files;
        shared.files = f->next;
        forget_changes(f);
        free(f->changes);
        free(f->image);
        free(f);
    }
    unlock();
}

void fault_vfs_fail(enum fault_op op, long nth, long count, int code)
{
    lock();
    shared.fail_first[op] = nth > 0 ? shared.calls[op] + nth : 0;
    shared.fail_end[op] = shared.fail_first[op] + count;
    shared.fail_code[op] = code;
    unlock();
}

long fault_vfs_calls(enum fault_op op)
{
    lock();
    long n = shared.calls[op];
    unlock();
    return n;
}

void fault_vfs_remember(void)
{
    lock();
    shared.remembers = true;
    unlock();
}

void fault_vfs_slow_sync(int64_t ms)
{
    lock();
    shared.sync_ms = ms;
    unlock();
}

void fault_vfs_watch(void (*fn)(void *arg), void *arg)
{
    lock();
    shared.watch_arg = arg;
    shared.watch = fn;
    unlock();
}
