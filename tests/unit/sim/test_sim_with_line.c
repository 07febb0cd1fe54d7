/* Our LINE connector with the simulated LINE. */
#include "base/crypto.h"
#include "sim_channel.h"

static struct sim_channel open_channel(void)
{
    struct sim_channel ch = sim_channel_open("line", "x-line-signature", "{}",
        "{\"channel_secret\":\"seva-line-channel-secret\",\"access_token\":"
        "\"line-channel-access-token\"}",
        &(struct sim_options){.is_clock_manual = true, .clock_ms = TEST_NOW_MS, .hold_ms = 200});
    sim_channel_subscribe(&ch);
    return ch;
}

static const struct connector_item *asha(struct sim_channel *ch, struct sim_say say)
{
    say.from_name = S("Asha");
    (void)sim_channel_say(ch, say);
    return sim_channel_newest(ch);
}

static void settings_of(struct sim_channel *ch, const char *settings)
{
    str why;
    assert_ok(sim_account_set(
        world_sim(), ch->network, &(struct sim_account_set){.settings = str_from(settings)}, &why));
}

static ptrdiff_t calls_to(struct sim_channel *ch, const char *path)
{
    return sim_ledger_count(world_sim(), &(struct sim_query){.network = ch->network,
                                             .has_kind = true,
                                             .kind = SIM_KIND_CALL,
                                             .path = str_from(path)});
}

static void a_message_is_answered_for_free_at_first_and_pushed_later(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct connector_item *it = asha(&ch, (struct sim_say){.text = S("Where is my order?")});
    assert_str(it->text, "Where is my order?");
    struct connector_sent sent =
        sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("On its way")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(str_eq(sim_channel_taken(&ch, 0).id, sent.external_id));
    assert_int_equal(calls_to(&ch, "/v2/bot/message/reply"), 1);
    assert_int_equal(calls_to(&ch, "/v2/bot/message/push"), 0);
    sent = sim_channel_answer(
        &ch, it, (struct connector_outgoing){.text = S("Tomorrow"), .delivery_id = S("d2")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT); /* the token is used up */
    assert_int_equal(calls_to(&ch, "/v2/bot/message/push"), 1);
    sim_clock_advance(world_sim(), 55 * 1000);
    sent = sim_channel_answer(&ch, it,
        (struct connector_outgoing){
            .text = S("At ten"), .delivery_id = S("d3"), .reply_to = it->external_id});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(calls_to(&ch, "/v2/bot/message/reply"), 2);
    assert_int_equal(sim_channel_count(&ch, SIM_COUNT_ACCEPTED), 3);
    sim_channel_close(&ch);
}

/* Like the engine: again until it is settled. */
static struct connector_sent until_settled(
    struct sim_channel *ch, const struct connector_item *it, struct connector_outgoing out)
{
    out.first_try_ms = sim_now(world_sim());
    for (int tries = 0; tries < 8; tries++) {
        struct connector_sent sent = sim_channel_answer(ch, it, out);
        if (sent.outcome == CONNECTOR_SENT || sent.outcome == CONNECTOR_FINAL)
            return sent;
        sim_clock_advance(world_sim(), 1000 << tries);
    }
    return (struct connector_sent){.outcome = CONNECTOR_UNKNOWN};
}

static void no_fault_doubles_a_message_or_loses_it_unsaid(void **state)
{
    (void)state;
    static const enum sim_fault_mode modes[] = {SIM_FAULT_SERVER_ERROR, SIM_FAULT_RATE_LIMIT_BARE,
        SIM_FAULT_TIMEOUT_BEFORE, SIM_FAULT_TIMEOUT_AFTER, SIM_FAULT_RESET, SIM_FAULT_RESET_AFTER,
        SIM_FAULT_SERVER_ERROR_AFTER, SIM_FAULT_HALF_BODY, SIM_FAULT_WRONG_JSON, SIM_FAULT_SLOW,
        SIM_FAULT_DUPLICATE};
    int n = 0;
    struct sim_channel ch = open_channel();
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        for (int by_reply = 0; by_reply < 2; by_reply++) {
            struct connector_item it = *asha(&ch, (struct sim_say){.text = S("Hi")});
            if (!by_reply)
                it.token = (str){0};
            sim_channel_fault(&ch, modes[i], "/message/", 1);
            struct connector_sent sent = until_settled(&ch, &it,
                (struct connector_outgoing){
                    .text = S("Hello"), .delivery_id = str_print(test_arena(), "d%d", n)});
            n++;
            /* A reply whose answer is lost cannot be asked about: a person is told to look. */
            bool may_be_told = by_reply && sent.outcome == CONNECTOR_FINAL &&
                               str_find(sent.why, S("Look into the chat")) >= 0;
            if ((sent.outcome != CONNECTOR_SENT && !may_be_told) ||
                sim_channel_count(&ch, SIM_COUNT_ACCEPTED) != n)
                fail_msg("%s, %s: %s, %lld of %d taken", sim_fault_name(modes[i]),
                    by_reply ? "reply" : "push", connector_outcome_name(sent.outcome),
                    (long long)sim_channel_count(&ch, SIM_COUNT_ACCEPTED), n);
        }
    }
    assert_int_equal(sim_channel_count(&ch, SIM_COUNT_DOUBLES), 0);
    sim_channel_close(&ch);
}

