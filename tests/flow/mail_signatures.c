/* Signed mails: who signed, as far as the account's keys say; and that it decides nothing else. The
 * mails and keys are in tests/data/mail_signed: an authority, Asha's certificate by it, her PGP
 * key; another authority, Ravi's three certificates by it, its list of revoked ones, and an
 * authority of the same name with a list that names them too; all made for this test, and good for
 * a hundred years. */
#include "mail_world.h"

#include "base/file_map.h"

#include <stdlib.h>

static str data(struct arena *a, const char *name)
{
    const char *folder = getenv("SEVA_DATA");
    str bytes = {0};
    assert_non_null(folder);
    str path = str_print(a, "%s/mail_signed/%s", folder, name);
    assert_ok(file_map(a, path, 1 << 20, &bytes));
    return bytes;
}

static int add_key(struct mail_world *mw, const char *name)
{
    struct arena *a = &mw->app->arena;
    struct json_out j = json_out_make(a, 1 << 20);
    json_obj(&j);
    json_kv_str(&j, S("text"), data(a, name));
    json_obj_end(&j);
    return test_request(mw->app, "POST", "/api/v1/mail-keys", str_z(a, json_str(&j)));
}

/* The mail comes in; what the newest conversation's last message is as a mail is in app->json. */
static void comes(struct mail_world *mw, const char *name)
{
    assert_int_equal(post(mw, mw->box.secret, data(&mw->app->arena, name)), 200);
    world_run(&mw->w);
    look(mw, shown(mw, newest(mw), "last_message_id"));
}

static str state_now(struct mail_world *mw)
{
    return test_text(mw->app, "signature.state");
}

static void without_keys_nobody_vouches(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    comes(&mw, "smime.eml");
    assert_str(state_now(&mw), "unknown");
    assert_str(test_text(mw.app, "signature.name"), "Asha Rao");
    assert_str(test_text(mw.app, "guard"), "signed_smime");
    comes(&mw, "pgp.eml");
    assert_str(state_now(&mw), "unknown");
    assert_str(test_text(mw.app, "guard"), "signed_pgp");
    world_close(&mw.w);
}

static void each_signature_is_worth_what_it_is(void **state)
{
    static const struct {
        const char *mail, *state;
    } cases[] = {
        {"smime.eml",         "verified"},
        {"smime_lf.eml",      "verified"},
        {"smime_opaque.eml",  "verified"},
        {"smime_altered.eml", "altered" },
        {"smime_expired.eml", "expired" },
        {"smime_weak.eml",    "weak"    },
        {"smime_other.eml",   "other"   },
        {"smime_partly.eml",  "partly"  },
        {"pgp.eml",           "verified"},
        {"pgp_altered.eml",   "altered" },
    };
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(add_key(&mw, "authority.pem"), 201);
    assert_int_equal(add_key(&mw, "asha.asc"), 201);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        comes(&mw, cases[i].mail);
        if (!str_eq(state_now(&mw), str_from(cases[i].state)))
            fail_msg("%s: %.*s", cases[i].mail, SARG(state_now(&mw)));
    }
    world_close(&mw.w);
}

static void who_is_trusted_needs_no_authority(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(add_key(&mw, "asha.pem"), 201);
    assert_str(test_text(mw.app, "name"), "Asha Rao");
    assert_str(test_text(mw.app, "address"), "asha@example.net");
    comes(&mw, "smime.eml");
    assert_str(state_now(&mw), "verified");
    assert_str(test_text(mw.app, "signature.address"), "asha@example.net");
    world_close(&mw.w);
}

static void what_is_in_an_opaque_envelope_is_read_like_any_mail(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    comes(&mw, "smime_opaque.eml");
    assert_true(str_find(test_text(mw.app, "html"), S("<b>mine</b>")) >= 0);
    assert_str(timeline(&mw, newest(&mw)), "in:The order is mine.");
    world_close(&mw.w);
}

/* The head is not signed: whoever has a signed mail can send its words again, elsewhere. */
static void a_good_signature_proves_no_sender(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(add_key(&mw, "authority.pem"), 201);
    arrives(&mw, &first);
    str id = newest(&mw);
    struct arena *a = &mw.app->arena;
    str again = str_print(a, "In-Reply-To: <1@example.net>\r\nCc: mallory@example.org\r\n%.*s",
        SARG(data(a, "smime.eml")));
    assert_int_equal(post(&mw, mw.box.secret, again), 200);
    world_run(&mw.w);
    assert_false(str_eq(newest(&mw), id));
    assert_true(str_eq(shown(&mw, newest(&mw), "related_id"), id));
    look(&mw, shown(&mw, newest(&mw), "last_message_id"));
    assert_str(state_now(&mw), "verified");
    assert_str(test_text(mw.app, "auth.verdict"), "none");
    world_close(&mw.w);
}

