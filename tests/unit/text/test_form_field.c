/* Unit tests of text/form_field: the mail in a form that a forwarder posts. */
#include "test.h"

#include "text/form_field.h"

static const char *const names[] = {"body-mime", "email", NULL};

#define FORM "multipart/form-data; boundary=\"x y\""

static void a_field_is_found_among_others_as_its_bytes_stand_there(void **state)
{
    (void)state;
    struct form_field f = {0};
    str body =
        S("--x y\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\na@b\r\n"
          "--x y\r\ncontent-disposition: form-data; filename=\"name=email;.eml\"; name=email\r\n"
          "Content-Type: message/rfc822\r\n\r\nFrom: a@b\r\n\r\n--x\r\n--x\r\n--x y--\r\n");
    assert_ok(form_field_find(S(FORM), body, names, &f));
    assert_str(f.value, "From: a@b\r\n\r\n--x\r\n--x");
    assert_false(f.is_encoded);
}

static void a_form_encoded_field_stays_encoded(void **state)
{
    (void)state;
    struct form_field f = {0};
    assert_ok(form_field_find(S("application/x-www-form-urlencoded; charset=utf-8"),
        S("a=1&body-mime=From%3A+a%40b%0D%0A&b=2"), names, &f));
    assert_str(f.value, "From%3A+a%40b%0D%0A");
    assert_true(f.is_encoded);
}

static void what_is_no_form_or_breaks_off_is_refused(void **state)
{
    (void)state;
    struct form_field f = {0};
    static const struct {
        const char *type, *body;
        err e;
    } cases[] = {
        {"text/plain",                        "email=1",                                           E_INVALID  },
        {"multipart/form-data",               "--x\r\n",                                           E_INVALID  },
        {"multipart/form-data; boundary=x",   "no boundary",                                       E_INVALID  },
        {"multipart/form-data; boundary=x",
         "--x\r\nContent-Disposition: form-data; name=email\r\n\r\nFrom: a",                       E_INVALID  },
        {"multipart/form-data; boundary=x",   "--x\r\nContent-Disposition: form-data; name=email",
         E_INVALID                                                                                            },
        {"multipart/form-data; boundary=x",
         "--x\r\nContent-Disposition: form-data; name=other\r\n\r\n1\r\n--x--",                    E_NOT_FOUND},
        {"multipart/form-data; boundary=x",   "--x--",                                             E_NOT_FOUND},
        {"application/x-www-form-urlencoded", "email&emails=1",                                    E_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_err(form_field_find(str_from(cases[i].type), str_from(cases[i].body), names, &f),
            cases[i].e);
    assert_true(form_is(S("Multipart/Form-Data; boundary=x")));
    assert_false(form_is(S("message/rfc822")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_field_is_found_among_others_as_its_bytes_stand_there),
        TEST(a_form_encoded_field_stays_encoded),
        TEST(what_is_no_form_or_breaks_off_is_refused),
    };
    return cmocka_run_group_tests_name("text_form_field", tests, NULL, NULL);
}