static void a_second_piece_is_not_taken_for_sent_because_the_first_used_the_token(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct connector_item *it = asha(&ch, (struct sim_say){.text = S("Hi")});
    (void)until_settled(
        &ch, it, (struct connector_outgoing){.text = S("one"), .delivery_id = S("1.1")});
    sim_channel_fault(&ch, SIM_FAULT_SERVER_ERROR, "message/push", 1);
    struct connector_sent sent = until_settled(
        &ch, it, (struct connector_outgoing){.text = S("two"), .delivery_id = S("1.2")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sim_channel_taken(&ch, 1).text, "two");
    sim_channel_close(&ch);
}

static void groups_are_answered_where_they_are_and_their_members_have_names(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct connector_item *it =
        asha(&ch, (struct sim_say){.text = S("Hi"), .conversation = S("C1")});
    struct connector_sent sent =
        sim_channel_answer(&ch, it, (struct connector_outgoing){.text = S("Hello")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sim_channel_taken(&ch, 0).conversation, "C1");
    struct connector_item person;
    assert_ok(ch.c->person(ch.client, test_arena(), &ch.setup, it->contact_external_id,
        it->thread_key, &sent, &person));
    assert_str(person.contact_name, "Asha");
    assert_ok(ch.c->person(
        ch.client, test_arena(), &ch.setup, it->contact_external_id, (str){0}, &sent, &person));
    assert_str(person.contact_name, "Asha");
    sim_channel_close(&ch);
}

static void files_stickers_places_and_presses_are_understood(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct sim_file f = {S("video/mp4"), S("v.mp4"), S("moving pictures")};
    settings_of(&ch, "{\"videos\":\"slow\"}");
    const struct connector_item *it = asha(&ch, (struct sim_say){.files = &f, .n_files = 1});
    struct connector_source from;
    assert_ok(ch.c->media(ch.client, test_arena(), &ch.setup, &it->attachments[0], &from));
    assert_int_equal(from.end.outcome, CONNECTOR_RETRY);
    int status = 0;
    assert_str(sim_channel_file(&ch, &it->attachments[0], &status), "moving pictures");
    assert_str(asha(&ch, (struct sim_say){.kind = S("sticker")})->text, "hello");
    assert_true(str_find(asha(&ch, (struct sim_say){.kind = S("location")})->parts,
                    S("\"latitude\":35.65")) >= 0);
    it = asha(&ch, (struct sim_say){
                       .kind = S("postback"), .text = S("{\"id\":\"csat:5\",\"title\":\"Good\"}")});
    assert_str(it->text, "Good");
    sim_channel_close(&ch);
}

static void a_withdrawn_message_is_gone_and_so_is_its_file(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const struct sim_file f = {S("image/jpeg"), S("a.jpg"), S("picture")};
    const struct connector_item *it = asha(&ch, (struct sim_say){.files = &f, .n_files = 1});
    const struct connector_item *gone =
        asha(&ch, (struct sim_say){.kind = S("unsend"), .reply_to = it->external_id});
    assert_int_equal(gone->kind, ITEM_DELETE);
    assert_true(str_eq(gone->external_id, it->external_id));
    int status = 0;
    (void)sim_channel_file(&ch, &it->attachments[0], &status);
    assert_int_equal(status, 410);
    sim_channel_close(&ch);
}

static void a_delivery_that_was_refused_comes_again_as_the_same(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    const int refuse = 500;
    settings_of(&ch, "{\"redelivery\":\"yes\"}");
    world_answers(&refuse, 1);
    (void)sim_channel_say(&ch, (struct sim_say){.text = S("Hi")});
    sim_clock_advance(world_sim(), 61 * 1000);
    assert_true(sim_settle(world_sim(), 10000));
    assert_int_equal(world_hooks(), 2);
    struct connector_batch a = sim_channel_hook(&ch, 0), b = sim_channel_hook(&ch, 1);
    assert_true(str_eq(a.delivery_id, b.delivery_id));
    assert_true(str_eq(a.items[0].external_id, b.items[0].external_id));
    assert_true(str_find(world_hook(1).body, S("\"isRedelivery\":true")) >= 0);
    assert_true(str_find(b.items[0].token, S("\"at\":1767225600000")) >= 0); /* the event's */
    sim_channel_close(&ch);
}

static void the_month_ends_and_blocked_people_get_nothing(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    struct connector_item it = *asha(&ch, (struct sim_say){.text = S("Hi")});
    it.token = (str){0};
    settings_of(&ch, "{\"quota\":\"2\"}");
    (void)asha(&ch, (struct sim_say){.kind = S("unfollow")});
    assert_true(sim_channel_newest(&ch)->is_gone);
    const enum connector_outcome expected[] = {CONNECTOR_SENT, CONNECTOR_SENT, CONNECTOR_FINAL};
    for (int i = 0; i < 3; i++) {
        struct connector_sent sent = sim_channel_answer(&ch, &it,
            (struct connector_outgoing){
                .text = S("x"), .delivery_id = str_print(test_arena(), "d%d", i)});
        assert_int_equal(sent.outcome, expected[i]);
        if (i == 2)
            assert_true(str_find(sent.why, S("month")) >= 0);
    }
    assert_int_equal(sim_channel_count(&ch, SIM_COUNT_ACCEPTED), 0);
    sim_channel_close(&ch);
}

static void the_account_is_known_read_marks_and_tokens_work(void **state)
{
    (void)state;
    struct sim_channel ch = open_channel();
    struct connector_checked checked = {0};
    struct connector_sent sent;
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &checked));
    assert_str(checked.accounts[0].handle, "@sevasim");
    const struct connector_item *it = asha(&ch, (struct sim_say){.text = S("Hi")});
    const struct connector_act act = {.setup = &ch.setup,
        .kind = ACT_READ,
        .external_id = it->external_id,
        .token = it->token,
        .now_ms = TEST_NOW_MS};
    assert_ok(ch.c->act(ch.client, test_arena(), &act, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(calls_to(&ch, "/v2/bot/chat/markAsRead"), 1);
    assert_ok(ch.c->typing(
        ch.client, test_arena(), &ch.setup, it->contact_external_id, it->thread_key, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    ch.setup.settings = S("{\"channel_id\":\"1650000000\"}");
    ch.setup.secrets = S("{\"channel_secret\":\"seva-line-channel-secret\"}");
    assert_ok(ch.c->check(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &checked));
    assert_int_equal(checked.n, 1);
    assert_true(str_find(checked.accounts[0].secrets, S("line-channel-access-token")) >= 0);
    sim_channel_close(&ch);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_answered_for_free_at_first_and_pushed_later),
        TEST(no_fault_doubles_a_message_or_loses_it_unsaid),
        TEST(a_second_piece_is_not_taken_for_sent_because_the_first_used_the_token),
        TEST(groups_are_answered_where_they_are_and_their_members_have_names),
        TEST(files_stickers_places_and_presses_are_understood),
        TEST(a_withdrawn_message_is_gone_and_so_is_its_file),
        TEST(a_delivery_that_was_refused_comes_again_as_the_same),
        TEST(the_month_ends_and_blocked_people_get_nothing),
        TEST(the_account_is_known_read_marks_and_tokens_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
