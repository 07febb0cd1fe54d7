/* The egress guard. See egress.h. Name look-ups block without a deadline in libc, so each runs on
 * a thread of its own that the caller stops waiting for; literal addresses need none. */
#include "net/egress.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"

enum { NETWORKS_MAX = 256, HOST_MAX = 253 };

struct egress_rules {
    struct {
        bool is_for[EGRESS_PURPOSE_COUNT];
        struct ip_network network;
    } allowed[NETWORKS_MAX];
    ptrdiff_t count;
    egress_lookup *lookup; /* NULL = the system's */
    void *lookup_arg;
};

static const char *const purpose_names[EGRESS_PURPOSE_COUNT] = {
    [EGRESS_WEBHOOK] = "webhook",
    [EGRESS_MEDIA] = "media",
    [EGRESS_NETWORK] = "network",
    [EGRESS_MAIL] = "mail",
    [EGRESS_SIGN_IN] = "sign_in",
    [EGRESS_STORE] = "store",
    [EGRESS_STORE_PLAIN] = "store",
};

/* "webhook" or "*". */
static bool purposes_parse(str name, bool is_for[EGRESS_PURPOSE_COUNT])
{
    bool is_known = false;
    for (int i = 0; i < EGRESS_PURPOSE_COUNT; i++) {
        is_for[i] = str_eq(name, S("*")) || str_eq(name, str_from(purpose_names[i]));
        is_known = is_known || is_for[i];
    }
    return is_known;
}

static err networks_parse(
    struct arena *a, struct egress_rules *rules, str name, str networks, str *why)
{
    bool is_for[EGRESS_PURPOSE_COUNT];
    if (!purposes_parse(str_trim(name), is_for)) {
        *why = str_print(a, "\"%.*s\" is no purpose", SARG(name));
        return E_INVALID;
    }
    while (networks.len > 0) {
        str one;
        struct ip_network network;
        (void)str_cut(networks, ',', &one, &networks);
        if (!ip_network_parse(str_trim(one), &network)) {
            *why = str_print(a, "\"%.*s\" is no network like 10.0.0.0/8", SARG(one));
            return E_INVALID;
        }
        if (rules->count == NETWORKS_MAX) {
            *why = str_print(a, "more than %d networks", NETWORKS_MAX);
            return E_INVALID;
        }
        memcpy(rules->allowed[rules->count].is_for, is_for, sizeof is_for);
        rules->allowed[rules->count++].network = network;
    }
    return OK;
}

err egress_rules_parse(struct arena *a, str text, const struct egress_rules **rules, str *why)
{
    struct egress_rules *r = NEW(a, struct egress_rules, 1);
    while (text.len > 0) {
        str part, name, networks;
        (void)str_cut(text, ';', &part, &text);
        part = str_trim(part);
        if (part.len == 0)
            continue;
        if (!str_cut(part, '=', &name, &networks)) {
            *why = str_print(a, "\"%.*s\" is not purpose=network,network", SARG(part));
            return E_INVALID;
        }
        TRY(networks_parse(a, r, name, networks, why));
    }
    *rules = r;
    return OK;
}

const struct egress_rules *egress_rules_with_lookup(
    struct arena *a, const struct egress_rules *rules, egress_lookup *lookup, void *arg)
{
    struct egress_rules *r = NEW(a, struct egress_rules, 1);
    *r = *rules;
    r->lookup = lookup;
    r->lookup_arg = arg;
    return r;
}

bool egress_address_is_allowed(
    const struct egress_rules *rules, enum egress_purpose purpose, struct ip_address address)
{
    if (ip_is_public(address) && purpose != EGRESS_STORE_PLAIN)
        return true;
    for (ptrdiff_t i = 0; i < rules->count; i++)
        if (rules->allowed[i].is_for[purpose] && ip_network_has(rules->allowed[i].network, address))
            return true;
    return false;
}

/* One look-up on its own thread; the last of the two holders frees it. */
struct lookup {
    pthread_mutex_t lock; /* guards the members below */
    pthread_cond_t changed;
    int holders;
    bool is_done;
    int count; /* −1: failed */
    struct ip_address address[EGRESS_ADDRESSES];
    char host[HOST_MAX + 1]; /* immutable */
};

static void lookup_drop(struct lookup *l)
{
    pthread_mutex_lock(&l->lock);
    bool is_last = --l->holders == 0;
    pthread_mutex_unlock(&l->lock);
    if (!is_last)
        return;
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->changed);
    free(l);
}

static void *lookup_main(void *arg)
{
    struct lookup *l = arg;
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct ip_address address[EGRESS_ADDRESSES];
    int count = getaddrinfo(l->host, NULL, &hints, &found) == 0 ? 0 : -1;
    for (const struct addrinfo *ai = found; ai != NULL && count < EGRESS_ADDRESSES;
         ai = ai->ai_next)
        count += ip_from_sockaddr(ai->ai_addr, &address[count]);
    if (found != NULL)
        freeaddrinfo(found);
    pthread_mutex_lock(&l->lock);
    memcpy(l->address, address, sizeof address);
    l->count = count;
    l->is_done = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    lookup_drop(l);
    return NULL;
}

