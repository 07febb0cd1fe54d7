/* The connector of Google reviews: what reviews say, Google's token on a push, what is polled and
 * found missing, replies and their errors. */
#include "channel.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/crypto.h"

#define LOCATION "accounts/1/locations/2"
#define REVIEW   LOCATION "/reviews/AbF"
#define EMAIL    "push@seva.iam.gserviceaccount.com"

static const char secrets[] =
    "{\"access_token\":\"ya29.x\",\"refresh_token\":\"1//r\",\"client_secret\":\"cs\"}";
static const char settings[] = "{\"client_id\":\"cid\",\"push_email\":\"" EMAIL "\"}";

static struct channel open_it(void)
{
    return channel_open("google_reviews", LOCATION, settings, secrets);
}

static void what_a_review_says_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"review", "review_and_reply", "rating_only", "no_rating",
        "anonymous", "translated_first", "translated_last", "edited", "edited_after_reply",
        "reply_changed", "reply_gone", "reply_rejected", "hostile"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        golden_check("google_reviews", names[i], "review");
    golden_check("google_reviews", "gone", "gone");
    golden_check("google_reviews", "push", "hook");
    golden_check("google_reviews", "push_odd", "hook");
}

static void a_push_makes_us_ask(void **state)
{
    (void)state;
    struct connector_batch batch = channel_parse(
        connector_find(S("google_reviews")), "hook", golden_read("google_reviews", "push.json"));
    assert_true(batch.wants_poll);
    assert_str(batch.delivery_id, "1");
}

/* ── push ── */

/* Made once: a key takes its time. */
static char pem_bytes[4096], n_bytes[512];
static str pem, modulus;

static bool keys_make(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *out = BIO_new(BIO_s_mem());
    BIGNUM *n = NULL;
    bool is_made = key && out &&
                   PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                   EVP_PKEY_get_bn_param(key, "n", &n) == 1;
    if (is_made) {
        pem = str_of(pem_bytes, BIO_read(out, pem_bytes, (int)sizeof pem_bytes));
        modulus = str_of(n_bytes, BN_bn2bin(n, (unsigned char *)n_bytes));
    }
    BN_free(n);
    BIO_free(out);
    EVP_PKEY_free(key);
    return is_made;
}

static str key_set(const char *kid)
{
    return str_print(test_arena(),
        "{\"keys\":[{\"kid\":\"%s\",\"kty\":\"RSA\",\"alg\":\"RS256\",\"e\":\"AQAB\",\"n\":\"%.*s"
        "\"}]}",
        kid, SARG(crypto_base64url(test_arena(), modulus)));
}

static str token_for(const char *audience, const char *email)
{
    str header = crypto_base64url(test_arena(), S("{\"alg\":\"RS256\",\"kid\":\"k1\"}"));
    str claims = str_print(test_arena(),
        "{\"iss\":\"https://accounts.google.com\",\"aud\":\"%s\",\"sub\":\"1\",\"email\":\"%s\","
        "\"email_verified\":true,\"iat\":1767225600,\"exp\":1767229200}",
        audience, email);
    claims = crypto_base64url(test_arena(), claims);
    str text = str_print(test_arena(), "%.*s.%.*s", SARG(header), SARG(claims)), signature = {0};
    assert_ok(crypto_rs256_sign(test_arena(), pem, text, &signature));
    return str_print(test_arena(), "Bearer %.*s.%.*s", SARG(text),
        SARG(crypto_base64url(test_arena(), signature)));
}

static str secrets_with(str keys)
{
    struct json_out j = json_out_make(test_arena(), 1 << 16);
    json_obj(&j);
    json_kv_str(&j, S("push_keys"), keys);
    json_obj_end(&j);
    return json_str(&j);
}

