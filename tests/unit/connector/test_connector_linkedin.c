/* LinkedIn's connector: handshake, signature, what events say, comments of ours and their errors,
 * what is asked. */
#include "channel.h"

#include "base/file.h"
#include "vectors.h"

static const char secrets[] = "{\"access_token\":\"AQx\",\"refresh_token\":\"AQr\","
                              "\"client_secret\":\"seva-linkedin-client-secret\"}";
static const char settings[] =
    "{\"client_id\":\"cid\",\"app_id\":\"777\",\"member\":\"urn:li:person:XyZ\","
    "\"version\":\"202512\"}";
#define ORG     "urn:li:organization:5566"
#define COMMENT "urn:li:comment:(urn:li:activity:7002,7003)"
#define COMMENT_PATH                                                                               \
    "/linkedin/api/socialActions/urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A7002%2C7003%29/"    \
    "comments"

static struct channel open_it(void)
{
    return channel_open("linkedin", ORG, settings, secrets);
}

/* ── webhook ── */

static void the_handshake_is_answered_with_the_codes_hmac(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("linkedin"));
    const struct connector_setup setup = {.secrets = str_from(secrets)};
    struct channel_hook h;
    struct connector_answer answer = {0};
    str why = {0};
    (void)channel_hook(&h, &setup, "Accept", S("*/*"), S(""));
    h.req.method = HTTP_GET;
    h.pair = (struct http_pair){S("challengeCode"), S("890e4665-4dfe-4ab1-b689-ed553bceeed0")};
    h.req.query = &h.pair;
    h.req.query_count = 1;
    assert_ok(c->challenge(test_arena(), &h.hook, &answer, &why));
    assert_int_equal(answer.status, 200);
    assert_str(answer.body,
        "{\"challengeCode\":\"890e4665-4dfe-4ab1-b689-ed553bceeed0\",\"challengeResponse\":"
        "\"803fa02f19c668dd7e6fc2474bc16e5485f5e6ae8a84e62428767a0dc4e19a2b\"}");
    h.req.query_count = 0;
    assert_err(c->challenge(test_arena(), &h.hook, &answer, &why), E_UNAUTHENTICATED);
    h.req.method = HTTP_POST;
    assert_err(c->challenge(test_arena(), &h.hook, &answer, &why), E_NOT_FOUND);
}

static void only_what_linkedin_signed_is_taken(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("linkedin"));
    int n = 0;
    for (const struct json *v = vectors(); v; v = v->next) {
        if (!str_eq(vector_text(v, "scheme"), S("linkedin")))
            continue;
        struct channel_hook h;
        str why = {0}, value = vector_text(v, "value"), body = vector_text(v, "body");
        str kept =
            str_print(test_arena(), "{\"client_secret\":\"%.*s\"}", SARG(vector_text(v, "secret")));
        const struct connector_setup setup = {.secrets = kept}, none = {.secrets = S("{}")};
        assert_ok(
            c->verify(test_arena(), channel_hook(&h, &setup, "X-LI-Signature", value, body), &why));
        str other = str_cat(test_arena(), body, S(" "));
        assert_err(
            c->verify(test_arena(), channel_hook(&h, &setup, "X-LI-Signature", value, other), &why),
            E_UNAUTHENTICATED);
        assert_err(
            c->verify(test_arena(), channel_hook(&h, &none, "X-LI-Signature", value, body), &why),
            E_UNAUTHENTICATED);
        assert_err(c->verify(test_arena(), channel_hook(&h, &setup, "X-Other", value, body), &why),
            E_UNAUTHENTICATED);
        n++;
    }
    assert_true(n > 0);
}

static void what_webhooks_say_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"hook_comment", "hook_comment_bare",
        "hook_comment_other_layout", "hook_edit", "hook_delete", "hook_admin_comment",
        "hook_mention", "hook_like_and_unknown", "hook_hostile", "hook_other_type"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        golden_check("linkedin", names[i], "hook");
}

