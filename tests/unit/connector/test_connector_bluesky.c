/* Bluesky: golden deliveries, sessions that rotate, lists that are read until they are known, posts
 * with their keys and facets, chat, files, and what every error means. */
#include "connector/bluesky.h"

#include "base/id.h"
#include "channel.h"

#define SEVA              "did:plc:seva"
#define ASHA              "did:plc:asha"
#define POST_OF(did, key) "at://" did "/app.bsky.feed.post/" key
/* {"exp":1767232800}: two hours after TEST_NOW_MS */
#define JWT(sign) "eyJhbGciOiJub25lIn0.eyJleHAiOjE3NjcyMzI4MDB9." sign

static struct channel open_it(void)
{
    struct channel ch = channel_open_bare("bluesky", SEVA, "{\"identifier\":\"@care.example.com\"}",
        "{\"app_password\":\"app-pass\",\"access_token\":\"acc\",\"refresh_token\":\"ref\",\"pds\":"
        "\"https://old.pds\",\"mine\":[1]}");
    ch.setup.hosts = str_print(
        test_arena(), "bluesky.api=%.*s;bluesky.cdn=https://cdn.x", SARG(peer_url(ch.peer)));
    return ch;
}

static struct peer_heard heard(
    struct channel *ch, int nth, const char *method, const char *target, const char *token)
{
    struct peer_heard h = peer_heard(ch->peer, nth);
    assert_str(h.method, method);
    assert_str(h.target, target);
    assert_str(peer_header(&h, "Authorization"),
        *token ? str_z(test_arena(), str_print(test_arena(), "Bearer %s", token)) : "");
    return h;
}

static void assert_chat(const struct peer_heard *h)
{
    assert_str(peer_header(h, "atproto-proxy"), "did:web:api.bsky.chat#bsky_chat");
}

/* ── receiving ── */

static void every_delivery_is_read_as_its_golden_file_says(void **state)
{
    (void)state;
    golden_check_all_as("bluesky", "poll " SEVA);
}

#define NOTE(key, at)                                                                                        \
    "{\"uri\":\"" POST_OF(ASHA,                                                                              \
        key) "\",\"cid\":\"c\",\"author\":{\"did\":\"" ASHA                                                  \
             "\",\"handle\":\"a.x\"},\"reason\":\"reply\",\"record\":{\"text\":\"Hi\",\"reply\":{\"root\":{" \
             "\"uri\":\"" POST_OF(SEVA, "r0") "\",\"cid\":\"r\"},\"parent\":{\"uri\":\"" POST_OF(            \
                 SEVA, "r0") "\",\"cid\":\"r\"}}},\"indexedAt\":\"" at "\"}"
#define NOTES                                                                                      \
    "/xrpc/app.bsky.notification.listNotifications?limit=100&reasons=mention&reasons="             \
    "reply&reasons=quote"
#define AT_0    "2025-12-31T23:59:00.000Z"
#define AT_1    "2025-12-31T23:59:30.000Z"
#define AT_OLD  "2025-12-31T20:00:00.000Z"
#define NOTHING "{\"feed\":[]}"
#define NO_LOGS "{\"logs\":[],\"cursor\":\"22a\"}"

static void notifications_are_read_until_they_are_known_and_given_oldest_first(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "",
        "{\"cursor\":\"n2\",\"notifications\":[" NOTE("3", AT_1) "," NOTE("2", AT_0) "]}");
    peer_answers(ch.peer, 200, "",
        "{\"cursor\":\"n3\",\"notifications\":[" NOTE("1", AT_0) "," NOTE("0", AT_OLD) "]}");
    peer_answers(ch.peer, 200, "",
        "{\"posts\":[{\"uri\":\"" POST_OF(
            SEVA, "r0") "\",\"author\":{\"did\":\"" SEVA
                        "\",\"handle\":\"care.example.com\"},\"record\":{\"text\":\"Open\"}}]}");
    peer_answers(ch.peer, 200, "", NOTHING);
    peer_answers(ch.peer, 200, "", NO_LOGS);
    struct connector_polled p = channel_polls(&ch,
        S("{\"at\":1767225540000,\"known\":[\"" POST_OF(
            ASHA, "1") "\"],\"own\":\"3kx\",\"log\":\"22\"}"),
        0);
    heard(&ch, 0, "GET", NOTES, "acc");
    heard(&ch, 1, "GET", NOTES "&cursor=n2", "acc");
    assert_int_equal(p.end.outcome, CONNECTOR_SENT);
    assert_int_equal(p.n, 2);
    assert_str(p.deliveries[0].key, "p:" POST_OF(ASHA, "2"));
    assert_str(p.deliveries[1].key, "p:" POST_OF(ASHA, "3"));
    assert_str(p.deliveries[0].origin, "poll " SEVA);
    assert_true(str_find(p.deliveries[0].body, S("\"text\":\"Open\"")) > 0);
    assert_str(p.cursors,
        "{\"at\":1767225570000,\"known\":[\"" POST_OF(ASHA, "3") "\",\"" POST_OF(ASHA,
            "2") "\",\"" POST_OF(ASHA, "1") "\"],\"own\":\"3kx\",\"log\":\"22a\",\"chat_ms\":0}");
    channel_close(&ch);
}

