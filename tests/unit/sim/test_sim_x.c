/* The simulated X and X's connector against each other: what a customer says comes in by webhook,
 * stream or poll, what we answer is taken, and what goes wrong is told as the connector needs it.
 * A small server stands for our webhook address. */
#include <pthread.h>

#include "base/crypto.h"
#include "base/file.h"
#include "connector/x.h"
#include "net/http_server.h"
#include "peer.h"
#include "sim.h"
#include "test.h"

static struct {
    struct sim *sim;
    struct http_client *client;
    struct http_server *server;
    struct connector_setup setup;
    pthread_mutex_t lock; /* guards the rest: the server's worker and the test */
    struct arena arena;
    str bodies[64];
    ptrdiff_t n;
    int refused, challenges;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ── our side ── */

static void take(void *worker, struct http_exchange *x)
{
    (void)worker;
    struct arena a = arena_make(0);
    const struct connector_hook hook = {
        .req = &x->req, .setup = &world.setup, .now_ms = TEST_NOW_MS};
    struct connector_answer answer = {.status = 200, .content_type = "application/json"};
    str why = {0};
    pthread_mutex_lock(&world.lock);
    if (connector_x.challenge(&a, &hook, &answer, &why) == OK) {
        world.challenges++;
    } else if (connector_x.verify(&a, &hook, &why) != OK) {
        world.refused++;
        answer.status = 401;
    } else if (world.n < 64) {
        world.bodies[world.n++] = str_copy(&world.arena, x->req.body);
    }
    pthread_mutex_unlock(&world.lock);
    http_respond(x->server, x->handle,
        &(struct http_response){.status = answer.status,
            .content_type = str_from(answer.content_type),
            .body = answer.body});
    http_finish(x);
    arena_free(&a);
}

static void set_setup(const char *settings)
{
    struct arena *a = test_arena();
    world.setup = (struct connector_setup){.settings = str_from(settings),
        .secrets = S("{\"access_token\":\"x-user-token\",\"bearer_token\":\"x-app-token\","
                     "\"consumer_secret\":\"seva-x-consumer-secret\",\"client_secret\":\"csec\","
                     "\"refresh_token\":\"r1\",\"oauth1_token\":\"x-oauth1-token\",\"oauth1_token_"
                     "secret\":\"s\"}"),
        .external_id = S("1111"),
        .handle = S("@SevaCare"),
        .hook_url =
            str_print(a, "http://127.0.0.1:%d/hooks/x/k1", http_server_port(world.server, 0)),
        .hosts = str_print(a, "*=http://127.0.0.1:%d", sim_port(world.sim))};
}

static int setup(void **state)
{
    const struct http_listen listens[] = {{.address = S("127.0.0.1:0")}};
    const struct http_server_options server = {
        .listens = listens, .listen_count = 1, .workers = 2, .handle = take};
    str why = {0};
    if (test_setup(state) != 0)
        return 1;
    world.arena = arena_make(0);
    world.n = world.refused = world.challenges = 0;
    world.client = peer_client();
    assert_ok(http_server_open(test_arena(), &server, &world.server, &why));
    assert_ok(http_server_start(world.server));
    assert_ok(sim_open(test_arena(),
        &(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS}, &world.sim, &why));
    set_setup("{\"client_id\":\"cid\"}");
    return 0;
}

static int teardown(void **state)
{
    sim_close(world.sim);
    http_server_close(world.server);
    http_client_close(world.client);
    arena_free(&world.arena);
    return test_teardown(state);
}

/* ── what happens ── */

static str says_with(const struct sim_say *say)
{
    str id, why = {0};
    assert_ok(sim_say(world.sim, test_arena(), S("x"), say, &id, &why));
    return id;
}

static str says(const char *kind, const char *text, str reply_to)
{
    return says_with(
        &(struct sim_say){.kind = str_from(kind), .text = str_from(text), .reply_to = reply_to});
}

static void special(const char *what, str input)
{
    const struct json *v;
    str answer = {0}, why;
    assert_ok(json_parse(test_arena(), input, &v, &why));
    assert_ok(
        sim_special(world.sim, test_arena(), S("x"), (str){0}, str_from(what), v, &answer, &why));
}

/* The single item of the nth delivery to our webhook. */
static struct connector_item item(ptrdiff_t n)
{
    struct connector_batch batch = {0};
    str why = {0};
    assert_true(sim_settle(world.sim, 20000));
    pthread_mutex_lock(&world.lock);
    bool is_there = n < world.n;
    struct connector_raw raw = {.body = is_there ? world.bodies[n] : (str){0},
        .origin = S("hook"),
        .received_ms = TEST_NOW_MS};
    pthread_mutex_unlock(&world.lock);
    assert_true(is_there);
    assert_ok(x_parse(test_arena(), &raw, &batch, &why));
    assert_int_equal(batch.n, 1);
    return batch.items[0];
}

static struct connector_sent subscribe(bool on)
{
    struct connector_sent sent = {0};
    assert_ok(x_subscribe(world.client, test_arena(), &world.setup, on, &sent));
    return sent;
}

static struct connector_sent answer_to(
    const struct connector_item *to, const char *text, int64_t first_try_ms)
{
    const struct connector_outgoing out = {.setup = &world.setup,
        .delivery_id = S("d1"),
        .to = to->contact_external_id,
        .thread_key = to->thread_key,
        .reply_to = to->external_id,
        .is_public = to->is_public,
        .text = str_from(text),
        .token = to->token,
        .now_ms = TEST_NOW_MS,
        .first_try_ms = first_try_ms};
    struct connector_sent sent = {0};
    assert_ok(x_send(world.client, test_arena(), &out, &sent));
    return sent;
}

static void a_mention_comes_is_answered_and_the_answer_is_told_as_ours(void **state)
{
    (void)state;
    assert_int_equal(subscribe(true).outcome, CONNECTOR_SENT);
    assert_int_equal(world.challenges, 1);
    assert_int_equal(subscribe(true).outcome, CONNECTOR_SENT); /* again: nothing happens */
    assert_int_equal(world.challenges, 1);
    str id = says("mention", "@SevaCare my parcel & I wait", (str){0});
    struct connector_item it = item(0);
    assert_str(it.external_id, str_z(test_arena(), id));
    assert_str(it.text, "@SevaCare my parcel & I wait");
    assert_str(it.contact_handle, "asha_r");
    assert_str(it.token, X_SUMMONED);
    assert_false(it.wants_lookup);
    struct connector_sent sent = answer_to(&it, "On its way", 0);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(sent.rate.limit, 100);
    struct connector_item echo = item(1);
    assert_true(echo.is_ours);
    assert_str(echo.external_id, str_z(test_arena(), sent.external_id));
    assert_str(echo.contact_external_id, "2222");
    assert_str(echo.thread_key, str_z(test_arena(), it.thread_key));
    (void)says("reply", "thanks", sent.external_id);
    struct connector_item thanks = item(2);
    assert_str(thanks.thread_key, str_z(test_arena(), it.thread_key));
    assert_str(thanks.token, X_SUMMONED);
    assert_int_equal(sim_count(world.sim, S("x"), SIM_COUNT_ACCEPTED), 1);
    assert_int_equal(world.refused, 0);
    assert_int_equal(subscribe(false).outcome, CONNECTOR_SENT);
    (void)says("mention", "@SevaCare once more", (str){0});
    assert_true(sim_settle(world.sim, 20000));
    assert_int_equal(world.n, 3);
}

static void a_direct_message_comes_is_answered_and_read(void **state)
{
    (void)state;
    assert_int_equal(subscribe(true).outcome, CONNECTOR_SENT);
    const struct sim_file file = {S("image/png"), S("a.png"), S("\x89PNG")};
    (void)says_with(
        &(struct sim_say){.kind = S("dm"), .text = S("hello"), .files = &file, .n_files = 1});
    struct connector_item it = item(0);
    assert_false(it.is_public);
    assert_str(it.contact_name, "Asha");
    assert_int_equal(it.n_attachments, 1);
    struct connector_source source;
    assert_ok(
        connector_x.media(world.client, test_arena(), &world.setup, &it.attachments[0], &source));
    const struct http_call call = {.method = HTTP_GET,
        .url = source.url,
        .purpose = EGRESS_NETWORK,
        .headers = source.headers,
        .header_count = source.n_headers};
    struct http_result r;
    assert_ok(http_client_call(world.client, test_arena(), &call, &r));
    assert_int_equal(r.status, 200);
    assert_str(r.body, "\x89PNG");
    assert_int_equal(answer_to(&it, "hello Asha", 0).outcome, CONNECTOR_SENT);
    assert_true(item(1).is_ours);
    special("read", S("{\"person\":\"2222\"}"));
    assert_int_equal(item(2).kind, ITEM_READ);
    special("close", S("{\"person\":\"2222\"}"));
    struct connector_sent sent = answer_to(&it, "more", 0);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(str_find(sent.why, S("takes no direct messages")) >= 0);
}

static void who_does_not_call_on_us_is_not_answered_and_a_duplicate_not_taken(void **state)
{
    (void)state;
    str id = says("post", "parcels are late everywhere", (str){0});
    struct connector_item it = {
        .external_id = id, .contact_external_id = S("2222"), .is_public = true};
    assert_int_equal(answer_to(&it, "sorry", 0).outcome, CONNECTOR_FINAL);
    it.token = S(X_SUMMONED); /* X itself says no */
    struct connector_sent sent = answer_to(&it, "sorry", 0);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(str_find(sent.why, S("has not mentioned or quoted us")) >= 0);
    it.external_id = says("mention", "@SevaCare hi", (str){0});
    assert_int_equal(answer_to(&it, "hi", 0).outcome, CONNECTOR_SENT);
    sent = answer_to(&it, "hi", 0);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_int_equal(sim_count(world.sim, S("x"), SIM_COUNT_ACCEPTED), 1);
}

static void an_answer_that_got_lost_is_found_and_not_sent_twice(void **state)
{
    (void)state;
    struct connector_item it = {.external_id = says("mention", "@SevaCare hi", (str){0}),
        .contact_external_id = S("2222"),
        .is_public = true,
        .token = S(X_SUMMONED)};
    assert_ok(sim_fault_add(world.sim,
        &(struct sim_fault){
            .network = S("x"), .path = S("/tweets"), .mode = SIM_FAULT_RESET_AFTER, .count = 1}));
    assert_int_equal(answer_to(&it, "hello", 0).outcome, CONNECTOR_UNKNOWN);
    struct connector_sent sent = answer_to(&it, "hello", TEST_NOW_MS - 1);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(sent.external_id.len > 0);
    assert_int_equal(sim_count(world.sim, S("x"), SIM_COUNT_ACCEPTED), 1);
}

static void every_fault_of_the_network_is_told_as_what_it_is(void **state)
{
    (void)state;
    static const struct {
        enum sim_fault_mode mode;
        enum connector_outcome outcome;
    } rows[] = {
        {SIM_FAULT_SERVER_ERROR,    CONNECTOR_RETRY  },
        {SIM_FAULT_RATE_LIMIT,      CONNECTOR_WAIT   },
        {SIM_FAULT_RATE_LIMIT_BARE, CONNECTOR_WAIT   },
        {SIM_FAULT_UNAUTHORIZED,    CONNECTOR_REAUTH },
        {SIM_FAULT_RESET,           CONNECTOR_UNKNOWN},
        {SIM_FAULT_HALF_BODY,       CONNECTOR_UNKNOWN},
        {SIM_FAULT_WRONG_JSON,      CONNECTOR_UNKNOWN},
    };
    struct connector_item it = {.external_id = says("mention", "@SevaCare hi", (str){0}),
        .contact_external_id = S("2222"),
        .is_public = true,
        .token = S(X_SUMMONED)};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sim_faults_clear(world.sim, S("x"));
        assert_ok(sim_fault_add(
            world.sim, &(struct sim_fault){.network = S("x"), .mode = rows[i].mode, .count = 1}));
        char text[2] = {(char)('a' + (int)i), 0};
        struct connector_sent sent = answer_to(&it, text, 0);
        if (sent.outcome != rows[i].outcome)
            fail_msg(
                "%s gives %s", sim_fault_name(rows[i].mode), connector_outcome_name(sent.outcome));
    }
    special("cap", S("{\"on\":true}"));
    struct connector_sent sent = answer_to(&it, "z", 0);
    assert_int_equal(sent.outcome, CONNECTOR_REAUTH);
    assert_true(str_find(sent.why, S("usage cap")) >= 0);
}

