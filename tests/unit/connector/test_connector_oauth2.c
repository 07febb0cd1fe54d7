/* OAuth 2.0: addresses, what is sent for each network, what answers mean, tokens as text. The
 * networks are scripted peers. */
#include "connector/oauth2.h"

#include "base/crypto.h"
#include "base/json.h"
#include "connector/oauth2_inner.h"
#include "oauth_peer.h"
#include "vectors.h"

/* An application of ours at a network that the peer plays. */
static struct oauth2_app app_at(const struct oauth2_provider *provider, const struct oauth_peer *s)
{
    return (struct oauth2_app){
        .provider = provider,
        .client_id = S("cid"),
        .client_secret = S("csecret"),
        .redirect_uri = S("https://care.example/back"),
        .authorize_base = s ? s->base : (str){0},
        .token_base = s ? s->base : (str){0},
        .api_base = s ? s->base : (str){0},
    };
}

/* ── authorising ── */

static void the_challenge_is_the_one_of_rfc_7636(void **state)
{
    (void)state;
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next)
        if (vector_is(v, "pkce")) {
            assert_str(oauth2_pkce_challenge(test_arena(), vector_text(v, "message")),
                str_z(test_arena(), vector_text(v, "expected")));
            n++;
        }
    assert_int_equal(n, 1);
    struct oauth2_pkce one = oauth2_pkce_make(test_arena()), two = oauth2_pkce_make(test_arena());
    assert_int_equal(one.verifier.len, 43);
    assert_false(str_eq(one.verifier, two.verifier));
    str challenge = oauth2_pkce_challenge(test_arena(), one.verifier);
    assert_true(str_eq(one.challenge, challenge));
}