static void what_was_asked_for_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"comment", "comment_edited", "comment_nested",
        "comment_ours", "comment_ours_to_nobody", "comment_by_share", "comment_by_ugc_only",
        "comment_picture", "mention"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        golden_check("linkedin", names[i], "comment");
}

static void a_delivery_that_only_names_a_comment_makes_us_ask(void **state)
{
    (void)state;
    const struct connector *c = connector_find(S("linkedin"));
    struct connector_batch bare =
        channel_parse(c, "hook", golden_read("linkedin", "hook_comment_bare.json"));
    struct connector_batch whole =
        channel_parse(c, "hook", golden_read("linkedin", "hook_comment.json"));
    assert_true(bare.wants_poll);
    assert_int_equal(bare.n, 0);
    assert_false(whole.wants_poll);
    assert_true(whole.items[0].wants_lookup);
}

/* ── comments of ours ── */

static struct connector_outgoing outgoing(struct channel *ch, const char *to, const char *text)
{
    return (struct connector_outgoing){
        .setup = &ch->setup,
        .delivery_id = S("d1"),
        .to = S("urn:li:person:AbC"),
        .thread_key = S("post:urn:li:activity:7002"),
        .reply_to = str_from(to),
        .post = S("urn:li:activity:7002"),
        .is_public = true,
        .text = str_from(text),
        .now_ms = TEST_NOW_MS,
        .first_try_ms = TEST_NOW_MS,
    };
}

static void a_reply_goes_below_the_comment_with_its_version_and_names(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = outgoing(&ch, COMMENT, "Hello");
    peer_answers(ch.peer, 201, "x-restli-id: 7009\r\n", "");
    struct connector_sent sent = channel_sends(&ch, out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "urn:li:comment:(urn:li:activity:7002,7009)");
    struct peer_heard h = channel_heard(&ch, 0, "POST", COMMENT_PATH);
    assert_str(peer_header(&h, "Authorization"), "Bearer AQx");
    assert_str(peer_header(&h, "LinkedIn-Version"), "202512");
    assert_str(peer_header(&h, "X-Restli-Protocol-Version"), "2.0.0");
    assert_str(h.body, "{\"actor\":\"" ORG "\",\"object\":\"urn:li:activity:7002\","
                       "\"parentComment\":\"" COMMENT "\",\"message\":{\"text\":\"Hello\"}}");
    channel_close(&ch);
}

static void an_answer_to_an_answer_goes_below_the_comment_above_both(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out =
        outgoing(&ch, "urn:li:comment:(urn:li:activity:7002,7005)", "Hello");
    out.token = S(COMMENT);
    peer_answers(ch.peer, 201, "",
        "{\"commentUrn\":\"urn:li:comment:(urn:li:ugcPost:7001,7009)\",\"id\":\"7009\"}");
    struct connector_sent sent = channel_sends(&ch, out);
    (void)channel_heard(&ch, 0, "POST", COMMENT_PATH);
    assert_str(sent.external_id, "urn:li:comment:(urn:li:ugcPost:7001,7009)");
    assert_int_equal(sent.n_aliases, 1);
    assert_str(sent.aliases[0], "urn:li:comment:(urn:li:activity:7002,7009)");
    channel_close(&ch);
}

static void a_post_that_names_us_is_answered_below_itself(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = outgoing(&ch, "urn:li:share:7010", "Thanks");
    peer_answers(ch.peer, 201, "x-linkedin-id: urn:li:comment:(urn:li:activity:7011,7012)\r\n", "");
    struct connector_sent sent = channel_sends(&ch, out);
    assert_str(sent.external_id, "urn:li:comment:(urn:li:activity:7011,7012)");
    struct peer_heard h = channel_heard(
        &ch, 0, "POST", "/linkedin/api/socialActions/urn%3Ali%3Ashare%3A7010/comments");
    assert_str(h.body, "{\"actor\":\"" ORG "\",\"object\":\"urn:li:share:7010\","
                       "\"message\":{\"text\":\"Thanks\"}}");
    channel_close(&ch);
}

