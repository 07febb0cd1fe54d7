/* The frame of the simulated networks, against a network made for it: the parrot takes messages at
 * POST /say (Authorization: Bearer, header Idempotency-Key), posts what its customers write, and
 * has a stream at GET /listen. Seen by our own HTTP client and server. */
#include "sim_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "network.h"

/* ── the parrot ── */

static void parrot_handle(struct sim_call *c)
{
    str key = http_header_get(c->req, S("Idempotency-Key"));
    if (!sim_account_by_token(c, sim_bearer(c))) {
        sim_answer_print(c, 401, "{\"parrot\":\"who are you?\"}");
        return;
    }
    str at[8];
    if (sim_route(c, HTTP_GET, "/listen", at)) {
        sim_stream_open(c, &(struct sim_stream_options){.key = S("all"),
                               .content_type = S("application/json"),
                               .first = S("{\"hello\":1}\r\n"),
                               .keep_alive = S("\r\n"),
                               .keep_alive_ms = 60});
        return;
    }
    if (sim_route(c, HTTP_GET, "/wait/{}", at)) {
        int64_t ms = 0;
        (void)str_int(at[0], 0, 60000, &ms); /* 0 when it is no number */
        bool is_woken = sim_wait(c, sim_now(c->sim) + ms);
        sim_answer_print(c, 200, "{\"woken\":%s}", is_woken ? "true" : "false");
        return;
    }
    if (sim_route(c, HTTP_POST, "/file", at)) {
        const struct sim_part *part = sim_part(c, S("file"));
        if (part == NULL) {
            sim_answer_print(c, 400, "{\"parrot\":\"no file\"}");
            return;
        }
        struct sim_media m = sim_media_add(c->sim, c->network, c->arena, c->account->id,
            &(struct sim_file){part->content_type, part->file_name, part->bytes});
        bool needs_auth = str_eq(sim_field(c, S("closed")), S("yes"));
        str url = sim_media_url(c->sim, c->network, c->arena, m.id, 60000, needs_auth);
        sim_answer_print(c, 200, "{\"id\":\"%.*s\",\"url\":\"%.*s\"}", SARG(m.id), SARG(url));
        return;
    }
    if (!sim_route(c, HTTP_POST, "/say", at))
        return;
    const struct sim_kept *kept = sim_once_find(c, key);
    if (kept) {
        sim_answer_again(c, kept);
        return;
    }
    struct sim_rate rate = sim_rate_take(c, c->account->id, 3, 60000, 1);
    sim_header_print(c, S("X-Parrot-Remaining"), "%lld", (long long)rate.remaining);
    if (!rate.is_allowed && str_eq(sim_setting(c->account, S("rates")), S("yes"))) {
        sim_answer_print(c, 429, "{\"parrot\":\"too fast\"}");
        return;
    }
    c->key = key;
    str id = sim_random_hex(c->sim, c->network, c->arena, 8);
    (void)sim_accept(
        c, &(struct sim_message){
               .conversation = sim_field(c, S("to")), .id = id, .text = sim_field(c, S("text"))});
    if (key.len > 0)
        sim_once_keep(c, key, 60000);
    sim_answer_print(c, 200, "{\"id\":\"%.*s\"}", SARG(id));
}

static void parrot_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_429)
        sim_header_print(c, S("X-Come-Back-Ms"), "%lld", (long long)retry_after_ms);
    sim_answer_print(c,
        why == SIM_REFUSE_500   ? 500
        : why == SIM_REFUSE_401 ? 401
                                : 429,
        "{\"parrot\":\"no\"}");
}

static err parrot_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    (void)why;
    *id = str_print(a, "m%lld", (long long)sim_next(sim, account->network));
    str body = str_print(a, "{\"id\":\"%.*s\",\"text\":\"%.*s\"}", SARG(*id), SARG(say->text));
    if (sim_stream_push(sim, account->network, S("all"), str_cat(a, body, S("\r\n"))) == 0)
        sim_webhook_send(
            sim, account, &(struct sim_webhook){.method = HTTP_POST, .body = body, .key = *id});
    sim_wake(sim, account->network);
    return OK;
}

