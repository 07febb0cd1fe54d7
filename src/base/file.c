/* See file.h. Thread: any; the seam's counters are atomic. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/log.h"

static _Atomic long calls;
static _Atomic long fail_first; /* number of the first operation that fails; 0 = none */
static _Atomic long fail_end;
static _Atomic int fail_errno;

void file_fail_at(long nth, long count, int errno_value)
{
    long first = nth > 0 ? atomic_load(&calls) + nth : 0;
    atomic_store(&fail_first, 0);
    atomic_store(&fail_errno, errno_value);
    atomic_store(&fail_end, first + count);
    atomic_store(&fail_first, first);
}

long file_calls(void)
{
    return atomic_load(&calls);
}

/* Stands before every system call; false = behave as if it had failed with errno. */
static bool may_go_on(void)
{
    long n = atomic_fetch_add(&calls, 1) + 1;
    long first = atomic_load(&fail_first);
    if (first == 0 || n < first || n >= atomic_load(&fail_end))
        return true;
    int value = atomic_load(&fail_errno);
    if (value == FILE_CRASH)
        (void)kill(getpid(), SIGKILL);
    errno = value;
    return false;
}

static err err_of_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return E_NOT_FOUND;
    case EEXIST:
    case EWOULDBLOCK:
        return E_CONFLICT;
    case EACCES:
    case EPERM:
    case EROFS:
        return E_FORBIDDEN;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return E_BUSY;
    case ENAMETOOLONG:
        return E_INVALID;
    default:
        return E_INTERNAL;
    }
}

static err path_z(char to[PATH_MAX], str path)
{
    if (path.len == 0 || path.len >= PATH_MAX || memchr(path.at, 0, (size_t)path.len) != NULL) {
        errno = EINVAL;
        return E_INVALID;
    }
    memcpy(to, path.at, (size_t)path.len);
    to[path.len] = '\0';
    return OK;
}

static err open_z(const char *path, int flags, int mode, int *fd)
{
    int opened = may_go_on() ? open(path, flags | O_CLOEXEC, (mode_t)mode) : -1;
    if (opened < 0)
        return err_of_errno();
    *fd = opened;
    return OK;
}

err file_open_nameless(str folder, int *fd)
{
    char z[PATH_MAX], hidden[PATH_MAX];
    uint64_t number;
    TRY(path_z(z, folder));
    err e = open_z(z, O_RDWR | O_TMPFILE, 0600, fd);
    if (e == OK || (errno != EOPNOTSUPP && errno != EISDIR))
        return e;
    /* A file system without it: a name that lives for a moment. */
    crypto_random(&number, (ptrdiff_t)sizeof number);
    int n = snprintf(hidden, sizeof hidden, "%s/.%016llx", z, (unsigned long long)number);
    if (n < 0 || n >= (int)sizeof hidden)
        return E_INVALID;
    TRY(open_z(hidden, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, fd));
    (void)unlink(hidden); /* what stays is an empty name, at worst the bytes of one body */
    return OK;
}

void file_close(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* nothing to lose: what must last was synced */
}

static void close_kept(const int *fd)
{
    int before = errno;
    file_close(*fd);
    errno = before;
}

err file_open_write(str path, int mode, bool must_be_new, int *fd)
{
    char z[PATH_MAX];
    TRY(path_z(z, path));
    return open_z(z, O_RDWR | O_CREAT | O_NOFOLLOW | (must_be_new ? O_EXCL : 0), mode, fd);
}

err file_open_read(str path, int *fd, int64_t *size_bytes)
{
    char z[PATH_MAX];
    int opened;
    struct stat st = {0};
    TRY(path_z(z, path));
    TRY(open_z(z, O_RDONLY | O_NONBLOCK, 0, &opened)); /* NONBLOCK: a fifo must not hold us */
    if (fstat(opened, &st) != 0 || !S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        close_kept(&opened);
        return E_INVALID;
    }
    *fd = opened;
    *size_bytes = st.st_size;
    return OK;
}