static void only_googles_token_for_our_address_and_account_is_taken(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("google_reviews"));
    static const char address[] = "https://care.example.com/hooks/google_reviews/k1";
    struct connector_setup setup = {.settings = str_from(settings),
        .secrets = secrets_with(key_set("k1")),
        .hook_url = str_from(address)};
    struct channel_hook h;
    str why = {0}, good = token_for(address, EMAIL), body = S("{}");
    assert_ok(c->verify(test_arena(), channel_hook(&h, &setup, "Authorization", good, body), &why));
    const str bad[] = {token_for("https://other.example", EMAIL),
        token_for(address, "else@seva.iam.gserviceaccount.com"),
        str_cat(test_arena(), good, S("A")), str_skip(good, 7), S("Bearer "), S("")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why = (str){0};
        assert_err(
            c->verify(test_arena(), channel_hook(&h, &setup, "Authorization", bad[i], body), &why),
            E_UNAUTHENTICATED);
        assert_true(why.len > 0);
    }
    (void)channel_hook(&h, &setup, "Authorization", good, body);
    h.hook.now_ms = TEST_NOW_MS + INT64_C(2) * 3600 * 1000;
    assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
    (void)channel_hook(&h, &setup, "Authorization", good, body);
    setup.secrets = secrets_with(key_set("k2"));
    why = (str){0};
    assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
    assert_true(why.len > 0);
    setup.secrets = S("{}");
    assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
    setup.secrets = secrets_with(key_set("k1"));
    setup.settings = S("{}"); /* no service account is named */
    assert_err(c->verify(test_arena(), &h.hook, &why), E_UNAUTHENTICATED);
    setup.settings = S("{\"push_email\":\"" EMAIL "\",\"push_audience\":\"care\"}");
    (void)channel_hook(&h, &setup, "Authorization", token_for("care", EMAIL), body);
    assert_ok(c->verify(test_arena(), &h.hook, &why));
}

/* ── replies ── */

static struct connector_sent reply(struct channel *ch, const char *to, const char *text)
{
    const struct connector_outgoing out = {
        .setup = &ch->setup,
        .delivery_id = S("d1"),
        .to = S(REVIEW),
        .thread_key = S("post:" REVIEW),
        .reply_to = str_from(to),
        .post = S(REVIEW),
        .is_public = true,
        .text = str_from(text),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS,
    };
    struct connector_sent sent = {0};
    assert_ok(ch->c->send(ch->client, test_arena(), &out, &sent));
    return sent;
}

static void a_reply_is_put_below_the_review_and_may_be_repeated(void **state)
{
    (void)state;
    struct channel ch = open_it();
    for (int i = 0; i < 2; i++)
        peer_answers(
            ch.peer, 200, "", "{\"comment\":\"Sorry\",\"updateTime\":\"2026-01-01T00:00:01Z\"}");
    struct connector_sent sent = reply(&ch, REVIEW, "Sorry");
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, REVIEW "/reply@e0025fd3a87fc910");
    struct peer_heard h = channel_heard(&ch, 0, "PUT", "/google_reviews/api/" REVIEW "/reply");
    assert_str(h.body, "{\"comment\":\"Sorry\"}");
    assert_true(ch.c->repeats_safely);
    sent = reply(&ch, REVIEW "@1767312000000", "Sorry"); /* to its newest version */
    (void)channel_heard(&ch, 1, "PUT", "/google_reviews/api/" REVIEW "/reply");
    peer_hangs_up(ch.peer);
    assert_int_equal(reply(&ch, REVIEW, "Sorry").outcome, CONNECTOR_UNKNOWN);
    assert_int_equal(reply(&ch, "accounts/1/../x", "Sorry").outcome, CONNECTOR_FINAL);
    assert_int_equal(reply(&ch, REVIEW, " ").outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 3);
    channel_close(&ch);
}

static void each_error_has_its_outcome(void **state)
{
    (void)state;
    const struct channel_error rows[] = {
        {403, "",
         "{\"error\":{\"code\":403,\"message\":\"No\",\"status\":\"PERMISSION_DENIED\","
            "\"details\":[]}}",                                                           CONNECTOR_FINAL, false, 0,     "No"      },
        {400, "", "{\"error\":{\"message\":\"Bad\",\"status\":\"INVALID_ARGUMENT\"}}",
         CONNECTOR_FINAL,                                                                                  false, 0,     "Bad"     },
        {404, "", "{\"error\":{\"message\":\"None\",\"status\":\"NOT_FOUND\"}}",          CONNECTOR_FINAL,
         false,                                                                                                   0,     "None"    },
        {401, "", "{\"error\":{\"message\":\"Who\",\"status\":\"UNAUTHENTICATED\"}}",
         CONNECTOR_REAUTH,                                                                                 true,  0,     "Who"     },
        {429, "", "{\"error\":{\"message\":\"Many\",\"status\":\"RESOURCE_EXHAUSTED\"}}",
         CONNECTOR_WAIT,                                                                                   true,  60000, "Many"    },
        {503, "", "{\"error\":{\"message\":\"Down\",\"status\":\"UNAVAILABLE\"}}",        CONNECTOR_RETRY,
         false,                                                                                                   0,     "Down"    },
        {200, "", "<html>",                                                               CONNECTOR_RETRY, false, 0,     "not JSON"}, /* a PUT may be repeated */
    };
    struct channel ch = open_it();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_answers(ch.peer, rows[i].status, rows[i].headers, rows[i].body);
        struct connector_sent sent = reply(&ch, REVIEW, "Sorry");
        channel_check_error(&rows[i], &sent);
    }
    channel_close(&ch);
}

