/* Load for a running Seva, one mode a run; prints one JSON object of what was measured.
 *
 *   load inbound   --port P --key K --secret S [--connections 64] [--seconds 60] [--rate N]
 *                  [--random-ids 1]    message ids like UUIDs; else they grow, as most networks' do
 *   load latency   … --token T --rate 500 [--streams 1]     inbound to console event
 *   load read      --port P --token T --paths FILE          GET, one path a line, again and again
 *   load visitors  --port P --key WIDGET --count 10000      opens visitors' streams, holds until
 * stdin ends
 *
 * inbound: closed loop, every connection posts one signed message after the other; with --rate it
 * is paced. latency: --streams consoles listen while messages are posted at --rate; the text holds
 * the sending time, each stream's receipt gives one value. Only loopback addresses are accepted. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct load {
    str mode, host, key, secret, token, origin;
    str paths, path_rest; /* read: all, those still to be asked for */
    int port, connections, streams, contacts;
    int64_t seconds, rate;
    bool has_random_ids;
    int64_t started_us, stop_us, next_us;
    int64_t sent, acknowledged, refused, broken, events;
    struct tally ack, seen;
    struct peers posts, listens;
    struct arena scratch, kept;
    str *visitor_tokens;
    int open_streams, opening; /* opening: streams asked for and not yet there */
};

/* A crowd of readers is one thread here: if it slept in the kernel, each event would wake it anew,
 * at the server's cost, which readers on other machines do not. So it rests between two looks,
 * which counts against what is measured. */
enum { REQUEST_BYTES = 2048, OPENING = 200, CROWD = 100, CROWD_REST_US = 1000 };

/* The signature of Seva's API channel: hex HMAC-SHA256 of "<unix s>." and the body. */
static str signature(struct arena *a, str secret, int64_t at_s, str body)
{
    str stamp = str_print(a, "%lld.", (long long)at_s);
    str parts[] = {stamp, body};
    struct sha256 mac = crypto_hmac_sha256_parts(secret, parts, 2);
    return str_print(
        a, "t=%lld,v1=%.*s", (long long)at_s, SARG(crypto_hex(a, str_of(mac.b, sizeof mac.b))));
}

static str message_id_of(struct load *l, int64_t n)
{
    struct arena *a = &l->scratch;
    if (!l->has_random_ids)
        return str_print(a, "b%lld-%lld", (long long)l->started_us, (long long)n);
    uint8_t bytes[16];
    crypto_random(bytes, sizeof bytes);
    return crypto_hex(a, str_of(bytes, sizeof bytes));
}

static void post_message(struct load *l, struct peer *p)
{
    struct arena *a = &l->scratch;
    arena_reset(a);
    int64_t n = l->sent++;
    str id = message_id_of(l, n);
    str body = str_print(a,
        "{\"messages\":[{\"id\":\"%.*s\",\"contact\":{\"id\":\"c%lld\",\"name\":\"Load %lld\"},"
        "\"text\":\"bench:%lld: where is my order? It should have been here on Friday, please look.\"}]}",
        SARG(id), (long long)(n % l->contacts), (long long)(n % l->contacts),
        (long long)clock_mono_us());
    str sig = signature(a, l->secret, clock_now_ms() / 1000, body);
    if (!p->user && !(p->user = malloc(REQUEST_BYTES)))
        abort();
    int len = snprintf(p->user, REQUEST_BYTES,
        "POST /hooks/api/%.*s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        "Seva-Signature: %.*s\r\nContent-Length: %td\r\n\r\n%.*s",
        SARG(l->key), SARG(sig), body.len, SARG(body));
    if (len <= 0 || len >= REQUEST_BYTES)
        abort();
    peer_send(&l->posts, p, p->user, len);
}

static void get_path(struct load *l, struct peer *p)
{
    str path;
    if (!l->path_rest.len)
        l->path_rest = l->paths;
    (void)str_cut(l->path_rest, '\n', &path, &l->path_rest); /* the last one ends the file */
    l->sent++;
    if (!p->user && !(p->user = malloc(REQUEST_BYTES)))
        abort();
    int len = snprintf(p->user, REQUEST_BYTES,
        "GET %.*s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %.*s\r\n\r\n", SARG(path),
        SARG(l->token));
    if (len <= 0 || len >= REQUEST_BYTES)
        abort();
    peer_send(&l->posts, p, p->user, len);
}

static void paths_read(struct load *l, str name)
{
    if (file_read(&l->kept, name, 64 * 1024 * 1024, &l->paths) != OK) {
        fprintf(stderr, "load: %.*s cannot be read\n", SARG(name));
        exit(2);
    }
    l->paths = str_trim(l->paths);
}

