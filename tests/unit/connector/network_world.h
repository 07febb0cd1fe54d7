/* A channel of one network and a scripted peer in place of it: what the tests of several networks
 * do alike. */
#pragma once
#include "connector/connector.h"
#include "peer.h"
#include "vectors.h"

struct network_world {
    const struct connector *c;
    struct peer *peer;
    struct http_client *client;
    struct connector_setup setup;
};

/* Every host of the network is the peer. */
static inline struct network_world network_world_open(
    const char *network, const char *settings, const char *secrets)
{
    struct network_world w = {
        .c = connector_find(str_from(network)), .peer = peer_open(), .client = peer_client()};
    struct sb hosts = sb_make(test_arena(), 0);
    assert_non_null(w.c);
    for (const struct connector_host *h = w.c->hosts; h && h->name; h++)
        sb_print(&hosts, "%s.%s=%.*s;", network, h->name, SARG(peer_url(w.peer)));
    w.setup = (struct connector_setup){.settings = str_from(settings),
        .secrets = str_from(secrets),
        .hook_url = str_print(test_arena(), "https://seva.example/hooks/%s/k1", network),
        .hosts = sb_str(&hosts),
        .secret = S("channel-secret_1")};
    return w;
}

static inline void network_world_close(struct network_world *w)
{
    http_client_close(w->client);
    peer_close(w->peer);
}

/* now_ms 0 = TEST_NOW_MS; first_try_ms 0 = now. */
static inline struct connector_sent network_send(
    struct network_world *w, struct connector_outgoing out)
{
    struct connector_sent sent = {.outcome = CONNECTOR_UNKNOWN};
    out.setup = &w->setup;
    out.now_ms = out.now_ms ? out.now_ms : TEST_NOW_MS;
    out.first_try_ms = out.first_try_ms ? out.first_try_ms : out.now_ms;
    out.delivery_id = out.delivery_id.len ? out.delivery_id : S("d1");
    assert_ok(w->c->send(w->client, test_arena(), &out, &sent));
    return sent;
}

static inline void network_heard(
    struct network_world *w, int nth, const char *method, const char *target, const char *body)
{
    struct peer_heard h = peer_heard(w->peer, nth);
    assert_str(h.method, method);
    assert_str(h.target, target);
    assert_str(h.body, body);
}

/* The network's vectors are let in by its verify; with one bit more, another secret, or no header
 * they are not. secret_name: of the setting that is the key. */
static inline void network_verify_vectors(const char *network, const char *secret_name)
{
    const struct connector *c = connector_find(str_from(network));
    struct arena *a = test_arena();
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        if (!vector_is(v, "request") || !str_eq(vector_text(v, "scheme"), str_from(network)))
            continue;
        str value = vector_text(v, "value"), body = vector_text(v, "body"), why = {0};
        str key = vector_text(v, "secret");
        struct http_header header = {vector_text(v, "header"), value};
        struct http_request req = {
            .method = HTTP_POST, .headers = &header, .header_count = 1, .body = body};
        struct connector_setup setup = {
            .secrets = str_print(a, "{\"%s\":\"%.*s\"}", secret_name, SARG(key))};
        const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
        assert_ok(c->verify(a, &hook, &why));
        char *flipped = str_z(a, value);
        flipped[3] = flipped[3] == 'a' ? 'b' : 'a';
        header.value = str_from(flipped);
        assert_err(c->verify(a, &hook, &why), E_UNAUTHENTICATED);
        header.value = value;
        req.body = str_cat(a, body, S(" "));
        assert_err(c->verify(a, &hook, &why), E_UNAUTHENTICATED);
        req.body = body;
        req.header_count = 0;
        assert_err(c->verify(a, &hook, &why), E_UNAUTHENTICATED);
        req.header_count = 1;
        setup.secrets = str_print(a, "{\"%s\":\"other\"}", secret_name);
        assert_err(c->verify(a, &hook, &why), E_UNAUTHENTICATED);
        setup.secrets = S("{}");
        assert_err(c->verify(a, &hook, &why), E_UNAUTHENTICATED);
        n++;
    }
    assert_true(n > 0);
}
