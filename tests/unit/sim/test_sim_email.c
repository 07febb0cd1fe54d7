/* The simulated mailbox with our own connector: mails of every kind are read, what goes out over
 * its SMTP is taken once and by its rules, and who gets it answers as real programs do. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "connector/email.h"
#include "connector/mail.h"
#include "sim_channel.h"

#define ADDRESS "care@seva-shop.example"

static struct {
    struct sim_channel ch;
    str ca;
} at;

static str ca_file(void)
{
    str path = test_path("sim-ca.pem");
    assert_ok(file_write(path, at.ca, 0600));
    return path;
}

/* A client that trusts the simulated mail server. */
static struct http_client *client_open(str ca)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("*=127.0.0.0/8"), &rules, &why));
    struct http_client *c =
        http_client_open(&(struct http_client_options){.rules = rules, .ca_file = ca});
    assert_non_null(c);
    return c;
}

static void open_mailbox(void)
{
    str why;
    at.ch = sim_channel_open("email", "Authorization", "{}",
        "{\"password\":\"seva-mailbox-password\"}",
        &(struct sim_options){
            .is_clock_manual = true, .clock_ms = TEST_NOW_MS, .hold_ms = 200, .has_smtp = true});
    at.ca = sim_smtp_ca(test_arena(), world_sim());
    at.ch.setup.settings = str_print(test_arena(),
        "{\"address\":\"" ADDRESS
        "\",\"smtp_host\":\"127.0.0.1\",\"smtp_port\":\"%d\",\"smtp_security\":\"starttls\"}",
        sim_smtp_port(world_sim()));
    http_client_close(at.ch.client);
    at.ch.client = client_open(ca_file());
    assert_ok(sim_account_set(world_sim(), S("email"),
        &(struct sim_account_set){.callback = world_callback(), .secret = at.ch.setup.secret},
        &why));
}

static const struct json *json(const char *text)
{
    const struct json *v = NULL;
    str why;
    assert_ok(json_parse(test_arena(), str_from(text), &v, &why));
    return v;
}

static const struct connector_item *says(struct sim_say say)
{
    (void)sim_channel_say(&at.ch, say);
    return sim_channel_newest(&at.ch);
}

/* The newest mail for that address, as the simulator reads it. */
static const struct json *got(const char *to)
{
    str answer = {0}, why = {0};
    const struct json *input =
        json(str_z(test_arena(), str_print(test_arena(), "{\"to\":\"%s\"}", to)));
    assert_ok(sim_special(
        world_sim(), test_arena(), S("email"), (str){0}, S("mail"), input, &answer, &why));
    return json(str_z(test_arena(), answer));
}

static str member(const struct json *mail, const char *name)
{
    return json_text(json_get(mail, str_from(name)), S(""));
}

static bool has(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}

struct answer {
    const char *to, *subject, *id, *in_reply_to, *from, *text, *html;
};

static struct connector_sent answers(struct answer w)
{
    struct arena *a = test_arena();
    const struct mail_person to = {.address = str_from(w.to)};
    const str reference = str_from(w.in_reply_to ? w.in_reply_to : "");
    const struct connector_letter letter = {
        .from = {.name = S("Asha of Seva Shop"), .address = str_from(w.from ? w.from : ADDRESS)},
        .to = &to,
        .n_to = 1,
        .subject = str_from(w.subject ? w.subject : "Re: Question"),
        .internet_id = str_from(w.id),
        .in_reply_to = reference,
        .references = &reference,
        .n_references = reference.len > 0,
        .html = str_from(w.html ? w.html : ""),
        .text = str_from(w.text),
        .date_ms = TEST_NOW_MS,
    };
    const struct connector_outgoing out = {.setup = &at.ch.setup,
        .to = to.address,
        .delivery_id = S("d1"),
        .letter = &letter,
        .is_by_person = true,
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS};
    struct connector_sent sent = {.outcome = CONNECTOR_UNKNOWN};
    assert_ok(at.ch.c->send(at.ch.client, a, &out, &sent));
    assert_true(sim_settle(world_sim(), 10000));
    return sent;
}

/* ── mails that come in ── */

