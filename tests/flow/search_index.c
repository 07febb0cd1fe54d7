/* The search index through its rooms, on both databases: what is written is found, what is changed
 * or gone is not, an account finds only its own, and an index of other rules is made anew. */
#include "test_app.h"

#include "care/search_index.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/search.h"
#include "text/search_words.h"

static int64_t say(struct test_app *app, account_id account, const char *text)
{
    static int64_t next = 1000;
    struct ctx *cx = test_begin_account(app, account);
    struct message m = {.id = {next++},
        .conversation_id = {1},
        .channel_id = {1},
        .kind = S("in"),
        .author_kind = S("contact"),
        .text = str_from(text),
        .state = S("received"),
        .sent_ms = 1,
        .received_ms = 1};
    assert_int_equal(message_add(cx, &m), OK);
    test_commit(app, cx);
    return m.id.v;
}

/* How many hold all of them; the newest in *first. */
static ptrdiff_t find(struct test_app *app, account_id account, const struct search_clause *clauses,
    ptrdiff_t n, int64_t *first)
{
    struct ctx *cx = test_begin_account(app, account);
    int64_t *ids = NULL;
    ptrdiff_t count = 0;
    struct search_asked asked = {.clauses = clauses, .n = n, .before = INT64_MAX, .limit = 100};
    assert_int_equal(search_build_is_due(cx, search_words_version(), &asked.is_building), OK);
    assert_int_equal(search_ids(cx, SEARCH_MESSAGE, &asked, &ids, &count), OK);
    *first = count ? ids[0] : 0;
    test_rollback(app, cx);
    return count;
}

static ptrdiff_t find_word(struct test_app *app, account_id account, str word)
{
    int64_t first;
    return find(app, account, &(struct search_clause){.words = &word, .n = 1}, 1, &first);
}

static void words_phrases_beginnings_and_exclusions_are_found(void **state)
{
    struct test_app *app = *state;
    const str red[] = {S_INIT("red"), S_INIT("shoe")}, sho = S("sho"), blue = S("blue");
    int64_t one = say(app, app->account, "a red shoe"), first;
    int64_t two = say(app, app->account, "a shoe, red and blue");
    test_index(app);
    struct search_clause phrase = {.words = red, .n = 2};
    struct search_clause prefix = {.words = &sho, .n = 1, .is_prefix = true};
    struct search_clause both[] = {
        prefix, {.words = &blue, .n = 1, .is_excluded = true}
    };
    assert_int_equal(find(app, app->account, &phrase, 1, &first), 1);
    assert_int_equal(first, one);
    assert_int_equal(find(app, app->account, &prefix, 1, &first), 2);
    assert_int_equal(first, two); /* newest first */
    assert_int_equal(find(app, app->account, both, 2, &first), 1);
    assert_int_equal(first, one);
}

static void quotes_are_only_characters(void **state)
{
    struct test_app *app = *state;
    (void)say(app, app->account, "plain");
    test_index(app);
    assert_int_equal(find_word(app, app->account, S("a\"b' \\c:*&|!")), 0);
}

static void an_account_finds_its_own(void **state)
{
    struct test_app *app = *state;
    account_id other;
    (void)test_account_add(app, "Other", &other);
    (void)say(app, app->account, "ours");
    (void)say(app, other, "theirs");
    test_index(app);
    assert_int_equal(find_word(app, app->account, S("ours")), 1);
    assert_int_equal(find_word(app, app->account, S("theirs")), 0);
    assert_int_equal(find_word(app, other, S("theirs")), 1);
}

static void what_is_edited_or_deleted_leaves_the_index(void **state)
{
    struct test_app *app = *state;
    message_id edited = {say(app, app->account, "before")};
    message_id deleted = {say(app, app->account, "secret")};
    test_index(app);
    struct ctx *cx = test_begin(app);
    assert_int_equal(message_set_text(cx, edited, S("after"), 5), OK);
    assert_int_equal(message_set_deleted(cx, deleted, 5), OK);
    test_commit(app, cx);
    test_index(app);
    assert_int_equal(find_word(app, app->account, S("before")), 0);
    assert_int_equal(find_word(app, app->account, S("after")), 1);
    assert_int_equal(find_word(app, app->account, S("secret")), 0);
}

static void what_changes_while_it_is_indexed_is_indexed_again(void **state)
{
    struct test_app *app = *state;
    int64_t id = say(app, app->account, "first"), written = 0;
    struct search_entry old = {.thing_id = id, .version = 1};
    struct ctx *cx = test_begin(app);
    assert_int_equal(message_set_text(cx, (message_id){id}, S("second"), 5), OK);
    assert_int_equal(search_write(cx, SEARCH_MESSAGE, &old, 1, &written), OK);
    test_commit(app, cx);
    assert_int_equal(written, 0);
    test_index(app);
    assert_int_equal(find_word(app, app->account, S("second")), 1);
}

static void other_rules_for_words_make_the_index_anew(void **state)
{
    struct test_app *app = *state;
    (void)say(app, app->account, "kept");
    test_index(app);
    for (int64_t version = 77; version < 79; version++) {
        struct ctx *cx = test_begin(app);
        struct search_due *due = NULL;
        ptrdiff_t n = 0;
        for (bool more = true; more;)
            assert_int_equal(search_build_step(cx, version, 1, &more), OK);
        assert_int_equal(search_due_list(cx, SEARCH_MESSAGE, 10, &due, &n), OK);
        assert_int_equal(n, 1);
        test_commit(app, cx);
        test_index(app);
        assert_int_equal(find_word(app, app->account, S("kept")), 1);
    }
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(words_phrases_beginnings_and_exclusions_are_found),
        TEST_APP(quotes_are_only_characters),
        TEST_APP(an_account_finds_its_own),
        TEST_APP(what_is_edited_or_deleted_leaves_the_index),
        TEST_APP(what_changes_while_it_is_indexed_is_indexed_again),
        TEST_APP(other_rules_for_words_make_the_index_anew),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
