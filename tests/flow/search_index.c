/* The search index through its rooms, on both databases: what is written is found, what is changed
 * or gone is not, an account finds only its own, and an index of other rules is made anew. */
#include "test_app.h"

#include "base/id.h"
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

static void of_two_that_index_each_has_its_share(void **state)
{
    enum { MESSAGES = 40 };
    struct test_app *app = *state;
    int64_t seen[MESSAGES] = {0}, n_seen = 0;
    for (int i = 0; i < MESSAGES; i++)
        (void)say(app, app->account, "shared");
    struct ctx *cx = test_begin(app);
    for (int at = 0; at < 2; at++) {
        struct search_due *due = NULL;
        ptrdiff_t n = 0;
        struct search_share share = {at, 2};
        assert_int_equal(search_due_list(cx, SEARCH_MESSAGE, share, MESSAGES, &due, &n), OK);
        assert_in_range(n, 1, MESSAGES - 1);
        for (ptrdiff_t i = 0; i < n; i++) {
            for (ptrdiff_t k = 0; k < n_seen; k++)
                assert_int_not_equal(seen[k], due[i].thing_id);
            seen[n_seen++] = due[i].thing_id;
        }
    }
    assert_int_equal(n_seen, MESSAGES);
    test_commit(app, cx);
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
        assert_int_equal(
            search_due_list(cx, SEARCH_MESSAGE, (struct search_share){0}, 10, &due, &n), OK);
        assert_int_equal(n, 1);
        test_commit(app, cx);
        test_index(app);
        assert_int_equal(find_word(app, app->account, S("kept")), 1);
    }
}

/* ── how far back ── */

enum { NEAR = 2600, FAR = 200, THINGS = NEAR + FAR };

/* One an hour, then one in ten days: what is dense where the look begins is sparse behind. */
static int64_t id_of(int k)
{
    const int64_t hour_ms = 60 * 60 * 1000, end_ms = 1800000000000;
    int64_t hours = k < NEAR ? k : NEAR + (int64_t)(k - NEAR) * 240;
    return id_least(end_ms - hours * hour_ms);
}

/* 1 every, 2 seventh, 4 "rare day", 8 both words the other way round, 16 only among the old */
static int holds(int k)
{
    bool is_phrase = k % 97 == 0, is_turned = !is_phrase && k % 3 == 0;
    return 1 | (k % 7 == 0 ? 2 : 0) | (is_phrase ? 4 : 0) | (is_turned ? 8 : 0) |
           (k >= NEAR && k % 5 == 0 ? 16 : 0);
}

static str words_of(struct ctx *cx, int k)
{
    struct search_line line = search_line_begin(cx);
    search_line_next(&line);
    int held = holds(k), at = 0;
    search_line_add(&line, S("every"), at++);
    if (held & 2)
        search_line_add(&line, S("seventh"), at++);
    if (held & (4 | 8)) {
        search_line_add(&line, held & 4 ? S("rare") : S("day"), at++);
        search_line_add(&line, held & 4 ? S("day") : S("rare"), at++);
    }
    if (held & 16)
        search_line_add(&line, S("old"), at++);
    return search_line_end(&line);
}

static void put_things(struct ctx *cx)
{
    struct search_entry *in = NEW(cx->arena, struct search_entry, THINGS);
    int64_t *ids = NEW(cx->arena, int64_t, THINGS), written = 0;
    for (int k = 0; k < THINGS; k++) {
        ids[k] = id_of(k);
        in[k] = (struct search_entry){ids[k], 1, words_of(cx, k)};
    }
    assert_int_equal(search_changed_many(cx, SEARCH_MESSAGE, ids, THINGS), OK);
    assert_int_equal(search_write(cx, SEARCH_MESSAGE, in, THINGS, &written), OK);
    assert_int_equal(written, THINGS);
}

