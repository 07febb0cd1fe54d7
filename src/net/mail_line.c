/* The line to a mail server. See mail_line.h. */
#include "net/mail_line.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libetpan/mailstream.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/tls_client.h"

enum { WHY_BYTES = 500, HOST_BYTES = 254, STEP_MS = 60 * 1000, STREAM_BYTES = 16 * 1024 };

struct mail_line {
    int fd;        /* −1 = not connected */
    int cancel_fd; /* eventfd: cancelled; never read */
    int wake_fd;   /* eventfd: a wait shall end */
    _Atomic bool is_cancelled;
    struct tls_client *tls; /* NULL = in the clear */
    int64_t step_ms;
    int64_t until_ms; /* on the real monotonic clock; 0 = no end */
    mail_line_look *look;
    void *look_arg;
    struct _mailstream *stream; /* the last one handed out: libetpan's own buffer is looked at */
    char host[HOST_BYTES];
    int port;
    str ca_file; /* copy, malloc */
    enum mail_end_kind end;
    ptrdiff_t why_len;
    char why[WHY_BYTES];
};

static const char *const kind_names[] = {
    [MAIL_DONE] = "done",
    [MAIL_BAD_ADDRESS] = "bad_address",
    [MAIL_UNREACHABLE] = "unreachable",
    [MAIL_BAD_CERTIFICATE] = "bad_certificate",
    [MAIL_NO_TLS] = "no_tls",
    [MAIL_BAD_LOGIN] = "bad_login",
    [MAIL_BAD_FOLDER] = "bad_folder",
    [MAIL_REFUSED] = "refused",
    [MAIL_LATER] = "later",
    [MAIL_LOST] = "lost",
    [MAIL_UNKNOWN] = "unknown",
    [MAIL_CANCELLED] = "cancelled",
    [MAIL_BAD_ANSWER] = "bad_answer",
};

static int64_t now_real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Keeps the first reason, as "host port: why". */
[[gnu::format(printf, 3, 4)]] static err line_end(
    struct mail_line *l, enum mail_end_kind kind, const char *format, ...)
{
    if (l->end != MAIL_DONE)
        return E_UPSTREAM;
    l->end = kind;
    int n = l->host[0] == 0 ? 0 : snprintf(l->why, WHY_BYTES, "%s port %d: ", l->host, l->port);
    ptrdiff_t at = n < 0 || n >= WHY_BYTES ? 0 : n;
    va_list args;
    va_start(args, format);
    n = vsnprintf(l->why + at, (size_t)(WHY_BYTES - at), format, args);
    va_end(args);
    at += n < 0 ? 0 : n;
    l->why_len = at < WHY_BYTES ? at : WHY_BYTES - 1;
    while (l->why_len > 0 && l->why_len == WHY_BYTES - 1 &&
           ((unsigned char)l->why[l->why_len - 1] & 0x80))
        l->why_len--; /* no half character at a cut */
    return E_UPSTREAM;
}

static err line_cancelled(struct mail_line *l)
{
    return line_end(l, MAIL_CANCELLED, "the connection was ended from our side");
}

struct mail_line *mail_line_make(void)
{
    struct mail_line *l = alloc_zero((ptrdiff_t)sizeof *l);
    if (l == NULL)
        return NULL;
    l->fd = -1;
    l->step_ms = STEP_MS;
    l->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->cancel_fd >= 0 && l->wake_fd >= 0)
        return l;
    mail_line_close(l);
    return NULL;
}

void mail_line_close(struct mail_line *l)
{
    tls_client_close(l->tls);
    if (l->fd >= 0)
        close(l->fd);
    if (l->cancel_fd >= 0)
        close(l->cancel_fd);
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    free((void *)(uintptr_t)l->ca_file.at);
    free(l);
}

void mail_line_limit(struct mail_line *l, int64_t step_ms, int64_t all_ms)
{
    l->step_ms = step_ms;
    l->until_ms = all_ms > 0 ? now_real_ms() + all_ms : 0;
}

void mail_line_watch(struct mail_line *l, mail_line_look *look, void *arg)
{
    l->look = look;
    l->look_arg = arg;
}

static void ring(int fd)
{
    const uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    (void)n; /* a full counter has rung already */
}

