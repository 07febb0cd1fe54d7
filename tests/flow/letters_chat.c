/* A website chat goes on by mail: when something is mailed, what it says, where the answer comes
 * back, what is never done twice; transcripts. */
#include "letters_world.h"

#include "api/live.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "care/audience.h"

static void goes_on(struct letters_world *lw, const char *more)
{
    letters_chat(
        lw, str_z(&lw->app->arena, str_print(&lw->app->arena, "{\"mail_channel_id\":\"%lld\"%s}",
                                       (long long)lw->box.channel.v, more)));
}

/* Ann has asked in a chat that goes on by mail and has gone; an agent has answered. */
static str answered(struct letters_world *lw, void **state, str *token)
{
    letters_open(lw, *state, NULL, 0);
    goes_on(lw, "");
    return letters_answered(lw, "ann@example.net", "It comes today.", token);
}

/* And that has gone out as a mail. */
static str mailed(struct letters_world *lw, void **state, str *token)
{
    str id = answered(lw, state, token);
    letters_wait(lw, 5);
    return id;
}

static bool has(str text, const char *part)
{
    return str_find(text, str_from(part)) >= 0;
}

static void what_a_visitor_has_not_seen_goes_out_as_one_mail(void **state)
{
    struct letters_world lw;
    str token;
    str id = answered(&lw, state, &token);
    letters_wait(&lw, 3);
    (void)reply(&lw.w, id, "At <noon>.");
    world_run(&lw.w);
    letters_wait(&lw, 1);
    assert_int_equal(smtp_peer_mails(lw.smtp), 0);
    letters_wait(&lw, 1);
    assert_int_equal(smtp_peer_mails(lw.smtp), 1);
    str heard = letters_heard(&lw);
    assert_true(has(heard, "RCPT TO:<ann@example.net>"));
    assert_true(has(heard, "It comes today.") && has(heard, "At <noon>."));
    assert_true(has(heard, "At &lt;noon&gt;."));
    assert_true(has(heard, "> Where is my order?"));
    assert_true(has(heard, "Auto-Submitted: auto-generated"));
    assert_true(has(letters_header(&lw, "Reply-To"), "support+c"));
    assert_str(letters_newest(&lw, "state"), "sent");
    assert_str(letters_newest(&lw, "kind"), "chat");
    assert_str(
        letters_timeline(&lw, id), "in:Where is my order?|*out:It comes today.|*out:At <noon>.");
    letters_wait(&lw, 60 * 24);
    assert_int_equal(smtp_peer_mails(lw.smtp), 1);
    letters_close(&lw);
}

static void the_answer_comes_back_into_the_chat(void **state)
{
    struct letters_world lw;
    str token;
    str id = mailed(&lw, state, &token);
    const struct letters_mail answer = {.from = "ann@example.net",
        .id = "a1@example.net",
        .text = "Thank you.",
        .answers = letters_header(&lw, "Message-ID"),
        .verdict = "pass"};
    letters_arrive(&lw, &answer);
    assert_str(
        letters_timeline(&lw, id), "in:Where is my order?|*out:It comes today.|*in:Thank you.");
    assert_int_equal(visitor_get(lw.app, token, "conversation"), 200);
    assert_str(test_text(lw.app, "messages.2.text"), "Thank you.");
    assert_str(test_text(lw.app, "messages.2.from"), "me");
    assert_true(json_bool(json_path(lw.app->json, S("messages.2.by_mail")), false));
    /* The next answer goes by mail again, and goes on from both. */
    (void)reply(&lw.w, id, "You are welcome.");
    world_run(&lw.w);
    letters_wait(&lw, 5);
    assert_int_equal(smtp_peer_mails(lw.smtp), 2);
    str references = letters_header(&lw, "References");
    assert_true(has(references, "seva.letter.") && has(references, "a1@example.net"));
    assert_true(has(letters_heard(&lw), "> Thank you."));
    letters_close(&lw);
}

