/* Every network, played by the simulator over real sockets: a customer writes, it becomes a
 * conversation; the answer goes out, and what becomes of it comes back. What comes twice is one. */
#include "network_rows.h"
#include "network_world.h"

#include "base/id.h"
#include "store/job.h"
#include "store/message.h"

static str newest(struct network_world *nw)
{
    return conversation_newest(&nw->w);
}

static void talk(struct network_world *nw, const struct network_row *row)
{
    const char *kind = row->channel.kind;
    (void)network_connect(nw, &row->channel);
    struct sim_say say = row->say;
    say.text = S("Where is my order?");
    network_say(nw, kind, &say);
    str conversation = str_copy(&nw->app->arena, newest(nw));
    assert_str(network_timeline(nw, conversation), "in:Where is my order?");
    str message = reply(&nw->w, conversation, "We look at once.");
    clock_fix(clock_now_ms() + 60 * 1000); /* the time for undoing is over */
    network_run(nw);
    clock_fix(clock_now_ms() + 60 * 1000); /* the customer has looked */
    network_run(nw);
    /* Mastodon wants the person named in the text. */
    assert_true(str_ends(network_accepted(nw, kind), S("We look at once.")));
    assert_str(message_state(&nw->w, conversation, message), row->reaches);
    /* Our own message, as the network echoes it, is not a second one. */
    assert_str(network_timeline(nw, conversation), "in:Where is my order?|out:We look at once.");
    assert_int_equal(network_count(nw, kind, SIM_COUNT_DOUBLES), 0);
}

static void a_customer_is_answered(void **state)
{
    for (int i = 0; i < NETWORK_ROWS; i++) {
        struct network_world nw;
        print_message("# %s\n", network_rows[i].channel.kind);
        network_world_open(&nw, *state, NULL);
        talk(&nw, &network_rows[i]);
        network_world_close(&nw);
    }
}

static void what_comes_twice_is_one_message(void **state)
{
    for (int i = 0; i < NETWORK_ROWS; i++) {
        struct network_world nw;
        print_message("# %s\n", network_rows[i].channel.kind);
        network_world_open(&nw, *state, NULL);
        (void)network_connect(&nw, &network_rows[i].channel);
        assert_ok(sim_fault_add(
            nw.sim, &(struct sim_fault){.network = str_from(network_rows[i].channel.kind),
                        .is_webhook = true,
                        .mode = SIM_FAULT_DUPLICATE}));
        struct sim_say say = network_rows[i].say;
        say.text = S("Twice");
        network_say(&nw, network_rows[i].channel.kind, &say);
        assert_str(network_timeline(&nw, newest(&nw)), "in:Twice");
        network_world_close(&nw);
    }
}

#define NETWORK_X_SECRETS                                                                          \
    "{\"access_token\":\"x-user-token\",\"bearer_token\":\"x-app-token\",\"consumer_secret\":"     \
    "\"seva-x-consumer-secret\"}"

/* X takes 15 messages in 15 minutes: too few for the stories of outages, so it has its own row. */
static void a_direct_message_on_x_is_answered(void **state)
{
    static const struct network_row x = {
        .channel = {"x", "{}", NETWORK_X_SECRETS,    "1111", ""},
        .say = {.from_id = S_INIT("2222"), .from_name = S_INIT("Asha"),     .kind = S_INIT("dm")},
        .reaches = "sent"
    };
    struct network_world nw;
    network_world_open(&nw, *state, NULL);
    talk(&nw, &x);
    network_world_close(&nw);
}

/* X: a post that calls on us is answered under it. */
static void a_post_is_answered_where_the_network_lets_us(void **state)
{
    struct network_world nw;
    const struct network_channel x = {"x", "{}", NETWORK_X_SECRETS, "1111", ""};
    network_world_open(&nw, *state, NULL);
    (void)network_connect(&nw, &x);
    str post = network_say(&nw, "x",
        &(struct sim_say){.kind = S("mention"), .text = S("@SevaCare where is my order?")});
    str conversation = str_copy(&nw.app->arena, newest(&nw));
    str message = reply(&nw.w, conversation, "We look at once.");
    clock_fix(clock_now_ms() + 60 * 1000);
    network_run(&nw);
    assert_str(network_accepted(&nw, "x"), "We look at once.");
    assert_str(message_state(&nw.w, conversation, message), "sent");
    assert_str(network_timeline(&nw, conversation),
        "in:@SevaCare where is my order?|out:We look at once.");
    assert_true(post.len > 0);
    assert_int_equal(network_count(&nw, "x", SIM_COUNT_DOUBLES), 0);
    network_world_close(&nw);
}

