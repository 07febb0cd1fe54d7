/* LINE's connector: golden events, signature, replies and pushes without doubles, what LINE's
 * answers mean, tokens, files, names. */
#include <string.h>

#include "base/crypto.h"
#include "channel.h"

#define U       "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define G       "Cbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SENT    "{\"sentMessages\":[{\"id\":\"461230966842064897\",\"quoteToken\":\"q\"}]}"
#define HI      "[{\"type\":\"text\",\"text\":\"Hi\"}]"
#define PUSH    "/v2/bot/message/push"
#define REPLY   "/v2/bot/message/reply"
#define INVALID "{\"message\":\"Invalid reply token\"}"
/* TEST_NOW_MS − 10 s */
#define FRESH "{\"r\":\"rt-1\",\"q\":\"q1\",\"m\":\"m1\",\"at\":1767225590000}"
#define STALE "{\"r\":\"rt-1\",\"q\":\"q1\",\"m\":\"m1\",\"at\":1767225550000}"

static struct channel open_world(void)
{
    return channel_open_bare(
        "line", "", "{}", "{\"channel_secret\":\"s\",\"access_token\":\"tok\"}");
}

static struct connector_sent send_one(struct channel *w, struct connector_outgoing out)
{
    out.to = S(U);
    return channel_sends(w, out);
}

static void every_event_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all("line");
}

static void only_what_the_channel_secret_signs_is_let_in(void **state)
{
    (void)state;
    channel_verify_vectors("line", "channel_secret");
}

static void a_push_carries_one_retry_key_for_all_its_tries(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 500, "", "{\"message\":\"Internal Server Error\"}");
    peer_answers(w.peer, 200, "", SENT);
    peer_answers(w.peer, 200, "", SENT);
    const struct connector_outgoing out = {.text = S("Hi")};
    assert_int_equal(send_one(&w, out).outcome, CONNECTOR_RETRY);
    struct connector_sent sent = send_one(&w, out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "461230966842064897");
    (void)channel_heard_body(&w, 0, "POST", PUSH, "{\"to\":\"" U "\",\"messages\":" HI "}");
    (void)send_one(&w, (struct connector_outgoing){.text = S("Hi"), .delivery_id = S("d2")});
    struct peer_heard a = peer_heard(w.peer, 0), b = peer_heard(w.peer, 1),
                      c = peer_heard(w.peer, 2);
    str key = peer_header(&a, "X-Line-Retry-Key");
    assert_int_equal(key.len, 36);
    assert_true(key.at[8] == '-' && key.at[13] == '-' && key.at[18] == '-' && key.at[23] == '-');
    assert_true(key.at[14] == '8'); /* a UUID's version */
    assert_true(str_eq(key, peer_header(&b, "X-Line-Retry-Key")));
    assert_false(str_eq(key, peer_header(&c, "X-Line-Retry-Key")));
    assert_str(peer_header(&a, "Authorization"), "Bearer tok");
    assert_true(w.c->repeats_safely);
    channel_close(&w);
}

static void a_repeated_push_that_was_taken_before_is_sent(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 409, "X-Line-Accepted-Request-Id: r1\r\n",
        "{\"message\":\"The retry key is already accepted\",\"sentMessages\":[{\"id\":\"4612\"}]}");
    struct connector_sent sent = send_one(&w, (struct connector_outgoing){.text = S("Hi")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "4612");
    assert_int_equal(sent.why.len, 0);
    channel_close(&w);
}

static void a_fresh_reply_token_is_used_and_a_stale_one_is_not(void **state)
{
    (void)state;
    struct channel w = open_world();
    for (int i = 0; i < 4; i++)
        peer_answers(w.peer, 200, "", SENT);
    (void)send_one(&w, (struct connector_outgoing){.text = S("Hi"), .token = S(FRESH)});
    (void)send_one(&w, (struct connector_outgoing){.text = S("Hi"), .token = S(STALE)});
    (void)send_one(&w, (struct connector_outgoing){.text = S("Hi"), .token = S("{\"at\":1}")});
    (void)send_one(&w, (struct connector_outgoing){.text = S("Hi"), .token = S("nonsense")});
    (void)channel_heard_body(&w, 0, "POST", REPLY, "{\"replyToken\":\"rt-1\",\"messages\":" HI "}");
    struct peer_heard h = peer_heard(w.peer, 0); /* sent with a reply it would be refused */
    assert_int_equal(peer_header(&h, "X-Line-Retry-Key").len, 0);
    for (int i = 1; i < 4; i++)
        (void)channel_heard_body(&w, i, "POST", PUSH, "{\"to\":\"" U "\",\"messages\":" HI "}");
    channel_close(&w);
}