static void the_first_look_goes_back_a_day_and_comparing_as_far_as_asked(void **state)
{
    (void)state;
    struct channel ch = open_it();
    const char *const page = "{\"cursor\":\"n2\",\"notifications\":[" NOTE("2", AT_OLD) "," NOTE(
        "1", "2025-12-30T00:00:00.000Z") "]}";
    peer_answers(ch.peer, 200, "", page);
    peer_answers(ch.peer, 400, "", "{\"error\":\"InvalidRequest\"}"); /* no roots: as well */
    peer_answers(ch.peer, 200, "", NOTHING);
    peer_answers(ch.peer, 200, "", NO_LOGS);
    assert_int_equal(channel_polls(&ch, S("{}"), 0).n, 1);
    peer_answers(ch.peer, 200, "", page);
    peer_answers(ch.peer, 200, "", "{\"posts\":[]}");
    peer_answers(ch.peer, 200, "", NOTHING);
    peer_answers(ch.peer, 200, "", NO_LOGS);
    struct connector_polled p = channel_polls(&ch,
        S("{\"at\":1767225570000,\"known\":[],\"log\":\"22\"}"), TEST_NOW_MS - 6 * 3600 * 1000);
    assert_int_equal(p.n, 1);
    channel_close(&ch);
}

static void what_the_list_refuses_moves_no_cursor(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(
        ch.peer, 400, "", "{\"error\":\"ExpiredToken\",\"message\":\"Token has expired\"}");
    struct connector_polled p = channel_polls(&ch, S("{\"at\":1}"), 0);
    assert_int_equal(p.end.outcome, CONNECTOR_REAUTH);
    assert_int_equal(p.n, 0);
    assert_int_equal(p.cursors.len, 0);
    peer_answers(ch.peer, 200, "", "{\"cursor\":\"n2\",\"notifications\":[" NOTE("3", AT_1) "]}");
    peer_answers(ch.peer, 429,
        "RateLimit-Limit: 3000\r\nRateLimit-Remaining: 0\r\nRateLimit-Reset: 1767225700\r\n",
        "{\"error\":\"RateLimitExceeded\",\"message\":\"Rate Limit Exceeded\"}");
    p = channel_polls(&ch, S("{\"at\":1}"), 0);
    assert_int_equal(p.end.outcome, CONNECTOR_WAIT);
    assert_int_equal(p.end.wait_until_ms, INT64_C(1767225700000));
    assert_int_equal(p.n, 0);
    channel_close(&ch);
}

static void own_answers_of_other_programs_come_too(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"notifications\":[]}");
    peer_answers(ch.peer, 200, "",
        "{\"feed\":[{\"post\":{\"uri\":\"" POST_OF(SEVA,
            "3kz") "\",\"cid\":\"c\",\"author\":{\"did\":\"" SEVA
                   "\"},\"record\":{\"text\":\"Sorry\",\"reply\":{"
                   "\"root\":{\"uri\":\"" POST_OF(
                       ASHA, "1") "\",\"cid\":\"r\"},\"parent\":{\"uri\":\"" POST_OF(ASHA,
                       "1") "\",\"cid\":\"r\"}}}}},{\"post\":{\"uri\":\"" POST_OF(SEVA,
                       "3ky") "\",\"record\":{\"text\":\"News\"}}},{\"post\":{\"uri\":\"" POST_OF(ASHA,
                       "3kzz") "\"}},{\"post\":{\"uri\":\"" POST_OF(SEVA, "3ka") "\"}}]}");
    peer_answers(ch.peer, 200, "", NO_LOGS);
    struct connector_polled p =
        channel_polls(&ch, S("{\"at\":1767225540000,\"own\":\"3kx\",\"log\":\"22\"}"), 0);
    heard(&ch, 1, "GET",
        "/xrpc/app.bsky.feed.getAuthorFeed?actor=did%3Aplc%3Aseva&filter=posts_with_replies&limit=30",
        "acc");
    assert_int_equal(p.n, 1);
    assert_str(p.deliveries[0].key, "p:" POST_OF(SEVA, "3kz"));
    assert_true(str_find(p.cursors, S("\"own\":\"3kz\"")) > 0);
    channel_close(&ch);
}