/* With a rate, a connection only takes its turn when the next message is due. */
static void post_idle(void *arg, struct peer *p)
{
    struct load *l = arg;
    int64_t now = clock_mono_us();
    if (now >= l->stop_us || now < l->started_us)
        return;
    if (l->rate) {
        if (now < l->next_us)
            return;
        l->next_us += 1000000 / l->rate;
    }
    if (l->paths.len)
        get_path(l, p);
    else
        post_message(l, p);
}

static void post_answer(void *arg, struct peer *p, int status, str body)
{
    struct load *l = arg;
    (void)body; /* the status says it */
    if (status == 200)
        l->acknowledged++;
    else
        l->refused++;
    tally_add(&l->ack, clock_mono_us() - p->sent_us);
}

static void post_closed(void *arg, struct peer *p)
{
    (void)p; /* counted only */
    ((struct load *)arg)->broken++;
}

static void stream_idle(void *arg, struct peer *p)
{
    struct load *l = arg;
    bool is_visitor = str_eq(l->mode, S("visitors"));
    bool is_first = !p->user;
    if (is_first && l->opening >= OPENING)
        return; /* offered again by listen_open */
    l->opening += is_first;
    str token = is_visitor ? l->visitor_tokens[p->number] : l->token;
    if (!p->user && !(p->user = malloc(REQUEST_BYTES)))
        abort();
    int len;
    if (is_visitor && !token.len)
        len = snprintf(p->user, REQUEST_BYTES,
            "POST /widget/v1/%.*s/session HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n{}",
            SARG(l->key));
    else
        len = snprintf(p->user, REQUEST_BYTES,
            "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %.*s\r\n\r\n",
            is_visitor ? "/widget/v1/stream" : "/api/v1/stream", SARG(token));
    if (len <= 0 || len >= REQUEST_BYTES)
        abort();
    peer_send(&l->listens, p, p->user, len);
}

static void stream_answer(void *arg, struct peer *p, int status, str body)
{
    struct load *l = arg;
    if (p->state == PEER_STREAMING) {
        l->open_streams++;
        l->opening--;
        free(p->user);
        p->user = NULL;
        return;
    }
    if (status >= 400) {
        l->refused++;
        p->state = PEER_WAITING; /* no further try on this connection */
        return;
    }
    const struct json *root;
    str why;
    arena_reset(&l->scratch);
    if (json_parse(&l->scratch, body, &root, &why) == OK) {
        str token = json_text(json_get(root, S("token")), (str){NULL, 0});
        char *kept = malloc((size_t)token.len + 1);
        if (!kept)
            abort();
        memcpy(kept, token.at, (size_t)token.len);
        l->visitor_tokens[p->number] = str_of(kept, token.len);
    }
}

static void stream_event(void *arg, struct peer *p, str block)
{
    struct load *l = arg;
    (void)p; /* every stream counts alike */
    l->events++;
    if (str_find(block, S("event: message.created")) < 0)
        return;
    ptrdiff_t at = str_find(block, S("bench:"));
    if (at < 0)
        return;
    str stamp, rest;
    int64_t sent_us;
    if (str_cut(str_skip(block, at + 6), ':', &stamp, &rest) &&
        str_int(stamp, 0, INT64_MAX, &sent_us) == OK)
        tally_add(&l->seen, clock_mono_us() - sent_us);
}

static void listen_open(struct load *l, int count)
{
    l->listens = (struct peers){.host = l->host,
        .port = l->port,
        .arg = l,
        .idle = stream_idle,
        .answer = stream_answer,
        .event = stream_event,
        .closed = post_closed};
    l->visitor_tokens = calloc((size_t)count, sizeof(str));
    if (!l->visitor_tokens || peers_open(&l->listens, count) != 0) {
        perror("load: streams");
        exit(1);
    }
    int64_t give_up = clock_mono_us() + 60 * 1000000LL;
    while (l->open_streams < count && l->refused + l->broken == 0 && clock_mono_us() < give_up) {
        peers_run(&l->listens, 20);
        for (int i = 0; i < count && l->opening < OPENING; i++)
            if (l->listens.at[i].state == PEER_IDLE && !l->listens.at[i].user)
                stream_idle(l, &l->listens.at[i]);
    }
}

/* A paced run leaves connections idle; they are offered the next turn here. */
static void offer_turns(struct load *l)
{
    for (int i = 0; l->rate && i < l->posts.count && clock_mono_us() >= l->next_us; i++)
        if (l->posts.at[i].state == PEER_IDLE)
            post_idle(l, &l->posts.at[i]);
}

