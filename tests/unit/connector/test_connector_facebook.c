/* Facebook pages: golden deliveries, what is sent and done, catching up, accounts. The errors are
 * in test_connector_meta.c. */
#include "base/crypto.h"
#include "base/file.h"
#include "golden.h"
#include "meta_peer.h"

#define PAGE    "1029384756"
#define BASE    "/facebook/graph/v25.0"
#define SENT_OK "{\"recipient_id\":\"7001\",\"message_id\":\"m_AbC\"}"
#define HOUR_MS (INT64_C(3600) * 1000)

static struct channel stage(void)
{
    return meta_channel("facebook", PAGE, "{}");
}

/* ── what comes in ── */

static void every_golden_delivery_says_what_is_expected(void **state)
{
    (void)state;
    static const char *const hooks[] = {"message", "escaped", "echoes", "marks", "postbacks",
        "reactions", "referrals", "edit", "withdrawn", "passed_over", "standby", "attachments",
        "templates", "many_files", "batch", "hostile", "comment", "comments", "posts", "mentions",
        "console_test", "another_network"};
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        golden_check("facebook", hooks[i], "hook");
    golden_check("facebook", "conversation", "conversation " PAGE " 1766700000000");
    golden_check("facebook", "object_comment", "object " PAGE);
    golden_check("facebook", "object_unnamed", "object " PAGE);
}

static struct connector_batch parse(str body, const char *origin)
{
    return channel_parse(connector_find(S("facebook")), origin, body);
}

static void a_faulty_item_is_a_delivery_that_is_faulty_again(void **state)
{
    (void)state;
    static const char *const files[] = {"hostile.json", "batch.json", "comments.json"};
    int faults = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        faults += channel_faults_again("facebook", files[i], "hook");
    assert_true(faults >= 5);
}

static void mentions_and_comments_of_unnamed_people_want_a_lookup(void **state)
{
    (void)state;
    struct connector_batch mentions = parse(golden_read("facebook", "mentions.json"), "hook");
    struct connector_batch comments = parse(golden_read("facebook", "comments.json"), "hook");
    assert_true(mentions.items[0].wants_lookup && mentions.items[1].wants_lookup);
    assert_false(mentions.items[2].wants_lookup); /* its text came along */
    for (ptrdiff_t i = 0; i < comments.n; i++)
        assert_true(comments.items[i].wants_lookup ==
                    str_starts(comments.items[i].contact_external_id, S("unknown:")));
}

static void more_events_than_one_delivery_may_hold_are_left_out(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 4 << 20);
    sb_add(&b, S("{\"object\":\"page\",\"entry\":[{\"id\":\"1\",\"messaging\":[7"));
    for (int i = 0; i < 1500; i++)
        sb_add(&b, S(",7"));
    sb_add(&b, S("]}]}"));
    assert_int_equal(parse(sb_str(&b), "hook").n, 1000);
}

/* ── private messages ── */

static void a_reply_in_time_is_a_response_that_carries_our_reference(void **state)
{
    (void)state;
    struct channel s = stage();
    peer_answers(s.peer, 200, "", SENT_OK);
    struct connector_sent sent = channel_sends(&s, (struct connector_outgoing){.to = S("7001"),
                                                       .text = S("We are \"checking\""),
                                                       .last_in_ms = TEST_NOW_MS - 23 * HOUR_MS});
    struct peer_heard heard = meta_heard(&s, 0, "POST", BASE "/" PAGE "/messages",
        "{\"recipient\":{\"id\":\"7001\"},\"messaging_type\":\"RESPONSE\",\"message\":{\"text\":"
        "\"We are \\\"checking\\\"\",\"metadata\":\"seva:d1\"}}");
    assert_str(peer_header(&heard, "Content-Type"), "application/json");
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "m_AbC");
    channel_close(&s);
}

