/* Which addresses may be reached, for what, and that a name cannot be used to get around it.
 * Covers ip.h as well. Names are answered by the test, never by the network. */
#include "test.h"

#include "net/egress.h"
#include "peer.h"

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } good[] = {
        {"192.0.2.1",       "192.0.2.1"  },
        {"::1",             "::1"        },
        {"2001:DB8:0::7",   "2001:db8::7"},
        {"::ffff:10.0.0.1", "10.0.0.1"   },
    };
    static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
        "0x7f.0.0.1", "[::1]", "fe80::1%eth0", "a"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct ip_address ip;
        assert_true(ip_parse(str_from(good[i].text), &ip));
        assert_str(ip_text(test_arena(), ip), good[i].written);
    }
    struct ip_address ip;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ip_parse(str_from(bad[i]), &ip));
    assert_false(ip_parse(S("1.2.3.4\0"), &ip));
}

static void networks_contain_by_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *network, *ip;
        bool has;
    } rows[] = {
        {"10.0.0.0/8",     "10.255.0.1",       true },
        {"10.0.0.0/8",     "11.0.0.0",         false},
        {"10.0.0.0/8",     "::ffff:10.0.0.1",  true },
        {"192.0.2.128/25", "192.0.2.127",      false},
        {"192.0.2.128/25", "192.0.2.200",      true },
        {"192.0.2.1",      "192.0.2.1",        true },
        {"192.0.2.1",      "192.0.2.0",        false},
        {"0.0.0.0/0",      "8.8.8.8",          true },
        {"0.0.0.0/0",      "2001:db8::1",      false},
        {"2001:db8::/33",  "2001:db8:8000::1", false},
        {"2001:db8::/33",  "2001:db8:7fff::1", true },
    };
    static const char *const bad[] = {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "x/8"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip_network net;
        struct ip_address ip;
        assert_true(ip_network_parse(str_from(rows[i].network), &net));
        assert_true(ip_parse(str_from(rows[i].ip), &ip));
        assert_int_equal(ip_network_has(net, ip), rows[i].has);
    }
    struct ip_network net;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ip_network_parse(str_from(bad[i]), &net));
}

static void only_public_addresses_are_public(void **state)
{
    (void)state;
    static const char *const not_public[] = {"0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fdff::1",
        "fe80::1", "fec0::1", "ff02::1"};
    static const char *const are_public[] = {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0",
        "172.15.255.255", "172.32.0.0", "192.0.1.1", "198.17.255.255", "223.255.255.255",
        "2001:4860:4860::8888", "2606:4700::1111", "::ffff:8.8.8.8", "2a00::1"};
    struct ip_address ip;
    for (size_t i = 0; i < sizeof not_public / sizeof not_public[0]; i++) {
        assert_true(ip_parse(str_from(not_public[i]), &ip));
        if (ip_is_public(ip))
            fail_msg("%s counts as public", not_public[i]);
    }
    for (size_t i = 0; i < sizeof are_public / sizeof are_public[0]; i++) {
        assert_true(ip_parse(str_from(are_public[i]), &ip));
        if (!ip_is_public(ip))
            fail_msg("%s does not count as public", are_public[i]);
    }
}

/* The test's name service. */
static int answer(void *arg, str host, struct ip_address *out, int max)
{
    int *asked = arg;
    (*asked)++;
    assert_true(max >= 2);
    static const struct {
        const char *host, *first, *second;
    } names[] = {
        {"public.example",  "8.8.8.8",          "2606:4700::1111"},
        {"private.example", "10.0.0.5",         NULL             },
        {"mixed.example",   "8.8.8.8",          "127.0.0.1"      },
        {"mapped.example",  "::ffff:127.0.0.1", NULL             },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!str_eq(host, str_from(names[i].host)))
            continue;
        int n = ip_parse(str_from(names[i].first), &out[0]);
        if (names[i].second != NULL)
            n += ip_parse(str_from(names[i].second), &out[1]);
        return n;
    }
    return -1;
}

static const struct egress_rules *rules_of(const char *text, int *asked)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), str_from(text), &rules, &why));
    return egress_rules_with_lookup(test_arena(), rules, answer, asked);
}

static err resolve(const struct egress_rules *r, enum egress_purpose p, const char *host, str *why)
{
    struct egress_target t;
    return egress_resolve(test_arena(), r, p, str_from(host), 1000, &t, why);
}

static void a_name_is_refused_when_one_address_is_not_public(void **state)
{
    (void)state;
    int asked = 0;
    const struct egress_rules *r = rules_of("", &asked);
    str why;
    struct egress_target t;
    assert_ok(egress_resolve(test_arena(), r, EGRESS_MEDIA, S("public.example"), 1000, &t, &why));
    assert_int_equal(t.count, 2);
    assert_int_equal(asked, 1);
    assert_err(resolve(r, EGRESS_MEDIA, "private.example", &why), E_FORBIDDEN);
    assert_true(peer_has(why, "10.0.0.5"));
    assert_err(resolve(r, EGRESS_MEDIA, "mixed.example", &why), E_FORBIDDEN);
    assert_err(resolve(r, EGRESS_MEDIA, "mapped.example", &why), E_FORBIDDEN);
    assert_err(resolve(r, EGRESS_MEDIA, "unknown.example", &why), E_UPSTREAM);
    asked = 0;
    assert_err(resolve(r, EGRESS_MEDIA, "127.0.0.1", &why), E_FORBIDDEN);
    assert_err(resolve(r, EGRESS_MEDIA, "::1", &why), E_FORBIDDEN);
    assert_ok(resolve(r, EGRESS_MEDIA, "8.8.8.8", &why));
    assert_int_equal(asked, 0);
}

