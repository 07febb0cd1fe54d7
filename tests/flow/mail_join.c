/* A mail that may belong to another conversation is put there by an agent, and taken out again:
 * messages, people, marks, drafts, mentions, states; where later mails go; who may. */
#include "mail_world.h"

#include "base/id.h"

struct join_world {
    struct mail_world mw;
    str into, from; /* Asha's conversation, and the one her other address began */
    str ours;       /* the name of our answer */
};

static const struct letter other_address = {.from = "asha@work.example",
    .subject = "Re: Where is my order?",
    .id = "w1@work.example",
    .text = "This is me, from work.",
    .verdict = "pass"};

static void open_join(struct join_world *jw, struct test_app *app)
{
    open_world(&jw->mw, app);
    arrives(&jw->mw, &first);
    jw->into = newest(&jw->mw);
    jw->ours = answered(&jw->mw, jw->into, "It comes today.");
    struct letter letter = other_address;
    letter.answers = jw->ours;
    arrives(&jw->mw, &letter);
    jw->from = newest(&jw->mw);
    assert_false(str_eq(jw->from, jw->into));
}

static int act(
    struct join_world *jw, const char *method, str id, const char *rest, const char *body)
{
    struct arena *a = &jw->mw.app->arena;
    str target = str_print(a, "/api/v1/conversations/%.*s/%s", SARG(id), rest);
    return test_request(jw->mw.app, method, str_z(a, target), body);
}

#define JOINED_LINE "in:It was to come on Monday.|out:It comes today.|in:This is me, from work."

/* "joined:<number>" of the activities. */
static str joins(struct join_world *jw, str id)
{
    struct arena *a = &jw->mw.app->arena;
    struct sb b = sb_make(a, 1 << 16);
    assert_int_equal(
        get(&jw->mw, str_print(a, "/api/v1/conversations/%.*s/messages", SARG(id))), 200);
    for (const struct json *m = json_get(jw->mw.app->json, S("items"))->first; m; m = m->next) {
        str type = json_text(json_path(m, S("activity.type")), S(""));
        if (str_find(type, S("join")) >= 0 || str_eq(type, S("separated")))
            sb_print(&b, b.len ? "|%.*s:%.*s" : "%.*s:%.*s", SARG(type),
                SARG(json_text(json_path(m, S("activity.to")), S(""))));
    }
    return sb_str(&b);
}

static void it_says_what_it_may_belong_to_and_why(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    assert_str(shown(&jw.mw, jw.from, "related.why"), "answer");
    assert_str(test_text(jw.mw.app, "related.sender"), "asha@work.example");
    assert_true(str_eq(test_text(jw.mw.app, "related.id"), jw.into));
    assert_true(json_bool(json_path(jw.mw.app->json, S("related.is_proven")), false));
    assert_false(json_bool(json_path(jw.mw.app->json, S("related.takes_part")), true));
    world_close(&jw.mw.w);
}

static void joined_messages_stand_in_their_order_and_both_say_so(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_true(str_eq(test_text(jw.mw.app, "id"), jw.into));
    assert_str(test_text(jw.mw.app, "preview"), "This is me, from work.");
    assert_str(timeline(&jw.mw, jw.into), JOINED_LINE);
    assert_str(timeline(&jw.mw, jw.from), "");
    assert_str(shown(&jw.mw, jw.from, "status"), "resolved");
    assert_true(str_eq(shown(&jw.mw, jw.from, "joined_id"), jw.into));
    assert_str(joins(&jw, jw.into), "joined:2");
    assert_str(joins(&jw, jw.from), "joined_into:1");
    assert_true(shown(&jw.mw, jw.into, "waiting_since").len > 0);
    world_close(&jw.mw.w);
}

static void joining_twice_is_joining_once(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_true(str_eq(test_text(jw.mw.app, "id"), jw.into));
    assert_str(timeline(&jw.mw, jw.into), JOINED_LINE);
    assert_str(joins(&jw, jw.into), "joined:2");
    world_close(&jw.mw.w);
}

