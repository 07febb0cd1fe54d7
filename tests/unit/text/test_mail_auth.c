/* Unit tests of text/mail_auth: header blocks with what is to be believed of them. */
#include "test.h"

#include "text/mail_auth.h"

enum { HEADERS = 400 };

/* "Name: value" a line, topmost first; a line that begins with a space goes on. */
static struct mime_mail mail_of(str block, str from)
{
    struct mime_header *headers = NEW(test_arena(), struct mime_header, HEADERS);
    struct mime_mail mail = {.headers = headers, .from_address = from};
    str line;
    while (block.len > 0 && mail.n_headers < HEADERS) {
        (void)str_cut(block, '\n', &line, &block);
        if (str_starts(line, S(" "))) {
            struct mime_header *last = &headers[mail.n_headers - 1];
            last->value = str_cat(test_arena(), last->value, line);
            continue;
        }
        struct mime_header *h = &headers[mail.n_headers++];
        (void)str_cut(line, ':', &h->name, &h->value);
        h->value = str_trim(h->value);
    }
    return mail;
}

struct row {
    const char *block; /* From: is put below it when it has none */
    enum mail_auth verdict;
    const char *words; /* spf,dkim,dmarc */
};

static bool has_from(str block)
{
    return str_starts(block, S("From:")) || str_find(block, S("\nFrom:")) >= 0 ||
           str_find(block, S("\nfrom:")) >= 0;
}

static void hold_to(const struct row *rows, size_t n, const char *from, const char *trusted)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        str block = str_from(rows[i].block);
        if (!has_from(block))
            block = str_print(test_arena(), "%s\nFrom: Asha <%s>", rows[i].block, from);
        struct mime_mail mail = mail_of(block, str_from(from));
        struct mail_auth_result r;
        mail_auth_read(test_arena(), &mail, str_from(trusted), &r);
        str words =
            str_print(test_arena(), "%.*s,%.*s,%.*s", SARG(r.spf), SARG(r.dkim), SARG(r.dmarc));
        if (r.verdict != rows[i].verdict || !str_eq(words, str_from(rows[i].words)))
            print_error("row %d (%s): verdict %d, words %.*s\n", (int)i, rows[i].block,
                (int)r.verdict, SARG(words));
        is_good &= r.verdict == rows[i].verdict && str_eq(words, str_from(rows[i].words));
        is_good &= (r.domain.len > 0) == (r.verdict == MAIL_AUTH_PASS);
    }
    assert_true(is_good);
}
#define HOLD(rows)                                                                                 \
    hold_to(                                                                                       \
        rows, sizeof rows / sizeof rows[0], "asha@example.net", "mx.example.com mx2.example.com")
#define AR   "Authentication-Results: mx.example.com; "
#define PASS MAIL_AUTH_PASS
#define FAIL MAIL_AUTH_FAIL
#define NONE MAIL_AUTH_NONE