static void the_chats_log_is_read_on_with_the_people_of_each_conversation(void **state)
{
    (void)state;
    struct channel ch = open_it();
#define LOGGED(rev)                                                                                \
    "{\"$type\":\"chat.bsky.convo.defs#logCreateMessage\",\"rev\":\"" rev                          \
    "\",\"convoId\":\"3kc\",\"message\":{\"id\":\"m" rev                                           \
    "\",\"text\":\"Hi\",\"sender\":{\"did\":\"" ASHA "\"},\"sentAt\":\"" AT_1 "\"}}"
    peer_answers(ch.peer, 200, "", "{\"notifications\":[]}");
    peer_answers(ch.peer, 200, "", NOTHING);
    peer_answers(ch.peer, 200, "",
        "{\"logs\":[" LOGGED("23") "," LOGGED(
            "24") ",{\"$type\":\"x\",\"rev\":\"25\"}],\"cursor\":\"25\"}");
    peer_answers(ch.peer, 200, "",
        "{\"convo\":{\"id\":\"3kc\",\"members\":[{\"did\":\"" SEVA "\"},{\"did\":\"" ASHA
        "\",\"handle\":\"a.x\"}],\"status\":\"request\"}}");
    peer_answers(ch.peer, 200, "", "{\"logs\":[],\"cursor\":\"25\"}");
    struct connector_polled p = channel_polls(&ch, S("{\"at\":1767225540000,\"log\":\"22\"}"), 0);
    struct peer_heard h = heard(&ch, 2, "GET", "/xrpc/chat.bsky.convo.getLog?cursor=22", "acc");
    assert_chat(&h);
    h = heard(&ch, 3, "GET", "/xrpc/chat.bsky.convo.getConvo?convoId=3kc", "acc");
    assert_chat(&h);
    assert_int_equal(p.n, 2);
    assert_str(p.deliveries[1].key, "c:3kc:24");
    assert_true(str_find(p.cursors, S("\"log\":\"25\"")) > 0);
    channel_close(&ch);
}

static void a_password_without_chat_leaves_the_posts_alone(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"notifications\":[]}");
    peer_answers(ch.peer, 200, "", NOTHING);
    peer_answers(ch.peer, 403, "", "{\"error\":\"InvalidToken\",\"message\":\"Bad token method\"}");
    struct connector_polled p = channel_polls(&ch, S("{\"at\":1767225540000,\"log\":\"22\"}"), 0);
    assert_int_equal(p.end.outcome, CONNECTOR_SENT);
    assert_true(str_find(p.cursors, S("\"chat_ms\":1767229200000")) > 0);
    peer_answers(ch.peer, 200, "", "{\"notifications\":[]}");
    peer_answers(ch.peer, 200, "", NOTHING);
    (void)channel_polls(&ch, p.cursors, 0);
    assert_int_equal(peer_count(ch.peer), 5);
    channel_close(&ch);
}

/* ── posts ── */

#define TOKEN "{\"cid\":\"pc\",\"root\":{\"uri\":\"" POST_OF(SEVA, "r0") "\",\"cid\":\"rc\"}}"

static struct connector_outgoing answer_to(const char *text)
{
    return (struct connector_outgoing){.text = str_from(text),
        .reply_to = S(POST_OF(ASHA, "1")),
        .is_public = true,
        .token = S(TOKEN)};
}

static struct connector_sent send_one(struct channel *ch, struct connector_outgoing out)
{
    out.delivery_id = S("m1");
    if (!out.to.len)
        out.to = S(ASHA);
    return channel_sends(ch, out);
}

static str our_uri(void)
{
    return str_cat(test_arena(), S("at://" SEVA "/app.bsky.feed.post/"),
        bluesky_tid(test_arena(), S("m1"), S(SEVA)));
}

static void an_answer_has_the_key_of_its_delivery_its_root_and_its_parent(void **state)
{
    (void)state;
    struct channel ch = open_it();
    str posted = str_print(test_arena(), "{\"uri\":\"%.*s\",\"cid\":\"x\"}", SARG(our_uri()));
    peer_answers(ch.peer, 200, "", str_z(test_arena(), posted));
    struct connector_sent sent = send_one(&ch, answer_to("Sorry"));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(str_eq(sent.external_id, our_uri()));
    struct peer_heard h = heard(&ch, 0, "POST", "/xrpc/com.atproto.repo.createRecord", "acc");
    str tid = bluesky_tid(test_arena(), S("m1"), S(SEVA));
    assert_str(h.body,
        str_z(test_arena(),
            str_print(test_arena(),
                "{\"repo\":\"" SEVA "\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"%.*s\","
                "\"record\":{\"$type\":\"app.bsky.feed.post\",\"text\":\"Sorry\",\"createdAt\":"
                "\"2026-01-01T00:00:00.000Z\",\"reply\":{\"root\":{\"uri\":\"" POST_OF(
                    SEVA, "r0") "\",\"cid\":\"rc\"},\"parent\":{\"uri\":\"" POST_OF(ASHA,
                    "1") "\",\"cid\":\"pc\"}}}}",
                SARG(tid))));
    channel_close(&ch);
}

static void a_key_is_the_same_for_every_try_and_its_time_is_the_messages(void **state)
{
    (void)state;
    static const char letters[] = "234567abcdefghijklmnopqrstuvwxyz";
    int64_t id = id_make(TEST_NOW_MS);
    str first = str_print(test_arena(), "%lld", (long long)id);
    str second = str_print(test_arena(), "%lld.2", (long long)id);
    str x = bluesky_tid(test_arena(), first, S(SEVA)),
        y = bluesky_tid(test_arena(), second, S(SEVA));
    assert_true(str_eq(x, bluesky_tid(test_arena(), first, S(SEVA))));
    assert_false(str_eq(x, y));
    assert_false(str_eq(x, bluesky_tid(test_arena(), first, S(ASHA))));
    uint64_t n = 0;
    assert_int_equal(x.len, 13);
    for (ptrdiff_t i = 0; i < x.len; i++)
        n = n << 5 | (uint64_t)str_find_byte(str_from(letters), x.at[i]);
    assert_true(n >> 63 == 0);
    assert_int_equal((int64_t)(n >> 10) / 1000, TEST_NOW_MS);
    assert_int_equal(bluesky_tid(test_arena(), S("no number"), S(SEVA)).len, 13);
}

