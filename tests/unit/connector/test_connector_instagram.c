/* Instagram: golden deliveries, both ways of login, what is sent and done, tokens, look-ups. The
 * common errors are in test_connector_meta.c. */
#include "base/crypto.h"
#include "golden.h"
#include "meta_peer.h"

#define IG      "17841400000000001"
#define BASE    "/instagram/instagram/v25.0"
#define GRAPH   "/instagram/graph/v25.0"
#define SENT_OK "{\"recipient_id\":\"9001\",\"message_id\":\"aWdfX\"}"
#define BEHIND  "{\"login\":\"facebook\",\"page_id\":\"1029384756\"}"
#define HOUR_MS (INT64_C(3600) * 1000)

static struct channel stage(void)
{
    return meta_channel("instagram", IG, "{\"login\":\"instagram\"}");
}

/* ── what comes in ── */

static void every_golden_delivery_says_what_is_expected(void **state)
{
    (void)state;
    static const char *const hooks[] = {"message", "variations", "standby", "as_changes", "comment",
        "comments", "hostile", "another_network"};
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        golden_check("instagram", hooks[i], "hook");
    golden_check("instagram", "conversation", "conversation " IG " 1766700000000");
    golden_check(
        "instagram", "mentioned_comment", "mention " IG " 18000000000000002 17900000000000009");
    golden_check("instagram", "mentioned_media", "mention " IG " 18000000000000002 ");
    golden_check("instagram", "comment_alone", "comment " IG);
}

static struct connector_batch parse(str body, str origin)
{
    return channel_parse(connector_find(S("instagram")), str_z(test_arena(), origin), body);
}

static void a_faulty_item_is_a_delivery_that_is_faulty_again(void **state)
{
    (void)state;
    static const char *const files[] = {"hostile.json", "comments.json"};
    int faults = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        faults += channel_faults_again("instagram", files[i], "hook");
    assert_true(faults >= 5);
}

static void mentions_come_as_ids_and_want_a_lookup(void **state)
{
    (void)state;
    struct connector_batch batch = parse(golden_read("instagram", "comments.json"), S("hook"));
    int mentions = 0;
    for (ptrdiff_t i = 0; i < batch.n; i++) {
        bool is_unknown = str_starts(batch.items[i].contact_external_id, S("unknown:"));
        assert_true(batch.items[i].wants_lookup == is_unknown);
        mentions += str_starts(batch.items[i].external_id, S("mention:"));
    }
    assert_int_equal(mentions, 2);
}

/* ── private messages ── */

static void a_message_goes_by_the_accounts_own_login_without_a_proof(void **state)
{
    (void)state;
    struct channel s = stage();
    peer_answers(s.peer, 200, "", SENT_OK);
    struct connector_sent sent = channel_sends(
        &s, (struct connector_outgoing){
                .to = S("9001"), .text = S("Yes, two left"), .last_in_ms = TEST_NOW_MS - HOUR_MS});
    struct peer_heard heard = peer_heard(s.peer, 0);
    assert_str(heard.target, BASE "/" IG "/messages");
    assert_str(
        heard.body, "{\"recipient\":{\"id\":\"9001\"},\"message\":{\"text\":\"Yes, two left\"}}");
    assert_str(peer_header(&heard, "Authorization"), "Bearer " META_TOKEN);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "aWdfX");
    channel_close(&s);
}

static void behind_a_page_a_message_goes_by_the_page_with_a_proof(void **state)
{
    (void)state;
    struct channel s = meta_channel("instagram", IG, BEHIND);
    peer_answers(s.peer, 200, "", SENT_OK);
    (void)channel_sends(&s, (struct connector_outgoing){.to = S("9001"), .text = S("x")});
    assert_str(
        peer_heard(s.peer, 0).target, GRAPH "/1029384756/messages?appsecret_proof=" META_PROOF);
    channel_close(&s);
}

