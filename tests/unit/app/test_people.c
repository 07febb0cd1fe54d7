/* The commands of the machine's operator, on both databases. */
#include "test.h"

#include "app/people.h"
#include "base/json.h"
#include "test_db.h"

struct world {
    struct test_db *tdb;
    struct config config;
    struct people people;
};

static void world_open(struct world *w, enum db_kind kind)
{
    str why;
    struct keyring *keys;
    assert_ok(crypto_start());
    *w = (struct world){.tdb = test_db_open(kind)};
    if (!w->tdb)
        return;
    assert_ok(keyring_load(test_arena(), keyring_new_line(test_arena()), &keys, &why));
    w->config = (struct config){.keys = keys, .base_url = S("https://care.example")};
    w->people = (struct people){.db = w->tdb->db, .config = &w->config};
}

static int run(struct world *w, str password, str *out, const char *one, const char *two,
    const char *three, enum setting option, const char *value)
{
    struct settings s = {.n_words = three ? 3 : 2};
    s.words[0] = str_from(one);
    s.words[1] = str_from(two);
    s.words[2] = str_from(three);
    s.values[SET_ROLE] = S("agent");
    s.values[option] = str_from(value);
    return people_command(test_arena(), &w->people, &s, password, out);
}

static int init(struct world *w, str password, str *out)
{
    struct settings s = {0};
    s.values[SET_OWNER] = S("Owner@Example.org");
    s.values[SET_JSON] = S("true");
    return people_init(test_arena(), &w->people, &s, password, out);
}

static void story(enum db_kind kind)
{
    struct world w;
    str out, why;
    const struct json *root;
    world_open(&w, kind);
    if (!w.tdb)
        skip();
    assert_int_equal(run(&w, S(""), &out, "user", "list", NULL, SET_NAME, ""), 1);
    assert_int_equal(init(&w, S("correct horse"), &out), 0);
    assert_ok(json_parse(test_arena(), out, &root, &why));
    assert_true(str_starts(json_text(json_get(root, S("token")), S("")), S("seva_")));
    assert_str(json_path(root, S("channels.0.kind"))->text, "widget");
    assert_non_null(json_path(root, S("channels.0.identity_secret")));
    assert_non_null(json_path(root, S("channels.1.source_key")));
    assert_int_equal(init(&w, S("correct horse"), &out), 1); /* once is enough */

    assert_int_equal(
        run(&w, S(""), &out, "user", "add", "ana@example.org", SET_ROLE, "supervisor"), 0);
    assert_true(str_find(out, S("https://care.example/app/link/")) > 0);
    assert_int_equal(run(&w, S(""), &out, "user", "add", "ana@example.org", SET_NAME, ""), 1);
    assert_int_equal(run(&w, S(""), &out, "user", "add", "bo@example.org", SET_ROLE, "king"), 1);
    assert_int_equal(run(&w, S(""), &out, "user", "add", "nobody", SET_NAME, ""), 1);
    assert_int_equal(
        run(&w, S("another one"), &out, "user", "passwd", "ANA@example.org", SET_NAME, ""), 0);
    assert_int_equal(run(&w, S(""), &out, "user", "passwd", "ana@example.org", SET_NAME, ""), 1);
    assert_int_equal(run(&w, S(""), &out, "user", "link", "ana@example.org", SET_NAME, ""), 0);
    assert_int_equal(run(&w, S(""), &out, "user", "link", "who@example.org", SET_NAME, ""), 1);
    assert_int_equal(run(&w, S(""), &out, "user", "list", NULL, SET_NAME, ""), 0);
    assert_true(str_find(out, S("supervisor")) > 0 && str_find(out, S("owner@example.org")) > 0);

    assert_int_equal(
        run(&w, S(""), &out, "account", "add", "Second", SET_OWNER, "ana@example.org"), 0);
    assert_int_equal(run(&w, S(""), &out, "account", "list", NULL, SET_NAME, ""), 0);
    assert_true(str_find(out, S("Second")) > 0);
    assert_int_equal(run(&w, S(""), &out, "user", "list", NULL, SET_NAME, ""), 1); /* which? */
    assert_int_equal(run(&w, S(""), &out, "user", "fly", NULL, SET_NAME, ""), 2);
    test_db_close(w.tdb);
}

static void operators_make_accounts_and_people_on_sqlite(void **state)
{
    (void)state;
    story(DB_SQLITE);
}

static void operators_make_accounts_and_people_on_postgres(void **state)
{
    (void)state;
    story(DB_POSTGRES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operators_make_accounts_and_people_on_sqlite),
        TEST(operators_make_accounts_and_people_on_postgres),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
