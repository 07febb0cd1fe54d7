/* What is WhatsApp's own, from customer to agent and back: two ids of one person, files that want
 * our token, edits and deletions, the phone's app, and what a status says. What all networks have
 * is in networks.c. */
#include "network_world.h"

static const struct network_channel channel = {
    .kind = "whatsapp",
    .settings = "{\"business_account_id\":\"88001\"}",
    .secrets = "{\"access_token\":\"EAAGsevaPageToken123\",\"app_secret\":"
               "\"seva-meta-app-secret-0001\"}",
    .external_id = "99001",
    .verify_token = "our token",
};
static const struct sim_say asha = {
    .from_id = S_INIT("15557770001"), .from_name = S_INIT("Asha"), .text = S_INIT("Where is it?")};

static const struct sim_file note = {
    S_INIT("text/plain"), S_INIT("note.txt"), S_INIT("words in a file")};
static const struct sim_say sends_note = {
    .from_id = S_INIT("15557770001"), .files = &note, .n_files = 1};

static void open_world(struct network_world *n, void **state)
{
    network_world_open(n, *state, NULL);
    (void)network_connect(n, &channel);
}

static str says(struct network_world *n, const char *kind, str reply_to, const char *text)
{
    return network_say(n, "whatsapp",
        &(struct sim_say){.from_id = asha.from_id,
            .kind = str_from(kind),
            .reply_to = reply_to,
            .text = str_from(text)});
}

/* A member of the newest conversation's nth message, oldest first. */
static str shown(struct network_world *n, const char *path)
{
    struct arena *a = &n->app->arena;
    str target =
        str_print(a, "/api/v1/conversations/%.*s/messages", SARG(conversation_newest(&n->w)));
    assert_int_equal(test_request(n->app, "GET", str_z(a, target), NULL), 200);
    return test_text(n->app, path);
}

static str timeline(struct network_world *n)
{
    return network_timeline(n, conversation_newest(&n->w));
}

/* The owner answers and it goes out; the network's id of it, and our own. */
static str answers(struct network_world *n, const char *text, str *ours)
{
    struct sim_entry *sent;
    const struct sim_query query = {
        .network = S("whatsapp"), .has_kind = true, .kind = SIM_KIND_MESSAGE};
    *ours = reply(&n->w, conversation_newest(&n->w), text);
    clock_advance(6000);
    network_run(n);
    assert_int_equal(sim_ledger_read(n->sim, &n->app->arena, &query, &sent), 1);
    return sent[0].id;
}

static void special(struct network_world *n, const char *what, str json)
{
    const struct json *input = NULL;
    str answer = {0}, why = {0};
    struct arena *a = &n->app->arena;
    assert_ok(json_parse(a, json, &input, &why));
    assert_ok(
        sim_special(n->sim, a, S("whatsapp"), (str){0}, str_from(what), input, &answer, &why));
    network_run(n);
}

static void a_read_answer_is_shown_as_read(void **state)
{
    struct network_world n;
    str ours;
    open_world(&n, state);
    network_say(&n, "whatsapp", &asha);
    str id = answers(&n, "On its way", &ours);
    special(&n, "read",
        str_print(&n.app->arena, "{\"id\":\"%.*s\",\"person\":\"15557770001\"}", SARG(id)));
    assert_str(message_state(&n.w, conversation_newest(&n.w), ours), "read");
    network_world_close(&n);
}

static void an_answer_that_the_network_could_not_bring_has_failed_with_its_reason(void **state)
{
    struct network_world n;
    str ours;
    open_world(&n, state);
    network_say(&n, "whatsapp", &asha);
    special(&n, "fail", S("{\"person\":\"15557770001\",\"code\":131026}"));
    (void)answers(&n, "On its way", &ours);
    assert_str(message_state(&n.w, conversation_newest(&n.w), ours), "failed");
    assert_true(str_find(shown(&n, "items.1.error"), S("is not on WhatsApp")) >= 0);
    network_world_close(&n);
}