static void parrot_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    sim_post_header(post, S("X-Parrot-Signature"),
        str_print(post->arena, "t=%lld,s=%.*s", (long long)(post->now_ms / 1000),
            SARG(sim_hmac_hex(post->arena, account->secret, post->body))));
}

static bool parrot_may_load(struct sim_call *c, str id)
{
    (void)id;
    return sim_account_by_token(c, sim_bearer(c)) != NULL;
}

static const int64_t parrot_gaps_ms[] = {1000, 5000, 0};

static const struct sim_network parrot = {
    .name = S_INIT("parrot"),
    .title = S_INIT("Parrot"),
    .account = {.id = S_INIT("p1"), .token = S_INIT("seed"), .secret = S_INIT("s3cret")},
    .handle = parrot_handle,
    .refuse = parrot_refuse,
    .say = parrot_say,
    .sign = parrot_sign,
    .may_load = parrot_may_load,
    .retry_gaps_ms = parrot_gaps_ms
};

static const struct sim_network *const networks[] = {&parrot, NULL};

static struct sim *open_parrot(void)
{
    struct sim *sim = world_open(&(struct sim_options){
        .networks = networks, .is_clock_manual = true, .clock_ms = TEST_NOW_MS, .hold_ms = 300});
    str why;
    assert_ok(sim_account_set(
        sim, S("parrot"), &(struct sim_account_set){.callback = world_callback()}, &why));
    return sim;
}

static struct http_result say_to_parrot(const char *text)
{
    str body = str_print(test_arena(), "{\"to\":\"c1\",\"text\":\"%s\"}", text);
    return world_call_as(HTTP_POST, "/parrot/say", "application/json", body, "Bearer seed");
}

static void customer_says(const char *text)
{
    str id, why;
    assert_ok(sim_say(world_sim(), test_arena(), S("parrot"),
        &(struct sim_say){.from_id = S("c1"), .text = str_from(text)}, &id, &why));
}

static int64_t counted(enum sim_count c)
{
    return sim_count(world_sim(), S("parrot"), c);
}

static void fault(enum sim_fault_mode mode)
{
    sim_faults_clear(world_sim(), (str){0});
    assert_ok(sim_fault_add(
        world_sim(), &(struct sim_fault){.network = S("parrot"), .mode = mode, .delay_ms = 5}));
}

/* ── calls and faults ── */

static void a_message_is_accepted_once_and_stands_in_the_ledger(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    struct http_result r = say_to_parrot("hello [ref:42]");
    assert_int_equal(r.status, 200);
    struct sim_entry *e;
    assert_int_equal(sim_ledger_read(sim, test_arena(),
                         &(struct sim_query){.has_kind = true, .kind = SIM_KIND_MESSAGE}, &e),
        1);
    assert_str(e[0].text, "hello [ref:42]");
    assert_str(e[0].ref, "42");
    assert_str(e[0].conversation, "c1");
    assert_str(e[0].outcome, "accepted");
    assert_str(e[0].id, str_z(test_arena(), json_text(json_get(world_json(&r), S("id")), S(""))));
    assert_int_equal(sim_ledger_read(sim, test_arena(),
                         &(struct sim_query){.has_kind = true, .kind = SIM_KIND_CALL}, &e),
        1);
    assert_str(e[0].path, "/say");
    assert_str(e[0].method, "POST");
    assert_str(e[0].token, "seed");
    assert_int_equal(e[0].body_hash.len, 64);
    assert_int_equal(e[0].status, 200);
    assert_int_equal(say_to_parrot("again [ref:42]").status, 200);
    assert_int_equal(counted(SIM_COUNT_ACCEPTED), 2);
    assert_int_equal(counted(SIM_COUNT_DOUBLES), 1);
    world_close();
}

