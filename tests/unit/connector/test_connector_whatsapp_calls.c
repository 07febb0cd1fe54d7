/* What the WhatsApp connector sends and asks, against a scripted peer: every call's method,
 * address, credentials and body, and what every answer of the network means. */
#include "connector/connector.h"
#include "peer.h"
#include "test.h"

#include "base/crypto.h"
#include "base/file.h"

#define TOKEN "EAAGsevaPageToken123"
/* HMAC-SHA256 of the token with the app secret: the contract's own vector. */
#define PROOF "appsecret_proof=b324113dd6eb2625e4a423033dd2463bf8079d86f3fced1e567bb6a564aacb35"
#define TAKEN                                                                                      \
    "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"15557770001\",\"wa_id\":"      \
    "\"15557770001\"}],\"messages\":[{\"id\":\"wamid.OUT1\",\"message_status\":\"accepted\"}]}"
#define HEAD "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\","
#define TO   HEAD "\"to\":\"15557770001\",\"biz_opaque_callback_data\":\"seva:m42-1\","

struct world {
    struct peer *peer;
    struct http_client *client;
    const struct connector *c;
    struct connector_setup setup;
    struct connector_outgoing out;
    struct connector_file file; /* out.files may be it */
};

static struct world *open_world(void)
{
    struct world *w = NEW(test_arena(), struct world, 1);
    clock_fix(TEST_NOW_MS);
    w->peer = peer_open();
    w->client = peer_client();
    w->c = connector_find(S("whatsapp"));
    w->setup = (struct connector_setup){
        .settings = S("{\"business_account_id\":\"88001\"}"),
        .secrets =
            S("{\"access_token\":\"" TOKEN "\",\"app_secret\":\"seva-meta-app-secret-0001\"}"),
        .external_id = S("99001"),
        .hook_url = S("https://care.example/hooks/whatsapp/k1"),
        .hosts = str_cat(test_arena(), S("whatsapp.graph="), peer_url(w->peer)),
        .secret = S("our-verify-token"),
    };
    w->out = (struct connector_outgoing){
        .setup = &w->setup,
        .delivery_id = S("m42-1"),
        .to = S("15557770001"),
        .text = S("Hello Asha"),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS,
    };
    return w;
}

static void close_world(struct world *w)
{
    http_client_close(w->client);
    peer_close(w->peer);
}

static struct connector_sent send(struct world *w)
{
    struct connector_sent sent = {0};
    assert_ok(w->c->send(w->client, test_arena(), &w->out, &sent));
    assert_true(sent.outcome == CONNECTOR_SENT || sent.why.len > 0);
    assert_int_equal(str_find(sent.why, S(TOKEN)), -1);
    return sent;
}

static void assert_call(struct world *w, int nth, const char *method, const char *target)
{
    struct peer_heard heard = peer_heard(w->peer, nth);
    assert_str(heard.method, method);
    assert_str(heard.target, target);
    assert_str(peer_header(&heard, "Authorization"), "Bearer " TOKEN);
}

/* Sends, and the peer must have heard this body. */
static void assert_sends(struct world *w, const char *body)
{
    int n = peer_count(w->peer);
    peer_answers(w->peer, 200, "", TAKEN);
    struct connector_sent sent = send(w);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "wamid.OUT1");
    assert_call(w, n, "POST", "/v25.0/99001/messages?" PROOF);
    struct peer_heard heard = peer_heard(w->peer, n);
    assert_str(peer_header(&heard, "Content-Type"), "application/json");
    assert_str(heard.body, body);
}

static void assert_refused_unsent(struct world *w)
{
    int n = peer_count(w->peer);
    assert_int_equal(send(w).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(w->peer), n);
}

/* ── bodies ── */

static void text_goes_with_our_reference_and_the_message_it_answers(void **state)
{
    (void)state;
    struct world *w = open_world();
    assert_sends(
        w, TO "\"type\":\"text\",\"text\":{\"preview_url\":false,\"body\":\"Hello Asha\"}}");
    w->out.reply_to = S("wamid.SEVA1");
    w->out.text = S("See https://shop.example/1");
    assert_sends(w, TO "\"context\":{\"message_id\":\"wamid.SEVA1\"},\"type\":\"text\",\"text\":{"
                       "\"preview_url\":true,\"body\":\"See https://shop.example/1\"}}");
    close_world(w);
}

static void a_person_is_written_to_by_number_or_by_user_id(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->out.to = S("+1 (555) 777-0001");
    assert_sends(
        w, TO "\"type\":\"text\",\"text\":{\"preview_url\":false,\"body\":\"Hello Asha\"}}");
    w->out.to = S("US.13491208655302741918");
    assert_sends(w,
        HEAD "\"recipient\":\"US.13491208655302741918\",\"biz_opaque_callback_data\":"
             "\"seva:m42-1\",\"type\":\"text\",\"text\":{\"preview_url\":false,\"body\":"
             "\"Hello Asha\"}}");
    const char *const bad[] = {
        "", "asha", "12", "1234567890123456", "US.", "US.a b", "US.a\"", "U1."};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        w->out.to = str_from(bad[i]);
        assert_refused_unsent(w);
    }
    close_world(w);
}

