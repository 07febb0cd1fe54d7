/* Our Telegram connector with the simulated Telegram. */
#include "base/crypto.h"
#include "sim_channel.h"

#define TOKEN "{\"bot_token\":\"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11\"}"

static struct sim_channel open_channel(const char *settings)
{
    return sim_channel_open("telegram", "X-Telegram-Bot-Api-Secret-Token", settings, TOKEN,
        &(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS, .hold_ms = 200});
}

static struct sim_channel open_hooked(void)
{
    struct sim_channel ch = open_channel("{\"business\":\"yes\"}");
    sim_channel_subscribe(&ch);
    return ch;
}

static const struct connector_item *asha(struct sim_channel *ch, struct sim_say say)
{
    say.from_id = S("7001");
    say.from_name = S("Asha");
    (void)sim_channel_say(ch, say);
    return sim_channel_newest(ch);
}

static str special(struct sim_channel *ch, const char *what, const char *input)
{
    const struct json *v = NULL;
    str answer = {0}, why;
    assert_ok(json_parse(test_arena(), str_from(input), &v, &why));
    assert_ok(sim_special(
        world_sim(), test_arena(), ch->network, (str){0}, str_from(what), v, &answer, &why));
    assert_true(sim_settle(world_sim(), 10000));
    return answer;
}

static struct connector_sent act_on(
    struct sim_channel *ch, enum connector_act_kind kind, str id, const char *text)
{
    struct connector_sent sent;
    const struct connector_act act = {.setup = &ch->setup,
        .kind = kind,
        .external_id = id,
        .text = str_from(text),
        .reaction = str_from(text),
        .now_ms = TEST_NOW_MS};
    assert_ok(ch->c->act(ch->client, test_arena(), &act, &sent));
    return sent;
}

static void a_message_is_answered_edited_and_deleted(void **state)
{
    (void)state;
    struct sim_channel ch = open_hooked();
    const struct connector_item *it = asha(&ch, (struct sim_say){.text = S("/start order_1001")});
    assert_str(it->parts, "[{\"type\":\"referral\",\"source\":\"link\",\"ref\":\"order_1001\"}]");
    struct connector_sent sent = sim_channel_answer(&ch, it,
        (struct connector_outgoing){.text = S("<b>Hi</b> _x_"), .reply_to = it->external_id});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sim_channel_taken(&ch, 0).text, "<b>Hi</b> _x_");
    assert_int_equal(act_on(&ch, ACT_EDIT, sent.external_id, "Hello").outcome, CONNECTOR_SENT);
    assert_int_equal(act_on(&ch, ACT_EDIT, sent.external_id, "Hello").outcome, CONNECTOR_SENT);
    assert_int_equal(act_on(&ch, ACT_REACT, it->external_id, "👍").outcome, CONNECTOR_SENT);
    assert_int_equal(act_on(&ch, ACT_DELETE, sent.external_id, "").outcome, CONNECTOR_SENT);
    assert_int_equal(act_on(&ch, ACT_DELETE, sent.external_id, "").outcome, CONNECTOR_SENT);
    sim_channel_close(&ch);
}

static void a_file_goes_out_with_its_words_and_these_are_edited(void **state)
{
    (void)state;
    struct sim_channel ch = open_hooked();
    const struct connector_item *it = asha(&ch, (struct sim_say){.text = S("Hi")});
    const struct connector_file f = {.name = S("a.pdf"),
        .type = S("application/pdf"),
        .size = 5,
        .url = S("https://seva.example/f/1")};
    struct connector_sent sent = sim_channel_answer(
        &ch, it, (struct connector_outgoing){.text = S("Bill"), .files = &f, .n_files = 1});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sim_channel_taken(&ch, 0).media, "url:https://seva.example/f/1");
    assert_int_equal(act_on(&ch, ACT_EDIT, sent.external_id, "The bill").outcome, CONNECTOR_SENT);
    sim_channel_close(&ch);
}

static void a_photo_comes_by_get_file(void **state)
{
    (void)state;
    struct sim_channel ch = open_hooked();
    const struct sim_file f = {S("image/jpeg"), S("a.jpg"), S("\xff\xd8 picture")};
    const struct connector_item *it =
        asha(&ch, (struct sim_say){.text = S("broken"), .files = &f, .n_files = 1});
    int status = 0;
    assert_str(it->text, "broken");
    assert_true(str_eq(sim_channel_file(&ch, &it->attachments[0], &status), S("\xff\xd8 picture")));
    sim_channel_close(&ch);
}