/* What a network forgot to send is found by comparing, told, and taken in. */
static void what_a_network_forgot_is_found_and_told(void **state)
{
    struct network_world nw;
    const struct network_row *row = &network_rows[0]; /* Facebook calls us and can be asked */
    network_world_open(&nw, *state, NULL);
    str id = str_print(&nw.app->arena, "%lld", (long long)network_connect(&nw, &row->channel).v);
    struct sim_say say = row->say;
    say.text = S("It came");
    network_say(&nw, row->channel.kind, &say);
    assert_ok(sim_fault_add(nw.sim, &(struct sim_fault){.network = str_from(row->channel.kind),
                                        .is_webhook = true,
                                        .mode = SIM_FAULT_DROP,
                                        .count = 1}));
    say.text = S("It was forgotten");
    network_say(&nw, row->channel.kind, &say);
    assert_str(network_timeline(&nw, newest(&nw)), "in:It came");
    clock_fix(clock_now_ms() + 20 * 60 * 1000); /* nothing is on its way any more */
    str target = str_print(&nw.app->arena, "/api/v1/channels/%.*s/reconciliations", SARG(id));
    struct ctx *cx = test_begin(nw.app);
    assert_ok(job_cancel(cx, S("poll"), id)); /* comparing finds it, not the next poll */
    test_commit(nw.app, cx);
    assert_int_equal(test_request(nw.app, "POST", str_z(&nw.app->arena, target), NULL), 204);
    network_run(&nw);
    assert_int_equal(test_request(nw.app, "GET", str_z(&nw.app->arena, target), NULL), 200);
    assert_int_equal(test_int(nw.app, "items.0.seen"), 2);
    assert_int_equal(test_int(nw.app, "items.0.missed"), 1);
    assert_str(test_text(nw.app, "items.0.details.0.text"), "It was forgotten");
    assert_str(network_timeline(&nw, newest(&nw)), "in:It came|in:It was forgotten");
    assert_int_equal(test_request(nw.app, "POST", str_z(&nw.app->arena, target), NULL), 204);
    network_run(&nw);
    assert_int_equal(test_request(nw.app, "GET", str_z(&nw.app->arena, target), NULL), 200);
    assert_int_equal(test_int(nw.app, "items.0.missed"), 0);
    char *channel = str_z(&nw.app->arena, str_cat(&nw.app->arena, S("/api/v1/channels/"), id));
    assert_int_equal(test_request(nw.app, "PATCH", channel, "{\"is_enabled\":false}"), 200);
    assert_int_equal(test_request(nw.app, "POST", str_z(&nw.app->arena, target), NULL), 409);
    network_world_close(&nw);
}

static const struct network_row *row_of(const char *kind)
{
    int i = 0;
    while (i < NETWORK_ROWS - 1 && !str_eq(str_from(network_rows[i].channel.kind), str_from(kind)))
        i++;
    return &network_rows[i];
}

static bool is_deleted(struct network_world *nw, str message)
{
    struct message m;
    int64_t id;
    assert_ok(id_parse(message, &id));
    struct ctx *cx = test_begin(nw->app);
    assert_ok(message_get(cx, (message_id){id}, &m));
    test_rollback(nw->app, cx);
    return m.deleted_ms > 0;
}

/* LinkedIn's calls are counted by the day. Its webhook says of a comment of ours that it is there,
 * not below which: what was written here is known, and only what is new is asked for. */
