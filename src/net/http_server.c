/* The server as a whole: options, listeners, start, drain, end, counters. See http_server.h. */
#include "net/http_server.h"

#include <errno.h>
#include <event2/listener.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/http_inner.h"
#include "net/hub.h"
#include "net/tls.h"

enum {
    BACKLOG = 4096,
    ACCEPT_PAUSE_MS = 200,      /* after the system ran out of descriptors */
    DRAIN_IDLE_MS = 1000,       /* idle connections may still send one request after the stop */
    PEER_SILENT_MS = 60 * 1000, /* unacknowledged bytes: the peer is gone without a word */
};

static void server_tick(void *arg)
{
    struct http_server *s = arg;
    s->now_ms = clock_mono_ms();
    conn_check_deadlines(s);
    hub_tick(s->hub);
    if (s->accept_again_ms != 0 && s->now_ms >= s->accept_again_ms) {
        s->accept_again_ms = 0;
        for (ptrdiff_t i = 0; i < s->listener_count; i++)
            if (s->listeners[i].listener != NULL)
                (void)evconnlistener_enable(
                    s->listeners[i].listener); /* else the next tick again */
    }
    if (!atomic_load(&s->has_stopped))
        return;
    ptrdiff_t in_head = 0;
    for (struct conn *c = s->lists[CONN_HEADER].first; c != NULL; c = c->next)
        in_head += c->incoming != NULL;
    ptrdiff_t unanswered = in_head + s->lists[CONN_BODY].count + s->lists[CONN_WORKING].count +
                           s->lists[CONN_WRITING].count;
    ptrdiff_t all = -s->lists[CONN_LINGER].count;
    for (int i = 0; i < CONN_STATES; i++)
        all += s->lists[i].count;
    pthread_mutex_lock(&s->drain_lock);
    atomic_store(&s->unanswered, (int)unanswered);
    atomic_store(&s->connections_left, (int)all);
    pthread_cond_broadcast(&s->drain_changed);
    pthread_mutex_unlock(&s->drain_lock);
}

static void server_wake(void *arg)
{
    struct http_server *s = arg;
    answer_failed_slots(s);
    hub_wake(s->hub);
}

static void on_accept(
    struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
    (void)listener;
    (void)len;
    struct net_listener *l = arg;
    struct ip_address peer = {0};
    (void)ip_from_sockaddr(from, &peer); /* a listener of ours gives nothing but IP */
    net_count(l->server, COUNT_ACCEPTED, 1);
    conn_accept(l->server, fd, peer, l->is_tls);
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    (void)listener;
    struct net_listener *l = arg;
    struct http_server *s = l->server;
    log_line(LOG_ERROR, "accepting connections pauses", LOG_Z("reason", strerrordesc_np(errno)));
    for (ptrdiff_t i = 0; i < s->listener_count; i++)
        if (s->listeners[i].listener != NULL)
            (void)evconnlistener_disable(
                s->listeners[i].listener); /* else it fails again at once */
    s->accept_again_ms = s->now_ms + ACCEPT_PAUSE_MS;
}

/* Accepted sockets inherit these from the listening one: no calls per connection. */
static void set_socket_options(int fd)
{
    const int one = 1;
    const unsigned silent_ms = PEER_SILENT_MS;
    (void)setsockopt(
        fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* all four: better, not vital */
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms, sizeof silent_ms);
}