static void a_plain_mail_in_any_script_arrives_as_it_was_written(void **state)
{
    static const char *const texts[] = {"Where is my order?", "আমার অর্ডার কোথায়? এখনও পাইনি।",
        "أين طلبي؟ لم يصل بعد.",
        "Ein Satz, der für eine Zeile viel zu lang ist, und noch länger wird."};
    (void)state;
    open_mailbox();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct connector_item *it = says((struct sim_say){.from_id = S("asha@inbox.example"),
            .from_name = S("Аша Рао"),
            .text = str_from(texts[i])});
        assert_str(str_trim(it->text), texts[i]);
        assert_str(it->contact_external_id, "asha@inbox.example");
        assert_str(it->contact_name, "Аша Рао");
        assert_true(it->mail->subject.len > 0 && str_starts(str_from(texts[i]), it->mail->subject));
        assert_false(it->mail->is_robot);
        assert_str(it->mail->mime->degraded, "");
    }
    assert_int_equal(sim_channel_count(&at.ch, SIM_COUNT_SAID), 4);
    assert_int_equal(sim_channel_count(&at.ch, SIM_COUNT_ACKNOWLEDGED), 4);
    sim_channel_close(&at.ch);
}

static void pictures_of_the_html_and_files_arrive_whole(void **state)
{
    const struct sim_file files[] = {
        {S("image/png"),       S("pot.png"),     S("\x89PNG bytes") },
        {S("application/pdf"), S("receipt.pdf"), S("%PDF-1.4 bytes")}
    };
    (void)state;
    open_mailbox();
    const struct connector_item *it = says((struct sim_say){.text = S("See the picture"),
        .files = files,
        .n_files = 2,
        .more = json("{\"subject\":\"Broken\",\"html\":\"<p>See <b>this</b>: <img "
                     "src=\\\"cid:pot.png\\\"></p>\"}")});
    assert_str(it->mail->subject, "Broken");
    assert_true(has(it->mail->mime->html, "<b>this</b>"));
    assert_int_equal(it->mail->mime->n_parts, 2);
    assert_str(it->mail->mime->parts[0].content_id, "pot.png");
    assert_str(it->mail->mime->parts[1].name, "receipt.pdf");
    assert_str(it->mail->mime->degraded, "");
    sim_channel_close(&at.ch);
}

static void programs_are_known_by_their_headers(void **state)
{
    (void)state;
    open_mailbox();
    const struct connector_item *it = says((struct sim_say){.kind = S("auto_reply"),
        .text = S("Away until Monday"),
        .more = json("{\"subject\":\"Automatic reply: Your order\"}")});
    assert_true(it->mail->is_robot && it->mail->is_away);
    it = says((struct sim_say){.kind = S("list"), .text = S("News of this week")});
    assert_true(it->mail->is_robot && it->mail->is_bulk);
    str id, why;
    assert_int_equal(sim_say(world_sim(), test_arena(), S("email"),
                         &(struct sim_say){.kind = S("fax"), .text = S("x")}, &id, &why),
        E_INVALID);
    sim_channel_close(&at.ch);
}

/* ── mails that go out ── */

static void a_mail_in_rich_text_is_taken_and_read_as_it_was_meant(void **state)
{
    (void)state;
    open_mailbox();
    struct connector_sent sent = answers((struct answer){.to = "asha@inbox.example",
        .subject = "Re: Größe – আকার",
        .id = "seva.1.1.a@seva-shop.example",
        .text = ".hidden\n..two dots\nসব ঠিক আছে\n.",
        .html = "<p>All is <b>well</b>, সব ঠিক আছে</p>"});
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    const struct json *mail = got("asha@inbox.example");
    assert_str(member(mail, "subject"), "Re: Größe – আকার");
    assert_str(member(mail, "message_id"), "seva.1.1.a@seva-shop.example");
    assert_str(member(mail, "from_name"), "Asha of Seva Shop");
    assert_str(str_trim(member(mail, "text")), ".hidden\r\n..two dots\r\nসব ঠিক আছে\r\n.");
    assert_true(has(member(mail, "html"), "<b>well</b>, সব ঠিক আছে"));
    struct sim_entry taken = sim_channel_taken(&at.ch, 0);
    assert_str(taken.conversation, "asha@inbox.example");
    assert_str(taken.id, "seva.1.1.a@seva-shop.example");
    assert_str(taken.detail, "html");
    sim_channel_close(&at.ch);
}