static void refusals_come_in_the_network_s_own_form_and_accept_nothing(void **state)
{
    (void)state;
    open_parrot();
    const struct {
        enum sim_fault_mode mode;
        int status;
    } rows[] = {
        {SIM_FAULT_SERVER_ERROR,    500},
        {SIM_FAULT_RATE_LIMIT,      429},
        {SIM_FAULT_RATE_LIMIT_BARE, 429},
        {SIM_FAULT_UNAUTHORIZED,    401}
    };
    for (int i = 0; i < 4; i++) {
        fault(rows[i].mode);
        struct http_result r = say_to_parrot("x");
        assert_int_equal(r.status, rows[i].status);
        assert_str(r.body, "{\"parrot\":\"no\"}");
        assert_int_equal(http_result_header(&r, S("X-Come-Back-Ms")).len > 0,
            rows[i].mode == SIM_FAULT_RATE_LIMIT);
    }
    assert_int_equal(counted(SIM_COUNT_ACCEPTED), 0);
    assert_int_equal(counted(SIM_COUNT_FAULTS), 4);
    assert_int_equal(sim_ledger_count(world_sim(), &(struct sim_query){.outcome = S("429")}), 1);
    world_close();
}

static void lost_answers_are_lost_before_or_after_the_message_is_taken(void **state)
{
    (void)state;
    open_parrot();
    const struct {
        enum sim_fault_mode mode;
        int accepted;
    } rows[] = {
        {SIM_FAULT_TIMEOUT_BEFORE, 0},
        {SIM_FAULT_TIMEOUT_AFTER,  1},
        {SIM_FAULT_RESET,          1},
        {SIM_FAULT_RESET_AFTER,    2}
    };
    for (int i = 0; i < 4; i++) {
        fault(rows[i].mode);
        struct http_result r = say_to_parrot("x");
        assert_int_equal(r.outcome, HTTP_CALL_UNKNOWN);
        assert_int_equal(counted(SIM_COUNT_ACCEPTED), rows[i].accepted);
    }
    fault(SIM_FAULT_SERVER_ERROR_AFTER);
    assert_int_equal(say_to_parrot("x").status, 500);
    assert_int_equal(counted(SIM_COUNT_ACCEPTED), 3);
    world_close();
}

static void a_caller_that_leaves_early_ends_the_hold(void **state)
{
    (void)state;
    struct sim *sim = world_open(&(struct sim_options){.networks = networks, .hold_ms = 60000});
    fault(SIM_FAULT_TIMEOUT_AFTER);
    struct http_result r = world_call_for("/parrot/say", "{}", 100);
    assert_int_equal(r.outcome, HTTP_CALL_UNKNOWN);
    assert_true(r.timed_out);
    assert_true(sim_settle(sim, 5000));
    world_close();
}

static void spoiled_answers_are_half_broken_slow_or_repeated(void **state)
{
    (void)state;
    open_parrot();
    fault(SIM_FAULT_HALF_BODY);
    assert_int_equal(say_to_parrot("x").outcome, HTTP_CALL_UNKNOWN);
    fault(SIM_FAULT_WRONG_JSON);
    struct http_result r = say_to_parrot("x");
    const struct json *v;
    str why;
    assert_int_equal(r.status, 200);
    assert_err(json_parse(test_arena(), r.body, &v, &why), E_INVALID);
    fault(SIM_FAULT_SLOW);
    r = say_to_parrot("x");
    assert_int_equal(r.status, 200);
    assert_true(r.took_ms >= 15);
    assert_non_null(json_get(world_json(&r), S("id")));
    fault(SIM_FAULT_DUPLICATE);
    r = say_to_parrot("x");
    assert_non_null(json_get(world_json(&r), S("id")));
    fault(SIM_FAULT_DELAY);
    assert_int_equal(say_to_parrot("x").status, 200);
    assert_int_equal(counted(SIM_COUNT_ACCEPTED), 5);
    world_close();
}