static void a_picture_is_put_up_first(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = outgoing(&ch, COMMENT, "See");
    str path = test_path("p.png");
    assert_ok(file_write(path, S("PNGPNG"), 0600));
    const struct connector_file file = {
        .name = S("p.png"), .type = S("image/png"), .size = 6, .path = path};
    out.files = &file;
    out.n_files = 1;
    peer_answers(ch.peer, 200, "",
        str_z(test_arena(), str_print(test_arena(),
                                "{\"value\":{\"uploadUrl\":\"%.*s/up/1\","
                                "\"image\":\"urn:li:image:C4E\"}}",
                                SARG(peer_url(ch.peer)))));
    peer_answers(ch.peer, 201, "", "");
    peer_answers(ch.peer, 201, "x-restli-id: 7009\r\n", "");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_SENT);
    struct peer_heard h =
        channel_heard(&ch, 0, "POST", "/linkedin/api/images?action=initializeUpload");
    assert_str(h.body, "{\"initializeUploadRequest\":{\"owner\":\"" ORG "\"}}");
    h = channel_heard(&ch, 1, "PUT", "/up/1");
    assert_str(h.body, "PNGPNG");
    assert_str(peer_header(&h, "Content-Type"), "image/png");
    assert_has(
        peer_heard(ch.peer, 2).body, "\"content\":[{\"entity\":{\"image\":\"urn:li:image:C4E\"}}]");
    peer_answers(ch.peer, 200, "", "{\"value\":{}}");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_FINAL);
    peer_hangs_up(ch.peer);
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_RETRY); /* nobody saw anything */
    channel_close(&ch);
}

static void each_error_of_the_table_has_its_outcome(void **state)
{
    (void)state;
    static const int64_t hour = 3600 * 1000;
    const struct channel_error rows[] = {
        {401, "",                    "{\"status\":401,\"code\":\"REVOKED_ACCESS_TOKEN\",\"message\":\"Revoked\"}",
         CONNECTOR_REAUTH,                                                                                                            true,  0,     "Revoked"               },
        {403, "",                    "{\"status\":403,\"code\":\"EXPIRED_ACCESS_TOKEN\",\"message\":\"Expired\"}",
         CONNECTOR_REAUTH,                                                                                                            true,  0,     "Expired"               },
        {400, "",                    "{\"message\":\"Bad\"}",                                                      CONNECTOR_FINAL,   false, 0,     "Bad"                   },
        {403, "",
         "{\"status\":403,\"serviceErrorCode\":100,\"code\":\"ACCESS_DENIED\",\"message\":\"Not "
            "enough permissions to access: x\"}",                                                                  CONNECTOR_FINAL,   false, 0,     "Not enough permissions"},
        {404, "",                    "{\"message\":\"None\"}",                                                     CONNECTOR_FINAL,   false, 0,     "None"                  },
        {422, "",                    "{\"code\":\"DUPLICATE_POST\",\"message\":\"Duplicate\"}",                    CONNECTOR_FINAL,   false,
         0,                                                                                                                                         "Duplicate"             },
        {409, "",                    "{\"message\":\"Conflict\"}",                                                 CONNECTOR_RETRY,   false, 0,     "Conflict"              },
        {426, "",                    "{\"code\":\"NONEXISTENT_VERSION\",\"message\":\"No\"}",                      CONNECTOR_REAUTH,  true,
         0,                                                                                                                                         "version"               },
        {429, "",                    "{}",                                                                         CONNECTOR_WAIT,    true,  hour,  "429"                   },
        {429, "Retry-After: 60\r\n", "{}",                                                                         CONNECTOR_WAIT,    true,  60000, "429"                   },
        {500, "",                    "{\"message\":\"Oops\"}",                                                     CONNECTOR_RETRY,   false, 0,     "Oops"                  },
        {503, "",                    "<html>",                                                                     CONNECTOR_RETRY,   false, 0,     "503"                   },
        {201, "",                    "{}",                                                                         CONNECTOR_UNKNOWN, false, 0,     "without naming"        },
    };
    struct channel ch = open_it();
    struct connector_outgoing out = outgoing(&ch, COMMENT, "Hello");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_answers(ch.peer, rows[i].status, rows[i].headers, rows[i].body);
        struct connector_sent sent = channel_sends(&ch, out);
        channel_check_error(&rows[i], &sent);
    }
    peer_answers(ch.peer, 429, "", "{}");
    out.now_ms = out.first_try_ms = TEST_NOW_MS - 60000; /* a minute before midnight UTC */
    assert_int_equal(channel_sends(&ch, out).wait_until_ms, TEST_NOW_MS);
    peer_hangs_up(ch.peer);
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_UNKNOWN);
    channel_close(&ch);
}