static void addresses_tags_and_handles_that_exist_are_linked_by_their_bytes(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"did\":\"" ASHA "\"}");
    peer_answers(
        ch.peer, 400, "", "{\"error\":\"InvalidRequest\",\"message\":\"Unable to resolve\"}");
    peer_answers(ch.peer, 200, "", "{\"uri\":\"" POST_OF(SEVA, "x") "\"}");
    (void)send_one(
        &ch, answer_to("é @asha.example.com, see https://example.com/a #help @no.example.com"));
    heard(&ch, 0, "GET", "/xrpc/com.atproto.identity.resolveHandle?handle=asha.example.com", "acc");
    str body = peer_heard(ch.peer, 2).body;
    assert_true(
        str_find(body,
            S("\"facets\":[{\"index\":{\"byteStart\":3,\"byteEnd\":20},\"features\":[{\"$type\":"
              "\"app.bsky.richtext.facet#mention\",\"did\":\"" ASHA "\"}]},{\"index\":{"
              "\"byteStart\":26,\"byteEnd\":47},\"features\":[{\"$type\":\"app.bsky.richtext."
              "facet#link\",\"uri\":\"https://example.com/a\"}]},{\"index\":{\"byteStart\":48,"
              "\"byteEnd\":53},\"features\":[{\"$type\":\"app.bsky.richtext.facet#tag\","
              "\"tag\":\"help\"}]}]")) > 0);
    channel_close(&ch);
}

