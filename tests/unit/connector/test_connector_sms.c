/* SMS through Twilio: golden forms, the signature over the channel's own address, what goes to the
 * API and what its answers mean, files, the sender and where Twilio calls. */
#include "connector/sms.h"

#include <string.h>

#include "channel.h"
#include "vectors.h"

#define ACCOUNT "AC00000000000000000000000000000001"
#define TOKEN   "sevaTwilioAuthToken0001"
#define BASIC                                                                                      \
    "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpzZXZhVHdpbGlvQXV0aFRva2VuMDAwMQ=="
#define SID "SM000000000000000000000000000000ff"
#define TAKEN                                                                                      \
    "{\"sid\":\"" SID                                                                              \
    "\",\"status\":\"queued\",\"to\":\"+15557770001\",\"from\":\"+15550001111\","                  \
    "\"body\":\"Hi\",\"num_segments\":\"1\",\"num_media\":\"0\",\"direction\":\"outbound-api\","   \
    "\"error_code\":null,\"error_message\":null,\"date_created\":\"Thu, 01 Jan 2026 00:00:00 "     \
    "+0000\"}"
#define MESSAGES "/2010-04-01/Accounts/" ACCOUNT "/Messages.json"

static struct channel open_it(const char *settings)
{
    struct channel ch = channel_open_bare(
        "sms", "", "", "{\"auth_token\":\"" TOKEN "\",\"auth_token_other\":\"next-token\"}");
    ch.setup.settings = str_print(
        test_arena(), "{\"account_sid\":\"" ACCOUNT "\"%s%s}", *settings ? "," : "", settings);
    ch.setup.hook_url = S("https://care.example.com/hooks/twilio/sms");
    ch.setup.hosts = str_print(test_arena(), "sms.api=%.*s;sms.messaging=%.*s/m",
        SARG(peer_url(ch.peer)), SARG(peer_url(ch.peer)));
    return ch;
}

#define FROM "\"sender\":\"+15550001111\""

static struct connector_sent send_one(struct channel *ch, struct connector_outgoing out)
{
    out.delivery_id = S("m1");
    if (!out.to.at)
        out.to = S("+15557770001");
    return channel_sends(ch, out);
}

static struct connector_sent send_text(struct channel *ch)
{
    return send_one(ch, (struct connector_outgoing){.text = S("Hi")});
}

static void heard(
    struct channel *ch, int nth, const char *method, const char *target, const char *body)
{
    struct peer_heard h = peer_heard(ch->peer, nth);
    assert_str(h.method, method);
    assert_str(h.target, target);
    assert_str(peer_header(&h, "Authorization"), BASIC);
    assert_str(h.body, body);
    if (*body)
        assert_str(peer_header(&h, "Content-Type"), "application/x-www-form-urlencoded");
}

/* ── receiving ── */

static void every_form_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all("sms");
}

static err verify_at(
    const char *hook_url, const char *target, str body, str signature, const char *secrets)
{
    const struct http_header headers[] = {
        {S("Content-Type"), str_starts(body, S("{")) ? S("application/json")
                                                     : S("application/x-www-form-urlencoded")},
        {S("X-Twilio-Signature"),                 signature         }
    };
    const struct http_request req = {.method = HTTP_POST,
        .raw_target = str_from(target),
        .headers = headers,
        .header_count = signature.len ? 2 : 1,
        .body = body};
    const struct connector_setup setup = {
        .hook_url = str_from(hook_url), .secrets = str_from(secrets)};
    const struct connector_hook hook = {.req = &req, .setup = &setup, .now_ms = TEST_NOW_MS};
    str why = {0};
    err e = connector_sms.verify(test_arena(), &hook, &why);
    assert_true(e == OK || why.len > 0);
    return e;
}

static const struct json *vector_of(const char *id)
{
    const struct json *v = vectors();
    while (v && !str_eq(vector_text(v, "id"), str_from(id)))
        v = v->next;
    assert_non_null(v);
    return v;
}