static void the_number_by_which_the_network_knows_a_person_is_told(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->out.to = S("+5511999990000");
    peer_answers(w->peer, 200, "",
        "{\"contacts\":[{\"input\":\"5511999990000\",\"wa_id\":\"551199990000\"}],\"messages\":[{"
        "\"id\":\"wamid.OUT1\"}]}");
    assert_str(send(w).to, "551199990000");
    close_world(w);
}

static void a_template_that_takes_no_user_id_goes_to_the_number(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->out.to = S("US.13491208655302741918");
    w->out.to_other = S("15557770001");
    peer_answers(w->peer, 400, "", "{\"error\":{\"code\":131062,\"message\":\"no\"}}");
    peer_answers(w->peer, 200, "", TAKEN);
    assert_int_equal(send(w).outcome, CONNECTOR_SENT);
    assert_true(str_find(peer_heard(w->peer, 1).body, S("\"to\":\"15557770001\"")) >= 0);
    w->out.to_other = (str){0};
    peer_answers(w->peer, 400, "", "{\"error\":{\"code\":131062,\"message\":\"no\"}}");
    assert_int_equal(send(w).outcome, CONNECTOR_FINAL);
    close_world(w);
}

static void a_template_goes_with_its_variables(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->out.parts = S("[{\"type\":\"template\",\"name\":\"order_update\",\"language\":\"en_US\","
                     "\"variables\":{\"2\":\"#1001\",\"1\":\"Asha\",\"header.1\":\"Order\","
                     "\"button.0.url\":\"1001\",\"button.1.quick_reply\":\"YES\","
                     "\"button.2.copy_code\":\"SAVE\"}}]");
    assert_sends(w, TO
        "\"type\":\"template\",\"template\":{\"name\":\"order_update\",\"language\":{\"code\":"
        "\"en_US\"},\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":\"text\","
        "\"text\":\"Order\"}]},{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":"
        "\"Asha\"},{\"type\":\"text\",\"text\":\"#1001\"}]},{\"type\":\"button\",\"sub_type\":"
        "\"url\",\"index\":\"0\",\"parameters\":[{\"type\":\"text\",\"text\":\"1001\"}]},{"
        "\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":\"1\",\"parameters\":[{"
        "\"type\":\"payload\",\"payload\":\"YES\"}]},{\"type\":\"button\",\"sub_type\":"
        "\"copy_code\",\"index\":\"2\",\"parameters\":[{\"type\":\"coupon_code\",\"coupon_code\":"
        "\"SAVE\"}]}]}}");
    w->out.parts = S("[{\"type\":\"template\",\"name\":\"hi\",\"language\":\"de\",\"variables\":{"
                     "\"order\":\"#1\"}}]");
    assert_sends(w,
        TO "\"type\":\"template\",\"template\":{\"name\":\"hi\",\"language\":{\"code\":\"de\"},"
           "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\","
           "\"parameter_name\":\"order\",\"text\":\"#1\"}]}]}}");
    w->out.parts = S("[{\"type\":\"template\",\"name\":\"plain\",\"language\":\"de\"}]");
    assert_sends(w, TO "\"type\":\"template\",\"template\":{\"name\":\"plain\",\"language\":{"
                       "\"code\":\"de\"},\"components\":[]}}");
    close_world(w);
}

static void a_template_that_is_not_filled_rightly_is_not_sent(void **state)
{
    (void)state;
    struct world *w = open_world();
    const char *const bad[] = {
        "[{\"type\":\"template\",\"name\":\"t\"}]",
        "[{\"type\":\"template\",\"language\":\"de\"}]",
        "[{\"type\":\"template\",\"name\":\"t\",\"language\":\"de\",\"variables\":{\"2\":\"x\"}}]",
        ("[{\"type\":\"template\",\"name\":\"t\",\"language\":\"de\",\"variables\":{\"1\":\"x\","
         "\"name\":\"y\"}}]"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        w->out.parts = str_from(bad[i]);
        assert_refused_unsent(w);
    }
    close_world(w);
}

static void choices_become_buttons_a_list_or_a_link(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"y\",\"title\":\"Yes\"},{"
                     "\"title\":\"No\"}]}]");
    assert_sends(w, TO "\"type\":\"interactive\",\"interactive\":{\"type\":\"button\",\"body\":{"
                       "\"text\":\"Hello Asha\"},\"action\":{\"buttons\":[{\"type\":\"reply\","
                       "\"reply\":{\"id\":\"y\",\"title\":\"Yes\"}},{\"type\":\"reply\",\"reply\":{"
                       "\"id\":\"No\",\"title\":\"No\"}}]}}}");
    w->out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"A\"},{\"title\":\"B\"},{"
                     "\"title\":\"C\"},{\"id\":\"d\",\"title\":\"D\"}]}]");
    assert_sends(w, TO
        "\"type\":\"interactive\",\"interactive\":{\"type\":\"list\",\"body\":{\"text\":"
        "\"Hello Asha\"},\"action\":{\"button\":\"Choose\",\"sections\":[{\"rows\":[{\"id\":\"A\","
        "\"title\":\"A\"},{\"id\":\"B\",\"title\":\"B\"},{\"id\":\"C\",\"title\":\"C\"},{\"id\":"
        "\"d\",\"title\":\"D\"}]}]}}}");
    w->out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"Track\",\"url\":"
                     "\"https://shop.example/t/1\"}]}]");
    assert_sends(w, TO "\"type\":\"interactive\",\"interactive\":{\"type\":\"cta_url\",\"body\":{"
                       "\"text\":\"Hello Asha\"},\"action\":{\"name\":\"cta_url\",\"parameters\":{"
                       "\"display_text\":\"Track\",\"url\":\"https://shop.example/t/1\"}}}}");
    close_world(w);
}