enum { WHERE_IT_STANDS = -1 }; /* as offset: pipes have no places */

static err write_whole(int fd, int64_t offset, str part)
{
    while (part.len > 0) {
        ssize_t n = !may_go_on() ? -1
                    : offset < 0 ? write(fd, part.at, (size_t)part.len)
                                 : pwrite(fd, part.at, (size_t)part.len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_of_errno();
        part = str_skip(part, n);
        offset += offset < 0 ? 0 : n;
    }
    return OK;
}

static err read_whole(int fd, int64_t offset, char *to, ptrdiff_t len, ptrdiff_t *got)
{
    ptrdiff_t sum = 0;
    while (sum < len) {
        ssize_t n = !may_go_on() ? -1
                    : offset < 0 ? read(fd, to + sum, (size_t)(len - sum))
                                 : pread(fd, to + sum, (size_t)(len - sum), offset + sum);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_of_errno();
        if (n == 0)
            break;
        sum += n;
    }
    *got = sum;
    return OK;
}

err file_write_at(int fd, int64_t offset, str part)
{
    return write_whole(fd, offset, part);
}

err file_read_at(int fd, int64_t offset, void *to, ptrdiff_t len, ptrdiff_t *got)
{
    return read_whole(fd, offset, to, len, got);
}

err file_write_on(int fd, str part)
{
    return write_whole(fd, WHERE_IT_STANDS, part);
}

err file_read_on(int fd, void *to, ptrdiff_t len, ptrdiff_t *got)
{
    return read_whole(fd, WHERE_IT_STANDS, to, len, got);
}

err file_truncate(int fd, int64_t size_bytes)
{
    return may_go_on() && ftruncate(fd, size_bytes) == 0 ? OK : err_of_errno();
}

err file_sync(int fd)
{
    if (may_go_on() && fsync(fd) == 0)
        return OK;
    log_line(LOG_ERROR, "the disk did not confirm a write; ending", LOG_I("errno", errno));
    abort();
}

err file_sync_try(int fd)
{
    return may_go_on() && fsync(fd) == 0 ? OK : err_of_errno();
}

err file_disk_sync(str folder)
{
    char z[PATH_MAX];
    [[gnu::cleanup(close_kept)]] int fd = -1;
    TRY(path_z(z, folder));
    TRY(open_z(z, O_RDONLY | O_DIRECTORY, 0, &fd));
    return may_go_on() && syncfs(fd) == 0 ? OK : err_of_errno();
}

err file_room(str folder, int64_t *bytes)
{
    char z[PATH_MAX];
    struct statvfs fs;
    TRY(path_z(z, folder));
    if (!may_go_on() || statvfs(z, &fs) != 0)
        return err_of_errno();
    *bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    return OK;
}

str file_words(struct arena *a, str what, str path)
{
    return str_print(a, "cannot %.*s %.*s: %s", SARG(what), SARG(path), strerrordesc_np(errno));
}

err file_read(struct arena *a, str path, ptrdiff_t max, str *content)
{
    [[gnu::cleanup(close_kept)]] int fd = -1;
    int64_t size;
    TRY(file_open_read(path, &fd, &size));
    if (size > max)
        return E_LIMIT;
    /* Files under /proc say 0; so the size is a hint and one byte more tells a longer file. */
    ptrdiff_t room = size > 0 ? (ptrdiff_t)size + 1 : max + 1;
    char *to = arena_try(a, room + 1, 1);
    if (to == NULL)
        return E_BUSY;
    ptrdiff_t got;
    TRY(file_read_at(fd, 0, to, room, &got));
    if (got == room)
        return E_LIMIT; /* it grew while we read */
    *content = str_of(to, got);
    return OK;
}

static str folder_of(str path)
{
    ptrdiff_t i = path.len;
    while (i > 0 && path.at[i - 1] != '/')
        i--;
    if (i == 0)
        return S(".");
    return str_of(path.at, i > 1 ? i - 1 : 1);
}

typedef err sync_by(int fd); /* file_sync or file_sync_try */

static err folder_sync(str path, sync_by *sync)
{
    char z[PATH_MAX];
    [[gnu::cleanup(close_kept)]] int fd = -1;
    TRY(path_z(z, path));
    TRY(open_z(z, O_RDONLY | O_DIRECTORY, 0, &fd));
    return sync(fd);
}

static err rename_by(str from, str to, sync_by *sync)
{
    char z_from[PATH_MAX], z_to[PATH_MAX];
    TRY(path_z(z_from, from));
    TRY(path_z(z_to, to));
    if (!may_go_on() || rename(z_from, z_to) != 0)
        return err_of_errno();
    TRY(folder_sync(folder_of(to), sync));
    str from_folder = folder_of(from);
    return str_eq(from_folder, folder_of(to)) ? OK : folder_sync(from_folder, sync);
}

err file_rename(str from, str to)
{
    return rename_by(from, to, file_sync);
}

err file_rename_try(str from, str to)
{
    return rename_by(from, to, file_sync_try);
}

err file_remove(str path)
{
    char z[PATH_MAX];
    TRY(path_z(z, path));
    if (may_go_on() && unlink(z) == 0)
        return OK;
    return errno == ENOENT ? OK : err_of_errno();
}

static err write_temp(str temp, str content, int mode)
{
    [[gnu::cleanup(close_kept)]] int fd = -1;
    TRY(file_open_write(temp, mode, true, &fd));
    TRY(file_write_at(fd, 0, content));
    return file_sync(fd);
}

err file_write(str path, str content, int mode)
{
    char temp[PATH_MAX];
    uint64_t random;
    crypto_random(&random, (ptrdiff_t)sizeof random);
    int len =
        snprintf(temp, sizeof temp, "%.*s.%016llx.tmp", SARG(path), (unsigned long long)random);
    if (len < 0 || (size_t)len >= sizeof temp) {
        errno = ENAMETOOLONG;
        return E_INVALID;
    }
    err e = write_temp(str_of(temp, len), content, mode);
    if (e == OK)
        e = file_rename(str_of(temp, len), path);
    if (e != OK) {
        int before = errno;
        (void)unlink(temp); /* best effort: a left temp file is removed by upkeep */
        errno = before;
    }
    return e;
}

err file_size(str path, int64_t *size_bytes)
{
    char z[PATH_MAX];
    struct stat st;
    TRY(path_z(z, path));
    if (!may_go_on() || stat(z, &st) != 0)
        return err_of_errno();
    *size_bytes = st.st_size;
    return OK;
}

static err folder_make(str path, int mode, sync_by *sync)
{
    char z[PATH_MAX];
    TRY(path_z(z, path));
    for (ptrdiff_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.at[i] != '/')
            continue;
        z[i] = '\0';
        bool is_made = may_go_on() && mkdir(z, (mode_t)mode) == 0;
        if (!is_made && errno != EEXIST)
            return err_of_errno();
        if (is_made)
            TRY(folder_sync(folder_of(str_of(z, i)), sync));
        if (i < path.len)
            z[i] = '/';
    }
    struct stat st;
    errno = ENOTDIR;
    return stat(z, &st) == 0 && S_ISDIR(st.st_mode) ? OK : E_CONFLICT;
}

