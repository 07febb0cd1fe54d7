/* Outgoing calls against a scripted peer (raw sockets) and against our own server with TLS. The
 * test's name service says that peer.example and other.example are 127.0.0.1. */
#include "test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "peer.h"

/* A peer that plays one answer per connection and keeps what it was sent. */
struct script {
    int listening, port;
    const str *answers; /* empty = close without a word; "hang" = wait for the client's end; "hold…"
                         * = say the rest, then wait for it */
    int count;
    str heard[8];
    _Atomic int played;
    pthread_t thread;
};

/* Reads a head and a Content-Length body into malloc'd memory (the arena is the test thread's). */
static str hear(int fd)
{
    char *at = calloc(1, 65536);
    ptrdiff_t len = 0, want = -1;
    while (want < 0 || len < want) {
        ssize_t n = recv(fd, at + len, (size_t)(65535 - len), 0);
        if (n <= 0)
            break;
        len += n;
        ptrdiff_t end = str_find(str_of(at, len), S("\r\n\r\n"));
        ptrdiff_t length = str_find(str_of(at, len), S("Content-Length: "));
        if (end >= 0)
            want = end + 4 + (length >= 0 ? (ptrdiff_t)strtol(at + length + 16, NULL, 10) : 0);
    }
    return str_of(at, len);
}

static void *script_main(void *arg)
{
    struct script *s = arg;
    for (int i = 0; i < s->count; i++) {
        int fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        s->heard[i] = hear(fd);
        s->played++;
        str answer = s->answers[i];
        bool holds = str_starts(answer, S("hold"));
        if (holds)
            peer_send(fd, str_skip(answer, 4));
        if (holds || str_eq(answer, S("hang"))) {
            char c;
            ssize_t n = recv(fd, &c, 1, 0);
            (void)n;
        } else {
            peer_send(fd, answer);
        }
        close(fd);
    }
    return NULL;
}

static struct script *script_play(const str *answers, int count)
{
    struct script *s = calloc(1, sizeof *s);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    s->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(s->listening, 8), 0);
    assert_int_equal(getsockname(s->listening, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    s->answers = answers;
    s->count = count;
    assert_int_equal(pthread_create(&s->thread, NULL, script_main, s), 0);
    return s;
}

static void script_end(struct script *s)
{
    shutdown(s->listening, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listening);
    for (int i = 0; i < s->count; i++)
        free((void *)(uintptr_t)s->heard[i].at);
    free(s);
}

static int lookup(void *arg, str host, struct ip_address *out, int max)
{
    (void)arg;
    (void)max;
    if (str_eq(host, S("peer.example")) || str_eq(host, S("other.example")))
        return ip_parse(S("127.0.0.1"), out);
    if (str_eq(host, S("inside.example")))
        return ip_parse(S("10.0.0.1"), out);
    return -1;
}

static struct http_client *client_with(str ca_file)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("webhook=127.0.0.0/8"), &rules, &why));
    rules = egress_rules_with_lookup(test_arena(), rules, lookup, NULL);
    struct http_client *c =
        http_client_open(&(struct http_client_options){.rules = rules, .ca_file = ca_file});
    assert_non_null(c);
    return c;
}

static str url_of(int port, const char *path)
{
    return str_print(test_arena(), "http://peer.example:%d%s", port, path);
}

static struct http_result call(struct http_call c)
{
    struct http_client *client = client_with((str){0});
    struct http_result r;
    assert_ok(http_client_call(client, test_arena(), &c, &r));
    http_client_close(client);
    return r;
}

static void a_post_arrives_whole_and_its_answer_comes_back(void **state)
{
    (void)state;
    const str answer =
        S("HTTP/1.1 202 Accepted\r\nX-A: 1\r\nx-b:  two \r\nContent-Length: 2\r\n\r\nok");
    struct script *s = script_play(&answer, 1);
    const struct http_header headers[] = {
        {S("X-Signature"),  S("abc")             },
        {S("Content-Type"), S("application/json")}
    };
    struct http_result r = call((struct http_call){.method = HTTP_POST,
        .url = url_of(s->port, "/hook?x=1"),
        .headers = headers,
        .header_count = 2,
        .body = S("{\"a\":1}")});
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    assert_int_equal(r.status, 202);
    assert_str(r.body, "ok");
    assert_str(http_result_header(&r, S("X-B")), "two");
    assert_str(r.peer, "127.0.0.1");
    assert_true(str_starts(s->heard[0], S("POST /hook?x=1 HTTP/1.1\r\n")));
    assert_true(str_ends(s->heard[0], S("\r\n\r\n{\"a\":1}")));
    assert_true(peer_has(s->heard[0], "X-Signature: abc\r\n"));
    assert_true(peer_has(s->heard[0], "Content-Type: application/json\r\n"));
    assert_true(peer_has(s->heard[0], "User-Agent: Seva/"));
    assert_false(peer_has(s->heard[0], "Expect"));
    script_end(s);
}