static void a_reply_token_that_is_used_up_gives_way_to_a_push(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 400, "", INVALID);
    peer_answers(w.peer, 200, "", SENT);
    struct connector_sent sent =
        send_one(&w, (struct connector_outgoing){.text = S("Hi"), .token = S(FRESH)});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    (void)channel_heard_body(&w, 1, "POST", PUSH, "{\"to\":\"" U "\",\"messages\":" HI "}");
    channel_close(&w);
}

static void an_unanswered_reply_is_never_doubled_by_a_push(void **state)
{
    (void)state;
    static const struct {
        int statuses[3]; /* 0 = hangs up */
        int calls;
        enum connector_outcome outcome;
    } cases[] = {
        {{0, 200},      2, CONNECTOR_SENT }, /* lost on its way */
        {{500, 200},    2, CONNECTOR_SENT },
        {{0, 400},      2, CONNECTOR_FINAL}, /* taken now, or used by a message before */
        {{0, 500, 429}, 3, CONNECTOR_FINAL},
        {{503, 0, 0},   3, CONNECTOR_FINAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel w = open_world();
        for (int k = 0; k < cases[i].calls; k++)
            if (cases[i].statuses[k])
                peer_answers(w.peer, cases[i].statuses[k], "",
                    cases[i].statuses[k] == 200   ? SENT
                    : cases[i].statuses[k] == 400 ? INVALID
                                                  : "{}");
            else
                peer_hangs_up(w.peer);
        struct connector_sent sent =
            send_one(&w, (struct connector_outgoing){.text = S("Hi"), .token = S(FRESH)});
        assert_int_equal(sent.outcome, cases[i].outcome);
        assert_int_equal(peer_count(w.peer), cases[i].calls);
        for (int k = 0; k < cases[i].calls; k++)
            assert_str(peer_heard(w.peer, k).target, REPLY);
        if (sent.outcome == CONNECTOR_FINAL)
            assert_true(str_find(sent.why, S("did not say")) >= 0);
        channel_close(&w);
    }
}

static void a_later_try_and_who_wants_no_replies_push(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_outgoing out = {
        .text = S("Hi"), .token = S(FRESH), .first_try_ms = TEST_NOW_MS - 2000};
    peer_answers(w.peer, 200, "", SENT);
    peer_answers(w.peer, 200, "", SENT);
    (void)send_one(&w, out);
    w.setup.settings = S("{\"free_replies\":\"no\"}");
    out.first_try_ms = 0;
    (void)send_one(&w, out);
    assert_str(peer_heard(w.peer, 0).target, PUSH);
    assert_str(peer_heard(w.peer, 1).target, PUSH);
    channel_close(&w);
}

static void a_reply_that_was_not_taken_waits_for_a_later_try(void **state)
{
    (void)state;
    struct channel w = open_world();
    const struct connector_outgoing out = {.text = S("Hi"), .token = S(FRESH)};
    peer_answers(w.peer, 429, "", "{\"message\":\"rate\"}");
    assert_int_equal(send_one(&w, out).outcome, CONNECTOR_WAIT);
    assert_int_equal(peer_count(w.peer), 1);
    w.setup.hosts = S("line.api=http://127.0.0.1:1");
    assert_int_equal(send_one(&w, out).outcome, CONNECTOR_RETRY);
    channel_close(&w);
}

static void a_quote_names_the_message_only_when_one_is_answered(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 200, "", SENT);
    peer_answers(w.peer, 200, "", SENT);
    (void)send_one(&w,
        (struct connector_outgoing){.text = S("Hi"), .token = S(STALE), .reply_to = S("100001")});
    (void)send_one(&w, (struct connector_outgoing){.text = S("Hi"), .token = S(STALE)});
    (void)channel_heard_body(&w, 0, "POST", PUSH,
        "{\"to\":\"" U
        "\",\"messages\":[{\"type\":\"text\",\"text\":\"Hi\",\"quoteToken\":\"q1\"}]}");
    (void)channel_heard_body(&w, 1, "POST", PUSH, "{\"to\":\"" U "\",\"messages\":" HI "}");
    channel_close(&w);
}