static void an_echo_of_our_own_comment_asks_nothing(void **state)
{
    enum {
        CALLS_OF_ONE = 4,   /* notifications, comment, the one above it, post */
        CALLS_OF_OTHER = 2, /* the notifications name ours as well: once */
    };
    struct network_world nw;
    const struct network_row *row = row_of("linkedin");
    network_world_open(&nw, *state, NULL);
    (void)network_connect(&nw, &row->channel);
    str theirs = network_say(&nw, "linkedin", &(struct sim_say){.text = S("Open today?")});
    str conversation = str_copy(&nw.app->arena, newest(&nw));
    (void)reply(&nw.w, conversation, "Until six.");
    clock_fix(clock_now_ms() + 60 * 1000); /* the time for undoing is over */
    int64_t calls = network_count(&nw, "linkedin", SIM_COUNT_CALLS);
    network_run(&nw);
    assert_str(network_timeline(&nw, conversation), "in:Open today?|out:Until six.");
    assert_int_equal(network_count(&nw, "linkedin", SIM_COUNT_CALLS), calls + 1);
    struct sim_say say = {.text = S("And on Sunday."),
        .from_id = str_from(row->channel.external_id),
        .reply_to = theirs};
    for (int i = 0; i < 2; i++) { /* in LinkedIn itself */
        calls = network_count(&nw, "linkedin", SIM_COUNT_CALLS);
        network_tell(&nw, "linkedin", &say);
        network_run(&nw);
        assert_int_equal(network_count(&nw, "linkedin", SIM_COUNT_CALLS),
            calls + CALLS_OF_ONE + (i ? 0 : CALLS_OF_OTHER));
        say.text = S("Also at noon.");
    }
    assert_str(network_timeline(&nw, conversation),
        "in:Open today?|out:Until six.|out:And on Sunday.|out:Also at noon.");
    network_world_close(&nw);
}

/* Google keeps one answer below a review, and names it anew with each change. */
static void a_corrected_answer_is_still_the_same_and_a_further_one_replaces_it(void **state)
{
    struct network_world nw;
    const struct network_row *row = row_of("google_reviews");
    network_world_open(&nw, *state, NULL);
    struct arena *a = &nw.app->arena;
    (void)network_connect(&nw, &row->channel);
    network_say(&nw, row->channel.kind, &(struct sim_say){.text = S("Slow")});
    str conversation = str_copy(a, newest(&nw));
    str first = reply(&nw.w, conversation, "Sory");
    clock_fix(clock_now_ms() + 10 * 60 * 1000);
    network_run(&nw);
    str act = str_print(a, "/api/v1/messages/%.*s/act", SARG(first));
    assert_int_equal(
        test_request(nw.app, "POST", str_z(a, act), "{\"kind\":\"edit\",\"text\":\"Sorry\"}"), 200);
    for (int i = 0; i < 3; i++) {
        clock_fix(clock_now_ms() + 10 * 60 * 1000);
        network_run(&nw);
    }
    assert_str(network_timeline(&nw, conversation), "in:Slow|out:Sorry");
    assert_false(is_deleted(&nw, first));
    str second = reply(&nw.w, conversation, "Better now?");
    for (int i = 0; i < 3; i++) {
        clock_fix(clock_now_ms() + 10 * 60 * 1000);
        network_run(&nw);
    }
    assert_str(network_timeline(&nw, conversation), "in:Slow|out:Sorry|out:Better now?");
    assert_true(is_deleted(&nw, first));
    assert_false(is_deleted(&nw, second));
    network_world_close(&nw);
}

static void somebody_is_written_to_first_where_the_network_goes_by_numbers(void **state)
{
    struct network_world nw;
    network_world_open(&nw, *state, NULL);
    struct arena *a = &nw.app->arena;
    long long on = (long long)network_connect(&nw, &row_of("sms")->channel).v;
    const char *body = str_z(a,
        str_print(a,
            "{\"channel_id\":\"%lld\",\"contact\":{\"email\":\"r@x.example\",\"phone\":\"+1 555-777-0001\"},"
            "\"text\":\"Your parcel waits.\"}",
            on));
    assert_int_equal(test_request(nw.app, "POST", "/api/v1/conversations", body), 201);
    clock_fix(clock_now_ms() + 60 * 1000);
    network_run(&nw);
    assert_str(network_accepted(&nw, "sms"), "Your parcel waits.");
    struct sim_say say = row_of("sms")->say; /* from that number */
    say.text = S("I come");
    network_say(&nw, "sms", &say);
    assert_str(network_timeline(&nw, newest(&nw)), "out:Your parcel waits.|in:I come");
    network_world_close(&nw);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(a_customer_is_answered),
        TEST_APP(what_comes_twice_is_one_message),
        TEST_APP(a_direct_message_on_x_is_answered),
        TEST_APP(what_a_network_forgot_is_found_and_told),
        TEST_APP(an_echo_of_our_own_comment_asks_nothing),
        TEST_APP(somebody_is_written_to_first_where_the_network_goes_by_numbers),
        TEST_APP(a_corrected_answer_is_still_the_same_and_a_further_one_replaces_it),
        TEST_APP(a_post_is_answered_where_the_network_lets_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
