/* Google Business Profile: reviews of a location, and Pub/Sub. Base addresses: api, accounts, info,
 * notify, pubsub, keys, token below …/google_reviews/.
 *
 * Account: id = "accounts/1/locations/2". Its callback is the endpoint of a push subscription:
 * pushes carry a token of Google's kind for the settings "push_email" and "push_audience" (the
 * callback when empty), signed with the key of google_key.h, and begin with the PATCH of the
 * notification setting. Without a callback notices wait to be pulled. say: kind "" or "review"
 * (more.stars 1–5; none = 5), "edit" and "delete" (reply_to = the review's name). Our reply stands
 * in the board below the review. */
#include "base/clock.h"
#include "base/crypto.h"
#include "board.h"
#include "google.h"
#include "google_key.h"

enum { PAGE = 50, TEXT_BYTES = 4096 };

extern const struct sim_network sim_google_reviews;

static const char *const stars[] = {
    "STAR_RATING_UNSPECIFIED", "ONE", "TWO", "THREE", "FOUR", "FIVE"};

static str reply_name(struct arena *a, const struct board_entry *review)
{
    return str_print(a, "%s/reply", review->id);
}

static void put_reply(struct json_out *j, const struct board_entry *reply)
{
    json_obj(j);
    json_kv_str(j, S("comment"), board_text_of(reply));
    json_kv_time(j, S("updateTime"), reply->changed_ms);
    json_obj_end(j);
}

static void put_review(
    struct json_out *j, struct arena *a, const struct board *b, const struct board_entry *e)
{
    const struct board_entry *reply = board_find(b, reply_name(a, e));
    str name = str_from(e->id);
    json_obj(j);
    json_kv_str(j, S("name"), name);
    json_kv_str(j, S("reviewId"), str_skip(name, str_find(name, S("/reviews/")) + 9));
    json_key(j, S("reviewer"));
    json_obj(j);
    json_kv_str(j, S("displayName"), str_from(e->name));
    json_kv_bool(j, S("isAnonymous"), false);
    json_obj_end(j);
    json_kv_str(j, S("starRating"), str_from(stars[e->stars]));
    if (e->text_len)
        json_kv_str(j, S("comment"), board_text_of(e));
    json_kv_time(j, S("createTime"), e->made_ms);
    json_kv_time(j, S("updateTime"), e->changed_ms);
    if (reply) {
        json_key(j, S("reviewReply"));
        put_reply(j, reply);
    }
    json_obj_end(j);
}

/* ── reading ── */

/* The newest change below `before`; equal times go by place in the list. */
static const struct board_entry *next_changed(const struct board *b, const struct board_entry *last)
{
    const struct board_entry *best = NULL;
    bool is_past = false;
    for (const struct board_entry *e = b->newest; e; e = e->older) {
        bool is_after = !last || e->changed_ms < last->changed_ms ||
                        (e->changed_ms == last->changed_ms && is_past);
        is_past |= e == last;
        if (e != last && is_after && !e->parent[0] && (!best || e->changed_ms > best->changed_ms))
            best = e;
    }
    return best;
}

static void list_reviews(struct sim_call *c)
{
    const struct board *b = c->account->data;
    const struct board_entry *last = NULL;
    int64_t from = 0, n = 0;
    (void)str_int(sim_field(c, S("pageToken")), 0, BOARD_ENTRIES, &from);
    for (int64_t i = 0; i < from; i++)
        last = next_changed(b, last);
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("reviews"));
    json_arr(&j);
    for (const struct board_entry *e; n < PAGE && (e = next_changed(b, last)); n++) {
        put_review(&j, c->arena, b, e);
        last = e;
    }
    json_arr_end(&j);
    if (n == PAGE && next_changed(b, last))
        json_kv_str(&j, S("nextPageToken"), str_print(c->arena, "%lld", (long long)(from + PAGE)));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void get_review(struct sim_call *c, str name)
{
    const struct board *b = c->account->data;
    const struct board_entry *e = board_find(b, name);
    if (!e || e->parent[0]) {
        google_fail(c, 404, "notFound", "Requested entity was not found.");
        return;
    }
    struct json_out j = sim_json(c);
    put_review(&j, c->arena, b, e);
    sim_answer_json(c, 200, &j);
}

/* ── the reply ── */

