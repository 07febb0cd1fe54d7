/* A server made of net alone, for the differential test and for trying net by hand. It prints its
 * port, answers every request with what it understood, and ends when its standard input ends.
 * Routes: /stream   a live stream on key {1, 0, 0}    /publish  body goes to all streams as one
 * event /file     this program's own bytes, as file /stats    counters anything  "METHOD path?pairs
 * headers body-bytes" */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/hub.h"

static const struct hub_key everybody = {.kind = 1};

static void answer_stream(struct http_exchange *x)
{
    struct hub *hub = http_server_hub(x->server);
    const struct hub_stream_options o = {
        .keys = &everybody, .key_count = 1, .first = S("retry: 2000\n\n")};
    hub_open(hub, x->handle, &o);
    hub_release(hub, x->handle, (struct hub_seq){0});
}

static void answer_publish(struct http_exchange *x)
{
    const struct hub_event e = {.keys = &everybody,
        .key_count = 1,
        .bytes = hub_block(&x->arena, (str){0}, S("news"), x->req.body)};
    hub_publish(http_server_hub(x->server), &e);
    http_respond(x->server, x->handle, &(struct http_response){.status = 204});
}

static void answer_file(struct http_exchange *x)
{
    struct stat st;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        http_respond(x->server, x->handle, &(struct http_response){.status = 500});
        return;
    }
    http_respond(x->server, x->handle,
        &(struct http_response){
            .status = 200,
            .content_type = S("application/octet-stream"),
            .has_file = true,
            .file = {.fd = fd, .size = st.st_size}
    });
}

static str stats_text(struct http_exchange *x)
{
    struct http_stats s = http_server_stats(x->server);
    return str_print(&x->arena,
        "accepted %lld refused %lld open %lld streams %lld cut %lld refusals %lld timeouts %lld\n",
        (long long)s.connections_accepted, (long long)s.connections_refused,
        (long long)s.connections_open, (long long)s.streams_open, (long long)s.streams_cut,
        (long long)s.requests_refused, (long long)s.requests_timed_out);
}

static void handle(void *worker, struct http_exchange *x)
{
    (void)worker;
    if (str_eq(x->req.path, S("/stream"))) {
        answer_stream(x);
    } else if (str_eq(x->req.path, S("/publish"))) {
        answer_publish(x);
    } else if (str_eq(x->req.path, S("/file"))) {
        answer_file(x);
    } else {
        str text =
            str_eq(x->req.path, S("/stats"))
                ? stats_text(x)
                : str_print(&x->arena, "%s %.*s?%td %td %td\n", http_method_name(x->req.method),
                      SARG(x->req.path), x->req.query_count, x->req.header_count, x->req.body.len);
        http_respond(x->server, x->handle,
            &(struct http_response){
                .status = 200, .content_type = S("text/plain; charset=utf-8"), .body = text});
    }
    http_finish(x);
}

int main(int argc, char **argv)
{
    struct arena a = arena_make(0);
    const struct http_listen listens[] = {
        {.address = S("127.0.0.1:0")},
        { .address = S("127.0.0.1:0"),             .is_tls = true},
    };
    struct http_server_options o = {
        .listens = listens, .listen_count = 1, .workers = 2, .handle = handle};
    if (argc == 3) {
        o.listen_count = 2;
        o.cert_file = str_from(argv[1]);
        o.key_file = str_from(argv[2]);
    } else if (argc == 2) {
        o.max_connections = (int)strtol(argv[1], NULL, 10);
    }
    struct http_server *server;
    str why;
    if (http_server_open(&a, &o, &server, &why) != OK || http_server_start(server) != OK) {
        (void)fprintf(stderr, "%.*s\n", SARG(why));
        return 1;
    }
    for (ptrdiff_t i = 0; i < o.listen_count; i++)
        printf("%d\n", http_server_port(server, i));
    (void)fflush(stdout);
    char unused[256];
    while (read(STDIN_FILENO, unused, sizeof unused) > 0) {
    }
    int unanswered = http_server_drain(server, 0, 5000);
    http_server_close(server);
    arena_free(&a);
    return unanswered == 0 ? 0 : 2;
}
