/* Unit tests of text/html_picture: which pictures a mail shows, and how they are asked for. */
#include "test.h"

#include <string.h>

#include "text/html_picture.h"

static void only_what_stands_in_an_img_is_a_picture_of_the_mail(void **state)
{
    (void)state;
    static const char html[] =
        "<p>https://t.example/text.png</p><a href=\"https://t.example/link.png\">x</a>"
        "<IMG width=1 SRC='https://t.example/a.png?x=1&amp;y=2&#38;z=&#x33;&copy=4'>"
        "<image src= https://t.example/b.png >"
        "<img src=\"\n https://t.example/c c.png\t\">"
        "<!-- <img src=https://t.example/comment.png> -->"
        "<style>img{content:url(https://t.example/style.png)}</style>"
        "<img alt=https://t.example/alt.png src=https://t.example/first.png "
        "src=https://t.example/second.png>";
    static const struct {
        const char *address;
        bool is_there;
    } rows[] = {
        {"https://t.example/a.png?x=1&y=2&z=3&copy=4",     true },
        {"https://t.example/a.png?x=1&amp;y=2&z=3&copy=4", false},
        {"https://t.example/b.png",                        true },
        {"https://t.example/c c.png",                      true },
        {"https://t.example/first.png",                    true },
        {"https://t.example/second.png",                   false},
        {"https://t.example/text.png",                     false},
        {"https://t.example/link.png",                     false},
        {"https://t.example/comment.png",                  false},
        {"https://t.example/style.png",                    false},
        {"https://t.example/alt.png",                      false},
        {"https://t.example/",                             false},
        {"",                                               false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (html_has_picture(test_arena(), str_from(html), str_from(rows[i].address)) !=
            rows[i].is_there)
            fail_msg("%s", rows[i].address);
}

static void an_address_is_asked_for_as_browsers_do(void **state)
{
    (void)state;
    static const struct {
        const char *address, *url;
    } rows[] = {
        {"https://t.example/a.png?b=%20&c=1#d", "https://t.example/a.png?b=%20&c=1#d"},
        {"HTTP://t.example/a\n\tb c.png",       "HTTP://t.example/ab%20c.png"        },
        {"https://t.example/\xc3\xa9|\"",       "https://t.example/%C3%A9%7C%22"     },
        {"ftp://t.example/a.png",               ""                                   },
        {"//t.example/a.png",                   ""                                   },
        {"data:image/png;base64,AA==",          ""                                   },
        {"file:///etc/passwd",                  ""                                   },
        {"/api/v1/me",                          ""                                   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_str(html_picture_url(test_arena(), str_from(rows[i].address)), rows[i].url);
}

static void time_is_linear_in_the_mail(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 8 << 20);
    for (int i = 0; i < 100000; i++)
        sb_add(&b, S("<img src='https://t.example/&amp;&amp;&&&&'>"));
    assert_false(b.failed);
    str address = str_print(test_arena(), "https://t.example/%s", "&&&&&");
    assert_false(html_has_picture(test_arena(), sb_str(&b), address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_stands_in_an_img_is_a_picture_of_the_mail),
        TEST(an_address_is_asked_for_as_browsers_do),
        TEST(time_is_linear_in_the_mail),
    };
    return cmocka_run_group_tests_name("text_html_picture", tests, NULL, NULL);
}