static void choices_beyond_the_networks_limits_are_not_sent(void **state)
{
    (void)state;
    struct world *w = open_world();
    const char *const bad[] = {
        "[{\"type\":\"buttons\",\"buttons\":[]}]",
        "[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"x\"}]}]",
        "[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"123456789012345678901\"}]}]",
        "[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"a\",\"url\":\"https://x.example\"},{"
        "\"title\":\"b\"}]}]",
        "[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"1\"},{\"title\":\"2\"},{\"title\":\"3\"},{"
        "\"title\":\"1234567890123456789012345\"}]}]",
        "[{\"type\":\"buttons\",\"buttons\":[{},{},{},{},{},{},{},{},{},{},{}]}]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        w->out.parts = str_from(bad[i]);
        assert_refused_unsent(w);
    }
    w->out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"Yes\"}]}]");
    char *text = NEW(test_arena(), char, 1025);
    for (int i = 0; i < 1025; i++)
        text[i] = 'x';
    w->out.text = str_of(text, 1025);
    assert_refused_unsent(w);
    w->out.text = S("");
    assert_refused_unsent(w);
    close_world(w);
}

static void places_and_contacts_go_on_their_own(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->out.parts = S("[{\"type\":\"location\",\"latitude\":12.97,\"longitude\":77.59,\"name\":"
                     "\"Shop\",\"address\":\"1 Road\"}]");
    assert_refused_unsent(w); /* there is a text */
    w->out.text = S("");
    assert_sends(w, TO "\"type\":\"location\",\"location\":{\"latitude\":12.97,\"longitude\":77.59,"
                       "\"name\":\"Shop\",\"address\":\"1 Road\"}}");
    w->out.parts = S("[{\"type\":\"contact\",\"name\":\"Ravi Kumar\",\"phones\":[\"+15557770002\"],"
                     "\"emails\":[\"ravi@example.com\"],\"organization\":\"Kumar\"},{\"type\":"
                     "\"contact\"}]");
    assert_sends(w,
        TO "\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"Ravi Kumar\","
           "\"first_name\":\"Ravi\"},\"phones\":[{\"phone\":\"+15557770002\"}],\"emails\":[{"
           "\"email\":\"ravi@example.com\"}],\"org\":{\"company\":\"Kumar\"}},{\"name\":{"
           "\"formatted_name\":\"?\",\"first_name\":\"?\"}}]}");
    w->out.parts = S("[{\"type\":\"location\",\"latitude\":\"x\"}]");
    assert_refused_unsent(w);
    w->out.parts = S("not json");
    assert_refused_unsent(w);
    close_world(w);
}

/* ── files ── */

static struct connector_file file(const char *name, const char *type)
{
    str path = test_path("file");
    assert_ok(file_write(path, S("bytes of a file"), 0600));
    return (struct connector_file){
        .name = str_from(name), .type = str_from(type), .size = 15, .path = path};
}

static void assert_sends_file(struct world *w, const char *type, const char *body)
{
    int n = peer_count(w->peer);
    w->file = file("Bill \"1\".pdf", type);
    w->out.files = &w->file;
    w->out.n_files = 1;
    peer_answers(w->peer, 200, "", "{\"id\":\"65463453\"}");
    peer_answers(w->peer, 200, "", TAKEN);
    assert_int_equal(send(w).outcome, CONNECTOR_SENT);
    assert_call(w, n, "POST", "/v25.0/99001/media?" PROOF);
    assert_call(w, n + 1, "POST", "/v25.0/99001/messages?" PROOF);
    assert_str(peer_heard(w->peer, n + 1).body, body);
}

static void a_file_is_uploaded_and_named_in_the_message(void **state)
{
    (void)state;
    struct world *w = open_world();
    assert_sends_file(w, "image/jpeg",
        TO "\"type\":\"image\",\"image\":{\"id\":\"65463453\",\"caption\":\"Hello Asha\"}}");
    struct peer_heard heard = peer_heard(w->peer, 0);
    assert_true(
        str_starts(peer_header(&heard, "Content-Type"), S("multipart/form-data; boundary=")));
    const char *const fields[] = {"name=\"messaging_product\"\r\n\r\nwhatsapp\r\n",
        "name=\"type\"\r\n\r\nimage/jpeg\r\n",
        ("name=\"file\"; filename=\"Bill %221%22.pdf\"\r\nContent-Type: image/jpeg\r\n\r\nbytes of a "
         "file\r\n")};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_true(str_find(heard.body, str_from(fields[i])) >= 0);
    assert_sends_file(w, "video/mp4",
        TO "\"type\":\"video\",\"video\":{\"id\":\"65463453\",\"caption\":\"Hello Asha\"}}");
    assert_sends_file(w, "application/pdf",
        TO "\"type\":\"document\",\"document\":{\"id\":\"65463453\",\"caption\":\"Hello Asha\","
           "\"filename\":\"Bill \\\"1\\\".pdf\"}}");
    w->out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"Yes\"}]}]");
    assert_sends_file(w, "image/png",
        TO
        "\"type\":\"interactive\",\"interactive\":{\"type\":\"button\",\"header\":{\"type\":"
        "\"image\",\"image\":{\"id\":\"65463453\"}},\"body\":{\"text\":\"Hello Asha\"},\"action\":"
        "{\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":\"Yes\",\"title\":\"Yes\"}}]}}}");
    w->out.parts = S("[{\"type\":\"template\",\"name\":\"bill\",\"language\":\"de\"}]");
    assert_sends_file(w, "application/pdf",
        TO
        "\"type\":\"template\",\"template\":{\"name\":\"bill\",\"language\":{\"code\":\"de\"},"
        "\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":\"document\",\"document\":"
        "{\"id\":\"65463453\",\"filename\":\"Bill \\\"1\\\".pdf\"}}]}]}}");
    close_world(w);
}