static void a_further_try_finds_what_an_earlier_one_wrote(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = outgoing(&ch, COMMENT, "Hello");
    out.first_try_ms = TEST_NOW_MS - 20000;
    peer_answers(ch.peer, 200, "",
        "{\"elements\":[{\"actor\":\"urn:li:person:AbC\",\"id\":\"1\",\"message\":{\"text\":"
        "\"Hello\"},\"created\":{\"time\":1767225590000}},{\"actor\":\"" ORG
        "\",\"id\":\"7009\",\"message\":{\"text\":\"Hello\"},\"created\":{\"time\":1767225590000}}]"
        "}");
    struct connector_sent sent = channel_sends(&ch, out);
    assert_str(sent.external_id, "urn:li:comment:(urn:li:activity:7002,7009)");
    (void)channel_heard(&ch, 0, "GET", COMMENT_PATH "?start=0&count=50");
    peer_answers(ch.peer, 200, "", "{\"elements\":[]}");
    peer_answers(ch.peer, 201, "x-restli-id: 7010\r\n", "");
    sent = channel_sends(&ch, out);
    assert_str(sent.external_id, "urn:li:comment:(urn:li:activity:7002,7010)");
    assert_int_equal(peer_count(ch.peer), 3);
    channel_close(&ch);
}

static void a_further_try_finds_a_picture_without_a_text(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = outgoing(&ch, COMMENT, "");
    const struct connector_file file = {
        .name = S("p.png"), .type = S("image/png"), .size = 6, .path = S("/nowhere")};
    out.first_try_ms = TEST_NOW_MS - 20000;
    out.files = &file;
    out.n_files = 1;
    peer_answers(ch.peer, 200, "",
        "{\"elements\":[{\"actor\":\"" ORG
        "\",\"id\":\"7008\",\"message\":{},\"created\":{\"time\":1767225590000}},{\"actor\":\"" ORG
        "\",\"id\":\"7009\",\"message\":{\"text\":\"\"},\"content\":[{\"entity\":{\"image\":"
        "\"urn:li:image:C4E\"}}],\"created\":{\"time\":1767225590000}}]}");
    struct connector_sent sent = channel_sends(&ch, out);
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_str(sent.external_id, "urn:li:comment:(urn:li:activity:7002,7009)");
    assert_int_equal(peer_count(ch.peer), 1);
    channel_close(&ch);
}

static void what_linkedin_cannot_carry_is_refused_without_a_call(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = outgoing(&ch, "nonsense", "Hello");
    out.post = (str){0};
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_FINAL);
    out = outgoing(&ch, COMMENT, " ");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_FINAL);
    ch.setup.secrets = S("{}");
    out = outgoing(&ch, COMMENT, "Hello");
    assert_int_equal(channel_sends(&ch, out).outcome, CONNECTOR_REAUTH);
    assert_int_equal(peer_count(ch.peer), 0);
    channel_close(&ch);
}