static int bind_one(const struct addrinfo *ai, bool is_any)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    set_socket_options(fd);
    const int v6_only = !is_any;
    if (ai->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* "host:port", "[v6]:port", ":port". */
static err split_address(struct arena *a, str address, char **host, char **port)
{
    ptrdiff_t colon = address.len - 1;
    while (colon >= 0 && address.at[colon] != ':')
        colon--;
    int64_t number;
    if (colon < 0 || str_int(str_skip(address, colon + 1), 0, 65535, &number) != OK)
        return E_INVALID;
    str h = str_sub(address, 0, colon);
    if (h.len >= 2 && h.at[0] == '[' && h.at[h.len - 1] == ']')
        h = str_sub(h, 1, h.len - 2);
    *host = h.len > 0 ? str_z(a, h) : NULL;
    *port = str_z(a, str_skip(address, colon + 1));
    return OK;
}

static err listen_open(struct arena *a, struct http_server *s, struct net_listener *l,
    struct http_listen wanted, str *why)
{
    char *host, *port;
    if (split_address(a, wanted.address, &host, &port) != OK) {
        *why = str_print(a, "\"%.*s\" is not HOST:PORT", SARG(wanted.address));
        return E_INVALID;
    }
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
        .ai_family = AF_UNSPEC};
    int bad = getaddrinfo(host, port, &hints, &found);
    if (bad != 0) {
        *why = str_print(a, "\"%.*s\": %s", SARG(wanted.address), gai_strerror(bad));
        return E_INVALID;
    }
    int fd = -1;
    for (int family = 0; family < 2 && fd < 0; family++) /* ":port" prefers the socket for both */
        for (const struct addrinfo *ai = found; ai != NULL && fd < 0; ai = ai->ai_next)
            if ((ai->ai_family == AF_INET6) == (family == 0))
                fd = bind_one(ai, host == NULL);
    int number = errno;
    freeaddrinfo(found);
    if (fd < 0) {
        *why = str_print(
            a, "cannot listen on %.*s: %s", SARG(wanted.address), strerrordesc_np(number));
        return E_UPSTREAM;
    }
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
        l->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                    : ((struct sockaddr_in *)&bound)->sin_port);
    l->server = s;
    l->is_tls = wanted.is_tls;
    l->listener = evconnlistener_new(loop_base(s->loop), on_accept, l,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG, fd);
    if (l->listener == NULL) {
        close(fd);
        *why =
            str_print(a, "cannot listen on %.*s: %s", SARG(wanted.address), strerrordesc_np(errno));
        return E_UPSTREAM;
    }
    evconnlistener_set_error_cb(l->listener, on_accept_error);
    return OK;
}

static err slots_open(struct http_server *s)
{
    int64_t count =
        s->options.max_connections > 0 ? s->options.max_connections : LIMIT_HTTP_CONNECTIONS;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY &&
        count > (int64_t)files.rlim_cur - LIMIT_HTTP_SPARE_FILES)
        count = (int64_t)files.rlim_cur - LIMIT_HTTP_SPARE_FILES;
    if (count < 16)
        count = 16;
    s->slots = alloc_zero((ptrdiff_t)sizeof *s->slots * (ptrdiff_t)count);
    if (s->slots == NULL)
        return E_BUSY;
    s->slot_count = (uint32_t)count;
    for (uint32_t i = 0; i < s->slot_count; i++)
        s->slots[i].next_free = i + 1;
    return OK;
}

static err copy_options(struct http_server *s, const struct http_server_options *o, str *why)
{
    struct arena *a = &s->own;
    s->options = *o;
    struct http_listen *listens = NEW(a, struct http_listen, o->listen_count);
    for (ptrdiff_t i = 0; i < o->listen_count; i++)
        listens[i] = (struct http_listen){str_copy(a, o->listens[i].address), o->listens[i].is_tls};
    s->options.listens = listens;
    s->options.cert_file = str_copy(a, o->cert_file);
    s->options.key_file = str_copy(a, o->key_file);
    s->options.long_folder = str_copy(a, o->long_folder);
    s->options.trusted_proxies = NULL;
    s->proxies = NEW(a, struct ip_network, o->trusted_proxy_count + 1);
    for (ptrdiff_t i = 0; i < o->trusted_proxy_count; i++) {
        if (!ip_network_parse(str_from(o->trusted_proxies[i]), &s->proxies[i])) {
            *why = str_from("a trusted proxy is not an address or network like 10.0.0.0/8");
            return E_INVALID;
        }
    }
    return OK;
}

static err server_set_up(
    struct http_server *s, struct arena *a, const struct http_server_options *o, str *why)
{
    *why = S("out of memory");
    TRY(copy_options(s, o, why));
    TRY(slots_open(s));
    s->loop = loop_open();
    s->hub = hub_new(s);
    s->listeners = alloc_zero((ptrdiff_t)sizeof *s->listeners * o->listen_count);
    if (s->loop == NULL || s->hub == NULL || s->listeners == NULL)
        return E_BUSY;
    loop_callbacks(s->loop, server_tick, server_wake, s);
    for (ptrdiff_t i = 0; i < o->listen_count; i++) {
        if (o->listens[i].is_tls && s->tls == NULL)
            TRY(tls_server_open(a, o->cert_file, o->key_file, &s->tls, why));
        TRY(listen_open(a, s, &s->listeners[i], o->listens[i], why));
        s->listener_count++;
    }
    return OK;
}