static void after_a_day_a_person_answers_as_a_human_agent_when_that_is_approved(void **state)
{
    (void)state;
    struct connector_outgoing out = {
        .to = S("7001"), .text = S("x"), .last_in_ms = TEST_NOW_MS - 25 * HOUR_MS};
    struct channel s = stage();
    for (int i = 0; i < 3; i++)
        peer_answers(s.peer, 200, "", SENT_OK);
    (void)channel_sends(&s, out);
    (void)meta_heard(&s, 0, "POST", BASE "/" PAGE "/messages",
        "{\"recipient\":{\"id\":\"7001\"},\"messaging_type\":\"MESSAGE_TAG\",\"tag\":\"HUMAN_"
        "AGENT\",\"message\":{\"text\":\"x\",\"metadata\":\"seva:d1\"}}");
    out.last_in_ms =
        TEST_NOW_MS - 8 * 24 * HOUR_MS; /* too late for that too: the network decides */
    (void)channel_sends(&s, out);
    assert_true(str_find(peer_heard(s.peer, 1).body, S("HUMAN_AGENT")) < 0);
    out.last_in_ms = TEST_NOW_MS - 25 * HOUR_MS;
    s.setup.settings = S("{\"human_agent\":\"off\"}");
    (void)channel_sends(&s, out);
    assert_true(str_find(peer_heard(s.peer, 2).body, S("\"RESPONSE\"")) > 0);
    channel_close(&s);
}

static void in_the_window_of_an_advertisement_a_late_answer_is_tried_as_one_in_time(void **state)
{
    (void)state;
    struct connector_outgoing out = {.to = S("7001"),
        .text = S("x"),
        .last_in_ms = TEST_NOW_MS - 25 * HOUR_MS,
        .window_until_ms = TEST_NOW_MS + HOUR_MS,
        .is_by_person = true};
    struct channel s = stage();
    peer_answers(s.peer, 200, "", SENT_OK);
    peer_answers(s.peer, 400, "", META_ERROR2(10, 2018278));
    peer_answers(s.peer, 200, "", SENT_OK);
    peer_answers(s.peer, 400, "", META_ERROR2(10, 2018278));
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_SENT);
    assert_true(str_find(peer_heard(s.peer, 0).body, S("\"RESPONSE\"")) > 0);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_SENT); /* it was shorter after all */
    assert_true(str_find(peer_heard(s.peer, 1).body, S("\"RESPONSE\"")) > 0);
    assert_true(str_find(peer_heard(s.peer, 2).body, S("HUMAN_AGENT")) > 0);
    out.is_by_person = false;
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(s.peer), 4);
    channel_close(&s);
}

static void a_quote_is_tried_in_both_places_and_then_left_out(void **state)
{
    (void)state;
    const struct connector_outgoing out = {.to = S("7001"), .text = S("x"), .reply_to = S("m_1")};
    struct channel s = stage();
    peer_answers(s.peer, 400, "", META_ERROR(100));
    peer_answers(s.peer, 400, "", META_ERROR(100));
    peer_answers(s.peer, 200, "", SENT_OK);
    peer_answers(s.peer, 400, "", META_ERROR2(100, 2018001));
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_SENT);
#define HEAD "{\"recipient\":{\"id\":\"7001\"},\"messaging_type\":\"RESPONSE\",\"message\":{"
#define TEXT "\"text\":\"x\",\"metadata\":\"seva:d1\""
    (void)meta_heard(
        &s, 0, "POST", BASE "/" PAGE "/messages", HEAD TEXT ",\"reply_to\":{\"mid\":\"m_1\"}}}");
    (void)meta_heard(
        &s, 1, "POST", BASE "/" PAGE "/messages", HEAD TEXT "},\"reply_to\":{\"mid\":\"m_1\"}}");
    (void)meta_heard(&s, 2, "POST", BASE "/" PAGE "/messages", HEAD TEXT "}}");
    assert_int_equal(
        channel_sends(&s, out).outcome, CONNECTOR_FINAL); /* another fault: no more tries */
    assert_int_equal(peer_count(s.peer), 4);
    channel_close(&s);
}