static void faults_strike_by_turn_by_number_and_in_their_window(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    assert_ok(sim_fault_add(sim,
        &(struct sim_fault){
            .mode = SIM_FAULT_SERVER_ERROR, .path = S("/say"), .skip = 1, .every = 2, .count = 2}));
    const int expected[] = {200, 200, 500, 200, 500, 200, 200};
    for (int i = 0; i < 7; i++)
        assert_int_equal(say_to_parrot("x").status, expected[i]);
    sim_faults_clear(sim, (str){0});
    assert_ok(sim_fault_add(sim, &(struct sim_fault){.mode = SIM_FAULT_UNAUTHORIZED,
                                     .from_ms = TEST_NOW_MS + 1000,
                                     .until_ms = TEST_NOW_MS + 2000}));
    assert_int_equal(say_to_parrot("x").status, 200);
    sim_clock_advance(sim, 1000);
    assert_int_equal(say_to_parrot("x").status, 401);
    sim_clock_advance(sim, 1000);
    assert_int_equal(say_to_parrot("x").status, 200);
    world_close();
}

static void a_known_idempotency_key_is_answered_again_and_not_taken_twice(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    struct http_header headers[] = {
        {S("Idempotency-Key"), S("k1")              },
        {S("Authorization"),   S("Bearer seed")     },
        {S("Content-Type"),    S("application/json")}
    };
    const struct egress_rules *rules;
    str why, first = {0};
    assert_ok(egress_rules_parse(test_arena(), S("*=127.0.0.0/8"), &rules, &why));
    struct http_client *client = http_client_open(&(struct http_client_options){.rules = rules});
    for (int i = 0; i < 2; i++) {
        struct http_result r;
        assert_ok(http_client_call(client, test_arena(),
            &(struct http_call){.method = HTTP_POST,
                .url = world_url("/parrot/say"),
                .purpose = EGRESS_NETWORK,
                .headers = headers,
                .header_count = 3,
                .body = S("{\"to\":\"c1\",\"text\":\"x\"}")},
            &r));
        assert_int_equal(r.status, 200);
        if (i == 0)
            first = r.body;
        assert_true(str_eq(r.body, first));
    }
    http_client_close(client);
    assert_int_equal(counted(SIM_COUNT_ACCEPTED), 1);
    assert_int_equal(counted(SIM_COUNT_REPEATS), 1);
    assert_int_equal(sim_ledger_count(sim, &(struct sim_query){.outcome = S("repeat")}), 1);
    world_close();
}

static void a_rate_window_refuses_until_the_clock_has_passed_it(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    str why;
    assert_ok(sim_account_set(
        sim, S("parrot"), &(struct sim_account_set){.settings = S("{\"rates\":\"yes\"}")}, &why));
    struct http_result r = say_to_parrot("x");
    assert_str(http_result_header(&r, S("X-Parrot-Remaining")), "2");
    say_to_parrot("x");
    say_to_parrot("x");
    assert_int_equal(say_to_parrot("x").status, 429);
    sim_clock_advance(sim, 60000);
    assert_int_equal(say_to_parrot("x").status, 200);
    world_close();
}

static void a_revoked_or_unknown_token_is_refused(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    str why;
    struct http_result r =
        world_call_as(HTTP_POST, "/parrot/say", "application/json", S("{}"), "Bearer nobody");
    assert_int_equal(r.status, 401);
    assert_ok(
        sim_account_set(sim, S("parrot"), &(struct sim_account_set){.is_revoked = true}, &why));
    assert_int_equal(say_to_parrot("x").status, 401);
    assert_ok(sim_account_set(
        sim, S("parrot"), &(struct sim_account_set){.id = S("p2"), .token = S("other")}, &why));
    r = world_call_as(
        HTTP_POST, "/parrot/say", "application/json", S("{\"text\":\"x\"}"), "Bearer other");
    assert_int_equal(r.status, 200);
    assert_int_equal(world_call(HTTP_GET, "/nowhere/x", NULL).status, 404);
    world_close();
}