static void twilios_signature_is_taken_over_our_own_address_and_a_flipped_one_is_not(void **state)
{
    (void)state;
    const struct json *v = vector_of("twilio_sms_inbound");
    str body = vector_text(v, "body"), value = vector_text(v, "value");
    const char *url = "https://care.example.com/hooks/twilio/sms";
    const char *const secrets[] = {"{\"auth_token\":\"" TOKEN "\"}",
        "{\"auth_token\":\"another\",\"auth_token_other\":\"" TOKEN "\"}"};
    for (int i = 0; i < 2; i++)
        assert_ok(verify_at(url, "/hooks/twilio/sms", body, value, secrets[i]));
    assert_err(
        verify_at(url, "/x", body, value, "{\"auth_token\":\"another\"}"), E_UNAUTHENTICATED);
    assert_err(verify_at(url, "/x", body, value, "{}"), E_UNAUTHENTICATED);
    assert_err(verify_at(url, "/x", body, (str){0}, secrets[0]), E_UNAUTHENTICATED);
    assert_err(verify_at("https://evil.example/hooks/twilio/sms", "/x", body, value, secrets[0]),
        E_UNAUTHENTICATED);
    assert_err(verify_at(url, "/x?more=1", body, value, secrets[0]), E_UNAUTHENTICATED);
    char *flipped = str_z(test_arena(), value);
    flipped[3] ^= 1;
    assert_err(verify_at(url, "/x", body, str_from(flipped), secrets[0]), E_UNAUTHENTICATED);
    flipped = str_z(test_arena(), body);
    flipped[body.len - 1] ^= 1;
    assert_err(verify_at(url, "/x", str_from(flipped), value, secrets[0]), E_UNAUTHENTICATED);
}

static void the_query_that_came_is_part_of_what_is_signed(void **state)
{
    (void)state;
    const struct json *v = vector_of("twilio_form_published");
    assert_ok(verify_at("https://mycompany.com/myapp.php", "/myapp.php?foo=1&bar=2",
        vector_text(v, "body"), vector_text(v, "value"), "{\"auth_token\":\"12345\"}"));
    v = vector_of("twilio_json");
    assert_ok(verify_at("https://care.example.com/hooks/twilio/json",
        "/hooks/twilio/json?bodySHA256="
        "cc2bd2f58ac8797a065a878c9aa7598c8c7b90c9e90ddd565749516e03248ab6",
        vector_text(v, "body"), vector_text(v, "value"), "{\"auth_token\":\"" TOKEN "\"}"));
}

static void the_answer_to_a_message_is_an_empty_twiml_document(void **state)
{
    (void)state;
    assert_int_equal(connector_sms.taken.status, 200);
    assert_str(str_from(connector_sms.taken.content_type), "text/xml");
    assert_str(connector_sms.taken.body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>");
}

/* ── sending ── */

static void a_text_goes_from_the_number_and_asks_for_reports(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    peer_answers(ch.peer, 201, "", TAKEN);
    struct connector_sent sent =
        send_one(&ch, (struct connector_outgoing){.text = S("50% & more\nও😀")});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, SID);
    heard(&ch, 0, "POST", MESSAGES,
        "To=%2B15557770001&From=%2B15550001111&Body=50%25%20%26%20more%0A%E0%A6%93%F0%9F%98%80"
        "&StatusCallback=https%3A%2F%2Fcare.example.com%2Fhooks%2Ftwilio%2Fsms");
    channel_close(&ch);
}

static void a_messaging_service_or_a_name_may_be_the_sender(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *part;
    } cases[] = {
        {"\"messaging_service_sid\":\"MG00000000000000000000000000000001\"",
         "To=%2B15557770001&MessagingServiceSid=MG00000000000000000000000000000001&Body="                        },
        {"\"sender\":\"Seva\"",                                              "To=%2B15557770001&From=Seva&Body=" },
        {"\"sender\":\"54321\"",                                             "To=%2B15557770001&From=54321&Body="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it(cases[i].settings);
        peer_answers(ch.peer, 201, "", TAKEN);
        assert_int_equal(send_text(&ch).outcome, CONNECTOR_SENT);
        assert_true(str_starts(peer_heard(ch.peer, 0).body, str_from(cases[i].part)));
        channel_close(&ch);
    }
}