static void without_a_token_what_it_answers_is_looked_up(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = answer_to("Sorry");
    out.token = (str){0};
    peer_answers(ch.peer, 200, "",
        "{\"posts\":[{\"uri\":\"" POST_OF(
            ASHA, "1") "\",\"cid\":\"pc\",\"record\":{\"text\":\"Hi\"}}]}");
    peer_answers(ch.peer, 200, "", "{\"uri\":\"" POST_OF(SEVA, "x") "\"}");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    assert_true(str_find(peer_heard(ch.peer, 1).body,
                    S("\"reply\":{\"root\":{\"uri\":\"" POST_OF(
                        ASHA, "1") "\",\"cid\":\"pc\"},\"parent\":{\"uri\":\"" POST_OF(ASHA,
                        "1") "\",\"cid\":\"pc\"}}")) > 0);
    /* A further piece answers our own post, which only its own server is sure to have. */
    out.reply_to = S(POST_OF(SEVA, "p1"));
    peer_answers(ch.peer, 200, "",
        "{\"uri\":\"x\",\"cid\":\"oc\",\"value\":{\"text\":\"1\",\"reply\":{\"root\":{\"uri\":\"" POST_OF(
            ASHA, "1") "\",\"cid\":\"pc\"}}}}");
    peer_answers(ch.peer, 200, "", "{\"uri\":\"" POST_OF(SEVA, "x") "\"}");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    heard(&ch, 2, "GET",
        "/xrpc/com.atproto.repo.getRecord?repo=did%3Aplc%3Aseva&collection=app.bsky.feed.post&rkey=p1",
        "acc");
    out.reply_to = S(POST_OF(ASHA, "1"));
    peer_answers(ch.peer, 200, "", "{\"posts\":[]}");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

static void a_repetition_finds_the_post_that_is_there(void **state)
{
    (void)state;
    struct channel ch = open_it();
    const char *const there =
        "{\"uri\":\"u\",\"cid\":\"c\",\"value\":{\"text\":\"Sorry\",\"reply\":{\"parent\":{\"uri\":\"" POST_OF(
            ASHA, "1") "\"}}}}";
    peer_answers(ch.peer, 500, "", "{\"error\":\"InternalServerError\"}");
    peer_answers(ch.peer, 200, "", there);
    struct connector_sent sent = send_one(&ch, answer_to("Sorry"));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_true(str_eq(sent.external_id, our_uri()));
    peer_answers(
        ch.peer, 400, "", "{\"error\":\"InvalidRequest\",\"message\":\"Record already exists\"}");
    peer_answers(ch.peer, 200, "", there);
    assert_int_equal(send_one(&ch, answer_to("Sorry")).outcome, CONNECTOR_SENT);
    peer_hangs_up(ch.peer);
    peer_answers(ch.peer, 200, "", there);
    assert_int_equal(send_one(&ch, answer_to("Sorry")).outcome, CONNECTOR_SENT);
    peer_hangs_up(ch.peer);
    peer_answers(ch.peer, 400, "", "{\"error\":\"RecordNotFound\"}");
    assert_int_equal(send_one(&ch, answer_to("Sorry")).outcome, CONNECTOR_UNKNOWN);
    peer_answers(ch.peer, 500, "", "");
    peer_answers(ch.peer, 400, "", "{\"error\":\"RecordNotFound\"}");
    assert_int_equal(send_one(&ch, answer_to("Sorry")).outcome, CONNECTOR_RETRY);
    assert_true(connector_bluesky.repeats_safely);
    channel_close(&ch);
}

/* Two of our messages may get one key: it must not keep the later one for ever. */
static void a_key_that_another_post_has_is_replaced_by_the_next(void **state)
{
    (void)state;
    struct channel ch = open_it();
    static const char taken[] =
        "{\"error\":\"InternalServerError\",\"message\":\"There is already a value at key\"}";
    /* The same words, below another post; then other words. */
    static const char *const others[] = {
        "{\"uri\":\"x\",\"cid\":\"oc\",\"value\":{\"text\":\"Sorry\",\"reply\":{\"parent\":{\"uri\":\"" POST_OF(
            ASHA, "9") "\"}}}}",
        "{\"uri\":\"x\",\"cid\":\"oc\",\"value\":{\"text\":\"Hello\"}}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        peer_answers(ch.peer, 500, "", taken);
        peer_answers(ch.peer, 200, "", others[i]);
    }
    peer_answers(ch.peer, 200, "", "{\"cid\":\"x\"}");
    struct connector_sent sent = send_one(&ch, answer_to("Sorry"));
    assert_int_equal(sent.outcome, CONNECTOR_SENT);
    assert_int_equal(peer_count(ch.peer), 5);
    str third = bluesky_tid(test_arena(), S("m1.key2"), S(SEVA));
    assert_true(str_ends(sent.external_id, third));
    assert_true(str_find(peer_heard(ch.peer, 4).body, third) > 0);
    channel_close(&ch);
}

static void every_error_has_its_outcome(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *error;
        enum connector_outcome outcome;
        bool is_wide;
    } rows[] = {
        {400, "ExpiredToken",           CONNECTOR_REAUTH, true },
        {401, "InvalidToken",           CONNECTOR_REAUTH, true },
        {401, "AuthenticationRequired", CONNECTOR_REAUTH, true },
        {401, "AuthMissing",            CONNECTOR_REAUTH, true },
        {401, "AccountTakedown",        CONNECTOR_REAUTH, true },
        {400, "AccountDeactivated",     CONNECTOR_REAUTH, true },
        {400, "InvalidRequest",         CONNECTOR_FINAL,  false},
        {400, "InvalidRecord",          CONNECTOR_FINAL,  false},
        {400, "InvalidSwap",            CONNECTOR_FINAL,  false},
        {400, "RecordNotFound",         CONNECTOR_FINAL,  false},
        {413, "BlobTooLarge",           CONNECTOR_FINAL,  false},
        {429, "RateLimitExceeded",      CONNECTOR_WAIT,   true },
        {400, "RateLimitExceeded",      CONNECTOR_WAIT,   true },
        {502, "UpstreamFailure",        CONNECTOR_RETRY,  false},
        {504, "UpstreamTimeout",        CONNECTOR_RETRY,  false},
        {503, "NotEnoughResources",     CONNECTOR_RETRY,  false},
        {500, "",                       CONNECTOR_RETRY,  false},
        {400, "SomethingNew",           CONNECTOR_FINAL,  false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel ch = open_it();
        str body =
            str_print(test_arena(), "{\"error\":\"%s\",\"message\":\"Words\"}", rows[i].error);
        peer_answers(ch.peer, rows[i].status, "", str_z(test_arena(), body));
        peer_answers(ch.peer, 400, "", "{\"error\":\"RecordNotFound\"}");
        struct connector_sent sent = send_one(&ch, answer_to("Sorry"));
        if (sent.outcome != rows[i].outcome || sent.is_channel_wide != rows[i].is_wide)
            fail_msg("%s is %s", rows[i].error, connector_outcome_name(sent.outcome));
        if (sent.outcome == CONNECTOR_WAIT)
            assert_true(sent.wait_until_ms > TEST_NOW_MS);
        channel_close(&ch);
    }
}

static void pictures_and_a_film_are_uploaded_and_embedded(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_file f[] = {
        channel_file("a.jpg", "image/jpeg", "JPEG1"), channel_file("b.png", "image/png", "PNG2")};
    struct connector_file film = channel_file("c.mp4", "video/mp4", "MP4");
    struct connector_outgoing out = answer_to("Look");
    out.files = f;
    out.n_files = 2;
    peer_answers(ch.peer, 200, "", "{\"blob\":{\"$type\":\"blob\",\"ref\":{\"$link\":\"b1\"}}}");
    peer_answers(ch.peer, 200, "", "{\"blob\":{\"$type\":\"blob\",\"ref\":{\"$link\":\"b2\"}}}");
    peer_answers(ch.peer, 200, "", "{\"uri\":\"" POST_OF(SEVA, "x") "\"}");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    struct peer_heard h = heard(&ch, 0, "POST", "/xrpc/com.atproto.repo.uploadBlob", "acc");
    assert_str(peer_header(&h, "Content-Type"), "image/jpeg");
    assert_str(h.body, "JPEG1");
    assert_true(str_find(peer_heard(ch.peer, 2).body,
                    S("\"embed\":{\"$type\":\"app.bsky.embed.images\",\"images\":[{\"alt\":\"\","
                      "\"image\":{\"$type\":\"blob\",\"ref\":{\"$link\":\"b1\"}}},{\"alt\":\"\","
                      "\"image\":{\"$type\":\"blob\",\"ref\":{\"$link\":\"b2\"}}}]}")) > 0);
    out.files = &film;
    out.n_files = 1;
    peer_answers(ch.peer, 200, "", "{\"blob\":{\"$type\":\"blob\"}}");
    peer_answers(ch.peer, 200, "", "{\"uri\":\"" POST_OF(SEVA, "x") "\"}");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    assert_true(
        str_find(peer_heard(ch.peer, 4).body,
            S("\"embed\":{\"$type\":\"app.bsky.embed.video\",\"video\":{\"$type\":\"blob\"}}")) >
        0);
    f[1] = film;
    out.files = f;
    out.n_files = 2;
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    f[0].size = BLUESKY_IMAGE_BYTES + 1;
    out.n_files = 1;
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_FINAL);
    ch.setup.settings = S("{\"image_bytes\":\"2000000\"}");
    peer_hangs_up(ch.peer);
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_RETRY);
    assert_int_equal(peer_count(ch.peer), 6);
    channel_close(&ch);
}