static void a_group_gets_the_message_and_not_its_member(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 200, "", SENT);
    (void)send_one(&w, (struct connector_outgoing){.text = S("Hi"), .thread_key = S(G)});
    (void)channel_heard_body(&w, 0, "POST", PUSH, "{\"to\":\"" G "\",\"messages\":" HI "}");
    channel_close(&w);
}

static void files_go_along_as_what_line_can_show_and_as_links_otherwise(void **state)
{
    (void)state;
    struct channel w = open_world();
    const struct connector_file files[] = {
        {.name = S("a.jpg"),
         .type = S("image/jpeg"),
         .size = 1000,
         .url = S("https://f.example/1")},
        {.name = S("b.mp4"),
         .type = S("video/mp4"),
         .size = 5000000,
         .url = S("https://f.example/2"),
         .preview_url = S("https://f.example/2p")},
        {.name = S("c.jpg"),
         .type = S("image/jpeg"),
         .size = 5000000,
         .url = S("https://f.example/3")                },
        {.name = S("d.pdf"),
         .type = S("application/pdf"),
         .size = 10,
         .url = S("https://f.example/4")                     },
    };
    peer_answers(w.peer, 200, "",
        "{\"sentMessages\":[{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"3\"},{\"id\":\"4\"},{\"id\":\"5\"},"
        "{\"id\":\"6\"}]}");
    struct connector_sent sent =
        send_one(&w, (struct connector_outgoing){.text = S("Hi"), .files = files, .n_files = 4});
    assert_str(sent.external_id, "1");
    assert_int_equal(sent.n_aliases, 5);
    assert_str(sent.aliases[3], "5");
    (void)channel_heard_body(&w, 0, "POST", PUSH,
        "{\"to\":\"" U "\",\"messages\":[{\"type\":\"text\",\"text\":\"Hi\"},"
        "{\"type\":\"image\",\"originalContentUrl\":\"https://f.example/1\",\"previewImageUrl\":"
        "\"https://f.example/1\"},"
        "{\"type\":\"video\",\"originalContentUrl\":\"https://f.example/2\",\"previewImageUrl\":"
        "\"https://f.example/2p\"},"
        "{\"type\":\"text\",\"text\":\"c.jpg\\nhttps://f.example/3\"},"
        "{\"type\":\"text\",\"text\":\"d.pdf\\nhttps://f.example/4\"}]}");
    const struct connector_file hidden = {.name = S("a"), .type = S("image/png"), .size = 1};
    sent = send_one(&w, (struct connector_outgoing){.files = &hidden, .n_files = 1});
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_true(str_find(sent.why, S("public address")) >= 0);
    assert_int_equal(peer_count(w.peer), 1);
    channel_close(&w);
}

static void buttons_become_quick_replies_and_a_place_a_location(void **state)
{
    (void)state;
    struct channel w = open_world();
    peer_answers(w.peer, 200, "", SENT);
    peer_answers(w.peer, 200, "", SENT);
    const struct connector_outgoing buttons = {.text = S("How?"),
        .parts =
            S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"csat:5\",\"title\":\"Good 😀 and much "
              "longer\"},{\"title\":\"Shop\",\"url\":\"https://shop.example\"}]}]")};
    (void)send_one(&w, buttons);
    (void)channel_heard_body(&w, 0, "POST", PUSH,
        "{\"to\":\"" U
        "\",\"messages\":[{\"type\":\"text\",\"text\":\"How?\",\"quickReply\":{\"items\":["
        "{\"type\":\"action\",\"action\":{\"type\":\"postback\",\"label\":\"Good 😀 and much lon\","
        "\"data\":\"{\\\"id\\\":\\\"csat:5\\\",\\\"title\\\":\\\"Good 😀 and much longer\\\"}\",\"displayText\":\"Good 😀 and much longer\"}},"
        "{\"type\":\"action\",\"action\":{\"type\":\"uri\",\"label\":\"Shop\",\"uri\":"
        "\"https://shop.example\"}}]}}]}");
    (void)send_one(
        &w, (struct connector_outgoing){
                .parts = S("[{\"type\":\"location\",\"latitude\":35.5,\"longitude\":139.5,"
                           "\"name\":\"Shop\",\"address\":\"1 Road\"}]")});
    (void)channel_heard_body(&w, 1, "POST", PUSH,
        "{\"to\":\"" U "\",\"messages\":[{\"type\":\"location\",\"title\":\"Shop\",\"address\":"
        "\"1 Road\",\"latitude\":35.5,\"longitude\":139.5}]}");
    struct connector_outgoing alone = buttons;
    alone.text = (str){0};
    assert_int_equal(send_one(&w, alone).outcome, CONNECTOR_FINAL);
    channel_close(&w);
}