static void buttons_are_quick_replies_and_with_addresses_a_template(void **state)
{
    (void)state;
    struct channel s = stage();
    for (int i = 0; i < 3; i++)
        peer_answers(s.peer, 200, "", SENT_OK);
    struct connector_outgoing out = {.to = S("7001"), .text = S("How?")};
    out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"T\",\"title\":\"Track my order "
                  "number now\"},{\"title\":\"Talk\"}]}]");
    (void)channel_sends(&s, out);
    (void)meta_heard(&s, 0, "POST", BASE "/" PAGE "/messages",
        HEAD "\"text\":\"How?\",\"quick_replies\":[{\"content_type\":\"text\",\"title\":\"Track my "
             "order numbe\",\"payload\":\"T\"},{\"content_type\":\"text\",\"title\":\"Talk\","
             "\"payload\":\"Talk\"}],\"metadata\":\"seva:d1\"}}");
    out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"T\",\"title\":\"Track\"},{"
                  "\"title\":\"Shop\",\"url\":\"https://shop.example/\"}]}]");
    (void)channel_sends(&s, out);
    (void)meta_heard(&s, 1, "POST", BASE "/" PAGE "/messages",
        HEAD
        "\"attachment\":{\"type\":\"template\",\"payload\":{\"template_type\":\"button\","
        "\"text\":\"How?\",\"buttons\":[{\"type\":\"postback\",\"title\":\"Track\",\"payload\":"
        "\"T\"},{\"type\":\"web_url\",\"url\":\"https://shop.example/\",\"title\":\"Shop\"}]}}"
        ",\"metadata\":\"seva:d1\"}}");
    out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"title\":\"1\"},{\"title\":\"2\"},{"
                  "\"title\":\"3\"},{\"title\":\"Shop\",\"url\":\"https://shop.example/\"}]}]");
    (void)channel_sends(&s, out); /* more than a template takes: the address goes into the text */
    assert_true(str_find(peer_heard(s.peer, 2).body,
                    S("\"text\":\"How?\\nShop: https://shop.example/\",\"quick_replies\"")) > 0);
    channel_close(&s);
}

static struct connector_file file_of(const char *type)
{
    return channel_file("a.bin", type, "bytes");
}

static void a_file_is_uploaded_and_sent_by_its_id(void **state)
{
    (void)state;
    static const char *const kinds[][2] = {
        {"image/png",       "image"},
        {"video/mp4",       "video"},
        {"audio/ogg",       "audio"},
        {"application/pdf", "file" }
    };
    for (size_t i = 0; i < 4; i++) {
        struct channel s = stage();
        const struct connector_file file = file_of(kinds[i][0]);
        peer_answers(s.peer, 200, "", "{\"attachment_id\":\"18570\"}");
        peer_answers(s.peer, 200, "", SENT_OK);
        struct connector_sent sent = channel_sends(
            &s, (struct connector_outgoing){.to = S("7001"), .files = &file, .n_files = 1});
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        struct peer_heard up =
            meta_heard(&s, 0, "POST", BASE "/" PAGE "/message_attachments", NULL);
        assert_true(str_starts(peer_header(&up, "Content-Type"), S("multipart/form-data; ")));
        str message = str_print(test_arena(),
            "name=\"message\"\r\n\r\n{\"attachment\":{\"type\":\"%s\",\"payload\":"
            "{\"is_reusable\":true}}}\r\n",
            kinds[i][1]);
        assert_true(str_find(up.body, message) > 0);
        assert_true(str_find(up.body, S("name=\"filedata\"; filename=\"a.bin\"")) > 0);
        assert_true(str_find(up.body, S("\r\n\r\nbytes\r\n")) > 0);
        str body = str_print(test_arena(),
            HEAD "\"attachment\":{\"type\":\"%s\",\"payload\":{\"attachment_id\":\"18570\"}},"
                 "\"metadata\":\"seva:d1\"}}",
            kinds[i][1]);
        (void)meta_heard(&s, 1, "POST", BASE "/" PAGE "/messages", str_z(test_arena(), body));
        channel_close(&s);
    }
}

static void a_failed_upload_sends_nothing_and_may_be_tried_again(void **state)
{
    (void)state;
    const struct connector_file file = file_of("image/png");
    const struct connector_file gone = {
        .name = S("b"), .type = S("image/png"), .path = test_path("not there")};
    struct connector_outgoing out = {.to = S("7001"), .files = &file, .n_files = 1};
    struct channel s = stage();
    peer_answers(s.peer, 500, "", "");
    peer_hangs_up(s.peer);
    peer_answers(s.peer, 200, "", "{}");
    peer_answers(s.peer, 400, "", META_ERROR2(100, 2018109));
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_RETRY);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_RETRY);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_RETRY);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    out.files = &gone;
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(s.peer), 4);
    channel_close(&s);
}

