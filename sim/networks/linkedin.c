/* LinkedIn: comments on the posts of one page. Base addresses: …/linkedin/api, …/linkedin/auth.
 *
 * Account: id = the page's URN, secret = the client secret. A post is named by its activity's
 * number (conversation); its share has the number below. Settings: "decorated":"no" leaves texts
 * out of webhooks, "names":"yes" tells who people are. say: kind "" or "comment" (reply_to = a
 * comment's URN), "edit", "delete" (reply_to = the comment). The subscription is proven by a
 * challenge, as the real one is; what is deleted stays as a notification. */
#include "base/crypto.h"
#include "board.h"

extern const struct sim_network sim_linkedin;

enum { PAGE = 50, TEXT_MOST = 1250, TAG_CHALLENGE = 1 };
static const int64_t first_id = INT64_C(7000000000000000100);

static void fail_with(struct sim_call *c, int status, const char *code, const char *message)
{
    sim_answer_print(
        c, status, "{\"status\":%d,\"code\":\"%s\",\"message\":\"%s\"}", status, code, message);
}

static void refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    switch (why) {
    case SIM_REFUSE_500:
        fail_with(c, 500, "INTERNAL_SERVER_ERROR", "Internal Server Error");
        break;
    case SIM_REFUSE_429:
        sim_header_print(c, S("Retry-After"), "%lld", (long long)(retry_after_ms + 999) / 1000);
        fail_with(c, 429, "TOO_MANY_REQUESTS", "Resource level throttle limit reached");
        break;
    case SIM_REFUSE_429_BARE:
        fail_with(c, 429, "TOO_MANY_REQUESTS", "Resource level throttle limit reached");
        break;
    case SIM_REFUSE_401:
        fail_with(c, 401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked");
        break;
    }
}

/* ── names ── */

static str urn_of(struct arena *a, const struct board_entry *e)
{
    return str_print(a, "urn:li:comment:(urn:li:activity:%s,%s)", e->post, e->id);
}

/* The number at the end: of "urn:li:comment:(…,7003)" and of "urn:li:share:7001". */
static str number_of(str urn)
{
    ptrdiff_t at = urn.len - (str_ends(urn, S(")")) ? 1 : 0), end = at;
    while (at > 0 && urn.at[at - 1] >= '0' && urn.at[at - 1] <= '9')
        at--;
    return str_sub(urn, at, end - at);
}

/* An activity's number, whichever name of the post is given. */
static str post_of(struct arena *a, str urn)
{
    int64_t n = 0;
    bool is_share = str_find(urn, S(":share:")) > 0;
    if (!is_share || str_int(number_of(urn), 0, INT64_MAX - 1, &n) != OK)
        return number_of(urn);
    return str_print(a, "%lld", (long long)n + 1);
}

static str share_of(struct arena *a, const char *post)
{
    int64_t n = 1;
    (void)str_int(str_from(post), 1, INT64_MAX, &n);
    return str_print(a, "urn:li:share:%lld", (long long)n - 1);
}

static void put_comment(
    struct json_out *j, struct arena *a, const struct board *b, const struct board_entry *e)
{
    const struct board_entry *parent = e->parent[0] ? board_find(b, str_from(e->parent)) : NULL;
    json_obj(j);
    json_kv_str(j, S("actor"), str_from(e->author));
    json_kv_str(j, S("commentUrn"), urn_of(a, e));
    json_kv_str(j, S("id"), str_from(e->id));
    json_key(j, S("created"));
    json_obj(j);
    json_kv_int(j, S("time"), e->made_ms);
    json_obj_end(j);
    json_key(j, S("lastModified"));
    json_obj(j);
    json_kv_int(j, S("time"), e->changed_ms);
    json_obj_end(j);
    json_key(j, S("message"));
    json_obj(j);
    json_kv_raw(j, S("attributes"), S("[]"));
    json_kv_str(j, S("text"), board_text_of(e));
    json_obj_end(j);
    json_kv_str(j, S("object"), str_print(a, "urn:li:activity:%s", e->post));
    if (parent)
        json_kv_str(j, S("parentComment"), urn_of(a, parent));
    json_obj_end(j);
}

/* ── notifications ── */

static const char *action_of(const struct board_entry *e)
{
    if (e->is_hidden)
        return "COMMENT_DELETE";
    if (e->changed_ms > e->made_ms)
        return "COMMENT_EDIT";
    return e->is_ours ? "ADMIN_COMMENT" : "COMMENT";
}