static void an_api_key_is_shown_instead_of_the_token(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM ",\"api_key_sid\":\"SK1\"");
    ch.setup.secrets = S("{\"auth_token\":\"" TOKEN "\",\"api_key_secret\":\"s\"}");
    peer_answers(ch.peer, 201, "", TAKEN);
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_SENT);
    struct peer_heard h = peer_heard(ch.peer, 0);
    assert_str(peer_header(&h, "Authorization"), "Basic U0sxOnM=");
    channel_close(&ch);
}

static void files_go_by_their_public_addresses(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    struct connector_file f[] = {
        {.name = S("a.jpg"),
         .type = S("image/jpeg"),
         .size = 9,
         .url = S("https://s.example/a?b=1")                                                   },
        {.name = S("b.png"), .type = S("image/png"), .size = 9, .url = S("https://s.example/b")},
    };
    struct connector_outgoing out = {.text = S("Look"), .files = f, .n_files = 2};
    peer_answers(ch.peer, 201, "", TAKEN);
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    heard(&ch, 0, "POST", MESSAGES,
        "To=%2B15557770001&From=%2B15550001111&Body=Look&MediaUrl=https%3A%2F%2Fs.example%2Fa%3Fb%3D1"
        "&MediaUrl=https%3A%2F%2Fs.example%2Fb"
        "&StatusCallback=https%3A%2F%2Fcare.example.com%2Fhooks%2Ftwilio%2Fsms");
    f[1].size = SMS_FILES_BYTES;
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    f[1].size = 9;
    f[1].url = (str){0};
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    out.n_files = 11;
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 1);
    channel_close(&ch);
}

static void what_cannot_go_is_final_without_a_call(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    const char *const bad[] = {"", "DHLParcel", "+12", "+1555777000a", "+1234567890123456"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            send_one(&ch, (struct connector_outgoing){.to = S(""), .text = S("Hi")}).outcome,
            CONNECTOR_FINAL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            send_one(&ch, (struct connector_outgoing){.to = str_from(bad[i]), .text = S("Hi")})
                .outcome,
            CONNECTOR_FINAL);
    assert_int_equal(
        send_one(&ch, (struct connector_outgoing){.text = S("")}).outcome, CONNECTOR_FINAL);
    channel_close(&ch);
    ch = open_it("");
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_FINAL);
    ch.setup.settings = S("{" FROM ",\"account_sid\":\"AC1/../x\"}");
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_REAUTH);
    ch.setup.secrets = S("{}");
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_REAUTH);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

static void every_error_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        int status, code;
        enum connector_outcome outcome;
        bool is_wide;
    } rows[] = {
        {401, 20003, CONNECTOR_REAUTH, true },
        {401, 0,     CONNECTOR_REAUTH, true },
        {404, 20404, CONNECTOR_FINAL,  false},
        {429, 20429, CONNECTOR_WAIT,   true },
        {429, 0,     CONNECTOR_WAIT,   true },
        {400, 21211, CONNECTOR_FINAL,  false},
        {400, 21614, CONNECTOR_FINAL,  false},
        {400, 21612, CONNECTOR_FINAL,  false},
        {403, 21408, CONNECTOR_FINAL,  false},
        {400, 21606, CONNECTOR_FINAL,  false},
        {400, 21610, CONNECTOR_FINAL,  false},
        {400, 21617, CONNECTOR_FINAL,  false},
        {400, 21620, CONNECTOR_FINAL,  false},
        {400, 30001, CONNECTOR_RETRY,  false},
        {400, 30008, CONNECTOR_RETRY,  false},
        {400, 30017, CONNECTOR_RETRY,  false},
        {400, 30002, CONNECTOR_FINAL,  true },
        {400, 30004, CONNECTOR_FINAL,  false},
        {400, 30005, CONNECTOR_FINAL,  false},
        {400, 30006, CONNECTOR_FINAL,  false},
        {400, 30007, CONNECTOR_FINAL,  false},
        {400, 30034, CONNECTOR_FINAL,  true },
        {400, 11200, CONNECTOR_RETRY,  false},
        {400, 12300, CONNECTOR_FINAL,  false},
        {400, 99999, CONNECTOR_FINAL,  false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel ch = open_it(FROM);
        str body = str_print(test_arena(),
            "{\"code\":%d,\"message\":\"Bad \\u001b[1m thing\",\"more_info\":\"x\",\"status\":%d}",
            rows[i].code, rows[i].status);
        peer_answers(ch.peer, rows[i].status, "", str_z(test_arena(), body));
        struct connector_sent sent = send_text(&ch);
        if (sent.outcome != rows[i].outcome || sent.is_channel_wide != rows[i].is_wide)
            fail_msg("code %d is %s", rows[i].code, connector_outcome_name(sent.outcome));
        if (sent.outcome == CONNECTOR_WAIT)
            assert_true(sent.wait_until_ms > TEST_NOW_MS);
        assert_int_equal(peer_count(ch.peer), 1);
        channel_close(&ch);
    }
}

