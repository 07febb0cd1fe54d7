/* Every network's signature of what it sends us, against tests/data/signatures.json, and that
 * nothing but the exact signature passes. */
#include "connector/sign.h"

#include "base/crypto.h"
#include "connector/credentials.h"
#include "vectors.h"

#include <string.h>

static const struct {
    const char *name;
    const struct sign_scheme *scheme;
} schemes[] = {
    {"meta",        &sign_meta       },
    {"meta_sha1",   &sign_meta_sha1  },
    {"websub",      &sign_websub     },
    {"x",           &sign_x          },
    {"linkedin",    &sign_linkedin   },
    {"tiktok",      &sign_tiktok     },
    {"line",        &sign_line       },
    {"viber",       &sign_viber      },
    {"twilio",      &sign_twilio     },
    {"slack",       &sign_slack      },
    {"teams",       &sign_teams      },
    {"hubspot",     &sign_hubspot    },
    {"hubspot_v1",  &sign_hubspot_v1 },
    {"shopify",     &sign_shopify    },
    {"woocommerce", &sign_woocommerce},
    {"helpscout",   &sign_helpscout  },
    {"zendesk",     &sign_zendesk    },
};

/* A request that can be changed before it is checked. */
struct letter {
    const struct sign_scheme *scheme;
    struct http_header headers[4];
    struct http_request req;
    str secrets[3];
    struct sign_request given;
};

static struct letter *letter(const struct json *v)
{
    struct letter *l = NEW(test_arena(), struct letter, 1);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (str_eq(vector_text(v, "scheme"), str_from(schemes[i].name)))
            l->scheme = schemes[i].scheme;
    if (l->scheme == NULL)
        fail_msg("no scheme %.*s", SARG(vector_text(v, "scheme")));
    l->headers[0] = (struct http_header){vector_text(v, "header"), vector_text(v, "value")};
    l->headers[1] = (struct http_header){S("content-type"), vector_text(v, "content_type")};
    l->req = (struct http_request){.method = HTTP_POST,
        .headers = l->headers,
        .header_count = 2,
        .body = vector_text(v, "body")};
    if (vector_text(v, "time_header").len)
        l->headers[l->req.header_count++] =
            (struct http_header){vector_text(v, "time_header"), vector_text(v, "time")};
    l->secrets[0] = vector_text(v, "secret");
    l->given = (struct sign_request){.req = &l->req,
        .url = vector_text(v, "url"),
        .secrets = l->secrets,
        .secret_count = 1,
        .now_ms = json_int(json_get(v, S("now_ms")), TEST_NOW_MS)};
    return l;
}

static err check(const struct letter *l)
{
    str why = {0};
    err e = sign_check(test_arena(), l->scheme, &l->given, &why);
    assert_int_equal(e == OK, why.len == 0);
    if (l->secrets[0].len > 0 && str_find(why, l->secrets[0]) >= 0)
        fail_msg("the words hold the secret");
    return e;
}

static str changed(str s, ptrdiff_t at, char c)
{
    char *to = NEW(test_arena(), char, s.len + 1);
    memcpy(to, s.at, (size_t)s.len);
    to[at] = c;
    return str_of(to, s.len);
}

/* The first entry with this id. */
static const struct json *vector(const char *id)
{
    for (const struct json *v = vectors(); v; v = v->next)
        if (str_eq(vector_text(v, "id"), str_from(id)))
            return v;
    fail_msg("no entry %s", id);
    return NULL;
}

#define for_each_request(v)                                                                        \
    for (const struct json *v = vectors(); v; v = v->next)                                         \
        if (vector_is(v, "request"))

static void every_networks_own_signature_is_accepted(void **state)
{
    (void)state;
    int n = 0;
    for_each_request(v)
    {
        if (check(letter(v)) != OK)
            fail_msg("%.*s is refused", SARG(vector_text(v, "id")));
        n++;
    }
    assert_int_equal(n, 22);
}