static void each_network_is_asked_in_its_own_words(void **state)
{
    (void)state;
    static const struct {
        const struct oauth2_provider *provider;
        const char *base, *scopes, *expected;
    } cases[] = {
        {&oauth2_x,        "",                     "tweet.read offline.access",
         "https://x.com/i/oauth2/authorize?response_type=code&client_id=cid&redirect_uri=https%3A"
            "%2F%2Fcare.example%2Fback&scope=tweet.read%20offline.access&state=st&code_challenge=ch&"
            "code_challenge_method=S256"                    },
        {&oauth2_tiktok,   "",                     "comment.list video.list",
         "https://www.tiktok.com/v2/auth/authorize?response_type=code&client_key=cid&redirect_uri="
            "https%3A%2F%2Fcare.example%2Fback&scope=comment.list%2Cvideo.list&state=st&"
            "disable_auto_auth=1"                           },
        {&oauth2_youtube,  "",                     "a",
         "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=cid&"
            "redirect_uri=https%3A%2F%2Fcare.example%2Fback&scope=a&state=st&access_type=offline&"
            "prompt=consent"                                },
        {&oauth2_mastodon, "https://m.example/",   "read",
         "https://m.example/oauth/authorize?response_type=code&client_id=cid&redirect_uri=https%3A"
            "%2F%2Fcare.example%2Fback&scope=read&state=st&code_challenge=ch&code_challenge_method="
            "S256"                                          },
        {&oauth2_facebook, "https://f.example/v9", "a b",
         "https://f.example/v9/dialog/oauth?response_type=code&client_id=cid&redirect_uri=https%3A"
            "%2F%2Fcare.example%2Fback&scope=a%2Cb&state=st"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oauth2_app app = app_at(cases[i].provider, NULL);
        str url = {0};
        app.authorize_base = str_from(cases[i].base);
        app.scopes = str_from(cases[i].scopes);
        assert_ok(oauth2_authorize_url(test_arena(), &app, S("st"), S("ch"), &url));
        assert_str(url, cases[i].expected);
    }
}

static void an_address_with_a_part_missing_is_not_made(void **state)
{
    (void)state;
    str url = S("untouched");
    struct oauth2_app app = app_at(&oauth2_mastodon, NULL);
    assert_err(oauth2_authorize_url(test_arena(), &app, S("s"), S("c"), &url), E_INVALID);
    app = app_at(&oauth2_x, NULL);
    assert_err(oauth2_authorize_url(test_arena(), &app, S(""), S("c"), &url), E_INVALID);
    assert_err(oauth2_authorize_url(test_arena(), &app, S("s"), S(""), &url), E_INVALID);
    app.client_id = S("");
    assert_err(oauth2_authorize_url(test_arena(), &app, S("s"), S("c"), &url), E_INVALID);
    app = app_at(&oauth2_line, NULL); /* nobody is asked: client credentials */
    assert_err(oauth2_authorize_url(test_arena(), &app, S("s"), S("c"), &url), E_INVALID);
    assert_str(url, "untouched");
}

static void networks_are_found_by_name(void **state)
{
    (void)state;
    const char *const names[] = {"x", "linkedin", "tiktok", "facebook", "instagram", "mastodon",
        "shopify", "youtube", "google_business", "google_mail", "microsoft_mail", "dialogflow",
        "salesforce", "hubspot", "zoho", "line", "helpscout"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct oauth2_provider *p = oauth2_find(str_from(names[i]));
        assert_non_null(p);
        assert_str(p->name, names[i]);
        assert_true(str_starts(p->token_path, S("/")));
        assert_false(str_ends(p->token_base, S("/")));
        assert_true(p->authorize_path.len == 0 || p->separator != 0);
    }
    assert_null(oauth2_find(S("myspace")));
    assert_null(oauth2_find(S("")));
}

/* ── exchanging ── */

static void a_code_is_exchanged_as_each_network_wants_it(void **state)
{
    (void)state;
    static const struct {
        const struct oauth2_provider *provider;
        const char *code, *first_line, *body;
    } cases[] = {
        {&oauth2_x,         "c/1",  "POST /2/oauth2/token ",
         "client_id=cid&grant_type=authorization_code&code=c%2F1&redirect_uri=https%3A%2F%2Fcare."
            "example%2Fback&code_verifier=ver"                                  },
        {&oauth2_linkedin,  "c1",   "POST /oauth/v2/accessToken ",
         "client_id=cid&client_secret=csecret&grant_type=authorization_code&code=c1&redirect_uri="
            "https%3A%2F%2Fcare.example%2Fback"                                 },
        {&oauth2_tiktok,    "c1",   "POST /tt_user/oauth2/token/ ",
         "{\"client_id\":\"cid\",\"client_secret\":\"csecret\",\"grant_type\":"
            "\"authorization_code\",\"auth_code\":\"c1\",\"redirect_uri\":"
            "\"https://care.example/back\"}"                                    },
        {&oauth2_instagram, "c1#_", "POST /oauth/access_token ",
         "client_id=cid&client_secret=csecret&grant_type=authorization_code&code=c1&redirect_uri="
            "https%3A%2F%2Fcare.example%2Fback"                                 },
        {&oauth2_shopify,   "c1",   "POST /admin/oauth/access_token ",
         "{\"client_id\":\"cid\",\"client_secret\":\"csecret\",\"code\":\"c1\"}"},
        {&oauth2_mastodon,  "c1",   "POST /oauth/token ",
         "client_id=cid&client_secret=csecret&grant_type=authorization_code&code=c1&redirect_uri="
            "https%3A%2F%2Fcare.example%2Fback&code_verifier=ver&scope=read%20write%3Astatuses%20"
            "write%3Amedia%20write%3Anotifications"                             },
    };
    enum { N = sizeof cases / sizeof *cases };
    struct oauth_peer s = oauth_peer_open();
    for (int i = 0; i < N; i++)
        peer_answers(s.peer, 200, "", "{\"access_token\":\"at\"}");
    for (int i = 0; i < N; i++) {
        struct oauth2_app app = app_at(cases[i].provider, &s);
        struct oauth2_tokens tokens = {0};
        struct oauth_end end = {0};
        assert_ok(oauth2_exchange_code(s.client, test_arena(), &app, str_from(cases[i].code),
            S("ver"), TEST_NOW_MS, &tokens, &end));
        assert_int_equal(end.outcome, OAUTH_OK);
        assert_str(tokens.access, "at");
        assert_heard(&s, i, cases[i].first_line);
        assert_str(oauth_body(&s, i), cases[i].body);
        bool is_json = cases[i].provider->body == OAUTH2_JSON;
        assert_heard(&s, i,
            is_json ? "Content-Type: application/json"
                    : "Content-Type: application/x-www-form-urlencoded");
    }
    /* printf cid:csecret | base64 */
    assert_heard(&s, 0, "Authorization: Basic Y2lkOmNzZWNyZXQ=\r\n");
    assert_not_heard(&s, 1, "Authorization:");
    oauth_peer_close(&s);
}

static void answers_are_read_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const struct oauth2_provider *provider;
        const char *body;
        int64_t expires_s, refresh_expires_s;
        const char *refresh, *scope, *subject, *api_base;
    } cases[] = {
        {&oauth2_linkedin,
         "{\"access_token\":\"at\",\"expires_in\":5184000,\"refresh_token\":\"rt\","
            "\"refresh_token_expires_in\":31536000,\"scope\":\"a,b\"}",                                  5184000, 31536000, "rt", "a,b",  "",                  ""                       },
        {&oauth2_tiktok,
         "{\"code\":0,\"message\":\"OK\",\"data\":{\"open_id\":\"biz-1\",\"access_token\":\"at\","
            "\"refresh_token\":\"rt\",\"expires_in\":86400,\"refresh_token_expires_in\":31536000,"
            "\"scope\":\"x\"}}",                                                                         86400,   31536000, "rt", "x",    "biz-1",             ""                       },
        {&oauth2_instagram,
         "{\"access_token\":\"at\",\"user_id\":17841400000000001,\"permissions\":\"p,q\"}",              0,       0,
         "",                                                                                                                      "p,q",  "17841400000000001", ""                       },
        {&oauth2_instagram,
         "{\"data\":[{\"access_token\":\"at\",\"user_id\":\"9\",\"permissions\":[\"p\",\"q\"]}]}",       0,       0,        "",   "p q",  "9",                 ""                       },
        {&oauth2_zoho,
         "{\"access_token\":\"at\",\"api_domain\":\"https://www.zohoapis.in\",\"expires_in\":\"3600\"}",
         3600,                                                                                                    0,        "",   "",     "",                  "https://www.zohoapis.in"},
        {&oauth2_mastodon,
         "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"scope\":\"read\",\"created_at\":1}",      0,       0,        "",   "read", "",                  ""                       },
        {&oauth2_x,
         "{\"access_token\":\"at\",\"expires_in\":-7,\"refresh_token\":7,\"scope\":\"a\\nb\"}",          0,       0,        "",   "",     "",                  ""                       },
        {&oauth2_x,         "{\"access_token\":\"at\",\"expires_in\":1e99,\"refresh_token\":\"r t\"}",   0,       0,
         "",                                                                                                                      "",     "",                  ""                       },
    };
    enum { N = sizeof cases / sizeof *cases };
    for (int i = 0; i < N; i++) {
        struct oauth2_app app = app_at(cases[i].provider, NULL);
        struct oauth2_tokens t = {0};
        struct oauth_call call = {.url = S("https://h"), .now_ms = TEST_NOW_MS};
        struct oauth_answer answer = {.status = 200, .body = str_from(cases[i].body)};
        struct oauth_end end = oauth2_answer_read(test_arena(), &app, &call, &answer, NULL, &t);
        if (end.outcome != OAUTH_OK)
            fail_msg("%s: %.*s", cases[i].body, SARG(end.why));
        assert_str(t.access, "at");
        assert_str(t.refresh, cases[i].refresh);
        assert_str(t.scope, cases[i].scope);
        assert_str(t.subject, cases[i].subject);
        assert_str(t.api_base, cases[i].api_base);
        int64_t in_s = cases[i].expires_s, refresh_in_s = cases[i].refresh_expires_s;
        assert_int_equal(t.expires_ms, in_s ? TEST_NOW_MS + in_s * 1000 : 0);
        assert_int_equal(
            t.refresh_expires_ms, refresh_in_s ? TEST_NOW_MS + refresh_in_s * 1000 : 0);
    }
}

