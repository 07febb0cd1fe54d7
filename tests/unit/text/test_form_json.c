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

static str walked(const char *body)
{
    struct sb b = sb_make(test_arena(), 1000);
    struct form_json_walk walk;
    struct form_json_item item;
    err e = form_json_open(str_from(body), &walk);
    while (e == OK && (e = form_json_next(&walk, &item)) == OK)
        sb_print(&b, "%.*s:%d:%.*s|", SARG(item.name), (int)item.kind, SARG(item.value));
    sb_print(&b, "%s", e == E_NOT_FOUND ? "end" : "broken");
    return sb_str(&b);
}

static void members_and_elements_come_one_after_the_other(void **state)
{
    (void)state;
    assert_str(walked(" { \"a\" : \"x\\\"}\" , \"b\":{\"c\":[1,\"]\"]} ,\"d\": [ ] ,\"e\":null } "),
        "a:0:x\\\"}|b:1:{\"c\":[1,\"]\"]}|d:2:[ ]|e:3:null|end");
    assert_str(walked("[\"x\",{\"a\":1}, 2 ]"), ":0:x|:1:{\"a\":1}|:3:2|end");
    assert_str(walked("{}"), "end");
    assert_str(walked("[ ]"), "end");
    static const char *const broken[] = {"", "x", "{", "[", "{\"a\"", "{\"a\":", "{\"a\" 1}",
        "{1:2}", "{\"a\":\"open", "[[1,2]", "{\"a\":{\"b\":1}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_true(str_ends(walked(broken[i]), S("broken")));
    assert_str(walked("[\"x\" \"y\"]"), ":0:x|broken");
}

/* In pieces of any size the same; "!" = refused. */
static str streamed(const char *said, bool is_base64, ptrdiff_t room)
{
    struct form_json_stream s;
    struct sb b = sb_make(test_arena(), 1000);
    char to[40];
    ptrdiff_t got = 1;
    form_json_stream(&s, str_from(said), is_base64);
    while (got > 0) {
        if (form_json_read(&s, to, room, &got) != OK)
            return S("!");
        assert_true(got <= room);
        sb_add(&b, str_of(to, got));
    }
    return sb_str(&b);
}

static void a_text_is_a_stream_of_bytes(void **state)
{
    (void)state;
    for (ptrdiff_t room = FORM_JSON_LETTER_BYTES; room < 40; room++) {
        assert_str(streamed("a\\r\\n\\u20ac", false, room), "a\r\n\xe2\x82\xac");
        assert_str(streamed("SGVsbG8sIHdvcmxkIQ==", true, room), "Hello, world!");
        assert_str(streamed("SGVsbG8s\\r\\nIHdvcmxk\\n IQ", true, room), "Hello, world!");
        assert_str(streamed("P\\u002bA\\/_-8=", true, room), "?\xe0\x3f\xff\xef");
        assert_str(streamed("", true, room), "");
        assert_str(streamed("SGVsb*8=", true, room), "!");
        assert_str(streamed("SGVsbG8=QQ", true, room), "!");
        assert_str(streamed("S", true, room), "!");
        assert_str(streamed("SGVs=", true, room), "!");
        assert_str(streamed("S=", true, room), "!");
        assert_str(streamed("a\\x", false, room), "!");
    }
}

static void a_whole_text_is_cut_between_letters(void **state)
{
    (void)state;
    str text;
    bool is_cut = true;
    assert_ok(form_json_text(test_arena(), S("a\\u20acb"), 10, &text, &is_cut));
    assert_str(text, "a\xe2\x82\xac"
                     "b");
    assert_false(is_cut);
    assert_ok(form_json_text(test_arena(), S("a\\u20acb"), 3, &text, &is_cut));
    assert_str(text, "a");
    assert_true(is_cut);
    assert_err(form_json_text(test_arena(), S("\\q"), 3, &text, &is_cut), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_text_of_the_outermost_object_is_found),
        TEST(what_has_none_or_breaks_off_is_refused),
        TEST(escapes_become_letters_whatever_fits),
        TEST(what_is_no_escape_is_refused),
        TEST(members_and_elements_come_one_after_the_other),
        TEST(a_text_is_a_stream_of_bytes),
        TEST(a_whole_text_is_cut_between_letters),
    };
    return cmocka_run_group_tests_name("text_form_json", tests, NULL, NULL);
}