static void every_networks_signature_is_what_we_would_make(void **state)
{
    (void)state;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        str made = {0};
        assert_ok(sign_value(test_arena(), l->scheme, &l->given, &made));
        assert_str(made, str_z(test_arena(), vector_text(v, "value")));
    }
}

static void a_changed_bit_of_the_body_is_refused(void **state)
{
    (void)state;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        str body = l->req.body;
        l->req.body = changed(body, body.len - 1, (char)(body.at[body.len - 1] ^ 1));
        assert_err(check(l), E_UNAUTHENTICATED);
        l->req.body = str_cat(test_arena(), body, S("&a=1"));
        assert_err(check(l), E_UNAUTHENTICATED);
        l->req.body = (str){0};
        assert_err(check(l), E_UNAUTHENTICATED);
    }
}

static void a_changed_signature_is_refused_wherever_it_is_changed(void **state)
{
    (void)state;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        str value = l->headers[0].value;
        for (ptrdiff_t i = 0; i < value.len; i++) {
            l->headers[0].value = changed(value, i, value.at[i] == 'b' ? 'c' : 'b');
            if (check(l) != E_UNAUTHENTICATED)
                fail_msg("%.*s passes as %.*s", SARG(value), SARG(l->headers[0].value));
        }
    }
}

static void a_signature_that_is_cut_or_longer_is_refused(void **state)
{
    (void)state;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        str value = l->headers[0].value;
        for (ptrdiff_t len = 0; len < value.len; len++) {
            l->headers[0].value = str_sub(value, 0, len);
            assert_err(check(l), E_UNAUTHENTICATED);
        }
        const char *const more[] = {"0", "00", "=", "AAAA", " ", ","};
        /* TikTok's is a list, in which spaces and empty parts are nothing. */
        size_t count = l->scheme == &sign_tiktok ? 4 : 6;
        for (size_t i = 0; i < count; i++) {
            l->headers[0].value = str_cat(test_arena(), value, str_from(more[i]));
            assert_err(check(l), E_UNAUTHENTICATED);
        }
    }
}

static void a_missing_or_repeated_header_is_refused(void **state)
{
    (void)state;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        l->headers[3] = l->headers[0];
        l->req.header_count = 4;
        assert_err(check(l), E_UNAUTHENTICATED);
        l = letter(v);
        l->headers[0].name = S("X-Other");
        assert_err(check(l), E_UNAUTHENTICATED);
        l = letter(v);
        l->headers[2].name = S("X-Other");
        assert_err(check(l), l->req.header_count == 3 ? E_UNAUTHENTICATED : OK);
    }
}

static str in_other_case(str s)
{
    char *to = NEW(test_arena(), char, s.len + 1);
    for (ptrdiff_t i = 0; i < s.len; i++) {
        bool is_letter = (s.at[i] | 0x20) >= 'a' && (s.at[i] | 0x20) <= 'z';
        to[i] = (char)(is_letter ? s.at[i] ^ 0x20 : s.at[i]);
    }
    return str_of(to, s.len);
}

static void another_case_or_encoding_of_the_signature_is_refused(void **state)
{
    (void)state;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        str value = l->headers[0].value, bytes = {0};
        l->headers[0].value = in_other_case(value);
        assert_err(check(l), E_UNAUTHENTICATED);
        ptrdiff_t before = value.len;
        while (before > 0 && value.at[before - 1] != '=' && value.at[before - 1] != ' ')
            before--;
        if (str_ends(value, S("=")))
            before = l->scheme->prefix.len;
        str head = str_sub(value, 0, before), digest = str_skip(value, before);
        bool is_hex = l->scheme->encoding == SIGN_HEX;
        assert_ok(is_hex ? crypto_unhex(test_arena(), digest, &bytes)
                         : crypto_unbase64(test_arena(), digest, &bytes));
        str others[4] = {0};
        others[0] = is_hex ? crypto_base64(test_arena(), bytes) : crypto_hex(test_arena(), bytes);
        others[1] = crypto_base64url(test_arena(), bytes);
        others[2] = bytes;
        others[3] = str_cat(test_arena(), S(" "), digest);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            l->headers[0].value = str_cat(test_arena(), head, others[i]);
            if (!str_eq(l->headers[0].value, value))
                assert_err(check(l), E_UNAUTHENTICATED);
        }
        if (before > 0) { /* without its prefix */
            l->headers[0].value = digest;
            assert_err(check(l), E_UNAUTHENTICATED);
        }
    }
}