static void the_address_alone_brings_it_back_too(void **state)
{
    struct letters_world lw;
    str token;
    str id = mailed(&lw, state, &token);
    const struct letters_mail answer = {.from = "ann@example.net",
        .id = "a1@example.net",
        .text = "Thank you.",
        .to = letters_header(&lw, "Reply-To"),
        .verdict = "pass"};
    letters_arrive(&lw, &answer);
    assert_str(
        letters_timeline(&lw, id), "in:Where is my order?|*out:It comes today.|*in:Thank you.");
    letters_close(&lw);
}

static str contact_of(struct letters_world *lw, str conversation)
{
    struct arena *a = &lw->app->arena;
    str path = str_print(a, "/api/v1/conversations/%.*s", SARG(conversation));
    assert_int_equal(test_request(lw->app, "GET", str_z(a, path), NULL), 200);
    return str_copy(a, test_text(lw->app, "contact.id"));
}

/* Of the contact; "-" before one that is not verified. */
static str identities_of(struct letters_world *lw, str contact)
{
    struct arena *a = &lw->app->arena;
    struct sb b = sb_make(a, 1 << 16);
    str path = str_print(a, "/api/v1/contacts/%.*s", SARG(contact));
    assert_int_equal(test_request(lw->app, "GET", str_z(a, path), NULL), 200);
    const struct json *list = json_get(lw->app->json, S("identities"));
    for (const struct json *v = list->first; v; v = v->next)
        sb_print(&b, "%s%s%.*s", b.len ? " " : "",
            json_bool(json_get(v, S("is_verified")), false) ? "" : "-",
            SARG(json_text(json_get(v, S("channel_kind")), S(""))));
    return sb_str(&b);
}

/* The same headers from somebody else; from the right address without proof. */
static void strangers_stay_outside_of_the_chat(void **state)
{
    static const struct {
        const char *from, *verdict;
    } cases[] = {
        {"mallory@example.org", "pass"},
        {"ann@example.net",     "fail"},
        {"ann@example.net",     NULL  },
    };
    struct letters_world lw;
    str token;
    str id = mailed(&lw, state, &token);
    str ours = letters_header(&lw, "Message-ID"), to = letters_header(&lw, "Reply-To");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct letters_mail mail = {.from = cases[i].from,
            .id = str_z(&lw.app->arena, str_print(&lw.app->arena, "s%zu@example.org", i)),
            .text = "Tell me her address.",
            .to = to,
            .answers = ours,
            .verdict = cases[i].verdict};
        letters_arrive(&lw, &mail);
        str other = str_copy(&lw.app->arena, conversation_newest(&lw.w));
        assert_false(str_eq(other, id));
        str path = str_print(&lw.app->arena, "/api/v1/conversations/%.*s", SARG(other));
        assert_int_equal(test_request(lw.app, "GET", str_z(&lw.app->arena, path), NULL), 200);
        assert_true(str_eq(test_text(lw.app, "related_id"), id));
    }
    assert_str(letters_timeline(&lw, id), "in:Where is my order?|*out:It comes today.");
    assert_str(identities_of(&lw, contact_of(&lw, id)), "-widget");
    letters_close(&lw);
}

/* ── who it is ── */

static ptrdiff_t audited(struct letters_world *lw, const char *action)
{
    struct arena *a = &lw->app->arena;
    str path = str_print(a, "/api/v1/audit?action=%s", action);
    assert_int_equal(test_request(lw->app, "GET", str_z(a, path), NULL), 200);
    return json_get(lw->app->json, S("items"))->count;
}

/* A letter has gone to the chat's visitor, and what comes from that address answers it. */
static str answered_by_mail(struct letters_world *lw, str *token, const char *more)
{
    struct arena *a = &lw->app->arena;
    goes_on(lw, "");
    str id = letters_answered(lw, "ann@example.net", "It comes today.", token);
    letters_wait(lw, 5);
    str ours = letters_header(lw, "Message-ID");
    mailbox_takes(&lw->w, &lw->box,
        str_print(a,
            "Authentication-Results: " BY_US "; dmarc=pass header.from=example.net\r\n%s"
            "From: Ann <ann@example.net>\r\nTo: " MAILBOX "\r\nSubject: Re: Your conversation\r\n"
            "Message-ID: <a1@example.net>\r\nReferences: %.*s\r\n\r\nThank you.\r\n",
            more, SARG(ours)));
    return id;
}

