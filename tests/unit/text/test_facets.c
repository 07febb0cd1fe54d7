/* Unit tests of text/facets: what is an address, a mention, a tag, at which bytes. */
#include "test.h"

#include "base/file.h"
#include "base/json.h"
#include "text/facets.h"

static const char *const kinds[] = {"link", "mention", "mention", "mention", "tag"};

static void every_vector_of_bluesky_is_found_at_its_bytes(void **state)
{
    (void)state;
    str text, why;
    const struct json *root;
    assert_ok(file_read(test_arena(), S(LENGTHS_FILE), 1024 * 1024, &text));
    assert_ok(json_parse(test_arena(), text, &root, &why));
    const struct json *list = json_get(root, S("facets"));
    assert_true(list && list->count >= 3);
    for (const struct json *v = list->first; v; v = v->next) {
        struct facet_list l = facets_find(test_arena(), json_text(json_get(v, S("text")), S("")));
        bool is_found = false;
        for (ptrdiff_t i = 0; i < l.n; i++)
            is_found |=
                l.at[i].start == json_int(json_get(v, S("start")), -1) &&
                l.at[i].end == json_int(json_get(v, S("end")), -1) &&
                str_eq(str_from(kinds[l.at[i].kind]), json_text(json_get(v, S("kind")), S("")));
        assert_true(is_found);
    }
}

static void each_text_holds_these_facets_and_no_others(void **state)
{
    (void)state;
    static const struct {
        const char *text, *found; /* "kind=shown=value|…" */
    } cases[] = {
        {"hi @asha!",                                             "1=@asha=asha"                                                                                   },
        {"(@care.example.com.)",                                  "2=@care.example.com=care.example.com"                                                           },
        {"@john.doe hi",                                          "1=@john.doe=john.doe"                                                                           },
        {"@asha@bücher.example, hi",                             "3=@asha@bücher.example=asha@bücher.example"                                                   },
        {"a@b.com and x/@y",                                      ""                                                                                               },
        {"#help, #মূল্য #عرض_خاص #日本",        "4=#help=help|4=#মূল্য=মূল্য|4=#عرض_خاص=عرض_خاص|4=#日本=日本"},
        {"#123 a#b &#39; #",                                      ""                                                                                               },
        {"＃タグ #2024goals",                                  "4=＃タグ=タグ|4=#2024goals=2024goals"                                                      },
        {"see example.com/a.",                                    "0=example.com/a=https://example.com/a"                                                          },
        {"(https://en.wikipedia.org/wiki/C_(language)).",
         "0=https://en.wikipedia.org/wiki/C_(language)=https://en.wikipedia.org/wiki/C_(language)"                                                                 },
        {"https://bn.wikipedia.org/wiki/বাংলা?x=1, ok",
         "0=https://bn.wikipedia.org/wiki/বাংলা?x=1=https://bn.wikipedia.org/wiki/বাংলা?x=1"                                                   },
        {"http://localhost:8080/x?y. end",                        "0=http://localhost:8080/x?y=http://localhost:8080/x?y"                                          },
        {"http://test.co日本 x",                                "0=http://test.co=http://test.co"                                                                },
        {"https://a.com/#x @b",                                   "0=https://a.com/#x=https://a.com/#x|1=@b=b"                                                     },
        {"http:// https://. v1.2",                                ""                                                                                               },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        str text = str_from(cases[i].text);
        struct facet_list l = facets_find(test_arena(), text);
        struct sb b = sb_make(test_arena(), 4096);
        for (ptrdiff_t k = 0; k < l.n; k++)
            sb_print(&b, "%s%d=%.*s=%.*s", k > 0 ? "|" : "", (int)l.at[k].kind,
                SARG(str_sub(text, l.at[k].start, l.at[k].end - l.at[k].start)),
                SARG(l.at[k].value));
        assert_str(sb_str(&b), cases[i].found);
    }
}

static void a_tag_longer_than_64_graphemes_is_plain_text(void **state)
{
    (void)state;
    char text[70] = "#";
    for (int i = 1; i <= 65; i++)
        text[i] = 'a';
    assert_int_equal(facets_find(test_arena(), str_of(text, 65)).n, 1);
    assert_int_equal(facets_find(test_arena(), str_of(text, 66)).n, 0);
}

static void facets_beyond_the_maximum_are_plain_text(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < FACETS_MAX + 5; i++)
        sb_add(&b, S("@a "));
    assert_int_equal(facets_find(test_arena(), sb_str(&b)).n, FACETS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_vector_of_bluesky_is_found_at_its_bytes),
        TEST(each_text_holds_these_facets_and_no_others),
        TEST(a_tag_longer_than_64_graphemes_is_plain_text),
        TEST(facets_beyond_the_maximum_are_plain_text),
    };
    return cmocka_run_group_tests_name("text_facets", tests, NULL, NULL);
}
