/* Replies, acts and moves on networks: what may be written where and when, what is done to messages
 * that are there, and conversations that go on elsewhere. */
#include "networks_world.h"

#include "base/clock.h"
#include "base/id.h"
#include "connector/connector.h"
#include "files_world.h"
#include "job/listen.h"
#include "parrot.h"
#include "store/lease.h"
#include "store/reconciliation.h"

#include <poll.h>

static struct networks n;
static const int64_t hour_ms = INT64_C(3600) * 1000;

#define PRIVATE                                                                                    \
    "{\"kind\":\"message\",\"id\":\"m1\",\"from\":\"ann\",\"name\":\"Ann\",\"text\":\"hello\"}"
#define PUBLIC                                                                                     \
    "{\"kind\":\"message\",\"id\":\"p1\",\"from\":\"ann\",\"name\":\"Ann\",\"text\":\"late!\","    \
    "\"public\":true,\"post\":\"9\"}"

static str open_with(void **state, const char *items)
{
    networks_open(&n, *state);
    channel_connect(&n);
    return conversation_of(&n, items);
}

static void look(str conversation)
{
    assert_int_equal(
        ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s", SARG(conversation)), NULL), 200);
}

static void refused(int status, int wanted, const char *place, const char *text)
{
    if (status != wanted || !str_eq(test_text(n.app, place), str_from(text)))
        fail_msg("%d %.*s", status, SARG(n.app->body));
}

/* ── visibility ── */

static void a_public_message_is_answered_publicly_below_its_post(void **state)
{
    str c = open_with(state, PUBLIC);
    look(c);
    assert_str(test_text(n.app, "post.url"), "https://parrot.example/p/9");
    assert_str(test_text(n.app, "post.author_handle"), "@shop");
    assert_true(json_bool(json_path(n.app->json, S("reply.public")), false));
    assert_true(json_bool(json_path(n.app->json, S("reply.private")), false));
    assert_str(test_text(n.app, "reply.default_visibility"), "public");
    assert_int_equal(answer(&n, c, "We are on it", ""), 201);
    assert_str(test_text(n.app, "visibility"), "public");
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    clock_advance(6000);
    world_run(&n.w);
    struct peer_heard heard = heard_last(&n);
    assert_true(str_find(heard.body, S("\"public\":true")) > 0);
    assert_true(str_find(heard.body, S("\"reply_to\":\"p1\"")) > 0);
    networks_close(&n);
}

static void personal_data_goes_public_only_when_it_is_confirmed(void **state)
{
    str c = open_with(state, PUBLIC);
    refused(answer(&n, c, "\xe2\x9c\x93 mail ann@shop.com", ""), 409, "error.code",
        "conflict.personal");
    assert_str(test_text(n.app, "error.details.findings.0.kind"), "mail");
    assert_int_equal(test_int(n.app, "error.details.findings.0.from"), 7);
    assert_int_equal(test_int(n.app, "error.details.findings.0.to"), 19);
    assert_int_equal(answer(&n, c, "mail ann@shop.com", ",\"visibility\":\"private\""), 201);
    assert_int_equal(answer(&n, c, "mail ann@shop.com", ",\"confirm_public\":true"), 201);
    networks_close(&n);
}

static void a_private_conversation_has_no_public_reply(void **state)
{
    str c = open_with(state, PRIVATE);
    refused(answer(&n, c, "x", ",\"visibility\":\"public\""), 400, "error.field", "visibility");
    look(c);
    assert_false(json_bool(json_path(n.app->json, S("reply.public")), true));
    assert_int_equal(json_path(n.app->json, S("post"))->kind, JSON_NULL);
    networks_close(&n);
}

/* ── length, files, parts ── */

#define FORTY "abcdefghij abcdefghij abcdefghij abcdefg"

static void a_text_that_is_too_long_is_refused_unless_it_may_be_split(void **state)
{
    str c = open_with(state, PUBLIC);
    refused(answer(&n, c, FORTY "!", ""), 400, "error.field", "text");
    assert_true(body_has(&n, "41 of at most 40"));
    assert_int_equal(answer(&n, c, FORTY, ""), 201);
    assert_int_equal(answer(&n, c, FORTY FORTY FORTY FORTY, ",\"visibility\":\"private\""), 201);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    assert_int_equal(ask(&n, "PATCH", channel, "{\"settings\":{\"most\":41}}"), 200);
    assert_int_equal(answer(&n, c, FORTY "!", ""), 201); /* this account may write more */
    networks_close(&n);
}

static str upload(const char *name, int64_t size)
{
    struct arena *a = &n.app->arena;
    assert_int_equal(
        ask(&n, "POST", S("/api/v1/uploads"),
            "{\"name\":\"%s\",\"size\":%lld,\"type\":\"text/plain\"}", name, (long long)size),
        201);
    str id = test_text(n.app, "id");
    struct sb bytes = sb_make(a, 0);
    for (int64_t i = 0; i < size; i++)
        sb_byte(&bytes, 'a');
    const struct http_header headers[] = {
        {S("Authorization"),   str_cat(a, S("Bearer "), n.app->owner_token)},
        {S("Content-Type"), S("application/octet-stream")         },
    };
    str target = path(&n, "/api/v1/uploads/%.*s?offset=0", SARG(id));
    assert_int_equal(
        test_request_full(n.app, "PUT", str_z(a, target), headers, 2, sb_str(&bytes)), 200);
    return test_text(n.app, "attachment.id");
}

static void a_file_that_does_not_go_there_is_refused_with_what_fits(void **state)
{
    str c = open_with(state, PRIVATE);
    str file = upload("a.txt", 10);
    char *more = str_z(&n.app->arena, path(&n, ",\"attachment_ids\":[\"%.*s\"]", SARG(file)));
    refused(answer(&n, c, "see", more), 400, "error.field", "attachment_ids");
    assert_true(body_has(&n, "image/png, image/jpeg"));
    networks_close(&n);
}

/* The path of an address in the last send. */
static const char *sent_path(const char *member)
{
    const struct json *root = NULL;
    str why, url;
    assert_ok(json_parse(&n.app->arena, heard_last(&n).body, &root, &why));
    url = json_text(json_get(root, str_from(member)), S(""));
    ptrdiff_t at = str_find(url, S("/media/"));
    assert_true(at > 0);
    return str_z(&n.app->arena, str_skip(url, at));
}

static void a_big_picture_goes_with_the_address_of_a_small_one(void **state)
{
    str c = open_with(state, PRIVATE);
    str bytes = str_cat(&n.app->arena, png_whole(n.app, 1200, 900), noise(n.app, 200 * 1024));
    str file = upload_whole(n.app, n.app->owner_token, "/api/v1", "big.png", bytes);
    char *more = str_z(&n.app->arena, path(&n, ",\"attachment_ids\":[\"%.*s\"]", SARG(file)));
    assert_int_equal(answer(&n, c, "see", more), 201);
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    clock_advance(6000);
    world_run(&n.w);
    const char *target = sent_path("preview");
    assert_int_equal(test_request_full(n.app, "GET", target, NULL, 0, (str){0}), 200);
    assert_str(n.app->content_type, "image/jpeg");
    assert_true(str_starts(n.app->body, S("\xff\xd8\xff")) && n.app->body.len < 1024 * 1024);
    assert_true(str_find(n.app->body, S(SECRET)) < 0);
    str forged = path(&n, "%sA", target);
    assert_int_equal(
        test_request_full(n.app, "GET", str_z(&n.app->arena, forged), NULL, 0, (str){0}), 404);
    clock_advance(2 * hour_ms);
    assert_int_equal(test_request_full(n.app, "GET", target, NULL, 0, (str){0}), 404);
    networks_close(&n);
}

static void parts_are_those_that_the_network_knows(void **state)
{
    static const char *const wrong[] = {
        ",\"parts\":[{\"type\":\"poll\"}]",
        ",\"parts\":[7]",
        ",\"parts\":7",
        ",\"parts\":\"location\"",
        ",\"parts\":{\"type\":\"location\"}",
        ",\"parts\":[{\"type\":\"template\",\"name\":\"hello\"}]",
        ",\"parts\":[{\"type\":\"buttons\",\"buttons\":[]}]",
    };
    str c = open_with(state, PRIVATE);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(answer(&n, c, "x", wrong[i]), 400, "error.field", "parts");
    assert_int_equal(
        answer(&n, c, "Which?",
            ",\"parts\":[{\"type\":\"buttons\",\"buttons\":[{\"id\":\"1\",\"title\":\"A\"}]}]"),
        201);
    assert_str(test_text(n.app, "parts.0.buttons.0.title"), "A");
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    clock_advance(6000);
    world_run(&n.w);
    assert_true(str_find(heard_last(&n).body, S("\"title\":\"A\"")) > 0);
    networks_close(&n);
}

static void only_a_message_of_the_conversation_can_be_answered(void **state)
{
    str first = open_with(state, PRIVATE);
    look(first);
    str other = test_text(n.app, "last_message_id");
    str second =
        conversation_of(&n, "{\"kind\":\"message\",\"id\":\"m9\",\"from\":\"bo\",\"text\":\"hi\"}");
    assert_false(str_eq(first, second));
    char *more = str_z(&n.app->arena, path(&n, ",\"reply_to_id\":\"%.*s\"", SARG(other)));
    refused(answer(&n, second, "x", more), 400, "error.field", "reply_to_id");
    networks_close(&n);
}

/* ── windows ── */

static int answer_as_program(str conversation, const char *more)
{
    static int64_t number;
    str target = path(&n, "/api/v1/conversations/%.*s/messages", SARG(conversation));
    str body = path(&n,
        "{\"kind\":\"reply\",\"text\":\"x\",\"force\":true,\"seen_message_id\":\"1\","
        "\"client_id\":\"program-%lld\"%s}",
        (long long)++number, more);
    return test_request_as(n.app, n.app->owner_token, "POST", str_z(&n.app->arena, target),
        str_z(&n.app->arena, body));
}

static void the_window_goes_from_open_over_late_to_templates(void **state)
{
    const char *hello = ",\"parts\":[{\"type\":\"template\",\"name\":\"hello\",\"language\":"
                        "\"en\",\"variables\":{\"1\":\"Ann\"}}]";
    str c = open_with(state, PRIVATE);
    look(c);
    assert_str(test_text(n.app, "reply.window"), "open");
    assert_str(test_text(n.app, "reply.window_until"), "2026-01-02T00:00:00.000Z");
    assert_str(test_text(n.app, "reply.late_until"), "2026-01-08T00:00:00.000Z");
    assert_int_equal(answer_as_program(c, ""), 201);
    clock_advance(25 * hour_ms);
    look(c);
    assert_str(test_text(n.app, "reply.window"), "late");
    assert_int_equal(answer(&n, c, "sorry, so late", ""), 201);
    assert_int_equal(answer_as_program(c, ""), 409); /* late is for people */
    assert_str(test_text(n.app, "error.code"), "conflict.window");
    clock_advance(6 * 24 * hour_ms);
    look(c);
    assert_str(test_text(n.app, "reply.window"), "template");
    refused(answer(&n, c, "x", ""), 409, "error.code", "conflict.window");
    assert_int_equal(answer(&n, c, "", hello), 201);
    networks_close(&n);
}

#define REFERRAL                                                                                     \
    "{\"kind\":\"message\",\"id\":\"f1\",\"from\":\"ann\",\"name\":\"Ann\",\"text\":\"from an ad\"," \
    "\"opens_nothing\":true}"

static void who_came_and_wrote_nothing_has_opened_no_window(void **state)
{
    str c = open_with(state, REFERRAL);
    look(c);
    assert_str(test_text(n.app, "reply.window"), "template");
    refused(answer(&n, c, "Hello?", ""), 409, "error.code", "conflict.window");
    clock_advance(hour_ms);
    hook(&n, "{\"kind\":\"message\",\"id\":\"f2\",\"from\":\"ann\",\"text\":\"hi\"}");
    clock_advance(hour_ms);
    hook(&n, "{\"kind\":\"message\",\"id\":\"f3\",\"from\":\"ann\",\"text\":\"again\","
             "\"opens_nothing\":true}");
    look(c);
    assert_str(test_text(n.app, "reply.window"), "open");
    assert_str(test_text(n.app, "reply.window_until"), "2026-01-02T01:00:00.000Z");
    assert_int_equal(answer(&n, c, "hello", ""), 201);
    networks_close(&n);
}

static void the_window_of_an_advertisement_is_as_long_as_the_network_says(void **state)
{
    str c = open_with(state, "{\"kind\":\"message\",\"id\":\"f1\",\"from\":\"ann\",\"text\":"
                             "\"from an ad\",\"window_ms\":259200000}");
    clock_advance(hour_ms);
    hook(&n, "{\"kind\":\"message\",\"id\":\"f2\",\"from\":\"ann\",\"text\":\"more\"}");
    look(c);
    assert_str(test_text(n.app, "reply.window_until"), "2026-01-04T00:00:00.000Z");
    clock_advance(70 * hour_ms);
    look(c);
    assert_str(test_text(n.app, "reply.window"), "open");
    assert_int_equal(answer_as_program(c, ""), 201);
    hook(&n, "{\"kind\":\"message\",\"id\":\"f3\",\"from\":\"ann\",\"text\":\"still\"}");
    look(c); /* the later end counts */
    assert_str(test_text(n.app, "reply.window_until"), "2026-01-04T23:00:00.000Z");
    networks_close(&n);
}

/* ── pieces ── */

#define FIFTY "word word word word word word word word word word "

/* Of three pieces the first has gone, the second not yet; the message. */
static str first_piece_of(str conversation)
{
    assert_int_equal(answer(&n, conversation, FIFTY FIFTY FIFTY FIFTY FIFTY, ""), 201);
    str id = test_text(n.app, "id");
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    peer_answers(n.peer, 503, "", "{}");
    clock_advance(6000);
    world_run(&n.w);
    return id;
}

static void the_rest_goes(void)
{
    int heard = peer_count(n.peer);
    peer_answers(n.peer, 200, "", "{\"id\":\"r2\"}");
    peer_answers(n.peer, 200, "", "{\"id\":\"r3\"}");
    for (int i = 0; i < 4; i++) {
        clock_advance(5000);
        world_run(&n.w);
    }
    assert_int_equal(peer_count(n.peer), heard + 2);
}

static void check_pieces(void **state, const char *news, const char *more)
{
    str c = open_with(state, PRIVATE), id = first_piece_of(c);
    hook(&n, str_z(&n.app->arena,
                 path(&n, "{\"id\":\"r1\",\"ref\":\"%.*s%s\",%s}", SARG(id), more, news)));
    assert_str(message_state(&n.w, c, id), "sending");
    the_rest_goes();
    assert_str(message_state(&n.w, c, id), "sent");
    assert_null(json_path(n.app->json, S("items.2"))); /* no echo stands beside its message */
    hook(&n, "{\"kind\":\"status\",\"id\":\"r3\",\"state\":\"delivered\"}");
    assert_str(message_state(&n.w, c, id), "delivered");
    hook(&n, "{\"kind\":\"reaction\",\"id\":\"r1\",\"from\":\"ann\",\"emoji\":\"+\"}");
    (void)message_state(&n.w, c, id);
    assert_str(test_text(n.app, "items.1.reactions.0.emoji"), "+");
    networks_close(&n);
}

static void a_report_about_one_piece_does_not_end_the_others(void **state)
{
    check_pieces(state, "\"kind\":\"status\",\"state\":\"delivered\"", "");
}

#define ECHO "\"kind\":\"message\",\"from\":\"ann\",\"text\":\"word\",\"ours\":true"

static void an_echo_of_one_piece_does_not_end_the_others(void **state)
{
    check_pieces(state, ECHO, "");
}

static void an_echo_of_one_piece_is_known_by_its_id(void **state)
{
    check_pieces(state, ECHO, "x"); /* a reference that is nobody's */
}

static void check_auth(const char *state, const char *error)
{
    assert_int_equal(ask(&n, "GET", path(&n, "/api/v1/channels/%.*s", SARG(n.channel)), NULL), 200);
    assert_str(test_text(n.app, "auth.state"), state);
    assert_str(test_text(n.app, "auth.error"), error);
}

static void send_one(str conversation, int status, const char *said)
{
    assert_int_equal(answer(&n, conversation, "hello", ""), 201);
    peer_answers(n.peer, status, "", said);
    clock_advance(6000);
    world_run(&n.w);
}

static void what_the_account_lacks_stands_at_the_channel_until_a_send_works(void **state)
{
    str c = open_with(state, PRIVATE);
    send_one(c, 400, "{}"); /* of this message alone */
    check_auth("ok", "");
    send_one(c, 402, "{\"unpaid\":true}");
    check_auth("limited", "There is a problem with the payment.");
    send_one(c, 200, "{\"id\":\"r1\"}"); /* what was told just now is not over */
    check_auth("limited", "There is a problem with the payment.");
    clock_advance(60 * 1000);
    send_one(c, 200, "{\"id\":\"r2\"}");
    check_auth("ok", "");
    send_one(c, 402, "{\"unpaid\":true}");
    send_one(c, 401, "{}");
    check_auth("refused", "Parrot answered 401.");
    test_log_had(LOG_WARN, "could not be made new");
    networks_close(&n);
}

/* ── states ── */

static void the_words_of_a_failure_are_cut_between_characters(void **state)
{
    enum { MOST = 500 };
    str c = open_with(state, PRIVATE);
    struct sb words = sb_make(&n.app->arena, 0);
    for (int i = 0; i < MOST - 1; i++)
        sb_byte(&words, 'a');
    sb_add(&words, S("\xc3\xa9"));
    assert_int_equal(answer(&n, c, "hi", ""), 201);
    str id = test_text(n.app, "id");
    hook(&n,
        str_z(&n.app->arena,
            path(&n,
                "{\"kind\":\"status\",\"state\":\"failed\",\"ref\":\"%.*s\",\"error\":\"%.*s\"}",
                SARG(id), SARG(sb_str(&words)))));
    assert_str(message_state(&n.w, c, id), "failed");
    assert_int_equal(test_text(n.app, "items.1.error").len, MOST - 1);
    networks_close(&n);
}

/* ── acts ── */

static str message_at(str conversation, int nth)
{
    assert_int_equal(
        ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s/messages", SARG(conversation)), NULL),
        200);
    return test_text(n.app, str_z(&n.app->arena, path(&n, "items.%d.id", nth)));
}

static int act(str message, const char *body)
{
    return ask(&n, "POST", path(&n, "/api/v1/messages/%.*s/act", SARG(message)), "%s", body);
}

/* Our reply, sent. */
static str sent(str conversation, const char *text)
{
    assert_int_equal(answer(&n, conversation, text, ""), 201);
    str id = test_text(n.app, "id");
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    clock_advance(6000);
    world_run(&n.w);
    assert_str(message_state(&n.w, conversation, id), "sent");
    return id;
}

static void a_message_is_corrected_and_taken_back_on_the_network(void **state)
{
    str c = open_with(state, PRIVATE), ours = sent(c, "helo");
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(act(ours, "{\"kind\":\"edit\",\"text\":\"hello\"}"), 200);
    assert_str(test_text(n.app, "text"), "helo"); /* the network decides */
    world_run(&n.w);
    (void)message_at(c, 1);
    assert_str(test_text(n.app, "items.1.text"), "hello");
    assert_true(test_text(n.app, "items.1.edited_at").len > 0);
    assert_true(str_find(heard_last(&n).body, S("\"id\":\"r1\"")) > 0);
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(act(ours, "{\"kind\":\"delete\"}"), 200);
    world_run(&n.w);
    (void)message_at(c, 1);
    assert_true(test_text(n.app, "items.1.deleted_at").len > 0);
    assert_int_equal(act(ours, "{\"kind\":\"edit\",\"text\":\"again\"}"), 409);
    networks_close(&n);
}

static void a_reaction_of_ours_is_shown_and_taken_back(void **state)
{
    str c = open_with(state, PRIVATE), theirs = message_at(c, 0);
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(act(theirs, "{\"kind\":\"react\",\"reaction\":\"\xe2\x9d\xa4\"}"), 200);
    world_run(&n.w);
    (void)message_at(c, 0);
    assert_str(test_text(n.app, "items.0.reactions.0.by"), "us");
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(act(theirs, "{\"kind\":\"react\"}"), 200);
    world_run(&n.w);
    (void)message_at(c, 0);
    assert_null(json_path(n.app->json, S("items.0.reactions.0")));
    networks_close(&n);
}

static void hiding_and_refusals_stand_in_the_timeline(void **state)
{
    str c = open_with(state, PUBLIC), theirs = message_at(c, 0);
    peer_answers(n.peer, 200, "", "{}");
    assert_int_equal(act(theirs, "{\"kind\":\"hide\"}"), 200);
    world_run(&n.w);
    (void)message_at(c, 1);
    assert_str(test_text(n.app, "items.1.activity.type"), "hide");
    peer_answers(n.peer, 400, "", "{}");
    assert_int_equal(act(theirs, "{\"kind\":\"unhide\"}"), 200);
    world_run(&n.w);
    (void)message_at(c, 2);
    assert_str(test_text(n.app, "items.2.activity.type"), "act_failed");
    assert_str(test_text(n.app, "items.2.activity.from"), "unhide");
    assert_str(test_text(n.app, "items.2.activity.to"), "Parrot answered 400.");
    networks_close(&n);
}

static void an_act_that_the_network_does_not_know_is_refused(void **state)
{
    str c = open_with(state, PRIVATE), theirs = message_at(c, 0);
    refused(act(theirs, "{\"kind\":\"hide\"}"), 409, "error.code", "conflict.kind");
    refused(act(theirs, "{\"kind\":\"edit\",\"text\":\"x\"}"), 409, "error.code", "conflict.kind");
    refused(act(theirs, "{\"kind\":\"delete\"}"), 409, "error.code", "conflict.kind");
    refused(act(theirs, "{\"kind\":\"react\",\"text\":\"x\"}"), 400, "error.field", "text");
    assert_int_equal(act(theirs, "{\"kind\":\"read\"}"), 400);
    networks_close(&n);
}

/* What the customer does to messages comes in the same way. */
static void edits_deletions_and_reactions_of_the_customer_are_shown(void **state)
{
    str c = open_with(state, PRIVATE);
    hook(&n, "{\"kind\":\"edit\",\"id\":\"m1\",\"from\":\"ann\",\"text\":\"hello!\"}");
    hook(&n, "{\"kind\":\"reaction\",\"id\":\"m1\",\"from\":\"ann\",\"name\":\"Ann\",\"emoji\":"
             "\"\xf0\x9f\x91\x8d\"}");
    hook(&n, "{\"kind\":\"delete\",\"id\":\"m1\",\"from\":\"ann\"}");
    (void)message_at(c, 0);
    assert_str(test_text(n.app, "items.0.text"), "hello!");
    assert_str(test_text(n.app, "items.0.reactions.0.name"), "Ann");
    assert_true(test_text(n.app, "items.0.deleted_at").len > 0);
    networks_close(&n);
}

/* ── courtesies ── */

static void reply_with(str conversation, const char *text, const char *id)
{
    assert_int_equal(answer(&n, conversation, text, ""), 201);
    peer_answers(n.peer, 200, "", str_z(&n.app->arena, path(&n, "{\"id\":\"%s\"}", id)));
    clock_advance(6000);
}

static void the_first_answer_marks_what_it_answers_as_read(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    assert_int_equal(ask(&n, "PATCH", channel, "{\"settings\":{\"marks_read\":null}}"), 200);
    peer_answers(n.peer, 200, "", "{}"); /* it hears of the settings */
    peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    str c = conversation_of(&n,
        "{\"kind\":\"message\",\"id\":\"m1\",\"from\":\"ann\",\"text\":\"hello\",\"token\":\"t-1\"}");
    reply_with(c, "good day", "r1");
    peer_answers(n.peer, 403, "", "{}"); /* nobody hears that it cannot be done */
    world_run(&n.w);
    struct peer_heard heard = heard_last(&n);
    assert_str(heard.target, "/x/api/act");
    assert_true(str_find(heard.body, S("\"id\":\"m1\"")) > 0);
    assert_true(str_find(heard.body, S("\"token\":\"t-1\"")) > 0);
    assert_true(str_find(heard.body, path(&n, "\"kind\":%d", ACT_READ)) > 0);
    int calls = peer_count(n.peer);
    reply_with(c, "anything else?", "r2");
    world_run(&n.w);
    assert_int_equal(peer_count(n.peer), calls + 1);
    assert_str(heard_last(&n).target, "/x/api/send");
    (void)message_at(c, 2);
    assert_null(json_path(n.app->json, S("items.3")));
    assert_int_equal(ask(&n, "GET", channel, NULL), 200);
    networks_close(&n);
}

static int type(str conversation)
{
    return ask(&n, "POST", path(&n, "/api/v1/conversations/%.*s/presence", SARG(conversation)),
        "{\"state\":\"typing\"}");
}

static void a_network_shows_that_somebody_writes_once_in_four_seconds(void **state)
{
    str c = open_with(state, PRIVATE);
    int calls = peer_count(n.peer);
    for (int i = 0; i < 2; i++) {
        peer_answers(n.peer, 500, "", "{}");
        assert_int_equal(type(c), 204);
        assert_int_equal(type(c), 204);
        world_run(&n.w);
        assert_int_equal(peer_count(n.peer), calls + 1 + i);
        assert_str(heard_last(&n).body, "{\"to\":\"ann\"}");
        clock_advance(4000);
    }
    assert_int_equal(type(c), 204);
    clock_advance(6000); /* too late to be true */
    world_run(&n.w);
    assert_int_equal(peer_count(n.peer), calls + 2);
    networks_close(&n);
}

static void nobody_is_shown_that_somebody_writes_in_public(void **state)
{
    str c = open_with(state, PUBLIC);
    int calls = peer_count(n.peer);
    assert_int_equal(type(c), 204);
    world_run(&n.w);
    assert_int_equal(peer_count(n.peer), calls);
    networks_close(&n);
}

/* A network may call each version of a message by another id. */
static void an_edit_that_changes_no_text_still_brings_its_new_id(void **state)
{
    str c = open_with(state, PRIVATE);
    hook(&n,
        "{\"kind\":\"edit\",\"id\":\"m1\",\"alias\":\"m1-2\",\"from\":\"ann\",\"text\":\"hello\"}");
    hook(&n, "{\"kind\":\"delete\",\"id\":\"m1-2\",\"from\":\"ann\"}");
    (void)message_at(c, 0);
    assert_true(test_text(n.app, "items.0.deleted_at").len > 0);
    networks_close(&n);
}

/* ── moving ── */

static void a_conversation_goes_on_on_another_channel_with_its_history(void **state)
{
    str c = open_with(state, PRIVATE);
    str target = path(&n, "/api/v1/conversations/%.*s/move", SARG(c));
    long long api = (long long)n.app->api_channel.v;
    refused(
        ask(&n, "POST", target, "{\"channel_id\":\"%lld\"}", api), 400, "error.field", "address");
    refused(ask(&n, "POST", target, "{\"channel_id\":\"%.*s\"}", SARG(n.channel)), 409,
        "error.code", "conflict");
    refused(ask(&n, "POST", target, "{\"channel_id\":\"%lld\",\"address\":\"x\"}",
                (long long)n.app->widget.v),
        400, "error.field", "address");
    assert_int_equal(
        ask(&n, "POST", target, "{\"channel_id\":\"%lld\",\"address\":\"ann-2\"}", api), 200);
    assert_str(test_text(n.app, "channel.kind"), "api");
    (void)message_at(c, 1);
    assert_str(test_text(n.app, "items.1.activity.type"), "moved");
    assert_str(test_text(n.app, "items.1.activity.from"), "Parrot");
    /* Both places lead to it. */
    assert_int_equal(hook_message(&n.w, "a1", "ann-2", "here I am"), 200);
    world_run(&n.w);
    assert_str(conversation_newest(&n.w), str_z(&n.app->arena, c));
    hook(&n, "{\"kind\":\"message\",\"id\":\"m2\",\"from\":\"ann\",\"text\":\"and here\"}");
    (void)message_at(c, 3);
    assert_str(test_text(n.app, "items.2.text"), "here I am");
    assert_str(test_text(n.app, "items.3.text"), "and here");
    look(c);
    assert_str(test_text(n.app, "channel.kind"), "x"); /* it goes where she writes */
    assert_int_equal(ask(&n, "POST", target, "{\"channel_id\":\"%lld\"}", api), 200);
    assert_str(test_text(n.app, "channel.kind"), "api"); /* Seva knows her there by now */
    networks_close(&n);
}

static void a_reply_goes_where_it_was_written_although_the_conversation_has_moved(void **state)
{
    str c = open_with(state, PUBLIC);
    str target = path(&n, "/api/v1/conversations/%.*s/move", SARG(c));
    assert_int_equal(answer(&n, c, "We are on it", ""), 201); /* held for a moment */
    assert_int_equal(ask(&n, "POST", target, "{\"channel_id\":\"%lld\",\"address\":\"ann-2\"}",
                         (long long)n.app->api_channel.v),
        200);
    peer_answers(n.peer, 200, "", "{\"id\":\"r1\"}");
    clock_advance(6000);
    world_run(&n.w);
    struct peer_heard heard = heard_last(&n);
    assert_true(str_find(heard.body, S("\"to\":\"ann\"")) > 0);
    assert_true(str_find(heard.body, S("\"thread\":\"post:9\"")) > 0);
    assert_true(str_find(heard.body, S("\"reply_to\":\"p1\"")) > 0);
    networks_close(&n);
}

/* What we write in the network's own app is written there. */
static void an_echo_takes_a_moved_conversation_back_to_its_place(void **state)
{
    str c = open_with(state, PRIVATE);
    str target = path(&n, "/api/v1/conversations/%.*s/move", SARG(c));
    assert_int_equal(ask(&n, "POST", target, "{\"channel_id\":\"%lld\",\"address\":\"ann-2\"}",
                         (long long)n.app->api_channel.v),
        200);
    hook(&n,
        "{\"kind\":\"message\",\"id\":\"e1\",\"from\":\"ann\",\"text\":\"by phone\",\"ours\":true}");
    (void)message_at(c, 2);
    assert_str(test_text(n.app, "items.2.text"), "by phone");
    look(c);
    assert_str(test_text(n.app, "channel.kind"), "x");
    networks_close(&n);
}

static void a_conversation_does_not_move_to_somebody_else_or_into_another(void **state)
{
    str c = open_with(state, PRIVATE);
    str target = path(&n, "/api/v1/conversations/%.*s/move", SARG(c));
    assert_int_equal(hook_message(&n.w, "a1", "bo", "hi"), 200);
    world_run(&n.w);
    refused(ask(&n, "POST", target, "{\"channel_id\":\"%lld\",\"address\":\"bo\"}",
                (long long)n.app->api_channel.v),
        409, "error.code", "conflict");
    str capture = S("{\"kind\":\"x\",\"name\":\"C\",\"settings\":{\"way\":\"capture\"}}");
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"), "%.*s", SARG(capture)), 201);
    refused(ask(&n, "POST", target, "{\"channel_id\":\"%.*s\",\"address\":\"ann\"}",
                SARG(test_text(n.app, "id"))),
        400, "error.field", "channel_id");
    networks_close(&n);
}

/* ── capture ── */

#define SEEN                                                                                       \
    "{\"network\":\"x\",\"url\":\"https://x.example/asha/1\",\"text\":\"where is it?\","           \
    "\"author_name\":\"Asha\",\"author_handle\":\"@Asha_R\",\"at\":\"2025-12-31T23:00:00.000Z\"}"

static void a_post_that_was_seen_becomes_a_message_and_is_answered_there(void **state)
{
    networks_open(&n, *state);
    refused(ask(&n, "POST", S("/api/v1/capture"), SEEN), 409, "error.code", "conflict.no_channel");
    assert_int_equal(ask(&n, "POST", S("/api/v1/channels"),
                         "{\"kind\":\"x\",\"name\":\"Seen\",\"settings\":{\"way\":\"capture\"}}"),
        201);
    world_run(&n.w);
    assert_int_equal(peer_count(n.peer), 0); /* nothing is told to the network */
    assert_int_equal(ask(&n, "POST", S("/api/v1/capture"), SEEN), 200);
    assert_int_equal(test_int(n.app, "accepted"), 1);
    str made = test_text(n.app, "conversation_id"), message = test_text(n.app, "message_id");
    assert_int_equal(ask(&n, "POST", S("/api/v1/capture"), SEEN), 200);
    assert_int_equal(test_int(n.app, "duplicates"), 1);
    assert_true(str_eq(test_text(n.app, "conversation_id"), made));
    assert_true(str_eq(test_text(n.app, "message_id"), message));
    world_run(&n.w);
    str c = conversation_newest(&n.w);
    assert_true(str_eq(c, made));
    look(c);
    assert_true(str_eq(test_text(n.app, "last_message_id"), message));
    assert_str(test_text(n.app, "contact.name"), "Asha");
    assert_str(test_text(n.app, "post.url"), "https://x.example/asha/1");
    assert_str(test_text(n.app, "reply.answer_url"), "https://x.example/asha/1");
    assert_false(json_bool(json_path(n.app->json, S("reply.public")), true));
    refused(answer(&n, c, "on its way", ""), 409, "error.code", "conflict.capture");
    assert_str(test_text(n.app, "error.details.url"), "https://x.example/asha/1");
    (void)message_at(c, 0);
    assert_str(test_text(n.app, "items.0.text"), "where is it?");
    assert_str(test_text(n.app, "items.0.sent_at"), "2025-12-31T23:00:00.000Z");
    assert_str(test_text(n.app, "items.0.visibility"), "public");
    networks_close(&n);
}

static void what_is_no_post_is_refused(void **state)
{
    networks_open(&n, *state);
    refused(ask(&n, "POST", S("/api/v1/capture"),
                "{\"network\":\"x\",\"url\":\"javascript:x\",\"author_name\":\"A\"}"),
        400, "error.field", "url");
    refused(ask(&n, "POST", S("/api/v1/capture"),
                "{\"network\":\"x\",\"url\":\"https://x.example/1\"}"),
        400, "error.field", "author_name");
    networks_close(&n);
}

/* ── streams ── */

static bool reaches(atomic_int *count, int wanted)
{
    enum { MOST_MS = 60 * 1000 };
    for (int ms = 0; ms < MOST_MS && atomic_load(count) < wanted; ms++)
        (void)poll(NULL, 0, 1); /* nothing to poll: a moment */
    return atomic_load(count) >= wanted;
}

static void check_stream(void **state, const char *change)
{
    networks_open(&n, *state);
    channel_connect(&n);
    struct streams *streams = streams_open(n.w.engine);
    assert_non_null(streams);
    atomic_store(&parrot_taken, 0);
    assert_true(reaches(&parrot_streams, 1));
    int ended = atomic_load(&parrot_ended);
    while (atomic_load(&parrot_taken) < 2)
        (void)poll(NULL, 0, 1);
    str channel = path(&n, "/api/v1/channels/%.*s", SARG(n.channel));
    assert_int_equal(ask(&n, "PATCH", channel, "%s", change), 200);
    bool has_ended = reaches(&parrot_ended, ended + 1);
    streams_close(streams);
    assert_true(has_ended);
    networks_close(&n);
}

static void a_channel_that_is_switched_off_is_not_listened_to(void **state)
{
    check_stream(state, "{\"is_enabled\":false}");
}

static void new_credentials_are_listened_with_at_once(void **state)
{
    check_stream(state, "{\"settings\":{\"access_token\":\"tok-2\"}}");
}

/* Else two nodes would take a slow one from each other for ever. */
static void a_long_message_keeps_its_stream_for_as_long_as_it_comes(void **state)
{
    networks_open(&n, *state);
    channel_connect(&n);
    atomic_store(&parrot_kept, 0);
    atomic_store(&parrot_pieces, 5);
    struct streams *streams = streams_open(n.w.engine);
    assert_non_null(streams);
    bool are_kept = reaches(&parrot_kept, 5), is_held = true;
    struct ctx *cx = test_begin(n.w.app);
    str name = str_print(cx->arena, "listen:%.*s", SARG(n.channel));
    assert_ok(lease_hold(cx->db, name, 4711, clock_now_ms(), clock_now_ms() + 1, &is_held));
    test_rollback(n.w.app, cx);
    atomic_store(&parrot_pieces, 0);
    streams_close(streams);
    assert_true(are_kept);
    if (db_kind_of(n.w.app->db) == DB_POSTGRES) /* SQLite: there is no other node */
        assert_false(is_held);
    networks_close(&n);
}

/* ── credentials ── */

static const char *entered; /* by an administrator, while the network makes new tokens */

static void enter_meanwhile(void)
{
    parrot_renewing = NULL;
    assert_int_equal(ask(&n, "PATCH", path(&n, "/api/v1/channels/%.*s", SARG(n.channel)),
                         "{\"settings\":{%s}}", entered),
        200);
}

/* The token is refused and made new; the authorisation of the send after it. */
static str sent_with_new_token(str conversation, const char *made, const char *meanwhile)
{
    assert_int_equal(answer(&n, conversation, "hello", ""), 201);
    entered = meanwhile;
    parrot_renewing = enter_meanwhile;
    peer_answers(n.peer, 401, "", "{}");
    peer_answers(n.peer, 200, "", str_z(&n.app->arena, path(&n, "{\"token\":\"%s\"}", made)));
    peer_answers(n.peer, 200, "", "{\"id\":\"r\"}");
    peer_answers(n.peer, 200, "", "{}"); /* job subscribe, since the settings have changed */
    int before = peer_count(n.peer);
    clock_advance(6000);
    world_run(&n.w);
    assert_true(peer_count(n.peer) >= before + 3);
    struct peer_heard renewed = peer_heard(n.peer, before + 1);
    struct peer_heard heard = peer_heard(n.peer, before + 2);
    assert_str(renewed.target, "/x/api/renew");
    assert_str(heard.target, "/x/api/send");
    return str_print(
        &n.app->arena, "%.*s %.*s", SARG(renewed.body), SARG(peer_header(&heard, "Authorization")));
}

static void new_tokens_do_not_undo_what_was_entered_meanwhile(void **state)
{
    str c = open_with(state, PRIVATE);
    entered = "\"client_secret\":\"renew-1\"";
    enter_meanwhile();
    peer_answers(n.peer, 200, "", "{}"); /* job subscribe */
    world_run(&n.w);
    assert_str(sent_with_new_token(c, "tok-2", "\"client_secret\":\"renew-2\""),
        "{\"secret\":\"renew-1\"} Bearer tok-2");
    assert_str(sent_with_new_token(c, "tok-3", "\"access_token\":\"tok-9\""),
        "{\"secret\":\"renew-2\"} Bearer tok-9");
    networks_close(&n);
}

static str page_connect(const char *name, const char *account)
{
    peer_answers(n.peer, 200, "", "{}"); /* it hears where to call */
    peer_answers(n.peer, 200, "", "{\"templates\":[]}");
    assert_int_equal(
        ask(&n, "POST", S("/api/v1/channels"),
            "{\"kind\":\"x\",\"name\":\"%s\",\"external_id\":\"%s\",\"settings\":"
            "{\"access_token\":\"tok-1\",\"client_id\":\"cid\",\"client_secret\":\"app-secret\"}}",
            name, account),
        201);
    str channel = test_text(n.app, "id");
    n.key = test_text(n.app, "public_key");
    n.secret = test_text(n.app, "secret");
    world_run(&n.w);
    return channel;
}

static void check_talk(int place, str channel, const char *preview)
{
    struct arena *a = &n.app->arena;
    assert_int_equal(ask(&n, "GET", S("/api/v1/conversations?sort=oldest"), NULL), 200);
    assert_str(test_text(n.app, str_z(a, str_print(a, "items.%d.preview", place))), preview);
    str is = test_text(n.app, str_z(a, str_print(a, "items.%d.channel.id", place)));
    assert_true(str_eq(is, channel));
}

/* An application has one address; its pages' messages come mixed. */
static void messages_of_several_accounts_in_one_delivery_go_to_their_channels(void **state)
{
    networks_open(&n, *state);
    str first = page_connect("A", "77"), second = page_connect("B", "78");
    hook(&n,
        "{\"kind\":\"message\",\"id\":\"1\",\"account\":\"78\",\"from\":\"a\",\"text\":\"1\"},"
        "{\"kind\":\"message\",\"id\":\"2\",\"account\":\"77\",\"from\":\"b\",\"text\":\"2\"},"
        "{\"kind\":\"message\",\"id\":\"3\",\"account\":\"78\",\"from\":\"c\",\"text\":\"3\"},"
        "{\"kind\":\"message\",\"id\":\"4\",\"account\":\"79\",\"from\":\"d\",\"text\":\"4\"},"
        "{\"kind\":\"message\",\"id\":\"5\",\"account\":\"77\",\"from\":\"e\",\"text\":\"5\"}");
    check_talk(0, second, "1");
    check_talk(1, first, "2");
    check_talk(2, second, "3");
    check_talk(3, first, "5");
    assert_int_equal(ask(&n, "GET", S("/api/v1/quarantine"), NULL), 200);
    assert_true(body_has(&n, "No channel is connected to the account 79"));
    networks_close(&n);
}

static void a_delivery_state_that_is_not_known_is_passed_over(void **state)
{
    str c = open_with(state, PRIVATE);
    send_one(c, 200, "{\"id\":\"r1\"}");
    hook(&n, "{\"kind\":\"status\",\"id\":\"r1\",\"state\":\"teleported\"},"
             "{\"kind\":\"status\",\"id\":\"nobody\",\"state\":\"\"},"
             "{\"kind\":\"message\",\"id\":\"m2\",\"from\":\"ann\",\"text\":\"thanks\"},"
             "{\"kind\":\"status\",\"id\":\"r1\",\"state\":\"delivered\"}");
    (void)message_at(c, 2);
    assert_str(test_text(n.app, "items.1.state"), "delivered");
    assert_str(test_text(n.app, "items.2.text"), "thanks");
    test_log_had(LOG_WARN, "\"state\":\"teleported\"");
    test_log_had(LOG_WARN, "\"state\":\"\"");
    networks_close(&n);
}

/* ── the end of a channel ── */

static int64_t rows_of(const char *table)
{
    struct number {
        int64_t n;
    } number = {0};
    static const struct db_col cols[] = {COL(struct number, n)};
    struct ctx *cx = test_begin(n.app);
    str sql = path(&n, "SELECT /* test */ COUNT(*) AS n FROM %s", table);
    assert_ok(db_one(cx->db, sql, NO_ARGS, COLS(cols), &number));
    test_commit(n.app, cx);
    return number.n;
}

static void what_only_served_a_removed_channel_goes_and_history_stays(void **state)
{
    str c = open_with(state, PUBLIC);
    hook(&n,
        "{\"kind\":\"message\",\"id\":\"p2\",\"alias\":\"p2b\",\"from\":\"ann\",\"text\":\"?\","
        "\"public\":true,\"post\":\"9\"}");
    hook(&n, "{\"kind\":\"status\",\"id\":\"elsewhere\",\"state\":\"read\"}");
    send_one(c, 500, "{}");
    struct reconciliation compared = {.until_ms = 1};
    assert_ok(id_parse(n.channel, &compared.channel_id.v));
    struct ctx *cx = test_begin(n.app);
    assert_ok(reconciliation_add(cx, &compared));
    test_commit(n.app, cx);
    assert_int_equal(rows_of("pace"), 1);
    assert_int_equal(rows_of("early"), 1);
    assert_int_equal(rows_of("reconciliation"), 1);
    assert_int_equal(
        ask(&n, "DELETE", path(&n, "/api/v1/channels/%.*s", SARG(n.channel)), NULL), 204);
    assert_int_equal(rows_of("pace"), 0);
    assert_int_equal(rows_of("early"), 0);
    assert_int_equal(rows_of("reconciliation"), 0);
    assert_int_equal(rows_of("channel_cursor"), 0);
    assert_int_equal(rows_of("message_alias"), 1);
    assert_int_equal(rows_of("post"), 1);
    networks_close(&n);
}

static void a_conversation_says_of_which_network_its_removed_channel_was(void **state)
{
    str c = open_with(state, PRIVATE);
    assert_int_equal(ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s", SARG(c)), NULL), 200);
    str kind = str_copy(test_arena(), test_text(n.app, "channel.kind"));
    str contact = str_copy(test_arena(), test_text(n.app, "contact.id"));
    assert_true(kind.len > 0);
    assert_int_equal(
        ask(&n, "DELETE", path(&n, "/api/v1/channels/%.*s", SARG(n.channel)), NULL), 204);
    assert_int_equal(ask(&n, "GET", path(&n, "/api/v1/conversations/%.*s", SARG(c)), NULL), 200);
    assert_true(str_eq(test_text(n.app, "channel.kind"), kind));
    assert_str(test_text(n.app, "channel.name"), "");
    assert_int_equal(ask(&n, "GET", path(&n, "/api/v1/contacts/%.*s", SARG(contact)), NULL), 200);
    assert_true(str_eq(test_text(n.app, "identities.0.channel_kind"), kind));
    assert_int_equal(answer(&n, c, "hello", ""), 409); /* nothing can be answered there */
    networks_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(a_public_message_is_answered_publicly_below_its_post),
        TEST_APP(personal_data_goes_public_only_when_it_is_confirmed),
        TEST_APP(a_private_conversation_has_no_public_reply),
        TEST_APP(a_text_that_is_too_long_is_refused_unless_it_may_be_split),
        TEST_APP(a_file_that_does_not_go_there_is_refused_with_what_fits),
        TEST_APP(a_big_picture_goes_with_the_address_of_a_small_one),
        TEST_APP(parts_are_those_that_the_network_knows),
        TEST_APP(only_a_message_of_the_conversation_can_be_answered),
        TEST_APP(the_window_goes_from_open_over_late_to_templates),
        TEST_APP(who_came_and_wrote_nothing_has_opened_no_window),
        TEST_APP(the_window_of_an_advertisement_is_as_long_as_the_network_says),
        TEST_APP(new_tokens_do_not_undo_what_was_entered_meanwhile),
        TEST_APP(messages_of_several_accounts_in_one_delivery_go_to_their_channels),
        TEST_APP(a_delivery_state_that_is_not_known_is_passed_over),
        TEST_APP(what_only_served_a_removed_channel_goes_and_history_stays),
        TEST_APP(a_conversation_says_of_which_network_its_removed_channel_was),
        TEST_APP(what_the_account_lacks_stands_at_the_channel_until_a_send_works),
        TEST_APP(a_report_about_one_piece_does_not_end_the_others),
        TEST_APP(an_echo_of_one_piece_does_not_end_the_others),
        TEST_APP(an_echo_of_one_piece_is_known_by_its_id),
        TEST_APP(the_words_of_a_failure_are_cut_between_characters),
        TEST_APP(a_message_is_corrected_and_taken_back_on_the_network),
        TEST_APP(a_reaction_of_ours_is_shown_and_taken_back),
        TEST_APP(hiding_and_refusals_stand_in_the_timeline),
        TEST_APP(an_act_that_the_network_does_not_know_is_refused),
        TEST_APP(edits_deletions_and_reactions_of_the_customer_are_shown),
        TEST_APP(the_first_answer_marks_what_it_answers_as_read),
        TEST_APP(a_network_shows_that_somebody_writes_once_in_four_seconds),
        TEST_APP(nobody_is_shown_that_somebody_writes_in_public),
        TEST_APP(an_edit_that_changes_no_text_still_brings_its_new_id),
        TEST_APP(a_conversation_goes_on_on_another_channel_with_its_history),
        TEST_APP(a_reply_goes_where_it_was_written_although_the_conversation_has_moved),
        TEST_APP(an_echo_takes_a_moved_conversation_back_to_its_place),
        TEST_APP(a_conversation_does_not_move_to_somebody_else_or_into_another),
        TEST_APP(a_post_that_was_seen_becomes_a_message_and_is_answered_there),
        TEST_APP(what_is_no_post_is_refused),
        TEST_APP(a_channel_that_is_switched_off_is_not_listened_to),
        TEST_APP(new_credentials_are_listened_with_at_once),
        TEST_APP(a_long_message_keeps_its_stream_for_as_long_as_it_comes),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