static void every_method_is_sent_as_it_is_called(void **state)
{
    (void)state;
    for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
        const str answer = S("HTTP/1.1 204 No Content\r\n\r\n");
        struct script *s = script_play(&answer, 1);
        struct http_result r =
            call((struct http_call){.method = (enum http_method)m, .url = url_of(s->port, "/")});
        assert_int_equal(r.status, 204);
        str name = str_from(http_method_name((enum http_method)m));
        assert_true(str_starts(s->heard[0], name));
        script_end(s);
    }
}

static void a_request_that_was_sent_without_an_answer_is_unknown(void **state)
{
    (void)state;
    static const str answers[] = {S_INIT(""),
        S_INIT("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        S_INIT("HTTP/1.1 200 OK\r\nX: hal"), S_INIT("nonsense\r\n\r\n")};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct script *s = script_play(&answers[i], 1);
        struct http_result r = call(
            (struct http_call){.method = HTTP_POST, .url = url_of(s->port, "/"), .body = S("pay")});
        if (r.outcome != HTTP_CALL_UNKNOWN)
            fail_msg("answer %zu: %s", i, http_outcome_name(r.outcome));
        assert_true(r.why.len > 0);
        assert_false(r.timed_out);
        script_end(s);
    }
}

static void a_hanging_peer_is_left_after_the_deadline(void **state)
{
    (void)state;
    const str answer = S("hang");
    struct script *s = script_play(&answer, 1);
    struct http_result r = call((struct http_call){
        .method = HTTP_POST, .url = url_of(s->port, "/"), .body = S("pay"), .timeout_ms = 1000});
    assert_int_equal(r.outcome, HTTP_CALL_UNKNOWN);
    assert_true(r.timed_out);
    assert_true(r.took_ms >= 900);
    script_end(s);
}

static void the_limit_of_all_calls_together_ends_a_call_before_its_own_deadline(void **state)
{
    (void)state;
    const str answer = S("hang");
    struct script *s = script_play(&answer, 1);
    struct http_client *client = client_with((str){0});
    struct http_result r;
    const struct http_call late = {
        .method = HTTP_POST, .url = url_of(s->port, "/"), .body = S("pay"), .timeout_ms = 20000};
    http_client_limit(client, 700);
    assert_ok(http_client_call(client, test_arena(), &late, &r));
    assert_int_equal(r.outcome, HTTP_CALL_UNKNOWN);
    assert_true(r.timed_out && r.took_ms < 10000);
    assert_ok(http_client_call(client, test_arena(), &late, &r));
    assert_int_equal(r.outcome, HTTP_CALL_NOT_SENT); /* the time is over */
    http_client_close(client);
    script_end(s);
}

static void a_request_that_never_left_may_be_repeated(void **state)
{
    (void)state;
    const str answer = S("");
    struct script *s = script_play(&answer, 0);
    int port = s->port;
    script_end(s); /* nobody listens there now */
    struct http_result r =
        call((struct http_call){.method = HTTP_POST, .url = url_of(port, "/"), .body = S("pay")});
    assert_int_equal(r.outcome, HTTP_CALL_NOT_SENT);
    r = call((struct http_call){.method = HTTP_GET, .url = S("http://unknown.example/")});
    assert_int_equal(r.outcome, HTTP_CALL_NOT_SENT);
    assert_true(peer_has(r.why, "unknown.example"));
}

static void a_body_that_was_cut_half_way_was_not_sent(void **state)
{
    (void)state;
    /* The peer reads a head and 64 KiB at most, then closes: 30 MiB cannot have been taken. */
    const str answer = S("");
    struct script *s = script_play(&answer, 1);
    ptrdiff_t size = 30 * 1024 * 1024;
    char *body = calloc(1, (size_t)size);
    struct http_result r = call((struct http_call){
        .method = HTTP_POST, .url = url_of(s->port, "/"), .body = str_of(body, size)});
    assert_int_equal(r.outcome, HTTP_CALL_NOT_SENT);
    free(body);
    script_end(s);
}

static void addresses_inside_are_refused_before_anything_is_sent(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://inside.example/", "http://127.0.0.1/",
        "http://[::1]/", "http://169.254.169.254/latest/meta-data", "http://2130706433/",
        "http://0x7f.1/", "file:///etc/passwd", "ftp://peer.example/", "gopher://peer.example/",
        "http://u:p@peer.example/", "http://", "//peer.example/", "", "http://peer.example:99999/",
        "http://peer.example\r\nX: y/"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct http_result r = call((struct http_call){
            .method = HTTP_GET, .url = str_from(urls[i]), .purpose = EGRESS_MEDIA});
        if (r.outcome != HTTP_CALL_REFUSED)
            fail_msg("\"%s\": %s", urls[i], http_outcome_name(r.outcome));
        assert_true(r.why.len > 0);
    }
}