/* ── acts and people ── */

static enum connector_outcome act(
    struct channel *ch, enum connector_act_kind kind, bool is_ours, const char *id)
{
    const struct connector_act what = {.kind = kind,
        .external_id = str_from(id),
        .text = S("Better"),
        .is_public = true,
        .is_ours = is_ours};
    return channel_acts(ch, what).outcome;
}

static void comments_are_edited_deleted_and_liked(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 204, "", "");
    peer_answers(ch.peer, 404, "", "{}");
    peer_answers(ch.peer, 201, "", "");
    assert_int_equal(act(&ch, ACT_EDIT, true, COMMENT), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_DELETE, true, COMMENT), CONNECTOR_SENT); /* it was gone */
    assert_int_equal(act(&ch, ACT_LIKE, false, COMMENT), CONNECTOR_SENT);
    assert_int_equal(act(&ch, ACT_EDIT, false, COMMENT), CONNECTOR_FINAL);
    assert_int_equal(act(&ch, ACT_HIDE, false, COMMENT), CONNECTOR_FINAL);
#define ONE   "/linkedin/api/socialActions/urn%3Ali%3Aactivity%3A7002/comments/7003"
#define ACTOR "?actor=urn%3Ali%3Aorganization%3A5566"
    struct peer_heard h = channel_heard(&ch, 0, "POST", ONE ACTOR);
    assert_str(h.body, "{\"patch\":{\"message\":{\"$set\":{\"text\":\"Better\"}}}}");
    assert_str(peer_header(&h, "X-RestLi-Method"), "PARTIAL_UPDATE");
    (void)channel_heard(&ch, 1, "DELETE", ONE ACTOR);
    h = channel_heard(&ch, 2, "POST", "/linkedin/api/reactions" ACTOR);
    assert_str(h.body, "{\"root\":\"" COMMENT "\",\"reactionType\":\"LIKE\"}");
    channel_close(&ch);
}

static void a_person_whose_name_is_refused_is_a_linkedin_member(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_sent end = {0};
    struct connector_item person = {0};
    peer_answers(ch.peer, 200, "",
        "{\"firstName\":{\"localized\":{\"en_US\":\"Asha\"}},\"localizedLastName\":\"Rao\"}");
    peer_answers(ch.peer, 403, "", "{}");
    peer_answers(ch.peer, 500, "", "{}");
    assert_ok(ch.c->person(
        ch.client, test_arena(), &ch.setup, S("urn:li:person:AbC"), S(""), &end, &person));
    assert_str(person.contact_name, "Asha Rao");
    (void)channel_heard(&ch, 0, "GET", "/linkedin/api/people/(id:AbC)");
    assert_ok(ch.c->person(
        ch.client, test_arena(), &ch.setup, S("urn:li:person:AbC"), S(""), &end, &person));
    assert_int_equal(end.outcome, CONNECTOR_SENT);
    assert_str(person.contact_name, "LinkedIn member");
    assert_ok(ch.c->person(
        ch.client, test_arena(), &ch.setup, S("urn:li:person:AbC"), S(""), &end, &person));
    assert_int_equal(end.outcome, CONNECTOR_RETRY);
    channel_close(&ch);
}

/* ── poll ── */

#define NOTE(id, action, comment)                                                                  \
    "{\"notificationId\":" #id ",\"organizationalEntity\":\"" ORG "\",\"action\":\"" action        \
    "\",\"sourcePost\":\"urn:li:share:7001\",\"generatedActivity\":\"" comment                     \
    "\",\"lastModifiedAt\":1767225500000}"