static void the_ledger_keeps_the_newest_and_counts_all(void **state)
{
    (void)state;
    struct sim *sim = world_open(&(struct sim_options){.networks = networks, .ledger_entries = 4});
    for (int i = 0; i < 5; i++)
        assert_int_equal(say_to_parrot("x [ref:1]").status, 200);
    assert_int_equal(sim_ledger_count(sim, &(struct sim_query){0}), 4);
    assert_int_equal(counted(SIM_COUNT_ACCEPTED), 5);
    struct sim_entry *e;
    assert_int_equal(sim_ledger_read(sim, test_arena(), &(struct sim_query){.limit = 1}, &e), 1);
    assert_int_equal(e[0].seq, 7);
    sim_reset(sim);
    assert_int_equal(sim_ledger_count(sim, &(struct sim_query){0}), 0);
    assert_int_equal(counted(SIM_COUNT_ACCEPTED), 0);
    world_close();
}

/* ── webhooks ── */

static void a_webhook_is_signed_and_sent_again_at_its_gaps_until_it_is_taken(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    const int answers[] = {500, 503, 200};
    world_answers(answers, 3);
    customer_says("hi");
    assert_true(sim_settle(sim, 5000));
    assert_int_equal(world_hooks(), 1);
    sim_clock_advance(sim, 999);
    assert_true(sim_settle(sim, 5000));
    assert_int_equal(world_hooks(), 1);
    sim_clock_advance(sim, 1);
    assert_true(sim_settle(sim, 5000));
    assert_int_equal(world_hooks(), 2);
    sim_clock_advance(sim, 5000);
    assert_true(sim_settle(sim, 5000));
    assert_int_equal(world_hooks(), 3);
    struct world_hook first = world_hook(0), last = world_hook(2);
    assert_str(first.body, "{\"id\":\"m1\",\"text\":\"hi\"}");
    assert_true(str_eq(first.body, last.body));
    assert_str(first.target, "/hooks/x?a=1");
    str expected = str_print(test_arena(), "t=%lld,s=%.*s", (long long)(TEST_NOW_MS / 1000),
        SARG(sim_hmac_hex(test_arena(), S("s3cret"), first.body)));
    assert_true(str_eq(first.signature, expected));
    assert_false(str_eq(last.signature, expected)); /* signed anew, at its own time */
    assert_int_equal(counted(SIM_COUNT_WEBHOOKS), 1);
    assert_int_equal(counted(SIM_COUNT_TRIES), 3);
    assert_int_equal(counted(SIM_COUNT_ACKNOWLEDGED), 1);
    struct sim_entry *e;
    assert_int_equal(sim_ledger_read(sim, test_arena(),
                         &(struct sim_query){.has_kind = true, .kind = SIM_KIND_WEBHOOK}, &e),
        3);
    assert_str(e[0].outcome, "refused");
    assert_int_equal(e[0].status, 500);
    assert_str(e[2].outcome, "acknowledged");
    assert_int_equal(e[2].attempt, 3);
    assert_str(e[2].key, "m1");
    world_close();
}

static void a_webhook_nobody_takes_is_given_up(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    const int answers[] = {500, 500, 500, 500};
    world_answers(answers, 4);
    customer_says("hi");
    for (int i = 0; i < 5; i++) {
        assert_true(sim_settle(sim, 5000));
        sim_clock_advance(sim, 10000);
    }
    assert_int_equal(world_hooks(), 3);
    assert_int_equal(counted(SIM_COUNT_GIVEN_UP), 1);
    assert_int_equal(counted(SIM_COUNT_ACKNOWLEDGED), 0);
    world_close();
}

