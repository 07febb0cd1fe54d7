/* Load of many networks at once, in an open loop: every request has a planned time, and what is
 * measured begins there, however late a connection was free or this program got its turn.
 *
 *   mixed plan [--people N]   the channels and people that fit, as JSON
 *   mixed run --port P --seconds N [--hooks N] [--replies N] [--connections N]
 *
 * run: --hooks webhooks a second, the networks in turn, and --replies answers of an agent a second
 * over the API, the conversations in turn. Standard input, a line each: "token T", "hook KIND URL",
 * "reply CONVERSATION LAST-MESSAGE". A reply's text is "bench:<planned, Unix µs>:<number>", so that
 * the simulator's ledger tells how long it took to get there. Prints one JSON object. Only loopback
 * addresses are called. */
#include "base/clock.h"
#include "base/crypto.h"
#include "caught.h"
#include "hook.h"
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { REQUEST_BYTES = 4096, REPLIES_MOST = 4096, LINE_BYTES = 1024, GRACE_US = 10 * 1000 * 1000 };

/* Requests of one kind, so many a second; number n is due at a random place of its own share. */
struct flow {
    int64_t rate, sent, acknowledged, refused;
    int first_refusal;
    struct tally ack;  /* planned to answered */
    struct tally late; /* planned to written: this program's own part, and free connections */
};

struct slot { /* of a connection */
    char bytes[REQUEST_BYTES];
    int64_t planned_us;
    struct flow *flow;
};

struct mixed {
    int port, connections;
    int64_t seconds, people;
    int64_t started_us, started_wall_us, broken;
    struct flow hooks, replies;
    struct hook hook[BENCH_NETWORKS];
    int n_hooks;
    str token;
    str conversation[REPLIES_MOST], seen[REPLIES_MOST];
    int n_conversations;
    struct peers peers;
    struct peer **idle;
    int n_idle;
    struct arena own, scratch;
};

/* ── when ── */