static void the_sender_takes_part_from_then_on(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    struct letter more = other_address;
    more.id = "w2@work.example";
    more.text = "And one thing more.";
    more.answers = S("w1@work.example"); /* to the one that was joined */
    arrives(&jw.mw, &more);
    more.id = "w3@work.example";
    more.text = "Thanks.";
    more.answers = jw.ours;
    arrives(&jw.mw, &more);
    assert_str(timeline(&jw.mw, jw.into), JOINED_LINE "|in:And one thing more.|in:Thanks.");
    more.id = "w4@work.example"; /* without proof it is as before */
    more.verdict = NULL;
    arrives(&jw.mw, &more);
    assert_false(str_eq(newest(&jw.mw), jw.into));
    assert_true(str_eq(shown(&jw.mw, newest(&jw.mw), "related_id"), jw.into));
    world_close(&jw.mw.w);
}

static void separated_all_is_as_it_was(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    struct arena *a = &((struct test_app *)*state)->arena;
    str waiting = shown(&jw.mw, jw.from, "waiting_since");
    str preview = shown(&jw.mw, jw.into, "preview");
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    struct letter more = other_address;
    more.id = "w2@work.example";
    more.text = "And one thing more.";
    more.answers = jw.ours;
    arrives(&jw.mw, &more);
    assert_int_equal(act(&jw, "POST", jw.from, "separate", NULL), 200);
    assert_true(str_eq(test_text(jw.mw.app, "id"), jw.from));
    assert_str(test_text(jw.mw.app, "status"), "open");
    assert_true(str_eq(test_text(jw.mw.app, "waiting_since"), waiting));
    assert_str(timeline(&jw.mw, jw.from), "in:This is me, from work.");
    /* What came after stays where it came to. */
    assert_str(timeline(&jw.mw, jw.into),
        "in:It was to come on Monday.|out:It comes today.|in:And one thing more.");
    assert_str(preview, "It comes today.");
    assert_true(str_eq(shown(&jw.mw, jw.from, "related_id"), jw.into));
    assert_str(shown(&jw.mw, jw.from, "joined_id"), "");
    more.id = "w5@work.example"; /* and the sender is a stranger there again */
    arrives(&jw.mw, &more);
    assert_false(str_eq(newest(&jw.mw), jw.into));
    assert_int_equal(act(&jw, "POST", jw.from, "separate", NULL), 409);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_true(str_find(timeline(&jw.mw, jw.into), S("from work")) > 0);
    (void)a;
    world_close(&jw.mw.w);
}

static void what_was_not_read_is_not_read(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    struct arena *a = &jw.mw.app->arena;
    struct letter more = first; /* Asha writes after her other address did */
    more.id = "9@example.net";
    more.answers = jw.ours;
    more.text = "Hello?";
    arrives(&jw.mw, &more);
    str last = shown(&jw.mw, jw.into, "last_message_id");
    str mark = str_print(a, "{\"message_id\":\"%.*s\"}", SARG(last));
    assert_int_equal(act(&jw, "POST", jw.into, "read", str_z(a, mark)), 204);
    (void)shown(&jw.mw, jw.into, "id");
    assert_int_equal(test_int(jw.mw.app, "unread_count"), 0);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_int_equal(test_int(jw.mw.app, "unread_count"), 2); /* from work, and what follows it */
    assert_int_equal(act(&jw, "POST", jw.from, "separate", NULL), 200);
    (void)shown(&jw.mw, jw.into, "id");
    assert_int_equal(test_int(jw.mw.app, "unread_count"), 0);
    world_close(&jw.mw.w);
}

static void a_draft_goes_along_and_comes_back(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    assert_int_equal(
        act(&jw, "PUT", jw.from, "draft", "{\"kind\":\"reply\",\"text\":\"Dear Asha\"}"), 200);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_int_equal(act(&jw, "GET", jw.into, "draft", NULL), 200);
    assert_str(test_text(jw.mw.app, "text"), "Dear Asha");
    assert_int_equal(act(&jw, "POST", jw.from, "separate", NULL), 200);
    assert_int_equal(act(&jw, "GET", jw.from, "draft", NULL), 200);
    assert_str(test_text(jw.mw.app, "text"), "Dear Asha");
    /* A note never slips into an answer. */
    assert_int_equal(
        act(&jw, "PUT", jw.into, "draft", "{\"kind\":\"note\",\"text\":\"Careful.\"}"), 200);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_int_equal(act(&jw, "GET", jw.into, "draft", NULL), 200);
    assert_str(test_text(jw.mw.app, "text"), "Careful.");
    world_close(&jw.mw.w);
}