#define ELEMENT(id, actor, text, more)                                                             \
    "{\"actor\":\"" actor "\",\"commentUrn\":\"urn:li:comment:(urn:li:activity:7002," #id          \
    ")\",\"id\":\"" #id "\",\"created\":{\"time\":1767225500000},\"message\":{\"text\":\"" text    \
    "\"},\"object\":\"urn:li:activity:7002\"" more "}"
#define NOTES_PATH                                                                                 \
    "/linkedin/api/organizationalEntityNotifications?q=criteria&actions=List(COMMENT,ADMIN_"       \
    "COMMENT,COMMENT_EDIT,COMMENT_DELETE,SHARE_MENTION)&organizationalEntity="                     \
    "urn%3Ali%3Aorganization%3A5566&timeRange="

static void notifications_are_followed_to_their_comments_and_posts(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "",
        "{\"elements\":[" NOTE(1, "COMMENT", COMMENT) "," NOTE(
            2, "ADMIN_COMMENT", "urn:li:comment:(urn:li:activity:7002,7004)") "," NOTE(3,
            "COMMENT_DELETE", "urn:li:comment:(urn:li:activity:7002,7005)") "," NOTE(4, "COMMENT",
            "urn:li:comment:(urn:li:activity:7002,7006)") "]}");
    peer_answers(ch.peer, 200, "", ELEMENT(7003, "urn:li:person:AbC", "Open?", ""));
    peer_answers(ch.peer, 200, "", "{\"author\":\"" ORG "\",\"commentary\":\"New office\"}");
    peer_answers(ch.peer, 200, "", ELEMENT(7004, ORG, "Yes", ",\"parentComment\":\"" COMMENT "\""));
    peer_answers(ch.peer, 200, "", ELEMENT(7003, "urn:li:person:AbC", "Open?", ""));
    peer_answers(ch.peer, 404, "", "{}"); /* deleted meanwhile */
    struct connector_polled got = channel_polls(&ch, S("{\"mark_ms\":1767225000000}"), 0);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    (void)channel_heard(
        &ch, 0, "GET", NOTES_PATH "(start:1767224700000,end:1767225600000)&start=0&count=50");
    (void)channel_heard(&ch, 1, "GET", ONE);
    (void)channel_heard(&ch, 2, "GET", "/linkedin/api/posts/urn%3Ali%3Ashare%3A7001");
    assert_int_equal(peer_count(ch.peer), 6); /* the post once */
    assert_int_equal(got.n, 4);
    assert_str(got.deliveries[0].key, "1");
    assert_str(got.cursors, "{\"mark_ms\":1767225600000,\"end_ms\":0,\"start\":0,"
                            "\"seen\":[\"4\",\"3\",\"2\",\"1\"]}");
    str shown = channel_show(ch.c, &got);
    assert_has(shown, "text: Open?");
    assert_has(shown, "post.text: New office");
    assert_has(shown, "is_ours");
    assert_has(shown, "delete\n");
    channel_close(&ch);
}

static void a_failure_below_a_page_keeps_the_page_for_the_next_time(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"elements\":[" NOTE(1, "COMMENT", COMMENT) "]}");
    peer_answers(ch.peer, 429, "", "{}");
    peer_answers(ch.peer, 200, "", "{}");
    struct connector_polled got = channel_polls(&ch, S("{\"mark_ms\":1767225000000}"), 0);
    assert_int_equal(got.end.outcome, CONNECTOR_WAIT);
    assert_true(got.next_ms > TEST_NOW_MS);
    assert_str(got.cursors, "{\"mark_ms\":1767225000000,\"end_ms\":1767225600000,\"start\":0,"
                            "\"seen\":[]}");
    channel_close(&ch);
}