static void photos_and_videos_arrive_whole(void **state)
{
    (void)state;
    struct connector_item it = {
        .external_id = says("mention", "@SevaCare hi", (str){0}), .contact_external_id = S("2222")};
    char *bytes = NEW(test_arena(), char, 2500000);
    for (int i = 0; i < 2500000; i++)
        bytes[i] = (char)(i * 31 >> 3);
    str content = str_of(bytes, 2500000), path = test_path("v.mp4");
    assert_ok(file_write(path, content, 0600));
    static const char *const types[] = {"video/mp4", "image/jpeg"};
    struct sha256 sum = crypto_sha256(content);
    str hex = crypto_hex(test_arena(), str_of(sum.b, 32));
    for (int i = 0; i < 2; i++) {
        const struct connector_file file = {
            .name = S("v"), .type = str_from(types[i]), .size = content.len, .path = path};
        const struct connector_outgoing out = {.setup = &world.setup,
            .reply_to = it.external_id,
            .is_public = true,
            .token = S(X_SUMMONED),
            .files = &file,
            .n_files = 1,
            .text = str_from(types[i]),
            .now_ms = TEST_NOW_MS};
        struct connector_sent sent = {0};
        assert_ok(x_send(world.client, test_arena(), &out, &sent));
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
    }
    struct sim_entry *entries;
    ptrdiff_t n = sim_ledger_read(world.sim, test_arena(),
        &(struct sim_query){.network = S("x"), .has_kind = true, .kind = SIM_KIND_MESSAGE},
        &entries);
    assert_int_equal(n, 2);
    for (ptrdiff_t i = 0; i < n; i++)
        assert_str(entries[i].media, str_z(test_arena(), hex));
}