static void late_answers_quotes_and_buttons_have_their_form(void **state)
{
    (void)state;
    struct channel s = stage();
    for (int i = 0; i < 3; i++)
        peer_answers(s.peer, 200, "", SENT_OK);
    struct connector_outgoing out = {
        .to = S("9001"), .text = S("x"), .last_in_ms = TEST_NOW_MS - 25 * HOUR_MS};
    (void)channel_sends(&s, out);
    assert_str(peer_heard(s.peer, 0).body,
        "{\"recipient\":{\"id\":\"9001\"},\"messaging_type\":\"MESSAGE_TAG\",\"tag\":\"HUMAN_"
        "AGENT\",\"message\":{\"text\":\"x\"}}");
    out.last_in_ms = TEST_NOW_MS;
    out.reply_to = S("aWdf1");
    (void)channel_sends(&s, out);
    assert_str(peer_heard(s.peer, 1).body,
        "{\"recipient\":{\"id\":\"9001\"},\"message\":{\"text\":\"x\",\"reply_to\":{\"mid\":"
        "\"aWdf1\"}}}");
    out.reply_to = S("");
    out.parts = S("[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"T\",\"title\":\"Track\"},{"
                  "\"title\":\"Shop\",\"url\":\"https://shop.example/\"}]}]");
    (void)channel_sends(&s, out);
    assert_str(peer_heard(s.peer, 2).body,
        "{\"recipient\":{\"id\":\"9001\"},\"message\":{\"text\":\"x\\nShop: "
        "https://shop.example/\",\"quick_replies\":[{\"content_type\":\"text\",\"title\":\"Track\","
        "\"payload\":\"T\"}]}}");
    channel_close(&s);
}

static void files_go_by_address_only(void **state)
{
    (void)state;
    struct connector_file file = {
        .name = S("a.jpg"), .type = S("image/jpeg"), .url = S("https://files.example/a.jpg")};
    struct connector_outgoing out = {.to = S("9001"), .files = &file, .n_files = 1};
    struct channel s = stage();
    peer_answers(s.peer, 200, "", SENT_OK);
    (void)channel_sends(&s, out);
    assert_str(peer_heard(s.peer, 0).body,
        "{\"recipient\":{\"id\":\"9001\"},\"message\":{\"attachment\":{\"type\":\"image\","
        "\"payload\":{\"url\":\"https://files.example/a.jpg\"}}}}");
    file.url = S("");
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    out.is_public = true;
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(s.peer), 1);
    channel_close(&s);
}

static void a_thousand_bytes_are_too_many_whatever_they_spell(void **state)
{
    (void)state;
    struct channel s = stage();
    struct sb b = sb_make(test_arena(), 4096);
    for (int i = 0; i < 333; i++)
        sb_add(&b, S("আ")); /* three bytes each */
    peer_answers(s.peer, 200, "", SENT_OK);
    struct connector_outgoing out = {.to = S("9001"), .text = sb_str(&b)};
    assert_int_equal(out.text.len, 999);
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_SENT);
    out.text = str_cat(test_arena(), out.text, S("x"));
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(s.peer), 1);
    channel_close(&s);
}

/* clang-format off */
static const struct channel_error rows[] = {
    {400, "", META_ERROR2(10, 2534022), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(100, 2534022), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(100, 2534014), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(551, 2534014), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(10, 2534037), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR2(10, 2018278), CONNECTOR_FINAL, false, 0, NULL},
    {400, "", META_ERROR(9), CONNECTOR_WAIT, true, 60 * 1000, NULL},
    {400, "", META_ERROR(80002), CONNECTOR_WAIT, true, 60 * 1000, NULL},
    {400, "", META_ERROR(190), CONNECTOR_REAUTH, true, 0, NULL},
    {500, "", "", CONNECTOR_UNKNOWN, false, 0, NULL},
};
/* clang-format on */

static void the_networks_own_errors_come_before_the_common_ones(void **state)
{
    (void)state;
    struct channel s = stage();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_answers(s.peer, rows[i].status, rows[i].headers, rows[i].body);
        struct connector_sent sent =
            channel_sends(&s, (struct connector_outgoing){.to = S("9001"), .text = S("x")});
        channel_check_error(&rows[i], &sent);
        if (i == 1)
            assert_true(str_starts(sent.why, S("The time to answer is over.")));
    }
    channel_close(&s);
}

