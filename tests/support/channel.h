/* A channel of a network against a scripted peer: its setup, calls, and what they must have said.
 * What the tests of connectors do alike. One channel at a time; the clock is fixed at TEST_NOW_MS.
 * Thread: the test's. */
#pragma once
#include "connector/connector.h"
#include "golden.h"
#include "peer.h"
#include "test.h"

struct channel {
    const struct connector *c;
    struct peer *peer;
    struct http_client *client;
    struct connector_setup setup; /* a test may change it */
};

/* Ends with channel_close. Base addresses lead to the peer: "/<network>/<host>/…". */
struct channel channel_open(
    const char *network, const char *external_id, const char *settings, const char *secrets);
/* The same with every base address the peer's own, so that targets begin where the API does. */
struct channel channel_open_bare(
    const char *network, const char *external_id, const char *settings, const char *secrets);
void channel_close(struct channel *ch);

/* What is left out: now_ms is TEST_NOW_MS, first_try_ms is now, delivery_id "d1". A send or act
 * that is not SENT says why, and never a secret. */
struct connector_sent channel_sends(struct channel *ch, struct connector_outgoing out);
struct connector_sent channel_acts(struct channel *ch, struct connector_act act);
struct connector_called channel_calls(struct channel *ch, struct connector_call call);
struct connector_checked channel_checks(struct channel *ch);
struct connector_refreshed channel_refreshes(struct channel *ch);
/* A poll with these cursors, all since since_ms when that is not 0. */
struct connector_polled channel_polls(struct channel *ch, str cursors, int64_t since_ms);
struct connector_batch channel_parse(const struct connector *c, const char *origin, str body);
/* How many items of a golden delivery are faulty: what is kept of each (raw) must be a delivery
 * that has the same fault. */
int channel_faults_again(const char *network, const char *file, const char *origin);
/* A file to send, on disk in the test's folder. */
struct connector_file channel_file(const char *name, const char *type, const char *bytes);
/* What a poll brought, parsed, one after the other. */
str channel_show(const struct connector *c, const struct connector_polled *got);

/* The nth call was this one. body NULL = any. */
struct peer_heard channel_heard(
    struct channel *ch, int nth, const char *method, const char *target);
struct peer_heard channel_heard_body(
    struct channel *ch, int nth, const char *method, const char *target, const char *body);

/* A row of a network's error table. */
struct channel_error {
    int status;
    const char *headers, *body;
    enum connector_outcome outcome;
    bool is_channel_wide;
    int64_t wait_ms;   /* from now; 0 = no WAIT */
    const char *words; /* part of `why`; NULL = any */
};
void channel_check_error(const struct channel_error *row, const struct connector_sent *sent);

void assert_has(str text, const char *part);

/* A webhook with one header. */
struct channel_hook {
    struct http_request req;
    struct http_header header;
    struct http_pair pair;
    struct connector_hook hook;
};
const struct connector_hook *channel_hook(struct channel_hook *h,
    const struct connector_setup *setup, const char *name, str value, str body);
/* The network's vectors (tests/data/signatures.json) are let in by its verify; with one bit more,
 * another secret, or no header they are not. secret_name: of the setting that is the key. */
void channel_verify_vectors(const char *network, const char *secret_name);