/* 0 … 1023, the same for the same n (a step of SplitMix64). */
static int64_t dice(int64_t n)
{
    uint64_t z = ((uint64_t)n + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    return (int64_t)((z ^ (z >> 27)) >> 54);
}

static int64_t planned_us(const struct mixed *m, const struct flow *f)
{
    return m->started_us + (f->sent * 1024 + dice(f->sent)) * 1000000 / 1024 / f->rate;
}

/* The flow whose turn comes first; NULL: all is sent. */
static struct flow *next_flow(struct mixed *m, int64_t *at_us)
{
    struct flow *flows[] = {&m->hooks, &m->replies}, *next = NULL;
    for (int i = 0; i < 2; i++) {
        struct flow *f = flows[i];
        if (f->sent >= f->rate * m->seconds)
            continue;
        int64_t us = planned_us(m, f);
        if (next && us >= *at_us)
            continue;
        next = f;
        *at_us = us;
    }
    return next;
}

/* ── requests ── */

static ptrdiff_t write_hook(struct mixed *m, struct slot *s)
{
    int64_t n = m->hooks.sent;
    return hook_write(
        &m->hook[n % m->n_hooks], &m->scratch, n / m->n_hooks, s->bytes, REQUEST_BYTES);
}

static ptrdiff_t write_reply(struct mixed *m, struct slot *s)
{
    int64_t n = m->replies.sent, wall_us = s->planned_us - m->started_us + m->started_wall_us;
    str body = str_print(&m->scratch,
        "{\"kind\":\"reply\",\"force\":true,\"seen_message_id\":\"%.*s\",\"client_id\":\"be9c0000-0000-4000-8000-%012llx\","
        "\"text\":\"bench:%lld:%lld\"}",
        SARG(m->seen[n % m->n_conversations]),
        (unsigned long long)((m->started_wall_us + n) & 0xffffffffffff), (long long)wall_us,
        (long long)n);
    int len = snprintf(s->bytes, REQUEST_BYTES,
        "POST /api/v1/conversations/%.*s/messages HTTP/1.1\r\nHost: bench\r\n"
        "Authorization: Bearer %.*s\r\nContent-Type: application/json\r\n"
        "Content-Length: %td\r\n\r\n%.*s",
        SARG(m->conversation[n % m->n_conversations]), SARG(m->token), body.len, SARG(body));
    if (len <= 0 || len >= REQUEST_BYTES)
        abort();
    return len;
}

static void send_one(struct mixed *m, struct peer *p, struct flow *f, int64_t at_us)
{
    struct slot *s = p->user;
    arena_reset(&m->scratch);
    s->planned_us = at_us;
    s->flow = f;
    ptrdiff_t len = f == &m->hooks ? write_hook(m, s) : write_reply(m, s);
    f->sent++;
    peer_send(&m->peers, p, s->bytes, len);
    tally_add(&f->late, clock_mono_us() - at_us);
}

/* What is due goes out while connections are free. How long nothing will be due, in ms. */
static int send_due(struct mixed *m)
{
    enum { MOST_MS = 20 };
    int64_t at_us;
    for (struct flow *f; (f = next_flow(m, &at_us));) {
        int64_t ahead_us = at_us - clock_mono_us();
        if (ahead_us > 0)
            return ahead_us < 1000             ? 1
                   : ahead_us > MOST_MS * 1000 ? MOST_MS
                                               : (int)(ahead_us / 1000);
        if (!m->n_idle)
            return MOST_MS; /* an answer wakes us */
        struct peer *p = m->idle[--m->n_idle];
        if (p->state == PEER_IDLE)
            send_one(m, p, f, at_us);
    }
    return MOST_MS;
}

static void on_idle(void *arg, struct peer *p)
{
    struct mixed *m = arg;
    if (!p->user)
        p->user = calloc(1, sizeof(struct slot));
    if (!p->user)
        abort();
    m->idle[m->n_idle++] = p;
}

static void on_answer(void *arg, struct peer *p, int status, str body)
{
    struct slot *s = p->user;
    (void)arg; /* the slot knows */
    if (status >= 200 && status <= 299) {
        s->flow->acknowledged++;
    } else if (!s->flow->refused++) {
        s->flow->first_refusal = status;
        fprintf(stderr, "mixed: %d %.*s\n", status, SARG(str_sub(body, 0, LINE_BYTES)));
    }
    tally_add(&s->flow->ack, clock_mono_us() - s->planned_us);
}

static void on_closed(void *arg, struct peer *p)
{
    struct mixed *m = arg;
    m->broken += p->state == PEER_CLOSED;
}

/* ── runs ── */

static int64_t cpu_us(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0)
        return 0;
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static int64_t answered(const struct flow *f)
{
    return f->acknowledged + f->refused;
}

static void run(struct mixed *m)
{
    m->peers = (struct peers){.host = S("127.0.0.1"),
        .port = m->port,
        .arg = m,
        .idle = on_idle,
        .answer = on_answer,
        .closed = on_closed};
    m->idle = NEW(&m->own, struct peer *, m->connections);
    if (peers_open(&m->peers, m->connections) != 0) {
        perror("mixed: connections");
        exit(1);
    }
    while (m->n_idle < m->peers.open)
        peers_run(&m->peers, 10);
    struct timespec wall;
    (void)clock_gettime(CLOCK_REALTIME, &wall); /* cannot fail */
    m->started_us = clock_mono_us();
    m->started_wall_us = wall.tv_sec * 1000000LL + wall.tv_nsec / 1000;
    int64_t give_up_us = m->started_us + m->seconds * 1000000 + GRACE_US, at_us;
    while (clock_mono_us() < give_up_us && m->peers.open) {
        peers_run(&m->peers, send_due(m));
        if (!next_flow(m, &at_us) && answered(&m->hooks) == m->hooks.sent &&
            answered(&m->replies) == m->replies.sent)
            break;
    }
}

static void print_flow(const char *name, const struct flow *f)
{
    printf("\"%s\":{\"planned\":%lld,\"sent\":%lld,\"acknowledged\":%lld,\"refused\":%lld,"
           "\"first_refusal\":%d,\"ack_p50_us\":%lld,\"ack_p99_us\":%lld,\"ack_worst_us\":%lld,"
           "\"late_p50_us\":%lld,\"late_p99_us\":%lld,\"late_worst_us\":%lld},",
        name, (long long)f->rate, (long long)f->sent, (long long)f->acknowledged,
        (long long)f->refused, f->first_refusal, (long long)tally_at(&f->ack, 0.5),
        (long long)tally_at(&f->ack, 0.99), (long long)f->ack.worst_us,
        (long long)tally_at(&f->late, 0.5), (long long)tally_at(&f->late, 0.99),
        (long long)f->late.worst_us);
}

static void read_plan(struct mixed *m)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin)) {
        str what, rest, kind, url;
        (void)str_cut(str_trim(str_copy(&m->own, str_from(line))), ' ', &what, &rest);
        if (str_eq(what, S("token"))) {
            m->token = rest;
        } else if (str_eq(what, S("reply")) && m->n_conversations < REPLIES_MOST) {
            (void)str_cut(
                rest, ' ', &m->conversation[m->n_conversations], &m->seen[m->n_conversations]);
            m->n_conversations++;
        } else if (str_eq(what, S("hook")) && str_cut(rest, ' ', &kind, &url)) {
            for (int i = 0; i < BENCH_NETWORKS && m->n_hooks < BENCH_NETWORKS; i++)
                if (str_eq(str_from(bench_networks[i].kind), kind))
                    hook_make(&m->own, &bench_networks[i], url, &m->hook[m->n_hooks++]);
        } else {
            fprintf(stderr, "mixed: what is %.*s?\n", SARG(what));
            exit(2);
        }
    }
}

