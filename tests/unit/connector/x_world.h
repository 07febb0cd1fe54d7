/* What the tests of X's calls stand on: a channel @SevaCare (1111) whose base addresses are a
 * scripted peer. Thread: the test's. */
#pragma once
#include "connector/x.h"
#include "peer.h"

static struct peer *peer;
static struct http_client *client;

static int x_world_setup(void **state)
{
    if (test_setup(state) != 0)
        return 1;
    peer = peer_open();
    client = peer_client();
    return 0;
}

static int x_world_teardown(void **state)
{
    http_client_close(client);
    peer_close(peer);
    return test_teardown(state);
}

#define X_TEST(fn) cmocka_unit_test_setup_teardown(fn, x_world_setup, x_world_teardown)

/* more: further members of the settings: "\"access\":\"enterprise\"". */
static inline const struct connector_setup *setup_with(const char *more)
{
    struct connector_setup *s = NEW(test_arena(), struct connector_setup, 1);
    s->settings = str_print(test_arena(), "{\"client_id\":\"cid\",\"consumer_key\":\"ck\"%s%s}",
        *more ? "," : "", more);
    s->secrets = S("{\"access_token\":\"user-token\",\"bearer_token\":\"app-token\",\"consumer_"
                   "secret\":\"cs\",\"client_secret\":\"csec\",\"refresh_token\":\"r1\",\"oauth1_"
                   "token\":\"t1\",\"oauth1_token_secret\":\"ts1\",\"mine\":[1,\"two\"]}");
    s->external_id = S("1111");
    s->handle = S("@SevaCare");
    s->hook_url = S("https://care.example.com/hooks/x/k1");
    s->hosts = str_print(test_arena(), "x.api=%.*s", SARG(peer_url(peer)));
    return s;
}

/* The nth call was this one, by the person ("user-token") or the app ("app-token"). */
static inline struct peer_heard heard_call(
    int nth, const char *method, const char *target, const char *token)
{
    struct peer_heard h = peer_heard(peer, nth);
    assert_str(h.method, method);
    if (!str_starts(h.target, str_from(target)))
        fail_msg("call %d went to %.*s", nth, SARG(h.target));
    assert_str(peer_header(&h, "Authorization"),
        str_z(test_arena(), str_print(test_arena(), "Bearer %s", token)));
    return h;
}

static inline bool holds(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}