err http_server_open(struct arena *a, const struct http_server_options *options,
    struct http_server **server, str *why)
{
    struct http_server *s = alloc_zero((ptrdiff_t)sizeof *s);
    if (s == NULL) {
        *why = S("out of memory");
        return E_BUSY;
    }
    s->own = arena_make(0);
    s->work.last = &s->work.first;
    s->files.last = &s->files.first;
    s->sources.last = &s->sources.first;
    s->now_ms = clock_mono_ms();
    (void)thread_cond_make(&s->drain_changed); /* Linux never refuses */
    pthread_mutex_init(&s->drain_lock, NULL);
    pthread_mutex_init(&s->work.lock, NULL);
    pthread_cond_init(&s->work.changed, NULL);
    pthread_mutex_init(&s->files.lock, NULL);
    pthread_cond_init(&s->files.changed, NULL);
    pthread_mutex_init(&s->sources.lock, NULL);
    pthread_cond_init(&s->sources.changed, NULL);
    err e = server_set_up(s, a, options, why);
    if (e != OK) {
        http_server_close(s);
        return e;
    }
    *server = s;
    return OK;
}

int http_server_port(const struct http_server *server, ptrdiff_t listen_index)
{
    return server->listeners[listen_index].port;
}

struct hub *http_server_hub(struct http_server *server)
{
    return server->hub;
}

err http_server_start(struct http_server *server)
{
    TRY(work_start(server));
    TRY(file_reader_start(server));
    return loop_start(server->loop);
}

static void listeners_close(struct http_server *s)
{
    for (ptrdiff_t i = 0; i < s->listener_count; i++) {
        if (s->listeners[i].listener != NULL)
            evconnlistener_free(s->listeners[i].listener);
        s->listeners[i].listener = NULL;
    }
}

void http_server_close(struct http_server *s)
{
    work_stop(s);
    file_reader_stop(s);
    if (s->loop != NULL)
        loop_stop(s->loop);
    for (int i = 0; i < CONN_STATES; i++)
        while (s->lists[i].first != NULL)
            conn_free(s->lists[i].first);
    for (; s->refused_count > 0; s->refused_count--)
        close(s->refused[(s->refused_first + s->refused_count - 1) % REFUSED_MAX].fd);
    listeners_close(s);
    work_free(s);
    if (s->loop != NULL)
        loop_close(s->loop);
    if (s->hub != NULL)
        hub_free(s->hub);
    if (s->tls != NULL)
        tls_server_close(s->tls);
    pthread_mutex_destroy(&s->drain_lock);
    pthread_cond_destroy(&s->drain_changed);
    pthread_mutex_destroy(&s->work.lock);
    pthread_cond_destroy(&s->work.changed);
    pthread_mutex_destroy(&s->files.lock);
    pthread_cond_destroy(&s->files.changed);
    pthread_mutex_destroy(&s->sources.lock);
    pthread_cond_destroy(&s->sources.changed);
    arena_free(&s->own);
    free(s->listeners);
    free(s->slots);
    free(s);
}

int http_server_in_flight(const struct http_server *server)
{
    return (int)net_counter(server, COUNT_IN_FLIGHT);
}

void http_server_drain_begin(struct http_server *server)
{
    atomic_store(&server->is_draining, true);
}

bool http_server_is_draining(const struct http_server *server)
{
    return atomic_load(&server->is_draining);
}

/* The kernel takes no more connections for us: who calls now calls again in a second and is refused
 * then. Else one that it takes between the last accept and the closing would be reset. */
