/* What a network tells out of order: words about messages that are not here yet, and echoes of what
 * is being sent. */
#include "networks_world.h"

#include "job/inner.h"
#include "parrot.h"
#include "store/early.h"

static struct networks n;

#define HELLO                                                                                      \
    "{\"kind\":\"message\",\"id\":\"m1\",\"from\":\"ann\",\"name\":\"Ann\",\"text\":\"hello\"}"

static void open_it(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
}

static void close_it(void)
{
    parrot_meanwhile = NULL;
    networks_close(&n);
}

static void timeline(str conversation)
{
    assert_int_equal(
        ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s/messages", SARG(conversation)), NULL),
        200);
}

static int64_t length(void)
{
    return json_get(n.app->json, S("items"))->count;
}

/* Our reply goes out and the network calls it r1. */
static str send_reply(str conversation, const char *text)
{
    assert_int_equal(answer(&n, conversation, text, ""), 201);
    str id = test_text(n.app, "id");
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    clock_advance(6000);
    world_run(&n.w);
    return id;
}

/* ── words ── */

static void words_that_overtake_their_message_are_applied_when_it_comes(void **state)
{
    open_it(state);
    hook(&n,
        "{\"kind\":\"edit\",\"id\":\"m1\",\"from\":\"ann\",\"text\":\"hello!\",\"at_ms\":2000}");
    hook(
        &n, "{\"kind\":\"edit\",\"id\":\"m1\",\"from\":\"ann\",\"text\":\"older\",\"at_ms\":1000}");
    hook(&n, "{\"kind\":\"reaction\",\"id\":\"m1\",\"from\":\"ann\",\"name\":\"Ann\",\"emoji\":"
             "\"\xf0\x9f\x91\x8d\"}");
    hook(&n, "{\"kind\":\"delete\",\"id\":\"m1\",\"from\":\"ann\"}");
    str c = conversation_of(&n, HELLO);
    timeline(c);
    assert_int_equal(length(), 1);
    assert_str(test_text(n.app, "items.0.text"), "hello!");
    assert_str(test_text(n.app, "items.0.reactions.0.name"), "Ann");
    assert_true(test_text(n.app, "items.0.deleted_at").len > 0);
    close_it();
}

static void words_of_yesterday_are_forgotten(void **state)
{
    open_it(state);
    hook(&n, "{\"kind\":\"edit\",\"id\":\"m1\",\"from\":\"ann\",\"text\":\"hello!\"}");
    clock_advance(EARLY_KEEP_MS + 61 * 1000);
    world_run(&n.w); /* upkeep */
    str c = conversation_of(&n, HELLO);
    timeline(c);
    assert_str(test_text(n.app, "items.0.text"), "hello");
    close_it();
}

static void a_state_that_overtakes_the_id_of_our_message_is_applied(void **state)
{
    open_it(state);
    str c = conversation_of(&n, HELLO);
    hook(&n, "{\"kind\":\"status\",\"id\":\"r1\",\"state\":\"read\"}");
    str ours = send_reply(c, "good day");
    assert_str(message_state(&n.w, c, ours), "read");
    close_it();
}

/* ── echoes ── */

static void receive_now(void)
{
    bool more = true;
    while (more)
        assert_ok(receive_turn(n.w.engine, &n.w.engine->receiver, &more));
}

static void post(const char *item)
{
    const struct http_header headers[] = {
        {S("Content-Type"), S("application/json")},
        {S("X-Parrot"),     n.secret             },
    };
    char *target = str_z(&n.app->arena, path(&n, "/hooks/x/%.*s", SARG(n.key)));
    assert_int_equal(test_request_full(n.app, "POST", target, headers, 2,
                         str_print(&n.app->arena, "{\"items\":[%s]}", item)),
        200);
    receive_now();
}

