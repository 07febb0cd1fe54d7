/* Declared inputs: what is not declared does not come in. */
#include "test.h"

#include "api/input.h"
#include "base/json.h"

struct thing {
    str name, text, color, secret;
    int64_t count, owner_id, due;
    bool is_open, has_is_open, has_text;
    struct id_list ids;
    struct str_list tags;
    const struct json *extra;
};
static const char *const colors[] = {"red", "blue", NULL};
static const struct input_field fields[] = {
    FIELD(struct thing, name, IN_TEXT, IN_REQUIRED, 1, 10, NULL),
    FIELD_SEEN(struct thing, text, IN_TEXT, IN_MULTILINE | IN_NULLABLE, 0, 100, NULL),
    {"color", IN_ENUM, 0, offsetof(struct thing, color), NO_SEEN, 0, 0, colors, NULL},
    FIELD(struct thing, secret, IN_TEXT, IN_SECRET, 0, 20, NULL),
    FIELD(struct thing, count, IN_INT, 0, 0, 30, NULL),
    FIELD(struct thing, owner_id, IN_ID, 0, 0, 0, NULL),
    FIELD(struct thing, due, IN_TIME, 0, 0, 0, NULL),
    FIELD_SEEN(struct thing, is_open, IN_BOOL, 0, 0, 0, NULL),
    FIELD(struct thing, ids, IN_ID_LIST, 0, 0, 3, NULL),
    FIELD(struct thing, tags, IN_TEXT_LIST, 0, 0, 3, NULL),
    FIELD(struct thing, extra, IN_JSON, 0, 0, 0, NULL),
};
static const struct input_spec spec = SPEC("Thing", struct thing, fields);

static err body(struct ctx *cx, const char *json, struct thing **thing)
{
    void *made = NULL;
    *cx = (struct ctx){.arena = test_arena()};
    err e = input_body(cx, &spec, str_from(json), &made);
    *thing = made;
    return e;
}

static void refused(const char *json, const char *field)
{
    struct ctx cx;
    struct thing *thing;
    if (body(&cx, json, &thing) != E_INVALID)
        fail_msg("taken: %s", json);
    assert_str(cx.fault.field, field);
}

static void good_values_land_in_their_members(void **state)
{
    (void)state;
    struct ctx cx;
    struct thing *t;
    assert_ok(body(&cx,
        "{\"name\":\"  Ada \",\"text\":\" a\\nb \",\"color\":\"blue\",\"count\":30,\"owner_id\":"
        "\"12\",\"due\":\"2026-01-01T00:00:00Z\",\"is_open\":true,\"ids\":[\"1\",\"2\"],\"tags\":["
        "\" x \"],\"extra\":{\"a\":1},\"secret\":\" s \"}",
        &t));
    assert_str(t->name, "Ada");
    assert_str(t->text, " a\nb ");
    assert_str(t->color, "blue");
    assert_str(t->secret, " s ");
    assert_int_equal(t->count, 30);
    assert_int_equal(t->owner_id, 12);
    assert_int_equal(t->due, INT64_C(1767225600000));
    assert_true(t->is_open && t->has_is_open && t->has_text);
    assert_int_equal(t->ids.len, 2);
    assert_int_equal(t->ids.at[1], 2);
    assert_str(t->tags.at[0], "x");
    assert_int_equal(json_int(json_get(t->extra, S("a")), 0), 1);
}

static void what_is_not_given_is_not_seen(void **state)
{
    (void)state;
    struct ctx cx;
    struct thing *t;
    assert_ok(body(&cx, "{\"name\":\"A\",\"text\":null}", &t));
    assert_true(t->has_text && t->text.len == 0 && !t->has_is_open);
}