/* ── chat ── */

static void a_chat_message_goes_into_its_conversation(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"id\":\"m9\",\"rev\":\"r\"}");
    struct connector_sent sent =
        send_one(&ch, (struct connector_outgoing){.text = S("Hi"), .thread_key = S("3kc")});
    assert_str(sent.external_id, "m9");
    assert_int_equal(sent.thread_key.len, 0);
    struct peer_heard h = heard(&ch, 0, "POST", "/xrpc/chat.bsky.convo.sendMessage", "acc");
    assert_chat(&h);
    assert_str(h.body, "{\"convoId\":\"3kc\",\"message\":{\"text\":\"Hi\"}}");
    channel_close(&ch);
}

static void a_request_is_accepted_and_a_new_conversation_is_opened(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", "{\"rev\":\"r\"}");
    peer_answers(ch.peer, 200, "", "{\"id\":\"m9\"}");
    struct connector_outgoing out = {
        .text = S("Hi"), .thread_key = S("3kc"), .token = S("request")};
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_SENT);
    struct peer_heard h = heard(&ch, 0, "POST", "/xrpc/chat.bsky.convo.acceptConvo", "acc");
    assert_str(h.body, "{\"convoId\":\"3kc\"}");
    out = answer_to("In private");
    out.is_private_reply = true;
    out.thread_key = S("post:x");
    peer_answers(ch.peer, 200, "", "{\"convo\":{\"id\":\"3knew\",\"status\":\"accepted\"}}");
    peer_answers(ch.peer, 200, "", "{\"id\":\"m10\"}");
    struct connector_sent sent = send_one(&ch, out);
    assert_str(sent.thread_key, "3knew");
    heard(
        &ch, 2, "GET", "/xrpc/chat.bsky.convo.getConvoForMembers?members=did%3Aplc%3Aasha", "acc");
    peer_answers(ch.peer, 400, "",
        "{\"error\":\"InvalidRequest\",\"message\":\"recipient has disabled incoming messages\"}");
    sent = send_one(&ch, out);
    assert_int_equal(sent.outcome, CONNECTOR_FINAL);
    assert_str(sent.why, "The person takes no messages from this account.");
    channel_close(&ch);
}

static void a_later_try_of_a_chat_message_looks_first(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_outgoing out = {
        .text = S("Hi"), .thread_key = S("3kc"), .first_try_ms = TEST_NOW_MS - 60 * 1000};
    peer_answers(ch.peer, 200, "",
        "{\"messages\":[{\"id\":\"m8\",\"text\":\"Hi\",\"sender\":{\"did\":\"" SEVA
        "\"},\"sentAt\":\"" AT_1 "\"}]}");
    struct connector_sent sent = send_one(&ch, out);
    assert_str(sent.external_id, "m8");
    heard(&ch, 0, "GET", "/xrpc/chat.bsky.convo.getMessages?convoId=3kc&limit=20", "acc");
    peer_answers(ch.peer, 200, "",
        "{\"messages\":[{\"id\":\"m7\",\"text\":\"Hi\",\"sender\":{\"did\":\"" SEVA
        "\"},\"sentAt\":\"" AT_OLD "\"},{\"id\":\"m6\",\"text\":\"Hi\",\"sender\":{\"did\":\"" ASHA
        "\"},\"sentAt\":\"" AT_1 "\"}]}");
    peer_answers(ch.peer, 200, "", "{\"id\":\"m9\"}");
    assert_str(send_one(&ch, out).external_id, "m9");
    /* What cannot be looked up is not sent again. */
    peer_answers(ch.peer, 502, "", "");
    assert_int_equal(send_one(&ch, out).outcome, CONNECTOR_RETRY);
    assert_int_equal(peer_count(ch.peer), 4);
    channel_close(&ch);
}