/* The network shortens what it echoes, so that no text tells what it is. */
static void echo_meanwhile(void)
{
    parrot_meanwhile = NULL;
    post("{\"kind\":\"message\",\"id\":\"r1\",\"from\":\"ann\",\"ours\":true,\"text\":\"good…\"}");
    post("{\"kind\":\"status\",\"id\":\"r1\",\"state\":\"delivered\"}");
}

static void an_echo_that_comes_before_the_outcome_is_not_one_more_message(void **state)
{
    open_it(state);
    str c = conversation_of(&n, HELLO);
    parrot_meanwhile = echo_meanwhile;
    str ours = send_reply(c, "good day");
    assert_str(message_state(&n.w, c, ours), "delivered");
    clock_advance(20 * 1000);
    world_run(&n.w);
    timeline(c);
    assert_int_equal(length(), 2);
    assert_str(test_text(n.app, "items.1.text"), "good day");
    close_it();
}

/* Written in the network's own app at the same moment. */
static void other_meanwhile(void)
{
    parrot_meanwhile = NULL;
    post(
        "{\"kind\":\"message\",\"id\":\"o1\",\"from\":\"ann\",\"ours\":true,\"text\":\"good day\"}");
}

static void what_was_written_elsewhere_meanwhile_is_a_message_of_its_own(void **state)
{
    open_it(state);
    str c = conversation_of(&n, HELLO);
    parrot_meanwhile = other_meanwhile;
    str ours = send_reply(c, "good day");
    timeline(c);
    assert_int_equal(length(), 2);
    clock_advance(20 * 1000);
    world_run(&n.w);
    timeline(c);
    assert_int_equal(length(), 3);
    assert_str(message_state(&n.w, c, ours), "sent");
    hook(&n, "{\"kind\":\"message\",\"id\":\"r1\",\"from\":\"ann\",\"ours\":true,\"text\":\"good "
             "day\"}");
    timeline(c);
    assert_int_equal(length(), 3);
    close_it();
}

/* The first piece's id is known before the whole message is sent. */
static void echo_of_first_piece(void)
{
    parrot_meanwhile = NULL;
    post("{\"kind\":\"message\",\"id\":\"r1\",\"from\":\"ann\",\"ours\":true,\"text\":\"…\"}");
    post("{\"kind\":\"message\",\"id\":\"r2\",\"from\":\"ann\",\"ours\":true,\"text\":\"…\"}");
}

static void echoes_of_pieces_are_the_message_that_was_cut(void **state)
{
    char text[160];
    open_it(state);
    str c = conversation_of(&n, HELLO);
    for (int i = 0; i < (int)sizeof text - 1; i++)
        text[i] = i % 10 == 9 ? ' ' : 'a';
    text[sizeof text - 1] = 0;
    assert_int_equal(answer(&n, c, text, ""), 201);
    parrot_meanwhile = echo_of_first_piece;
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    peer_answers(n.peer, 200, "", "{\"id\":\"r2\"}");
    clock_advance(6000);
    world_run(&n.w);
    clock_advance(20 * 1000);
    world_run(&n.w);
    timeline(c);
    assert_int_equal(length(), 2);
    assert_str(test_text(n.app, "items.1.state"), "sent");
    close_it();
}