err file_folder_make(str path, int mode)
{
    return folder_make(path, mode, file_sync);
}

err file_folder_make_try(str path, int mode)
{
    return folder_make(path, mode, file_sync_try);
}

static int by_name(const void *x, const void *y)
{
    return str_cmp(*(const str *)x, *(const str *)y);
}

static err list_add(struct arena *a, ptrdiff_t max, struct str_list *list, str name)
{
    if (list->len == max)
        return E_LIMIT;
    if ((list->len & (list->len - 1)) == 0) { /* room for as many again */
        ptrdiff_t size = list->len * (ptrdiff_t)sizeof name;
        str *at = arena_grow(a, list->at, size, size > 0 ? 2 * size : (ptrdiff_t)sizeof name,
            (ptrdiff_t)alignof(str));
        if (at == NULL)
            return E_BUSY;
        list->at = at;
    }
    list->at[list->len++] = str_copy(a, name);
    return OK;
}

err file_folder_list(struct arena *a, str path, ptrdiff_t max, struct str_list *names)
{
    char z[PATH_MAX];
    struct str_list list = {0};
    TRY(path_z(z, path));
    DIR *d = may_go_on() ? opendir(z) : NULL;
    if (d == NULL)
        return err_of_errno();
    err e = OK;
    for (struct dirent *entry; e == OK && (entry = readdir(d)) != NULL;) {
        str name = str_from(entry->d_name);
        if (!str_eq(name, S(".")) && !str_eq(name, S("..")))
            e = list_add(a, max, &list, name);
    }
    (void)closedir(d); /* it was only read */
    TRY(e);
    if (list.len > 1)
        qsort(list.at, (size_t)list.len, sizeof list.at[0], by_name);
    *names = list;
    return OK;
}