static void an_answer_that_never_came_is_settled_by_the_status_and_nothing_goes_twice(void **state)
{
    struct network_world n;
    str ours;
    open_world(&n, state);
    network_say(&n, "whatsapp", &asha);
    assert_ok(sim_fault_add(n.sim,
        &(struct sim_fault){.path = S("/messages"), .mode = SIM_FAULT_RESET_AFTER, .count = 1}));
    (void)answers(&n, "On its way", &ours);
    clock_advance(3600 * 1000);
    network_run(&n);
    assert_str(message_state(&n.w, conversation_newest(&n.w), ours), "delivered");
    assert_int_equal(network_count(&n, "whatsapp", SIM_COUNT_ACCEPTED), 1);
    network_world_close(&n);
}

/* WhatsApp does not keep the order of messages that come close together. */
static void the_pieces_of_a_long_answer_go_two_seconds_apart(void **state)
{
    struct network_world n;
    char text[5001];
    open_world(&n, state);
    network_say(&n, "whatsapp", &asha);
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 10 == 9 ? ' ' : 'a';
    text[sizeof text - 1] = '\0';
    (void)reply(&n.w, conversation_newest(&n.w), text);
    clock_advance(6000); /* an answer is held, so that it can be taken back */
    network_run(&n);
    assert_int_equal(network_count(&n, "whatsapp", SIM_COUNT_ACCEPTED), 1);
    clock_advance(1999);
    network_run(&n);
    assert_int_equal(network_count(&n, "whatsapp", SIM_COUNT_ACCEPTED), 1);
    clock_advance(1);
    network_run(&n);
    assert_int_equal(network_count(&n, "whatsapp", SIM_COUNT_ACCEPTED), 2);
    network_world_close(&n);
}

static void a_person_is_the_same_by_number_by_both_ids_and_by_user_id(void **state)
{
    struct network_world n;
    str why = {0}, first = {0};
    static const char *const people[] = {
        "\"from\":\"15557770001\"",
        "\"from\":\"15557770001\",\"from_user_id\":\"US.134915557770001\"",
        "\"from_user_id\":\"US.134915557770001\"",
        "\"from\":\"15557770001\"",
    };
    open_world(&n, state);
    for (int i = 0; i < 4; i++) {
        str event = str_print(&n.app->arena,
            "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"88001\",\"changes\":[{"
            "\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"99001\"},"
            "\"messages\":[{%s,\"id\":\"wamid.P%d\",\"timestamp\":\"%lld\",\"type\":\"text\","
            "\"text\":{\"body\":\"%d\"}}]}}]}]}",
            people[i], i, (long long)clock_now_ms() / 1000, i);
        assert_ok(sim_event(n.sim, &n.app->arena, S("whatsapp"), (str){0}, event, &why));
        clock_advance(1000);
        network_run(&n);
        str now = conversation_newest(&n.w);
        if (i && !str_eq(now, first))
            fail_msg("message %d made a person of its own", i);
        first = str_copy(&n.app->arena, now);
    }
    assert_str(timeline(&n), "in:0|in:1|in:2|in:3");
    network_world_close(&n);
}

static void a_file_of_a_customer_is_fetched_with_our_token(void **state)
{
    struct network_world n;
    open_world(&n, state);
    network_say(&n, "whatsapp", &sends_note);
    assert_str(shown(&n, "items.0.attachments.0.state"), "ready");
    assert_str(shown(&n, "items.0.attachments.0.name"), "note.txt");
    network_world_close(&n);
}

static void an_address_that_has_run_out_is_asked_for_anew(void **state)
{
    struct network_world n;
    open_world(&n, state);
    assert_ok(sim_fault_add(n.sim,
        &(struct sim_fault){.path = S("/_media"), .mode = SIM_FAULT_UNAUTHORIZED, .count = 1}));
    network_say(&n, "whatsapp", &sends_note);
    assert_str(shown(&n, "items.0.attachments.0.state"), "ready");
    assert_int_equal(network_count(&n, "whatsapp", SIM_COUNT_FAULTS), 1);
    network_world_close(&n);
}

