/* OAuth 1.0a: headers against tests/data/signatures.json, and the three steps with a scripted
 * network. */
#include "connector/oauth1.h"

#include "base/crypto.h"
#include "oauth_peer.h"
#include "vectors.h"

static struct oauth1_keys keys_of(const struct json *v)
{
    return (struct oauth1_keys){vector_text(v, "consumer_key"), vector_text(v, "consumer_secret"),
        vector_text(v, "token"), vector_text(v, "token_secret")};
}

static str header_of(const struct json *v, str url)
{
    struct http_pair form[8];
    struct oauth1_keys keys = keys_of(v);
    str header = {0};
    struct oauth1_request r = {.url = url,
        .form = form,
        .nonce = vector_text(v, "nonce"),
        .now_ms = json_int(json_get(v, S("timestamp")), 0) * 1000 + 999};
    assert_true(http_method_parse(vector_text(v, "method"), &r.method));
    const struct json *list = json_get(v, S("form"));
    for (const struct json *f = list ? list->first : NULL; f; f = f->next)
        form[r.form_count++] = (struct http_pair){f->key, f->text};
    assert_ok(oauth1_header(test_arena(), &keys, &r, &header));
    return header;
}

static bool has_signature(str header, str signature)
{
    str encoded = http_percent_encode(test_arena(), signature);
    str part = str_print(test_arena(), "oauth_signature=\"%.*s\"", SARG(encoded));
    return str_find(header, part) >= 0;
}

static void signatures_are_what_the_network_computes(void **state)
{
    (void)state;
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        if (!vector_is(v, "oauth1"))
            continue;
        n++;
        str header = header_of(v, vector_text(v, "url"));
        if (!has_signature(header, vector_text(v, "expected")))
            fail_msg("%.*s: %.*s", SARG(vector_text(v, "id")), SARG(header));
        if (vector_text(v, "authorization").len)
            assert_str(header, str_z(test_arena(), vector_text(v, "authorization")));
    }
    assert_int_equal(n, 3);
}

static const struct json *vector(const char *id)
{
    for (const struct json *v = vectors(); v; v = v->next)
        if (str_eq(vector_text(v, "id"), str_from(id)))
            return v;
    fail_msg("no entry %s", id);
    return NULL;
}

static void spelling_of_the_address_does_not_matter_but_its_query_does(void **state)
{
    (void)state;
    const struct json *v = vector("x_oauth1_get_query");
    static const struct {
        const char *url;
        bool is_same;
    } cases[] = {
        {"HTTPS://API.X.com:443/2/users/1111/mentions?max_results=5&tweet.fields=created_at,author_id",
         true },
        {"https://api.x.com/2/users/1111/mentions?tweet.fields=created_at%2Cauthor_id&&max_results=5#f",
         true },
        {"https://api.x.com:8443/2/users/1111/mentions?max_results=5&tweet.fields=created_at,author_id",
         false},
        {"https://api.x.com/2/users/1111/mentions?max_results=6&tweet.fields=created_at,author_id",
         false},
        {"http://api.x.com/2/users/1111/mentions?max_results=5&tweet.fields=created_at,author_id",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            has_signature(header_of(v, str_from(cases[i].url)), vector_text(v, "expected")),
            cases[i].is_same);
}

static void an_address_that_cannot_be_signed_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "", "api.x.com/2", "ftp://api.x.com/", "https:///p", "https://h/?a=%4", "https://h/?a=%ff"};
    const struct oauth1_keys keys = {S("k"), S("s"), {0}, {0}};
    str header = S("untouched");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct oauth1_request r = {.url = str_from(bad[i])};
        assert_err(oauth1_header(test_arena(), &keys, &r, &header), E_INVALID);
    }
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("https://h/?"));
    for (int i = 0; i < OAUTH1_PARAMS; i++)
        sb_print(&b, "a%d&", i);
    struct oauth1_request r = {.url = sb_str(&b)};
    assert_err(oauth1_header(test_arena(), &keys, &r, &header), E_INVALID);
    assert_str(header, "untouched");
}