static void the_grammar_is_read_whole(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {AR "spf=pass smtp.mailfrom=asha@example.net; dkim=pass header.d=example.net "
            "header.s=s1; dmarc=pass (p=reject) header.from=example.net",       PASS, "pass,pass,pass"          },
        {AR "none",                                                                      NONE, ",,"                      },
        {"Authentication-Results: mx.example.com 1; none",                               NONE, ",,"                      },
        {"Authentication-Results: mx.example.com 1; dmarc=pass header.from=example.net", PASS,
         ",,pass"                                                                                                        },
        {"Authentication-Results: mx.example.com 2; dmarc=pass header.from=example.net", NONE,
         ",,"                                                                                                            },
        {AR "dmarc/1=pass header.from=example.net",                                      PASS, ",,pass"                  },
        {AR "dmarc / 1 = pass header.from = example.net",                                PASS, ",,pass"                  },
        {AR "dmarc/2=pass header.from=example.net",                                      NONE, ",,"                      },
        {AR "DMARC=Pass Header.From=Example.NET",                                        PASS, ",,pass"                  },
        {AR "dkim=pass header.s=x header.d=example.net",                                 PASS, ",pass,"                  },
        {AR "dkim=pass header.b=ab/cd+ef== header.d=example.net",                        PASS, ",pass,"                  },
        {AR "dkim=pass reason=\"good; dmarc=fail\" header.d=example.net",                PASS, ",pass,"                  },
        {AR "dkim=pass reason = good header . d = example.net",                          PASS, ",pass,"                  },
        {AR "dkim=pass header.i=@example.net header.s=20230601 header.b=abc",            PASS, ",pass,"                  },
        {AR "dkim=pass header.i=asha@mail.example.net",                                  PASS, ",pass,"                  },
        {AR "dkim=pass header.i=@example.net header.d=evil.example",                     NONE, ",pass,"                  },
        {AR "dkim=pass header.d=evil.example header.i=@example.net",                     NONE, ",pass,"                  },
        {AR "spf=pass smtp.mailfrom=example.net",                                        PASS, "pass,,"                  },
        {AR "spf=pass smtp.mailfrom=<asha@example.net>",                                 PASS, "pass,,"                  },
        {AR "spf=pass smtp.mailfrom=\"asha rahman\"@example.net",                        PASS, "pass,,"                  },
        {AR "spf=pass smtp.mail=asha@example.net",                                       PASS, "pass,,"                  },
        {AR "spf=pass smtp.helo=example.net",                                            NONE, "pass,,"                  },
        {AR "spf=pass smtp.mailfrom=",                                                   NONE, "pass,,"                  },
        {AR "spf=pass",                                                                  NONE, "pass,,"                  },
        {AR "dkim=pass",                                                                 NONE, ",pass,"                  },
        {AR "dmarc=pass",                                                                PASS, ",,pass"                  },
        {AR "; ; dmarc=pass ;",                                                          PASS, ",,pass"                  },
        {AR "dmarc=",                                                                    NONE, ",,"                      },
        {AR "=pass",                                                                     NONE, ",,"                      },
        {AR "dmarc pass",                                                                NONE, ",,"                      },
        {AR "iprev=pass policy.iprev=192.0.2.1; auth=pass smtp.auth=asha@example.net; "
            "sender-id=pass header.from=example.net",                           NONE, ",,"                      },
        {AR "dmarc=bestguesspass header.from=example.net",                               NONE, ",,"                      },
        {AR "spf=temperror; dkim=permerror; dmarc=none",                                 NONE, "temperror,permerror,none"},
        {AR "spf=neutral smtp.mailfrom=example.net; dkim=policy header.d=example.net",   NONE,
         "neutral,policy,"                                                                                               },
        {AR "spf=hardfail smtp.mailfrom=example.net",                                    FAIL, "fail,,"                  },
    };
    HOLD(rows);
}

static void comments_nest_and_quotes_hide(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {AR "dmarc=fail (dmarc=pass (x) header.from=example.net) header.from=example.net",   FAIL,
         ",,fail"                                                                                              },
        {AR "(a (b \\) c) ; dmarc=pass) dkim=pass header.d=example.net",                     PASS, ",pass,"    },
        {"Authentication-Results: (c) mx.example.com (d) 1 (e); dmarc=pass(p=REJECT) "
         "header.from=example.net",                                                 PASS, ",,pass"    },
        {AR "dkim=none (no (message) signed) ; spf=pass (sender (ip) is 192.0.2.1) "
            "smtp.mailfrom=example.net",                                            PASS, "pass,none,"},
        {AR "spf=none smtp.mailfrom=\"x; dmarc=pass header.from=example.net\"@evil.example", NONE,
         "none,,"                                                                                              },
        {AR "spf=none smtp.mailfrom=\"x\\\"; dmarc=pass\"@evil.example",                     NONE, "none,,"    },
        {AR "dmarc=pass (never closed",                                                      NONE, ",,"        },
        {AR "spf=none; dmarc=pass header.from=\"example.net",                                NONE, "none,,"    },
        {AR "dkim=pass header.d=example.net; x=y (open",                                     PASS, ",pass,"    },
        {"Authentication-Results: mx.example.com;\n  dkim=pass\n  header.d=example.net",     PASS,
         ",pass,"                                                                                              },
        {"Authentication-Results: \"mx.example.com\"; dmarc=pass",                           PASS, ",,pass"    },
    };
    HOLD(rows);
}