static void webhooks_come_twice_late_out_of_order_or_never(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    const enum sim_fault_mode modes[] = {
        SIM_FAULT_DUPLICATE, SIM_FAULT_REORDER, SIM_FAULT_DROP, SIM_FAULT_DELAY};
    const char *texts[] = {"twice", "after", "never", "late"};
    for (int i = 0; i < 4; i++) {
        sim_faults_clear(sim, (str){0});
        assert_ok(sim_fault_add(
            sim, &(struct sim_fault){.is_webhook = true, .mode = modes[i], .delay_ms = 3000}));
        customer_says(texts[i]);
    }
    sim_faults_clear(sim, (str){0});
    customer_says("plain");
    assert_true(sim_settle(sim, 5000));
    assert_int_equal(world_hooks(), 4);
    const char *order[] = {"m1", "m1", "m5", "m2"};
    for (int i = 0; i < 4; i++)
        assert_true(str_find(world_hook(i).body, str_from(order[i])) > 0);
    sim_clock_advance(sim, 3000);
    assert_true(sim_settle(sim, 5000));
    assert_int_equal(world_hooks(), 5);
    assert_true(str_find(world_hook(4).body, S("m4")) > 0);
    assert_int_equal(counted(SIM_COUNT_DROPPED), 1);
    world_close();
}

/* ── files, waiting, streams ── */

static struct http_result upload(const char *closed)
{
    str body = str_print(test_arena(),
        "--xYz\r\nContent-Disposition: form-data; name=\"closed\"\r\n\r\n%s\r\n"
        "--xYz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n"
        "Content-Type: text/plain\r\n\r\none\r\n--two\r\n--xYz--\r\n",
        closed);
    return world_call_as(
        HTTP_POST, "/parrot/file", "multipart/form-data; boundary=xYz", body, "Bearer seed");
}

static void a_file_s_address_is_signed_and_ends(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    struct http_result r = upload("no");
    str url = json_text(json_get(world_json(&r), S("url")), S(""));
    ptrdiff_t at = str_find(url, S("/parrot/"));
    assert_true(at > 0);
    const char *path = str_z(test_arena(), str_skip(url, at));
    r = world_call(HTTP_GET, path, NULL);
    assert_int_equal(r.status, 200);
    assert_str(r.body, "one\r\n--two");
    assert_str(http_result_header(&r, S("Content-Type")), "text/plain");
    str forged =
        str_cat(test_arena(), str_sub(str_from(path), 0, (ptrdiff_t)strlen(path) - 1), S("!"));
    assert_int_equal(world_call(HTTP_GET, str_z(test_arena(), forged), NULL).status, 403);
    sim_clock_advance(sim, 60000);
    assert_int_equal(world_call(HTTP_GET, path, NULL).status, 403);
    world_close();
}

static void a_closed_file_wants_the_token_too(void **state)
{
    (void)state;
    open_parrot();
    struct http_result r = upload("yes");
    str url = json_text(json_get(world_json(&r), S("url")), S(""));
    const char *path = str_z(test_arena(), str_skip(url, str_find(url, S("/parrot/"))));
    assert_int_equal(world_call(HTTP_GET, path, NULL).status, 401);
    assert_int_equal(world_call_as(HTTP_GET, path, "", S(""), "Bearer seed").status, 200);
    world_close();
}

static void the_oldest_files_make_room(void **state)
{
    (void)state;
    world_open(&(struct sim_options){.networks = networks, .media_bytes = 15});
    struct http_result first = upload("no"), second = upload("no");
    str url = json_text(json_get(world_json(&first), S("url")), S(""));
    const char *path = str_z(test_arena(), str_skip(url, str_find(url, S("/parrot/"))));
    assert_int_equal(world_call(HTTP_GET, path, NULL).status, 404);
    url = json_text(json_get(world_json(&second), S("url")), S(""));
    path = str_z(test_arena(), str_skip(url, str_find(url, S("/parrot/"))));
    assert_int_equal(world_call(HTTP_GET, path, NULL).status, 200);
    world_close();
}

