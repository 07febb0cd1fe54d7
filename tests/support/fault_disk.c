/* A bad disk and a wrong clock for a whole server: loaded before the C library (LD_PRELOAD), it
 * stands under the file layer and under SQLite alike. It fails the calls it is told to fail, writes
 * down what is written and synced, so that a test can lay out what a power cut would have left
 * (system/disk.py), and moves the wall clock. Not: part of the program.
 *
 * SEVA_DISK_FOLDER  only what lies under it is counted, failed and written down
 * SEVA_DISK_CONTROL a file of CONTROL_BYTES, shared with the test: struct control
 * SEVA_DISK_JOURNAL where the journal goes; absent = none is kept
 *
 * A journal line is struct line, then the path (two for a rename, with a NUL between), then the
 * bytes. A sync has two lines: what was written down before the first of them is on the disk when
 * the second stands there.
 * Thread: any; one mutex orders the journal. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum op { OPEN, WRITE, SYNC, RENAME, TRUNCATE, UNLINK, READ, MKDIR, SYNC_DONE, CREATE };
enum { CONTROL_BYTES = 4096, FDS = 65536, PATH_BYTES = 4096 };

struct control {
    _Atomic int64_t lines;      /* in the journal */
    _Atomic int64_t calls;      /* of the kinds in `kinds` */
    _Atomic int64_t fail_first; /* the number of the first call that fails; 0 = none */
    _Atomic int64_t fail_end;   /* the number of the first one after it that does not */
    _Atomic int64_t error;      /* its errno */
    _Atomic int64_t kinds;      /* bits 1 << op */
    _Atomic int64_t clock_ms;   /* is added to the wall clock */
    _Atomic int64_t failed;     /* how many calls have failed */
    _Atomic int64_t bytes;      /* of the journal */
};