static void nothing_more_happens_in_one_that_was_joined(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    str last = shown(&jw.mw, jw.from, "last_message_id");
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    struct arena *a = &jw.mw.app->arena;
    str body = str_print(a,
        "{\"kind\":\"reply\",\"text\":\"hi\",\"client_id\":\"c-1\",\"seen_message_id\":\"%.*s\"}",
        SARG(last));
    assert_int_equal(act(&jw, "POST", jw.from, "messages", str_z(a, body)), 409);
    assert_str(test_text(jw.mw.app, "error.code"), "conflict.joined");
    assert_true(str_eq(test_text(jw.mw.app, "error.details.conversation_id"), jw.into));
    str target = str_print(a, "/api/v1/conversations/%.*s", SARG(jw.from));
    assert_int_equal(
        test_request(jw.mw.app, "PATCH", str_z(a, target), "{\"status\":\"open\"}"), 409);
    world_close(&jw.mw.w);
}

static void a_resolved_one_stays_resolved_unless_somebody_waits(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    struct arena *a = &jw.mw.app->arena;
    char *into = str_z(a, str_print(a, "/api/v1/conversations/%.*s", SARG(jw.into)));
    assert_int_equal(test_request(jw.mw.app, "PATCH", into, "{\"status\":\"resolved\"}"), 200);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_str(test_text(jw.mw.app, "status"), "open");
    assert_int_equal(act(&jw, "POST", jw.from, "separate", NULL), 200);
    char *from = str_z(a, str_print(a, "/api/v1/conversations/%.*s", SARG(jw.from)));
    assert_int_equal(test_request(jw.mw.app, "PATCH", into, "{\"status\":\"resolved\"}"), 200);
    assert_int_equal(test_request(jw.mw.app, "PATCH", from, "{\"status\":\"resolved\"}"), 200);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_str(test_text(jw.mw.app, "status"), "resolved");
    world_close(&jw.mw.w);
}

/* A third one that belongs to the second goes where the second went; and that comes apart only
 * before what it was put into does. */
static void joined_ones_lead_on(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    struct letter third = {.from = "ben@example.org",
        .subject = "Re: Where is my order?",
        .id = "b1@example.org",
        .text = "I help her.",
        .answers = S("w1@work.example"),
        .verdict = "pass"};
    arrives(&jw.mw, &third);
    str bens = newest(&jw.mw);
    assert_true(str_eq(shown(&jw.mw, bens, "related_id"), jw.from));
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    assert_true(str_eq(shown(&jw.mw, bens, "related.id"), jw.into));
    assert_int_equal(act(&jw, "POST", bens, "join", NULL), 200);
    assert_true(str_eq(test_text(jw.mw.app, "id"), jw.into));
    assert_int_equal(act(&jw, "POST", jw.from, "separate", NULL), 200);
    assert_str(timeline(&jw.mw, jw.from), "in:This is me, from work.");
    assert_true(str_find(timeline(&jw.mw, jw.into), S("I help her.")) > 0);
    world_close(&jw.mw.w);
}

static void after_thirty_days_it_stays(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 200);
    clock_advance(INT64_C(31) * 24 * 3600 * 1000);
    struct arena *a = &jw.mw.app->arena;
    str target = str_print(a, "/api/v1/conversations/%.*s/separate", SARG(jw.from));
    assert_int_equal(
        test_request_as(jw.mw.app, jw.mw.app->owner_token, "POST", str_z(a, target), NULL), 409);
    assert_str(test_text(jw.mw.app, "error.code"), "conflict.too_late");
    world_close(&jw.mw.w);
}