static void sound_goes_as_a_voice_note_and_without_text(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->out.text = S("");
    assert_sends_file(
        w, "audio/ogg", TO "\"type\":\"audio\",\"audio\":{\"id\":\"65463453\",\"voice\":true}}");
    assert_true(str_find(peer_heard(w->peer, 0).body, S("audio/ogg; codecs=opus")) >= 0);
    assert_sends_file(w, "audio/mpeg", TO "\"type\":\"audio\",\"audio\":{\"id\":\"65463453\"}}");
    assert_sends_file(
        w, "image/webp", TO "\"type\":\"sticker\",\"sticker\":{\"id\":\"65463453\"}}");
    w->out.text = S("Listen");
    assert_refused_unsent(w);
    close_world(w);
}

static void a_file_that_the_network_does_not_take_is_not_uploaded(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct connector_file f = file("x", "application/zip");
    const struct connector_file two[] = {f, f};
    w->out.files = &f;
    w->out.n_files = 1;
    assert_refused_unsent(w);
    w->out.files = two;
    w->out.n_files = 2;
    assert_refused_unsent(w);
    close_world(w);
}

static void an_upload_of_unknown_end_is_repeated_for_nobody_sees_it(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct connector_file f = file("x.png", "image/png");
    w->out.files = &f;
    w->out.n_files = 1;
    peer_answers(w->peer, 502, "", "<html>");
    assert_int_equal(send(w).outcome, CONNECTOR_RETRY);
    peer_hangs_up(w->peer);
    assert_int_equal(send(w).outcome, CONNECTOR_RETRY);
    peer_answers(w->peer, 200, "", "{}");
    assert_int_equal(send(w).outcome, CONNECTOR_RETRY);
    peer_answers(w->peer, 400, "", "{\"error\":{\"code\":131053,\"message\":\"upload\"}}");
    assert_int_equal(send(w).outcome, CONNECTOR_RETRY);
    w->out.now_ms += 1000; /* the second try */
    peer_answers(w->peer, 400, "", "{\"error\":{\"code\":131053,\"message\":\"upload\"}}");
    assert_int_equal(send(w).outcome, CONNECTOR_FINAL);
    f.path = test_path("gone");
    assert_int_equal(send(w).outcome, CONNECTOR_RETRY);
    close_world(w);
}

/* ── outcomes ── */