struct line {
    int64_t op, inode, at, path_len, len;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct control *control;
static const char *folder;
static size_t folder_len;
static int journal = -1;
static _Atomic int64_t inode_of[FDS]; /* 0 = not ours */

#define REAL(name) (__extension__(__typeof__(&name)) real(#name)) /* ISO C knows no dlsym */

static void *real(const char *name)
{
    void *at = dlsym(RTLD_NEXT, name);
    if (at == NULL)
        abort();
    return at;
}

static void start(void)
{
    __typeof__(&open) real_open = REAL(open);
    const char *path = getenv("SEVA_DISK_CONTROL");
    int fd = path != NULL ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at =
        fd >= 0 ? mmap(NULL, CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    folder = getenv("SEVA_DISK_FOLDER");
    if (at == MAP_FAILED || folder == NULL)
        abort(); /* a test that breaks nothing proves nothing */
    (void)close(fd);
    folder_len = strlen(folder);
    path = getenv("SEVA_DISK_JOURNAL");
    if (path != NULL)
        journal = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    control = at;
}

static bool is_ours(const char *path)
{
    (void)pthread_once(&once, start);
    return strncmp(path, folder, folder_len) == 0;
}

static int64_t inode_at(int fd)
{
    (void)pthread_once(&once, start);
    return fd >= 0 && fd < FDS ? atomic_load(&inode_of[fd]) : 0;
}

/* errno is set when the call shall fail. */
static bool fails(enum op op)
{
    if ((atomic_load(&control->kinds) >> op & 1) == 0)
        return false;
    int64_t n = atomic_fetch_add(&control->calls, 1) + 1;
    int64_t first = atomic_load(&control->fail_first);
    if (first == 0 || n < first || n >= atomic_load(&control->fail_end))
        return false;
    atomic_fetch_add(&control->failed, 1);
    errno = (int)atomic_load(&control->error);
    return true;
}

static void note_parts(struct line l, const char *path, const void *bytes)
{
    if (journal < 0)
        return;
    int before = errno;
    struct iovec parts[] = {
        {&l,                       sizeof l          },
        {(void *)(uintptr_t)path,  (size_t)l.path_len},
        {(void *)(uintptr_t)bytes, (size_t)l.len     }
    };
    (void)pthread_mutex_lock(&mutex);
    ssize_t n = writev(journal, parts, 3);
    if (n != (ssize_t)sizeof l + l.path_len + l.len)
        abort();
    atomic_fetch_add(&control->lines, 1);
    atomic_fetch_add(&control->bytes, n);
    (void)pthread_mutex_unlock(&mutex);
    errno = before;
}

static void note(
    enum op op, int64_t inode, int64_t at, const char *path, const void *bytes, ssize_t len)
{
    ssize_t path_len = path != NULL ? (ssize_t)strlen(path) : 0;
    note_parts((struct line){op, inode, at, path_len, len}, path != NULL ? path : "",
        bytes != NULL ? bytes : "");
}

static int opened(int fd, const char *path, int flags, bool is_new)
{
    struct stat st;
    if (fd < 0 || fd >= FDS || fstat(fd, &st) != 0)
        return fd;
    atomic_store(&inode_of[fd], (int64_t)st.st_ino);
    bool is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (is_new || is_nameless)
        note(CREATE, (int64_t)st.st_ino, 0, is_nameless ? "" : path, NULL, 0);
    if ((flags & O_TRUNC) != 0)
        note(TRUNCATE, (int64_t)st.st_ino, 0, NULL, NULL, 0);
    return fd;
}

static int open_ours(const char *path, int flags, mode_t mode)
{
    struct stat st;
    __typeof__(&open) real_open = REAL(open);
    if (!is_ours(path))
        return real_open(path, flags, mode);
    if (fails(OPEN))
        return -1;
    bool is_new = (flags & O_CREAT) != 0 && stat(path, &st) != 0;
    return opened(real_open(path, flags, mode), path, flags, is_new);
}

static mode_t mode_of(int flags, va_list more)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define OPENS(name)                                                                                \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode_t mode = mode_of(flags, more);                                                        \
        va_end(more);                                                                              \
        return open_ours(path, flags, mode);                                                       \
    }
OPENS(open)
OPENS(open64)
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_ours(path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_ours(path, flags, 0);
}

int close(int fd)
{
    if (fd >= 0 && fd < FDS)
        atomic_store(&inode_of[fd], 0);
    return REAL(close)(fd);
}

/* As on a disk that becomes full: half of the bytes get through. */
static ssize_t write_ours(int fd, const void *bytes, size_t n, off_t at)
{
    int64_t inode = inode_at(fd);
    __typeof__(&pwrite) real_pwrite = REAL(pwrite);
    if (inode == 0)
        return real_pwrite(fd, bytes, n, at);
    bool is_bad = fails(WRITE);
    int error = errno;
    ssize_t done = is_bad ? real_pwrite(fd, bytes, n / 2, at) : real_pwrite(fd, bytes, n, at);
    if (done > 0)
        note(WRITE, inode, at, NULL, bytes, done);
    if (is_bad)
        errno = error;
    return is_bad ? -1 : done;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return write_ours(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
    return write_ours(fd, bytes, n, at);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    int64_t inode = inode_at(fd);
    __typeof__(&write) real_write = REAL(write);
    if (inode == 0)
        return real_write(fd, bytes, n);
    if (fails(WRITE))
        return -1;
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = real_write(fd, bytes, n);
    if (done > 0)
        note(WRITE, inode, at, NULL, bytes, done);
    return done;
}

#define READS(name)                                                                                \
    ssize_t name(int fd, void *to, size_t n, off_t at)                                             \
    {                                                                                              \
        return inode_at(fd) != 0 && fails(READ) ? -1 : REAL(pread)(fd, to, n, at);                 \
    }
READS(pread)
READS(pread64)

/* A folder is known by its path: what is synced is the names in it. */
static void note_sync(enum op op, int fd, int64_t inode)
{
    char path[PATH_BYTES] = "", link[64];
    struct stat st;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && readlink(link, path, sizeof path - 1) < 0)
        abort();
    note(op, inode, 0, path, NULL, 0);
}

static int sync_ours(int fd, int (*real_sync)(int fd))
{
    int64_t inode = inode_at(fd);
    if (inode == 0)
        return real_sync(fd);
    if (fails(SYNC))
        return -1;
    note_sync(SYNC, fd, inode);
    int done = real_sync(fd);
    if (done == 0)
        note_sync(SYNC_DONE, fd, inode);
    return done;
}

int fsync(int fd)
{
    return sync_ours(fd, REAL(fsync));
}

int fdatasync(int fd)
{
    return sync_ours(fd, REAL(fdatasync));
}

/* Inode −1: everything. */
int syncfs(int fd)
{
    if (inode_at(fd) == 0)
        return REAL(syncfs)(fd);
    if (fails(SYNC))
        return -1;
    note(SYNC, -1, 0, NULL, NULL, 0);
    int done = REAL(syncfs)(fd);
    if (done == 0)
        note(SYNC_DONE, -1, 0, NULL, NULL, 0);
    return done;
}

static int truncate_ours(int fd, off_t size)
{
    int64_t inode = inode_at(fd);
    if (inode != 0 && fails(TRUNCATE))
        return -1;
    int done = REAL(ftruncate)(fd, size);
    if (inode != 0 && done == 0)
        note(TRUNCATE, inode, size, NULL, NULL, 0);
    return done;
}

int ftruncate(int fd, off_t size)
{
    return truncate_ours(fd, size);
}

int ftruncate64(int fd, off_t size)
{
    return truncate_ours(fd, size);
}

int rename(const char *from, const char *to)
{
    bool ours = is_ours(from) || is_ours(to);
    if (ours && fails(RENAME))
        return -1;
    int done = REAL(rename)(from, to);
    if (ours && done == 0)
        note_parts(
            (struct line){RENAME, 0, 0, (int64_t)strlen(from), (int64_t)strlen(to)}, from, to);
    return done;
}

static int unlinked(const char *path, int done)
{
    if (done == 0)
        note(UNLINK, 0, 0, path, NULL, 0);
    return done;
}

int unlink(const char *path)
{
    if (!is_ours(path))
        return REAL(unlink)(path);
    return fails(UNLINK) ? -1 : unlinked(path, REAL(unlink)(path));
}

int mkdir(const char *path, mode_t mode)
{
    if (!is_ours(path))
        return REAL(mkdir)(path, mode);
    if (fails(MKDIR))
        return -1;
    int done = REAL(mkdir)(path, mode);
    if (done == 0)
        note(MKDIR, 0, 0, path, NULL, 0);
    return done;
}

/* ── the wall clock ── */

int clock_gettime(clockid_t which, struct timespec *t)
{
    int done = REAL(clock_gettime)(which, t);
    if (done != 0 || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE))
        return done;
    (void)pthread_once(&once, start);
    t->tv_sec += atomic_load(&control->clock_ms) / 1000;
    return done;
}

time_t time(time_t *to)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (to != NULL)
        *to = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    to->tv_sec = t.tv_sec;
    to->tv_usec = t.tv_nsec / 1000;
    return 0;
}