/* The connection broke after the first piece was written: nobody knows its id. */
static void an_echo_of_a_piece_of_unknown_end_is_the_message_that_was_cut(void **state)
{
    const struct json *body = NULL;
    char text[160];
    str why;
    open_it(state);
    str c = conversation_of(&n, HELLO);
    for (int i = 0; i < (int)sizeof text - 1; i++)
        text[i] = (char)(i % 10 == 9 ? ' ' : 'a' + i / 10);
    text[sizeof text - 1] = 0;
    assert_int_equal(answer(&n, c, text, ""), 201);
    str id = test_text(n.app, "id");
    peer_hangs_up(n.peer);
    clock_advance(6000);
    world_run(&n.w);
    assert_str(message_state(&n.w, c, id), "unknown");
    assert_ok(json_parse(&n.app->arena, heard_last(&n).body, &body, &why));
    str piece = json_text(json_get(body, S("text")), S(""));
    assert_true(piece.len > 0 && piece.len < (ptrdiff_t)sizeof text - 1);
    hook(&n, str_z(&n.app->arena, path(&n,
                                      "{\"kind\":\"message\",\"id\":\"r1\",\"from\":\"ann\","
                                      "\"ours\":true,\"text\":\"%.*s\"}",
                                      SARG(piece))));
    timeline(c);
    assert_int_equal(length(), 2);
    hook(&n, "{\"kind\":\"reaction\",\"id\":\"r1\",\"from\":\"ann\",\"emoji\":\"+\"}");
    timeline(c);
    assert_str(test_text(n.app, "items.1.reactions.0.emoji"), "+");
    hook(&n, "{\"kind\":\"message\",\"id\":\"r2\",\"from\":\"ann\",\"ours\":true,"
             "\"text\":\"something else\"}");
    timeline(c);
    assert_int_equal(length(), 3);
    close_it();
}

/* ── whose it is ── */

#define UNSURE(id, from, text)                                                                     \
    "{\"kind\":\"message\",\"id\":\"" id "\",\"from\":\"" from "\",\"text\":\"" text               \
    "\",\"public\":true,"                                                                          \
    "\"post\":\"9\",\"unsure\":true}"

static void what_we_wrote_elsewhere_is_ours_although_its_delivery_does_not_say_so(void **state)
{
    open_it(state);
    str c =
        conversation_of(&n, "{\"kind\":\"message\",\"id\":\"p1\",\"from\":\"ann\",\"name\":\"Ann\","
                            "\"text\":\"late!\",\"public\":true,\"post\":\"9\"}");
    peer_answers(n.peer, 500, "", "{}");
    hook(&n, UNSURE("u1", "shop", "We are on it"));
    timeline(c);
    assert_int_equal(length(), 1); /* nobody knows yet */
    peer_answers(n.peer, 200, "",
        "{\"items\":[{\"kind\":\"message\",\"id\":\"u1\",\"from\":\"ann\",\"ours\":true,\"text\":\"We are on "
        "it\",\"public\":true,\"post\":\"9\"}]}");
    clock_advance(60 * 1000);
    world_run(&n.w);
    timeline(c);
    assert_int_equal(length(), 2);
    assert_str(test_text(n.app, "items.1.kind"), "out");
    hook(&n, UNSURE("u1", "shop", "We are on it")); /* it is here: nobody is asked */
    timeline(c);
    assert_int_equal(length(), 2);
    assert_true(str_eq(conversation_newest(&n.w), c)); /* we are nobody's customer */
    close_it();
}

static void what_the_network_does_not_find_is_the_customers(void **state)
{
    open_it(state);
    peer_answers(n.peer, 200, "", "{}");
    str c = conversation_of(&n, UNSURE("u2", "bo", "hm"));
    timeline(c);
    assert_int_equal(length(), 1);
    assert_str(test_text(n.app, "items.0.kind"), "in");
    peer_answers(n.peer, 404, "", "{}");
    hook(&n, UNSURE("u3", "bo", "hm?"));
    timeline(c);
    assert_int_equal(length(), 2);
    close_it();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(words_that_overtake_their_message_are_applied_when_it_comes),
        TEST_APP(words_of_yesterday_are_forgotten),
        TEST_APP(a_state_that_overtakes_the_id_of_our_message_is_applied),
        TEST_APP(an_echo_that_comes_before_the_outcome_is_not_one_more_message),
        TEST_APP(what_was_written_elsewhere_meanwhile_is_a_message_of_its_own),
        TEST_APP(echoes_of_pieces_are_the_message_that_was_cut),
        TEST_APP(what_we_wrote_elsewhere_is_ours_although_its_delivery_does_not_say_so),
        TEST_APP(what_the_network_does_not_find_is_the_customers),
        TEST_APP(an_echo_of_a_piece_of_unknown_end_is_the_message_that_was_cut),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