static void an_api_address_is_as_secure_as_the_answer_that_names_it(void **state)
{
    (void)state;
    struct oauth2_app app = app_at(&oauth2_salesforce, NULL);
    struct oauth_answer answer = {.status = 200,
        .body = S("{\"access_token\":\"at\",\"instance_url\":\"http://h.example\"}")};
    struct oauth_call call = {.url = S("https://h"), .now_ms = TEST_NOW_MS};
    struct oauth2_tokens t = {0};
    (void)oauth2_answer_read(test_arena(), &app, &call, &answer, NULL, &t);
    assert_str(t.api_base, "");
    call.url = S("http://127.0.0.1:9");
    (void)oauth2_answer_read(test_arena(), &app, &call, &answer, NULL, &t);
    assert_str(t.api_base, "http://h.example");
    answer.body = S("{\"access_token\":\"at\",\"instance_url\":\"javascript:x\"}");
    (void)oauth2_answer_read(test_arena(), &app, &call, &answer, NULL, &t);
    assert_str(t.api_base, "");
}

static void a_token_that_could_split_a_header_is_no_token(void **state)
{
    (void)state;
    const char *const bad[] = {
        "\"a\\r\\nX: y\"", "\"a b\"", "\"\\u00e9\"", "\"\"", "7", "null", "[]", "{\"a\":1}"};
    struct oauth2_app app = app_at(&oauth2_x, NULL);
    struct oauth_call call = {.url = S("https://h"), .now_ms = TEST_NOW_MS};
    struct oauth2_tokens t = {.access = S("untouched")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct oauth_answer answer = {
            .status = 200, .body = str_print(test_arena(), "{\"access_token\":%s}", bad[i])};
        struct oauth_end end = oauth2_answer_read(test_arena(), &app, &call, &answer, NULL, &t);
        assert_int_equal(end.outcome, OAUTH_LATER);
        assert_true(end.may_have_happened);
    }
    assert_str(t.access, "untouched");
}