/* Addresses found, −1: no such name or out of memory, −2: no answer in time. */
static int system_lookup(str host, int64_t timeout_ms, struct ip_address *out)
{
    struct lookup *l = alloc_zero((ptrdiff_t)sizeof *l);
    if (l == NULL)
        return -1;
    memcpy(l->host, host.at, (size_t)host.len);
    l->holders = 2;
    (void)thread_cond_make(&l->changed); /* Linux never refuses */
    pthread_mutex_init(&l->lock, NULL);
    pthread_t thread;
    if (thread_start(&thread, "seva-lookup", 0, lookup_main, l) != OK) {
        l->holders = 1;
        lookup_drop(l);
        return -1;
    }
    pthread_detach(thread);
    struct timespec until = thread_deadline(timeout_ms);
    pthread_mutex_lock(&l->lock);
    int waited = 0;
    while (!l->is_done && waited == 0)
        waited = pthread_cond_timedwait(&l->changed, &l->lock, &until);
    int count = l->is_done ? l->count : -2;
    memcpy(out, l->address, sizeof l->address);
    pthread_mutex_unlock(&l->lock);
    lookup_drop(l);
    return count;
}

static bool host_is_name(str host)
{
    if (host.len <= 0 || host.len > HOST_MAX)
        return false;
    bool has_letter = false; /* "127.1", "0x7f000001", "2130706433": libc reads them as addresses */
    str label, rest = host;
    while (rest.len > 0) {
        (void)str_cut(rest, '.', &label, &rest);
        if (label.len == 0 || label.len > 63 || label.at[0] == '-')
            return false;
        bool is_number = true;
        for (ptrdiff_t i = 0; i < label.len; i++) {
            char c = label.at[i];
            bool is_digit = c >= '0' && c <= '9';
            bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!is_digit && !is_letter && c != '-' && c != '_')
                return false;
            is_number = is_number && is_digit;
        }
        bool is_hex = label.len >= 2 && label.at[0] == '0' && (label.at[1] | 32) == 'x';
        has_letter = !is_number && !is_hex; /* of the last label */
    }
    return has_letter;
}

static err lookup_addresses(struct arena *a, const struct egress_rules *rules, str host,
    int64_t timeout_ms, struct egress_target *t, str *why)
{
    if (ip_parse(host, &t->address[0])) {
        t->count = 1;
        return OK;
    }
    if (!host_is_name(host)) {
        *why = str_print(a, "\"%.*s\" is no host name", SARG(str_sub(host, 0, HOST_MAX)));
        return E_INVALID;
    }
    t->count = rules->lookup != NULL
                   ? rules->lookup(rules->lookup_arg, host, t->address, EGRESS_ADDRESSES)
                   : system_lookup(host, timeout_ms, t->address);
    if (t->count > 0)
        return OK;
    *why = t->count == -2 ? str_print(a, "looking up %.*s took too long", SARG(host))
                          : str_print(a, "no address found for %.*s", SARG(host));
    return E_UPSTREAM;
}

err egress_resolve(struct arena *a, const struct egress_rules *rules, enum egress_purpose purpose,
    str host, int64_t timeout_ms, struct egress_target *target, str *why)
{
    struct egress_target t = {0};
    TRY(lookup_addresses(a, rules, host, timeout_ms, &t, why));
    for (int i = 0; i < t.count; i++) {
        if (egress_address_is_allowed(rules, purpose, t.address[i]))
            continue;
        str text = ip_text(a, t.address[i]);
        str fault = ip_is_public(t.address[i]) ? S("which is reached by https:// only")
                                               : S("which is not on the public internet");
        *why = str_print(a,
            "%.*s has the address %.*s, %.*s; the operator can allow its network for \"%s\"",
            SARG(host), SARG(text), SARG(fault), purpose_names[purpose]);
        return E_FORBIDDEN;
    }
    *target = t;
    return OK;
}

static int64_t now_real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A connected blocking socket, or −1 with errno. */
static int connect_one(struct ip_address ip, int port, int64_t until_ms)
{
    bool is_v4 = ip_is_v4(ip);
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    memcpy(&in4.sin_addr, ip.b + 12, 4);
    memcpy(&in6.sin6_addr, ip.b, 16);
    int r = is_v4 ? connect(fd, (struct sockaddr *)&in4, sizeof in4)
                  : connect(fd, (struct sockaddr *)&in6, sizeof in6);
    int why = r == 0 ? 0 : errno;
    if (why == EINPROGRESS) {
        int64_t left_ms = until_ms - now_real_ms();
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        socklen_t len = sizeof why;
        if (left_ms <= 0 || poll(&p, 1, (int)(left_ms < 600000 ? left_ms : 600000)) != 1)
            why = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0)
            why = errno;
    }
    if (why == 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) != 0)
        why = errno;
    if (why == 0)
        return fd;
    close(fd);
    errno = why;
    return -1;
}

err egress_connect(struct arena *a, const struct egress_rules *rules, enum egress_purpose purpose,
    str host, int port, int64_t timeout_ms, int *fd, str *why)
{
    int64_t until_ms = now_real_ms() + timeout_ms;
    struct egress_target target;
    TRY(egress_resolve(a, rules, purpose, host, timeout_ms, &target, why));
    int number = ETIMEDOUT;
    for (int i = 0; i < target.count; i++) {
        /* Each address gets its share, so that one dead address does not eat the whole time. */
        int64_t now_ms = now_real_ms();
        int64_t share_ms = (until_ms - now_ms) / (target.count - i);
        int s = connect_one(target.address[i], port, now_ms + share_ms);
        if (s >= 0) {
            *fd = s;
            return OK;
        }
        number = errno;
    }
    *why = str_print(
        a, "cannot connect to %.*s port %d: %s", SARG(host), port, strerrordesc_np(number));
    return E_UPSTREAM;
}