static void every_error_code_means_what_the_network_says(void **state)
{
    (void)state;
    enum { HOUR_S = 3600 };
    static const struct {
        int code, status;
        enum connector_outcome outcome;
        bool is_channel_wide;
        int64_t wait_s;
    } rows[] = {
        {0,      401, CONNECTOR_REAUTH, true,  0          },
        {190,    401, CONNECTOR_REAUTH, true,  0          },
        {3,      400, CONNECTOR_FINAL,  true,  0          },
        {10,     403, CONNECTOR_FINAL,  true,  0          },
        {200,    403, CONNECTOR_FINAL,  true,  0          },
        {299,    403, CONNECTOR_FINAL,  true,  0          },
        {4,      400, CONNECTOR_WAIT,   true,  1          },
        {80007,  400, CONNECTOR_WAIT,   true,  1          },
        {130429, 429, CONNECTOR_WAIT,   true,  1          },
        {131056, 429, CONNECTOR_WAIT,   false, 1          },
        {131048, 429, CONNECTOR_WAIT,   true,  HOUR_S     },
        {131064, 400, CONNECTOR_WAIT,   false, HOUR_S     },
        {133016, 400, CONNECTOR_WAIT,   false, 72 * HOUR_S},
        {368,    403, CONNECTOR_REAUTH, true,  0          },
        {131031, 403, CONNECTOR_REAUTH, true,  0          },
        {130497, 403, CONNECTOR_FINAL,  false, 0          },
        {131047, 400, CONNECTOR_FINAL,  false, 0          },
        {131026, 400, CONNECTOR_FINAL,  false, 0          },
        {131049, 400, CONNECTOR_FINAL,  false, 0          },
        {131050, 400, CONNECTOR_FINAL,  false, 0          },
        {130472, 400, CONNECTOR_FINAL,  false, 0          },
        {131051, 400, CONNECTOR_FINAL,  false, 0          },
        {131052, 400, CONNECTOR_RETRY,  false, 0          },
        {131053, 400, CONNECTOR_RETRY,  false, 0          },
        {131008, 400, CONNECTOR_FINAL,  false, 0          },
        {131009, 400, CONNECTOR_FINAL,  false, 0          },
        {131021, 400, CONNECTOR_FINAL,  false, 0          },
        {131030, 400, CONNECTOR_FINAL,  false, 0          },
        {131042, 400, CONNECTOR_FINAL,  true,  0          },
        {131044, 400, CONNECTOR_FINAL,  true,  0          },
        {131045, 500, CONNECTOR_FINAL,  true,  0          },
        {131037, 400, CONNECTOR_FINAL,  true,  0          },
        {131057, 500, CONNECTOR_WAIT,   true,  300        },
        {131000, 500, CONNECTOR_RETRY,  false, 0          },
        {131005, 403, CONNECTOR_FINAL,  true,  0          },
        {131016, 500, CONNECTOR_RETRY,  false, 0          },
        {135000, 400, CONNECTOR_RETRY,  false, 0          },
        {131062, 400, CONNECTOR_FINAL,  false, 0          },
        {132000, 400, CONNECTOR_FINAL,  false, 0          },
        {132001, 404, CONNECTOR_FINAL,  false, 0          },
        {132005, 400, CONNECTOR_FINAL,  false, 0          },
        {132007, 400, CONNECTOR_FINAL,  false, 0          },
        {132008, 400, CONNECTOR_FINAL,  false, 0          },
        {132012, 400, CONNECTOR_FINAL,  false, 0          },
        {132015, 400, CONNECTOR_FINAL,  false, 0          },
        {132016, 400, CONNECTOR_FINAL,  false, 0          },
        {132068, 400, CONNECTOR_FINAL,  false, 0          },
        {132069, 400, CONNECTOR_FINAL,  false, 0          },
        {137000, 400, CONNECTOR_FINAL,  false, 0          },
        {100,    400, CONNECTOR_FINAL,  false, 0          },
        {139999, 400, CONNECTOR_FINAL,  false, 0          },
    };
    ptrdiff_t n = (ptrdiff_t)(sizeof rows / sizeof *rows);
    struct world *w = NULL;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i % PEER_CALLS == 0) {
            if (w)
                close_world(w);
            w = open_world();
        }
        str body = str_print(test_arena(),
            "{\"error\":{\"message\":\"(#%d) words\",\"type\":\"OAuthException\",\"code\":%d,"
            "\"error_data\":{\"messaging_product\":\"whatsapp\",\"details\":\"their details\"}}}",
            rows[i].code, rows[i].code);
        peer_answers(w->peer, rows[i].status, "", str_z(test_arena(), body));
        struct connector_sent sent = send(w);
        int64_t wait_ms = rows[i].wait_s ? TEST_NOW_MS + rows[i].wait_s * 1000 : 0;
        bool is_right = sent.outcome == rows[i].outcome &&
                        sent.is_channel_wide == rows[i].is_channel_wide &&
                        sent.wait_until_ms == wait_ms;
        if (!is_right)
            fail_msg("code %d: %s, channel-wide %d, wait %lld", rows[i].code,
                connector_outcome_name(sent.outcome), sent.is_channel_wide,
                (long long)(sent.wait_until_ms ? sent.wait_until_ms - TEST_NOW_MS : 0));
    }
    close_world(w);
}

static int64_t waits_s(struct world *w, int code, int64_t since_s)
{
    str body = str_print(test_arena(), "{\"error\":{\"code\":%d,\"message\":\"x\"}}", code);
    w->out.now_ms = TEST_NOW_MS + since_s * 1000;
    peer_answers(w->peer, 400, "", str_z(test_arena(), body));
    return (send(w).wait_until_ms - w->out.now_ms) / 1000;
}

static void waits_grow_with_the_time_since_the_first_try(void **state)
{
    (void)state;
    struct world *w = open_world();
    const int64_t pair[] = {1, 4, 16, 64, 256}, limited[] = {1, 2, 4, 8, 16};
    int64_t since = 0;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(waits_s(w, 131056, since), pair[i]);
        since += pair[i];
    }
    since = 0;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(waits_s(w, 130429, since), limited[i]);
        since += limited[i];
    }
    assert_int_equal(waits_s(w, 131056, 20000), 900);
    assert_int_equal(waits_s(w, 130429, 20000), 300);
    close_world(w);
}

static void usage_headers_say_how_much_is_left_and_when_it_goes_on(void **state)
{
    (void)state;
    struct world *w = open_world();
    peer_answers(w->peer, 200,
        "X-Business-Use-Case-Usage: {\"88001\":[{\"type\":\"whatsapp\",\"call_count\":95,"
        "\"total_time\":1,\"total_cputime\":1,\"estimated_time_to_regain_access\":0}]}\r\n",
        TAKEN);
    struct connector_sent sent = send(w);
    assert_int_equal(sent.rate.limit, 100);
    assert_int_equal(sent.rate.remaining, 5);
    peer_answers(w->peer, 400,
        "X-Business-Use-Case-Usage: {\"88001\":[{\"call_count\":100,"
        "\"estimated_time_to_regain_access\":7}]}\r\n",
        "{\"error\":{\"code\":80007,\"message\":\"limit\"}}");
    sent = send(w);
    assert_int_equal(sent.outcome, CONNECTOR_WAIT);
    assert_int_equal(sent.wait_until_ms, TEST_NOW_MS + 7 * 60 * 1000);
    peer_answers(
        w->peer, 429, "Retry-After: 30\r\n", "{\"error\":{\"code\":130429,\"message\":\"x\"}}");
    assert_int_equal(send(w).wait_until_ms, TEST_NOW_MS + 30 * 1000);
    close_world(w);
}