static str answer_of(struct arena *a, const struct http_request *req)
{
    const struct connector_hook hook = {.req = req};
    struct connector_answer answer = connector_find(S("telegram"))->answer(a, &hook);
    return answer.status ? answer.body : S("{}");
}

static void a_press_is_answered_in_the_answer_to_its_webhook(void **state)
{
    (void)state;
    struct sim_channel ch = open_hooked();
    world_answers_with(answer_of);
    const struct connector_item *it = asha(&ch, (struct sim_say){.text = S("Hi")});
    struct connector_sent sent = sim_channel_answer(&ch, it,
        (struct connector_outgoing){.text = S("How was it?"),
            .parts = S(
                "[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"csat:5\",\"title\":\"Good\"}]}]")});
    it = asha(&ch, (struct sim_say){.kind = S("button"), .text = S("csat:5"), .reply_to = S("2")});
    assert_str(it->parts, "[{\"type\":\"choice\",\"id\":\"csat:5\",\"title\":\"csat:5\"}]");
    assert_true(str_eq(it->reply_to, sent.external_id));
    assert_str(special(&ch, "answers", "{}"), "{\"count\":1}");
    sent = sim_channel_answer(
        &ch, it, (struct connector_outgoing){.text = S("Thanks"), .reply_to = it->external_id});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    sim_channel_close(&ch);
}

static void comments_topics_and_business_chats_are_answered_where_they_are(void **state)
{
    (void)state;
    struct sim_channel ch = open_hooked();
    const struct json *topic = NULL;
    str why;
    const struct connector_item *it = asha(&ch, (struct sim_say){.kind = S("comment"),
                                                    .conversation = S("-1001500"),
                                                    .reply_to = S("50"),
                                                    .text = S("When does it open?")});
    assert_true(it->is_public);
    assert_str(it->thread_key, "post:-1001500:50");
    assert_str(it->post.text, "A post");
    struct connector_sent sent = sim_channel_answer(
        &ch, it, (struct connector_outgoing){.text = S("Soon"), .reply_to = it->external_id});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sim_channel_taken(&ch, 0).conversation, "-1001500");
    assert_ok(json_parse(test_arena(), S("{\"topic\":9}"), &topic, &why));
    it = asha(&ch, (struct sim_say){.conversation = S("-1001600"), .text = S("Hi"), .more = topic});
    assert_str(it->thread_key, "-1001600/9");
    sent = sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("Hello")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    it = asha(&ch, (struct sim_say){.kind = S("business"), .text = S("Are you open?")});
    assert_str(it->thread_key, "biz:BC1:7001");
    sent = sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("Yes")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(act_on(&ch, ACT_DELETE, sent.external_id, "").outcome, CONNECTOR_SENT);
    sim_channel_close(&ch);
}

static void a_group_that_grows_is_followed(void **state)
{
    (void)state;
    struct sim_channel ch = open_hooked();
    const struct connector_item *it =
        asha(&ch, (struct sim_say){.conversation = S("-4500"), .text = S("Hi")});
    (void)special(&ch, "migrate", "{\"chat\":-4500,\"to\":-1009876543210}");
    const struct connector_item *moved = sim_channel_newest(&ch);
    assert_int_equal(moved->kind, ITEM_MOVED);
    assert_str(moved->moved_from, "-4500");
    assert_str(moved->thread_key, "-1009876543210");
    struct connector_sent sent =
        sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("Hello")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.thread_key, "-1009876543210");
    assert_str(sim_channel_taken(&ch, 0).conversation, "-1009876543210");
    sim_channel_close(&ch);
}

static void who_blocks_the_bot_is_told_of_and_gets_nothing(void **state)
{
    (void)state;
    struct sim_channel ch = open_hooked();
    struct connector_item it = *asha(&ch, (struct sim_say){.text = S("Hi")});
    (void)special(&ch, "block", "{\"chat\":7001}");
    assert_true(sim_channel_newest(&ch)->is_gone);
    struct connector_sent sent =
        sim_channel_answer(&ch, &it, (struct connector_outgoing){.text = S("Hello")});
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_str(sent.why, "The person has blocked the bot.");
    sim_channel_close(&ch);
}