static int raw_get(const char *path)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = 30};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    const struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)sim_port(world_sim())),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    str text = str_print(
        test_arena(), "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer seed\r\n\r\n", path);
    assert_int_equal(send(fd, text.at, (size_t)text.len, MSG_NOSIGNAL), text.len);
    return fd;
}

/* Reads until `end` came; empty: until the connection ended. */
static str raw_read(int fd, const char *end)
{
    char *at = arena_alloc(test_arena(), 8192, 1);
    ptrdiff_t len = 0;
    while (len < 8192 && (*end == 0 || str_find(str_of(at, len), str_from(end)) < 0)) {
        ssize_t n = recv(fd, at + len, 1, 0);
        if (n <= 0)
            break;
        len += n;
    }
    return str_of(at, len);
}

static void a_stream_brings_what_is_pushed_and_keeps_alive(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    int fd = raw_get("/parrot/listen");
    str head = raw_read(fd, "{\"hello\":1}\r\n\r\n");
    assert_true(str_find(head, S("Transfer-Encoding: chunked")) > 0);
    customer_says("over the stream");
    str pushed = raw_read(fd, "\"over the stream\"}\r\n\r\n");
    assert_true(str_find(pushed, S("{\"id\":\"m1\"")) >= 0);
    (void)raw_read(fd, "2\r\n\r\n\r\n"); /* a keep-alive: a chunk of two bytes */
    assert_int_equal(world_hooks(), 0);
    struct http_result r = world_call(HTTP_POST, "/_sim/parrot/streams", "{\"action\":\"end\"}");
    assert_str(r.body, "{\"ended\":1}");
    assert_true(str_ends(raw_read(fd, ""), S("0\r\n\r\n")));
    close(fd);
    assert_int_equal(counted(SIM_COUNT_STREAMED), 1);
    customer_says("by webhook now");
    assert_true(sim_settle(sim, 5000));
    assert_int_equal(world_hooks(), 1);
    world_close();
}

static void a_stream_can_be_reset(void **state)
{
    (void)state;
    open_parrot();
    int fd = raw_get("/parrot/listen");
    (void)raw_read(fd, "{\"hello\":1}\r\n\r\n");
    (void)world_call(HTTP_POST, "/_sim/parrot/streams", "{\"action\":\"reset\"}");
    char c;
    ssize_t n;
    while ((n = recv(fd, &c, 1, 0)) > 0)
        ;
    assert_int_equal(n, -1);
    close(fd);
    world_close();
}