static void redirects_are_followed_a_few_times_and_checked_anew(void **state)
{
    (void)state;
    const str answers[] = {
        S("HTTP/1.1 302 Found\r\nLocation: /two\r\nContent-Length: 4\r\n\r\ngone"),
        S("HTTP/1.1 301 Moved\r\nLocation: ?three\r\nContent-Length: 0\r\n\r\n"),
        S("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")};
    struct script *s = script_play(answers, 3);
    struct http_call c = {.method = HTTP_GET, .url = url_of(s->port, "/one"), .redirects = 3};
    struct http_result r = call(c);
    assert_int_equal(r.status, 200);
    assert_str(r.body, "here");
    assert_true(str_ends(r.url, S("/two?three")));
    script_end(s);

    const str inside =
        S("HTTP/1.1 302 Found\r\nLocation: http://inside.example/\r\nContent-Length: 0\r\n\r\n");
    s = script_play(&inside, 1);
    c.url = url_of(s->port, "/");
    r = call(c);
    assert_int_equal(r.outcome, HTTP_CALL_REFUSED);
    assert_true(peer_has(r.why, "10.0.0.1"));
    script_end(s);

    const str loop[] = {answers[0], answers[0], answers[0], answers[0]};
    s = script_play(loop, 4);
    c.url = url_of(s->port, "/");
    r = call(c);
    assert_int_equal(r.outcome, HTTP_CALL_REFUSED);
    assert_true(peer_has(r.why, "too many redirects"));
    assert_int_equal(s->played, 4);
    script_end(s);
}

static void a_post_is_never_redirected(void **state)
{
    (void)state;
    const str answer = S("HTTP/1.1 307 Temporary\r\nLocation: /two\r\nContent-Length: 0\r\n\r\n");
    struct script *s = script_play(&answer, 1);
    struct http_result r = call((struct http_call){
        .method = HTTP_POST, .url = url_of(s->port, "/"), .body = S("x"), .redirects = 3});
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    assert_int_equal(r.status, 307);
    script_end(s);
}

static void secrets_are_not_carried_to_another_host(void **state)
{
    (void)state;
    struct script *second = NULL;
    const str final = S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    second = script_play(&final, 1);
    const str hop = str_print(test_arena(),
        "HTTP/1.1 302 Found\r\nLocation: http://other.example:%d/\r\nContent-Length: 0\r\n\r\n",
        second->port);
    struct script *first = script_play(&hop, 1);
    const struct http_header headers[] = {
        {S("Authorization"), S("Bearer x")},
        {S("Cookie"),        S("a=b")     },
        {S("X-Kept"),        S("1")       }
    };
    struct http_result r = call((struct http_call){.method = HTTP_GET,
        .url = url_of(first->port, "/"),
        .headers = headers,
        .header_count = 3,
        .redirects = 1});
    assert_int_equal(r.status, 200);
    assert_true(peer_has(first->heard[0], "Authorization: Bearer x\r\n"));
    assert_false(peer_has(second->heard[0], "Authorization"));
    assert_false(peer_has(second->heard[0], "Cookie"));
    assert_true(peer_has(second->heard[0], "X-Kept: 1\r\n"));
    script_end(first);
    script_end(second);
}