static void what_the_poll_before_brought_is_not_asked_again(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "",
        "{\"elements\":[" NOTE(2, "COMMENT", COMMENT) "," NOTE(1, "COMMENT", COMMENT) "]}");
    peer_answers(ch.peer, 200, "", ELEMENT(7003, "urn:li:person:AbC", "Open?", ""));
    peer_answers(ch.peer, 200, "", "{}");
    struct connector_polled got =
        channel_polls(&ch, S("{\"mark_ms\":1767225000000,\"seen\":[\"1\",\"0\"]}"), 0);
    assert_int_equal(got.n, 1);
    assert_str(got.deliveries[0].key, "2");
    assert_int_equal(peer_count(ch.peer), 3);
    assert_has(got.cursors, "\"seen\":[\"2\",\"1\",\"0\"]");
    /* Comparing asks for everything. */
    peer_answers(ch.peer, 200, "", "{\"elements\":[" NOTE(1, "COMMENT", COMMENT) "]}");
    peer_answers(ch.peer, 200, "", ELEMENT(7003, "urn:li:person:AbC", "Open?", ""));
    peer_answers(ch.peer, 200, "", "{}");
    assert_int_equal(channel_polls(&ch, got.cursors, 1767225000000).n, 1);
    channel_close(&ch);
}

static void full_pages_are_read_on_in_the_same_range(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct sb b = sb_make(test_arena(), 1 << 20);
    sb_add(&b, S("{\"elements\":[" NOTE(1, "LIKE", "")));
    for (int i = 1; i < 50; i++)
        sb_add(&b, S("," NOTE(1, "LIKE", "")));
    sb_add(&b, S("]}"));
    for (int i = 0; i < 2; i++)
        peer_answers(ch.peer, 200, "", str_z(test_arena(), sb_str(&b)));
    struct connector_polled got = channel_polls(&ch, S("{\"mark_ms\":1767225000000}"), 0);
    assert_true(got.has_more);
    (void)channel_heard(
        &ch, 1, "GET", NOTES_PATH "(start:1767224700000,end:1767225600000)&start=50&count=50");
    assert_str(got.cursors, "{\"mark_ms\":1767225000000,\"end_ms\":1767225600000,\"start\":100,"
                            "\"seen\":[]}");
    channel_close(&ch);
}

static void a_lookup_brings_the_comment_with_its_post(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_polled got = {0};
    peer_answers(ch.peer, 200, "", ELEMENT(7003, "urn:li:person:AbC", "Open?", ""));
    peer_answers(ch.peer, 200, "", "{\"commentary\":\"New office\"}");
    assert_ok(ch.c->lookup(ch.client, test_arena(), &ch.setup, S(COMMENT), TEST_NOW_MS, &got));
    assert_int_equal(got.n, 1);
    (void)channel_heard(&ch, 1, "GET", "/linkedin/api/posts/urn%3Ali%3Aactivity%3A7002");
    assert_has(channel_show(ch.c, &got), "post.text: New office");
    channel_close(&ch);
}

/* ── account ── */