/* ── public replies and acts ── */

static void comments_are_answered_publicly_and_privately(void **state)
{
    (void)state;
    struct channel s = stage();
    struct connector_outgoing out = {.is_public = true,
        .reply_to = S("17900000000000001"),
        .post = S("18000000000000001"),
        .text = S("12 € & free shipping")};
    peer_answers(s.peer, 200, "", "{\"id\":\"17900000000000044\"}");
    peer_answers(s.peer, 200, "", SENT_OK);
    struct connector_sent sent = channel_sends(&s, out);
    (void)meta_heard(&s, 0, "POST",
        BASE "/17900000000000001/replies?message=12%20%E2%82%AC%20%26%20free%20shipping", "");
    assert_str(sent.external_id, "17900000000000044");
    out.is_public = false;
    out.is_private_reply = true;
    (void)channel_sends(&s, out);
    (void)meta_heard(&s, 1, "POST", BASE "/" IG "/messages",
        "{\"recipient\":{\"comment_id\":\"17900000000000001\"},\"message\":{\"text\":\"12 € "
        "\\u0026 free shipping\"}}");
    channel_close(&s);
}

static void a_mention_is_answered_by_its_media_and_comment(void **state)
{
    (void)state;
    struct channel s = stage();
    struct connector_outgoing out = {.is_public = true,
        .reply_to = S("mention:18000000000000002:17900000000000009"),
        .text = S("Thanks")};
    peer_answers(s.peer, 200, "", "{\"id\":\"1\"}");
    peer_answers(s.peer, 200, "", "{\"id\":\"2\"}");
    (void)channel_sends(&s, out);
    (void)meta_heard(&s, 0, "POST",
        BASE "/" IG "/mentions?media_id=18000000000000002&comment_id=17900000000000009&message="
             "Thanks",
        "");
    out.reply_to = S("mention:18000000000000002:");
    (void)channel_sends(&s, out);
    (void)meta_heard(
        &s, 1, "POST", BASE "/" IG "/mentions?media_id=18000000000000002&message=Thanks", "");
    out.is_public = false;
    out.is_private_reply = true;
    assert_int_equal(channel_sends(&s, out).outcome, CONNECTOR_FINAL);
    assert_int_equal(
        channel_acts(&s, (struct connector_act){.kind = ACT_HIDE, .external_id = out.reply_to})
            .outcome,
        CONNECTOR_FINAL);
    assert_int_equal(peer_count(s.peer), 2);
    channel_close(&s);
}

static void comments_are_hidden_and_deleted_and_messages_reacted_to(void **state)
{
    (void)state;
    static const struct {
        enum connector_act_kind kind;
        const char *reaction, *method, *target, *body;
    } acts[] = {
        {ACT_HIDE,   "",       "POST",   BASE "/179?hide=true",   ""},
        {ACT_UNHIDE, "",       "POST",   BASE "/179?hide=false",  ""},
        {ACT_DELETE, "",       "DELETE", BASE "/179",             ""},
        {ACT_REACT,  "❤️", "POST",   BASE "/" IG "/messages",
         "{\"recipient\":{\"id\":\"9001\"},\"sender_action\":\"react\",\"payload\":{\"message_id\":"
            "\"179\",\"reaction\":\"love\"}}"                       },
        {ACT_REACT,  "",       "POST",   BASE "/" IG "/messages",
         "{\"recipient\":{\"id\":\"9001\"},\"sender_action\":\"unreact\",\"payload\":{\"message_"
            "id\":\"179\"}}"                                        },
    };
    struct channel s = stage();
    for (int i = 0; i < 5; i++) {
        peer_answers(s.peer, 200, "", "{\"success\":true}");
        struct connector_sent sent = channel_acts(&s, (struct connector_act){.kind = acts[i].kind,
                                                          .external_id = S("179"),
                                                          .to = S("9001"),
                                                          .reaction = str_from(acts[i].reaction)});
        assert_int_equal(sent.outcome, CONNECTOR_SENT);
        (void)meta_heard(&s, i, acts[i].method, acts[i].target, acts[i].body);
    }
    assert_int_equal(channel_acts(&s,
                         (struct connector_act){
                             .kind = ACT_REACT, .external_id = S("179"), .reaction = S("🦄")})
                         .outcome,
        CONNECTOR_FINAL);
    channel_close(&s);
}