static void an_answer_too_large_is_cut(void **state)
{
    (void)state;
    const str answer =
        S("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 20\r\n\r\n01234567890123456789");
    struct script *s = script_play(&answer, 1);
    struct http_result r = call((struct http_call){
        .method = HTTP_GET, .url = url_of(s->port, "/"), .max_response_bytes = 19});
    assert_int_equal(r.outcome, HTTP_CALL_TOO_LARGE);
    assert_int_equal(r.status, 200);
    assert_str(http_result_header(&r, S("x-a")), "1");
    script_end(s);
    s = script_play(&answer, 1);
    r = call((struct http_call){
        .method = HTTP_GET, .url = url_of(s->port, "/"), .max_response_bytes = 20});
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    script_end(s);
    struct sb b = sb_make(test_arena(), 1 << 20);
    sb_add(&b, S("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 2000; i++)
        sb_add(&b, S("X-Header: 0123456789012345678901234567890123456789\r\n"));
    const str heads = sb_str(&b);
    s = script_play(&heads, 1);
    r = call((struct http_call){.method = HTTP_GET, .url = url_of(s->port, "/")});
    assert_int_equal(r.outcome, HTTP_CALL_TOO_LARGE);
    script_end(s);
}

static void a_header_cannot_be_injected_into_a_request(void **state)
{
    (void)state;
    const struct http_header header = {S("X"), S("a\r\nEvil: b")};
    struct http_result r = call((struct http_call){.method = HTTP_GET,
        .url = S("http://peer.example/"),
        .headers = &header,
        .header_count = 1});
    assert_int_equal(r.outcome, HTTP_CALL_REFUSED);
}

static void *cancel_main(void *arg)
{
    http_client_cancel(arg);
    return NULL;
}

static void a_call_can_be_cancelled(void **state)
{
    (void)state;
    const str answer = S("hang");
    struct script *s = script_play(&answer, 1);
    struct http_client *client = client_with((str){0});
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, cancel_main, client), 0);
    struct http_result r;
    struct http_call c = {.method = HTTP_GET, .url = url_of(s->port, "/")};
    assert_ok(http_client_call(client, test_arena(), &c, &r));
    assert_true(r.outcome == HTTP_CALL_UNKNOWN || r.outcome == HTTP_CALL_NOT_SENT);
    assert_true(peer_has(r.why, "cancelled"));
    pthread_join(t, NULL);
    http_client_close(client);
    script_end(s);
}

/* TLS, against our own server. */

static void write_certificate(const char *name, str cert_file, str key_file)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *cert = X509_new();
    assert_non_null(key);
    assert_non_null(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, subject);
    char *names = str_z(test_arena(), str_print(test_arena(), "DNS:%s", name));
    X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(cert, alt, -1);
    X509_add_ext(cert, ca, -1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    FILE *out = fopen(str_z(test_arena(), cert_file), "we");
    assert_int_equal(PEM_write_X509(out, cert), 1);
    assert_int_equal(fclose(out), 0);
    out = fopen(str_z(test_arena(), key_file), "we");
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(out), 0);
    X509_EXTENSION_free(alt);
    X509_EXTENSION_free(ca);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void say_tls(void *worker, struct http_exchange *x)
{
    static char big[300000];
    (void)worker;
    str body = x->req.is_tls ? S("tls") : S("plain");
    if (str_eq(x->req.path, S("/big")))
        body = str_of(big, sizeof big);
    http_respond(x->server, x->handle,
        &(struct http_response){.status = 200, .body = body, .body_is_static = true});
    http_finish(x);
}

static struct http_result get_tls(int port, const char *path, str ca_file)
{
    struct http_client *client = client_with(ca_file);
    struct http_result r;
    struct http_call c = {.method = HTTP_GET,
        .connect_timeout_ms = 60 * 1000, /* reading the system's certificates takes its time */
        .timeout_ms = 120 * 1000,
        .url = str_print(test_arena(), "https://peer.example:%d%s", port, path)};
    assert_ok(http_client_call(client, test_arena(), &c, &r));
    http_client_close(client);
    return r;
}