static str writes(struct letters_world *lw, const char *id)
{
    const struct letters_mail mail = {
        .from = "ann@example.net", .id = id, .text = "Something else.", .verdict = "pass"};
    letters_arrive(lw, &mail);
    return str_copy(&lw->app->arena, conversation_newest(&lw->w));
}

static int separate(struct letters_world *lw, str contact, int nth)
{
    struct arena *a = &lw->app->arena;
    (void)identities_of(lw, contact);
    str id = test_text(lw->app, nth ? "identities.1.id" : "identities.0.id");
    str body = str_print(a, "{\"identity_id\":\"%.*s\"}", SARG(id));
    str path = str_print(a, "/api/v1/contacts/%.*s/separate", SARG(contact));
    return test_request(lw->app, "POST", str_z(a, path), str_z(a, body));
}

static void the_address_that_answers_is_the_chats_contacts_until_an_agent_separates_it(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    str chat = answered_by_mail(&lw, &token, ""), ann = contact_of(&lw, chat);
    assert_true(has(letters_timeline(&lw, chat), "Thank you."));
    assert_str(identities_of(&lw, ann), "-widget email");
    assert_int_equal(audited(&lw, "contact.identity_joined"), 1);
    str mail = writes(&lw, "b1@example.net");
    assert_false(str_eq(mail, chat));
    assert_true(str_eq(contact_of(&lw, mail), ann));

    assert_int_equal(separate(&lw, ann, 0), 409); /* a visitor is who the chat says */
    assert_int_equal(separate(&lw, ann, 1), 200);
    str own = str_copy(&lw.app->arena, test_text(lw.app, "id"));
    assert_str(test_text(lw.app, "email"), "ann@example.net");
    assert_str(identities_of(&lw, ann), "-widget");
    assert_str(identities_of(&lw, own), "email");
    assert_true(str_eq(contact_of(&lw, mail), own));
    assert_true(str_eq(contact_of(&lw, chat), ann));
    assert_int_equal(audited(&lw, "contact.identity_separated"), 1);
    assert_int_equal(separate(&lw, own, 0), 409); /* the only one */

    assert_true(str_eq(contact_of(&lw, writes(&lw, "b2@example.net")), own));
    const struct letters_mail again = {.from = "ann@example.net",
        .id = "a2@example.net",
        .text = "Once more.",
        .answers = letters_header(&lw, "Message-ID"),
        .verdict = "pass"};
    letters_arrive(&lw, &again);
    assert_true(has(letters_timeline(&lw, chat), "Once more."));
    assert_str(identities_of(&lw, ann), "-widget");
    letters_close(&lw);
}

static void a_program_that_answers_is_nobodys_proof(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    str chat = answered_by_mail(&lw, &token, "Auto-Submitted: auto-replied\r\n");
    assert_str(identities_of(&lw, contact_of(&lw, chat)), "-widget");
    assert_int_equal(audited(&lw, "contact.identity_joined"), 0);
    letters_close(&lw);
}

/* Somebody has proved that address before: that stays who it is. */
static void an_address_that_is_known_stays_its_contacts(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    str before = contact_of(&lw, writes(&lw, "b1@example.net"));
    str chat = answered_by_mail(&lw, &token, "");
    assert_true(has(letters_timeline(&lw, chat), "Thank you."));
    assert_str(identities_of(&lw, contact_of(&lw, chat)), "-widget");
    assert_str(identities_of(&lw, before), "email");
    letters_close(&lw);
}

/* Anybody may have given the address in the chat: what is said to whom the site vouches for is not
 * said to them. */