static void refuse_new(int listening)
{
    struct sock_filter drop_all = {.code = BPF_RET | BPF_K, .k = 0};
    const struct sock_fprog filter = {.len = 1, .filter = &drop_all};
    (void)setsockopt(listening, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

/* What the kernel has accepted for us already is ours to answer. */
static void accept_rest(struct net_listener *l)
{
    int listening = (int)evconnlistener_get_fd(l->listener);
    refuse_new(listening);
    for (;;) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int fd = accept4(listening, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        on_accept(l->listener, fd, (struct sockaddr *)&from, (int)len, l);
    }
}

static void stop_run(struct loop_message *m)
{
    struct http_server *s =
        (struct http_server *)(void *)((char *)m - offsetof(struct http_server, stop_message));
    for (ptrdiff_t i = 0; i < s->listener_count; i++)
        if (s->listeners[i].listener != NULL)
            accept_rest(&s->listeners[i]);
    listeners_close(s);
    s->is_closing_idle = true;
    s->close_idle_ms = clock_mono_ms() + DRAIN_IDLE_MS;
    atomic_store(&s->unanswered, 1); /* until a tick has counted */
    atomic_store(&s->connections_left, 1);
    atomic_store(&s->has_stopped, true);
    hub_reconnect_all(s->hub);
}

int http_server_drain(struct http_server *s, int64_t delay_ms, int64_t most_ms)
{
    struct timespec end = thread_deadline(most_ms), stop = thread_deadline(delay_ms);
    http_server_drain_begin(s);
    pthread_mutex_lock(&s->drain_lock);
    while (pthread_cond_timedwait(&s->drain_changed, &s->drain_lock, &stop) == 0) {
    }
    pthread_mutex_unlock(&s->drain_lock);
    s->stop_message.run = stop_run;
    loop_post(s->loop, &s->stop_message);
    int waited = 0;
    pthread_mutex_lock(&s->drain_lock);
    while (waited == 0 && (!atomic_load(&s->has_stopped) || atomic_load(&s->connections_left) > 0))
        waited = pthread_cond_timedwait(&s->drain_changed, &s->drain_lock, &end);
    pthread_mutex_unlock(&s->drain_lock);
    return atomic_load(&s->unanswered);
}

struct tls_change {
    struct loop_message message; /* first */
    struct http_server *server;
    struct tls_server *tls;
};

static void tls_change_run(struct loop_message *m)
{
    struct tls_change *change = (struct tls_change *)m;
    tls_server_close(change->server->tls);
    change->server->tls = change->tls;
    free(change);
}

err http_server_reload_tls(struct http_server *server, struct arena *a, str *why)
{
    if (server->tls == NULL)
        return OK;
    struct tls_change *change = alloc_zero((ptrdiff_t)sizeof *change);
    if (change == NULL) {
        *why = S("out of memory");
        return E_BUSY;
    }
    err e =
        tls_server_open(a, server->options.cert_file, server->options.key_file, &change->tls, why);
    if (e != OK) {
        free(change);
        return e;
    }
    change->message.run = tls_change_run;
    change->server = server;
    loop_post(server->loop, &change->message);
    return OK;
}

struct http_stats http_server_stats(const struct http_server *s)
{
    struct http_stats stats = {
        .connections_accepted = net_counter(s, COUNT_ACCEPTED),
        .connections_refused = net_counter(s, COUNT_REFUSED_CONNECTIONS),
        .connections_open = net_counter(s, COUNT_OPEN),
        .requests_refused = net_counter(s, COUNT_REFUSED_REQUESTS),
        .requests_timed_out = net_counter(s, COUNT_TIMED_OUT),
        .answers_dropped = net_counter(s, COUNT_DROPPED),
        .bytes_in = net_counter(s, COUNT_BYTES_IN),
        .bytes_out = net_counter(s, COUNT_BYTES_OUT),
        .queue_waiting = http_server_pending(s),
        .in_flight = net_counter(s, COUNT_IN_FLIGHT),
        .body_bytes_held = net_counter(s, COUNT_BODY_BYTES),
        .streams_open = net_counter(s, COUNT_STREAMS_OPEN),
        .streams_cut = net_counter(s, COUNT_STREAMS_CUT),
        .streams_opened = net_counter(s, COUNT_STREAMS_OPENED),
        .stream_events = net_counter(s, COUNT_EVENTS),
        .stream_events_sent = net_counter(s, COUNT_EVENTS_SENT),
    };
    for (int i = 0; i < 6; i++)
        stats.requests[i] = net_counter(s, COUNT_STATUS_0 + i);
    return stats;
}