static void only_trusted_headers_in_their_place_are_heard(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"",                                                                                 NONE, ",,"        },
        {"Authentication-Results: mx.evil.example; dmarc=pass header.from=example.net",      NONE, ",,"        },
        {"Authentication-Results: mx.example.com.evil.example; dmarc=pass",                  NONE, ",,"        },
        {"Authentication-Results: dmarc=pass header.from=example.net",                       NONE, ",,"        },
        {"Authentication-Results: MX.Example.COM.; dmarc=pass header.from=example.net",      PASS,
         ",,pass"                                                                                              },
        {"X-Authentication-Results: mx.example.com; dmarc=pass",                             NONE, ",,"        },
        {"ARC-Authentication-Results: i=1; mx.example.com; dmarc=pass",                      NONE, ",,"        },
 /* A forged one above, by somebody else, does not count; ours below it does. */
        {"Authentication-Results: mx.evil.example; dmarc=pass\n" AR "dmarc=fail",            FAIL, ",,fail"    },
        {"Authentication-Results: mx.evil.example; dmarc=fail\n" AR "dmarc=pass",            PASS, ",,pass"    },
 /* Forged below ours, in our name: behind a Received, or of a method already spoken of. */
        {AR "spf=fail smtp.mailfrom=example.net\nReceived: from evil\n" AR "dmarc=pass",     FAIL,
         "fail,,"                                                                                              },
        {AR "dmarc=fail\n" AR "dmarc=pass header.from=example.net",                          FAIL, ",,fail"    },
        {AR "dmarc=none; dkim=none\n" AR "dmarc=pass; dkim=pass header.d=example.net",       NONE,
         ",none,none"                                                                                          },
 /* Two servers of ours, each with its part. */
        {"Received: by store\n" AR "spf=pass smtp.mailfrom=other.example\n"
         "Authentication-Results: mx2.example.com; dkim=pass header.d=example.net", PASS, "pass,pass,"},
        {AR "dkim=none\nReceived-SPF: pass\n" AR "spf=pass smtp.mailfrom=example.net",       PASS,
         "pass,none,"                                                                                          },
        {"Received: a\nReceived: b\n" AR "dmarc=pass",                                       PASS, ",,pass"    },
    };
    HOLD(rows);
}

static void several_results_of_one_method_are_weighed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {AR "dkim=fail header.d=example.net; dkim=pass header.d=example.net",         PASS, ",pass,"         },
        {AR "dkim=pass header.d=esp.example; dkim=fail header.d=example.net",         FAIL, ",pass,"         },
        {AR "dkim=pass header.d=esp.example; dkim=pass header.d=example.net",         PASS, ",pass,"         },
        {AR "dmarc=pass header.from=example.net; dmarc=fail header.from=example.net", FAIL,
         ",,fail"                                                                                            },
        {AR "dmarc=fail header.from=example.net; dkim=pass header.d=example.net",     FAIL,
         ",pass,fail"                                                                                        },
        {AR "spf=fail smtp.mailfrom=example.net; dkim=pass header.d=example.net",     PASS,
         "fail,pass,"                                                                                        },
        {AR "spf=fail smtp.mailfrom=other.example; dkim=fail header.d=other.example", NONE,
         "fail,fail,"                                                                                        },
        {AR "spf=softfail smtp.mailfrom=example.net",                                 NONE, "softfail,,"     },
        {AR "dmarc=temperror; dkim=pass header.d=example.net",                        PASS, ",pass,temperror"},
    };
    HOLD(rows);
}

