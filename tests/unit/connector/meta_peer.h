/* What the tests of Meta's networks share: a channel whose base addresses are a scripted peer, and
 * looks at what the peer heard. Thread: the test's. */
#pragma once
#include "base/json.h"
#include "connector/connector.h"
#include "connector/reading.h"
#include "peer.h"

#define META_SECRET "seva-meta-app-secret-0001"
#define META_TOKEN  "EAAGsevaPageToken123"
#define META_PROOF  "b324113dd6eb2625e4a423033dd2463bf8079d86f3fced1e567bb6a564aacb35"

struct meta_stage {
    const struct connector *network;
    struct peer *peer;
    struct http_client *client;
    struct connector_setup setup;
};

static inline struct meta_stage meta_stage(
    const char *network, const char *account, const char *settings)
{
    struct meta_stage s = {.network = connector_find(str_from(network)), .peer = peer_open()};
    s.client = peer_client();
    s.setup = (struct connector_setup){.settings = str_from(settings),
        .secrets = S("{\"app_secret\":\"" META_SECRET "\",\"access_token\":\"" META_TOKEN
                     "\",\"kept\":[1]}"),
        .external_id = str_from(account),
        .hook_url = S("https://inbox.example/hooks/facebook/k1"),
        .secret = S("our verify token"),
        .hosts = str_print(test_arena(), "*=%.*s", SARG(peer_url(s.peer)))};
    return s;
}

static inline void meta_leave(struct meta_stage *s)
{
    http_client_close(s->client);
    peer_close(s->peer);
}

static inline struct connector_sent meta_sends(struct meta_stage *s, struct connector_outgoing out)
{
    struct connector_sent sent = {0};
    out.setup = &s->setup;
    out.now_ms = out.now_ms ? out.now_ms : TEST_NOW_MS;
    out.first_try_ms = out.first_try_ms ? out.first_try_ms : out.now_ms;
    out.delivery_id = S("42.1");
    assert_ok(s->network->send(s->client, test_arena(), &out, &sent));
    return sent;
}

static inline struct connector_sent meta_acts(struct meta_stage *s, struct connector_act act)
{
    struct connector_sent sent = {0};
    act.setup = &s->setup;
    act.now_ms = TEST_NOW_MS;
    assert_ok(s->network->act(s->client, test_arena(), &act, &sent));
    return sent;
}

/* The nth call was this one. target: without the proof, which is checked when there is one. */
static inline struct peer_heard meta_heard(
    struct meta_stage *s, int nth, const char *method, const char *target, const char *body)
{
    struct peer_heard heard = peer_heard(s->peer, nth);
    ptrdiff_t at = str_find(heard.target, S("appsecret_proof="));
    if (at > 0) {
        assert_str(str_skip(heard.target, at + 16), META_PROOF);
        heard.target = str_sub(heard.target, 0, at - 1);
    }
    assert_str(heard.method, method);
    assert_str(heard.target, target);
    if (body)
        assert_str(heard.body, body);
    return heard;
}

/* A row of a network's table of errors and what it must come to. */
struct meta_row {
    int status;
    const char *headers, *body;
    enum connector_outcome outcome;
    bool is_channel_wide;
    int64_t wait_ms; /* from now; 0 = none */
};
#define META_ERROR(code) "{\"error\":{\"message\":\"theirs\",\"code\":" #code "}}"
#define META_ERROR2(code, sub)                                                                     \
    "{\"error\":{\"message\":\"theirs\",\"code\":" #code ",\"error_subcode\":" #sub "}}"

static inline void meta_row_holds(struct connector_sent sent, const struct meta_row *row)
{
    bool fits = sent.outcome == row->outcome && sent.is_channel_wide == row->is_channel_wide &&
                sent.wait_until_ms == (row->wait_ms ? TEST_NOW_MS + row->wait_ms : 0) &&
                (sent.why.len > 0 || sent.outcome == CONNECTOR_SENT) &&
                str_find(sent.why, S(META_TOKEN)) < 0 && str_find(sent.why, S(META_SECRET)) < 0;
    if (!fits)
        fail_msg("%d %s came to %s, wide %d, wait %lld: %.*s", row->status, row->body,
            connector_outcome_name(sent.outcome), sent.is_channel_wide,
            (long long)(sent.wait_until_ms ? sent.wait_until_ms - TEST_NOW_MS : 0), SARG(sent.why));
}