/* The things from `first` on that hold all of `held`, newest first. */
static void assert_given(struct ctx *cx, const struct search_clause *clauses, ptrdiff_t n, int held,
    int first, ptrdiff_t limit)
{
    struct search_asked asked = {
        .clauses = clauses, .n = n, .before = id_of(first) + 1, .limit = limit};
    int64_t *ids = NULL;
    ptrdiff_t count = 0, at = 0;
    assert_int_equal(search_build_is_due(cx, search_words_version(), &asked.is_building), OK);
    assert_int_equal(search_ids(cx, SEARCH_MESSAGE, &asked, &ids, &count), OK);
    for (int k = first; k < THINGS && at < limit; k++)
        if ((holds(k) & held) == held) {
            assert_true(at < count);
            assert_int_equal(ids[at++], id_of(k));
        }
    assert_int_equal(count, at);
}

static void assert_all_given(struct ctx *cx)
{
    static const str every = S_INIT("every"), seventh = S_INIT("seventh"), old = S_INIT("old"),
                     phrase[] = {S_INIT("rare"), S_INIT("day")};
    const struct search_clause all = {.words = &every, .n = 1}, some = {.words = &seventh, .n = 1},
                               few = {.words = phrase, .n = 2}, last = {.words = &old, .n = 1};
    static const int firsts[] = {0, 1300, NEAR + 3};
    static const ptrdiff_t limits[] = {1, 60, 400, 5000};
    for (int f = 0; f < 3; f++)
        for (int l = 0; l < 4; l++) {
            assert_given(cx, &all, 1, 1, firsts[f], limits[l]);
            assert_given(cx, &some, 1, 2, firsts[f], limits[l]);
            assert_given(cx, &few, 1, 4, firsts[f], limits[l]);
            assert_given(cx, &last, 1, 16, firsts[f], limits[l]);
            assert_given(cx, (struct search_clause[]){some, few}, 2, 2 | 4, firsts[f], limits[l]);
        }
}

static void what_is_found_is_the_newest_however_far_it_lies(void **state)
{
    struct test_app *app = *state;
    struct ctx *cx = test_begin(app);
    put_things(cx);
    assert_all_given(cx);
    for (bool more = true; more;)
        assert_int_equal(search_build_step(cx, search_words_version(), 10, &more), OK);
    assert_all_given(cx);
    test_commit(app, cx);
}

/* As it was before words had pairs; SQLite's have not changed. */
static void what_was_indexed_in_the_form_before_is_found(void **state)
{
    struct test_app *app = *state;
    const str red[] = {S_INIT("red"), S_INIT("shoe")}, she = S("sh");
    struct search_clause phrase = {.words = red, .n = 2}, turned = {.words = &red[1], .n = 1},
                         begun = {.words = &she, .n = 1, .is_prefix = true};
    int64_t id = say(app, app->account, "a red shoe"), first;
    test_index(app);
    struct ctx *cx = test_begin(app);
    if (db_tx_kind(cx->db) == DB_POSTGRES) {
        str words = str_print(cx->arena, "'%lld/a':3 '%lld/red':4 '%lld/shoe':5 '%lld/\x03':8",
            (long long)app->account.v, (long long)app->account.v, (long long)app->account.v,
            (long long)app->account.v);
        assert_int_equal(
            db_run(cx->db, S("UPDATE search_message SET words = ?2::tsvector WHERE thing_id = ?1"),
                ARGS(A_INT(id), A_TEXT(words)), NULL),
            OK);
        assert_int_equal(db_run(cx->db, S("UPDATE search_build SET version = version % 1000000000"),
                             NO_ARGS, NULL),
            OK);
    }
    test_commit(app, cx);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(find(app, app->account, &phrase, 1, &first), 1);
        assert_int_equal(find(app, app->account, &turned, 1, &first), 1);
        assert_int_equal(find(app, app->account, &begun, 1, &first), 1);
        test_index(app);
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
        TEST_APP(of_two_that_index_each_has_its_share),
        TEST_APP(other_rules_for_words_make_the_index_anew),
        TEST_APP(what_is_found_is_the_newest_however_far_it_lies),
        TEST_APP(what_was_indexed_in_the_form_before_is_found),
    };
    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
