/* See s3_peer.h. */
#include "s3_peer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <signal.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "net/http_client.h"

enum { LINE_BYTES = 256, ANSWER_BYTES = 1024 * 1024 };

static int start(void)
{
    int to[2], from[2];
    ptrdiff_t len = 0;
    char line[LINE_BYTES] = "";
    const char *script = getenv("SEVA_TEST_S3_PEER");
    script = script ? script : "tests/support/s3_peer.py";
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0)
            _exit(126);
        execlp("python3", "python3", script, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    while (len < LINE_BYTES - 1 && read(from[0], line + len, 1) == 1 && line[len] != '\n')
        len++;
    close(from[0]);
    const struct json *root = NULL;
    str words;
    if (json_parse(test_arena(), str_of(line, len), &root, &words) != OK)
        fail_msg("%s said nothing that makes sense: %s", script, line);
    return (int)json_int(json_get(root, S("port")), 0);
}

int s3_peer_port(void)
{
    static int port;
    port = port ? port : start();
    return port;
}

static const struct egress_rules *rules_of(const char *text)
{
    static const struct egress_rules *rules;
    static struct arena kept;
    str why;
    if (rules)
        return rules;
    kept = arena_make(0);
    assert_int_equal(egress_rules_parse(&kept, str_from(text), &rules, &why), OK);
    assert_int_equal(http_client_start(), OK);
    return rules;
}

struct s3 *s3_peer_open(str prefix, str secret)
{
    return s3_peer_open_as(prefix, secret, -1);
}

struct s3 *s3_peer_open_as(str prefix, str secret, int64_t away_ms)
{
    struct s3 *s3;
    str why;
    struct s3_options options = {
        .endpoint = str_print(test_arena(), "http://127.0.0.1:%d", s3_peer_port()),
        .bucket = S("attachments"),
        .prefix = prefix,
        .region = S("test-1"),
        .is_path_style = true,
        .key_id = S("AKIDTEST"),
        .secret = secret,
        .stall_ms = 1000,
        .away_ms = away_ms,
        .rules = rules_of("store=127.0.0.0/8;network=127.0.0.0/8")};
    assert_int_equal(s3_open(test_arena(), &options, &s3, &why), OK);
    return s3;
}

static int find_peer(void *arg, str host, struct ip_address *out, int max)
{
    (void)arg;
    if (max < 1 || !str_eq(host, S("attachments.store.example")))
        return -1;
    return ip_parse(S("127.0.0.1"), out) ? 1 : -1;
}

struct s3 *s3_peer_open_by_name(str host, str prefix)
{
    struct s3 *s3;
    str why;
    struct s3_options options = {
        .endpoint = str_print(test_arena(), "http://%.*s:%d", SARG(host), s3_peer_port()),
        .bucket = S("attachments"),
        .prefix = prefix,
        .region = S("test-1"),
        .key_id = S("AKIDTEST"),
        .secret = S("s3cret/of+tests"),
        .away_ms = -1,
        .rules = egress_rules_with_lookup(
            test_arena(), rules_of("store=127.0.0.0/8;network=127.0.0.0/8"), find_peer, NULL)};
    assert_int_equal(s3_open(test_arena(), &options, &s3, &why), OK);
    return s3;
}

static str tell(enum http_method method, const char *path, str body)
{
    struct http_client_options options = {
        .rules = rules_of("store=127.0.0.0/8;network=127.0.0.0/8")};
    struct http_client *client = http_client_open(&options);
    struct http_result r;
    struct http_call call = {.method = method,
        .url = str_print(test_arena(), "http://127.0.0.1:%d%s", s3_peer_port(), path),
        .purpose = EGRESS_NETWORK,
        .body = body,
        .max_response_bytes = ANSWER_BYTES};
    assert_non_null(client);
    assert_int_equal(http_client_call(client, test_arena(), &call, &r), OK);
    assert_int_equal(r.status, 200);
    http_client_close(client);
    return r.body;
}

static int find_everywhere(void *arg, str host, struct ip_address *out, int max)
{
    (void)arg;
    (void)host;
    return max >= 1 && ip_parse(S("127.0.0.1"), out) ? 1 : -1;
}

struct s3 *s3_peer_open_by_tls(const char *names, str bucket, str host)
{
    struct s3 *s3;
    str why, port, certificate, ca_file = str_cat(test_arena(), test_folder(), S("/store.pem"));
    assert_true(str_cut(tell(HTTP_POST, "/_tls", str_from(names)), '\n', &port, &certificate));
    assert_int_equal(file_write(ca_file, certificate, 0600), OK);
    struct s3_options options = {
        .endpoint = str_print(test_arena(), "https://%.*s:%.*s", SARG(host), SARG(port)),
        .bucket = bucket,
        .region = S("test-1"),
        .key_id = S("AKIDTEST"),
        .secret = S("s3cret/of+tests"),
        .away_ms = -1,
        .ca_file = ca_file,
        .rules = egress_rules_with_lookup(test_arena(),
            rules_of("store=127.0.0.0/8;network=127.0.0.0/8"), find_everywhere, NULL)};
    assert_int_equal(s3_open(test_arena(), &options, &s3, &why), OK);
    return s3;
}

void s3_peer_fail(const char *kind, int n)
{
    tell(HTTP_POST, "/_faults", str_print(test_arena(), "%s %d", kind, n));
}

void s3_peer_damage(str key)
{
    tell(HTTP_POST, "/_damage", key);
}

void s3_peer_clear(void)
{
    s3_peer_fail("none", 0);
    tell(HTTP_DELETE, "/_objects", (str){0});
    (void)s3_peer_requests();
}

str s3_peer_objects(void)
{
    return tell(HTTP_GET, "/_objects", (str){0});
}

str s3_peer_requests(void)
{
    return tell(HTTP_GET, "/_requests", (str){0});
}
