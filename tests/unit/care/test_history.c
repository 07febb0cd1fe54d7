/* Messages of the past, one a line: where each belongs, and that it stays as it was. */
#include "world.h"

#include "base/clock.h"
#include "care/history.h"
#include "store/conversation.h"

#include "test.h" /* last: cmocka has a macro `fail` */

enum { DAY_MS = 24 * 3600 * 1000, LINES_MAX = 40 };

static struct history_line lines[LINES_MAX];
static ptrdiff_t n_lines;

static void line(const char *text)
{
    /* What a file would say with double quotes. */
    str s = str_copy(test_arena(), str_from(text));
    char *at = str_z(test_arena(), s);
    for (char *p = at; *p; p++)
        if (*p == '\'')
            *p = '"';
    lines[n_lines++] = (struct history_line){.text = str_from(at)};
}

static void taken(struct world *w)
{
    struct history h;
    struct ctx *cx = as_system(w);
    assert_ok(history_open(cx, &h));
    assert_ok(history_take_many(cx, &h, lines, n_lines));
    done(w);
    n_lines = 0;
}

static int64_t in_one(struct world *w)
{
    return count(w, S("SELECT COUNT(DISTINCT conversation_id) AS n FROM message"));
}

#define IN(id, thread, who, at, text)                                                              \
    "{'channel':'App','id':'" id "','thread':'" thread "','direction':'in','from':{'id':'" who     \
    "','name':'" who "'},'at':'" at "','text':'" text "'}"
#define OUT(id, thread, at, more)                                                                  \
    "{'channel':'App','id':'" id "','thread':'" thread "','direction':'out','at':'" at             \
    "','text':'ours'" more "}"

static void lines_of_threads_stand_in_their_conversations_in_the_order_of_their_times(
    struct world *w)
{
    line(IN("1", "t1", "amina", "2025-01-01T10:00:00Z", "first"));
    line(IN("2", "t2", "bashir", "2025-01-01T10:01:00Z", "other"));
    line(OUT("4", "t1", "2025-01-01T12:00:00Z", ",'agent':'ANNA@shop.example'"));
    line(IN("3", "t1", "amina", "2025-01-01T11:00:00Z", "second"));
    taken(w);
    line(IN("0", "t1", "amina", "2025-01-01T09:00:00Z", "earliest")); /* in a later batch */
    taken(w);
    assert_int_equal(in_one(w), 2);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM contact")), 2);
    assert_int_equal(
        count(
            w, S("SELECT COUNT(*) AS n FROM message a JOIN message b ON b.account_id = a.account_id"
                 " AND b.conversation_id = a.conversation_id AND b.id > a.id"
                 " AND b.sent_ms < a.sent_ms")),
        0);
    struct conversation c =
        look(w, count(w, S("SELECT id AS n FROM conversation WHERE thread_key = 't1'")));
    assert_str(c.preview, "ours");
    assert_str(c.status, "resolved");
    assert_int_equal(c.resolved_ms, c.last_message_ms);
    assert_int_equal(c.created_ms, INT64_C(1735722000000));
    assert_int_equal(c.version, 1);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE author_kind = 'agent'"
                                " AND author_id = 11 AND author_name = 'Anna'")),
        1);
}

static void a_line_that_is_stored_already_adds_nothing(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        line(IN("1", "t1", "amina", "2025-01-01T10:00:00Z", "first"));
        line(IN("1", "t1", "amina", "2025-01-01T10:00:00Z", "first"));
        line(OUT("2", "t1", "2025-01-01T10:05:00Z", ""));
        taken(w);
        assert_int_equal(lines[0].fate, i ? HISTORY_KNOWN : HISTORY_ADDED);
        assert_int_equal(lines[1].fate, HISTORY_KNOWN);
        assert_int_equal(lines[2].fate, i ? HISTORY_KNOWN : HISTORY_ADDED);
    }
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message")), 2);
}

static void the_past_is_no_news(struct world *w)
{
    line(IN("1", "t1", "amina", "2025-01-01T10:00:00Z", "first"));
    line(OUT("2", "t1", "2025-01-01T10:05:00Z", ""));
    taken(w);
    assert_int_equal(count(w, S("SELECT (SELECT COUNT(*) FROM event) + (SELECT COUNT(*) FROM job)"
                                " + (SELECT COUNT(*) FROM notification) AS n")),
        0);
    assert_int_equal(count(w, S("SELECT last_seen_ms AS n FROM contact")), INT64_C(1735725600000));
}

