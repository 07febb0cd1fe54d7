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
    char *args[ARGS];
};

static char untrusted[] = "VIPS_BLOCK_UNTRUSTED=1";
static char concurrency[] = "VIPS_CONCURRENCY=1";
static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";

static void limit(int resource, rlim_t most)
{
    struct rlimit l = {most, most};
    if (setrlimit((__rlimit_resource_t)resource, &l) != 0)
        _exit(126);
}

[[gnu::noreturn]] static void child(const struct spawn *s)
{
    char *const environment[] = {untrusted, concurrency, path, NULL};
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
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
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

err picture_shrink(const struct ctx *cx, str folder, str from, str to, int pixels, bool is_square)
{
    struct arena *a = cx->arena;
    /* vipsthumbnail takes a relative output as beside its input. */
    str back = str_find_byte(from, '/') >= 0 ? S("../") : S("");
    struct spawn s = {
        .program = str_z(a, cx->config->thumbnail_program), .folder = str_z(a, folder)};
    int n = 0;
    s.args[n++] = str_z(a, cx->config->thumbnail_program);
    s.args[n++] = str_z(a, from);
    s.args[n++] = str_z(a, S("--size"));
    s.args[n++] = str_z(a, str_print(a, is_square ? "%dx%d" : "%dx%d>", pixels, pixels));
    s.args[n++] = str_z(a, S("-o"));
    s.args[n++] = str_z(a, str_print(a, "%.*s%.*s[Q=80,strip]", SARG(back), SARG(to)));
    if (is_square) {
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
