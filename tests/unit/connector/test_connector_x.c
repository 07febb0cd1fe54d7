/* X's connector, what comes in: golden deliveries, the handshake, signatures. */
#include "channel.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "connector/x.h"
#include "vectors.h"

#include <dirent.h>
#include <string.h>

static const struct {
    const char *name, *origin;
} others[] = {
    {"page_mentions",   "posts 1111"   },
    {"page_gone",       "posts 1111"   },
    {"line_stream",     "posts 1111"   },
    {"line_not_called", "posts 1111"   },
    {"page_messages",   "messages 1111"},
};

static const char *origin_of(str name)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (str_eq(name, str_from(others[i].name)))
            return others[i].origin;
    return "hook";
}

static void every_delivery_says_what_its_golden_file_has(void **state)
{
    (void)state;
    char *folder = str_z(test_arena(), str_print(test_arena(), "%s/x", getenv("SEVA_GOLDEN")));
    DIR *dir = opendir(folder);
    int n = 0;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)); n++) {
        str file = str_copy(test_arena(), str_from(e->d_name));
        str name = str_sub(file, 0, file.len - 5);
        if (str_ends(file, S(".json")))
            golden_check("x", str_z(test_arena(), name), origin_of(name));
    }
    closedir(dir);
    assert_true(n > 2 * 40);
}

static struct connector_batch parse(str body, const char *origin)
{
    struct connector_batch batch = {0};
    str why = {0};
    const struct connector_raw raw = {
        .body = body, .origin = str_from(origin), .received_ms = TEST_NOW_MS};
    assert_ok(x_parse(test_arena(), &raw, &batch, &why));
    return batch;
}

static void an_activity_stream_says_what_the_webhook_says(void **state)
{
    (void)state;
    str body = golden_read("x", "dm.json");
    assert_str(golden_show(&(struct connector_batch[]){parse(body, "activity 1111")}[0]),
        str_z(test_arena(), golden_read("x", "dm.expected")));
}