static void a_wrong_line_says_why_and_the_others_go_on(struct world *w)
{
    line("no json");
    line("{'channel':'nowhere','id':'1','direction':'in','from':{'id':'a'},'at':"
         "'2025-01-01T10:00:00Z','text':'x'}");
    line("{'channel':'App','id':'2','direction':'in','at':'2025-01-01T10:00:00Z','text':'x'}");
    line("{'channel':'App','id':'3','direction':'in','from':{'id':'a'},'at':'2999-01-01T10:00:00Z'"
         ",'text':'x'}");
    line("{'channel':'App','id':'4','direction':'out','at':'2025-01-01T10:00:00Z','text':'x'}");
    line(IN("5", "t1", "amina", "2025-01-01T10:00:00Z", "good"));
    taken(w);
    static const char *const fields[] = {"", "channel", "from", "at", "thread"};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(lines[i].fate, HISTORY_WRONG);
        assert_str(lines[i].field, fields[i]);
        assert_true(lines[i].words.len > 0);
    }
    assert_int_equal(lines[5].fate, HISTORY_ADDED);
}

static void an_answer_waits_for_what_it_answers_and_goes_without_at_the_last_call(struct world *w)
{
    const char *out = OUT("2", "t1", "2025-01-01T11:00:00Z", ",'reply_to':'1'");
    line(out);
    taken(w);
    assert_int_equal(lines[0].fate, HISTORY_WAITS);
    int64_t key = lines[0].waits_for;
    line(IN("1", "t1", "amina", "2025-01-01T10:00:00Z", "first"));
    taken(w);
    assert_true(lines[0].gives[0] == key);
    line(out);
    line(IN("4", "t1", "amina", "2025-01-01T12:00:00Z", "x"));
    line("{'channel':'App','id':'3','thread':'t1','direction':'in','from':{'id':'amina'},"
         "'at':'2025-01-01T11:30:00Z','text':'y','reply_to':'lost'}");
    lines[2].is_last_call = true;
    taken(w);
    assert_int_equal(lines[0].fate, HISTORY_ADDED);
    assert_int_equal(lines[2].fate, HISTORY_ADDED);
    assert_int_equal(
        count(w, S("SELECT COUNT(*) AS n FROM message m JOIN message r ON r.id ="
                   " m.reply_to_id WHERE m.external_id = '2' AND r.external_id = '1'")),
        1);
    assert_int_equal(in_one(w), 1);
}

static void ours_of_a_thread_without_a_customer_waits_and_is_wrong_at_the_last_call(struct world *w)
{
    line(OUT("2", "t9", "2025-01-01T11:00:00Z", ""));
    taken(w);
    assert_int_equal(lines[0].fate, HISTORY_WAITS);
    int64_t key = lines[0].waits_for;
    line(OUT("2", "t9", "2025-01-01T11:00:00Z", ""));
    lines[0].is_last_call = true;
    taken(w);
    assert_int_equal(lines[0].fate, HISTORY_WRONG);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM conversation")), 0);
    line(IN("1", "t9", "amina", "2025-01-01T10:00:00Z", "first"));
    taken(w);
    assert_true(lines[0].gives[1] == key);
    line(OUT("2", "t9", "2025-01-01T11:00:00Z", ""));
    taken(w);
    assert_int_equal(lines[0].fate, HISTORY_ADDED);
    assert_int_equal(in_one(w), 1);
}

static void without_a_thread_there_is_one_conversation_per_person(struct world *w)
{
    line("{'channel':'api','id':'1','direction':'in','from':{'id':7,'name':'A'},'at':"
         "'2025-01-01T10:00:00Z','text':'x'}");
    line("{'channel':'api','id':'2','direction':'out','to':{'id':'7'},'at':'2025-02-01T10:00:00Z',"
         "'text':'y'}");
    line("{'channel':'api','id':'3','direction':'out','reply_to':'1','at':'2025-03-01T10:00:00Z',"
         "'text':'z','agent':'left@shop.example','from':{'name':'Lena'}}");
    taken(w);
    for (int i = 0; i < 3; i++)
        assert_int_equal(lines[i].fate, HISTORY_ADDED);
    assert_int_equal(in_one(w), 1);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE author_kind = 'system'"
                                " AND author_name = 'Lena' AND state = 'sent'")),
        1);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE author_kind = 'system'"
                                " AND author_name = 'App'")),
        1);
}

/* The world's clock stands; what was asked yesterday still waits. */
static void what_was_asked_lately_is_open_until_it_is_answered(struct world *w)
{
    str then = time_rfc3339(test_arena(), clock_now_ms() - DAY_MS);
    str later = time_rfc3339(test_arena(), clock_now_ms() - DAY_MS / 2);
    str old = time_rfc3339(test_arena(), clock_now_ms() - 8 * (int64_t)DAY_MS);
    str rows[][3] = {
        {S("1"), S("1"), then },
        {S("2"), S("1"), later},
        {S("3"), S("2"), old  }
    };
    for (int i = 0; i < 3; i++) {
        line(str_z(test_arena(), str_print(test_arena(), IN("%.*s", "t%.*s", "a", "%.*s", "x"),
                                     SARG(rows[i][0]), SARG(rows[i][1]), SARG(rows[i][2]))));
        taken(w); /* each in a batch of its own */
    }
    struct conversation c =
        look(w, count(w, S("SELECT id AS n FROM conversation WHERE thread_key = 't1'")));
    assert_str(c.status, "open");
    assert_int_equal(c.waiting_since_ms, clock_now_ms() - DAY_MS);
    assert_int_equal(c.resolved_ms, 0);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM conversation WHERE thread_key = 't2'"
                                " AND status = 'resolved' AND waiting_since_ms = 0")),
        1);
    line(str_z(test_arena(), str_print(test_arena(), OUT("4", "t1", "%s", ""),
                                 str_z(test_arena(), time_rfc3339(test_arena(), clock_now_ms())))));
    taken(w);
    c = look(w, c.id.v);
    assert_str(c.status, "resolved");
    assert_int_equal(c.waiting_since_ms, 0);
}