static void a_person_who_wrote_stop_is_named_in_the_reason(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    peer_answers(
        ch.peer, 400, "", "{\"code\":21610,\"message\":\"Attempt to send to unsubscribed\"}");
    assert_str(send_text(&ch).why,
        "The person has written STOP and gets no more messages until they write START.");
    channel_close(&ch);
}

static void a_message_that_failed_at_once_is_not_called_sent(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    peer_answers(ch.peer, 201, "",
        "{\"sid\":\"" SID "\",\"status\":\"failed\",\"error_code\":30006,\"error_message\":\"L\"}");
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

#define LISTED(sid, date, body)                                                                    \
    "{\"sid\":\"" sid "\",\"status\":\"queued\",\"to\":\"+15557770001\",\"body\":\"" body          \
    "\",\"num_media\":\"0\",\"direction\":\"outbound-api\",\"date_created\":\"" date "\"}"
#define NOW_TEXT "Thu, 01 Jan 2026 00:00:00 +0000"
#define OLD_TEXT "Wed, 31 Dec 2025 23:59:50 +0000"

static void a_call_of_unknown_end_is_looked_up_and_never_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *listed;
        enum connector_outcome outcome;
    } cases[] = {
        {"{\"messages\":[" LISTED(SID,                      NOW_TEXT,                              "Hi") "," LISTED("SM2", OLD_TEXT, "Hi") "]}",
         CONNECTOR_SENT},
        {"{\"messages\":[" LISTED(SID,                                         NOW_TEXT,                                                                    "Sent from your Twilio trial account - Hi") "]}",
         CONNECTOR_SENT},
        {"{\"messages\":[" LISTED("SM2",                                                 OLD_TEXT,                                                           "Hi") "]}", CONNECTOR_UNKNOWN},
        {"{\"messages\":[" LISTED("SM2", NOW_TEXT,                                                                           "Other") "]}", CONNECTOR_UNKNOWN},
        {"{\"messages\":[" LISTED("SM2",                    NOW_TEXT, "Hi") "," LISTED(SID, NOW_TEXT, "Hi") "]}",
         CONNECTOR_UNKNOWN},
        {"{\"messages\":[" LISTED("SM2",                                "yesterday",                                                                     "Hi") ",7]}", CONNECTOR_UNKNOWN},
        {"{\"messages\":[]}",                                         CONNECTOR_UNKNOWN},
        {"[",                                                 CONNECTOR_UNKNOWN                                                        },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct channel ch = open_it(FROM);
        peer_hangs_up(ch.peer);
        peer_answers(ch.peer, 200, "", cases[i].listed);
        struct connector_sent sent = send_text(&ch);
        assert_int_equal(sent.outcome, cases[i].outcome);
        if (sent.outcome == CONNECTOR_SENT)
            assert_str(sent.external_id, SID);
        heard(&ch, 1, "GET", MESSAGES "?To=%2B15557770001&PageSize=20", "");
        assert_int_equal(peer_count(ch.peer), 2);
        channel_close(&ch);
    }
    assert_false(connector_sms.repeats_safely);
}