static bool has_come(int fd)
{
    char c;
    return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void a_waiting_call_is_woken_or_told_that_time_is_over(void **state)
{
    (void)state;
    struct sim *sim = open_parrot();
    int fd = raw_get("/parrot/wait/5000");
    while (!has_come(fd)) /* it may not have begun to wait yet */
        sim_clock_advance(sim, 5000);
    assert_true(str_find(raw_read(fd, "}"), S("{\"woken\":false")) > 0);
    close(fd);
    fd = raw_get("/parrot/wait/50000");
    while (!has_come(fd))
        customer_says("wake");
    assert_true(str_find(raw_read(fd, "}"), S("{\"woken\":true")) > 0);
    close(fd);
    world_close();
}

/* ── control ── */

static void the_control_api_needs_its_token(void **state)
{
    (void)state;
    world_open(&(struct sim_options){.networks = networks, .control_token = S("open sesame")});
    assert_int_equal(world_call(HTTP_GET, "/_sim/ledger", NULL).status, 401);
    struct http_result r = world_call_as(HTTP_GET, "/_sim/ledger", "", S(""), "Bearer open sesame");
    assert_int_equal(r.status, 200);
    world_close();
}

static void everything_can_be_scripted_over_http(void **state)
{
    (void)state;
    open_parrot();
    struct http_result r = world_call(HTTP_POST, "/_sim/parrot/say",
        "{\"from\":{\"id\":\"c9\",\"name\":\"Asha\"},\"text\":\"hello\"}");
    assert_str(r.body, "{\"ok\":true,\"id\":\"m1\"}");
    r = world_call(HTTP_POST, "/_sim/parrot/event", "{\"raw\":[1,2]}");
    assert_int_equal(r.status, 200);
    r = world_call(HTTP_POST, "/_sim/settle", "{}");
    assert_str(r.body, "{\"ok\":true}");
    assert_int_equal(world_hooks(), 2);
    assert_str(world_hook(1).body, "{\"raw\":[1,2]}");
    r = world_call(
        HTTP_POST, "/_sim/faults", "{\"network\":\"parrot\",\"mode\":\"500\",\"count\":1}");
    assert_int_equal(r.status, 200);
    assert_int_equal(say_to_parrot("x").status, 500);
    r = world_call(HTTP_GET, "/_sim/faults", NULL);
    assert_int_equal(json_int(json_path(world_json(&r), S("0.struck")), 0), 1);
    r = world_call(HTTP_POST, "/_sim/faults", "{\"mode\":\"explode\"}");
    assert_int_equal(r.status, 400);
    r = world_call(HTTP_POST, "/_sim/clock", "{\"advance_ms\":5000}");
    assert_int_equal(json_int(json_get(world_json(&r), S("now_ms")), 0), TEST_NOW_MS + 5000);
    r = world_call(HTTP_GET, "/_sim/ledger?kind=said&network=parrot", NULL);
    assert_str(json_text(json_path(world_json(&r), S("entries.0.text")), S("")), "hello");
    assert_int_equal(json_int(json_path(world_json(&r), S("counts.acknowledged")), 0), 2);
    r = world_call(HTTP_POST, "/_sim/accounts", "{\"network\":\"parrot\",\"id\":\"p3\"}");
    assert_int_equal(r.status, 200);
    r = world_call(HTTP_GET, "/_sim/accounts?network=parrot", NULL);
    assert_int_equal(world_json(&r)->count, 2);
    assert_int_equal(world_call(HTTP_POST, "/_sim/reset", "{}").status, 200);
    r = world_call(HTTP_GET, "/_sim/ledger", NULL);
    assert_int_equal(json_int(json_get(world_json(&r), S("matching")), -1), 0);
    assert_int_equal(world_call(HTTP_POST, "/_sim/parrot/unheard", "{}").status, 404);
    assert_int_equal(world_call(HTTP_POST, "/_sim/parrot/say", "{broken").status, 400);
    world_close();
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_accepted_once_and_stands_in_the_ledger),
        TEST(refusals_come_in_the_network_s_own_form_and_accept_nothing),
        TEST(lost_answers_are_lost_before_or_after_the_message_is_taken),
        TEST(a_caller_that_leaves_early_ends_the_hold),
        TEST(spoiled_answers_are_half_broken_slow_or_repeated),
        TEST(faults_strike_by_turn_by_number_and_in_their_window),
        TEST(a_known_idempotency_key_is_answered_again_and_not_taken_twice),
        TEST(a_rate_window_refuses_until_the_clock_has_passed_it),
        TEST(a_revoked_or_unknown_token_is_refused),
        TEST(the_ledger_keeps_the_newest_and_counts_all),
        TEST(a_webhook_is_signed_and_sent_again_at_its_gaps_until_it_is_taken),
        TEST(a_webhook_nobody_takes_is_given_up),
        TEST(webhooks_come_twice_late_out_of_order_or_never),
        TEST(a_file_s_address_is_signed_and_ends),
        TEST(a_closed_file_wants_the_token_too),
        TEST(the_oldest_files_make_room),
        TEST(a_stream_brings_what_is_pushed_and_keeps_alive),
        TEST(a_stream_can_be_reset),
        TEST(a_waiting_call_is_woken_or_told_that_time_is_over),
        TEST(the_control_api_needs_its_token),
        TEST(everything_can_be_scripted_over_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
