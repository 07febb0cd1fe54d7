/* The API channel's connector: golden bodies, signatures, what an answer to a reply means. */
#include "connector/connector.h"

#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "connector/signature.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* tests/connector/api/<name>, from the environment that meson sets. */
static str golden(const char *name)
{
    const char *folder = getenv("SEVA_GOLDEN");
    str text = {0};
    assert_non_null(folder);
    str path = str_print(test_arena(), "%s/api/%s", folder, name);
    assert_ok(file_read(test_arena(), path, 1 << 20, &text));
    return text;
}

static err parse(str body, int64_t received_ms, struct connector_batch *batch, str *why)
{
    const struct connector_raw raw = {
        .body = body, .origin = S("hook"), .received_ms = received_ms};
    return connector_find(S("api"))->parse(test_arena(), &raw, batch, why);
}

static str shown(const struct connector_item *it)
{
    struct arena *a = test_arena();
    if (it->fault.len)
        return str_print(a, "fault %.*s raw=%.*s\n", SARG(it->fault), SARG(it->raw));
    struct sb b = sb_make(a, 1 << 20);
    sb_print(&b, "item external_id=%.*s thread=%.*s contact=%.*s name=%.*s email=%.*s ",
        SARG(it->external_id), SARG(it->thread_key), SARG(it->contact_external_id),
        SARG(it->contact_name), SARG(it->contact_email));
    sb_print(&b, "phone=%.*s language=%.*s sent_ms=%lld text=", SARG(it->contact_phone),
        SARG(it->contact_language), (long long)it->sent_ms);
    for (ptrdiff_t i = 0; i < it->text.len; i++)
        sb_byte(&b, it->text.at[i] == '\n' ? '|' : it->text.at[i]);
    sb_print(&b, " attachments=%td", it->n_attachments);
    for (ptrdiff_t i = 0; i < it->n_attachments; i++)
        sb_print(&b, " %.*s (%.*s)", SARG(it->attachments[i].url), SARG(it->attachments[i].name));
    sb_byte(&b, '\n');
    return sb_str(&b);
}

static void golden_case(const char *json, const char *expected)
{
    struct connector_batch batch;
    str why = {0};
    struct sb b = sb_make(test_arena(), 1 << 20);
    assert_ok(parse(golden(json), TEST_NOW_MS, &batch, &why));
    for (ptrdiff_t i = 0; i < batch.n; i++)
        sb_add(&b, shown(&batch.items[i]));
    assert_str(sb_str(&b), str_z(test_arena(), golden(expected)));
}

static void a_whole_message_is_read_and_unknown_fields_are_ignored(void **state)
{
    (void)state;
    golden_case("one.json", "one.expected");
}

static void a_faulty_item_is_named_and_does_not_spoil_the_others(void **state)
{
    (void)state;
    golden_case("mixed.json", "mixed.expected");
}

static void a_body_that_is_no_list_of_messages_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"", "7", "[]", "{}", "{\"messages\":{}}", "{\"messages\":[]}",
        "{\"messages\":[1]", "{\"messages\":[\"\xff\"]}"};
    struct connector_batch batch = {.n = 99};
    str why = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_err(parse(str_from(bad[i]), 1, &batch, &why), E_INVALID);
        assert_true(why.len > 0);
    }
    assert_int_equal(batch.n, 99); /* untouched */
}

static void too_many_messages_in_one_delivery_are_refused(void **state)
{
    (void)state;
    struct connector_batch batch;
    str why = {0};
    struct sb b = sb_make(test_arena(), 1 << 20);
    sb_add(&b, S("{\"messages\":[0"));
    for (int i = 1; i < LIMIT_HOOK_ITEMS; i++)
        sb_add(&b, S(",0"));
    str most = str_cat(test_arena(), sb_str(&b), S("]}"));
    str more = str_cat(test_arena(), sb_str(&b), S(",0]}"));
    assert_ok(parse(most, 1, &batch, &why));
    assert_int_equal(batch.n, LIMIT_HOOK_ITEMS);
    assert_err(parse(more, 1, &batch, &why), E_INVALID);
}

static str with_text(str text)
{
    return str_print(test_arena(),
        "{\"messages\":[{\"id\":\"1\",\"contact\":{\"id\":\"c\"},\"text\":\"%.*s\"}]}", SARG(text));
}

