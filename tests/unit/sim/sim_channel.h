/* A channel of ours that talks to a simulated network: hooks are verified and parsed by its
 * connector, what it sends is looked up in the ledger. One at a time. */
#pragma once
#include "connector/connector.h"
#include "peer.h"
#include "sim_world.h"

struct sim_channel {
    const struct connector *c;
    struct http_client *client;
    struct connector_setup setup;
    str network;
    const char *header; /* in which the network signs */
};

static inline struct sim_channel sim_channel_open(const char *network, const char *header,
    const char *settings, const char *secrets, const struct sim_options *options)
{
    world_open(options);
    struct sim_channel ch = {.c = connector_find(str_from(network)),
        .client = peer_client(),
        .network = str_from(network),
        .header = header};
    ch.setup = (struct connector_setup){.settings = str_from(settings),
        .secrets = str_from(secrets),
        .hook_url = world_callback(),
        .hosts = str_print(test_arena(), "*=%.*s", SARG(world_url(""))),
        .secret = S("channel-secret_1")};
    return ch;
}

static inline void sim_channel_close(struct sim_channel *ch)
{
    http_client_close(ch->client);
    world_close();
}

static inline void sim_channel_subscribe(struct sim_channel *ch)
{
    struct connector_sent sent;
    assert_ok(ch->c->subscribe(ch->client, test_arena(), &ch->setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(sim_settle(world_sim(), 10000));
}

static inline str sim_channel_say(struct sim_channel *ch, struct sim_say say)
{
    str id = {0}, why = {0};
    if (sim_say(world_sim(), test_arena(), ch->network, &say, &id, &why) != OK)
        fail_msg("%.*s", SARG(why));
    assert_true(sim_settle(world_sim(), 10000));
    return id;
}

/* The nth hook as the channel takes it: verified, then parsed. */
static inline struct connector_batch sim_channel_hook(struct sim_channel *ch, ptrdiff_t n)
{
    struct world_hook hook = world_hook(n);
    const struct http_header header = {str_from(ch->header), hook.signature};
    const struct http_request req = {
        .method = hook.method, .headers = &header, .header_count = 1, .body = hook.body};
    const struct connector_hook given = {
        .req = &req, .setup = &ch->setup, .now_ms = sim_now(world_sim())};
    const struct connector_raw raw = {
        .body = hook.body, .origin = S("hook"), .received_ms = sim_now(world_sim())};
    struct connector_batch batch = {0};
    str why = {0};
    assert_ok(ch->c->verify(test_arena(), &given, &why));
    assert_ok(ch->c->parse(test_arena(), &raw, &batch, &why));
    return batch;
}

/* The one item of the newest hook. */
static inline const struct connector_item *sim_channel_newest(struct sim_channel *ch)
{
    assert_true(world_hooks() > 0);
    struct connector_batch batch = sim_channel_hook(ch, world_hooks() - 1);
    assert_int_equal(batch.n, 1);
    assert_int_equal(batch.items[0].fault.len, 0);
    return &batch.items[0];
}

static inline struct connector_polled sim_channel_poll(struct sim_channel *ch, str cursors)
{
    struct connector_polled out = {.end = {.outcome = CONNECTOR_UNKNOWN}};
    const struct connector_poll in = {
        .setup = &ch->setup, .cursors = cursors, .now_ms = sim_now(world_sim())};
    assert_ok(ch->c->poll(ch->client, test_arena(), &in, &out));
    return out;
}

/* The one item of what a poll brought. */
static inline struct connector_item sim_channel_item(
    struct sim_channel *ch, const struct connector_delivery *d)
{
    struct connector_batch batch = {0};
    str why = {0};
    const struct connector_raw raw = {
        .body = d->body, .origin = d->origin, .received_ms = sim_now(world_sim())};
    assert_ok(ch->c->parse(test_arena(), &raw, &batch, &why));
    assert_int_equal(batch.n, 1);
    return batch.items[0];
}

/* An answer to an item, as the engine would address it. */
static inline struct connector_sent sim_channel_answer(
    struct sim_channel *ch, const struct connector_item *it, struct connector_outgoing out)
{
    struct connector_sent sent = {.outcome = CONNECTOR_UNKNOWN};
    out.setup = &ch->setup;
    out.to = it->contact_external_id;
    out.thread_key = it->thread_key;
    out.token = it->token;
    out.delivery_id = out.delivery_id.len ? out.delivery_id : S("d1");
    out.now_ms = sim_now(world_sim());
    out.first_try_ms = out.first_try_ms ? out.first_try_ms : out.now_ms;
    assert_ok(ch->c->send(ch->client, test_arena(), &out, &sent));
    assert_true(sim_settle(world_sim(), 10000));
    return sent;
}

/* The nth message that the network took from us. */
static inline struct sim_entry sim_channel_taken(struct sim_channel *ch, ptrdiff_t n)
{
    struct sim_entry *entries = NULL;
    const struct sim_query query = {
        .network = ch->network, .has_kind = true, .kind = SIM_KIND_MESSAGE};
    assert_true(sim_ledger_read(world_sim(), test_arena(), &query, &entries) > n);
    return entries[n];
}

static inline int64_t sim_channel_count(struct sim_channel *ch, enum sim_count what)
{
    return sim_count(world_sim(), ch->network, what);
}

static inline void sim_channel_fault(
    struct sim_channel *ch, enum sim_fault_mode mode, const char *path, int64_t count)
{
    sim_faults_clear(world_sim(), (str){0});
    assert_ok(sim_fault_add(world_sim(), &(struct sim_fault){.network = ch->network,
                                             .path = str_from(path),
                                             .mode = mode,
                                             .count = count,
                                             .retry_after_ms = 3000}));
}

/* The bytes of an item's file, fetched as the engine fetches them. */
static inline str sim_channel_file(
    struct sim_channel *ch, const struct connector_attachment *at, int *status)
{
    struct connector_source from = {.url = at->url};
    struct http_result res;
    if (!at->url.len)
        assert_ok(ch->c->media(ch->client, test_arena(), &ch->setup, at, &from));
    assert_int_equal(from.end.outcome, CONNECTOR_SENT);
    const struct http_call call = {.method = HTTP_GET,
        .url = from.url,
        .purpose = EGRESS_MEDIA,
        .headers = from.headers,
        .header_count = from.n_headers};
    assert_ok(http_client_call(ch->client, test_arena(), &call, &res));
    *status = res.status;
    return res.body;
}
