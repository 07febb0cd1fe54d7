/* picture: see picture.h. libvips is told to refuse its loaders for odd formats. */
#include "care/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

enum {
    CPU_S = 5,
    MEMORY_BYTES = 512 * 1024 * 1024, /* address space: 50 megapixels are read in strips */
    FILES = 64,
    ARGS = 12,
};

/* Everything the child needs, made before the fork: after it only async-signal-safe calls. */
struct spawn {
    const char *program, *folder;
    int out;
    char *args[ARGS];
};

static char untrusted[] = "VIPS_BLOCK_UNTRUSTED=1";
static char concurrency[] = "VIPS_CONCURRENCY=1";
static char search[] = "PATH=/usr/local/bin:/usr/bin:/bin";

static void limit(int resource, rlim_t most)
{
    struct rlimit l = {most, most};
    if (setrlimit((__rlimit_resource_t)resource, &l) != 0)
        _exit(126);
}

[[gnu::noreturn]] static void child(const struct spawn *s)
{
    char *const environment[] = {untrusted, concurrency, search, NULL};
    sigset_t none;
    sigemptyset(&none);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    limit(RLIMIT_CPU, CPU_S);
    limit(RLIMIT_AS, MEMORY_BYTES);
    limit(RLIMIT_FSIZE, PICTURE_RESULT_BYTES);
    limit(RLIMIT_NOFILE, FILES);
    limit(RLIMIT_CORE, 0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(s->out, 1) < 0 || dup2(null, 2) < 0 ||
        chdir(s->folder) != 0 || close_range(3, ~0U, 0) != 0)
        _exit(126);
    (void)execvpe(s->program, s->args, environment);
    _exit(127);
}

static void drop(pid_t pid)
{
    (void)kill(-pid, SIGKILL); /* the group: it may have children */
    (void)kill(pid, SIGKILL);  /* before it had its group */
}

/* The exit status; −1: killed by the deadline or by a limit. */
static int wait_for(pid_t pid)
{
    int status = 0;
    int handle = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = handle, .events = POLLIN};
    int64_t left = PICTURE_DEADLINE_MS;
    while (handle >= 0 && left > 0) {
        int64_t begun = clock_mono_ms();
        int ready = poll(&p, 1, (int)left);
        if (ready > 0)
            break;
        if (ready == 0 || errno != EINTR)
            left = 0;
        else
            left -= clock_mono_ms() - begun;
    }
    if (handle < 0 || left <= 0)
        drop(pid);
    if (handle >= 0)
        close(handle);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    drop(pid); /* what it left behind in its group */
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ── what the result still says about who took the picture, and where ── */

static int64_t number(str s, ptrdiff_t at)
{
    int64_t v = 0;
    for (int i = 3; i >= 0; i--)
        v = v << 8 | (unsigned char)s.at[at + i];
    return v;
}

/* RIFF chunks but EXIF and XMP, which libvips 8.14 writes to WebP although told to strip. The flags
 * of VP8X are at the chunk's first byte: 0x08 EXIF, 0x04 XMP. Empty: this is no WebP. */
static str webp_strip(struct arena *a, str webp)
{
    struct sb b = sb_make(a, 0);
    if (webp.len < 12 || !str_starts(webp, S("RIFF")) || !str_eq(str_sub(webp, 8, 4), S("WEBP")))
        return (str){0};
    sb_add(&b, str_sub(webp, 0, 12));
    for (ptrdiff_t at = 12; at + 8 <= webp.len;) {
        str kind = str_sub(webp, at, 4);
        int64_t padded = 8 + number(webp, at + 4) + (number(webp, at + 4) & 1);
        if (padded > webp.len - at)
            return (str){0};
        ptrdiff_t flags = b.len + 8;
        if (!str_eq(kind, S("EXIF")) && !str_eq(kind, S("XMP ")))
            sb_add(&b, str_sub(webp, at, (ptrdiff_t)padded));
        if (str_eq(kind, S("VP8X")) && padded > 8)
            b.at[flags] = (char)(b.at[flags] & ~0x0c);
        at += (ptrdiff_t)padded;
    }
    for (int i = 0; i < 4; i++)
        b.at[4 + i] = (char)(unsigned char)((b.len - 8) >> (8 * i));
    return sb_str(&b);
}

static err strip_file(struct arena *a, str path)
{
    str webp;
    if (file_read(a, path, PICTURE_RESULT_BYTES, &webp) != OK)
        return E_BUSY;
    str clean = webp_strip(a, webp);
    if (!clean.len)
        return E_INVALID;
    return file_write(path, clean, 0600) == OK ? OK : E_BUSY;
}

static void close_at(const int *fd)
{
    file_close(*fd);
}

struct shrinking {
    str size, format; /* as the program's arguments have them */
    bool is_square;
};

/* E_INVALID: no picture came of it. */
static err shrink(const struct ctx *cx, str folder, str from, str to, const struct shrinking *how)
{
    struct arena *a = cx->arena;
    [[gnu::cleanup(close_at)]] int out = -1;
    if (file_open_write(to, 0600, false, &out) != OK || file_truncate(out, 0) != OK)
        return E_BUSY;
    struct spawn s = {
        .program = str_z(a, cx->config->thumbnail_program), .folder = str_z(a, folder), .out = out};
    int n = 0;
    s.args[n++] = str_z(a, cx->config->thumbnail_program);
    s.args[n++] = str_z(a, from);
    s.args[n++] = str_z(a, S("--size"));
    s.args[n++] = str_z(a, how->size);
    s.args[n++] = str_z(a, S("-o"));
    s.args[n++] = str_z(a, how->format); /* no name: standard output */
    if (how->is_square) {
        s.args[n++] = str_z(a, S("--smartcrop"));
        s.args[n++] = str_z(a, S("centre"));
    }
    s.args[n] = NULL;
    pid_t pid = fork();
    if (pid < 0)
        return E_BUSY;
    if (pid == 0)
        child(&s);
    int status = wait_for(pid);
    if (status == 0)
        return OK;
    log_line(status == 126 || status == 127 ? LOG_WARN : LOG_INFO, "no thumbnail was made",
        LOG_I("status", status));
    return E_INVALID;
}

err picture_shrink(const struct ctx *cx, str folder, str from, str to, int pixels, bool is_square)
{
    struct arena *a = cx->arena;
    const struct shrinking how = {
        .size = str_print(a, is_square ? "%dx%d" : "%dx%d>", pixels, pixels),
        .format = S(".webp[Q=80,strip]"),
        .is_square = is_square};
    TRY(shrink(cx, folder, from, to, &how));
    return strip_file(a, to);
}

err picture_preview(const struct ctx *cx, str folder, str from, str to)
{
    struct arena *a = cx->arena;
    str jpeg;
    const struct shrinking how = {.size = str_print(a, "%dx%d>", PICTURE_PREVIEW, PICTURE_PREVIEW),
        .format = S(".jpg[Q=75,strip,background=255]")};
    TRY(shrink(cx, folder, from, to, &how));
    if (file_read(a, to, PICTURE_RESULT_BYTES, &jpeg) != OK)
        return E_BUSY;
    return str_starts(jpeg, S("\xff\xd8\xff")) ? OK : E_INVALID;
}