static void put_our_reply(struct sim_call *c, struct board_entry *review)
{
    struct board *b = c->account->data;
    str text = json_text(json_get(c->json, S("comment")), S(""));
    str name = reply_name(c->arena, review);
    struct board_entry *e = board_find(b, name);
    if (!text.len || text.len > TEXT_BYTES) {
        google_fail(c, 400, "invalidArgument", "Request contains an invalid argument.");
        return;
    }
    bool is_same = e && str_eq(board_text_of(e), text);
    if (!e) {
        e = board_add(b, name, text, c->now_ms);
        e->is_ours = true;
        sim_keep(e->parent, sizeof e->parent, str_from(review->id));
    } else {
        board_text(e, text, c->now_ms);
    }
    c->is_repeat = is_same; /* naturally idempotent: nobody sees a difference */
    if (!is_same)
        (void)sim_accept(
            c, &(struct sim_message){
                   .conversation = str_from(e->parent), .id = str_from(e->id), .text = text});
    struct json_out j = sim_json(c);
    put_reply(&j, e);
    sim_answer_json(c, 200, &j);
}

static void reply_call(struct sim_call *c, str name)
{
    struct board *b = c->account->data;
    struct board_entry *review = board_find_any(c, str_sub(name, 0, name.len - 6));
    struct board_entry *reply = board_find(b, name);
    bool is_delete = c->req->method == HTTP_DELETE;
    if (!review || (is_delete && !reply)) {
        google_fail(c, 404, "notFound", "Requested entity was not found.");
    } else if (is_delete) {
        board_drop(b, reply);
        sim_answer_print(c, 200, "{}");
    } else {
        put_our_reply(c, review);
    }
}

/* ── the account ── */

static void locations(struct sim_call *c, str account)
{
    str place = str_skip(c->account->id, account.len + 1);
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("locations"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("name"), place);
    json_kv_str(&j, S("title"), c->account->name);
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void keys(struct sim_call *c)
{
    sim_answer_print(c, 200,
        "{\"keys\":[{\"kid\":\"" GOOGLE_KEY_ID "\",\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":"
        "\"sig\",\"e\":\"AQAB\",\"n\":\"%s\"}]}",
        google_key_modulus);
}

/* One notice stands for all that wait: each only says "read again". */
static void pull(struct sim_call *c)
{
    const struct board *b = c->account->data;
    const struct board_entry *e = next_changed(b, NULL);
    bool is_waiting = e && e->is_hidden; /* not told yet */
    if (!is_waiting) {
        sim_answer_print(c, 200, "{}");
        return;
    }
    sim_answer_print(c, 200,
        "{\"receivedMessages\":[{\"ackId\":\"%lld\",\"message\":{\"data\":\"e30=\",\"messageId\":"
        "\"%lld\"}}]}",
        (long long)e->changed_ms, (long long)e->changed_ms);
}

static void acknowledge(struct sim_call *c)
{
    struct board *b = c->account->data;
    for (struct board_entry *e = b->newest; e; e = e->older)
        e->is_hidden = false;
    sim_answer_print(c, 200, "{}");
}

static void handle(struct sim_call *c)
{
    str at[8];
    if (sim_route(c, HTTP_POST, "/token/token", at)) {
        google_token(c);
        return;
    }
    if (sim_route(c, HTTP_GET, "/keys/certs", at)) {
        keys(c);
        return;
    }
    if (!google_is_let_in(c))
        return;
    ptrdiff_t end = str_find(c->account->id, S("/locations/"));
    str account = str_sub(c->account->id, 0, end);
    str name = str_starts(c->path, S("/api/")) ? str_skip(c->path, 5) : (str){0};
    bool is_ours = str_starts(name, c->account->id);
    bool is_get = c->req->method == HTTP_GET;
    if (sim_route(c, HTTP_GET, "/accounts/accounts", at))
        sim_answer_print(c, 200, "{\"accounts\":[{\"name\":\"%.*s\"}]}", SARG(account));
    else if (sim_route(c, HTTP_GET, "/info/accounts/{}/locations", at))
        locations(c, account);
    else if (sim_route(c, HTTP_PATCH, "/notify/accounts/{}/notificationSetting", at))
        sim_answer(c, 200, S("application/json"), c->req->body);
    else if (str_starts(c->path, S("/pubsub/")) && str_ends(c->path, S(":pull")))
        pull(c);
    else if (str_starts(c->path, S("/pubsub/")) && str_ends(c->path, S(":acknowledge")))
        acknowledge(c);
    else if (is_ours && is_get && str_ends(name, S("/reviews")))
        list_reviews(c);
    else if (is_ours && str_ends(name, S("/reply")))
        reply_call(c, name);
    else if (is_ours && is_get)
        get_review(c, name);
    else
        google_fail(c, 403, "forbidden", "The caller does not have permission");
}

/* ── customers and push ── */

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    struct arena *a = post->arena;
    str email = sim_setting(account, S("push_email")), signature = {0};
    str audience = sim_setting(account, S("push_audience"));
    audience = audience.len ? audience : post->url;
    long long now_s = post->now_ms / 1000;
    str header = crypto_base64url(a, S("{\"alg\":\"RS256\",\"kid\":\"" GOOGLE_KEY_ID "\"}"));
    str claims = crypto_base64url(
        a, str_print(a,
               "{\"iss\":\"https://accounts.google.com\",\"aud\":\"%.*s\",\"sub\":\"1\",\"email\":"
               "\"%.*s\",\"email_verified\":true,\"iat\":%lld,\"exp\":%lld}",
               SARG(audience), SARG(email), now_s, now_s + 3600));
    str text = str_print(a, "%.*s.%.*s", SARG(header), SARG(claims));
    if (crypto_rs256_sign(a, str_from(google_key_pem), text, &signature) == OK)
        sim_post_header(post, S("Authorization"),
            str_print(a, "Bearer %.*s.%.*s", SARG(text), SARG(crypto_base64url(a, signature))));
}