static void certificates_are_verified_and_can_be_changed(void **state)
{
    (void)state;
    str cert = test_path("cert.pem"), key = test_path("key.pem"), other = test_path("other.pem");
    write_certificate("peer.example", cert, key);
    const struct http_listen l = {.address = S("127.0.0.1:0"), .is_tls = true};
    const struct http_server_options o = {
        .listens = &l, .listen_count = 1, .cert_file = cert, .key_file = key, .handle = say_tls};
    struct http_server *server;
    str why;
    assert_ok(http_server_open(test_arena(), &o, &server, &why));
    assert_ok(http_server_start(server));
    int port = http_server_port(server, 0);
    struct http_result r = get_tls(port, "/", cert);
    if (r.outcome != HTTP_CALL_ANSWERED)
        fail_msg("%s: %.*s", http_outcome_name(r.outcome), SARG(r.why));
    assert_str(r.body, "tls");
    assert_int_equal(get_tls(port, "/big", cert).body.len, 300000);
    r = get_tls(port, "/", (str){0}); /* nobody vouches for it */
    assert_int_equal(r.outcome, HTTP_CALL_NOT_SENT);
    if (!peer_has(r.why, "signed by nobody we trust") || !peer_has(r.why, "--ca-file"))
        fail_msg("%.*s", SARG(r.why));

    write_certificate("wrong.example", cert, key);
    assert_ok(http_server_reload_tls(server, test_arena(), &why));
    r = get_tls(port, "/", cert);
    assert_int_equal(r.outcome, HTTP_CALL_NOT_SENT);
    assert_str(r.why, "its certificate is for another host: the address must be one that it names");
    write_certificate("peer.example", cert, other);
    assert_err(http_server_reload_tls(server, test_arena(), &why), E_INVALID); /* not its key */
    assert_true(peer_has(why, "key.pem"));
    write_certificate("peer.example", cert, key);
    assert_ok(http_server_reload_tls(server, test_arena(), &why));
    r = get_tls(port, "/", cert);
    /* The loop may have taken the connection just before it took the change. */
    for (int tries = 0; tries < 1000 && r.outcome != HTTP_CALL_ANSWERED; tries++)
        r = get_tls(port, "/", cert);
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    http_server_close(server);
}

/* ── files: bodies that are handed on ── */

struct sink {
    struct sb got;
    ptrdiff_t most; /* takes no more than that */
};

static bool take(void *arg, str piece)
{
    struct sink *sink = arg;
    sb_add(&sink->got, piece);
    return sb_str(&sink->got).len <= sink->most;
}

static struct http_result fetch(str answer, struct sink *sink)
{
    struct script *s = script_play(&answer, 1);
    sink->got = sb_make(test_arena(), 1 << 20);
    struct http_result r = call((struct http_call){.method = HTTP_GET,
        .url = url_of(s->port, "/file"),
        .max_response_bytes = 100,
        .sink = take,
        .sink_arg = sink});
    script_end(s);
    return r;
}

static void a_file_is_handed_on_and_not_kept(void **state)
{
    (void)state;
    struct sink sink = {.most = 100};
    struct http_result r = fetch(S("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nthe file"), &sink);
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    assert_int_equal(r.body.len, 0);
    assert_str(sb_str(&sink.got), "the file");
}

static void what_promises_to_be_too_long_is_not_begun(void **state)
{
    (void)state;
    struct sink sink = {.most = 100};
    struct http_result r = fetch(S("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\nabc"), &sink);
    assert_int_equal(r.outcome, HTTP_CALL_TOO_LARGE);
    assert_int_equal(r.status, 200);
    assert_int_equal(sb_str(&sink.got).len, 0);
}

static void what_is_too_long_without_a_word_is_cut_at_the_limit(void **state)
{
    (void)state;
    struct sink sink = {.most = 1000};
    str piece = S("0123456789012345678901234567890123456789");
    str answer = str_print(
        test_arena(), "HTTP/1.1 200 OK\r\n\r\n%.*s%.*s%.*s", SARG(piece), SARG(piece), SARG(piece));
    struct http_result r = fetch(answer, &sink);
    assert_int_equal(r.outcome, HTTP_CALL_TOO_LARGE);
    assert_true(sb_str(&sink.got).len <= 100);
}

static void what_comes_with_a_refusal_is_no_file(void **state)
{
    (void)state;
    struct sink sink = {.most = 100};
    struct http_result r =
        fetch(S("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nbye"), &sink);
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    assert_int_equal(r.status, 404);
    assert_int_equal(sb_str(&sink.got).len, 0);
}

static void who_takes_no_more_ends_the_call(void **state)
{
    (void)state;
    struct sink sink = {.most = 3};
    struct http_result r = fetch(S("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nthe file"), &sink);
    assert_int_equal(r.outcome, HTTP_CALL_UNKNOWN);
}