static void what_an_event_leaves_out_is_to_be_looked_up(void **state)
{
    (void)state;
    static const struct {
        const char *file, *origin;
        bool wants;
    } cases[] = {
        {"mention_thin.json",  "hook",          true }, /* no name */
        {"reply.json",         "activity 1111", true }, /* no post above */
        {"mention_whole.json", "hook",          false},
        {"quote.json",         "hook",          false},
        {"own_reply.json",     "hook",          false},
        {"dm.json",            "hook",          false},
        {"mention_thin.json",  "posts 1111",    false}, /* X was asked for all of it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str body = golden_read("x", cases[i].file);
        if (str_starts(str_from(cases[i].origin), S("posts")))
            body = S("{\"data\":{\"id\":\"1\",\"author_id\":\"2\",\"text\":\"x\"}}");
        assert_int_equal(parse(body, cases[i].origin).items[0].wants_lookup, cases[i].wants);
    }
}

static void the_raw_text_of_a_fault_is_a_delivery_again(void **state)
{
    (void)state;
    static const char *const bodies[][2] = {
        {"dm_one_bad.json",    "hook"         },
        {"mention_bad.json",   "hook"         },
        {"page_mentions.json", "posts 1111"   },
        {"page_messages.json", "messages 1111"}
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_true(channel_faults_again("x", bodies[i][0], bodies[i][1]) > 0);
}

static void a_page_of_too_many_posts_is_cut_and_files_become_links(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 1 << 20);
    sb_add(&b, S("{\"data\":["));
    for (int i = 0; i < LIMIT_HOOK_ITEMS + 50; i++)
        sb_print(&b, "%s{\"id\":\"%d\",\"author_id\":\"2\",\"text\":\"x\"}", i ? "," : "", i + 1);
    sb_add(&b, S("]}"));
    assert_int_equal(parse(sb_str(&b), "posts 1").n, LIMIT_HOOK_ITEMS);
    struct sb keys = sb_make(test_arena(), 1 << 16), media = sb_make(test_arena(), 1 << 16);
    for (int i = 0; i < LIMIT_ATTACHMENTS + 2; i++) {
        sb_print(&keys, "%s\"3_%d\"", i ? "," : "", i);
        sb_print(&media, "%s{\"media_key\":\"3_%d\",\"url\":\"https://pbs.example/%d.jpg\"}",
            i ? "," : "", i, i);
    }
    struct connector_batch batch = parse(str_print(test_arena(),
                                             "{\"data\":{\"id\":\"1\",\"author_id\":\"2\",\"text\":"
                                             "\"x\",\"attachments\":{\"media_keys\":[%.*s]}},"
                                             "\"includes\":{\"media\":[%.*s]}}",
                                             SARG(sb_str(&keys)), SARG(sb_str(&media))),
        "posts 1");
    assert_int_equal(batch.items[0].n_attachments, LIMIT_ATTACHMENTS);
    assert_true(str_find(batch.items[0].parts, S("https://pbs.example/11.jpg")) > 0);
}

static void what_stands_between_addresses_and_entities_is_kept(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    const struct json *urls;
    str why;
    assert_ok(json_parse(a,
        S("{\"urls\":[{\"url\":\"https://t.co/a\",\"expanded_url\":\"https://example.com/1\"}]}"),
        &urls, &why));
    const struct {
        const char *text, *plain;
    } rows[] = {
        {"",                                         ""                                           },
        {"h",                                        "h"                                          },
        {"https://t.co/a",                           "https://example.com/1"                      },
        {"the https://t.co/ab, https://t.co/a. hah",
         "the https://t.co/ab, https://example.com/1. hah"                                        },
        {"https://t.co/ahttps://t.co/a",             "https://t.co/ahttps://example.com/1"        },
        {"https://t.co/a https://t.co/a",            "https://example.com/1 https://example.com/1"},
        {"&amp;&lt;b&gt;& &amp",                     "&<b>& &amp"                                 },
        {"é&amp;é",                                "é&é"                                      },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_str(x_plain(a, str_from(rows[i].text), urls, NULL, (str){0}), rows[i].plain);
}

static void a_text_that_grows_too_long_is_cut(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    char *text = NEW(a, char, LIMIT_TEXT_BYTES + 1);
    const struct json *urls;
    str why;
    assert_ok(json_parse(a,
        S("{\"urls\":[{\"url\":\"https://t.co/a\",\"expanded_url\":\"https://example.com/longer\"}]}"),
        &urls, &why));
    memset(text, 'w', LIMIT_TEXT_BYTES);
    memcpy(text, "https://t.co/a ", 15);
    str cut = x_plain(a, str_of(text, LIMIT_TEXT_BYTES), urls, NULL, (str){0});
    assert_int_equal(cut.len, LIMIT_TEXT_BYTES);
    assert_true(str_starts(cut, S("https://example.com/longer www")));
    memcpy(text + LIMIT_TEXT_BYTES - 20, " https://t.co/a yyyy", 20); /* no room for this one */
    cut = x_plain(a, str_of(text, LIMIT_TEXT_BYTES), urls, NULL, (str){0});
    assert_true(cut.len <= LIMIT_TEXT_BYTES && str_ends(cut, S("www")));
}

static void parse_n(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct arena a = arena_make(0);
    struct sb b = sb_make(&a, 0);
    struct connector_batch batch;
    str why;
    sb_add(&b, S("{\"data\":{\"id\":\"1\",\"author_id\":\"2\",\"text\":\""));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_add(&b, S("https://t.co/a &amp; "));
    sb_add(&b, S("\",\"entities\":{\"urls\":[{\"url\":\"https://t.co/a\",\"expanded_url\":"
                 "\"https://example.com/\"}]}}}"));
    const struct connector_raw raw = {.body = sb_str(&b), .origin = S("posts 1")};
    assert_ok(x_parse(&a, &raw, &batch, &why));
    arena_free(&a);
}

static void a_text_takes_time_in_proportion_to_its_length(void **state)
{
    (void)state;
    test_slope(parse_n, NULL, 40);
}

static err parse_all(struct arena *a, void *arg)
{
    static const char *const origins[] = {"hook", "hook", "posts 1111", "messages 1111"};
    const str *bodies = arg;
    struct connector_batch batch;
    str why;
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        const struct connector_raw raw = {
            .body = bodies[i], .origin = str_from(origins[i]), .received_ms = TEST_NOW_MS};
        TRY(x_parse(a, &raw, &batch, &why));
    }
    return OK;
}

static void the_end_of_memory_is_told(void **state)
{
    (void)state;
    str bodies[] = {golden_read("x", "mention_whole.json"), golden_read("x", "dm_video.json"),
        golden_read("x", "page_mentions.json"), golden_read("x", "page_messages.json")};
    for_each_allocation_failure(parse_all, bodies);
}

static void ids_are_compared_as_numbers_and_tell_their_time(void **state)
{
    (void)state;
    assert_true(x_id_cmp(S("9"), S("10")) < 0);
    assert_true(x_id_cmp(S("18446744073709551615"), S("9223372036854775807")) > 0);
    assert_int_equal(x_id_cmp(S("0010"), S("10")), 0);
    assert_true(x_id_cmp(S(""), S("1")) < 0);
    assert_int_equal(x_id_ms(S("2080765813578191303")),
        (INT64_C(2080765813578191303) >> 22) + INT64_C(1288834974657));
    assert_int_equal(x_id_ms(S("1")), 0);
    assert_false(x_is_id(S("-6850472171600526495")));
    assert_false(x_is_id(S("123456789012345678901")));
}