static void one_of_several_secrets_is_enough_and_none_lets_nothing_in(void **state)
{
    (void)state;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        str secret = l->secrets[0];
        l->secrets[0] = S("");
        l->secrets[1] = S("bmV3ZXI=");
        l->secrets[2] = secret;
        l->given.secret_count = 3;
        assert_ok(check(l));
        l->given.secret_count = 2;
        assert_err(check(l), E_UNAUTHENTICATED);
        l->given.secret_count = 0;
        assert_err(check(l), E_UNAUTHENTICATED);
    }
}

static void what_is_signed_with_an_empty_secret_is_refused(void **state)
{
    (void)state;
    struct letter *l = letter(vector("line_signature_empty"));
    struct sha256 d = crypto_hmac_sha256(S(""), l->req.body);
    l->headers[0].value = crypto_base64(test_arena(), str_of(d.b, 32));
    l->secrets[0] = S("");
    assert_err(check(l), E_UNAUTHENTICATED);
}

static void a_signature_with_a_time_holds_for_five_minutes_either_way(void **state)
{
    (void)state;
    int n = 0;
    for_each_request(v)
    {
        struct letter *l = letter(v);
        int64_t at_ms = l->given.now_ms;
        bool has_clock = l->scheme->clock != SIGN_NO_CLOCK;
        n += has_clock;
        for (int side = -1; side <= 1; side += 2) {
            l->given.now_ms = at_ms + side * INT64_C(300000);
            assert_ok(check(l));
            l->given.now_ms = at_ms + side * INT64_C(301000);
            assert_err(check(l), has_clock ? E_UNAUTHENTICATED : OK);
        }
    }
    assert_int_equal(n, 4);
}

static void the_time_belongs_to_what_is_signed(void **state)
{
    (void)state;
    const char *const ids[] = {"slack_v0", "hubspot_v3", "zendesk_webhook"};
    const char *const times[] = {"1531420619", "1767225600001", "2026-01-01T00:00:01Z"};
    for (int i = 0; i < 3; i++) {
        struct letter *l = letter(vector(ids[i]));
        l->headers[2].value = str_from(times[i]);
        assert_err(check(l), E_UNAUTHENTICATED);
        l->headers[2].value = S("soon");
        assert_err(check(l), E_UNAUTHENTICATED);
        l->headers[2].value = S("");
        assert_err(check(l), E_UNAUTHENTICATED);
    }
}

static void tiktoks_header_may_come_in_any_order_but_each_part_once(void **state)
{
    (void)state;
    struct letter *l = letter(vector("tiktok_signature"));
    str t, s;
    assert_true(str_cut(l->headers[0].value, ',', &t, &s));
    struct arena *a = test_arena();
    l->headers[0].value = str_print(a, "%.*s, %.*s,v=2", SARG(s), SARG(t));
    assert_ok(check(l));
    l->headers[0].value = str_print(a, "%.*s,%.*s,%.*s", SARG(s), SARG(t), SARG(s));
    assert_err(check(l), E_UNAUTHENTICATED);
    l->headers[0].value = str_print(a, "%.*s,%.*s,%.*s", SARG(t), SARG(t), SARG(s));
    assert_err(check(l), E_UNAUTHENTICATED);
    l->headers[0].value = t;
    assert_err(check(l), E_UNAUTHENTICATED);
    l->headers[0].value = s;
    assert_err(check(l), E_UNAUTHENTICATED);
}