static void polls_bring_what_was_said_page_by_page_and_nothing_twice(void **state)
{
    (void)state;
    set_setup("{\"source\":\"poll\"}");
    for (int i = 0; i < 60; i++)
        (void)says("mention", "@SevaCare hi", (str){0});
    (void)says("dm", "hello", (str){0});
    struct connector_poll in = {.setup = &world.setup, .cursors = S("{}"), .now_ms = TEST_NOW_MS};
    int posts = 0, messages = 0, calls = 0;
    for (bool more = true; more; calls++) {
        struct connector_polled out;
        assert_ok(x_poll(world.client, test_arena(), &in, &out));
        assert_int_equal(out.end.outcome, CONNECTOR_SENT);
        for (ptrdiff_t i = 0; i < out.n; i++) {
            const struct connector_raw raw = {
                .body = out.deliveries[i].body, .origin = out.deliveries[i].origin};
            struct connector_batch batch;
            str why;
            assert_ok(x_parse(test_arena(), &raw, &batch, &why));
            for (ptrdiff_t k = 0; k < batch.n; k++)
                batch.items[k].is_public ? posts++ : messages++;
        }
        in.cursors = out.cursors;
        more = out.has_more;
    }
    assert_int_equal(calls, 3);
    assert_int_equal(posts, 60);
    assert_int_equal(messages, 1);
    struct connector_polled out;
    in.now_ms = TEST_NOW_MS + 30000;
    assert_ok(x_poll(world.client, test_arena(), &in, &out));
    assert_int_equal(out.n, 0);
}