static void put_notification(struct json_out *j, struct arena *a, const struct sim_account *account,
    const struct board_entry *e)
{
    bool is_plain = str_eq(sim_setting(account, S("decorated")), S("no")) || e->is_hidden;
    json_obj(j);
    json_kv_str(j, S("notificationId"), str_print(a, "%s%lld", e->id, (long long)e->changed_ms));
    json_kv_str(j, S("organizationalEntity"), account->id);
    json_kv_str(j, S("action"), str_from(action_of(e)));
    json_kv_str(j, S("sourcePost"), share_of(a, e->post));
    json_kv_str(j, S("generatedActivity"), urn_of(a, e));
    json_kv_int(j, S("lastModifiedAt"), e->changed_ms);
    if (!is_plain) {
        json_key(j, S("decoratedGeneratedActivity"));
        json_obj(j);
        json_key(j, S("comment"));
        json_obj(j);
        json_kv_str(j, S("owner"), str_from(e->author));
        json_kv_str(j, S("text"), board_text_of(e));
        json_obj_end(j);
        json_obj_end(j);
    }
    json_obj_end(j);
}

static void tell(
    struct sim *sim, struct sim_account *account, struct arena *a, const struct board_entry *e)
{
    if (!account->callback.len)
        return;
    struct json_out j = json_out_make(a, 1 << 20);
    json_obj(&j);
    json_kv_str(&j, S("type"), S("ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"));
    json_key(&j, S("notifications"));
    json_arr(&j);
    put_notification(&j, a, account, e);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_webhook_send(sim, account,
        &(struct sim_webhook){.method = HTTP_POST,
            .body = json_str(&j),
            .key = urn_of(a, e),
            .conversation = str_from(e->post)});
}

/* "(start:1,end:2)" */
static void range_of(str text, int64_t *from_ms, int64_t *to_ms)
{
    str start, end, rest;
    (void)str_cut(str_skip(text, 7), ',', &start, &rest);
    (void)str_cut(str_skip(rest, 4), ')', &end, &rest);
    (void)str_int(start, 0, INT64_MAX, from_ms);
    (void)str_int(end, 0, INT64_MAX, to_ms);
}