static void run_posts(struct load *l)
{
    l->posts = (struct peers){.host = l->host,
        .port = l->port,
        .arg = l,
        .idle = post_idle,
        .answer = post_answer,
        .closed = post_closed};
    l->started_us = clock_mono_us();
    l->next_us = l->started_us;
    l->stop_us = l->started_us + l->seconds * 1000000;
    if (peers_open(&l->posts, l->connections) != 0) {
        perror("load: connections");
        exit(1);
    }
    int64_t quiet_us = l->stop_us + 5 * 1000000;
    bool listening = l->listens.count > 0;
    while (clock_mono_us() < quiet_us) {
        offer_turns(l);
        peers_run(&l->posts, listening ? 0 : 1);
        if (listening && l->listens.count > CROWD)
            (void)usleep(CROWD_REST_US); /* less is as good */
        if (listening)
            peers_run(&l->listens, 1);
        bool answered = l->acknowledged + l->refused >= l->sent || l->posts.open == 0;
        bool heard = !listening || l->seen.n >= l->acknowledged * l->listens.count;
        if (clock_mono_us() >= l->stop_us && answered && heard)
            break;
    }
}

static void print_result(const struct load *l)
{
    double took = (double)l->seconds;
    printf(
        "{\"mode\":\"%.*s\",\"sent\":%lld,\"acknowledged\":%lld,\"refused\":%lld,\"broken\":%lld,"
        "\"per_second\":%.0f,\"ack_p50_us\":%lld,\"ack_p99_us\":%lld,\"ack_worst_us\":%lld,"
        "\"streams\":%d,\"seen\":%lld,\"seen_p50_us\":%lld,\"seen_p99_us\":%lld,\"seen_worst_us\":%lld}\n",
        SARG(l->mode), (long long)l->sent, (long long)l->acknowledged, (long long)l->refused,
        (long long)l->broken, (double)l->acknowledged / took, (long long)tally_at(&l->ack, 0.5),
        (long long)tally_at(&l->ack, 0.99), (long long)l->ack.worst_us, l->open_streams,
        (long long)l->seen.n, (long long)tally_at(&l->seen, 0.5),
        (long long)tally_at(&l->seen, 0.99), (long long)l->seen.worst_us);
    fflush(stdout);
}

static void set_option(struct load *l, str name, str value)
{
    int64_t n = 0;
    bool is_number = str_int(value, 0, INT32_MAX, &n) == OK;
    if (str_eq(name, S("--host")))
        l->host = value;
    else if (str_eq(name, S("--key")))
        l->key = value;
    else if (str_eq(name, S("--secret")))
        l->secret = value;
    else if (str_eq(name, S("--token")))
        l->token = value;
    else if (str_eq(name, S("--paths")))
        paths_read(l, value);
    else if (is_number && str_eq(name, S("--port")))
        l->port = (int)n;
    else if (is_number && str_eq(name, S("--connections")))
        l->connections = (int)n;
    else if (is_number && (str_eq(name, S("--streams")) || str_eq(name, S("--count"))))
        l->streams = (int)n;
    else if (is_number && str_eq(name, S("--contacts")))
        l->contacts = (int)n;
    else if (is_number && str_eq(name, S("--seconds")))
        l->seconds = n;
    else if (is_number && str_eq(name, S("--random-ids")))
        l->has_random_ids = n != 0;
    else if (is_number && str_eq(name, S("--rate")))
        l->rate = n;
    else {
        fprintf(stderr, "load: what is %.*s %.*s?\n", SARG(name), SARG(value));
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct load l = {.host = S("127.0.0.1"),
        .connections = 64,
        .streams = 1,
        .seconds = 60,
        .contacts = 2000,
        .scratch = arena_make(0),
        .kept = arena_make(0)};
    if (argc < 2 || crypto_start() != OK)
        return 2;
    l.mode = str_from(argv[1]);
    for (int i = 2; i + 1 < argc; i += 2)
        set_option(&l, str_from(argv[i]), str_from(argv[i + 1]));
    if (!str_starts(l.host, S("127.")) || !l.port) {
        fprintf(stderr, "load: only loopback addresses, and a port\n");
        return 2;
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* fewer streams then; the result says how many */
    }
    l.ack = tally_make();
    l.seen = tally_make();
    bool is_read = str_eq(l.mode, S("read"));
    if (is_read && !l.paths.len) {
        fprintf(stderr, "load: read needs --paths\n");
        return 2;
    }
    if (!is_read && !str_eq(l.mode, S("inbound")))
        listen_open(&l, l.streams);
    if (str_eq(l.mode, S("visitors"))) {
        print_result(&l);
        char c;
        while (read(STDIN_FILENO, &c, 1) > 0)
            ;
        return 0;
    }
    run_posts(&l);
    print_result(&l);
    return 0;
}