struct heard {
    int lines, lives;
    str key;
};

static bool hear(void *arg, const struct connector_delivery *d, str cursors)
{
    struct heard *h = arg;
    (void)cursors;
    if (!d) {
        h->lives++;
        (void)says("mention", "@SevaCare over the stream", (str){0}); /* now that it is open */
        return true;
    }
    h->key = str_copy(test_arena(), d->key);
    return ++h->lines < 1;
}

static void streams_bring_what_is_said_while_they_are_open(void **state)
{
    (void)state;
    static const char *const settings[] = {"{\"source\":\"stream\"}", "{\"source\":\"activity\"}"};
    for (int i = 0; i < 2; i++) {
        struct heard h = {0};
        set_setup(settings[i]);
        assert_int_equal(subscribe(true).outcome, CONNECTOR_SENT);
        const struct connector_listen in = {.setup = &world.setup,
            .cursors = S("{\"since\":\"9000000000000000000\"}"), /* no gap */
            .take = hear,
            .arg = &h,
            .now_ms = TEST_NOW_MS};
        struct connector_polled out;
        assert_ok(x_listen(world.client, test_arena(), &in, &out));
        assert_int_equal(h.lines, 1);
        assert_true(str_starts(h.key, i ? S("event:") : S("post:")));
        assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    }
}

