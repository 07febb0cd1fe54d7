/* Replies and notes: exactly one of two at once, an undo window, states that only go forward. */
#include "world.h"

#include "care/delivery.h"
#include "care/lifecycle.h"
#include "store/conversation.h"
#include "store/desk.h"
#include "store/message.h"
#include "store/message_network.h"

static struct reply_new words(struct world *w, int64_t conversation, const char *text)
{
    static int n;
    return (struct reply_new){
        .text = str_from(text),
        .client_id = str_print(test_arena(), "r%d", ++n),
        .seen = look(w, conversation).last_message_id,
    };
}

static err add(struct world *w, int64_t agent, int64_t id, const struct reply_new *r,
    struct message *m, bool *is_repeat)
{
    struct conversation c;
    err e = reply_add(as_agent(w, agent), (conversation_id){id}, r, m, &c, is_repeat);
    if (e == OK)
        done(w);
    else
        undone(w);
    return e;
}

static void a_reply_is_held_and_its_job_waits_for_the_undo_window(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    int64_t reply = reply_as(w, ANNA, id, "On its way.");
    struct message m = look_message(w, reply);
    assert_str(m.state, "held");
    assert_int_equal(m.held_until_ms, TEST_NOW_MS + 5000);
    assert_str(m.author_name, "Anna");
    assert_int_equal(
        count(w, S("SELECT run_ms AS n FROM job WHERE kind = 'send'")), TEST_NOW_MS + 5000);
    struct conversation c = look(w, id);
    assert_int_equal(c.waiting_since_ms, 0);
    assert_str(c.preview, "On its way.");
    assert_str(c.preview_kind, "out");
}
ON_BOTH(a_reply_is_held_and_its_job_waits_for_the_undo_window)

static void the_same_client_id_gives_the_same_message_for_ever(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct reply_new r = words(w, id, "On its way.");
    struct message first, again;
    bool is_repeat = false;
    assert_ok(add(w, ANNA, id, &r, &first, &is_repeat));
    assert_false(is_repeat);
    world_later(INT64_C(90) * 24 * 3600 * 1000);
    assert_ok(add(w, ANNA, id, &r, &again, &is_repeat));
    assert_true(is_repeat);
    assert_int_equal(again.id.v, first.id.v);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE kind = 'out'")), 1);
}
ON_BOTH(the_same_client_id_gives_the_same_message_for_ever)

static void a_reply_against_stale_state_is_stopped_and_shows_what_was_missed(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct reply_new r = words(w, id, "On its way.");
    take(w, API, "rina", "Found it, thanks!");
    struct message m;
    bool is_repeat = false;
    assert_err(add(w, ANNA, id, &r, &m, &is_repeat), E_CONFLICT);
    assert_str(w->cx.fault.detail, "stale");
    assert_true(str_find(w->cx.fault.details_json, S("Found it, thanks!")) > 0);
    r.force = true;
    assert_ok(add(w, ANNA, id, &r, &m, &is_repeat));
}
ON_BOTH(a_reply_against_stale_state_is_stopped_and_shows_what_was_missed)

static void of_two_replies_to_the_same_state_one_goes(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct reply_new anna = words(w, id, "On its way."), ben = words(w, id, "Lost, sorry.");
    struct conversation_change to_team = {.has_team = true, .team = {TEAM}};
    struct conversation c;
    assert_ok(conversation_change(as_agent(w, ANNA), (conversation_id){id}, &to_team, &c));
    done(w);
    struct message m;
    bool is_repeat = false;
    assert_ok(add(w, ANNA, id, &anna, &m, &is_repeat));
    assert_err(add(w, BEN, id, &ben, &m, &is_repeat), E_CONFLICT);
    assert_str(w->cx.fault.detail, "stale");
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE kind = 'out'")), 1);
}
ON_BOTH(of_two_replies_to_the_same_state_one_goes)

static void my_own_reply_and_a_note_of_others_are_not_stale(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct reply_new first = words(w, id, "On its way."), second = words(w, id, "Tomorrow.");
    struct reply_new note = words(w, id, "a difficult one");
    note.is_note = true;
    struct message m;
    bool is_repeat = false;
    assert_ok(add(w, ANNA, id, &first, &m, &is_repeat));
    assert_ok(add(w, ANNA, id, &note, &m, &is_repeat));
    assert_ok(add(w, ANNA, id, &second, &m, &is_repeat));
}
ON_BOTH(my_own_reply_and_a_note_of_others_are_not_stale)