static void no_two_requests_have_the_same_nonce(void **state)
{
    (void)state;
    const struct oauth1_keys keys = {S("k"), S("s"), {0}, {0}};
    const struct oauth1_request r = {.url = S("https://h"), .now_ms = TEST_NOW_MS};
    str one = {0}, two = {0};
    assert_ok(oauth1_header(test_arena(), &keys, &r, &one));
    assert_ok(oauth1_header(test_arena(), &keys, &r, &two));
    assert_false(str_eq(one, two));
    assert_true(str_find(one, S("oauth_token")) < 0); /* none in the first step */
}

static void three_steps_lead_to_a_persons_token(void **state)
{
    (void)state;
    struct oauth_peer s = oauth_peer_open();
    peer_answers(
        s.peer, 200, "", "oauth_token=tmp&oauth_token_secret=tmps&oauth_callback_confirmed=true");
    peer_answers(
        s.peer, 200, "", "oauth_token=11-t&oauth_token_secret=ts&user_id=11&screen_name=seva");
    struct oauth1_keys keys = {S("ck"), S("cs"), {0}, {0}};
    struct oauth1_token token = {0};
    struct oauth_end end = {0};
    assert_ok(oauth1_request_token(s.client, test_arena(), s.base, &keys,
        S("https://care.example/back"), TEST_NOW_MS, &token, &end));
    assert_int_equal(end.outcome, OAUTH_OK);
    assert_heard(&s, 0, "POST /oauth/request_token HTTP/1.1\r\n");
    assert_heard(&s, 0, "oauth_callback=\"https%3A%2F%2Fcare.example%2Fback\"");
    assert_str(oauth1_authorize_url(test_arena(), S("https://api.x.com/"), S("t/1")),
        "https://api.x.com/oauth/authorize?oauth_token=t%2F1");
    keys.token = token.token;
    keys.token_secret = token.secret;
    assert_ok(oauth1_access_token(
        s.client, test_arena(), s.base, &keys, S("v1"), TEST_NOW_MS, &token, &end));
    assert_int_equal(end.outcome, OAUTH_OK);
    assert_heard(&s, 1, "oauth_token=\"tmp\"");
    assert_heard(&s, 1, "oauth_verifier=\"v1\"");
    assert_str(token.token, "11-t");
    assert_str(token.secret, "ts");
    assert_str(token.user_id, "11");
    assert_str(token.screen_name, "seva");
    oauth_peer_close(&s);
}

static void an_answer_without_a_token_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum oauth_outcome outcome;
    } cases[] = {
        {401, "{\"errors\":[{\"code\":32,\"message\":\"no auth\"}]}", OAUTH_SETUP  },
        {401, "{\"errors\":[{\"code\":89,\"message\":\"vvvv\"}]}",    OAUTH_REFUSED},
        {503, "oauth_token=a&oauth_token_secret=b",                   OAUTH_LATER  },
        {200, "oauth_token=a&oauth_token_secret=b",                   OAUTH_SETUP  },
        {200, "oauth_token=a",                                        OAUTH_LATER  },
        {200, "%",                                                    OAUTH_LATER  },
        {404, "<html>",                                               OAUTH_SETUP  },
    };
    enum { N = sizeof cases / sizeof *cases };
    struct oauth_peer s = oauth_peer_open();
    for (int i = 0; i < N; i++)
        peer_answers(s.peer, cases[i].status, "", cases[i].body);
    const struct oauth1_keys keys = {S("ck"), S("vvvv"), {0}, {0}};
    struct oauth1_token token = {.user_id = S("untouched")};
    for (int i = 0; i < N; i++) {
        struct oauth_end end = {0};
        assert_ok(oauth1_request_token(
            s.client, test_arena(), s.base, &keys, S("oob"), TEST_NOW_MS, &token, &end));
        if (end.outcome != cases[i].outcome)
            fail_msg("%d %s: %.*s", cases[i].status, cases[i].body, SARG(end.why));
        assert_true(end.why.len > 0 && str_find(end.why, S("vvvv")) < 0);
    }
    assert_str(token.user_id, "untouched");
    oauth_peer_close(&s);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(signatures_are_what_the_network_computes),
        TEST(spelling_of_the_address_does_not_matter_but_its_query_does),
        TEST(an_address_that_cannot_be_signed_is_refused),
        TEST(no_two_requests_have_the_same_nonce),
        TEST(three_steps_lead_to_a_persons_token),
        TEST(an_answer_without_a_token_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