static struct http_result stream(str answer, struct sink *sink, int64_t stall_ms)
{
    struct script *s = script_play(&answer, 1);
    struct http_client *c = client_with((str){0});
    sink->got = sb_make(test_arena(), 1 << 20);
    struct http_result r = {0};
    const struct http_call call = {.method = HTTP_GET,
        .url = url_of(s->port, "/stream"),
        .sink = take,
        .sink_arg = sink,
        .is_stream = true,
        .stall_ms = stall_ms,
        .max_response_bytes = 4};
    assert_ok(http_client_call(c, test_arena(), &call, &r));
    http_client_close(c);
    script_end(s);
    return r;
}

static void a_stream_ends_when_nothing_comes_any_more(void **state)
{
    (void)state;
    struct sink sink = {.most = 100};
    str answer = S("holdHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nfirst\r\n\r\n");
    struct http_result r = stream(answer, &sink, 300);
    assert_int_equal(r.outcome, HTTP_CALL_UNKNOWN);
    assert_true(r.timed_out);
    assert_str(r.why, "nothing came for 300 ms");
    assert_int_equal(r.status, 200);
    assert_str(sb_str(&sink.got), "first\r\n"); /* beyond max_response_bytes */
}

static void a_streams_own_end_is_told_from_silence(void **state)
{
    (void)state;
    struct sink sink = {.most = 100};
    str answer = S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nend\r\n0\r\n\r\n");
    struct http_result r = stream(answer, &sink, 0);
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    assert_false(r.timed_out);
    assert_str(sb_str(&sink.got), "end");
}

static void a_refused_stream_says_why(void **state)
{
    (void)state;
    struct sink sink = {.most = 100};
    struct http_result r =
        stream(S("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 7\r\n\r\nanother"), &sink, 0);
    assert_int_equal(r.outcome, HTTP_CALL_ANSWERED);
    assert_str(r.body, "another");
    assert_int_equal(sb_str(&sink.got).len, 0);
}

static void a_named_time_is_read_and_never_beyond_an_hour(void **state)
{
    (void)state;
    const struct {
        const char *value;
        int64_t expected_ms;
    } cases[] = {
        {"7",                             8000          },
        {"3600",                          1000 + 3600000},
        {"86400",                         1000 + 3600000},
        {"0",                             0             },
        {"-5",                            0             },
        {"soon",                          0             },
        {"",                              0             },
        {"Fri, 31 Dec 1999 23:59:59 GMT", 0             },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct http_header header = {S("retry-after"), str_from(cases[i].value)};
        const struct http_result r = {.headers = &header, .header_count = 1};
        assert_int_equal(http_result_retry_ms(&r, 1000), cases[i].expected_ms);
    }
}

int main(void)
{
    if (http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_post_arrives_whole_and_its_answer_comes_back),
        TEST(every_method_is_sent_as_it_is_called),
        TEST(a_request_that_was_sent_without_an_answer_is_unknown),
        TEST(a_hanging_peer_is_left_after_the_deadline),
        TEST(the_limit_of_all_calls_together_ends_a_call_before_its_own_deadline),
        TEST(a_request_that_never_left_may_be_repeated),
        TEST(a_body_that_was_cut_half_way_was_not_sent),
        TEST(addresses_inside_are_refused_before_anything_is_sent),
        TEST(redirects_are_followed_a_few_times_and_checked_anew),
        TEST(a_post_is_never_redirected),
        TEST(secrets_are_not_carried_to_another_host),
        TEST(an_answer_too_large_is_cut),
        TEST(a_header_cannot_be_injected_into_a_request),
        TEST(a_call_can_be_cancelled),
        TEST(certificates_are_verified_and_can_be_changed),
        TEST(a_file_is_handed_on_and_not_kept),
        TEST(what_promises_to_be_too_long_is_not_begun),
        TEST(what_is_too_long_without_a_word_is_cut_at_the_limit),
        TEST(what_comes_with_a_refusal_is_no_file),
        TEST(who_takes_no_more_ends_the_call),
        TEST(a_stream_ends_when_nothing_comes_any_more),
        TEST(a_streams_own_end_is_told_from_silence),
        TEST(a_refused_stream_says_why),
        TEST(a_named_time_is_read_and_never_beyond_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
