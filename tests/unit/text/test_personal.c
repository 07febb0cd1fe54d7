/* Unit tests of text/personal: a table of texts with what is to be found in them. */
#include "test.h"

#include "text/personal.h"

/* "kind:text|…" of all findings. C card, P phone, M mail, O order. */
static str shown(str text)
{
    struct personal_list l;
    struct sb b = sb_make(test_arena(), 4096);
    personal_find(text, &l);
    for (ptrdiff_t i = 0; i < l.n; i++)
        sb_print(&b, "%s%c:%.*s", i > 0 ? "|" : "", "CPMO"[l.at[i].kind],
            SARG(str_sub(text, l.at[i].start, l.at[i].end - l.at[i].start)));
    return sb_str(&b);
}

struct row {
    const char *text, *found;
};

static void hold_to(const struct row *rows, size_t n)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        str got = shown(str_from(rows[i].text));
        if (!str_eq(got, str_from(rows[i].found)))
            print_error(
                "\"%s\" has \"%.*s\", not \"%s\"\n", rows[i].text, SARG(got), rows[i].found);
        is_good &= str_eq(got, str_from(rows[i].found));
    }
    assert_true(is_good);
}
#define HOLD(rows) hold_to(rows, sizeof rows / sizeof rows[0])

static void cards_are_found_by_network_and_luhn(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"my card 4111 1111 1111 1111 was charged",                 "C:4111 1111 1111 1111"                                },
        {"4111-1111-1111-1111.",                                    "C:4111-1111-1111-1111"                                },
        {"5500005555555559",                                        "C:5500005555555559"                                   },
        {"Amex 3782 822463 10005",                                  "C:3782 822463 10005"                                  },
        {"4111 1111 1111 1111 12/28 123",                           "C:4111 1111 1111 1111"                                },
        {"২ ৪১১১ ১১১১ ১১১১ ১১১১", "C:৪১১১ ১১১১ ১১১১ ১১১১"},
        {"٤١١١ ١١١١ ١١١١ ١١١١",                     "C:٤١١١ ١١١١ ١١١١ ١١١١"                },
        {"४१११११११११११११११",        "C:४१११११११११११११११"   },
        {"2221000000000009",                                        "C:2221000000000009"                                   },
        {"4111 1111 1111 1112",                                     ""                                                     },
        {"1234567812345670",                                        ""                                                     },
        {"41111111111111111111",                                    ""                                                     },
    };
    HOLD(rows);
}

static void phone_numbers_are_found_in_every_usual_form(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"call +49 30 123456-78",                                           "P:+49 30 123456-78"                        },
        {"+4930123456",                                                     "P:+4930123456"                             },
        {"+1 (555) 123-4567!",                                              "P:+1 (555) 123-4567"                       },
        {"0049 (0) 30 123456",                                              "P:0049 (0) 30 123456"                      },
        {"(555) 123-4567",                                                  "P:(555) 123-4567"                          },
        {"555-123-4567",                                                    "P:555-123-4567"                            },
        {"555.123.4567",                                                    "P:555.123.4567"                            },
        {"030 1234567",                                                     "P:030 1234567"                             },
        {"030/1234567",                                                     "P:030/1234567"                             },
        {"01712345678",                                                     "P:01712345678"                             },
        {"আমার নম্বর ০১৭১২-৩৪৫৬৭৮", "P:০১৭১২-৩৪৫৬৭৮"      },
        {"+৮৮০১৭১২৩৪৫৬৭৮",                        "P:+৮৮০১৭১২৩৪৫৬৭৮"},
        {"رقمي ٠١٠١٢٣٤٥٦٧٨",                                 "P:٠١٠١٢٣٤٥٦٧٨"                  },
        {"मेरा नंबर ९८७६५४३२१०",        "P:९८७६५४३२१०"          },
        {"મારો નંબર ૯૮૭૬૫ ૪૩૨૧૦",       "P:૯૮૭૬૫ ૪૩૨૧૦"         },
        {"9876543210",                                                      "P:9876543210"                              },
        {"Tel.: 1234567",                                                   "P:1234567"                                 },
        {"ফোনঃ ৯৮৭৬৫৪৩",                              "P:৯৮৭৬৫৪৩"                   },
        {"ফোন: ৯৮৭৬৫৪৩",                                "P:৯৮৭৬৫৪৩"                   },
        {"電話は03-1234-5678です",                                     "P:03-1234-5678"                            },
        {"電話は03-1234-5678 です",                                    "P:03-1234-5678"                            },
        {"1-800-555-0100",                                                  "P:1-800-555-0100"                          },
    };
    HOLD(rows);
}

static void mail_addresses_are_found(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"write to ana.lee+x@mail.example.com.", "M:ana.lee+x@mail.example.com"       },
        {"<ana@example.de>",                     "M:ana@example.de"                   },
        {"ana@bücher.example.de, bo@x.org",     "M:ana@bücher.example.de|M:bo@x.org"},
        {"ana@example",                          ""                                   },
        {"@ana@example.social hi",               ""                                   },
        {"@care.example.com",                    ""                                   },
        {"https://x.org/@ana",                   ""                                   },
    };
    HOLD(rows);
}