static void a_file_that_is_not_the_one_announced_is_not_taken(void **state)
{
    struct network_world n;
    str why = {0};
    open_world(&n, state);
    assert_ok(sim_account_set(n.sim, S("whatsapp"),
        &(struct sim_account_set){.settings = S("{\"hash\":\"wrong\"}")}, &why));
    network_say(&n, "whatsapp", &sends_note);
    assert_str(shown(&n, "items.0.attachments.0.state"), "fetching");
    assert_ok(sim_account_set(
        n.sim, S("whatsapp"), &(struct sim_account_set){.settings = S("{}")}, &why));
    clock_advance(60 * 1000);
    network_run(&n);
    assert_str(shown(&n, "items.0.attachments.0.state"), "ready");
    network_world_close(&n);
}

static void edits_reactions_and_deletions_reach_the_message(void **state)
{
    struct network_world n;
    str ours;
    open_world(&n, state);
    str id = network_say(&n, "whatsapp", &asha);
    says(&n, "edit", id, "Where is order 1001?");
    assert_str(timeline(&n), "in:Where is order 1001?");
    says(&n, "reaction", answers(&n, "Here", &ours), "👍");
    assert_str(shown(&n, "items.1.reactions.0.emoji"), "👍");
    says(&n, "delete", id, "");
    assert_true(shown(&n, "items.0.deleted_at").len > 0);
    network_world_close(&n);
}

static void what_the_phones_app_says_shows_as_ours(void **state)
{
    struct network_world n;
    open_world(&n, state);
    network_say(&n, "whatsapp", &asha);
    clock_advance(1000);
    says(&n, "echo", (str){0}, "from the phone");
    assert_str(timeline(&n), "in:Where is it?|out:from the phone");
    network_world_close(&n);
}

static int begin(struct network_world *n, channel_id on, const char *more)
{
    return test_request(n->app, "POST", "/api/v1/conversations",
        str_z(&n->app->arena,
            str_print(&n->app->arena, "{\"channel_id\":\"%lld\",%s}", (long long)on.v, more)));
}

#define RAVI "\"contact\":{\"name\":\"Ravi\",\"phone\":\"+1 (555) 777-0009\"}"
#define TEMPLATE                                                                                   \
    "\"parts\":[{\"type\":\"template\",\"name\":\"order_update\",\"language\":\"en_US\",\"variables\":{\"1\":\"Ravi\",\"2\":\"7\"}}]"

static void somebody_is_written_to_first_by_template_at_their_number(void **state)
{
    struct network_world n;
    network_world_open(&n, *state, NULL);
    channel_id on = network_connect(&n, &channel);
    network_run(&n); /* the templates come */
    assert_int_equal(begin(&n, on, RAVI), 400);
    assert_str(test_text(n.app, "error.field"), "text");
    assert_int_equal(begin(&n, on, RAVI ",\"text\":\"Hello\""), 409); /* no window, no text */
    assert_int_equal(begin(&n, on, "\"contact\":{\"name\":\"R\"}," TEMPLATE), 400);
    assert_str(test_text(n.app, "error.field"), "contact.phone");
    assert_int_equal(begin(&n, on, "\"contact\":{\"name\":\"R\",\"phone\":\"no\"}," TEMPLATE), 400);
    assert_int_equal(begin(&n, on, RAVI "," TEMPLATE), 201);
    clock_advance(6000);
    network_run(&n);
    assert_str(message_state(&n.w, conversation_newest(&n.w), shown(&n, "items.0.id")), "sent");
    assert_int_equal(network_count(&n, "whatsapp", SIM_COUNT_ACCEPTED), 1);
    network_world_close(&n);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_read_answer_is_shown_as_read),
        TEST_APP(an_answer_that_the_network_could_not_bring_has_failed_with_its_reason),
        TEST_APP(an_answer_that_never_came_is_settled_by_the_status_and_nothing_goes_twice),
        TEST_APP(the_pieces_of_a_long_answer_go_two_seconds_apart),
        TEST_APP(a_person_is_the_same_by_number_by_both_ids_and_by_user_id),
        TEST_APP(a_file_of_a_customer_is_fetched_with_our_token),
        TEST_APP(an_address_that_has_run_out_is_asked_for_anew),
        TEST_APP(a_file_that_is_not_the_one_announced_is_not_taken),
        TEST_APP(edits_reactions_and_deletions_reach_the_message),
        TEST_APP(what_the_phones_app_says_shows_as_ours),
        TEST_APP(somebody_is_written_to_first_by_template_at_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