struct taken {
    int n, most;
    str keys[8], bodies[8], cursors;
};

static bool take(void *arg, const struct connector_delivery *d, str cursors)
{
    struct taken *t = arg;
    if (!d)
        return false;
    t->keys[t->n] = d->key;
    t->bodies[t->n++] = d->body;
    t->cursors = cursors;
    return t->n < t->most;
}

static struct connector_polled listen_once(struct sim_channel *ch, struct taken *t)
{
    struct connector_polled out;
    const struct connector_listen in = {.setup = &ch->setup,
        .cursors = t->cursors.len ? t->cursors : S("{}"),
        .take = take,
        .arg = t,
        .now_ms = TEST_NOW_MS};
    assert_ok(ch->c->listen(ch->client, test_arena(), &in, &out));
    return out;
}

static void polling_takes_each_update_once_also_after_a_break(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel("{\"receive\":\"poll\"}");
    struct taken t = {.most = 2};
    for (int i = 0; i < 3; i++)
        (void)sim_channel_say(&ch, (struct sim_say){.text = str_print(test_arena(), "%d", i)});
    assert_int_equal(listen_once(&ch, &t).end.outcome, CONNECTOR_SENT);
    assert_int_equal(t.n, 2); /* the taker broke off */
    t.most = 3;
    assert_int_equal(listen_once(&ch, &t).end.outcome, CONNECTOR_SENT);
    assert_int_equal(t.n, 3);
    for (int i = 0; i < 3; i++)
        assert_true(str_find(t.bodies[i], str_print(test_arena(), "\"text\":\"%d\"", i)) >= 0);
    sim_channel_close(&ch);
}

static void every_fault_is_met_as_what_it_is(void **state)
{
    (void)state;
    static const struct {
        enum sim_fault_mode mode;
        enum connector_outcome outcome;
    } cases[] = {
        {SIM_FAULT_SERVER_ERROR,    CONNECTOR_RETRY  },
        {SIM_FAULT_RATE_LIMIT,      CONNECTOR_WAIT   },
        {SIM_FAULT_RATE_LIMIT_BARE, CONNECTOR_WAIT   },
        {SIM_FAULT_UNAUTHORIZED,    CONNECTOR_REAUTH },
        {SIM_FAULT_TIMEOUT_BEFORE,  CONNECTOR_UNKNOWN},
        {SIM_FAULT_TIMEOUT_AFTER,   CONNECTOR_UNKNOWN},
        {SIM_FAULT_HALF_BODY,       CONNECTOR_UNKNOWN},
        {SIM_FAULT_WRONG_JSON,      CONNECTOR_UNKNOWN},
        {SIM_FAULT_SLOW,            CONNECTOR_SENT   },
        {SIM_FAULT_DUPLICATE,       CONNECTOR_SENT   },
    };
    struct sim_channel ch = open_hooked();
    const struct connector_item *it = asha(&ch, (struct sim_say){.text = S("Hi")});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_channel_fault(&ch, cases[i].mode, "sendMessage", 1);
        struct connector_sent sent =
            sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("x")});
        if (sent.outcome != cases[i].outcome)
            fail_msg("%s: %s", sim_fault_name(cases[i].mode), connector_outcome_name(sent.outcome));
        if (cases[i].mode == SIM_FAULT_RATE_LIMIT)
            assert_in_range(sent.wait_until_ms, TEST_NOW_MS + 3000, TEST_NOW_MS + 4000);
    }
    sim_channel_close(&ch);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_answered_edited_and_deleted),
        TEST(a_file_goes_out_with_its_words_and_these_are_edited),
        TEST(a_photo_comes_by_get_file),
        TEST(a_press_is_answered_in_the_answer_to_its_webhook),
        TEST(comments_topics_and_business_chats_are_answered_where_they_are),
        TEST(a_group_that_grows_is_followed),
        TEST(who_blocks_the_bot_is_told_of_and_gets_nothing),
        TEST(polling_takes_each_update_once_also_after_a_break),
        TEST(every_fault_is_met_as_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