static void the_same_mail_to_the_same_person_again_is_a_double(void **state)
{
    const struct answer mail = {
        .to = "asha@inbox.example", .id = "seva.1.2.a@seva-shop.example", .text = "Hello"};
    struct answer other = mail;
    (void)state;
    open_mailbox();
    assert_int_equal(answers(mail).outcome, CONNECTOR_SENT);
    other.to = "noah@inbox.example";
    assert_int_equal(answers(other).outcome, CONNECTOR_SENT);
    assert_int_equal(sim_channel_count(&at.ch, SIM_COUNT_DOUBLES), 0);
    assert_int_equal(answers(mail).outcome, CONNECTOR_SENT);
    assert_int_equal(sim_channel_count(&at.ch, SIM_COUNT_DOUBLES), 1);
    assert_int_equal(sim_channel_count(&at.ch, SIM_COUNT_ACCEPTED), 3);
    sim_channel_close(&at.ch);
}

static void another_sender_and_an_address_that_is_none_are_refused(void **state)
{
    (void)state;
    open_mailbox();
    assert_int_equal(answers((struct answer){.to = "asha@inbox.example",
                                 .id = "seva.1.3.a@seva-shop.example",
                                 .from = "boss@seva-shop.example",
                                 .text = "Hello"})
                         .outcome,
        CONNECTOR_FINAL);
    assert_int_equal(answers((struct answer){.to = "nobody@inbox.example",
                                 .id = "seva.1.4.a@seva-shop.example",
                                 .text = "Hello"})
                         .outcome,
        CONNECTOR_FINAL);
    assert_int_equal(sim_channel_count(&at.ch, SIM_COUNT_ACCEPTED), 0);
    sim_channel_close(&at.ch);
}

static void faults_of_the_mail_server_are_those_of_smtp(void **state)
{
    static const struct {
        enum sim_fault_mode mode;
        enum connector_outcome outcome;
        int64_t accepted;
    } rows[] = {
        {SIM_FAULT_SERVER_ERROR, CONNECTOR_WAIT,    0},
        {SIM_FAULT_RATE_LIMIT,   CONNECTOR_WAIT,    0},
        {SIM_FAULT_RESET,        CONNECTOR_UNKNOWN, 0},
        {SIM_FAULT_RESET_AFTER,  CONNECTOR_UNKNOWN, 1},
        {SIM_FAULT_SLOW,         CONNECTOR_SENT,    1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_mailbox();
        sim_channel_fault(&at.ch, rows[i].mode, "/smtp", 1);
        struct connector_sent sent = answers((struct answer){
            .to = "asha@inbox.example", .id = "seva.1.5.a@seva-shop.example", .text = "Hello"});
        if (sent.outcome != rows[i].outcome)
            fail_msg("%s: outcome %d", sim_fault_name(rows[i].mode), (int)sent.outcome);
        assert_int_equal(sim_channel_count(&at.ch, SIM_COUNT_ACCEPTED), rows[i].accepted);
        sim_channel_close(&at.ch);
    }
}

/* ── who gets a mail answers ── */

static void who_gets_an_answer_answers_it_later_as_their_program_quotes(void **state)
{
    /* The program is chosen by the address. */
    static const struct {
        const char *from, *quotes;
    } rows[] = {
        {"asha@inbox.example", "wrote:"},
        {"ashb@inbox.example", "wrote:"},
        {"ashc@inbox.example", "wrote:"},
    };
    int n_outlook = 0, n_gmail = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_mailbox();
        const struct connector_item *it = says((struct sim_say){.from_id = str_from(rows[i].from),
            .from_name = S("Asha"),
            .text = S("Where is my order?"),
            .more = json("{\"subject\":\"My order\",\"then\":[\"And when?\"]}")});
        str first = it->mail->internet_id;
        ptrdiff_t before = world_hooks();
        assert_int_equal(answers((struct answer){.to = rows[i].from,
                                     .subject = "Re: My order",
                                     .id = "seva.2.1.a@seva-shop.example",
                                     .in_reply_to = str_z(test_arena(), first),
                                     .text = "On its way",
                                     .html = "<p>On its <b>way</b></p>"})
                             .outcome,
            CONNECTOR_SENT);
        assert_int_equal(world_hooks(), before); /* not at once */
        sim_clock_advance(world_sim(), 20000);
        assert_true(sim_settle(world_sim(), 10000));
        assert_int_equal(world_hooks(), before + 1);
        it = sim_channel_newest(&at.ch);
        const struct mime_mail *mime = it->mail->mime;
        assert_str(it->mail->subject, "Re: My order");
        assert_str(mime->in_reply_to, "seva.2.1.a@seva-shop.example");
        assert_int_equal(mime->n_references, 2);
        assert_true(str_eq(mime->references[0], first));
        assert_str(mime->references[1], "seva.2.1.a@seva-shop.example");
        assert_true(str_starts(mime->text, S("And when?")));
        assert_true(has(mime->text, "On its way"));
        n_gmail += has(mime->html, "gmail_quote") && has(mime->html, "On its <b>way</b>");
        n_outlook += has(mime->html, "divRplyFwdMsg") && has(mime->html, "On its <b>way</b>");
        assert_int_equal(answers((struct answer){.to = rows[i].from,
                                     .id = "seva.2.2.a@seva-shop.example",
                                     .text = "Tomorrow"})
                             .outcome,
            CONNECTOR_SENT);
        sim_clock_advance(world_sim(), 20000);
        assert_true(sim_settle(world_sim(), 10000));
        assert_int_equal(world_hooks(), before + 1); /* there is no more to say */
        sim_channel_close(&at.ch);
    }
    assert_int_equal(n_gmail, 1);
    assert_int_equal(n_outlook, 1);
}