/* ── the webhook's address ── */

#define KEY "seva-x-consumer-secret"

static const struct connector_setup setup = {
    .settings = S_INIT("{}"), .secrets = S_INIT("{\"consumer_secret\":\"" KEY "\"}")};

static void the_handshake_is_answered_as_x_computes_it(void **state)
{
    (void)state;
    const struct http_pair query = {S("crc_token"), S("9b4507b3-9040-4669-9ca3-6b94edb50553")};
    struct http_request req = {.method = HTTP_GET, .query = &query, .query_count = 1};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    struct connector_answer answer = {0};
    str why = {0};
    assert_ok(connector_x.challenge(test_arena(), &hook, &answer, &why));
    assert_int_equal(answer.status, 200);
    assert_str(str_from(answer.content_type), "application/json");
    assert_str(answer.body,
        "{\"response_token\":\"sha256=Uk+u7gvFvdktoz+BD1/I1wnxmYGzsxqisPSgQ5CGhqM=\"}");
    req.query_count = 0;
    assert_err(connector_x.challenge(test_arena(), &hook, &answer, &why), E_NOT_FOUND);
    req.query_count = 1;
    req.method = HTTP_POST;
    assert_err(connector_x.challenge(test_arena(), &hook, &answer, &why), E_NOT_FOUND);
}

static void without_a_consumer_secret_there_is_no_handshake_and_no_delivery(void **state)
{
    (void)state;
    const struct connector_setup empty = {.settings = S("{}"), .secrets = S("{}")};
    const struct http_pair query = {S("crc_token"), S("t")};
    const struct http_request req = {
        .method = HTTP_GET, .query = &query, .query_count = 1, .body = S("{}")};
    const struct connector_hook hook = {.req = &req, .setup = &empty};
    struct connector_answer answer = {0};
    str why = {0};
    assert_err(connector_x.challenge(test_arena(), &hook, &answer, &why), E_UNAUTHENTICATED);
    assert_true(why.len > 0);
    why = (str){0};
    assert_err(connector_x.verify(test_arena(), &hook, &why), E_UNAUTHENTICATED);
    assert_true(why.len > 0);
}

static err verify(str secret, str header, str body)
{
    const struct http_header h = {S("X-Twitter-Webhooks-Signature"), header};
    const struct http_request req = {
        .method = HTTP_POST, .headers = &h, .header_count = 1, .body = body};
    const struct connector_setup s = {.settings = S("{}"),
        .secrets = str_print(test_arena(), "{\"consumer_secret\":\"%.*s\"}", SARG(secret))};
    const struct connector_hook hook = {.req = &req, .setup = &s, .now_ms = TEST_NOW_MS};
    str why = {0};
    return connector_x.verify(test_arena(), &hook, &why);
}

static void x_s_own_signature_is_taken_and_a_flipped_one_is_not(void **state)
{
    (void)state;
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        if (!vector_is(v, "request") || !str_eq(vector_text(v, "scheme"), S("x")))
            continue;
        str secret = vector_text(v, "secret"), value = vector_text(v, "value");
        str body = vector_text(v, "body");
        assert_ok(verify(secret, value, body));
        char *flipped = str_z(test_arena(), value);
        flipped[value.len - 3] ^= 1;
        assert_err(verify(secret, str_from(flipped), body), E_UNAUTHENTICATED);
        assert_err(verify(secret, value, str_cat(test_arena(), body, S(" "))), E_UNAUTHENTICATED);
        assert_err(verify(S("other"), value, body), E_UNAUTHENTICATED);
        assert_err(verify(secret, (str){0}, body), E_UNAUTHENTICATED);
        n++;
    }
    assert_true(n > 0);
}

int main(void)
{
    if (crypto_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_delivery_says_what_its_golden_file_has),
        TEST(an_activity_stream_says_what_the_webhook_says),
        TEST(what_an_event_leaves_out_is_to_be_looked_up),
        TEST(the_raw_text_of_a_fault_is_a_delivery_again),
        TEST(a_page_of_too_many_posts_is_cut_and_files_become_links),
        TEST(what_stands_between_addresses_and_entities_is_kept),
        TEST(a_text_that_grows_too_long_is_cut),
        TEST(a_text_takes_time_in_proportion_to_its_length),
        TEST(the_end_of_memory_is_told),
        TEST(ids_are_compared_as_numbers_and_tell_their_time),
        TEST(the_handshake_is_answered_as_x_computes_it),
        TEST(without_a_consumer_secret_there_is_no_handshake_and_no_delivery),
        TEST(x_s_own_signature_is_taken_and_a_flipped_one_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