static void vibers_signature_may_stand_in_the_query(void **state)
{
    (void)state;
    struct letter *l = letter(vector("viber_signature"));
    struct http_pair query[2] = {
        {S("sig"), l->headers[0].value},
        {S("sig"), l->headers[0].value}
    };
    l->headers[0].name = S("X-Other");
    l->req.query = query;
    l->req.query_count = 1;
    assert_ok(check(l));
    l->req.query_count = 2;
    assert_err(check(l), E_UNAUTHENTICATED);
    l->req.query_count = 1;
    query[0].value = S("00");
    assert_err(check(l), E_UNAUTHENTICATED);
}

static void telegrams_secret_is_compared_whole(void **state)
{
    (void)state;
    struct http_header header = {S("x-telegram-bot-api-secret-token"), S("s-1_A")};
    struct http_request req = {.method = HTTP_POST, .headers = &header, .header_count = 1};
    const str secrets[] = {S("s-2_B"), S("s-1_A")};
    struct sign_request given = {.req = &req, .secrets = secrets, .secret_count = 2};
    str why = {0};
    assert_ok(sign_check(test_arena(), &sign_telegram, &given, &why));
    const char *const bad[] = {"s-1_a", "s-1_", "s-1_AA", "", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        header.value = str_from(bad[i]);
        assert_err(sign_check(test_arena(), &sign_telegram, &given, &why), E_UNAUTHENTICATED);
    }
    header.value = S("");
    const str none[] = {S("")};
    given.secrets = none;
    given.secret_count = 1;
    assert_err(sign_check(test_arena(), &sign_telegram, &given, &why), E_UNAUTHENTICATED);
}

static void our_own_contract_with_a_bot_is_checked_as_it_is_made(void **state)
{
    (void)state;
    struct http_header header = {S("X-Seva-Signature"), {0}};
    struct http_request req = {
        .method = HTTP_POST, .headers = &header, .header_count = 1, .body = S("{}")};
    const str secrets[] = {S("k")};
    struct sign_request given = {.req = &req, .secrets = secrets, .secret_count = 1};
    str why = {0};
    assert_ok(sign_value(test_arena(), &sign_bot, &given, &header.value));
    assert_true(str_starts(header.value, S("sha256=")));
    assert_ok(sign_check(test_arena(), &sign_bot, &given, &why));
    given.secret_count = 0;
    assert_err(sign_value(test_arena(), &sign_bot, &given, &header.value), E_INVALID);
}

/* ── Twilio and HubSpot: addresses ── */

static str twilio_signature(const char *token, const char *text)
{
    str t = str_from(text);
    struct sha1 d = crypto_hmac_sha1_parts(str_from(token), &t, 1);
    return crypto_base64(test_arena(), str_of(d.b, 20));
}