static void a_refusal_is_told_from_trouble_that_passes(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum oauth_outcome outcome;
    } cases[] = {
        {400, "{\"error\":\"invalid_grant\"}",                                               OAUTH_REFUSED},
        {400, "{\"error\":\"invalid_request\",\"error_description\":\"token\"}",             OAUTH_REFUSED},
        {401, "{\"error\":\"invalid_client\"}",                                              OAUTH_SETUP  },
        {400, "{\"error\":\"redirect_uri_mismatch\"}",                                       OAUTH_SETUP  },
        {400, "{\"error\":\"invalid_scope\"}",                                               OAUTH_SETUP  },
        {400, "{\"error\":\"temporarily_unavailable\"}",                                     OAUTH_LATER  },
        {200, "{\"error\":\"invalid_code\"}",                                                OAUTH_REFUSED},
        {400, "{\"error\":{\"message\":\"m\",\"type\":\"OAuthException\",\"code\":190}}",
         OAUTH_REFUSED                                                                                    },
        {400, "{\"error\":{\"message\":\"m\",\"code\":4}}",                                  OAUTH_LATER  },
        {400, "{\"error\":{\"message\":\"m\",\"code\":7,\"is_transient\":true}}",            OAUTH_LATER  },
        {400, "{\"error\":{\"message\":\"m\",\"code\":101}}",                                OAUTH_SETUP  },
        {200, "{\"code\":40105,\"message\":\"revoked\",\"data\":{}}",                        OAUTH_REFUSED},
        {200, "{\"code\":40105,\"data\":{\"access_token\":\"at\"}}",                         OAUTH_REFUSED},
        {200, "{\"code\":40100,\"message\":\"slow\"}",                                       OAUTH_LATER  },
        {200, "{\"code\":51000,\"message\":\"down\"}",                                       OAUTH_LATER  },
        {400, "{\"error_type\":\"OAuthException\",\"code\":400,\"error_message\":\"used\"}",
         OAUTH_REFUSED                                                                                    },
        {400, "{\"status\":\"BAD_REFRESH_TOKEN\",\"message\":\"missing\"}",                  OAUTH_REFUSED},
        {401, "{\"error\":\"ExpiredToken\",\"message\":\"expired\"}",                        OAUTH_REFUSED},
        {429, "{\"error\":\"invalid_grant\"}",                                               OAUTH_LATER  },
        {503, "{\"error\":\"invalid_grant\"}",                                               OAUTH_LATER  },
        {500, "",                                                                            OAUTH_LATER  },
        {403, "<html>blocked</html>",                                                        OAUTH_LATER  },
        {401, "",                                                                            OAUTH_LATER  },
        {404, "<html>nothing here</html>",                                                   OAUTH_SETUP  },
        {302, "",                                                                            OAUTH_SETUP  },
        {200, "<html>",                                                                      OAUTH_LATER  },
        {200, "[]",                                                                          OAUTH_LATER  },
        {200, "{}",                                                                          OAUTH_LATER  },
        {200, "{\"data\":[]}",                                                               OAUTH_LATER  },
    };
    struct oauth2_app app = app_at(&oauth2_x, NULL);
    struct oauth2_tokens t = {.access = S("untouched")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct oauth_call call = {.url = S("https://h"), .now_ms = TEST_NOW_MS};
        struct oauth_answer answer = {.status = cases[i].status, .body = str_from(cases[i].body)};
        struct oauth_end end = oauth2_answer_read(test_arena(), &app, &call, &answer, NULL, &t);
        if (end.outcome != cases[i].outcome)
            fail_msg("%d %s: %.*s", cases[i].status, cases[i].body, SARG(end.why));
        assert_true(end.why.len > 0);
    }
    assert_str(t.access, "untouched");
}