void mail_line_cancel(struct mail_line *l)
{
    atomic_store(&l->is_cancelled, true);
    ring(l->cancel_fd);
}

void mail_line_wake(struct mail_line *l)
{
    ring(l->wake_fd);
}

/* Until the socket is ready for `events`, the step's or the whole time is over, or a cancel. */
static err line_poll(struct mail_line *l, short events, int64_t until_ms)
{
    for (;;) {
        if (atomic_load(&l->is_cancelled))
            return line_cancelled(l);
        int64_t left_ms = until_ms - now_real_ms();
        if (left_ms <= 0)
            return line_end(l, MAIL_LOST, "the server has not answered in time");
        struct pollfd p[2] = {
            {.fd = l->fd,        .events = events},
            {.fd = l->cancel_fd, .events = POLLIN}
        };
        int n = poll(p, 2, (int)(left_ms < 600000 ? left_ms : 600000));
        if (n < 0 && errno != EINTR)
            return line_end(l, MAIL_LOST, "waiting failed: %s", strerrordesc_np(errno));
        if (n > 0 && p[1].revents == 0)
            return OK; /* errors too: the call that follows finds them */
    }
}

static int64_t step_until(const struct mail_line *l)
{
    int64_t until_ms = now_real_ms() + l->step_ms;
    return l->until_ms != 0 && l->until_ms < until_ms ? l->until_ms : until_ms;
}

static err line_closed(struct mail_line *l)
{
    return line_end(l, MAIL_LOST, "the server has closed the connection");
}

/* What a step of TLS asks for; OK: try again. */
static err tls_go_on(struct mail_line *l, enum tls_step step, int64_t until_ms)
{
    switch (step) {
    case TLS_WANTS_READ:
        return line_poll(l, POLLIN, until_ms);
    case TLS_WANTS_WRITE:
        return line_poll(l, POLLOUT, until_ms);
    case TLS_ENDED:
        return line_closed(l);
    case TLS_FAILED: {
        str why = tls_client_why(l->tls);
        return line_end(l, MAIL_LOST, "%.*s", SARG(why));
    }
    case TLS_DONE:
        break;
    }
    return OK;
}

static err line_shake(struct mail_line *l, int64_t until_ms)
{
    struct arena a = arena_make(256 * 1024);
    str why = {0};
    err e = tls_client_open(&a, l->fd, str_from(l->host), l->ca_file, &l->tls, &why);
    if (e != OK)
        e = line_end(l, e == E_BUSY ? MAIL_LATER : MAIL_NO_TLS, "%.*s", SARG(why));
    arena_free(&a);
    while (e == OK) {
        enum tls_step step = tls_client_shake(l->tls);
        if (step == TLS_DONE)
            return OK;
        if (step == TLS_FAILED) {
            str said = tls_client_why(l->tls);
            enum mail_end_kind kind =
                tls_client_is_untrusted(l->tls) ? MAIL_BAD_CERTIFICATE : MAIL_NO_TLS;
            kind = tls_client_was_cut(l->tls) ? MAIL_UNREACHABLE : kind; /* again later */
            return line_end(l, kind, "%.*s", SARG(said));
        }
        e = tls_go_on(l, step, until_ms);
    }
    return e;
}

