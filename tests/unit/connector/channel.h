/* A channel of a network against a scripted peer: setup, calls, and what they must have said. All
 * base addresses lead to the peer: "/<network>/<host>/…". One at a time. */
#pragma once
#include "connector/connector.h"
#include "golden.h"
#include "peer.h"
#include "test.h"

struct channel {
    const struct connector *c;
    struct peer *peer;
    struct http_client *client;
    struct connector_setup setup;
};

static inline struct channel channel_open(
    const char *network, const char *external_id, const char *settings, const char *secrets)
{
    struct channel ch = {.c = connector_find(str_from(network))};
    assert_non_null(ch.c);
    ch.peer = peer_open();
    ch.client = peer_client();
    str base = peer_url(ch.peer);
    ch.setup = (struct connector_setup){
        .settings = str_from(settings),
        .secrets = str_from(secrets),
        .external_id = str_from(external_id),
        .hook_url = S("https://care.example.com/hooks/x/k1"),
        .hosts = str_print(test_arena(), "*=%.*s", SARG(base)),
    };
    return ch;
}

static inline void channel_close(struct channel *ch)
{
    http_client_close(ch->client);
    peer_close(ch->peer);
}

/* The nth call was this one. */
static inline struct peer_heard channel_heard(
    struct channel *ch, int nth, const char *method, const char *target)
{
    struct peer_heard h = peer_heard(ch->peer, nth);
    assert_str(h.method, method);
    assert_str(h.target, target);
    return h;
}

/* A row of a network's error table. */
struct channel_error {
    int status;
    const char *headers, *body;
    enum connector_outcome outcome;
    bool is_channel_wide;
    int64_t wait_ms;   /* from now; 0 = no WAIT */
    const char *words; /* part of `why` */
};

static inline void channel_check_error(
    const struct channel_error *row, const struct connector_sent *sent)
{
    if (sent->outcome != row->outcome)
        fail_msg("%d %s: %s instead of %s", row->status, row->body,
            connector_outcome_name(sent->outcome), connector_outcome_name(row->outcome));
    assert_int_equal(sent->is_channel_wide, row->is_channel_wide);
    assert_int_equal(sent->wait_until_ms, row->wait_ms ? TEST_NOW_MS + row->wait_ms : 0);
    if (row->outcome != CONNECTOR_SENT && str_find(sent->why, str_from(row->words)) < 0)
        fail_msg("%d %s: says \"%.*s\"", row->status, row->body, SARG(sent->why));
}

static inline struct connector_batch channel_parse(
    const struct connector *c, const char *origin, str body)
{
    const struct connector_raw raw = {
        .body = body, .origin = str_from(origin), .received_ms = TEST_NOW_MS};
    struct connector_batch batch = {0};
    str why = {0};
    assert_ok(c->parse(test_arena(), &raw, &batch, &why));
    return batch;
}

/* What a poll brought, parsed, one after the other. */
static inline str channel_show(const struct connector *c, const struct connector_polled *got)
{
    struct sb b = sb_make(test_arena(), 1 << 20);
    for (ptrdiff_t i = 0; i < got->n; i++) {
        const struct connector_delivery *d = &got->deliveries[i];
        struct connector_batch batch = channel_parse(c, str_z(test_arena(), d->origin), d->body);
        sb_print(&b, "%.*s:\n", SARG(d->key));
        sb_add(&b, golden_show(&batch));
    }
    return sb_str(&b);
}

static inline void assert_has(str text, const char *part)
{
    if (str_find(text, str_from(part)) < 0)
        fail_msg("\"%s\" is not in \"%.*s\"", part, SARG(text));
}

/* A webhook with one header. */
struct channel_hook {
    struct http_request req;
    struct http_header header;
    struct http_pair pair;
    struct connector_hook hook;
};
static inline const struct connector_hook *channel_hook(struct channel_hook *h,
    const struct connector_setup *setup, const char *name, str value, str body)
{
    *h = (struct channel_hook){
        .header = {str_from(name), value}
    };
    h->req = (struct http_request){
        .method = HTTP_POST, .headers = &h->header, .header_count = 1, .body = body};
    h->hook = (struct connector_hook){.req = &h->req, .setup = setup, .now_ms = TEST_NOW_MS};
    return &h->hook;
}