static void who_signs_in_with_that_address_is_not_the_visitor_who_gave_it(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    str chat = answered_by_mail(&lw, &token, ""), visitor = contact_of(&lw, chat);
    struct arena *a = &lw.app->arena;
    struct sha256 mac = crypto_hmac_sha256(lw.app->identity_secret, S("user-7"));
    str body = str_print(a, "{\"identity\":{\"id\":\"user-7\",\"hash\":\"%.*s\",\"email\":\"%s\"}}",
        SARG(crypto_hex(a, str_of((char *)mac.b, sizeof mac.b))), "ann@example.net");
    const struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    str path = str_print(a, "/widget/v1/%.*s/session", SARG(lw.app->widget_key));
    assert_int_equal(test_request_full(lw.app, "POST", str_z(a, path), headers, 1, body), 200);
    str signed_in = str_copy(a, test_text(lw.app, "token"));
    (void)visitor_says(lw.app, signed_in, "c1", "It is me.");
    str other = str_copy(a, conversation_newest(&lw.w));
    assert_false(str_eq(contact_of(&lw, other), visitor));
    assert_str(identities_of(&lw, visitor), "-widget email");
    letters_close(&lw);
}

static void who_has_seen_it_or_gave_no_address_gets_no_mail(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    goes_on(&lw, "");
    (void)letters_answered(&lw, "ann@example.net", "It comes today.", &token);
    letters_wait(&lw, 4);
    assert_int_equal(visitor_get(lw.app, token, "conversation"), 200);
    str body = str_print(
        &lw.app->arena, "{\"message_id\":\"%.*s\"}", SARG(test_text(lw.app, "messages.1.id")));
    assert_int_equal(visitor_post(lw.app, token, "read", str_z(&lw.app->arena, body)), 204);
    (void)letters_answered(&lw, NULL, "It comes today.", &token);
    letters_wait(&lw, 60);
    assert_int_equal(smtp_peer_mails(lw.smtp), 0);
    letters_close(&lw);
}

static void who_is_there_is_mailed_when_they_have_gone(void **state)
{
    struct letters_world lw;
    struct listener *listener = NULL;
    str token;
    str id = answered(&lw, state, &token);
    str path = str_print(&lw.app->arena, "/api/v1/conversations/%.*s", SARG(id));
    assert_int_equal(test_request(lw.app, "GET", str_z(&lw.app->arena, path), NULL), 200);
    struct actor actor = {.kind = ACTOR_VISITOR};
    assert_ok(id_parse(test_text(lw.app, "contact.id"), &actor.contact.v));
    assert_ok(
        audience_join(live_audience(&lw.app->api), lw.app->account, &actor, NULL, 0, &listener));
    letters_wait(&lw, 30);
    assert_int_equal(smtp_peer_mails(lw.smtp), 0);
    audience_leave(listener);
    letters_wait(&lw, 1);
    assert_int_equal(smtp_peer_mails(lw.smtp), 1);
    letters_close(&lw);
}

static void a_chat_without_a_mailbox_mails_nothing(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    (void)letters_answered(&lw, "ann@example.net", "It comes today.", &token);
    letters_wait(&lw, 60);
    assert_int_equal(smtp_peer_mails(lw.smtp), 0);
    letters_close(&lw);
}

/* The connection is lost after the last byte: nobody knows. */
static void a_try_that_did_not_end_is_unknown_and_not_repeated(void **state)
{
    static const struct smtp_step lost[] = {
        LETTERS_HELLO,
        {"MAIL FROM:", "250 ok\r\n"   },
        {"RCPT TO:",   "250 ok\r\n"   },
        {"DATA",       "354 go\r\n"   },
        {".",          SMTP_PEER_RESET},
        SMTP_PEER_NEXT,
    };
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, lost, (int)(sizeof lost / sizeof *lost));
    goes_on(&lw, "");
    (void)letters_answered(&lw, "ann@example.net", "It comes today.", &token);
    letters_wait(&lw, 5);
    letters_wait(&lw, 60);
    assert_int_equal(smtp_peer_mails(lw.smtp), 1);
    assert_str(letters_newest(&lw, "state"), "unknown");
    assert_str(letters_newest(&lw, "error"), "It may have been sent.");
    assert_int_equal(test_request(lw.app, "GET", "/api/v1/letters?state=unknown", NULL), 200);
    assert_int_equal(json_get(lw.app->json, S("items"))->count, 1);
    letters_close(&lw);
}