static void a_private_reply_names_the_comment_or_post_it_answers(void **state)
{
    (void)state;
    struct connector_outgoing out = {.is_private_reply = true,
        .reply_to = S("555_777"),
        .post = S(PAGE "_555"),
        .to = S("7001"),
        .text = S("x")};
    struct channel s = stage();
    peer_answers(s.peer, 200, "", SENT_OK);
    peer_answers(s.peer, 200, "", SENT_OK);
    peer_answers(s.peer, 400, "", META_ERROR(613));
    (void)channel_sends(&s, out);
    (void)meta_heard(&s, 0, "POST", BASE "/" PAGE "/messages",
        "{\"recipient\":{\"comment_id\":\"555_777\"},\"messaging_type\":\"RESPONSE\",\"message\":{"
        "\"text\":\"x\",\"metadata\":\"seva:d1\"}}");
    out.reply_to = out.post = S(PAGE "_600");
    (void)channel_sends(&s, out);
    assert_true(
        str_starts(peer_heard(s.peer, 1).body, S("{\"recipient\":{\"post_id\":\"" PAGE "_600\"}")));
    struct connector_sent limited = channel_sends(&s, out);
    assert_int_equal(limited.outcome, CONNECTOR_WAIT); /* a budget of its own: messages go on */
    assert_str(limited.rate_name, "private replies");
    assert_false(limited.is_channel_wide);
    channel_close(&s);
}

/* ── public replies and acts ── */

static void a_public_reply_is_a_comment_under_the_comment(void **state)
{
    (void)state;
    const struct connector_file picture = {
        .name = S("a.png"), .type = S("image/png"), .url = S("https://files.example/a?b=1")};
    const struct connector_file local = {.name = S("a.png"), .type = S("image/png")};
    struct connector_outgoing out = {.is_public = true,
        .reply_to = S("555_777"),
        .post = S(PAGE "_555"),
        .text = S("Thanks & sorry")};
    struct channel s = stage();
    peer_answers(s.peer, 200, "", "{\"id\":\"555_900\"}");
    peer_answers(s.peer, 200, "", "{\"id\":\"901\"}");
    peer_answers(s.peer, 200, "", "{\"success\":true}");
    struct connector_sent sent = channel_sends(&s, out);
    struct peer_heard heard =
        meta_heard(&s, 0, "POST", BASE "/555_777/comments", "message=Thanks%20%26%20sorry");
    assert_str(peer_header(&heard, "Content-Type"), "application/x-www-form-urlencoded");
    assert_str(sent.external_id, "555_900");
    assert_int_equal(sent.n_aliases, 0);
    out.files = &picture;
    out.n_files = 1;
    sent = channel_sends(&s, out);
    (void)meta_heard(&s, 1, "POST", BASE "/555_777/comments",
        "message=Thanks%20%26%20sorry&attachment_url=https%3A%2F%2Ffiles.example%2Fa%3Fb%3D1");
    assert_int_equal(sent.n_aliases, 1); /* as the feed will call it */
    assert_str(sent.aliases[0], "555_901");
    out.n_files = 0;
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_UNKNOWN);
    out.files = &local;
    out.n_files = 1;
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(s.peer), 3);
    channel_close(&s);
}