static void an_answer_that_leaves_open_what_happened_is_never_a_reason_to_send_again(void **state)
{
    (void)state;
    struct world *w = open_world();
    peer_hangs_up(w->peer);
    assert_int_equal(send(w).outcome, CONNECTOR_UNKNOWN);
    peer_answers(w->peer, 502, "", "<html>bad gateway</html>");
    assert_int_equal(send(w).outcome, CONNECTOR_UNKNOWN);
    peer_answers(w->peer, 500, "", "");
    assert_int_equal(send(w).outcome, CONNECTOR_UNKNOWN);
    peer_answers(w->peer, 200, "", "not json");
    assert_int_equal(send(w).outcome, CONNECTOR_UNKNOWN);
    peer_answers(w->peer, 200, "", "{\"messages\":[]}");
    assert_int_equal(send(w).outcome, CONNECTOR_UNKNOWN);
    w->setup.hosts = S("whatsapp.graph=http://127.0.0.1:1");
    assert_int_equal(send(w).outcome, CONNECTOR_RETRY); /* nobody there: it was never written */
    close_world(w);
}

static void words_say_what_happened_and_what_the_network_says_of_it(void **state)
{
    (void)state;
    struct world *w = open_world();
    peer_answers(w->peer, 400, "",
        "{\"error\":{\"code\":131047,\"message\":\"x\",\"error_data\":{\"details\":\"More than 24 "
        "hours\"}}}");
    assert_str(send(w).why, "The customer last wrote more than 24 hours ago. Send a template. "
                            "WhatsApp says: More than 24 hours (131047)");
    peer_answers(w->peer, 400, "", "{\"error\":{\"code\":139999,\"message\":\"Something new\"}}");
    assert_str(send(w).why, "WhatsApp says: Something new (139999)");
    close_world(w);
}

/* ── acts ── */

static struct connector_sent act(struct world *w, const struct connector_act *a)
{
    struct connector_sent sent = {0};
    assert_ok(w->c->act(w->client, test_arena(), a, &sent));
    return sent;
}

static void reactions_and_marks_are_calls_to_messages(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct connector_act a = {.setup = &w->setup,
        .kind = ACT_REACT,
        .external_id = S("wamid.SEVA1"),
        .to = S("15557770001"),
        .reaction = S("👍"),
        .now_ms = TEST_NOW_MS};
    peer_answers(w->peer, 200, "", TAKEN);
    assert_int_equal(act(w, &a).outcome, CONNECTOR_SENT);
    assert_call(w, 0, "POST", "/v25.0/99001/messages?" PROOF);
    assert_str(peer_heard(w->peer, 0).body,
        HEAD "\"to\":\"15557770001\",\"type\":\"reaction\",\"reaction\":{\"message_id\":"
             "\"wamid.SEVA1\",\"emoji\":\"👍\"}}");
    a.kind = ACT_READ;
    peer_answers(w->peer, 200, "", "{\"success\":true}");
    assert_int_equal(act(w, &a).outcome, CONNECTOR_SENT);
    assert_str(peer_heard(w->peer, 1).body,
        "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\"wamid.SEVA1\"}");
    a.is_typing = true;
    peer_hangs_up(w->peer);
    assert_int_equal(act(w, &a).outcome, CONNECTOR_RETRY); /* a mark may be set twice */
    assert_str(peer_heard(w->peer, 2).body,
        "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\"wamid.SEVA1\","
        "\"typing_indicator\":{\"type\":\"text\"}}");
    a.kind = ACT_DELETE;
    assert_int_equal(act(w, &a).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(w->peer), 3);
    close_world(w);
}

/* ── account ── */