static void twilios_address_may_be_signed_with_or_without_its_default_port(void **state)
{
    (void)state;
    static const struct {
        const char *ours, *signed_as;
        err expected;
    } cases[] = {
        {"https://h.example/p?x=1", "https://h.example:443/p?x=1", OK               },
        {"https://h.example:443/p", "https://h.example/p",         OK               },
        {"http://h.example?x=1",    "http://h.example:80?x=1",     OK               },
        {"https://[::1]/p",         "https://[::1]:443/p",         OK               },
        {"https://h.example:8443/", "https://h.example:8443/",     OK               },
        {"https://h.example:8443/", "https://h.example/",          E_UNAUTHENTICATED},
        {"https://h.example/",      "https://h.example:8443/",     E_UNAUTHENTICATED},
        {"https://h.example/",      "http://h.example/",           E_UNAUTHENTICATED},
        {"https://h.example/",      "https://h.example:80/",       E_UNAUTHENTICATED},
        {"https://h.example/p:443", "https://h.example/p",         E_UNAUTHENTICATED},
        {"",                        "",                            E_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct letter *l = letter(vector("twilio_form_published"));
        l->req.method = HTTP_GET;
        l->req.body = (str){0};
        l->given.url = str_from(cases[i].ours);
        l->headers[0].value = twilio_signature("12345", cases[i].signed_as);
        assert_err(check(l), cases[i].expected);
    }
}

static void twilios_fields_are_sorted_decoded_and_repeated_ones_counted_once(void **state)
{
    (void)state;
    struct letter *l = letter(vector("twilio_form_published"));
    l->given.url = S("https://h.example/");
    l->req.body = S("b=2&a=z&B=%ff&a=y&&a=z&c&d=1+1%2B1");
    l->headers[0].value = twilio_signature("12345", "https://h.example/B\xff"
                                                    "ayazb2cd1 1+1");
    assert_ok(check(l));
    l->req.body = S("b=2&a=z&B=%ff&a=y&c&d=1+1%2B1");
    assert_ok(check(l));
    l->req.body = S("b=2&a=z&B=%f&a=y&c&d=1+1%2B1"); /* no escape */
    assert_err(check(l), E_UNAUTHENTICATED);
}

static void a_body_that_twilios_signature_does_not_cover_is_refused(void **state)
{
    (void)state;
    struct letter *l = letter(vector("twilio_form_published"));
    l->given.url = S("https://h.example/");
    l->headers[0].value = twilio_signature("12345", "https://h.example/");
    l->headers[1].value = S("application/json");
    l->req.body = S("{}");
    assert_err(check(l), E_UNAUTHENTICATED);
    l->headers[1].value = S("");
    assert_err(check(l), E_UNAUTHENTICATED);
    l->headers[1].value = S("application/x-www-form-urlencoded; charset=UTF-8");
    l->req.body = S("");
    assert_ok(check(l));
    l->req.method = HTTP_GET; /* a GET's body is nobody's */
    l->req.body = S("a=1");
    assert_err(check(l), E_UNAUTHENTICATED);
}

static void a_form_of_too_many_fields_is_refused(void **state)
{
    (void)state;
    struct letter *l = letter(vector("twilio_form_published"));
    struct sb form = sb_make(test_arena(), 0), text = sb_make(test_arena(), 0);
    l->given.url = S("https://h.example/");
    sb_add(&text, l->given.url);
    for (int i = 0; i < SIGN_FIELDS; i++) {
        sb_print(&form, "%s%03d=x", i ? "&" : "", i);
        sb_print(&text, "%03dx", i);
    }
    l->req.body = sb_str(&form);
    l->headers[0].value = twilio_signature("12345", str_z(test_arena(), sb_str(&text)));
    assert_ok(check(l));
    l->req.body = str_cat(test_arena(), l->req.body, S("&z"));
    l->headers[0].value = twilio_signature(
        "12345", str_z(test_arena(), str_cat(test_arena(), sb_str(&text), S("z"))));
    assert_err(check(l), E_UNAUTHENTICATED);
}

static void hubspots_address_is_signed_with_or_without_its_escapes(void **state)
{
    (void)state;
    struct letter *l = letter(vector("hubspot_v3"));
    l->given.url = S("https://care.example.com/hooks%2Fhubspot?a=%3A%20%2a%26");
    const char *const as[] = {"https://care.example.com/hooks/hubspot?a=:%20*%26",
        "https://care.example.com/hooks%2Fhubspot?a=%3A%20%2a%26"};
    for (int i = 0; i < 2; i++) {
        const str parts[] = {S("POST"), str_from(as[i]), l->req.body, l->headers[2].value};
        struct sha256 d = crypto_hmac_sha256_parts(l->secrets[0], parts, 4);
        l->headers[0].value = crypto_base64(test_arena(), str_of(d.b, 32));
        assert_ok(check(l));
        l->req.method = HTTP_PUT;
        assert_err(check(l), E_UNAUTHENTICATED);
        l->req.method = HTTP_POST;
    }
    l->given.url = S("");
    assert_err(check(l), E_UNAUTHENTICATED);
}

/* ── values with the same secrets ── */

static void challenges_and_proofs_are_what_the_networks_compute(void **state)
{
    (void)state;
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        str secret = vector_text(v, "secret"), message = vector_text(v, "message"), made = {0};
        if (vector_is(v, "appsecret_proof"))
            made = sign_appsecret_proof(test_arena(), secret, message);
        else if (vector_is(v, "x_challenge"))
            made = sign_x_challenge(test_arena(), secret, message);
        else if (vector_is(v, "linkedin_challenge"))
            made = sign_linkedin_challenge(test_arena(), secret, message);
        else
            continue;
        assert_str(made, str_z(test_arena(), vector_text(v, "expected")));
        n++;
    }
    assert_int_equal(n, 3);
}