static void every_answer_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum connector_outcome outcome;
        bool is_channel_wide;
        const char *why;
    } cases[] = {
        {400,
         "{\"message\":\"The request body has 1 error(s)\",\"details\":[{\"message\":\"May not be "
            "empty\"}]}",                                                                 CONNECTOR_FINAL,  false, "1 error(s)"  },
        {401, "{\"message\":\"Authentication failed\"}",                                  CONNECTOR_REAUTH, true,  "access token"},
        {403, "{\"message\":\"Not available\"}",                                          CONNECTOR_FINAL,  false, "plan"        },
        {404, "{\"message\":\"Not found\"}",                                              CONNECTOR_FINAL,  false, "Not found"   },
        {410, "",                                                                         CONNECTOR_FINAL,  false, "410"         },
        {413, "{\"message\":\"Too large\"}",                                              CONNECTOR_FINAL,  false, "Too large"   },
        {415, "{\"message\":\"Unsupported media type\"}",                                 CONNECTOR_FINAL,  false, "Unsupported" },
        {429, "{\"message\":\"The API rate limit has been exceeded. Try again later.\"}",
         CONNECTOR_WAIT,                                                                                    true,  "minute"      },
        {429, "{\"message\":\"You have reached your monthly limit.\"}",                   CONNECTOR_FINAL,  false,
         "month"                                                                                                                 },
        {500, "{\"message\":\"Internal\"}",                                               CONNECTOR_RETRY,  false, "Internal"    },
        {503, "<html>",                                                                   CONNECTOR_RETRY,  false, "503"         },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel w = open_world();
        peer_answers(w.peer, cases[i].status, "", cases[i].body);
        struct connector_sent sent = send_one(&w, (struct connector_outgoing){.text = S("Hi")});
        if (sent.outcome != cases[i].outcome || sent.is_channel_wide != cases[i].is_channel_wide ||
            str_find(sent.why, str_from(cases[i].why)) < 0)
            fail_msg("%d %s: %s, %.*s", cases[i].status, cases[i].body,
                connector_outcome_name(sent.outcome), SARG(sent.why));
        assert_int_equal(
            sent.wait_until_ms, sent.outcome == CONNECTOR_WAIT ? TEST_NOW_MS + 60000 : 0);
        channel_close(&w);
    }
    struct channel w = open_world();
    peer_hangs_up(w.peer);
    peer_hangs_up(w.peer); /* the client itself may repeat what LINE recognises */
    assert_int_equal(
        send_one(&w, (struct connector_outgoing){.text = S("Hi")}).outcome, CONNECTOR_UNKNOWN);
    w.setup.secrets = S("{\"access_token\":\"a\\nb\"}");
    assert_int_equal(
        send_one(&w, (struct connector_outgoing){.text = S("Hi")}).outcome, CONNECTOR_REAUTH);
    channel_close(&w);
}

/* ── the account ── */

static void the_test_says_who_the_account_is(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_checked c = {0};
    peer_answers(w.peer, 200, "",
        "{\"userId\":\"U012\",\"basicId\":\"@seva\",\"displayName\":\"Seva\",\"pictureUrl\":"
        "\"https://p.example/1\",\"chatMode\":\"chat\",\"markAsReadMode\":\"manual\"}");
    peer_answers(w.peer, 401, "", "{\"message\":\"Authentication failed\"}");
    assert_ok(w.c->check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &c));
    (void)channel_heard_body(&w, 0, "GET", "/v2/bot/info", "");
    assert_int_equal(c.n, 1);
    assert_str(c.accounts[0].external_id, "U012");
    assert_str(c.accounts[0].handle, "@seva");
    assert_str(c.accounts[0].name, "Seva");
    assert_int_equal(c.accounts[0].secrets.len, 0);
    assert_true(str_find(c.note, S("response mode")) >= 0);
    assert_ok(w.c->check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &c));
    assert_int_equal(c.end.outcome, CONNECTOR_REAUTH);
    channel_close(&w);
}

#define ISSUED "{\"access_token\":\"new\",\"expires_in\":2592000,\"token_type\":\"Bearer\"}"
#define KEPT   "{\"channel_secret\":\"s+1\",\"access_token\":\"new\",\"expires_ms\":1769817600000}"