static void notifications(struct sim_call *c)
{
    const struct board *b = c->account->data;
    int64_t from_ms = 0, to_ms = INT64_MAX, start = sim_field_int(c, S("start"), 0), at = 0;
    int64_t count = sim_field_int(c, S("count"), 10);
    range_of(sim_field(c, S("timeRange")), &from_ms, &to_ms);
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("elements"));
    json_arr(&j);
    for (const struct board_entry *e = b->newest; e; e = e->older) {
        bool is_in = e->changed_ms >= from_ms && e->changed_ms <= to_ms;
        if (is_in && at++ >= start && at <= start + count)
            put_notification(&j, c->arena, c->account, e);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* ── comments ── */

static void list_comments(struct sim_call *c, str under)
{
    const struct board *b = c->account->data;
    bool is_comment = str_starts(under, S("urn:li:comment:"));
    str parent = is_comment ? number_of(under) : (str){0}, post = post_of(c->arena, under);
    int64_t start = sim_field_int(c, S("start"), 0), count = sim_field_int(c, S("count"), 10);
    int64_t at = 0;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("elements"));
    json_arr(&j);
    for (const struct board_entry *e = b->newest; e; e = e->older) {
        bool is_there =
            str_eq(str_from(e->parent), parent) && (is_comment || str_eq(str_from(e->post), post));
        if (is_there && !e->is_hidden && at++ >= start && at <= start + count)
            put_comment(&j, c->arena, b, e);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void create_comment(struct sim_call *c, str under)
{
    struct board *b = c->account->data;
    bool is_answer = str_starts(under, S("urn:li:comment:"));
    const struct board_entry *parent = is_answer ? board_find(b, number_of(under)) : NULL;
    str text = json_text(json_path(c->json, S("message.text")), S(""));
    bool is_ours = str_eq(sim_field(c, S("actor")), c->account->id);
    if (!is_ours) {
        fail_with(c, 403, "ACCESS_DENIED", "Not enough permissions to access: socialActions");
    } else if (is_answer &&
               (parent ? parent->is_hidden || parent->parent[0] : !sim_takes_any(c->account))) {
        fail_with(c, 404, "NOT_FOUND", "The parent comment is not there");
    } else if (text.len > TEXT_MOST * 4 || (!text.len && !json_get(c->json, S("content")))) {
        fail_with(c, 400, "INVALID_ARGUMENT", "message.text is too long or missing");
    } else {
        str id =
            str_print(c->arena, "%lld", (long long)(first_id + sim_next(c->sim, &sim_linkedin)));
        struct board_entry *e = board_add(b, id, text, c->now_ms);
        sim_keep(e->parent, sizeof e->parent, is_answer ? number_of(under) : (str){0});
        sim_keep(
            e->post, sizeof e->post, parent ? str_from(parent->post) : post_of(c->arena, under));
        sim_keep(e->author, sizeof e->author, c->account->id);
        e->is_ours = true;
        (void)sim_accept(
            c, &(struct sim_message){.conversation = str_from(e->post), .id = id, .text = text});
        tell(c->sim, c->account, c->arena, e);
        sim_header(c, S("x-restli-id"), id);
        sim_answer(c, 201, (str){0}, (str){0});
    }
}

static void one_comment(struct sim_call *c, str id)
{
    struct board *b = c->account->data;
    struct board_entry *e = board_find(b, id);
    bool is_get = c->req->method == HTTP_GET, is_delete = c->req->method == HTTP_DELETE;
    if (!e || e->is_hidden) {
        fail_with(c, 404, "NOT_FOUND", "The comment is not there");
    } else if (is_get) {
        struct json_out j = sim_json(c);
        put_comment(&j, c->arena, b, e);
        sim_answer_json(c, 200, &j);
    } else if (!is_delete && !e->is_ours) {
        fail_with(c, 403, "ACCESS_DENIED", "Not enough permissions to access: socialActions");
    } else {
        str text = json_text(json_path(c->json, S("patch.message.$set.text")), S(""));
        board_text(e, is_delete ? board_text_of(e) : text, c->now_ms);
        e->is_hidden = is_delete;
        tell(c->sim, c->account, c->arena, e);
        sim_answer(c, 204, (str){0}, (str){0});
    }
}

/* ── the account ── */

static void token(struct sim_call *c)
{
    struct sim_account *account = sim_account_find(c->sim, c->network, (str){0});
    bool is_good = account && !account->is_revoked &&
                   str_eq(sim_field(c, S("client_secret")), account->secret) &&
                   str_eq(sim_field(c, S("refresh_token")), S("AQ-refresh"));
    if (!is_good) {
        sim_answer_print(c, 400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"The refresh token is invalid\"}");
        return;
    }
    str fresh = str_cat(c->arena, S("AQ"), sim_random_word(c->sim, c->network, c->arena, 40));
    c->account = account;
    sim_account_token(c->sim, account, fresh);
    sim_answer_print(c, 200,
        "{\"access_token\":\"%.*s\",\"expires_in\":5184000,\"refresh_token\":\"AQ-refresh\","
        "\"refresh_token_expires_in\":31536000}",
        SARG(fresh));
}

/* Where webhooks go; the address is asked at once whether it knows the secret. */
static void subscription(struct sim_call *c)
{
    str url = sim_field(c, S("webhook"));
    if (c->req->method == HTTP_DELETE) {
        sim_account_callback(c->sim, c->account, (str){0});
        sim_answer(c, 204, (str){0}, (str){0});
        return;
    }
    if (!url.len) {
        fail_with(c, 400, "INVALID_ARGUMENT", "webhook is missing");
        return;
    }
    sim_account_callback(c->sim, c->account, url);
    str code = sim_random_hex(c->sim, c->network, c->arena, 32);
    sim_webhook_send(c->sim, c->account,
        &(struct sim_webhook){.method = HTTP_GET,
            .url = str_print(c->arena, "%.*s?challengeCode=%.*s", SARG(url), SARG(code)),
            .key = code,
            .tag = TAG_CHALLENGE,
            .is_once = true});
    sim_answer_print(c, 200, "{\"expiresAt\":%lld}", (long long)c->now_ms + 5184000000);
}

static void answered(struct sim *sim, struct sim_account *account, const struct sim_answered *given)
{
    const struct json *root = NULL;
    str why;
    if (given->tag != TAG_CHALLENGE)
        return;
    str wanted = sim_hmac_hex(given->arena, account->secret, given->key);
    bool is_proven = given->status == 200 &&
                     json_parse(given->arena, given->body, &root, &why) == OK &&
                     str_eq(json_text(json_get(root, S("challengeResponse")), S("")), wanted);
    if (!is_proven)
        sim_account_callback(sim, account, (str){0});
}

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    if (post->method == HTTP_POST)
        sim_post_header(post, S("X-LI-Signature"),
            sim_hmac_hex(
                post->arena, account->secret, str_cat(post->arena, S("hmacsha256="), post->body)));
}

/* False: it has been answered. */
static bool is_let_in(struct sim_call *c)
{
    str version = http_header_get(c->req, S("LinkedIn-Version"));
    if (!sim_account_by_token(c, sim_bearer(c)))
        refuse(c, SIM_REFUSE_401, 0);
    else if (version.len != 6)
        fail_with(c, 426, "NONEXISTENT_VERSION", "Requested version is not active");
    else
        return true;
    return false;
}

static void person(struct sim_call *c)
{
    if (str_eq(sim_setting(c->account, S("names")), S("yes")))
        sim_answer_print(c, 200, "{\"localizedFirstName\":\"Asha\",\"localizedLastName\":\"Rao\"}");
    else
        fail_with(c, 403, "ACCESS_DENIED", "Not enough permissions to access: people");
}

static void handle(struct sim_call *c)
{
    str at[8];
    bool is_post = c->req->method == HTTP_POST, is_get = c->req->method == HTTP_GET;
    if (sim_route(c, HTTP_POST, "/auth/oauth/v2/accessToken", at)) {
        token(c);
        return;
    }
    if (!is_let_in(c))
        return;
    if (sim_route(c, HTTP_GET, "/api/socialActions/{}/comments", at))
        list_comments(c, at[0]);
    else if (sim_route(c, HTTP_POST, "/api/socialActions/{}/comments", at))
        create_comment(c, at[0]);
    else if (sim_route(c, c->req->method, "/api/socialActions/{}/comments/{}", at))
        one_comment(c, at[1]);
    else if (sim_route(c, HTTP_GET, "/api/organizationalEntityNotifications", at))
        notifications(c);
    else if (sim_route(c, HTTP_GET, "/api/posts/{}", at))
        sim_answer_print(c, 200, "{\"author\":\"%.*s\",\"commentary\":\"A post of the page\"}",
            SARG(c->account->id));
    else if (sim_route(c, HTTP_GET, "/api/organizationAcls", at))
        sim_answer_print(c, 200,
            "{\"elements\":[{\"organization\":\"%.*s\",\"roleAssignee\":\"urn:li:person:XyZ\"}]}",
            SARG(c->account->id));
    else if (sim_route(c, HTTP_GET, "/api/organizations/{}", at))
        sim_answer_print(
            c, 200, "{\"localizedName\":\"%.*s\",\"vanityName\":\"seva\"}", SARG(c->account->name));
    else if (is_get && str_starts(c->path, S("/api/people/")))
        person(c);
    else if (str_starts(c->path, S("/api/eventSubscriptions/")))
        subscription(c);
    else if (is_post && str_starts(c->path, S("/api/reactions")))
        sim_answer_print(c, 201, "{}");
}

/* ── customers ── */

static err say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *said, str *id, str *why)
{
    struct board *b = account->data;
    struct board_entry *e = said->reply_to.len ? board_find(b, number_of(said->reply_to)) : NULL;
    bool is_edit = str_eq(said->kind, S("edit")), is_delete = str_eq(said->kind, S("delete"));
    *why = S("reply_to is no comment");
    if ((said->reply_to.len || is_edit || is_delete) && !e)
        return E_NOT_FOUND;
    if (is_edit || is_delete) {
        board_text(e, is_edit ? said->text : board_text_of(e), sim_now(sim));
        e->is_hidden = is_delete;
    } else {
        const struct board_entry *of = e;
        str number = str_print(a, "%lld", (long long)(first_id + sim_next(sim, &sim_linkedin)));
        str post = said->conversation.len ? said->conversation : S("7000000000000000002");
        str top = of ? str_from(of->parent[0] ? of->parent : of->id) : (str){0};
        e = board_add(b, number, said->text, sim_now(sim));
        board_said(e, said);
        if (!said->from_id.len)
            sim_keep(e->author, sizeof e->author, S("urn:li:person:AbC"));
        sim_keep(e->parent, sizeof e->parent, top);
        sim_keep(e->post, sizeof e->post, of ? str_from(of->post) : post);
    }
    *id = urn_of(a, e);
    tell(sim, account, a, e);
    return OK;
}

static const int64_t retry_gaps_ms[] = {300000, 300000, 300000, 300000, 300000, 0};

const struct sim_network sim_linkedin = {
    .name = S_INIT("linkedin"),
    .title = S_INIT("LinkedIn Community Management API"),
    .account = {.id = S_INIT("urn:li:organization:5566"),
                .name = S_INIT("Seva Care"),
                .token = S_INIT("AQ-sim-linkedin"),
                .secret = S_INIT("sim-linkedin-secret")},
    .account_open = board_open,
    .account_close = board_close,
    .handle = handle,
    .refuse = refuse,
    .say = say,
    .sign = sign,
    .answered = answered,
    .retry_gaps_ms = retry_gaps_ms,
};