static void bad_values_are_refused_by_name(void **state)
{
    (void)state;
    refused("{}", "name");
    refused("{\"name\":\"\"}", "name");
    refused("{\"name\":\"12345678901\"}", "name");
    refused("{\"name\":\"a\\nb\"}", "name");
    refused("{\"name\":\"a\\u202eb\"}", "name");
    refused("{\"name\":null}", "name");
    refused("{\"name\":\"A\",\"color\":\"green\"}", "color");
    refused("{\"name\":\"A\",\"count\":31}", "count");
    refused("{\"name\":\"A\",\"count\":-1}", "count");
    refused("{\"name\":\"A\",\"count\":1.5}", "count");
    refused("{\"name\":\"A\",\"count\":\"1\"}", "count");
    refused("{\"name\":\"A\",\"count\":9223372036854775808}", "count");
    refused("{\"name\":\"A\",\"owner_id\":\"-1\"}", "owner_id");
    refused("{\"name\":\"A\",\"owner_id\":\"1x\"}", "owner_id");
    refused("{\"name\":\"A\",\"due\":\"tomorrow\"}", "due");
    refused("{\"name\":\"A\",\"is_open\":1}", "is_open");
    refused("{\"name\":\"A\",\"ids\":[\"1\",\"2\",\"3\",\"4\"]}", "ids");
    refused("{\"name\":\"A\",\"ids\":\"1\"}", "ids");
    refused("{\"name\":\"A\",\"tags\":[1]}", "tags");
    refused("{\"name\":\"A\",\"extra\":\"x\"}", "extra");
    refused("{\"name\":\"A\",\"account_id\":\"1\"}", "account_id");
}

static void bad_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]", "7", "{\"name\":}", "{\"name\":\"A\"} x",
        "{\"name\":\"A\",\"name\":\"B\"}", "{\"name\":\"\\ud800\"}", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(bad[i], "");
}

static err query(struct ctx *cx, const struct http_pair *pairs, ptrdiff_t n, struct thing **thing)
{
    void *made = NULL;
    *cx = (struct ctx){.arena = test_arena()};
    err e = input_query(cx, &spec, pairs, n, &made);
    *thing = made;
    return e;
}

static void a_query_follows_the_same_declaration(void **state)
{
    (void)state;
    struct ctx cx;
    struct thing *t;
    const struct http_pair good[] = {
        {S("name"),  S("A")  },
        {S("tags"),  S("x,y")},
        {S("count"), S("7")  },
        {S("tags"),  S("z")  }
    };
    assert_ok(query(&cx, good, 4, &t));
    assert_int_equal(t->tags.len, 3);
    assert_str(t->tags.at[2], "z");
    assert_int_equal(t->count, 7);
    const struct http_pair twice[] = {
        {S("name"), S("A")},
        {S("name"), S("B")}
    };
    assert_err(query(&cx, twice, 2, &t), E_INVALID);
    const struct http_pair unknown[] = {
        {S("name"),    S("A")},
        {S("account"), S("1")}
    };
    assert_err(query(&cx, unknown, 2, &t), E_INVALID);
    assert_str(cx.fault.field, "account");
    const struct http_pair number[] = {
        {S("name"),  S("A") },
        {S("count"), S("7x")}
    };
    assert_err(query(&cx, number, 2, &t), E_INVALID);
    const struct http_pair many[] = {
        {S("name"), S("A")      },
        {S("ids"),  S("1,2,3,4")}
    };
    assert_err(query(&cx, many, 2, &t), E_INVALID);
}

static void an_object_inside_is_named_by_its_place(void **state)
{
    (void)state;
    struct ctx cx = {.arena = test_arena()};
    const struct json *root;
    str why;
    void *made;
    assert_ok(json_parse(cx.arena, S("{\"name\":\"A\",\"bad\":1}"), &root, &why));
    assert_err(input_object(&cx, &spec, root, "settings.", &made), E_INVALID);
    assert_str(cx.fault.field, "settings.bad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_values_land_in_their_members),
        TEST(what_is_not_given_is_not_seen),
        TEST(bad_values_are_refused_by_name),
        TEST(bad_json_is_refused_with_its_place),
        TEST(a_query_follows_the_same_declaration),
        TEST(an_object_inside_is_named_by_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