static void undo_brings_back_what_was_there(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct reply_new r = words(w, id, "Done, I think.");
    r.then = S("resolve");
    struct message m;
    bool is_repeat = false;
    world_later(1000);
    assert_ok(add(w, ANNA, id, &r, &m, &is_repeat));
    struct conversation c = look(w, id);
    assert_str(c.status, "resolved");
    assert_str(c.outcome, "solved");
    assert_ok(reply_cancel(as_agent(w, ANNA), m.id, &m));
    done(w);
    assert_str(m.state, "cancelled");
    c = look(w, id);
    assert_str(c.status, "open");
    assert_str(c.preview, "Where is it?");
    assert_int_equal(c.waiting_since_ms, TEST_NOW_MS);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM job WHERE kind = 'send'")), 0);
}
ON_BOTH(undo_brings_back_what_was_there)

static void undo_is_too_late_when_the_reply_is_on_its_way(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    int64_t reply = reply_as(w, ANNA, id, "On its way.");
    struct delivery_work work;
    assert_ok(message_set_sending(as_system(w), (message_id){reply}));
    assert_ok(delivery_load(&w->cx, (message_id){reply}, &work));
    done(w);
    assert_str(work.contact_external_id, "rina");
    assert_str(work.message.text, "On its way.");
    struct message m;
    assert_err(reply_cancel(as_agent(w, ANNA), (message_id){reply}, &m), E_CONFLICT);
    undone(w);
    assert_str(w->cx.fault.detail, "too_late");
}
ON_BOTH(undo_is_too_late_when_the_reply_is_on_its_way)

static void a_delivery_state_only_goes_forward(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    message_id reply = {reply_as(w, ANNA, id, "On its way.")};
    static const struct {
        const char *report, *becomes;
    } steps[] = {
        {"sending",   "sending"  },
        {"sent",      "sent"     },
        {"delivered", "delivered"},
        {"sent",      "delivered"},
        {"failed",    "delivered"},
        {"read",      "read"     },
        {"delivered", "read"     }
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_ok(message_set_state(
            as_system(w), reply, str_from(steps[i].report), S(""), S("x1"), clock_now_ms()));
        done(w);
        assert_str(look_message(w, reply.v).state, steps[i].becomes);
    }
    assert_str(look_message(w, reply.v).external_id, "x1");
}
ON_BOTH(a_delivery_state_only_goes_forward)

static void a_failed_reply_goes_out_again_when_the_agent_says_so(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    message_id reply = {reply_as(w, ANNA, id, "On its way.")};
    struct message m;
    assert_err(reply_retry(as_agent(w, ANNA), reply, &m), E_CONFLICT);
    undone(w);
    assert_ok(message_set_state(
        as_system(w), reply, S("failed"), S("Unknown number"), S(""), clock_now_ms()));
    done(w);
    assert_str(look_message(w, reply.v).error, "Unknown number");
    assert_ok(reply_retry(as_agent(w, ANNA), reply, &m));
    done(w);
    assert_str(m.state, "queued");
    assert_str(m.error, "");
}
ON_BOTH(a_failed_reply_goes_out_again_when_the_agent_says_so)

static void a_visitor_sees_a_reply_when_it_is_sent_and_not_before(struct world *w)
{
    int64_t id = take(w, WIDGET, "visitor", "Hello");
    int64_t before = count(w, S("SELECT COUNT(*) AS n FROM event WHERE audience = 2"));
    message_id reply = {reply_as(w, ANNA, id, "Hi!")};
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM event WHERE audience = 2")), before);
    assert_ok(message_set_state(as_system(w), reply, S("sent"), S(""), S(""), clock_now_ms()));
    done(w);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM event WHERE audience = 2"
                                " AND type = 'message.created'")),
        before + 1);
    assert_ok(delivery_read_upto(as_system(w), (conversation_id){id}, reply));
    done(w);
    assert_str(look_message(w, reply.v).state, "read");
    assert_int_equal(look_message(w, reply.v).read_ms, TEST_NOW_MS);
}
ON_BOTH(a_visitor_sees_a_reply_when_it_is_sent_and_not_before)