static void what_a_server_refuses_is_failed_and_may_be_sent_again(void **state)
{
    static const struct smtp_step refuses[] = {
        LETTERS_HELLO,
        {"MAIL FROM:", "250 ok\r\n"                },
        {"RCPT TO:",   "550 5.1.1 No such user\r\n"},
        {"RSET",       "250 ok\r\n"                },
        {"MAIL FROM:", "250 ok\r\n"                },
        {"RCPT TO:",   "250 ok\r\n"                },
        {"DATA",       "354 go\r\n"                },
        {".",          "250 2.0.0 queued\r\n"      },
        {NULL,         SMTP_PEER_HANG              },
        SMTP_PEER_NEXT,
    };
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, refuses, (int)(sizeof refuses / sizeof *refuses));
    goes_on(&lw, "");
    (void)letters_answered(&lw, "ann@example.net", "It comes today.", &token);
    letters_wait(&lw, 5);
    assert_str(letters_newest(&lw, "state"), "failed");
    assert_true(has(letters_newest(&lw, "error"), "No such user"));
    str path =
        str_print(&lw.app->arena, "/api/v1/letters/%.*s/retry", SARG(letters_newest(&lw, "id")));
    assert_int_equal(test_request(lw.app, "POST", str_z(&lw.app->arena, path), NULL), 200);
    world_run(&lw.w);
    assert_str(letters_newest(&lw, "state"), "sent");
    assert_int_equal(test_request(lw.app, "POST", str_z(&lw.app->arena, path), NULL), 409);
    letters_close(&lw);
}

static void a_report_about_a_letter_makes_it_failed(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    goes_on(&lw, "");
    (void)letters_answered(&lw, "ann@example.net", "It comes today.", &token);
    letters_wait(&lw, 5);
    str ours = letters_header(&lw, "Message-ID");
    struct arena *a = &lw.app->arena;
    str bounce = str_print(a,
        "From: MAILER-DAEMON@mx.example.com\r\nTo: " MAILBOX "\r\nSubject: Undelivered\r\n"
        "Message-ID: <b1@mx.example.com>\r\nContent-Type: multipart/report; "
        "report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; ann@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        "Message-ID: %.*s\r\n\r\n--b--\r\n",
        SARG(ours));
    mailbox_takes(&lw.w, &lw.box, bounce);
    assert_str(letters_newest(&lw, "state"), "failed");
    letters_close(&lw);
}

static void an_address_has_three_mails_an_hour(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    goes_on(&lw, ",\"mail_after_minutes\":1");
    str id = letters_answered(&lw, "ann@example.net", "One.", &token);
    for (int i = 0; i < 5; i++) {
        letters_wait(&lw, 2);
        (void)reply(&lw.w, id, "And another.");
        world_run(&lw.w);
    }
    letters_wait(&lw, 2);
    assert_int_equal(smtp_peer_mails(lw.smtp), 3);
    for (int i = 0; i < 6; i++)
        letters_wait(&lw, 20);
    assert_int_equal(smtp_peer_mails(lw.smtp), 4); /* the rest, together */
    letters_close(&lw);
}

/* ── transcripts ── */

static int transcript(struct letters_world *lw, str conversation, const char *json)
{
    struct arena *a = &lw->app->arena;
    str path = str_print(a, "/api/v1/conversations/%.*s/transcript", SARG(conversation));
    return test_request(lw->app, "POST", str_z(a, path), json);
}