/* ── accounts and tokens ── */

static void an_hours_token_is_exchanged_and_the_account_named(void **state)
{
    (void)state;
    struct channel s = meta_channel("instagram", "", "{\"login\":\"instagram\"}");
    peer_answers(s.peer, 200, "",
        "{\"access_token\":\"LONG\",\"token_type\":\"bearer\",\"expires_in\":5183944}");
    peer_answers(s.peer, 200, "",
        "{\"user_id\":\"" IG "\",\"id\":\"77\",\"username\":\"brand\",\"name\":\"Brand\","
        "\"profile_picture_url\":\"https://cdn.example/b\"}");
    struct connector_checked out = channel_checks(&s);
    assert_str(peer_heard(s.peer, 0).target,
        "/instagram/instagram/access_token?grant_type=ig_exchange_token&client_secret=" META_SECRET
        "&access_token=" META_TOKEN);
    struct peer_heard me = peer_heard(s.peer, 1);
    assert_str(me.target, BASE "/me?fields=user_id%2Cusername%2Cname%2Cprofile_picture_url");
    assert_str(peer_header(&me, "Authorization"), "Bearer LONG");
    assert_int_equal(out.n, 1);
    assert_str(out.accounts[0].external_id, IG);
    assert_str(out.accounts[0].handle, "brand");
    assert_str(out.accounts[0].secrets,
        "{\"access_token\":\"LONG\",\"issued_ms\":1767225600000,\"expires_ms\":"
        "1772409544000}");
    assert_int_equal(out.expires_ms, INT64_C(1772409544000));
    channel_close(&s);
}

static void a_long_lived_token_stays_when_the_exchange_refuses_it(void **state)
{
    (void)state;
    struct channel s = meta_channel("instagram", "", "{\"login\":\"instagram\"}");
    peer_answers(s.peer, 400, "", META_ERROR(100));
    peer_answers(s.peer, 200, "", "{\"id\":\"" IG "\",\"username\":\"brand\"}");
    struct connector_checked out = channel_checks(&s);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_str(out.accounts[0].external_id, IG);
    assert_true(str_find(out.accounts[0].secrets, S(META_TOKEN)) > 0);
    assert_int_equal(out.expires_ms, TEST_NOW_MS + 60 * 24 * HOUR_MS);
    channel_close(&s);
}

static void behind_pages_the_accounts_come_with_their_page_and_its_token(void **state)
{
    (void)state;
    struct channel s = meta_channel("instagram", "", "{\"login\":\"facebook\"}");
    peer_answers(s.peer, 200, "",
        "{\"data\":[{\"id\":\"1\",\"name\":\"One\",\"access_token\":\"T1\","
        "\"instagram_business_account\":{\"id\":\"" IG "\",\"username\":\"brand\"}},{\"id\":\"2\","
        "\"name\":\"Two\",\"access_token\":\"T2\"}]}");
    struct connector_checked out = channel_checks(&s);
    assert_int_equal(out.n, 1);
    assert_str(out.accounts[0].external_id, IG);
    assert_str(out.accounts[0].settings, "{\"page_id\":\"1\"}");
    assert_str(out.accounts[0].secrets, "{\"access_token\":\"T1\"}");
    peer_answers(s.peer, 400, "", META_ERROR(100));
    peer_answers(s.peer, 200, "",
        "{\"id\":\"1\",\"name\":\"One\",\"instagram_business_account\":{\"id\":\"" IG "\"}}");
    out = channel_checks(&s); /* a page's own token */
    assert_int_equal(out.n, 1);
    assert_str(out.accounts[0].settings, "{\"page_id\":\"1\"}");
    peer_answers(s.peer, 200, "", "{\"data\":[]}");
    out = channel_checks(&s);
    assert_int_equal(out.n, 0);
    assert_true(out.note.len > 0);
    channel_close(&s);
}