static void an_error_of_the_server_is_looked_up_and_else_tried_again(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    peer_answers(ch.peer, 500, "", "{}");
    peer_answers(ch.peer, 200, "", "{\"messages\":[" LISTED(SID, NOW_TEXT, "Hi") "]}");
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_SENT);
    peer_answers(ch.peer, 503, "", "no");
    peer_answers(ch.peer, 200, "", "{\"messages\":[]}");
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_RETRY);
    peer_answers(ch.peer, 201, "", "{\"sid\":");
    peer_answers(ch.peer, 200, "", "{\"messages\":[]}");
    assert_int_equal(send_text(&ch).outcome, CONNECTOR_UNKNOWN);
    channel_close(&ch);
}

/* ── files, sender, address ── */

static void a_file_is_fetched_with_the_accounts_credentials(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    struct connector_source out;
    struct connector_attachment at = {
        .media_id =
            S(ACCOUNT "/MM00000000000000000000000000000009/ME00000000000000000000000000000001")};
    assert_ok(connector_sms.media(ch.client, test_arena(), &ch.setup, &at, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_str(out.url, str_z(test_arena(), str_print(test_arena(),
                                                "%.*s/2010-04-01/Accounts/" ACCOUNT
                                                "/Messages/MM00000000000000000000000000000009/"
                                                "Media/ME00000000000000000000000000000001",
                                                SARG(peer_url(ch.peer)))));
    assert_str(out.headers[0].name, "Authorization");
    assert_str(out.headers[0].value, BASIC);
    at.media_id = S(ACCOUNT "/../ME1");
    assert_ok(connector_sms.media(ch.client, test_arena(), &ch.setup, &at, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_FINAL);
    at.media_id =
        S(ACCOUNT "/MM00000000000000000000000000000009/ME00000000000000000000000000000001");
    ch.setup.secrets = S("{}");
    assert_ok(connector_sms.media(ch.client, test_arena(), &ch.setup, &at, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_REAUTH);
    channel_close(&ch);
}

#define NUMBERS(url)                                                                               \
    "{\"incoming_phone_numbers\":[{\"sid\":\"PN00000000000000000000000000000001\","                \
    "\"phone_number\":\"+15550001111\",\"friendly_name\":\"Shop\",\"sms_url\":\"" url              \
    "\",\"capabilities\":{\"sms\":true,\"mms\":true,\"voice\":true}}]}"
#define NUMBERS_TARGET                                                                             \
    "/2010-04-01/Accounts/" ACCOUNT "/IncomingPhoneNumbers.json?PhoneNumber=%2B15550001111&"       \
    "PageSize=5"

static void the_number_is_found_in_the_account(void **state)
{
    (void)state;
    struct channel ch = open_it(FROM);
    peer_answers(ch.peer, 200, "", NUMBERS("https://care.example.com/hooks/twilio/sms"));
    struct connector_checked c = channel_checks(&ch);
    assert_int_equal(c.end.outcome, CONNECTOR_SENT);
    assert_int_equal(c.n, 1);
    assert_str(c.accounts[0].external_id, "+15550001111");
    assert_str(c.accounts[0].name, "Shop");
    assert_int_equal(c.note.len, 0);
    heard(&ch, 0, "GET", NUMBERS_TARGET, "");
    peer_answers(ch.peer, 200, "", NUMBERS("https://elsewhere.example"));
    assert_true(channel_checks(&ch).note.len > 0);
    peer_answers(ch.peer, 200, "", "{\"incoming_phone_numbers\":[]}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_FINAL);
    peer_answers(ch.peer, 401, "", "{\"code\":20003}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_REAUTH);
    channel_close(&ch);
}

static void a_service_and_senders_without_a_number_are_accounts_too(void **state)
{
    (void)state;
    struct channel ch = open_it("\"messaging_service_sid\":\"MG00000000000000000000000000000001\"");
    peer_answers(ch.peer, 200, "",
        "{\"sid\":\"MG00000000000000000000000000000001\",\"friendly_name\":\"Care\","
        "\"inbound_request_url\":\"https://care.example.com/hooks/twilio/sms\"}");
    struct connector_checked c = channel_checks(&ch);
    assert_str(c.accounts[0].external_id, "MG00000000000000000000000000000001");
    assert_str(c.accounts[0].name, "Care");
    assert_int_equal(c.note.len, 0);
    heard(&ch, 0, "GET", "/m/v1/Services/MG00000000000000000000000000000001", "");
    channel_close(&ch);
    const char *const senders[] = {
        "\"sender\":\"Seva\"", "\"sender\":\"54321\"", "\"sender\":\"whatsapp:+15550001111\""};
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        ch = open_it(senders[i]);
        peer_answers(ch.peer, 200, "", "{\"incoming_phone_numbers\":[]}");
        c = channel_checks(&ch);
        assert_int_equal(c.end.outcome, CONNECTOR_SENT);
        assert_true(c.note.len > 0);
        channel_close(&ch);
    }
    ch = open_it("\"messaging_service_sid\":\"../x\"");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_FINAL);
    ch.setup.settings = S("{}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

static void twilio_is_told_where_to_post_and_no_more_than_that(void **state)
{
    (void)state;
    struct connector_sent sent;
    struct channel ch = open_it(FROM);
    peer_answers(ch.peer, 200, "", NUMBERS(""));
    peer_answers(ch.peer, 200, "", "{}");
    assert_ok(connector_sms.subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    heard(&ch, 1, "POST",
        "/2010-04-01/Accounts/" ACCOUNT
        "/IncomingPhoneNumbers/PN00000000000000000000000000000001.json",
        "SmsUrl=https%3A%2F%2Fcare.example.com%2Fhooks%2Ftwilio%2Fsms&SmsMethod=POST");
    /* What belongs to somebody else by now stays. */
    peer_answers(ch.peer, 200, "", NUMBERS("https://elsewhere.example"));
    assert_ok(connector_sms.subscribe(ch.client, test_arena(), &ch.setup, false, &sent));
    assert_int_equal(peer_count(ch.peer), 3);
    channel_close(&ch);
    ch = open_it("\"messaging_service_sid\":\"MG00000000000000000000000000000001\"");
    peer_answers(ch.peer, 200, "",
        "{\"inbound_request_url\":\"https://care.example.com/hooks/twilio/sms\"}");
    peer_answers(ch.peer, 200, "", "{}");
    assert_ok(connector_sms.subscribe(ch.client, test_arena(), &ch.setup, false, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    heard(&ch, 1, "POST", "/m/v1/Services/MG00000000000000000000000000000001",
        "InboundRequestUrl=&InboundMethod=POST&UseInboundWebhookOnNumber=false");
    channel_close(&ch);
}

static void lengths_count_in_segments(void **state)
{
    (void)state;
    assert_int_equal(connector_sms.private_rules.unit, LENGTH_SMS);
    char text[1531] = {0};
    memset(text, 'a', 1530);
    assert_int_equal(length_of(LENGTH_SMS, str_from(text)), SMS_SEGMENTS);
    assert_int_equal(connector_sms.public_rules.max_length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_is_read_as_its_golden_file_says),
        TEST(twilios_signature_is_taken_over_our_own_address_and_a_flipped_one_is_not),
        TEST(the_query_that_came_is_part_of_what_is_signed),
        TEST(the_answer_to_a_message_is_an_empty_twiml_document),
        TEST(a_text_goes_from_the_number_and_asks_for_reports),
        TEST(a_messaging_service_or_a_name_may_be_the_sender),
        TEST(an_api_key_is_shown_instead_of_the_token),
        TEST(files_go_by_their_public_addresses),
        TEST(what_cannot_go_is_final_without_a_call),
        TEST(every_error_has_its_outcome),
        TEST(a_person_who_wrote_stop_is_named_in_the_reason),
        TEST(a_message_that_failed_at_once_is_not_called_sent),
        TEST(a_call_of_unknown_end_is_looked_up_and_never_repeated),
        TEST(an_error_of_the_server_is_looked_up_and_else_tried_again),
        TEST(a_file_is_fetched_with_the_accounts_credentials),
        TEST(the_number_is_found_in_the_account),
        TEST(a_service_and_senders_without_a_number_are_accounts_too),
        TEST(twilio_is_told_where_to_post_and_no_more_than_that),
        TEST(lengths_count_in_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