static void an_agent_mails_a_transcript_without_notes(void **state)
{
    struct letters_world lw;
    str token;
    letters_open(&lw, *state, NULL, 0);
    str id = letters_answered(&lw, "ann@example.net", "It comes today.", &token);
    struct arena *a = &lw.app->arena;
    str path = str_print(a, "/api/v1/conversations/%.*s/messages", SARG(id));
    assert_int_equal(test_request(lw.app, "POST", str_z(a, path),
                         "{\"kind\":\"note\",\"text\":\"A secret of ours.\",\"client_id\":\"n1\"}"),
        201);
    assert_int_equal(transcript(&lw, id, "{}"), 409); /* no mailbox to send by */
    goes_on(&lw, "");
    assert_int_equal(transcript(&lw, id, "{}"), 201);
    assert_str(test_text(lw.app, "to_address"), "ann@example.net");
    world_run(&lw.w);
    assert_int_equal(smtp_peer_mails(lw.smtp), 1);
    str heard = letters_heard(&lw);
    assert_true(has(heard, "It comes today.") && has(heard, "Where is my order?"));
    assert_false(has(heard, "A secret of ours."));
    assert_int_equal(transcript(&lw, id, "{\"email\":\"boss@example.org\"}"), 201);
    world_run(&lw.w);
    assert_true(has(letters_heard(&lw), "RCPT TO:<boss@example.org>"));
    assert_int_equal(transcript(&lw, id, "{\"email\":\"no address\"}"), 400);
    /* Whoever else got it does not take part in the chat. */
    const struct letters_mail answer = {.from = "boss@example.org",
        .id = "b1@example.org",
        .text = "Well done.",
        .answers = letters_header(&lw, "Message-ID"),
        .verdict = "pass"};
    letters_arrive(&lw, &answer);
    assert_false(has(letters_timeline(&lw, id), "Well done."));
    letters_close(&lw);
}

static void a_visitor_has_it_mailed_where_the_chat_allows_it(void **state)
{
    struct letters_world lw;
    str token;
    str id = answered(&lw, state, &token);
    assert_int_equal(visitor_post(lw.app, token, "transcript", NULL), 403);
    goes_on(&lw, ",\"transcript_mail_enabled\":true");
    assert_int_equal(visitor_post(lw.app, token, "transcript", NULL), 204);
    world_run(&lw.w);
    assert_true(has(letters_heard(&lw), "RCPT TO:<ann@example.net>"));
    assert_str(letters_newest(&lw, "kind"), "transcript");
    assert_int_equal(visitor_post(lw.app, token, "transcript", NULL), 204);
    assert_int_equal(visitor_post(lw.app, token, "transcript", NULL), 204);
    assert_int_equal(visitor_post(lw.app, token, "transcript", NULL), 429);
    (void)id;
    /* Nobody has answered: it goes to nobody. */
    token = str_copy(&lw.app->arena, visitor_begin(lw.app));
    assert_int_equal(
        visitor_post(lw.app, token, "prechat", "{\"fields\":{\"email\":\"victim@example.net\"}}"),
        204);
    (void)visitor_says(lw.app, token, "c1", "Buy this!");
    assert_int_equal(visitor_post(lw.app, token, "transcript", NULL), 409);
    letters_close(&lw);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(what_a_visitor_has_not_seen_goes_out_as_one_mail),
        TEST_APP(the_answer_comes_back_into_the_chat),
        TEST_APP(the_address_alone_brings_it_back_too),
        TEST_APP(strangers_stay_outside_of_the_chat),
        TEST_APP(the_address_that_answers_is_the_chats_contacts_until_an_agent_separates_it),
        TEST_APP(a_program_that_answers_is_nobodys_proof),
        TEST_APP(an_address_that_is_known_stays_its_contacts),
        TEST_APP(who_signs_in_with_that_address_is_not_the_visitor_who_gave_it),
        TEST_APP(who_has_seen_it_or_gave_no_address_gets_no_mail),
        TEST_APP(who_is_there_is_mailed_when_they_have_gone),
        TEST_APP(a_chat_without_a_mailbox_mails_nothing),
        TEST_APP(a_try_that_did_not_end_is_unknown_and_not_repeated),
        TEST_APP(what_a_server_refuses_is_failed_and_may_be_sent_again),
        TEST_APP(a_report_about_a_letter_makes_it_failed),
        TEST_APP(an_address_has_three_mails_an_hour),
        TEST_APP(an_agent_mails_a_transcript_without_notes),
        TEST_APP(a_visitor_has_it_mailed_where_the_chat_allows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
