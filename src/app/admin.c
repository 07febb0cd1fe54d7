/* admin: see admin.h. */
#include "app/admin.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 32 };

static bool address_of(str path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path.len >= (ptrdiff_t)sizeof address->sun_path)
        return false;
    memcpy(address->sun_path, path.at, (size_t)path.len);
    return true;
}

static void deadlines_set(int fd)
{
    struct timeval t = {.tv_sec = ADMIN_TIMEOUT_S};
    (void)setsockopt(
        fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t); /* slower is not worse than hanging */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

int admin_listen(struct arena *a, str path, str *why)
{
    struct sockaddr_un address;
    if (!address_of(path, &address)) {
        *why = str_print(a, "the path %.*s is too long for a socket", SARG(path));
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    unlink(address.sun_path); /* we hold the folder's lock: whoever made it is gone */
    int bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(before);
    if (bound < 0 || listen(fd, 8) < 0) {
        *why = str_print(a, "cannot listen on %.*s: %s", SARG(path), strerrordesc_np(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static bool read_all(int fd, char *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t r = read(fd, to + got, n - got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return false;
        got += (size_t)r;
    }
    return true;
}

static bool write_all(int fd, const char *from, size_t n)
{
    for (size_t put = 0; put < n;) {
        ssize_t r = send(fd, from + put, n - put, MSG_NOSIGNAL);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return false;
        put += (size_t)r;
    }
    return true;
}

static bool message_read(int fd, struct arena *a, str *message)
{
    unsigned char head[4];
    if (!read_all(fd, (char *)head, sizeof head))
        return false;
    size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (n > ADMIN_MESSAGE_MAX)
        return false;
    char *at = NEW(a, char, n + 1);
    if (!read_all(fd, at, n))
        return false;
    *message = (str){at, (ptrdiff_t)n};
    return true;
}

static bool message_write(int fd, str message)
{
    size_t n = (size_t)message.len;
    char head[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};
    return write_all(fd, head, sizeof head) && write_all(fd, message.at, n);
}

static bool is_same_user(int fd)
{
    struct ucred who;
    socklen_t n = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

static void serve_one(int fd, struct arena *a, admin_run *run, void *arg)
{
    str message, password, rest, why = {0}, out = {0};
    char *argv[ARGUMENTS_MAX + 1] = {0};
    int argc = 0;
    if (!is_same_user(fd) || !message_read(fd, a, &message))
        return;
    bool more = str_cut(message, '\0', &password, &rest);
    while (more && argc < ARGUMENTS_MAX) {
        str word;
        more = str_cut(rest, '\0', &word, &rest);
        argv[argc++] = str_z(a, word);
    }
    struct settings s;
    char *none[] = {NULL};
    int code = 2;
    if (settings_read(a, argc, argv, none, &s, &why) == OK)
        code = run(arg, a, &s, password, &out);
    else
        out = str_print(a, "seva: %.*s\n", SARG(why));
    struct sb reply = sb_make(a, ADMIN_MESSAGE_MAX);
    sb_byte(&reply, (char)code);
    sb_add(&reply, out);
    (void)message_write(fd, sb_str(&reply)); /* the asker has gone: nobody to tell */
}

void admin_serve(int listen_fd, admin_run *run, void *arg)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    deadlines_set(fd);
    struct arena a = arena_make(0);
    serve_one(fd, &a, run, arg);
    arena_free(&a);
    close(fd);
}

#define NO_ANSWER                                                                                  \
    "seva: the running server did not answer: it has ended, or stands still; see its log\n"

bool admin_is_gone(int code, str out)
{
    return code < 0 || (code > 0 && str_eq(out, S(NO_ANSWER)));
}

static int ask(int fd, struct arena *a, int argc, char **argv, str password, str *out)
{
    struct sb request = sb_make(a, ADMIN_MESSAGE_MAX);
    sb_add(&request, password);
    for (int i = 0; i < argc; i++) {
        sb_byte(&request, '\0');
        sb_add(&request, str_from(argv[i]));
    }
    str reply;
    if (request.failed || !message_write(fd, sb_str(&request)) || !message_read(fd, a, &reply) ||
        !reply.len) {
        *out = S(NO_ANSWER);
        return 1;
    }
    *out = str_skip(reply, 1);
    return (unsigned char)reply.at[0];
}

int admin_ask(struct arena *a, str path, int argc, char **argv, str password, str *out)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), code = -1;
    if (fd < 0)
        return -1;
    deadlines_set(fd);
    if (address_of(path, &address) && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        code = ask(fd, a, argc, argv, password, out);
    close(fd);
    return code;
}