static void tokens_rotate_and_old_ones_are_refused(void **state)
{
    (void)state;
    struct connector_refreshed out;
    struct connector_checked checked;
    assert_ok(connector_x.refresh(world.client, test_arena(), &world.setup, TEST_NOW_MS, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_ok(connector_x.check(world.client, test_arena(), &world.setup, TEST_NOW_MS, &checked));
    assert_int_equal(checked.end.outcome, CONNECTOR_REAUTH); /* the old token */
    assert_ok(connector_x.refresh(world.client, test_arena(), &world.setup, TEST_NOW_MS, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_REAUTH); /* used once */
}

static void a_check_knows_the_account_with_either_kind_of_keys(void **state)
{
    (void)state;
    static const char *const settings[] = {"{}", "{\"auth\":\"oauth1\",\"consumer_key\":\"ck\"}"};
    for (int i = 0; i < 2; i++) {
        struct connector_checked out;
        set_setup(settings[i]);
        assert_ok(connector_x.check(world.client, test_arena(), &world.setup, TEST_NOW_MS, &out));
        assert_int_equal(out.n, 1);
        assert_str(out.accounts[0].external_id, "1111");
        assert_str(out.accounts[0].handle, "@SevaCare");
    }
}

static void a_post_that_was_edited_or_deleted_is_seen_so(void **state)
{
    (void)state;
    str first = says("mention", "@SevaCare my parcel", (str){0});
    str second = says("edit", "@SevaCare my parcel is late", first);
    struct connector_polled out;
    struct connector_batch batch;
    str why;
    for (int i = 0; i < 2; i++) {
        assert_ok(x_lookup(world.client, test_arena(), &world.setup, second, TEST_NOW_MS, &out));
        const struct connector_raw raw = {
            .body = out.deliveries[0].body, .origin = out.deliveries[0].origin};
        assert_ok(x_parse(test_arena(), &raw, &batch, &why));
        if (i == 0) {
            assert_int_equal(batch.n, 2);
            assert_str(batch.items[0].external_id, str_z(test_arena(), first));
            assert_str(batch.items[0].aliases[0], str_z(test_arena(), second));
            assert_int_equal(batch.items[1].kind, ITEM_EDIT);
            special("delete", str_print(test_arena(), "{\"id\":\"%.*s\"}", SARG(second)));
        }
    }
    assert_int_equal(batch.items[0].kind, ITEM_DELETE);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
#define FLOW(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        FLOW(a_mention_comes_is_answered_and_the_answer_is_told_as_ours),
        FLOW(a_direct_message_comes_is_answered_and_read),
        FLOW(who_does_not_call_on_us_is_not_answered_and_a_duplicate_not_taken),
        FLOW(an_answer_that_got_lost_is_found_and_not_sent_twice),
        FLOW(every_fault_of_the_network_is_told_as_what_it_is),
        FLOW(photos_and_videos_arrive_whole),
        FLOW(polls_bring_what_was_said_page_by_page_and_nothing_twice),
        FLOW(streams_bring_what_is_said_while_they_are_open),
        FLOW(tokens_rotate_and_old_ones_are_refused),
        FLOW(a_check_knows_the_account_with_either_kind_of_keys),
        FLOW(a_post_that_was_edited_or_deleted_is_seen_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