static void comments_are_hidden_shown_liked_and_deleted_and_messages_marked_as_seen(void **state)
{
    (void)state;
    static const struct {
        enum connector_act_kind kind;
        const char *method, *target, *body;
    } acts[] = {
        {ACT_HIDE,   "POST",   BASE "/555_777",           "is_hidden=true"  },
        {ACT_UNHIDE, "POST",   BASE "/555_777",           "is_hidden=false" },
        {ACT_LIKE,   "POST",   BASE "/555_777/likes",     ""                },
        {ACT_DELETE, "DELETE", BASE "/555_777",           ""                },
        {ACT_READ,   "POST",   BASE "/" PAGE "/messages",
         "{\"recipient\":{\"id\":\"7001\"},\"sender_action\":\"mark_seen\"}"},
    };
    struct channel s = stage();
    for (int i = 0; i < 5; i++) {
        peer_answers(s.peer, 200, "", "{\"success\":true}");
        struct connector_sent sent = channel_acts(&s, (struct connector_act){.kind = acts[i].kind,
                                                          .external_id = S("555_777"),
                                                          .to = S("7001"),
                                                          .is_public = true});
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        (void)meta_heard(&s, i, acts[i].method, acts[i].target, acts[i].body);
    }
    peer_answers(s.peer, 500, "", "");
    assert_int_equal(
        channel_acts(&s, (struct connector_act){.kind = ACT_HIDE, .external_id = S("1")}).outcome,
        CONNECTOR_RETRY); /* hidden twice is hidden once */
    assert_int_equal(
        channel_acts(&s, (struct connector_act){.kind = ACT_EDIT, .external_id = S("1")}).outcome,
        CONNECTOR_FINAL);
    channel_close(&s);
}

static void typing_and_subscription_are_told_to_the_page(void **state)
{
    (void)state;
    struct channel s = stage();
    struct connector_sent end = {0};
    for (int i = 0; i < 3; i++)
        peer_answers(s.peer, 200, "", "{\"success\":true}");
    assert_ok(s.c->typing(s.client, test_arena(), &s.setup, S("7001"), S(""), &end));
    (void)meta_heard(&s, 0, "POST", BASE "/" PAGE "/messages",
        "{\"recipient\":{\"id\":\"7001\"},\"sender_action\":\"typing_on\"}");
    assert_ok(s.c->subscribe(s.client, test_arena(), &s.setup, true, &end));
    (void)meta_heard(&s, 1, "POST",
        BASE "/" PAGE "/subscribed_apps?subscribed_fields=messages%2Cmessage_echoes%2Cmessaging_"
             "postbacks%2Cmessage_deliveries%2Cmessage_reads%2Cmessage_reactions%2Cmessaging_"
             "referrals%2Cmessaging_handovers%2Cfeed%2Cmention",
        "");
    assert_ok(s.c->subscribe(s.client, test_arena(), &s.setup, false, &end));
    (void)meta_heard(&s, 2, "DELETE", BASE "/" PAGE "/subscribed_apps", "");
    assert_int_equal(end.outcome, CONNECTOR_SENT);
    channel_close(&s);
}

/* ── asking ── */

static void a_person_has_a_name_and_a_picture(void **state)
{
    (void)state;
    struct channel s = stage();
    struct connector_sent end = {0};
    struct connector_item it = {0};
    peer_answers(s.peer, 200, "",
        "{\"first_name\":\"Asha\",\"last_name\":\"Rao\",\"profile_pic\":\"https://cdn.example/a\"}");
    peer_answers(s.peer, 400, "", META_ERROR(100));
    assert_ok(s.c->person(s.client, test_arena(), &s.setup, S("7001"), S(""), &end, &it));
    (void)meta_heard(&s, 0, "GET", BASE "/7001?fields=first_name%2Clast_name%2Cprofile_pic", NULL);
    assert_int_equal(it.kind, ITEM_PERSON);
    assert_str(it.contact_external_id, "7001");
    assert_str(it.contact_name, "Asha Rao");
    assert_str(it.contact_avatar_url, "https://cdn.example/a");
    assert_ok(s.c->person(s.client, test_arena(), &s.setup, S("7002"), S(""), &end, &it));
    assert_int_equal(end.outcome, CONNECTOR_FINAL);
    assert_ok(s.c->person(s.client, test_arena(), &s.setup, S("unknown:555_1"), S(""), &end, &it));
    assert_int_equal(end.outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(s.peer), 2);
    channel_close(&s);
}