static void who_sees_only_one_of_them_cannot_join(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    struct arena *a = &jw.mw.app->arena;
    agent_id bo;
    str token = test_agent_add(jw.mw.app, "bo@shop.example", "agent", &bo);
    str scope = str_print(a, "{\"grants\":[{\"scope\":\"channel\",\"id\":\"%lld\"}]}",
        (long long)jw.mw.app->widget.v);
    str agent = str_print(a, "/api/v1/agents/%lld", (long long)bo.v);
    assert_int_equal(test_request(jw.mw.app, "PATCH", str_z(a, agent), str_z(a, scope)), 200);
    str assign = str_print(a, "{\"assignee_id\":\"%lld\"}", (long long)bo.v);
    str target = str_print(a, "/api/v1/conversations/%.*s", SARG(jw.from));
    assert_int_equal(test_request(jw.mw.app, "PATCH", str_z(a, target), str_z(a, assign)), 200);
    assert_int_equal(test_request_as(jw.mw.app, token, "GET", str_z(a, target), NULL), 200);
    assert_null(json_path(jw.mw.app->json, S("related.id"))); /* its number is not told */
    char *join = str_z(a, str_cat(a, target, S("/join")));
    assert_int_equal(test_request_as(jw.mw.app, token, "POST", join, NULL), 404);
    assert_str(timeline(&jw.mw, jw.from), "in:This is me, from work.");
    world_close(&jw.mw.w);
}

static void what_does_not_belong_asks_no_more(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    assert_int_equal(act(&jw, "DELETE", jw.from, "related", NULL), 204);
    assert_str(shown(&jw.mw, jw.from, "related_id"), "");
    assert_int_equal(act(&jw, "DELETE", jw.from, "related", NULL), 204);
    assert_int_equal(act(&jw, "POST", jw.from, "join", NULL), 409);
    world_close(&jw.mw.w);
}

static void a_number_in_the_subject_only_suggests(void **state)
{
    struct join_world jw;
    open_join(&jw, *state);
    const struct letter letter = {.from = "asha@example.net",
        .subject = "About #1 once more",
        .id = "n1@example.net",
        .text = "Any news?",
        .verdict = "pass"};
    arrives(&jw.mw, &letter);
    str id = newest(&jw.mw);
    assert_false(str_eq(id, jw.into));
    assert_str(shown(&jw.mw, id, "related.why"), "number");
    assert_true(str_eq(shown(&jw.mw, id, "related_id"), jw.into));
    world_close(&jw.mw.w);
}

static void another_subject_begins_a_conversation_where_that_is_wanted(void **state)
{
    static const struct {
        const char *subject;
        bool is_same;
    } cases[] = {
        {"AW: Re: Where is my order?",             true },
        {"[EXTERNAL] Re: [2]: where IS my order?", true },
        {"",                                       true },
        {"Another thing",                          false},
    };
    struct mail_world mw;
    open_world_with(&mw, *state,
        S("{\"receivers\":\"" BY_US "\",\"address\":\"" MAILBOX "\",\"subject_splits\":\"yes\"}"));
    arrives(&mw, &first);
    str id = newest(&mw);
    str ours = answered(&mw, id, "It comes today.");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct letter answer = first;
        answer.id = str_z(&mw.app->arena, str_print(&mw.app->arena, "a%zu@example.net", i));
        answer.subject = cases[i].subject;
        answer.answers = ours;
        arrives(&mw, &answer);
        assert_int_equal(str_eq(newest(&mw), id), cases[i].is_same);
    }
    str other = newest(&mw);
    assert_str(shown(&mw, other, "related.why"), "subject");
    assert_true(str_eq(shown(&mw, other, "related_id"), id));
    world_close(&mw.w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(it_says_what_it_may_belong_to_and_why),
        TEST_APP(joined_messages_stand_in_their_order_and_both_say_so),
        TEST_APP(joining_twice_is_joining_once),
        TEST_APP(the_sender_takes_part_from_then_on),
        TEST_APP(separated_all_is_as_it_was),
        TEST_APP(what_was_not_read_is_not_read),
        TEST_APP(a_draft_goes_along_and_comes_back),
        TEST_APP(nothing_more_happens_in_one_that_was_joined),
        TEST_APP(a_resolved_one_stays_resolved_unless_somebody_waits),
        TEST_APP(joined_ones_lead_on),
        TEST_APP(after_thirty_days_it_stays),
        TEST_APP(who_sees_only_one_of_them_cannot_join),
        TEST_APP(what_does_not_belong_asks_no_more),
        TEST_APP(a_number_in_the_subject_only_suggests),
        TEST_APP(another_subject_begins_a_conversation_where_that_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