static void addresses_in_disguise_are_no_names(void **state)
{
    (void)state;
    int asked = 0;
    const struct egress_rules *r = rules_of("", &asked);
    static const char *const hosts[] = {"127.1", "2130706433", "0x7f000001", "0x7f.0.0.1",
        "017700000001", "127.0.0.1.", "a..b", "-a.example", "a b", "a/b", "user@host", "", ".",
        "a.example.127", "h\xc3\xa9.example"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        str why;
        err e = resolve(r, EGRESS_MEDIA, hosts[i], &why);
        if (e != E_INVALID)
            fail_msg("\"%s\": %s", hosts[i], err_name(e));
    }
    assert_int_equal(asked, 0);
}

static void the_operator_allows_networks_per_purpose(void **state)
{
    (void)state;
    int asked = 0;
    const struct egress_rules *r = rules_of("webhook=10.0.0.0/8, 127.0.0.1; *=fd00::/8;", &asked);
    str why;
    assert_ok(resolve(r, EGRESS_WEBHOOK, "private.example", &why));
    assert_ok(resolve(r, EGRESS_WEBHOOK, "mixed.example", &why));
    assert_err(resolve(r, EGRESS_WEBHOOK, "127.0.0.2", &why), E_FORBIDDEN);
    assert_err(resolve(r, EGRESS_MEDIA, "private.example", &why), E_FORBIDDEN);
    assert_ok(resolve(r, EGRESS_MEDIA, "fd00::1", &why));
    assert_ok(resolve(r, EGRESS_MAIL, "fd00::1", &why));
    const struct egress_rules *unused;
    assert_err(egress_rules_parse(test_arena(), S("web=10.0.0.0/8"), &unused, &why), E_INVALID);
    assert_true(peer_has(why, "no purpose"));
    assert_err(egress_rules_parse(test_arena(), S("webhook=10"), &unused, &why), E_INVALID);
    assert_err(egress_rules_parse(test_arena(), S("webhook"), &unused, &why), E_INVALID);
}

static void a_store_without_tls_is_only_where_the_operator_says(void **state)
{
    (void)state;
    int asked = 0;
    const struct egress_rules *r = rules_of("store=10.0.0.0/8", &asked);
    str why;
    assert_ok(resolve(r, EGRESS_STORE, "198.51.101.7", &why));
    assert_err(resolve(r, EGRESS_STORE_PLAIN, "198.51.101.7", &why), E_FORBIDDEN);
    assert_true(peer_has(why, "by https:// only"));
    assert_ok(resolve(r, EGRESS_STORE_PLAIN, "10.0.0.9", &why));
    assert_err(resolve(r, EGRESS_STORE_PLAIN, "127.0.0.1", &why), E_FORBIDDEN);
    assert_err(resolve(r, EGRESS_STORE, "127.0.0.1", &why), E_FORBIDDEN);
}

static void a_connection_goes_to_the_address_that_was_checked(void **state)
{
    (void)state;
    int asked = 0, fd = -1;
    str why;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listening, 4), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
    int port = ntohs(at.sin_port);
    const struct egress_rules *r = rules_of("mail=127.0.0.0/8", &asked);
    assert_ok(
        egress_connect(test_arena(), r, EGRESS_MAIL, S("mapped.example"), port, 5000, &fd, &why));
    assert_int_equal(asked, 1);
    close(fd);
    assert_err(
        egress_connect(test_arena(), r, EGRESS_WEBHOOK, S("mapped.example"), port, 5000, &fd, &why),
        E_FORBIDDEN);
    close(listening);
    assert_err(egress_connect(test_arena(), r, EGRESS_MAIL, S("127.0.0.1"), port, 5000, &fd, &why),
        E_UPSTREAM);
    assert_true(peer_has(why, "refused"));
}

static void the_system_resolves_names_too(void **state)
{
    (void)state;
    const struct egress_rules *r;
    str why;
    struct egress_target t;
    assert_ok(egress_rules_parse(test_arena(), S("*=127.0.0.0/8,::1"), &r, &why));
    assert_ok(egress_resolve(test_arena(), r, EGRESS_MAIL, S("localhost"), 20000, &t, &why));
    assert_true(t.count >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_are_read_and_written),
        TEST(networks_contain_by_prefix),
        TEST(only_public_addresses_are_public),
        TEST(a_name_is_refused_when_one_address_is_not_public),
        TEST(addresses_in_disguise_are_no_names),
        TEST(the_operator_allows_networks_per_purpose),
        TEST(a_store_without_tls_is_only_where_the_operator_says),
        TEST(a_connection_goes_to_the_address_that_was_checked),
        TEST(the_system_resolves_names_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