static void alignment_is_by_domain_and_never_by_public_suffix(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {AR "dkim=pass header.d=mail.example.net",               PASS, ",pass,"},
        {AR "dkim=pass header.d=net",                            NONE, ",pass,"},
        {AR "dkim=pass header.d=badexample.net",                 NONE, ",pass,"},
        {AR "dkim=pass header.d=example.net.evil.example",       NONE, ",pass,"},
        {AR "dkim=pass header.d=EXAMPLE.NET.",                   PASS, ",pass,"},
        {AR "dkim=pass header.d=exam ple.net",                   NONE, ",pass,"},
        {AR "dkim=pass header.d=..example.net",                  NONE, ",pass,"},
        {AR "dmarc=pass header.from=evil.example",               NONE, ",,pass"},
        {AR "dmarc=pass header.from=mail.example.net",           PASS, ",,pass"},
        {AR "spf=pass smtp.mailfrom=x@example.net@evil.example", NONE, "pass,,"},
    };
    HOLD(rows);
    static const struct row suffix[] = {
        {AR "dkim=pass header.d=co.uk",              NONE, ",pass,"},
        {AR "dkim=pass header.d=uk",                 NONE, ",pass,"},
        {AR "dkim=pass header.d=evil.co.uk",         NONE, ",pass,"},
        {AR "dkim=pass header.d=shop.co.uk",         PASS, ",pass,"},
        {AR "dkim=pass header.d=news.shop.co.uk",    NONE, ",pass,"},
        {AR "dkim=pass header.d=mail.shop.co.uk",    PASS, ",pass,"},
        {AR "dkim=pass header.d=eu.mail.shop.co.uk", PASS, ",pass,"},
    };
    hold_to(suffix, sizeof suffix / sizeof suffix[0], "asha@mail.shop.co.uk", "mx.example.com");
    static const struct row rented[] = {
        {AR "dkim=pass header.d=onmicrosoft.com",      NONE, ",pass,"},
        {AR "dkim=pass header.d=evil.onmicrosoft.com", NONE, ",pass,"},
        {AR "dkim=pass header.d=shop.onmicrosoft.com", PASS, ",pass,"},
    };
    hold_to(
        rented, sizeof rented / sizeof rented[0], "asha@shop.onmicrosoft.com", "mx.example.com");
}

static void international_domains_have_one_spelling(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {AR "dkim=pass header.d=xn--bcher-kva.example", PASS, ",pass,"},
        {AR "dkim=pass header.d=b\xC3\xBC"
            "cher.example",                    PASS, ",pass,"},
        {AR "dkim=pass header.d=B\xC3\x9C"
            "CHER.example",                    PASS, ",pass,"},
        {AR "dkim=pass header.d=bucher.example",        NONE, ",pass,"},
        {AR "dkim=pass header.d=b\xFF"
            "cher.example",                    NONE, ",pass,"},
        {AR "dkim=pass header.d=xn--bcher-kva.xn--",    NONE, ",pass,"},
    };
    hold_to(rows, sizeof rows / sizeof rows[0],
        "asha@b\xC3\xBC"
        "cher.example",
        "mx.example.com");
}

static void a_from_that_is_not_one_address_is_never_believed(void **state)
{
    (void)state;
#define GOOD AR "dmarc=pass header.from=example.net\n"
    static const struct row rows[] = {
        {GOOD "From: asha@example.net",                                    PASS, ",,pass"},
        {GOOD "From: <asha@example.net>",                                  PASS, ",,pass"},
        {GOOD "From: ASHA@Example.Net (Asha (of) Dhaka, mgr@example.org)", PASS, ",,pass"},
        {GOOD "From: (boss@example.org) asha@example.net",                 PASS, ",,pass"},
        {GOOD "From: \"boss@example.org, you\" <asha@example.net>",        PASS, ",,pass"},
        {GOOD "From: Rahman, Asha <asha@example.net>",                     PASS, ",,pass"},
        {GOOD "from: Group: asha@example.net;",                            PASS, ",,pass"},
        {GOOD "From: asha@example.net, eve@evil.example",                  NONE, ",,pass"},
        {GOOD "From: asha@example.net; eve@evil.example",                  NONE, ",,pass"},
        {GOOD "From: boss@example.org, Asha <asha@example.net>",           NONE, ",,pass"},
        {GOOD "From: Asha <asha@example.net> <eve@evil.example>",          NONE, ",,pass"},
        {GOOD "From: eve@evil.example",                                    NONE, ",,pass"},
        {GOOD "From: asha@example.net\nFrom: eve@evil.example",            NONE, ",,pass"},
        {GOOD "From: \"never closed <asha@example.net>",                   NONE, ",,pass"},
        {GOOD "From: Asha",                                                NONE, ",,pass"},
        {GOOD "From:",                                                     NONE, ",,pass"},
        {AR "dmarc=fail\nFrom: asha@example.net, eve@evil.example",        FAIL, ",,fail"},
    };
    HOLD(rows);
    struct mime_mail mail = mail_of(S(AR "dmarc=pass"), S("asha@example.net"));
    struct mail_auth_result r;
    mail_auth_read(test_arena(), &mail, S("mx.example.com"), &r);
    assert_int_equal(r.verdict, NONE); /* from_address is of Sender or Return-Path then */
    assert_str(r.domain, "");
}