static void a_mention_tells_the_colleague_and_lets_them_see_it(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct conversation c;
    assert_err(conversation_get(as_agent(w, CLEO), (conversation_id){id}, &c), E_NOT_FOUND);
    undone(w);
    struct reply_new note = words(w, id, "@Cleo, have a look?");
    static const int64_t cleo[] = {CLEO};
    note.is_note = true;
    note.mentions = cleo;
    note.n_mentions = 1;
    struct message m;
    bool is_repeat = false;
    assert_ok(add(w, ANNA, id, &note, &m, &is_repeat));
    assert_ok(conversation_get(as_agent(w, CLEO), (conversation_id){id}, &c));
    struct notification *notes = NULL;
    ptrdiff_t n = 0;
    assert_ok(notification_list(&w->cx, true, (notification_id){0}, 10, &notes, &n));
    assert_int_equal(n, 1);
    assert_str(notes[0].type, "mention");
    assert_str(notes[0].actor_name, "Anna");
    done(w);
    assert_str(c.preview_kind, "note");
    assert_int_equal(c.waiting_since_ms, TEST_NOW_MS);
}
ON_BOTH(a_mention_tells_the_colleague_and_lets_them_see_it)

static void who_has_left_cannot_be_mentioned(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct reply_new note = words(w, id, "@Gone");
    static const int64_t gone[] = {GONE};
    note.is_note = true;
    note.mentions = gone;
    note.n_mentions = 1;
    struct message m;
    bool is_repeat = false;
    assert_err(add(w, ANNA, id, &note, &m, &is_repeat), E_INVALID);
    assert_str(w->cx.fault.field, "mentions");
}
ON_BOTH(who_has_left_cannot_be_mentioned)

static void an_agent_cannot_answer_what_they_cannot_see(struct world *w)
{
    int64_t id = take(w, API, "rina", "Where is it?");
    struct reply_new r = words(w, id, "On its way.");
    struct message m;
    bool is_repeat = false;
    assert_err(add(w, CLEO, id, &r, &m, &is_repeat), E_NOT_FOUND);
}
ON_BOTH(an_agent_cannot_answer_what_they_cannot_see)

static void a_started_conversation_reaches_the_person_on_the_api_channel(struct world *w)
{
    struct start_new start = {
        .channel = {API},
        .name = S("Omar"),
        .email = S("Omar@Shop.Example"),
        .text = S("Your parcel is here."),
        .client_id = S("s1"),
    };
    struct conversation c;
    struct message m;
    assert_ok(reply_start(as_agent(w, ANNA), &start, &c, &m));
    done(w);
    assert_str(c.status, "open");
    assert_str(m.text, "Your parcel is here.");
    assert_str(c.preview, "Your parcel is here.");
    assert_int_equal(c.assignee_id.v, ANNA);
    struct inbound_item answer = said(API, "omar@shop.example", "Thanks!");
    struct inbound_result r;
    assert_ok(inbound_take_many(as_system(w), &answer, 1, &r, NULL));
    done(w);
    assert_int_equal(r.conversation.v, c.id.v);
    start.channel.v = WIDGET;
    assert_err(reply_start(as_agent(w, ANNA), &start, &c, &m), E_INVALID);
    undone(w);
}
ON_BOTH(a_started_conversation_reaches_the_person_on_the_api_channel)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_reply_is_held_and_its_job_waits_for_the_undo_window),
        BOTH(the_same_client_id_gives_the_same_message_for_ever),
        BOTH(a_reply_against_stale_state_is_stopped_and_shows_what_was_missed),
        BOTH(of_two_replies_to_the_same_state_one_goes),
        BOTH(my_own_reply_and_a_note_of_others_are_not_stale),
        BOTH(undo_brings_back_what_was_there),
        BOTH(undo_is_too_late_when_the_reply_is_on_its_way),
        BOTH(a_delivery_state_only_goes_forward),
        BOTH(a_failed_reply_goes_out_again_when_the_agent_says_so),
        BOTH(a_visitor_sees_a_reply_when_it_is_sent_and_not_before),
        BOTH(a_mention_tells_the_colleague_and_lets_them_see_it),
        BOTH(who_has_left_cannot_be_mentioned),
        BOTH(an_agent_cannot_answer_what_they_cannot_see),
        BOTH(a_started_conversation_reaches_the_person_on_the_api_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