static void a_channel_id_and_secret_give_a_token_that_is_renewed(void **state)
{
    (void)state;
    struct channel w =
        channel_open_bare("line", "", "{\"channel_id\":\"1234\"}", "{\"channel_secret\":\"s+1\"}");
    struct connector_checked c = {0};
    struct connector_refreshed r = {0};
    peer_answers(w.peer, 200, "", ISSUED);
    peer_answers(w.peer, 200, "", "{\"userId\":\"U012\"}");
    peer_answers(w.peer, 200, "", ISSUED);
    peer_answers(w.peer, 400, "", "{\"error\":\"invalid_client\"}");
    assert_ok(w.c->check(w.client, test_arena(), &w.setup, TEST_NOW_MS, &c));
    (void)channel_heard_body(&w, 0, "POST", "/v2/oauth/accessToken",
        "grant_type=client_credentials&client_id=1234&client_secret=s%2B1");
    struct peer_heard h = peer_heard(w.peer, 1);
    assert_str(peer_header(&h, "Authorization"), "Bearer new");
    assert_str(c.accounts[0].secrets, KEPT);
    assert_int_equal(c.expires_ms, TEST_NOW_MS + INT64_C(2592000000));
    assert_ok(w.c->refresh(w.client, test_arena(), &w.setup, TEST_NOW_MS, &r));
    assert_int_equal(r.end.outcome, CONNECTOR_SENT);
    assert_str(r.secrets, KEPT);
    assert_ok(w.c->refresh(w.client, test_arena(), &w.setup, TEST_NOW_MS, &r));
    assert_int_equal(r.end.outcome, CONNECTOR_REAUTH);
    assert_true(r.end.is_channel_wide);
    channel_close(&w);
}

static void a_long_lived_token_stays_as_it_is(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_refreshed r = {0};
    assert_ok(w.c->refresh(w.client, test_arena(), &w.setup, TEST_NOW_MS, &r));
    assert_int_equal(r.end.outcome, CONNECTOR_SENT);
    assert_true(str_eq(r.secrets, w.setup.secrets));
    assert_int_equal(peer_count(w.peer), 0);
    channel_close(&w);
}