static void a_reply_of_ours_is_changed_and_taken_back(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_act act = {.setup = &ch.setup,
        .kind = ACT_EDIT,
        .external_id = S(REVIEW "/reply@e0025fd3a87fc910"),
        .text = S("Very sorry"),
        .is_public = true,
        .is_ours = true,
        .now_ms = TEST_NOW_MS};
    struct connector_sent sent = {0};
    peer_answers(ch.peer, 200, "", "{\"updateTime\":\"2026-01-01T00:00:02Z\"}");
    peer_answers(ch.peer, 200, "", "{}");
    assert_ok(ch.c->act(ch.client, test_arena(), &act, &sent));
    assert_str(sent.external_id, REVIEW "/reply@0e74b9fb763e0c47");
    act.kind = ACT_DELETE;
    assert_ok(ch.c->act(ch.client, test_arena(), &act, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    (void)channel_heard(&ch, 1, "DELETE", "/google_reviews/api/" REVIEW "/reply");
    act.is_ours = false; /* nobody but its author removes a review */
    assert_ok(ch.c->act(ch.client, test_arena(), &act, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 2);
    channel_close(&ch);
}

/* ── poll ── */

#define ONE(id, at, more)                                                                          \
    "{\"name\":\"" LOCATION "/reviews/" id "\",\"reviewId\":\"" id                                 \
    "\",\"reviewer\":{\"displayName\":\"R\"},\"starRating\":\"TWO\",\"comment\":\"T " id           \
    "\",\"createTime\":\"2025-12-31T00:00:00Z\",\"updateTime\":\"" at "\"" more "}"
#define REPLY(words, at) ",\"reviewReply\":{\"comment\":\"" words "\",\"updateTime\":\"" at "\"}"
#define LIST             "/google_reviews/api/" LOCATION "/reviews?pageSize=50&orderBy=updateTime%20desc"

static struct connector_polled poll(struct channel *ch, str cursors, int64_t now_ms)
{
    const struct connector_poll in = {.setup = &ch->setup, .cursors = cursors, .now_ms = now_ms};
    struct connector_polled got = {0};
    assert_ok(ch->c->poll(ch->client, test_arena(), &in, &got));
    return got;
}

static void reviews_are_read_once_and_again_when_they_change(void **state)
{
    (void)state;
    struct channel ch = open_it();
    const int64_t later = TEST_NOW_MS + 300000;
    peer_answers(ch.peer, 200, "",
        "{\"reviews\":[" ONE("B", "2025-12-31T02:00:00Z", "") "," ONE("A", "2025-12-31T01:00:00Z",
            REPLY("Sorry", "2025-12-31T03:00:00Z")) "," ONE("O", "2020-01-01T00:00:00Z", "") "]}");
    struct connector_polled got = poll(&ch, S("{}"), TEST_NOW_MS);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    (void)channel_heard(&ch, 0, "GET", LIST);
    assert_int_equal(got.n, 2); /* the old one is only remembered */
    peer_answers(ch.peer, 200, "",
        "{\"reviews\":[" ONE(
            "A", "2026-01-01T00:02:00Z", REPLY("Very sorry", "2026-01-01T00:03:00Z")) "," ONE("B",
            "2025-12-31T02:00:00Z", "") "," ONE("O", "2020-01-01T00:00:00Z", "") "]}");
    got = poll(&ch, got.cursors, later);
    assert_int_equal(got.n, 1);
    str shown = channel_show(ch.c, &got);
    assert_has(shown, "delete\n");
    assert_has(shown, "id: " LOCATION "/reviews/A/reply@e0025fd3a87fc910"); /* replaced */
    assert_has(shown, "id: " LOCATION "/reviews/A/reply@0e74b9fb763e0c47");
    channel_close(&ch);
}

static void a_review_that_is_missing_is_asked_for_before_it_counts_as_deleted(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "",
        "{\"reviews\":[" ONE("B", "2025-12-31T02:00:00Z", "") "," ONE(
            "A", "2025-12-31T01:00:00Z", "") "]}");
    struct connector_polled got = poll(&ch, S("{}"), TEST_NOW_MS);
    peer_answers(ch.peer, 200, "", "{\"reviews\":[]}");
    peer_answers(ch.peer, 404, "", "{}");
    peer_answers(ch.peer, 500, "", "{}");
    got = poll(&ch, got.cursors, TEST_NOW_MS + 300000);
    assert_int_equal(got.n, 1);
    assert_str(got.deliveries[0].origin, "gone");
    assert_has(channel_show(ch.c, &got), "id: " LOCATION "/reviews/B\n");
    (void)channel_heard(&ch, 2, "GET", "/google_reviews/api/" LOCATION "/reviews/B");
    peer_answers(ch.peer, 200, "", "{\"reviews\":[]}");
    peer_answers(ch.peer, 404, "", "{}");
    got = poll(&ch, got.cursors, TEST_NOW_MS + 600000); /* A again, B no more */
    assert_int_equal(got.n, 1);
    assert_int_equal(peer_count(ch.peer), 6);
    channel_close(&ch);
}

static void pages_are_read_until_they_are_older_than_the_last_time(void **state)
{
    (void)state;
    struct channel ch = open_it();
    str cursors = S("{\"mark_ms\":1767225300000,\"deep_ms\":1767225300000,\"seen\":{}}");
    peer_answers(ch.peer, 200, "",
        "{\"reviews\":[" ONE("B", "2026-01-01T00:00:00Z", "") "],\"nextPageToken\":\"P/2\"}");
    peer_answers(ch.peer, 200, "",
        "{\"reviews\":[" ONE("A", "2025-12-01T00:00:00Z", "") "],\"nextPageToken\":\"P3\"}");
    struct connector_polled got = poll(&ch, cursors, TEST_NOW_MS);
    assert_int_equal(got.n, 1);
    assert_int_equal(peer_count(ch.peer), 2);
    (void)channel_heard(&ch, 1, "GET", LIST "&pageToken=P%2F2");
    peer_answers(ch.peer, 429, "Retry-After: 30\r\n", "{}");
    got = poll(&ch, got.cursors, TEST_NOW_MS + 300000);
    assert_int_equal(got.end.outcome, CONNECTOR_WAIT);
    assert_int_equal(got.next_ms, TEST_NOW_MS + 330000);
    assert_int_equal(got.cursors.len, 0); /* unchanged */
    channel_close(&ch);
}

static void pulled_notices_are_acknowledged_after_the_reviews_were_read(void **state)
{
    (void)state;
    struct channel ch = open_it();
    ch.setup.settings = S("{\"subscription\":\"projects/p/subscriptions/s\"}");
    peer_answers(ch.peer, 200, "",
        "{\"receivedMessages\":[{\"ackId\":\"a1\",\"message\":{\"data\":\"e30=\"}},{\"ackId\":"
        "\"a2\"}]}");
    peer_answers(ch.peer, 200, "", "{\"reviews\":[]}");
    peer_answers(ch.peer, 200, "", "{}");
    struct connector_polled got = poll(&ch, S("{}"), TEST_NOW_MS);
    assert_int_equal(got.next_ms, TEST_NOW_MS + 60000);
    struct peer_heard h =
        channel_heard(&ch, 0, "POST", "/google_reviews/pubsub/projects/p/subscriptions/s:pull");
    assert_str(h.body, "{\"maxMessages\":50}");
    (void)channel_heard(&ch, 1, "GET", LIST);
    h = channel_heard(
        &ch, 2, "POST", "/google_reviews/pubsub/projects/p/subscriptions/s:acknowledge");
    assert_str(h.body, "{\"ackIds\":[\"a1\",\"a2\"]}");
    peer_answers(ch.peer, 200, "", "{}");
    got = poll(&ch, got.cursors, TEST_NOW_MS + 60000);
    assert_int_equal(peer_count(ch.peer), 4); /* nothing new: reviews are not read */
    assert_int_equal(got.cursors.len, 0);
    peer_answers(ch.peer, 403, "", "{}"); /* the pull fails */
    peer_answers(ch.peer, 200, "", "{\"reviews\":[]}");
    got = poll(&ch, S("{}"), TEST_NOW_MS + 120000);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    channel_close(&ch);
}

/* ── account ── */

static void the_check_lists_locations_and_fetches_googles_keys(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_checked got = {0};
    peer_answers(ch.peer, 200, "", "{\"keys\":[{\"kid\":\"k1\"}]}");
    peer_answers(ch.peer, 200, "", "{\"accounts\":[{\"name\":\"accounts/1\"}]}");
    peer_answers(ch.peer, 200, "",
        "{\"locations\":[{\"name\":\"locations/2\",\"title\":\"Seva Pune\",\"storeCode\":\"P1\"},"
        "{\"name\":\"locations/3\",\"title\":\"Seva Goa\"}]}");
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.n, 2);
    assert_str(got.accounts[0].external_id, LOCATION);
    assert_str(got.accounts[0].name, "Seva Pune");
    assert_str(
        got.accounts[0].secrets, "{\"push_keys\":\"{\\\"keys\\\":[{\\\"kid\\\":\\\"k1\\\"}]}\"}");
    struct peer_heard h = channel_heard(&ch, 0, "GET", "/google_reviews/keys/certs");
    assert_str(peer_header(&h, "Authorization"), "");
    (void)channel_heard(&ch, 1, "GET", "/google_reviews/accounts/accounts?pageSize=20");
    (void)channel_heard(&ch, 2, "GET",
        "/google_reviews/info/accounts/1/locations?readMask=name,title,storeCode,metadata&"
        "pageSize=100");
    peer_answers(ch.peer, 500, "", "");
    peer_answers(ch.peer, 200, "", "{}");
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_FINAL); /* no location */
    assert_true(got.note.len > 0);                      /* no keys */
    channel_close(&ch);
}