static void a_token_is_renewed_when_it_is_a_day_old_and_the_other_secrets_stay(void **state)
{
    (void)state;
    struct channel s = stage();
    peer_answers(s.peer, 200, "", "{\"access_token\":\"NEXT\",\"expires_in\":5184000}");
    peer_answers(s.peer, 400, "", META_ERROR(190));
    peer_answers(s.peer, 500, "", "");
    struct connector_refreshed out = channel_refreshes(&s);
    assert_str(peer_heard(s.peer, 0).target,
        "/instagram/instagram/refresh_access_token?grant_type=ig_refresh_token&access_token=" META_TOKEN);
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_str(out.secrets,
        "{\"app_secret\":\"" META_SECRET "\",\"kept\":[1],\"access_token\":\"NEXT\",\"issued_ms\":"
        "1767225600000,\"expires_ms\":1772409600000}");
    assert_int_equal(out.expires_ms, INT64_C(1772409600000));
    assert_int_equal(channel_refreshes(&s).end.outcome, CONNECTOR_REAUTH);
    assert_int_equal(channel_refreshes(&s).end.outcome, CONNECTOR_RETRY);
    s.setup.secrets = S("{\"access_token\":\"T\",\"issued_ms\":\"1767222000000\",\"expires_ms\":"
                        "\"1772406000000\"}");
    out = channel_refreshes(&s); /* an hour old */
    assert_int_equal(out.end.outcome, CONNECTOR_SENT);
    assert_true(str_eq(out.secrets, s.setup.secrets));
    assert_int_equal(out.expires_ms, INT64_C(1772406000000));
    s.setup.settings = S(BEHIND);
    assert_true(str_eq(channel_refreshes(&s).secrets, s.setup.secrets)); /* a page's */
    assert_int_equal(peer_count(s.peer), 3);
    channel_close(&s);
}

/* What has ended cannot be renewed, and nobody may look during the last minutes. */
static void a_token_is_due_a_week_after_it_was_given(void **state)
{
    (void)state;
    const int64_t life_ms = 60 * 24 * HOUR_MS;
    assert_int_equal(life_ms - connector_find(S("instagram"))->renew_early_ms, 7 * 24 * HOUR_MS);
}

static void each_login_subscribes_where_its_events_come_from(void **state)
{
    (void)state;
    struct channel s = stage();
    struct connector_sent end = {0};
    for (int i = 0; i < 3; i++)
        peer_answers(s.peer, 200, "", "{\"success\":true}");
    assert_ok(s.c->subscribe(s.client, test_arena(), &s.setup, true, &end));
    (void)meta_heard(&s, 0, "POST",
        BASE "/" IG "/subscribed_apps?subscribed_fields=messages%2Cmessaging_postbacks%2C"
             "messaging_seen%2Cmessage_reactions%2Ccomments%2Cmentions",
        "");
    assert_ok(s.c->subscribe(s.client, test_arena(), &s.setup, false, &end));
    (void)meta_heard(&s, 1, "DELETE", BASE "/" IG "/subscribed_apps", "");
    s.setup.settings = S(BEHIND);
    assert_ok(s.c->subscribe(s.client, test_arena(), &s.setup, true, &end));
    (void)meta_heard(
        &s, 2, "POST", GRAPH "/1029384756/subscribed_apps?subscribed_fields=messages", "");
    assert_ok(s.c->subscribe(s.client, test_arena(), &s.setup, false, &end));
    assert_int_equal(end.outcome, CONNECTOR_SENT);
    assert_int_equal(peer_count(s.peer), 3); /* the page may have a channel of its own */
    channel_close(&s);
}

/* ── asking ── */