static void a_text_beyond_the_limit_is_a_fault(void **state)
{
    (void)state;
    struct connector_batch batch;
    str why = {0};
    char *text = NEW(test_arena(), char, LIMIT_TEXT_BYTES + 2);
    memset(text, 'x', LIMIT_TEXT_BYTES + 1);
    str fits = with_text(str_of(text, LIMIT_TEXT_BYTES));
    str exceeds = with_text(str_of(text, LIMIT_TEXT_BYTES + 1));
    assert_ok(parse(fits, 1, &batch, &why));
    assert_int_equal(batch.items[0].fault.len, 0);
    assert_ok(parse(exceeds, 1, &batch, &why));
    assert_true(batch.items[0].fault.len > 0);
}

/* ── signatures ── */

static err check(const char *header, const char *secret, const char *old, const char *body)
{
    str why = {0};
    err e = signature_check(str_from(header), str_from(secret), str_from(old),
        INT64_C(1700000000) * 1000, str_from(body), &why);
    assert_true(e == OK || why.len > 0);
    return e;
}

/* printf '1700000000.hello' | openssl dgst -sha256 -hmac secret */
#define HELLO "47b1df0ab12338b2685470b0d2b37033add7c3b2bc8172f313e77413f1bb78c8"

static void a_signature_is_what_openssl_computes(void **state)
{
    (void)state;
    str made = signature_make(test_arena(), S("secret"), S(""), INT64_C(1700000000999), S("hello"));
    assert_str(made, "t=1700000000,v1=" HELLO);
    assert_ok(check("t=1700000000,v1=" HELLO, "secret", "", "hello"));
    assert_ok(check("v1=" HELLO ", t=1700000000", "secret", "", "hello"));
    assert_ok(check("t=1700000000,v1=" HELLO, "new", "secret", "hello"));
}

static void a_signature_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"", "t=1700000000", "v1=" HELLO, "t=,v1=" HELLO,
        "t=1700000001,v1=" HELLO, "t=1700000000,v1=00", "t=1700000000,v2=" HELLO, "t=-1,v1=" HELLO,
        "t=1700000000x,v1=" HELLO, ",,,,", "t=1700000000,v1=", "t=99999999999999999999,v1=" HELLO};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(check(bad[i], "secret", "", "hello"), E_UNAUTHENTICATED);
    assert_err(check("t=1700000000,v1=" HELLO, "secret", "", "hello "), E_UNAUTHENTICATED);
    assert_err(check("t=1700000000,v1=" HELLO, "other", "", "hello"), E_UNAUTHENTICATED);
    /* A channel without a secret takes nothing, whatever is signed with the empty one. */
    str empty = signature_make(test_arena(), S(""), S(""), INT64_C(1700000000000), S("hello"));
    assert_err(check(str_z(test_arena(), empty), "", "", "hello"), E_UNAUTHENTICATED);
}

static void a_signature_holds_for_five_minutes_either_way(void **state)
{
    (void)state;
    const struct {
        int64_t at_s;
        err expected;
    } cases[] = {
        {1700000000 - 300, OK               },
        {1700000000 - 301, E_UNAUTHENTICATED},
        {1700000000 + 300, OK               },
        {1700000000 + 301, E_UNAUTHENTICATED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str made =
            signature_make(test_arena(), S("secret"), S(""), cases[i].at_s * 1000, S("hello"));
        assert_err(check(str_z(test_arena(), made), "secret", "", "hello"), cases[i].expected);
    }
}

static void a_rotated_secret_signs_twice(void **state)
{
    (void)state;
    str made =
        signature_make(test_arena(), S("new"), S("secret"), INT64_C(1700000000000), S("hello"));
    assert_ok(check(str_z(test_arena(), made), "new", "", "hello"));
    assert_ok(check(str_z(test_arena(), made), "secret", "", "hello"));
}

static void networks_are_found_by_name(void **state)
{
    (void)state;
    ptrdiff_t n = 0;
    const struct connector *const *all = connector_all(&n);
    for (ptrdiff_t i = 0; i < n; i++)
        assert_ptr_equal(connector_find(all[i]->name), all[i]);
    assert_null(connector_find(S("smoke-signals")));
    assert_null(connector_find(S("widget"))->send); /* a stored message is a sent one */
}

int main(void)
{
    if (crypto_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_whole_message_is_read_and_unknown_fields_are_ignored),
        TEST(a_faulty_item_is_named_and_does_not_spoil_the_others),
        TEST(a_body_that_is_no_list_of_messages_is_refused),
        TEST(too_many_messages_in_one_delivery_are_refused),
        TEST(a_text_beyond_the_limit_is_a_fault),
        TEST(a_signature_is_what_openssl_computes),
        TEST(a_signature_that_does_not_fit_is_refused),
        TEST(a_signature_holds_for_five_minutes_either_way),
        TEST(a_rotated_secret_signs_twice),
        TEST(networks_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