static void a_lookup_is_one_delivery_that_parse_understands(void **state)
{
    (void)state;
    struct channel s = stage();
    struct connector_polled out = {0};
    str body = golden_read("facebook", "object_comment.json");
    peer_answers(s.peer, 200, "", str_z(test_arena(), body));
    peer_answers(s.peer, 404, "", META_ERROR(100));
    assert_ok(s.c->lookup(s.client, test_arena(), &s.setup, S("333_444"), TEST_NOW_MS, &out));
    (void)meta_heard(&s, 0, "GET",
        BASE "/333_444?fields=id%2Cmessage%2Cfrom%2Ccreated_time%2Cpermalink_url", NULL);
    assert_int_equal(out.n, 1);
    assert_str(out.deliveries[0].origin, "object " PAGE);
    struct connector_batch batch =
        parse(out.deliveries[0].body, str_z(test_arena(), out.deliveries[0].origin));
    assert_int_equal(batch.n, 1);
    assert_str(batch.items[0].external_id, "333_444");
    assert_str(batch.items[0].text, "Is @Page open?");
    assert_ok(s.c->lookup(s.client, test_arena(), &s.setup, S("333_445"), TEST_NOW_MS, &out));
    assert_int_equal(out.end.outcome, CONNECTOR_FINAL);
    assert_int_equal(out.n, 0);
    channel_close(&s);
}

#define AT(minute)   "\"updated_time\":\"2025-12-31T23:" #minute ":00+0000\""
#define CONVERSATION "{\"id\":\"t\",\"messages\":{\"data\":[]}}"
#define LIST         BASE "/" PAGE "/conversations?platform=messenger&fields=id%2Cupdated_time"
#define ONE          "?fields=messages%7Bid%2Ccreated_time%2Cfrom%2Cto%2Cmessage%2Cattachments%7D"

static void catching_up_reads_conversations_in_turns_down_to_what_is_known(void **state)
{
    (void)state;
    struct channel s = stage();
    const char *page1 =
        "{\"data\":[{\"id\":\"t_1\"," AT(50) "},{\"id\":\"t_2\"," AT(49) "},{\"id\":\"t_3\"," AT(48) "},{\"id\":\"t_4\"," AT(
            47) "},{\"id\":\"t_5\"," AT(46) "},{\"id\":\"t_6\"," AT(45) "}],\"paging\":{\"cursors\":{\"after\":\"Q2\"},\"next\":"
                                                                        "\"https://graph.facebook.com/next\"}}";
    const char *page2 = "{\"data\":[{\"id\":\"t_7\"," AT(
        44) "},{\"id\":\"t_8\",\"updated_time\":"
            "\"2025-12-01T00:00:00+0000\"},{\"id\":\"t_9\",\"updated_time\":\"2025-11-01T00:00:00+0000\""
            "}],\"paging\":{\"cursors\":{\"after\":\"Q3\"},\"next\":\"https://x\"}}";
    peer_answers(s.peer, 200, "", page1);
    for (int i = 0; i < 5; i++)
        peer_answers(s.peer, 200, "", CONVERSATION);
    struct connector_polled out = channel_polls(&s, S("{}"), 0);
    (void)meta_heard(&s, 0, "GET", LIST, NULL);
    (void)meta_heard(&s, 1, "GET", BASE "/t_1" ONE, NULL);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.n, 5);
    assert_str(out.deliveries[0].origin, "conversation " PAGE " 1766620800000"); /* seven days */
    assert_str(out.deliveries[4].key, "conversation:t_5:1767224760000:1766620800000");
    assert_int_equal(out.next_ms, TEST_NOW_MS + 3000); /* two calls a second on average */
    peer_answers(s.peer, 200, "", page1);
    peer_answers(s.peer, 200, "", CONVERSATION);
    out = channel_polls(&s, out.cursors, 0);
    assert_int_equal(out.n, 1);
    (void)meta_heard(&s, 7, "GET", BASE "/t_6" ONE, NULL);
    peer_answers(s.peer, 200, "", page2);
    peer_answers(s.peer, 200, "", CONVERSATION);
    out = channel_polls(&s, out.cursors, 0);
    (void)meta_heard(&s, 8, "GET", LIST "&after=Q2", NULL);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.next_ms, 0);
    assert_str(out.cursors, "{\"done\":1767225000000}"); /* when the newest was changed */
    peer_answers(s.peer, 200, "", page1);
    peer_answers(s.peer, 200, "", CONVERSATION);
    peer_answers(s.peer, 200, "", CONVERSATION);
    out = channel_polls(&s, out.cursors, 0); /* a minute is read again */
    assert_int_equal(out.n, 2);
    assert_int_equal(out.next_ms, 0);
    channel_close(&s);
}