static void renewing_tokens_renews_the_keys_and_keeps_old_ones_otherwise(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_refreshed got = {0};
    ch.setup.secrets = S("{\"refresh_token\":\"1//r\",\"client_secret\":\"cs\",\"access_token\":"
                         "\"ya29.x\",\"push_keys\":\"old\"}");
    for (int i = 0; i < 2; i++) {
        peer_answers(ch.peer, 200, "", "{\"access_token\":\"ya29.y\",\"expires_in\":3600}");
        peer_answers(ch.peer, i ? 500 : 200, "", "{\"keys\":[]}");
    }
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_has(got.secrets, "\"access_token\":\"ya29.y\"");
    assert_has(got.secrets, "\"push_keys\":\"{\\\"keys\\\":[]}\"");
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_has(got.secrets, "\"push_keys\":\"old\"");
    channel_close(&ch);
}

static void the_topic_is_named_and_taken_back(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_sent sent = {0};
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT); /* no topic: it is polled */
    assert_int_equal(peer_count(ch.peer), 0);
    ch.setup.settings = S("{\"topic\":\"projects/p/topics/t\"}");
    peer_answers(ch.peer, 200, "", "{}");
    peer_answers(ch.peer, 200, "", "{}");
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, false, &sent));
    struct peer_heard h = channel_heard(&ch, 0, "PATCH",
        "/google_reviews/notify/accounts/1/notificationSetting?updateMask=pubsubTopic,"
        "notificationTypes");
    assert_str(h.body,
        "{\"name\":\"accounts/1/notificationSetting\",\"pubsubTopic\":\"projects/p/topics/t\","
        "\"notificationTypes\":[\"NEW_REVIEW\",\"UPDATED_REVIEW\"]}");
    assert_has(peer_heard(ch.peer, 1).body, "\"pubsubTopic\":\"\",\"notificationTypes\":[]");
    channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_review_says_is_read),
        TEST(a_push_makes_us_ask),
        TEST(only_googles_token_for_our_address_and_account_is_taken),
        TEST(a_reply_is_put_below_the_review_and_may_be_repeated),
        TEST(each_error_has_its_outcome),
        TEST(a_reply_of_ours_is_changed_and_taken_back),
        TEST(reviews_are_read_once_and_again_when_they_change),
        TEST(a_review_that_is_missing_is_asked_for_before_it_counts_as_deleted),
        TEST(pages_are_read_until_they_are_older_than_the_last_time),
        TEST(pulled_notices_are_acknowledged_after_the_reviews_were_read),
        TEST(the_check_lists_locations_and_fetches_googles_keys),
        TEST(renewing_tokens_renews_the_keys_and_keeps_old_ones_otherwise),
        TEST(the_topic_is_named_and_taken_back),
    };
    if (!keys_make())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