static void words_never_hold_what_is_secret(void **state)
{
    (void)state;
    struct oauth_peer s = oauth_peer_open();
    peer_answers(s.peer, 400, "",
        "{\"error\":\"invalid_grant\",\"error_description\":"
        "\"Old-rt/1 Old-rt%2F1 csecret Old-at Y2lkOmNzZWNyZXQ= "
        "line\\nend\"}");
    peer_answers(s.peer, 400, "",
        "{\"error\":\"the-code\",\"error_description\":\"the-code the-verifier\"}");
    struct oauth2_app app = app_at(&oauth2_x, &s);
    struct oauth2_tokens old = {.access = S("Old-at"), .refresh = S("Old-rt/1")}, t = {0};
    struct oauth_end end = {0};
    assert_ok(oauth2_refresh(s.client, test_arena(), &app, &old, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_str(end.why, "The network answered 400, invalid_grant: … … … … … line end");
    assert_ok(oauth2_exchange_code(
        s.client, test_arena(), &app, S("the-code"), S("the-verifier"), TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_str(end.why, "The network answered 400, …: … …");
    oauth_peer_close(&s);
}

static void a_refresh_keeps_what_the_answer_leaves_out_and_takes_what_rotates(void **state)
{
    (void)state;
    struct oauth_peer s = oauth_peer_open();
    peer_answers(s.peer, 200, "", "{\"access_token\":\"a2\",\"expires_in\":3600}");
    peer_answers(s.peer, 200, "",
        "{\"access_token\":\"a3\",\"expires_in\":7200,\"refresh_token\":\"r3\",\"scope\":\"z\"}");
    peer_answers(s.peer, 200, "",
        "{\"code\":0,\"data\":{\"access_token\":\"a4\",\"refresh_token\":"
        "\"r4\",\"refresh_token_expires_in\":10}}");
    struct oauth2_tokens t = {.access = S("a1"),
        .refresh = S("r1"),
        .refresh_expires_ms = TEST_NOW_MS + 5000,
        .scope = S("s"),
        .subject = S("u"),
        .api_base = S("https://api")};
    struct oauth_end end = {0};
    struct oauth2_app google = app_at(&oauth2_youtube, &s);
    assert_ok(oauth2_refresh(s.client, test_arena(), &google, &t, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_OK);
    assert_str(oauth_body(&s, 0),
        "client_id=cid&client_secret=csecret&grant_type=refresh_token&refresh_token=r1");
    assert_str(t.access, "a2");
    assert_str(t.refresh, "r1");
    assert_str(t.scope, "s");
    assert_str(t.subject, "u");
    assert_str(t.api_base, "https://api");
    assert_int_equal(t.refresh_expires_ms, TEST_NOW_MS + 5000);
    struct oauth2_app x = app_at(&oauth2_x, &s);
    assert_ok(oauth2_refresh(s.client, test_arena(), &x, &t, TEST_NOW_MS, &t, &end));
    assert_str(t.access, "a3");
    assert_str(t.refresh, "r3");
    assert_str(t.scope, "z");
    assert_int_equal(t.refresh_expires_ms, 0); /* the new one's end was not said */
    struct oauth2_app tiktok = app_at(&oauth2_tiktok, &s);
    assert_ok(oauth2_refresh(s.client, test_arena(), &tiktok, &t, TEST_NOW_MS, &t, &end));
    assert_heard(&s, 2, "POST /tt_user/oauth2/refresh_token/ ");
    assert_str(oauth_body(&s, 2), "{\"client_id\":\"cid\",\"client_secret\":\"csecret\","
                                  "\"grant_type\":\"refresh_token\",\"refresh_token\":"
                                  "\"r3\"}");
    assert_str(t.refresh, "r4");
    assert_int_equal(t.refresh_expires_ms, TEST_NOW_MS + 10000);
    oauth_peer_close(&s);
}

static void a_public_client_names_itself_in_the_body_only(void **state)
{
    (void)state;
    struct oauth_peer s = oauth_peer_open();
    peer_answers(s.peer, 200, "", "{\"access_token\":\"a2\"}");
    struct oauth2_app app = app_at(&oauth2_x, &s);
    struct oauth2_tokens old = {.access = S("a"), .refresh = S("r")}, t = {0};
    struct oauth_end end = {0};
    app.client_secret = S("");
    assert_ok(oauth2_refresh(s.client, test_arena(), &app, &old, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_OK);
    assert_not_heard(&s, 0, "Authorization:");
    assert_str(oauth_body(&s, 0), "client_id=cid&grant_type=refresh_token&refresh_token=r");
    oauth_peer_close(&s);
}

static void meta_gives_a_longer_life_for_the_token_itself(void **state)
{
    (void)state;
    struct oauth_peer s = oauth_peer_open();
    peer_answers(s.peer, 200, "",
        "{\"access_token\":\"long\",\"token_type\":\"bearer\","
        "\"expires_in\":5183944}");
    peer_answers(s.peer, 200, "", "{\"access_token\":\"ig1\",\"expires_in\":5183944}");
    peer_answers(s.peer, 200, "", "{\"access_token\":\"ig2\",\"expires_in\":5183944}");
    peer_answers(s.peer, 400, "", "{\"error\":{\"message\":\"ig2-is-bad csecret\",\"code\":190}}");
    struct oauth2_app fb = app_at(&oauth2_facebook, &s), ig = app_at(&oauth2_instagram, &s);
    struct oauth2_tokens t = {.access = S("short"), .subject = S("u")};
    struct oauth_end end = {0};
    assert_ok(oauth2_extend(s.client, test_arena(), &fb, &t, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_OK);
    assert_heard(&s, 0,
        "GET /oauth/access_token?grant_type=fb_exchange_token&client_id=cid&"
        "client_secret=csecret&fb_exchange_token=short HTTP/1.1\r\n");
    assert_str(t.access, "long");
    assert_str(t.subject, "u");
    assert_int_equal(t.expires_ms, TEST_NOW_MS + INT64_C(5183944000));
    assert_ok(oauth2_extend(s.client, test_arena(), &ig, &t, TEST_NOW_MS, &t, &end));
    assert_heard(&s, 1,
        "GET /access_token?grant_type=ig_exchange_token&client_secret=csecret&"
        "access_token=long HTTP/1.1\r\n");
    assert_ok(oauth2_refresh(s.client, test_arena(), &ig, &t, TEST_NOW_MS, &t, &end));
    assert_heard(&s, 2,
        "GET /refresh_access_token?grant_type=ig_refresh_token&access_token=ig1 HTTP/1.1\r\n");
    assert_str(t.access, "ig2");
    t.access = S("ig2-is-bad");
    assert_ok(oauth2_refresh(s.client, test_arena(), &ig, &t, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_str(end.why, "The network answered 400, 190: … …");
    oauth_peer_close(&s);
}

static void machines_get_tokens_for_their_own_credentials(void **state)
{
    (void)state;
    struct oauth_peer s = oauth_peer_open();
    peer_answers(s.peer, 200, "", "{\"access_token\":\"m1\",\"expires_in\":2592000}");
    peer_answers(s.peer, 200, "", "{\"access_token\":\"m2\",\"expires_in\":3599}");
    struct oauth2_app line = app_at(&oauth2_line, &s), google = app_at(&oauth2_dialogflow, &s);
    struct oauth2_tokens t = {0};
    struct oauth_end end = {0};
    assert_ok(oauth2_client_credentials(s.client, test_arena(), &line, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_OK);
    assert_heard(&s, 0, "POST /v2/oauth/accessToken ");
    assert_str(
        oauth_body(&s, 0), "grant_type=client_credentials&client_id=cid&client_secret=csecret");
    assert_ok(oauth2_assertion(s.client, test_arena(), &google, S("a.b.c"), TEST_NOW_MS, &t, &end));
    assert_heard(&s, 1, "POST /token ");
    assert_str(oauth_body(&s, 1),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c");
    assert_str(t.access, "m2");
    oauth_peer_close(&s);
}

static void what_cannot_be_renewed_is_refused_without_a_call(void **state)
{
    (void)state;
    struct oauth2_app x = app_at(&oauth2_x, NULL), line = app_at(&oauth2_line, NULL);
    struct oauth2_app mastodon = app_at(&oauth2_mastodon, NULL);
    struct oauth2_tokens none = {.access = S("a")}, t = {0};
    struct oauth2_tokens ended = {
        .access = S("a"), .refresh = S("r"), .refresh_expires_ms = TEST_NOW_MS};
    struct oauth2_tokens good = {.access = S("a"), .refresh = S("r")};
    struct oauth_end end = {0};
    assert_ok(oauth2_refresh(NULL, test_arena(), &x, &none, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_ok(oauth2_refresh(NULL, test_arena(), &x, &ended, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_ok(oauth2_refresh(NULL, test_arena(), &line, &good, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_ok(oauth2_extend(NULL, test_arena(), &x, &good, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_ok(oauth2_exchange_code(NULL, test_arena(), &x, S("#_"), S("v"), TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_REFUSED);
    assert_ok(oauth2_refresh(NULL, test_arena(), &mastodon, &good, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_SETUP); /* its address is not configured */
    x.client_id = S("");
    assert_ok(oauth2_refresh(NULL, test_arena(), &x, &good, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_SETUP);
    assert_int_equal(t.access.len, 0);
}

static void trouble_on_the_way_decides_nothing(void **state)
{
    (void)state;
    struct oauth_peer s = oauth_peer_open();
    peer_answers(s.peer, 429, "Retry-After: 7\r\n", "{}");
    peer_hangs_up(s.peer);
    peer_says(s.peer, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{");
    struct oauth2_app app = app_at(&oauth2_x, &s);
    struct oauth2_tokens old = {.access = S("a"), .refresh = S("r")}, t = {0};
    struct oauth_end end = {0};
    assert_ok(oauth2_refresh(s.client, test_arena(), &app, &old, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_LATER);
    assert_int_equal(end.wait_until_ms, TEST_NOW_MS + 7000);
    assert_false(end.may_have_happened);
    for (int i = 0; i < 2; i++) {
        assert_ok(oauth2_refresh(s.client, test_arena(), &app, &old, TEST_NOW_MS, &t, &end));
        assert_int_equal(end.outcome, OAUTH_LATER);
        assert_true(end.may_have_happened); /* the refresh token may be used up */
    }
    str base = s.base;
    app.token_base = S("http://192.168.0.1");
    assert_ok(oauth2_refresh(s.client, test_arena(), &app, &old, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_SETUP); /* no rule lets us go there */
    app.token_base = base;
    peer_close(s.peer);
    assert_ok(oauth2_refresh(s.client, test_arena(), &app, &old, TEST_NOW_MS, &t, &end));
    assert_int_equal(end.outcome, OAUTH_LATER);
    assert_false(end.may_have_happened);
    assert_int_equal(t.access.len, 0);
    http_client_close(s.client);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(the_challenge_is_the_one_of_rfc_7636),
        TEST(each_network_is_asked_in_its_own_words),
        TEST(an_address_with_a_part_missing_is_not_made),
        TEST(networks_are_found_by_name),
        TEST(a_code_is_exchanged_as_each_network_wants_it),
        TEST(answers_are_read_in_every_form),
        TEST(an_api_address_is_as_secure_as_the_answer_that_names_it),
        TEST(a_token_that_could_split_a_header_is_no_token),
        TEST(a_refusal_is_told_from_trouble_that_passes),
        TEST(words_never_hold_what_is_secret),
        TEST(a_refresh_keeps_what_the_answer_leaves_out_and_takes_what_rotates),
        TEST(a_public_client_names_itself_in_the_body_only),
        TEST(meta_gives_a_longer_life_for_the_token_itself),
        TEST(machines_get_tokens_for_their_own_credentials),
        TEST(what_cannot_be_renewed_is_refused_without_a_call),
        TEST(trouble_on_the_way_decides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