static void order_numbers_are_found_behind_their_words_and_in_their_forms(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"order 123456 is late",                                  "O:123456"         },
        {"Order no. 4711",                                        "O:4711"           },
        {"my order #12345",                                       "O:12345"          },
        {"order number: AB-1234-X",                               "O:AB-1234-X"      },
        {"Meine Bestellung Nr. 98765",                            "O:98765"          },
        {"Bestellnummer: 4-711",                                  "O:4-711"          },
        {"mi pedido 88123",                                       "O:88123"          },
        {"ma commande n° 5567",                                  "O:5567"           },
        {"заказ № 55123",                                  "O:55123"          },
        {"আমার অর্ডার ১২৩৪৫",       "O:১২৩৪৫"},
        {"অর্ডারের নম্বর ৫৫৬৭", "O:৫৫৬৭"   },
        {"मेरा ऑर्डर नंबर 5512",        "O:5512"           },
        {"મારો ઓર્ડર ૧૨૩૪૫",          "O:૧૨૩૪૫"},
        {"طلبي رقم ٥٥٦٧",                              "O:٥٥٦٧"       },
        {"الطلب 55671",                                      "O:55671"          },
        {"注文番号12345",                                     "O:12345"          },
        {"订单号：20231234567",                               "O:20231234567"    },
        {"주문번호 55123",                                    "O:55123"          },
        {"see #12345 please",                                     "O:#12345"         },
        {"#AB-12345",                                             "O:#AB-12345"      },
        {"ABC-12345 has not come",                                "O:ABC-12345"      },
    };
    HOLD(rows);
}

static void what_only_looks_alike_is_left_alone(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"on 01.02.2026 or 2026-02-01",                            ""},
        {"01/02/2026 10:30",                                       ""},
        {"2026-01-01 09:15:00",                                    ""},
        {"from 9:30 to 17:00",                                     ""},
        {"EUR 1.234.567,89",                                       ""},
        {"$1,234,567.89 or 1 234 567 €",                         ""},
        {"১,২৩,৪৫৬ টাকা",                      ""},
        {"version 10.12.14159",                                    ""},
        {"v2.0.0-rc1",                                             ""},
        {"in 2024 and 2025-2026",                                  ""},
        {"#2024 #sale2026 #covid19",                               ""},
        {"#1 fan",                                                 ""},
        {"ISO-27001, RFC-28222, COVID-19",                         ""},
        {"in order to see",                                        ""},
        {"order by 5pm",                                           ""},
        {"I ordered 3 shirts",                                     ""},
        {"order 2024 again",                                       ""},
        {"where is my order? 2 days!",                             ""},
        {"track my parcel please, tracking is down",               ""},
        {"50 000 000 people",                                      ""},
        {"0.123456789012",                                         ""},
        {"1767225600",                                             ""},
        {"192.168.100.200",                                        ""},
        {"12345678",                                               ""},
        {"https://shop.example.com/orders/123456?tel=01712345678", ""},
        {"100% of 1234567890123%",                                 ""},
        {"&#39; &#128512;",                                        ""},
        {"2026年12月31日 100000000円",                         ""},
        {"tel aviv",                                               ""},
        {"phone 12",                                               ""},
        {"RR123456789DE",                                          ""},
        {"",                                                       ""},
    };
    HOLD(rows);
}

static void many_findings_stop_at_the_maximum_and_bad_bytes_do_no_harm(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    struct personal_list l;
    for (int i = 0; i < PERSONAL_MAX + 5; i++)
        sb_add(&b, S("#12345 "));
    personal_find(sb_str(&b), &l);
    assert_int_equal(l.n, PERSONAL_MAX);
    assert_str(shown(S("\xff#12345\xe0\xa4 order \xf0")), "O:#12345");
}

static void look_into(void *arg, ptrdiff_t n)
{
    static char text[64 * 4096];
    struct personal_list l;
    str piece = *(const str *)arg;
    for (ptrdiff_t i = 0; i < n; i++)
        text[i] = piece.at[i % piece.len];
    personal_find(str_of(text, n), &l);
}

static void no_text_makes_looking_slower_than_its_length(void **state)
{
    (void)state;
    static const str pieces[] = {S_INIT("1 "), S_INIT("1"), S_INIT("a."), S_INIT("a@"),
        S_INIT("order "), S_INIT("অর্ডার"), S_INIT("#1"), S_INIT("AB-"), S_INIT("号")};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        str piece = pieces[i];
        test_slope(look_into, &piece, 2048);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cards_are_found_by_network_and_luhn),
        TEST(phone_numbers_are_found_in_every_usual_form),
        TEST(mail_addresses_are_found),
        TEST(order_numbers_are_found_behind_their_words_and_in_their_forms),
        TEST(what_only_looks_alike_is_left_alone),
        TEST(many_findings_stop_at_the_maximum_and_bad_bytes_do_no_harm),
        TEST(no_text_makes_looking_slower_than_its_length),
    };
    return cmocka_run_group_tests_name("text_personal", tests, NULL, NULL);
}