static void a_person_has_a_handle_a_name_and_a_picture(void **state)
{
    (void)state;
    struct channel s = stage();
    struct connector_sent end = {0};
    struct connector_item it = {0};
    peer_answers(s.peer, 200, "",
        "{\"name\":\"Asha Rao\",\"username\":\"asha.r\",\"profile_pic\":\"https://cdn.example/a\"}");
    assert_ok(s.c->person(s.client, test_arena(), &s.setup, S("9001"), S(""), &end, &it));
    (void)meta_heard(&s, 0, "GET", BASE "/9001?fields=name%2Cusername%2Cprofile_pic", NULL);
    assert_str(it.contact_name, "Asha Rao");
    assert_str(it.contact_handle, "asha.r");
    assert_str(it.contact_profile_url, "https://www.instagram.com/asha.r");
    assert_str(it.contact_avatar_url, "https://cdn.example/a");
    channel_close(&s);
}

static struct connector_polled looks_up(struct channel *s, const char *id)
{
    struct connector_polled out = {0};
    assert_ok(s->c->lookup(s->client, test_arena(), &s->setup, str_from(id), TEST_NOW_MS, &out));
    return out;
}

static void a_mention_is_looked_up_with_its_author_or_without(void **state)
{
    (void)state;
    struct channel s = stage();
    str body = golden_read("instagram", "mentioned_comment.json");
    peer_answers(s.peer, 400, "", META_ERROR(100));
    peer_answers(s.peer, 200, "", str_z(test_arena(), body));
    peer_answers(s.peer, 200, "",
        "{\"mentioned_media\":{\"caption\":\"With @brand\",\"username\":\"bo.li\"}}");
    struct connector_polled out = looks_up(&s, "mention:18000000000000002:17900000000000009");
    (void)meta_heard(&s, 0, "GET",
        BASE "/" IG "?fields=mentioned_comment.comment_id%2817900000000000009%29%7Btext%2C"
             "timestamp%2Cmedia%2Cusername%7D",
        NULL);
    (void)meta_heard(&s, 1, "GET",
        BASE "/" IG "?fields=mentioned_comment.comment_id%2817900000000000009%29%7Btext%2C"
             "timestamp%2Cmedia%7D",
        NULL);
    struct connector_batch batch = parse(out.deliveries[0].body, out.deliveries[0].origin);
    assert_int_equal(batch.n, 1);
    assert_str(batch.items[0].external_id, "mention:18000000000000002:17900000000000009");
    assert_str(batch.items[0].text, "@brand is it open?");
    assert_str(batch.items[0].contact_handle, "bo.li");
    out = looks_up(&s, "mention:18000000000000002:");
    batch = parse(out.deliveries[0].body, out.deliveries[0].origin);
    assert_str(batch.items[0].external_id, "mention:18000000000000002:");
    assert_str(batch.items[0].text, "With @brand");
    channel_close(&s);
}

static void a_comment_is_looked_up_by_itself(void **state)
{
    (void)state;
    struct channel s = stage();
    peer_answers(
        s.peer, 200, "", str_z(test_arena(), golden_read("instagram", "comment_alone.json")));
    struct connector_polled out = looks_up(&s, "17900000000000006");
    struct connector_batch batch = parse(out.deliveries[0].body, out.deliveries[0].origin);
    assert_str(batch.items[0].external_id, "17900000000000006");
    assert_str(batch.items[0].contact_handle, "bo.li");
    channel_close(&s);
}

#define LIST "{\"data\":[{\"id\":\"c_1\",\"updated_time\":\"2025-12-31T23:50:00+0000\"}]}"
#define ONE  "messages%7Bid%2Ccreated_time%2Cfrom%2Cto%2Cmessage%2Cattachments%7D"