static void the_webhook_is_set(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_sent sent;
    peer_answers(w.peer, 200, "", "{}");
    assert_ok(w.c->subscribe(w.client, test_arena(), &w.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    (void)channel_heard_body(&w, 0, "PUT", "/v2/bot/channel/webhook/endpoint",
        "{\"endpoint\":\"https://care.example.com/hooks/line/k1\"}");
    assert_ok(w.c->subscribe(w.client, test_arena(), &w.setup, false, &sent));
    assert_int_equal(peer_count(w.peer), 1);
    channel_close(&w);
}

static struct connector_source media_of(struct channel *w, const char *id, const char *type)
{
    struct connector_source out;
    const struct connector_attachment at = {.media_id = str_from(id), .type = str_from(type)};
    assert_ok(w->c->media(w->client, test_arena(), &w->setup, &at, &out));
    return out;
}

static void a_file_is_fetched_from_its_host_once_it_is_ready(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_source from = media_of(&w, "100001", "image/jpeg");
    assert_int_equal(from.end.outcome, CONNECTOR_SENT);
    assert_true(str_ends(from.url, S("/v2/bot/message/100001/content")));
    assert_int_equal(from.n_headers, 1);
    assert_str(from.headers[0].value, "Bearer tok");
    assert_int_equal(peer_count(w.peer), 0);
    peer_answers(w.peer, 200, "", "{\"status\":\"processing\"}");
    peer_answers(w.peer, 200, "", "{\"status\":\"failed\"}");
    peer_answers(w.peer, 200, "", "{\"status\":\"succeeded\"}");
    peer_answers(w.peer, 410, "", "");
    const enum connector_outcome expected[] = {
        CONNECTOR_RETRY, CONNECTOR_FINAL, CONNECTOR_SENT, CONNECTOR_FINAL};
    for (int i = 0; i < 4; i++) {
        from = media_of(&w, "100002", "video/mp4");
        assert_int_equal(from.end.outcome, expected[i]);
        assert_int_equal(from.url.len > 0, expected[i] == CONNECTOR_SENT);
        (void)channel_heard_body(&w, i, "GET", "/v2/bot/message/100002/content/transcoding", "");
    }
    assert_int_equal(media_of(&w, "../info", "image/jpeg").end.outcome, CONNECTOR_FINAL);
    channel_close(&w);
}

static void a_name_is_asked_where_the_person_was_met(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_item p;
    struct connector_sent end;
    const struct {
        const char *thread, *target;
    } cases[] = {
        {"",                                  "/v2/bot/profile/" U           },
        {G,                                   "/v2/bot/group/" G "/member/" U},
        {"Rcccccccccccccccccccccccccccccccc",
         "/v2/bot/room/Rcccccccccccccccccccccccccccccccc/member/" U          },
    };
    for (int i = 0; i < 3; i++) {
        peer_answers(w.peer, 200, "",
            "{\"displayName\":\"Asha\",\"userId\":\"" U "\",\"pictureUrl\":\"https://p.example/a\","
            "\"language\":\"en\"}");
        assert_ok(w.c->person(
            w.client, test_arena(), &w.setup, S(U), str_from(cases[i].thread), &end, &p));
        assert_int_equal(end.outcome, CONNECTOR_SENT);
        assert_str(p.contact_name, "Asha");
        assert_str(p.contact_avatar_url, "https://p.example/a");
        (void)channel_heard_body(&w, i, "GET", cases[i].target, "");
    }
    peer_answers(w.peer, 404, "", "{\"message\":\"Not found\"}");
    assert_ok(w.c->person(w.client, test_arena(), &w.setup, S(U), S(""), &end, &p));
    assert_int_equal(end.outcome, CONNECTOR_FINAL);
    assert_ok(w.c->person(w.client, test_arena(), &w.setup, S("a/b"), S(""), &end, &p));
    assert_ok(w.c->person(w.client, test_arena(), &w.setup, S(G), S(G), &end, &p));
    assert_int_equal(end.outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(w.peer), 4);
    channel_close(&w);
}

static void reading_and_writing_are_shown_to_the_customer(void **state)
{
    (void)state;
    struct channel w = open_world();
    struct connector_sent sent;
    struct connector_act act = {.setup = &w.setup,
        .kind = ACT_READ,
        .external_id = S("100001"),
        .token = S(FRESH),
        .now_ms = TEST_NOW_MS};
    peer_answers(w.peer, 200, "", "{}");
    peer_answers(w.peer, 202, "", "{}");
    assert_ok(w.c->act(w.client, test_arena(), &act, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    (void)channel_heard_body(
        &w, 0, "POST", "/v2/bot/chat/markAsRead", "{\"markAsReadToken\":\"m1\"}");
    assert_ok(w.c->typing(w.client, test_arena(), &w.setup, S(U), S(""), &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    (void)channel_heard_body(&w, 1, "POST", "/v2/bot/chat/loading/start",
        "{\"chatId\":\"" U "\",\"loadingSeconds\":20}");
    assert_ok(w.c->typing(w.client, test_arena(), &w.setup, S(U), S(G), &sent));
    act.token = (str){0};
    assert_ok(w.c->act(w.client, test_arena(), &act, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(peer_count(w.peer), 2);
    act.kind = ACT_DELETE;
    assert_ok(w.c->act(w.client, test_arena(), &act, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    channel_close(&w);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_event_is_read_as_its_golden_file_says),
        TEST(only_what_the_channel_secret_signs_is_let_in),
        TEST(a_push_carries_one_retry_key_for_all_its_tries),
        TEST(a_repeated_push_that_was_taken_before_is_sent),
        TEST(a_fresh_reply_token_is_used_and_a_stale_one_is_not),
        TEST(a_reply_token_that_is_used_up_gives_way_to_a_push),
        TEST(an_unanswered_reply_is_never_doubled_by_a_push),
        TEST(a_later_try_and_who_wants_no_replies_push),
        TEST(a_reply_that_was_not_taken_waits_for_a_later_try),
        TEST(a_quote_names_the_message_only_when_one_is_answered),
        TEST(a_group_gets_the_message_and_not_its_member),
        TEST(files_go_along_as_what_line_can_show_and_as_links_otherwise),
        TEST(buttons_become_quick_replies_and_a_place_a_location),
        TEST(every_answer_has_its_outcome),
        TEST(the_test_says_who_the_account_is),
        TEST(a_channel_id_and_secret_give_a_token_that_is_renewed),
        TEST(a_long_lived_token_stays_as_it_is),
        TEST(the_webhook_is_set),
        TEST(a_file_is_fetched_from_its_host_once_it_is_ready),
        TEST(a_name_is_asked_where_the_person_was_met),
        TEST(reading_and_writing_are_shown_to_the_customer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