static void an_answer_can_be_written_to_a_mail_that_was_got_and_to_no_other(void **state)
{
    str id, why;
    (void)state;
    open_mailbox();
    assert_int_equal(answers((struct answer){.to = "asha@inbox.example",
                                 .id = "seva.3.1.a@seva-shop.example",
                                 .text = "Hello"})
                         .outcome,
        CONNECTOR_SENT);
    const struct connector_item *it = says((struct sim_say){.from_id = S("asha@inbox.example"),
        .text = S("Hello too"),
        .reply_to = S("seva.3.1.a@seva-shop.example")});
    assert_str(it->mail->mime->in_reply_to, "seva.3.1.a@seva-shop.example");
    assert_int_equal(
        sim_say(world_sim(), test_arena(), S("email"),
            &(struct sim_say){.text = S("x"), .reply_to = S("other@example")}, &id, &why),
        E_NOT_FOUND);
    sim_channel_close(&at.ch);
}

/* ── the server ── */

static struct smtp_options smtp(enum mail_security security, const char *password, str ca)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("mail=127.0.0.0/8"), &rules, &why));
    return (struct smtp_options){
        .server = {.host = S("127.0.0.1"),
                   .port = sim_smtp_port(world_sim()),
                   .security = security,
                   .user = S(ADDRESS),
                   .secret = str_from(password),
                   .rules = rules,
                   .ca_file = ca},
        .name = S("seva.example.com"),
        .step_ms = 20000
    };
}

static void only_who_trusts_its_authority_and_knows_the_password_gets_in(void **state)
{
    struct smtp *line = NULL;
    (void)state;
    open_mailbox();
    str ca = ca_file();
    struct smtp_options o = smtp(MAIL_STARTTLS, "seva-mailbox-password", ca);
    assert_int_equal(smtp_open(test_arena(), &o, &line).kind, MAIL_DONE);
    assert_int_equal(smtp_probe(line, test_arena(), S(ADDRESS)).kind, MAIL_DONE);
    smtp_close(line);
    o = smtp(MAIL_STARTTLS, "wrong", ca);
    assert_int_equal(smtp_open(test_arena(), &o, &line).kind, MAIL_BAD_LOGIN);
    o = smtp(MAIL_STARTTLS, "seva-mailbox-password", S(""));
    assert_int_equal(smtp_open(test_arena(), &o, &line).kind, MAIL_BAD_CERTIFICATE);
    o = smtp(MAIL_PLAIN, "seva-mailbox-password", ca);
    assert_int_not_equal(smtp_open(test_arena(), &o, &line).kind, MAIL_DONE);
    str why;
    assert_ok(sim_account_set(
        world_sim(), S("email"), &(struct sim_account_set){.is_revoked = true}, &why));
    o = smtp(MAIL_STARTTLS, "seva-mailbox-password", ca);
    assert_int_equal(smtp_open(test_arena(), &o, &line).kind, MAIL_BAD_LOGIN);
    sim_channel_close(&at.ch);
}