/* Keep-alive finds a peer that is gone while nobody speaks (IDLE): 2 minutes, then 4 × 30 s. */
static void tune(int fd)
{
    const int on = 1, idle_s = 120, step_s = 30, tries = 4;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* helps, is no must */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step_s, sizeof step_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static err note_server(struct mail_line *l, const struct mail_server *server)
{
    str host = server->host;
    if (host.len <= 0 || host.len >= HOST_BYTES || str_find_byte(host, 0) >= 0)
        return line_end(l, MAIL_BAD_ADDRESS, "the mail server has no usable host name");
    if (server->port < 1 || server->port > 65535)
        return line_end(l, MAIL_BAD_ADDRESS, "%d is no port", server->port);
    char *file = alloc_zero(server->ca_file.len + 1);
    if (file == NULL)
        return line_end(l, MAIL_LATER, "out of memory");
    if (server->ca_file.len > 0)
        memcpy(file, server->ca_file.at, (size_t)server->ca_file.len);
    memcpy(l->host, host.at, (size_t)host.len);
    l->port = server->port;
    l->ca_file = str_of(file, server->ca_file.len);
    return OK;
}

err mail_line_connect(struct mail_line *l, const struct mail_server *server, int64_t timeout_ms)
{
    assert(l->fd < 0);
    int64_t until_ms = now_real_ms() + timeout_ms;
    if (l->end != MAIL_DONE)
        return E_UPSTREAM;
    TRY(note_server(l, server));
    if (atomic_load(&l->is_cancelled))
        return line_cancelled(l);
    struct arena a = arena_make(256 * 1024);
    str why = {0};
    err e = egress_connect(
        &a, server->rules, EGRESS_MAIL, str_from(l->host), l->port, timeout_ms, &l->fd, &why);
    if (e != OK) {
        bool is_bad = e == E_FORBIDDEN || e == E_INVALID;
        e = line_end(l, is_bad ? MAIL_BAD_ADDRESS : MAIL_UNREACHABLE, "%.*s", SARG(why));
    }
    arena_free(&a);
    TRY(e);
    if (fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK) != 0)
        return line_end(l, MAIL_LATER, "the socket cannot be set up");
    tune(l->fd);
    return server->security == MAIL_TLS ? line_shake(l, until_ms) : OK;
}