static void is_signed(struct mail_world *mw, const char *mail, const char *state)
{
    comes(mw, mail);
    if (!str_eq(state_now(mw), str_from(state)))
        fail_msg("%s: %.*s", mail, SARG(state_now(mw)));
}

/* Two mails came before the certificate was taken back: of the one key nobody can say whose it was
 * by then. */
static void a_certificate_that_was_taken_back_vouches_for_nothing(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    assert_int_equal(add_key(&mw, "revoking_authority.pem"), 201);
    is_signed(&mw, "smime_revoked_superseded.eml", "verified");
    assert_int_equal(json_path(mw.app->json, S("signature.revoked_at"))->kind, JSON_NULL);
    str mail = str_copy(a, shown(&mw, newest(&mw), "last_message_id"));
    assert_int_equal(add_key(&mw, "revoked.crl"), 201);
    assert_str(test_text(mw.app, "kind"), "crl");
    assert_str(test_text(mw.app, "name"), "Revoking Authority");
    assert_str(test_text(mw.app, "expires_at"), "2120-01-01T00:00:00.000Z");
    str list = str_copy(a, test_text(mw.app, "id"));
    assert_int_equal(add_key(&mw, "revoked.crl"), 409);
    look(&mw, mail);
    assert_str(state_now(&mw), "revoked");
    assert_str(test_text(mw.app, "signature.revoked_at"), "2025-06-01T00:00:00.000Z");
    is_signed(&mw, "smime_revoked_compromised.eml", "revoked");
    assert_str(test_text(mw.app, "signature.revoked_at"), "2026-06-01T00:00:00.000Z");
    is_signed(&mw, "smime_revoked_superseded_later.eml", "verified");
    str target = str_cat(a, S("/api/v1/mail-keys/"), list);
    assert_int_equal(test_request(mw.app, "DELETE", str_z(a, target), NULL), 204);
    look(&mw, mail);
    assert_str(state_now(&mw), "verified");
    world_close(&mw.w);
}

/* Whoever is trusted by herself, without her authority: that one still says whom it took back. */
static void only_its_own_authority_takes_a_certificate_back(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    assert_int_equal(add_key(&mw, "authority.pem"), 201);
    assert_int_equal(add_key(&mw, "revoked.crl"), 400); /* nobody here has signed it */
    assert_int_equal(add_key(&mw, "revoking_authority.pem"), 201);
    assert_int_equal(add_key(&mw, "namesake.crl"), 400);
    assert_int_equal(add_key(&mw, "namesake_authority.pem"), 201);
    assert_int_equal(add_key(&mw, "namesake.crl"), 201);
    is_signed(&mw, "smime_revoked_compromised.eml", "verified");
    is_signed(&mw, "smime.eml", "verified");
    assert_int_equal(add_key(&mw, "revoked.crl"), 201);
    is_signed(&mw, "smime_revoked_superseded.eml", "revoked");
    is_signed(&mw, "smime_lf.eml", "verified");
    world_close(&mw.w);
}

static void keys_are_listed_and_taken_away(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    assert_int_equal(add_key(&mw, "asha.asc"), 201);
    assert_str(test_text(mw.app, "kind"), "pgp");
    assert_str(test_text(mw.app, "address"), "asha@example.net");
    assert_int_equal(add_key(&mw, "asha.asc"), 409);
    assert_int_equal(add_key(&mw, "pgp.eml"), 400);
    assert_int_equal(
        test_request(mw.app, "POST", "/api/v1/mail-keys", "{\"text\":\"no key at all\"}"), 400);
    comes(&mw, "pgp.eml");
    assert_str(state_now(&mw), "verified");
    assert_int_equal(get(&mw, S("/api/v1/mail-keys")), 200);
    assert_int_equal(json_get(mw.app->json, S("items"))->count, 1);
    str target = str_cat(a, S("/api/v1/mail-keys/"), test_text(mw.app, "items.0.id"));
    assert_int_equal(test_request(mw.app, "DELETE", str_z(a, target), NULL), 204);
    assert_int_equal(test_request(mw.app, "DELETE", str_z(a, target), NULL), 404);
    look(&mw, shown(&mw, newest(&mw), "last_message_id"));
    assert_str(state_now(&mw), "unknown");
    world_close(&mw.w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(without_keys_nobody_vouches),
        TEST_APP(each_signature_is_worth_what_it_is),
        TEST_APP(who_is_trusted_needs_no_authority),
        TEST_APP(what_is_in_an_opaque_envelope_is_read_like_any_mail),
        TEST_APP(a_good_signature_proves_no_sender),
        TEST_APP(a_certificate_that_was_taken_back_vouches_for_nothing),
        TEST_APP(only_its_own_authority_takes_a_certificate_back),
        TEST_APP(keys_are_listed_and_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