static struct connector_checked checks(const char *from_name)
{
    struct connector_checked out = {.end.outcome = CONNECTOR_UNKNOWN};
    str settings = at.ch.setup.settings;
    struct connector_setup setup = at.ch.setup;
    setup.settings =
        str_print(test_arena(), "%.*s,\"receivers\":\"mx.seva-shop.example\",\"from_name\":\"%s\"}",
            SARG(str_sub(settings, 0, settings.len - 1)), from_name);
    assert_ok(at.ch.c->check(at.ch.client, test_arena(), &setup, TEST_NOW_MS, &out));
    return out;
}

static void the_test_of_a_mailbox_names_it_and_no_place_to_fill_in(void **state)
{
    (void)state;
    open_mailbox();
    struct connector_checked out = checks("Seva Shop");
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_str(out.accounts[0].name, "Seva Shop");
    assert_str(out.accounts[0].handle, ADDRESS);
    assert_str(out.note, "");
    out = checks("{{agent.first_name}} of Seva Shop");
    assert_str(out.accounts[0].name, "");
    assert_str(out.accounts[0].handle, ADDRESS);
    sim_channel_close(&at.ch);
}

/* One line in the clear, and how the answer begins. */
static void asks(int fd, const char *line, const char *answer)
{
    char heard[2048];
    ptrdiff_t n = 0;
    assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
    do { /* until the last line of the answer */
        ptrdiff_t got = recv(fd, heard + n, sizeof heard - 1 - (size_t)n, 0);
        assert_true(got > 0);
        n += got;
        heard[n] = 0;
        ptrdiff_t last = n - 2;
        while (last > 0 && heard[last - 1] != '\n')
            last--;
        if (heard[n - 1] == '\n' && n - last > 3 && heard[last + 3] == ' ')
            break;
    } while (n < (ptrdiff_t)sizeof heard - 1);
    if (strncmp(heard, answer, strlen(answer)) != 0)
        fail_msg("\"%s\": %s instead of %s", line, heard, answer);
}

static void commands_out_of_their_order_are_refused(void **state)
{
    static const struct {
        const char *line, *answer;
    } rows[] = {
        {"",                                        "220 "},
        {"MAIL FROM:<" ADDRESS ">\r\n",             "503 "},
        {"AUTH PLAIN AGEAYg==\r\n",                 "503 "},
        {"STARTTLS\r\n",                            "503 "},
        {"EHLO\r\n",                                "500 "},
        {"EHLO a b\r\n",                            "501 "},
        {"EHLO seva.example.com\r\n",               "250-"},
        {"AUTH PLAIN AGEAYg==\r\n",                 "538 "},
        {"MAIL FROM:<" ADDRESS ">\r\n",             "530 "},
        {"RCPT TO:<asha@inbox.example>\r\n",        "503 "},
        {"DATA\r\n",                                "503 "},
        {"NOOP\n",                                  "500 "},
        {"NO\rOP\r\n",                              "500 "},
        {"NOOP\r\n",                                "250 "},
        {"STARTTLS\r\nMAIL FROM:<" ADDRESS ">\r\n", "554 "},
    };
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)state;
    open_mailbox();
    to.sin_port = htons((uint16_t)sim_smtp_port(world_sim()));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        asks(fd, rows[i].line, rows[i].answer);
    char c;
    assert_true(recv(fd, &c, 1, 0) <= 0); /* it has hung up */
    close(fd);
    sim_channel_close(&at.ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_mail_in_any_script_arrives_as_it_was_written),
        TEST(pictures_of_the_html_and_files_arrive_whole),
        TEST(programs_are_known_by_their_headers),
        TEST(a_mail_in_rich_text_is_taken_and_read_as_it_was_meant),
        TEST(the_same_mail_to_the_same_person_again_is_a_double),
        TEST(another_sender_and_an_address_that_is_none_are_refused),
        TEST(faults_of_the_mail_server_are_those_of_smtp),
        TEST(who_gets_an_answer_answers_it_later_as_their_program_quotes),
        TEST(an_answer_can_be_written_to_a_mail_that_was_got_and_to_no_other),
        TEST(only_who_trusts_its_authority_and_knows_the_password_gets_in),
        TEST(the_test_of_a_mailbox_names_it_and_no_place_to_fill_in),
        TEST(commands_out_of_their_order_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