static void a_server_without_a_name_is_trusted_as_a_dash(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.net; "
         "dkim=pass (signature was verified) header.d=example.net;dmarc=pass action=none "
         "header.from=example.net;compauth=pass reason=100",                                  PASS, "pass,pass,pass"},
        {AR "dmarc=pass",                                                                              NONE, ",,"            },
 /* Only the topmost header may be nameless: a further one came with the mail. */
        {"Authentication-Results: other.example; dmarc=none\n"
         "Authentication-Results: dmarc=pass header.from=example.net",                        NONE, ",,"            },
        {"Authentication-Results: dmarc=fail\nAuthentication-Results: dkim=pass header.d=example.net",
         FAIL,                                                                                               ",,fail"        },
    };
    hold_to(rows, sizeof rows / sizeof rows[0], "asha@example.net", "-");
    static const struct row listed[] = {
        {"Authentication-Results: b.example; dmarc=pass", PASS, ",,pass"},
        {"Authentication-Results: c.example; dmarc=pass", PASS, ",,pass"},
        {"Authentication-Results: example; dmarc=pass",   NONE, ",,"    },
        {"Authentication-Results: ; dmarc=pass",          NONE, ",,"    },
    };
    hold_to(listed, sizeof listed / sizeof listed[0], "asha@example.net",
        " a.example,b.example ,\tC.Example.");
    static const struct row nobody[] = {
        {AR "dmarc=pass",                        NONE, ",,"},
        {"Authentication-Results: ; dmarc=pass", NONE, ",,"}
    };
    hold_to(nobody, sizeof nobody / sizeof nobody[0], "asha@example.net", "");
}

static void the_topmost_server_is_suggested(void **state)
{
    (void)state;
    struct mime_mail mail =
        mail_of(S("Received: x\nauthentication-results: (c) mx.google.com 1; spf=none\n" AR "none"),
            S("a@example.net"));
    assert_str(mail_auth_server(test_arena(), &mail), "mx.google.com");
    mail = mail_of(S("Authentication-Results: spf=pass smtp.mailfrom=x"), S("a@example.net"));
    assert_str(mail_auth_server(test_arena(), &mail), "-");
    mail = mail_of(S("Subject: x"), S("a@example.net"));
    assert_str(mail_auth_server(test_arena(), &mail), "");
}

static void the_domain_and_the_server_are_told(void **state)
{
    (void)state;
    struct mime_mail mail = mail_of(
        S(AR "dkim=pass header.d=Mail.Example.Net\nFrom: asha@example.net"), S("asha@example.net"));
    struct mail_auth_result r;
    mail_auth_read(test_arena(), &mail, S("mx.example.com"), &r);
    assert_int_equal(r.verdict, PASS);
    assert_str(r.by, "mx.example.com");
    assert_str(r.domain, "mail.example.net");
}

static void read_long(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct arena a = arena_make(0);
    struct sb b = sb_make(&a, 0);
    sb_add(&b, S("mx.example.com; "));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_add(&b, S("dkim=pass (c (d)) header.d=x ; "));
    struct mime_header headers[] = {
        {S("Authentication-Results"), sb_str(&b)        },
        {S("From"),                   S("a@example.net")}
    };
    struct mime_mail mail = {
        .headers = headers, .n_headers = 2, .from_address = S("a@example.net")};
    struct mail_auth_result r;
    mail_auth_read(&a, &mail, S("mx.example.com"), &r);
    arena_free(&a);
}

static void long_headers_take_time_in_proportion(void **state)
{
    (void)state;
    test_slope(read_long, NULL, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_grammar_is_read_whole),
        TEST(comments_nest_and_quotes_hide),
        TEST(only_trusted_headers_in_their_place_are_heard),
        TEST(several_results_of_one_method_are_weighed),
        TEST(alignment_is_by_domain_and_never_by_public_suffix),
        TEST(international_domains_have_one_spelling),
        TEST(a_from_that_is_not_one_address_is_never_believed),
        TEST(a_server_without_a_name_is_trusted_as_a_dash),
        TEST(the_topmost_server_is_suggested),
        TEST(the_domain_and_the_server_are_told),
        TEST(long_headers_take_time_in_proportion),
    };
    return cmocka_run_group_tests_name("text_mail_auth", tests, NULL, NULL);
}