static void catching_up_reads_conversations_of_the_account_or_its_page(void **state)
{
    (void)state;
    struct channel s = stage();
    str body = golden_read("instagram", "conversation.json");
    peer_answers(s.peer, 200, "", LIST);
    peer_answers(s.peer, 200, "", str_z(test_arena(), body));
    struct connector_polled out = channel_polls(&s, S("{}"), 0);
    (void)meta_heard(&s, 0, "GET",
        BASE "/" IG "/conversations?platform=instagram&fields=id%2Cupdated_time", NULL);
    (void)meta_heard(&s, 1, "GET", BASE "/c_1?fields=" ONE, NULL);
    assert_int_equal(out.n, 1);
    assert_int_equal(parse(out.deliveries[0].body, out.deliveries[0].origin).n, 3);
    s.setup.settings = S(BEHIND);
    peer_answers(s.peer, 200, "", "{\"data\":[]}");
    (void)channel_polls(&s, S("{}"), 0);
    (void)meta_heard(&s, 2, "GET",
        GRAPH "/1029384756/conversations?platform=instagram&fields=id%2Cupdated_time", NULL);
    channel_close(&s);
}

static void messages_that_are_listed_by_id_are_asked_for_one_by_one(void **state)
{
    (void)state;
    struct channel s = stage();
    peer_answers(s.peer, 200, "", LIST);
    peer_answers(s.peer, 200, "",
        "{\"id\":\"c_1\",\"messages\":{\"data\":[{\"id\":\"m_2\",\"created_time\":"
        "\"2025-12-31T23:50:00+0000\"},{\"id\":\"m_1\"}]}}");
    peer_answers(s.peer, 200, "",
        "{\"id\":\"m_2\",\"created_time\":\"2025-12-31T23:50:00+0000\",\"from\":{\"id\":\"" IG
        "\"},\"to\":{\"data\":[{\"id\":\"9001\"}]},\"message\":\"Yes\"}");
    peer_answers(s.peer, 200, "",
        "{\"id\":\"m_1\",\"created_time\":\"2025-12-31T23:49:00+0000\",\"from\":{\"id\":\"9001\","
        "\"username\":\"asha.r\"},\"to\":{\"data\":[{\"id\":\"" IG "\"}]},\"message\":\"Open?\"}");
    struct connector_polled out = channel_polls(&s, S("{}"), 0);
    (void)meta_heard(&s, 2, "GET",
        BASE "/m_2?fields=id%2Ccreated_time%2Cfrom%2Cto%2Cmessage%2Cattachments", NULL);
    assert_int_equal(out.n, 1);
    struct connector_batch batch = parse(out.deliveries[0].body, out.deliveries[0].origin);
    assert_int_equal(batch.n, 2);
    assert_str(batch.items[0].text, "Open?");
    assert_true(batch.items[1].is_ours);
    channel_close(&s);
}

int main(void)
{
    if (crypto_start() != OK || http_client_start() != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(every_golden_delivery_says_what_is_expected),
        TEST(a_faulty_item_is_a_delivery_that_is_faulty_again),
        TEST(mentions_come_as_ids_and_want_a_lookup),
        TEST(a_message_goes_by_the_accounts_own_login_without_a_proof),
        TEST(behind_a_page_a_message_goes_by_the_page_with_a_proof),
        TEST(late_answers_quotes_and_buttons_have_their_form),
        TEST(files_go_by_address_only),
        TEST(a_thousand_bytes_are_too_many_whatever_they_spell),
        TEST(the_networks_own_errors_come_before_the_common_ones),
        TEST(comments_are_answered_publicly_and_privately),
        TEST(a_mention_is_answered_by_its_media_and_comment),
        TEST(comments_are_hidden_and_deleted_and_messages_reacted_to),
        TEST(an_hours_token_is_exchanged_and_the_account_named),
        TEST(a_long_lived_token_stays_when_the_exchange_refuses_it),
        TEST(behind_pages_the_accounts_come_with_their_page_and_its_token),
        TEST(a_token_is_renewed_when_it_is_a_day_old_and_the_other_secrets_stay),
        TEST(a_token_is_due_a_week_after_it_was_given),
        TEST(each_login_subscribes_where_its_events_come_from),
        TEST(a_person_has_a_handle_a_name_and_a_picture),
        TEST(a_mention_is_looked_up_with_its_author_or_without),
        TEST(a_comment_is_looked_up_by_itself),
        TEST(catching_up_reads_conversations_of_the_account_or_its_page),
        TEST(messages_that_are_listed_by_id_are_asked_for_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