/* ── acts ── */

static void posts_are_deleted_and_liked_chat_is_marked_and_read(void **state)
{
    (void)state;
    struct channel ch = open_it();
    for (int i = 0; i < 4; i++)
        peer_answers(ch.peer, 200, "", "{}");
    assert_int_equal(channel_acts(&ch, (struct connector_act){.kind = ACT_DELETE,
                                           .is_public = true,
                                           .external_id = S(POST_OF(SEVA, "x"))})
                         .outcome,
        CONNECTOR_SENT);
    struct peer_heard h = heard(&ch, 0, "POST", "/xrpc/com.atproto.repo.deleteRecord", "acc");
    assert_str(
        h.body, "{\"repo\":\"" SEVA "\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"x\"}");
    assert_int_equal(channel_acts(&ch, (struct connector_act){.kind = ACT_LIKE,
                                           .is_public = true,
                                           .token = S(TOKEN),
                                           .external_id = S(POST_OF(ASHA, "1"))})
                         .outcome,
        CONNECTOR_SENT);
    h = heard(&ch, 1, "POST", "/xrpc/com.atproto.repo.putRecord", "acc");
    assert_true(
        str_find(h.body, S("\"subject\":{\"uri\":\"" POST_OF(ASHA, "1") "\",\"cid\":\"pc\"}")) > 0);
    struct connector_act chat = {
        .kind = ACT_REACT, .external_id = S("m1"), .thread_key = S("3kc"), .reaction = S("👍")};
    assert_int_equal(channel_acts(&ch, chat).outcome, CONNECTOR_SENT);
    h = heard(&ch, 2, "POST", "/xrpc/chat.bsky.convo.addReaction", "acc");
    assert_str(h.body, "{\"convoId\":\"3kc\",\"messageId\":\"m1\",\"value\":\"👍\"}");
    chat.kind = ACT_READ;
    assert_int_equal(channel_acts(&ch, chat).outcome, CONNECTOR_SENT);
    h = heard(&ch, 3, "POST", "/xrpc/chat.bsky.convo.updateRead", "acc");
    assert_chat(&h);
    assert_int_equal(channel_acts(&ch, (struct connector_act){.kind = ACT_DELETE,
                                           .is_public = true,
                                           .external_id = S(POST_OF(ASHA, "1"))})
                         .outcome,
        CONNECTOR_FINAL);
    assert_int_equal(
        channel_acts(&ch, (struct connector_act){.kind = ACT_EDIT}).outcome, CONNECTOR_FINAL);
    channel_close(&ch);
}

/* ── sessions ── */

#define SESSION                                                                                    \
    "{\"did\":\"" SEVA                                                                             \
    "\",\"handle\":\"care.example.com\",\"accessJwt\":\"" JWT("a") "\",\"refreshJwt\":\"" JWT(     \
        "r") "\",\"active\":true,\"didDoc\":{\"service\":[{\"id\":"                                \
             "\"#atproto_pds\",\"serviceEndpoint\":\"https://pds.example\"}]}}"

static void both_tokens_change_with_a_renewal(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(ch.peer, 200, "", SESSION);
    struct connector_refreshed r = channel_refreshes(&ch);
    heard(&ch, 0, "POST", "/xrpc/com.atproto.server.refreshSession", "ref");
    assert_int_equal(r.end.outcome, CONNECTOR_SENT);
    assert_int_equal(r.expires_ms, INT64_C(1767232800000));
    assert_str(r.secrets,
        "{\"app_password\":\"app-pass\",\"mine\":[1],\"access_token\":\"" JWT("a") "\",\"refresh_token\":\"" JWT(
            "r") "\",\"pds\":\"https://pds.example\",\"expires_ms\":1767232800000}");
    channel_close(&ch);
}

static void a_spent_renewal_is_replaced_by_signing_in_and_a_closed_account_is_not(void **state)
{
    (void)state;
    struct channel ch = open_it();
    peer_answers(
        ch.peer, 400, "", "{\"error\":\"ExpiredToken\",\"message\":\"Token has expired\"}");
    peer_answers(ch.peer, 200, "", SESSION);
    assert_int_equal(channel_refreshes(&ch).end.outcome, CONNECTOR_SENT);
    struct peer_heard h = heard(&ch, 1, "POST", "/xrpc/com.atproto.server.createSession", "");
    assert_str(h.body, "{\"identifier\":\"care.example.com\",\"password\":\"app-pass\"}");
    peer_answers(ch.peer, 400, "", "{\"error\":\"AccountDeactivated\",\"message\":\"no\"}");
    assert_int_equal(channel_refreshes(&ch).end.outcome, CONNECTOR_REAUTH);
    peer_answers(ch.peer, 502, "", "");
    assert_int_equal(channel_refreshes(&ch).end.outcome, CONNECTOR_RETRY);
    peer_answers(ch.peer, 401, "", "{\"error\":\"InvalidToken\"}");
    peer_answers(ch.peer, 429, "Retry-After: 120\r\n", "{\"error\":\"RateLimitExceeded\"}");
    struct connector_refreshed r = channel_refreshes(&ch);
    assert_int_equal(r.end.outcome, CONNECTOR_WAIT);
    assert_int_equal(r.end.wait_until_ms, TEST_NOW_MS + 120 * 1000);
    peer_answers(ch.peer, 200, "", "{\"did\":\"" SEVA "\"}");
    assert_int_equal(channel_refreshes(&ch).end.outcome, CONNECTOR_RETRY);
    assert_int_equal(peer_count(ch.peer), 7);
    channel_close(&ch);
}