static void credentials_are_written_as_the_standards_have_them(void **state)
{
    (void)state;
    int n = 0;
    struct arena *a = test_arena();
    for (const struct json *v = vectors(); v; v = v->next) {
        str user = vector_text(v, "user"), password = vector_text(v, "password");
        str token = vector_text(v, "token"), made = {0};
        if (vector_is(v, "basic"))
            assert_ok(credentials_basic(a, user, password, &made));
        else if (vector_is(v, "plain"))
            assert_ok(credentials_plain(a, user, password, &made));
        else if (vector_is(v, "xoauth2"))
            assert_ok(credentials_xoauth2(a, user, token, &made));
        else if (vector_is(v, "oauthbearer"))
            assert_ok(credentials_oauthbearer(a, user, vector_text(v, "host"),
                (int)json_int(json_get(v, S("port")), 0), token, &made));
        else
            continue;
        assert_str(made, str_z(a, vector_text(v, "expected")));
        n++;
    }
    assert_int_equal(n, 4);
}

static void credentials_that_would_read_as_others_are_refused(void **state)
{
    (void)state;
    struct arena *a = test_arena();
    str made = S("untouched"), plain = {0};
    str nul = str_of("a\0b", 3);
    assert_err(credentials_basic(a, S("a:b"), S("c"), &made), E_INVALID);
    assert_err(credentials_basic(a, S("a"), S("c\n"), &made), E_INVALID);
    assert_err(credentials_plain(a, nul, S("c"), &made), E_INVALID);
    assert_err(credentials_plain(a, S("a"), nul, &made), E_INVALID);
    assert_err(credentials_plain(a, S(""), S("c"), &made), E_INVALID);
    assert_err(credentials_xoauth2(a, S("a\x01"), S("c"), &made), E_INVALID);
    assert_err(credentials_xoauth2(a, S("a"),
                   S("c\x01"
                     "auth=x"),
                   &made),
        E_INVALID);
    assert_err(credentials_oauthbearer(a, S("a"), S("h\x01"), 1, S("c"), &made), E_INVALID);
    assert_str(made, "untouched");
    assert_ok(credentials_oauthbearer(a, S("a=b,c"), S("h"), 1, S("t"), &made));
    assert_ok(crypto_unbase64(a, made, &plain));
    assert_str(plain, "n,a=a=3Db=2Cc,\x01host=h\x01port=1\x01"
                      "auth=Bearer t\x01\x01");
}

static void a_verify_token_is_compared_whole(void **state)
{
    (void)state;
    const str secrets[] = {S(""), S("one"), S("two")};
    assert_true(sign_is_secret(S("one"), secrets, 3));
    assert_true(sign_is_secret(S("two"), secrets, 3));
    assert_false(sign_is_secret(S("two"), secrets, 2));
    assert_false(sign_is_secret(S("onetwo"), secrets, 3));
    assert_false(sign_is_secret(S(""), secrets, 3));
    assert_false(sign_is_secret((str){0}, NULL, 0));
}

static err callback(const struct http_pair *pairs, ptrdiff_t n, str secret)
{
    str why = {0};
    const str secrets[] = {S("other"), secret};
    return sign_shopify_callback(test_arena(), pairs, n, secrets, 2, &why);
}