static void catching_up_reconciles_from_a_time_whatever_the_cursors_say(void **state)
{
    (void)state;
    struct channel s = stage();
    peer_answers(s.peer, 200, "", "{\"data\":[{\"id\":\"t_1\"," AT(50) "}]}");
    peer_answers(s.peer, 200, "", CONVERSATION);
    struct connector_polled out =
        channel_polls(&s, S("{\"done\":1767225600000}"), TEST_NOW_MS - 24 * HOUR_MS);
    assert_int_equal(out.n, 1);
    assert_str(out.deliveries[0].origin, "conversation " PAGE " 1767139200000");
    assert_str(out.cursors, "{\"done\":1767225600000}");
    channel_close(&s);
}

static void a_failed_turn_keeps_its_place_and_a_forbidden_conversation_is_passed_over(void **state)
{
    (void)state;
    struct channel s = stage();
    const char *page = "{\"data\":[{\"id\":\"t_1\"," AT(50) "},{\"id\":\"t_2\"," AT(
        49) "},{\"id\":\"t_3\"," AT(48) "}]}";
    peer_answers(s.peer, 200, "", page);
    peer_answers(s.peer, 400, "", META_ERROR(100));
    peer_answers(s.peer, 200, "", CONVERSATION);
    peer_answers(s.peer, 400, "", META_ERROR(613));
    struct connector_polled out = channel_polls(&s, S("{}"), 0);
    assert_int_equal(out.end.outcome, CONNECTOR_WAIT);
    assert_int_equal(out.n, 1);
    peer_answers(s.peer, 200, "", page);
    peer_answers(s.peer, 200, "", CONVERSATION);
    out = channel_polls(&s, out.cursors, 0);
    (void)meta_heard(&s, 5, "GET", BASE "/t_3" ONE, NULL);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.n, 1);
    peer_answers(s.peer, 400, "", META_ERROR(190));
    out = channel_polls(&s, S("{\"done\":5}"), 0);
    assert_int_equal(out.end.outcome, CONNECTOR_REAUTH);
    assert_int_equal(out.cursors.len, 0);
    peer_answers(s.peer, 200, "", "{\"data\":[7,{\"id\":[]},{\"updated_time\":{}}],\"paging\":3}");
    out = channel_polls(&s, S("[\"hostile\"]"), 0);
    assert_int_equal(out.n, 0);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    channel_close(&s);
}

/* ── accounts ── */

#define ACCOUNTS                                                                                   \
    BASE "/me/accounts?fields=id%2Cname%2Caccess_token%2Ctasks%2Cpicture%7Burl%7D&limit=100"

static void a_persons_token_lists_the_pages_with_their_own_tokens(void **state)
{
    (void)state;
    struct channel s = meta_channel("facebook", "", "{\"app_id\":\"4711\"}");
    peer_answers(s.peer, 200, "", "{\"access_token\":\"LONG\",\"expires_in\":5184000}");
    peer_answers(s.peer, 200, "",
        "{\"data\":[{\"id\":\"1\",\"name\":\"One\",\"access_token\":\"T1\",\"tasks\":[\"MESSAGING\"],"
        "\"picture\":{\"data\":{\"url\":\"https://cdn.example/1\"}}}],\"paging\":{\"cursors\":{"
        "\"after\":\"A1\"},\"next\":\"https://x\"}}");
    peer_answers(s.peer, 200, "",
        "{\"data\":[{\"id\":\"2\",\"name\":\"Two\",\"access_token\":\"T2\",\"tasks\":[\"ANALYZE\"]},"
        "{\"name\":\"no id\"}]}");
    struct connector_checked out = channel_checks(&s);
    assert_true(str_find(peer_heard(s.peer, 0).target, S("grant_type=fb_exchange_token")) > 0);
    struct peer_heard first = peer_heard(s.peer, 1);
    assert_true(str_starts(first.target, S(ACCOUNTS "&appsecret_proof=")));
    assert_str(peer_header(&first, "Authorization"), "Bearer LONG");
    assert_true(str_starts(peer_heard(s.peer, 2).target, S(ACCOUNTS "&after=A1")));
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.n, 2);
    assert_str(out.accounts[0].external_id, "1");
    assert_str(out.accounts[0].name, "One");
    assert_str(out.accounts[0].avatar_url, "https://cdn.example/1");
    assert_str(out.accounts[0].secrets, "{\"access_token\":\"T1\"}");
    assert_true(out.note.len > 0); /* the second page's messages are not this person's */
    channel_close(&s);
}

