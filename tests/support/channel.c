/* See channel.h. */
#include "channel.h"

#include "base/clock.h"
#include "base/file.h"
#include "vectors.h"

static struct channel open_at(const char *network, const char *external_id, const char *settings,
    const char *secrets, str hosts, struct peer *peer)
{
    struct channel ch = {
        .c = connector_find(str_from(network)), .peer = peer, .client = peer_client()};
    assert_non_null(ch.c);
    clock_fix(TEST_NOW_MS);
    ch.setup = (struct connector_setup){
        .settings = str_from(settings),
        .secrets = str_from(secrets),
        .external_id = str_from(external_id),
        .hook_url = str_print(test_arena(), "https://care.example.com/hooks/%s/k1", network),
        .hosts = hosts,
        .secret = S("channel-secret_1"),
    };
    return ch;
}

struct channel channel_open(
    const char *network, const char *external_id, const char *settings, const char *secrets)
{
    struct peer *peer = peer_open();
    str hosts = str_cat(test_arena(), S("*="), peer_url(peer));
    return open_at(network, external_id, settings, secrets, hosts, peer);
}

struct channel channel_open_bare(
    const char *network, const char *external_id, const char *settings, const char *secrets)
{
    struct peer *peer = peer_open();
    const struct connector *c = connector_find(str_from(network));
    struct sb hosts = sb_make(test_arena(), 0);
    for (const struct connector_host *h = c ? c->hosts : NULL; h && h->name; h++)
        sb_print(&hosts, "%s.%s=%.*s;", network, h->name, SARG(peer_url(peer)));
    return open_at(network, external_id, settings, secrets, sb_str(&hosts), peer);
}

void channel_close(struct channel *ch)
{
    http_client_close(ch->client);
    peer_close(ch->peer);
}

/* ── calls ── */

static void assert_tells(struct channel *ch, const struct connector_sent *sent)
{
    const struct json *secrets = NULL;
    str why;
    assert_true(sent->outcome == CONNECTOR_SENT || sent->why.len > 0);
    assert_ok(json_parse(test_arena(), ch->setup.secrets, &secrets, &why));
    for (const struct json *v = secrets->first; v; v = v->next) {
        bool is_long = v->kind == JSON_STRING && v->text.len > 3;
        if (is_long && str_find(sent->why, v->text) >= 0)
            fail_msg("tells a secret: %.*s", SARG(sent->why));
    }
}

struct connector_sent channel_sends(struct channel *ch, struct connector_outgoing out)
{
    struct connector_sent sent = {.outcome = CONNECTOR_UNKNOWN};
    out.setup = &ch->setup;
    out.now_ms = out.now_ms ? out.now_ms : TEST_NOW_MS;
    out.first_try_ms = out.first_try_ms ? out.first_try_ms : out.now_ms;
    out.delivery_id = out.delivery_id.len ? out.delivery_id : S("d1");
    assert_ok(ch->c->send(ch->client, test_arena(), &out, &sent));
    assert_tells(ch, &sent);
    return sent;
}

struct connector_sent channel_acts(struct channel *ch, struct connector_act act)
{
    struct connector_sent sent = {.outcome = CONNECTOR_UNKNOWN};
    act.setup = &ch->setup;
    act.now_ms = act.now_ms ? act.now_ms : TEST_NOW_MS;
    act.delivery_id = act.delivery_id.len ? act.delivery_id : S("d1");
    assert_ok(ch->c->act(ch->client, test_arena(), &act, &sent));
    assert_tells(ch, &sent);
    return sent;
}

struct connector_called channel_calls(struct channel *ch, struct connector_call call)
{
    struct connector_called out = {.end = {.outcome = CONNECTOR_UNKNOWN}};
    call.setup = &ch->setup;
    call.now_ms = TEST_NOW_MS;
    assert_ok(ch->c->call(ch->client, test_arena(), &call, &out));
    assert_tells(ch, &out.end);
    return out;
}

struct connector_checked channel_checks(struct channel *ch)
{
    struct connector_checked out = {.end = {.outcome = CONNECTOR_UNKNOWN}};
    assert_ok(ch->c->check(ch->client, test_arena(), &ch->setup, TEST_NOW_MS, &out));
    assert_tells(ch, &out.end);
    return out;
}

struct connector_refreshed channel_refreshes(struct channel *ch)
{
    struct connector_refreshed out = {.end = {.outcome = CONNECTOR_UNKNOWN}};
    assert_ok(ch->c->refresh(ch->client, test_arena(), &ch->setup, TEST_NOW_MS, &out));
    assert_tells(ch, &out.end);
    return out;
}

struct connector_polled channel_polls(struct channel *ch, str cursors, int64_t since_ms)
{
    struct connector_polled out = {.end = {.outcome = CONNECTOR_UNKNOWN}};
    const struct connector_poll in = {
        .setup = &ch->setup, .cursors = cursors, .since_ms = since_ms, .now_ms = TEST_NOW_MS};
    assert_ok(ch->c->poll(ch->client, test_arena(), &in, &out));
    assert_tells(ch, &out.end);
    return out;
}

