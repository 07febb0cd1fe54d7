/* The WhatsApp connector: golden deliveries, handshake and signature. What is sent and asked is in
 * test_connector_whatsapp_calls.c. */
#include "channel.h"
#include "vectors.h"

#include "base/crypto.h"
#include "base/limits.h"

static void every_golden_delivery_reads_as_expected(void **state)
{
    (void)state;
    golden_check_all("whatsapp");
}

static err parse(str body, struct connector_batch *batch, str *why)
{
    const struct connector_raw raw = {
        .body = body, .origin = S("hook"), .received_ms = TEST_NOW_MS};
    return connector_find(S("whatsapp"))->parse(test_arena(), &raw, batch, why);
}

static void what_is_kept_of_a_faulty_item_is_a_delivery_with_the_same_fault(void **state)
{
    (void)state;
    assert_int_equal(channel_faults_again("whatsapp", "mixed_with_faults.json", "hook"), 12);
}

static void more_events_than_a_delivery_may_hold_are_refused(void **state)
{
    (void)state;
    struct connector_batch batch = {.n = 99};
    str why = {0};
    struct sb b = sb_make(test_arena(), LIMIT_WEBHOOK_BODY_BYTES);
    sb_add(&b, S("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":"
                 "\"messages\",\"value\":{\"statuses\":[0"));
    for (int i = 0; i < LIMIT_HOOK_ITEMS; i++)
        sb_add(&b, S(",{\"id\":\"w\",\"status\":\"sent\"}"));
    str most = str_cat(test_arena(), sb_str(&b), S("]}}]}]}"));
    str more = str_cat(test_arena(), sb_str(&b), S(",{\"id\":\"w\",\"status\":\"sent\"}]}}]}]}"));
    assert_err(parse(more, &batch, &why), E_INVALID);
    assert_int_equal(batch.n, 99);
    assert_true(why.len > 0);
    assert_ok(parse(most, &batch, &why));
    assert_int_equal(batch.n, LIMIT_HOOK_ITEMS);
}

/* ── signature and handshake ── */

static const struct connector_setup setup = {
    .secrets = S_INIT("{\"app_secret\":\"seva-meta-app-secret-0001\"}"),
    .secret = S_INIT("our-verify-token"),
};

static err verify(const struct connector_setup *s, str body, str signature)
{
    const struct http_header header = {S("X-Hub-Signature-256"), signature};
    const struct http_request req = {
        .method = HTTP_POST, .headers = &header, .header_count = 1, .body = body};
    const struct connector_hook hook = {.req = &req, .setup = s, .now_ms = TEST_NOW_MS};
    str why = {0};
    err e = connector_find(S("whatsapp"))->verify(test_arena(), &hook, &why);
    assert_int_equal(e == OK, why.len == 0);
    return e;
}

static void the_networks_own_signatures_are_accepted_and_flipped_ones_refused(void **state)
{
    (void)state;
    static const struct connector_setup other = {.secrets = S_INIT("{\"app_secret\":\"other\"}")};
    static const struct connector_setup none = {.secrets = S_INIT("{}")};
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        if (!str_eq(vector_text(v, "scheme"), S("meta")))
            continue;
        str body = vector_text(v, "body"), value = vector_text(v, "value");
        assert_ok(verify(&setup, body, value));
        assert_err(verify(&setup, str_cat(test_arena(), body, S(" ")), value), E_UNAUTHENTICATED);
        char *flipped = str_z(test_arena(), value);
        flipped[value.len - 1] = flipped[value.len - 1] == '0' ? '1' : '0';
        assert_err(verify(&setup, body, str_from(flipped)), E_UNAUTHENTICATED);
        assert_err(verify(&setup, body, S("")), E_UNAUTHENTICATED);
        assert_err(verify(&other, body, value), E_UNAUTHENTICATED);
        assert_err(verify(&none, body, value), E_UNAUTHENTICATED);
        n++;
    }
    assert_int_equal(n, 3);
}

static err challenge(enum http_method method, const char *mode, const char *token, str *body)
{
    const struct http_pair query[] = {
        {S("hub.mode"),         str_from(mode) },
        {S("hub.verify_token"), str_from(token)},
        {S("hub.challenge"),    S("1158201444")}
    };
    const struct http_request req = {.method = method, .query = query, .query_count = 3};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    struct connector_answer answer = {0};
    str why = {0};
    err e = connector_find(S("whatsapp"))->challenge(test_arena(), &hook, &answer, &why);
    *body = answer.body;
    return e;
}

static void the_handshake_gives_back_the_challenge_for_our_token_only(void **state)
{
    (void)state;
    str body;
    assert_ok(challenge(HTTP_GET, "subscribe", "our-verify-token", &body));
    assert_str(body, "1158201444");
    assert_err(challenge(HTTP_GET, "subscribe", "other", &body), E_UNAUTHENTICATED);
    assert_err(challenge(HTTP_GET, "subscribe", "", &body), E_UNAUTHENTICATED);
    assert_err(challenge(HTTP_GET, "unsubscribe", "our-verify-token", &body), E_UNAUTHENTICATED);
    assert_err(challenge(HTTP_POST, "subscribe", "our-verify-token", &body), E_NOT_FOUND);
}

int main(void)
{
    if (crypto_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_golden_delivery_reads_as_expected),
        TEST(what_is_kept_of_a_faulty_item_is_a_delivery_with_the_same_fault),
        TEST(more_events_than_a_delivery_may_hold_are_refused),
        TEST(the_networks_own_signatures_are_accepted_and_flipped_ones_refused),
        TEST(the_handshake_gives_back_the_challenge_for_our_token_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