err mail_line_secure(struct mail_line *l)
{
    if (l->end != MAIL_DONE)
        return E_UPSTREAM;
    assert(l->tls == NULL);
    char c;
    bool has_more = l->stream != NULL && l->stream->read_buffer_len > 0;
    if (has_more || recv(l->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
        return line_end(l, MAIL_NO_TLS,
            "bytes came in the clear after the server's yes to STARTTLS; somebody may have put them "
            "there");
    return line_shake(l, step_until(l));
}

static err read_clear(struct mail_line *l, char *to, ptrdiff_t cap, ptrdiff_t *got)
{
    int64_t until_ms = step_until(l);
    for (;;) {
        if (atomic_load(&l->is_cancelled))
            return line_cancelled(l);
        ssize_t n = recv(l->fd, to, (size_t)cap, 0);
        if (n > 0) {
            *got = n;
            return OK;
        }
        if (n == 0)
            return line_closed(l);
        if (errno == EAGAIN || errno == EINTR)
            TRY(line_poll(l, POLLIN, until_ms));
        else
            return line_end(l, MAIL_LOST, "the connection was cut: %s", strerrordesc_np(errno));
    }
}

static err read_tls(struct mail_line *l, char *to, ptrdiff_t cap, ptrdiff_t *got)
{
    int64_t until_ms = step_until(l);
    for (;;) {
        if (atomic_load(&l->is_cancelled))
            return line_cancelled(l);
        enum tls_step step = tls_client_read(l->tls, to, cap, got);
        if (step == TLS_DONE)
            return OK;
        TRY(tls_go_on(l, step, until_ms));
    }
}

err mail_line_read(struct mail_line *l, char *to, ptrdiff_t cap, ptrdiff_t *got)
{
    if (l->end != MAIL_DONE)
        return E_UPSTREAM;
    if (l->until_ms != 0 && now_real_ms() >= l->until_ms) /* also when bytes always wait */
        return line_end(l, MAIL_LOST, "the server has taken too long");
    TRY(l->tls != NULL ? read_tls(l, to, cap, got) : read_clear(l, to, cap, got));
    if (l->look != NULL && !l->look(l->look_arg, str_of(to, *got))) {
        assert(l->end != MAIL_DONE);
        return E_UPSTREAM;
    }
    return OK;
}

/* Some of the bytes. */
static err write_some(struct mail_line *l, str bytes, ptrdiff_t *taken)
{
    int64_t until_ms = step_until(l);
    for (;;) {
        if (atomic_load(&l->is_cancelled))
            return line_cancelled(l);
        if (l->tls != NULL) {
            enum tls_step step = tls_client_write(l->tls, bytes, taken);
            if (step == TLS_DONE)
                return OK;
            TRY(tls_go_on(l, step, until_ms));
            continue;
        }
        ssize_t n = send(l->fd, bytes.at, (size_t)bytes.len, MSG_NOSIGNAL);
        if (n > 0) {
            *taken = n;
            return OK;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return line_end(l, MAIL_LOST, "the connection was cut: %s", strerrordesc_np(errno));
        TRY(line_poll(l, POLLOUT, until_ms));
    }
}

err mail_line_write(struct mail_line *l, str bytes)
{
    while (bytes.len > 0) {
        ptrdiff_t taken = 0;
        if (l->end != MAIL_DONE)
            return E_UPSTREAM;
        TRY(write_some(l, bytes, &taken));
        bytes = str_skip(bytes, taken);
    }
    return OK;
}

enum mail_wait mail_line_wait(struct mail_line *l, int64_t max_ms)
{
    int64_t until_ms = now_real_ms() + max_ms;
    for (;;) {
        if (atomic_load(&l->is_cancelled))
            (void)line_cancelled(l); /* said below */
        if (l->end != MAIL_DONE)
            return MAIL_WAIT_ENDED;
        bool has_more = (l->stream != NULL && l->stream->read_buffer_len > 0) ||
                        (l->tls != NULL && tls_client_has_waiting(l->tls));
        if (has_more)
            return MAIL_WAIT_DATA;
        int64_t left_ms = until_ms - now_real_ms();
        if (left_ms <= 0)
            return MAIL_WAIT_TIME;
        struct pollfd p[3] = {
            {.fd = l->fd,        .events = POLLIN},
            {.fd = l->cancel_fd, .events = POLLIN},
            {.fd = l->wake_fd,   .events = POLLIN}
        };
        int n = poll(p, 3, (int)(left_ms < 600000 ? left_ms : 600000));
        uint64_t times;
        if (n > 0 && p[1].revents == 0 && p[2].revents != 0 &&
            read(l->wake_fd, &times, sizeof times) == (ssize_t)sizeof times)
            return MAIL_WAIT_WOKEN;
        if (n > 0 && p[1].revents == 0 && p[0].revents != 0)
            return MAIL_WAIT_DATA; /* or its end: the next read says so */
        if (n < 0 && errno != EINTR)
            (void)line_end(l, MAIL_LOST, "waiting failed: %s", strerrordesc_np(errno));
    }
}

void mail_line_fail(struct mail_line *l, enum mail_end_kind kind, str why)
{
    assert(kind != MAIL_DONE);
    (void)line_end(l, kind, "%.*s", SARG(why)); /* its result says only that it has ended */
}

struct mail_end mail_line_end(const struct mail_line *l, struct arena *a)
{
    return (struct mail_end){.kind = l->end, .why = str_copy(a, str_of(l->why, l->why_len))};
}

bool mail_line_is_secure(const struct mail_line *l)
{
    return l->tls != NULL;
}

const char *mail_end_kind_name(enum mail_end_kind kind)
{
    return kind_names[kind];
}

/* libetpan's driver. It knows −1 for every failure; an end must be one too, since its readers loop
 * over 0. */
static ssize_t low_read(mailstream_low *low, void *to, size_t cap)
{
    ptrdiff_t got = 0;
    return mail_line_read(low->data, to, (ptrdiff_t)cap, &got) == OK ? got : -1;
}

static ssize_t low_write(mailstream_low *low, const void *at, size_t len)
{
    return mail_line_write(low->data, str_of(at, (ptrdiff_t)len)) == OK ? (ssize_t)len : -1;
}

static int low_close(mailstream_low *low)
{
    struct mail_line *l = low->data;
    l->stream = NULL;
    return 0;
}

static int low_fd(mailstream_low *low)
{
    struct mail_line *l = low->data;
    return l->fd;
}

static void low_free(mailstream_low *low)
{
    free(low);
}

static void low_cancel(mailstream_low *low)
{
    mail_line_cancel(low->data);
}

struct _mailstream *mail_line_stream(struct mail_line *l)
{
    /* libetpan takes it without const and does not write to it. */
    static mailstream_low_driver driver = {
        .mailstream_read = low_read,
        .mailstream_write = low_write,
        .mailstream_close = low_close,
        .mailstream_get_fd = low_fd,
        .mailstream_free = low_free,
        .mailstream_cancel = low_cancel,
    };
    assert(l->stream == NULL);
    mailstream_low *low = mailstream_low_new(l, &driver);
    if (low == NULL)
        return NULL;
    l->stream = mailstream_new(low, STREAM_BYTES);
    if (l->stream == NULL)
        free(low);
    return l->stream;
}