struct connector_batch channel_parse(const struct connector *c, const char *origin, str body)
{
    const struct connector_raw raw = {
        .body = body, .origin = str_from(origin), .received_ms = TEST_NOW_MS};
    struct connector_batch batch = {0};
    str why = {0};
    assert_ok(c->parse(test_arena(), &raw, &batch, &why));
    return batch;
}

int channel_faults_again(const char *network, const char *file, const char *origin)
{
    const struct connector *c = connector_find(str_from(network));
    struct connector_batch batch = channel_parse(c, origin, golden_read(network, file));
    int faults = 0;
    for (ptrdiff_t i = 0; i < batch.n; i++) {
        if (!batch.items[i].fault.len)
            continue;
        struct connector_batch again = channel_parse(c, origin, batch.items[i].raw);
        assert_int_equal(again.n, 1);
        assert_true(str_eq(again.items[0].fault, batch.items[i].fault));
        assert_true(str_eq(again.items[0].raw, batch.items[i].raw));
        faults++;
    }
    return faults;
}

struct connector_file channel_file(const char *name, const char *type, const char *bytes)
{
    str path = test_path(name), content = str_from(bytes);
    assert_ok(file_write(path, content, 0600));
    return (struct connector_file){
        .name = str_from(name), .type = str_from(type), .size = content.len, .path = path};
}

str channel_show(const struct connector *c, const struct connector_polled *got)
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

/* ── what was heard ── */

struct peer_heard channel_heard(struct channel *ch, int nth, const char *method, const char *target)
{
    struct peer_heard h = peer_heard(ch->peer, nth);
    assert_str(h.method, method);
    assert_str(h.target, target);
    return h;
}

struct peer_heard channel_heard_body(
    struct channel *ch, int nth, const char *method, const char *target, const char *body)
{
    struct peer_heard h = channel_heard(ch, nth, method, target);
    if (body)
        assert_str(h.body, body);
    return h;
}

void channel_check_error(const struct channel_error *row, const struct connector_sent *sent)
{
    if (sent->outcome != row->outcome)
        fail_msg("%d %s: %s instead of %s: %.*s", row->status, row->body,
            connector_outcome_name(sent->outcome), connector_outcome_name(row->outcome),
            SARG(sent->why));
    if (sent->is_channel_wide != row->is_channel_wide)
        fail_msg("%d %s: channel-wide is %d", row->status, row->body, sent->is_channel_wide);
    int64_t wait_until_ms = row->wait_ms ? TEST_NOW_MS + row->wait_ms : 0;
    if (sent->wait_until_ms != wait_until_ms)
        fail_msg("%d %s: waits %lld ms too long", row->status, row->body,
            (long long)(sent->wait_until_ms - wait_until_ms));
    if (row->outcome != CONNECTOR_SENT && row->words &&
        str_find(sent->why, str_from(row->words)) < 0)
        fail_msg("%d %s: says \"%.*s\"", row->status, row->body, SARG(sent->why));
}

void assert_has(str text, const char *part)
{
    if (str_find(text, str_from(part)) < 0)
        fail_msg("\"%s\" is not in \"%.*s\"", part, SARG(text));
}

/* ── webhooks ── */

const struct connector_hook *channel_hook(struct channel_hook *h,
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

static void verify_vector(const struct connector *c, const struct json *v, const char *secret_name)
{
    struct arena *a = test_arena();
    str value = vector_text(v, "value"), body = vector_text(v, "body"), why = {0};
    str key = vector_text(v, "secret");
    struct connector_setup setup = {
        .secrets = str_print(a, "{\"%s\":\"%.*s\"}", secret_name, SARG(key))};
    struct channel_hook h;
    (void)channel_hook(&h, &setup, str_z(a, vector_text(v, "header")), value, body);
    assert_ok(c->verify(a, &h.hook, &why));
    char *flipped = str_z(a, value);
    flipped[3] = flipped[3] == 'a' ? 'b' : 'a';
    h.header.value = str_from(flipped);
    assert_err(c->verify(a, &h.hook, &why), E_UNAUTHENTICATED);
    h.header.value = value;
    h.req.body = str_cat(a, body, S(" "));
    assert_err(c->verify(a, &h.hook, &why), E_UNAUTHENTICATED);
    h.req.body = body;
    h.req.header_count = 0;
    assert_err(c->verify(a, &h.hook, &why), E_UNAUTHENTICATED);
    h.req.header_count = 1;
    setup.secrets = str_print(a, "{\"%s\":\"other\"}", secret_name);
    assert_err(c->verify(a, &h.hook, &why), E_UNAUTHENTICATED);
    setup.secrets = S("{}");
    assert_err(c->verify(a, &h.hook, &why), E_UNAUTHENTICATED);
}

void channel_verify_vectors(const char *network, const char *secret_name)
{
    const struct connector *c = connector_find(str_from(network));
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        if (!vector_is(v, "request") || !str_eq(vector_text(v, "scheme"), str_from(network)))
            continue;
        verify_vector(c, v, secret_name);
        n++;
    }
    assert_true(n > 0);
}