static void the_test_signs_in_once_and_says_whether_chat_is_allowed(void **state)
{
    (void)state;
    struct channel ch = open_it();
    ch.setup.secrets = S("{\"app_password\":\"app-pass\"}");
    ch.setup.external_id = (str){0};
    peer_answers(ch.peer, 200, "", SESSION);
    peer_answers(ch.peer, 200, "", "{\"displayName\":\"Seva\",\"avatar\":\"https://cdn.x/a\"}");
    peer_answers(ch.peer, 403, "", "{\"error\":\"InvalidToken\",\"message\":\"Bad token method\"}");
    struct connector_checked c = channel_checks(&ch);
    assert_int_equal(c.n, 1);
    assert_str(c.accounts[0].external_id, SEVA);
    assert_str(c.accounts[0].handle, "@care.example.com");
    assert_str(c.accounts[0].name, "Seva");
    assert_true(str_starts(c.accounts[0].secrets, S("{\"access_token\":\"eyJ")));
    assert_true(str_find(c.note, S("direct messages")) > 0);
    heard(&ch, 1, "GET", "/xrpc/app.bsky.actor.getProfile?actor=did%3Aplc%3Aseva", JWT("a"));
    channel_close(&ch);
    ch = open_it(); /* with a session that is still good */
    peer_answers(ch.peer, 200, "", "{\"did\":\"" SEVA "\",\"handle\":\"care.example.com\"}");
    peer_answers(ch.peer, 200, "", "{}");
    peer_answers(ch.peer, 200, "", "{\"convos\":[]}");
    c = channel_checks(&ch);
    assert_int_equal(c.accounts[0].secrets.len, 0);
    assert_int_equal(c.note.len, 0);
    peer_answers(ch.peer, 400, "", "{\"error\":\"ExpiredToken\"}");
    peer_answers(ch.peer, 401, "", "{\"error\":\"AuthenticationRequired\"}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_REAUTH);
    ch.setup.secrets = S("{}");
    assert_int_equal(channel_checks(&ch).end.outcome, CONNECTOR_REAUTH);
    assert_int_equal(peer_count(ch.peer), 5);
    channel_close(&ch);
}

static void a_picture_has_an_address_in_the_networks_store(void **state)
{
    (void)state;
    struct channel ch = open_it();
    struct connector_source out;
    struct connector_attachment at = {.media_id = S(ASHA "/bafkre1")};
    assert_ok(connector_bluesky.media(ch.client, test_arena(), &ch.setup, &at, &out));
    assert_str(out.url, "https://cdn.x/img/feed_fullsize/plain/did:plc:asha/bafkre1@jpeg");
    const char *const bad[] = {"", ASHA, "x/bafkre1", ASHA "/../x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        at.media_id = str_from(bad[i]);
        assert_ok(connector_bluesky.media(ch.client, test_arena(), &ch.setup, &at, &out));
        assert_int_equal(out.end.outcome, CONNECTOR_FINAL);
    }
    channel_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_delivery_is_read_as_its_golden_file_says),
        TEST(notifications_are_read_until_they_are_known_and_given_oldest_first),
        TEST(the_first_look_goes_back_a_day_and_comparing_as_far_as_asked),
        TEST(what_the_list_refuses_moves_no_cursor),
        TEST(own_answers_of_other_programs_come_too),
        TEST(the_chats_log_is_read_on_with_the_people_of_each_conversation),
        TEST(a_password_without_chat_leaves_the_posts_alone),
        TEST(an_answer_has_the_key_of_its_delivery_its_root_and_its_parent),
        TEST(a_key_is_the_same_for_every_try_and_its_time_is_the_messages),
        TEST(addresses_tags_and_handles_that_exist_are_linked_by_their_bytes),
        TEST(without_a_token_what_it_answers_is_looked_up),
        TEST(a_repetition_finds_the_post_that_is_there),
        TEST(a_key_that_another_post_has_is_replaced_by_the_next),
        TEST(every_error_has_its_outcome),
        TEST(pictures_and_a_film_are_uploaded_and_embedded),
        TEST(a_chat_message_goes_into_its_conversation),
        TEST(a_request_is_accepted_and_a_new_conversation_is_opened),
        TEST(a_later_try_of_a_chat_message_looks_first),
        TEST(posts_are_deleted_and_liked_chat_is_marked_and_read),
        TEST(both_tokens_change_with_a_renewal),
        TEST(a_spent_renewal_is_replaced_by_signing_in_and_a_closed_account_is_not),
        TEST(the_test_signs_in_once_and_says_whether_chat_is_allowed),
        TEST(a_picture_has_an_address_in_the_networks_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