static void history_joins_what_the_live_path_has_begun_and_leaves_its_state(struct world *w)
{
    int64_t id = take(w, API, "amina", "live");
    struct conversation before = look(w, id);
    line("{'channel':'api:App','id':'old1','direction':'in','from':{'id':'amina'},'at':"
         "'2025-01-01T10:00:00Z','text':'long ago'}");
    line("{'channel':'api','id':'m1','direction':'in','from':{'id':'amina'},'at':"
         "'2025-01-01T10:00:00Z','text':'the live one under its id'}");
    taken(w);
    assert_int_equal(lines[0].fate, HISTORY_ADDED);
    assert_int_equal(lines[1].fate, HISTORY_KNOWN);
    struct conversation c = look(w, id);
    assert_str(c.preview, "live");
    assert_str(c.status, "open");
    assert_int_equal(c.last_message_id.v, before.last_message_id.v);
    assert_int_equal(c.version, before.version);
    assert_int_equal(in_one(w), 1);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM contact")), 1);
}

static void a_channel_is_named_by_its_account_or_its_name_or_its_kind_when_that_is_one(
    struct world *w)
{
    struct ctx *cx = as_system(w);
    assert_ok(
        db_run(cx->db, S("UPDATE channel SET handle = '@Brand' WHERE id = 32"), NO_ARGS, NULL));
    assert_ok(db_run(cx->db,
        S("INSERT INTO channel (id, account_id, kind, name, is_enabled, public_key, languages,"
          " settings, created_ms, updated_ms) VALUES"
          " (39, 1, 'api', 'Second', 1, 'a9', '[]', '{}', 1, 1)"),
        NO_ARGS, NULL));
    done(w);
#define NAMED(id, channel)                                                                         \
    "{'channel':'" channel "','id':'" id "','direction':'in','from':{'id':'a'},"                   \
    "'at':'2025-01-01T10:00:00Z','text':'x'}"
    line(NAMED("1", "api:@brand"));
    line(NAMED("2", "api:Second"));
    line(NAMED("3", "App"));
    line(NAMED("4", "widget"));
    line(NAMED("5", "widget:@brand"));
    line(NAMED("6", "api"));
    taken(w);
    for (int i = 0; i < 6; i++)
        assert_int_equal(lines[i].fate, i < 4 ? HISTORY_ADDED : HISTORY_WRONG);
    assert_str(lines[5].words, "\"api\" are 2 channels; say which.");
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE channel_id = 32")), 2);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM message WHERE channel_id = 39")), 1);
}

ON_BOTH(a_channel_is_named_by_its_account_or_its_name_or_its_kind_when_that_is_one)
ON_BOTH(lines_of_threads_stand_in_their_conversations_in_the_order_of_their_times)
ON_BOTH(a_line_that_is_stored_already_adds_nothing)
ON_BOTH(the_past_is_no_news)
ON_BOTH(a_wrong_line_says_why_and_the_others_go_on)
ON_BOTH(an_answer_waits_for_what_it_answers_and_goes_without_at_the_last_call)
ON_BOTH(ours_of_a_thread_without_a_customer_waits_and_is_wrong_at_the_last_call)
ON_BOTH(without_a_thread_there_is_one_conversation_per_person)
ON_BOTH(what_was_asked_lately_is_open_until_it_is_answered)
ON_BOTH(history_joins_what_the_live_path_has_begun_and_leaves_its_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_channel_is_named_by_its_account_or_its_name_or_its_kind_when_that_is_one),
        BOTH(lines_of_threads_stand_in_their_conversations_in_the_order_of_their_times),
        BOTH(a_line_that_is_stored_already_adds_nothing),
        BOTH(the_past_is_no_news),
        BOTH(a_wrong_line_says_why_and_the_others_go_on),
        BOTH(an_answer_waits_for_what_it_answers_and_goes_without_at_the_last_call),
        BOTH(ours_of_a_thread_without_a_customer_waits_and_is_wrong_at_the_last_call),
        BOTH(without_a_thread_there_is_one_conversation_per_person),
        BOTH(what_was_asked_lately_is_open_until_it_is_answered),
        BOTH(history_joins_what_the_live_path_has_begun_and_leaves_its_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