err file_touch(str path)
{
    char z[PATH_MAX];
    TRY(path_z(z, path));
    return may_go_on() && utimensat(AT_FDCWD, z, NULL, 0) == 0 ? OK : err_of_errno();
}

err file_changed_ms(str path, int64_t *ms)
{
    char z[PATH_MAX];
    struct stat st;
    TRY(path_z(z, path));
    if (!may_go_on() || stat(z, &st) != 0)
        return err_of_errno();
    *ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return OK;
}

err file_folder_is_free(str path)
{
    char z[PATH_MAX];
    TRY(path_z(z, path));
    DIR *d = may_go_on() ? opendir(z) : NULL;
    if (d == NULL)
        return errno == ENOENT ? OK : errno == ENOTDIR ? E_CONFLICT : err_of_errno();
    int n = 0;
    while (n <= 2 && readdir(d) != NULL)
        n++;           /* "." and ".." are always there */
    (void)closedir(d); /* it was only read */
    return n <= 2 ? OK : E_CONFLICT;
}

err file_lock(str path, int *fd)
{
    int opened;
    TRY(file_open_write(path, 0600, false, &opened));
    if (may_go_on() && flock(opened, LOCK_EX | LOCK_NB) == 0) {
        *fd = opened;
        return OK;
    }
    err e = err_of_errno();
    close_kept(&opened);
    return e;
}

/* One folder per level is open at a time, so the depth is bounded by LIMIT_FOLDER_DEPTH. */
static err tree_empty(int folder, int depth)
{
    if (depth > LIMIT_FOLDER_DEPTH) {
        file_close(folder);
        return E_LIMIT;
    }
    DIR *d = fdopendir(folder);
    if (d == NULL) {
        file_close(folder);
        return E_BUSY;
    }
    err e = OK;
    for (struct dirent *entry; e == OK && (entry = readdir(d)) != NULL;) {
        str name = str_from(entry->d_name);
        if (str_eq(name, S(".")) || str_eq(name, S("..")))
            continue;
        if (!may_go_on()) {
            e = err_of_errno();
        } else if (unlinkat(dirfd(d), entry->d_name, 0) != 0) {
            int inner =
                openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            e = inner < 0 ? err_of_errno() : tree_empty(inner, depth + 1);
            if (e == OK && unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR) != 0)
                e = err_of_errno();
        }
    }
    (void)closedir(d); /* closes the descriptor; nothing to lose */
    return e;
}

err file_tree_remove(str path)
{
    char z[PATH_MAX];
    int folder;
    TRY(path_z(z, path));
    err e = open_z(z, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &folder);
    if (e != OK)
        return errno == ENOENT ? OK : e;
    TRY(tree_empty(folder, 0));
    return rmdir(z) == 0 ? OK : err_of_errno();
}
