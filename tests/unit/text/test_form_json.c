/* Unit tests of text/form_json: the mail in a JSON object that a forwarder posts. */
#include "test.h"

#include "text/form_json.h"

static const char *const names[] = {"RawEmail", "raw", NULL};

static void the_first_text_of_the_outermost_object_is_found(void **state)
{
    (void)state;
    str value = {0};
    assert_ok(form_json_find(
        S(" {\"FromFull\": {\"RawEmail\":\"not this\", \"a\":[1,{\"raw\":\"}\\\"\"}]},\r\n"
          "\"Text\":\"\\\"RawEmail\\\":\\\"nor this\\\"\", \"raw\" : null, \"n\":-1.5e3,\"t\":true,"
          "\"RawEmail\" : \"From: a\\r\\n\\\"x\\\"\" , \"raw\":\"later\"}"),
        names, &value));
    assert_str(value, "From: a\\r\\n\\\"x\\\"");
}

static void what_has_none_or_breaks_off_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "[]", "\"RawEmail\"", "{", "{}", "{\"RawEmail\"",
        "{\"RawEmail\":", "{\"RawEmail\":1}", "{\"RawEmail\":\"open", "{\"RawEmail\":\"open\\\"",
        "{\"a\":{\"RawEmail\":\"x\"}}", "{\"a\":\"x\" \"RawEmail\"}", "{\"a\":[[[[", "{1:2}"};
    str value = {0};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_err(form_json_find(str_from(bodies[i]), names, &value), E_NOT_FOUND);
    assert_true(form_json_is(S("Application/JSON; charset=utf-8")));
    assert_false(form_json_is(S("application/json-seq")));
}

/* In pieces of any size the same. */
static void escapes_become_letters_whatever_fits(void **state)
{
    (void)state;
    static const char said[] =
        "a\\r\\n\\\"\\\\\\/\\t\\u00e9\\u20ac\\ud83d\\ude00\\ud83dx\\udc00\xc3\xa9";
    static const char wanted[] =
        "a\r\n\"\\/\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd\xc3\xa9";
    for (ptrdiff_t room = FORM_JSON_LETTER_BYTES; room < 40; room++) {
        char to[40], all[80];
        ptrdiff_t n_all = 0, taken = 0, n = 0;
        for (str rest = str_from(said); rest.len; rest = str_skip(rest, taken)) {
            assert_ok(form_json_decode(rest, to, room, &taken, &n));
            assert_true(taken > 0 && n <= room && n_all + n <= (ptrdiff_t)sizeof all);
            for (ptrdiff_t i = 0; i < n; i++)
                all[n_all++] = to[i];
        }
        assert_true(str_eq(str_of(all, n_all), str_from(wanted)));
    }
}

static void what_is_no_escape_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\\", "\\x", "\\u12", "\\u12g4", "a\\u"};
    char to[16];
    ptrdiff_t taken, n;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_err(form_json_decode(str_from(wrong[i]), to, sizeof to, &taken, &n), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_text_of_the_outermost_object_is_found),
        TEST(what_has_none_or_breaks_off_is_refused),
        TEST(escapes_become_letters_whatever_fits),
        TEST(what_is_no_escape_is_refused),
    };
    return cmocka_run_group_tests_name("text_form_json", tests, NULL, NULL);
}