static void a_pages_token_is_that_page_and_says_when_it_is_not_subscribed(void **state)
{
    (void)state;
    struct channel s = meta_channel("facebook", "", "{}");
    peer_answers(s.peer, 400, "", META_ERROR(100));
    peer_answers(s.peer, 200, "", "{\"id\":\"" PAGE "\",\"name\":\"The page\"}");
    peer_answers(s.peer, 200, "", "{\"data\":[]}");
    struct connector_checked out = channel_checks(&s);
    (void)meta_heard(&s, 0, "GET", ACCOUNTS, NULL);
    (void)meta_heard(&s, 1, "GET", BASE "/me?fields=id%2Cname%2Cpicture%7Burl%7D", NULL);
    (void)meta_heard(&s, 2, "GET", BASE "/" PAGE "/subscribed_apps", NULL);
    assert_int_equal(out.n, 1);
    assert_str(out.accounts[0].external_id, PAGE);
    assert_int_equal(out.accounts[0].secrets.len, 0);
    assert_true(out.note.len > 0);
    channel_close(&s);
}

static void a_refused_token_is_told_as_such_and_nobody_is_listed(void **state)
{
    (void)state;
    struct channel s = meta_channel("facebook", "", "{}");
    peer_answers(s.peer, 401, "", META_ERROR2(190, 463));
    struct connector_checked out = channel_checks(&s);
    assert_int_equal(out.end.outcome, CONNECTOR_REAUTH);
    assert_int_equal(out.n, 0);
    peer_answers(s.peer, 200, "", "{\"data\":[]}");
    out = channel_checks(&s);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_int_equal(out.n, 0);
    assert_true(out.note.len > 0);
    channel_close(&s);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_golden_delivery_says_what_is_expected),
        TEST(a_faulty_item_is_a_delivery_that_is_faulty_again),
        TEST(mentions_and_comments_of_unnamed_people_want_a_lookup),
        TEST(more_events_than_one_delivery_may_hold_are_left_out),
        TEST(a_reply_in_time_is_a_response_that_carries_our_reference),
        TEST(after_a_day_a_person_answers_as_a_human_agent_when_that_is_approved),
        TEST(in_the_window_of_an_advertisement_a_late_answer_is_tried_as_one_in_time),
        TEST(a_quote_is_tried_in_both_places_and_then_left_out),
        TEST(buttons_are_quick_replies_and_with_addresses_a_template),
        TEST(a_file_is_uploaded_and_sent_by_its_id),
        TEST(a_failed_upload_sends_nothing_and_may_be_tried_again),
        TEST(a_private_reply_names_the_comment_or_post_it_answers),
        TEST(a_public_reply_is_a_comment_under_the_comment),
        TEST(comments_are_hidden_shown_liked_and_deleted_and_messages_marked_as_seen),
        TEST(typing_and_subscription_are_told_to_the_page),
        TEST(a_person_has_a_name_and_a_picture),
        TEST(a_lookup_is_one_delivery_that_parse_understands),
        TEST(catching_up_reads_conversations_in_turns_down_to_what_is_known),
        TEST(catching_up_reconciles_from_a_time_whatever_the_cursors_say),
        TEST(a_failed_turn_keeps_its_place_and_a_forbidden_conversation_is_passed_over),
        TEST(a_persons_token_lists_the_pages_with_their_own_tokens),
        TEST(a_pages_token_is_that_page_and_says_when_it_is_not_subscribed),
        TEST(a_refused_token_is_told_as_such_and_nobody_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