static void tell(
    struct sim *sim, struct sim_account *account, struct arena *a, str name, const char *type)
{
    if (!account->callback.len)
        return;
    str data =
        crypto_base64(a, str_print(a, "{\"name\":\"%.*s\",\"type\":\"%s\"}", SARG(name), type));
    str key = str_print(a, "%lld", (long long)sim_next(sim, &sim_google_reviews));
    sim_webhook_send(sim, account,
        &(struct sim_webhook){
            .method = HTTP_POST,
            .key = key,
            .conversation = name,
            .body = str_print(a,
                "{\"message\":{\"data\":\"%.*s\",\"messageId\":\"%.*s\",\"publishTime\":"
                "\"%.*s\"},\"subscription\":\"projects/p/subscriptions/s\"}",
                SARG(data), SARG(key), SARG(time_rfc3339(a, sim_now(sim)))),
        });
}

static err say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *said, str *id, str *why)
{
    struct board *b = account->data;
    struct board_entry *of = board_find(b, said->reply_to);
    bool is_edit = str_eq(said->kind, S("edit")), is_delete = str_eq(said->kind, S("delete"));
    int64_t n = json_int(json_get(said->more, S("stars")), 5);
    *why = S("reply_to is no review");
    if ((is_edit || is_delete) && !of)
        return E_NOT_FOUND;
    if (is_delete) {
        *id = said->reply_to;
        board_drop(b, of);
        return OK;
    }
    if (is_edit) {
        board_text(of, said->text, sim_now(sim));
        *id = said->reply_to;
    } else {
        *id = str_print(a, "%.*s/reviews/%.*s", SARG(account->id),
            SARG(sim_random_word(sim, &sim_google_reviews, a, 20)));
        of = board_add(b, *id, said->text, sim_now(sim));
        board_said(of, said);
    }
    of->stars = n >= 0 && n <= 5 ? (int)n : 5;
    of->is_hidden = !account->callback.len; /* waits to be pulled */
    tell(sim, account, a, *id, is_edit ? "UPDATED_REVIEW" : "NEW_REVIEW");
    return OK;
}

static const int64_t retry_gaps_ms[] = {1000, 10000, 60000, 600000, 0};

const struct sim_network sim_google_reviews = {
    .name = S_INIT("google_reviews"),
    .title = S_INIT("Google Business Profile reviews"),
    .account = {.id = S_INIT("accounts/1/locations/2"),
                .name = S_INIT("Seva Pune"),
                .token = S_INIT("ya29.sim-reviews"),
                .settings = S_INIT("{\"push_email\":\"push@seva.iam.gserviceaccount.com\"}")},
    .account_open = board_open,
    .account_close = board_close,
    .handle = handle,
    .refuse = google_refuse,
    .say = say,
    .sign = sign,
    .retry_gaps_ms = retry_gaps_ms,
};