static void the_check_lists_the_pages_of_the_member(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "",
        "{\"elements\":[{\"organization\":\"" ORG "\",\"roleAssignee\":\"urn:li:person:XyZ\"}]}");
    peer_answers(ch.peer, 200, "", "{\"localizedName\":\"Seva Care\",\"vanityName\":\"seva\"}");
    struct connector_checked got = channel_checks(&ch);
    assert_int_equal(got.n, 1);
    assert_str(got.accounts[0].external_id, ORG);
    assert_str(got.accounts[0].name, "Seva Care");
    assert_str(got.accounts[0].settings, "{\"member\":\"urn:li:person:XyZ\"}");
    (void)channel_heard(&ch, 1, "GET", "/linkedin/api/organizations/5566");
    peer_answers(ch.peer, 200, "", "{\"elements\":[]}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

static void a_version_older_than_eleven_months_does_not_start(void **state)
{
    (void)state;
    struct channel ch = open_it();
    ch.setup.settings = S("{\"version\":\"202501\"}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_FINAL); /* it is 202601 */
    ch.setup.settings = S("{\"version\":\"2025\"}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_FINAL);
    assert_int_equal(peer_count(ch.peer), 0);
    ch.setup.settings = S("{\"version\":\"202502\",\"organization\":\"5566\"}");
    peer_answers(ch.peer, 403, "", "{}");
    peer_answers(ch.peer, 200, "", "{\"localizedName\":\"Seva Care\"}");
    struct connector_checked got = channel_checks(&ch);
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    assert_true(got.note.len > 0); /* no application id: polled */
    channel_close(&ch);
}

static void the_subscription_is_put_and_taken_back_under_its_key(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_sent sent = {0};
    peer_answers(ch.peer, 200, "", "{\"expiresAt\":1}");
    peer_answers(ch.peer, 404, "", "{}");
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, false, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
#define KEY                                                                                        \
    "/linkedin/api/eventSubscriptions/(developerApplication:urn%3Ali%3AdeveloperApplication%3A"    \
    "777,user:urn%3Ali%3Aperson%3AXyZ,entity:urn%3Ali%3Aorganization%3A5566,eventType:"            \
    "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)"
    struct peer_heard h = channel_heard(&ch, 0, "PUT", KEY);
    assert_str(h.body, "{\"webhook\":\"https://care.example.com/hooks/linkedin/k1\"}");
    (void)channel_heard(&ch, 1, "DELETE", KEY);
    ch.setup.settings = S("{}");
    assert_ok(ch.c->subscribe(ch.client, test_arena(), &ch.setup, true, &sent));
    assert_int_equal(sent.outcome, CONNECTOR_SENT); /* not admitted to webhooks: it is polled */
    assert_int_equal(peer_count(ch.peer), 2);
    channel_close(&ch);
}

static void tokens_are_renewed(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_refreshed got = {0};
    peer_answers(ch.peer, 200, "",
        "{\"access_token\":\"AQy\",\"expires_in\":5184000,\"refresh_token\":\"AQs\","
        "\"refresh_token_expires_in\":31536000}");
    assert_ok(ch.c->refresh(ch.client, test_arena(), &ch.setup, TEST_NOW_MS, &got));
    assert_int_equal(got.end.outcome, CONNECTOR_SENT);
    assert_has(got.secrets, "\"access_token\":\"AQy\",\"refresh_token\":\"AQs\"");
    (void)channel_heard(&ch, 0, "POST", "/linkedin/auth/oauth/v2/accessToken");
    channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_handshake_is_answered_with_the_codes_hmac),
        TEST(only_what_linkedin_signed_is_taken),
        TEST(what_webhooks_say_is_read),
        TEST(what_was_asked_for_is_read),
        TEST(a_delivery_that_only_names_a_comment_makes_us_ask),
        TEST(a_reply_goes_below_the_comment_with_its_version_and_names),
        TEST(an_answer_to_an_answer_goes_below_the_comment_above_both),
        TEST(a_post_that_names_us_is_answered_below_itself),
        TEST(a_picture_is_put_up_first),
        TEST(each_error_of_the_table_has_its_outcome),
        TEST(a_further_try_finds_what_an_earlier_one_wrote),
        TEST(a_further_try_finds_a_picture_without_a_text),
        TEST(what_linkedin_cannot_carry_is_refused_without_a_call),
        TEST(comments_are_edited_deleted_and_liked),
        TEST(a_person_whose_name_is_refused_is_a_linkedin_member),
        TEST(notifications_are_followed_to_their_comments_and_posts),
        TEST(a_failure_below_a_page_keeps_the_page_for_the_next_time),
        TEST(what_the_poll_before_brought_is_not_asked_again),
        TEST(full_pages_are_read_on_in_the_same_range),
        TEST(a_lookup_brings_the_comment_with_its_post),
        TEST(the_check_lists_the_pages_of_the_member),
        TEST(a_version_older_than_eleven_months_does_not_start),
        TEST(the_subscription_is_put_and_taken_back_under_its_key),
        TEST(tokens_are_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