static void the_numbers_of_the_account_are_listed_over_all_pages(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct connector_checked got = {0};
    w->setup.external_id = (str){0};
    peer_answers(w->peer, 200, "",
        "{\"data\":[{\"id\":\"99001\",\"display_phone_number\":\"+1 555-000-1111\",\"verified_name\":"
        "\"Brand\",\"quality_rating\":\"GREEN\",\"throughput\":{\"level\":\"STANDARD\"}}],\"paging\":{"
        "\"cursors\":{\"after\":\"c/1\"},\"next\":\"https://elsewhere.example/\"}}");
    peer_answers(w->peer, 200, "",
        "{\"data\":[{\"id\":\"99002\",\"display_phone_number\":\"+1 555-000-2222\","
        "\"quality_rating\":\"RED\"},7,{}],\"paging\":{\"cursors\":{\"after\":\"c2\"}}}");
    assert_ok(w->c->check(w->client, test_arena(), &w->setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    assert_int_equal(got.n, 2);
    assert_str(got.accounts[0].external_id, "99001");
    assert_str(got.accounts[0].handle, "+1 555-000-1111");
    assert_str(got.accounts[0].name, "Brand");
    assert_str(got.accounts[0].settings, "{\"phone_number_id\":\"99001\"}");
    assert_str(got.accounts[1].name, "+1 555-000-2222");
    assert_true(got.note.len > 0);
    assert_call(w, 0, "GET",
        "/v25.0/88001/phone_numbers?fields=id%2Cdisplay_phone_number%2Cverified_name%2C"
        "quality_rating%2Cthroughput&limit=100&" PROOF);
    assert_true(str_find(peer_heard(w->peer, 1).target, S("&after=c%2F1&")) >= 0);
    close_world(w);
}

static void a_number_that_the_account_does_not_have_is_said_so(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct connector_checked got = {0};
    w->setup.external_id = S("99009");
    peer_answers(w->peer, 200, "", "{\"data\":[{\"id\":\"99001\"}]}");
    assert_ok(w->c->check(w->client, test_arena(), &w->setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_FINAL);
    assert_int_equal(got.n, 0);
    peer_answers(w->peer, 401, "", "{\"error\":{\"code\":190,\"message\":\"expired\"}}");
    assert_ok(w->c->check(w->client, test_arena(), &w->setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_REAUTH);
    close_world(w);
}

static struct connector_sent subscribe(struct world *w, bool on)
{
    struct connector_sent sent = {0};
    assert_ok(w->c->subscribe(w->client, test_arena(), &w->setup, on, &sent));
    return sent;
}

static void the_account_is_subscribed_and_the_number_calls_our_address(void **state)
{
    (void)state;
    struct world *w = open_world();
    peer_answers(w->peer, 200, "", "{\"success\":true}");
    peer_answers(w->peer, 200, "", "{\"success\":true}");
    assert_int_equal(subscribe(w, true).outcome, CONNECTOR_SENT);
    assert_call(w, 0, "POST", "/v25.0/88001/subscribed_apps?" PROOF);
    assert_call(w, 1, "POST", "/v25.0/99001?" PROOF);
    assert_str(peer_heard(w->peer, 1).body,
        "{\"webhook_configuration\":{\"override_callback_uri\":\"https://care.example/hooks/whatsapp/"
        "k1\",\"verify_token\":\"our-verify-token\"}}");
    peer_answers(w->peer, 200, "", "{\"success\":true}");
    assert_int_equal(subscribe(w, false).outcome, CONNECTOR_SENT);
    assert_str(peer_heard(w->peer, 2).body,
        "{\"webhook_configuration\":{\"override_callback_uri\":\"\"}}");
    assert_int_equal(peer_count(w->peer), 3);
    close_world(w);
}

static void a_new_number_is_registered_with_its_pin(void **state)
{
    (void)state;
    struct world *w = open_world();
    w->setup.secrets = S("{\"access_token\":\"" TOKEN
                         "\",\"app_secret\":\"seva-meta-app-secret-0001\",\"pin\":\"123456\"}");
    peer_answers(w->peer, 200, "", "{\"success\":true}");
    peer_answers(w->peer, 400, "", "{\"error\":{\"code\":133016,\"message\":\"too often\"}}");
    struct connector_sent sent = subscribe(w, true);
    assert_int_equal(sent.outcome, CONNECTOR_WAIT);
    assert_int_equal(sent.wait_until_ms, TEST_NOW_MS + INT64_C(72) * 3600 * 1000);
    assert_call(w, 1, "POST", "/v25.0/99001/register?" PROOF);
    assert_str(
        peer_heard(w->peer, 1).body, "{\"messaging_product\":\"whatsapp\",\"pin\":\"123456\"}");
    assert_int_equal(peer_count(w->peer), 2);
    close_world(w);
}

/* SHA-256 of "" */
#define HASH_HEX    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HASH_BASE64 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void a_file_is_fetched_in_two_steps_with_the_token(void **state)
{
    (void)state;
    struct world *w = open_world();
    const struct connector_attachment at = {.media_id = S("65463453")};
    const char *const hashes[] = {HASH_HEX, HASH_BASE64, "neither"};
    for (int i = 0; i < 3; i++) {
        struct connector_source got = {0};
        str body = str_print(test_arena(),
            "{\"messaging_product\":\"whatsapp\",\"url\":\"https://lookaside.fbsbx.com/x?mid=1\","
            "\"mime_type\":\"image/jpeg\",\"sha256\":\"%s\",\"file_size\":12345,\"id\":\"65463453\"}",
            hashes[i]);
        peer_answers(w->peer, 200, "", str_z(test_arena(), body));
        assert_ok(w->c->media(w->client, test_arena(), &w->setup, &at, &got));
        assert_int_equal(got.end.outcome, CONNECTOR_SENT);
        assert_str(got.url, "https://lookaside.fbsbx.com/x?mid=1");
        assert_int_equal(got.n_headers, 1);
        assert_str(got.headers[0].value, "Bearer " TOKEN);
        assert_int_equal(got.size, 12345);
        assert_str(got.sha256, i < 2 ? HASH_HEX : "");
    }
    assert_call(w, 0, "GET", "/v25.0/65463453?phone_number_id=99001&" PROOF);
    close_world(w);
}

static void a_file_that_is_gone_or_has_no_address_is_final(void **state)
{
    (void)state;
    struct world *w = open_world();
    const struct connector_attachment at = {.media_id = S("../me")};
    struct connector_source got = {0};
    peer_answers(w->peer, 404, "", "{\"error\":{\"code\":100,\"message\":\"no such id\"}}");
    assert_ok(w->c->media(w->client, test_arena(), &w->setup, &at, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_FINAL);
    assert_int_equal(got.n_headers, 0);
    assert_true(str_starts(peer_heard(w->peer, 0).target, S("/v25.0/..%2Fme?")));
    peer_answers(w->peer, 200, "", "{\"url\":\"file:///etc/passwd\"}");
    assert_ok(w->c->media(w->client, test_arena(), &w->setup, &at, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_FINAL);
    assert_int_equal(got.n_headers, 0);
    close_world(w);
}

static void templates_are_listed_with_their_variables_named_by_place(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct connector_templates got = {0};
    peer_answers(w->peer, 200, "",
        "{\"data\":[{\"name\":\"order_update\",\"language\":\"en_US\",\"status\":\"APPROVED\","
        "\"category\":\"UTILITY\",\"components\":[{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":"
        "\"Order {{1}}\"},{\"type\":\"BODY\",\"text\":\"Hi {{1}}, {{2}} is on its way, {{ 1 }}.\"},{"
        "\"type\":\"FOOTER\",\"text\":\"Brand\"},{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":"
        "\"QUICK_REPLY\",\"text\":\"Yes\"},{\"type\":\"URL\",\"text\":\"Track\",\"url\":"
        "\"https://shop.example/{{1}}\"},{\"type\":\"URL\",\"text\":\"Shop\",\"url\":"
        "\"https://shop.example\"},{\"type\":\"COPY_CODE\",\"text\":\"Copy\"}]}]}],\"paging\":{"
        "\"cursors\":{\"after\":\"c1\"},\"next\":\"https://graph.facebook.com/next\"}}");
    peer_answers(w->peer, 200, "",
        "{\"data\":[{\"name\":\"bill\",\"language\":\"de\",\"status\":\"PAUSED\",\"components\":[{"
        "\"type\":\"HEADER\",\"format\":\"DOCUMENT\"},{\"type\":\"BODY\",\"text\":\"Hallo {{name}}, "
        "{{\"}]},{\"name\":\"x\"},7]}");
    assert_ok(w->c->templates(w->client, test_arena(), &w->setup, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    assert_int_equal(got.n, 2);
    assert_str(got.at[0].name, "order_update");
    assert_str(got.at[0].state, "approved");
    assert_str(got.at[0].category, "utility");
    assert_str(got.at[0].header, "Order {{header.1}}");
    assert_str(got.at[0].body, "Hi {{1}}, {{2}} is on its way, {{1}}.");
    assert_str(got.at[0].footer, "Brand");
    assert_str(got.at[0].buttons,
        "[\"Yes\",\"Track {{button.1.url}}\",\"Shop\",\"Copy {{button.3.copy_code}}\"]");
    assert_int_equal(got.at[0].n_variables, 5);
    assert_str(got.at[1].header, "{{header.document}}");
    assert_str(got.at[1].body, "Hallo {{name}}, {{");
    assert_str(got.at[1].state, "paused");
    assert_int_equal(got.at[1].n_variables, 1);
    assert_call(w, 0, "GET",
        "/v25.0/88001/message_templates?fields=name%2Clanguage%2Cstatus%2Ccategory%2Ccomponents&"
        "limit=100&" PROOF);
    close_world(w);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(text_goes_with_our_reference_and_the_message_it_answers),
        TEST(a_person_is_written_to_by_number_or_by_user_id),
        TEST(the_number_by_which_the_network_knows_a_person_is_told),
        TEST(a_template_that_takes_no_user_id_goes_to_the_number),
        TEST(a_template_goes_with_its_variables),
        TEST(a_template_that_is_not_filled_rightly_is_not_sent),
        TEST(choices_become_buttons_a_list_or_a_link),
        TEST(choices_beyond_the_networks_limits_are_not_sent),
        TEST(places_and_contacts_go_on_their_own),
        TEST(a_file_is_uploaded_and_named_in_the_message),
        TEST(sound_goes_as_a_voice_note_and_without_text),
        TEST(a_file_that_the_network_does_not_take_is_not_uploaded),
        TEST(an_upload_of_unknown_end_is_repeated_for_nobody_sees_it),
        TEST(every_error_code_means_what_the_network_says),
        TEST(waits_grow_with_the_time_since_the_first_try),
        TEST(usage_headers_say_how_much_is_left_and_when_it_goes_on),
        TEST(an_answer_that_leaves_open_what_happened_is_never_a_reason_to_send_again),
        TEST(words_say_what_happened_and_what_the_network_says_of_it),
        TEST(reactions_and_marks_are_calls_to_messages),
        TEST(the_numbers_of_the_account_are_listed_over_all_pages),
        TEST(a_number_that_the_account_does_not_have_is_said_so),
        TEST(the_account_is_subscribed_and_the_number_calls_our_address),
        TEST(a_new_number_is_registered_with_its_pin),
        TEST(a_file_is_fetched_in_two_steps_with_the_token),
        TEST(a_file_that_is_gone_or_has_no_address_is_final),
        TEST(templates_are_listed_with_their_variables_named_by_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