static int run_main(struct mixed *m)
{
    bool has_hooks = m->hooks.rate > 0;
    if (has_hooks)
        caught_open(&m->own);
    read_plan(m);
    if ((has_hooks && !m->n_hooks) || (m->replies.rate && !m->n_conversations) || !m->port) {
        fprintf(stderr, "mixed: nowhere to send to\n");
        return 2;
    }
    m->hooks.ack = tally_make();
    m->hooks.late = tally_make();
    m->replies.ack = tally_make();
    m->replies.late = tally_make();
    int64_t cpu = cpu_us();
    run(m);
    printf("{");
    print_flow("hooks", &m->hooks);
    print_flow("replies", &m->replies);
    printf("\"broken\":%lld,\"cpu_us\":%lld}\n", (long long)m->broken, (long long)(cpu_us() - cpu));
    peers_close(&m->peers);
    if (has_hooks)
        caught_close();
    return 0;
}

static void print_plan(struct mixed *m)
{
    printf("[");
    for (int i = 0; i < BENCH_NETWORKS; i++) {
        const struct bench_network *n = &bench_networks[i];
        printf("%s{\"kind\":\"%s\",\"settings\":%s,\"secrets\":%s,\"external_id\":\"%s\","
               "\"say\":\"%s\",\"is_mixed\":%s,\"people\":[",
            i ? "," : "", n->kind, n->settings, n->secrets, n->external_id, n->say,
            n->uses & BENCH_MIX ? "true" : "false");
        for (int person = 0; person < m->people; person++)
            printf("%s\"%.*s\"", person ? "," : "", SARG(caught_person(&m->own, n, person)));
        printf("]}");
    }
    printf("]\n");
}

static void set_option(struct mixed *m, str name, str value)
{
    const struct {
        str name;
        int64_t *value;
    } numbers[] = {
        {S("--seconds"), &m->seconds     },
        {S("--hooks"),   &m->hooks.rate  },
        {S("--replies"), &m->replies.rate},
        {S("--people"),  &m->people      }
    };
    int64_t n;
    if (str_int(value, 0, 1000000, &n) != OK) {
        fprintf(stderr, "mixed: what is %.*s %.*s?\n", SARG(name), SARG(value));
        exit(2);
    }
    if (str_eq(name, S("--port")))
        m->port = (int)n;
    if (str_eq(name, S("--connections")) && n)
        m->connections = (int)n;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (str_eq(name, numbers[i].name))
            *numbers[i].value = n;
}

int main(int argc, char **argv)
{
    static struct mixed m;
    m = (struct mixed){.connections = 128,
        .seconds = 60,
        .people = HOOK_PEOPLE,
        .own = arena_make(0),
        .scratch = arena_make(0)};
    if (argc < 2 || crypto_start() != OK)
        return 2;
    for (int i = 2; i + 1 < argc; i += 2)
        set_option(&m, str_from(argv[i]), str_from(argv[i + 1]));
    if (str_eq(str_from(argv[1]), S("run")))
        return run_main(&m);
    print_plan(&m);
    return 0;
}