static void shopifys_call_back_is_checked_over_its_sorted_query(void **state)
{
    (void)state;
    const struct json *v = vector("shopify_oauth_callback");
    struct http_pair pairs[8];
    ptrdiff_t n = 0;
    str secret = vector_text(v, "secret"), hmac = vector_text(v, "expected");
    pairs[n++] = (struct http_pair){S("hmac"), hmac};
    const struct json *query = json_get(v, S("query"));
    for (const struct json *q = query->first; q; q = q->next)
        pairs[n++] = (struct http_pair){q->key, q->text};
    assert_ok(callback(pairs, n, secret));
    struct http_pair swapped = pairs[1];
    pairs[1] = pairs[n - 1];
    pairs[n - 1] = swapped;
    assert_ok(callback(pairs, n, secret));
    assert_err(callback(pairs, n, S("")), E_UNAUTHENTICATED);
    assert_err(callback(pairs, n - 1, secret), E_UNAUTHENTICATED);
    assert_err(callback(pairs + 1, n - 1, secret), E_UNAUTHENTICATED);
    pairs[n] = (struct http_pair){S("more"), S("1")};
    assert_err(callback(pairs, n + 1, secret), E_UNAUTHENTICATED);
    pairs[n] = pairs[0];
    assert_err(callback(pairs, n + 1, secret), E_UNAUTHENTICATED);
    pairs[0].value = in_other_case(hmac);
    assert_err(callback(pairs, n, secret), E_UNAUTHENTICATED);
    pairs[0].value = str_sub(hmac, 0, hmac.len - 2);
    assert_err(callback(pairs, n, secret), E_UNAUTHENTICATED);
}

static void shopifys_values_may_be_signed_escaped_in_either_way(void **state)
{
    (void)state;
    const char *const as[] = {"h=a %26b%25&s=x/y=", "h=a%20%26b%25&s=x%2Fy%3D"};
    for (int i = 0; i < 2; i++) {
        struct sha256 d = crypto_hmac_sha256(S("k"), str_from(as[i]));
        str hmac = crypto_hex(test_arena(), str_of(d.b, 32));
        const struct http_pair pairs[] = {
            {S("s"),    S("x/y=") },
            {S("h"),    S("a &b%")},
            {S("hmac"), hmac      },
        };
        assert_ok(callback(pairs, 3, S("k")));
    }
    /* One value that only looks like two pairs is not two pairs. */
    struct sha256 d = crypto_hmac_sha256(S("k"), S("a=1&b=2"));
    str hmac = crypto_hex(test_arena(), str_of(d.b, 32));
    const struct http_pair forged[] = {
        {S("a"),    S("1&b=2")},
        {S("hmac"), hmac      },
    };
    assert_err(callback(forged, 2, S("k")), E_UNAUTHENTICATED);
}

int main(void)
{
    if (crypto_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_networks_own_signature_is_accepted),
        TEST(every_networks_signature_is_what_we_would_make),
        TEST(a_changed_bit_of_the_body_is_refused),
        TEST(a_changed_signature_is_refused_wherever_it_is_changed),
        TEST(a_signature_that_is_cut_or_longer_is_refused),
        TEST(a_missing_or_repeated_header_is_refused),
        TEST(another_case_or_encoding_of_the_signature_is_refused),
        TEST(one_of_several_secrets_is_enough_and_none_lets_nothing_in),
        TEST(what_is_signed_with_an_empty_secret_is_refused),
        TEST(a_signature_with_a_time_holds_for_five_minutes_either_way),
        TEST(the_time_belongs_to_what_is_signed),
        TEST(tiktoks_header_may_come_in_any_order_but_each_part_once),
        TEST(vibers_signature_may_stand_in_the_query),
        TEST(telegrams_secret_is_compared_whole),
        TEST(our_own_contract_with_a_bot_is_checked_as_it_is_made),
        TEST(twilios_address_may_be_signed_with_or_without_its_default_port),
        TEST(twilios_fields_are_sorted_decoded_and_repeated_ones_counted_once),
        TEST(a_body_that_twilios_signature_does_not_cover_is_refused),
        TEST(a_form_of_too_many_fields_is_refused),
        TEST(hubspots_address_is_signed_with_or_without_its_escapes),
        TEST(challenges_and_proofs_are_what_the_networks_compute),
        TEST(credentials_are_written_as_the_standards_have_them),
        TEST(credentials_that_would_read_as_others_are_refused),
        TEST(a_verify_token_is_compared_whole),
        TEST(shopifys_call_back_is_checked_over_its_sorted_query),
        TEST(shopifys_values_may_be_signed_escaped_in_either_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
