/* What the answer to a network's webhook does there (connector.answer): it goes out after the
 * commit, through the server. */
#include "network_rows.h"

static str special(struct network_world *nw, const char *network, const char *what, const char *in)
{
    struct arena *a = &nw->app->arena;
    const struct json *input = NULL;
    str answer = {0}, why = {0};
    assert_ok(json_parse(a, str_from(in), &input, &why));
    assert_ok(
        sim_special(nw->sim, a, str_from(network), (str){0}, str_from(what), input, &answer, &why));
    return answer;
}

static void a_press_stops_its_spinner_by_the_answer_to_its_webhook(void **state)
{
    struct network_world nw;
    network_world_open(&nw, *state, NULL);
    (void)network_connect(
        &nw, &(struct network_channel){"telegram", "{}",
                 "{\"bot_token\":\"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11\"}", "123456", ""});
    network_say(&nw, "telegram", &(struct sim_say){.text = S("Hi")});
    assert_str(special(&nw, "telegram", "answers", "{}"), "{\"count\":0}");
    network_say(&nw, "telegram",
        &(struct sim_say){.kind = S("button"), .text = S("csat:5"), .reply_to = S("1")});
    assert_str(special(&nw, "telegram", "answers", "{}"), "{\"count\":1}");
    assert_str(network_timeline(&nw, conversation_newest(&nw.w)), "in:Hi|in:csat:5");
    network_world_close(&nw);
}

static void who_opens_a_chat_is_welcomed_by_the_answer_to_its_webhook(void **state)
{
    struct network_world nw;
    network_world_open(&nw, *state, NULL);
    (void)network_connect(&nw,
        &(struct network_channel){"viber", "{\"sender_name\":\"Seva\",\"welcome\":\"Hello there\"}",
            "{\"token\":\"4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021\"}", "pa:5301", ""});
    network_say(&nw, "viber", &(struct sim_say){.kind = S("open")});
    assert_str(special(&nw, "viber", "welcome", "{\"user\":\"01234567890A=\"}"),
        "{\"text\":\"Hello there\"}");
    network_world_close(&nw);
}

/* The answer to a comment that goes to its author alone. */
static void a_comment_is_answered_in_private(void **state)
{
    struct network_world nw;
    network_world_open(&nw, *state, NULL);
    struct test_app *app = nw.app;
    (void)network_connect(&nw, &network_rows[0].channel);
    network_say(&nw, "facebook",
        &(struct sim_say){.from_id = S("7001"),
            .from_name = S("Asha Rao"),
            .kind = S("comment"),
            .conversation = S("1029384756_555"),
            .text = S("Where is it?")});
    str c = conversation_newest(&nw.w);
    char *target =
        str_z(&app->arena, str_print(&app->arena, "/api/v1/conversations/%.*s", SARG(c)));
    assert_int_equal(test_request(app, "GET", target, NULL), 200);
    str body = str_print(&app->arena,
        "{\"kind\":\"reply\",\"text\":\"Please call +1 415 555 2671\",\"visibility\":\"private\","
        "\"seen_message_id\":\"%.*s\",\"client_id\":\"00000000-0000-4000-8009-000000000001\"}",
        SARG(test_text(app, "last_message_id")));
    target = str_z(&app->arena, str_cat(&app->arena, str_from(target), S("/messages")));
    assert_int_equal(test_request(app, "POST", target, str_z(&app->arena, body)), 201);
    clock_advance(6000);
    network_run(&nw);
    assert_int_equal(test_request(app, "GET", target, NULL), 200);
    assert_str(network_accepted(&nw, "facebook"), "Please call +1 415 555 2671");
    assert_str(test_text(app, "items.1.state"), "sent");
    network_world_close(&nw);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_press_stops_its_spinner_by_the_answer_to_its_webhook),
        TEST_APP(a_comment_is_answered_in_private),
        TEST_APP(who_opens_a_chat_is_welcomed_by_the_answer_to_its_webhook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
